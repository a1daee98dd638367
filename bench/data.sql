/*
 * data.sql - made-up events for the benchmark, the same on every server
 *
 *		psql -v events=10000000 -f data.sql
 *		psql -v events=10000000 -v days=365 -f data.sql		(31 without)
 *
 * makes the table "events" in the schema "in_time_order": exactly that many rows, in time order.
 * Nothing is random: every draw is a few bits of a hash of the visit's and the step's number.
 *
 * A visit is a run of 1 to 31 events of one user, seconds or minutes apart; one in twenty has a break of
 * more than half an hour in it. A few users come often and most rarely. Per 10 million events that makes
 * about 400,000 users and 1.2 million sessions at 30 minutes. One event in 40 comes from a campaign,
 * which is what the questions with a restart event begin a session with. One in 40 is an error at the
 * very instant, and on the page, of the event before it, so there are ties; but no tie with a restart
 * event, and none in which pages differ, so that contenders may ignore ties and be right.
 */

\if :{?days} \else \set days 31 \endif
CREATE SCHEMA in_time_order;
SET search_path = in_time_order;

CREATE UNLOGGED TABLE events (
	ts timestamptz NOT NULL,
	user_id bigint NOT NULL,
	event text NOT NULL,
	page text NOT NULL,
	amount numeric(10,2)
);

/* The step's draws: bits 0-15 its pause, 16-25 its kind, 26-33 and 34-41 its page, 42-46 whether it is a tie */
CREATE FUNCTION pg_temp.step_hash(visit bigint, step int) RETURNS bigint
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
	RETURN hashint8extended(visit * 64 + step, 7);

CREATE FUNCTION pg_temp.is_restart(hash bigint) RETURNS boolean
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
	RETURN (hash >> 16 & 1023) < 26;

/* Enough visits for a few more events than asked for: LIMIT cuts the end of the month. */
WITH draws AS (
	SELECT visit, hashint8extended(visit, 1) AS h, hashint8extended(visit, 2) AS g
	FROM generate_series(1, :events / 8 + 100) AS visit
	OFFSET 0
), visits AS (
	SELECT visit,
		/* a product of three draws: the lower the number, the more visits */
		1 + (((:events * 23 / 200 * (h & 65535) >> 16) * (h >> 16 & 65535) >> 16) * (h >> 32 & 65535) >> 16) AS user_id,
		1 + (31 * (h >> 48 & 255) * (h >> 56 & 255) >> 16)::int AS length,
		/* microseconds since the start of the first day */
		86400000000 * ((g & 65535) % :days)
			+ 43200 * ((g >> 16 & 65535) + (g >> 32 & 65535)) * 1000000 / 65536
			+ (g & 1048575) AS start,
		/* the pause between two steps is less than twice this; one visit in ten is a slow one */
		1000000 * CASE WHEN (g >> 48 & 255) < 26 THEN 300 + (g >> 56 & 255) * 2
					   ELSE 5 + (g >> 56 & 255) / 4 END AS pace,
		/* after this step comes the break */
		CASE WHEN (h >> 40 & 255) < 13 THEN (h >> 20 & 15)::int END AS break_after,
		1000000 * (1860 + (h >> 10 & 4095)) AS break_length
	FROM draws
	OFFSET 0
), steps AS (
	SELECT v.*, step, pg_temp.step_hash(visit, step) AS h
	FROM visits AS v
		CROSS JOIN LATERAL generate_series(1, length) AS step
	OFFSET 0
), ties AS (
	SELECT *, step > 2 AND (h >> 42 & 31) = 0
		AND NOT pg_temp.is_restart(pg_temp.step_hash(visit, step - 1)) AS is_tie
	FROM steps
	OFFSET 0
), placed AS (
	SELECT user_id, start, pace, break_after, break_length, is_tie,
		CASE WHEN is_tie THEN step - 1 ELSE step END AS place,
		CASE WHEN is_tie THEN pg_temp.step_hash(visit, step - 1) ELSE h END AS h
	FROM ties
	OFFSET 0
)
INSERT INTO events
SELECT timestamptz '2026-03-01 00:00:00+00' + interval '1 microsecond'
		* (start + place * pace + (pace * (h & 65535) >> 16)
		   + CASE WHEN place > break_after THEN break_length ELSE 0 END) AS ts,
	user_id,
	CASE WHEN is_tie THEN 'error'
		 WHEN pg_temp.is_restart(h) THEN 'campaign'
		 WHEN (h >> 16 & 1023) < 820 THEN 'page view'
		 WHEN (h >> 16 & 1023) < 980 THEN 'add to cart'
		 ELSE 'purchase' END AS event,
	'/product/' || 1 + (300 * (h >> 26 & 255) * (h >> 34 & 255) >> 16) AS page,
	CASE WHEN NOT is_tie AND (h >> 16 & 1023) >= 820
		THEN (499 + (20000 * (h >> 26 & 255) * (h >> 34 & 255) >> 16)) / 100.0 END AS amount
FROM placed
ORDER BY ts, user_id
LIMIT :events;

VACUUM (ANALYZE) events;
