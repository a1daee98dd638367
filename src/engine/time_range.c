/*-------------------------------------------------------------------------
 *
 * time_range.c
 *	  Conditions on sessions' times as conditions on events.
 *
 * Of the sessions that start at X or later, those events tell that come no
 * more than "inactivity" before X:
 *
 *	- Of an actor's instants from X - inactivity on, each but the first is
 *	  cut from the one before it, or not, as in all history: inactivity,
 *	  restart and end events look at these two alone.
 *	- Let all history not cut before the first.  Then the instant before it
 *	  is earlier than X - inactivity, so this one is earlier than X.  Its
 *	  session starts before X here as there, and is not asked for.
 *
 * So while a query level that calls our window functions is planned, and the
 * levels above drop each session that starts before X, the condition
 *
 *		event time >= X - inactivity
 *
 * is added to that level.  What is above stays as it is, the user's condition
 * too: the added one need only be implied.  It holds for whatever implies a
 * start at X or later.
 *
 * One thing the levels above could notice: the session that is not whole, and
 * that no condition on its start lets through, may meet another condition
 * first, and that may fail (1 / (event_count - 3)).  See szn_guard_groups().
 *
 * Not the same as in all history are session numbers, and why a session
 * started (`first` instead of `end` or `inactivity`).  Where such a thing is
 * asked for, all history is read: of the actors in the range, if that is less
 * (see range_actors.c), or of all.  What is refused, and why, is in
 * range_guards.c.
 *
 * Of the sessions that start before X, or at it, no event is later than
 * X + max_duration, if there is such a thing (R6).  What is later only cuts:
 * sessions, their numbers and starts depend on nothing that comes after them,
 * but why a session ended does.  So if that is not asked for,
 *
 *		event time <= X + max_duration
 *
 * is added, and a session that starts later may be in pieces, or missing.
 *
 * Without max_duration nobody knows beforehand how far they reach.  Nor is it
 * known how far to go back for sessions that start before a bound on something
 * else, or, with max_duration, for starts: these depend on all that comes
 * before, up to a pause.  Then it is found out when the query starts: see
 * range_open.c.
 *
 * Called by planner.c, which has the hooks, when the first relation of a
 * level is met: its conditions have been preprocessed by then, but are not
 * yet distributed to its relations; and the level above has planned as much
 * as it can before this one, so what it makes of our rows is known.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/stratnum.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "lib/ilist.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

#include "engine/time_range.h"
#include "functions/look_back.h"

bool		szn_enable_time_range = true;


/*
 * Conditions on events
 */

/*
 * The function that takes the inactivity off a bound of this type, or adds
 * max_duration to it.
 */
