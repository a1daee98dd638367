/*-------------------------------------------------------------------------
 *
 * heap.c
 *	  Pages of a heap, read by Session Scan itself.
 *
 * Where the input is a bare sequential scan of a heap, or several of them
 * under an Append, its rows are not fetched from the nodes one by one.  The
 * scan is core's all the same, and it is kept where core's node keeps it:
 * core goes from page to page, pins, prunes, locks, counts, and says which
 * tuples of a page are visible.  Only what lies between these tuples and the
 * columns of the input is done here, for many rows in a row:
 *
 *		Result      projection --+
 *		  Append                 +--> one expression per column and member
 *			Seq Scan projection -+
 *
 * Columns of the table are taken from the tuple.  Conditions, and columns
 * that have to be computed, are evaluated here where they are simple
 * (simple.c), else by core on the scan's own slot.
 *
 * Everything else (indexes, samples, other access methods, subqueries in
 * conditions) is core's alone; as a member of an Append it is asked row by
 * row.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/relscan.h"
#include "access/tableam.h"
#include "executor/execPartition.h"
#include "executor/executor.h"
#include "executor/instrument.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "pgstat.h"
#include "storage/bufmgr.h"
#include "utils/rel.h"

#include "compat.h"
#include "engine/heap.h"
#include "engine/simple.h"

/* its macros use those of varatt.h, which compat.h includes where it exists */
#include "access/tupmacs.h"

/* Rows read at once, while they are in the processor's cache. */
#define MAX_ROWS	64
#define MAX_VALUES	8192

/* Tuples are fetched into the cache so many before they are read. */
#define AHEAD		12

/* How many attributes may be found without looking at those before them. */
#define MAX_FIXED	8

bool		szn_enable_direct_heap_scan = true;

/* An attribute of the table, up to the last one that is needed. */
typedef struct SznHeapAttribute
{
	int16		attlen;
	bool		byval;
	char		attalign;
	int			offset;			/* of the first ones, where none is NULL */
	int			column;			/* of the reader's rows; -1: not needed */
} SznHeapAttribute;

/* A column of the input that is not an attribute. */
typedef struct SznHeapExpr
{
	int			column;
	SznSimple  *simple;
	ExprState  *state;			/* core's, unless it is simple */
	Datum		value;			/* of a constant */
	bool		isnull;
} SznHeapExpr;

typedef struct SznHeapMember
{
	PlanState  *node;
	bool		is_direct;		/* it is a SeqScanState, and read here */
	HeapScanDesc scan;
	bool		on_page;		/* core has found a page */
	int			next;			/* of the page's visible tuples */

	int			num_attributes;
	SznHeapAttribute *attributes;
	int			num_fixed;		/* attributes with an offset */
	uint8		fixed_mask;		/* their null flags */
	int			walk_offset;	/* where the first one without may begin */

	int			num_constants;
	SznHeapExpr *constants;
	int			num_simple;
	SznHeapExpr *simple;
	int			num_exprs;
	SznHeapExpr *exprs;
	bool		has_pointers;	/* a value of core's is somewhere else */
	int			num_conditions;
	SznSimple **conditions;
	int			num_not_null;
	int		   *not_null;		/* columns that must not be NULL */
	bool		by_core;		/* not all conditions are simple */
	int			width;			/* of a row */
} SznHeapMember;


/*
 * Beginning
 */

/* An expression of the node above, in terms of the table. */
static Node *
replace_outer_vars(Node *node, void *below)
{
	if (node == NULL)
		return NULL;
	if (IsA(node, Var) && ((Var *) node)->varno == OUTER_VAR)
	{
		TargetEntry *entry = list_nth_node(TargetEntry, (List *) below,
										   ((Var *) node)->varattno - 1);

		return (Node *) entry->expr;
	}
	return expression_tree_mutator(node, replace_outer_vars, below);
}

