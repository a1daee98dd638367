# big.pl: 100 million events through all three views, with little memory.
#
# The sessions of a sample of the actors, taken from the answer for all, are those that plain
# SQL finds; the numbers of all events agree; and the backend never takes more memory than it may.
#
#   SESSIONIZE_EVENTS=n  events: 100 million by default, fewer where the disk has no room

use strict;
use warnings;
use File::Basename qw(dirname);
use Cwd qw(abs_path);
use Test::More;

plan skip_all => 'takes long: runs in make check-long' unless $ENV{SESSIONIZE_LONG};
plan skip_all => 'only where /proc tells how much memory a process has had'
  unless -w '/proc/self/clear_refs';
use lib dirname(abs_path(__FILE__));
use PostgreSQL::Test::Utils;
use SessionizeTest;

# What the views may take beside work_mem * hash_mem_multiplier, in kB
my $CONSTANT = 8 * 1024;
my $WORK_MEM = 64 * 1024;

# a row needs 44 bytes, and no more than that again in temporary files
my ($room) = map { (split)[3] * 1024 / 150 } (split /\n/, `df -Pk '$PostgreSQL::Test::Utils::tmp_check'`)[1];
my $events = $ENV{SESSIONIZE_EVENTS} || 100_000_000;
$events = int($room) if $room < $events;
note("$events events");

my $node = start_cluster(
	'big',
	'fsync = off',
	'autovacuum = off',
	'shared_buffers = 256MB',
	'max_wal_size = 8GB',
	'synchronize_seqscans = off',
	'max_parallel_workers_per_gather = 0',
	"work_mem = '${WORK_MEM}kB'",
	'hash_mem_multiplier = 2');

# One event every 50 ms.  Of each 200,000 in a row, about ten are of the same key, 17 minutes
# apart; an actor has a few such keys.  Every seventh event comes up to a minute late.
$node->safe_psql('postgres', qq{
	CREATE UNLOGGED TABLE event AS
	SELECT abs(hashint8extended(i / 200000 * 20011 + i % 20011, 1) % ($events / 25 + 1))::int AS actor,
		timestamptz '2026-01-01Z' + i * interval '50 ms' - (i % 7 / 6) * (i % 61) * interval '1 s' AS ts
	FROM generate_series(1::bigint, $events) AS i;
	ANALYZE event;
	SELECT sessionize.define_session('visit', 'event', 'actor', 'ts', '30 minutes');
	CREATE TABLE sample AS SELECT * FROM event WHERE actor % 5003 = 3;});

my ($num_sample, $num_actors) = split /\|/,
  $node->safe_psql('postgres', 'SELECT count(*), count(DISTINCT actor) FROM sample');
cmp_ok($num_actors, '>', $events / 25 / 5003 / 2, "the sample has $num_actors actors, $num_sample events");

# By plain SQL: an event begins a session if the one before it, of the same actor, is earlier by
# more than half an hour, or there is none.
$node->safe_psql('postgres', q{
	CREATE TABLE right_events AS
	SELECT actor, ts, sum(begins::int) OVER (PARTITION BY actor ORDER BY ts) AS session_number
	FROM (SELECT actor, ts, coalesce(ts - lag(ts) OVER (PARTITION BY actor ORDER BY ts) > '30 minutes', true) AS begins FROM sample) AS x;
	CREATE TABLE right_visit AS
	SELECT actor, session_number, min(ts) AS started_at, max(ts) AS ended_at, count(*) AS event_count FROM right_events GROUP BY 1, 2;
	CREATE TABLE right_actors AS
	SELECT actor, count(*) AS session_count, sum(event_count) AS event_count, sum(ended_at - started_at) AS time_in_session FROM right_visit GROUP BY 1;});

# view, its columns, and what adds up to the number of all events
my @VIEWS = (
	[ 'visit',        'actor, session_number, started_at, ended_at, event_count',    'event_count' ],
	[ 'visit_events', 'actor, ts, session_number',                                   '1' ],
	[ 'visit_actors', 'actor, session_count, event_count, time_in_session',          'event_count' ]);

foreach (@VIEWS)
{
	my ($view, $columns, $count) = @$_;
	my $right = 'right_' . ($view =~ s/visit_//r);
	my $status = "SELECT pg_read_file('/proc/self/status');";

	# OFFSET: the condition is not for the view to know
	my $text = $node->safe_psql('postgres', qq{
		SET sessionize.debug_require_session_scan = on;
		SELECT count(*) FROM (SELECT * FROM $view LIMIT 0) AS x;
		COPY (SELECT 5) TO '/proc/self/clear_refs';
		$status
		CREATE TABLE got_$view AS
		SELECT * FROM (SELECT $columns FROM $view OFFSET 0) AS x WHERE actor % 5003 = 3;
		$status
		SELECT 'sum ' || sum($count) FROM $view;});
	my $peak = peak_memory($text);

	is( $node->safe_psql('postgres', qq{
			SELECT (SELECT count(*) FROM (SELECT $columns FROM got_$view EXCEPT ALL SELECT $columns FROM $right) AS a),
				(SELECT count(*) FROM (SELECT $columns FROM $right EXCEPT ALL SELECT $columns FROM got_$view) AS a),
				(SELECT count(*) > 0 FROM $right)}),
		'0|0|t', "$view: the sample's rows are those of plain SQL");
	is( ($text =~ /^sum (\d+)$/m)[0], $events, "$view: it has all events");
	cmp_ok($peak, '<=', 2 * $WORK_MEM + $CONSTANT, "$view: memory");
	cmp_ok($peak, '>=', $WORK_MEM, "$view: memory is needed, and was measured") if $events >= 50_000_000;
	note("$view: $peak kB");
}

done_testing();
