/*
 * generator.sql: random cases for the tables of events.sql.
 *
 * ref.generate(seed, cases) fills them anew.  Everything is drawn from SHA-256 over
 * (seed, case, event), so the same seed gives the same events on every machine and major
 * version, and a case does not depend on how many others there are.
 *
 * What is drawn is meant to hurt: few instants with many ties, times that are whole
 * multiples of one unit with now and then a microsecond more or less while inactivity and
 * max_duration are multiples of it too (so pauses of exactly, one more, one less are
 * common), NULL times and flags, years before Christ, both ends of the range, infinities,
 * spans that are barely 64 bits long or barely not, rows in no physical order, intervals
 * spelt in hours, in days, and in days minus hours.  One case in 3000 is long enough to
 * leave 64 kB of work_mem.
 */

CREATE TABLE ref.run (seed bigint, cases integer);

/* A throw of a die, from two bytes of noise: 0 ... sides - 1. */
CREATE FUNCTION ref.die(noise bytea, at integer, sides integer) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT (get_byte(noise, at) * 256 + get_byte(noise, at + 1)) % sides
$$;

CREATE FUNCTION ref.noise(seed bigint, what text, case_id integer, n bigint) RETURNS bytea
LANGUAGE sql PARALLEL SAFE AS $$
	SELECT sha256(convert_to(seed || ' ' || what || ' ' || case_id || ' ' || n, 'UTF8'))
$$;

/* ---------- from microseconds to the types (the opposite of what reference.sql does) ---------- */

/* Counted from the first day that a timestamp can have, so that div and mod see no sign. */
/* Beyond a type's range there is only its end. */
CREATE FUNCTION ref.as_timestamp(us numeric) RETURNS timestamp
LANGUAGE sql PARALLEL SAFE AS $$
	SELECT CASE us WHEN 'Infinity' THEN 'infinity'
				   WHEN '-Infinity' THEN '-infinity'
				   ELSE date '4714-11-24 BC' + div(us + 210866803200000000, 86400000000)::integer
						+ (mod(us + 210866803200000000, 86400000000) || ' microseconds')::interval
		   END
$$;

/* One length, three spellings; what microseconds cannot hold is spelt with days. */
CREATE FUNCTION ref.as_interval(us numeric, spelling integer) RETURNS interval
LANGUAGE sql PARALLEL SAFE AS $$
	SELECT CASE WHEN spelling = 0 AND us <= 9223372036854775807
				THEN (us || ' microseconds')::interval
				WHEN spelling = 1
				THEN (div(us, 86400000000) + 1 || ' days '
					  || mod(us, 86400000000) - 86400000000 || ' microseconds')::interval
				ELSE (div(us, 86400000000) || ' days '
					  || mod(us, 86400000000) || ' microseconds')::interval
		   END
$$;

CREATE FUNCTION ref.as_bigint(us numeric) RETURNS bigint
LANGUAGE sql PARALLEL SAFE AS $$
	SELECT CASE WHEN us IS NOT NULL
				THEN greatest(least(us, 9223372036854775807), -9223372036854775808)::bigint
		   END
$$;

/* ---------- the plan of a case ---------- */

/*
 * points are the times the case draws from, spans the candidates for inactivity and
 * max_duration.  Chances are out of 24.
 */
CREATE TABLE ref.plan (
	case_id         integer PRIMARY KEY,
	kind            text,
	points          numeric[],
	spans           numeric[],
	events          integer,
	actors          integer,
	restart_chance  integer,
	end_chance      integer,
	null_chance     integer,
	gap             numeric,        -- NULL: drawn for each event
	cap             numeric,
	require_restart integer         -- 0, 1: true; 2, 3: false; 4: false and NULL; 5: NULL
);

