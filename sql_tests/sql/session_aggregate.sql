--
-- session_aggregate.sql: when the planner takes the node Session Aggregate, what EXPLAIN
-- says of it, what it refuses, with the reason, and answers that are known.
--
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS sessionize;
CREATE SCHEMA session_aggregate;
RESET client_min_messages;
SET search_path = session_aggregate;
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET intervalstyle = 'postgres';
SET max_parallel_workers_per_gather = 0;
SET jit = off;
\pset null '(null)'
\set SHOW_CONTEXT never
\set VERBOSITY terse

CREATE TABLE events (user_id int, ts timestamptz, event text, page text, amount numeric(10, 2), weight float8);
INSERT INTO events
SELECT i % 100, timestamptz '2020-01-01' + i * interval '7 s', CASE i % 11 WHEN 0 THEN 'login' WHEN 1 THEN 'buy' ELSE 'view' END,
       '/page/' || i % 13, i % 17, i % 5
FROM generate_series(1, 20000) AS i;
ANALYZE events;
SELECT sessionize.define_session('visit', 'events', 'user_id', 'ts', '30 minutes', restart_on => $$event = 'login'$$);
SELECT sessionize.define_metric('visit', 'purchases', 'count(*)', filter => $$event = 'buy'$$);
SELECT sessionize.define_metric('visit', 'revenue', 'sum(amount)');
SELECT sessionize.define_metric('visit', 'pages', 'count(DISTINCT page)');
SELECT sessionize.define_metric('visit', 'entry', 'sessionize.first(page, ts)');

-- Plans without what differs from version to version, and without numbers of kilobytes.
CREATE FUNCTION explain(query text, options text DEFAULT 'COSTS OFF') RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    line text;
BEGIN
    FOR line IN EXECUTE format('EXPLAIN (%s) %s', options, query) LOOP
        CONTINUE WHEN line ~ 'Output:|Window:|Inactivity:|Partitions:|Index Searches|Heap Fetches';
        RETURN NEXT regexp_replace(regexp_replace(line, '\d+ ?kB', 'N kB'), '(rows=\d+)\.00', '\1');
    END LOOP;
END $$;

--
-- A definition's views
--
SELECT * FROM explain('SELECT * FROM visit');
SELECT * FROM explain('SELECT user_id, started_at, ended_at, event_count, purchases, revenue FROM visit');
SELECT * FROM explain('SELECT * FROM visit_actors');
SELECT * FROM explain('SELECT count(*) FROM visit');
SELECT * FROM explain('SELECT avg(duration), max(revenue) FROM visit WHERE event_count > 1');
SELECT * FROM explain($$SELECT date_trunc('day', started_at), floor(duration_seconds / 60), count(*) FROM visit GROUP BY 1, 2$$);
SELECT * FROM explain('SELECT user_id, pages FROM visit WHERE session_number = 1');
-- sessions of an actor come together
SELECT * FROM explain('SELECT user_id, avg(duration) FROM visit GROUP BY user_id');
SELECT * FROM explain('SELECT user_id, max(session_number) FROM visit GROUP BY user_id ORDER BY user_id LIMIT 2') WHERE explain !~ 'Key';

-- from an index, in its order
CREATE INDEX events_user_ts ON events (user_id, ts);
SELECT * FROM explain('SELECT * FROM visit ORDER BY user_id, session_number LIMIT 1', 'ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF');
DROP INDEX events_user_ts;

--
-- What it did
--
SELECT * FROM explain('SELECT * FROM visit WHERE event_count > 5', 'ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF') WHERE explain !~ 'Memory';
SELECT key, value
FROM explain('SELECT user_id, session_number FROM visit WHERE session_number > 3', 'ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF, VERBOSE, FORMAT JSON'),
     LATERAL jsonb_each(jsonb_path_query_first(explain::jsonb, 'strict $.**{1 to last} ? (@."Custom Plan Provider" == "Session Aggregate")'))
