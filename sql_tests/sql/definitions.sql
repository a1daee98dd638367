--
-- definitions.sql: named definitions and their three views: columns, labels,
-- what begins and ends sessions, names, changes.  "Rn" are the rules of the
-- session semantics.  Bad input is in definitions_errors.sql, metrics are in
-- metrics.sql.
--
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS sessionize;
CREATE SCHEMA definitions;
RESET client_min_messages;
SET search_path = definitions;
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET intervalstyle = 'postgres';
\pset null '(null)'
\set SHOW_CONTEXT never

-- Columns of a definition's views: number, name and type, comment.
CREATE FUNCTION columns_of(relation regclass)
RETURNS TABLE (n smallint, "column" name, type text, comment text)
LANGUAGE sql STABLE AS $$
    SELECT attnum, attname, format_type(atttypid, atttypmod), col_description(attrelid, attnum)
    FROM pg_attribute WHERE attrelid = relation AND attnum > 0 AND NOT attisdropped
    ORDER BY attnum
$$;

-- Nothing is left of any definition.
CREATE FUNCTION drop_all() RETURNS bigint
LANGUAGE sql AS $$
    SELECT count(sessionize.drop_session(name => d.name, schema => d.schema))
    FROM sessionize.session_definition AS d
$$;

--
-- Three views
--

CREATE TABLE events (
    event_id int, user_id int, ts timestamptz, event text, page text, amount numeric(10,2)
);
INSERT INTO events VALUES
    (1, 1, '2020-01-01 10:00', 'login',    '/',     NULL),
    (2, 1, '2020-01-01 10:10', 'view',     '/a',    NULL),
    (3, 1, '2020-01-01 10:40', 'purchase', '/cart', 12.50),    -- exactly 30 minutes: R3, stays
    (4, 1, '2020-01-01 11:10:00.000001', 'view', '/a', NULL),  -- a microsecond more: cut
    (5, 2, '2020-01-01 09:00', 'view',     '/',     NULL),
    (6, 2, '2020-01-01 09:00', 'view',     '/b',    NULL),     -- R2: one instant
    (7, NULL, '2020-01-01 09:01', 'view',  '/b',    NULL),     -- R1: nobody's
    (8, 2, NULL,               'view',     '/b',    NULL);     -- R1: never

SELECT sessionize.define_session(
    name => 'Natalie''s Session', source => 'events', actor => 'user_id', event_time => 'ts',
    inactivity => '30 minutes');
SELECT sessionize.define_metric(
    session => 'Natalie''s Session', name => 'purchases', aggregate => 'count(*)',
    filter => $$event = 'purchase'$$);

-- Every column in its place, with its type and a comment.  Columns of the
-- source have none of ours.
SELECT * FROM columns_of('"Natalie''s Session"');
SELECT * FROM columns_of('"Natalie''s Session_events"');
SELECT * FROM columns_of('"Natalie''s Session_actors"');
SELECT relname, relkind, reloptions, obj_description(oid, 'pg_class') AS comment
FROM pg_class WHERE relnamespace = 'definitions'::regnamespace AND relkind = 'v' ORDER BY relname;

-- What can be queried, and what people call it.
SELECT view_name, column_name, type, kind, label
FROM sessionize.fields WHERE view_schema = 'definitions' AND session = 'Natalie''s Session';

-- fields describes each column by its comment.
SELECT count(*) AS columns, count(*) FILTER (WHERE f.definition IS NOT DISTINCT FROM c.comment) AS same
FROM sessionize.fields AS f, columns_of(format('%I.%I', f.view_schema, f.view_name)::regclass) AS c
WHERE c.column = f.column_name;

-- R9, R10: numbers, times, durations, counts; actors in any order, so sorted.
SELECT user_id, session_number, started_at, ended_at, duration_seconds, duration, event_count,
       started_by, ended_by, is_open, purchases
FROM "Natalie's Session" ORDER BY user_id, session_number;
SELECT event_id, session_number, session_event_number, session_started_at, session_ended_at,
       session_duration_seconds, session_duration, session_event_count, user_id, ts, event, page, amount
FROM "Natalie's Session_events" WHERE user_id = 1 ORDER BY event_id;
-- R9: peers get numbers in any order, but no number twice.
SELECT array_agg(event_id ORDER BY event_id) AS events, session_number,
       array_agg(session_event_number ORDER BY session_event_number) AS event_numbers
FROM "Natalie's Session_events" WHERE user_id = 2 GROUP BY session_number;
SELECT * FROM "Natalie's Session_actors" ORDER BY user_id;

-- R12: the id is session_id()'s of actor and start, on the session and on
-- each of its events.
SELECT bool_and(session_id = sessionize.session_id(started_at, user_id)) AS as_documented,
       count(DISTINCT session_id) AS ids, count(*) AS sessions
FROM "Natalie's Session";
SELECT count(*) AS events, count(DISTINCT e.session_id) AS ids,
       bool_and(e.session_number = s.session_number AND e.user_id = s.user_id
                AND e.session_event_count = s.event_count AND e.session_duration = s.duration) AS same_session
FROM "Natalie's Session_events" AS e JOIN "Natalie's Session" AS s USING (session_id);

-- read() and session_sql() say what the views say.
SELECT count(*) AS differences FROM (
    (TABLE "Natalie's Session" EXCEPT ALL SELECT * FROM sessionize.read(NULL::"Natalie's Session"))
    UNION ALL
    (SELECT * FROM sessionize.read(NULL::"Natalie's Session") EXCEPT ALL TABLE "Natalie's Session")) AS d;
SELECT count(*) AS differences FROM (
    (TABLE "Natalie's Session_actors" EXCEPT ALL SELECT * FROM sessionize.read(NULL::"Natalie's Session_actors"))
    UNION ALL
    (SELECT * FROM sessionize.read(NULL::"Natalie's Session_actors") EXCEPT ALL TABLE "Natalie's Session_actors")) AS d;
