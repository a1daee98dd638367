/*-------------------------------------------------------------------------
 *
 * server.h
 *	  What the fuzzers use of the server that stands in (server.c).
 *
 *-------------------------------------------------------------------------
 */
#ifndef SZN_FUZZ_SERVER_H
#define SZN_FUZZ_SERVER_H

#include "fmgr.h"
#include "lib/stringinfo.h"

/* Bytes of the input, taken from the front; zeros behind its end. */
typedef struct FuzzInput
{
	const uint8_t *at;
	size_t		left;
} FuzzInput;

extern uint64 fuzz_take(FuzzInput *input, int num_bytes);

/* Calls "body"; an ereport(ERROR) ends it.  Then all memory is given back. */
extern bool fuzz_run(void (*body) (FuzzInput *input), FuzzInput *input);

/* The SQLSTATE of the error that ended fuzz_run(). */
extern int	fuzz_sqlstate;

/* Like Assert, in every build. */
#define FUZZ_CHECK(condition) \
	((condition) ? (void) 0 : ExceptionalCondition(#condition, "fuzz", __FILE__, __LINE__))

#endif							/* SZN_FUZZ_SERVER_H */
