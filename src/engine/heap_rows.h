/*-------------------------------------------------------------------------
 *
 * heap_rows.h
 *	  What heap.c and heap_rows.c tell each other: a scan that is read by pages.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SZN_HEAP_ROWS_H
#define SZN_HEAP_ROWS_H

#include "access/heapam.h"
#include "access/htup_details.h"

#include "engine/heap.h"
#include "engine/simple.h"

/* An attribute of the table, up to the last one that is needed. */
typedef struct SznHeapAttribute
{
	int16		attlen;
	bool		byval;
	char		attalign;
	int			offset;			/* of the first ones, where none is NULL */
	int			column;			/* of the reader's rows; -1: not needed */
} SznHeapAttribute;

/* A column of the input that is not an attribute. */
typedef struct SznHeapExpr
{
	int			column;
	SznSimple  *simple;
	ExprState  *state;			/* core's, unless it is simple */
	Datum		value;			/* of a constant */
	bool		isnull;
} SznHeapExpr;

typedef struct SznHeapMember
{
	PlanState  *node;
	bool		is_direct;		/* it is read here */
	bool		is_bitmap;		/* a BitmapHeapScanState, else a SeqScanState */
	HeapScanDesc scan;
	bool		on_page;		/* core has found a page */
	int			first;			/* of the page's visible tuples, the one it has read */
	int			next;			/* of them */
	bool		recheck;		/* the bitmap does not tell tuples of this page */

	int			num_attributes;
	SznHeapAttribute *attributes;
	int			num_attribute_columns;	/* what rows have of them */
	int		   *attribute_columns;
	int			num_fixed;		/* attributes with an offset */
	uint8		fixed_mask;		/* their null flags */
	int			walk_offset;	/* where the first one without may begin */

	int			num_constants;
	SznHeapExpr *constants;
	int			num_simple;
	SznHeapExpr *simple;
	int			num_exprs;
	SznHeapExpr *exprs;
	bool		has_pointers;	/* a value of core's is somewhere else */
	int			num_conditions;
	SznSimple **conditions;
	int			num_not_null;
	int			num_not_null_others;	/* of them, attributes without an offset */
	int		   *not_null;		/* columns that must not be NULL, those first */
	bool		by_core;		/* not all conditions are simple */
	int			num_rechecks;	/* the bitmap's conditions */
	SznSimple **rechecks;
	bool		recheck_by_core;	/* not all of them are simple */
	int			width;			/* of a row */
} SznHeapMember;

/* A visible tuple of the page at hand. */
typedef struct SznHeapTuple
{
	HeapTupleHeader header;
	OffsetNumber offset;
} SznHeapTuple;

extern int	szn_heap_rows_read(SznHeapMember *member, SznHeapTuple *tuples, int count,
							   Datum *values, bool *nulls, int width);

#endif							/* SZN_HEAP_ROWS_H */