SELECT event_id, session_number FROM sessionize.read(NULL::"Natalie's Session_events") ORDER BY event_id;
-- What if: other inactivity, fewer events; the definition stays.
SELECT user_id, session_number, event_count
FROM sessionize.read(NULL::"Natalie's Session", inactivity => '20 minutes') ORDER BY 1, 2;
SELECT user_id, session_number, event_count
FROM sessionize.read(NULL::"Natalie's Session", filter => $$page <> '/a'$$) ORDER BY 1, 2;
SELECT user_id, session_count
FROM sessionize.read(NULL::"Natalie's Session_actors", inactivity => '20 minutes', filter => 'user_id = 1');
SELECT inactivity, filter FROM sessionize.session_definition;
SELECT count(*) AS sessions FROM "Natalie's Session";

SELECT drop_all();

--
-- R11: what began a session, and what ended it
--

CREATE TABLE story (actor text, minute numeric, what text, want text);
INSERT INTO story VALUES
    ('01 pause',                  0, NULL,      '1 first inactivity'),
    ('01 pause',                 40, NULL,      '2 inactivity inactivity'),
    ('02 restart at once',        0, 'restart', '1 restart inactivity'),
    ('02 restart at once',        5, NULL,      '1 restart inactivity'),
    ('03 restart later',          0, NULL,      '1 first restart'),
    ('03 restart later',          5, 'restart', '2 restart inactivity'),
    ('04 end, more',              0, 'end',     '1 first end'),
    ('04 end, more',              5, NULL,      '2 end inactivity'),
    ('05 end, no more',           0, NULL,      '1 first end'),
    ('05 end, no more',           5, 'end',     '1 first end'),
    -- R7: of several causes restart comes first, then end, then inactivity;
    -- but an end event ends its session whatever comes next
    ('06 end, then restart',      0, 'end',     '1 first end'),
    ('06 end, then restart',      5, 'restart', '2 restart inactivity'),
    ('07 pause before restart',   0, NULL,      '1 first restart'),
    ('07 pause before restart',  60, 'restart', '2 restart inactivity'),
    ('08 end, then pause',        0, 'end',     '1 first end'),
    ('08 end, then pause',       60, NULL,      '2 end inactivity'),
    -- R6: exactly at the hour still belongs
    ('09 longest',                0, NULL,      '1 first max_duration'),
    ('09 longest',               25, NULL,      '1 first max_duration'),
    ('09 longest',               50, NULL,      '1 first max_duration'),
    ('09 longest',               60, NULL,      '1 first max_duration'),
    ('09 longest',               61, NULL,      '2 max_duration inactivity'),
    ('10 pause and longest',      0, NULL,      '1 first inactivity'),
    ('10 pause and longest',     25, NULL,      '1 first inactivity'),
    ('10 pause and longest',     50, NULL,      '1 first inactivity'),
    ('10 pause and longest',     90, NULL,      '2 inactivity inactivity'),
    -- the last session, long ago: 50 + 30 comes after 0 + 60, 30 + 30 with it
    ('11 last, too long first',   0, NULL,      '1 first max_duration'),
    ('11 last, too long first',  25, NULL,      '1 first max_duration'),
    ('11 last, too long first',  50, NULL,      '1 first max_duration'),
    ('12 last, both at once',     0, NULL,      '1 first inactivity'),
    ('12 last, both at once',    30, NULL,      '1 first inactivity');
CREATE VIEW told AS
    SELECT actor, timestamptz '2020-01-01' + minute * interval '1 minute' AS ts, what, want FROM story;
SELECT sessionize.define_session('why', 'told', 'actor', 'ts', '30 min',
    restart_on => $$what = 'restart'$$, end_on => $$what = 'end'$$, max_duration => '1 hour');
SELECT actor, session_number, started_by, ended_by, is_open FROM why ORDER BY actor, session_number;
SELECT count(*) AS events,
       count(*) FILTER (WHERE want = concat_ws(' ', w.session_number, started_by, ended_by)) AS as_wanted
FROM why_events AS e JOIN why AS w USING (session_id);

-- R8: what does not begin with a restart is no session and takes no number;
-- yet it ends the session before it.
SELECT sessionize.alter_session('why', 'require_restart', 'true');
TRUNCATE story;
INSERT INTO story VALUES
    ('01 outside first',  0, NULL,      NULL),
    ('01 outside first',  5, 'restart', '1 restart inactivity'),
    ('01 outside first', 50, NULL,      NULL),
    ('01 outside first', 55, 'end',     NULL),
    ('01 outside first', 56, NULL,      NULL),
    ('01 outside first', 57, 'restart', '2 restart inactivity'),
    ('02 outside only',   0, NULL,      NULL),
    ('03 end',            0, 'restart', '1 restart end'),
    ('03 end',            1, 'end',     '1 restart end'),
    ('03 end',            2, NULL,      NULL);
SELECT actor, session_number, event_count, started_by, ended_by FROM why ORDER BY actor, session_number;
SELECT actor, ts, session_number FROM why_events ORDER BY actor, ts;
SELECT actor, session_count, event_count FROM why_actors ORDER BY actor;

-- The last session by the clock.  now() stands still in a transaction, so
-- "exactly" can be had.
SELECT sessionize.alter_session(name => 'why', field => 'require_restart', value => 'false');
CREATE TABLE lately (actor text, ago interval, what text);
INSERT INTO lately VALUES
    ('01 just now',                '0 min',  NULL),
    ('02 exactly at the limit',    '30 min', NULL),
    ('03 a microsecond over',      '30 min 0.000001 s', NULL),
    ('04 longest, exactly',        '60 min', NULL),
    ('04 longest, exactly',        '35 min', NULL),
    ('04 longest, exactly',        '10 min', NULL),
    ('05 longest, over',           '60 min 0.000001 s', NULL),
    ('05 longest, over',           '35 min', NULL),
    ('05 longest, over',           '10 min', NULL),
    ('06 ended',                   '1 min',  'end'),
    ('07 the one before',          '2 min',  NULL),
    ('07 the one before',          '1 min',  'restart'),
    ('08 in the future',           '-1 day', NULL);
