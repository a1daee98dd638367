/*-------------------------------------------------------------------------
 *
 * look_back.h
 *	  The functions that plans with time ranges call.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SZN_LOOK_BACK_H
#define SZN_LOOK_BACK_H

#include "functions/arguments.h"

extern PGDLLEXPORT Datum sessionize_look_back(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum sessionize_look_back_tz_timestamp(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum sessionize_look_back_tz_date(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum sessionize_look_back_timestamptz(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum sessionize_look_back_date(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum sessionize_look_back_bigint(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum sessionize_look_ahead(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum sessionize_look_ahead_tz_timestamp(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum sessionize_look_ahead_tz_date(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum sessionize_look_ahead_timestamptz(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum sessionize_look_ahead_date(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum sessionize_look_ahead_bigint(PG_FUNCTION_ARGS);

#endif							/* SZN_LOOK_BACK_H */
