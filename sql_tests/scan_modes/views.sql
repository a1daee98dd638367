/*
 * views.sql: named definitions, which are read through views over our calls.
 */

--- [used] sessions
:sum (SELECT * FROM visit) AS q;
:sum (SELECT * FROM tour) AS q;
SELECT * FROM login ORDER BY user_id, device, session_number;
--- [used] sessions, some columns
SELECT count(*), min(started_at), max(ended_at), sum(event_count), sum(duration) FROM visit;
:sum (SELECT user_id, session_number, started_at FROM visit) AS q;
:sum (SELECT user_id, purchases, revenue, pages FROM visit) AS q;
SELECT started_by, ended_by, is_open, count(*) FROM tour GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;
--- [used] sessions, by actor and by time
SELECT * FROM tour WHERE user_id = 7 ORDER BY session_number;
SELECT * FROM tour WHERE user_id IN (8, 9) AND started_at >= '2024-03-10 01:00:00' ORDER BY user_id, session_number;
:sum (SELECT * FROM visit WHERE ended_at < '2024-03-10 01:00:00') AS q;
SELECT user_id, session_number, started_at FROM visit WHERE session_number = 3 ORDER BY user_id LIMIT 5;
--- [used] events
:sum (SELECT id, user_id, session_id, session_number, session_started_at, session_ended_at, session_duration, session_event_count FROM visit_events) AS q;
:sum (SELECT * FROM tour_events WHERE user_id = 12) AS q;
SELECT user_id, ts, kind, session_number, session_event_count FROM login_events ORDER BY 1, 2, 3, 4, id;
SELECT count(*), sum(session_number) FROM tour_events WHERE session_event_count > 3;
--- [used] actors
:sum (SELECT * FROM visit_actors) AS q;
SELECT * FROM login_actors ORDER BY user_id, device;
SELECT * FROM tour_actors WHERE user_id < 5 ORDER BY user_id;
SELECT sum(session_count), sum(time_in_session) FROM visit_actors;
--- [used] keep, over partitions
:sum (SELECT * FROM kept) AS q;
:sum (SELECT id, user_id, session_number, session_event_count FROM kept_events) AS q;
:sum (SELECT * FROM kept_actors) AS q;
--- [used] sessions as events
:sum (SELECT * FROM journey) AS q;
:sum (SELECT * FROM journey_actors) AS q;
--- [used] views joined, unioned and limited
:sum (SELECT v.user_id, v.session_number, t.session_number AS t FROM visit AS v JOIN tour AS t ON t.user_id = v.user_id AND t.started_at BETWEEN v.started_at AND v.ended_at) AS q;
SELECT 'visit', count(*) FROM visit UNION ALL SELECT 'tour', count(*) FROM tour UNION ALL SELECT 'actors', count(*) FROM visit_actors ORDER BY 1;
SELECT user_id, session_number, event_count FROM visit ORDER BY event_count DESC, user_id, session_number LIMIT 10;
SELECT user_id, revenue FROM tour_actors JOIN visit_actors USING (user_id) WHERE user_id BETWEEN 3 AND 6 ORDER BY 1;
--- [used] views prepared and in cursors
PREPARE p (integer) AS SELECT user_id, session_number, started_at, ended_at, event_count, first_page FROM tour WHERE user_id = $1 ORDER BY 2;
SET plan_cache_mode = force_generic_plan;
EXECUTE p (7); EXECUTE p (NULL); EXECUTE p (99999); EXECUTE p (8);
SET plan_cache_mode = force_custom_plan;
EXECUTE p (7);
DEALLOCATE p;
BEGIN;
DECLARE c SCROLL CURSOR FOR SELECT user_id, session_number FROM visit ORDER BY 1, 2;
FETCH 3 FROM c; FETCH BACKWARD 2 FROM c; FETCH 2 FROM c; FETCH LAST FROM c;
COMMIT;
--- [used] read() and session_sql() of other parameters
:sum sessionize.read(NULL::visit, inactivity => '5 minutes') AS q;
:sum sessionize.read(NULL::tour_actors, filter => 'kind <> ''error''') AS q;
SELECT sessionize.session_sql('visit', inactivity => '12 minutes') AS "query" \gset
:sum (:query) AS q;
--- [used] by somebody who may
SET ROLE scan_reader;
:sum (SELECT * FROM visit) AS q;
SELECT count(*), sum(session_number) FROM login_events;
RESET ROLE;
