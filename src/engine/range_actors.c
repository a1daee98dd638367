/*-------------------------------------------------------------------------
 *
 * range_actors.c
 *	  Of time ranges: all history, but only that of the actors in the range.
 *
 * The start and the end of a session, and an event's own time, are each the
 * time of an event.  So where all that is dropped has none that is at X or
 * later (or before X, or at it), an actor without such an event comes to
 * nothing: not to one session, not to one row.  To leave out all its events
 * changes nothing for other actors, and theirs are read whole: numbers,
 * reasons, max_duration and whatever else is asked for are as ever.
 *
 * The level reads a table, say
 *
 *		FROM events AS e
 *
 * and gets a semijoin with the same table, under the same conditions, those
 * of row-level security too:
 *
 *		FROM events AS e SEMI JOIN events AS w
 *			ON e.actor = w.actor AND w.time >= X AND (conditions on w)
 *
 * just what core makes of "actor IN (SELECT ...)".  How it is done is up to
 * core; an index on (actor, time) is what makes it of use.  Whether it is
 * done at all depends on the costs: core plans the scans of the level both
 * ways, the way it does for min() and max(), before it plans it for good.
 *
 * What must be so for it, and is not, is in range_guards.c.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/planmain.h"
#include "optimizer/tlist.h"
#include "parser/parsetree.h"
#include "rewrite/rewriteManip.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"

#include "compat.h"
#include "engine/time_range.h"

bool		szn_debug_choose_actors = false;


/*
 * Conditions on the event that an actor must have
 */

static bool
is_same_time(const SznBound *bound, const SznBound *other)
{
	return bound->column == other->column && bound->aggregate == other->aggregate;
}

/*
 * The bounds that one event must meet: those on one and the same time.  That
 * with a bound on both sides is taken, or else one that says from when.
 */
static List *
bounds_on_one_time(SznRange *range)
{
	List	   *best = NIL;
	int			best_value = 0;
	ListCell   *cell;
	ListCell   *other_cell;

	foreach(cell, range->bounds)
	{
		List	   *bounds = NIL;
		bool		has_lower = false;
		bool		has_upper = false;
		int			value;

		foreach(other_cell, range->bounds)
		{
			SznBound   *other = (SznBound *) lfirst(other_cell);

			if (!is_same_time((SznBound *) lfirst(cell), other))
				continue;
			bounds = lappend(bounds, other);
			has_lower |= szn_is_lower(other);
			has_upper |= szn_is_upper(other);
		}
		value = (has_lower ? 2 : 0) + (has_upper ? 1 : 0);
		if (value > best_value)
		{
			best = bounds;
			best_value = value;
		}
	}
	return best;
}

/* The condition on the event time that a bound is; NULL if there is none. */
static Node *
condition_on_event(SznRange *range, const SznBound *bound)
{
	Node	   *time = range->time;
	Oid			operator = bound->operator;
	Expr	   *condition;

	/* as far back as the day, or so, may have begun */
	if (bound->is_cut)
		return szn_condition_on_events(range, bound, szn_no_span(range), false);

	/* a date that is read as timestamp may have an index as it is */
	if (IsA(time, FuncExpr) && ((FuncExpr *) time)->funcid == F_TIMESTAMP_DATE)
	{
		Oid			time_type;
		Oid			bound_type;

		time = (Node *) linitial(((FuncExpr *) time)->args);
		op_input_types(operator, &time_type, &bound_type);
		operator = get_opfamily_member(range->time_type->btree_opf, DATEOID, bound_type,
									   bound->strategy);
		if (!OidIsValid(operator))
			return NULL;
	}
	condition = make_opclause(operator, BOOLOID, false, (Expr *) copyObject(time),
							  (Expr *) copyObject(bound->bound), InvalidOid, InvalidOid);
	set_opfuncid((OpExpr *) condition);
	return (Node *) condition;
}

/* The conditions of "quals" that can be asked of a second relation, too. */
List *
szn_repeatable_quals(List *quals)
{
	List	   *result = NIL;
	ListCell   *cell;

	foreach(cell, quals)
	{
		if (!contain_subplans((Node *) lfirst(cell)))
			result = lappend(result, copyObject(lfirst(cell)));
	}
	return result;
}


/*
 * The semijoin
 */

/* An actor's part, as its operator wants it. */
static Expr *
operand(Node *expr, Oid type)
{
	if (exprType(expr) == type || IsPolymorphicType(type))
		return (Expr *) expr;
	return (Expr *) makeRelabelType((Expr *) expr, type, -1, exprCollation(expr),
									COERCE_IMPLICIT_CAST);
}

/* That this part of an actor is this other one, in PARTITION BY's own sense. */
Node *
szn_same_part(const SortGroupClause *clause, Node *part, Node *other)
{
	Oid			left;
	Oid			right;
	Expr	   *condition;

	op_input_types(clause->eqop, &left, &right);
	condition = make_opclause(clause->eqop, BOOLOID, false,
							  operand(part, left), operand(other, right),
							  InvalidOid, exprCollation(part));
	set_opfuncid((OpExpr *) condition);
	return (Node *) condition;
}

