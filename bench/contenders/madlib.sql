-- What Apache MADlib's sessionize() makes: a view that numbers sessions with ROW_NUMBER, LAG and SUM,
-- subtracts to get an interval and compares it by ">", with frames by RANGE and NULL times looked out for.
-- MADlib itself is not run: these statements have the shape of the view that its 2.1 sources create, with
-- the columns asked for as its output_cols. It knows neither restart events nor metrics, so questions b and
-- b+ cannot be put to it.

-- question a
SELECT user_id, min(ts) AS started_at, max(ts) AS ended_at, count(*) AS event_count
FROM (SELECT user_id, ts,
			 CASE WHEN ts IS NOT NULL
				  THEN sum(CASE WHEN is_first OR is_late THEN 1 END) OVER (PARTITION BY user_id ORDER BY ts)
			 END AS session_id
	  FROM (SELECT *, row_number() OVER w = 1 AND ts IS NOT NULL AS is_first,
				   ts - lag(ts, 1) OVER w > interval '30 minutes' AS is_late
			FROM events WINDOW w AS (PARTITION BY user_id ORDER BY ts)) AS marked) AS sessionized
GROUP BY user_id, session_id

-- question c
SELECT user_id, ts, event, page,
	   CASE WHEN ts IS NOT NULL
			THEN sum(CASE WHEN is_first OR is_late THEN 1 END) OVER (PARTITION BY user_id ORDER BY ts)
	   END AS session_number
FROM (SELECT *, row_number() OVER w = 1 AND ts IS NOT NULL AS is_first,
			 ts - lag(ts, 1) OVER w > interval '30 minutes' AS is_late
	  FROM events WINDOW w AS (PARTITION BY user_id ORDER BY ts)) AS marked

-- question d
SELECT user_id, count(*) AS session_count, sum(max - min) AS time_in_session
FROM (SELECT user_id, min(ts), max(ts)
	  FROM (SELECT user_id, ts,
				   CASE WHEN ts IS NOT NULL
						THEN sum(CASE WHEN is_first OR is_late THEN 1 END) OVER (PARTITION BY user_id ORDER BY ts)
				   END AS session_id
			FROM (SELECT *, row_number() OVER w = 1 AND ts IS NOT NULL AS is_first,
						 ts - lag(ts, 1) OVER w > interval '30 minutes' AS is_late
				  FROM events WINDOW w AS (PARTITION BY user_id ORDER BY ts)) AS marked) AS sessionized
	  GROUP BY user_id, session_id) AS sessions
GROUP BY user_id

-- question e
SELECT user_id, min(ts) AS started_at, max(ts) AS ended_at, count(*) AS event_count
FROM (SELECT user_id, ts,
			 CASE WHEN ts IS NOT NULL
				  THEN sum(CASE WHEN is_first OR is_late THEN 1 END) OVER (PARTITION BY user_id ORDER BY ts)
			 END AS session_id
	  FROM (SELECT *, row_number() OVER w = 1 AND ts IS NOT NULL AS is_first,
				   ts - lag(ts, 1) OVER w > interval '30 minutes' AS is_late
			FROM events WINDOW w AS (PARTITION BY user_id ORDER BY ts)) AS marked) AS sessionized
WHERE user_id = $actor
GROUP BY user_id, session_id

-- question f
SELECT min::date AS day, floor(extract(epoch FROM max - min) / 60)::int AS minutes, count(*) AS sessions
FROM (SELECT min(ts), max(ts)
	  FROM (SELECT user_id, ts,
				   CASE WHEN ts IS NOT NULL
						THEN sum(CASE WHEN is_first OR is_late THEN 1 END) OVER (PARTITION BY user_id ORDER BY ts)
				   END AS session_id
			FROM (SELECT *, row_number() OVER w = 1 AND ts IS NOT NULL AS is_first,
						 ts - lag(ts, 1) OVER w > interval '30 minutes' AS is_late
				  FROM events WINDOW w AS (PARTITION BY user_id ORDER BY ts)) AS marked) AS sessionized
	  GROUP BY user_id, session_id) AS sessions
GROUP BY day, minutes
