/*-------------------------------------------------------------------------
 *
 * accumulate.c
 *	  The aggregates of a Session Aggregate: what is done for a row, for a run
 *	  and for a group.
 *
 * Each aggregate is a step, as steps.c has chosen it.  Steps of rows read
 * columns where they lie in the record.  The answer is the one that core's
 * functions would give, or the step is a call of these functions (calls.c).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/memutils.h"
#include "utils/numeric.h"

#include "engine/aggregate.h"
#include "engine/sums.h"


/*
 * Values
 */

/* An attribute of the run at hand. */
Datum
szn_run_value(SznAggregate *node, SznSource source, const SznRun *run, bool in_session,
		  bool *isnull)
{
	*isnull = !in_session;
	if (!in_session)
		return (Datum) 0;
	switch (source)
	{
		case SZN_FROM_NUMBER:
			return Int64GetDatum(run->number);
		case SZN_FROM_START:
			return Int64GetDatum(run->started_at);
		case SZN_FROM_END:
			return Int64GetDatum(run->ended_at);
		case SZN_FROM_COUNT:
			return Int64GetDatum(run->event_count);
		case SZN_FROM_STARTED_BY:
			return node->scan->causes[run->started_by];
		case SZN_FROM_ENDED_BY:
			*isnull = run->ended_by == SZN_CAUSE_NONE;
			return node->scan->causes[run->ended_by];
		default:
			elog(ERROR, "column %d is not the same in all rows of a session", (int) source);
			return (Datum) 0;
	}
}

/* What needs more than the record: see operand_value(). */
static Datum
label_value(SznAggregate *node, const SznOperand *operand, SznRecord *record, bool *isnull)
{
	if (operand->kind == SZN_OPERAND_RUN)
		return szn_run_value(node, operand->source, &node->scan->run,
							 node->scan->in_session, isnull);
	if (node->row == NULL)
		node->row = szn_put_out(node->scan, record);
	node->row_context->ecxt_scantuple = node->row;
	return ExecEvalExprSwitchContext(operand->expr, node->row_context, isnull);
}

/* Read a record's first so many columns of variable width. */
static inline void
read_columns(SznAggregate *node, SznRecord *record, int num_read)
{
	SznScan    *scan = node->scan;
	Size		offset = szn_record_varying(scan->format, record);

	for (int i = 0; i < num_read; i++)
		szn_record_next_column(scan->format, record, node->read[i], &offset,
							   &scan->values[node->read[i]], &scan->nulls[node->read[i]]);
}

/* Is the column of an operand NULL? */
static inline bool
is_null(SznScan *scan, const SznOperand *operand, SznRecord *record)
{
	return operand->null_flag ? (szn_record_bits(record) & operand->null_flag) != 0 :
		szn_record_is_null(scan->format, record, operand->column);
}

/*
 * The value in a row's record; by reference, it may point into the record.
 * Columns of variable width are read by the first operand that is not NULL:
 * "unread" says how many.
 */
static pg_attribute_always_inline Datum
operand_value(SznAggregate *node, const SznOperand *operand, SznRecord *record,
			  int *unread, bool *isnull)
{
	SznScan    *scan = node->scan;

	switch (operand->kind)
	{
		case SZN_OPERAND_FIXED:
			*isnull = is_null(scan, operand, record);
			return *isnull ? (Datum) 0 : szn_record_fixed(&operand->fixed, record);
		case SZN_OPERAND_VARYING:
			*isnull = is_null(scan, operand, record);
			if (*isnull)
				return (Datum) 0;
			if (*unread > 0)
				read_columns(node, record, *unread);
			*unread = 0;
			return scan->values[operand->column];
		case SZN_OPERAND_TIME:
			*isnull = !szn_record_has_time(record);
			return Int64GetDatum(szn_record_time(scan->format, record));
		default:
			return label_value(node, operand, record, isnull);
	}
}

/* The same, for those who read now and then. */
Datum
szn_operand_value(SznAggregate *node, const SznOperand *operand, SznRecord *record,
				  bool *isnull)
{
	int			unread = node->num_read;

	if (operand->kind == SZN_OPERAND_VARYING)
		for (unread = 0; node->read[unread] < operand->column;)
			unread++;
	unread++;
	return operand_value(node, operand, record, &unread, isnull);
}

