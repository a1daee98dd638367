/*-------------------------------------------------------------------------
 *
 * steps.c
 *	  What a Session Aggregate does for each of its aggregates.
 *
 * Each aggregate is a step.  Steps of runs are done once for each run, from
 * what is known of it: how many rows, first and last time, why it began.  All
 * others are steps of rows.  What the steps then do is accumulate.c's.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/transam.h"
#include "catalog/pg_aggregate.h"
#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

#include "engine/aggregate.h"
#include "functions/first_last.h"


/*
 * Operands
 */

/* The node's column that an expression over the subquery's row names, or NULL. */
static Var *
plain_column(SznAggregate *node, Expr *expr)
{
	while (expr && IsA(expr, RelabelType))
		expr = ((RelabelType *) expr)->arg;
	if (expr && IsA(expr, Var) && ((Var *) expr)->varno == INDEX_VAR &&
		((Var *) expr)->varattno >= 1 && ((Var *) expr)->varattno <= node->num_columns)
		return (Var *) expr;
	return NULL;
}

/*
 * Where the scan gets a column of the subquery from; false if it is not simply
 * one of its columns.
 */
static bool
find_source(SznAggregate *node, int column, SznSource *source, int *place)
{
	CustomScan *plan = (CustomScan *) node->scan->css.ss.ps.plan;
	TargetEntry *entry = list_nth_node(TargetEntry, plan->scan.plan.targetlist, column - 1);
	Var		   *var = (Var *) entry->expr;

	if (!IsA(var, Var) || var->varno != INDEX_VAR || var->varattno < 1)
		return false;
	*source = (SznSource) list_nth_int(list_nth(plan->custom_private, SZN_PRIVATE_SOURCES),
									   var->varattno - 1);
	*place = list_nth_int(list_nth(plan->custom_private, SZN_PRIVATE_COLUMNS),
						  var->varattno - 1);
	return true;
}

static bool
is_run_source(SznSource source)
{
	return source != SZN_FROM_INPUT && source != SZN_FROM_TIME &&
		source != SZN_FROM_CONSTANT && source != SZN_FROM_EVENT_NUMBER;
}

/* How to get the value of an expression over the subquery's row. */
void
szn_init_operand(SznAggregate *node, SznOperand *operand, Expr *expr)
{
	Var		   *var = plain_column(node, expr);
	SznFormat  *format = node->scan->format;
	int			place;

	memset(operand, 0, sizeof(*operand));
	operand->kind = SZN_OPERAND_EXPRESSION;
	if (var && find_source(node, var->varattno, &operand->source, &place))
	{
		if (operand->source == SZN_FROM_TIME)
			operand->kind = SZN_OPERAND_TIME;
		else if (operand->source == SZN_FROM_INPUT)
		{
			for (int i = 0; i < format->num_columns; i++)
			{
				if (format->columns[i].source != place)
					continue;
				operand->kind = format->columns[i].byval ?
					SZN_OPERAND_FIXED : SZN_OPERAND_VARYING;
				operand->column = i;
				operand->null_flag = i < SZN_HEADER_NULLS ? SZN_NULL_BIT(i) : 0;
				operand->fixed = format->columns[i];
				break;
			}
		}
		else if (is_run_source(operand->source))
			operand->kind = SZN_OPERAND_RUN;
	}
	if (operand->kind == SZN_OPERAND_EXPRESSION)
		operand->expr = ExecInitExpr(expr, &node->css.ss.ps);
}

/* Does an expression depend on nothing but the row's run? */
static bool
is_of_run(SznAggregate *node, Expr *expr)
{
	List	   *vars = pull_var_clause((Node *) expr, PVC_INCLUDE_PLACEHOLDERS);
	ListCell   *cell;

	foreach(cell, vars)
	{
		Var		   *var = (Var *) lfirst(cell);
		SznSource	source;
		int			place;

		if (!IsA(var, Var) || plain_column(node, (Expr *) var) == NULL ||
			!find_source(node, var->varattno, &source, &place) || !is_run_source(source))
			return false;
	}
	return vars != NIL && !contain_volatile_functions((Node *) expr);
}

/* Is this session_event_number = 1, which picks one row of each session? */
static bool
picks_first_row(SznAggregate *node, Expr *expr)
{
	OpExpr	   *op = (OpExpr *) expr;
	Var		   *var;
	Const	   *constant;
	SznSource	source;
	int			place;

	if (!IsA(expr, OpExpr) || list_length(op->args) != 2 ||
		(op->opfuncid != F_INT84EQ && op->opfuncid != F_INT8EQ))
		return false;
	var = plain_column(node, (Expr *) linitial(op->args));
	constant = (Const *) lsecond(op->args);
	return var && IsA(constant, Const) && !constant->constisnull &&
		(constant->consttype == INT4OID ? DatumGetInt32(constant->constvalue) :
		 DatumGetInt64(constant->constvalue)) == 1 &&
		find_source(node, var->varattno, &source, &place) && source == SZN_FROM_EVENT_NUMBER;
}


/*
 * Steps
 */

