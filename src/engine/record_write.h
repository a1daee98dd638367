/*-------------------------------------------------------------------------
 *
 * record_write.h
 *	  Rows made into records: inlined, since it is done for each event.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SZN_RECORD_WRITE_H
#define SZN_RECORD_WRITE_H

#include "engine/records.h"

static inline uint64
szn_mix(uint64 h)
{
	h ^= h >> 32;
	h *= UINT64CONST(0xd6e8feb86659fd93);
	h ^= h >> 32;
	return h;
}

/*
 * The bytes of a value of these types, so that it does not matter how the
 * unused part of a Datum is filled.
 */
static inline uint64
szn_image_of_datum(Datum value, int16 attlen)
{
	switch (attlen)
	{
		case 1:
			return (uint8) value;
		case 2:
			return (uint16) value;
		case 4:
			return (uint32) value;
		default:
			return (uint64) value;
	}
}

/* The actor of a row, all 32 bits of it good to choose partitions by. */
static inline uint32
szn_hash_actor(SznFormat *format, const Datum *values, const bool *isnull)
{
	uint64		h = 0;

	for (int i = 0; i < format->num_keys; i++)
	{
		const SznColumn *column = &format->columns[i];
		SznKey	   *key = &format->keys[i];
		uint64		part;

		if (isnull[column->source])
			part = UINT64CONST(0x9e3779b97f4a7c15);
		else if (key->is_image)
			part = szn_image_of_datum(values[column->source], column->attlen);
		else
			part = DatumGetUInt32(FunctionCall1Coll(&key->hash, key->collation,
													values[column->source]));
		h = szn_mix(h ^ part) + i;
	}
	h = szn_mix(h);
	return (uint32) h;
}


/*
 * Records
 */

/* Where a value of variable width would end if it began after "offset". */
static inline Size
szn_end_of_value(const SznColumn *column, Size offset, Datum value)
{
	if (column->attlen == -1)
	{
		struct varlena *pointer = (struct varlena *) DatumGetPointer(value);

		Assert(!VARATT_IS_EXTERNAL_EXPANDED(pointer));
		if (VARATT_IS_EXTERNAL(pointer) || VARATT_IS_SHORT(pointer))
			return offset + VARSIZE_ANY(pointer);
		if (column->can_be_short && VARATT_CAN_MAKE_SHORT(pointer))
			return offset + VARATT_CONVERTED_SHORT_SIZE(pointer);
		return att_align_nominal(offset, column->attalign) + VARSIZE(pointer);
	}
	if (column->attlen == -2)
		return offset + strlen(DatumGetCString(value)) + 1;
	return att_align_nominal(offset, column->attalign) + column->attlen;
}

/*
 * The size of the record for a row.  Expanded objects must have been made
 * flat.
 */
static inline Size
szn_record_size(const SznFormat *format, const Datum *values, const bool *isnull)
{
	Size		size = format->fixed_size;

	if (format->is_fixed)
		return size;

	for (int i = 0; i < format->num_columns; i++)
	{
		const SznColumn *column = &format->columns[i];

		if (!column->byval && !isnull[column->source])
			size = szn_end_of_value(column, size, values[column->source]);
	}
	if (unlikely(size > MaxAllocSize))
		szn_error_row_too_large();
	return MAXALIGN(size);
}

static inline Size
szn_put_value(const SznColumn *column, char *base, Size offset, Datum value)
{
	Size		end = szn_end_of_value(column, offset, value);
	Size		start;
	char	   *pointer = DatumGetPointer(value);

	if (column->attlen == -1 &&
		(VARATT_IS_EXTERNAL(pointer) || VARATT_IS_SHORT(pointer)))
		memcpy(base + offset, pointer, end - offset);
	else if (column->attlen == -1 &&
			 column->can_be_short && VARATT_CAN_MAKE_SHORT(pointer))
	{
		SET_VARSIZE_SHORT(base + offset, end - offset);
		memcpy(base + offset + VARHDRSZ_SHORT, VARDATA(pointer),
			   end - offset - VARHDRSZ_SHORT);
	}
	else if (column->attlen == -2)
		memcpy(base + offset, pointer, end - offset);
	else
	{
		/* readers take a byte that is not zero for a short header */
		start = att_align_nominal(offset, column->attalign);
		memset(base + offset, 0, start - offset);
		memcpy(base + start, pointer, end - start);
	}
	return end;
}

/* Make the record of a row at a place of the size that szn_record_size said. */
static inline void
szn_record_fill(const SznFormat *format, SznRecord *record, Size size,
				uint32 hash, const SznEvent *event,
				const Datum *values, const bool *isnull)
{
	char	   *base = (char *) record;
	Size		offset = format->fixed_size;

	record->time = event->time;
	record->link = hash;
	record->flags = event->flags;
	record->nulls = 0;
	if (format->has_expiry)
		SZN_RECORD_EXPIRY(record) = event->expiry;
	if (!format->is_fixed)
		*(uint32 *) (base + format->length_offset) = (uint32) size;
	if (format->num_columns > SZN_HEADER_NULLS)
		memset(base + format->nulls_offset, 0,
			   (format->num_columns - SZN_HEADER_NULLS + 7) / 8);

	for (int i = 0; i < format->num_columns; i++)
	{
		const SznColumn *column = &format->columns[i];
		Datum		value = values[column->source];

		if (isnull[column->source])
		{
			if (i < SZN_HEADER_NULLS)
				record->nulls |= 1 << i;
			else
				base[format->nulls_offset + (i - SZN_HEADER_NULLS) / 8] |=
					1 << ((i - SZN_HEADER_NULLS) % 8);
		}
		else if (column->byval)
		{
			char	   *place = base + column->offset;

			switch (column->attlen)
			{
				case 8:
					*(int64 *) place = (int64) value;
					break;
				case 4:
					*(int32 *) place = (int32) value;
					break;
				case 2:
					*(int16 *) place = (int16) value;
					break;
				default:
					*place = (char) value;
					break;
			}
		}
		else
			offset = szn_put_value(column, base, offset, value);
	}
	if (!format->is_fixed)
		memset(base + offset, 0, size - offset);
}

#endif							/* SZN_RECORD_WRITE_H */
