/*-------------------------------------------------------------------------
 *
 * inspect.c
 *	  The SQL functions that look at definitions: session_sql(), read(),
 *	  check_definitions().
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/relation.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "parser/analyze.h"
#include "parser/parser.h"
#include "rewrite/rewriteHandler.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/ruleutils.h"
#include "utils/typcache.h"

#include "definitions/build.h"
#include "definitions/inspect.h"
#include "functions/arguments.h"

PG_FUNCTION_INFO_V1(sessionize_session_sql);
PG_FUNCTION_INFO_V1(sessionize_read);
PG_FUNCTION_INFO_V1(sessionize_check_definitions);

static char *
optional_text(FunctionCallInfo fcinfo, int argno)
{
	return PG_ARGISNULL(argno) ? NULL :
		text_to_cstring(PG_GETARG_TEXT_PP(argno));
}

/*
 * A definition made ready for expansion: source found, texts parsed, with
 * what-if parameters where they are given.  Returns the role as which to
 * expand it.  42P01 if the source is gone.
 */
Oid
szn_parse_to_read(SznCatalogRow *row, const Interval *inactivity, char *filter)
{
	SznDefinition *definition = &row->definition;
	Oid			owner = szn_effective_owner(row);
	SznActing	acting;
	SznDefinition stored = *definition;

	if (inactivity != NULL)
		definition->inactivity = unconstify(Interval *, inactivity);
	if (filter != NULL)
		definition->filter = filter;
	definition->source = szn_resolve_source(row);
	if (!OidIsValid(definition->source))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("source %s of session \"%s\" does not exist",
						row->source, definition->name)));

	/*
	 * Parsing can run code, as when a literal is of a domain type.  So the
	 * owner's texts are parsed with the owner's rights; but with a text of
	 * the caller's, only if the caller could act as the owner anyway.
	 */
	if (!OidIsValid(owner) ||
		(filter != NULL && !has_privs_of_role(GetUserId(), owner)))
		owner = GetUserId();
	szn_act_as(owner, false, &acting);
	szn_parse_definition(definition, &stored);
	szn_act_as_before(&acting);
	return owner;
}

/* The query behind a view, as the catalog says now. */
static char *
what_if_query(SznCatalogRow *row, SznView view, const Interval *inactivity,
			  char *filter)
{
	Oid			owner = szn_parse_to_read(row, inactivity, filter);
	SznActing	acting;
	List	   *columns;
	char	   *query;

	szn_act_as(owner, true, &acting);
	query = szn_expand(&row->definition, view, &columns);
	szn_act_as_before(&acting);
	return query;
}

/*
 * Begin to read a query that means what it says under pg_catalog's names,
 * with the caller's rights.  "nulls" may be NULL if no parameter is.
 */
Portal
szn_open_query(const char *query, int num_args, Oid *types, Datum *values,
			   const char *nulls)
{
	int			nest_level = NewGUCNestLevel();
	SPIPlanPtr	plan;
	Portal		portal;

	szn_fix_settings();
	plan = SPI_prepare(query, num_args, types);
	if (plan == NULL)
		elog(ERROR, "could not prepare \"%s\"", query);
	portal = SPI_cursor_open(NULL, plan, values, nulls, true);
	AtEOXact_GUC(true, nest_level);
	return portal;
}

static Interval *
optional_interval(FunctionCallInfo fcinfo, int argno)
{
	return PG_ARGISNULL(argno) ? NULL : PG_GETARG_INTERVAL_P(argno);
}

/*
 * session_sql(name text, relation text, inactivity interval, filter text,
 *			   schema name) -> text
 *
 * relation: sessions, events or actors.
 */
Datum
sessionize_session_sql(PG_FUNCTION_ARGS)
{
	static const char *const relations[SZN_NUM_VIEWS] = {
		"sessions", "events", "actors"
	};
	MemoryContext caller_memory = CurrentMemoryContext;
	char	   *relation = optional_text(fcinfo, 1);
	int			view;
	char	   *query;
	text	   *result;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	for (view = 0; view < SZN_NUM_VIEWS; view++)
	{
		if (relation != NULL && strcmp(relation, relations[view]) == 0)
			break;
	}
	if (view == SZN_NUM_VIEWS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a session has no relation \"%s\"", relation ? relation : "null"),
				 errhint("The relations are sessions, events and actors.")));

	SPI_connect();
	query = what_if_query(szn_find_definition(PG_ARGISNULL(4) ? NULL :
											  NameStr(*PG_GETARG_NAME(4)),
											  optional_text(fcinfo, 0), false),
						  view, optional_interval(fcinfo, 2), optional_text(fcinfo, 3));
	MemoryContextSwitchTo(caller_memory);
	result = cstring_to_text(query);
	SPI_finish();
	PG_RETURN_TEXT_P(result);
}

