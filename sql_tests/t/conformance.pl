# Replays the cases collected from other session engines (../shared/conformance,
# see its README.txt) through the window functions and the aggregates.
#
# A case is input.csv, params.json and expected.csv.  Its timeout is the one that
# means the same under this project's rule "a pause longer than inactivity".
# Everything is compared in SQL; a test passes when no difference comes back.

use strict;
use warnings;
use File::Basename qw(dirname);
use Cwd qw(abs_path);
use IO::Uncompress::Gunzip qw($GunzipError);
use JSON::PP;
use Test::More;
use lib dirname(abs_path(__FILE__));
use SessionizeTest;

my $dir = shared_path('conformance');
plan skip_all => '../shared/conformance is not there' if !defined $dir;

# What a parameter of a case may be called; one that is not known here might
# mean something that this replay does not do.
my %describes = map { $_ => 1 } qw(source_repo source_commit source_path license
  peer case asserts boundary gap rows gaps_exactly_equal_to_timeout
  reference_check time_mapping peer_window_end peer_sql peer_test peer_call
  asserted_by_peer null_ts null_actor late_rows_removed actor_is gap_note derived
  labels peer_live_end);
my %changes = map { $_ => 1 } qw(replay_timeout_under_inclusive_semantics
  max_duration restart ties steps dynamic_gap replayable);

# Metric columns of expected.csv over the events of a session.
my %metric = (
	total_price        => 'sum(e.price::numeric)',
	sum_value          => 'sum(e.value::numeric)',
	sum_distinct_value => 'sum(DISTINCT e.value::numeric)',
	sum                => 'sum(e.single::numeric)',
	mean               => 'avg(e.single::numeric)',
	median             => 'percentile_cont(0.5) WITHIN GROUP (ORDER BY e.single::numeric)',
	stddev_samp        => 'stddev_samp(e.single::numeric)',
	var_samp           => 'var_samp(e.single::numeric)',);

# The types of event times: how a timestamp and an interval are written in them.
my %family = (
	timestamptz => {
		time       => sub { "(($_[0])::timestamp AT TIME ZONE 'UTC')" },
		inactivity => sub { "($_[0])::interval" } },
	timestamp => {
		time       => sub { "($_[0])::timestamp" },
		inactivity => sub { "($_[0])::interval" } },
	bigint => {
		time       => sub { "(extract(epoch FROM ($_[0])::timestamp) * 1000000)::bigint" },
		inactivity => sub { "(extract(epoch FROM ($_[0])::interval) * 1000000)::bigint" } });

my $node = start_cluster('conformance');
my $settings = q{
	SET client_min_messages = warning;
	SET timezone = 'UTC';
	SET datestyle = 'ISO, YMD';
};

# The text of a file, which may be packed; its lines end as Unix's do
sub slurp
{
	my ($path) = @_;
	my $in;

	if (-e "$path.gz")
	{
		$in = IO::Uncompress::Gunzip->new("$path.gz")
		  or die "$path.gz: $GunzipError";
	}
	else
	{
		open $in, '<', $path or die "$path: $!";
	}
	my $text = do { local $/; <$in> };
	$text =~ s/\r\n/\n/g;
	return $text;
}

# SQL that makes a table of texts out of CSV, and the names of its columns
sub table_of
{
	my ($table, $csv) = @_;
	my @columns = split /,/, ($csv =~ /^(.*)/)[0];
	my $columns = join ', ', map { qq("$_" text) } @columns;

	$csv .= "\n" if $csv !~ /\n\z/;
	return ("DROP TABLE IF EXISTS $table;\nCREATE TABLE $table ($columns);\n"
		  . "COPY $table FROM stdin (FORMAT csv, HEADER);\n$csv\\.\n",
		map { $_ => 1 } @columns);
}

