--
-- metrics.sql: metrics over sessions and over actors.  "Rn" are the rules of
-- the session semantics, R13 and R14 above all.
--
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS sessionize;
CREATE SCHEMA metrics;
RESET client_min_messages;
SET search_path = metrics;
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET intervalstyle = 'postgres';
\pset null '(null)'
\set SHOW_CONTEXT never

-- Sessions of user 1: 1-3 (10:00-10:20), 4-5 (12:00-12:10), 6 (14:00).
-- Sessions of user 2: 7 (10:00), 8 (12:00).  User 3: 9 (10:00).
CREATE TABLE events (
    event_id int, user_id int, ts timestamptz, event text, page text, a numeric, b numeric
);
INSERT INTO events VALUES
    (1, 1, '2020-01-01 10:00', 'view',  '/a', 10, 2),
    (2, 1, '2020-01-01 10:10', 'login', '/b', 20, 0),
    (3, 1, '2020-01-01 10:20', 'view',  '/a', 30, 3),
    (4, 1, '2020-01-01 12:00', 'view',  '/a', 40, 4),
    (5, 1, '2020-01-01 12:10', 'view',  '/c', 60, NULL),
    (6, 1, '2020-01-01 14:00', 'login', '/b', NULL, 1),
    (7, 2, '2020-01-01 10:00', 'view',  '/d', 5, 0),
    (8, 2, '2020-01-01 12:00', 'view',  '/d', 7, 0),
    (9, 3, '2020-01-01 10:00', 'login', '/a', 1, 1);
SELECT sessionize.define_session('visit', 'events', 'user_id', 'ts', '30 min');

--
-- Any aggregate expression
--
CREATE FUNCTION multiply(numeric, numeric) RETURNS numeric LANGUAGE sql IMMUTABLE STRICT RETURN $1 * $2;
CREATE AGGREGATE product(numeric) (sfunc = multiply, stype = numeric, initcond = 1);

SELECT sessionize.define_metric('visit', 'events',   'count(*)');
SELECT sessionize.define_metric('visit', 'total',    'sum(a)');
SELECT sessionize.define_metric('visit', 'mean',     'round(avg(a), 1)');
SELECT sessionize.define_metric('visit', 'median',   'percentile_cont(0.5) WITHIN GROUP (ORDER BY a)');
SELECT sessionize.define_metric('visit', 'path',     $$string_agg(page, ' > ' ORDER BY ts DESC, event_id)$$);
SELECT sessionize.define_metric('visit', 'ids',      'array_agg(event_id ORDER BY event_id)');
SELECT sessionize.define_metric('visit', 'pages',    'count(DISTINCT page)');
SELECT sessionize.define_metric('visit', 'share',
    $$round(count(*) FILTER (WHERE event = 'login') / count(*)::numeric, 2) + 0 * coalesce(sum(a), 0)$$);
SELECT sessionize.define_metric('visit', 'product',  'product(a)');
SELECT sessionize.define_metric('visit', 'entry',    'sessionize.first(page, ts)');
SELECT sessionize.define_metric('visit', 'any',      $$bool_or(event = 'login')$$);
SELECT user_id, session_number, events, total, mean, median, path, ids, pages, share, product, entry, "any"
FROM visit ORDER BY 1, 2;
-- R13: over the actor's events, computed anew: /a and /b of two sessions are
-- two pages, not three, and the median is not one of medians.
SELECT user_id, events, total, mean, median, path, ids, pages, share, product, entry, "any"
FROM visit_actors ORDER BY 1;
SELECT column_name, type, kind, label, definition FROM sessionize.fields
WHERE view_name = 'visit' AND kind = 'custom';
-- all numbers again, by the window functions and plain SQL
WITH e AS (
    SELECT *, sessionize.session_number(ts, '30 min') OVER (PARTITION BY user_id ORDER BY ts) AS n FROM events
), sessions AS (
    SELECT user_id, n, count(*), sum(a), percentile_cont(0.5) WITHIN GROUP (ORDER BY a),
           count(DISTINCT page), product(a), array_agg(event_id ORDER BY event_id)
    FROM e GROUP BY user_id, n
), actors AS (
    SELECT user_id, count(*), sum(a), percentile_cont(0.5) WITHIN GROUP (ORDER BY a),
           count(DISTINCT page), product(a), array_agg(event_id ORDER BY event_id)
    FROM e GROUP BY user_id
)
SELECT (SELECT count(*) FROM (TABLE sessions EXCEPT
            SELECT user_id, session_number, events, total, median, pages, product, ids FROM visit) AS d) AS sessions_differ,
       (SELECT count(*) FROM (TABLE actors EXCEPT
            SELECT user_id, events, total, median, pages, product, ids FROM visit_actors) AS d) AS actors_differ;

