/*-------------------------------------------------------------------------
 *
 * aggregate_plan.c
 *	  Paths and plans of the node "Session Aggregate".
 *
 * Called by grouping.c.  The node takes the place of
 *
 *		GroupAggregate -> SubqueryScan -> Session Scan
 *
 * and keeps the SubqueryScan, which the planner needs in order to plan what is
 * below.  What could be done differently than core would is refused, each guard
 * under its reason; then GroupAggregate takes the level.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_aggregate.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "optimizer/tlist.h"
#include "parser/parsetree.h"
#include "utils/fmgroids.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"

#include "engine/aggregate.h"
#include "engine/planner.h"

static bool enable_session_aggregate = true;
static bool debug_require_session_aggregate = false;

/*
 * Costs, in units of cpu_operator_cost, which is about 0.05 us: of a row's
 * step, and of a group, its keys and its results.
 *
 * Measured on 3 million rows in 436 thousand sessions: two steps, one of them a
 * sum of numeric, took 0.01 us a row together, a group with five aggregates
 * 0.09 us, and following the chains 0.01 us a row.  Steps that are calls take
 * as long as core's, so what a step is said to cost lies between.
 */
#define STEP_COST		0.3
#define GROUP_COST		1.0
#define RESULT_COST		0.15

/* A query level that the node can do. */
typedef struct SznGrouping
{
	RelOptInfo *subquery;
	List	   *columns;		/* the subquery's, as target entries of Vars */
	List	   *keys;			/* which of them are grouped by, from 1 */
	List	   *actor;			/* those that are parts of the actor, ... */
	List	   *actor_operators;	/* ... by which they are equal, ... */
	List	   *actor_collations;	/* ... and in which collation */
	List	   *aggregates;		/* Aggrefs */
	List	   *having;
	bool		by_number;
	bool		not_null;		/* the subquery's only qual: number IS NOT NULL */
} SznGrouping;

typedef struct SznAggregatePath
{
	CustomPath	path;
	SznGrouping *grouping;
} SznAggregatePath;

static Plan *plan_aggregate(PlannerInfo *root, RelOptInfo *rel,
							CustomPath *best_path, List *tlist,
							List *clauses, List *custom_plans);

const CustomPathMethods szn_aggregate_path_methods = {
	.CustomName = "Session Aggregate",
	.PlanCustomPath = plan_aggregate
};


/*
 * Guards
 */

/* Does an expression read nothing of the level but columns of the subquery? */
static bool
reads_columns_only(SznGrouping *grouping, Node *expr)
{
	ListCell   *cell;

	foreach(cell, pull_var_clause(expr, PVC_INCLUDE_PLACEHOLDERS))
	{
		Var		   *var = (Var *) lfirst(cell);

		if (!IsA(var, Var) || var->varlevelsup != 0 ||
			var->varno != grouping->subquery->relid ||
			var->varattno < 1 || var->varattno > list_length(grouping->columns))
			return false;
	}
	return true;
}

/* Why the node cannot compute this aggregate, or NULL. */
static const char *
check_aggregate(SznGrouping *grouping, Aggref *aggref)
{
	if (aggref->aggkind != AGGKIND_NORMAL)
		return "an aggregate has WITHIN GROUP";
	if (aggref->aggorder != NIL)
		return "an aggregate has an ORDER BY";
	if (aggref->aggdistinct != NIL &&
		(aggref->aggfnoid != F_COUNT_ANY || szn_distinct_type_create(aggref) == NULL))
		return "an aggregate has DISTINCT, and is not count() of values that can be hashed";

	/* its plan would be in two places */
	if (contain_subplans((Node *) aggref))
		return "an aggregate has a subquery";

	if (aggref->agglevelsup != 0 || aggref->aggsplit != AGGSPLIT_SIMPLE ||
		!reads_columns_only(grouping, (Node *) aggref->args) ||
		!reads_columns_only(grouping, (Node *) aggref->aggfilter))
		return "an aggregate reads more than the subquery";
	return NULL;
}

/*
 * Why the groups are not actors or their sessions, or NULL if they are: each
 * part of the actor is a key, with the equality and collation that tell actors
 * apart, and all others are the number, or belong to the number.
 */
