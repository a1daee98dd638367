--
-- funnel.sql: funnel(event_time, VARIADIC steps), the furthest step reached in
-- time order.  The column "want" is worked out by hand.
--
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS sessionize;
CREATE SCHEMA funnel_test;
RESET client_min_messages;
SET search_path = funnel_test, sessionize, public;
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET intervalstyle = 'postgres';
\pset null '(null)'
\set SHOW_CONTEXT never

--
-- By hand: view, cart, purchase
--

-- One actor a line; events are written "event time", "?" is a NULL.
CREATE TABLE stories (n int, story text, want int);
INSERT INTO stories VALUES
    (1,  'view 1, cart 2, purchase 3', 3),
    (2,  'view 1, cart 2', 2),
    (3,  'view 1', 1),
    (4,  'help 1', 0),
    -- no step without the one before it
    (5,  'cart 1, purchase 2', 0),
    (6,  'view 1, purchase 2', 1),
    -- rows in any order, times decide
    (7,  'purchase 3, cart 2, view 1', 3),
    (8,  'cart 2, view 1, purchase 3', 3),
    -- the steps in another order in time
    (9,  'cart 1, view 2', 1),
    (10, 'purchase 1, cart 2, view 3', 1),
    (11, 'view 1, purchase 2, cart 3', 2),
    -- an earlier event of a step does not spoil a later one
    (12, 'cart 1, view 2, cart 3, purchase 4', 3),
    (13, 'purchase 1, view 2, cart 3, purchase 4', 3),
    (14, 'cart 1, purchase 2, view 3, cart 4', 2),
    -- nor does a later one spoil an earlier one
    (15, 'view 1, cart 2, view 3, purchase 4', 3),
    (16, 'view 1, cart 2, purchase 3, view 4, cart 5', 3),
    (17, 'view 1, view 1, view 2, cart 3, cart 3, view 4, purchase 5, purchase 6', 3),
    -- at one instant all orders count
    (18, 'purchase 1, cart 1, view 1', 3),
    (19, 'view 1, cart 1', 2),
    (20, 'cart 1, view 1, purchase 2', 3),
    (21, 'view 1, purchase 2, cart 2', 3),
    (22, 'purchase 1, view 2, cart 2', 2),
    -- a NULL is not true
    (23, 'view 1, ? 2, purchase 3', 1),
    (24, '? 1, cart 2', 0),
    (25, 'view 1, cart 2, ? 3', 2),
    -- an event without a time is ignored
    (26, 'view ?, cart 2', 0),
    (27, 'view 1, cart ?, purchase 3', 1),
    (28, 'view 1, cart 2, purchase ?', 2);
CREATE VIEW events AS
SELECT n, o, want, nullif(split_part(part, ' ', 1), '?') AS event, nullif(split_part(part, ' ', 2), '?')::bigint AS t
FROM stories, string_to_table(story, ', ') WITH ORDINALITY AS e(part, o);

-- All types of time; rows as they are, from the back, and shuffled.
CREATE VIEW by_hand AS
SELECT n, want,
       funnel(t, event = 'view', event = 'cart', event = 'purchase' ORDER BY o) AS by_number,
       funnel(t, event = 'view', event = 'cart', event = 'purchase' ORDER BY o DESC) AS backwards,
       funnel(t, event = 'view', event = 'cart', event = 'purchase' ORDER BY md5(o::text)) AS shuffled,
       funnel(to_timestamp(t), event = 'view', event = 'cart', event = 'purchase') AS by_timestamptz,
       funnel(to_timestamp(t)::timestamp, event = 'view', event = 'cart', event = 'purchase') AS by_timestamp,
       funnel(t::int, event = 'view', event = 'cart', event = 'purchase') AS by_integer
