# session_id.pl: session_id() is what R12 says, byte for byte, everywhere.
#
# The ids are compared with an oracle in plain SQL (reference/session_id.sql) for every kind
# of start and actor; then what must be equal is equal and what must differ differs; then the same
# ids must come out under other settings, in a database of another encoding, and in
# parallel workers.  An id is stored and compared by people elsewhere: a mistake here can
# never be corrected afterwards.
use strict;
use warnings;

use FindBin;
use lib $FindBin::Bin, "$FindBin::Bin/../reference";
use Differential;
use SessionizeTest;
use Test::More;

my $node = start_cluster('session_id');
my $sql  = sub { return $node->safe_psql('postgres', $_[0]); };

# Types that have no bytes of their own and go by their output function.
my $TYPES = <<~'SQL';
	CREATE SCHEMA kinds;
	CREATE TYPE kinds.colour AS ENUM ('red', 'light blue', 'O''Hara');
	CREATE TYPE kinds.pair AS (word text, at timestamptz, share double precision);
	CREATE TYPE kinds.spans AS RANGE (subtype = interval);
	CREATE DOMAIN kinds.label AS text;
	CREATE DOMAIN kinds.count AS integer CHECK (VALUE >= 0);
	CREATE DOMAIN kinds.small_count AS kinds.count;
	CREATE DOMAIN kinds.words AS text[];
	CREATE TABLE kinds.shadow ();
	SQL
$sql->($TYPES);
$sql->(Differential::sql_file('session_id.sql'));

# ---------- vectors ----------

my @STARTS = (
	"timestamptz '2026-03-29 01:59:59.999999+00'", "timestamptz '2026-07-01 12:00:00+05:45'",
	"timestamptz '1970-01-01 00:00:00+00'", "timestamptz '1969-12-31 23:59:59.999999+00'",
	"timestamptz '0044-03-15 12:00:00+00 BC'", "timestamptz '4714-11-24 00:00:00+00 BC'",
	"timestamptz '294276-12-31 23:59:59.999999+00'", "timestamptz 'infinity'", "timestamptz '-infinity'",
	"timestamp '2026-03-29 02:30:00'", "timestamp '2000-01-01'", "timestamp '4714-11-24 BC'",
	# the last that fits 64 bits since 1970, and the first that does not
	"timestamp '294247-01-10 04:00:54.775805'", "timestamp '294247-01-10 04:00:54.775806'",
	"timestamp '294247-01-10 04:00:54.775807'", "timestamp '294247-01-10 04:00:54.775808'",
	"timestamp '294276-12-31 23:59:59.999999'", "timestamp 'infinity'", "timestamp '-infinity'",
	(map { "bigint '$_'" } qw(0 -1 42 9223372036854775807 9223372036854775806 -9223372036854775808)));

# Parts with bytes of their own: ref.part(); all others: ref.other().
my @PARTS = (
	(map { "smallint '$_'" } qw(0 1 -1 32767 -32768)),
	(map { "integer '$_'" } qw(0 1 -1 2147483647 -2147483648)),
	(map { "bigint '$_'" } qw(0 1 -1 9223372036854775807 -9223372036854775808)),
	(map { ("real '$_'", "double precision '$_'") } qw(0 -0 1 0.1 -1.5 NaN -NaN Infinity -Infinity 1e-37)),
	(map { "double precision '$_'" } qw(1e308 5e-324 0.30000000000000004)),
	(map { ("text '$_'", "varchar(20) '$_'", "name '$_'") } '', 'a', ' a ', "it''s", '\x41', 'NULL', "line\nbreak"),
	'chr(233)', "chr(233) || 'a'", "'e' || chr(160)", "repeat('x', 100000)", "repeat('long', 500)",
	"'a'::char(5)", "'  a  '::char(8)", "''::char(3)", "'a'::bpchar", "'a  '::bpchar",
	(map { "numeric '$_'" } qw(0 0.00 -0.0 1 1.0 1.50 100 100.00 -12.340 1e20 1e-20 NaN Infinity -Infinity
		123456789012345678901234567890.123456789000 0.10), '1e1000'),
	(map { "timestamptz '$_'" } '2026-03-29 02:30:00+02', '1500-01-01 00:00:00+00', '2026-01-01 00:00:00.000001-08',
		'infinity', '-infinity', '294276-12-31 23:59:59.999999+00', '4714-11-24 00:00:00+00 BC'),
	(map { "timestamp '$_'" } '2026-03-29 02:30:00', '1999-12-31 23:59:59.999999', 'infinity', '-infinity',
		'294276-12-31 23:59:59.999999', '4714-11-24 BC'),
	# the last two finite dates are later than any timestamp
	(map { "date '$_'" } '2026-01-01', '1969-12-31', '0001-01-01 BC', '4714-11-24 BC', 'infinity', '-infinity',
		'294276-12-31', '294277-01-01', '5874897-12-31'),
	(map { "time '$_'" } '00:00', '12:34:56.789012', '23:59:59.999999', '24:00'),
	(map { "interval '$_'" } '0', '1 day', '24 hours', '-1 hour', '-1 day +23 hours', '1 mon', '30 days',
		'1 year 2 mons -3 days 04:05:06.789', '-1 us', '2147483647 days 1 us', '-2147483648 days -1 us',
		'178000000 years', '-178000000 years -1 us',
		'2562047788:00:54.775807', '2147483647 days 2562047788:00:54.775807'),
	"uuid '01234567-89ab-cdef-0123-456789abcdef'", "uuid '00000000-0000-0000-0000-000000000000'",
	"'O''Hara'::kinds.label", "'7'::kinds.count", "'7'::kinds.small_count",
	(map { "NULL::$_" } qw(text integer bigint numeric timestamptz interval uuid date char(3) kinds.label)));

