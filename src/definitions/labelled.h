/*-------------------------------------------------------------------------
 *
 * labelled.h
 *	  The events of a definition with their sessions' attributes, as SQL text.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SZN_LABELLED_H
#define SZN_LABELLED_H

#include "lib/stringinfo.h"

#include "definitions/expand.h"

/* Columns of labelled events; made different from the source's where needed. */
typedef struct SznNames
{
	char	   *time;
	char	   *number;
	char	   *event_number;
	char	   *start;
	char	   *end;
	char	   *count;
	char	   *started_by;
	char	   *ended_by;
	List	   *actor;			/* of char *, one an item */
} SznNames;

/* The columns of the sessions view that every definition has. */
typedef struct SznFixedColumn
{
	const char *name;
	const char *type;			/* NULL: the type of the event time */
	const char *comment;
} SznFixedColumn;

#define SZN_NUM_FIXED_COLUMNS	9

extern const SznFixedColumn szn_fixed_columns[SZN_NUM_FIXED_COLUMNS];

/* small pieces */
extern const char *szn_alias_column(const char *alias, const char *column);
extern const char *szn_type_name(Oid type, int32 typmod);
extern char *szn_free_name(const SznDefinition *definition, const char *wish);
extern void szn_add_condition(StringInfo where, const char *condition);
extern List *szn_source_columns(Oid relid);
extern List *szn_columns_by_number(Oid relid, const Bitmapset *numbers);

/* labelled events */
extern SznNames *szn_choose_names(const SznDefinition *definition);
extern char *szn_labelled_events(const SznDefinition *definition,
								 const SznNames *names, List *columns,
								 bool in_order);
extern void szn_add_label(StringInfo sql, const SznDefinition *definition,
						  const char *function, const char *name);
extern char *szn_actor_expressions(const SznDefinition *definition);
extern void szn_add_source(StringInfo sql, const SznDefinition *definition);
extern char *szn_ended_by_now(const SznDefinition *definition, const char *start,
							  const char *end, const char *ended_by);
extern char *szn_actor_list(const SznNames *names, const char *alias);
extern void szn_add_actor_columns(StringInfo sql, const SznDefinition *definition,
								  const SznNames *names, const char *alias);
extern void szn_add_actor_join(StringInfo where, const SznDefinition *definition,
							   const SznNames *names);
extern void szn_add_session_condition(StringInfo where,
									  const SznDefinition *definition,
									  const SznNames *names);
extern void szn_add_fixed_columns(StringInfo sql, const SznDefinition *definition,
								  const char *number, const char *start,
								  const char *end, const char *count,
								  const char *started_by, const char *ended_by);

#endif							/* SZN_LABELLED_H */
