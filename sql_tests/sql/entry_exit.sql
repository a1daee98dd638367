--
-- entry_exit.sql: entry and exit columns, tie_break, and the aggregates
-- first_by() and last_by() that they are made of.  R18 of the semantics.
--
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS sessionize;
CREATE SCHEMA entry_exit;
RESET client_min_messages;
SET search_path = entry_exit;
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET intervalstyle = 'postgres';
\pset null '(null)'
\set SHOW_CONTEXT never

-- User 1: 10:00 (two events), 10:10, 10:20 (two events); then 12:00 alone.
-- User 2: 10:00 (three events, one without a page); 10:05 (two, one without).
-- The pages of an instant and its platforms are never smallest in one event.
CREATE TABLE hits (hit_id int, user_id int, ts timestamptz, page text, platform text, seq int);
INSERT INTO hits VALUES
    (1, 1, '2020-01-01 10:00', 'b', 'ios', 2),
    (2, 1, '2020-01-01 10:00', 'a', 'web', 3),
    (3, 1, '2020-01-01 10:10', 'm', 'ios', 1),
    (4, 1, '2020-01-01 10:20', 'x', 'web', 1),
    (5, 1, '2020-01-01 10:20', 'y', 'ios', NULL),
    (6, 1, '2020-01-01 12:00', NULL, 'app', 1),
    (7, 2, '2020-01-01 10:00', NULL, 'aaa', 1),
    (8, 2, '2020-01-01 10:00', 'c', 'web', 2),
    (9, 2, '2020-01-01 10:00', 'c', 'ios', 3),
    (10, 2, '2020-01-01 10:05', 'd', 'ios', 1),
    (11, 2, '2020-01-01 10:05', NULL, 'zzz', 1);

--
-- Without tie_break: by the listed values, in their order
--
-- user 1: of 10:00 a comes first, with web; of 10:20 y last, with ios.  The
-- smallest of each column would be (a, ios), the largest (y, web).
-- user 2: c before no page, and of two c ios; d after no page.
SELECT sessionize.define_session('visit', 'hits', 'user_id', 'ts', '30 min',
                                 entry => 'page, platform', exit => 'page, platform');
SELECT user_id, session_number AS n, entry_page, entry_platform, exit_page, exit_platform
FROM visit ORDER BY 1, 2;
-- the other way round: ios comes before web, with b; (x, web) after (y, ios);
-- user 2: (aaa, no page) first, (zzz, no page) last
SELECT sessionize.alter_session('visit', 'entry', 'platform, page');
SELECT sessionize.alter_session('visit', 'exit', 'platform, page AS "last page"');
SELECT user_id, session_number AS n, entry_platform, entry_page, exit_platform, "exit_last page"
FROM visit ORDER BY 1, 2;

--
-- With tie_break: by that, NULL last
--
-- seq: 2 before 3, so (b, ios); NULL comes after 1, so (y, ios).  user 2: 1 is
-- the event without a page; of 10:05 both have 1, so the values decide.
SELECT sessionize.define_session('visit', 'hits', 'user_id', 'ts', '30 min', tie_break => 'seq',
                                 entry => 'page, platform', exit => 'page, platform', replace => true);
SELECT user_id, session_number AS n, entry_page, entry_platform, exit_page, exit_platform
FROM visit ORDER BY 1, 2;
-- an expression, and more than one
SELECT sessionize.alter_session('visit', 'tie_break', '-seq, hit_id');
SELECT tie_break, entry, exit FROM sessionize.session_definition;
SELECT user_id, session_number AS n, entry_page, entry_platform, exit_page, exit_platform
FROM visit ORDER BY 1, 2;

-- Event numbers go by it, and so agree with entry and exit
SELECT user_id, session_number AS n, session_event_number AS event, hit_id, page, platform, seq
FROM visit_events ORDER BY 1, 2, 3;
SELECT count(*) AS sessions,
       count(*) FILTER (WHERE (first.page, first.platform) IS NOT DISTINCT FROM (v.entry_page, v.entry_platform)) AS entries_agree,
       count(*) FILTER (WHERE (last.page, last.platform) IS NOT DISTINCT FROM (v.exit_page, v.exit_platform)) AS exits_agree
FROM visit AS v
JOIN visit_events AS first ON first.session_id = v.session_id AND first.session_event_number = 1
JOIN visit_events AS last ON last.session_id = v.session_id AND last.session_event_number = v.event_count;

