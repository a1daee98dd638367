/*-------------------------------------------------------------------------
 *
 * exchange.c
 *	  Partitions that pass from those who gather to those who claim them.
 *
 * Stands between partitions.c, which fills and reads partitions, and shared.c,
 * which knows the participants.  A partition is either all in shared memory, as
 * lists of chunks, one from each participant, or all on disk, as tapes.
 *
 * Records of several tapes, if they are too large to be brought into memory, are
 * read in the order of their times: so an actor's come in time order if they do
 * in each of them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"

#include "engine/partitions.h"

/*
 * Hand over what this participant has gathered, and wait until all have;
 * "gathered" says whether it has taken part in that at all.
 */
void
szn_exchange_partitions(SznPartitions *partitions, bool gathered)
{
	SznExchange *exchange = partitions->exchange;
	SznShare   *shares;

	if (!gathered)
	{
		szn_exchange_leave(exchange, NULL);
		return;
	}

	/* no more partitions are moved to disk once all have gathered */
	szn_partitions_close_chunks(partitions);
	szn_exchange_report(exchange, partitions->counters);
	szn_exchange_gathered(exchange);

	for (int i = 0; i < partitions->num_partitions; i++)
	{
		SznPartition *partition = &partitions->partitions[i];

		if (exchange->on_disk[i] && partition->num_chunks > 0)
			szn_partitions_spill(partitions, partition);
	}
	szn_partitions_finish_tapes(partitions);

	shares = (SznShare *)
		MemoryContextAllocZero(partitions->context,
							   sizeof(SznShare) * partitions->num_partitions);
	for (int i = 0; i < partitions->num_partitions; i++)
	{
		SznPartition *partition = &partitions->partitions[i];
		SznShare   *share = &shares[i];

		if (partition->tape)
		{
			SznTape    *tape = partition->tape;

			Assert(exchange->on_disk[i]);
			share->blocks = szn_exchange_copy(exchange, tape->blocks,
											  sizeof(uint32) * SZN_TAPE_BLOCKS(tape->size));
			share->num_records = partition->num_records;
			share->num_bytes = partition->num_bytes;
			share->votes = partition->votes;
			share->candidate = partition->candidate;
			share->is_single = partition->is_single;
		}
		else if (partition->num_chunks > 0)
			share->chunks = partition->first_chunk;

		/* from now on it is a claimed partition, or none */
		if (partition->chunks)
			pfree(partition->chunks);
		szn_partition_close(partitions, partition);
		memset(partition, 0, sizeof(SznPartition));
	}
	Assert(partitions->tape_memory == 0 && partitions->notes == 0);
	partitions->memory = 0;
	szn_exchange_leave(exchange, shares);
	pfree(shares);
}

/* All that the participants have of a partition is ours now. */
static void
take_partition(SznPartitions *partitions, int number)
{
	SznExchange *exchange = partitions->exchange;
	int			num_participants = exchange->shared->num_participants;
	SznPartition *partition = &partitions->partitions[number];
	SznChunk   *last_chunk = NULL;

	partition->is_single = true;
	for (int i = 0; i < num_participants; i++)
	{
		SznShare   *share;
		dsa_pointer pointer;

		if (exchange->shares[i] == NULL)
			continue;
		share = &exchange->shares[i][number];

		pointer = share->chunks;
		share->chunks = InvalidDsaPointer;
		if (DsaPointerIsValid(pointer))
		{
			if (last_chunk)
				last_chunk->next = pointer;
			else
				partition->first_chunk = pointer;
		}
		while (DsaPointerIsValid(pointer))
		{
			last_chunk = (SznChunk *) dsa_get_address(exchange->area, pointer);
			szn_partitions_note_chunk(partitions, partition, last_chunk);
			pointer = last_chunk->next;
		}

		if (share->num_records > 0)
		{
			SznPart    *part;
			MemoryContext caller_context = MemoryContextSwitchTo(partitions->context);

			if (partition->parts == NULL)
				partition->parts = (SznPart *) palloc0(sizeof(SznPart) * num_participants);
			part = &partition->parts[partition->num_parts];
			part->tape = szn_exchange_open_tape(exchange, &partitions->tape_memory, i, share);
			part->num_records = share->num_records;
			partition->num_parts++;
			MemoryContextSwitchTo(caller_context);

			partition->num_records += share->num_records;
			partition->num_bytes += share->num_bytes;

			/* as far as hashes tell */
			partition->is_single &= share->is_single &&
				(partition->num_parts == 1 || share->candidate == partition->candidate);

			/* votes are cast for and against */
			if (share->candidate == partition->candidate)
				partition->votes += share->votes;
			else if (share->votes > partition->votes)
			{
				partition->candidate = share->candidate;
				partition->votes = share->votes - partition->votes;
			}
			else
				partition->votes -= share->votes;
		}
	}
	Assert(partition->num_chunks == 0 || partition->num_parts == 0);
	szn_partitions_count_memory(partitions);
}

