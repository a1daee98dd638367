--
-- cookbook_traps.sql: what docs/cookbook.md says of a wrong shortcut, where
-- the answers printed there do not show it: the right query beside the wrong
-- one, over events few enough to count by hand.
--
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS sessionize;
CREATE SCHEMA cookbook_traps;
RESET client_min_messages;
SET search_path = cookbook_traps, sessionize;
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET intervalstyle = 'postgres';
\pset null '(null)'

CREATE TABLE events (event_id int, user_id int, ts timestamptz, event text, page text, referrer text, amount numeric);
INSERT INTO events VALUES
    -- buys what lay in the cart already, then fills it and buys again
    (1,  1, '2026-01-31 10:00', 'purchase', '/z', NULL,    5),
    (2,  1, '2026-01-31 10:01', 'cart',     '/a', 'mail', NULL),
    (3,  1, '2026-01-31 10:01', 'view',     '/b', NULL,   NULL),
    (4,  1, '2026-01-31 10:05', 'purchase', '/z', NULL,    7),
    -- two sessions in February
    (5,  1, '2026-02-02 10:00', 'view',     '/a', 'shop', NULL),
    (6,  1, '2026-02-03 10:00', 'view',     '/a', NULL,   NULL),
    -- crosses midnight and the end of the month
    (7,  2, '2026-01-31 23:50', 'view',     '/m', 'shop', NULL),
    (8,  2, '2026-02-01 00:10', 'login',    '/a', NULL,   NULL);

SELECT define_session('visit', 'events', 'user_id', 'ts', '30 minutes',
    entry => 'page, referrer', tie_break => 'event_id');
SELECT define_metric('visit', 'revenue', 'sum(amount)');
SELECT define_metric('visit', 'logins', 'count(*)', filter => $$event = 'login'$$);
SELECT define_metric('visit', 'long_logins', 'count(*)', filter => $$event = 'login'$$,
                     session_filter => $$duration > '10 minutes'$$);
SELECT define_metric('visit', 'any_referrer', 'first(referrer, ts)', filter => 'referrer IS NOT NULL');

-- From the cart to the next purchase: 4 minutes; the first of each are a minute the wrong way round.
SELECT bought - ts AS next_purchase
FROM (SELECT event, ts,
             row_number() OVER (PARTITION BY session_id, event ORDER BY session_event_number) AS nth,
             min(ts) FILTER (WHERE event = 'purchase')
                 OVER (PARTITION BY session_id ORDER BY session_event_number
                       ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) AS bought
      FROM visit_events) AS e
WHERE event = 'cart' AND nth = 1;
SELECT min(ts) FILTER (WHERE event = 'purchase') - min(ts) FILTER (WHERE event = 'cart') AS first_times
FROM visit_events
WHERE session_id = (SELECT session_id FROM visit WHERE user_id = 1 AND session_number = 1);

-- What comes after the cart, two events of one time and tie_break between them: the view.
-- Among the carts alone, there is nothing.
SELECT next
FROM (SELECT event, lead(event) OVER (PARTITION BY session_id ORDER BY session_event_number) AS next
      FROM visit_events) AS e
WHERE event = 'cart';
SELECT lead(event) OVER (PARTITION BY session_id ORDER BY session_event_number) AS next
FROM visit_events
WHERE event = 'cart';

-- Pauses before February's sessions of user 1: almost two days and one day; the first
-- is lost when the condition stands inside.
SELECT session_number, pause
FROM (SELECT *, started_at - lag(ended_at) OVER (PARTITION BY user_id ORDER BY session_number) AS pause FROM visit) AS s
WHERE user_id = 1 AND started_at >= '2026-02-01'
ORDER BY 1;
SELECT session_number, started_at - lag(ended_at) OVER (PARTITION BY user_id ORDER BY session_number) AS pause
FROM visit
WHERE user_id = 1 AND started_at >= '2026-02-01'
ORDER BY 1;

-- February has no new people. With history beginning there, both are.
SELECT count(*) AS new_people FROM visit WHERE session_number = 1 AND started_at >= '2026-02-01';
SELECT count(*) AS all_people FROM read(NULL::visit, filter => $$ts >= '2026-02-01'$$) WHERE session_number = 1;

-- Four sessions; by the day of events one of them is there twice.
SELECT sum(sessions) AS by_start FROM (SELECT count(*) AS sessions FROM visit GROUP BY started_at::date) AS d;
SELECT sum(sessions) AS by_event
FROM (SELECT count(DISTINCT session_id) AS sessions FROM visit_events GROUP BY ts::date) AS d;

-- The day is one of the reader's time zone, and fixed where it is said.
SET timezone = 'Asia/Tokyo';
SELECT started_at::date AS reader, (started_at AT TIME ZONE 'America/New_York')::date AS new_york
FROM visit
WHERE user_id = 2;
SET timezone = 'UTC';

-- The first event has no referrer; the first that there is came with the second.
SELECT entry_page, entry_referrer, any_referrer FROM visit WHERE user_id = 1 AND session_number = 1;
-- And the entry page is not the smallest.
SELECT min(page) AS smallest FROM visit_events WHERE user_id = 1 AND session_number = 1;

-- Never logged in: 0 without a session_filter, NULL with one that no session passes.
SELECT user_id, logins, long_logins FROM visit_actors ORDER BY 1;

-- NULL comes first in descending order, and is not in averages.
SELECT user_id, session_number, revenue FROM visit ORDER BY revenue DESC, session_id LIMIT 1;
SELECT user_id, session_number, revenue FROM visit ORDER BY revenue DESC NULLS LAST, session_id LIMIT 1;
SELECT avg(revenue)::numeric(9, 2) AS of_sessions_with_purchases, avg(coalesce(revenue, 0))::numeric(9, 2) AS of_all FROM visit;

SET client_min_messages = warning;
DROP SCHEMA cookbook_traps CASCADE;
DELETE FROM sessionize.session_definition WHERE schema = 'cookbook_traps';
