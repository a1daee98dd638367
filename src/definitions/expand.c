/*-------------------------------------------------------------------------
 *
 * expand.c
 *	  Definitions as SQL text: the queries behind their three views.
 *
 * The only file that writes SQL about events, and the only one that quotes
 * identifiers for it.  What it splices are identifiers, quoted, and texts
 * that texts.c has parsed and written anew.
 *
 * All three views stand on the same labelled events:
 *
 *	(SELECT columns, window functions of sessionize OVER w
 *	 FROM source AS event WHERE filter
 *	 WINDOW w AS (PARTITION BY actor ORDER BY event time)) AS event
 *
 * A metric's texts name the source's columns as event.column, which works on
 * this level as on the one below, and conditions on sessions name theirs as
 * session.column, which works wherever something called "session" has the
 * columns of the sessions view.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/relation.h"
#include "access/sysattr.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "parser/analyze.h"
#include "parser/parser.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

#include "definitions/expand.h"
#include "definitions/narrow.h"
#include "functions/arguments.h"

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

static const SznFixedColumn fixed_columns[] = {
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
	for (int i = 0; i < (int) lengthof(fixed_columns); i++)
	{
		if (strcmp(name, fixed_columns[i].name) == 0)
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

static const char *
alias_column(const char *alias, const char *column)
{
	return psprintf("%s.%s", alias, quote_identifier(column));
}

static const char *
type_name(Oid type, int32 typmod)
{
	return format_type_extended(type, typmod,
								FORMAT_TYPE_TYPEMOD_GIVEN | FORMAT_TYPE_FORCE_QUALIFY);
}

static const char *
item_text(const SznItem *item)
{
	return item == NULL ? NULL : item->text;
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

static SznNames *
choose_names(const SznDefinition *definition)
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
static char *
actor_list(const SznNames *names, const char *alias)
{
	StringInfoData list;
	ListCell   *cell;

	initStringInfo(&list);
	foreach(cell, names->actor)
		appendStringInfo(&list, "%s%s", list.len > 0 ? ", " : "",
						 alias_column(alias, (char *) lfirst(cell)));
	return list.data;
}

/* The names of all live columns of the source. */
static List *
source_columns(Oid relid)
{
	Relation	relation = relation_open(relid, AccessShareLock);
	TupleDesc	descriptor = RelationGetDescr(relation);
	List	   *names = NIL;

	for (int i = 0; i < descriptor->natts; i++)
	{
		if (!TupleDescAttr(descriptor, i)->attisdropped)
			names = lappend(names, pstrdup(NameStr(TupleDescAttr(descriptor, i)->attname)));
	}
	relation_close(relation, NoLock);
	return names;
}

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


/*
 * Labelled events
 */

static void
add_label(StringInfo sql, const SznDefinition *definition,
		  const char *function, const char *name)
{
	appendStringInfo(sql, ", sessionize.%s(%s, %s, %s, %s, %s, %s) OVER w AS %s",
					 function,
					 definition->time_item->qualified,
					 interval_argument(definition->inactivity, "inactivity"),
					 definition->restart_item ? definition->restart_item->qualified : "false",
					 definition->end_item ? definition->end_item->qualified : "false",
					 interval_argument(definition->max_duration, "max_duration"),
					 definition->require_restart ? "true" : "false",
					 quote_identifier(name));
}