CREATE VIEW ref.planned_spans AS
	SELECT c.case_id, d.*, w.points,
		   /* what may just fit: the unit's multiples, in the ranges' ends the distances too */
		   ARRAY[0, 1, unit - 1, unit, unit, unit, unit + 1, 2 * unit, 2 * unit, 2 * unit + 1,
				 3 * unit - 1, 3 * unit, 5 * unit, 9223372036854775807, 9223372036854775808]
		   || CASE WHEN d.world >= 9
				   THEN ARRAY[9223372036854775806, 9223372036854775807, 172800000000000000000,
							  9223372036854775808, 9224318015999999999, 210866803200000000]
				   ELSE '{}' END
		   AS spans
	FROM (SELECT case_id, ref.noise(seed, 'case', case_id, 0) AS noise, seed
		  FROM ref.run, generate_series(1, cases) AS case_id
		  OFFSET 0) AS c
		 CROSS JOIN LATERAL (
			 SELECT c.noise, c.seed,
					ref.die(c.noise, 0, 12) AS world,
					(ARRAY['timestamptz', 'timestamptz', 'timestamp', 'bigint'])
						[1 + ref.die(c.noise, 2, 4)] AS kind,
					/* long cases stay in the range */
					CASE WHEN case_id % 3000 = 17 THEN 3600000000
						 ELSE (ARRAY[1, 2, 1000000, 60000007, 3600000000, 3600000000, 86400000000,
								37 * 86400000000, 400 * 365 * 86400000000]::numeric[])
							  [1 + ref.die(c.noise, 4, 9)]
					END AS unit,
					(ARRAY[0, 946684800000000, 1767225600000000, 1774746000000000,
						   -62135596800000000, -150000000000000000]::numeric[])
						[1 + ref.die(c.noise, 6, 6)] AS base,
					(ARRAY[1, 3, 5, 8, 14])[1 + ref.die(c.noise, 8, 5)]
					+ CASE WHEN case_id % 3000 = 17 THEN 900 ELSE 0 END AS instants
		 ) AS d
		 CROSS JOIN LATERAL (
			 SELECT CASE
				 /* a grid, with a microsecond more or less here and there */
				 WHEN d.world < 9 THEN ARRAY(
					 SELECT d.base + d.unit * k
							+ (ARRAY[0, 0, 0, 0, 0, 0, 1, -1])
							  [1 + ref.die(ref.noise(c.seed, 'jitter', c.case_id, k), 0, 8)]
					 FROM generate_series(0, d.instants) AS k)
				 /* the ends of the range */
				 WHEN d.world < 11 THEN CASE WHEN d.kind = 'bigint'
					 THEN ARRAY[-9223372036854775808, -9223372036854775807,
								-9223372036854775808 + d.unit, -1, 0, 1, d.unit,
								9223372036854775807 - d.unit, 9223372036854775806,
								9223372036854775807]
					 ELSE ARRAY['-Infinity', -210866803200000000, -210866803199999999,
								-210866803200000000 + d.unit, 0, d.unit,
								-210866803200000000 + 9223372036854775807,
								-210866803200000000 + 9223372036854775808,
								9223372036854775807, 9223372036854775808,
								9224318015999999999 - d.unit, 9224318015999999998,
								9224318015999999999, 'Infinity', 'Infinity']
					 END
				 /* anywhere: huge gaps */
				 ELSE ARRAY(
					 SELECT CASE WHEN d.kind = 'bigint'
							THEN -9223372036854775808 + ref.die(n, 0, 65536) * 281474976710656.0
								 + ref.die(n, 2, 65536) * 4294967296.0 + ref.die(n, 4, 65536)
							ELSE -210866803200000000 + ref.die(n, 0, 65536) * 143900000000000.0
								 + ref.die(n, 2, 65536) * 2000000000.0 + ref.die(n, 4, 65536)
							END
					 FROM generate_series(0, d.instants) AS k,
						  ref.noise(c.seed, 'anywhere', c.case_id, k) AS n)
				 END AS points
		 ) AS w;

CREATE VIEW ref.planned AS
	SELECT p.case_id, p.kind, p.points, p.spans,
		   CASE WHEN p.case_id % 3000 = 17 THEN 2500
				ELSE (ARRAY[1, 2, 3, 5, 8, 12, 16, 20, 26])[1 + ref.die(p.noise, 10, 9)]
		   END AS events,
		   1 + ref.die(p.noise, 12, 4) AS actors,
		   (ARRAY[0, 2, 5, 9])[1 + ref.die(p.noise, 14, 4)] AS restart_chance,
		   (ARRAY[0, 0, 2, 6])[1 + ref.die(p.noise, 16, 4)] AS end_chance,
		   (ARRAY[0, 0, 2, 8])[1 + ref.die(p.noise, 18, 4)] AS null_chance,
		   CASE WHEN ref.die(p.noise, 20, 3) > 0
				THEN p.spans[1 + ref.die(p.noise, 22, cardinality(p.spans))] END AS gap,
		   CASE WHEN ref.die(p.noise, 24, 5) > 1
				THEN p.spans[1 + ref.die(p.noise, 26, cardinality(p.spans))] END AS cap,
		   ref.die(p.noise, 28, 6) AS require_restart
	FROM ref.planned_spans p;

/* ---------- the events ---------- */

CREATE TABLE ref.drawn (
	kind          text,
	case_id       integer,
	actor         text,
	row_id        bigint,
	tie           integer,
	pos           integer,
	t             numeric,
	gap           numeric,
	gap_spelling  integer,
	restart_on    boolean,
	end_on        boolean,
	cap           numeric,
	cap_spelling  integer,
	require_restart boolean,
	value_int     integer,
	value_text    text,
	value_numeric numeric,
	shuffle       bytea
);

