--
-- open_sessions.sql: bounds that sessions reach beyond.  How far is found out when the query
-- starts, by following the sessions that are open at the bound to their next pause: which
-- queries do it, which must not, and events for which a little less would be too little.
--
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS sessionize;
CREATE SCHEMA open_sessions;
RESET client_min_messages;
SET search_path = open_sessions;
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET intervalstyle = 'postgres';
SET max_parallel_workers_per_gather = 0;
SET jit = off;
\set SHOW_CONTEXT never
\set VERBOSITY terse

CREATE FUNCTION explain(query text, options text DEFAULT 'COSTS OFF, VERBOSE') RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    line text;
BEGIN
    FOR line IN EXECUTE format('EXPLAIN (%s) %s', options, query) LOOP
        RETURN NEXT line;
    END LOOP;
END $$;

-- What is read of the events, with what has been found out as "reach".
CREATE FUNCTION reads(query text) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT 'to ' || replace(match[1], '::timestamp with time zone', '')
    FROM explain(query) AS line,
         regexp_replace(line, '\(InitPlan \d+\)\.col1|\$\d+', 'reach', 'g') AS plain,
         regexp_matches(plain, '[<>]= (?:GREATEST|LEAST)\([^)]*\)', 'g') AS match
    UNION ALL
    SELECT trim(line) FROM explain(query) AS line WHERE line ~ 'All History Read'
$$;

-- The same rows as all history gives?  With the nodes, without, and in several processes;
-- and however dear it is.
CREATE FUNCTION answer(query text) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
    rows text[];
BEGIN
    EXECUTE 'SELECT array_agg(r::text ORDER BY r::text COLLATE "C") FROM (' || query || ') AS r' INTO rows;
    RETURN rows;
END $$;
CREATE FUNCTION compare(query text) RETURNS TABLE (follows boolean, num_rows int, same boolean) LANGUAGE plpgsql AS $$
DECLARE
    expected text[];
    mode text;
BEGIN
    PERFORM set_config('sessionize.enable_time_range', 'off', true);
    expected := answer(query);
    PERFORM set_config('sessionize.enable_time_range', 'on', true);
    PERFORM set_config('sessionize.debug_follow_open_sessions', 'on', true);
    num_rows := coalesce(cardinality(expected), 0);
    same := true;
    FOREACH mode IN ARRAY ARRAY['nodes', 'no nodes', 'parallel'] LOOP
        PERFORM set_config('sessionize.enable_session_scan', (mode <> 'no nodes')::text, true),
                set_config('max_parallel_workers_per_gather', CASE mode WHEN 'parallel' THEN '2' ELSE '0' END, true),
                set_config('parallel_setup_cost', CASE mode WHEN 'parallel' THEN '0' ELSE '1000' END, true),
                set_config('parallel_tuple_cost', CASE mode WHEN 'parallel' THEN '0' ELSE '0.1' END, true),
                set_config('min_parallel_table_scan_size', CASE mode WHEN 'parallel' THEN '0' ELSE '8MB' END, true);
        same := same AND answer(query) IS NOT DISTINCT FROM expected;
    END LOOP;
    PERFORM set_config('max_parallel_workers_per_gather', '0', true);
    follows := EXISTS (SELECT FROM reads(query) AS r WHERE r LIKE 'to %');
    PERFORM set_config('sessionize.debug_follow_open_sessions', 'off', true);
    RETURN NEXT;
END $$;

--
-- Where it is done: 120 actors, who come for an hour or so, a few of them at any time
--
CREATE TABLE hits (user_id int, ts timestamptz, page text);
INSERT INTO hits
SELECT a, timestamptz '2026-01-01' + (a * 37 % 120 + d * 240) * interval '6 min' + n * (a % 17 + 3) * interval '1 min', '/page/' || n % 9
FROM generate_series(1, 120) AS a, generate_series(0, 29) AS d, generate_series(0, a % 11) AS n;
CREATE INDEX ON hits (ts);
CREATE INDEX ON hits (user_id, ts);
VACUUM ANALYZE hits;
SELECT sessionize.define_session('stay', 'hits', 'user_id', 'ts', '30 min');

