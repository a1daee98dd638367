/*-------------------------------------------------------------------------
 *
 * calls.c
 *	  An aggregate's own functions, called as core's Agg would call them.
 *
 * Session Aggregate does the usual aggregates without calls.  All others, and
 * the cases of the usual ones that are not simple, go through here: with the
 * same initial value, the same rules for NULL and for copying states, and an
 * AggState as context, which is nobody's node but answers what functions ask of
 * it (AggCheckCallContext() and its siblings).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/objectaccess.h"
#include "catalog/pg_aggregate.h"
#include "catalog/pg_proc.h"
#include "miscadmin.h"
#include "parser/parse_agg.h"
#include "parser/parse_coerce.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/expandeddatum.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "engine/aggregate.h"

static void
check_function(Oid function, Oid role, ObjectType type)
{
	AclResult	result = szn_function_aclcheck(function, role, ACL_EXECUTE);

	if (result != ACLCHECK_OK)
		aclcheck_error(result, type, get_func_name(function));
	InvokeFunctionExecuteHook(function);
}

/* May the user call the aggregate, and its owner what it consists of? */
static void
check_functions(Aggref *aggref, Form_pg_aggregate aggregate)
{
	HeapTuple	tuple;
	Oid			owner;

	check_function(aggref->aggfnoid, GetUserId(), OBJECT_AGGREGATE);
	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(aggref->aggfnoid));
	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for function %u", aggref->aggfnoid);
	owner = ((Form_pg_proc) GETSTRUCT(tuple))->proowner;
	ReleaseSysCache(tuple);
	check_function(aggregate->aggtransfn, owner, OBJECT_FUNCTION);
	if (OidIsValid(aggregate->aggfinalfn))
		check_function(aggregate->aggfinalfn, owner, OBJECT_FUNCTION);
}

/* The state to begin with, as the catalog has it. */
static void
read_initial(SznCall *call, HeapTuple tuple, Oid state_type)
{
	Datum		value = SysCacheGetAttr(AGGFNOID, tuple, Anum_pg_aggregate_agginitval,
									   &call->initial_is_null);
	Oid			input;
	Oid			parameter;
	char	   *string;

	if (call->initial_is_null)
		return;
	getTypeInputInfo(state_type, &input, &parameter);
	string = TextDatumGetCString(value);
	call->initial = OidInputFunctionCall(input, string, parameter, -1);
	pfree(string);
}

/*
 * Ready to call what an aggregate consists of, in the current context.
 * Errors: who may not call it.
 */
SznCall *
szn_call_create(SznAggregate *node, Aggref *aggref)
{
	SznCall    *call = (SznCall *) palloc0(sizeof(SznCall));
	HeapTuple	tuple;
	Form_pg_aggregate aggregate;
	Oid			types[FUNC_MAX_ARGS];
	int			num_types = get_aggregate_argtypes(aggref, types);
	Expr	   *expr;

	tuple = SearchSysCache1(AGGFNOID, ObjectIdGetDatum(aggref->aggfnoid));
	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for aggregate %u", aggref->aggfnoid);
	aggregate = (Form_pg_aggregate) GETSTRUCT(tuple);
	check_functions(aggref, aggregate);

	call->aggref = aggref;
	call->num_arguments = list_length(aggref->args);
	call->collation = aggref->inputcollid;
	get_typlenbyval(aggref->aggtranstype, &call->state_length, &call->state_by_value);
	get_typlenbyval(aggref->aggtype, &call->result_length, &call->result_by_value);
	read_initial(call, tuple, aggref->aggtranstype);

	fmgr_info(aggregate->aggtransfn, &call->transition);
	build_aggregate_transfn_expr(types, num_types, 0, aggref->aggvariadic,
								 aggref->aggtranstype, aggref->inputcollid,
								 aggregate->aggtransfn, InvalidOid, &expr, NULL);
	fmgr_info_set_expr((Node *) expr, &call->transition);
	call->transition_info = (FunctionCallInfo)
		palloc0(SizeForFunctionCallInfo(call->num_arguments + 1));
	InitFunctionCallInfoData(*call->transition_info, &call->transition,
							 call->num_arguments + 1, call->collation,
							 (Node *) node->stand_in, NULL);

	/* the first value is then the state: see szn_call_transition() */
	if (call->transition.fn_strict && call->initial_is_null &&
		(num_types < 1 || !IsBinaryCoercible(types[0], aggref->aggtranstype)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_FUNCTION_DEFINITION),
				 errmsg("aggregate %u needs to have compatible input type and transition type",
						aggref->aggfnoid)));

	call->has_final = OidIsValid(aggregate->aggfinalfn);
	if (call->has_final)
	{
		call->num_final_arguments = aggregate->aggfinalextra ? num_types + 1 : 1;
		fmgr_info(aggregate->aggfinalfn, &call->final);
		build_aggregate_finalfn_expr(types, call->num_final_arguments,
									 aggref->aggtranstype, aggref->aggtype,
									 aggref->inputcollid, aggregate->aggfinalfn, &expr);
		fmgr_info_set_expr((Node *) expr, &call->final);
		call->final_info = (FunctionCallInfo)
			palloc0(SizeForFunctionCallInfo(call->num_final_arguments));
		InitFunctionCallInfoData(*call->final_info, &call->final,
								 call->num_final_arguments, call->collation,
								 (Node *) node->stand_in, NULL);
	}
	ReleaseSysCache(tuple);
	return call;
}

