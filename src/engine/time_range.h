/*-------------------------------------------------------------------------
 *
 * time_range.h
 *	  Conditions on sessions' times as conditions on events.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SZN_TIME_RANGE_H
#define SZN_TIME_RANGE_H

#include "nodes/pathnodes.h"

extern bool szn_enable_time_range;
extern void szn_add_time_range(PlannerInfo *root, RelOptInfo *rel);
extern const char *szn_time_range_refusal(PlannerInfo *root);

#endif							/* SZN_TIME_RANGE_H */
