/*-------------------------------------------------------------------------
 *
 * engine.h
 *	  What the files of the engine tell each other about the node.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SZN_ENGINE_H
#define SZN_ENGINE_H

#include "executor/executor.h"
#include "nodes/extensible.h"
#include "nodes/execnodes.h"
#include "utils/tuplesort.h"

#include "compat.h"
#include "engine/heap.h"
#include "engine/partitions.h"
#include "engine/progress.h"
#include "engine/spool.h"
#include "functions/arguments.h"

/* How the node gets its rows into order. */
typedef enum SznMode
{
	SZN_MODE_STREAMED,			/* they come by actor and time */
	SZN_MODE_PARTITIONED		/* they are gathered in partitions */
} SznMode;

/* Where a column of the node's rows comes from. */
typedef enum SznSource
{
	SZN_FROM_INPUT,				/* a column of the input */
	SZN_FROM_TIME,				/* the event time */
	SZN_FROM_CONSTANT,			/* the same in all rows */
	SZN_FROM_NUMBER,			/* session_number() and so on */
	SZN_FROM_EVENT_NUMBER,
	SZN_FROM_START,
	SZN_FROM_END,
	SZN_FROM_COUNT,
	SZN_FROM_STARTED_BY,
	SZN_FROM_ENDED_BY
} SznSource;

/* What the plan keeps in custom_private, by position. */
enum
{
	SZN_PRIVATE_MODE,			/* Integer: SznMode */
	SZN_PRIVATE_SOURCES,		/* ints: SznSource of each column */
	SZN_PRIVATE_COLUMNS,		/* ints: its place in the input, from 0 */
	SZN_PRIVATE_KEYS,			/* ints: places of the actor's parts */
	SZN_PRIVATE_KEY_OPERATORS,	/* OIDs: by which they are equal */
	SZN_PRIVATE_KEY_COLLATIONS,
	SZN_PRIVATE_ARGUMENTS,		/* ints: places of the call's arguments; -1: constant */
	SZN_PRIVATE_TIME_TYPE,		/* Integer: OID */
	SZN_PRIVATE_ALL_HISTORY,	/* String: why it is read; may be empty */
	SZN_NUM_PRIVATE
};

/* planner.c */
extern void szn_planner_init(void);

/* scan.c */
extern const CustomScanMethods szn_scan_methods;
extern bool szn_is_scan(PlanState *node);

/*
 * The state of the node.
 *
 * "hold" says how far the node has to read before it can label a row.
 */
typedef enum SznHold
{
	SZN_HOLD_NOTHING,			/* the row itself tells */
	SZN_HOLD_INSTANT,			/* its peers may be restart events */
	SZN_HOLD_RUN				/* a function asks for the session's end */
} SznHold;

/* A column of the node's slot. */
typedef struct SznOutput
{
	SznSource	source;
	int			target;			/* its place in the slot */
	int			number;			/* of the format's column */
	const SznColumn *column;
	Datum		constant;
} SznOutput;

