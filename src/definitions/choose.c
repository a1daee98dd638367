/*-------------------------------------------------------------------------
 *
 * choose.c
 *	  The SQL functions for choosing an inactivity and for understanding where
 *	  sessions begin: compare(), gap_histogram(), explain_session().
 *
 * Their queries are written in choose_sql.c.  They are read with the caller's
 * own rights, whatever the definition's security_invoker, as read() does.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "definitions/build.h"
#include "definitions/choose.h"
#include "definitions/inspect.h"
#include "functions/arguments.h"

PG_FUNCTION_INFO_V1(sessionize_compare);
PG_FUNCTION_INFO_V1(sessionize_gap_histogram);
PG_FUNCTION_INFO_V1(sessionize_explain_session);

/* Each costs a pass over the sorted events. */
#define MAX_CANDIDATES	100

static void
check_not_null(FunctionCallInfo fcinfo, int argno, const char *argument)
{
	if (PG_ARGISNULL(argno))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" must not be null", argument)));
}

/* The definition of this name in the search_path, in SPI's memory. */
static SznCatalogRow *
find_definition(FunctionCallInfo fcinfo)
{
	return szn_find_definition(NULL, text_to_cstring(PG_GETARG_TEXT_PP(0)), false);
}

/* Collect a query's rows, which are of the function's row type. */
static void
collect_rows(ReturnSetInfo *result_info, const char *query,
			 int num_args, Oid *types, Datum *values, const char *nulls)
{
	Portal		portal = szn_open_query(query, num_args, types, values, nulls);

	for (;;)
	{
		SPI_cursor_fetch(portal, true, 1000);
		if (SPI_processed == 0)
			break;
		Assert(SPI_tuptable->tupdesc->natts == result_info->setDesc->natts);
		for (int i = 0; i < result_info->setDesc->natts; i++)
			Assert(TupleDescAttr(SPI_tuptable->tupdesc, i)->atttypid ==
				   TupleDescAttr(result_info->setDesc, i)->atttypid);
		for (uint64 i = 0; i < SPI_processed; i++)
			tuplestore_puttuple(result_info->setResult, SPI_tuptable->vals[i]);
		SPI_freetuptable(SPI_tuptable);
	}
	SPI_cursor_close(portal);
}


/*
 * compare
 */

/* The given inactivities, checked (R16). */
static List *
get_candidates(FunctionCallInfo fcinfo)
{
	List	   *candidates = NIL;
	Datum	   *values;
	bool	   *nulls;
	int			num_values;

	if (PG_ARGISNULL(1))
		szn_error_null_inactivity();
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(1), INTERVALOID, sizeof(Interval),
					  false, TYPALIGN_DOUBLE, &values, &nulls, &num_values);
	if (num_values > MAX_CANDIDATES)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("cannot compare more than %d inactivities at once", MAX_CANDIDATES)));
	for (int i = 0; i < num_values; i++)
	{
		if (nulls[i])
			szn_error_null_inactivity();
		(void) szn_span_from_interval(DatumGetIntervalP(values[i]), "inactivity");
		candidates = lappend(candidates, DatumGetIntervalP(values[i]));
	}
	return candidates;
}

/*
 * compare(name text, VARIADIC inactivity interval[])
 *		-> setof (inactivity, is_current, sessions, sessions_per_actor,
 *				  single_event_share, median_duration, p90_duration,
 *				  time_in_session)
 *
 * What the sessions would be with each inactivity: a row for the definition's
 * own, then one for each given, repeated or not.  The source is read once, or
 * once per row if "keep" names metrics.
 */
Datum
sessionize_compare(PG_FUNCTION_ARGS)
{
	List	   *candidates;
	SznCatalogRow *row;
	SznActing	acting;
	Oid			owner;
	char	   *query;
	Oid			types[MAX_CANDIDATES + 1];
	Datum		values[MAX_CANDIDATES + 1];
	ListCell   *cell;

	check_not_null(fcinfo, 0, "name");
	candidates = get_candidates(fcinfo);
	InitMaterializedSRF(fcinfo, 0);
	SPI_connect();
	row = find_definition(fcinfo);
	owner = szn_parse_to_read(row, NULL, NULL);
	candidates = lcons(row->definition.inactivity, candidates);
	szn_act_as(owner, true, &acting);
	query = szn_compare_sql(&row->definition, candidates);
	szn_act_as_before(&acting);

	foreach(cell, candidates)
	{
		types[foreach_current_index(cell)] = INTERVALOID;
		values[foreach_current_index(cell)] = IntervalPGetDatum((Interval *) lfirst(cell));
	}
	collect_rows((ReturnSetInfo *) fcinfo->resultinfo, query,
				 list_length(candidates), types, values, NULL);
	SPI_finish();
	return (Datum) 0;
}


