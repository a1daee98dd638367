# Real event logs (../shared/data, see its README.md) with known answers:
#
#   wikipedia_readers_63k   its author publishes 22,226 sessions where a pause of
#                           1800 s cuts; where it does not there are 22,224
#   elastic_apache_logs     3,052 sessions of 1,753 clients at 30 minutes, 1,607
#                           of them with one event; half the rows out of order
#
# and, with restart events, window functions, aggregates and plain SQL must agree.

use strict;
use warnings;
use File::Basename qw(dirname);
use Cwd qw(abs_path);
use Test::More;
use lib dirname(abs_path(__FILE__));
use SessionizeTest;

my %file = map { $_ => shared_path("data/$_.csv.gz") }
  qw(wikipedia_readers_63k elastic_apache_logs);
my @absent = grep { !defined $file{$_} } sort keys %file;
plan skip_all => '../shared/data is not there' if @absent == keys %file;
diag("not there, so not tested: ../shared/data/$_.csv.gz") foreach @absent;

my $node = start_cluster(
	'real_data',
	"timezone = 'UTC'",
	'max_parallel_workers_per_gather = 0');

sub ask
{
	my ($sql) = @_;
	return $node->safe_psql('postgres', $sql);
}

# A packed CSV file as a table of these columns, one of them the actor.  Told that
# there are few actors, the planner finds combining their states cheap.
sub load
{
	my ($table, $actor, $columns) = @_;

	load_csv($node, $file{$table}, $table, $columns);
	ask("ALTER TABLE $table SET (parallel_workers = 2);\n"
		  . "ALTER TABLE $table ALTER $actor SET (n_distinct = 10);\n"
		  . "ANALYZE $table;\n");
	return;
}

# Settings under which a scan of any table is worth two workers
my $parallel = q{
	SET max_parallel_workers_per_gather = 2;
	SET parallel_setup_cost = 0;
	SET parallel_tuple_cost = 0;
	SET min_parallel_table_scan_size = 0;
};

# How an event time and an inactivity are written in each family of types
my %family = (
	timestamptz => [ "ts AT TIME ZONE 'UTC'",                        "interval '%s'" ],
	timestamp   => [ 'ts',                                           "interval '%s'" ],
	bigint      => [ '(extract(epoch FROM ts) * 1000000)::bigint',
		"(extract(epoch FROM interval '%s') * 1000000)::bigint" ]);

# Sessions in a table, those with one event, and actors, as "3|1|2", by every
# kind of function
sub answers
{
	my ($table, $actor, $time, $gap) = @_;
	my $arguments = "($time, $gap)";
	my $over = "OVER (PARTITION BY $actor ORDER BY $time)";
	my %answer;

	$answer{'window functions'} = ask(qq{
		SELECT count(*), count(*) FILTER (WHERE events = 1), count(DISTINCT actor)
		FROM (SELECT DISTINCT $actor AS actor, sessionize.session_number$arguments $over AS n,
				sessionize.session_event_count$arguments $over AS events
			  FROM $table) AS s});
	return %answer if $time =~ /bigint/;
	my $aggregates = qq{
		SELECT sum(cardinality(sessions)), sum((SELECT count(*) FROM unnest(sessions) WHERE event_count = 1)), count(*)
		FROM (SELECT $actor AS actor, sessionize.sessions$arguments AS sessions FROM $table GROUP BY 1) AS s
		};
	$answer{'aggregates'} = ask($aggregates);
	$answer{'parallel aggregates'} = ask($parallel . $aggregates);
	like(ask("$parallel EXPLAIN $aggregates"), qr/Partial .*Aggregate/,
		"$table: the plan of parallel aggregates is one");
	is( ask(qq{
			SELECT sum(n) FROM (SELECT sessionize.session_count$arguments AS n FROM $table GROUP BY $actor) AS s}),
		(split /\|/, $answer{aggregates})[0],
		"$table: session_count() counts what sessions() lists");
	return %answer;
}

# Every family of types and kind of function gives the one right answer.
sub check
{
	my ($table, $actor, $inactivity, $right) = @_;

	foreach my $type (sort keys %family)
	{
		my ($time, $gap) = @{ $family{$type} };
		my %answer = answers($table, $actor, $time, sprintf($gap, $inactivity));
		foreach my $kind (sort keys %answer)
		{
			is($answer{$kind}, $right, "$table at $inactivity: $kind, $type");
		}
	}
	return;
}

