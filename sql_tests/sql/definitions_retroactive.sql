--
-- definitions_retroactive.sql: R17.  Late, changed and deleted events merge,
-- split and renumber sessions at the next read of all three views; nothing
-- is remembered.
--
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS sessionize;
CREATE SCHEMA definitions_retroactive;
RESET client_min_messages;
SET search_path = definitions_retroactive;
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET intervalstyle = 'postgres';
\pset null '(null)'

CREATE TABLE events (event_id int PRIMARY KEY, user_id int, ts timestamptz, event text);
INSERT INTO events VALUES
    (10, 1, '2020-01-01 10:00', 'view'), (11, 1, '2020-01-01 10:20', 'view'),
    (20, 1, '2020-01-01 11:20', 'view'), (30, 1, '2020-01-01 13:00', 'buy'),
    (40, 2, '2020-01-01 10:00', 'buy');
SELECT sessionize.define_session('visit', 'events', 'user_id', 'ts', '30 min',
                                 end_on => $$event = 'logout'$$);
SELECT sessionize.define_metric('visit', 'sold', 'count(*)', filter => $$event = 'buy'$$);
SELECT sessionize.define_metric('visit', 'in first sale', 'count(*)', session_filter => 'sold > 0', nth => 1);

-- Recomputation in plain SQL: a session begins where the event before is more
-- than 30 minutes back or a logout (no two events here are simultaneous).
CREATE VIEW recomputed AS
    SELECT e.*, count(*) FILTER (WHERE begins) OVER (PARTITION BY user_id ORDER BY ts) AS n
    FROM (SELECT events.*,
                 coalesce(ts - lag(ts) OVER w > interval '30 min' OR lag(event) OVER w = 'logout', true) AS begins
          FROM events WINDOW w AS (PARTITION BY user_id ORDER BY ts)) AS e;
CREATE VIEW recomputed_sessions AS
    SELECT user_id, n, min(ts) AS started_at, max(ts) AS ended_at, max(ts) - min(ts) AS duration,
           count(*) AS event_count, count(*) FILTER (WHERE event = 'buy') AS sold
    FROM recomputed GROUP BY user_id, n;

-- The sessions of user 1 as lists of events, and how many rows of the three
-- views differ from recomputation.
CREATE VIEW state AS
SELECT (SELECT string_agg(events, ' ' ORDER BY session_number)
        FROM (SELECT session_number, array_agg(event_id ORDER BY session_event_number)::text AS events
              FROM visit_events WHERE user_id = 1 GROUP BY session_number) AS s) AS sessions_of_1,
       (SELECT string_agg(format('%s:%s', started_by, ended_by), ' ' ORDER BY session_number)
        FROM visit WHERE user_id = 1) AS why,
       (SELECT count(*) FROM (
            (SELECT user_id, session_number, started_at, ended_at, duration, event_count, sold FROM visit
             EXCEPT ALL TABLE recomputed_sessions)
            UNION ALL
            (TABLE recomputed_sessions EXCEPT ALL
             SELECT user_id, session_number, started_at, ended_at, duration, event_count, sold FROM visit)) AS d) AS sessions_differ,
       (SELECT count(*)
        FROM recomputed AS r FULL JOIN visit_events AS e USING (event_id)
        WHERE r.n IS DISTINCT FROM e.session_number OR r.ts IS DISTINCT FROM e.ts
           OR e.session_id IS DISTINCT FROM sessionize.session_id(
                  (SELECT min(ts) FROM recomputed AS o WHERE o.user_id = r.user_id AND o.n = r.n), r.user_id)) AS events_differ,
       (SELECT count(*)
        FROM (SELECT user_id, count(*) AS session_count, sum(event_count) AS event_count, sum(duration) AS time_in_session,
                     min(started_at) AS first_started_at, max(ended_at) AS last_ended_at, sum(sold) AS sold,
                     (array_agg(event_count ORDER BY n) FILTER (WHERE sold > 0))[1] AS in_first_sale
              FROM recomputed_sessions GROUP BY user_id) AS r
        FULL JOIN visit_actors AS a USING (user_id)
        WHERE (r.session_count, r.event_count, r.time_in_session, r.first_started_at, r.last_ended_at, r.sold, r.in_first_sale)
              IS DISTINCT FROM
              (a.session_count, a.event_count, a.time_in_session, a.first_started_at, a.last_ended_at, a.sold, a."in first sale")) AS actors_differ;
