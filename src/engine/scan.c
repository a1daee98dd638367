/*-------------------------------------------------------------------------
 *
 * scan.c
 *	  The executor node "Session Scan": labels events with their sessions,
 *	  in place of Sort and WindowAgg.
 *
 * The planner has made the input's columns: the actor, the event time, those
 * arguments that are not constant, and what the output needs.  So there is
 * nothing to compute per row but sessions, and they are computed by
 * rules/boundary.c.
 *
 * Rows that come by actor and time are labelled as they stream by (stream.c).
 * Others are gathered in partitions (partitions.c) and then put out actor by
 * actor, run by run (runs.c), by whoever has claimed their partition (parallel.c).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "engine/engine.h"

static Node *create_scan_state(CustomScan *plan);
static void begin_scan(CustomScanState *node, EState *estate, int eflags);
static TupleTableSlot *exec_scan(CustomScanState *node);
static void end_scan(CustomScanState *node);
static void rescan(CustomScanState *node);

const CustomScanMethods szn_scan_methods = {
	.CustomName = "Session Scan",
	.CreateCustomScanState = create_scan_state
};

static const CustomExecMethods exec_methods = {
	.CustomName = "Session Scan",
	.BeginCustomScan = begin_scan,
	.ExecCustomScan = exec_scan,
	.EndCustomScan = end_scan,
	.ReScanCustomScan = rescan,
	.EstimateDSMCustomScan = szn_estimate_dsm,
	.InitializeDSMCustomScan = szn_initialize_dsm,
	.ReInitializeDSMCustomScan = szn_reinitialize_dsm,
	.InitializeWorkerCustomScan = szn_initialize_worker,
	.ShutdownCustomScan = szn_shut_down,
	.ExplainCustomScan = szn_explain_scan
};


/* Is this a node of ours? */
bool
szn_is_scan(PlanState *node)
{
	return IsA(node, CustomScanState) &&
		((CustomScanState *) node)->methods == &exec_methods;
}


/*
 * Beginning
 */

/*
 * Show calls of window functions as calls of functions, where EXPLAIN cannot
 * show them as what they are.
 *
 * The planner has matched them by now, so nothing but EXPLAIN reads them, and
 * it reads them in the plan itself, on behalf of the nodes above.
 */
static void
make_calls_plain(CustomScan *plan)
{
	MemoryContext caller_context = MemoryContextSwitchTo(GetMemoryChunkContext(plan));
	ListCell   *cell;

	foreach(cell, plan->custom_scan_tlist)
	{
		TargetEntry *entry = lfirst_node(TargetEntry, cell);

		if (IsA(entry->expr, WindowFunc))
		{
			WindowFunc *call = (WindowFunc *) entry->expr;

			entry->expr = (Expr *) makeFuncExpr(call->winfnoid, call->wintype, call->args,
												call->wincollid, call->inputcollid,
												COERCE_EXPLICIT_CALL);
		}
	}
	MemoryContextSwitchTo(caller_context);
}

static Node *
create_scan_state(CustomScan *plan)
{
	SznScan    *scan = (SznScan *) newNode(sizeof(SznScan), T_CustomScanState);

	if (SZN_CALLS_NEED_WINDOW_AGG)
		make_calls_plain(plan);
	scan->css.methods = &exec_methods;
	return (Node *) scan;
}

/* Which columns the records have, and where they come from. */
static void
init_format(SznScan *scan, CustomScan *plan, TupleDesc descriptor)
{
	List	   *sources = list_nth(plan->custom_private, SZN_PRIVATE_SOURCES);
	List	   *places = list_nth(plan->custom_private, SZN_PRIVATE_COLUMNS);
	List	   *columns = list_copy(list_nth(plan->custom_private, SZN_PRIVATE_KEYS));
	ListCell   *cell;
	ListCell   *cell2;

	scan->num_keys = list_length(columns);
	forboth(cell, sources, cell2, places)
	{
		if (lfirst_int(cell) == SZN_FROM_INPUT)
			columns = list_append_unique_int(columns, lfirst_int(cell2));
	}
	scan->format = szn_format_create(descriptor, columns,
									 list_nth(plan->custom_private, SZN_PRIVATE_KEY_OPERATORS),
									 list_nth(plan->custom_private, SZN_PRIVATE_KEY_COLLATIONS),
									 scan->arguments[SZN_ARG_INACTIVITY] >= 0);

	scan->varlena = (int *) palloc(sizeof(int) * Max(list_length(columns), 1));
	foreach(cell, columns)
	{
		if (TupleDescAttr(descriptor, lfirst_int(cell))->attlen == -1 &&
			(scan->heap == NULL || bms_is_member(lfirst_int(cell), scan->heap->computed)))
			scan->varlena[scan->num_varlena++] = lfirst_int(cell);
	}
	scan->values = (Datum *) palloc(sizeof(Datum) * Max(list_length(columns), 1));
	scan->nulls = (bool *) palloc(sizeof(bool) * Max(list_length(columns), 1));
}

