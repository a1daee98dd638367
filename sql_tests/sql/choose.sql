--
-- choose.sql: compare(), gap_histogram() and explain_session().  "Rn" are the
-- rules of the session semantics.
--
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS sessionize;
CREATE SCHEMA choose;
RESET client_min_messages;
SET search_path = choose;
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET intervalstyle = 'postgres';
SET extra_float_digits = 0;
\pset null '(null)'
\set SHOW_CONTEXT never

--
-- Worked out by hand
--
CREATE TABLE events (user_id int, ts timestamptz, event text);
INSERT INTO events VALUES
    (1, '2020-01-01 10:00', 'login'),
    (1, '2020-01-01 10:10', 'view'),
    (1, '2020-01-01 10:40', 'view'),        -- exactly 30 minutes: R3, stays
    (1, '2020-01-01 11:10:00.000001', 'view'),
    (1, '2020-01-01 11:30', 'logout'),      -- R2: one instant with the next
    (1, '2020-01-01 11:30', 'view'),
    (1, '2020-01-01 11:31', 'view'),
    (2, '2020-01-01 09:00', 'view'),
    (2, '2020-01-01 09:00', 'view'),
    (NULL, '2020-01-01 09:01', 'view'),     -- R1: nobody's
    (2, NULL, 'view');                      -- R1: never
SELECT sessionize.define_session('visit', 'events', 'user_id', 'ts', '30 min');

-- No others given: the current one.  At 10 minutes, user 1 has the sessions
-- 10:00-10:10, 10:40, 11:10, 11:30-11:31, user 2 the one of two events.
SELECT * FROM sessionize.compare('visit');
SELECT * FROM sessionize.compare('visit', '10 min', '30 min', '1 day', '0', '10 min');
SELECT * FROM sessionize.compare('visit', VARIADIC ARRAY['29:59.999999', '30:00.000001']::interval[]);
SELECT * FROM sessionize.compare(name => 'visit', VARIADIC inactivity => '{}');

-- Of user 1's pauses one lies exactly at the end of its bucket, one a
-- microsecond behind; that of the peers is none.
SELECT * FROM sessionize.gap_histogram('events', 'user_id', 'ts');
SELECT * FROM sessionize.gap_histogram('events', 'user_id', 'ts', $$event <> 'view'$$) WHERE pauses > 0;

-- Boundaries, and last of all what came after the last event.
SELECT session_number, event_time, CASE WHEN event_time IS NOT NULL THEN pause END AS pause,
       boundary, is_restart, is_end
FROM sessionize.explain_session('visit', 1);
SELECT sessionize.define_session('login', 'events', 'user_id', 'ts', '15 min',
    restart_on => $$event = 'login'$$, end_on => $$event = 'logout'$$, max_duration => '25 min');
SELECT session_number, event_time, CASE WHEN event_time IS NOT NULL THEN pause END AS pause,
       boundary, is_restart, is_end
FROM sessionize.explain_session('login', 1);

-- Of an instant (R2), restart events come first, with the boundary, and end
-- events last.
INSERT INTO events VALUES (3, '2020-01-01 12:00', 'view'), (3, '2020-01-01 12:05', 'logout'),
    (3, '2020-01-01 12:05', 'view'), (3, '2020-01-01 12:05', 'login'), (3, '2020-01-01 12:06', 'view');
SELECT session_number, event_time, CASE WHEN event_time IS NOT NULL THEN pause END AS pause,
       boundary, is_restart, is_end
FROM sessionize.explain_session('login', 3);

-- What began otherwise is no session (R8), and its boundaries are explained.
-- Nothing is open after such a run.
SELECT sessionize.alter_session('login', 'require_restart', 'true');
SELECT session_number, event_time, boundary FROM sessionize.explain_session('login', 1);
SELECT session_number, event_time, boundary FROM sessionize.explain_session('login', 2);

-- Ends of the last session: by the clock as long as no end event did (R11).
CREATE TABLE recent (user_id int, ts timestamptz, done boolean);
INSERT INTO recent VALUES
    (1, now() - interval '10 min', false), (2, now() - interval '40 min', false),
    (3, now() - interval '100 min', false), (3, now() - interval '80 min', false),
    (3, now() - interval '60 min', false), (3, now() - interval '40 min', false),
    (4, now() - interval '10 min', true), (5, now() + interval '10 min', false);
SELECT sessionize.define_session('recent visit', 'recent', 'user_id', 'ts', '30 min',
    end_on => 'done', max_duration => '65 min');
