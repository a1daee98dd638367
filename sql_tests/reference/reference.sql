/*
 * reference.sql: what the rules of docs/semantics.md mean, once more, in plain SQL.
 *
 * An oracle for differential.pl: an implementation that shares nothing with the extension,
 * neither code nor data structures nor arithmetic.  Times are numeric microseconds, where
 * a sum cannot overflow and 'Infinity' and '-Infinity' are values like others, so R15
 * needs no saturation here and what the C code saturates is checked against exact
 * numbers.  All cases are answered at once; only the step from one instant to the next
 * is recursive.
 *
 * Needs events.sql.  After a change of the events: SELECT ref.refresh().  Then
 *   ref.row_answer      per row: what the window functions must say
 *   ref.session         per run of events: the sessions (those with a number) and the runs
 *                       that are none under require_restart
 *   ref.group_answer    per case and actor: session_count, time_in_session
 *   ref.running_answer  per row: the same two over the events up to and including its peers
 * each for the variants of ref.variant: which events are peers (ord), and how many of the
 * six arguments are given (arity).
 *
 * differential.pl loads this file again with one rule changed (its table of mutants, which
 * quotes lines of this file) and demands that the comparison notices.
 */

/* ---------- numbers for times and spans ---------- */

/*
 * The microseconds since 1970 of a time.  By day and time of day, since extract(epoch)
 * rounds near the end of the range (its division keeps too few digits).
 */
CREATE FUNCTION ref.micros(t timestamp) RETURNS numeric
LANGUAGE sql PARALLEL SAFE AS $$
	SELECT CASE WHEN isfinite(t)
				THEN (t::date - date '1970-01-01')::numeric * 86400000000
					 + extract(epoch FROM t::time) * 1000000
				WHEN t = 'infinity' THEN 'Infinity'::numeric
				WHEN t = '-infinity' THEN '-Infinity'::numeric
		   END
$$;

CREATE FUNCTION ref.micros(t timestamptz) RETURNS numeric
LANGUAGE sql PARALLEL SAFE AS $$
	SELECT ref.micros(t AT TIME ZONE 'UTC')
$$;

/* The whole range of bigint is ordinary: it has no infinities, and no never. */
CREATE FUNCTION ref.micros(t bigint) RETURNS numeric
LANGUAGE sql PARALLEL SAFE AS $$
	SELECT t::numeric
$$;

/*
 * The microseconds of a span of time without months; beyond 64 bits it means never.  So does
 * the longest that fits: it is what sessionize.inactivity() makes of never, which must
 * not change what it means.
 */
CREATE FUNCTION ref.span(g interval) RETURNS numeric
LANGUAGE sql PARALLEL SAFE AS $$
	SELECT CASE WHEN extract(epoch FROM g) * 1000000 >= 9223372036854775807
				THEN 'Infinity'::numeric
				ELSE extract(epoch FROM g) * 1000000
		   END
$$;

CREATE FUNCTION ref.span(g bigint) RETURNS numeric
LANGUAGE sql PARALLEL SAFE AS $$
	SELECT g::numeric
$$;

/* An end that a span of time has, counted from t.  Never is never, even from -Infinity. */
CREATE FUNCTION ref.later(t numeric, g numeric) RETURNS numeric
LANGUAGE sql PARALLEL SAFE AS $$
	SELECT CASE WHEN g = 'Infinity' THEN g ELSE t + g END
$$;

/* How long from a to b; 0 for one instant, also an infinite one (R15); an interval's most. */
CREATE FUNCTION ref.elapsed(a numeric, b numeric) RETURNS numeric
LANGUAGE sql PARALLEL SAFE AS $$
	SELECT CASE WHEN a = b THEN 0 ELSE least(b - a, 9223372036854775807) END
$$;

/* ---------- the events, whatever their type ---------- */

CREATE VIEW ref.event AS
	SELECT 'timestamptz' AS kind, case_id, actor, row_id, tie,
		   ref.micros(event_time) AS t, ref.span(inactivity) AS g,
		   restart_on, end_on, ref.span(max_duration) AS cap, require_restart
	FROM ref.event_timestamptz
	UNION ALL
	SELECT 'timestamp', case_id, actor, row_id, tie,
		   ref.micros(event_time), ref.span(inactivity),
		   restart_on, end_on, ref.span(max_duration), require_restart
	FROM ref.event_timestamp
	UNION ALL
	SELECT 'bigint', case_id, actor, row_id, tie,
		   ref.micros(event_time), ref.span(inactivity),
		   restart_on, end_on, ref.span(max_duration), require_restart
	FROM ref.event_bigint;

