/*-------------------------------------------------------------------------
 *
 * arguments.h
 *	  The arguments that all our functions share, checked (R2, R16).
 *
 *-------------------------------------------------------------------------
 */
#ifndef SZN_ARGUMENTS_H
#define SZN_ARGUMENTS_H

#include "fmgr.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "rules/boundary.h"

/* Positions of the arguments, counted from the event time. */
enum
{
	SZN_ARG_TIME,
	SZN_ARG_INACTIVITY,
	SZN_ARG_RESTART_ON,
	SZN_ARG_END_ON,
	SZN_ARG_MAX_DURATION,
	SZN_ARG_REQUIRE_RESTART,
	SZN_NUM_ARGS
};

extern SznTimeline szn_timeline_of_type(Oid time_type);

extern int64 szn_span_from_datum(Datum value, SznTimeline timeline,
								 const char *argument);
extern int64 szn_span_from_interval(const Interval *interval,
									const char *argument);
extern Datum szn_span_to_interval(int64 span);

extern MemoryContext szn_aggregate_context(FunctionCallInfo fcinfo);

pg_noreturn extern void szn_error_null_inactivity(void);
pg_noreturn extern void szn_error_not_constant(const char *argument);
pg_noreturn extern void szn_error_time_decreases(void);
pg_noreturn extern void szn_error_time_differs(void);

#endif							/* SZN_ARGUMENTS_H */
