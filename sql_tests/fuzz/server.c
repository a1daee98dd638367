/*-------------------------------------------------------------------------
 *
 * server.c
 *	  As much of a PostgreSQL server as the fuzzed files call.
 *
 * Stricter than the real one: each palloc() is a malloc() of exactly that
 * size, so the address sanitizer sees every byte read or written beyond it;
 * memory comes uninitialised, and is gone when its input is done.
 *
 * Reading messages (pq_getmsg...) must fail where the server's does, so it
 * follows its documented contract: "insufficient data left in message".
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <setjmp.h>

#include "catalog/pg_type.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/typcache.h"

#include "server.h"

#undef fprintf

/* What one input may take: more is PostgreSQL's "out of memory" */
#define MEMORY_LIMIT	((Size) 64 * 1024 * 1024)

MemoryContext CurrentMemoryContext = NULL;
volatile sig_atomic_t InterruptPending = false;
int			fuzz_sqlstate;

static sigjmp_buf on_error;
static bool may_fail;
static void **chunks;
static size_t num_chunks;
static size_t max_chunks;
static Size allocated;

/*
 * Errors
 */

bool
errstart(int elevel, const char *domain)
{
	FUZZ_CHECK(elevel >= ERROR);
	fuzz_sqlstate = ERRCODE_INTERNAL_ERROR;
	return true;
}

bool
errstart_cold(int elevel, const char *domain)
{
	return errstart(elevel, domain);
}

int
errcode(int sqlerrcode)
{
	fuzz_sqlstate = sqlerrcode;
	return 0;
}

int
errmsg(const char *fmt,...)
{
	return 0;
}

int
errmsg_internal(const char *fmt,...)
{
	return 0;
}

int
errdetail(const char *fmt,...)
{
	return 0;
}

int
errhint(const char *fmt,...)
{
	return 0;
}

void
errfinish(const char *filename, int lineno, const char *funcname)
{
	if (!may_fail)
		abort();
	siglongjmp(on_error, 1);
}

void
ExceptionalCondition(const char *conditionName, const char *errorType,
					 const char *fileName, int lineNumber)
{
	fprintf(stderr, "TRAP: %s(\"%s\", File: \"%s\", Line: %d)\n",
			errorType, conditionName, fileName, lineNumber);
	abort();
}

void
ProcessInterrupts(void)
{
}

/*
 * Memory
 */

static void *
allocate(Size size, Size limit)
{
	void	   *chunk;

	if (size > limit)
		elog(ERROR, "invalid memory alloc request size %zu", size);
	if (size > MEMORY_LIMIT || allocated + size > MEMORY_LIMIT)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("out of memory")));
	allocated += size;
	if (num_chunks == max_chunks)
	{
		max_chunks = Max(max_chunks * 2, 64);
		chunks = realloc(chunks, max_chunks * sizeof(void *));
	}
	chunk = malloc(size);
	chunks[num_chunks++] = chunk;
	return chunk;
}

static size_t
find_chunk(void *chunk)
{
	for (size_t i = num_chunks; i-- > 0;)
	{
		if (chunks[i] == chunk)
			return i;
	}
	FUZZ_CHECK(!"no chunk of ours");
	return 0;
}

void *
MemoryContextAlloc(MemoryContext context, Size size)
{
	return allocate(size, MaxAllocSize);
}

void *
MemoryContextAllocHuge(MemoryContext context, Size size)
{
	return allocate(size, MaxAllocHugeSize);
}

void *
MemoryContextAllocZero(MemoryContext context, Size size)
{
	return memset(allocate(size, MaxAllocSize), 0, size);
}

void *
palloc(Size size)
{
	return allocate(size, MaxAllocSize);
}

void *
palloc0(Size size)
{
	return memset(allocate(size, MaxAllocSize), 0, size);
}

void
pfree(void *pointer)
{
	size_t		at = find_chunk(pointer);

	chunks[at] = chunks[--num_chunks];
	free(pointer);
}

