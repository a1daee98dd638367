/*-------------------------------------------------------------------------
 *
 * heap_rows.c
 *	  Tuples of a heap's page made into rows of Session Scan's input.
 *
 * Many at a time, column by column where that is possible: what is the same
 * for all of them is then decided once.  Conditions are met row by row, in the
 * order of the rows, as core would evaluate them; rows that do not meet them
 * leave no gap.
 *
 *		attributes --> conditions --> columns that are computed
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "executor/executor.h"
#include "executor/instrument.h"
#include "storage/bufmgr.h"
#include "utils/rel.h"

#include "compat.h"
#include "engine/heap_rows.h"

/* its macros use those of varatt.h, which compat.h includes where it exists */
#include "access/tupmacs.h"


/*
 * Attributes
 */

/* Those of one tuple, whatever it has. */
static void
walk_attributes(SznHeapMember *member, HeapTupleHeader tuple, Datum *values, bool *nulls)
{
	const SznHeapAttribute *attributes = member->attributes;
	char	   *data = (char *) tuple + tuple->t_hoff;
	bool		has_null = (tuple->t_infomask & HEAP_HASNULL) != 0;
	int			natts = Min(HeapTupleHeaderGetNatts(tuple), member->num_attributes);
	uint32		offset = 0;
	int			i;

	for (i = 0; i < natts; i++)
	{
		const SznHeapAttribute *attribute = &attributes[i];

		if (has_null && att_isnull(i, tuple->t_bits))
		{
			if (attribute->column >= 0)
			{
				values[attribute->column] = (Datum) 0;
				nulls[attribute->column] = true;
			}
			continue;
		}

		offset = att_align_pointer(offset, attribute->attalign, attribute->attlen, data + offset);
		if (attribute->column >= 0)
		{
			values[attribute->column] =
				fetch_att(data + offset, attribute->byval, attribute->attlen);
			nulls[attribute->column] = false;
		}
		offset = att_addlength_pointer(offset, attribute->attlen, data + offset);
	}

	/* the tuple is older than these */
	for (; i < member->num_attributes; i++)
	{
		if (attributes[i].column >= 0)
			values[attributes[i].column] =
				getmissingattr(RelationGetDescr(member->scan->rs_base.rs_rd), i + 1,
							   &nulls[attributes[i].column]);
	}
}

/* Does a tuple have all attributes, and no NULL among those that have an offset? */
static inline bool
has_fixed(SznHeapMember *member, HeapTupleHeader tuple)
{
	return HeapTupleHeaderGetNatts(tuple) >= member->num_attributes &&
		((tuple->t_infomask & HEAP_HASNULL) == 0 ||
		 (tuple->t_bits[0] & member->fixed_mask) == member->fixed_mask);
}

/* One attribute, which has an offset, of so many tuples. */
#define FETCH_ATTRIBUTE(value) \
	for (int i = 0; i < count; i++) \
	{ \
		const char *place = data[i] + offset; \
 \
		values[i * width] = (value); \
		nulls[i * width] = false; \
	}

static void
fetch_attribute(const SznHeapAttribute *attribute, char **data, int count,
				Datum *values, bool *nulls, int width)
{
	int			offset = attribute->offset;

	if (!attribute->byval)
		FETCH_ATTRIBUTE(PointerGetDatum(place))
	else if (attribute->attlen == 8)
		FETCH_ATTRIBUTE((Datum) *(const int64 *) place)
	else if (attribute->attlen == 4)
		FETCH_ATTRIBUTE(Int32GetDatum(*(const int32 *) place))
	else
		FETCH_ATTRIBUTE(fetch_att(place, true, attribute->attlen))
}

/*
 * One attribute of so many tuples, which begins, or is to be aligned, at "places";
 * these move on to the next.  "nulls_of" are the tuples' null flags, if any.
 */
