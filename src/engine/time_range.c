/*-------------------------------------------------------------------------
 *
 * time_range.c
 *	  Conditions on sessions' times as conditions on events.
 *
 * Of the sessions that start at X or later, those events tell that come no
 * more than "inactivity" before X:
 *
 *	- Of an actor's instants from X - inactivity on, each but the first is
 *	  cut from the one before it, or not, as in all history: inactivity,
 *	  restart and end events look at these two alone.
 *	- Let all history not cut before the first.  Then the instant before it
 *	  is earlier than X - inactivity, so this one is earlier than X.  Its
 *	  session starts before X here as there, and is not asked for.
 *
 * So while a query level that calls our window functions is planned, and the
 * levels above drop each session that starts before X, the condition
 *
 *		event time >= X - inactivity
 *
 * is added to that level.  What is above stays as it is, the user's condition
 * too: the added one need only be implied.  It holds for whatever implies a
 * start at X or later.
 *
 * One thing the levels above could notice: the session that is not whole, and
 * that no condition on its start lets through, may meet another condition
 * first, and that may fail (1 / (event_count - 3)).  See szn_guard_groups().
 *
 * Not the same as in all history are session numbers, and why a session
 * started (`first` instead of `end` or `inactivity`); and with max_duration
 * a start depends on all before it.  Where such a thing is asked for, all
 * history is read.  What is refused, and why, is in range_guards.c.
 *
 * Called by planner.c, which has the hooks, when the first relation of a
 * level is met: its conditions have been preprocessed by then, but are not
 * yet distributed to its relations; and the level above has planned as much
 * as it can before this one, so what it makes of our rows is known.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/stratnum.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

#include "engine/time_range.h"
#include "functions/look_back.h"

bool		szn_enable_time_range = true;


/*
 * Bounds
 */

/* Is this the start of the rows' session, as the level above sees it? */
static bool
is_start_of_session(SznRange *range, Index relid, Node *expr)
{
	SznSource	source;

	return szn_is_call(szn_column_of(range, relid, expr), &source) &&
		source == SZN_FROM_START;
}

/* Is this the time of the group's first event? */
static bool
is_start_of_group(SznRange *range, Index relid, Node *expr)
{
	Aggref	   *aggregate = (Aggref *) expr;
	TargetEntry *column;

	if (!IsA(expr, Aggref) || aggregate->aggfilter != NULL ||
		aggregate->agglevelsup != 0 || list_length(aggregate->args) != 1 ||
		(aggregate->aggfnoid != F_MIN_TIMESTAMPTZ &&
		 aggregate->aggfnoid != F_MIN_TIMESTAMP &&
		 aggregate->aggfnoid != F_MIN_INT8))
		return false;
	column = szn_column_of(range, relid,
					   (Node *) linitial_node(TargetEntry, aggregate->args)->expr);
	return column != NULL && equal(column->expr, range->time);
}

/* Does this have one value for the whole query, seen without any row? */
static bool
is_constant(Node *expr)
{
	return !contain_var_clause(expr) && !contain_agg_clause(expr) &&
		!contain_window_function(expr) && !contain_subplans(expr) &&
		!contain_volatile_functions(expr);
}

/*
 * What is cut off to days, months or the like, or NULL if nothing is.
 *
 * That is not after what it was; but where clocks are set back at midnight,
 * the midnight that is taken can be the second of two, and so after it.
 */
static Node *
uncut(Node *expr)
{
	if (!IsA(expr, FuncExpr))
		return NULL;
	switch (((FuncExpr *) expr)->funcid)
	{
		case F_DATE_TIMESTAMPTZ:
		case F_DATE_TIMESTAMP:
			return (Node *) linitial(((FuncExpr *) expr)->args);
		case F_DATE_TRUNC_TEXT_TIMESTAMPTZ:
		case F_DATE_TRUNC_TEXT_TIMESTAMPTZ_TEXT:
		case F_DATE_TRUNC_TEXT_TIMESTAMP:
			return (Node *) lsecond(((FuncExpr *) expr)->args);
		default:
			return NULL;
	}
}

/*
 * Note the bound, if the condition is start >= bound, or > or =; or the same
 * of what is cut off from the start.
 */
static void
add_bound(SznRange *range, Index relid, Node *condition,
		  bool (*is_start) (SznRange *range, Index relid, Node *expr))
{
	OpExpr	   *clause = (OpExpr *) condition;

	if (!IsA(condition, OpExpr) || list_length(clause->args) != 2)
		return;
	for (int side = 0; side < 2; side++)
	{
		Node	   *start = (Node *) list_nth(clause->args, side);
		Node	   *cut = uncut(start);
		Oid			operator = side == 0 ? clause->opno : get_commutator(clause->opno);
		SznBound   *bound;
		int			strategy;

		if (!is_start(range, relid, cut ? cut : start) || !OidIsValid(operator))
			continue;
		strategy = get_op_opfamily_strategy(operator, range->time_type->btree_opf);
		if (strategy != BTGreaterEqualStrategyNumber &&
			strategy != BTGreaterStrategyNumber && strategy != BTEqualStrategyNumber)
			continue;
		bound = (SznBound *) palloc(sizeof(SznBound));
		bound->bound = (Node *) list_nth(clause->args, 1 - side);
		bound->is_of_day = cut != NULL && exprType(cut) == TIMESTAMPTZOID;
		if (!is_constant(bound->bound))
			continue;
		range->bounds = lappend(range->bounds, bound);
		range->clauses = lappend(range->clauses, condition);
	}
}

