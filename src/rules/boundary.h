/*-------------------------------------------------------------------------
 *
 * boundary.h
 *	  The state machine that cuts one actor's events into sessions.
 *
 * Feed it the actor's instants in time order; it says where runs begin and
 * end, and why.  See boundary.c.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SZN_BOUNDARY_H
#define SZN_BOUNDARY_H

#include "rules/time.h"

/* Why a run began, or (one run later) why the one before it ended. */
typedef enum SznCause
{
	SZN_CAUSE_NONE,				/* no boundary here */
	SZN_CAUSE_FIRST,			/* the actor's first instant */
	SZN_CAUSE_RESTART,			/* a restart event */
	SZN_CAUSE_END,				/* the instant before held an end event */
	SZN_CAUSE_INACTIVITY,		/* the run had expired */
	SZN_CAUSE_MAX_DURATION		/* the run had lasted as long as it may */
} SznCause;

/* What holds for all events of an actor. */
typedef struct SznRules
{
	SznTimeline timeline;
	bool		has_max_duration;
	bool		require_restart;
	int64		max_duration;	/* meaningless without has_max_duration */
} SznRules;

/* All events of one actor that are peers (R2), summed up. */
typedef struct SznInstant
{
	int64		time;
	int64		expiry;			/* latest of time + inactivity */
	int64		event_count;	/* at least 1 */
	bool		restart;		/* one of them is a restart event */
	bool		end;			/* one of them is an end event */
} SznInstant;

/*
 * A run of instants between two boundaries.  It is a session unless
 * require_restart is on and it began otherwise (R8).
 */
typedef struct SznRun
{
	int64		started_at;		/* R10 */
	int64		ended_at;		/* R10: time of the last event so far */
	int64		event_count;	/* 0: there is no run */
	int64		number;			/* R9; 0 if this run is no session */
	int64		expiry;			/* R3 */
	int64		deadline;		/* R6: start + max_duration */
	SznCause	started_by;		/* R11 */
	SznCause	ended_by;		/* R11; NONE while nothing has ended it */
} SznRun;

typedef struct SznBoundary
{
	SznRules	rules;
	SznRun		run;			/* the run that goes on */
	SznRun		finished;		/* the one before it */
	int64		session_count;	/* sessions begun so far */
} SznBoundary;

#define SZN_RUN_EXISTS(run)		((run)->event_count > 0)
#define SZN_RUN_IS_SESSION(run) ((run)->number > 0)

extern void szn_boundary_init(SznBoundary *boundary, const SznRules *rules);
extern void szn_boundary_begin_run(SznBoundary *boundary, const SznInstant *instant);
extern void szn_boundary_finish(SznBoundary *boundary);
extern SznCause szn_ended_by_at(int64 expiry, int64 deadline, int64 now);
extern const char *szn_cause_name(SznCause cause);

/* Does the run go on with this instant (R7)? */
static inline bool
szn_run_goes_on(const SznRun *run, const SznInstant *instant)
{
	return SZN_RUN_EXISTS(run) && !instant->restart &&
		run->ended_by == SZN_CAUSE_NONE &&
		instant->time <= run->expiry && instant->time <= run->deadline;
}

static inline void
szn_run_add(SznRun *run, const SznInstant *instant)
{
	run->ended_at = instant->time;
	run->event_count += instant->event_count;
	run->expiry = Max(run->expiry, instant->expiry);
	if (instant->end)
		run->ended_by = SZN_CAUSE_END;
}

/*
 * Take the actor's next instant, not earlier than the one before.
 *
 * Returns true if it begins a new run.  Then "finished" is the run before it,
 * complete with ended_by; there is none (event_count is 0) at the first.
 *
 * Inlined, since most instants do nothing but let the run go on.
 */
static inline bool
szn_boundary_step(SznBoundary *boundary, const SznInstant *instant)
{
	SznRun	   *run = &boundary->run;

	Assert(instant->event_count > 0);
	Assert(instant->expiry >= instant->time);
	Assert(!SZN_RUN_EXISTS(run) || instant->time >= run->ended_at);

	if (!szn_run_goes_on(run, instant))
	{
		szn_boundary_begin_run(boundary, instant);
		return true;
	}
	szn_run_add(run, instant);
	return false;
}

#endif							/* SZN_BOUNDARY_H */
