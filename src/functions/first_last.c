/*-------------------------------------------------------------------------
 *
 * first_last.c
 *	  The aggregates first(), last(), first_by() and last_by(): the value at
 *	  the earliest and at the latest event, such as a session's entry page.
 *
 *	{first,last}(value anyelement, event_time T) -> anyelement
 *	{first,last}_by(value anyelement, event_time T, VARIADIC keys "any") -> anyelement
 *
 * for T = timestamptz, timestamp or bigint.  Rows whose event time is NULL
 * are ignored.  Among values of the same time, one that is not NULL beats
 * NULL; then first() takes the smallest and last() the largest by the btree
 * order of the type.  With keys, these decide instead, as ORDER BY key, key ...
 * would, NULL last: values that several calls with the same keys pick come from
 * one event, or from events that do not differ in the keys (R18).  What the
 * orders call equal is told apart by its bytes as stored, so that the answer
 * depends on the set of rows alone.  Errors: 42883 for a type without btree
 * order.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "libpq/pqformat.h"
#include "nodes/nodeFuncs.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/typcache.h"

#include "functions/arguments.h"
#include "functions/first_last.h"

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

/*
 * What is kept of an event: the value, and the keys that come with it.
 * Without keys, the value is its own.
 */
typedef struct SznPart
{
	TypeCacheEntry *type;
	Oid			collation;
} SznPart;

typedef struct SznOrder
{
	int			num_parts;
	SznPart		parts[FLEXIBLE_ARRAY_MEMBER];
} SznOrder;

#define FIRST_KEY(order)	((order)->num_parts == 1 ? 0 : 1)

typedef struct SznKept
{
	bool		isnull;
	Datum		value;			/* by reference: points to "bytes" */
	char	   *bytes;
	Size		max_bytes;
} SznKept;

