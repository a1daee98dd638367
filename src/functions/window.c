/*-------------------------------------------------------------------------
 *
 * window.c
 *	  The window functions: session_number() and its siblings.
 *
 * Between PostgreSQL's window API and the state machine in rules/boundary.c.
 * All functions that a query calls with the same arguments over the same
 * window share one pass over the partition: the pass reads each row once,
 * unites peers to instants (R2), and keeps what it knows of the run that the
 * current row belongs to.  That is O(1) memory; rows that must be seen twice
 * are kept by WindowAgg itself, and never more than reach from the current
 * row to the end of its instant, or, where a function asks for the session's
 * end, to the first instant of the next run.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/ilist.h"
#include "miscadmin.h"
#include "nodes/primnodes.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "windowapi.h"

#include "functions/arguments.h"
#include "functions/window.h"

PG_FUNCTION_INFO_V1(sessionize_session_number);
PG_FUNCTION_INFO_V1(sessionize_session_event_number);
PG_FUNCTION_INFO_V1(sessionize_session_start);
PG_FUNCTION_INFO_V1(sessionize_session_end);
PG_FUNCTION_INFO_V1(sessionize_session_event_count);
PG_FUNCTION_INFO_V1(sessionize_session_started_by);
PG_FUNCTION_INFO_V1(sessionize_session_ended_by);

/* One row of the partition, its arguments evaluated. */
typedef struct SznRow
{
	int64		position;		/* in the partition, from 0 */
	bool		has_time;		/* no: the row is stepped over (R1) */
	int64		time;
	int64		expiry;			/* time + inactivity */
	bool		restart;
	bool		end;
} SznRow;

/*
 * A pass over one partition.
 *
 * Positions grow: current row <= run_last <= read-ahead.  "run" is the run
 * of the current row, up to run_last as far as read.  Once it is complete,
 * the boundary may already hold the next one, up to next_last.
 */
typedef struct SznPass
{
	/* whose pass: the partition's memory, and the calls' arguments */
	dlist_node	node;
	MemoryContext partition_memory;
	MemoryContextCallback on_reset;
	List	   *args;

	/* the arguments */
	SznTimeline timeline;
	bool		is_constant[SZN_NUM_ARGS];
	bool		rules_known;	/* has a row with a time been read? */
	int64		inactivity;		/* where constant */
	bool		restart_on;		/* where constant */
	bool		end_on;			/* where constant */
	MemoryContext row_memory;	/* for evaluating them, reset at each row */

	/* reading ahead */
	SznRow		ahead;			/* a row read, not yet in an instant */
	bool		has_ahead;
	int64		next_position;	/* the row after it */
	bool		exhausted;		/* no rows after "ahead" */
	bool		has_last_time;
	int64		last_time;		/* of the instant before */

	/* what is known */
	SznBoundary boundary;
	SznRun		run;
	int64		run_last;		/* -1: before the first instant */
	bool		run_is_complete;
	int64		next_last;

	/* the current row */
	int64		position;		/* -1: before the first row */
	bool		in_session;
	int64		event_number;
} SznPass;

/* What a function keeps per partition, zero to begin with. */
typedef struct SznPartitionLocal
{
	SznPass    *pass;
} SznPartitionLocal;

/* All passes that are under way in this backend; rarely more than one. */
static dlist_head passes = DLIST_STATIC_INIT(passes);


/*
 * Passes
 */

/* The partition's memory is reset: its pass is gone. */
static void
forget_pass(void *arg)
{
	dlist_delete(&((SznPass *) arg)->node);
}

static SznPass *
begin_pass(FunctionCallInfo fcinfo, MemoryContext partition_memory, List *args)
{
	SznPass    *pass;
	int			i;

	pass = (SznPass *) MemoryContextAllocZero(partition_memory, sizeof(SznPass));
	pass->partition_memory = partition_memory;
	pass->args = args;
	pass->timeline = szn_timeline_of_type(get_fn_expr_argtype(fcinfo->flinfo,
															  SZN_ARG_TIME));
	for (i = 0; i < SZN_NUM_ARGS; i++)
		pass->is_constant[i] = get_fn_expr_arg_stable(fcinfo->flinfo, i);
	pass->row_memory = AllocSetContextCreate(partition_memory,
											 "sessionize row",
											 ALLOCSET_SMALL_SIZES);
	pass->run_last = -1;
	pass->position = -1;

	/* last, so that nothing is left behind if memory ran out above */
	pass->on_reset.func = forget_pass;
	pass->on_reset.arg = pass;
	dlist_push_head(&passes, &pass->node);
	MemoryContextRegisterResetCallback(partition_memory, &pass->on_reset);

	return pass;
}

