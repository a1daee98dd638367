/*-------------------------------------------------------------------------
 *
 * partitions.h
 *	  Records gathered by actor, in memory or in temporary files.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SZN_PARTITIONS_H
#define SZN_PARTITIONS_H

#include "engine/records.h"
#include "engine/shared.h"

/*
 * Where a record of a partition in memory is: the number of its chunk, from
 * 1, and its place in there in units.  0 is none.
 */
typedef uint32 SznLink;

#define SZN_LINK(chunk, offset) \
	(((SznLink) (chunk) + 1) << 16 | (SznLink) ((offset) / SZN_RECORD_UNIT))
#define SZN_MAX_CHUNKS		65535
#define SZN_MAX_CHUNK_SIZE	(65536 * SZN_RECORD_UNIT)

/*
 * An actor of the partition at hand: its records as chains, first those with
 * a time, in time order, then those without.
 */
typedef struct SznActor
{
	SznRecord  *last;			/* of the first chain, while they are gathered, ... */
	int64		last_time;		/* ... and when it was */
	Datum		image;			/* who it is, if that is one number; 0 if NULL */
	bool		is_null;
	SznLink		first;
	SznLink		first_untimed;
	SznLink		last_untimed;
	uint32		hash;
	bool		is_unordered;	/* to be sorted before it is read */
	uint16		num_descents;	/* where time goes back, up to a maximum */
} SznActor;

typedef struct SznChunk
{
	dsa_pointer next;			/* of the partition's, in shared memory */
	Size		size;
	Size		used;
} SznChunk;

#define SZN_CHUNK_HEADER	MAXALIGN(sizeof(SznChunk))
#define SZN_CHUNK_DATA(chunk)	((char *) (chunk) + SZN_CHUNK_HEADER)

/* Where the next record goes: small, since all of these are in use at once. */
typedef struct SznTail
{
	char	   *next;			/* NULL: not to memory */
	char	   *end;
} SznTail;

/* One participant's share of a partition on disk. */
typedef struct SznPart
{
	SznTape    *tape;
	uint64		num_records;

	/* reading */
	SznReader	reader;
	uint64		left;
	SznRecord  *ahead;			/* the next one; NULL at the end */
} SznPart;

typedef struct SznPartition
{
	SznChunk  **chunks;
	dsa_pointer first_chunk;	/* in shared memory: the list of them */
	int			num_chunks;
	int			max_chunks;
	Size		memory;			/* of the chunks, as allocated */
	SznTape    *tape;			/* once it had to go to disk */
	char	   *to_write;		/* where its tail is then; NULL: nowhere */
	SznPart    *parts;			/* or the tapes of all participants */
	int			num_parts;
	SznPart    *last_part;		/* whose record has been read last */

	/* what is on the tape */
	uint64		num_records;
	uint64		num_bytes;
	SznRecord  *sample;			/* its first record, up to the actor, ... */
	bool		is_single;		/* ... if all records are of that one */
	bool		is_ordered;		/* by time, those without one at the end */
	bool		has_untimed;
	int64		last_time;
	uint32		candidate;		/* hash of the actor with most records, if ... */
	int64		votes;			/* ... one actor has more than half */
	int			depth;			/* how often it has been divided */
	struct SznPieces *pieces;	/* if all records are one actor's: see pieces.c */
} SznPartition;

/* Records on their way to a tape are written so many bytes at a time. */
#define SZN_WRITE_SIZE		1024

typedef struct SznPartitions
{
	SznFormat  *format;
	MemoryContext context;
	MemoryContext chunks_context;
	MemoryContext actors_context;
	MemoryContext comparison_context;
	SznPartition *partitions;
	SznTail    *tails;
	int			num_partitions;
	int			max_partitions;
	SznTapeSet *tapes;			/* where partitions get theirs now; or NULL */
	Size		tape_memory;	/* what all tapes take */
	int			num_writing;	/* partitions that have something on its way there */
	Size		notes;			/* memory of what is known of them */
	Size		budget;
	Size		memory;			/* in use by chunks */
	Size		max_chunk;		/* with its header */
	SznRecord  *scratch;		/* a record on its way to a tape */
	Size		scratch_size;
	SznReader	reader;
	SznCounters *counters;
	SznExchange *exchange;		/* NULL: all rows are ours */
	int			num_shared;		/* partitions; more of them are ours alone */

	/* the partition at hand */
	int			current;		/* -1 before the first */
	SznActor   *actors;
	uint32		num_actors;
	uint32		max_actors;
	uint32	   *table;			/* number of actor by hash, from 1 */
	uint32		table_mask;
} SznPartitions;

