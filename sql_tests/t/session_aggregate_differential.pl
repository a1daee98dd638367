# session_aggregate_differential.pl: the node Session Aggregate against core's aggregation.
#
# Random queries over random events, each answered three times:
#
#   aggregate   by the node, which sessionize.debug_require_session_aggregate makes sure of
#   scan        by GroupAggregate over the same Session Scan: the very same rows
#   core        by WindowAgg and core's aggregation: the same rows, where an aggregate
#               does not depend on the order of events with equal times
#
# The values are those that fast arithmetic gets wrong: numerics of any scale and size, NaN
# and infinities, integers whose sums leave 64 bits, floats that differ in the last bit by
# the order of additions, both zeros, texts that a collation calls equal, and NULLs.
#
#   SESSIONIZE_SEED=n   replays the queries with that seed (it is printed)
#   SESSIONIZE_LONG=1   20 rounds
use strict;
use warnings;

use FindBin;
use lib $FindBin::Bin;
use SessionizeTest;
use Test::More;

my $rounds = $ENV{SESSIONIZE_LONG} ? 20 : 2;
my $seed   = $ENV{SESSIONIZE_SEED} // ($ENV{SESSIONIZE_LONG} ? int(rand(1_000_000_000)) : 5);
my $node   = start_cluster('session_aggregate_differential', 'max_parallel_workers_per_gather = 0');

my $has_icu = $node->safe_psql('postgres', q{SELECT count(*) > 0 FROM pg_collation WHERE collprovider = 'i'}) eq 't';

# ---------- events ----------