static pg_attribute_always_inline void
pass_attribute(const SznHeapAttribute *attribute, int number, char **places,
			   bits8 **nulls_of, int count, bool is_needed, bool is_varlena,
			   Datum *values, bool *nulls, int width)
{
	for (int i = 0; i < count; i++)
	{
		char	   *place = places[i];
		bool		isnull = nulls_of[i] != NULL && att_isnull(number, nulls_of[i]);
		Datum		value = (Datum) 0;

		if (!isnull)
		{
			/* the usual text: its header is a byte, and it is not aligned */
			if (is_varlena && likely(VARATT_IS_1B(place) && !VARATT_IS_1B_E(place)))
			{
				value = PointerGetDatum(place);
				places[i] = place + VARSIZE_1B(place);
			}
			else
			{
				place = (char *) att_align_pointer((uintptr_t) place, attribute->attalign,
												   attribute->attlen, place);
				value = is_needed ?
					fetch_att(place, attribute->byval, attribute->attlen) : (Datum) 0;
				places[i] = (char *) att_addlength_pointer((uintptr_t) place,
														   attribute->attlen, place);
			}
		}
		if (is_needed)
		{
			values[i * width] = value;
			nulls[i * width] = isnull;
		}
	}
}

/* The attributes that have no offset of so many tuples that have all of them. */
static void
pass_attributes(SznHeapMember *member, SznHeapTuple *tuples, char **data, int count,
				Datum *values, bool *nulls, int width)
{
	bits8	   *nulls_of[SZN_HEAP_ROWS];

	for (int i = 0; i < count; i++)
	{
		HeapTupleHeader tuple = tuples[i].header;

		nulls_of[i] = (tuple->t_infomask & HEAP_HASNULL) != 0 ? tuple->t_bits : NULL;
		data[i] += member->walk_offset;
	}
	for (int number = member->num_fixed; number < member->num_attributes; number++)
	{
		const SznHeapAttribute *attribute = &member->attributes[number];
		int			column = Max(attribute->column, 0);

		/* what is the same for all of them is decided here */
		if (attribute->column >= 0 && attribute->attlen == -1)
			pass_attribute(attribute, number, data, nulls_of, count, true, true,
						   values + column, nulls + column, width);
		else if (attribute->column >= 0)
			pass_attribute(attribute, number, data, nulls_of, count, true, false,
						   values + column, nulls + column, width);
		else
			pass_attribute(attribute, number, data, nulls_of, count, false,
						   attribute->attlen == -1, values, nulls, width);
	}
}

/*
 * The attributes that are needed of some tuples, each in a row of its own.  Do
 * all tuples have those with an offset?
 */
static bool
read_attributes(SznHeapMember *member, SznHeapTuple *tuples, int count,
				Datum *values, bool *nulls, int width)
{
	char	   *data[SZN_HEAP_ROWS];
	bool		all_fixed = true;

	for (int begin = 0; begin < count;)
	{
		int			end = begin;

		/* as many as have them all where they are expected */
		for (; end < count && has_fixed(member, tuples[end].header); end++)
			data[end - begin] = (char *) tuples[end].header + tuples[end].header->t_hoff;
		for (int i = 0; i < member->num_fixed; i++)
		{
			const SznHeapAttribute *attribute = &member->attributes[i];

			if (attribute->column >= 0)
				fetch_attribute(attribute, data, end - begin,
								values + begin * width + attribute->column,
								nulls + begin * width + attribute->column, width);
		}
		if (member->num_attributes > member->num_fixed)
			pass_attributes(member, tuples + begin, data, end - begin,
							values + begin * width, nulls + begin * width, width);
		if (end < count)
		{
			walk_attributes(member, tuples[end].header,
							values + end * width, nulls + end * width);
			all_fixed = false;
			end++;
		}
		begin = end;
	}
	return all_fixed;
}


/*
 * Conditions, and columns that are computed
 */

static inline bool
meets_all(SznSimple **conditions, int num_conditions, const Datum *values, const bool *nulls)
{
	for (int i = 0; i < num_conditions; i++)
	{
		bool		isnull;
		Datum		value = szn_simple_value(conditions[i], values, nulls, &isnull);

		if (isnull || !DatumGetBool(value))
			return false;
	}
	return true;
}

/* Does a row meet the scan's conditions, all of them simple? */
static inline bool
meets_conditions(SznHeapMember *member, HeapTupleHeader tuple,
				 const Datum *values, const bool *nulls)
{
	int			num_not_null = has_fixed(member, tuple) ?
		member->num_not_null_others : member->num_not_null;

	for (int i = 0; i < num_not_null; i++)
	{
		if (nulls[member->not_null[i]])
			return false;
	}
	return meets_all(member->conditions, member->num_conditions, values, nulls);
}