/* Always moves, so that who keeps an old pointer is found out. */
void *
repalloc_huge(void *pointer, Size size)
{
	void	   *grown;

	if (size > MEMORY_LIMIT)
		allocate(size, MaxAllocHugeSize);
	grown = realloc(pointer, size);
	chunks[find_chunk(pointer)] = grown;
	return grown;
}

/*
 * Strings and messages
 */

void
initStringInfo(StringInfo str)
{
	memset(str, 0, sizeof(*str));
	str->maxlen = 64;
	str->data = palloc(str->maxlen);
	str->data[0] = '\0';
}

void
enlargeStringInfo(StringInfo str, int needed)
{
	char	   *data;

	FUZZ_CHECK(needed >= 0);
	if (str->len + needed + 1 <= str->maxlen)
		return;
	str->maxlen = str->len + needed + 1;
	data = palloc(str->maxlen);
	memcpy(data, str->data, str->len);
	pfree(str->data);
	str->data = data;
}

void
appendBinaryStringInfo(StringInfo str, const char *data, int datalen)
{
	enlargeStringInfo(str, datalen);
	memcpy(str->data + str->len, data, datalen);
	str->len += datalen;
	str->data[str->len] = '\0';
}

void
pq_begintypsend(StringInfo buf)
{
	initStringInfo(buf);
	appendBinaryStringInfo(buf, "\0\0\0\0", 4);
}

bytea *
pq_endtypsend(StringInfo buf)
{
	SET_VARSIZE(buf->data, buf->len);
	return (bytea *) buf->data;
}

void
pq_sendbytes(StringInfo buf, const char *data, int datalen)
{
	appendBinaryStringInfo(buf, data, datalen);
}

void
pq_copymsgbytes(StringInfo msg, char *buf, int datalen)
{
	if (datalen < 0 || datalen > msg->len - msg->cursor)
		ereport(ERROR,
				(errcode(ERRCODE_PROTOCOL_VIOLATION),
				 errmsg("insufficient data left in message")));
	memcpy(buf, msg->data + msg->cursor, datalen);
	msg->cursor += datalen;
}

int
pq_getmsgbyte(StringInfo msg)
{
	unsigned char byte;

	pq_copymsgbytes(msg, (char *) &byte, 1);
	return byte;
}

unsigned int
pq_getmsgint(StringInfo msg, int b)
{
	uint32		n;

	FUZZ_CHECK(b == 4);
	pq_copymsgbytes(msg, (char *) &n, 4);
	return pg_ntoh32(n);
}

int64
pq_getmsgint64(StringInfo msg)
{
	uint64		n;

	pq_copymsgbytes(msg, (char *) &n, 8);
	return pg_ntoh64(n);
}

void
pq_getmsgend(StringInfo msg)
{
	if (msg->cursor != msg->len)
		ereport(ERROR,
				(errcode(ERRCODE_PROTOCOL_VIOLATION),
				 errmsg("invalid message format")));
}

/*
 * Functions and types: five of them, one of each way to be stored
 */

int
AggCheckCallContext(FunctionCallInfo fcinfo, MemoryContext *aggcontext)
{
	if (aggcontext != NULL)
		*aggcontext = NULL;
	return 1;					/* AGG_CONTEXT_AGGREGATE */
}

struct varlena *
pg_detoast_datum(struct varlena *datum)
{
	return datum;
}

struct varlena *
pg_detoast_datum_packed(struct varlena *datum)
{
	return datum;
}

Datum
FunctionCall2Coll(FmgrInfo *flinfo, Oid collation, Datum arg1, Datum arg2)
{
	LOCAL_FCINFO(fcinfo, 2);

	InitFunctionCallInfoData(*fcinfo, flinfo, 2, collation, NULL, NULL);
	fcinfo->args[0].value = arg1;
	fcinfo->args[0].isnull = false;
	fcinfo->args[1].value = arg2;
	fcinfo->args[1].isnull = false;
	return FunctionCallInvoke(fcinfo);
}

