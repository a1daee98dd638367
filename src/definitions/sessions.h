/*-------------------------------------------------------------------------
 *
 * sessions.h
 *	  Sessions as SQL text, and which of them metrics and "keep" pick.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SZN_SESSIONS_H
#define SZN_SESSIONS_H

#include "definitions/labelled.h"

extern bool szn_picks_sessions(const SznMetric *metric);
extern bool szn_needs_sessions(const SznMetric *metric);
extern char *szn_sessions_query(const SznDefinition *definition,
								const SznNames *names);

/* beside labelled events: their own sessions' attributes, or joined picks */
extern char *szn_session_of_event(const SznDefinition *definition,
								  const SznNames *names);
extern char *szn_picks_of_actor(const SznDefinition *definition,
								const SznNames *names, StringInfo where);
extern char *szn_pick_name(const SznDefinition *definition, int n);
extern char *szn_pick_of_event(const SznDefinition *definition,
							   const SznNames *names, int n, bool joined);

#endif							/* SZN_SESSIONS_H */