WHERE key NOT IN ('Plans', 'Output', 'Disabled', 'Actual Rows', 'Async Capable', 'Parallel Aware')
ORDER BY key;
-- the subquery's own condition drops rows
SELECT * FROM explain($$SELECT user_id, n, count(*) FROM (SELECT *, sessionize.session_number(ts, '30 min', event = 'login', false, NULL, true)
    OVER (PARTITION BY user_id ORDER BY ts) AS n FROM events) AS e WHERE n IS NOT NULL AND page <> '/page/0' GROUP BY user_id, n$$,
                      'ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF') WHERE explain ~ 'Aggregate \(|Scan|Filter';
SELECT * FROM explain($$SELECT user_id, n, count(*) FROM (SELECT *, sessionize.session_number(ts, '30 min', event = 'login', false, NULL, true)
    OVER (PARTITION BY user_id ORDER BY ts) AS n FROM events) AS e WHERE n IS NOT NULL GROUP BY user_id, n$$,
                      'ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF') WHERE explain ~ 'Aggregate \(|Scan|Filter';

--
-- Refused, with the reason; core's aggregation over the scan gives the answer
--
CREATE FUNCTION refused(query text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    SET LOCAL sessionize.debug_require_session_aggregate = on;
    PERFORM * FROM explain(query);
    RETURN 'not refused';
EXCEPTION WHEN feature_not_supported THEN
    RETURN SQLERRM;
END $$;
CREATE FUNCTION of(outputs text, groups text DEFAULT 'user_id, n', tail text DEFAULT '') RETURNS text LANGUAGE sql AS
$$SELECT format('SELECT %s FROM (SELECT *, amount * 2 AS twice, sessionize.session_number(ts, ''30 min'') OVER w AS n, sessionize.session_event_number(ts, ''30 min'') OVER w AS en,
    sessionize.session_start(ts, ''30 min'') OVER w AS s FROM events WINDOW w AS (PARTITION BY user_id ORDER BY ts)) AS e %s GROUP BY %s', outputs, tail, groups)$$;
SELECT outputs, refused(of(outputs)) FROM unnest(ARRAY[
    'count(*), n + sum(weight), user_id || max(page)', 'stddev(amount) FILTER (WHERE en > 1)', 'count(DISTINCT page)', 'string_agg(page, $$,$$)',
    'sum(DISTINCT amount)', 'string_agg(page, $$,$$ ORDER BY ts)', 'percentile_cont(0.5) WITHIN GROUP (ORDER BY weight)', 'count(DISTINCT (page, event))',
    'count(*) FILTER (WHERE EXISTS (SELECT FROM events AS x WHERE x.user_id = e.user_id))', 'generate_series(1, 2)', 'grouping(n)']) AS outputs;
SELECT groups, refused(of('count(*)', groups)) FROM unnest(ARRAY[
    'user_id', 'n, user_id', 'user_id, n, s', 'user_id, s', 'n', 'user_id, en', 'user_id, n, page', 'user_id % 10, n', 'user_id, twice', 'GROUPING SETS (user_id, n)']) AS groups;
SELECT refused(of('count(*)', tail => 'WHERE now() > $$2020-01-01$$')), refused(of('count(*)', 'user_id, n', 'WHERE n < 3')),
       refused(of('count(*)', tail => 'JOIN events AS x USING (user_id)'));
SELECT refused($$SELECT count(n) FROM (SELECT sessionize.session_number(ts, '1 min') OVER (PARTITION BY user_id ORDER BY ts) AS n FROM events) AS e$$),
       refused($$SELECT u COLLATE "POSIX", count(n) FROM (SELECT page COLLATE "C" AS u, sessionize.session_number(ts, '1 min') OVER (PARTITION BY page COLLATE "C" ORDER BY ts) AS n FROM events) AS e GROUP BY 1$$);
SET sessionize.enable_session_aggregate = off;
SELECT refused(of('count(*)'));
RESET sessionize.enable_session_aggregate;
-- not over a window of somebody else
SELECT refused($$SELECT user_id, n, count(*) FROM (SELECT user_id, row_number() OVER (PARTITION BY user_id ORDER BY ts) AS n FROM events) AS e GROUP BY user_id, n$$);
-- rights on aggregates are asked for, as ever
CREATE AGGREGATE total(numeric) (sfunc = numeric_add, stype = numeric);
REVOKE EXECUTE ON FUNCTION total(numeric) FROM PUBLIC;
CREATE ROLE regress_session_aggregate;
GRANT USAGE ON SCHEMA session_aggregate TO regress_session_aggregate;
GRANT SELECT ON events TO regress_session_aggregate;
SELECT refused(of('total(amount)'));
SET ROLE regress_session_aggregate;
SELECT user_id, total(amount) FROM (SELECT *, sessionize.session_number(ts, '30 min') OVER (PARTITION BY user_id ORDER BY ts) AS n FROM events) AS e GROUP BY user_id, n;
RESET ROLE;

--
-- Answers that can be told beforehand
--
CREATE TABLE few (actor text, t bigint, restart boolean, b boolean, i2 smallint, i8 bigint, f float8, n numeric, x text);
INSERT INTO few VALUES
    ('one', 1, false, true, 1, 9223372036854775807, 1e308, 1.10, 'a'), ('one', 2, false, NULL, 2, 9223372036854775807, NULL, 2.250, NULL), ('one', 2, false, false, NULL, NULL, 'NaN', NULL, 'b'),
    ('one', 100, false, NULL, NULL, NULL, NULL, NULL, NULL),
    ('one', 200, true, true, 3, -1, 'Infinity', 'NaN', 'b'), ('one', 200, false, true, -3, 1, '-Infinity', 1e20, 'B'), ('one', 205, false, true, 32767, 0, 0, 'Infinity', ''),
    ('two', NULL, true, false, 5, 5, 5, 5.000, 'z'), (NULL, 1, true, true, 6, 6, 6, 123456789.123456789, 'q'), (NULL, NULL, true, true, 7, 7, 7, -123456789, 'p');
CREATE VIEW few_sessions AS
    SELECT actor, k, count(*) AS rows, min(t), max(t), bool_and(b), bool_or(b), sum(i2) AS s2, avg(i2) AS a2, sum(i8) AS s8, avg(i8) AS a8, min(f) AS mi, max(f) AS ma, sum(n) AS sn, avg(n) AS an,
           count(DISTINCT x) AS xs, sessionize.first(x, t), sessionize.last(x, t)
    FROM (SELECT *, sessionize.session_number(t, 10, restart) OVER (PARTITION BY actor ORDER BY t) AS k FROM few) AS e GROUP BY actor, k;
SELECT * FROM explain('TABLE few_sessions') WHERE explain ~ 'Aggregate';
\x
SELECT * FROM few_sessions ORDER BY actor, k;
\x
-- with require_restart: what is before the first restart, and has no time, is a group of its own
SELECT actor, k, count(*), array_agg(t ORDER BY t) AS sorted, count(t) FROM (SELECT *, sessionize.session_number(t, 10, restart, false, NULL, true) OVER (PARTITION BY actor ORDER BY t) AS k FROM few) AS e
GROUP BY actor, k ORDER BY actor, k;
SELECT actor, k, count(*), min(t), max(t), count(t) FROM (SELECT *, sessionize.session_number(t, 10, restart, false, NULL, true) OVER (PARTITION BY actor ORDER BY t) AS k FROM few) AS e
GROUP BY actor, k ORDER BY actor, k;
-- the same errors
SELECT k, sum(f) FROM (SELECT i, 1e308::float8 AS f, sessionize.session_number(i, 10) OVER (PARTITION BY i / 10 ORDER BY i) AS k, i / 10 AS a FROM generate_series(1::bigint, 2) AS i) AS e GROUP BY a, k;

--
-- Nothing is left of a group, or of a run, once it has been put out
--
CREATE TABLE many (actor int, ts timestamptz NOT NULL, page text, amount numeric);
INSERT INTO many SELECT i % 20000, timestamptz '2026-01-01' + i * interval '1 s' + (i / 40000) * interval '1 h', 'page ' || i % 7, i / 8.0 FROM generate_series(1, 80000) AS i;
ANALYZE many;
SELECT sessionize.define_session('many_visit', 'many', 'actor', 'ts', '1 hour');
SELECT sessionize.define_session('plain_visit', 'many', 'actor', 'ts', '1 hour');
SELECT sessionize.define_metric('many_visit', name, text)
FROM (VALUES ('spread', 'stddev(amount)'), ('pages', 'count(DISTINCT page)'), ('twice', 'sum(amount * 2)'), ('longest', 'max(page)')) AS v (name, text);
-- how much more memory contexts have after 15,000 rows than after 1,000
CREATE FUNCTION left_behind(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    c refcursor;
    before bigint;
    after bigint;
    num_rows bigint;
    size CONSTANT text := 'SELECT sum(total_bytes) FROM pg_backend_memory_contexts WHERE name !~ ''chunks|actors|Cache''';
BEGIN
    OPEN c FOR EXECUTE query;
    MOVE FORWARD 1000 FROM c;
    EXECUTE size INTO before;
    MOVE FORWARD 14000 FROM c;
    GET DIAGNOSTICS num_rows = ROW_COUNT;
    EXECUTE size INTO after;
    CLOSE c;
    RETURN num_rows || CASE WHEN after - before < 65536 THEN ' rows, nothing' ELSE format(' rows, %s kB', (after - before) / 1024) END;
END $$;
SET sessionize.debug_require_session_aggregate = on;
SET cursor_tuple_fraction = 1;
SELECT left_behind(query), query FROM unnest(ARRAY['TABLE plain_visit_actors', 'TABLE many_visit_actors', 'SELECT actor, session_number, duration, ended_by FROM many_visit', 'SELECT actor, spread, pages, twice, longest FROM many_visit',
    'SELECT actor, n, stddev(amount), sessionize.first(page, ts), sessionize.last(page, ts), min(page), max(upper(page)) FROM (SELECT *, sessionize.session_number(ts, ''1 hour'') OVER (PARTITION BY actor ORDER BY ts) AS n FROM many) AS e GROUP BY actor, n',
    'SELECT actor, n, max(s) - min(e), sum(extract(epoch FROM e - s)) FILTER (WHERE k = 1), avg(amount), bool_or(s > e) FROM (SELECT *, sessionize.session_number(ts, ''1 hour'') OVER w AS n, sessionize.session_event_number(ts, ''1 hour'') OVER w AS k, sessionize.session_start(ts, ''1 hour'') OVER w AS s, sessionize.session_end(ts, ''1 hour'') OVER w AS e FROM many WINDOW w AS (PARTITION BY actor ORDER BY ts)) AS e GROUP BY actor, n']) AS query;
RESET cursor_tuple_fraction;

-- given up within an actor, and read from the beginning again
SELECT x, read.* FROM generate_series(0, 2) AS x, LATERAL (SELECT count(*), sum(n) FROM (SELECT n FROM (
    SELECT user_id, k, count(*) AS n FROM (SELECT user_id, sessionize.session_number(ts, '1 second') OVER (PARTITION BY user_id ORDER BY ts) AS k FROM events) AS e
    GROUP BY user_id, k) AS s LIMIT CASE WHEN x <> 1 THEN 5 END) AS part) AS read;
RESET sessionize.debug_require_session_aggregate;

-- the settings
SELECT name, setting, context, vartype FROM pg_settings WHERE name LIKE 'sessionize.%aggregate' ORDER BY 1;

SET client_min_messages = warning;
DELETE FROM sessionize.session_definition WHERE schema = 'session_aggregate';
DROP SCHEMA session_aggregate CASCADE;
DROP ROLE regress_session_aggregate;
