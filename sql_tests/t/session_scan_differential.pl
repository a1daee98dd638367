# session_scan_differential.pl: the node Session Scan against core's WindowAgg.
#
# Every query is run twice over the same random events: with the node, which
# sessionize.debug_require_session_scan makes sure of, and without.  The two answers
# must be the same rows.  Event numbers of one instant may be dealt out in any order, so
# they are compared as a set.  Many queries are run a third time, by the node in 1, 2 or 4
# workers beside the leader, which the plans make sure of.
#
# A comparison proves nothing if the events are harmless or no memory is short: the test
# also looks at what the events contain and at what the node says it did.
#
#   SESSIONIZE_SEED=n   replays the events with that seed (it is printed)
#   SESSIONIZE_LONG=1   10 rounds
use strict;
use warnings;

use FindBin;
use lib $FindBin::Bin;
use SessionizeTest;
use Test::More;

my $rounds = $ENV{SESSIONIZE_LONG} ? 10 : 1;
my $seed   = $ENV{SESSIONIZE_SEED} // ($ENV{SESSIONIZE_LONG} ? int(rand(1_000_000_000)) : 5);
# where a scan begins in the middle, what is in order is not
my $node   = start_cluster('session_scan_differential', 'synchronize_seqscans = off');

# ---------- events ----------

# Actors of many types in one row, the same ones in each; times in three types, coarse so
# that many are equal, some infinite, some NULL.  A few times are long ago and a few numbers
# large, so that not all records are narrow.
$node->safe_psql('postgres', <<~'SQL');
	CREATE TYPE pair AS (a int, b text);
	CREATE TABLE event (
		row_id int, a_bigint bigint, a_smallint smallint, a_text text, a_uuid uuid, a_numeric numeric,
		a_float float8, a_pair pair, a_array int[], a_long text, a_boolean boolean,
		t_timestamptz timestamptz, t_timestamp timestamp, t_bigint bigint,
		restart boolean, ends boolean, span interval, span_bigint bigint,
		kind text, payload text, amount numeric);
	CREATE FUNCTION fill(seed int, ordered boolean, num int) RETURNS void LANGUAGE plpgsql AS $$
	BEGIN
		TRUNCATE event;
		PERFORM setseed((seed % 1000000) / 1000000.0);
		INSERT INTO event
		SELECT i, CASE WHEN actor % 11 = 3 THEN actor * 10000000000 ELSE actor END, actor % 50, 'actor ' || actor, md5(actor::text)::uuid, actor / 7.0,
			   CASE WHEN actor % 20 = 0 THEN CASE WHEN r < 0.5 THEN 0.0 ELSE -0.0 END ELSE actor / 3.0 END,
			   CASE WHEN actor IS NOT NULL THEN ROW(actor % 9, nullif(actor / 9, 3)::text)::pair END,
			   ARRAY[actor % 4, nullif(actor / 4, 5)],
			   repeat('long ' || actor, 100), nullif(actor % 3, 2)::int::boolean,
			   t, t::timestamp, extract(epoch FROM nullif(nullif(t, 'infinity'), '-infinity'))::bigint,
			   CASE WHEN r2 < 0.05 THEN true WHEN r2 < 0.9 THEN false END,
			   CASE WHEN r < 0.05 THEN true WHEN r < 0.9 THEN false END,
			   (r * 3600)::int * interval '1 s', (r * 3600)::bigint,
			   CASE WHEN r2 < 0.1 THEN 'buy' WHEN r2 < 0.95 THEN 'view' END,
			   CASE WHEN r < 0.8 THEN repeat(chr(97 + (r2 * 25)::int), (r * 300)::int) END,
			   CASE WHEN r2 < 0.5 THEN round((r * 1000)::numeric, 3) END
		FROM (SELECT i, r, r2, CASE WHEN a < 0.03 THEN NULL WHEN a < 0.2 THEN 7 ELSE (a * a * 400)::int END AS actor,
					 CASE WHEN b < 0.02 THEN NULL WHEN b < 0.025 THEN 'infinity' WHEN b < 0.03 THEN '-infinity'
						  WHEN b < 0.035 THEN '1850-01-01 00:00+00'::timestamptz + (c * num)::int * interval '1 min'
						  ELSE '2024-03-31 00:00+00'::timestamptz + ((CASE WHEN ordered AND r2 > 0.002 THEN i ELSE c * num END) * 7)::int / 60 * interval '1 min' END AS t
			  FROM (SELECT i, random() AS a, random() AS b, random() AS c, random() AS r, random() AS r2
					FROM generate_series(1, num) AS i) AS x) AS y;
		ANALYZE event;
	END $$;
	SQL