/* What stands in for core's functions; SZN_CALL if nothing does. */
static SznStepKind
kind_of_aggregate(Aggref *aggref)
{
	switch (aggref->aggfnoid)
	{
		case F_COUNT_:
			return SZN_COUNT_ROWS;
		case F_COUNT_ANY:
			return aggref->aggdistinct ? SZN_COUNT_DISTINCT : SZN_COUNT_VALUES;
		case F_MIN_INT8:
		case F_MIN_INT4:
		case F_MIN_INT2:
		case F_MIN_DATE:
		case F_MIN_TIME:
		case F_MIN_MONEY:
		case F_MIN_TIMESTAMP:
		case F_MIN_TIMESTAMPTZ:
			return SZN_MIN_INTEGER;
		case F_MAX_INT8:
		case F_MAX_INT4:
		case F_MAX_INT2:
		case F_MAX_DATE:
		case F_MAX_TIME:
		case F_MAX_MONEY:
		case F_MAX_TIMESTAMP:
		case F_MAX_TIMESTAMPTZ:
			return SZN_MAX_INTEGER;
		case F_MIN_FLOAT4:
		case F_MIN_FLOAT8:
			return SZN_MIN_FLOAT;
		case F_MAX_FLOAT4:
		case F_MAX_FLOAT8:
			return SZN_MAX_FLOAT;
		case F_SUM_INT2:
		case F_SUM_INT4:
			return SZN_SUM_INTEGER;
		case F_SUM_FLOAT4:
			return SZN_SUM_FLOAT4;
		case F_SUM_FLOAT8:
			return SZN_SUM_FLOAT8;
		case F_BOOL_AND:
		case F_EVERY:
			return SZN_BOOL_AND;
		case F_BOOL_OR:
			return SZN_BOOL_OR;
#ifdef HAVE_INT128
		case F_SUM_INT8:
			return SZN_SUM_BIGINT;
		case F_AVG_INT2:
		case F_AVG_INT4:
		case F_AVG_INT8:
			return SZN_AVG_INTEGER;
		case F_SUM_NUMERIC:
			return SZN_SUM_NUMERIC;
		case F_AVG_NUMERIC:
			return SZN_AVG_NUMERIC;
#endif
		default:
			return SZN_CALL;
	}
}

/*
 * Is it enough to show the aggregate one of several equal values?  True of
 * what the catalog calls the first value in an order, of core's own.
 */
static bool
is_extreme(Aggref *aggref)
{
	HeapTuple	tuple = SearchSysCache1(AGGFNOID, ObjectIdGetDatum(aggref->aggfnoid));
	bool		result;

	if (!HeapTupleIsValid(tuple))
		return false;
	result = aggref->aggfnoid < FirstUnpinnedObjectId &&
		OidIsValid(((Form_pg_aggregate) GETSTRUCT(tuple))->aggsortop);
	ReleaseSysCache(tuple);
	return result;
}

/* Is this first() or last() at the window's own time? */
static SznStepKind
kind_of_call(SznAggregate *node, SznStep *step)
{
	Oid			type;

	/* quals are not evaluated again where several rows have that time */
	if (node->has_quals || step->num_arguments != 2 ||
		step->arguments[1].kind != SZN_OPERAND_TIME ||
		(step->arguments[0].kind != SZN_OPERAND_FIXED &&
		 step->arguments[0].kind != SZN_OPERAND_VARYING))
		return SZN_CALL;

	/* then there is an error to be raised */
	type = exprType((Node *) linitial_node(TargetEntry, step->call->aggref->args)->expr);
	if (!OidIsValid(lookup_type_cache(type, TYPECACHE_CMP_PROC)->cmp_proc))
		return SZN_CALL;
	if (step->call->transition.fn_addr == sessionize_first_transition)
		return SZN_FIRST;
	if (step->call->transition.fn_addr == sessionize_last_transition)
		return SZN_LAST;
	return SZN_CALL;
}

/* Can the step be done for a run as a whole? */
static bool
is_for_runs(SznAggregate *node, SznStep *step, List *arguments, Expr *filter)
{
	ListCell   *cell;

	/* quals may drop some of its rows, and a projection hides the columns */
	if (node->has_quals || node->scan->project)
		return false;

	if (step->kind == SZN_COUNT_DISTINCT || step->kind == SZN_FIRST || step->kind == SZN_LAST)
		return false;
	if (filter == NULL)
	{
		if (step->kind == SZN_COUNT_ROWS)
			return true;
		if (step->argument.kind == SZN_OPERAND_TIME)
			return step->kind == SZN_COUNT_VALUES || step->kind == SZN_MIN_INTEGER ||
				step->kind == SZN_MAX_INTEGER;
		return step->num_arguments == 1 && step->argument.kind == SZN_OPERAND_RUN &&
			is_extreme(step->call->aggref);
	}
	if (!picks_first_row(node, filter))
		return false;
	foreach(cell, arguments)
	{
		if (!is_of_run(node, (Expr *) lfirst(cell)))
			return false;
	}
	return true;
}

/* Does an operand need more than the record that it is of? */
static bool
needs_label(const SznOperand *operand)
{
	return operand->kind == SZN_OPERAND_RUN || operand->kind == SZN_OPERAND_EXPRESSION;
}

