/*-------------------------------------------------------------------------
 *
 * time_range.h
 *	  Conditions on sessions' times as conditions on events.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SZN_TIME_RANGE_H
#define SZN_TIME_RANGE_H

#include "engine/planner.h"
#include "utils/typcache.h"

/* What starts before this is dropped. */
typedef struct SznBound
{
	Node	   *bound;
	bool		is_of_day;		/* the start's day, or so, is not before it */
} SznBound;

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

	List	   *bounds;			/* of SznBound: what starts earlier is dropped */
	List	   *clauses;		/* the conditions above that say so */
	bool		of_groups;		/* they are about groups' first events */
} SznRange;

/* time_range.c */
extern bool szn_enable_time_range;
extern void szn_add_time_range(PlannerInfo *root, RelOptInfo *rel);
extern const char *szn_time_range_refusal(PlannerInfo *root);

/* range_level.c */
extern bool szn_begin_range(PlannerInfo *root, SznRange *range);
extern Node *szn_range_argument(SznRange *range, int number);
extern bool szn_is_call(TargetEntry *target, SznSource *source);
extern List *szn_possible_relations(PlannerInfo *above, Query *query);
extern bool szn_is_column_used(PlannerInfo *root, AttrNumber column);
extern Index szn_only_relation_above(SznRange *range);
extern TargetEntry *szn_column_of(SznRange *range, Index relid, Node *expr);

/* range_guards.c */
extern const char *szn_check_level(SznRange *range);
extern const char *szn_check_groups(SznRange *range);
extern const char *szn_check_number(SznRange *range);
extern List *szn_guard_groups(SznRange *range, List *having);
extern bool szn_rows_may_fail(SznRange *range);

#endif							/* SZN_TIME_RANGE_H */