/*
 * gap_histogram
 */

#define SECOND	USECS_PER_SEC
#define MINUTE	USECS_PER_MINUTE
#define HOUR	USECS_PER_HOUR
#define DAY		USECS_PER_DAY

/* The inactivities that people choose from, and some on either side. */
static const int64 bounds[] = {
	1 * SECOND, 5 * SECOND, 15 * SECOND, 30 * SECOND,
	1 * MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 20 * MINUTE,
	30 * MINUTE, 45 * MINUTE,
	1 * HOUR, 2 * HOUR, 4 * HOUR, 8 * HOUR, 12 * HOUR,
	1 * DAY, 2 * DAY, 7 * DAY, 30 * DAY
};

#define NUM_BOUNDS	((int) lengthof(bounds))

/* A bound as people write it: whole days as days. */
static Datum
bound_to_interval(int64 bound)
{
	Interval   *interval = (Interval *) palloc0(sizeof(Interval));

	interval->day = bound / USECS_PER_DAY;
	interval->time = bound % USECS_PER_DAY;
	return IntervalPGetDatum(interval);
}

static char *
optional_text(FunctionCallInfo fcinfo, int argno)
{
	return PG_ARGISNULL(argno) ? NULL :
		text_to_cstring(PG_GETARG_TEXT_PP(argno));
}

/*
 * gap_histogram(source regclass, actor text, event_time text, filter text)
 *		-> setof (pause_from, pause_to, pauses, share, sessions_at_pause_to)
 *
 * The pauses between an actor's successive instants, in buckets that exclude
 * pause_from and include pause_to, so that just the pauses below a row would
 * cut sessions if its pause_to were the inactivity (R3).
 */
Datum
sessionize_gap_histogram(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result_info = (ReturnSetInfo *) fcinfo->resultinfo;
	SznDefinition definition = {0};
	SznScope	scope = {SZN_EVENT, InvalidOid, NULL};
	Oid			types[1] = {INTERVALARRAYOID};
	Datum		above[NUM_BOUNDS];
	Datum		values[1];
	Portal		portal;
	int64		pauses[NUM_BOUNDS + 1] = {0};
	int64		actors = 0;
	int64		total = 0;
	int64		longer;

	check_not_null(fcinfo, 0, "source");
	check_not_null(fcinfo, 1, "actor");
	check_not_null(fcinfo, 2, "event_time");
	InitMaterializedSRF(fcinfo, 0);
	SPI_connect();
	definition.source = scope.relid = PG_GETARG_OID(0);
	if (get_rel_name(definition.source) == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation with OID %u does not exist", definition.source)));
	definition.actor_items = szn_parse_list(&scope, "actor", optional_text(fcinfo, 1), true);
	definition.time_item = szn_parse_event_time(&scope, optional_text(fcinfo, 2));
	definition.filter_item = szn_parse_condition(&scope, "filter", optional_text(fcinfo, 3),
												 EXPR_KIND_WHERE, true);

	for (int i = 0; i < NUM_BOUNDS; i++)
		above[i] = szn_span_to_interval(bounds[i] + 1);
	values[0] = PointerGetDatum(construct_array(above, NUM_BOUNDS, INTERVALOID,
												sizeof(Interval), false, TYPALIGN_DOUBLE));
	portal = szn_open_query(szn_pauses_sql(&definition), 1, types, values, NULL);
	SPI_cursor_fetch(portal, true, NUM_BOUNDS + 2);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		HeapTuple	tuple = SPI_tuptable->vals[i];
		TupleDesc	descriptor = SPI_tuptable->tupdesc;
		bool		isnull;
		int			bucket = DatumGetInt32(SPI_getbinval(tuple, descriptor, 1, &isnull));
		int64		count = DatumGetInt64(SPI_getbinval(tuple, descriptor, 2, &isnull));

		if (bucket < 0)
			actors = count;
		else
		{
			pauses[bucket] = count;
			total += count;
		}
	}
	SPI_cursor_close(portal);
	SPI_finish();

	longer = total;
	for (int i = 0; i <= NUM_BOUNDS; i++)
	{
		Datum		row[5] = {0};
		bool		nulls[5] = {0};

		longer -= pauses[i];
		row[0] = bound_to_interval(i == 0 ? 0 : bounds[i - 1]);
		if (i < NUM_BOUNDS)
			row[1] = bound_to_interval(bounds[i]);
		else
			nulls[1] = true;
		row[2] = Int64GetDatum(pauses[i]);
		if (total > 0)
			row[3] = Float8GetDatum((double) pauses[i] / total);
		else
			nulls[3] = true;
		row[4] = Int64GetDatum(actors + longer);
		tuplestore_putvalues(result_info->setResult, result_info->setDesc, row, nulls);
	}
	return (Datum) 0;
}


