/*-------------------------------------------------------------------------
 *
 * shared.h
 *	  What the participants of a parallel Session Scan share.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SZN_SHARED_H
#define SZN_SHARED_H

#include "access/parallel.h"
#include "port/atomics.h"
#include "storage/barrier.h"
#include "storage/sharedfileset.h"
#include "utils/dsa.h"

#include "engine/records.h"

/* What one participant has gathered of one partition. */
typedef struct SznShare
{
	dsa_pointer chunks;			/* a list; the one who claims it frees it */

	/* or what is on its tape */
	dsa_pointer blocks;			/* where it is; likewise freed */
	uint64		num_records;
	uint64		num_bytes;
	int64		votes;
	uint32		candidate;
	bool		is_single;
} SznShare;

/* Of each participant: the leader is number 0. */
typedef struct SznParticipant
{
	dsa_pointer shares;			/* of all partitions, once it has gathered them */
	SznCounters counters;
} SznParticipant;

/* In the query's shared memory. */
typedef struct SznShared
{
	Barrier		barrier;
	pg_atomic_uint32 num_claimed;
	dsm_handle	segment;
	int			num_partitions;
	int			num_participants;	/* at most */
	pg_atomic_uint64 base;		/* of all participants' records */
	SharedFileSet files;
	SznParticipant participants[FLEXIBLE_ARRAY_MEMBER];
	/* then, for each partition: has a participant moved it to disk? */
} SznShared;

/* A participant's side of it. */
typedef struct SznExchange
{
	SznShared  *shared;
	bool	   *on_disk;
	int			me;
	dsa_area   *area;			/* NULL before the first row is asked for */
	int		   *order;			/* in which partitions are claimed */
	int			num_claims;		/* made by this participant */
	SznShare  **shares;			/* of each participant; NULL: none */
} SznExchange;

extern Size szn_exchange_size(int num_participants, int num_partitions);
extern SznExchange *szn_exchange_create(void *place, dsm_segment *segment,
										int num_participants, int num_partitions);
extern SznExchange *szn_exchange_attach(void *place, int me);
extern void szn_exchange_reset(SznExchange *exchange, dsa_area *area);
extern void szn_exchange_report(SznExchange *exchange, const SznCounters *counters);
extern void szn_exchange_collect(SznExchange *exchange, SznCounters *counters);
extern void szn_counters_add(SznCounters *sum, const SznCounters *counters);

extern bool szn_exchange_enter(SznExchange *exchange, dsa_area *area);
extern void szn_exchange_gathered(SznExchange *exchange);
extern void szn_exchange_leave(SznExchange *exchange, SznShare *shares);
extern int64 szn_exchange_agree_on_base(SznExchange *exchange, int64 time);
extern bool szn_exchange_has_base(SznExchange *exchange);
extern int	szn_exchange_claim(SznExchange *exchange);
extern dsa_pointer szn_exchange_copy(SznExchange *exchange, const void *data, Size size);
extern SznTapeSet *szn_exchange_create_tapes(SznExchange *exchange, Size *memory,
											 uint64 *disk);
extern SznTape *szn_exchange_open_tape(SznExchange *exchange, Size *memory,
									   int participant, SznShare *share);

#endif							/* SZN_SHARED_H */
