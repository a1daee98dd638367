/*-------------------------------------------------------------------------
 *
 * labelled.c
 *	  The events of a definition with their sessions' attributes, as SQL text.
 *
 * What all that a definition expands to stands on:
 *
 *	(SELECT columns, window functions of sessionize OVER w
 *	 FROM source AS event WHERE filter
 *	 WINDOW w AS (PARTITION BY actor ORDER BY event time)) AS event
 *
 * A metric's texts name the source's columns as event.column, which works on
 * this level as on the one above.  What is spliced here, in picks.c and in
 * expand.c are identifiers, quoted, and texts that texts.c has parsed and
 * written anew; no other file writes SQL about events.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/relation.h"
#include "access/sysattr.h"
#include "catalog/pg_operator.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

#include "definitions/labelled.h"
#include "functions/arguments.h"

const SznFixedColumn szn_fixed_columns[SZN_NUM_FIXED_COLUMNS] = {
	{"session_number", "bigint", "1, 2, 3 ... per actor, over all history"},
	{"started_at", NULL, "time of the first event"},
	{"ended_at", NULL, "time of the last event"},
	{"duration_seconds", "double precision", "ended_at - started_at, in seconds"},
	{"duration", "interval", "ended_at - started_at"},
	{"event_count", "bigint", "number of events"},
	{"started_by", "character varying", "what began the session: first, restart, end, inactivity or max_duration"},
	{"ended_by", "character varying", "what ended the session: restart, end, inactivity or max_duration; open if it may go on"},
	{"is_open", "boolean", "whether the session may go on"}
};


/* Is this the name of a column that every definition has? */
bool
szn_is_fixed_column(const char *name)
{
	if (strcmp(name, "session_id") == 0)
		return true;
	for (int i = 0; i < SZN_NUM_FIXED_COLUMNS; i++)
	{
		if (strcmp(name, szn_fixed_columns[i].name) == 0)
			return true;
	}
	return strcmp(name, "session_count") == 0 ||
		strcmp(name, "time_in_session_seconds") == 0 ||
		strcmp(name, "time_in_session") == 0 ||
		strcmp(name, "first_started_at") == 0 ||
		strcmp(name, "last_ended_at") == 0;
}


/*
 * Small pieces
 */

static const char *
qualified_name(Oid relid)
{
	return quote_qualified_identifier(get_namespace_name(get_rel_namespace(relid)),
									  get_rel_name(relid));
}

const char *
szn_alias_column(const char *alias, const char *column)
{
	return psprintf("%s.%s", alias, quote_identifier(column));
}

const char *
szn_type_name(Oid type, int32 typmod)
{
	return format_type_extended(type, typmod,
								FORMAT_TYPE_TYPEMOD_GIVEN | FORMAT_TYPE_FORCE_QUALIFY);
}

/* The operator by which PARTITION BY compares values of a type. */
static const char *
equality_of(Oid type)
{
	Oid			operator = lookup_type_cache(type, TYPECACHE_EQ_OPR)->eq_opr;
	HeapTuple	tuple = SearchSysCache1(OPEROID, ObjectIdGetDatum(operator));
	Form_pg_operator form;
	char	   *result;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "type %u has no equality operator", type);
	form = (Form_pg_operator) GETSTRUCT(tuple);
	result = psprintf("OPERATOR(%s.%s)",
					  quote_identifier(get_namespace_name(form->oprnamespace)),
					  NameStr(form->oprname));
	ReleaseSysCache(tuple);
	return result;
}

/* An inactivity or max_duration, as the functions want it. */
static const char *
interval_argument(const Interval *interval, const char *field)
{
	int64		span;

	if (interval == NULL)
		return "NULL::pg_catalog.interval";
	span = szn_span_from_interval(interval, field);
	return psprintf("sessionize.inactivity('" INT64_FORMAT ":%02d:%02d.%06d'::pg_catalog.interval)",
					span / USECS_PER_HOUR,
					(int) (span / USECS_PER_MINUTE % 60),
					(int) (span / USECS_PER_SEC % 60),
					(int) (span % USECS_PER_SEC));
}

