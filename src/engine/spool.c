/*-------------------------------------------------------------------------
 *
 * spool.c
 *	  A queue of records: put at its end, released from its beginning.
 *
 * Holds the rows of an instant or a session that is not over yet while rows
 * stream by.  What exceeds its share of memory goes to a temporary file.  Rows
 * that come from a tape are not kept at all, but read from there once more.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "engine/spool.h"

/* An empty spool, in the current context. */
SznSpool *
szn_spool_create(SznFormat *format, Size max_size, SznCounters *counters)
{
	SznSpool   *spool = (SznSpool *) palloc0(sizeof(SznSpool));

	spool->format = format;
	spool->context = CurrentMemoryContext;
	spool->max_size = max_size;
	spool->counters = counters;
	szn_reader_init(&spool->reader, format, CurrentMemoryContext);
	return spool;
}

/*
 * The records that will be put are those of this tape, in this order; until
 * the spool is cleared.  The tape stays the caller's.
 */
void
szn_spool_replay(SznSpool *spool, SznTape *tape)
{
	szn_spool_clear(spool);
	spool->is_replay = true;
	spool->tape = tape;
	szn_reader_begin(&spool->reader, tape);
}

/* Room for so many bytes more.  False if they are not for memory. */
static bool
reserve_memory(SznSpool *spool, Size length)
{
	Size		size;

	if (spool->tape || spool->used + length > spool->max_size)
		return false;
	if (spool->used + length <= spool->size)
		return true;

	size = Max(spool->size * 2, 1024);
	size = Min(Max(size, spool->used + length), spool->max_size);
	spool->memory = spool->memory ?
		repalloc_huge(spool->memory, size) :
		MemoryContextAllocHuge(spool->context, size);
	spool->counters->stream_memory += size - spool->size;
	szn_count_peak(spool->counters);
	spool->size = size;
	return true;
}

/* Append a copy of a record. */
void
szn_spool_put(SznSpool *spool, const SznRecord *record)
{
	Size		length;

	spool->count++;
	if (spool->is_replay)
		return;

	length = szn_record_length(spool->format, record);
	if (reserve_memory(spool, length))
	{
		memcpy(spool->memory + spool->used, record, length);
		spool->used += length;
		return;
	}

	if (spool->tape == NULL)
	{
		MemoryContext caller_context = MemoryContextSwitchTo(spool->context);

		spool->tape = szn_tape_create(szn_tapes_create(&spool->counters->stream_memory,
													   &spool->counters->disk_bytes));
		MemoryContextSwitchTo(caller_context);
		szn_reader_begin(&spool->reader, spool->tape);
	}
	szn_tape_write(spool->tape, record, length);
}

/*
 * Let the first so many records be read.  No more can be put until they have
 * been, and then only if there are none left.
 */
void
szn_spool_release(SznSpool *spool, uint64 count)
{
	Assert(spool->released == 0 && count <= spool->count);
	spool->released = count;
	if (spool->tape)
		szn_tape_finish(spool->tape);
}

/* The next released record, valid until the next call; NULL if none is. */
SznRecord *
szn_spool_next(SznSpool *spool)
{
	SznRecord  *record;

	if (spool->released == 0)
		return NULL;
	spool->released--;
	spool->count--;

	if (spool->read < spool->used)
	{
		record = (SznRecord *) (spool->memory + spool->read);
		spool->read += szn_record_length(spool->format, record);
		return record;
	}
	return szn_reader_next(&spool->reader);
}

/* Empty it. */
void
szn_spool_clear(SznSpool *spool)
{
	if (spool->tape && !spool->is_replay)
		szn_tape_close(spool->tape);
	spool->tape = NULL;
	spool->is_replay = false;
	spool->count = 0;
	spool->released = 0;
	spool->used = 0;
	spool->read = 0;
}
