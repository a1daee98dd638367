/*-------------------------------------------------------------------------
 *
 * time.h
 *	  Arithmetic on event times (semantics.md, R15).
 *
 * Event times are 64-bit integers: microseconds for timestamps, the caller's
 * unit for bigint.  Spans (inactivity, max_duration) are non-negative and in
 * the same unit.  Nothing here overflows: a sum too large to represent is
 * later than every representable time, a pause too long to represent is
 * longer than any span.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SZN_TIME_H
#define SZN_TIME_H

#include "common/int.h"

/* What the ends of the 64-bit range mean. */
typedef enum SznTimeline
{
	SZN_TIMESTAMPS,				/* they are -infinity and infinity */
	SZN_INTEGERS				/* they are numbers like the others */
} SznTimeline;

#define SZN_TIME_MIN	PG_INT64_MIN
#define SZN_TIME_MAX	PG_INT64_MAX

/*
 * A span of timestamps beyond 64 bits: it never runs out.  Among integers
 * this is an ordinary span, since their pauses can be longer than it.
 */
#define SZN_NEVER		PG_INT64_MAX

/* Is this one of the two infinite times? */
static inline bool
szn_time_is_infinite(SznTimeline timeline, int64 time)
{
	return timeline == SZN_TIMESTAMPS &&
		(time == SZN_TIME_MIN || time == SZN_TIME_MAX);
}

/*
 * The last time that is not more than "span" after "time".
 *
 * An infinite pause is longer than any finite span, so a sum too large stays
 * below infinity; after SZN_NEVER nothing is later, not even infinity.
 */
static inline int64
szn_time_plus(SznTimeline timeline, int64 time, int64 span)
{
	int64		sum;
	bool		overflow;

	Assert(span >= 0);

	if (timeline == SZN_TIMESTAMPS)
	{
		if (span == SZN_NEVER)
			return SZN_TIME_MAX;
		if (szn_time_is_infinite(timeline, time))
			return time;
	}

	overflow = pg_add_s64_overflow(time, span, &sum);
	if (timeline == SZN_TIMESTAMPS)
		return (overflow || sum == SZN_TIME_MAX) ? SZN_TIME_MAX - 1 : sum;
	return overflow ? SZN_TIME_MAX : sum;
}

/*
 * A time such that whatever lies before it lies more than "span" before
 * "time"; the latest one, unless that is too early to represent.
 */
static inline int64
szn_time_minus(SznTimeline timeline, int64 time, int64 span)
{
	int64		difference;

	Assert(span >= 0);

	if (timeline == SZN_TIMESTAMPS)
	{
		if (span == SZN_NEVER)
			return SZN_TIME_MIN;
		if (szn_time_is_infinite(timeline, time))
			return time;
	}
	return pg_sub_s64_overflow(time, span, &difference) ? SZN_TIME_MIN : difference;
}

/*
 * How long it is from "from" to "to" (not earlier), saturating: what cannot
 * be represented, or is infinite, is PG_INT64_MAX.
 */
static inline int64
szn_time_between(SznTimeline timeline, int64 from, int64 to)
{
	int64		span;

	Assert(from <= to);

	if (from == to)
		return 0;
	if (szn_time_is_infinite(timeline, from) ||
		szn_time_is_infinite(timeline, to) ||
		pg_sub_s64_overflow(to, from, &span))
		return PG_INT64_MAX;
	return span;
}

/* The sum of two spans, saturating. */
static inline int64
szn_span_plus(int64 a, int64 b)
{
	int64		sum;

	Assert(a >= 0 && b >= 0);
	return pg_add_s64_overflow(a, b, &sum) ? PG_INT64_MAX : sum;
}

#endif							/* SZN_TIME_H */
