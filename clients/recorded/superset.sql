Superset: SQLAlchemy's reflection, then charts and SQL Lab.

-- schemas
-- expect: rows.some(r => r.nspname === 'app') && rows.some(r => r.nspname === 'sessionize')
SELECT nspname FROM pg_namespace WHERE nspname NOT LIKE 'pg_%' ORDER BY nspname;

-- the schema of a dataset
SET search_path = "app";

-- views
-- expect: rows.length === 6
SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'app' AND c.relkind IN ('v', 'm');

-- oid of a view
-- params: ["app", "visit"]
-- expect: rows.length === 1
SELECT c.oid FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE (n.nspname = $1) AND c.relname = $2 AND c.relkind in ('r', 'v', 'm', 'f', 'p');

-- columns
-- expect: rows.length === 15 && rows.every(r => r.comment) && rows.find(r => r.attname === 'duration_seconds').format_type === 'double precision'
SELECT a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), (SELECT pg_catalog.pg_get_expr(d.adbin, d.adrelid) FROM pg_catalog.pg_attrdef d WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum AND a.atthasdef) AS DEFAULT, a.attnotnull, a.attrelid as table_oid, pgd.description as comment, a.attgenerated as generated
FROM pg_catalog.pg_attribute a LEFT JOIN pg_catalog.pg_description pgd ON (pgd.objoid = a.attrelid AND pgd.objsubid = a.attnum)
WHERE a.attrelid = '"app"."visit"'::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum;

-- comment
-- expect: first.table_comment !== null
SELECT pgd.description as table_comment FROM pg_catalog.pg_description pgd WHERE pgd.objsubid = 0 AND pgd.objoid = '"app"."visit"'::regclass;

-- text of the view
-- expect: first.definition.includes('sessionize.')
SELECT pg_get_viewdef(c.oid) AS definition FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'app' AND c.relname = 'visit' AND c.relkind IN ('v', 'm');

-- a time series
-- expect: rows.length === numbers.days && sum('count') === numbers.sessions
SELECT DATE_TRUNC('day', started_at) AS started_at, COUNT(*) AS count FROM app.visit WHERE started_at >= TO_TIMESTAMP('2026-03-01 00:00:00.000000', 'YYYY-MM-DD HH24:MI:SS.US') AND started_at < TO_TIMESTAMP('2026-04-01 00:00:00.000000', 'YYYY-MM-DD HH24:MI:SS.US') GROUP BY DATE_TRUNC('day', started_at) ORDER BY count DESC LIMIT 10000;

-- one day of it
-- expect: first.count == numbers.on_the_15th
SELECT COUNT(*) AS count FROM app.visit WHERE started_at >= TO_TIMESTAMP('2026-03-15 00:00:00.000000', 'YYYY-MM-DD HH24:MI:SS.US') AND started_at < TO_TIMESTAMP('2026-03-16 00:00:00.000000', 'YYYY-MM-DD HH24:MI:SS.US');

-- a virtual dataset
-- expect: rows.length === 5 && Number(rows[0].sessions) >= Number(rows[4].sessions)
SELECT entry_page AS entry_page, count(*) AS sessions FROM (SELECT * FROM visit
WHERE event_count > 0) AS virtual_table GROUP BY entry_page ORDER BY sessions DESC LIMIT 5;

-- columns of a virtual dataset
-- expect: rows.length <= 1 && fields.length === 17
SELECT * FROM (SELECT v.*, a.session_count, a.first_started_at FROM visit v JOIN visit_actors a USING (user_id)) AS virtual_table LIMIT 1;

-- SQL Lab wraps a query with its limit
-- expect: rows.length === 1000
SELECT * FROM (SELECT * FROM visit_events) AS inner_qry LIMIT 1000;

-- SQL Lab asks for the cost, and nothing is run
-- expect: /cost=/.test(first['QUERY PLAN'])
EXPLAIN SELECT * FROM visit;

-- a filter's values
-- expect: rows.length === 3
SELECT DISTINCT entry_platform AS entry_platform FROM app.visit LIMIT 1000;

-- top actors in a series limit
-- expect: rows.length > 0 && rows.length <= 3 * numbers.days
SELECT DATE_TRUNC('day', started_at) AS started_at, entry_page, COUNT(*) AS count FROM app.visit JOIN (SELECT entry_page AS entry_page__, COUNT(*) AS mme_inner__ FROM app.visit GROUP BY entry_page ORDER BY mme_inner__ DESC LIMIT 3) AS series_limit ON entry_page = entry_page__ GROUP BY DATE_TRUNC('day', started_at), entry_page LIMIT 10000;
