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
 * first, and that may fail (1 / (event_count - 3)).  See guard_groups().
 *
 * Not the same as in all history are session numbers, and why a session
 * started (`first` instead of `end` or `inactivity`); and with max_duration
 * a start depends on all before it.  Where such a thing is asked for, all
 * history is read.  Everything that is refused stands here under its reason.
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
#include "access/sysattr.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/tlist.h"
#include "parser/parsetree.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

#include "engine/planner.h"
#include "engine/time_range.h"
#include "functions/look_back.h"

bool		szn_enable_time_range = true;

/* A query level with our window functions, and what is above it. */
typedef struct SznRange
{
	PlannerInfo *root;
	PlannerInfo *above;
	List	   *calls;			/* all WindowFuncs */
	WindowFunc *call;			/* one of ours */
	WindowClause *window;
	Node	   *time;			/* the event time, on this level */
	TypeCacheEntry *time_type;

	/* if this level is all that the one above reads */
	Index		relid;			/* in the level above; 0: it is not */

	List	   *bounds;			/* expressions: what starts earlier is dropped */
	List	   *clauses;		/* the conditions above that say so */
	bool		of_groups;		/* they are about groups' first events */
} SznRange;


/*
 * This level and the one above
 */

static Node *
argument(SznRange *range, int number)
{
	return (Node *) list_nth(range->call->args, number);
}

/* Which column of ours a target is; false if it is none. */
static bool
is_call(TargetEntry *target, SznSource *source)
{
	return target != NULL && IsA(target->expr, WindowFunc) &&
		szn_source_of_call((WindowFunc *) target->expr, source);
}

/* Does this level call our window functions?  Then "range" is about it. */
static bool
begin_range(PlannerInfo *root, SznRange *range)
{
	Query	   *parse = root->parse;
	ListCell   *cell;

	if (!parse->hasWindowFuncs || root->parent_root == NULL)
		return false;

	MemSet(range, 0, sizeof(*range));
	range->root = root;
	range->above = root->parent_root;
	foreach(cell, pull_var_clause((Node *) root->processed_tlist,
								  PVC_RECURSE_AGGREGATES | PVC_INCLUDE_WINDOWFUNCS |
								  PVC_INCLUDE_PLACEHOLDERS))
	{
		SznSource	source;

		if (!IsA(lfirst(cell), WindowFunc))
			continue;
		range->calls = lappend(range->calls, lfirst(cell));
		if (range->call == NULL &&
			szn_source_of_call(lfirst_node(WindowFunc, cell), &source))
			range->call = lfirst_node(WindowFunc, cell);
	}
	if (range->call == NULL || list_length(range->call->args) != SZN_NUM_ARGS)
		return false;

	foreach(cell, parse->windowClause)
	{
		WindowClause *window = lfirst_node(WindowClause, cell);

		if (window->winref == range->call->winref)
			range->window = window;
	}
	if (range->window == NULL)
		return false;

	range->time = argument(range, SZN_ARG_TIME);
	range->time_type = lookup_type_cache(exprType(range->time), TYPECACHE_BTREE_OPFAMILY);
	return OidIsValid(range->time_type->btree_opf);
}

/*
 * The relations of a level that this query, a sub-select of it, may be.
 *
 * Core does not tell which relation it plans a sub-select for.  It is one
 * that has no plan yet, and the same columns; mostly there is only one.
 */
static List *
possible_relations(PlannerInfo *above, Query *query)
{
	List	   *relations = NIL;

	/* a CTE, or a sub-select in an expression: planned before relations are */
	if (above == NULL || above->simple_rel_array == NULL)
		return NIL;

	/* there the relations are not what they seem */
	if (above->parse->setOperations != NULL)
		return NIL;

	for (int i = 1; i < above->simple_rel_array_size; i++)
	{
		RelOptInfo *rel = above->simple_rel_array[i];
		RangeTblEntry *entry = above->simple_rte_array[i];
		bool		same = true;
		ListCell   *cell;
		ListCell   *other;

		if (rel == NULL || entry->rtekind != RTE_SUBQUERY || entry->inh ||
			rel->subroot != NULL || IS_DUMMY_REL(rel) || entry->subquery == NULL ||
			list_length(entry->subquery->targetList) != list_length(query->targetList))
			continue;
		forboth(cell, entry->subquery->targetList, other, query->targetList)
		{
			const char *name = lfirst_node(TargetEntry, cell)->resname;
			const char *other_name = lfirst_node(TargetEntry, other)->resname;

			same &= strcmp(name ? name : "", other_name ? other_name : "") == 0;
		}
		if (same)
			relations = lappend(relations, rel);
	}
	return relations;
}

