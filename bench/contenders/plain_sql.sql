-- LAG + SUM in PostgreSQL without an extension, written as well as we can. One sort serves both windows;
-- frames by ROWS spare looking for peers (which is right here: no tie has a restart event); what the
-- filters need is computed before the sort; '-infinity' spares a test for NULL; pages are compared as bytes.

-- question a
SELECT user_id, min(ts) AS started_at, max(ts) AS ended_at, count(*) AS event_count
FROM (SELECT user_id, ts,
			 sum(begins) OVER (PARTITION BY user_id ORDER BY ts ROWS UNBOUNDED PRECEDING) AS n
	  FROM (SELECT user_id, ts,
				   (ts > lag(ts, 1, '-infinity') OVER (PARTITION BY user_id ORDER BY ts)
						 + interval '30 minutes')::int AS begins
			FROM events) AS marked) AS numbered
GROUP BY user_id, n

-- question b
SELECT user_id, min(ts) AS started_at, max(ts) AS ended_at, count(*) AS event_count,
	   count(*) FILTER (WHERE is_purchase) AS purchases, sum(amount) AS revenue
FROM (SELECT user_id, ts, is_purchase, amount,
			 sum(begins) OVER (PARTITION BY user_id ORDER BY ts ROWS UNBOUNDED PRECEDING) AS n
	  FROM (SELECT user_id, ts, is_purchase, amount,
				   (is_campaign OR ts > lag(ts, 1, '-infinity') OVER (PARTITION BY user_id ORDER BY ts)
										+ interval '30 minutes')::int AS begins
			FROM (SELECT user_id, ts, event = 'campaign' AS is_campaign, event = 'purchase' AS is_purchase, amount
				  FROM events) AS narrow) AS marked) AS numbered
GROUP BY user_id, n

-- question b+
SELECT user_id, min(ts) AS started_at, max(ts) AS ended_at, count(*) AS event_count,
	   count(*) FILTER (WHERE is_purchase) AS purchases, sum(amount) AS revenue,
	   count(DISTINCT page COLLATE "C") AS pages,
	   max(page COLLATE "C") FILTER (WHERE begins = 1) AS first_page,
	   max(page COLLATE "C") FILTER (WHERE next_begins = 1) AS last_page
FROM (SELECT user_id, ts, is_purchase, amount, page, begins,
			 sum(begins) OVER (PARTITION BY user_id ORDER BY ts ROWS UNBOUNDED PRECEDING) AS n,
			 lead(begins, 1, 1) OVER (PARTITION BY user_id ORDER BY ts) AS next_begins
	  FROM (SELECT user_id, ts, is_purchase, amount, page,
				   (is_campaign OR ts > lag(ts, 1, '-infinity') OVER (PARTITION BY user_id ORDER BY ts)
										+ interval '30 minutes')::int AS begins
			FROM (SELECT user_id, ts, event = 'campaign' AS is_campaign, event = 'purchase' AS is_purchase,
						 amount, page
				  FROM events) AS narrow) AS marked) AS numbered
GROUP BY user_id, n

-- question c
SELECT user_id, ts, event, page,
	   sum(begins) OVER (PARTITION BY user_id ORDER BY ts ROWS UNBOUNDED PRECEDING) AS session_number
FROM (SELECT user_id, ts, event, page,
			 (ts > lag(ts, 1, '-infinity') OVER (PARTITION BY user_id ORDER BY ts)
				   + interval '30 minutes')::int AS begins
	  FROM events) AS marked

-- question d
-- One window is enough: time in session is the sum of the pauses that end none.
SELECT user_id, count(*) FILTER (WHERE begins) AS session_count,
	   coalesce(sum(ts - before) FILTER (WHERE NOT begins), '0') AS time_in_session
FROM (SELECT user_id, ts, before, ts > before + interval '30 minutes' AS begins
	  FROM (SELECT user_id, ts, lag(ts, 1, '-infinity') OVER (PARTITION BY user_id ORDER BY ts) AS before
			FROM events) AS paired) AS marked
GROUP BY user_id

-- question e
SELECT user_id, min(ts) AS started_at, max(ts) AS ended_at, count(*) AS event_count
FROM (SELECT user_id, ts,
			 sum(begins) OVER (PARTITION BY user_id ORDER BY ts ROWS UNBOUNDED PRECEDING) AS n
	  FROM (SELECT user_id, ts,
				   (ts > lag(ts, 1, '-infinity') OVER (PARTITION BY user_id ORDER BY ts)
						 + interval '30 minutes')::int AS begins
			FROM events
			WHERE user_id = $actor) AS marked) AS numbered
GROUP BY user_id, n

-- question f
SELECT min::date AS day, floor(extract(epoch FROM max - min) / 60)::int AS minutes, count(*) AS sessions
FROM (SELECT min(ts), max(ts)
	  FROM (SELECT user_id, ts,
				   sum(begins) OVER (PARTITION BY user_id ORDER BY ts ROWS UNBOUNDED PRECEDING) AS n
			FROM (SELECT user_id, ts,
						 (ts > lag(ts, 1, '-infinity') OVER (PARTITION BY user_id ORDER BY ts)
							   + interval '30 minutes')::int AS begins
				  FROM events) AS marked) AS numbered
	  GROUP BY user_id, n) AS sessions
GROUP BY day, minutes
