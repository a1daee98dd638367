--
-- first_last.sql: first(value, event_time) and last(value, event_time), the
-- value at the earliest and at the latest time.  The column "want" is worked
-- out by hand.
--
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS sessionize;
RESET client_min_messages;
SET search_path = sessionize, public;
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET intervalstyle = 'postgres';
\pset null '(null)'

-- Three types of time, events in no order.
SELECT first(page, t), last(page, t), first(page, ts), last(page, ts), first(page, tz), last(page, tz), 'home bye' AS want
FROM (VALUES ('cart', 2), ('bye', 9), ('home', 1), ('pay', 5)) AS v(page, t),
     CAST(to_timestamp(t) AS timestamp) AS ts, to_timestamp(t) AS tz;

-- A row without a time is ignored; of such rows alone, or of none, comes NULL.
SELECT first(page, t), last(page, t), 'home cart' AS want
FROM (VALUES ('alpha', NULL), ('cart', 2), ('zeta', NULL), ('home', 1)) AS v(page, t);
SELECT first(page, t), last(page, t), first(page, t::timestamptz), last(page, t::timestamptz), '(null)' AS want
FROM (VALUES ('home', NULL::timestamp), ('cart', NULL)) AS v(page, t);
SELECT first(page, t), last(page, t), '(null)' AS want FROM (VALUES ('home', 1)) AS v(page, t) WHERE false;

-- The value of the earliest event is the answer also where it is NULL: the next
-- one's is not the first page.
SELECT first(page, t), last(page, t), '(null) (null)' AS want
FROM (VALUES (NULL, 1), ('cart', 2), ('pay', 3), (NULL, 4)) AS v(page, t);

-- At one time a value beats NULL, in either order of arrival.
SELECT first(page, t ORDER BY k), last(page, t ORDER BY k), first(page, t ORDER BY k DESC), last(page, t ORDER BY k DESC), 'home pay home pay' AS want
FROM (VALUES (1, NULL, 1), (2, 'home', 1), (3, NULL, 1), (4, NULL, 2), (5, 'pay', 2), (6, NULL, 2)) AS v(k, page, t);

-- At one time first() takes the smallest and last() the largest, in the order
-- of the value's own type (9 < 10, not '10' < '9'), however they arrive.
SELECT first(n, t ORDER BY k), last(n, t ORDER BY k), first(n, t ORDER BY k DESC), last(n, t ORDER BY k DESC), '9 11 9 11' AS want
FROM (VALUES (1, 10, 1), (2, 9, 1), (3, 100, 1), (4, 8, 2), (5, 11, 2), (6, 9, 2)) AS v(k, n, t);
-- the same for events of one time only
SELECT first(n, t), last(n, t), '9 100' AS want FROM (VALUES (10, 1), (9, 1), (100, 1)) AS v(n, t);

-- The order of a text is that of its collation.
SELECT first(w COLLATE "C", t), last(w COLLATE "C", t), 'B a' AS want
FROM (VALUES ('a', 1), ('B', 1)) AS v(w, t);

-- Values that their order calls equal but that are not the same: the answer is
-- still one, however they arrive.
SELECT count(DISTINCT f), count(DISTINCT l), min(f) IN ('1.0', '1.00', '1.000') AS one_of_them
FROM (SELECT first(n, t ORDER BY k)::text, last(n, t ORDER BY k)::text FROM (VALUES (1, 1.0, 1), (2, 1.00, 1), (3, 1.000, 1)) AS v(k, n, t)
      UNION ALL
      SELECT first(n, t ORDER BY k)::text, last(n, t ORDER BY k)::text FROM (VALUES (3, 1.0, 1), (2, 1.00, 1), (1, 1.000, 1)) AS v(k, n, t)
      UNION ALL
      SELECT first(n, t ORDER BY k)::text, last(n, t ORDER BY k)::text FROM (VALUES (2, 1.0, 1), (3, 1.00, 1), (1, 1.000, 1)) AS v(k, n, t)) AS x(f, l);
SELECT count(DISTINCT f), count(DISTINCT l)
FROM (SELECT first(n, t ORDER BY k)::text, last(n, t ORDER BY k)::text FROM (VALUES (1, float8 '0', 1), (2, '-0', 1)) AS v(k, n, t)
      UNION ALL
      SELECT first(n, t ORDER BY k)::text, last(n, t ORDER BY k)::text FROM (VALUES (2, float8 '0', 1), (1, '-0', 1)) AS v(k, n, t)) AS x(f, l);

-- Values of many types.
CREATE TYPE pg_temp.mood AS ENUM ('sad', 'ok', 'happy');
CREATE TYPE pg_temp.pair AS (a int, b text);
CREATE DOMAIN pg_temp.short AS varchar(5);
SELECT first(b, t), last(b, t), first(f, t), last(f, t), first(m, t), last(m, t), first(u, t), last(u, t)
FROM (VALUES (true, float8 'NaN', mood 'sad', uuid '00000000-0000-0000-0000-000000000002', 1),
             (false, 1, 'happy', '00000000-0000-0000-0000-000000000001', 1)) AS v(b, f, m, u, t);
