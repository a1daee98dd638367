/*-------------------------------------------------------------------------
 *
 * simple.c
 *	  Simple expressions over the columns of a row, evaluated without core.
 *
 * What conditions and metrics of events mostly are: a column compared with
 * something that is the same for all rows, IS [NOT] NULL, AND, OR, NOT, and
 * CASE WHEN such a condition THEN column END.  Core's interpreter spends most
 * of its time on the way to these comparisons.
 *
 * The meaning is core's, operator by operator: they are told by the function
 * that core would call.  Everything else is refused.  Core has checked by then whether
 * the user may call them, since its own node has been initialized.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/detoast.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"

#include "compat.h"
#include "engine/simple.h"

/* What is needed while an expression is taken apart. */
typedef struct SznSimpleMaker
{
	PlanState  *parent;
	SznPlaceOfAttribute place_of;
	void	   *argument;
} SznSimpleMaker;

static SznSimple *make_simple(SznSimpleMaker *maker, Node *expr);


/*
 * Making them
 */

/* Comparisons whose operands are signed integers, whatever they stand for. */
static bool
comparison_of_function(Oid function, SznComparison *comparison)
{
	switch (function)
	{
		case F_INT2EQ:
		case F_INT4EQ:
		case F_INT8EQ:
		case F_INT24EQ:
		case F_INT28EQ:
		case F_INT42EQ:
		case F_INT48EQ:
		case F_INT82EQ:
		case F_INT84EQ:
		case F_DATE_EQ:
		case F_TIMESTAMP_EQ:
		case F_TIMESTAMPTZ_EQ:
			*comparison = SZN_EQ;
			return true;
		case F_INT2NE:
		case F_INT4NE:
		case F_INT8NE:
		case F_INT24NE:
		case F_INT28NE:
		case F_INT42NE:
		case F_INT48NE:
		case F_INT82NE:
		case F_INT84NE:
		case F_DATE_NE:
		case F_TIMESTAMP_NE:
		case F_TIMESTAMPTZ_NE:
			*comparison = SZN_NE;
			return true;
		case F_INT2LT:
		case F_INT4LT:
		case F_INT8LT:
		case F_INT24LT:
		case F_INT28LT:
		case F_INT42LT:
		case F_INT48LT:
		case F_INT82LT:
		case F_INT84LT:
		case F_DATE_LT:
		case F_TIMESTAMP_LT:
		case F_TIMESTAMPTZ_LT:
			*comparison = SZN_LT;
			return true;
		case F_INT2LE:
		case F_INT4LE:
		case F_INT8LE:
		case F_INT24LE:
		case F_INT28LE:
		case F_INT42LE:
		case F_INT48LE:
		case F_INT82LE:
		case F_INT84LE:
		case F_DATE_LE:
		case F_TIMESTAMP_LE:
		case F_TIMESTAMPTZ_LE:
			*comparison = SZN_LE;
			return true;
		case F_INT2GT:
		case F_INT4GT:
		case F_INT8GT:
		case F_INT24GT:
		case F_INT28GT:
		case F_INT42GT:
		case F_INT48GT:
		case F_INT82GT:
		case F_INT84GT:
		case F_DATE_GT:
		case F_TIMESTAMP_GT:
		case F_TIMESTAMPTZ_GT:
			*comparison = SZN_GT;
			return true;
		case F_INT2GE:
		case F_INT4GE:
		case F_INT8GE:
		case F_INT24GE:
		case F_INT28GE:
		case F_INT42GE:
		case F_INT48GE:
		case F_INT82GE:
		case F_INT84GE:
		case F_DATE_GE:
		case F_TIMESTAMP_GE:
		case F_TIMESTAMPTZ_GE:
			*comparison = SZN_GE;
			return true;
		default:
			return false;
	}
}

static SznSimple *
new_simple(SznSimpleKind kind, Oid type, int num_args)
{
	SznSimple  *simple = (SznSimple *) palloc0(sizeof(SznSimple));

	simple->kind = kind;
	get_typlenbyval(type, &simple->typlen, &simple->typbyval);
	simple->num_args = num_args;
	simple->args = (SznSimple **) palloc0(sizeof(SznSimple *) * Max(num_args, 1));
	return simple;
}

