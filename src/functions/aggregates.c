/*-------------------------------------------------------------------------
 *
 * aggregates.c
 *	  The aggregates sessions(), session_count() and time_in_session().
 *
 * Between PostgreSQL's aggregate API, the collected events (events.c) and the
 * state machine (rules/boundary.c).  One state serves all three, so a query
 * that calls them with the same arguments collects the events once.
 *
 *	(event_time T, inactivity interval, restart_on boolean, end_on boolean,
 *	 max_duration interval, require_restart boolean)
 *
 * for T = timestamptz or timestamp, the last four optional.  Rows whose event
 * time is NULL are skipped (R1).  Input may come in any order; the result is
 * in time order.  Errors: 22023 for bad parameters (R16).
 *
 * Final functions sort the state in place.  That changes nothing that could
 * be seen, so they count as read-only, and states are shared and reused.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "funcapi.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/typcache.h"

#include "functions/arguments.h"
#include "functions/events.h"

PG_FUNCTION_INFO_V1(sessionize_events_transition);
PG_FUNCTION_INFO_V1(sessionize_events_combine);
PG_FUNCTION_INFO_V1(sessionize_events_serialize);
PG_FUNCTION_INFO_V1(sessionize_events_deserialize);
PG_FUNCTION_INFO_V1(sessionize_sessions_final);
PG_FUNCTION_INFO_V1(sessionize_session_count_final);
PG_FUNCTION_INFO_V1(sessionize_time_in_session_final);

/* Columns of the composite types session and session_ts. */
#define SESSION_NUM_COLUMNS		6

/* Argument numbers of the transition function: the state comes first. */
#define TRANSITION_ARG(arg)		((arg) + 1)
#define HAS_ARG(arg) \
	(PG_NARGS() > TRANSITION_ARG(arg) && !PG_ARGISNULL(TRANSITION_ARG(arg)))
#define FLAG_ARG(arg) \
	(HAS_ARG(arg) && PG_GETARG_BOOL(TRANSITION_ARG(arg)))

/* R16: what must hold for all events of a group. */
static void
check_same_rules(const SznRules *a, const SznRules *b)
{
	if (a->has_max_duration != b->has_max_duration ||
		a->max_duration != b->max_duration)
		szn_error_not_constant("max_duration");
	if (a->require_restart != b->require_restart)
		szn_error_not_constant("require_restart");
}

/*
 * events_transition(internal, event_time, inactivity, ...) -> internal
 *
 * The state is NULL until the first row with an event time.
 */
Datum
sessionize_events_transition(PG_FUNCTION_ARGS)
{
	MemoryContext context = szn_aggregate_context(fcinfo);
	SznEvents  *events;
	SznEventInput input;
	SznRules	rules;

	events = PG_ARGISNULL(0) ? NULL : (SznEvents *) PG_GETARG_POINTER(0);

	if (!HAS_ARG(SZN_ARG_TIME))
	{
		if (events == NULL)
			PG_RETURN_NULL();
		PG_RETURN_POINTER(events);
	}
	if (!HAS_ARG(SZN_ARG_INACTIVITY))
		szn_error_null_inactivity();

	rules.timeline = SZN_TIMESTAMPS;
	rules.require_restart = FLAG_ARG(SZN_ARG_REQUIRE_RESTART);
	rules.has_max_duration = HAS_ARG(SZN_ARG_MAX_DURATION);
	rules.max_duration = rules.has_max_duration ?
		szn_span_from_datum(PG_GETARG_DATUM(TRANSITION_ARG(SZN_ARG_MAX_DURATION)),
							rules.timeline, "max_duration") : 0;

	input.time = PG_GETARG_INT64(TRANSITION_ARG(SZN_ARG_TIME));
	input.inactivity =
		szn_span_from_datum(PG_GETARG_DATUM(TRANSITION_ARG(SZN_ARG_INACTIVITY)),
							rules.timeline, "inactivity");
	input.restart = FLAG_ARG(SZN_ARG_RESTART_ON);
	input.end = FLAG_ARG(SZN_ARG_END_ON);

	if (events == NULL)
		events = szn_events_create(context, &rules);
	else
		check_same_rules(szn_events_rules(events), &rules);
	szn_events_add(events, &input);

	PG_RETURN_POINTER(events);
}

