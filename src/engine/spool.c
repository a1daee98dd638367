/*-------------------------------------------------------------------------
 *
 * spool.c
 *	  A queue of records: filled, read once, emptied.
 *
 * Holds the rows of an instant or a session that is not over yet while rows
 * stream by.  What exceeds its share of memory goes to a temporary file.
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
	return spool;
}

/* Append a copy of a record. */
void
szn_spool_put(SznSpool *spool, const SznRecord *record)
{
	Size		length = szn_record_length(spool->format, record);
	MemoryContext caller_context;

	spool->count++;
	if (spool->file == NULL && spool->used + length <= spool->max_size)
	{
		if (spool->used + length > spool->size)
		{
			Size		size = Max(spool->size * 2, 1024);

			size = Min(Max(size, spool->used + length), spool->max_size);
			spool->memory = spool->memory ?
				repalloc_huge(spool->memory, size) :
				MemoryContextAllocHuge(spool->context, size);
			spool->size = size;
		}
		memcpy(spool->memory + spool->used, record, length);
		spool->used += length;
		return;
	}

	if (spool->file == NULL)
	{
		caller_context = MemoryContextSwitchTo(spool->context);
		spool->file = BufFileCreateTemp(false);
		MemoryContextSwitchTo(caller_context);
	}
	BufFileWrite(spool->file, unconstify(SznRecord *, record), length);
	spool->counters->disk_bytes += length;
}

/* All has been put: now read from the beginning. */
void
szn_spool_rewind(SznSpool *spool)
{
	spool->read = 0;
	spool->left = spool->count;
	if (spool->file && BufFileSeek(spool->file, 0, 0L, SEEK_SET) != 0)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not rewind temporary file of a session scan")));
}

/* The next record, valid until the next call; NULL at the end. */
SznRecord *
szn_spool_next(SznSpool *spool)
{
	SznRecord  *record;

	if (spool->left == 0)
		return NULL;
	spool->left--;

	if (spool->read < spool->used)
	{
		record = (SznRecord *) (spool->memory + spool->read);
		spool->read += szn_record_length(spool->format, record);
		return record;
	}
	return szn_record_from_file(spool->format, spool->file, spool->context,
								&spool->scratch, &spool->scratch_size);
}

/* Empty it. */
void
szn_spool_clear(SznSpool *spool)
{
	if (spool->file)
		BufFileClose(spool->file);
	spool->file = NULL;
	spool->count = 0;
	spool->left = 0;
	spool->used = 0;
}
