/*-------------------------------------------------------------------------
 *
 * texts.h
 *	  Expression texts of definitions: parsed, checked and written anew.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SZN_TEXTS_H
#define SZN_TEXTS_H

#include "nodes/bitmapset.h"
#include "nodes/parsenodes.h"
#include "parser/parse_node.h"

/*
 * Where the names of a text are looked up: the columns of a relation, or of
 * a query, under an alias.
 */
typedef struct SznScope
{
	const char *alias;
	Oid			relid;			/* either this ... */
	Query	   *query;			/* ... or this */
} SznScope;

/* One item of a select list, or a single expression (then without name). */
typedef struct SznItem
{
	char	   *name;
	char	   *text;			/* for people: columns by their names */
	char	   *qualified;		/* for queries: columns as alias.name */
	bool		is_column;		/* just a column of the scope */
	Bitmapset  *columns;		/* used, by number in the scope */
	Oid			type;
	int32		typmod;
	Oid			collation;
} SznItem;

extern void szn_fix_settings(void);
extern List *szn_parse_list(const SznScope *scope, const char *field,
							const char *text, bool named);
extern int	szn_list_length(const char *text);
extern SznItem *szn_parse_condition(const SznScope *scope, const char *field,
									const char *text, ParseExprKind kind,
									bool allow_sub_select);
extern SznItem *szn_parse_event_time(const SznScope *scope, const char *text);
extern SznItem *szn_parse_aggregate(const SznScope *scope, const char *text,
									const char *filter, const char *pick);

#endif							/* SZN_TEXTS_H */
