/*-------------------------------------------------------------------------
 *
 * commands.c
 *	  The SQL functions that change definitions.
 *
 * They see to it that the caller may, and write the catalog tables in the
 * tables' owner's name.  All else is the work of the tables' triggers.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/objectaddress.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/varlena.h"

#include "definitions/build.h"
#include "definitions/commands.h"
#include "definitions/lock.h"
#include "definitions/triggers.h"
#include "functions/arguments.h"

PG_FUNCTION_INFO_V1(sessionize_define_session);
PG_FUNCTION_INFO_V1(sessionize_define_metric);
PG_FUNCTION_INFO_V1(sessionize_alter_session);
PG_FUNCTION_INFO_V1(sessionize_drop_session);
PG_FUNCTION_INFO_V1(sessionize_drop_metric);



/*
 * Small pieces
 */

static char *
text_or_null(FunctionCallInfo fcinfo, int argno)
{
	return PG_ARGISNULL(argno) ? NULL :
		text_to_cstring(PG_GETARG_TEXT_PP(argno));
}

static char *
name_or_null(FunctionCallInfo fcinfo, int argno)
{
	return PG_ARGISNULL(argno) ? NULL :
		pstrdup(NameStr(*PG_GETARG_NAME(argno)));
}

static char *
required_text(FunctionCallInfo fcinfo, int argno, const char *field)
{
	if (PG_ARGISNULL(argno))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" must not be null", field)));
	return text_to_cstring(PG_GETARG_TEXT_PP(argno));
}

/*
 * Only a definition's owner, or who has that role's rights, may change it.
 *
 * The recorded owner counts even where the views' owner is the effective one.
 */
static void
check_is_owner(const SznCatalogRow *row)
{
	Oid			owner = szn_effective_owner(row);
	Oid			recorded_owner = get_role_oid(row->owner, true);

	if (superuser())
		return;
	if (!OidIsValid(owner) || !has_privs_of_role(GetUserId(), owner) ||
		(OidIsValid(recorded_owner) && !has_privs_of_role(GetUserId(), recorded_owner)))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must be owner of session \"%s\"", row->definition.name)));
}

/*
 * The caller's definition, locked.  One that is to get another name or source
 * is locked with these, too.
 */
SznCatalogRow *
szn_lock_for_change(const char *schema, const char *name, const char *new_schema,
			   const char *new_name, Oid source)
{
	SznCatalogRow *row = szn_find_definition(schema, name, false);
	List	   *names;

	check_is_owner(row);
	names = szn_add_name(NIL, row->definition.schema, row->definition.name);
	if (new_schema != NULL || new_name != NULL)
		names = szn_add_name(names, new_schema ? new_schema : row->definition.schema,
							 new_name ? new_name : row->definition.name);
	szn_lock_definitions(names, source);

	/* as it is now that nobody else changes it */
	row = szn_find_definition(row->definition.schema, name, false);
	check_is_owner(row);
	return row;
}

/* The same, for any other change. */
SznCatalogRow *
szn_lock_own_definition(const char *schema, const char *name)
{
	return szn_lock_for_change(schema, name, NULL, NULL, InvalidOid);
}

/* Write to the catalog tables in their owner's name. */
void
szn_write_catalog(const char *command, int num_args, Oid *types, Datum *values,
			  const char *nulls)
{
	Oid			user;
	int			security_context;
	Relation	table;
	Oid			owner;
	Oid			outer_caller = szn_caller;
	Oid			namespace = get_namespace_oid("sessionize", false);

	table = table_open(get_relname_relid("session_definition", namespace),
					   AccessShareLock);
	owner = table->rd_rel->relowner;
	table_close(table, NoLock);

	GetUserIdAndSecContext(&user, &security_context);
	SetUserIdAndSecContext(owner, security_context | SECURITY_LOCAL_USERID_CHANGE);
	szn_caller = user;
	szn_has_locked = true;
	PG_TRY();
	{
		if (SPI_execute_with_args(command, num_args, types, values, nulls, false, 0) < 0)
			elog(ERROR, "could not write the catalog of definitions");
	}
	PG_FINALLY();
	{
		szn_caller = outer_caller;
		szn_has_locked = false;
	}
	PG_END_TRY();
	SetUserIdAndSecContext(user, security_context);
}

static Datum
text_datum(const char *string, char *null)
{
	*null = string == NULL ? 'n' : ' ';
	return string == NULL ? (Datum) 0 : CStringGetTextDatum(string);
}


