/*-------------------------------------------------------------------------
 *
 * look_back.c
 *	  From where, and how far, events must be read for the sessions that start
 *	  at a time or later, or before it.
 *
 * engine/time_range.c puts calls of these functions into plans.  Whatever
 * they are given they answer without an error: a condition of a query may be
 * turned into one on events only if it can fail no more often than before.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "datatype/timestamp.h"
#include "pgtime.h"
#include "utils/date.h"

#include "functions/look_back.h"

PG_FUNCTION_INFO_V1(sessionize_look_back);
PG_FUNCTION_INFO_V1(sessionize_look_back_tz_timestamp);
PG_FUNCTION_INFO_V1(sessionize_look_back_tz_date);
PG_FUNCTION_INFO_V1(sessionize_look_back_timestamptz);
PG_FUNCTION_INFO_V1(sessionize_look_back_date);
PG_FUNCTION_INFO_V1(sessionize_look_back_bigint);
PG_FUNCTION_INFO_V1(sessionize_look_ahead);
PG_FUNCTION_INFO_V1(sessionize_look_ahead_tz_timestamp);
PG_FUNCTION_INFO_V1(sessionize_look_ahead_tz_date);
PG_FUNCTION_INFO_V1(sessionize_look_ahead_timestamptz);
PG_FUNCTION_INFO_V1(sessionize_look_ahead_date);
PG_FUNCTION_INFO_V1(sessionize_look_ahead_bigint);

/* What no timestamp can be becomes the next one before it. */
static int64
possible(int64 time)
{
	if (!szn_time_is_infinite(SZN_TIMESTAMPS, time))
	{
		if (time < MIN_TIMESTAMP)
			time = SZN_TIME_MIN;
		else if (time >= END_TIMESTAMP)
			time = END_TIMESTAMP - 1;
	}
	return time;
}

static Datum
look_back(int64 bound, Datum inactivity)
{
	int64		span = szn_span_from_datum(inactivity, SZN_TIMESTAMPS, "inactivity");

	return Int64GetDatum(possible(szn_time_minus(SZN_TIMESTAMPS, bound, span)));
}

/* The session's start may be the bound itself, and its last event R6's edge. */
static Datum
look_ahead(int64 bound, Datum max_duration)
{
	int64		span = szn_span_from_datum(max_duration, SZN_TIMESTAMPS, "max_duration");

	return Int64GetDatum(possible(szn_time_plus(SZN_TIMESTAMPS, bound, span)));
}

/* A converted bound: beyond the type's end is before infinity, and so on. */
static int64
saturated(int64 bound, int overflow)
{
	if (overflow > 0)
		return SZN_TIME_MAX - 1;
	return overflow < 0 ? SZN_TIME_MIN : bound;
}

/* A bound as it is compared with a timestamptz, or timestamp. */
static int64
tz_from_timestamp(Timestamp bound)
{
	int			overflow = 0;
	TimestampTz converted = timestamp2timestamptz_opt_overflow(bound, &overflow);

	return saturated(converted, overflow);
}

static int64
tz_from_date(DateADT bound)
{
	int			overflow = 0;
	TimestampTz converted = date2timestamptz_opt_overflow(bound, &overflow);

	return saturated(converted, overflow);
}

static int64
timestamp_from_date(DateADT bound)
{
	int			overflow = 0;
	Timestamp	converted = date2timestamp_opt_overflow(bound, &overflow);

	return saturated(converted, overflow);
}

/*
 * The least and the greatest offset from UTC, in seconds, that is or was valid
 * within two weeks of a time; false if that cannot be told.
 *
 * No offset that PostgreSQL takes is longer than a week.
 */