# ---------- queries ----------

my %SPAN = (timestamptz => 'interval', timestamp => 'interval', bigint => 'bigint');

# Arguments after the event time: name => for intervals, for bigint.
my @ARGUMENTS = (
	[ 'inactivity'      => "'15 min'",                                     '900' ],
	[ 'zero'            => "'0'",                                          '0' ],
	[ 'never'           => "'200000000 days'",                             '9223372036854775807' ],
	[ 'restart'         => "'20 min', kind = 'buy'",                       "1200, kind = 'buy'" ],
	[ 'end'             => "'20 min', false, ends",                        '1200, false, ends' ],
	[ 'restart and end' => "'20 min', restart, ends",                      '1200, restart, ends' ],
	[ 'always'          => "'20 min', true, true",                         '1200, true, true' ],
	[ 'max_duration'    => "'20 min', restart, false, '1 hour'",           '1200, restart, false, 3600' ],
	[ 'require_restart' => "'20 min', restart, ends, '1 hour', true",      '1200, restart, ends, 3600, true' ],
	[ 'each row'        => 'span',                                         'span_bigint' ],
	[ 'each row, all'   => "span, restart, ends, '40 min', true",          'span_bigint, restart, ends, 2400, true' ]);

my @ACTORS = ('a_bigint', 'a_smallint', 'a_text', 'a_uuid', 'a_numeric', 'a_float', 'a_pair', 'a_array', 'a_long',
	'a_boolean', 'a_smallint, a_text', 'a_text, a_bigint, a_boolean', 'lower(a_text)', 'a_text COLLATE "C"', '');

my @FUNCTIONS = qw(session_number session_start session_end session_event_count session_started_by session_ended_by);

