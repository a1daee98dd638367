/*-------------------------------------------------------------------------
 *
 * session_id.c
 *	  session_id(): a uuid that only depends on the actor and on the start of
 *	  the session (semantics.md, R12).
 *
 * docs/session_id.md defines the bytes, for other programs that compute the
 * same ids.  It is a promise: ids are stored, so nothing of it may change.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/numeric.h"
#include "utils/uuid.h"

#include "functions/arguments.h"

PG_FUNCTION_INFO_V1(sessionize_session_id);

#define UNIX_EPOCH_OFFSET \
	((int64) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * USECS_PER_DAY)

/* How values of a type become bytes. */
typedef enum SznEncoding
{
	SZN_ENCODE_INT2,
	SZN_ENCODE_INT4,
	SZN_ENCODE_INT8,
	SZN_ENCODE_FLOAT4,
	SZN_ENCODE_FLOAT8,
	SZN_ENCODE_NUMERIC,
	SZN_ENCODE_TEXT,
	SZN_ENCODE_BPCHAR,
	SZN_ENCODE_TIMESTAMP,
	SZN_ENCODE_DATE,
	SZN_ENCODE_TIME,
	SZN_ENCODE_INTERVAL,
	SZN_ENCODE_UUID,
	SZN_ENCODE_OUTPUT,			/* what the output function says ... */
	SZN_ENCODE_OUTPUT_FIXED		/* ... under fixed settings */
} SznEncoding;

typedef struct SznEncoder
{
	SznEncoding encoding;
	FmgrInfo	output;			/* of the last two */
} SznEncoder;

/* What is kept from call to call. */
typedef struct SznIdState
{
	MemoryContext context;
	Oid			start_type;
	int			num_encoders;	/* one a part, or one for an array's elements */
	SznEncoder *encoders;
	ArrayMetaState element;		/* of the array */
	StringInfoData actor;		/* the actor as bytes */
	StringInfoData last_actor;	/* the actor before, ... */
	uint64		last_hash;		/* ... and its hash */
	bool		has_last;
} SznIdState;

static void
choose_encoder(SznEncoder *encoder, Oid type, MemoryContext context)
{
	Oid			base_type = getBaseType(type);
	Oid			output;
	bool		is_varlena;

	switch (base_type)
	{
		case INT2OID:
			encoder->encoding = SZN_ENCODE_INT2;
			return;
		case INT4OID:
			encoder->encoding = SZN_ENCODE_INT4;
			return;
		case INT8OID:
			encoder->encoding = SZN_ENCODE_INT8;
			return;
		case FLOAT4OID:
			encoder->encoding = SZN_ENCODE_FLOAT4;
			return;
		case FLOAT8OID:
			encoder->encoding = SZN_ENCODE_FLOAT8;
			return;
		case NUMERICOID:
			encoder->encoding = SZN_ENCODE_NUMERIC;
			return;
		case TEXTOID:
		case VARCHAROID:
			encoder->encoding = SZN_ENCODE_TEXT;
			return;
		case BPCHAROID:
			encoder->encoding = SZN_ENCODE_BPCHAR;
			return;
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
			encoder->encoding = SZN_ENCODE_TIMESTAMP;
			return;
		case DATEOID:
			encoder->encoding = SZN_ENCODE_DATE;
			return;
		case TIMEOID:
			encoder->encoding = SZN_ENCODE_TIME;
			return;
		case INTERVALOID:
			encoder->encoding = SZN_ENCODE_INTERVAL;
			return;
		case UUIDOID:
			encoder->encoding = SZN_ENCODE_UUID;
			return;

			/* these need no settings to be fixed, which takes its time */
		case BOOLOID:
		case CHAROID:
		case CIDROID:
		case INETOID:
		case MACADDROID:
		case NAMEOID:
		case OIDOID:
		case UNKNOWNOID:
			encoder->encoding = SZN_ENCODE_OUTPUT;
			break;
		default:
			encoder->encoding = get_typtype(base_type) == TYPTYPE_ENUM ?
				SZN_ENCODE_OUTPUT : SZN_ENCODE_OUTPUT_FIXED;
			break;
	}

	getTypeOutputInfo(base_type, &output, &is_varlena);
	fmgr_info_cxt(output, &encoder->output, context);
}