static const char *
check_keys(PlannerInfo *root, SznGrouping *grouping, SznLevel *level)
{
	List	   *tlist = grouping->subquery->subroot->processed_tlist;
	Bitmapset  *found = NULL;
	bool		has_other = false;
	ListCell   *cell;

	/* all, also those that a condition makes redundant: they may be shown */
	foreach(cell, root->parse->groupClause)
	{
		SortGroupClause *clause = lfirst_node(SortGroupClause, cell);
		Var		   *var = (Var *) get_sortgroupclause_expr(clause, root->processed_tlist);
		TargetEntry *entry;
		SznSource	source;
		int			number = -1;
		ListCell   *cell2;

		if (!IsA(var, Var) || !reads_columns_only(grouping, (Node *) var))
			return "a group key is not a column of the subquery";
		entry = get_tle_by_resno(tlist, var->varattno);
		grouping->keys = list_append_unique_int(grouping->keys, var->varattno);

		if (IsA(entry->expr, WindowFunc))
		{
			if (!szn_source_of_call((WindowFunc *) entry->expr, &source) ||
				source == SZN_FROM_EVENT_NUMBER)
				return "a group key differs within sessions";
			if (source == SZN_FROM_NUMBER)
				grouping->by_number = true;
			else
				has_other = true;
			continue;
		}

		foreach(cell2, level->keys)
		{
			if (equal(lfirst(cell2), entry->expr))
				number = foreach_current_index(cell2);
		}
		if (number < 0)
			return "a group key is not of the actor";

		/* the planner leaves constants and parameters where they are */
		if (!contain_var_clause((Node *) entry->expr))
			return "a part of the actor is the same for all";
		if (clause->eqop != list_nth_oid(level->key_operators, number) ||
			exprCollation((Node *) var) != list_nth_oid(level->key_collations, number))
			return "a group key has another equality than the actor";
		found = bms_add_member(found, number);
		grouping->actor = lappend_int(grouping->actor, var->varattno);
		grouping->actor_operators = lappend_oid(grouping->actor_operators, clause->eqop);
		grouping->actor_collations = lappend_oid(grouping->actor_collations,
												 exprCollation((Node *) var));
	}
	if (bms_num_members(found) != list_length(level->keys))
		return "the groups are not within actors";
	if (has_other && !grouping->by_number)
		return "the groups are not sessions by their number";
	return NULL;
}

/* What the subquery's quals say; NULL or why the node cannot take them. */
static const char *
check_quals(SznGrouping *grouping)
{
	List	   *tlist = grouping->subquery->subroot->processed_tlist;
	ListCell   *cell;

	grouping->not_null = true;
	foreach(cell, grouping->subquery->baserestrictinfo)
	{
		RestrictInfo *info = lfirst_node(RestrictInfo, cell);
		NullTest   *test = (NullTest *) info->clause;
		TargetEntry *entry = NULL;
		SznSource	source;

		/* a node of its own would be put between */
		if (info->pseudoconstant)
			return "there is a condition without columns";

		if (IsA(test, NullTest) && test->nulltesttype == IS_NOT_NULL &&
			IsA(test->arg, Var) && reads_columns_only(grouping, (Node *) test->arg))
			entry = get_tle_by_resno(tlist, ((Var *) test->arg)->varattno);
		if (entry == NULL || !IsA(entry->expr, WindowFunc) ||
			!szn_source_of_call((WindowFunc *) entry->expr, &source) ||
			(source == SZN_FROM_ENDED_BY))
			grouping->not_null = false;
	}
	return NULL;
}

/*
 * Why the node cannot do this query level, or NULL if it can.  Fills
 * "grouping".
 */
