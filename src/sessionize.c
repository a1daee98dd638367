/*-------------------------------------------------------------------------
 *
 * sessionize.c
 *	  Module entry.
 *
 * Every SQL function lives in its own room under functions/; what a session
 * is, in rules/boundary.c.  See src/README.md for the way around.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"

PG_MODULE_MAGIC;
