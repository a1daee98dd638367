/*-------------------------------------------------------------------------
 *
 * pieces.c
 *	  A partition of one actor that is larger than memory, piece by piece.
 *
 * Events are nearly always recorded in about the order of their times.  So a
 * tape of one actor's records need not be sorted as a whole: while it is
 * written, the first and the last time in each piece of it are noted, and they
 * tell before the first record is read how far one must read on until none
 * earlier can come.
 *
 *		tape:	| 1 .. 8 | 7 .. 15 | 14 .. 20 | ...
 *				piece 1 is read: before 7, all is there; the rest waits for
 *				piece 2: before 14, all is there; ...
 *
 * What comes at a time is a chain in time order, as of an actor in memory; peers
 * are never parted.  If too many pieces would have to wait, others sort all of it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "engine/pieces.h"

#define MIN_PIECE			4096
#define FIRST_PIECES		8


/*
 * Writing
 */

static Size
memory_of_pieces(int max_pieces)
{
	return offsetof(SznPieces, pieces) + sizeof(SznPiece) * max_pieces;
}

/* What a piece should hold: small enough for several to wait, and for the cache. */
static Size
piece_size(SznPartitions *partitions)
{
	return Min(Max(partitions->budget / 32, MIN_PIECE), SZN_MAX_CHUNK_SIZE);
}

/* Room for more pieces.  False if knowing them would take too much of the memory. */
static bool
grow(SznPartitions *partitions, SznPartition *partition)
{
	SznPieces  *pieces = partition->pieces;
	int			max_pieces = pieces ? pieces->max_pieces * 2 : FIRST_PIECES;

	if (memory_of_pieces(max_pieces) > partitions->budget / 16)
		return false;
	if (pieces)
	{
		partitions->notes -= memory_of_pieces(pieces->max_pieces);
		pieces = (SznPieces *) repalloc(pieces, memory_of_pieces(max_pieces));
	}
	else
		pieces = (SznPieces *)
			MemoryContextAllocZero(partitions->context, memory_of_pieces(max_pieces));
	pieces->max_pieces = max_pieces;
	partitions->notes += memory_of_pieces(max_pieces);
	partition->pieces = pieces;
	return true;
}

/* One more record of the same actor goes to the partition's tape. */
void
szn_pieces_note(SznPartitions *partitions, SznPartition *partition, SznRecord *record,
				Size size)
{
	SznPieces  *pieces = partition->pieces;
	SznPiece   *piece;
	int64		time;

	if (pieces == NULL)
	{
		if (partition->num_records > 1 || !grow(partitions, partition))
			return;
		pieces = partition->pieces;
		pieces->is_of_use = true;
	}
	if (!pieces->is_of_use)
		return;
	if (!szn_record_has_time(record))
	{
		pieces->is_of_use = false;
		return;
	}

	time = szn_record_time(partitions->format, record);
	piece = &pieces->pieces[pieces->count - 1];
	if (likely(pieces->count > 0 && piece->size + size <= piece_size(partitions)))
	{
		piece->size += size;
		piece->min_time = Min(piece->min_time, time);
		piece->max_time = Max(piece->max_time, time);
	}
	else
	{
		if (pieces->count == pieces->max_pieces)
		{
			if (!grow(partitions, partition))
			{
				pieces->is_of_use = false;
				return;
			}
			pieces = partition->pieces;
		}
		piece = &pieces->pieces[pieces->count++];
		piece->size = size;
		piece->min_time = time;
		piece->max_time = time;
	}
	pieces->max_size = Max(pieces->max_size, piece->size);
}

/* There is more than one actor, or nothing to read any more. */
void
szn_pieces_forget(SznPartitions *partitions, SznPartition *partition)
{
	SznPieces  *pieces = partition->pieces;

	if (pieces == NULL)
		return;
	partitions->notes -= memory_of_pieces(pieces->max_pieces) +
		sizeof(int64) * pieces->max_slots;
	if (pieces->slots)
		pfree(pieces->slots);
	pfree(pieces);
	partition->pieces = NULL;
}


/*
 * Reading
 */

/* Until which time all records are there once so many pieces have been read. */
static int64
bound_after(const SznPieces *pieces, int count)
{
	return count < pieces->count ? pieces->pieces[count].min_time : PG_INT64_MAX;
}

/*
 * A place for the next piece: a chunk all of whose records have been put out,
 * or one more.
 */
static int
find_slot(const SznPieces *pieces, int num_slots)
{
	for (int i = 0; i < num_slots; i++)
	{
		if (pieces->slots[i] < pieces->bound)
			return i;
	}
	return num_slots;
}

static void
note_disorder(SznPartitions *partitions, SznPieces *pieces)
{
	if (!pieces->out_of_order)
		partitions->counters->unordered_actors++;
	pieces->out_of_order = true;
}

/*
 * Can a partition on disk be read by pieces, with the memory there is?  Nothing
 * is read yet: it is tried out how many have to wait at a time.
 */