/* The schema of a new definition: where CREATE VIEW would create. */
static char *
creation_schema(const char *schema)
{
	List	   *path;

	if (schema != NULL)
	{
		(void) get_namespace_oid(schema, false);
		return pstrdup(schema);
	}
	path = fetch_search_path(false);
	if (path == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_SCHEMA),
				 errmsg("no schema has been selected to create in"),
				 errhint("Give the argument \"schema\", or set search_path.")));
	return get_namespace_name(linitial_oid(path));
}

/* define_session(...) -> regclass: the sessions view; see docs */
Datum
sessionize_define_session(PG_FUNCTION_ARGS)
{
	enum
	{
		NAME, SOURCE, ACTOR, EVENT_TIME, INACTIVITY, RESTART_ON, END_ON,
		MAX_DURATION, REQUIRE_RESTART, FILTER, KEEP, TIE_BREAK, ENTRY, EXIT,
		SCHEMA, LABEL_PREFIX, SECURITY_INVOKER, READERS, REPLACE
	};
	static Oid	types[] = {
		TEXTOID, TEXTOID, NAMEOID, TEXTOID, TEXTOID, TEXTOID, INTERVALOID,
		TEXTOID, TEXTOID, INTERVALOID, BOOLOID, TEXTOID, TEXTOID, TEXTOID,
		BOOLOID, NAMEARRAYOID, TEXTOID, TEXTOID, TEXTOID
	};
	Datum		values[lengthof(types)];
	char		nulls[lengthof(types)];
	NameData	owner;
	SznDefinition definition = {0};
	SznCatalogRow *existing;
	bool		replace = !PG_ARGISNULL(REPLACE) && PG_GETARG_BOOL(REPLACE);
	Oid			source;
	char	   *source_name;
	Oid			view;

	SPI_connect();

	definition.name = required_text(fcinfo, NAME, "name");
	szn_check_name(definition.name, "session name", SZN_MAX_SESSION_NAME);
	if (PG_ARGISNULL(SOURCE))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"source\" must not be null")));
	if (PG_ARGISNULL(INACTIVITY))
		szn_error_null_inactivity();
	source = PG_GETARG_OID(SOURCE);
	source_name = get_rel_name(source);
	definition.schema = creation_schema(name_or_null(fcinfo, SCHEMA));
	szn_lock_definitions(szn_add_name(NIL, definition.schema, definition.name), source);
	if (get_rel_name(source) == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 source_name ? errmsg("relation \"%s\" does not exist", source_name) :
				 errmsg("relation with OID %u does not exist", source)));
	existing = szn_find_definition(definition.schema, definition.name, true);
	if (existing != NULL)
	{
		if (!replace)
			ereport(ERROR,
					(errcode(ERRCODE_DUPLICATE_OBJECT),
					 errmsg("session \"%s\" already exists in schema \"%s\"",
							definition.name, definition.schema),
					 errhint("Use replace => true to change it.")));
		check_is_owner(existing);
		namestrcpy(&owner, GetUserNameFromId(szn_effective_owner(existing), false));
	}
	else
	{
		szn_check_names_are_free(&definition);
		namestrcpy(&owner, GetUserNameFromId(GetUserId(), false));
	}

	values[0] = text_datum(definition.schema, &nulls[0]);
	values[1] = text_datum(definition.name, &nulls[1]);
	values[2] = NameGetDatum(&owner);
	nulls[2] = ' ';
	values[3] = text_datum(quote_qualified_identifier(get_namespace_name(get_rel_namespace(source)),
													  get_rel_name(source)), &nulls[3]);
	values[4] = text_datum(required_text(fcinfo, ACTOR, "actor"), &nulls[4]);
	values[5] = text_datum(required_text(fcinfo, EVENT_TIME, "event_time"), &nulls[5]);
	values[6] = PG_GETARG_DATUM(INACTIVITY);
	nulls[6] = ' ';
	values[7] = text_datum(text_or_null(fcinfo, RESTART_ON), &nulls[7]);
	values[8] = text_datum(text_or_null(fcinfo, END_ON), &nulls[8]);
	values[9] = PG_GETARG_DATUM(MAX_DURATION);
	nulls[9] = PG_ARGISNULL(MAX_DURATION) ? 'n' : ' ';
	values[10] = BoolGetDatum(!PG_ARGISNULL(REQUIRE_RESTART) && PG_GETARG_BOOL(REQUIRE_RESTART));
	nulls[10] = ' ';
	values[11] = text_datum(text_or_null(fcinfo, FILTER), &nulls[11]);
	values[12] = text_datum(text_or_null(fcinfo, KEEP), &nulls[12]);
	values[13] = text_datum(text_or_null(fcinfo, LABEL_PREFIX), &nulls[13]);
	values[14] = BoolGetDatum(PG_ARGISNULL(SECURITY_INVOKER) || PG_GETARG_BOOL(SECURITY_INVOKER));
	nulls[14] = ' ';
	values[15] = PG_GETARG_DATUM(READERS);
	nulls[15] = PG_ARGISNULL(READERS) ? 'n' : ' ';
	values[16] = text_datum(text_or_null(fcinfo, TIE_BREAK), &nulls[16]);
	values[17] = text_datum(text_or_null(fcinfo, ENTRY), &nulls[17]);
	values[18] = text_datum(text_or_null(fcinfo, EXIT), &nulls[18]);

	/* the triggers check again; here errors come without their queries */
	if (existing == NULL)
	{
		definition.source = source;
		definition.actor = required_text(fcinfo, ACTOR, "actor");
		definition.event_time = required_text(fcinfo, EVENT_TIME, "event_time");
		definition.restart_on = text_or_null(fcinfo, RESTART_ON);
		definition.end_on = text_or_null(fcinfo, END_ON);
		definition.filter = text_or_null(fcinfo, FILTER);
		definition.keep = text_or_null(fcinfo, KEEP);
		definition.tie_break = text_or_null(fcinfo, TIE_BREAK);
		definition.entry = text_or_null(fcinfo, ENTRY);
		definition.exit = text_or_null(fcinfo, EXIT);
		definition.label_prefix = text_or_null(fcinfo, LABEL_PREFIX);
		definition.inactivity = PG_GETARG_INTERVAL_P(INACTIVITY);
		definition.max_duration = PG_ARGISNULL(MAX_DURATION) ? NULL :
			PG_GETARG_INTERVAL_P(MAX_DURATION);
		szn_check_definition(&definition, NULL, GetUserId());
	}

	if (existing != NULL)
	{
		/* the source is what was given, not what the views read */
		szn_rebuilding = true;
		PG_TRY();
		{
			szn_write_catalog("UPDATE sessionize.session_definition SET owner = $3, source = $4,"
						  " actor = $5, event_time = $6, inactivity = $7, restart_on = $8,"
						  " end_on = $9, max_duration = $10, require_restart = $11, filter = $12,"
						  " keep = $13, label_prefix = $14, security_invoker = $15, readers = $16,"
						  " tie_break = $17, entry = $18, exit = $19"
						  " WHERE schema OPERATOR(pg_catalog.=) $1::pg_catalog.name"
						  " AND name OPERATOR(pg_catalog.=) $2",
						  lengthof(types), types, values, nulls);
		}
		PG_FINALLY();
		{
			szn_rebuilding = false;
		}
		PG_END_TRY();
	}
	else
		szn_write_catalog("INSERT INTO sessionize.session_definition (schema, name, owner, source,"
					  " actor, event_time, inactivity, restart_on, end_on, max_duration,"
					  " require_restart, filter, keep, label_prefix, security_invoker, readers,"
					  " tie_break, entry, exit)"
					  " VALUES ($1::pg_catalog.name, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12,"
					  " $13, $14, $15, $16, $17, $18, $19)",
					  lengthof(types), types, values, nulls);

	view = szn_view_oid(&definition, SZN_VIEW_SESSIONS);
	SPI_finish();
	PG_RETURN_OID(view);
}

