/*-------------------------------------------------------------------------
 *
 * first_last.c
 *	  The aggregates first() and last(): the value at the earliest and at the
 *	  latest event time, such as the entry and the exit page of a session.
 *
 *	(value anyelement, event_time T) -> anyelement
 *
 * for T = timestamptz, timestamp or bigint.  Rows whose event time is NULL
 * are ignored.  Among values of the same time, one that is not NULL beats
 * NULL; then first() takes the smallest and last() the largest by the btree
 * order of the type, and by their bytes as stored where that order calls them
 * equal, so that the answer depends on the set of rows alone.  Errors: 42883 for a type
 * without btree order.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "libpq/pqformat.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/typcache.h"

#include "functions/arguments.h"

PG_FUNCTION_INFO_V1(sessionize_first_transition);
PG_FUNCTION_INFO_V1(sessionize_last_transition);
PG_FUNCTION_INFO_V1(sessionize_first_combine);
PG_FUNCTION_INFO_V1(sessionize_last_combine);
PG_FUNCTION_INFO_V1(sessionize_extreme_serialize);
PG_FUNCTION_INFO_V1(sessionize_extreme_deserialize);
PG_FUNCTION_INFO_V1(sessionize_extreme_final);

typedef enum SznEnd
{
	SZN_EARLIEST = -1,
	SZN_LATEST = 1
} SznEnd;

/* The value at the earliest or latest time so far. */
typedef struct SznExtreme
{
	MemoryContext context;
	TypeCacheEntry *type;
	int64		time;
	bool		isnull;
	Datum		value;			/* by reference: points to "bytes" */
	char	   *bytes;
	Size		max_bytes;
} SznExtreme;

static TypeCacheEntry *
ordered_type(Oid type)
{
	TypeCacheEntry *entry = lookup_type_cache(type, TYPECACHE_CMP_PROC_FINFO);

	if (!OidIsValid(entry->cmp_proc_finfo.fn_oid))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_FUNCTION),
				 errmsg("could not identify an ordering for type %s",
						format_type_be(type)),
				 errdetail("Values of the same event time are told apart by the order of their type."),
				 errhint("Cast the value to a type that has one, such as text or jsonb.")));
	return entry;
}

static SznExtreme *
create_extreme(MemoryContext context, TypeCacheEntry *type)
{
	SznExtreme *extreme;

	extreme = (SznExtreme *) MemoryContextAllocZero(context, sizeof(SznExtreme));
	extreme->context = context;
	extreme->type = type;
	return extreme;
}

/*
 * The bytes of a value that is passed by reference, never toasted.
 */
static Size
size_of_value(const TypeCacheEntry *type, Datum value)
{
	if (type->typlen == -1)
		return VARSIZE_ANY(DatumGetPointer(value));
	if (type->typlen == -2)
		return strlen(DatumGetCString(value)) + 1;
	return type->typlen;
}

/* Replace what is kept by this value, which is copied. */
static void
keep_value(SznExtreme *extreme, int64 time, Datum value, bool isnull)
{
	Size		size;

	extreme->time = time;
	extreme->isnull = isnull;
	if (isnull)
		return;

	if (extreme->type->typbyval)
	{
		extreme->value = value;
		return;
	}

	size = size_of_value(extreme->type, value);
	if (size > extreme->max_bytes)
	{
		if (extreme->bytes != NULL)
			pfree(extreme->bytes);
		extreme->bytes = NULL;
		extreme->max_bytes = 0;
		extreme->bytes = (char *) MemoryContextAlloc(extreme->context, size);
		extreme->max_bytes = size;
	}
	memcpy(extreme->bytes, DatumGetPointer(value), size);
	extreme->value = PointerGetDatum(extreme->bytes);
}

static int
compare_bytes(const TypeCacheEntry *type, Datum a, Datum b)
{
	const char *bytes_a;
	const char *bytes_b;
	Size		size_a;
	Size		size_b;
	int			result;

	if (type->typbyval)
		return a < b ? -1 : a > b ? 1 : 0;

	if (type->typlen == -1)
	{
		/* short and long headers are no difference */
		bytes_a = VARDATA_ANY(DatumGetPointer(a));
		bytes_b = VARDATA_ANY(DatumGetPointer(b));
		size_a = VARSIZE_ANY_EXHDR(DatumGetPointer(a));
		size_b = VARSIZE_ANY_EXHDR(DatumGetPointer(b));
	}
	else
	{
		bytes_a = DatumGetPointer(a);
		bytes_b = DatumGetPointer(b);
		size_a = size_of_value(type, a);
		size_b = size_of_value(type, b);
	}

	result = memcmp(bytes_a, bytes_b, Min(size_a, size_b));
	if (result != 0)
		return result;
	return size_a < size_b ? -1 : size_a > size_b ? 1 : 0;
}