/*
 * What functions see of the node: who calls, and the call.  After all calls of
 * the node have been created.
 */
void
szn_call_prepare(SznAggregate *node)
{
	AggState   *stand_in = node->stand_in;

	stand_in->ss.ps.state = node->css.ss.ps.state;
	stand_in->aggstrategy = AGG_SORTED;
	stand_in->tmpcontext = node->row_context;
	node->transitions = (AggStatePerTrans)
		palloc0(sizeof(AggStatePerTransData) * Max(node->num_steps, 1));
	node->finals = (AggStatePerAgg)
		palloc0(sizeof(AggStatePerAggData) * Max(node->num_steps, 1));
	stand_in->pertrans = node->transitions;
	stand_in->peragg = node->finals;
	stand_in->numtrans = node->num_steps;
	stand_in->numaggs = node->num_steps;
	for (int i = 0; i < node->num_steps; i++)
	{
		SznCall    *call = node->steps[i]->call;

		call->number = i;
		node->transitions[i].aggref = call->aggref;
		node->transitions[i].transfn = call->transition;
		node->finals[i].aggref = call->aggref;
		node->finals[i].transno = i;
	}
}

/* The state of a group without rows. */
void
szn_call_begin(SznAggregate *node, SznGroup *group, SznCall *call, SznAggState *state)
{
	MemoryContext caller_context;

	group->has_memory = true;
	state->is_called = true;
	state->called = call->initial;
	state->called_is_null = call->initial_is_null;
	state->called_has_none = call->initial_is_null;
	if (call->initial_is_null || call->state_by_value)
		return;
	caller_context = MemoryContextSwitchTo(group->context->ecxt_per_tuple_memory);
	state->called = datumCopy(call->initial, false, call->state_length);
	MemoryContextSwitchTo(caller_context);
}

/* Is this an object that already belongs to the group? */
static bool
belongs_to_group(SznGroup *group, Datum value, int16 length)
{
	return DatumIsReadWriteExpandedObject(value, false, length) &&
		MemoryContextGetParent(DatumGetEOHP(value)->eoh_context) ==
		group->context->ecxt_per_tuple_memory;
}

/* Free a state that has been replaced. */
static void
free_state(Datum value, int16 length)
{
	if (DatumIsReadWriteExpandedObject(value, false, length))
		DeleteExpandedObject(value);
	else
		pfree(DatumGetPointer(value));
}

/* Take the values that are the arguments of call->transition_info. */
void
szn_call_transition(SznAggregate *node, SznGroup *group, SznCall *call, SznAggState *state)
{
	FunctionCallInfo info = call->transition_info;
	AggState   *stand_in = node->stand_in;
	MemoryContext caller_context;
	Datum		value;

	if (call->transition.fn_strict)
	{
		for (int i = 1; i <= call->num_arguments; i++)
		{
			if (info->args[i].isnull)
				return;
		}
		if (state->called_has_none)
		{
			caller_context = MemoryContextSwitchTo(group->context->ecxt_per_tuple_memory);
			state->called = datumCopy(info->args[1].value, call->state_by_value,
									  call->state_length);
			state->called_is_null = false;
			state->called_has_none = false;
			MemoryContextSwitchTo(caller_context);
			return;
		}
		if (state->called_is_null)
			return;
	}

	stand_in->curaggcontext = group->context;
	stand_in->curpertrans = &node->transitions[call->number];
	caller_context = MemoryContextSwitchTo(node->row_context->ecxt_per_tuple_memory);
	info->args[0].value = state->called;
	info->args[0].isnull = state->called_is_null;
	info->isnull = false;
	value = FunctionCallInvoke(info);
	stand_in->curpertrans = NULL;

	if (!call->state_by_value &&
		DatumGetPointer(value) != DatumGetPointer(state->called))
	{
		if (info->isnull)
			value = (Datum) 0;
		else if (!belongs_to_group(group, value, call->state_length))
		{
			MemoryContextSwitchTo(group->context->ecxt_per_tuple_memory);
			value = datumCopy(value, false, call->state_length);
		}
		if (!state->called_is_null)
			free_state(state->called, call->state_length);
	}
	state->called = value;
	state->called_is_null = info->isnull;
	MemoryContextSwitchTo(caller_context);
}

/* The result, in the current context or the group's. */
Datum
szn_call_final(SznAggregate *node, SznGroup *group, SznCall *call,
			   SznAggState *state, bool *isnull)
{
	FunctionCallInfo info = call->final_info;
	Datum		value = state->called;

	*isnull = state->called_is_null;
	if (!*isnull)
		value = MakeExpandedObjectReadOnly(value, false, call->state_length);
	if (!call->has_final)
		return value;

	if (call->final.fn_strict && (*isnull || call->num_final_arguments > 1))
	{
		*isnull = true;
		return (Datum) 0;
	}
	info->args[0].value = value;
	info->args[0].isnull = *isnull;
	for (int i = 1; i < call->num_final_arguments; i++)
	{
		info->args[i].value = (Datum) 0;
		info->args[i].isnull = true;
	}
	info->isnull = false;
	node->stand_in->curaggcontext = group->context;
	node->stand_in->curperagg = &node->finals[call->number];
	value = FunctionCallInvoke(info);
	node->stand_in->curperagg = NULL;
	*isnull = info->isnull;
	if (!*isnull)
		value = MakeExpandedObjectReadOnly(value, false, call->result_length);
	return value;
}
