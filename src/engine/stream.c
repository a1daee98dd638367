/*-------------------------------------------------------------------------
 *
 * stream.c
 *	  Rows that come by actor and time, labelled as they stream by.
 *
 * They come from the input, or from a partition that is too large for memory:
 * read as it is if it is one actor's that is in order, else sorted by core's
 * tuplesort.  A row may have to be held until its instant or its session is
 * over.
 *
 * 	input --> ahead --> held, until that is over --> output
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/guc.h"
#include "utils/typcache.h"

#include "engine/engine.h"
#include "engine/instants.h"
#include "engine/record_write.h"


/* Make room in a buffer for a record. */
static void
reserve(SznScan *scan, SznRecord **buffer, Size *buffer_size, Size size)
{
	if (size <= *buffer_size)
		return;
	if (*buffer)
		pfree(*buffer);
	*buffer = NULL;
	*buffer_size = 0;
	*buffer = (SznRecord *) MemoryContextAllocHuge(scan->context, size);
	*buffer_size = size;
}

/* The next record of the stream into "ahead"; false at its end. */
static bool
read_ahead(SznScan *scan)
{
	if (scan->ahead)
		return true;
	if (scan->stream_ended)
		return false;

	if (scan->mode == SZN_MODE_PARTITIONED && scan->sort == NULL)
	{
		scan->ahead = szn_partition_read(scan->partitions);
		if (scan->ahead)
			return true;
	}
	else if (scan->sort)
	{
		if (tuplesort_gettupleslot(scan->sort, true, false, scan->sort_slot, NULL))
		{
			bool		isnull;
			Datum		value = slot_getattr(scan->sort_slot,
											 scan->sort_descriptor->natts, &isnull);
			struct varlena *bytes = (struct varlena *) DatumGetPointer(value);
			Size		size = VARSIZE_ANY_EXHDR(bytes);

			reserve(scan, &scan->buffer, &scan->buffer_size, size);
			memcpy(scan->buffer, VARDATA_ANY(bytes), size);
			scan->ahead = scan->buffer;
			return true;
		}
	}
	else
	{
		SznEvent	event;

		if (szn_read_input(scan, &event))
		{
			Size		size = szn_record_size(scan->format, &event, scan->input_values,
											   scan->input_nulls);

			reserve(scan, &scan->buffer, &scan->buffer_size, size);
			szn_record_fill(scan->format, scan->buffer, size, 0, &event,
							scan->input_values, scan->input_nulls);
			scan->ahead = scan->buffer;
			return true;
		}
	}
	scan->stream_ended = true;
	if (scan->mode == SZN_MODE_STREAMED)
		szn_progress_end(scan);
	return false;
}

/* Does the record ahead begin a new actor? */
static bool
is_new_actor(SznScan *scan)
{
	MemoryContext caller_context;
	bool		is_same;

	if (!scan->has_actor)
		return true;
	if (scan->format->is_fixed)
		return !szn_same_actor(scan->format, scan->actor_record, scan->ahead);

	/* equality operators may leave something behind */
	caller_context =
		MemoryContextSwitchTo(scan->css.ss.ps.ps_ExprContext->ecxt_per_tuple_memory);
	is_same = szn_same_actor(scan->format, scan->actor_record, scan->ahead);
	MemoryContextSwitchTo(caller_context);
	return !is_same;
}

/*
 * Begin a stream: of the input, of the partition at hand as it is, or of the
 * one that has been sorted.
 */
void
szn_begin_stream(SznScan *scan)
{
	scan->ahead = NULL;
	scan->stream_ended = false;
	scan->has_actor = false;
	scan->has_instant = false;
	scan->is_putting_out = false;
	if (scan->held == NULL)
	{
		MemoryContext caller_context = MemoryContextSwitchTo(scan->context);
		Size		share = scan->budget / (scan->mode == SZN_MODE_STREAMED ? 2 : 8);

		scan->held = szn_spool_create(scan->format, share, &scan->counters);
		scan->spare = szn_spool_create(scan->format, share, &scan->counters);
		MemoryContextSwitchTo(caller_context);
	}
	szn_spool_clear(scan->held);
	if (scan->mode == SZN_MODE_PARTITIONED && scan->sort == NULL)
		szn_spool_replay(scan->held, szn_partition_tape(scan->partitions));
}

/* The first so many of the held rows are labelled by now. */
static void
put_out(SznScan *scan, uint64 count)
{
	szn_spool_release(scan->held, count);
	scan->is_putting_out = true;
}

