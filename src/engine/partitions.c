/*-------------------------------------------------------------------------
 *
 * partitions.c
 *	  Records gathered by actor, in memory or in temporary files.
 *
 * Records are added in any order and come back actor by actor.  Each goes to
 * one of a few hundred partitions, chosen by the hash of its actor, so that
 * a partition fits into the processor's cache.  When all have been added, one
 * partition after the other is brought into memory, if it is not there yet,
 * and each actor's records are chained in time order: as they came, which is
 * nearly always right, and sorted where not.
 *
 *		add --> chunks of the partition --------------------+
 *				 | memory is used up                        |
 *				 v                                          v
 *				tape of the partition --> chunks again --> actors
 *				 | larger than memory: divided, the largest actor apart;
 *				 v		 and where that does not help
 *				pieces (pieces.c), or read by the caller, who sorts it unless it is
 *				in order
 *
 * Chunks, tapes' tails and the actors of the partition at hand all count
 * against the budget.  In parallel, chunks and tapes are shared, and "all have
 * been added" and "one after the other" are what all participants do together:
 * see exchange.c.  Disk is partition_tapes.c's.  Knows nothing of executor
 * nodes or sessions.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/freepage.h"
#include "utils/memutils.h"

#include "compat.h"
#include "engine/partitions.h"
#include "engine/partition_write.h"
#include "engine/pieces.h"

/* What a partition should hold: with its actors, about half a second-level cache. */
#define PARTITION_TARGET	(384 * 1024)
#define MIN_PARTITIONS		4
#define MAX_PARTITIONS		1024
#define MIN_CHUNK			1024
#define MAX_CHUNK			(32 * 1024)


/*
 * How many partitions to make for so many rows of this width: as many as let
 * each fit into the cache, and all be on disk while one of them is read.
 */
int
szn_choose_num_partitions(double rows, double width, Size budget)
{
	double		wanted = ceil(rows * width / PARTITION_TARGET);
	double		affordable = budget / 3 / (SZN_TAPE_MEMORY + SZN_WRITE_SIZE);

	/* the planner's guess may be far too low, and partitions cost little */
	wanted = Max(wanted, 32);
	return (int) Max(Min(Min(wanted, affordable), MAX_PARTITIONS), MIN_PARTITIONS);
}

/*
 * No records yet, in the current context.  "rows" and "width" are guesses;
 * "counters" are kept up to date.  With an exchange, records are handed over
 * to whoever claims their partition.
 */
SznPartitions *
szn_partitions_create(SznFormat *format, double rows, double width, Size budget,
					  SznCounters *counters, SznExchange *exchange)
{
	SznPartitions *partitions = (SznPartitions *) palloc0(sizeof(SznPartitions));

	partitions->format = format;
	partitions->context = CurrentMemoryContext;
	partitions->actors_context = AllocSetContextCreate(CurrentMemoryContext,
													   "Session Scan actors",
													   ALLOCSET_DEFAULT_SIZES);
	/* equality operators may leave something behind */
	partitions->comparison_context = AllocSetContextCreate(CurrentMemoryContext,
														   "Session Scan comparison",
														   ALLOCSET_SMALL_SIZES);
	partitions->chunks_context = AllocSetContextCreate(CurrentMemoryContext,
													   "Session Scan chunks",
													   ALLOCSET_DEFAULT_SIZES);
	szn_reader_init(&partitions->reader, format, CurrentMemoryContext);
	partitions->budget = budget;
	partitions->num_partitions = exchange ? exchange->shared->num_partitions :
		szn_choose_num_partitions(rows, width, budget);
	partitions->exchange = exchange;
	partitions->num_shared = partitions->num_partitions;
	partitions->partitions = (SznPartition *)
		palloc0(sizeof(SznPartition) * partitions->num_partitions);
	partitions->max_partitions = partitions->num_partitions;
	partitions->tails = (SznTail *)
		palloc0(sizeof(SznTail) * partitions->num_partitions);

	/* powers of two, since small ones are rounded up to that */
	partitions->max_chunk = MIN_CHUNK;
	while (partitions->max_chunk < MAX_CHUNK &&
		   partitions->max_chunk * 2 <= budget / 8 / partitions->num_partitions)
		partitions->max_chunk *= 2;
	partitions->counters = counters;
	counters->partitions = partitions->num_partitions;
	partitions->current = -1;
	return partitions;
}

