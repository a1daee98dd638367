# sqlsmith.pl: random queries against a database with definitions do no harm.
#
# sqlsmith (Debian's package) writes queries that PostgreSQL's grammar allows, from all
# relations, functions and aggregates it finds: the views, and all that sessionize has.  It
# connects as a role that may read everything and write nothing.  The server, and the
# assertions of the extension, must survive them, and no error may be an internal one (XX000)
# unless PostgreSQL's own code says it.
#
#   SESSIONIZE_STATEMENTS=n  statements, 2000 by default, 20,000 with SESSIONIZE_LONG=1
#   SESSIONIZE_SEED=n        replay (it is printed)
use strict;
use warnings;

use File::Basename qw(basename dirname);
use Cwd qw(abs_path);
use Test::More;

plan skip_all => 'random, and takes long: runs in make check-long' unless $ENV{SESSIONIZE_LONG};
use lib dirname(abs_path(__FILE__));
use PostgreSQL::Test::Utils;
use SessionizeTest;

my ($sqlsmith) = grep { -x "$_/sqlsmith" } split /:/, $ENV{PATH};
plan skip_all => 'sqlsmith is not installed' if !defined $sqlsmith;

my $statements = $ENV{SESSIONIZE_STATEMENTS} || ($ENV{SESSIONIZE_LONG} ? 20_000 : 2000);
my $seed = $ENV{SESSIONIZE_SEED} // ($ENV{SESSIONIZE_LONG} ? int(rand(1_000_000_000)) : 5);
note("seed $seed: SESSIONIZE_SEED=$seed SESSIONIZE_STATEMENTS=$statements replays it");

my $node = start_cluster(
	'sqlsmith',
	'fsync = off',
	'autovacuum = off',
	"listen_addresses = '127.0.0.1'",
	"log_line_prefix = '%m [%p] %e %q%a '",
	'log_error_verbosity = verbose',
	'log_statement = none',
	'min_parallel_table_scan_size = 0',
	'parallel_setup_cost = 0',
	'parallel_tuple_cost = 0.001',
	"work_mem = '64kB'");
$node->safe_psql('postgres', q{
	CREATE ROLE smith LOGIN;
	CREATE SCHEMA app; GRANT USAGE ON SCHEMA app TO smith;
	CREATE TABLE app.events AS
	SELECT i % 7 AS user_id, CASE WHEN i % 50 <> 0 THEN timestamptz '2026-01-01Z' + i * i % 9973 * interval '1 min' END AS ts,
		('p' || i % 4)::text AS page, i::bigint AS position, i % 3 = 0 AS restart, (i * 1.5)::numeric AS amount, interval '1 min' * (i % 40) AS pause
	FROM generate_series(1, 300) AS i;
	CREATE INDEX ON app.events (user_id, ts);
	ALTER TABLE app.events SET (parallel_workers = 2);
	SELECT sessionize.define_session('visit', 'app.events', 'user_id', 'ts', '30 min', schema => 'app', entry => 'page, amount', exit => 'page', tie_break => 'position');
	SELECT sessionize.define_metric('visit', 'total', 'sum(amount)', schema => 'app', filter => $$page <> 'p3'$$);
	SELECT sessionize.define_metric('visit', 'of_second', 'count(DISTINCT page)', session_filter => 'total > 20', nth => 2, schema => 'app');
	SELECT sessionize.define_session('shop', 'app.events', 'user_id, page', 'ts AT TIME ZONE $$UTC$$', '2 h', restart_on => 'restart', end_on => 'amount > 400',
		max_duration => '5 h', require_restart => true, keep => 'event_count > 1', schema => 'app', security_invoker => false);
	SELECT sessionize.define_session('burst', 'app.visit', 'user_id', 'started_at', '1 day', schema => 'app');
	CREATE VIEW app.numbered AS
	SELECT *, sessionize.session_number(ts, pause, restart) OVER w AS n, sessionize.session_end(ts, pause, restart) OVER w AS e,
		sessionize.session_ended_by(ts, pause, restart) OVER w AS b FROM app.events WINDOW w AS (PARTITION BY user_id ORDER BY ts);
	CREATE VIEW app.collected AS
	SELECT page, sessionize.sessions(ts, pause) AS s, sessionize.session_count(ts, pause) AS c, sessionize.funnel(ts, page = 'p1', page = 'p2') AS f,
		sessionize.first(amount, ts) AS first, sessionize.last_by(page, ts, position) AS last FROM app.events GROUP BY page;
	GRANT SELECT ON ALL TABLES IN SCHEMA app TO smith;
	ANALYZE;});

my ($out, $err) = ('', '');
my $target = 'host=127.0.0.1 port=' . $node->port . ' dbname=postgres user=smith options=-cstatement_timeout=2000';
append_to_file($node->data_dir . '/pg_hba.conf', "host all smith 127.0.0.1/32 trust\n");
$node->reload;
# as sqlsmith comes back after a crash, it is the log that tells
IPC::Run::run([ "$sqlsmith/sqlsmith", "--target=$target", "--seed=$seed", "--max-queries=$statements", '--exclude-catalog' ],
	'>', \$out, '2>', \$err, IPC::Run::timeout(7200));
my $log = slurp_file($node->logfile);
my $failed = () = $log =~ /ERROR:  \w{5}:/g;

is($node->safe_psql('postgres', 'SELECT count(*) > 0 FROM app.visit'), 't', "the server is up after $statements statements, of which $failed failed");
cmp_ok($failed, '<', $statements * 0.9, '... so some had an answer') or diag(substr $err, -2000);
cmp_ok($failed, '>', $statements / 20, '... and all were sent') or diag(substr $err, -2000);
for my $word ('PANIC', 'TRAP:', 'terminated by signal', 'leak', 'still referenced')
{
	my @lines = grep { /$word/ } split /\n/, $log;
	is(join("\n", splice @lines, 0, 5), '', "nothing in the log like /$word/");
}

# An internal error names its place: a function, and a file.  It is ours if that file of src/
# defines that function, or if the function has our prefix.  No list of names that PostgreSQL's
# files have, too (explain.c, heap.c, parallel.c, ...), is needed: there, other functions fail.
my $src = abs_path(dirname(__FILE__) . '/../../src');
my %places;
for my $file (glob "$src/*.c $src/*/*.c")
{
	$places{ "$_, " . basename($file) } = 1 for slurp_file($file) =~ /^(\w+)\(/mg;
}
cmp_ok(scalar keys %places, '>', 500, 'the functions of src/ are known');

sub is_ours
{
	my ($error) = @_;
	return $error =~ /LOCATION: .*(?:szn_|sessionize)/ || $error =~ /LOCATION: +(\w+, \w+\.c)\b/ && $places{$1};
}

my @internal = $log =~ /^(.* XX\d\d\d .*\n(?:.*\n){0,4}?.*LOCATION:.*)$/mg;
is(join("\n", grep { is_ours($_) } @internal), '', scalar(@internal) . ' internal errors, none of ours');
diag("of PostgreSQL's own:\n" . join "\n", @internal[ 0 .. ($#internal > 4 ? 4 : $#internal) ]) if @internal;

$node->stop;
done_testing();
