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

/* What a part of the actor, which is not NULL, has to say to the hash. */
#define SZN_HASH_PART(part) \
	for (int i = 0; i < count; i++) \
	{ \
		Datum		value = values[i * width + source]; \
 \
		hashes[i] = szn_mix(hashes[i] ^ (isnull[i * width + source] ? \
										 SZN_HASH_OF_NULL : (part))) + number; \
	}

#define SZN_HASH_OF_NULL	UINT64CONST(0x9e3779b97f4a7c15)

/*
 * The actors of so many rows, "width" being the distance between two: hashes of
 * which the lower 32 bits are all good to choose partitions by.
 */
static inline void
szn_hash_actors(SznFormat *format, const Datum *values, const bool *isnull,
				int width, int count, uint64 *hashes)
{
	for (int i = 0; i < count; i++)
		hashes[i] = 0;
	for (int number = 0; number < format->num_keys; number++)
	{
		SznKey	   *key = &format->keys[number];
		int			source = format->columns[number].source;
		int16		attlen = format->columns[number].attlen;

		if (!key->is_image)
			SZN_HASH_PART(DatumGetUInt32(FunctionCall1Coll(&key->hash, key->collation,
														   value)))
		else if (attlen == 8)
			SZN_HASH_PART((uint64) value)
		else if (attlen == 4)
			SZN_HASH_PART((uint32) value)
		else
			SZN_HASH_PART(szn_image_of_datum(value, attlen))
	}
	for (int i = 0; i < count; i++)
		hashes[i] = szn_mix(hashes[i]);
}

static inline uint32
szn_hash_actor(SznFormat *format, const Datum *values, const bool *isnull)
{
	uint64		hash;

	szn_hash_actors(format, values, isnull, 0, 1, &hash);
	return (uint32) hash;
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
 * Note of so many rows, "width" being the distance between two, whether their
 * records have to be wide, however long they are.
 */
static inline void
szn_note_wide(const SznFormat *format, SznEvent *events,
			  const Datum *values, const bool *isnull, int width, int count)
{
	uint64		base = (uint64) format->base;

	for (int i = 0; i < count; i++)
	{
		int64		after_base = (int64) ((uint64) events[i].time - base);

		events[i].is_wide = (events[i].flags & SZN_HAS_TIME) != 0 &&
			(int64) ((uint64) after_base << SZN_TIME_SHIFT) >> SZN_TIME_SHIFT != after_base;
	}
	for (int j = 0; j < format->num_narrowed; j++)
	{
		int			source = format->columns[format->narrowed[j]].source;

		for (int i = 0; i < count; i++)
		{
			int64		value = DatumGetInt64(values[i * width + source]);

			events[i].is_wide |= value != (int32) value && !isnull[i * width + source];
		}
	}
}

/* Where the record of a row ends, if it has this layout. */
static inline Size
szn_end_of_record(const SznFormat *format, int layout,
				  const Datum *values, const bool *isnull)
{
	Size		size = format->layouts[layout].fixed_size;

	for (int i = 0; i < format->num_varying; i++)
	{
		const SznColumn *column = &format->columns[format->varying[i]];

		if (!isnull[column->source])
			size = szn_end_of_value(column, size, values[column->source]);
	}
	return TYPEALIGN(format->alignment, size);
}

/*
 * The size of the record for a row, which becomes wide if it is too long.
 * Expanded objects must have been made flat.
 */
static inline Size
szn_record_size(const SznFormat *format, SznEvent *event,
				const Datum *values, const bool *isnull)
{
	Size		size;

	if (format->is_fixed)
		return format->layouts[event->is_wide].fixed_size;

	size = szn_end_of_record(format, event->is_wide, values, isnull);
	if (unlikely(size > SZN_MAX_NARROW && !event->is_wide))
	{
		event->is_wide = true;
		size = szn_end_of_record(format, 1, values, isnull);
	}
	if (unlikely(size > MaxAllocSize))
		szn_error_row_too_large();
	return size;
}

/*
 * What the end of a record may leave unused is zero: done first, since the rest is
 * written over it.
 */
static inline void
szn_clear_end(SznRecord *record, Size size)
{
	uint64		zero = 0;

	StaticAssertStmt(sizeof(SznRecord) >= sizeof(zero) && MAXIMUM_ALIGNOF <= sizeof(zero),
					 "what is unused is less than this");
	memcpy((char *) record + size - sizeof(zero), &zero, sizeof(zero));
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

static inline void
szn_store_fixed(char *place, int width, Datum value)
{
	switch (width)
	{
		case 8:
			{
				int64		number = (int64) value;

				memcpy(place, &number, sizeof(number));
				break;
			}
		case 4:
			{
				int32		number = (int32) value;

				memcpy(place, &number, sizeof(number));
				break;
			}
		case 2:
			{
				int16		number = (int16) value;

				memcpy(place, &number, sizeof(number));
				break;
			}
		default:
			*place = (char) value;
			break;
	}
}

/* What a narrow record begins with, but for the null flags. */
static inline uint64
szn_record_narrow_start(const SznFormat *format, const SznEvent *event)
{
	uint64		start = event->flags;

	if (event->flags & SZN_HAS_TIME)
		start |= ((uint64) event->time - (uint64) format->base) << SZN_TIME_SHIFT;
	return start;
}

/* Make the record of a row at a place of the size that szn_record_size() said. */
static inline void
szn_record_fill(const SznFormat *format, SznRecord *record, Size size,
				uint32 hash, const SznEvent *event,
				const Datum *values, const bool *isnull)
{
	char	   *base = (char *) record;
	int			number = event->is_wide;
	const SznLayout *layout = &format->layouts[number];
	Size		offset = layout->fixed_size;
	uint64		start;

	szn_clear_end(record, size);
	if (!format->is_fixed)
		szn_store_fixed(base + SZN_LENGTH_OFFSET,
						number == 0 ? sizeof(uint16) : sizeof(uint32),
						(Datum) (number == 0 ? size / SZN_RECORD_UNIT : size));
	if (number == 1)
	{
		start = event->flags | SZN_WIDE;
		szn_store_fixed(base + SZN_TIME_OFFSET(format), sizeof(int64), (Datum) event->time);
	}
	else
		start = szn_record_narrow_start(format, event);
	if (format->has_expiry)
		szn_store_fixed(base + layout->expiry_offset, sizeof(int64), (Datum) event->expiry);
	if (format->num_columns > SZN_HEADER_NULLS)
		memset(base + layout->nulls_offset, 0,
			   (format->num_columns - SZN_HEADER_NULLS + 7) / 8);

	for (int i = 0; i < format->num_columns; i++)
	{
		const SznColumn *column = &format->columns[i];
		Datum		value = values[column->source];

		if (isnull[column->source])
		{
			if (i < SZN_HEADER_NULLS)
				start |= SZN_NULL_BIT(i);
			else
				base[layout->nulls_offset + (i - SZN_HEADER_NULLS) / 8] |=
					1 << ((i - SZN_HEADER_NULLS) % 8);
		}
		else if (column->byval)
			szn_store_fixed(base + column->offset[number], column->width[number], value);
		else
			offset = szn_put_value(column, base, offset, value);
	}
	memcpy(record->start, &start, sizeof(start));
	record->link = hash;
}

#endif							/* SZN_RECORD_WRITE_H */