/* The place of an input column among the format's columns. */
static int
format_column(SznScan *scan, int place)
{
	for (int i = 0; i < scan->format->num_columns; i++)
	{
		if (scan->format->columns[i].source == place)
			return i;
	}
	elog(ERROR, "session scan does not keep column %d of its input", place);
	return -1;					/* keep compiler quiet */
}

/*
 * How to put out a row: straight into the result where its columns are just
 * columns and constants, else through the projection of the scan's row.
 */
static void
init_output(SznScan *scan, CustomScan *plan)
{
	List	   *sources = list_nth(plan->custom_private, SZN_PRIVATE_SOURCES);
	List	   *places = list_nth(plan->custom_private, SZN_PRIVATE_COLUMNS);
	List	   *targets = plan->scan.plan.targetlist;
	ListCell   *cell;

	foreach(cell, targets)
	{
		Node	   *expr = (Node *) ((TargetEntry *) lfirst(cell))->expr;

		if (!IsA(expr, Const) &&
			!(IsA(expr, Var) && ((Var *) expr)->varno == INDEX_VAR &&
			  ((Var *) expr)->varattno > 0))
			scan->project = true;
	}
	if (scan->project)
		targets = plan->custom_scan_tlist;

	scan->slot = scan->project ? scan->css.ss.ss_ScanTupleSlot :
		scan->css.ss.ps.ps_ResultTupleSlot;
	scan->outputs = (SznOutput *) palloc0(sizeof(SznOutput) * Max(list_length(targets), 1));
	scan->labels = (SznOutput *) palloc0(sizeof(SznOutput) * Max(list_length(targets), 1));
	scan->labels_changed = true;
	foreach(cell, targets)
	{
		Node	   *expr = (Node *) ((TargetEntry *) lfirst(cell))->expr;
		int			target = foreach_current_index(cell);
		SznOutput	output = {0};

		output.target = target;
		if (!scan->project && IsA(expr, Const))
		{
			Const	   *constant = (Const *) expr;

			/* once is enough, unless somebody moves what it points to */
			scan->slot->tts_values[target] = constant->constvalue;
			scan->slot->tts_isnull[target] = constant->constisnull;
			output.source = SZN_FROM_CONSTANT;
			output.constant = constant->constvalue;
			if (!constant->constisnull && !constant->constbyval)
				scan->outputs[scan->num_outputs++] = output;
			continue;
		}

		if (!scan->project)
			target = ((Var *) expr)->varattno - 1;
		output.source = (SznSource) list_nth_int(sources, target);
		switch (output.source)
		{
			case SZN_FROM_INPUT:
				output.number = format_column(scan, list_nth_int(places, target));
				output.column = &scan->format->columns[output.number];
				scan->outputs[scan->num_outputs++] = output;
				break;
			case SZN_FROM_TIME:
			case SZN_FROM_EVENT_NUMBER:
				scan->outputs[scan->num_outputs++] = output;
				break;
			case SZN_FROM_STARTED_BY:
			case SZN_FROM_ENDED_BY:
				scan->labels_point = true;
				/* FALLTHROUGH */
			default:
				scan->labels[scan->num_labels++] = output;
				break;
		}
	}

	/* columns of variable width, up to the last that is put out */
	scan->read = (int *) palloc(sizeof(int) * Max(scan->format->num_columns, 1));
	for (int i = 0; i < scan->format->num_columns; i++)
	{
		if (!scan->format->columns[i].byval)
			scan->read[scan->num_read++] = i;
	}
	while (scan->num_read > 0)
	{
		bool		is_put_out = false;

		for (int i = 0; i < scan->num_outputs; i++)
			is_put_out |= scan->outputs[i].source == SZN_FROM_INPUT &&
				scan->outputs[i].number == scan->read[scan->num_read - 1];
		if (is_put_out)
			break;
		scan->num_read--;
	}

	for (int cause = SZN_CAUSE_FIRST; cause <= SZN_CAUSE_MAX_DURATION; cause++)
		scan->causes[cause] = CStringGetTextDatum(szn_cause_name((SznCause) cause));
}

