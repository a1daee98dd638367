/*-------------------------------------------------------------------------
 *
 * pieces.h
 *	  A partition of one actor that is larger than memory, piece by piece.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SZN_PIECES_H
#define SZN_PIECES_H

#include "engine/partitions.h"

/* What is known of a piece of the file, which is whole records. */
typedef struct SznPiece
{
	Size		size;
	int64		min_time;		/* while it is read: of this piece and those after it */
	int64		max_time;
} SznPiece;

/* The pieces of a partition's tape, while all its records are one actor's. */
typedef struct SznPieces
{
	int			count;
	int			max_pieces;
	Size		max_size;		/* of the largest */
	bool		is_of_use;		/* so far */
	bool		out_of_order;	/* records have to be sorted or merged */

	/* reading */
	int			next;			/* piece */
	int64		position;		/* where it is on the tape */
	int64		bound;			/* records before it have been put out */
	int64		last_time;		/* so far */
	SznLink		rest;			/* chain of records that have to wait */
	int64	   *slots;			/* what is in each chunk ends then */
	int			max_slots;
	SznPiece	pieces[FLEXIBLE_ARRAY_MEMBER];
} SznPieces;

extern void szn_pieces_note(SznPartitions *partitions, SznPartition *partition,
							SznRecord *record, Size size);
extern void szn_pieces_forget(SznPartitions *partitions, SznPartition *partition);
extern bool szn_pieces_prepare(SznPartitions *partitions, SznPartition *partition);
extern void szn_pieces_begin(SznPartitions *partitions);
extern SznLink szn_pieces_next(SznPartitions *partitions);

#endif							/* SZN_PIECES_H */
