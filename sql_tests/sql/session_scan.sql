--
-- session_scan.sql: when the planner takes the node Session Scan, what EXPLAIN
-- says of it, and what it refuses, with the reason.
--
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS sessionize;
CREATE SCHEMA session_scan;
RESET client_min_messages;
SET search_path = session_scan;
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET intervalstyle = 'postgres';
SET max_parallel_workers_per_gather = 0;
SET jit = off;
-- what is above the node is in session_aggregate.sql
SET sessionize.enable_session_aggregate = off;
\pset null '(null)'
\set SHOW_CONTEXT never
\set VERBOSITY terse

CREATE TABLE events (user_id int, ts timestamptz, event text, page text, amount numeric);
INSERT INTO events
SELECT i % 100, timestamptz '2020-01-01' + i * interval '7 s', CASE i % 11 WHEN 0 THEN 'login' WHEN 1 THEN 'buy' ELSE 'view' END,
       '/page/' || i % 13, i % 17
FROM generate_series(1, 20000) AS i;
ANALYZE events;

-- Plans without what differs from version to version, such as how a window
-- function is shown, and without numbers of kilobytes.
CREATE FUNCTION explain(query text, options text DEFAULT 'COSTS OFF') RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    line text;
BEGIN
    FOR line IN EXECUTE format('EXPLAIN (%s) %s', options, query) LOOP
        CONTINUE WHEN line ~ 'Output:|Group Key:|Index Searches|Heap Fetches';
        RETURN NEXT regexp_replace(regexp_replace(line, '\d+ ?kB', 'N kB'), '(rows=\d+)\.00', '\1');
    END LOOP;
END $$;

--
-- Chosen by cost, for what the views ask
--
SELECT * FROM explain($$SELECT user_id, ts, sessionize.session_number(ts, '30 min') OVER (PARTITION BY user_id ORDER BY ts) FROM events$$);

-- sessions: the groups come together, so nothing is sorted or hashed
SELECT * FROM explain($$SELECT user_id, n, min(ts), count(*) FILTER (WHERE bought), sum(amount)
    FROM (SELECT user_id, ts, event = 'buy' AS bought, amount,
                 sessionize.session_number(ts, '30 min', event = 'login') OVER (PARTITION BY user_id ORDER BY ts) AS n
          FROM events) AS e GROUP BY user_id, n$$);
SELECT * FROM explain($$SELECT user_id, max(n)
    FROM (SELECT user_id, sessionize.session_number(ts, '30 min') OVER (PARTITION BY user_id ORDER BY ts) AS n FROM events) AS e
    GROUP BY user_id$$);
-- without aggregates
SELECT * FROM explain($$SELECT user_id, n
    FROM (SELECT user_id, sessionize.session_number(ts, '30 min') OVER (PARTITION BY user_id ORDER BY ts) AS n FROM events) AS e
    GROUP BY n, user_id$$);
-- rows outside sessions come between sessions, unless they are filtered out
SELECT * FROM explain($$SELECT user_id, n, count(*)
    FROM (SELECT user_id, sessionize.session_number(ts, '30 min', event = 'login', false, NULL, true)
                          OVER (PARTITION BY user_id ORDER BY ts) AS n FROM events) AS e
    WHERE n IS NOT NULL GROUP BY user_id, n$$) WHERE explain ~ 'Aggregate|Sort';
SELECT * FROM explain($$SELECT user_id, n, count(*)
    FROM (SELECT user_id, sessionize.session_number(ts, '30 min', event = 'login', false, NULL, true)
                          OVER (PARTITION BY user_id ORDER BY ts) AS n FROM events) AS e
    GROUP BY user_id, n$$) WHERE explain ~ 'Aggregate|Sort';
-- groups that are not whole actors, or less than an actor: core's own ways
SELECT count(*) FILTER (WHERE explain ~ 'HashAggregate|Sort') > 0 AS hashed_or_sorted
FROM (VALUES ('n'), ('user_id, s'), ('user_id, n, page'), ('user_id % 10, n'), ('page')) AS v(groups),
     LATERAL explain(format($$SELECT count(*)
    FROM (SELECT user_id, page, sessionize.session_number(ts, '30 min') OVER w AS n, sessionize.session_event_number(ts, '30 min') OVER w AS s
          FROM events WINDOW w AS (PARTITION BY user_id ORDER BY ts)) AS e GROUP BY %s$$, groups))
GROUP BY groups;

--
-- What it did
--
SET work_mem = '16MB';
SELECT * FROM explain($$SELECT user_id, ts, sessionize.session_number(ts, '30 min') OVER (PARTITION BY user_id ORDER BY ts) FROM events$$,
                      'ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF, VERBOSE');
-- some actors are out of order
INSERT INTO events SELECT u, '2020-01-01', 'view', '/', 0 FROM generate_series(1, 7) AS u;
SELECT key, CASE key WHEN 'Memory' THEN to_jsonb(value::int > 100) ELSE value END AS value
FROM explain($$SELECT user_id, ts, sessionize.session_number(ts, interval '30 min' * 2) OVER (PARTITION BY user_id ORDER BY ts) FROM events$$,
             'ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF, FORMAT JSON'),
     LATERAL jsonb_each(explain::jsonb->0->'Plan')
