/*-------------------------------------------------------------------------
 *
 * fuzz_boundary.c
 *	  Fuzzes the state machine, and the collecting of events for it, against
 *	  the rules read one by one.
 *
 * The input is a set of events, in an order of its own, dealt out to several
 * aggregate states, which are copied, sent as bytes and merged.  What comes
 * out of them goes through rules/boundary.c; and each run of it is compared
 * with what the rules say of the bare list of events, computed here without
 * sums that could overflow, without state, and without instants.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "functions/events.h"
#include "rules/boundary.h"

#include "server.h"

#define MAX_EVENTS	48
#define NUM_STATES	3

typedef struct Given
{
	SznEventInput events[MAX_EVENTS];
	int			num_events;
	SznRules	rules;
} Given;

/* R3, R6, R15: is "time" later than "from" plus "span"? */
static bool
is_later(const SznRules *rules, int64 time, int64 from, int64 span)
{
	if (rules->timeline == SZN_TIMESTAMPS)
	{
		if (span == SZN_NEVER || time == from)
			return false;
		if (time == PG_INT64_MAX || from == PG_INT64_MIN ||
			time == PG_INT64_MIN || from == PG_INT64_MAX)
			return true;
	}
	return (__int128) time - from > span;
}

/* Times and spans near each other, near the ends of the range, and any */
static int64
take_number(FuzzInput *input, bool is_span)
{
	uint64		how = fuzz_take(input, 1);
	uint64		small = how >> 3;
	uint64		number;

	switch (how & 7)
	{
		case 0:
			number = fuzz_take(input, 8);
			break;
		case 1:
			number = (uint64) PG_INT64_MAX - small;
			break;
		case 2:
			number = is_span ? small : (uint64) PG_INT64_MIN + small;
			break;
		case 3:
			number = (uint64) PG_INT64_MAX / 2 + small;
			break;
		default:
			number = small;
	}
	return is_span ? number & PG_INT64_MAX : (int64) number;
}

/* A state as the other side of a parallel query gets it */
static SznEvents *
send_over(SznEvents *events)
{
	StringInfoData bytes;

	initStringInfo(&bytes);
	szn_events_serialize(events, &bytes);
	return szn_events_deserialize(NULL, &bytes);
}

/* The states made of the events, and put together again. */
static SznEvents *
collect(const Given *given, FuzzInput *input)
{
	SznEvents  *states[NUM_STATES] = {NULL};
	SznEvents  *all = NULL;
	uint64		how = fuzz_take(input, 4);

	for (int i = 0; i < given->num_events; i++)
	{
		SznEvents **state = &states[(how >> (i % 24)) % NUM_STATES];

		if (*state == NULL)
			*state = szn_events_create(NULL, &given->rules);
		szn_events_add(*state, &given->events[i]);
		if ((how >> (i % 31)) % 16 == 15)
			szn_events_sort(*state);
	}
	for (int i = 0; i < NUM_STATES; i++)
	{
		SznEvents  *state = states[i];

		if (state == NULL)
			continue;
		if (how & (1 << (24 + i)))
			state = send_over(state);
		if (how & (1 << (27 + i)))
			state = szn_events_copy(NULL, state);
		if (all == NULL)
			all = state;
		else
			szn_events_merge(all, state);
	}
	szn_events_sort(all);
	return all;
}

/*
 * Why the events at "time" begin a run, when the run before them began at
 * "start": by the rules, looking at every event for each of them.
 */
