/*-------------------------------------------------------------------------
 *
 * range_bounds.c
 *	  Of time ranges: what the level above asks of sessions' times.
 *
 * A bound is a condition of the level above, on our rows one by one or on
 * groups of them, that compares a time of ours with something that has one
 * value for the whole query.  Rows, or groups, for which it is not true are
 * dropped before anything else is made of them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/stratnum.h"
#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"

#include "engine/time_range.h"


/* Does it say that the time is not before the bound? */
bool
szn_is_lower(const SznBound *bound)
{
	return bound->strategy == BTGreaterEqualStrategyNumber ||
		bound->strategy == BTGreaterStrategyNumber ||
		bound->strategy == BTEqualStrategyNumber;
}

/* ... that it is not after it?  What is cut off from the time, may be. */
bool
szn_is_upper(const SznBound *bound)
{
	return !bound->is_cut &&
		(bound->strategy == BTLessEqualStrategyNumber ||
		 bound->strategy == BTLessStrategyNumber ||
		 bound->strategy == BTEqualStrategyNumber);
}

/*
 * Is this a time that a row of ours shows?  Then "time" tells which; its
 * session's start, or end, or its own time, each the time of an event of the
 * row's actor.
 */
static bool
is_time_of_row(SznRange *range, Index relid, Node *expr, SznBound *bound)
{
	TargetEntry *column = szn_column_of(range, relid, expr);
	SznSource	source = SZN_FROM_TIME;

	if (column == NULL ||
		(!equal(column->expr, range->time) &&
		 !(szn_is_call(column, &source) &&
		   (source == SZN_FROM_START || source == SZN_FROM_END))))
		return false;
	bound->column = column->resno;
	bound->is_start = source == SZN_FROM_START;
	return true;
}

/* min() or max() of times of this type. */
Oid
szn_extreme_of_times(Oid type, bool is_max)
{
	switch (type)
	{
		case TIMESTAMPTZOID:
			return is_max ? F_MAX_TIMESTAMPTZ : F_MIN_TIMESTAMPTZ;
		case TIMESTAMPOID:
			return is_max ? F_MAX_TIMESTAMP : F_MIN_TIMESTAMP;
		default:
			Assert(type == INT8OID);
			return is_max ? F_MAX_INT8 : F_MIN_INT8;
	}
}

/* Is this such a time of one of the group's rows, the first or the last? */
static bool
is_time_of_group(SznRange *range, Index relid, Node *expr, SznBound *bound)
{
	Aggref	   *aggregate = (Aggref *) expr;
	Oid			type = exprType(range->time);
	bool		is_first;
	Node	   *argument;

	if (!IsA(expr, Aggref) || aggregate->aggfilter != NULL ||
		aggregate->agglevelsup != 0 || list_length(aggregate->args) != 1)
		return false;
	is_first = aggregate->aggfnoid == szn_extreme_of_times(type, false);
	if (!is_first && aggregate->aggfnoid != szn_extreme_of_times(type, true))
		return false;

	argument = (Node *) linitial_node(TargetEntry, aggregate->args)->expr;
	if (!is_time_of_row(range, relid, argument, bound))
		return false;
	bound->aggregate = aggregate->aggfnoid;
	bound->is_start = is_first &&
		equal(szn_column_of(range, relid, argument)->expr, range->time);
	return true;
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
 * Note the bound, if the condition compares a time with one; or, to be at or
 * after it, what is cut off from the time.
 */
static void
add_bound(SznRange *range, Index relid, Node *condition,
		  bool (*is_time) (SznRange *range, Index relid, Node *expr, SznBound *bound))
{
	OpExpr	   *clause = (OpExpr *) condition;

	if (!IsA(condition, OpExpr) || list_length(clause->args) != 2)
		return;
	for (int side = 0; side < 2; side++)
	{
		Node	   *time = (Node *) list_nth(clause->args, side);
		Node	   *cut = uncut(time);
		SznBound   *bound = (SznBound *) palloc0(sizeof(SznBound));

		bound->clause = condition;
		bound->bound = (Node *) list_nth(clause->args, 1 - side);
		bound->operator = side == 0 ? clause->opno : get_commutator(clause->opno);
		bound->is_cut = cut != NULL;
		bound->is_of_day = cut != NULL && exprType(cut) == TIMESTAMPTZOID;
		if (!is_time(range, relid, cut ? cut : time, bound) ||
			!OidIsValid(bound->operator))
			continue;
		bound->strategy = get_op_opfamily_strategy(bound->operator,
												   range->time_type->btree_opf);
		if (is_constant(bound->bound) && (szn_is_lower(bound) || szn_is_upper(bound)))
			range->bounds = lappend(range->bounds, bound);
	}
}

static bool
is_same_bound(const SznBound *bound, const SznBound *other)
{
	return bound->column == other->column && bound->aggregate == other->aggregate &&
		bound->operator == other->operator && bound->is_cut == other->is_cut &&
		bound->is_of_day == other->is_of_day && equal(bound->bound, other->bound);
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
		foreach(other_cell, others)
		{
			if (is_same_bound((SznBound *) lfirst(cell), (SznBound *) lfirst(other_cell)))
			{
				common = lappend(common, lfirst(cell));
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
		foreach(clause_cell, rel->baserestrictinfo)
			add_bound(range, rel->relid,
					  (Node *) lfirst_node(RestrictInfo, clause_cell)->clause,
					  is_time_of_row);
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
		add_bound(range, range->relid, (Node *) lfirst(cell), is_time_of_group);
}

/* Fill in the bounds that the level above has. */
void
szn_find_bounds(SznRange *range)
{
	range->relid = szn_only_relation_above(range);
	find_bounds_of_rows(range);
	if (range->bounds == NIL)
		find_bounds_of_groups(range);
}

/* Is this one of the bounds? */
bool
szn_is_bound(SznRange *range, Node *clause)
{
	ListCell   *cell;

	foreach(cell, range->bounds)
	{
		if (equal(((SznBound *) lfirst(cell))->clause, clause))
			return true;
	}
	return false;
}