/* The next partition to put out, which is ours now; -1 if there is none. */
int
szn_exchange_next(SznPartitions *partitions)
{
	int			number;

	szn_exchange_report(partitions->exchange, partitions->counters);
	while ((number = szn_exchange_claim(partitions->exchange)) >= 0)
	{
		SznPartition *partition = &partitions->partitions[number];

		take_partition(partitions, number);
		if (partition->num_chunks > 0 || partition->num_parts > 0)
			return number;
	}
	return -1;
}

/* Into memory. */
void
szn_exchange_load(SznPartitions *partitions, SznPartition *partition)
{
	for (int i = 0; i < partition->num_parts; i++)
		szn_partitions_load(partitions, partition, partition->parts[i].tape);
}

static void
read_ahead(SznPart *part)
{
	part->ahead = NULL;
	if (part->left == 0)
		return;
	part->left--;
	part->ahead = szn_reader_next(&part->reader);
}

void
szn_exchange_begin_reading(SznPartitions *partitions, SznPartition *partition)
{
	for (int i = 0; i < partition->num_parts; i++)
	{
		SznPart    *part = &partition->parts[i];

		szn_reader_init(&part->reader, partitions->format, partitions->context);
		szn_reader_begin(&part->reader, part->tape);
		part->left = part->num_records;
		read_ahead(part);
	}
	partition->last_part = NULL;
}

/* The next record, valid until the next call; NULL at the end. */
SznRecord *
szn_exchange_read(SznPartitions *partitions, SznPartition *partition)
{
	SznPart    *next = NULL;
	int64		next_time = 0;

	if (partition->last_part)
		read_ahead(partition->last_part);
	for (int i = 0; i < partition->num_parts; i++)
	{
		SznPart    *part = &partition->parts[i];
		bool		has_time;
		int64		time;

		if (part->ahead == NULL)
			continue;

		/* those without a time come last */
		has_time = szn_record_has_time(part->ahead);
		time = szn_record_time(partitions->format, part->ahead);
		if (next == NULL ||
			has_time > szn_record_has_time(next->ahead) ||
			(has_time == szn_record_has_time(next->ahead) && time < next_time))
		{
			next = part;
			next_time = time;
		}
	}
	partition->last_part = next;
	return next ? next->ahead : NULL;
}

/* All tapes have been read, or will not be. */
void
szn_exchange_close(SznPartitions *partitions, SznPartition *partition)
{
	for (int i = 0; i < partition->num_parts; i++)
	{
		SznPart    *part = &partition->parts[i];

		szn_tape_close(part->tape);
		if (part->reader.buffer)
			pfree(part->reader.buffer);
	}
	pfree(partition->parts);
	partition->parts = NULL;
	partition->num_parts = 0;
	partition->last_part = NULL;
}