/* A row with nothing but the attributes of the run that is over. */
static TupleTableSlot *
run_row(SznAggregate *node)
{
	TupleTableSlot *slot = node->run_slot;

	ExecClearTuple(slot);
	memset(slot->tts_isnull, true, slot->tts_tupleDescriptor->natts);
	for (int i = 0; i < node->num_run_columns; i++)
	{
		int			column = node->run_columns[i];

		slot->tts_values[column] = szn_run_value(node, node->run_sources[i], &node->run,
												 node->run_in_session,
												 &slot->tts_isnull[column]);
	}
	return ExecStoreVirtualTuple(slot);
}

/* The value in the run that is over, of an operand that is the same in all its rows. */
static Datum
value_in_run(SznAggregate *node, const SznOperand *operand, bool *isnull)
{
	if (operand->kind == SZN_OPERAND_RUN)
		return szn_run_value(node, operand->source, &node->run, node->run_in_session, isnull);
	if (!node->has_run_row)
	{
		(void) run_row(node);
		node->has_run_row = true;
	}
	node->row_context->ecxt_scantuple = node->run_slot;
	return ExecEvalExprSwitchContext(operand->expr, node->row_context, isnull);
}


/*
 * Groups
 */

/* No rows yet. */
void
szn_begin_group(SznAggregate *node, SznGroup *group)
{
	memset(group->states, 0, sizeof(SznAggState) * node->num_steps);
	for (int i = 0; i < node->num_steps; i++)
	{
		SznStep    *step = node->steps[i];

		if (step->kind == SZN_CALL)
			szn_call_begin(node, group, step->call, &group->states[i]);
	}
	group->exists = true;
}

/* Give back what the group holds. */
void
szn_clear_group(SznAggregate *node, SznGroup *group)
{
	if (group->exists)
	{
		for (int i = 0; i < node->num_steps; i++)
		{
			SznAggState *state = &group->states[i];

			if (node->steps[i]->kind == SZN_COUNT_DISTINCT && state->v.distinct)
				szn_distinct_end(state->v.distinct);
		}
	}
	if (group->has_memory)
		ReScanExprContext(group->context);
	group->has_memory = false;
	group->exists = false;
}

#ifdef HAVE_INT128

/*
 * The sum goes on with core's function: it gets what has been summed up so
 * far, and then the value.
 */
static void
add_unusual_numeric(SznAggregate *node, SznGroup *group, SznStep *step,
					SznAggState *state, Datum value)
{
	FunctionCallInfo info = step->call->transition_info;

	info->args[1].isnull = false;
	if (!state->is_called)
	{
		szn_call_begin(node, group, step->call, state);
		if (state->count > 0)
		{
			info->args[1].value = szn_make_numeric(state->v.wide, SZN_SUM_DIGITS,
												   state->scale);
			szn_call_transition(node, group, step->call, state);
			pfree(DatumGetPointer(info->args[1].value));
		}
	}
	info->args[1].value = value;
	szn_call_transition(node, group, step->call, state);
}

#endif							/* HAVE_INT128 */

/* Call the functions with the values of a row, or of the run that is over. */
static void
call_with_row(SznAggregate *node, SznGroup *group, SznStep *step, SznAggState *state,
			  SznRecord *record)
{
	FunctionCallInfo info = step->call->transition_info;
	int			unread = node->num_read;

	for (int i = 0; i < step->num_arguments; i++)
	{
		bool		isnull;
		Datum		value = record ?
			operand_value(node, &step->arguments[i], record, &unread, &isnull) :
			value_in_run(node, &step->arguments[i], &isnull);

		info->args[i + 1].value = value;
		info->args[i + 1].isnull = isnull;
	}
	if (!state->is_called)
		szn_call_begin(node, group, step->call, state);
	szn_call_transition(node, group, step->call, state);
}

