/*-------------------------------------------------------------------------
 *
 * choose_sql.c
 *	  Definitions as SQL text, for choosing and understanding them.
 *
 * A sibling of expand.c, made of the same pieces: events that count, labelled
 * by the window functions.  No column of the source is carried along but as an
 * event's time, actor or flag, so all names here are fixed.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/stratnum.h"
#include "catalog/pg_type.h"
#include "parser/parse_coerce.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

#include "definitions/choose.h"

/* The definition with another inactivity. */
static SznDefinition *
with_inactivity(const SznDefinition *definition, const Interval *inactivity)
{
	SznDefinition *copy = (SznDefinition *) palloc(sizeof(SznDefinition));

	*copy = *definition;
	copy->inactivity = unconstify(Interval *, inactivity);
	return copy;
}


/*
 * compare()
 */

/*
 * Sessions of all candidates, of one read and one sort of the source: each
 * event is labelled once per candidate, and is a session of those of which it
 * is an event number 1.
 */
static void
add_sessions_of_one_read(StringInfo sql, const SznDefinition *definition,
						 List *candidates)
{
	StringInfoData labels;
	StringInfoData actors;
	StringInfoData branches;
	StringInfoData begun;
	ListCell   *cell;

	initStringInfo(&labels);
	initStringInfo(&actors);
	initStringInfo(&branches);
	initStringInfo(&begun);
	for (int i = 1; i <= list_length(definition->actor_items); i++)
		appendStringInfo(&actors, ", " SZN_EVENT ".actor_%d", i);
	szn_add_label(&labels, definition, "session_number", "number");

	foreach(cell, candidates)
	{
		SznDefinition *candidate = with_inactivity(definition,
												   (Interval *) lfirst(cell));
		int			n = foreach_current_index(cell) + 1;
		char	   *end = psprintf("end_%d", n);
		char	   *count = psprintf("count_%d", n);
		char	   *begins = psprintf(SZN_EVENT ".event_number_%d OPERATOR(pg_catalog.=) 1", n);

		szn_add_label(&labels, candidate, "session_event_number",
					  psprintf("event_number_%d", n));
		szn_add_label(&labels, candidate, "session_end", end);
		szn_add_label(&labels, candidate, "session_event_count", count);

		appendStringInfo(&begun, "%s%s", n > 1 ? " OR " : "", begins);
		appendStringInfo(&branches, "%sSELECT %d AS candidate,"
						 " sessionize.duration(" SZN_EVENT ".time, " SZN_EVENT ".%s) AS duration,"
						 " " SZN_EVENT ".%s AS event_count",
						 n > 1 ? " UNION ALL " : "", n, end, count);
		if (definition->keep_item != NULL)
		{
			char	   *number = psprintf("number_%d", n);
			char	   *started_by = psprintf("started_by_%d", n);
			char	   *ended_by = psprintf("ended_by_%d", n);
			ListCell   *item_cell;

			szn_add_label(&labels, candidate, "session_number", number);
			szn_add_label(&labels, candidate, "session_started_by", started_by);
			szn_add_label(&labels, candidate, "session_ended_by", ended_by);
			appendStringInfo(&branches, " FROM (SELECT sessionize.session_id(" SZN_EVENT ".time%s) AS session_id",
							 actors.data);
			foreach(item_cell, definition->actor_items)
				appendStringInfo(&branches, ", " SZN_EVENT ".actor_%d AS %s",
								 foreach_current_index(item_cell) + 1,
								 quote_identifier(((SznItem *) lfirst(item_cell))->name));
			szn_add_fixed_columns(&branches, candidate,
								  psprintf(SZN_EVENT ".%s", number),
								  SZN_EVENT ".time",
								  psprintf(SZN_EVENT ".%s", end),
								  psprintf(SZN_EVENT ".%s", count),
								  psprintf(SZN_EVENT ".%s", started_by),
								  psprintf(SZN_EVENT ".%s", ended_by));
			appendStringInfo(&branches, ") AS " SZN_SESSION " WHERE %s AND (%s)",
							 begins, definition->keep_item->qualified);
		}
		else
			appendStringInfo(&branches, " WHERE %s", begins);
	}

	appendStringInfo(sql, "SELECT begun.*, " SZN_EVENT ".event_number_1 OPERATOR(pg_catalog.=) 1"
					 " AND " SZN_EVENT ".number OPERATOR(pg_catalog.=) 1 AS is_first%s"
					 " FROM (SELECT %s AS time",
					 actors.data, definition->time_item->qualified);
	foreach(cell, definition->actor_items)
		appendStringInfo(sql, ", %s AS actor_%d",
						 ((SznItem *) lfirst(cell))->qualified,
						 foreach_current_index(cell) + 1);
	appendStringInfoString(sql, labels.data);
	szn_add_source(sql, definition);
	appendStringInfo(sql, " WINDOW w AS (PARTITION BY %s ORDER BY %s)) AS " SZN_EVENT
					 ", LATERAL (%s) AS begun WHERE %s",
					 szn_actor_expressions(definition),
					 definition->time_item->qualified,
					 branches.data, begun.data);
}