# Reads a case and makes its tables; returns what its tests need, or a reason why
# they cannot be
sub read_case
{
	my ($path) = @_;
	my $params = decode_json(slurp("$path/params.json"));
	my $case = { asserts => $params->{asserts} };

	return "params.json says replayable = false"
	  if exists $params->{replayable} && !$params->{replayable};
	foreach my $key (sort keys %$params)
	{
		return "params.json has \"$key\", which this replay does not know"
		  if !$describes{$key} && !$changes{$key};
	}

	my ($make_input, %input) = table_of('input', slurp("$path/input.csv"));
	my ($make_expected, %expected) = table_of('expected', slurp("$path/expected.csv"));
	$case->{expected} = \%expected;
	$node->safe_psql('postgres', "$settings $make_input $make_expected");

	# inactivity: one for the case, or one a row
	my $timeout = $params->{replay_timeout_under_inclusive_semantics};
	return 'neither a timeout nor a column "gap"'
	  if !defined $timeout && !$input{gap};
	$case->{gap} = $input{gap} ? 'i.gap' : "'$timeout'";

	# the notes of some peers drop rows whose gap is not positive
	if (defined $params->{dynamic_gap})
	{
		return "dynamic_gap: \"$params->{dynamic_gap}\" is not understood"
		  if $params->{dynamic_gap} !~ /gap <= 0 are filtered out/;
		$case->{where} = "i.gap::interval > interval '0'";
	}

	# the rules beside inactivity
	return 'params.json describes a restart, but there is no such column'
	  if defined $params->{restart} && !$input{restart};
	$case->{restart} = $input{restart} ? 'i.restart::boolean' : 'false';
	if (defined $params->{max_duration})
	{
		return "max_duration: \"$params->{max_duration}\" is not understood"
		  if $params->{max_duration} !~ /^([\w ]+) from the first event, (in|ex)clusive$/;
		$case->{max_duration} =
		  $2 eq 'ex' ? "interval '$1' - interval '1 microsecond'" : "interval '$1'";
	}

	# peers of equal time are one instant, unless the case wants the order of rows
	$case->{row_order} = ($params->{ties} // '') =~ /needs \(ts, row\) order/;

	# rows that came in steps: after step k the input is all rows up to k
	return 'steps in input.csv or expected.csv, but not in both'
	  if !$input{step} != !$expected{step};
	$case->{steps} = $input{step};
	return $case;
}

# SQL that makes the table events of a case, in one family of types
sub events_of
{
	my ($case, $family) = @_;
	my $time = $family->{time}->('i.ts');
	my $inactivity = $family->{inactivity}->($case->{gap});
	my $cap =
	  defined $case->{max_duration}
	  ? $family->{inactivity}->($case->{max_duration})
	  : 'NULL';
	my $step = $case->{steps} ? 'step::int' : '1';
	my $where = $case->{where} // 'true';

	$cap .= '::' . ($family == $family{bigint} ? 'bigint' : 'interval');
	return qq{
		DROP TABLE IF EXISTS events;
		CREATE TABLE events AS
		SELECT k.step AS up_to_step, i.row::int AS row_number, i.actor AS who, $time AS t,
			$inactivity AS inactivity, $case->{restart} AS restarts, $cap AS cap, i.*
		FROM input AS i, (SELECT DISTINCT $step AS step FROM expected) AS k
		WHERE ($where) AND }
	  . ($case->{steps} ? 'i.step::int <= k.step' : 'true') . ';';
}

# Queries for the sessions (s: up_to_step, who, n, started, ended, events) and the
# labelled rows (l: up_to_step, row_number, who, n), from either kind of function
sub by_window_functions
{
	my ($case) = @_;
	my $arguments = '(t, inactivity, restarts, max_duration => cap)';
	my $order = $case->{row_order} ? 't, row_number' : 't';

	return qq{
		l AS MATERIALIZED (
			SELECT up_to_step, row_number, who,
				sessionize.session_number$arguments OVER w AS n,
				sessionize.session_start$arguments OVER w AS started,
				sessionize.session_end$arguments OVER w AS ended,
				sessionize.session_event_count$arguments OVER w AS events
			FROM events
			WINDOW w AS (PARTITION BY up_to_step, who ORDER BY $order)),
		s AS MATERIALIZED (
			SELECT DISTINCT up_to_step, who, n, started, ended, events FROM l WHERE n IS NOT NULL)};
}

sub by_aggregates
{
	my ($case) = @_;
	my $arguments = '(t, inactivity, restarts, false, cap)';

	return qq{
		a AS MATERIALIZED (
			SELECT up_to_step, who, sessionize.sessions$arguments AS sessions,
				sessionize.session_count$arguments AS count,
				sessionize.time_in_session$arguments AS time
			FROM events GROUP BY up_to_step, who),
		s AS MATERIALIZED (
			SELECT up_to_step, who, session_number AS n, started_at AS started,
				ended_at AS ended, event_count AS events
			FROM a, unnest(sessions)),
		l AS MATERIALIZED (
			SELECT e.up_to_step, e.row_number, e.who, s.n
			FROM events AS e LEFT JOIN s
				ON e.up_to_step = s.up_to_step AND e.who IS NOT DISTINCT FROM s.who
				AND e.t BETWEEN s.started AND s.ended)};
}

# What the other two aggregates must say about the same sessions
my $aggregates_agree = q{
	UNION ALL
	SELECT format('aggregates disagree: %s', a)
	FROM a
	WHERE count <> cardinality(sessions)
		OR time <> (SELECT coalesce(sum(duration), interval '0') FROM unnest(sessions))};

# A query for the differences, by what the case asserts; undef where that is not
# known.  Where differences are of rows, both sides are named.
sub differences
{
	my ($case, $family, $common, $more) = @_;
	my %expected = %{ $case->{expected} };

	if ($case->{asserts} eq 'rows')
	{
		return qq{
			WITH $common
			SELECT format('row %s: expected session %s, got %s', e.row, e.session_no, l.n)
			FROM expected AS e LEFT JOIN l ON l.row_number = e.row::int
			WHERE l.row_number IS NULL OR l.n IS DISTINCT FROM e.session_no::bigint $more};
	}
	if ($case->{asserts} eq 'partition')
	{
		return qq{
			WITH $common,
			x AS (SELECT e.row, e.session_key, l.row_number, l.who, l.n
				  FROM expected AS e LEFT JOIN l ON l.row_number = e.row::int)
			SELECT format('row %s: no session', row) FROM x WHERE (n IS NULL) <> (session_key IS NULL)
			UNION ALL
			SELECT format('%s: more than one session', session_key)
			FROM x WHERE n IS NOT NULL GROUP BY session_key HAVING count(DISTINCT (who, n)) > 1
			UNION ALL
			SELECT format('session %s of %s: more than one key', n, who)
			FROM x WHERE n IS NOT NULL GROUP BY who, n HAVING count(DISTINCT session_key) > 1 $more};
	}
	if ($case->{asserts} eq 'counts')
	{
		return qq{
			WITH $common
			SELECT format('%s: expected %s, got %s', metric, value, got)
			FROM expected CROSS JOIN LATERAL (
				SELECT CASE metric
					WHEN 'session_count' THEN (SELECT count(*) FROM s)
					WHEN 'first_session_event_count' THEN (SELECT events FROM s ORDER BY started LIMIT 1)
					END) AS x(got)
			WHERE got IS DISTINCT FROM value::bigint $more};
	}
	return undef if $case->{asserts} ne 'sessions';

	# sessions, with the metrics that can be computed: over all events between
	# the start and the end of the session
	my @names = sort grep { exists $metric{$_} } keys %expected;
	my @metrics = map { "round(($metric{$_})::numeric, 6)" } @names;
	my @columns = map { qq(round("$_"::numeric, 6)) } @names;
	if ($expected{peer_window_end})
	{
		push @metrics, 'max(e.t + e.inactivity)';
		push @columns, $family->{time}->('peer_window_end');
	}
	my $metrics = join ', ', 's.up_to_step', 's.who', 's.started', 's.ended', 's.events', @metrics;
	my $columns = join ', ', ($expected{step} ? 'step::int' : '1'), 'actor',
	  $family->{time}->('session_start'), $family->{time}->('session_end'),
	  'event_count::bigint', @columns;

	return qq{
		WITH $common,
		got AS (
			SELECT $metrics
			FROM s JOIN events AS e ON e.up_to_step = s.up_to_step
				AND e.who IS NOT DISTINCT FROM s.who AND e.t BETWEEN s.started AND s.ended
			GROUP BY s.up_to_step, s.who, s.n, s.started, s.ended, s.events),
		wanted AS (SELECT $columns FROM expected)
		(SELECT format('expected, missing: %s', w) FROM (TABLE wanted EXCEPT ALL TABLE got) AS w)
		UNION ALL
		(SELECT format('not expected: %s', g) FROM (TABLE got EXCEPT ALL TABLE wanted) AS g) $more};
}

# One test: a case, a kind of function, a family of types
sub replay
{
	my ($name, $case, $kind, $type) = @_;
	my $family = $family{$type};
	my $by_aggregates = $kind eq 'aggregates';

  SKIP:
	{
		skip "$name: the peer splits events of one time by the order of rows, which aggregates do not see", 1
		  if $by_aggregates && $case->{row_order};

		my $query = differences($case, $family,
			$by_aggregates ? (by_aggregates($case), $aggregates_agree) : (by_window_functions($case), ''));
		skip "$name: asserts \"$case->{asserts}\", which this replay does not know", 1
		  if !defined $query;

		my ($code, $differences, $error) =
		  $node->psql('postgres', $settings . events_of($case, $family) . $query);
		ok($code == 0 && $differences eq '', "$name: $kind, $type")
		  or diag("$differences$error");
	}
	return;
}

# All cases of INDEX.csv, and no others lying about.
my @lines = split /\n/, slurp("$dir/INDEX.csv");
my @header = split /,/, shift @lines;
my (@names, $replayed, $not_replayed);
foreach my $line (@lines)
{
	my %index;
	@index{@header} = split /,/, $line;
	my $name = "$index{peer}/$index{case}";
	push @names, $name;

	my $case = read_case("$dir/$name");
	if (ref $case)
	{
		is($case->{asserts}, $index{asserts}, "$name: asserts what INDEX.csv says");
		foreach my $type (qw(timestamptz timestamp bigint))
		{
			replay($name, $case, 'window functions', $type);
			replay($name, $case, 'aggregates', $type) if $type ne 'bigint';
		}
		$replayed++;
	}
	else
	{
	  SKIP: { skip "$name: $case", 1; }
		diag("$name is not replayed: $case");
		$not_replayed++;
	}
}
my @on_disk = map { m{([^/]+/[^/]+)/params\.json$} } glob("$dir/*/*/params.json");
is(join("\n", sort @names), join("\n", sort @on_disk), 'INDEX.csv lists every case');
is($replayed + ($not_replayed // 0), scalar @lines, 'as many cases as INDEX.csv has lines');
note("$replayed cases replayed, " . ($not_replayed // 0) . ' not');

$node->stop;
done_testing();
