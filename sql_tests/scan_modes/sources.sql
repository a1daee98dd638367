/*
 * sources.sql: what lies below our calls, and who reads it.
 */

--- [used] partitions by time
:sum (SELECT id, user_id, :seven_but_event_number FROM parted WINDOW w AS (PARTITION BY user_id ORDER BY ts)) AS q;
:sum (SELECT *, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) FROM parted WHERE ts > '2024-03-10 01:00:00') AS q;
SELECT tableoid::regclass, count(*), sum(n) FROM (SELECT tableoid, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) AS n FROM parted) AS s GROUP BY 1 ORDER BY 1;
--- [used] partitions by actor
:sum (SELECT id, user_id, :seven_but_event_number FROM by_user WINDOW w AS (PARTITION BY user_id ORDER BY ts)) AS q;
SET enable_partitionwise_aggregate = on; SET enable_partitionwise_join = on;
:sum (SELECT user_id, n, count(*), min(ts) FROM (SELECT user_id, ts, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) AS n FROM by_user) AS s GROUP BY 1, 2) AS q;
:sum (SELECT id, a.device, sessionize.session_number(a.ts, '1 hour') OVER (PARTITION BY a.user_id ORDER BY a.ts) FROM by_user AS a JOIN by_user AS b USING (id, user_id)) AS q;
--- [used] inheritance
SELECT tableoid::regclass, user_id, ts, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) FROM parent ORDER BY user_id, ts, id;
SELECT user_id, ts, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) FROM ONLY parent ORDER BY user_id, ts, id;
--- [used] TABLESAMPLE
:sum (SELECT id, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) FROM many TABLESAMPLE BERNOULLI (40) REPEATABLE (7)) AS q;
:sum (SELECT id, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) FROM indexed TABLESAMPLE SYSTEM (50) REPEATABLE (3)) AS q;
--- [used] a foreign table
SELECT user_id, ts, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) FROM far ORDER BY 1, 2, 3;
SELECT user_id, n, count(*) FROM (SELECT user_id, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) AS n FROM far) AS s GROUP BY 1, 2 ORDER BY 1, 2;
--- [used] a materialized view, a temporary table, an unlogged one
BEGIN;
CREATE MATERIALIZED VIEW m AS SELECT id, user_id, ts, n FROM labelled;
CREATE TEMPORARY TABLE t AS TABLE few;
CREATE UNLOGGED TABLE u AS TABLE few;
SELECT user_id, n, sessionize.session_number(ts, '1 hour') OVER (PARTITION BY user_id ORDER BY ts) FROM m ORDER BY 1, 2, 3;
:sum (SELECT id, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) FROM t) AS q;
:sum (SELECT id, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) FROM u) AS q;
ROLLBACK;
--- [used] a table that has dropped and added columns
BEGIN;
CREATE TEMPORARY TABLE t (gone text, id integer, user_id integer, gone_too bigint, ts timestamptz);
INSERT INTO t SELECT 'x', id, user_id, 1, ts FROM few;
ALTER TABLE t DROP gone, DROP gone_too;
ALTER TABLE t ADD later text DEFAULT 'later';
SELECT t, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) FROM t ORDER BY user_id, ts, id;
SELECT *, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) FROM t ORDER BY user_id, ts, id;
ROLLBACK;
--- [used] a table without columns that are asked for, and an empty one
BEGIN;
CREATE TEMPORARY TABLE t (user_id integer, ts timestamptz);
SELECT *, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) FROM t;
SELECT user_id, n, count(*) FROM (SELECT *, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) AS n FROM t) AS s GROUP BY 1, 2;
SELECT count(*), max(n) FROM (SELECT *, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) AS n FROM t) AS s;
INSERT INTO t VALUES (NULL, NULL);
SELECT *, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) FROM t;
ROLLBACK;
--- [used] rows by an index, backwards, by a bitmap, by TID
SET enable_seqscan = off;
:sum (SELECT id, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) FROM indexed WHERE user_id BETWEEN 3 AND 60) AS q;
SET enable_indexscan = off; SET enable_indexonlyscan = off;
:sum (SELECT id, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) FROM indexed WHERE user_id BETWEEN 3 AND 60) AS q;
:sum (SELECT id, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) FROM indexed WHERE ctid IN ('(0,1)', '(0,2)', '(1,3)', '(99999,1)')) AS q;
SET enable_indexonlyscan = on; SET enable_seqscan = off;
:sum (SELECT user_id, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) FROM indexed) AS q;
--- [used] sorted in part by an index
SET enable_seqscan = off; SET enable_bitmapscan = off;
:sum (SELECT id, sessionize.session_number(:args) OVER (PARTITION BY user_id, device ORDER BY ts) FROM indexed) AS q;
:sum (SELECT id, sessionize.session_number(:args) OVER (PARTITION BY device ORDER BY ts) FROM indexed) AS q;

/* Who reads. */

--- [used] row-level security
SET ROLE scan_reader;
SELECT user_id, ts, kind, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) FROM guarded ORDER BY 1, 2, 3, 4;
SELECT * FROM (SELECT user_id, ts, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) AS n FROM guarded) AS s WHERE n > 1 AND user_id IN (1, 2) ORDER BY 1, 2, 3;
RESET ROLE;
SELECT count(*), sum(n) FROM (SELECT sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) AS n FROM guarded) AS s;
--- [used] row-level security leaks no rows to conditions or arguments
SET ROLE scan_reader;
SELECT count(*), sum(n) FROM (SELECT user_id, sessionize.session_number(ts, '1 hour', leak(user_id, kind)) OVER (PARTITION BY user_id ORDER BY ts) AS n FROM guarded WHERE leak(user_id, kind) IS NOT NULL) AS s;
SELECT count(*), sum(n) FROM (SELECT user_id, kind, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) AS n FROM barrier) AS s WHERE leak(user_id, kind);
RESET ROLE;
--- [used] a security barrier
SELECT user_id, ts, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) FROM barrier ORDER BY 1, 2, 3;
SELECT * FROM labelled_barrier WHERE n = 2 AND user_id < 4 ORDER BY id;
--- [error: permission denied] no right to the table
SET ROLE scan_reader;
SELECT sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) FROM target;
SELECT * FROM tour;
RESET ROLE;
--- [used] one more event, one less, one that is not committed
BEGIN;
INSERT INTO few SELECT 1000, 1, 'x', '2024-03-09 23:33:33', 'login', 'a', 1, '1 hour';
DELETE FROM few WHERE id = 20;
UPDATE few SET ts = ts + interval '25 minutes' WHERE id = 30;
SELECT user_id, ts, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) FROM few ORDER BY 1, 2, 3;
ROLLBACK;
SELECT count(*), sum(n) FROM labelled;
