--
-- rules_aggregates.sql: the same rules through the aggregates sessions(),
-- session_count() and time_in_session(), which take their events in any order.
--
-- Times are seconds after 1970-01-01.  The column "want" is the answer worked
-- out by hand: number, start, end, duration, events, reason.  Each comment
-- names the wrong reading that its case would catch.
--
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS sessionize;
RESET client_min_messages;
SET search_path = sessionize, public;
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET intervalstyle = 'postgres';
\pset null '(null)'

--
-- What comes back
--

-- The columns of a session, for timestamptz and for timestamp.
SELECT s.*
FROM (SELECT sessions(to_timestamp(t), interval '10 s') FROM (VALUES (0), (5), (60)) AS v(t)) AS x(a),
     unnest(a) AS s;
SELECT s.*
FROM (SELECT sessions(to_timestamp(t)::timestamp, interval '10 s') FROM (VALUES (0), (5), (60)) AS v(t)) AS x(a),
     unnest(a) AS s;
SELECT pg_typeof(sessions(timestamptz '2020-01-01', interval '10 s')),
       pg_typeof(sessions(timestamp '2020-01-01', interval '10 s')),
       pg_typeof(session_count(timestamp '2020-01-01', interval '10 s')),
       pg_typeof(time_in_session(timestamp '2020-01-01', interval '10 s'));

-- No rows, or none with a time: empty, 0 and 0, never NULL.
SELECT sessions(t, interval '10 s'), session_count(t, interval '10 s'), time_in_session(t, interval '10 s')
FROM (VALUES (timestamptz '2020-01-01')) AS v(t) WHERE false;
SELECT sessions(t, interval '10 s'), session_count(t, interval '10 s'), time_in_session(t, interval '10 s')
FROM (VALUES (timestamp '2020-01-01')) AS v(t) WHERE false;
SELECT sessions(t, interval '10 s'), session_count(t, interval '10 s'), time_in_session(t, interval '10 s')
FROM (VALUES (NULL::timestamptz), (NULL)) AS v(t);

-- Every arity, with flags that matter one after the other: events at 0, 5, 7,
-- 12 and 60, a restart at 5, an end at 7.
SELECT session_count(t, interval '10 s') AS two,
       session_count(t, interval '10 s', r) AS three,
       session_count(t, interval '10 s', r, e) AS four,
       session_count(t, interval '10 s', r, e, interval '0 s') AS five,
       session_count(t, interval '10 s', r, e, interval '0 s', true) AS six,
       cardinality(sessions(t, interval '10 s')) AS two,
       cardinality(sessions(t, interval '10 s', r)) AS three,
       cardinality(sessions(t, interval '10 s', r, e)) AS four,
       cardinality(sessions(t, interval '10 s', r, e, interval '0 s')) AS five,
       cardinality(sessions(t, interval '10 s', r, e, interval '0 s', true)) AS six,
       '2 3 4 5 1' AS want
FROM (VALUES (0, false, false), (5, true, false), (7, false, true), (12, false, false), (60, false, false)) AS v(s, r, e),
     to_timestamp(s) AS t;
SELECT session_count(t, interval '10 s') AS two,
       session_count(t, interval '10 s', r) AS three,
       session_count(t, interval '10 s', r, e) AS four,
       session_count(t, interval '10 s', r, e, interval '0 s') AS five,
       session_count(t, interval '10 s', r, e, interval '0 s', true) AS six,
       cardinality(sessions(t, interval '10 s')) AS two,
       cardinality(sessions(t, interval '10 s', r)) AS three,
       cardinality(sessions(t, interval '10 s', r, e)) AS four,
       cardinality(sessions(t, interval '10 s', r, e, interval '0 s')) AS five,
       cardinality(sessions(t, interval '10 s', r, e, interval '0 s', true)) AS six,
       '2 3 4 5 1' AS want
FROM (VALUES (0, false, false), (5, true, false), (7, false, true), (12, false, false), (60, false, false)) AS v(s, r, e),
     CAST(to_timestamp(s) AS timestamp) AS t;
