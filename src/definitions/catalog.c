/*-------------------------------------------------------------------------
 *
 * catalog.c
 *	  The catalog tables session_definition and metric_definition, read.
 *
 * All reading of the two tables, and of what PostgreSQL's own catalogs know
 * about a definition's views: who owns them and which relation they read.
 * While the views exist, that is the truth; the recorded names are for when
 * they are gone.  Callers are connected to SPI.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/relation.h"
#include "catalog/namespace.h"
#include "nodes/makefuncs.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "rewrite/rewriteHandler.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/datum.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"
#include "utils/varlena.h"

#include "definitions/catalog.h"

static char *
get_text(HeapTuple tuple, TupleDesc descriptor, const char *column)
{
	int			number = SPI_fnumber(descriptor, column);

	if (number <= 0)
		elog(ERROR, "catalog column \"%s\" is missing", column);
	return SPI_getvalue(tuple, descriptor, number);
}

static Datum
get_value(HeapTuple tuple, TupleDesc descriptor, const char *column,
		  bool *isnull)
{
	int			number = SPI_fnumber(descriptor, column);

	if (number <= 0)
		elog(ERROR, "catalog column \"%s\" is missing", column);
	return SPI_getbinval(tuple, descriptor, number, isnull);
}

static bool
get_bool(HeapTuple tuple, TupleDesc descriptor, const char *column)
{
	bool		isnull;
	Datum		value = get_value(tuple, descriptor, column, &isnull);

	return !isnull && DatumGetBool(value);
}

static int
get_int(HeapTuple tuple, TupleDesc descriptor, const char *column)
{
	bool		isnull;
	Datum		value = get_value(tuple, descriptor, column, &isnull);

	return isnull ? 0 : DatumGetInt32(value);
}

static Interval *
get_interval(HeapTuple tuple, TupleDesc descriptor, const char *column)
{
	bool		isnull;
	Datum		value = get_value(tuple, descriptor, column, &isnull);

	return isnull ? NULL : DatumGetIntervalP(datumCopy(value, false, sizeof(Interval)));
}

static List *
get_names(HeapTuple tuple, TupleDesc descriptor, const char *column)
{
	bool		isnull;
	Datum		value = get_value(tuple, descriptor, column, &isnull);
	Datum	   *elements;
	bool	   *nulls;
	int			num_elements;
	List	   *names = NIL;

	if (isnull)
		return NIL;
	deconstruct_array(DatumGetArrayTypeP(value), NAMEOID, NAMEDATALEN, false,
					  TYPALIGN_CHAR, &elements, &nulls, &num_elements);
	for (int i = 0; i < num_elements; i++)
	{
		if (!nulls[i])
			names = lappend(names, pstrdup(NameStr(*DatumGetName(elements[i]))));
	}
	return names;
}

/* A row of session_definition, without its metrics and source. */
SznCatalogRow *
szn_row_from_tuple(HeapTuple tuple, TupleDesc descriptor)
{
	SznCatalogRow *row = (SznCatalogRow *) palloc0(sizeof(SznCatalogRow));
	SznDefinition *definition = &row->definition;

	definition->schema = get_text(tuple, descriptor, "schema");
	definition->name = get_text(tuple, descriptor, "name");
	definition->actor = get_text(tuple, descriptor, "actor");
	definition->event_time = get_text(tuple, descriptor, "event_time");
	definition->inactivity = get_interval(tuple, descriptor, "inactivity");
	definition->restart_on = get_text(tuple, descriptor, "restart_on");
	definition->end_on = get_text(tuple, descriptor, "end_on");
	definition->max_duration = get_interval(tuple, descriptor, "max_duration");
	definition->require_restart = get_bool(tuple, descriptor, "require_restart");
	definition->filter = get_text(tuple, descriptor, "filter");
	definition->keep = get_text(tuple, descriptor, "keep");
	definition->tie_break = get_text(tuple, descriptor, "tie_break");
	definition->entry = get_text(tuple, descriptor, "entry");
	definition->exit = get_text(tuple, descriptor, "exit");
	definition->label_prefix = get_text(tuple, descriptor, "label_prefix");
	row->owner = get_text(tuple, descriptor, "owner");
	row->source = get_text(tuple, descriptor, "source");
	row->readers = get_names(tuple, descriptor, "readers");
	row->security_invoker = get_bool(tuple, descriptor, "security_invoker");
	row->expansion_version = get_int(tuple, descriptor, "expansion_version");
	return row;
}

