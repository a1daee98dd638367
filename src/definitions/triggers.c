/*-------------------------------------------------------------------------
 *
 * triggers.c
 *	  The triggers of the catalog tables, which check each change of a
 *	  definition and carry it out.
 *
 * That it is triggers gives a superuser's plain DML the same checks and the
 * same effect as the functions, and makes a restored dump just rows: what
 * arrives while its views exist is only recorded.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/objectaddress.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/resowner.h"
#include "utils/varlena.h"

#include "definitions/build.h"
#include "definitions/lock.h"
#include "definitions/soundness.h"
#include "definitions/triggers.h"
#include "functions/arguments.h"

PG_FUNCTION_INFO_V1(sessionize_session_trigger);
PG_FUNCTION_INFO_V1(sessionize_metric_trigger);

bool		szn_dropping_cascade = false;
bool		szn_rebuilding = false;
bool		szn_taking_over = false;
Oid			szn_caller = InvalidOid;
bool		szn_has_locked = false;

/* A name must have 1 to max_length bytes (42622). */
void
szn_check_name(const char *name, const char *what, int max_length)
{
	if (name[0] == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_NAME),
				 errmsg("%s must not be empty", what)));
	if (strlen(name) > (Size) max_length)
		ereport(ERROR,
				(errcode(ERRCODE_NAME_TOO_LONG),
				 errmsg("%s \"%s\" is too long", what, name),
				 errdetail("It may have %d bytes.", max_length)));
}

/* A tuple with some of its texts replaced. */
typedef struct SznReplacement
{
	int			num_columns;
	int			columns[16];
	Datum		values[16];
	bool		nulls[16];
} SznReplacement;

static void
set_text(SznReplacement *replacement, TupleDesc descriptor,
			 const char *column, const char *text)
{
	int			n = replacement->num_columns++;

	replacement->columns[n] = SPI_fnumber(descriptor, column);
	replacement->nulls[n] = text == NULL;
	replacement->values[n] = text == NULL ? (Datum) 0 : CStringGetTextDatum(text);
}

static HeapTuple
apply_replacement(SznReplacement *replacement, HeapTuple tuple,
				  TupleDesc descriptor)
{
	return heap_modify_tuple_by_cols(tuple, descriptor,
									 replacement->num_columns,
									 replacement->columns, replacement->values,
									 replacement->nulls);
}

static const char *
item_text(const SznItem *item)
{
	return item == NULL ? NULL : item->text;
}

/* A list as a text, NULL if there is none. */
static char *
list_text(List *items)
{
	StringInfoData text;
	ListCell   *cell;

	if (items == NIL)
		return NULL;
	initStringInfo(&text);
	foreach(cell, items)
	{
		SznItem    *item = (SznItem *) lfirst(cell);

		appendStringInfo(&text, "%s%s", text.len > 0 ? ", " : "", item->text);
		if (item->name == NULL)
			continue;
		if (!item->is_column || strcmp(item->text, quote_identifier(item->name)) != 0)
			appendStringInfo(&text, " AS %s", quote_identifier(item->name));
	}
	return text.data;
}

static char *
edges_text(const SznDefinition *definition, bool is_exit)
{
	List	   *items = NIL;
	ListCell   *cell;

	foreach(cell, definition->edges)
	{
		SznEdge    *edge = (SznEdge *) lfirst(cell);

		if (edge->is_exit == is_exit)
			items = lappend(items, edge->item);
	}
	return list_text(items);
}

/* Before NOT NULL itself is checked, which comes after the trigger. */
static void
check_not_null(HeapTuple tuple, TupleDesc descriptor, const char *column)
{
	if (SPI_getvalue(tuple, descriptor, SPI_fnumber(descriptor, column)) == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" must not be null", column)));
}

