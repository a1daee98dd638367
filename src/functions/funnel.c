/*-------------------------------------------------------------------------
 *
 * funnel.c
 *	  The aggregate funnel(): the furthest step reached in time order.
 *
 *	(event_time T, VARIADIC steps boolean[]) -> integer
 *
 * for T = timestamptz, timestamp or bigint.  The first step is reached by an
 * event for which it is true; each later one by an event for which it is
 * true, at the same or a later time than the step before it was reached.  So
 * one event may reach several steps.  0 if not even the first is reached.
 *
 * Rows come in any order.  Rows whose event time is NULL are ignored, and
 * steps that are NULL are false; an array that is NULL is a row without a
 * true step, a shorter one a row whose other steps are false.  Errors: 22023
 * for no step, for more than 64, and for an array of several dimensions.
 *
 * As a row may still come, from anywhere, between two that are there, each
 * instant at which a step is true must be kept, with the set of its steps.
 * Two kinds of rows need no room: those without a true step, and those with
 * the first step alone, which often are the bulk: of that step the earliest
 * time does for every way through the funnel.
 *
 * The final function sorts the state in place.  That changes nothing that
 * could be seen, so it counts as read-only.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "utils/array.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "functions/arguments.h"
#include "functions/by_time.h"
#include "functions/funnel.h"

PG_FUNCTION_INFO_V1(sessionize_funnel_transition);
PG_FUNCTION_INFO_V1(sessionize_funnel_combine);
PG_FUNCTION_INFO_V1(sessionize_funnel_serialize);
PG_FUNCTION_INFO_V1(sessionize_funnel_deserialize);
PG_FUNCTION_INFO_V1(sessionize_funnel_final);

/* A set of steps: as many as it has bits. */
typedef uint64 SznSteps;

#define MAX_STEPS			64
#define STEP(number)		(UINT64CONST(1) << ((number) - 1))
#define INITIAL_ENTRIES		4

/* The steps that are true at a time, without the first. */
typedef struct SznStepsAt
{
	int64		time;
	SznSteps	steps;
} SznStepsAt;

SZN_ASSERT_TIMED(SznStepsAt);

typedef struct SznFunnel
{
	MemoryContext context;
	bool		has_first;
	int64		first_time;		/* the first step's earliest */
	int64		num_entries;
	int64		max_entries;
	int64		num_sorted;		/* so many, from the start, in strict order */
	SznStepsAt *entries;
} SznFunnel;

#ifdef USE_ASSERT_CHECKING
static void check_funnel(const SznFunnel *funnel);
#else
#define check_funnel(funnel) ((void) 0)
#endif

static SznFunnel *
create_funnel(MemoryContext context)
{
	SznFunnel  *funnel;

	funnel = (SznFunnel *) MemoryContextAllocZero(context, sizeof(SznFunnel));
	funnel->context = context;
	return funnel;
}

/* Make room for "more" entries. */
static void
reserve_entries(SznFunnel *funnel, int64 more)
{
	/* many funnels have no entry at all */
	if (funnel->entries == NULL)
	{
		funnel->entries = (SznStepsAt *)
			MemoryContextAlloc(funnel->context,
							   INITIAL_ENTRIES * sizeof(SznStepsAt));
		funnel->max_entries = INITIAL_ENTRIES;
	}

	funnel->entries = (SznStepsAt *)
		szn_by_time_reserve(funnel->entries, &funnel->max_entries,
							funnel->num_entries + more);
}

/* Bring the entries into time order, one for each time. */
static void
sort_funnel(SznFunnel *funnel)
{
	SznStepsAt *last;
	int64		i;

	if (funnel->num_sorted < funnel->num_entries)
	{
		szn_by_time_sort(funnel->context, funnel->entries,
						 funnel->num_entries, funnel->num_sorted);

		last = funnel->entries;
		for (i = 1; i < funnel->num_entries; i++)
		{
			CHECK_FOR_INTERRUPTS();
			if (funnel->entries[i].time == last->time)
				last->steps |= funnel->entries[i].steps;
			else
				*++last = funnel->entries[i];
		}
		funnel->num_entries = last - funnel->entries + 1;
		funnel->num_sorted = funnel->num_entries;
	}

	check_funnel(funnel);
}

/* The first step is true at this time. */
static void
add_first(SznFunnel *funnel, int64 time)
{
	if (!funnel->has_first || time < funnel->first_time)
		funnel->first_time = time;
	funnel->has_first = true;
}

/* Add the steps of a row, of which there is at least one. */
static void
add_steps(SznFunnel *funnel, int64 time, SznSteps steps)
{
	SznStepsAt *last;

	if (steps & STEP(1))
		add_first(funnel, time);
	steps &= ~STEP(1);
	if (steps == 0)
		return;

	/*
	 * Before the array grows, see whether several entries are of one time.
	 * So there is room for the times that differ, and at most as much again.
	 */
	if (funnel->num_entries == funnel->max_entries)
	{
		sort_funnel(funnel);
		if (funnel->num_entries > funnel->max_entries / 2 ||
			funnel->entries == NULL)
			reserve_entries(funnel,
							funnel->max_entries - funnel->num_entries + 1);
	}

	last = funnel->num_entries == 0 ? NULL :
		&funnel->entries[funnel->num_entries - 1];
	if (last != NULL && last->time == time)
	{
		last->steps |= steps;
		return;
	}

	if (funnel->num_sorted == funnel->num_entries &&
		(last == NULL || last->time < time))
		funnel->num_sorted++;
	last = &funnel->entries[funnel->num_entries++];
	last->time = time;
	last->steps = steps;
}

