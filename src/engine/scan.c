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
 * Rows that come by actor and time are labelled as they stream by.  A row
 * may have to be held until its instant or its session is over.
 *
 *		input --> ahead --> held instant --> held run --> output
 *
 * Other rows are gathered in partitions (partitions.c) and then put out actor
 * by actor, run by run.  A partition that does not fit into memory streams
 * like ordered input, sorted by core's tuplesort unless it is one actor's that
 * is in order.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_operator_d.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "utils/builtins.h"
#include "utils/expandeddatum.h"
#include "utils/memutils.h"
#include "utils/typcache.h"

#include "engine/engine.h"
#include "engine/record_write.h"

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
	.ExplainCustomScan = szn_explain_scan
};


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
		if (TupleDescAttr(descriptor, lfirst_int(cell))->attlen == -1)
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

	init_format(scan, plan, ExecGetResultType(input));
	init_output(scan, plan);
	scan->hold = choose_hold(scan, plan);
	scan->budget = get_hash_memory_limit();
	scan->context = AllocSetContextCreate(estate->es_query_cxt, "Session Scan",
										  ALLOCSET_DEFAULT_SIZES);
}


/*
 * Reading the input
 */

static Datum
eval_constant(SznScan *scan, int argument, bool *isnull)
{
	return ExecEvalExprSwitchContext(scan->constants[argument],
									 scan->css.ss.ps.ps_ExprContext, isnull);
}

static bool
eval_constant_flag(SznScan *scan, int argument)
{
	bool		isnull;
	Datum		value;

	if (scan->arguments[argument] >= 0)
		return false;
	value = eval_constant(scan, argument, &isnull);
	return !isnull && DatumGetBool(value);
}

/*
 * The first row with a time: learn what holds for all.  Not earlier, since
 * the window functions do not look at their other arguments without one.
 */
static void
learn_rules(SznScan *scan)
{
	Datum		value;
	bool		isnull;

	scan->rules.timeline = scan->timeline;
	scan->rules.require_restart = eval_constant_flag(scan, SZN_ARG_REQUIRE_RESTART);
	value = eval_constant(scan, SZN_ARG_MAX_DURATION, &isnull);
	scan->rules.has_max_duration = !isnull;
	scan->rules.max_duration = isnull ? 0 :
		szn_span_from_datum(value, scan->timeline, "max_duration");
	if (scan->arguments[SZN_ARG_INACTIVITY] < 0)
	{
		value = eval_constant(scan, SZN_ARG_INACTIVITY, &isnull);
		if (isnull)
			szn_error_null_inactivity();
		scan->inactivity = szn_span_from_datum(value, scan->timeline, "inactivity");
	}
	scan->restart_on = eval_constant_flag(scan, SZN_ARG_RESTART_ON);
	scan->end_on = eval_constant_flag(scan, SZN_ARG_END_ON);
	scan->rules_known = true;
}

static inline bool
get_flag(SznScan *scan, TupleTableSlot *slot, int argument, bool constant)
{
	int			place = scan->arguments[argument];

	if (place < 0)
		return constant;
	return !slot->tts_isnull[place] && DatumGetBool(slot->tts_values[place]);
}

/*
 * The next row of the input, with what the rules need of it; NULL at its
 * end.
 */