WHERE key IN ('Custom Plan Provider', 'Window', 'Inactivity', 'Strategy', 'Actors', 'Actors out of Order',
              'Partitions', 'Partitions Sorted', 'Memory', 'Disk')
ORDER BY key;
-- an inactivity from the row, and no actor
SELECT * FROM explain($$SELECT ts, sessionize.session_number(ts, amount * interval '1 s') OVER (ORDER BY ts) FROM events$$)
WHERE explain ~ 'Window|Inactivity';

-- ordered input is streamed: the first rows come before the last is read
CREATE INDEX events_user_ts ON events (user_id, ts);
SELECT * FROM explain($$SELECT user_id, ts, sessionize.session_number(ts, '30 min') OVER (PARTITION BY user_id ORDER BY ts) FROM events LIMIT 3$$,
                      'ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF');
SELECT * FROM explain($$SELECT *, sessionize.session_number(ts, '30 min') OVER (PARTITION BY user_id ORDER BY ts) AS n FROM events WHERE user_id = 42
                        ORDER BY n, ts$$) WHERE explain !~ 'Window:';
SELECT * FROM explain($$SELECT user_id, n, count(*)
    FROM (SELECT user_id, sessionize.session_number(ts, '30 min') OVER (PARTITION BY user_id ORDER BY ts) AS n FROM events WHERE user_id < 3) AS e
    GROUP BY user_id, n ORDER BY user_id, n$$) WHERE explain !~ 'Sort Key';
DROP INDEX events_user_ts;

--
-- Refused, with the reason; core's plan gives the answer
--
CREATE FUNCTION refused(query text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    SET LOCAL sessionize.debug_require_session_scan = on;
    PERFORM * FROM explain(query);
    RETURN 'not refused';
EXCEPTION WHEN feature_not_supported THEN
    RETURN SQLERRM;
END $$;
CREATE FUNCTION of(calls text, tail text DEFAULT '') RETURNS text LANGUAGE sql AS
$$SELECT format('SELECT user_id, %s FROM events %s WINDOW w AS (PARTITION BY user_id ORDER BY ts)', calls, tail)$$;
SELECT query, refused(of(regexp_replace(query, '\mnumber', 'sessionize.session_number', 'g'))) FROM unnest(ARRAY[
    $$number(ts, '1 min') OVER w$$,
    $$number(ts, '1 min') OVER w, row_number() OVER w$$,
    $$number(ts, '1 min') OVER w, count(*) OVER w$$,
    $$number(ts, '1 min') OVER w, number(ts, '2 min') OVER w$$,
    $$number(ts, '1 min') OVER w, number(ts, '1 min') OVER (PARTITION BY page ORDER BY ts)$$,
    $$number(ts, '1 min') OVER (PARTITION BY user_id ORDER BY ts DESC)$$,
    $$number(ts, '1 min') OVER (PARTITION BY user_id ORDER BY ts NULLS FIRST)$$,
    $$number(ts, '1 min') OVER (PARTITION BY user_id ORDER BY ts, page)$$,
    $$number(ts, '1 min') OVER (PARTITION BY user_id)$$,
    $$number(ts, '1 min') OVER (PARTITION BY user_id ORDER BY page)$$,
    $$number(ts + '1 s', '1 min') OVER w$$,
    $$number(ts, '1 min') OVER (w ROWS 1 PRECEDING)$$,
    $$number(ts, '1 min') OVER (w ROWS UNBOUNDED PRECEDING)$$,
    $$number(ts, '1 min') OVER w, random()$$,
    $$number(ts, '1 min') OVER w, generate_series(1, 2)$$,
    $$number(ts, '1 min', EXISTS (SELECT FROM events AS e WHERE e.user_id = events.user_id AND e.event = 'login')) OVER w$$,
    $$number(ts, '1 min', (SELECT true)) OVER w$$,
    $$number(ts, '1 min', false, false, amount * interval '1 h') OVER w$$,
    $$number(ts, '1 min', false, false, NULL, amount > 1) OVER w$$,
    $$number(ts, amount * interval '1 h') OVER w$$,
    $$row_number() OVER w$$]) AS query;
SELECT refused($$SELECT user_id, sessionize.session_number(max(ts), '1 min') OVER (ORDER BY max(ts)) FROM events GROUP BY user_id$$);
SET sessionize.enable_session_scan = off;
SELECT refused(of($$sessionize.session_number(ts, '1 min') OVER w$$));
RESET sessionize.enable_session_scan;

-- an expression that may fail is not computed for rows nobody asks for
SELECT page, sessionize.session_number(ts, '1 min') OVER w, 1 / (amount - 5) AS x FROM events WHERE user_id < 3
WINDOW w AS (PARTITION BY user_id ORDER BY ts) LIMIT 2;
-- nor are arguments for rows without a time
SELECT user_id, ts, sessionize.session_number(ts, '1 min', 1 / amount > 0) OVER (PARTITION BY user_id ORDER BY ts)
FROM (VALUES (1, timestamptz '2020-01-01', 1), (1, NULL, 0)) AS v(user_id, ts, amount);

-- the settings
SELECT name, setting, context, vartype FROM pg_settings WHERE name LIKE 'sessionize.%' ORDER BY 1;

SET client_min_messages = warning;
DROP SCHEMA session_scan CASCADE;
