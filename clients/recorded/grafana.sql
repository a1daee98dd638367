Grafana: its query builder's look-ups, and panels whose macros have been expanded.

-- server version
-- expect: Number(first.version) >= 15
SELECT current_setting('server_version_num')::int/100 AS version;

-- tables
-- expect: ["visit", "visit_events", "visit_actors"].every(name => rows.some(r => r.table === 'app.' + name || r.table === name || r.table === '"app"."' + name + '"'))
SELECT CASE WHEN quote_ident(table_schema) IN (SELECT CASE WHEN trim(s[i]) = '"$user"' THEN user ELSE trim(s[i]) END FROM generate_series(array_lower(string_to_array(current_setting('search_path'), ','), 1), array_upper(string_to_array(current_setting('search_path'), ','), 1)) AS i, string_to_array(current_setting('search_path'), ',') s) THEN quote_ident(table_name) ELSE quote_ident(table_schema) || '.' || quote_ident(table_name) END AS "table" FROM information_schema.tables WHERE quote_ident(table_schema) NOT IN ('information_schema', 'pg_catalog', '_timescaledb_cache') ORDER BY 1;

-- time columns
-- expect: rows.map(r => r.column).join() === 'ended_at,started_at'
SELECT quote_ident(column_name) AS "column", data_type AS "type" FROM information_schema.columns WHERE quote_ident(table_schema) = 'app' AND quote_ident(table_name) = 'visit' AND data_type IN ('timestamp without time zone', 'timestamp with time zone', 'date') ORDER BY column_name;

-- value columns
-- expect: rows.some(r => r.column === 'duration_seconds')
SELECT quote_ident(column_name) AS "column" FROM information_schema.columns WHERE quote_ident(table_schema) = 'app' AND quote_ident(table_name) = 'visit' AND data_type IN ('bigint', 'integer', 'double precision', 'real', 'numeric') ORDER BY column_name;

-- $__timeFilter and $__timeGroup by hour
-- expect: sum('sessions') === numbers.on_the_15th && rows.length <= 24 && fields[0] === 'time'
SELECT floor(extract(epoch from started_at)/3600)*3600 AS "time", count(*) AS sessions FROM app.visit WHERE started_at BETWEEN '2026-03-15T00:00:00Z' AND '2026-03-15T23:59:59.999999Z' GROUP BY 1 ORDER BY 1;

-- $__timeGroupAlias by day
-- expect: sum('sessions') === numbers.sessions && rows.length === numbers.days
SELECT floor(extract(epoch from started_at)/86400)*86400 AS "time", count(*) AS sessions, avg(duration_seconds) AS "mean duration" FROM app.visit WHERE started_at BETWEEN '2026-03-01T00:00:00Z' AND '2026-04-01T00:00:00Z' GROUP BY 1 ORDER BY 1;

-- $__unixEpochFilter, which is for columns of numbers: the views have no such time, so of an expression
-- expect: first.sessions == numbers.on_the_15th
SELECT count(*) AS sessions FROM app.visit WHERE extract(epoch from started_at) >= 1773532800 AND extract(epoch from started_at) <= 1773619199;

-- a variable's values
-- expect: rows.length === 3
SELECT DISTINCT entry_platform FROM app.visit;

-- several values of a variable
-- expect: sum('sessions') === numbers.sessions
SELECT floor(extract(epoch from started_at)/86400)*86400 AS "time", entry_platform AS metric, count(*) AS sessions FROM app.visit WHERE started_at BETWEEN '2026-03-01T00:00:00Z' AND '2026-04-01T00:00:00Z' AND entry_platform IN ('web','android','ios') GROUP BY 1, 2 ORDER BY 1, 2;
