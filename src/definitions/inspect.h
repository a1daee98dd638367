/*-------------------------------------------------------------------------
 *
 * inspect.h
 *	  Definitions made ready to be read, and queries read.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SZN_INSPECT_H
#define SZN_INSPECT_H

#include "definitions/catalog.h"
#include "utils/portal.h"

extern Oid	szn_parse_to_read(SznCatalogRow *row, const Interval *inactivity,
							  char *filter);
extern Portal szn_open_query(const char *query, int num_args, Oid *types,
							 Datum *values, const char *nulls);

#endif							/* SZN_INSPECT_H */
