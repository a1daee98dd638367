/*-------------------------------------------------------------------------
 *
 * spool.h
 *	  A queue of records: put at its end, released from its beginning.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SZN_SPOOL_H
#define SZN_SPOOL_H

#include "engine/records.h"

typedef struct SznSpool
{
	SznFormat  *format;
	MemoryContext context;
	SznCounters *counters;
	uint64		count;			/* of records in the queue */
	uint64		released;		/* how many of them may be read */

	/* those in memory, the first ones */
	char	   *memory;
	Size		size;
	Size		max_size;
	Size		used;
	Size		read;			/* how far they have been read */

	/* what did not fit */
	SznTape    *tape;
	bool		is_replay;		/* nothing is kept: the tape has them all */
	SznReader	reader;
} SznSpool;

extern SznSpool *szn_spool_create(SznFormat *format, Size max_size,
								  SznCounters *counters);
extern void szn_spool_replay(SznSpool *spool, SznTape *tape);
extern void szn_spool_put(SznSpool *spool, const SznRecord *record);
extern void szn_spool_release(SznSpool *spool, uint64 count);
extern SznRecord *szn_spool_next(SznSpool *spool);
extern void szn_spool_clear(SznSpool *spool);

#endif							/* SZN_SPOOL_H */
