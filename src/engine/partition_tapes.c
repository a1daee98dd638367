/*-------------------------------------------------------------------------
 *
 * partition_tapes.c
 *	  Partitions on disk: how they get there, and how they come back.
 *
 * Each has a tape, and all that are written at a time share a file: see tapes.c.
 * Of each tape it is known how much is on it, whether it is all one actor's,
 * whether it is in order, and which actor may have most of it.  That decides
 * what becomes of a partition that does not fit into memory when it is to be
 * read: see partitions.c.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/memutils.h"

#include "compat.h"
#include "engine/pieces.h"
#include "engine/record_write.h"

/*
 * What it takes to put one record among its actor's, at worst: an actor of
 * its own, and its part of the hash table, both of which have just grown.
 */
#define ACTOR_MEMORY		(2 * sizeof(SznActor) + 6 * sizeof(uint32))

/* A partition that is too large can be divided so often, and into so many. */
#define MAX_DEPTH			4
#define MIN_PARTS			2
#define MAX_PARTS			256


/*
 * Writing
 */

/* Do others have a share in this partition? */
static bool
is_shared(SznPartitions *partitions, SznPartition *partition)
{
	return partitions->exchange &&
		partition - partitions->partitions < partitions->num_shared;
}

/* Keep what is known of a partition's tape up to date with one more record. */
void
szn_partition_note(SznPartitions *partitions, SznPartition *partition,
				   SznRecord *record, Size size)
{
	uint32		hash = record->link;

	partition->num_records++;
	partition->num_bytes += size;

	/* Boyer and Moore's vote */
	if (partition->votes == 0)
		partition->candidate = hash;
	partition->votes += hash == partition->candidate ? 1 : -1;

	if (partition->num_records == 1)
	{
		Size		sample_size = szn_record_actor_size(partitions->format, record);

		partition->sample = (SznRecord *)
			MemoryContextAllocHuge(partitions->context, sample_size);
		memcpy(partition->sample, record, sample_size);
		partitions->notes += sample_size;
		partition->is_single = true;
		partition->is_ordered = true;
	}
	else if (partition->is_single)
	{
		partition->is_single = hash == partition->sample->link;
		if (partition->is_single)
		{
			MemoryContext caller_context =
				MemoryContextSwitchTo(partitions->comparison_context);

			partition->is_single =
				szn_same_actor(partitions->format, partition->sample, record);
			MemoryContextSwitchTo(caller_context);
			MemoryContextReset(partitions->comparison_context);
		}
		if (!partition->is_single)
		{
			szn_partitions_forget_sample(partitions, partition);
			szn_pieces_forget(partitions, partition);
		}
	}
	if (partition->is_single && !is_shared(partitions, partition))
		szn_pieces_note(partitions, partition, record, size);

	if (!szn_record_has_time(record))
		partition->has_untimed = true;
	else
	{
		int64		time = szn_record_time(partitions->format, record);

		if (partition->has_untimed ||
			(partition->num_records > 1 && time < partition->last_time))
			partition->is_ordered = false;
		partition->last_time = time;
	}
}

void
szn_partition_write(SznPartitions *partitions, SznPartition *partition,
					void *data, Size size)
{
	if (partition->tape == NULL)
	{
		MemoryContext caller_context = MemoryContextSwitchTo(partitions->context);

		if (partitions->tapes == NULL)
			partitions->tapes = is_shared(partitions, partition) ?
				szn_exchange_create_tapes(partitions->exchange, &partitions->tape_memory,
										  &partitions->counters->disk_bytes) :
				szn_tapes_create(&partitions->tape_memory,
								 &partitions->counters->disk_bytes);
		partition->tape = szn_tape_create(partitions->tapes);
		MemoryContextSwitchTo(caller_context);
	}
	szn_tape_write(partition->tape, data, size);
}

/* All that was to be written is: those to come get a file of their own. */
void
szn_partitions_finish_tapes(SznPartitions *partitions)
{
	for (int i = 0; i < partitions->num_partitions; i++)
	{
		if (partitions->partitions[i].tape)
			szn_tape_finish(partitions->partitions[i].tape);
	}
	if (partitions->tapes)
		szn_tapes_finish(partitions->tapes);
	partitions->tapes = NULL;
}