/* A column name that the source does not have. */
static char *
fresh_name(Oid relid, const char *wish)
{
	char	   *name = pstrdup(wish);

	while (get_attnum(relid, name) != InvalidAttrNumber)
		name = psprintf("%s_", name);
	return name;
}

/* The names of these columns, by SznItem's numbers, as Strings. */
List *
szn_columns_by_number(Oid relid, const Bitmapset *numbers)
{
	List	   *names = NIL;
	int			number = -1;

	while ((number = bms_next_member(numbers, number)) >= 0)
		names = lappend(names,
						makeString(get_attname(relid,
											   number + FirstLowInvalidHeapAttributeNumber,
											   false)));
	return names;
}

SznNames *
szn_choose_names(const SznDefinition *definition)
{
	SznNames   *names = (SznNames *) palloc0(sizeof(SznNames));
	Oid			source = definition->source;
	ListCell   *cell;

	names->time = fresh_name(source, "label_time");
	names->number = fresh_name(source, "label_number");
	names->event_number = fresh_name(source, "label_event_number");
	names->start = fresh_name(source, "label_start");
	names->end = fresh_name(source, "label_end");
	names->count = fresh_name(source, "label_count");
	names->started_by = fresh_name(source, "label_started_by");
	names->ended_by = fresh_name(source, "label_ended_by");

	/* an actor that is a column of the source is carried as that */
	foreach(cell, definition->actor_items)
	{
		SznItem    *item = (SznItem *) lfirst(cell);

		if (item->is_column)
			names->actor = lappend(names->actor,
								   get_attname(source,
											   bms_next_member(item->columns, -1) +
											   FirstLowInvalidHeapAttributeNumber,
											   false));
		else
			names->actor = lappend(names->actor,
								   fresh_name(source,
											  psprintf("label_actor_%d",
													   foreach_current_index(cell) + 1)));
	}
	return names;
}

/* "a, b" of the actor's parts on the level of the labelled events. */
char *
szn_actor_list(const SznNames *names, const char *alias)
{
	StringInfoData list;
	ListCell   *cell;

	initStringInfo(&list);
	foreach(cell, names->actor)
		appendStringInfo(&list, "%s%s", list.len > 0 ? ", " : "",
						 szn_alias_column(alias, (char *) lfirst(cell)));
	return list.data;
}

/* A column name that neither the source nor the definition has. */
char *
szn_free_name(const SznDefinition *definition, const char *wish)
{
	char	   *name = fresh_name(definition->source, wish);
	ListCell   *cell;
	bool		taken;

	do
	{
		taken = false;
		foreach(cell, definition->metrics)
			taken |= strcmp(((SznMetric *) lfirst(cell))->name, name) == 0;
		foreach(cell, definition->actor_items)
			taken |= strcmp(((SznItem *) lfirst(cell))->name, name) == 0;
		foreach(cell, definition->edges)
			taken |= strcmp(((SznEdge *) lfirst(cell))->name, name) == 0;
		if (taken)
			name = fresh_name(definition->source, psprintf("%s_", name));
	} while (taken);
	return name;
}

/* The names of all live columns of the source, as Strings. */
List *
szn_source_columns(Oid relid)
{
	Relation	relation = relation_open(relid, AccessShareLock);
	TupleDesc	descriptor = RelationGetDescr(relation);
	List	   *names = NIL;

	for (int i = 0; i < descriptor->natts; i++)
	{
		if (!TupleDescAttr(descriptor, i)->attisdropped)
			names = lappend(names, makeString(pstrdup(NameStr(TupleDescAttr(descriptor, i)->attname))));
	}
	relation_close(relation, NoLock);
	return names;
}

/*
 * Labelled events
 */