/* The attribute that this expression is nothing but; 0 if there is none. */
static AttrNumber
plain_attribute(Node *expr)
{
	while (IsA(expr, RelabelType))
		expr = (Node *) ((RelabelType *) expr)->arg;
	return IsA(expr, Var) && ((Var *) expr)->varattno > 0 ? ((Var *) expr)->varattno : 0;
}

/* Where the attributes are in tuples that have no NULL before them. */
static void
init_attributes(SznHeapMember *member, TupleDesc descriptor)
{
	bool		is_fixed = true;
	int			offset = 0;

	member->attributes = (SznHeapAttribute *)
		palloc0(sizeof(SznHeapAttribute) * Max(descriptor->natts, 1));
	for (int i = 0; i < descriptor->natts; i++)
	{
		SznHeapAttribute *attribute = &member->attributes[i];
		Form_pg_attribute form = TupleDescAttr(descriptor, i);

		attribute->attlen = form->attlen;
		attribute->byval = form->attbyval;
		attribute->attalign = form->attalign;
		attribute->column = -1;

		if (!is_fixed || i == MAX_FIXED)
		{
			is_fixed = false;
			continue;
		}

		/* a short header is not aligned, so one that may be short is walked to */
		if (form->attlen == -1 &&
			att_align_nominal(offset, form->attalign) != offset)
		{
			is_fixed = false;
			continue;
		}
		offset = att_align_nominal(offset, form->attalign);
		attribute->offset = offset;
		if (form->attlen < 0)
			is_fixed = false;
		else
			offset += form->attlen;
		member->num_fixed = i + 1;
	}
	member->walk_offset = offset;
}

/* Where a row has an attribute that a simple expression needs. */
static int
place_of_attribute(void *argument, AttrNumber attribute)
{
	SznHeapMember *member = (SznHeapMember *) argument;

	if (member->attributes[attribute - 1].column < 0)
		member->attributes[attribute - 1].column = member->width++;
	member->num_attributes = Max(member->num_attributes, attribute);
	return member->attributes[attribute - 1].column;
}

/* A column of the input that is not an attribute. */
static void
init_expr(SznHeapReader *reader, SznHeapMember *member, int column, Node *expr)
{
	SznHeapExpr entry = {0};

	entry.column = column;
	if (IsA(expr, Const))
	{
		entry.value = ((Const *) expr)->constvalue;
		entry.isnull = ((Const *) expr)->constisnull;
		member->constants[member->num_constants++] = entry;
		return;
	}
	entry.simple = szn_simple_create(expr, member->node, place_of_attribute, member);
	if (entry.simple)
	{
		member->simple[member->num_simple++] = entry;
		return;
	}
	entry.state = ExecInitExpr((Expr *) expr, member->node);
	member->has_pointers |= !TupleDescAttr(ExecGetResultType(reader->input), column)->attbyval;
	reader->computed = bms_add_member(reader->computed, column);
	member->exprs[member->num_exprs++] = entry;
}

/*
 * Can the scan be read here, and these expressions be had from it?  Prepares
 * it if so.
 */