-- It never cuts: a restart event moves its whole instant, whichever comes first
SELECT sessionize.define_session('by_c', 'hits', 'user_id', 'ts', '30 min', tie_break => 'hit_id',
                                 restart_on => $$page IN ('a', 'd')$$, entry => 'page');
SELECT user_id, session_number AS n, event_count, started_by, entry_page FROM by_c ORDER BY 1, 2;
SELECT user_id, session_number AS n, session_event_number AS event, hit_id FROM by_c_events ORDER BY 1, 2, 3;
-- outside of sessions there are no numbers (R8), and those inside begin with 1
SELECT sessionize.alter_session('by_c', 'require_restart', 'true');
SELECT sessionize.alter_session('by_c', 'restart_on', $$page = 'x'$$);
SELECT user_id, session_number AS n, session_event_number AS event, hit_id FROM by_c_events ORDER BY 1, 2, 3;
SELECT sessionize.drop_session('by_c');

--
-- The same in whatever order the rows come, and by however many workers
--
CREATE TABLE many AS
SELECT id, 1 + h % 40 AS user_id, timestamp '2020-01-01' + (h / 40 % 3000) * interval '1 min' AS ts,
       NULLIF('p' || h / 120000 % 6, 'p5') AS page, (h / 720000 % 4) * 1.0 AS amount, (h / 7 % 3)::smallint AS seq,
       CASE WHEN id % 3 > 0 THEN md5((id % 11)::text)::uuid END AS token
FROM (SELECT id, ('x' || substr(md5(id::text), 1, 8))::bit(32)::bigint AS h FROM generate_series(1, 20000) AS id) AS draw;
SELECT sessionize.define_session('m', 'many', 'user_id', 'ts', '1 min', tie_break => '-seq',
                                 entry => 'page, amount, token', exit => 'token, page, (amount * 2)::int AS twice');
CREATE TABLE answer AS TABLE m;
-- by plain SQL: the one event that comes first, and last
WITH e AS (
    SELECT *, sessionize.session_number(ts, '1 min') OVER (PARTITION BY user_id ORDER BY ts) AS n FROM many
), plain AS (
    SELECT DISTINCT user_id, n,
           first_value(page) OVER f AS entry_page, first_value(amount) OVER f AS entry_amount, first_value(token) OVER f AS entry_token,
           first_value(token) OVER l AS exit_token, first_value(page) OVER l AS exit_page, first_value((amount * 2)::int) OVER l AS exit_twice
    FROM e
    WINDOW f AS (PARTITION BY user_id, n ORDER BY ts, -seq, page, amount, token),
           l AS (PARTITION BY user_id, n ORDER BY ts DESC, -seq DESC, token DESC NULLS LAST, page DESC NULLS LAST, (amount * 2)::int DESC NULLS LAST)
)
SELECT count(*) AS differ FROM (
    (SELECT user_id, session_number, entry_page, entry_amount, entry_token, exit_token, exit_page, exit_twice FROM answer
     EXCEPT TABLE plain)
    UNION ALL
    (TABLE plain EXCEPT
     SELECT user_id, session_number, entry_page, entry_amount, entry_token, exit_token, exit_page, exit_twice FROM answer)) AS d;
-- each column by itself would differ
SELECT count(*) > 0 AS columns_by_themselves_differ
FROM answer AS a
JOIN (SELECT user_id, session_number, sessionize.first(page, ts) AS page, sessionize.first(token, ts) AS token
      FROM m_events GROUP BY 1, 2) AS b USING (user_id, session_number)
WHERE (a.entry_page, a.entry_token) IS DISTINCT FROM (b.page, b.token);
CREATE TABLE shuffled AS SELECT * FROM many ORDER BY md5(id::text);
BEGIN;
DELETE FROM many;
INSERT INTO many SELECT * FROM shuffled;
SELECT count(*) AS differ FROM (TABLE m EXCEPT TABLE answer) AS d;
ROLLBACK;
-- the aggregates from parts of the rows: by workers, one partition each
CREATE TABLE parts (LIKE many) PARTITION BY HASH (id);
CREATE TABLE parts_0 PARTITION OF parts FOR VALUES WITH (MODULUS 3, REMAINDER 0);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES WITH (MODULUS 3, REMAINDER 1);
CREATE TABLE parts_2 PARTITION OF parts FOR VALUES WITH (MODULUS 3, REMAINDER 2);
INSERT INTO parts SELECT * FROM shuffled;
ANALYZE parts;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET enable_partitionwise_aggregate = on;
EXPLAIN (COSTS OFF)
SELECT user_id, sessionize.first_by(page, ts, seq, page, token), sessionize.last_by(token, ts, seq, page, token)
FROM parts GROUP BY user_id;
CREATE TABLE by_workers AS
SELECT user_id, sessionize.first_by(page, ts, seq, page, token) AS first, sessionize.first_by(token, ts, seq, page, token) AS first_token,
       sessionize.last_by(page, ts, seq, page, token) AS last, sessionize.last_by(token, ts, seq, page, token) AS last_token