/* Does this value come before (first) or after (last) what is kept? */
static bool
is_further(const SznExtreme *extreme, SznEnd end, Oid collation,
		   int64 time, Datum value, bool isnull)
{
	int			result;

	if (time != extreme->time)
		return (time < extreme->time) == (end == SZN_EARLIEST);
	if (isnull || extreme->isnull)
		return !isnull;

	result = DatumGetInt32(FunctionCall2Coll(&extreme->type->cmp_proc_finfo,
											 collation,
											 value, extreme->value));
	if (result == 0)
		result = compare_bytes(extreme->type, value, extreme->value);
	return end == SZN_EARLIEST ? result < 0 : result > 0;
}

/* {first,last}_transition(internal, value, event_time) -> internal */
static Datum
extreme_transition(FunctionCallInfo fcinfo, SznEnd end)
{
	MemoryContext context = szn_aggregate_context(fcinfo);
	SznExtreme *extreme;
	bool		isnull = PG_ARGISNULL(1);
	Datum		value = isnull ? (Datum) 0 : PG_GETARG_DATUM(1);
	int64		time;

	extreme = PG_ARGISNULL(0) ? NULL : (SznExtreme *) PG_GETARG_POINTER(0);

	/* at the first row, so that errors do not depend on there being ties */
	if (fcinfo->flinfo->fn_extra == NULL)
	{
		Oid			type = get_fn_expr_argtype(fcinfo->flinfo, 1);

		if (OidIsValid(get_typcollation(type)) && !OidIsValid(PG_GET_COLLATION()))
			ereport(ERROR,
					(errcode(ERRCODE_INDETERMINATE_COLLATION),
					 errmsg("could not determine which collation to use for the order of values"),
					 errhint("Use the COLLATE clause to set the collation explicitly.")));
		fcinfo->flinfo->fn_extra = ordered_type(type);
	}

	if (PG_ARGISNULL(2))
	{
		if (extreme == NULL)
			PG_RETURN_NULL();
		PG_RETURN_POINTER(extreme);
	}
	time = PG_GETARG_INT64(2);

	/* most values are not worth detoasting: their time decides */
	if (extreme != NULL && time != extreme->time &&
		!is_further(extreme, end, InvalidOid, time, value, isnull))
		PG_RETURN_POINTER(extreme);

	if (!isnull && ((TypeCacheEntry *) fcinfo->flinfo->fn_extra)->typlen == -1)
		value = PointerGetDatum(PG_DETOAST_DATUM_PACKED(value));

	if (extreme == NULL)
	{
		extreme = create_extreme(context,
								 (TypeCacheEntry *) fcinfo->flinfo->fn_extra);
		keep_value(extreme, time, value, isnull);
	}
	else if (is_further(extreme, end, PG_GET_COLLATION(), time, value, isnull))
		keep_value(extreme, time, value, isnull);

	PG_RETURN_POINTER(extreme);
}

Datum
sessionize_first_transition(PG_FUNCTION_ARGS)
{
	return extreme_transition(fcinfo, SZN_EARLIEST);
}

Datum
sessionize_last_transition(PG_FUNCTION_ARGS)
{
	return extreme_transition(fcinfo, SZN_LATEST);
}

/* {first,last}_combine(internal, internal) -> internal */
static Datum
extreme_combine(FunctionCallInfo fcinfo, SznEnd end)
{
	MemoryContext context = szn_aggregate_context(fcinfo);
	SznExtreme *extreme;
	SznExtreme *other;

	extreme = PG_ARGISNULL(0) ? NULL : (SznExtreme *) PG_GETARG_POINTER(0);
	other = PG_ARGISNULL(1) ? NULL : (SznExtreme *) PG_GETARG_POINTER(1);

	if (extreme == NULL && other == NULL)
		PG_RETURN_NULL();
	if (other == NULL)
		PG_RETURN_POINTER(extreme);
	if (extreme == NULL)
	{
		extreme = create_extreme(context, other->type);
		keep_value(extreme, other->time, other->value, other->isnull);
	}
	else if (is_further(extreme, end, PG_GET_COLLATION(),
						other->time, other->value, other->isnull))
		keep_value(extreme, other->time, other->value, other->isnull);

	PG_RETURN_POINTER(extreme);
}

