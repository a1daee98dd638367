/*-------------------------------------------------------------------------
 *
 * aggregate.c
 *	  The executor node "Session Aggregate": one row per session, or per actor,
 *	  in place of GroupAggregate over Session Scan.
 *
 * Its child is the Session Scan, or a SubqueryScan over it.  The node does not
 * ask them for rows but takes the records themselves:
 *
 *	walk	from partitions in memory, along each actor's chain: nothing but
 *			instants, the boundary, and the steps of accumulate.c; also where one
 *			actor's chain comes in pieces
 *	pull	one by one with the label that the scan gives them: rows that stream,
 *			and steps that need the subquery's row
 *
 * Groups are the actors, or their sessions; rows without a number are a group of
 * their own for each actor, which comes after its sessions.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "utils/memutils.h"

#include "engine/aggregate.h"
#include "engine/instants.h"
#include "engine/pieces.h"

static Node *create_aggregate_state(CustomScan *plan);
static void begin_aggregate(CustomScanState *node, EState *estate, int eflags);
static TupleTableSlot *exec_aggregate(CustomScanState *node);
static void end_aggregate(CustomScanState *node);
static void rescan_aggregate(CustomScanState *node);

const CustomScanMethods szn_aggregate_methods = {
	.CustomName = "Session Aggregate",
	.CreateCustomScanState = create_aggregate_state
};

static const CustomExecMethods exec_methods = {
	.CustomName = "Session Aggregate",
	.BeginCustomScan = begin_aggregate,
	.ExecCustomScan = exec_aggregate,
	.EndCustomScan = end_aggregate,
	.ReScanCustomScan = rescan_aggregate,
	.ExplainCustomScan = szn_explain_aggregate
};


/*
 * Beginning
 */

static Node *
create_aggregate_state(CustomScan *plan)
{
	SznAggregate *node = (SznAggregate *) newNode(sizeof(SznAggregate), T_CustomScanState);

	node->css.methods = &exec_methods;
	return (Node *) node;
}

static void
init_group(SznAggregate *node, SznGroup *group)
{
	group->context = CreateExprContext(node->css.ss.ps.state);
	group->states = (SznAggState *) palloc0(sizeof(SznAggState) * Max(node->num_steps, 1));
}

/* The columns that are grouped by: where in the row, and where from. */
static void
init_keys(SznAggregate *node, CustomScan *plan)
{
	List	   *keys = list_nth(plan->custom_private, SZN_AGG_PRIVATE_KEYS);
	ListCell   *cell;

	node->num_keys = list_length(keys);
	node->key_targets = (int *) palloc(sizeof(int) * node->num_keys);
	node->keys = (SznOperand *) palloc0(sizeof(SznOperand) * node->num_keys);
	foreach(cell, keys)
	{
		int			column = lfirst_int(cell);
		SznOperand *key = &node->keys[foreach_current_index(cell)];
		TargetEntry *entry = list_nth_node(TargetEntry, plan->custom_scan_tlist, column - 1);
		Var		   *var = makeVarFromTargetEntry(INDEX_VAR, entry);

		szn_init_operand(node, key, (Expr *) var);
		if (key->kind == SZN_OPERAND_EXPRESSION)
			elog(ERROR, "session scan does not keep column %d", column);
		node->key_targets[foreach_current_index(cell)] = column - 1;
	}
}