/* Microseconds since 1970; what does not fit stays below infinity. */
static int64
unix_microseconds(Timestamp time)
{
	return szn_time_plus(SZN_TIMESTAMPS, time, UNIX_EPOCH_OFFSET);
}

/* The midnight of a date in the same way; dates reach beyond timestamps. */
static int64
unix_midnight(DateADT date)
{
	int			overflow = 0;
	Timestamp	midnight = date2timestamp_opt_overflow(date, &overflow);

	return overflow != 0 ? SZN_TIME_MAX - 1 : unix_microseconds(midnight);
}

/* The start of a session, as the 64-bit integer of the layout. */
static int64
start_number(Oid type, Datum value)
{
	switch (type)
	{
		case TIMESTAMPTZOID:
		case TIMESTAMPOID:
			return unix_microseconds(DatumGetTimestamp(value));
		case DATEOID:
			return unix_midnight(DatumGetDateADT(value));
		case INT8OID:
			return DatumGetInt64(value);
		default:
			elog(ERROR, "unexpected type of started_at: %u", type);
			return 0;			/* keep compiler quiet */
	}
}

static void
add_bytes(StringInfo buffer, const char *bytes, int length)
{
	pq_sendint32(buffer, length);
	appendBinaryStringInfo(buffer, bytes, length);
}

static void
add_int64(StringInfo buffer, int64 value)
{
	pq_sendint32(buffer, sizeof(int64));
	pq_sendint64(buffer, value);
}

static void
add_float8(StringInfo buffer, float8 value)
{
	if (value == 0)
		value = 0;				/* -0 */
	if (isnan(value))
	{
		add_int64(buffer, INT64CONST(0x7ff8000000000000));
		return;
	}
	pq_sendint32(buffer, sizeof(float8));
	pq_sendfloat8(buffer, value);
}

static void
add_text(StringInfo buffer, const char *string, int length)
{
	char	   *utf8 = unconstify(char *, string);

	/* without an encoding there is nothing to convert from */
	if (GetDatabaseEncoding() != PG_SQL_ASCII)
		utf8 = pg_server_to_any(string, length, PG_UTF8);
	add_bytes(buffer, utf8, utf8 == string ? length : (int) strlen(utf8));
}

/* By comparison value: months are 30 days, and days 24 hours. */
static void
add_interval(StringInfo buffer, const Interval *interval)
{
	int64		days;
	int64		rest;

	days = (int64) interval->month * DAYS_PER_MONTH + interval->day +
		interval->time / USECS_PER_DAY;
	rest = interval->time % USECS_PER_DAY;
	if (rest < 0)
	{
		rest += USECS_PER_DAY;
		days--;
	}
	pq_sendint32(buffer, 2 * sizeof(int64));
	pq_sendint64(buffer, days);
	pq_sendint64(buffer, rest);
}

/* The settings that output functions heed. */
static int
fix_settings(void)
{
	static const char *const settings[][2] = {
		{"bytea_output", "hex"},
		{"datestyle", "ISO, MDY"},
		{"extra_float_digits", "1"},
		{"intervalstyle", "postgres"},
		{"lc_monetary", "C"},
		{"quote_all_identifiers", "off"},
		{"search_path", "pg_catalog, pg_temp"},
		{"timezone", "UTC"}
	};
	int			nest_level = NewGUCNestLevel();
	int			i;

	for (i = 0; i < (int) lengthof(settings); i++)
		(void) set_config_option(settings[i][0], settings[i][1],
								 PGC_USERSET, PGC_S_SESSION,
								 GUC_ACTION_SAVE, true, 0, false);
	return nest_level;
}