static TupleTableSlot *
read_input(SznScan *scan, SznEvent *event)
{
	PlanState  *input = (PlanState *) linitial(scan->css.custom_ps);
	TupleTableSlot *slot = ExecProcNode(input);
	int			place = scan->arguments[SZN_ARG_TIME];

	if (TupIsNull(slot))
		return NULL;

	scan->counters.rows++;
	slot_getallattrs(slot);
	for (int i = 0; i < scan->num_varlena; i++)
	{
		int			column = scan->varlena[i];
		Datum	   *value = &slot->tts_values[column];

		/* an expanded object may change, and a record holds bytes */
		if (!slot->tts_isnull[column] &&
			VARATT_IS_EXTERNAL_EXPANDED(DatumGetPointer(*value)))
		{
			ExprContext *econtext = scan->css.ss.ps.ps_ExprContext;
			ExpandedObjectHeader *object = DatumGetEOHP(*value);
			Size		size = EOH_get_flat_size(object);
			void	   *flat = MemoryContextAlloc(econtext->ecxt_per_tuple_memory, size);

			EOH_flatten_into(object, flat, size);
			*value = PointerGetDatum(flat);
		}
	}

	event->flags = 0;
	event->time = 0;
	event->expiry = 0;
	if (slot->tts_isnull[place])
		return slot;

	if (unlikely(!scan->rules_known))
		learn_rules(scan);
	event->flags = SZN_HAS_TIME;
	event->time = DatumGetInt64(slot->tts_values[place]);
	place = scan->arguments[SZN_ARG_INACTIVITY];
	if (place >= 0)
	{
		if (slot->tts_isnull[place])
			szn_error_null_inactivity();
		event->expiry =
			szn_time_plus(scan->timeline, event->time,
						  szn_span_from_datum(slot->tts_values[place],
											  scan->timeline, "inactivity"));
	}
	if (get_flag(scan, slot, SZN_ARG_RESTART_ON, scan->restart_on))
		event->flags |= SZN_RESTART;
	if (get_flag(scan, slot, SZN_ARG_END_ON, scan->end_on))
		event->flags |= SZN_END;
	return slot;
}


/*
 * Instants
 */

static inline int64
expiry_of(SznScan *scan, const SznRecord *record)
{
	return scan->format->has_expiry ? SZN_RECORD_EXPIRY(record) :
		szn_time_plus(scan->timeline, record->time, scan->inactivity);
}

static inline void
begin_instant(SznScan *scan, SznInstant *instant, const SznRecord *record)
{
	instant->time = record->time;
	instant->expiry = expiry_of(scan, record);
	instant->event_count = 1;
	instant->restart = (record->flags & SZN_RESTART) != 0;
	instant->end = (record->flags & SZN_END) != 0;
}

static inline void
add_to_instant(SznScan *scan, SznInstant *instant, const SznRecord *record)
{
	int64		expiry = expiry_of(scan, record);

	instant->expiry = Max(instant->expiry, expiry);
	instant->event_count++;
	instant->restart |= (record->flags & SZN_RESTART) != 0;
	instant->end |= (record->flags & SZN_END) != 0;
}

/* The rows that come are of this run. */
static inline void
set_run(SznScan *scan, const SznRun *run)
{
	scan->run = *run;
	scan->in_session = SZN_RUN_IS_SESSION(run);
	scan->event_number = 0;
	scan->labels_changed = true;
}

/* The rows that come have no time, hence no session. */
static inline void
set_no_run(SznScan *scan)
{
	scan->in_session = false;
	scan->labels_changed = true;
}


/*
 * Streams
 */

/* Make room in a buffer for a record. */
static void
reserve(SznScan *scan, SznRecord **buffer, Size *buffer_size, Size size)
{
	if (size <= *buffer_size)
		return;
	if (*buffer)
		pfree(*buffer);
	*buffer = NULL;
	*buffer_size = 0;
	*buffer = (SznRecord *) MemoryContextAllocHuge(scan->context, size);
	*buffer_size = size;
}

/* The next record of the stream into "ahead"; false at its end. */
static bool
read_ahead(SznScan *scan)
{
	if (scan->ahead)
		return true;
	if (scan->stream_ended)
		return false;

	if (scan->mode == SZN_MODE_PARTITIONED && scan->sort == NULL)
	{
		scan->ahead = szn_partition_read(scan->partitions);
		if (scan->ahead)
			return true;
	}
	else if (scan->sort)
	{
		if (tuplesort_gettupleslot(scan->sort, true, false, scan->sort_slot, NULL))
		{
			bool		isnull;
			Datum		value = slot_getattr(scan->sort_slot,
											 scan->sort_descriptor->natts, &isnull);
			struct varlena *bytes = (struct varlena *) DatumGetPointer(value);
			Size		size = VARSIZE_ANY_EXHDR(bytes);

			reserve(scan, &scan->buffer, &scan->buffer_size, size);
			memcpy(scan->buffer, VARDATA_ANY(bytes), size);
			scan->ahead = scan->buffer;
			return true;
		}
	}
	else
	{
		SznEvent	event;
		TupleTableSlot *slot = read_input(scan, &event);

		if (slot)
		{
			Size		size = szn_record_size(scan->format, slot->tts_values,
											   slot->tts_isnull);

			reserve(scan, &scan->buffer, &scan->buffer_size, size);
			szn_record_fill(scan->format, scan->buffer, size, 0, &event,
							slot->tts_values, slot->tts_isnull);
			scan->ahead = scan->buffer;
			return true;
		}
	}
	scan->stream_ended = true;
	return false;
}