my @OTHERS = (
	'true', 'false', "'\\x00ff41'::bytea", "''::bytea", "'10.0.0.1'::inet", "'10.0.0.1/8'::inet", "'::1'::inet",
	"'10.0.0.0/8'::cidr", "'08:00:2b:01:02:03'::macaddr", "'\"a\"'::jsonb", "'{\"b\": 1.0, \"a\": [true, null]}'::jsonb",
	"'{\"b\":1.0}'::json", "B'101'", "'x'::\"char\"", "oid '42'", "'kinds.shadow'::regclass", "'pg_class'::regclass",
	"timetz '12:00:00+05:45'", "money '1234.50'", "point '(0.1,0.2)'", "'a b'::tsvector", "xid8 '77'",
	"'light blue'::kinds.colour", "'O''Hara'::kinds.colour",
	"ARRAY['a', 'b c', NULL, '', '\"']", "ARRAY[1, 2]", "ARRAY[[1, 2], [3, 4]]", "'[0:1]={1,2}'::integer[]",
	"'{}'::text[]",
	"ARRAY[0.1, 1e-5]::double precision[]", "ARRAY[0.1]::real[]", "ARRAY[1.0, 1.00]", "ARRAY['a', 'b']::kinds.words",
	"ARRAY[timestamptz '2026-03-29 02:30:00+02', 'infinity']", "ARRAY[timestamp '2026-03-29 02:30:00']",
	"ARRAY[date '2026-03-29']", "ARRAY[interval '1 year 2 days -3 hours']", "ARRAY['\\x00ff'::bytea]", "ARRAY[chr(233)]",
	"ROW('a', timestamptz '2026-03-29 02:30:00+02', 0.1)::kinds.pair", "ROW(NULL, NULL, NULL)::kinds.pair",
	"tstzrange('2026-03-29 02:30:00+02', NULL)", "tsrange('2026-03-29 02:30:00', '2026-04-01')", "int8range(1, 5)",
	"daterange('2026-03-29', '2026-03-31', '[]')", "numrange(1.0, 1.10)",
	"kinds.spans(interval '1 day', interval '1 mon')", "'{[2026-03-29, 2026-04-01)}'::datemultirange",
	(map { "NULL::$_" } qw(boolean inet text[] kinds.pair jsonb kinds.colour)));

