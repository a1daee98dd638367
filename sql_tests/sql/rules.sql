--
-- rules.sql: where sessions begin and end, rule by rule, through the window
-- functions.  "Rn" are the rules of the session semantics.
--
-- Times are tiny bigints wherever the rule does not depend on the type.  The
-- column "want" is the answer worked out by hand; the columns to its left are
-- what the functions say.  Each comment names the wrong reading that its case
-- would catch.
--
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS sessionize;
RESET client_min_messages;
SET search_path = sessionize, public;
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET intervalstyle = 'postgres';
\pset null '(null)'

--
-- R1: which events count
--

-- R1: a row without a time is stepped over, as if it were not there: it gets
-- NULL, its flags do nothing, and the pause is counted across it.  A row that
-- counted would cut at 2 (restart), after 4 (end), or at each next row.
SELECT k, t, restart, ended,
       session_number(t, 10, restart, ended) OVER w AS number,
       session_event_number(t, 10, restart, ended) OVER w AS event,
       session_start(t, 10, restart, ended) OVER w AS start,
       session_end(t, 10, restart, ended) OVER w AS "end",
       session_event_count(t, 10, restart, ended) OVER w AS count,
       session_started_by(t, 10, restart, ended) OVER w AS started_by,
       session_ended_by(t, 10, restart, ended) OVER w AS ended_by,
       want
FROM (VALUES (1,    0, false, false, '1 1 0 12 3 first inactivity'),
             (2, NULL, true,  false, NULL),
             (3,    6, false, false, '1 2 0 12 3 first inactivity'),
             (4, NULL, false, true,  NULL),
             (5,   12, false, false, '1 3 0 12 3 first inactivity'),
             (6,   23, false, false, '2 1 23 23 1 inactivity'))
     AS v(k, t, restart, ended, want)
WINDOW w AS (ORDER BY k)
ORDER BY k;

-- R1: the place of the NULLs does not matter, and of NULLs alone nothing comes.
SELECT actor, t, session_number(t, 10) OVER w AS number, want
FROM (VALUES ('a', NULL, NULL), ('a', NULL, NULL), ('a', 0, 1), ('a', 10, 1), ('a', 21, 2),
             ('b', NULL, NULL), ('b', NULL, NULL))
     AS v(actor, t, want)
WINDOW w AS (PARTITION BY actor ORDER BY t NULLS FIRST)
ORDER BY actor, t NULLS FIRST;

SELECT actor, t, session_number(t, 10) OVER w AS number, want
FROM (VALUES ('a', NULL, NULL), ('a', NULL, NULL), ('a', 0, 1), ('a', 10, 1), ('a', 21, 2),
             ('b', NULL, NULL), ('b', NULL, NULL))
     AS v(actor, t, want)
WINDOW w AS (PARTITION BY actor ORDER BY t)
ORDER BY actor, t;

-- R1: the partition is the caller's: NULL is an actor here like any other.
SELECT actor, t, session_number(t, 10) OVER w AS number, want
FROM (VALUES (NULL, 0, 1), (NULL, 11, 2), ('a', 5, 1), ('a', 15, 1))
     AS v(actor, t, want)
WINDOW w AS (PARTITION BY actor ORDER BY t)
ORDER BY actor NULLS FIRST, t;

--
-- R2: order and peers
--

-- R2: the result is a function of the set, not of the order in which rows
-- arrive.  The same six events twice, arriving in opposite orders.
SELECT arrival, t, flag, session_number(t, 10, flag = 'restart', flag = 'end') OVER w AS number, want
FROM (VALUES ('forward',  0, '',        1), ('forward',  5, '',        1),
             ('forward',  5, 'end',     1), ('forward',  6, '',        2),
             ('forward',  9, '',        3), ('forward',  9, 'restart', 3),
             ('backward', 9, 'restart', 3), ('backward', 9, '',        3),
             ('backward', 6, '',        2), ('backward', 5, 'end',     1),
             ('backward', 5, '',        1), ('backward', 0, '',        1))
     AS v(arrival, t, flag, want)
WINDOW w AS (PARTITION BY arrival ORDER BY t)
ORDER BY arrival DESC, t, flag;

-- R2: with a tie-break column in the window each row is an instant of its own,
-- so the restart splits time 5 and two sessions share a start.  Peers by equal
-- time alone would give 1 2 2 2 3.
SELECT t, k, restart,
       session_number(t, 10, restart) OVER w AS number,
       session_start(t, 10, restart) OVER w AS start,
       session_end(t, 10, restart) OVER w AS "end",
       session_event_count(t, 10, restart) OVER w AS count, want
