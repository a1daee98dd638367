Metabase: sync over JDBC, then questions made in its editor.

-- a session's characteristics
SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ UNCOMMITTED;

-- role of a pooled connection
SET ROLE NONE;

-- search for tables and their comments
-- params: ["{information_schema,pg_catalog}"]
-- expect: rows.filter(r => r.schema === 'app' && r.type === 'VIEW').length === 6 && rows.filter(r => r.schema === 'app' && r.description).length === 7
SELECT n.nspname AS schema, c.relname AS name,
	CASE c.relkind WHEN 'r' THEN 'TABLE' WHEN 'p' THEN 'PARTITIONED TABLE' WHEN 'v' THEN 'VIEW' WHEN 'f' THEN 'FOREIGN TABLE' WHEN 'm' THEN 'MATERIALIZED VIEW' END AS type,
	d.description, stat.n_live_tup AS estimated_row_count
FROM pg_catalog.pg_class AS c
	INNER JOIN pg_catalog.pg_namespace AS n ON c.relnamespace = n.oid
	LEFT JOIN pg_catalog.pg_description AS d ON c.oid = d.objoid AND d.objsubid = 0 AND d.classoid = 'pg_class'::regclass
	LEFT JOIN pg_stat_user_tables AS stat ON n.nspname = stat.schemaname AND c.relname = stat.relname
WHERE c.relnamespace = n.oid AND n.nspname !~ '^pg_' AND n.nspname <> ALL ($1) AND c.relkind IN ('r', 'p', 'v', 'f', 'm')
ORDER BY type, schema, name;

-- which of them may be read
-- expect: rows.filter(r => r.schema === 'app' && r.select === 't').length === 7 && rows.every(r => r.update === 'f' && r.insert === 'f')
WITH table_privileges AS (
	SELECT NULL AS role, t.schemaname AS schema, t.objectname AS table,
		pg_catalog.has_any_column_privilege(current_user, '"' || replace(t.schemaname, '"', '""') || '"' || '.' || '"' || replace(t.objectname, '"', '""') || '"', 'update') AS update,
		pg_catalog.has_any_column_privilege(current_user, '"' || replace(t.schemaname, '"', '""') || '"' || '.' || '"' || replace(t.objectname, '"', '""') || '"', 'select') AS select,
		pg_catalog.has_any_column_privilege(current_user, '"' || replace(t.schemaname, '"', '""') || '"' || '.' || '"' || replace(t.objectname, '"', '""') || '"', 'insert') AS insert
	FROM (
		SELECT schemaname, tablename AS objectname FROM pg_catalog.pg_tables
		UNION
		SELECT schemaname, viewname AS objectname FROM pg_views
		UNION
		SELECT schemaname, matviewname AS objectname FROM pg_matviews
	) AS t
	WHERE t.schemaname !~ '^pg_' AND t.schemaname <> 'information_schema' AND pg_catalog.has_schema_privilege(current_user, t.schemaname, 'usage')
)
SELECT t.* FROM table_privileges AS t;

-- columns and their comments
-- expect: rows.filter(r => r['table-name'] === 'visit').length === 15 && rows.filter(r => r['table-name'] === 'visit').every(r => r['field-comment']) && rows.some(r => r['table-schema'] === 'sessionize')
SELECT c.column_name AS name, CASE WHEN c.udt_schema IN ('public', 'pg_catalog') THEN format('%s', c.udt_name) ELSE format('"%s"."%s"', c.udt_schema, c.udt_name) END AS "database-type",
	c.ordinal_position - 1 AS "database-position", c.table_schema AS "table-schema", c.table_name AS "table-name",
	pk.column_name IS NOT NULL AS "pk?", col_description(CAST(CAST(format('%I.%I', CAST(c.table_schema AS TEXT), CAST(c.table_name AS TEXT)) AS REGCLASS) AS OID), c.ordinal_position) AS "field-comment",
	(column_default IS NULL OR lower(column_default) = 'null') AND is_nullable = 'NO' AND NOT (column_default IS NOT NULL AND column_default LIKE '%nextval(%') AND is_identity = 'NO' AS "database-required"
FROM information_schema.columns AS c
	LEFT JOIN (SELECT tc.table_schema, tc.table_name, kc.column_name
		FROM information_schema.table_constraints AS tc
			INNER JOIN information_schema.key_column_usage AS kc ON tc.constraint_name = kc.constraint_name AND tc.table_schema = kc.table_schema AND tc.table_name = kc.table_name
		WHERE tc.constraint_type = 'PRIMARY KEY') AS pk
		ON c.table_schema = pk.table_schema AND c.table_name = pk.table_name AND c.column_name = pk.column_name
WHERE c.table_schema !~ '^information_schema|catalog_history|pg_'
ORDER BY "table-schema", "table-name", "database-position";

