--
-- sessions_as_actors.sql: the views are ordinary relations: they are joined,
-- and they are the sources of other definitions.
--
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS sessionize;
CREATE SCHEMA sessions_as_actors;
RESET client_min_messages;
SET search_path = sessions_as_actors;
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET intervalstyle = 'postgres';
\pset null '(null)'

CREATE TABLE events (event_id int, user_id int, platform text, ts timestamptz, event text, page text);
INSERT INTO events VALUES
    ( 1, 1, 'web', '2020-01-01 10:00', 'view', '/a'),
    ( 2, 1, 'app', '2020-01-01 10:10', 'view', '/b'),
    ( 3, 1, 'web', '2020-01-01 10:20', 'buy',  '/b'),
    ( 4, 1, 'app', '2020-01-01 10:45', 'view', '/a'),
    ( 5, 1, 'web', '2020-01-01 10:55', 'view', '/a'),
    ( 6, 1, 'web', '2020-01-02 10:00', 'view', '/a'),
    ( 7, 1, 'web', '2020-01-09 10:00', 'view', '/c'),
    ( 8, 2, 'app', '2020-01-01 10:00', 'view', '/a'),
    ( 9, 2, 'app', '2020-01-01 10:05', 'buy',  '/a');

--
-- Several definitions over one table at once
--
-- across platforms, one platform, each platform by itself, and pages that are
-- visited by users
SELECT sessionize.define_session('visit', 'events', 'user_id', 'ts', '30 min');
SELECT sessionize.define_session('web visit', 'events', 'user_id', 'ts', '30 min', filter => $$platform = 'web'$$);
SELECT sessionize.define_session('platform visit', 'events', 'user_id, platform', 'ts', '30 min');
SELECT sessionize.define_session('page life', 'events', 'page', 'ts', '1 hour');
SELECT sessionize.define_metric('visit', 'bought', 'count(*)', filter => $$event = 'buy'$$);
SELECT sessionize.define_metric('page life', 'visitors', 'count(DISTINCT user_id)');
SELECT array_agg(event_id ORDER BY event_id) AS events, user_id, session_number FROM visit_events GROUP BY 2, 3 ORDER BY 2, 3;
-- 3 to 5 are 35 minutes apart on the web
SELECT array_agg(event_id ORDER BY event_id) AS events, user_id, session_number FROM "web visit_events" GROUP BY 2, 3 ORDER BY 2, 3;
SELECT array_agg(event_id ORDER BY event_id) AS events, user_id, platform, session_number FROM "platform visit_events" GROUP BY 2, 3, 4 ORDER BY 2, 3, 4;
SELECT user_id, platform, session_count, time_in_session FROM "platform visit_actors" ORDER BY 1, 2;
SELECT page, session_number, event_count, duration, visitors FROM "page life" ORDER BY 1, 2;
SELECT page, session_count, event_count, visitors FROM "page life_actors" ORDER BY 1;

--
-- Joins of events to their sessions, by session_id
--
SELECT e.event_id, s.session_number, s.bought, e.session_event_number = s.event_count AS is_last
FROM visit_events AS e JOIN visit AS s USING (session_id) ORDER BY 1;
SELECT count(*) AS events, count(s.session_id) AS with_session
FROM visit_events AS e LEFT JOIN visit AS s USING (session_id);
-- two definitions side by side
SELECT v.event_id, v.session_number AS visit, w.session_number AS web_visit
FROM visit_events AS v LEFT JOIN "web visit_events" AS w USING (event_id) ORDER BY 1;

--
-- Sessions as events of another session: a week's visits
--
SELECT sessionize.define_session('campaign', 'visit', 'user_id', 'started_at', '3 days', filter => 'event_count > 0');
SELECT sessionize.define_metric('campaign', 'visits', 'count(*)');
SELECT sessionize.define_metric('campaign', 'events', 'sum(event_count)');
SELECT sessionize.define_metric('campaign', 'longest', 'max(duration)');
SELECT sessionize.define_metric('campaign', 'bought', 'sum(bought)', session_filter => 'visits > 1');
SELECT user_id, session_number, started_at, ended_at, event_count, visits, events, longest, bought
FROM campaign ORDER BY 1, 2;
SELECT user_id, session_count, visits, events, longest, bought FROM campaign_actors ORDER BY 1;
-- the source has session_number and so on: the labels are the campaign's
SELECT campaign_number, session_number, user_id, event_count, campaign_event_count, bought
FROM campaign_events ORDER BY user_id, session_number;