/* "actor = actor" of the two relations. */
static List *
actor_conditions(SznRange *range, Index relid, Index other)
{
	List	   *conditions = NIL;
	ListCell   *cell;

	foreach(cell, range->window->partitionClause)
	{
		SortGroupClause *clause = lfirst_node(SortGroupClause, cell);
		Node	   *expr = get_sortgroupclause_expr(clause, range->root->processed_tlist);
		Node	   *other_expr = (Node *) copyObject(expr);

		ChangeVarNodes(other_expr, relid, other, 0);
		conditions = lappend(conditions,
							 szn_same_part(clause, (Node *) copyObject(expr),
												 other_expr));
	}
	return conditions;
}

/*
 * Let the level's table be joined to itself; returns the new relation.  The
 * conditions are those that the second one must meet, about the first one.
 */
static Index
add_semijoin(SznRange *range, Query *parse, Index relid, List *conditions)
{
	RangeTblEntry *entry = (RangeTblEntry *)
		copyObject(list_nth(parse->rtable, relid - 1));
	Index		other = list_length(parse->rtable) + 1;
	RangeTblRef *other_reference = makeNode(RangeTblRef);
	JoinExpr   *join = makeNode(JoinExpr);
	List	   *quals = (List *) copyObject(conditions);

	ChangeVarNodes((Node *) quals, relid, other, 0);
	ChangeVarNodes((Node *) entry->securityQuals, relid, other, 0);
	parse->rtable = lappend(parse->rtable, entry);

	other_reference->rtindex = other;
	join->jointype = JOIN_SEMI;
	join->larg = (Node *) linitial(parse->jointree->fromlist);
	join->rarg = (Node *) other_reference;
	join->quals = (Node *) list_concat(actor_conditions(range, relid, other), quals);
	parse->jointree->fromlist = list_make1(join);
	return other;
}


/*
 * Costs
 */

/* The order in which the rows come does not matter. */
static void
want_no_order(PlannerInfo *root, void *extra)
{
	root->query_pathkeys = NIL;
}

/*
 * The cheapest way to read what this level reads, if "parse" were its query.
 * Like build_minmax_path() of core, by a planner of its own, whose state is
 * not used any further.
 */
Path *
szn_cheapest_path(PlannerInfo *root, Query *parse)
{
	PlannerInfo *trial = (PlannerInfo *)
		MemoryContextAlloc(root->planner_cxt, sizeof(PlannerInfo));

	memcpy(trial, root, sizeof(PlannerInfo));
	trial->parse = parse;
	trial->processed_tlist = (List *) copyObject(root->processed_tlist);
	trial->append_rel_list = (List *) copyObject(root->append_rel_list);
	trial->init_plans = list_copy(root->init_plans);
	szn_forget_join_domains(trial);
	szn_leave_level_alone(trial);
	return query_planner(trial, want_no_order, NULL)->cheapest_total_path;
}

/* The conditions on the event that an actor must have. */
static List *
conditions_on_event(SznRange *range, List *quals)
{
	List	   *conditions = szn_repeatable_quals(quals);
	ListCell   *cell;

	foreach(cell, bounds_on_one_time(range))
	{
		Node	   *condition = condition_on_event(range, (SznBound *) lfirst(cell));

		if (condition != NULL)
			conditions = lappend(conditions, condition);
	}
	return conditions;
}

/* To read all that the level's conditions let through. */
Path *
szn_path_of_all(SznRange *range)
{
	if (range->all_path == NULL)
		range->all_path = szn_cheapest_path(range->root,
											(Query *) copyObject(range->root->parse));
	return range->all_path;
}

/* To read of that the history of only the actors in the range. */
Path *
szn_path_of_actors(SznRange *range)
{
	if (range->actors_path == NULL)
	{
		Query	   *joined = (Query *) copyObject(range->root->parse);
		List	   *quals;
		RangeTblRef *table = szn_only_table(range, &quals);

		(void) add_semijoin(range, joined, table->rtindex, conditions_on_event(range, quals));
		range->actors_path = szn_cheapest_path(range->root, joined);
	}
	return range->actors_path;
}

/*
 * Read the history of only those actors that have an event in the range, if
 * that changes nothing, and is less to read.  If not: why not.
 *
 * Among the table's conditions are those that bounds on starts have brought.
 * They are true of that event, too: it is in a session that meets all bounds.
 */
const char *
szn_add_actors(SznRange *range)
{
	PlannerInfo *root = range->root;
	Query	   *parse = root->parse;
	List	   *quals;
	RangeTblRef *table = szn_only_table(range, &quals);
	const char *reason =
		szn_check_actors(range, table ? rt_fetch(table->rtindex, parse->rtable) : NULL, quals);
	Index		other;

	if (reason != NULL)
		return reason;

	/* the new relation goes behind all others, in both */
	if (list_length(parse->rtable) + 1 != root->simple_rel_array_size)
		return "another extension has added relations";

	if (!szn_debug_choose_actors &&
		szn_path_of_actors(range)->total_cost >= szn_path_of_all(range)->total_cost)
		return "reading all is estimated to cost less";

	other = add_semijoin(range, parse, table->rtindex, conditions_on_event(range, quals));
	expand_planner_arrays(root, 1);
	root->simple_rte_array[other] = llast_node(RangeTblEntry, parse->rtable);
	(void) build_simple_rel(root, other, NULL);
	return NULL;
}
