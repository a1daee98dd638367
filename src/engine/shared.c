/*-------------------------------------------------------------------------
 *
 * shared.c
 *	  What the participants of a parallel Session Scan share.
 *
 * Each participant gathers its share of the rows in partitions of its own, in
 * the query's shared memory and in shared temporary files.  When all have,
 * partitions are claimed, one at a time, and whoever claims one has all of its
 * records, whoever gathered them.  So no actor is in two participants' rows.
 *
 *		GATHER	read the input, until it has no more rows
 *		  |		wait for those who are here
 *		 MOVE	what one participant has moved to disk, all do
 *		  |		wait for those who are here
 *		CLAIM	put out partitions, until there are none
 *
 * Any number of participants may come, at any time, or not at all: who comes
 * late goes on from the phase that is reached.  Nobody waits while it has rows
 * to give away, and nobody gives rows away before the last wait, so a full
 * tuple queue holds nobody else up.  A participant that fails makes the whole
 * query fail, waits included, since they can be interrupted.
 *
 * Knows files and memory, and nothing of what is in them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "pgstat.h"

#include "engine/shared.h"

#define PHASE_GATHER	0
#define PHASE_MOVE		1
#define PHASE_CLAIM		2

/* Nobody has read a row with a time yet. */
#define NO_BASE			((uint64) PG_INT64_MIN)

/* How many bytes of shared memory it takes. */
Size
szn_exchange_size(int num_participants, int num_partitions)
{
	return add_size(MAXALIGN(add_size(offsetof(SznShared, participants),
									  mul_size(sizeof(SznParticipant), num_participants))),
					mul_size(sizeof(bool), num_partitions));
}

static SznExchange *
make_exchange(SznShared *shared, int me)
{
	SznExchange *exchange = (SznExchange *) palloc0(sizeof(SznExchange));

	exchange->shared = shared;
	exchange->on_disk = (bool *)
		((char *) shared + MAXALIGN(offsetof(SznShared, participants) +
									sizeof(SznParticipant) * shared->num_participants));
	exchange->me = me;
	exchange->order = (int *) palloc(sizeof(int) * shared->num_partitions);
	exchange->shares = (SznShare **)
		palloc0(sizeof(SznShare *) * shared->num_participants);
	return exchange;
}

/* By the leader, before there are workers.  Allocated in the current context. */
SznExchange *
szn_exchange_create(void *place, dsm_segment *segment,
					int num_participants, int num_partitions)
{
	SznShared  *shared = (SznShared *) place;

	memset(shared, 0, szn_exchange_size(num_participants, num_partitions));
	BarrierInit(&shared->barrier, 0);
	pg_atomic_init_u32(&shared->num_claimed, 0);
	pg_atomic_init_u64(&shared->base, NO_BASE);
	shared->segment = dsm_segment_handle(segment);
	shared->num_partitions = num_partitions;
	shared->num_participants = num_participants;
	SharedFileSetInit(&shared->files, segment);
	return make_exchange(shared, 0);
}

/* By a worker. */
SznExchange *
szn_exchange_attach(void *place, int me)
{
	SznShared  *shared = (SznShared *) place;

	Assert(me > 0 && me < shared->num_participants);
	SharedFileSetAttach(&shared->files, dsm_find_mapping(shared->segment));
	return make_exchange(shared, me);
}

/* By the leader, between two scans: the workers of the first have ended. */
void
szn_exchange_reset(SznExchange *exchange, dsa_area *area)
{
	SznShared  *shared = exchange->shared;

	for (int i = 0; i < shared->num_participants; i++)
	{
		SznParticipant *participant = &shared->participants[i];
		SznShare   *shares;

		if (!DsaPointerIsValid(participant->shares))
			continue;
		shares = (SznShare *) dsa_get_address(area, participant->shares);
		for (int j = 0; j < shared->num_partitions; j++)
		{
			while (DsaPointerIsValid(shares[j].chunks))
			{
				dsa_pointer chunk = shares[j].chunks;

				/* the list's link is what a chunk begins with */
				shares[j].chunks = *(dsa_pointer *) dsa_get_address(area, chunk);
				dsa_free(area, chunk);
			}
			if (DsaPointerIsValid(shares[j].blocks))
				dsa_free(area, shares[j].blocks);
		}
		dsa_free(area, participant->shares);
		participant->shares = InvalidDsaPointer;
		memset(&participant->counters, 0, sizeof(SznCounters));
	}
	SharedFileSetDeleteAll(&shared->files);
	memset(exchange->on_disk, 0, sizeof(bool) * shared->num_partitions);
	BarrierInit(&shared->barrier, 0);
	pg_atomic_write_u32(&shared->num_claimed, 0);
	pg_atomic_write_u64(&shared->base, NO_BASE);
	exchange->num_claims = 0;
}


/*
 * What EXPLAIN ANALYZE shows
 */

/* By a worker: what it has done up to now. */
void
szn_exchange_report(SznExchange *exchange, const SznCounters *counters)
{
	exchange->shared->participants[exchange->me].counters = *counters;
}