/* The labelled events with these columns of the source, in parentheses. */
static char *
labelled_events(const SznDefinition *definition, const SznNames *names,
				List *columns)
{
	StringInfoData sql;
	StringInfoData actors;
	List	   *done = NIL;
	ListCell   *item_cell;
	ListCell   *name_cell;
	ListCell   *cell;

	initStringInfo(&actors);
	foreach(cell, definition->actor_items)
		appendStringInfo(&actors, "%s%s", actors.len > 0 ? ", " : "",
						 ((SznItem *) lfirst(cell))->qualified);

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
		appendStringInfo(&sql, ", %s", alias_column(SZN_EVENT, strVal(lfirst(cell))));
	add_label(&sql, definition, "session_number", names->number);
	add_label(&sql, definition, "session_event_number", names->event_number);
	add_label(&sql, definition, "session_start", names->start);
	add_label(&sql, definition, "session_end", names->end);
	add_label(&sql, definition, "session_event_count", names->count);
	add_label(&sql, definition, "session_started_by", names->started_by);
	add_label(&sql, definition, "session_ended_by", names->ended_by);

	appendStringInfo(&sql, " FROM %s AS %s WHERE %s IS NOT NULL",
					 qualified_name(definition->source), SZN_EVENT,
					 definition->time_item->qualified);
	foreach(cell, definition->actor_items)
		appendStringInfo(&sql, " AND (%s) IS NOT NULL",
						 ((SznItem *) lfirst(cell))->qualified);
	if (definition->filter_item)
		appendStringInfo(&sql, " AND (%s)", definition->filter_item->qualified);
	appendStringInfo(&sql, " WINDOW w AS (PARTITION BY %s ORDER BY %s))",
					 actors.data, definition->time_item->qualified);
	return sql.data;
}

/* Columns of the source that the metrics' aggregates use. */
static List *
metric_columns(const SznDefinition *definition)
{
	Bitmapset  *numbers = NULL;
	List	   *columns = NIL;
	ListCell   *cell;
	int			number = -1;

	foreach(cell, definition->metrics)
		numbers = bms_add_members(numbers, ((SznMetric *) lfirst(cell))->value->columns);
	while ((number = bms_next_member(numbers, number)) >= 0)
		columns = lappend(columns,
						  makeString(get_attname(definition->source,
												 number + FirstLowInvalidHeapAttributeNumber,
												 false)));
	return columns;
}

/*
 * What the sessions view's fixed columns are, on a level where "start" and
 * so on are expressions for them.
 */
static void
add_fixed_columns(StringInfo sql, const SznDefinition *definition,
				  const char *number,
				  const char *start, const char *end, const char *count,
				  const char *started_by, const char *ended_by)
{
	char	   *ended = psprintf("sessionize.ended_by(%s, %s, %s, %s, %s)",
								 ended_by, start, end,
								 interval_argument(definition->inactivity, "inactivity"),
								 interval_argument(definition->max_duration, "max_duration"));

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
static void
add_actor_columns(StringInfo sql, const SznDefinition *definition,
				  const SznNames *names, const char *alias)
{
	ListCell   *item_cell;
	ListCell   *name_cell;

	forboth(item_cell, definition->actor_items, name_cell, names->actor)
		appendStringInfo(sql, ", %s AS %s",
						 alias_column(alias, (char *) lfirst(name_cell)),
						 quote_identifier(((SznItem *) lfirst(item_cell))->name));
}

static void
add_condition(StringInfo where, const char *condition)
{
	appendStringInfo(where, "%s(%s)", where->len > 0 ? " AND " : " WHERE ",
					 condition);
}

/* Rows of no session are left out (R8). */
static void
add_session_condition(StringInfo where, const SznDefinition *definition,
					  const SznNames *names)
{
	if (definition->require_restart)
		add_condition(where, psprintf("%s IS NOT NULL",
									  alias_column(SZN_EVENT, names->number)));
}


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
						 type_name(item->type, item->typmod),
						 quote_identifier(item->name));
	}
	for (int i = 0; i < (int) lengthof(fixed_columns); i++)
	{
		const SznFixedColumn *column = &fixed_columns[i];

		appendStringInfo(&sql, ", NULL::%s AS %s",
						 column->type ? column->type :
						 type_name(definition->time_item->type, -1),
						 column->name);
	}
	foreach(cell, definition->metrics)
	{
		SznMetric  *metric = (SznMetric *) lfirst(cell);

		appendStringInfo(&sql, ", NULL::%s AS %s",
						 type_name(metric->value->type, metric->value->typmod),
						 quote_identifier(metric->name));
	}

	scope->alias = SZN_SESSION;
	scope->relid = InvalidOid;
	scope->query =
		parse_analyze_fixedparams(linitial_node(RawStmt,
												raw_parser(sql.data, RAW_PARSE_DEFAULT)),
								  sql.data, NULL, 0, NULL);
}