/* Is this "column IS NOT NULL"? */
static bool
is_test_not_null(Node *clause, Index relid, AttrNumber column)
{
	NullTest   *test = (NullTest *) clause;
	Var		   *var;

	if (!IsA(clause, NullTest) || test->nulltesttype != IS_NOT_NULL ||
		!IsA(test->arg, Var))
		return false;
	var = (Var *) test->arg;
	return var->varno == (int) relid && var->varlevelsup == 0 && var->varattno == column;
}

/*
 * Does the level above make use of this column of a query, other than to drop
 * rows where it is NULL?
 */
static bool
is_column_used(PlannerInfo *root, AttrNumber column)
{
	List	   *relations = possible_relations(root->parent_root, root->parse);
	ListCell   *cell;

	if (relations == NIL)
		return true;

	foreach(cell, relations)
	{
		RelOptInfo *rel = (RelOptInfo *) lfirst(cell);
		Bitmapset  *used = NULL;
		ListCell   *clause_cell;

		/* just what core goes by when it leaves out columns */
		pull_varattnos((Node *) rel->reltarget->exprs, rel->relid, &used);
		foreach(clause_cell, rel->baserestrictinfo)
		{
			Node	   *clause = (Node *) lfirst_node(RestrictInfo, clause_cell)->clause;

			if (!is_test_not_null(clause, rel->relid, column))
				pull_varattnos(clause, rel->relid, &used);
		}
		if (bms_is_member(column - FirstLowInvalidHeapAttributeNumber, used) ||
			bms_is_member(InvalidAttrNumber - FirstLowInvalidHeapAttributeNumber, used))
			return true;
	}
	return false;
}

/* If the level above reads nothing but this one: which relation that is. */
static Index
only_relation_above(SznRange *range)
{
	PlannerInfo *above = range->above;
	FromExpr   *jointree = above->parse->jointree;
	Index		relid;

	if (above->simple_rel_array == NULL || above->parse->setOperations != NULL ||
		list_length(jointree->fromlist) != 1 ||
		!IsA(linitial(jointree->fromlist), RangeTblRef))
		return 0;
	relid = linitial_node(RangeTblRef, jointree->fromlist)->rtindex;
	if (relid >= (Index) above->simple_rel_array_size ||
		above->simple_rel_array[relid] == NULL ||
		above->simple_rel_array[relid]->subroot != NULL ||
		above->simple_rte_array[relid]->rtekind != RTE_SUBQUERY ||
		above->simple_rte_array[relid]->inh)
		return 0;
	return relid;
}

/* The column of ours that an expression above is, or NULL. */
static TargetEntry *
column_of(SznRange *range, Index relid, Node *expr)
{
	Var		   *var = (Var *) expr;

	if (expr == NULL || !IsA(expr, Var) || var->varno != (int) relid ||
		var->varlevelsup != 0 || var->varattno <= 0)
		return NULL;
	return get_tle_by_resno(range->root->processed_tlist, var->varattno);
}


/*
 * Bounds
 */