/* The same of a read each, where "keep" needs more than the session's labels. */
static void
add_sessions_of_many_reads(StringInfo sql, const SznDefinition *definition,
						   List *candidates)
{
	ListCell   *cell;

	foreach(cell, candidates)
	{
		SznDefinition *candidate = with_inactivity(definition,
												   (Interval *) lfirst(cell));
		int			n = foreach_current_index(cell) + 1;
		List	   *columns;
		ListCell   *item_cell;

		appendStringInfo(sql, "%sSELECT %d AS candidate,"
						 " " SZN_SESSION ".duration, " SZN_SESSION ".event_count, NULL::boolean AS is_first",
						 n > 1 ? " UNION ALL " : "", n);
		foreach(item_cell, definition->actor_items)
			appendStringInfo(sql, ", " SZN_SESSION ".%s AS actor_%d",
							 quote_identifier(((SznItem *) lfirst(item_cell))->name),
							 foreach_current_index(item_cell) + 1);
		appendStringInfo(sql, " FROM (%s) AS " SZN_SESSION,
						 szn_expand(candidate, SZN_VIEW_SESSIONS, &columns));
	}
}

/*
 * compare()'s rows for a list of inactivities (Interval *), whose names for
 * people are the parameters $1, $2 ...  The first one is the current.
 *
 * Actors are counted by their first sessions, which begin with the same event
 * whatever the inactivity; "keep" can leave these out, but not others.
 */