--
-- Sessions as actors: bursts of events within a visit; no label_prefix named
--
-- each burst has a session_id of its own
SELECT sessionize.define_session('burst', 'visit_events', 'session_id', 'ts', '10 min');
\echo :LAST_ERROR_SQLSTATE
SELECT sessionize.define_session('burst', 'visit_events', 'session_id AS visit_id', 'ts', '10 min');
SELECT sessionize.define_metric('burst', 'pages', 'count(DISTINCT page)');
SELECT e.user_id, e.session_number, b.session_number AS burst, b.event_count, b.duration, b.pages
FROM burst AS b JOIN (SELECT DISTINCT session_id, user_id, session_number FROM visit_events) AS e ON e.session_id = b.visit_id
ORDER BY 1, 2, 3;
SELECT event_id, session_number, session_event_number, burst_number, burst_event_number FROM burst_events ORDER BY 1;
SELECT v.user_id, v.session_number, a.session_count AS bursts, a.event_count, v.event_count AS in_visit
FROM burst_actors AS a JOIN visit AS v ON v.session_id = a.visit_id ORDER BY 1, 2;
-- the id of a burst is a function of visit and start
SELECT bool_and(session_id = sessionize.session_id(started_at, visit_id)) AS as_documented FROM burst;
-- a change below is a change above
SELECT sessionize.alter_session('visit', 'inactivity', '20 min');
SELECT count(*) AS bursts, count(DISTINCT visit_id) AS visits FROM burst;
SELECT user_id, visits, events FROM campaign_actors ORDER BY 1;
SELECT sessionize.alter_session('visit', 'inactivity', '30 min');
-- what stands on a view holds it
\set VERBOSITY terse
SELECT sessionize.drop_session('visit');
\set VERBOSITY default
SELECT count(*) AS definitions FROM sessionize.session_definition;

--
-- A session id that the client made, as second actor column
--
CREATE TABLE client_events (user_id int, session_id text, ts timestamptz);
INSERT INTO client_events VALUES
    (1, 'x', '2020-01-01 10:00'), (1, 'x', '2020-01-01 10:10'), (1, 'y', '2020-01-01 10:15'),
    (1, 'x', '2020-01-01 12:00'), (2, 'x', '2020-01-01 10:00'), (2, NULL, '2020-01-01 10:01');
SELECT sessionize.define_session('tab', 'client_events', 'user_id, session_id AS client_id', 'ts', '30 min');
SELECT user_id, client_id, session_number, event_count FROM tab ORDER BY 1, 2, 3;
SELECT user_id, session_id, tab_number, tab_event_number FROM tab_events ORDER BY 1, 2, ts;
SELECT user_id, client_id, session_count FROM tab_actors ORDER BY 1, 2;

--
-- Two tables as one source
--
CREATE TABLE web_events (user_id int, ts timestamptz, page text);
CREATE TABLE app_events (user_id int, ts timestamptz, screen text);
INSERT INTO web_events SELECT u, timestamptz '2020-01-01' + u * interval '1 min', '/' FROM generate_series(1, 2000) AS u;
INSERT INTO app_events SELECT u, timestamptz '2020-01-01' + (u + 10) * interval '1 min', 'home' FROM generate_series(1, 2000) AS u;
CREATE INDEX ON web_events (user_id, ts);
CREATE INDEX ON app_events (user_id, ts);
ANALYZE web_events, app_events;
CREATE VIEW all_events AS
    SELECT user_id, ts, 'web' AS platform, page FROM web_events
    UNION ALL
    SELECT user_id, ts, 'app', screen FROM app_events;
SELECT sessionize.define_session('any visit', 'all_events', 'user_id', 'ts', '30 min');
SELECT sessionize.define_metric('any visit', 'platforms', 'count(DISTINCT platform)');
SELECT sessionize.define_metric('any visit', 'platforms of long', 'count(DISTINCT platform)', session_filter => 'platforms > 1');
SELECT user_id, session_number, event_count, duration, platforms, "platforms of long" FROM "any visit" WHERE user_id = 7;
SELECT count(*) AS sessions, sum(event_count) AS events, count(DISTINCT duration) AS durations FROM "any visit";
-- an actor is found by both indexes, in all three views
CREATE FUNCTION index_conditions(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    line text;
BEGIN
    FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
        IF line ~ 'Seq Scan|Index Cond' THEN
            RETURN NEXT regexp_replace(trim(line), '\(\w+ IS NOT NULL\) AND | AND \(\w+ IS NOT NULL\)', '', 'g');
        END IF;
    END LOOP;
END $$;
SET enable_seqscan = off;
SET enable_bitmapscan = off;
SELECT DISTINCT index_conditions('SELECT session_number, platforms FROM "any visit" WHERE user_id = 7');
SELECT DISTINCT index_conditions('SELECT * FROM "any visit_events" WHERE user_id = 7');
SELECT DISTINCT index_conditions('SELECT user_id, session_count FROM "any visit_actors" WHERE user_id = 7');
SELECT DISTINCT index_conditions('SELECT * FROM "any visit" WHERE user_id = 7');
SELECT DISTINCT index_conditions('SELECT * FROM "any visit_actors" WHERE user_id = 7');

SET client_min_messages = warning;
SELECT count(sessionize.drop_session(name, cascade => true))
FROM unnest('{burst,campaign,visit,"web visit","platform visit","page life",tab,"any visit"}'::text[]) AS name;
DROP SCHEMA sessions_as_actors CASCADE;
