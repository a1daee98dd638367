/*-------------------------------------------------------------------------
 *
 * narrow.h
 *	  What events carry through the window, made narrow.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SZN_NARROW_H
#define SZN_NARROW_H

extern char *szn_narrow(const char *sql);

#endif							/* SZN_NARROW_H */
