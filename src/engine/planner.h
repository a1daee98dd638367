/*-------------------------------------------------------------------------
 *
 * planner.h
 *	  What the planner's files tell each other.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SZN_PLANNER_H
#define SZN_PLANNER_H

#include "nodes/pathnodes.h"

#include "engine/engine.h"

/* A query level that the node can do, taken apart. */
typedef struct SznLevel
{
	List	   *calls;			/* WindowFuncs of ours */
	WindowFunc *call;			/* one of them: its arguments are all's */
	WindowClause *window;
	List	   *keys;			/* the actor's parts, as expressions */

	PathTarget *input;			/* what the node's input computes */
	List	   *scan_tlist;		/* what the node knows of a row */
	List	   *sources;		/* for each of these columns ... */
	List	   *columns;		/* ... where it comes from */
	List	   *key_places;
	List	   *key_operators;
	List	   *key_collations;
	List	   *arguments;
	List	   *constants;
	bool		can_hash;		/* is there a hash function for each key? */
	bool		must_stream;	/* an argument might fail on a row not asked for */
	bool		parallel_safe;	/* may workers compute all of it? */
	const char *all_history;	/* why a condition on started_at is of no use */
} SznLevel;

/* A path for the node. */
typedef struct SznScanPath
{
	CustomPath	path;
	SznLevel   *level;
	SznMode		mode;
} SznScanPath;

/* planner.c */
extern bool szn_enable_session_scan;
extern const CustomPathMethods szn_scan_path_methods;

/* level.c */
extern bool szn_source_of_call(const WindowFunc *call, SznSource *source);
extern bool szn_may_be_outside(const WindowFunc *call);
extern List *szn_window_calls(List *exprs);
extern const char *szn_check_level(PlannerInfo *root, List *calls, SznLevel *level);
extern void szn_make_targets(PlannerInfo *root, SznLevel *level);
extern bool szn_is_level_parallel_safe(PlannerInfo *root, SznLevel *level);

/* page_paths.c */
extern Path *szn_prefer_pages(PlannerInfo *root, Path *path);

/* grouping.c */
extern CustomPath *szn_path_below(Path *path, const CustomPathMethods *methods,
								  RelOptInfo **subquery);
extern void szn_add_grouped_paths(PlannerInfo *root, RelOptInfo *input_rel,
								  RelOptInfo *grouped_rel,
								  GroupPathExtraData *extra);
extern void szn_add_parallel_grouped_paths(PlannerInfo *root, RelOptInfo *input_rel,
										   RelOptInfo *grouped_rel,
										   GroupPathExtraData *extra);

/* aggregate_plan.c */
extern const CustomPathMethods szn_aggregate_path_methods;
extern bool szn_actors_come_together(PlannerInfo *root, CustomPath *path,
									 RelOptInfo *subquery);
extern void szn_add_aggregate_paths(PlannerInfo *root, RelOptInfo *input_rel,
									RelOptInfo *grouped_rel,
									GroupPathExtraData *extra);
extern void szn_aggregate_plan_init(void);

#endif							/* SZN_PLANNER_H */