SELECT * FROM reads($$SELECT count(*), max(ended_at) FROM stay WHERE started_at >= '2026-01-10' AND started_at < '2026-01-11'$$);
SELECT * FROM reads($$SELECT count(*), max(ended_at) FROM stay WHERE started_at < '2026-01-03'$$);
SELECT * FROM reads($$SELECT count(*) FROM stay WHERE ended_at >= '2026-01-29'$$);
SELECT * FROM reads($$SELECT count(*) FROM stay WHERE ended_at BETWEEN '2026-01-10' AND '2026-01-11'$$);
SELECT * FROM reads($$SELECT session_id, session_ended_at FROM stay_events WHERE ts >= '2026-01-10' AND ts < '2026-01-11'$$);
SELECT * FROM compare($$SELECT * FROM (SELECT user_id, started_at, ended_at, event_count FROM stay) AS s WHERE started_at >= '2026-01-10' AND started_at < '2026-01-11'$$);
SELECT * FROM compare($$SELECT user_id, session_number, started_by, ended_at FROM stay WHERE started_at < '2026-01-03'$$);
SELECT * FROM compare($$SELECT user_id, started_at, ended_at FROM stay WHERE ended_at >= '2026-01-29'$$);
SELECT * FROM compare($$SELECT user_id, started_at, ended_at FROM stay WHERE ended_at BETWEEN '2026-01-10 06:10' AND '2026-01-10 06:40'$$);
SELECT * FROM compare($$SELECT session_id, ts, session_started_at, session_ended_at, session_event_count FROM stay_events WHERE ts >= '2026-01-10 06:30' AND ts < '2026-01-10 06:45'$$);

-- the whole plan: actors seen in the half hour before the bound, and for each the next pause
CREATE FUNCTION plan(query text) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT replace(regexp_replace(regexp_replace(line, '^( *InitPlan \d+).*', '\1'), '\(InitPlan \d+\)\.col1|\$\d+', 'reach'),
                   '::timestamp with time zone', '')
    FROM explain(query, 'COSTS OFF') AS line
    WHERE line !~ '^ +Window: w'
$$;
SELECT * FROM plan($$SELECT user_id, ended_at FROM stay WHERE started_at >= '2026-01-10' AND started_at < '2026-01-11'$$);

-- found out anew for each outer row, in generic plans, cursors, and when a cursor goes back
SELECT * FROM compare($$SELECT b.x, s.* FROM (VALUES (timestamptz '2026-01-10 06:10'), ('2026-01-20 08:00'), ('2026-01-02 03:00')) AS b (x),
    LATERAL (SELECT count(*), sum(event_count), max(ended_at), min(started_at) FROM stay WHERE started_at < b.x OFFSET 0) AS s$$);
SET plan_cache_mode = force_generic_plan;
PREPARE stays(timestamptz, timestamptz) AS SELECT count(*), sum(event_count), max(ended_at) FROM stay WHERE started_at >= $1 AND started_at < $2;
SELECT * FROM reads('EXECUTE stays(''2026-01-10'', ''2026-01-11'')');
EXECUTE stays('2026-01-10', '2026-01-10 06:10');
EXECUTE stays('2026-01-20', '2026-01-20 08:20');
SET sessionize.enable_time_range = off;
DEALLOCATE stays;
PREPARE stays(timestamptz, timestamptz) AS SELECT count(*), sum(event_count), max(ended_at) FROM stay WHERE started_at >= $1 AND started_at < $2;
EXECUTE stays('2026-01-10', '2026-01-10 06:10');
EXECUTE stays('2026-01-20', '2026-01-20 08:20');
RESET sessionize.enable_time_range;
RESET plan_cache_mode;
BEGIN;
DECLARE stays SCROLL CURSOR FOR SELECT user_id, ended_at FROM stay WHERE started_at >= '2026-01-10' AND started_at < '2026-01-10 06:10' ORDER BY 2 DESC, 1;
FETCH 2 FROM stays;
FETCH BACKWARD 1 FROM stays;
COMMIT;