/*
 * The questions put to each case.  ord: ORDER BY event_time; ..., tie; ..., row_id.
 * arity: the number of arguments given, the others being at their defaults.
 */
CREATE TABLE ref.variant (variant integer, ord text, arity integer);
INSERT INTO ref.variant VALUES
	(2, 'time', 2), (3, 'time', 3), (4, 'time', 4), (5, 'time', 5), (6, 'time', 6),
	(7, 'tie', 6), (8, 'strict', 6);

/* ---------- R2: instants ---------- */

/*
 * The events as a variant sees them.  part numbers the partitions of all variants and i the
 * instants of each, so that the joins below need integers only and NULL is an actor like
 * any other.  R1: a row without a time is of no instant.
 */
CREATE MATERIALIZED VIEW ref.seen AS
	SELECT s.*,
		   CASE WHEN t IS NOT NULL
				THEN dense_rank() OVER (PARTITION BY part, t IS NULL ORDER BY t, tie)
		   END AS i
	FROM (SELECT e.partition * 10 + v.variant AS part,
				 v.ord, v.arity, e.kind, e.case_id, e.actor, e.row_id, e.t,
				 CASE v.ord WHEN 'time' THEN 0 WHEN 'tie' THEN e.tie ELSE e.row_id END AS tie,
				 ref.later(e.t, e.g) AS expiry,
				 v.arity >= 3 AND coalesce(e.restart_on, false) AS restarts,
				 v.arity >= 4 AND coalesce(e.end_on, false) AS ends,
				 CASE WHEN v.arity >= 5 THEN e.cap END AS cap,
				 v.arity >= 6 AND coalesce(e.require_restart, false) AS require_restart
		  FROM (SELECT *, dense_rank() OVER (ORDER BY case_id, actor) AS partition FROM ref.event) AS e
			   CROSS JOIN ref.variant AS v) AS s
	WITH NO DATA;

/* R3, R4, R5: one event decides for its peers. */
CREATE MATERIALIZED VIEW ref.instant AS
	SELECT part, i, t,
		   count(*) AS events,
		   max(expiry) AS expiry,
		   bool_or(restarts) AS restarts,
		   bool_or(ends) AS ends,
		   bool_or(restarts) <> bool_and(restarts) OR bool_or(ends) <> bool_and(ends) AS mixed,
		   max(cap) AS cap
	FROM ref.seen
	WHERE i IS NOT NULL
	GROUP BY part, i, t
	WITH NO DATA;

CREATE UNIQUE INDEX instant_key ON ref.instant (part, i);

/* ---------- R3 to R7: from one instant to the next ---------- */

/*
 * run counts the runs of events between cuts; cause is why this instant began one, NULL
 * where it did not; expiry and deadline are those of the run so far.
 */
CREATE MATERIALIZED VIEW ref.step AS
	WITH RECURSIVE step AS (
		SELECT part, i, t, events, ends, 1 AS run,
			   CASE WHEN restarts THEN 'restart' ELSE 'first' END AS cause,
			   expiry,
			   ref.later(t, coalesce(cap, 'Infinity')) AS deadline
		FROM ref.instant
		WHERE i = 1
		UNION ALL
		SELECT n.part, n.i, n.t, n.events, n.ends,
			   CASE WHEN c.cause IS NULL THEN s.run ELSE s.run + 1 END,
			   c.cause,
			   CASE WHEN c.cause IS NULL THEN greatest(s.expiry, n.expiry) ELSE n.expiry END,
			   CASE WHEN c.cause IS NULL THEN s.deadline
					ELSE ref.later(n.t, coalesce(n.cap, 'Infinity')) END
		FROM step s
			 JOIN ref.instant n ON n.part = s.part AND n.i = s.i + 1
			 CROSS JOIN LATERAL (
				 SELECT CASE WHEN n.restarts THEN 'restart'
							 WHEN s.ends THEN 'end'
							 WHEN n.t > s.expiry THEN 'inactivity'
							 WHEN n.t > s.deadline THEN 'max_duration'
						END) AS c(cause)
	)
	SELECT part, i, t, run, cause, events, ends, expiry, deadline FROM step
	WITH NO DATA;

CREATE UNIQUE INDEX step_key ON ref.step (part, i);

/* ---------- R8 to R11: sessions ---------- */