$node->safe_psql('postgres', <<~"SQL");
	@{[ $has_icu ? q{CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false);} : q{CREATE COLLATION loose FROM "C";} ]}
	@{[ $has_icu ? q{CREATE COLLATION german (provider = icu, locale = 'de');} : q{CREATE COLLATION german FROM "C";} ]}
	CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
	CREATE TABLE event (
		id int, actor int, actor_text text, actor_numeric numeric, t timestamptz, t_bigint bigint, restart boolean, ends boolean,
		span interval, b boolean, i2 smallint, i4 int, i8 bigint, f4 real, f8 float8, f8_rough float8, money_ money,
		n numeric, n_wild numeric, n_money numeric(10, 2), n_rounded numeric(6, -2), txt text, long text, chr char(5), d date, ts timestamp, tm time,
		iv interval, m mood, j jsonb, ip inet, arr int[]);
	CREATE FUNCTION fill(seed float8, ordered boolean, num int, one boolean DEFAULT false) RETURNS void LANGUAGE plpgsql AS \$\$
	BEGIN
		TRUNCATE event;
		PERFORM setseed(seed);
		INSERT INTO event
		SELECT i, actor, (ARRAY['a', 'A', 'b', 'é', NULL])[1 + coalesce(actor, 7) % 5] || actor % 11, (ARRAY['1', '1.0', '1.00', 'NaN', '-7', '1e2', '100'])[1 + (actor + i) % 7]::numeric,
			   t, CASE WHEN isfinite(t) THEN extract(epoch FROM t)::bigint END,
			   CASE WHEN r1 < 0.06 THEN true WHEN r1 < 0.9 THEN false END, r2 < 0.05, (r3 * 3000)::int * interval '1 s',
			   CASE WHEN r1 < 0.4 THEN true WHEN r1 < 0.8 THEN false END,
			   CASE WHEN r2 < 0.8 THEN (r3 * 65000 - 32500)::int END, CASE WHEN r3 < 0.8 THEN ((r1 - 0.5) * 4294967290)::bigint END,
			   CASE WHEN r1 < 0.3 THEN (r2 * 9e18)::bigint WHEN r1 < 0.35 THEN -9223372036854775808 WHEN r1 < 0.8 THEN (r2 * 100)::bigint END,
			   CASE WHEN r2 < 0.02 THEN 'NaN' WHEN r2 < 0.03 THEN 'Infinity' WHEN r2 < 0.04 THEN '-Infinity' WHEN r2 < 0.8 THEN (r3 * 100)::int / 8.0 END::real,
			   CASE WHEN r3 < 0.02 THEN 'NaN' WHEN r3 < 0.03 THEN 'Infinity' WHEN r3 < 0.04 THEN '-Infinity' WHEN r3 < 0.8 THEN ((r1 - 0.5) * 1000)::int / 8.0 END::float8,
			   CASE WHEN r1 < 0.1 THEN 0.0 WHEN r1 < 0.2 THEN '-0.0' WHEN r1 < 0.8 THEN (r2 - 0.5) * 1e3 ^ (r3 * 5)::int END,
			   CASE WHEN r1 < 0.9 THEN ((r2 - 0.5) * 1000)::numeric::money END,
			   CASE WHEN r1 < 0.9 THEN round(((r2 - 0.5) * 1000)::numeric, (r3 * 12)::int) END,
			   CASE (r1 * 60)::int WHEN 0 THEN 'NaN' WHEN 1 THEN 'Infinity' WHEN 2 THEN '-Infinity' WHEN 3 THEN NULL WHEN 4 THEN '0.000' WHEN 5 THEN 0
					WHEN 6 THEN 1e-30 WHEN 7 THEN 1e40 WHEN 8 THEN -1e40 WHEN 9 THEN 123456789012345678.12345678 WHEN 10 THEN 99999999.99999999
					WHEN 11 THEN -9999999999999999.99999999 WHEN 12 THEN 10000 WHEN 13 THEN 0.00010000 WHEN 14 THEN 1.50000000000000000000 WHEN 15 THEN 1e70 + 1e-70
					ELSE (CASE WHEN r3 < 0.5 THEN -1 ELSE 1 END * 10000 ^ (r2 * 4)::int * round(r3::numeric, (r2 * 9)::int))::numeric END,
			   CASE WHEN r2 < 0.95 THEN ((r3 - 0.1) * 500)::numeric END, ((r1 - 0.5) * 999900)::numeric,
			   (ARRAY['x', 'X', 'y', 'Ä', 'ä', 'a', 'z', '', NULL])[1 + (r1 * 8.99)::int % 9], CASE WHEN r2 < 0.9 THEN repeat(chr(97 + (r1 * 25)::int), (r2 * r2 * r2 * 400)::int) END,
			   (ARRAY['p', 'p ', 'q', NULL])[1 + (r2 * 3.99)::int % 4], CASE WHEN r1 < 0.9 THEN date '2024-01-01' + (r2 * 40)::int END,
			   CASE WHEN r2 < 0.01 THEN 'infinity' WHEN r2 < 0.9 THEN timestamp '2024-01-01' + r1 * interval '90 days' END, CASE WHEN r3 < 0.9 THEN time '00:00' + r1 * interval '10 h' END,
			   CASE WHEN r1 < 0.9 THEN (r2 * 100)::int * interval '1 day 7 min' END, (ARRAY['sad', 'ok', 'happy', NULL])[1 + (r3 * 3.99)::int % 4]::mood,
			   CASE WHEN r1 < 0.9 THEN jsonb_build_object('k', (r2 * 4)::int) END, CASE WHEN r2 < 0.9 THEN ('10.0.0.' || (r1 * 9)::int)::inet END, ARRAY[(r1 * 3)::int, NULL]
		FROM (SELECT i, r1, r2, r3, CASE WHEN one AND a > 0.01 THEN 7 WHEN a < 0.03 THEN NULL WHEN a < 0.15 THEN 7 ELSE (a * a * 300)::int END AS actor,
					 CASE WHEN b < 0.02 THEN NULL WHEN b < 0.025 THEN 'infinity' WHEN b < 0.03 THEN '-infinity'
						  ELSE '2024-03-31 00:00+00'::timestamptz + ((CASE WHEN one THEN i + c * 90 WHEN ordered AND r2 > 0.002 THEN i ELSE c * num END) * 11)::int / 90 * interval '1 min' END AS t
			  FROM (SELECT i, random() AS a, random() + one::int AS b, random() AS c, random() AS r1, random() AS r2, random() AS r3
					FROM generate_series(1, num) AS i OFFSET 0) AS x OFFSET 0) AS y;
		ANALYZE event;
	END \$\$;
	SQL

# ---------- queries ----------

my $state = $seed;

# The same on every machine.
sub die_of { $state = ($state * 1103515245 + 12345) % 2147483648; return int($state / 65536) % $_[0]; }
sub pick { return $_[ die_of(scalar @_) ]; }

