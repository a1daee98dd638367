/*-------------------------------------------------------------------------
 *
 * lock.h
 *	  Changes of definitions, one after the other.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SZN_LOCK_H
#define SZN_LOCK_H

#include "definitions/catalog.h"

extern List *szn_add_name(List *names, const char *schema, const char *name);
extern void szn_lock_definitions(List *names, Oid source);
extern void szn_lock_all_definitions(void);

#endif							/* SZN_LOCK_H */