/* Take a value that is not NULL. */
static pg_attribute_always_inline void
take_value(SznAggregate *node, SznGroup *group, SznStep *step, SznStepKind kind,
		   SznAggState *state, Datum value)
{
	switch (kind)
	{
		case SZN_COUNT_VALUES:
			break;
		case SZN_MIN_INTEGER:
		case SZN_MAX_INTEGER:
			{
				int64		number = step->length == 8 ? DatumGetInt64(value) :
					step->length == 4 ? DatumGetInt32(value) : DatumGetInt16(value);

				if (state->count == 0 ||
					(kind == SZN_MIN_INTEGER ? number < state->v.integer :
					 number > state->v.integer))
					state->v.integer = number;
				break;
			}
		case SZN_MIN_FLOAT:
		case SZN_MAX_FLOAT:
			{
				float8		number = step->length == 8 ? DatumGetFloat8(value) :
					(float8) DatumGetFloat4(value);

				/* of equal numbers, such as the two zeros, the last */
				if (state->count == 0 ||
					!(kind == SZN_MIN_FLOAT ? float8_lt(state->v.real, number) :
					  float8_gt(state->v.real, number)))
					state->v.real = number;
				break;
			}
		case SZN_SUM_INTEGER:
			state->v.integer += step->length == 4 ? DatumGetInt32(value) :
				DatumGetInt16(value);
			break;
		case SZN_SUM_FLOAT8:
			state->v.real = state->count == 0 ? DatumGetFloat8(value) :
				float8_pl(state->v.real, DatumGetFloat8(value));
			break;
		case SZN_SUM_FLOAT4:
			state->v.real = state->count == 0 ? DatumGetFloat4(value) :
				float4_pl((float4) state->v.real, DatumGetFloat4(value));
			break;
		case SZN_BOOL_AND:
			state->v.integer = (state->count == 0 || state->v.integer) && DatumGetBool(value);
			break;
		case SZN_BOOL_OR:
			state->v.integer = state->v.integer || DatumGetBool(value);
			break;
		case SZN_COUNT_DISTINCT:
			group->has_memory = true;
			if (state->v.distinct == NULL)
				state->v.distinct =
					szn_distinct_create(group->context->ecxt_per_tuple_memory);
			szn_distinct_add(node, state->v.distinct, step->distinct,
							 group->context->ecxt_per_tuple_memory, value,
							 !node->stays || step->argument.kind == SZN_OPERAND_EXPRESSION);
			break;
#ifdef HAVE_INT128
		case SZN_SUM_BIGINT:
		case SZN_AVG_INTEGER:
			state->v.wide += step->length == 8 ? DatumGetInt64(value) :
				step->length == 4 ? DatumGetInt32(value) : DatumGetInt16(value);
			break;
		case SZN_SUM_NUMERIC:
		case SZN_AVG_NUMERIC:
			if (unlikely(state->is_called) ||
				!szn_add_numeric(&state->v.wide, &state->scale, value))
				add_unusual_numeric(node, group, step, state, value);
			break;
#endif
		default:
			Assert(false);
			break;
	}
	state->count++;
}

/*
 * Take a row that has a time, and comes in time order, for first() or last().
 * False if those to come do not matter.
 */
static inline bool
take_timed(const SznFormat *format, SznStepKind kind, SznAggState *state, SznRecord *record)
{
	int64		time = szn_record_time(format, record);

	if (state->v.record == NULL || (kind == SZN_LAST && time != state->time))
	{
		state->v.record = record;
		state->time = time;
		state->is_tied = false;
	}
	else if (time == state->time)
		state->is_tied = true;
	else
		return false;
	return true;
}

static pg_attribute_always_inline bool
passes_filter(SznAggregate *node, const SznOperand *filter, SznRecord *record, int *unread)
{
	Datum		value;
	bool		isnull;

	/* a column that says so: NULL is stored as anything */
	if (filter->kind == SZN_OPERAND_FIXED && filter->null_flag)
		return (szn_record_bits(record) & filter->null_flag) == 0 &&
			((const char *) record)[filter->fixed.offset[szn_record_layout(record)]] != 0;
	value = operand_value(node, filter, record, unread, &isnull);
	return !isnull && DatumGetBool(value);
}

/* Take a row that does not stay where it is. */
void
szn_take_row(SznAggregate *node, SznGroup *group, SznRecord *record)
{
	int			unread = node->num_read;

	for (int i = 0; i < node->num_row_steps; i++)
	{
		SznStep    *step = &node->row_steps[i];
		SznAggState *state = &group->states[step->number];
		Datum		value;
		bool		isnull;

		if (step->has_filter && !passes_filter(node, &step->filter, record, &unread))
			continue;
		switch (step->kind)
		{
			case SZN_COUNT_ROWS:
				state->count++;
				break;
			case SZN_FIRST:
			case SZN_LAST:
			case SZN_CALL:
				call_with_row(node, group, step, state, record);
				break;
			default:
				value = operand_value(node, &step->argument, record, &unread, &isnull);
				if (!isnull)
					take_value(node, group, step, step->kind, state, value);
				break;
		}
	}
}

/*
 * Take the rows of a chain, from one link up to another, for one step.  Inlined
 * for each kind, so that nothing is decided anew for each row.
 */
