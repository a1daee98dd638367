/*-------------------------------------------------------------------------
 *
 * funnel.h
 *	  Calls of the aggregate funnel(), checked before there are rows.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SZN_FUNNEL_H
#define SZN_FUNNEL_H

#include "nodes/nodes.h"

extern void szn_check_funnel_calls(Node *expr);

#endif							/* SZN_FUNNEL_H */