--
-- Where it is not
--
SELECT * FROM reads($$SELECT ended_by FROM stay WHERE started_at >= '2026-01-10' AND started_at < '2026-01-11'$$);
SELECT * FROM reads($$SELECT ended_by FROM stay WHERE started_at < '2026-01-03'$$);
SELECT * FROM reads($$SELECT is_open FROM stay WHERE started_at < '2026-01-03'$$);
SELECT * FROM reads($$SELECT user_id, ended_at FROM stay WHERE started_at < '2026-01-29'$$);
SELECT * FROM compare($$SELECT user_id, session_number FROM stay WHERE ended_at >= '2026-01-29'$$);
SELECT * FROM compare($$SELECT user_id, started_by FROM stay WHERE ended_at >= '2026-01-29'$$);
SELECT * FROM compare($$SELECT * FROM stay_actors WHERE last_ended_at < '2026-01-03'$$);
SELECT * FROM compare($$SELECT user_id FROM stay WHERE date_trunc('day', started_at) <= '2026-01-03'$$);
SELECT * FROM compare($$SELECT user_id, session_started_at FROM stay_events WHERE ts < '2026-01-03' AND 10 / session_event_count >= 1$$);
SELECT * FROM compare($$SELECT user_id, n, min(ts) FROM (SELECT user_id, ts, sessionize.session_number(ts, interval '30 min') OVER (PARTITION BY user_id ORDER BY ts) AS n
    FROM hits WHERE ts IS NOT NULL) AS e GROUP BY 1, 2 HAVING min(ts) < '2026-01-03'$$);

-- without an index on the actor, those who do not come again would cost all later events
CREATE TABLE plain_hits AS SELECT user_id % 6 AS user_id, ts, page FROM hits, generate_series(1, 3);
CREATE INDEX ON plain_hits (ts);
CREATE INDEX ON plain_hits (page, ts);
ANALYZE plain_hits;
SELECT sessionize.define_session('plain stay', 'plain_hits', 'user_id', 'ts', '30 min');
SELECT * FROM reads($$SELECT count(*), max(ended_at) FROM "plain stay" WHERE started_at < '2026-01-03'$$);
SELECT sessionize.define_session('pair stay', 'plain_hits', 'page, user_id', 'ts', '30 min');
SELECT * FROM reads($$SELECT count(*), max(ended_at) FROM "pair stay" WHERE started_at < '2026-01-03'$$);
CREATE INDEX ON plain_hits (ts, user_id);
SELECT * FROM reads($$SELECT count(*), max(ended_at) FROM "plain stay" WHERE started_at < '2026-01-03'$$);
SELECT * FROM reads($$SELECT count(*), max(ended_at) FROM "pair stay" WHERE started_at < '2026-01-03'$$);
CREATE INDEX ON plain_hits (page, user_id, ts);
SELECT * FROM reads($$SELECT count(*), max(ended_at) FROM "pair stay" WHERE started_at < '2026-01-03' AND page = '/page/2'$$);
SELECT * FROM reads($$SELECT count(*), max(ended_at) FROM "pair stay" WHERE started_at < '2026-01-03'$$);
SELECT * FROM compare($$SELECT user_id, page, ended_at FROM "pair stay" WHERE started_at < '2026-01-03'$$);

--
-- Events for which a little less would be too little: sessions asked for are those up to noon
-- on 5 January, or from then on
--
CREATE TABLE edges (user_id int, ts timestamptz, local timestamp, day date, micros bigint, event text, keep boolean DEFAULT true);
CREATE INDEX ON edges (user_id, ts);
SELECT sessionize.define_session('edge', 'edges', 'user_id', 'ts', '30 min', filter => 'keep');
SELECT sessionize.define_session('logins', 'edges', 'user_id', 'ts', '30 min', restart_on => 'event = ''login''', end_on => 'event = ''logout''', filter => 'keep');
INSERT INTO edges (user_id, ts)
-- 1: goes on, each event just not late enough, for a day
SELECT 1, '2026-01-05 11:45'::timestamptz + n * interval '30 min' FROM generate_series(-3, 48) AS n UNION ALL
-- 2: ends with the last event before the bound, and begins again a microsecond too late
VALUES (2, timestamptz '2026-01-05 11:35'), (2, '2026-01-05 12:05:00.000001'), (2, '2026-01-05 12:10'),
-- 3: its last event is the inactivity before the bound, its next one at it
       (3, '2026-01-05 11:30'), (3, '2026-01-05 12:00'), (3, '2026-01-05 12:30'), (3, '2026-01-05 13:01'),