static pg_attribute_always_inline void
take_chain_of_kind(SznAggregate *node, SznGroup *group, SznStep *step, SznStepKind kind,
				   SznLink link, SznLink end)
{
	SznScan    *scan = node->scan;
	SznPartition *partition = scan->partition;
	SznAggState *state = &group->states[step->number];
	bool		has_filter = step->has_filter;
	bool		may_leave = step->may_leave;

	while (link != end)
	{
		SznRecord  *record = szn_record_at(partition, link);
		int			unread = step->num_read;
		Datum		value;
		bool		isnull;

		CHECK_FOR_INTERRUPTS();
		link = record->link;
		if (has_filter && !passes_filter(node, &step->filter, record, &unread))
			continue;
		if (may_leave || unlikely(state->is_called))
			ResetExprContext(node->row_context);
		switch (kind)
		{
			case SZN_COUNT_ROWS:
				state->count++;
				break;
			case SZN_FIRST:
			case SZN_LAST:
				if (szn_record_has_time(record) &&
					!take_timed(scan->format, kind, state, record))
					return;
				break;
			case SZN_CALL:
				call_with_row(node, group, step, state, record);
				break;
			default:
				value = operand_value(node, &step->argument, record, &unread, &isnull);
				if (!isnull)
					take_value(node, group, step, kind, state, value);
				break;
		}
	}
}

/*
 * Let the functions of first() or last() have the records of an instant, which
 * begins with this one; they follow each other in the actor's chain.
 */
static void
call_with_instant(SznAggregate *node, SznGroup *group, SznStep *step, SznAggState *state)
{
	const SznFormat *format = node->scan->format;
	SznRecord  *record = state->v.record;

	for (;;)
	{
		int			unread = node->num_read;

		node->row = NULL;
		if (!state->is_tied || !step->has_filter ||
			passes_filter(node, &step->filter, record, &unread))
			call_with_row(node, group, step, state, record);
		if (!state->is_tied || record->link == 0)
			break;
		record = szn_record_at(node->scan->partition, record->link);
		if (szn_record_time(format, record) != state->time)
			break;
	}
	state->v.record = NULL;
}

/* The records that first() and last() point to will be gone. */
static void
let_records_go(SznAggregate *node, SznGroup *group)
{
	for (int i = 0; i < node->num_row_steps; i++)
	{
		SznStep    *step = &node->row_steps[i];
		SznAggState *state = &group->states[step->number];

		if ((step->kind == SZN_FIRST || step->kind == SZN_LAST) && state->v.record)
			call_with_instant(node, group, step, state);
	}
}

/*
 * Take the rows of a chain, from one link up to another.  Unless records stay
 * where they are, nothing refers to these any more afterwards.
 */
void
szn_take_chain(SznAggregate *node, SznGroup *group, SznLink link, SznLink end)
{
	if (node->has_calls)
		ResetExprContext(node->row_context);
	for (int i = 0; i < node->num_row_steps; i++)
	{
		SznStep    *step = &node->row_steps[i];

		switch (step->kind)
		{
			case SZN_COUNT_ROWS:
				take_chain_of_kind(node, group, step, SZN_COUNT_ROWS, link, end);
				break;
			case SZN_FIRST:
				take_chain_of_kind(node, group, step, SZN_FIRST, link, end);
				break;
			case SZN_LAST:
				take_chain_of_kind(node, group, step, SZN_LAST, link, end);
				break;
			case SZN_SUM_INTEGER:
				take_chain_of_kind(node, group, step, SZN_SUM_INTEGER, link, end);
				break;
			case SZN_COUNT_DISTINCT:
				take_chain_of_kind(node, group, step, SZN_COUNT_DISTINCT, link, end);
				break;
#ifdef HAVE_INT128
			case SZN_SUM_NUMERIC:
				take_chain_of_kind(node, group, step, SZN_SUM_NUMERIC, link, end);
				break;
#endif
			default:
				take_chain_of_kind(node, group, step, step->kind, link, end);
				break;
		}
	}
	if (!node->stays)
		let_records_go(node, group);
}