/* An expression without columns; evaluated when a row first asks for it. */
static SznSimple *
make_invariant(SznSimpleMaker *maker, Node *expr)
{
	SznSimple  *simple;

	if (contain_var_clause(expr) || contain_volatile_functions(expr) ||
		contain_subplans(expr))
		return NULL;

	simple = new_simple(SZN_SIMPLE_INVARIANT, exprType(expr), 0);
	simple->context = CurrentMemoryContext;
	if (IsA(expr, Const))
	{
		simple->value = ((Const *) expr)->constvalue;
		simple->isnull = ((Const *) expr)->constisnull;
		simple->is_known = true;
	}
	else
	{
		simple->state = ExecInitExpr((Expr *) expr, maker->parent);
		simple->econtext = maker->parent->ps_ExprContext;
	}
	return simple;
}

/* A short constant, as a tuple mostly holds it. */
static void
make_image(SznSimple *simple)
{
	SznSimple  *constant = simple->args[1];
	struct varlena *text = (struct varlena *) DatumGetPointer(constant->value);
	char	   *image;

	if (constant->state != NULL || constant->isnull || VARATT_IS_EXTENDED(text) ||
		!VARATT_CAN_MAKE_SHORT(text))
		return;
	simple->image_size = VARATT_CONVERTED_SHORT_SIZE(text);
	image = (char *) palloc(simple->image_size);
	SET_VARSIZE_SHORT(image, simple->image_size);
	memcpy(image + VARHDRSZ_SHORT, VARDATA(text), simple->image_size - VARHDRSZ_SHORT);
	if (simple->image_size > sizeof(simple->image_start))
		memcpy(&simple->image_start, image + VARHDRSZ_SHORT, sizeof(simple->image_start));
	simple->image = image;
}

static SznSimple *
make_comparison(SznSimpleMaker *maker, OpExpr *expr)
{
	static const SznComparison commuted[] = {SZN_EQ, SZN_NE, SZN_GT, SZN_GE, SZN_LT, SZN_LE};
	SznSimple  *simple = new_simple(SZN_SIMPLE_COMPARE, BOOLOID, 2);
	SznSimple  *swapped;

	if (list_length(expr->args) != 2)
		return NULL;
	set_opfuncid(expr);
	if (comparison_of_function(expr->opfuncid, &simple->comparison))
		;
	else if (expr->opfuncid == F_TEXTEQ || expr->opfuncid == F_TEXTNE)
	{
		/* where texts are equal only if their bytes are */
		if (!OidIsValid(expr->inputcollid) ||
			!get_collation_isdeterministic(expr->inputcollid))
			return NULL;
		simple->kind = SZN_SIMPLE_EQUAL_TEXT;
		simple->comparison = expr->opfuncid == F_TEXTEQ ? SZN_EQ : SZN_NE;
		simple->collation = expr->inputcollid;
	}
	else
		return NULL;

	for (int i = 0; i < 2; i++)
	{
		simple->args[i] = make_simple(maker, (Node *) list_nth(expr->args, i));
		if (simple->args[i] == NULL)
			return NULL;
	}

	/* a column comes first, and what comes second is no column */
	if (simple->args[0]->kind == SZN_SIMPLE_INVARIANT)
	{
		swapped = simple->args[0];
		simple->args[0] = simple->args[1];
		simple->args[1] = swapped;
		simple->comparison = commuted[simple->comparison];
	}
	if (simple->args[0]->kind != SZN_SIMPLE_COLUMN ||
		(simple->kind == SZN_SIMPLE_EQUAL_TEXT &&
		 simple->args[1]->kind != SZN_SIMPLE_INVARIANT) ||
		(simple->args[1]->kind != SZN_SIMPLE_COLUMN &&
		 simple->args[1]->kind != SZN_SIMPLE_INVARIANT))
		return NULL;
	if (simple->kind == SZN_SIMPLE_EQUAL_TEXT)
		make_image(simple);
	return simple;
}

static SznSimple *
make_bool(SznSimpleMaker *maker, BoolExpr *expr)
{
	SznSimple  *simple = new_simple(expr->boolop == AND_EXPR ? SZN_SIMPLE_AND :
									expr->boolop == OR_EXPR ? SZN_SIMPLE_OR :
									SZN_SIMPLE_NOT,
									BOOLOID, list_length(expr->args));

	for (int i = 0; i < simple->num_args; i++)
	{
		simple->args[i] = make_simple(maker, (Node *) list_nth(expr->args, i));
		if (simple->args[i] == NULL)
			return NULL;
	}
	return simple;
}