/* The bounds that are in both lists. */
static List *
common_bounds(List *bounds, List *others)
{
	List	   *common = NIL;
	ListCell   *cell;
	ListCell   *other_cell;

	foreach(cell, bounds)
	{
		SznBound   *bound = (SznBound *) lfirst(cell);

		foreach(other_cell, others)
		{
			SznBound   *other = (SznBound *) lfirst(other_cell);

			if (bound->is_of_day == other->is_of_day && equal(bound->bound, other->bound))
			{
				common = lappend(common, bound);
				break;
			}
		}
	}
	return common;
}

/*
 * The conditions by which the level above drops our rows one by one.
 *
 * If it is not known which of several relations we are, only what holds for
 * all of them counts.
 */
static void
find_bounds_of_rows(SznRange *range)
{
	List	   *relations = szn_possible_relations(range->above, range->root->parse);
	List	   *bounds = NIL;
	ListCell   *cell;

	foreach(cell, relations)
	{
		RelOptInfo *rel = (RelOptInfo *) lfirst(cell);
		ListCell   *clause_cell;

		range->bounds = NIL;
		range->clauses = NIL;
		foreach(clause_cell, rel->baserestrictinfo)
			add_bound(range, rel->relid,
					  (Node *) lfirst_node(RestrictInfo, clause_cell)->clause,
					  is_start_of_session);
		bounds = foreach_current_index(cell) == 0 ? range->bounds :
			common_bounds(bounds, range->bounds);
	}
	range->bounds = bounds;
}

/* The conditions by which it drops groups. */
static void
find_bounds_of_groups(SznRange *range)
{
	ListCell   *cell;

	if (range->relid == 0 || range->above->parse->groupClause == NIL ||
		range->above->parse->groupingSets != NIL)
		return;
	range->of_groups = true;
	foreach(cell, (List *) range->above->parse->havingQual)
		add_bound(range, range->relid, (Node *) lfirst(cell), is_start_of_group);
}


/*
 * Conditions on events
 */

/* The function that takes the inactivity off a bound of this type. */
static Oid
look_back_function(SznRange *range, Oid bound_type)
{
	static const struct
	{
		Oid			time_type;
		Oid			bound_type;
		const char *name;
		PGFunction	function;
	}			functions[] = {
		{TIMESTAMPTZOID, TIMESTAMPTZOID, "look_back_timestamptz", sessionize_look_back},
		{TIMESTAMPTZOID, TIMESTAMPOID, "look_back_timestamptz", sessionize_look_back_tz_timestamp},
		{TIMESTAMPTZOID, DATEOID, "look_back_timestamptz", sessionize_look_back_tz_date},
		{TIMESTAMPOID, TIMESTAMPOID, "look_back_timestamp", sessionize_look_back},
		{TIMESTAMPOID, TIMESTAMPTZOID, "look_back_timestamp", sessionize_look_back_timestamptz},
		{TIMESTAMPOID, DATEOID, "look_back_timestamp", sessionize_look_back_date},
		{INT8OID, INT8OID, "look_back_bigint", sessionize_look_back_bigint}
	};

	for (int i = 0; i < (int) lengthof(functions); i++)
	{
		Oid			types[2];
		FmgrInfo	finfo;
		Oid			function;

		if (functions[i].time_type != exprType(range->time) ||
			functions[i].bound_type != bound_type)
			continue;

		types[0] = bound_type;
		types[1] = exprType(szn_range_argument(range, SZN_ARG_INACTIVITY));
		function = GetSysCacheOid3(PROCNAMEARGSNSP, Anum_pg_proc_oid,
								   CStringGetDatum(functions[i].name),
								   PointerGetDatum(buildoidvector(types, 2)),
								   ObjectIdGetDatum(get_func_namespace(range->call->winfnoid)));
		if (!OidIsValid(function))
			return InvalidOid;
		fmgr_info(function, &finfo);
		return finfo.fn_addr == functions[i].function ? function : InvalidOid;
	}
	return InvalidOid;
}

