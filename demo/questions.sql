/*
 * questions.sql - one definition over any table of events, and what its views say
 *
 * Prints each answer under the SQL that gave it. Needs the psql variables
 *	source		the table, with the time of each event in "ts"
 *	actor		its column that says whose event it is
 *	who, actors	what to call one of them in a heading, and all of them in a column
 *	details		a select list: what single events are shown with
 *	quote		how format() makes a constant of an actor: %s or %L
 *	bold, plain	what begins and ends a heading, or nothing
 *	more		the file with the questions that only this table can answer
 * and leaves the definition "visit" behind, with its three views.
 */

\pset footer off
\pset linestyle unicode
\pset pager off
SET TimeZone = 'UTC';
SET client_min_messages = warning;

\echo :bold'1. Sessions: one definition, valid for all history at once':plain
\echo
CREATE EXTENSION IF NOT EXISTS sessionize\;
\p
\g
SELECT sessionize.define_session('visit', source => :'source', actor => :'actor',
                                 event_time => 'ts', inactivity => '30 minutes')\;
\p
\gset
\echo
\pset numericlocale on
SELECT sum(event_count) AS events,
       count(DISTINCT :actor) AS :actors,
       count(*) AS sessions,
       count(*) FILTER (WHERE event_count = 1) AS of_one_event,
       round(avg(event_count), 1) AS events_per_session
FROM visit\;
\p
\echo
\g

\echo :bold'   How long they last':plain
\echo
SELECT lasting,
       count(duration) AS sessions,
       round(100 * count(duration) / sum(count(duration)) OVER (), 1) AS "%",
       repeat('█', ceil(50.0 * count(duration) / max(count(duration)) OVER ())::int) AS " "
FROM unnest('{0 s, under 1 min, 1-5 min, 5-15 min, 15-30 min, 30-60 min, 1-2 h, over 2 h}'::text[])
       WITH ORDINALITY AS bucket(lasting, n)
     LEFT JOIN visit ON n = width_bucket(duration,
       '{0, 1 us, 1 min, 5 min, 15 min, 30 min, 1 h, 2 h}'::interval[])
GROUP BY n, lasting
ORDER BY n\;
\p
\echo
\g
\pset numericlocale off

/* One with many sessions to show. */
SELECT format(:'quote', :actor) AS busy
FROM visit_actors
ORDER BY session_count DESC, :actor
LIMIT 1
\gset

\echo :bold'2. The view visit_events: what a busy' :who 'did':plain
\echo
SELECT session_number AS session, session_event_number AS nr, ts, :details
FROM visit_events
WHERE :actor = :busy
ORDER BY session, nr
LIMIT 10\;
\p
\echo
\g

\echo :bold'   The view visit: the same sessions, one a row':plain
\echo
SELECT session_number AS session, started_at, duration, event_count, started_by, ended_by
FROM visit
WHERE :actor = :busy
ORDER BY session
LIMIT 5\;
\p
\echo
\g

\echo :bold'3. The view visit_actors: who spends the most time in sessions':plain
\echo
SELECT :actor, session_count, time_in_session, event_count
FROM visit_actors
ORDER BY time_in_session DESC, :actor
LIMIT 5\;
\p
\echo
\g

\ir :more
