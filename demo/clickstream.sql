/*
 * clickstream.sql - a made-up month of a shop's clickstream, for demos, tests and benchmarks
 *
 *		psql -v events=200000 -f demo/clickstream.sql
 *
 * creates the table "events" with exactly that many rows (default 200,000), in time order. The rows
 * depend on the number alone: every draw is a byte of a SHA-256 and everything else is integer
 * arithmetic, so all servers and versions make the same ones. Nothing else is left behind.
 *
 * The story: a few users come often and most rarely. A visit is a burst of 1 to 24 events with pauses
 * of seconds or minutes, in which the user now and then goes for lunch. Customers may log in, fill a
 * cart, buy and log out; every third user is a guest who browses and tries to register, often in
 * vain. Errors happen at the very instant of the event before them.
 */

\if :{?events}
\else
\set events 200000
\endif

/* The i-th draw, 0 to 65,535, out of the sixteen that one hash holds. */
CREATE FUNCTION pg_temp.draw(hash bytea, i int) RETURNS bigint
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
	RETURN (get_byte(hash, 2 * i) << 8) + get_byte(hash, 2 * i + 1);

CREATE TABLE events (
	event_id bigint NOT NULL,
	ts timestamptz NOT NULL,
	user_id bigint NOT NULL,
	platform text NOT NULL,
	event text NOT NULL,
	page text NOT NULL,
	amount numeric(10,2)
);

/*
 * A product of two draws makes small results likely and large ones rare. OFFSET 0 keeps the planner
 * from repeating the hash in every expression that draws from it.
 */
WITH visit_draws AS (
	SELECT visit, sha256(int8send(visit)) AS h
	FROM generate_series(1, :events / 4 + 10) AS visit
	OFFSET 0
), visits AS (
	SELECT visit, h,
		1 + ((1 + :events / 40) * pg_temp.draw(h, 0) * pg_temp.draw(h, 1) >> 32) AS user_id,
		1 + (24 * pg_temp.draw(h, 2) * pg_temp.draw(h, 3) >> 32) AS length,
		/* seconds since the start of the month: a day, an hour that follows the daily rhythm, a second */
		86400 * (pg_temp.draw(h, 4) % 31)
			+ 3600 * ('{0,1,5,6,7,7,8,8,8,9,9,9,10,10,10,11,11,12,12,12,13,13,14,14,15,15,16,16,'
					  '17,17,17,18,18,18,19,19,19,19,20,20,20,20,21,21,21,22,22,23}'::int[])
					 [1 + pg_temp.draw(h, 5) % 48]
			+ pg_temp.draw(h, 6) % 3600 AS start,
		/* the longest usual pause in seconds: one visit in ten is a slow one */
		CASE WHEN pg_temp.draw(h, 7) % 10 = 0 THEN 1500 ELSE 240 END AS pace
	FROM visit_draws
	OFFSET 0
), counted AS (
	SELECT visit, user_id, user_id % 3 = 0 AS is_guest, start, pace, length,
		CASE WHEN user_id * 7 % 10 < 5 OR pg_temp.draw(h, 8) % 8 = 0 THEN 'web'
			 WHEN user_id * 7 % 10 < 8 THEN 'android'
			 ELSE 'ios' END AS platform,
		user_id % 3 <> 0 AND pg_temp.draw(h, 9) % 5 < 2 AS has_login,
		user_id % 3 = 0 AND pg_temp.draw(h, 10) % 4 = 0 AS has_registration,
		pg_temp.draw(h, 11) % 3 = 0 AS has_logout,
		(sum(length) OVER (ORDER BY visit))::bigint - length AS events_before
	FROM visits
), step_draws AS (
	SELECT v.*, step, sha256(int8send(visit) || int8send(step)) AS h
	FROM counted AS v
		CROSS JOIN LATERAL generate_series(1, least(length, :events - events_before)) AS step
	WHERE events_before < :events
	OFFSET 0
), kinds AS (
	SELECT visit, step, h, user_id, platform, start, pace,
		CASE WHEN step = 1 AND has_login THEN 'login'
			 WHEN step = 1 THEN 'page view'
			 WHEN step = length AND has_login AND has_logout THEN 'logout'
			 WHEN has_registration AND step = 2 THEN 'begin registration'
			 WHEN has_registration AND step IN (3, 5) AND pg_temp.draw(h, 0) % 3 = 0 THEN 'error'
			 WHEN has_registration AND step = 6 AND pg_temp.draw(h, 0) % 2 = 0
				THEN 'complete registration'
			 WHEN pg_temp.draw(h, 0) % 100 < 2 THEN 'error'
			 WHEN is_guest OR pg_temp.draw(h, 0) % 100 < 80 THEN 'page view'
			 WHEN step < 4 OR pg_temp.draw(h, 0) % 100 < 91 THEN 'add to cart'
			 ELSE 'purchase' END AS event
	FROM step_draws
	OFFSET 0
), steps AS (
	SELECT visit, step, user_id, platform, event,
		start + sum(CASE WHEN step = 1 OR event = 'error' THEN 0
						 WHEN pg_temp.draw(h, 1) % 80 = 0 THEN 1500 + pg_temp.draw(h, 2) % 2400
						 ELSE 3 + (pace * pg_temp.draw(h, 2) * pg_temp.draw(h, 3) >> 32) END)
				OVER (PARTITION BY visit ORDER BY step) AS second,
		CASE event
			WHEN 'login' THEN '/login'
			WHEN 'logout' THEN '/logout'
			WHEN 'begin registration' THEN '/register'
			WHEN 'complete registration' THEN '/welcome'
			WHEN 'purchase' THEN '/checkout'
			WHEN 'add to cart' THEN '/cart'
			ELSE CASE pg_temp.draw(h, 4) % 8
				WHEN 0 THEN '/'
				WHEN 1 THEN '/search'
				WHEN 2 THEN '/help'
				ELSE '/product/' || 1 + (200 * pg_temp.draw(h, 5) * pg_temp.draw(h, 6) >> 32) END
			END AS page,
		CASE event WHEN 'purchase'
			THEN (499 + (30000 * pg_temp.draw(h, 7) * pg_temp.draw(h, 8) >> 32)) / 100.0 END AS amount
	FROM kinds
)
INSERT INTO events
SELECT row_number() OVER (ORDER BY second, visit, step),
	timestamptz '2026-03-01 00:00:00+00' + second * interval '1 second',
	user_id, platform, event, page, amount
FROM steps
ORDER BY second, visit, step;

DROP FUNCTION pg_temp.draw;
ANALYZE events;