void
szn_counters_add(SznCounters *sum, const SznCounters *counters)
{
	sum->rows += counters->rows;
	sum->actors += counters->actors;
	sum->merged_actors += counters->merged_actors;
	sum->unordered_actors += counters->unordered_actors;
	sum->partitions = Max(sum->partitions, counters->partitions);
	sum->sorted_partitions += counters->sorted_partitions;
	sum->disk_bytes += counters->disk_bytes;
	sum->peak_memory += counters->peak_memory;
}

/* By the leader: add what the workers have reported, once. */
void
szn_exchange_collect(SznExchange *exchange, SznCounters *counters)
{
	for (int i = 1; i < exchange->shared->num_participants; i++)
	{
		szn_counters_add(counters, &exchange->shared->participants[i].counters);
		memset(&exchange->shared->participants[i].counters, 0, sizeof(SznCounters));
	}
}


/*
 * Phases
 */

/*
 * Take part.  True if the input is still to be read: then the caller must
 * call szn_exchange_gathered() when it has been.  In any case it must call
 * szn_exchange_leave() after that.
 */
bool
szn_exchange_enter(SznExchange *exchange, dsa_area *area)
{
	exchange->area = area;
	return BarrierAttach(&exchange->shared->barrier) == PHASE_GATHER;
}

/*
 * This time, or what another participant has said earlier: the base of all
 * records.
 */
int64
szn_exchange_agree_on_base(SznExchange *exchange, int64 time)
{
	uint64		said = NO_BASE;
	uint64		mine = (uint64) time;

	return (int64) (pg_atomic_compare_exchange_u64(&exchange->shared->base, &said, mine) ?
					mine : said);
}

/* Has anybody read a row with a time? */
bool
szn_exchange_has_base(SznExchange *exchange)
{
	return pg_atomic_read_u64(&exchange->shared->base) != NO_BASE;
}

/* Wait until all who have entered have read their input. */
void
szn_exchange_gathered(SznExchange *exchange)
{
	BarrierArriveAndWait(&exchange->shared->barrier, PG_WAIT_EXTENSION);
}

/* So many bytes, into shared memory. */
dsa_pointer
szn_exchange_copy(SznExchange *exchange, const void *data, Size size)
{
	dsa_pointer copy = dsa_allocate(exchange->area, size);

	memcpy(dsa_get_address(exchange->area, copy), data, size);
	return copy;
}

/*
 * Hand over what has been gathered, in local memory; NULL if nothing was.
 * When this returns, partitions can be claimed.
 */
void
szn_exchange_leave(SznExchange *exchange, SznShare *shares)
{
	SznShared  *shared = exchange->shared;
	SznParticipant *me = &shared->participants[exchange->me];
	int			num_ordered = 0;

	if (shares)
		me->shares = szn_exchange_copy(exchange, shares,
									   sizeof(SznShare) * shared->num_partitions);
	if (BarrierPhase(&shared->barrier) == PHASE_MOVE)
		BarrierArriveAndWait(&shared->barrier, PG_WAIT_EXTENSION);
	BarrierDetach(&shared->barrier);

	for (int i = 0; i < shared->num_participants; i++)
	{
		dsa_pointer pointer = shared->participants[i].shares;

		exchange->shares[i] = DsaPointerIsValid(pointer) ?
			(SznShare *) dsa_get_address(exchange->area, pointer) : NULL;
	}

	/* those in memory first, which makes room for the others */
	for (int on_disk = 0; on_disk <= 1; on_disk++)
	{
		for (int i = 0; i < shared->num_partitions; i++)
		{
			if (exchange->on_disk[i] == (bool) on_disk)
				exchange->order[num_ordered++] = i;
		}
	}
	Assert(num_ordered == shared->num_partitions);
}

/* The number of a partition that nobody else has; -1 if there are no more. */
int
szn_exchange_claim(SznExchange *exchange)
{
	SznShared  *shared = exchange->shared;
	uint32		claim;

	/* asking again and again at the end must not let it wrap around */
	if (pg_atomic_read_u32(&shared->num_claimed) >= (uint32) shared->num_partitions)
		return -1;
	claim = pg_atomic_fetch_add_u32(&shared->num_claimed, 1);
	if (claim >= (uint32) shared->num_partitions)
		return -1;
	exchange->num_claims++;
	return exchange->order[claim];
}


/*
 * Tapes
 */

#define NAME_SIZE	16

static void
file_name(char *name, int participant)
{
	snprintf(name, NAME_SIZE, "%d", participant);
}

/* What this participant moves to disk goes there. */
SznTapeSet *
szn_exchange_create_tapes(SznExchange *exchange, Size *memory, uint64 *disk)
{
	char		name[NAME_SIZE];

	file_name(name, exchange->me);
	return szn_tapes_create_shared(memory, disk, &exchange->shared->files.fs, name);
}

/* What a participant has of a partition, which is claimed by us. */
SznTape *
szn_exchange_open_tape(SznExchange *exchange, Size *memory, int participant,
					   SznShare *share)
{
	char		name[NAME_SIZE];
	SznTape    *tape;

	file_name(name, participant);
	tape = szn_tape_import(memory, &exchange->shared->files.fs, name,
						   (uint32 *) dsa_get_address(exchange->area, share->blocks),
						   share->num_bytes);
	dsa_free(exchange->area, share->blocks);
	share->blocks = InvalidDsaPointer;
	return tape;
}