CREATE OR REPLACE VIEW told AS
    SELECT actor, now() - ago AS ts, what, NULL::text AS want FROM lately;
SELECT actor, session_number, started_by, ended_by, is_open FROM why ORDER BY actor, session_number;

-- A timestamp without time zone is compared with LOCALTIMESTAMP, wherever
-- that is.
CREATE VIEW told_locally AS SELECT actor, localtimestamp - ago AS ts, what FROM lately;
SELECT sessionize.define_session('local', 'told_locally', 'actor', 'ts', '30 min',
    end_on => $$what = 'end'$$, max_duration => '1 hour');
SET timezone = 'Asia/Tokyo';
SELECT actor, ended_by, is_open FROM local ORDER BY actor;
SET timezone = 'UTC';

SELECT drop_all();
DROP VIEW told, told_locally;

--
-- Event times and actors of other kinds
--

CREATE TABLE "Ereignisse" (
    "Wer" text, "E-Mail" text, device int, at timestamp, day date, seconds bigint
);
INSERT INTO "Ereignisse" VALUES
    ('a', 'A@x.org', 1,    '2020-03-29 01:50', '2020-03-29', 1585446600),
    ('a', 'a@X.org', 1,    '2020-03-29 02:10', '2020-03-29', 1585447800),
    ('a', 'a@x.org', 2,    '2020-03-29 03:00', '2020-03-30', 1585450800),
    ('a', 'a@x.org', NULL, '2020-03-29 03:05', '2020-04-02', 1585451100);

-- A timestamp stays one, and knows of no summer time.
SET timezone = 'Europe/Berlin';
SELECT sessionize.define_session('plain', '"Ereignisse"', '"Wer"', 'at', '30 min');
SELECT "Wer", started_at, ended_at, duration, pg_typeof(started_at) AS type FROM plain ORDER BY started_at;
-- A date is read as a timestamp: two days in a row are a session.
SELECT sessionize.define_session('daily', '"Ereignisse"', '"Wer"', 'day', '1 day');
SELECT started_at, ended_at, duration, event_count, pg_typeof(started_at) AS type FROM daily ORDER BY started_at;
-- A number becomes a time by to_timestamp().
SELECT sessionize.define_session('unix', '"Ereignisse"', '"Wer"', 'to_timestamp(seconds)', '30 min');
SELECT started_at, ended_at, duration, pg_typeof(started_at) AS type FROM unix ORDER BY started_at;
SET timezone = 'UTC';

-- An actor may be an expression, by an alias.  On events it is a label.
SELECT sessionize.define_session('by mail', '"Ereignisse"', 'lower("E-Mail") AS "Mail"', 'at', '30 min');
SELECT "Mail", session_number, event_count FROM "by mail" ORDER BY 1, 2;
SELECT "session_Mail", "E-Mail", session_number FROM "by mail_events" ORDER BY at;
SELECT "Mail", session_count FROM "by mail_actors";
SELECT column_name, kind, label, definition FROM sessionize.fields
WHERE session = 'by mail' AND definition LIKE 'actor%' OR session = 'by mail' AND column_name = 'time_in_session';
-- Two columns, one of them by another name.  R1: a NULL part is no actor.
SELECT sessionize.define_session('by device', '"Ereignisse"', '"Wer", device AS "Gerät"', 'at', '30 min');
SELECT "Wer", "Gerät", session_number, event_count FROM "by device" ORDER BY 1, 2, 3;
SELECT "Wer", device, session_number FROM "by device_events" ORDER BY at;
SELECT "Wer", "Gerät", session_count, time_in_session FROM "by device_actors" ORDER BY 1, 2;
SELECT column_name, label FROM sessionize.fields
WHERE view_name = 'by device_actors' AND column_name IN ('Wer', 'Gerät', 'session_count', 'time_in_session');
SELECT name, source, actor, event_time FROM sessionize.session_definition ORDER BY name;

SELECT drop_all();

--
-- Texts mean for good what they meant to their author, whatever search_path
-- somebody reads, alters or adds a metric with
--
CREATE SCHEMA false_friends;
CREATE FUNCTION false_friends.lower(text) RETURNS text LANGUAGE sql IMMUTABLE RETURN 'wrong';
SELECT sessionize.define_session('by mail', '"Ereignisse"', 'lower("E-Mail") AS mail', 'at', '30 min');
SET search_path = false_friends, pg_catalog, definitions;
SELECT DISTINCT mail FROM "by mail";
SELECT DISTINCT mail FROM sessionize.read(NULL::"by mail");
SELECT strpos(sessionize.session_sql('by mail'), 'false_friends') > 0 AS misled;
SELECT sessionize.alter_session('by mail', 'inactivity', '1 hour');
SELECT DISTINCT mail FROM "by mail";
SELECT sessionize.define_metric('by mail', 'mails', 'count(DISTINCT pg_catalog.lower("E-Mail"))');
SELECT DISTINCT mail, mails FROM "by mail";
SELECT sessionize.rebuild_views('by mail');
SELECT DISTINCT mail, mails FROM "by mail_actors";
SET search_path = definitions;
SELECT drop_all();
DROP SCHEMA false_friends CASCADE;

--
-- label_prefix
--

-- The source has such a column: the prefix becomes the name, with a notice.
CREATE TABLE hits (session_id text, visit_id int, user_id int, ts timestamptz);
INSERT INTO hits VALUES ('s1', 1, 1, '2020-01-01'), ('s2', 2, 1, '2020-01-02');
SELECT sessionize.define_session('tour', 'hits', 'user_id', 'ts', '30 min');
SELECT "column" FROM columns_of('tour_events');
-- In texts about events session_id is the source's, in texts about sessions
-- the session's.
SELECT sessionize.define_metric('tour', 'client sessions', 'min(session_id)', filter => $$session_id <> 's1'$$,
                                session_filter => 'session_id = sessionize.session_id(started_at, user_id)');