# The select list and the window of one query.
sub query
{
	my ($type, $arguments, $actor, %options) = @_;
	my $args = $arguments->[ $type eq 'bigint' ? 2 : 1 ];
	my @functions = @{ $options{functions} // \@FUNCTIONS };
	my @columns = ('row_id', $options{columns} // (),
		map { "sessionize.$_(t_$type, $args) OVER w AS $_" } @functions);
	my $where = $options{where} ? "WHERE $options{where}" : '';
	return 'SELECT ' . join(', ', @columns) . " FROM event $where WINDOW w AS ("
	  . ($actor ? "PARTITION BY $actor " : '') . "ORDER BY t_$type)" . ($options{order} ? " ORDER BY $options{order}" : '');
}

# Event numbers, per instant.
sub event_numbers
{
	my ($type, $arguments, $actor) = @_;
	my $inner = query($type, $arguments, $actor, functions => ['session_event_number'],
		columns => "t_$type AS t, ROW(" . ($actor || 'NULL::int') . ')::text AS actor');
	return "SELECT actor, t, array_agg(session_event_number ORDER BY session_event_number) AS numbers"
	  . " FROM ($inner) AS e GROUP BY actor, t";
}

# Sessions, as the views make them.
sub sessions
{
	my ($type, $arguments, $actor, $where) = @_;
	my $args = $arguments->[ $type eq 'bigint' ? 2 : 1 ];
	my $n = 0;
	my @keys = $actor ? split(/, /, $actor) : ();
	my $list = join '', map { "$_ AS k" . $n++ . ', ' } @keys;
	my $group = join '', map { "k$_, " } 0 .. $#keys;
	return "SELECT ${group}n, min(t) AS started_at, max(t) AS ended_at, count(*) AS events, count(*) FILTER (WHERE bought) AS bought,"
	  . " sum(amount) AS amount, min(by) AS started_by, max(payload) AS payload, count(DISTINCT kind) AS kinds FROM (SELECT ${list}t_$type AS t, kind = 'buy' AS bought, amount, payload, kind,"
	  . " sessionize.session_number(t_$type, $args) OVER w AS n, sessionize.session_started_by(t_$type, $args) OVER w AS by"
	  . " FROM event WINDOW w AS (" . ($actor ? "PARTITION BY $actor " : '') . "ORDER BY t_$type)) AS e"
	  . " WHERE $where GROUP BY ${group}n";
}

# ---------- comparing ----------

sub settings
{
	my (%settings) = @_;
	return join '', map { "SET $_ = '$settings{$_}';" } sort keys %settings;
}

# One TAP line: how many rows only one of the two answers has.
my $compared = 0;

sub compare
{
	my ($name, $query, %settings) = @_;
	$settings{'sessionize.enable_direct_heap_scan'} = ++$compared % 3 ? 'on' : 'off';
	my ($status, $out, $err) = $node->psql('postgres', <<~SQL);
		SET client_min_messages = warning;
		@{[ settings(%settings) ]}
		SET sessionize.enable_session_scan = off;
		CREATE TEMP TABLE without_node AS $query;
		SET sessionize.enable_session_scan = on;
		SET sessionize.debug_require_session_scan = on;
		CREATE TEMP TABLE with_node AS $query;
		SET sessionize.debug_require_session_scan = off;
		SELECT (SELECT count(*) FROM (TABLE without_node EXCEPT ALL TABLE with_node) AS d),
			   (SELECT count(*) FROM (TABLE with_node EXCEPT ALL TABLE without_node) AS d),
			   (SELECT count(*) > 0 FROM without_node);
		SQL
	is("$out$err", '0|0|t', $name) or diag("seed $seed\n@{[ settings(%settings) ]}\n$query");
	return;
}

my $PARALLEL = join '', map { "SET $_;" } 'min_parallel_table_scan_size = 0', 'parallel_setup_cost = 0', 'parallel_tuple_cost = 0';
my $num_parallel = 0;

# The same with workers, as many as come next: 1, 2 or 4.
sub compare_in_parallel
{
	my ($name, $query, %settings) = @_;
	my $workers = 2**($num_parallel++ % 3);
	$settings{max_parallel_workers_per_gather} = $workers;
	my ($status, $out, $err) = $node->psql('postgres', <<~SQL);
		SET client_min_messages = warning;
		@{[ settings(%settings) ]}
		$PARALLEL
		SET sessionize.debug_require_session_scan = on;
		EXPLAIN (COSTS OFF) CREATE TEMP TABLE with_workers AS $query;
		CREATE TEMP TABLE with_workers AS $query;
		SET sessionize.debug_require_session_scan = off;
		SET sessionize.enable_session_scan = off;
		SET max_parallel_workers_per_gather = 0;
		CREATE TEMP TABLE without_node AS $query;
		SELECT (SELECT count(*) FROM (TABLE without_node EXCEPT ALL TABLE with_workers) AS d),
			   (SELECT count(*) FROM (TABLE with_workers EXCEPT ALL TABLE without_node) AS d),
			   (SELECT count(*) > 0 FROM without_node);
		SQL
	like("$out$err", qr/Gather.*Parallel Custom Scan \(Session Scan\).*\n0\|0\|t\z/s, "$name, $workers workers")
	  or diag("seed $seed\n@{[ settings(%settings) ]}\n$query");
	return;
}

# What the node says it did.
sub explained
{
	my ($name, $query, $pattern, %settings) = @_;
	my $plan = $node->safe_psql('postgres', settings(%settings)
		  . "SET sessionize.debug_require_session_scan = on; EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) $query");
	like($plan, $pattern, $name);
	return;
}

my %SMALL = (work_mem => '64kB');
my %LARGE = (work_mem => '64MB');
my %PARTITIONED = (enable_sort => 'off');
my %STREAMED = (enable_seqscan => 'off', enable_bitmapscan => 'off');

for my $round (1 .. $rounds)
{
	note("seed $seed: SESSIONIZE_SEED=$seed replays this round");
	for my $ordered (0, 1)
	{
		my $order = $ordered ? 'in order' : 'out of order';
		$node->safe_psql('postgres', "SELECT fill($seed, $ordered = 1, 4500)");
		is($node->safe_psql('postgres', <<~SQL), 't|t|t|t|t|t', "events contain what is hard ($order)");
			SELECT count(*) FILTER (WHERE a_bigint IS NULL) > 100, count(*) FILTER (WHERE t_timestamptz IS NULL) > 60,
				   count(*) FILTER (WHERE t_timestamptz = 'infinity') > 5, count(*) FILTER (WHERE t_timestamptz = '-infinity') > 5,
				   (SELECT count(*) > 20 FROM (SELECT FROM event GROUP BY a_bigint, t_timestamptz
											   HAVING bool_or(restart) AND NOT bool_and(coalesce(restart, false))) AS tied),
				   count(*) FILTER (WHERE t_timestamptz < before) > 5
			FROM (SELECT *, lag(t_timestamptz) OVER w AS before
				  FROM event WINDOW w AS (PARTITION BY a_bigint ORDER BY row_id)) AS e
			SQL

		# every set of arguments, in all three types
		for my $type (qw(timestamptz timestamp bigint))
		{
			for my $arguments (@ARGUMENTS)
			{
				my $name = "$arguments->[0] ($type, $order)";
				compare($name, query($type, $arguments, 'a_bigint'), %LARGE, %PARTITIONED);
				compare("$name, little memory", query($type, $arguments, 'a_bigint'), %SMALL, %PARTITIONED);
				compare_in_parallel($name, query($type, $arguments, 'a_bigint'), %LARGE, %PARTITIONED);
				compare_in_parallel("$name, little memory", query($type, $arguments, 'a_bigint'), %SMALL, %PARTITIONED);
				compare("$name, number alone",
					query($type, $arguments, 'a_bigint', functions => ['session_number']), %LARGE);
				compare("$name, event numbers", event_numbers($type, $arguments, 'a_bigint'), %LARGE);
			}
		}

		# every actor
		for my $actor (@ACTORS)
		{
			my $name = ($actor || 'no actor') . " ($order)";
			for my $memory (\%SMALL, \%LARGE)
			{
				my $size = "work_mem $memory->{work_mem}";
				compare("$name, $size", query('timestamptz', $ARGUMENTS[5], $actor), %$memory, %PARTITIONED);
				compare("$name, carrying columns, $size",
					query('timestamptz', $ARGUMENTS[8], $actor, columns => "a_pair, payload, amount, kind || 'x' AS x, t_timestamptz, a_long, event.ctid::text AS at, tableoid::int AS of"),
					%$memory, %PARTITIONED);
				compare("$name, event numbers, $size", event_numbers('bigint', $ARGUMENTS[5], $actor), %$memory);
				compare_in_parallel("$name, carrying columns, $size",
					query('timestamptz', $ARGUMENTS[8], $actor, columns => "a_pair, payload, amount, t_timestamptz, a_long"), %$memory, %PARTITIONED);
			}
			compare("$name, over a sort", query('timestamptz', $ARGUMENTS[5], $actor,
				order => join ', ', $actor || (), 't_timestamptz'), %LARGE);
			compare("$name, sessions", sessions('timestamptz', $ARGUMENTS[3], $actor, 'true'), %LARGE);
			compare("$name, sessions that require a restart",
				sessions('timestamp', $ARGUMENTS[8], $actor, 'n IS NOT NULL'), %LARGE);
			compare_in_parallel("$name, sessions", sessions('timestamptz', $ARGUMENTS[3], $actor, 'true'), %LARGE, enable_hashagg => 'off');
			compare("$name, also outside sessions",
				sessions('timestamp', $ARGUMENTS[8], $actor, 'true'), %LARGE);
		}

		# from an index
		$node->safe_psql('postgres', 'CREATE INDEX ON event (a_bigint, t_timestamptz)');
		for my $arguments (@ARGUMENTS)
		{
			my $name = "$arguments->[0], streamed ($order)";
			my $query = query('timestamptz', $arguments, 'a_bigint');
			compare($name, $query, %LARGE, %STREAMED);
			compare("$name, little memory", $query, %SMALL, %STREAMED);
			compare("$name, number alone",
				query('timestamptz', $arguments, 'a_bigint', functions => ['session_number'], columns => 'payload'), %STREAMED);
			compare("$name, one actor", query('timestamptz', $arguments, 'a_bigint', where => 'a_bigint = 7'), %SMALL, %STREAMED);
			compare("$name, by number", query('timestamptz', $arguments, 'a_bigint', order => 'a_bigint, session_number, t_timestamptz'), %STREAMED);
		}
		explained("streamed ($order)", query('timestamptz', $ARGUMENTS[5], 'a_bigint'),
			qr/Strategy: streamed.*Index Scan/s, %LARGE, %STREAMED);
		$node->safe_psql('postgres', 'DROP INDEX event_a_bigint_t_timestamptz_idx');

		# what it did
		explained("in memory ($order)", query('timestamptz', $ARGUMENTS[5], 'a_bigint'),
			qr/Strategy: sorted.*Actors out of Order: [1-9].*Partitions Sorted: 0.*Disk: 0 kB/s, %LARGE, %PARTITIONED);
		explained("on disk ($order)", query('timestamptz', $ARGUMENTS[5], 'a_bigint'),
			qr/Disk: [1-9]/, %SMALL, %PARTITIONED);
	}
	$seed = ($seed + 1) % 1_000_000_000;
}

# ---------- actors larger than memory ----------

# About in order, one such actor is taken out of its partition and comes in pieces.  With rows
# without a time among them, or more peers than memory holds, it streams if it is quite in
# order.  Out of order, or where none is that large, the partition is sorted.
for my $case ([ 'one large actor in order', 'CASE WHEN i % 20 = 0 THEN i ELSE 7 END', 'i', 0 ],
	[ 'nothing but one actor in order', '7', 'i', 0 ],
	[ 'one large text actor in order', "repeat('x', 7 + CASE WHEN i % 20 = 0 THEN i % 97 ELSE 0 END)", 'i', 0 ],
	[ 'one large actor out of order', 'CASE WHEN i % 20 = 0 THEN i ELSE 7 END', 'i * 7919 % 30011', 1 ],
	[ 'an actor for each event', 'i', 'i', 1 ],
	[ 'a long actor for each event', "repeat('x', 600) || i", 'i', 1 ],
	[ 'one large actor, some rows without a time', '7', 'CASE WHEN i < 29900 THEN i END', 0 ],
	[ 'one large actor nearly in order, some rows without a time', '7', 'CASE WHEN i < 29900 THEN i + i * 7919 % 97 END', 1 ],
	[ 'nothing but one actor nearly in order', '7', 'i + i * 7919 % 97', 0 ],
	[ 'one actor in blocks of pieces', '7', '(i / 200 # 1) * 200 + i % 200', 0 ],
	[ 'one actor and its session, nearly in order', '7', 'i + i * 7919 % 97', 0, 'false' ],
	[ 'two large actors nearly in order', 'i % 2', 'i + i * 7919 % 97', 0 ],
	[ 'one large actor, each time ten times', '7', 'i / 10', 0, 'i % 9 = 0' ],
	[ 'one large actor, its last event first', '7', 'CASE i WHEN 1 THEN 30001 ELSE i END', 0 ],
	[ 'one large actor, its first event last', '7', 'CASE i WHEN 30000 THEN 0 ELSE i END', 1 ],
	[ 'one large actor, many peers', '7', 'CASE WHEN i BETWEEN 5000 AND 25000 THEN 5000 ELSE i END', 0 ],
	[ 'one large actor nearly in order, many peers', '7', 'CASE WHEN i BETWEEN 5000 AND 25000 THEN 5000 ELSE i + i * 7919 % 97 END', 1 ],
	[ 'one large actor at both ends of time', '7', 'CASE WHEN i < 100 THEN -9223372036854775808 WHEN i > 29900 THEN 9223372036854775807 ELSE i END', 0 ])
{
	my ($name, $actor, $time, $sorted, $restart) = @$case;
	$restart //= 'i % 50 = 0';
	$node->safe_psql('postgres', <<~SQL);
		DROP TABLE IF EXISTS large;
		CREATE TABLE large AS SELECT i, $actor AS actor, ($time)::bigint AS t, $restart AS restart
		FROM generate_series(1, 30000) AS i;
		ANALYZE large;
		SQL
	my $query = 'SELECT i, actor, ' . join(', ', map { "sessionize.$_(t, 40, restart) OVER w" . ' AS ' . $_ } @FUNCTIONS)
	  . ' FROM large WINDOW w AS (PARTITION BY actor ORDER BY t)';
	compare($name, $query, %SMALL, %PARTITIONED);
	compare_in_parallel($name, $query, %SMALL, %PARTITIONED) foreach 1 .. ($name =~ /nearly/ ? 1 : 3);
	explained("$name, explained", $query, $sorted ? qr/Partitions Sorted: [1-9].*Disk: [1-9]/s : qr/Partitions Sorted: 0.*Disk: [1-9]/s,
		%SMALL, %PARTITIONED);
}

done_testing();
