/*-------------------------------------------------------------------------
 *
 * by_time.c
 *	  Arrays of entries in time order, as aggregates keep them.
 *
 * Entries come in any order, but mostly in time order.  So an array begins
 * with those that did, to which one more is appended at no cost; the others
 * follow, and are sorted and merged in when the order is needed.
 *
 * What an entry is, and which of them are in order, its owner knows.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "functions/by_time.h"

#define ST_SORT sort_timed
#define ST_ELEMENT_TYPE SznTimed
#define ST_COMPARE(a, b) \
	((a)->time < (b)->time ? -1 : (a)->time > (b)->time ? 1 : 0)
#define ST_SCOPE static
#define ST_CHECK_FOR_INTERRUPTS
#define ST_DECLARE
#define ST_DEFINE
#include "lib/sort_template.h"

/*
 * Make room for "needed" entries in all, of which *max_entries are there.
 * Returns the array, which may have moved; it stays in its context.
 */
void *
szn_by_time_reserve(void *entries, int64 *max_entries, int64 needed)
{
	if (needed <= *max_entries)
		return entries;

	*max_entries = Max(needed, *max_entries * 2);
	return repalloc_huge(entries, *max_entries * sizeof(SznTimed));
}

/*
 * Bring the entries into time order, of which the first "num_sorted" are.
 * Those of one time come in any order.
 */
void
szn_by_time_sort(MemoryContext context, void *entries,
				 int64 num_entries, int64 num_sorted)
{
	SznTimed   *all = (SznTimed *) entries;
	SznTimed   *late;
	int64		num_late = num_entries - num_sorted;
	int64		i,
				j,
				k;

	if (num_late == 0)
		return;

	sort_timed(all + num_sorted, num_late);

	/*
	 * Merge from the back, with those that came late in a copy.  A cancel in
	 * between would lose entries, but then nobody looks at them again.
	 */
	late = (SznTimed *) MemoryContextAllocHuge(context,
											   num_late * sizeof(SznTimed));
	memcpy(late, all + num_sorted, num_late * sizeof(SznTimed));
	i = num_sorted - 1;
	j = num_late - 1;
	k = num_entries - 1;
	while (j >= 0)
	{
		CHECK_FOR_INTERRUPTS();
		if (i >= 0 && all[i].time > late[j].time)
			all[k--] = all[i--];
		else
			all[k--] = late[j--];
	}
	pfree(late);
}