FROM events GROUP BY n, want;
SELECT count(*) AS stories, count(*) FILTER (WHERE want = ALL (ARRAY[by_number, backwards, shuffled, by_timestamptz, by_timestamp, by_integer])) AS right
FROM by_hand;
-- no row: those that are wrong
SELECT story, by_hand.* FROM by_hand JOIN stories USING (n)
WHERE by_hand.want <> ALL (ARRAY[by_number, backwards, shuffled, by_timestamptz, by_timestamp, by_integer])
   OR by_hand.want <> ANY (ARRAY[by_number, backwards, shuffled, by_timestamptz, by_timestamp, by_integer])
ORDER BY n;

-- One step; one condition several times, which one event meets; conditions
-- that overlap.
SELECT n, story, funnel(t, event = 'purchase') AS one, funnel(t, event = 'view', event = 'view', event = 'view') AS thrice,
       funnel(t, event IN ('view', 'cart'), event IN ('view', 'cart'), event = 'cart', event IN ('cart', 'purchase')) AS overlapping, w.want
FROM events JOIN (VALUES (1, '1 3 4'), (3, '0 3 2'), (4, '0 0 0'), (5, '1 0 4'), (10, '1 3 4')) AS w(n, want) USING (n) JOIN stories USING (n)
GROUP BY n, story, w.want ORDER BY n;
-- there and back again
SELECT funnel(t, page = 'a', page = 'b', page = 'a', page = 'b') AS abab, funnel(t, page = 'b', page = 'a', page = 'b', page = 'a') AS baba, '4 3' AS want
FROM (VALUES (4, 'b'), (3, 'a'), (2, 'b'), (1, 'a')) AS v(t, page);

-- A step that is never true blocks those behind it, one that always is does not.
SELECT funnel(t, true, false, true) AS blocked, funnel(t, true, NULL, true) AS null, funnel(t, true, true, true) AS free, '1 1 3' AS want
FROM generate_series(1, 3) AS t;

-- No row, no row with a time, FILTER, groups.
SELECT funnel(t, true, true) AS none, funnel(NULL::timestamptz, true) AS no_time, '0 0' AS want FROM generate_series(1, 0) AS t;
SELECT funnel(t, true, true) AS no_time, 0 AS want FROM (VALUES (NULL::timestamp), (NULL)) AS v(t);
SELECT n, story, funnel(t, event = 'view', event = 'cart', event = 'purchase') FILTER (WHERE event <> 'cart') AS without_cart,
       funnel(t, event = 'view', event = 'cart', event = 'purchase') FILTER (WHERE t > 1) AS later, w.want
FROM events JOIN (VALUES (1, '1 0'), (12, '1 3'), (17, '1 3')) AS w(n, want) USING (n) JOIN stories USING (n)
GROUP BY n, story, w.want ORDER BY n;
-- how many actors got how far; a plain GROUP BY around it
SELECT reached, count(*), string_agg(n::text, ' ' ORDER BY n) AS stories
FROM (SELECT n, funnel(t, event = 'view', event = 'cart', event = 'purchase') FROM events GROUP BY n) AS f(n, reached)
GROUP BY reached ORDER BY reached;

-- The whole range of time.
SELECT funnel(t, page = 'a', page = 'b', page = 'c'), 3 AS want
FROM (VALUES (timestamptz 'infinity', 'c'), ('2020-01-01', 'b'), ('-infinity', 'a')) AS v(t, page);
SELECT funnel(t, page = 'c', page = 'b', page = 'a'), 1 AS want
FROM (VALUES (timestamp 'infinity', 'c'), ('2020-01-01', 'b'), ('-infinity', 'a')) AS v(t, page);
SELECT funnel(t, page = 'a', page = 'b', page = 'c'), funnel(t, page = 'c', page = 'b', page = 'd'), '3 2' AS want
FROM (VALUES (9223372036854775807, 'c'), (9223372036854775807, 'b'), (-9223372036854775808, 'a'), (9223372036854775806, 'd')) AS v(t, page);
SELECT funnel(t, page = 'a', page = 'b'), 1 AS want
FROM (VALUES (timestamptz '2020-01-01 00:00:00.000001', 'a'), ('2020-01-01', 'b')) AS v(t, page);