-- probe of a table
-- expect: rows.length === 0 && fields.length === 1
SELECT TRUE AS "_" FROM "app"."visit" WHERE 1 <> 1 LIMIT 0;

-- fingerprint of a table
-- expect: rows.length === 10000 || rows.length === numbers.sessions
SELECT "app"."visit"."session_number" AS "session_number", SUBSTRING("app"."visit"."started_by", 1, 1234) AS "substring1", "app"."visit"."duration_seconds" AS "duration_seconds" FROM "app"."visit" LIMIT 10000;

-- table view
-- expect: rows.length === 2000 && fields.length === 15
SELECT "app"."visit"."session_id" AS "session_id", "app"."visit"."user_id" AS "user_id", "app"."visit"."session_number" AS "session_number", "app"."visit"."started_at" AS "started_at", "app"."visit"."ended_at" AS "ended_at", "app"."visit"."duration_seconds" AS "duration_seconds", "app"."visit"."duration" AS "duration", "app"."visit"."event_count" AS "event_count", "app"."visit"."started_by" AS "started_by", "app"."visit"."ended_by" AS "ended_by", "app"."visit"."is_open" AS "is_open", "app"."visit"."entry_page" AS "entry_page", "app"."visit"."entry_platform" AS "entry_platform", "app"."visit"."purchases" AS "purchases", "app"."visit"."revenue" AS "revenue" FROM "app"."visit" LIMIT 2000;

-- sessions by day
-- expect: rows.length === numbers.days && sum('count') === numbers.sessions && rows[14].count == numbers.on_the_15th
SELECT CAST("app"."visit"."started_at" AS date) AS "started_at", COUNT(*) AS "count" FROM "app"."visit" GROUP BY CAST("app"."visit"."started_at" AS date) ORDER BY CAST("app"."visit"."started_at" AS date) ASC;

-- sessions by week
-- expect: sum('count') === numbers.sessions
SELECT (CAST(date_trunc('week', ("app"."visit"."started_at" + INTERVAL '1 day')) AS timestamptz) + INTERVAL '-1 day') AS "started_at", COUNT(*) AS "count" FROM "app"."visit" GROUP BY (CAST(date_trunc('week', ("app"."visit"."started_at" + INTERVAL '1 day')) AS timestamptz) + INTERVAL '-1 day') ORDER BY 1 ASC;

-- a day, by parameters
-- params: ["2026-03-15 00:00:00.000Z", "2026-03-16 00:00:00.000Z"]
-- times: 8
-- expect: first.count == numbers.on_the_15th
SELECT COUNT(*) AS "count" FROM "app"."visit" WHERE ("app"."visit"."started_at" >= $1::timestamptz) AND ("app"."visit"."started_at" < $2::timestamptz);

-- the last thirty days
-- expect: rows.length === 1
SELECT COUNT(*) AS "count", AVG("app"."visit"."duration_seconds") AS "avg" FROM "app"."visit" WHERE ("app"."visit"."started_at" >= CAST((NOW() + (INTERVAL '-30 day')) AS date)) AND ("app"."visit"."started_at" < CAST(NOW() AS date));

-- a histogram by width of bins
-- expect: sum('count') === numbers.sessions
SELECT FLOOR(("app"."visit"."duration_seconds" / 300.0)) * 300.0 AS "duration_seconds", COUNT(*) AS "count" FROM "app"."visit" GROUP BY FLOOR(("app"."visit"."duration_seconds" / 300.0)) * 300.0 ORDER BY 1 ASC;

-- a join of actors, over a saved question
-- expect: sum('sum') === numbers.purchases
SELECT "source"."entry_platform" AS "entry_platform", SUM("source"."purchases") AS "sum" FROM (SELECT "app"."visit"."user_id" AS "user_id", "app"."visit"."entry_platform" AS "entry_platform", "app"."visit"."purchases" AS "purchases", "A"."session_count" AS "A__session_count" FROM "app"."visit" LEFT JOIN "app"."visit_actors" AS "A" ON "app"."visit"."user_id" = "A"."user_id") AS "source" GROUP BY "source"."entry_platform" ORDER BY 2 DESC;

-- distinct values for a filter
-- expect: rows.length === 3
SELECT "app"."visit"."entry_platform" AS "entry_platform" FROM "app"."visit" GROUP BY "app"."visit"."entry_platform" ORDER BY "app"."visit"."entry_platform" ASC LIMIT 1000;

-- names that need quotes
-- expect: first.count > 0
SELECT COUNT(*) AS "count", AVG("app"."Natalie's Session"."Pages seen") AS "avg" FROM "app"."Natalie's Session" WHERE "app"."Natalie's Session"."on what" = 'web';
