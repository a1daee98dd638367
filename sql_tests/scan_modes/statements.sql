/*
 * statements.sql: the kinds of statements that can hold our calls, and how they are run.
 */

/* Prepared. */

--- [used] prepared, custom and generic plans
PREPARE p (integer) AS SELECT user_id, ts, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) FROM few WHERE user_id = $1 ORDER BY 1, 2, 3;
SET plan_cache_mode = force_custom_plan;
EXECUTE p (1);
EXECUTE p (NULL);
SET plan_cache_mode = force_generic_plan;
EXECUTE p (1);
EXECUTE p (NULL);
EXECUTE p (99);
EXECUTE p (3);
DEALLOCATE p;
--- [used] prepared, inactivity as a parameter
PREPARE p (interval) AS SELECT user_id, ts, sessionize.session_number(ts, $1) OVER (PARTITION BY user_id ORDER BY ts) FROM few ORDER BY 1, 2, 3;
SET plan_cache_mode = force_custom_plan;
EXECUTE p ('1 hour');
SET plan_cache_mode = force_generic_plan;
EXECUTE p ('1 hour');
EXECUTE p ('10 minutes');
DEALLOCATE p;
PREPARE p (interval, boolean, boolean, interval, boolean) AS :sum (SELECT user_id, ts, sessionize.session_number(ts, $1, $2, $3, $4, $5) OVER (PARTITION BY user_id ORDER BY ts) FROM many) AS q;
EXECUTE p ('1 hour', true, true, '2 hours', true);
EXECUTE p ('1 hour', NULL, NULL, NULL, NULL);
EXECUTE p ('1 hour', NULL, true, NULL, false);
EXECUTE p ('10 minutes', false, false, '20 minutes', false);
DEALLOCATE p;
--- [error: inactivity] prepared, with a bad parameter
PREPARE p (interval) AS SELECT user_id, ts, sessionize.session_number(ts, $1) OVER (PARTITION BY user_id ORDER BY ts) FROM few ORDER BY 1, 2, 3;
SET plan_cache_mode = force_generic_plan;
EXECUTE p (NULL);
EXECUTE p ('-1 hour');
EXECUTE p ('1 month');
SET plan_cache_mode = force_custom_plan;
EXECUTE p (NULL);
EXECUTE p ('-1 hour');
EXECUTE p ('1 month');
DEALLOCATE p;
--- [used] prepared, more often than five times, and after the table changes
BEGIN;
CREATE TEMPORARY TABLE t AS TABLE few;
PREPARE p (integer) AS SELECT count(*), sum(n) FROM (SELECT sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) AS n FROM t WHERE user_id >= $1) AS s;
EXECUTE p (0); EXECUTE p (1); EXECUTE p (2); EXECUTE p (3); EXECUTE p (4); EXECUTE p (0); EXECUTE p (1);
ALTER TABLE t ADD more integer;
CREATE INDEX ON t (user_id, ts);
EXECUTE p (1);
DELETE FROM t WHERE user_id = 2;
EXECUTE p (1);
ROLLBACK;
DEALLOCATE p;
--- [used] fetched in pieces
SELECT user_id, ts, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) AS n FROM few ORDER BY 1, 2, 3
\set FETCH_COUNT 7
\g
\unset FETCH_COUNT

/* Cursors. */

--- [used] a cursor that scrolls
BEGIN;
DECLARE c SCROLL CURSOR FOR SELECT user_id, ts, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) FROM few WHERE user_id < 3 ORDER BY 1, 2, 3;
FETCH 5 FROM c;
FETCH BACKWARD 3 FROM c;
FETCH FORWARD 4 FROM c;
FETCH LAST FROM c;
FETCH RELATIVE -2 FROM c;
FETCH FIRST FROM c;
FETCH PRIOR FROM c;
FETCH ABSOLUTE 12 FROM c;
MOVE BACKWARD ALL IN c;
FETCH ALL FROM c;
FETCH BACKWARD ALL FROM c;
COMMIT;
--- [used] a cursor that scrolls over the node itself
BEGIN;
DECLARE c SCROLL CURSOR FOR SELECT ts, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) FROM indexed WHERE user_id = 11;
FETCH 3 FROM c;
FETCH BACKWARD 2 FROM c;
FETCH ALL FROM c;
FETCH BACKWARD 4 FROM c;
MOVE FIRST IN c;
FETCH 2 FROM c;
FETCH ABSOLUTE -1 FROM c;
COMMIT;
--- [used] a cursor WITH HOLD
BEGIN;
DECLARE c CURSOR WITH HOLD FOR SELECT user_id, ts, sessionize.session_number(:args) OVER w, sessionize.session_end(:args) OVER w FROM few WINDOW w AS (PARTITION BY user_id ORDER BY ts) ORDER BY 1, 2, 3;
FETCH 4 FROM c;
COMMIT;
FETCH 4 FROM c;
FETCH ALL FROM c;
CLOSE c;
--- [used] a scrolling cursor WITH HOLD
BEGIN;
DECLARE c SCROLL CURSOR WITH HOLD FOR SELECT user_id, ts, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) FROM few ORDER BY 1, 2, 3;
FETCH 9 FROM c;
FETCH BACKWARD 2 FROM c;
COMMIT;
FETCH BACKWARD 3 FROM c;
FETCH 2 FROM c;
CLOSE c;
--- [used] a cursor whose rows stay as they were when it was opened
BEGIN;
CREATE TEMPORARY TABLE t AS TABLE few;
CREATE INDEX ON t (user_id, ts);
DECLARE c NO SCROLL CURSOR FOR SELECT user_id, ts, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) AS n FROM t ORDER BY 1, 2, 3;
FETCH 3 FROM c;
DELETE FROM t;
FETCH ALL FROM c;
CLOSE c;
ROLLBACK;
--- [used] cursors side by side, one of them left open
BEGIN;
DECLARE c CURSOR FOR SELECT user_id, ts, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) FROM few ORDER BY 1, 2, 3;
DECLARE d CURSOR FOR SELECT ts, sessionize.session_number(:args) OVER (PARTITION BY device ORDER BY ts) FROM many ORDER BY 1, 2;
FETCH 3 FROM c; FETCH 3 FROM d; FETCH 3 FROM c; FETCH 3 FROM d;
SAVEPOINT s;
FETCH 2 FROM d;
ROLLBACK TO s;
FETCH 2 FROM c;
CLOSE c;
FETCH 2 FROM d;
COMMIT;