/* define_metric(session, name, aggregate, ...) -> text: its label */
Datum
sessionize_define_metric(PG_FUNCTION_ARGS)
{
	enum
	{
		SESSION, NAME, AGGREGATE, FILTER, SESSION_FILTER, NTH, SCHEMA, REPLACE
	};
	static Oid	types[] = {TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, INT4OID};
	Datum		values[lengthof(types)];
	char		nulls[lengthof(types)];
	SznCatalogRow *row;
	char	   *name;
	bool		replace = !PG_ARGISNULL(REPLACE) && PG_GETARG_BOOL(REPLACE);
	bool		exists = false;
	ListCell   *cell;

	/* the answer needs it, when what SPI has given is gone */
	name = required_text(fcinfo, NAME, "name");
	SPI_connect();
	szn_check_name(name, "metric name", NAMEDATALEN - 1);
	row = szn_lock_own_definition(name_or_null(fcinfo, SCHEMA),
							  required_text(fcinfo, SESSION, "session"));

	foreach(cell, row->definition.metrics)
		exists |= strcmp(((SznMetric *) lfirst(cell))->name, name) == 0;
	if (exists && !replace)
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_OBJECT),
				 errmsg("metric \"%s\" of session \"%s\" already exists",
						name, row->definition.name),
				 errhint("Use replace => true to change it.")));
	if (!exists && szn_sessions_view_has(row, name))
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_COLUMN),
				 errmsg("session \"%s\" already has a column \"%s\"",
						row->definition.name, name),
				 errhint("Choose another name.")));

	/* the triggers check again; here errors come without their queries */
	row->definition.source = szn_resolve_source(row);
	if (!exists && OidIsValid(row->definition.source) &&
		szn_try_to_parse(&row->definition, &row->definition,
						 szn_effective_owner(row)) == NULL)
	{
		SznMetric  *metric = (SznMetric *) palloc0(sizeof(SznMetric));
		SznDefinition stored;

		metric->name = name;
		metric->aggregate = required_text(fcinfo, AGGREGATE, "aggregate");
		metric->filter = text_or_null(fcinfo, FILTER);
		metric->session_filter = text_or_null(fcinfo, SESSION_FILTER);
		stored = row->definition;
		row->definition.metrics = lappend(list_copy(row->definition.metrics), metric);
		szn_check_definition(&row->definition, &stored, szn_effective_owner(row));
	}

	values[0] = text_datum(row->definition.schema, &nulls[0]);
	values[1] = text_datum(row->definition.name, &nulls[1]);
	values[2] = text_datum(name, &nulls[2]);
	values[3] = text_datum(required_text(fcinfo, AGGREGATE, "aggregate"), &nulls[3]);
	values[4] = text_datum(text_or_null(fcinfo, FILTER), &nulls[4]);
	values[5] = text_datum(text_or_null(fcinfo, SESSION_FILTER), &nulls[5]);
	values[6] = PG_GETARG_DATUM(NTH);
	nulls[6] = PG_ARGISNULL(NTH) ? 'n' : ' ';

	szn_write_catalog(exists ?
				  "UPDATE sessionize.metric_definition SET aggregate = $4, filter = $5,"
				  " session_filter = $6, nth = $7"
				  " WHERE schema OPERATOR(pg_catalog.=) $1::pg_catalog.name"
				  " AND session OPERATOR(pg_catalog.=) $2 AND name OPERATOR(pg_catalog.=) $3" :
				  "INSERT INTO sessionize.metric_definition"
				  " (schema, session, name, position, aggregate, filter, session_filter, nth)"
				  " SELECT $1::pg_catalog.name, $2, $3, COALESCE(pg_catalog.max(position), 0) OPERATOR(pg_catalog.+) 1,"
				  " $4, $5, $6, $7 FROM sessionize.metric_definition"
				  " WHERE schema OPERATOR(pg_catalog.=) $1::pg_catalog.name"
				  " AND session OPERATOR(pg_catalog.=) $2",
				  lengthof(types), types, values, nulls);
	SPI_finish();
	PG_RETURN_TEXT_P(cstring_to_text(psprintf("session %s", name)));
}

