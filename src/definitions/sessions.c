/*-------------------------------------------------------------------------
 *
 * sessions.c
 *	  Sessions as SQL text, and which of them metrics and "keep" pick.
 *
 * Conditions on sessions name the columns of the sessions view as
 * session.column, which works wherever something called "session" has them:
 * on a level above grouped events, or beside labelled events.
 *
 * A condition that labelled events can answer themselves needs no more than
 * they carry.  One that names metrics, entry or exit columns, and nth, can
 * only be told from sessions.  Then the actor's picks are joined to the
 * actor's events: one byte a session, in the order of their numbers, so that
 * the join is on the actor alone and has one row on its one side.  (Joining
 * sessions on actor and number lets a merge join take the actor alone, and
 * compare each event with all sessions of its actor.)
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "parser/analyze.h"
#include "parser/parser.h"
#include "utils/builtins.h"

#include "definitions/narrow.h"
#include "definitions/sessions.h"

/*
 * Conditions on sessions
 */

/* What conditions on sessions can name: the columns of the sessions view. */
void
szn_begin_session_scope(const SznDefinition *definition, SznScope *scope)
{
	StringInfoData sql;
	ListCell   *cell;

	initStringInfo(&sql);
	appendStringInfoString(&sql, "SELECT NULL::pg_catalog.uuid AS session_id");
	foreach(cell, definition->actor_items)
	{
		SznItem    *item = (SznItem *) lfirst(cell);

		appendStringInfo(&sql, ", NULL::%s AS %s",
						 szn_type_name(item->type, item->typmod),
						 quote_identifier(item->name));
	}
	for (int i = 0; i < SZN_NUM_FIXED_COLUMNS; i++)
	{
		const SznFixedColumn *column = &szn_fixed_columns[i];

		appendStringInfo(&sql, ", NULL::%s AS %s",
						 column->type ? column->type :
						 szn_type_name(definition->time_item->type, -1),
						 column->name);
	}
	foreach(cell, definition->edges)
	{
		SznEdge    *edge = (SznEdge *) lfirst(cell);

		appendStringInfo(&sql, ", NULL::%s AS %s",
						 szn_type_name(edge->item->type, edge->item->typmod),
						 quote_identifier(edge->name));
	}
	foreach(cell, definition->metrics)
	{
		SznMetric  *metric = (SznMetric *) lfirst(cell);

		appendStringInfo(&sql, ", NULL::%s AS %s",
						 szn_type_name(metric->value->type, metric->value->typmod),
						 quote_identifier(metric->name));
	}

	scope->alias = SZN_SESSION;
	scope->relid = InvalidOid;
	scope->query =
		parse_analyze_fixedparams(linitial_node(RawStmt,
												raw_parser(sql.data, RAW_PARSE_DEFAULT)),
								  sql.data, NULL, 0, NULL);
}

/* Is this column of the session scope, from 1, named by the condition? */
static bool
names_column(const SznItem *condition, int column)
{
	return bms_is_member(column - FirstLowInvalidHeapAttributeNumber,
						 condition->columns);
}

/* The position in the session scope of the first entry or exit column. */
static int
first_edge_column(const SznDefinition *definition)
{
	return 1 + list_length(definition->actor_items) + SZN_NUM_FIXED_COLUMNS + 1;
}

/* Does this condition name the nth metric (from 0)? */
bool
szn_names_metric(const SznDefinition *definition, const SznItem *condition, int n)
{
	return names_column(condition, first_edge_column(definition) +
						list_length(definition->edges) + n);
}

/* Does it name what only sessions have, and no event: edges and metrics? */
bool
szn_names_more_than_labels(const SznDefinition *definition,
						   const SznItem *condition)
{
	for (int i = 0; i < list_length(definition->edges) + list_length(definition->metrics); i++)
	{
		if (names_column(condition, first_edge_column(definition) + i))
			return true;
	}
	return false;
}

/* Is the metric about some sessions only? */
bool
szn_picks_sessions(const SznMetric *metric)
{
	return metric->condition != NULL || metric->nth > 0;
}

/* Does the pick need sessions as rows, not just the attributes of events? */
bool
szn_needs_sessions(const SznMetric *metric)
{
	return metric->names_more || metric->nth > 0;
}

/* The condition by which a metric picks sessions, where there are sessions. */
static char *
pick_condition(const SznDefinition *definition, const SznMetric *metric)
{
	const char *condition = metric->condition ?
		psprintf("(%s) IS TRUE", metric->condition->qualified) : "true";
	StringInfoData actors;
	ListCell   *cell;

	if (metric->nth == 0)
		return pstrdup(condition);

	initStringInfo(&actors);
	foreach(cell, definition->actor_items)
		appendStringInfo(&actors, "%s%s", actors.len > 0 ? ", " : "",
						 szn_alias_column(SZN_SESSION, ((SznItem *) lfirst(cell))->name));
	return psprintf("%s AND pg_catalog.count(*) FILTER (WHERE %s)"
					" OVER (PARTITION BY %s ORDER BY " SZN_SESSION ".session_number)"
					" OPERATOR(pg_catalog.=) %d",
					condition, condition, actors.data, metric->nth);
}

