/*-------------------------------------------------------------------------
 *
 * attempt.h
 *	  Work that may fail without ending the transaction.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SZN_ATTEMPT_H
#define SZN_ATTEMPT_H

extern ErrorData *szn_attempt(void (*work) (void *argument), void *argument);

#endif							/* SZN_ATTEMPT_H */