char *
szn_compare_sql(const SznDefinition *definition, List *candidates)
{
	StringInfoData sql;
	int			num_actors = list_length(definition->actor_items);

	initStringInfo(&sql);
	appendStringInfoString(&sql, "SELECT candidate.inactivity,"
						   " candidate.candidate OPERATOR(pg_catalog.=) 1 AS is_current,"
						   " COALESCE(found.sessions, 0) AS sessions,"
						   " found.sessions::pg_catalog.float8 OPERATOR(pg_catalog./) found.actors::pg_catalog.float8,"
						   " found.single::pg_catalog.float8 OPERATOR(pg_catalog./) found.sessions::pg_catalog.float8,"
						   " found.durations[1], found.durations[2],"
						   " COALESCE(found.time_in_session, '0'::pg_catalog.interval)"
						   " FROM (VALUES ");
	for (int n = 1; n <= list_length(candidates); n++)
		appendStringInfo(&sql, "%s(%d, $%d)", n > 1 ? ", " : "", n, n);
	appendStringInfoString(&sql, ") AS candidate (candidate, inactivity)"
						   " LEFT JOIN (SELECT session.candidate,"
						   " pg_catalog.count(*) AS sessions,");
	if (definition->keep_item == NULL)
		appendStringInfoString(&sql, " pg_catalog.count(*) FILTER (WHERE session.is_first) AS actors,");
	else if (num_actors == 1)
		appendStringInfoString(&sql, " pg_catalog.count(DISTINCT session.actor_1) AS actors,");
	else
	{
		appendStringInfoString(&sql, " pg_catalog.count(DISTINCT ROW(");
		for (int i = 1; i <= num_actors; i++)
			appendStringInfo(&sql, "%ssession.actor_%d", i > 1 ? ", " : "", i);
		appendStringInfoString(&sql, ")) AS actors,");
	}
	appendStringInfoString(&sql, " pg_catalog.count(*) FILTER (WHERE session.event_count OPERATOR(pg_catalog.=) 1) AS single,"
						   " pg_catalog.percentile_cont('{0.5,0.9}'::pg_catalog.float8[])"
						   " WITHIN GROUP (ORDER BY session.duration) AS durations,"
						   " sessionize.total_duration(session.duration) AS time_in_session"
						   " FROM (");
	if (definition->keep_names_more)
		add_sessions_of_many_reads(&sql, definition, candidates);
	else
		add_sessions_of_one_read(&sql, definition, candidates);
	appendStringInfoString(&sql, ") AS session GROUP BY session.candidate) AS found"
						   " ON found.candidate OPERATOR(pg_catalog.=) candidate.candidate"
						   " ORDER BY candidate.candidate");
	return sql.data;
}


/*
 * gap_histogram()
 */

/*
 * Rows (bucket, count): how many pauses lie between the bounds in $1, each
 * excluding the lower and including the one above; and as bucket -1, how many
 * first instants, which have no pause before them.  $1 has the lower bounds
 * but that of bucket 0, as the first interval above it.
 *
 * Of the peers of an instant only the first has a pause before it (R2).
 */
char *
szn_pauses_sql(const SznDefinition *definition)
{
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfo(&sql, "SELECT CASE WHEN " SZN_EVENT ".previous IS NULL THEN -1"
					 " ELSE pg_catalog.width_bucket(sessionize.duration(" SZN_EVENT ".previous, " SZN_EVENT ".time), $1)"
					 " END AS bucket, pg_catalog.count(*)"
					 " FROM (SELECT %s AS time, pg_catalog.lag(%s) OVER w AS previous",
					 definition->time_item->qualified,
					 definition->time_item->qualified);
	szn_add_source(&sql, definition);
	appendStringInfo(&sql, " WINDOW w AS (PARTITION BY %s ORDER BY %s)) AS " SZN_EVENT
					 " WHERE " SZN_EVENT ".previous IS NULL"
					 " OR " SZN_EVENT ".previous OPERATOR(pg_catalog.<) " SZN_EVENT ".time"
					 " GROUP BY 1",
					 szn_actor_expressions(definition),
					 definition->time_item->qualified);
	return sql.data;
}


/*
 * explain_session()
 */

/*
 * The condition that a part of the actor equals a parameter of this type; NULL
 * if there is no such comparison.  An index on the part serves it.
 */
char *
szn_actor_condition(const SznItem *item, Oid type, int param)
{
	Oid			item_type = getBaseType(item->type);
	TypeCacheEntry *entry = lookup_type_cache(item_type, TYPECACHE_BTREE_OPFAMILY);
	char	   *left = psprintf("CAST(%s AS %s)", item->qualified,
								format_type_be_qualified(item_type));
	char	   *right = psprintf("$%d", param);
	Oid			operator;
	StringInfoData condition;

	/* other numbers, other times: the same family of operators */
	type = getBaseType(type);
	operator = get_opfamily_member(entry->btree_opf, entry->btree_opintype,
								   type, BTEqualStrategyNumber);
	if (!OidIsValid(operator))
	{
		if (!can_coerce_type(1, &type, &item_type, COERCION_IMPLICIT))
			return NULL;
		operator = get_opfamily_member(entry->btree_opf, entry->btree_opintype,
									   entry->btree_opintype,
									   BTEqualStrategyNumber);
		right = psprintf("CAST(%s AS %s)", right, format_type_be_qualified(item_type));
		type = item_type;
	}

	initStringInfo(&condition);
	generate_operator_clause(&condition, left, item_type, operator, right, type);
	return condition.data;
}