-- The columns are appended in the order of definition, and replace keeps a
-- metric's place.
SELECT sessionize.define_metric('visit', 'mean', 'avg(a)::int::numeric', replace => true);
SELECT string_agg(attname, ', ' ORDER BY attnum) FROM pg_attribute
WHERE attrelid = 'visit'::regclass AND attnum > 11 AND NOT attisdropped;
SELECT mean FROM visit WHERE user_id = 1 ORDER BY session_number;

SELECT count(sessionize.drop_metric(session, name)) FROM sessionize.metric_definition;

-- An expression that begins a line of its own when PostgreSQL writes it.
SELECT sessionize.define_session('cases', 'events', 'CASE WHEN user_id < 3 THEN 1 ELSE 3 END AS team', 'ts', '30 min',
    restart_on => $$CASE event WHEN 'login' THEN true END$$, filter => 'CASE WHEN user_id > 0 THEN true ELSE false END',
    keep => 'CASE WHEN event_count > 0 THEN true ELSE false END');
SELECT sessionize.define_metric('cases', 'kind', $$CASE WHEN count(*) > 1 THEN 'many' ELSE 'one' END$$,
    filter => 'CASE WHEN a > 0 THEN true END', session_filter => 'CASE WHEN session_number > 1 THEN true END');
SELECT team, session_number, event_count, started_by, kind FROM cases ORDER BY 1, 2;
SELECT team, session_count, kind FROM cases_actors ORDER BY 1;
SELECT sessionize.drop_session('cases');

--
-- filter
--

-- The filter goes into every aggregate of the expression, beside a FILTER
-- that is there.
SELECT sessionize.define_metric('visit', 'ratio', 'sum(a) / nullif(count(*), 0)', filter => $$event = 'view'$$);
SELECT sessionize.define_metric('visit', 'both', $$count(*) FILTER (WHERE page = '/a') * 100 + count(*)$$,
                                filter => $$event = 'view'$$);
-- R13: a session without matching events gives what SQL gives.
SELECT sessionize.define_metric('visit', 'logins', 'count(*)', filter => $$event = 'login'$$);
SELECT sessionize.define_metric('visit', 'login total', 'sum(a)', filter => $$event = 'login'$$);
-- A NULL filter is no match.
SELECT sessionize.define_metric('visit', 'b positive', 'count(*)', filter => 'b > 0');
SELECT user_id, session_number, ratio, "both", logins, "login total", "b positive" FROM visit ORDER BY 1, 2;
SELECT user_id, ratio, "both", logins, "login total", "b positive" FROM visit_actors ORDER BY 1;