/* Close the tapes, free what is shared.  Other memory is the context's. */
void
szn_partitions_end(SznPartitions *partitions)
{
	for (int i = 0; i < partitions->num_partitions; i++)
	{
		szn_partition_close(partitions, &partitions->partitions[i]);
		if (partitions->exchange)
			szn_partition_free_chunks(partitions, &partitions->partitions[i]);
	}
}


/*
 * Memory
 */

/* What chunks and tapes take. */
Size
szn_partitions_memory(SznPartitions *partitions)
{
	return partitions->memory + partitions->tape_memory +
		(Size) partitions->num_writing * SZN_WRITE_SIZE + partitions->notes;
}

void
szn_partitions_count_memory(SznPartitions *partitions)
{
	partitions->counters->partition_memory =
		szn_partitions_memory(partitions) + szn_memory_of_actors(partitions);
	szn_count_peak(partitions->counters);
}

static inline Size
memory_of_chunk(SznPartitions *partitions, SznChunk *chunk)
{
	if (partitions->exchange == NULL)
		return GetMemoryChunkSpace(chunk);

	/* shared memory is dealt out in pages, but for what is small */
	return chunk->size < 2 * FPM_PAGE_SIZE ? SZN_CHUNK_HEADER + chunk->size :
		TYPEALIGN(FPM_PAGE_SIZE, SZN_CHUNK_HEADER + chunk->size);
}

/* A chunk that is there becomes the partition's last. */
void
szn_partitions_note_chunk(SznPartitions *partitions, SznPartition *partition,
						  SznChunk *chunk)
{
	Size		memory = memory_of_chunk(partitions, chunk);

	if (partition->num_chunks == partition->max_chunks)
	{
		partition->max_chunks = Max(16, partition->max_chunks * 2);
		if (partition->chunks)
			partition->chunks = (SznChunk **)
				repalloc_huge(partition->chunks, sizeof(SznChunk *) * partition->max_chunks);
		else
			partition->chunks = (SznChunk **)
				MemoryContextAlloc(partitions->context,
								   sizeof(SznChunk *) * partition->max_chunks);
	}
	partition->chunks[partition->num_chunks++] = chunk;
	partition->memory += memory;
	partitions->memory += memory;
}

SznChunk *
szn_partition_add_chunk(SznPartitions *partitions, SznPartition *partition, Size size)
{
	SznExchange *exchange = partitions->exchange;
	SznChunk   *chunk;

	if (exchange)
	{
		dsa_pointer pointer = dsa_allocate_extended(exchange->area, SZN_CHUNK_HEADER + size,
													DSA_ALLOC_HUGE);

		chunk = (SznChunk *) dsa_get_address(exchange->area, pointer);
		if (partition->num_chunks > 0)
			partition->chunks[partition->num_chunks - 1]->next = pointer;
		else
			partition->first_chunk = pointer;
	}
	else
		chunk = (SznChunk *) MemoryContextAllocHuge(partitions->chunks_context,
													SZN_CHUNK_HEADER + size);
	chunk->next = InvalidDsaPointer;
	chunk->size = size;
	chunk->used = 0;
	szn_partitions_note_chunk(partitions, partition, chunk);
	szn_partitions_count_memory(partitions);
	return chunk;
}

void
szn_partition_free_chunks(SznPartitions *partitions, SznPartition *partition)
{
	SznExchange *exchange = partitions->exchange;
	dsa_pointer pointer = partition->first_chunk;

	for (int i = 0; i < partition->num_chunks; i++)
	{
		if (exchange)
		{
			dsa_pointer next = partition->chunks[i]->next;

			dsa_free(exchange->area, pointer);
			pointer = next;
		}
		else
			pfree(partition->chunks[i]);
	}
	partition->first_chunk = InvalidDsaPointer;
	partitions->memory -= partition->memory;
	partition->memory = 0;
	partition->num_chunks = 0;
}

void
szn_partitions_forget_sample(SznPartitions *partitions, SznPartition *partition)
{
	if (partition->sample == NULL)
		return;
	partitions->notes -= szn_record_actor_size(partitions->format, partition->sample);
	pfree(partition->sample);
	partition->sample = NULL;
}

