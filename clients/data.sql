/*
 * data.sql - what the clients meet: a shop's events, two definitions over them, and two roles; and a database with
 * fifty definitions, which is looked through and not computed with
 *
 * Run by clients/run as a superuser, with -v password=. The analyst owns events and definitions and is no
 * superuser. The role "bi" is what a BI tool is given: it may log in and read, and nothing else; not even
 * temporary tables.
 */
\set QUIET on
\set ON_ERROR_STOP on
SET client_min_messages = warning;
CREATE EXTENSION sessionize;
CREATE ROLE analyst NOLOGIN;
CREATE ROLE bi LOGIN PASSWORD :'password';
CREATE SCHEMA app AUTHORIZATION analyst;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
SELECT format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database()) \gexec
SET search_path = app;
\i demo/clickstream.sql
CREATE INDEX ON events (user_id, ts);
CREATE INDEX ON events (ts);
/* as autovacuum does, sooner or later: plans depend on it, and how much they read is looked at */
VACUUM ANALYZE events;
ALTER TABLE events OWNER TO analyst;
COMMENT ON TABLE events IS 'What people did in the shop';

SET ROLE analyst;
GRANT USAGE ON SCHEMA app TO bi;
GRANT SELECT ON events TO bi;
SELECT sessionize.define_session('visit', 'events', 'user_id', 'ts', '30 minutes',
	entry => 'page, platform', readers => '{bi}') \gset
SELECT sessionize.define_metric('visit', 'purchases', 'count(*)', filter => $$event = 'purchase'$$) \gset
SELECT sessionize.define_metric('visit', 'revenue', 'sum(amount)::double precision',
	filter => $$event = 'purchase'$$) \gset
/* a name and a column that need quotes, as people give them in the tools' own windows */
SELECT sessionize.define_session('Natalie''s Session', 'events', 'user_id, platform AS "on what"', 'ts', '1 hour',
	readers => '{bi}') \gset
SELECT sessionize.define_metric('Natalie''s Session', 'Pages seen', 'count(DISTINCT page)') \gset
RESET ROLE;

CREATE DATABASE many;
\connect many
SET client_min_messages = warning;
CREATE EXTENSION sessionize;
GRANT CREATE ON DATABASE many TO analyst;
SET ROLE analyst;
CREATE SCHEMA app;
GRANT USAGE ON SCHEMA app TO bi;
SET search_path = app;
CREATE TABLE events AS
SELECT n % 9 AS user_id, timestamptz '2026-03-01' + n * interval '7 min' AS ts, '/page/' || n % 5 AS page FROM generate_series(1, 200) AS n;
GRANT SELECT ON events TO bi;
SELECT count(sessionize.define_session('visit ' || n, 'events', 'user_id', 'ts', n * interval '1 min', readers => '{bi}'))
FROM generate_series(1, 50) AS n \gset
SELECT count(sessionize.define_metric('visit ' || n, 'hits of page ' || k, 'count(*)', filter => format('page = %L', '/page/' || k)))
FROM generate_series(1, 50) AS n, generate_series(1, 3) AS k \gset