-- 4: two sessions before the bound: the first pause is not the one
       (4, '2026-01-05 11:31'), (4, '2026-01-05 11:31'), (4, '2026-01-05 12:00'), (4, '2026-01-05 12:29'), (4, '2026-01-05 12:59'),
-- 5: starts at the bound
       (5, '2026-01-05 12:00'), (5, '2026-01-05 12:00'), (5, '2026-01-05 12:25'), (5, '2026-01-05 14:00'),
-- 6: starts later, and goes on longer than all others: does not count
       (6, '2026-01-05 12:00:00.000001'), (6, '2026-01-05 12:30'), (6, '2026-01-07'),
-- 7: never comes again
       (7, '2026-01-05 11:59:59.999999');
SELECT * FROM compare($$SELECT user_id, session_number, started_at, ended_at, event_count FROM edge WHERE started_at < '2026-01-05 12:00'$$);
SELECT * FROM compare($$SELECT user_id, started_at, ended_at, event_count FROM edge WHERE started_at <= '2026-01-05 12:00'$$);
SELECT * FROM compare($$SELECT user_id, started_at, ended_at, event_count FROM edge WHERE started_at = '2026-01-05 12:00'$$);
SELECT * FROM compare($$SELECT user_id, started_at, ended_at, event_count FROM edge WHERE ended_at >= '2026-01-05 12:00'$$);
SELECT * FROM compare($$SELECT user_id, started_at, ended_at, event_count FROM edge WHERE ended_at > '2026-01-05 12:00'$$);
SELECT * FROM compare($$SELECT user_id, started_at, ended_at, event_count FROM edge WHERE ended_at >= '2026-01-06 11:45'$$);
SELECT * FROM compare($$SELECT user_id, started_at, ended_at, event_count FROM edge WHERE ended_at < '2026-01-05 12:30'$$);
SELECT * FROM compare($$SELECT user_id, session_started_at, session_ended_at, session_event_count FROM edge_events WHERE ts = '2026-01-05 12:00'$$);
SELECT * FROM compare($$SELECT user_id, session_started_at, session_ended_at, session_event_count FROM edge_events WHERE session_ended_at < '2026-01-05 12:35'$$);

-- each of these alone: nobody else reaches far enough
CREATE TABLE all_edges AS TABLE edges;
CREATE FUNCTION each_alone(query text) RETURNS TABLE (user_id int, follows boolean, num_rows int, same boolean) LANGUAGE plpgsql AS $$
BEGIN
    FOR user_id IN SELECT DISTINCT e.user_id FROM all_edges AS e ORDER BY 1 LOOP
        DELETE FROM edges;
        INSERT INTO edges SELECT * FROM all_edges AS e WHERE e.user_id = each_alone.user_id;
        SELECT * FROM compare(query) INTO follows, num_rows, same;
        RETURN NEXT;
    END LOOP;
END $$;
SELECT sessionize.define_session('cap edge', 'edges', 'user_id', 'ts', '30 min', max_duration => '40 min', filter => 'keep');
SELECT * FROM each_alone($$SELECT started_at, ended_at, event_count FROM edge WHERE started_at < '2026-01-05 12:00'$$);
SELECT * FROM each_alone($$SELECT started_at, ended_at, event_count FROM edge WHERE started_at <= '2026-01-05 12:00'$$);
SELECT * FROM each_alone($$SELECT started_at, ended_at, event_count FROM edge WHERE ended_at > '2026-01-05 12:00'$$);
SELECT * FROM each_alone($$SELECT started_at, ended_at, event_count FROM edge WHERE ended_at >= '2026-01-05 12:30'$$);

