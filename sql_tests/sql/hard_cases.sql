-- Cases that went wrong once, or were suspected to.  Each says its right answer.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS sessionize;
RESET client_min_messages;
SET search_path = sessionize, public;
SET timezone = 'UTC';

-- 1. sessions(): the composite type's descriptor goes away under a cursor.
--    Right: two rows, each with 3 sessions.  Once: segmentation fault.
BEGIN;
SET LOCAL enable_hashagg = off;
DECLARE c CURSOR FOR
    SELECT g, cardinality(sessions(timestamptz '2026-01-01' + i * interval '1 hour', interval '10 min'))
    FROM generate_series(1, 2) g, generate_series(1, 3) i GROUP BY g ORDER BY g;
FETCH 1 FROM c;                                              -- 1 | 3
ALTER TYPE sessionize.session OWNER TO pg_database_owner;
FETCH 1 FROM c;                                              -- 2 | 3
ROLLBACK;

-- 2. session_id(): reg* types under quote_all_identifiers.  Right: t.  Once: f
CREATE TEMP TABLE before AS SELECT session_id(1::bigint, 'pg_catalog.pg_class'::regclass) AS id;
SET quote_all_identifiers = on;
SELECT id = session_id(1::bigint, 'pg_catalog.pg_class'::regclass) AS same FROM before;
RESET quote_all_identifiers;
-- 3. ... and under a temporary table that hides the one meant.  Right: t.  Once: f
CREATE TEMP TABLE pg_class (a int);
SELECT id = session_id(1::bigint, 'pg_catalog.pg_class'::regclass) AS same FROM before;
DROP TABLE pg_temp.pg_class;

-- 4. A date as start must not depend on TimeZone.  Right: t (or an error).  Once: f
CREATE TEMP TABLE by_date AS SELECT session_id(date '2026-03-01', 1) AS id;
SET timezone = 'Asia/Tokyo';
SELECT id = session_id(date '2026-03-01', 1) AS same FROM by_date;
SET timezone = 'UTC';

-- 5. NULL times anywhere in peer groups, window ordered by another column; look-ahead and
--    sequential functions, in both orders of call.
--    id 1: nulls; 2: 1|1|2|0|5|inactivity; 3: nulls; 4: 1|2|2|0|5|inactivity; 5, 6: nulls;
--    7: 2|1|2|20|21|<null>; 8: nulls; 9: 2|2|2|20|21|<null>
WITH e(id, k, t) AS (VALUES (1,1,NULL::bigint),(2,1,0),(3,1,NULL),(4,2,5),(5,3,NULL),(6,3,NULL),(7,4,20),(8,4,NULL),(9,5,21))
SELECT id, session_number(t, 5) OVER w, session_event_number(t, 5) OVER w, session_event_count(t, 5) OVER w,
       session_start(t, 5) OVER w, session_end(t, 5) OVER w, session_ended_by(t, 5) OVER w
FROM e WINDOW w AS (ORDER BY k) ORDER BY id;
-- the same numbers with the look-ahead called first: right: 0 rows differ
WITH e(id, k, t) AS (VALUES (1,1,NULL::bigint),(2,1,0),(3,1,NULL),(4,2,5),(5,3,NULL),(6,3,NULL),(7,4,20),(8,4,NULL),(9,5,21)),
a AS (SELECT id, session_number(t,5) OVER w n, session_end(t,5) OVER w e FROM e WINDOW w AS (ORDER BY k)),
b AS (SELECT id, session_end(t,5) OVER w e, session_number(t,5) OVER w n FROM e WINDOW w AS (ORDER BY k))
SELECT count(*) FROM a JOIN b USING (id) WHERE (a.n, a.e) IS DISTINCT FROM (b.n, b.e);

-- 6. Mark positions with our functions and a run condition in one WindowAgg: after the pass-through
--    of one partition the next starts afresh.  Right: (1,1,1,2) (1,2,1,2) (2,1,1,2) (2,2,1,2)
SELECT * FROM (
    SELECT a, row_number() OVER w rn, session_number(t, 0) OVER w - row_number() OVER w + 1 AS n, session_end(t + 0, 1, end_on => t = 2) OVER w en
    FROM generate_series(1, 2) a, generate_series(1, 9::bigint) t WINDOW w AS (PARTITION BY a ORDER BY t)) z