FROM (VALUES (0, 1, false, '1 0 5 2'), (5, 1, false, '1 0 5 2'), (5, 2, true, '2 5 5 1'),
             (5, 3, true, '3 5 15 2'), (15, 1, false, '3 5 15 2'))
     AS v(t, k, restart, want)
WINDOW w AS (ORDER BY t, k)
ORDER BY t, k;

-- R2: likewise an end event ends before its later neighbours at the same time.
SELECT t, k, ended, session_number(t, 10, false, ended) OVER w AS number, want
FROM (VALUES (0, 1, false, 1), (5, 1, true, 1), (5, 2, false, 2), (5, 3, false, 2))
     AS v(t, k, ended, want)
WINDOW w AS (ORDER BY t, k)
ORDER BY t, k;

-- R2: the order may be that of another column, as long as times never decrease
-- in it and its peers have one time.
SELECT k, t, session_number(t, 10) OVER w AS number, want
FROM (VALUES ('a', 0, 1), ('b', 7, 1), ('b', 7, 1), ('c', 7, 1), ('d', 18, 2))
     AS v(k, t, want)
WINDOW w AS (ORDER BY k)
ORDER BY k, t;

--
-- R3: inactivity
--

-- R3: exactly at the inactivity an event still belongs, one unit later it does
-- not.  `>=` would say 1 2 3.
SELECT t, session_number(t, 10) OVER w AS number, want
FROM (VALUES (0, 1), (10, 1), (21, 2)) AS v(t, want)
WINDOW w AS (ORDER BY t)
ORDER BY t;

-- R3: the pause counts from the last event, not from the first: a session may
-- be far longer than the inactivity.  Counted from the start: 1 1 2 2 3.
SELECT t, session_number(t, 10) OVER w AS number, want
FROM (VALUES (0, 1), (10, 1), (20, 1), (30, 1), (41, 2)) AS v(t, want)
WINDOW w AS (ORDER BY t)
ORDER BY t;

-- R3: inactivity from row to row: the latest of (time + inactivity) so far
-- decides, here 0 + 100.  If the last event's decided: 1 1 2 2 3.
SELECT t, inactivity, session_number(t, inactivity) OVER w AS number, want
FROM (VALUES (0, 100, 1), (5, 10, 1), (50, 10, 1), (100, 0, 1), (101, 0, 2))
     AS v(t, inactivity, want)
WINDOW w AS (ORDER BY t)
ORDER BY t;

-- R3: an event's own inactivity says how long the session lives AFTER it.  If
-- it were held against the pause before it: 1 1 2.
SELECT t, inactivity, session_number(t, inactivity) OVER w AS number, want
FROM (VALUES (0, 10, 1), (15, 100, 2), (90, 10, 2)) AS v(t, inactivity, want)
WINDOW w AS (ORDER BY t)
ORDER BY t;

-- R3: among peers the longest inactivity counts, wherever it stands.  If the
-- first, the last or the shortest one counted, 20 would be cut off in a or b.
SELECT actor, t, inactivity, session_number(t, inactivity) OVER w AS number, want
FROM (VALUES ('a', 0, 5, 1), ('a', 0, 50, 1), ('a', 20, 5, 1), ('a', 51, 5, 2),
             ('b', 0, 50, 1), ('b', 0, 5, 1), ('b', 20, 5, 1), ('b', 51, 5, 2))
     AS v(actor, t, inactivity, want)
WINDOW w AS (PARTITION BY actor ORDER BY t)
ORDER BY actor, t, inactivity;

-- R3: a new session owes nothing to the inactivity of the one before.  An
-- expiry carried over (0 + 100) would keep 20 in session 2.
SELECT t, inactivity, restart, ended,
       session_number(t, inactivity, restart, ended) OVER w AS number, want
FROM (VALUES (0, 100, false, false, 1), (5, 10, true, false, 2), (20, 100, false, true, 3),
             (25, 10, false, false, 4), (40, 10, false, false, 5))
     AS v(t, inactivity, restart, ended, want)
WINDOW w AS (ORDER BY t)
ORDER BY t;

--
-- R4: restart
--

-- R4: a restart event begins a session and is its first event; the next one
-- begins another.  If it were the last of the old one: 1 1 1 2 3.
SELECT t, restart, session_number(t, 10, restart) OVER w AS number,
       session_start(t, 10, restart) OVER w AS start, want
FROM (VALUES (0, false, '1 0'), (1, false, '1 0'), (2, true, '2 2'), (3, true, '3 3'), (4, false, '3 3'))
     AS v(t, restart, want)
WINDOW w AS (ORDER BY t)
ORDER BY t;