/* drop_metric(session, name, schema) */
Datum
sessionize_drop_metric(PG_FUNCTION_ARGS)
{
	Oid			types[3] = {TEXTOID, TEXTOID, TEXTOID};
	Datum		values[3];
	char		nulls[3];
	SznCatalogRow *row;
	char	   *name;
	ListCell   *cell;
	bool		exists = false;

	SPI_connect();
	row = szn_lock_own_definition(name_or_null(fcinfo, 2), required_text(fcinfo, 0, "session"));
	name = required_text(fcinfo, 1, "name");
	foreach(cell, row->definition.metrics)
		exists |= strcmp(((SznMetric *) lfirst(cell))->name, name) == 0;
	if (!exists)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("metric \"%s\" of session \"%s\" does not exist",
						name, row->definition.name)));
	values[0] = text_datum(row->definition.schema, &nulls[0]);
	values[1] = text_datum(row->definition.name, &nulls[1]);
	values[2] = text_datum(name, &nulls[2]);
	szn_write_catalog("DELETE FROM sessionize.metric_definition"
				  " WHERE schema OPERATOR(pg_catalog.=) $1::pg_catalog.name"
				  " AND session OPERATOR(pg_catalog.=) $2 AND name OPERATOR(pg_catalog.=) $3",
				  3, types, values, nulls);
	SPI_finish();
	PG_RETURN_VOID();
}

