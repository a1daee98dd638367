/*-------------------------------------------------------------------------
 *
 * heap.c
 *	  Pages of a heap, read by Session Scan itself.
 *
 * Where the input is a bare sequential or bitmap scan of a heap, or several of
 * them under an Append, its rows are not fetched from the nodes one by one.  The
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
 * To get to the next page of a bitmap, core's node is asked for a row: it makes
 * the bitmap, prefetches, and knows nothing of us.  That row is read here once
 * more, and the others of its page.
 *
 * Everything else (indexes' own scans, samples, other access methods, subqueries
 * in conditions) is core's alone; as a member of an Append it is asked row by
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
#include "engine/heap_rows.h"

/* Rows read at once are to stay in the processor's cache. */
#define MAX_VALUES	8192

/* How many attributes may be found without looking at those before them. */
#define MAX_FIXED	8

bool		szn_enable_direct_heap_scan = true;


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

/* Attributes with an offset last, since nearly all tuples have all of these. */
static void
sort_not_null(SznHeapMember *member)
{
	int			num_others = 0;

	for (int i = 0; i < member->num_not_null; i++)
	{
		int			place = member->not_null[i];
		bool		is_fixed = false;

		for (int j = 0; j < member->num_fixed; j++)
			is_fixed |= member->attributes[j].column == place;
		if (is_fixed)
			continue;
		member->not_null[i] = member->not_null[num_others];
		member->not_null[num_others++] = place;
	}
	member->num_not_null_others = num_others;
}

/* Is this a scan of pages that can be read here? */
static bool
is_scan_of_pages(SznHeapReader *reader, PlanState *node)
{
	Plan	   *plan = node->plan;
	bool		is_bitmap = IsA(node, BitmapHeapScanState);

	if ((!IsA(node, SeqScanState) && !is_bitmap) ||
		((ScanState *) node)->ss_currentRelation->rd_tableam != GetHeapamTableAmRoutine())
		return false;

	/* a subquery's plan belongs to the node that evaluates it */
	if (contain_subplans((Node *) plan->qual) || contain_subplans((Node *) plan->targetlist))
		return false;

	/* what replaces a column of the node above may be evaluated twice, or never */
	if ((reader->result || is_bitmap) && contain_volatile_functions((Node *) plan->targetlist))
		return false;

	/* core may not look at pages that nothing is wanted of */
	return !is_bitmap ||
		(plan->targetlist != NIL && !contain_volatile_functions((Node *) plan->qual));
}

/* Conditions taken apart, in their order; NULL unless all of them are simple. */
static SznSimple **
take_apart(SznHeapMember *member, List *quals)
{
	SznSimple **conditions = (SznSimple **)
		palloc0(sizeof(SznSimple *) * Max(list_length(quals), 1));
	ListCell   *cell;

	foreach(cell, quals)
	{
		SznSimple  *simple = szn_simple_create((Node *) lfirst(cell), member->node,
											   place_of_attribute, member);

		if (simple == NULL)
			return NULL;
		conditions[foreach_current_index(cell)] = simple;
	}
	return conditions;
}

/*
 * Can the scan be read here, and these expressions be had from it?  Prepares
 * it if so.
 */
