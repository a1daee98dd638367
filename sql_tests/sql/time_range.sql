--
-- time_range.sql: conditions on sessions' starts as conditions on events: which shapes
-- reach the source's index, what is refused and why, and the cases in which a condition
-- that is a little different would give other answers.
--
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS sessionize;
CREATE SCHEMA time_range;
RESET client_min_messages;
SET search_path = time_range;
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET intervalstyle = 'postgres';
SET max_parallel_workers_per_gather = 0;
SET jit = off;
\pset null '(null)'
\set SHOW_CONTEXT never
\set VERBOSITY terse

CREATE TABLE events (user_id int, ts timestamptz NOT NULL, local timestamp, day date, micros bigint, event text, amount int);
INSERT INTO events
SELECT u, t, t AT TIME ZONE 'UTC', (t AT TIME ZONE 'UTC')::date, extract(epoch FROM t)::bigint * 1000000, CASE WHEN n % 5 = 0 THEN 'login' ELSE 'view' END, n % 7
FROM generate_series(1, 50) AS u, generate_series(1, 400) AS n,
     LATERAL (SELECT timestamptz '2020-01-01' + n * interval '3 h' + ((u * 7 + n * n) % 97) * interval '1 min') AS x (t);
CREATE INDEX ON events (ts);
CREATE INDEX ON events (local);
CREATE INDEX ON events (day);
CREATE INDEX ON events (micros);
ANALYZE events;

