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
 *				file of the partition --> chunks again --> actors
 *				 | larger than memory: the largest actor apart
 *				 v
 *				read by the caller, who sorts it unless it is in order
 *
 * Chunks, files' buffers and the actors of the partition at hand all count
 * against the budget.  Knows nothing of executor nodes or sessions.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/memutils.h"

#include "compat.h"
#include "engine/partitions.h"
#include "engine/partition_write.h"

/* What a partition should hold: with its actors, about half a second-level cache. */
#define PARTITION_TARGET	(384 * 1024)
#define MIN_PARTITIONS		4
#define MAX_PARTITIONS		1024
#define MIN_CHUNK			1024
#define MAX_CHUNK			(32 * 1024)

/* What a temporary file needs in memory: a block, and how to find the file. */
#define FILE_MEMORY			(BLCKSZ + 512)

/*
 * What it takes to put one record among its actor's, at worst: an actor of
 * its own, and its part of the hash table.
 */
#define ACTOR_MEMORY		(sizeof(SznActor) + 2 * sizeof(uint32))

typedef struct SznSortItem
{
	int64		time;
	SznLink		link;
} SznSortItem;

#define ST_SORT sort_by_time
#define ST_ELEMENT_TYPE SznSortItem
#define ST_COMPARE(a, b) ((a)->time < (b)->time ? -1 : (a)->time > (b)->time)
#define ST_CHECK_FOR_INTERRUPTS
#define ST_SCOPE static
#define ST_DEFINE
#include "lib/sort_template.h"


/*
 * How many partitions to make for so many rows of this width: as many as let
 * each fit into the cache, and all be on disk while one of them is read.
 */
int
szn_choose_num_partitions(double rows, double width, Size budget)
{
	double		wanted = ceil(rows * width / PARTITION_TARGET);
	double		affordable = budget / 4 / FILE_MEMORY;

	/* the planner's guess may be far too low, and partitions cost little */
	wanted = Max(wanted, 32);
	return (int) Max(Min(Min(wanted, affordable), MAX_PARTITIONS), MIN_PARTITIONS);
}

/*
 * No records yet, in the current context.  "rows" and "width" are guesses;
 * "counters" are kept up to date.
 */
SznPartitions *
szn_partitions_create(SznFormat *format, double rows, double width, Size budget,
					  SznCounters *counters)
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
	partitions->budget = budget;
	partitions->num_partitions = szn_choose_num_partitions(rows, width, budget);
	partitions->partitions = (SznPartition *)
		palloc0(sizeof(SznPartition) * partitions->num_partitions);
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

/* Close the files.  Memory is the context's. */
void
szn_partitions_end(SznPartitions *partitions)
{
	for (int i = 0; i < partitions->num_partitions; i++)
	{
		if (partitions->partitions[i].file)
			BufFileClose(partitions->partitions[i].file);
		partitions->partitions[i].file = NULL;
	}
}


/*
 * Memory
 */

static void
count_memory(SznPartitions *partitions)
{
	Size		memory = partitions->memory +
		(Size) partitions->num_files * FILE_MEMORY +
		(Size) partitions->max_actors * sizeof(SznActor) +
		(partitions->table ? (Size) (partitions->table_mask + 1) * sizeof(uint32) : 0);

	partitions->counters->peak_memory = Max(partitions->counters->peak_memory, memory);
}

static SznChunk *
add_chunk(SznPartitions *partitions, SznPartition *partition, Size size)
{
	SznChunk   *chunk;

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
	chunk = (SznChunk *) MemoryContextAllocHuge(partitions->chunks_context,
												SZN_CHUNK_HEADER + size);
	chunk->size = size;
	chunk->used = 0;
	partition->chunks[partition->num_chunks++] = chunk;
	partition->memory += SZN_CHUNK_HEADER + size;
	partitions->memory += SZN_CHUNK_HEADER + size;
	count_memory(partitions);
	return chunk;
}

static void
free_chunks(SznPartitions *partitions, SznPartition *partition)
{
	for (int i = 0; i < partition->num_chunks; i++)
		pfree(partition->chunks[i]);
	partitions->memory -= partition->memory;
	partition->memory = 0;
	partition->num_chunks = 0;
}