-- R4: it takes its whole instant along, whatever the order of the peers, and
-- two of them in one instant begin one session.  If only the rows after it
-- moved, some at time 5 would be left in session 1; counted twice: 1 3 3 3.
SELECT actor, t, restart, session_number(t, 10, restart) OVER w AS number,
       session_event_count(t, 10, restart) OVER w AS count, want
FROM (VALUES ('first',  0, false, '1 1'), ('first',  5, true,  '2 3'),
             ('first',  5, false, '2 3'), ('first',  5, false, '2 3'),
             ('last',   0, false, '1 1'), ('last',   5, false, '2 3'),
             ('last',   5, false, '2 3'), ('last',   5, true,  '2 3'),
             ('middle', 0, false, '1 1'), ('middle', 5, false, '2 3'),
             ('middle', 5, true,  '2 3'), ('middle', 5, false, '2 3'),
             ('twice',  0, false, '1 1'), ('twice',  5, true,  '2 3'),
             ('twice',  5, false, '2 3'), ('twice',  5, true,  '2 3'))
     AS v(actor, t, restart, want)
WINDOW w AS (PARTITION BY actor ORDER BY t)
ORDER BY actor, t, restart;

-- R4: NULL is false.  Were it true: 1 2 3.
SELECT t, restart, session_number(t, 10, restart) OVER w AS number, want
FROM (VALUES (0, false, 1), (5, NULL, 1), (5, NULL, 1), (6, true, 2)) AS v(t, restart, want)
WINDOW w AS (ORDER BY t)
ORDER BY t;

-- R4: the first instant begins a session anyway, there is no empty one before
-- it.  If a restart there counted on top: 2 2 3.
SELECT t, restart, session_number(t, 10, restart) OVER w AS number, want
FROM (VALUES (0, true, 1), (1, false, 1), (2, true, 2)) AS v(t, restart, want)
WINDOW w AS (ORDER BY t)
ORDER BY t;

--
-- R5: end
--

-- R5: an end event is the last of its session; the next instant begins a new
-- one.  If it were the first of the new one: 1 2 2 3 4.
SELECT t, ended, session_number(t, 10, false, ended) OVER w AS number,
       session_end(t, 10, false, ended) OVER w AS "end", want
FROM (VALUES (0, false, '1 1'), (1, true, '1 1'), (2, false, '2 3'), (3, true, '2 3'), (4, true, '3 4'))
     AS v(t, ended, want)
WINDOW w AS (ORDER BY t)
ORDER BY t;

-- R5: its whole instant still belongs, whatever the order of the peers, and
-- two of them in one instant end one session.  If only the rows before it
-- belonged, some at time 5 would be in session 2.
SELECT actor, t, ended, session_number(t, 10, false, ended) OVER w AS number,
       session_event_count(t, 10, false, ended) OVER w AS count, want
FROM (VALUES ('first', 0, false, '1 3'), ('first', 5, true,  '1 3'),
             ('first', 5, false, '1 3'), ('first', 6, false, '2 1'),
             ('last',  0, false, '1 3'), ('last',  5, false, '1 3'),
             ('last',  5, true,  '1 3'), ('last',  6, false, '2 1'),
             ('twice', 0, false, '1 3'), ('twice', 5, true,  '1 3'),
             ('twice', 5, true,  '1 3'), ('twice', 6, false, '2 1'))
     AS v(actor, t, ended, want)
WINDOW w AS (PARTITION BY actor ORDER BY t)
ORDER BY actor, t, ended;

-- R5: NULL is false.  Were it true: 1 2 3.
SELECT t, ended, session_number(t, 10, false, ended) OVER w AS number, want
FROM (VALUES (0, NULL, 1), (5, NULL, 1), (6, false, 1)) AS v(t, ended, want)
WINDOW w AS (ORDER BY t)
ORDER BY t;

-- R5 with R4: one event may do both and is then a session of its own.  A long
-- pause after an end (20) is still one cut, not two.
SELECT t, restart, ended, session_number(t, 10, restart, ended) OVER w AS number, want
FROM (VALUES (0, false, false, 1), (1, true, true, 2), (2, false, true, 3), (20, false, false, 4))
     AS v(t, restart, ended, want)
WINDOW w AS (ORDER BY t)
ORDER BY t;

--
-- R6: max_duration
--

-- R6: exactly at start + max_duration an event still belongs, one unit later
-- it begins the next session.  `>=` would cut at 10; multiples of 10 counted
-- from the first event (0-10, 10-20, 20-30) would cut at 20 or 21.
SELECT t, session_number(t, 8, max_duration => 10) OVER w AS number,
       session_start(t, 8, max_duration => 10) OVER w AS start, want