/* Who may define sessions over this source: who may read it. */
static void
check_source(const SznDefinition *definition, Oid owner)
{
	Oid			source = definition->source;
	AclResult	result;

	for (int view = 0; view < SZN_NUM_VIEWS; view++)
	{
		if (source == szn_view_oid(definition, view))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
					 errmsg("session \"%s\" cannot be defined over its own view \"%s\"",
							definition->name, get_rel_name(source))));
	}

	if (get_rel_persistence(source) == RELPERSISTENCE_TEMP)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("\"%s\" is temporary", get_rel_name(source)),
				 errdetail("A definition lasts longer than a temporary table."),
				 errhint("Use the window functions directly.")));
	switch (get_rel_relkind(source))
	{
		case RELKIND_RELATION:
		case RELKIND_PARTITIONED_TABLE:
		case RELKIND_VIEW:
		case RELKIND_MATVIEW:
		case RELKIND_FOREIGN_TABLE:
			break;
		default:
			ereport(ERROR,
					(errcode(ERRCODE_WRONG_OBJECT_TYPE),
					 errmsg("\"%s\" is not a table or view", get_rel_name(source))));
	}

	result = pg_class_aclcheck(source, owner, ACL_SELECT);
	if (result != ACLCHECK_OK)
		result = pg_attribute_aclcheck_all(source, owner, ACL_SELECT, ACLMASK_ANY);
	if (result != ACLCHECK_OK)
		aclcheck_error(result, get_relkind_objtype(get_rel_relkind(source)),
					   get_rel_name(source));
}

/*
 * All that is to be said of a definition, with its metrics and source, that
 * this role wants to make.  Texts are in the caller's search_path.
 */
void
szn_check_definition(SznDefinition *definition, const SznDefinition *stored,
					 Oid owner)
{
	SznActing	acting;

	szn_check_name(definition->name, "session name", SZN_MAX_SESSION_NAME);
	if (definition->label_prefix != NULL)
		szn_check_name(definition->label_prefix, "label_prefix", SZN_MAX_PREFIX);
	(void) szn_span_from_interval(definition->inactivity, "inactivity");
	if (definition->max_duration != NULL)
		(void) szn_span_from_interval(definition->max_duration, "max_duration");

	szn_act_as(owner, false, &acting);
	check_source(definition, owner);
	szn_parse_definition(definition, stored);
	szn_act_as_before(&acting);
}

static bool
list_member_str(List *names, const char *name)
{
	ListCell   *cell;

	foreach(cell, names)
	{
		if (strcmp((char *) lfirst(cell), name) == 0)
			return true;
	}
	return false;
}

static bool
has_new_name(const SznCatalogRow *old_row, const SznCatalogRow *new_row)
{
	return strcmp(old_row->definition.schema, new_row->definition.schema) != 0 ||
		strcmp(old_row->definition.name, new_row->definition.name) != 0;
}

