/*-------------------------------------------------------------------------
 *
 * planner.c
 *	  What the engine adds to core's planner: hooks, paths, costs.
 *
 * One hook adds paths, and takes none away:
 *
 *	UPPERREL_WINDOW		"Session Scan" in place of Sort and WindowAgg
 *	UPPERREL_GROUP_AGG	GroupAggregate over a Session Scan without a Sort
 *
 * and the same in several processes.
 *
 * Another adds conditions on events (time_range.c), when the first relation of
 * a query level is looked up.
 *
 * Whether the node can do a query level, and what it would read and put out, is
 * for level.c to say.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_operator_d.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "optimizer/plancat.h"
#include "optimizer/planner.h"
#include "parser/parse_clause.h"
#include "utils/guc.h"
#include "utils/typcache.h"

#include "compat.h"
#include "engine/planner.h"
#include "engine/time_range.h"
#include "functions/window.h"

bool		szn_enable_session_scan = true;
static bool debug_require_session_scan = false;

static create_upper_paths_hook_type previous_upper_paths_hook = NULL;
static get_relation_info_hook_type previous_relation_info_hook = NULL;

/*
 * Costs, in units of cpu_operator_cost, which is about 0.05 us where these
 * were estimated: see the comment at add_scan_costs().
 */
#define STREAM_COST		2.0
#define INPUT_COST		1.0
#define OUTPUT_COST		1.0
#define EXCHANGE_COST	0.7

static Plan *plan_scan(PlannerInfo *root, RelOptInfo *rel,
					   CustomPath *best_path, List *tlist,
					   List *clauses, List *custom_plans);

const CustomPathMethods szn_scan_path_methods = {
	.CustomName = "Session Scan",
	.PlanCustomPath = plan_scan
};


/*
 * Paths
 */

/*
 * What the node adds to its input's costs.
 *
 * Estimated from runs over 10 million events, where a sequential scan with one integer
 * and one timestamp took 0.05 us a row: gathering them in partitions took
 * about 0.06 us, and putting them out again 0.05.  What goes to disk is
 * written and read once, in pieces of a block.  In several processes it took
 * 0.035 us of processor time more, most of it for pages of shared memory.
 */
static void
add_scan_costs(SznScanPath *scan, Path *input)
{
	Path	   *path = &scan->path.path;
	Cost		unit = cpu_operator_cost * input->rows;
	int			num_keys = list_length(scan->level->keys);

	path->rows = input->rows;
	if (scan->mode == SZN_MODE_STREAMED)
	{
		path->startup_cost = input->startup_cost;
		path->total_cost = input->total_cost + (STREAM_COST + num_keys) * unit;
	}
	else
	{
		double		bytes = input->rows * (sizeof(SznRecord) + scan->level->input->width);

		path->startup_cost = input->total_cost + (INPUT_COST + num_keys) * unit;
		if (path->parallel_aware)
			path->startup_cost += EXCHANGE_COST * unit;
		if (bytes > (double) get_hash_memory_limit())
			path->startup_cost += 2 * seq_page_cost * ceil(bytes / BLCKSZ);
		path->total_cost = path->startup_cost + OUTPUT_COST * unit;
	}
}

static Path *
make_scan_path(PlannerInfo *root, RelOptInfo *window_rel, SznLevel *level,
			   SznMode mode, Path *input, List *pathkeys, bool is_partial)
{
	SznScanPath *scan = (SznScanPath *) newNode(sizeof(SznScanPath), T_CustomPath);
	Path	   *path = &scan->path.path;

	path->pathtype = T_CustomScan;
	path->parent = window_rel;
	path->pathtarget = root->upper_targets[UPPERREL_WINDOW];
	path->param_info = NULL;
	path->parallel_aware = is_partial;
	path->parallel_safe = level->parallel_safe && input->parallel_safe;
	path->parallel_workers = is_partial ? input->parallel_workers : 0;
	path->pathkeys = pathkeys;
	szn_inherit_disabled(path, input);
	scan->path.flags = CUSTOMPATH_SUPPORT_PROJECTION;
	scan->path.custom_paths = list_make1(input);
	scan->path.methods = &szn_scan_path_methods;
	scan->level = level;
	scan->mode = mode;
	add_scan_costs(scan, input);
	path->total_cost += path->pathtarget->cost.startup +
		path->pathtarget->cost.per_tuple * path->rows -
		level->input->cost.per_tuple * path->rows;
	path->total_cost = Max(path->total_cost, path->startup_cost);
	return path;
}