/* All that could be put out has been: what is left is held as the next run. */
static void
keep_rest(SznScan *scan)
{
	SznSpool   *held = scan->held;
	SznRecord  *record;

	scan->is_putting_out = false;
	if (held->is_replay)
		return;

	if (held->count > 0)
	{
		szn_spool_release(held, held->count);
		while ((record = szn_spool_next(held)) != NULL)
		{
			CHECK_FOR_INTERRUPTS();
			szn_spool_put(scan->spare, record);
		}
		scan->held = scan->spare;
		scan->spare = held;
	}
	szn_spool_clear(held);
}

/* The held instant is complete. */
static void
take_instant(SznScan *scan)
{
	uint64		before = scan->held->count - scan->instant.event_count;
	bool		is_new = szn_boundary_step(&scan->boundary, &scan->instant);

	scan->has_instant = false;
	if (scan->hold == SZN_HOLD_INSTANT)
	{
		if (is_new)
			szn_set_run(scan, &scan->boundary.run);
		put_out(scan, scan->held->count);
	}
	else if (is_new && before > 0)
	{
		szn_set_run(scan, &scan->boundary.finished);
		put_out(scan, before);
	}
}

static void
begin_actor(SznScan *scan)
{
	Size		size = szn_record_length(scan->format, scan->ahead);

	reserve(scan, &scan->actor_record, &scan->actor_size, size);
	memcpy(scan->actor_record, scan->ahead, size);
	scan->has_actor = true;
	scan->counters.actors++;
	szn_boundary_init(&scan->boundary, &scan->rules);
}

/*
 * The next record to put out, its run in scan->run; NULL at the stream's
 * end.
 */
SznRecord *
szn_next_of_stream(SznScan *scan)
{
	for (;;)
	{
		SznRecord  *record;
		bool		is_over;
		bool		is_untimed;

		if (scan->is_putting_out)
		{
			record = szn_spool_next(scan->held);
			if (record)
			{
				scan->event_number++;
				return record;
			}
			keep_rest(scan);
		}

		CHECK_FOR_INTERRUPTS();
		/* many rows may have to be read before one can be put out */
		if (!scan->format->is_fixed)
			ResetExprContext(scan->css.ss.ps.ps_ExprContext);
		is_over = !read_ahead(scan) || is_new_actor(scan);
		is_untimed = scan->ahead && !szn_record_has_time(scan->ahead);

		if (scan->has_instant &&
			(is_over || is_untimed ||
			 szn_record_time(scan->format, scan->ahead) != scan->instant.time))
		{
			take_instant(scan);
			continue;
		}
		if (scan->has_actor && (is_over || is_untimed) &&
			SZN_RUN_EXISTS(&scan->boundary.run))
		{
			szn_boundary_finish(&scan->boundary);
			if (scan->hold == SZN_HOLD_RUN)
			{
				szn_set_run(scan, &scan->boundary.finished);
				put_out(scan, scan->held->count);
				continue;
			}
		}
		if (scan->ahead == NULL)
			return NULL;
		if (is_over)
			begin_actor(scan);

		record = scan->ahead;
		scan->ahead = NULL;
		if (is_untimed)
		{
			/* NULLs come last, so the actor has no more sessions */
			szn_set_no_run(scan);
			return record;
		}

		if (scan->hold == SZN_HOLD_NOTHING)
		{
			if (!SZN_RUN_EXISTS(&scan->boundary.run) ||
				scan->boundary.run.ended_at != szn_record_time(scan->format, record))
			{
				szn_begin_instant(scan, &scan->instant, record);
				if (szn_boundary_step(&scan->boundary, &scan->instant))
					szn_set_run(scan, &scan->boundary.run);
			}
			scan->event_number++;
			return record;
		}

		if (scan->has_instant)
			szn_add_to_instant(scan, &scan->instant, record);
		else
			szn_begin_instant(scan, &scan->instant, record);
		scan->has_instant = true;
		szn_spool_put(scan->held, record);
	}
}


/*
 * Sorting
 */

/* What a sort may take, in kilobytes. */
static int
sort_memory(SznScan *scan)
{
	Size		kilobytes = scan->budget / 2 / 1024;

	return (int) Min(Max(kilobytes, 64), MAX_KILOBYTES);
}

/*
 * A partition that does not fit into memory: sort it by actor and time.  The
 * hash comes first, since it is cheap to compare; and of one actor's records
 * nothing but the time has to be.
 */
