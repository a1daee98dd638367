/*-------------------------------------------------------------------------
 *
 * choose.h
 *	  The queries behind compare(), gap_histogram() and explain_session().
 *
 *-------------------------------------------------------------------------
 */
#ifndef SZN_CHOOSE_H
#define SZN_CHOOSE_H

#include "definitions/labelled.h"

extern char *szn_compare_sql(const SznDefinition *definition, List *candidates);
extern char *szn_pauses_sql(const SznDefinition *definition);
extern char *szn_actor_condition(const SznItem *item, Oid type, int param);
extern char *szn_explain_sql(const SznDefinition *definition,
							 const char *condition);

#endif							/* SZN_CHOOSE_H */
