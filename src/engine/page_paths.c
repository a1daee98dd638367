/*-------------------------------------------------------------------------
 *
 * page_paths.c
 *	  Scans of pages in place of index scans, below a Session Scan.
 *
 * Session Scan reads pages itself (heap.c), several times as fast as an index scan
 * gives it rows.  Core cannot know, and prefers an index scan where the heap lies
 * in the index's order, as tables of events do in that of time.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_am_d.h"
#include "catalog/pg_class.h"
#include "optimizer/cost.h"
#include "optimizer/pathnode.h"
#include "parser/parsetree.h"
#include "utils/syscache.h"

#include "compat.h"
#include "engine/heap.h"
#include "engine/planner.h"

/* Fewer rows are not worth a bitmap. */
#define MIN_ROWS	1000


static bool
is_heap(PlannerInfo *root, RelOptInfo *rel)
{
	HeapTuple	tuple;
	bool		result;

	if (rel->rtekind != RTE_RELATION)
		return false;
	tuple = SearchSysCache1(RELOID,
							ObjectIdGetDatum(planner_rt_fetch(rel->relid, root)->relid));
	if (!HeapTupleIsValid(tuple))
		return false;
	result = ((Form_pg_class) GETSTRUCT(tuple))->relam == HEAP_TABLE_AM_OID;
	ReleaseSysCache(tuple);
	return result;
}

/* What the index scan reads, page by page.  The path itself if it cannot be so. */
static Path *
pages_of_index(PlannerInfo *root, IndexPath *path)
{
	RelOptInfo *rel = path->path.parent;
	IndexPath  *index;
	Path	   *pages;

	if (path->path.pathtype != T_IndexScan || !path->indexinfo->amhasgetbitmap ||
		path->indexclauses == NIL || path->indexorderbys != NIL ||
		path->path.param_info != NULL || path->path.rows < MIN_ROWS ||
		!is_heap(root, rel))
		return (Path *) path;

	/* one of several processes makes the bitmap, and all read its pages */
	index = makeNode(IndexPath);
	*index = *path;
	index->path.parallel_aware = false;
	index->path.parallel_workers = 0;
	pages = (Path *) create_bitmap_heap_path(root, rel, (Path *) index, NULL, 1.0,
											 path->path.parallel_workers);
	pages->pathtarget = path->path.pathtarget;

	/* not dearer than what it replaces, or it would not be wanted */
	pages->total_cost = path->path.total_cost;
	pages->startup_cost = Min(pages->startup_cost, pages->total_cost);
	szn_inherit_disabled(pages, &path->path);
	return pages;
}

/*
 * The same rows for a Session Scan that does not care about their order: by pages
 * where core would go by an index.
 */
Path *
szn_prefer_pages(PlannerInfo *root, Path *path)
{
	if (!szn_enable_direct_heap_scan || !enable_bitmapscan)
		return path;

	if (IsA(path, IndexPath))
		return pages_of_index(root, (IndexPath *) path);

	if (IsA(path, ProjectionPath))
	{
		ProjectionPath *projection = makeNode(ProjectionPath);

		*projection = *(ProjectionPath *) path;
		projection->subpath = szn_prefer_pages(root, projection->subpath);
		projection->path.pathkeys = NIL;
		return (Path *) projection;
	}

	/* what several processes divide among themselves is core's */
	if (IsA(path, AppendPath) && !path->parallel_aware)
	{
		AppendPath *append = makeNode(AppendPath);
		List	   *members = NIL;
		ListCell   *cell;

		*append = *(AppendPath *) path;
		foreach(cell, append->subpaths)
			members = lappend(members, szn_prefer_pages(root, (Path *) lfirst(cell)));
		append->subpaths = members;
		append->path.pathkeys = NIL;
		return (Path *) append;
	}
	return path;
}
