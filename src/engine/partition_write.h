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
szn_partitions_put(SznPartitions *partitions, uint32 hash, const SznEvent *event,
				   const Datum *values, const bool *isnull)
{
	SznFormat  *format = partitions->format;
	Size		size = szn_record_size(format, values, isnull);
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

#endif							/* SZN_PARTITION_WRITE_H */