static void
begin_aggregate(CustomScanState *css, EState *estate, int eflags)
{
	SznAggregate *node = (SznAggregate *) css;
	CustomScan *plan = (CustomScan *) css->ss.ps.plan;
	PlanState  *child;

	child = ExecInitNode((Plan *) linitial(plan->custom_plans), estate,
						 eflags & ~(EXEC_FLAG_REWIND | EXEC_FLAG_BACKWARD | EXEC_FLAG_MARK));
	css->custom_ps = list_make1(child);
	node->child = child;
	if (IsA(child, SubqueryScanState))
	{
		if (child->qual)
			node->subquery = (SubqueryScanState *) child;
		child = ((SubqueryScanState *) child)->subplan;
	}
	if (!szn_is_scan(child))
		elog(ERROR, "session aggregate is not above a session scan");
	node->scan = (SznScan *) child;

	node->num_columns = intVal(list_nth(plan->custom_private, SZN_AGG_PRIVATE_COLUMNS));
	node->by_number = intVal(list_nth(plan->custom_private, SZN_AGG_PRIVATE_BY_NUMBER)) != 0;
	if (node->subquery)
	{
		node->drop_null =
			intVal(list_nth(plan->custom_private, SZN_AGG_PRIVATE_NOT_NULL)) != 0;
		node->has_quals = !node->drop_null;
	}
	node->budget = get_hash_memory_limit();
	node->row_context = CreateExprContext(estate);
	node->run_slot = ExecInitExtraTupleSlot(estate, ExecGetResultType(child), &TTSOpsVirtual);
	node->stand_in = makeNode(AggState);

	szn_init_steps(node, plan);
	szn_call_prepare(node);
	init_keys(node, plan);
	init_group(node, &node->group);
	init_group(node, &node->outside);
	node->walks = node->scan->mode == SZN_MODE_PARTITIONED &&
		!node->has_quals && !node->needs_labels;
	node->actor_seen = PG_UINT64_MAX;

	/* what is not set below is never read, and stays NULL */
	memset(css->ss.ss_ScanTupleSlot->tts_isnull, true,
		   css->ss.ss_ScanTupleSlot->tts_tupleDescriptor->natts);
}


/*
 * Groups
 */

/* Begin a group with its first row. */
static void
begin_group(SznAggregate *node, SznGroup *group, SznRecord *record,
			const SznRun *run, bool in_session)
{
	szn_begin_group(node, group);
	group->in_session = in_session;
	group->run = *run;
	if (node->stays)
		group->first = record;
	else
	{
		Size		size = szn_record_length(node->scan->format, record);

		if (size > group->copy_size)
		{
			if (group->copy)
				pfree(group->copy);
			group->copy = NULL;
			group->copy_size = 0;
			group->copy = (SznRecord *)
				MemoryContextAllocHuge(node->css.ss.ps.state->es_query_cxt, size);
			group->copy_size = size;
		}
		memcpy(group->copy, record, size);
		group->first = group->copy;
	}
}

static inline SznGroup *
group_of(SznAggregate *node, bool in_session)
{
	return node->by_number && !in_session ? &node->outside : &node->group;
}

/*
 * The run in node->run is over.  Is the group as well?
 */
static inline bool
end_run(SznAggregate *node)
{
	SznGroup   *group = group_of(node, node->run_in_session);

	if (!group->exists)
		return false;
	if (node->num_run_steps > 0)
		szn_take_run(node, group);
	if (!node->by_number || !node->run_in_session)
		return false;
	group->run = node->run;
	return true;
}

/* The groups that are left when an actor is over. */
static inline SznGroup *
rest_of_actor(SznAggregate *node)
{
	if (node->group.exists)
		return &node->group;
	return node->outside.exists ? &node->outside : NULL;
}


/*
 * Pull
 */

/* What the scan knows of the run of its current row. */
static void
open_run(SznAggregate *node, SznRecord *record)
{
	SznScan    *scan = node->scan;

	node->run_is_open = true;
	node->run_is_timed = szn_record_has_time(record);
	node->run_in_session = scan->in_session;
	node->run = scan->run;
	node->run.started_at = szn_record_time(scan->format, record);
	node->run.event_count = 0;
}

static bool
passes_quals(SznAggregate *node, SznRecord *record)
{
	ExprContext *econtext = node->subquery->ss.ps.ps_ExprContext;

	ResetExprContext(econtext);
	node->row = szn_put_out(node->scan, record);
	econtext->ecxt_scantuple = node->row;
	return ExecQual(node->subquery->ss.ps.qual, econtext);
}