/* Is this the start of the rows' session, as the level above sees it? */
static bool
is_start_of_session(SznRange *range, Index relid, Node *expr)
{
	SznSource	source;

	return is_call(column_of(range, relid, expr), &source) &&
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
	column = column_of(range, relid,
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

/* Note the bound, if the condition is start >= bound, or > or =. */
static void
add_bound(SznRange *range, Index relid, Node *condition,
		  bool (*is_start) (SznRange *range, Index relid, Node *expr))
{
	OpExpr	   *clause = (OpExpr *) condition;
	Oid			operator;
	Node	   *bound;
	int			strategy;

	if (!IsA(condition, OpExpr) || list_length(clause->args) != 2)
		return;
	operator = clause->opno;
	bound = (Node *) lsecond(clause->args);
	if (!is_start(range, relid, (Node *) linitial(clause->args)))
	{
		if (!is_start(range, relid, bound))
			return;
		bound = (Node *) linitial(clause->args);
		operator = get_commutator(operator);
		if (!OidIsValid(operator))
			return;
	}
	strategy = get_op_opfamily_strategy(operator, range->time_type->btree_opf);
	if ((strategy == BTGreaterEqualStrategyNumber ||
		 strategy == BTGreaterStrategyNumber ||
		 strategy == BTEqualStrategyNumber) && is_constant(bound))
	{
		range->bounds = list_append_unique(range->bounds, bound);
		range->clauses = lappend(range->clauses, condition);
	}
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
	List	   *relations = possible_relations(range->above, range->root->parse);
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
			list_intersection(bounds, range->bounds);
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
 * Guards
 */

/* Is this certainly no error as an inactivity? */
static bool
is_span(Const *inactivity)
{
	const Interval *interval;

	if (inactivity->consttype == INT8OID)
		return DatumGetInt64(inactivity->constvalue) >= 0;
	if (inactivity->consttype != INTERVALOID)
		return false;
	interval = DatumGetIntervalP(inactivity->constvalue);
	return !INTERVAL_NOT_FINITE(interval) &&
		interval->month == 0 && interval->day >= 0 && interval->time >= 0;
}

/* Does the level look at the event time of each row anyway? */
static bool
is_time_in_conditions(SznRange *range)
{
	ListCell   *cell;

	foreach(cell, (List *) range->root->parse->jointree->quals)
	{
		Node	   *condition = (Node *) lfirst(cell);

		if (IsA(condition, NullTest) && equal(((NullTest *) condition)->arg, range->time))
			return true;
	}
	return false;
}

/* Are our columns, as far as this level makes them, the same in a range? */
static const char *
check_level(SznRange *range)
{
	Query	   *parse = range->root->parse;
	Node	   *inactivity = argument(range, SZN_ARG_INACTIVITY);
	Node	   *max_duration = argument(range, SZN_ARG_MAX_DURATION);
	SortGroupClause *clause;
	ListCell   *cell;

	if (parse->groupClause != NIL || parse->groupingSets != NIL || parse->hasAggs ||
		parse->havingQual != NULL)
		return "events are grouped";
	if (parse->distinctClause != NIL || parse->limitCount != NULL ||
		parse->limitOffset != NULL || parse->hasTargetSRFs || range->root->rowMarks != NIL)
		return "events are selected after sessions are made of them";

	foreach(cell, range->calls)
	{
		WindowFunc *call = lfirst_node(WindowFunc, cell);
		SznSource	source;

		if (!szn_source_of_call(call, &source))
			return "another window function is called";
		if (call->winref != range->call->winref ||
			!equal(call->args, range->call->args))
			return "the calls differ in their arguments";
		if (call->aggfilter != NULL)
			return "a call has a FILTER";
		if (source == SZN_FROM_STARTED_BY)
			return "started_by is asked for";
	}

	/* frames do not matter, but their offsets may be errors */
	if (range->window->startOffset != NULL || range->window->endOffset != NULL)
		return "the window's frame has an offset";

	/* in any other order the functions know other instants, or fail */
	if (list_length(range->window->orderClause) != 1)
		return "the window is not ordered by the event time alone";
	clause = linitial_node(SortGroupClause, range->window->orderClause);
	if (!equal(get_sortgroupclause_expr(clause, range->root->processed_tlist), range->time) ||
		clause->sortop != lookup_type_cache(exprType(range->time), TYPECACHE_LT_OPR)->lt_opr)
		return "the window is not ordered by the event time alone";

	/* all of an actor's earlier events must be within the same span */
	if (!IsA(inactivity, Const) || ((Const *) inactivity)->constisnull)
		return "inactivity is not constant";
	if (!is_span((Const *) inactivity))
		return "inactivity is not valid";

	/* where such a session is cut depends on where it started */
	if (!IsA(max_duration, Const) || !((Const *) max_duration)->constisnull)
		return "max_duration is set";

	/* it might fail for an event that another condition leaves out */
	if (contain_subplans(range->time) ||
		(contain_leaked_vars(range->time) && !is_time_in_conditions(range)))
		return "the event time may fail where it is not asked for";

	/* nobody knows what else they do, or how often */
	if (contain_volatile_functions((Node *) range->root->processed_tlist) ||
		contain_volatile_functions((Node *) parse->jointree))
		return "an expression is volatile";

	return NULL;
}

/* Is this one of the conditions that PARTITION BY and GROUP BY agree on? */
static bool
is_actor(SznRange *range, TargetEntry *column, Oid equality, Oid collation)
{
	ListCell   *cell;

	foreach(cell, range->window->partitionClause)
	{
		SortGroupClause *clause = lfirst_node(SortGroupClause, cell);
		Node	   *expr = get_sortgroupclause_expr(clause, range->root->processed_tlist);

		if (equal(expr, column->expr) &&
			(!OidIsValid(equality) ||
			 (clause->eqop == equality && exprCollation(expr) == collation)))
			return true;
	}
	return false;
}

/* Are the groups of the level above sessions, each with all its events? */
static const char *
check_groups(SznRange *range)
{
	Query	   *above = range->above->parse;
	Node	   *require_restart = argument(range, SZN_ARG_REQUIRE_RESTART);
	Bitmapset  *found = NULL;
	bool		by_number = false;
	bool		has_number = false;
	ListCell   *cell;
	int			num_actors = 0;

	foreach(cell, above->groupClause)
	{
		SortGroupClause *clause = lfirst_node(SortGroupClause, cell);
		Node	   *expr = get_sortgroupclause_expr(clause, range->above->processed_tlist);
		TargetEntry *column = column_of(range, range->relid, expr);
		SznSource	source;

		if (column == NULL)
			return "groups are not sessions";
		if (is_call(column, &source))
		{
			if (source != SZN_FROM_NUMBER)
				return "groups are not sessions";
			by_number = true;
		}
		else if (is_actor(range, column, clause->eqop, exprCollation(expr)))
			found = bms_add_member(found, column->resno);
		else
			return "groups are not sessions";
	}
	foreach(cell, range->window->partitionClause)
	{
		Node	   *expr = get_sortgroupclause_expr(lfirst_node(SortGroupClause, cell),
													range->root->processed_tlist);
		int			resno = -1;
		bool		is_found = false;

		while ((resno = bms_next_member(found, resno)) >= 0)
			is_found |= equal(get_tle_by_resno(range->root->processed_tlist, resno)->expr,
							  expr);
		if (!is_found)
			return "groups are not sessions";
		num_actors++;
	}
	if (!by_number)
		return "groups are not sessions";

	/*
	 * Events filtered out above would be missing in what looks like the
	 * start.  Conditions on the actor leave whole actors; one on the number
	 * can be about sessions or not.
	 */
	foreach(cell, (List *) above->jointree->quals)
	{
		Node	   *condition = (Node *) lfirst(cell);
		ListCell   *var_cell;
		SznSource	source;

		if (IsA(condition, NullTest) &&
			is_call(column_of(range, range->relid, (Node *) ((NullTest *) condition)->arg),
					&source) && source == SZN_FROM_NUMBER &&
			((NullTest *) condition)->nulltesttype == IS_NOT_NULL)
		{
			has_number = true;
			continue;
		}
		if (contain_volatile_functions(condition))
			return "an expression is volatile";
		foreach(var_cell, pull_var_clause(condition, PVC_RECURSE_PLACEHOLDERS))
		{
			TargetEntry *column = column_of(range, range->relid, (Node *) lfirst(var_cell));

			if (is_call(column, &source) && source == SZN_FROM_NUMBER)
				return "session_number is asked for";
			if (column == NULL || !is_actor(range, column, InvalidOid, InvalidOid))
				return "events are filtered after sessions are made of them";
		}
	}

	if (contain_volatile_functions(above->havingQual))
		return "an expression is volatile";

	/* the events outside sessions would be a group of the actor's */
	if ((!IsA(require_restart, Const) ||
		 (!((Const *) require_restart)->constisnull &&
		  DatumGetBool(((Const *) require_restart)->constvalue))) && !has_number)
		return "events outside sessions are grouped, too";

	return NULL;
}

/* Does any of these expressions use the session's number? */
static bool
uses_number(SznRange *range, Node *exprs)
{
	ListCell   *cell;

	foreach(cell, pull_var_clause(exprs, PVC_RECURSE_AGGREGATES |
								  PVC_RECURSE_WINDOWFUNCS | PVC_RECURSE_PLACEHOLDERS))
	{
		SznSource	source;

		if (is_call(column_of(range, range->relid, (Node *) lfirst(cell)), &source) &&
			source == SZN_FROM_NUMBER)
			return true;
	}
	return false;
}

static bool
is_in_clauses(List *clauses, Index reference)
{
	ListCell   *cell;

	foreach(cell, clauses)
	{
		if (lfirst_node(SortGroupClause, cell)->tleSortGroupRef == reference)
			return true;
	}
	return false;
}

static bool
function_may_fail(Oid function, void *context)
{
	SznRange   *range = (SznRange *) context;

	return !get_func_leakproof(function) &&
		get_func_namespace(function) != get_func_namespace(range->call->winfnoid);
}

/*
 * May this fail for a session, or for a session's event, that does not exist?
 * What cannot leak cannot fail, and our own functions take whatever there is.
 */
static bool
may_fail(Node *node, SznRange *range)
{
	if (node == NULL)
		return false;
	switch (nodeTag(node))
	{
		case T_Aggref:
		case T_Var:
		case T_Const:
		case T_Param:
			return false;
		case T_OpExpr:
		case T_DistinctExpr:
		case T_NullIfExpr:
		case T_ScalarArrayOpExpr:
		case T_FuncExpr:
		case T_CoerceViaIO:
		case T_BoolExpr:
		case T_NullTest:
		case T_BooleanTest:
		case T_RelabelType:
		case T_CaseExpr:
		case T_CaseWhen:
		case T_CaseTestExpr:
		case T_CoalesceExpr:
		case T_ArrayExpr:
		case T_List:
			break;
		default:
			return true;
	}
	if (check_functions_in_node(node, function_may_fail, range))
		return true;
	return expression_tree_walker(node, may_fail, (void *) range);
}

/*
 * The conditions on groups, those that may fail behind those on the start.
 */
static List *
guard_groups(SznRange *range, List *having)
{
	List	   *result = NIL;
	List	   *guarded = NIL;
	CaseWhen   *when;
	CaseExpr   *expr;
	ListCell   *cell;

	foreach(cell, having)
	{
		if (may_fail((Node *) lfirst(cell), range) &&
			!list_member(range->clauses, lfirst(cell)))
			guarded = lappend(guarded, lfirst(cell));
		else
			result = lappend(result, lfirst(cell));
	}
	if (guarded == NIL)
		return having;

	when = makeNode(CaseWhen);
	when->expr = make_ands_explicit(copyObject(range->clauses));
	when->result = make_ands_explicit(guarded);
	when->location = -1;
	expr = makeNode(CaseExpr);
	expr->casetype = BOOLOID;
	expr->casecollid = InvalidOid;
	expr->args = list_make1(when);
	expr->defresult = (Expr *) makeBoolConst(false, false);
	expr->location = -1;
	return lappend(result, expr);
}

/* May another condition on our rows fail for what is no session? */
static bool
rows_may_fail(SznRange *range)
{
	ListCell   *cell;
	ListCell   *clause_cell;

	foreach(cell, possible_relations(range->above, range->root->parse))
	{
		foreach(clause_cell, ((RelOptInfo *) lfirst(cell))->baserestrictinfo)
		{
			Node	   *clause = (Node *) lfirst_node(RestrictInfo, clause_cell)->clause;

			if (may_fail(clause, range) && !list_member(range->clauses, clause))
				return true;
		}
	}
	return false;
}

/*
 * Is the number nothing but a part of what the level above groups by?  Then
 * it does not matter where it begins to count.
 */
static bool
is_number_hidden(SznRange *range)
{
	Query	   *above = range->above->parse;
	ListCell   *cell;

	if (range->relid == 0 || above->groupClause == NIL || above->groupingSets != NIL)
		return false;
	if (uses_number(range, above->havingQual))
		return false;
	foreach(cell, range->root->processed_tlist)
	{
		TargetEntry *target = lfirst_node(TargetEntry, cell);
		SznSource	source;

		/* in an expression it cannot be followed */
		if (contain_window_function((Node *) target->expr) && !is_call(target, &source))
			return false;
	}
	foreach(cell, range->above->processed_tlist)
	{
		TargetEntry *target = lfirst_node(TargetEntry, cell);
		ListCell   *window_cell;

		if (!uses_number(range, (Node *) target->expr))
			continue;
		if (!IsA(target->expr, Var) ||
			is_in_clauses(above->sortClause, target->ressortgroupref) ||
			is_in_clauses(above->distinctClause, target->ressortgroupref) ||
			!is_in_clauses(above->groupClause, target->ressortgroupref))
			return false;
		foreach(window_cell, above->windowClause)
		{
			WindowClause *window = lfirst_node(WindowClause, window_cell);

			if (is_in_clauses(window->partitionClause, target->ressortgroupref) ||
				is_in_clauses(window->orderClause, target->ressortgroupref))
				return false;
		}
		if (!target->resjunk && is_column_used(range->above, target->resno))
			return false;
	}
	return true;
}

/*
 * Do rows above not show the number at all?  If bounds are about rows, those
 * outside sessions are dropped in any case.
 */
static bool
is_number_unused(SznRange *range)
{
	ListCell   *cell;

	if (range->of_groups)
		return false;
	foreach(cell, range->root->processed_tlist)
	{
		TargetEntry *target = lfirst_node(TargetEntry, cell);
		SznSource	source;

		if (!contain_window_function((Node *) target->expr) ||
			(is_call(target, &source) && source != SZN_FROM_NUMBER))
			continue;
		if (target->resjunk || is_column_used(range->root, target->resno))
			return false;
	}
	return true;
}

/* Are our numbers asked for? */
static const char *
check_number(SznRange *range)
{
	bool		is_called = false;
	ListCell   *cell;

	foreach(cell, range->calls)
	{
		SznSource	source;

		is_called |= szn_source_of_call(lfirst_node(WindowFunc, cell), &source) &&
			source == SZN_FROM_NUMBER;
	}
	if (!is_called)
		return NULL;

	if (is_number_unused(range))
		return NULL;
	if (!is_number_hidden(range))
		return "session_number is asked for";
	return check_groups(range);
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
		types[1] = exprType(argument(range, SZN_ARG_INACTIVITY));
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
condition_on_events(SznRange *range, Node *bound)
{
	Node	   *time = range->time;
	Oid			function;
	Oid			operator;
	Expr	   *condition;

	bound = (Node *) copyObject(bound);
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
								  list_make2(bound, copyObject(argument(range, SZN_ARG_INACTIVITY))),
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
	if (!begin_range(root, range))
		return NULL;
	range->relid = only_relation_above(range);
	find_bounds_of_rows(range);
	if (range->bounds == NIL)
		find_bounds_of_groups(range);
	if (range->bounds == NIL)
		return NULL;

	if (!szn_enable_time_range)
		return "sessionize.enable_time_range is off";
	reason = check_level(range);
	if (reason == NULL)
		reason = check_number(range);
	if (reason == NULL && range->of_groups)
		reason = check_groups(range);
	if (reason == NULL && !range->of_groups && rows_may_fail(range))
		reason = "another condition may fail for a session that is not whole";
	if (reason != NULL)
		return reason;

	foreach(cell, range->bounds)
	{
		Node	   *condition = condition_on_events(range, (Node *) lfirst(cell));

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
			guard_groups(&range, (List *) range.above->parse->havingQual);
}

/*
 * Why a condition on sessions' starts does not reach the events of this
 * level; NULL if it does, or if there is none.
 */
const char *
szn_time_range_refusal(PlannerInfo *root)
{
	SznRange	range;
	List	   *conditions;

	return find_conditions(root, &range, &conditions);
}
