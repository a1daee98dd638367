/*-------------------------------------------------------------------------
 *
 * definition.c
 *	  A definition's texts parsed, and its names checked.
 *
 * Between what the catalog tables hold (catalog.c) and what can be expanded
 * into views (expand.c).  Whatever is wrong with a definition in itself is
 * said here.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/nbtree.h"
#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

#include "compat.h"
#include "definitions/attempt.h"
#include "definitions/build.h"

/* What of a parsed definition names this metric, for people; or NULL. */
char *
szn_user_of_metric(const SznDefinition *definition, const char *name)
{
	ListCell   *cell;
	int			n = 0;

	foreach(cell, definition->metrics)
	{
		if (strcmp(((SznMetric *) lfirst(cell))->name, name) == 0)
			n = foreach_current_index(cell);
	}
	foreach(cell, definition->metrics)
	{
		SznMetric  *metric = (SznMetric *) lfirst(cell);

		if (metric->condition != NULL &&
			szn_names_metric(definition, metric->condition, n))
			return psprintf("The session filter of metric \"%s\"", metric->name);
	}
	if (definition->keep_item != NULL &&
		szn_names_metric(definition, definition->keep_item, n))
		return pstrdup("The session's \"keep\"");
	return NULL;
}

static void
check_column_name(const SznDefinition *definition, const char *name,
				  const char *what)
{
	ListCell   *cell;
	int			times = 0;

	if (szn_is_fixed_column(name))
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_COLUMN),
				 errmsg("%s \"%s\" has the name of a column that every session has", what, name),
				 errhint("Choose another name; an actor column can be renamed with AS.")));

	foreach(cell, definition->actor_items)
		times += strcmp(((SznItem *) lfirst(cell))->name, name) == 0;
	foreach(cell, definition->edges)
		times += strcmp(((SznEdge *) lfirst(cell))->name, name) == 0;
	foreach(cell, definition->metrics)
		times += strcmp(((SznMetric *) lfirst(cell))->name, name) == 0;
	if (times > 1)
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_COLUMN),
				 errmsg("%s \"%s\" has the name of another column", what, name),
				 errhint("Choose another name; an actor, entry or exit column can be renamed with AS.")));
}

/*
 * R12: equal actors must have equal ids.  session_id() sees to that for
 * numbers, char(n) and intervals; of the other types, those will do whose
 * equal values are equal in every byte, as btree deduplication must know, too.
 */
static void
check_actor_type(const SznItem *item)
{
	TypeCacheEntry *entry;

	if (OidIsValid(item->collation) &&
		!get_collation_isdeterministic(item->collation))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("actor column \"%s\" has a nondeterministic collation", item->name),
				 errdetail("Equal actors would have different session ids."),
				 errhint("Use an expression with another collation, such as lower(email COLLATE \"C\") AS email.")));

	switch (getBaseType(item->type))
	{
		case NUMERICOID:
		case FLOAT4OID:
		case FLOAT8OID:
		case INTERVALOID:
			return;
	}
	entry = lookup_type_cache(getBaseType(item->type), TYPECACHE_BTREE_OPFAMILY);
	if (!OidIsValid(entry->btree_opf) ||
		!OidIsValid(get_opfamily_proc(entry->btree_opf, entry->btree_opintype,
									  entry->btree_opintype, BTEQUALIMAGE_PROC)))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("actor column \"%s\" cannot be of type %s",
						item->name, format_type_be(item->type)),
				 errdetail("Values that this type calls equal can look different, so equal actors would have different session ids."),
				 errhint("Use an expression of another type, such as lower(email::text) AS email.")));
}

/* What decides between events of one instant must have an order (42883). */
static void
check_order(const SznItem *item, const char *field)
{
	if (!OidIsValid(lookup_type_cache(item->type, TYPECACHE_CMP_PROC)->cmp_proc))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_FUNCTION),
				 errmsg("could not identify an ordering for type %s",
						format_type_be(item->type)),
				 errdetail("The order of values decides between events of the same time."),
				 errhint("Cast the value to a type that has one, such as text or jsonb."),
				 errcontext("field \"%s\" of the definition", field)));
	if (OidIsValid(get_typcollation(item->type)) && !OidIsValid(item->collation))
		ereport(ERROR,
				(errcode(ERRCODE_INDETERMINATE_COLLATION),
				 errmsg("could not determine which collation to use for the order of values"),
				 errhint("Use the COLLATE clause to set the collation explicitly."),
				 errcontext("field \"%s\" of the definition", field)));
}

