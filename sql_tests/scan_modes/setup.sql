/*
 * setup.sql: the tables that the queries of scan_modes read.
 *
 * "few" is small enough to be printed whole and holds every oddity: ties, with and without
 * a restart among them, NULL actors, NULL times, infinities, rows that come late.  "many"
 * has the same columns, leaves 64 kB of work_mem behind, and is printed as a checksum.
 * All else is made from these two.
 */
CREATE SCHEMA app;
ALTER DATABASE postgres SET search_path = app, public;
ALTER DATABASE postgres SET timezone = 'UTC';
ALTER DATABASE postgres SET client_min_messages = warning;
SET search_path = app, public;
SET timezone = 'UTC';

CREATE TYPE place AS (city text, floor integer);

CREATE TABLE few (
	id      integer PRIMARY KEY,
	user_id integer,
	device  text,
	ts      timestamptz,
	kind    text,
	page    text,
	amount  numeric,
	gap     interval NOT NULL
);

/* A die for event number n, the same on every machine. */
CREATE FUNCTION die(n integer, salt text, sides integer) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT (('x' || left(md5(salt || n), 7))::bit(28)::integer) % sides
$$;

/* Times of few instants, so that ties are many. */
INSERT INTO few
	SELECT n,
		   CASE WHEN die(n, 'u', 9) > 0 THEN die(n, 'u', 5) END,
		   (ARRAY['x', 'X', 'tablet é', NULL])[1 + die(n, 'd', 4)],
		   CASE die(n, 'odd', 30) WHEN 0 THEN NULL WHEN 1 THEN 'infinity' WHEN 2 THEN '-infinity'
				ELSE timestamptz '2024-03-09 20:00:00+00' + die(n, 't', 40) * interval '10 minutes'
		   END,
		   (ARRAY['login', 'view', 'view', 'purchase', 'error', 'logout', NULL])[1 + die(n, 'k', 7)],
		   (ARRAY['start', 'a', 'b', 'c', NULL])[1 + die(n, 'p', 5)],
		   CASE WHEN die(n, 'm', 3) > 0 THEN die(n, 'm', 1000) / 100.0 END,
		   (ARRAY['10 minutes', '30 minutes', '1 hour'])[1 + die(n, 'g', 3)]::interval
	FROM generate_series(1, 120) AS n;

CREATE TABLE many (LIKE few INCLUDING ALL);
INSERT INTO many
	SELECT n,
		   CASE WHEN die(n, 'u', 50) > 0
				THEN least(die(n, 'u', 400), die(n, 'v', 400), CASE WHEN die(n, 'w', 9) = 0 THEN 7 ELSE 400 END) END,
		   (ARRAY['x', 'X', 'tablet é', NULL, repeat('long ', 50)])[1 + die(n, 'd', 5)],
		   /* mostly in time order, as events come */
		   CASE WHEN die(n, 'odd', 100) = 0 THEN NULL
				ELSE timestamptz '2024-03-09 20:00:00+00' + n * interval '7 seconds'
					 - CASE WHEN die(n, 'late', 10) = 0 THEN interval '40 minutes' ELSE interval '0' END
		   END,
		   (ARRAY['login', 'view', 'view', 'purchase', 'error', 'logout', NULL])[1 + die(n, 'k', 7)],
		   (ARRAY['start', 'a', 'b', 'c', NULL])[1 + die(n, 'p', 5)],
		   CASE WHEN die(n, 'm', 3) > 0 THEN die(n, 'm', 1000) / 100.0 END,
		   (ARRAY['10 minutes', '30 minutes', '1 hour'])[1 + die(n, 'g', 3)]::interval
	FROM generate_series(1, 6000) AS n;

/* The same rows where an index offers the window's order. */
CREATE TABLE indexed (LIKE many INCLUDING ALL);
INSERT INTO indexed TABLE many;
CREATE INDEX ON indexed (user_id, ts);
CREATE INDEX ON indexed (device, user_id, ts);