FROM (VALUES (0, '1 0'), (5, '1 0'), (10, '1 0'), (12, '2 12'), (19, '2 12'), (20, '2 12'),
             (21, '2 12'), (22, '2 12'), (23, '3 23'))
     AS v(t, want)
WINDOW w AS (ORDER BY t)
ORDER BY t;

-- R6: it counts from the session's own start, whatever began that session.
-- Counted from the actor's first event it would cut at 11, too.
SELECT t, restart, session_number(t, 8, restart, max_duration => 10) OVER w AS number, want
FROM (VALUES (0, false, 1), (4, true, 2), (11, false, 2), (14, false, 2), (15, false, 3),
             (24, false, 4), (32, false, 4), (34, false, 4), (35, false, 5))
     AS v(t, restart, want)
WINDOW w AS (ORDER BY t)
ORDER BY t;

-- R6: optional: NULL is no cap.
SELECT t, session_number(t, 8, max_duration => NULL) OVER w AS number, want
FROM (VALUES (0, 1), (8, 1), (16, 1), (24, 1)) AS v(t, want)
WINDOW w AS (ORDER BY t)
ORDER BY t;

--
-- R7: several reasons at once are one cut, and the first of restart, end,
-- inactivity, max_duration names it.  Each pair, and all four.  Ranked the
-- other way round, that pair would name the other one.
--
SELECT actor, t, flag,
       session_number(t, inactivity, flag = 'restart', flag = 'end', max_duration) OVER w AS number,
       session_started_by(t, inactivity, flag = 'restart', flag = 'end', max_duration) OVER w AS started_by,
       want
FROM (VALUES ('restart, end',            0, 'end', 10, 10, '1 first'), ('restart, end',             9, 'restart', 10, 10, '2 restart'),
             ('restart, inactivity',     0, '',     8, 10, '1 first'), ('restart, inactivity',      9, 'restart',  8, 10, '2 restart'),
             ('restart, max_duration',   0, '',    10,  8, '1 first'), ('restart, max_duration',    9, 'restart', 10,  8, '2 restart'),
             ('end, inactivity',         0, 'end',  8, 10, '1 first'), ('end, inactivity',          9, '',         8, 10, '2 end'),
             ('end, max_duration',       0, 'end', 10,  8, '1 first'), ('end, max_duration',        9, '',        10,  8, '2 end'),
             ('inactivity, max_duration', 0, '',    8,  8, '1 first'), ('inactivity, max_duration', 9, '',         8,  8, '2 inactivity'),
             ('all four',                0, 'end',  8,  8, '1 first'), ('all four',                 9, 'restart',  8,  8, '2 restart'))
     AS v(actor, t, flag, inactivity, max_duration, want)
WINDOW w AS (PARTITION BY actor ORDER BY t)
ORDER BY actor COLLATE "C", t;

--
-- R8: require_restart
--

-- R8: what does not begin with a restart event is no session: NULL from every
-- function, and no number taken (R9).  Here the actor's first run, and what
-- follows a pause (30), an end (45) and the cap (68 = 53 + 15).  Had those
-- runs taken numbers: 2 for time 5, 4 for 40, 6 for 53.  Glued to the session
-- before them: 1 for 30, 2 for 45, 3 for 69.
SELECT t, flag,
       session_number(t, 10, flag = 'restart', flag = 'end', 15, true) OVER w AS number,
       session_event_number(t, 10, flag = 'restart', flag = 'end', 15, true) OVER w AS event,
       session_start(t, 10, flag = 'restart', flag = 'end', 15, true) OVER w AS start,
       session_end(t, 10, flag = 'restart', flag = 'end', 15, true) OVER w AS "end",
       session_event_count(t, 10, flag = 'restart', flag = 'end', 15, true) OVER w AS count,
       session_started_by(t, 10, flag = 'restart', flag = 'end', 15, true) OVER w AS started_by,
       session_ended_by(t, 10, flag = 'restart', flag = 'end', 15, true) OVER w AS ended_by,
       want
FROM (VALUES (0,  '',        NULL),
             (5,  'restart', '1 1 5 12 2 restart inactivity'),
             (12, '',        '1 2 5 12 2 restart inactivity'),
             (30, '',        NULL),
             (32, '',        NULL),
             (40, 'restart', '2 1 40 44 2 restart end'),
             (44, 'end',     '2 2 40 44 2 restart end'),
             (45, '',        NULL),
             (53, 'restart', '3 1 53 68 3 restart max_duration'),
             (60, '',        '3 2 53 68 3 restart max_duration'),
             (68, '',        '3 3 53 68 3 restart max_duration'),
             (69, '',        NULL),
             (70, 'end',     NULL),
             (71, '',        NULL))
     AS v(t, flag, want)
