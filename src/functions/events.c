/*-------------------------------------------------------------------------
 *
 * events.c
 *	  The events of one group, as the aggregates collect them.
 *
 * An array that by_time.c brings into time order when the order is needed.
 * Events of the same time that come one after the other take one entry.  An
 * entry is 16 bytes; inactivities are kept apart, where one that does not
 * change takes no room.
 *
 * Nothing but the set of events shows outside: sorting does not change the
 * state's meaning, so final functions may do it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "compat.h"
#include "functions/by_time.h"
#include "functions/events.h"

/* Events of the same time. */
typedef struct SznEvent
{
	int64		time;
	uint32		span_no;		/* the longest inactivity, in "spans" */
	uint32		count:30;
	uint32		restart:1;
	uint32		end:1;
} SznEvent;

#define MAX_EVENT_COUNT		((1U << 30) - 1)
#define INITIAL_EVENTS		4

SZN_ASSERT_TIMED(SznEvent);

struct SznEvents
{
	MemoryContext context;
	SznRules	rules;
	int64		num_events;		/* entries */
	int64		max_events;
	int64		num_sorted;		/* so many of them, from the first, in order */
	SznEvent   *events;
	uint32		num_spans;
	uint32		max_spans;
	int64	   *spans;			/* inactivities, newest last */
	int64		first_span;		/* what "spans" points to at first */
};

#ifdef USE_ASSERT_CHECKING
static void check_events(const SznEvents *events);
#else
#define check_events(events) ((void) 0)
#endif

/* No events yet; all memory is taken from the context. */
SznEvents *
szn_events_create(MemoryContext context, const SznRules *rules)
{
	SznEvents  *events;

	events = (SznEvents *) MemoryContextAllocZero(context, sizeof(SznEvents));
	events->context = context;
	events->rules = *rules;
	events->max_events = INITIAL_EVENTS;
	events->events = (SznEvent *)
		MemoryContextAlloc(context, INITIAL_EVENTS * sizeof(SznEvent));
	events->spans = &events->first_span;
	events->max_spans = 1;
	return events;
}

const SznRules *
szn_events_rules(const SznEvents *events)
{
	return &events->rules;
}

/* Make room for "more" entries. */
static void
reserve_events(SznEvents *events, int64 more)
{
	events->events = (SznEvent *)
		szn_by_time_reserve(events->events, &events->max_events,
							events->num_events + more);
}

/* Make room for "more" inactivities. */
static void
reserve_spans(SznEvents *events, uint32 more)
{
	uint64		needed = (uint64) events->num_spans + more;

	if (needed <= events->max_spans)
		return;

	if (needed > PG_UINT32_MAX / 2)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many different values of \"inactivity\"")));

	events->max_spans = Max(needed, events->max_spans * 2);
	if (events->spans == &events->first_span)
	{
		int64	   *spans;

		spans = (int64 *) MemoryContextAllocHuge(events->context,
												 events->max_spans * sizeof(int64));
		memcpy(spans, events->spans, events->num_spans * sizeof(int64));
		events->spans = spans;
	}
	else
		events->spans = (int64 *)
			repalloc_huge(events->spans, events->max_spans * sizeof(int64));
}

/* The number of this inactivity, which seldom differs from the last one. */
static inline uint32
number_of_span(SznEvents *events, int64 span)
{
	if (events->num_spans == 0 || events->spans[events->num_spans - 1] != span)
	{
		reserve_spans(events, 1);
		events->spans[events->num_spans++] = span;
	}
	return events->num_spans - 1;
}

/* Add an event; any order will do. */
void
szn_events_add(SznEvents *events, const SznEventInput *input)
{
	SznEvent   *last;

	last = events->num_events > 0 ?
		&events->events[events->num_events - 1] : NULL;

	if (last != NULL && last->time == input->time &&
		last->count < MAX_EVENT_COUNT)
	{
		last->count++;
		last->restart |= input->restart;
		last->end |= input->end;
		if (input->inactivity > events->spans[last->span_no])
			last->span_no = number_of_span(events, input->inactivity);
		return;
	}

	/* see whether it is in order before "last" moves */
	if (events->num_sorted == events->num_events &&
		(last == NULL || last->time <= input->time))
		events->num_sorted++;

	reserve_events(events, 1);
	last = &events->events[events->num_events++];
	last->time = input->time;
	last->span_no = number_of_span(events, input->inactivity);
	last->count = 1;
	last->restart = input->restart;
	last->end = input->end;
}

/* Add the entries of "others" behind all of ours. */
static void
append_events(SznEvents *events, const SznEvents *others)
{
	uint32		span_offset = 0;
	SznEvent   *to;
	int64		i;

	/* with one inactivity everywhere, there is nothing to renumber */
	if (!(events->num_spans == 1 && others->num_spans == 1 &&
		  events->spans[0] == others->spans[0]))
	{
		span_offset = events->num_spans;
		reserve_spans(events, others->num_spans);
		memcpy(events->spans + events->num_spans, others->spans,
			   others->num_spans * sizeof(int64));
		events->num_spans += others->num_spans;
	}

	reserve_events(events, others->num_events);
	to = events->events + events->num_events;
	for (i = 0; i < others->num_events; i++)
	{
		CHECK_FOR_INTERRUPTS();
		to[i] = others->events[i];
		to[i].span_no += span_offset;
	}
	events->num_events += others->num_events;
}

