Power BI: the PostgreSQL connector, import and DirectQuery.

-- what there is
-- expect: rows.filter(r => r.TABLE_SCHEMA === 'app' && r.TABLE_TYPE === 'VIEW').length === 6
select TABLE_SCHEMA as "TABLE_SCHEMA", TABLE_NAME as "TABLE_NAME", TABLE_TYPE as "TABLE_TYPE" from INFORMATION_SCHEMA.tables where TABLE_SCHEMA not in ('information_schema', 'pg_catalog') order by TABLE_SCHEMA, TABLE_NAME;

-- columns of a view
-- expect: rows.length === 15 && rows.find(r => r.COLUMN_NAME === 'duration_seconds').DATA_TYPE === 'double precision'
select COLUMN_NAME as "COLUMN_NAME", ORDINAL_POSITION as "ORDINAL_POSITION", IS_NULLABLE as "IS_NULLABLE", case when (data_type like '%unsigned%') then DATA_TYPE || ' unsigned' else DATA_TYPE end as "DATA_TYPE" from INFORMATION_SCHEMA.columns where TABLE_SCHEMA = 'app' and TABLE_NAME = 'visit' order by TABLE_SCHEMA, TABLE_NAME, ORDINAL_POSITION;

-- relations between tables: none for views
-- expect: rows.length === 0
select pkcol.COLUMN_NAME as PK_COLUMN_NAME, fkcol.TABLE_SCHEMA AS FK_TABLE_SCHEMA, fkcol.TABLE_NAME AS FK_TABLE_NAME, fkcol.COLUMN_NAME as FK_COLUMN_NAME, fkcol.ORDINAL_POSITION as ORDINAL, fkcon.CONSTRAINT_SCHEMA || '_' || fkcol.TABLE_NAME || '_' || 'visit' || '_' || fkcon.CONSTRAINT_NAME as FK_NAME from (select distinct constraint_catalog, constraint_schema, unique_constraint_schema, constraint_name, unique_constraint_name from INFORMATION_SCHEMA.REFERENTIAL_CONSTRAINTS) fkcon inner join INFORMATION_SCHEMA.KEY_COLUMN_USAGE fkcol on fkcon.CONSTRAINT_SCHEMA = fkcol.CONSTRAINT_SCHEMA and fkcon.CONSTRAINT_NAME = fkcol.CONSTRAINT_NAME inner join INFORMATION_SCHEMA.KEY_COLUMN_USAGE pkcol on fkcon.UNIQUE_CONSTRAINT_SCHEMA = pkcol.CONSTRAINT_SCHEMA and fkcon.UNIQUE_CONSTRAINT_NAME = pkcol.CONSTRAINT_NAME where pkcol.TABLE_SCHEMA = 'app' and pkcol.TABLE_NAME = 'visit' order by FK_NAME, fkcol.ORDINAL_POSITION;

-- preview of the navigator
-- expect: rows.length === 1000
select "$Table"."session_id" as "session_id", "$Table"."user_id" as "user_id", "$Table"."session_number" as "session_number", "$Table"."started_at" as "started_at", "$Table"."duration_seconds" as "duration_seconds", "$Table"."duration" as "duration", "$Table"."event_count" as "event_count", "$Table"."started_by" as "started_by" from "app"."visit" "$Table" limit 1000;

-- a visual, wrapped in "rows"
-- expect: sum('a0') === numbers.sessions && rows.length === numbers.days
select "rows"."day" as "day", count(1) as "a0" from (select "_"."started_at"::date as "day", "_"."session_id" as "session_id" from (select "$Table"."session_id" as "session_id", "$Table"."started_at" as "started_at" from "app"."visit" "$Table") "_") "rows" group by "day" limit 1000001;

-- a slicer on the day
-- expect: first.a0 == numbers.on_the_15th
select count(1) as "a0" from (select "_"."session_id", "_"."started_at" from "app"."visit" "_" where "_"."started_at" >= timestamp '2026-03-15 00:00:00' and "_"."started_at" < timestamp '2026-03-16 00:00:00') "rows";

-- relative dates, with interval arithmetic
-- expect: first.a0 == numbers.in_the_week
select count(1) as "a0" from "app"."visit" "_" where "_"."started_at" >= timestamp '2026-03-01 00:00:00' + (24 * interval '1 day') and "_"."started_at" < timestamp '2026-03-01 00:00:00' + (31 * interval '1 day');

-- folded steps, typed parameters, again and again
-- params: ["10"]
-- times: 8
-- expect: first.a0 == numbers.long
select count(1) as "a0" from (select "_"."duration_seconds" / 60 as "minutes" from "app"."visit" "_") "rows" where "rows"."minutes" > $1::double precision;

-- a join of sessions and actors
-- expect: first.a0 == numbers.sessions && near(first.a1, numbers.revenue)
select count(1) as "a0", sum("$Outer"."revenue") as "a1" from "app"."visit" "$Outer" left outer join "app"."visit_actors" "$Inner" on ("$Outer"."user_id" = "$Inner"."user_id");
