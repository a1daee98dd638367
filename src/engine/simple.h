/*-------------------------------------------------------------------------
 *
 * simple.h
 *	  Simple expressions over the columns of a row, evaluated without core.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SZN_SIMPLE_H
#define SZN_SIMPLE_H

#include "nodes/execnodes.h"

#include "compat.h"

typedef enum SznSimpleKind
{
	SZN_SIMPLE_COLUMN,
	SZN_SIMPLE_INVARIANT,		/* the same for all rows */
	SZN_SIMPLE_IS_NULL,
	SZN_SIMPLE_IS_NOT_NULL,
	SZN_SIMPLE_COMPARE,			/* whole numbers, times */
	SZN_SIMPLE_EQUAL_TEXT,
	SZN_SIMPLE_AND,
	SZN_SIMPLE_OR,
	SZN_SIMPLE_NOT,
	SZN_SIMPLE_CASE				/* WHEN first THEN second ELSE third END */
} SznSimpleKind;

typedef enum SznComparison
{
	SZN_EQ,
	SZN_NE,
	SZN_LT,
	SZN_LE,
	SZN_GT,
	SZN_GE
} SznComparison;

typedef struct SznSimple
{
	SznSimpleKind kind;
	SznComparison comparison;
	int			place;			/* of a column */
	int16		typlen;
	bool		typbyval;
	int			num_args;
	struct SznSimple **args;

	/* an invariant */
	ExprState  *state;			/* NULL: a constant */
	ExprContext *econtext;
	MemoryContext context;
	bool		is_known;
	Datum		value;
	bool		isnull;
	const char *bytes;			/* of a text */
	Size		num_bytes;

	/* a comparison of texts */
	Oid			collation;
	const char *image;			/* how a tuple holds this constant, if short */
	Size		image_size;
	uint64		image_start;	/* its first bytes after the length, if it has so many */
} SznSimple;

/* Where a row has an attribute of the table; called once for each mention. */
typedef int (*SznPlaceOfAttribute) (void *argument, AttrNumber attribute);

extern SznSimple *szn_simple_create(Node *expr, PlanState *parent,
									SznPlaceOfAttribute place_of, void *argument);
extern void szn_simple_forget(SznSimple *simple);
extern Datum szn_simple_eval(SznSimple *simple, const Datum *values,
							 const bool *nulls, bool *isnull);

/* Does a tuple's short text have the bytes of the constant that a text is compared with? */
static inline bool
szn_has_image(const SznSimple *simple, const char *text)
{
	uint64		start;

	if (*text != *simple->image)
		return false;
	if (simple->image_size <= sizeof(start))
		return memcmp(text, simple->image, simple->image_size) == 0;
	memcpy(&start, text + VARHDRSZ_SHORT, sizeof(start));
	return start == simple->image_start &&
		(simple->image_size == VARHDRSZ_SHORT + sizeof(start) ||
		 memcmp(text, simple->image, simple->image_size) == 0);
}

/* The same, with what is most frequent inlined. */
static inline Datum
szn_simple_value(SznSimple *simple, const Datum *values, const bool *nulls, bool *isnull)
{
	if (simple->image)
	{
		int			place = simple->args[0]->place;
		const char *text = DatumGetPointer(values[place]);

		if (likely(!nulls[place] && VARATT_IS_SHORT(text) && !VARATT_IS_EXTERNAL(text)))
		{
			*isnull = false;
			return BoolGetDatum(szn_has_image(simple, text) ==
								(simple->comparison == SZN_EQ));
		}
	}
	return szn_simple_eval(simple, values, nulls, isnull);
}

/* The same of so many rows, into a column of theirs; "width" is from row to row. */
static inline void
szn_simple_values(SznSimple *simple, Datum *values, bool *nulls, int width, int count,
				  int column)
{
	if (simple->image)
	{
		int			place = simple->args[0]->place;
		bool		when = simple->comparison == SZN_EQ;

		for (int i = 0; i < count; i++, values += width, nulls += width)
		{
			const char *text = DatumGetPointer(values[place]);

			if (likely(!nulls[place] && VARATT_IS_1B(text) && !VARATT_IS_1B_E(text)))
			{
				values[column] = BoolGetDatum(szn_has_image(simple, text) == when);
				nulls[column] = false;
			}
			else
				values[column] = szn_simple_eval(simple, values, nulls, &nulls[column]);
		}
		return;
	}
	for (int i = 0; i < count; i++, values += width, nulls += width)
		values[column] = szn_simple_value(simple, values, nulls, &nulls[column]);
}

#endif							/* SZN_SIMPLE_H */