FROM parts GROUP BY user_id;
SET max_parallel_workers_per_gather = 0;
SET enable_partitionwise_aggregate = off;
SELECT count(*) AS users, count(*) FILTER (WHERE w = s) AS same
FROM by_workers AS w
JOIN (SELECT user_id, (array_agg(page ORDER BY ts, seq, page, token))[1], (array_agg(token ORDER BY ts, seq, page, token))[1],
             (array_agg(page ORDER BY ts DESC, seq DESC, page DESC, token DESC))[1], (array_agg(token ORDER BY ts DESC, seq DESC, page DESC, token DESC))[1]
      FROM parts GROUP BY user_id) AS s (user_id, first, first_token, last, last_token) USING (user_id);
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
RESET max_parallel_workers_per_gather;
RESET enable_partitionwise_aggregate;

--
-- first_by() and last_by() by themselves
--
SELECT sessionize.first_by(v, t, k), sessionize.last_by(v, t, k)
FROM (VALUES ('one', 1::bigint, NULL::int), ('two', 1, 7), ('three', 2, 3), ('four', 2, NULL), ('none', NULL, 0)) AS x(v, t, k);
-- a value that is NULL wins if its keys do; no rows: NULL
SELECT sessionize.first_by(v, t, k), sessionize.last_by(v, t, k), sessionize.first_by(v, t, k) FILTER (WHERE false) AS nothing
FROM (VALUES (NULL, timestamp '2020-01-01', 1), ('b', '2020-01-01', 2)) AS x(v, t, k);
-- what the order calls equal goes by its bytes
SELECT sessionize.first_by(v, 1::bigint, v) AS first, sessionize.last_by(v, 1::bigint, v) AS last
FROM (VALUES (1.0), (1.00), (1.000)) AS x(v);
SELECT sessionize.first_by(v, 1::bigint, v) AS first, sessionize.last_by(v, 1::bigint, v) AS last
FROM (VALUES (1.000), (1.00), (1.0)) AS x(v);
-- the value needs no order of its own; each key has its own collation
SELECT sessionize.first_by(v, 1::bigint, a, b) AS first, sessionize.last_by(v, 1::bigint, a, b) AS last
FROM (VALUES ('{"n": 1}'::json, 'x' COLLATE "C", 'B' COLLATE "POSIX"), ('{"n": 2}', 'x', 'a')) AS x(v, a, b);
-- over windows, too
SELECT v, sessionize.first_by(v, 1::bigint, v) OVER (ORDER BY v ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING) AS first,
       sessionize.last_by(v, 1::bigint, v) OVER (ORDER BY v ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING) AS last
FROM generate_series(1, 4) AS v;
SELECT sessionize.first_by(1, now(), '{}'::json);
\echo :LAST_ERROR_SQLSTATE
SELECT sessionize.first_by(1, now());
\echo :LAST_ERROR_SQLSTATE

--
-- Picking sessions by entry and exit, in all three views
--
SELECT sessionize.define_session('visit', 'hits', 'user_id', 'ts', '30 min',
                                 entry => 'page', exit => 'platform', replace => true);
SELECT sessionize.define_metric('visit', 'hits', 'count(*)');
SELECT sessionize.define_metric('visit', 'hits from a', 'count(*)', session_filter => $$entry_page = 'a'$$);
SELECT sessionize.define_metric('visit', '2nd to no web', 'array_agg(hit_id ORDER BY hit_id)',
                                session_filter => $$exit_platform <> 'web'$$, nth => 2);
SELECT user_id, session_number AS n, entry_page, exit_platform, hits, "hits from a", "2nd to no web" FROM visit ORDER BY 1, 2;
SELECT user_id, hits, "hits from a", "2nd to no web" FROM visit_actors ORDER BY 1;
SELECT sessionize.alter_session('visit', 'keep', $$entry_page IS NOT NULL$$);
SELECT user_id, session_number AS n, hits, "2nd to no web" FROM visit ORDER BY 1, 2;
SELECT user_id, session_count, hits, "hits from a", "2nd to no web" FROM visit_actors ORDER BY 1;
SELECT user_id, session_number AS n, count(*) FROM visit_events GROUP BY 1, 2 ORDER BY 1, 2;
SELECT column_name, type, kind, label, definition FROM sessionize.fields
WHERE view_name = 'visit' AND column_name ~ '^(entry|exit)_';
-- what a condition names cannot go
SELECT sessionize.alter_session('visit', 'entry', NULL);
SELECT sessionize.alter_session('visit', 'keep', NULL);
SELECT sessionize.alter_session('visit', 'exit', NULL);
SELECT * FROM sessionize.check_definitions();
SELECT entry, exit FROM sessionize.session_definition WHERE name = 'visit';