SELECT u, session_number, boundary, pause > '10 min' AND pause < '11 min' AS ten_minutes, pause IS NULL AS no_pause,
       is_restart, is_end
FROM generate_series(1, 5) AS u, sessionize.explain_session('recent visit', u) WHERE event_time IS NULL;

-- Infinite times: a pause to one is longer than any inactivity (R15).
INSERT INTO recent VALUES (6, '-infinity', false), (6, '-infinity', false), (6, '2020-01-01', false), (6, 'infinity', false);
SELECT session_number, event_time, pause, boundary FROM sessionize.explain_session('recent visit', 6);
SELECT inactivity, sessions, time_in_session FROM sessionize.compare('recent visit', '100000000 days');
SELECT pauses, sessions_at_pause_to FROM sessionize.gap_histogram('recent', 'user_id', 'ts', 'user_id = 6') WHERE pause_to IS NULL;

-- Nobody there.
SELECT * FROM sessionize.explain_session('visit', 99);
SELECT * FROM sessionize.explain_session('visit', NULL);
SELECT * FROM sessionize.explain_session('visit', NULL::int);
CREATE TABLE no_events (LIKE events);
SELECT sessionize.define_session('nothing', 'no_events', 'user_id', 'ts', '30 min');
SELECT * FROM sessionize.compare('nothing', '1 h');
SELECT count(*), sum(pauses) AS pauses, sum(sessions_at_pause_to) AS sessions, count(share) AS shares
FROM sessionize.gap_histogram('no_events', 'user_id', 'ts');

--
-- Against SQL by hand, on made-up events: ties, and pauses of exactly 5, 30 and
-- 60 minutes among others
--
CREATE FUNCTION draw(n int, k int) RETURNS int LANGUAGE sql IMMUTABLE
    RETURN get_byte(sha256(n::text::bytea), k);
CREATE TABLE many AS
    SELECT draw(n, 0) % 40 AS user_id, 'd' || draw(n, 1) % 2 AS device,
           timestamptz '2024-03-29' + sum((ARRAY[0, 0, 1, 5, 7, 30, 60, 1441])[1 + draw(n, 2) % 8] * interval '1 min'
                                          + draw(n, 5) / 250 * interval '1 us')
               OVER (PARTITION BY draw(n, 0) % 40 ORDER BY n) AS ts,
           draw(n, 3) % 12 = 0 AS login, CASE draw(n, 4) % 15 WHEN 0 THEN true WHEN 1 THEN false END AS logout, n
    FROM generate_series(1, 4000) AS n;
CREATE INDEX many_user_ts ON many (user_id, ts);
ANALYZE many;
SELECT sessionize.define_session('many visit', 'many', 'user_id', 'ts', '30 min');

CREATE VIEW compared AS
SELECT * FROM sessionize.compare('many visit', '0', '1 min', '00:04:59.999999', '5 min', '1 h', '1 day', '2 days');
CREATE VIEW compared_by_hand AS
WITH pause AS (
    SELECT i, user_id, ts, ts - lag(ts) OVER (PARTITION BY i, user_id ORDER BY ts) > i IS NOT FALSE AS cuts
    FROM many, unnest('{30 min,0,1 min,00:04:59.999999,5 min,1 h,24 h,48 h}'::interval[]) AS i
), numbered AS (
    SELECT *, sum(cuts::int) OVER (PARTITION BY i, user_id ORDER BY ts) AS n FROM pause
), session AS (
    SELECT i, user_id, n, max(ts) - min(ts) AS duration, count(*) AS events FROM numbered GROUP BY i, user_id, n
)
SELECT i AS inactivity, i = '30 min' AS is_current, count(*) AS sessions,
       count(*)::float8 / count(DISTINCT user_id) AS per_actor, avg((events = 1)::int)::float8 AS single,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY duration) AS median,
       percentile_cont(0.9) WITHIN GROUP (ORDER BY duration) AS p90, sum(duration) AS total
FROM session GROUP BY i;
SELECT count(*) AS rows, count(DISTINCT sessions) AS different FROM compared;
(SELECT * FROM compared EXCEPT SELECT * FROM compared_by_hand) UNION ALL
(SELECT * FROM compared_by_hand EXCEPT SELECT * FROM compared);

