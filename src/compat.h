/*-------------------------------------------------------------------------
 *
 * compat.h
 *	  Differences between the supported PostgreSQL majors (15 to 18).
 *
 * The only file that looks at PG_VERSION_NUM.  It offers the newest major's
 * names, so that the rest of the code is written as if for that major.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SZN_COMPAT_H
#define SZN_COMPAT_H

#if PG_VERSION_NUM < 150000 || PG_VERSION_NUM >= 190000
#error "sessionize supports PostgreSQL 15 to 18"
#endif

#include "nodes/pathnodes.h"
#include "nodes/tidbitmap.h"
#include "parser/parse_relation.h"
#include "utils/backend_status.h"
#include "utils/selfuncs.h"
#include "utils/timestamp.h"

/* 16 moved the varlena macros out of postgres.h */
#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

/* 18 divided EXPLAIN's header */
#if PG_VERSION_NUM >= 180000
#include "commands/explain_format.h"
#include "commands/explain_state.h"
#else
#include "commands/explain.h"
#endif

/*
 * From 18 on, EXPLAIN can show a window function only below the WindowAgg
 * that computes it.
 */
#if PG_VERSION_NUM >= 180000
#define SZN_CALLS_NEED_WINDOW_AGG true
#else
#define SZN_CALLS_NEED_WINDOW_AGG false
#endif

/* 17 brought infinite intervals; before, every interval is finite */
#if PG_VERSION_NUM < 170000
#define INTERVAL_NOT_FINITE(i) ((void) (i), false)
#endif

/* 18 replaced pg_attribute_noreturn() */
#if PG_VERSION_NUM < 180000
#define pg_noreturn __attribute__((noreturn))
#endif

/* 16 keeps what rights a query needs beside its range table, not in it */
#if PG_VERSION_NUM >= 160000
#define szn_copy_permissions(query, pstate) \
	((query)->rteperminfos = copyObject((pstate)->p_rteperminfos))
#else
#define szn_copy_permissions(query, pstate) ((void) 0)
#endif

/* ... and says where they are in the range table's entry */
#if PG_VERSION_NUM >= 160000
#define szn_copy_permissions_of(query, entry, from) \
	((query)->rteperminfos = list_make1(copyObject( \
		getRTEPermissionInfo((from)->rteperminfos, entry))), \
	 (entry)->perminfoindex = 1)
#else
#define szn_copy_permissions_of(query, entry, from) ((void) 0)
#endif

/* 17 also keeps the paths that the plans of sub-selects were made of */
#if PG_VERSION_NUM >= 170000
#define szn_forget_subpaths(glob, count) \
	((glob)->subpaths = list_truncate((glob)->subpaths, count))
#else
#define szn_forget_subpaths(glob, count) ((void) 0)
#endif

/* 16 keeps the GROUP BY items that are not redundant apart */
#if PG_VERSION_NUM >= 160000
#define szn_group_clause(root) ((root)->processed_groupClause)
#else
#define szn_group_clause(root) ((root)->parse->groupClause)
#endif

/*
 * From 16 on, aggregates may count on an order within groups, beyond the
 * groups' own.
 */
#if PG_VERSION_NUM >= 160000
#define szn_groups_need_no_order(root) \
	(list_length((root)->group_pathkeys) <= (root)->num_groupby_pathkeys)
#define szn_num_group_pathkeys(root) ((root)->num_groupby_pathkeys)
#else
#define szn_num_group_pathkeys(root) list_length((root)->group_pathkeys)
#define szn_groups_need_no_order(root) ((void) (root), true)
#endif

/* 17 moved run conditions from the window to its functions */
static inline bool
szn_has_run_condition(WindowClause *window, List *calls)
{
#if PG_VERSION_NUM >= 170000
	ListCell   *cell;

	foreach(cell, calls)
	{
		if (lfirst_node(WindowFunc, cell)->runCondition != NIL)
			return true;
	}
	return false;
#else
	return window->runCondition != NIL;
#endif
}

/* 16 checks rights on objects of any kind by one function */
#if PG_VERSION_NUM >= 160000
#define szn_function_aclcheck(function, role, mode) \
	object_aclcheck(ProcedureRelationId, function, role, mode)
#else
#define szn_function_aclcheck(function, role, mode) \
	pg_proc_aclcheck(function, role, mode)
#endif

/* 16 says by what this function finds a backend */
#if PG_VERSION_NUM < 160000
#define pgstat_get_local_beentry_by_index(number) \
	pgstat_fetch_stat_local_beentry(number)
#endif

/* 16 lets a sort keep the value that it gives back */
#if PG_VERSION_NUM >= 160000
#define szn_tuplesort_getdatum(sort, value, isnull) \
	tuplesort_getdatum(sort, true, true, value, isnull, NULL)
#else
#define szn_tuplesort_getdatum(sort, value, isnull) \
	tuplesort_getdatum(sort, true, value, isnull, NULL)
#endif

#define szn_estimate_num_groups(root, exprs, rows) \
	estimate_num_groups(root, exprs, rows, NULL, NULL)

/* 16 has the query's join domain made before its scans are planned */
#if PG_VERSION_NUM >= 160000
#define szn_forget_join_domains(root) \
	((root)->join_domains = list_make1(makeNode(JoinDomain)))
#else
#define szn_forget_join_domains(root) ((void) 0)
#endif

/* Only a hint: fetch this memory into the processor's cache. */
#if defined(__GNUC__)
#define szn_prefetch(address) __builtin_prefetch(address)
#else
#define szn_prefetch(address) ((void) 0)
#endif

/* Has a bitmap's page been told without its tuples?  18 has dropped the page's entry */
#if PG_VERSION_NUM >= 180000
#define szn_bitmap_recheck(node) ((node)->recheck)
#else
#define szn_bitmap_recheck(node) ((node)->tbmres != NULL && (node)->tbmres->recheck)
#endif

/* 18 tells by the clause, not only by its operator, that an order is a descending one */
#if PG_VERSION_NUM >= 180000
#define szn_set_descending(clause, descending) ((clause)->reverse_sort = (descending))
#else
#define szn_set_descending(clause, descending) ((void) 0)
#endif

/* 18 can also tell the relations of an Append's members that are chosen */
#if PG_VERSION_NUM >= 180000
#define szn_find_matching_subplans(state) ExecFindMatchingSubPlans(state, false, NULL)
#else
#define szn_find_matching_subplans(state) ExecFindMatchingSubPlans(state, false)
#endif

/* 18 counts what is disabled in a path, apart from its costs */
#if PG_VERSION_NUM >= 180000
#define szn_inherit_disabled(path, input) \
	((path)->disabled_nodes = (input)->disabled_nodes)
#else
#define szn_inherit_disabled(path, input) ((void) 0)
#endif

#endif							/* SZN_COMPAT_H */
