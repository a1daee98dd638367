-- DuckDB: LAG + SUM. Differences in whole microseconds are faster there than intervals.

-- question a
SELECT user_id, min(ts) AS started_at, max(ts) AS ended_at, count(*) AS event_count
FROM (SELECT user_id, ts, sum(begins) OVER (PARTITION BY user_id ORDER BY ts ROWS UNBOUNDED PRECEDING) AS n
	  FROM (SELECT user_id, ts, coalesce(epoch_us(ts) - epoch_us(lag(ts) OVER (PARTITION BY user_id ORDER BY ts))
										 > 1800000000, true)::INT AS begins
			FROM events))
GROUP BY user_id, n

-- question b
SELECT user_id, min(ts) AS started_at, max(ts) AS ended_at, count(*) AS event_count,
	   count(*) FILTER (WHERE is_purchase) AS purchases, sum(amount) AS revenue
FROM (SELECT *, sum(begins) OVER (PARTITION BY user_id ORDER BY ts ROWS UNBOUNDED PRECEDING) AS n
	  FROM (SELECT user_id, ts, event = 'purchase' AS is_purchase, amount,
				   (event = 'campaign'
					OR coalesce(epoch_us(ts) - epoch_us(lag(ts) OVER (PARTITION BY user_id ORDER BY ts))
								> 1800000000, true))::INT AS begins
			FROM events))
GROUP BY user_id, n

-- question b+
SELECT user_id, min(ts) AS started_at, max(ts) AS ended_at, count(*) AS event_count,
	   count(*) FILTER (WHERE is_purchase) AS purchases, sum(amount) AS revenue,
	   count(DISTINCT page) AS pages, arg_min(page, ts) AS first_page, arg_max(page, ts) AS last_page
FROM (SELECT *, sum(begins) OVER (PARTITION BY user_id ORDER BY ts ROWS UNBOUNDED PRECEDING) AS n
	  FROM (SELECT user_id, ts, event = 'purchase' AS is_purchase, amount, page,
				   (event = 'campaign'
					OR coalesce(epoch_us(ts) - epoch_us(lag(ts) OVER (PARTITION BY user_id ORDER BY ts))
								> 1800000000, true))::INT AS begins
			FROM events))
GROUP BY user_id, n

-- question c
SELECT user_id, ts, event, page,
	   sum(begins) OVER (PARTITION BY user_id ORDER BY ts ROWS UNBOUNDED PRECEDING) AS session_number
FROM (SELECT user_id, ts, event, page,
			 coalesce(epoch_us(ts) - epoch_us(lag(ts) OVER (PARTITION BY user_id ORDER BY ts))
					  > 1800000000, true)::INT AS begins
	  FROM events)

-- question d
SELECT user_id, count(*) FILTER (WHERE pause IS NULL OR pause > 1800000000) AS session_count,
	   coalesce(sum(pause) FILTER (WHERE pause <= 1800000000), 0) AS time_in_session
FROM (SELECT user_id, epoch_us(ts) - epoch_us(lag(ts) OVER (PARTITION BY user_id ORDER BY ts)) AS pause
	  FROM events)
GROUP BY user_id

-- question e
SELECT user_id, min(ts) AS started_at, max(ts) AS ended_at, count(*) AS event_count
FROM (SELECT user_id, ts, sum(begins) OVER (PARTITION BY user_id ORDER BY ts ROWS UNBOUNDED PRECEDING) AS n
	  FROM (SELECT user_id, ts, coalesce(epoch_us(ts) - epoch_us(lag(ts) OVER (PARTITION BY user_id ORDER BY ts))
										 > 1800000000, true)::INT AS begins
			FROM events_by_user
			WHERE user_id = $actor))
GROUP BY user_id, n

-- question f
SELECT started_at::DATE AS day, (epoch_us(ended_at) - epoch_us(started_at)) // 60000000 AS minutes,
	   count(*) AS sessions
FROM (SELECT min(ts) AS started_at, max(ts) AS ended_at
	  FROM (SELECT user_id, ts, sum(begins) OVER (PARTITION BY user_id ORDER BY ts ROWS UNBOUNDED PRECEDING) AS n
			FROM (SELECT user_id, ts,
						 coalesce(epoch_us(ts) - epoch_us(lag(ts) OVER (PARTITION BY user_id ORDER BY ts))
								  > 1800000000, true)::INT AS begins
				  FROM events))
	  GROUP BY user_id, n)
GROUP BY day, minutes