/* Does the record ahead begin a new actor? */
static bool
is_new_actor(SznScan *scan)
{
	MemoryContext caller_context;
	bool		is_same;

	if (!scan->has_actor)
		return true;
	if (scan->format->is_fixed)
		return !szn_same_actor(scan->format, scan->actor_record, scan->ahead);

	/* equality operators may leave something behind */
	caller_context =
		MemoryContextSwitchTo(scan->css.ss.ps.ps_ExprContext->ecxt_per_tuple_memory);
	is_same = szn_same_actor(scan->format, scan->actor_record, scan->ahead);
	MemoryContextSwitchTo(caller_context);
	return !is_same;
}

static void
begin_stream(SznScan *scan)
{
	scan->ahead = NULL;
	scan->stream_ended = false;
	scan->has_actor = false;
	scan->has_instant = false;
	scan->output = NULL;
	if (scan->held_run == NULL)
	{
		MemoryContext caller_context = MemoryContextSwitchTo(scan->context);

		scan->held_run = szn_spool_create(scan->format, scan->budget / 8, &scan->counters);
		scan->held_instant = szn_spool_create(scan->format, scan->budget / 8, &scan->counters);
		MemoryContextSwitchTo(caller_context);
	}
}

static void
put_out(SznScan *scan, SznSpool *spool)
{
	szn_spool_rewind(spool);
	scan->output = spool;
}

static void
swap_spools(SznScan *scan)
{
	SznSpool   *spool = scan->held_run;

	scan->held_run = scan->held_instant;
	scan->held_instant = spool;
}

/* The held instant is complete. */
static void
take_instant(SznScan *scan)
{
	bool		is_new = szn_boundary_step(&scan->boundary, &scan->instant);
	SznRecord  *record;

	scan->has_instant = false;
	if (scan->hold == SZN_HOLD_INSTANT)
	{
		if (is_new)
			set_run(scan, &scan->boundary.run);
		put_out(scan, scan->held_instant);
	}
	else if (scan->held_run->count == 0)
		swap_spools(scan);
	else if (is_new)
	{
		/* and when that is out, the instant is held as the next run */
		set_run(scan, &scan->boundary.finished);
		put_out(scan, scan->held_run);
	}
	else
	{
		szn_spool_rewind(scan->held_instant);
		while ((record = szn_spool_next(scan->held_instant)) != NULL)
		{
			CHECK_FOR_INTERRUPTS();
			szn_spool_put(scan->held_run, record);
		}
		szn_spool_clear(scan->held_instant);
	}
}

static void
begin_actor(SznScan *scan)
{
	Size		size = szn_record_length(scan->format, scan->ahead);

	reserve(scan, &scan->actor_record, &scan->actor_size, size);
	memcpy(scan->actor_record, scan->ahead, size);
	scan->has_actor = true;
	scan->counters.actors++;
	szn_boundary_init(&scan->boundary, &scan->rules);
}

/*
 * The next record to put out, its run in scan->run; NULL at the stream's
 * end.
 */