static Oid
look_function(SznRange *range, Oid bound_type, bool is_ahead)
{
	static const struct
	{
		Oid			time_type;
		Oid			bound_type;
		const char *back_name;
		PGFunction	back;
		const char *ahead_name;
		PGFunction	ahead;
	}			functions[] = {
		{TIMESTAMPTZOID, TIMESTAMPTZOID, "look_back_timestamptz", sessionize_look_back,
		"look_ahead_timestamptz", sessionize_look_ahead},
		{TIMESTAMPTZOID, TIMESTAMPOID, "look_back_timestamptz", sessionize_look_back_tz_timestamp,
		"look_ahead_timestamptz", sessionize_look_ahead_tz_timestamp},
		{TIMESTAMPTZOID, DATEOID, "look_back_timestamptz", sessionize_look_back_tz_date,
		"look_ahead_timestamptz", sessionize_look_ahead_tz_date},
		{TIMESTAMPOID, TIMESTAMPOID, "look_back_timestamp", sessionize_look_back,
		"look_ahead_timestamp", sessionize_look_ahead},
		{TIMESTAMPOID, TIMESTAMPTZOID, "look_back_timestamp", sessionize_look_back_timestamptz,
		"look_ahead_timestamp", sessionize_look_ahead_timestamptz},
		{TIMESTAMPOID, DATEOID, "look_back_timestamp", sessionize_look_back_date,
		"look_ahead_timestamp", sessionize_look_ahead_date},
		{INT8OID, INT8OID, "look_back_bigint", sessionize_look_back_bigint,
		"look_ahead_bigint", sessionize_look_ahead_bigint}
	};

	for (int i = 0; i < (int) lengthof(functions); i++)
	{
		const char *name = is_ahead ? functions[i].ahead_name : functions[i].back_name;
		Oid			types[2];
		FmgrInfo	finfo;
		Oid			function;

		if (functions[i].time_type != exprType(range->time) ||
			functions[i].bound_type != bound_type)
			continue;

		types[0] = bound_type;
		types[1] = exprType(szn_range_argument(range, SZN_ARG_INACTIVITY));
		function = GetSysCacheOid3(PROCNAMEARGSNSP, Anum_pg_proc_oid,
								   CStringGetDatum(name),
								   PointerGetDatum(buildoidvector(types, 2)),
								   ObjectIdGetDatum(get_func_namespace(range->call->winfnoid)));
		if (!OidIsValid(function))
			return InvalidOid;
		fmgr_info(function, &finfo);
		return finfo.fn_addr == (is_ahead ? functions[i].ahead : functions[i].back) ?
			function : InvalidOid;
	}
	return InvalidOid;
}

/* "time - span", or "time + span", as whatever the event time is compared with. */
Node *
szn_moved_time(SznRange *range, Node *time, const Const *span, bool is_ahead)
{
	Oid			function = look_function(range, exprType(time), is_ahead);

	if (!OidIsValid(function))
		return NULL;
	return (Node *) makeFuncExpr(function, exprType(range->time),
								 list_make2(time, (Node *) copyObject(span)),
								 InvalidOid, InvalidOid, COERCE_EXPLICIT_CALL);
}

/* A span of no length, of the kind that the event time takes. */
Const *
szn_no_span(SznRange *range)
{
	if (exprType(range->time) == INT8OID)
		return makeConst(INT8OID, -1, InvalidOid, sizeof(int64), Int64GetDatum(0),
						 false, FLOAT8PASSBYVAL);
	return makeConst(INTERVALOID, -1, InvalidOid, sizeof(Interval),
					 szn_span_to_interval(0), false, false);
}

/*
 * "event time >= bound - span", or "event time <= bound + span", or NULL where
 * there is no such thing.
 */
Node *
szn_condition_on_events(SznRange *range, const SznBound *bound_above,
						const Const *span_wanted, bool is_ahead)
{
	Node	   *time = range->time;
	Node	   *bound = (Node *) copyObject(bound_above->bound);
	Const	   *span = (Const *) copyObject(span_wanted);
	Oid			operator;
	Expr	   *condition;

	if (bound_above->is_of_day)
	{
		int64		length = szn_span_from_datum(span->constvalue, SZN_TIMESTAMPS, "inactivity");

		span->constvalue = szn_span_to_interval(szn_span_plus(length, USECS_PER_DAY));
	}
	if (exprType(range->time) == INT8OID && exprType(bound) != INT8OID)
	{
		if (exprType(bound) != INT4OID && exprType(bound) != INT2OID)
			return NULL;
		bound = (Node *) makeFuncExpr(exprType(bound) == INT4OID ? F_INT8_INT4 : F_INT8_INT2,
									  INT8OID, list_make1(bound), InvalidOid, InvalidOid,
									  COERCE_EXPLICIT_CAST);
	}
	bound = szn_moved_time(range, bound, span, is_ahead);
	if (bound == NULL)
		return NULL;

	/* a date that is read as timestamp may have an index as it is */
	if (IsA(time, FuncExpr) && ((FuncExpr *) time)->funcid == F_TIMESTAMP_DATE)
		time = (Node *) linitial(((FuncExpr *) time)->args);

	operator = get_opfamily_member(range->time_type->btree_opf, exprType(time),
								   exprType(range->time),
								   is_ahead ? BTLessEqualStrategyNumber :
								   BTGreaterEqualStrategyNumber);
	if (!OidIsValid(operator))
		return NULL;
	condition = make_opclause(operator, BOOLOID, false, (Expr *) copyObject(time),
							  (Expr *) bound, InvalidOid, InvalidOid);
	return eval_const_expressions(range->root, (Node *) condition);
}