static const char *
check_grouping(PlannerInfo *root, RelOptInfo *grouped_rel, GroupPathExtraData *extra,
			   SznLevel *level, SznGrouping *grouping)
{
	Query	   *parse = root->parse;
	RelOptInfo *subquery = grouping->subquery;
	List	   *parts;
	const char *reason;
	ListCell   *cell;

	if (!enable_session_aggregate)
		return "sessionize.enable_session_aggregate is off";
	if (parse->groupingSets != NIL)
		return "there are grouping sets";
	if (parse->hasTargetSRFs)
		return "a set-returning function is in the select list";
	if (parse->groupClause == NIL)
		return "nothing is grouped by";

	foreach(cell, subquery->subroot->processed_tlist)
	{
		TargetEntry *entry = lfirst_node(TargetEntry, cell);

		if (entry->resjunk)
			continue;
		if (entry->resno != list_length(grouping->columns) + 1)
			return "the subquery has columns that are not shown";
		grouping->columns =
			lappend(grouping->columns,
					makeTargetEntry((Expr *) makeVarFromTargetEntry(subquery->relid, entry),
									entry->resno, NULL, false));
	}

	reason = check_keys(root, grouping, level);
	if (reason == NULL)
		reason = check_quals(grouping);
	if (reason)
		return reason;

	grouping->having = (List *) extra->havingQual;
	parts = pull_var_clause((Node *) list_make2(grouped_rel->reltarget->exprs, grouping->having),
							PVC_INCLUDE_AGGREGATES | PVC_RECURSE_WINDOWFUNCS |
							PVC_INCLUDE_PLACEHOLDERS);
	foreach(cell, parts)
	{
		Node	   *part = (Node *) lfirst(cell);

		if (IsA(part, Aggref))
		{
			reason = check_aggregate(grouping, (Aggref *) part);
			if (reason)
				return reason;
			grouping->aggregates = list_append_unique(grouping->aggregates, part);
		}
		else if (!IsA(part, Var) || !reads_columns_only(grouping, part) ||
				 !list_member_int(grouping->keys, ((Var *) part)->varattno))
			return "a group's row shows more than its keys and aggregates";
	}
	return NULL;
}


/*
 * Paths
 */

/*
 * In what order the groups come: as the rows do, as far as that order is of the
 * group's keys.  Rows without a number come after their actor's sessions, as
 * NULL does.
 */
static List *
order_of_groups(PlannerInfo *root, Path *path)
{
	List	   *result = NIL;
	ListCell   *cell;

	foreach(cell, path->pathkeys)
	{
		if (!list_member_ptr(root->group_pathkeys, lfirst(cell)) ||
			list_length(result) >= szn_num_group_pathkeys(root))
			break;
		result = lappend(result, lfirst(cell));
	}
	return result;
}

/*
 * The costs of the scan, although it does not put its rows out: following the
 * chains takes a part of that.  And those of the steps and groups.
 */
static void
add_aggregate_costs(PlannerInfo *root, SznAggregatePath *aggregate, SznScanPath *scan,
					double num_groups)
{
	SznGrouping *grouping = aggregate->grouping;
	Path	   *path = &aggregate->path.path;
	Path	   *input = &scan->path.path;
	double		rows = input->rows;
	QualCost	cost;

	path->startup_cost = input->startup_cost;
	path->total_cost = input->total_cost +
		rows * cpu_operator_cost * STEP_COST * list_length(grouping->aggregates) +
		num_groups * cpu_operator_cost *
		(GROUP_COST + RESULT_COST * (list_length(grouping->keys) +
									 list_length(grouping->aggregates)));
	path->rows = num_groups;
	if (grouping->having)
	{
		cost_qual_eval(&cost, grouping->having, root);
		path->startup_cost += cost.startup;
		path->total_cost += cost.startup + num_groups * cost.per_tuple;
		path->rows = clamp_row_est(num_groups *
								   clauselist_selectivity(root, grouping->having, 0,
														  JOIN_INNER, NULL));
	}
	path->startup_cost += path->pathtarget->cost.startup;
	path->total_cost += path->pathtarget->cost.startup +
		path->rows * path->pathtarget->cost.per_tuple;
}

static void
error_not_usable(const char *reason)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("session aggregate cannot be used: %s", reason),
			 errhint("Set \"sessionize.debug_require_session_aggregate\" to off.")));
}