/* The position in the session scope of the first metric. */
static int
first_metric_column(const SznDefinition *definition)
{
	return 1 + list_length(definition->actor_items) + lengthof(fixed_columns) + 1;
}

/* Does this condition name the nth metric (from 0)? */
bool
szn_names_metric(const SznDefinition *definition, const SznItem *condition, int n)
{
	return bms_is_member(first_metric_column(definition) + n -
						 FirstLowInvalidHeapAttributeNumber,
						 condition->columns);
}

static bool
picks_sessions(const SznMetric *metric)
{
	return metric->condition != NULL || metric->nth > 0;
}

/* Does the pick need sessions as rows, not just the attributes of events? */
static bool
needs_sessions(const SznMetric *metric)
{
	return metric->names_metric || metric->nth > 0;
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
						 alias_column(SZN_SESSION, ((SznItem *) lfirst(cell))->name));
	return psprintf("%s AND pg_catalog.count(*) FILTER (WHERE %s)"
					" OVER (PARTITION BY %s ORDER BY " SZN_SESSION ".session_number)"
					" OPERATOR(pg_catalog.=) %d",
					condition, condition, actors.data, metric->nth);
}

/* A column name that neither the source nor the definition has. */
static char *
inner_name(const SznDefinition *definition, const char *wish)
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
		if (taken)
			name = fresh_name(definition->source, psprintf("%s_", name));
	} while (taken);
	return name;
}

static char *
pick_name(const SznDefinition *definition, int n)
{
	return inner_name(definition, psprintf("label_pick_%d", n + 1));
}

static char *
raw_metric_name(const SznDefinition *definition, int n)
{
	return inner_name(definition, psprintf("label_metric_%d", n + 1));
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
						 alias_column(SZN_SESSION, ((SznItem *) lfirst(cell))->name));
	for (int i = 0; i < (int) lengthof(fixed_columns); i++)
		appendStringInfo(sql, ", %s",
						 alias_column(SZN_SESSION, fixed_columns[i].name));
}