-- As a window aggregate the state lives on after its result was taken, and
-- one state serves two calls.
SELECT o, t, event, funnel(t, event = 'view', event = 'cart', event = 'purchase') OVER (ORDER BY o) AS so_far, so_far AS want,
       funnel(t, event = 'view', event = 'cart', event = 'purchase') OVER (ORDER BY o) * 10 AS again,
       funnel(t, event = 'view', event = 'cart', event = 'purchase') OVER (ORDER BY o ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) AS of_three, of_three AS want
FROM (VALUES (1, 5, 'purchase', 0, 0), (2, 6, 'cart', 0, 0), (3, 2, 'view', 2, 2), (4, 8, 'help', 2, 2), (5, 4, 'cart', 3, 2),
             (6, 1, 'cart', 3, 0), (7, 9, 'purchase', 3, 0)) AS v(o, t, event, so_far, of_three)
ORDER BY o;

--
-- 32 and 64 steps, and an array of them
--

-- written out
SELECT string_agg('t = ' || step, ', ' ORDER BY step) FILTER (WHERE step <= 32) AS steps_32, string_agg('t = ' || step, ', ' ORDER BY step) AS steps_64
FROM generate_series(1, 64) AS step \gset
SELECT funnel(t, :steps_32) AS of_32, funnel(-t, :steps_64) AS backwards, funnel(t, :steps_64) AS of_64, '32 1 64' AS want FROM generate_series(64, 1, -1) AS t;
-- step 2 at time 2 and so on, but for the times that are left out
SELECT n, left_out, funnel(t, VARIADIC ARRAY(SELECT t = step FROM generate_series(1, n) AS step ORDER BY step)), want
FROM (VALUES (32, 0, 32), (32, 32, 31), (32, 31, 30), (32, 1, 0), (33, 33, 32), (64, 0, 64), (64, 64, 63), (64, 63, 62), (64, 2, 1)) AS v(n, left_out, want),
     generate_series(64, 1, -1) AS t
WHERE t <> left_out
GROUP BY n, left_out, want ORDER BY n, left_out;
-- one instant, one row: all of them at once
SELECT funnel(1, VARIADIC array_fill(true, ARRAY[64])), funnel(1, VARIADIC array_fill(true, ARRAY[64]) || '{}'), '64 64' AS want;

-- In an array NULLs are false and take their place; subscripts do not matter;
-- a shorter array has false where it ends, and NULL is the shortest of all.
SELECT funnel(t, VARIADIC steps), want
FROM (VALUES ('nulls',      1, '{t,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL}'::boolean[], 2),
             ('nulls',      2, '{NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,t}', 2),
             ('nulls',      3, '{NULL,t,NULL,f,NULL,f,NULL,f,NULL}', 2),
             ('subscripts', 1, '[0:2]={t,f,f}', 3),
             ('subscripts', 2, '[-5:-3]={f,t,t}', 3),
             ('lengths',    1, '{t}', 3),
             ('lengths',    2, '{f,t}', 3),
             ('lengths',    3, '{f,t,t,f}', 3),
             ('lengths',    4, NULL, 3),
             ('null',       1, NULL, 0)) AS v(n, t, steps, want)
GROUP BY n, want ORDER BY n;

--
-- Against all ways through the funnel
--

