/*-------------------------------------------------------------------------
 *
 * events.h
 *	  The events of one group, as the aggregates collect them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SZN_EVENTS_H
#define SZN_EVENTS_H

#include "lib/stringinfo.h"

#include "rules/boundary.h"

typedef struct SznEvents SznEvents;

/* One event, as it comes in. */
typedef struct SznEventInput
{
	int64		time;
	int64		inactivity;
	bool		restart;
	bool		end;
} SznEventInput;

extern SznEvents *szn_events_create(MemoryContext context, const SznRules *rules);
extern SznEvents *szn_events_copy(MemoryContext context, const SznEvents *events);
extern const SznRules *szn_events_rules(const SznEvents *events);
extern void szn_events_add(SznEvents *events, const SznEventInput *event);
extern void szn_events_merge(SznEvents *events, SznEvents *others);
extern void szn_events_sort(SznEvents *events);
extern bool szn_events_next_instant(const SznEvents *events, int64 *position,
									SznInstant *instant);
extern void szn_events_serialize(SznEvents *events, StringInfo buffer);
extern SznEvents *szn_events_deserialize(MemoryContext context, StringInfo buffer);

#endif							/* SZN_EVENTS_H */
