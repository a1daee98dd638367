/*-------------------------------------------------------------------------
 *
 * compat.h
 *	  Differences between the supported PostgreSQL majors (15 to 18).
 *
 * The only file that looks at PG_VERSION_NUM.  It offers the newest major's
 * names, so that the rest of the code is written as if for that major.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SZN_COMPAT_H
#define SZN_COMPAT_H

#if PG_VERSION_NUM < 150000 || PG_VERSION_NUM >= 190000
#error "sessionize supports PostgreSQL 15 to 18"
#endif

#include "utils/timestamp.h"

/* 16 moved the varlena macros out of postgres.h */
#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

/* 17 brought infinite intervals; before, every interval is finite */
#if PG_VERSION_NUM < 170000
#define INTERVAL_NOT_FINITE(i) ((void) (i), false)
#endif

/* 18 replaced pg_attribute_noreturn() */
#if PG_VERSION_NUM < 180000
#define pg_noreturn __attribute__((noreturn))
#endif

/* 16 keeps what rights a query needs beside its range table, not in it */
#if PG_VERSION_NUM >= 160000
#define szn_copy_permissions(query, pstate) \
	((query)->rteperminfos = copyObject((pstate)->p_rteperminfos))
#else
#define szn_copy_permissions(query, pstate) ((void) 0)
#endif

#endif							/* SZN_COMPAT_H */