-- How the source is read, and why all of it if a condition on starts is of no use.
CREATE FUNCTION explain(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    line text;
BEGIN
    FOR line IN EXECUTE 'EXPLAIN (COSTS OFF, VERBOSE) ' || query LOOP
        RETURN NEXT line;
    END LOOP;
END $$;
CREATE FUNCTION reads(query text) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT condition
    FROM explain(query) AS line,
         regexp_replace(trim(line), '^-> *|time_range\.|sessionize\.|event(s)?(_\d+)*\.|\ye\.|::timestamp with(out)? time zone', '', 'g') AS short,
         regexp_replace(short, '\(+\(?\w+\)? IS NOT NULL\) AND (\(.*\))\)$', '\1') AS clause,
         regexp_replace(clause, '\(?\(\w+ IS NOT NULL\) AND | event(_\d+)*$', '', 'g') AS plain,
         regexp_replace(plain, '\(InitPlan \d+\)\.col1|\$\d+', '$n') AS single,
         regexp_replace(single, '(Cond: |Filter: )\(\((.*)\)\)$', '\1(\2)') AS condition
    WHERE line ~ '(Index Cond|Filter): .*\W(ts|local|day|micros|event_text\)\S*|with time zone)\)? [<>]=|Scan .*on .*events|Index Scan|All History Read|One-Time Filter'
          AND line !~ 'Subquery Scan|m(in|ax)\(|amount\) > 3|Bitmap Heap'
$$;
SET sessionize.enable_session_scan = on;
SET enable_bitmapscan = off;
SET random_page_cost = 1;

SELECT sessionize.define_session('visit', 'events', 'user_id', 'ts', '30 min');
SELECT sessionize.define_metric('visit', 'amount', 'sum(amount)');

-- the first query of a connection, before anything has loaded the library
\c -
EXPLAIN (COSTS OFF) SELECT count(*) FROM time_range.events WHERE false;
SET search_path = time_range;
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET max_parallel_workers_per_gather = 0;
SET jit = off;
SET sessionize.enable_session_scan = on;
SET enable_bitmapscan = off;
SET random_page_cost = 1;
SELECT * FROM reads($$SELECT count(*), sum(event_count), sum(amount) FROM visit WHERE started_at >= '2020-02-15'$$);

--
-- The shapes that clients send
--
SELECT * FROM reads($$SELECT user_id, ended_at FROM visit WHERE started_at > '2020-02-15 12:00'$$);
SELECT * FROM reads($$SELECT user_id, ended_at FROM visit WHERE '2020-02-15 12:00' <= started_at$$);
SELECT * FROM reads($$SELECT user_id, ended_at FROM visit WHERE started_at = '2020-02-15 12:00'$$);
SELECT * FROM reads($$SELECT user_id, ended_at FROM visit WHERE started_at BETWEEN '2020-02-15T00:00:00Z' AND '2020-02-16T00:00:00Z'$$);
SELECT * FROM reads($$SELECT user_id, ended_at FROM visit WHERE started_at >= now() - interval '7 days'$$);
SELECT * FROM reads($$SELECT user_id, ended_at FROM visit WHERE started_at >= to_timestamp('2020-02-15', 'YYYY-MM-DD')$$);
SELECT * FROM reads($$SELECT user_id, ended_at FROM visit WHERE started_at >= TIMESTAMP '2020-02-15'$$);
SELECT * FROM reads($$SELECT user_id, ended_at FROM visit WHERE started_at >= DATE '2020-02-15'$$);
SELECT * FROM reads($$SELECT user_id, ended_at FROM visit WHERE started_at >= CAST('2020-02-15' AS date)$$);
SELECT * FROM reads($$SELECT user_id, ended_at FROM visit WHERE started_at >= current_date - 7$$);
SELECT * FROM reads($$SELECT user_id, ended_at FROM visit WHERE started_at >= (SELECT max(ts) - interval '1 day' FROM events)$$);
-- Looker's bounds, a sub-select each, and Power BI's, which are constants before they are planned
SELECT * FROM reads($$SELECT user_id, ended_at FROM visit WHERE started_at >= ((SELECT TIMESTAMP '2020-02-15 00:00'))$$);
SELECT * FROM reads($$SELECT user_id, ended_at FROM visit WHERE (( started_at ) >= ((SELECT (DATE_TRUNC('day', TIMESTAMP '2020-02-19 10:30') + (-6 || ' day')::INTERVAL)))
    AND ( started_at ) < ((SELECT ((DATE_TRUNC('day', TIMESTAMP '2020-02-19 10:30') + (-6 || ' day')::INTERVAL) + (7 || ' day')::INTERVAL))))$$);
SELECT * FROM reads($$SELECT user_id, ended_at FROM visit WHERE started_at >= ((SELECT (DATE_TRUNC('day', CURRENT_TIMESTAMP AT TIME ZONE 'Europe/Berlin') + (-6 || ' day')::INTERVAL) AT TIME ZONE 'Europe/Berlin'))$$);
SELECT * FROM reads($$SELECT count(1) FROM (SELECT "_"."session_id", "_"."started_at" FROM visit AS "_" WHERE "_"."started_at" >= timestamp '2020-02-01 00:00:00' + (14 * interval '1 day')
    AND "_"."started_at" < timestamp '2020-02-01 00:00:00' + (20 * interval '1 day')) AS "rows"$$);
-- the same with a time zone depends on the session's, so it is computed when the query starts
SELECT * FROM reads($$SELECT user_id, ended_at FROM visit WHERE started_at >= timestamptz '2020-02-01 00:00:00+00' + 14 * interval '1 day'$$);
-- but a cast makes it another expression than the start
SELECT * FROM reads($$SELECT user_id, ended_at FROM visit WHERE started_at::timestamp >= timestamp '2020-02-15'$$);
SELECT * FROM reads($$SELECT user_id, ended_at FROM visit WHERE extract(epoch FROM started_at) >= 1581724800$$);
SELECT * FROM reads($$SELECT * FROM (SELECT user_id, started_at, amount FROM visit) AS t WHERE started_at >= '2020-02-15' LIMIT 10$$);
SELECT * FROM reads($$SELECT user_id FROM visit WHERE started_at >= '2020-02-15' AND started_at >= '2020-02-17'$$);
SELECT * FROM reads($$SELECT user_id FROM visit WHERE date_trunc('day', started_at) = '2020-02-15'$$);
SELECT * FROM reads($$SELECT user_id FROM visit WHERE CAST(started_at AS date) BETWEEN '2020-02-15' AND '2020-02-16'$$);
SELECT * FROM reads($$SELECT user_id FROM visit_events WHERE date_trunc('week', session_started_at, 'Europe/Berlin') >= '2020-02-10'$$);

-- prepared, with a plan that does not know the parameter
SET plan_cache_mode = force_generic_plan;
PREPARE since(timestamptz) AS SELECT count(*), sum(event_count) FROM visit WHERE started_at >= $1::timestamptz;
SELECT * FROM reads('EXECUTE since(''2020-02-15'')');
EXECUTE since('2020-02-15');
EXECUTE since('2020-02-19 12:00');
SELECT count(*), sum(event_count) FROM (SELECT * FROM visit OFFSET 0) AS v WHERE started_at >= '2020-02-19 12:00';
PREPARE since_text(text) AS SELECT count(*), sum(event_count) FROM visit WHERE started_at >= $1::timestamptz;
SELECT * FROM reads('EXECUTE since_text(''2020-02-15'')');
EXECUTE since_text('2020-02-19 12:00');
RESET plan_cache_mode;

-- cursors
BEGIN;
DECLARE held CURSOR WITH HOLD FOR SELECT count(*), sum(event_count) FROM visit WHERE started_at >= '2020-02-19 12:00';
DECLARE scrolled SCROLL CURSOR FOR SELECT user_id, started_at, event_count FROM visit WHERE started_at >= '2020-02-19 12:00' ORDER BY 1, 2;
FETCH 2 FROM scrolled;
FETCH BACKWARD 1 FROM scrolled;
COMMIT;
FETCH ALL FROM held;
CLOSE held;
SELECT * FROM reads($$DECLARE c SCROLL CURSOR WITH HOLD FOR SELECT user_id, started_at FROM visit WHERE started_at >= '2020-02-15'$$);

-- a view over ours, another one with a barrier, and the events of sessions
CREATE VIEW recent AS SELECT user_id, started_at, amount, session_number FROM visit WHERE event_count > 0;
CREATE VIEW guarded WITH (security_barrier) AS SELECT user_id, started_at, amount FROM visit WHERE amount > 0;
SELECT * FROM reads($$SELECT user_id, amount FROM recent WHERE started_at >= '2020-02-15'$$);
SELECT * FROM reads($$SELECT user_id, amount FROM guarded WHERE started_at >= '2020-02-15'$$);
SELECT * FROM reads($$SELECT session_id, event FROM visit_events WHERE session_started_at >= '2020-02-15'$$);
SELECT * FROM reads($$INSERT INTO events (user_id, ts) SELECT user_id, started_at FROM visit WHERE started_at >= '2020-02-15'$$);

-- once for each outer row
SELECT * FROM reads($$SELECT * FROM (VALUES (timestamptz '2020-02-15'), ('2020-02-18')) AS b (x),
    LATERAL (SELECT count(*), sum(event_count) FROM visit WHERE started_at >= b.x) AS s$$);
SELECT * FROM (VALUES (timestamptz '2020-02-15'), ('2020-02-18')) AS b (x),
    LATERAL (SELECT count(*), sum(event_count) FROM visit WHERE started_at >= b.x) AS s;

-- nothing is scanned
SELECT * FROM reads($$SELECT user_id FROM visit WHERE false$$);
SELECT * FROM reads($$SELECT user_id FROM visit WHERE 1 <> 1 LIMIT 0$$);

-- numbers and reasons that are in the view, but not asked for, are no hindrance; nor is order
SELECT * FROM reads($$SELECT user_id, amount FROM visit WHERE started_at >= '2020-02-15' ORDER BY started_at DESC, user_id LIMIT 5$$);
SELECT * FROM reads($$SELECT user_id, count(*) FROM visit WHERE started_at >= '2020-02-15' AND user_id IN (1, 2) GROUP BY 1$$);
SELECT * FROM reads($$SELECT ended_by, is_open, session_id FROM visit WHERE started_at >= '2020-02-15'$$);

--
-- Time types
--
SELECT sessionize.define_session('local visit', 'events', 'user_id', 'local', '30 min');
SELECT sessionize.define_session('day visit', 'events', 'user_id', 'day', '1 day');
SELECT * FROM reads($$SELECT user_id FROM "local visit" WHERE started_at >= '2020-02-15'$$);
SELECT * FROM reads($$SELECT user_id FROM "local visit" WHERE started_at >= now() - interval '7 days'$$);
SELECT * FROM reads($$SELECT user_id FROM "local visit" WHERE started_at >= DATE '2020-02-15'$$);
SELECT * FROM reads($$SELECT user_id FROM "local visit" WHERE started_at::date = '2020-02-15'$$);
SELECT * FROM reads($$SELECT user_id FROM "day visit" WHERE started_at >= '2020-02-15'$$);
SELECT 'SELECT user_id, min(micros) FROM (SELECT user_id, micros, sessionize.session_number(micros, 1800000000) OVER (PARTITION BY user_id ORDER BY micros) AS n'
    ' FROM events) AS e GROUP BY user_id, n HAVING min(micros) >= ' AS sessions \gset
SELECT * FROM reads(:'sessions' || '1581768000000000');
SELECT * FROM reads(:'sessions' || '1581768000');
SELECT * FROM reads(:'sessions' || '(-9223372036854775808)');

-- an event time that may fail is looked at only where it is in any case: in the views
CREATE VIEW texts AS SELECT user_id, ts::text AS event_text FROM events;
SELECT sessionize.define_session('text visit', 'texts', 'user_id', 'event_text::timestamptz', '30 min');
SELECT * FROM reads($$SELECT user_id FROM "text visit" WHERE started_at >= '2020-02-15'$$);
SELECT * FROM reads($$SELECT user_id FROM (SELECT user_id, t, sessionize.session_number(t, '30 min') OVER (PARTITION BY user_id ORDER BY t) AS n
    FROM (SELECT user_id, event_text::timestamptz AS t FROM texts) AS e) AS s GROUP BY user_id, n HAVING min(t) >= '2020-02-15'$$);

--
-- What needs all history, or is not known not to
--
SELECT * FROM reads($$SELECT user_id, session_number FROM visit WHERE started_at >= '2020-02-15'$$);
SELECT * FROM reads($$SELECT user_id FROM visit WHERE started_at >= '2020-02-15' AND session_number > 1$$);
SELECT * FROM reads($$SELECT user_id FROM visit WHERE started_at >= '2020-02-15' ORDER BY session_number$$);
SELECT * FROM reads($$SELECT v FROM visit AS v WHERE started_at >= '2020-02-15'$$);
SELECT * FROM reads($$SELECT started_by FROM visit WHERE started_at >= '2020-02-15'$$);
SELECT * FROM reads($$SELECT user_id FROM recent WHERE started_at >= '2020-02-15' AND session_number = 1$$);
SELECT * FROM reads($$SELECT session_number FROM visit_events WHERE session_started_at >= '2020-02-15'$$);
SELECT * FROM reads($$SELECT user_id FROM visit WHERE started_at >= '2020-02-15' OR event_count > 3$$);
SELECT * FROM reads($$SELECT user_id FROM visit WHERE ended_at >= '2020-02-15'$$);
SELECT * FROM reads($$SELECT user_id FROM visit_events WHERE ts >= '2020-02-15'$$);
SELECT * FROM reads($$SELECT user_id FROM visit WHERE started_at >= '2020-02-15'::timestamptz + random() * interval '1 s'$$);

-- max_duration: a start depends on the starts before it
SELECT sessionize.define_session('capped', 'events', 'user_id', 'ts', '4 h', max_duration => '1 day');
SELECT * FROM reads($$SELECT user_id FROM capped WHERE started_at >= '2020-02-15'$$);

-- but where events end is known, so an upper bound is one for them, unless why a session
-- ended is asked for: a restart may come at any time
SELECT * FROM reads($$SELECT user_id, session_number, started_by, ended_at FROM capped WHERE started_at < '2020-01-05'$$);
SELECT * FROM reads($$SELECT user_id, session_number FROM capped WHERE started_at BETWEEN '2020-01-04' AND '2020-01-05'$$);
SELECT * FROM reads($$SELECT user_id, session_number FROM capped WHERE started_at = '2020-01-05'$$);
SELECT * FROM reads($$SELECT user_id FROM capped WHERE '2020-01-05'::date >= started_at AND session_number > 1 AND 10 / event_count > 1$$);
SELECT * FROM reads($$SELECT user_id, session_number, ts FROM capped_events WHERE session_started_at < '2020-01-05'$$);
SELECT * FROM reads($$SELECT user_id FROM capped_events WHERE session_started_at < '2020-01-05' AND 10 / session_event_count > 1$$);
SELECT * FROM reads($$SELECT user_id, ended_by FROM capped WHERE started_at < '2020-01-05'$$);
SELECT * FROM reads($$SELECT user_id FROM capped WHERE started_at < '2020-01-05' AND is_open$$);
SELECT * FROM reads($$SELECT user_id FROM capped WHERE date_trunc('day', started_at) < '2020-01-05'$$);
SELECT * FROM reads($$SELECT user_id FROM visit WHERE started_at < '2020-01-05'$$);

-- metrics that pick sessions: by number, by number among others, by what the session is
SELECT sessionize.define_metric('visit', 'first_amount', 'sum(amount)', session_filter => 'session_number = 1');
SELECT sessionize.define_metric('visit', 'long_amount', 'sum(amount)', session_filter => 'event_count > 1');
SELECT * FROM reads($$SELECT amount, long_amount FROM visit WHERE started_at >= '2020-02-15'$$);
SELECT * FROM reads($$SELECT amount, first_amount FROM visit WHERE started_at >= '2020-02-15'$$);

-- require_restart: the events outside sessions are left out before they are grouped
SELECT sessionize.define_session('login visit', 'events', 'user_id', 'ts', '30 min', restart_on => 'event = ''login''', require_restart => true);
SELECT * FROM reads($$SELECT user_id FROM "login visit" WHERE started_at >= '2020-02-15'$$);

-- the window functions without a definition
SELECT $$SELECT max(ts) FROM (SELECT user_id, ts, amount, sessionize.session_number(ts, interval '30 min') OVER w AS n
    FROM events WINDOW w AS (PARTITION BY user_id ORDER BY ts)) AS e$$ AS sessions \gset
SELECT * FROM reads(:'sessions' || $$ GROUP BY user_id, n HAVING min(ts) >= '2020-02-15'$$);
SELECT * FROM reads(:'sessions' || $$ GROUP BY user_id, n HAVING max(ts) >= '2020-02-15'$$);
SELECT * FROM reads(:'sessions' || $$ GROUP BY user_id, n HAVING min(ts) FILTER (WHERE amount > 3) >= '2020-02-15'$$);
SELECT * FROM reads(:'sessions' || $$ GROUP BY user_id HAVING min(ts) >= '2020-02-15'$$);
SELECT * FROM reads(:'sessions' || $$ GROUP BY n HAVING min(ts) >= '2020-02-15'$$);
SELECT * FROM reads(:'sessions' || $$ GROUP BY user_id, n, amount HAVING min(ts) >= '2020-02-15'$$);
SELECT * FROM reads(:'sessions' || $$ WHERE amount > 3 GROUP BY user_id, n HAVING min(ts) >= '2020-02-15'$$);
SELECT * FROM reads(:'sessions' || $$ WHERE user_id = 3 GROUP BY user_id, n HAVING min(ts) >= '2020-02-15'$$);
SELECT * FROM reads(replace(:'sessions', ') AS e', ' LIMIT 1000) AS e') || $$ GROUP BY user_id, n HAVING min(ts) >= '2020-02-15'$$);
SELECT * FROM reads(replace(:'sessions', 'ORDER BY ts', 'ORDER BY ts, amount') || $$ GROUP BY user_id, n HAVING min(ts) >= '2020-02-15'$$);
SELECT * FROM reads(replace(:'sessions', 'interval ''30 min''', 'amount * interval ''1 h''') || $$ GROUP BY user_id, n HAVING min(ts) >= '2020-02-15'$$);
SELECT * FROM reads(replace(:'sessions', '''30 min'')', '''30 min'', amount > 3, require_restart => true)') || $$ GROUP BY user_id, n HAVING min(ts) >= '2020-02-15'$$);
SELECT * FROM reads(replace(:'sessions', '''30 min'')', '''30 min'', amount > 3, require_restart => true)') || $$ WHERE n IS NOT NULL GROUP BY user_id, n HAVING min(ts) >= '2020-02-15'$$);

-- the switch
SET sessionize.enable_time_range = off;
SELECT * FROM reads($$SELECT user_id FROM visit WHERE started_at >= '2020-02-15'$$);
RESET sessionize.enable_time_range;

--
-- Sources
--
CREATE TABLE months (LIKE events) PARTITION BY RANGE (ts);
CREATE TABLE months_events_1 PARTITION OF months FOR VALUES FROM ('2020-01-01') TO ('2020-02-01');
CREATE TABLE months_events_2 PARTITION OF months FOR VALUES FROM ('2020-02-01') TO ('2020-03-01');
CREATE TABLE months_events_3 PARTITION OF months FOR VALUES FROM ('2020-03-01') TO ('2020-04-01');
INSERT INTO months SELECT * FROM events;
ANALYZE months;
SELECT sessionize.define_session('month visit', 'months', 'user_id', 'ts', '30 min');
SELECT * FROM reads($$SELECT user_id FROM "month visit" WHERE started_at >= '2020-02-15'$$);
SELECT * FROM reads($$SELECT user_id FROM "month visit" WHERE started_at >= '2020-02-01'$$);
SELECT count(*) FROM explain($$SELECT user_id FROM "month visit" WHERE started_at >= now()$$) AS line WHERE line ~ 'Subplans Removed: 3';

CREATE TABLE brin_events (LIKE events);
INSERT INTO brin_events SELECT * FROM events ORDER BY ts;
CREATE INDEX ON brin_events USING brin (ts) WITH (pages_per_range = 4);
ANALYZE brin_events;
SELECT sessionize.define_session('brin visit', 'brin_events', 'user_id', 'ts', '30 min');
SET enable_bitmapscan = on;
SELECT * FROM reads($$SELECT user_id FROM "brin visit" WHERE started_at >= '2020-02-18'$$);
SET enable_bitmapscan = off;

-- a view that core can flatten; outer joins too: the condition is one of WHERE
CREATE VIEW joined AS SELECT e.ts, e.user_id, p.name FROM events AS e LEFT JOIN (VALUES (1, 'one'), (2, 'two')) AS p (id, name) ON p.id = e.user_id;
CREATE VIEW nullable AS SELECT e.ts, e.user_id, p.id FROM generate_series(1, 3) AS p (id) LEFT JOIN events AS e ON p.id = e.user_id;
CREATE VIEW grouped AS SELECT user_id, ts, count(*) FROM events GROUP BY 1, 2;
SELECT sessionize.define_session('joined visit', 'joined', 'user_id', 'ts', '30 min');
SELECT sessionize.define_session('nullable visit', 'nullable', 'user_id', 'ts', '30 min');
SELECT sessionize.define_session('grouped visit', 'grouped', 'user_id', 'ts', '30 min');
SELECT * FROM reads($$SELECT user_id FROM "joined visit" WHERE started_at >= '2020-02-15'$$);
SELECT * FROM reads($$SELECT user_id FROM "nullable visit" WHERE started_at >= '2020-02-15'$$);
SELECT * FROM reads($$SELECT user_id FROM "grouped visit" WHERE started_at >= '2020-02-15'$$);

-- row-level security: its condition comes first unless ours cannot leak, and a reader's
-- function above sees no row that it would not see without a time range
CREATE ROLE regress_time_range;
GRANT USAGE ON SCHEMA time_range TO regress_time_range;
GRANT SELECT ON ALL TABLES IN SCHEMA time_range TO regress_time_range;
ALTER TABLE events ENABLE ROW LEVEL SECURITY;
CREATE POLICY p ON events TO regress_time_range USING (user_id = 3);
CREATE FUNCTION leak(int, timestamptz) RETURNS boolean LANGUAGE plpgsql STABLE COST 0.0001 AS $$
BEGIN
    IF $1 <> 3 OR $2 < '2020-02-19' THEN
        RAISE 'seen: % %', $1, $2;
    END IF;
    RETURN true;
END $$;
SET ROLE regress_time_range;
SELECT * FROM reads($$SELECT user_id FROM visit WHERE started_at >= '2020-02-18'$$);
SELECT count(*) FROM visit WHERE started_at >= '2020-02-19' AND leak(user_id, started_at);
RESET ROLE;

-- a session that is not whole meets no condition that might fail
CREATE TABLE halves (user_id int, ts timestamptz);
INSERT INTO halves SELECT 1, timestamptz '2020-01-01 10:00' + n * interval '20 min' FROM generate_series(0, 6) AS n;
INSERT INTO halves SELECT 2, timestamptz '2020-01-01 12:00' + n * interval '20 min' FROM generate_series(0, 6) AS n;
CREATE INDEX ON halves (ts);
SELECT sessionize.define_session('half', 'halves', 'user_id', 'ts', '30 min');
SELECT user_id, event_count FROM half WHERE started_at >= '2020-01-01 11:30' AND 1 / (event_count - 4) = 0;
SELECT user_id, event_count FROM half WHERE started_at >= '2020-01-01 11:30' AND duration > '1 h' AND 10 / (event_count - 4) > 0;
SELECT count(*) FROM explain($$SELECT user_id FROM half WHERE started_at >= '2020-01-01 11:30' AND 1 / (event_count - 4) = 0$$) AS line WHERE line ~ 'CASE WHEN .*min.* THEN';
SELECT count(*) FROM half_events WHERE session_started_at >= '2020-01-01 11:30' AND 1 / (session_event_count - 4) = 0;
SELECT count(*) FROM half_events WHERE session_started_at >= '2020-01-01 11:30' AND session_duration > '1 h' AND session_event_count > 4;

--
-- All history, but only of the actors in the range
--
-- Users who come for an hour and do not come back, but for a few; the edges are below.
CREATE TABLE seen_events (user_id int, ts timestamptz, event text, amount int, code numeric, name text);
INSERT INTO seen_events
SELECT u, timestamptz '2020-01-01' + (u + CASE WHEN u % 50 = 0 THEN (n % 4) * 100 ELSE 0 END) * interval '1 h' + n * interval '2 min' + (n % 3) * interval '21 min',
       CASE n % 5 WHEN 0 THEN 'login' WHEN 3 THEN 'logout' ELSE 'view' END, n, u::numeric, 'user ' || u
FROM generate_series(1, 2000) AS u, generate_series(1, 20) AS n;
CREATE INDEX ON seen_events (ts);
CREATE INDEX ON seen_events (user_id, ts);
ANALYZE seen_events;
SELECT sessionize.define_session('brief', 'seen_events', 'user_id', 'ts', '30 min', restart_on => 'event = ''login''', end_on => 'event = ''logout''');
SELECT sessionize.define_session('brief capped', 'seen_events', 'user_id', 'ts', '30 min', max_duration => '10 min', tie_break => 'amount');
SELECT sessionize.define_metric('brief', 'first_amount', 'sum(amount)', session_filter => 'session_number = 1');

-- How the plan finds the actors, and whether the answer is that of all history.
CREATE FUNCTION actors(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    ordered text := 'SELECT md5(coalesce(string_agg(q::text, '';'' ORDER BY q::text), '''')) || '' '' || count(*) FROM (' || query || ') AS q';
    all_history text;
    answer text;
BEGIN
    RETURN QUERY
    SELECT single
    FROM explain(query) AS line,
         regexp_replace(trim(line), '^-> *|time_range\.|sessionize\.|::timestamp with(out)? time zone|\(+\w+(\.\w+)? IS NOT NULL\) AND | (event|alike|e)(_\d+)*$', '', 'g') AS short,
         regexp_replace(short, '\(InitPlan \d+\)\.col1|\$\d+', '$n') AS single
    WHERE line ~ '(Index.* Scan|Bitmap Index Scan|Seq Scan).* on |Index Cond|Nested Loop|Join|All History Read';
    EXECUTE ordered INTO answer;
    SET LOCAL sessionize.enable_time_range = off;
    EXECUTE ordered INTO all_history;
    SET LOCAL sessionize.enable_time_range = on;
    RETURN NEXT CASE WHEN answer = all_history THEN 'rows as of all history: ' ELSE 'WRONG: ' END || split_part(answer, ' ', 2);
END $$;
SELECT * FROM actors($$SELECT * FROM brief WHERE started_at >= '2020-04-01'$$);
SELECT * FROM actors($$SELECT * FROM brief WHERE started_at BETWEEN '2020-02-01' AND '2020-02-01 03:00'$$);
SELECT * FROM actors($$SELECT user_id, started_by FROM brief WHERE started_at > '2020-04-01' AND session_number > 1$$);
SELECT * FROM actors($$SELECT user_id, ended_at FROM brief WHERE ended_at >= '2020-04-01'$$);
SELECT * FROM actors($$SELECT user_id, ended_by FROM brief WHERE ended_at = (SELECT max(ts) FROM seen_events WHERE user_id = 7)$$);
SELECT * FROM actors($$SELECT * FROM "brief capped" WHERE started_at >= '2020-04-01'$$);
SELECT * FROM actors($$SELECT * FROM "brief capped_events" WHERE ts >= '2020-04-01'$$);
SELECT * FROM actors($$SELECT * FROM "brief capped_events" WHERE session_ended_at >= '2020-04-01' AND session_number > 1$$);
SELECT * FROM actors($$SELECT user_id, session_count, last_ended_at FROM brief_actors WHERE last_ended_at >= '2020-04-01'$$);
SELECT * FROM actors($$SELECT user_id, session_count FROM brief_actors WHERE first_started_at >= '2020-04-01'$$);
SELECT * FROM actors($$SELECT user_id, event_count FROM brief_actors WHERE first_started_at BETWEEN '2020-02-01' AND '2020-02-01 03:00'$$);
SELECT * FROM actors($$SELECT user_id, started_at FROM brief WHERE started_at < '2020-01-01 03:00'$$);
SELECT * FROM actors($$SELECT user_id, started_at FROM brief WHERE started_at BETWEEN '2020-02-01' AND '2020-02-01 03:00'$$);
SELECT * FROM actors($$SELECT user_id, session_number FROM brief WHERE date_trunc('hour', started_at) = '2020-04-05 20:00'$$);
SELECT * FROM actors($$SELECT user_id, session_number FROM brief WHERE started_at::date >= '2020-04-05' AND user_id % 2 = 0$$);
SELECT * FROM actors($$SELECT user_id, first_amount FROM brief WHERE started_at >= '2020-04-01'$$);
SELECT * FROM actors($$SELECT * FROM brief WHERE started_at >= now() - interval '7 days'$$);
-- Looker's and Power BI's bounds, for what needs all history and for what does not.  A sub-select's value is
-- not known to the planner, so how its upper bound is used differs from version to version.
SELECT * FROM actors($$SELECT * FROM brief WHERE started_at >= ((SELECT TIMESTAMP '2020-04-01 00:00'))$$);
SELECT * FROM actors($$SELECT user_id, started_at FROM brief WHERE (( started_at ) >= ((SELECT (DATE_TRUNC('day', TIMESTAMP '2020-02-07 10:30') + (-6 || ' day')::INTERVAL)))
    AND ( started_at ) < ((SELECT ((DATE_TRUNC('day', TIMESTAMP '2020-02-07 10:30') + (-6 || ' day')::INTERVAL) + (1 || ' day')::INTERVAL))))$$) WHERE actors ~ 'rows as|WRONG';
SELECT * FROM actors($$SELECT user_id, session_number FROM brief WHERE started_at >= timestamp '2020-03-01 00:00:00' + (31 * interval '1 day')$$);
SELECT * FROM actors($$SELECT user_id, started_at FROM brief WHERE started_at >= timestamp '2020-02-01 00:00:00' + (0 * interval '1 day') AND started_at < timestamp '2020-02-01 00:00:00' + (1 * interval '1 day')$$);

-- generic plans, once for each outer row, and a view over ours
PREPARE whole(timestamptz) AS SELECT count(*), sum(session_number) FROM (SELECT * FROM brief WHERE started_at >= $1 ORDER BY session_number) AS b;
SET plan_cache_mode = force_generic_plan;
SET sessionize.debug_choose_actors = on;
EXECUTE whole('2020-04-01');
EXECUTE whole('2020-04-05 20:00');
SELECT * FROM (VALUES (timestamptz '2020-04-01'), ('2020-04-05 20:00'), ('infinity')) AS b (x),
    LATERAL (SELECT count(*), sum(session_number) FROM brief WHERE ended_at >= b.x) AS s;
RESET sessionize.debug_choose_actors;
RESET plan_cache_mode;

-- without an index on the actor and the time it would be more to read
BEGIN;
DROP INDEX seen_events_user_id_ts_idx;
SELECT * FROM actors($$SELECT * FROM brief WHERE started_at >= '2020-04-01'$$);
ROLLBACK;

-- partitions: the range in some, the history in all
CREATE TABLE split_events (LIKE seen_events) PARTITION BY RANGE (ts);
CREATE TABLE split_events_1 PARTITION OF split_events FOR VALUES FROM (MINVALUE) TO ('2020-02-01');
CREATE TABLE split_events_2 PARTITION OF split_events FOR VALUES FROM ('2020-02-01') TO ('2020-03-20');
CREATE TABLE split_events_3 PARTITION OF split_events FOR VALUES FROM ('2020-03-20') TO (MAXVALUE);
INSERT INTO split_events SELECT * FROM seen_events;
CREATE INDEX ON split_events (user_id, ts);
CREATE INDEX ON split_events (ts);
ANALYZE split_events;
SELECT sessionize.define_session('parted', 'split_events', 'user_id', 'ts', '30 min');
SELECT * FROM actors($$SELECT * FROM parted WHERE started_at >= '2020-04-01'$$);

-- sources: a view of a table, but nothing more than that
CREATE VIEW seen_view AS SELECT * FROM (SELECT * FROM seen_events WHERE amount > 0) AS v WHERE event IS NOT NULL;
CREATE VIEW seen_joined AS SELECT e.* FROM seen_events AS e JOIN (VALUES ('view'), ('login')) AS k (kind) ON e.event = k.kind;
CREATE VIEW seen_sample AS SELECT * FROM seen_events TABLESAMPLE bernoulli (50) REPEATABLE (1);
SELECT sessionize.define_session('of view', 'seen_view', 'user_id', 'ts', '30 min');
SELECT sessionize.define_session('of join', 'seen_joined', 'user_id', 'ts', '30 min');
SELECT sessionize.define_session('of sample', 'seen_sample', 'user_id', 'ts', '30 min');
SELECT * FROM actors($$SELECT * FROM "of view" WHERE started_at >= '2020-04-01'$$);
SELECT * FROM actors($$SELECT * FROM "of join" WHERE started_at >= '2020-04-01'$$);
SELECT * FROM actors($$SELECT * FROM "of sample" WHERE started_at >= '2020-04-01'$$);

-- actors that are equal, by PARTITION BY's equality, though not the same; and of several parts
SET sessionize.debug_choose_actors = on;
SELECT count(*) > 0 AS has_icu FROM pg_collation WHERE collprovider = 'i' \gset
\if :has_icu
CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
\else
CREATE COLLATION loose FROM "C";
\endif
CREATE TABLE alike (code numeric, word text COLLATE loose, short varchar(9), part int, ts timestamptz);
INSERT INTO alike VALUES
(1.0, 'Ann', 'a', 1, '2020-01-01 10:00'), (1.00, 'ANN', 'a', 1, '2020-01-01 11:00'), (1, 'ann', 'a', 1, '2020-01-01 12:00'),
(2.0, 'Bob', 'b', 1, '2020-01-01 10:00'), (2.0, 'Bob', 'b', 2, '2020-01-01 12:00'),
(NULL, NULL, NULL, 1, '2020-01-01 10:00'), (NULL, NULL, NULL, 1, '2020-01-01 12:00');
SELECT $$SELECT * FROM (SELECT part, ts, sessionize.session_number(ts, interval '30 min') OVER (PARTITION BY actor ORDER BY ts) AS n
    FROM alike WHERE ts IS NOT NULL AND condition) AS e WHERE ts >= '2020-01-01 12:00'$$ AS alike \gset
SELECT * FROM actors(replace(replace(:'alike', 'actor', 'code'), 'condition', 'code IS NOT NULL'));
SELECT * FROM actors(replace(replace(:'alike', 'actor', 'word'), 'condition', 'word IS NOT NULL'));
SELECT * FROM actors(replace(replace(:'alike', 'actor', 'short, part'), 'condition', 'short IS NOT NULL AND part IS NOT NULL'));
SELECT code, part, n FROM (SELECT code, part, ts, sessionize.session_number(ts, interval '30 min') OVER (PARTITION BY code ORDER BY ts) AS n
    FROM alike WHERE ts IS NOT NULL AND code IS NOT NULL) AS e WHERE ts >= '2020-01-01 12:00' ORDER BY 1;

-- NULL is an actor, too; some parts only; no actor; a window that is about others, as one about parts of an actor is not
SELECT * FROM actors(replace(replace(:'alike', 'actor', 'code'), 'condition', 'true'));
SELECT * FROM actors(replace(replace(:'alike', 'actor', 'short, part'), 'condition', 'short IS NOT NULL'));
SELECT * FROM actors(replace(replace(:'alike', 'PARTITION BY actor', ''), 'condition', 'true'));
SELECT * FROM actors(replace(replace(replace(:'alike', 'actor', 'code'), 'condition', 'code IS NOT NULL'), 'AS n', 'AS n, count(*) OVER (PARTITION BY part) AS k'));
SELECT * FROM actors(replace(replace(replace(:'alike', 'actor', 'code'), 'condition', 'code IS NOT NULL'), 'AS n', 'AS n, rank() OVER (PARTITION BY part, code ORDER BY ts DESC) AS k'));
SELECT * FROM actors(replace(replace(replace(:'alike', 'actor', 'code'), 'condition', 'code IS NOT NULL'), ') AS e', ' LIMIT 3) AS e'));
SELECT * FROM actors(replace(replace(replace(:'alike', 'actor', 'code'), 'condition', 'code IS NOT NULL'), 'WHERE ts >=', 'WHERE random() >= 0 AND ts >='));
SELECT * FROM actors($$SELECT part, max(ts) FROM (SELECT part, ts, sessionize.session_event_number(ts, interval '30 min') OVER (PARTITION BY code ORDER BY ts) AS n
    FROM alike WHERE ts IS NOT NULL AND code IS NOT NULL) AS e WHERE n > 0 GROUP BY part HAVING max(ts) >= '2020-01-01 12:00'$$);

-- bounds on several times are not about one event: here no one event is in both
SELECT * FROM actors($$SELECT user_id, started_at, ended_at, session_number FROM parted WHERE started_at <= '2020-01-05 05:00:30' AND ended_at >= '2020-01-05 05:00:30'$$);
SELECT * FROM actors($$SELECT user_id, session_count FROM brief_actors WHERE first_started_at < '2020-02-01' AND last_ended_at >= '2020-02-10'$$);
RESET sessionize.debug_choose_actors;

-- row-level security: who sees less finds fewer actors, too
ALTER TABLE seen_events ENABLE ROW LEVEL SECURITY;
CREATE POLICY even ON seen_events TO regress_time_range USING (user_id % 2 = 0 AND amount > 3);
GRANT SELECT ON ALL TABLES IN SCHEMA time_range TO regress_time_range;
SET ROLE regress_time_range;
SET sessionize.debug_choose_actors = on;
SELECT * FROM actors($$SELECT * FROM brief WHERE started_at >= '2020-04-01'$$);
SELECT count(*) FROM brief WHERE started_at >= '2020-04-05 20:00' AND session_number > 0 AND leak(CASE WHEN user_id % 2 = 0 THEN 3 END, started_at);
RESET ROLE;
CREATE POLICY more ON seen_events AS RESTRICTIVE TO regress_time_range USING (user_id IN (SELECT e.user_id FROM events AS e));
SET ROLE regress_time_range;
SELECT * FROM actors($$SELECT * FROM brief WHERE started_at >= '2020-04-01'$$);
RESET ROLE;
RESET sessionize.debug_choose_actors;

--
-- Where a little less, or a little more, would be wrong
--
CREATE TABLE edge (user_id int, ts timestamptz, event text);
INSERT INTO edge VALUES
-- 1: began before the bound and goes on, event after event, each exactly 30 minutes later
(1, '2020-01-01 11:00', 'view'), (1, '2020-01-01 11:30', 'view'), (1, '2020-01-01 12:00', 'view'), (1, '2020-01-01 12:30', 'view'),
-- 2: the same, but a microsecond later than that
(2, '2020-01-01 11:30', 'view'), (2, '2020-01-01 12:00:00.000001', 'view'),
-- 3: the last event before is just outside the look-back: the session starts at the bound
(3, '2020-01-01 11:29:59.999999', 'view'), (3, '2020-01-01 12:00', 'view'),
-- 4: a restart exactly at the bound, among ties
(4, '2020-01-01 11:59', 'view'), (4, '2020-01-01 12:00', 'view'), (4, '2020-01-01 12:00', 'login'),
-- 5: the event before ended its session, so this one starts at the bound
(5, '2020-01-01 11:59', 'logout'), (5, '2020-01-01 12:00', 'view'),
-- 6: an end event within the look-back, then a session that began before the bound
(6, '2020-01-01 11:20', 'view'), (6, '2020-01-01 11:40', 'logout'), (6, '2020-01-01 11:50', 'view'), (6, '2020-01-01 12:10', 'view'),
-- 7: infinite times are instants like others
(7, '-infinity', 'view'), (7, '2020-01-01 12:00', 'view'), (7, 'infinity', 'view'),
-- 8: only outside
(8, '2020-01-01 09:00', 'view'), (8, NULL, 'view');
SELECT sessionize.define_session('at', 'edge', 'user_id', 'ts', '30 min', restart_on => 'event = ''login''', end_on => 'event = ''logout''');
CREATE FUNCTION compared(condition text, view regclass DEFAULT 'at') RETURNS TABLE (same boolean, sessions text) LANGUAGE plpgsql AS $$
DECLARE
    query text := 'SELECT string_agg(user_id || '': '' || event_count || '' '' || CASE ' || quote_literal(view) || ' WHEN ''at'' THEN ended_by ELSE started_by || '' '' || session_number END || '' '' || CASE WHEN isfinite(started_at) THEN to_char(started_at, ''HH24:MI'') ELSE started_at::text END, '', '' ORDER BY user_id, started_at) FROM ';
    full_answer text;
BEGIN
    EXECUTE query || view || ' WHERE ' || condition INTO sessions;
    EXECUTE query || '(SELECT * FROM ' || view || ' OFFSET 0) AS v WHERE ' || condition INTO full_answer;
    same := full_answer IS NOT DISTINCT FROM sessions;
    RETURN NEXT;
END $$;
SELECT * FROM compared($$started_at >= '2020-01-01 12:00'$$);
SELECT * FROM compared($$started_at > '2020-01-01 12:00'$$);
SELECT * FROM compared($$started_at >= '2020-01-01 12:00:00.000001'$$);
SELECT * FROM compared($$started_at = '2020-01-01 12:00'$$);
SELECT * FROM compared($$started_at >= '2020-01-01 11:50'$$);
SELECT * FROM compared($$started_at >= 'infinity'$$);
SELECT * FROM compared($$started_at >= '-infinity'$$);
SELECT * FROM compared($$started_at > '-infinity'$$);
SELECT * FROM compared($$started_at >= NULL$$);
SELECT * FROM compared($$started_at >= '4714-11-24 00:00:00+00 BC'$$);
SELECT * FROM compared($$started_at >= date '5874897-12-31'$$);
SELECT * FROM compared($$started_at >= date '4714-11-24 BC'$$);
SELECT * FROM compared($$started_at >= timestamp '294276-12-31 23:59:59.999999'$$);

-- the last event of a session that may be so long, and the next one, which is a restart
CREATE TABLE caps (user_id int, ts timestamptz, local timestamp, event text);
INSERT INTO caps (user_id, ts) VALUES
(1, '2020-01-01 11:00'), (1, '2020-01-01 12:00'), (1, '2020-01-01 12:00:00.000001'),
(2, '2020-01-01 11:00:00.000001'), (2, '2020-01-01 11:30'), (2, '2020-01-01 12:00:00.000001'), (2, '2020-01-01 12:00:00.000001'), (2, '2020-01-01 12:10'),
(3, '2020-01-01 10:59:59.999999'), (3, '2020-01-01 11:59:59.999999'), (3, '2020-01-01 12:00'),
(4, '-infinity'), (4, '2020-01-01 10:00'), (4, 'infinity');
UPDATE caps SET local = ts AT TIME ZONE 'UTC';
CREATE INDEX ON caps (ts);
SELECT sessionize.define_session('cap', 'caps', 'user_id', 'ts', '2 h', max_duration => '1 h');
SELECT * FROM compared($$started_at <= '2020-01-01 11:00'$$, 'cap');
SELECT * FROM compared($$started_at < '2020-01-01 11:00'$$, 'cap');
SELECT * FROM compared($$started_at = '2020-01-01 11:00'$$, 'cap');
SELECT * FROM compared($$started_at < '2020-01-01 11:00:00.000002'$$, 'cap');
SELECT * FROM compared($$started_at <= '-infinity'$$, 'cap');
SELECT * FROM compared($$started_at < '-infinity'$$, 'cap');
SELECT * FROM compared($$started_at <= 'infinity'$$, 'cap');
SELECT * FROM compared($$started_at < 'infinity'$$, 'cap');
SELECT * FROM compared($$started_at <= NULL$$, 'cap');
SELECT * FROM compared($$started_at <= date '4714-11-24 BC'$$, 'cap');
SELECT * FROM compared($$started_at < date '5874897-12-31'$$, 'cap');
SELECT * FROM compared($$started_at < timestamp '294276-12-31 23:59:59.999999'$$, 'cap');

-- day = 24 hours: at a change of clocks, a bound minus '1 day' would be an hour off
SET timezone = 'America/New_York';
CREATE TABLE clocks (user_id int, ts timestamptz, local timestamp);
INSERT INTO clocks SELECT 1, t, t AT TIME ZONE 'America/New_York'
FROM unnest('{2020-03-07 11:30-05, 2020-03-08 11:30-05, 2020-03-08 12:30-05}'::timestamptz[]) AS t;
SELECT sessionize.define_session('clock', 'clocks', 'user_id', 'ts', '1 day');
SELECT started_at, event_count FROM clock WHERE started_at >= '2020-03-08 12:30-04';
SELECT started_at, event_count FROM (SELECT * FROM clock OFFSET 0) AS v WHERE started_at >= '2020-03-08 12:30-04';

-- a timestamp compared with a timestamptz: the earlier one may be the later time.  03:10 is
-- 07:10 UTC, but 02:50, which no clock showed, is read as 07:50 UTC, after 07:30
INSERT INTO clocks VALUES (2, NULL, '2020-03-08 02:50'), (3, NULL, '2020-03-08 03:10'), (4, NULL, '2020-03-08 03:40');
SELECT sessionize.define_session('local clock', 'clocks', 'user_id', 'local', '0');
SELECT user_id, started_at FROM "local clock" WHERE started_at >= timestamptz '2020-03-08 07:30+00' AND user_id > 1 ORDER BY 1;
SELECT user_id, started_at FROM (SELECT * FROM "local clock" OFFSET 0) AS v WHERE started_at >= timestamptz '2020-03-08 07:30+00' AND user_id > 1 ORDER BY 1;

-- an upper bound goes by the other offset: 07:10 UTC was 03:10, not 02:10
INSERT INTO clocks VALUES (6, NULL, '2020-03-08 03:10'), (6, NULL, '2020-03-08 04:10'), (6, NULL, '2020-03-08 04:11');
SELECT sessionize.define_session('capped clock', 'clocks', 'user_id', 'local', '1 h', max_duration => '1 h');
SELECT user_id, started_at, ended_at FROM "capped clock" WHERE started_at <= timestamptz '2020-03-08 07:10+00' AND user_id > 4 ORDER BY 1;
SELECT user_id, started_at, ended_at FROM (SELECT * FROM "capped clock" OFFSET 0) AS v WHERE started_at <= timestamptz '2020-03-08 07:10+00' AND user_id > 4 ORDER BY 1;
SET timezone = 'UTC';

-- clocks that go back at one o'clock: 00:30 was twice, and so was midnight; the day of the
-- first 00:30 is taken to begin at the second midnight, half an hour later
SET timezone = 'America/Havana';
CREATE TABLE midnight AS SELECT 1 AS user_id, '2020-11-01 00:30-04'::timestamptz AS ts;
SELECT sessionize.define_session('midnight visit', 'midnight', 'user_id', 'ts', '0');
SELECT started_at, date_trunc('day', started_at) FROM "midnight visit" WHERE date_trunc('day', started_at) >= '2020-11-01 00:00-05';
SELECT started_at FROM "midnight visit" WHERE started_at::date >= timestamptz '2020-11-01 00:00-05';
SET timezone = 'UTC';

-- a chain under max_duration: read from 12:30 on, the sessions would start at 12:30 and 13:35
CREATE TABLE chain AS
SELECT 1 AS user_id, timestamptz '2020-01-01 11:00' + n * interval '5 min' AS ts FROM generate_series(0, 40) AS n;
CREATE INDEX ON chain (ts);
SELECT sessionize.define_session('link', 'chain', 'user_id', 'ts', '30 min', max_duration => '1 h');
SELECT started_at, event_count FROM link WHERE started_at >= '2020-01-01 13:00' ORDER BY 1;
SELECT started_at, event_count FROM (SELECT * FROM link OFFSET 0) AS v WHERE started_at >= '2020-01-01 13:00' ORDER BY 1;

SET client_min_messages = warning;
DROP SCHEMA time_range CASCADE;
DELETE FROM sessionize.session_definition WHERE schema = 'time_range';
DROP ROLE regress_time_range;