static void
add_scan_path(PlannerInfo *root, RelOptInfo *window_rel, SznLevel *level,
			  SznMode mode, Path *input, List *pathkeys)
{
	add_path(window_rel,
			 make_scan_path(root, window_rel, level, mode, input, pathkeys, false));
}

/*
 * A Session Scan that several processes share, over an input that they share:
 * for the query above, and for this one under a Gather.
 */
static void
add_parallel_paths(PlannerInfo *root, RelOptInfo *input_rel, RelOptInfo *window_rel,
				   SznLevel *level)
{
	Path	   *input;
	Path	   *path;
	double		rows = input_rel->cheapest_total_path->rows;

	if (!window_rel->consider_parallel || input_rel->partial_pathlist == NIL ||
		!level->can_hash || level->must_stream)
		return;

	path = szn_prefer_pages(root, (Path *) linitial(input_rel->partial_pathlist));
	input = (Path *) create_projection_path(root, input_rel, path, level->input);
	path = make_scan_path(root, window_rel, level, SZN_MODE_PARTITIONED, input, NIL, true);
	if (!path->parallel_safe)
		return;
	add_path(window_rel, (Path *)
			 create_gather_path(root, window_rel, path, path->pathtarget, NULL, &rows));

	/* another one, since this may be freed when a better one comes */
	add_partial_path(window_rel,
					 make_scan_path(root, window_rel, level, SZN_MODE_PARTITIONED, input,
									NIL, true));
}

/*
 * (actor, number, time): sessions are numbered in time order, so rows by
 * actor and time are also in this one.  Not so if there may be rows without
 * a session among the others.  NIL if this is no order to offer.
 */
static List *
number_pathkeys(PlannerInfo *root, SznLevel *level)
{
	List	   *clauses = list_copy(level->window->partitionClause);
	List	   *tlist = list_copy(root->processed_tlist);
	ListCell   *cell;

	if (szn_may_be_outside(level->call))
		return NIL;

	foreach(cell, level->calls)
	{
		SznSource	source;
		TargetEntry *entry;
		SortGroupClause *clause;

		if (!szn_source_of_call(lfirst_node(WindowFunc, cell), &source) ||
			source != SZN_FROM_NUMBER)
			continue;

		entry = makeTargetEntry((Expr *) lfirst(cell), list_length(tlist) + 1, NULL, true);
		tlist = lappend(tlist, entry);
		clause = makeNode(SortGroupClause);
		clause->tleSortGroupRef = assignSortGroupRef(entry, tlist);
		clause->eqop = lookup_type_cache(INT8OID, TYPECACHE_EQ_OPR)->eq_opr;
		clause->sortop = Int8LessOperator;
		clause->nulls_first = false;
		clause->hashable = true;
		clauses = lappend(clauses, clause);
		clauses = list_concat(clauses, level->window->orderClause);
		return make_pathkeys_for_sortclauses(root, clauses, tlist);
	}
	return NIL;
}

/* Stream an input that is, or will be made, ordered by actor and time. */
static void
add_streamed_paths(PlannerInfo *root, RelOptInfo *window_rel, SznLevel *level,
				   Path *input)
{
	List	   *pathkeys = root->window_pathkeys;
	int			presorted;

	if (!pathkeys_count_contained_in(pathkeys, input->pathkeys, &presorted))
	{
		/* the Sort would want all rows, with their arguments */
		if (level->must_stream)
			return;
		if (presorted == 0 || !enable_incremental_sort)
			input = (Path *) create_sort_path(root, window_rel, input, pathkeys, -1.0);
		else
			input = (Path *) create_incremental_sort_path(root, window_rel, input,
														  pathkeys, presorted, -1.0);
	}
	add_scan_path(root, window_rel, level, SZN_MODE_STREAMED, input, input->pathkeys);
	pathkeys = number_pathkeys(root, level);
	if (pathkeys != NIL)
		add_scan_path(root, window_rel, level, SZN_MODE_STREAMED, input, pathkeys);
}

