--
-- definitions_errors.sql: bad input to named definitions.  Each gives one
-- error that names the field, keeps PostgreSQL's own message and cursor, and
-- has a fitting SQLSTATE; nothing is stored.
--
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS sessionize;
CREATE SCHEMA definitions_errors;
RESET client_min_messages;
SET search_path = definitions_errors;
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET intervalstyle = 'postgres';
\pset null ''
\set SHOW_CONTEXT never

CREATE TABLE hits (user_id int, ts timestamptz, what text, amount numeric, doc json, day date);
CREATE TABLE bots (user_id int);
SELECT sessionize.define_session('good', 'hits', 'user_id', 'ts', '30 min');
SELECT sessionize.define_metric('good', 'hits', 'count(*)');

-- What is there before, to be there after.
CREATE TABLE before AS
    SELECT (SELECT array_agg(d::text) FROM sessionize.session_definition AS d) AS sessions,
           (SELECT array_agg(m::text) FROM sessionize.metric_definition AS m) AS metrics,
           (SELECT array_agg(viewname || definition ORDER BY viewname) FROM pg_views
            WHERE schemaname = current_schema) AS views;
CREATE FUNCTION nothing_stored() RETURNS boolean LANGUAGE sql AS $$
    SELECT (sessions, metrics, views) IS NOT DISTINCT FROM
           ((SELECT array_agg(d::text) FROM sessionize.session_definition AS d),
            (SELECT array_agg(m::text) FROM sessionize.metric_definition AS m),
            (SELECT array_agg(viewname || definition ORDER BY viewname) FROM pg_views
             WHERE schemaname = current_schema))
    FROM before
$$;

-- The error of giving a text to a field: SQLSTATE, the field that the error
-- names, message and hint; all NULL if it is accepted, which is undone.
CREATE FUNCTION try(field text, bad text, OUT code text, OUT named text, OUT message text, OUT hint text)
LANGUAGE plpgsql AS $$
DECLARE
    context text;
BEGIN
    IF field = 'aggregate' THEN
        PERFORM sessionize.define_metric('good', 'bad', bad);
    ELSIF field = 'metric filter' THEN
        PERFORM sessionize.define_metric('good', 'bad', 'count(*)', filter => bad);
    ELSIF field = 'session_filter' THEN
        PERFORM sessionize.define_metric('good', 'bad', 'count(*)', session_filter => bad);
    ELSIF field = 'actor' THEN
        PERFORM sessionize.define_session('bad', 'hits', bad, 'ts', '30 min');
    ELSIF field = 'event_time' THEN
        PERFORM sessionize.define_session('bad', 'hits', 'user_id', bad, '30 min');
    ELSE
        EXECUTE format('SELECT sessionize.define_session(''bad'', ''hits'', ''user_id'', ''ts'', ''30 min'', %I => $1)', field)
        USING bad;
    END IF;
    RAISE EXCEPTION USING ERRCODE = 'OK000';
EXCEPTION WHEN OTHERS THEN
    IF SQLSTATE <> 'OK000' THEN
        GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, message = MESSAGE_TEXT,
                                hint = PG_EXCEPTION_HINT, context = PG_EXCEPTION_CONTEXT;
        named := substring(context FROM 'field "([^"]*)"');
    END IF;
END $$;
CREATE TABLE fields (n serial, field text);
INSERT INTO fields (field) VALUES
    ('actor'), ('event_time'), ('restart_on'), ('end_on'), ('filter'), ('keep'),
    ('aggregate'), ('metric filter'), ('session_filter');