SKIP:
{
	skip '../shared/data/wikipedia_readers_63k.csv.gz is not there', 1
	  if !defined $file{wikipedia_readers_63k};

	load('wikipedia_readers_63k', 'uuid', 'uuid text, ts timestamp, url text');
	is(ask('SELECT count(*) FROM wikipedia_readers_63k'), 63524, 'Wikipedia readers: all rows');

	# single events are not published: plain SQL counts them
	foreach my $case ([ '1800 seconds', '>', 22224 ], [ '1799.999999 seconds', '>=', 22226 ])
	{
		my ($inactivity, $cuts, $sessions) = @$case;
		my $right = ask(qq{
			SELECT count(*), count(*) FILTER (WHERE events = 1), count(DISTINCT uuid)
			FROM (SELECT uuid, n, count(*) AS events
				  FROM (SELECT uuid, count(*) FILTER (WHERE cut) OVER (PARTITION BY uuid ORDER BY ts) AS n
						FROM (SELECT uuid, ts, ts - lag(ts) OVER (PARTITION BY uuid ORDER BY ts)
									 $cuts interval '1800 seconds' AS cut
							  FROM wikipedia_readers_63k) AS p) AS e
				  GROUP BY uuid, n) AS s});

		is((split /\|/, $right)[0], $sessions, "Wikipedia readers at $inactivity: the published number");
		check('wikipedia_readers_63k', 'uuid', $inactivity, $right);
	}
}

SKIP:
{
	skip '../shared/data/elastic_apache_logs.csv.gz is not there', 1
	  if !defined $file{elastic_apache_logs};

	load('elastic_apache_logs', 'client_ip',
		'client_ip inet, ts timestamp, method text, path text, status int, bytes bigint, '
		  . 'referrer text, user_agent text, external_referrer boolean');
	is(ask('SELECT count(*) FROM elastic_apache_logs'), 9999, 'Apache logs: all rows');
	check('elastic_apache_logs', 'client_ip', '30 minutes', '3052|1607|1753');

	# A visit from elsewhere restarts.  Instant by instant in plain SQL; both
	# kinds of functions must give the very same sessions.
	ask(q{
		CREATE TABLE plain AS
		SELECT client_ip, n, min(ts) AS started, max(ts) AS ended, sum(events)::bigint AS events,
			(array_agg(reason ORDER BY ts))[1] AS started_by
		FROM (SELECT *, count(reason) OVER (PARTITION BY client_ip ORDER BY ts) AS n
			  FROM (SELECT *, CASE WHEN restart THEN 'restart'
								   WHEN before IS NULL THEN 'first'
								   WHEN ts - before > interval '30 minutes' THEN 'inactivity' END AS reason
					FROM (SELECT client_ip, ts, count(*) AS events, bool_or(external_referrer) AS restart,
							  lag(ts) OVER (PARTITION BY client_ip ORDER BY ts) AS before
						  FROM elastic_apache_logs GROUP BY client_ip, ts) AS i) AS c) AS e
		GROUP BY client_ip, n;

		CREATE TABLE by_windows AS
		SELECT DISTINCT client_ip,
			sessionize.session_number(ts, '30 minutes', external_referrer) OVER w AS n,
			sessionize.session_start(ts, '30 minutes', external_referrer) OVER w AS started,
			sessionize.session_end(ts, '30 minutes', external_referrer) OVER w AS ended,
			sessionize.session_event_count(ts, '30 minutes', external_referrer) OVER w AS events,
			sessionize.session_started_by(ts, '30 minutes', external_referrer) OVER w AS started_by
		FROM elastic_apache_logs
		WINDOW w AS (PARTITION BY client_ip ORDER BY ts);

		CREATE TABLE by_aggregates AS
		SELECT client_ip, session_number AS n, started_at AS started, ended_at AS ended,
			event_count AS events, started_by
		FROM (SELECT client_ip, sessionize.sessions(ts, '30 minutes', external_referrer) AS sessions
			  FROM elastic_apache_logs GROUP BY client_ip) AS a, unnest(sessions);
	});
	foreach my $table (qw(by_windows by_aggregates))
	{
		is( ask(qq{
				SELECT count(*) FROM ((TABLE plain EXCEPT ALL TABLE $table)
									  UNION ALL (TABLE $table EXCEPT ALL TABLE plain)) AS d}),
			0, "Apache logs with restarts: $table as in plain SQL");
	}
	is( ask(q{SELECT count(DISTINCT started_by), count(*) > 3052, sum(events) FROM plain}),
		'3|t|9999', 'Apache logs with restarts: sessions of every kind, more than without');

	# of those, the ones that begin with a restart event
	is( ask(q{
			SELECT sessionize.session_count(ts, '30 minutes', external_referrer, false, NULL, true)
			FROM elastic_apache_logs}),
		ask(q{
			SELECT max(n)
			FROM (SELECT sessionize.session_number(ts, '30 minutes', external_referrer, require_restart => true)
						 OVER (ORDER BY ts) AS n FROM elastic_apache_logs) AS s}),
		'Apache logs: everybody as one actor, restart required');
	is( ask(q{
			SELECT sum(n) FROM (SELECT sessionize.session_count(ts, '30 minutes', external_referrer, false, NULL, true) AS n
								FROM elastic_apache_logs GROUP BY client_ip) AS s}),
		ask(q{SELECT count(*) FROM plain WHERE started_by = 'restart'}),
		'Apache logs: sessions that begin with a restart, by client');
}

$node->stop;
done_testing();