/* Functions. */

--- [used] a loop in PL/pgSQL, left before its end
DO $$
DECLARE
	r record;
	seen text := '';
BEGIN
	FOR u IN 0 .. 5 LOOP
		FOR r IN SELECT ts, sessionize.session_number(ts, '30 minutes') OVER (PARTITION BY user_id ORDER BY ts) AS n
				 FROM few WHERE user_id = u ORDER BY ts, n LOOP
			EXIT WHEN r.n > 2;
			seen := seen || ' ' || u || ':' || coalesce(r.n::text, '-');
		END LOOP;
	END LOOP;
	RAISE WARNING 'seen%', seen;
END $$;
--- [used] functions in SQL, inlined and not, and in PL/pgSQL
SELECT * FROM inlined(1) ORDER BY 1, 2;
SELECT * FROM not_inlined(1) ORDER BY 1, 2;
SELECT * FROM in_plpgsql(1) ORDER BY 1, 2;
SELECT a.n, i.* FROM asked AS a, inlined(a.who) AS i ORDER BY 1, 2, 3;
SELECT a.n, i.* FROM asked AS a, not_inlined(a.who) AS i ORDER BY 1, 2, 3;
SELECT a.n, i.* FROM asked AS a, in_plpgsql(a.who) AS i ORDER BY 1, 2, 3;
SELECT n, last_session(who) FROM asked ORDER BY 1;
--- [used] a function that fails half way, and is called again
SELECT in_plpgsql(who) FROM asked, generate_series(1, 1 / (n - 3)) ORDER BY 1;
SELECT count(*) FROM in_plpgsql(1);
DO $$
BEGIN
	PERFORM sessionize.session_number(ts, CASE WHEN id <> 90 THEN gap END) OVER (PARTITION BY user_id ORDER BY ts) FROM few;
EXCEPTION WHEN invalid_parameter_value THEN
	RAISE WARNING 'caught %', SQLERRM;
END $$;
SELECT count(*), sum(n) FROM labelled;
--- [used] a trigger that labels
BEGIN;
CREATE FUNCTION label() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	SELECT max(n) INTO NEW.n FROM (SELECT sessionize.session_number(ts, '30 minutes') OVER (PARTITION BY user_id ORDER BY ts) AS n FROM few WHERE user_id = NEW.user_id) AS s;
	RETURN NEW;
END $$;
CREATE TRIGGER label BEFORE INSERT ON target FOR EACH ROW EXECUTE FUNCTION label();
INSERT INTO target SELECT who, NULL, 0, 'new' FROM asked;
SELECT user_id, n FROM target WHERE note = 'new' ORDER BY 1, 2;
CREATE FUNCTION sum_up() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE WARNING '%', (SELECT sum(n) FROM (SELECT sessionize.session_number(ts, '30 minutes') OVER (PARTITION BY user_id ORDER BY ts) AS n FROM added) AS s);
	RETURN NULL;
END $$;
CREATE TRIGGER sum_up AFTER INSERT ON target REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION sum_up();
INSERT INTO target SELECT user_id, ts FROM few;
ROLLBACK;

/* Statements that write. */