/* How the next partition is to be read. */
typedef enum SznPartitionState
{
	SZN_PARTITION_NONE,			/* there are no more */
	SZN_PARTITION_ACTORS,		/* it is in memory, by actor */
	SZN_PARTITION_PIECES,		/* it is too large, but one actor's: see pieces.c */
	SZN_PARTITION_STREAM,		/* likewise, and in order */
	SZN_PARTITION_FILE			/* it is too large, and to be sorted */
} SznPartitionState;

extern SznPartitions *szn_partitions_create(SznFormat *format, double rows,
											double width, Size budget,
											SznCounters *counters,
											SznExchange *exchange);
extern void szn_partitions_add(SznPartitions *partitions, SznEvent *event,
							   const Datum *values, const bool *isnull);
extern void szn_partitions_make_room(SznPartitions *partitions, uint32 hash,
									 SznEvent *event, const Datum *values,
									 const bool *isnull);
extern SznPartitionState szn_partitions_next(SznPartitions *partitions);
extern void szn_partitions_end(SznPartitions *partitions);
extern int	szn_choose_num_partitions(double rows, double width, Size budget);
extern void szn_partitions_note_chunk(SznPartitions *partitions,
									  SznPartition *partition, SznChunk *chunk);
extern void szn_partitions_forget_sample(SznPartitions *partitions,
										 SznPartition *partition);
extern void szn_partitions_close_chunk(SznPartitions *partitions, int number);
extern void szn_partitions_close_chunks(SznPartitions *partitions);
extern void szn_partitions_count_memory(SznPartitions *partitions);

extern Size szn_partitions_memory(SznPartitions *partitions);

extern SznChunk *szn_partition_add_chunk(SznPartitions *partitions,
										 SznPartition *partition, Size size);
extern void szn_partition_free_chunks(SznPartitions *partitions,
									  SznPartition *partition);

/* partition_tapes.c */
extern void szn_partition_note(SznPartitions *partitions, SznPartition *partition,
							   SznRecord *record, Size size);
extern void szn_partition_write(SznPartitions *partitions, SznPartition *partition,
								void *data, Size size);
extern void szn_partition_write_out(SznPartitions *partitions,
									SznPartition *partition, Size size);
extern void szn_partitions_finish_tapes(SznPartitions *partitions);
extern void szn_partition_close(SznPartitions *partitions, SznPartition *partition);
extern void szn_partitions_spill(SznPartitions *partitions, SznPartition *partition);
extern SznRecord *szn_partition_read(SznPartitions *partitions);
extern SznTape *szn_partition_tape(SznPartitions *partitions);
extern void szn_partitions_load(SznPartitions *partitions, SznPartition *partition,
								SznTape *tape);
extern bool szn_partition_fits(SznPartitions *partitions, SznPartition *partition);
extern int	szn_partition_num_parts(SznPartitions *partitions,
									SznPartition *partition);
extern void szn_partition_divide(SznPartitions *partitions, int number, int num_parts);

/* actors.c */
extern Size szn_memory_of_actors(SznPartitions *partitions);
extern void szn_gather_actors(SznPartitions *partitions, SznPartition *partition);
extern SznActor *szn_partition_actor(SznPartitions *partitions, uint32 number);
extern void szn_chain_chunk(SznPartitions *partitions, SznPartition *partition,
							int number, SznActor *actor);
extern void szn_order_actor(SznPartitions *partitions, SznPartition *partition,
							SznActor *actor);
extern SznLink szn_merge_chains(const SznFormat *format, const SznPartition *partition,
								SznLink a, SznLink b);

/* exchange.c */
extern void szn_exchange_partitions(SznPartitions *partitions, bool gathered);
extern int	szn_exchange_next(SznPartitions *partitions);
extern void szn_exchange_load(SznPartitions *partitions, SznPartition *partition);
extern void szn_exchange_begin_reading(SznPartitions *partitions,
									   SznPartition *partition);
extern SznRecord *szn_exchange_read(SznPartitions *partitions,
									SznPartition *partition);
extern void szn_exchange_close(SznPartitions *partitions, SznPartition *partition);

/* Is the partition on disk? */
static inline bool
szn_partition_on_disk(const SznPartition *partition)
{
	return partition->tape != NULL || partition->parts != NULL;
}

/* The record at a place in the partition at hand. */
static inline SznRecord *
szn_record_at(const SznPartition *partition, SznLink link)
{
	return (SznRecord *) (SZN_CHUNK_DATA(partition->chunks[(link >> 16) - 1]) +
						  (link & 0xffff) * SZN_RECORD_UNIT);
}

#endif							/* SZN_PARTITIONS_H */