/* The definition that a row type's view belongs to, and which view it is. */
static SznCatalogRow *
definition_of_type(Oid type, int *view)
{
	Oid			relid = get_typ_typrelid(type);
	char	   *schema;
	char	   *relation;
	static const char *const suffixes[SZN_NUM_VIEWS] = {"", "_events", "_actors"};

	if (OidIsValid(relid) && get_rel_name(relid) != NULL)
	{
		schema = get_namespace_name(get_rel_namespace(relid));
		relation = get_rel_name(relid);
		for (*view = 0; *view < SZN_NUM_VIEWS; (*view)++)
		{
			int			length = strlen(relation) - strlen(suffixes[*view]);
			SznCatalogRow *row;

			if (length <= 0 || strcmp(relation + length, suffixes[*view]) != 0)
				continue;
			row = szn_find_definition(schema, pnstrdup(relation, length), true);
			if (row != NULL && szn_view_oid(&row->definition, *view) == relid)
				return row;
		}
	}
	ereport(ERROR,
			(errcode(ERRCODE_WRONG_OBJECT_TYPE),
			 errmsg("type %s is not the row type of a session's view", format_type_be(type)),
			 errhint("Call sessionize.read(NULL::visit), where visit is such a view.")));
	return NULL;				/* keep compiler quiet */
}

/*
 * read(view_row anyelement, inactivity interval, filter text)
 *		-> setof anyelement
 *
 * The rows of the view as the catalog says now, read with the caller's
 * rights.  Rows are collected in a tuplestore, within work_mem.
 */
Datum
sessionize_read(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result_info = (ReturnSetInfo *) fcinfo->resultinfo;
	Oid			type = get_fn_expr_argtype(fcinfo->flinfo, 0);
	SznCatalogRow *row;
	int			view;
	char	   *query;
	Portal		portal;

	SPI_connect();
	row = definition_of_type(type, &view);
	SPI_finish();
	InitMaterializedSRF(fcinfo, 0);
	SPI_connect();
	row = definition_of_type(type, &view);
	query = what_if_query(row, view, optional_interval(fcinfo, 1),
						  optional_text(fcinfo, 2));

	portal = szn_open_query(query, 0, NULL, NULL, NULL);
	for (;;)
	{
		SPI_cursor_fetch(portal, true, 1000);
		if (SPI_processed == 0)
			break;
		for (int i = 0; i < result_info->setDesc->natts; i++)
		{
			/* the source may have got a column that the view has not */
			if (SPI_tuptable->tupdesc->natts < result_info->setDesc->natts ||
				TupleDescAttr(SPI_tuptable->tupdesc, i)->atttypid !=
				TupleDescAttr(result_info->setDesc, i)->atttypid)
				ereport(ERROR,
						(errcode(ERRCODE_DATATYPE_MISMATCH),
						 errmsg("the view of type %s does not have the columns of its definition",
								format_type_be(type)),
						 errhint("Call sessionize.rebuild_views().")));
		}
		for (uint64 i = 0; i < SPI_processed; i++)
			tuplestore_puttuple(result_info->setResult, SPI_tuptable->vals[i]);
		SPI_freetuptable(SPI_tuptable);
	}
	SPI_cursor_close(portal);
	SPI_finish();
	return (Datum) 0;
}


/*
 * check_definitions
 */

typedef struct SznReport
{
	ReturnSetInfo *result_info;
	const SznDefinition *definition;
} SznReport;

static void
report(SznReport *report, const char *object, const char *problem,
	   const char *hint)
{
	Datum		values[4];
	bool		nulls[4] = {0};

	values[0] = CStringGetTextDatum(quote_qualified_identifier(report->definition->schema,
															   report->definition->name));
	values[1] = CStringGetTextDatum(object);
	values[2] = CStringGetTextDatum(problem);
	nulls[3] = hint == NULL;
	values[3] = hint == NULL ? (Datum) 0 : CStringGetTextDatum(hint);
	tuplestore_putvalues(report->result_info->setResult, report->result_info->setDesc,
						 values, nulls);
}

/* Has the source got a column that its events view does not show yet? */
static bool
has_new_column(Oid source, Oid events_view)
{
	Relation	relation = relation_open(source, NoLock);
	TupleDesc	descriptor = RelationGetDescr(relation);
	bool		result = false;

	for (int i = 0; i < descriptor->natts; i++)
	{
		Form_pg_attribute column = TupleDescAttr(descriptor, i);

		result |= !column->attisdropped &&
			get_attnum(events_view, NameStr(column->attname)) == InvalidAttrNumber;
	}
	relation_close(relation, NoLock);
	return result;
}

