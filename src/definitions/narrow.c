/*-------------------------------------------------------------------------
 *
 * narrow.c
 *	  What events carry through the window, made narrow.
 *
 * The text that expand.c writes lets each event carry the columns that the
 * metrics' aggregates use.  Here the aggregates' filters and arguments move
 * below the window, so that an event carries their values instead: often
 * single booleans and numbers.  Columns that nobody uses any more go.
 *
 *		count(*) FILTER (WHERE event.event = 'purchase')
 *			FROM (SELECT event, session_number(...) OVER w ...) AS event
 * becomes
 *		count(*) FILTER (WHERE event.metric_1)
 *			FROM (SELECT event = 'purchase' AS metric_1, ...) AS event
 *
 * So that nothing fails that would not fail in SQL, an argument becomes CASE
 * WHEN its filter THEN argument END, and the filter stays on the aggregate.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "parser/analyze.h"
#include "parser/parser.h"
#include "parser/parsetree.h"
#include "rewrite/rewriteManip.h"
#include "utils/guc.h"
#include "utils/ruleutils.h"

#include "definitions/narrow.h"
#include "definitions/texts.h"

/* The variables of one range table entry, wherever in a query they stand. */
typedef struct SznVars
{
	int			rtindex;
	int			levels_up;
	bool		(*visit) (Var *var, void *context);
	void	   *context;
} SznVars;

static bool
visit_vars_walker(Node *node, SznVars *vars)
{
	if (node == NULL)
		return false;
	if (IsA(node, Var))
	{
		Var		   *var = (Var *) node;

		return (int) var->varlevelsup == vars->levels_up &&
			var->varno == vars->rtindex &&
			vars->visit(var, vars->context);
	}
	if (IsA(node, Query))
	{
		bool		result;

		vars->levels_up++;
		result = query_tree_walker((Query *) node, visit_vars_walker, vars, 0);
		vars->levels_up--;
		return result;
	}
	return expression_tree_walker(node, visit_vars_walker, vars);
}

static void
visit_vars(Query *query, int rtindex, bool (*visit) (Var *, void *),
		   void *context)
{
	SznVars		vars = {rtindex, 0, visit, context};

	(void) query_tree_walker(query, visit_vars_walker, &vars, 0);
}


/*
 * Moving an expression down
 */

typedef struct SznReach
{
	Query	   *query;
	int			rtindex;		/* the only relation that the expression uses */
	bool		movable;
} SznReach;

/* May the expression move?  It may use one sub-select's plain columns. */
static bool
check_reach(Node *node, SznReach *reach)
{
	if (node == NULL)
		return false;
	if (IsA(node, Var))
	{
		Var		   *var = (Var *) node;
		RangeTblEntry *entry;
		TargetEntry *target;

		if (var->varlevelsup > 0 || var->varattno <= 0 ||
			(reach->rtindex != 0 && reach->rtindex != var->varno))
		{
			reach->movable = false;
			return true;
		}
		entry = rt_fetch(var->varno, reach->query->rtable);
		if (entry->rtekind != RTE_SUBQUERY || entry->lateral)
		{
			reach->movable = false;
			return true;
		}
		target = get_tle_by_resno(entry->subquery->targetList, var->varattno);
		if (contain_windowfuncs((Node *) target->expr) ||
			contain_aggs_of_level((Node *) target->expr, 0) ||
			entry->subquery->groupClause != NIL)
		{
			reach->movable = false;
			return true;
		}
		reach->rtindex = var->varno;
		return false;
	}
	if (IsA(node, SubLink))
	{
		reach->movable = false;
		return true;
	}
	return expression_tree_walker(node, check_reach, reach);
}

static bool
is_movable(Query *query, Node *expr, int *rtindex)
{
	SznReach	reach = {query, 0, true};

	(void) check_reach(expr, &reach);
	*rtindex = reach.rtindex;
	return reach.movable && reach.rtindex != 0;
}

static Node *
replace_by_target(Var *var, List *target_list)
{
	return (Node *) copyObject(get_tle_by_resno(target_list, var->varattno)->expr);
}

static Node *
substitute_mutator(Node *node, List *target_list)
{
	if (node == NULL)
		return NULL;
	if (IsA(node, Var))
		return replace_by_target((Var *) node, target_list);
	return expression_tree_mutator(node, substitute_mutator, target_list);
}

/* A column name that a sub-select does not have. */
static char *
fresh_column(List *column_names)
{
	for (int n = 1;; n++)
	{
		char	   *name = psprintf("metric_%d", n);

		if (!list_member(column_names, makeString(name)))
			return name;
	}
}

/*
 * Compute an expression as a column of the sub-select that it uses, as far
 * down as it can be; what stands for it here is returned.
 */
static Node *
move_down(Query *query, Node *expr)
{
	int			rtindex;
	int			rtindex_below;
	RangeTblEntry *entry;
	Query	   *below;
	Node	   *moved;
	TargetEntry *target = NULL;
	ListCell   *cell;

	if (IsA(expr, Var) || !is_movable(query, expr, &rtindex))
		return expr;

	entry = rt_fetch(rtindex, query->rtable);
	below = entry->subquery;
	moved = substitute_mutator(expr, below->targetList);
	if (is_andclause(moved) && !is_movable(below, moved, &rtindex_below))
	{
		/* a pick of sessions, and the metric's own filter as a whole */
		foreach(cell, ((BoolExpr *) moved)->args)
			lfirst(cell) = move_down(below, (Node *) lfirst(cell));
	}
	else
		moved = move_down(below, moved);

	/* perhaps another metric has moved the same */
	foreach(cell, below->targetList)
	{
		TargetEntry *candidate = lfirst_node(TargetEntry, cell);

		if (!candidate->resjunk && equal(candidate->expr, moved))
			target = candidate;
	}
	if (target == NULL)
	{
		target = makeTargetEntry((Expr *) moved,
								 list_length(below->targetList) + 1,
								 fresh_column(entry->eref->colnames), false);
		below->targetList = lappend(below->targetList, target);
		entry->eref->colnames = lappend(entry->eref->colnames,
										makeString(pstrdup(target->resname)));
	}
	return (Node *) makeVarFromTargetEntry(rtindex, target);
}