/* The actor 'ghost' never has a time: a partition in which there is nothing to number. */
CREATE VIEW ref.draw AS
	SELECT p.kind, p.case_id, p.actor, row_id, ref.die(n, 2, 3) AS tie,
		   CASE WHEN p.actor = 'ghost' OR ref.die(n, 3, 24) < p.null_chance THEN NULL
				ELSE p.points[1 + ref.die(n, 4, cardinality(p.points))] END AS t,
		   coalesce(p.gap, p.spans[1 + ref.die(n, 6, cardinality(p.spans))]) AS gap,
		   ref.die(n, 8, 3) AS gap_spelling,
		   CASE WHEN ref.die(n, 10, 24) < p.restart_chance THEN true
				WHEN ref.die(n, 11, 4) > 0 THEN false END AS restart_on,
		   CASE WHEN ref.die(n, 12, 24) < p.end_chance THEN true
				WHEN ref.die(n, 13, 4) > 0 THEN false END AS end_on,
		   p.cap,
		   ref.die(n, 14, 3) AS cap_spelling,
		   CASE p.require_restart WHEN 0 THEN true WHEN 1 THEN true
								  WHEN 2 THEN false WHEN 3 THEN false
								  WHEN 4 THEN CASE WHEN ref.die(n, 16, 2) = 0 THEN false END
		   END AS require_restart,
		   (ARRAY[NULL, -2, 0, 1, 2, 2147483647])[1 + ref.die(n, 18, 6)] AS value_int,
		   (ARRAY[NULL, '', 'a', 'A', 'b', 'aa', 'é', repeat('long ', 500)])
			   [1 + ref.die(n, 20, 8)] AS value_text,
		   (ARRAY[NULL, '1', '1.0', '1.00', '1.000', '-0.0', '0', 'NaN', '100', '1e2', '100.0'])
			   [1 + ref.die(n, 22, 11)]::numeric AS value_numeric,
		   n AS noise
	FROM (SELECT r.seed, q.*, row_id,
				 (ARRAY['a', NULL, 'b', 'ghost'])
					 [1 + ref.die(ref.noise(r.seed, 'actor', case_id, row_id), 0, actors)]
				 AS actor
		  FROM ref.run r, ref.plan q, generate_series(1, q.events) AS row_id) AS p
		 CROSS JOIN LATERAL ref.noise(p.seed, 'event', p.case_id, p.row_id) AS n;

/* Fills the tables of events; the physical order is by noise, so it is no order at all. */
CREATE FUNCTION ref.generate(seed bigint, cases integer) RETURNS void LANGUAGE sql SET jit = off AS $$
	TRUNCATE ref.run, ref.plan, ref.drawn,
			 ref.event_timestamptz, ref.event_timestamp, ref.event_bigint;
	INSERT INTO ref.run VALUES (seed, cases);
	INSERT INTO ref.plan
		SELECT case_id, kind, points, spans, events, actors, restart_chance, end_chance,
			   null_chance, gap, cap, require_restart
		FROM ref.planned;
	/* pos: peers are those of (time, tie); rows without a time go anywhere between */
	INSERT INTO ref.drawn
		SELECT kind, case_id, actor, row_id, tie,
			   CASE WHEN t IS NULL THEN ref.die(noise, 24, 2 * events + 2)
					ELSE 2 * dense_rank() OVER (PARTITION BY case_id, actor, t IS NULL
												ORDER BY t, tie)
			   END,
			   t, gap, gap_spelling, restart_on, end_on, cap, cap_spelling, require_restart,
			   value_int, value_text, value_numeric, noise
		FROM (SELECT d.*, count(*) OVER (PARTITION BY case_id, actor)::integer AS events
			  FROM ref.draw d) AS d;
	/* R16: without a time, a row may lack an inactivity, too */
	UPDATE ref.drawn SET gap = NULL WHERE t IS NULL AND tie = 0;
	INSERT INTO ref.event_timestamptz
		SELECT case_id, actor, row_id, tie, pos, ref.as_timestamp(t) AT TIME ZONE 'UTC',
			   ref.as_interval(gap, gap_spelling), restart_on, end_on,
			   ref.as_interval(cap, cap_spelling), require_restart,
			   value_int, value_text, value_numeric
		FROM ref.drawn WHERE kind = 'timestamptz' ORDER BY shuffle;
	INSERT INTO ref.event_timestamp
		SELECT case_id, actor, row_id, tie, pos, ref.as_timestamp(t),
			   ref.as_interval(gap, gap_spelling), restart_on, end_on,
			   ref.as_interval(cap, cap_spelling), require_restart,
			   value_int, value_text, value_numeric
		FROM ref.drawn WHERE kind = 'timestamp' ORDER BY shuffle;
	INSERT INTO ref.event_bigint
		SELECT case_id, actor, row_id, tie, pos, ref.as_bigint(t),
			   ref.as_bigint(gap), restart_on, end_on,
			   ref.as_bigint(cap), require_restart,
			   value_int, value_text, value_numeric
		FROM ref.drawn WHERE kind = 'bigint' ORDER BY shuffle;
	ANALYZE ref.event_timestamptz;
	ANALYZE ref.event_timestamp;
	ANALYZE ref.event_bigint;
$$;
