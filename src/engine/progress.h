/*-------------------------------------------------------------------------
 *
 * progress.h
 *	  How far running session scans are, for the view "progress".
 *
 *-------------------------------------------------------------------------
 */
#ifndef SZN_PROGRESS_H
#define SZN_PROGRESS_H

/* What a scan is at; the view has their names. */
typedef enum SznPhase
{
	SZN_PHASE_BEGINNING,		/* of a scan that has not said more yet */
	SZN_PHASE_READING,
	SZN_PHASE_WAITING,			/* until all participants have read their rows */
	SZN_PHASE_SORTING,			/* a partition that is too large for memory */
	SZN_PHASE_PUTTING_OUT,
	SZN_PHASE_STREAMING
} SznPhase;

/* The part of a scan's state that is about it. */
typedef struct SznProgress
{
	bool		is_silent;		/* a scan above reports */
	uint64		serial;			/* tells the scans of a backend apart */
	SznPhase	phase;
	Oid			relation;
} SznProgress;

/* Where rows come one by one, a report is made after so many. */
#define SZN_ROWS_PER_REPORT	64

struct SznScan;
extern void szn_progress_init(struct SznScan *scan);
extern void szn_progress_enter(struct SznScan *scan, SznPhase phase);
extern void szn_progress_report(struct SznScan *scan);
extern void szn_progress_end(struct SznScan *scan);

#endif							/* SZN_PROGRESS_H */