static void
error_not_usable(const char *reason)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("session scan cannot be used: %s", reason),
			 errhint("Set \"sessionize.debug_require_session_scan\" to off.")));
}

/* UPPERREL_WINDOW: rows of the input with their sessions. */
static void
add_scan_paths(PlannerInfo *root, RelOptInfo *input_rel, RelOptInfo *window_rel)
{
	List	   *calls = szn_window_calls(root->upper_targets[UPPERREL_WINDOW]->exprs);
	SznLevel   *level;
	const char *reason;
	bool		is_ours = false;
	ListCell   *cell;

	foreach(cell, calls)
	{
		SznSource	source;

		is_ours |= szn_source_of_call(lfirst_node(WindowFunc, cell), &source);
	}
	if (!is_ours)
		return;

	level = (SznLevel *) palloc0(sizeof(SznLevel));
	reason = szn_check_level(root, calls, level);
	if (reason)
	{
		if (debug_require_session_scan)
			error_not_usable(reason);
		return;
	}

	level->all_history = szn_time_range_refusal(root);
	szn_make_targets(root, level);
	if (debug_require_session_scan)
		window_rel->pathlist = NIL;

	/* core says no, since it would compute a window function by itself */
	level->parallel_safe = input_rel->consider_parallel &&
		szn_is_level_parallel_safe(root, level);
	if (level->parallel_safe)
		window_rel->consider_parallel = true;

	foreach(cell, input_rel->pathlist)
	{
		Path	   *path = (Path *) lfirst(cell);
		Path	   *input;
		int			presorted;
		bool		is_ordered;

		if (path->param_info)
			continue;
		is_ordered = pathkeys_count_contained_in(root->window_pathkeys,
												 path->pathkeys, &presorted);
		if (path != input_rel->cheapest_total_path && !is_ordered && presorted == 0)
			continue;

		input = (Path *) create_projection_path(root, input_rel, path, level->input);
		add_streamed_paths(root, window_rel, level, input);
		if (path == input_rel->cheapest_total_path &&
			level->can_hash && !level->must_stream)
		{
			path = szn_prefer_pages(root, path);
			input = (Path *) create_projection_path(root, input_rel, path, level->input);
			add_scan_path(root, window_rel, level, SZN_MODE_PARTITIONED, input, NIL);
		}
	}
	add_parallel_paths(root, input_rel, window_rel, level);
	if (debug_require_session_scan && window_rel->pathlist == NIL)
		error_not_usable("an argument may fail in rows that are not asked for");
}


/*
 * Plans
 */

static Plan *
plan_scan(PlannerInfo *root, RelOptInfo *rel, CustomPath *best_path,
		  List *tlist, List *clauses, List *custom_plans)
{
	SznScanPath *scan = (SznScanPath *) best_path;
	SznLevel   *level = scan->level;
	CustomScan *plan = makeNode(CustomScan);

	plan->scan.plan.targetlist = tlist;
	plan->scan.plan.qual = NIL;
	plan->scan.scanrelid = 0;
	plan->flags = best_path->flags;
	plan->custom_plans = custom_plans;
	plan->custom_exprs = copyObject(level->constants);
	plan->custom_scan_tlist = copyObject(level->scan_tlist);
	plan->custom_private = list_make5(makeInteger(scan->mode),
									  list_copy(level->sources),
									  list_copy(level->columns),
									  list_copy(level->key_places),
									  list_copy(level->key_operators));
	plan->custom_private = lappend(plan->custom_private, list_copy(level->key_collations));
	plan->custom_private = lappend(plan->custom_private, list_copy(level->arguments));
	plan->custom_private =
		lappend(plan->custom_private,
				makeInteger(exprType(list_nth(level->call->args, SZN_ARG_TIME))));
	plan->custom_private = lappend(plan->custom_private,
								   makeString(pstrdup(level->all_history ?
													  level->all_history : "")));
	plan->methods = &szn_scan_methods;
	Assert(list_length(plan->custom_private) == SZN_NUM_PRIVATE);
	return (Plan *) plan;
}