# Aggregates that depend on the set of rows alone: of the subquery's row e.
my @SAFE = (
	'count(*)', 'count(e.i4)', 'count(e.txt)', 'count(e.t)', 'min(e.t)', 'max(e.t)',
	(map { ("min(e.$_)", "max(e.$_)") } qw(i2 i4 i8 f4 f8 n_money txt long d ts tm iv m money_ ip arr)),
	(map { ("sum(e.$_)", "avg(e.$_)") } qw(i2 i4 i8 f4 f8 n n_wild n_money n_rounded iv)), 'sum(e.money_)',
	'bool_and(e.b)', 'bool_or(e.b)', 'every(e.b)',
	(map { "count(DISTINCT e.$_)" } qw(b i2 i4 i8 f4 f8 n n_wild txt long chr d ts t iv m j ip arr)),
	'count(DISTINCT e.txt COLLATE german)', 'count(DISTINCT e.txt COLLATE loose)', 'max(e.txt COLLATE german)', 'min(e.txt COLLATE "C")',
	(map { ("sessionize.first(e.$_, e.t)", "sessionize.last(e.$_, e.t)") } qw(i4 n_money txt long j)),
	'sessionize.first_by(e.txt, e.t, e.id)', 'sessionize.last_by(e.txt, e.t, e.txt COLLATE "C", e.id)', 'sessionize.first(e.i4, e.t + e.iv)',
	'sum(e.i4 + 1)', 'count(nullif(e.txt, \'x\'))', 'max(e.i8 / 3)', 'bit_or(e.i4)', 'bool_or(e.n > 3)', 'sum(length(e.long))',
	'min(e.started_by)', 'min(e.ended_by)', 'min(e.s)', 'max(e.e)', 'max(e.c)', 'sum(e.c)', 'min(e.num)', 'count(DISTINCT e.num)', 'count(e.ended_by)',
	'sum(sessionize.duration(e.s, e.e))', 'count(*) FILTER (WHERE e.en = 1)', 'sum(e.c) FILTER (WHERE e.en = 1)', 'sum(sessionize.duration(e.s, e.e)) FILTER (WHERE 1 = e.en)',
	'max(e.num) FILTER (WHERE e.en = 1)', 'count(*) FILTER (WHERE e.en = 2)', 'sum(e.en)',
	'corr(e.i2, e.i2)', 'count(e)');

# These follow the rows' order, or show one of several values that are equal.
my @ORDERED = (
	'sum(e.f8_rough)', 'avg(e.f8_rough)', 'min(e.f8_rough)', 'max(e.f8_rough)', 'stddev(e.f8_rough)', 'min(e.txt COLLATE loose)', 'max(e.txt COLLATE loose)',
	'min(e.chr)', 'max(e.n)', 'min(e.n_wild)', 'array_agg(e.id)', 'string_agg(e.txt, \',\')', 'array_agg(e.txt) FILTER (WHERE e.b)', 'jsonb_agg(e.i2)', 'max(e.f4 * -1)');

my @FILTERS = ('e.b', 'NOT e.b', 'e.bought', 'e.i4 > 0', 'e.txt = \'x\'', 'e.n_money IS NULL', 'e.num > 1', 'e.t > timestamptz \'2024-03-31 05:00+00\'');
my @ARGUMENTS = ("'20 min'", "'20 min', restart", "'15 min', restart, ends", "'20 min', restart, ends, '1 hour'", "'30 min', restart, false, NULL, true",
	"'20 min', restart, ends, '50 min', true", "span, restart", "'0'", "'20 min', true", "'3 h', false, false, '1 hour'");
my @WHERE = (('') x 5, ('e.num IS NOT NULL') x 3, 'e.num = 1', 'e.num > 1', 'e.i4 > 0', 'e.num IS NOT NULL AND e.b', 'e.started_by = \'restart\'', 'e.c > 2', 'e.num IS NULL');
my @HAVING = (('') x 4, 'count(*) > 2', 'sum(e.i4) > 0', 'e_actor IS NOT NULL', 'max(e.t) > min(e.t) + interval \'5 min\'', 'count(DISTINCT e.txt) > 1');

