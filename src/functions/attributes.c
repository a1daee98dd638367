/*-------------------------------------------------------------------------
 *
 * attributes.c
 *	  What the views of definitions compute of a session: duration, and what
 *	  has ended it by now.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

#include "functions/arguments.h"

PG_FUNCTION_INFO_V1(sessionize_duration);
PG_FUNCTION_INFO_V1(sessionize_duration_seconds);
PG_FUNCTION_INFO_V1(sessionize_ended_by);
PG_FUNCTION_INFO_V1(sessionize_add_durations);

static int64
get_duration(FunctionCallInfo fcinfo)
{
	int64		started_at = PG_GETARG_INT64(0);
	int64		ended_at = PG_GETARG_INT64(1);

	if (started_at > ended_at)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a session must not end before it starts")));
	return szn_time_between(SZN_TIMESTAMPS, started_at, ended_at);
}

/*
 * duration(started_at T, ended_at T) -> interval, for T = timestamptz or
 * timestamp: R10, in pure time, saturating (R15)
 */
Datum
sessionize_duration(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(szn_span_to_interval(get_duration(fcinfo)));
}

/* duration_seconds(started_at T, ended_at T) -> double precision */
Datum
sessionize_duration_seconds(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8((float8) get_duration(fcinfo) / USECS_PER_SEC);
}

/*
 * ended_by(ended_by text, started_at T, ended_at T, inactivity interval,
 *			max_duration interval) -> text
 *
 * R11: session_ended_by()'s word where it has one; else what the clock says
 * of the actor's last session, or "open".  max_duration may be NULL.
 */
Datum
sessionize_ended_by(PG_FUNCTION_ARGS)
{
	int64		now = GetCurrentTransactionStartTimestamp();
	int64		expiry;
	int64		deadline = SZN_TIME_MAX;
	SznCause	cause;

	if (!PG_ARGISNULL(0))
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
		PG_RETURN_NULL();
	if (PG_ARGISNULL(3))
		szn_error_null_inactivity();

	/* a timestamp without time zone is compared with LOCALTIMESTAMP */
	if (get_fn_expr_argtype(fcinfo->flinfo, 1) == TIMESTAMPOID)
		now = DatumGetTimestamp(DirectFunctionCall1(timestamptz_timestamp,
													TimestampTzGetDatum(now)));

	expiry = szn_time_plus(SZN_TIMESTAMPS, PG_GETARG_INT64(2),
						   szn_span_from_interval(PG_GETARG_INTERVAL_P(3),
												  "inactivity"));
	if (!PG_ARGISNULL(4))
		deadline = szn_time_plus(SZN_TIMESTAMPS, PG_GETARG_INT64(1),
								 szn_span_from_interval(PG_GETARG_INTERVAL_P(4),
														"max_duration"));
	cause = szn_ended_by_at(expiry, deadline, now);
	PG_RETURN_TEXT_P(cstring_to_text(cause == SZN_CAUSE_NONE ? "open" :
									 szn_cause_name(cause)));
}

/*
 * add_durations(interval, interval) -> interval: of pure time, saturating, as
 * sums of durations are (R15)
 */
Datum
sessionize_add_durations(PG_FUNCTION_ARGS)
{
	int64		a = szn_span_from_interval(PG_GETARG_INTERVAL_P(0), "duration");
	int64		b = szn_span_from_interval(PG_GETARG_INTERVAL_P(1), "duration");

	PG_RETURN_DATUM(szn_span_to_interval(szn_span_plus(a, b)));
}