/* A copy in another context. */
SznEvents *
szn_events_copy(MemoryContext context, const SznEvents *others)
{
	SznEvents  *events = szn_events_create(context, &others->rules);

	append_events(events, others);
	events->num_sorted = others->num_sorted;
	return events;
}

/* Add all events of "others", whose rules are the same. */
void
szn_events_merge(SznEvents *events, SznEvents *others)
{
	/* two sorted sequences are merged; more would have to be sorted */
	szn_events_sort(events);
	szn_events_sort(others);
	append_events(events, others);
	szn_events_sort(events);
}

/* Bring the events into time order. */
void
szn_events_sort(SznEvents *events)
{
	szn_by_time_sort(events->context, events->events,
					 events->num_events, events->num_sorted);
	events->num_sorted = events->num_events;
	check_events(events);
}

/*
 * The instant at *position, which moves on to the next one; 0 is the first.
 * Returns false behind the last one.  The events must be sorted.
 */
bool
szn_events_next_instant(const SznEvents *events, int64 *position,
						SznInstant *instant)
{
	const SznEvent *event = events->events + *position;
	const SznEvent *behind = events->events + events->num_events;
	int64		inactivity = 0;

	Assert(events->num_sorted == events->num_events);

	if (event == behind)
		return false;

	instant->time = event->time;
	instant->event_count = 0;
	instant->restart = false;
	instant->end = false;
	do
	{
		instant->event_count += event->count;
		instant->restart |= event->restart;
		instant->end |= event->end;
		inactivity = Max(inactivity, events->spans[event->span_no]);
		event++;
	} while (event < behind && event->time == instant->time);

	instant->expiry = szn_time_plus(events->rules.timeline, instant->time,
									inactivity);
	*position = event - events->events;
	return true;
}

/*
 * To and from bytes, for the way between processes of one server: fields are
 * in its own byte order.  What comes back is checked all the same.
 */
void
szn_events_serialize(SznEvents *events, StringInfo buffer)
{
	const SznRules *rules = &events->rules;
	Size		size = events->num_spans * sizeof(int64) +
		events->num_events * sizeof(SznEvent);

	if (size > MaxAllocSize / 2)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many events of one actor to send to another process"),
				 errhint("Set \"max_parallel_workers_per_gather\" to 0.")));

	szn_events_sort(events);

	enlargeStringInfo(buffer, size);
	pq_sendbyte(buffer, rules->timeline);
	pq_sendbyte(buffer, rules->has_max_duration);
	pq_sendbyte(buffer, rules->require_restart);
	pq_sendint64(buffer, rules->max_duration);
	pq_sendint32(buffer, events->num_spans);
	pq_sendint64(buffer, events->num_events);
	pq_sendbytes(buffer, (char *) events->spans,
				 events->num_spans * sizeof(int64));
	pq_sendbytes(buffer, (char *) events->events,
				 events->num_events * sizeof(SznEvent));
}

pg_noreturn static void error_invalid_state(void);

static void
error_invalid_state(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
			 errmsg("invalid state of a session aggregate")));
}

SznEvents *
szn_events_deserialize(MemoryContext context, StringInfo buffer)
{
	SznEvents  *events;
	SznRules	rules;
	uint32		num_spans;
	int64		num_events;
	Size		left;
	int64		i;

	rules.timeline = pq_getmsgbyte(buffer);
	rules.has_max_duration = pq_getmsgbyte(buffer) != 0;
	rules.require_restart = pq_getmsgbyte(buffer) != 0;
	rules.max_duration = pq_getmsgint64(buffer);
	num_spans = pq_getmsgint(buffer, 4);
	num_events = pq_getmsgint64(buffer);
	left = buffer->len - buffer->cursor;
	/* before room is made for them */
	if ((rules.timeline != SZN_TIMESTAMPS && rules.timeline != SZN_INTEGERS) ||
		rules.max_duration < 0 ||
		num_spans < 1 || num_spans > left / sizeof(int64) ||
		num_events < 1 || num_events > (int64) (left / sizeof(SznEvent)))
		error_invalid_state();

	events = szn_events_create(context, &rules);
	reserve_spans(events, num_spans);
	pq_copymsgbytes(buffer, (char *) events->spans, num_spans * sizeof(int64));
	events->num_spans = num_spans;
	for (i = 0; i < num_spans; i++)
	{
		if (events->spans[i] < 0)
			error_invalid_state();
	}

	reserve_events(events, num_events);
	pq_copymsgbytes(buffer, (char *) events->events,
					num_events * sizeof(SznEvent));
	pq_getmsgend(buffer);
	events->num_events = num_events;
	events->num_sorted = num_events;
	for (i = 0; i < num_events; i++)
	{
		const SznEvent *event = &events->events[i];

		CHECK_FOR_INTERRUPTS();
		if (event->span_no >= num_spans || event->count == 0 ||
			(i > 0 && event->time < event[-1].time))
			error_invalid_state();
	}

	check_events(events);
	return events;
}

#ifdef USE_ASSERT_CHECKING

static void
check_events(const SznEvents *events)
{
	int64		i;

	Assert(events->num_sorted <= events->num_events);
	Assert(events->num_events <= events->max_events);
	Assert(events->num_spans <= events->max_spans);
	for (i = 0; i < events->num_events; i++)
	{
		const SznEvent *event = &events->events[i];

		Assert(event->count > 0);
		Assert(event->span_no < events->num_spans);
		Assert(i == 0 || i >= events->num_sorted ||
			   event[-1].time <= event->time);
	}
}

#endif							/* USE_ASSERT_CHECKING */