/* Keep what is known of a partition's file up to date with one more record. */
static void
note_record(SznPartitions *partitions, SznPartition *partition,
			SznRecord *record, Size size)
{
	uint32		hash = record->link;

	partition->num_records++;
	partition->num_bytes += size;

	/* Boyer and Moore's vote */
	if (partition->votes == 0)
		partition->candidate = hash;
	partition->votes += hash == partition->candidate ? 1 : -1;

	if (partition->sample == NULL)
	{
		partition->sample = (SznRecord *)
			MemoryContextAllocHuge(partitions->context, size);
		memcpy(partition->sample, record, size);
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
	}

	if ((record->flags & SZN_HAS_TIME) == 0)
		partition->has_untimed = true;
	else
	{
		if (partition->has_untimed ||
			(partition->num_records > 1 && record->time < partition->last_time))
			partition->is_ordered = false;
		partition->last_time = record->time;
	}
}

static void
write_file(SznPartitions *partitions, SznPartition *partition,
		   void *data, Size size)
{
	if (partition->file == NULL)
	{
		MemoryContext caller_context = MemoryContextSwitchTo(partitions->context);

		partition->file = BufFileCreateTemp(false);
		partitions->num_files++;
		MemoryContextSwitchTo(caller_context);
	}
	BufFileWrite(partition->file, data, size);
	partitions->counters->disk_bytes += size;
}

static void
close_file(SznPartitions *partitions, SznPartition *partition)
{
	if (partition->file == NULL)
		return;
	BufFileClose(partition->file);
	partition->file = NULL;
	partitions->num_files--;
}

/* Note in its header how far the partition's last chunk is filled. */
static void
close_chunk(SznPartitions *partitions, int number)
{
	SznPartition *partition = &partitions->partitions[number];
	SznTail    *tail = &partitions->tails[number];

	if (tail->next)
	{
		SznChunk   *chunk = partition->chunks[partition->num_chunks - 1];

		chunk->used = tail->next - SZN_CHUNK_DATA(chunk);
	}
	tail->next = NULL;
	tail->end = NULL;
}

/* Move the largest partition in memory to disk.  False if there is none. */
static bool
spill_largest(SznPartitions *partitions)
{
	SznFormat  *format = partitions->format;
	SznPartition *largest = NULL;

	for (int i = 0; i < partitions->num_partitions; i++)
	{
		SznPartition *partition = &partitions->partitions[i];

		if (partition->memory > (largest ? largest->memory : 0))
			largest = partition;
	}
	if (largest == NULL)
		return false;

	CHECK_FOR_INTERRUPTS();
	close_chunk(partitions, largest - partitions->partitions);
	for (int i = 0; i < largest->num_chunks; i++)
	{
		SznChunk   *chunk = largest->chunks[i];
		Size		offset = 0;

		while (offset < chunk->used)
		{
			SznRecord  *record = (SznRecord *) (SZN_CHUNK_DATA(chunk) + offset);
			Size		size = szn_record_length(format, record);

			note_record(partitions, largest, record, size);
			offset += size;
		}
		write_file(partitions, largest, SZN_CHUNK_DATA(chunk), chunk->used);
	}
	free_chunks(partitions, largest);
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
	SznChunk   *chunk;
	Size		chunk_size;

	if (partition->file)
		return false;

	close_chunk(partitions, number);
	chunk_size = (Size) MIN_CHUNK << Min(partition->num_chunks, 10);
	chunk_size = Min(chunk_size, partitions->max_chunk) - SZN_CHUNK_HEADER;
	chunk_size = Max(chunk_size, size);

	/* a quarter is for what it takes to read a partition */
	while (partitions->memory + SZN_CHUNK_HEADER + chunk_size +
		   (Size) partitions->num_files * FILE_MEMORY > partitions->budget / 4 * 3 ||
		   partition->num_chunks == SZN_MAX_CHUNKS)
	{
		if (!spill_largest(partitions))
			break;
		if (partition->file)
			return false;
	}
	chunk = add_chunk(partitions, partition, chunk_size);
	tail->next = SZN_CHUNK_DATA(chunk);
	tail->end = tail->next + chunk_size;
	return true;
}