/* Take the run that is over, in node->run. */
void
szn_take_run(SznAggregate *node, SznGroup *group)
{
	const SznRun *run = &node->run;

	if (node->has_run_calls)
		ResetExprContext(node->row_context);
	node->has_run_row = false;
	for (int i = 0; i < node->num_run_steps; i++)
	{
		SznStep    *step = &node->run_steps[i];
		SznAggState *state = &group->states[step->number];
		Datum		value;
		bool		isnull;

		if (step->once && !node->run_in_session)
			continue;
		if (step->kind == SZN_COUNT_ROWS)
		{
			state->count += step->once ? 1 : run->event_count;
			continue;
		}
		if (step->argument.kind == SZN_OPERAND_TIME)
		{
			if (!node->run_is_timed)
				continue;
			if (step->kind == SZN_COUNT_VALUES)
				state->count += run->event_count;
			else
				take_value(node, group, step, step->kind, state,
						   Int64GetDatum(step->kind == SZN_MIN_INTEGER ?
										 run->started_at : run->ended_at));
			continue;
		}
		if (step->kind == SZN_CALL)
		{
			call_with_row(node, group, step, state, NULL);
			continue;
		}
		value = value_in_run(node, &step->argument, &isnull);
		if (!isnull)
			take_value(node, group, step, step->kind, state, value);
	}
}


/*
 * Results
 */

/* first() and last(). */
static Datum
result_of_record(SznAggregate *node, SznGroup *group, SznStep *step, SznAggState *state,
				 bool *isnull)
{
	*isnull = true;
	if (state->v.record && !state->is_tied && !state->is_called)
		return szn_operand_value(node, &step->argument, state->v.record, isnull);
	if (state->v.record)
		call_with_instant(node, group, step, state);
	return state->is_called ? szn_call_final(node, group, step->call, state, isnull) :
		(Datum) 0;
}

#ifdef HAVE_INT128

/* The sum of numerics or integers. */
static Datum
result_of_sum(SznAggregate *node, SznGroup *group, SznStep *step, SznAggState *state)
{
	bool		isnull;

	if (step->kind == SZN_SUM_BIGINT || step->kind == SZN_AVG_INTEGER)
		return szn_make_numeric(state->v.wide, 0, 0);
	if (!state->is_called)
		return szn_make_numeric(state->v.wide, SZN_SUM_DIGITS, state->scale);
	if (step->kind == SZN_SUM_NUMERIC)
		return szn_call_final(node, group, step->call, state, &isnull);

	/* the state of avg() has the sum, though not the count */
	return DirectFunctionCall1(numeric_sum, state->called);
}

#endif							/* HAVE_INT128 */

/* The value of an aggregate for a group, in the current context or the group's. */
Datum
szn_result(SznAggregate *node, SznGroup *group, int number, bool *isnull)
{
	SznStep    *step = node->steps[number];
	SznAggState *state = &group->states[number];

	*isnull = false;
	switch (step->kind)
	{
		case SZN_COUNT_ROWS:
		case SZN_COUNT_VALUES:
			return Int64GetDatum(state->count);
		case SZN_COUNT_DISTINCT:
			return Int64GetDatum(state->v.distinct == NULL ? 0 :
								 szn_distinct_count(node, state->v.distinct, step->distinct));
		case SZN_FIRST:
		case SZN_LAST:
			return result_of_record(node, group, step, state, isnull);
		case SZN_CALL:
			return szn_call_final(node, group, step->call, state, isnull);
		default:
			break;
	}

	*isnull = state->count == 0;
	if (*isnull)
		return (Datum) 0;
	switch (step->kind)
	{
		case SZN_MIN_INTEGER:
		case SZN_MAX_INTEGER:
			return step->length == 8 ? Int64GetDatum(state->v.integer) :
				step->length == 4 ? Int32GetDatum((int32) state->v.integer) :
				Int16GetDatum((int16) state->v.integer);
		case SZN_SUM_INTEGER:
			return Int64GetDatum(state->v.integer);
		case SZN_MIN_FLOAT:
		case SZN_MAX_FLOAT:
			return step->length == 8 ? Float8GetDatum(state->v.real) :
				Float4GetDatum((float4) state->v.real);
		case SZN_SUM_FLOAT8:
			return Float8GetDatum(state->v.real);
		case SZN_SUM_FLOAT4:
			return Float4GetDatum((float4) state->v.real);
		case SZN_BOOL_AND:
		case SZN_BOOL_OR:
			return BoolGetDatum(state->v.integer != 0);
#ifdef HAVE_INT128
		case SZN_SUM_BIGINT:
		case SZN_SUM_NUMERIC:
			return result_of_sum(node, group, step, state);
		case SZN_AVG_INTEGER:
		case SZN_AVG_NUMERIC:
			return DirectFunctionCall2(numeric_div,
									   result_of_sum(node, group, step, state),
									   NumericGetDatum(int64_to_numeric(state->count)));
#endif
		default:
			elog(ERROR, "unknown kind of aggregate: %d", (int) step->kind);
			return (Datum) 0;
	}
}