/*
 * explain_session
 */

/* "a, b": the names of the actor's parts. */
static char *
actor_names(const SznDefinition *definition)
{
	StringInfoData names;
	ListCell   *cell;

	initStringInfo(&names);
	foreach(cell, definition->actor_items)
		appendStringInfo(&names, "%s\"%s\"", names.len > 0 ? ", " : "",
						 ((SznItem *) lfirst(cell))->name);
	return names.data;
}

static void
add_actor_context(void *item)
{
	errcontext("actor column \"%s\"", ((SznItem *) item)->name);
}

/* What is written without a type has the type of the actor's part. */
static Datum
read_unknown(SznItem *item, const char *string, Oid *type)
{
	ErrorContextCallback callback;
	Oid			input;
	Oid			parameter;
	Datum		value;

	*type = getBaseType(item->type);
	callback.callback = add_actor_context;
	callback.arg = item;
	callback.previous = error_context_stack;
	error_context_stack = &callback;
	getTypeInputInfo(*type, &input, &parameter);
	value = OidInputFunctionCall(input, unconstify(char *, string), parameter, -1);
	error_context_stack = callback.previous;
	return value;
}

/*
 * explain_session(name text, VARIADIC actor "any")
 *		-> setof (session_number, event_time, pause, boundary, is_restart,
 *				  is_end)
 *
 * One row per event of the actor, and one for what comes after the last of
 * them, with the rule that made a boundary there.  22023 for another number of
 * values than the actor has columns, 42804 for a value of another type.
 */
Datum
sessionize_explain_session(PG_FUNCTION_ARGS)
{
	SznCatalogRow *row;
	SznDefinition *definition;
	Datum	   *values;
	Oid		   *types;
	bool	   *is_null;
	char	   *nulls;
	int			num_values;
	StringInfoData condition;
	ListCell   *cell;

	check_not_null(fcinfo, 0, "name");
	InitMaterializedSRF(fcinfo, 0);
	SPI_connect();
	row = find_definition(fcinfo);
	definition = &row->definition;
	(void) szn_parse_to_read(row, NULL, NULL);

	num_values = extract_variadic_args(fcinfo, 1, false, &values, &types, &is_null);
	if (num_values != list_length(definition->actor_items))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("wrong number of values for the actor of session \"%s\"",
						definition->name),
				 errhint("Give %d after the name: (%s).",
						 list_length(definition->actor_items), actor_names(definition))));

	initStringInfo(&condition);
	nulls = (char *) palloc(num_values);
	foreach(cell, definition->actor_items)
	{
		SznItem    *item = (SznItem *) lfirst(cell);
		int			i = foreach_current_index(cell);
		char	   *equality;

		nulls[i] = is_null[i] ? 'n' : ' ';
		if (types[i] == UNKNOWNOID)
		{
			if (is_null[i])
				types[i] = getBaseType(item->type);
			else
				values[i] = read_unknown(item, DatumGetCString(values[i]), &types[i]);
		}
		equality = szn_actor_condition(item, types[i], i + 1);
		if (equality == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("actor column \"%s\" is of type %s, not %s", item->name,
							format_type_be(item->type), format_type_be(types[i])),
					 errdetail("The actor of session \"%s\" is (%s).",
							   definition->name, actor_names(definition)),
					 errhint("Cast the value, if it is the right one.")));
		appendStringInfo(&condition, " AND %s", equality);
	}

	collect_rows((ReturnSetInfo *) fcinfo->resultinfo,
				 szn_explain_sql(definition, condition.data),
				 num_values, types, values, nulls);
	SPI_finish();
	return (Datum) 0;
}
