/*-------------------------------------------------------------------------
 *
 * records.h
 *	  Events as compact records: what the engine keeps of a row.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SZN_RECORDS_H
#define SZN_RECORDS_H

#include "access/tupdesc.h"
#include "fmgr.h"

#include "compat.h"
#include "engine/tapes.h"

/* its macros use those of varatt.h, which compat.h includes where it exists */
#include "access/tupmacs.h"

/* Bits of a record. */
#define SZN_HAS_TIME		0x0001
#define SZN_RESTART			0x0002
#define SZN_END				0x0004
#define SZN_WIDE			0x0008
#define SZN_NULL_BIT(column)	(0x0010 << (column))

/* Of so many columns there are null flags among these bits. */
#define SZN_HEADER_NULLS	12

/*
 * One event.  After this header come, in this order and only where the format
 * has them: the length, the time if the record is wide, expiry, columns passed
 * by value, more null flags, all other columns.
 *
 * Nearly all records are narrow: their time is not far from the format's base,
 * and their whole numbers are small.  Since they are aligned to four bytes only,
 * what is wider is read and written through memcpy().
 */
typedef struct SznRecord
{
	uint32		start[2];		/* time after the base in 48 bits, and the bits above */
	uint32		link;			/* hash of the actor; then the actor's next record */
} SznRecord;

#define SZN_TIME_SHIFT		16

/* Records are as long as a multiple of this, or of MAXIMUM_ALIGNOF. */
#define SZN_RECORD_UNIT		4

/* What a narrow record's length can be at most: it has 16 bits, in units. */
#define SZN_MAX_NARROW		(PG_UINT16_MAX * SZN_RECORD_UNIT)

/* A column of the records; [0] in narrow records, [1] in wide ones. */
typedef struct SznColumn
{
	int			source;			/* its place among the values given */
	int16		attlen;
	bool		byval;
	bool		can_be_short;	/* varlena that may get a short header */
	char		attalign;
	int16		width[2];		/* of a value passed by value */
	int			offset[2];		/* where that is; -1: after the fixed part */
} SznColumn;

/* How to tell one actor from another: the first columns are its parts. */
typedef struct SznKey
{
	bool		is_image;		/* equal values have equal bytes */
	Oid			collation;
	FmgrInfo	hash;
	FmgrInfo	equal;
} SznKey;

/* Where the other parts are, in narrow or wide records. */
typedef struct SznLayout
{
	int			expiry_offset;
	int			nulls_offset;	/* of null flags beyond the header's */
	Size		fixed_size;		/* up to the columns of variable width */
} SznLayout;

typedef struct SznFormat
{
	int			num_columns;
	SznColumn  *columns;
	int			num_keys;
	SznKey	   *keys;
	bool		can_hash;		/* all keys can be hashed */
	bool		has_expiry;
	bool		is_fixed;		/* the layout tells the length */
	int			alignment;
	int64		base;			/* of the times of narrow records */
	bool		can_batch;		/* szn_batch_fill() can make its narrow records */
	int			num_narrowed;
	int		   *narrowed;		/* columns whose narrow form may not do */
	int			num_varying;
	int		   *varying;		/* columns not passed by value */
	SznLayout	layouts[2];
} SznFormat;

/* Where a record that is not fixed has its length, in bytes if it is wide. */
#define SZN_LENGTH_OFFSET	sizeof(SznRecord)
#define SZN_TIME_OFFSET(format) \
	(SZN_LENGTH_OFFSET + ((format)->is_fixed ? 0 : sizeof(uint32)))

/* What is to be recorded of a row, besides the columns. */
typedef struct SznEvent
{
	uint16		flags;
	bool		is_wide;		/* its record: see szn_note_wide() */
	int64		time;
	int64		expiry;
} SznEvent;

/*
 * Narrow records for which there is room, and the rows that they are to be
 * made of: column by column, which takes less than row by row.
 */
#define SZN_BATCH	64

typedef struct SznBatch
{
	int			count;
	SznRecord  *records[SZN_BATCH];
	uint32		sizes[SZN_BATCH];
	uint32		hashes[SZN_BATCH];
	uint64		starts[SZN_BATCH];
	const Datum *values[SZN_BATCH];
	const bool *nulls[SZN_BATCH];
} SznBatch;

/* What EXPLAIN ANALYZE shows. */
typedef struct SznCounters
{
	uint64		rows;
	uint64		actors;
	uint64		merged_actors;	/* in order with each participant, merged */
	uint64		unordered_actors;
	uint64		partitions;
	uint64		sorted_partitions;	/* too large for memory, hence sorted */
	uint64		disk_bytes;
	Size		partition_memory;	/* in use now: by partitions, ... */
	Size		stream_memory;	/* ... and by what streams and sorts hold */
	Size		peak_memory;
} SznCounters;

/* A tape that is read record by record, a piece of it being in memory. */
typedef struct SznReader
{
	const SznFormat *format;
	MemoryContext context;
	SznTape    *tape;
	int64		position;		/* on the tape, where the next piece begins */
	char	   *buffer;
	Size		size;
	Size		filled;
	Size		next;			/* record in the buffer */
} SznReader;

/* What tells the length of a record. */
#define SZN_RECORD_HEADER(format) \
	((format)->is_fixed ? sizeof(SznRecord) : SZN_LENGTH_OFFSET + sizeof(uint32))

extern bool szn_is_image_type(Oid type);
extern SznFormat *szn_format_create(TupleDesc descriptor, List *columns,
									List *key_operators, List *key_collations,
									bool has_expiry);
extern double szn_format_width(const SznFormat *format, TupleDesc descriptor,
							   int width);