WINDOW w AS (ORDER BY t)
ORDER BY t;

-- R8: without a single restart event there is no session at all.
SELECT t, session_number(t, 10, require_restart => true) OVER w AS number, want
FROM (VALUES (0, NULL::int), (5, NULL), (50, NULL)) AS v(t, want)
WINDOW w AS (ORDER BY t)
ORDER BY t;

-- R8: one restart event makes the whole instant a session's first, among peers
-- too; NULL is no restart event.
SELECT t, restart, session_number(t, 10, restart, require_restart => true) OVER w AS number, want
FROM (VALUES (0, NULL, NULL), (5, false, 1), (5, true, 1), (5, NULL, 1), (20, NULL, NULL), (20, false, NULL))
     AS v(t, restart, want)
WINDOW w AS (ORDER BY t)
ORDER BY t, restart;

-- R8: off, and NULL is off.
SELECT t, session_number(t, 10, false, require_restart => false) OVER w AS off,
       session_number(t, 10, false, require_restart => NULL) OVER w AS "null", want
FROM (VALUES (0, 1), (5, 1), (50, 2)) AS v(t, want)
WINDOW w AS (ORDER BY t)
ORDER BY t;

--
-- R9: numbers
--

-- R9: sessions count from 1 for every actor, events from 1 in every session.
SELECT actor, t, session_number(t, 10) OVER w AS number,
       session_event_number(t, 10) OVER w AS event, want
FROM (VALUES ('a', 0, '1 1'), ('a', 5, '1 2'), ('a', 20, '2 1'), ('a', 40, '3 1'), ('a', 41, '3 2'), ('a', 42, '3 3'),
             ('b', 3, '1 1'), ('b', 20, '2 1'), ('b', 25, '2 2'))
     AS v(actor, t, want)
WINDOW w AS (PARTITION BY actor ORDER BY t)
ORDER BY actor, t;

-- R9: peers are numbered in any order, but no number twice and none left out.
-- A rank would say 1 2 2 2 5 or 1 2 2 2 3.
SELECT t, session_event_number(t, 10) OVER w AS event, want
FROM (VALUES (0, '1'), (5, '2, 3, 4'), (5, '2, 3, 4'), (5, '2, 3, 4'), (6, '5'), (20, '1, 2'), (20, '1, 2'))
     AS v(t, want)
WINDOW w AS (ORDER BY t)
ORDER BY t, event;

-- R9 with R8: events outside are not counted in a session's numbers either.
SELECT t, restart, session_number(t, 10, restart, require_restart => true) OVER w AS number,
       session_event_number(t, 10, restart, require_restart => true) OVER w AS event, want
FROM (VALUES (0, false, NULL), (1, false, NULL), (2, true, '1 1'), (3, false, '1 2'), (20, false, NULL),
             (21, true, '2 1'), (21, true, '2 2'))
     AS v(t, restart, want)
WINDOW w AS (ORDER BY t)
ORDER BY t, event;

--
-- R10: start, end and count
--

-- R10: the end is the time of the last event (12), not the last event plus the
-- inactivity (22); one instant ends where it starts; events are counted, not
-- instants.  Every event of the session knows all three.
SELECT t, session_start(t, 10) OVER w AS start, session_end(t, 10) OVER w AS "end",
       session_event_count(t, 10) OVER w AS count, want
FROM (VALUES (0, '0 12 4'), (5, '0 12 4'), (5, '0 12 4'), (12, '0 12 4'), (30, '30 30 2'), (30, '30 30 2'), (50, '50 50 1'))
     AS v(t, want)
WINDOW w AS (ORDER BY t)
ORDER BY t;

--
-- R11: why sessions begin and end
--

-- R11: every reason once.  `first` is the actor's first instant unless it is a
-- restart.  A session that closes with an end event ended by `end`, even if
-- the next begins with a restart (11).  The last one has no reason yet.
SELECT t, flag,
       session_number(t, 10, flag = 'restart', flag = 'end', 15) OVER w AS number,
       session_started_by(t, 10, flag = 'restart', flag = 'end', 15) OVER w AS started_by,
       session_ended_by(t, 10, flag = 'restart', flag = 'end', 15) OVER w AS ended_by,
       want
FROM (VALUES (0,  '',        '1 first restart'),
             (5,  'restart', '2 restart end'),
             (7,  'end',     '2 restart end'),
             (8,  '',        '3 end end'),
             (10, 'end',     '3 end end'),
             (11, 'restart', '4 restart inactivity'),
             (22, '',        '5 inactivity max_duration'),
             (30, '',        '5 inactivity max_duration'),
             (37, '',        '5 inactivity max_duration'),
             (38, '',        '6 max_duration'))
     AS v(t, flag, want)