/*
 * Hooks
 */

static void
upper_paths(PlannerInfo *root, UpperRelationKind stage,
			RelOptInfo *input_rel, RelOptInfo *output_rel, void *extra)
{
	if (previous_upper_paths_hook)
		previous_upper_paths_hook(root, stage, input_rel, output_rel, extra);

	if (stage == UPPERREL_WINDOW)
		add_scan_paths(root, input_rel, output_rel);
	else if (stage == UPPERREL_GROUP_AGG)
	{
		szn_add_grouped_paths(root, input_rel, output_rel, (GroupPathExtraData *) extra);
		szn_add_parallel_grouped_paths(root, input_rel, output_rel,
									   (GroupPathExtraData *) extra);
	}
}

static void
relation_info(PlannerInfo *root, Oid relation, bool inhparent, RelOptInfo *rel)
{
	if (previous_relation_info_hook)
		previous_relation_info_hook(root, relation, inhparent, rel);

	szn_add_time_range(root, rel);
}

/* Called once, when the library is loaded. */
void
szn_planner_init(void)
{
	DefineCustomBoolVariable("sessionize.enable_session_scan",
							 "Enables the planner's use of session scans.",
							 "A session scan computes sessions in place of a sort and a window aggregate.",
							 &szn_enable_session_scan,
							 true,
							 PGC_USERSET,
							 GUC_EXPLAIN,
							 NULL, NULL, NULL);
	DefineCustomBoolVariable("sessionize.enable_direct_heap_scan",
							 "Enables session scans to read pages of tables themselves.",
							 "They do so in place of sequential and bitmap scans below them.",
							 &szn_enable_direct_heap_scan,
							 true,
							 PGC_USERSET,
							 GUC_EXPLAIN,
							 NULL, NULL, NULL);
	DefineCustomBoolVariable("sessionize.enable_time_range",
							 "Enables the planner to read only the events that a condition on sessions' times needs.",
							 NULL,
							 &szn_enable_time_range,
							 true,
							 PGC_USERSET,
							 GUC_EXPLAIN,
							 NULL, NULL, NULL);
	DefineCustomBoolVariable("sessionize.debug_choose_actors",
							 "Makes plans read only the actors in a time range wherever that is exact.",
							 "For tests: what reading them costs does not matter.",
							 &szn_debug_choose_actors,
							 false,
							 PGC_USERSET,
							 GUC_EXPLAIN | GUC_NOT_IN_SAMPLE,
							 NULL, NULL, NULL);
	DefineCustomBoolVariable("sessionize.debug_follow_open_sessions",
							 "Makes plans find out how far open sessions reach wherever that is exact.",
							 "For tests: what that costs, or saves, does not matter.",
							 &szn_debug_follow_open_sessions,
							 false,
							 PGC_USERSET,
							 GUC_EXPLAIN | GUC_NOT_IN_SAMPLE,
							 NULL, NULL, NULL);
	DefineCustomBoolVariable("sessionize.debug_require_session_scan",
							 "Makes queries fail that cannot use a session scan.",
							 "For tests: calls of sessionize's window functions that a session scan cannot compute are errors.",
							 &debug_require_session_scan,
							 false,
							 PGC_USERSET,
							 GUC_NOT_IN_SAMPLE,
							 NULL, NULL, NULL);

	szn_aggregate_plan_init();
	RegisterCustomScanMethods(&szn_scan_methods);
	previous_upper_paths_hook = create_upper_paths_hook;
	create_upper_paths_hook = upper_paths;
	previous_relation_info_hook = get_relation_info_hook;
	get_relation_info_hook = relation_info;
}