-- What would fail outside of the filter does not fail, wherever it stands:
-- plain, DISTINCT, ORDER BY, ordered set, several arguments.
SELECT sessionize.define_metric('visit', 'quotients', 'sum(a / b)', filter => 'b <> 0');
SELECT sessionize.define_metric('visit', 'distinct quotients', 'count(DISTINCT a / b)', filter => 'b <> 0');
SELECT sessionize.define_metric('visit', 'list', $$string_agg(trim_scale(a / b)::text, ' ' ORDER BY a / b DESC)$$, filter => 'b <> 0');
SELECT sessionize.define_metric('visit', 'greatest', 'percentile_disc(1) WITHIN GROUP (ORDER BY trim_scale(a / b))', filter => 'b <> 0');
SELECT sessionize.define_metric('visit', 'inside', 'sum(a / b) FILTER (WHERE b <> 0)');
SELECT sessionize.define_metric('visit', 'in picked', 'max(trim_scale(a / b))', filter => 'b <> 0', session_filter => 'logins > 0');
SELECT user_id, session_number, trim_scale(quotients) AS quotients, "distinct quotients", list, greatest,
       trim_scale(inside) AS inside, "in picked"
FROM visit ORDER BY 1, 2;
SELECT user_id, trim_scale(quotients) AS quotients, "distinct quotients", list, greatest,
       trim_scale(inside) AS inside, "in picked"
FROM visit_actors ORDER BY 1;

-- A filter may look elsewhere.
CREATE TABLE bots (user_id int);
INSERT INTO bots VALUES (2);
SELECT sessionize.define_metric('visit', 'by people', 'count(*)', filter => 'user_id NOT IN (SELECT user_id FROM bots)');
SELECT user_id, "by people" FROM visit_actors ORDER BY 1;

SELECT sessionize.drop_metric('visit', 'in picked');
SELECT count(sessionize.drop_metric(session, name)) FROM sessionize.metric_definition;
-- and name a column there that nothing else needs
SELECT sessionize.define_metric('visit', 'elsewhere', 'count(*)', filter => 'NOT EXISTS (SELECT FROM bots AS b WHERE b.user_id = event.a)');
SELECT user_id, elsewhere FROM visit_actors ORDER BY 1;
SELECT sessionize.drop_metric('visit', 'elsewhere');

--
-- session_filter: R13
--
SELECT sessionize.define_metric('visit', 'logins', 'count(*)', filter => $$event = 'login'$$);
-- by fixed columns of all kinds
SELECT sessionize.define_metric('visit', 'in first',  'count(*)', session_filter => 'session_number = 1');
SELECT sessionize.define_metric('visit', 'in long',   'count(DISTINCT page)', session_filter => $$duration > interval '5 min' AND duration_seconds > 300$$);
SELECT sessionize.define_metric('visit', 'at noon',   'count(*)', session_filter => $$extract(hour FROM started_at) = 12 AND ended_at < '2020-01-02'$$);
SELECT sessionize.define_metric('visit', 'of causes', 'count(*)', session_filter => $$started_by = 'inactivity' AND ended_by = 'inactivity' AND NOT is_open$$);
SELECT sessionize.define_metric('visit', 'of many',   'sum(a)', session_filter => 'event_count > 1 AND session_id IS NOT NULL');
-- by the actor, by other metrics
SELECT sessionize.define_metric('visit', 'of user 1', 'count(*)', session_filter => 'user_id = 1');
SELECT sessionize.define_metric('visit', 'with login', 'count(DISTINCT page)', session_filter => 'logins > 0');
SELECT user_id, session_number, logins, "in first", "in long", "at noon", "of causes", "of many", "of user 1", "with login"
FROM visit ORDER BY 1, 2;
-- Of user 1, sessions 1 (/a /b /a) and 3 (/b) have a login: two pages.
-- Nobody's session picked: NULL, even for a count.
SELECT user_id, logins, "in first", "in long", "at noon", "of causes", "of many", "of user 1", "with login"
FROM visit_actors ORDER BY 1;

-- A picked session without matching events counts 0 (and sums NULL), others
-- NULL: in both views.
SELECT sessionize.define_metric('visit', 'logins at noon', 'count(*)', filter => $$event = 'login'$$,
                                session_filter => 'extract(hour FROM started_at) = 12');
SELECT sessionize.define_metric('visit', 'a of logins at noon', 'sum(a)', filter => $$event = 'login'$$,
                                session_filter => 'extract(hour FROM started_at) = 12');