WHERE rn <= 2 ORDER BY 1, 2;

-- 7. A cursor goes on after a subtransaction that failed in the same functions.
--    Right: 1|1, then 22023, then 2|2
BEGIN;
DECLARE c7 CURSOR FOR SELECT session_number(t, 0) OVER (ORDER BY t), session_end(t, 0) OVER (ORDER BY t) FROM generate_series(1, 5::bigint) t;
FETCH 1 FROM c7;
SAVEPOINT s;
SELECT session_end(t, 0 - t) OVER (ORDER BY t) FROM generate_series(1, 5::bigint) t;
ROLLBACK TO s;
FETCH 1 FROM c7;
ROLLBACK;

-- 8. An argument that itself runs the same window functions.  Right: 5
CREATE FUNCTION pg_temp.nested(x bigint) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    BEGIN PERFORM session_end(t, -1) OVER (ORDER BY t) FROM generate_series(1, 3::bigint) t;
    EXCEPTION WHEN invalid_parameter_value THEN NULL; END;
    RETURN (SELECT max(n) FROM (SELECT session_number(t, 0) OVER (ORDER BY t) n FROM generate_series(1, x) t) z) % 2 = 0;
END $$;
SELECT max(n) FROM (SELECT session_number(t, 9, pg_temp.nested(t)) OVER w n, session_end(t, 9, pg_temp.nested(t)) OVER w
                    FROM generate_series(1, 9::bigint) t WINDOW w AS (ORDER BY t)) z;

-- 9. The final function sorts the state between two transitions.  Right: 1 2 2 3 3 (rows by id)
SELECT session_count(timestamp '2026-01-01' + t * interval '1 min', interval '1 min') OVER (ORDER BY id)
FROM (VALUES (1, 10), (2, 5), (3, 11), (4, 0), (5, 6)) v(id, t);

-- 10. The ends of both timelines.  Right: 1 2 2 (bigint: 2^63 is more than 2^63-1), and
--     1 1 1 1 (never) against 1 2 3 4 (one microsecond less than never)
SELECT session_number(t, 9223372036854775807) OVER (ORDER BY t) FROM (VALUES ((-9223372036854775808)::bigint), (0), (9223372036854775807)) v(t);
SELECT session_number(t, '106751991 days 04:00:54.775807') OVER w AS never, session_number(t, '106751991 days 04:00:54.775806') OVER w AS nearly
FROM (VALUES (timestamp '-infinity'), ('4713-01-01 BC'), ('294276-12-31 23:59:59'), ('infinity')) v(t) WINDOW w AS (ORDER BY t);

-- 11. first(), last(): expanded arrays, domains, toasted values, NULL against a value at the same time.
--     Right: {1,9} | {3,9} | a | b | <null>
CREATE FUNCTION pg_temp.expanded(i int) RETURNS int[] LANGUAGE plpgsql AS $$DECLARE a int[] := ARRAY[i]; BEGIN a[2] := 9; RETURN a; END$$;
SELECT first(pg_temp.expanded(i), i::bigint), last(pg_temp.expanded(i), i::bigint) FROM generate_series(1, 3) i;
SELECT first(x, 1), last(x, 1), last(x, NULL::bigint) FROM (VALUES (NULL::text), ('b'), ('a')) v(x);

-- 12. An interval of several units by its comparison value.  Right: t t
SELECT session_id(1::bigint, interval '1 mon -1 us') = session_id(1::bigint, interval '29 days 23:59:59.999999'),
       session_id(1::bigint, VARIADIC ARRAY[1, NULL, 3]) = session_id(1::bigint, 1::int2, NULL::int, 3::bigint);

-- 13. Nothing of the fixed settings stays behind, after an error either.  Right: German, DMY
SET datestyle = 'German';
SELECT session_id(1::bigint, ARRAY[timestamptz '2026-01-01 00:00+00']) IS NOT NULL;
SHOW datestyle;
RESET datestyle;
