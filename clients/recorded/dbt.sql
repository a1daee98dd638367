dbt: its adapter's look-ups, a catalog for the docs, tests of a source.

-- schemas
-- expect: rows.some(r => r.nspname === 'app')
select distinct nspname from pg_namespace;

-- relations without their schema's cache
-- expect: rows.filter(r => r.type === 'view').length === 6
select 'postgres' as database, tablename as name, schemaname as schema, 'table' as type from pg_tables where schemaname ilike 'app' union all select 'postgres' as database, viewname as name, schemaname as schema, 'view' as type from pg_views where schemaname ilike 'app' union all select 'postgres' as database, matviewname as name, schemaname as schema, 'materialized_view' as type from pg_matviews where schemaname ilike 'app';

-- what depends on what
-- expect: rows.some(r => r.referenced_name === 'events' && r.dependent_name === 'visit')
with relation as (select pg_rewrite.ev_class as class, pg_rewrite.oid as id from pg_rewrite), class as (select oid as id, relname as name, relnamespace as schema, relkind as kind from pg_class), dependency as (select distinct pg_depend.objid as id, pg_depend.refobjid as ref from pg_depend), schema as (select pg_namespace.oid as id, pg_namespace.nspname as name from pg_namespace where nspname != 'information_schema' and nspname not like 'pg\_%'), referenced as (select relation.id AS id, referenced_class.name, referenced_class.schema, referenced_class.kind from relation join class as referenced_class on relation.class = referenced_class.id where referenced_class.kind in ('r', 'v', 'm')), relationships as (select referenced.name as referenced_name, referenced.schema as referenced_schema_id, dependent_class.name as dependent_name, dependent_class.schema as dependent_schema_id, referenced.kind as kind from referenced join dependency on referenced.id = dependency.id join class as dependent_class on dependency.ref = dependent_class.id where (referenced.name != dependent_class.name or referenced.schema != dependent_class.schema)) select referenced_schema.name as referenced_schema, relationships.dependent_name as referenced_name, dependent_schema.name as dependent_schema, relationships.referenced_name as dependent_name from relationships join schema as dependent_schema on relationships.dependent_schema_id = dependent_schema.id join schema as referenced_schema on relationships.referenced_schema_id = referenced_schema.id group by referenced_schema, relationships.dependent_name, dependent_schema, relationships.referenced_name;

-- catalog of the docs
-- expect: rows.filter(r => r.table_name === 'visit').length === 15 && rows.filter(r => r.table_name === 'visit').every(r => r.table_owner === 'analyst' && r.column_comment && r.table_comment && r.table_type === 'VIEW')
select 'postgres' as table_database, sch.nspname as table_schema, tbl.relname as table_name, case tbl.relkind when 'v' then 'VIEW' when 'm' then 'MATERIALIZED VIEW' else 'BASE TABLE' end as table_type, tbl_desc.description as table_comment, col.attname as column_name, col.attnum as column_index, pg_catalog.format_type(col.atttypid, col.atttypmod) as column_type, col_desc.description as column_comment, pg_get_userbyid(tbl.relowner) as table_owner from pg_catalog.pg_namespace sch join pg_catalog.pg_class tbl on tbl.relnamespace = sch.oid join pg_catalog.pg_attribute col on col.attrelid = tbl.oid left outer join pg_catalog.pg_description tbl_desc on (tbl_desc.objoid = tbl.oid and tbl_desc.objsubid = 0) left outer join pg_catalog.pg_description col_desc on (col_desc.objoid = tbl.oid and col_desc.objsubid = col.attnum) where (upper(sch.nspname) = upper('app')) and not pg_is_other_temp_schema(sch.oid) and tbl.relpersistence in ('p', 'u') and tbl.relkind in ('r', 'v', 'f', 'p', 'm') and col.attnum > 0 and not col.attisdropped order by sch.nspname, tbl.relname, col.attnum;

-- columns of a relation
-- expect: rows.length === 15
select column_name, data_type, character_maximum_length, numeric_precision, numeric_scale from "postgres".INFORMATION_SCHEMA.columns where table_name = 'visit' and table_schema = 'app' order by ordinal_position;

-- columns of a query
-- expect: rows.length === 0 && fields.length === 15
select * from (select * from app.visit) as __dbt_sbq where false limit 0;

-- test: unique
-- expect: first.failures == 0
select count(*) as failures, count(*) != 0 as should_warn, count(*) != 0 as should_error from (select session_id as unique_field, count(*) as n_records from "postgres"."app"."visit" where session_id is not null group by session_id having count(*) > 1) dbt_internal_test;

-- test: not null
-- expect: first.failures == 0
select count(*) as failures from (select session_id from "postgres"."app"."visit" where session_id is null) dbt_internal_test;

-- test: accepted values
-- expect: first.failures == 0
with all_values as (select started_by as value_field, count(*) as n_records from "postgres"."app"."visit" group by started_by) select count(*) as failures from all_values where value_field not in ('first','inactivity');

-- test: relationships
-- expect: first.failures == 0
with child as (select session_id as from_field from "postgres"."app"."visit_events" where session_id is not null), parent as (select session_id as to_field from "postgres"."app"."visit") select count(*) as failures from (select from_field from child left join parent on child.from_field = parent.to_field where parent.to_field is null) dbt_internal_test;

-- freshness of a source
-- expect: rows.length === 1 && first.max_loaded_at !== null
select max(ended_at) as max_loaded_at, now() as snapshotted_at from "postgres"."app"."visit";