/* One part of the actor. */
static void
add_part(StringInfo buffer, SznEncoder *encoder, Datum value, bool isnull)
{
	char	   *string;
	text	   *packed;

	if (isnull)
	{
		pq_sendbyte(buffer, 0);
		return;
	}

	pq_sendbyte(buffer, 1);
	switch (encoder->encoding)
	{
		case SZN_ENCODE_INT2:
			add_int64(buffer, DatumGetInt16(value));
			break;
		case SZN_ENCODE_INT4:
			add_int64(buffer, DatumGetInt32(value));
			break;
		case SZN_ENCODE_INT8:
			add_int64(buffer, DatumGetInt64(value));
			break;
		case SZN_ENCODE_FLOAT4:
			add_float8(buffer, DatumGetFloat4(value));
			break;
		case SZN_ENCODE_FLOAT8:
			add_float8(buffer, DatumGetFloat8(value));
			break;
		case SZN_ENCODE_NUMERIC:
			string = numeric_normalize(DatumGetNumeric(value));
			add_bytes(buffer, string, strlen(string));
			break;
		case SZN_ENCODE_TEXT:
			packed = DatumGetTextPP(value);
			add_text(buffer, VARDATA_ANY(packed), VARSIZE_ANY_EXHDR(packed));
			break;
		case SZN_ENCODE_BPCHAR:
			packed = DatumGetTextPP(value);
			add_text(buffer, VARDATA_ANY(packed),
					 bpchartruelen(VARDATA_ANY(packed),
								   VARSIZE_ANY_EXHDR(packed)));
			break;
		case SZN_ENCODE_TIMESTAMP:
			add_int64(buffer, unix_microseconds(DatumGetTimestamp(value)));
			break;
		case SZN_ENCODE_DATE:
			add_int64(buffer, unix_midnight(DatumGetDateADT(value)));
			break;
		case SZN_ENCODE_TIME:
			add_int64(buffer, DatumGetTimeADT(value));
			break;
		case SZN_ENCODE_INTERVAL:
			add_interval(buffer, DatumGetIntervalP(value));
			break;
		case SZN_ENCODE_UUID:
			add_bytes(buffer, (char *) DatumGetUUIDP(value)->data, UUID_LEN);
			break;
		case SZN_ENCODE_OUTPUT:
			string = OutputFunctionCall(&encoder->output, value);
			add_text(buffer, string, strlen(string));
			break;
		case SZN_ENCODE_OUTPUT_FIXED:
			{
				int			nest_level = fix_settings();

				string = OutputFunctionCall(&encoder->output, value);
				AtEOXact_GUC(true, nest_level);
				add_text(buffer, string, strlen(string));
			}
			break;
	}
}

static SznIdState *
begin_state(FunctionCallInfo fcinfo)
{
	MemoryContext context = fcinfo->flinfo->fn_mcxt;
	MemoryContext caller_context = MemoryContextSwitchTo(context);
	SznIdState *state = (SznIdState *) palloc0(sizeof(SznIdState));
	int			i;

	state->context = context;
	state->start_type = get_fn_expr_argtype(fcinfo->flinfo, 0);
	initStringInfo(&state->actor);
	initStringInfo(&state->last_actor);

	if (get_fn_expr_variadic(fcinfo->flinfo))
	{
		/* VARIADIC array: its elements are the parts */
		Oid			array_type = getBaseType(get_fn_expr_argtype(fcinfo->flinfo, 1));

		state->element.element_type = get_element_type(array_type);
		if (!OidIsValid(state->element.element_type))
			elog(ERROR, "VARIADIC argument is not an array");
		get_typlenbyvalalign(state->element.element_type,
							 &state->element.typlen,
							 &state->element.typbyval,
							 &state->element.typalign);
		state->num_encoders = 1;
		state->encoders = (SznEncoder *) palloc0(sizeof(SznEncoder));
		choose_encoder(state->encoders, state->element.element_type, context);
	}
	else
	{
		state->num_encoders = PG_NARGS() - 1;
		state->encoders = (SznEncoder *)
			palloc0(state->num_encoders * sizeof(SznEncoder));
		for (i = 0; i < state->num_encoders; i++)
			choose_encoder(&state->encoders[i],
						   get_fn_expr_argtype(fcinfo->flinfo, i + 1),
						   context);
	}

	MemoryContextSwitchTo(caller_context);
	fcinfo->flinfo->fn_extra = state;
	return state;
}