/* The next group; NULL at the end of the rows, or of a partition that streams. */
static SznGroup *
pull_group(SznAggregate *node)
{
	SznScan    *scan = node->scan;

	for (;;)
	{
		SznRecord  *record = node->pending;
		SznGroup   *group;
		bool		was_pending = record != NULL;

		node->pending = NULL;
		if (!was_pending && !node->pull_is_done)
		{
			CHECK_FOR_INTERRUPTS();
			ResetExprContext(scan->css.ss.ps.ps_ExprContext);
			if (unlikely(TTS_SHOULDFREE(scan->slot)))
				ExecClearTuple(scan->slot);
			record = node->walks ? szn_next_of_stream(scan) : szn_next_record(scan);
			node->pull_is_done = record == NULL;
		}

		if (node->run_is_open &&
			(record == NULL || scan->run_serial != node->run_seen))
		{
			node->run_is_open = false;
			if (end_run(node))
			{
				node->pending = record;
				return &node->group;
			}
		}
		if (record == NULL || scan->counters.actors != node->actor_seen)
		{
			group = rest_of_actor(node);
			if (group)
			{
				node->pending = record;
				return group;
			}
			if (record == NULL)
				return NULL;
			node->actor_seen = scan->counters.actors;
		}

		node->rows++;
		node->run_seen = scan->run_serial;
		node->row = NULL;
		ResetExprContext(node->row_context);
		if ((node->drop_null && !scan->in_session) ||
			(node->has_quals && !passes_quals(node, record)))
		{
			InstrCountFiltered1(node->subquery, 1);
			continue;
		}

		if (!node->run_is_open)
			open_run(node, record);
		node->run.ended_at = szn_record_time(scan->format, record);
		node->run.event_count++;
		group = group_of(node, scan->in_session);
		if (!group->exists)
			begin_group(node, group, record, &scan->run, scan->in_session);
		if (node->num_row_steps > 0)
			szn_take_row(node, group, record);
	}
}


/*
 * Walk
 */

/* Take the rows of the actor that have no time. */
static void
take_untimed(SznAggregate *node, SznLink link)
{
	SznScan    *scan = node->scan;
	SznGroup   *group = group_of(node, false);

	memset(&node->run, 0, sizeof(node->run));
	for (SznLink next = link; next != 0; next = szn_record_at(scan->partition, next)->link)
		node->run.event_count++;
	node->rows += node->run.event_count;
	if (node->drop_null)
	{
		InstrCountFiltered1(node->subquery, node->run.event_count);
		return;
	}
	node->run_is_timed = false;
	node->run_in_session = false;
	if (!group->exists)
		begin_group(node, group, szn_record_at(scan->partition, link), &node->run, false);
	szn_take_chain(node, group, link, 0);
	(void) end_run(node);
}

/*
 * A run of the boundary's is over: take its rows, up to this link, where the
 * next run begins.  Is the group over as well?
 */
static inline bool
end_walked_run(SznAggregate *node, SznLink end)
{
	SznLink		link = node->run_link;
	SznGroup   *group;

	node->run_link = end;
	node->run = node->scan->boundary.finished;
	node->run_is_timed = true;
	node->run_in_session = SZN_RUN_IS_SESSION(&node->run);
	node->stays = node->scan->state == SZN_PARTITION_ACTORS ||
		(node->by_number && node->run_in_session);
	node->rows += node->run.event_count;
	if (node->drop_null && !node->run_in_session)
	{
		InstrCountFiltered1(node->subquery, node->run.event_count);
		return false;
	}
	group = group_of(node, node->run_in_session);
	if (!group->exists)
		begin_group(node, group, szn_record_at(node->scan->partition, link),
					&node->run, node->run_in_session);
	if (node->num_row_steps > 0)
		szn_take_chain(node, group, link, end);
	return end_run(node);
}

/*
 * On to the next piece, if the partition at hand comes in pieces.  What is there
 * of the run that goes on is taken now; false if there are no more.
 */
static bool
next_piece(SznAggregate *node)
{
	SznScan    *scan = node->scan;
	const SznRun *run = &scan->boundary.run;
	bool		in_session = SZN_RUN_IS_SESSION(run);

	if (scan->state != SZN_PARTITION_PIECES)
		return false;

	/* nothing of it is known to be the last, but that it is a session is known */
	if (SZN_RUN_EXISTS(run) && node->run_link != 0 &&
		(in_session || !node->drop_null))
	{
		SznGroup   *group = group_of(node, in_session);

		node->stays = false;
		if (!group->exists)
			begin_group(node, group, szn_record_at(scan->partition, node->run_link),
						run, in_session);
		if (node->num_row_steps > 0)
			szn_take_chain(node, group, node->run_link, 0);
	}
	scan->next_instant = szn_pieces_next(scan->partitions);
	node->run_link = scan->next_instant;
	return scan->next_instant != 0;
}