/*
 * explain_session()'s rows, for the actor of this condition.
 *
 * What is labelled are the runs, sessions or not: the boundaries are the same,
 * and those of runs that are no session want to be explained, too.  Of an
 * instant, the first row has the boundary; so restart events come first.
 */
char *
szn_explain_sql(const SznDefinition *definition, const char *condition)
{
	SznDefinition runs = *definition;
	StringInfoData sql;
	char	   *now = definition->time_item->type == TIMESTAMPOID ?
		"CAST(pg_catalog.now() AS timestamp without time zone)" : "pg_catalog.now()";

	runs.require_restart = false;

	initStringInfo(&sql);
	appendStringInfo(&sql, "SELECT line.session_number,"
					 " CAST(line.event_time AS timestamp with time zone), line.pause,"
					 " line.boundary, line.is_restart, line.is_end"
					 " FROM (SELECT run.*,"
					 " pg_catalog.lag(run.event_time) OVER o AS previous,"
					 " pg_catalog.lead(run.event_time) OVER o IS NULL AS is_last"
					 " FROM (SELECT %s AS event_time, (%s) IS TRUE AS is_restart, (%s) IS TRUE AS is_end",
					 definition->time_item->qualified,
					 definition->restart_item ? definition->restart_item->qualified : "false",
					 definition->end_item ? definition->end_item->qualified : "false");
	szn_add_label(&sql, definition, "session_number", "session_number");
	szn_add_label(&sql, &runs, "session_start", "started_at");
	szn_add_label(&sql, &runs, "session_started_by", "started_by");
	szn_add_label(&sql, &runs, "session_ended_by", "ended_by");
	szn_add_source(&sql, definition);
	appendStringInfo(&sql, "%s WINDOW w AS (PARTITION BY %s ORDER BY %s)) AS run"
					 " WINDOW o AS (ORDER BY run.event_time, run.is_restart DESC, run.is_end)) AS " SZN_EVENT,
					 condition, szn_actor_expressions(definition),
					 definition->time_item->qualified);
	appendStringInfo(&sql, ", LATERAL (SELECT " SZN_EVENT ".session_number, " SZN_EVENT ".event_time,"
					 " sessionize.duration(" SZN_EVENT ".previous, " SZN_EVENT ".event_time) AS pause,"
					 " CASE WHEN " SZN_EVENT ".event_time OPERATOR(pg_catalog.=) " SZN_EVENT ".started_at"
					 " AND " SZN_EVENT ".event_time IS DISTINCT FROM " SZN_EVENT ".previous"
					 " THEN " SZN_EVENT ".started_by END AS boundary,"
					 " " SZN_EVENT ".is_restart, " SZN_EVENT ".is_end"
					 " UNION ALL SELECT " SZN_EVENT ".session_number, NULL,"
					 " CASE WHEN " SZN_EVENT ".event_time OPERATOR(pg_catalog.<=) %s"
					 " THEN sessionize.duration(" SZN_EVENT ".event_time, %s) END, %s, NULL, NULL"
					 " WHERE " SZN_EVENT ".is_last AND " SZN_EVENT ".session_number IS NOT NULL) AS line"
					 " ORDER BY " SZN_EVENT ".event_time, " SZN_EVENT ".is_restart DESC, " SZN_EVENT ".is_end,"
					 " line.event_time NULLS LAST",
					 now, now,
					 szn_ended_by_now(definition, SZN_EVENT ".started_at",
									  SZN_EVENT ".event_time", SZN_EVENT ".ended_by"));
	return sql.data;
}