SznMetric *
szn_metric_from_tuple(HeapTuple tuple, TupleDesc descriptor)
{
	SznMetric  *metric = (SznMetric *) palloc0(sizeof(SznMetric));

	metric->name = get_text(tuple, descriptor, "name");
	metric->aggregate = get_text(tuple, descriptor, "aggregate");
	metric->filter = get_text(tuple, descriptor, "filter");
	metric->session_filter = get_text(tuple, descriptor, "session_filter");
	metric->nth = get_int(tuple, descriptor, "nth");
	return metric;
}

/* Run a query with two name parameters, in the caller's snapshot. */
static void
query_by_name(const char *query, const char *schema, const char *name)
{
	Oid			types[2] = {TEXTOID, TEXTOID};
	Datum		values[2];

	values[0] = CStringGetTextDatum(schema);
	values[1] = CStringGetTextDatum(name);
	if (SPI_execute_with_args(query, 2, types, values, NULL, false, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read the catalog of definitions");
}

/* The metrics of a session, by position. */
List *
szn_load_metrics(const char *schema, const char *session)
{
	List	   *metrics = NIL;

	query_by_name("SELECT * FROM sessionize.metric_definition"
				  " WHERE schema OPERATOR(pg_catalog.=) $1::pg_catalog.name"
				  " AND session OPERATOR(pg_catalog.=) $2"
				  " ORDER BY position, name", schema, session);
	for (uint64 i = 0; i < SPI_processed; i++)
		metrics = lappend(metrics,
						  szn_metric_from_tuple(SPI_tuptable->vals[i],
												SPI_tuptable->tupdesc));
	return metrics;
}

static void
error_no_definition(const char *schema, const char *name)
{
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 schema ? errmsg("session \"%s\" in schema \"%s\" does not exist", name, schema) :
			 errmsg("session \"%s\" does not exist", name),
			 errhint("The table sessionize.session_definition lists all sessions.")));
}

/*
 * The schema of a session: the given one, or the first in the search_path
 * that has such a session; NULL if none has.
 */
char *
szn_find_schema(const char *schema, const char *name)
{
	List	   *path;
	ListCell   *cell;

	if (schema != NULL)
		return pstrdup(schema);

	path = fetch_search_path(false);
	foreach(cell, path)
	{
		char	   *candidate = get_namespace_name(lfirst_oid(cell));

		if (candidate == NULL)
			continue;
		query_by_name("SELECT 1 FROM sessionize.session_definition"
					  " WHERE schema OPERATOR(pg_catalog.=) $1::pg_catalog.name"
					  " AND name OPERATOR(pg_catalog.=) $2", candidate, name);
		if (SPI_processed > 0)
			return candidate;
	}
	return NULL;
}

/* A definition with its metrics.  42704 if there is none, unless missing_ok. */
SznCatalogRow *
szn_find_definition(const char *schema, const char *name, bool missing_ok)
{
	char	   *found = szn_find_schema(schema, name);
	SznCatalogRow *row;

	if (found != NULL)
		query_by_name("SELECT * FROM sessionize.session_definition"
					  " WHERE schema OPERATOR(pg_catalog.=) $1::pg_catalog.name"
					  " AND name OPERATOR(pg_catalog.=) $2", found, name);
	if (found == NULL || SPI_processed == 0)
	{
		if (!missing_ok)
			error_no_definition(schema, name);
		return NULL;
	}

	row = szn_row_from_tuple(SPI_tuptable->vals[0], SPI_tuptable->tupdesc);
	row->definition.metrics = szn_load_metrics(row->definition.schema,
											   row->definition.name);
	return row;
}

/* A definition's view, or whatever else has its name; InvalidOid if nothing. */
Oid
szn_view_oid(const SznDefinition *definition, SznView view)
{
	Oid			namespace = get_namespace_oid(definition->schema, true);

	if (!OidIsValid(namespace))
		return InvalidOid;
	return get_relname_relid(szn_view_name(definition, view), namespace);
}