SELECT h.*
FROM sessionize.gap_histogram('many', 'user_id', 'ts') AS h,
     LATERAL (SELECT count(*) FILTER (WHERE pause > h.pause_from AND (pause <= h.pause_to OR h.pause_to IS NULL)) AS pauses,
                     count(*) AS all_pauses
              FROM (SELECT ts - lag(ts) OVER (PARTITION BY user_id ORDER BY ts) AS pause
                    FROM (SELECT DISTINCT user_id, ts FROM many) AS instant) AS p
              WHERE pause IS NOT NULL) AS by_hand
WHERE h.pauses <> by_hand.pauses OR h.share <> by_hand.pauses::float8 / by_hand.all_pauses;
-- ... and its sessions are those that compare() finds.
SELECT count(*) AS same FROM sessionize.gap_histogram('many', 'user_id', 'ts') AS h,
    sessionize.compare('many visit', coalesce(h.pause_to, '100000 days')) AS c
WHERE NOT c.is_current AND c.sessions = h.sessions_at_pause_to;

--
-- With all rules, compare() says what the views would say, and
-- explain_session() what they do say.
--
CREATE VIEW many_local AS SELECT user_id, device, ts AT TIME ZONE 'Europe/Berlin' AS ts, login, logout, n FROM many;
SELECT sessionize.define_session('rules', 'many', 'user_id', 'ts', '30 min',
    restart_on => 'login', end_on => 'logout', max_duration => '2 h', filter => 'n % 10 > 0');
SELECT sessionize.define_session('required', 'many', 'user_id', 'ts', '30 min',
    restart_on => 'login', end_on => 'logout', max_duration => '2 h', require_restart => true);
SELECT sessionize.define_session('kept', 'many', 'user_id AS candidate', 'ts', '30 min', restart_on => 'login',
    keep => $$event_count > 1 AND session_number > 1 AND started_by <> 'restart' AND NOT is_open AND candidate < 38 AND session_id IS NOT NULL$$);
SELECT sessionize.define_session('two', 'many', 'user_id, upper(device) AS "The Device"', 'ts', '30 min',
    keep => $$"The Device" = 'D1' OR duration > '1 h'$$);
SELECT sessionize.define_session('metric', 'many', 'user_id, device', 'ts', '30 min', require_restart => true, restart_on => 'login');
SELECT sessionize.define_metric('metric', 'logouts', 'count(*)', filter => 'logout');
SELECT sessionize.alter_session('metric', 'keep', 'logouts > 0 AND event_count > 2');
SELECT sessionize.define_session('pair', 'many', 'user_id, upper(device) AS device', 'ts', '30 min', max_duration => '1 h');
SELECT sessionize.define_session('local', 'many_local', 'user_id', 'ts', '30 min', end_on => 'logout', max_duration => '10 h');
SELECT sessionize.define_session('day', 'many_local', 'device', 'ts::date', '1 day');

CREATE FUNCTION by_read(name text, actor text, i interval[]) RETURNS TABLE (
    inactivity interval, is_current boolean, sessions bigint, sessions_per_actor float8,
    single_event_share float8, median_duration interval, p90_duration interval, time_in_session interval)
