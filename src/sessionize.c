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
#include "utils/guc.h"

#include "engine/engine.h"

PG_MODULE_MAGIC;

extern PGDLLEXPORT void _PG_init(void);

/*
 * No preload is needed: a window function's support function is called before
 * its query level's paths are made, and that loads this library.
 */
void
_PG_init(void)
{
	szn_planner_init();
	MarkGUCPrefixReserved("sessionize");
}