static SznSimple *
make_case(SznSimpleMaker *maker, CaseExpr *expr)
{
	SznSimple  *simple = new_simple(SZN_SIMPLE_CASE, expr->casetype, 3);
	CaseWhen   *when;

	if (expr->arg != NULL || list_length(expr->args) != 1 || expr->defresult == NULL)
		return NULL;
	when = linitial_node(CaseWhen, expr->args);
	simple->args[0] = make_simple(maker, (Node *) when->expr);
	simple->args[1] = make_simple(maker, (Node *) when->result);
	simple->args[2] = make_simple(maker, (Node *) expr->defresult);
	return simple->args[0] && simple->args[1] && simple->args[2] ? simple : NULL;
}

static SznSimple *
make_simple(SznSimpleMaker *maker, Node *expr)
{
	SznSimple  *simple;
	Node	   *bare = expr;

	while (IsA(bare, RelabelType))
		bare = (Node *) ((RelabelType *) bare)->arg;
	switch (nodeTag(bare))
	{
		case T_Var:
			if (((Var *) bare)->varattno <= 0)
				return NULL;
			simple = new_simple(SZN_SIMPLE_COLUMN, exprType(expr), 0);
			simple->place = maker->place_of(maker->argument, ((Var *) bare)->varattno);
			return simple;
		case T_OpExpr:
			simple = make_comparison(maker, (OpExpr *) bare);
			break;
		case T_BoolExpr:
			simple = make_bool(maker, (BoolExpr *) bare);
			break;
		case T_CaseExpr:
			simple = make_case(maker, (CaseExpr *) bare);
			break;
		case T_NullTest:
			{
				NullTest   *test = (NullTest *) bare;

				/* a composite value is NULL by its fields */
				if (test->argisrow)
					return NULL;
				simple = new_simple(test->nulltesttype == IS_NULL ?
									SZN_SIMPLE_IS_NULL : SZN_SIMPLE_IS_NOT_NULL,
									BOOLOID, 1);
				simple->args[0] = make_simple(maker, (Node *) test->arg);
				if (simple->args[0] == NULL)
					return NULL;
				break;
			}
		default:
			simple = NULL;
			break;
	}
	return simple ? simple : make_invariant(maker, expr);
}

/*
 * Take an expression over a table's columns apart; NULL if it is not simple.
 * Allocated in the current context.  What is the same for all rows belongs to
 * "parent".
 */
SznSimple *
szn_simple_create(Node *expr, PlanState *parent,
				  SznPlaceOfAttribute place_of, void *argument)
{
	SznSimpleMaker maker = {parent, place_of, argument};

	return make_simple(&maker, expr);
}

/* Parameters may have changed. */
void
szn_simple_forget(SznSimple *simple)
{
	for (int i = 0; i < simple->num_args; i++)
		szn_simple_forget(simple->args[i]);
	if (simple->state == NULL || !simple->is_known)
		return;
	if (!simple->typbyval && !simple->isnull)
		pfree(DatumGetPointer(simple->value));
	simple->is_known = false;
	simple->bytes = NULL;
}


/*
 * Evaluating them
 */

/* An invariant that has not been asked for yet. */
static void
learn_invariant(SznSimple *simple)
{
	MemoryContext caller_context;
	Datum		value = ExecEvalExprSwitchContext(simple->state, simple->econtext,
												  &simple->isnull);

	simple->value = (Datum) 0;
	if (!simple->isnull)
	{
		caller_context = MemoryContextSwitchTo(simple->context);
		simple->value = datumCopy(value, simple->typbyval, simple->typlen);
		MemoryContextSwitchTo(caller_context);
	}
	simple->is_known = true;
	ResetExprContext(simple->econtext);
}

static inline int64
integer_of(Datum value, int16 typlen)
{
	switch (typlen)
	{
		case 8:
			return DatumGetInt64(value);
		case 4:
			return DatumGetInt32(value);
		default:
			return DatumGetInt16(value);
	}
}

static inline bool
compare_integers(SznComparison comparison, int64 a, int64 b)
{
	switch (comparison)
	{
		case SZN_EQ:
			return a == b;
		case SZN_NE:
			return a != b;
		case SZN_LT:
			return a < b;
		case SZN_LE:
			return a <= b;
		case SZN_GT:
			return a > b;
		default:
			return a >= b;
	}
}