/* Hand a tuple to core. */
static ExprContext *
store_tuple(SznHeapMember *member, OffsetNumber offset)
{
	HeapTuple	tuple = &member->scan->rs_ctup;
	ItemId		item = PageGetItemId(BufferGetPage(member->scan->rs_cbuf), offset);
	ScanState  *node = (ScanState *) member->node;
	ExprContext *econtext = node->ps.ps_ExprContext;

	tuple->t_data = (HeapTupleHeader)
		PageGetItem(BufferGetPage(member->scan->rs_cbuf), item);
	tuple->t_len = ItemIdGetLength(item);
	ItemPointerSet(&tuple->t_self, member->scan->rs_cblock, offset);

	ResetExprContext(econtext);
	ExecStoreBufferHeapTuple(tuple, node->ss_ScanTupleSlot, member->scan->rs_cbuf);
	econtext->ecxt_scantuple = node->ss_ScanTupleSlot;
	return econtext;
}

/* Is a row of a bitmap's page one of those that the index was asked for? */
static inline bool
meets_recheck(SznHeapMember *member, OffsetNumber offset, const Datum *values,
			  const bool *nulls)
{
	if (member->recheck_by_core)
		return ExecQual(((BitmapHeapScanState *) member->node)->bitmapqualorig,
						store_tuple(member, offset));
	return meets_all(member->rechecks, member->num_rechecks, values, nulls);
}

/* Drop the tuples that do not meet the conditions.  Returns how many are left. */
static int
drop_others(SznHeapMember *member, SznHeapTuple *tuples, int count,
			Datum *values, bool *nulls, int width)
{
	int			num_met = 0;

	for (int i = 0; i < count; i++)
	{
		Datum	   *row_values = values + num_met * width;
		bool	   *row_nulls = nulls + num_met * width;
		SznHeapTuple tuple = tuples[i];

		if (num_met < i)
		{
			for (int j = 0; j < member->num_attribute_columns; j++)
			{
				int			column = member->attribute_columns[j];

				row_values[column] = values[i * width + column];
				row_nulls[column] = nulls[i * width + column];
			}
			tuples[num_met] = tuple;
		}
		if (member->recheck && !meets_recheck(member, tuple.offset, row_values, row_nulls))
			InstrCountFiltered2(member->node, 1);
		else if (!meets_conditions(member, tuple.header, row_values, row_nulls) ||
			(member->by_core &&
			 !ExecQual(member->node->qual, store_tuple(member, tuple.offset))))
			InstrCountFiltered1(member->node, 1);
		else
			num_met++;
	}
	return num_met;
}

/*
 * Make rows of these tuples of the page at hand, one after the other at
 * "values" and "nulls", "width" being the distance between two.  Returns how
 * many rows there are.
 */
int
szn_heap_rows_read(SznHeapMember *member, SznHeapTuple *tuples, int count,
				   Datum *values, bool *nulls, int width)
{
	bool		all_fixed = false;

	if (member->num_attributes > 0)
		all_fixed = read_attributes(member, tuples, count, values, nulls, width);
	if (member->num_conditions > 0 || member->by_core || member->recheck ||
		(all_fixed ? member->num_not_null_others : member->num_not_null) > 0)
		count = drop_others(member, tuples, count, values, nulls, width);

	for (int i = 0; i < member->num_simple; i++)
	{
		SznHeapExpr *expr = &member->simple[i];

		szn_simple_values(expr->simple, values, nulls, width, count, expr->column);
	}

	/* last, since their values are in memory that the others may reset */
	for (int i = 0; i < count && member->num_exprs > 0; i++)
	{
		ExprContext *econtext = store_tuple(member, tuples[i].offset);

		for (int j = 0; j < member->num_exprs; j++)
		{
			SznHeapExpr *expr = &member->exprs[j];

			values[i * width + expr->column] =
				ExecEvalExprSwitchContext(expr->state, econtext,
										  &nulls[i * width + expr->column]);
		}
	}
	return count;
}