static SznRecord *
next_of_stream(SznScan *scan)
{
	for (;;)
	{
		SznRecord  *record;
		bool		is_over;
		bool		is_untimed;

		if (scan->output)
		{
			record = szn_spool_next(scan->output);
			if (record)
			{
				scan->event_number++;
				return record;
			}
			szn_spool_clear(scan->output);
			if (scan->output == scan->held_run && scan->held_instant->count > 0)
				swap_spools(scan);
			scan->output = NULL;
		}

		CHECK_FOR_INTERRUPTS();
		is_over = !read_ahead(scan) || is_new_actor(scan);
		is_untimed = scan->ahead && (scan->ahead->flags & SZN_HAS_TIME) == 0;

		if (scan->has_instant &&
			(is_over || is_untimed || scan->ahead->time != scan->instant.time))
		{
			take_instant(scan);
			continue;
		}
		if (scan->has_actor && (is_over || is_untimed) &&
			SZN_RUN_EXISTS(&scan->boundary.run))
		{
			szn_boundary_finish(&scan->boundary);
			if (scan->hold == SZN_HOLD_RUN)
			{
				set_run(scan, &scan->boundary.finished);
				put_out(scan, scan->held_run);
				continue;
			}
		}
		if (scan->ahead == NULL)
			return NULL;
		if (is_over)
			begin_actor(scan);

		record = scan->ahead;
		scan->ahead = NULL;
		if (is_untimed)
		{
			/* NULLs come last, so the actor has no more sessions */
			set_no_run(scan);
			return record;
		}

		if (scan->hold == SZN_HOLD_NOTHING)
		{
			if (!SZN_RUN_EXISTS(&scan->boundary.run) ||
				scan->boundary.run.ended_at != record->time)
			{
				begin_instant(scan, &scan->instant, record);
				if (szn_boundary_step(&scan->boundary, &scan->instant))
					set_run(scan, &scan->boundary.run);
			}
			scan->event_number++;
			return record;
		}

		if (scan->has_instant)
			add_to_instant(scan, &scan->instant, record);
		else
			begin_instant(scan, &scan->instant, record);
		scan->has_instant = true;
		szn_spool_put(scan->held_instant, record);
	}
}


/*
 * Partitions
 */

/* Read all input. */
static void
fill_partitions(SznScan *scan)
{
	Plan	   *input = (Plan *) linitial(((CustomScan *) scan->css.ss.ps.plan)->custom_plans);
	ExprContext *econtext = scan->css.ss.ps.ps_ExprContext;
	MemoryContext caller_context = MemoryContextSwitchTo(scan->context);
	TupleTableSlot *slot;
	SznEvent	event;

	scan->partitions = szn_partitions_create(scan->format, input->plan_rows,
											 sizeof(SznRecord) + input->plan_width,
											 scan->budget, &scan->counters);
	MemoryContextSwitchTo(caller_context);

	while ((slot = read_input(scan, &event)) != NULL)
	{
		CHECK_FOR_INTERRUPTS();
		caller_context = MemoryContextSwitchTo(econtext->ecxt_per_tuple_memory);
		szn_partitions_add(scan->partitions, &event,
						   slot->tts_values, slot->tts_isnull);
		MemoryContextSwitchTo(caller_context);
		if (!scan->format->is_fixed)
			ResetExprContext(econtext);
	}
}

/*
 * A partition that does not fit into memory: sort it by actor and time.  The
 * hash comes first, since it is cheap to compare.
 */
