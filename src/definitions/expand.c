/*-------------------------------------------------------------------------
 *
 * expand.c
 *	  Definitions as SQL text: the queries behind their three views.
 *
 * On top of labelled events (labelled.c) and sessions (sessions.c); with
 * these, the only files that write SQL about events.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "parser/analyze.h"
#include "parser/parser.h"
#include "utils/builtins.h"

#include "definitions/narrow.h"
#include "definitions/sessions.h"

char *
szn_view_name(const SznDefinition *definition, SznView view)
{
	switch (view)
	{
		case SZN_VIEW_SESSIONS:
			return definition->name;
		case SZN_VIEW_EVENTS:
			return psprintf("%s_events", definition->name);
		case SZN_VIEW_ACTORS:
			return psprintf("%s_actors", definition->name);
	}
	return NULL;				/* keep compiler quiet */
}

static void
add_column(List **columns, const char *name, const char *comment)
{
	SznColumn  *column = (SznColumn *) palloc(sizeof(SznColumn));

	column->name = pstrdup(name);
	column->comment = pstrdup(comment);
	*columns = lappend(*columns, column);
}

/* ", expression AS <prefix>label" and its comment. */
static void
add_label_column(StringInfo sql, List **columns,
				 const SznDefinition *definition, const char *expression,
				 const char *label, const char *comment)
{
	char	   *name = psprintf("%s%s", definition->prefix, label);

	appendStringInfo(sql, "%s%s AS %s", *columns == NIL ? "" : ", ",
					 expression, quote_identifier(name));
	add_column(columns, name, comment);
}

static char *
events_query(const SznDefinition *definition, const SznNames *names,
			 List **columns)
{
	StringInfoData sql;
	StringInfoData where;
	List	   *all = szn_source_columns(definition->source);
	const char *start = szn_alias_column(SZN_EVENT, names->start);
	const char *end = szn_alias_column(SZN_EVENT, names->end);
	struct
	{
		const char *label;
		const char *expression;
		const char *comment;
	}			labels[] = {
		{"id", psprintf("sessionize.session_id(%s, %s)", start,
						szn_actor_list(names, SZN_EVENT)),
		"id of the event's session"},
		{"number", szn_alias_column(SZN_EVENT, names->number),
		"number of the event's session, 1, 2, 3 ... per actor"},
		{"event_number", szn_alias_column(SZN_EVENT, names->event_number),
		"number of the event in its session, 1, 2, 3 ..."},
		{"started_at", start, "time of the session's first event"},
		{"ended_at", end, "time of the session's last event"},
		{"duration_seconds", psprintf("sessionize.duration_seconds(%s, %s)", start, end),
		"duration of the session in seconds"},
		{"duration", psprintf("sessionize.duration(%s, %s)", start, end),
		"duration of the session"},
		{"event_count", szn_alias_column(SZN_EVENT, names->count),
		"number of events in the session"}
	};
	ListCell   *cell;
	ListCell   *name_cell;

	initStringInfo(&where);
	szn_add_session_condition(&where, definition, names);

	initStringInfo(&sql);
	appendStringInfoString(&sql, "SELECT ");
	for (int i = 0; i < (int) lengthof(labels); i++)
		add_label_column(&sql, columns, definition, labels[i].expression,
						 labels[i].label, labels[i].comment);
	forboth(cell, definition->actor_items, name_cell, names->actor)
	{
		SznItem    *item = (SznItem *) lfirst(cell);

		if (!item->is_column)
			add_label_column(&sql, columns, definition,
							 szn_alias_column(SZN_EVENT, (char *) lfirst(name_cell)),
							 item->name, "actor");
	}
	foreach(cell, all)
		appendStringInfo(&sql, ", %s", szn_alias_column(SZN_EVENT, strVal(lfirst(cell))));
	appendStringInfo(&sql, " FROM %s AS " SZN_EVENT,
					 szn_labelled_events(definition, names, all, true));
	if (definition->keep_item && definition->keep_names_more)
		appendStringInfoString(&sql, szn_picks_of_actor(definition, names, &where));
	else if (definition->keep_item)
	{
		appendStringInfoString(&sql, szn_session_of_event(definition, names));
		szn_add_condition(&where, definition->keep_item->qualified);
	}
	appendStringInfoString(&sql, where.data);
	return sql.data;
}

