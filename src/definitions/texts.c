/*-------------------------------------------------------------------------
 *
 * texts.c
 *	  Expression texts of definitions: parsed, checked and written anew.
 *
 * A definition's texts are what its author typed.  Here PostgreSQL's own
 * parser reads each by itself, as one expression or list of them, against the
 * columns it may use; what comes back is written by PostgreSQL's deparser,
 * fully qualified.  So no text ever becomes part of a query unparsed.
 *
 * All errors are PostgreSQL's, or ours in its style, with the cursor in the
 * text and the field's name in the context.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/relation.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parse_clause.h"
#include "parser/parse_coerce.h"
#include "parser/parse_collate.h"
#include "parser/parse_expr.h"
#include "parser/parse_relation.h"
#include "parser/parse_target.h"
#include "parser/parser.h"
#include "parser/parsetree.h"
#include "rewrite/rewriteManip.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/ruleutils.h"

#include "compat.h"
#include "definitions/texts.h"
#include "functions/funnel.h"

/* What is being parsed, for the errors. */
typedef struct SznText
{
	const char *field;
	const char *text;
	ParseState *pstate;
	Relation	relation;
	ErrorContextCallback callback;
} SznText;

static void
add_error_context(void *arg)
{
	SznText    *text = (SznText *) arg;
	int			position = geterrposition();

	/* the position is in the text, not in the statement that brought it */
	if (position > 0)
	{
		errposition(0);
		internalerrposition(position);
		internalerrquery(text->text);
	}
	errcontext("field \"%s\" of the definition", text->field);
}

/*
 * A name that is no column could still mean the whole row, by the alias that
 * only we know of.
 */
static Node *
refuse_whole_row(ParseState *pstate, ColumnRef *reference, Node *var)
{
	if (var != NULL && IsA(var, Var) && ((Var *) var)->varattno == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("column \"%s\" does not exist",
						strVal(linitial(reference->fields))),
				 parser_errposition(pstate, reference->location)));
	return NULL;
}

static void
begin_text(SznText *text, const SznScope *scope, const char *field,
		   const char *string)
{
	ParseNamespaceItem *item;

	text->field = field;
	text->text = string;
	text->callback.callback = add_error_context;
	text->callback.arg = text;
	text->callback.previous = error_context_stack;
	error_context_stack = &text->callback;

	text->relation = NULL;
	text->pstate = make_parsestate(NULL);
	text->pstate->p_sourcetext = string;
	text->pstate->p_post_columnref_hook = refuse_whole_row;
	if (scope->query != NULL)
		item = addRangeTableEntryForSubquery(text->pstate,
											 copyObject(scope->query),
											 makeAlias(scope->alias, NIL),
											 false, true);
	else
	{
		text->relation = relation_open(scope->relid, AccessShareLock);
		item = addRangeTableEntryForRelation(text->pstate, text->relation,
											 AccessShareLock,
											 makeAlias(scope->alias, NIL),
											 true, true);
	}
	addNSItemToQuery(text->pstate, item, true, true, true);
}

static void
end_text(SznText *text)
{
	free_parsestate(text->pstate);
	if (text->relation != NULL)
		relation_close(text->relation, NoLock);
	error_context_stack = text->callback.previous;
}

/* The raw items of a text: nothing but a select list. */
static List *
parse_raw_list(SznText *text)
{
	List	   *statements;
	SelectStmt *select;
	ListCell   *cell;

	statements = raw_parser(text->text, RAW_PARSE_PLPGSQL_EXPR);
	select = castNode(SelectStmt, linitial_node(RawStmt, statements)->stmt);

	if (select->targetList == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("\"%s\" is empty", text->field)));
	if (select->distinctClause != NIL || select->fromClause != NIL ||
		select->whereClause != NULL || select->groupClause != NIL ||
		select->havingClause != NULL || select->windowClause != NIL ||
		select->sortClause != NIL || select->limitOffset != NULL ||
		select->limitCount != NULL || select->lockingClause != NIL)
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("\"%s\" must be an expression, not a query", text->field)));

	foreach(cell, select->targetList)
	{
		ResTarget  *target = lfirst_node(ResTarget, cell);

		if (IsA(target->val, ColumnRef) &&
			IsA(llast(((ColumnRef *) target->val)->fields), A_Star))
			ereport(ERROR,
					(errcode(ERRCODE_SYNTAX_ERROR),
					 errmsg("\"*\" is not allowed in \"%s\"", text->field),
					 parser_errposition(text->pstate, target->location)));
	}
	return select->targetList;
}

