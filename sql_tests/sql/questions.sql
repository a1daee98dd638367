--
-- questions.sql: the three questions that named definitions must answer in
-- one line each, in both readings: a session that BEGINS with the event, and
-- an ordinary visit that CONTAINS it.
--
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS sessionize;
CREATE SCHEMA questions;
RESET client_min_messages;
SET search_path = questions, sessionize;
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET intervalstyle = 'postgres';
\pset null '(null)'

CREATE TABLE events (user_id int, ts timestamptz, event text, page text);

SELECT define_session('visit', 'events', 'user_id', 'ts', '30 min');

--
-- 1. How many purchases are in each user's first login session?
--
INSERT INTO events VALUES
    -- buys before and after the first login, and in a later visit
    (1, '2020-01-01 10:00', 'view',     '/'),
    (1, '2020-01-01 10:05', 'purchase', '/buy'),
    (1, '2020-01-01 10:10', 'login',    '/login'),
    (1, '2020-01-01 10:15', 'purchase', '/buy'),
    (1, '2020-01-01 10:20', 'purchase', '/buy'),
    (1, '2020-01-01 12:00', 'login',    '/login'),
    (1, '2020-01-01 12:05', 'purchase', '/buy'),
    -- logs in at the second visit, and does not buy then
    (2, '2020-01-01 10:00', 'view',     '/'),
    (2, '2020-01-01 10:10', 'purchase', '/buy'),
    (2, '2020-01-01 12:00', 'login',    '/login'),
    (2, '2020-01-01 12:10', 'view',     '/'),
    (2, '2020-01-01 14:00', 'login',    '/login'),
    (2, '2020-01-01 14:05', 'purchase', '/buy'),
    -- never logs in
    (3, '2020-01-01 10:00', 'view',     '/'),
    (3, '2020-01-01 10:05', 'purchase', '/buy'),
    -- logs in twice in one visit
    (4, '2020-01-01 10:00', 'login',    '/login'),
    (4, '2020-01-01 10:10', 'login',    '/login'),
    (4, '2020-01-01 10:20', 'purchase', '/buy');

-- Sessions that begin with a login.
SELECT define_session('login session', 'events', 'user_id', 'ts', '30 min',
                      restart_on => $$event = 'login'$$, require_restart => true);
SELECT define_metric('login session', 'purchases in the first', 'count(*)', filter => $$event = 'purchase'$$,
                     session_filter => 'session_number = 1');
-- 1: those at 10:15 and 10:20; 2: none; 3: has no such session; 4: none, the
-- second login began another.
SELECT user_id, "purchases in the first" FROM "login session_actors" ORDER BY user_id;

-- The first visit with a login in it.
SELECT define_metric('visit', 'logins', 'count(*)', filter => $$event = 'login'$$);
SELECT define_metric('visit', 'purchases in first login visit', 'count(*)', filter => $$event = 'purchase'$$,
                     session_filter => 'logins > 0', nth => 1);
-- 1: all three of the visit; 2: none; 3: has no such visit, NULL; 4: one.
SELECT user_id, "purchases in first login visit" FROM visit_actors ORDER BY user_id;
-- The same number stands at the very visit.
SELECT user_id, session_number, logins, "purchases in first login visit" FROM visit ORDER BY 1, 2;

-- The average over users with such a session: (2 + 0 + 0) / 3 and (3 + 0 + 1) / 3;
-- and over all users, those without counted as 0: 2 / 4 and 4 / 4.
SELECT round(avg("purchases in the first"), 2) AS with_a_session,
       round(sum("purchases in the first") / (SELECT count(*) FROM visit_actors), 2) AS of_all
FROM "login session_actors";
SELECT round(avg("purchases in first login visit"), 2) AS with_a_visit,
       round(avg(coalesce("purchases in first login visit", 0)), 2) AS of_all
FROM visit_actors;

