What looks at a view must not pay for all of it: how many events the plans of such statements really read.

-- a probe that can have no row
-- expect: read() === 0
EXPLAIN (ANALYZE, FORMAT JSON) SELECT * FROM (SELECT * FROM app.visit) AS t WHERE 1 = 0;

-- columns by LIMIT 0
-- expect: read() === 0
EXPLAIN (ANALYZE, FORMAT JSON) SELECT * FROM (SELECT * FROM app.visit) "Custom SQL Query" LIMIT 0;

-- the preview of a view of sessions
-- expect: read() > 0 && read() < 1000
EXPLAIN (ANALYZE, FORMAT JSON) SELECT * FROM "app"."visit" LIMIT 10;

-- the preview of a view of events
-- expect: read() > 0 && read() < 1000
EXPLAIN (ANALYZE, FORMAT JSON) SELECT * FROM (SELECT * FROM "app"."visit_events") AS virtual_table LIMIT 10;

-- the preview of a view of actors
-- expect: read() > 0 && read() < numbers.events / 10
EXPLAIN (ANALYZE, FORMAT JSON) SELECT * FROM "app"."visit_actors" LIMIT 10;

-- sessions of one actor
-- expect: read() === numbers.events_of_42
EXPLAIN (ANALYZE, FORMAT JSON) SELECT * FROM "app"."visit" WHERE "app"."visit"."user_id" = 42;

-- events of one actor, in a wrapper
-- expect: read() === numbers.events_of_42
EXPLAIN (ANALYZE, FORMAT JSON) SELECT * FROM (SELECT * FROM app.visit_events) AS t WHERE t.user_id = 42;

-- one actor's row
-- expect: read() === numbers.events_of_42
EXPLAIN (ANALYZE, FORMAT JSON) SELECT * FROM app.visit_actors WHERE user_id IN (42);

-- Metabase: a week by day, by parameters
-- params: ["2026-03-25 00:00:00.000Z", "2026-04-01 00:00:00.000Z"]
-- expect: read() === numbers.events_for_the_week
EXPLAIN (ANALYZE, FORMAT JSON) SELECT CAST("app"."visit"."started_at" AS date) AS "started_at", COUNT(*) AS "count" FROM "app"."visit" WHERE ("app"."visit"."started_at" >= $1::timestamptz) AND ("app"."visit"."started_at" < $2::timestamptz) GROUP BY CAST("app"."visit"."started_at" AS date) ORDER BY CAST("app"."visit"."started_at" AS date) ASC;

-- Metabase: since a day, compared as a date, for which a day more is read
-- expect: read() >= numbers.events_for_the_week && read() < numbers.events / 3
EXPLAIN (ANALYZE, FORMAT JSON) SELECT COUNT(*) AS "count" FROM "app"."visit" WHERE CAST("app"."visit"."started_at" AS date) >= date '2026-03-25';

-- Superset: a week by day
-- expect: read() === numbers.events_for_the_week
EXPLAIN (ANALYZE, FORMAT JSON) SELECT DATE_TRUNC('day', started_at) AS started_at, COUNT(*) AS count FROM app.visit WHERE started_at >= TO_TIMESTAMP('2026-03-25 00:00:00.000000', 'YYYY-MM-DD HH24:MI:SS.US') AND started_at < TO_TIMESTAMP('2026-04-01 00:00:00.000000', 'YYYY-MM-DD HH24:MI:SS.US') GROUP BY DATE_TRUNC('day', started_at) ORDER BY count DESC LIMIT 10000;

-- Superset: the same of a virtual dataset
-- expect: read() === numbers.events_for_the_week
EXPLAIN (ANALYZE, FORMAT JSON) SELECT entry_page AS entry_page, count(*) AS count FROM (SELECT * FROM app.visit WHERE event_count > 0) AS virtual_table WHERE started_at >= TO_TIMESTAMP('2026-03-25 00:00:00.000000', 'YYYY-MM-DD HH24:MI:SS.US') AND started_at < TO_TIMESTAMP('2026-04-01 00:00:00.000000', 'YYYY-MM-DD HH24:MI:SS.US') GROUP BY entry_page ORDER BY count DESC LIMIT 10000;

-- Grafana: a week by hour, $__timeFilter
-- expect: read() === numbers.events_for_the_week
EXPLAIN (ANALYZE, FORMAT JSON) SELECT floor(extract(epoch from started_at)/3600)*3600 AS "time", count(*) AS sessions FROM app.visit WHERE started_at BETWEEN '2026-03-25T00:00:00Z' AND '2026-03-31T23:59:59.999Z' GROUP BY 1 ORDER BY 1;

