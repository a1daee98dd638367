/*-------------------------------------------------------------------------
 *
 * runs.c
 *	  Rows gathered in partitions, put out actor by actor and run by run.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"

#include "engine/engine.h"
#include "engine/input.h"
#include "engine/instants.h"
#include "engine/partition_write.h"
#include "engine/pieces.h"


/* Rows that have been read, row by row: memory is needed for each of them. */
static void
put_rows(SznScan *scan, SznHeapReader *heap)
{
	SznFormat  *format = scan->format;

	for (int i = 0; i < heap->count; i++)
	{
		Datum	   *values = heap->values + i * heap->width;
		bool	   *nulls = heap->nulls + i * heap->width;
		SznEvent	event;

		ResetExprContext(scan->css.ss.ps.ps_ExprContext);
		szn_events_of_rows(scan, values, nulls, 0, 1, &event);
		szn_partitions_put(scan->partitions, szn_hash_actor(format, values, nulls),
						   &event, values, nulls);
	}
}

/* The same, all at once. */
static void
put_batch(SznScan *scan, SznHeapReader *heap)
{
	SznPartitions *partitions = scan->partitions;
	SznFormat  *format = scan->format;
	SznEvent	events[SZN_BATCH];
	uint64		hashes[SZN_BATCH];
	SznBatch	batch;
	int			count = heap->count;
	int			width = heap->width;

	StaticAssertStmt(SZN_HEAP_ROWS <= SZN_BATCH, "all rows that are read at once");
	batch.count = 0;
	szn_events_of_rows(scan, heap->values, heap->nulls, width, count, events);
	szn_hash_actors(format, heap->values, heap->nulls, width, count, hashes);
	for (int i = 0; i < count; i++)
		szn_partitions_put_in_batch(partitions, &batch, (uint32) hashes[i], &events[i],
									heap->values + i * width, heap->nulls + i * width);
	szn_batch_fill(format, &batch);
}

/* Read all input, where it is read by pages. */
static void
fill_from_heap(SznScan *scan)
{
	SznHeapReader *heap = scan->heap;
	ExprContext *econtext = scan->css.ss.ps.ps_ExprContext;
	bool		by_row = scan->num_varlena > 0 || !scan->format->can_batch;
	MemoryContext caller_context;

	for (int i = 0; i < scan->format->num_keys; i++)
		by_row |= !scan->format->keys[i].is_image;

	/* a scan is begun in the query's own memory */
	while (szn_heap_reader_fill(heap))
	{
		caller_context = MemoryContextSwitchTo(econtext->ecxt_per_tuple_memory);
		if (by_row)
			put_rows(scan, heap);
		else
			put_batch(scan, heap);
		heap->next = heap->count;
		scan->counters.rows += heap->count;
		szn_progress_report(scan);
		MemoryContextSwitchTo(caller_context);
	}
}

/* Read all input. */
static void
read_all(SznScan *scan)
{
	ExprContext *econtext = scan->css.ss.ps.ps_ExprContext;
	MemoryContext caller_context;
	SznEvent	event;

	if (scan->heap)
	{
		fill_from_heap(scan);
		return;
	}
	while (szn_read_input(scan, &event))
	{
		CHECK_FOR_INTERRUPTS();
		caller_context = MemoryContextSwitchTo(econtext->ecxt_per_tuple_memory);
		szn_partitions_add(scan->partitions, &event,
						   scan->input_values, scan->input_nulls);
		MemoryContextSwitchTo(caller_context);
		if (!scan->format->is_fixed)
			ResetExprContext(econtext);
	}
}

/* Gather all rows, or this participant's share of them. */
void
szn_fill_partitions(SznScan *scan)
{
	Plan	   *input = (Plan *) linitial(((CustomScan *) scan->css.ss.ps.plan)->custom_plans);
	SznExchange *exchange = scan->exchange;
	MemoryContext caller_context = MemoryContextSwitchTo(scan->context);
	bool		gather = true;

	scan->partitions = szn_partitions_create(scan->format, input->plan_rows,
											 szn_expected_width(scan),
											 scan->budget, &scan->counters, exchange);
	MemoryContextSwitchTo(caller_context);

	if (exchange)
		gather = szn_exchange_enter(exchange, scan->css.ss.ps.state->es_query_dsa);
	if (gather)
		read_all(scan);
	if (exchange)
	{
		szn_progress_enter(scan, SZN_PHASE_WAITING);
		szn_exchange_partitions(scan->partitions, gather);

		/* who has read no row puts out those of others all the same */
		if (szn_exchange_has_base(exchange) && !scan->rules_known)
			szn_learn_rules(scan, 0);
	}
	else
	{
		szn_partitions_close_chunks(scan->partitions);
		szn_partitions_finish_tapes(scan->partitions);
	}
	szn_progress_enter(scan, SZN_PHASE_PUTTING_OUT);
}

/* On to the next run of the actor at hand: read until it is complete. */
static void
advance_run(SznScan *scan)
{
	while (scan->next_instant != 0)
	{
		SznInstant	instant;
		SznLink		link = szn_chain_instant(scan, &instant);

		/* the first instant begins the first run, and there is none before it */
		if (szn_boundary_step(&scan->boundary, &instant) &&
			SZN_RUN_EXISTS(&scan->boundary.finished))
		{
			scan->next_run = link;
			szn_set_run(scan, &scan->boundary.finished);
			return;
		}
	}
	szn_boundary_finish(&scan->boundary);
	scan->next_run = 0;
	szn_set_run(scan, &scan->boundary.finished);
}

