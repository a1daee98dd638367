-- ClickHouse: LAG + SUM. Times are whole microseconds throughout; the default of lagInFrame makes a user's first
-- event begin a session.

-- question a
SELECT user_id, min(t) AS started_at, max(t) AS ended_at, count() AS event_count
FROM (SELECT user_id, t, sum(begins) OVER w AS n
	  FROM (SELECT user_id, toUnixTimestamp64Micro(ts) AS t,
				   t - lagInFrame(t, 1, t - 3600000000) OVER w > 1800000000 AS begins
			FROM events
			WINDOW w AS (PARTITION BY user_id ORDER BY t ROWS UNBOUNDED PRECEDING))
	  WINDOW w AS (PARTITION BY user_id ORDER BY t ROWS UNBOUNDED PRECEDING))
GROUP BY user_id, n

-- question b
SELECT user_id, min(t) AS started_at, max(t) AS ended_at, count() AS event_count,
	   countIf(is_purchase) AS purchases, sum(amount) AS revenue
FROM (SELECT user_id, t, is_purchase, amount, sum(begins) OVER w AS n
	  FROM (SELECT user_id, toUnixTimestamp64Micro(ts) AS t, event = 'purchase' AS is_purchase, amount,
				   event = 'campaign'
				   OR t - lagInFrame(t, 1, t - 3600000000) OVER w > 1800000000 AS begins
			FROM events
			WINDOW w AS (PARTITION BY user_id ORDER BY t ROWS UNBOUNDED PRECEDING))
	  WINDOW w AS (PARTITION BY user_id ORDER BY t ROWS UNBOUNDED PRECEDING))
GROUP BY user_id, n

-- question b+
SELECT user_id, min(t) AS started_at, max(t) AS ended_at, count() AS event_count,
	   countIf(is_purchase) AS purchases, sum(amount) AS revenue,
	   uniqExact(page) AS pages, argMin(page, t) AS first_page, argMax(page, t) AS last_page
FROM (SELECT user_id, t, is_purchase, amount, page, sum(begins) OVER w AS n
	  FROM (SELECT user_id, toUnixTimestamp64Micro(ts) AS t, event = 'purchase' AS is_purchase, amount, page,
				   event = 'campaign'
				   OR t - lagInFrame(t, 1, t - 3600000000) OVER w > 1800000000 AS begins
			FROM events
			WINDOW w AS (PARTITION BY user_id ORDER BY t ROWS UNBOUNDED PRECEDING))
	  WINDOW w AS (PARTITION BY user_id ORDER BY t ROWS UNBOUNDED PRECEDING))
GROUP BY user_id, n

-- question c
SELECT user_id, t AS ts, event, page, sum(begins) OVER w AS session_number
FROM (SELECT user_id, toUnixTimestamp64Micro(ts) AS t, event, page,
			 t - lagInFrame(t, 1, t - 3600000000) OVER w > 1800000000 AS begins
	  FROM events
	  WINDOW w AS (PARTITION BY user_id ORDER BY t ROWS UNBOUNDED PRECEDING))
WINDOW w AS (PARTITION BY user_id ORDER BY t ROWS UNBOUNDED PRECEDING)

-- question d
SELECT user_id, countIf(pause > 1800000000) AS session_count, sumIf(pause, pause <= 1800000000) AS time_in_session
FROM (SELECT user_id, toUnixTimestamp64Micro(ts) AS t,
			 t - lagInFrame(t, 1, t - 3600000000) OVER w AS pause
	  FROM events
	  WINDOW w AS (PARTITION BY user_id ORDER BY t ROWS UNBOUNDED PRECEDING))
GROUP BY user_id

-- question e
SELECT user_id, min(t) AS started_at, max(t) AS ended_at, count() AS event_count
FROM (SELECT user_id, t, sum(begins) OVER w AS n
	  FROM (SELECT user_id, toUnixTimestamp64Micro(ts) AS t,
				   t - lagInFrame(t, 1, t - 3600000000) OVER w > 1800000000 AS begins
			FROM events_by_user
			WHERE user_id = $actor
			WINDOW w AS (PARTITION BY user_id ORDER BY t ROWS UNBOUNDED PRECEDING))
	  WINDOW w AS (PARTITION BY user_id ORDER BY t ROWS UNBOUNDED PRECEDING))
GROUP BY user_id, n

-- question f
SELECT toDate(fromUnixTimestamp64Micro(started_at, 'UTC')) AS day,
	   intDiv(ended_at - started_at, 60000000) AS minutes, count() AS sessions
FROM (SELECT min(t) AS started_at, max(t) AS ended_at
	  FROM (SELECT user_id, t, sum(begins) OVER w AS n
			FROM (SELECT user_id, toUnixTimestamp64Micro(ts) AS t,
						 t - lagInFrame(t, 1, t - 3600000000) OVER w > 1800000000 AS begins
				  FROM events
				  WINDOW w AS (PARTITION BY user_id ORDER BY t ROWS UNBOUNDED PRECEDING))
			WINDOW w AS (PARTITION BY user_id ORDER BY t ROWS UNBOUNDED PRECEDING))
	  GROUP BY user_id, n)
GROUP BY day, minutes
