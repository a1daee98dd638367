/*-------------------------------------------------------------------------
 *
 * support.c
 *	  What the planner asks of our functions, and inactivity().
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "nodes/supportnodes.h"
#include "optimizer/optimizer.h"
#include "utils/builtins.h"

#include "functions/arguments.h"

PG_FUNCTION_INFO_V1(sessionize_inactivity);
PG_FUNCTION_INFO_V1(sessionize_inactivity_support);
PG_FUNCTION_INFO_V1(sessionize_window_support);

/*
 * inactivity(interval) -> interval
 *
 * Checks an inactivity or max_duration (R16: 22023) and normalises it to pure
 * time, so that adding it to a timestamp is exact whatever the TimeZone
 * (R15).  What is beyond 64 bits of microseconds becomes the longest interval
 * of pure time, which means never.
 */
Datum
sessionize_inactivity(PG_FUNCTION_ARGS)
{
	int64		span = szn_span_from_interval(PG_GETARG_INTERVAL_P(0),
											  "inactivity");

	PG_RETURN_DATUM(szn_span_to_interval(span));
}

/*
 * Of inactivity(): a constant that needs no change stands for the call.
 *
 * The function is immutable and so constant-folded in any case; but as the
 * planner comes here first, this library is loaded, whatever the query.
 */
Datum
sessionize_inactivity_support(PG_FUNCTION_ARGS)
{
	Node	   *request = (Node *) PG_GETARG_POINTER(0);
	Node	   *result = NULL;

	if (IsA(request, SupportRequestSimplify))
	{
		Node	   *argument =
			linitial(((SupportRequestSimplify *) request)->fcall->args);

		if (IsA(argument, Const) && !((Const *) argument)->constisnull)
		{
			const Interval *interval =
				DatumGetIntervalP(((Const *) argument)->constvalue);

			if (interval->month == 0 && interval->day == 0 &&
				interval->time >= 0)
				result = argument;
		}
	}

	PG_RETURN_POINTER(result);
}

/*
 * Of the window functions.
 *
 * Cost: measured on 1 million rows that come ordered from an index, where one
 * cpu_operator_cost is about 0.05 us: row_number() took 0.4 us a row; telling
 * peers apart, as rank() does too, added 0.1 to 0.2, and each argument that is
 * not constant, for whose sake WindowAgg fetches the row again, 0.2.
 *
 * No answer to SupportRequestWFuncMonotonic.  session_number() does increase
 * with the window's order, but rows without an event time, or outside the
 * sessions under require_restart, are NULL.  A run condition would end the
 * partition at the first of them, and neither the order by event time nor
 * that it is never NULL can be seen from the request.
 */
#define WINDOW_BASE_COST		4
#define WINDOW_ARGUMENT_COST	4

Datum
sessionize_window_support(PG_FUNCTION_ARGS)
{
	Node	   *request = (Node *) PG_GETARG_POINTER(0);
	SupportRequestCost *cost;
	ListCell   *cell;

	if (!IsA(request, SupportRequestCost))
		PG_RETURN_POINTER(NULL);

	cost = (SupportRequestCost *) request;
	if (cost->node == NULL || !IsA(cost->node, WindowFunc))
		PG_RETURN_POINTER(NULL);

	cost->startup = 0;
	cost->per_tuple = WINDOW_BASE_COST * cpu_operator_cost;
	foreach(cell, ((WindowFunc *) cost->node)->args)
	{
		Node	   *argument = (Node *) lfirst(cell);

		if (!IsA(argument, Const) && !IsA(argument, Param) &&
			foreach_current_index(cell) != SZN_ARG_TIME)
			cost->per_tuple += WINDOW_ARGUMENT_COST * cpu_operator_cost;
	}
	PG_RETURN_POINTER(cost);
}
