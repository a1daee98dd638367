/*
 * weblog.sql - a web server's log in combined format, as a table of requests
 *
 *		demo/lines FILE | psql -f demo/weblog.sql
 *
 * Every line of the log becomes a row of "lines"; those that can be read are rows of "requests", all
 * others of "unreadable". So no line is lost, whatever is in it, and none stops the rest.
 */

CREATE TABLE lines (
	line_number bigint GENERATED ALWAYS AS IDENTITY,
	line text NOT NULL
);

/*
 * In LATIN1 every byte is a character: nothing is invalid. tidy() makes UTF-8 of the lines that are.
 * Both functions below catch errors, which takes a subtransaction: nothing for parallel queries.
 */
SET client_encoding = 'LATIN1';
\copy lines (line) FROM pstdin
RESET client_encoding;
ANALYZE lines;

CREATE FUNCTION tidy(line text) RETURNS text
	LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL UNSAFE
AS $$
BEGIN
	RETURN CASE WHEN octet_length(line) > length(line)
				THEN convert_from(convert_to(line, 'LATIN1'), 'UTF8')
				ELSE line END;
EXCEPTION WHEN character_not_in_repertoire OR untranslatable_character THEN
	RETURN line;
END
$$;

/* The instant of a log's "17/May/2015:10:05:03 +0000"; NULL for a month or day that no calendar has. */
CREATE FUNCTION log_time(stamp text) RETURNS timestamptz
	LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL UNSAFE
AS $$
BEGIN
	RETURN (substr(stamp, 8, 4) || substr(stamp, 3, 5) || left(stamp, 2) || ' ' || substr(stamp, 13))
		::timestamptz;
EXCEPTION WHEN data_exception THEN
	RETURN NULL;
END
$$;

/*
 * Inside quotes a backslash shields a quote and itself. As \x22 and \x5c, the way nginx writes them,
 * they leave only the quotes that part the fields. (Captures in the pattern would be 40 times slower.)
 */
CREATE TABLE requests AS
SELECT line_number,
	split_part(part[1], ' ', 1) AS client,
	ts,
	split_part(part[2], ' ', 1) AS method,
	split_part(part[2], ' ', 2) AS path,
	split_part(part[3], ' ', 2)::int AS status,
	nullif(split_part(part[3], ' ', 3), '-')::bigint AS bytes,
	nullif(part[4], '-') AS referrer,
	nullif(part[6], '-') AS agent
FROM lines,
	replace(replace(tidy(line), '\\', '\x5c'), '\"', '\x22') AS plain,
	string_to_array(plain, '"') AS part,
	log_time(split_part(rtrim(part[1], '] '), '[', -1)) AS ts
WHERE plain ~ ('^\S+ \S+ [^"]+ '
		'\[\d\d/[A-Z][a-z][a-z]/\d{4}:\d\d:\d\d:\d\d [-+]\d{4}\] '
		'"[^"]*" \d{3} (\d{1,18}|-) "[^"]*" "[^"]*"$')
	AND ts IS NOT NULL;
ANALYZE requests;

CREATE VIEW unreadable AS
SELECT line_number, tidy(line) AS line
FROM lines
WHERE NOT EXISTS (SELECT FROM requests AS r WHERE r.line_number = lines.line_number);
