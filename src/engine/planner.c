/*-------------------------------------------------------------------------
 *
 * planner.c
 *	  All interaction of the engine with core's planner: hooks, guards, costs.
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
 * The answer must be the one that core's plan gives.  So whatever is not
 * plainly the case that the node was made for is refused, each guard under its
 * reason, and core's plan stays alone.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/stratnum.h"
#include "catalog/pg_operator_d.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "optimizer/plancat.h"
#include "optimizer/planner.h"
#include "optimizer/tlist.h"
#include "parser/parse_clause.h"
#include "parser/parsetree.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/selfuncs.h"
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
 * Our functions
 */

/*
 * Which column a call makes; false if it is not a call of ours.  Functions
 * are told by what they run, never by name.
 */
bool
szn_source_of_call(const WindowFunc *call, SznSource *source)
{
	static const struct
	{
		PGFunction	function;
		SznSource	source;
	}			functions[] = {
		{sessionize_session_number, SZN_FROM_NUMBER},
		{sessionize_session_event_number, SZN_FROM_EVENT_NUMBER},
		{sessionize_session_start, SZN_FROM_START},
		{sessionize_session_end, SZN_FROM_END},
		{sessionize_session_event_count, SZN_FROM_COUNT},
		{sessionize_session_started_by, SZN_FROM_STARTED_BY},
		{sessionize_session_ended_by, SZN_FROM_ENDED_BY}
	};
	FmgrInfo	finfo;

	/* an aggregate has nothing to call; ours have support, many others not */
	if (call->winagg || !OidIsValid(get_func_support(call->winfnoid)))
		return false;

	fmgr_info(call->winfnoid, &finfo);
	for (int i = 0; i < (int) lengthof(functions); i++)
	{
		if (finfo.fn_addr == functions[i].function)
		{
			*source = functions[i].source;
			return true;
		}
	}
	return false;
}


/* May events between sessions belong to none?  Under require_restart they do. */
bool
szn_may_be_outside(const WindowFunc *call)
{
	Const	   *require_restart = (Const *) list_nth(call->args, SZN_ARG_REQUIRE_RESTART);

	return !IsA(require_restart, Const) ||
		(!require_restart->constisnull && DatumGetBool(require_restart->constvalue));
}


/*
 * Guards
 */

/*
 * Is every row of this level wanted?  If not, an expression must not be
 * computed for rows that core would not have come to, since it might fail.
 */
static bool
wants_all_rows(PlannerInfo *root)
{
	for (; root != NULL; root = root->parent_root)
	{
		if (root->tuple_fraction != 0 ||
			root->parse->limitCount != NULL || root->parse->limitOffset != NULL)
			return false;
	}
	return true;
}

/* May this expression be computed for rows that nobody might ask for? */
static bool
may_compute_early(PlannerInfo *root, Node *expr)
{
	return !contain_subplans(expr) &&
		(wants_all_rows(root) || !contain_leaked_vars(expr));
}

/*
 * The calls of window functions in a list of expressions.
 */
static List *
window_calls(List *exprs)
{
	List	   *parts = pull_var_clause((Node *) exprs,
										PVC_RECURSE_AGGREGATES |
										PVC_INCLUDE_WINDOWFUNCS |
										PVC_INCLUDE_PLACEHOLDERS);
	List	   *calls = NIL;
	ListCell   *cell;

	foreach(cell, parts)
	{
		if (IsA(lfirst(cell), WindowFunc))
			calls = list_append_unique(calls, lfirst(cell));
	}
	return calls;
}

/*
 * Why the node cannot do this query level, or NULL if it can.  Fills "level",
 * as far as the target is not concerned.
 */