static void
error_alias(SznText *text, ResTarget *target, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_SYNTAX_ERROR),
			 errmsg("\"%s\" must not have an alias", text->field),
			 hint ? errhint("%s", hint) : 0,
			 parser_errposition(text->pstate, target->location)));
}

/* The raw expression of a text that must have just one, without a name. */
static Node *
parse_raw_expression(SznText *text)
{
	List	   *targets = parse_raw_list(text);
	ResTarget  *target = linitial_node(ResTarget, targets);

	if (list_length(targets) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("\"%s\" must be a single expression", text->field),
				 parser_errposition(text->pstate,
									lsecond_node(ResTarget, targets)->location)));
	if (target->name != NULL)
		error_alias(text, target, NULL);
	return target->val;
}

/* What holds for all: no set, no volatile function, no sub-select. */
static void
check_expression(SznText *text, Node *expr, bool allow_sub_select)
{
	if (!allow_sub_select && checkExprHasSubLink(expr))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("\"%s\" must not contain a sub-select", text->field),
				 errhint("Define the session over a view that joins what is needed.")));
	if (expression_returns_set(expr))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("\"%s\" must not return a set", text->field)));
	if (contain_volatile_functions(expr))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
				 errmsg("\"%s\" must not contain a volatile function", text->field),
				 errdetail("Every read of the same events must give the same sessions.")));
}

/*
 * Under what stored texts are written and read: until the caller's
 * AtEOXact_GUC(), names are pg_catalog's, and literals mean one thing.
 */
void
szn_fix_settings(void)
{
	static const char *const settings[][2] = {
		{"backslash_quote", "safe_encoding"},
		{"bytea_output", "hex"},
		{"datestyle", "ISO, YMD"},
		{"extra_float_digits", "1"},
		{"intervalstyle", "postgres"},
		{"quote_all_identifiers", "off"},
		{"search_path", "pg_catalog, pg_temp"},
		{"standard_conforming_strings", "on"},
		{"timezone", "UTC"},
		{"transform_null_equals", "off"}
	};

	for (int i = 0; i < (int) lengthof(settings); i++)
		(void) set_config_option(settings[i][0], settings[i][1],
								 PGC_USERSET, PGC_S_SESSION,
								 GUC_ACTION_SAVE, true, 0, false);
}

/*
 * The text of a query that selects just this expression from the scope.
 */
static char *
deparse_select(SznText *text, Node *expr, char *column_name, bool qualified)
{
	Query	   *query = makeNode(Query);
	List	   *range_table = copyObject(text->pstate->p_rtable);
	List	   *from = list_make1(makeNode(RangeTblRef));

	linitial_node(RangeTblRef, from)->rtindex = 1;

	/* with a second relation in sight, columns are written with the alias */
	if (qualified)
	{
		RangeTblEntry *other = makeNode(RangeTblEntry);

		other->rtekind = RTE_VALUES;
		other->values_lists = list_make1(list_make1(makeBoolConst(true, false)));
		other->coltypes = list_make1_oid(BOOLOID);
		other->coltypmods = list_make1_int(-1);
		other->colcollations = list_make1_oid(InvalidOid);
		other->eref = makeAlias("other", list_make1(makeString("one")));
		other->alias = other->eref;
		other->inFromCl = true;
		range_table = lappend(range_table, other);
	}

	query->commandType = CMD_SELECT;
	query->rtable = range_table;
	szn_copy_permissions(query, text->pstate);
	query->jointree = makeFromExpr(from, NULL);
	query->targetList = list_make1(makeTargetEntry((Expr *) copyObject(expr), 1,
												   column_name, false));
	query->hasAggs = text->pstate->p_hasAggs;
	query->hasSubLinks = text->pstate->p_hasSubLinks;
	return pg_get_querydef(query, false);
}

/*
 * Written anew, with every function, type and operator qualified: what stands
 * between " SELECT " and what follows any expression in its place.
 */
static char *
deparse(SznText *text, Node *expr, bool qualified)
{
	static const char before[] = " SELECT";
	static const char constant[] = "true";
	char	   *column_name = "x";
	int			nest_level = NewGUCNestLevel();
	char	   *select;
	char	   *other_select;
	Size		after_length;

	szn_fix_settings();
	/* a column of that very name would come without AS */
	if (IsA(expr, Var) &&
		strcmp(get_rte_attribute_name(linitial_node(RangeTblEntry, text->pstate->p_rtable),
									  ((Var *) expr)->varattno), column_name) == 0)
		column_name = "y";
	select = deparse_select(text, expr, column_name, qualified);
	other_select = deparse_select(text, makeBoolConst(true, false), column_name,
								  qualified);
	AtEOXact_GUC(true, nest_level);

	/* some expressions begin on a line of their own */
	Assert(strncmp(select, before, strlen(before)) == 0);
	select += strlen(before);
	select += strspn(select, " \n");
	other_select += strlen(before);
	other_select += strspn(other_select, " \n");
	after_length = strlen(other_select) - strlen(constant);
	return pnstrdup(select, strlen(select) - after_length);
}

