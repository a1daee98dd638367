/*-------------------------------------------------------------------------
 *
 * tapes.c
 *	  Any number of sequences of bytes in one temporary file.
 *
 * Hundreds of partitions are on disk where memory is short.  A file for each
 * costs the system a good deal more than one for all: what comes to a tape is
 * gathered until it fills a block, blocks are appended to the file as they become
 * full, and each tape knows which of them are its own.
 *
 *		file:	| 0: a | 1: c | 2: a | 3: b | ...		tape a: 0, 2, and a tail
 *
 * Core's logical tapes (logtape.c) do as much, but of those that a process has
 * written another one can read a single one.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <fcntl.h>

#include "utils/memutils.h"

#include "engine/tapes.h"

#define FIRST_BLOCKS		8

/* A file for tapes, in the current context: it is closed with the last of them. */
static SznTapeSet *
make_set(BufFile *file, Size *memory, uint64 *disk)
{
	SznTapeSet *set = (SznTapeSet *) palloc0(sizeof(SznTapeSet));

	set->context = CurrentMemoryContext;
	set->memory = memory;
	set->disk = disk;
	set->file = file;
	*memory += BLCKSZ;
	return set;
}

/*
 * What memory the tapes take is added to "memory", and taken off it again; what
 * they have written is added to "disk".
 */
SznTapeSet *
szn_tapes_create(Size *memory, uint64 *disk)
{
	return make_set(BufFileCreateTemp(false), memory, disk);
}

/* The same in a set of files, under a name that others know. */
SznTapeSet *
szn_tapes_create_shared(Size *memory, uint64 *disk, FileSet *files, const char *name)
{
	SznTapeSet *set = make_set(BufFileCreateFileSet(files, name), memory, disk);

	set->is_shared = true;
	return set;
}

/* All of its tapes are finished, and there will be no more. */
void
szn_tapes_finish(SznTapeSet *set)
{
	if (set->is_shared)
		BufFileExportFileSet(set->file);
}

/* An empty tape. */
SznTape *
szn_tape_create(SznTapeSet *set)
{
	SznTape    *tape = (SznTape *) MemoryContextAllocZero(set->context, sizeof(SznTape));

	tape->set = set;
	set->num_tapes++;
	return tape;
}

/* Room for so many blocks. */
static void
reserve_blocks(SznTape *tape, int num_blocks)
{
	int			wanted = Max(tape->max_blocks, FIRST_BLOCKS);

	if (num_blocks <= tape->max_blocks)
		return;
	while (wanted < num_blocks)
		wanted *= 2;
	tape->blocks = tape->blocks ?
		(uint32 *) repalloc_huge(tape->blocks, sizeof(uint32) * wanted) :
		(uint32 *) MemoryContextAllocHuge(tape->set->context, sizeof(uint32) * wanted);
	*tape->set->memory += sizeof(uint32) * (wanted - tape->max_blocks);
	tape->max_blocks = wanted;
}

/* A tape of another process, of this many bytes, which are in these blocks. */
SznTape *
szn_tape_import(Size *memory, FileSet *files, const char *name,
				const uint32 *blocks, int64 size)
{
	BufFile    *file = BufFileOpenFileSet(files, name, O_RDONLY, false);
	SznTape    *tape = szn_tape_create(make_set(file, memory, NULL));

	tape->size = size;
	reserve_blocks(tape, SZN_TAPE_BLOCKS(size));
	memcpy(tape->blocks, blocks, sizeof(uint32) * SZN_TAPE_BLOCKS(size));
	return tape;
}

/* The tail is the tape's last block now. */
static void
write_tail(SznTape *tape)
{
	SznTapeSet *set = tape->set;
	int			num_blocks = SZN_TAPE_BLOCKS(tape->size);

	if (set->num_blocks == PG_UINT32_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("temporary file of a session scan exceeds %u blocks",
						PG_UINT32_MAX)));
	reserve_blocks(tape, num_blocks);
	BufFileWrite(set->file, tape->tail, BLCKSZ);
	*set->disk += BLCKSZ;
	tape->blocks[num_blocks - 1] = set->num_blocks++;
}

/* Append so many bytes. */
void
szn_tape_write(SznTape *tape, const void *data, Size size)
{
	const char *next = (const char *) data;

	if (tape->tail == NULL)
	{
		Assert(tape->size == 0);
		tape->tail = (char *) MemoryContextAlloc(tape->set->context, BLCKSZ);
		*tape->set->memory += BLCKSZ;
	}
	while (size > 0)
	{
		Size		filled = tape->size % BLCKSZ;
		Size		count = Min(size, BLCKSZ - filled);

		memcpy(tape->tail + filled, next, count);
		tape->size += count;
		next += count;
		size -= count;
		if (filled + count == BLCKSZ)
			write_tail(tape);
	}
}

static void
free_tail(SznTape *tape)
{
	if (tape->tail == NULL)
		return;
	pfree(tape->tail);
	tape->tail = NULL;
	*tape->set->memory -= BLCKSZ;
}

/* Nothing more will be written. */
void
szn_tape_finish(SznTape *tape)
{
	Size		filled = tape->size % BLCKSZ;

	if (tape->tail != NULL && filled > 0)
	{
		memset(tape->tail + filled, 0, BLCKSZ - filled);
		write_tail(tape);
	}
	free_tail(tape);
}

/* So many bytes from this place of a finished tape; fewer at its end. */
Size
szn_tape_read(SznTape *tape, int64 position, void *data, Size size)
{
	char	   *next = (char *) data;
	Size		left;

	Assert(tape->tail == NULL);
	size = left = Min(size, (Size) (tape->size - position));
	while (left > 0)
	{
		Size		offset = position % BLCKSZ;
		Size		count = Min(left, BLCKSZ - offset);
		BufFile    *file = tape->set->file;

		if (BufFileSeekBlock(file, tape->blocks[position / BLCKSZ]) != 0 ||
			(offset > 0 && BufFileSeek(file, 0, offset, SEEK_CUR) != 0))
			ereport(ERROR,
					(errcode_for_file_access(),
					 errmsg("could not seek in temporary file of a session scan")));
		if (BufFileRead(file, next, count) != count)
			szn_error_tape_read();
		position += count;
		next += count;
		left -= count;
	}
	return size;
}

/* Fewer bytes than must be there. */
void
szn_error_tape_read(void)
{
	ereport(ERROR,
			(errcode_for_file_access(),
			 errmsg("could not read from temporary file of a session scan")));
}

/* So many bytes, which must be there. */
void
szn_tape_read_all(SznTape *tape, int64 position, void *data, Size size)
{
	if (szn_tape_read(tape, position, data, size) != size)
		szn_error_tape_read();
}

/* It will not be needed any more. */
void
szn_tape_close(SznTape *tape)
{
	SznTapeSet *set = tape->set;

	free_tail(tape);
	if (tape->blocks)
		pfree(tape->blocks);
	*set->memory -= sizeof(uint32) * tape->max_blocks;
	pfree(tape);
	if (--set->num_tapes == 0)
	{
		BufFileClose(set->file);
		*set->memory -= BLCKSZ;
		pfree(set);
	}
}
