/*-------------------------------------------------------------------------
 *
 * range_guards.c
 *	  Of time ranges: what needs all history, and why.
 *
 * Each refusal stands here under its reason; EXPLAIN VERBOSE shows the reasons,
 * and docs/time_ranges.md says what can be done about them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "optimizer/tlist.h"
#include "parser/parsetree.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

#include "engine/time_range.h"


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

/* Are this level's rows events, all of them, computed without side effects? */
static const char *
check_rows(SznRange *range)
{
	Query	   *parse = range->root->parse;

	if (parse->groupClause != NIL || parse->groupingSets != NIL || parse->hasAggs ||
		parse->havingQual != NULL)
		return "events are grouped";
	if (parse->distinctClause != NIL || parse->limitCount != NULL ||
		parse->limitOffset != NULL || parse->hasTargetSRFs || range->root->rowMarks != NIL)
		return "events are selected after sessions are made of them";

	/* frames do not matter, but their offsets may be errors */
	if (range->window->startOffset != NULL || range->window->endOffset != NULL)
		return "the window's frame has an offset";

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

/* Are our columns, as far as this level makes them, functions of the events? */
static const char *
check_level(SznRange *range)
{
	Node	   *inactivity = szn_range_argument(range, SZN_ARG_INACTIVITY);
	const char *reason = check_rows(range);
	SortGroupClause *clause;
	ListCell   *cell;

	if (reason != NULL)
		return reason;

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
	}

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

/* Does the level above group by each part of the actor? */
static bool
is_grouped_by_actor(SznRange *range)
{
	Query	   *above = range->above->parse;
	ListCell   *cell;
	ListCell   *group_cell;

	foreach(cell, range->window->partitionClause)
	{
		Node	   *part = get_sortgroupclause_expr(lfirst_node(SortGroupClause, cell),
													range->root->processed_tlist);
		bool		is_found = false;

		foreach(group_cell, above->groupClause)
		{
			SortGroupClause *clause = lfirst_node(SortGroupClause, group_cell);
			Node	   *expr = get_sortgroupclause_expr(clause, range->above->processed_tlist);
			TargetEntry *column = szn_column_of(range, range->relid, expr);

			is_found |= column != NULL && equal(column->expr, part) &&
				is_actor(range, column, clause->eqop, exprCollation(expr));
		}
		if (!is_found)
			return false;
	}
	return true;
}

/*
 * Are the groups of the level above sessions, each with all its events?  If
 * numbers are not those of all history, nothing else may use them.
 */
static const char *
check_groups(SznRange *range, bool with_numbers)
{
	Query	   *above = range->above->parse;
	bool		by_number = false;
	bool		has_number = false;
	ListCell   *cell;

	foreach(cell, above->groupClause)
	{
		SortGroupClause *clause = lfirst_node(SortGroupClause, cell);
		Node	   *expr = get_sortgroupclause_expr(clause, range->above->processed_tlist);
		TargetEntry *column = szn_column_of(range, range->relid, expr);
		SznSource	source;

		if (column == NULL)
			return "groups are not sessions";
		if (szn_is_call(column, &source))
		{
			if (source != SZN_FROM_NUMBER)
				return "groups are not sessions";
			by_number = true;
		}
		else if (!is_actor(range, column, clause->eqop, exprCollation(expr)))
			return "groups are not sessions";
	}
	if (!by_number || !is_grouped_by_actor(range))
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
			szn_is_call(szn_column_of(range, range->relid, (Node *) ((NullTest *) condition)->arg),
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
			TargetEntry *column = szn_column_of(range, range->relid, (Node *) lfirst(var_cell));

			if (szn_is_call(column, &source) && source == SZN_FROM_NUMBER)
			{
				if (with_numbers)
					continue;
				return "session_number is asked for";
			}
			if (column == NULL || !is_actor(range, column, InvalidOid, InvalidOid))
				return "events are filtered after sessions are made of them";
		}
	}

	if (contain_volatile_functions(above->havingQual))
		return "an expression is volatile";

	/* the events outside sessions would be a group of the actor's */
	if (szn_may_be_outside(range->call) && !has_number)
		return "events outside sessions are grouped, too";

	return NULL;
}

/* Does any of these expressions above use a column of ours, or, if wanted, that one? */
static bool
uses_column(SznRange *range, Node *exprs, const SznSource *wanted)
{
	ListCell   *cell;

	foreach(cell, pull_var_clause(exprs, PVC_RECURSE_AGGREGATES |
								  PVC_RECURSE_WINDOWFUNCS | PVC_RECURSE_PLACEHOLDERS))
	{
		SznSource	source;

		if (szn_is_call(szn_column_of(range, range->relid, (Node *) lfirst(cell)), &source) &&
			(wanted == NULL || source == *wanted))
			return true;
	}
	return false;
}