-- with max_duration starts depend on the one before, and so on back to a pause
SELECT * FROM each_alone($$SELECT started_at, ended_at, event_count FROM "cap edge" WHERE started_at >= '2026-01-05 12:00'$$);
SELECT * FROM each_alone($$SELECT started_at, ended_at, event_count FROM "cap edge" WHERE ended_at > '2026-01-05 12:00' AND started_at < '2026-01-05 12:50'$$);
SELECT user_id, follows, num_rows, same FROM each_alone($$SELECT started_at, session_number FROM "cap edge" WHERE started_at >= '2026-01-05 12:00'$$) WHERE follows OR NOT same;

-- what a definition leaves out is no event here, either: a session ends earlier, or goes on
DELETE FROM edges;
INSERT INTO edges (user_id, ts, keep) VALUES
    (1, '2026-01-05 11:50', true), (1, '2026-01-05 12:15', false), (1, '2026-01-05 12:40', true), (1, '2026-01-05 13:00', true),
    (2, '2026-01-05 11:59', true), (2, '2026-01-05 12:10', false), (2, '2026-01-05 12:20', true), (2, '2026-01-05 12:50', true);
SELECT * FROM compare($$SELECT user_id, started_at, ended_at, event_count FROM edge WHERE started_at < '2026-01-05 12:00'$$);
SELECT * FROM compare($$SELECT user_id, started_at, ended_at, event_count FROM edge WHERE ended_at > '2026-01-05 12:40'$$);

-- restarts and ends only cut what is followed
INSERT INTO edges (user_id, ts, event) VALUES
    (3, '2026-01-05 11:40', NULL), (3, '2026-01-05 11:55', 'login'), (3, '2026-01-05 12:10', NULL), (3, '2026-01-05 12:20', 'login'), (3, '2026-01-05 12:30', NULL),
    (4, '2026-01-05 11:40', NULL), (4, '2026-01-05 11:50', 'logout'), (4, '2026-01-05 12:10', NULL), (4, '2026-01-05 12:10', 'logout'), (4, '2026-01-05 12:11', NULL);
SELECT * FROM compare($$SELECT user_id, session_number, started_at, ended_at, event_count FROM logins WHERE started_at <= '2026-01-05 12:00'$$);
SELECT * FROM compare($$SELECT user_id, started_at, ended_at, event_count FROM logins WHERE ended_at > '2026-01-05 12:00'$$);

-- the ends of time: infinity is a time, and later than all others by more than any inactivity
DELETE FROM edges;
INSERT INTO edges (user_id, ts) VALUES (1, '294276-12-31 23:50'), (1, 'infinity'), (1, 'infinity'), (2, '294276-12-31 23:40'), (2, '294276-12-31 23:59:59.999999'),
    (3, '-infinity'), (3, '4714-11-24 00:00 BC'), (3, '4714-11-24 00:20 BC'), (4, NULL), (4, '4714-11-24 00:10 BC'), (4, 'infinity');
SELECT * FROM compare($$SELECT user_id, started_at, ended_at, event_count FROM edge WHERE started_at < '294276-12-31 23:55'$$);
SELECT * FROM compare($$SELECT user_id, started_at, ended_at, event_count FROM edge WHERE started_at < 'infinity'$$);
SELECT * FROM compare($$SELECT user_id, started_at, ended_at, event_count FROM edge WHERE started_at <= 'infinity'$$);
SELECT * FROM compare($$SELECT user_id, started_at, ended_at, event_count FROM edge WHERE started_at <= '-infinity'$$);
SELECT * FROM compare($$SELECT user_id, started_at, ended_at, event_count FROM edge WHERE ended_at > '-infinity'$$);
SELECT * FROM compare($$SELECT user_id, started_at, ended_at, event_count FROM edge WHERE ended_at >= '4714-11-24 00:15 BC'$$);
SELECT * FROM compare($$SELECT user_id, started_at, ended_at, event_count FROM edge WHERE started_at < NULL$$);
DELETE FROM edges;
SELECT * FROM compare($$SELECT user_id, started_at, ended_at, event_count FROM edge WHERE started_at < '2026-01-05 12:00'$$);