/* "function(...) OVER w" for one of the window functions. */
static void
add_call(StringInfo sql, const SznDefinition *definition, const char *function)
{
	appendStringInfo(sql, "sessionize.%s(%s, %s, %s, %s, %s, %s) OVER w",
					 function,
					 definition->time_item->qualified,
					 interval_argument(definition->inactivity, "inactivity"),
					 definition->restart_item ? definition->restart_item->qualified : "false",
					 definition->end_item ? definition->end_item->qualified : "false",
					 interval_argument(definition->max_duration, "max_duration"),
					 definition->require_restart ? "true" : "false");
}

/* ", function(...) OVER w AS name" of one of the window functions. */
void
szn_add_label(StringInfo sql, const SznDefinition *definition,
			  const char *function, const char *name)
{
	appendStringInfoString(sql, ", ");
	add_call(sql, definition, function);
	appendStringInfo(sql, " AS %s", quote_identifier(name));
}

/* "a, b" of the actor's parts on the level of the source. */
char *
szn_actor_expressions(const SznDefinition *definition)
{
	StringInfoData list;
	ListCell   *cell;

	initStringInfo(&list);
	foreach(cell, definition->actor_items)
		appendStringInfo(&list, "%s%s", list.len > 0 ? ", " : "",
						 ((SznItem *) lfirst(cell))->qualified);
	return list.data;
}

/* " FROM source AS event WHERE ...": the events that count (R1). */
void
szn_add_source(StringInfo sql, const SznDefinition *definition)
{
	ListCell   *cell;

	appendStringInfo(sql, " FROM %s AS %s WHERE %s IS NOT NULL",
					 qualified_name(definition->source), SZN_EVENT,
					 definition->time_item->qualified);
	foreach(cell, definition->actor_items)
		appendStringInfo(sql, " AND (%s) IS NOT NULL",
						 ((SznItem *) lfirst(cell))->qualified);
	if (definition->filter_item)
		appendStringInfo(sql, " AND (%s)", definition->filter_item->qualified);
}

/*
 * The labelled events with these columns of the source, in parentheses.
 *
 * "in_order" is for who shows event numbers: within an instant these go by
 * tie_break (R18).  The windows of session_event_number() must not know of
 * it, since it would split instants; but what a row's number is above those
 * of the sessions before it is the same in whatever order the rows come.
 */
char *
szn_labelled_events(const SznDefinition *definition, const SznNames *names,
					List *columns, bool in_order)
{
	StringInfoData sql;
	char	   *actors = szn_actor_expressions(definition);
	List	   *done = NIL;
	ListCell   *item_cell;
	ListCell   *name_cell;
	ListCell   *cell;

	initStringInfo(&sql);
	appendStringInfo(&sql, "(SELECT %s AS %s", definition->time_item->qualified,
					 quote_identifier(names->time));
	forboth(item_cell, definition->actor_items, name_cell, names->actor)
	{
		if (list_member(columns, makeString((char *) lfirst(name_cell))) ||
			list_member(done, makeString((char *) lfirst(name_cell))))
			continue;
		done = lappend(done, makeString((char *) lfirst(name_cell)));
		appendStringInfo(&sql, ", %s AS %s",
						 ((SznItem *) lfirst(item_cell))->qualified,
						 quote_identifier((char *) lfirst(name_cell)));
	}
	foreach(cell, columns)
		appendStringInfo(&sql, ", %s", szn_alias_column(SZN_EVENT, strVal(lfirst(cell))));
	szn_add_label(&sql, definition, "session_number", names->number);
	if (in_order && definition->tie_items != NIL)
	{
		appendStringInfoString(&sql, ", pg_catalog.row_number() OVER t OPERATOR(pg_catalog.-)"
							   " (pg_catalog.row_number() OVER w OPERATOR(pg_catalog.-) ");
		add_call(&sql, definition, "session_event_number");
		appendStringInfo(&sql, ") AS %s", quote_identifier(names->event_number));
	}
	else
		szn_add_label(&sql, definition, "session_event_number", names->event_number);
	szn_add_label(&sql, definition, "session_start", names->start);
	szn_add_label(&sql, definition, "session_end", names->end);
	szn_add_label(&sql, definition, "session_event_count", names->count);
	szn_add_label(&sql, definition, "session_started_by", names->started_by);
	szn_add_label(&sql, definition, "session_ended_by", names->ended_by);

	szn_add_source(&sql, definition);
	appendStringInfo(&sql, " WINDOW w AS (PARTITION BY %s ORDER BY %s)",
					 actors, definition->time_item->qualified);
	if (in_order && definition->tie_items != NIL)
	{
		appendStringInfo(&sql, ", t AS (PARTITION BY %s ORDER BY %s",
						 actors, definition->time_item->qualified);
		foreach(cell, definition->tie_items)
			appendStringInfo(&sql, ", (%s)", ((SznItem *) lfirst(cell))->qualified);
		appendStringInfoChar(&sql, ')');
	}
	appendStringInfoChar(&sql, ')');
	return sql.data;
}

