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
 * times, over all actors seen in the inactivity before X, is
 *
 *		SELECT max((SELECT time
 *					FROM (SELECT time, lead(time) OVER (ORDER BY time) AS next
 *						  FROM events AS e
 *						  WHERE e.actor = a.actor AND time >= X - inactivity
 *						  ORDER BY time) AS e
 *					WHERE next IS NULL OR (next > X AND next > time + inactivity)
 *					LIMIT 1))
 *		FROM (SELECT actor FROM events
 *			  WHERE time >= X - inactivity AND time <= X
 *			  GROUP BY actor) AS a
 *
 * all under the level's own conditions, and it is enough to read
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

#include "access/stratnum.h"
#include "catalog/pg_aggregate.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "optimizer/subselect.h"
#include "optimizer/tlist.h"
#include "parser/parsetree.h"
#include "rewrite/rewriteManip.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"

#include "compat.h"
#include "engine/time_range.h"

bool		szn_debug_follow_open_sessions = false;

/* What of all is a range so small that an index is expected to be of use. */
#define SMALL_PART		0.1

/* The sessions that are open at a bound, to be followed in one direction. */
typedef struct SznOpen
{
	SznRange   *range;
	RangeTblRef *table;
	List	   *quals;			/* of the table, on this level */
	bool		is_ahead;
	Node	   *edge;			/* X */
	Node	   *near;			/* condition: no further than X in this direction, ... */
	Node	   *far;			/* ... and no further than "inactivity" in the other one */
} SznOpen;


/*
 * Parts of queries
 */

/* A column of a query's only relation, so many query levels up. */
static Var *
column(TargetEntry *target, AttrNumber number, Index levels_up)
{
	return makeVar(1, number, exprType((Node *) target->expr),
				   exprTypmod((Node *) target->expr),
				   exprCollation((Node *) target->expr), levels_up);
}

static TargetEntry *
target(Node *expr, AttrNumber number, char *name)
{
	return makeTargetEntry((Expr *) expr, number, name, false);
}

/* A query of one relation. */
static Query *
make_query(RangeTblEntry *entry, List *quals, List *targets)
{
	Query	   *query = makeNode(Query);
	RangeTblRef *reference = makeNode(RangeTblRef);

	reference->rtindex = 1;
	query->commandType = CMD_SELECT;
	query->canSetTag = true;
	query->rtable = list_make1(entry);
	query->jointree = makeFromExpr(list_make1(reference),
								   quals == NIL ? NULL : (Node *) make_ands_explicit(quals));
	query->targetList = targets;
	return query;
}

/* ... that is a sub-select. */
static RangeTblEntry *
make_entry(Query *query, const char *name)
{
	RangeTblEntry *entry = makeNode(RangeTblEntry);
	List	   *names = NIL;
	ListCell   *cell;

	foreach(cell, query->targetList)
		names = lappend(names, makeString(lfirst_node(TargetEntry, cell)->resname));
	entry->rtekind = RTE_SUBQUERY;
	entry->subquery = query;
	entry->alias = makeAlias(name, NIL);
	entry->eref = makeAlias(name, names);
	entry->inFromCl = true;
	return entry;
}

/* An expression about the level's table, for a query that has nothing else. */
static Node *
moved(SznOpen *open, Node *expr)
{
	Node	   *copy = (Node *) copyObject(expr);

	ChangeVarNodes(copy, open->table->rtindex, 1, 0);
	return copy;
}

/*
 * A query of the level's table, under all conditions that it has there, and
 * more.
 */