/*
 * The pass over the current partition that this call shares with its
 * siblings: those of the same WindowAgg node, known by the memory in which
 * the node keeps what belongs to the partition, with equal arguments.
 */
static SznPass *
get_pass(FunctionCallInfo fcinfo, WindowObject winobj)
{
	SznPartitionLocal *local;
	MemoryContext partition_memory;
	List	   *args;
	dlist_iter	iter;

	local = (SznPartitionLocal *)
		WinGetPartitionLocalMemory(winobj, sizeof(SznPartitionLocal));
	if (likely(local->pass != NULL))
		return local->pass;

	partition_memory = GetMemoryChunkContext(local);
	args = castNode(WindowFunc, fcinfo->flinfo->fn_expr)->args;

	dlist_foreach(iter, &passes)
	{
		SznPass    *pass = dlist_container(SznPass, node, iter.cur);

		if (pass->partition_memory == partition_memory &&
			equal(pass->args, args))
		{
			local->pass = pass;
			return pass;
		}
	}

	local->pass = begin_pass(fcinfo, partition_memory, args);
	return local->pass;
}


/*
 * Reading rows
 */

/*
 * Evaluate an argument on the given row.  Returns false if the partition has
 * no such row.
 */
static bool
get_argument(WindowObject winobj, int64 position, int argno,
			 Datum *value, bool *isnull)
{
	int64		offset = position - WinGetCurrentPosition(winobj);
	bool		is_out;

	/* the current row is at hand */
	if (offset == 0)
	{
		*value = WinGetFuncArgCurrent(winobj, argno, isnull);
		return true;
	}

	if (offset > PG_INT32_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("session reaches over more than %d rows", PG_INT32_MAX)));

	*value = WinGetFuncArgInPartition(winobj, argno, (int) offset,
									  WINDOW_SEEK_CURRENT, false,
									  isnull, &is_out);
	return !is_out;
}

/* A boolean argument; NULL is false (R16). */
static bool
get_flag(WindowObject winobj, int64 position, int argno)
{
	Datum		value;
	bool		isnull;

	(void) get_argument(winobj, position, argno, &value, &isnull);
	return !isnull && DatumGetBool(value);
}

static int64
get_inactivity(SznPass *pass, WindowObject winobj, int64 position)
{
	Datum		value;
	bool		isnull;

	(void) get_argument(winobj, position, SZN_ARG_INACTIVITY, &value, &isnull);
	if (isnull)
		szn_error_null_inactivity();
	return szn_span_from_datum(value, pass->timeline, "inactivity");
}

/* The arguments that must not differ, from any one row (R16). */
static void
get_rules(SznPass *pass, WindowObject winobj, int64 position, SznRules *rules)
{
	Datum		value;
	bool		isnull;

	rules->timeline = pass->timeline;
	rules->require_restart = get_flag(winobj, position, SZN_ARG_REQUIRE_RESTART);
	(void) get_argument(winobj, position, SZN_ARG_MAX_DURATION, &value, &isnull);
	rules->has_max_duration = !isnull;
	rules->max_duration = isnull ? 0 :
		szn_span_from_datum(value, pass->timeline, "max_duration");
}

/* The first row with a time: learn what holds for all. */
static void
learn_constants(SznPass *pass, WindowObject winobj, int64 position)
{
	SznRules	rules;

	get_rules(pass, winobj, position, &rules);
	szn_boundary_init(&pass->boundary, &rules);

	if (pass->is_constant[SZN_ARG_INACTIVITY])
		pass->inactivity = get_inactivity(pass, winobj, position);
	if (pass->is_constant[SZN_ARG_RESTART_ON])
		pass->restart_on = get_flag(winobj, position, SZN_ARG_RESTART_ON);
	if (pass->is_constant[SZN_ARG_END_ON])
		pass->end_on = get_flag(winobj, position, SZN_ARG_END_ON);
	pass->rules_known = true;
}

static void
check_rules(SznPass *pass, WindowObject winobj, int64 position)
{
	const SznRules *known = &pass->boundary.rules;
	SznRules	rules;

	if (pass->is_constant[SZN_ARG_MAX_DURATION] &&
		pass->is_constant[SZN_ARG_REQUIRE_RESTART])
		return;

	get_rules(pass, winobj, position, &rules);
	if (rules.has_max_duration != known->has_max_duration ||
		rules.max_duration != known->max_duration)
		szn_error_not_constant("max_duration");
	if (rules.require_restart != known->require_restart)
		szn_error_not_constant("require_restart");
}