/* The path of a grouping over a path with a Session Scan below. */
static SznAggregatePath *
make_aggregate_path(PlannerInfo *root, RelOptInfo *input_rel, RelOptInfo *grouped_rel,
					GroupPathExtraData *extra, SznGrouping *grouping,
					SznScanPath *scan, Path *path)
{
	SznAggregatePath *aggregate = (SznAggregatePath *)
		newNode(sizeof(SznAggregatePath), T_CustomPath);
	double		num_groups;

	aggregate->grouping = grouping;
	aggregate->path.path.pathtype = T_CustomScan;
	aggregate->path.path.parent = grouped_rel;
	aggregate->path.path.pathtarget = grouped_rel->reltarget;
	aggregate->path.path.parallel_safe = grouped_rel->consider_parallel && path->parallel_safe;
	aggregate->path.path.parallel_workers = path->parallel_workers;
	aggregate->path.path.pathkeys = order_of_groups(root, path);
	szn_inherit_disabled(&aggregate->path.path, path);
	aggregate->path.flags = CUSTOMPATH_SUPPORT_PROJECTION;
	aggregate->path.custom_paths = list_make1(path);
	aggregate->path.methods = &szn_aggregate_path_methods;

	/* of the rows of all, each participant's are a part, and so are its groups */
	num_groups = szn_estimate_num_groups(root,
										 get_sortgrouplist_exprs(root->parse->groupClause,
																 extra->targetList),
										 input_rel->rows);
	add_aggregate_costs(root, aggregate, scan,
						clamp_row_est(num_groups * path->rows / input_rel->rows));
	return aggregate;
}

/*
 * Session Aggregates for a query level that groups, where its input is a
 * subquery with a Session Scan.  In several processes, too: an actor's rows all
 * come from the one that has claimed them, so its groups are complete there.
 */
void
szn_add_aggregate_paths(PlannerInfo *root, RelOptInfo *input_rel,
						RelOptInfo *grouped_rel, GroupPathExtraData *extra)
{
	SznGrouping *grouping = NULL;
	int			num_serial = list_length(input_rel->pathlist);
	List	   *paths = list_copy(input_rel->pathlist);
	ListCell   *cell;

	if (grouped_rel->consider_parallel)
		paths = list_concat(paths, input_rel->partial_pathlist);
	foreach(cell, paths)
	{
		Path	   *path = (Path *) lfirst(cell);
		RelOptInfo *subquery = NULL;
		SznScanPath *scan = (SznScanPath *)
			szn_path_below(path, &szn_scan_path_methods, &subquery);
		SznAggregatePath *aggregate;

		if (scan == NULL || subquery != input_rel || path->param_info)
			continue;

		/* the same for all of them */
		if (grouping == NULL)
		{
			const char *reason;

			grouping = (SznGrouping *) palloc0(sizeof(SznGrouping));
			grouping->subquery = subquery;
			reason = check_grouping(root, grouped_rel, extra, scan->level, grouping);
			if (reason)
			{
				if (debug_require_session_aggregate)
					error_not_usable(reason);
				return;
			}
			if (debug_require_session_aggregate)
				grouped_rel->pathlist = NIL;
		}

		aggregate = make_aggregate_path(root, input_rel, grouped_rel, extra,
										grouping, scan, path);
		if (foreach_current_index(cell) < num_serial)
			add_path(grouped_rel, &aggregate->path.path);
		else if (aggregate->path.path.parallel_safe)
			add_partial_path(grouped_rel, &aggregate->path.path);
	}
}

/*
 * Do rows of one group come together where sessions are grouped, such as those
 * of a view?  They do if the groups are the actors, since the node's groups
 * come actor by actor.
 */
bool
szn_actors_come_together(PlannerInfo *root, CustomPath *path, RelOptInfo *subquery)
{
	SznGrouping *grouping = ((SznAggregatePath *) path)->grouping;
	Bitmapset  *found = NULL;
	ListCell   *cell;

	foreach(cell, szn_group_clause(root))
	{
		SortGroupClause *clause = lfirst_node(SortGroupClause, cell);
		Var		   *var = (Var *) get_sortgroupclause_expr(clause, root->processed_tlist);
		TargetEntry *entry;
		Var		   *inner;
		int			number = -1;
		ListCell   *cell2;

		if (!IsA(var, Var) || var->varno != subquery->relid ||
			var->varattno <= 0 || var->varlevelsup != 0)
			return false;
		entry = get_tle_by_resno(subquery->subroot->processed_tlist, var->varattno);
		if (entry == NULL || entry->resjunk)
			return false;
		inner = (Var *) entry->expr;
		if (!IsA(inner, Var) || inner->varno != grouping->subquery->relid)
			return false;
		foreach(cell2, grouping->actor)
		{
			if (lfirst_int(cell2) == inner->varattno)
				number = foreach_current_index(cell2);
		}
		if (number < 0 ||
			clause->eqop != list_nth_oid(grouping->actor_operators, number) ||
			exprCollation((Node *) var) != list_nth_oid(grouping->actor_collations, number))
			return false;
		found = bms_add_member(found, number);
	}
	return found != NULL && bms_num_members(found) == list_length(grouping->actor);
}