static SznCause
cause_at(const Given *given, int64 time, bool any_before, int64 start)
{
	const SznRules *rules = &given->rules;
	bool		expired = true;
	bool		ended = false;
	bool		found = false;
	int64		last = 0;

	for (int i = 0; i < given->num_events; i++)
	{
		if (given->events[i].time == time && given->events[i].restart)
			return SZN_CAUSE_RESTART;
	}
	if (!any_before)
		return SZN_CAUSE_FIRST;

	for (int i = 0; i < given->num_events; i++)
	{
		const SznEventInput *event = &given->events[i];

		if (event->time >= time || event->time < start)
			continue;
		if (!is_later(rules, time, event->time, event->inactivity))
			expired = false;
		if (!found || event->time > last)
			last = event->time;
		found = true;
	}
	for (int i = 0; i < given->num_events; i++)
	{
		if (given->events[i].time == last && given->events[i].end)
			ended = true;
	}
	return ended ? SZN_CAUSE_END :
		expired ? SZN_CAUSE_INACTIVITY :
		rules->has_max_duration && is_later(rules, time, start, rules->max_duration) ?
		SZN_CAUSE_MAX_DURATION : SZN_CAUSE_NONE;
}

/* Compares a finished run with the events between its start and the next. */
static void
check_run(const Given *given, const SznRun *run, int64 number, SznCause began,
		  bool has_next, int64 next, SznCause next_began)
{
	int64		count = 0;
	int64		last = run->started_at;
	bool		ended = false;
	bool		is_session = !given->rules.require_restart || began == SZN_CAUSE_RESTART;

	for (int i = 0; i < given->num_events; i++)
	{
		const SznEventInput *event = &given->events[i];

		if (event->time < run->started_at || (has_next && event->time >= next))
			continue;
		count++;
		last = Max(last, event->time);
	}
	for (int i = 0; i < given->num_events; i++)
	{
		if (given->events[i].time == last && given->events[i].end)
			ended = true;
	}
	FUZZ_CHECK(run->event_count == count);
	FUZZ_CHECK(run->ended_at == last);
	FUZZ_CHECK(run->started_by == began);
	FUZZ_CHECK(run->number == (is_session ? number : 0));
	FUZZ_CHECK(run->ended_by == (ended ? SZN_CAUSE_END :
								 has_next ? next_began : SZN_CAUSE_NONE));
}

static void
body(FuzzInput *input)
{
	Given		given = {0};
	uint64		flags = fuzz_take(input, 1);
	SznEvents  *events;
	SznBoundary boundary;
	SznInstant	instant;
	int64		position = 0;
	int64		numbers = 0;
	int64		start = 0;
	int64		total = 0;
	bool		any_before = false;
	SznCause	began = SZN_CAUSE_NONE;

	given.rules.timeline = flags & 1 ? SZN_INTEGERS : SZN_TIMESTAMPS;
	given.rules.require_restart = (flags & 2) != 0;
	given.rules.has_max_duration = (flags & 4) != 0;
	given.rules.max_duration = given.rules.has_max_duration ? take_number(input, true) : 0;
	do
	{
		SznEventInput *event = &given.events[given.num_events++];
		uint64		what = fuzz_take(input, 1);

		event->restart = what % 8 == 1;
		event->end = what / 8 % 8 == 1;
		event->time = take_number(input, false);
		event->inactivity = take_number(input, true);
	} while (input->left > 4 && given.num_events < MAX_EVENTS);

	events = collect(&given, input);
	szn_boundary_init(&boundary, &given.rules);
	while (szn_events_next_instant(events, &position, &instant))
	{
		SznCause	cause = cause_at(&given, instant.time, any_before, start);

		total += instant.event_count;
		FUZZ_CHECK(szn_boundary_step(&boundary, &instant) == (cause != SZN_CAUSE_NONE));
		if (cause != SZN_CAUSE_NONE)
		{
			if (any_before)
				check_run(&given, &boundary.finished, numbers, began, true, instant.time, cause);
			if (!given.rules.require_restart || cause == SZN_CAUSE_RESTART)
				numbers++;
			start = instant.time;
			began = cause;
		}
		any_before = true;
	}
	szn_boundary_finish(&boundary);
	check_run(&given, &boundary.finished, numbers, began, false, 0, SZN_CAUSE_NONE);
	FUZZ_CHECK(total == given.num_events);
	FUZZ_CHECK(boundary.session_count == numbers);
}

int			LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	FuzzInput	input = {data, size};

	/* nothing here is an error */
	FUZZ_CHECK(fuzz_run(body, &input));
	return 0;
}