CREATE MATERIALIZED VIEW ref.session AS
	WITH partition AS (
		SELECT part, ord, arity, kind, case_id, actor, bool_or(require_restart) AS require_restart
		FROM ref.seen
		GROUP BY part, ord, arity, kind, case_id, actor
	), run AS (
		SELECT part, run, min(t) AS started_at, max(t) AS ended_at, sum(events) AS event_count,
			   count(*) AS instants,
			   (array_agg(cause ORDER BY i))[1] AS started_by,
			   (array_agg(ends ORDER BY i DESC))[1] AS ends
		FROM ref.step
		GROUP BY part, run
	), judged AS (
		SELECT p.*, r.run, r.started_at, r.ended_at, r.event_count, r.instants, r.started_by,
			   CASE WHEN r.ends THEN 'end'
					ELSE lead(r.started_by) OVER (PARTITION BY part ORDER BY r.run)
			   END AS ended_by,
			   r.started_by = 'restart' OR NOT p.require_restart AS is_session
		FROM run r JOIN partition p USING (part)
	)
	SELECT part, ord, arity, kind, case_id, actor, run, is_session,
		   CASE WHEN is_session
				THEN count(*) FILTER (WHERE is_session) OVER (PARTITION BY part ORDER BY run)
		   END AS session_number,
		   started_at, ended_at, ref.elapsed(started_at, ended_at) AS duration,
		   event_count, instants, started_by, ended_by
	FROM judged
	WITH NO DATA;

CREATE UNIQUE INDEX session_key ON ref.session (part, run);

/* ---------- the answers ---------- */

/* All NULL for rows without a time (R1) and for runs that are no session (R8). */
CREATE MATERIALIZED VIEW ref.row_answer AS
	SELECT e.part, e.ord, e.arity, e.kind, e.case_id, e.actor, e.row_id, e.t, e.tie,
		   s.session_number,
		   CASE WHEN s.is_session
				THEN row_number() OVER (PARTITION BY e.part, s.run ORDER BY e.i)
		   END AS event_number,
		   s.started_at, s.ended_at, s.event_count, s.started_by, s.ended_by
	FROM ref.seen e
		 LEFT JOIN ref.step p ON p.part = e.part AND p.i = e.i
		 LEFT JOIN ref.session s ON s.part = p.part AND s.run = p.run AND s.is_session
	WITH NO DATA;

CREATE INDEX row_answer_key ON ref.row_answer (kind, ord, arity);

/* Every group has an answer, also one in which no row has a time. */
CREATE MATERIALIZED VIEW ref.group_answer AS
	SELECT g.*,
		   (SELECT count(*) FROM ref.session s WHERE s.part = g.part AND s.is_session)
		   AS session_count,
		   (SELECT least(coalesce(sum(s.duration), 0), 9223372036854775807)
			FROM ref.session s WHERE s.part = g.part AND s.is_session)
		   AS time_in_session
	FROM (SELECT DISTINCT part, ord, arity, kind, case_id, actor FROM ref.seen) AS g
	WITH NO DATA;

/*
 * What the aggregates say as running window aggregates, ordered by time: at each row, of
 * the events up to its instant.  A cut depends on earlier events only, so the sessions of
 * those events are the sessions begun by then, the last of them perhaps cut short.
 */
CREATE VIEW ref.running_answer AS
	SELECT e.part, e.arity, e.kind, e.case_id, e.actor, e.row_id,
		   (SELECT count(*) FROM ref.session s
			WHERE s.part = e.part AND s.is_session AND s.started_at <= coalesce(e.t, 'NaN'))
		   AS session_count,
		   (SELECT least(coalesce(sum(ref.elapsed(s.started_at, least(s.ended_at, e.t))), 0),
						 9223372036854775807)
			FROM ref.session s
			WHERE s.part = e.part AND s.is_session AND s.started_at <= coalesce(e.t, 'NaN'))
		   AS time_in_session
	FROM ref.seen e
	WHERE e.ord = 'time';

/* Answers anew, from the events as they are. */
CREATE FUNCTION ref.refresh() RETURNS void LANGUAGE sql
SET work_mem = '128MB' SET jit = off AS $$
	REFRESH MATERIALIZED VIEW ref.seen;
	ANALYZE ref.seen;
	REFRESH MATERIALIZED VIEW ref.instant;
	ANALYZE ref.instant;
	REFRESH MATERIALIZED VIEW ref.step;
	ANALYZE ref.step;
	REFRESH MATERIALIZED VIEW ref.session;
	ANALYZE ref.session;
	REFRESH MATERIALIZED VIEW ref.row_answer;
	ANALYZE ref.row_answer;
	REFRESH MATERIALIZED VIEW ref.group_answer;
	ANALYZE ref.group_answer;
$$;
