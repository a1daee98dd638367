/*
 * around.sql: what is on the same query level as our calls, and above them.
 */

/* The same level. */

--- [refused: the same query level groups or aggregates] GROUP BY
SELECT user_id, ts, count(*), sessionize.session_number(ts, '1 hour', bool_or(kind = 'login')) OVER w FROM few GROUP BY user_id, ts WINDOW w AS (PARTITION BY user_id ORDER BY ts) ORDER BY 1, 2, 3, 4;
SELECT user_id, ts, sessionize.session_number(ts, '1 hour') OVER w FROM few GROUP BY user_id, ts HAVING count(*) > 1 WINDOW w AS (PARTITION BY user_id ORDER BY ts) ORDER BY 1, 2, 3;
--- [refused: the same query level groups or aggregates] GROUP BY alone
SELECT user_id, ts, sessionize.session_number(ts, '1 hour') OVER w FROM few GROUP BY user_id, ts WINDOW w AS (PARTITION BY user_id ORDER BY ts) ORDER BY 1, 2, 3;
--- [refused: the same query level groups or aggregates] grouping sets
SELECT user_id, ts, count(*), sessionize.session_number(ts, '1 hour') OVER w FROM few GROUP BY ROLLUP (user_id, ts) WINDOW w AS (PARTITION BY user_id ORDER BY ts) ORDER BY 1, 2, 3, 4;
SELECT device, ts, sessionize.session_event_count(ts, '1 hour') OVER w, grouping(device) FROM few GROUP BY GROUPING SETS ((device, ts), (ts)) WINDOW w AS (PARTITION BY device, grouping(device) ORDER BY ts) ORDER BY 1, 2, 3, 4;
--- [refused: the same query level groups or aggregates] aggregates without GROUP BY
SELECT max(ts), sessionize.session_number(max(ts), '1 hour') OVER (ORDER BY max(ts)) FROM few;
SELECT 1, sessionize.session_number(max(ts), '1 hour') OVER (ORDER BY max(ts)) FROM few HAVING count(*) > 1000;
--- [used] over a query that groups
SELECT user_id, ts, events, sessionize.session_number(ts, '1 hour', logs_in) OVER w FROM (SELECT user_id, ts, count(*) AS events, bool_or(kind = 'login') AS logs_in FROM few GROUP BY 1, 2) AS g WINDOW w AS (PARTITION BY user_id ORDER BY ts) ORDER BY 1, 2, 3;
--- [used] DISTINCT
SELECT DISTINCT user_id, sessionize.session_number(:args) OVER w, sessionize.session_start(:args) OVER w FROM few WINDOW w AS (PARTITION BY user_id ORDER BY ts) ORDER BY 1, 2, 3;
:sum (SELECT DISTINCT user_id, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) FROM many) AS q;
--- [used] DISTINCT ON
SELECT DISTINCT ON (user_id, n) user_id, sessionize.session_number(:args) OVER w AS n, ts, sessionize.session_end(:args) OVER w FROM few WINDOW w AS (PARTITION BY user_id ORDER BY ts) ORDER BY user_id, n, ts, id;
SELECT DISTINCT ON (device) device, ts, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) FROM few ORDER BY device, ts DESC, id;
--- [used] LIMIT and OFFSET
SELECT user_id, ts, sessionize.session_number(:args) OVER w FROM few WINDOW w AS (PARTITION BY user_id ORDER BY ts) ORDER BY 1, 2, 3 LIMIT 7;
SELECT user_id, ts, id, sessionize.session_number(:args) OVER w FROM few WINDOW w AS (PARTITION BY user_id ORDER BY ts) ORDER BY 3 DESC LIMIT 5 OFFSET 3;
SELECT user_id, ts, sessionize.session_number(:args) OVER w FROM indexed WHERE user_id = 7 WINDOW w AS (PARTITION BY user_id ORDER BY ts) ORDER BY 2, 3 LIMIT 5;
SELECT user_id, ts, sessionize.session_end(:args) OVER w FROM indexed WINDOW w AS (PARTITION BY user_id ORDER BY ts) ORDER BY 1, 2, 3 FETCH FIRST 3 ROWS WITH TIES;
SELECT user_id, ts, sessionize.session_number(:args) OVER w FROM few WINDOW w AS (PARTITION BY user_id ORDER BY ts) ORDER BY 1, 2, 3 LIMIT 0;
--- [used] a column that fails in rows beyond LIMIT
SELECT user_id, ts, sessionize.session_number(:args) OVER w AS n, CASE WHEN user_id > 3 THEN fails(coalesce(kind, '')) ELSE false END AS f FROM many WHERE user_id BETWEEN 2 AND 5 WINDOW w AS (PARTITION BY user_id ORDER BY ts) ORDER BY user_id, ts LIMIT 3;
SET enable_seqscan = off;
SELECT user_id, ts, sessionize.session_number(:args) OVER w AS n, CASE WHEN user_id > 3 THEN fails(coalesce(kind, '')) ELSE false END AS f FROM indexed WHERE user_id BETWEEN 2 AND 5 WINDOW w AS (PARTITION BY user_id ORDER BY ts) ORDER BY user_id, ts LIMIT 3;
SELECT user_id, ts, sessionize.session_end(:args) OVER w AS n, CASE WHEN user_id > 3 THEN fails(coalesce(kind, '')) ELSE false END AS f FROM indexed WHERE user_id BETWEEN 2 AND 5 WINDOW w AS (PARTITION BY user_id ORDER BY ts) ORDER BY user_id, ts OFFSET 2 LIMIT 2;
BEGIN;
DECLARE c CURSOR FOR SELECT user_id, ts, sessionize.session_number(:args) OVER w AS n, CASE WHEN user_id > 3 THEN fails(coalesce(kind, '')) ELSE false END AS f FROM indexed WHERE user_id BETWEEN 2 AND 5 WINDOW w AS (PARTITION BY user_id ORDER BY ts) ORDER BY user_id, ts;
FETCH 3 FROM c;
CLOSE c;
COMMIT;
--- [refused: an argument may fail in rows that are not asked for] an argument that fails in rows beyond LIMIT, without an index
SELECT user_id, ts, sessionize.session_number(ts, '30 minutes', CASE WHEN user_id > 3 THEN fails(coalesce(kind, '')) ELSE false END) OVER w AS n FROM many WHERE user_id BETWEEN 2 AND 5 WINDOW w AS (PARTITION BY user_id ORDER BY ts) ORDER BY user_id, ts LIMIT 3;
--- [used] an argument that fails in rows beyond LIMIT
SET enable_seqscan = off;
SELECT user_id, ts, sessionize.session_number(ts, '30 minutes', CASE WHEN user_id > 3 THEN fails(coalesce(kind, '')) ELSE false END) OVER w AS n FROM indexed WHERE user_id BETWEEN 2 AND 5 WINDOW w AS (PARTITION BY user_id ORDER BY ts) ORDER BY user_id, ts LIMIT 3;
SELECT user_id, ts, sessionize.session_end(ts, '30 minutes', CASE WHEN user_id > 3 THEN fails(coalesce(kind, '')) ELSE false END) OVER w AS n FROM indexed WHERE user_id BETWEEN 2 AND 5 WINDOW w AS (PARTITION BY user_id ORDER BY ts) ORDER BY user_id, ts LIMIT 3;
BEGIN;
DECLARE c CURSOR FOR SELECT user_id, ts, sessionize.session_number(ts, '30 minutes', CASE WHEN user_id > 3 THEN fails(coalesce(kind, '')) ELSE false END) OVER w AS n FROM indexed WHERE user_id BETWEEN 2 AND 5 WINDOW w AS (PARTITION BY user_id ORDER BY ts) ORDER BY user_id, ts;
FETCH 3 FROM c;
CLOSE c;
COMMIT;
--- [used] over rows that are locked
BEGIN;
SELECT user_id, ts, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) AS n FROM (SELECT * FROM few FOR UPDATE) AS f ORDER BY 1, 2, 3;
ROLLBACK;
--- [error: FOR SHARE is not allowed with window functions] a view FOR SHARE
BEGIN;
SELECT * FROM labelled ORDER BY id FOR SHARE;
ROLLBACK;
--- [error: FOR UPDATE is not allowed with window functions] FOR UPDATE on the level itself
SELECT id, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) FROM few FOR UPDATE;
--- [used] FOR SHARE above
BEGIN;
SELECT target.note, target.ts, s.n FROM target JOIN (SELECT user_id, ts, max(n) AS n FROM (SELECT user_id, ts, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) AS n FROM few) AS i GROUP BY 1, 2) AS s USING (user_id, ts) ORDER BY user_id, ts FOR SHARE OF target;
ROLLBACK;
--- [refused: a set-returning function is in the select list] set-returning functions in the select list
SELECT user_id, ts, sessionize.session_number(:args) OVER w, generate_series(1, id % 3) FROM few WINDOW w AS (PARTITION BY user_id ORDER BY ts) ORDER BY 1, 2, 3, 4;
SELECT id, generate_series(1, sessionize.session_number(:args) OVER w) FROM few WINDOW w AS (PARTITION BY user_id ORDER BY ts) ORDER BY 1, 2;
--- [used] set-returning functions in FROM
SELECT id, n, m FROM (SELECT id, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) AS n FROM few) AS s, generate_series(1, n) AS m ORDER BY 1, 2, 3;
SELECT g, sessionize.session_number(g, 2) OVER (ORDER BY g) FROM generate_series(1::bigint, 30, 3) AS g ORDER BY 1;
--- [refused: an expression is volatile] volatile expressions
SELECT id, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts), random() < 2 FROM few ORDER BY 1;
SELECT id, sessionize.session_number(ts, '1 hour', random() > 2) OVER (PARTITION BY user_id ORDER BY ts) FROM few ORDER BY 1;
--- [used] ordered by the number, downwards
SELECT user_id, ts, sessionize.session_number(:args) OVER w AS n FROM few WINDOW w AS (PARTITION BY user_id ORDER BY ts) ORDER BY n DESC, user_id DESC, ts;
--- [used] ordered by the window's order, as it is
SELECT user_id, ts, sessionize.session_number(:args) OVER w AS n FROM many WHERE id < 300 WINDOW w AS (PARTITION BY user_id ORDER BY ts) ORDER BY user_id, ts;
SELECT user_id, sessionize.session_number(:args) OVER w AS n, ts FROM many WHERE id < 300 WINDOW w AS (PARTITION BY user_id ORDER BY ts) ORDER BY user_id, n, ts;
SELECT user_id, sessionize.session_number(ts, '1 hour', kind = 'login', require_restart => true) OVER w AS n, ts FROM few WINDOW w AS (PARTITION BY user_id ORDER BY ts) ORDER BY user_id, n, ts;
--- [used] sub-selects in the select list and in WHERE
SELECT id, (SELECT count(*) FROM asked WHERE who = f.user_id), sessionize.session_number(:args) OVER w FROM few AS f WHERE EXISTS (SELECT FROM asked WHERE who = f.user_id) WINDOW w AS (PARTITION BY user_id ORDER BY ts) ORDER BY 1;
SELECT id, sessionize.session_number(:args) OVER w + (SELECT max(n) FROM asked) FROM few AS f WINDOW w AS (PARTITION BY user_id ORDER BY ts) ORDER BY 1;