SELECT time_in_session(t, interval '10 s') AS two,
       time_in_session(t, interval '10 s', r) AS three,
       time_in_session(t, interval '10 s', r, e) AS four,
       time_in_session(t, interval '10 s', r, e, interval '4 s') AS five,
       time_in_session(t, interval '10 s', r, e, interval '4 s', true) AS six,
       '12 7 2 2 2' AS want
FROM (VALUES (0, false, false), (5, true, false), (7, false, true), (12, false, false), (60, false, false)) AS v(s, r, e),
     to_timestamp(s) AS t;
SELECT time_in_session(t, interval '10 s') AS two,
       time_in_session(t, interval '10 s', r) AS three,
       time_in_session(t, interval '10 s', r, e) AS four,
       time_in_session(t, interval '10 s', r, e, interval '4 s') AS five,
       time_in_session(t, interval '10 s', r, e, interval '4 s', true) AS six,
       '12 7 2 2 2' AS want
FROM (VALUES (0, false, false), (5, true, false), (7, false, true), (12, false, false), (60, false, false)) AS v(s, r, e),
     CAST(to_timestamp(s) AS timestamp) AS t;

--
-- R1: which events count
--

-- R1: rows without a time are skipped, flags and all.  If they counted there
-- would be a cut before 12 and a count of 4.
SELECT s.*
FROM (SELECT sessions(to_timestamp(t), interval '10 s', flag = 'restart', flag = 'end')
      FROM (VALUES (0, ''), (NULL, 'restart'), (6, ''), (NULL, 'end'), (12, ''), (23, '')) AS v(t, flag)) AS x(a),
     unnest(a, ARRAY['1 0 12 12 3 first', '2 23 23 0 1 inactivity'])
     AS s(number, started_at, ended_at, duration, events, started_by, want);

--
-- R2: order and peers
--

-- R2: the result is a function of the set of events.  The same seven in four
-- orders: one answer.  A pass over the rows as they come would cut at each
-- step backwards or never.
SELECT s.*, a = b AS backward, a = c AS shuffled, a = d AS peers_swapped
FROM (SELECT sessions(to_timestamp(t), interval '10 s', flag = 'restart', flag = 'end' ORDER BY t, flag),
             sessions(to_timestamp(t), interval '10 s', flag = 'restart', flag = 'end' ORDER BY t DESC, flag),
             sessions(to_timestamp(t), interval '10 s', flag = 'restart', flag = 'end' ORDER BY t % 4, flag, t),
             sessions(to_timestamp(t), interval '10 s', flag = 'restart', flag = 'end' ORDER BY t, flag DESC)
      FROM (VALUES (9, 'restart'), (5, ''), (0, ''), (5, 'end'), (30, ''), (9, ''), (6, '')) AS v(t, flag)) AS x(a, b, c, d),
     unnest(a, ARRAY['1 0 5 5 3 first', '2 6 6 0 1 end', '3 9 9 0 2 restart', '4 30 30 0 1 inactivity'])
     AS s(number, started_at, ended_at, duration, events, started_by, want);

--
-- R3: inactivity
--

-- R3: 10 stays, 11 cuts.  `>=` would give three sessions.  20 after the start
-- stays: the pause counts from the last event.
SELECT s.*
FROM (SELECT sessions(to_timestamp(t), interval '10 s') FROM (VALUES (31), (20), (0), (10)) AS v(t)) AS x(a),
     unnest(a, ARRAY['1 0 20 20 3 first', '2 31 31 0 1 inactivity'])
     AS s(number, started_at, ended_at, duration, events, started_by, want);

