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
		sum(amount) FILTER (WHERE event = 'purchase') AS revenue,
		/* of events of the same time the least, as sessionize has it */
		(array_agg(page ORDER BY ts, page, platform))[1] AS entry_page,
		(array_agg(platform ORDER BY ts, page, platform))[1] AS entry_platform
	FROM numbered
	GROUP BY user_id, number
), days AS (
	SELECT started_at::date AS day, count(*) AS sessions, count(*) FILTER (WHERE number = 1) AS new,
		count(*) FILTER (WHERE number <> 1) AS later, sum(purchases)::float8 / count(*) AS rate
	FROM visits
	GROUP BY day
), durations AS (
	SELECT CASE WHEN seconds < 1 THEN 'one instant' WHEN seconds < 60 THEN 'under 1 min' WHEN seconds < 300 THEN '1–5 min'
			WHEN seconds < 600 THEN '5–10 min' WHEN seconds < 1200 THEN '10–20 min' WHEN seconds < 1800 THEN '20–30 min'
			WHEN seconds < 3600 THEN '30–60 min' ELSE 'an hour or more' END AS bin,
		count(*) AS sessions
	FROM visits
	GROUP BY bin
), pages AS (
	SELECT entry_page, count(*) AS sessions
	FROM visits
	GROUP BY entry_page
	ORDER BY sessions DESC, entry_page
	LIMIT 10
), best AS (
	SELECT *
	FROM visits
	WHERE started_at::date = '2026-03-15'
	ORDER BY purchases DESC, seconds DESC
	LIMIT 1
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
	'new_per_day', (SELECT json_object_agg(day, new ORDER BY day) FROM days),
	'returning_per_day', (SELECT json_object_agg(day, later ORDER BY day) FROM days),
	'rate_per_day', (SELECT json_object_agg(day, rate ORDER BY day) FROM days),
	'durations', (SELECT json_object_agg(bin, sessions) FROM durations),
	'entry_pages', (SELECT json_object_agg(entry_page, sessions ORDER BY sessions DESC, entry_page) FROM pages),
	'median', (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds::float8) FROM visits),
	'on_ios', (SELECT count(*) FROM visits WHERE entry_platform = 'ios'),
	'best_of_the_15th', (SELECT json_build_object('person', user_id, 'number', number, 'events', events,
			'purchases', purchases) FROM best),
	'steps', (SELECT json_agg(to_char(ts, 'HH24:MI:SS') || ' ' || event || ' ' || page ORDER BY ts, event_id)
		FROM numbered JOIN best USING (user_id, number)),
	'on_the_15th', (SELECT sessions FROM days WHERE day = '2026-03-15'),
	/* the week of a dashboard, which begins on the 25th; and all that has to be read for its sessions' starts */
	'in_the_week', (SELECT count(*) FROM visits WHERE started_at >= '2026-03-25'),
	'events_for_the_week', (SELECT count(*) FROM events WHERE ts >= timestamptz '2026-03-25' - interval '30 minutes'),
	'long', (SELECT count(*) FROM visits WHERE seconds > 600),
	'new', (SELECT count(*) FROM visits WHERE number = 1),
	'of_42', (SELECT count(*) FROM visits WHERE user_id = 42),
	'events_of_42', (SELECT count(*) FROM events WHERE user_id = 42),
	'longest_of_42', (SELECT max(seconds)::float8 FROM visits WHERE user_id = 42),
	'first_of_42', (SELECT to_char(min(ts), 'YYYY-MM-DD"T"HH24:MI:SS"Z"') FROM events WHERE user_id = 42));