/* Entry or exit columns of these items, appended to the definition's. */
static void
add_edges(SznDefinition *definition, List *items, bool is_exit)
{
	const char *field = is_exit ? "exit" : "entry";
	ListCell   *cell;

	foreach(cell, items)
	{
		SznEdge    *edge = (SznEdge *) palloc(sizeof(SznEdge));

		edge->is_exit = is_exit;
		edge->item = (SznItem *) lfirst(cell);
		edge->name = psprintf("%s_%s", field, edge->item->name);
		if (strlen(edge->name) >= NAMEDATALEN)
			ereport(ERROR,
					(errcode(ERRCODE_NAME_TOO_LONG),
					 errmsg("%s column \"%s\" is too long", field, edge->name),
					 errdetail("It may have %d bytes.", NAMEDATALEN - 1),
					 errhint("Give the item a shorter name with AS.")));
		check_order(edge->item, field);
		definition->edges = lappend(definition->edges, edge);
	}
}

/* Does the source have a column that a label with this prefix would have? */
static bool
prefix_collides(const SznDefinition *definition, const char *prefix)
{
	static const char *const labels[] = {
		"id", "number", "event_number", "started_at", "ended_at",
		"duration_seconds", "duration", "event_count"
	};
	ListCell   *cell;

	for (int i = 0; i < (int) lengthof(labels); i++)
	{
		if (get_attnum(definition->source, psprintf("%s%s", prefix, labels[i])) !=
			InvalidAttrNumber)
			return true;
	}
	foreach(cell, definition->actor_items)
	{
		SznItem    *item = (SznItem *) lfirst(cell);

		if (!item->is_column &&
			get_attnum(definition->source, psprintf("%s%s", prefix, item->name)) !=
			InvalidAttrNumber)
			return true;
	}
	return false;
}

static void
choose_prefix(SznDefinition *definition)
{
	ListCell   *cell;

	definition->prefix = definition->label_prefix;
	if (definition->prefix == NULL)
	{
		definition->prefix = "session_";
		if (prefix_collides(definition, definition->prefix))
		{
			/* clipped, so that the longest label still fits */
			definition->prefix = psprintf("%.*s_",
										  pg_mbcliplen(definition->name,
													   strlen(definition->name),
													   SZN_MAX_PREFIX - 1),
										  definition->name);
			definition->prefix_is_long = true;
		}
	}
	foreach(cell, definition->actor_items)
	{
		SznItem    *item = (SznItem *) lfirst(cell);

		if (!item->is_column &&
			strlen(definition->prefix) + strlen(item->name) >= NAMEDATALEN)
			ereport(ERROR,
					(errcode(ERRCODE_NAME_TOO_LONG),
					 errmsg("actor column \"%s%s\" of the events view is too long",
							definition->prefix, item->name),
					 errdetail("It may have %d bytes.", NAMEDATALEN - 1),
					 errhint("Give the actor column a shorter name with AS, or another label_prefix.")));
	}
	if (prefix_collides(definition, definition->prefix))
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_COLUMN),
				 errmsg("the source has a column that begins with the label prefix \"%s\" and would be one of the session's",
						definition->prefix),
				 errhint("Give another label_prefix.")));
}

/* Bounds what is parsed; what comes out, qualified, can be longer. */
#define MAX_TEXT_LENGTH		10000

/*
 * A text that was stored has all names qualified; only one that is new is
 * read in the caller's search_path.
 */
static int
begin_path(const char *field, const char *text, const char *stored_text)
{
	int			nest_level = NewGUCNestLevel();

	if (text == NULL)
		return nest_level;

	if (stored_text != NULL && strcmp(text, stored_text) == 0)
		szn_fix_settings();
	else if (strlen(text) > MAX_TEXT_LENGTH)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("\"%s\" is longer than %d bytes", field, MAX_TEXT_LENGTH),
				 errhint("Put the expression into a function or a view.")));
	return nest_level;
}

static void
end_path(int nest_level)
{
	AtEOXact_GUC(false, nest_level);
}

static SznItem *
parse_condition(const SznScope *scope, const char *field, const char *text,
				const char *stored_text, ParseExprKind kind,
				bool allow_sub_select)
{
	int			path = begin_path(field, text, stored_text);
	SznItem    *item = szn_parse_condition(scope, field, text, kind,
										   allow_sub_select);

	end_path(path);
	return item;
}

static List *
parse_list(const SznScope *scope, const char *field, const char *text,
		   const char *stored_text, bool named)
{
	int			path = begin_path(field, text, stored_text);
	List	   *items = text == NULL ? NIL :
		szn_parse_list(scope, field, text, named);

	end_path(path);
	return items;
}

static const SznMetric *
find_metric(const SznDefinition *definition, const char *name)
{
	ListCell   *cell;

	foreach(cell, definition->metrics)
	{
		if (strcmp(((SznMetric *) lfirst(cell))->name, name) == 0)
			return (SznMetric *) lfirst(cell);
	}
	return NULL;
}