/* What has ended a session by now, of what ended_by() takes. */
char *
szn_ended_by_now(const SznDefinition *definition, const char *start,
				 const char *end, const char *ended_by)
{
	return psprintf("sessionize.ended_by(%s, %s, %s, %s, %s)",
					ended_by, start, end,
					interval_argument(definition->inactivity, "inactivity"),
					interval_argument(definition->max_duration, "max_duration"));
}

/*
 * What the sessions view's fixed columns are, on a level where "start" and
 * so on are expressions for them.
 */
void
szn_add_fixed_columns(StringInfo sql, const SznDefinition *definition,
				  const char *number,
				  const char *start, const char *end, const char *count,
				  const char *started_by, const char *ended_by)
{
	char	   *ended = szn_ended_by_now(definition, start, end, ended_by);

	appendStringInfo(sql, ", %s AS session_number, %s AS started_at, %s AS ended_at",
					 number, start, end);
	appendStringInfo(sql, ", sessionize.duration_seconds(%s, %s) AS duration_seconds", start, end);
	appendStringInfo(sql, ", sessionize.duration(%s, %s) AS duration", start, end);
	appendStringInfo(sql, ", %s AS event_count", count);
	appendStringInfo(sql, ", CAST(%s AS pg_catalog.varchar) AS started_by", started_by);
	appendStringInfo(sql, ", CAST(%s AS pg_catalog.varchar) AS ended_by", ended);
	appendStringInfo(sql, ", %s OPERATOR(pg_catalog.=) 'open' AS is_open", ended);
}

/* ", x AS name" of each part of the actor, on the level of the alias. */
void
szn_add_actor_columns(StringInfo sql, const SznDefinition *definition,
				  const SznNames *names, const char *alias)
{
	ListCell   *item_cell;
	ListCell   *name_cell;

	forboth(item_cell, definition->actor_items, name_cell, names->actor)
		appendStringInfo(sql, ", %s AS %s",
						 szn_alias_column(alias, (char *) lfirst(name_cell)),
						 quote_identifier(((SznItem *) lfirst(item_cell))->name));
}

void
szn_add_condition(StringInfo where, const char *condition)
{
	appendStringInfo(where, "%s(%s)", where->len > 0 ? " AND " : " WHERE ",
					 condition);
}

/* The condition that "event" and "session" are about the same actor. */
void
szn_add_actor_join(StringInfo where, const SznDefinition *definition,
				   const SznNames *names)
{
	ListCell   *item_cell;
	ListCell   *name_cell;

	forboth(item_cell, definition->actor_items, name_cell, names->actor)
	{
		SznItem    *item = (SznItem *) lfirst(item_cell);

		szn_add_condition(where,
						  psprintf("%s %s %s",
								   szn_alias_column(SZN_EVENT, (char *) lfirst(name_cell)),
								   equality_of(item->type),
								   szn_alias_column(SZN_SESSION, item->name)));
	}
}

/* Rows of no session are left out (R8). */
void
szn_add_session_condition(StringInfo where, const SznDefinition *definition,
					  const SznNames *names)
{
	if (definition->require_restart)
		szn_add_condition(where, psprintf("%s IS NOT NULL",
									  szn_alias_column(SZN_EVENT, names->number)));
}


