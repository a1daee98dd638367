/*-------------------------------------------------------------------------
 *
 * range_open.c
 *	  Of time ranges: how far sessions reach that are open at a bound.
 *
 * Of the sessions that start at X or before, some go on after it.  How long is
 * found out when the query starts.  Let a pause be where an actor's next event
 * comes more than "inactivity" later, or never.  A session that goes on after
 * X has an event no earlier than X - inactivity, another one after X, and no
 * pause in between; so it ends at the actor's first pause, of those that last
 * beyond X, or before that, if something else ends it.  The latest of these
 * times, over all actors seen in the inactivity before X, is found by the
 * query of range_open_query.c, and it is enough to read
 *
 *		event time <= GREATEST(X, that)
 *
 * With an index on actor and time only the sessions' own events are looked at
 * for it, since what has a LIMIT stops.  Without one, an actor who never comes
 * again would cost all later events, so it is not done.
 *
 * The same backwards in time, where all that is asked for has an event at X or
 * later, but may have begun before: then as far back as the pauses before X.
 * What comes after a pause depends on nothing before it, also with
 * max_duration; and whose last event before X is not read has a pause there.
 *
 * It is not done if reading all, or the history of the actors in the range,
 * is estimated to cost less; nor where range_guards.c refuses.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/stratnum.h"
#include "catalog/pg_am.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/subselect.h"
#include "optimizer/tlist.h"
#include "parser/parsetree.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "compat.h"
#include "engine/time_range.h"

bool		szn_debug_follow_open_sessions = false;

/* What of all is a range so small that an index is expected to be of use. */
#define SMALL_PART		0.1

/* What of the costs must be left if the query could be parallel, and then is not. */
#define WITHOUT_WORKERS	0.5


/*
 * How it would be done
 */

/* The sub-select for one actor, in the plan for all of them. */
static bool
find_subplan(Node *node, SubPlan **subplan)
{
	if (node == NULL)
		return false;
	if (IsA(node, SubPlan))
	{
		*subplan = (SubPlan *) node;
		return true;
	}
	return expression_tree_walker(node, find_subplan, (void *) subplan);
}

/* The column of an index that this condition says is equal to something; 0: none. */
static AttrNumber
equal_column(Node *condition, List *params, Bitmapset **found)
{
	OpExpr	   *clause = (OpExpr *) condition;
	Node	   *key;
	Node	   *value;

	if (!IsA(clause, OpExpr) || list_length(clause->args) != 2 ||
		!op_mergejoinable(clause->opno, exprType((Node *) linitial(clause->args))))
		return 0;
	key = (Node *) linitial(clause->args);
	value = (Node *) lsecond(clause->args);
	if (IsA(key, RelabelType))
		key = (Node *) ((RelabelType *) key)->arg;
	if (IsA(value, RelabelType))
		value = (Node *) ((RelabelType *) value)->arg;
	if (!IsA(key, Var))
		return 0;
	if (IsA(value, Param) && ((Param *) value)->paramkind == PARAM_EXEC &&
		list_member_int(params, ((Param *) value)->paramid))
		*found = bms_add_member(*found, ((Param *) value)->paramid);
	return ((Var *) key)->varattno;
}

/* How many parts of the actor are one value in the whole query? */
static int
num_constant_parts(SznOpen *open)
{
	int			count = 0;
	ListCell   *cell;
	ListCell   *qual_cell;

	foreach(cell, open->range->window->partitionClause)
	{
		Node	   *part = get_sortgroupclause_expr(lfirst_node(SortGroupClause, cell),
													open->range->root->processed_tlist);

		foreach(qual_cell, open->quals)
		{
			OpExpr	   *clause = (OpExpr *) lfirst(qual_cell);

			if (IsA(clause, OpExpr) && list_length(clause->args) == 2 &&
				op_mergejoinable(clause->opno, exprType(part)) &&
				(equal(linitial(clause->args), part) || equal(lsecond(clause->args), part)))
			{
				count++;
				break;
			}
		}
	}
	return count;
}

static bool
is_btree(Oid index)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(index));
	bool		result = HeapTupleIsValid(tuple) &&
		((Form_pg_class) GETSTRUCT(tuple))->relam == BTREE_AM_OID;

	if (HeapTupleIsValid(tuple))
		ReleaseSysCache(tuple);
	return result;
}

/*
 * Do these conditions on an index tell it all parts of the actor, before
 * anything else that is not one value?
 */