/*
 * Plans
 */

static Plan *
plan_aggregate(PlannerInfo *root, RelOptInfo *rel, CustomPath *best_path,
			   List *tlist, List *clauses, List *custom_plans)
{
	SznGrouping *grouping = ((SznAggregatePath *) best_path)->grouping;
	SubqueryScan *child = linitial_node(SubqueryScan, custom_plans);
	CustomScan *plan = makeNode(CustomScan);
	List	   *counts = NIL;
	List	   *filters = NIL;
	ListCell   *cell;
	ListCell   *cell2;

	/* nobody reads its rows: with all columns it can be left out */
	child->scan.plan.targetlist = NIL;
	foreach(cell, child->subplan->targetlist)
	{
		TargetEntry *entry = lfirst_node(TargetEntry, cell);
		Var		   *var = makeVarFromTargetEntry(grouping->subquery->relid, entry);

		child->scan.plan.targetlist =
			lappend(child->scan.plan.targetlist,
					makeTargetEntry((Expr *) var, entry->resno, NULL, entry->resjunk));
	}

	plan->scan.plan.targetlist = tlist;
	plan->scan.plan.qual = copyObject(grouping->having);
	plan->scan.scanrelid = 0;
	plan->flags = best_path->flags;
	plan->custom_plans = custom_plans;

	/* the subquery's columns, so that what reads them can be found, and ours */
	plan->custom_scan_tlist = copyObject(grouping->columns);
	foreach(cell, grouping->aggregates)
	{
		Aggref	   *aggref = lfirst_node(Aggref, cell);

		plan->custom_scan_tlist =
			lappend(plan->custom_scan_tlist,
					makeTargetEntry((Expr *) copyObject(aggref),
									list_length(plan->custom_scan_tlist) + 1, NULL, false));
		counts = lappend_int(counts, list_length(aggref->args));
		filters = lappend_int(filters, aggref->aggfilter != NULL);
		foreach(cell2, aggref->args)
			plan->custom_exprs = lappend(plan->custom_exprs,
										 copyObject(lfirst_node(TargetEntry, cell2)->expr));
		if (aggref->aggfilter)
			plan->custom_exprs = lappend(plan->custom_exprs, copyObject(aggref->aggfilter));
	}
	plan->custom_private = list_make5(makeInteger(list_length(grouping->columns)),
									  list_copy(grouping->keys),
									  counts,
									  filters,
									  makeInteger(grouping->by_number));
	plan->custom_private = lappend(plan->custom_private, makeInteger(grouping->not_null));
	Assert(list_length(plan->custom_private) == SZN_AGG_NUM_PRIVATE);
	plan->methods = &szn_aggregate_methods;
	return (Plan *) plan;
}

/* Called once, when the library is loaded. */
void
szn_aggregate_plan_init(void)
{
	DefineCustomBoolVariable("sessionize.enable_session_aggregate",
							 "Enables the planner's use of session aggregates.",
							 "A session aggregate computes aggregates of sessions in place of a group aggregate over a session scan.",
							 &enable_session_aggregate,
							 true,
							 PGC_USERSET,
							 GUC_EXPLAIN,
							 NULL, NULL, NULL);
	DefineCustomBoolVariable("sessionize.debug_require_session_aggregate",
							 "Makes queries fail that cannot use a session aggregate.",
							 "For tests: aggregation over a session scan that a session aggregate cannot compute is an error.",
							 &debug_require_session_aggregate,
							 false,
							 PGC_USERSET,
							 GUC_NOT_IN_SAMPLE,
							 NULL, NULL, NULL);
	RegisterCustomScanMethods(&szn_aggregate_methods);
}
