--
-- direct_heap_scan.sql: a Session Scan that reads pages of a heap itself gives
-- what the nodes below it would have given, and tells EXPLAIN and the
-- statistics what they would have told.
--
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS sessionize;
CREATE SCHEMA direct_heap_scan;
RESET client_min_messages;
SET search_path = direct_heap_scan;
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET intervalstyle = 'postgres';
SET max_parallel_workers_per_gather = 0;
SET jit = off;
SET enable_sort = off;
\pset null '(null)'
\set SHOW_CONTEXT never
\set VERBOSITY terse

-- The query's rows, without the node, with it, and with it reading the heap:
-- how many there are, and how many only one of the answers has.
CREATE FUNCTION compare(query text) RETURNS TABLE (reading text, num_rows bigint, num_wrong bigint)
LANGUAGE plpgsql SET client_min_messages = warning AS $$
DECLARE
    mode text;
BEGIN
    DROP TABLE IF EXISTS pg_temp.right_rows;
    FOREACH mode IN ARRAY ARRAY['no node', 'by nodes', 'direct'] LOOP
        PERFORM set_config('sessionize.enable_session_scan', (mode <> 'no node')::text, true),
                set_config('sessionize.debug_require_session_scan', (mode <> 'no node')::text, true),
                set_config('sessionize.enable_direct_heap_scan', (mode = 'direct')::text, true);
        IF mode = 'no node' THEN
            EXECUTE 'CREATE TEMP TABLE right_rows AS ' || query;
            CONTINUE;
        END IF;
        EXECUTE 'CREATE TEMP TABLE these_rows AS ' || query;
        SELECT count(*) INTO num_rows FROM these_rows;
        SELECT (SELECT count(*) FROM (TABLE these_rows EXCEPT ALL TABLE right_rows) AS a)
             + (SELECT count(*) FROM (TABLE right_rows EXCEPT ALL TABLE these_rows) AS a) INTO num_wrong;
        DROP TABLE these_rows;
        FOR reading IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
            EXIT WHEN reading ~ 'Heap Reading';
            reading := 'by nodes';
        END LOOP;
        reading := trim(reading);
        RETURN NEXT;
    END LOOP;
END $$;

-- Every second EXPLAIN ANALYZE reads the heap itself: what is said below the node must not differ.
CREATE FUNCTION compare_analyzed(query text, OUT below text, OUT is_same boolean)
LANGUAGE plpgsql AS $$
DECLARE
    plan json;
    node json;
    others text;
