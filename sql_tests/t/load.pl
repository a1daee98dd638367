# load.pl: many read sessions views while others write events.
#
# 64 connections read one actor's sessions, events and totals, sometimes all actors'; 4 write:
# events that come late, change or go.  Each read compares, in one snapshot, what the views say
# with what the source says; a difference is an error (22012).  Nothing may fail, and no
# backend's memory may grow.  Latencies are printed; how long they are is not tested.
#
#   SESSIONIZE_SECONDS=n  10 by default, 600 with SESSIONIZE_LONG=1
use strict;
use warnings;

use File::Basename qw(dirname);
use Cwd qw(abs_path);
use IPC::Run qw(start);
use Test::More;

plan skip_all => 'random, and takes long: runs in make check-long' unless $ENV{SESSIONIZE_LONG};
use Time::HiRes qw(sleep time);
use lib dirname(abs_path(__FILE__));
use PostgreSQL::Test::Utils;
use SessionizeTest;

my $seconds = $ENV{SESSIONIZE_SECONDS} || ($ENV{SESSIONIZE_LONG} ? 600 : 10);
my ($readers, $writers) = (64, 4);
my $node = start_cluster(
	'load', 'fsync = off', 'max_connections = 100', 'shared_buffers = 256MB', 'work_mem = 1MB', "log_line_prefix = '%m [%p] %e %q%a '");

$node->safe_psql('postgres', q{
	CREATE TABLE events (event_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, user_id int NOT NULL, ts timestamptz NOT NULL, page text);
	INSERT INTO events (user_id, ts, page)
	SELECT i % 1000, now() - i * 7919 % 2000000 * interval '1 s', 'p' || i % 9 FROM generate_series(1::bigint, 50000) AS i;
	CREATE INDEX ON events (user_id, ts);
	VACUUM ANALYZE events;
	SELECT sessionize.define_session('visit', 'events', 'user_id', 'ts', '30 minutes', entry => 'page', tie_break => 'event_id');
	SELECT sessionize.define_metric('visit', 'pages', 'count(DISTINCT page)');});

my $dir = PostgreSQL::Test::Utils::tempdir();
my %scripts = (
	actor => q{
		\set u random(0, 999)
		SELECT 1 / (a = b AND b = c AND c = d)::int FROM (SELECT
			(SELECT count(*) FROM events WHERE user_id = :u) AS a,
			(SELECT coalesce(sum(event_count), 0) FROM visit WHERE user_id = :u) AS b,
			(SELECT count(*) FROM visit_events WHERE user_id = :u) AS c,
			(SELECT coalesce(sum(event_count), 0) FROM visit_actors WHERE user_id = :u) AS d) AS x;
	},
	sessions => q{
		\set u random(0, 999)
		SELECT session_id, started_at, duration, event_count, entry_page, pages, ended_by FROM visit WHERE user_id = :u ORDER BY session_number DESC LIMIT 10;
	},
	all => q{
		SELECT 1 / (a = b AND b = c)::int FROM (SELECT
			(SELECT count(*) FROM events) AS a, (SELECT sum(event_count) FROM visit) AS b, (SELECT sum(event_count) FROM visit_actors) AS c) AS x;
	},
	write => q{
		\set u random(0, 999)
		\set back random(0, 2000000)
		\set id random(1, 50000)
		INSERT INTO events (user_id, ts, page) VALUES (:u, now() - :back * interval '1 s', 'new');
		UPDATE events SET ts = ts - interval '17 min' WHERE event_id = :id;
		DELETE FROM events WHERE event_id = (SELECT min(event_id) FROM events WHERE user_id = :u AND page = 'new');
	});
append_to_file("$dir/$_.sql", $scripts{$_} =~ s/^\s+(\\set)/$1/mgr) for keys %scripts;

# What each backend has of its own, in kB
sub memory
{
	my $postmaster = (split /\n/, slurp_file($node->data_dir . '/postmaster.pid'))[0];
	my %memory;
	for my $pid (split ' ', slurp_file("/proc/$postmaster/task/$postmaster/children"))
	{
		open my $file, '<', "/proc/$pid/status" or next;
		my ($kilobytes) = join('', <$file>) =~ /RssAnon:\s+(\d+)/ or next;
		open $file, '<', "/proc/$pid/cmdline" or next;
		$memory{$pid} = $kilobytes if (<$file> // '') =~ /\[local\]/;
	}
	return \%memory;
}

my @common = ('pgbench', '-n', '-T', $seconds, '-h', $node->host, '-p', $node->port, '-M', 'prepared', '-j', 2, '-l');
my ($read_out, $write_out) = ('', '');
my $read = start([ @common, '-c', $readers, "--log-prefix=$dir/read", (map { ('-f', "$dir/$_") } 'actor.sql@40', 'sessions.sql@58', 'all.sql@2'), 'postgres' ], '>', \$read_out, '2>', \$read_out);
my $write = start([ @common, '-c', $writers, "--log-prefix=$dir/write", '-f', "$dir/write.sql", 'postgres' ], '>', \$write_out, '2>', \$write_out);
# once all have planned and run everything
sleep $seconds * 0.5;
my $before = memory();
sleep $seconds * 0.4;
my $after = memory();
$_->finish for $read, $write;

for ([ "$readers readers", $read_out ], [ "$writers writers", $write_out ])
{
	my ($who, $out) = @$_;
	my ($done) = $out =~ /number of transactions actually processed: (\d+)/;
	cmp_ok($done // 0, '>', $seconds, "$who: " . ($done // 'no') . " transactions in $seconds seconds") or diag($out);
	unlike($out, qr/ERROR|aborted|fatal/i, '... without an error') or diag(substr $out, 0, 2000);
}
my @latencies = sort { $a <=> $b } map { (split / /)[2] } map { split /\n/, slurp_file($_) } glob "$dir/read.*";
note(sprintf 'latency of reads in ms: p50 %.1f, p95 %.1f, p99 %.1f, longest %.1f', map { $latencies[ $_ * $#latencies ] / 1000 } 0.5, 0.95, 0.99, 1) if @latencies;
my @grown = sort { $a <=> $b } map { $after->{$_} - $before->{$_} } grep { exists $after->{$_} } keys %$before;
cmp_ok(scalar @grown, '>=', $readers, scalar(@grown) . ' backends were measured twice');
my ($sum) = (0);
$sum += $_ for @grown;
cmp_ok($sum / @grown, '<', 256, 'memory of a backend grew by ' . int($sum / @grown) . " kB on average, $grown[-1] kB at most");
cmp_ok($grown[-1], '<', 4096, '... none by more than what a query takes for a while');
is($node->safe_psql('postgres', 'SELECT count(*) FROM pg_ls_tmpdir()'), '0', 'no temporary file is left');
unlike(slurp_file($node->logfile), qr/ERROR|FATAL|PANIC|WARNING|TRAP/, 'nothing in the log');

$node->stop;
done_testing();