/* events_combine(internal, internal) -> internal */
Datum
sessionize_events_combine(PG_FUNCTION_ARGS)
{
	MemoryContext context = szn_aggregate_context(fcinfo);
	SznEvents  *events;
	SznEvents  *others;

	events = PG_ARGISNULL(0) ? NULL : (SznEvents *) PG_GETARG_POINTER(0);
	others = PG_ARGISNULL(1) ? NULL : (SznEvents *) PG_GETARG_POINTER(1);

	if (events == NULL && others == NULL)
		PG_RETURN_NULL();
	if (others == NULL)
		PG_RETURN_POINTER(events);
	if (events == NULL)
		PG_RETURN_POINTER(szn_events_copy(context, others));

	check_same_rules(szn_events_rules(events), szn_events_rules(others));
	szn_events_merge(events, others);
	PG_RETURN_POINTER(events);
}

/* events_serialize(internal) -> bytea */
Datum
sessionize_events_serialize(PG_FUNCTION_ARGS)
{
	StringInfoData buffer;

	(void) szn_aggregate_context(fcinfo);

	pq_begintypsend(&buffer);
	szn_events_serialize((SznEvents *) PG_GETARG_POINTER(0), &buffer);
	PG_RETURN_BYTEA_P(pq_endtypsend(&buffer));
}

/* events_deserialize(bytea, internal) -> internal */
Datum
sessionize_events_deserialize(PG_FUNCTION_ARGS)
{
	bytea	   *bytes;
	StringInfoData buffer;

	(void) szn_aggregate_context(fcinfo);

	bytes = PG_GETARG_BYTEA_PP(0);
	initStringInfo(&buffer);
	appendBinaryStringInfo(&buffer, VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes));
	PG_RETURN_POINTER(szn_events_deserialize(CurrentMemoryContext, &buffer));
}

/*
 * A walk over the sessions of a state, in time order.
 */
typedef struct SznSessionWalk
{
	SznEvents  *events;
	int64		position;
	SznBoundary boundary;
	bool		done;
} SznSessionWalk;

static void
begin_walk(SznSessionWalk *walk, SznEvents *events)
{
	szn_events_sort(events);
	walk->events = events;
	walk->position = 0;
	walk->done = false;
	szn_boundary_init(&walk->boundary, szn_events_rules(events));
}

/* The next session, or NULL behind the last one. */
static const SznRun *
next_session(SznSessionWalk *walk)
{
	const SznRun *finished = &walk->boundary.finished;
	SznInstant	instant;

	while (!walk->done)
	{
		CHECK_FOR_INTERRUPTS();

		if (!szn_events_next_instant(walk->events, &walk->position, &instant))
		{
			szn_boundary_finish(&walk->boundary);
			walk->done = true;
		}
		else if (!szn_boundary_step(&walk->boundary, &instant))
			continue;

		if (SZN_RUN_IS_SESSION(finished))
			return finished;
	}
	return NULL;
}

static int64
duration_of(const SznRun *session)
{
	return szn_time_between(SZN_TIMESTAMPS,
							session->started_at, session->ended_at);
}

/* A session as a value of the composite type session or session_ts. */
static Datum
session_to_datum(TupleDesc descriptor, const SznRun *session)
{
	Datum		values[SESSION_NUM_COLUMNS];
	bool		nulls[SESSION_NUM_COLUMNS] = {0};

	values[0] = Int64GetDatum(session->number);
	values[1] = Int64GetDatum(session->started_at);
	values[2] = Int64GetDatum(session->ended_at);
	values[3] = szn_span_to_interval(duration_of(session));
	values[4] = Int64GetDatum(session->event_count);
	values[5] = CStringGetTextDatum(szn_cause_name(session->started_by));
	return HeapTupleGetDatum(heap_form_tuple(descriptor, values, nulls));
}

