/*
 * questions.sql - four questions to any table of events, answered with sessionize
 *
 * Prints each answer under the SQL that gave it. Needs the psql variables
 *	source		the table, with the time of each event in "ts"
 *	actor		its column that says whose event it is
 *	who, actors	what to call one of them in a heading, and all of them in a column
 *	details		a select list: what single events are shown with
 *	quote		how format() makes a constant of an actor: %s or %L
 *	bold, plain	what begins and ends a heading, or nothing
 * and leaves the view "visits" behind.
 */

\pset footer off
\pset linestyle unicode
\pset pager off
SET TimeZone = 'UTC';

/* One with many sessions to show. */
SELECT format(:'quote', :actor) AS busy
FROM :source
GROUP BY :actor
ORDER BY sessionize.session_count(ts, '30 min') DESC, :actor
LIMIT 1
\gset

\echo :bold'1. The first events of a busy' :who', cut into sessions by pauses of over 30 minutes':plain
\echo
SELECT sessionize.session_number(ts, '30 min') OVER visits AS session,
       sessionize.session_event_number(ts, '30 min') OVER visits AS nr,
       ts - lag(ts) OVER visits AS pause,
       ts, :details
FROM :source
WHERE :actor = :busy
WINDOW visits AS (PARTITION BY :actor ORDER BY ts)
ORDER BY session, nr
LIMIT 20\;
\p
\echo
\g

\echo :bold'2. The sessions of this' :who', one a row':plain
\echo
CREATE VIEW visits AS
SELECT :actor, visit.*
FROM (SELECT :actor, sessionize.sessions(ts, '30 min') AS visits
      FROM :source
      GROUP BY :actor) AS actors,
     unnest(visits) AS visit\;
\p
\g
\echo
SELECT session_number AS session, started_at, ended_at, duration, event_count, started_by
FROM visits
WHERE :actor = :busy
ORDER BY session
LIMIT 8\;
\p
\echo
\g

\echo :bold'   All sessions in five figures':plain
\echo
\pset numericlocale on
SELECT sum(event_count) AS events,
       count(DISTINCT :actor) AS :actors,
       count(*) AS sessions,
       count(*) FILTER (WHERE event_count = 1) AS of_one_event,
       round(avg(event_count), 1) AS events_per_session
FROM visits\;
\p
\echo
\g
\pset numericlocale off

\echo :bold'3. Who spends the most time in sessions':plain
\echo
SELECT :actor,
       sessionize.session_count(ts, '30 min') AS sessions,
       sessionize.time_in_session(ts, '30 min') AS time_in_session,
       count(*) AS events
FROM :source
GROUP BY :actor
ORDER BY time_in_session DESC, :actor
LIMIT 8\;
\p
\echo
\g

\echo :bold'4. How long sessions last':plain
\echo
\pset numericlocale on
SELECT lasting,
       count(duration) AS sessions,
       round(100 * count(duration) / sum(count(duration)) OVER (), 1) AS "%",
       repeat('█', ceil(50.0 * count(duration) / max(count(duration)) OVER ())::int) AS " "
FROM unnest('{0 s, under 1 min, 1-5 min, 5-15 min, 15-30 min, 30-60 min, 1-2 h, over 2 h}'::text[])
       WITH ORDINALITY AS bucket(lasting, n)
     LEFT JOIN visits ON n = width_bucket(duration,
       '{0, 1 us, 1 min, 5 min, 15 min, 30 min, 1 h, 2 h}'::interval[])
GROUP BY n, lasting
ORDER BY n\;
\p
\echo
\g
\pset numericlocale off