/* How far to read before a row can be labelled. */
static SznHold
choose_hold(SznScan *scan, CustomScan *plan)
{
	ListCell   *cell;

	foreach(cell, (List *) list_nth(plan->custom_private, SZN_PRIVATE_SOURCES))
	{
		int			source = lfirst_int(cell);

		if (source == SZN_FROM_END || source == SZN_FROM_COUNT ||
			source == SZN_FROM_ENDED_BY)
			return SZN_HOLD_RUN;
	}

	/* with constant arguments, peers add nothing to what one of them says */
	if (scan->arguments[SZN_ARG_INACTIVITY] < 0 &&
		scan->arguments[SZN_ARG_RESTART_ON] < 0 &&
		scan->arguments[SZN_ARG_END_ON] < 0)
		return SZN_HOLD_NOTHING;
	return SZN_HOLD_INSTANT;
}

static void
begin_scan(CustomScanState *node, EState *estate, int eflags)
{
	SznScan    *scan = (SznScan *) node;
	CustomScan *plan = (CustomScan *) node->ss.ps.plan;
	List	   *arguments = list_nth(plan->custom_private, SZN_PRIVATE_ARGUMENTS);
	PlanState  *input;

	scan->mode = (SznMode) intVal(list_nth(plan->custom_private, SZN_PRIVATE_MODE));
	scan->timeline =
		szn_timeline_of_type((Oid) intVal(list_nth(plan->custom_private,
												   SZN_PRIVATE_TIME_TYPE)));
	for (int i = 0; i < SZN_NUM_ARGS; i++)
	{
		scan->arguments[i] = list_nth_int(arguments, i);
		if (scan->arguments[i] < 0)
			scan->constants[i] =
				ExecInitExpr((Expr *) list_nth(plan->custom_exprs, i), &node->ss.ps);
	}

	input = ExecInitNode((Plan *) linitial(plan->custom_plans), estate,
						 eflags & ~(EXEC_FLAG_REWIND | EXEC_FLAG_BACKWARD | EXEC_FLAG_MARK));
	node->custom_ps = list_make1(input);
	szn_progress_init(scan);

	/* a stream may end early, and then nobody wants a page read to its end */
	if (scan->mode == SZN_MODE_PARTITIONED)
		scan->heap = szn_heap_reader_create(input);

	init_format(scan, plan, ExecGetResultType(input));
	init_output(scan, plan);
	scan->hold = choose_hold(scan, plan);
	scan->budget = get_hash_memory_limit();
	scan->context = AllocSetContextCreate(estate->es_query_cxt, "Session Scan",
										  ALLOCSET_DEFAULT_SIZES);
}


/*
 * Putting out
 */

/* What holds for all rows of a run; again for each row where they point. */
static void
fill_labels(SznScan *scan)
{
	Datum	   *values = scan->slot->tts_values;
	bool	   *nulls = scan->slot->tts_isnull;

	for (int i = 0; i < scan->num_labels; i++)
	{
		const SznOutput *output = &scan->labels[i];
		int			target = output->target;

		nulls[target] = !scan->in_session;
		switch (output->source)
		{
			case SZN_FROM_NUMBER:
				values[target] = Int64GetDatum(scan->run.number);
				break;
			case SZN_FROM_START:
				values[target] = Int64GetDatum(scan->run.started_at);
				break;
			case SZN_FROM_END:
				values[target] = Int64GetDatum(scan->run.ended_at);
				break;
			case SZN_FROM_COUNT:
				values[target] = Int64GetDatum(scan->run.event_count);
				break;
			case SZN_FROM_STARTED_BY:
				values[target] = scan->causes[scan->run.started_by];
				break;
			case SZN_FROM_ENDED_BY:
				values[target] = scan->causes[scan->run.ended_by];
				nulls[target] |= scan->run.ended_by == SZN_CAUSE_NONE;
				break;
			default:
				break;
		}
	}
	scan->labels_changed = scan->labels_point;
}

/* A row's values into the slot. */
static inline void
fill_slot(SznScan *scan, SznRecord *record)
{
	const SznFormat *format = scan->format;
	Datum	   *values = scan->slot->tts_values;
	bool	   *nulls = scan->slot->tts_isnull;

	if (scan->labels_changed)
		fill_labels(scan);

	if (scan->num_read > 0)
	{
		Size		offset = szn_record_varying(format, record);

		for (int i = 0; i < scan->num_read; i++)
			szn_record_next_column(format, record, scan->read[i], &offset,
								   &scan->values[scan->read[i]],
								   &scan->nulls[scan->read[i]]);
	}

	for (int i = 0; i < scan->num_outputs; i++)
	{
		const SznOutput *output = &scan->outputs[i];
		int			target = output->target;

		switch (output->source)
		{
			case SZN_FROM_INPUT:
				if (!output->column->byval)
				{
					values[target] = scan->values[output->number];
					nulls[target] = scan->nulls[output->number];
				}
				else if (szn_record_is_null(format, record, output->number))
				{
					values[target] = (Datum) 0;
					nulls[target] = true;
				}
				else
				{
					values[target] = szn_record_fixed(output->column, record);
					nulls[target] = false;
				}
				break;
			case SZN_FROM_TIME:
				values[target] = Int64GetDatum(szn_record_time(format, record));
				nulls[target] = !szn_record_has_time(record);
				break;
			case SZN_FROM_EVENT_NUMBER:
				values[target] = Int64GetDatum(scan->event_number);
				nulls[target] = !scan->in_session;
				break;
			default:
				values[target] = output->constant;
				nulls[target] = false;
				break;
		}
	}
}