SELECT session_number, "client sessions" FROM tour ORDER BY 1;
SELECT session_id, tour_number FROM tour_events ORDER BY 1;
SELECT "client sessions" FROM tour_actors;
-- Any of them: session_started_at, too; but not session_other.
CREATE TABLE hits2 (session_started_at text, user_id int, ts timestamptz);
SELECT sessionize.define_session('tour2', 'hits2', 'user_id', 'ts', '30 min');
CREATE TABLE hits3 (session_other text, user_id int, ts timestamptz);
SELECT sessionize.define_session('tour3', 'hits3', 'user_id', 'ts', '30 min');
-- Explicit: what is asked for, without a notice.
SELECT sessionize.define_session('tour4', 'hits', 'user_id', 'ts', '30 min', label_prefix => 'My ');
SELECT "column" FROM columns_of('tour4_events');
SELECT column_name, label FROM sessionize.fields WHERE view_name = 'tour4_events';
-- Both collide, or the one that was asked for.
SELECT sessionize.define_session('visit', 'hits', 'user_id', 'ts', '30 min');
\echo :LAST_ERROR_SQLSTATE
SELECT sessionize.define_session('tour5', 'hits', 'user_id', 'ts', '30 min', label_prefix => 'session_');
\echo :LAST_ERROR_SQLSTATE
-- An actor's label collides like the others.
SELECT sessionize.define_session('tour6', 'hits3', 'user_id + 1 AS other', 'ts', '30 min');
SELECT name, label_prefix FROM sessionize.session_definition ORDER BY name;

SELECT drop_all();

--
-- Names at their worst
--

CREATE SCHEMA "Other Schema";
CREATE TABLE "Other Schema"."table ""of"" events; --" (
    "user's id" int, "time ""of"" it" timestamptz, "SELECT" int, "ä" text, "a.b" int
);
INSERT INTO "Other Schema"."table ""of"" events; --" VALUES
    (1, '2020-01-01 10:00', 1, 'x', 5), (1, '2020-01-01 11:00', 2, 'y', 6);

-- Spaces, quotes, dots, comments, keywords, braces, a backslash, a dollar.
SELECT sessionize.define_session(
    name => name, source => '"Other Schema"."table ""of"" events; --"',
    actor => '"user''s id"', event_time => '"time ""of"" it"', inactivity => '30 min',
    filter => '"SELECT" > 0')
FROM unnest(ARRAY['two words', 'a "quoted" one', 'it''s', 'public.visit', 'x; DROP TABLE events; --',
                  '/* select */', 'select', 'C:\temp', '$$', '%I', '{}', 'ÄÖÜ ß 会话', ' ', 'x_events'])
     AS name;
SELECT sessionize.define_metric(session => d.name, name => m.name, aggregate => 'sum("SELECT")',
                                filter => '"a.b" > 0', session_filter => '"user''s id" = 1')
FROM sessionize.session_definition AS d,
     unnest(ARRAY['the "sum" of it''s all; --', 'ä', 'select', '%s']) AS m(name)
WHERE d.name IN ('a "quoted" one', 'ÄÖÜ ß 会话')
ORDER BY d.name COLLATE "C", m.name COLLATE "C";
SELECT * FROM "a ""quoted"" one_actors";
SELECT "ÄÖÜ ß 会话_events".session_number, "ä" FROM "ÄÖÜ ß 会话_events" ORDER BY 1;
SELECT session, count(*) AS columns, count(label) AS labels
FROM sessionize.fields GROUP BY session ORDER BY session COLLATE "C";
-- all of them can be read, altered, rebuilt, renamed and dropped
SELECT count(sessionize.session_sql(d.name, v.relation)) AS queries
FROM sessionize.session_definition AS d, unnest('{sessions,events,actors}'::text[]) AS v(relation);
SELECT count(sessionize.alter_session(d.name, 'inactivity', '2 hours')) AS altered FROM sessionize.session_definition AS d;
SELECT sessionize.rebuild_views() AS rebuilt;
SELECT * FROM sessionize.check_definitions();
SELECT event_count FROM "x; DROP TABLE events; --";
SELECT count(sessionize.alter_session(d.name, 'name', d.name || '"''')) AS renamed FROM sessionize.session_definition AS d;
SELECT count(*) AS views FROM pg_views WHERE schemaname = 'definitions' AND strpos(viewname, '"''') > 0;
SELECT drop_all();
SELECT count(*) AS views FROM pg_views WHERE schemaname = 'definitions';

-- 56 bytes are a name, 57 are not; bytes, not letters.
SELECT sessionize.define_session(repeat('n', 56), 'events', 'user_id', 'ts', '30 min');
SELECT relname, length(relname) FROM pg_class WHERE relname LIKE 'nnn%' ORDER BY 1;
SELECT sessionize.define_session(repeat('n', 57), 'events', 'user_id', 'ts', '30 min');
\echo :LAST_ERROR_SQLSTATE
SELECT sessionize.define_session(repeat('ß', 28), 'events', 'user_id', 'ts', '30 min');
SELECT sessionize.define_session(repeat('ß', 28) || 'x', 'events', 'user_id', 'ts', '30 min');
\echo :LAST_ERROR_SQLSTATE
SELECT sessionize.define_session('', 'events', 'user_id', 'ts', '30 min');
\echo :LAST_ERROR_SQLSTATE
-- A metric's name: 63 bytes.
SELECT sessionize.define_metric(repeat('n', 56), repeat('m', 63), 'count(*)');
SELECT sessionize.define_metric(repeat('n', 56), repeat('m', 64), 'count(*)');
\echo :LAST_ERROR_SQLSTATE
SELECT sessionize.define_metric(repeat('ß', 28), repeat('ß', 31), 'count(*)', session_filter => 'session_number = 1');
SELECT sessionize.define_metric(repeat('ß', 28), repeat('ß', 32), 'count(*)');
\echo :LAST_ERROR_SQLSTATE
SELECT user_id, ßßßßßßßßßßßßßßßßßßßßßßßßßßßßßßß AS metric FROM ßßßßßßßßßßßßßßßßßßßßßßßßßßßß_actors ORDER BY 1;
-- A label_prefix: 47 bytes, so that its longest column has a name of 63.
SELECT sessionize.define_session('prefixed', 'events', 'user_id', 'ts', '30 min', label_prefix => repeat('p', 48));
\echo :LAST_ERROR_SQLSTATE