void
szn_partition_close(SznPartitions *partitions, SznPartition *partition)
{
	if (partition->parts)
		szn_exchange_close(partitions, partition);
	if (partition->tape == NULL)
		return;
	szn_tape_close(partition->tape);
	partition->tape = NULL;
	szn_partitions_forget_sample(partitions, partition);
	szn_pieces_forget(partitions, partition);
}

/* Note and write so many bytes of records. */
static void
write_records(SznPartitions *partitions, SznPartition *partition, char *data, Size size)
{
	Size		offset = 0;

	while (offset < size)
	{
		SznRecord  *record = (SznRecord *) (data + offset);
		Size		length = szn_record_length(partitions->format, record);

		szn_partition_note(partitions, partition, record, length);
		offset += length;
	}
	if (size > 0)
		szn_partition_write(partitions, partition, data, size);
}

/* What is on its way to a partition's tape, so many bytes, gets there. */
void
szn_partition_write_out(SznPartitions *partitions, SznPartition *partition, Size size)
{
	write_records(partitions, partition, partition->to_write, size);
}

/* Move a partition from memory to disk. */
void
szn_partitions_spill(SznPartitions *partitions, SznPartition *partition)
{
	szn_partitions_close_chunk(partitions, partition - partitions->partitions);
	for (int i = 0; i < partition->num_chunks; i++)
	{
		CHECK_FOR_INTERRUPTS();
		write_records(partitions, partition, SZN_CHUNK_DATA(partition->chunks[i]),
					  partition->chunks[i]->used);
	}
	szn_partition_free_chunks(partitions, partition);
}


/*
 * Reading
 */

/*
 * The next record on the partition's tape, valid until the next call; NULL at
 * its end.
 */
SznRecord *
szn_partition_read(SznPartitions *partitions)
{
	SznPartition *partition = &partitions->partitions[partitions->current];

	if (partition->parts)
		return szn_exchange_read(partitions, partition);
	if (partition->num_records == 0)
		return NULL;
	partition->num_records--;
	return szn_reader_next(&partitions->reader);
}

/* The partition's tape, to be read again by the caller as well. */
SznTape *
szn_partition_tape(SznPartitions *partitions)
{
	return partitions->partitions[partitions->current].tape;
}

/*
 * The records of a tape into chunks of the partition.  A record that the end of
 * a chunk cuts in two is moved to the next one.
 */
void
szn_partitions_load(SznPartitions *partitions, SznPartition *partition,
					SznTape *tape)
{
	SznFormat  *format = partitions->format;
	int64		position = 0;
	Size		left = tape->size;
	char	   *rest = NULL;
	Size		rest_size = 0;
	Size		header_size = SZN_RECORD_HEADER(format);
	Size		chunk_size = partitions->max_chunk;

	/* what is moved should be little */
	while (chunk_size < partition->num_bytes / partition->num_records * 4 &&
		   chunk_size < SZN_MAX_CHUNK_SIZE)
		chunk_size *= 2;

	while (left > 0 || rest_size > 0)
	{
		Size		size = Max(chunk_size - SZN_CHUNK_HEADER, header_size);
		SznChunk   *chunk;
		char	   *data;
		Size		filled;
		Size		whole = 0;

		/* a chunk holds at least one whole record */
		size = Min(size, rest_size + left);
		if (rest_size >= header_size)
			size = Max(size, szn_record_length(format, (SznRecord *) rest));

		CHECK_FOR_INTERRUPTS();
		chunk = szn_partition_add_chunk(partitions, partition, size);
		data = SZN_CHUNK_DATA(chunk);
		if (rest_size > 0)
			memcpy(data, rest, rest_size);
		filled = Min(size, rest_size + left);
		szn_tape_read_all(tape, position, data + rest_size, filled - rest_size);
		position += filled - rest_size;
		left -= filled - rest_size;

		while (filled - whole >= header_size)
		{
			Size		length = szn_record_length(format, (SznRecord *) (data + whole));

			if (length > filled - whole)
				break;
			whole += length;
		}
		chunk->used = whole;
		rest = data + whole;
		rest_size = filled - whole;
		if (whole == 0)
		{
			/* not one: its rest goes to a larger chunk, instead of this one */
			SznChunk   *larger;
			Size		length = szn_record_length(format, (SznRecord *) data);

			larger = szn_partition_add_chunk(partitions, partition, length);
			memcpy(SZN_CHUNK_DATA(larger), data, filled);
			szn_tape_read_all(tape, position, SZN_CHUNK_DATA(larger) + filled,
							  length - filled);
			position += length - filled;
			left -= length - filled;
			larger->used = length;
			rest_size = 0;
		}
	}
}

