/*-------------------------------------------------------------------------
 *
 * progress.c
 *	  How far running session scans are, for the view "progress".
 *
 * A backend's entry in core's table of backends has room for the progress of
 * one command, for VACUUM and the like.  That is where it is told: under a
 * number that none of core's commands has, so none of core's views shows it.
 * So no preload is needed, writing costs a few stores without a lock, and core
 * wipes it when the (sub)transaction fails, and the entry when the backend
 * ends, however it does.
 *
 * There is room for one command per backend:
 *
 *		- a command of core's that is under way is left alone (a scan in
 *		  COPY (SELECT ...) TO shows in pg_stat_progress_copy),
 *		- a scan below another one in the same plan tells nothing,
 *		- of others, the one that has told something last is shown.
 *
 * All that is known is written each time, since the entry may have been
 * somebody else's in between.  Nothing here keeps a pointer to a scan.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_authid.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "parser/parsetree.h"
#include "utils/acl.h"
#include "utils/backend_progress.h"
#include "utils/backend_status.h"

#include "engine/engine.h"

/* Any number that is neither core's nor likely to be another extension's. */
#define COMMAND_SESSION_SCAN	((ProgressCommandType) 0x535a4e)

/* The command's parameters */
enum
{
	PARAM_SCAN,					/* serial number: whose entry it is */
	PARAM_PHASE,
	PARAM_ROWS_READ,
	PARAM_ROWS_ESTIMATED,
	PARAM_PARTITIONS_TOTAL,
	PARAM_PARTITIONS_DONE,
	PARAM_BYTES_SPILLED,
	NUM_PARAMS
};

PG_FUNCTION_INFO_V1(sessionize_progress_info);


/*
 * Telling
 */

/* The scans below do not report. */
static bool
silence(PlanState *node, void *context)
{
	if (node == NULL)
		return false;
	if (szn_is_scan(node))
		((SznScan *) node)->progress.is_silent = true;
	return planstate_tree_walker(node, silence, context);
}

/*
 * The table that an input reads, or a partitioned one; InvalidOid where it is
 * not just one.
 */
static Oid
relation_of_input(Plan *plan, EState *estate)
{
	while (plan)
	{
		int			relid = -1;

		if (IsA(plan, SubqueryScan))
		{
			plan = ((SubqueryScan *) plan)->subplan;
			continue;
		}
		if (IsA(plan, CustomScan) && ((Scan *) plan)->scanrelid == 0 &&
			list_length(((CustomScan *) plan)->custom_plans) == 1)
		{
			plan = linitial(((CustomScan *) plan)->custom_plans);
			continue;
		}
		if (IsA(plan, Append))
			(void) bms_get_singleton_member(((Append *) plan)->apprelids, &relid);
		else if (IsA(plan, MergeAppend))
			(void) bms_get_singleton_member(((MergeAppend *) plan)->apprelids, &relid);
		else if (IsA(plan, SeqScan) || IsA(plan, SampleScan) || IsA(plan, IndexScan) ||
				 IsA(plan, IndexOnlyScan) || IsA(plan, BitmapHeapScan) ||
				 IsA(plan, TidScan) || IsA(plan, TidRangeScan) || IsA(plan, ForeignScan) ||
				 IsA(plan, CustomScan))
			relid = (int) ((Scan *) plan)->scanrelid;
		else if (innerPlan(plan) == NULL)
		{
			plan = outerPlan(plan);
			continue;
		}
		if (relid > 0)
		{
			RangeTblEntry *entry = exec_rt_fetch((Index) relid, estate);

			return entry->rtekind == RTE_RELATION ? entry->relid : InvalidOid;
		}
		break;
	}
	return InvalidOid;
}

/* When the nodes below have been made. */
void
szn_progress_init(SznScan *scan)
{
	static uint64 last_serial = 0;
	PlanState  *input = (PlanState *) linitial(scan->css.custom_ps);

	scan->progress.serial = ++last_serial;
	scan->progress.relation = relation_of_input(input->plan, scan->css.ss.ps.state);
	(void) silence(input, NULL);
}

/* Go on to another phase, and say so. */
void
szn_progress_enter(SznScan *scan, SznPhase phase)
{
	scan->progress.phase = phase;
	szn_progress_report(scan);
}

/*
 * How many partitions are done with, of those made at first: a part of one that
 * had to be divided is still that one.  In parallel, how many this participant
 * has claimed and done.
 */
