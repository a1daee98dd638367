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
#include "storage/buffile.h"

#include "compat.h"

/* its macros use those of varatt.h, which compat.h includes where it exists */
#include "access/tupmacs.h"

/* Flags of a record. */
#define SZN_HAS_TIME		0x0001
#define SZN_RESTART			0x0002
#define SZN_END				0x0004

/*
 * One event.  After this header come, in this order and only where the format
 * has them: expiry, columns passed by value and among them the length, more
 * null flags, all other columns.
 */
typedef struct SznRecord
{
	int64		time;			/* 0 without SZN_HAS_TIME */
	uint32		link;			/* hash of the actor; then the actor's next record */
	uint16		flags;
	uint16		nulls;			/* of the first SZN_HEADER_NULLS columns */
} SznRecord;

#define SZN_HEADER_NULLS	16

/* A column of the records. */
typedef struct SznColumn
{
	int			source;			/* its place among the values given */
	int16		attlen;
	bool		byval;
	bool		can_be_short;	/* varlena that may get a short header */
	char		attalign;
	int			offset;			/* where it is; -1: after the fixed part */
} SznColumn;

/* How to tell one actor from another: the first columns are its parts. */
typedef struct SznKey
{
	bool		is_image;		/* equal values have equal bytes */
	Oid			collation;
	FmgrInfo	hash;
	FmgrInfo	equal;
} SznKey;

typedef struct SznFormat
{
	int			num_columns;
	SznColumn  *columns;
	int			num_keys;
	SznKey	   *keys;
	bool		can_hash;		/* all keys can be hashed */
	bool		has_expiry;
	bool		is_fixed;		/* all records have the same size */
	int			length_offset;	/* of the record's length, unless is_fixed */
	int			nulls_offset;	/* of null flags beyond the header's */
	Size		fixed_size;		/* up to the columns of variable width */
} SznFormat;

/* What is to be recorded of a row, besides the columns. */
typedef struct SznEvent
{
	uint16		flags;
	int64		time;
	int64		expiry;
} SznEvent;

/* Where an expiry of its own lies, in formats that have it. */
#define SZN_RECORD_EXPIRY(record)	(*(int64 *) ((char *) (record) + sizeof(SznRecord)))

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

/* A file that is read record by record, a piece of it being in memory. */
typedef struct SznReader
{
	const SznFormat *format;
	MemoryContext context;
	BufFile    *file;
	int64		position;		/* in the file, where the next piece begins */
	char	   *buffer;
	Size		size;
	Size		filled;
	Size		next;			/* record in the buffer */
} SznReader;

/* What tells the length of a record. */
#define SZN_RECORD_HEADER(format) \
	((format)->is_fixed ? sizeof(SznRecord) : \
	 (format)->length_offset + sizeof(uint32))

extern bool szn_is_image_type(Oid type);
extern SznFormat *szn_format_create(TupleDesc descriptor, List *columns,
									List *key_operators, List *key_collations,
									bool has_expiry);
extern void szn_record_read(const SznFormat *format, SznRecord *record,
							Datum *values, bool *isnull);
extern void szn_error_row_too_large(void);
extern Size szn_record_actor_size(const SznFormat *format, SznRecord *record);
extern void szn_file_read(BufFile *file, void *data, Size size);
extern void szn_file_seek(BufFile *file, int64 position);
extern void szn_reader_init(SznReader *reader, const SznFormat *format,
							MemoryContext context);
extern void szn_reader_begin(SznReader *reader, BufFile *file);
extern SznRecord *szn_reader_next(SznReader *reader);
extern bool szn_same_actor_by_parts(SznFormat *format, SznRecord *a, SznRecord *b);

/* Some memory is in use, or no longer: keep the peak up to date. */
static inline void
szn_count_peak(SznCounters *counters)
{
	Size		memory = counters->partition_memory + counters->stream_memory;

	counters->peak_memory = Max(counters->peak_memory, memory);
}

/* The size of a record that is there. */
static inline Size
szn_record_length(const SznFormat *format, const SznRecord *record)
{
	if (format->is_fixed)
		return format->fixed_size;
	return *(const uint32 *) ((const char *) record + format->length_offset);
}

static inline bool
szn_record_is_null(const SznFormat *format, const SznRecord *record, int column)
{
	if (column < SZN_HEADER_NULLS)
		return (record->nulls & (1 << column)) != 0;
	column -= SZN_HEADER_NULLS;
	return (((const uint8 *) record)[format->nulls_offset + column / 8] &
			(1 << (column % 8))) != 0;
}

/* A column passed by value that is not NULL. */
static inline Datum
szn_record_fixed(const SznColumn *column, const SznRecord *record)
{
	const char *place = (const char *) record + column->offset;

	switch (column->attlen)
	{
		case 8:
			return (Datum) *(const int64 *) place;
		case 4:
			return Int32GetDatum(*(const int32 *) place);
		case 2:
			return Int16GetDatum(*(const int16 *) place);
		default:
			return CharGetDatum(*place);
	}
}

/*
 * Read a column.  Those of variable width must be read one after the other,
 * "offset" being the format's fixed_size at first.
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
	if (format->num_keys == 1 && format->keys[0].is_image && ((a->nulls | b->nulls) & 1) == 0)
		return szn_record_fixed(&format->columns[0], a) ==
			szn_record_fixed(&format->columns[0], b);
	return szn_same_actor_by_parts(format, a, b);
}

#endif							/* SZN_RECORDS_H */
