/*-------------------------------------------------------------------------
 *
 * rebuild.c
 *	  rebuild_views(): the views of definitions made anew from the catalog.
 *
 * For what has happened to views, sources and schemas behind the definitions'
 * backs.  Writing a definition's row as it stands makes the triggers do the
 * work.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"

#include "definitions/attempt.h"
#include "definitions/build.h"
#include "definitions/commands.h"
#include "definitions/lock.h"
#include "definitions/triggers.h"

PG_FUNCTION_INFO_V1(sessionize_rebuild_views);

/* The schema with the views was renamed: the definition follows. */
static SznCatalogRow *
follow_schema(SznCatalogRow *row)
{
	Oid			types[3] = {TEXTOID, TEXTOID, TEXTOID};
	Datum		values[3];
	char	   *schema = szn_find_renamed_schema(row);

	if (schema == NULL)
		return row;
	row = szn_lock_for_change(row->definition.schema, row->definition.name,
							  schema, NULL, InvalidOid);
	values[0] = CStringGetTextDatum(row->definition.schema);
	values[1] = CStringGetTextDatum(row->definition.name);
	values[2] = CStringGetTextDatum(schema);
	szn_write_catalog("UPDATE sessionize.session_definition SET schema = $3::pg_catalog.name"
					  " WHERE schema OPERATOR(pg_catalog.=) $1::pg_catalog.name"
					  " AND name OPERATOR(pg_catalog.=) $2",
					  3, types, values, NULL);
	return szn_lock_own_definition(schema, row->definition.name);
}

/*
 * Write a definition anew, as it stands; the triggers do the rest.  Its source
 * is what has the recorded name now, if anything has.  Returns whether there
 * are views then.
 *
 * Who names a definition, and has the rights of its owner and of its views'
 * owner, as a superuser has, thereby says that these views are its own, and
 * that their owner, if it is another now, is to have it.
 */
static bool
rebuild(const char *schema, const char *name, bool is_named)
{
	SznCatalogRow *row = follow_schema(szn_lock_own_definition(schema, name));
	Oid			types[3] = {TEXTOID, TEXTOID, NAMEOID};
	Datum		values[3];
	NameData	owner;
	Oid			owner_id = szn_effective_owner(row);
	Oid			view_owner = szn_sessions_view_owner(row);
	bool		taking_over = is_named && OidIsValid(view_owner) &&
		has_privs_of_role(GetUserId(), view_owner);
	bool		was_rebuilding = szn_rebuilding;	/* calls can be nested */
	bool		was_taking_over = szn_taking_over;

	if (taking_over)
		owner_id = view_owner;
	namestrcpy(&owner, GetUserNameFromId(owner_id, false));
	values[0] = CStringGetTextDatum(row->definition.schema);
	values[1] = CStringGetTextDatum(row->definition.name);
	values[2] = NameGetDatum(&owner);

	szn_rebuilding = true;
	szn_taking_over = taking_over;
	PG_TRY();
	{
		szn_write_catalog("UPDATE sessionize.session_definition SET owner = $3"
						  " WHERE schema OPERATOR(pg_catalog.=) $1::pg_catalog.name"
						  " AND name OPERATOR(pg_catalog.=) $2",
					  3, types, values, NULL);
	}
	PG_FINALLY();
	{
		szn_rebuilding = was_rebuilding;
		szn_taking_over = was_taking_over;
	}
	PG_END_TRY();
	return szn_views_exist(row);
}

typedef struct RebuildAttempt
{
	const char *schema;
	const char *name;
	bool		done;
} RebuildAttempt;

static void
rebuild_attempt(void *argument)
{
	RebuildAttempt *attempt = (RebuildAttempt *) argument;

	attempt->done = rebuild(attempt->schema, attempt->name, false);
}

/*
 * The same in a sub-transaction; what goes wrong is a warning.  Returns
 * whether it went well.
 */
static bool
try_to_rebuild(const char *schema, const char *name, bool warn)
{
	RebuildAttempt attempt = {schema, name, false};
	ErrorData  *error = szn_attempt(rebuild_attempt, &attempt);

	if (error != NULL && warn)
		ereport(WARNING,
				(errcode(error->sqlerrcode),
				 errmsg("session \"%s\" in schema \"%s\" could not be rebuilt: %s",
						name, schema, error->message),
				 error->detail ? errdetail("%s", error->detail) : 0));
	return error == NULL && attempt.done;
}

/*
 * Rebuild what the caller may.  Definitions can stand on each other's views,
 * so those that fail are tried again as long as others come through.
 */
static int64
rebuild_all(const char *schema)
{
	List	   *names = szn_list_definitions(schema, GetUserId());
	List	   *failed;
	int64		count = 0;
	bool		last_round = false;

	/* all at once, so that others wait for none of them while we hold another */
	szn_lock_definitions(names, InvalidOid);
	for (;;)
	{
		ListCell   *cell;

		failed = NIL;
		foreach(cell, names)
		{
			SznName    *name = (SznName *) lfirst(cell);

			SznCatalogRow *row = szn_find_definition(name->schema, name->name, true);

			if (row == NULL)
				continue;		/* dropped while we waited */

			/* a source that may be one of those to come is no news yet */
			if ((last_round || OidIsValid(szn_resolve_source(row)) ||
				 szn_find_renamed_schema(row) != NULL) &&
				try_to_rebuild(name->schema, name->name, last_round))
				count++;
			else
				failed = lappend(failed, name);
		}
		if (last_round)
			return count;
		last_round = list_length(failed) == list_length(names);
		names = failed;
	}
}

/*
 * The schema under which the catalog knows a definition that may be called by
 * its schema's new name.
 */
static const char *
recorded_schema(const char *schema, const char *name)
{
	const char *result = NULL;
	ListCell   *cell;

	if (szn_find_definition(schema, name, true) != NULL)
		return schema;
	foreach(cell, szn_list_definitions(NULL, GetUserId()))
	{
		SznName    *other = (SznName *) lfirst(cell);
		char	   *renamed;

		if (strcmp(other->name, name) != 0)
			continue;
		renamed = szn_find_renamed_schema(szn_find_definition(other->schema, name, false));
		if (renamed == NULL || (schema != NULL && strcmp(renamed, schema) != 0))
			continue;
		if (result != NULL)
			return schema;		/* not the only one */
		result = other->schema;
	}
	return result != NULL ? result : schema;
}

/* rebuild_views(name, schema) -> bigint: how many definitions were rebuilt */
Datum
sessionize_rebuild_views(PG_FUNCTION_ARGS)
{
	char	   *name = PG_ARGISNULL(0) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(0));
	char	   *schema = PG_ARGISNULL(1) ? NULL : pstrdup(NameStr(*PG_GETARG_NAME(1)));
	int64		count;

	SPI_connect();
	if (name != NULL)
		count = rebuild(recorded_schema(schema, name), name, true) ? 1 : 0;
	else
		count = rebuild_all(schema);
	SPI_finish();
	PG_RETURN_INT64(count);
}