/*
 * Add the record of a row, where its partition has no room for it: in a new
 * chunk or, if the partition is on disk, in its file.
 */
void
szn_partitions_make_room(SznPartitions *partitions, uint32 hash,
						 const SznEvent *event,
						 const Datum *values, const bool *isnull)
{
	SznFormat  *format = partitions->format;
	Size		size = szn_record_size(format, values, isnull);
	int			number = szn_partition_of_hash(partitions, hash);
	SznPartition *partition;

	if (begin_chunk(partitions, number, size))
	{
		SznTail    *tail = &partitions->tails[number];
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
	note_record(partitions, partition, partitions->scratch, size);
	write_file(partitions, partition, partitions->scratch, size);
}

/* Add the record of a row. */
void
szn_partitions_add(SznPartitions *partitions, const SznEvent *event,
				   const Datum *values, const bool *isnull)
{
	szn_partitions_put(partitions, szn_hash_actor(partitions->format, values, isnull),
					   event, values, isnull);
}


/*
 * Reading
 */

static void
rewind_file(SznPartition *partition)
{
	if (BufFileSeek(partition->file, 0, 0L, SEEK_SET) != 0)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not rewind temporary file of a session scan")));
}

/*
 * The next record of the partition's file, in memory that the next call
 * takes again; NULL at its end.
 */
SznRecord *
szn_partition_read(SznPartitions *partitions)
{
	SznPartition *partition = &partitions->partitions[partitions->current];

	if (partition->num_records == 0)
		return NULL;
	partition->num_records--;
	return szn_record_from_file(partitions->format, partition->file,
								partitions->context,
								&partitions->scratch, &partitions->scratch_size);
}

/*
 * The whole file into chunks.  A record that the end of a chunk cuts in two
 * is moved to the next one.
 */
static void
load_partition(SznPartitions *partitions, SznPartition *partition)
{
	SznFormat  *format = partitions->format;
	uint64		left = partition->num_bytes;
	char	   *rest = NULL;
	Size		rest_size = 0;
	Size		header_size = SZN_RECORD_HEADER(format);

	rewind_file(partition);
	while (left > 0 || rest_size > 0)
	{
		Size		size = Min(partitions->max_chunk - SZN_CHUNK_HEADER, rest_size + left);
		SznChunk   *chunk;
		char	   *data;
		Size		filled;
		Size		whole = 0;

		/* a chunk holds at least one whole record */
		if (rest_size >= header_size)
			size = Max(size, szn_record_length(format, (SznRecord *) rest));

		CHECK_FOR_INTERRUPTS();
		chunk = add_chunk(partitions, partition, size);
		data = SZN_CHUNK_DATA(chunk);
		memcpy(data, rest, rest_size);
		filled = Min(size, rest_size + left);
		szn_file_read(partition->file, data + rest_size, filled - rest_size);
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

			larger = add_chunk(partitions, partition, length);
			memcpy(SZN_CHUNK_DATA(larger), data, filled);
			szn_file_read(partition->file, SZN_CHUNK_DATA(larger) + filled, length - filled);
			left -= length - filled;
			larger->used = length;
			rest_size = 0;
		}
	}
	close_file(partitions, partition);
}

