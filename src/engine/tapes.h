/*-------------------------------------------------------------------------
 *
 * tapes.h
 *	  Any number of sequences of bytes in one temporary file.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SZN_TAPES_H
#define SZN_TAPES_H

#include "storage/buffile.h"

#include "compat.h"

/* The file. */
typedef struct SznTapeSet
{
	MemoryContext context;
	BufFile    *file;
	bool		is_shared;		/* others will read it */
	uint32		num_blocks;		/* written */
	int			num_tapes;		/* that are open */
	Size	   *memory;			/* where to count what all of this takes, ... */
	uint64	   *disk;			/* ... and what has been written, in bytes */
} SznTapeSet;

/* One sequence: written from its beginning on, then read at will. */
typedef struct SznTape
{
	SznTapeSet *set;
	int64		size;
	char	   *tail;			/* what is not in a block yet, up to one; or NULL */
	uint32	   *blocks;			/* where the others are */
	int			max_blocks;
} SznTape;

/* So many blocks hold so many bytes. */
#define SZN_TAPE_BLOCKS(size)	((int) (((size) + BLCKSZ - 1) / BLCKSZ))

/* What a tape needs in memory while it is written: a block, and a list. */
#define SZN_TAPE_MEMORY			(BLCKSZ + 256)

extern SznTapeSet *szn_tapes_create(Size *memory, uint64 *disk);
extern SznTapeSet *szn_tapes_create_shared(Size *memory, uint64 *disk,
										   FileSet *files, const char *name);
extern void szn_tapes_finish(SznTapeSet *set);
extern SznTape *szn_tape_create(SznTapeSet *set);
extern SznTape *szn_tape_import(Size *memory, FileSet *files, const char *name,
								const uint32 *blocks, int64 size);
extern void szn_tape_write(SznTape *tape, const void *data, Size size);
extern void szn_tape_finish(SznTape *tape);
extern Size szn_tape_read(SznTape *tape, int64 position, void *data, Size size);
extern void szn_tape_read_all(SznTape *tape, int64 position, void *data, Size size);
pg_noreturn extern void szn_error_tape_read(void);
extern void szn_tape_close(SznTape *tape);

#endif							/* SZN_TAPES_H */
