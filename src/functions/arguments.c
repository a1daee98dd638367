/*-------------------------------------------------------------------------
 *
 * arguments.c
 *	  The arguments that all our functions share, checked (R2, R16).
 *
 * Between SQL's types and the 64-bit times and spans of rules/.  Each check,
 * and so each message, exists once and here.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/int.h"
#include "utils/builtins.h"

#include "functions/arguments.h"

/* Which family of times an event_time argument of this type belongs to. */
SznTimeline
szn_timeline_of_type(Oid time_type)
{
	switch (time_type)
	{
		case TIMESTAMPTZOID:
		case TIMESTAMPOID:
			return SZN_TIMESTAMPS;
		case INT8OID:
			return SZN_INTEGERS;
		default:
			elog(ERROR, "unexpected type of event_time: %u", time_type);
			return SZN_INTEGERS;	/* keep compiler quiet */
	}
}

pg_noreturn static void error_negative(const char *argument);

static void
error_negative(const char *argument)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("\"%s\" must not be negative", argument),
			 errhint("Use zero or more.")));
}

/*
 * An inactivity or max_duration as a span in the unit of its family.
 * "argument" is the name that errors (22023) use.
 */
int64
szn_span_from_datum(Datum value, SznTimeline timeline, const char *argument)
{
	int64		span;

	if (timeline == SZN_TIMESTAMPS)
		return szn_span_from_interval(DatumGetIntervalP(value), argument);

	span = DatumGetInt64(value);
	if (span < 0)
		error_negative(argument);
	return span;
}

/*
 * An interval as microseconds, with days of 24 hours (R15).
 *
 * Beyond 64 bits it is SZN_NEVER; so is the very last value below, which no
 * pause between two timestamps could tell from it.
 */
int64
szn_span_from_interval(const Interval *interval, const char *argument)
{
	int64		days;
	int64		rest;
	int64		span;

	if (INTERVAL_NOT_FINITE(interval))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" must be finite", argument),
				 strcmp(argument, "inactivity") == 0 ?
				 errhint("For sessions that never expire use a very long interval, such as '200000000 days'.") :
				 errhint("For sessions of any duration leave it out, or use NULL.")));
	if (interval->month != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" must not contain months or years", argument),
				 errdetail("Months and years differ in length."),
				 errhint("Use days, such as '30 days'; a day is 24 hours.")));

	/* whole days apart, so that no intermediate result can overflow */
	days = interval->day + interval->time / USECS_PER_DAY;
	rest = interval->time % USECS_PER_DAY;
	if (rest < 0)
	{
		rest += USECS_PER_DAY;
		days--;
	}
	if (days < 0)
		error_negative(argument);
	if (pg_mul_s64_overflow(days, USECS_PER_DAY, &span) ||
		pg_add_s64_overflow(span, rest, &span))
		return SZN_NEVER;
	return span;
}

/*
 * A span of microseconds as an interval of pure time, newly allocated.
 *
 * Without a day field, start + duration is the end even across a change of
 * the UTC offset.
 */
Datum
szn_span_to_interval(int64 span)
{
	Interval   *interval = (Interval *) palloc0(sizeof(Interval));

	interval->time = span;
	return IntervalPGetDatum(interval);
}

/* Where an aggregate's state lives; only aggregates may call the caller. */
MemoryContext
szn_aggregate_context(FunctionCallInfo fcinfo)
{
	MemoryContext context;

	if (!AggCheckCallContext(fcinfo, &context))
		elog(ERROR, "aggregate support function called outside an aggregate");
	return context;
}

void
szn_error_null_inactivity(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("\"inactivity\" must not be null"),
			 errhint("Give the longest pause that a session survives, such as interval '30 minutes', or a number in the unit of a bigint event time.")));
}

void
szn_error_not_constant(const char *argument)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("\"%s\" must be the same for all events of an actor", argument),
			 errhint("Only \"inactivity\", \"restart_on\" and \"end_on\" may differ from event to event.")));
}

void
szn_error_time_decreases(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_WINDOWING_ERROR),
			 errmsg("event times decrease in the order of the window"),
			 errhint("Use OVER (PARTITION BY actor ORDER BY event_time).")));
}

void
szn_error_time_differs(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_WINDOWING_ERROR),
			 errmsg("event times differ among rows that the window does not order"),
			 errhint("Use OVER (PARTITION BY actor ORDER BY event_time).")));
}