-- R3: inactivity from row to row.  a: the longest reach so far decides (0 +
-- 100), not the last event's.  b: an event's own inactivity is not held against
-- the pause before it.  c: among peers the longest counts.  d: a new session
-- owes nothing to the reach of the one before (0 + 100).
SELECT actor, s.*
FROM (SELECT actor, sessions(to_timestamp(t), make_interval(secs => inactivity), restart), min(want)
      FROM (VALUES ('a', 101, 0, false, '1 0 100 100 4 first; 2 101 101 0 1 inactivity'),
                   ('a', 100, 0, false, NULL), ('a', 50, 10, false, NULL), ('a', 5, 10, false, NULL), ('a', 0, 100, false, NULL),
                   ('b', 90, 10, false, '1 0 0 0 1 first; 2 15 90 75 2 inactivity'), ('b', 15, 100, false, NULL), ('b', 0, 10, false, NULL),
                   ('c', 51, 5, false, '1 0 20 20 4 first; 2 51 51 0 1 inactivity'), ('c', 20, 5, false, NULL),
                   ('c', 0, 5, false, NULL), ('c', 0, 50, false, NULL), ('c', 0, 5, false, NULL),
                   ('d', 20, 10, false, '1 0 0 0 1 first; 2 5 5 0 1 restart; 3 20 20 0 1 inactivity'), ('d', 5, 10, true, NULL), ('d', 0, 100, false, NULL))
           AS v(actor, t, inactivity, restart, want)
      GROUP BY actor) AS x(actor, a, want),
     unnest(a, string_to_array(want, '; '))
     AS s(number, started_at, ended_at, duration, events, started_by, want)
ORDER BY actor, number;

--
-- R4, R5: restart and end
--

-- R4: a restart takes its instant along, is the session's first, counts once
-- in one instant, is nothing special at the actor's first one, and NULL is
-- false (8).
SELECT s.*
FROM (SELECT sessions(to_timestamp(t), interval '10 s', restart)
      FROM (VALUES (9, true), (8, NULL), (5, true), (5, false), (5, true), (1, false), (0, true)) AS v(t, restart)) AS x(a),
     unnest(a, ARRAY['1 0 1 1 2 restart', '2 5 8 3 4 restart', '3 9 9 0 1 restart'])
     AS s(number, started_at, ended_at, duration, events, started_by, want);

-- R5: an end keeps its instant in the session, counts once, NULL is false (1),
-- and one event may be a session of its own (9).
SELECT s.*
FROM (SELECT sessions(to_timestamp(t), interval '10 s', restart, ended)
      FROM (VALUES (50, false, false), (9, true, true), (8, false, false), (5, false, true), (5, false, false), (5, false, true),
                   (1, false, NULL), (0, false, false)) AS v(t, restart, ended)) AS x(a),
     unnest(a, ARRAY['1 0 5 5 5 first', '2 8 8 0 1 end', '3 9 9 0 1 restart', '4 50 50 0 1 end'])
     AS s(number, started_at, ended_at, duration, events, started_by, want);

--
-- R6: max_duration
--

-- R6: exactly at the cap stays (10, 22), one second later cuts (12 is over 10,
-- 23 over 22).  Multiples of 10 would cut at 20 or 21.
SELECT s.*
FROM (SELECT sessions(to_timestamp(t), interval '8 s', false, false, interval '10 s')
      FROM (VALUES (23), (22), (21), (20), (19), (12), (10), (5), (0)) AS v(t)) AS x(a),
     unnest(a, ARRAY['1 0 10 10 3 first', '2 12 22 10 5 max_duration', '3 23 23 0 1 max_duration'])
     AS s(number, started_at, ended_at, duration, events, started_by, want);

--
-- R7: several reasons at once
--

-- R7: each pair, and all four: the first of restart, end, inactivity,
-- max_duration names the cut.
SELECT actor, s.*
FROM (SELECT actor, sessions(to_timestamp(t), make_interval(secs => inactivity), flag = 'restart', flag = 'end', make_interval(secs => max_duration))
      FROM (VALUES ('restart, end',             0, 'end', 10, 10), ('restart, end',             9, 'restart', 10, 10),
                   ('restart, inactivity',      0, '',     8, 10), ('restart, inactivity',      9, 'restart',  8, 10),
                   ('restart, max_duration',    0, '',    10,  8), ('restart, max_duration',    9, 'restart', 10,  8),
                   ('end, inactivity',          0, 'end',  8, 10), ('end, inactivity',          9, '',         8, 10),
                   ('end, max_duration',        0, 'end', 10,  8), ('end, max_duration',        9, '',        10,  8),
                   ('inactivity, max_duration', 0, '',     8,  8), ('inactivity, max_duration', 9, '',         8,  8),
                   ('all four',                 0, 'end',  8,  8), ('all four',                 9, 'restart',  8,  8))
           AS v(actor, t, flag, inactivity, max_duration)
      GROUP BY actor) AS x(actor, a),
     unnest(a, ARRAY['1 0 0 0 1 first', '2 9 9 0 1 ' || regexp_replace(replace(actor, 'all four', 'restart'), ',.*', '')])
     AS s(number, started_at, ended_at, duration, events, started_by, want)