bool
szn_pieces_prepare(SznPartitions *partitions, SznPartition *partition)
{
	SznPieces  *pieces = partition->pieces;
	Size		memory = szn_partitions_memory(partitions) + SZN_TAPE_MEMORY;
	Size		budget = partitions->budget / 4 * 3;	/* some is for sorting */
	int			num_slots = 0;
	bool		out_of_order = false;

	if (!partition->is_single || pieces == NULL || !pieces->is_of_use || memory >= budget)
		return false;

	pieces->max_slots = (int)
		Min((budget - memory) / (SZN_CHUNK_HEADER + pieces->max_size + sizeof(int64)),
			SZN_MAX_CHUNKS);
	if (pieces->max_slots == 0)
		return false;
	pieces->slots = (int64 *)
		MemoryContextAlloc(partitions->context, sizeof(int64) * pieces->max_slots);
	partitions->notes += sizeof(int64) * pieces->max_slots;

	for (int i = pieces->count - 2; i >= 0; i--)
		pieces->pieces[i].min_time = Min(pieces->pieces[i].min_time,
										 pieces->pieces[i + 1].min_time);
	pieces->last_time = PG_INT64_MIN;
	for (int i = 0; i < pieces->count; i++)
	{
		int			slot = find_slot(pieces, num_slots);

		CHECK_FOR_INTERRUPTS();
		if (slot == num_slots)
		{
			if (num_slots == pieces->max_slots)
				return false;
			num_slots++;
		}
		pieces->slots[slot] = pieces->pieces[i].max_time;
		pieces->last_time = Max(pieces->last_time, pieces->pieces[i].max_time);
		pieces->bound = bound_after(pieces, i + 1);
		out_of_order |= pieces->bound < pieces->last_time;
	}
	if (out_of_order)
		note_disorder(partitions, pieces);
	return true;
}

/* Read the pieces of the partition at hand from the beginning. */
void
szn_pieces_begin(SznPartitions *partitions)
{
	SznPartition *partition = &partitions->partitions[partitions->current];
	SznPieces  *pieces = partition->pieces;

	/* places are then taken as they were when this was tried out */
	szn_partition_free_chunks(partitions, partition);
	pieces->next = 0;
	pieces->last_time = PG_INT64_MIN;
	pieces->rest = 0;
	pieces->position = 0;
}

/* Read the next piece; its records as a chain in time order. */
static SznLink
read_piece(SznPartitions *partitions, SznPartition *partition)
{
	SznPieces  *pieces = partition->pieces;
	const SznPiece *piece = &pieces->pieces[pieces->next++];
	int			slot = find_slot(pieces, partition->num_chunks);
	SznChunk   *chunk;
	SznActor	actor;

	Assert(slot < pieces->max_slots);
	if (slot == partition->num_chunks)
		(void) szn_partition_add_chunk(partitions, partition, pieces->max_size);
	chunk = partition->chunks[slot];
	szn_tape_read_all(partition->tape, pieces->position, SZN_CHUNK_DATA(chunk), piece->size);
	pieces->position += piece->size;
	chunk->used = piece->size;
	pieces->slots[slot] = piece->max_time;
	pieces->last_time = Max(pieces->last_time, piece->max_time);

	memset(&actor, 0, sizeof(actor));
	szn_chain_chunk(partitions, partition, slot, &actor);
	if (actor.is_unordered)
	{
		szn_order_actor(partitions, partition, &actor);
		note_disorder(partitions, pieces);
	}
	return actor.first;
}

/*
 * Cut a chain at the first record that is not before the bound: returns the
 * chain of those before it, and the others are left for later.
 */
static SznLink
cut_chain(SznPartitions *partitions, SznPartition *partition, SznLink first)
{
	SznPieces  *pieces = partition->pieces;
	SznRecord  *last = NULL;
	SznLink		link = first;

	if (pieces->next == pieces->count || pieces->last_time < pieces->bound)
	{
		pieces->rest = 0;
		return first;
	}
	while (link != 0)
	{
		SznRecord  *record = szn_record_at(partition, link);

		if (szn_record_time(partitions->format, record) >= pieces->bound)
			break;
		last = record;
		link = record->link;
	}
	pieces->rest = link;
	if (last == NULL)
		return 0;
	last->link = 0;
	return first;
}

/*
 * The next records of the partition at hand, as a chain in time order; 0 at its
 * end.  Those that came before may be gone.
 */
SznLink
szn_pieces_next(SznPartitions *partitions)
{
	SznPartition *partition = &partitions->partitions[partitions->current];
	SznPieces  *pieces = partition->pieces;
	SznLink		chain = 0;

	while (chain == 0 && pieces->next < pieces->count)
	{
		CHECK_FOR_INTERRUPTS();
		chain = read_piece(partitions, partition);
		if (pieces->rest != 0)
			chain = szn_merge_chains(partitions->format, partition, pieces->rest, chain);
		pieces->bound = bound_after(pieces, pieces->next);
		chain = cut_chain(partitions, partition, chain);
	}
	return chain;
}