/* The conditions on events that the bounds on starts on one side come to. */
static List *
conditions_on_events(SznRange *range, bool is_ahead)
{
	Node	   *span = szn_range_argument(range, is_ahead ? SZN_ARG_MAX_DURATION :
										  SZN_ARG_INACTIVITY);
	List	   *conditions = NIL;
	ListCell   *cell;

	foreach(cell, range->bounds)
	{
		SznBound   *bound = (SznBound *) lfirst(cell);
		Node	   *condition;

		if (!bound->is_start ||
			!(is_ahead ? szn_is_upper(bound) : szn_is_lower(bound)))
			continue;
		condition = szn_condition_on_events(range, bound, (Const *) span, is_ahead);
		if (condition != NULL)
			conditions = lappend(conditions, condition);
	}
	return conditions;
}

/* Is there a bound on this side, on starts or on whatever else? */
static bool
has_bound(SznRange *range, bool (*is_on_side) (const SznBound *bound), bool on_start)
{
	ListCell   *cell;

	foreach(cell, range->bounds)
	{
		SznBound   *bound = (SznBound *) lfirst(cell);

		if (is_on_side(bound) && (bound->is_start || !on_start))
			return true;
	}
	return false;
}

/* What becomes of the bounds on one side. */
typedef struct SznSide
{
	bool		is_ahead;		/* bounds from above: events after them matter */
	bool		is_bounded;		/* there are bounds, ... */
	bool		is_known;		/* and it is known how far sessions reach, ... */
	bool		is_open;		/* or it can be found out */
	const char *all_history;	/* why neither, if a bound is one on starts */
	List	   *conditions;		/* on events */
} SznSide;

static void
check_side(SznRange *range, SznSide *side, bool is_ahead)
{
	bool		(*is_on_side) (const SznBound *bound) = is_ahead ? szn_is_upper : szn_is_lower;
	bool		on_start = has_bound(range, is_on_side, true);
	const char *reason;

	MemSet(side, 0, sizeof(*side));
	side->is_ahead = is_ahead;
	side->is_bounded = has_bound(range, is_on_side, false);
	if (!side->is_bounded)
		return;
	reason = is_ahead ? szn_check_upper(range) : szn_check_lower(range);

	/* where a session is cut by max_duration depends on where it started */
	side->is_open = reason == NULL &&
		(!on_start || is_ahead != szn_has_max_duration(range));
	side->is_known = reason == NULL && !side->is_open;
	if (on_start)
		side->all_history = side->is_open && !is_ahead ? "max_duration is set" : reason;
}

static void
add_conditions(SznRange *range, SznSide *side, List *conditions)
{
	FromExpr   *jointree = range->root->parse->jointree;

	side->conditions = conditions;
	if (conditions == NIL)
		return;
	range->all_path = NULL;
	range->actors_path = NULL;
	jointree->quals = (Node *) list_concat((List *) jointree->quals, conditions);
}

/*
 * Let the level read as little as it may.  If it must read all: why, or NULL
 * if no reason is needed since there is nothing that could be used.
 */