/* Is a text that need not be in the tuple itself equal to an invariant? */
static bool
equal_texts(SznSimple *simple, SznSimple *invariant, Datum value)
{
	struct varlena *pointer = (struct varlena *) DatumGetPointer(value);

	if (unlikely(invariant->bytes == NULL))
	{
		struct varlena *text = (struct varlena *) DatumGetPointer(invariant->value);

		if (VARATT_IS_COMPRESSED(text) || VARATT_IS_EXTERNAL(text))
			return DatumGetBool(DirectFunctionCall2Coll(texteq, simple->collation,
														value, invariant->value));
		invariant->bytes = VARDATA_ANY(text);
		invariant->num_bytes = VARSIZE_ANY_EXHDR(text);
	}
	if (unlikely(VARATT_IS_COMPRESSED(pointer) || VARATT_IS_EXTERNAL(pointer)))
		return DatumGetBool(DirectFunctionCall2Coll(texteq, simple->collation,
													value, invariant->value));
	return VARSIZE_ANY_EXHDR(pointer) == invariant->num_bytes &&
		memcmp(VARDATA_ANY(pointer), invariant->bytes, invariant->num_bytes) == 0;
}

/* AND and OR: "decisive" ends it, else NULL if there was one. */
static Datum
eval_junction(SznSimple *simple, const Datum *values, const bool *nulls,
			  bool decisive, bool *isnull)
{
	bool		any_null = false;

	for (int i = 0; i < simple->num_args; i++)
	{
		Datum		value = szn_simple_value(simple->args[i], values, nulls, isnull);

		if (*isnull)
			any_null = true;
		else if (DatumGetBool(value) == decisive)
			return BoolGetDatum(decisive);
	}
	*isnull = any_null;
	return BoolGetDatum(!any_null && !decisive);
}

/*
 * The value of an expression.  What is passed by reference is in the row, or
 * is an invariant's.
 */
Datum
szn_simple_eval(SznSimple *simple, const Datum *values, const bool *nulls, bool *isnull)
{
	SznSimple  *first;
	SznSimple  *second;
	Datum		value;

	switch (simple->kind)
	{
		case SZN_SIMPLE_COLUMN:
			*isnull = nulls[simple->place];
			return values[simple->place];

		case SZN_SIMPLE_INVARIANT:
			if (unlikely(!simple->is_known))
				learn_invariant(simple);
			*isnull = simple->isnull;
			return simple->value;

		case SZN_SIMPLE_IS_NULL:
		case SZN_SIMPLE_IS_NOT_NULL:
			first = simple->args[0];
			if (likely(first->kind == SZN_SIMPLE_COLUMN))
				*isnull = nulls[first->place];
			else
				(void) szn_simple_eval(first, values, nulls, isnull);
			value = BoolGetDatum(*isnull == (simple->kind == SZN_SIMPLE_IS_NULL));
			*isnull = false;
			return value;

		case SZN_SIMPLE_COMPARE:
			first = simple->args[0];
			second = simple->args[1];
			value = szn_simple_eval(second, values, nulls, isnull);
			if ((*isnull |= nulls[first->place]))
				return (Datum) 0;
			return BoolGetDatum(compare_integers(simple->comparison,
												 integer_of(values[first->place], first->typlen),
												 integer_of(value, second->typlen)));

		case SZN_SIMPLE_EQUAL_TEXT:
			first = simple->args[0];
			second = simple->args[1];
			(void) szn_simple_eval(second, values, nulls, isnull);
			if ((*isnull |= nulls[first->place]))
				return (Datum) 0;
			return BoolGetDatum(equal_texts(simple, second, values[first->place]) ==
								(simple->comparison == SZN_EQ));

		case SZN_SIMPLE_AND:
			return eval_junction(simple, values, nulls, false, isnull);

		case SZN_SIMPLE_OR:
			return eval_junction(simple, values, nulls, true, isnull);

		case SZN_SIMPLE_NOT:
			value = szn_simple_eval(simple->args[0], values, nulls, isnull);
			return BoolGetDatum(!*isnull && !DatumGetBool(value));

		case SZN_SIMPLE_CASE:
			value = szn_simple_value(simple->args[0], values, nulls, isnull);
			return szn_simple_eval(simple->args[!*isnull && DatumGetBool(value) ? 1 : 2],
								   values, nulls, isnull);
	}
	elog(ERROR, "unrecognized kind of simple expression: %d", (int) simple->kind);
	return (Datum) 0;			/* keep compiler quiet */
}
