--
-- session_id.sql: session_id(started_at, VARIADIC actor), R12
--
-- A uuid of version 8.  Of its 122 free bits the first 64 are the start in
-- microseconds since 1970 UTC with the sign bit flipped, the other 58 the first
-- bits of SHA-256 over the parts of the actor: 0x00 for NULL, else 0x01, the
-- length as 4 bytes and the bytes.  The constants below are that, computed
-- outside of PostgreSQL; expected_id() computes it a third time.
--
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS sessionize;
RESET client_min_messages;
SET search_path = sessionize, public;
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET intervalstyle = 'postgres';
\pset null '(null)'

-- One part of an actor, and the whole id, from bytes.
CREATE FUNCTION pg_temp.part(bytes bytea) RETURNS bytea LANGUAGE sql AS $$
    SELECT coalesce('\x01' || int4send(length(bytes)) || bytes, '\x00')
$$;
CREATE FUNCTION pg_temp.expected_id(micros bigint, parts bytea) RETURNS uuid LANGUAGE sql AS $$
    SELECT (lpad(to_hex(substr(bits, 1, 64)::bit(64)::bigint), 16, '0') || lpad(to_hex(substr(bits, 65, 64)::bit(64)::bigint), 16, '0'))::uuid
    FROM (SELECT (micros # (-9223372036854775808))::bit(64)::text, ('x' || encode(sha256(parts), 'hex'))::bit(256)::text) AS b(start, hash),
         LATERAL (SELECT substr(start, 1, 48) || '1000' || substr(start, 49, 12) || '10' || substr(start, 61, 4) || substr(hash, 1, 58)) AS c(bits)
$$;

--
-- Constants
--
SELECT id = want::uuid AS same, id, what
FROM (VALUES
    ('integer', session_id(timestamptz '2020-01-01 00:00:00+00', 42), '80059b08-c1fa-8400-81c6-340ecb24510f'),
    ('text', session_id(timestamptz '2020-01-01 00:00:00.000001+00', 'anna'::text), '80059b08-c1fa-8400-86da-3b3a8210a453'),
    ('two parts', session_id(timestamptz '1969-12-31 23:59:59.999999+00', 'anna'::text, 42), '7fffffff-ffff-8fff-bd69-77cb56ba432a'),
    ('NULL', session_id(timestamptz '1970-01-01 00:00:00+00', NULL::text), '80000000-0000-8000-81b8-d02e73fecdea'),
    ('empty', session_id(timestamptz '1970-01-01 00:00:00+00', ''::text), '80000000-0000-8000-8255-ee22c49cc399'),
    ('NULLs', session_id(timestamptz '1970-01-01 00:00:00+00', NULL::int, NULL::text), '80000000-0000-8000-825a-8a5b4893ca17'),
    ('uuid', session_id(timestamptz '2020-01-01 00:00:00+00', uuid '00112233-4455-6677-8899-aabbccddeeff'), '80059b08-c1fa-8400-824f-2974b3accc33'),
    ('negative', session_id(bigint '0', -1), '80000000-0000-8000-8379-c5781f12e1b8'),
    ('bigint, first', session_id(-9223372036854775808, 'x'::text), '00000000-0000-8000-801e-5d248849ab70'),
    ('bigint, last', session_id(9223372036854775807, 'x'::text), 'ffffffff-ffff-8fff-bc1e-5d248849ab70')) AS v(what, id, want);

-- The same by expected_id(), and version and variant.
SELECT session_id(t, actor, device) = pg_temp.expected_id(micros, pg_temp.part(convert_to(actor, 'UTF8')) || pg_temp.part(int8send(device))) AS same,
       substr(session_id(t, actor, device)::text, 15, 1) AS version,
       substr(session_id(t, actor, device)::text, 20, 1) IN ('8', '9', 'a', 'b') AS variant, t, actor, device
FROM (VALUES (timestamptz '2020-02-29 12:34:56.789012+00', 'anna', 1, 1582979696789012),
             ('1970-01-01 00:00:00+00', '', 0, 0),
             ('1900-01-01 00:00:00+00', NULL, -7, -2208988800000000),
             ('1999-12-31 23:59:59.999999+00', 'bob', NULL, 946684799999999),
             ('4714-11-24 00:00:00+00 BC', NULL, NULL, -210866803200000000),
             ('294246-12-31 00:00:00+00', 'eve', 2147483647, 9223371158400000000)) AS v(t, actor, device, micros);

--
-- What must be equal, and what must differ
--

-- timestamp is read as UTC, whatever the TimeZone; bigint is the number itself.
SET timezone = 'Europe/Berlin';
SELECT session_id(timestamp '2020-01-01 12:00', 1) = session_id(timestamptz '2020-01-01 12:00+00', 1) AS as_utc,
       session_id(1577880000000000, 1) = session_id(timestamptz '2020-01-01 12:00+00', 1) AS as_number,
       session_id(timestamptz '2020-01-01 13:00', 1) = session_id(timestamptz '2020-01-01 12:00+00', 1) AS same_instant;
SET timezone = 'UTC';

-- Equal actors have equal ids, whatever type holds them ...
SELECT session_id(0, 7::smallint) = session_id(0, 7::int) AS int2,
       session_id(0, 7::bigint) = session_id(0, 7::int) AS int8,
       session_id(0, 'a'::varchar) = session_id(0, 'a'::text) AS varchar,
       session_id(0, 'a'::varchar(9)) = session_id(0, 'a'::text) AS varchar_n,
       session_id(0, 'a'::char(9)) = session_id(0, 'a'::char(2)) AS bpchar,
       session_id(0, 'a '::text) <> session_id(0, 'a'::text) AS text_not_trimmed,
       session_id(0, 1.0) = session_id(0, 1.000) AS numeric,
       session_id(0, 100.0) = session_id(0, 1e2) AS numeric_hundred,
       session_id(0, 0.00) = session_id(0, -0.0) AS numeric_zero,
       session_id(0, 'NaN'::numeric) = session_id(0, 'nan'::numeric) AS numeric_nan;
SELECT session_id(0, '-0'::float8) = session_id(0, '0'::float8) AS float8,
       session_id(0, '-0'::float4) = session_id(0, '0'::float4) AS float4,
       session_id(0, 'NaN'::float8) = session_id(0, '-NaN'::float8) AS nan,
       session_id(0, interval '1 month') = session_id(0, interval '30 days') AS month_is_30_days,
       session_id(0, interval '1 day') = session_id(0, interval '24:00') AS day_is_24_hours,
       session_id(0, interval '1 day') <> session_id(0, interval '24:00:01') AS interval_differs,
       session_id(0, '{"a": 1, "b": 2}'::jsonb) = session_id(0, '{"b":2,"a":1}'::jsonb) AS jsonb;
-- ... and different ones do not.
SELECT session_id(0, NULL::text) <> session_id(0, ''::text) AS null_empty,
       session_id(0, NULL::text) <> session_id(0, NULL::text, NULL::text) AS one_null_two,
       session_id(0, 'a'::text, 'bc'::text) <> session_id(0, 'ab'::text, 'c'::text) AS parts,
       session_id(0, 'ab'::text) <> session_id(0, 'a'::text, 'b'::text) AS one_part_two,
       session_id(0, 'a'::text, 'b'::text) <> session_id(0, 'b'::text, 'a'::text) AS order_of_parts,
       session_id(0, 'a'::text, NULL::text) <> session_id(0, NULL::text, 'a'::text) AS place_of_null,
       session_id(0, 1) <> session_id(1, 1) AS start,
       session_id(0, 1.5) <> session_id(0, 1.51) AS numeric,
       session_id(0, 1e20) <> session_id(0, 1e21) AS magnitude,
       session_id(0, 1::float8) <> session_id(0, -1::float8) AS float8,
       session_id(0, 'A'::text) <> session_id(0, 'a'::text) AS letter_case;

-- Settings that change how values look do not change ids.
CREATE TEMP TABLE looks AS
SELECT d, ts, tz, i, f, a, session_id(tz, d) AS d_id, session_id(ts, ts) AS ts_id, session_id(tz, tz) AS tz_id, session_id(tz, i) AS i_id,
       session_id(tz, f) AS f_id, session_id(tz, a) AS a_id, session_id(tz, b) AS b_id, b, session_id(tz, m) AS m_id, m
FROM (VALUES (date '2020-12-11', timestamp '2020-12-11 10:09:08.07', timestamptz '2020-12-11 10:09:08.07+00', interval '1 day 2:03:04.05',
              float8 '0.1', ARRAY[timestamptz '2020-12-11 10:09:08+00'], bytea '\x00ff5c', ARRAY[interval '1 mon 2 days 03:04:05.6'])) AS v(d, ts, tz, i, f, a, b, m);
SET timezone = 'Asia/Kathmandu';
SET datestyle = 'SQL, DMY';
SET intervalstyle = 'sql_standard';
SET extra_float_digits = -15;
SET bytea_output = 'escape';
SET client_encoding = 'LATIN1';
SELECT d_id = session_id(tz, d) AS date, ts_id = session_id(ts, ts) AS timestamp, tz_id = session_id(tz, tz) AS timestamptz,
       i_id = session_id(tz, i) AS interval, f_id = session_id(tz, f) AS float8, a_id = session_id(tz, a) AS "timestamptz[]",
       b_id = session_id(tz, b) AS bytea, m_id = session_id(tz, m) AS "interval[]"
FROM looks;
RESET client_encoding;
RESET bytea_output;
RESET extra_float_digits;
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET intervalstyle = 'postgres';

--
-- Order, ends of the range, NULL
--

-- Ids sort by start time, whoever the actor is.
SELECT count(*), bool_and(row = rank) AS sorted
FROM (SELECT row_number() OVER (ORDER BY t) AS row, row_number() OVER (ORDER BY session_id(t, g)) AS rank
      FROM generate_series(1, 400) AS g,
           LATERAL (SELECT CASE WHEN g % 2 = 0 THEN 1 ELSE -1 END * (2::numeric ^ (g / 7.0) + g)::bigint) AS s(t)) AS r;
SELECT t, bool_or(session_id(t, 1) <= session_id(p, 99)) AS out_of_order
FROM (SELECT t, lag(t) OVER (ORDER BY t) AS p
      FROM (VALUES (timestamptz '-infinity'), ('4714-11-24 00:00:00+00 BC'), ('1969-12-31 23:59:59.999999+00'), ('1970-01-01 00:00:00+00'),
                   ('2000-01-01 00:00:00+00'), ('294246-12-31 00:00:00+00')) AS v(t)) AS x
GROUP BY t ORDER BY t;
-- The last 30 years of timestamptz lie beyond 64 bits since 1970: no error, and
-- not before what is earlier.
SELECT session_id(timestamptz '294276-12-31 23:59:59.999999+00', 1) >= session_id(timestamptz '294246-12-31 00:00:00+00', 1) AS late,
       session_id(timestamptz 'infinity', 1) >= session_id(timestamptz '294276-12-31 23:59:59.999999+00', 1) AS infinity;

-- An event outside of any session has no start, and so no id.
SELECT session_id(NULL::timestamptz, 1), session_id(NULL::timestamp, 1), session_id(NULL::bigint, 1);

-- The same on every event of a session, and unique per session.
SELECT actor, t, session_number(t, 10) OVER w AS number,
       session_id(session_start(t, 10) OVER w, actor) = session_id(min(t) OVER (PARTITION BY actor, n), actor) AS same
FROM (SELECT actor, t, session_number(t, 10) OVER (PARTITION BY actor ORDER BY t) AS n
      FROM (VALUES ('a', 0), ('a', 5), ('b', 0), ('b', 50)) AS v(actor, t)) AS e
WINDOW w AS (PARTITION BY actor ORDER BY t)
ORDER BY actor, t;

-- The parts may come as an array; an array as such is one part.
SELECT session_id(0, VARIADIC ARRAY['a', 'b']) = session_id(0, 'a'::text, 'b'::text) AS variadic,
       session_id(0, ARRAY['a', 'b']) <> session_id(0, 'a'::text, 'b'::text) AS array,
       session_id(0, 'a') = session_id(0, 'a'::text) AS literal;

-- An actor is needed.
SELECT session_id(timestamptz '2020-01-01 00:00:00+00');
\echo :SQLSTATE

--
-- R12: text counts as UTF-8 in a database of any encoding.
--
SELECT current_database() AS this_database \gset
SET client_min_messages = warning;
DROP DATABASE IF EXISTS contrib_regression_utf8;
DROP DATABASE IF EXISTS contrib_regression_latin1;
CREATE DATABASE contrib_regression_utf8 TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER libc LOCALE 'C';
CREATE DATABASE contrib_regression_latin1 TEMPLATE template0 ENCODING 'LATIN1' LOCALE_PROVIDER libc LOCALE 'C';
\c contrib_regression_utf8
SET client_min_messages = warning;
CREATE EXTENSION sessionize;
SELECT sessionize.session_id(0, U&'caf\00e9'::text) = '80000000-0000-8000-8108-913729242903' AS text,
       sessionize.session_id(0, U&'caf\00e9'::char(9)) = '80000000-0000-8000-8108-913729242903' AS bpchar;
\c contrib_regression_latin1
SET client_min_messages = warning;
CREATE EXTENSION sessionize;
SELECT sessionize.session_id(0, U&'caf\00e9'::text) = '80000000-0000-8000-8108-913729242903' AS text,
       sessionize.session_id(0, U&'caf\00e9'::char(9)) = '80000000-0000-8000-8108-913729242903' AS bpchar;
\c :"this_database"
DROP DATABASE contrib_regression_utf8;
DROP DATABASE contrib_regression_latin1;
