-- PostgreSQL without an extension, where only starts and ends are asked for: events inside a session are
-- dropped before the second window, which sees the first event of each session and the last of each user.

-- question a
SELECT user_id, ts AS started_at, coalesce(next_before, ts) AS ended_at, coalesce(next_i, i + 1) - i AS event_count
FROM (SELECT user_id, ts, i, begins,
			 lead(CASE WHEN begins THEN before ELSE ts END) OVER (PARTITION BY user_id ORDER BY i) AS next_before,
			 lead(CASE WHEN begins THEN i ELSE i + 1 END) OVER (PARTITION BY user_id ORDER BY i) AS next_i
	  FROM (SELECT user_id, ts, i, before, is_last, ts > before + interval '30 minutes' AS begins
			FROM (SELECT user_id, ts, row_number() OVER w AS i, lag(ts, 1, '-infinity') OVER w AS before,
						 lead(false, 1, true) OVER w AS is_last
				  FROM events
				  WINDOW w AS (PARTITION BY user_id ORDER BY ts)) AS paired
			WHERE ts > before + interval '30 minutes' OR is_last) AS kept) AS sessions
WHERE begins

-- question f
SELECT ts::date AS day, floor(extract(epoch FROM coalesce(next_before, ts) - ts) / 60)::int AS minutes,
	   count(*) AS sessions
FROM (SELECT ts, begins,
			 lead(CASE WHEN begins THEN before ELSE ts END) OVER (PARTITION BY user_id ORDER BY i) AS next_before
	  FROM (SELECT user_id, ts, i, before, ts > before + interval '30 minutes' AS begins
			FROM (SELECT user_id, ts, row_number() OVER w AS i, lag(ts, 1, '-infinity') OVER w AS before,
						 lead(false, 1, true) OVER w AS is_last
				  FROM events
				  WINDOW w AS (PARTITION BY user_id ORDER BY ts)) AS paired
			WHERE ts > before + interval '30 minutes' OR is_last) AS kept) AS sessions
WHERE begins
GROUP BY day, minutes
