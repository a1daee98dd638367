/*-------------------------------------------------------------------------
 *
 * actors.c
 *	  The records of a partition, chained by actor in time order.
 *
 * They are chained as they have come, which is nearly always in time order.
 * An actor whose time goes back a few times, such as one whose rows several
 * processes have read, has as many chains in order, and these are merged; any
 * other is sorted, in pieces for which there is memory.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "engine/partitions.h"
#include "engine/shared.h"

/* So many records can be sorted whatever the budget. */
#define MIN_SORT_ITEMS		1024

/*
 * Up to so many times an actor's time may go back for its records to be merged
 * rather than sorted.
 */
#define MAX_MERGED			15

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


/* What the actors of the partition at hand take. */
Size
szn_memory_of_actors(SznPartitions *partitions)
{
	return (Size) partitions->max_actors * sizeof(SznActor) +
		(partitions->table ? (Size) (partitions->table_mask + 1) * sizeof(uint32) : 0);
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
	szn_partitions_count_memory(partitions);
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
		szn_partitions_count_memory(partitions);
	}
	actor = &partitions->actors[partitions->num_actors++];
	memset(actor, 0, sizeof(SznActor));
	actor->hash = hash;
	return actor;
}

/* Is this the actor of the record, which has the same hash? */
static inline bool
is_actor(SznPartitions *partitions, SznPartition *partition, SznActor *actor,
		 SznRecord *record)
{
	return szn_same_actor_by_parts(partitions->format,
								   szn_record_at(partition, actor->first ? actor->first :
												 actor->first_untimed),
								   record);
}

/*
 * The actor of a record, found by what it has been recorded with.  If an actor
 * is one number, that is "image", and no other record has to be looked at.
 */
