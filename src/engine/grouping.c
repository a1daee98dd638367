/*-------------------------------------------------------------------------
 *
 * grouping.c
 *	  Paths for a query level that groups the rows of our nodes.
 *
 * Called by planner.c, which has the hooks.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "nodes/nodeFuncs.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "optimizer/prep.h"
#include "optimizer/tlist.h"
#include "parser/parsetree.h"
#include "utils/lsyscache.h"

#include "engine/planner.h"


/*
 * The node of ours under a path of a subquery, if nothing between them changes
 * the order of rows, else NULL; "subquery" gets the relation between.
 */
CustomPath *
szn_path_below(Path *path, const CustomPathMethods *methods, RelOptInfo **subquery)
{
	if (IsA(path, ProjectionPath))
		path = ((ProjectionPath *) path)->subpath;
	if (!IsA(path, SubqueryScanPath))
		return NULL;
	*subquery = path->parent;
	path = ((SubqueryScanPath *) path)->subpath;
	if (IsA(path, ProjectionPath))
		path = ((ProjectionPath *) path)->subpath;
	if (!IsA(path, CustomPath) || ((CustomPath *) path)->methods != methods)
		return NULL;
	return (CustomPath *) path;
}

/* Is this output of the subquery never NULL where its rows are read? */
static bool
is_filtered_not_null(RelOptInfo *subquery, Var *var)
{
	ListCell   *cell;

	foreach(cell, subquery->baserestrictinfo)
	{
		Expr	   *clause = lfirst_node(RestrictInfo, cell)->clause;

		if (IsA(clause, NullTest) &&
			((NullTest *) clause)->nulltesttype == IS_NOT_NULL &&
			equal(((NullTest *) clause)->arg, var))
			return true;
		if (IsA(clause, OpExpr) && op_strict(((OpExpr *) clause)->opno) &&
			list_member(((OpExpr *) clause)->args, var))
			return true;
	}
	return false;
}

/*
 * Do rows of one group come together in this path's order?
 *
 * They do if the groups are the actors, or the sessions of the actors: rows
 * come actor by actor, and an actor's sessions one after the other.  Rows
 * outside sessions may lie between them under require_restart: then they must
 * have been filtered out.
 */
static bool
groups_come_together(PlannerInfo *root, SznScanPath *scan, RelOptInfo *subquery)
{
	SznLevel   *level = scan->level;
	List	   *tlist = subquery->subroot->processed_tlist;
	Bitmapset  *found = NULL;
	ListCell   *cell;

	foreach(cell, szn_group_clause(root))
	{
		SortGroupClause *clause = lfirst_node(SortGroupClause, cell);
		Node	   *expr = get_sortgroupclause_expr(clause, root->processed_tlist);
		TargetEntry *entry;
		SznSource	source;
		int			number = -1;
		ListCell   *cell2;

		if (!IsA(expr, Var) || ((Var *) expr)->varno != subquery->relid ||
			((Var *) expr)->varattno <= 0 || ((Var *) expr)->varlevelsup != 0)
			return false;
		entry = get_tle_by_resno(tlist, ((Var *) expr)->varattno);
		if (entry == NULL || entry->resjunk)
			return false;

		if (IsA(entry->expr, WindowFunc))
		{
			if (!szn_source_of_call((WindowFunc *) entry->expr, &source) ||
				source != SZN_FROM_NUMBER)
				return false;
			if (szn_may_be_outside(level->call) &&
				!is_filtered_not_null(subquery, (Var *) expr))
				return false;
			continue;
		}

		foreach(cell2, level->keys)
		{
			if (equal(lfirst(cell2), entry->expr))
				number = foreach_current_index(cell2);
		}
		if (number < 0 ||
			clause->eqop != list_nth_oid(level->key_operators, number) ||
			exprCollation(expr) != list_nth_oid(level->key_collations, number))
			return false;
		found = bms_add_member(found, number);
	}
	return bms_num_members(found) == list_length(level->keys);
}

