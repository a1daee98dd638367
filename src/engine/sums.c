/*-------------------------------------------------------------------------
 *
 * sums.c
 *	  Values of type numeric made from 128-bit integers: see sums.h.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/numeric.h"

#include "engine/sums.h"

#ifdef HAVE_INT128

typedef unsigned __int128 SznWide;

/* 2^128 has 39 decimal digits */
#define MAX_DIGITS	10

/*
 * The numeric value / 10000^num_fraction_digits, shown with "scale" digits
 * after the point, as core would store it.
 */
Datum
szn_make_numeric(int128 value, int num_fraction_digits, int scale)
{
	SznWide		left = value < 0 ? -(SznWide) value : (SznWide) value;
	int16		digits[MAX_DIGITS];
	int			first = MAX_DIGITS;
	int			last = MAX_DIGITS;
	int			weight = -num_fraction_digits - 1;
	uint16		header;
	struct varlena *result;
	Size		size;

	Assert(scale >= 0 && scale <= 63);

	/* wide divisions take long */
	while (left > PG_UINT64_MAX)
	{
		digits[--first] = (int16) (left % SZN_DIGIT_BASE);
		left /= SZN_DIGIT_BASE;
		weight++;
	}
	for (uint64 rest = (uint64) left; rest > 0; rest /= SZN_DIGIT_BASE)
	{
		digits[--first] = (int16) (rest % SZN_DIGIT_BASE);
		weight++;
	}
	while (last > first && digits[last - 1] == 0)
		last--;
	if (first == last)
		weight = 0;

	header = 0x8000 | (uint16) (scale << 7) | (uint16) (weight & 0x7f);
	if (value < 0)
		header |= 0x2000;
	size = VARHDRSZ + sizeof(header) + (last - first) * sizeof(int16);
	result = (struct varlena *) palloc(size);
	SET_VARSIZE(result, size);
	memcpy(VARDATA(result), &header, sizeof(header));
	memcpy(VARDATA(result) + sizeof(header), &digits[first], (last - first) * sizeof(int16));

#ifdef USE_ASSERT_CHECKING
	/* core takes it for the same number, written in the same way */
	{
		char	   *text = DatumGetCString(DirectFunctionCall1(numeric_out,
															   PointerGetDatum(result)));
		Datum		again = DirectFunctionCall3(numeric_in, CStringGetDatum(text),
												ObjectIdGetDatum(InvalidOid),
												Int32GetDatum(-1));

		Assert(VARSIZE(DatumGetPointer(again)) == size);
		Assert(memcmp(DatumGetPointer(again), result, size) == 0);
	}
#endif
	return PointerGetDatum(result);
}

#endif							/* HAVE_INT128 */
