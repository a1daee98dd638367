/*-------------------------------------------------------------------------
 *
 * sums.h
 *	  Exact sums of numeric values in 128-bit integers.
 *
 * The usual value of type numeric, an amount of money say, has a few digits.
 * Its bytes, as they are stored since PostgreSQL 9.1, are read here:
 *
 *		uint16		1 0 sign(1) scale(6) weight(7, signed)
 *		int16[]		digits to the base 10000, the first worth 10000^weight
 *
 * Whatever is longer, compressed, infinite or not a number is left to core's
 * functions.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SZN_SUMS_H
#define SZN_SUMS_H

#include "compat.h"

#ifdef HAVE_INT128

#define SZN_DIGIT_BASE		10000
#define SZN_SUM_DIGITS		2	/* of these digits after the point */
#define SZN_MAX_WEIGHT		3

/*
 * Add a value to a sum that counts in units of 10000^-SZN_SUM_DIGITS, and its
 * scale to the sum's.  False, and nothing done, if it is not of the usual kind.
 */
static inline bool
szn_add_numeric(int128 *sum, int *scale, Datum value)
{
	const char *bytes = DatumGetPointer(value);
	const char *data;
	int			size;
	uint16		header;
	int			num_digits;
	int			weight;
	int64		units = 0;

	if (VARATT_IS_1B(bytes))
	{
		if (VARATT_IS_1B_E(bytes))
			return false;
		size = VARSIZE_1B(bytes) - VARHDRSZ_SHORT;
		data = VARDATA_1B(bytes);
	}
	else if (VARATT_IS_4B_U(bytes))
	{
		size = VARSIZE_4B(bytes) - VARHDRSZ;
		data = VARDATA_4B(bytes);
	}
	else
		return false;

	memcpy(&header, data, sizeof(header));
	if ((header & 0xc000) != 0x8000)
		return false;
	num_digits = (size - (int) sizeof(header)) / (int) sizeof(int16);
	weight = (int) (header & 0x3f) - (int) (header & 0x40);
	if (weight > SZN_MAX_WEIGHT || num_digits - 1 - weight > SZN_SUM_DIGITS)
		return false;

	data += sizeof(header);
	for (int i = 0; i < num_digits; i++)
	{
		int16		digit;

		memcpy(&digit, data + i * sizeof(int16), sizeof(digit));
		units = units * SZN_DIGIT_BASE + digit;

		/* four digits fit, and the rest is the scaling's */
		if (unlikely(i == 3))
		{
			int128		wide = units;

			for (i++; i < num_digits; i++)
			{
				memcpy(&digit, data + i * sizeof(int16), sizeof(digit));
				wide = wide * SZN_DIGIT_BASE + digit;
			}
			for (i = num_digits - 1 - weight; i < SZN_SUM_DIGITS; i++)
				wide *= SZN_DIGIT_BASE;
			*sum += (header & 0x2000) ? -wide : wide;
			*scale = Max(*scale, (header & 0x1f80) >> 7);
			return true;
		}
	}
	if (num_digits > 0)
	{
		int			missing = SZN_SUM_DIGITS - (num_digits - 1 - weight);

		/* up to three digits and six more would not fit */
		if (unlikely(num_digits + missing > 4))
		{
			int128		wide = units;

			while (missing-- > 0)
				wide *= SZN_DIGIT_BASE;
			*sum += (header & 0x2000) ? -wide : wide;
		}
		else
		{
			while (missing-- > 0)
				units *= SZN_DIGIT_BASE;
			*sum += (header & 0x2000) ? -units : units;
		}
	}
	*scale = Max(*scale, (header & 0x1f80) >> 7);
	return true;
}

extern Datum szn_make_numeric(int128 value, int num_fraction_digits, int scale);

#endif							/* HAVE_INT128 */

#endif							/* SZN_SUMS_H */
