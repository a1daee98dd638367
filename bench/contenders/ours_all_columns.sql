-- The same views with SELECT *: session_id, duration, started_by, is_open and the rest are computed, too.

-- question a
SELECT * FROM visit

-- question b
SELECT * FROM campaign_visit

-- question b+
SELECT * FROM journey

-- question c
SELECT * FROM visit_events

-- question d
SELECT * FROM visit_actors

-- question e
SELECT * FROM visit WHERE user_id = $actor