-- One definition's name is another's view's.
SELECT sessionize.define_session('visit', 'events', 'user_id', 'ts', '30 min');
SELECT sessionize.define_session('visit_events', 'events', 'user_id', 'ts', '30 min');
\echo :LAST_ERROR_SQLSTATE
-- The same name in two schemas: the search_path decides, or the argument.
SELECT sessionize.define_session('visit', 'events', 'user_id', 'ts', '1 hour', schema => 'Other Schema');
SELECT sessionize.define_metric('visit', 'here', 'count(*)');
SELECT sessionize.define_metric('visit', 'there', 'count(*)', schema => 'Other Schema');
SET search_path = "Other Schema", definitions;
SELECT sessionize.define_metric('visit', 'there, too', 'count(*)');
SET search_path = definitions;
SELECT schema, session, name, position FROM sessionize.metric_definition
WHERE session = 'visit' ORDER BY schema, position;
-- Names are not parsed for dots.
SELECT sessionize.drop_session('definitions.visit');
\echo :LAST_ERROR_SQLSTATE
SELECT drop_all();

--
-- Sources of all kinds
--

CREATE TABLE part (user_id int, ts timestamptz) PARTITION BY RANGE (ts);
CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM ('2020-01-01') TO ('2020-02-01');
CREATE TABLE part_2 PARTITION OF part FOR VALUES FROM ('2020-02-01') TO ('2020-03-01');
INSERT INTO part VALUES (1, '2020-01-31 23:50'), (1, '2020-02-01 00:10');  -- across midnight
CREATE MATERIALIZED VIEW mat AS SELECT user_id, ts FROM part;
CREATE VIEW seen AS SELECT user_id, ts FROM part;
CREATE TABLE parent (user_id int, ts timestamptz);
CREATE TABLE child () INHERITS (parent);
INSERT INTO parent VALUES (1, '2020-01-31 23:50');
INSERT INTO child VALUES (1, '2020-02-01 00:10');
SELECT sessionize.define_session(name => 'over ' || source, source => source::regclass,
                                 actor => 'user_id', event_time => 'ts', inactivity => '30 min')
FROM unnest('{part,mat,seen,parent}'::text[]) AS source;
SELECT 'part' AS source, event_count, duration FROM "over part"
UNION ALL SELECT 'mat', event_count, duration FROM "over mat"
UNION ALL SELECT 'seen', event_count, duration FROM "over seen"
UNION ALL SELECT 'parent', event_count, duration FROM "over parent";
-- A source of other columns after a drop in the middle.
CREATE TABLE holes (gone int, user_id int, gone_too text, ts timestamptz, n int);
ALTER TABLE holes DROP COLUMN gone, DROP COLUMN gone_too;
INSERT INTO holes VALUES (1, '2020-01-01', 7);
SELECT sessionize.define_session('over holes', 'holes', 'user_id', 'ts', '30 min');
SELECT sessionize.define_metric('over holes', 'total', 'sum(n)', session_filter => 'session_number = 1');
SELECT user_id, total FROM "over holes";
SELECT user_id, total FROM "over holes_actors";
SELECT user_id, ts, n FROM "over holes_events";

-- A column added later is not in the views until replace.
ALTER TABLE holes ADD COLUMN page text DEFAULT '/';
SELECT count(*) FROM columns_of('"over holes_events"') WHERE "column" = 'page';
SELECT sessionize.define_session('over holes', 'holes', 'user_id', 'ts', '30 min', replace => true);
SELECT n, page, session_number FROM "over holes_events";
-- It can be in a metric at once; and metrics survive replace.
ALTER TABLE holes ADD COLUMN price int DEFAULT 3;
SELECT sessionize.define_metric('over holes', 'spent', 'sum(price)');
SELECT total, spent FROM "over holes";
-- A new table of the old name: the views follow the old one, replace takes
-- the one that is named.
CREATE TABLE swapped (user_id int, ts timestamptz);
INSERT INTO swapped VALUES (1, '2020-01-01');
SELECT sessionize.define_session('over swapped', 'swapped', 'user_id', 'ts', '30 min');
ALTER TABLE swapped RENAME TO swapped_old;
CREATE TABLE swapped (user_id int, ts timestamptz);
INSERT INTO swapped VALUES (2, '2020-01-01');
SELECT user_id FROM "over swapped";
SELECT sessionize.define_session('over swapped', 'swapped', 'user_id', 'ts', '30 min', replace => true);
SELECT user_id FROM "over swapped";
-- A source column with the name of one of our own inner columns.
CREATE TABLE inner_names (label_time int, label_number int, label_pick_1 int, label_start int, label_actor_1 int,
                          metric_1 int, event int, session int, w int, ts timestamptz);
INSERT INTO inner_names VALUES (1, 2, 3, 4, 5, 6, 7, 8, 9, '2020-01-01');
SELECT sessionize.define_session('inner', 'inner_names', 'event, session + w AS w', 'ts', '30 min',
                                 filter => 'event = 7 AND session = 8');
SELECT sessionize.define_metric('inner', 'metric_2', 'sum(label_time + label_number)', filter => 'label_start = 4');
SELECT sessionize.define_metric('inner', 'label_metric_2', 'max(label_pick_1)', session_filter => 'metric_2 > 0 AND event = 7');
SELECT sessionize.define_metric('inner', 'metric_1', 'sum(metric_1)', filter => 'session = 8', nth => 1);
SELECT event, w, event_count, metric_2, label_metric_2, metric_1 FROM "inner";
SELECT event, w, event_count, metric_2, label_metric_2, metric_1 FROM "inner_actors";
SELECT * FROM inner_events;
SELECT drop_all();

