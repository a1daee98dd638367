/*-------------------------------------------------------------------------
 *
 * level.c
 *	  A query level that the node "Session Scan" may do: whether it can, and what
 *	  goes in and comes out.
 *
 * The answer must be the one that core's plan gives.  So whatever is not
 * plainly the case that the node was made for is refused, each guard under its
 * reason, and core's plan stays alone.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/tlist.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

#include "compat.h"
#include "engine/planner.h"
#include "engine/time_range.h"
#include "functions/window.h"


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
List *
szn_window_calls(List *exprs)
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
const char *
szn_check_level(PlannerInfo *root, List *calls, SznLevel *level)
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
void
szn_make_targets(PlannerInfo *root, SznLevel *level)
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
 * In several processes
 */

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
bool
szn_is_level_parallel_safe(PlannerInfo *root, SznLevel *level)
{
	List	   *exprs = list_concat_copy(root->upper_targets[UPPERREL_WINDOW]->exprs,
										 level->input->exprs);

	exprs = list_concat(exprs, level->call->args);
	return is_parallel_safe(root, without_calls((Node *) exprs, NULL));
}