/* Add all of "others". */
static void
merge_funnel(SznFunnel *funnel, SznFunnel *others)
{
	if (others->has_first)
		add_first(funnel, others->first_time);

	/* two sorted sequences are merged; more would have to be sorted */
	sort_funnel(funnel);
	sort_funnel(others);
	if (others->num_entries > 0)
	{
		reserve_entries(funnel, others->num_entries);
		memcpy(funnel->entries + funnel->num_entries, others->entries,
			   others->num_entries * sizeof(SznStepsAt));
		funnel->num_entries += others->num_entries;
		sort_funnel(funnel);
	}
}

static void
check_num_steps(int num_steps)
{
	if (num_steps == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a funnel must have at least one step"),
				 errhint("Give a condition for each step, such as event = 'view', event = 'purchase'.")));
	if (num_steps > MAX_STEPS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a funnel must not have more than %d steps", MAX_STEPS),
				 errdetail("There are %d conditions.", num_steps),
				 errhint("Leave out some steps, or make two funnels.")));
}

pg_noreturn static void error_dimensions(void);

static void
error_dimensions(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("steps of a funnel must not be an array of several dimensions"),
			 errhint("Give one condition for each step.")));
}

/*
 * The steps that are true in a row.
 */
static SznSteps
steps_of_array(ArrayType *array)
{
	int			num_steps = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	const bool *value = (const bool *) ARR_DATA_PTR(array);
	const bits8 *not_null = ARR_NULLBITMAP(array);
	SznSteps	steps = 0;
	int			i;

	if (ARR_NDIM(array) > 1)
		error_dimensions();
	check_num_steps(num_steps);

	for (i = 0; i < num_steps; i++)
	{
		/* a NULL takes no room among the values */
		if (not_null != NULL && (not_null[i / 8] & (1 << (i % 8))) == 0)
			continue;
		if (*value++)
			steps |= STEP(i + 1);
	}
	return steps;
}

/*
 * funnel_transition(internal, event_time, steps) -> internal
 *
 * The state is NULL until the first row with a true step.
 */
Datum
sessionize_funnel_transition(PG_FUNCTION_ARGS)
{
	MemoryContext context = szn_aggregate_context(fcinfo);
	SznFunnel  *funnel;
	SznSteps	steps = 0;

	funnel = PG_ARGISNULL(0) ? NULL : (SznFunnel *) PG_GETARG_POINTER(0);

	/* checked also in rows that are ignored: what is wrong is the call */
	if (!PG_ARGISNULL(2))
		steps = steps_of_array(PG_GETARG_ARRAYTYPE_P(2));

	if (steps != 0 && !PG_ARGISNULL(1))
	{
		if (funnel == NULL)
			funnel = create_funnel(context);
		add_steps(funnel, PG_GETARG_INT64(1), steps);
	}

	if (funnel == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(funnel);
}

/* funnel_combine(internal, internal) -> internal */
Datum
sessionize_funnel_combine(PG_FUNCTION_ARGS)
{
	MemoryContext context = szn_aggregate_context(fcinfo);
	SznFunnel  *funnel;
	SznFunnel  *others;

	funnel = PG_ARGISNULL(0) ? NULL : (SznFunnel *) PG_GETARG_POINTER(0);
	others = PG_ARGISNULL(1) ? NULL : (SznFunnel *) PG_GETARG_POINTER(1);

	if (funnel == NULL && others == NULL)
		PG_RETURN_NULL();
	if (others == NULL)
		PG_RETURN_POINTER(funnel);
	if (funnel == NULL)
		funnel = create_funnel(context);

	merge_funnel(funnel, others);
	PG_RETURN_POINTER(funnel);
}

/*
 * funnel_serialize(internal) -> bytea
 *
 * For the way between processes of one server: entries are in its own byte
 * order.  What comes back is checked all the same.
 */
Datum
sessionize_funnel_serialize(PG_FUNCTION_ARGS)
{
	SznFunnel  *funnel = (SznFunnel *) PG_GETARG_POINTER(0);
	StringInfoData buffer;
	Size		size;

	(void) szn_aggregate_context(fcinfo);

	sort_funnel(funnel);
	size = funnel->num_entries * sizeof(SznStepsAt);
	if (size > MaxAllocSize / 2)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many events of one funnel to send to another process"),
				 errhint("Set \"max_parallel_workers_per_gather\" to 0.")));

	pq_begintypsend(&buffer);
	enlargeStringInfo(&buffer, size);
	pq_sendbyte(&buffer, funnel->has_first);
	pq_sendint64(&buffer, funnel->first_time);
	pq_sendint64(&buffer, funnel->num_entries);
	if (size > 0)
		pq_sendbytes(&buffer, (char *) funnel->entries, size);
	PG_RETURN_BYTEA_P(pq_endtypsend(&buffer));
}