/* Can this query level be grouped by rows that come group by group? */
static bool
can_be_grouped(PlannerInfo *root, RelOptInfo *input_rel, GroupPathExtraData *extra)
{
	Query	   *parse = root->parse;

	if (!szn_enable_session_scan || input_rel->reloptkind != RELOPT_BASEREL ||
		input_rel->rtekind != RTE_SUBQUERY || input_rel->subroot == NULL)
		return false;
	if (parse->groupClause == NIL || parse->groupingSets || parse->hasTargetSRFs ||
		szn_group_clause(root) == NIL || (extra->flags & GROUPING_CAN_USE_SORT) == 0)
		return false;

	/* aggregates rely on an order within groups */
	return szn_groups_need_no_order(root);
}

/*
 * Group the rows of this path, which are events or sessions, as they come.
 * NULL if groups do not come together, or core knows that they do.
 */
static Path *
make_grouped_path(PlannerInfo *root, RelOptInfo *input_rel, RelOptInfo *grouped_rel,
				  GroupPathExtraData *extra, Path *path)
{
	RelOptInfo *subquery = NULL;
	CustomPath *scan = szn_path_below(path, &szn_scan_path_methods, &subquery);
	CustomPath *aggregate = szn_path_below(path, &szn_aggregate_path_methods, &subquery);
	AggClauseCosts costs;
	double		num_groups;

	if (subquery != input_rel || path->param_info ||
		pathkeys_contained_in(root->group_pathkeys, path->pathkeys))
		return NULL;
	if (!(scan && groups_come_together(root, (SznScanPath *) scan, subquery)) &&
		!(aggregate && szn_actors_come_together(root, aggregate, subquery)))
		return NULL;

	/* of the rows of all, each participant's are a part, and so are its groups */
	num_groups = szn_estimate_num_groups(root,
										 get_sortgrouplist_exprs(szn_group_clause(root),
																 extra->targetList),
										 input_rel->rows);
	num_groups = clamp_row_est(num_groups * path->rows / input_rel->rows);
	if (!root->parse->hasAggs)
		return (Path *) create_group_path(root, grouped_rel, path,
										  szn_group_clause(root),
										  (List *) extra->havingQual,
										  num_groups);

	MemSet(&costs, 0, sizeof(costs));
	get_agg_clause_costs(root, AGGSPLIT_SIMPLE, &costs);
	return (Path *) create_agg_path(root, grouped_rel, path,
									grouped_rel->reltarget,
									AGG_SORTED, AGGSPLIT_SIMPLE,
									szn_group_clause(root),
									(List *) extra->havingQual,
									&costs, num_groups);
}

/*
 * UPPERREL_GROUP_AGG: rows that come group by group, events or sessions, are
 * all that a "sorted" aggregate needs.  Core would not think of it, since such rows have no
 * order that it could name.
 */
void
szn_add_grouped_paths(PlannerInfo *root, RelOptInfo *input_rel,
					  RelOptInfo *grouped_rel, GroupPathExtraData *extra)
{
	ListCell   *cell;

	szn_add_aggregate_paths(root, input_rel, grouped_rel, extra);
	if (!can_be_grouped(root, input_rel, extra))
		return;

	foreach(cell, input_rel->pathlist)
	{
		Path	   *path = make_grouped_path(root, input_rel, grouped_rel, extra,
											 (Path *) lfirst(cell));

		if (path)
			add_path(grouped_rel, path);
	}
}

/*
 * The same in several processes.  An actor's rows all come from the one that
 * has claimed them, so its groups are complete there: there is nothing to be
 * combined above.
 */
void
szn_add_parallel_grouped_paths(PlannerInfo *root, RelOptInfo *input_rel,
							   RelOptInfo *grouped_rel, GroupPathExtraData *extra)
{
	ListCell   *cell;

	if (!grouped_rel->consider_parallel)
		return;

	if (can_be_grouped(root, input_rel, extra))
	{
		foreach(cell, input_rel->partial_pathlist)
		{
			Path	   *path = make_grouped_path(root, input_rel, grouped_rel, extra,
												 (Path *) lfirst(cell));

			if (path && path->parallel_safe)
				add_partial_path(grouped_rel, path);
		}
	}

	/* when no more are added, which might free those that are gathered */
	if (grouped_rel->partial_pathlist != NIL)
		generate_useful_gather_paths(root, grouped_rel, true);
}