/*
 * sessions(...) -> session[] or session_ts[]: all sessions in time order,
 * '{}' without rows.  54000 if they do not fit into an array of 1 GB.
 */
Datum
sessionize_sessions_final(PG_FUNCTION_ARGS)
{
	Oid			type = get_element_type(get_fn_expr_rettype(fcinfo->flinfo));
	TupleDesc	descriptor;
	ArrayBuildState *array;
	SznSessionWalk walk;
	const SznRun *session;
	MemoryContext caller_memory;
	MemoryContext session_memory;
	Size		size = ARR_OVERHEAD_NONULLS(1);

	(void) szn_aggregate_context(fcinfo);

	if (PG_ARGISNULL(0))
		PG_RETURN_ARRAYTYPE_P(construct_empty_array(type));

	/* anew for each group: the type may be altered while a query runs */
	descriptor = lookup_rowtype_tupdesc(type, -1);
	if (descriptor->natts != SESSION_NUM_COLUMNS)
		elog(ERROR, "unexpected type of session: %u", type);

	array = initArrayResult(type, CurrentMemoryContext, true);
	session_memory = AllocSetContextCreate(CurrentMemoryContext,
										   "sessionize session",
										   ALLOCSET_SMALL_SIZES);
	begin_walk(&walk, (SznEvents *) PG_GETARG_POINTER(0));
	while ((session = next_session(&walk)) != NULL)
	{
		Datum		value;

		MemoryContextReset(session_memory);
		caller_memory = MemoryContextSwitchTo(session_memory);
		value = session_to_datum(descriptor, session);
		MemoryContextSwitchTo(caller_memory);

		/* say so early, not after having filled twice the memory */
		size += MAXALIGN(VARSIZE(DatumGetPointer(value)));
		if (size > MaxAllocSize)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("too many sessions in one group"),
					 errdetail("An array of sessions cannot be larger than 1 GB."),
					 errhint("Use the window functions with GROUP BY instead.")));
		array = accumArrayResult(array, value, false, type,
								 CurrentMemoryContext);
	}
	MemoryContextDelete(session_memory);
	ReleaseTupleDesc(descriptor);

	/* no session is left under require_restart */
	if (array->nelems == 0)
		PG_RETURN_ARRAYTYPE_P(construct_empty_array(type));
	PG_RETURN_DATUM(makeArrayResult(array, CurrentMemoryContext));
}

/* session_count(...) -> bigint: how many sessions, 0 without rows */
Datum
sessionize_session_count_final(PG_FUNCTION_ARGS)
{
	SznSessionWalk walk;

	(void) szn_aggregate_context(fcinfo);

	if (PG_ARGISNULL(0))
		PG_RETURN_INT64(0);

	begin_walk(&walk, (SznEvents *) PG_GETARG_POINTER(0));
	while (next_session(&walk) != NULL)
	{
		/* the boundary counts */
	}
	PG_RETURN_INT64(walk.boundary.session_count);
}

/* time_in_session(...) -> interval: the sum of all durations, 0 without rows */
Datum
sessionize_time_in_session_final(PG_FUNCTION_ARGS)
{
	SznSessionWalk walk;
	const SznRun *session;
	int64		total = 0;

	(void) szn_aggregate_context(fcinfo);

	if (!PG_ARGISNULL(0))
	{
		begin_walk(&walk, (SznEvents *) PG_GETARG_POINTER(0));
		while ((session = next_session(&walk)) != NULL)
			total = szn_span_plus(total, duration_of(session));
	}
	PG_RETURN_DATUM(szn_span_to_interval(total));
}