static const char *
check_level(PlannerInfo *root, List *calls, SznLevel *level)
{
	Query	   *parse = root->parse;
	PathTarget *target = root->upper_targets[UPPERREL_WINDOW];
	List	   *arguments;
	Node	   *order;
	SortGroupClause *clause;
	ListCell   *cell;

	if (!szn_enable_session_scan)
		return "sessionize.enable_session_scan is off";

	/* set-returning functions have split the target */
	if (parse->hasTargetSRFs)
		return "a set-returning function is in the select list";

	/* the input would be groups, and their target has no plain columns */
	if (parse->groupClause || parse->groupingSets || parse->hasAggs ||
		root->hasHavingQual)
		return "the same query level groups or aggregates";

	/* marks of rows to be locked must reach the top as they are */
	if (root->rowMarks != NIL)
		return "rows are locked";

	level->calls = calls;
	level->call = linitial_node(WindowFunc, calls);
	foreach(cell, calls)
	{
		WindowFunc *call = lfirst_node(WindowFunc, cell);
		SznSource	source;

		/* others need core's WindowAgg, which can do ours just as well */
		if (!szn_source_of_call(call, &source))
			return "another window function is called";
		if (call->winref != level->call->winref)
			return "there is more than one window";
		if (!equal(call->args, level->call->args))
			return "the calls differ in their arguments";

		/* core says that this is an error */
		if (call->aggfilter != NULL)
			return "a call has a FILTER";
	}
	foreach(cell, parse->windowClause)
	{
		WindowClause *window = lfirst_node(WindowClause, cell);

		if (window->winref == level->call->winref)
			level->window = window;
	}
	if (level->window == NULL)
		return "the window is not known";

	/* it would end a partition early; our functions never ask for one */
	if (szn_has_run_condition(level->window, calls))
		return "there is a condition on a running window function";

	/* the frame does not matter, but its offsets may be errors */
	if (level->window->startOffset || level->window->endOffset)
		return "the window's frame has an offset";

	arguments = level->call->args;
	if (list_length(arguments) != SZN_NUM_ARGS)
		return "the arguments are not complete";

	/*
	 * Only in the event time's own order are instants what the functions take
	 * them for; in any other they raise an error, or need core's peers.
	 */
	if (list_length(level->window->orderClause) != 1)
		return "the window is not ordered by the event time alone";
	clause = linitial_node(SortGroupClause, level->window->orderClause);
	order = get_sortgroupclause_expr(clause, root->processed_tlist);
	if (!equal(order, list_nth(arguments, SZN_ARG_TIME)))
		return "the window is not ordered by the event time alone";
	if (clause->nulls_first ||
		clause->sortop != lookup_type_cache(exprType(order), TYPECACHE_LT_OPR)->lt_opr)
		return "the window's order is not ascending with nulls last";

	if (list_length(level->window->partitionClause) > INDEX_MAX_KEYS)
		return "there are too many PARTITION BY items";

	/* nobody knows how often and when the node computes an expression */
	if (contain_volatile_functions((Node *) target->exprs) ||
		contain_volatile_functions((Node *) root->processed_tlist))
		return "an expression is volatile";

	/* its plan would move to another node */
	if (contain_subplans((Node *) arguments))
		return "an argument has a subquery";

	/* core checks that these are the same in all rows */
	if (contain_var_clause(list_nth(arguments, SZN_ARG_MAX_DURATION)))
		return "max_duration may differ from row to row";
	if (contain_var_clause(list_nth(arguments, SZN_ARG_REQUIRE_RESTART)))
		return "require_restart may differ from row to row";

	return NULL;
}


/*
 * The node's input and output
 */

/* The place, from 0, of an expression in the input; added where it is new. */
static int
input_place(SznLevel *level, Node *expr)
{
	ListCell   *cell;

	foreach(cell, level->input->exprs)
	{
		if (equal(lfirst(cell), expr))
			return foreach_current_index(cell);
	}
	add_column_to_pathtarget(level->input, (Expr *) expr, 0);
	return list_length(level->input->exprs) - 1;
}

/*
 * Core looks at an argument only in rows that have a time; one that may fail
 * must not be computed in others.
 */
static Node *
guarded_argument(SznLevel *level, Node *argument)
{
	Node	   *time = list_nth(level->call->args, SZN_ARG_TIME);
	NullTest   *test;
	CaseWhen   *when;
	CaseExpr   *expr;

	if (!contain_leaked_vars(argument))
		return argument;

	test = makeNode(NullTest);
	test->arg = (Expr *) copyObject(time);
	test->nulltesttype = IS_NOT_NULL;
	test->argisrow = false;
	test->location = -1;
	when = makeNode(CaseWhen);
	when->expr = (Expr *) test;
	when->result = (Expr *) argument;
	when->location = -1;
	expr = makeNode(CaseExpr);
	expr->casetype = exprType(argument);
	expr->casecollid = exprCollation(argument);
	expr->args = list_make1(when);
	expr->defresult = (Expr *) makeNullConst(exprType(argument), exprTypmod(argument),
											 exprCollation(argument));
	expr->location = -1;
	return (Node *) expr;
}

/* A column of the node's rows; known to "scan_tlist" only once. */
static void
add_scan_column(SznLevel *level, Node *expr)
{
	SznSource	source = SZN_FROM_INPUT;
	int			place = -1;

	if (tlist_member((Expr *) expr, level->scan_tlist))
		return;

	if (IsA(expr, WindowFunc))
		(void) szn_source_of_call((WindowFunc *) expr, &source);
	else if (equal(expr, list_nth(level->call->args, SZN_ARG_TIME)))
		source = SZN_FROM_TIME;
	else
		place = input_place(level, expr);

	level->scan_tlist = lappend(level->scan_tlist,
								makeTargetEntry((Expr *) expr,
												list_length(level->scan_tlist) + 1,
												NULL, false));
	level->sources = lappend_int(level->sources, source);
	level->columns = lappend_int(level->columns, place);
}

/* Can the output be computed from what the node knows of a row already? */
static bool
is_known(SznLevel *level, Node *expr)
{
	List	   *parts = pull_var_clause(expr, PVC_INCLUDE_PLACEHOLDERS);
	ListCell   *cell;

	foreach(cell, parts)
	{
		if (!tlist_member((Expr *) lfirst(cell), level->scan_tlist))
			return false;
	}
	return true;
}

