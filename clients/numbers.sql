/*
 * numbers.sql - the numbers that every client has to read out of the views, as one line of JSON
 *
 * Plain SQL over the events; nothing of sessionize is called, so that both can be wrong only apart.
 */
\set QUIET on
\set ON_ERROR_STOP on
\pset tuples_only on
\pset format unaligned
SET search_path = app;
SET timezone = 'UTC';
WITH marked AS (
	SELECT *, COALESCE(ts - lag(ts) OVER w > interval '30 minutes', true) AS is_first
	FROM events
	WINDOW w AS (PARTITION BY user_id ORDER BY ts)
), numbered AS (
	SELECT *, count(*) FILTER (WHERE is_first) OVER (PARTITION BY user_id ORDER BY ts) AS number
	FROM marked
), visits AS (
	SELECT user_id, number, min(ts) AS started_at, extract(epoch FROM max(ts) - min(ts)) AS seconds,
		count(*) AS events, count(*) FILTER (WHERE event = 'purchase') AS purchases,
		sum(amount) FILTER (WHERE event = 'purchase') AS revenue
	FROM numbered
	GROUP BY user_id, number
), days AS (
	SELECT started_at::date AS day, count(*) AS sessions
	FROM visits
	GROUP BY day
)
SELECT json_build_object(
	'sessions', (SELECT count(*) FROM visits),
	'events', (SELECT count(*) FROM events),
	'actors', (SELECT count(DISTINCT user_id) FROM events),
	'seconds', (SELECT sum(seconds)::float8 FROM visits),
	'purchases', (SELECT sum(purchases) FROM visits),
	'revenue', (SELECT sum(revenue)::float8 FROM visits),
	'days', (SELECT count(*) FROM days),
	'per_day', (SELECT json_object_agg(day, sessions ORDER BY day) FROM days),
	'on_the_15th', (SELECT sessions FROM days WHERE day = '2026-03-15'),
	'long', (SELECT count(*) FROM visits WHERE seconds > 600),
	'new', (SELECT count(*) FROM visits WHERE number = 1),
	'of_42', (SELECT count(*) FROM visits WHERE user_id = 42),
	'events_of_42', (SELECT count(*) FROM events WHERE user_id = 42),
	'longest_of_42', (SELECT max(seconds)::float8 FROM visits WHERE user_id = 42),
	'first_of_42', (SELECT to_char(min(ts), 'YYYY-MM-DD"T"HH24:MI:SS"Z"') FROM events WHERE user_id = 42));