/*
 * The next group of the partition at hand, which is in memory, or comes there
 * piece by piece; NULL at its end.
 */
static SznGroup *
walk_group(SznAggregate *node)
{
	SznScan    *scan = node->scan;

	for (;;)
	{
		SznGroup   *group;

		while (scan->next_instant != 0)
		{
			SznInstant	instant;
			SznLink		link = szn_chain_instant(scan, &instant);

			if (szn_boundary_step(&scan->boundary, &instant) &&
				SZN_RUN_EXISTS(&scan->boundary.finished) &&
				end_walked_run(node, link))
				return &node->group;
		}
		if (next_piece(node))
			continue;

		if (SZN_RUN_EXISTS(&scan->boundary.run))
		{
			szn_boundary_finish(&scan->boundary);
			if (end_walked_run(node, 0))
				return &node->group;
		}
		if (node->untimed != 0)
		{
			take_untimed(node, node->untimed);
			node->untimed = 0;
		}
		group = rest_of_actor(node);
		if (group)
			return group;

		CHECK_FOR_INTERRUPTS();
		scan->actor = szn_partition_actor(scan->partitions, scan->next_actor);
		if (scan->actor == NULL)
			return NULL;
		scan->next_actor++;
		scan->next_instant = scan->actor->first;
		node->run_link = scan->actor->first;
		node->untimed = scan->actor->first_untimed;
		szn_boundary_init(&scan->boundary, &scan->rules);
	}
}

/* Partition by partition. */
static SznGroup *
next_group_of_partitions(SznAggregate *node)
{
	SznScan    *scan = node->scan;

	for (;;)
	{
		SznGroup   *group = NULL;

		if (scan->state == SZN_PARTITION_ACTORS || scan->state == SZN_PARTITION_PIECES)
			group = walk_group(node);
		else if (scan->state != SZN_PARTITION_NONE)
			group = pull_group(node);
		if (group)
			return group;

		szn_end_sort(scan);
		if (!szn_next_partition(scan))
			return NULL;
		node->stays = scan->state == SZN_PARTITION_ACTORS;
		node->pull_is_done = false;
		node->actor_seen = PG_UINT64_MAX;
	}
}


/*
 * Putting out
 */

/* Nodes that ExecProcNode() does not come to. */
static void
start_instruments(SznAggregate *node)
{
	if (node->child->instrument)
		InstrStartNode(node->child->instrument);
	if (node->child != &node->scan->css.ss.ps && node->scan->css.ss.ps.instrument)
		InstrStartNode(node->scan->css.ss.ps.instrument);
}

static void
stop_instruments(SznAggregate *node, uint64 rows, uint64 rows_filtered)
{
	if (node->child != &node->scan->css.ss.ps)
	{
		if (node->scan->css.ss.ps.instrument)
			InstrStopNode(node->scan->css.ss.ps.instrument, rows);
		rows -= rows_filtered;
	}
	if (node->child->instrument)
		InstrStopNode(node->child->instrument, rows);
}

/*
 * A rescan that is put off until a node is asked for rows has to be made up
 * for, since these nodes are not asked.
 */
static void
begin_reading(SznAggregate *node)
{
	PlanState  *scan = &node->scan->css.ss.ps;

	if (node->child->chgParam != NULL)
		ExecReScan(node->child);
	if (scan->chgParam != NULL)
		ExecReScan(scan);
	node->begun = true;
}

static SznGroup *
next_group(SznAggregate *node)
{
	uint64		rows = node->rows;
	double		filtered = 0;
	SznGroup   *group;

	if (unlikely(!node->begun))
		begin_reading(node);
	if (node->css.ss.ps.instrument == NULL)
	{
		if (unlikely(!node->scan->begun))
			szn_begin_records(node->scan);
		return node->walks ? next_group_of_partitions(node) : pull_group(node);
	}

	if (node->subquery)
		filtered = node->subquery->ss.ps.instrument->nfiltered1;
	start_instruments(node);
	if (!node->scan->begun)
		szn_begin_records(node->scan);
	group = node->walks ? next_group_of_partitions(node) : pull_group(node);
	if (node->subquery)
		filtered = node->subquery->ss.ps.instrument->nfiltered1 - filtered;
	stop_instruments(node, node->rows - rows, (uint64) filtered);
	return group;
}

