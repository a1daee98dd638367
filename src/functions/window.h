/*-------------------------------------------------------------------------
 *
 * window.h
 *	  The window functions, for those who tell them apart.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SZN_WINDOW_H
#define SZN_WINDOW_H

#include "fmgr.h"

extern PGDLLEXPORT Datum sessionize_session_number(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum sessionize_session_event_number(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum sessionize_session_start(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum sessionize_session_end(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum sessionize_session_event_count(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum sessionize_session_started_by(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum sessionize_session_ended_by(PG_FUNCTION_ARGS);

#endif							/* SZN_WINDOW_H */