Datum
sessionize_first_combine(PG_FUNCTION_ARGS)
{
	return extreme_combine(fcinfo, SZN_EARLIEST);
}

Datum
sessionize_last_combine(PG_FUNCTION_ARGS)
{
	return extreme_combine(fcinfo, SZN_LATEST);
}

/*
 * extreme_serialize(internal) -> bytea
 *
 * For the way between processes of one server.
 */
Datum
sessionize_extreme_serialize(PG_FUNCTION_ARGS)
{
	SznExtreme *extreme = (SznExtreme *) PG_GETARG_POINTER(0);
	StringInfoData buffer;

	(void) szn_aggregate_context(fcinfo);

	pq_begintypsend(&buffer);
	pq_sendint32(&buffer, extreme->type->type_id);
	pq_sendint64(&buffer, extreme->time);
	pq_sendbyte(&buffer, extreme->isnull);
	if (!extreme->isnull)
	{
		if (extreme->type->typbyval)
			pq_sendbytes(&buffer, (char *) &extreme->value, sizeof(Datum));
		else
			pq_sendbytes(&buffer, DatumGetPointer(extreme->value),
						 size_of_value(extreme->type, extreme->value));
	}
	PG_RETURN_BYTEA_P(pq_endtypsend(&buffer));
}

/* Is this, as far as its header tells, one whole value of the type? */
static bool
is_whole_value(const TypeCacheEntry *type, const char *bytes, Size size)
{
	if (type->typbyval)
		return size == sizeof(Datum);
	if (type->typlen > 0)
		return size == (Size) type->typlen;
	if (type->typlen == -2)
		return size > 0 && strnlen(bytes, size) == size - 1;
	if (size < VARHDRSZ_SHORT ||
		VARATT_IS_EXTERNAL(bytes) || VARATT_IS_COMPRESSED(bytes))
		return false;
	if (VARATT_IS_SHORT(bytes))
		return size == VARSIZE_SHORT(bytes);
	return size >= VARHDRSZ && size == VARSIZE(bytes);
}

/* extreme_deserialize(bytea, internal) -> internal */
Datum
sessionize_extreme_deserialize(PG_FUNCTION_ARGS)
{
	bytea	   *state;
	StringInfoData buffer;
	SznExtreme *extreme;
	int64		time;
	bool		isnull;
	Datum		value = (Datum) 0;

	(void) szn_aggregate_context(fcinfo);

	state = PG_GETARG_BYTEA_PP(0);
	initStringInfo(&buffer);
	appendBinaryStringInfo(&buffer, VARDATA_ANY(state), VARSIZE_ANY_EXHDR(state));

	extreme = create_extreme(CurrentMemoryContext,
							 ordered_type(pq_getmsgint(&buffer, 4)));
	time = pq_getmsgint64(&buffer);
	isnull = pq_getmsgbyte(&buffer) != 0;
	if (!isnull)
	{
		int			size = buffer.len - buffer.cursor;
		char	   *bytes = (char *) palloc(Max(size, 1));

		/* copied, so that it is aligned */
		pq_copymsgbytes(&buffer, bytes, size);
		if (!is_whole_value(extreme->type, bytes, size))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
					 errmsg("invalid state of first() or last()")));
		if (extreme->type->typbyval)
			memcpy(&value, bytes, sizeof(Datum));
		else
			value = PointerGetDatum(bytes);
	}
	pq_getmsgend(&buffer);
	keep_value(extreme, time, value, isnull);
	PG_RETURN_POINTER(extreme);
}

/* extreme_final(internal, value, event_time) -> value; NULL without rows */
Datum
sessionize_extreme_final(PG_FUNCTION_ARGS)
{
	SznExtreme *extreme;

	(void) szn_aggregate_context(fcinfo);

	extreme = PG_ARGISNULL(0) ? NULL : (SznExtreme *) PG_GETARG_POINTER(0);
	if (extreme == NULL || extreme->isnull)
		PG_RETURN_NULL();
	PG_RETURN_DATUM(extreme->value);
}