static Query *
query_of_table(SznOpen *open, List *quals, List *targets)
{
	Query	   *level = open->range->root->parse;
	RangeTblEntry *entry = (RangeTblEntry *)
		copyObject(rt_fetch(open->table->rtindex, level->rtable));
	Query	   *query;
	ListCell   *cell;

	ChangeVarNodes((Node *) entry->securityQuals, open->table->rtindex, 1, 0);

	/* the planner has made lists of these */
	foreach(cell, entry->securityQuals)
		lfirst(cell) = make_ands_explicit((List *) lfirst(cell));

	quals = list_concat((List *) moved(open, (Node *) szn_repeatable_quals(open->quals)), quals);
	query = make_query(entry, quals, targets);
	query->hasRowSecurity = level->hasRowSecurity;
	szn_copy_permissions_of(query, entry, level);
	return query;
}

static Node *
compare(SznOpen *open, int strategy, Node *left, Node *right)
{
	TypeCacheEntry *type = open->range->time_type;
	Oid			operator = get_opfamily_member(type->btree_opf, type->type_id,
											   type->type_id, strategy);
	Expr	   *clause = make_opclause(operator, BOOLOID, false, (Expr *) left,
									   (Expr *) right, InvalidOid, InvalidOid);

	set_opfuncid((OpExpr *) clause);
	return (Node *) clause;
}


/*
 * The query
 */

/* (SELECT actor FROM events WHERE time between far and near GROUP BY actor) */
static Query *
actors_query(SznOpen *open)
{
	SznRange   *range = open->range;
	List	   *targets = NIL;
	List	   *groups = NIL;
	Query	   *query;
	ListCell   *cell;

	foreach(cell, range->window->partitionClause)
	{
		SortGroupClause *group = (SortGroupClause *) copyObject(lfirst(cell));
		Node	   *part = get_sortgroupclause_expr(group, range->root->processed_tlist);
		TargetEntry *entry = target(moved(open, part), list_length(targets) + 1, "actor");

		group->tleSortGroupRef = entry->ressortgroupref = entry->resno;
		targets = lappend(targets, entry);
		groups = lappend(groups, group);
	}
	query = query_of_table(open, list_make2(moved(open, open->far), moved(open, open->near)),
						   targets);
	query->groupClause = groups;
	return query;
}

/* (SELECT time, lead(time) OVER w AS next ... WHERE actor = a.actor AND far) */
static Query *
events_query(SznOpen *open, Query *actors)
{
	TypeCacheEntry *type = open->range->time_type;
	TargetEntry *time = target(moved(open, open->range->time), 1, "time");
	WindowFunc *next = makeNode(WindowFunc);
	WindowClause *window = makeNode(WindowClause);
	SortGroupClause *order = makeNode(SortGroupClause);
	List	   *quals = NIL;
	Query	   *query;
	ListCell   *cell;
	ListCell   *group_cell;

	/* two query levels up are the actors */
	forboth(cell, actors->targetList, group_cell, actors->groupClause)
	{
		TargetEntry *part = lfirst_node(TargetEntry, cell);

		quals = lappend(quals, szn_same_part(lfirst_node(SortGroupClause, group_cell),
												   (Node *) copyObject(part->expr),
												   (Node *) column(part, part->resno, 2)));
	}
	quals = lappend(quals, moved(open, open->far));

	order->tleSortGroupRef = time->ressortgroupref = 1;
	order->eqop = get_opfamily_member(type->btree_opf, type->type_id, type->type_id,
									  BTEqualStrategyNumber);
	order->sortop = get_opfamily_member(type->btree_opf, type->type_id, type->type_id,
										open->is_ahead ? BTLessStrategyNumber :
										BTGreaterStrategyNumber);
	order->nulls_first = !open->is_ahead;
	order->hashable = true;

	window->orderClause = list_make1(order);
	window->frameOptions = FRAMEOPTION_DEFAULTS;
	window->winref = 1;

	next->winfnoid = F_LEAD_ANYELEMENT;
	next->wintype = type->type_id;
	next->args = list_make1(copyObject(time->expr));
	next->winref = 1;
	next->location = -1;

	query = query_of_table(open, quals, list_make2(time, target((Node *) next, 2, "next")));
	query->windowClause = list_make1(window);
	query->hasWindowFuncs = true;
	query->sortClause = list_make1(copyObject(order));
	return query;
}