BEGIN
    FOR i IN 0 .. 1 LOOP
        PERFORM set_config('sessionize.enable_direct_heap_scan', (i = 1)::text, true);
        -- hint bits are set and the first page is pruned by the first run
        EXECUTE 'EXPLAIN (ANALYZE, BUFFERS, COSTS OFF, TIMING OFF, SUMMARY OFF, FORMAT JSON) ' || query INTO plan;
        EXECUTE 'EXPLAIN (ANALYZE, BUFFERS, COSTS OFF, TIMING OFF, SUMMARY OFF, FORMAT JSON) ' || query INTO plan;
        others := below;
        node := plan #> '{0,Plan}';
        WHILE node ->> 'Custom Plan Provider' IS DISTINCT FROM 'Session Scan' LOOP
            node := COALESCE(node #> '{Plans,1}', node #> '{Plans,0}');
        END LOOP;
        node := COALESCE(node #> '{Plans,1}', node #> '{Plans,0}');
        below := '';
        WHILE node IS NOT NULL LOOP
            below := below || format('%s: rows %s, loops %s, removed %s%s, buffers %s; ', node ->> 'Node Type',
                                     (node ->> 'Actual Rows')::numeric::int, node ->> 'Actual Loops', node ->> 'Rows Removed by Filter',
                                     CASE WHEN node ->> 'Node Type' = 'Bitmap Heap Scan'
                                         THEN format(', by recheck %s, pages %s exact, %s lossy', node ->> 'Rows Removed by Index Recheck',
                                                     node ->> 'Exact Heap Blocks', node ->> 'Lossy Heap Blocks') END,
                                     CASE WHEN (node ->> 'Shared Hit Blocks')::int > 0 THEN node ->> 'Shared Hit Blocks' ELSE 'none' END);
            node := COALESCE(node #> '{Plans,1}', node #> '{Plans,0}');
        END LOOP;
    END LOOP;
    is_same := below = others;
    below := regexp_replace(below, 'buffers \d+', 'buffers some', 'g');
END $$;

-- What the statistics are told of a read of this table.
CREATE FUNCTION counted(direct boolean, source regclass, condition text, OUT seq_scans bigint, OUT seq_tuples bigint, OUT idx_scans bigint, OUT idx_tuples bigint)
LANGUAGE plpgsql AS $$
DECLARE
    before record;
BEGIN
    PERFORM set_config('sessionize.enable_direct_heap_scan', direct::text, true);
    SELECT * INTO before FROM pg_stat_xact_user_tables WHERE relid = source;
    EXECUTE format('SELECT count(n) FROM (SELECT sessionize.session_number(ts, ''5 min'') OVER (PARTITION BY user_id ORDER BY ts) AS n FROM %s WHERE %s) AS e', source, condition);
    SELECT seq_scan - before.seq_scan, seq_tup_read - before.seq_tup_read, idx_scan - before.idx_scan, idx_tup_fetch - before.idx_tup_fetch
        INTO seq_scans, seq_tuples, idx_scans, idx_tuples FROM pg_stat_xact_user_tables WHERE relid = source;
END $$;

--
-- Tuples
--

-- all kinds of width and alignment, and a NULL anywhere
CREATE TABLE wide (
    b boolean, s smallint, t timestamptz, c "char", i int, u uuid, f float4, n name, d date,
    short text, iv interval, num numeric, v varchar(20), l bigint, arr int[], last int);
INSERT INTO wide
SELECT CASE WHEN i % 7 > 0 THEN i % 2 = 0 END, CASE WHEN i % 11 > 0 THEN i % 50 END,
       CASE WHEN i % 13 > 0 THEN timestamptz '2024-01-01' + i * interval '1 min' END,
       chr(65 + i % 26)::"char", CASE WHEN i % 5 > 0 THEN i END, md5(i::text)::uuid,
       CASE WHEN i % 17 > 0 THEN i / 7.0 END, 'name ' || i, CASE WHEN i % 3 > 0 THEN date '2024-01-01' + i END,
       CASE WHEN i % 4 > 0 THEN repeat('x', i % 200) END, i * interval '1 s', CASE WHEN i % 6 > 0 THEN i / 3.0 END,
       'v' || i % 100, i, CASE WHEN i % 9 > 0 THEN ARRAY[i, i + 1] END, CASE WHEN i % 2 > 0 THEN -i END
FROM generate_series(1, 5000) AS i;
SELECT * FROM compare('SELECT w.*, sessionize.session_number(t, ''5 min'') OVER (PARTITION BY s ORDER BY t) FROM wide AS w');
SELECT * FROM compare('SELECT last, sessionize.session_number(t, ''5 min'') OVER (PARTITION BY s ORDER BY t) FROM wide AS w');
SELECT * FROM compare('SELECT l, num, sessionize.session_end(t, ''5 min'') OVER (PARTITION BY v ORDER BY t) FROM wide AS w');
SELECT * FROM compare('SELECT sessionize.session_number(t, iv * 3, b) OVER (PARTITION BY n ORDER BY t) FROM wide AS w');
SELECT * FROM compare('SELECT u, arr, sessionize.session_number(l, 1) OVER (ORDER BY l) FROM wide AS w');

-- columns that are gone, and columns that older tuples do not have
ALTER TABLE wide DROP COLUMN i, DROP COLUMN short;
ALTER TABLE wide ADD COLUMN added_int int DEFAULT 42, ADD COLUMN added_text text DEFAULT 'as it was',
    ADD COLUMN added_null numeric, ADD COLUMN added_ts timestamptz DEFAULT '2024-01-01 12:00';
INSERT INTO wide (s, t, added_int, added_text, added_null)
SELECT i % 50, timestamptz '2024-01-01' + i * interval '1 min', i, nullif('new ' || i, 'new 5'), i FROM generate_series(1, 500) AS i;
SELECT * FROM compare('SELECT w.*, sessionize.session_number(t, ''5 min'') OVER (PARTITION BY s ORDER BY t) FROM wide AS w');
SELECT * FROM compare('SELECT d, added_text, sessionize.session_number(added_ts, ''5 min'') OVER (PARTITION BY added_int ORDER BY added_ts) FROM wide AS w');

-- compressed, out of line, both, and neither
CREATE TABLE toasted (a int, t timestamptz, plain text, squeezed text, num numeric);
ALTER TABLE toasted ALTER plain SET STORAGE EXTERNAL;
INSERT INTO toasted
SELECT i % 5, timestamptz '2024-01-01' + i * interval '1 min', repeat(md5(i::text), i * 5), repeat('abc', i * 300), 10.0 ^ i
FROM generate_series(1, 200) AS i;
SELECT * FROM compare('SELECT w.*, sessionize.session_number(t, ''5 min'') OVER (PARTITION BY a ORDER BY t) FROM toasted AS w');
SELECT * FROM compare('SELECT upper(plain), length(squeezed), left(squeezed, 5000), sessionize.session_number(t, ''5 min'') OVER (PARTITION BY squeezed ORDER BY t) FROM toasted AS w WHERE length(plain) > 500');

-- no columns, no rows
CREATE TABLE empty (a int, t timestamptz);
SELECT * FROM compare('SELECT a, sessionize.session_number(t, ''5 min'') OVER (PARTITION BY a ORDER BY t) FROM empty');

--
-- Expressions
--
CREATE TABLE events (user_id int, ts timestamptz NOT NULL, event text, amount numeric, bytes bigint, kind "char");
INSERT INTO events
SELECT nullif(i % 97, 5), timestamptz '2024-01-01' + i * interval '11 s', (ARRAY['view', 'buy', 'login', NULL, ''])[1 + i * 7 % 5],
       nullif(i % 17, 3) / 4.0, nullif(i * 5000000000, 15000000000), chr(65 + i % 3)::"char"
FROM generate_series(1, 8000) AS i;
ANALYZE events;

-- conditions: NULL or false removes a row
SELECT c AS condition, compared.*
FROM unnest(ARRAY['ts IS NOT NULL', 'user_id IS NOT NULL', 'user_id IS NULL', 'event = ''buy''', 'event <> ''buy''', 'event = ''''',
                  '''buy'' = event', 'event = ''BUY'' COLLATE "C"', 'event > ''c''', 'event LIKE ''b%''', 'user_id = 7', 'user_id <> 7', '7 < user_id', 'user_id <= 7',
                  'user_id >= 7::bigint', 'bytes > 5', 'bytes > 20000000000', 'bytes = 5000000000', 'ts >= ''2024-01-01 12:00''', 'ts < now()',
                  'ts > now() - interval ''10 days''', 'ts > timestamp ''2024-01-01 12:00''', 'ts >= date ''2024-01-02''', 'amount > 3', 'kind = ''B''',
                  'event = ''buy'' AND user_id > 3 AND ts >= ''2024-01-01 01:00''', 'event = ''buy'' OR user_id > 90', 'NOT event = ''buy''',
                  'event IN (''buy'', ''login'')', 'event IS DISTINCT FROM ''buy''', 'event = NULL', 'user_id = NULL::int', 'true', 'false']) AS c,
     LATERAL compare('SELECT e.*, sessionize.session_number(ts, ''5 min'', event = ''login'') OVER (PARTITION BY user_id ORDER BY ts) FROM events AS e WHERE ' || c) AS compared
WHERE num_wrong > 0 OR reading ~ 'direct';

-- columns that have to be computed, some of them for some rows only
SELECT * FROM compare('SELECT user_id, event = ''buy'' AS bought, CASE WHEN event = ''buy'' THEN amount END AS paid,
    CASE WHEN event = ''buy'' THEN bytes ELSE -1 END AS other, CASE WHEN user_id > 3 THEN event END AS e,
    CASE WHEN amount > 0 THEN 1 / amount END AS x, event || ''!'' AS text, ARRAY[user_id, 1] || user_id AS arr, user_id IS NULL AS no_user, NOT event = ''buy'' AS not_bought,
    sessionize.session_number(ts, ''5 min'', event = ''login'', event = ''buy'') OVER (PARTITION BY user_id ORDER BY ts) FROM events AS e');
SELECT * FROM compare('SELECT sessionize.session_number(ts, ''5 min'', event = ''login'') OVER (PARTITION BY user_id % 10, lower(event) ORDER BY ts) FROM events AS e');
-- whole rows and system columns
SELECT * FROM compare('SELECT e, ctid AS at, xmin AS by, tableoid::regclass AS part, sessionize.session_number(ts, ''5 min'') OVER (PARTITION BY user_id ORDER BY ts) FROM events AS e WHERE (e).event = ''buy'' AND ctid <> ''(1,1)''');

-- parameters, known late
PREPARE since(timestamptz, text) AS
SELECT count(*), sum(n) FROM (SELECT sessionize.session_number(ts, '5 min', event = $2) OVER (PARTITION BY user_id ORDER BY ts) AS n FROM events WHERE ts >= $1) AS e;
SET plan_cache_mode = force_generic_plan;
EXECUTE since('2024-01-01 06:00', 'login');
EXECUTE since('2024-01-01 12:00', 'buy');
EXECUTE since(NULL, NULL);
SET sessionize.enable_direct_heap_scan = off;
EXECUTE since('2024-01-01 06:00', 'login');
EXECUTE since('2024-01-01 12:00', 'buy');
EXECUTE since(NULL, NULL);
RESET sessionize.enable_direct_heap_scan;
RESET plan_cache_mode;
SELECT * FROM compare('SELECT sessionize.session_number(ts, ''5 min'') OVER (PARTITION BY user_id ORDER BY ts) FROM events WHERE ts > (SELECT max(ts) - interval ''1 hour'' FROM events)');

-- read again and again, with other parameters
SELECT * FROM compare('SELECT l.l, e.* FROM generate_series(0, 4) AS l, LATERAL (SELECT user_id + l AS u, sessionize.session_number(ts, ''5 min'') OVER (PARTITION BY user_id ORDER BY ts) AS n FROM events WHERE user_id > 90 + l OFFSET 0) AS e');
SELECT * FROM compare('SELECT l.l, (SELECT max(n) FROM (SELECT sessionize.session_number(ts, ''5 min'') OVER (PARTITION BY user_id ORDER BY ts) AS n FROM events WHERE user_id > 90 + l OFFSET 0) AS e) FROM generate_series(0, 4) AS l');
SELECT * FROM compare('SELECT l.l, e.* FROM generate_series(0, 2) AS l LEFT JOIN LATERAL (SELECT user_id, sessionize.session_number(ts, ''5 min'') OVER (PARTITION BY user_id ORDER BY ts) AS n FROM events OFFSET 0) AS e ON e.n = l.l');

-- not read here: subqueries, samples, indexes, functions that return rows
SELECT * FROM compare('SELECT user_id, sessionize.session_number(ts, ''5 min'') OVER (PARTITION BY user_id ORDER BY ts) FROM events AS e WHERE amount > (SELECT sum(g) FROM generate_series(0, e.user_id % 3) AS g) OR event = ''buy''');
SELECT * FROM compare('SELECT user_id, sessionize.session_number(ts, ''5 min'') OVER (PARTITION BY user_id ORDER BY ts) FROM events TABLESAMPLE SYSTEM (50) REPEATABLE (1)');
SELECT * FROM compare('SELECT user_id, sessionize.session_number(ts, ''5 min'') OVER (PARTITION BY user_id ORDER BY ts) FROM (SELECT * FROM events LIMIT 50) AS e');
SELECT * FROM compare('SELECT i, sessionize.session_number(i::bigint, 1) OVER (PARTITION BY i % 3 ORDER BY i::bigint) FROM generate_series(1, 20) AS i');

--
-- Several tables
--
CREATE TABLE parts (id int, user_id int, ts timestamptz, event text, amount numeric) PARTITION BY RANGE (ts);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM ('2024-01-01') TO ('2024-01-02');
-- the same columns at other places
CREATE TABLE parts_2 (gone int, amount numeric, event text, gone_too text, ts timestamptz, user_id int, id int);
ALTER TABLE parts_2 DROP COLUMN gone, DROP COLUMN gone_too;
ALTER TABLE parts ATTACH PARTITION parts_2 FOR VALUES FROM ('2024-01-02') TO ('2024-01-03');
CREATE TABLE parts_3 PARTITION OF parts FOR VALUES FROM ('2024-01-03') TO ('2024-01-04');
CREATE TABLE parts_4 PARTITION OF parts DEFAULT;
INSERT INTO parts
SELECT i, i % 50, timestamptz '2024-01-01' + i * interval '29 s', CASE i % 3 WHEN 0 THEN 'buy' WHEN 1 THEN 'view' END, i / 8.0
FROM generate_series(1, 8000) AS i;
CREATE INDEX ON parts_3 (id);
ANALYZE parts;
SELECT * FROM compare('SELECT p.*, sessionize.session_number(ts, ''5 min'', event = ''buy'') OVER (PARTITION BY user_id ORDER BY ts) FROM parts AS p');
SELECT * FROM compare('SELECT event = ''buy'' AS b, CASE WHEN event = ''buy'' THEN amount END AS paid, tableoid::regclass AS part, sessionize.session_number(ts, ''5 min'', event = ''buy'') OVER (PARTITION BY user_id ORDER BY ts) FROM parts AS p WHERE user_id > 5');
-- one is left, or none
SELECT * FROM compare('SELECT id + 1 AS i, sessionize.session_number(ts, ''5 min'', event = ''buy'') OVER (PARTITION BY user_id ORDER BY ts) FROM parts WHERE ts < ''2024-01-02'' AND ts >= ''2024-01-01''');
SELECT * FROM compare('SELECT id, sessionize.session_number(ts, ''5 min'', event = ''buy'') OVER (PARTITION BY user_id ORDER BY ts) FROM parts WHERE ts < ''2024-01-01'' AND ts > ''2024-01-02''');
-- one by an index, the others read here
SELECT * FROM compare('SELECT id, user_id, event = ''buy'' AS b, upper(event) AS u, sessionize.session_number(ts, ''5 min'', event = ''buy'') OVER (PARTITION BY user_id ORDER BY ts) FROM parts WHERE id IN (17, 3000, 6000, 6001, 7900)');
-- chosen during execution
SET plan_cache_mode = force_generic_plan;
PREPARE one_part(timestamptz) AS SELECT count(*), sum(n) FROM (SELECT sessionize.session_number(ts, '5 min') OVER (PARTITION BY user_id ORDER BY ts) AS n FROM parts WHERE ts > $1) AS e;
EXECUTE one_part('2024-01-02 12:00');
EXECUTE one_part('2024-01-03 12:00');
RESET plan_cache_mode;
SELECT count(*), sum(n) FROM (SELECT sessionize.session_number(ts, '5 min') OVER (PARTITION BY user_id ORDER BY ts) AS n FROM parts WHERE ts > '2024-01-02 12:00') AS e;
SELECT * FROM compare('SELECT l.l, e.* FROM generate_series(0, 3) AS l, LATERAL (SELECT user_id, sessionize.session_number(ts, ''5 min'') OVER (PARTITION BY user_id ORDER BY ts) AS n FROM parts WHERE ts > timestamptz ''2024-01-01'' + l * interval ''1 day'' AND user_id > 30 + l OFFSET 0) AS e');
SELECT * FROM compare('SELECT l.l, e.* FROM generate_series(0, 3) AS l, LATERAL (SELECT user_id, sessionize.session_number(ts, ''5 min'') OVER (PARTITION BY user_id ORDER BY ts) AS n FROM parts WHERE user_id > 30 + l OFFSET 0) AS e');

-- inheritance, and UNION ALL with columns that are the same in all rows of a branch
CREATE TABLE child (extra text) INHERITS (events);
INSERT INTO child SELECT e.*, 'extra' FROM events AS e WHERE user_id < 9;
SELECT * FROM compare('SELECT e.*, sessionize.session_number(ts, ''5 min'', event = ''login'') OVER (PARTITION BY user_id ORDER BY ts) FROM events AS e');
SELECT * FROM compare('SELECT u.*, sessionize.session_number(t, ''5 min'', part = ''events'') OVER (PARTITION BY a ORDER BY t)
    FROM (SELECT ''events'' AS part, user_id AS a, ts AS t, 1 AS one FROM ONLY events UNION ALL SELECT ''wide'', s::int, t, added_int FROM wide) AS u');
DROP TABLE child;
ANALYZE events;

CREATE TEMP TABLE temporary AS SELECT * FROM events;
SELECT * FROM compare('SELECT e.*, sessionize.session_number(ts, ''5 min'') OVER (PARTITION BY user_id ORDER BY ts) FROM temporary AS e');

--
-- Versions of rows
--
CREATE TABLE versions (id int PRIMARY KEY, user_id int, ts timestamptz, n int) WITH (fillfactor = 50);
INSERT INTO versions SELECT i, i % 7, timestamptz '2024-01-01' + i * interval '1 min', 0 FROM generate_series(1, 1000) AS i;
UPDATE versions SET n = n + 1 WHERE id % 3 = 0;
DELETE FROM versions WHERE id % 10 = 0;
BEGIN;
UPDATE versions SET n = n + 1, id = -id WHERE id % 4 = 0;
SAVEPOINT s;
DELETE FROM versions WHERE id % 5 = 1;
ROLLBACK TO s;
SELECT * FROM compare('SELECT v.*, sessionize.session_number(ts, ''5 min'') OVER (PARTITION BY user_id ORDER BY ts) FROM versions AS v');
-- as it was when the cursor was declared, whatever the same transaction does then
DECLARE before CURSOR FOR SELECT count(*), sum(n), sum(id), sum(s) FROM (SELECT v.*, sessionize.session_number(ts, '5 min') OVER (PARTITION BY user_id ORDER BY ts) AS s FROM versions AS v) AS v;
SELECT count(*), sum(n), sum(id) FROM versions;
UPDATE versions SET n = n + 100;
DELETE FROM versions WHERE id % 7 = 0;
INSERT INTO versions SELECT 10000 + i, 1, '2024-01-01', 1 FROM generate_series(1, 50) AS i;
FETCH before;
DECLARE after CURSOR FOR SELECT count(*), sum(n), sum(id) FROM (SELECT v.*, sessionize.session_number(ts, '5 min') OVER (PARTITION BY user_id ORDER BY ts) AS s FROM versions AS v) AS v;
FETCH after;
SELECT count(*), sum(n), sum(id) FROM versions;
ROLLBACK;
-- a statement does not see what it does itself
WITH gone AS (DELETE FROM versions WHERE id % 2 = 0 RETURNING id), new AS (INSERT INTO versions SELECT 5000 + i, 1, '2024-01-01', 1 FROM generate_series(1, 5) AS i RETURNING id)
SELECT (SELECT count(*) FROM gone) AS gone, (SELECT count(*) FROM new) AS new, count(*), max(id)
FROM (SELECT id, sessionize.session_number(ts, '5 min') OVER (PARTITION BY user_id ORDER BY ts) AS s FROM versions) AS v WHERE s > 0;

--
-- Bitmaps: core tells the pages, and some of them without their tuples
--
CREATE TABLE bits (id int, user_id int, ts timestamptz, event text, tags int[], amount numeric) WITH (fillfactor = 70);
INSERT INTO bits
SELECT i, nullif(i % 61, 7), timestamptz '2024-01-01' + i * interval '20 s', (ARRAY['view', 'buy', 'login', NULL])[1 + i * 7 % 4],
       CASE WHEN i % 3 > 0 THEN ARRAY[i % 10, i % 17] END, nullif(i % 17, 3) / 4.0
FROM generate_series(1, 9000) AS i;
CREATE INDEX bits_ts ON bits (ts);
CREATE INDEX bits_user ON bits (user_id);
CREATE INDEX bits_brin ON bits USING brin (ts) WITH (pages_per_range = 2);
CREATE INDEX bits_tags ON bits USING gin (tags);
UPDATE bits SET amount = amount + 1 WHERE id % 5 = 0;
DELETE FROM bits WHERE id % 11 = 0;
ANALYZE bits;
-- what a query's rows come from, below the node
CREATE FUNCTION scans(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    line text;
    found text[];
BEGIN
    FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
        found := found || (regexp_match(line, '(?:Parallel )?(?:Seq|Bitmap Heap|Bitmap Index|Index Only|Index) Scan[^(]*|Bitmap(?:Or|And)|Heap Reading: .*'))[1];
    END LOOP;
    RETURN array_to_string(array_remove(found, NULL), '; ');
END $$;
SET enable_seqscan = off;
SET enable_indexscan = off;
SELECT c AS condition, scans(query), compared.num_rows, compared.num_wrong
FROM unnest(ARRAY['ts >= ''2024-01-02''', 'ts >= ''2024-01-02'' AND event = ''buy''', 'ts >= ''2024-01-02'' AND length(event) > 3', 'user_id = 5 OR tags @> ARRAY[3]',
                  'user_id < 40 AND ts < ''2024-01-02''', 'user_id = 5', 'user_id IS NULL', 'ts < ''2023-01-01''',
                  'ts >= ''2024-01-01 03:00'' AND ts < now() - interval ''1 day''', 'tags @> ARRAY[3]', 'tags @> ARRAY[3, 13] AND event = ''buy''']) AS c,
     LATERAL (SELECT 'SELECT b.*, sessionize.session_number(ts, ''5 min'', event = ''login'') OVER (PARTITION BY user_id ORDER BY ts) FROM bits AS b WHERE ' || c) AS q (query),
     LATERAL compare(query) AS compared
WHERE reading ~ 'direct';
-- columns that are computed, in order and by core
SELECT * FROM compare('SELECT upper(event), user_id + 1 AS u, CASE WHEN event = ''buy'' THEN amount END AS paid, b, ctid AS at,
    sessionize.session_number(ts, ''5 min'') OVER (PARTITION BY user_id ORDER BY ts) FROM bits AS b WHERE ts >= ''2024-01-02'' AND user_id > 3');
-- read again and again, with other parameters
SELECT * FROM compare('SELECT l.l, e.* FROM generate_series(0, 4) AS l, LATERAL (SELECT user_id, sessionize.session_number(ts, ''5 min'') OVER (PARTITION BY user_id ORDER BY ts) AS n FROM bits WHERE user_id > 50 + l OFFSET 0) AS e');
SELECT * FROM compare('SELECT l.l, (SELECT max(n) FROM (SELECT sessionize.session_number(ts, ''5 min'') OVER (PARTITION BY user_id ORDER BY ts) AS n FROM bits WHERE ts > timestamptz ''2024-01-02'' + l * interval ''1 hour'' OFFSET 0) AS e) FROM generate_series(0, 4) AS l');
-- volatile expressions are evaluated once for each row
CREATE SEQUENCE counter;
SELECT scans(query), compared.num_rows, compared.num_wrong
FROM (VALUES ('SELECT id, sessionize.session_number(ts, ''5 min'') OVER (PARTITION BY user_id ORDER BY ts) FROM bits WHERE ts >= ''2024-01-02'' AND nextval(''counter'') > 0')) AS q (query), LATERAL compare(query) AS compared;
-- the bitmap without the index on the time, but of ranges of pages; what is not asked for is removed
DROP INDEX bits_ts;
SELECT c AS condition, scans(query), compared.num_rows, compared.num_wrong
FROM unnest(ARRAY['ts >= ''2024-01-02''', 'ts >= ''2024-01-02'' AND event = ''buy''', 'ts >= ''2024-01-02'' AND length(event) > 3',
                  'ts + interval ''1 day'' >= ''2024-01-02'' AND ts < ''2024-01-02'' AND user_id > 20', 'ts >= ''2024-01-01 03:00'' AND ts < now() - interval ''1 day''',
                  'ts = ANY (ARRAY[timestamptz ''2024-01-01 10:00'', ''2024-01-02 11:00''])']) AS c,
     LATERAL (SELECT 'SELECT b.*, sessionize.session_number(ts, ''5 min'', event = ''login'') OVER (PARTITION BY user_id ORDER BY ts) FROM bits AS b WHERE ' || c) AS q (query),
     LATERAL compare(query) AS compared
WHERE reading ~ 'direct';
SELECT * FROM compare_analyzed('SELECT user_id, sessionize.session_number(ts, ''5 min'') OVER (PARTITION BY user_id ORDER BY ts) FROM bits WHERE ts >= ''2024-01-02''');
SELECT * FROM compare_analyzed('SELECT user_id, sessionize.session_number(ts, ''5 min'') OVER (PARTITION BY user_id ORDER BY ts) FROM bits WHERE ts >= ''2024-01-02'' AND event = ''buy''');
SELECT * FROM compare_analyzed('SELECT user_id, sessionize.session_number(ts, ''5 min'') OVER (PARTITION BY user_id ORDER BY ts) FROM bits WHERE tags @> ARRAY[3]');
SELECT * FROM compare_analyzed('SELECT user_id, sessionize.session_number(ts, ''5 min'') OVER (PARTITION BY user_id ORDER BY ts) FROM bits WHERE user_id < 40 AND amount > 2');
-- more pages than work_mem has room for: most of them without their tuples
CREATE TABLE many_pages (user_id int, ts timestamptz, filler text) WITH (fillfactor = 30);
INSERT INTO many_pages SELECT i % 41, timestamptz '2024-01-01' + i * interval '20 s', repeat('x', 600) FROM generate_series(1, 6000) AS i;
CREATE INDEX ON many_pages (user_id);
ANALYZE many_pages;
SET work_mem = '64kB';
SELECT * FROM compare_analyzed('SELECT ts, sessionize.session_number(ts, ''5 min'') OVER (PARTITION BY user_id ORDER BY ts) FROM many_pages WHERE user_id > 20');
SELECT * FROM compare('SELECT ts, user_id, sessionize.session_number(ts, ''5 min'') OVER (PARTITION BY user_id ORDER BY ts) FROM many_pages WHERE user_id > 20');
RESET work_mem;
-- as it was when the cursor was declared
BEGIN;
DECLARE before CURSOR FOR SELECT count(*), sum(id), sum(n) FROM (SELECT id, sessionize.session_number(ts, '5 min') OVER (PARTITION BY user_id ORDER BY ts) AS n FROM bits WHERE user_id > 20) AS v;
SELECT count(*), sum(id) FROM bits WHERE user_id > 20;
UPDATE bits SET id = id + 100000;
DELETE FROM bits WHERE id % 7 = 0;
INSERT INTO bits SELECT 10000 + i, 30, '2024-01-01' FROM generate_series(1, 50) AS i;
FETCH before;
DECLARE after CURSOR FOR SELECT count(*), sum(id) FROM (SELECT id, sessionize.session_number(ts, '5 min') OVER (PARTITION BY user_id ORDER BY ts) AS n FROM bits WHERE user_id > 20) AS v;
FETCH after;
SELECT count(*), sum(id) FROM bits WHERE user_id > 20;
ROLLBACK;
-- what the index's statistics and the table's are told
SELECT direct, counted.* FROM unnest(ARRAY[false, true]) AS direct, LATERAL counted(direct, 'bits', 'user_id < 20 AND event = ''buy''');
RESET enable_indexscan;

-- core would go by an index, but pages are read faster; not for a few rows, not for what needs an order
CREATE INDEX bits_ts ON bits (ts);
SELECT scans('SELECT id, sessionize.session_number(ts, ''5 min'') OVER (PARTITION BY user_id ORDER BY ts) FROM bits WHERE ts >= ''2024-01-02''') AS pages,
       scans('SELECT id, sessionize.session_number(ts, ''5 min'') OVER (PARTITION BY user_id ORDER BY ts) FROM bits WHERE ts >= ''2024-01-03''') AS few_rows,
       scans('SELECT id, sessionize.session_number(ts, ''5 min'') OVER (ORDER BY ts) FROM bits WHERE ts >= ''2024-01-02''') AS in_order,
       scans('SELECT id, count(*) OVER (PARTITION BY user_id) FROM bits WHERE ts >= ''2024-01-02''') AS not_ours;
SET sessionize.enable_direct_heap_scan = off;
SELECT scans('SELECT id, sessionize.session_number(ts, ''5 min'') OVER (PARTITION BY user_id ORDER BY ts) FROM bits WHERE ts >= ''2024-01-02''') AS by_nodes;
RESET sessionize.enable_direct_heap_scan;
SET enable_bitmapscan = off;
SELECT scans('SELECT id, sessionize.session_number(ts, ''5 min'') OVER (PARTITION BY user_id ORDER BY ts) FROM bits WHERE ts >= ''2024-01-02''') AS no_bitmaps;
RESET enable_bitmapscan;
CREATE INDEX ON parts (ts);
SELECT scans('SELECT id, sessionize.session_number(ts, ''5 min'') OVER (PARTITION BY user_id ORDER BY ts) FROM parts WHERE ts >= ''2024-01-01 12:00''') AS partitions;
SELECT * FROM compare('SELECT id, upper(event) AS u, amount, sessionize.session_number(ts, ''5 min'') OVER (PARTITION BY user_id ORDER BY ts) FROM parts WHERE ts >= ''2024-01-01 12:00''');
SELECT scans(query), compared.* FROM (VALUES ('SELECT id, event = ''buy'' AS b, sessionize.session_number(ts, ''5 min'') OVER (PARTITION BY user_id ORDER BY ts) FROM bits WHERE ts >= ''2024-01-02'' AND user_id > 3')) AS q (query), LATERAL compare(query) AS compared;
-- by several processes
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET min_parallel_index_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
SELECT scans(query), compared.* FROM (VALUES ('SELECT id, event = ''buy'' AS b, sessionize.session_number(ts, ''5 min'') OVER (PARTITION BY user_id ORDER BY ts) FROM bits WHERE ts >= ''2024-01-02'' AND user_id > 3')) AS q (query), LATERAL compare(query) AS compared;
SELECT scans(query), compared.* FROM (VALUES ('SELECT ts, sessionize.session_number(ts, ''5 min'') OVER (PARTITION BY user_id ORDER BY ts) FROM many_pages WHERE user_id > 20')) AS q (query), LATERAL compare(query) AS compared;
DROP INDEX bits_ts;
SELECT scans(query), compared.* FROM (VALUES ('SELECT id, sessionize.session_number(ts, ''5 min'') OVER (PARTITION BY user_id ORDER BY ts) FROM bits WHERE ts >= ''2024-01-02''')) AS q (query), LATERAL compare(query) AS compared;
SET max_parallel_workers_per_gather = 0;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
RESET min_parallel_index_scan_size;
RESET enable_seqscan;

--
-- What is told
--
SELECT * FROM compare_analyzed('SELECT user_id, sessionize.session_number(ts, ''5 min'') OVER (PARTITION BY user_id ORDER BY ts) FROM events WHERE event = ''buy''');
SELECT * FROM compare_analyzed('SELECT user_id, sessionize.session_number(ts, ''5 min'') OVER (PARTITION BY user_id ORDER BY ts) FROM events WHERE amount > 3');
SELECT * FROM compare_analyzed('SELECT user_id, event, sessionize.session_number(ts, ''5 min'') OVER (PARTITION BY user_id ORDER BY ts) FROM events');
SELECT * FROM compare_analyzed('SELECT user_id, upper(event), sessionize.session_number(ts, ''5 min'') OVER (PARTITION BY user_id ORDER BY ts) FROM parts WHERE user_id > 3');
-- partitions that turn out not to be needed are not read: of the four, two are
SELECT * FROM compare_analyzed('SELECT user_id, upper(event), sessionize.session_number(ts, ''5 min'') OVER (PARTITION BY user_id ORDER BY ts) FROM parts WHERE user_id > 3 AND ts >= (SELECT timestamptz ''2024-01-03 12:00'')');
SELECT * FROM compare_analyzed('SELECT l.l, e.* FROM generate_series(0, 2) AS l, LATERAL (SELECT user_id, sessionize.session_number(ts, ''5 min'') OVER (PARTITION BY user_id ORDER BY ts) AS n FROM events WHERE user_id > 90 + l OFFSET 0) AS e');
SELECT * FROM compare_analyzed('SELECT user_id, sessionize.session_number(ts, ''5 min'') OVER (PARTITION BY user_id ORDER BY ts) FROM events WHERE false IS NULL OR user_id = -1');

-- the statistics of the table
SELECT direct, counted.* FROM unnest(ARRAY[false, true]) AS direct, LATERAL counted(direct, 'events', 'event = ''buy''');

--
-- Ends: nothing stays pinned, which there would be a warning of
--
BEGIN;
DECLARE early CURSOR FOR SELECT user_id, upper(event), sessionize.session_number(ts, '5 min') OVER (PARTITION BY user_id ORDER BY ts) FROM events;
FETCH early;
CLOSE early;
DECLARE never CURSOR FOR SELECT user_id, upper(event), sessionize.session_number(ts, '5 min') OVER (PARTITION BY user_id ORDER BY ts) FROM events;
COMMIT;
-- an error in a row, on a page that is neither the first nor the last
SELECT count(*) FROM (SELECT 1 / (user_id - 96) AS x, sessionize.session_number(ts, '5 min') OVER (PARTITION BY user_id ORDER BY ts) AS n FROM events WHERE ts > '2024-01-01 12:00') AS e WHERE x IS NOT NULL OR n > 0;
DO $$
DECLARE
    e record;
BEGIN
    FOR e IN SELECT user_id, sessionize.session_number(ts, '5 min') OVER (PARTITION BY user_id ORDER BY ts) AS n FROM events LOOP
        EXIT WHEN e.n > 1;
    END LOOP;
    BEGIN
        PERFORM 1 / (user_id - 96), sessionize.session_number(ts, '5 min') OVER (PARTITION BY user_id ORDER BY ts) FROM events;
    EXCEPTION WHEN division_by_zero THEN
        RAISE NOTICE 'division by zero';
    END;
END $$;
SELECT user_id, sessionize.session_number(ts, '5 min') OVER (PARTITION BY user_id ORDER BY ts) AS n FROM events LIMIT 1;

SET client_min_messages = warning;
DROP SCHEMA direct_heap_scan CASCADE;
