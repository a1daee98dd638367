--
-- bad_input.sql: parameters and windows that are errors (R16, R2), those that
-- look odd and are none, and the ends of the range.
--
-- The line after each error is its SQLSTATE: 22023 invalid parameter value,
-- 42P20 windowing error.
--
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS sessionize;
RESET client_min_messages;
SET search_path = sessionize, public;
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET intervalstyle = 'postgres';
\pset null '(null)'

-- 'ok' or the SQLSTATE; an error of ours without a hint is told as such
CREATE FUNCTION pg_temp.try(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    hint text;
BEGIN
    EXECUTE 'SELECT count(x) FROM (' || query || ') AS q(x)';
    RETURN 'ok';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
    RETURN sqlstate || CASE WHEN hint = '' AND sqlstate IN ('22023', '42P20') THEN ' without a hint' ELSE '' END;
END $$;

CREATE TEMP TABLE window_function (name text);
INSERT INTO window_function VALUES ('session_number'), ('session_event_number'), ('session_start'), ('session_end'),
    ('session_event_count'), ('session_started_by'), ('session_ended_by');
CREATE TEMP TABLE aggregate_function (name text);
INSERT INTO aggregate_function VALUES ('sessions'), ('session_count'), ('time_in_session');

--
-- R16: inactivity.  First the words, then every function.
--

-- NULL on a row with a time
SELECT session_number(t, NULL::bigint) OVER (ORDER BY t) FROM (VALUES (1)) AS v(t);
\echo :SQLSTATE
SELECT session_number(t, NULL) OVER (ORDER BY t) FROM (VALUES (timestamptz '2020-01-01')) AS v(t);
\echo :SQLSTATE
SELECT sessions(t, NULL) FROM (VALUES (timestamptz '2020-01-01')) AS v(t);
\echo :SQLSTATE
-- negative; with days against hours the sum counts
SELECT session_number(t, -1) OVER (ORDER BY t) FROM (VALUES (1)) AS v(t);
\echo :SQLSTATE
SELECT session_number(t, interval '-1 microsecond') OVER (ORDER BY t) FROM (VALUES (timestamp '2020-01-01')) AS v(t);
\echo :SQLSTATE
SELECT session_number(t, interval '1 day -24:00:01') OVER (ORDER BY t) FROM (VALUES (timestamp '2020-01-01')) AS v(t);
\echo :SQLSTATE
SELECT session_number(t, interval '-2000000000 days') OVER (ORDER BY t) FROM (VALUES (timestamp '2020-01-01')) AS v(t);
\echo :SQLSTATE
SELECT time_in_session(t, interval '-30 min') FROM (VALUES (timestamp '2020-01-01')) AS v(t);
\echo :SQLSTATE
-- months and years have no fixed length, not even where days outweigh them
SELECT session_number(t, interval '1 month') OVER (ORDER BY t) FROM (VALUES (timestamptz '2020-01-01')) AS v(t);
\echo :SQLSTATE
SELECT session_number(t, interval '2 years 3 days') OVER (ORDER BY t) FROM (VALUES (timestamptz '2020-01-01')) AS v(t);
\echo :SQLSTATE
SELECT session_number(t, interval '-1 month 60 days') OVER (ORDER BY t) FROM (VALUES (timestamptz '2020-01-01')) AS v(t);
\echo :SQLSTATE
SELECT session_count(t, interval '1 month') FROM (VALUES (timestamptz '2020-01-01')) AS v(t);
\echo :SQLSTATE

-- The bad one need not be in the first row.
SELECT t, session_number(t, inactivity) OVER (ORDER BY t) FROM (VALUES (1, 10), (2, -10)) AS v(t, inactivity);
\echo :SQLSTATE
SELECT session_count(t, inactivity)
FROM (VALUES (timestamp '2020-01-01', interval '1 day'), ('2020-01-02', NULL)) AS v(t, inactivity);
\echo :SQLSTATE

-- Every function: all seven say the same, and so do the three aggregates.
SELECT inactivity, type,
       (SELECT string_agg(DISTINCT pg_temp.try(format('SELECT %s(%s, %s) OVER (ORDER BY x) FROM (VALUES (1)) AS v(x)', name, t, inactivity)), ', ')
        FROM window_function) AS window_functions,
       CASE WHEN type <> 'bigint' THEN
       (SELECT string_agg(DISTINCT pg_temp.try(format('SELECT %s(%s, %s)', name, t, inactivity)), ', ')
        FROM aggregate_function) END AS aggregates
FROM (VALUES ('bigint', 'bigint ''1''', ARRAY['NULL', '-1', '0', '9223372036854775807']),
             ('timestamp', 'timestamp ''2020-01-01''', ARRAY['NULL', 'interval ''-1 us''', 'interval ''1 month''', 'interval ''0''', 'interval ''1 year -12 months''', 'interval ''2000000000 days''']),
             ('timestamptz', 'timestamptz ''2020-01-01''', ARRAY['NULL', 'interval ''-1 us''', 'interval ''1 month''', 'interval ''0''', 'interval ''1 year -12 months''', 'interval ''2000000000 days''']))
     AS types(type, t, inactivities),
     unnest(inactivities) AS inactivity
ORDER BY inactivity COLLATE "C", type;

-- On a row without a time nothing is looked at.
SELECT t, session_number(t, inactivity, false, false, max_duration, require_restart) OVER (ORDER BY t) AS number
FROM (VALUES (1, 10, 10, false), (NULL, NULL, NULL, false), (NULL, -5, 10, true), (NULL, 5, -10, true)) AS v(t, inactivity, max_duration, require_restart);
SELECT session_count(t, inactivity, false, false, max_duration, require_restart)
FROM (VALUES (timestamp '2020-01-01', interval '10 s', interval '10 s', false), (NULL, NULL, NULL, false),
             (NULL, '1 month', '10 s', true), (NULL, '5 s', '-10 s', true)) AS v(t, inactivity, max_duration, require_restart);

-- Zero is allowed: each instant is a session.  So is a year less 12 months,
-- which is nothing.
SELECT t, session_number(t, 0) OVER w AS number,
       session_number(timestamp '2020-01-01' + t * interval '1 us', interval '1 year -12 months') OVER w AS nothing
FROM (VALUES (1), (1), (2), (3)) AS v(t)
WINDOW w AS (ORDER BY t)
ORDER BY t;

--
-- R16: max_duration
--
SELECT session_number(t, 10, max_duration => -1) OVER (ORDER BY t) FROM (VALUES (1)) AS v(t);
\echo :SQLSTATE
SELECT session_number(t, interval '1 day', max_duration => interval '-1 s') OVER (ORDER BY t) FROM (VALUES (timestamptz '2020-01-01')) AS v(t);
\echo :SQLSTATE
SELECT session_number(t, interval '1 day', max_duration => interval '1 year') OVER (ORDER BY t) FROM (VALUES (timestamptz '2020-01-01')) AS v(t);
\echo :SQLSTATE
SELECT sessions(t, interval '1 day', false, false, interval '1 month') FROM (VALUES (timestamp '2020-01-01')) AS v(t);
\echo :SQLSTATE
-- It must be the same for all rows of a partition or group ...
SELECT session_number(t, 10, false, false, m) OVER (ORDER BY t) FROM (VALUES (1, 10), (2, 20)) AS v(t, m);
\echo :SQLSTATE
SELECT session_number(t, 10, false, false, m) OVER (ORDER BY t) FROM (VALUES (1, 10), (2, NULL)) AS v(t, m);
\echo :SQLSTATE
SELECT session_number(t, 10, false, false, m) OVER (ORDER BY t) FROM (VALUES (1, NULL), (2, 10)) AS v(t, m);
\echo :SQLSTATE
SELECT session_count(t, interval '1 day', false, false, m)
FROM (VALUES (timestamp '2020-01-01', interval '1 day'), ('2020-01-02', '1 day 00:00:00.000001')) AS v(t, m);
\echo :SQLSTATE
SELECT session_count(t, interval '1 day', false, false, m)
FROM (VALUES (timestamp '2020-01-01', interval '1 day'), ('2020-01-02', NULL)) AS v(t, m);
\echo :SQLSTATE
-- ... but not for all partitions, and a day is 24 hours.
SELECT actor, t, session_number(t, 10, false, false, m) OVER (PARTITION BY actor ORDER BY t) AS number
FROM (VALUES ('a', 1, 5), ('a', 9, 5), ('b', 1, 10), ('b', 9, 10), ('c', 1, NULL), ('c', 9, NULL)) AS v(actor, t, m)
ORDER BY actor, t;
SELECT t, session_number(t, interval '1 day', false, false, m) OVER (ORDER BY t) AS number
FROM (VALUES (timestamp '2020-01-01', interval '1 day'), ('2020-01-02', '24:00'), ('2020-01-02 00:00:01', '86400 s')) AS v(t, m)
ORDER BY t;
SELECT actor, session_count(t, interval '1 day', false, false, m)
FROM (VALUES ('a', timestamp '2020-01-01', interval '1 day'), ('a', '2020-01-02', '24:00'), ('b', '2020-01-01', '1 hour'), ('b', '2020-01-02', '1 hour')) AS v(actor, t, m)
GROUP BY actor ORDER BY actor;
-- Zero is allowed: each instant is a session.
SELECT t, session_number(t, 10, max_duration => 0) OVER (ORDER BY t) AS number FROM (VALUES (1), (1), (2)) AS v(t);

--
-- R16: require_restart must be the same, too; NULL is false.
--
SELECT session_number(t, 10, true, false, NULL, q) OVER (ORDER BY t) FROM (VALUES (1, true), (2, false)) AS v(t, q);
\echo :SQLSTATE
SELECT session_number(t, 10, true, false, NULL, q) OVER (ORDER BY t) FROM (VALUES (1, NULL), (2, true)) AS v(t, q);
\echo :SQLSTATE
SELECT session_count(t, interval '1 day', true, false, NULL, q)
FROM (VALUES (timestamp '2020-01-01', true), ('2020-01-02', false)) AS v(t, q);
\echo :SQLSTATE
SELECT t, session_number(t, 10, NULL, NULL, NULL, q) OVER (ORDER BY t) AS number FROM (VALUES (1, NULL), (2, false)) AS v(t, q);
SELECT session_count(t, interval '1 day', NULL, NULL, NULL, q) FROM (VALUES (timestamp '2020-01-01', NULL), ('2020-01-02', false)) AS v(t, q);

-- Every function again: max_duration, and what must be the same.
SELECT rows,
       (SELECT string_agg(DISTINCT pg_temp.try(format('SELECT %s(t, interval ''1 day'', true, false, m, q) OVER (ORDER BY t)
                                                       FROM (VALUES %s) AS v(t, m, q)', name, rows)), ', ')
        FROM window_function) AS window_functions,
       (SELECT string_agg(DISTINCT pg_temp.try(format('SELECT %s(t, interval ''1 day'', true, false, m, q)
                                                       FROM (VALUES %s) AS v(t, m, q)', name, rows)), ', ')
        FROM aggregate_function) AS aggregates
FROM (VALUES ($$(now(), interval '-1 s', true)$$),
             ($$(now(), interval '1 month', true)$$),
             ($$(now(), interval '0', true)$$),
             ($$(now(), interval '1 s', true), (now(), '2 s', true)$$),
             ($$(now(), interval '1 s', true), (now(), NULL, true)$$),
             ($$(now(), NULL::interval, true), (now(), NULL, false)$$),
             ($$(now(), NULL::interval, NULL), (now(), NULL, false)$$)) AS v(rows);

--
-- PostgreSQL 17 and later: infinite intervals.  Before, there are none; the
-- output is the same.
--
DO $$
DECLARE
    query text;
    answer text;
BEGIN
    IF current_setting('server_version_num')::int >= 170000 THEN
        FOREACH query IN ARRAY ARRAY[
            'SELECT session_number(now(), interval ''infinity'') OVER ()',
            'SELECT session_number(now(), interval ''-infinity'') OVER ()',
            'SELECT session_number(now(), interval ''1 s'', max_duration => ''infinity'') OVER ()',
            'SELECT session_number(now(), interval ''1 s'', max_duration => ''-infinity'') OVER ()',
            'SELECT session_count(now(), interval ''infinity'')',
            'SELECT session_count(now(), interval ''1 s'', false, false, ''infinity'')',
            'SELECT inactivity(interval ''infinity'')',
            'SELECT inactivity(interval ''-infinity'')']
        LOOP
            answer := pg_temp.try(query);
            IF answer <> '22023' THEN
                RAISE WARNING '% from %', answer, query;
            END IF;
        END LOOP;
        -- an infinite interval belonging to no event is none
        IF pg_temp.try('SELECT session_number(NULL::timestamp, interval ''infinity'') OVER ()') <> 'ok' THEN
            RAISE WARNING 'infinite inactivity of a row without a time';
        END IF;
    END IF;
END $$;

--
-- inactivity(): checks, and gives back pure time
--
SELECT inactivity(i), i FROM (VALUES (interval '30 min'), ('1 day'), ('1 day -23:50'), ('36 hours'), ('1 year -12 months 5 s'), ('0'), (NULL)) AS v(i);
-- Beyond 64 bits it gives the longest pure time, and that means never as well:
-- inactivity() does not change what an inactivity means.
SELECT inactivity(interval '2000000000 days');
SELECT t, session_number(t, i) OVER w AS plain, session_number(t, inactivity(i)) OVER w AS normalised
FROM (VALUES (timestamp '-infinity'), ('4714-11-24 00:00:00 BC'), ('294276-12-31'), ('infinity')) AS v(t),
     (VALUES (interval '2000000000 days')) AS g(i)
WINDOW w AS (ORDER BY t)
ORDER BY t;
SELECT inactivity(interval '1 month');
\echo :SQLSTATE
SELECT inactivity(interval '-1 s');
\echo :SQLSTATE

--
-- R2: the window must be ordered by event time
--
SELECT session_number(t, 10) OVER (ORDER BY t DESC) FROM (VALUES (1), (2)) AS v(t);
\echo :SQLSTATE
SELECT session_number(t, 10) OVER () FROM (VALUES (1), (2)) AS v(t);
\echo :SQLSTATE
SELECT session_number(t, 10) OVER (PARTITION BY actor) FROM (VALUES ('a', 1), ('b', 5), ('a', 2)) AS v(actor, t);
\echo :SQLSTATE
-- another column that goes the other way, or whose peers differ in time
SELECT session_number(t, 10) OVER (ORDER BY k) FROM (VALUES (1, 5), (2, 6), (3, 4)) AS v(k, t);
\echo :SQLSTATE
SELECT session_number(t, 10) OVER (ORDER BY t / 10) FROM (VALUES (1), (2), (11)) AS v(t);
\echo :SQLSTATE
-- every function notices, also at the far end of a partition
SELECT "window",
       (SELECT string_agg(DISTINCT pg_temp.try(format('SELECT %s(t, 1000) OVER (%s)
                                                       FROM (SELECT g, CASE WHEN g = 300 THEN 0 ELSE g END FROM generate_series(1, 300) AS g) AS v(k, t)', name, "window")), ', ')
        FROM window_function) AS window_functions
FROM (VALUES ('ORDER BY t'), ('ORDER BY t DESC'), (''), ('ORDER BY k'), ('ORDER BY t / 299'), ('ORDER BY t, k')) AS v("window");
-- a row without a time between them hides nothing, and changes nothing
SELECT session_number(t, 10) OVER (ORDER BY k) FROM (VALUES (1, 5), (2, NULL), (3, 4)) AS v(k, t);
\echo :SQLSTATE
SELECT k, t, session_number(t, 10) OVER (ORDER BY k) AS number FROM (VALUES (1, 5), (1, NULL), (2, NULL), (3, 5)) AS v(k, t);
-- one instant has no order to be wrong
SELECT t, session_number(t, 10) OVER () AS number FROM (VALUES (5), (5)) AS v(t);
SELECT t, session_number(t, 10) OVER (ORDER BY t DESC) AS number FROM (VALUES (5), (5), (NULL)) AS v(t);

--
-- Calls that PostgreSQL itself refuses
--
SELECT session_number(1, 10);
\echo :SQLSTATE
SELECT pg_temp.try('SELECT session_number(1) OVER ()') AS too_few,
       pg_temp.try('SELECT session_number(1, 10, true, true, 10, true, true) OVER ()') AS too_many,
       pg_temp.try('SELECT session_number(now(), 10) OVER ()') AS timestamptz_bigint,
       pg_temp.try('SELECT session_number(1, interval ''1 s'') OVER ()') AS bigint_interval,
       pg_temp.try('SELECT session_number(now(), interval ''1 s'', true, true, 10) OVER ()') AS mixed_cap,
       pg_temp.try('SELECT session_number(1.5, 10) OVER ()') AS numeric,
       pg_temp.try('SELECT session_number(1, 10, 1) OVER ()') AS integer_flag;
SELECT pg_temp.try('SELECT session_count(now())') AS too_few,
       pg_temp.try('SELECT session_count(now(), interval ''1 s'', true, true, interval ''1 s'', true, true)') AS too_many,
       pg_temp.try('SELECT session_count(now(), 10)') AS timestamptz_bigint,
       pg_temp.try('SELECT session_count(now(), interval ''1 s'', true, true, 10)') AS mixed_cap,
       pg_temp.try('SELECT sessions(1, 10)') AS bigint;

--
-- The ends of the range: no error, and exact
--

-- timestamp: from the first to the last moment it can hold.  106751991 days
-- (292,271 years) are the longest whole days in 64 bits, the range is longer:
-- that pause cannot be represented, and is longer than any inactivity but
-- never.
SELECT t, session_number(t, interval '1 us') OVER w AS microsecond,
       session_number(t, interval '106751991 days') OVER w AS long,
       session_number(t, interval '9223372036854775806 us') OVER w AS longest,
       session_number(t, interval '106751992 days') OVER w AS never, want
FROM (VALUES (timestamp '4714-11-24 00:00:00 BC', '1 1 1 1'), (timestamp '4714-11-24 00:00:00.000001 BC', '1 1 1 1'),
             (timestamp '294276-12-31 23:59:59.999998', '2 2 2 1'), (timestamp '294276-12-31 23:59:59.999999', '2 2 2 1')) AS v(t, want)
WINDOW w AS (ORDER BY t)
ORDER BY t;
SELECT t, session_number(t, interval '1 us') OVER w AS microsecond,
       session_number(t, interval '106751991 days') OVER w AS long,
       session_number(t, interval '9223372036854775806 us') OVER w AS longest,
       session_number(t, interval '106751992 days') OVER w AS never, want
FROM (VALUES (timestamptz '-infinity', '1 1 1 1'), (timestamptz '4714-11-24 00:00:00+00 BC', '2 2 2 1'),
             (timestamptz '2000-01-01 00:00:00+00', '3 2 2 1'),
             (timestamptz '294276-12-31 23:59:59.999999+00', '4 2 2 1'), (timestamptz 'infinity', '5 3 3 1')) AS v(t, want)
WINDOW w AS (ORDER BY t)
ORDER BY t;
-- the same for max_duration: start + max_duration beyond the range is no cap
-- for finite times
SELECT t, session_number(t, interval '2000000000 days', max_duration => interval '106751991 days') OVER w AS capped, want
FROM (VALUES (timestamp '4714-11-24 00:00:00 BC', 1), (timestamp '2000-01-01', 1), (timestamp '294276-12-31 23:59:59.999999', 2),
             (timestamp 'infinity', 3)) AS v(t, want)
WINDOW w AS (ORDER BY t)
ORDER BY t;
SELECT t, session_number(t, interval '2000000000 days', max_duration => interval '106751991 days') OVER w AS capped, want
FROM (VALUES (timestamp '2000-01-01', 1), (timestamp '294276-12-31 23:59:59.999999', 1), (timestamp 'infinity', 2)) AS v(t, want)
WINDOW w AS (ORDER BY t)
ORDER BY t;
SELECT session_count(t, interval '1 us') AS microsecond, session_count(t, interval '106751991 days') AS long,
       session_count(t, interval '106751992 days') AS never, time_in_session(t, interval '1 us'), '5 3 1 00:00:00' AS want
FROM (VALUES (timestamptz '-infinity'), ('4714-11-24 00:00:00+00 BC'), ('2000-01-01 00:00:00+00'),
             ('294276-12-31 23:59:59.999999+00'), ('infinity')) AS v(t);

-- bigint: every value is an ordinary time, the first and the last too; nothing
-- stands for infinity.
SELECT t, session_number(t, 1) OVER w AS one,
       session_number(t, 9223372036854775806) OVER w AS nearly_all,
       session_number(t, 9223372036854775807) OVER w AS longest,
       session_number(t, 9223372036854775807, max_duration => 9223372036854775807) OVER w AS capped,
       session_number(t, 9223372036854775807, max_duration => 1) OVER w AS cap_one, want
FROM (VALUES (-9223372036854775808, '1 1 1 1 1'), (-9223372036854775807, '1 1 1 1 1'), (0, '2 2 1 2 2'), (1, '2 2 1 2 2'),
             (9223372036854775806, '3 2 1 2 3'), (9223372036854775807, '3 2 1 2 3')) AS v(t, want)
WINDOW w AS (ORDER BY t)
ORDER BY t;
-- a pause of 2^63 or more fits no bigint
SELECT t, session_number(t, 9223372036854775807) OVER w AS number, want,
       session_start(t, 9223372036854775807) OVER w AS start, session_end(t, 9223372036854775807) OVER w AS "end"
FROM (VALUES (-9223372036854775808, 1), (0, 2), (9223372036854775807, 2)) AS v(t, want)
WINDOW w AS (ORDER BY t)
ORDER BY t;
SELECT t, session_number(t, 4) OVER w AS four, session_number(t, 5) OVER w AS five, want
FROM (VALUES (9223372036854775802, '1 1'), (9223372036854775807, '2 1')) AS v(t, want)
WINDOW w AS (ORDER BY t)
ORDER BY t;
