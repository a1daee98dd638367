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

-- generic plans only
SET plan_cache_mode = force_generic_plan;

-- a prepared statement
PREPARE of_actor (bigint) AS SELECT * FROM app.visit WHERE user_id = $1;

-- whose generic plan reads one actor
-- expect: read() === numbers.events_of_42
EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE of_actor(42);