# name, arguments after the start, oracle's bytes
my @actors = (
	(map { [ $_, "($_)", "ref.part($_)" ] } @PARTS),
	(map { [ $_, "($_)", "ref.other($_)" ] } @OTHERS),
	[ 'two texts',       "text 'ab', text 'c'", "ref.part(text 'ab') || ref.part(text 'c')" ],
	[ 'user, platform',  "42, text 'web'", "ref.part(42) || ref.part(text 'web')" ],
	[ 'NULL among parts', "NULL::text, 1, NULL::integer, ''::text",
		q{'\x00' || ref.part(1) || '\x00' || ref.part(text '')} ],
	[ 'ninety-nine',     join(', ', 1 .. 99), join(' || ', map { "ref.part($_)" } 1 .. 99) ],
	[ 'VARIADIC texts',  "VARIADIC ARRAY['ab', NULL, 'c']", q{ref.part(text 'ab') || '\x00' || ref.part(text 'c')} ],
	[ 'VARIADIC integers', 'VARIADIC ARRAY[1, 2]', 'ref.part(1) || ref.part(2)' ],
	[ 'VARIADIC numerics', 'VARIADIC ARRAY[1.0, 2.50]', 'ref.part(1.0) || ref.part(2.50)' ],
	[ 'VARIADIC, two dimensions', 'VARIADIC ARRAY[[1, 2], [3, 4]]', join(' || ', map { "ref.part($_)" } 1 .. 4) ],
	[ 'VARIADIC booleans', 'VARIADIC ARRAY[true, false]', 'ref.other(true) || ref.other(false)' ],
	[ 'VARIADIC, a thousand', "VARIADIC (SELECT array_agg(i ORDER BY i) FROM generate_series(1, 1000) AS i)",
		"(SELECT string_agg(ref.part(i), '' ORDER BY i) FROM generate_series(1, 1000) AS i)" ],
	[ 'untyped literal', "'abc'", "ref.part(text 'abc')" ],
	[ 'untyped NULL',    'NULL', q{'\x00'::bytea} ]);

# What a vector is, and what it must be.
sub vector
{
	my ($start, $actor) = @_;
	return "SELECT sessionize.session_id($start, $actor->[1]), ref.session_id(ref.start($start), $actor->[2])";
}

my @vectors = (
	(map { [ $_, vector($_, [ undef, "text 'a', 1", "ref.part(text 'a') || ref.part(1)" ]) ] } @STARTS),
	(map { [ $_->[0], vector("timestamptz '2026-01-01 00:00:00+00'", $_) ] } @actors));