LANGUAGE plpgsql AS $$
BEGIN
    FOR n IN 0 .. cardinality(i) LOOP
        inactivity := CASE n WHEN 0 THEN (SELECT d.inactivity FROM sessionize.session_definition AS d WHERE d.name = by_read.name) ELSE i[n] END;
        is_current := n = 0;
        EXECUTE format('SELECT count(*), count(*)::float8 / nullif(count(DISTINCT (%s)), 0), avg((event_count = 1)::int)::float8,
                percentile_cont(0.5) WITHIN GROUP (ORDER BY duration), percentile_cont(0.9) WITHIN GROUP (ORDER BY duration),
                coalesce(sum(duration), ''0'')
            FROM sessionize.read(NULL::%I, inactivity => %L)', actor, name, inactivity)
        INTO sessions, sessions_per_actor, single_event_share, median_duration, p90_duration, time_in_session;
        RETURN NEXT;
    END LOOP;
END $$;
SELECT d.name, c.rows, c.sessions > 0 AS has_sessions, c.different, c.rows = s.same AS same
FROM (VALUES ('rules', 'user_id'), ('required', 'user_id'), ('kept', 'candidate'), ('two', 'user_id, "The Device"'),
             ('metric', 'user_id, device'), ('local', 'user_id'), ('day', 'device')) AS d(name, actor),
     LATERAL (SELECT count(*) AS rows, max(sessions) AS sessions, count(DISTINCT time_in_session) AS different
              FROM sessionize.compare(d.name, '0', '6 min', '30 min', '1 h', '2 days')) AS c,
     LATERAL (SELECT count(*) AS same
              FROM (SELECT * FROM sessionize.compare(d.name, '0', '6 min', '30 min', '1 h', '2 days')
                    INTERSECT ALL
                    SELECT * FROM by_read(d.name, d.actor, '{0,6 min,30 min,1 h,2 days}')) AS i) AS s;

-- One row per event that counts, each session once, begun where and why the
-- view says; and ended so.
CREATE FUNCTION explained(name text, actor text, value text)
RETURNS TABLE (actors bigint, events bigint, wrong_begin bigint, wrong_end bigint, wrong_pause bigint)
LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY EXECUTE format('WITH actor AS (SELECT DISTINCT %1$s FROM %2$I),
        line AS (SELECT %1$s, l.* FROM actor, sessionize.explain_session(%2$L, %3$s) WITH ORDINALITY AS l),
        begun AS (SELECT %1$s, session_number, event_time AS started_at, boundary
                  FROM line WHERE session_number IS NOT NULL AND boundary IS NOT NULL AND event_time IS NOT NULL),
        last AS (SELECT DISTINCT ON (%1$s) %1$s, session_number, ended_by FROM %2$I ORDER BY %1$s, session_number DESC)
        SELECT (SELECT count(*) FROM actor), (SELECT count(*) FROM line WHERE event_time IS NOT NULL),
          (SELECT count(*) FROM (SELECT %1$s, session_number, started_at, started_by FROM %2$I EXCEPT ALL SELECT * FROM begun) AS x)
          + (SELECT count(*) FROM (SELECT * FROM begun EXCEPT ALL SELECT %1$s, session_number, started_at, started_by FROM %2$I) AS x),
          (SELECT count(*) FROM (SELECT %1$s, session_number, boundary FROM line WHERE event_time IS NULL EXCEPT ALL SELECT * FROM last) AS x),
          (SELECT count(*) FROM (SELECT pause, event_time - lag(event_time) OVER (PARTITION BY %1$s ORDER BY ordinality) AS p
                                 FROM line WHERE event_time IS NOT NULL) AS x WHERE pause IS DISTINCT FROM p)',
        actor, name, value);
END $$;
SELECT d.name, e.*
FROM (VALUES ('many visit', 'user_id', 'user_id'), ('rules', 'user_id', 'user_id'), ('required', 'user_id', 'user_id'),
             ('local', 'user_id', 'user_id'), ('pair', 'user_id, device', 'user_id, device')) AS d(name, actor, value),
     LATERAL explained(d.name, d.actor, d.value) AS e;
SELECT count(*) AS events, count(*) FILTER (WHERE n % 10 > 0) AS filtered FROM many;

-- A timestamp is shown as PostgreSQL casts it; the pause stays exact where the
-- clocks change.
SET timezone = 'Europe/Berlin';
CREATE TABLE clock (who text, ts timestamp);
INSERT INTO clock VALUES ('Ann', '2024-03-31 01:30'), ('Ann', '2024-03-31 03:00'), ('Bob', '2024-03-31 01:30');
SELECT sessionize.define_session('clock visit', 'clock', 'lower(who) AS who', 'ts', '1 h');
SELECT session_number, event_time, pause, boundary FROM sessionize.explain_session('clock visit', 'ann') WHERE event_time IS NOT NULL;
SET timezone = 'UTC';
SELECT session_number, event_time, pause, boundary FROM sessionize.explain_session('clock visit', 'ann') WHERE event_time IS NOT NULL;

-- Actors of other types are compared as = would; two columns in their order.
SELECT count(*) FROM sessionize.explain_session('many visit', 7::smallint);
SELECT count(*) FROM sessionize.explain_session('many visit', 7::bigint);
SELECT count(*) FROM sessionize.explain_session('many visit', '7');
SELECT count(*) FROM sessionize.explain_session('many visit', VARIADIC ARRAY[7]);
SELECT count(*) FROM sessionize.explain_session('many visit', 5000000000);
SELECT count(*) FROM sessionize.explain_session('two', 7, 'D1');
SELECT count(*) FROM sessionize.explain_session('two', 7, 'D1'::varchar);
SELECT count(*) FROM sessionize.explain_session('two', 7, 'd1');
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE DOMAIN feeling AS mood;
CREATE TABLE felt (mood mood, feeling feeling, who int[], price numeric, day date, ts timestamptz);
INSERT INTO felt VALUES ('ok', 'sad', '{1,2}', 1.50, '2020-01-01', '2020-01-01 10:00');
SELECT sessionize.define_session('feel', 'felt', 'mood, feeling, price, day', 'ts', '1 h');
SELECT count(*) FROM sessionize.explain_session('feel', 'ok', 'sad', 1.5, '2020-01-01');
SELECT count(*) FROM sessionize.explain_session('feel', 'ok'::mood, 'sad'::feeling, 1.5::float8::numeric, timestamp '2020-01-01');
SELECT count(*) FROM sessionize.explain_session('feel', 'ok', 'sad'::mood, 1, '2020-01-01'::date);

--
-- How often the source is read: once; with metrics in "keep" once per row.
-- One actor's events are found by the index.
--
CREATE FUNCTION reads_of(query text) RETURNS TABLE (seq_scans bigint, index_scans bigint) LANGUAGE plpgsql AS $$
DECLARE
    before pg_stat_xact_user_tables;
    after pg_stat_xact_user_tables;
BEGIN
    SELECT * INTO before FROM pg_stat_xact_user_tables WHERE relid = 'many'::regclass;
    EXECUTE query;
    SELECT * INTO after FROM pg_stat_xact_user_tables WHERE relid = 'many'::regclass;
    RETURN QUERY SELECT after.seq_scan - before.seq_scan, after.idx_scan - before.idx_scan;
END $$;
BEGIN;
SET LOCAL enable_indexscan = off;
SET LOCAL enable_bitmapscan = off;
SET LOCAL enable_indexonlyscan = off;
SET LOCAL max_parallel_workers_per_gather = 0;
SELECT * FROM reads_of($$SELECT * FROM sessionize.compare('rules', '1 min', '5 min', '10 min', '1 h', '2 h')$$);
SELECT * FROM reads_of($$SELECT * FROM sessionize.compare('kept', '1 min', '5 min', '10 min', '1 h', '2 h')$$);
SELECT * FROM reads_of($$SELECT * FROM sessionize.compare('metric', '1 min', '5 min', '10 min', '1 h', '2 h')$$);
SELECT * FROM reads_of($$SELECT * FROM sessionize.gap_histogram('many', 'user_id', 'ts')$$);
COMMIT;
BEGIN;
SET LOCAL max_parallel_workers_per_gather = 0;
SELECT * FROM reads_of($$SELECT * FROM sessionize.explain_session('rules', 7)$$);
SELECT * FROM reads_of($$SELECT * FROM sessionize.explain_session('rules', 7::bigint)$$);
COMMIT;

--
-- With the caller's own rights
--
CREATE ROLE regress_choose_reader;
GRANT USAGE ON SCHEMA choose TO regress_choose_reader;
SELECT sessionize.alter_session('many visit', 'security_invoker', 'false');
SELECT sessionize.alter_session('many visit', 'readers', '{regress_choose_reader}');
SET ROLE regress_choose_reader;
SELECT count(*) > 0 AS may_read_the_view FROM "many visit";
\set VERBOSITY sqlstate
SELECT * FROM sessionize.compare('many visit');
SELECT * FROM sessionize.gap_histogram('many', 'user_id', 'ts');
SELECT * FROM sessionize.explain_session('many visit', 7);
\set VERBOSITY default
RESET ROLE;
GRANT SELECT ON many TO regress_choose_reader;
ALTER TABLE many ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON many FOR SELECT TO regress_choose_reader USING (user_id = 7);
SET ROLE regress_choose_reader;
SELECT sessions = sessions_per_actor AS one_actor FROM sessionize.compare('many visit', '1 h');
SELECT sessions_at_pause_to FROM sessionize.gap_histogram('many', 'user_id', 'ts') WHERE pause_to IS NULL;
SELECT count(*) > 0 AS own FROM sessionize.explain_session('many visit', 7);
SELECT count(*) AS others FROM sessionize.explain_session('many visit', 8);
RESET ROLE;
ALTER TABLE many DISABLE ROW LEVEL SECURITY;

-- Nothing is written, and the search_path is the caller's for names alone.
BEGIN READ ONLY;
SELECT count(*) FROM sessionize.compare('rules', '1 h');
SELECT count(*) FROM sessionize.gap_histogram('many', 'user_id', 'ts');
SELECT count(*) > 0 AS rows FROM sessionize.explain_session('rules', 7);
COMMIT;
CREATE SCHEMA other;
SET search_path = other, choose;
CREATE FUNCTION other.upper(text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT 'D0' $$;
SELECT sessionize.define_session('visit', 'events', 'user_id', 'ts', '5 min');
SELECT inactivity FROM sessionize.compare('visit');
SELECT count(*) FROM sessionize.explain_session('two', 7, 'D1');
SET search_path = choose;
SELECT inactivity FROM sessionize.compare('visit');
SELECT sessionize.alter_session('visit', 'name', 'Natalie''s "Visit"');
SELECT count(*) FROM sessionize.compare('Natalie''s "Visit"', '1 h');
SELECT count(*) FROM sessionize.explain_session('Natalie''s "Visit"', 2);
-- The source's columns may have any name.
CREATE TABLE odd ("time" timestamptz, event int, run text, number int, actor_1 int, previous int, session int);
INSERT INTO odd VALUES ('2020-01-01 10:00', 1, 'a', 1, 1, 1, 1), ('2020-01-01 11:00', 1, 'a', 1, 1, 1, 1);
SELECT sessionize.define_session('odd visit', 'odd', 'run, event, number, actor_1, previous, session', '"time"', '1 min',
    restart_on => 'number = 2', keep => 'session = 1');
SELECT inactivity, sessions FROM sessionize.compare('odd visit', '1 h');
SELECT sum(sessions_at_pause_to) FROM sessionize.gap_histogram('odd', 'run, event, number, actor_1, previous, session', '"time"');
SELECT session_number, event_time, boundary FROM sessionize.explain_session('odd visit', 'a', 1, 1, 1, 1, 1) WHERE event_time IS NOT NULL;

--
-- Bad input
--
SELECT * FROM sessionize.compare(NULL);
SELECT * FROM sessionize.compare('nobody', '1 h');
SELECT * FROM sessionize.compare('rules', NULL);
SELECT * FROM sessionize.compare('rules', VARIADIC NULL);
SELECT * FROM sessionize.compare('rules', '1 h', '-1 s');
SELECT * FROM sessionize.compare('rules', '1 month');
SELECT * FROM sessionize.compare('rules', '1 year');
SELECT * FROM sessionize.compare('rules', VARIADIC array_fill(interval '1 h', ARRAY[101]));
SELECT count(*) FROM sessionize.compare('rules', VARIADIC array_fill(interval '1 h', ARRAY[10, 10]));
SELECT * FROM sessionize.gap_histogram(NULL, 'user_id', 'ts');
SELECT * FROM sessionize.gap_histogram('many', NULL, 'ts');
SELECT * FROM sessionize.gap_histogram('many', 'user_id', NULL);
SELECT * FROM sessionize.gap_histogram(4294967295, 'user_id', 'ts');
SELECT * FROM sessionize.gap_histogram('many', '', 'ts');
SELECT * FROM sessionize.gap_histogram('many', 'upper(device)', 'ts');
SELECT * FROM sessionize.gap_histogram('many', 'nobody', 'ts');
SELECT * FROM sessionize.gap_histogram('many', 'user_id', 'n');
SELECT * FROM sessionize.gap_histogram('many', 'user_id', 'ts, ts');
SELECT * FROM sessionize.gap_histogram('many', 'user_id', 'ts', 'n');
SELECT * FROM sessionize.gap_histogram('many', 'user_id', 'ts', 'true) OR (true');
SELECT * FROM sessionize.gap_histogram('many', 'user_id', 'ts', 'random() < 1');
\set VERBOSITY sqlstate
SELECT * FROM sessionize.gap_histogram('many_user_ts', 'user_id', 'ts');
\set VERBOSITY default
SELECT * FROM sessionize.explain_session(NULL, 1);
SELECT * FROM sessionize.explain_session('nobody', 1);
SELECT * FROM sessionize.explain_session('rules', 1, 2);
SELECT * FROM sessionize.explain_session('two', 7);
SELECT * FROM sessionize.explain_session('rules', VARIADIC NULL::int[]);
SELECT * FROM sessionize.explain_session('rules', '7'::text);
SELECT * FROM sessionize.explain_session('rules', 7.5);
SELECT * FROM sessionize.explain_session('rules', 'seven');
SELECT * FROM sessionize.explain_session('two', 'D1'::text, 7);
-- The source is gone, the definition is not.
SET client_min_messages = error;
DROP TABLE odd CASCADE;
RESET client_min_messages;
SELECT * FROM sessionize.compare('odd visit');

\set ECHO none
SET client_min_messages = error;
SELECT count(sessionize.drop_session(name, true, schema)) AS dropped
FROM sessionize.session_definition WHERE schema IN ('choose', 'other') \gset
DROP SCHEMA choose, other CASCADE;
DROP ROLE regress_choose_reader;