extern void szn_batch_fill(const SznFormat *format, SznBatch *batch);
extern void szn_record_read(const SznFormat *format, SznRecord *record,
							Datum *values, bool *isnull);
extern void szn_error_row_too_large(void);
extern Size szn_record_actor_size(const SznFormat *format, SznRecord *record);
extern void szn_reader_init(SznReader *reader, const SznFormat *format,
							MemoryContext context);
extern void szn_reader_begin(SznReader *reader, SznTape *tape);
extern SznRecord *szn_reader_next(SznReader *reader);
extern bool szn_same_actor_by_parts(SznFormat *format, SznRecord *a, SznRecord *b);

/* Some memory is in use, or no longer: keep the peak up to date. */
static inline void
szn_count_peak(SznCounters *counters)
{
	Size		memory = counters->partition_memory + counters->stream_memory;

	counters->peak_memory = Max(counters->peak_memory, memory);
}

/*
 * Numbers that may not be aligned
 */

static inline int64
szn_load_int64(const void *place)
{
	int64		value;

	memcpy(&value, place, sizeof(value));
	return value;
}

static inline int32
szn_load_int32(const void *place)
{
	int32		value;

	memcpy(&value, place, sizeof(value));
	return value;
}

static inline int16
szn_load_int16(const void *place)
{
	int16		value;

	memcpy(&value, place, sizeof(value));
	return value;
}


/*
 * Parts of a record
 */

static inline uint16
szn_record_bits(const SznRecord *record)
{
	return (uint16) szn_load_int64(record->start);
}

static inline bool
szn_record_has_time(const SznRecord *record)
{
	return (szn_record_bits(record) & SZN_HAS_TIME) != 0;
}

/* Which of the two layouts it has. */
static inline int
szn_record_layout(const SznRecord *record)
{
	return (szn_record_bits(record) & SZN_WIDE) != 0;
}

/* The event time; anything if there is none. */
static inline int64
szn_record_time(const SznFormat *format, const SznRecord *record)
{
	int64		start = szn_load_int64(record->start);

	if (unlikely(start & SZN_WIDE))
		return szn_load_int64((const char *) record + SZN_TIME_OFFSET(format));
	return (int64) ((uint64) format->base + (uint64) (start >> SZN_TIME_SHIFT));
}

/* In formats that have it. */
static inline int64
szn_record_expiry(const SznFormat *format, const SznRecord *record)
{
	const SznLayout *layout = &format->layouts[szn_record_layout(record)];

	return szn_load_int64((const char *) record + layout->expiry_offset);
}

/* The size of a record that is there. */
static inline Size
szn_record_length(const SznFormat *format, const SznRecord *record)
{
	const char *place = (const char *) record + SZN_LENGTH_OFFSET;
	int			layout = szn_record_layout(record);

	if (format->is_fixed)
		return format->layouts[layout].fixed_size;
	return layout == 0 ? (Size) (uint16) szn_load_int16(place) * SZN_RECORD_UNIT :
		(Size) (uint32) szn_load_int32(place);
}

static inline bool
szn_record_is_null(const SznFormat *format, const SznRecord *record, int column)
{
	const SznLayout *layout;

	if (column < SZN_HEADER_NULLS)
		return (szn_record_bits(record) & SZN_NULL_BIT(column)) != 0;
	layout = &format->layouts[szn_record_layout(record)];
	column -= SZN_HEADER_NULLS;
	return (((const uint8 *) record)[layout->nulls_offset + column / 8] &
			(1 << (column % 8))) != 0;
}

/* A column passed by value that is not NULL. */
static inline Datum
szn_record_fixed(const SznColumn *column, const SznRecord *record)
{
	int			layout = szn_record_layout(record);
	const char *place = (const char *) record + column->offset[layout];

	/* a narrow bigint is an integer */
	switch (column->width[layout])
	{
		case 8:
			return (Datum) szn_load_int64(place);
		case 4:
			return Int32GetDatum(szn_load_int32(place));
		case 2:
			return Int16GetDatum(szn_load_int16(place));
		default:
			return CharGetDatum(*place);
	}
}

/* Where the columns of variable width begin: see szn_record_next_column(). */
static inline Size
szn_record_varying(const SznFormat *format, const SznRecord *record)
{
	return format->layouts[szn_record_layout(record)].fixed_size;
}

/*
 * Read a column.  Those of variable width must be read one after the other,
 * "offset" being what szn_record_varying() says at first.
 */
static inline void
szn_record_next_column(const SznFormat *format, SznRecord *record, int number,
					   Size *offset, Datum *value, bool *isnull)
{
	const SznColumn *column = &format->columns[number];
	char	   *base = (char *) record;

	*isnull = szn_record_is_null(format, record, number);
	if (*isnull)
		*value = (Datum) 0;
	else if (column->byval)
		*value = szn_record_fixed(column, record);
	else
	{
		*offset = att_align_pointer(*offset, column->attalign, column->attlen,
									base + *offset);
		*value = PointerGetDatum(base + *offset);
		*offset = att_addlength_pointer(*offset, column->attlen, base + *offset);
	}
}

/*
 * Do two records belong to the same actor?  NULL is an actor like others, as
 * in PARTITION BY.  Inlined for the usual actor, one number.
 */
static inline bool
szn_same_actor(SznFormat *format, SznRecord *a, SznRecord *b)
{
	if (format->num_keys == 1 && format->keys[0].is_image &&
		((szn_record_bits(a) | szn_record_bits(b)) & SZN_NULL_BIT(0)) == 0)
		return szn_record_fixed(&format->columns[0], a) ==
			szn_record_fixed(&format->columns[0], b);
	return szn_same_actor_by_parts(format, a, b);
}

#endif							/* SZN_RECORDS_H */