SELECT first(a, t), last(a, t), first(p, t), last(p, t), first(s, t), last(s, t), first(i, t), last(i, t)
FROM (VALUES (ARRAY[2, 1], ROW(2, 'a')::pair, 'b'::short, interval '1 day', 1), (ARRAY[1, 9], ROW(2, 'b')::pair, 'a', '23:00', 1)) AS v(a, p, s, i, t);
SELECT first(t, t), last(t, t), '-infinity infinity' AS want
FROM (VALUES (timestamptz 'infinity'), ('2020-01-01'), ('-infinity')) AS v(t);
SELECT pg_typeof(first(n, t)), pg_typeof(last(n, t)) FROM (VALUES (1::smallint, 1)) AS v(n, t);
-- long values are kept whole
SELECT length(first(w, t)), length(last(w, t)), '100001 300003' AS want
FROM (VALUES (repeat('x', 200002), 2), (repeat('y', 300003), 3), (repeat('z', 100001), 1)) AS v(w, t);

-- The whole range of bigint, nothing stands for infinity.
SELECT first(w, t), last(w, t), 'min max' AS want
FROM (VALUES ('zero', 0), ('max', 9223372036854775807), ('min', -9223372036854775808)) AS v(w, t);

-- Groups, FILTER, and as window aggregates.
SELECT actor, first(page, t), last(page, t), last(page, t) FILTER (WHERE page <> 'pay') AS before_pay, want
FROM (VALUES ('a', 'pay', 3, 'home pay cart'), ('b', 'faq', 1, 'faq faq faq'), ('a', 'home', 1, 'home pay cart'), ('a', 'cart', 2, 'home pay cart'))
     AS v(actor, page, t, want)
GROUP BY actor, want ORDER BY actor;
SELECT t, first(page, t) OVER w AS first, last(page, t) OVER w AS last, want
FROM (VALUES ('home', 1, 'home cart'), ('cart', 2, 'home pay'), ('pay', 3, 'cart pay')) AS v(page, t, want)
WINDOW w AS (ORDER BY t ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING)
ORDER BY t;

-- The entry and exit page of each session.
SELECT n AS session, first(page, t) AS entry, last(page, t) AS exit, want
FROM (SELECT page, t, session_number(t, 10) OVER (ORDER BY t) AS n, want
      FROM (VALUES ('home', 0, 'home pay'), ('cart', 4, 'home pay'), ('pay', 9, 'home pay'), ('faq', 50, 'faq home'), ('home', 55, 'faq home'))
           AS v(page, t, want)) AS e
GROUP BY n, want ORDER BY n;

-- Parallel and partial aggregation: states are sent and combined.
CREATE TABLE first_last_events AS
SELECT g % 5 AS actor, (g * 7919) % 2003 AS t, CASE WHEN g % 3 > 0 THEN 'page ' || g % 101 END AS page
FROM generate_series(1, 20000) AS g;
INSERT INTO first_last_events SELECT g % 5, NULL, 'no time' FROM generate_series(1, 500) AS g;
ANALYZE first_last_events;
CREATE TEMP TABLE plain AS
SELECT actor, f.first, l.last
FROM (SELECT DISTINCT ON (actor) actor, page FROM first_last_events WHERE t IS NOT NULL
      ORDER BY actor, t, page IS NULL, page COLLATE "C") AS f(actor, first)
JOIN (SELECT DISTINCT ON (actor) actor, page FROM first_last_events WHERE t IS NOT NULL
      ORDER BY actor, t DESC, page IS NULL, page COLLATE "C" DESC) AS l(actor, last) USING (actor);
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
EXPLAIN (COSTS OFF) SELECT first(page, t), last(page, t) FROM first_last_events;
CREATE TEMP TABLE parallel AS
SELECT actor, first(page COLLATE "C", t) AS first, last(page COLLATE "C", t) AS last FROM first_last_events GROUP BY actor;
-- no row: the same as plain SQL says
(TABLE plain EXCEPT TABLE parallel) UNION ALL (TABLE parallel EXCEPT TABLE plain);
SELECT count(*) AS actors, count(first) AS with_first FROM plain;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
RESET max_parallel_workers_per_gather;
DROP TABLE first_last_events;

-- A type without an order cannot decide between values of one time.
SELECT first(v, t) FROM (VALUES (json '1', 1), ('2', 1)) AS v(v, t);
\echo :SQLSTATE
SELECT last(v, t) FROM (VALUES (point '(0,0)', timestamptz '2020-01-01'), ('(1,1)', '2020-01-01')) AS v(v, t);
\echo :SQLSTATE
SELECT first(v::jsonb, t), last(v::jsonb, t), '1 2' AS want FROM (VALUES (json '1', 1), ('2', 1)) AS v(v, t);
-- the same when there is nothing to decide: the answer to a query does not
-- depend on the rows
SELECT first(v, t) FROM (VALUES (json '1', 1)) AS v(v, t);
\echo :SQLSTATE
-- calls that PostgreSQL itself refuses
SELECT first(page, t) FROM (VALUES ('home', 1.5)) AS v(page, t);
\echo :SQLSTATE
SELECT first('home'::text);
\echo :SQLSTATE