--- [used] INSERT
BEGIN;
INSERT INTO target SELECT user_id, ts, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts), 'new' FROM few;
SELECT * FROM target WHERE note = 'new' ORDER BY 1, 2, 3;
INSERT INTO target SELECT user_id, ts, sessionize.session_number(ts, '1 hour') OVER (PARTITION BY user_id ORDER BY ts), note FROM target;
SELECT count(*), sum(n) FROM target;
INSERT INTO few SELECT id + 1000, user_id, device, ts, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts)::text, page, amount, gap FROM few;
SELECT kind, count(*) FROM few GROUP BY 1 ORDER BY 1;
ROLLBACK;
--- [used] CREATE TABLE AS, SELECT INTO, COPY, VALUES
BEGIN;
CREATE TEMPORARY TABLE t AS SELECT user_id, ts, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) AS n FROM few;
SELECT * FROM t ORDER BY 1, 2, 3;
SELECT user_id, ts, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) AS n INTO TEMPORARY t2 FROM few;
SELECT count(*), sum(n) FROM t2;
COPY (SELECT user_id, ts, sessionize.session_number(ts, '30 minutes') OVER (PARTITION BY user_id ORDER BY ts) AS n FROM few ORDER BY 1, 2, 3) TO stdout (FORMAT csv);
VALUES (1, (SELECT max(n) FROM labelled)), (2, (SELECT min(n) FROM labelled));
ROLLBACK;
--- [used] UPDATE
BEGIN;
UPDATE target SET n = s.n FROM (SELECT user_id, ts, max(n) AS n FROM (SELECT user_id, ts, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) AS n FROM few) AS i GROUP BY 1, 2) AS s WHERE s.user_id = target.user_id AND s.ts = target.ts;
SELECT * FROM target ORDER BY 1, 2, 3;
UPDATE target SET n = (SELECT max(n) FROM labelled AS l WHERE l.user_id = target.user_id) WHERE user_id IS NOT NULL;
SELECT user_id, min(n), max(n) FROM target GROUP BY 1 ORDER BY 1;
WITH u AS (UPDATE target SET n = s.n + 100 FROM (SELECT id, user_id, ts, sessionize.session_number(ts, '1 hour') OVER (PARTITION BY user_id ORDER BY ts) AS n FROM few) AS s WHERE s.id = target.user_id RETURNING target.*) SELECT * FROM u ORDER BY 1, 2, 3;
ROLLBACK;
--- [used] DELETE
BEGIN;
DELETE FROM target USING (SELECT user_id, ts, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) AS n FROM target) AS s WHERE s.user_id = target.user_id AND s.ts = target.ts AND s.n > 1;
SELECT * FROM target ORDER BY 1, 2, 3;
WITH d AS (DELETE FROM target WHERE (user_id, ts) IN (SELECT user_id, sessionize.session_start(:args) OVER (PARTITION BY user_id ORDER BY ts) FROM few) RETURNING *) SELECT * FROM d ORDER BY 1, 2, 3;
ROLLBACK;
--- [used] MERGE
BEGIN;
MERGE INTO target USING (SELECT DISTINCT user_id, ts, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) AS n FROM few WHERE isfinite(ts)) AS s
	ON s.user_id = target.user_id AND s.ts = target.ts
	WHEN MATCHED AND s.n = 1 THEN DELETE
	WHEN MATCHED THEN UPDATE SET n = s.n, note = 'merged'
	WHEN NOT MATCHED AND s.n > 2 THEN INSERT VALUES (s.user_id, s.ts, s.n, 'inserted');
SELECT * FROM target ORDER BY 1, 2, 3, 4;
ROLLBACK;
--- [used] a CTE that writes
BEGIN;
WITH gone AS (DELETE FROM target RETURNING user_id, ts), l AS (SELECT *, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) AS n FROM gone)
SELECT user_id, ts, n FROM l ORDER BY 1, 2, 3;
SELECT count(*) FROM target;
ROLLBACK;

/* Transactions. */

--- [used] serializable
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT user_id, ts, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) FROM few ORDER BY 1, 2, 3;
:sum (SELECT user_id, ts, :seven FROM indexed WINDOW w AS (PARTITION BY user_id ORDER BY ts)) AS q;
SELECT mode, count(*) > 0 FROM pg_locks WHERE relation = 'few'::regclass AND mode = 'SIReadLock' GROUP BY 1;
COMMIT;
--- [used] read only, repeatable read, deferrable
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
SELECT count(*), sum(n) FROM labelled;
COMMIT;
BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY DEFERRABLE;
SELECT count(*), sum(n) FROM labelled;
COMMIT;
--- [used] several statements in one string
SELECT count(*), sum(n) FROM labelled\; SELECT max(n) FROM labelled\; SELECT min(n) FROM labelled;
--- [used] EXPLAIN runs it, and says so
SELECT count(*) > 0 FROM explained('EXPLAIN (ANALYZE, TIMING OFF, SUMMARY OFF) SELECT * FROM labelled');
SELECT count(*) > 0 FROM explained('EXPLAIN (ANALYZE, VERBOSE, FORMAT JSON) SELECT * FROM labelled WHERE n = 2');
