/*-------------------------------------------------------------------------
 *
 * look_back.c
 *	  From where events must be read for the sessions from a time on.
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

/* Of timestamps; what no timestamp can be becomes the next one before it. */
static Datum
look_back(int64 bound, Datum inactivity)
{
	int64		span = szn_span_from_datum(inactivity, SZN_TIMESTAMPS, "inactivity");
	int64		start = szn_time_minus(SZN_TIMESTAMPS, bound, span);

	if (!szn_time_is_infinite(SZN_TIMESTAMPS, start))
	{
		if (start < MIN_TIMESTAMP)
			start = SZN_TIME_MIN;
		else if (start >= END_TIMESTAMP)
			start = END_TIMESTAMP - 1;
	}
	return Int64GetDatum(start);
}

/* A converted bound: beyond the type's end is before infinity, and so on. */
static int64
saturated(int64 bound, int overflow)
{
	if (overflow > 0)
		return SZN_TIME_MAX - 1;
	return overflow < 0 ? SZN_TIME_MIN : bound;
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
	int			overflow = 0;
	TimestampTz bound = timestamp2timestamptz_opt_overflow(PG_GETARG_TIMESTAMP(0),
														   &overflow);

	return look_back(saturated(bound, overflow), PG_GETARG_DATUM(1));
}

/* look_back_timestamptz(bound date, ...) */
Datum
sessionize_look_back_tz_date(PG_FUNCTION_ARGS)
{
	int			overflow = 0;
	TimestampTz bound = date2timestamptz_opt_overflow(PG_GETARG_DATEADT(0),
													  &overflow);

	return look_back(saturated(bound, overflow), PG_GETARG_DATUM(1));
}

/*
 * The least offset from UTC, in seconds, that is or was valid within two
 * weeks of a time; false if that cannot be told.
 *
 * No offset that PostgreSQL takes is longer than a week.
 */
static bool
least_offset(TimestampTz time, int64 *offset)
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
		if (!found || before < *offset)
			*offset = before;
		found = true;
		if (result == 0 || boundary > until)
			return true;
		if (after < *offset)
			*offset = after;
		from = boundary;
	}
}

/*
 * look_back_timestamp(bound timestamptz, ...)
 *
 * When the two are compared it is the timestamp that is converted, and the
 * clock goes back at times: an earlier timestamp can be the later time.  So
 * the bound is where the earliest timestamp may be that is not before it.
 */
Datum
sessionize_look_back_timestamptz(PG_FUNCTION_ARGS)
{
	int64		bound = PG_GETARG_TIMESTAMPTZ(0);
	int64		offset;

	if (!szn_time_is_infinite(SZN_TIMESTAMPS, bound))
	{
		if (!least_offset(bound, &offset) ||
			pg_add_s64_overflow(bound, offset * USECS_PER_SEC, &bound))
			bound = SZN_TIME_MIN;
	}
	return look_back(bound, PG_GETARG_DATUM(1));
}

/* look_back_timestamp(bound date, ...) */
Datum
sessionize_look_back_date(PG_FUNCTION_ARGS)
{
	int			overflow = 0;
	Timestamp	bound = date2timestamp_opt_overflow(PG_GETARG_DATEADT(0), &overflow);

	return look_back(saturated(bound, overflow), PG_GETARG_DATUM(1));
}

/* look_back_bigint(bound bigint, inactivity bigint) -> bigint */
Datum
sessionize_look_back_bigint(PG_FUNCTION_ARGS)
{
	int64		span = szn_span_from_datum(PG_GETARG_DATUM(1), SZN_INTEGERS, "inactivity");

	PG_RETURN_INT64(szn_time_minus(SZN_INTEGERS, PG_GETARG_INT64(0), span));
}
