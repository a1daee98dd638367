/*-------------------------------------------------------------------------
 *
 * aggregate.h
 *	  What the files of the node "Session Aggregate" tell each other.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SZN_AGGREGATE_H
#define SZN_AGGREGATE_H

#include "executor/nodeAgg.h"

#include "engine/engine.h"

/* What the plan keeps in custom_private, by position. */
enum
{
	SZN_AGG_PRIVATE_COLUMNS,	/* Integer: number of the subquery's columns */
	SZN_AGG_PRIVATE_KEYS,		/* ints: those that are grouped by, from 1 */
	SZN_AGG_PRIVATE_ARGUMENTS,	/* ints: how many each aggregate has */
	SZN_AGG_PRIVATE_FILTERS,	/* ints: does it have a FILTER? */
	SZN_AGG_PRIVATE_BY_NUMBER,	/* Integer: the groups are sessions */
	SZN_AGG_PRIVATE_NOT_NULL,	/* Integer: all that the subquery's quals say is
								 * that the number is not NULL */
	SZN_AGG_NUM_PRIVATE
};

/*
 * What is done for an aggregate.  All but SZN_CALL do what core's functions
 * would, without a call for each value.
 */
typedef enum SznStepKind
{
	SZN_COUNT_ROWS,
	SZN_COUNT_VALUES,
	SZN_COUNT_DISTINCT,
	SZN_MIN_INTEGER,			/* and what is stored as one, such as times */
	SZN_MAX_INTEGER,
	SZN_MIN_FLOAT,
	SZN_MAX_FLOAT,
	SZN_SUM_INTEGER,			/* to bigint */
	SZN_SUM_BIGINT,				/* to numeric */
	SZN_AVG_INTEGER,
	SZN_SUM_FLOAT4,
	SZN_SUM_FLOAT8,
	SZN_SUM_NUMERIC,
	SZN_AVG_NUMERIC,
	SZN_BOOL_AND,
	SZN_BOOL_OR,
	SZN_FIRST,
	SZN_LAST,
	SZN_CALL					/* the functions are called */
} SznStepKind;

/* Where a value comes from. */
typedef enum SznOperandKind
{
	SZN_OPERAND_NONE,
	SZN_OPERAND_FIXED,			/* a column passed by value */
	SZN_OPERAND_VARYING,		/* another, from scan->values */
	SZN_OPERAND_TIME,
	SZN_OPERAND_RUN,			/* the same in all rows of a run */
	SZN_OPERAND_EXPRESSION		/* of the subquery's row */
} SznOperandKind;

typedef struct SznOperand
{
	SznOperandKind kind;
	uint16		null_flag;		/* among the record's bits; 0: not there */
	SznColumn	fixed;			/* of SZN_OPERAND_FIXED */
	int			column;			/* the format's */
	SznSource	source;			/* of SZN_OPERAND_RUN */
	ExprState  *expr;
} SznOperand;

/* The functions of an aggregate, called as core's Agg would call them. */
typedef struct SznCall
{
	Aggref	   *aggref;
	int			number;			/* among the node's calls */
	int			num_arguments;
	FmgrInfo	transition;
	FmgrInfo	final;
	bool		has_final;
	int			num_final_arguments;
	Oid			collation;
	int16		state_length;
	bool		state_by_value;
	bool		initial_is_null;
	Datum		initial;
	int16		result_length;
	bool		result_by_value;
	FunctionCallInfo transition_info;
	FunctionCallInfo final_info;
} SznCall;

/* How the distinct values of a count are told from each other. */
typedef struct SznDistinctType
{
	Oid			type;
	Oid			collation;
	Oid			less;			/* by which they are sorted */
	int16		length;
	bool		by_value;
	bool		is_image;		/* equal values have equal bytes, also ... */
	bool		is_text;		/* ... in a varlena */
	FmgrInfo	hash;
	FmgrInfo	equal;
} SznDistinctType;

typedef struct SznDistinctEntry
{
	Datum		value;
	uint32		hash;
} SznDistinctEntry;

typedef struct SznDistinct
{
	SznDistinctEntry *entries;
	uint32		count;
	uint32		max_entries;
	uint32	   *table;			/* numbers of entries, from 1; NULL: too few */
	uint32		table_size;
	MemoryContext values;		/* where they had to be copied */
	Size		memory;			/* of that */
	Tuplesortstate *sort;		/* the values, once they were too many */
} SznDistinct;

/* What an aggregate has taken of a group. */
typedef struct SznAggState
{
	int64		count;			/* of its values */
	union
	{
		int64		integer;
		double		real;
		Datum		datum;
		SznRecord  *record;		/* of the first or last instant */
		SznDistinct *distinct;
#ifdef HAVE_INT128
		int128		wide;
#endif
	}			v;
	int64		time;			/* of v.record */
	Datum		called;			/* the state that core's functions keep */
	bool		is_called;		/* is there one? */
	bool		called_is_null;
	bool		called_has_none;	/* waits for the first value */
	bool		is_tied;		/* several records of that instant */
	int			scale;			/* of a numeric sum */
} SznAggState;

