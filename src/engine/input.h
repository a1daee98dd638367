/*-------------------------------------------------------------------------
 *
 * input.h
 *	  What the rules need of a row of the input: inlined, since it is asked
 *	  for each event.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SZN_INPUT_H
#define SZN_INPUT_H

#include "engine/engine.h"

extern void szn_learn_rules(SznScan *scan);
extern void szn_flatten_row(SznScan *scan, Datum *values, const bool *nulls);

static inline bool
szn_flag_of_row(const SznScan *scan, int argument, bool constant,
				const Datum *values, const bool *nulls)
{
	int			place = scan->arguments[argument];

	if (place < 0)
		return constant;
	return !nulls[place] && DatumGetBool(values[place]);
}

/*
 * Make an event of a row.  Values that may be expanded objects are made
 * flat, in memory that lives as long as the row.
 */
static inline void
szn_event_of_row(SznScan *scan, Datum *values, const bool *nulls, SznEvent *event)
{
	int			place = scan->arguments[SZN_ARG_TIME];

	if (scan->num_varlena > 0)
		szn_flatten_row(scan, values, nulls);

	event->flags = 0;
	event->time = 0;
	event->expiry = 0;
	if (nulls[place])
		return;

	if (unlikely(!scan->rules_known))
		szn_learn_rules(scan);
	event->flags = SZN_HAS_TIME;
	event->time = DatumGetInt64(values[place]);
	place = scan->arguments[SZN_ARG_INACTIVITY];
	if (place >= 0)
	{
		if (nulls[place])
			szn_error_null_inactivity();
		event->expiry =
			szn_time_plus(scan->timeline, event->time,
						  szn_span_from_datum(values[place], scan->timeline,
											  "inactivity"));
	}
	if (szn_flag_of_row(scan, SZN_ARG_RESTART_ON, scan->restart_on, values, nulls))
		event->flags |= SZN_RESTART;
	if (szn_flag_of_row(scan, SZN_ARG_END_ON, scan->end_on, values, nulls))
		event->flags |= SZN_END;
}

#endif							/* SZN_INPUT_H */