/* Before a definition is written: check it, and write its texts anew. */
static HeapTuple
check_session_row(HeapTuple tuple, TupleDesc descriptor,
				  const SznCatalogRow *old_row)
{
	SznCatalogRow *row;
	SznDefinition *definition;
	SznReplacement replacement = {0};
	SznCatalogRow copy;
	const SznDefinition *stored = NULL;
	ListCell   *cell;
	Oid			owner;

	check_not_null(tuple, descriptor, "schema");
	check_not_null(tuple, descriptor, "name");
	check_not_null(tuple, descriptor, "owner");
	check_not_null(tuple, descriptor, "source");
	check_not_null(tuple, descriptor, "actor");
	check_not_null(tuple, descriptor, "event_time");
	row = szn_row_from_tuple(tuple, descriptor);
	definition = &row->definition;
	szn_check_name(definition->name, "session name", SZN_MAX_SESSION_NAME);
	if (definition->label_prefix != NULL)
		szn_check_name(definition->label_prefix, "label_prefix", SZN_MAX_PREFIX);
	if (definition->inactivity == NULL)
		szn_error_null_inactivity();
	(void) szn_span_from_interval(definition->inactivity, "inactivity");
	if (definition->max_duration != NULL)
		(void) szn_span_from_interval(definition->max_duration, "max_duration");

	/* what comes out of a dump is only recorded */
	if (old_row == NULL && szn_views_exist(row))
		return tuple;
	if (old_row != NULL && has_new_name(old_row, row) &&
		szn_find_definition(definition->schema, definition->name, true) != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_OBJECT),
				 errmsg("session \"%s\" already exists in schema \"%s\"",
						definition->name, definition->schema),
				 errhint("Choose another name.")));

	foreach(cell, row->readers)
	{
		if (!list_member_str(old_row == NULL ? NIL : old_row->readers, (char *) lfirst(cell)) &&
			!szn_is_reader((char *) lfirst(cell)))
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_OBJECT),
					 errmsg("role \"%s\" does not exist", (char *) lfirst(cell)),
					 errcontext("field \"readers\" of the definition")));
	}

	definition->metrics = old_row == NULL ?
		szn_load_metrics(definition->schema, definition->name) :
		szn_load_metrics(old_row->definition.schema, old_row->definition.name);

	/* a name that was given counts; otherwise, what the views read */
	if (old_row == NULL || szn_rebuilding || strcmp(row->source, old_row->source) != 0)
		definition->source = szn_recorded_source(row);
	if (!OidIsValid(definition->source) && old_row != NULL &&
		strcmp(row->source, old_row->source) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("source %s does not exist", row->source)));
	if (!OidIsValid(definition->source) && old_row != NULL)
	{
		copy = *old_row;
		copy.owner = row->owner;
		definition->source = szn_resolve_source(&copy);
	}
	if (!OidIsValid(definition->source))
	{
		szn_warn_no_source(row);
		return tuple;
	}

	owner = get_role_oid(row->owner, false);
	if (old_row != NULL)
	{
		copy = *old_row;
		copy.definition.metrics = definition->metrics;
		stored = &copy.definition;
		if (!szn_will_parse(definition, stored, owner, szn_is_unsound(&copy)))
			return tuple;
	}
	szn_check_definition(definition, stored, owner);
	if (definition->prefix_is_long && old_row == NULL)
		ereport(NOTICE,
				(errmsg("columns of view \"%s\" begin with \"%s\" because the source has columns that begin with \"session_\"",
						szn_view_name(definition, SZN_VIEW_EVENTS), definition->prefix)));

	set_text(&replacement, descriptor, "actor", list_text(definition->actor_items));
	set_text(&replacement, descriptor, "event_time", definition->time_item->text);
	set_text(&replacement, descriptor, "restart_on", item_text(definition->restart_item));
	set_text(&replacement, descriptor, "end_on", item_text(definition->end_item));
	set_text(&replacement, descriptor, "filter", item_text(definition->filter_item));
	set_text(&replacement, descriptor, "keep", item_text(definition->keep_item));
	set_text(&replacement, descriptor, "tie_break", list_text(definition->tie_items));
	set_text(&replacement, descriptor, "entry", edges_text(definition, false));
	set_text(&replacement, descriptor, "exit", edges_text(definition, true));
	set_text(&replacement, descriptor, "source",
				 quote_qualified_identifier(get_namespace_name(get_rel_namespace(definition->source)),
											get_rel_name(definition->source)));
	replacement.columns[replacement.num_columns] =
		SPI_fnumber(descriptor, "expansion_version");
	replacement.values[replacement.num_columns++] =
		Int32GetDatum(SZN_EXPANSION_VERSION);
	return apply_replacement(&replacement, tuple, descriptor);
}

/* Metrics go with their session, as by a foreign key that cascades. */
static void
move_metrics(const SznCatalogRow *old_row, const SznCatalogRow *new_row)
{
	Oid			types[4] = {TEXTOID, TEXTOID, TEXTOID, TEXTOID};
	Datum		values[4];

	values[0] = CStringGetTextDatum(old_row->definition.schema);
	values[1] = CStringGetTextDatum(old_row->definition.name);
	if (new_row != NULL)
	{
		values[2] = CStringGetTextDatum(new_row->definition.schema);
		values[3] = CStringGetTextDatum(new_row->definition.name);
	}
	if (SPI_execute_with_args(new_row == NULL ?
							  "DELETE FROM sessionize.metric_definition"
							  " WHERE schema OPERATOR(pg_catalog.=) $1::pg_catalog.name"
							  " AND session OPERATOR(pg_catalog.=) $2" :
							  "UPDATE sessionize.metric_definition SET schema = $3::pg_catalog.name, session = $4"
							  " WHERE schema OPERATOR(pg_catalog.=) $1::pg_catalog.name"
							  " AND session OPERATOR(pg_catalog.=) $2",
							  new_row == NULL ? 2 : 4, types, values, NULL, false, 0) < 0)
		elog(ERROR, "could not write the catalog of definitions");
}