for my $vector (@vectors)
{
	my ($name, $query) = @$vector;
	$name =~ s/\s+/ /g;
	my ($out, $err) = ('', '');
	$node->psql('postgres', $query, stdout => \$out, stderr => \$err);
	my ($id, $expected) = split /\|/, $out;
	ok(defined $id && $id ne '' && $id eq $expected, "as defined: $name")
	  or diag("$query\nextension: " . ($id // $err) . "\noracle:    " . ($expected // ''));
}
is($sql->("SELECT sessionize.session_id(NULL::$_, 1) IS NULL"), 't', "no start, no id: $_")
  for qw(timestamptz timestamp bigint);

# One id by hand, so that oracle and extension cannot drift together: the bytes in
# front of the hash are 01 00000001 61, the start is 0.
is($sql->("SELECT sessionize.session_id(bigint '0', text 'a')"), '80000000-0000-8000-81cf-4e04a849d7d2',
	'an id worked out by hand');

# ---------- equal actors, equal ids; different ones, different ids ----------

# How many ids these actors have, with one start.
sub distinct
{
	my $ids = join ', ', map { "(sessionize.session_id(bigint '7', $_))" } @_;
	return $sql->("SELECT count(DISTINCT id) FROM (VALUES $ids) AS v(id)");
}

for my $class (
	[ 'the integers',     'smallint \'5\'', '5', 'bigint \'5\'', "'5'::kinds.count", "'5'::kinds.small_count" ],
	[ 'the floats',       'real \'0.5\'', 'double precision \'0.5\'' ],
	[ 'float zeros',      'double precision \'0\'', 'double precision \'-0\'', 'real \'0\'', 'real \'-0\'' ],
	[ 'float NaNs',       'double precision \'NaN\'', 'real \'NaN\'', '-(double precision \'NaN\')',
		"double precision 'infinity' - double precision 'infinity'" ],
	[ 'numerics',         '1.0', '1.00', 'numeric \'1\'', '1.000 * 1', '0.5 + 0.5' ],
	[ 'numeric zeros',    '0.0', 'numeric \'-0\'', '0.000', '1.5 - 1.50' ],
	[ 'large numerics',   'numeric \'100\'', '1e2', '100.00' ],
	[ 'texts',            "text 'a'", "varchar 'a'", "name 'a'", "'a'::char(5)", "'a'::char(1)", "'a'::kinds.label",
		"'a'" ],
	[ 'texts of blanks',  "'  '::char(3)", "''::char(1)", "text ''" ],
	[ 'days',             "interval '24 hours'", "interval '1 day'", "interval '2 days -24 hours'",
		"interval '86400000000 us'" ],
	[ 'months',           "interval '1 mon'", "interval '30 days'", "interval '720 hours'" ],
	[ 'negative lengths', "interval '-1 hour'", "interval '-1 day 23 hours'", "interval '1 mon -31 days 23 hours'" ],
	[ 'one moment',       "timestamptz '2026-03-29 02:30:00+02'", "timestamptz '2026-03-29 00:30:00+00'",
		"timestamp '2026-03-29 00:30:00'" ],
	[ 'a day',            "date '2026-03-29'", "timestamp '2026-03-29'" ],
	[ 'NULLs',            'NULL::text', 'NULL::integer', 'NULL::kinds.pair' ],
	[ 'jsonb',            "'{\"a\":1,\"b\":2}'::jsonb", "'{\"b\": 2, \"a\": 1}'::jsonb" ],
	[ 'parts or array',   'VARIADIC ARRAY[1, 2]', '1, 2', 'smallint \'1\', bigint \'2\'' ])
{
	my ($name, @same) = @$class;
	is(distinct(@same), 1, "equal: $name");
}

# Each of these is another actor; the quick way to make them one is to join the parts.
my @DIFFERENT = (
	"text 'ab', text 'c'", "text 'a', text 'bc'", "text 'abc'", "text 'abc', text ''", "text '', text 'abc'",
	"text 'abc', NULL::text", "NULL::text, text 'abc'", "NULL::text", "NULL::text, NULL::text", "text ''",
	"text '', text ''", "text 'A', text 'bc'", "text ' abc'", "text 'abc '", "1, 2", "2, 1", "12", "text '12'",
	"double precision '12'", "text 'c', text 'ab'", "ARRAY['ab', 'c']", "ROW('ab', 'c')", "interval '1 mon'",
	"interval '31 days'", "interval '30 days 1 us'", "1.0, NULL::text", "timestamp '2026-03-29'", "timestamp 'infinity'",
	"timestamp '-infinity'", "timestamp '294276-12-31 23:59:59.999999'", "real '0.1'", "double precision '0.1'",
	"true", "false", "bigint '-1'", "'\\x00'::bytea", "'\\x'::bytea", "'\\x0000'::bytea", "text e'\\x01'",
	"uuid '01234567-89ab-cdef-0123-456789abcdef'", "text '01234567-89ab-cdef-0123-456789abcdef'");
is(distinct(@DIFFERENT), scalar @DIFFERENT, 'different: ' . scalar(@DIFFERENT) . ' actors that could be confused');
is($sql->(<<~'SQL'), '40000', 'different: 200 starts of 200 actors');
	SELECT count(DISTINCT sessionize.session_id(s, a))
	FROM generate_series(bigint '0', 199) AS s, generate_series(1, 200) AS a
	SQL

# ---------- order, version, variant ----------

# The ids of one start differ in the actor only, so strict order of starts is order of ids.
is($sql->(<<~'SQL'), '0', 'ids sort as their starts do, whatever the actor');
	WITH s AS (
		SELECT t, a, sessionize.session_id(t, a) AS id
		FROM unnest(ARRAY['-infinity', '4714-11-24 00:00:00+00 BC', '4713-01-01 00:00:00+00 BC',
						  '0001-12-31 23:59:59.999999+00 BC',
						  '0001-01-01 00:00:00+00', '1969-12-31 23:59:59.999999+00', '1970-01-01 00:00:00+00',
						  '1970-01-01 00:00:00.000001+00', '1999-12-31 23:59:59.999999+00',
						  '2000-01-01 00:00:00+00', '2026-01-01 00:00:00+00', '294247-01-01 00:00:00+00',
						  '294276-12-31 23:59:59.999999+00', 'infinity'
						 ]::timestamptz[]) AS t, generate_series(1, 20) AS a)
	SELECT count(*) FROM s AS x, s AS y WHERE x.t < y.t AND NOT x.id < y.id
	SQL
is($sql->(<<~'SQL'), '0', 'so do those of bigint starts');
	WITH s AS (
		SELECT t, sessionize.session_id(t, a) AS id
		FROM unnest(ARRAY[-9223372036854775808, -9223372036854775807, -4294967296, -65536, -1, 0, 1, 255, 256,
						  65535, 65536, 4294967295, 4294967296, 281474976710655, 281474976710656,
						  9223372036854775806, 9223372036854775807
						 ]::bigint[]) AS t, generate_series(1, 20) AS a)
	SELECT count(*) FROM s AS x, s AS y WHERE x.t < y.t AND NOT x.id < y.id
	SQL
is($sql->(<<~'SQL'), '0', 'version 8, variant 10');
	SELECT count(*)
	FROM (SELECT uuid_send(sessionize.session_id(('x' || md5(i::text))::bit(64)::bigint, i)) AS id
		  FROM generate_series(1, 20000) AS i) AS s
	WHERE get_byte(id, 6) >> 4 <> 8 OR get_byte(id, 8) >> 6 <> 2
	SQL

# ---------- the same everywhere ----------

# All actors of one part at once.  The values lie in a table, read under the settings of the baseline,
# for some literals mean something else under others.
my @columns = grep { $_->[1] =~ /^\(/ && $_->[0] ne 'NULL' } @actors;
$sql->('CREATE TABLE kinds.vectors AS SELECT ' . join ', ', map { "$columns[$_][1] AS c$_" } 0 .. $#columns);
my $ids = 'SELECT array_to_string(ARRAY['
  . join(', ', map { "sessionize.session_id(timestamptz 'epoch', c$_)" } 0 .. $#columns)
  . "], ' ') FROM kinds.vectors";
my @baseline = split ' ', $sql->($ids);
is(scalar @baseline, scalar @columns, 'ids of ' . scalar(@columns) . ' actors to compare with');

my $OTHER_SETTINGS = "TimeZone = 'Europe/Berlin'; SET DateStyle = 'German'; SET IntervalStyle = 'iso_8601';"
  . " SET extra_float_digits = 0; SET bytea_output = 'escape'; SET search_path = 'kinds'";
for my $settings (
	(map { "TimeZone = '$_'" } 'America/St_Johns', 'Asia/Kathmandu', 'Europe/Berlin'),
	(map { "DateStyle = '$_'" } 'German', 'SQL, DMY', 'Postgres, MDY', 'ISO, YMD'),
	(map { "IntervalStyle = '$_'" } qw(sql_standard postgres_verbose iso_8601)),
	(map { "extra_float_digits = '$_'" } qw(-15 0 3)),
	"bytea_output = 'escape'", "client_encoding = 'LATIN1'", "client_encoding = 'SQL_ASCII'", "search_path = 'kinds'",
	"search_path = ''", "quote_all_identifiers = 'on'", "standard_conforming_strings = 'off'", "array_nulls = 'off'",
	"xmlbinary = 'hex'", "transform_null_equals = 'on'", "plan_cache_mode = 'force_generic_plan'",
	$OTHER_SETTINGS)
{
	my @here = split ' ', $sql->("SET $settings; $ids");
	my @other = grep { $here[$_] ne $baseline[$_] } 0 .. $#columns;
	ok(!@other, "the same under $settings") or diag(join "\n", 'not for:', map { $columns[$_][0] } @other);
}

# What the function sets for itself it must leave as it was, also when an output function fails: here
# that of an enum whose label is gone.
$sql->(<<~'SQL');
	CREATE TYPE kinds.torn AS ENUM ('torn');
	CREATE TABLE kinds.scraps AS SELECT ARRAY['torn'::kinds.torn] AS v;
	DELETE FROM pg_enum WHERE enumtypid = 'kinds.torn'::regtype;
	SQL
my $left_alone = "22P03|German, DMY|Europe/Berlin|iso_8601|0|escape|kinds\n1 day\n29.03.2026 04:30:00 CEST";
is($sql->(<<~SQL), $left_alone, 'settings are left alone');
	SET $OTHER_SETTINGS;
	CREATE TEMP TABLE said (state text, length interval, moment timestamptz);
	DO \$\$
	BEGIN
		INSERT INTO said VALUES (sessionize.session_id(now(), tstzrange(now(), NULL))::text);
		UPDATE said SET length = '24:00'::interval, state = sessionize.session_id(now(), v)::text FROM kinds.scraps;
	EXCEPTION WHEN OTHERS THEN
		INSERT INTO said VALUES (SQLSTATE, '1 day', '2026-03-29 02:30:00+00');
	END \$\$;
	SELECT concat_ws('|', state, current_setting('DateStyle'), current_setting('TimeZone'),
					 current_setting('IntervalStyle'), current_setting('extra_float_digits'),
					 current_setting('bytea_output'), current_setting('search_path'))
	FROM said;
	SET IntervalStyle = postgres;
	SELECT length FROM said;
	SELECT moment FROM said;
	SQL

# Stored values: short headers, compressed, out of line, against the same values not stored.
$sql->(<<~'SQL');
	CREATE TABLE kinds.stored (v text, n numeric, a text[]);
	ALTER TABLE kinds.stored ALTER v SET STORAGE EXTERNAL;
	INSERT INTO kinds.stored
	SELECT string_agg(md5(i::text), ''), 1.50, array_agg(md5(i::text)) FROM generate_series(1, 20000) AS i
	UNION ALL SELECT repeat('a', 3000), 100.00, ARRAY[repeat('a', 3000)]
	UNION ALL SELECT 'short', 0, '{short}';
	SQL
is($sql->(<<~'SQL'), '3', 'the same for stored values');
	SELECT count(*) FROM kinds.stored
	WHERE sessionize.session_id(bigint '0', v, n, a)
		  = ref.session_id(0, ref.part(v || '') || ref.part(n + 0) || ref.other(a || '{}'::text[]))
	SQL

# Another encoding: the same characters are other bytes there.
my $e = 'chr(233)';
my $accents = 'SELECT array_to_string(ARRAY[' . join(', ', map { "sessionize.session_id(bigint '0', $_)" }
	$e, "'caf' || $e", "$e\::varchar", "$e\::name", "$e\::char(5)", "ARRAY[$e]", "ROW($e, 1)", "to_jsonb($e)",
	'enum_first(NULL::kinds.accent)', "$e\::kinds.label", "$e, 1, chr(228)", "VARIADIC ARRAY[$e]") . "], ' ')";
my $accent_type = "DO \$\$ BEGIN EXECUTE format('CREATE TYPE kinds.accent AS ENUM (%L)', $e); END \$\$;";
$sql->($accent_type);
my $in_utf8 = $sql->($accents);
is((split ' ', $in_utf8)[0], $sql->("SELECT ref.session_id(0, ref.framed('\\xc3a9'))"),
	'in UTF8: e with acute is c3 a9');
for my $encoding (qw(LATIN1 LATIN9 WIN1252))
{
	$sql->("CREATE DATABASE \"in_$encoding\" TEMPLATE template0 ENCODING '$encoding' LC_COLLATE 'C' LC_CTYPE 'C'");
	is( $node->safe_psql("in_$encoding", "CREATE EXTENSION sessionize; $TYPES $accent_type $accents"),
		$in_utf8, "the same in a database in $encoding");
}

# In parallel workers, which may not change settings the usual way.
my $debug = $sql->('SHOW server_version_num') >= 160000 ? 'debug_parallel_query' : 'force_parallel_mode';
$sql->(<<~'SQL');
	CREATE TABLE kinds.events AS
	SELECT timestamptz 'epoch' + i * interval '1 hour' AS t, i AS n, i / 3.0::double precision AS f,
		   md5(i::text) AS x, ARRAY[i * interval '1 hour'] AS a,
		   tstzrange(timestamptz 'epoch', timestamptz 'epoch' + i * interval '1 day') AS r
	FROM generate_series(1, 5000) AS i;
	ALTER TABLE kinds.events SET (parallel_workers = 4);
	ANALYZE kinds.events;
	SQL
my $digest = <<~'SQL';
	SELECT md5(string_agg(id::text, ' ' ORDER BY id))
	FROM (SELECT sessionize.session_id(t, n, f, x, r, a, x LIKE '%a%') AS id, count(*)
		  FROM kinds.events
		  GROUP BY id) AS s
	SQL
my $serial = $sql->("SET max_parallel_workers_per_gather = 0; $digest");
for my $settings (
	join('; SET ', 'max_parallel_workers_per_gather = 4', 'parallel_setup_cost = 0', 'parallel_tuple_cost = 0',
		'min_parallel_table_scan_size = 0', 'parallel_leader_participation = off'),
	join('; SET ', "$debug = on", 'max_parallel_workers_per_gather = 2', 'parallel_setup_cost = 1e9'))
{
	my $set = "SET $OTHER_SETTINGS; SET $settings;";
	my ($name) = $settings =~ /^(\w+)/;
	is($sql->("$set $digest"), $serial, "the same with $name");
	like($sql->("$set EXPLAIN (VERBOSE, COSTS OFF) $digest"), qr/Gather.*session_id/s, '... in a parallel plan');
}

done_testing();