-- Grafana: half a day in between, of which it is found out how long its sessions go on
-- expect: read() > 0 && read() < numbers.events / 10
EXPLAIN (ANALYZE, FORMAT JSON) SELECT floor(extract(epoch from started_at)/300)*300 AS "time", count(*) AS sessions FROM app.visit WHERE started_at BETWEEN '2026-03-15T00:00:00Z' AND '2026-03-15T12:00:00Z' GROUP BY 1 ORDER BY 1;

-- Tableau: a week by day
-- expect: read() === numbers.events_for_the_week
EXPLAIN (ANALYZE, FORMAT JSON) SELECT DATE_TRUNC('DAY', CAST("visit"."started_at" AS TIMESTAMP)) AS "tdy:started_at:ok", SUM(1) AS "sum:Number of Records:ok" FROM "app"."visit" "visit" WHERE (("visit"."started_at" >= (TIMESTAMP '2026-03-25 00:00:00.000')) AND ("visit"."started_at" < (TIMESTAMP '2026-04-01 00:00:00.000'))) GROUP BY 1;

-- Power BI: a week, by interval arithmetic
-- expect: read() === numbers.events_for_the_week
EXPLAIN (ANALYZE, FORMAT JSON) select count(1) as "a0" from (select "_"."session_id", "_"."started_at" from "app"."visit" "_" where "_"."started_at" >= timestamp '2026-03-01 00:00:00' + (24 * interval '1 day') and "_"."started_at" < timestamp '2026-03-01 00:00:00' + (31 * interval '1 day')) "rows";

-- Looker: the last seven days before a moment, by sub-selects
-- expect: read() === numbers.events_for_the_week
EXPLAIN (ANALYZE, FORMAT JSON) SELECT (DATE("visit"."started_at" AT TIME ZONE 'UTC')) AS "visit.started_date", COUNT(*) AS "visit.count" FROM "app"."visit" AS "visit" WHERE ((( "visit"."started_at" ) >= ((SELECT (DATE_TRUNC('day', TIMESTAMP '2026-03-31 09:30') + (-6 || ' day')::INTERVAL))) AND ( "visit"."started_at" ) < ((SELECT ((DATE_TRUNC('day', TIMESTAMP '2026-03-31 09:30') + (-6 || ' day')::INTERVAL) + (7 || ' day')::INTERVAL))))) GROUP BY (DATE("visit"."started_at" AT TIME ZONE 'UTC')) ORDER BY 1 DESC FETCH NEXT 500 ROWS ONLY;

-- Cube: a week by day in another time zone
-- params: ["2026-03-25T00:00:00.000Z", "2026-03-31T23:59:59.999Z"]
-- expect: read() === numbers.events_for_the_week
EXPLAIN (ANALYZE, FORMAT JSON) SELECT date_trunc('day', ("visits".started_at::timestamptz AT TIME ZONE 'Europe/Berlin')) "visits__started_at_day", count(*) "visits__count" FROM app.visit AS "visits" WHERE ("visits".started_at >= $1::timestamptz AND "visits".started_at <= $2::timestamptz) GROUP BY 1 ORDER BY 1 ASC LIMIT 10000;

-- dbt: freshness of a source, with a filter
-- expect: read() > 0 && read() < numbers.events / 10
EXPLAIN (ANALYZE, FORMAT JSON) select max(ended_at) as max_loaded_at, now() as snapshotted_at from "app"."visit" where ended_at >= '2026-03-31';

-- what depends on all history: only of those who were there in the last hour
-- expect: read() > 0 && read() < numbers.events / 10
EXPLAIN (ANALYZE, FORMAT JSON) SELECT "app"."visit"."user_id" AS "user_id", "app"."visit"."session_number" AS "session_number", "app"."visit"."started_by" AS "started_by" FROM "app"."visit" WHERE "app"."visit"."started_at" >= timestamp with time zone '2026-03-31 23:00:00.000Z' ORDER BY "app"."visit"."session_number" LIMIT 100;

-- events since then, and the sessions that they belong to
-- expect: read() > 0 && read() < numbers.events / 10
EXPLAIN (ANALYZE, FORMAT JSON) SELECT "e"."session_id", "e"."ts", "e"."event" FROM "app"."visit_events" AS "e" WHERE "e"."ts" >= TIMESTAMP '2026-03-31 23:00' ORDER BY "e"."ts" LIMIT 5000;

-- generic plans only
SET plan_cache_mode = force_generic_plan;

-- a prepared statement
PREPARE of_actor (bigint) AS SELECT * FROM app.visit WHERE user_id = $1;

-- whose generic plan reads one actor
-- expect: read() === numbers.events_of_42
EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE of_actor(42);

-- a week
PREPARE of_week (timestamptz, timestamptz) AS SELECT count(*) FROM app.visit WHERE started_at >= $1 AND started_at < $2;

-- whose generic plan reads the events for it
-- expect: read() === numbers.events_for_the_week
EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE of_week('2026-03-25', '2026-04-01');
