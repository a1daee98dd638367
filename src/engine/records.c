/*-------------------------------------------------------------------------
 *
 * records.c
 *	  Events as compact records: what the engine keeps of a row.
 *
 * Less than a tuple: a header of 16 bytes, columns of fixed width at places
 * that are known beforehand, and the others behind them as in a tuple.  The
 * columns that say who the actor is come first.  Knows values and types, and
 * nothing of executor nodes or of where records are kept.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/lsyscache.h"

#include "engine/records.h"

/* Records lie one after the other; each begins aligned. */
#define RECORD_ALIGN(size)	MAXALIGN(size)


/*
 * Types whose values are passed by value and are equal only if their bytes
 * are, by the equality that PARTITION BY uses: hashed and compared without a
 * call.
 */
static bool
is_image_type(Oid type)
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
	int			offset = sizeof(SznRecord);
	ListCell   *cell;
	ListCell   *cell2;

	format->num_columns = list_length(columns);
	format->columns = (SznColumn *) palloc0(sizeof(SznColumn) * Max(format->num_columns, 1));
	format->num_keys = list_length(key_operators);
	format->keys = (SznKey *) palloc0(sizeof(SznKey) * Max(format->num_keys, 1));
	format->can_hash = true;
	format->has_expiry = has_expiry;
	format->is_fixed = true;

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
			format->is_fixed = false;
	}

	forboth(cell, key_operators, cell2, key_collations)
	{
		SznKey	   *key = &format->keys[foreach_current_index(cell)];
		Oid			type = TupleDescAttr(descriptor,
										 format->columns[foreach_current_index(cell)].source)->atttypid;
		Oid			left;
		Oid			right;

		key->is_image = is_image_type(type);
		key->collation = lfirst_oid(cell2);
		fmgr_info(get_opcode(lfirst_oid(cell)), &key->equal);
		if (get_op_hash_functions(lfirst_oid(cell), &left, &right))
			fmgr_info(left, &key->hash);
		else
			format->can_hash = false;
	}

	/* the widest first, so that nothing is padded */
	if (has_expiry)
		offset += sizeof(int64);
	for (int width = 8; width > 0; width /= 2)
	{
		for (int i = 0; i < format->num_columns; i++)
		{
			SznColumn  *column = &format->columns[i];

			if (column->byval && column->attlen == width)
			{
				column->offset = offset;
				offset += width;
			}
			else if (!column->byval)
				column->offset = -1;
		}
		if (width == sizeof(uint32) && !format->is_fixed)
		{
			format->length_offset = offset;
			offset += sizeof(uint32);
		}
	}
	format->nulls_offset = offset;
	if (format->num_columns > SZN_HEADER_NULLS)
		offset += (format->num_columns - SZN_HEADER_NULLS + 7) / 8;
	format->fixed_size = format->is_fixed ? RECORD_ALIGN(offset) : offset;

	return format;
}


/*
 * Actors
 */

/* The first columns of a record, in the format's order. */
static void
read_columns(const SznFormat *format, SznRecord *record, int num_columns,
			 Datum *values, bool *isnull)
{
	Size		offset = format->fixed_size;

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

/*
 * Do two records belong to the same actor?  NULL is an actor like others, as
 * in PARTITION BY.
 */
bool
szn_same_actor(SznFormat *format, SznRecord *a, SznRecord *b)
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
 * Files
 */

/* Read so many bytes, which must be there. */
void
szn_file_read(BufFile *file, void *data, Size size)
{
	if (BufFileRead(file, data, size) != size)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not read from temporary file of a session scan")));
}

/*
 * The next record of a file, which must be there, in a buffer that is made
 * larger, in "context", where needed.
 */
SznRecord *
szn_record_from_file(const SznFormat *format, BufFile *file,
					 MemoryContext context,
					 SznRecord **buffer, Size *buffer_size)
{
	Size		header_size = SZN_RECORD_HEADER(format);
	Size		size;

	if (*buffer_size < header_size)
	{
		*buffer_size = Max(header_size, 1024);
		*buffer = (SznRecord *) MemoryContextAlloc(context, *buffer_size);
	}
	szn_file_read(file, *buffer, header_size);
	size = szn_record_length(format, *buffer);
	if (size > *buffer_size)
	{
		SznRecord  *larger = (SznRecord *) MemoryContextAllocHuge(context, size);

		memcpy(larger, *buffer, header_size);
		pfree(*buffer);
		*buffer = larger;
		*buffer_size = size;
	}
	szn_file_read(file, (char *) *buffer + header_size, size - header_size);
	return *buffer;
}