/* Read the next row into "ahead".  Returns false at the partition's end. */
static bool
read_ahead(SznPass *pass, WindowObject winobj)
{
	SznRow	   *row = &pass->ahead;
	MemoryContext caller_memory;
	Datum		value;
	bool		isnull;

	if (pass->has_ahead)
		return true;
	if (pass->exhausted)
		return false;

	MemoryContextReset(pass->row_memory);
	caller_memory = MemoryContextSwitchTo(pass->row_memory);

	row->position = pass->next_position;
	if (get_argument(winobj, row->position, SZN_ARG_TIME, &value, &isnull))
	{
		pass->has_ahead = true;
		pass->next_position++;
		row->has_time = !isnull;
	}
	else
		pass->exhausted = true;

	if (pass->has_ahead && row->has_time)
	{
		row->time = DatumGetInt64(value);

		if (!pass->rules_known)
			learn_constants(pass, winobj, row->position);
		else
			check_rules(pass, winobj, row->position);

		row->expiry =
			szn_time_plus(pass->timeline, row->time,
						  pass->is_constant[SZN_ARG_INACTIVITY] ? pass->inactivity :
						  get_inactivity(pass, winobj, row->position));
		row->restart = pass->is_constant[SZN_ARG_RESTART_ON] ? pass->restart_on :
			get_flag(winobj, row->position, SZN_ARG_RESTART_ON);
		row->end = pass->is_constant[SZN_ARG_END_ON] ? pass->end_on :
			get_flag(winobj, row->position, SZN_ARG_END_ON);
	}

	MemoryContextSwitchTo(caller_memory);
	return pass->has_ahead;
}

/*
 * Read the next instant: rows that are peers under the window's order, less
 * those without a time.  "last" gets the position of its last row.  Returns
 * false at the partition's end.
 *
 * R2: within the instant times must be equal, and from one to the next they
 * must not decrease.
 */
static bool
read_instant(SznPass *pass, WindowObject winobj,
			 SznInstant *instant, int64 *last)
{
	const SznRow *row = &pass->ahead;

	instant->event_count = 0;

	while (read_ahead(pass, winobj))
	{
		/* neighbours are compared, so that no row is sought far back */
		if (instant->event_count > 0 &&
			!WinRowsArePeers(winobj, row->position - 1, row->position))
			break;

		if (!row->has_time)
		{
			/* part of the peer group, but not of the instant */
		}
		else if (instant->event_count == 0)
		{
			instant->time = row->time;
			instant->expiry = row->expiry;
			instant->restart = row->restart;
			instant->end = row->end;
			instant->event_count = 1;
			*last = row->position;
		}
		else
		{
			if (row->time != instant->time)
				szn_error_time_differs();
			instant->expiry = Max(instant->expiry, row->expiry);
			instant->restart |= row->restart;
			instant->end |= row->end;
			instant->event_count++;
			*last = row->position;
		}
		pass->has_ahead = false;
	}

	if (instant->event_count == 0)
		return false;

	if (pass->has_last_time && instant->time < pass->last_time)
		szn_error_time_decreases();
	pass->has_last_time = true;
	pass->last_time = instant->time;
	return true;
}


/*
 * Runs
 */

/* Go on to the first run that reaches as far as the current row. */
static void
advance_run(SznPass *pass, WindowObject winobj)
{
	while (pass->run_last < pass->position)
	{
		SznInstant	instant;

		if (pass->run_is_complete)
		{
			/* what is complete was left, so the next one has begun */
			pass->run_last = pass->next_last;
			pass->run_is_complete = false;
			pass->event_number = 0;
		}
		else if (!read_instant(pass, winobj, &instant, &pass->run_last))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("\"event_time\" must not be volatile"),
					 errdetail("It was null when the row was read first, and is not null now.")));
		else if (szn_boundary_step(&pass->boundary, &instant))
			pass->event_number = 0;
		pass->run = pass->boundary.run;
	}
}

/* Read on until the current row's run is complete. */
static void
complete_run(SznPass *pass, WindowObject winobj)
{
	SznInstant	instant;
	int64		last = pass->run_last;

	while (!pass->run_is_complete)
	{
		if (!read_instant(pass, winobj, &instant, &last))
		{
			szn_boundary_finish(&pass->boundary);
			pass->run = pass->boundary.finished;
			pass->run_is_complete = true;
		}
		else if (szn_boundary_step(&pass->boundary, &instant))
		{
			pass->run = pass->boundary.finished;
			pass->run_is_complete = true;
			pass->next_last = last;
		}
		else
			pass->run_last = last;
	}
}