static bool
init_direct(SznHeapReader *reader, SznHeapMember *member, List *targets)
{
	SeqScanState *node = (SeqScanState *) member->node;
	Plan	   *plan;
	Size		exprs_size = sizeof(SznHeapExpr) * Max(list_length(targets), 1);
	List	   *others = NIL;
	ListCell   *cell;

	if (!IsA(node, SeqScanState) ||
		node->ss.ss_currentRelation->rd_tableam != GetHeapamTableAmRoutine())
		return false;

	/* a subquery's plan belongs to the node that evaluates it */
	plan = node->ss.ps.plan;
	if (contain_subplans((Node *) plan->qual) || contain_subplans((Node *) plan->targetlist))
		return false;

	/* what replaces a column of the node above may be evaluated twice, or never */
	if (reader->result && contain_volatile_functions((Node *) plan->targetlist))
		return false;

	init_attributes(member, RelationGetDescr(node->ss.ss_currentRelation));
	member->width = reader->num_columns;
	member->constants = (SznHeapExpr *) palloc0(exprs_size);
	member->simple = (SznHeapExpr *) palloc0(exprs_size);
	member->exprs = (SznHeapExpr *) palloc0(exprs_size);
	foreach(cell, targets)
	{
		Node	   *expr = (Node *) lfirst_node(TargetEntry, cell)->expr;
		AttrNumber	attribute;

		if (reader->result)
			expr = replace_outer_vars(expr, plan->targetlist);
		attribute = plain_attribute(expr);
		if (attribute > 0 && member->attributes[attribute - 1].column < 0)
		{
			member->attributes[attribute - 1].column = foreach_current_index(cell);
			member->num_attributes = Max(member->num_attributes, attribute);
			expr = NULL;
		}
		others = lappend(others, expr);
	}
	foreach(cell, others)
	{
		if (lfirst(cell) != NULL)
			init_expr(reader, member, foreach_current_index(cell), (Node *) lfirst(cell));
	}

	/*
	 * All by us or all by core, in core's order; but to be NULL is no secret
	 * that a row could give away, and no error.
	 */
	member->conditions = (SznSimple **)
		palloc0(sizeof(SznSimple *) * Max(list_length(plan->qual), 1));
	member->not_null = (int *) palloc(sizeof(int) * Max(list_length(plan->qual), 1));
	foreach(cell, plan->qual)
	{
		SznSimple  *simple = szn_simple_create((Node *) lfirst(cell), member->node,
											   place_of_attribute, member);

		if (simple == NULL)
		{
			member->by_core = true;
			member->num_conditions = 0;
			member->num_not_null = 0;
			break;
		}
		if (simple->kind == SZN_SIMPLE_IS_NOT_NULL &&
			simple->args[0]->kind == SZN_SIMPLE_COLUMN)
			member->not_null[member->num_not_null++] = simple->args[0]->place;
		else
			member->conditions[member->num_conditions++] = simple;
	}
	if (member->num_fixed > member->num_attributes)
	{
		member->num_fixed = member->num_attributes;
		Assert(member->num_fixed <= MAX_FIXED);
	}
	else if (member->num_fixed > 0 &&
			 member->attributes[member->num_fixed - 1].attlen < 0)
	{
		/* what follows it is found by walking over it */
		member->num_fixed--;
	}
	member->fixed_mask = (uint8) ((1 << member->num_fixed) - 1);
	return true;
}

/*
 * A reader for the input, in the current context; NULL if nothing of it can
 * be read here.
 */
SznHeapReader *
szn_heap_reader_create(PlanState *input)
{
	SznHeapReader *reader;
	PlanState **nodes;
	PlanState  *below = input;
	bool		has_pointers = false;

	/* rows that are checked once more come from elsewhere */
	if (!szn_enable_direct_heap_scan || input->state->es_epq_active != NULL)
		return NULL;

	reader = (SznHeapReader *) palloc0(sizeof(SznHeapReader));
	reader->input = input;
	reader->num_columns = ExecGetResultType(input)->natts;
	reader->width = Max(reader->num_columns, 1);
	if (IsA(below, ResultState))
	{
		reader->result = (ResultState *) below;
		if (reader->result->resconstantqual != NULL || below->qual != NULL ||
			contain_subplans((Node *) below->plan->targetlist))
			return NULL;
		below = outerPlanState(below);
		if (below == NULL)
			return NULL;
	}
	nodes = &below;
	reader->num_members = 1;
	if (IsA(below, AppendState))
	{
		/* members chosen during execution, or by several processes, are core's */
		reader->append = (AppendState *) below;
		if (below->plan->parallel_aware || reader->append->as_nasyncplans > 0 ||
			(reader->append->as_prune_state != NULL &&
			 reader->append->as_prune_state->do_exec_prune))
			return NULL;
		nodes = reader->append->appendplans;
		reader->num_members = reader->append->as_nplans;
	}

	reader->members = (SznHeapMember *)
		palloc0(sizeof(SznHeapMember) * Max(reader->num_members, 1));
	for (int i = 0; i < reader->num_members; i++)
	{
		SznHeapMember *member = &reader->members[i];

		member->node = nodes[i];
		member->is_direct =
			init_direct(reader, member,
						reader->append && reader->result == NULL ?
						nodes[i]->plan->targetlist : input->plan->targetlist);
		if (!member->is_direct)
			continue;
		reader->num_direct++;
		reader->width = Max(reader->width, member->width);
		has_pointers |= member->has_pointers;
	}
	if (reader->num_direct == 0)
		return NULL;
	if (reader->num_direct < reader->num_members)
		reader->computed = bms_add_range(NULL, 0, reader->num_columns - 1);

	/* values of core's expressions live until the next row */
	reader->capacity = has_pointers ? 1 :
		Max(Min(MAX_ROWS, MAX_VALUES / reader->width), 1);
	reader->values = (Datum *) palloc0(sizeof(Datum) * reader->width * reader->capacity);
	reader->nulls = (bool *) palloc0(sizeof(bool) * reader->width * reader->capacity);
	return reader;
}

