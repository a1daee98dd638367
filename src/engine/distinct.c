/*-------------------------------------------------------------------------
 *
 * distinct.c
 *	  Sets of values, for count(DISTINCT value).
 *
 * Most sessions have a handful of different values, which are looked through
 * one by one.  More get a hash table; and when a set exceeds its share of the
 * budget, its values go to core's tuplesort, and so do all that come, to be
 * counted in order at the end, as core does from the beginning.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_operator_d.h"
#include "catalog/pg_type_d.h"
#include "common/hashfn.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "engine/aggregate.h"
#include "engine/record_write.h"

#define MAX_WITHOUT_TABLE	12

/*
 * How to tell apart the values that this call counts, in the current context.
 * NULL if their equality has no hash function or they cannot be sorted.
 */
SznDistinctType *
szn_distinct_type_create(Aggref *aggref)
{
	SznDistinctType *type = (SznDistinctType *) palloc0(sizeof(SznDistinctType));
	SortGroupClause *clause = linitial_node(SortGroupClause, aggref->aggdistinct);
	Node	   *expr = (Node *) linitial_node(TargetEntry, aggref->args)->expr;
	Oid			hash;
	Oid			right;

	type->type = exprType(expr);
	type->collation = aggref->inputcollid;
	type->less = clause->sortop;
	/* only values tell whether the parts of a row can be hashed */
	if (!OidIsValid(clause->sortop) || !clause->hashable || type->type == RECORDOID ||
		!get_op_hash_functions(clause->eqop, &hash, &right))
		return NULL;
	get_typlenbyval(type->type, &type->length, &type->by_value);
	type->is_image = type->by_value && szn_is_image_type(type->type);
	type->is_text = clause->eqop == TextEqualOperator &&
		OidIsValid(type->collation) && get_collation_isdeterministic(type->collation);
	fmgr_info(hash, &type->hash);
	fmgr_info(get_opcode(clause->eqop), &type->equal);
	return type;
}

/* An empty set, in a context. */
SznDistinct *
szn_distinct_create(MemoryContext context)
{
	return (SznDistinct *) MemoryContextAllocZero(context, sizeof(SznDistinct));
}

static uint32
hash_value(SznDistinctType *type, Datum value)
{
	if (type->is_image)
		return (uint32) szn_mix(szn_image_of_datum(value, type->length));
	if (type->is_text)
		return hash_bytes((const unsigned char *) VARDATA_ANY(DatumGetPointer(value)),
						  VARSIZE_ANY_EXHDR(DatumGetPointer(value)));
	return DatumGetUInt32(FunctionCall1Coll(&type->hash, type->collation, value));
}

static bool
same_value(SznDistinctType *type, Datum a, Datum b)
{
	if (type->is_image)
		return szn_image_of_datum(a, type->length) == szn_image_of_datum(b, type->length);
	if (type->is_text)
	{
		Size		size = VARSIZE_ANY_EXHDR(DatumGetPointer(a));

		return size == VARSIZE_ANY_EXHDR(DatumGetPointer(b)) &&
			memcmp(VARDATA_ANY(DatumGetPointer(a)),
				   VARDATA_ANY(DatumGetPointer(b)), size) == 0;
	}
	return DatumGetBool(FunctionCall2Coll(&type->equal, type->collation, a, b));
}