/*
 * Note in its header how far the partition's last chunk is filled; or write
 * what is on its way to its tape.
 */
void
szn_partitions_close_chunk(SznPartitions *partitions, int number)
{
	SznPartition *partition = &partitions->partitions[number];
	SznTail    *tail = &partitions->tails[number];

	if (partition->to_write)
	{
		szn_partition_write_out(partitions, partition, tail->next - partition->to_write);
		pfree(partition->to_write);
		partition->to_write = NULL;
		partitions->num_writing--;
	}
	else if (tail->next)
	{
		SznChunk   *chunk = partition->chunks[partition->num_chunks - 1];

		chunk->used = tail->next - SZN_CHUNK_DATA(chunk);
	}
	tail->next = NULL;
	tail->end = NULL;
}

/* All records have been added. */
void
szn_partitions_close_chunks(SznPartitions *partitions)
{
	for (int i = 0; i < partitions->num_partitions; i++)
		szn_partitions_close_chunk(partitions, i);
}

/* Move the largest partition in memory to disk.  False if there is none. */
static bool
spill_largest(SznPartitions *partitions)
{
	SznPartition *largest = NULL;

	for (int i = 0; i < partitions->num_partitions; i++)
	{
		SznPartition *partition = &partitions->partitions[i];

		if (partition->memory > (largest ? largest->memory : 0))
			largest = partition;
	}
	if (largest == NULL)
		return false;
	if (partitions->exchange)
		partitions->exchange->on_disk[largest - partitions->partitions] = true;
	szn_partitions_spill(partitions, largest);
	return true;
}

/*
 * Begin a chunk for a record of this size.  False if the partition is, or has
 * just been, moved to disk.
 */
static bool
begin_chunk(SznPartitions *partitions, int number, Size size)
{
	SznPartition *partition = &partitions->partitions[number];
	SznTail    *tail = &partitions->tails[number];
	int			max_chunks = SZN_MAX_CHUNKS;
	SznChunk   *chunk;
	Size		chunk_size;

	if (partition->tape)
		return false;

	/* a partition is all in memory or all on disk, whoever has its records */
	if (partitions->exchange)
	{
		max_chunks /= partitions->exchange->shared->num_participants;
		if (partitions->exchange->on_disk[number])
		{
			szn_partitions_spill(partitions, partition);
			return false;
		}
	}

	szn_partitions_close_chunk(partitions, number);
	chunk_size = (Size) MIN_CHUNK << Min(partition->num_chunks, 10);
	chunk_size = Min(chunk_size, partitions->max_chunk) - SZN_CHUNK_HEADER;
	chunk_size = Max(chunk_size, size);

	/* a quarter is for what it takes to read a partition */
	while (szn_partitions_memory(partitions) + SZN_CHUNK_HEADER + chunk_size >
		   partitions->budget / 4 * 3 ||
		   partition->num_chunks >= max_chunks)
	{
		if (!spill_largest(partitions))
			break;
		if (partition->tape)
			return false;
	}
	chunk = szn_partition_add_chunk(partitions, partition, chunk_size);
	tail->next = SZN_CHUNK_DATA(chunk);
	tail->end = tail->next + chunk_size;
	return true;
}

/*
 * Begin anew with what is on its way to the tape of a partition on disk.
 * False if a record of this size had better be written by itself.
 */
static bool
begin_writing(SznPartitions *partitions, int number, Size size)
{
	SznPartition *partition = &partitions->partitions[number];
	SznTail    *tail = &partitions->tails[number];

	if (partition->to_write)
		szn_partition_write_out(partitions, partition, tail->next - partition->to_write);
	else
	{
		partition->to_write = (char *)
			MemoryContextAlloc(partitions->context, SZN_WRITE_SIZE);
		partitions->num_writing++;
	}
	tail->next = partition->to_write;
	tail->end = tail->next + SZN_WRITE_SIZE;
	return size <= SZN_WRITE_SIZE / 4;
}

/*
 * Add the record of a row, where its partition has no room for it: in a new
 * chunk or, if the partition is on disk, on its tape.
 */
