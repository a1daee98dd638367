/*-------------------------------------------------------------------------
 *
 * build.c
 *	  The views of definitions, made and unmade.
 *
 * All DDL that sessionize does, as the definition's owner, with that role's
 * rights.  Callers are connected to SPI.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/relation.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "parser/parse_relation.h"
#include "parser/parsetree.h"
#include "rewrite/rewriteHandler.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "definitions/attempt.h"
#include "definitions/build.h"
#include "definitions/triggers.h"

/*
 * Take the owner's place: its rights are what counts.
 */
void
szn_act_as(Oid owner, bool fixed_path, SznActing *acting)
{
	/* a role that is gone has no rights */
	if (!OidIsValid(owner))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("the session's owner does not exist"),
				 errhint("Have a superuser update owner in sessionize.session_definition.")));

	GetUserIdAndSecContext(&acting->user, &acting->security_context);
	SetUserIdAndSecContext(owner, acting->security_context |
						   SECURITY_LOCAL_USERID_CHANGE |
						   SECURITY_RESTRICTED_OPERATION);
	acting->nest_level = NewGUCNestLevel();
	if (fixed_path)
		szn_fix_settings();
}

void
szn_act_as_before(const SznActing *acting)
{
	AtEOXact_GUC(false, acting->nest_level);
	SetUserIdAndSecContext(acting->user, acting->security_context);
}

static void
run(const char *command)
{
	int			result = SPI_execute(command, false, 0);

	if (result < 0)
		elog(ERROR, "could not run \"%s\": %s", command, SPI_result_code_string(result));
}

/* A view's qualified and quoted name. */
static const char *
view_name(const SznDefinition *definition, SznView view)
{
	return quote_qualified_identifier(definition->schema,
									  szn_view_name(definition, view));
}

bool
szn_views_exist(const SznCatalogRow *row)
{
	for (int view = 0; view < SZN_NUM_VIEWS; view++)
	{
		Oid			relid = szn_view_oid(&row->definition, view);

		if (!OidIsValid(relid) ||
			!szn_is_own_view(relid, view, &row->definition))
			return false;
	}
	return true;
}

/*
 * Does the sessions view have a metric of this name?  They come last, after
 * the entry and exit columns.
 */
bool
szn_sessions_view_has_metric(const SznCatalogRow *row, const char *name)
{
	const SznDefinition *definition = &row->definition;
	Oid			relid = szn_view_oid(definition, SZN_VIEW_SESSIONS);

	return OidIsValid(relid) &&
		get_attnum(relid, name) > get_attnum(relid, "is_open") +
		szn_list_length(definition->entry) + szn_list_length(definition->exit);
}

bool
szn_sessions_view_has(const SznCatalogRow *row, const char *column)
{
	Oid			relid = szn_view_oid(&row->definition, SZN_VIEW_SESSIONS);

	return OidIsValid(relid) && get_attnum(relid, column) != InvalidAttrNumber;
}

static void
error_name_taken(const SznDefinition *definition, SznView view)
{
	ereport(ERROR,
			(errcode(ERRCODE_DUPLICATE_TABLE),
			 errmsg("relation \"%s\" already exists in schema \"%s\"",
					szn_view_name(definition, view), definition->schema),
			 errhint("A session needs three views: its name, and its name with _events and with _actors. Choose another name.")));
}

/* A new definition must not meet relations that are there already (42P07). */
void
szn_check_names_are_free(const SznDefinition *definition)
{
	for (int view = 0; view < SZN_NUM_VIEWS; view++)
	{
		if (OidIsValid(szn_view_oid(definition, view)))
			error_name_taken(definition, view);
	}
}