-- Actors with few and many events, times that often tie, steps that are seldom
-- or often true, NULL now and then.  The draws depend on numbers alone.
CREATE FUNCTION draw(text, below int) RETURNS int LANGUAGE sql IMMUTABLE
RETURN (('x' || left(md5($1), 8))::bit(32)::bigint % below)::int;
CREATE TABLE random_events (row_number int, actor int, t bigint, s boolean[]);
INSERT INTO random_events
SELECT row_number() OVER (ORDER BY md5(actor || '.' || e)), actor,
       CASE WHEN draw(actor || 'no time' || e, 20) > 0 THEN draw(actor || 'time' || e, 1 + draw('range' || actor, 40)) END,
       ARRAY(SELECT CASE WHEN draw(format('%s null %s %s', actor, e, step), 12) > 0
                         THEN draw(format('%s step %s %s', actor, e, step), 100) < 4 + draw('rate' || actor, 60) END
             FROM generate_series(1, 7) AS step ORDER BY step)
FROM generate_series(1, 2000) AS actor, generate_series(1, 1 + draw('events' || actor, 30) * draw('many' || actor, 2)) AS e;
ANALYZE random_events;

-- Every chain of events that meets the steps one after the other, by its
-- length and its last time.
CREATE TABLE reference AS
WITH RECURSIVE chain(actor, length, t) AS (
    SELECT actor, 1, t FROM random_events WHERE t IS NOT NULL AND s[1]
    UNION
    SELECT chain.actor, chain.length + 1, e.t
    FROM chain JOIN random_events AS e ON e.actor = chain.actor AND e.t >= chain.t AND e.s[chain.length + 1]
)
SELECT actor, coalesce(max(length) FILTER (WHERE length <= 3), 0) AS of_3, coalesce(max(length), 0) AS of_7
FROM (SELECT DISTINCT actor FROM random_events) AS a LEFT JOIN chain USING (actor) GROUP BY actor;
-- every answer comes up
SELECT string_agg(DISTINCT of_3::text, ' ' ORDER BY of_3::text) AS of_3, string_agg(DISTINCT of_7::text, ' ' ORDER BY of_7::text) AS of_7,
       count(*) AS actors
FROM reference;

-- In any order of input.
CREATE TABLE answers AS
SELECT actor, funnel(t, s[1], s[2], s[3]) AS of_3, funnel(t, VARIADIC s) AS of_7 FROM random_events GROUP BY actor;
SELECT (SELECT count(*) FROM (TABLE reference EXCEPT TABLE answers) AS d) AS differ, (SELECT count(*) FROM answers) AS actors;
SELECT name, count(*) FILTER (WHERE o.of_7 IS DISTINCT FROM reference.of_7) AS differ, count(*) AS actors
FROM (SELECT 'by time', actor, funnel(t, VARIADIC s ORDER BY t) FROM random_events GROUP BY actor
      UNION ALL
      SELECT 'by time, backwards', actor, funnel(t, VARIADIC s ORDER BY t DESC) FROM random_events GROUP BY actor
      UNION ALL
      SELECT 'half in order', actor, funnel(t, VARIADIC s ORDER BY row_number % 2, t) FROM random_events GROUP BY actor
      UNION ALL
      SELECT 'by number', actor, funnel(to_timestamp(t), VARIADIC s ORDER BY row_number) FROM random_events GROUP BY actor
      UNION ALL
      SELECT 'window', actor, reached
      FROM (SELECT actor, row_number() OVER (PARTITION BY actor ORDER BY row_number DESC) AS from_end,
                   funnel(t, VARIADIC s) OVER (PARTITION BY actor ORDER BY row_number) AS reached
            FROM random_events) AS e
      WHERE from_end = 1) AS o(name, actor, of_7)
     JOIN reference USING (actor)
GROUP BY name ORDER BY name;
-- after each row of an actor: the state of a window goes on to be right
WITH so_far AS (
    SELECT actor, row_number, funnel(t, VARIADIC s) OVER (PARTITION BY actor ORDER BY row_number) AS reached FROM random_events WHERE actor <= 100
)
SELECT count(*) FILTER (WHERE reached <> (SELECT funnel(t, VARIADIC s) FROM random_events AS e
                                          WHERE e.actor = so_far.actor AND e.row_number <= so_far.row_number)) AS differ,
       count(*) > 500 AS many