-- other times: without a zone, days, whole numbers; bounds of another type than the time
INSERT INTO edges (user_id, ts, local, day, micros)
SELECT a, t, t AT TIME ZONE 'Europe/Berlin', t::date, extract(epoch FROM t)::bigint * 1000000
FROM generate_series(1, 5) AS a, generate_series(0, 199) AS n, LATERAL (SELECT timestamptz '2026-03-28' + n * interval '17 min' + n / (a * 7) * interval '20 h') AS x (t);
SELECT sessionize.define_session('local edge', 'edges', 'user_id', 'local', '30 min');
SELECT sessionize.define_session('day edge', 'edges', 'user_id', 'day', '1 day');
SET timezone = 'Europe/Berlin';
SELECT * FROM compare($$SELECT user_id, started_at, ended_at, event_count FROM "local edge" WHERE started_at < timestamptz '2026-03-29 03:00'$$);
SELECT * FROM compare($$SELECT user_id, started_at, ended_at, event_count FROM "local edge" WHERE ended_at >= timestamptz '2026-03-29 02:00'$$);
SELECT * FROM compare($$SELECT user_id, started_at, ended_at, event_count FROM "local edge" WHERE started_at < date '2026-03-30' AND ended_at > timestamp '2026-03-29 06:00'$$);
SELECT * FROM compare($$SELECT user_id, started_at, ended_at, event_count FROM edge WHERE ended_at::date = '2026-03-29'$$);
SELECT * FROM compare($$SELECT user_id, started_at, ended_at, event_count FROM edge WHERE date_trunc('month', ended_at) >= timestamptz '2026-04-01'$$);
SELECT * FROM compare($$SELECT user_id, started_at, ended_at, event_count FROM "day edge" WHERE started_at < '2026-04-02'$$);
SELECT * FROM compare($$SELECT user_id, started_at, ended_at, event_count FROM "day edge" WHERE ended_at > '2026-04-10'$$);
SET timezone = 'UTC';
SELECT 'SELECT user_id, n, min(micros), max(micros), count(*) FROM (SELECT user_id, micros, sessionize.session_number(micros, 1800000000) OVER (PARTITION BY user_id ORDER BY micros) AS n'
    ' FROM edges WHERE user_id IS NOT NULL) AS e GROUP BY user_id, n' AS sessions \gset
SELECT * FROM compare(:'sessions' || $$ HAVING min(micros) < 1774713600000000$$);
SELECT * FROM compare(replace(:'sessions', 'user_id, n, min', 'user_id, min') || $$ HAVING max(micros) >= 1774713600000000$$);
SELECT * FROM compare(:'sessions' || $$ HAVING min(micros) < (-9223372036854775807)$$);
SELECT * FROM compare(:'sessions' || $$ HAVING min(micros) <= 9223372036854775807$$);

-- an edge that is no more than a day sure: a pause that is not beyond it is not the last
INSERT INTO edges (user_id, ts)
SELECT 7, timestamptz '2026-04-13 18:00+02' + n * interval '30 min' FROM generate_series(0, 64) AS n UNION ALL
VALUES (7, timestamptz '2026-04-15 20:00+02'), (7, '2026-04-15 20:05+02');
SELECT * FROM compare($$SELECT user_id, started_at, ended_at, event_count FROM edge WHERE ended_at::date >= '2026-04-15'$$);

-- actors that are equal, though not the same; of several parts; that are an expression
CREATE TABLE alike (code numeric, part varchar(9), word text, ts timestamptz);
INSERT INTO alike
SELECT CASE n % 3 WHEN 0 THEN 1 WHEN 1 THEN 1.0 ELSE 1.00 END, 'a', CASE n % 2 WHEN 0 THEN 'Ann' ELSE 'ann' END, timestamptz '2026-01-05 11:40' + n * interval '25 min'
FROM generate_series(0, 9) AS n UNION ALL
VALUES (1.0, 'b', 'Bob', timestamptz '2026-01-05 11:55'), (2, 'a', 'ANN', '2026-01-05 12:01');
SELECT $$SELECT part, started_at, ended_at, event_count FROM (SELECT part, ts, sessionize.session_start(ts, '30 min') OVER w AS started_at, sessionize.session_end(ts, '30 min') OVER w AS ended_at,
    sessionize.session_event_count(ts, '30 min') OVER w AS event_count FROM alike WHERE ts IS NOT NULL AND code IS NOT NULL AND part IS NOT NULL AND lower(word) IS NOT NULL
    WINDOW w AS (PARTITION BY actor ORDER BY ts)) AS e WHERE started_at <= '2026-01-05 12:00'$$ AS alike \gset