static bool
find_offsets(TimestampTz time, int64 *least, int64 *greatest)
{
	const pg_time_t two_weeks = 14 * (pg_time_t) SECS_PER_DAY;
	pg_time_t	from = time / USECS_PER_SEC - two_weeks +
		(POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * (pg_time_t) SECS_PER_DAY;
	pg_time_t	until = from + 2 * two_weeks;
	bool		found = false;

	for (;;)
	{
		long		before;
		long		after;
		int			before_is_dst;
		int			after_is_dst;
		pg_time_t	boundary;
		int			result = pg_next_dst_boundary(&from, &before, &before_is_dst,
												  &boundary, &after, &after_is_dst,
												  session_timezone);

		if (result < 0)
			return false;
		*least = found ? Min(*least, before) : before;
		*greatest = found ? Max(*greatest, before) : before;
		found = true;
		if (result == 0 || boundary > until)
			return true;
		*least = Min(*least, after);
		*greatest = Max(*greatest, after);
		from = boundary;
	}
}

/*
 * When a timestamp is compared with a timestamptz it is the timestamp that is
 * converted, and the clock goes back at times: an earlier timestamp can be the
 * later time.  So the bound is where the earliest timestamp may be that is not
 * before it; or, to look ahead, the latest that is not after it.
 */
static int64
timestamp_from_tz(TimestampTz bound, bool is_ahead)
{
	int64		least;
	int64		greatest;
	int64		converted;

	if (szn_time_is_infinite(SZN_TIMESTAMPS, bound))
		return bound;
	if (!find_offsets(bound, &least, &greatest) ||
		pg_add_s64_overflow(bound, (is_ahead ? greatest : least) * USECS_PER_SEC, &converted))
		return is_ahead ? SZN_TIME_MAX - 1 : SZN_TIME_MIN;
	return converted;
}

/*
 * look_back_T(bound T, inactivity interval) -> T, for T = timestamptz or
 * timestamp: whatever lies before it lies more than "inactivity" before the
 * bound
 */
Datum
sessionize_look_back(PG_FUNCTION_ARGS)
{
	return look_back(PG_GETARG_INT64(0), PG_GETARG_DATUM(1));
}

/* look_back_timestamptz(bound timestamp, ...), as timestamptz is compared with one */
Datum
sessionize_look_back_tz_timestamp(PG_FUNCTION_ARGS)
{
	return look_back(tz_from_timestamp(PG_GETARG_TIMESTAMP(0)), PG_GETARG_DATUM(1));
}

/* look_back_timestamptz(bound date, ...) */
Datum
sessionize_look_back_tz_date(PG_FUNCTION_ARGS)
{
	return look_back(tz_from_date(PG_GETARG_DATEADT(0)), PG_GETARG_DATUM(1));
}

/* look_back_timestamp(bound timestamptz, ...) */
Datum
sessionize_look_back_timestamptz(PG_FUNCTION_ARGS)
{
	return look_back(timestamp_from_tz(PG_GETARG_TIMESTAMPTZ(0), false), PG_GETARG_DATUM(1));
}

/* look_back_timestamp(bound date, ...) */
Datum
sessionize_look_back_date(PG_FUNCTION_ARGS)
{
	return look_back(timestamp_from_date(PG_GETARG_DATEADT(0)), PG_GETARG_DATUM(1));
}

/* look_back_bigint(bound bigint, inactivity bigint) -> bigint */
Datum
sessionize_look_back_bigint(PG_FUNCTION_ARGS)
{
	int64		span = szn_span_from_datum(PG_GETARG_DATUM(1), SZN_INTEGERS, "inactivity");

	PG_RETURN_INT64(szn_time_minus(SZN_INTEGERS, PG_GETARG_INT64(0), span));
}

/*
 * look_ahead_T(bound T, max_duration interval) -> T, for T = timestamptz or
 * timestamp: whatever lies after it lies more than "max_duration" after the
 * bound, and so in no session that starts before the bound or at it (R6)
 */
Datum
sessionize_look_ahead(PG_FUNCTION_ARGS)
{
	return look_ahead(PG_GETARG_INT64(0), PG_GETARG_DATUM(1));
}

/* look_ahead_timestamptz(bound timestamp, ...), as timestamptz is compared with one */
Datum
sessionize_look_ahead_tz_timestamp(PG_FUNCTION_ARGS)
{
	return look_ahead(tz_from_timestamp(PG_GETARG_TIMESTAMP(0)), PG_GETARG_DATUM(1));
}

/* look_ahead_timestamptz(bound date, ...) */
Datum
sessionize_look_ahead_tz_date(PG_FUNCTION_ARGS)
{
	return look_ahead(tz_from_date(PG_GETARG_DATEADT(0)), PG_GETARG_DATUM(1));
}

/* look_ahead_timestamp(bound timestamptz, ...) */
Datum
sessionize_look_ahead_timestamptz(PG_FUNCTION_ARGS)
{
	return look_ahead(timestamp_from_tz(PG_GETARG_TIMESTAMPTZ(0), true), PG_GETARG_DATUM(1));
}

/* look_ahead_timestamp(bound date, ...) */
Datum
sessionize_look_ahead_date(PG_FUNCTION_ARGS)
{
	return look_ahead(timestamp_from_date(PG_GETARG_DATEADT(0)), PG_GETARG_DATUM(1));
}

/* look_ahead_bigint(bound bigint, max_duration bigint) -> bigint */
Datum
sessionize_look_ahead_bigint(PG_FUNCTION_ARGS)
{
	int64		span = szn_span_from_datum(PG_GETARG_DATUM(1), SZN_INTEGERS, "max_duration");

	PG_RETURN_INT64(szn_time_plus(SZN_INTEGERS, PG_GETARG_INT64(0), span));
}
