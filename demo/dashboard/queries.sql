/*
 * queries.sql - everything the dashboard asks, each question under its name; the page shows it beside its chart
 *
 * $1 is a platform, or NULL for all. Days are those of the session's TimeZone.
 */

-- summary
SELECT count(*)::int AS sessions,
       count(DISTINCT user_id)::int AS people,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY duration_seconds) AS median_seconds,
       sum(event_count) / count(*)::float AS events_per_session,
       sum(purchases)::int AS purchases,
       sum(purchases) / count(*)::float AS purchases_per_session
FROM visit
WHERE $1::text IS NULL OR entry_platform = $1;

-- days
SELECT started_at::date::text AS day,
       count(*)::int AS sessions,
       count(*) FILTER (WHERE session_number = 1)::int AS new,
       count(*) FILTER (WHERE session_number > 1)::int AS returning,
       sum(purchases) / count(*)::float AS purchases_per_session
FROM visit
WHERE $1::text IS NULL OR entry_platform = $1
GROUP BY 1
ORDER BY 1;

-- durations
SELECT width_bucket(duration_seconds, '{1,60,300,600,1200,1800,3600}') AS bin,
       count(*)::int AS sessions
FROM visit
WHERE $1::text IS NULL OR entry_platform = $1
GROUP BY bin
ORDER BY bin;

-- entry_pages
SELECT entry_page AS page,
       count(*)::int AS sessions,
       count(*) FILTER (WHERE event_count = 1) / count(*)::float AS bounced
FROM visit
WHERE $1::text IS NULL OR entry_platform = $1
GROUP BY page
ORDER BY sessions DESC, page
LIMIT 10;

-- sessions
SELECT session_id, user_id::text AS person, session_number::int AS number, started_at, duration_seconds AS seconds,
       event_count::int AS events, purchases::int, entry_page, entry_platform AS platform
FROM visit
WHERE ($1::text IS NULL OR entry_platform = $1)
  AND started_at >= $2::date AND started_at < $2::date + 1
ORDER BY purchases DESC, duration_seconds DESC, session_id
LIMIT 10;

-- events
SELECT session_event_number::int AS number, ts, extract(epoch FROM ts - session_started_at)::float AS second,
       event, page, amount::float
FROM visit_events
WHERE user_id = $1 AND session_id = $2
ORDER BY number, event_id;
