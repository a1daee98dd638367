/*-------------------------------------------------------------------------
 *
 * records.c
 *	  Events as compact records: what the engine keeps of a row.
 *
 * Less than a tuple: a header of 12 bytes, columns of fixed width at places
 * that are known beforehand, and the others behind them as in a tuple.  The
 * columns that say who the actor is come first.  How much there is of a record
 * decides how fast it is kept and read, so times and whole numbers are kept in
 * fewer bytes where they are not large, as nearly all are.  Knows values and types, and
 * nothing of executor nodes or of where records are kept.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "engine/record_write.h"

/* How much of a file is read at a time. */
#define READ_SIZE		BLCKSZ


/*
 * Types whose values are passed by value and are equal only if their bytes
 * are, by the equality that PARTITION BY uses: hashed and compared without a
 * call.
 */
bool
szn_is_image_type(Oid type)
{
	switch (type)
	{
		case BOOLOID:
		case CHAROID:
		case INT2OID:
		case INT4OID:
		case INT8OID:
		case OIDOID:
		case DATEOID:
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
			return true;
		default:
			return false;
	}
}

/* Where everything is in narrow records, or in wide ones. */
static void
make_layout(SznFormat *format, int number)
{
	SznLayout  *layout = &format->layouts[number];
	int			offset = sizeof(SznRecord);

	if (!format->is_fixed)
		offset += number == 0 ? sizeof(uint16) : sizeof(uint32);
	if (number == 1)
		offset += sizeof(int64);
	layout->expiry_offset = offset;
	if (format->has_expiry)
		offset += sizeof(int64);
	for (int i = 0; i < format->num_columns; i++)
	{
		SznColumn  *column = &format->columns[i];

		column->offset[number] = column->byval ? offset : -1;
		if (column->byval)
			offset += column->width[number];
	}
	layout->nulls_offset = offset;
	if (format->num_columns > SZN_HEADER_NULLS)
		offset += (format->num_columns - SZN_HEADER_NULLS + 7) / 8;
	layout->fixed_size = format->is_fixed ? TYPEALIGN(format->alignment, offset) : offset;
}

/*
 * The format for rows described by "descriptor": "columns" lists the places,
 * from 0, of the columns to keep; the first of them, one for each of the
 * operators, are the actor.  Allocated in the current context.
 */
SznFormat *
szn_format_create(TupleDesc descriptor, List *columns,
				  List *key_operators, List *key_collations, bool has_expiry)
{
	SznFormat  *format = (SznFormat *) palloc0(sizeof(SznFormat));
	ListCell   *cell;
	ListCell   *cell2;

	format->num_columns = list_length(columns);
	format->columns = (SznColumn *) palloc0(sizeof(SznColumn) * Max(format->num_columns, 1));
	format->num_keys = list_length(key_operators);
	format->keys = (SznKey *) palloc0(sizeof(SznKey) * Max(format->num_keys, 1));
	format->can_hash = true;
	format->has_expiry = has_expiry;
	format->is_fixed = true;
	format->alignment = SZN_RECORD_UNIT;
	format->narrowed = (int *) palloc(sizeof(int) * Max(format->num_columns, 1));
	format->varying = (int *) palloc(sizeof(int) * Max(format->num_columns, 1));

	foreach(cell, columns)
	{
		SznColumn  *column = &format->columns[foreach_current_index(cell)];
		Form_pg_attribute attribute;

		column->source = lfirst_int(cell);
		attribute = TupleDescAttr(descriptor, column->source);
		column->attlen = attribute->attlen;
		column->byval = attribute->attbyval;
		column->attalign = attribute->attalign;
		column->can_be_short = attribute->attlen == -1 &&
			attribute->attstorage != TYPSTORAGE_PLAIN;
		if (!column->byval)
		{
			format->is_fixed = false;
			format->varying[format->num_varying++] = foreach_current_index(cell);
			if (column->attalign == TYPALIGN_DOUBLE)
				format->alignment = MAXIMUM_ALIGNOF;
		}
		column->width[0] = column->width[1] = column->attlen;
		if (column->byval && attribute->atttypid == INT8OID)
		{
			column->width[0] = sizeof(int32);
			format->narrowed[format->num_narrowed++] = foreach_current_index(cell);
		}
	}

	forboth(cell, key_operators, cell2, key_collations)
	{
		SznKey	   *key = &format->keys[foreach_current_index(cell)];
		Oid			type = TupleDescAttr(descriptor,
										 format->columns[foreach_current_index(cell)].source)->atttypid;
		Oid			left;
		Oid			right;

		key->is_image = szn_is_image_type(type);
		key->collation = lfirst_oid(cell2);
		fmgr_info(get_opcode(lfirst_oid(cell)), &key->equal);
		if (get_op_hash_functions(lfirst_oid(cell), &left, &right))
			fmgr_info(left, &key->hash);
		else
			format->can_hash = false;
	}

	make_layout(format, 0);
	make_layout(format, 1);
	format->can_batch = !has_expiry && format->num_columns <= SZN_HEADER_NULLS;
	return format;
}