/* ... the session's number? */
static bool
uses_number(SznRange *range, Node *exprs)
{
	const SznSource number = SZN_FROM_NUMBER;

	return uses_column(range, exprs, &number);
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
		case T_WindowFunc:
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
 * The conditions on groups, those that may fail behind the bounds.
 */
List *
szn_guard_groups(SznRange *range, List *having)
{
	List	   *result = NIL;
	List	   *guarded = NIL;
	List	   *bounds = NIL;
	CaseWhen   *when;
	CaseExpr   *expr;
	ListCell   *cell;

	foreach(cell, having)
	{
		if (szn_is_bound(range, (Node *) lfirst(cell)))
			bounds = lappend(bounds, lfirst(cell));
		if (may_fail((Node *) lfirst(cell), range) &&
			!szn_is_bound(range, (Node *) lfirst(cell)))
			guarded = lappend(guarded, lfirst(cell));
		else
			result = lappend(result, lfirst(cell));
	}
	if (guarded == NIL)
		return having;

	when = makeNode(CaseWhen);
	when->expr = make_ands_explicit(copyObject(bounds));
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

/* Is something made of our columns, in an aggregate, that may fail? */
static bool
aggregates_may_fail(Node *node, SznRange *range)
{
	Aggref	   *aggregate = (Aggref *) node;
	ListCell   *cell;

	if (node == NULL)
		return false;
	if (!IsA(node, Aggref))
		return expression_tree_walker(node, aggregates_may_fail, (void *) range);
	foreach(cell, aggregate->args)
	{
		Node	   *expr = (Node *) lfirst_node(TargetEntry, cell)->expr;

		if (uses_column(range, expr, NULL) && may_fail(expr, range))
			return true;
	}
	return uses_column(range, (Node *) aggregate->aggfilter, NULL) &&
		may_fail((Node *) aggregate->aggfilter, range);
}

/*
 * Is something else made of our columns, before sessions that are not whole
 * are dropped, that may fail for these?
 */
static bool
targets_may_fail(SznRange *range)
{
	ListCell   *cell;

	foreach(cell, range->root->processed_tlist)
	{
		Node	   *expr = (Node *) lfirst_node(TargetEntry, cell)->expr;

		if (contain_window_function(expr) && may_fail(expr, range))
			return true;
	}
	return range->of_groups &&
		(aggregates_may_fail((Node *) range->above->processed_tlist, range) ||
		 aggregates_may_fail(range->above->parse->havingQual, range));
}

/* May another condition on our rows fail for what is no session? */
static bool
rows_may_fail(SznRange *range)
{
	ListCell   *cell;
	ListCell   *clause_cell;

	foreach(cell, szn_possible_relations(range->above, range->root->parse))
	{
		foreach(clause_cell, ((RelOptInfo *) lfirst(cell))->baserestrictinfo)
		{
			Node	   *clause = (Node *) lfirst_node(RestrictInfo, clause_cell)->clause;

			if (may_fail(clause, range) && !szn_is_bound(range, clause))
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
		if (contain_window_function((Node *) target->expr) && !szn_is_call(target, &source))
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
		if (!target->resjunk && szn_is_column_used(range->above, target->resno))
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
			(szn_is_call(target, &source) && source != SZN_FROM_NUMBER))
			continue;
		if (target->resjunk || szn_is_column_used(range->root, target->resno))
			return false;
	}
	return true;
}

/* Is this column of ours asked for? */
static bool
is_called(SznRange *range, SznSource wanted)
{
	ListCell   *cell;

	foreach(cell, range->calls)
	{
		SznSource	source;

		if (szn_source_of_call(lfirst_node(WindowFunc, cell), &source) && source == wanted)
			return true;
	}
	return false;
}

/* Are our numbers asked for? */
static const char *
check_number(SznRange *range)
{
	if (!is_called(range, SZN_FROM_NUMBER))
		return NULL;

	if (is_number_unused(range))
		return NULL;
	if (!is_number_hidden(range))
		return "session_number is asked for";
	return check_groups(range, false);
}

/* Is there certainly a max_duration, and no error in it? */
bool
szn_has_max_duration(SznRange *range)
{
	Const	   *max_duration = (Const *) szn_range_argument(range, SZN_ARG_MAX_DURATION);

	return IsA(max_duration, Const) && !max_duration->constisnull && is_span(max_duration);
}

/* Why events before the start of a range must be read, or NULL. */
const char *
szn_check_lower(SznRange *range)
{
	Const	   *max_duration = (Const *) szn_range_argument(range, SZN_ARG_MAX_DURATION);
	const char *reason = check_level(range);

	if (reason == NULL && is_called(range, SZN_FROM_STARTED_BY))
		reason = "started_by is asked for";

	if (reason == NULL && !szn_has_max_duration(range) &&
		(!IsA(max_duration, Const) || !max_duration->constisnull))
		reason = "max_duration is not constant";
	if (reason == NULL)
		reason = check_number(range);
	if (reason == NULL && range->of_groups)
		reason = check_groups(range, false);
	if (reason == NULL && !range->of_groups && rows_may_fail(range))
		reason = "another condition may fail for a session that is not whole";
	if (reason == NULL && targets_may_fail(range))
		reason = "an expression may fail for a session that is not whole";
	return reason;
}

/* Why events after the end of a range must be read, or NULL. */
const char *
szn_check_upper(SznRange *range)
{
	const char *reason = check_level(range);

	/* that a restart comes, or anything at all, may be known much later */
	if (reason == NULL && is_called(range, SZN_FROM_ENDED_BY))
		reason = "ended_by is asked for";
	if (reason == NULL && range->of_groups)
		reason = check_groups(range, true);
	if (reason == NULL && !range->of_groups && rows_may_fail(range))
		reason = "another condition may fail for a session that is not whole";
	if (reason == NULL && targets_may_fail(range))
		reason = "an expression may fail for a session that is not whole";
	return reason;
}

/* Do the level's conditions keep out rows where this is NULL? */
static bool
is_known_not_null(List *quals, Node *expr)
{
	ListCell   *cell;

	foreach(cell, quals)
	{
		NullTest   *test = (NullTest *) lfirst(cell);

		if (IsA(test, NullTest) && test->nulltesttype == IS_NOT_NULL &&
			!test->argisrow && equal(test->arg, expr))
			return true;
	}
	return false;
}

/* Is it one and the same actor whose rows are in a partition of this window? */
static bool
is_within_actor(SznRange *range, Index winref)
{
	WindowClause *window = NULL;
	ListCell   *cell;
	ListCell   *other_cell;

	foreach(cell, range->root->parse->windowClause)
	{
		if (lfirst_node(WindowClause, cell)->winref == winref)
			window = lfirst_node(WindowClause, cell);
	}
	if (window == NULL)
		return false;

	foreach(cell, range->window->partitionClause)
	{
		SortGroupClause *part = lfirst_node(SortGroupClause, cell);
		bool		is_found = false;

		foreach(other_cell, window->partitionClause)
		{
			SortGroupClause *other = lfirst_node(SortGroupClause, other_cell);

			is_found |= other->eqop == part->eqop &&
				equal(get_sortgroupclause_expr(other, range->root->processed_tlist),
					  get_sortgroupclause_expr(part, range->root->processed_tlist));
		}
		if (!is_found)
			return false;
	}
	return true;
}

/* Are there conditions above whose number of calls can be seen? */
static bool
is_volatile_above(SznRange *range)
{
	Query	   *above = range->above->parse;
	ListCell   *cell;
	ListCell   *clause_cell;

	if (range->of_groups)
		return contain_volatile_functions((Node *) above->jointree) ||
			contain_volatile_functions(above->havingQual);
	foreach(cell, szn_possible_relations(range->above, range->root->parse))
	{
		foreach(clause_cell, ((RelOptInfo *) lfirst(cell))->baserestrictinfo)
		{
			if (contain_volatile_functions((Node *)
										   lfirst_node(RestrictInfo, clause_cell)->clause))
				return true;
		}
	}
	return false;
}

/*
 * Why actors without an event in the range cannot be left out, or NULL.
 * "quals" are all conditions on events.
 */
const char *
szn_check_actors(SznRange *range, RangeTblEntry *table, List *quals)
{
	const char *reason = check_rows(range);
	ListCell   *cell;

	if (reason != NULL)
		return reason;

	/* a sample would be another one, and so may be what a server sends */
	if (table == NULL || table->tablesample != NULL ||
		get_rel_relkind(table->relid) == RELKIND_FOREIGN_TABLE)
		return "the source is not a table";
	if (contain_subplans((Node *) table->securityQuals))
		return "a policy has a sub-select";
	if (contain_volatile_functions((Node *) table->securityQuals) ||
		is_volatile_above(range))
		return "an expression is volatile";

	/* no row may depend on other actors' */
	if (range->window->partitionClause == NIL)
		return "there is no actor";
	foreach(cell, range->calls)
	{
		WindowFunc *call = lfirst_node(WindowFunc, cell);
		SznSource	source;

		if (szn_source_of_call(call, &source) && !equal(call->args, range->call->args))
			return "the calls differ in their arguments";
		if (!is_within_actor(range, call->winref))
			return "a window is about several actors";
	}
	if (range->of_groups && !is_grouped_by_actor(range))
		return "groups are not of one actor";

	/* NULL is an actor for PARTITION BY, but equal to none */
	foreach(cell, range->window->partitionClause)
	{
		Node	   *part = get_sortgroupclause_expr(lfirst_node(SortGroupClause, cell),
													range->root->processed_tlist);

		if (contain_subplans(part))
			return "an actor has a sub-select";
		if (!is_known_not_null(quals, part))
			return "the actor may be null";
	}
	return NULL;
}
