-- The views of definitions.sql, selecting the columns that are asked for.

-- question a
SELECT user_id, started_at, ended_at, event_count
FROM visit

-- question b
SELECT user_id, started_at, ended_at, event_count, purchases, revenue
FROM campaign_visit

-- question b+
SELECT user_id, started_at, ended_at, event_count, purchases, revenue, pages, first_page, last_page
FROM journey

-- question c
SELECT user_id, ts, event, page, session_number
FROM visit_events

-- question d
SELECT user_id, session_count, time_in_session
FROM visit_actors

-- question e
SELECT user_id, started_at, ended_at, event_count
FROM visit
WHERE user_id = $actor

-- question f
SELECT started_at::date AS day, floor(duration_seconds / 60)::int AS minutes, count(*) AS sessions
FROM visit
GROUP BY day, minutes