/* One column of so many records, which is passed by value. */
#define FILL_COLUMN(type) \
	for (int i = 0; i < count; i++) \
	{ \
		type		value = (type) batch->values[i][source]; \
 \
		memcpy((char *) batch->records[i] + offset, &value, sizeof(value)); \
		batch->starts[i] |= batch->nulls[i][source] ? null_bit : 0; \
	}

/* Make the records of a batch, all narrow; it is empty then. */
void
szn_batch_fill(const SznFormat *format, SznBatch *batch)
{
	int			count = batch->count;

	for (int number = 0; number < format->num_columns; number++)
	{
		const SznColumn *column = &format->columns[number];
		int			source = column->source;
		int			offset = column->offset[0];
		uint64		null_bit = SZN_NULL_BIT(number);

		if (!column->byval)
			continue;
		switch (column->width[0])
		{
			case 8:
				FILL_COLUMN(int64);
				break;
			case 4:
				FILL_COLUMN(int32);
				break;
			case 2:
				FILL_COLUMN(int16);
				break;
			default:
				FILL_COLUMN(char);
				break;
		}
	}

	for (int i = 0; i < count; i++)
	{
		SznRecord  *record = batch->records[i];

		if (!format->is_fixed)
		{
			char	   *base = (char *) record;
			Size		size = batch->sizes[i];
			Size		offset = format->layouts[0].fixed_size;

			for (int j = 0; j < format->num_varying; j++)
			{
				int			number = format->varying[j];
				const SznColumn *column = &format->columns[number];

				if (batch->nulls[i][column->source])
					batch->starts[i] |= SZN_NULL_BIT(number);
				else
					offset = szn_put_value(column, base, offset,
										   batch->values[i][column->source]);
			}
			szn_store_fixed(base + SZN_LENGTH_OFFSET, sizeof(uint16),
							(Datum) (size / SZN_RECORD_UNIT));
		}
		memcpy(record->start, &batch->starts[i], sizeof(uint64));
		record->link = batch->hashes[i];
	}
	batch->count = 0;
}


/*
 * How long a narrow record is likely to be: "width" is the planner's guess at
 * the rows of "descriptor" that it is made of.
 */
double
szn_format_width(const SznFormat *format, TupleDesc descriptor, int width)
{
	if (format->is_fixed)
		return (double) format->layouts[0].fixed_size;

	/* what is left are those passed by reference */
	for (int i = 0; i < descriptor->natts; i++)
	{
		if (TupleDescAttr(descriptor, i)->attbyval)
			width -= TupleDescAttr(descriptor, i)->attlen;
	}
	return (double) format->layouts[0].fixed_size + Max(width, 0);
}

/* More than core could sort, and than a record's length could tell. */
void
szn_error_row_too_large(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			 errmsg("row is too large for a session scan"),
			 errdetail("The columns that it has to keep of a row can be up to %zu bytes in all.",
					   (Size) MaxAllocSize)));
}


/*
 * Actors
 */

/* The first columns of a record, in the format's order. */
static void
read_columns(const SznFormat *format, SznRecord *record, int num_columns,
			 Datum *values, bool *isnull)
{
	Size		offset = szn_record_varying(format, record);

	for (int i = 0; i < num_columns; i++)
		szn_record_next_column(format, record, i, &offset, &values[i], &isnull[i]);
}

/*
 * All columns of a record, in the format's order.  What is passed by
 * reference points into the record.
 */
void
szn_record_read(const SznFormat *format, SznRecord *record,
				Datum *values, bool *isnull)
{
	read_columns(format, record, format->num_columns, values, isnull);
}

