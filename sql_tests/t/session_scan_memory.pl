# session_scan_memory.pl: a session scan never takes more memory than it may.
#
# That is work_mem times hash_mem_multiplier, and a constant.  The kernel is asked how much
# the backend has had: memory that is its own, at its highest.  What EXPLAIN says of the
# node's memory must be what the kernel saw, and the answers those of core's nodes.
#
# 200,000 events by default; with SESSIONIZE_LONG=1 10 million.

use strict;
use warnings;
use File::Basename qw(dirname);
use Cwd qw(abs_path);
use Test::More;
use lib dirname(abs_path(__FILE__));
use SessionizeTest;

plan skip_all => 'only where /proc tells how much memory a process has had'
  unless -w '/proc/self/clear_refs';

# What the node, its input and the statement may take beside the budget, in kB; also what
# the kernel's counting is not exact by.
my $CONSTANT = 1024;

my $events = $ENV{SESSIONIZE_LONG} ? 10_000_000 : 200_000;
my $wide = int($events / 10);
my $node = start_cluster(
	'session_scan_memory',
	'fsync = off',
	'autovacuum = off',
	'shared_buffers = 8MB',
	'max_wal_size = 4GB',
	'synchronize_seqscans = off',
	'max_parallel_workers_per_gather = 0');

# i numbers the rows, by time; r is the time of the same rows in no order.
$node->safe_psql('postgres', <<~SQL);
	CREATE UNLOGGED TABLE event AS
	SELECT i, i AS t, mod(abs(hashint8extended(i, 1)), $events) AS r, mod(abs(hashint8extended(i, 2)), $events / 5) AS many, i % 7 AS few,
		'actor ' || mod(abs(hashint8extended(i, 2)), $events / 5) AS name
	FROM generate_series(1::bigint, $events) AS i;
	CREATE UNLOGGED TABLE wide AS
	SELECT i, t, many, few, (SELECT string_agg(md5((i * k)::text), '') FROM generate_series(1, 32) AS k) AS pad
	FROM event WHERE i <= $wide;
	CREATE TABLE event_few AS SELECT * FROM event WHERE i <= 50;
	CREATE TABLE wide_few AS SELECT * FROM wide WHERE i <= 50;
	CREATE INDEX ON event (t);
	CREATE INDEX ON event_few (t);
	VACUUM ANALYZE;
	SQL

# name => table, PARTITION BY, event time, further arguments, what else is carried along, settings
my %WHOLE = (enable_sort => 'off');
my %INDEX = (enable_seqscan => 'off', enable_bitmapscan => 'off');
my @SHAPES = (
	[ 'many actors',                'event', 'PARTITION BY many', 't', '100' ],
	[ 'many actors, texts',         'event', 'PARTITION BY name', 't', '100', 'max(length(name))' ],
	[ 'few actors',                 'event', 'PARTITION BY few',  't', '100' ],
	[ 'few actors, many sessions',  'event', 'PARTITION BY few',  't', '0' ],
	[ 'one actor',                  'event', '',                  't', '0' ],
	[ 'one actor, one session',     'event', '',                  't', '100' ],
	[ 'wide rows',                  'wide',  'PARTITION BY many', 't', '100', 'sum(length(pad))' ],
	[ 'wide rows, few actors',      'wide',  'PARTITION BY few',  't', '100', 'sum(length(pad))' ],
	[ 'out of order',               'event', 'PARTITION BY many', 'r', '100' ],
	[ 'few actors out of order',    'event', 'PARTITION BY few',  'r', '0' ],
	[ 'one actor out of order',     'event', '',                  'r', '0' ],
	[ 'one session out of order',   'event', '',                  'r', '100' ],
	[ 'all at one time',            'event', 'PARTITION BY i % 1', 't * 0', '0' ],
	[ 'an actor for each event',    'event', 'PARTITION BY i',    't', '0' ],
	[ 'streamed, one session',      'event', '',                  't', '100', undef, \%INDEX ],
	[ 'streamed, many sessions',    'event', '',                  't', '0, mod(t, 1000) = 0', undef, \%INDEX ]);