void
szn_sort_partition(SznScan *scan)
{
	SznFormat  *format = scan->format;
	int			num_keys = format->num_keys;
	TupleDesc	input = ExecGetResultType((PlanState *) linitial(scan->css.custom_ps));
	AttrNumber *columns = (AttrNumber *) palloc(sizeof(AttrNumber) * (num_keys + 2));
	Oid		   *operators = (Oid *) palloc(sizeof(Oid) * (num_keys + 2));
	Oid		   *collations = (Oid *) palloc0(sizeof(Oid) * (num_keys + 2));
	bool	   *nulls_first = (bool *) palloc0(sizeof(bool) * (num_keys + 2));
	int			first = scan->partition->is_single ? num_keys + 1 : 0;
	Datum	   *values = (Datum *) palloc(sizeof(Datum) * Max(format->num_columns, 1));
	bool	   *nulls = (bool *) palloc(sizeof(bool) * Max(format->num_columns, 1));
	TuplesortInstrumentation stats;
	SznRecord  *record;
	MemoryContext caller_context;

	/* (hash, parts of the actor, time, record) */
	if (scan->sort_slot == NULL)
	{
		TupleDesc	descriptor;

		caller_context = MemoryContextSwitchTo(scan->css.ss.ps.state->es_query_cxt);
		descriptor = CreateTemplateTupleDesc(num_keys + 3);
		TupleDescInitEntry(descriptor, 1, NULL, INT4OID, -1, 0);
		for (int i = 0; i < num_keys; i++)
		{
			Form_pg_attribute attribute = TupleDescAttr(input, format->columns[i].source);

			TupleDescInitEntry(descriptor, i + 2, NULL, attribute->atttypid,
							   attribute->atttypmod, 0);
		}
		TupleDescInitEntry(descriptor, num_keys + 2, NULL, INT8OID, -1, 0);
		TupleDescInitEntry(descriptor, num_keys + 3, NULL, BYTEAOID, -1, 0);
		scan->sort_descriptor = descriptor;
		scan->sort_slot = MakeSingleTupleTableSlot(descriptor, &TTSOpsMinimalTuple);
		MemoryContextSwitchTo(caller_context);
	}

	for (int i = 0; i < num_keys + 2; i++)
	{
		Oid			type = TupleDescAttr(scan->sort_descriptor, i)->atttypid;

		columns[i] = i + 1;
		operators[i] = lookup_type_cache(type, TYPECACHE_LT_OPR)->lt_opr;
		if (i >= 1 && i <= num_keys)
			collations[i] = format->keys[i - 1].collation;
	}
	caller_context = MemoryContextSwitchTo(scan->context);
	scan->sort = tuplesort_begin_heap(scan->sort_descriptor, num_keys + 2 - first,
									  columns + first, operators + first,
									  collations + first, nulls_first + first,
									  sort_memory(scan),
									  NULL, TUPLESORT_NONE);
	MemoryContextSwitchTo(caller_context);

	while ((record = szn_partition_read(scan->partitions)) != NULL)
	{
		TupleTableSlot *slot = scan->sort_slot;
		Size		size = szn_record_length(format, record);
		bytea	   *bytes;

		CHECK_FOR_INTERRUPTS();
		if (size + VARHDRSZ > MaxAllocSize)
			szn_error_row_too_large();
		reserve(scan, &scan->buffer, &scan->buffer_size, size + VARHDRSZ);
		bytes = (bytea *) scan->buffer;
		SET_VARSIZE(bytes, size + VARHDRSZ);
		memcpy(VARDATA(bytes), record, size);

		ExecClearTuple(slot);
		szn_record_read(format, record, values, nulls);
		slot->tts_values[0] = Int32GetDatum((int32) record->link);
		slot->tts_isnull[0] = false;
		for (int i = 0; i < num_keys; i++)
		{
			slot->tts_values[i + 1] = values[i];
			slot->tts_isnull[i + 1] = nulls[i];
		}
		slot->tts_values[num_keys + 1] = Int64GetDatum(szn_record_time(format, record));
		slot->tts_isnull[num_keys + 1] = !szn_record_has_time(record);
		slot->tts_values[num_keys + 2] = PointerGetDatum(bytes);
		slot->tts_isnull[num_keys + 2] = false;
		ExecStoreVirtualTuple(slot);
		tuplesort_puttupleslot(scan->sort, slot);
	}
	ExecClearTuple(scan->sort_slot);
	tuplesort_performsort(scan->sort);
	pfree(values);
	pfree(nulls);

	tuplesort_get_stats(scan->sort, &stats);
	if (stats.spaceType == SORT_SPACE_TYPE_DISK)
		scan->counters.disk_bytes += (uint64) stats.spaceUsed * 1024;
	scan->sort_memory = 1024 *
		(stats.spaceType == SORT_SPACE_TYPE_DISK ? (Size) sort_memory(scan) :
		 (Size) stats.spaceUsed);
	scan->counters.stream_memory += scan->sort_memory;
	szn_count_peak(&scan->counters);
}

void
szn_end_sort(SznScan *scan)
{
	if (scan->sort == NULL)
		return;
	ExecClearTuple(scan->sort_slot);
	tuplesort_end(scan->sort);
	scan->sort = NULL;
	scan->counters.stream_memory -= scan->sort_memory;
}