/*
 * Pieces: a run may be longer than what is in memory, so all runs of the actor are
 * found first, and its records then read once more.
 */

static void
write_run(SznScan *scan, SznRun *run)
{
	szn_tape_write(scan->runs, run, sizeof(SznRun));
}

static void
find_runs(SznScan *scan)
{
	SznBoundary *boundary = &scan->boundary;
	MemoryContext caller_context = MemoryContextSwitchTo(scan->context);

	scan->runs = szn_tape_create(szn_tapes_create(&scan->counters.stream_memory,
												  &scan->counters.disk_bytes));
	MemoryContextSwitchTo(caller_context);
	szn_boundary_init(boundary, &scan->rules);
	while ((scan->next_instant = szn_pieces_next(scan->partitions)) != 0)
	{
		while (scan->next_instant != 0)
		{
			SznInstant	instant;

			(void) szn_chain_instant(scan, &instant);
			if (szn_boundary_step(boundary, &instant) &&
				SZN_RUN_EXISTS(&boundary->finished))
				write_run(scan, &boundary->finished);
		}
	}
	szn_boundary_finish(boundary);
	write_run(scan, &boundary->finished);
	szn_tape_finish(scan->runs);
	scan->runs_read = 0;
	szn_pieces_begin(scan->partitions);
	scan->run_left = 0;
	scan->next = 0;
}

/* The runs will not be needed any more. */
void
szn_forget_runs(SznScan *scan)
{
	if (scan->runs)
		szn_tape_close(scan->runs);
	scan->runs = NULL;
}

/* The next record of a partition that is read by pieces; NULL at its end. */
static SznRecord *
next_of_pieces(SznScan *scan)
{
	SznRecord  *record;

	if (scan->runs == NULL)
		find_runs(scan);
	if (scan->next == 0)
	{
		scan->next = szn_pieces_next(scan->partitions);
		if (scan->next == 0)
		{
			szn_forget_runs(scan);
			return NULL;
		}
	}
	if (scan->run_left == 0)
	{
		SznRun		run;

		szn_tape_read_all(scan->runs, scan->runs_read, &run, sizeof(SznRun));
		scan->runs_read += sizeof(SznRun);
		szn_set_run(scan, &run);
		scan->run_left = run.event_count;
	}
	record = szn_record_at(scan->partition, scan->next);
	scan->next = record->link;
	scan->run_left--;
	scan->event_number++;
	return record;
}

/* On to the next partition; false if there is none. */
bool
szn_next_partition(SznScan *scan)
{
	scan->state = szn_partitions_next(scan->partitions);
	scan->next_actor = 0;
	scan->actor = NULL;
	/* the scan before may have been given up within an actor */
	scan->next_instant = 0;
	szn_boundary_init(&scan->boundary, &scan->rules);
	if (scan->state == SZN_PARTITION_NONE)
	{
		szn_progress_end(scan);
		return false;
	}
	scan->partition = &scan->partitions->partitions[scan->partitions->current];
	if (scan->state == SZN_PARTITION_FILE)
	{
		szn_progress_enter(scan, SZN_PHASE_SORTING);
		szn_sort_partition(scan);
	}
	szn_progress_enter(scan, SZN_PHASE_PUTTING_OUT);
	if (scan->state == SZN_PARTITION_STREAM || scan->state == SZN_PARTITION_FILE)
		szn_begin_stream(scan);
	return true;
}

/* The next record to put out, its run in scan->run; NULL at the end. */
SznRecord *
szn_next_of_partitions(SznScan *scan)
{
	for (;;)
	{
		SznRecord  *record;

		if (scan->state == SZN_PARTITION_PIECES)
		{
			record = next_of_pieces(scan);
			if (record)
				return record;
		}
		else if (likely(scan->next != 0))
		{
			if (scan->next == scan->next_run)
				advance_run(scan);
			record = szn_record_at(scan->partition, scan->next);
			scan->next = record->link;
			scan->event_number++;
			return record;
		}

		if (scan->actor && scan->actor->first_untimed)
		{
			scan->next = scan->actor->first_untimed;
			scan->next_run = 0;
			scan->actor->first_untimed = 0;
			szn_set_no_run(scan);
			continue;
		}

		if (scan->state == SZN_PARTITION_ACTORS &&
			(scan->actor = szn_partition_actor(scan->partitions, scan->next_actor)) != NULL)
		{
			scan->next_actor++;
			scan->next = scan->actor->first;
			scan->next_run = scan->next;
			scan->next_instant = scan->next;
			szn_boundary_init(&scan->boundary, &scan->rules);
			continue;
		}

		if (scan->state == SZN_PARTITION_STREAM || scan->state == SZN_PARTITION_FILE)
		{
			record = szn_next_of_stream(scan);
			if (record)
				return record;
			szn_end_sort(scan);
		}

		if (!szn_next_partition(scan))
			return NULL;
	}
}
