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

/* A condition of the level above: what is not so is dropped. */
typedef struct SznBound
{
	Node	   *clause;			/* the condition as it stands there */
	AttrNumber	column;			/* the time that is bounded, a column of ours, */
	Oid			aggregate;		/* or min() or max() of it: then which */
	bool		is_start;		/* it is when the session starts */
	Oid			operator;		/* time operator bound */
	int			strategy;		/* what this operator says */
	Node	   *bound;
	bool		is_cut;			/* only the time's day, or so, is compared, */
	bool		is_of_day;		/* which may begin after it */
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

	/* what reading would cost, as long as no condition is added */
	Path	   *all_path;
	Path	   *actors_path;

	List	   *bounds;			/* of SznBound: what else is dropped */
	bool		of_groups;		/* they are about groups, not rows */
} SznRange;

/* The sessions that are open at a bound, to be followed in one direction. */
typedef struct SznOpen
{
	SznRange   *range;
	RangeTblRef *table;
	List	   *quals;			/* of the table, on this level */
	bool		is_ahead;
	Node	   *edge;			/* X */
	Node	   *near;			/* condition: no further than X in this direction, ... */
	Node	   *far;			/* ... and no further than "inactivity" in the other one */
} SznOpen;

/* time_range.c */
extern bool szn_enable_time_range;
extern void szn_add_time_range(PlannerInfo *root, RelOptInfo *rel);
extern const char *szn_time_range_refusal(PlannerInfo *root);
extern void szn_leave_level_alone(PlannerInfo *root);
extern Node *szn_condition_on_events(SznRange *range, const SznBound *bound,
									 const Const *span, bool is_ahead);
extern Const *szn_no_span(SznRange *range);
extern Node *szn_moved_time(SznRange *range, Node *time, const Const *span,
							bool is_ahead);

/* range_actors.c */
extern bool szn_debug_choose_actors;
extern const char *szn_add_actors(SznRange *range);
extern Path *szn_path_of_all(SznRange *range);
extern Path *szn_path_of_actors(SznRange *range);
extern Path *szn_cheapest_path(PlannerInfo *root, Query *parse);
extern List *szn_repeatable_quals(List *quals);
extern Node *szn_same_part(const SortGroupClause *clause, Node *part, Node *other);

/* range_open.c */
extern bool szn_debug_follow_open_sessions;
extern List *szn_follow_open_sessions(SznRange *range, bool is_ahead, List *quals);

/* range_open_query.c */
extern SubLink *szn_reach_query(SznOpen *open);

/* range_level.c */
extern bool szn_begin_range(PlannerInfo *root, SznRange *range);
extern Node *szn_range_argument(SznRange *range, int number);
extern bool szn_is_call(TargetEntry *target, SznSource *source);
extern List *szn_possible_relations(PlannerInfo *above, Query *query);
extern bool szn_is_column_used(PlannerInfo *root, AttrNumber column);
extern Index szn_only_relation_above(SznRange *range);
extern RangeTblRef *szn_only_table(SznRange *range, List **quals);
extern TargetEntry *szn_column_of(SznRange *range, Index relid, Node *expr);

/* range_bounds.c */
extern void szn_find_bounds(SznRange *range);
extern Oid	szn_extreme_of_times(Oid type, bool is_max);
extern bool szn_is_lower(const SznBound *bound);
extern bool szn_is_upper(const SznBound *bound);
extern bool szn_is_bound(SznRange *range, Node *clause);

/* range_guards.c */
extern const char *szn_check_lower(SznRange *range);
extern const char *szn_check_upper(SznRange *range);
extern const char *szn_check_actors(SznRange *range, RangeTblEntry *table, List *quals);
extern bool szn_has_max_duration(SznRange *range);
extern List *szn_guard_groups(SznRange *range, List *having);

#endif							/* SZN_TIME_RANGE_H */
