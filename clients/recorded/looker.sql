Looker: explores, with the time zone of the query, row totals and drill-down.

-- a time zone and an application name
SET TIME ZONE 'UTC';

-- may it see the table
-- expect: first.ok === 't'
SELECT has_table_privilege('app.visit', 'SELECT') AS ok;

-- an explore, by day
-- expect: sum('visit.count') === numbers.sessions
SELECT (DATE("visit"."started_at" AT TIME ZONE 'UTC')) AS "visit.started_date", COUNT(*) AS "visit.count", COALESCE(SUM("visit"."purchases"), 0) AS "visit.purchases" FROM "app"."visit" AS "visit" WHERE ((("visit"."started_at") >= ((SELECT TIMESTAMP '2026-03-01')) AND ("visit"."started_at") < ((SELECT (TIMESTAMP '2026-03-01' + (31 || ' day')::INTERVAL))))) GROUP BY (DATE("visit"."started_at" AT TIME ZONE 'UTC')) ORDER BY 1 DESC FETCH NEXT 500 ROWS ONLY;

-- the last seven days before a moment
-- expect: first['visit.count'] == numbers.in_the_week
SELECT COUNT(*) AS "visit.count" FROM "app"."visit" AS "visit" WHERE ((( "visit"."started_at" ) >= ((SELECT (DATE_TRUNC('day', TIMESTAMP '2026-03-31 09:30') + (-6 || ' day')::INTERVAL))) AND ( "visit"."started_at" ) < ((SELECT ((DATE_TRUNC('day', TIMESTAMP '2026-03-31 09:30') + (-6 || ' day')::INTERVAL) + (7 || ' day')::INTERVAL))))) LIMIT 500;

-- a symmetric aggregate over a join that fans out
-- expect: near(first.seconds, numbers.seconds) && first.events == numbers.events
SELECT SUM("visit"."duration_seconds" / "visit"."event_count") AS seconds, COUNT(*) AS events FROM "app"."visit_events" AS "e" LEFT JOIN "app"."visit" AS "visit" ON "e"."session_id" = "visit"."session_id";

-- a pivot
-- expect: rows.length > 0
SELECT * FROM (SELECT *, DENSE_RANK() OVER (ORDER BY z___min_rank) as z___pivot_row_rank, RANK() OVER (PARTITION BY z__pivot_col_rank ORDER BY z___min_rank) as z__pivot_col_ordering FROM (SELECT *, MIN(z___rank) OVER (PARTITION BY "visit.started_date") as z___min_rank FROM (SELECT *, RANK() OVER (ORDER BY "visit.started_date" DESC, z__pivot_col_rank) AS z___rank FROM (SELECT *, DENSE_RANK() OVER (ORDER BY "visit.platform" NULLS LAST) AS z__pivot_col_rank FROM (SELECT "visit"."entry_platform" AS "visit.platform", (DATE("visit"."started_at")) AS "visit.started_date", COUNT(*) AS "visit.count" FROM "app"."visit" AS "visit" GROUP BY 1, 2) ww) bb WHERE z__pivot_col_rank <= 16384) aa) xx) zz WHERE z__pivot_col_rank <= 50 LIMIT 500;

-- a derived table
-- expect: first['d.count'] == numbers.actors
WITH first_sessions AS (SELECT user_id, MIN(started_at) AS first_at FROM app.visit GROUP BY 1) SELECT COUNT(*) AS "d.count" FROM first_sessions;

-- drill-down to a session's events
-- expect: rows.length === numbers.events_of_42
SELECT "e"."session_id", "e"."session_event_number", "e"."ts", "e"."event", "e"."page" FROM "app"."visit_events" AS "e" WHERE ("e"."user_id" ) = 42 ORDER BY 1, 2 LIMIT 5000;

-- the cost of a query
-- expect: rows.length > 0
EXPLAIN SELECT COUNT(*) FROM "app"."visit" AS "visit" WHERE "visit"."started_at" >= TIMESTAMP '2026-03-15';