/* Read what must be read before the first record can be put out. */
void
szn_begin_records(SznScan *scan)
{
	scan->begun = true;
	szn_progress_enter(scan, scan->mode == SZN_MODE_PARTITIONED ?
					   SZN_PHASE_READING : SZN_PHASE_STREAMING);
	if (scan->mode == SZN_MODE_PARTITIONED)
		szn_fill_partitions(scan);
	else
		szn_begin_stream(scan);
}

/* The row of a record that has just been read, in the node's result slot. */
TupleTableSlot *
szn_put_out(SznScan *scan, SznRecord *record)
{
	TupleTableSlot *slot = scan->slot;
	ExprContext *econtext = scan->css.ss.ps.ps_ExprContext;

	/* a virtual slot that is filled can be filled anew as it is */
	fill_slot(scan, record);
	if (TTS_EMPTY(slot))
		ExecStoreVirtualTuple(slot);
	if (!scan->project)
		return slot;
	econtext->ecxt_scantuple = slot;
	return scan->css.ss.ps.ps_ProjInfo ? ExecProject(scan->css.ss.ps.ps_ProjInfo) : slot;
}

static TupleTableSlot *
exec_scan(CustomScanState *node)
{
	SznScan    *scan = (SznScan *) node;
	SznRecord  *record;

	/* somebody has moved what the slot points to, and it is to be freed */
	if (unlikely(TTS_SHOULDFREE(scan->slot)))
		ExecClearTuple(scan->slot);
	if (unlikely(!scan->begun))
		szn_begin_records(scan);
	if (scan->project || !scan->format->is_fixed || scan->mode == SZN_MODE_STREAMED)
		ResetExprContext(node->ss.ps.ps_ExprContext);

	record = szn_next_record(scan);
	if (record == NULL)
	{
		ExecClearTuple(scan->slot);
		return ExecClearTuple(node->ss.ps.ps_ResultTupleSlot);
	}
	return szn_put_out(scan, record);
}


/*
 * Ending
 */

/* Give back all that has been read. */
void
szn_forget(SznScan *scan)
{
	szn_progress_end(scan);
	szn_end_sort(scan);
	szn_forget_runs(scan);
	if (scan->heap)
		szn_heap_reader_rewind(scan->heap);
	if (scan->partitions)
		szn_partitions_end(scan->partitions);
	scan->partitions = NULL;
	if (scan->held)
	{
		szn_spool_clear(scan->held);
		szn_spool_clear(scan->spare);
	}
	scan->held = NULL;
	scan->spare = NULL;
	scan->is_putting_out = false;
	scan->counters.partition_memory = 0;
	scan->counters.stream_memory = 0;
	scan->ahead = NULL;
	scan->buffer = NULL;
	scan->buffer_size = 0;
	scan->actor_record = NULL;
	scan->actor_size = 0;
	scan->actor = NULL;
	scan->next = 0;
	scan->next_run = 0;
	scan->state = SZN_PARTITION_NONE;
	scan->begun = false;
	scan->rules_known = false;
}

/*
 * ExecReScan tells only the children it knows of, and these are not among
 * them, which parameters have changed.
 */
static void
rescan(CustomScanState *node)
{
	SznScan    *scan = (SznScan *) node;
	PlanState  *input = (PlanState *) linitial(node->custom_ps);

	ExecClearTuple(scan->slot);
	ExecClearTuple(node->ss.ps.ps_ResultTupleSlot);
	szn_forget(scan);
	MemoryContextReset(scan->context);

	if (node->ss.ps.chgParam != NULL)
		UpdateChangedParamSet(input, node->ss.ps.chgParam);
	if (input->chgParam == NULL)
		ExecReScan(input);
}

static void
end_scan(CustomScanState *node)
{
	SznScan    *scan = (SznScan *) node;

	szn_forget(scan);
	if (scan->sort_slot)
		ExecDropSingleTupleTableSlot(scan->sort_slot);
	MemoryContextDelete(scan->context);
	ExecEndNode((PlanState *) linitial(node->custom_ps));
}