static void
sort_partition(SznScan *scan)
{
	SznFormat  *format = scan->format;
	int			num_keys = format->num_keys;
	TupleDesc	input = ExecGetResultType((PlanState *) linitial(scan->css.custom_ps));
	AttrNumber *columns = (AttrNumber *) palloc(sizeof(AttrNumber) * (num_keys + 2));
	Oid		   *operators = (Oid *) palloc(sizeof(Oid) * (num_keys + 2));
	Oid		   *collations = (Oid *) palloc0(sizeof(Oid) * (num_keys + 2));
	bool	   *nulls_first = (bool *) palloc0(sizeof(bool) * (num_keys + 2));
	Datum	   *values = (Datum *) palloc(sizeof(Datum) * Max(format->num_columns, 1));
	bool	   *nulls = (bool *) palloc(sizeof(bool) * Max(format->num_columns, 1));
	SznRecord  *record;
	MemoryContext caller_context;

	/* (hash, parts of the actor, time, record) */
	if (scan->sort_slot == NULL)
	{
		TupleDesc	descriptor;

		caller_context = MemoryContextSwitchTo(scan->css.ss.ps.state->es_query_cxt);
		descriptor = CreateTemplateTupleDesc(num_keys + 3);
		TupleDescInitEntry(descriptor, 1, NULL, INT4OID, -1, 0);
		for (int i = 0; i < num_keys; i++)
		{
			Form_pg_attribute attribute = TupleDescAttr(input, format->columns[i].source);

			TupleDescInitEntry(descriptor, i + 2, NULL, attribute->atttypid,
							   attribute->atttypmod, 0);
		}
		TupleDescInitEntry(descriptor, num_keys + 2, NULL, INT8OID, -1, 0);
		TupleDescInitEntry(descriptor, num_keys + 3, NULL, BYTEAOID, -1, 0);
		scan->sort_descriptor = descriptor;
		scan->sort_slot = MakeSingleTupleTableSlot(descriptor, &TTSOpsMinimalTuple);
		MemoryContextSwitchTo(caller_context);
	}

	for (int i = 0; i < num_keys + 2; i++)
	{
		Oid			type = TupleDescAttr(scan->sort_descriptor, i)->atttypid;

		columns[i] = i + 1;
		operators[i] = lookup_type_cache(type, TYPECACHE_LT_OPR)->lt_opr;
		if (i >= 1 && i <= num_keys)
			collations[i] = format->keys[i - 1].collation;
	}
	caller_context = MemoryContextSwitchTo(scan->context);
	scan->sort = tuplesort_begin_heap(scan->sort_descriptor, num_keys + 2, columns,
									  operators, collations, nulls_first,
									  (int) (Max(scan->budget / 2, 64 * 1024) / 1024),
									  NULL, TUPLESORT_NONE);
	MemoryContextSwitchTo(caller_context);

	while ((record = szn_partition_read(scan->partitions)) != NULL)
	{
		TupleTableSlot *slot = scan->sort_slot;
		Size		size = szn_record_length(format, record);
		bytea	   *bytes;

		CHECK_FOR_INTERRUPTS();
		if (size + VARHDRSZ > MaxAllocSize)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("row is too large to be sorted")));
		reserve(scan, &scan->buffer, &scan->buffer_size, size + VARHDRSZ);
		bytes = (bytea *) scan->buffer;
		SET_VARSIZE(bytes, size + VARHDRSZ);
		memcpy(VARDATA(bytes), record, size);

		ExecClearTuple(slot);
		szn_record_read(format, record, values, nulls);
		slot->tts_values[0] = Int32GetDatum((int32) record->link);
		slot->tts_isnull[0] = false;
		for (int i = 0; i < num_keys; i++)
		{
			slot->tts_values[i + 1] = values[i];
			slot->tts_isnull[i + 1] = nulls[i];
		}
		slot->tts_values[num_keys + 1] = Int64GetDatum(record->time);
		slot->tts_isnull[num_keys + 1] = (record->flags & SZN_HAS_TIME) == 0;
		slot->tts_values[num_keys + 2] = PointerGetDatum(bytes);
		slot->tts_isnull[num_keys + 2] = false;
		ExecStoreVirtualTuple(slot);
		tuplesort_puttupleslot(scan->sort, slot);
	}
	ExecClearTuple(scan->sort_slot);
	tuplesort_performsort(scan->sort);
	pfree(values);
	pfree(nulls);
}

static void
end_sort(SznScan *scan)
{
	if (scan->sort == NULL)
		return;
	ExecClearTuple(scan->sort_slot);
	tuplesort_end(scan->sort);
	scan->sort = NULL;
}

/* On to the next run of the actor at hand: read until it is complete. */
static void
advance_run(SznScan *scan)
{
	while (scan->next_instant != 0)
	{
		SznLink		link = scan->next_instant;
		SznRecord  *record = szn_record_at(scan->partition, link);
		SznInstant	instant;

		begin_instant(scan, &instant, record);
		while ((scan->next_instant = record->link) != 0)
		{
			record = szn_record_at(scan->partition, scan->next_instant);
			if (record->time != instant.time)
				break;
			add_to_instant(scan, &instant, record);
		}

		/* the first instant begins the first run, and there is none before it */
		if (szn_boundary_step(&scan->boundary, &instant) &&
			SZN_RUN_EXISTS(&scan->boundary.finished))
		{
			scan->next_run = link;
			set_run(scan, &scan->boundary.finished);
			return;
		}
	}
	szn_boundary_finish(&scan->boundary);
	scan->next_run = 0;
	set_run(scan, &scan->boundary.finished);
}