/*
 * Does the view read what the catalog says now?  That a column of the source
 * is not shown yet is no matter.
 */
static bool
view_is_up_to_date(const SznDefinition *definition, SznView view, Oid relid)
{
	List	   *columns;
	char	   *sql = szn_expand(definition, view, &columns);
	Query	   *expected;
	Query	   *actual;
	RangeTblEntry *other = makeNode(RangeTblEntry);
	Relation	relation;
	char	   *actual_text;
	char	   *expected_text;

	if (view == SZN_VIEW_EVENTS && has_new_column(definition->source, relid))
		return true;

	expected = parse_analyze_fixedparams(linitial_node(RawStmt,
													   raw_parser(sql, RAW_PARSE_DEFAULT)),
										 sql, NULL, 0, NULL);

	relation = try_relation_open(relid, AccessShareLock);
	if (relation == NULL)
		return true;			/* dropped just now */
	actual = copyObject(get_view_query(relation));
	relation_close(relation, NoLock);

	/*
	 * On 15, a view's query knows more relations, OLD and NEW; with more than
	 * one in sight, columns are written with an alias.
	 */
	if (list_length(actual->rtable) > list_length(expected->rtable))
	{
		other->rtekind = RTE_RESULT;
		other->eref = makeAlias("*RESULT*", NIL);
		expected->rtable = lappend(expected->rtable, other);
	}
	expected_text = pg_get_querydef(expected, false);
	actual_text = pg_get_querydef(actual, false);
	return strcmp(actual_text, expected_text) == 0;
}

static void
check_definition(SznCatalogRow *row, SznReport *problems)
{
	SznDefinition *definition = &row->definition;
	Oid			owner = szn_effective_owner(row);
	Oid			view_owner = szn_sessions_view_owner(row);
	ErrorData  *error;
	SznActing	acting;
	ListCell   *cell;
	char	   *source;

	if (!OidIsValid(view_owner))
		view_owner = owner;
	if (!OidIsValid(get_namespace_oid(definition->schema, true)))
	{
		char	   *renamed = szn_find_renamed_schema(row);

		report(problems, "schema",
			   psprintf("schema \"%s\" does not exist", definition->schema),
			   renamed ? psprintf("Its views are in schema \"%s\" now. Call sessionize.rebuild_views(%s, %s).",
								  renamed, quote_literal_cstr(definition->name),
								  quote_literal_cstr(definition->schema)) :
			   psprintf("Create it and call sessionize.rebuild_views(), or name another by sessionize.alter_session(%s, 'schema', ..., %s).",
						quote_literal_cstr(definition->name),
						quote_literal_cstr(definition->schema)));
		if (renamed != NULL)
			return;				/* then there may be more to say, or nothing */
	}
	for (int view = 0; view < SZN_NUM_VIEWS; view++)
	{
		Oid			relid = szn_view_oid(definition, view);
		char	   *name = psprintf("view %s",
									quote_qualified_identifier(definition->schema,
															   szn_view_name(definition, view)));

		if (!OidIsValid(relid))
			report(problems, name, "the view does not exist",
				   "Call sessionize.rebuild_views().");
		else if (!szn_is_own_view(relid, view, definition))
			report(problems, name, "the name belongs to another relation",
				   "Rename one of them, then call sessionize.rebuild_views().");
		else if (OidIsValid(view_owner) && szn_owner_of(relid) != view_owner)
			report(problems, name,
				   psprintf("the view belongs to \"%s\", but the session to \"%s\"",
							GetUserNameFromId(szn_owner_of(relid), false),
							GetUserNameFromId(view_owner, false)),
				   "If it is the session's view, have a superuser, or a member of both roles, call sessionize.rebuild_views() with the session's name.");
	}

	foreach(cell, row->readers)
	{
		if (!szn_is_reader((char *) lfirst(cell)))
			report(problems, "readers",
				   psprintf("role \"%s\" does not exist", (char *) lfirst(cell)),
				   "Call sessionize.alter_session() to name other readers.");
	}

	if (!OidIsValid(owner))
		report(problems, "owner",
			   psprintf("role \"%s\" does not exist", row->owner),
			   "Have a superuser update owner in sessionize.session_definition.");
	else if (strcmp(GetUserNameFromId(view_owner, false), row->owner) != 0)
		report(problems, "owner",
			   psprintf("the views belong to \"%s\", not to \"%s\"",
						GetUserNameFromId(view_owner, false), row->owner),
			   view_owner == owner ? "Call sessionize.rebuild_views()." :
			   "If they are the session's views, have a superuser, or a member of both roles, call sessionize.rebuild_views() with the session's name.");

	definition->source = szn_resolve_source(row);
	if (!OidIsValid(definition->source))
	{
		report(problems, "source",
			   psprintf("relation %s does not exist", row->source),
			   "Create it and call sessionize.rebuild_views(), or name another by sessionize.alter_session().");
		return;
	}
	source = quote_qualified_identifier(get_namespace_name(get_rel_namespace(definition->source)),
										get_rel_name(definition->source));
	if (strcmp(source, row->source) != 0)
		report(problems, "source",
			   psprintf("the views read %s, not %s", source, row->source),
			   "Call sessionize.rebuild_views().");
	if (row->expansion_version < SZN_EXPANSION_VERSION)
		report(problems, "views", "the views were made by an older version of sessionize",
			   "They keep working; call sessionize.rebuild_views() for what is new.");

	/* others' texts are nothing to parse with the caller's rights */
	if (!OidIsValid(owner) || !has_privs_of_role(GetUserId(), owner))
		return;

	/* it stays, from here on */
	LockRelationOid(definition->source, AccessShareLock);
	if (get_rel_name(definition->source) == NULL)
		return;
	error = szn_try_to_parse(definition, definition, owner);
	if (error != NULL)
	{
		report(problems, error->context ? error->context : "definition",
			   error->message,
			   "Correct it by sessionize.alter_session(), or by sessionize.define_metric() with replace => true.");
		return;
	}
	szn_act_as(owner, true, &acting);
	for (int view = 0; view < SZN_NUM_VIEWS; view++)
	{
		Oid			relid = szn_view_oid(definition, view);

		if (OidIsValid(relid) && szn_is_own_view(relid, view, definition) &&
			!view_is_up_to_date(definition, view, relid))
			report(problems,
				   psprintf("view %s",
							quote_qualified_identifier(definition->schema,
													   szn_view_name(definition, view))),
				   "the view differs from what the definition says now",
				   "Compare it with sessionize.session_sql(); sessionize.rebuild_views() makes it anew.");
	}
	szn_act_as_before(&acting);
}

