/*-------------------------------------------------------------------------
 *
 * first_last.h
 *	  The functions that others tell the aggregates first() and last() by.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SZN_FIRST_LAST_H
#define SZN_FIRST_LAST_H

#include "fmgr.h"

extern PGDLLEXPORT Datum sessionize_first_transition(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum sessionize_last_transition(PG_FUNCTION_ARGS);

#endif							/* SZN_FIRST_LAST_H */