/* From the beginning again: called when the input is rescanned, or will be. */
void
szn_heap_reader_rewind(SznHeapReader *reader)
{
	reader->begun = false;
	reader->count = 0;
	reader->next = 0;
}

/*
 * A node that is not asked by ExecProcNode() does not notice that its
 * parameters have changed.
 */
static void
catch_up(PlanState *node)
{
	if (node->chgParam != NULL)
		ExecReScan(node);
}

static void
begin_member(SznHeapReader *reader)
{
	SznHeapMember *member = &reader->members[reader->member];
	SeqScanState *node = (SeqScanState *) member->node;

	catch_up(member->node);
	if (!member->is_direct)
		return;

	/* as the node itself does it, and it will end it; the caller's memory may be a row's */
	if (node->ss.ss_currentScanDesc == NULL)
	{
		MemoryContext caller_context =
			MemoryContextSwitchTo(node->ss.ps.state->es_query_cxt);

		node->ss.ss_currentScanDesc =
			table_beginscan(node->ss.ss_currentRelation,
							node->ss.ps.state->es_snapshot, 0, NULL);
		MemoryContextSwitchTo(caller_context);
	}
	member->scan = (HeapScanDesc) node->ss.ss_currentScanDesc;
	member->on_page = false;
	member->next = 0;

	/* some snapshots have no use for a page's visible tuples */
	if ((member->scan->rs_base.rs_flags & SO_ALLOW_PAGEMODE) == 0)
		member->is_direct = false;

	for (int i = 0; i < member->num_constants; i++)
	{
		SznHeapExpr *constant = &member->constants[i];

		for (int row = 0; row < reader->capacity; row++)
		{
			reader->values[row * reader->width + constant->column] = constant->value;
			reader->nulls[row * reader->width + constant->column] = constant->isnull;
		}
	}
	for (int i = 0; i < member->num_simple; i++)
		szn_simple_forget(member->simple[i].simple);
	for (int i = 0; i < member->num_conditions; i++)
		szn_simple_forget(member->conditions[i]);
}


/*
 * Reading
 */