# A query: its text, and whether it is answered alike whatever the order of equal times.  Where
# it is not, core has to be kept from sorting the groups, which it does for DISTINCT.
sub random_query
{
	my $ordered = die_of(4) == 0;
	my $key = pick(qw(actor actor actor actor_text), $ordered ? ('actor_numeric') : ('actor, actor_text', 'actor_text COLLATE "C"'));
	my @keys = split /, /, $key;
	my $arguments = pick(@ARGUMENTS);
	my $by_number = die_of(3) > 0;
	my @metrics;

	foreach (1 .. 1 + die_of(7))
	{
		my $metric = $ordered && die_of(2) ? pick(@ORDERED) : pick(@SAFE);
		redo if $ordered && $metric =~ /DISTINCT/;
		$metric .= ' FILTER (WHERE ' . pick(@FILTERS) . ')' if $metric !~ /FILTER|e\.en/ && die_of(3) == 0;
		push @metrics, $metric;
	}
	my $all = join ' ', @metrics;
	my ($where, $having) = (pick(@WHERE), pick(@HAVING));

	# which event of an instant is the first?
	$where = '' if $all =~ /e\.en\b/ && $where =~ /e\.(b|i4)\b/;
	$having = '' if $ordered && $having =~ /DISTINCT/;
	my %labels = (num => 'number', en => 'event_number', s => 'start', e => 'end', c => 'event_count', started_by => 'started_by', ended_by => 'ended_by');
	my @called = ('num', grep { my $label = $_; $label ne 'num' && "$all $where $having" =~ /\be\.$label\b|count\(e\)/ } sort keys %labels);
	my @inner = ((map { "$keys[$_] AS k$_" } 0 .. $#keys),
		'id, t, b, restart AND b AS bought, i2, i4, i8, f4, f8, f8_rough, money_, n, n_wild, n_money, n_rounded, txt, long, chr, d, ts, tm, iv, m, j, ip, arr',
		map { "sessionize.session_$labels{$_}(t, $arguments) OVER w AS $_" } @called);
	my @groups = ((map { "k$_" } 0 .. $#keys), $by_number ? 'num' : ());
	@groups = reverse @groups if die_of(4) == 0;
	my $n = 0;
	my @shown = (@groups, map { "$_ AS m" . $n++ } @metrics);
	push @shown, '(count(*) + coalesce(' . ($by_number ? 'num' : '1') . ', 0)) AS mixed' if die_of(4) == 0;
	$having =~ s/e_actor/k0/;
	return ('SELECT ' . join(', ', @shown) . ' FROM (SELECT ' . join(', ', @inner) . " FROM event WINDOW w AS (PARTITION BY $key ORDER BY t)) AS e"
		. ($where ? " WHERE $where" : '') . ' GROUP BY ' . join(', ', @groups) . ($having ? " HAVING $having" : ''), !$ordered);
}

# ---------- comparing ----------

# Which of the answers differ, with some rows of which one has more than the other; an error
# is an answer, too.
$node->safe_psql('postgres', <<~'SQL');
	CREATE FUNCTION answer(query text, mode text) RETURNS void LANGUAGE plpgsql AS $$
	BEGIN
		PERFORM set_config('sessionize.enable_session_scan', (mode <> 'core')::text, true),
				set_config('sessionize.enable_session_aggregate', (mode = 'aggregate')::text, true),
				set_config('sessionize.debug_require_session_aggregate', (mode = 'aggregate')::text, true);
		EXECUTE format('DROP TABLE IF EXISTS by_%s', mode);
		BEGIN
			EXECUTE format('CREATE TEMP TABLE by_%s AS SELECT q::text AS q FROM (%s) AS q', mode, query);
		EXCEPTION WHEN others THEN
			EXECUTE format('CREATE TEMP TABLE by_%s AS SELECT %L AS q', mode, SQLSTATE || ' ' || SQLERRM);
		END;
	END $$;
	CREATE FUNCTION differences(query text, modes text[]) RETURNS text LANGUAGE plpgsql AS $$
	DECLARE
		mode text;
		examples text;
		result text := '';
	BEGIN
		PERFORM answer(query, m) FROM unnest(modes || ARRAY['aggregate']) AS m;
		FOREACH mode IN ARRAY modes LOOP
			EXECUTE format('SELECT string_agg(d, E''\n'') FROM (SELECT * FROM (SELECT ''aggregate: '' || q AS d FROM (TABLE by_aggregate EXCEPT ALL TABLE by_%1$s) AS x LIMIT 3) AS x'
						   ' UNION ALL SELECT * FROM (SELECT ''%1$s: '' || q FROM (TABLE by_%1$s EXCEPT ALL TABLE by_aggregate) AS y LIMIT 3) AS y) AS d', mode) INTO examples;
			result := result || coalesce(examples, '');
		END LOOP;
		RETURN result;
	END $$;
	SQL

my @SETTINGS = (
	[ 'in memory' => "SET work_mem = '64MB'; SET enable_sort = off; SET enable_incremental_sort = off; SET enable_indexscan = off; SET enable_indexonlyscan = off;" ],
	[ 'little memory' => "SET work_mem = '64kB'; SET hash_mem_multiplier = 1; SET enable_sort = off; SET enable_incremental_sort = off; SET enable_indexscan = off; SET enable_indexonlyscan = off;" ],
	[ 'streamed' => 'SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_sort = off; SET enable_incremental_sort = off;' ]);

# Little, but enough for several pieces of a large actor's file.
my $PIECES = [ 'by pieces' => $SETTINGS[1][1] . 'SET hash_mem_multiplier = 4;' ];

# One TAP line for many queries: those that are not answered alike are shown.
sub compare_queries
{
	my ($name, $settings, @queries) = @_;
	my $script = "SET client_min_messages = warning;\nSET extra_float_digits = 3;\n$settings\n";
	my $bad = 0;

	foreach my $i (0 .. $#queries)
	{
		my ($query, $safe) = @{ $queries[$i] };
		$script .= "SELECT '\@\@ $i', differences(\$query\$$query\$query\$, ARRAY[" . ($safe ? "'scan', 'core'" : "'scan'") . "]);\n";
	}
	my ($status, $out, $err) = $node->psql('postgres', $script, on_error_stop => 0);
	my (undef, @answers) = split /^\@\@ \d+\|/m, $out, -1;
	foreach my $i (0 .. $#queries)
	{
		my $answer = $answers[$i] // 'no answer';
		next if $answer !~ /\S/;
		$bad++;
		diag("seed $seed, $name: $answer\n$settings\n$queries[$i][0]") if $bad < 4;
	}
	diag(substr($err, 0, 3000)) if $err;
	ok(!$bad && $err eq '', "$name: " . @queries . ' queries');
	return;
}

# What is kept of the first pieces of an actor, or of a session, until the last one is read.
my @ACROSS = map {
	my ($group, $arguments) = @$_;
	[ "SELECT $group, sessionize.first(e.long, e.t), sessionize.last(e.long, e.t), sessionize.first(e.i4, e.t) FILTER (WHERE e.b), sessionize.last(e.txt, e.t) FILTER (WHERE e.i4 > 0),"
		. " count(DISTINCT e.long), count(DISTINCT e.i2) FILTER (WHERE e.b), sum(e.n), max(e.n_money), min(e.txt), count(*), max(e.num)"
		. " FROM (SELECT *, sessionize.session_number(t, $arguments) OVER (PARTITION BY actor ORDER BY t) AS num FROM event) AS e WHERE num IS NOT NULL GROUP BY $group", 1 ]
} ([ 'actor', q{'20 min', restart} ], [ 'actor, num', q{'365 days'} ], [ 'actor, num', q{'365 days', id = 1500} ], [ 'actor', q{'1 min', id % 500 = 0, false, NULL, true} ]);

note("seed $seed: SESSIONIZE_SEED=$seed replays this");
$node->safe_psql('postgres', 'SELECT fill(0.5, true, 10); CREATE INDEX ON event (actor, t); CREATE INDEX ON event (actor_text, t)');
foreach my $round (1 .. $rounds)
{
	foreach my $ordered (1, 0)
	{
		my $order = $ordered ? 'in order' : 'out of order';
		$node->safe_psql('postgres', 'SELECT fill(' . (die_of(1000) / 1000) . ", $ordered = 1, 4000)");
		compare_queries("$_->[0], $order", $_->[1], map { [ random_query() ] } 1 .. 40) foreach @SETTINGS;
	}

	# more events of one actor than fit into memory, nearly in order, or quite so
	$node->safe_psql('postgres', 'SELECT fill(' . (die_of(1000) / 1000) . ", true, 4000, true)");
	compare_queries("$_->[0], one actor", $_->[1], @ACROSS, map { [ random_query() ] } 1 .. 40) foreach @SETTINGS[0, 1], $PIECES;
	like($node->safe_psql('postgres', "$PIECES->[1] EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) $ACROSS[0][0]"),
		qr/Session Aggregate.*Actors out of Order: [12]\n.*Partitions Sorted: 0\n.*Disk: [1-9]/s, 'read by pieces');
}

$node->stop;
done_testing();