/* After a definition was written: its metrics and views follow. */
static void
carry_out_session_row(SznCatalogRow *old_row, SznCatalogRow *new_row)
{
	Oid			previous_owner;

	if (new_row == NULL)
	{
		move_metrics(old_row, NULL);
		szn_drop_views(old_row, szn_dropping_cascade);
		return;
	}
	if (old_row == NULL && szn_views_exist(new_row))
		return;					/* out of a dump */
	previous_owner = old_row == NULL ? InvalidOid : szn_effective_owner(old_row);
	if (old_row != NULL && has_new_name(old_row, new_row))
	{
		move_metrics(old_row, new_row);
		szn_rename_views(old_row, new_row->definition.schema, new_row->definition.name);
	}

	new_row->definition.metrics = szn_load_metrics(new_row->definition.schema,
												   new_row->definition.name);
	if (!OidIsValid(szn_recorded_source(new_row)))
		return;
	if (old_row != NULL)
	{
		old_row->definition.metrics = new_row->definition.metrics;
		old_row->definition.source = new_row->definition.source =
			szn_recorded_source(new_row);
		if (szn_try_to_parse(&old_row->definition, &old_row->definition, szn_effective_owner(new_row)) != NULL &&
			szn_try_to_parse(&new_row->definition, &new_row->definition, szn_effective_owner(new_row)) != NULL)
			return;				/* there was a warning */
	}
	szn_build_views(new_row, szn_recorded_source(new_row), previous_owner);
}

/*
 * The triggers act in the name of the role that a row names, so they belong
 * to the catalog tables alone, which only superusers can write.
 */
static void
check_trigger(FunctionCallInfo fcinfo, const char *function, const char *table)
{
	TriggerData *data = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo) ||
		RelationGetRelid(data->tg_relation) !=
		get_relname_relid(table, get_namespace_oid("sessionize", false)))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" must be called by a trigger of table \"%s\"",
						function, table)));
}

/*
 * Before a statement, before it locks a row: a function has locked what it is
 * about to change, plain DML can change anything.
 */
static bool
is_before_statement(const TriggerData *data)
{
	if (TRIGGER_FIRED_FOR_ROW(data->tg_event))
		return false;
	if (!szn_has_locked)
		szn_lock_all_definitions();
	return true;
}

/* Of both tables: what each row's trigger does, or what a statement's does. */
static HeapTuple
call_trigger(FunctionCallInfo fcinfo, const char *function, const char *table,
			 HeapTuple (*row_trigger) (const TriggerData *))
{
	TriggerData *data = (TriggerData *) fcinfo->context;
	HeapTuple	result = NULL;

	check_trigger(fcinfo, function, table);
	SPI_connect();
	if (!is_before_statement(data))
		result = TRIGGER_FIRED_BY_INSERT(data->tg_event) &&
			!OidIsValid(szn_caller) && !check_function_bodies ?
			szn_record_at_least(row_trigger, data) : row_trigger(data);
	SPI_finish();
	return result;
}

static HeapTuple
session_trigger(const TriggerData *data)
{
	TupleDesc	descriptor = RelationGetDescr(data->tg_relation);
	SznCatalogRow *old_row = NULL;
	HeapTuple	new_tuple = NULL;
	HeapTuple	result;

	if (!TRIGGER_FIRED_BY_INSERT(data->tg_event))
		old_row = szn_row_from_tuple(data->tg_trigtuple, descriptor);
	if (TRIGGER_FIRED_BY_INSERT(data->tg_event))
		new_tuple = data->tg_trigtuple;
	else if (TRIGGER_FIRED_BY_UPDATE(data->tg_event))
		new_tuple = data->tg_newtuple;

	result = new_tuple;
	if (TRIGGER_FIRED_BEFORE(data->tg_event))
	{
		if (new_tuple != NULL)
		{
			result = check_session_row(new_tuple, descriptor, old_row);
			if (result != new_tuple)
				result = SPI_copytuple(result);
		}
	}
	else
		carry_out_session_row(old_row, new_tuple == NULL ? NULL :
							  szn_row_from_tuple(new_tuple, descriptor));
	return result != NULL ? result : data->tg_trigtuple;
}

