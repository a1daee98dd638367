/*-------------------------------------------------------------------------
 *
 * instants.h
 *	  Records made into instants, for rules/boundary.c; and where the rows that
 *	  are put out belong.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SZN_INSTANTS_H
#define SZN_INSTANTS_H

#include "miscadmin.h"

#include "engine/engine.h"

static inline int64
szn_expiry_of(SznScan *scan, const SznRecord *record)
{
	return scan->format->has_expiry ? szn_record_expiry(scan->format, record) :
		szn_time_plus(scan->timeline, szn_record_time(scan->format, record),
					  scan->inactivity);
}

static inline void
szn_begin_instant(SznScan *scan, SznInstant *instant, const SznRecord *record)
{
	instant->time = szn_record_time(scan->format, record);
	instant->expiry = szn_expiry_of(scan, record);
	instant->event_count = 1;
	instant->restart = (szn_record_bits(record) & SZN_RESTART) != 0;
	instant->end = (szn_record_bits(record) & SZN_END) != 0;
}

static inline void
szn_add_to_instant(SznScan *scan, SznInstant *instant, const SznRecord *record)
{
	int64		expiry = szn_expiry_of(scan, record);

	instant->expiry = Max(instant->expiry, expiry);
	instant->event_count++;
	instant->restart |= (szn_record_bits(record) & SZN_RESTART) != 0;
	instant->end |= (szn_record_bits(record) & SZN_END) != 0;
}

/*
 * The next instant of the chain at hand, which there must be; on to the one
 * after it.  Returns where it begins.
 */
static inline SznLink
szn_chain_instant(SznScan *scan, SznInstant *instant)
{
	SznLink		link = scan->next_instant;
	SznRecord  *record = szn_record_at(scan->partition, link);

	CHECK_FOR_INTERRUPTS();
	szn_begin_instant(scan, instant, record);
	while ((scan->next_instant = record->link) != 0)
	{
		record = szn_record_at(scan->partition, scan->next_instant);
		if (szn_record_time(scan->format, record) != instant->time)
			break;
		CHECK_FOR_INTERRUPTS();
		szn_add_to_instant(scan, instant, record);
	}
	return link;
}

/* The rows that come are of this run. */
static inline void
szn_set_run(SznScan *scan, const SznRun *run)
{
	scan->run = *run;
	scan->in_session = SZN_RUN_IS_SESSION(run);
	scan->run_serial++;
	scan->event_number = 0;
	scan->labels_changed = true;
}

/* The rows that come have no time, hence no session. */
static inline void
szn_set_no_run(SznScan *scan)
{
	scan->in_session = false;
	scan->run_serial++;
	scan->labels_changed = true;
}

#endif							/* SZN_INSTANTS_H */
