/*-------------------------------------------------------------------------
 *
 * spool.h
 *	  A queue of records: filled, read once, emptied.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SZN_SPOOL_H
#define SZN_SPOOL_H

#include "storage/buffile.h"

#include "engine/records.h"

typedef struct SznSpool
{
	SznFormat  *format;
	MemoryContext context;
	SznCounters *counters;
	uint64		count;			/* of records */

	/* those in memory */
	char	   *memory;
	Size		size;
	Size		max_size;
	Size		used;

	/* what did not fit */
	BufFile    *file;

	/* reading */
	Size		read;			/* how far memory has been read */
	uint64		left;			/* records not yet read */
	SznRecord  *scratch;
	Size		scratch_size;
} SznSpool;

extern SznSpool *szn_spool_create(SznFormat *format, Size max_size,
								  SznCounters *counters);
extern void szn_spool_put(SznSpool *spool, const SznRecord *record);
extern void szn_spool_rewind(SznSpool *spool);
extern SznRecord *szn_spool_next(SznSpool *spool);
extern void szn_spool_clear(SznSpool *spool);

#endif							/* SZN_SPOOL_H */