/* Statements that give back a relation's privileges, column by column too. */
static List *
grants_of(Oid relid, const char *name)
{
	List	   *grants = NIL;
	StringInfoData query;

	initStringInfo(&query);
	appendStringInfo(&query,
					 "SELECT pg_catalog.format('GRANT %%s%%s ON %%s TO %%s%%s', a.privilege_type, c.columns, %s,"
					 " CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(a.grantee)) END,"
					 " CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)"
					 " FROM (SELECT relacl, '' FROM pg_catalog.pg_class WHERE oid OPERATOR(pg_catalog.=) %u"
					 " UNION ALL SELECT attacl, pg_catalog.format('(%%I)', attname) FROM pg_catalog.pg_attribute"
					 " WHERE attrelid OPERATOR(pg_catalog.=) %u AND NOT attisdropped) AS c(acl, columns),"
					 " pg_catalog.aclexplode(c.acl) AS a",
					 quote_literal_cstr(name), relid, relid);
	if (SPI_execute(query.data, false, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read privileges");
	for (uint64 i = 0; i < SPI_processed; i++)
		grants = lappend(grants, SPI_getvalue(SPI_tuptable->vals[i],
											  SPI_tuptable->tupdesc, 1));
	return grants;
}

/* Has somebody granted or revoked?  Until then the owner has all privileges. */
static bool
has_privileges_of_its_own(Oid relid)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	bool		is_null;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for relation %u", relid);
	(void) SysCacheGetAttr(RELOID, tuple, Anum_pg_class_relacl, &is_null);
	ReleaseSysCache(tuple);
	return !is_null;
}

/*
 * Take back what a view made anew has been given: by default privileges, and,
 * on request, by being the owner's.
 */
static void
revoke_all(Oid relid, const char *name, bool from_owner)
{
	List	   *commands = NIL;
	ListCell   *cell;

	if (SPI_execute(psprintf("SELECT DISTINCT pg_catalog.format('REVOKE ALL ON %%s FROM %%s', %s,"
							 " CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(a.grantee)) END)"
							 " FROM pg_catalog.pg_class AS c,"
							 " pg_catalog.aclexplode(coalesce(c.relacl, pg_catalog.acldefault('r', c.relowner))) AS a"
							 " WHERE c.oid OPERATOR(pg_catalog.=) %u"
							 " AND (%s OR a.grantee OPERATOR(pg_catalog.<>) c.relowner)",
							 quote_literal_cstr(name), relid, from_owner ? "true" : "false"),
					false, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read privileges");
	for (uint64 i = 0; i < SPI_processed; i++)
		commands = lappend(commands, SPI_getvalue(SPI_tuptable->vals[i],
												  SPI_tuptable->tupdesc, 1));
	foreach(cell, commands)
		run((char *) lfirst(cell));
}

static void
run_attempt(void *command)
{
	run((const char *) command);
}

/* Run a command; false, and nothing has happened, if it fails with the code. */
static bool
try_to_run(const char *command, int sqlerrcode)
{
	ErrorData  *error = szn_attempt(run_attempt, unconstify(char *, command));

	if (error != NULL && error->sqlerrcode != sqlerrcode)
		ReThrowError(error);
	return error == NULL;
}

/* Is this something to grant to?  PUBLIC is, too. */
bool
szn_is_reader(const char *role)
{
	return strcmp(role, "public") == 0 || OidIsValid(get_role_oid(role, true));
}

/* Has somebody made this view a security barrier, other than we ourselves? */
static bool
is_security_barrier(Oid relid)
{
	Relation	relation = relation_open(relid, AccessShareLock);
	bool		result = RelationIsSecurityView(relation) &&
		RelationHasSecurityInvoker(relation);

	relation_close(relation, NoLock);
	return result;
}

static char *
create_command(const char *action, const SznCatalogRow *row, bool barrier,
			   const char *name, const char *query)
{
	return psprintf("%s VIEW %s WITH (security_invoker = %s%s) AS %s",
					action, name,
					row->security_invoker ? "true" : "false",
					barrier || !row->security_invoker ? ", security_barrier = true" : "",
					query);
}

static void
comment_on(const char *kind, const char *name, const char *comment)
{
	run(psprintf("COMMENT ON %s %s IS %s", kind, name, quote_literal_cstr(comment)));
}

static char *
view_comment(const SznDefinition *definition, SznView view)
{
	static const char *const what[SZN_NUM_VIEWS] = {
		"sessions, one a row", "events inside sessions, one a row", "actors, one a row"
	};

	return psprintf("session %s: %s", definition->name, what[view]);
}

/*
 * Which column of the source a view's column shows as it is; InvalidAttrNumber
 * if it is none.
 */
static AttrNumber
source_column(Query *query, AttrNumber column, Oid source)
{
	for (;;)
	{
		TargetEntry *entry = get_tle_by_resno(query->targetList, column);
		Var		   *var;
		RangeTblEntry *relation;

		if (entry == NULL || !IsA(entry->expr, Var))
			return InvalidAttrNumber;
		var = (Var *) entry->expr;
		relation = rt_fetch(var->varno, query->rtable);
		if (var->varlevelsup > 0 || var->varattno <= 0)
			return InvalidAttrNumber;
		if (relation->rtekind == RTE_RELATION && relation->relid == source)
			return var->varattno;
		if (relation->rtekind != RTE_SUBQUERY)
			return InvalidAttrNumber;
		query = relation->subquery;
		column = var->varattno;
	}
}

/*
 * Columns that were renamed in the source are renamed in the events view,
 * which leaves alone what depends on them.  Replacing the view would not do
 * that.  It is left to decide when names of this view's own are in the way.
 */
static void
follow_renamed_columns(const SznDefinition *definition, Oid relid)
{
	const char *view = view_name(definition, SZN_VIEW_EVENTS);
	Relation	relation = relation_open(relid, AccessShareLock);
	TupleDesc	descriptor = RelationGetDescr(relation);
	Query	   *query = get_view_query(relation);
	List	   *commands = NIL;
	List	   *more_commands = NIL;
	List	   *old_names = NIL;
	List	   *new_names = NIL;
	ListCell   *cell;

	for (int i = 0; i < descriptor->natts; i++)
	{
		char	   *name = NameStr(TupleDescAttr(descriptor, i)->attname);
		AttrNumber	column = source_column(query, i + 1, definition->source);
		char	   *new_name = column == InvalidAttrNumber ? NULL :
			get_attname(definition->source, column, true);
		char	   *in_between = psprintf("........sessionize.%d........", i + 1);

		if (new_name == NULL || strcmp(name, new_name) == 0)
			continue;
		old_names = lappend(old_names, makeString(pstrdup(name)));
		new_names = lappend(new_names, makeString(new_name));

		/* names can have been exchanged */
		commands = lappend(commands,
						   psprintf("ALTER VIEW %s RENAME COLUMN %s TO %s", view,
									quote_identifier(name), quote_identifier(in_between)));
		more_commands = lappend(more_commands,
								psprintf("ALTER VIEW %s RENAME COLUMN %s TO %s", view,
										 quote_identifier(in_between), quote_identifier(new_name)));
	}
	relation_close(relation, AccessShareLock);

	foreach(cell, new_names)
	{
		if (get_attnum(relid, strVal(lfirst(cell))) != InvalidAttrNumber &&
			!list_member(old_names, lfirst(cell)))
			return;
	}
	foreach(cell, list_concat(commands, more_commands))
		run((char *) lfirst(cell));
}

static void
build_view(SznCatalogRow *row, SznView view)
{
	SznDefinition *definition = &row->definition;
	const char *name = view_name(definition, view);
	Oid			relid = szn_view_oid(definition, view);
	List	   *columns;
	char	   *query = szn_expand(definition, view, &columns);
	ListCell   *cell;
	bool		barrier = OidIsValid(relid) && is_security_barrier(relid);

	if (OidIsValid(relid) && view == SZN_VIEW_EVENTS)
		follow_renamed_columns(definition, relid);
	if (!OidIsValid(relid))
	{
		/* somebody's CREATE VIEW can have been faster */
		if (!try_to_run(create_command("CREATE", row, barrier, name, query),
						ERRCODE_UNIQUE_VIOLATION))
			error_name_taken(definition, view);
	}
	else if (!try_to_run(create_command("CREATE OR REPLACE", row, barrier, name, query),
						 ERRCODE_INVALID_TABLE_DEFINITION))
	{
		/* columns are not only appended: made anew, with its privileges */
		List	   *grants = grants_of(relid, name);
		bool		of_its_own = has_privileges_of_its_own(relid);

		run(psprintf("DROP VIEW %s", name));
		run(create_command("CREATE", row, barrier, name, query));
		revoke_all(szn_view_oid(definition, view), name, of_its_own);
		foreach(cell, grants)
		{
			/* of a column that is gone, nothing is left to grant */
			(void) try_to_run((char *) lfirst(cell), ERRCODE_UNDEFINED_COLUMN);
		}
	}

	comment_on("VIEW", name, view_comment(definition, view));
	foreach(cell, columns)
	{
		SznColumn  *column = (SznColumn *) lfirst(cell);

		comment_on("COLUMN", psprintf("%s.%s", name, quote_identifier(column->name)),
				   column->comment);
	}
	foreach(cell, row->readers)
	{
		/* check_definitions() names a reader that is gone */
		if (szn_is_reader((char *) lfirst(cell)))
			run(psprintf("GRANT SELECT ON %s TO %s", name,
						 quote_identifier((char *) lfirst(cell))));
	}
}

/*
 * A view with one of the definition's names belongs to another role than the
 * definition: was it given away, so that it may come back, or is it another's?
 *
 * It comes back if the caller has the rights of its owner; but a superuser,
 * who has all, must have called rebuild_views() by the definition's name.
 */
static void
take_view(const SznDefinition *definition, SznView view, Oid relid, Oid owner,
		  Oid previous_owner)
{
	Oid			view_owner = szn_owner_of(relid);

	if (view_owner == owner)
		return;
	if (view_owner != previous_owner &&
		!(OidIsValid(szn_caller) && has_privs_of_role(szn_caller, view_owner) &&
		  (szn_taking_over || !superuser_arg(szn_caller))))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("view \"%s\" belongs to \"%s\", and session \"%s\" to \"%s\"",
						szn_view_name(definition, view),
						GetUserNameFromId(view_owner, false), definition->name,
						GetUserNameFromId(owner, false)),
				 errhint("If it is the session's view, have a superuser call sessionize.rebuild_views() with the session's name.")));
	run(psprintf("ALTER VIEW %s OWNER TO %s", view_name(definition, view),
				 quote_identifier(GetUserNameFromId(owner, false))));
}

/*
 * Make the three views say what the definition says about this source, as its
 * owner.  Texts are those of the catalog, which need no search_path.  The
 * previous owner's views become the owner's.
 */
void
szn_build_views(SznCatalogRow *row, Oid source, Oid previous_owner)
{
	SznDefinition *definition = &row->definition;
	SznActing	acting;
	Oid			owner = szn_effective_owner(row);

	definition->source = source;
	for (int view = 0; view < SZN_NUM_VIEWS; view++)
	{
		Oid			relid = szn_view_oid(definition, view);

		if (!OidIsValid(relid))
			continue;
		if (!szn_is_own_view(relid, view, definition))
			error_name_taken(definition, view);
		take_view(definition, view, relid, owner, previous_owner);
	}
	szn_act_as(owner, true, &acting);
	szn_parse_definition(definition, definition);
	for (int view = 0; view < SZN_NUM_VIEWS; view++)
		build_view(row, view);
	szn_act_as_before(&acting);
}

void
szn_drop_views(const SznCatalogRow *row, bool cascade)
{
	SznActing	acting;
	Oid			owner = szn_effective_owner(row);

	/* who is gone owns no views */
	if (!OidIsValid(owner))
		return;
	szn_act_as(owner, true, &acting);
	for (int view = 0; view < SZN_NUM_VIEWS; view++)
	{
		Oid			relid = szn_view_oid(&row->definition, view);

		if (OidIsValid(relid) && szn_is_own_view(relid, view, &row->definition))
			run(psprintf("DROP VIEW %s%s", view_name(&row->definition, view),
						 cascade ? " CASCADE" : ""));
	}
	szn_act_as_before(&acting);
}

/* The definition gets another name: so do its views. */
void
szn_rename_views(const SznCatalogRow *row, const char *schema, const char *name)
{
	SznDefinition renamed = row->definition;
	SznActing	acting;
	Oid			owner = szn_effective_owner(row);
	int			num_done = 0;

	renamed.schema = unconstify(char *, schema);
	renamed.name = unconstify(char *, name);

	/* ALTER VIEW or ALTER SCHEMA may have done it already */
	for (int view = 0; view < SZN_NUM_VIEWS; view++)
	{
		Oid			relid = szn_view_oid(&renamed, view);

		if (OidIsValid(relid) && szn_is_own_view(relid, view, &renamed) &&
			szn_owner_of(relid) == owner &&
			!OidIsValid(szn_view_oid(&row->definition, view)))
			num_done++;
	}
	if (num_done == SZN_NUM_VIEWS)
		return;

	szn_check_names_are_free(&renamed);
	szn_act_as(owner, true, &acting);
	for (int view = 0; view < SZN_NUM_VIEWS; view++)
	{
		Oid			relid = szn_view_oid(&row->definition, view);

		if (!OidIsValid(relid) || !szn_is_own_view(relid, view, &row->definition))
			continue;
		if (strcmp(row->definition.name, name) != 0)
			run(psprintf("ALTER VIEW %s RENAME TO %s",
						 view_name(&row->definition, view),
						 quote_identifier(szn_view_name(&renamed, view))));
		if (strcmp(row->definition.schema, schema) != 0)
			run(psprintf("ALTER VIEW %s SET SCHEMA %s",
						 quote_qualified_identifier(row->definition.schema,
													szn_view_name(&renamed, view)),
						 quote_identifier(schema)));
	}
	szn_act_as_before(&acting);
}
