/*-------------------------------------------------------------------------
 *
 * heap.h
 *	  Pages of a heap, read by Session Scan itself.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SZN_HEAP_H
#define SZN_HEAP_H

#include "nodes/execnodes.h"

/*
 * What has been read of the input and not yet been taken: "count" rows, from
 * "next" on, each with values for all columns of the input.
 */
typedef struct SznHeapReader
{
	PlanState  *input;
	ResultState *result;		/* its nodes; NULL where there is none */
	AppendState *append;
	int			num_members;
	struct SznHeapMember *members;
	int			num_direct;		/* members that are read here */
	bool		begun;
	Bitmapset  *chosen;			/* the members that may have rows, of an Append's */
	int			member;			/* at hand */

	int			num_columns;	/* of the input */
	int			width;			/* of a row: more, if conditions need them */
	int			capacity;		/* in rows */
	int			count;
	int			next;
	Datum	   *values;
	bool	   *nulls;
	Bitmapset  *computed;		/* columns that some member computes */
} SznHeapReader;

/* Rows read at once, at most. */
#define SZN_HEAP_ROWS	64

extern bool szn_enable_direct_heap_scan;

extern SznHeapReader *szn_heap_reader_create(PlanState *input);
extern void szn_heap_reader_rewind(SznHeapReader *reader);
extern bool szn_heap_reader_fill(SznHeapReader *reader);

/* The next row of the input; false at its end. */
static inline bool
szn_heap_reader_next(SznHeapReader *reader, Datum **values, bool **nulls)
{
	if (reader->next == reader->count && !szn_heap_reader_fill(reader))
		return false;
	*values = reader->values + reader->next * reader->width;
	*nulls = reader->nulls + reader->next * reader->width;
	reader->next++;
	return true;
}

#endif							/* SZN_HEAP_H */