/* Columns of the source that the metrics' aggregates use. */
static List *
metric_columns(const SznDefinition *definition)
{
	Bitmapset  *numbers = NULL;
	ListCell   *cell;

	foreach(cell, definition->metrics)
		numbers = bms_add_members(numbers, ((SznMetric *) lfirst(cell))->value->columns);
	return szn_columns_by_number(definition->source, numbers);
}

/*
 * The events of the sessions to keep, with the labels, columns and picks that
 * grouping by actor needs, in parentheses.
 */
static char *
picked_events(const SznDefinition *definition, const SznNames *names)
{
	StringInfoData sql;
	StringInfoData where;
	List	   *columns = metric_columns(definition);
	List	   *carried = columns;
	char	   *session;
	bool		join = definition->keep_names_more;
	ListCell   *cell;

	foreach(cell, definition->metrics)
		join |= szn_needs_sessions((SznMetric *) lfirst(cell));

	initStringInfo(&where);
	szn_add_session_condition(&where, definition, names);
	if (definition->keep_item && !join)
		szn_add_condition(&where, definition->keep_item->qualified);
	session = join ? szn_picks_of_actor(definition, names, &where) :
		szn_session_of_event(definition, names);

	initStringInfo(&sql);
	appendStringInfo(&sql, "(SELECT %s, %s, %s, %s",
					 szn_alias_column(SZN_EVENT, names->time),
					 szn_alias_column(SZN_EVENT, names->start),
					 szn_alias_column(SZN_EVENT, names->end),
					 szn_alias_column(SZN_EVENT, names->event_number));
	foreach(cell, names->actor)
		carried = list_append_unique(carried, makeString((char *) lfirst(cell)));
	foreach(cell, carried)
		appendStringInfo(&sql, ", %s", szn_alias_column(SZN_EVENT, strVal(lfirst(cell))));
	for (int n = 0; n < list_length(definition->metrics); n++)
	{
		if (szn_picks_sessions((SznMetric *) list_nth(definition->metrics, n)))
			appendStringInfo(&sql, ", %s AS %s",
							 szn_pick_of_event(definition, names, n, join),
							 quote_identifier(szn_pick_name(definition, n)));
	}
	appendStringInfo(&sql, " FROM %s AS " SZN_EVENT "%s%s)",
					 szn_labelled_events(definition, names, metric_columns(definition), false),
					 session, where.data);
	return sql.data;
}

/* A metric over the actor's picked sessions: their events are picked ones. */
static char *
picked_metric(const SznMetric *metric, const char *events, const char *pick)
{
	char	   *query = psprintf("SELECT * FROM %s AS " SZN_EVENT, events);
	SznScope	scope = {SZN_EVENT, InvalidOid, NULL};

	scope.query =
		parse_analyze_fixedparams(linitial_node(RawStmt,
												raw_parser(query, RAW_PARSE_DEFAULT)),
								  query, NULL, 0, NULL);
	return psprintf("CASE WHEN pg_catalog.bool_or(%s) THEN %s END",
					szn_alias_column(SZN_EVENT, pick),
					szn_parse_aggregate(&scope, metric->aggregate_text,
										metric->filter_item ? metric->filter_item->text : NULL,
										pick)->qualified);
}

