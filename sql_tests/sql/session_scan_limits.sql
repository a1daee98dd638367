--
-- session_scan_limits: rows and settings of unusual size
--
-- Each answer with the node must be the one without it.
--
SET sessionize.debug_require_session_scan = on;
SET enable_sort = off;
SET max_parallel_workers_per_gather = 0;
SET work_mem = '64kB';
SET hash_mem_multiplier = 1;

-- What a query answers, with the node and without; and how much of the node's went to disk.
CREATE FUNCTION compare(query text) RETURNS text
	LANGUAGE plpgsql
	SET sessionize.debug_require_session_scan = off
AS $$
DECLARE
	answer text;
	answers text[];
BEGIN
	FOR i IN 0 .. 1 LOOP
		PERFORM set_config('sessionize.enable_session_scan', i::text, true);
		EXECUTE format('SELECT count(*) || '' rows, '' || sum(hashtextextended(q::text, 0)) FROM (%s) AS q', query)
			INTO answer;
		answers := answers || answer;
	END LOOP;
	RETURN CASE WHEN answers[1] = answers[2] THEN 'the same' ELSE answers[1] || ' and ' || answers[2] END;
END $$;

CREATE FUNCTION used(query text, OUT memory int, OUT disk int)
	LANGUAGE plpgsql
AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (ANALYZE, TIMING OFF) ' || query LOOP
		memory := coalesce(substring(line FROM 'Memory: (\d+) kB')::int, memory);
		disk := coalesce(substring(line FROM 'Disk: (\d+) kB')::int, disk);
	END LOOP;
END $$;

-- Columns of fixed width that are wider than a chunk of memory: by themselves, and beside a
-- text, which puts the record's length behind them.
SELECT format('CREATE TABLE broad AS SELECT i %% 40 AS actor, i::bigint AS t, %s FROM generate_series(1, 2000) AS i',
			  string_agg(format('i + %s AS c%s', n, n), ', '))
FROM generate_series(1::bigint, 300) AS n \gexec
ANALYZE broad;
\set window 'sessionize.session_number(t, 100) OVER w AS n, sessionize.session_end(t, 100) OVER w AS e FROM broad WINDOW w AS (PARTITION BY actor ORDER BY t)'
SELECT 'SELECT *, ' || :'window' AS query \gset
SELECT disk > 1000 AS spilled, memory < 200 AS little FROM used(:'query');
SELECT compare(:'query');
SELECT 'SELECT *, ''t'' || t AS text, ' || :'window' AS query \gset
SELECT disk > 1000 AS spilled, memory < 200 AS little FROM used(:'query');
SELECT compare(:'query');

-- Toasted values are carried along as they are: neither memory nor disk has room for them.
CREATE TABLE toasted (actor int, t bigint, page text);
ALTER TABLE toasted ALTER page SET STORAGE EXTERNAL;
INSERT INTO toasted SELECT i % 3, i, repeat('page ' || i, 300000) FROM generate_series(1, 20) AS i;
ANALYZE toasted;
SELECT 'SELECT *, sessionize.session_end(t, 5) OVER (PARTITION BY actor ORDER BY t) AS e FROM toasted' AS query \gset
SELECT disk, memory < 100 AS little FROM used(:'query');
SELECT compare(:'query');

-- Rows larger than all memory, of different sizes: one in a hundred is 270 kB,
-- which is more than 16 bits can tell the length of
CREATE TABLE uneven AS
SELECT i % 7 AS actor, i::bigint AS t, CASE WHEN i % 100 = 0 THEN 24500 ELSE i % 50 END AS times FROM generate_series(1, 3000) AS i;
ANALYZE uneven;
SELECT 'SELECT actor, t, page, sessionize.session_end(t, 5) OVER (PARTITION BY actor ORDER BY t) AS e '
	'FROM (SELECT *, repeat(''a wide page'', times) AS page FROM uneven OFFSET 0) AS rows' AS query \gset
SELECT disk > 6000 AS spilled, memory < 700 AS little FROM used(:'query');
SELECT compare(:'query');

-- The same as one actor, so that nothing but a sort can help where they are out of order
SELECT 'SELECT t, page, sessionize.session_end(t, 5) OVER (ORDER BY t) AS e '
	'FROM (SELECT *, repeat(''a wide page'', times) AS page FROM uneven ORDER BY i OFFSET 0) AS rows' AS query \gset
SELECT compare(replace(:'query', ' ORDER BY i ', ' '));
SELECT compare(replace(:'query', 'ORDER BY i', 'ORDER BY t * 7919 % 3001'));

-- As much memory as can be said
SET work_mem = '2147483647kB';
SET hash_mem_multiplier = 1000;
SELECT compare(replace(:'query', ' ORDER BY i ', ' '));
SELECT disk FROM used(replace(:'query', ' ORDER BY i ', ' '));

DROP FUNCTION compare, used;
DROP TABLE broad, toasted, uneven;
