/*-------------------------------------------------------------------------
 *
 * input.c
 *	  What Session Scan reads: rows of its input, with what the rules need of
 *	  each.
 *
 * The planner has made the input's columns, see level.c.  The arguments that
 * are the same for all rows are known from the first row with a time on.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/expandeddatum.h"

#include "engine/input.h"


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

/* How long a record of the input is expected to be. */
double
szn_expected_width(SznScan *scan)
{
	PlanState  *input = (PlanState *) linitial(scan->css.custom_ps);

	return szn_format_width(scan->format, ExecGetResultType(input), input->plan->plan_width);
}

/*
 * The first row with a time: learn what holds for all.  Not earlier, since
 * the window functions do not look at their other arguments without one.
 * Records are to tell the time from that one on, unless it is infinite.
 */
void
szn_learn_rules(SznScan *scan, int64 time)
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
	if (time == PG_INT64_MIN || time == PG_INT64_MAX)
		time = 0;
	scan->format->base = scan->exchange ?
		szn_exchange_agree_on_base(scan->exchange, time) : time;
	scan->rules_known = true;
}

/*
 * Expanded objects may change, and a record holds bytes: make them flat, in
 * the node's memory for a row.
 */
void
szn_flatten_row(SznScan *scan, Datum *values, const bool *nulls)
{
	for (int i = 0; i < scan->num_varlena; i++)
	{
		int			column = scan->varlena[i];
		Datum	   *value = &values[column];

		if (!nulls[column] &&
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
}

/* The next row into "input_values" and "input_nulls"; false at the end. */
static inline bool
read_row(SznScan *scan)
{
	TupleTableSlot *slot;

	if (scan->heap)
		return szn_heap_reader_next(scan->heap, &scan->input_values, &scan->input_nulls);

	slot = ExecProcNode((PlanState *) linitial(scan->css.custom_ps));
	if (TupIsNull(slot))
		return false;
	slot_getallattrs(slot);
	scan->input_values = slot->tts_values;
	scan->input_nulls = slot->tts_isnull;
	return true;
}

/*
 * The next row of the input into "input_values" and "input_nulls", with what
 * the rules need of it; false at its end.
 */
bool
szn_read_input(SznScan *scan, SznEvent *event)
{
	if (!read_row(scan))
		return false;
	if (++scan->counters.rows % SZN_ROWS_PER_REPORT == 0)
		szn_progress_report(scan);
	szn_events_of_rows(scan, scan->input_values, scan->input_nulls, 0, 1, event);
	return true;
}