static bool
init_direct(SznHeapReader *reader, SznHeapMember *member, List *targets)
{
	ScanState  *node = (ScanState *) member->node;
	Plan	   *plan = node->ps.plan;
	Size		exprs_size = sizeof(SznHeapExpr) * Max(list_length(targets), 1);
	List	   *others = NIL;
	ListCell   *cell;

	if (!is_scan_of_pages(reader, member->node))
		return false;

	member->is_bitmap = IsA(node, BitmapHeapScanState);
	init_attributes(member, RelationGetDescr(node->ss_currentRelation));
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
	member->conditions = take_apart(member, plan->qual);
	member->by_core = member->conditions == NULL;
	member->not_null = (int *) palloc(sizeof(int) * Max(list_length(plan->qual), 1));
	for (int i = 0; i < list_length(plan->qual) && !member->by_core; i++)
	{
		SznSimple  *simple = member->conditions[i];

		if (simple->kind == SZN_SIMPLE_IS_NOT_NULL &&
			simple->args[0]->kind == SZN_SIMPLE_COLUMN)
			member->not_null[member->num_not_null++] = simple->args[0]->place;
		else
			member->conditions[member->num_conditions++] = simple;
	}

	/* what tuples are checked for where the bitmap tells pages alone */
	if (member->is_bitmap)
	{
		List	   *quals = ((BitmapHeapScan *) plan)->bitmapqualorig;

		member->rechecks = take_apart(member, quals);
		member->recheck_by_core = member->rechecks == NULL;
		member->num_rechecks = member->recheck_by_core ? 0 : list_length(quals);
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
	sort_not_null(member);

	member->attribute_columns = (int *) palloc(sizeof(int) * Max(member->num_attributes, 1));
	for (int i = 0; i < member->num_attributes; i++)
	{
		if (member->attributes[i].column >= 0)
			member->attribute_columns[member->num_attribute_columns++] =
				member->attributes[i].column;
	}
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
		/* members that several processes choose are core's */
		reader->append = (AppendState *) below;
		if (below->plan->parallel_aware || reader->append->as_nasyncplans > 0)
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
		Max(Min(SZN_HEAP_ROWS, MAX_VALUES / reader->width), 1);
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

/* A sequential scan, begun as the node itself does it, and it will end it. */
static void
begin_scan(SznHeapMember *member)
{
	ScanState  *node = (ScanState *) member->node;

	if (node->ss_currentScanDesc == NULL)
	{
		/* the caller's memory may be a row's */
		MemoryContext caller_context = MemoryContextSwitchTo(node->ps.state->es_query_cxt);

		node->ss_currentScanDesc = table_beginscan(node->ss_currentRelation,
												   node->ps.state->es_snapshot, 0, NULL);
		MemoryContextSwitchTo(caller_context);
	}
	member->scan = (HeapScanDesc) node->ss_currentScanDesc;

	/* some snapshots have no use for a page's visible tuples */
	if ((member->scan->rs_base.rs_flags & SO_ALLOW_PAGEMODE) == 0)
		member->is_direct = false;
}

static void
begin_member(SznHeapReader *reader)
{
	SznHeapMember *member = &reader->members[reader->member];

	catch_up(member->node);
	if (!member->is_direct)
		return;

	if (!member->is_bitmap)
		begin_scan(member);
	member->on_page = false;

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
	for (int i = 0; i < member->num_rechecks; i++)
		szn_simple_forget(member->rechecks[i]);
}


/*
 * Reading
 */

/*
 * The next tuples of the page at hand, no more than "limit"; they are on their
 * way into the processor's cache.
 */
static int
next_tuples(SznHeapMember *member, SznHeapTuple *tuples, int limit)
{
	HeapScanDesc scan = member->scan;
	Page		page = BufferGetPage(scan->rs_cbuf);
	int			count = Min(limit, (int) scan->rs_ntuples - member->next);

	for (int i = 0; i < count; i++, member->next++)
	{
		OffsetNumber offset = scan->rs_vistuples[member->next];

		tuples[i].offset = offset;
		tuples[i].header =
			(HeapTupleHeader) PageGetItem(page, PageGetItemId(page, offset));
		szn_prefetch(tuples[i].header);

		/* core has counted the first one */
		if (member->next == member->first)
			continue;
		if (member->is_bitmap)
			pgstat_count_heap_fetch(scan->rs_base.rs_rd);
		else
			pgstat_count_heap_getnext(scan->rs_base.rs_rd);
	}
	return count;
}

/* Have core go on to the next page that has a row.  False at the scan's end. */
static bool
next_page(SznHeapMember *member)
{
	HeapScanDesc scan = member->scan;

	if (!member->is_bitmap)
	{
		/* it was left at the first tuple of the page */
		if (member->on_page)
			scan->rs_cindex = scan->rs_ntuples - 1;
		member->first = 0;
		member->on_page = heap_getnext(&scan->rs_base, ForwardScanDirection) != NULL;
		if (!member->on_page)
			ExecClearTuple(((ScanState *) member->node)->ss_ScanTupleSlot);
	}
	else
	{
		TupleTableSlot *slot;

		/* without counting rows, which is done here */
		if (member->on_page)
			scan->rs_cindex = scan->rs_ntuples;
		slot = member->node->ExecProcNodeReal(member->node);
		member->on_page = !TupIsNull(slot);
		if (member->on_page)
		{
			/* the tuple after the one that it has found is next */
			scan = (HeapScanDesc) ((ScanState *) member->node)->ss_currentScanDesc;
			member->scan = scan;
			member->first = scan->rs_cindex - 1;
			member->recheck = szn_bitmap_recheck((BitmapHeapScanState *) member->node);
		}
	}
	member->next = member->first;
	return member->on_page;
}

/* The next rows of a scan, all from one page; 0 at its end. */
static int
read_pages(SznHeapReader *reader, SznHeapMember *member)
{
	SznHeapTuple tuples[SZN_HEAP_ROWS];
	int			count;

	do
	{
		while (member->on_page &&
			   (count = next_tuples(member, tuples, reader->capacity)) > 0)
		{
			count = szn_heap_rows_read(member, tuples, count, reader->values,
									   reader->nulls, reader->width);
			if (count > 0)
				return count;
		}
		CHECK_FOR_INTERRUPTS();
	} while (next_page(member));
	return 0;
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

/* Which of an Append's members may have rows: some may be left out by parameters. */
static void
choose_members(SznHeapReader *reader)
{
	AppendState *append = reader->append;
	MemoryContext caller_context = MemoryContextSwitchTo(append->ps.state->es_query_cxt);

	bms_free(reader->chosen);
	if (append->as_prune_state != NULL && append->as_prune_state->do_exec_prune)
		reader->chosen = szn_find_matching_subplans(append->as_prune_state);
	else
		reader->chosen = bms_add_range(NULL, 0, reader->num_members - 1);
	MemoryContextSwitchTo(caller_context);
}

/* Go on to the next member, if there is one. */
static void
next_member(SznHeapReader *reader)
{
	if (reader->append)
		reader->member = bms_next_member(reader->chosen, reader->member);
	else
		reader->member++;
	if (reader->member < 0)
		reader->member = reader->num_members;
	if (reader->member < reader->num_members)
		begin_member(reader);
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
	}

	if (reader->result)
		start_node(&reader->result->ps);
	if (reader->append)
		start_node(&reader->append->ps);
	if (!reader->begun)
	{
		if (reader->append)
			choose_members(reader);
		reader->begun = true;
		reader->member = -1;
		next_member(reader);
	}
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
		next_member(reader);
	}
	if (reader->append)
		stop_node(&reader->append->ps, reader->count);
	if (reader->result)
		stop_node(&reader->result->ps, reader->count);
	return reader->count > 0;
}
