-- DuckDB, where only starts and ends are asked for: the second window sees only the first events of sessions.

-- question a
SELECT user_id, ts AS started_at,
	   coalesce(lead(before) OVER (PARTITION BY user_id ORDER BY ts), last_ts) AS ended_at,
	   coalesce(lead(i) OVER (PARTITION BY user_id ORDER BY ts), events + 1) - i AS event_count
FROM (SELECT user_id, ts, lag(ts) OVER (PARTITION BY user_id ORDER BY ts) AS before,
			 row_number() OVER (PARTITION BY user_id ORDER BY ts) AS i,
			 max(ts) OVER (PARTITION BY user_id) AS last_ts, count(*) OVER (PARTITION BY user_id) AS events
	  FROM events
	  QUALIFY before IS NULL OR epoch_us(ts) - epoch_us(before) > 1800000000)

-- question f
SELECT started_at::DATE AS day, (epoch_us(ended_at) - epoch_us(started_at)) // 60000000 AS minutes,
	   count(*) AS sessions
FROM (SELECT ts AS started_at, coalesce(lead(before) OVER (PARTITION BY user_id ORDER BY ts), last_ts) AS ended_at
	  FROM (SELECT user_id, ts, lag(ts) OVER (PARTITION BY user_id ORDER BY ts) AS before,
				   max(ts) OVER (PARTITION BY user_id) AS last_ts
			FROM events
			QUALIFY before IS NULL OR epoch_us(ts) - epoch_us(before) > 1800000000))
GROUP BY day, minutes
