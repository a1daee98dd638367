/*-------------------------------------------------------------------------
 *
 * witness.c
 *	  Another library with the hooks that sessionize has; for hooks.pl.
 *
 * Counts how often its hooks are called, and calls those that were there
 * before it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "optimizer/plancat.h"
#include "optimizer/planner.h"

PG_MODULE_MAGIC;
PG_FUNCTION_INFO_V1(witness_relations);
PG_FUNCTION_INFO_V1(witness_levels);

extern void _PG_init(void);

static get_relation_info_hook_type previous_relation_info_hook;
static create_upper_paths_hook_type previous_upper_paths_hook;
static int64 relations;
static int64 levels;

static void
relation_info(PlannerInfo *root, Oid relation, bool inhparent, RelOptInfo *rel)
{
	relations++;
	if (previous_relation_info_hook)
		previous_relation_info_hook(root, relation, inhparent, rel);
}

static void
upper_paths(PlannerInfo *root, UpperRelationKind stage, RelOptInfo *input_rel,
			RelOptInfo *output_rel, void *extra)
{
	levels += stage == UPPERREL_FINAL;
	if (previous_upper_paths_hook)
		previous_upper_paths_hook(root, stage, input_rel, output_rel, extra);
}

void
_PG_init(void)
{
	previous_relation_info_hook = get_relation_info_hook;
	get_relation_info_hook = relation_info;
	previous_upper_paths_hook = create_upper_paths_hook;
	create_upper_paths_hook = upper_paths;
}

/* how often a table was about to be planned; since the last call */
Datum
witness_relations(PG_FUNCTION_ARGS)
{
	int64		count = relations;

	relations = 0;
	PG_RETURN_INT64(count);
}

/* how many query levels were planned; since the last call */
Datum
witness_levels(PG_FUNCTION_ARGS)
{
	int64		count = levels;

	levels = 0;
	PG_RETURN_INT64(count);
}