--
-- 2. How many different pages are seen in sessions longer than one hour?
--
TRUNCATE events;
INSERT INTO events VALUES
    -- 70 minutes: /a /b /c
    (5, '2020-01-01 10:00', 'view', '/a'),
    (5, '2020-01-01 10:25', 'view', '/b'),
    (5, '2020-01-01 10:50', 'view', '/a'),
    (5, '2020-01-01 11:10', 'view', '/c'),
    -- one hour exactly is not longer
    (5, '2020-01-01 13:00', 'view', '/a'),
    (5, '2020-01-01 13:30', 'view', '/d'),
    (5, '2020-01-01 14:00', 'view', '/e'),
    -- one hour and a second: /a /f /c
    (5, '2020-01-01 16:00', 'view', '/a'),
    (5, '2020-01-01 16:30', 'view', '/f'),
    (5, '2020-01-01 17:00', 'view', '/a'),
    (5, '2020-01-01 17:00:01', 'view', '/c'),
    -- never for so long
    (6, '2020-01-01 10:00', 'view', '/a'),
    (6, '2020-01-01 10:20', 'view', '/b');

SELECT define_metric('visit', 'pages in long visits', 'count(DISTINCT page)', session_filter => $$duration > interval '1 hour'$$);
-- per session
SELECT user_id, session_number, duration, "pages in long visits" FROM visit ORDER BY 1, 2;
-- per actor: /a /b /c /f, each once, and not 3 + 3
SELECT user_id, "pages in long visits" FROM visit_actors ORDER BY 1;
-- averages: 3 per long visit; 4 per user with one, 2 per user
SELECT round(avg("pages in long visits"), 2) AS per_long_visit FROM visit;
SELECT round(avg("pages in long visits"), 2) AS with_a_visit,
       round(avg(coalesce("pages in long visits", 0)), 2) AS of_all FROM visit_actors;

--
-- 3. How many errors are in the second attempt to register?
--
TRUNCATE events;
INSERT INTO events VALUES
    -- twice in one visit, and once more in another
    (7, '2020-01-01 10:00', 'begin registration', '/register'),
    (7, '2020-01-01 10:05', 'error',              '/register'),
    (7, '2020-01-01 10:20', 'begin registration', '/register'),
    (7, '2020-01-01 10:25', 'error',              '/register'),
    (7, '2020-01-01 10:26', 'error',              '/register'),
    (7, '2020-01-01 12:00', 'begin registration', '/register'),
    (7, '2020-01-01 12:01', 'error',              '/register'),
    -- once only
    (8, '2020-01-01 10:00', 'begin registration', '/register'),
    (8, '2020-01-01 10:05', 'error',              '/register'),
    -- in the second visit, and, after an error, in the fourth
    (9, '2020-01-01 10:00', 'error',              '/'),
    (9, '2020-01-01 12:00', 'begin registration', '/register'),
    (9, '2020-01-01 12:01', 'error',              '/register'),
    (9, '2020-01-01 14:00', 'error',              '/'),
    (9, '2020-01-01 20:00', 'error',              '/'),
    (9, '2020-01-01 20:05', 'begin registration', '/register'),
    (9, '2020-01-01 20:10', 'view',               '/welcome');

-- Sessions that begin with an attempt.
SELECT define_session('attempt', 'events', 'user_id', 'ts', '30 min',
                      restart_on => $$event = 'begin registration'$$, require_restart => true);
SELECT define_metric('attempt', 'errors in the second', 'count(*)', filter => $$event = 'error'$$,
                     session_filter => 'session_number = 2');
-- 7: those at 10:25 and 10:26; 8: none was attempted; 9: none, the error came before.
SELECT user_id, "errors in the second" FROM attempt_actors ORDER BY user_id;

-- The second visit with an attempt in it.
SELECT define_metric('visit', 'attempts', 'count(*)', filter => $$event = 'begin registration'$$);
SELECT define_metric('visit', 'errors in second', 'count(*)', filter => $$event = 'error'$$,
                     session_filter => 'attempts > 0', nth => 2);
-- 7: the one at 12:01; 8: NULL; 9: the one at 20:00, in the fourth visit.
SELECT user_id, "errors in second" FROM visit_actors ORDER BY user_id;
SELECT user_id, session_number, "errors in second" FROM visit WHERE "errors in second" IS NOT NULL ORDER BY 1;

-- averages over users with a second attempt, and over all
SELECT round(avg("errors in the second"), 2) AS with_a_second,
       round(avg(coalesce("errors in the second", 0)), 2) AS of_all FROM attempt_actors;
SELECT round(avg("errors in second"), 2) AS with_a_second,
       round(avg(coalesce("errors in second", 0)), 2) AS of_all FROM visit_actors;

SET client_min_messages = warning;
SELECT count(drop_session(name)) FROM session_definition;
DROP SCHEMA questions CASCADE;