/* "event time >= bound - inactivity", or NULL where there is no such thing. */
static Node *
condition_on_events(SznRange *range, const SznBound *bound_above)
{
	Node	   *time = range->time;
	Node	   *bound = (Node *) copyObject(bound_above->bound);
	Const	   *inactivity = (Const *) copyObject(szn_range_argument(range, SZN_ARG_INACTIVITY));
	Oid			function;
	Oid			operator;
	Expr	   *condition;

	if (bound_above->is_of_day)
	{
		int64		span = szn_span_from_datum(inactivity->constvalue, SZN_TIMESTAMPS, "inactivity");

		inactivity->constvalue = szn_span_to_interval(szn_span_plus(span, USECS_PER_DAY));
	}
	if (exprType(range->time) == INT8OID && exprType(bound) != INT8OID)
	{
		if (exprType(bound) != INT4OID && exprType(bound) != INT2OID)
			return NULL;
		bound = (Node *) makeFuncExpr(exprType(bound) == INT4OID ? F_INT8_INT4 : F_INT8_INT2,
									  INT8OID, list_make1(bound), InvalidOid, InvalidOid,
									  COERCE_EXPLICIT_CAST);
	}
	function = look_back_function(range, exprType(bound));
	if (!OidIsValid(function))
		return NULL;
	bound = (Node *) makeFuncExpr(function, exprType(range->time),
								  list_make2(bound, inactivity),
								  InvalidOid, InvalidOid, COERCE_EXPLICIT_CALL);

	/* a date that is read as timestamp may have an index as it is */
	if (IsA(time, FuncExpr) && ((FuncExpr *) time)->funcid == F_TIMESTAMP_DATE)
		time = (Node *) linitial(((FuncExpr *) time)->args);

	operator = get_opfamily_member(range->time_type->btree_opf, exprType(time),
								   exprType(range->time), BTGreaterEqualStrategyNumber);
	if (!OidIsValid(operator))
		return NULL;
	condition = make_opclause(operator, BOOLOID, false, (Expr *) copyObject(time),
							  (Expr *) bound, InvalidOid, InvalidOid);
	return eval_const_expressions(range->root, (Node *) condition);
}

/*
 * The conditions that this level may have.  If there are none: why not, or
 * NULL if no reason is needed since there is nothing to be had.
 */
static const char *
find_conditions(PlannerInfo *root, SznRange *range, List **conditions)
{
	const char *reason;
	ListCell   *cell;

	*conditions = NIL;
	if (!szn_begin_range(root, range))
		return NULL;
	range->relid = szn_only_relation_above(range);
	find_bounds_of_rows(range);
	if (range->bounds == NIL)
		find_bounds_of_groups(range);
	if (range->bounds == NIL)
		return NULL;

	if (!szn_enable_time_range)
		return "sessionize.enable_time_range is off";
	reason = szn_check_level(range);
	if (reason == NULL)
		reason = szn_check_number(range);
	if (reason == NULL && range->of_groups)
		reason = szn_check_groups(range);
	if (reason == NULL && !range->of_groups && szn_rows_may_fail(range))
		reason = "another condition may fail for a session that is not whole";
	if (reason != NULL)
		return reason;

	foreach(cell, range->bounds)
	{
		Node	   *condition = condition_on_events(range, (SznBound *) lfirst(cell));

		if (condition != NULL)
			*conditions = lappend(*conditions, condition);
	}
	return NULL;
}


/*
 * For planner.c
 */

/*
 * get_relation_info(): add what conditions the query level of this relation
 * may have.  Relations come one after the other, all before any condition is
 * distributed; the first of them brings all conditions.
 */
void
szn_add_time_range(PlannerInfo *root, RelOptInfo *rel)
{
	Query	   *parse = root->parse;
	SznRange	range;
	List	   *conditions;
	ListCell   *cell;
	bool		is_new = false;

	/* partitions and the like come when it is too late */
	if (rel->reloptkind != RELOPT_BASEREL || !parse->hasWindowFuncs)
		return;

	(void) find_conditions(root, &range, &conditions);
	foreach(cell, conditions)
	{
		if (!list_member((List *) parse->jointree->quals, lfirst(cell)))
		{
			parse->jointree->quals = (Node *)
				lappend((List *) parse->jointree->quals, lfirst(cell));
			is_new = true;
		}
	}
	if (is_new && range.of_groups)
		range.above->parse->havingQual = (Node *)
			szn_guard_groups(&range, (List *) range.above->parse->havingQual);
}

/*
 * Why a condition on sessions' starts does not reach the events of this
 * level; NULL if it does, or if there is none.
 *
 * By now core may have left out what is redundant in the window, so that a
 * condition that was added would be refused: it is looked for first.
 */
const char *
szn_time_range_refusal(PlannerInfo *root)
{
	SznRange	range;
	List	   *conditions;
	const char *reason = find_conditions(root, &range, &conditions);
	ListCell   *cell;

	if (reason == NULL || szn_check_level(&range) != NULL)
		return reason;
	foreach(cell, range.bounds)
	{
		if (list_member((List *) root->parse->jointree->quals,
						condition_on_events(&range, (SznBound *) lfirst(cell))))
			return NULL;
	}
	return reason;
}
