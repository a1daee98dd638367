/*-------------------------------------------------------------------------
 *
 * soundness.h
 *	  Definitions that are not sound, or not yet.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SZN_SOUNDNESS_H
#define SZN_SOUNDNESS_H

#include "definitions/catalog.h"

extern bool szn_is_unsound(const SznCatalogRow *row);
extern bool szn_will_parse(const SznDefinition *definition,
						   const SznDefinition *stored, Oid owner,
						   bool was_unsound);
extern bool szn_awaits_metrics(SznDefinition *definition,
							   const SznDefinition *stored, Oid owner,
							   bool *parsed);
extern void szn_warn_no_source(const SznCatalogRow *row);

#endif							/* SZN_SOUNDNESS_H */
