/*-------------------------------------------------------------------------
 *
 * commands.h
 *	  What the functions that change definitions have in common.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SZN_COMMANDS_H
#define SZN_COMMANDS_H

#include "definitions/catalog.h"

extern SznCatalogRow *szn_lock_for_change(const char *schema, const char *name,
										  const char *new_schema,
										  const char *new_name, Oid source);
extern SznCatalogRow *szn_lock_own_definition(const char *schema, const char *name);
extern void szn_write_catalog(const char *command, int num_args, Oid *types,
							  Datum *values, const char *nulls);

#endif							/* SZN_COMMANDS_H */