--
-- Every function by named arguments: qualified, and in the search_path
--
SELECT sessionize.define_session(name => 'visit', source => 'events', actor => 'user_id', event_time => 'ts',
    inactivity => '30 min', restart_on => $$event = 'login'$$, end_on => $$event = 'logout'$$,
    max_duration => '1 day', require_restart => false, filter => $$page <> '/x'$$, keep => 'event_count > 0',
    tie_break => NULL, entry => NULL, exit => NULL, schema => 'definitions', label_prefix => 'visit_',
    security_invoker => true, readers => NULL, replace => false);
SELECT sessionize.define_metric(session => 'visit', name => 'views', aggregate => 'count(*)', filter => $$event = 'view'$$,
    session_filter => 'session_number > 0', nth => 1, schema => 'definitions', replace => false);
SELECT sessionize.alter_session(name => 'visit', field => 'max_duration', value => '2 days', schema => 'definitions');
SELECT sessionize.session_sql(name => 'visit', relation => 'events', inactivity => '1 hour', filter => 'true',
    schema => 'definitions') LIKE '%SELECT%' AS is_sql;
SELECT session_number, views FROM sessionize.read(view_row => NULL::visit, inactivity => '1 hour', filter => 'user_id = 1');
SELECT sessionize.rebuild_views(name => 'visit', schema => 'definitions');
SELECT * FROM sessionize.check_definitions(name => 'visit', schema => 'definitions');
SELECT sessionize.drop_metric(session => 'visit', name => 'views', schema => 'definitions');
SELECT sessionize.drop_session(name => 'visit', cascade => false, schema => 'definitions');
SET search_path = definitions, sessionize;
SELECT define_session(name => 'visit', source => 'events', actor => 'user_id', event_time => 'ts',
    inactivity => '30 min', restart_on => $$event = 'login'$$, end_on => $$event = 'logout'$$,
    max_duration => '1 day', require_restart => false, filter => $$page <> '/x'$$, keep => 'event_count > 0',
    tie_break => NULL, entry => NULL, exit => NULL, schema => 'definitions', label_prefix => 'visit_',
    security_invoker => true, readers => ARRAY['pg_monitor']::name[], replace => false);
SELECT define_metric(session => 'visit', name => 'views', aggregate => 'count(*)', filter => $$event = 'view'$$,
    session_filter => 'session_number > 0', nth => NULL, schema => 'definitions', replace => false);
SELECT define_metric(session => 'visit', name => 'views', aggregate => 'count(event)', filter => $$event = 'view'$$,
    session_filter => 'session_number > 0', nth => 1, schema => 'definitions', replace => true);
SELECT alter_session(name => 'visit', field => 'max_duration', value => '2 days', schema => 'definitions');
SELECT session_sql(name => 'visit', relation => 'actors', inactivity => '1 hour', filter => 'true',
    schema => 'definitions') LIKE '%SELECT%' AS is_sql;
SELECT session_number, views FROM read(view_row => NULL::visit, inactivity => '1 hour', filter => 'user_id = 1');
SELECT rebuild_views(name => 'visit', schema => 'definitions');
SELECT * FROM check_definitions(name => 'visit', schema => 'definitions');
SELECT count(*) FROM fields WHERE session = 'visit' AND kind = 'custom';
-- all that was given is recorded, expressions the way PostgreSQL writes them
\x on
SELECT schema, name, owner = current_user AS own, source, actor, event_time, inactivity, restart_on, end_on,
       max_duration, require_restart, filter, keep, tie_break, entry, exit, label_prefix, security_invoker, readers
FROM session_definition;
SELECT * FROM metric_definition;
\x off
SELECT drop_metric(session => 'visit', name => 'views', schema => 'definitions');
SELECT drop_session(name => 'visit', cascade => false, schema => 'definitions');
SET search_path = definitions;

--
-- Changes are seen at once, for all history; rolled back they never were
--
SELECT sessionize.define_session('visit', 'events', 'user_id', 'ts', '30 min');
PREPARE numbers AS SELECT user_id, array_agg(event_count ORDER BY session_number) AS events
    FROM visit GROUP BY user_id ORDER BY user_id;
EXECUTE numbers;
BEGIN;
SELECT sessionize.alter_session('visit', 'inactivity', '20 min');
EXECUTE numbers;
SELECT sessionize.define_session('visit', 'events', 'user_id', 'ts', '5 min', replace => true);
EXECUTE numbers;
UPDATE sessionize.session_definition SET inactivity = '1 hour' WHERE name = 'visit';
EXECUTE numbers;
SELECT sessionize.define_metric('visit', 'pages', 'count(DISTINCT page)');
SELECT user_id, pages FROM visit ORDER BY user_id;
ROLLBACK;
EXECUTE numbers;
SELECT inactivity FROM sessionize.session_definition;
SELECT count(*) FROM columns_of('visit') WHERE "column" = 'pages';
BEGIN;
SELECT sessionize.drop_session('visit');
SELECT to_regclass('visit') AS gone, (SELECT count(*) FROM sessionize.session_definition) AS definitions;
SELECT sessionize.define_session('visit', 'events', 'user_id', 'ts', '1 day');
EXECUTE numbers;
ROLLBACK;
EXECUTE numbers;
DEALLOCATE numbers;
-- a savepoint, too
BEGIN;
SELECT sessionize.define_session('in vain', 'events', 'user_id', 'ts', '1 day');
SAVEPOINT s;
SELECT sessionize.alter_session('in vain', 'name', 'in vain 2');
SELECT to_regclass('"in vain"') AS old, to_regclass('"in vain 2_events"') AS new;
ROLLBACK TO s;
SELECT to_regclass('"in vain_events"') AS old, to_regclass('"in vain 2"') AS new;
ROLLBACK;
SELECT name FROM sessionize.session_definition;

-- replace: arguments left out return to their defaults, metrics stay
SELECT sessionize.define_session('visit', 'events', 'user_id', 'ts', '10 min', end_on => $$event = 'view'$$,
    max_duration => '1 hour', filter => 'event_id > 0', keep => 'event_count > 1', label_prefix => 'x_', replace => true);
