/*
 * session_id.sql: the encoding of session_id (R12) once more, in plain SQL.
 *
 * The oracle of session_id.pl.  It is written from the definition in docs/semantics.md, with
 * bit strings and core's *send functions, so it says which bytes are meant, not how fast
 * they can be had:
 *
 *     ref.session_id(ref.start(s), ref.part(a) || ref.part(b))
 *
 * is what sessionize.session_id(s, a, b) must return.  Needs no other file.
 */
CREATE SCHEMA ref;

/* ---------- the start: 64 bits that sort as the times do ---------- */

/* Microseconds since 1970 UTC, of any finite timestamp; by day and time of day: exact. */
CREATE FUNCTION ref.since_1970(t timestamp) RETURNS numeric LANGUAGE sql AS $$
	SELECT (t::date - date '1970-01-01')::numeric * 86400000000
		   + extract(epoch FROM t::time) * 1000000
$$;

/* The ends of int64 are the infinities; what is finite and too late stays below them. */
CREATE FUNCTION ref.start(t timestamp) RETURNS bigint LANGUAGE sql AS $$
	SELECT CASE WHEN t = 'infinity' THEN 9223372036854775807
				WHEN t = '-infinity' THEN -9223372036854775808
				WHEN t IS NOT NULL THEN least(ref.since_1970(t), 9223372036854775806)
		   END::bigint
$$;

CREATE FUNCTION ref.start(t timestamptz) RETURNS bigint LANGUAGE sql AS $$
	SELECT ref.start(t AT TIME ZONE 'UTC')
$$;

CREATE FUNCTION ref.start(t bigint) RETURNS bigint LANGUAGE sql AS $$
	SELECT t
$$;

/* ---------- the actor: one part after the other ---------- */

CREATE FUNCTION ref.framed(bytes bytea) RETURNS bytea LANGUAGE sql AS $$
	SELECT CASE WHEN bytes IS NULL THEN '\x00'::bytea
				ELSE '\x01'::bytea || int4send(length(bytes)) || bytes
		   END
$$;

CREATE FUNCTION ref.part(v bigint) RETURNS bytea LANGUAGE sql AS $$
	SELECT ref.framed(int8send(v))
$$;

CREATE FUNCTION ref.part(v integer) RETURNS bytea LANGUAGE sql AS $$
	SELECT ref.framed(int8send(v))
$$;

CREATE FUNCTION ref.part(v smallint) RETURNS bytea LANGUAGE sql AS $$
	SELECT ref.framed(int8send(v))
$$;

/* Of the many bytes of a NaN one, and no sign for zero. */
CREATE FUNCTION ref.part(v double precision) RETURNS bytea LANGUAGE sql AS $$
	SELECT ref.framed(CASE WHEN v = 'NaN' THEN '\x7ff8000000000000'
						   WHEN v = 0 THEN '\x0000000000000000'
						   ELSE float8send(v) END)
$$;

CREATE FUNCTION ref.part(v real) RETURNS bytea LANGUAGE sql AS $$
	SELECT ref.part(v::double precision)
$$;

CREATE FUNCTION ref.part(v text) RETURNS bytea LANGUAGE sql AS $$
	SELECT ref.framed(convert_to(v, 'UTF8'))
$$;

CREATE FUNCTION ref.part(v varchar) RETURNS bytea LANGUAGE sql AS $$
	SELECT ref.part(v::text)
$$;

CREATE FUNCTION ref.part(v name) RETURNS bytea LANGUAGE sql AS $$
	SELECT ref.part(v::text)
$$;

CREATE FUNCTION ref.part(v character) RETURNS bytea LANGUAGE sql AS $$
	SELECT ref.part(rtrim(v::text, ' '))
$$;

CREATE FUNCTION ref.part(v numeric) RETURNS bytea LANGUAGE sql AS $$
	SELECT ref.part(trim_scale(v)::text)
$$;

CREATE FUNCTION ref.part(v timestamptz) RETURNS bytea LANGUAGE sql AS $$
	SELECT ref.framed(int8send(ref.start(v)))
$$;

CREATE FUNCTION ref.part(v timestamp) RETURNS bytea LANGUAGE sql AS $$
	SELECT ref.framed(int8send(ref.start(v)))
$$;

/* As the timestamp at its midnight, though a date can be later than any timestamp. */
CREATE FUNCTION ref.part(v date) RETURNS bytea LANGUAGE sql AS $$
	SELECT ref.framed(int8send(
		CASE WHEN v = 'infinity' THEN 9223372036854775807
			 WHEN v = '-infinity' THEN -9223372036854775808
			 WHEN v IS NOT NULL
			 THEN least((v - date '1970-01-01')::numeric * 86400000000, 9223372036854775806)
		END::bigint))
$$;

CREATE FUNCTION ref.part(v time) RETURNS bytea LANGUAGE sql AS $$
	SELECT ref.framed(int8send((extract(epoch FROM v) * 1000000)::bigint))
$$;

/* Equal intervals are of equal length where a month has 30 days and a day 24 hours. */
CREATE FUNCTION ref.part(v interval) RETURNS bytea LANGUAGE sql AS $$
	SELECT ref.framed(int8send(div(us - rest, 86400000000)::bigint) || int8send(rest::bigint))
	FROM (SELECT (extract(year FROM v) * 360 + extract(month FROM v) * 30 + extract(day FROM v)) * 86400000000
				 + extract(hour FROM v) * 3600000000 + extract(minute FROM v) * 60000000
				 + extract(microseconds FROM v) AS us) AS length,
		 LATERAL (SELECT mod(mod(us, 86400000000) + 86400000000, 86400000000) AS rest) AS r
$$;

CREATE FUNCTION ref.part(v uuid) RETURNS bytea LANGUAGE sql AS $$
	SELECT ref.framed(uuid_send(v))
$$;

/*
 * Every other type: what its output function says under settings of our own.  format()
 * calls that function; a cast to text is another one for some types (boolean, inet).
 * Not an overload of part: oid would rather be a bigint.
 */
CREATE FUNCTION ref.other(v anyelement) RETURNS bytea LANGUAGE sql
SET datestyle = 'ISO' SET timezone = 'UTC' SET intervalstyle = 'postgres' SET extra_float_digits = 1
SET bytea_output = 'hex' SET lc_monetary = 'C' SET search_path = pg_catalog
AS $$
	SELECT ref.framed(CASE WHEN num_nulls(v) = 0 THEN convert_to(format('%s', v), 'UTF8') END)
$$;

/* ---------- the uuid ---------- */

CREATE FUNCTION ref.session_id(start bigint, parts bytea) RETURNS uuid LANGUAGE sql AS $$
	SELECT (lpad(to_hex(substring(id FROM 1 FOR 64)::bit(64)::bigint), 16, '0')
			|| lpad(to_hex(substring(id FROM 65 FOR 64)::bit(64)::bigint), 16, '0'))::uuid
	FROM (SELECT start::bit(64) # (B'1' || repeat('0', 63)::bit(63))
				 || ('x' || encode(sha256(parts), 'hex'))::bit(256)::bit(58) AS free) AS f,
		 LATERAL (SELECT substring(free FROM 1 FOR 48) || B'1000'
						 || substring(free FROM 49 FOR 12) || B'10'
						 || substring(free FROM 61 FOR 62) AS id) AS i
	WHERE start IS NOT NULL
$$;