/* (SELECT time FROM events_query WHERE a pause follows that lasts beyond X LIMIT 1) */
static Query *
pause_query(SznOpen *open, Query *events)
{
	int			strategy = open->is_ahead ? BTGreaterStrategyNumber : BTLessStrategyNumber;
	TargetEntry *time_target = (TargetEntry *) linitial(events->targetList);
	Node	   *time = (Node *) column(time_target, 1, 0);
	Node	   *next = (Node *) column(time_target, 2, 0);
	Node	   *inactivity = szn_range_argument(open->range, SZN_ARG_INACTIVITY);
	NullTest   *is_last = makeNode(NullTest);
	List	   *pause;
	Query	   *query;

	is_last->arg = (Expr *) copyObject(next);
	is_last->nulltesttype = IS_NULL;
	is_last->location = -1;
	pause = list_make2(compare(open, strategy, (Node *) copyObject(next),
							   (Node *) copyObject(open->edge)),
					   compare(open, strategy, next,
							   szn_moved_time(open->range, (Node *) copyObject(time),
											  (Const *) inactivity, open->is_ahead)));
	query = make_query(make_entry(events, "event"),
					   list_make1(makeBoolExpr(OR_EXPR,
											   list_make2(is_last, make_ands_explicit(pause)),
											   -1)),
					   list_make1(target(time, 1, "time")));
	query->limitCount = (Node *) makeConst(INT8OID, -1, InvalidOid, sizeof(int64),
										   Int64GetDatum(1), false, FLOAT8PASSBYVAL);
	return query;
}

static SubLink *
make_sublink(Query *query)
{
	SubLink    *sublink = makeNode(SubLink);

	sublink->subLinkType = EXPR_SUBLINK;
	sublink->subselect = (Node *) query;
	sublink->location = -1;
	return sublink;
}

static Oid
extreme_aggregate(Oid type, bool is_max)
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

/* (SELECT max(pause_query) FROM actors_query) */
static SubLink *
reach_query(SznOpen *open)
{
	Oid			type = open->range->time_type->type_id;
	Query	   *actors = actors_query(open);
	Query	   *pause = pause_query(open, events_query(open, actors));
	Aggref	   *extreme = makeNode(Aggref);
	Query	   *query;

	extreme->aggfnoid = extreme_aggregate(type, open->is_ahead);
	extreme->aggtype = type;
	extreme->aggargtypes = list_make1_oid(type);
	extreme->args = list_make1(target((Node *) make_sublink(pause), 1, NULL));
	extreme->aggkind = AGGKIND_NORMAL;
	extreme->aggsplit = AGGSPLIT_SIMPLE;
	extreme->aggno = -1;
	extreme->aggtransno = -1;
	extreme->location = -1;

	query = make_query(make_entry(actors, "actor"), NIL,
					   list_make1(target((Node *) extreme, 1, "reach")));
	query->hasAggs = true;
	query->hasSubLinks = true;
	return make_sublink(query);
}


/*
 * How it would be done
 */

typedef struct SznParams
{
	List	   *ids;
	List	   *but;			/* not these */
} SznParams;

/* Collect the numbers of the executor's parameters in an expression. */
static bool
collect_params(Node *node, SznParams *params)
{
	if (node == NULL)
		return false;
	if (IsA(node, Param) && ((Param *) node)->paramkind == PARAM_EXEC &&
		!list_member_int(params->but, ((Param *) node)->paramid))
		params->ids = list_append_unique_int(params->ids, ((Param *) node)->paramid);
	return expression_tree_walker(node, collect_params, (void *) params);
}

static bool
are_in_index(SznOpen *open, List *quals)
{
	SznParams	known = {NIL, NIL};
	SznParams	actor = {NIL, NIL};

	(void) collect_params(open->far, &known);
	actor.but = known.ids;
	(void) collect_params((Node *) quals, &actor);
	return list_length(actor.ids) == list_length(open->range->window->partitionClause);
}