/* Metrics whose session is not there, as after half a restore. */
static void
report_orphans(SznReport *problems, const char *schema, const char *session)
{
	if (SPI_execute("SELECT schema, session, name FROM sessionize.metric_definition AS m"
					" WHERE NOT EXISTS (SELECT FROM sessionize.session_definition AS d"
					" WHERE d.schema OPERATOR(pg_catalog.=) m.schema"
					" AND d.name OPERATOR(pg_catalog.=) m.session) ORDER BY 1, 2, 3",
					true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read the catalog of definitions");
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		SznDefinition definition = {0};

		definition.schema = SPI_getvalue(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1);
		definition.name = SPI_getvalue(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 2);
		if ((schema != NULL && strcmp(schema, definition.schema) != 0) ||
			(session != NULL && strcmp(session, definition.name) != 0))
			continue;
		problems->definition = &definition;
		report(problems,
			   psprintf("metric \"%s\"", SPI_getvalue(SPI_tuptable->vals[i],
													  SPI_tuptable->tupdesc, 3)),
			   "there is no such session",
			   "Have a superuser delete the row from sessionize.metric_definition.");
	}
}

/*
 * check_definitions(name text, schema name)
 *		-> setof (definition, object, problem, hint): empty when all is well
 */
Datum
sessionize_check_definitions(PG_FUNCTION_ARGS)
{
	char	   *name = optional_text(fcinfo, 0);
	char	   *schema = PG_ARGISNULL(1) ? NULL : pstrdup(NameStr(*PG_GETARG_NAME(1)));
	SznReport	problems;
	SPITupleTable *table;
	uint64		num_rows;

	InitMaterializedSRF(fcinfo, 0);
	problems.result_info = (ReturnSetInfo *) fcinfo->resultinfo;
	SPI_connect();
	if (SPI_execute("SELECT schema, name FROM sessionize.session_definition ORDER BY 1, 2",
					true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read the catalog of definitions");
	table = SPI_tuptable;
	num_rows = SPI_processed;
	for (uint64 i = 0; i < num_rows; i++)
	{
		char	   *row_schema = SPI_getvalue(table->vals[i], table->tupdesc, 1);
		char	   *row_name = SPI_getvalue(table->vals[i], table->tupdesc, 2);
		SznCatalogRow *row;

		CHECK_FOR_INTERRUPTS();
		if ((schema != NULL && strcmp(schema, row_schema) != 0) ||
			(name != NULL && strcmp(name, row_name) != 0))
			continue;
		row = szn_find_definition(row_schema, row_name, true);
		if (row == NULL)
			continue;
		problems.definition = &row->definition;
		check_definition(row, &problems);
	}
	report_orphans(&problems, schema, name);
	SPI_finish();
	return (Datum) 0;
}
