# hooks.pl: other libraries have the same hooks, and all are called, whoever comes first.
#
# The other one is witness.c, compiled here.  A query over a view of ours needs both hooks of
# sessionize: that about relations brings the condition on event times, that about upper paths
# the Session Scan.
use strict;
use warnings;

use File::Basename qw(dirname);
use FindBin;
use lib $FindBin::Bin;
use SessionizeTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $node    = start_cluster('hooks');
my $library = "$PostgreSQL::Test::Utils::tmp_check/witness.so";
my $include = $node->config_data('--includedir-server');

command_ok([ 'cc', '-shared', '-fPIC', '-O1', "-I$include", '-o', $library, "$FindBin::Bin/../witness/witness.c" ],
	'the other library is compiled');

$node->safe_psql('postgres', <<~"SQL");
	CREATE FUNCTION witness_relations() RETURNS bigint AS '$library' LANGUAGE c;
	CREATE FUNCTION witness_levels() RETURNS bigint AS '$library' LANGUAGE c;
	CREATE TABLE events (user_id int, ts timestamptz);
	INSERT INTO events SELECT n % 50, timestamptz '2026-01-01Z' + n * interval '1 min' FROM generate_series(1, 20000) AS n;
	CREATE INDEX ON events (ts);
	ANALYZE events;
	SELECT sessionize.define_session('visit', 'events', 'user_id', 'ts', '30 min');
	SQL

# In a connection of its own: the plan, and how often the other library was asked meanwhile.
sub check
{
	my ($order, $load) = @_;

	my ($status, $out, $err) = $node->psql('postgres', <<~"SQL", extra_params => ['-At']);
		SET timezone = 'UTC';
		SET jit = off;
		$load
		SELECT witness_relations(), witness_levels() \\g /dev/null
		EXPLAIN (COSTS OFF) SELECT count(*) FROM visit WHERE started_at >= '2026-01-14';
		SELECT 'relations ' || witness_relations(), 'levels ' || witness_levels();
		SQL
	is($err, '', "$order: no error") or diag($out);
	like($out, qr/Custom Scan \(Session Scan\)/, "$order: the nodes are there");
	like($out, qr/ts >= '2026-01-13 23:30:00/, "$order: the condition on starts reaches the events");
	like($out, qr/relations [1-9]/, "$order: the other one is asked about the relation");
	# the view, and the query over it; those of time ranges that are only tried have no upper level
	like($out, qr/levels [2-9]/, "$order: the other one is asked about upper paths");
	return;
}

check('the other one first, then sessionize', "LOAD '$library';\nLOAD 'sessionize';");
check('sessionize first', "LOAD 'sessionize';\nLOAD '$library';");
check('the other one, then the query alone', "LOAD '$library';");

# preloaded for everybody, in both orders
for my $list ("$library,sessionize", "sessionize,$library")
{
	$node->append_conf('postgresql.conf', "shared_preload_libraries = '$list'");
	$node->restart;
	check('preloaded, ' . ($list =~ /^sessionize/ ? 'sessionize' : 'the other one') . ' first', '');
}

$node->stop;
done_testing();