/*
 * How much of a record there has to be to tell whose it is, and how long it
 * says it is.
 */
Size
szn_record_actor_size(const SznFormat *format, SznRecord *record)
{
	Size		offset = szn_record_varying(format, record);
	Datum		value;
	bool		isnull;

	for (int i = 0; i < format->num_keys; i++)
		szn_record_next_column(format, record, i, &offset, &value, &isnull);
	return offset;
}

static bool
same_actor_by_value(SznFormat *format, SznRecord *a, SznRecord *b)
{
	Datum		values_a[INDEX_MAX_KEYS];
	Datum		values_b[INDEX_MAX_KEYS];
	bool		isnull_a[INDEX_MAX_KEYS];
	bool		isnull_b[INDEX_MAX_KEYS];

	read_columns(format, a, format->num_keys, values_a, isnull_a);
	read_columns(format, b, format->num_keys, values_b, isnull_b);
	for (int i = 0; i < format->num_keys; i++)
	{
		SznKey	   *key = &format->keys[i];

		if (isnull_a[i] != isnull_b[i])
			return false;
		if (!isnull_a[i] &&
			!DatumGetBool(FunctionCall2Coll(&key->equal, key->collation,
											values_a[i], values_b[i])))
			return false;
	}
	return true;
}

/* Do two records belong to the same actor?  Of any number and kind of parts. */
bool
szn_same_actor_by_parts(SznFormat *format, SznRecord *a, SznRecord *b)
{
	for (int i = 0; i < format->num_keys; i++)
	{
		const SznColumn *column = &format->columns[i];

		if (!format->keys[i].is_image)
			return same_actor_by_value(format, a, b);
		if (szn_record_is_null(format, a, i) || szn_record_is_null(format, b, i))
		{
			if (szn_record_is_null(format, a, i) != szn_record_is_null(format, b, i))
				return false;
		}
		else if (szn_record_fixed(column, a) != szn_record_fixed(column, b))
			return false;
	}
	return true;
}


/*
 * Tapes
 */

/* A reader whose buffer is to be in "context". */
void
szn_reader_init(SznReader *reader, const SznFormat *format, MemoryContext context)
{
	memset(reader, 0, sizeof(SznReader));
	reader->format = format;
	reader->context = context;
}

/* Read this tape from its beginning. */
void
szn_reader_begin(SznReader *reader, SznTape *tape)
{
	reader->tape = tape;
	reader->position = 0;
	reader->filled = 0;
	reader->next = 0;
}

/*
 * Bring the next record into the buffer, whole, and as many after it as there
 * is room for.
 */
static void
fill_buffer(SznReader *reader)
{
	Size		header_size = SZN_RECORD_HEADER(reader->format);
	Size		size = Max(READ_SIZE, header_size);
	Size		length;

	reader->filled -= reader->next;
	if (reader->filled > 0)
		memmove(reader->buffer, reader->buffer + reader->next, reader->filled);
	reader->next = 0;
	for (;;)
	{
		Size		count;

		if (size > reader->size)
		{
			char	   *larger = (char *) MemoryContextAllocHuge(reader->context, size);

			if (reader->filled > 0)
				memcpy(larger, reader->buffer, reader->filled);
			if (reader->buffer)
				pfree(reader->buffer);
			reader->buffer = larger;
			reader->size = size;
		}
		count = szn_tape_read(reader->tape, reader->position,
							  reader->buffer + reader->filled,
							  reader->size - reader->filled);
		reader->position += count;
		reader->filled += count;
		if (reader->filled < header_size)
			szn_error_tape_read();

		length = szn_record_length(reader->format, (SznRecord *) reader->buffer);
		if (reader->filled >= length)
			return;
		if (length <= reader->size)
			szn_error_tape_read();
		size = length;
	}
}

/*
 * The next record, which must be there; valid until the next call.
 */
SznRecord *
szn_reader_next(SznReader *reader)
{
	Size		rest = reader->filled - reader->next;
	SznRecord  *record;

	if (rest < SZN_RECORD_HEADER(reader->format) ||
		rest < szn_record_length(reader->format,
								 (SznRecord *) (reader->buffer + reader->next)))
		fill_buffer(reader);
	record = (SznRecord *) (reader->buffer + reader->next);
	reader->next += szn_record_length(reader->format, record);
	return record;
}