char *
szn_pick_name(const SznDefinition *definition, int n)
{
	return szn_free_name(definition, psprintf("label_pick_%d", n + 1));
}

static char *
raw_metric_name(const SznDefinition *definition, int n)
{
	return szn_free_name(definition, psprintf("label_metric_%d", n + 1));
}


/*
 * The three views
 */

/* ", session.x" for the columns that every sessions level has. */
static void
add_session_columns(StringInfo sql, const SznDefinition *definition)
{
	ListCell   *cell;

	appendStringInfoString(sql, SZN_SESSION ".session_id");
	foreach(cell, definition->actor_items)
		appendStringInfo(sql, ", %s",
						 szn_alias_column(SZN_SESSION, ((SznItem *) lfirst(cell))->name));
	for (int i = 0; i < SZN_NUM_FIXED_COLUMNS; i++)
		appendStringInfo(sql, ", %s",
						 szn_alias_column(SZN_SESSION, szn_fixed_columns[i].name));
	foreach(cell, definition->edges)
		appendStringInfo(sql, ", %s",
						 szn_alias_column(SZN_SESSION, ((SznEdge *) lfirst(cell))->name));
}

/* The columns of the source that grouping needs. */
static List *
grouped_columns(const SznDefinition *definition)
{
	Bitmapset  *numbers = NULL;
	ListCell   *cell;

	foreach(cell, definition->metrics)
		numbers = bms_add_members(numbers, ((SznMetric *) lfirst(cell))->value->columns);
	foreach(cell, definition->edges)
		numbers = bms_add_members(numbers, ((SznEdge *) lfirst(cell))->item->columns);
	if (definition->edges != NIL)
	{
		foreach(cell, definition->tie_items)
			numbers = bms_add_members(numbers, ((SznItem *) lfirst(cell))->columns);
	}
	return szn_columns_by_number(definition->source, numbers);
}

/*
 * ", aggregate AS name" of each entry and exit column (R18).
 *
 * All of a side must come from one event, so all are told by the same order:
 * event time, tie_break, and the listed values; then events that are equal in
 * it have equal values.  NULL is the last of all, so as an exit value it
 * would win, which only a tie_break may decide.
 */
static void
add_edges(StringInfo sql, const SznDefinition *definition,
		  const SznNames *names)
{
	ListCell   *cell;
	ListCell   *other;

	foreach(cell, definition->edges)
	{
		SznEdge    *edge = (SznEdge *) lfirst(cell);
		StringInfoData order;
		int			num_listed = 0;

		initStringInfo(&order);
		foreach(other, definition->tie_items)
			appendStringInfo(&order, ", %s", ((SznItem *) lfirst(other))->qualified);
		foreach(other, definition->edges)
		{
			SznEdge    *listed = (SznEdge *) lfirst(other);

			if (listed->is_exit != edge->is_exit)
				continue;
			num_listed++;
			if (edge->is_exit)
				appendStringInfo(&order, ", (%s) IS NOT NULL", listed->item->qualified);
			appendStringInfo(&order, ", %s", listed->item->qualified);
		}

		/* first() and last() do just that with a value alone */
		if (num_listed == 1 && definition->tie_items == NIL)
			resetStringInfo(&order);
		appendStringInfo(sql, ", sessionize.%s%s(%s, %s%s) AS %s",
						 edge->is_exit ? "last" : "first",
						 order.len > 0 ? "_by" : "",
						 edge->item->qualified,
						 szn_alias_column(SZN_EVENT, names->time),
						 order.data, quote_identifier(edge->name));
	}
}