/* Does another definition have a view of this name? */
static bool
belongs_to_another(const SznDefinition *definition, const char *view_name)
{
	Oid			types[3] = {TEXTOID, TEXTOID, TEXTOID};
	Datum		values[3];

	values[0] = CStringGetTextDatum(definition->schema);
	values[1] = CStringGetTextDatum(definition->name);
	values[2] = CStringGetTextDatum(view_name);
	if (SPI_execute_with_args("SELECT 1 FROM sessionize.session_definition"
							  " WHERE schema OPERATOR(pg_catalog.=) $1::pg_catalog.name"
							  " AND name OPERATOR(pg_catalog.<>) $2"
							  " AND $3 OPERATOR(pg_catalog.=) ANY (ARRAY[name,"
							  " name OPERATOR(pg_catalog.||) '_events', name OPERATOR(pg_catalog.||) '_actors'])",
							  3, types, values, NULL, false, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not read the catalog of definitions");
	return SPI_processed > 0;
}

/* Is this the kind of view that a definition expands to, and of no other? */
bool
szn_is_own_view(Oid relid, SznView view, const SznDefinition *definition)
{
	if (get_rel_relkind(relid) != RELKIND_VIEW)
		return false;
	if (!OidIsValid(szn_source_of_view(relid)) ||
		belongs_to_another(definition, szn_view_name(definition, view)))
		return false;
	switch (view)
	{
		case SZN_VIEW_SESSIONS:
			return get_attnum(relid, "session_id") == 1;
		case SZN_VIEW_EVENTS:
			return get_atttype(relid, 1) == UUIDOID;
		case SZN_VIEW_ACTORS:
			return get_attnum(relid, "time_in_session") != InvalidAttrNumber;
	}
	return false;				/* keep compiler quiet */
}

/* Is this one of our window functions? */
static bool
is_own_window_function(Node *node, Oid *namespace)
{
	if (node == NULL)
		return false;
	if (IsA(node, WindowFunc) &&
		get_func_namespace(((WindowFunc *) node)->winfnoid) == *namespace)
		return true;
	return expression_tree_walker(node, is_own_window_function, namespace);
}

/* Look for labelled events: a relation right under our window functions. */
static bool
find_source(Node *node, Oid *source)
{
	if (node == NULL)
		return false;
	if (IsA(node, Query))
	{
		Query	   *query = (Query *) node;
		Oid			namespace = get_namespace_oid("sessionize", false);
		ListCell   *cell;

		if (is_own_window_function((Node *) query->targetList, &namespace))
		{
			foreach(cell, query->rtable)
			{
				RangeTblEntry *entry = lfirst_node(RangeTblEntry, cell);

				if (entry->rtekind == RTE_RELATION)
				{
					*source = entry->relid;
					return true;
				}
			}
		}
		return query_tree_walker(query, find_source, source, 0);
	}
	return expression_tree_walker(node, find_source, source);
}

/*
 * The source that a definition's view reads; InvalidOid if it is no such view,
 * or has just been dropped.
 */
Oid
szn_source_of_view(Oid view)
{
	Relation	relation = try_relation_open(view, AccessShareLock);
	Oid			source = InvalidOid;

	if (relation == NULL)
		return InvalidOid;
	if (relation->rd_rel->relkind == RELKIND_VIEW)
		(void) find_source((Node *) get_view_query(relation), &source);

	/* who looks must not be in the way of who changes it, see lock.c */
	relation_close(relation, AccessShareLock);
	return source;
}

/*
 * The relation of a name as people write it; InvalidOid if there is none.
 * With a schema, whether the caller may use that is not asked.
 */
Oid
szn_relation_named(const char *name)
{
	List	   *names = textToQualifiedNameList(cstring_to_text(name));
	RangeVar   *relation = makeRangeVarFromNameList(names);
	Oid			namespace;

	if (relation->schemaname == NULL || relation->catalogname != NULL)
		return RangeVarGetRelid(relation, NoLock, true);
	namespace = get_namespace_oid(relation->schemaname, true);
	return OidIsValid(namespace) ?
		get_relname_relid(relation->relname, namespace) : InvalidOid;
}

/* What has the recorded name of the source now; InvalidOid if nothing has. */
Oid
szn_recorded_source(const SznCatalogRow *row)
{
	return szn_relation_named(row->source);
}

/* Whose relation it is; InvalidOid if it has just been dropped. */
Oid
szn_owner_of(Oid relid)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	Oid			owner = InvalidOid;

	if (HeapTupleIsValid(tuple))
	{
		owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
		ReleaseSysCache(tuple);
	}
	return owner;
}

/* The owner of the sessions view, as it looks; InvalidOid if there is none. */
Oid
szn_sessions_view_owner(const SznCatalogRow *row)
{
	Oid			view = szn_view_oid(&row->definition, SZN_VIEW_SESSIONS);

	return OidIsValid(view) && szn_is_own_view(view, SZN_VIEW_SESSIONS, &row->definition) ?
		szn_owner_of(view) : InvalidOid;
}

/*
 * Whose definition it is, in whose name its texts are read and views made:
 * the recorded owner, as long as the role exists.
 *
 * A view proves nothing, because another's can have the definition's name, or
 * a definition can be given the name of another's views.  So its owner counts
 * only where the recorded one could act as that role anyway; or else a
 * superuser must call rebuild_views(), by the definition's name.
 */
Oid
szn_effective_owner(const SznCatalogRow *row)
{
	Oid			recorded = get_role_oid(row->owner, true);
	Oid			view_owner = szn_sessions_view_owner(row);

	if (OidIsValid(view_owner) &&
		(!OidIsValid(recorded) ||
		 (!superuser_arg(recorded) && has_privs_of_role(recorded, view_owner))))
		return view_owner;
	return recorded;
}

/*
 * A definition's source: what its sessions view reads, if that is its
 * owner's, or else the recorded name; InvalidOid if there is no such relation.
 */
Oid
szn_resolve_source(const SznCatalogRow *row)
{
	Oid			view_owner = szn_sessions_view_owner(row);

	if (OidIsValid(view_owner) && view_owner == szn_effective_owner(row))
		return szn_source_of_view(szn_view_oid(&row->definition, SZN_VIEW_SESSIONS));
	return szn_recorded_source(row);
}

/*
 * The names (of SznName) of all definitions that this role has the rights of,
 * in one schema or in all.
 */
List *
szn_list_definitions(const char *schema, Oid role)
{
	List	   *names = NIL;
	List	   *result = NIL;
	ListCell   *cell;

	if (SPI_execute("SELECT schema, name FROM sessionize.session_definition ORDER BY 1, 2",
					false, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read the catalog of definitions");
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		SznName    *name = (SznName *) palloc(sizeof(SznName));

		name->schema = SPI_getvalue(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1);
		name->name = SPI_getvalue(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 2);
		if (schema == NULL || strcmp(schema, name->schema) == 0)
			names = lappend(names, name);
	}
	foreach(cell, names)
	{
		SznName    *name = (SznName *) lfirst(cell);
		SznCatalogRow *row = szn_find_definition(name->schema, name->name, true);
		Oid			owner = row == NULL ? InvalidOid : szn_effective_owner(row);

		if (OidIsValid(owner) && has_privs_of_role(role, owner))
			result = lappend(result, name);
	}
	return result;
}

/*
 * Where a definition's views are when its schema has gone because somebody
 * renamed it: the only schema with three views of these names that belong to
 * the owner, and to no other definition.  NULL if there is none, or no need.
 */
char *
szn_find_renamed_schema(const SznCatalogRow *row)
{
	SznDefinition moved = row->definition;
	Oid			owner = get_role_oid(row->owner, true);
	List	   *candidates = NIL;
	ListCell   *cell;
	char	   *result = NULL;

	if (OidIsValid(get_namespace_oid(row->definition.schema, true)) || !OidIsValid(owner))
		return NULL;
	query_by_name("SELECT n.nspname FROM pg_catalog.pg_class AS c"
				  " JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace"
				  " WHERE c.relname OPERATOR(pg_catalog.=) $2::pg_catalog.name"
				  " AND c.relowner OPERATOR(pg_catalog.=) (SELECT r.oid FROM pg_catalog.pg_roles AS r"
				  " WHERE r.rolname OPERATOR(pg_catalog.=) $1::pg_catalog.name)",
				  row->owner, row->definition.name);
	for (uint64 i = 0; i < SPI_processed; i++)
		candidates = lappend(candidates, SPI_getvalue(SPI_tuptable->vals[i],
													  SPI_tuptable->tupdesc, 1));
	foreach(cell, candidates)
	{
		bool		all = true;

		moved.schema = (char *) lfirst(cell);
		for (int view = 0; view < SZN_NUM_VIEWS; view++)
		{
			Oid			relid = szn_view_oid(&moved, view);

			all = all && OidIsValid(relid) && szn_owner_of(relid) == owner &&
				szn_is_own_view(relid, view, &moved);
		}
		if (!all || szn_find_definition(moved.schema, moved.name, true) != NULL)
			continue;
		if (result != NULL)
			return NULL;
		result = moved.schema;
	}
	return result;
}