/* Conditions above. */

--- [used] conditions on the number
SELECT * FROM (SELECT user_id, ts, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) AS n FROM few) AS s WHERE n <= 2 ORDER BY 1, 2, 3;
SELECT * FROM (SELECT user_id, ts, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) AS n FROM few) AS s WHERE n = 2 ORDER BY 1, 2, 3;
SELECT * FROM (SELECT user_id, ts, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) AS n FROM few) AS s WHERE n IS NULL ORDER BY 1, 2, 3;
SELECT * FROM (SELECT ts, sessionize.session_number(:args) OVER (ORDER BY ts) AS n, sessionize.session_event_number(:args) OVER (ORDER BY ts) AS e FROM few) AS s WHERE n < 3 AND e <= 2 ORDER BY 1, 2, 3;
--- [used] conditions on the actor and on the time
SELECT * FROM (SELECT user_id, ts, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) AS n FROM indexed) AS s WHERE user_id = 3 ORDER BY 1, 2, 3;
SELECT * FROM (SELECT user_id, ts, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) AS n FROM indexed) AS s WHERE user_id IN (7, 8, 9999) AND ts >= '2024-03-10 05:00:00' ORDER BY 1, 2, 3;
SELECT * FROM (SELECT user_id, ts, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) AS n FROM few) AS s WHERE user_id IS NULL ORDER BY 1, 2, 3;
--- [refused: another window function is called] a run condition of another function
SELECT * FROM (SELECT user_id, ts, sessionize.session_number(:args) OVER w AS n, rank() OVER w AS r FROM few WINDOW w AS (PARTITION BY user_id ORDER BY ts)) AS s WHERE r <= 4 ORDER BY 1, 2, 3;

