/*-------------------------------------------------------------------------
 *
 * build.h
 *	  The views of definitions, made and unmade.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SZN_BUILD_H
#define SZN_BUILD_H

#include "definitions/catalog.h"

extern void szn_build_views(SznCatalogRow *row, Oid source, Oid previous_owner);
extern void szn_drop_views(const SznCatalogRow *row, bool cascade);
extern void szn_rename_views(const SznCatalogRow *row,
							 const char *schema, const char *name);
extern void szn_check_names_are_free(const SznDefinition *definition);
extern bool szn_is_reader(const char *role);
extern bool szn_views_exist(const SznCatalogRow *row);
extern bool szn_sessions_view_has_metric(const SznCatalogRow *row,
										 const char *name);
extern bool szn_sessions_view_has(const SznCatalogRow *row, const char *column);

/* Acting as a definition's owner, under pg_catalog's names if wanted. */
typedef struct SznActing
{
	Oid			user;
	int			security_context;
	int			nest_level;
} SznActing;

extern void szn_act_as(Oid owner, bool fixed_path, SznActing *acting);
extern void szn_act_as_before(const SznActing *acting);

#endif							/* SZN_BUILD_H */