/* One row per session, each metric over all sessions. */
static char *
grouped_sessions(const SznDefinition *definition, const SznNames *names)
{
	StringInfoData sql;
	StringInfoData where;
	const char *actors = szn_actor_list(names, SZN_EVENT);
	const char *number = szn_alias_column(SZN_EVENT, names->number);
	const char *time = szn_alias_column(SZN_EVENT, names->time);
	ListCell   *cell;

	initStringInfo(&where);
	szn_add_session_condition(&where, definition, names);

	initStringInfo(&sql);
	appendStringInfo(&sql, "SELECT sessionize.session_id(pg_catalog.min(%s), %s) AS session_id",
					 time, actors);
	szn_add_actor_columns(&sql, definition, names, SZN_EVENT);
	szn_add_fixed_columns(&sql, definition, number,
					  psprintf("pg_catalog.min(%s)", time),
					  psprintf("pg_catalog.max(%s)", time),
					  "pg_catalog.count(*)",
					  psprintf("pg_catalog.min(%s)", szn_alias_column(SZN_EVENT, names->started_by)),
					  psprintf("pg_catalog.min(%s)", szn_alias_column(SZN_EVENT, names->ended_by)));
	add_edges(&sql, definition, names);
	foreach(cell, definition->metrics)
	{
		SznMetric  *metric = (SznMetric *) lfirst(cell);

		appendStringInfo(&sql, ", %s AS %s", metric->value->qualified,
						 quote_identifier(szn_picks_sessions(metric) ?
										  raw_metric_name(definition, foreach_current_index(cell)) :
										  metric->name));
	}
	appendStringInfo(&sql, " FROM %s AS " SZN_EVENT "%s GROUP BY %s, %s",
					 szn_labelled_events(definition, names, grouped_columns(definition), false),
					 where.data, actors, number);
	return szn_narrow(sql.data);
}

/* Can this metric's pick be told once these others are known? */
static bool
is_resolvable(const SznDefinition *definition, const SznMetric *metric,
			  const Bitmapset *resolved)
{
	if (metric->condition == NULL)
		return true;
	for (int n = 0; n < list_length(definition->metrics); n++)
	{
		if (szn_names_metric(definition, metric->condition, n) &&
			!bms_is_member(n, resolved))
			return false;
	}
	return true;
}

static void
error_cycle(const SznDefinition *definition, const Bitmapset *resolved)
{
	StringInfoData names;
	ListCell   *cell;

	initStringInfo(&names);
	foreach(cell, definition->metrics)
	{
		if (!bms_is_member(foreach_current_index(cell), resolved))
			appendStringInfo(&names, "%s\"%s\"", names.len > 0 ? ", " : "",
							 ((SznMetric *) lfirst(cell))->name);
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
			 errmsg("metrics of session \"%s\" depend on each other", definition->name),
			 errdetail("Their session filters name each other: %s.", names.data)));
}

/*
 * One row per session, each metric where it picks the session, dropped ones
 * too.  With picks, also the column szn_pick_name(n) of each metric that picks
 * sessions.
 *
 * A metric whose condition names others needs these to be columns, so there
 * is a level of sub-selects for each link of the longest such chain.
 */
static char *
all_sessions(const SznDefinition *definition, const SznNames *names,
			 bool with_picks)
{
	char	   *query = grouped_sessions(definition, names);
	int			num_metrics = list_length(definition->metrics);
	Bitmapset  *resolved = NULL;
	StringInfoData sql;

	for (int n = 0; n < num_metrics; n++)
	{
		if (!szn_picks_sessions((SznMetric *) list_nth(definition->metrics, n)))
			resolved = bms_add_member(resolved, n);
	}

	while (bms_num_members(resolved) < num_metrics)
	{
		Bitmapset  *now_resolved = bms_copy(resolved);

		initStringInfo(&sql);
		appendStringInfoString(&sql, "SELECT ");
		add_session_columns(&sql, definition);
		for (int n = 0; n < num_metrics; n++)
		{
			SznMetric  *metric = (SznMetric *) list_nth(definition->metrics, n);
			const char *raw = szn_alias_column(SZN_SESSION, raw_metric_name(definition, n));

			if (bms_is_member(n, resolved))
			{
				appendStringInfo(&sql, ", %s", szn_alias_column(SZN_SESSION, metric->name));
				if (with_picks && szn_picks_sessions(metric))
					appendStringInfo(&sql, ", %s",
									 szn_alias_column(SZN_SESSION, szn_pick_name(definition, n)));
			}
			else if (is_resolvable(definition, metric, resolved))
			{
				char	   *pick = pick_condition(definition, metric);

				appendStringInfo(&sql, ", CASE WHEN %s THEN %s END AS %s",
								 pick, raw, quote_identifier(metric->name));
				if (with_picks)
					appendStringInfo(&sql, ", %s AS %s", pick,
									 quote_identifier(szn_pick_name(definition, n)));
				now_resolved = bms_add_member(now_resolved, n);
			}
			else
				appendStringInfo(&sql, ", %s", raw);
		}
		appendStringInfo(&sql, " FROM (%s) AS " SZN_SESSION, query);
		query = sql.data;

		if (bms_equal(resolved, now_resolved))
			error_cycle(definition, resolved);
		resolved = now_resolved;
	}
	return query;
}

