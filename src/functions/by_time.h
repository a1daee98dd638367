/*-------------------------------------------------------------------------
 *
 * by_time.h
 *	  Arrays of entries in time order, as aggregates keep them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SZN_BY_TIME_H
#define SZN_BY_TIME_H

/* What the entries have in common; their owner knows what the rest means. */
typedef struct SznTimed
{
	int64		time;
	uint64		rest;
} SznTimed;

#define SZN_ASSERT_TIMED(type) \
	StaticAssertDecl(sizeof(type) == sizeof(SznTimed) && \
					 offsetof(type, time) == offsetof(SznTimed, time), \
					 CppAsString(type) " must be like SznTimed")

extern void *szn_by_time_reserve(void *entries, int64 *max_entries,
								 int64 needed);
extern void szn_by_time_sort(MemoryContext context, void *entries,
							 int64 num_entries, int64 num_sorted);

#endif							/* SZN_BY_TIME_H */