/* drop_session(name, cascade, schema) */
Datum
sessionize_drop_session(PG_FUNCTION_ARGS)
{
	Oid			types[2] = {TEXTOID, TEXTOID};
	Datum		values[2];
	char		nulls[2];
	SznCatalogRow *row;

	SPI_connect();
	row = szn_lock_own_definition(name_or_null(fcinfo, 2), required_text(fcinfo, 0, "name"));
	values[0] = text_datum(row->definition.schema, &nulls[0]);
	values[1] = text_datum(row->definition.name, &nulls[1]);
	szn_dropping_cascade = !PG_ARGISNULL(1) && PG_GETARG_BOOL(1);
	PG_TRY();
	{
		szn_write_catalog("DELETE FROM sessionize.session_definition"
					  " WHERE schema OPERATOR(pg_catalog.=) $1::pg_catalog.name"
					  " AND name OPERATOR(pg_catalog.=) $2",
					  2, types, values, nulls);
	}
	PG_FINALLY();
	{
		szn_dropping_cascade = false;
	}
	PG_END_TRY();
	SPI_finish();
	PG_RETURN_VOID();
}

/* alter_session(name, field, value, schema): one parameter */
Datum
sessionize_alter_session(PG_FUNCTION_ARGS)
{
	static const struct
	{
		const char *field;
		const char *type;
	}			fields[] = {
		{"name", "pg_catalog.text"}, {"schema", "pg_catalog.name"},
		{"source", "pg_catalog.text"}, {"actor", "pg_catalog.text"},
		{"event_time", "pg_catalog.text"}, {"inactivity", "pg_catalog.interval"},
		{"restart_on", "pg_catalog.text"}, {"end_on", "pg_catalog.text"},
		{"max_duration", "pg_catalog.interval"},
		{"require_restart", "pg_catalog.bool"}, {"filter", "pg_catalog.text"},
		{"keep", "pg_catalog.text"}, {"tie_break", "pg_catalog.text"},
		{"entry", "pg_catalog.text"}, {"exit", "pg_catalog.text"},
		{"label_prefix", "pg_catalog.text"},
		{"security_invoker", "pg_catalog.bool"},
		{"readers", "pg_catalog.name[]"}
	};
	Oid			types[3] = {TEXTOID, TEXTOID, TEXTOID};
	Datum		values[3];
	char		nulls[3];
	SznCatalogRow *row;
	char	   *name;
	char	   *field;
	char	   *value;
	int			i;

	SPI_connect();
	name = required_text(fcinfo, 0, "name");
	field = required_text(fcinfo, 1, "field");
	value = text_or_null(fcinfo, 2);
	row = szn_lock_for_change(name_or_null(fcinfo, 3), name,
						 strcmp(field, "schema") == 0 ? value : NULL,
						 strcmp(field, "name") == 0 ? value : NULL,
						 strcmp(field, "source") == 0 && value != NULL ?
						 szn_relation_named(value) : InvalidOid);
	for (i = 0; i < (int) lengthof(fields); i++)
	{
		if (strcmp(fields[i].field, field) == 0)
			break;
	}
	if (i == (int) lengthof(fields))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a session has no field \"%s\"", field),
				 errhint("Fields are the arguments of sessionize.define_session().")));
	if (value == NULL && strcmp(fields[i].type, "pg_catalog.bool") == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" must not be null", field),
				 errhint("It is true or false.")));
	values[0] = text_datum(row->definition.schema, &nulls[0]);
	values[1] = text_datum(row->definition.name, &nulls[1]);
	values[2] = text_datum(value, &nulls[2]);
	szn_write_catalog(psprintf("UPDATE sessionize.session_definition SET %s = $3::%s"
						   " WHERE schema OPERATOR(pg_catalog.=) $1::pg_catalog.name"
						   " AND name OPERATOR(pg_catalog.=) $2",
						   fields[i].field, fields[i].type),
				  3, types, values, nulls);
	SPI_finish();
	PG_RETURN_VOID();
}
