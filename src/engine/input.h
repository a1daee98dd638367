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
#include "engine/record_write.h"

extern void szn_learn_rules(SznScan *scan, int64 time);
extern void szn_flatten_row(SznScan *scan, Datum *values, const bool *nulls);

/* Note what an argument that is a condition says of so many rows. */
static inline void
szn_flags_of_rows(const SznScan *scan, int argument, bool constant, uint16 flag,
				  const Datum *values, const bool *nulls, int width, int count,
				  SznEvent *events)
{
	int			place = scan->arguments[argument];

	if (place < 0 && !constant)
		return;
	for (int i = 0; i < count; i++)
	{
		/* without a time, it does not matter */
		if (place < 0 ||
			(!nulls[i * width + place] && DatumGetBool(values[i * width + place])))
			events[i].flags |= events[i].flags & SZN_HAS_TIME ? flag : 0;
	}
}

/*
 * Make events of so many rows, one after the other at "values" and "nulls",
 * "width" being the distance between two.  Values that may be expanded objects
 * are made flat, in memory that lives as long as the rows.
 */
static inline void
szn_events_of_rows(SznScan *scan, Datum *values, const bool *nulls, int width, int count,
				   SznEvent *events)
{
	int			place = scan->arguments[SZN_ARG_TIME];

	if (scan->num_varlena > 0)
	{
		for (int i = 0; i < count; i++)
			szn_flatten_row(scan, values + i * width, nulls + i * width);
	}

	for (int i = 0; i < count; i++)
	{
		bool		isnull = nulls[i * width + place];

		events[i].flags = isnull ? 0 : SZN_HAS_TIME;
		events[i].time = isnull ? 0 : DatumGetInt64(values[i * width + place]);
		events[i].expiry = 0;
		if (unlikely(!scan->rules_known) && !isnull)
			szn_learn_rules(scan, events[i].time);
	}

	place = scan->arguments[SZN_ARG_INACTIVITY];
	for (int i = 0; i < count && place >= 0; i++)
	{
		if ((events[i].flags & SZN_HAS_TIME) == 0)
			continue;
		if (nulls[i * width + place])
			szn_error_null_inactivity();
		events[i].expiry =
			szn_time_plus(scan->timeline, events[i].time,
						  szn_span_from_datum(values[i * width + place], scan->timeline,
											  "inactivity"));
	}
	szn_flags_of_rows(scan, SZN_ARG_RESTART_ON, scan->restart_on, SZN_RESTART,
					  values, nulls, width, count, events);
	szn_flags_of_rows(scan, SZN_ARG_END_ON, scan->end_on, SZN_END,
					  values, nulls, width, count, events);
	szn_note_wide(scan->format, events, values, nulls, width, count);
}

#endif							/* SZN_INPUT_H */