/* A group's keys and aggregates into the row. */
static TupleTableSlot *
fill_row(SznAggregate *node, SznGroup *group)
{
	TupleTableSlot *slot = node->css.ss.ss_ScanTupleSlot;
	MemoryContext caller_context =
		MemoryContextSwitchTo(node->css.ss.ps.ps_ExprContext->ecxt_per_tuple_memory);

	for (int i = 0; i < node->num_keys; i++)
	{
		const SznOperand *key = &node->keys[i];
		int			target = node->key_targets[i];

		slot->tts_values[target] = key->kind == SZN_OPERAND_RUN ?
			szn_run_value(node, key->source, &group->run, group->in_session,
						  &slot->tts_isnull[target]) :
			szn_operand_value(node, key, group->first, &slot->tts_isnull[target]);
	}
	for (int i = 0; i < node->num_steps; i++)
	{
		int			target = node->num_columns + i;

		node->row = NULL;
		slot->tts_values[target] = szn_result(node, group, i, &slot->tts_isnull[target]);
	}
	MemoryContextSwitchTo(caller_context);
	if (TTS_EMPTY(slot))
		ExecStoreVirtualTuple(slot);
	return slot;
}

static TupleTableSlot *
exec_aggregate(CustomScanState *css)
{
	SznAggregate *node = (SznAggregate *) css;
	ExprContext *econtext = css->ss.ps.ps_ExprContext;

	if (unlikely(TTS_SHOULDFREE(css->ss.ss_ScanTupleSlot)))
		ExecClearTuple(css->ss.ss_ScanTupleSlot);
	for (;;)
	{
		SznGroup   *group;

		ResetExprContext(econtext);
		if (node->put_out)
			szn_clear_group(node, node->put_out);
		node->put_out = NULL;

		group = node->done ? NULL : next_group(node);
		if (group == NULL)
		{
			node->done = true;
			ExecClearTuple(css->ss.ss_ScanTupleSlot);
			return ExecClearTuple(css->ss.ps.ps_ResultTupleSlot);
		}
		node->put_out = group;
		econtext->ecxt_scantuple = fill_row(node, group);
		if (!ExecQual(css->ss.ps.qual, econtext))
		{
			InstrCountFiltered1(css, 1);
			continue;
		}
		return css->ss.ps.ps_ProjInfo ? ExecProject(css->ss.ps.ps_ProjInfo) :
			css->ss.ss_ScanTupleSlot;
	}
}


/*
 * Ending
 */

static void
forget(SznAggregate *node)
{
	szn_clear_group(node, &node->group);
	szn_clear_group(node, &node->outside);
	node->put_out = NULL;
	node->pending = NULL;
	node->row = NULL;
	node->run_is_open = false;
	node->pull_is_done = false;
	node->stays = false;
	node->run_link = 0;
	node->untimed = 0;
	node->actor_seen = PG_UINT64_MAX;
	node->begun = false;
	node->done = false;
}

/*
 * ExecReScan tells only the children it knows of, and this is not among them,
 * which parameters have changed.
 */
static void
rescan_aggregate(CustomScanState *css)
{
	SznAggregate *node = (SznAggregate *) css;

	ExecClearTuple(css->ss.ss_ScanTupleSlot);
	ExecClearTuple(css->ss.ps.ps_ResultTupleSlot);
	forget(node);
	if (css->ss.ps.chgParam != NULL)
		UpdateChangedParamSet(node->child, css->ss.ps.chgParam);
	if (node->child->chgParam == NULL)
		ExecReScan(node->child);
}

static void
end_aggregate(CustomScanState *css)
{
	forget((SznAggregate *) css);
	ExecEndNode((PlanState *) linitial(css->custom_ps));
}