SELECT * FROM compare(replace(:'alike', 'actor', 'code'));
SELECT * FROM compare(replace(:'alike', 'actor', 'part, code'));
SELECT * FROM compare(replace(:'alike', 'actor', 'code, part, lower(word)'));
SELECT * FROM compare(replace(:'alike', 'actor', 'lower(word)'));
SELECT * FROM compare(replace(:'alike', 'PARTITION BY actor', ''));

-- what is made of our columns below the condition may fail for a session that is not whole
SELECT $$SELECT ts, q FROM (SELECT ts, 10 / (sessionize.session_event_count(ts, interval '30 min') OVER w - 4) AS q
    FROM alike WHERE word IS NOT NULL AND ts IS NOT NULL WINDOW w AS (PARTITION BY word ORDER BY ts)) AS e WHERE ts <= '2026-01-05 12:00'$$ AS below,
  $$SELECT word, max(ts), sum(10 / (c - 4)) FROM (SELECT word, ts, sessionize.session_number(ts, interval '30 min') OVER w AS n, sessionize.session_event_count(ts, interval '30 min') OVER w AS c
    FROM alike WHERE word IS NOT NULL AND ts IS NOT NULL WINDOW w AS (PARTITION BY word ORDER BY ts)) AS e GROUP BY word, n HAVING min(ts) <= '2026-01-05 12:00'$$ AS above \gset
BEGIN;
DELETE FROM alike;
INSERT INTO alike (word, ts) VALUES (1, '2026-01-05 11:50'), (1, '2026-01-05 12:10'), (1, '2026-01-05 12:30'),
    (2, '2026-01-05 12:05'), (2, '2026-01-05 12:10'), (2, '2026-01-05 12:20'), (2, '2026-01-05 12:30'), (2, '2026-01-05 12:45'), (2, '2026-01-05 13:00');
SELECT * FROM compare(:'below');
SELECT * FROM compare(:'above');
SELECT * FROM compare(replace(:'below', '10 / (sessionize.session_event_count(ts, interval ''30 min'') OVER w - 4)', 'sessionize.session_event_count(ts, interval ''30 min'') OVER w'));
SELECT * FROM compare(replace(:'above', '10 / (c - 4)', 'c'));
ROLLBACK;

-- conditions on groups that may fail see only sessions that are whole, also where they are
-- cheaper than the bound
INSERT INTO edges (user_id, ts) VALUES (9, '2026-03-28 11:50'), (9, '2026-03-28 12:05'), (8, '2026-03-28 12:04'), (8, '2026-03-28 12:20'), (8, '2026-03-28 12:40');
SELECT * FROM compare($$SELECT user_id, started_at, ended_at FROM edge WHERE user_id >= 8 AND started_at < now() - (now() - (now() - (now() - timestamptz '2026-03-28 12:00'))) AND 10 / (event_count - 1) >= 0$$);
SELECT * FROM compare($$SELECT user_id, started_at, ended_at FROM edge WHERE user_id >= 8 AND ended_at > now() - (now() - (now() - (now() - timestamptz '2026-03-28 12:19'))) AND 10 / (event_count - 1) >= 0$$);

--
-- Partitions that are left out when the query has found out how far it must read
--
CREATE TABLE months (user_id int, ts timestamptz NOT NULL, page text) PARTITION BY RANGE (ts);
SELECT format('CREATE TABLE months_%s PARTITION OF months FOR VALUES FROM (%L) TO (%L)', n, date '2026-01-01' + 3 * n, date '2026-01-04' + 3 * n)
FROM generate_series(0, 10) AS n \gexec
CREATE INDEX ON months (user_id, ts);
INSERT INTO months SELECT * FROM hits WHERE ts >= '2026-01-01' AND ts < '2026-02-02';
VACUUM ANALYZE months;
SELECT sessionize.define_session('month stay', 'months', 'user_id', 'ts', '30 min');
CREATE FUNCTION executed(query text) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT regexp_replace(trim(line), '^-> +| event\w*|rows=\S+ ', '', 'g')
    FROM explain(query, 'ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF') AS line
    WHERE line ~ 'Heap Reading|Seq Scan on months|Subplans Removed'