/* Does this plan go to the actor's events by an index on all parts of the actor? */
static bool
is_by_index(SznOpen *open, Plan *plan)
{
	List	   *members = NIL;
	ListCell   *cell;

	switch (nodeTag(plan))
	{
		case T_IndexScan:
			return are_in_index(open, ((IndexScan *) plan)->indexqual);
		case T_IndexOnlyScan:
			return are_in_index(open, ((IndexOnlyScan *) plan)->indexqual);
		case T_BitmapIndexScan:
			return are_in_index(open, ((BitmapIndexScan *) plan)->indexqual);
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
		if (!is_by_index(open, (Plan *) lfirst(cell)))
			return false;
	}
	return true;
}


/*
 * The condition
 */

static Const *
zero_span(SznRange *range)
{
	if (range->time_type->type_id == INT8OID)
		return makeConst(INT8OID, -1, InvalidOid, sizeof(int64), Int64GetDatum(0),
						 false, FLOAT8PASSBYVAL);
	return makeConst(INTERVALOID, -1, InvalidOid, sizeof(Interval),
					 szn_span_to_interval(0), false, false);
}

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
 * The conditions on events that follow from such a bound, in addition to those
 * the level has; NIL if there are none, or if they do not pay.
 */
static List *
follow(SznOpen *open, const SznBound *bound)
{
	SznRange   *range = open->range;
	PlannerInfo *root = range->root;
	PlannerGlobal *glob = root->glob;
	Const	   *inactivity = (Const *) szn_range_argument(range, SZN_ARG_INACTIVITY);
	Const	   *zero = zero_span(range);
	Node	   *estimate = szn_condition_on_events(range, bound, inactivity, open->is_ahead);
	Node	   *back = szn_condition_on_events(range, bound, zero, !open->is_ahead);
	int			num_plans = list_length(glob->subplans);
	MinMaxExpr *limit = makeNode(MinMaxExpr);
	Path	   *all;
	Path	   *some;
	Cost		least;
	List	   *conditions;

	open->near = szn_condition_on_events(range, bound, zero, open->is_ahead);
	open->far = szn_condition_on_events(range, bound, inactivity, !open->is_ahead);
	if (estimate == NULL || back == NULL || open->near == NULL || open->far == NULL ||
		!IsA(open->near, OpExpr) || !IsA(open->far, OpExpr) || !IsA(back, OpExpr))
		return NIL;
	open->edge = (Node *) lsecond(((OpExpr *) open->near)->args);

	/* sessions that are open at the bound are rarely open for long after it */
	all = szn_cheapest_path(root, (Query *) copyObject(root->parse));
	some = szn_cheapest_path(root, with_conditions(root->parse, list_make1(estimate)));
	least = Min(all->total_cost, szn_cost_with_actors(range, open->table, open->quals));
	if (!szn_debug_follow_open_sessions && some->total_cost >= least)
		return NIL;

	limit->op = open->is_ahead ? IS_GREATEST : IS_LEAST;
	limit->minmaxtype = range->time_type->type_id;
	limit->args = list_make2(copyObject(open->edge),
							 SS_process_sublinks(root, (Node *) reach_query(open), false));
	limit->location = -1;

	/* the plan for one actor has been made before the one for all */
	if (!szn_debug_follow_open_sessions &&
		(some->total_cost + cost_of_last_init_plan(root) >= least ||
		 !is_by_index(open, (Plan *) list_nth(glob->subplans, num_plans))))
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
		List	   *conditions;

		if (!(is_ahead ? szn_is_upper(bound) : szn_is_lower(bound)))
			continue;
		conditions = follow(&open, bound);
		if (conditions != NIL)
			return conditions;
	}
	return NIL;
}
