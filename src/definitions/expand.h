/*-------------------------------------------------------------------------
 *
 * expand.h
 *	  Definitions as SQL text.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SZN_EXPAND_H
#define SZN_EXPAND_H

#include "utils/timestamp.h"

#include "definitions/texts.h"

/* Bumped whenever what a definition expands to changes. */
#define SZN_EXPANSION_VERSION	1

/* What the expansions call the events and sessions that texts are about. */
#define SZN_EVENT	"event"
#define SZN_SESSION "session"

/* In bytes; a session's name leaves room for _events and _actors, ... */
#define SZN_MAX_SESSION_NAME	56
/* ... and a label prefix for the longest label, duration_seconds. */
#define SZN_MAX_PREFIX			47

/* A row of metric_definition, and its texts parsed. */
typedef struct SznMetric
{
	char	   *name;
	char	   *aggregate;
	char	   *filter;
	char	   *session_filter;
	int			nth;			/* 0: none */

	SznItem    *value;			/* aggregate, with the filter inside */
	char	   *aggregate_text; /* for people, without it */
	SznItem    *filter_item;
	SznItem    *condition;		/* session_filter */
	bool		names_more;		/* the condition, than labels of events */
} SznMetric;

/* An entry or exit column: an item of the list, as the sessions view has it. */
typedef struct SznEdge
{
	bool		is_exit;
	char	   *name;			/* entry_<name> or exit_<name> */
	SznItem    *item;
} SznEdge;

/* A row of session_definition, and its texts parsed. */
typedef struct SznDefinition
{
	char	   *schema;
	char	   *name;
	char	   *actor;
	char	   *event_time;
	Interval   *inactivity;
	char	   *restart_on;
	char	   *end_on;
	Interval   *max_duration;
	bool		require_restart;
	char	   *filter;
	char	   *keep;
	char	   *tie_break;
	char	   *entry;
	char	   *exit;
	char	   *label_prefix;
	List	   *metrics;		/* of SznMetric, by position */

	Oid			source;
	List	   *actor_items;
	SznItem    *time_item;
	SznItem    *restart_item;
	SznItem    *end_item;
	SznItem    *filter_item;
	SznItem    *keep_item;
	bool		keep_names_more;	/* than labels of events */
	List	   *tie_items;
	List	   *edges;			/* of SznEdge: entry columns, then exit ones */
	char	   *prefix;			/* of label columns */
	bool		prefix_is_long; /* because the source has such columns */
} SznDefinition;

typedef enum SznView
{
	SZN_VIEW_SESSIONS,
	SZN_VIEW_EVENTS,
	SZN_VIEW_ACTORS
} SznView;

#define SZN_NUM_VIEWS	3

/* One column of a view. */
typedef struct SznColumn
{
	char	   *name;
	char	   *comment;
} SznColumn;

/* definition.c */
extern void szn_parse_definition(SznDefinition *definition,
								 const SznDefinition *stored);
extern ErrorData *szn_try_to_parse(SznDefinition *definition,
								   const SznDefinition *stored, Oid role);
extern char *szn_user_of_metric(const SznDefinition *definition, const char *name);

/* labelled.c */
extern bool szn_is_fixed_column(const char *name);

/* sessions.c */
extern void szn_begin_session_scope(const SznDefinition *definition,
									SznScope *scope);
extern bool szn_names_metric(const SznDefinition *definition,
							 const SznItem *condition, int n);
extern bool szn_names_more_than_labels(const SznDefinition *definition,
									   const SznItem *condition);

/* expand.c */
extern char *szn_expand(const SznDefinition *definition, SznView view,
						List **columns);
extern char *szn_view_name(const SznDefinition *definition, SznView view);

#endif							/* SZN_EXPAND_H */
