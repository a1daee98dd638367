/*-------------------------------------------------------------------------
 *
 * boundary.c
 *	  Where sessions begin and end: the rules R3 to R11 of semantics.md.
 *
 * The one home of these rules.  Window functions, aggregates and executor
 * nodes all call it; it knows nothing of them, of the executor, of SPI or of
 * catalogs.  Events reach it as instants, that is with their ties already
 * united (R2), in time order.
 *
 *                         any instant (first, restart)
 *		no run ----------------------------------------> run goes on
 *                                                        |   ^   |
 *		   later than expiry       -> inactivity          |   |   | instant with
 *		   later than deadline     -> max_duration        |   |   | an end event
 *		   has a restart event     -> restart             |   |   v
 *		   (begins the next run) -------------------------+   |  run has ended
 *                                                            |   |
 *		   any instant (restart, end) ------------------------+---+
 *
 * "Run has ended" is ended_by = END; the run still stands in "run" until the
 * next instant, or szn_boundary_finish(), moves it to "finished".
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "rules/boundary.h"

#ifdef USE_ASSERT_CHECKING
static void check_invariants(const SznBoundary *boundary);
#else
#define check_invariants(boundary) ((void) 0)
#endif

/* Begin with a new actor. */
void
szn_boundary_init(SznBoundary *boundary, const SznRules *rules)
{
	memset(boundary, 0, sizeof(*boundary));
	boundary->rules = *rules;
}

/* Why this instant begins a new run: which of szn_run_goes_on()'s terms fails. */
static SznCause
boundary_before(const SznRun *run, const SznInstant *instant)
{
	/* R7: the first that applies */
	if (instant->restart)
		return SZN_CAUSE_RESTART;
	if (!SZN_RUN_EXISTS(run))
		return SZN_CAUSE_FIRST;
	if (run->ended_by == SZN_CAUSE_END)
		return SZN_CAUSE_END;
	if (instant->time > run->expiry)
		return SZN_CAUSE_INACTIVITY;
	Assert(instant->time > run->deadline);
	return SZN_CAUSE_MAX_DURATION;
}

/*
 * An instant with which the run does not go on begins the next: the rest of
 * szn_boundary_step().
 */
void
szn_boundary_begin_run(SznBoundary *boundary, const SznInstant *instant)
{
	const SznRules *rules = &boundary->rules;
	SznRun	   *run = &boundary->run;
	SznCause	cause = boundary_before(run, instant);

	/* R11: an end event says more than what came after it */
	if (SZN_RUN_EXISTS(run) && run->ended_by == SZN_CAUSE_NONE)
		run->ended_by = cause;
	boundary->finished = *run;

	memset(run, 0, sizeof(*run));
	run->started_at = instant->time;
	run->started_by = cause;
	run->expiry = instant->expiry;
	run->deadline = rules->has_max_duration ?
		szn_time_plus(rules->timeline, instant->time, rules->max_duration) :
		SZN_TIME_MAX;
	if (!rules->require_restart || cause == SZN_CAUSE_RESTART)
		run->number = ++boundary->session_count;
	szn_run_add(run, instant);

	check_invariants(boundary);
}

/*
 * There are no more instants: the last run becomes "finished".  Unless an end
 * event ended it, its ended_by is NONE; only the clock knows more.
 */
void
szn_boundary_finish(SznBoundary *boundary)
{
	boundary->finished = boundary->run;
	memset(&boundary->run, 0, sizeof(boundary->run));
	check_invariants(boundary);
}

/*
 * What has ended an actor's last run by now, if no end event did (R11); NONE
 * while it is open.
 */
SznCause
szn_ended_by_at(int64 expiry, int64 deadline, int64 now)
{
	if (now <= Min(expiry, deadline))
		return SZN_CAUSE_NONE;
	return expiry <= deadline ? SZN_CAUSE_INACTIVITY : SZN_CAUSE_MAX_DURATION;
}

/* The word that started_by and ended_by use; NULL for NONE. */
const char *
szn_cause_name(SznCause cause)
{
	switch (cause)
	{
		case SZN_CAUSE_NONE:
			return NULL;
		case SZN_CAUSE_FIRST:
			return "first";
		case SZN_CAUSE_RESTART:
			return "restart";
		case SZN_CAUSE_END:
			return "end";
		case SZN_CAUSE_INACTIVITY:
			return "inactivity";
		case SZN_CAUSE_MAX_DURATION:
			return "max_duration";
	}
	return NULL;				/* keep compiler quiet */
}

#ifdef USE_ASSERT_CHECKING

static void
check_run(const SznBoundary *boundary, const SznRun *run)
{
	const SznRules *rules = &boundary->rules;

	if (!SZN_RUN_EXISTS(run))
		return;

	Assert(run->started_at <= run->ended_at);
	Assert(run->ended_at <= run->expiry);
	Assert(run->ended_at <= run->deadline);
	Assert(rules->has_max_duration || run->deadline == SZN_TIME_MAX);
	Assert(run->started_by != SZN_CAUSE_NONE);
	Assert(run->ended_by != SZN_CAUSE_FIRST);
	Assert(SZN_RUN_IS_SESSION(run) ==
		   (!rules->require_restart || run->started_by == SZN_CAUSE_RESTART));
	Assert(run->number <= boundary->session_count);
}

static void
check_invariants(const SznBoundary *boundary)
{
	const SznRun *run = &boundary->run;
	const SznRun *finished = &boundary->finished;

	check_run(boundary, run);
	check_run(boundary, finished);

	/* what goes on can only have been ended by an end event */
	Assert(run->ended_by == SZN_CAUSE_NONE || run->ended_by == SZN_CAUSE_END);

	if (!SZN_RUN_EXISTS(run))
		return;

	if (SZN_RUN_IS_SESSION(run))
		Assert(run->number == boundary->session_count);
	if (SZN_RUN_EXISTS(finished))
	{
		Assert(finished->ended_at <= run->started_at);
		Assert(finished->ended_by != SZN_CAUSE_NONE);
		Assert(run->started_by != SZN_CAUSE_FIRST);
		Assert(run->started_by != SZN_CAUSE_INACTIVITY ||
			   run->started_at > finished->expiry);
		Assert(run->started_by != SZN_CAUSE_MAX_DURATION ||
			   run->started_at > finished->deadline);
		if (SZN_RUN_IS_SESSION(run) && SZN_RUN_IS_SESSION(finished))
			Assert(run->number == finished->number + 1);
	}
	else
		Assert(run->started_by == SZN_CAUSE_FIRST ||
			   run->started_by == SZN_CAUSE_RESTART);
}

#endif							/* USE_ASSERT_CHECKING */
