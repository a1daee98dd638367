/*-------------------------------------------------------------------------
 *
 * assert_stand_ins.c
 *	  What PostgreSQL's headers call under USE_ASSERT_CHECKING, but packaged
 *	  servers, being built without it, do not have.  Without this an extension
 *	  built with assertions could not be loaded by them (18 and later).
 *
 * Only tools/with-cluster --asserts compiles this.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/tupdesc.h"

extern void verify_compact_attribute(TupleDesc tupdesc, int attnum);

void
verify_compact_attribute(TupleDesc tupdesc, int attnum)
{
}
