/*-------------------------------------------------------------------------
 *
 * catalog.h
 *	  The catalog tables session_definition and metric_definition, read.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SZN_CATALOG_H
#define SZN_CATALOG_H

#include "access/htup.h"
#include "access/tupdesc.h"

#include "definitions/expand.h"

/* A definition with what the catalog alone knows of it. */
typedef struct SznCatalogRow
{
	SznDefinition definition;
	char	   *owner;
	char	   *source;			/* qualified and quoted, as recorded */
	List	   *readers;		/* of char * */
	bool		security_invoker;
	int			expansion_version;
} SznCatalogRow;

/* Which definition, where that is enough to know. */
typedef struct SznName
{
	const char *schema;
	const char *name;
} SznName;

extern SznCatalogRow *szn_row_from_tuple(HeapTuple tuple, TupleDesc descriptor);
extern SznMetric *szn_metric_from_tuple(HeapTuple tuple, TupleDesc descriptor);
extern SznCatalogRow *szn_find_definition(const char *schema, const char *name,
										  bool missing_ok);
extern List *szn_list_definitions(const char *schema, Oid role);
extern List *szn_load_metrics(const char *schema, const char *session);
extern char *szn_find_schema(const char *schema, const char *name);
extern char *szn_find_renamed_schema(const SznCatalogRow *row);
extern Oid	szn_view_oid(const SznDefinition *definition, SznView view);
extern bool szn_is_own_view(Oid relid, SznView view, const SznDefinition *definition);
extern Oid	szn_source_of_view(Oid view);
extern Oid	szn_relation_named(const char *name);
extern Oid	szn_recorded_source(const SznCatalogRow *row);
extern Oid	szn_resolve_source(const SznCatalogRow *row);
extern Oid	szn_owner_of(Oid relid);
extern Oid	szn_sessions_view_owner(const SznCatalogRow *row);
extern Oid	szn_effective_owner(const SznCatalogRow *row);

#endif							/* SZN_CATALOG_H */
