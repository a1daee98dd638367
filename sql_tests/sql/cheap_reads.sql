--
-- cheap_reads.sql: what is not asked for is not computed, and an actor is
-- found by the source's index through all three views.
--
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS sessionize;
CREATE SCHEMA cheap_reads;
RESET client_min_messages;
SET search_path = cheap_reads;
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET intervalstyle = 'postgres';
\pset null '(null)'
\set SHOW_CONTEXT never

CREATE TABLE events (user_id int, device text, ts timestamptz, event text, amount int);
INSERT INTO events
SELECT u, 'd' || u % 2, timestamptz '2020-01-01' + (u + 60 * n) * interval '1 min', CASE WHEN n = 1 THEN 'login' ELSE 'view' END, n
FROM generate_series(1, 1000) AS u, generate_series(0, 3) AS n;
CREATE INDEX events_user_ts ON events (user_id, ts);
ANALYZE events;

-- Plans differ from version to version; what is looked at is how the table is
-- read, and whether something is in the plan at all.  Conditions IS NOT NULL
-- and index-only scans come and go.
CREATE FUNCTION explain(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    line text;
BEGIN
    FOR line IN EXECUTE 'EXPLAIN (COSTS OFF, VERBOSE) ' || query LOOP
        RETURN NEXT line;
    END LOOP;
END $$;
CREATE FUNCTION reads(query text) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(DISTINCT condition, '; ')
    FROM explain(query) AS line,
         regexp_replace(trim(line), '^.*-> *|Only | on cheap_reads.*$|event[_\d]*\.', '', 'g') AS scan,
         regexp_replace(scan, '\(\w+ IS NOT NULL\) AND | AND \(\w+ IS NOT NULL\)', '', 'g') AS condition
    WHERE line ~ 'Scan.* on cheap_reads|Index Cond'
$$;
CREATE FUNCTION computes(query text, what text) RETURNS boolean LANGUAGE sql AS $$
    SELECT bool_or(line ~ what) FROM explain(query) AS line
$$;

-- A metric argument that fails when it is looked at, and a filter that does.
CREATE FUNCTION boom(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RAISE EXCEPTION 'looked at %', $1;
END $$;
CREATE FUNCTION bang(text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RAISE EXCEPTION 'looked at %', $1;
END $$;

SELECT sessionize.define_session('visit', 'events', 'user_id', 'ts', '30 min');
SELECT sessionize.define_session('device visit', 'events', 'device, user_id AS who', 'ts', '30 min');
SELECT sessionize.define_metric(d.name, m.name, m.aggregate, m.filter)
FROM sessionize.session_definition AS d,
     (VALUES (1, 'boom', 'sum(boom(amount))', NULL), (2, 'bang', 'count(*)', 'bang(event)'),
             (3, 'logins', 'count(*)', $$event = 'login'$$)) AS m(n, name, aggregate, filter)
ORDER BY d.name, n;

--
-- Metrics that are not asked for are not evaluated
--
SELECT count(*) FROM visit;
SELECT count(*) FROM visit_actors;
SELECT count(*) FROM visit_events;
SELECT sum(event_count), max(duration), sum(logins) FROM visit;
SELECT sum(event_count), max(time_in_session), sum(logins) FROM visit_actors;
SELECT session_number, started_by, ended_by, is_open FROM visit WHERE user_id = 3 ORDER BY 1;
SELECT user_id, session_count FROM visit_actors WHERE user_id = 3;
-- asked for, they are
SELECT count(boom) FROM visit;
SELECT count(bang) FROM visit;
SELECT count(boom) FROM visit_actors WHERE user_id = 3;
SELECT count(bang) FROM visit_actors WHERE user_id = 3;

-- with metrics that pick sessions, and keep
SELECT sessionize.define_metric('visit', 'boom of first', 'sum(boom(amount))', session_filter => 'session_number = 1');
SELECT sessionize.define_metric('visit', 'boom of login', 'sum(boom(amount))', session_filter => 'logins > 0', nth => 1);
SELECT sessionize.define_metric('visit', 'logins of first', 'sum(amount)', session_filter => 'session_number = 1');
SELECT count(*) FROM visit;
SELECT count(*) FROM visit_actors;
SELECT sum("logins of first") FROM visit;
SELECT sum("logins of first"), sum(logins) FROM visit_actors;
SELECT sessionize.alter_session('visit', 'keep', 'logins >= 0');
SELECT count(*) FROM visit;
SELECT count(*) FROM visit_actors;
SELECT count(*) FROM visit_events;
SELECT sum("logins of first") FROM visit;
SELECT count("boom of login") FROM visit;
SELECT sessionize.alter_session('visit', 'keep', NULL);
SELECT sessionize.drop_metric('visit', 'boom of login');
SELECT sessionize.drop_metric('visit', 'boom of first');
SELECT sessionize.drop_metric('visit', 'logins of first');

--
-- Columns that are not asked for are not in the plan
--
SELECT query, computes(query, 'session_number\(') AS number, computes(query, 'session_event_number\(') AS event_number,
       computes(query, 'session_(start|end)\(') AS start_end, computes(query, 'session_event_count\(') AS event_count,
       computes(query, 'session_started_by\(') AS started_by, computes(query, 'session_ended_by\(') AS ended_by,
       computes(query, 'session_id\(') AS id, computes(query, 'duration') AS duration, computes(query, 'boom|bang') AS metrics
FROM unnest(ARRAY[
    'SELECT session_number FROM visit',
    'SELECT started_at, ended_at, event_count FROM visit',
    'SELECT started_by FROM visit',
    'SELECT is_open FROM visit',
    'SELECT session_id FROM visit',
    'SELECT duration FROM visit',
    'SELECT logins FROM visit',
    'SELECT * FROM visit',
    'SELECT ts FROM visit_events',
    'SELECT session_number FROM visit_events',
    'SELECT session_event_number FROM visit_events',
    'SELECT session_event_count, session_started_at FROM visit_events',
    'SELECT session_id FROM visit_events',
    'SELECT session_count FROM visit_actors',
    'SELECT event_count FROM visit_actors',
    'SELECT time_in_session FROM visit_actors',
    'SELECT logins FROM visit_actors']) AS query;

--
-- One pass of windows over the events, whatever is asked for
--
SELECT query, count(*) FILTER (WHERE line ~ 'WindowAgg|Session Scan') AS window_passes,
       count(*) FILTER (WHERE line ~ 'Scan.* on cheap_reads') AS scans
FROM unnest('{visit,visit_events,visit_actors}'::text[]) AS view,
     LATERAL (SELECT 'SELECT * FROM ' || view AS query) AS q, explain(query) AS line
GROUP BY query ORDER BY query;

--
-- An actor is an index condition, through all three views
--
SET enable_seqscan = off;
SET enable_bitmapscan = off;
SELECT reads('SELECT * FROM visit WHERE user_id = 3');
SELECT reads('SELECT * FROM visit_events WHERE user_id = 3');
SELECT reads('SELECT * FROM visit_actors WHERE user_id = 3');
SELECT reads('SELECT count(*) FROM visit WHERE user_id = 3');
SELECT reads('SELECT * FROM visit WHERE user_id IN (3, 4)');
SELECT reads('SELECT * FROM visit_actors WHERE user_id BETWEEN 3 AND 5');
SELECT reads('SELECT * FROM visit_events WHERE user_id < 5');
-- by another name, as the second part of an actor, and with a condition on
-- the other part
SELECT reads('SELECT * FROM "device visit" WHERE who = 3');
SELECT reads('SELECT * FROM "device visit_events" WHERE user_id = 3');
SELECT reads($$SELECT * FROM "device visit_actors" WHERE who = 3 AND device = 'd1'$$);
-- by a parameter
PREPARE of_user(int) AS SELECT session_number, logins FROM visit WHERE user_id = $1 ORDER BY 1;
SET plan_cache_mode = force_generic_plan;
SELECT reads('EXECUTE of_user(3)');
EXECUTE of_user(3);
DEALLOCATE of_user;
RESET plan_cache_mode;
-- with picks by columns of sessions
SELECT sessionize.define_metric('visit', 'of first', 'count(*)', session_filter => 'session_number = 1');
SELECT reads('SELECT * FROM visit WHERE user_id = 3');
SELECT reads('SELECT * FROM visit_actors WHERE user_id = 3');
-- with picks by metrics and nth, and keep by a metric: equality reaches both
-- sides of the join, ranges at least one
SELECT sessionize.define_metric('visit', 'of login', 'count(*)', session_filter => 'logins > 0', nth => 1);
SELECT sessionize.alter_session('visit', 'keep', 'logins >= 0');
SELECT reads('SELECT * FROM visit WHERE user_id = 3');
SELECT reads('SELECT * FROM visit_events WHERE user_id = 3');
SELECT reads('SELECT * FROM visit_actors WHERE user_id = 3');
SELECT reads('SELECT * FROM visit_events WHERE user_id < 5') ~ 'Index Cond: \(.*user_id < 5\)' AS reaches_one;
-- through a view of somebody's own
CREATE VIEW mine AS SELECT user_id, count(*) AS visits FROM visit GROUP BY user_id;
SELECT reads('SELECT * FROM mine WHERE user_id = 3');
-- session_id is a function of actor and start: no index can serve it, but it
-- is right
SELECT count(*) FROM visit AS a JOIN visit AS b USING (session_id);

SET client_min_messages = warning;
SELECT sessionize.drop_session('visit', cascade => true), sessionize.drop_session('device visit');
DROP SCHEMA cheap_reads CASCADE;