/*
 * Split a filter into what can move down, as one condition in its order, and
 * the rest.
 */
static void
split_filter(Query *query, Node *filter, Node **movable, Node **rest)
{
	List	   *conditions;
	List	   *movable_list = NIL;
	List	   *rest_list = NIL;
	ListCell   *cell;
	int			rtindex;

	*movable = *rest = NULL;
	if (filter == NULL)
		return;
	conditions = is_andclause(filter) ? ((BoolExpr *) filter)->args : list_make1(filter);
	foreach(cell, conditions)
	{
		Node	   *condition = (Node *) lfirst(cell);

		if (is_movable(query, condition, &rtindex))
			movable_list = lappend(movable_list, condition);
		else
			rest_list = lappend(rest_list, condition);
	}
	if (movable_list != NIL)
		*movable = (Node *) make_ands_explicit(movable_list);
	if (rest_list != NIL)
		*rest = (Node *) make_ands_explicit(rest_list);
}

static Node *
when_then(Node *condition, Node *result)
{
	CaseExpr   *case_expr;
	CaseWhen   *when;

	if (condition == NULL)
		return result;
	when = makeNode(CaseWhen);
	when->expr = (Expr *) copyObject(condition);
	when->result = (Expr *) result;
	case_expr = makeNode(CaseExpr);
	case_expr->casetype = exprType(result);
	case_expr->casecollid = exprCollation(result);
	case_expr->args = list_make1(when);
	case_expr->defresult = (Expr *) makeNullConst(exprType(result),
												  exprTypmod(result),
												  exprCollation(result));
	return (Node *) case_expr;
}

/* Move down what an aggregate computes of each row. */
static bool
narrow_aggregates(Node *node, Query *query)
{
	Aggref	   *aggref;
	Node	   *movable;
	Node	   *rest;
	ListCell   *cell;

	if (node == NULL)
		return false;
	if (!IsA(node, Aggref))
		return expression_tree_walker(node, narrow_aggregates, query);

	aggref = (Aggref *) node;
	split_filter(query, (Node *) aggref->aggfilter, &movable, &rest);

	/* an argument whose filter cannot come along stays */
	if (rest == NULL)
	{
		foreach(cell, aggref->args)
		{
			TargetEntry *argument = lfirst_node(TargetEntry, cell);
			int			rtindex;

			if (!IsA(argument->expr, Var) &&
				is_movable(query, (Node *) argument->expr, &rtindex))
				argument->expr = (Expr *)
					move_down(query, when_then(movable, (Node *) argument->expr));
		}
	}
	if (movable != NULL)
	{
		movable = move_down(query, movable);
		aggref->aggfilter = rest == NULL ? (Expr *) movable :
			make_ands_explicit(list_make2(rest, movable));
	}
	return false;
}


/*
 * Leaving out columns
 */

static bool
note_used(Var *var, void *context)
{
	Bitmapset **used = (Bitmapset **) context;

	*used = bms_add_member(*used, var->varattno);
	return false;
}

static bool
renumber(Var *var, void *context)
{
	var->varattno = ((AttrNumber *) context)[var->varattno];
	var->varattnosyn = var->varattno;
	return false;
}

/* Leave out the columns of sub-selects that nobody uses. */
static void
prune(Query *query)
{
	int			rtindex = 0;
	ListCell   *cell;

	foreach(cell, query->rtable)
	{
		RangeTblEntry *entry = lfirst_node(RangeTblEntry, cell);
		Bitmapset  *used = NULL;
		List	   *targets = NIL;
		List	   *names = NIL;
		AttrNumber *numbers;
		ListCell   *target_cell;
		AttrNumber	number = 0;

		rtindex++;
		if (entry->rtekind != RTE_SUBQUERY)
			continue;

		visit_vars(query, rtindex, note_used, &used);
		numbers = (AttrNumber *) palloc0((list_length(entry->subquery->targetList) + 1) *
										 sizeof(AttrNumber));
		foreach(target_cell, entry->subquery->targetList)
		{
			TargetEntry *target = lfirst_node(TargetEntry, target_cell);

			if (!bms_is_member(target->resno, used) && target->ressortgroupref == 0)
				continue;
			if (!target->resjunk)
			{
				numbers[target->resno] = ++number;
				names = lappend(names, makeString(pstrdup(target->resname)));
			}
			targets = lappend(targets, target);
		}
		foreach(target_cell, targets)
			lfirst_node(TargetEntry, target_cell)->resno =
				foreach_current_index(target_cell) + 1;
		visit_vars(query, rtindex, renumber, numbers);
		entry->subquery->targetList = targets;
		entry->eref->colnames = names;
		prune(entry->subquery);
	}
}

/*
 * The same query, whose aggregates compute as little as possible above the
 * window.  All names in it are qualified.
 */
char *
szn_narrow(const char *sql)
{
	Query	   *query;
	int			nest_level = NewGUCNestLevel();
	char	   *result;

	szn_fix_settings();
	query = parse_analyze_fixedparams(linitial_node(RawStmt,
													raw_parser(sql, RAW_PARSE_DEFAULT)),
									  sql, NULL, 0, NULL);
	(void) narrow_aggregates((Node *) query->targetList, query);
	prune(query);
	result = pg_get_querydef(query, false);
	AtEOXact_GUC(true, nest_level);
	return result;
}