--
-- No expression at all, or more than one: the same error in all fields
--
CREATE TABLE texts (n serial, bad text);
INSERT INTO texts (bad) VALUES
    (''), ('   '), ('-- nothing'), ('/* nothing */'),
    ('true; DROP TABLE hits'), ('true;'), ('true /* and'), ('''true'), ('"true'), ('(true'), ('true)'),
    ('true) OR (true'), ('*'), ('event.*'), ('hits.*'), ('$1 = 1'), ('nobody = 1'), ('nobody.user_id = 1'),
    ('nothing(user_id) = 1'), ('what = 1'), ('SELECT true'), ('true FROM bots'), ('true WHERE true'),
    ('true GROUP BY 1'), ('true ORDER BY 1'), ('true LIMIT 1'), ('true UNION SELECT true'), ('DISTINCT true'),
    ('hits'), ('event'), ('event IS NOT NULL'), ('count(event) > 0'),
    (E'true\\'), ('DEFAULT'), ('CREATE TABLE x ()');
SELECT b.bad, string_agg(f.field, ', ' ORDER BY f.n)
           FILTER (WHERE t.named IS DISTINCT FROM replace(f.field, 'metric ', '')) AS not_named,
       array_agg(DISTINCT t.code) AS sqlstates,
       string_agg(DISTINCT replace(t.message, format('"%s"', t.named), '<field>'), ' | ') AS messages
FROM texts AS b CROSS JOIN fields AS f CROSS JOIN LATERAL try(f.field, b.bad) AS t
WHERE f.field NOT IN ('keep', 'session_filter')
GROUP BY b.n, b.bad ORDER BY b.n;
-- those on sessions see other columns
SELECT b.bad, string_agg(f.field, ', ' ORDER BY f.n) FILTER (WHERE t.named IS DISTINCT FROM f.field) AS not_named,
       array_agg(DISTINCT t.code) AS sqlstates,
       string_agg(DISTINCT replace(t.message, format('"%s"', t.named), '<field>'), ' | ') AS messages
FROM texts AS b CROSS JOIN fields AS f CROSS JOIN LATERAL try(f.field, b.bad) AS t
WHERE f.field IN ('keep', 'session_filter')
GROUP BY b.n, b.bad ORDER BY b.n;

-- A filter is as bad wherever it is given.
CREATE FUNCTION error_of(query text, bad text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    context text;
BEGIN
    EXECUTE query USING bad;
    RETURN NULL;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS context = PG_EXCEPTION_CONTEXT;
    RETURN concat_ws(' ', SQLSTATE, substring(context FROM 'field "[^"]*"'), SQLERRM);
END $$;
SELECT query, count(*) AS texts, count(e) AS refused,
       count(*) FILTER (WHERE e IS DISTINCT FROM concat_ws(' ', t.code, format('field "%s"', t.named), t.message)) AS in_other_words
FROM unnest(ARRAY[
         $$SELECT sessionize.alter_session('good', 'filter', $1)$$,
         $$SELECT sessionize.session_sql('good', filter => $1)$$,
         $$SELECT sessionize.session_sql('good', 'actors', filter => $1)$$,
         $$SELECT * FROM sessionize.read(NULL::good, filter => $1)$$,
         $$UPDATE sessionize.session_definition SET filter = $1$$]) AS query,
     (SELECT bad FROM texts UNION ALL
      SELECT unnest(ARRAY['user_id', 'count(*) > 0', 'row_number() OVER () > 0', 'generate_series(1, 2) > 1', 'random() > 0.5'])) AS b,
     error_of(query, b.bad) AS e, try('filter', b.bad) AS t
GROUP BY query ORDER BY query;

--
-- What may stand in some fields only
--
-- two expressions
SELECT f.field, t.* FROM fields AS f, try(f.field, 'user_id, user_id + 1') AS t ORDER BY f.n;
-- an alias
SELECT f.field, t.code, t.named, t.message FROM fields AS f, try(f.field, 'user_id = 1 AS x') AS t ORDER BY f.n;
-- a sub-select: in filter, restart_on and end_on only
SELECT f.field, t.* FROM fields AS f, try(f.field, '(SELECT true)') AS t ORDER BY f.n;
SELECT f.field, t.code, t.named, t.message FROM fields AS f, try(f.field, 'user_id NOT IN (SELECT user_id FROM bots)') AS t ORDER BY f.n;
SELECT f.field, t.code, t.named, t.message FROM fields AS f, try(f.field, 'count(*) FILTER (WHERE EXISTS (SELECT FROM bots)) > 0') AS t ORDER BY f.n;
-- an aggregate: in aggregate only
SELECT f.field, t.* FROM fields AS f, try(f.field, 'count(*) > 0') AS t ORDER BY f.n;
-- a window function: nowhere
SELECT f.field, t.* FROM fields AS f, try(f.field, 'row_number() OVER () > 0') AS t ORDER BY f.n;
SELECT f.field, t.* FROM fields AS f, try(f.field, 'sum(count(*)) OVER () > 0') AS t WHERE f.field = 'aggregate';
-- a set: nowhere
SELECT f.field, t.* FROM fields AS f, try(f.field, 'generate_series(1, 2) > 1') AS t ORDER BY f.n;
SELECT f.field, t.* FROM fields AS f, try(f.field, 'count(*) + generate_series(1, 2)') AS t WHERE f.field = 'aggregate';
-- another type
SELECT f.field, t.* FROM fields AS f, try(f.field, 'user_id') AS t ORDER BY f.n;
SELECT b.bad, t.* FROM unnest('{amount,what,doc,now() - ts,user_id::bigint}'::text[]) AS b(bad), try('event_time', b.bad) AS t;
SELECT b.bad, t.code, t.named, t.message FROM unnest('{day,ts::timestamp,CAST(what AS timestamptz),to_timestamp(user_id)}'::text[]) AS b(bad), try('event_time', b.bad) AS t;
-- a volatile function: nowhere; a stable one may stand
CREATE FUNCTION fickle(int) RETURNS int LANGUAGE sql VOLATILE RETURN $1;
SELECT f.field, t.* FROM fields AS f, try(f.field, 'random() > 0.5') AS t ORDER BY f.n;
SELECT f.field, t.code, t.named, t.message FROM fields AS f, try(f.field, 'fickle(user_id) = 1') AS t WHERE f.field NOT IN ('actor', 'event_time') ORDER BY f.n;
SELECT b.bad, t.code, t.named, t.message
FROM unnest(ARRAY['sum(fickle(user_id))', 'fickle(count(*)::int)', 'count(*) FILTER (WHERE random() > 0)', 'string_agg(what, what ORDER BY random())']) AS b(bad), try('aggregate', b.bad) AS t;
SELECT t.code, t.message FROM try('event_time', 'clock_timestamp()') AS t;
SELECT t.code, t.message FROM try('actor', 'random() AS r') AS t;
SELECT t.code, t.message FROM try('restart_on', 'ts < now()') AS t;
-- what is no aggregate expression
SELECT b.bad, t.* FROM unnest('{user_id,1,user_id + count(*),sum(sum(user_id)),grouping(user_id),count(*) OVER (),count(user_id FILTER),array_agg(doc) = NULL}'::text[]) AS b(bad), try('aggregate', b.bad) AS t;
-- conditions on sessions know sessions only, and metrics that exist
SELECT f.field, b.bad, t.code, t.named, t.message
FROM fields AS f, unnest('{hits > 0,session_number = 1,user_id = 1,what = what,amount > 0,no_metric > 0,session_count > 1}'::text[]) AS b(bad),
     try(f.field, b.bad) AS t
WHERE f.field IN ('keep', 'session_filter') ORDER BY f.n;

--
-- Too long, too deep
--
SELECT f.field, t.* FROM fields AS f, try(f.field, repeat('x', 1000000)) AS t ORDER BY f.n;
SELECT t.code, t.named, t.message FROM try('filter', repeat('(', 500000) || 'true' || repeat(')', 500000)) AS t;
SELECT t.code, t.named FROM try('filter', repeat('NOT ', 2000) || 'true') AS t;
SELECT t.code, t.named FROM try('aggregate', repeat('- ', 3000) || 'count(*)') AS t;
SELECT t.code, t.named FROM try('actor', repeat('user_id + ', 999) || '1 AS x') AS t;
SELECT t.code, t.named FROM try('filter', repeat('CASE WHEN true THEN ', 300) || 'true' || repeat(' END', 300)) AS t;
-- the longest that is accepted, and its neighbour
SELECT t.code, t.message FROM try('filter', '/*' || repeat('x', 9992) || '*/true') AS t;
SELECT t.code, t.message FROM try('filter', '/*' || repeat('x', 9993) || '*/true') AS t;

SELECT nothing_stored();

--
-- As psql shows it: the cursor is in the text, wherever the call was
--
SELECT sessionize.define_session('bad', 'hits', 'user_id, nobody', 'ts', '30 min');
SELECT sessionize.define_session('bad', 'hits', 'user_id', 'tss', '30 min');
SELECT sessionize.define_session('bad', 'hits', 'user_id', 'ts', '30 min', restart_on => $$what = 'a' AND nobody$$);
SELECT sessionize.define_session('bad', 'hits', 'user_id', 'ts', '30 min', end_on => $$what = 1$$);
SELECT sessionize.define_session('bad', 'hits', 'user_id', 'ts', '30 min', filter => $$user_id IN (SELECT user FROM bot)$$);
SELECT sessionize.define_session('bad', 'hits', 'user_id', 'ts', '30 min', keep => $$event_count > 1 AND (what = 'x')$$);
SELECT sessionize.define_metric('good', 'bad', $$sum(amount) / cout(*)$$);
SELECT sessionize.define_metric('good', 'bad', 'count(*)', filter => $$what = $$);
SELECT sessionize.define_metric('good', 'bad', 'count(*)', session_filter => $$hits > 'many'$$);
SELECT sessionize.alter_session('good', 'filter', $$what = what.what$$);
SELECT sessionize.session_sql('good', filter => $$whatt = 'x'$$);
SELECT count(*) FROM sessionize.read(NULL::good, filter => $$whatt = 'x'$$);
-- a cursor beyond letters of several bytes, and on the second line
SELECT sessionize.define_session('bad', 'hits', 'user_id', 'ts', '30 min', filter => E'what = ''äöü'' AND\n nobody = 1');
SELECT nothing_stored();

--
-- Other arguments
--
\set VERBOSITY default
-- inactivity
\set VERBOSITY terse
SELECT sessionize.define_session('bad', 'hits', 'user_id', 'ts', NULL);
\set VERBOSITY default
\echo :LAST_ERROR_SQLSTATE
SELECT sessionize.define_session('bad', 'hits', 'user_id', 'ts');
\echo :LAST_ERROR_SQLSTATE
SELECT sessionize.define_session('bad', 'hits', 'user_id', 'ts', '-1 microsecond');
\echo :LAST_ERROR_SQLSTATE
SELECT sessionize.define_session('bad', 'hits', 'user_id', 'ts', '1 month');
\echo :LAST_ERROR_SQLSTATE
SELECT sessionize.define_session('bad', 'hits', 'user_id', 'ts', '1 year -12 months 1 day -25 hours');
\echo :LAST_ERROR_SQLSTATE
SELECT sessionize.define_session('bad', 'hits', 'user_id', 'ts', 'soon');
\echo :LAST_ERROR_SQLSTATE
SELECT sessionize.session_sql('good', inactivity => '-1 day');
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) FROM sessionize.read(NULL::good, inactivity => '1 month');
\echo :LAST_ERROR_SQLSTATE
SELECT sessionize.alter_session('good', 'inactivity', '1 month');
\echo :LAST_ERROR_SQLSTATE
SELECT sessionize.alter_session('good', 'inactivity', 'soon');
\echo :LAST_ERROR_SQLSTATE
SELECT sessionize.alter_session('good', 'require_restart', NULL);
SELECT sessionize.alter_session('good', 'security_invoker', NULL);
\echo :LAST_ERROR_SQLSTATE
-- max_duration
SELECT sessionize.define_session('bad', 'hits', 'user_id', 'ts', '30 min', max_duration => '-1 day');
\echo :LAST_ERROR_SQLSTATE
SELECT sessionize.define_session('bad', 'hits', 'user_id', 'ts', '30 min', max_duration => '1 month');
\echo :LAST_ERROR_SQLSTATE
-- NULL where something is needed
SELECT sessionize.define_session(NULL, 'hits', 'user_id', 'ts', '30 min');
\echo :LAST_ERROR_SQLSTATE
SELECT sessionize.define_session('bad', NULL, 'user_id', 'ts', '30 min');
\echo :LAST_ERROR_SQLSTATE
SELECT sessionize.define_session('bad', 'hits', NULL, 'ts', '30 min');
\echo :LAST_ERROR_SQLSTATE
SELECT sessionize.define_session('bad', 'hits', 'user_id', NULL, '30 min');
\echo :LAST_ERROR_SQLSTATE
SELECT sessionize.define_metric(NULL, 'bad', 'count(*)');
\echo :LAST_ERROR_SQLSTATE
SELECT sessionize.define_metric('good', NULL, 'count(*)');
\echo :LAST_ERROR_SQLSTATE
SELECT sessionize.define_metric('good', 'bad', NULL);
\echo :LAST_ERROR_SQLSTATE
SELECT sessionize.define_metric('good', '', 'count(*)');
\echo :LAST_ERROR_SQLSTATE
-- names of relations that are there
CREATE TABLE taken ();
CREATE TABLE taken2_events ();
CREATE SEQUENCE taken3_actors;
CREATE TYPE taken4 AS (a int);
SELECT sessionize.define_session('taken', 'hits', 'user_id', 'ts', '30 min');
\echo :LAST_ERROR_SQLSTATE
SELECT sessionize.define_session('taken2', 'hits', 'user_id', 'ts', '30 min');
\echo :LAST_ERROR_SQLSTATE
SELECT sessionize.define_session('taken3', 'hits', 'user_id', 'ts', '30 min');
\echo :LAST_ERROR_SQLSTATE
SELECT sessionize.define_session('taken4', 'hits', 'user_id', 'ts', '30 min');
\echo :LAST_ERROR_SQLSTATE
SELECT sessionize.define_session('taken', 'hits', 'user_id', 'ts', '30 min', replace => true);
\echo :LAST_ERROR_SQLSTATE
SELECT sessionize.define_session('hits', 'hits', 'user_id', 'ts', '30 min', replace => true);
\echo :LAST_ERROR_SQLSTATE
DROP TABLE taken, taken2_events;
DROP SEQUENCE taken3_actors;
DROP TYPE taken4;
-- no schema to create in
SET search_path = '';
SELECT sessionize.define_session('bad', 'definitions_errors.hits', 'user_id', 'ts', '30 min');
\echo :LAST_ERROR_SQLSTATE
SET search_path = no_such_schema;
SELECT sessionize.define_session('bad', 'definitions_errors.hits', 'user_id', 'ts', '30 min');
\echo :LAST_ERROR_SQLSTATE
SET search_path = definitions_errors;
SELECT sessionize.define_session('bad', 'hits', 'user_id', 'ts', '30 min', schema => 'no such schema');
\echo :LAST_ERROR_SQLSTATE
-- sources
SELECT sessionize.define_session('bad', 'no_such_table', 'user_id', 'ts', '30 min');
\echo :LAST_ERROR_SQLSTATE
SELECT sessionize.define_session('bad', 0, 'user_id', 'ts', '30 min');
\echo :LAST_ERROR_SQLSTATE
CREATE SEQUENCE counter;
SELECT sessionize.define_session('bad', 'counter', 'last_value', 'now()', '30 min');
\echo :LAST_ERROR_SQLSTATE
CREATE TEMP TABLE fleeting (user_id int, ts timestamptz);
SELECT sessionize.define_session('bad', 'fleeting', 'user_id', 'ts', '30 min');
\echo :LAST_ERROR_SQLSTATE
CREATE TEMP VIEW fleeting_view AS TABLE hits;
SELECT sessionize.define_session('bad', 'fleeting_view', 'user_id', 'ts', '30 min');
\echo :LAST_ERROR_SQLSTATE
-- a source may not be one's own view
\set VERBOSITY sqlstate
SELECT sessionize.define_session('good', 'good_events', 'user_id', 'ts', '30 min', replace => true);
SELECT sessionize.define_session('good', 'good', 'user_id', 'started_at', '30 min', label_prefix => 'x', replace => true);
\set VERBOSITY default
-- actors that have the name of a column that is there, or no name, or no equality
SELECT sessionize.define_session('bad', 'hits', 'user_id AS event_count', 'ts', '30 min');
\echo :LAST_ERROR_SQLSTATE
SELECT sessionize.define_session('bad', 'hits', 'user_id AS session_id', 'ts', '30 min');
\echo :LAST_ERROR_SQLSTATE
SELECT sessionize.define_session('bad', 'hits', 'user_id, what AS user_id', 'ts', '30 min');
\echo :LAST_ERROR_SQLSTATE
-- the events view's label of an actor that is an expression: 63 bytes, not 64
SELECT sessionize.define_session('bad', 'hits', 'user_id + 1 AS ' || repeat('x', 56), 'ts', '30 min');
\echo :LAST_ERROR_SQLSTATE
SELECT sessionize.define_session('long', 'hits', 'user_id + 1 AS ' || repeat('x', 55), 'ts', '30 min');
SELECT sessionize.drop_session('long');
SELECT sessionize.define_session('bad', 'hits', 'user_id + 1', 'ts', '30 min');
\echo :LAST_ERROR_SQLSTATE
SELECT sessionize.define_session('bad', 'hits', 'doc', 'ts', '30 min');
\echo :LAST_ERROR_SQLSTATE
-- an actor whose label is one of the session's: lower(id) AS id, for one
\set VERBOSITY sqlstate
SELECT sessionize.define_session('bad', 'hits', 'lower(what) AS id', 'ts', '30 min');
SELECT sessionize.define_session('bad', 'hits', 'lower(what) AS number', 'ts', '30 min');
\set VERBOSITY default
-- label_prefix, readers
SELECT sessionize.define_session('bad', 'hits', 'user_id', 'ts', '30 min', label_prefix => '');
\echo :LAST_ERROR_SQLSTATE
SELECT sessionize.define_session('bad', 'hits', 'user_id', 'ts', '30 min', readers => '{nobody_of_that_name}');
\echo :LAST_ERROR_SQLSTATE
-- session_sql and read
SELECT sessionize.session_sql('good', 'users');
\echo :LAST_ERROR_SQLSTATE
SELECT sessionize.session_sql('no such');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM sessionize.read(NULL::hits);
\echo :LAST_ERROR_SQLSTATE
\set VERBOSITY sqlstate
SELECT * FROM sessionize.read(1);
\set VERBOSITY default
SELECT sessionize.rebuild_views('no such');
\echo :LAST_ERROR_SQLSTATE
SELECT sessionize.define_metric('no such', 'bad', 'count(*)');
\echo :LAST_ERROR_SQLSTATE
SELECT nothing_stored();
SELECT count(*) FROM good;

SET client_min_messages = warning;
SELECT sessionize.drop_session('good');
DROP SCHEMA definitions_errors CASCADE;