/* Grouped above: that is what definitions make. */

--- [used] grouped by session
SELECT user_id, n, min(ts), max(ts), count(*), count(*) FILTER (WHERE kind = 'view'), sum(amount), count(DISTINCT page)
FROM (SELECT *, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) AS n FROM few) AS s GROUP BY user_id, n ORDER BY 1, 2;
:sum (SELECT user_id, n, min(ts), max(ts), count(*), count(*) FILTER (WHERE kind = 'view'), sum(amount)
	FROM (SELECT *, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) AS n FROM many) AS s GROUP BY user_id, n) AS q;
--- [used] grouped by session, with rows outside between
SELECT user_id, n, min(ts), max(ts), count(*) FROM (SELECT *, sessionize.session_number(ts, '1 hour', kind = 'login', require_restart => true) OVER (PARTITION BY user_id ORDER BY ts) AS n FROM few) AS s GROUP BY user_id, n ORDER BY 1, 2;
SELECT user_id, n, min(ts), max(ts), count(*) FROM (SELECT *, sessionize.session_number(ts, '1 hour', kind = 'login', require_restart => true) OVER (PARTITION BY user_id ORDER BY ts) AS n FROM few) AS s WHERE n IS NOT NULL GROUP BY user_id, n ORDER BY 1, 2;
:sum (SELECT user_id, n, min(ts), max(ts), count(*) FROM (SELECT *, sessionize.session_number(ts, '1 hour', kind = 'login', require_restart => true) OVER (PARTITION BY user_id ORDER BY ts) AS n FROM many) AS s GROUP BY user_id, n) AS q;
--- [used] grouped by session and more, or less
SELECT user_id, n, device, count(*) FROM (SELECT *, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) AS n FROM few) AS s GROUP BY user_id, n, device ORDER BY 1, 2, 3;
SELECT n, count(*), count(DISTINCT user_id) FROM (SELECT *, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) AS n FROM few) AS s GROUP BY n ORDER BY 1;
SELECT user_id, max(n), count(n) FROM (SELECT *, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) AS n FROM few) AS s GROUP BY user_id ORDER BY 1;
SELECT device, n, count(*) FROM (SELECT *, sessionize.session_number(:args) OVER (PARTITION BY device, user_id ORDER BY ts) AS n FROM few) AS s GROUP BY device, n ORDER BY 1, 2;
--- [used] grouped by session, twice and turned around
SELECT n, user_id, count(*) FROM (SELECT user_id, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) AS n FROM few) AS s GROUP BY n, user_id, user_id ORDER BY 1, 2;
SELECT n + 1, user_id, count(*) FROM (SELECT user_id, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) AS n FROM few) AS s GROUP BY n + 1, user_id ORDER BY 1, 2;
--- [used] grouped by session, with grouping sets
SELECT user_id, n, count(*) FROM (SELECT user_id, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) AS n FROM few) AS s GROUP BY ROLLUP (user_id, n) ORDER BY 1, 2, 3;
--- [used] grouped without aggregates, with HAVING
SELECT user_id, n FROM (SELECT user_id, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) AS n FROM few) AS s GROUP BY user_id, n ORDER BY 1, 2;
SELECT user_id, n, count(*) FROM (SELECT user_id, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) AS n FROM few) AS s GROUP BY user_id, n HAVING count(*) > 2 AND user_id > 1 ORDER BY 1, 2;
--- [used] grouped by equal actors of unequal bytes (which of them is printed is the plan's to choose)
SELECT trim_scale(numeric_id), n, count(*), min(ts) FROM (SELECT numeric_id, ts, sessionize.session_number(ts, '1 hour') OVER (PARTITION BY numeric_id ORDER BY ts) AS n FROM typed) AS s GROUP BY numeric_id, n ORDER BY 1, 2;
SELECT money_id, n, count(*), min(ts) FROM (SELECT money_id, ts, sessionize.session_number(ts, '1 hour') OVER (PARTITION BY money_id ORDER BY ts) AS n FROM typed) AS s GROUP BY money_id, n ORDER BY 1, 2;
--- [used] aggregates with an order of their own
SELECT user_id, n, array_agg(id ORDER BY id DESC), string_agg(DISTINCT page, ',' ORDER BY page), percentile_cont(0.5) WITHIN GROUP (ORDER BY amount), sessionize.first(page, ts)
FROM (SELECT *, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) AS n FROM few) AS s GROUP BY user_id, n ORDER BY 1, 2;
--- [used] grouped over a join with the labelled rows
SELECT user_id, n, count(*), sum(a.n2) FROM (SELECT user_id, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) AS n FROM few) AS s JOIN (SELECT n AS n2, who AS user_id FROM asked) AS a USING (user_id) GROUP BY user_id, n ORDER BY 1, 2;
--- [used] window functions above
SELECT user_id, ts, n, count(*) OVER (PARTITION BY user_id, n), dense_rank() OVER (PARTITION BY user_id ORDER BY n DESC) FROM (SELECT user_id, ts, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) AS n FROM few) AS s ORDER BY 1, 2, 3, 4;
--- [used] sessions of sessions
:sum (SELECT user_id, s, e, sessionize.session_number(s, '2 hours') OVER (PARTITION BY user_id ORDER BY s) FROM (SELECT user_id, n, min(ts) AS s, max(ts) AS e FROM (SELECT user_id, ts, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) AS n FROM many) AS i GROUP BY 1, 2) AS j) AS q;

