/*-------------------------------------------------------------------------
 *
 * explain.c
 *	  What EXPLAIN shows of the nodes "Session Scan" and "Session Aggregate".
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "nodes/makefuncs.h"
#include "optimizer/tlist.h"
#include "parser/parsetree.h"
#include "utils/ruleutils.h"

#include "compat.h"
#include "engine/aggregate.h"

/* "PARTITION BY actor ORDER BY time", in the words of the input. */
static char *
window_text(SznScan *scan, List *ancestors, ExplainState *es)
{
	CustomScan *plan = (CustomScan *) scan->css.ss.ps.plan;
	Plan	   *input = (Plan *) linitial(plan->custom_plans);
	bool		prefix = list_length(es->rtable) > 1 || es->verbose;
	List	   *context;
	StringInfoData text;
	ListCell   *cell;
	TargetEntry *entry;

	/* a list of ours: lcons() changes the one that it is given */
	context = set_deparse_context_plan(es->deparse_cxt, input,
									   lcons(plan, list_copy(ancestors)));
	initStringInfo(&text);
	foreach(cell, (List *) list_nth(plan->custom_private, SZN_PRIVATE_KEYS))
	{
		entry = get_tle_by_resno(input->targetlist, lfirst_int(cell) + 1);
		appendStringInfo(&text, "%s%s", text.len > 0 ? ", " : "PARTITION BY ",
						 deparse_expression((Node *) entry->expr, context, prefix, true));
	}
	entry = get_tle_by_resno(input->targetlist, scan->arguments[SZN_ARG_TIME] + 1);
	appendStringInfo(&text, "%sORDER BY %s", text.len > 0 ? " " : "",
					 deparse_expression((Node *) entry->expr, context, prefix, true));
	return text.data;
}

static char *
argument_text(SznScan *scan, List *ancestors, ExplainState *es, int argument)
{
	CustomScan *plan = (CustomScan *) scan->css.ss.ps.plan;
	Plan	   *input = (Plan *) linitial(plan->custom_plans);
	bool		prefix = list_length(es->rtable) > 1 || es->verbose;
	Plan	   *source = (Plan *) plan;
	Node	   *expr = (Node *) list_nth(plan->custom_exprs, argument);

	if (scan->arguments[argument] >= 0)
	{
		source = input;
		expr = (Node *) get_tle_by_resno(input->targetlist,
										 scan->arguments[argument] + 1)->expr;
		ancestors = lcons(plan, list_copy(ancestors));
	}
	return deparse_expression(expr,
							  set_deparse_context_plan(es->deparse_cxt, source, ancestors),
							  prefix, true);
}

/* ExplainCustomScan: what is planned, and under ANALYZE what happened. */
void
szn_explain_scan(CustomScanState *node, List *ancestors, ExplainState *es)
{
	SznScan    *scan = (SznScan *) node;
	SznCounters counters = scan->counters;
	const char *all_history =
		strVal(list_nth(((CustomScan *) scan->css.ss.ps.plan)->custom_private,
						SZN_PRIVATE_ALL_HISTORY));
	const char *strategy;

	szn_counters_add(&counters, &scan->workers);

	ExplainPropertyText("Window", window_text(scan, ancestors, es), es);
	ExplainPropertyText("Inactivity",
						argument_text(scan, ancestors, es, SZN_ARG_INACTIVITY), es);
	if (es->verbose && all_history[0] != '\0')
		ExplainPropertyText("All History Read", all_history, es);

	if (scan->mode == SZN_MODE_STREAMED)
		strategy = "streamed";
	else if (counters.unordered_actors > 0 || counters.sorted_partitions > 0)
		strategy = "sorted";
	else if (counters.merged_actors > 0)
		strategy = "merged";
	else
		strategy = "in order";
	ExplainPropertyText("Strategy", strategy, es);

	if (scan->heap)
		ExplainPropertyText("Heap Reading",
							scan->heap->num_direct == scan->heap->num_members ?
							"direct" : "direct in part", es);

	if (!es->analyze)
		return;

	ExplainPropertyInteger("Actors", NULL, counters.actors, es);
	if (scan->mode == SZN_MODE_PARTITIONED)
	{
		ExplainPropertyInteger("Actors out of Order", NULL, counters.unordered_actors, es);
		ExplainPropertyInteger("Partitions", NULL, counters.partitions, es);
		ExplainPropertyInteger("Partitions Sorted", NULL, counters.sorted_partitions, es);
	}
	ExplainPropertyInteger("Memory", "kB", (counters.peak_memory + 1023) / 1024, es);
	ExplainPropertyInteger("Disk", "kB", (counters.disk_bytes + 1023) / 1024, es);
}

/* ExplainCustomScan of the aggregate. */
void
szn_explain_aggregate(CustomScanState *css, List *ancestors, ExplainState *es)
{
	SznAggregate *node = (SznAggregate *) css;
	CustomScan *plan = (CustomScan *) css->ss.ps.plan;
	List	   *context = set_deparse_context_plan(es->deparse_cxt, (Plan *) plan, ancestors);
	bool		prefix = list_length(es->rtable) > 1 || es->verbose;
	List	   *keys = NIL;
	int			num_called = 0;
	ListCell   *cell;

	foreach(cell, (List *) list_nth(plan->custom_private, SZN_AGG_PRIVATE_KEYS))
	{
		TargetEntry *entry = list_nth_node(TargetEntry, plan->custom_scan_tlist,
										   lfirst_int(cell) - 1);

		keys = lappend(keys, deparse_expression((Node *) makeVarFromTargetEntry(INDEX_VAR, entry),
												context, prefix, true));
	}
	ExplainPropertyList("Group Key", keys, es);
	for (int i = 0; i < node->num_steps; i++)
		num_called += node->steps[i]->kind == SZN_CALL;
	ExplainPropertyInteger("Native Aggregates", NULL, node->num_steps - num_called, es);
	ExplainPropertyInteger("Other Aggregates", NULL, num_called, es);
	if (es->analyze)
		ExplainPropertyInteger("Distinct Sets Sorted", NULL, node->sorted_sets, es);
}