/* The actor as bytes, part by part, into state->actor. */
static void
encode_actor(FunctionCallInfo fcinfo, SznIdState *state)
{
	int			i;

	resetStringInfo(&state->actor);

	if (OidIsValid(state->element.element_type))
	{
		ArrayIterator iterator;
		Datum		value;
		bool		isnull;

		iterator = array_create_iterator(PG_GETARG_ARRAYTYPE_P(1), 0,
										 &state->element);
		while (array_iterate(iterator, &value, &isnull))
			add_part(&state->actor, state->encoders, value, isnull);
		array_free_iterator(iterator);
	}
	else
	{
		for (i = 0; i < state->num_encoders; i++)
			add_part(&state->actor, &state->encoders[i],
					 PG_GETARG_DATUM(i + 1), PG_ARGISNULL(i + 1));
	}
}

/*
 * The first 64 bits of the SHA-256 of state->actor.  Sessions mostly come
 * actor by actor, so the last one's hash is kept.
 */
static uint64
hash_actor(SznIdState *state)
{
	bytea	   *input;
	bytea	   *digest;
	StringInfoData actor = state->actor;

	if (state->has_last && state->last_actor.len == actor.len &&
		memcmp(state->last_actor.data, actor.data, actor.len) == 0)
		return state->last_hash;

	input = (bytea *) palloc(VARHDRSZ + actor.len);
	SET_VARSIZE(input, VARHDRSZ + actor.len);
	memcpy(VARDATA(input), actor.data, actor.len);
	digest = DatumGetByteaPP(DirectFunctionCall1(sha256_bytea,
												 PointerGetDatum(input)));

	state->last_hash = 0;
	for (int i = 0; i < 8; i++)
		state->last_hash = state->last_hash << 8 |
			(uint8) VARDATA_ANY(digest)[i];
	state->actor = state->last_actor;
	state->last_actor = actor;
	state->has_last = true;
	return state->last_hash;
}

/*
 * session_id(started_at timestamptz | timestamp | date | bigint,
 *			  VARIADIC actor "any") -> uuid
 *
 * A timestamp is read as UTC, and so is the midnight of a date.  NULL if started_at is NULL; parts of the actor
 * may be NULL.  The same for equal actors and starts, everywhere; sorts by
 * start (R12).
 */
Datum
sessionize_session_id(PG_FUNCTION_ARGS)
{
	SznIdState *state = (SznIdState *) fcinfo->flinfo->fn_extra;
	pg_uuid_t  *id;
	uint64		time;
	uint64		hash;
	uint64		halves[2];

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	if (state == NULL)
		state = begin_state(fcinfo);
	if (OidIsValid(state->element.element_type) && PG_ARGISNULL(1))
		PG_RETURN_NULL();

	encode_actor(fcinfo, state);
	hash = hash_actor(state);

	time = (uint64) start_number(state->start_type, PG_GETARG_DATUM(0)) ^ (UINT64CONST(1) << 63);

	/* 48 bits of the time, version 8, 12 more; variant, 4 more, the hash */
	halves[0] = (time >> 16) << 16 | UINT64CONST(0x8000) | (time >> 4 & 0xfff);
	halves[1] = UINT64CONST(1) << 63 | (time & 0xf) << 58 | hash >> 6;

	id = (pg_uuid_t *) palloc(sizeof(pg_uuid_t));
	for (int i = 0; i < UUID_LEN; i++)
		id->data[i] = halves[i / 8] >> (56 - 8 * (i % 8));
	PG_RETURN_UUID_P(id);
}
