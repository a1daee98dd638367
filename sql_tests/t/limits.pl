# Large groups, many groups, cancels at any moment, and memory that stays.
#
# 1 million events by default; with SESSIONIZE_LONG=1 the 10 million that the
# limits are promised for, and a result beyond 1 GB.

use strict;
use warnings;
use File::Basename qw(dirname);
use Cwd qw(abs_path);
use Test::More;
use lib dirname(abs_path(__FILE__));
use SessionizeTest;

my $events = $ENV{SESSIONIZE_LONG} ? 10_000_000 : 1_000_000;
my $node = start_cluster(
	'limits',
	'fsync = off',
	'max_wal_size = 4GB',
	'min_parallel_table_scan_size = 0',
	'parallel_setup_cost = 0',
	'parallel_tuple_cost = 0');

sub ask
{
	my ($sql) = @_;
	return $node->safe_psql('postgres', $sql);
}

# One event a second; a restart event at every 1000th.
ask(qq{
	CREATE UNLOGGED TABLE one AS
	SELECT 1 AS actor, timestamptz '2026-01-01Z' + i * interval '1 s' AS ts,
		i % 1000 = 0 AS restart
	FROM generate_series(1, $events) AS i;
	CREATE UNLOGGED TABLE many AS
	SELECT i AS actor, timestamptz '2026-01-01Z' + i * interval '1 s' AS ts
	FROM generate_series(1, 1000000) AS i;
	ALTER TABLE one SET (parallel_workers = 2);
	VACUUM ANALYZE one;
	VACUUM ANALYZE many;});

my $restarts = $events / 1000;
my $window = 'OVER (PARTITION BY actor ORDER BY ts)';

# Each with the answer that follows from how the rows were made.
my %questions = (
	"one session of $events events, by window functions" => [
		qq{SELECT max(n), max(c), min(k), max(k), extract(epoch FROM max(e) - min(s))::bigint
		   FROM (SELECT sessionize.session_number(ts, '1 s') $window AS n,
					sessionize.session_event_count(ts, '1 s') $window AS c,
					sessionize.session_event_number(ts, '1 s') $window AS k,
					sessionize.session_start(ts, '1 s') $window AS s,
					sessionize.session_end(ts, '1 s') $window AS e
				 FROM one) AS x},
		"1|$events|1|$events|" . ($events - 1)
	],
	'sessions of 1000 events, by window functions' => [
		qq{SELECT max(n), min(c), max(c)
		   FROM (SELECT sessionize.session_number(ts, '1 s', restart) $window AS n,
					sessionize.session_event_count(ts, '1 s', restart) $window AS c
				 FROM one) AS x},
		($restarts + 1) . '|1|1000'
	],
	'sessions of 1000 events, by an aggregate' => [
		q{SELECT sessionize.session_count(ts, '1 s', restart) FROM one},
		$restarts + 1
	],
	'the same backwards' => [
		q{SELECT sessionize.session_count(ts, '1 s', restart)
		  FROM (SELECT * FROM one ORDER BY ts DESC) AS x},
		$restarts + 1
	],
	'the same in no order at all' => [
		q{SELECT sessionize.session_count(ts, '1 s', restart)
		  FROM (SELECT * FROM one ORDER BY hashint8(extract(epoch FROM ts)::bigint)) AS x},
		$restarts + 1
	],
	"an array of $restarts sessions" => [
		q{SELECT cardinality(s), s[2].event_count, s[2].started_by
		  FROM (SELECT sessionize.sessions(ts, '1 s', restart) AS s FROM one) AS x},
		($restarts + 1) . '|1000|restart'
	],
	'a million actors of one event, by window functions' => [
		qq{SELECT count(*), sum(n), sum(c)
		   FROM (SELECT sessionize.session_number(ts, '1 s') $window AS n,
					sessionize.session_event_count(ts, '1 s') $window AS c
				 FROM many) AS x},
		'1000000|1000000|1000000'
	],
	'a million actors of one event, by an aggregate' => [
		q{SELECT count(*), sum(n), sum(t)
		  FROM (SELECT sessionize.session_count(ts, '1 s') AS n,
					sessionize.time_in_session(ts, '1 s') AS t
				FROM many GROUP BY actor) AS x},
		'1000000|1000000|00:00:00'
	]);

for my $name (sort keys %questions)
{
	my ($sql, $answer) = @{ $questions{$name} };

	is(ask("SET max_parallel_workers_per_gather = 0; $sql"), $answer, $name);
}

# A cancel at any moment: every statement either answers right or says 57014,
# and the backend goes on as if nothing had been.
for my $name (sort keys %questions)
{
	my ($sql, $answer) = @{ $questions{$name} };
	my ($answered, $cancelled, $not_set) = (0, 0, 0);
	my $script = "SET max_parallel_workers_per_gather = 2;\n\\set VERBOSITY sqlstate\n";
	my ($out, $err);

	next if $name =~ /^one session/;
	# on a busy machine the time-out before can meet SET itself
	$script .= "SET statement_timeout = '" . int(3 * 1.7**$_) . "ms';\n"
	  . "\\if :ERROR\n\\echo SET\n\\endif\n$sql;\n" for 0 .. 11;
	$node->psql('postgres', $script, stdout => \$out, stderr => \$err,
		on_error_stop => 0);
	$answered = () = $out =~ /^\Q$answer\E$/mg;
	$cancelled = () = $err =~ /ERROR:  57014$/mg;
	$not_set = () = $out =~ /^SET$/mg;
	is($answered + $cancelled - $not_set, 12, "cancelled at any moment: $name");
	cmp_ok($cancelled, '>=', 1, "... some were cancelled ($cancelled of 12)");
	is(() = $out =~ /\S+/g, $answered + $not_set, '... and nothing else was answered');
}

# What a backend holds does not grow with the number of calls.
ask('CREATE TABLE few AS SELECT * FROM many WHERE actor <= 50');

sub calls
{
	my ($times) = @_;
	return qq{
		DO \$\$
		BEGIN
			FOR i IN 1 .. $times LOOP
				PERFORM sessionize.session_number(ts, '1 s') OVER (ORDER BY ts),
					sessionize.session_end(ts, '1 s') OVER (ORDER BY ts),
					sessionize.session_id(ts, actor, 'text', ARRAY[1.5], '{"a": 1}'::jsonb)
				FROM few;
				PERFORM sessionize.sessions(ts, '1 s'), sessionize.first(ts::text, ts),
					sessionize.last(ts::text, ts)
				FROM few;
			END LOOP;
		END \$\$;
		SELECT sum(total_bytes) FROM pg_backend_memory_contexts;};
}

my ($before, $after) = split /\n/, ask(calls(200) . calls(2000));
cmp_ok($after - $before, '<', 64 * 1024,
	"memory after 2000 more calls: $before, then $after bytes");

SKIP:
{
	skip 'a result beyond 1 GB takes long: set SESSIONIZE_LONG=1', 1
	  unless $ENV{SESSIONIZE_LONG};

	my ($out, $err);
	$node->psql(
		'postgres', q{
		\set VERBOSITY sqlstate
		SELECT cardinality(sessionize.sessions(
			timestamptz '2026-01-01Z' + i * interval '1 s', '0'))
		FROM generate_series(1, 13000000) AS i},
		stdout => \$out, stderr => \$err);
	like($err, qr/54000/, 'sessions beyond 1 GB');
}

$node->stop;
done_testing();