/*
 * session_trigger() -> trigger, before each statement, and before and after
 * each row of session_definition.
 */
Datum
sessionize_session_trigger(PG_FUNCTION_ARGS)
{
	return PointerGetDatum(call_trigger(fcinfo, "session_trigger",
										"session_definition", session_trigger));
}

static char *
get_column(HeapTuple tuple, TupleDesc descriptor, const char *column)
{
	return SPI_getvalue(tuple, descriptor, SPI_fnumber(descriptor, column));
}

/* The session was renamed, and its metrics come along. */
static bool
is_moved_along(HeapTuple old_tuple, HeapTuple new_tuple, TupleDesc descriptor)
{
	return old_tuple != NULL && new_tuple != NULL &&
		(strcmp(get_column(old_tuple, descriptor, "schema"),
				get_column(new_tuple, descriptor, "schema")) != 0 ||
		 strcmp(get_column(old_tuple, descriptor, "session"),
				get_column(new_tuple, descriptor, "session")) != 0) &&
		szn_find_definition(get_column(old_tuple, descriptor, "schema"),
							get_column(old_tuple, descriptor, "session"),
							true) == NULL;
}

/* What others are computed from must stay (2BP01). */
static void
check_metric_is_unused(HeapTuple tuple, TupleDesc descriptor)
{
	SznCatalogRow *row = szn_find_definition(get_column(tuple, descriptor, "schema"),
											 get_column(tuple, descriptor, "session"),
											 true);
	char	   *name = get_column(tuple, descriptor, "name");
	char	   *user;

	if (row == NULL)
		return;					/* the session goes, too */
	row->definition.source = szn_resolve_source(row);
	if (!OidIsValid(row->definition.source))
		return;
	if (szn_try_to_parse(&row->definition, &row->definition, szn_effective_owner(row)) != NULL)
		return;
	user = szn_user_of_metric(&row->definition, name);
	if (user != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST),
				 errmsg("metric \"%s\" of session \"%s\" is in use",
						name, row->definition.name),
				 errdetail("%s names it.", user)));
}

/* Before a metric is written: check it, and write its texts anew. */
static HeapTuple
check_metric_row(HeapTuple tuple, TupleDesc descriptor, HeapTuple old_tuple)
{
	SznMetric  *metric;
	char	   *old_name = old_tuple == NULL ? NULL :
		szn_metric_from_tuple(old_tuple, descriptor)->name;
	char	   *schema = get_column(tuple, descriptor, "schema");
	char	   *session = get_column(tuple, descriptor, "session");
	SznCatalogRow *row;
	SznDefinition stored;
	SznReplacement replacement = {0};
	SznActing	acting;
	ListCell   *cell;
	bool		isnull;
	bool		was_unsound;

	check_not_null(tuple, descriptor, "schema");
	check_not_null(tuple, descriptor, "session");
	check_not_null(tuple, descriptor, "name");
	check_not_null(tuple, descriptor, "aggregate");
	metric = szn_metric_from_tuple(tuple, descriptor);
	row = szn_find_definition(schema, session, true);
	szn_check_name(metric->name, "metric name", NAMEDATALEN - 1);
	(void) SPI_getbinval(tuple, descriptor, SPI_fnumber(descriptor, "nth"), &isnull);
	if (!isnull && metric->nth < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"nth\" must be positive"),
				 errhint("1 is the first of the sessions that pass session_filter.")));

	/* what comes out of a dump, perhaps before its session, is only recorded */
	if (row == NULL ||
		(old_tuple == NULL && szn_sessions_view_has_metric(row, metric->name)))
		return tuple;

	row->definition.source = szn_resolve_source(row);
	if (!OidIsValid(row->definition.source))
	{
		szn_warn_no_source(row);
		return tuple;
	}
	was_unsound = szn_is_unsound(row);
	stored = row->definition;
	stored.metrics = list_copy(stored.metrics);

	foreach(cell, row->definition.metrics)
	{
		if (old_name != NULL &&
			strcmp(((SznMetric *) lfirst(cell))->name, old_name) == 0)
		{
			lfirst(cell) = metric;
			break;
		}
	}
	if (cell == NULL)
		row->definition.metrics = lappend(row->definition.metrics, metric);

	if (!szn_will_parse(&row->definition, &stored, szn_effective_owner(row), was_unsound))
		return tuple;
	szn_act_as(szn_effective_owner(row), false, &acting);
	szn_parse_definition(&row->definition, &stored);
	szn_act_as_before(&acting);

	set_text(&replacement, descriptor, "aggregate", metric->aggregate_text);
	set_text(&replacement, descriptor, "filter", item_text(metric->filter_item));
	set_text(&replacement, descriptor, "session_filter", item_text(metric->condition));
	return apply_replacement(&replacement, tuple, descriptor);
}

