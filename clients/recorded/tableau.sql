Tableau: the checks of a new connection, custom SQL, and a worksheet.

-- may it make temporary tables (here it may not, and goes on without)
-- error: 42501
CREATE LOCAL TEMPORARY TABLE "#Tableau_1_6F3A_1_Connect_Check" ("COL" INTEGER) ON COMMIT PRESERVE ROWS;

-- ordinals in GROUP BY
-- expect: rows.length === 1
SELECT 1 AS "COL", SUM(1) AS "TOP" GROUP BY 1;

-- a read-only level
SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY;

-- columns of custom SQL, by LIMIT 0
-- expect: rows.length === 0 && fields.length === 15
SELECT * FROM (
SELECT * FROM app.visit
) "Custom SQL Query" LIMIT 0;

-- columns of custom SQL, by WHERE false
-- expect: rows.length === 0 && fields.length === 9
SELECT "Custom SQL Query".* FROM (
SELECT * FROM app.visit_actors
) "Custom SQL Query" WHERE false;

-- sessions by day and platform, ordinals
-- expect: sum('sum:Number of Records:ok') === numbers.sessions
SELECT CAST("visit"."entry_platform" AS TEXT) AS "entry_platform", DATE_TRUNC('DAY', CAST("visit"."started_at" AS TIMESTAMP)) AS "tdy:started_at:ok", SUM(1) AS "sum:Number of Records:ok" FROM "app"."visit" "visit" GROUP BY 1, 2;

-- a range of dates
-- expect: sum('sum:Number of Records:ok') === numbers.in_the_week && rows.length === 7
SELECT DATE_TRUNC('DAY', CAST("visit"."started_at" AS TIMESTAMP)) AS "tdy:started_at:ok", SUM(1) AS "sum:Number of Records:ok" FROM "app"."visit" "visit" WHERE (("visit"."started_at" >= (TIMESTAMP '2026-03-25 00:00:00.000')) AND ("visit"."started_at" < (TIMESTAMP '2026-04-01 00:00:00.000'))) GROUP BY 1;

-- a measure of actors
-- expect: near(first['sum:time_in_session_seconds:ok'], numbers.seconds)
SELECT SUM("visit_actors"."time_in_session_seconds") AS "sum:time_in_session_seconds:ok" FROM "app"."visit_actors" "visit_actors" HAVING (COUNT(1) > 0);

-- a level-of-detail calculation: first session of each actor
-- expect: first.n == numbers.actors
SELECT COUNT(DISTINCT "t0"."user_id") AS "n" FROM "app"."visit" "visit" INNER JOIN (SELECT "visit"."user_id" AS "user_id", MIN("visit"."started_at") AS "x_measure__0" FROM "app"."visit" "visit" GROUP BY 1) "t0" ON ("visit"."user_id" IS NOT DISTINCT FROM "t0"."user_id");

-- top 10 in a set
-- expect: rows.length === 10
SELECT "visit"."entry_page" AS "entry_page" , SUM("visit"."purchases") AS "X__alias__0" FROM "app"."visit" "visit" GROUP BY 1 ORDER BY 2 DESC NULLS LAST, 1 ASC LIMIT 10;

-- a cursor in parts
BEGIN;

-- declared with hold
DECLARE "SQL_CUR1" CURSOR WITH HOLD FOR SELECT "visit"."user_id" AS "user_id" FROM "app"."visit" "visit";

-- and committed
COMMIT;

-- fetched
-- expect: rows.length === 100
FETCH 100 FROM "SQL_CUR1";

-- closed
CLOSE "SQL_CUR1";