/*
 * What the input has to compute, and what the node makes of it.
 *
 * Rows are kept as narrow as the output allows: an expression over columns,
 * such as a metric's filter, is computed before and only its value kept,
 * unless it takes less to compute it afterwards.
 */
static void
make_targets(PlannerInfo *root, SznLevel *level)
{
	PathTarget *target = root->upper_targets[UPPERREL_WINDOW];
	List	   *early = NIL;
	ListCell   *cell;

	level->input = create_empty_pathtarget();

	/* the actor; the first columns, as records want it */
	level->can_hash = true;
	foreach(cell, level->window->partitionClause)
	{
		SortGroupClause *clause = lfirst_node(SortGroupClause, cell);
		Node	   *expr = get_sortgroupclause_expr(clause, root->processed_tlist);

		if (!clause->hashable)
			level->can_hash = false;
		if (list_member(level->keys, expr))
			continue;
		level->keys = lappend(level->keys, expr);
		level->key_places = lappend_int(level->key_places, input_place(level, expr));
		level->key_operators = lappend_oid(level->key_operators, clause->eqop);
		level->key_collations = lappend_oid(level->key_collations, exprCollation(expr));
	}

	/* the arguments */
	foreach(cell, level->call->args)
	{
		Node	   *argument = (Node *) lfirst(cell);

		if (foreach_current_index(cell) == SZN_ARG_TIME)
			level->arguments = lappend_int(level->arguments, input_place(level, argument));
		else if (contain_var_clause(argument))
		{
			if (!may_compute_early(root, argument))
				level->must_stream = true;
			level->arguments = lappend_int(level->arguments,
										   input_place(level, guarded_argument(level, argument)));
		}
		else
		{
			level->arguments = lappend_int(level->arguments, -1);
			level->constants = lappend(level->constants, argument);
			continue;
		}
		level->constants = lappend(level->constants,
								   makeNullConst(exprType(argument), -1, InvalidOid));
	}

	/* the output */
	foreach(cell, target->exprs)
	{
		Node	   *expr = (Node *) lfirst(cell);

		if (IsA(expr, WindowFunc) || IsA(expr, Var) || IsA(expr, PlaceHolderVar) ||
			list_member(level->input->exprs, expr))
			add_scan_column(level, expr);
		else if (!contain_window_function(expr) && contain_var_clause(expr) &&
				 may_compute_early(root, expr))
			early = lappend(early, expr);
		else
		{
			ListCell   *cell2;

			foreach(cell2, pull_var_clause(expr, PVC_INCLUDE_WINDOWFUNCS |
										   PVC_INCLUDE_PLACEHOLDERS))
				add_scan_column(level, (Node *) lfirst(cell2));
		}
	}
	foreach(cell, early)
	{
		Node	   *expr = (Node *) lfirst(cell);

		if (get_typbyval(exprType(expr)) || !is_known(level, expr))
			add_scan_column(level, expr);
	}
	set_pathtarget_cost_width(root, level->input);
}


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

	input = (Path *) create_projection_path(root, input_rel,
											(Path *) linitial(input_rel->partial_pathlist),
											level->input);
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

/* Expressions without our calls, and the functions that are called. */
static Node *
without_calls(Node *node, void *context)
{
	if (node == NULL)
		return NULL;
	if (IsA(node, WindowFunc))
	{
		WindowFunc *call = (WindowFunc *) node;

		/* its arguments are in the list on their own */
		return (Node *) makeFuncExpr(call->winfnoid, call->wintype, NIL, call->wincollid,
									 call->inputcollid, COERCE_EXPLICIT_CALL);
	}
	return expression_tree_mutator(node, without_calls, context);
}

/*
 * May workers compute all that this level asks for?  Any window function is
 * restricted to the leader, by core, as it needs all rows of its partition:
 * the node gives it just these.
 */
static bool
is_level_parallel_safe(PlannerInfo *root, SznLevel *level)
{
	List	   *exprs = list_concat_copy(root->upper_targets[UPPERREL_WINDOW]->exprs,
										 level->input->exprs);

	exprs = list_concat(exprs, level->call->args);
	return is_parallel_safe(root, without_calls((Node *) exprs, NULL));
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
	List	   *calls = window_calls(root->upper_targets[UPPERREL_WINDOW]->exprs);
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
	reason = check_level(root, calls, level);
	if (reason)
	{
		if (debug_require_session_scan)
			error_not_usable(reason);
		return;
	}

	level->all_history = szn_time_range_refusal(root);
	make_targets(root, level);
	if (debug_require_session_scan)
		window_rel->pathlist = NIL;

	/* core says no, since it would compute a window function by itself */
	level->parallel_safe = input_rel->consider_parallel && is_level_parallel_safe(root, level);
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
			add_scan_path(root, window_rel, level, SZN_MODE_PARTITIONED, input, NIL);
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
							 "They do so in place of sequential scans below them.",
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