static const char *
restrict_events(PlannerInfo *root)
{
	SznRange	range;
	SznSide		sides[2];
	List	   *quals;
	bool		has_changed = true;
	const char *all_history;
	const char *actors_reason = NULL;

	if (!szn_begin_range(root, &range))
		return NULL;
	szn_find_bounds(&range);
	if (range.bounds == NIL)
		return NULL;
	if (!szn_enable_time_range)
		return "sessionize.enable_time_range is off";

	(void) szn_only_table(&range, &quals);
	for (int i = 0; i < 2; i++)
	{
		check_side(&range, &sides[i], i == 1);
		if (sides[i].is_known)
			add_conditions(&range, &sides[i],
						   conditions_on_events(&range, sides[i].is_ahead));
	}

	/* what one side saves can be what makes the other one pay */
	while (has_changed)
	{
		has_changed = false;
		for (int i = 1; i >= 0; i--)
		{
			if (!sides[i].is_open || sides[i].conditions != NIL)
				continue;
			add_conditions(&range, &sides[i],
						   szn_follow_open_sessions(&range, sides[i].is_ahead, quals));
			has_changed |= sides[i].conditions != NIL;
		}
	}

	for (int i = 0; i < 2; i++)
	{
		if (sides[i].is_bounded && sides[i].conditions == NIL)
		{
			actors_reason = szn_add_actors(&range);
			break;
		}
	}
	if (sides[0].conditions == NIL && sides[1].conditions == NIL)
	{
		all_history = sides[0].all_history ? sides[0].all_history : sides[1].all_history;
		if (all_history == NULL || actors_reason == NULL ||
			strcmp(all_history, actors_reason) == 0)
			return actors_reason;
		return psprintf("%s; %s", all_history, actors_reason);
	}

	if (range.of_groups)
		range.above->parse->havingQual = (Node *)
			szn_guard_groups(&range, (List *) range.above->parse->havingQual);
	return NULL;
}


/*
 * For planner.c
 */

/*
 * What has been done about a query level, for as long as it is planned.
 *
 * EXPLAIN shows why all history is read; but when the nodes are made that say
 * so, the level is not any more what the reason was found in.
 */
typedef struct SznNote
{
	dlist_node	node;
	PlannerInfo *root;
	const char *all_history;	/* or NULL */
	MemoryContextCallback on_reset;
} SznNote;

static dlist_head notes = DLIST_STATIC_INIT(notes);

static SznNote *
find_note(PlannerInfo *root)
{
	dlist_iter	iter;

	dlist_foreach(iter, &notes)
	{
		SznNote    *note = dlist_container(SznNote, node, iter.cur);

		if (note->root == root)
			return note;
	}
	return NULL;
}

/* The planner's memory is reset: the level is gone. */
static void
forget_note(void *arg)
{
	dlist_delete(&((SznNote *) arg)->node);
}

static SznNote *
make_note(PlannerInfo *root)
{
	SznNote    *note = (SznNote *) MemoryContextAllocZero(root->planner_cxt, sizeof(SznNote));

	note->root = root;
	note->on_reset.func = forget_note;
	note->on_reset.arg = note;
	dlist_push_head(&notes, &note->node);
	MemoryContextRegisterResetCallback(root->planner_cxt, &note->on_reset);
	return note;
}

/* Nothing is to be done about this level any more. */
void
szn_leave_level_alone(PlannerInfo *root)
{
	(void) make_note(root);
}

/*
 * get_relation_info(): add what conditions the query level of this relation
 * may have.  Relations come one after the other, all before any condition is
 * distributed; the first of them brings all conditions.
 */
void
szn_add_time_range(PlannerInfo *root, RelOptInfo *rel)
{
	/* partitions and the like come when it is too late */
	if (rel->reloptkind != RELOPT_BASEREL || !root->parse->hasWindowFuncs ||
		find_note(root) != NULL)
		return;

	make_note(root)->all_history = restrict_events(root);
}

/*
 * Why a condition on sessions' times does not reach the events of this level;
 * NULL if it does, or if there is none.
 */
const char *
szn_time_range_refusal(PlannerInfo *root)
{
	SznNote    *note = find_note(root);

	return note ? note->all_history : NULL;
}