WINDOW w AS (ORDER BY t)
ORDER BY t;

-- R11: the first instant with a restart event, among peers, is `restart`; the
-- last with an end event, among peers, ended by `end`; a session in the middle
-- of which there is no end event does not inherit one from the session before.
SELECT actor, t, flag,
       session_number(t, 10, flag = 'restart', flag = 'end') OVER w AS number,
       session_started_by(t, 10, flag = 'restart', flag = 'end') OVER w AS started_by,
       session_ended_by(t, 10, flag = 'restart', flag = 'end') OVER w AS ended_by,
       want
FROM (VALUES ('a', 0, '', '1 restart end'), ('a', 0, 'restart', '1 restart end'), ('a', 5, 'end', '1 restart end'), ('a', 5, '', '1 restart end'),
             ('b', 0, '', '1 first'), ('b', 5, '', '1 first'),
             ('c', 0, 'end', '1 first end'), ('c', 1, '', '2 end inactivity'), ('c', 20, '', '3 inactivity restart'), ('c', 21, 'restart', '4 restart'),
             ('d', 0, 'restart', '1 restart restart'), ('d', 1, 'restart', '2 restart'))
     AS v(actor, t, flag, want)
WINDOW w AS (PARTITION BY actor ORDER BY t)
ORDER BY actor, t, flag;

-- R11 with R8: the next run says why a session ended even where it is no
-- session itself (20 and 41), and a run outside passes nothing on: the session
-- at 30 began by restart, not by the end event at 21.
SELECT t, flag,
       session_number(t, 10, flag = 'restart', flag = 'end', require_restart => true) OVER w AS number,
       session_started_by(t, 10, flag = 'restart', flag = 'end', require_restart => true) OVER w AS started_by,
       session_ended_by(t, 10, flag = 'restart', flag = 'end', require_restart => true) OVER w AS ended_by,
       want
FROM (VALUES (0,  'restart', '1 restart inactivity'),
             (20, '',        NULL),
             (21, 'end',     NULL),
             (30, 'restart', '2 restart inactivity'),
             (41, '',        NULL))
     AS v(t, flag, want)
WINDOW w AS (ORDER BY t)
ORDER BY t;