/* Actors of other types: several are equal in more than one form, or have no hash. */
CREATE TABLE typed AS
	SELECT id, ts, ts AT TIME ZONE 'UTC' AS local_ts,
		   CASE ts WHEN 'infinity' THEN 9223372036854775807 WHEN '-infinity' THEN -9223372036854775808
				ELSE (extract(epoch FROM ts) * 1000000)::bigint END AS us,
		   kind, gap,
		   md5(user_id::text)::uuid AS uuid_id,
		   (ARRAY['1', '1.0', '1.00', '-0.0', '0', 'NaN', '100', '1e2'])[1 + die(id, 'n', 8)]::numeric AS numeric_id,
		   (ARRAY['0', '-0', 'NaN', '1.5'])[1 + die(id, 'f', 4)]::float8 AS float_id,
		   CASE WHEN user_id IS NOT NULL THEN ROW(device, user_id)::place END AS place_id,
		   ARRAY[user_id, die(id, 'a', 2)] AS array_id,
		   (device || ' ')::char(12) AS bpchar_id,
		   user_id = 1 AS bool_id,
		   ('10.0.0.' || user_id)::inet AS inet_id,
		   (ARRAY['1 day', '24 hours', '2 days'])[1 + die(id, 'i', 3)]::interval AS interval_id,
		   /* can be sorted, not hashed */
		   (user_id || '.5')::money AS money_id,
		   B'101' || die(id, 'b', 2)::bit(1) AS bit_id,
		   jsonb_build_object('device', device, 'user', user_id) AS jsonb_id,
		   repeat(coalesce(device, '-'), 1 + die(id, 'r', 3) * 900) AS wide
	FROM few;

/* Partitions, some of which have dropped or other columns. */
CREATE TABLE parted (LIKE many) PARTITION BY RANGE (ts);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (MINVALUE) TO ('2024-03-10 00:00:00+00');
CREATE TABLE parted_2 (kind text, gone integer, user_id integer, ts timestamptz, id integer NOT NULL,
	device text, page text, amount numeric, gap interval NOT NULL);
ALTER TABLE parted_2 DROP gone;
ALTER TABLE parted ATTACH PARTITION parted_2 FOR VALUES FROM ('2024-03-10 00:00:00+00') TO (MAXVALUE);
CREATE TABLE parted_default PARTITION OF parted DEFAULT;
INSERT INTO parted TABLE many;

CREATE TABLE by_user (LIKE many) PARTITION BY HASH (user_id);
SELECT format('CREATE TABLE by_user_%s PARTITION OF by_user FOR VALUES WITH (MODULUS 3, REMAINDER %s)', n, n)
FROM generate_series(0, 2) AS n
\gexec
INSERT INTO by_user TABLE many;

CREATE TABLE parent (LIKE few);
CREATE TABLE child (more text) INHERITS (parent);
INSERT INTO parent SELECT * FROM few WHERE id % 2 = 0;
INSERT INTO child SELECT *, 'more' FROM few WHERE id % 2 = 1;

/* Whom to ask for: with twins, strangers, and nobody. */
CREATE TABLE asked (n integer, who integer);
INSERT INTO asked VALUES (1, 2), (2, NULL), (3, 4), (4, 99), (5, 2), (6, 0), (7, 3), (8, 1);

CREATE VIEW labelled AS
	SELECT id, user_id, ts, sessionize.session_number(ts, '30 minutes') OVER (PARTITION BY user_id ORDER BY ts) AS n
	FROM few;
CREATE VIEW labelled_barrier WITH (security_barrier) AS TABLE labelled;

CREATE FUNCTION inlined(who integer) RETURNS TABLE (at timestamptz, n bigint) LANGUAGE sql STABLE AS $$
	SELECT ts, sessionize.session_number(ts, '30 minutes') OVER (PARTITION BY user_id ORDER BY ts)
	FROM few WHERE user_id = who
$$;
CREATE FUNCTION not_inlined(who integer) RETURNS TABLE (at timestamptz, n bigint) LANGUAGE sql STABLE SET work_mem = '1MB' AS $$
	SELECT ts, sessionize.session_number(ts, '30 minutes') OVER (PARTITION BY user_id ORDER BY ts)
	FROM few WHERE user_id = who