static pg_attribute_always_inline SznActor *
find_actor(SznPartitions *partitions, SznPartition *partition, SznRecord *record,
		   bool by_image, Datum image, bool is_null)
{
	uint32		hash = record->link;
	uint32		slot = hash & partitions->table_mask;
	uint32		number;
	SznActor   *actor;

	while ((number = partitions->table[slot]) != 0)
	{
		actor = &partitions->actors[number - 1];
		if (actor->hash == hash &&
			(by_image ? actor->image == image && actor->is_null == is_null :
			 is_actor(partitions, partition, actor, record)))
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
	actor = add_actor(partitions, hash);
	actor->image = image;
	actor->is_null = is_null;
	return actor;
}

/* Append a record to the chains of its actor. */
static inline void
chain_record(const SznFormat *format, SznPartition *partition, SznActor *actor,
			 SznRecord *record, SznLink link)
{
	int64		time;

	record->link = 0;
	if (unlikely(!szn_record_has_time(record)))
	{
		if (actor->last_untimed)
			szn_record_at(partition, actor->last_untimed)->link = link;
		else
			actor->first_untimed = link;
		actor->last_untimed = link;
		return;
	}

	time = szn_record_time(format, record);
	if (actor->last)
	{
		actor->last->link = link;
		if (time < actor->last_time)
		{
			actor->is_unordered = true;
			if (actor->num_descents <= MAX_MERGED)
				actor->num_descents++;
		}
	}
	else
		actor->first = link;
	actor->last = record;
	actor->last_time = time;
}

/* Chain the records of the partition at hand by actor, as they came. */
void
szn_gather_actors(SznPartitions *partitions, SznPartition *partition)
{
	SznFormat  *format = partitions->format;
	const SznColumn *key = &format->columns[0];
	bool		by_image = format->num_keys == 1 && format->keys[0].is_image;
	MemoryContext caller_context =
		MemoryContextSwitchTo(partitions->comparison_context);

	grow_table(partitions);

	for (int i = 0; i < partition->num_chunks; i++)
	{
		SznChunk   *chunk = partition->chunks[i];
		char	   *data = SZN_CHUNK_DATA(chunk);
		Size		used = chunk->used;
		Size		offset = 0;

		CHECK_FOR_INTERRUPTS();
		while (offset < used)
		{
			SznRecord  *record = (SznRecord *) (data + offset);
			SznActor   *actor;

			if (by_image)
			{
				bool		is_null = (szn_record_bits(record) & SZN_NULL_BIT(0)) != 0;
				Datum		image = is_null ? 0 : szn_record_fixed(key, record);

				actor = find_actor(partitions, partition, record, true, image, is_null);
			}
			else
			{
				actor = find_actor(partitions, partition, record, false, 0, false);
				MemoryContextReset(partitions->comparison_context);
			}
			chain_record(format, partition, actor, record, SZN_LINK(i, offset));
			offset += szn_record_length(format, record);
		}
	}
	MemoryContextSwitchTo(caller_context);
}

/* Chain the records of a chunk, which are of one actor. */
void
szn_chain_chunk(SznPartitions *partitions, SznPartition *partition, int number,
				SznActor *actor)
{
	SznFormat  *format = partitions->format;
	SznChunk   *chunk = partition->chunks[number];
	Size		offset = 0;

	while (offset < chunk->used)
	{
		SznRecord  *record = (SznRecord *) (SZN_CHUNK_DATA(chunk) + offset);

		chain_record(format, partition, actor, record, SZN_LINK(number, offset));
		offset += szn_record_length(format, record);
	}
}

/* Chain records as these items are. */
static SznLink
chain_items(const SznPartition *partition, const SznSortItem *items, Size count)
{
	for (Size i = 0; i < count; i++)
		szn_record_at(partition, items[i].link)->link =
			i + 1 < count ? items[i + 1].link : 0;
	return items[0].link;
}

/* Two chains in time order into one; of peers, the first one's come first. */
SznLink
szn_merge_chains(const SznFormat *format, const SznPartition *partition, SznLink a, SznLink b)
{
	SznRecord  *record_a = szn_record_at(partition, a);
	SznRecord  *record_b = szn_record_at(partition, b);
	int64		time_a = szn_record_time(format, record_a);
	int64		time_b = szn_record_time(format, record_b);
	bool		swap = time_b < time_a;
	SznLink		first = swap ? b : a;

	for (;;)
	{
		SznRecord  *last;

		CHECK_FOR_INTERRUPTS();
		if (swap)
		{
			SznLink		link = a;
			SznRecord  *record = record_a;
			int64		time = time_a;

			a = b;
			record_a = record_b;
			time_a = time_b;
			b = link;
			record_b = record;
			time_b = time;
		}

		/* links are written only where the chain changes over */
		do
		{
			last = record_a;
			a = last->link;
			if (a == 0)
			{
				last->link = b;
				return first;
			}
			record_a = szn_record_at(partition, a);
			time_a = szn_record_time(format, record_a);
		} while (time_a <= time_b);
		last->link = b;
		swap = true;
	}
}

/*
 * Chain the timed records of an actor in time order, where they are a few
 * chains that are: as when each participant has read its share of a table
 * that is in time order.
 */
static void
merge_actor(const SznFormat *format, const SznPartition *partition, SznActor *actor)
{
	SznLink		chains[MAX_MERGED + 1];
	int			num_chains = 0;
	SznRecord  *record = szn_record_at(partition, actor->first);
	int64		time = szn_record_time(format, record);

	chains[num_chains++] = actor->first;
	while (record->link != 0)
	{
		SznRecord  *next = szn_record_at(partition, record->link);
		int64		next_time = szn_record_time(format, next);

		if (next_time < time)
		{
			chains[num_chains++] = record->link;
			record->link = 0;
		}
		record = next;
		time = next_time;
	}
	Assert(num_chains == actor->num_descents + 1);

	while (num_chains > 1)
	{
		int			num_merged = 0;

		for (int i = 0; i < num_chains; i += 2)
			chains[num_merged++] = i + 1 == num_chains ? chains[i] :
				szn_merge_chains(format, partition, chains[i], chains[i + 1]);
		num_chains = num_merged;
	}
	actor->first = chains[0];
	actor->last = NULL;
	actor->is_unordered = false;
}

/*
 * Chain the timed records of an actor in time order.  As many as there is
 * memory for are sorted at a time; what comes of that is merged, two chains of
 * about the same length at a time.
 */
static void
sort_actor(SznPartitions *partitions, SznPartition *partition, SznActor *actor)
{
	const SznFormat *format = partitions->format;
	Size		memory = szn_partitions_memory(partitions) + szn_memory_of_actors(partitions);
	Size		room = partitions->budget > memory ? partitions->budget - memory : 0;
	Size		max_items = Max(room / sizeof(SznSortItem), MIN_SORT_ITEMS);
	SznSortItem *items;
	SznLink		chains[32] = {0};	/* each of twice as many pieces as the last */
	SznLink		next = actor->first;
	SznLink		all = 0;
	Size		count = 0;

	for (SznLink link = next; link != 0 && count < max_items;
		 link = szn_record_at(partition, link)->link)
	{
		CHECK_FOR_INTERRUPTS();
		count++;
	}
	max_items = count;
	items = (SznSortItem *)
		MemoryContextAllocHuge(partitions->actors_context, sizeof(SznSortItem) * max_items);
	partitions->counters->partition_memory = memory + sizeof(SznSortItem) * max_items;
	szn_count_peak(partitions->counters);

	while (next != 0)
	{
		SznLink		chain;
		int			i = 0;

		for (count = 0; next != 0 && count < max_items; count++)
		{
			SznRecord  *record = szn_record_at(partition, next);

			CHECK_FOR_INTERRUPTS();
			items[count].time = szn_record_time(format, record);
			items[count].link = next;
			next = record->link;
		}
		sort_by_time(items, count);
		chain = chain_items(partition, items, count);
		for (; chains[i] != 0; i++)
		{
			chain = szn_merge_chains(format, partition, chains[i], chain);
			chains[i] = 0;
		}
		chains[i] = chain;
	}
	for (int i = 0; i < (int) lengthof(chains); i++)
	{
		if (chains[i] != 0)
			all = all != 0 ? szn_merge_chains(format, partition, chains[i], all) : chains[i];
	}

	/* nobody asks for its last record any more */
	actor->first = all;
	actor->last = NULL;
	actor->is_unordered = false;
	pfree(items);
	szn_partitions_count_memory(partitions);
}

/* Chain the timed records of an actor in time order, which they are not in yet. */
void
szn_order_actor(SznPartitions *partitions, SznPartition *partition, SznActor *actor)
{
	if (actor->num_descents <= MAX_MERGED)
		merge_actor(partitions->format, partition, actor);
	else
		sort_actor(partitions, partition, actor);
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
		/* as many chains as there are participants come of their sharing the rows */
		if (partitions->exchange &&
			actor->num_descents < partitions->exchange->shared->num_participants)
			partitions->counters->merged_actors++;
		else
			partitions->counters->unordered_actors++;
		szn_order_actor(partitions, &partitions->partitions[partitions->current], actor);
	}
	return actor;
}