static bool
are_in_index(SznOpen *open, Oid index, List *quals, List *params)
{
	int			num_parts = list_length(open->range->window->partitionClause);
	Bitmapset  *columns = NULL;
	Bitmapset  *found = NULL;
	int			prefix = 0;
	ListCell   *cell;

	if (!is_btree(index))
		return false;
	foreach(cell, quals)
		columns = bms_add_member(columns, equal_column((Node *) lfirst(cell), params, &found));
	while (bms_is_member(prefix + 1, columns))
		prefix++;
	return prefix >= num_parts &&
		bms_num_members(found) + num_constant_parts(open) >= num_parts;
}

/* Does this plan go to the actor's events by an index on all parts of the actor? */
static bool
is_by_index(SznOpen *open, Plan *plan, List *params)
{
	List	   *members = NIL;
	ListCell   *cell;

	switch (nodeTag(plan))
	{
		case T_IndexScan:
			return are_in_index(open, ((IndexScan *) plan)->indexid,
								((IndexScan *) plan)->indexqual, params);
		case T_IndexOnlyScan:
			return are_in_index(open, ((IndexOnlyScan *) plan)->indexid,
								((IndexOnlyScan *) plan)->indexqual, params);
		case T_BitmapIndexScan:
			return are_in_index(open, ((BitmapIndexScan *) plan)->indexid,
								((BitmapIndexScan *) plan)->indexqual, params);
		case T_SubqueryScan:
			members = list_make1(((SubqueryScan *) plan)->subplan);
			break;
		case T_Append:
			members = ((Append *) plan)->appendplans;
			break;
		case T_MergeAppend:
			members = ((MergeAppend *) plan)->mergeplans;
			break;
		case T_BitmapHeapScan:
		case T_Sort:
		case T_IncrementalSort:
		case T_WindowAgg:
		case T_Limit:
		case T_Result:
			/* a Result alone has no rows, or one of constants */
			if (plan->lefttree != NULL)
				members = list_make1(plan->lefttree);
			break;
		default:
			return false;
	}
	foreach(cell, members)
	{
		if (!is_by_index(open, (Plan *) lfirst(cell), params))
			return false;
	}
	return true;
}

/* ... the plan for one actor, which has been made before the one for all? */
static bool
goes_by_index(SznOpen *open, int num_plans)
{
	List	   *plans = open->range->root->glob->subplans;
	Plan	   *one = (Plan *) list_nth(plans, num_plans);
	Plan	   *all = (Plan *) llast(plans);
	SubPlan    *subplan = NULL;

	return find_subplan((Node *) all->targetlist, &subplan) &&
		is_by_index(open, one, subplan->parParam);
}


/*
 * The condition
 */

/* The same condition, with another right side. */
static Node *
with_limit(Node *condition, Node *limit)
{
	OpExpr	   *clause = (OpExpr *) copyObject(condition);

	lsecond(clause->args) = limit;
	return (Node *) clause;
}

/* Do the level's conditions bound the event time on the side that this one does not? */
static bool
is_bounded_behind(SznRange *range, Node *condition, bool is_ahead)
{
	ListCell   *cell;

	foreach(cell, (List *) range->root->parse->jointree->quals)
	{
		OpExpr	   *clause = (OpExpr *) lfirst(cell);
		int			strategy;

		if (!IsA(clause, OpExpr) || list_length(clause->args) != 2 ||
			!equal(linitial(clause->args), linitial(((OpExpr *) condition)->args)))
			continue;
		strategy = get_op_opfamily_strategy(clause->opno, range->time_type->btree_opf);
		if (is_ahead ? strategy >= BTEqualStrategyNumber :
			strategy != 0 && strategy <= BTEqualStrategyNumber)
			return true;
	}
	return false;
}

/* What no time is beyond. */
static Const *
end_of_time(Oid type, bool is_ahead)
{
	return makeConst(type, -1, InvalidOid, sizeof(int64),
					 Int64GetDatum(is_ahead ? PG_INT64_MAX : PG_INT64_MIN),
					 false, FLOAT8PASSBYVAL);
}

static Query *
with_conditions(Query *query, List *conditions)
{
	Query	   *copy = (Query *) copyObject(query);

	copy->jointree->quals = (Node *)
		list_concat((List *) copy->jointree->quals, (List *) copyObject(conditions));
	return copy;
}

/* What it costs to find out how far to read. */
static Cost
cost_of_last_init_plan(PlannerInfo *root)
{
	SubPlan    *plan = (SubPlan *) llast(root->init_plans);

	return plan->startup_cost + plan->per_call_cost;
}

/*
 * What the level would read if sessions that are open at the bound were open for
 * no longer than "inactivity"; NULL if nothing can be said about events.
 */