static char *
actors_query(const SznDefinition *definition, const SznNames *names)
{
	StringInfoData sql;
	StringInfoData where;
	char	   *events;
	char	   *total;
	bool		has_picks = false;
	const char *first = psprintf("%s OPERATOR(pg_catalog.=) 1",
								 szn_alias_column(SZN_EVENT, names->event_number));
	const char *start = szn_alias_column(SZN_EVENT, names->start);
	const char *end = szn_alias_column(SZN_EVENT, names->end);
	ListCell   *cell;

	foreach(cell, definition->metrics)
		has_picks |= szn_picks_sessions((SznMetric *) lfirst(cell));

	initStringInfo(&where);
	if (has_picks || definition->keep_item)
		events = picked_events(definition, names);
	else
	{
		events = szn_labelled_events(definition, names, metric_columns(definition), false);
		szn_add_session_condition(&where, definition, names);
	}

	initStringInfo(&sql);
	appendStringInfoString(&sql, "SELECT");
	szn_add_actor_columns(&sql, definition, names, SZN_EVENT);
	sql.data[strlen("SELECT")] = ' ';	/* instead of the first comma */
	appendStringInfo(&sql, ", pg_catalog.count(*) FILTER (WHERE %s) AS session_count", first);
	appendStringInfoString(&sql, ", pg_catalog.count(*) AS event_count");

	/* not a sum of floats, which would depend on the order of rows */
	total = psprintf("sessionize.total_duration(sessionize.duration(%s, %s))"
					 " FILTER (WHERE %s)", start, end, first);
	appendStringInfo(&sql, ", pg_catalog.date_part('epoch', %s) AS time_in_session_seconds"
					 ", %s AS time_in_session", total, total);
	appendStringInfo(&sql, ", pg_catalog.min(%s) AS first_started_at,"
					 " pg_catalog.max(%s) AS last_ended_at",
					 start, end);

	foreach(cell, definition->metrics)
	{
		SznMetric  *metric = (SznMetric *) lfirst(cell);

		appendStringInfo(&sql, ", %s AS %s",
						 szn_picks_sessions(metric) ?
						 picked_metric(metric, events,
									   szn_pick_name(definition, foreach_current_index(cell))) :
						 metric->value->qualified,
						 quote_identifier(metric->name));
	}
	appendStringInfo(&sql, " FROM %s AS " SZN_EVENT "%s GROUP BY %s",
					 events, where.data, szn_actor_list(names, SZN_EVENT));
	return szn_narrow(sql.data);
}


/*
 * All of a view
 */

static void
add_metric_columns(const SznDefinition *definition, List **columns,
				   const char *of)
{
	ListCell   *cell;

	foreach(cell, definition->metrics)
	{
		SznMetric  *metric = (SznMetric *) lfirst(cell);
		StringInfoData comment;

		initStringInfo(&comment);
		appendStringInfo(&comment, "%s", metric->aggregate_text);
		if (metric->filter_item)
			appendStringInfo(&comment, " where %s", metric->filter_item->text);
		appendStringInfo(&comment, ", %s", of);
		if (metric->condition)
			appendStringInfo(&comment, " with %s", metric->condition->text);
		if (metric->nth > 0)
			appendStringInfo(&comment, ", only session number %d of them", metric->nth);
		add_column(columns, metric->name, comment.data);
	}
}

/*
 * The query behind a view of a parsed definition, under pg_catalog's names.
 * "columns" gets a list of SznColumn for the columns that have comments of
 * their own.
 */
char *
szn_expand(const SznDefinition *definition, SznView view, List **columns)
{
	SznNames   *names = szn_choose_names(definition);
	ListCell   *cell;

	*columns = NIL;
	if (view == SZN_VIEW_EVENTS)
		return events_query(definition, names, columns);

	if (view == SZN_VIEW_SESSIONS)
		add_column(columns, "session_id", "id of the session: a function of actor and start");
	foreach(cell, definition->actor_items)
		add_column(columns, ((SznItem *) lfirst(cell))->name, "actor");

	if (view == SZN_VIEW_ACTORS)
	{
		add_column(columns, "session_count", "number of the actor's sessions");
		add_column(columns, "event_count", "number of events in these sessions");
		add_column(columns, "time_in_session_seconds", "sum of the sessions' durations, in seconds");
		add_column(columns, "time_in_session", "sum of the sessions' durations");
		add_column(columns, "first_started_at", "start of the first session");
		add_column(columns, "last_ended_at", "end of the last session");
		add_metric_columns(definition, columns, "over the actor's sessions");
		return actors_query(definition, names);
	}

	for (int i = 0; i < SZN_NUM_FIXED_COLUMNS; i++)
		add_column(columns, szn_fixed_columns[i].name, szn_fixed_columns[i].comment);
	foreach(cell, definition->edges)
	{
		SznEdge    *edge = (SznEdge *) lfirst(cell);

		add_column(columns, edge->name,
				   psprintf("%s of the session's %s event", edge->item->text,
							edge->is_exit ? "last" : "first"));
	}
	add_metric_columns(definition, columns, "in sessions");
	return szn_sessions_query(definition, names);
}
