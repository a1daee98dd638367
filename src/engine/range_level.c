/*-------------------------------------------------------------------------
 *
 * range_level.c
 *	  Of time ranges: a query level, and what the level above makes of it.
 *
 * The level above has planned as much as it can before it plans this one, so
 * the columns it needs, and the conditions it could not move down, are known.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "parser/parsetree.h"

#include "engine/time_range.h"


Node *
szn_range_argument(SznRange *range, int number)
{
	return (Node *) list_nth(range->call->args, number);
}

/* Which column of ours a target is; false if it is none. */
bool
szn_is_call(TargetEntry *target, SznSource *source)
{
	return target != NULL && IsA(target->expr, WindowFunc) &&
		szn_source_of_call((WindowFunc *) target->expr, source);
}

/* Does this level call our window functions?  Then "range" is about it. */
bool
szn_begin_range(PlannerInfo *root, SznRange *range)
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

	range->time = szn_range_argument(range, SZN_ARG_TIME);
	range->time_type = lookup_type_cache(exprType(range->time), TYPECACHE_BTREE_OPFAMILY);
	return OidIsValid(range->time_type->btree_opf);
}

/*
 * The relations of a level that this query, a sub-select of it, may be.
 *
 * Core does not tell which relation it plans a sub-select for.  It is one
 * that has no plan yet, and the same columns; mostly there is only one.
 */
List *
szn_possible_relations(PlannerInfo *above, Query *query)
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
bool
szn_is_column_used(PlannerInfo *root, AttrNumber column)
{
	List	   *relations = szn_possible_relations(root->parent_root, root->parse);
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
Index
szn_only_relation_above(SznRange *range)
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

/*
 * The table that this level reads, if it reads nothing else, and all conditions
 * on it; where a view was, they are on more than one level of FROM.
 */
RangeTblRef *
szn_only_table(SznRange *range, List **quals)
{
	Node	   *node = (Node *) range->root->parse->jointree;

	*quals = NIL;
	while (IsA(node, FromExpr))
	{
		FromExpr   *from = (FromExpr *) node;

		*quals = list_concat(*quals, (List *) from->quals);
		if (list_length(from->fromlist) != 1)
			return NULL;
		node = (Node *) linitial(from->fromlist);
	}
	if (!IsA(node, RangeTblRef) ||
		rt_fetch(((RangeTblRef *) node)->rtindex,
				 range->root->parse->rtable)->rtekind != RTE_RELATION)
		return NULL;
	return (RangeTblRef *) node;
}

/* The column of ours that an expression above is, or NULL. */
TargetEntry *
szn_column_of(SznRange *range, Index relid, Node *expr)
{
	Var		   *var = (Var *) expr;

	if (expr == NULL || !IsA(expr, Var) || var->varno != (int) relid ||
		var->varlevelsup != 0 || var->varattno <= 0)
		return NULL;
	return get_tle_by_resno(range->root->processed_tlist, var->varattno);
}