--
-- Names of columns
--
SELECT sessionize.define_metric('visit', 'entry_page', 'count(*)');
\echo :LAST_ERROR_SQLSTATE
INSERT INTO sessionize.metric_definition (schema, session, name, position, aggregate)
VALUES ('entry_exit', 'visit', 'entry_page', 9, 'count(*)');
\echo :LAST_ERROR_SQLSTATE
SELECT sessionize.define_metric('visit', 'entry_other', 'count(*)');
SELECT sessionize.alter_session('visit', 'entry', 'page, seq AS other');
SELECT sessionize.alter_session('visit', 'entry', 'page, seq AS page');
-- ascending, as the hint says
SELECT sessionize.alter_session('visit', 'tie_break', 'seq DESC');
SELECT sessionize.define_session('bad', 'hits', 'page AS entry_page', 'ts', '30 min', entry => 'page');
\echo :LAST_ERROR_SQLSTATE
SELECT sessionize.define_session('bad', 'hits', 'user_id', 'ts', '30 min', entry => 'page AS "' || repeat('x', 58) || '"');
\echo :LAST_ERROR_SQLSTATE
SELECT sessionize.define_session('good', 'hits', 'user_id', 'ts', '30 min', entry => 'page AS "' || repeat('x', 57) || '"');
SELECT sessionize.drop_session('good');

--
-- Texts at their worst: each gives one error that names the field, and nothing
-- is stored
--
CREATE TABLE worse (field text, value text);
INSERT INTO worse
SELECT field, value
FROM unnest(ARRAY['entry', 'exit', 'tie_break']) AS field,
     unnest(ARRAY['', ' ', 'page,', ';', 'page; DROP TABLE hits', 'page /*', 'count(*) AS n', 'max(page) AS p',
                  'row_number() OVER () AS r', 'generate_series(1, 2) AS g', '(SELECT 1) AS s', 'random() AS r', 'nothing',
                  '*', 'page FROM hits', 'page) OR (true', 'ctid AS c, $1 AS d']) AS value;
INSERT INTO worse VALUES ('entry', 'upper(page)'), ('exit', '1'), ('tie_break', 'seq AS s'), ('tie_break', 'seq DESC'),
    ('entry', '''{}''::json AS j'), ('exit', 'point(1, 2) AS p'), ('tie_break', 'point(1, 2)'),
    ('entry', '(page COLLATE "C") || (platform COLLATE "POSIX") AS both');
DO $$
DECLARE w record; message text; code text; context text;
BEGIN
    FOR w IN SELECT * FROM worse LOOP
        BEGIN
            EXECUTE format('SELECT sessionize.define_session(''bad'', ''hits'', ''user_id'', ''ts'', ''30 min'', %s => %L)', w.field, w.value);
            RAISE WARNING 'accepted: % %', w.field, w.value;
        EXCEPTION WHEN OTHERS THEN
            GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, code = RETURNED_SQLSTATE, context = PG_EXCEPTION_CONTEXT;
            RAISE INFO '% % "%": %', code, w.field, w.value, message;
            IF message !~ w.field AND context !~ ('field "' || w.field || '"') THEN
                RAISE WARNING 'the field is not named: %', context;
            END IF;
        END;
    END LOOP;
END $$;
SELECT name FROM sessionize.session_definition ORDER BY 1;

--
-- Nothing is computed that is not asked for
--
CREATE FUNCTION boom(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RAISE EXCEPTION 'boom'; END $$;
SELECT sessionize.define_session('quiet', 'hits', 'user_id', 'ts', '30 min', tie_break => 'page', entry => 'boom(page) AS boom, page');
SELECT count(*), sum(event_count) FROM quiet;
SELECT count(*), max(session_number) FROM quiet_events;
SELECT session_count FROM quiet_actors ORDER BY user_id;
SELECT entry_page FROM quiet;
SET client_min_messages = warning;
DROP SCHEMA entry_exit CASCADE;
DELETE FROM sessionize.session_definition WHERE schema = 'entry_exit';
