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
 * Many blocks are written at a time.  That is why this is made of virtual files
 * (fd.c) and not of BufFiles, which write 8 kB at a time: half of what little
 * memory costs where rows are wide.  Nor are these core's logical tapes
 * (logtape.c), for the same reason, and since another process could read only
 * one of them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <fcntl.h>

#include "commands/tablespace.h"
#include "executor/instrument.h"
#include "pgstat.h"
#include "storage/bufmgr.h"
#include "utils/memutils.h"

#include "engine/tapes.h"

#define FIRST_BLOCKS		8
#define MAX_BUFFER_BLOCKS	32

/* In the current context: it is closed with the last of its tapes. */
static SznTapeSet *
make_set(File file, Size *memory, uint64 *disk)
{
	SznTapeSet *set = (SznTapeSet *) palloc0(sizeof(SznTapeSet));

	set->context = CurrentMemoryContext;
	set->memory = memory;
	set->disk = disk;
	set->file = file;
	return set;
}

/*
 * A file for tapes, written so many bytes at a time: a temporary one or, if
 * "files" are given, one of these, which others can find by its name.  What memory
 * the tapes take is added to "memory", and taken off it again; what they have
 * written is added to "disk".
 */
SznTapeSet *
szn_tapes_create(Size buffer_size, Size *memory, uint64 *disk, FileSet *files,
				 const char *name)
{
	SznTapeSet *set;

	PrepareTempTablespaces();
	set = make_set(files ? FileSetCreate(files, name) : OpenTemporaryFile(false),
				   memory, disk);
	set->buffer_blocks = (int) Min(Max(buffer_size / BLCKSZ, 1), MAX_BUFFER_BLOCKS);
	set->buffer = (char *) palloc(set->buffer_blocks * BLCKSZ);
	*memory += set->buffer_blocks * BLCKSZ;
	return set;
}

/* Blocks that are on their way get to the file. */
static void
write_buffer(SznTapeSet *set)
{
	Size		size = (Size) set->num_buffered * BLCKSZ;
	off_t		offset = (off_t) (set->num_blocks - set->num_buffered) * BLCKSZ;
	instr_time	start;
	instr_time	end;

	if (size == 0)
		return;
	if (track_io_timing)
		INSTR_TIME_SET_CURRENT(start);
	if ((Size) FileWrite(set->file, set->buffer, size, offset,
						 WAIT_EVENT_BUFFILE_WRITE) != size)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not write to file \"%s\": %m", FilePathName(set->file))));
	if (track_io_timing)
	{
		INSTR_TIME_SET_CURRENT(end);
		INSTR_TIME_ACCUM_DIFF(pgBufferUsage.temp_blk_write_time, end, start);
	}
	pgBufferUsage.temp_blks_written += set->num_buffered;
	*set->disk += size;
	set->num_buffered = 0;
}

/* All of its tapes are finished, and there will be no more. */
void
szn_tapes_finish(SznTapeSet *set)
{
	if (set->buffer == NULL)
		return;
	write_buffer(set);
	pfree(set->buffer);
	set->buffer = NULL;
	*set->memory -= set->buffer_blocks * BLCKSZ;
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
	File		file = FileSetOpen(files, name, O_RDONLY);
	SznTape    *tape = szn_tape_create(make_set(file, memory, NULL));

	tape->size = size;
	tape->num_blocks = SZN_TAPE_BLOCKS(size);
	reserve_blocks(tape, tape->num_blocks);
	memcpy(tape->blocks, blocks, sizeof(uint32) * tape->num_blocks);
	return tape;
}

/* The tail is a block now. */
static void
write_tail(SznTape *tape)
{
	SznTapeSet *set = tape->set;

	if (set->num_blocks == PG_UINT32_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("temporary file of a session scan exceeds %u blocks",
						PG_UINT32_MAX)));
	reserve_blocks(tape, tape->num_blocks + 1);
	memcpy(set->buffer + set->num_buffered * BLCKSZ, tape->tail, BLCKSZ);
	tape->blocks[tape->num_blocks++] = set->num_blocks++;
	if (++set->num_buffered == set->buffer_blocks)
		write_buffer(set);
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

/* Nothing more will be written. */
void
szn_tape_finish(SznTape *tape)
{
	Size		filled = tape->size % BLCKSZ;

	if (tape->tail == NULL)
		return;
	if (filled > 0)
	{
		memset(tape->tail + filled, 0, BLCKSZ - filled);
		write_tail(tape);
	}
	pfree(tape->tail);
	tape->tail = NULL;
	*tape->set->memory -= BLCKSZ;
}

/* Bytes that are in the file one after the other, and must be there. */
static void
read_file(SznTapeSet *set, off_t offset, char *data, Size size)
{
	instr_time	start;
	instr_time	end;
	ssize_t		count;

	if (track_io_timing)
		INSTR_TIME_SET_CURRENT(start);
	count = FileRead(set->file, data, size, offset, WAIT_EVENT_BUFFILE_READ);
	if (count < 0)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not read file \"%s\": %m", FilePathName(set->file))));
	if ((Size) count != size)
		szn_error_tape_read();
	if (track_io_timing)
	{
		INSTR_TIME_SET_CURRENT(end);
		INSTR_TIME_ACCUM_DIFF(pgBufferUsage.temp_blk_read_time, end, start);
	}
	pgBufferUsage.temp_blks_read += (size + BLCKSZ - 1) / BLCKSZ;
}

/* So many bytes from this place of a finished tape; fewer at its end. */
Size
szn_tape_read(SznTape *tape, int64 position, void *data, Size size)
{
	char	   *next = (char *) data;
	Size		left;

	Assert(tape->tail == NULL && tape->set->buffer == NULL);
	size = left = Min(size, (Size) (tape->size - position));
	while (left > 0)
	{
		int			number = (int) (position / BLCKSZ);
		Size		offset = position % BLCKSZ;
		Size		count = BLCKSZ - offset;
		uint32		block = tape->blocks[number];

		/* its blocks may lie side by side */
		while (count < left && tape->blocks[number + 1] == tape->blocks[number] + 1)
		{
			number++;
			count += BLCKSZ;
		}
		count = Min(count, left);
		read_file(tape->set, (off_t) block * BLCKSZ + offset, next, count);
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

	if (tape->tail)
	{
		pfree(tape->tail);
		*set->memory -= BLCKSZ;
	}
	if (tape->blocks)
		pfree(tape->blocks);
	*set->memory -= sizeof(uint32) * tape->max_blocks;
	pfree(tape);
	if (--set->num_tapes == 0)
	{
		FileClose(set->file);
		if (set->buffer)
		{
			pfree(set->buffer);
			*set->memory -= set->buffer_blocks * BLCKSZ;
		}
		pfree(set);
	}
}
