/*-------------------------------------------------------------------------
 *
 * simple.h
 *	  Simple expressions over the columns of a row, evaluated without core.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SZN_SIMPLE_H
#define SZN_SIMPLE_H

#include "nodes/execnodes.h"

typedef struct SznSimple SznSimple;

/* Where a row has an attribute of the table; called once for each mention. */
typedef int (*SznPlaceOfAttribute) (void *argument, AttrNumber attribute);

extern SznSimple *szn_simple_create(Node *expr, PlanState *parent,
									SznPlaceOfAttribute place_of, void *argument);
extern void szn_simple_forget(SznSimple *simple);
extern Datum szn_simple_eval(SznSimple *simple, const Datum *values,
							 const bool *nulls, bool *isnull);

#endif							/* SZN_SIMPLE_H */