static Datum
compare_numbers(PG_FUNCTION_ARGS)
{
	int64		a = PG_GETARG_INT64(0);
	int64		b = PG_GETARG_INT64(1);

	PG_RETURN_INT32(a < b ? -1 : a > b ? 1 : 0);
}

/* Reads all of both, as a comparison would. */
static Datum
compare_texts(PG_FUNCTION_ARGS)
{
	text	   *a = PG_GETARG_TEXT_PP(0);
	text	   *b = PG_GETARG_TEXT_PP(1);
	int			size_a = VARSIZE_ANY_EXHDR(a);
	int			size_b = VARSIZE_ANY_EXHDR(b);
	int			result = memcmp(VARDATA_ANY(a), VARDATA_ANY(b), Min(size_a, size_b));

	PG_RETURN_INT32(result != 0 ? result : size_a - size_b);
}

static Datum
compare_uuids(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(memcmp(PG_GETARG_POINTER(0), PG_GETARG_POINTER(1), 16));
}

static Datum
compare_cstrings(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(strcmp(PG_GETARG_CSTRING(0), PG_GETARG_CSTRING(1)));
}

static TypeCacheEntry types[] = {
	{.type_id = INT8OID,.typlen = 8,.typbyval = true,
	.cmp_proc_finfo = {.fn_oid = 1,.fn_addr = compare_numbers}},
	{.type_id = TEXTOID,.typlen = -1,
	.cmp_proc_finfo = {.fn_oid = 2,.fn_addr = compare_texts}},
	{.type_id = UUIDOID,.typlen = 16,
	.cmp_proc_finfo = {.fn_oid = 3,.fn_addr = compare_uuids}},
	{.type_id = CSTRINGOID,.typlen = -2,
	.cmp_proc_finfo = {.fn_oid = 4,.fn_addr = compare_cstrings}},
	{.type_id = POINTOID,.typlen = 16}	/* without an order */
};

TypeCacheEntry *
lookup_type_cache(Oid type_id, int flags)
{
	for (size_t i = 0; i < lengthof(types); i++)
	{
		if (types[i].type_id == type_id)
			return &types[i];
	}
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("type with OID %u does not exist", type_id)));
}

char *
format_type_be(Oid type_oid)
{
	return "type";
}

/*
 * What only the planner's and the transition's side would call
 */
#define NOT_CALLED(result, name, ...) \
	result name(__VA_ARGS__) { FUZZ_CHECK(!#name " is called"); abort(); }

NOT_CALLED(Aggref *, AggGetAggref, FunctionCallInfo fcinfo)
NOT_CALLED(int, ArrayGetNItems, int ndim, const int *dims)
NOT_CALLED(Oid, exprCollation, const Node *expr)
NOT_CALLED(bool, expression_tree_walker, Node *node, bool (*walker) (), void *context)
NOT_CALLED(Oid, get_fn_expr_argtype, FmgrInfo *flinfo, int argnum)
NOT_CALLED(char *, get_func_name, Oid funcid)
NOT_CALLED(Oid, get_func_namespace, Oid funcid)
NOT_CALLED(Oid, get_namespace_oid, const char *nspname, bool missing_ok)
NOT_CALLED(Oid, get_typcollation, Oid typid)

/*
 * The fuzzers' side
 */

uint64
fuzz_take(FuzzInput *input, int num_bytes)
{
	uint64		value = 0;

	for (int i = 0; i < num_bytes; i++)
	{
		if (input->left > 0)
		{
			value |= (uint64) *input->at++ << (8 * i);
			input->left--;
		}
	}
	return value;
}

bool
fuzz_run(void (*body) (FuzzInput *input), FuzzInput *input)
{
	bool		succeeded = false;

	may_fail = true;
	if (sigsetjmp(on_error, 0) == 0)
	{
		body(input);
		succeeded = true;
	}
	may_fail = false;
	while (num_chunks > 0)
		free(chunks[--num_chunks]);
	allocated = 0;
	return succeeded;
}