/* A hash table for twice as many entries as there are. */
static void
make_table(SznDistinct *set, MemoryContext context)
{
	uint32		size = 64;

	while (size < set->max_entries * 2)
		size *= 2;
	if (set->table)
		pfree(set->table);
	set->table = (uint32 *)
		MemoryContextAllocExtended(context, sizeof(uint32) * (Size) size,
								   MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	set->table_size = size;
	for (uint32 i = 0; i < set->count; i++)
	{
		uint32		slot = set->entries[i].hash & (size - 1);

		while (set->table[slot] != 0)
			slot = (slot + 1) & (size - 1);
		set->table[slot] = i + 1;
	}
}

static void
grow(SznDistinct *set, MemoryContext context)
{
	uint32		max_entries = Max(set->max_entries * 2, 8);

	if (set->entries)
		set->entries = (SznDistinctEntry *)
			repalloc_huge(set->entries, sizeof(SznDistinctEntry) * (Size) max_entries);
	else
		set->entries = (SznDistinctEntry *)
			MemoryContextAlloc(context, sizeof(SznDistinctEntry) * max_entries);
	set->max_entries = max_entries;
	if (max_entries > MAX_WITHOUT_TABLE)
		make_table(set, context);
}

/* Too many values: sort them instead. */
static void
begin_sort(SznAggregate *node, SznDistinct *set, SznDistinctType *type,
		   MemoryContext context)
{
	MemoryContext caller_context = MemoryContextSwitchTo(context);

	set->sort = tuplesort_begin_datum(type->type, type->less, type->collation, false,
									  (int) (Max(node->budget / 4, 64 * 1024) / 1024),
									  NULL, TUPLESORT_NONE);
	MemoryContextSwitchTo(caller_context);
	node->sorted_sets++;
	for (uint32 i = 0; i < set->count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		tuplesort_putdatum(set->sort, set->entries[i].value, false);
	}
	if (set->values)
		MemoryContextReset(set->values);
	pfree(set->entries);
	set->entries = NULL;
	if (set->table)
		pfree(set->table);
	set->table = NULL;
	set->count = 0;
	set->max_entries = 0;
	set->memory = 0;
}

/*
 * Add a value that is not NULL; whether it has to be copied is the same for all
 * of a set.
 */
void
szn_distinct_add(SznAggregate *node, SznDistinct *set, SznDistinctType *type,
				 MemoryContext context, Datum value, bool must_copy)
{
	MemoryContext caller_context;
	uint32		hash;

	if (unlikely(set->sort != NULL))
	{
		tuplesort_putdatum(set->sort, value, false);
		return;
	}

	caller_context = MemoryContextSwitchTo(node->row_context->ecxt_per_tuple_memory);
	if (type->length == -1 && VARATT_IS_EXTENDED(DatumGetPointer(value)) &&
		!VARATT_IS_SHORT(DatumGetPointer(value)))
	{
		value = PointerGetDatum(PG_DETOAST_DATUM_PACKED(value));
		must_copy = true;
	}
	hash = hash_value(type, value);
	if (set->table == NULL)
	{
		for (uint32 i = 0; i < set->count; i++)
		{
			if (set->entries[i].hash == hash &&
				same_value(type, set->entries[i].value, value))
			{
				MemoryContextSwitchTo(caller_context);
				return;
			}
		}
	}
	else
	{
		uint32		slot = hash & (set->table_size - 1);
		uint32		number;

		while ((number = set->table[slot]) != 0)
		{
			if (set->entries[number - 1].hash == hash &&
				same_value(type, set->entries[number - 1].value, value))
			{
				MemoryContextSwitchTo(caller_context);
				return;
			}
			slot = (slot + 1) & (set->table_size - 1);
		}
	}

	if (set->count == set->max_entries)
		grow(set, context);
	if (!type->by_value && must_copy)
	{
		if (set->values == NULL)
			set->values = AllocSetContextCreate(context, "Session Aggregate distinct values",
												ALLOCSET_SMALL_SIZES);
		MemoryContextSwitchTo(set->values);
		set->memory += datumGetSize(value, false, type->length) + MAXALIGN(sizeof(void *));
		value = datumCopy(value, false, type->length);
	}
	MemoryContextSwitchTo(caller_context);
	set->entries[set->count].value = value;
	set->entries[set->count].hash = hash;
	set->count++;
	if (set->table)
	{
		uint32		slot = hash & (set->table_size - 1);

		while (set->table[slot] != 0)
			slot = (slot + 1) & (set->table_size - 1);
		set->table[slot] = set->count;
	}

	if (set->memory + set->max_entries * (sizeof(SznDistinctEntry) + 2 * sizeof(uint32)) >
		node->budget / 8)
		begin_sort(node, set, type, context);
}

/* How many different values there are.  The set is then to be ended. */
int64
szn_distinct_count(SznAggregate *node, SznDistinct *set, SznDistinctType *type)
{
	Datum		value;
	Datum		last = (Datum) 0;
	bool		isnull;
	int64		count = 0;

	if (set->sort == NULL)
		return set->count;

	tuplesort_performsort(set->sort);
	while (szn_tuplesort_getdatum(set->sort, &value, &isnull))
	{
		CHECK_FOR_INTERRUPTS();
		if (count == 0 ||
			!DatumGetBool(FunctionCall2Coll(&type->equal, type->collation, last, value)))
			count++;
		else if (!type->by_value)
		{
			pfree(DatumGetPointer(value));
			continue;
		}
		if (count > 1 && !type->by_value)
			pfree(DatumGetPointer(last));
		last = value;
	}
	return count;
}

/* Give back what is not memory, and empty the set. */
void
szn_distinct_end(SznDistinct *set)
{
	if (set->sort)
		tuplesort_end(set->sort);
	memset(set, 0, sizeof(SznDistinct));
}