ORDER BY actor COLLATE "C", number;

--
-- R8: require_restart
--

-- R8: what does not begin with a restart event is no session: the first run
-- (0), after a pause (30), after an end (45), after the cap (69).  Nothing of it
-- is counted, and it takes no number.
SELECT s.*
FROM (SELECT sessions(to_timestamp(t), interval '10 s', flag = 'restart', flag = 'end', interval '15 s', true)
      FROM (VALUES (71, ''), (70, 'end'), (69, ''), (68, ''), (60, ''), (53, 'restart'), (45, ''), (44, 'end'), (40, 'restart'),
                   (32, ''), (30, ''), (12, ''), (5, 'restart'), (0, '')) AS v(t, flag)) AS x(a),
     unnest(a, ARRAY['1 5 12 7 2 restart', '2 40 44 4 2 restart', '3 53 68 15 3 restart'])
     AS s(number, started_at, ended_at, duration, events, started_by, want);
SELECT session_count(to_timestamp(t), interval '10 s', flag = 'restart', flag = 'end', interval '15 s', true) AS count,
       time_in_session(to_timestamp(t), interval '10 s', flag = 'restart', flag = 'end', interval '15 s', true) AS time,
       '3 26' AS want
FROM (VALUES (71, ''), (70, 'end'), (69, ''), (68, ''), (60, ''), (53, 'restart'), (45, ''), (44, 'end'), (40, 'restart'),
             (32, ''), (30, ''), (12, ''), (5, 'restart'), (0, '')) AS v(t, flag);

-- R8: without a restart event there is none; NULL is off.
SELECT sessions(to_timestamp(t), interval '10 s', false, false, NULL, true) AS none,
       session_count(to_timestamp(t), interval '10 s', false, false, NULL, true) AS none,
       time_in_session(to_timestamp(t), interval '10 s', false, false, NULL, true) AS none,
       session_count(to_timestamp(t), interval '10 s', false, false, NULL, NULL) AS off,
       time_in_session(to_timestamp(t), interval '10 s', false, false, NULL, NULL) AS off,
       '{} 0 0 2 5' AS want
FROM (VALUES (0), (5), (60)) AS v(t);

--
-- R9, R10: numbers, durations, sums; groups
--

-- R10: durations end with the last event.  a: 0-12 and 30-35, the sum is 17;
-- with the inactivity added to each it would be 37.  b has one instant: 0.
SELECT actor, session_count(to_timestamp(t), interval '10 s') AS count,
       time_in_session(to_timestamp(t), interval '10 s') AS time, min(want) AS want
FROM (VALUES ('a', 35, '2 17'), ('a', 30, NULL), ('a', 12, NULL), ('a', 5, NULL), ('a', 0, NULL), ('b', 7, '1 0'), ('b', 7, NULL))
     AS v(actor, t, want)
GROUP BY actor ORDER BY actor;

-- FILTER, and several groupings of the same events: everybody's events together
-- are 0 5 7 12 and 30 35.
SELECT actor, session_count(to_timestamp(t), interval '10 s') AS count,
       time_in_session(to_timestamp(t), interval '10 s') AS time,
       session_count(to_timestamp(t), interval '10 s') FILTER (WHERE t < 30) AS early,
       session_count(to_timestamp(t), interval '10 s') FILTER (WHERE t > 99) AS late
FROM (VALUES ('a', 35), ('a', 30), ('a', 12), ('a', 5), ('a', 0), ('b', 7), ('b', 7)) AS v(actor, t)
GROUP BY ROLLUP (actor) ORDER BY actor;