static void
parse_metric(const SznScope *scope, SznMetric *metric,
			 const SznMetric *stored)
{
	int			path;
	const char *filter = metric->filter;

	/* the filter first: what is inside the aggregate must be qualified */
	metric->filter_item = parse_condition(scope, "filter", metric->filter,
										  stored->filter, EXPR_KIND_FILTER, true);
	if (metric->filter_item != NULL)
		filter = metric->filter_item->text;

	path = begin_path("aggregate", metric->aggregate, stored->aggregate);
	metric->aggregate_text = szn_parse_aggregate(scope, metric->aggregate,
												 NULL, NULL)->text;
	end_path(path);

	path = begin_path("aggregate", "", "");
	metric->value = szn_parse_aggregate(scope, metric->aggregate_text, filter, NULL);
	end_path(path);
}

/*
 * Parse all texts and check all names.  "stored" is the definition as it is
 * in the catalog, or NULL if all texts are new.
 */
void
szn_parse_definition(SznDefinition *definition, const SznDefinition *stored)
{
	static const SznDefinition nothing_stored = {0};
	static const SznMetric no_metric = {0};
	SznScope	scope = {SZN_EVENT, definition->source, NULL};
	SznScope	session_scope;
	ListCell   *cell;
	int			path;

	if (stored == NULL)
		stored = &nothing_stored;

	definition->actor_items = parse_list(&scope, "actor", definition->actor,
										 stored->actor, true);
	path = begin_path("event_time", definition->event_time, stored->event_time);
	definition->time_item = szn_parse_event_time(&scope, definition->event_time);
	end_path(path);
	definition->restart_item =
		parse_condition(&scope, "restart_on", definition->restart_on,
						stored->restart_on, EXPR_KIND_WHERE, true);
	definition->end_item =
		parse_condition(&scope, "end_on", definition->end_on, stored->end_on,
						EXPR_KIND_WHERE, true);
	definition->filter_item =
		parse_condition(&scope, "filter", definition->filter, stored->filter,
						EXPR_KIND_WHERE, true);

	definition->tie_items = parse_list(&scope, "tie_break", definition->tie_break,
									   stored->tie_break, false);
	foreach(cell, definition->tie_items)
		check_order((SznItem *) lfirst(cell), "tie_break");
	definition->edges = NIL;
	add_edges(definition, parse_list(&scope, "entry", definition->entry,
									 stored->entry, true), false);
	add_edges(definition, parse_list(&scope, "exit", definition->exit,
									 stored->exit, true), true);

	foreach(cell, definition->metrics)
	{
		SznMetric  *metric = (SznMetric *) lfirst(cell);
		const SznMetric *stored_metric = find_metric(stored, metric->name);

		parse_metric(&scope, metric, stored_metric ? stored_metric : &no_metric);
	}

	foreach(cell, definition->actor_items)
	{
		check_actor_type((SznItem *) lfirst(cell));
		check_column_name(definition, ((SznItem *) lfirst(cell))->name, "actor column");
	}
	foreach(cell, definition->edges)
	{
		SznEdge    *edge = (SznEdge *) lfirst(cell);

		check_column_name(definition, edge->name,
						  edge->is_exit ? "exit column" : "entry column");
	}
	foreach(cell, definition->metrics)
		check_column_name(definition, ((SznMetric *) lfirst(cell))->name, "metric");
	choose_prefix(definition);

	szn_begin_session_scope(definition, &session_scope);
	foreach(cell, definition->metrics)
	{
		SznMetric  *metric = (SznMetric *) lfirst(cell);

		const SznMetric *stored_metric = find_metric(stored, metric->name);

		metric->condition =
			parse_condition(&session_scope, "session_filter", metric->session_filter,
							stored_metric ? stored_metric->session_filter : NULL,
							EXPR_KIND_WHERE, false);
		metric->names_more = metric->condition != NULL &&
			szn_names_more_than_labels(definition, metric->condition);
	}
	definition->keep_item = parse_condition(&session_scope, "keep", definition->keep,
											stored->keep, EXPR_KIND_WHERE, false);
	definition->keep_names_more = definition->keep_item != NULL &&
		szn_names_more_than_labels(definition, definition->keep_item);
}

typedef struct ParseAttempt
{
	SznDefinition *definition;
	const SznDefinition *stored;
	Oid			role;
} ParseAttempt;

static void
parse_attempt(void *argument)
{
	ParseAttempt *attempt = (ParseAttempt *) argument;
	SznActing	acting;

	szn_act_as(attempt->role, false, &acting);
	szn_parse_definition(attempt->definition, attempt->stored);
	szn_act_as_before(&acting);
}

/*
 * Parse a definition that may not be sound, as the given role.  Returns NULL, or else the error, whose transaction is
 * rolled back.
 */
ErrorData *
szn_try_to_parse(SznDefinition *definition, const SznDefinition *stored,
				 Oid role)
{
	ParseAttempt attempt = {definition, stored, role};

	return szn_attempt(parse_attempt, &attempt);
}