/* The next record to put out, its run in scan->run; NULL at the end. */
static SznRecord *
next_of_partitions(SznScan *scan)
{
	for (;;)
	{
		SznRecord  *record;

		if (likely(scan->next != 0))
		{
			if (scan->next == scan->next_run)
			{
				CHECK_FOR_INTERRUPTS();
				advance_run(scan);
			}
			record = szn_record_at(scan->partition, scan->next);
			scan->next = record->link;
			scan->event_number++;
			return record;
		}

		if (scan->actor && scan->actor->first_untimed)
		{
			scan->next = scan->actor->first_untimed;
			scan->next_run = 0;
			scan->actor->first_untimed = 0;
			set_no_run(scan);
			continue;
		}

		if (scan->state == SZN_PARTITION_ACTORS &&
			(scan->actor = szn_partition_actor(scan->partitions, scan->next_actor)) != NULL)
		{
			scan->next_actor++;
			scan->next = scan->actor->first;
			scan->next_run = scan->next;
			scan->next_instant = scan->next;
			szn_boundary_init(&scan->boundary, &scan->rules);
			continue;
		}

		if (scan->state == SZN_PARTITION_STREAM || scan->state == SZN_PARTITION_FILE)
		{
			record = next_of_stream(scan);
			if (record)
				return record;
			end_sort(scan);
		}

		scan->state = szn_partitions_next(scan->partitions);
		scan->next_actor = 0;
		scan->actor = NULL;
		if (scan->state == SZN_PARTITION_NONE)
			return NULL;
		scan->partition = &scan->partitions->partitions[scan->partitions->current];
		if (scan->state == SZN_PARTITION_FILE)
			sort_partition(scan);
		if (scan->state == SZN_PARTITION_STREAM || scan->state == SZN_PARTITION_FILE)
			begin_stream(scan);
	}
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
		Size		offset = format->fixed_size;

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
				values[target] = Int64GetDatum(record->time);
				nulls[target] = (record->flags & SZN_HAS_TIME) == 0;
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

static TupleTableSlot *
exec_scan(CustomScanState *node)
{
	SznScan    *scan = (SznScan *) node;
	TupleTableSlot *slot = scan->slot;
	SznRecord  *record;

	/* somebody has moved what the slot points to, and it is to be freed */
	if (unlikely(TTS_SHOULDFREE(slot)))
		ExecClearTuple(slot);
	if (unlikely(!scan->begun))
	{
		scan->begun = true;
		if (scan->mode == SZN_MODE_PARTITIONED)
			fill_partitions(scan);
		else
			begin_stream(scan);
	}
	if (scan->project || !scan->format->is_fixed || scan->mode == SZN_MODE_STREAMED)
		ResetExprContext(node->ss.ps.ps_ExprContext);

	record = scan->mode == SZN_MODE_PARTITIONED ?
		next_of_partitions(scan) : next_of_stream(scan);
	if (record == NULL)
	{
		ExecClearTuple(slot);
		return ExecClearTuple(node->ss.ps.ps_ResultTupleSlot);
	}

	/* a virtual slot that is filled can be filled anew as it is */
	fill_slot(scan, record);
	if (TTS_EMPTY(slot))
		ExecStoreVirtualTuple(slot);
	if (!scan->project)
		return slot;
	node->ss.ps.ps_ExprContext->ecxt_scantuple = slot;
	return node->ss.ps.ps_ProjInfo ? ExecProject(node->ss.ps.ps_ProjInfo) : slot;
}


/*
 * Ending
 */

/* Give back all that has been read. */
static void
forget(SznScan *scan)
{
	end_sort(scan);
	if (scan->partitions)
		szn_partitions_end(scan->partitions);
	scan->partitions = NULL;
	if (scan->held_run)
	{
		szn_spool_clear(scan->held_run);
		szn_spool_clear(scan->held_instant);
	}
	scan->held_run = NULL;
	scan->held_instant = NULL;
	scan->output = NULL;
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
	forget(scan);
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

	forget(scan);
	if (scan->sort_slot)
		ExecDropSingleTupleTableSlot(scan->sort_slot);
	MemoryContextDelete(scan->context);
	ExecEndNode((PlanState *) linitial(node->custom_ps));
}