/* The sessions view: columns in their order, and only sessions to keep (R14). */
char *
szn_sessions_query(const SznDefinition *definition, const SznNames *names)
{
	bool		has_picks = false;
	StringInfoData sql;
	ListCell   *cell;

	foreach(cell, definition->metrics)
		has_picks |= szn_picks_sessions((SznMetric *) lfirst(cell));
	if (!has_picks && definition->keep_item == NULL)
		return grouped_sessions(definition, names);

	initStringInfo(&sql);
	appendStringInfoString(&sql, "SELECT ");
	add_session_columns(&sql, definition);
	foreach(cell, definition->metrics)
		appendStringInfo(&sql, ", %s",
						 szn_alias_column(SZN_SESSION, ((SznMetric *) lfirst(cell))->name));
	appendStringInfo(&sql, " FROM (%s) AS " SZN_SESSION,
					 all_sessions(definition, names, false));
	if (definition->keep_item)
		appendStringInfo(&sql, " WHERE %s", definition->keep_item->qualified);
	return sql.data;
}


/*
 * Beside labelled events
 */

/*
 * What goes behind labelled events in FROM, so that "session" has what they
 * know of their own session.
 */
char *
szn_session_of_event(const SznDefinition *definition, const SznNames *names)
{
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfo(&sql, ", LATERAL (SELECT sessionize.session_id(%s, %s) AS session_id",
					 szn_alias_column(SZN_EVENT, names->start),
					 szn_actor_list(names, SZN_EVENT));
	szn_add_actor_columns(&sql, definition, names, SZN_EVENT);
	szn_add_fixed_columns(&sql, definition,
						  szn_alias_column(SZN_EVENT, names->number),
						  szn_alias_column(SZN_EVENT, names->start),
						  szn_alias_column(SZN_EVENT, names->end),
						  szn_alias_column(SZN_EVENT, names->count),
						  szn_alias_column(SZN_EVENT, names->started_by),
						  szn_alias_column(SZN_EVENT, names->ended_by));
	appendStringInfoString(&sql, ") AS " SZN_SESSION);
	return sql.data;
}

static char *
keep_name(const SznDefinition *definition)
{
	return szn_free_name(definition, "label_keep");
}

/* ", a byte for each of the actor's sessions AS name". */
static void
add_packed(StringInfo sql, const char *condition, const char *name)
{
	appendStringInfo(sql, ", pg_catalog.string_agg(CASE WHEN %s THEN '\\x01'::pg_catalog.bytea"
					 " ELSE '\\x00'::pg_catalog.bytea END, '\\x'::pg_catalog.bytea"
					 " ORDER BY " SZN_SESSION ".session_number) AS %s",
					 condition, quote_identifier(name));
}

/* The byte of the event's session is set. */
static char *
unpacked(const SznNames *names, const char *name)
{
	return psprintf("pg_catalog.substr(%s, CAST(%s AS pg_catalog.int4), 1)"
					" OPERATOR(pg_catalog.=) '\\x01'::pg_catalog.bytea",
					szn_alias_column(SZN_SESSION, name),
					szn_alias_column(SZN_EVENT, names->number));
}

/*
 * What goes behind labelled events in FROM, so that "session" has the picks
 * of the event's actor; "where" gets the join, and "keep".
 */
char *
szn_picks_of_actor(const SznDefinition *definition, const SznNames *names,
				   StringInfo where)
{
	StringInfoData sql;
	StringInfoData actors;
	ListCell   *cell;

	initStringInfo(&actors);
	foreach(cell, definition->actor_items)
		appendStringInfo(&actors, "%s%s", actors.len > 0 ? ", " : "",
						 szn_alias_column(SZN_SESSION, ((SznItem *) lfirst(cell))->name));

	initStringInfo(&sql);
	appendStringInfo(&sql, ", (SELECT %s", actors.data);
	foreach(cell, definition->metrics)
	{
		char	   *name = szn_pick_name(definition, foreach_current_index(cell));

		if (szn_picks_sessions((SznMetric *) lfirst(cell)))
			add_packed(&sql, szn_alias_column(SZN_SESSION, name), name);
	}
	if (definition->keep_item)
		add_packed(&sql, definition->keep_item->qualified, keep_name(definition));
	appendStringInfo(&sql, " FROM (%s) AS " SZN_SESSION " GROUP BY %s) AS " SZN_SESSION,
					 all_sessions(definition, names, true), actors.data);

	szn_add_actor_join(where, definition, names);
	if (definition->keep_item)
		szn_add_condition(where, unpacked(names, keep_name(definition)));
	return sql.data;
}

/* Whether the nth metric picks the event's session, beside labelled events. */
char *
szn_pick_of_event(const SznDefinition *definition, const SznNames *names,
				  int n, bool joined)
{
	if (joined)
		return unpacked(names, szn_pick_name(definition, n));
	return pick_condition(definition, (SznMetric *) list_nth(definition->metrics, n));
}