typedef struct SznStep
{
	SznStepKind kind;
	int			number;			/* of the aggregate */
	bool		has_filter;
	bool		per_run;		/* once for each run */
	bool		once;			/* its filter picks one row of each session */
	bool		may_leave;		/* every row leaves something in row_context */
	int			num_read;		/* columns of variable width, up to its last */
	int16		length;			/* of the argument's type */
	SznOperand	filter;
	SznOperand	argument;		/* the first */
	SznOperand *arguments;		/* all */
	int			num_arguments;
	SznCall    *call;
	SznDistinctType *distinct;
} SznStep;

/* A group that is being gathered. */
typedef struct SznGroup
{
	bool		exists;
	bool		has_memory;		/* there is something in "context" */
	bool		in_session;
	SznRun		run;			/* of its first row */
	SznRecord  *first;
	SznRecord  *copy;			/* where records do not stay, it is here */
	Size		copy_size;
	ExprContext *context;		/* what the steps keep of it */
	SznAggState *states;
} SznGroup;

typedef struct SznAggregate
{
	CustomScanState css;

	SznScan    *scan;
	SubqueryScanState *subquery;	/* between, if it has quals; else NULL */
	PlanState  *child;			/* whatever is between, or the scan */
	int			num_columns;
	bool		by_number;
	bool		drop_null;		/* only rows in sessions are wanted */
	bool		has_quals;		/* of the subquery, to be evaluated */
	bool		stays;			/* records stay where they are for a while */
	bool		walks;			/* follows the actors' chains itself */

	int			num_keys;
	int		   *key_targets;
	SznOperand *keys;

	int			num_steps;
	SznStep   **steps;			/* by aggregate */
	SznStep    *row_steps;
	int			num_row_steps;
	SznStep    *run_steps;
	int			num_run_steps;
	bool		has_calls;		/* rows may leave something in row_context */
	bool		has_run_calls;	/* so may runs */
	bool		needs_labels;	/* rows' steps need more than the record */
	int		   *read;			/* columns of variable width */
	int			num_read;		/* of them, up to the last that steps need */

	/* core's functions look at it, nothing else does */
	AggState   *stand_in;
	AggStatePerTrans transitions;
	AggStatePerAgg finals;

	ExprContext *row_context;
	TupleTableSlot *row;		/* of the subquery, if made of the record at hand */
	TupleTableSlot *run_slot;	/* with attributes of a run alone: ... */
	int			num_run_columns;
	int		   *run_columns;	/* ... which columns they are, from 0 */
	SznSource  *run_sources;
	bool		has_run_row;	/* ... of the one at hand */
	Size		budget;

	/* where it is */
	bool		begun;
	bool		done;
	SznRecord  *pending;		/* pulled, but of the next group */
	bool		pull_is_done;
	SznLink		run_link;		/* where the run begins; not yet taken */
	SznLink		untimed;		/* likewise */
	uint64		actor_seen;
	uint64		run_seen;
	bool		run_is_open;
	bool		run_in_session;
	SznRun		run;			/* so far; of rows without a time, a pretended one */
	bool		run_is_timed;
	SznGroup	group;
	SznGroup	outside;		/* rows without a number, where these are groups */
	SznGroup   *put_out;		/* to be emptied */

	/* for EXPLAIN */
	uint64		rows;
	uint64		sorted_sets;
} SznAggregate;

/* aggregate.c */
extern const CustomScanMethods szn_aggregate_methods;

/* explain.c */
extern void szn_explain_aggregate(CustomScanState *css, List *ancestors, ExplainState *es);

/* steps.c */
extern void szn_init_steps(SznAggregate *node, CustomScan *plan);
extern void szn_init_operand(SznAggregate *node, SznOperand *operand, Expr *expr);

/* accumulate.c */
extern Datum szn_run_value(SznAggregate *node, SznSource source, const SznRun *run,
						   bool in_session, bool *isnull);
extern Datum szn_operand_value(SznAggregate *node, const SznOperand *operand,
							   SznRecord *record, bool *isnull);
extern void szn_begin_group(SznAggregate *node, SznGroup *group);
extern void szn_clear_group(SznAggregate *node, SznGroup *group);
extern void szn_take_row(SznAggregate *node, SznGroup *group, SznRecord *record);
extern void szn_take_chain(SznAggregate *node, SznGroup *group, SznLink link, SznLink end);
extern void szn_take_run(SznAggregate *node, SznGroup *group);
extern Datum szn_result(SznAggregate *node, SznGroup *group, int number, bool *isnull);

/* calls.c */
extern SznCall *szn_call_create(SznAggregate *node, Aggref *aggref);
extern void szn_call_prepare(SznAggregate *node);
extern void szn_call_begin(SznAggregate *node, SznGroup *group, SznCall *call,
						   SznAggState *state);
extern void szn_call_transition(SznAggregate *node, SznGroup *group, SznCall *call,
								SznAggState *state);
extern Datum szn_call_final(SznAggregate *node, SznGroup *group, SznCall *call,
							SznAggState *state, bool *isnull);

/* distinct.c */
extern SznDistinctType *szn_distinct_type_create(Aggref *aggref);
extern SznDistinct *szn_distinct_create(MemoryContext context);
extern void szn_distinct_add(SznAggregate *node, SznDistinct *set,
							 SznDistinctType *type, MemoryContext context,
							 Datum value, bool must_copy);
extern int64 szn_distinct_count(SznAggregate *node, SznDistinct *set, SznDistinctType *type);
extern void szn_distinct_end(SznDistinct *set);

#endif							/* SZN_AGGREGATE_H */
