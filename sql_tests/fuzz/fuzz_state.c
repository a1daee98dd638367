/*-------------------------------------------------------------------------
 *
 * fuzz_state.c
 *	  Fuzzes what the aggregates make of bytes that claim to be a state.
 *
 * Whatever the bytes are, the answer is an error with a code of its own, or a
 * state that works: it can be read, merged with itself and finished, and as
 * bytes again it is itself.  The first byte of the input picks the aggregate.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "libpq/pqformat.h"

#include "functions/events.h"
#include "rules/boundary.h"

#include "server.h"

extern Datum sessionize_funnel_deserialize(PG_FUNCTION_ARGS);
extern Datum sessionize_funnel_serialize(PG_FUNCTION_ARGS);
extern Datum sessionize_funnel_combine(PG_FUNCTION_ARGS);
extern Datum sessionize_funnel_final(PG_FUNCTION_ARGS);
extern Datum sessionize_extreme_deserialize(PG_FUNCTION_ARGS);
extern Datum sessionize_extreme_serialize(PG_FUNCTION_ARGS);
extern Datum sessionize_first_combine(PG_FUNCTION_ARGS);
extern Datum sessionize_last_combine(PG_FUNCTION_ARGS);
extern Datum sessionize_extreme_final(PG_FUNCTION_ARGS);

static Datum
call(PGFunction function, FmgrInfo *flinfo, int num_args, Datum first, Datum second)
{
	LOCAL_FCINFO(fcinfo, 2);

	InitFunctionCallInfoData(*fcinfo, flinfo, num_args, InvalidOid, NULL, NULL);
	fcinfo->args[0].value = first;
	fcinfo->args[0].isnull = first == (Datum) 0;
	fcinfo->args[1].value = second;
	fcinfo->args[1].isnull = second == (Datum) 0;
	return function(fcinfo);
}

/* The rest of the input as a bytea, in a chunk of its own size */
static bytea *
rest_of(FuzzInput *input)
{
	bytea	   *bytes = palloc(VARHDRSZ + input->left);

	SET_VARSIZE(bytes, VARHDRSZ + input->left);
	memcpy(VARDATA(bytes), input->at, input->left);
	return bytes;
}

static void
check_same(const char *a, Size size_a, const char *b, Size size_b)
{
	FUZZ_CHECK(size_a == size_b && memcmp(a, b, size_a) == 0);
}

static void
events(FuzzInput *input)
{
	StringInfoData bytes;
	StringInfoData again;
	StringInfoData once_more;
	SznEvents  *state;
	SznBoundary boundary;
	SznInstant	instant;
	int64		position = 0;

	initStringInfo(&bytes);
	appendBinaryStringInfo(&bytes, (const char *) input->at, input->left);
	state = szn_events_deserialize(NULL, &bytes);

	initStringInfo(&again);
	szn_events_serialize(state, &again);
	initStringInfo(&once_more);
	szn_events_serialize(szn_events_deserialize(NULL, &again), &once_more);
	check_same(again.data, again.len, once_more.data, once_more.len);

	szn_events_merge(state, szn_events_copy(NULL, state));
	szn_boundary_init(&boundary, szn_events_rules(state));
	while (szn_events_next_instant(state, &position, &instant))
		szn_boundary_step(&boundary, &instant);
	szn_boundary_finish(&boundary);
}

static void
funnel(FuzzInput *input)
{
	FmgrInfo	flinfo = {0};
	Datum		state = call(sessionize_funnel_deserialize, &flinfo, 2,
							 PointerGetDatum(rest_of(input)), (Datum) 0);
	bytea	   *again = DatumGetByteaPP(call(sessionize_funnel_serialize, &flinfo, 1, state, 0));
	Datum		reached;
	Datum		copy;

	check_same(VARDATA(again) + 1, VARSIZE_ANY_EXHDR(again) - 1,
			   (const char *) input->at + 1, input->left - 1);
	reached = call(sessionize_funnel_final, &flinfo, 1, state, 0);
	FUZZ_CHECK(DatumGetInt32(reached) >= 0 && DatumGetInt32(reached) <= 64);
	copy = call(sessionize_funnel_deserialize, &flinfo, 2, PointerGetDatum(again), 0);
	state = call(sessionize_funnel_combine, &flinfo, 2, state, copy);
	FUZZ_CHECK(call(sessionize_funnel_final, &flinfo, 1, state, 0) == reached);
}

static void
extreme(FuzzInput *input)
{
	FmgrInfo	flinfo = {0};
	FmgrInfo	combining = {0};
	bytea	   *bytes = rest_of(input);
	Datum		state = call(sessionize_extreme_deserialize, &flinfo, 2, PointerGetDatum(bytes), 0);
	bytea	   *again = DatumGetByteaPP(call(sessionize_extreme_serialize, &flinfo, 1, state, 0));
	Datum		other = call(sessionize_extreme_deserialize, &flinfo, 2, PointerGetDatum(again), 0);
	bytea	   *once_more = DatumGetByteaPP(call(sessionize_extreme_serialize, &flinfo, 1, other, 0));

	check_same(VARDATA_ANY(again), VARSIZE_ANY_EXHDR(again),
			   VARDATA_ANY(once_more), VARSIZE_ANY_EXHDR(once_more));
	call(sessionize_first_combine, &combining, 2, state, other);
	call(sessionize_last_combine, &combining, 2, other, state);
	call(sessionize_last_combine, &combining, 2, 0, state);
	call(sessionize_extreme_final, &combining, 1, state, 0);
}

static void
body(FuzzInput *input)
{
	switch (fuzz_take(input, 1) % 3)
	{
		case 0:
			events(input);
			break;
		case 1:
			funnel(input);
			break;
		case 2:
			extreme(input);
			break;
	}
}

int			LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	FuzzInput	input = {data, size};

	/* an error that has its code, not an internal one */
	if (!fuzz_run(body, &input))
		FUZZ_CHECK(fuzz_sqlstate != ERRCODE_INTERNAL_ERROR &&
				   fuzz_sqlstate != ERRCODE_OUT_OF_MEMORY);
	return 0;
}