-- As window aggregates: how many sessions there were so far.  The state must
-- survive being asked for its result.
SELECT t, session_count(to_timestamp(t), interval '10 s') OVER (ORDER BY t) AS so_far,
       time_in_session(to_timestamp(t), interval '10 s') OVER (ORDER BY t) AS time,
       cardinality(sessions(to_timestamp(t), interval '10 s') OVER (ORDER BY t DESC)) AS still_to_come, want
FROM (VALUES (0, '1 0 3'), (5, '1 5 3'), (20, '2 5 2'), (25, '2 10 2'), (40, '3 10 1')) AS v(t, want)
ORDER BY t;

--
-- R11: started_by, every one of them
--
SELECT s.*
FROM (SELECT sessions(to_timestamp(t), interval '10 s', flag = 'restart', flag = 'end', interval '15 s')
      FROM (VALUES (0, ''), (5, 'restart'), (7, 'end'), (8, ''), (10, 'end'), (11, 'restart'), (22, ''), (30, ''), (37, ''), (38, ''))
           AS v(t, flag)) AS x(a),
     unnest(a, ARRAY['1 0 0 0 1 first', '2 5 7 2 2 restart', '3 8 10 2 2 end', '4 11 11 0 1 restart', '5 22 37 15 3 inactivity',
                     '6 38 38 0 1 max_duration'])
     AS s(number, started_at, ended_at, duration, events, started_by, want);

--
-- R15: exact arithmetic
--

-- R15: a microsecond more than 1.5 seconds cuts; durations keep microseconds.
SELECT s.*
FROM (SELECT sessions(t, interval '1.5 seconds')
      FROM (VALUES (timestamptz '2020-01-01 00:00:03.000001+00'), ('2020-01-01 00:00:00.25+00'), ('2020-01-01 00:00:01.5+00'),
                   ('2020-01-01 00:00:00+00')) AS v(t)) AS x(a),
     unnest(a) AS s;

-- R15: a day is 24 hours, in Berlin in March and in October too; a duration is
-- pure time.  By the calendar these would be 2 sessions and 1.
SET timezone = 'Europe/Berlin';
SELECT s.*
FROM (SELECT sessions(t, interval '1 day')
      FROM (VALUES (timestamptz '2020-03-29 13:00 Europe/Berlin'), ('2020-03-28 12:00 Europe/Berlin')) AS v(t)
      UNION ALL
      SELECT sessions(t, interval '1 day')
      FROM (VALUES (timestamptz '2020-10-25 12:00 Europe/Berlin'), ('2020-10-24 12:00 Europe/Berlin')) AS v(t)) AS x(a),
     unnest(a) AS s;
SET timezone = 'UTC';

-- R15: infinite times are ordinary instants, further away than any finite
-- inactivity; the duration of one instant is 0.
SELECT s.*
FROM (SELECT sessions(t, interval '106751991 days')
      FROM (VALUES (timestamptz 'infinity'), ('1970-01-01'), ('-infinity'), ('2020-01-01'), ('infinity')) AS v(t)) AS x(a),
     unnest(a) AS s;
SELECT session_count(t, interval '106751991 days'), time_in_session(t, interval '106751991 days'),
       '3, 50 years of 24-hour days' AS want
FROM (VALUES (timestamptz 'infinity'), ('1970-01-01'), ('-infinity'), ('2020-01-01'), ('infinity')) AS v(t);

-- R15: beyond 64 bits means never; then a duration can pass 64 bits, and stops
-- there.
SELECT s.*
FROM (SELECT sessions(t, interval '2000000000 days')
      FROM (VALUES (timestamptz 'infinity'), ('2020-01-01'), ('-infinity'), ('infinity')) AS v(t)) AS x(a),
     unnest(a) AS s;
SELECT s.*
FROM (SELECT sessions(t, interval '2000000000 days')
      FROM (VALUES (timestamp '294276-12-31 23:59:59.999999'), ('4714-11-24 00:00:00 BC'), ('2020-01-01')) AS v(t)) AS x(a),
     unnest(a) AS s;

-- R15: max_duration likewise: finite it cuts on the way from and to infinity.
SELECT s.*
FROM (SELECT sessions(t, interval '2000000000 days', false, false, interval '106751991 days')
      FROM (VALUES (timestamptz 'infinity'), ('2021-01-01'), ('-infinity'), ('2020-01-01')) AS v(t)) AS x(a),
     unnest(a) AS s;