/* Joins and sets. */

--- [used] joined, in every way
\set labelled '(SELECT id, user_id, ts, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) AS n FROM many)'
SET enable_hashjoin = off; SET enable_nestloop = off;
:sum (SELECT l.*, a.n FROM :labelled AS l JOIN asked AS a ON a.who = l.user_id) AS q;
:sum (SELECT l.*, a.n FROM asked AS a FULL JOIN :labelled AS l ON a.who = l.user_id) AS q;
SET enable_hashjoin = on; SET enable_mergejoin = off;
:sum (SELECT l.*, a.n FROM :labelled AS l JOIN asked AS a ON a.who = l.user_id) AS q;
:sum (SELECT l.*, a.n FROM asked AS a FULL JOIN :labelled AS l ON a.who = l.user_id) AS q;
SET enable_hashjoin = off; SET enable_nestloop = on; SET enable_material = off;
:sum (SELECT l.*, a.n FROM :labelled AS l JOIN asked AS a ON a.who = l.user_id) AS q;
:sum (SELECT l.*, a.n FROM asked AS a LEFT JOIN :labelled AS l ON a.who = l.user_id) AS q;
SET enable_material = on;
:sum (SELECT l.*, a.n FROM :labelled AS l JOIN asked AS a ON a.who < l.user_id AND a.n > l.n) AS q;
--- [used] joined with itself, both sides labelled
SET enable_hashjoin = off; SET enable_nestloop = off;
SELECT a.id, b.id, a.n FROM :few_labelled AS a JOIN :few_labelled AS b ON a.user_id = b.user_id AND a.n = b.n AND a.id < b.id ORDER BY 1, 2;
SET enable_mergejoin = off; SET enable_nestloop = on; SET enable_material = off;
SELECT a.id, b.id, a.n FROM :few_labelled AS a JOIN :few_labelled AS b ON a.user_id = b.user_id AND a.n = b.n AND a.id < b.id ORDER BY 1, 2;
SET enable_hashjoin = on; SET enable_nestloop = off;
SELECT a.id, b.id, a.n FROM :few_labelled AS a JOIN :few_labelled AS b ON a.user_id = b.user_id AND a.n = b.n AND a.id < b.id ORDER BY 1, 2;
--- [used] merged on a side that is marked and restored
SET enable_hashjoin = off; SET enable_nestloop = off; SET enable_material = off;
:sum (SELECT l.*, a.n FROM (SELECT who, n FROM asked UNION ALL SELECT who, n + 10 FROM asked) AS a JOIN (SELECT user_id, ts, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) AS n FROM indexed) AS l ON a.who = l.user_id) AS q;
--- [used] semi and anti joins
SELECT count(*) FROM :few_labelled AS l WHERE user_id IN (SELECT who FROM asked WHERE asked.n < l.n);
SELECT * FROM asked WHERE EXISTS (SELECT FROM :few_labelled AS l WHERE l.user_id = who AND l.n = 3) ORDER BY 1;
SELECT * FROM asked WHERE NOT EXISTS (SELECT FROM :few_labelled AS l WHERE l.user_id = who AND l.n = 3) ORDER BY 1;
SELECT * FROM asked WHERE (who, n) NOT IN (SELECT user_id, n FROM :few_labelled AS l WHERE user_id IS NOT NULL AND n IS NOT NULL) ORDER BY 1;
--- [used] over a join
:sum (SELECT m.id, a.n, sessionize.session_number(m.ts, '30 minutes', a.n = 5) OVER (PARTITION BY a.n ORDER BY m.ts) FROM many AS m JOIN asked AS a ON a.who = m.user_id) AS q;
:sum (SELECT m.id, a.n, sessionize.session_number(m.ts, '30 minutes', a.n = 5) OVER (PARTITION BY a.who ORDER BY m.ts) FROM many AS m LEFT JOIN asked AS a ON a.who = m.user_id) AS q;
:sum (SELECT m.id, sessionize.session_number(coalesce(m.ts, i.ts), '30 minutes') OVER (PARTITION BY m.user_id, i.user_id ORDER BY coalesce(m.ts, i.ts)) FROM many AS m FULL JOIN (SELECT * FROM indexed WHERE id % 7 = 0) AS i USING (id)) AS q;
--- [used] over an outer join, with expressions that are NULL beyond it
SELECT a.n, s.x, s.c, sessionize.session_number(s.ts, '1 hour') OVER (PARTITION BY a.n, s.c ORDER BY s.ts) FROM asked AS a LEFT JOIN (SELECT user_id, ts, 'here' AS c, coalesce(kind, 'none') AS x FROM few) AS s ON a.who = s.user_id ORDER BY 1, s.ts, 2, 3, 4;
--- [used] UNION and its siblings
SELECT user_id, ts, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) FROM few UNION ALL SELECT n, NULL, n FROM asked ORDER BY 1, 2, 3;
SELECT user_id, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) FROM few UNION SELECT user_id, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) FROM few WHERE kind = 'view' ORDER BY 1, 2;
SELECT user_id, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) FROM few INTERSECT ALL SELECT who, n FROM asked ORDER BY 1, 2;
SELECT user_id, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) FROM few EXCEPT SELECT who, n FROM asked ORDER BY 1, 2;
--- [used] over UNION ALL
:sum (SELECT user_id, ts, :seven FROM (SELECT user_id, ts FROM many UNION ALL SELECT user_id, ts FROM few UNION ALL SELECT who, '2024-03-10 01:00:00' FROM asked) AS u WINDOW w AS (PARTITION BY user_id ORDER BY ts)) AS q;
--- [used] over VALUES and over no rows
SELECT u, t, sessionize.session_number(t, 5) OVER (PARTITION BY u ORDER BY t) FROM (VALUES (1, 1::bigint), (1, 6), (1, 12), (2, 3), (2, NULL)) AS v (u, t) ORDER BY 1, 2;
SELECT id, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) FROM few WHERE false;
--- [refused: the window is not ordered by the event time alone] over nothing at all
SELECT sessionize.session_number(5, 5) OVER (ORDER BY 5);
--- [used] CTEs
WITH l AS MATERIALIZED (SELECT id, user_id, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) AS n FROM few) SELECT a.id, b.id FROM l AS a JOIN l AS b USING (user_id, n) WHERE a.id < b.id ORDER BY 1, 2;
WITH l AS NOT MATERIALIZED (SELECT id, user_id, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) AS n FROM few) SELECT a.id, b.id FROM l AS a JOIN l AS b USING (user_id, n) WHERE a.id < b.id ORDER BY 1, 2;
WITH e AS MATERIALIZED (SELECT * FROM few) SELECT id, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) AS n FROM e ORDER BY 1;
WITH l AS MATERIALIZED (SELECT id, user_id, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) AS n FROM many) SELECT count(*), (SELECT max(n) FROM l AS m WHERE m.user_id = 7) FROM l WHERE id IN (SELECT id FROM l WHERE n = 2 LIMIT 1000000);
--- [used] a recursive CTE
WITH RECURSIVE r (id, n, depth) AS (
	SELECT id, n, 0 FROM :few_labelled AS l WHERE n = 1
	UNION
	SELECT l.id, l.n, depth + 1 FROM r JOIN :few_labelled AS l ON l.n = r.n + 1 AND l.id > r.id AND depth < 3)
SELECT n, depth, count(*), sum(id) FROM r GROUP BY 1, 2 ORDER BY 1, 2;