/* Is this an update within a session? */
static bool
is_same_session(const TriggerData *data, TupleDesc descriptor)
{
	return TRIGGER_FIRED_BY_UPDATE(data->tg_event) &&
		strcmp(get_column(data->tg_trigtuple, descriptor, "schema"),
			   get_column(data->tg_newtuple, descriptor, "schema")) == 0 &&
		strcmp(get_column(data->tg_trigtuple, descriptor, "session"),
			   get_column(data->tg_newtuple, descriptor, "session")) == 0;
}

static HeapTuple
metric_trigger(const TriggerData *data)
{
	TupleDesc	descriptor = RelationGetDescr(data->tg_relation);
	HeapTuple	new_tuple = NULL;
	HeapTuple	result;

	if (TRIGGER_FIRED_BY_INSERT(data->tg_event))
		new_tuple = data->tg_trigtuple;
	else if (TRIGGER_FIRED_BY_UPDATE(data->tg_event))
		new_tuple = data->tg_newtuple;
	result = new_tuple;

	if (TRIGGER_FIRED_BY_UPDATE(data->tg_event) &&
		is_moved_along(data->tg_trigtuple, new_tuple, descriptor))
	{
		/* the session's own trigger does what is to be done */
	}
	else if (TRIGGER_FIRED_BEFORE(data->tg_event))
	{
		if (new_tuple == NULL)
			check_metric_is_unused(data->tg_trigtuple, descriptor);
		else
		{
			result = check_metric_row(new_tuple, descriptor,
									  TRIGGER_FIRED_BY_UPDATE(data->tg_event) ?
									  data->tg_trigtuple : NULL);
			if (result != new_tuple)
				result = SPI_copytuple(result);
		}
	}
	else
	{
		HeapTuple	tuple = new_tuple != NULL ? new_tuple : data->tg_trigtuple;
		SznCatalogRow *row;

		/* the session that it may have left */
		if (TRIGGER_FIRED_BY_UPDATE(data->tg_event))
		{
			row = szn_find_definition(get_column(data->tg_trigtuple, descriptor, "schema"),
									  get_column(data->tg_trigtuple, descriptor, "session"),
									  true);
			if (row != NULL && OidIsValid(szn_resolve_source(row)) && !szn_is_unsound(row))
				szn_build_views(row, szn_resolve_source(row), InvalidOid);
		}

		/* the session may be gone, with all its metrics */
		row = szn_find_definition(get_column(tuple, descriptor, "schema"),
								  get_column(tuple, descriptor, "session"),
								  true);
		if (row != NULL && OidIsValid(szn_resolve_source(row)) &&
			!is_same_session(data, descriptor) &&
			!(TRIGGER_FIRED_BY_INSERT(data->tg_event) &&
			  szn_sessions_view_has_metric(row, szn_metric_from_tuple(tuple, descriptor)->name)) &&
			!szn_is_unsound(row))
			szn_build_views(row, szn_resolve_source(row), InvalidOid);
	}
	return result != NULL ? result : data->tg_trigtuple;
}

/*
 * metric_trigger() -> trigger, before each statement, and before and after
 * each row of metric_definition.
 */
Datum
sessionize_metric_trigger(PG_FUNCTION_ARGS)
{
	return PointerGetDatum(call_trigger(fcinfo, "metric_trigger",
										"metric_definition", metric_trigger));
}