--
-- The frame clause does not matter: the end and the count are those of the
-- whole session also where the frame is one row, or none.
--
SELECT t,
       session_end(t, 10) OVER (ORDER BY t ROWS BETWEEN CURRENT ROW AND CURRENT ROW) AS one_row,
       session_end(t, 10) OVER (ORDER BY t ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before,
       session_event_count(t, 10) OVER (ORDER BY t GROUPS BETWEEN 1 FOLLOWING AND 1 FOLLOWING) AS next_group,
       session_event_number(t, 10) OVER (ORDER BY t ROWS UNBOUNDED PRECEDING EXCLUDE CURRENT ROW) AS exclude,
       session_number(t, 10) OVER (ORDER BY t RANGE BETWEEN 3 PRECEDING AND 3 FOLLOWING) AS range, want
FROM (VALUES (0::bigint, '12 12 3 1 1'), (6, '12 12 3 2 1'), (12, '12 12 3 3 1'), (30, '30 30 1 1 2')) AS v(t, want)
ORDER BY t;

-- Several definitions, windows and plain window functions side by side.
SELECT actor, t,
       session_number(t, 10) OVER w AS ten,
       session_number(t, 3) OVER w AS three,
       session_number(t, 3) OVER (ORDER BY t) AS everybody,
       row_number() OVER w AS row, want
FROM (VALUES ('a', 0, '1 1 1 1'), ('a', 4, '1 2 1 2'), ('b', 2, '1 1 1 1'), ('b', 9, '1 2 2 2'), ('b', 20, '2 3 3 3'))
     AS v(actor, t, want)
WINDOW w AS (PARTITION BY actor ORDER BY t)
ORDER BY actor, t;

-- All seven for timestamptz and for timestamp, in seconds after 1970.
SELECT s, flag,
       session_number(t, interval '10 s', flag = 'restart', flag = 'end', interval '15 s') OVER w AS number,
       session_event_number(t, interval '10 s', flag = 'restart', flag = 'end', interval '15 s') OVER w AS event,
       session_start(t, interval '10 s', flag = 'restart', flag = 'end', interval '15 s') OVER w AS start,
       session_end(t, interval '10 s', flag = 'restart', flag = 'end', interval '15 s') OVER w AS "end",
       session_event_count(t, interval '10 s', flag = 'restart', flag = 'end', interval '15 s') OVER w AS count,
       session_started_by(t, interval '10 s', flag = 'restart', flag = 'end', interval '15 s') OVER w AS started_by,
       session_ended_by(t, interval '10 s', flag = 'restart', flag = 'end', interval '15 s') OVER w AS ended_by,
       want
FROM (VALUES (0, '', '1 1 0 0 1 first restart'), (5, 'restart', '2 1 5 7 2 restart end'), (7, 'end', '2 2 5 7 2 restart end'),
             (8, '', '3 1 8 8 1 end inactivity'), (19, '', '4 1 19 34 3 inactivity max_duration'), (29, '', '4 2 19 34 3 inactivity max_duration'),
             (34, '', '4 3 19 34 3 inactivity max_duration'), (35, '', '5 1 35 35 1 max_duration'))
     AS v(s, flag, want), to_timestamp(s) AS t
WINDOW w AS (ORDER BY t)
ORDER BY s;

SELECT s, flag,
       session_number(t, interval '10 s', flag = 'restart', flag = 'end', interval '15 s') OVER w AS number,
       session_event_number(t, interval '10 s', flag = 'restart', flag = 'end', interval '15 s') OVER w AS event,
       session_start(t, interval '10 s', flag = 'restart', flag = 'end', interval '15 s') OVER w AS start,
       session_end(t, interval '10 s', flag = 'restart', flag = 'end', interval '15 s') OVER w AS "end",
       session_event_count(t, interval '10 s', flag = 'restart', flag = 'end', interval '15 s') OVER w AS count,
       session_started_by(t, interval '10 s', flag = 'restart', flag = 'end', interval '15 s') OVER w AS started_by,
       session_ended_by(t, interval '10 s', flag = 'restart', flag = 'end', interval '15 s') OVER w AS ended_by,
       want
FROM (VALUES (0, '', '1 1 0 0 1 first restart'), (5, 'restart', '2 1 5 7 2 restart end'), (7, 'end', '2 2 5 7 2 restart end'),
             (8, '', '3 1 8 8 1 end inactivity'), (19, '', '4 1 19 34 3 inactivity max_duration'), (29, '', '4 2 19 34 3 inactivity max_duration'),
             (34, '', '4 3 19 34 3 inactivity max_duration'), (35, '', '5 1 35 35 1 max_duration'))
     AS v(s, flag, want), CAST(to_timestamp(s) AS timestamp) AS t
WINDOW w AS (ORDER BY t)
ORDER BY s;

-- A subquery that runs once per actor starts anew each time.
SELECT actor, t, number, want
FROM (VALUES ('a'), ('b'), ('c')) AS actors(actor),
     LATERAL (SELECT t, session_number(t, 10) OVER w AS number, want
              FROM (VALUES ('a', 0, 1), ('a', 11, 2), ('b', 5, 1), ('b', 30, 2), ('c', 1, 1)) AS v(a, t, want)
              WHERE v.a = actors.actor
              WINDOW w AS (ORDER BY t)) AS e
ORDER BY actor, t;

--
-- R15: exact arithmetic
--

-- R15: microseconds count, for timestamptz and for timestamp.  With seconds
-- cut off, 1.500001 would not be longer than 1.5.
SELECT t, session_number(t, interval '1.5 seconds') OVER w AS number, want,
       session_start(t, interval '1.5 seconds') OVER w AS start,
       session_end(t, interval '1.5 seconds') OVER w AS "end"
FROM (VALUES (timestamptz '2020-01-01 00:00:00.000000+00', 1),
             (timestamptz '2020-01-01 00:00:01.500000+00', 1),
             (timestamptz '2020-01-01 00:00:03.000001+00', 2)) AS v(t, want)
WINDOW w AS (ORDER BY t)
ORDER BY t;

SELECT t, session_number(t, interval '1.5 seconds') OVER w AS number, want,
       session_start(t, interval '1.5 seconds') OVER w AS start,
       session_end(t, interval '1.5 seconds') OVER w AS "end"
FROM (VALUES (timestamp '2020-01-01 00:00:00.000000', 1),
             (timestamp '2020-01-01 00:00:01.500000', 1),
             (timestamp '2020-01-01 00:00:03.000001', 2)) AS v(t, want)
WINDOW w AS (ORDER BY t)
ORDER BY t;

-- R15: max_duration to the microsecond.
SELECT t, session_number(t, interval '1 hour', max_duration => interval '90 minutes') OVER w AS number, want
FROM (VALUES (timestamptz '2020-01-01 00:00+00', 1),
             (timestamptz '2020-01-01 01:00+00', 1),
             (timestamptz '2020-01-01 01:30+00', 1),
             (timestamptz '2020-01-01 01:30:00.000001+00', 2)) AS v(t, want)
WINDOW w AS (ORDER BY t)
ORDER BY t;

-- R15: a day is 24 hours whatever the TimeZone.  In Berlin 2020-03-29 has 23
-- hours, so that from noon to 13:00 they are exactly 24: it stays.  By the
-- calendar it would be more than a day.  In October noon to noon is 25 hours
-- and is cut.
SET timezone = 'Europe/Berlin';
SELECT t, session_number(t, interval '1 day') OVER w AS number, want
FROM (VALUES (timestamptz '2020-03-28 12:00 Europe/Berlin', 1),
             (timestamptz '2020-03-29 13:00 Europe/Berlin', 1),
             (timestamptz '2020-03-30 13:00:00.000001 Europe/Berlin', 2),
             (timestamptz '2020-10-24 12:00 Europe/Berlin', 3),
             (timestamptz '2020-10-25 12:00 Europe/Berlin', 4)) AS v(t, want)
WINDOW w AS (ORDER BY t)
ORDER BY t;
SELECT t, session_number(t, interval '30 days', max_duration => interval '1 day') OVER w AS number, want
FROM (VALUES (timestamptz '2020-03-28 12:00 Europe/Berlin', 1),
             (timestamptz '2020-03-29 13:00 Europe/Berlin', 1),
             (timestamptz '2020-03-29 13:00:00.000001 Europe/Berlin', 2)) AS v(t, want)
WINDOW w AS (ORDER BY t)
ORDER BY t;
SET timezone = 'UTC';

-- R15: days and time of an inactivity are added up: 1 day - 23:50 is 10 minutes.
SELECT t, session_number(t, interval '1 day -23:50') OVER w AS number, want
FROM (VALUES (timestamp '2020-01-01 00:00', 1), (timestamp '2020-01-01 00:10', 1),
             (timestamp '2020-01-01 00:20:00.000001', 2)) AS v(t, want)
WINDOW w AS (ORDER BY t)
ORDER BY t;

-- R15: infinite times are ordinary instants, further away than any finite
-- inactivity.  106751991 days is the last whole day that fits into 64 bits:
-- added to a time it passes the end of the range, where infinity lies, and
-- added to the number behind -infinity it would reach 1999.
SELECT inactivity, t, session_number(t, inactivity) OVER w AS number, want,
       session_start(t, inactivity) OVER w AS start, session_end(t, inactivity) OVER w AS "end",
       session_event_count(t, inactivity) OVER w AS count,
       session_started_by(t, inactivity) OVER w AS started_by
FROM (VALUES (interval '1 day', timestamptz '-infinity', 1), (interval '1 day', '-infinity', 1), (interval '1 day', '1970-01-01', 2),
             (interval '1 day', 'infinity', 3), (interval '1 day', 'infinity', 3),
             (interval '106751991 days', timestamptz '-infinity', 1), (interval '106751991 days', '1970-01-01', 2),
             (interval '106751991 days', '2020-01-01', 2), (interval '106751991 days', 'infinity', 3))
     AS v(inactivity, t, want)
WINDOW w AS (PARTITION BY inactivity ORDER BY t)
ORDER BY inactivity, t;

-- R15: an inactivity beyond 64 bits of microseconds means never: nothing is
-- cut by it, not even at infinity.
SELECT t, session_number(t, interval '2000000000 days') OVER w AS number, want,
       session_start(t, interval '2000000000 days') OVER w AS start,
       session_end(t, interval '2000000000 days') OVER w AS "end"
FROM (VALUES (timestamp '-infinity', 1), (timestamp '4713-01-01 BC', 1), (timestamp '2020-01-01', 1),
             (timestamp '294276-12-31', 1), (timestamp 'infinity', 1)) AS v(t, want)
WINDOW w AS (ORDER BY t)
ORDER BY t;

-- R15: the same for max_duration: finite it cuts on the way from and to
-- infinity, beyond 64 bits it never does.
SELECT t, session_number(t, interval '2000000000 days', max_duration => interval '106751991 days') OVER w AS capped,
       session_started_by(t, interval '2000000000 days', max_duration => interval '106751991 days') OVER w AS started_by,
       session_number(t, interval '2000000000 days', max_duration => interval '2000000000 days') OVER w AS uncapped, want
FROM (VALUES (timestamptz '-infinity', '1 first 1'), (timestamptz '2020-01-01', '2 max_duration 1'),
             (timestamptz '2021-01-01', '2 max_duration 1'), (timestamptz 'infinity', '3 max_duration 1')) AS v(t, want)
WINDOW w AS (ORDER BY t)
ORDER BY t;
