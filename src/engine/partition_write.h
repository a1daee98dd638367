/*-------------------------------------------------------------------------
 *
 * partition_write.h
 *	  Rows put into partitions: inlined, since it is done for each event.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SZN_PARTITION_WRITE_H
#define SZN_PARTITION_WRITE_H

#include "engine/partitions.h"
#include "engine/record_write.h"

static inline int
szn_partition_of_hash(const SznPartitions *partitions, uint32 hash)
{
	return (int) (((uint64) hash * partitions->num_partitions) >> 32);
}

/* Add the record of a row, given its actor's hash. */
static inline void
szn_partitions_put(SznPartitions *partitions, uint32 hash, SznEvent *event,
				   const Datum *values, const bool *isnull)
{
	SznFormat  *format = partitions->format;
	Size		size = szn_record_size(format, event, values, isnull);
	SznTail    *tail = &partitions->tails[szn_partition_of_hash(partitions, hash)];

	if (likely(tail->end - tail->next >= size && tail->next != NULL))
	{
		SznRecord  *record = (SznRecord *) tail->next;

		tail->next += size;
		szn_record_fill(format, record, size, hash, event, values, isnull);
	}
	else
		szn_partitions_make_room(partitions, hash, event, values, isnull);
}

/*
 * The same, in a batch: which has to be filled before anything else is done
 * with the partitions.
 */
static inline void
szn_partitions_put_in_batch(SznPartitions *partitions, SznBatch *batch, uint32 hash,
							SznEvent *event, const Datum *values, const bool *isnull)
{
	SznFormat  *format = partitions->format;
	Size		size = szn_record_size(format, event, values, isnull);
	SznTail    *tail = &partitions->tails[szn_partition_of_hash(partitions, hash)];
	int			number = batch->count;

	if (unlikely(event->is_wide || tail->end - tail->next < size || tail->next == NULL))
	{
		szn_batch_fill(format, batch);
		szn_partitions_put(partitions, hash, event, values, isnull);
		return;
	}
	batch->records[number] = (SznRecord *) tail->next;
	szn_clear_end(batch->records[number], size);
	tail->next += size;
	batch->sizes[number] = (uint32) size;
	batch->hashes[number] = hash;
	batch->starts[number] = szn_record_narrow_start(format, event);
	batch->values[number] = values;
	batch->nulls[number] = isnull;
	batch->count++;
}

#endif							/* SZN_PARTITION_WRITE_H */
