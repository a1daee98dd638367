/*-------------------------------------------------------------------------
 *
 * range_open_query.c
 *	  Of time ranges: the query that finds out how far open sessions reach.
 *
 * See range_open.c for what it is good for.  For a bound X from above it is
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
 * all under the conditions that the level has on its table, row-level
 * security among them; and for one from below the same, the other way round.
 * "next > X" matters where X is a bound on a day, or in another time zone: the
 * first X may then be a day before the second one.
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
#include "optimizer/tlist.h"
#include "parser/parsetree.h"
#include "rewrite/rewriteManip.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"

#include "compat.h"
#include "engine/time_range.h"


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
	szn_set_descending(order, !open->is_ahead);
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

/* (SELECT max(pause_query) FROM actors_query) */
SubLink *
szn_reach_query(SznOpen *open)
{
	Oid			type = open->range->time_type->type_id;
	Query	   *actors = actors_query(open);
	Query	   *pause = pause_query(open, events_query(open, actors));
	Aggref	   *extreme = makeNode(Aggref);
	Query	   *query;

	extreme->aggfnoid = szn_extreme_of_times(type, open->is_ahead);
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