/* One row per session, each metric over all sessions. */
static char *
grouped_sessions(const SznDefinition *definition, const SznNames *names)
{
	StringInfoData sql;
	StringInfoData where;
	const char *actors = actor_list(names, SZN_EVENT);
	const char *number = alias_column(SZN_EVENT, names->number);
	const char *time = alias_column(SZN_EVENT, names->time);
	ListCell   *cell;

	initStringInfo(&where);
	add_session_condition(&where, definition, names);

	initStringInfo(&sql);
	appendStringInfo(&sql, "SELECT sessionize.session_id(pg_catalog.min(%s), %s) AS session_id",
					 time, actors);
	add_actor_columns(&sql, definition, names, SZN_EVENT);
	add_fixed_columns(&sql, definition, number,
					  psprintf("pg_catalog.min(%s)", time),
					  psprintf("pg_catalog.max(%s)", time),
					  "pg_catalog.count(*)",
					  psprintf("pg_catalog.min(%s)", alias_column(SZN_EVENT, names->started_by)),
					  psprintf("pg_catalog.min(%s)", alias_column(SZN_EVENT, names->ended_by)));
	foreach(cell, definition->metrics)
	{
		SznMetric  *metric = (SznMetric *) lfirst(cell);

		appendStringInfo(&sql, ", %s AS %s", metric->value->qualified,
						 quote_identifier(picks_sessions(metric) ?
										  raw_metric_name(definition, foreach_current_index(cell)) :
										  metric->name));
	}
	appendStringInfo(&sql, " FROM %s AS " SZN_EVENT "%s GROUP BY %s, %s",
					 labelled_events(definition, names, metric_columns(definition)),
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
 * One row per session, each metric where it picks the session.  With picks,
 * also the column pick_name(n) of each metric that picks sessions.
 *
 * A metric whose condition names others needs these to be columns, so there
 * is a level of sub-selects for each link of the longest such chain.
 */
static char *
sessions_query(const SznDefinition *definition, const SznNames *names,
			   bool with_picks)
{
	char	   *query = grouped_sessions(definition, names);
	int			num_metrics = list_length(definition->metrics);
	Bitmapset  *resolved = NULL;
	StringInfoData sql;

	for (int n = 0; n < num_metrics; n++)
	{
		if (!picks_sessions((SznMetric *) list_nth(definition->metrics, n)))
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
			const char *raw = alias_column(SZN_SESSION, raw_metric_name(definition, n));

			if (bms_is_member(n, resolved))
			{
				appendStringInfo(&sql, ", %s", alias_column(SZN_SESSION, metric->name));
				if (with_picks && picks_sessions(metric))
					appendStringInfo(&sql, ", %s", alias_column(SZN_SESSION, pick_name(definition, n)));
			}
			else if (is_resolvable(definition, metric, resolved))
			{
				char	   *pick = pick_condition(definition, metric);

				appendStringInfo(&sql, ", CASE WHEN %s THEN %s END AS %s",
								 pick, raw, quote_identifier(metric->name));
				if (with_picks)
					appendStringInfo(&sql, ", %s AS %s", pick,
									 quote_identifier(pick_name(definition, n)));
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

	/* columns in their order, and only sessions to keep (R14) */
	initStringInfo(&sql);
	appendStringInfoString(&sql, "SELECT ");
	add_session_columns(&sql, definition);
	for (int n = 0; n < num_metrics; n++)
	{
		SznMetric  *metric = (SznMetric *) list_nth(definition->metrics, n);

		appendStringInfo(&sql, ", %s", alias_column(SZN_SESSION, metric->name));
		if (with_picks && picks_sessions(metric))
			appendStringInfo(&sql, ", %s", alias_column(SZN_SESSION, pick_name(definition, n)));
	}
	appendStringInfo(&sql, " FROM (%s) AS " SZN_SESSION, query);
	if (definition->keep_item)
		appendStringInfo(&sql, " WHERE %s", definition->keep_item->qualified);
	return sql.data;
}

/*
 * What makes "session" known on the level of the labelled events, to go
 * behind them in FROM, and into WHERE: their own attributes, or, where a
 * condition needs more, a join with the sessions.
 */
static char *
session_of_event(const SznDefinition *definition, const SznNames *names,
				 bool join, StringInfo where)
{
	StringInfoData sql;
	ListCell   *item_cell;
	ListCell   *name_cell;

	initStringInfo(&sql);
	if (join)
	{
		appendStringInfo(&sql, ", (%s) AS " SZN_SESSION,
						 sessions_query(definition, names, true));
		forboth(item_cell, definition->actor_items, name_cell, names->actor)
			add_condition(where,
						  psprintf("%s %s %s",
								   alias_column(SZN_EVENT, (char *) lfirst(name_cell)),
								   equality_of(((SznItem *) lfirst(item_cell))->type),
								   alias_column(SZN_SESSION, ((SznItem *) lfirst(item_cell))->name)));
		add_condition(where,
					  psprintf("%s OPERATOR(pg_catalog.=) " SZN_SESSION ".session_number",
							   alias_column(SZN_EVENT, names->number)));
		return sql.data;
	}

	appendStringInfo(&sql, ", LATERAL (SELECT sessionize.session_id(%s, %s) AS session_id",
					 alias_column(SZN_EVENT, names->start), actor_list(names, SZN_EVENT));
	add_actor_columns(&sql, definition, names, SZN_EVENT);
	add_fixed_columns(&sql, definition, alias_column(SZN_EVENT, names->number),
					  alias_column(SZN_EVENT, names->start),
					  alias_column(SZN_EVENT, names->end),
					  alias_column(SZN_EVENT, names->count),
					  alias_column(SZN_EVENT, names->started_by),
					  alias_column(SZN_EVENT, names->ended_by));
	appendStringInfoString(&sql, ") AS " SZN_SESSION);
	return sql.data;
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
	List	   *all = NIL;
	ListCell   *cell;
	const char *start = alias_column(SZN_EVENT, names->start);
	const char *end = alias_column(SZN_EVENT, names->end);
	ListCell   *name_cell;

	foreach(cell, source_columns(definition->source))
		all = lappend(all, makeString((char *) lfirst(cell)));

	initStringInfo(&where);
	add_session_condition(&where, definition, names);

	initStringInfo(&sql);
	appendStringInfoString(&sql, "SELECT ");
	add_label_column(&sql, columns, definition, psprintf("sessionize.session_id(%s, %s)", start, actor_list(names, SZN_EVENT)),
		"id", "id of the event's session");
	add_label_column(&sql, columns, definition, alias_column(SZN_EVENT, names->number), "number", "number of the event's session, 1, 2, 3 ... per actor");
	add_label_column(&sql, columns, definition, alias_column(SZN_EVENT, names->event_number), "event_number", "number of the event in its session, 1, 2, 3 ...");
	add_label_column(&sql, columns, definition, start, "started_at", "time of the session's first event");
	add_label_column(&sql, columns, definition, end, "ended_at", "time of the session's last event");
	add_label_column(&sql, columns, definition, psprintf("sessionize.duration_seconds(%s, %s)", start, end),
		"duration_seconds", "duration of the session in seconds");
	add_label_column(&sql, columns, definition, psprintf("sessionize.duration(%s, %s)", start, end),
		"duration", "duration of the session");
	add_label_column(&sql, columns, definition, alias_column(SZN_EVENT, names->count), "event_count", "number of events in the session");
	forboth(cell, definition->actor_items, name_cell, names->actor)
	{
		SznItem    *item = (SznItem *) lfirst(cell);

		if (!item->is_column)
			add_label_column(&sql, columns, definition, alias_column(SZN_EVENT, (char *) lfirst(name_cell)), item->name, "actor");
	}
	foreach(cell, all)
		appendStringInfo(&sql, ", %s", alias_column(SZN_EVENT, strVal(lfirst(cell))));
	appendStringInfo(&sql, " FROM %s AS " SZN_EVENT,
					 labelled_events(definition, names, all));
	if (definition->keep_item)
	{
		appendStringInfoString(&sql, session_of_event(definition, names,
													  definition->keep_names_metric,
													  &where));
		if (!definition->keep_names_metric)
			add_condition(&where, definition->keep_item->qualified);
	}
	appendStringInfoString(&sql, where.data);
	return sql.data;
}

static char *
actors_query(const SznDefinition *definition, const SznNames *names)
{
	StringInfoData sql;
	StringInfoData events;
	StringInfoData where;
	List	   *columns = metric_columns(definition);
	List	   *done = NIL;
	bool		has_picks = false;
	bool		join = definition->keep_names_metric;
	const char *first = psprintf("%s OPERATOR(pg_catalog.=) 1",
								 alias_column(SZN_EVENT, names->event_number));
	const char *start = alias_column(SZN_EVENT, names->start);
	const char *end = alias_column(SZN_EVENT, names->end);
	SznScope	scope;
	ListCell   *cell;

	foreach(cell, definition->metrics)
	{
		has_picks |= picks_sessions((SznMetric *) lfirst(cell));
		join |= needs_sessions((SznMetric *) lfirst(cell));
	}

	initStringInfo(&where);
	add_session_condition(&where, definition, names);
	if (definition->keep_item && !join)
		add_condition(&where, definition->keep_item->qualified);

	/* the events of sessions to keep, with what the metrics need of them */
	initStringInfo(&events);
	if (has_picks || definition->keep_item)
	{
		appendStringInfo(&events, "(SELECT %s, %s, %s, %s",
						 alias_column(SZN_EVENT, names->time), start, end,
						 alias_column(SZN_EVENT, names->event_number));
		foreach(cell, names->actor)
		{
			if (!list_member(columns, makeString((char *) lfirst(cell))) &&
				!list_member(done, makeString((char *) lfirst(cell))))
				appendStringInfo(&events, ", %s",
								 alias_column(SZN_EVENT, (char *) lfirst(cell)));
			done = lappend(done, makeString((char *) lfirst(cell)));
		}
		foreach(cell, columns)
			appendStringInfo(&events, ", %s", alias_column(SZN_EVENT, strVal(lfirst(cell))));
		foreach(cell, definition->metrics)
		{
			SznMetric  *metric = (SznMetric *) lfirst(cell);
			int			n = foreach_current_index(cell);

			if (!picks_sessions(metric))
				continue;
			if (join)
				appendStringInfo(&events, ", %s", alias_column(SZN_SESSION, pick_name(definition, n)));
			else
				appendStringInfo(&events, ", %s AS %s",
								 pick_condition(definition, metric),
								 quote_identifier(pick_name(definition, n)));
		}
		appendStringInfo(&events, " FROM %s AS " SZN_EVENT "%s",
						 labelled_events(definition, names, columns),
						 session_of_event(definition, names, join, &where));
		appendStringInfo(&events, "%s)", where.data);
		resetStringInfo(&where);
	}
	else
		appendStringInfoString(&events, labelled_events(definition, names, columns));

	initStringInfo(&sql);
	appendStringInfoString(&sql, "SELECT");
	add_actor_columns(&sql, definition, names, SZN_EVENT);
	sql.data[strlen("SELECT")] = ' ';	/* instead of the first comma */
	appendStringInfo(&sql, ", pg_catalog.count(*) FILTER (WHERE %s) AS session_count", first);
	appendStringInfoString(&sql, ", pg_catalog.count(*) AS event_count");
	appendStringInfo(&sql, ", pg_catalog.sum(sessionize.duration_seconds(%s, %s)) FILTER (WHERE %s) AS time_in_session_seconds",
					 start, end, first);
	appendStringInfo(&sql, ", sessionize.total_duration(sessionize.duration(%s, %s)) FILTER (WHERE %s) AS time_in_session",
					 start, end, first);
	appendStringInfo(&sql, ", pg_catalog.min(%s) AS first_started_at, pg_catalog.max(%s) AS last_ended_at",
					 start, end);

	if (has_picks)
	{
		char	   *query = psprintf("SELECT * FROM %s AS " SZN_EVENT, events.data);

		scope.alias = SZN_EVENT;
		scope.relid = InvalidOid;
		scope.query =
			parse_analyze_fixedparams(linitial_node(RawStmt,
													raw_parser(query, RAW_PARSE_DEFAULT)),
									  query, NULL, 0, NULL);
	}
	foreach(cell, definition->metrics)
	{
		SznMetric  *metric = (SznMetric *) lfirst(cell);
		char	   *pick = pick_name(definition, foreach_current_index(cell));

		if (picks_sessions(metric))
			appendStringInfo(&sql, ", CASE WHEN pg_catalog.bool_or(%s) THEN %s END AS %s",
							 alias_column(SZN_EVENT, pick),
							 szn_parse_aggregate(&scope, metric->aggregate_text,
												 item_text(metric->filter_item),
												 pick)->qualified,
							 quote_identifier(metric->name));
		else
			appendStringInfo(&sql, ", %s AS %s", metric->value->qualified,
							 quote_identifier(metric->name));
	}
	appendStringInfo(&sql, " FROM %s AS " SZN_EVENT "%s GROUP BY %s",
					 events.data, where.data, actor_list(names, SZN_EVENT));
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
 * The query behind a view of a parsed definition, under pg_catalog's names.  "columns" gets a list of
 * SznColumn for the columns that have comments of their own.
 */
char *
szn_expand(const SznDefinition *definition, SznView view, List **columns)
{
	SznNames   *names = choose_names(definition);
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

	for (int i = 0; i < (int) lengthof(fixed_columns); i++)
		add_column(columns, fixed_columns[i].name, fixed_columns[i].comment);
	add_metric_columns(definition, columns, "in sessions");

	foreach(cell, definition->metrics)
	{
		if (picks_sessions((SznMetric *) lfirst(cell)))
			return sessions_query(definition, names, false);
	}
	return definition->keep_item ? sessions_query(definition, names, false) :
		grouped_sessions(definition, names);
}