/* What is needed of a tuple's attributes. */
static inline void
read_attributes(SznHeapMember *member, HeapTupleHeader tuple, Datum *values, bool *nulls)
{
	const SznHeapAttribute *attributes = member->attributes;
	char	   *data = (char *) tuple + tuple->t_hoff;
	bits8	   *bits = tuple->t_infomask & HEAP_HASNULL ? tuple->t_bits : NULL;
	int			natts = Min(HeapTupleHeaderGetNatts(tuple), member->num_attributes);
	int			i = 0;
	uint32		offset = 0;

	if (natts >= member->num_fixed &&
		(bits == NULL || (bits[0] & member->fixed_mask) == member->fixed_mask))
	{
		for (; i < member->num_fixed; i++)
		{
			const SznHeapAttribute *attribute = &attributes[i];

			if (attribute->column >= 0)
			{
				values[attribute->column] =
					fetch_att(data + attribute->offset, attribute->byval, attribute->attlen);
				nulls[attribute->column] = false;
			}
		}
		offset = member->walk_offset;
	}
	for (; i < natts; i++)
	{
		const SznHeapAttribute *attribute = &attributes[i];

		if (bits && att_isnull(i, bits))
		{
			if (attribute->column >= 0)
			{
				values[attribute->column] = (Datum) 0;
				nulls[attribute->column] = true;
			}
			continue;
		}
		offset = att_align_pointer(offset, attribute->attalign, attribute->attlen, data + offset);
		if (attribute->column >= 0)
		{
			values[attribute->column] =
				fetch_att(data + offset, attribute->byval, attribute->attlen);
			nulls[attribute->column] = false;
		}
		offset = att_addlength_pointer(offset, attribute->attlen, data + offset);
	}

	/* the tuple is older than these */
	for (; i < member->num_attributes; i++)
	{
		if (attributes[i].column >= 0)
			values[attributes[i].column] =
				getmissingattr(RelationGetDescr(member->scan->rs_base.rs_rd), i + 1,
							   &nulls[attributes[i].column]);
	}
}

/* Does a row meet the scan's conditions, all of them simple? */
static inline bool
meets_conditions(SznHeapMember *member, const Datum *values, const bool *nulls)
{
	for (int i = 0; i < member->num_not_null; i++)
	{
		if (nulls[member->not_null[i]])
		{
			InstrCountFiltered1(member->node, 1);
			return false;
		}
	}
	for (int i = 0; i < member->num_conditions; i++)
	{
		bool		isnull;
		Datum		value = szn_simple_value(member->conditions[i], values, nulls, &isnull);

		if (isnull || !DatumGetBool(value))
		{
			InstrCountFiltered1(member->node, 1);
			return false;
		}
	}
	return true;
}

/* Hand a tuple to core, which may know whether it meets the conditions. */
static bool
meets_conditions_of_core(SznHeapMember *member, ItemId item, OffsetNumber offset)
{
	HeapTuple	tuple = &member->scan->rs_ctup;
	SeqScanState *node = (SeqScanState *) member->node;
	ExprContext *econtext = node->ss.ps.ps_ExprContext;

	tuple->t_data = (HeapTupleHeader)
		PageGetItem(BufferGetPage(member->scan->rs_cbuf), item);
	tuple->t_len = ItemIdGetLength(item);
	ItemPointerSet(&tuple->t_self, member->scan->rs_cblock, offset);

	ResetExprContext(econtext);
	ExecStoreBufferHeapTuple(tuple, node->ss.ss_ScanTupleSlot, member->scan->rs_cbuf);
	econtext->ecxt_scantuple = node->ss.ss_ScanTupleSlot;
	if (member->by_core && !ExecQual(node->ss.ps.qual, econtext))
	{
		InstrCountFiltered1(node, 1);
		return false;
	}
	return true;
}

/* The columns that have to be computed. */
static inline void
compute_columns(SznHeapMember *member, Datum *values, bool *nulls)
{
	for (int i = 0; i < member->num_simple; i++)
	{
		SznHeapExpr *expr = &member->simple[i];

		values[expr->column] =
			szn_simple_value(expr->simple, values, nulls, &nulls[expr->column]);
	}

	/* last, since their values are in memory that the others may reset */
	for (int i = 0; i < member->num_exprs; i++)
	{
		SznHeapExpr *expr = &member->exprs[i];

		values[expr->column] =
			ExecEvalExprSwitchContext(expr->state, member->node->ps_ExprContext,
									  &nulls[expr->column]);
	}
}

/* This tuple of the page, if there is one, will be read soon. */
static inline void
fetch_ahead(HeapScanDesc scan, int number)
{
	Page		page = BufferGetPage(scan->rs_cbuf);

	if (number < (int) scan->rs_ntuples)
		szn_prefetch(PageGetItem(page, PageGetItemId(page, scan->rs_vistuples[number])));
}