/* The event at the earliest or latest time so far. */
typedef struct SznExtreme
{
	MemoryContext context;
	const SznOrder *order;		/* lives as long as the query */
	int64		time;
	SznKept		kept[FLEXIBLE_ARRAY_MEMBER];
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
create_extreme(MemoryContext context, const SznOrder *order)
{
	SznExtreme *extreme;

	extreme = (SznExtreme *)
		MemoryContextAllocZero(context, offsetof(SznExtreme, kept) +
							   order->num_parts * sizeof(SznKept));
	extreme->context = context;
	extreme->order = order;
	return extreme;
}

static SznOrder *
create_order(MemoryContext context, int num_parts)
{
	SznOrder   *order;

	order = (SznOrder *)
		MemoryContextAlloc(context, offsetof(SznOrder, parts) +
						   num_parts * sizeof(SznPart));
	order->num_parts = num_parts;
	return order;
}

/* The value and its keys, if any, as the call's arguments say. */
static SznOrder *
order_of_call(FunctionCallInfo fcinfo)
{
	/* the state and the event time are no parts */
	SznOrder   *order = create_order(fcinfo->flinfo->fn_mcxt, PG_NARGS() - 2);
	Aggref	   *aggref = AggGetAggref(fcinfo);

	for (int i = 0; i < order->num_parts; i++)
	{
		SznPart    *part = &order->parts[i];
		int			argno = i == 0 ? 1 : i + 2;
		Oid			type = get_fn_expr_argtype(fcinfo->flinfo, argno);

		/* each key has its own; only the node knows them */
		part->collation = aggref == NULL ? PG_GET_COLLATION() :
			exprCollation((Node *) list_nth_node(TargetEntry, aggref->args,
												 argno - 1)->expr);
		if (i < FIRST_KEY(order))
			part->type = lookup_type_cache(type, 0);
		else if (OidIsValid(get_typcollation(type)) && !OidIsValid(part->collation))
			ereport(ERROR,
					(errcode(ERRCODE_INDETERMINATE_COLLATION),
					 errmsg("could not determine which collation to use for the order of values"),
					 errhint("Use the COLLATE clause to set the collation explicitly.")));
		else
			part->type = ordered_type(type);
	}
	return order;
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
keep_value(SznExtreme *extreme, int n, Datum value, bool isnull)
{
	const TypeCacheEntry *type = extreme->order->parts[n].type;
	SznKept    *kept = &extreme->kept[n];
	Size		size;

	kept->isnull = isnull;
	if (isnull)
		return;

	if (type->typbyval)
	{
		kept->value = value;
		return;
	}

	size = size_of_value(type, value);
	if (size > kept->max_bytes)
	{
		if (kept->bytes != NULL)
			pfree(kept->bytes);
		kept->bytes = NULL;
		kept->max_bytes = 0;
		kept->bytes = (char *) MemoryContextAlloc(extreme->context, size);
		kept->max_bytes = size;
	}
	memcpy(kept->bytes, DatumGetPointer(value), size);
	kept->value = PointerGetDatum(kept->bytes);
}

static void
keep_event(SznExtreme *extreme, int64 time, const NullableDatum *values)
{
	extreme->time = time;
	for (int i = 0; i < extreme->order->num_parts; i++)
		keep_value(extreme, i, values[i].value, values[i].isnull);
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

/*
 * Does an event of the same time come before (first) or after (last) what is
 * kept?
 */
static bool
wins_tie(const SznExtreme *extreme, SznEnd end, const NullableDatum *values)
{
	const SznOrder *order = extreme->order;
	int			result = 0;

	for (int i = FIRST_KEY(order); i < order->num_parts && result == 0; i++)
	{
		const SznKept *kept = &extreme->kept[i];

		if (values[i].isnull || kept->isnull)
		{
			/* last of all, but a value alone that is not NULL beats it */
			result = values[i].isnull - kept->isnull;
			if (order->num_parts == 1 && end == SZN_LATEST)
				result = -result;
		}
		else
			result = DatumGetInt32(FunctionCall2Coll(&order->parts[i].type->cmp_proc_finfo,
													 order->parts[i].collation,
													 values[i].value, kept->value));
	}
	for (int i = order->num_parts - 1; i >= 0 && result == 0; i--)
	{
		const SznKept *kept = &extreme->kept[i];

		if (values[i].isnull || kept->isnull)
			result = values[i].isnull - kept->isnull;
		else
			result = compare_bytes(order->parts[i].type, values[i].value, kept->value);
	}
	return end == SZN_EARLIEST ? result < 0 : result > 0;
}

/* {first,last}{,_by}_transition(internal, value, event_time, ...) -> internal */
static Datum
extreme_transition(FunctionCallInfo fcinfo, SznEnd end)
{
	MemoryContext context = szn_aggregate_context(fcinfo);
	SznExtreme *extreme;
	const SznOrder *order;
	NullableDatum values[FUNC_MAX_ARGS];
	int64		time;

	extreme = PG_ARGISNULL(0) ? NULL : (SznExtreme *) PG_GETARG_POINTER(0);

	/* at the first row, so that errors do not depend on there being ties */
	if (fcinfo->flinfo->fn_extra == NULL)
		fcinfo->flinfo->fn_extra = order_of_call(fcinfo);
	order = (const SznOrder *) fcinfo->flinfo->fn_extra;

	if (PG_ARGISNULL(2))
	{
		if (extreme == NULL)
			PG_RETURN_NULL();
		PG_RETURN_POINTER(extreme);
	}
	time = PG_GETARG_INT64(2);

	/* most values are not worth detoasting: their time decides */
	if (extreme != NULL && time != extreme->time &&
		(time < extreme->time) != (end == SZN_EARLIEST))
		PG_RETURN_POINTER(extreme);

	for (int i = 0; i < order->num_parts; i++)
	{
		values[i] = fcinfo->args[i == 0 ? 1 : i + 2];
		if (!values[i].isnull && order->parts[i].type->typlen == -1)
			values[i].value = PointerGetDatum(PG_DETOAST_DATUM_PACKED(values[i].value));
	}

	if (extreme == NULL)
	{
		extreme = create_extreme(context, order);
		keep_event(extreme, time, values);
	}
	else if (time != extreme->time || wins_tie(extreme, end, values))
		keep_event(extreme, time, values);

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
	NullableDatum values[FUNC_MAX_ARGS];

	extreme = PG_ARGISNULL(0) ? NULL : (SznExtreme *) PG_GETARG_POINTER(0);
	other = PG_ARGISNULL(1) ? NULL : (SznExtreme *) PG_GETARG_POINTER(1);

	if (extreme == NULL && other == NULL)
		PG_RETURN_NULL();
	if (other == NULL)
		PG_RETURN_POINTER(extreme);
	for (int i = 0; i < other->order->num_parts; i++)
	{
		values[i].value = other->kept[i].value;
		values[i].isnull = other->kept[i].isnull;
	}
	if (extreme == NULL)
	{
		extreme = create_extreme(context, other->order);
		keep_event(extreme, other->time, values);
	}
	else if (other->time == extreme->time ? wins_tie(extreme, end, values) :
			 (other->time < extreme->time) == (end == SZN_EARLIEST))
		keep_event(extreme, other->time, values);

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
	pq_sendint32(&buffer, extreme->order->num_parts);
	pq_sendint64(&buffer, extreme->time);
	for (int i = 0; i < extreme->order->num_parts; i++)
	{
		const SznPart *part = &extreme->order->parts[i];
		const SznKept *kept = &extreme->kept[i];
		Size		size;

		pq_sendint32(&buffer, part->type->type_id);
		pq_sendint32(&buffer, part->collation);
		pq_sendbyte(&buffer, kept->isnull);
		if (kept->isnull)
			continue;
		size = part->type->typbyval ? sizeof(Datum) : size_of_value(part->type, kept->value);
		pq_sendint32(&buffer, size);
		pq_sendbytes(&buffer, part->type->typbyval ? (char *) &kept->value :
					 DatumGetPointer(kept->value), size);
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

pg_noreturn static void
error_invalid_state(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
			 errmsg("invalid state of first() or last()")));
}

/* extreme_deserialize(bytea, internal) -> internal */
Datum
sessionize_extreme_deserialize(PG_FUNCTION_ARGS)
{
	bytea	   *state;
	StringInfoData buffer;
	SznExtreme *extreme;
	SznOrder   *order = (SznOrder *) fcinfo->flinfo->fn_extra;
	int			num_parts;
	int64		time;
	NullableDatum values[FUNC_MAX_ARGS];

	(void) szn_aggregate_context(fcinfo);

	state = PG_GETARG_BYTEA_PP(0);
	initStringInfo(&buffer);
	appendBinaryStringInfo(&buffer, VARDATA_ANY(state), VARSIZE_ANY_EXHDR(state));

	num_parts = pq_getmsgint(&buffer, 4);
	if (num_parts < 1 || num_parts > FUNC_MAX_ARGS ||
		(order != NULL && order->num_parts != num_parts))
		error_invalid_state();
	if (order == NULL)
	{
		order = create_order(fcinfo->flinfo->fn_mcxt, num_parts);
		memset(order->parts, 0, num_parts * sizeof(SznPart));
	}
	time = pq_getmsgint64(&buffer);
	for (int i = 0; i < num_parts; i++)
	{
		SznPart    *part = &order->parts[i];
		Oid			type = pq_getmsgint(&buffer, 4);
		char	   *bytes;
		int			size;

		if (part->type == NULL)
			part->type = i < FIRST_KEY(order) ? lookup_type_cache(type, 0) :
				ordered_type(type);
		else if (part->type->type_id != type)
			error_invalid_state();
		part->collation = pq_getmsgint(&buffer, 4);
		values[i].isnull = pq_getmsgbyte(&buffer) != 0;
		values[i].value = (Datum) 0;
		if (values[i].isnull)
			continue;

		/* copied, so that it is aligned */
		size = pq_getmsgint(&buffer, 4);
		if (size < 0 || size > buffer.len - buffer.cursor)
			error_invalid_state();
		bytes = (char *) palloc(Max(size, 1));
		pq_copymsgbytes(&buffer, bytes, size);
		if (!is_whole_value(part->type, bytes, size))
			error_invalid_state();
		if (part->type->typbyval)
			memcpy(&values[i].value, bytes, sizeof(Datum));
		else
			values[i].value = PointerGetDatum(bytes);
	}
	pq_getmsgend(&buffer);
	fcinfo->flinfo->fn_extra = order;

	extreme = create_extreme(CurrentMemoryContext, order);
	keep_event(extreme, time, values);
	PG_RETURN_POINTER(extreme);
}

/* extreme_final(internal, value, event_time, ...) -> value; NULL without rows */
Datum
sessionize_extreme_final(PG_FUNCTION_ARGS)
{
	SznExtreme *extreme;

	(void) szn_aggregate_context(fcinfo);

	extreme = PG_ARGISNULL(0) ? NULL : (SznExtreme *) PG_GETARG_POINTER(0);
	if (extreme == NULL || extreme->kept[0].isnull)
		PG_RETURN_NULL();
	PG_RETURN_DATUM(extreme->kept[0].value);
}