/* What a partition on disk would take in memory, at worst. */
static double
size_in_memory(SznPartitions *partitions, SznPartition *partition)
{
	/* see szn_partitions_load() for what is not used of its chunks */
	return partition->num_bytes * 1.125 +
		(double) partition->num_records * ACTOR_MEMORY;
}

/* Would this partition fit into memory beside what is there? */
bool
szn_partition_fits(SznPartitions *partitions, SznPartition *partition)
{
	return size_in_memory(partitions, partition) + szn_partitions_memory(partitions) <=
		partitions->budget &&
		partition->num_bytes / (partitions->max_chunk / 2) < SZN_MAX_CHUNKS;
}

/* So many partitions more, without records.  Others move. */
static void
add_partitions(SznPartitions *partitions, int count)
{
	int			wanted = partitions->num_partitions + count;

	if (wanted > partitions->max_partitions)
	{
		partitions->partitions = (SznPartition *)
			repalloc(partitions->partitions, sizeof(SznPartition) * wanted);
		partitions->max_partitions = wanted;
	}
	memset(&partitions->partitions[partitions->num_partitions], 0,
		   sizeof(SznPartition) * count);
	partitions->num_partitions = wanted;
}

/* How many parts to make of a partition that is too large; 0 for none. */
int
szn_partition_num_parts(SznPartitions *partitions, SznPartition *partition)
{
	double		wanted;
	double		affordable;
	int			num_parts;

	if (partition->is_single)
		return 0;

	/* twice as many as would do if all were of one size */
	wanted = ceil(4 * size_in_memory(partitions, partition) / partitions->budget);
	affordable = floor(((double) partitions->budget / 2 - partitions->tape_memory) /
					   SZN_TAPE_MEMORY) - 2;
	num_parts = (int) Max(Min(Min(wanted, affordable), MAX_PARTS), MIN_PARTS);

	/* not if it would still have to be sorted in the end */
	return pow(num_parts, MAX_DEPTH - partition->depth) < wanted ? 0 : num_parts;
}

/*
 * Divide a partition on disk that is too large, none being in memory.  The
 * first part is for one actor, which may have most of the records; if it is the
 * only part, for all of them.
 */
void
szn_partition_divide(SznPartitions *partitions, int number, int num_parts)
{
	int			first_part = partitions->num_partitions;
	int			depth = partitions->partitions[number].depth + 1;
	SznPartition *whole;
	SznRecord  *record;

	add_partitions(partitions, num_parts + 1);
	whole = &partitions->partitions[number];
	for (int i = 0; i <= num_parts; i++)
		partitions->partitions[first_part + i].depth = i == 0 ? MAX_DEPTH : depth;

	partitions->current = number;
	if (whole->parts)
		szn_exchange_begin_reading(partitions, whole);
	else
		szn_reader_begin(&partitions->reader, whole->tape);
	while ((record = szn_partition_read(partitions)) != NULL)
	{
		SznPartition *part = &partitions->partitions[first_part];
		Size		size = szn_record_length(partitions->format, record);

		CHECK_FOR_INTERRUPTS();
		if (num_parts > 0 && record->link != whole->candidate)
		{
			/* bits that have not told these records apart from others yet */
			uint32		hash = (uint32) szn_mix((uint64) record->link << 8 | depth);

			part += 1 + (((uint64) hash * num_parts) >> 32);
		}
		szn_partition_note(partitions, part, record, size);
		szn_partition_write(partitions, part, record, size);
	}
	partitions->current = -1;
	szn_partition_close(partitions, whole);
	szn_partitions_finish_tapes(partitions);
}