$$;
SELECT * FROM executed($$SELECT user_id, ended_at FROM "month stay" WHERE started_at >= '2026-01-11' AND started_at < '2026-01-12 08:00'$$);
SELECT * FROM compare($$SELECT user_id, ended_at FROM "month stay" WHERE started_at >= '2026-01-11' AND started_at < '2026-01-12 08:00'$$);
SELECT * FROM compare($$SELECT user_id, started_at, ended_at FROM "month stay" WHERE ended_at >= '2026-01-22 06:10'$$);

-- once more for each outer row, other partitions each time
SELECT * FROM compare($$SELECT b.x, s.* FROM (VALUES (timestamptz '2026-01-10 06:10'), ('2026-01-20 08:00'), ('2026-01-02 03:00')) AS b (x),
    LATERAL (SELECT count(*), sum(event_count), max(ended_at) FROM "month stay" WHERE started_at >= b.x - interval '1 day' AND started_at < b.x OFFSET 0) AS s$$);

--
-- Row-level security: what a reader may not see is followed for nobody
--
CREATE TABLE secrets (user_id int, ts timestamptz, owner text);
CREATE INDEX ON secrets (user_id, ts);
INSERT INTO secrets
SELECT 1, timestamptz '2026-01-05 11:50' + n * interval '20 min', CASE WHEN n = 1 THEN 'other' ELSE 'reader' END FROM generate_series(0, 5) AS n UNION ALL
SELECT 2, timestamptz '2026-01-05 11:50' + n * interval '20 min', 'other' FROM generate_series(0, 50) AS n;
CREATE FUNCTION peek(owner text) RETURNS boolean LANGUAGE plpgsql STABLE COST 0.0001 AS $$
BEGIN
    IF owner <> 'reader' THEN
        RAISE NOTICE 'seen: %', owner;
    END IF;
    RETURN true;
END $$;
SET client_min_messages = warning;
CREATE ROLE open_sessions_reader;
RESET client_min_messages;
ALTER TABLE secrets ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON secrets TO open_sessions_reader USING (owner = 'reader');
GRANT SELECT ON secrets TO open_sessions_reader;
GRANT USAGE, CREATE ON SCHEMA open_sessions TO open_sessions_reader;
SET ROLE open_sessions_reader;
SELECT sessionize.define_session('secret stay', 'secrets', 'user_id', 'ts', '30 min');
SELECT * FROM compare($$SELECT user_id, started_at, ended_at, event_count FROM "secret stay" WHERE started_at < '2026-01-05 12:00'$$);
SELECT user_id, started_at, ended_at, event_count FROM "secret stay" WHERE started_at < '2026-01-05 12:00';
SET sessionize.debug_follow_open_sessions = on;
SELECT user_id, n, min(ts), max(ts) FROM (SELECT user_id, ts, sessionize.session_number(ts, interval '30 min') OVER (PARTITION BY user_id ORDER BY ts) AS n
    FROM secrets WHERE user_id IS NOT NULL AND user_id > 0 AND peek(owner)) AS e GROUP BY 1, 2 HAVING min(ts) < '2026-01-05 12:00';
RESET sessionize.debug_follow_open_sessions;
SELECT sessionize.drop_session('secret stay');
RESET ROLE;

SET client_min_messages = warning;
DROP OWNED BY open_sessions_reader;
DROP ROLE open_sessions_reader;
SELECT sessionize.drop_session(name) FROM unnest(ARRAY['stay', 'plain stay', 'pair stay', 'edge', 'cap edge', 'logins', 'local edge', 'day edge', 'month stay']) AS name;
DROP SCHEMA open_sessions CASCADE;