static Path *
path_within(SznOpen *open, const SznBound *bound)
{
	SznRange   *range = open->range;
	Const	   *inactivity = (Const *) szn_range_argument(range, SZN_ARG_INACTIVITY);
	Node	   *estimate = szn_condition_on_events(range, bound, inactivity, open->is_ahead);

	if (estimate == NULL)
		return NULL;
	return szn_cheapest_path(range->root,
							 with_conditions(range->root->parse, list_make1(estimate)));
}

/*
 * The conditions on events that follow from such a bound, in addition to those
 * the level has; NIL if there are none, or if they do not pay.
 */
static List *
follow(SznOpen *open, const SznBound *bound, const Path *some)
{
	SznRange   *range = open->range;
	PlannerInfo *root = range->root;
	PlannerGlobal *glob = root->glob;
	Const	   *inactivity = (Const *) szn_range_argument(range, SZN_ARG_INACTIVITY);
	Const	   *zero = szn_no_span(range);
	Node	   *back = szn_condition_on_events(range, bound, zero, !open->is_ahead);
	int			num_plans = list_length(glob->subplans);
	MinMaxExpr *limit = makeNode(MinMaxExpr);
	Path	   *all;
	Cost		least;
	List	   *conditions;

	open->near = szn_condition_on_events(range, bound, zero, open->is_ahead);
	open->far = szn_condition_on_events(range, bound, inactivity, !open->is_ahead);
	if (back == NULL || open->near == NULL || open->far == NULL ||
		!IsA(open->near, OpExpr) || !IsA(open->far, OpExpr) || !IsA(back, OpExpr))
		return NIL;
	open->edge = (Node *) lsecond(((OpExpr *) open->near)->args);

	all = szn_path_of_all(range);
	least = all->total_cost;
	if (!szn_debug_follow_open_sessions && some->total_cost < least)
		least = Min(least, szn_path_of_actors(range)->total_cost);

	/* what has to be found out first keeps processes from sharing all the rest */
	if (glob->parallelModeOK && max_parallel_workers_per_gather > 0)
		least *= WITHOUT_WORKERS;
	if (!szn_debug_follow_open_sessions && some->total_cost >= least)
		return NIL;

	limit->op = open->is_ahead ? IS_GREATEST : IS_LEAST;
	limit->minmaxtype = range->time_type->type_id;
	limit->args = list_make2(copyObject(open->edge),
							 SS_process_sublinks(root, (Node *) szn_reach_query(open), false));
	limit->location = -1;
	if (!szn_debug_follow_open_sessions &&
		(some->total_cost + cost_of_last_init_plan(root) >= least ||
		 !goes_by_index(open, num_plans)))
	{
		root->init_plans = list_delete_last(root->init_plans);
		glob->subplans = list_truncate(glob->subplans, num_plans);
		glob->subroots = list_truncate(glob->subroots, num_plans);
		szn_forget_subpaths(glob, num_plans);
		return NIL;
	}
	conditions = list_make1(with_limit(open->near, (Node *) limit));

	/*
	 * Core takes a limit that is not known yet to leave a third of the rows,
	 * or half a percent if there is another limit on the other side.
	 */
	if (some->rows < all->rows * SMALL_PART &&
		!is_bounded_behind(range, open->near, open->is_ahead))
		conditions = lappend(conditions,
							 with_limit(back, (Node *) end_of_time(limit->minmaxtype,
																   !open->is_ahead)));
	return conditions;
}

/*
 * How far to read for sessions that are open at a bound: at one from above, or
 * from below if it is not one on starts.  The conditions on events, or NIL.
 * "quals" are the level's, without those that other bounds have brought.
 */
List *
szn_follow_open_sessions(SznRange *range, bool is_ahead, List *quals)
{
	SznOpen		open;
	List	   *all_quals;
	SznBound   *best = NULL;
	Path	   *best_path = NULL;
	ListCell   *cell;

	MemSet(&open, 0, sizeof(open));
	open.range = range;
	open.is_ahead = is_ahead;
	open.quals = quals;
	open.table = szn_only_table(range, &all_quals);
	if (szn_check_actors(range, open.table ?
						 rt_fetch(open.table->rtindex, range->root->parse->rtable) : NULL,
						 all_quals) != NULL ||
		(szn_debug_choose_actors && !szn_debug_follow_open_sessions))
		return NIL;

	foreach(cell, range->bounds)
	{
		SznBound   *bound = (SznBound *) lfirst(cell);
		Path	   *path;

		if (!(is_ahead ? szn_is_upper(bound) : szn_is_lower(bound)))
			continue;
		path = path_within(&open, bound);
		if (path != NULL && (best_path == NULL || path->total_cost < best_path->total_cost))
		{
			best = bound;
			best_path = path;
		}
	}
	return best_path ? follow(&open, best, best_path) : NIL;
}