SELECT user_id, session_number, "logins at noon", "a of logins at noon" FROM visit ORDER BY 1, 2;
SELECT user_id, "logins at noon", "a of logins at noon" FROM visit_actors ORDER BY 1;
-- A condition that is NULL picks nothing, as one that is false.
SELECT sessionize.define_metric('visit', 'of unknown', 'count(*)', session_filter => '"a of logins at noon" > 0');
SELECT DISTINCT "of unknown" FROM visit;
SELECT DISTINCT "of unknown" FROM visit_actors;

SELECT sessionize.drop_metric('visit', 'of unknown');

-- Chains: a metric of picked sessions picks for another, which picks for a
-- third.  "total 1" of sessions with a login: 60 (u1 s1), NULL (u1 s3), 1 (u3).
SELECT sessionize.define_metric('visit', 'total 1', 'sum(a)', session_filter => 'logins > 0');
SELECT sessionize.define_metric('visit', 'count 2', 'count(*)', session_filter => '"total 1" > 0');
SELECT sessionize.define_metric('visit', 'count 3', 'count(*) * 10', session_filter => '"count 2" > 1 AND logins = 1');
SELECT user_id, session_number, "total 1", "count 2", "count 3" FROM visit ORDER BY 1, 2;
SELECT user_id, "total 1", "count 2", "count 3" FROM visit_actors ORDER BY 1;

-- Cycles are refused by name.
SELECT sessionize.define_metric('visit', 'self', 'count(*)', session_filter => 'self > 0');
\echo :LAST_ERROR_SQLSTATE
SELECT sessionize.define_metric('visit', 'logins', 'count(*)', session_filter => '"count 3" > 0', replace => true);
\echo :LAST_ERROR_SQLSTATE
SELECT name, session_filter FROM sessionize.metric_definition WHERE name IN ('logins', 'self');

-- A metric that another needs, or keep, cannot go, nor become another type
-- that does not fit.
SELECT sessionize.drop_metric('visit', 'count 2');
\echo :LAST_ERROR_SQLSTATE
SELECT sessionize.define_metric('visit', 'count 2', $$string_agg(page, '')$$, replace => true);
\echo :LAST_ERROR_SQLSTATE
SELECT sessionize.alter_session('visit', 'keep', '"at noon" > 0');
SELECT sessionize.drop_metric('visit', 'at noon');
\echo :LAST_ERROR_SQLSTATE
DELETE FROM sessionize.metric_definition WHERE name = 'at noon';
\echo :LAST_ERROR_SQLSTATE
SELECT sessionize.alter_session('visit', 'keep', NULL);
SELECT sessionize.drop_metric('visit', 'at noon');
SELECT sessionize.drop_metric('visit', 'count 3');
SELECT sessionize.drop_metric('visit', 'count 2');
SELECT name FROM sessionize.metric_definition ORDER BY position;

--
-- nth: R13
--
-- User 1 has logins in sessions 1 and 3, user 3 in 1, user 2 nowhere.
SELECT sessionize.define_metric('visit', '1st login', 'array_agg(event_id ORDER BY event_id)', session_filter => 'logins > 0', nth => 1);
SELECT sessionize.define_metric('visit', '2nd login', 'array_agg(event_id ORDER BY event_id)', session_filter => 'logins > 0', nth => 2);
SELECT sessionize.define_metric('visit', '2nd',       'array_agg(event_id ORDER BY event_id)', nth => 2);
SELECT sessionize.define_metric('visit', '4th',       'count(*)', nth => 4);
SELECT sessionize.define_metric('visit', '2nd logins', 'count(*)', filter => $$event = 'login'$$, nth => 2);
SELECT sessionize.define_metric('visit', '2nd of late', 'array_agg(event_id)', session_filter => 'session_number > 1', nth => 2);
SELECT user_id, session_number, "1st login", "2nd login", "2nd", "4th", "2nd logins", "2nd of late" FROM visit ORDER BY 1, 2;
SELECT user_id, "1st login", "2nd login", "2nd", "4th", "2nd logins", "2nd of late" FROM visit_actors ORDER BY 1;
SELECT sessionize.define_metric('visit', 'none', 'count(*)', nth => 0);
\echo :LAST_ERROR_SQLSTATE
SELECT sessionize.define_metric('visit', 'none', 'count(*)', nth => -1);
\echo :LAST_ERROR_SQLSTATE
SELECT count(sessionize.drop_metric(session, name)) FROM sessionize.metric_definition WHERE name <> 'logins';