typedef struct SznScan
{
	CustomScanState css;

	/* from the plan */
	SznMode		mode;
	int			num_keys;
	int			arguments[SZN_NUM_ARGS];	/* places; -1: constant */
	ExprState  *constants[SZN_NUM_ARGS];
	SznTimeline timeline;
	SznHold		hold;
	SznFormat  *format;

	/* the input: the row at hand, and who reads it instead of its nodes */
	SznHeapReader *heap;		/* NULL: they are asked */
	Datum	   *input_values;
	bool	   *input_nulls;
	int		   *varlena;		/* columns that may be expanded objects */
	int			num_varlena;

	/* how a row is put out */
	TupleTableSlot *slot;
	bool		project;
	int			num_outputs;
	SznOutput  *outputs;		/* what differs from row to row */
	int			num_labels;
	SznOutput  *labels;			/* what differs from run to run */
	bool		labels_point;	/* some are passed by reference */
	bool		labels_changed;
	Datum		causes[SZN_CAUSE_MAX_DURATION + 1];
	int		   *read;			/* the format's columns of variable width */
	int			num_read;
	Datum	   *values;			/* of the record at hand, by column */
	bool	   *nulls;

	/* memory */
	MemoryContext context;		/* emptied by a rescan */
	Size		budget;

	/* the rules, known from the first row with a time */
	bool		rules_known;
	SznRules	rules;
	int64		inactivity;
	bool		restart_on;
	bool		end_on;

	/* where it is */
	bool		begun;
	bool		input_done;
	SznCounters counters;
	SznProgress progress;
	SznBoundary boundary;
	SznRun		run;			/* of the row at hand */
	uint64		run_serial;		/* counts them, those without sessions as well */
	int64		event_number;
	bool		in_session;

	/* partitions */
	SznExchange *exchange;		/* NULL: no other participants */
	SznCounters workers;		/* what they have done, in the leader */
	SznPartitions *partitions;
	SznPartitionState state;
	SznPartition *partition;	/* at hand */
	uint32		next_actor;
	SznActor   *actor;
	SznLink		next;			/* record to put out next */
	SznLink		next_run;		/* where its run ends; 0: with the chain */
	SznLink		next_instant;	/* not yet taken by the boundary */
	SznTape    *runs;			/* of a partition that is read by pieces */
	int64		runs_read;		/* how much of that */
	int64		run_left;		/* rows of the run that are still to be put out */

	/* a stream, from the input or from a sort */
	SznRecord  *ahead;			/* read, not yet held */
	SznRecord  *buffer;			/* where it is */
	Size		buffer_size;
	bool		stream_ended;
	SznRecord  *actor_record;	/* a record of the actor, copied */
	Size		actor_size;
	bool		has_actor;
	SznInstant	instant;		/* held, not yet taken by the boundary */
	bool		has_instant;
	SznSpool   *held;			/* rows, the last ones being of that instant */
	SznSpool   *spare;
	bool		is_putting_out;	/* those of "held" that have been released */

	/* a partition too large for memory */
	Tuplesortstate *sort;
	Size		sort_memory;
	TupleDesc	sort_descriptor;
	TupleTableSlot *sort_slot;
} SznScan;

extern void szn_begin_records(SznScan *scan);
extern TupleTableSlot *szn_put_out(SznScan *scan, SznRecord *record);
extern void szn_forget(SznScan *scan);

/* input.c */
extern double szn_expected_width(SznScan *scan);
extern bool szn_read_input(SznScan *scan, SznEvent *event);

/* stream.c */
extern void szn_begin_stream(SznScan *scan);
extern SznRecord *szn_next_of_stream(SznScan *scan);
extern void szn_sort_partition(SznScan *scan);
extern void szn_end_sort(SznScan *scan);

/* runs.c */
extern void szn_fill_partitions(SznScan *scan);
extern SznRecord *szn_next_of_partitions(SznScan *scan);
extern bool szn_next_partition(SznScan *scan);
extern void szn_forget_runs(SznScan *scan);

/* The next record to put out, its run in scan->run; NULL at the end. */
static inline SznRecord *
szn_next_record(SznScan *scan)
{
	return scan->mode == SZN_MODE_PARTITIONED ?
		szn_next_of_partitions(scan) : szn_next_of_stream(scan);
}

/* parallel.c */
extern Size szn_estimate_dsm(CustomScanState *node, ParallelContext *pcxt);
extern void szn_initialize_dsm(CustomScanState *node, ParallelContext *pcxt,
							   void *coordinate);
extern void szn_reinitialize_dsm(CustomScanState *node, ParallelContext *pcxt,
								 void *coordinate);
extern void szn_initialize_worker(CustomScanState *node, shm_toc *toc,
								  void *coordinate);
extern void szn_shut_down(CustomScanState *node);

/* explain.c */
extern void szn_explain_scan(CustomScanState *node, List *ancestors,
							 ExplainState *es);

#endif							/* SZN_ENGINE_H */