/*
 * The columns that an expression names, within its sub-selects as well, where
 * pull_varattnos() does not look.
 */
static Bitmapset *
columns_of(Node *expr)
{
	Bitmapset  *columns = NULL;
	ListCell   *cell;

	foreach(cell, pull_vars_of_level(expr, 0))
	{
		Var		   *var = lfirst_node(Var, cell);

		if (var->varno == 1)
			columns = bms_add_member(columns,
									 var->varattno - FirstLowInvalidHeapAttributeNumber);
	}
	return columns;
}

static SznItem *
make_item(SznText *text, char *name, Node *expr)
{
	SznItem    *item = (SznItem *) palloc0(sizeof(SznItem));

	item->name = name;
	item->text = deparse(text, expr, false);
	item->qualified = deparse(text, expr, true);
	item->is_column = IsA(expr, Var) && ((Var *) expr)->varattno > 0;
	item->columns = columns_of(expr);
	item->type = exprType(expr);
	item->typmod = exprTypmod(expr);
	item->collation = exprCollation(expr);
	return item;
}

/*
 * A list of expressions as SznItems.  Named, it is a select list, such as
 * 'user_id, lower(email) AS email', in which an expression that is not a column
 * needs an alias (42601); else nothing may have one.
 */
List *
szn_parse_list(const SznScope *scope, const char *field, const char *string,
			   bool named)
{
	SznText		text;
	List	   *items = NIL;
	ListCell   *cell;

	begin_text(&text, scope, field, string);
	foreach(cell, parse_raw_list(&text))
	{
		ResTarget  *target = lfirst_node(ResTarget, cell);
		Node	   *expr;
		char	   *name = target->name;

		expr = transformExpr(text.pstate, target->val, EXPR_KIND_WHERE);
		if (exprType(expr) == UNKNOWNOID)
			expr = coerce_to_target_type(text.pstate, expr, UNKNOWNOID,
										 TEXTOID, -1, COERCION_IMPLICIT,
										 COERCE_IMPLICIT_CAST, -1);
		assign_expr_collations(text.pstate, expr);
		check_expression(&text, expr, false);

		if (!named && name != NULL)
			error_alias(&text, target,
						"The list orders events, each item ascending; there is no DESC.");
		if (named && name == NULL && IsA(expr, Var) && IsA(target->val, ColumnRef))
			name = pstrdup(strVal(llast(((ColumnRef *) target->val)->fields)));
		if (named && name == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_SYNTAX_ERROR),
					 errmsg("an expression in \"%s\" needs an alias", field),
					 errhint("Write expression AS name."),
					 parser_errposition(text.pstate, target->location)));
		items = lappend(items, make_item(&text, name, expr));
	}
	end_text(&text);
	return items;
}

/* How many items a list that was stored has; 0 for NULL. */
int
szn_list_length(const char *string)
{
	RawStmt    *statement;

	if (string == NULL)
		return 0;
	statement = linitial_node(RawStmt, raw_parser(string, RAW_PARSE_PLPGSQL_EXPR));
	return list_length(castNode(SelectStmt, statement->stmt)->targetList);
}

/* A condition, as it may stand in WHERE or FILTER; NULL for NULL. */
SznItem *
szn_parse_condition(const SznScope *scope, const char *field,
					const char *string, ParseExprKind kind,
					bool allow_sub_select)
{
	SznText		text;
	Node	   *expr;
	SznItem    *item;

	if (string == NULL)
		return NULL;

	begin_text(&text, scope, field, string);
	expr = transformExpr(text.pstate, parse_raw_expression(&text), kind);
	expr = coerce_to_boolean(text.pstate, expr, field);
	assign_expr_collations(text.pstate, expr);
	check_expression(&text, expr, allow_sub_select);
	item = make_item(&text, NULL, expr);
	end_text(&text);
	return item;
}

/*
 * The event time: a timestamptz or timestamp, or a domain over one of them; a
 * date becomes a timestamp.
 */