--
-- keep: R14
--
SELECT sessionize.define_metric('visit', 'pages', 'count(DISTINCT page)');
SELECT sessionize.define_metric('visit', 'in first', 'count(*)', session_filter => 'session_number = 1');
-- Those left keep their numbers; of user 2 nothing is left; totals are over
-- what is left.
SELECT sessionize.alter_session('visit', 'keep', 'logins > 0');
SELECT user_id, session_number, event_count, logins, pages, "in first" FROM visit ORDER BY 1, 2;
SELECT event_id, session_number, session_event_number FROM visit_events ORDER BY 1;
SELECT user_id, session_count, event_count, time_in_session, first_started_at, last_ended_at, logins, pages, "in first"
FROM visit_actors ORDER BY 1;
-- by fixed columns only; the first sessions are gone, so nothing is "in first"
SELECT sessionize.alter_session('visit', 'keep', $$session_number > 1 AND started_by = 'inactivity'$$);
SELECT user_id, session_number, event_count, logins, pages, "in first" FROM visit ORDER BY 1, 2;
SELECT event_id, session_number, session_event_number FROM visit_events ORDER BY 1;
SELECT user_id, session_count, event_count, time_in_session, first_started_at, last_ended_at, logins, pages, "in first"
FROM visit_actors ORDER BY 1;
-- keep without picks, and a keep that is NULL
SELECT sessionize.drop_metric('visit', 'in first');
SELECT user_id, session_count, event_count, logins, pages FROM visit_actors ORDER BY 1;
SELECT sessionize.alter_session('visit', 'keep', 'nullif(user_id, 1) > 0');
SELECT user_id, session_number FROM visit ORDER BY 1, 2;
SELECT user_id, session_count FROM visit_actors ORDER BY 1;
SELECT event_id FROM visit_events ORDER BY 1;
-- what-if arguments work through keep and picks
SELECT sessionize.alter_session('visit', 'keep', 'event_count > 1');
SELECT sessionize.define_metric('visit', 'last', 'max(event_id)', session_filter => 'pages > 1');
SELECT user_id, session_number, event_count, "last" FROM sessionize.read(NULL::visit, '1 day') ORDER BY 1, 2;
SELECT user_id, session_count, event_count, "last" FROM sessionize.read(NULL::visit_actors, '1 day', $$event <> 'login'$$) ORDER BY 1;

SELECT sessionize.alter_session('visit', 'keep', NULL);
SELECT count(sessionize.drop_metric(session, name)) FROM sessionize.metric_definition WHERE name = 'last';