/* How many columns of variable width there are up to the step's last. */
static int
count_read(SznAggregate *node, SznStep *step)
{
	int			last = -1;
	int			count = 0;

	if (step->has_filter && step->filter.kind == SZN_OPERAND_VARYING)
		last = step->filter.column;
	for (int i = 0; i < step->num_arguments; i++)
	{
		if (step->arguments[i].kind == SZN_OPERAND_VARYING)
			last = Max(last, step->arguments[i].column);
	}
	for (int i = 0; i <= last; i++)
		count += !node->scan->format->columns[i].byval;
	return count;
}

static void
init_step(SznAggregate *node, SznStep *step, Aggref *aggref, List *arguments, Expr *filter)
{
	bool		has_calls;
	ListCell   *cell;

	step->call = szn_call_create(node, aggref);
	step->kind = kind_of_aggregate(aggref);
	step->num_arguments = list_length(arguments);
	step->arguments = (SznOperand *)
		palloc0(sizeof(SznOperand) * Max(step->num_arguments, 1));
	foreach(cell, arguments)
		szn_init_operand(node, &step->arguments[foreach_current_index(cell)],
						 (Expr *) lfirst(cell));
	step->argument = step->arguments[0];
	if (arguments != NIL)
		step->length = get_typlen(exprType((Node *) linitial(arguments)));
	if (step->kind == SZN_COUNT_DISTINCT)
		step->distinct = szn_distinct_type_create(aggref);
	if (step->kind == SZN_CALL)
		step->kind = kind_of_call(node, step);

	step->per_run = is_for_runs(node, step, arguments, filter);
	step->has_filter = filter != NULL && !step->per_run;
	step->once = filter != NULL && step->per_run;
	if (step->has_filter)
		szn_init_operand(node, &step->filter, filter);

	has_calls = step->kind == SZN_CALL || step->kind == SZN_SUM_NUMERIC ||
		step->kind == SZN_AVG_NUMERIC;
	if (step->per_run)
	{
		node->has_run_calls |= has_calls || step->argument.kind == SZN_OPERAND_EXPRESSION;
		return;
	}
	node->has_calls |= has_calls || step->kind == SZN_COUNT_DISTINCT;
	step->may_leave = step->kind == SZN_CALL ||
		(step->kind == SZN_COUNT_DISTINCT && !step->distinct->is_image &&
		 !step->distinct->is_text);
	step->num_read = count_read(node, step);
	node->num_read = Max(node->num_read, step->num_read);
	if (needs_label(&step->filter))
		node->needs_labels = true;
	for (int i = 0; i < step->num_arguments; i++)
	{
		if (needs_label(&step->arguments[i]))
			node->needs_labels = true;
	}
}

/* Once the node knows its scan. */
void
szn_init_steps(SznAggregate *node, CustomScan *plan)
{
	List	   *exprs = plan->custom_exprs;
	List	   *counts = list_nth(plan->custom_private, SZN_AGG_PRIVATE_ARGUMENTS);
	List	   *filters = list_nth(plan->custom_private, SZN_AGG_PRIVATE_FILTERS);
	int			next = 0;
	int			number = list_length(counts);

	node->num_steps = number;
	node->steps = (SznStep **) palloc0(sizeof(SznStep *) * Max(number, 1));
	node->row_steps = (SznStep *) palloc0(sizeof(SznStep) * Max(number, 1));
	node->run_steps = (SznStep *) palloc0(sizeof(SznStep) * Max(number, 1));
	for (int i = 0; i < number; i++)
	{
		TargetEntry *entry = list_nth_node(TargetEntry, plan->custom_scan_tlist,
										   node->num_columns + i);
		SznStep		step = {0};
		List	   *arguments = NIL;
		Expr	   *filter = NULL;

		for (int j = 0; j < list_nth_int(counts, i); j++)
			arguments = lappend(arguments, list_nth(exprs, next++));
		if (list_nth_int(filters, i))
			filter = (Expr *) list_nth(exprs, next++);
		step.number = i;
		init_step(node, &step, castNode(Aggref, entry->expr), arguments, filter);
		node->steps[i] = step.per_run ? &node->run_steps[node->num_run_steps++] :
			&node->row_steps[node->num_row_steps++];
		*node->steps[i] = step;
	}

	node->run_columns = (int *) palloc(sizeof(int) * Max(node->num_columns, 1));
	node->run_sources = (SznSource *) palloc(sizeof(SznSource) * Max(node->num_columns, 1));
	for (int i = 0; i < node->num_columns; i++)
	{
		SznSource	source;
		int			place;

		if (!find_source(node, i + 1, &source, &place) || !is_run_source(source))
			continue;
		node->run_columns[node->num_run_columns] = i;
		node->run_sources[node->num_run_columns++] = source;
	}

	node->read = (int *) palloc(sizeof(int) * Max(node->scan->format->num_columns, 1));
	for (int i = 0, count = 0; i < node->scan->format->num_columns; i++)
	{
		if (!node->scan->format->columns[i].byval)
			node->read[count++] = i;
	}
}