/*
 * The current row has no time.  Rows before it cannot be fetched any more
 * once the mark has passed them, so an instant must not begin with it.
 */
static void
step_over_row(SznPass *pass)
{
	if (pass->has_ahead && pass->ahead.position == pass->position)
		pass->has_ahead = false;
	else if (pass->next_position == pass->position)
		pass->next_position++;
	pass->in_session = false;
}

/*
 * What every function does first: bring the pass to the current row.
 *
 * Returns the pass, with the run of the current row, complete if wanted; or
 * NULL if the row belongs to no session (R1, R8).
 */
static SznPass *
pass_at_current_row(FunctionCallInfo fcinfo, bool whole_session)
{
	WindowObject winobj = PG_WINDOW_OBJECT();
	SznPass    *pass;
	int64		position;

	if (!WindowObjectIsValid(winobj))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("window function called without a window"),
				 errhint("Use OVER (PARTITION BY actor ORDER BY event_time).")));

	pass = get_pass(fcinfo, winobj);
	position = WinGetCurrentPosition(winobj);

	/* the first sibling that comes to a row does it for all */
	if (pass->position != position)
	{
		bool		isnull;

		pass->position = position;
		(void) WinGetFuncArgCurrent(winobj, SZN_ARG_TIME, &isnull);
		if (isnull)
			step_over_row(pass);
		else
		{
			advance_run(pass, winobj);
			pass->in_session = SZN_RUN_IS_SESSION(&pass->run);
			pass->event_number++;
		}
	}

	if (whole_session && pass->in_session && !pass->run_is_complete)
		complete_run(pass, winobj);

	/* rows before this one are done with */
	WinSetMarkPosition(winobj, position);

	return pass->in_session ? pass : NULL;
}


/*
 * SQL functions
 *
 *	(event_time T, inactivity G, restart_on boolean, end_on boolean,
 *	 max_duration G, require_restart boolean)
 *
 * for T/G = timestamptz/interval, timestamp/interval, bigint/bigint, with
 * OVER (PARTITION BY actor ORDER BY event_time); the frame does not matter.
 * All return NULL on rows that belong to no session (R1, R8).  Errors: 42P20
 * for a window in another order (R2); 22023 for bad parameters (R16).
 */

/* session_number() -> bigint: 1, 2, 3 ... per actor (R9) */
Datum
sessionize_session_number(PG_FUNCTION_ARGS)
{
	SznPass    *pass = pass_at_current_row(fcinfo, false);

	if (pass == NULL)
		PG_RETURN_NULL();
	PG_RETURN_INT64(pass->run.number);
}

/* session_event_number() -> bigint: 1, 2, 3 ... within the session (R9) */
Datum
sessionize_session_event_number(PG_FUNCTION_ARGS)
{
	SznPass    *pass = pass_at_current_row(fcinfo, false);

	if (pass == NULL)
		PG_RETURN_NULL();
	PG_RETURN_INT64(pass->event_number);
}

/* session_start() -> T: time of the session's first event (R10) */
Datum
sessionize_session_start(PG_FUNCTION_ARGS)
{
	SznPass    *pass = pass_at_current_row(fcinfo, false);

	if (pass == NULL)
		PG_RETURN_NULL();
	PG_RETURN_INT64(pass->run.started_at);
}

/* session_end() -> T: time of the session's last event (R10) */
Datum
sessionize_session_end(PG_FUNCTION_ARGS)
{
	SznPass    *pass = pass_at_current_row(fcinfo, true);

	if (pass == NULL)
		PG_RETURN_NULL();
	PG_RETURN_INT64(pass->run.ended_at);
}

/* session_event_count() -> bigint: the session's events (R10) */
Datum
sessionize_session_event_count(PG_FUNCTION_ARGS)
{
	SznPass    *pass = pass_at_current_row(fcinfo, true);

	if (pass == NULL)
		PG_RETURN_NULL();
	PG_RETURN_INT64(pass->run.event_count);
}

/* session_started_by() -> text: the rule that began the session (R11) */
Datum
sessionize_session_started_by(PG_FUNCTION_ARGS)
{
	SznPass    *pass = pass_at_current_row(fcinfo, false);

	if (pass == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(szn_cause_name(pass->run.started_by)));
}

/*
 * session_ended_by() -> text: the rule that ended the session (R11); NULL
 * where that depends on the clock, in the actor's last session
 */
Datum
sessionize_session_ended_by(PG_FUNCTION_ARGS)
{
	SznPass    *pass = pass_at_current_row(fcinfo, true);

	if (pass == NULL || pass->run.ended_by == SZN_CAUSE_NONE)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(szn_cause_name(pass->run.ended_by)));
}