FROM so_far;

-- What is easier to write is wrong: comparing the first time of each step
-- misses a step that was taken out of order before it was taken in order.
WITH first_times AS (
    SELECT actor, min(t) FILTER (WHERE s[1]) AS t1, min(t) FILTER (WHERE s[2]) AS t2, min(t) FILTER (WHERE s[3]) AS t3
    FROM random_events GROUP BY actor
), shortcut AS (
    SELECT actor, CASE WHEN t1 <= t2 AND t2 <= t3 THEN 3 WHEN t1 <= t2 THEN 2 WHEN t1 IS NOT NULL THEN 1 ELSE 0 END AS of_3 FROM first_times
)
SELECT count(*) FILTER (WHERE s.of_3 < r.of_3) > 100 AS shortcut_misses_many,
       count(*) FILTER (WHERE s.of_3 > r.of_3) AS and_never_finds_more
FROM shortcut AS s JOIN reference AS r USING (actor);

--
-- Parallel and partial aggregation: states are sent and combined
--
-- Besides few events of many actors, many events of few: here of groups of
-- actors, one actor after the other in time, with steps that are rare but for
-- the last two.
CREATE TABLE long_events AS
SELECT row_number, actor % 4 AS actor, 40 * actor::bigint + t AS t,
       ARRAY(SELECT s[step] AND (step > 5 OR draw(row_number || 'rare' || step, 400) = 0) FROM generate_series(1, 7) AS step ORDER BY step) AS s
FROM random_events ORDER BY row_number;
INSERT INTO long_events SELECT row_number, 4, t, s FROM long_events;
ANALYZE long_events;
CREATE TABLE long_reference AS
WITH RECURSIVE chain(actor, length, t) AS (
    SELECT actor, 1, t FROM long_events WHERE t IS NOT NULL AND s[1]
    UNION
    SELECT chain.actor, chain.length + 1, e.t
    FROM chain JOIN long_events AS e ON e.actor = chain.actor AND e.t >= chain.t AND e.s[chain.length + 1]
)
SELECT actor, max(length) AS of_7 FROM chain GROUP BY actor;
SELECT string_agg(of_7::text, ' ' ORDER BY actor) FROM long_reference;

