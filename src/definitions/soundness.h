/*-------------------------------------------------------------------------
 *
 * soundness.h
 *	  Definitions that are not sound, or not yet.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SZN_SOUNDNESS_H
#define SZN_SOUNDNESS_H

#include "commands/trigger.h"

#include "definitions/catalog.h"

extern bool szn_is_unsound(const SznCatalogRow *row);
extern bool szn_will_parse(const SznDefinition *definition,
						   const SznDefinition *stored, Oid owner,
						   bool was_unsound);
extern HeapTuple szn_record_at_least(HeapTuple (*trigger) (const TriggerData *),
									 const TriggerData *data);
extern void szn_warn_no_source(const SznCatalogRow *row);

#endif							/* SZN_SOUNDNESS_H */