/* Make the hash table twice as large, or the first one. */
static void
grow_table(SznPartitions *partitions)
{
	uint32		size = partitions->table ? (partitions->table_mask + 1) * 2 : 512;

	if (partitions->table)
		pfree(partitions->table);
	partitions->table = (uint32 *)
		MemoryContextAllocExtended(partitions->actors_context, size * sizeof(uint32),
								   MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	partitions->table_mask = size - 1;
	for (uint32 i = 0; i < partitions->num_actors; i++)
	{
		uint32		slot = partitions->actors[i].hash & partitions->table_mask;

		while (partitions->table[slot] != 0)
			slot = (slot + 1) & partitions->table_mask;
		partitions->table[slot] = i + 1;
	}
	count_memory(partitions);
}

static SznActor *
add_actor(SznPartitions *partitions, uint32 hash)
{
	SznActor   *actor;

	if (partitions->num_actors == partitions->max_actors)
	{
		partitions->max_actors = Max(partitions->max_actors * 2, 256);
		if (partitions->actors)
			partitions->actors = (SznActor *)
				repalloc_huge(partitions->actors,
							  sizeof(SznActor) * (Size) partitions->max_actors);
		else
			partitions->actors = (SznActor *)
				MemoryContextAllocHuge(partitions->actors_context,
									   sizeof(SznActor) * (Size) partitions->max_actors);
		count_memory(partitions);
	}
	actor = &partitions->actors[partitions->num_actors++];
	memset(actor, 0, sizeof(SznActor));
	actor->hash = hash;
	return actor;
}

/* The actor of a record, found by what it has been recorded with. */
static inline SznActor *
find_actor(SznPartitions *partitions, SznPartition *partition, SznRecord *record)
{
	uint32		hash = record->link;
	uint32		slot = hash & partitions->table_mask;
	uint32		number;

	while ((number = partitions->table[slot]) != 0)
	{
		SznActor   *actor = &partitions->actors[number - 1];

		if (actor->hash == hash &&
			szn_same_actor(partitions->format,
						   szn_record_at(partition, actor->first ? actor->first :
										 actor->first_untimed),
						   record))
			return actor;
		slot = (slot + 1) & partitions->table_mask;
	}

	if (partitions->num_actors > partitions->table_mask / 2)
	{
		grow_table(partitions);
		slot = hash & partitions->table_mask;
		while (partitions->table[slot] != 0)
			slot = (slot + 1) & partitions->table_mask;
	}
	partitions->table[slot] = partitions->num_actors + 1;
	return add_actor(partitions, hash);
}

/* Chain the records of the partition at hand by actor, as they came. */
static void
gather_actors(SznPartitions *partitions, SznPartition *partition)
{
	SznFormat  *format = partitions->format;
	MemoryContext caller_context =
		MemoryContextSwitchTo(partitions->comparison_context);

	MemoryContextReset(partitions->actors_context);
	partitions->actors = NULL;
	partitions->num_actors = 0;
	partitions->max_actors = 0;
	partitions->table = NULL;
	grow_table(partitions);

	for (int i = 0; i < partition->num_chunks; i++)
	{
		SznChunk   *chunk = partition->chunks[i];
		char	   *data = SZN_CHUNK_DATA(chunk);
		Size		offset = 0;

		CHECK_FOR_INTERRUPTS();
		MemoryContextReset(partitions->comparison_context);
		while (offset < chunk->used)
		{
			SznRecord  *record = (SznRecord *) (data + offset);
			SznLink		link = SZN_LINK(i, offset);
			SznActor   *actor = find_actor(partitions, partition, record);

			record->link = 0;
			if (unlikely((record->flags & SZN_HAS_TIME) == 0))
			{
				if (actor->last_untimed)
					szn_record_at(partition, actor->last_untimed)->link = link;
				else
					actor->first_untimed = link;
				actor->last_untimed = link;
			}
			else
			{
				if (actor->last)
				{
					szn_record_at(partition, actor->last)->link = link;
					if (record->time < actor->last_time)
						actor->is_unordered = true;
				}
				else
					actor->first = link;
				actor->last = link;
				actor->last_time = record->time;
			}
			offset += szn_record_length(format, record);
		}
	}
	MemoryContextSwitchTo(caller_context);
}

/* Chain the timed records of an actor in time order. */
static void
sort_actor(SznPartitions *partitions, SznPartition *partition, SznActor *actor)
{
	SznSortItem *items;
	Size		count = 0;
	SznLink		link;

	for (link = actor->first; link != 0; link = szn_record_at(partition, link)->link)
		count++;
	items = (SznSortItem *)
		MemoryContextAllocHuge(partitions->actors_context, sizeof(SznSortItem) * count);
	count = 0;
	for (link = actor->first; link != 0; link = szn_record_at(partition, link)->link)
	{
		items[count].time = szn_record_at(partition, link)->time;
		items[count].link = link;
		count++;
	}
	sort_by_time(items, count);

	actor->first = items[0].link;
	actor->last = items[count - 1].link;
	actor->last_time = items[count - 1].time;
	for (Size i = 0; i < count; i++)
		szn_record_at(partition, items[i].link)->link =
			i + 1 < count ? items[i + 1].link : 0;
	actor->is_unordered = false;
	partitions->counters->peak_memory =
		Max(partitions->counters->peak_memory,
			partitions->memory + sizeof(SznSortItem) * count);
	pfree(items);
}

/*
 * The next actor's chains, in time order.  "number" counts from 0 within the
 * partition at hand; NULL if there is no such actor.
 */
SznActor *
szn_partition_actor(SznPartitions *partitions, uint32 number)
{
	SznActor   *actor;

	if (number >= partitions->num_actors)
		return NULL;
	actor = &partitions->actors[number];
	partitions->counters->actors++;
	if (actor->is_unordered)
	{
		partitions->counters->unordered_actors++;
		sort_actor(partitions, &partitions->partitions[partitions->current], actor);
	}
	return actor;
}

/* Would this partition fit into memory beside what is there? */
static bool
fits(SznPartitions *partitions, SznPartition *partition)
{
	double		needed = partition->num_bytes +
		(double) partition->num_records * ACTOR_MEMORY +
		partitions->memory + (double) partitions->num_files * FILE_MEMORY;

	return needed <= partitions->budget &&
		partition->num_bytes / (partitions->max_chunk / 2) < SZN_MAX_CHUNKS;
}

/*
 * Take one actor, which may have most of the records, out of a partition that
 * is too large, into a partition of its own.
 */
static void
split_partition(SznPartitions *partitions, int number)
{
	SznPartition *partitions_before = partitions->partitions;
	int			count = partitions->num_partitions;
	SznPartition *whole;
	SznPartition *parts;
	SznRecord  *record;

	partitions->partitions = (SznPartition *)
		MemoryContextAllocZero(partitions->context, sizeof(SznPartition) * (count + 2));
	memcpy(partitions->partitions, partitions_before, sizeof(SznPartition) * count);
	pfree(partitions_before);
	partitions->num_partitions = count + 2;

	whole = &partitions->partitions[number];
	parts = &partitions->partitions[count];
	parts[0].was_split = true;
	parts[1].was_split = true;
	rewind_file(whole);
	partitions->current = number;
	while ((record = szn_partition_read(partitions)) != NULL)
	{
		SznPartition *part = &parts[record->link == whole->candidate];
		Size		size = szn_record_length(partitions->format, record);

		CHECK_FOR_INTERRUPTS();
		note_record(partitions, part, record, size);
		write_file(partitions, part, record, size);
	}
	partitions->current = -1;
	close_file(partitions, whole);
}

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
		close_file(partitions, partition);
		free_chunks(partitions, partition);
	}

	for (int i = 0; i < partitions->num_partitions; i++)
	{
		partition = &partitions->partitions[i];
		if ((partition->num_chunks > 0 || partition->file) && (next < 0 || partition->file == NULL))
		{
			next = i;
			if (partition->file == NULL)
				break;
		}
	}
	partitions->current = next;
	if (next < 0)
		return SZN_PARTITION_NONE;

	partition = &partitions->partitions[next];
	if (partition->file)
	{
		/* none is left in memory: give back what was kept for more of them */
		Assert(partitions->memory == 0);
		MemoryContextReset(partitions->chunks_context);

		if (!fits(partitions, partition))
		{
			if (partition->is_single && partition->is_ordered)
			{
				rewind_file(partition);
				return SZN_PARTITION_STREAM;
			}
			if (!partition->is_single && !partition->was_split)
			{
				split_partition(partitions, next);
				return szn_partitions_next(partitions);
			}
			rewind_file(partition);
			partitions->counters->sorted_partitions++;
			return SZN_PARTITION_FILE;
		}
		load_partition(partitions, partition);
	}
	else
		close_chunk(partitions, next);
	gather_actors(partitions, partition);
	return SZN_PARTITION_ACTORS;
}