--
-- nth together with keep, other metrics, and nth
--
-- The window above the sessions is only there for nth
SELECT sessionize.session_sql('visit') ~ 'OVER \(PARTITION' AS has_window, sessionize.session_sql('visit', 'actors') ~ 'OVER \(PARTITION' AS actors_has;
SELECT sessionize.define_metric('visit', 'in second', 'array_agg(event_id ORDER BY event_id)', nth => 2);
SELECT sessionize.session_sql('visit') ~ 'OVER \(PARTITION' AS has_window, sessionize.session_sql('visit', 'actors') ~ 'OVER \(PARTITION' AS actors_has;
-- the first of those behind the second, by a metric that has nth itself: user 1's third
SELECT sessionize.define_metric('visit', 'behind', 'array_agg(event_id ORDER BY event_id)', session_filter => '"in second" IS NULL AND session_number > 1', nth => 1);
-- by two metrics, one of which has a condition on the other
SELECT sessionize.define_metric('visit', 'views of login', 'count(*)', filter => $$event = 'view'$$, session_filter => 'logins > 0');
SELECT sessionize.define_metric('visit', 'dull login', 'array_agg(event_id ORDER BY event_id)', session_filter => '"views of login" = 0 AND pages = 1', nth => 1);
SELECT user_id, session_number, "in second", behind, "views of login", "dull login" FROM visit ORDER BY 1, 2;
SELECT user_id, "in second", behind, "views of login", "dull login" FROM visit_actors ORDER BY 1;
-- nth counts sessions that keep drops, too: user 1's second is still session 2,
-- which is gone
SELECT sessionize.alter_session('visit', 'keep', 'behind IS NOT NULL OR user_id = 2');
SELECT user_id, session_number, "in second", behind, "views of login", "dull login" FROM visit ORDER BY 1, 2;
SELECT user_id, session_count, "in second", behind, "views of login", "dull login" FROM visit_actors ORDER BY 1;
SELECT event_id, session_number FROM visit_events ORDER BY 1;
-- each event meets one row of its actor, not one of each session
SET enable_hashjoin = off;
SET enable_nestloop = off;
CREATE FUNCTION join_lines(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE line text;
BEGIN
    FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
        IF line ~ 'Merge Cond|Group Key' THEN
            RETURN NEXT regexp_replace(regexp_replace(trim(line), '_[0-9]+(_[0-9]+)*', '', 'g'), 'event.label_number|[(]sessionize.session_number.*', 'number');
        END IF;
    END LOOP;
END $$;
SELECT * FROM join_lines('SELECT * FROM visit_actors');
SELECT * FROM join_lines('SELECT * FROM visit_events');
RESET enable_hashjoin;
RESET enable_nestloop;
SELECT sessionize.alter_session('visit', 'keep', NULL);
SELECT sessionize.drop_session('visit');

--
-- With events outside of any session (R8), and with an actor of two parts
--
SELECT sessionize.define_session('stay', 'events', $$user_id, lower(page) = '/d' AS on_d$$, 'ts', '30 min',
    restart_on => $$event = 'login'$$, require_restart => true);
SELECT sessionize.define_metric('stay', 'events', 'count(*)');
SELECT sessionize.define_metric('stay', 'second', 'array_agg(event_id ORDER BY event_id)', nth => 2);
SELECT sessionize.define_metric('stay', 'big', 'sum(a)', session_filter => 'events > 1');
SELECT user_id, on_d, session_number, event_count, events, second, big FROM stay ORDER BY 1, 3;
SELECT user_id, on_d, session_count, event_count, events, second, big FROM stay_actors ORDER BY 1;

-- Names that are used inside, too.
\set VERBOSITY terse
SELECT sessionize.define_metric('stay', 'label_metric_2', 'count(*)');
SELECT sessionize.define_metric('stay', 'label_pick_2', 'count(*)');
SELECT user_id, second, label_metric_2, label_pick_2 FROM stay ORDER BY 1, session_number;
SELECT user_id, second, label_metric_2, label_pick_2 FROM stay_actors ORDER BY 1;
\set VERBOSITY default
-- Names that are taken.
SELECT sessionize.define_metric('stay', 'duration', 'count(*)');
\echo :LAST_ERROR_SQLSTATE
SELECT sessionize.define_metric('stay', 'time_in_session', 'count(*)');
\echo :LAST_ERROR_SQLSTATE
SELECT sessionize.define_metric('stay', 'user_id', 'count(*)');
\echo :LAST_ERROR_SQLSTATE
SELECT sessionize.drop_session('stay');

SET client_min_messages = warning;
DROP SCHEMA metrics CASCADE;