SELECT sessionize.define_metric('visit', 'views', 'count(*)', filter => $$event = 'view'$$);
SELECT sessionize.define_session('visit', 'events', 'user_id', 'ts', '30 min', replace => true);
SELECT inactivity, end_on, max_duration, filter, keep, label_prefix FROM sessionize.session_definition;
SELECT user_id, session_number, event_count, views FROM visit ORDER BY 1, 2;
SELECT "column" FROM columns_of('visit_events') LIMIT 2;
-- without replace it is refused, and nothing changes
SELECT sessionize.define_session('visit', 'events', 'user_id', 'ts', '1 min');
\echo :LAST_ERROR_SQLSTATE
SELECT sessionize.define_metric('visit', 'views', 'sum(amount)');
\echo :LAST_ERROR_SQLSTATE
SELECT d.inactivity, m.aggregate FROM sessionize.session_definition AS d, sessionize.metric_definition AS m;

--
-- alter_session: every field
--
INSERT INTO events VALUES (9, 1, '2020-01-01 11:15', 'logout', '/', NULL), (10, 1, '2020-01-01 11:16', 'view', '/', NULL);
CREATE VIEW events2 AS SELECT event_id, user_id, ts - interval '1 year' AS ts, event, page, amount FROM events;
CREATE FUNCTION summary() RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    RETURN (SELECT string_agg(format('%s: %s (%s)', user_id, n, numbers), ', ' ORDER BY user_id)
            FROM (SELECT user_id, count(*) AS n,
                         string_agg(session_number || '/' || event_count, ' ' ORDER BY session_number) AS numbers
                  FROM visit GROUP BY user_id) AS s);
END $$;
SELECT summary();
SELECT sessionize.alter_session('visit', 'inactivity', '10 minutes');
SELECT summary();
SELECT sessionize.alter_session('visit', 'end_on', $$event = 'logout'$$);
SELECT summary();
SELECT sessionize.alter_session('visit', 'restart_on', $$event = 'purchase' OR event = 'login'$$);
SELECT summary();
SELECT sessionize.alter_session('visit', 'require_restart', 'true');
SELECT summary();
SELECT sessionize.alter_session('visit', 'require_restart', 'false');
SELECT sessionize.alter_session('visit', 'restart_on', NULL);
SELECT sessionize.alter_session('visit', 'end_on', NULL);
SELECT sessionize.alter_session('visit', 'inactivity', '1 day');
SELECT sessionize.alter_session('visit', 'max_duration', '40 min');
SELECT summary();
SELECT sessionize.alter_session('visit', 'filter', 'event_id <> 3');
SELECT summary();
SELECT sessionize.alter_session('visit', 'keep', 'views > 0 AND session_number = 1');
SELECT summary();
SELECT sessionize.alter_session('visit', 'keep', NULL);
SELECT sessionize.alter_session('visit', 'event_time', $$ts + interval '1 hour'$$);
SELECT min(started_at) FROM visit;
SELECT sessionize.alter_session('visit', 'source', 'events2');
SELECT min(started_at) FROM visit;
SELECT sessionize.alter_session('visit', 'label_prefix', 'v_');
SELECT "column" FROM columns_of('visit_events') LIMIT 2;
SELECT sessionize.alter_session('visit', 'actor', 'user_id % 2 AS odd');
SELECT odd, count(*) FROM visit GROUP BY odd ORDER BY odd;
SELECT "column" FROM columns_of('visit_events') OFFSET 8 LIMIT 1;
SELECT sessionize.alter_session('visit', 'security_invoker', 'false');
SELECT relname, reloptions FROM pg_class WHERE oid IN ('visit'::regclass, 'visit_events'::regclass, 'visit_actors'::regclass) ORDER BY 1;
SELECT sessionize.alter_session('visit', 'readers', '{pg_monitor}');
SELECT has_table_privilege('pg_monitor', 'visit_actors', 'SELECT') AS may_read;
SELECT sessionize.alter_session('visit', 'schema', 'Other Schema');
SELECT to_regclass('visit') AS old, to_regclass('"Other Schema".visit_events') AS new;
SELECT sessionize.alter_session('visit', 'name', 'Tour', schema => 'Other Schema');
SELECT viewname, obj_description(format('%I.%I', schemaname, viewname)::regclass, 'pg_class') AS comment
FROM pg_views WHERE schemaname = 'Other Schema' ORDER BY 1;
SELECT schema, session, name FROM sessionize.metric_definition;
SELECT odd, session_count, views FROM "Other Schema"."Tour_actors" ORDER BY odd;
SELECT * FROM sessionize.check_definitions();
-- what is none
SELECT sessionize.alter_session('Tour', 'colour', 'red', schema => 'Other Schema');
\echo :LAST_ERROR_SQLSTATE
SELECT sessionize.alter_session('Tour', NULL, 'red', schema => 'Other Schema');
\echo :LAST_ERROR_SQLSTATE
\set VERBOSITY terse
SELECT sessionize.alter_session('Tour', 'inactivity', NULL, schema => 'Other Schema');
\set VERBOSITY default
\echo :LAST_ERROR_SQLSTATE
\set VERBOSITY sqlstate
SELECT sessionize.alter_session('Tour', 'actor', NULL, schema => 'Other Schema');
SELECT sessionize.alter_session('Tour', 'event_time', NULL, schema => 'Other Schema');
SELECT sessionize.alter_session('Tour', 'source', 'nowhere', schema => 'Other Schema');
\set VERBOSITY default
SELECT sessionize.alter_session('no such', 'inactivity', '1 min');
\echo :LAST_ERROR_SQLSTATE
-- a name that is taken
CREATE TABLE "taken_actors" ();
SELECT sessionize.alter_session('Tour', 'schema', 'definitions', schema => 'Other Schema');
SELECT sessionize.alter_session('Tour', 'name', 'taken');
\echo :LAST_ERROR_SQLSTATE
SELECT name FROM sessionize.session_definition;
DROP TABLE taken_actors;