SznItem *
szn_parse_event_time(const SznScope *scope, const char *string)
{
	SznText		text;
	Node	   *expr;
	SznItem    *item;
	Oid			type = InvalidOid;

	begin_text(&text, scope, "event_time", string);
	expr = transformExpr(text.pstate, parse_raw_expression(&text),
						 EXPR_KIND_WHERE);
	assign_expr_collations(text.pstate, expr);
	check_expression(&text, expr, false);
	switch (getBaseType(exprType(expr)))
	{
		case DATEOID:
		case TIMESTAMPOID:
			type = TIMESTAMPOID;
			break;
		case TIMESTAMPTZOID:
			type = TIMESTAMPTZOID;
			break;
	}
	if (OidIsValid(type) && exprType(expr) != type)
		expr = coerce_to_target_type(text.pstate, expr, exprType(expr),
									 type, -1, COERCION_EXPLICIT,
									 COERCE_EXPLICIT_CAST, -1);
	if (!OidIsValid(type))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("\"event_time\" must be of type timestamp with or without time zone, not %s",
						format_type_be(exprType(expr))),
				 errhint("Use to_timestamp() for seconds since 1970.")));
	item = make_item(&text, NULL, expr);
	end_text(&text);
	return item;
}

/* AND the filter into every aggregate (R13). */
static bool
add_filter(Node *node, Node *filter)
{
	if (node == NULL)
		return false;
	if (IsA(node, Aggref))
	{
		Aggref	   *aggref = (Aggref *) node;

		aggref->aggfilter = aggref->aggfilter == NULL ? (Expr *) filter :
			makeBoolExpr(AND_EXPR, list_make2(filter, aggref->aggfilter), -1);
		return false;			/* aggregates do not nest */
	}
	return expression_tree_walker(node, add_filter, filter);
}

static bool
has_bare_column(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, Aggref))
		return false;
	if (IsA(node, Var))
		return true;
	return expression_tree_walker(node, has_bare_column, context);
}

/*
 * The aggregate expression of a metric, with its filter inside; and with a
 * boolean column, by which rows are picked besides.  Both may be NULL.
 */
SznItem *
szn_parse_aggregate(const SznScope *scope, const char *string,
					const char *filter, const char *pick)
{
	SznText		text;
	SznText		filter_text;
	Node	   *expr;
	Node	   *condition;
	SznItem    *item;

	begin_text(&text, scope, "aggregate", string);
	expr = transformExpr(text.pstate, parse_raw_expression(&text),
						 EXPR_KIND_SELECT_TARGET);
	if (exprType(expr) == UNKNOWNOID)
		expr = coerce_to_target_type(text.pstate, expr, UNKNOWNOID, TEXTOID, -1,
									 COERCION_IMPLICIT, COERCE_IMPLICIT_CAST, -1);
	assign_expr_collations(text.pstate, expr);
	check_expression(&text, expr, false);
	if (text.pstate->p_hasWindowFuncs)
		ereport(ERROR,
				(errcode(ERRCODE_WINDOWING_ERROR),
				 errmsg("\"aggregate\" must not contain a window function")));
	if (!text.pstate->p_hasAggs)
		ereport(ERROR,
				(errcode(ERRCODE_GROUPING_ERROR),
				 errmsg("\"aggregate\" contains no aggregate function"),
				 errhint("Write an expression such as count(*) or sum(amount).")));
	if (has_bare_column(expr, NULL))
		ereport(ERROR,
				(errcode(ERRCODE_GROUPING_ERROR),
				 errmsg("\"aggregate\" uses a column outside of an aggregate function")));
	szn_check_funnel_calls(expr);
	if (filter != NULL)
	{
		/* an error there is not one of "aggregate", too */
		error_context_stack = text.callback.previous;
		begin_text(&filter_text, scope, "filter", filter);
		condition = transformExpr(filter_text.pstate,
								  parse_raw_expression(&filter_text),
								  EXPR_KIND_FILTER);
		condition = coerce_to_boolean(filter_text.pstate, condition, "filter");
		assign_expr_collations(filter_text.pstate, condition);
		check_expression(&filter_text, condition, true);
		text.pstate->p_hasSubLinks |= filter_text.pstate->p_hasSubLinks;
		(void) add_filter(expr, condition);
		end_text(&filter_text);
		error_context_stack = &text.callback;
	}
	if (pick != NULL)
		(void) add_filter(expr, colNameToVar(text.pstate, pick, false, -1));

	item = make_item(&text, NULL, expr);
	end_text(&text);
	return item;
}