static int
partitions_done(SznScan *scan)
{
	SznPartitions *partitions = scan->partitions;
	int			num_first = (int) scan->counters.partitions;
	int			num_left = 0;

	if (scan->progress.phase != SZN_PHASE_SORTING &&
		scan->progress.phase != SZN_PHASE_PUTTING_OUT)
		return 0;
	if (scan->exchange)
		return Max(scan->exchange->num_claims - 1, 0);
	for (int i = 0; i < num_first; i++)
	{
		SznPartition *partition = &partitions->partitions[i];

		if (partition->num_chunks > 0 || szn_partition_on_disk(partition))
			num_left++;
	}

	/* only one is divided at a time */
	if (partitions->num_partitions > num_first)
		num_left++;
	return num_first - num_left;
}

/*
 * Tell how far the scan is.  Called for each page or block of rows and for each
 * partition, never for each row.
 */
void
szn_progress_report(SznScan *scan)
{
	static const int params[NUM_PARAMS] = {
		PARAM_SCAN, PARAM_PHASE, PARAM_ROWS_READ, PARAM_ROWS_ESTIMATED,
		PARAM_PARTITIONS_TOTAL, PARAM_PARTITIONS_DONE, PARAM_BYTES_SPILLED
	};
	const SznProgress *progress = &scan->progress;
	double		estimate = ((PlanState *) linitial(scan->css.custom_ps))->plan->plan_rows;
	int64		values[NUM_PARAMS];

	if (progress->is_silent || !pgstat_track_activities || MyBEEntry == NULL)
		return;
	if (MyBEEntry->st_progress_command != COMMAND_SESSION_SCAN)
	{
		if (MyBEEntry->st_progress_command != PROGRESS_COMMAND_INVALID)
			return;
		pgstat_progress_start_command(COMMAND_SESSION_SCAN, progress->relation);
	}
	else if (MyBEEntry->st_progress_param[PARAM_SCAN] != (int64) progress->serial)
		pgstat_progress_start_command(COMMAND_SESSION_SCAN, progress->relation);

	values[PARAM_SCAN] = (int64) progress->serial;
	values[PARAM_PHASE] = (int64) progress->phase;
	values[PARAM_ROWS_READ] = (int64) scan->counters.rows;
	values[PARAM_ROWS_ESTIMATED] = estimate < (double) PG_INT64_MAX ?
		(int64) estimate : PG_INT64_MAX;
	values[PARAM_PARTITIONS_TOTAL] = (int64) scan->counters.partitions;
	values[PARAM_PARTITIONS_DONE] = partitions_done(scan);
	values[PARAM_BYTES_SPILLED] = (int64) scan->counters.disk_bytes;
	pgstat_progress_update_multi_param(NUM_PARAMS, params, values);
}

/* The scan has come to its end, or is left before. */
void
szn_progress_end(SznScan *scan)
{
	if (MyBEEntry != NULL &&
		MyBEEntry->st_progress_command == COMMAND_SESSION_SCAN &&
		MyBEEntry->st_progress_param[PARAM_SCAN] == (int64) scan->progress.serial)
		pgstat_progress_end_command();
}


/*
 * Asking
 */

/*
 * progress_info() -> (pid, datid, relid, phase, ...): a row for each backend
 * that runs a session scan, in any database.
 *
 * As with core's views, who may not see what others do sees that they do, and
 * NULLs for what it is.
 */
Datum
sessionize_progress_info(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	bool		sees_all = has_privs_of_role(GetUserId(), ROLE_PG_READ_ALL_STATS);
	int			num_backends;

	InitMaterializedSRF(fcinfo, 0);
	num_backends = pgstat_fetch_stat_numbackends();
	for (int i = 1; i <= num_backends; i++)
	{
		LocalPgBackendStatus *local = pgstat_get_local_beentry_by_index(i);
		PgBackendStatus *backend;
		Datum		values[2 + NUM_PARAMS];
		bool		nulls[2 + NUM_PARAMS] = {0};

		if (local == NULL ||
			local->backendStatus.st_progress_command != COMMAND_SESSION_SCAN)
			continue;
		backend = &local->backendStatus;
		values[0] = Int32GetDatum(backend->st_procpid);
		values[1] = ObjectIdGetDatum(backend->st_databaseid);
		if (sees_all || has_privs_of_role(GetUserId(), backend->st_userid))
		{
			values[2] = ObjectIdGetDatum(backend->st_progress_command_target);
			nulls[2] = !OidIsValid(backend->st_progress_command_target);
			for (int param = PARAM_PHASE; param < NUM_PARAMS; param++)
				values[2 + param] = Int64GetDatum(backend->st_progress_param[param]);
		}
		else
		{
			for (int column = 2; column < 2 + NUM_PARAMS; column++)
				nulls[column] = true;
		}
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}