--
-- drop_session and drop_metric
--
CREATE VIEW mine AS SELECT odd FROM "Tour";
SELECT sessionize.drop_session('Tour');
\echo :LAST_ERROR_SQLSTATE
SELECT name FROM sessionize.session_definition;
SELECT sessionize.drop_session('Tour', cascade => true);
SELECT to_regclass('mine') AS mine, to_regclass('"Tour"') AS sessions, to_regclass('"Tour_events"') AS events,
       to_regclass('"Tour_actors"') AS actors, (SELECT count(*) FROM sessionize.session_definition) AS sessions_defined,
       (SELECT count(*) FROM sessionize.metric_definition) AS metrics_defined;
SELECT sessionize.drop_session('Tour');
\echo :LAST_ERROR_SQLSTATE
SELECT sessionize.drop_metric('Tour', 'views');
\echo :LAST_ERROR_SQLSTATE
SELECT sessionize.define_session('visit', 'events', 'user_id', 'ts', '30 min');
SELECT sessionize.define_metric('visit', 'a', 'count(*)');
SELECT sessionize.define_metric('visit', 'b', 'count(*) + 1');
SELECT sessionize.define_metric('visit', 'c', 'count(*) + 2');
SELECT sessionize.drop_metric('visit', 'b');
SELECT user_id, session_number, a, c FROM visit ORDER BY 1, 2 LIMIT 1;
SELECT "column" FROM columns_of('visit_actors') OFFSET 6;
SELECT sessionize.drop_metric('visit', 'b');
\echo :LAST_ERROR_SQLSTATE
-- one that somebody's view needs
CREATE VIEW mine AS SELECT c FROM visit;
SELECT sessionize.drop_metric('visit', 'c');
\echo :LAST_ERROR_SQLSTATE
SELECT name FROM sessionize.metric_definition ORDER BY position;
DROP VIEW mine;
SELECT drop_all();

--
-- A superuser's plain DML: the same checks, the same effect
--
INSERT INTO sessionize.session_definition (schema, name, source, actor, event_time, inactivity, filter)
VALUES ('definitions', 'visit', 'events', 'user_id', 'ts', '30 min', $$event != 'x'$$);
INSERT INTO sessionize.metric_definition (schema, session, name, position, aggregate, filter)
VALUES ('definitions', 'visit', 'views', 1, 'count(*)', $$event='view'$$),
       ('definitions', 'visit', 'all', 2, 'count(*)', NULL);
SELECT owner = current_user AS own, source, actor, event_time, filter FROM sessionize.session_definition;
SELECT name, aggregate, filter FROM sessionize.metric_definition ORDER BY position;
SELECT user_id, session_number, event_count, views, "all" FROM visit ORDER BY 1, 2;
UPDATE sessionize.session_definition SET inactivity = '1 day', filter = 'event_id<4';
UPDATE sessionize.metric_definition SET filter = $$event = 'login'$$, name = 'logins' WHERE name = 'views';
SELECT user_id, session_number, event_count, logins, "all" FROM visit ORDER BY 1, 2;
UPDATE sessionize.metric_definition SET position = 3 - position;
SELECT "column" FROM columns_of('visit') OFFSET 11;
UPDATE sessionize.session_definition SET name = 'tour';
SELECT user_id, session_count, logins FROM tour_actors ORDER BY 1;
DELETE FROM sessionize.metric_definition WHERE name = 'all';
SELECT "column" FROM columns_of('tour') OFFSET 11;
-- bad rows are refused
INSERT INTO sessionize.session_definition (schema, name, source, actor, event_time, inactivity)
VALUES ('definitions', 'bad', 'events', 'user_id; DROP TABLE events', 'ts', '30 min');
UPDATE sessionize.session_definition SET inactivity = '-1 s';
UPDATE sessionize.session_definition SET keep = 'nonsense > 0';
UPDATE sessionize.session_definition SET name = repeat('n', 57);
INSERT INTO sessionize.metric_definition (schema, session, name, position, aggregate)
VALUES ('definitions', 'tour', 'bad', 3, 'user_id');
INSERT INTO sessionize.metric_definition (schema, session, name, position, aggregate, nth)
VALUES ('definitions', 'tour', 'bad', 3, 'count(*)', 0);
\set VERBOSITY sqlstate
INSERT INTO sessionize.session_definition (schema, name, source, actor, event_time, inactivity)
VALUES ('definitions', 'bad', 'events', NULL, 'ts', '30 min');
INSERT INTO sessionize.metric_definition (schema, session, name, position, aggregate)
VALUES ('definitions', 'tour', 'event_count', 3, 'count(*)');
INSERT INTO sessionize.metric_definition (schema, session, name, position, aggregate)
VALUES ('definitions', 'tour', 'user_id', 3, 'max(page)');
UPDATE sessionize.session_definition SET tie_break = 'event_id';
\set VERBOSITY default
SELECT name, tie_break FROM sessionize.session_definition;
SELECT session, name FROM sessionize.metric_definition;
-- a metric moves to another session with its column
SELECT sessionize.define_session('other', 'events', 'user_id', 'ts', '30 min');
UPDATE sessionize.metric_definition SET session = 'other';
SELECT session, column_name FROM sessionize.fields WHERE kind = 'custom' ORDER BY view_name;
SELECT * FROM sessionize.check_definitions();
DELETE FROM sessionize.session_definition;
SELECT (SELECT count(*) FROM pg_views WHERE schemaname = 'definitions' AND viewname <> 'events2' AND viewname <> 'seen') AS views,
       (SELECT count(*) FROM sessionize.metric_definition) AS metrics;
-- a source that does not exist is recorded, with a warning
INSERT INTO sessionize.session_definition (schema, name, source, actor, event_time, inactivity)
VALUES ('definitions', 'later', 'definitions.to_come', 'user_id', 'ts', '30 min');
SELECT object, problem FROM sessionize.check_definitions() ORDER BY 1;
CREATE TABLE to_come (user_id int, ts timestamptz);
SELECT sessionize.rebuild_views();
SELECT count(*) FROM later;
DELETE FROM sessionize.session_definition;

SET client_min_messages = warning;
DROP SCHEMA definitions, "Other Schema" CASCADE;