pg_noreturn static void error_invalid_state(void);

static void
error_invalid_state(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
			 errmsg("invalid state of funnel()")));
}

/* funnel_deserialize(bytea, internal) -> internal */
Datum
sessionize_funnel_deserialize(PG_FUNCTION_ARGS)
{
	bytea	   *bytes;
	StringInfoData buffer;
	SznFunnel  *funnel;
	int64		num_entries;
	int64		i;

	(void) szn_aggregate_context(fcinfo);

	bytes = PG_GETARG_BYTEA_PP(0);
	initStringInfo(&buffer);
	appendBinaryStringInfo(&buffer, VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes));

	funnel = create_funnel(CurrentMemoryContext);
	funnel->has_first = pq_getmsgbyte(&buffer) != 0;
	funnel->first_time = pq_getmsgint64(&buffer);
	num_entries = pq_getmsgint64(&buffer);

	/* before room is made for them */
	if (num_entries < 0 ||
		num_entries > (buffer.len - buffer.cursor) / (int64) sizeof(SznStepsAt))
		error_invalid_state();
	if (num_entries > 0)
	{
		reserve_entries(funnel, num_entries);
		pq_copymsgbytes(&buffer, (char *) funnel->entries,
						num_entries * sizeof(SznStepsAt));
	}
	pq_getmsgend(&buffer);
	funnel->num_entries = num_entries;
	funnel->num_sorted = num_entries;
	for (i = 0; i < num_entries; i++)
	{
		const SznStepsAt *entry = &funnel->entries[i];

		CHECK_FOR_INTERRUPTS();
		if ((entry->steps & ~STEP(1)) == 0 || (entry->steps & STEP(1)) != 0 ||
			(i > 0 && entry->time <= entry[-1].time))
			error_invalid_state();
	}

	check_funnel(funnel);
	PG_RETURN_POINTER(funnel);
}

/* funnel_final(internal) -> integer; 0 without rows */
Datum
sessionize_funnel_final(PG_FUNCTION_ARGS)
{
	SznFunnel  *funnel;
	int			reached = 1;
	int64		i;

	(void) szn_aggregate_context(fcinfo);

	funnel = PG_ARGISNULL(0) ? NULL : (SznFunnel *) PG_GETARG_POINTER(0);
	if (funnel == NULL || !funnel->has_first)
		PG_RETURN_INT32(0);

	/* to reach each step as early as possible leaves most to the next */
	sort_funnel(funnel);
	for (i = 0; i < funnel->num_entries && reached < MAX_STEPS; i++)
	{
		const SznStepsAt *entry = &funnel->entries[i];

		CHECK_FOR_INTERRUPTS();
		if (entry->time < funnel->first_time)
			continue;
		while (reached < MAX_STEPS && (entry->steps & STEP(reached + 1)) != 0)
			reached++;
	}
	PG_RETURN_INT32(reached);
}


/*
 * Calls checked before there are rows
 */

static bool
is_funnel(Oid aggregate)
{
	char	   *name = get_func_name(aggregate);

	return name != NULL && strcmp(name, "funnel") == 0 &&
		get_func_namespace(aggregate) == get_namespace_oid("sessionize", true);
}

static bool
check_calls(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, Aggref) && is_funnel(((Aggref *) node)->aggfnoid) &&
		list_length(((Aggref *) node)->args) > 1)
	{
		List	   *arguments = ((Aggref *) node)->args;
		Node	   *steps = (Node *) lsecond_node(TargetEntry, arguments)->expr;

		if (IsA(steps, ArrayExpr))
		{
			if (((ArrayExpr *) steps)->multidims)
				error_dimensions();
			check_num_steps(list_length(((ArrayExpr *) steps)->elements));
		}
		else if (IsA(steps, Const) && !((Const *) steps)->constisnull)
			(void) steps_of_array(DatumGetArrayTypeP(((Const *) steps)->constvalue));
	}
	return expression_tree_walker(node, check_calls, context);
}

/*
 * Of an analysed expression: 22023 if it calls funnel() with a wrong number of
 * steps, as far as it says how many there are.
 */
void
szn_check_funnel_calls(Node *expr)
{
	(void) check_calls(expr, NULL);
}

#ifdef USE_ASSERT_CHECKING

static void
check_funnel(const SznFunnel *funnel)
{
	int64		i;

	Assert(funnel->num_entries <= funnel->max_entries);
	Assert(funnel->num_sorted == funnel->num_entries);
	for (i = 0; i < funnel->num_entries; i++)
	{
		const SznStepsAt *entry = &funnel->entries[i];

		Assert(entry->steps != 0 && (entry->steps & STEP(1)) == 0);
		Assert(i == 0 || entry[-1].time < entry->time);
	}
}

#endif							/* USE_ASSERT_CHECKING */