TABLE state;

-- A late event between two sessions merges them; the third becomes the second.
INSERT INTO events VALUES (15, 1, '2020-01-01 10:50', 'view');
TABLE state;
-- It is taken back: they split.
DELETE FROM events WHERE event_id = 15;
TABLE state;
-- An event before all others: all renumber; the ids of the rest stay.
CREATE TEMP TABLE ids AS SELECT session_id, started_at FROM visit WHERE user_id = 1;
INSERT INTO events VALUES (5, 1, '2020-01-01 08:00', 'view');
TABLE state;
SELECT count(*) AS kept FROM ids JOIN visit USING (session_id, started_at);
-- An event changes its time, and with it its session.
UPDATE events SET ts = '2020-01-01 13:10' WHERE event_id = 20;
TABLE state;
-- An event becomes an end event: it cuts.
UPDATE events SET event = 'logout' WHERE event_id = 30;
TABLE state;
UPDATE events SET event = 'buy' WHERE event_id = 30;
TABLE state;
-- An event changes its user.
UPDATE events SET user_id = 2 WHERE event_id = 30;
TABLE state;
SELECT user_id, session_number, event_count, sold, "in first sale" FROM visit WHERE user_id = 2 ORDER BY 2;
-- Its user becomes unknown, its time does: it belongs to no session.
UPDATE events SET user_id = NULL WHERE event_id = 30;
UPDATE events SET ts = NULL WHERE event_id = 40;
SELECT user_id, session_number, event_count FROM visit ORDER BY 1, 2;
SELECT user_id, session_count, sold, "in first sale" FROM visit_actors ORDER BY 1;
SELECT event_id FROM visit_events ORDER BY 1;
UPDATE events SET user_id = 1 WHERE event_id = 30;
UPDATE events SET ts = '2020-01-01 10:00' WHERE event_id = 40;
TABLE state;
-- All at once, and within a transaction that is undone.
BEGIN;
UPDATE events SET ts = timestamptz '2020-01-01 10:00' + (event_id - 5) * interval '1 minute';
TABLE state;
DELETE FROM events WHERE user_id = 1;
SELECT user_id, session_count FROM visit_actors ORDER BY 1;
ROLLBACK;
TABLE state;
-- Many random changes, each compared with recomputation.  (hashint4 is a
-- generator that gives the same everywhere.)
DO $$
DECLARE
    differences bigint := 0;
    r record;
    k int;
BEGIN
    FOR i IN 1 .. 60 LOOP
        k := abs(hashint4(i) % 40);
        IF EXISTS (SELECT FROM events WHERE event_id = k) AND i % 3 = 0 THEN
            DELETE FROM events WHERE event_id = k;
        ELSE
            INSERT INTO events
            VALUES (k, 1 + abs(hashint4(-i) % 2), '2020-01-01 10:00'::timestamptz + abs(hashint4(i * 100) % 400) * interval '1 min' + i * interval '1 s',
                    (ARRAY['view', 'buy', 'logout', 'view'])[1 + abs(hashint4(i + 1000) % 4)])
            ON CONFLICT (event_id) DO UPDATE SET user_id = excluded.user_id, ts = excluded.ts, event = excluded.event;
        END IF;
        SELECT * INTO r FROM state;
        differences := differences + r.sessions_differ + r.events_differ + r.actors_differ;
    END LOOP;
    RAISE NOTICE 'differences after random changes: %', differences;
END $$;

SET client_min_messages = warning;
SELECT sessionize.drop_session('visit', cascade => true);
DROP SCHEMA definitions_retroactive CASCADE;