void
szn_partitions_make_room(SznPartitions *partitions, uint32 hash,
						 SznEvent *event, const Datum *values, const bool *isnull)
{
	SznFormat  *format = partitions->format;
	Size		size = szn_record_size(format, event, values, isnull);
	int			number = szn_partition_of_hash(partitions, hash);
	SznTail    *tail = &partitions->tails[number];
	SznPartition *partition;

	if (begin_chunk(partitions, number, size) ||
		begin_writing(partitions, number, size))
	{
		SznRecord  *record = (SznRecord *) tail->next;

		tail->next += size;
		szn_record_fill(format, record, size, hash, event, values, isnull);
		return;
	}

	partition = &partitions->partitions[number];
	if (size > partitions->scratch_size)
	{
		if (partitions->scratch)
			pfree(partitions->scratch);
		partitions->scratch_size = Max(size, 1024);
		partitions->scratch = (SznRecord *)
			MemoryContextAllocHuge(partitions->context, partitions->scratch_size);
	}
	szn_record_fill(format, partitions->scratch, size, hash, event, values, isnull);
	szn_partition_note(partitions, partition, partitions->scratch, size);
	szn_partition_write(partitions, partition, partitions->scratch, size);
}

/* Add the record of a row. */
void
szn_partitions_add(SznPartitions *partitions, SznEvent *event,
				   const Datum *values, const bool *isnull)
{
	szn_partitions_put(partitions, szn_hash_actor(partitions->format, values, isnull),
					   event, values, isnull);
}


/*
 * Reading
 */

/*
 * Leave the partition at hand and go on to the next: those in memory first,
 * which makes room for the others.
 */
SznPartitionState
szn_partitions_next(SznPartitions *partitions)
{
	SznPartition *partition;
	int			next = -1;

	CHECK_FOR_INTERRUPTS();
	if (partitions->current >= 0)
	{
		partition = &partitions->partitions[partitions->current];
		szn_partition_close(partitions, partition);
		szn_partition_free_chunks(partitions, partition);
		MemoryContextReset(partitions->actors_context);
		partitions->actors = NULL;
		partitions->num_actors = 0;
		partitions->max_actors = 0;
		partitions->table = NULL;
	}
	szn_partitions_count_memory(partitions);
	while (partitions->num_partitions > (int) partitions->counters->partitions &&
		   partitions->partitions[partitions->num_partitions - 1].tape == NULL)
		partitions->num_partitions--;

	/* those that are shared cannot be chosen, and have come to an end by then */
	for (int i = partitions->exchange ? partitions->num_shared : 0;
		 i < partitions->num_partitions; i++)
	{
		partition = &partitions->partitions[i];
		if (partition->num_chunks > 0)
		{
			next = i;
			break;
		}
		/* parts before others, which then need not be divided at the same time */
		if (partition->tape &&
			(next < 0 || partition->depth > partitions->partitions[next].depth))
			next = i;
	}
	if (next < 0 && partitions->exchange)
		next = szn_exchange_next(partitions);
	partitions->current = next;
	if (next < 0)
		return SZN_PARTITION_NONE;

	partition = &partitions->partitions[next];
	if (szn_partition_on_disk(partition))
	{
		/* none is left in memory: give back what was kept for more of them */
		Assert(partitions->memory == 0);
		MemoryContextReset(partitions->chunks_context);

		if (!szn_partition_fits(partitions, partition))
		{
			int			num_parts = szn_partition_num_parts(partitions, partition);

			/* what several tapes have must be on one to be read at leisure */
			if (num_parts > 0 || partition->parts)
			{
				szn_partition_divide(partitions, next, num_parts);
				return szn_partitions_next(partitions);
			}
			if (szn_pieces_prepare(partitions, partition))
			{
				partitions->counters->actors++;
				szn_pieces_begin(partitions);
				return SZN_PARTITION_PIECES;
			}
			szn_reader_begin(&partitions->reader, partition->tape);
			if (partition->is_single && partition->is_ordered)
				return SZN_PARTITION_STREAM;
			partitions->counters->sorted_partitions++;
			return SZN_PARTITION_FILE;
		}
		if (partition->parts)
			szn_exchange_load(partitions, partition);
		else
			szn_partitions_load(partitions, partition, partition->tape);
		szn_partition_close(partitions, partition);
	}
	szn_gather_actors(partitions, partition);
	return SZN_PARTITION_ACTORS;
}
