/*-------------------------------------------------------------------------
 *
 * parallel.c
 *	  Session Scan in several processes: what core asks of the node.
 *
 * The state that is shared is of shared.c's making.  It is there from when
 * Gather begins until it is shut down, which may be before the node ends; a
 * node without it (core could not get shared memory) reads all rows alone.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "optimizer/optimizer.h"

#include "engine/engine.h"


static int
choose_num_partitions(SznScan *scan, int num_participants)
{
	Plan	   *input = (Plan *) linitial(((CustomScan *) scan->css.ss.ps.plan)->custom_plans);

	/* the plan has the rows of one participant */
	return szn_choose_num_partitions(input->plan_rows * num_participants,
									 szn_expected_width(scan), scan->budget);
}

/* EstimateDSMCustomScan: of shared memory, besides what rows will take. */
Size
szn_estimate_dsm(CustomScanState *node, ParallelContext *pcxt)
{
	int			num_participants = pcxt->nworkers + 1;

	return szn_exchange_size(num_participants,
							 choose_num_partitions((SznScan *) node, num_participants));
}

/* InitializeDSMCustomScan: in the leader, before there are workers. */
void
szn_initialize_dsm(CustomScanState *node, ParallelContext *pcxt, void *coordinate)
{
	SznScan    *scan = (SznScan *) node;
	int			num_participants = pcxt->nworkers + 1;
	MemoryContext caller_context;

	scan->exchange = NULL;
	if (pcxt->seg == NULL)
		return;

	caller_context = MemoryContextSwitchTo(node->ss.ps.state->es_query_cxt);
	scan->exchange = szn_exchange_create(coordinate, pcxt->seg, num_participants,
										 choose_num_partitions(scan, num_participants));
	MemoryContextSwitchTo(caller_context);
}

/*
 * ReInitializeDSMCustomScan: in the leader, between two scans.
 *
 * What the leader itself has is given back at once: later, files of the next
 * scan might have the names of those that it still knows of.
 */
void
szn_reinitialize_dsm(CustomScanState *node, ParallelContext *pcxt, void *coordinate)
{
	SznScan    *scan = (SznScan *) node;

	if (scan->exchange == NULL)
		return;
	szn_forget(scan);
	szn_exchange_collect(scan->exchange, &scan->workers);
	szn_exchange_reset(scan->exchange, node->ss.ps.state->es_query_dsa);
}

/* InitializeWorkerCustomScan */
void
szn_initialize_worker(CustomScanState *node, shm_toc *toc, void *coordinate)
{
	SznScan    *scan = (SznScan *) node;
	MemoryContext caller_context =
		MemoryContextSwitchTo(node->ss.ps.state->es_query_cxt);

	scan->exchange = szn_exchange_attach(coordinate, ParallelWorkerNumber + 1);
	MemoryContextSwitchTo(caller_context);
}

/* ShutdownCustomScan: shared memory is about to go away. */
void
szn_shut_down(CustomScanState *node)
{
	SznScan    *scan = (SznScan *) node;

	if (scan->exchange == NULL)
		return;
	szn_forget(scan);
	if (IsParallelWorker())
		szn_exchange_report(scan->exchange, &scan->counters);
	else
		szn_exchange_collect(scan->exchange, &scan->workers);
	scan->exchange = NULL;
}