-- R15: the sum of durations stops at 64 bits, too.
SELECT session_count(t, interval '2000000000 days', restart), time_in_session(t, interval '2000000000 days', restart)
FROM (VALUES (timestamptz 'infinity', false), ('2020-01-01', true), ('-infinity', false), ('2019-01-01', false)) AS v(t, restart);

--
-- Parallel and partial aggregation: states are sent and combined
--

-- Seven actors, events in no order, some without a time, actor 6 with none.
CREATE TEMP TABLE events AS
SELECT g % 7 AS actor,
       CASE WHEN g % 7 <> 6 AND g % 10 <> 0
            THEN timestamptz '2020-01-01 00:00+00' + ((g * 7919) % 20011) * interval '3 s' END AS t,
       make_interval(secs => 60 + g % 30) AS inactivity, g % 97 = 0 AS restart, g % 89 = 0 AS ended
FROM generate_series(1, 20000) AS g;
-- temporary tables are not scanned in parallel
CREATE TABLE rules_aggregates_events AS TABLE events;
ANALYZE rules_aggregates_events;
CREATE TEMP TABLE serial AS
SELECT actor, sessions(t, inactivity, restart, ended, interval '20 min'),
       session_count(t, inactivity, restart, ended, interval '20 min'),
       time_in_session(t, inactivity, restart, ended, interval '20 min')
FROM events GROUP BY actor;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
EXPLAIN (COSTS OFF)
SELECT session_count(t, inactivity, restart, ended, interval '20 min') FROM rules_aggregates_events;
DO $$
DECLARE
    plan jsonb;
BEGIN
    EXECUTE 'EXPLAIN (FORMAT json)
             SELECT actor, sessions(t, inactivity), session_count(t, inactivity), time_in_session(t, inactivity)
             FROM rules_aggregates_events GROUP BY actor' INTO plan;
    IF NOT plan @? '$.** ? (@."Partial Mode" == "Partial")' THEN
        RAISE 'no partial aggregation in %', plan;
    END IF;
END $$;
CREATE TEMP TABLE parallel AS
SELECT actor, sessions(t, inactivity, restart, ended, interval '20 min'),
       session_count(t, inactivity, restart, ended, interval '20 min'),
       time_in_session(t, inactivity, restart, ended, interval '20 min')
FROM rules_aggregates_events GROUP BY actor;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
RESET max_parallel_workers_per_gather;

-- Parallel and serial agree: no row.
(TABLE serial EXCEPT TABLE parallel) UNION ALL (TABLE parallel EXCEPT TABLE serial);

-- The three aggregates agree with each other: no row.
SELECT actor, session_count, time_in_session FROM parallel
WHERE session_count <> cardinality(sessions)
   OR time_in_session <> (SELECT coalesce(sum(duration), interval '0') FROM unnest(sessions));

-- They agree with the window functions: no row, and there was something to
-- compare.
WITH from_aggregates AS (
    SELECT actor, session_number, started_at, ended_at, event_count, started_by
    FROM parallel, unnest(sessions) AS s
), from_windows AS (
    SELECT DISTINCT actor,
           session_number(t, inactivity, restart, ended, interval '20 min') OVER w,
           session_start(t, inactivity, restart, ended, interval '20 min') OVER w,
           session_end(t, inactivity, restart, ended, interval '20 min') OVER w,
           session_event_count(t, inactivity, restart, ended, interval '20 min') OVER w,
           session_started_by(t, inactivity, restart, ended, interval '20 min') OVER w
    FROM events WHERE t IS NOT NULL
    WINDOW w AS (PARTITION BY actor ORDER BY t)
)
(TABLE from_aggregates EXCEPT TABLE from_windows) UNION ALL (TABLE from_windows EXCEPT TABLE from_aggregates);
SELECT count(*) AS actors, count(*) FILTER (WHERE session_count > 50) AS busy, count(*) FILTER (WHERE session_count = 0) AS idle
FROM parallel;
DROP TABLE rules_aggregates_events;