-- costs by which states are sent, not rows, however many groups there are
SET cpu_operator_cost = 0.000001;
SET cpu_tuple_cost = 1;
SET parallel_tuple_cost = 1;
SET parallel_setup_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
EXPLAIN (COSTS OFF) SELECT funnel(t, VARIADIC s) FROM random_events;
CREATE FUNCTION is_partial(query text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    plan jsonb;
BEGIN
    EXECUTE 'EXPLAIN (FORMAT json) ' || query INTO plan;
    RETURN plan @? '$.** ? (@."Partial Mode" == "Partial")';
END $$;
SELECT is_partial('SELECT actor, funnel(t, VARIADIC s) FROM random_events GROUP BY actor'),
       is_partial('SELECT actor, funnel(t, VARIADIC s) FROM long_events GROUP BY actor');
CREATE VIEW answers_again AS
SELECT actor, funnel(t, s[1], s[2], s[3]) AS of_3, funnel(t, VARIADIC s) AS of_7 FROM random_events GROUP BY actor;
CREATE VIEW long_answers AS SELECT actor, funnel(t, VARIADIC s) AS of_7 FROM long_events GROUP BY actor;
SELECT count(*) AS differ FROM (TABLE reference EXCEPT TABLE answers_again) AS d;
SELECT count(*) AS differ FROM (TABLE long_reference EXCEPT TABLE long_answers) AS d;
SET parallel_leader_participation = off;
SELECT count(*) AS differ FROM (TABLE reference EXCEPT TABLE answers_again) AS d;
SELECT count(*) AS differ FROM (TABLE long_reference EXCEPT TABLE long_answers) AS d;
RESET parallel_leader_participation;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;

-- One state for each partition, combined as they are.
SET max_parallel_workers_per_gather = 0;
SET enable_partitionwise_aggregate = on;
CREATE TABLE parts (row_number int, actor int, t bigint, s boolean[]) PARTITION BY HASH (row_number);
SELECT format('CREATE TABLE part_%s PARTITION OF parts FOR VALUES WITH (MODULUS 5, REMAINDER %1$s)', n) FROM generate_series(0, 4) AS n \gexec
INSERT INTO parts TABLE random_events;
ANALYZE parts;
SELECT is_partial('SELECT actor, funnel(t, VARIADIC s) FROM parts GROUP BY actor');
SELECT count(*) AS differ
FROM (TABLE reference EXCEPT SELECT actor, funnel(t, s[1], s[2], s[3]), funnel(t, VARIADIC s) FROM parts GROUP BY actor) AS d;
TRUNCATE parts;
INSERT INTO parts TABLE long_events;
ANALYZE parts;
SELECT is_partial('SELECT actor, funnel(t, VARIADIC s) FROM parts GROUP BY actor');
SELECT count(*) AS differ FROM (TABLE long_reference EXCEPT SELECT actor, funnel(t, VARIADIC s) FROM parts GROUP BY actor) AS d;
RESET enable_partitionwise_aggregate;
RESET max_parallel_workers_per_gather;
RESET cpu_operator_cost;
RESET cpu_tuple_cost;

-- What is no state is refused, whoever sends it: here bytes of our own, as the
-- state of an aggregate that does nothing but send them.
CREATE AGGREGATE receive(bytea, bytea) (
    SFUNC = bytea_string_agg_transfn, STYPE = internal, SERIALFUNC = bytea_string_agg_finalfn,
    DESERIALFUNC = funnel_deserialize, COMBINEFUNC = funnel_combine, FINALFUNC = funnel_final, PARALLEL = SAFE
);
CREATE TABLE sent (state bytea);
CREATE FUNCTION received(state bytea) RETURNS text LANGUAGE plpgsql
SET parallel_setup_cost = 0 SET parallel_tuple_cost = 0 SET min_parallel_table_scan_size = 0 SET max_parallel_workers_per_gather = 2 AS $$
DECLARE
    result text;
BEGIN
    DELETE FROM sent;
    INSERT INTO sent VALUES (state);
    /* else one state would be taken for another */
    IF NOT is_partial('SELECT receive(s.state, NULL) FROM sent AS s') THEN
        RAISE 'no partial aggregation';
    END IF;
    SELECT receive(s.state, NULL) INTO result FROM sent AS s;
    RETURN result;
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE || ': ' || SQLERRM;
END $$;
-- A state: whether there is a first step (1 byte), when, how many entries follow
-- (8 each); of each its time and its steps in the server's own byte order.  So
-- these read the same from both ends: 02 to 02 are steps 2 and 58.
SELECT name, received(bytes::bytea)
FROM (VALUES (1, 'nothing', '\x'),
             (2, 'no entry', '\x01' || repeat('00', 8) || repeat('00', 8)),
             (3, 'no first step', '\x00' || repeat('00', 8) || repeat('00', 7) || '01' || repeat('01', 8) || '0200000000000002'),
             (4, 'two entries', '\x01' || repeat('00', 8) || repeat('00', 7) || '02' || repeat('01', 8) || '0200000000000002' || repeat('02', 8) || '0400000000000004'),
             (5, 'an entry missing', '\x01' || repeat('00', 8) || repeat('00', 7) || '02' || repeat('01', 8) || '0200000000000002'),
             (6, 'half an entry', '\x01' || repeat('00', 8) || repeat('00', 7) || '01' || repeat('01', 8)),
             (7, 'too many bytes', '\x01' || repeat('00', 8) || repeat('00', 8) || '00'),
             (8, 'an entry too many', '\x01' || repeat('00', 8) || repeat('00', 8) || repeat('01', 8) || '0200000000000002'),
             (9, 'a negative number of entries', '\x01' || repeat('00', 8) || repeat('ff', 8)),
             (10, 'a huge number of entries', '\x01' || repeat('00', 8) || '7f' || repeat('ff', 7)),
             (11, 'a number that overflows as bytes', '\x01' || repeat('00', 8) || '1000000000000001' || repeat('01', 8) || '0200000000000002'),
             (12, 'an entry without steps', '\x01' || repeat('00', 8) || repeat('00', 7) || '01' || repeat('01', 8) || repeat('00', 8)),
             (13, 'an entry with the first step', '\x01' || repeat('00', 8) || repeat('00', 7) || '01' || repeat('01', 8) || '0300000000000003'),
             (14, 'entries out of order', '\x01' || repeat('00', 8) || repeat('00', 7) || '02' || repeat('02', 8) || '0200000000000002' || repeat('01', 8) || '0400000000000004'),
             (15, 'two entries of one time', '\x01' || repeat('00', 8) || repeat('00', 7) || '02' || repeat('01', 8) || '0200000000000002' || repeat('01', 8) || '0400000000000004'),
             (16, 'cut off in the header', '\x01' || repeat('00', 8) || repeat('00', 7))) AS v(n, name, bytes)
ORDER BY n;

--
-- As a metric: per session and per actor, with filter, session_filter and nth
--
CREATE TABLE clicks (id int, user_id int, ts timestamptz, event text);
INSERT INTO clicks VALUES
    (1,  1, '2020-01-01 10:00', 'view'),     (2,  1, '2020-01-01 10:05', 'cart'),
    (3,  1, '2020-01-01 12:00', 'purchase'), (4,  1, '2020-01-01 12:01', 'view'),
    (5,  1, '2020-01-01 15:00', 'help'),
    (6,  2, '2020-01-01 10:00', 'purchase'), (7,  2, '2020-01-01 10:00', 'cart'), (8, 2, '2020-01-01 10:00', 'view'),
    (9,  3, '2020-01-01 10:00', 'cart'),     (10, 3, '2020-01-01 12:00', 'view'),
    (11, 3, '2020-01-01 12:10', NULL),       (12, 3, '2020-01-01 12:20', 'purchase'),
    (13, 4, NULL, 'view');
SELECT define_session('visit', 'clicks', 'user_id', 'ts', '30 min');
SELECT define_metric('visit', 'reached', $$sessionize.funnel(ts, event = 'view', event = 'cart', event = 'purchase')$$);
SELECT define_metric('visit', 'without carts', $$sessionize.funnel(ts, event = 'view', event = 'cart', event = 'purchase')$$, filter => $$event <> 'cart'$$);
SELECT define_metric('visit', 'of those with help', $$sessionize.funnel(ts, event = 'help', event IS NOT NULL)$$, session_filter => 'reached = 0');
SELECT define_metric('visit', 'of the second', $$sessionize.funnel(ts, event = 'view', event = 'cart', event = 'purchase') + 100$$, session_filter => 'event_count > 0', nth => 2);
SELECT define_metric('visit', 'bought after a view', $$sessionize.funnel(ts, event = 'view', event = 'purchase') = 2$$);
SELECT user_id, session_number, reached, "without carts", "of those with help", "of the second", "bought after a view",
       want
FROM visit FULL JOIN (VALUES (1, 1, '2 1 (null) (null) f'), (1, 2, '1 1 (null) 101 f'), (1, 3, '0 0 2 (null) f'), (2, 1, '3 1 (null) (null) t'),
                             (3, 1, '0 0 0 (null) f'), (3, 2, '1 1 (null) 101 t')) AS w(user_id, session_number, want) USING (user_id, session_number)
ORDER BY 1, 2;
-- an actor's way goes on in the next session
SELECT user_id, reached, "without carts", "of those with help", "of the second", "bought after a view", want
FROM visit_actors FULL JOIN (VALUES (1, '3 1 2 101 t'), (2, '3 1 (null) (null) t'), (3, '1 1 0 101 t')) AS w(user_id, want) USING (user_id)
ORDER BY 1;
-- the same from the events
SELECT count(*) AS differ
FROM (SELECT user_id, session_number, funnel(ts, event = 'view', event = 'cart', event = 'purchase') FROM visit_events GROUP BY 1, 2
      EXCEPT SELECT user_id, session_number, reached FROM visit) AS d;
-- with sessions of three hours it ends within the first
SELECT user_id, session_number, reached FROM read(NULL::visit, inactivity => '3 hours') ORDER BY 1, 2;
SELECT column_name, type, kind, label, definition FROM fields WHERE view_name = 'visit' AND column_name = 'reached';
-- keep by it
SELECT alter_session('visit', 'keep', 'reached >= 2');
SELECT user_id, session_number, reached FROM visit ORDER BY 1, 2;
SELECT user_id, session_count, reached FROM visit_actors ORDER BY 1;

--
-- Bad calls
--

-- no step
SELECT funnel(t) FROM generate_series(1, 3) AS t;
\echo :SQLSTATE
SELECT define_metric('visit', 'none', 'sessionize.funnel(ts)');
\echo :SQLSTATE
SELECT funnel(1, VARIADIC '{}');
\echo :SQLSTATE
SELECT define_metric('visit', 'none', 'sessionize.funnel(ts, VARIADIC ''{}'')');
\echo :SQLSTATE
SELECT define_metric('visit', 'none', 'sessionize.funnel(ts, VARIADIC ARRAY[]::boolean[]) + 1');
\echo :SQLSTATE
-- the time of a row does not decide whether the call is right
SELECT funnel(NULL::timestamp, VARIADIC '{}');
\echo :SQLSTATE
-- too many
SELECT funnel(1, VARIADIC array_fill(true, ARRAY[65]));
\echo :SQLSTATE
SELECT string_agg('true', ', ') AS steps FROM generate_series(1, 65) \gset
SELECT funnel(1, :steps);
\echo :SQLSTATE
SELECT string_agg('true', ', ') AS steps FROM generate_series(1, 100) \gset
SELECT funnel(1, :steps);
\echo :SQLSTATE
SELECT define_metric('visit', 'many', format('sessionize.funnel(ts, %s)', string_agg('event = ''view''', ', '))) FROM generate_series(1, 65);
\echo :SQLSTATE
SELECT define_metric('visit', 'many', format('sessionize.funnel(ts, %s)', string_agg('event = ''view''', ', '))) FROM generate_series(1, 64);
-- another function of that name is none of our business
CREATE AGGREGATE funnel(timestamptz) (SFUNC = timestamptz_larger, STYPE = timestamptz);
SELECT define_metric('visit', 'another', 'funnel_test.funnel(ts)');
-- rows and columns
SELECT funnel(1, VARIADIC '{{t,f},{f,t}}');
\echo :SQLSTATE
SELECT funnel(1, VARIADIC '{{t}}');
\echo :SQLSTATE
SELECT define_metric('visit', 'two', 'sessionize.funnel(ts, VARIADIC ARRAY[ARRAY[event = ''view''], ARRAY[event = ''cart'']])');
\echo :SQLSTATE
-- other types
SELECT funnel(1, 1, 2);
\echo :SQLSTATE
SELECT funnel(1.5, true);
\echo :SQLSTATE
SELECT funnel(interval '1 day', true);
\echo :SQLSTATE
SELECT funnel('2020-01-01', true);
\echo :SQLSTATE

SELECT drop_session('visit', cascade => true);
SET client_min_messages = warning;
DROP SCHEMA funnel_test CASCADE;