sub query
{
	my ($shape, $suffix) = @_;
	my (undef, $table, $actor, $time, $arguments, $carried) = @$shape;

	my $columns = $table eq 'wide' ? 'i, pad' : $carried ? 'i, name' : 'i';
	$carried //= '0';
	return qq{
		SELECT count(*), sum(i * n), sum(c), sum(e - s), $carried
		FROM (SELECT $columns, sessionize.session_number($time, $arguments) OVER w AS n,
				sessionize.session_event_count($time, $arguments) OVER w AS c,
				sessionize.session_start($time, $arguments) OVER w AS s,
				sessionize.session_end($time, $arguments) OVER w AS e
			  FROM $table$suffix WINDOW w AS ($actor ORDER BY $time)) AS x};
}

# Everything that is not the query's own is there before it begins: catalogs, the library,
# shared memory.  Then the peak is forgotten.
sub measure
{
	my ($shape, $work_mem) = @_;
	my %settings = (%{ $shape->[6] // \%WHOLE }, work_mem => $work_mem, hash_mem_multiplier => 2);
	my $set = join ' ', map { "SET $_ = '$settings{$_}';" } sort keys %settings;
	my $status = "SELECT pg_read_file('/proc/self/status');";
	my $text = $node->safe_psql('postgres', <<~SQL);
		SET sessionize.debug_require_session_scan = on;
		$set
		EXPLAIN (ANALYZE, TIMING OFF) @{[query($shape, '_few')]};
		SELECT count(*) FROM $shape->[1];
		COPY (SELECT 5) TO '/proc/self/clear_refs';
		$status
		EXPLAIN (ANALYZE, TIMING OFF) @{[query($shape, '')]};
		$status
		SQL

	my @plans = split /^(?=Aggregate)/m, $text;
	my $plan = $plans[-1];
	my ($memory) = $plan =~ /Memory: (\d+) kB/;
	my ($disk) = $plan =~ /Disk: (\d+) kB/;

	return (peak_memory($text), $memory, $disk, $plan);
}

for my $shape (@SHAPES)
{
	my ($name, $table) = @$shape;
	my $bytes = $table eq 'wide' ? $wide * 1024 : $events * 24;
	my $settings = join ' ', map { "SET $_ = '$shape->[6]{$_}';" } sort keys %{ $shape->[6] // {} };
	my $right = $node->safe_psql('postgres', "SET sessionize.enable_session_scan = off; SET work_mem = '64MB'; " . query($shape, ''));

	for my $work_mem ([ '64kB', 64 ], [ '1MB', 1024 ], [ '4MB', 4096 ], [ '64MB', 65536 ])
	{
		my $budget = 2 * $work_mem->[1];
		my ($peak, $memory, $disk, $plan) = measure($shape, $work_mem->[0]);
		my $answer = $node->safe_psql('postgres', "SET work_mem = '$work_mem->[0]'; SET enable_sort = off; $settings"
			. 'SET sessionize.debug_require_session_scan = on; ' . query($shape, ''));

		is($answer, $right, "$name, $work_mem->[0]: as core's nodes answer");
		cmp_ok($peak, '<=', $budget + $CONSTANT, "$name, $work_mem->[0]: memory") or diag($plan);
		cmp_ok($memory, '<=', $budget + 512, "$name, $work_mem->[0]: memory as EXPLAIN says") or diag($plan);
		# a buffer that has just grown is half empty
		cmp_ok($peak, '<=', $memory + $CONSTANT, "$name, $work_mem->[0]: EXPLAIN conceals nothing");
		cmp_ok($peak, '>=', $memory / 2 - $CONSTANT, "$name, $work_mem->[0]: EXPLAIN invents nothing");
		note("$name, $work_mem->[0]: $peak kB, EXPLAIN: memory $memory kB, disk $disk kB");

		# a record is 24 bytes or more; what is streamed is held only while a session lasts
		my $fits = $bytes * 4 < $budget * 1024;
		my $spills = $bytes > $budget * 1024 && $name ne 'streamed, many sessions';
		ok($spills ? $disk > 0 : $fits ? $disk == 0 : 1, "$name, $work_mem->[0]: on disk what does not fit") or diag($plan);
	}
}

$node->stop;
done_testing();