/* The next rows of a scan, all from one page; 0 at its end. */
static int
read_pages(SznHeapReader *reader, SznHeapMember *member)
{
	HeapScanDesc scan = member->scan;
	bool		uses_core = member->by_core || member->num_exprs > 0;
	int			count = 0;

	for (;;)
	{
		Page		page;

		if (member->on_page)
		{
			page = BufferGetPage(scan->rs_cbuf);
			while (count < reader->capacity && member->next < (int) scan->rs_ntuples)
			{
				OffsetNumber offset = scan->rs_vistuples[member->next];
				ItemId		item = PageGetItemId(page, offset);
				Datum	   *values = reader->values + count * reader->width;
				bool	   *nulls = reader->nulls + count * reader->width;

				fetch_ahead(scan, member->next + AHEAD);

				/* core has counted the first one */
				if (member->next > 0)
					pgstat_count_heap_getnext(scan->rs_base.rs_rd);
				member->next++;

				if (member->num_attributes > 0)
					read_attributes(member, (HeapTupleHeader) PageGetItem(page, item),
									values, nulls);
				if (!meets_conditions(member, values, nulls))
					continue;
				if (uses_core && !meets_conditions_of_core(member, item, offset))
					continue;
				compute_columns(member, values, nulls);
				count++;
			}
			if (count > 0)
				return count;

			/* so that core goes on with the next page */
			scan->rs_cindex = scan->rs_ntuples - 1;
		}

		CHECK_FOR_INTERRUPTS();
		if (heap_getnext(&scan->rs_base, ForwardScanDirection) == NULL)
		{
			ExecClearTuple(((SeqScanState *) member->node)->ss.ss_ScanTupleSlot);
			member->on_page = false;
			return 0;
		}
		member->on_page = true;
		member->next = 0;
		for (int i = 0; i < AHEAD; i++)
			fetch_ahead(scan, i);
	}
}

/* The next row of a member that is not read here; 0 at its end. */
static int
read_other(SznHeapReader *reader, SznHeapMember *member)
{
	TupleTableSlot *slot = ExecProcNode(member->node);

	if (TupIsNull(slot))
		return 0;
	if (reader->result)
	{
		ExprContext *econtext = reader->result->ps.ps_ExprContext;

		ResetExprContext(econtext);
		econtext->ecxt_outertuple = slot;
		slot = ExecProject(reader->result->ps.ps_ProjInfo);
	}
	slot_getallattrs(slot);
	memcpy(reader->values, slot->tts_values, sizeof(Datum) * reader->num_columns);
	memcpy(reader->nulls, slot->tts_isnull, sizeof(bool) * reader->num_columns);
	return 1;
}

/* EXPLAIN ANALYZE is told what the nodes would have told it. */
static void
start_node(PlanState *node)
{
	if (node->instrument)
		InstrStartNode(node->instrument);
}

static void
stop_node(PlanState *node, int count)
{
	if (node->instrument)
		InstrStopNode(node->instrument, count);
}

/* Read more rows; false if there are none. */
bool
szn_heap_reader_fill(SznHeapReader *reader)
{
	reader->next = 0;
	reader->count = 0;
	if (!reader->begun)
	{
		if (reader->result)
			catch_up(&reader->result->ps);
		if (reader->append)
			catch_up(&reader->append->ps);
		reader->begun = true;
		reader->member = 0;
		if (reader->num_members > 0)
			begin_member(reader);
	}

	if (reader->result)
		start_node(&reader->result->ps);
	if (reader->append)
		start_node(&reader->append->ps);
	while (reader->member < reader->num_members)
	{
		SznHeapMember *member = &reader->members[reader->member];

		if (member->is_direct)
		{
			start_node(member->node);
			reader->count = read_pages(reader, member);
			stop_node(member->node, reader->count);
		}
		else
			reader->count = read_other(reader, member);
		if (reader->count > 0)
			break;

		/* a scan that is at its end would begin again */
		if (++reader->member < reader->num_members)
			begin_member(reader);
	}
	if (reader->append)
		stop_node(&reader->append->ps, reader->count);
	if (reader->result)
		stop_node(&reader->result->ps, reader->count);
	return reader->count > 0;
}
