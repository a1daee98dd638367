/*-------------------------------------------------------------------------
 *
 * triggers.h
 *	  What the functions tell the triggers of the catalog tables.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SZN_TRIGGERS_H
#define SZN_TRIGGERS_H

#include "definitions/expand.h"

extern bool szn_dropping_cascade;	/* drop_session(cascade => true) */
extern bool szn_rebuilding;		/* rebuild_views() */
extern bool szn_taking_over;	/* rebuild_views('name') */
extern Oid	szn_caller;			/* of one of the functions, if any was called */
extern bool szn_has_locked;		/* what is written is locked already */

extern void szn_check_definition(SznDefinition *definition,
								 const SznDefinition *stored, Oid owner);
extern void szn_check_name(const char *name, const char *what, int max_length);

#endif							/* SZN_TRIGGERS_H */