$$;
CREATE FUNCTION in_plpgsql(who integer) RETURNS TABLE (at timestamptz, n bigint) LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN QUERY SELECT ts, sessionize.session_number(ts, '30 minutes') OVER (PARTITION BY user_id ORDER BY ts)
		FROM few WHERE user_id = who;
END $$;
CREATE FUNCTION last_session(who integer) RETURNS bigint LANGUAGE sql STABLE AS $$
	SELECT max(n) FROM labelled WHERE user_id = who
$$;
CREATE FUNCTION explained(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE query LOOP
		RETURN NEXT line;
	END LOOP;
END $$;

/* Rows from a file. */
CREATE EXTENSION file_fdw SCHEMA public;
CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
SELECT current_setting('data_directory') || '/far.csv' AS far \gset
COPY few TO :'far' (FORMAT csv);
CREATE FOREIGN TABLE far (id integer, user_id integer, device text, ts timestamptz, kind text, page text,
	amount numeric, gap interval) SERVER files OPTIONS (filename :'far', format 'csv');

/* Who may see what. */
CREATE ROLE scan_reader;
CREATE TABLE guarded (LIKE few);
INSERT INTO guarded TABLE few;
ALTER TABLE guarded ENABLE ROW LEVEL SECURITY;
CREATE POLICY partly ON guarded USING (user_id <> 2 OR kind = 'view');
CREATE VIEW barrier WITH (security_barrier) AS SELECT * FROM few WHERE user_id <> 2;
GRANT USAGE ON SCHEMA app TO scan_reader;
GRANT SELECT ON few, many, guarded, barrier TO scan_reader;

/* To be written to; every block that does rolls back. */
CREATE TABLE target (user_id integer, ts timestamptz, n bigint, note text);
INSERT INTO target SELECT DISTINCT user_id, ts, 0, 'old' FROM few WHERE user_id < 3 AND isfinite(ts);

/* Cheap, so that it is asked first; tells of rows that nobody may see. */
CREATE FUNCTION leak(who integer, kind text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE COST 0.0001 AS $$
BEGIN
	IF who = 2 AND kind IS DISTINCT FROM 'view' THEN
		RAISE WARNING 'leaked % %', who, kind;
	END IF;
	RETURN kind = 'view';
END $$;

CREATE FUNCTION fails(what text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
	RAISE EXCEPTION 'looked at %', what;
END $$;

/* Definitions, whose views are read. */
SELECT sessionize.define_session('visit', 'many', 'user_id', 'ts', '30 minutes') \g /dev/null
SELECT sessionize.define_metric('visit', 'purchases', 'count(*)', filter => 'kind = ''purchase''') \g /dev/null
SELECT sessionize.define_metric('visit', 'revenue', 'sum(amount)') \g /dev/null
SELECT sessionize.define_metric('visit', 'pages', 'count(DISTINCT page)') \g /dev/null
SELECT sessionize.define_metric('visit', 'second_errors', 'count(*)', filter => 'kind = ''error''',
	session_filter => 'purchases > 0', nth => 2) \g /dev/null
SELECT sessionize.define_session('login', 'few', 'user_id, device', 'ts', '1 hour', restart_on => 'kind = ''login''',
	end_on => 'kind = ''logout''', max_duration => '2 hours', require_restart => true,
	filter => 'page IS NOT NULL') \g /dev/null
SELECT sessionize.define_metric('login', 'worth', 'sum(amount)', session_filter => 'event_count > 1') \g /dev/null
SELECT sessionize.define_session('tour', 'indexed', 'user_id', 'ts', '20 minutes', restart_on => 'kind = ''login''') \g /dev/null
SELECT sessionize.define_metric('tour', 'first_page', 'sessionize.first(page, ts)') \g /dev/null
SELECT sessionize.define_session('kept', 'parted', 'user_id', 'ts', '30 minutes', keep => 'event_count > 2') \g /dev/null
SELECT sessionize.define_session('journey', 'visit', 'user_id', 'started_at', '3 hours') \g /dev/null
GRANT SELECT ON visit, visit_events, visit_actors, login, login_events, login_actors TO scan_reader;

ANALYZE;
