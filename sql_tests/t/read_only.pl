# Sessions are read where nothing can be written: on a standby, in read-only
# transactions of each level, without the right to make temporary tables, under
# any search_path; and reading takes no transaction id.
#
# BI tools read replicas through pooled connections and switch roles in them.

use strict;
use warnings;
use File::Basename qw(dirname);
use Cwd qw(abs_path);
use PostgreSQL::Test::Cluster;
use Test::More;
use lib dirname(abs_path(__FILE__));
use SessionizeTest;

my $primary = start_cluster('primary');
$primary->safe_psql('postgres', q{
	CREATE ROLE ana LOGIN;
	CREATE ROLE bi LOGIN;
	REVOKE TEMPORARY ON DATABASE postgres FROM PUBLIC;
	CREATE SCHEMA app AUTHORIZATION ana;
	SET ROLE ana;
	CREATE TABLE app.events (who int, ts timestamptz, what text);
	-- 40 people, each with 5 sessions of 4 events, a minute apart, every two hours
	INSERT INTO app.events
	SELECT p, timestamptz '2026-03-01 00:00+00' + s * interval '2 hours' + e * interval '1 minute',
		CASE e WHEN 3 THEN 'buy' ELSE 'look' END
	FROM generate_series(1, 40) AS p, generate_series(1, 5) AS s, generate_series(0, 3) AS e;
	SET search_path = app;
	SELECT sessionize.define_session('visit', 'events', 'who', 'ts', '30 minutes', readers => '{bi}');
	SELECT sessionize.define_metric('visit', 'bought', 'count(*)', filter => $$what = 'buy'$$);
	GRANT USAGE ON SCHEMA app TO bi;
	GRANT SELECT ON events TO bi;
});

# What a reader asks: each with its answer, known from how the events were made
my @questions = (
	[ 'SELECT count(*), sum(event_count), sum(bought), sum(duration_seconds) FROM app.visit', '200|800|200|36000' ],
	[ 'SELECT count(DISTINCT session_id), max(session_event_number) FROM app.visit_events', '200|4' ],
	[ 'SELECT count(*), sum(session_count) FROM app.visit_actors', '40|200' ],
	[ "SELECT count(*) FROM sessionize.read(NULL::app.visit, inactivity => '3 hours')", '40' ],
	[ "SELECT count(*) FROM sessionize.fields WHERE session = 'visit' AND kind = 'custom'", '2' ],
	[ 'SELECT count(*) FROM sessionize.check_definitions()', '0' ],
	[ "SELECT sessionize.session_sql('visit', schema => 'app') LIKE '%sessionize.%'", 't' ],
	[ 'SELECT inactivity FROM sessionize.session_definition', '00:30:00' ],
	[ 'SELECT name FROM sessionize.metric_definition', 'bought' ]);
my $all = join ";\n", map { $_->[0] } @questions;
my $answers = join "\n", map { $_->[1] } @questions;

# on the primary
is(query_as($primary, 'bi', $all), $answers, 'a role that only reads');
foreach my $level ('READ UNCOMMITTED', 'READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE')
{
	is(query_as($primary, 'bi', "BEGIN TRANSACTION ISOLATION LEVEL $level READ ONLY; $all; COMMIT"),
		$answers, "read only, \L$level");
}
is(query_as($primary, 'bi', "BEGIN; $all; SELECT pg_current_xact_id_if_assigned() IS NULL; COMMIT"),
	"$answers\nt", 'reading takes no transaction id');
foreach my $path (q{''}, 'pg_catalog', 'app, pg_catalog', 'pg_temp, app')
{
	is(query_as($primary, 'bi', "SET search_path = $path; $all"), $answers, "search_path = $path");
}
is($primary->safe_psql('postgres', "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY; SET ROLE bi; $all; SET ROLE ana; $all"),
	"$answers\n$answers", 'one connection, one role after the other');
is(query_as($primary, 'bi', "BEGIN; DECLARE c SCROLL CURSOR WITH HOLD FOR SELECT event_count FROM app.visit; COMMIT;
	MOVE 199 FROM c; FETCH c; MOVE BACKWARD ALL FROM c; FETCH c"), "4\n4", 'a cursor that goes on after its transaction, and back');

# on a standby, which has none of these rights to withhold
$primary->backup('backup');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'backup', has_streaming => 1);
$standby->start;
$primary->wait_for_catchup($standby, 'replay', $primary->lsn('insert'));
is($standby->safe_psql('postgres', 'SELECT pg_is_in_recovery()'), 't', 'a standby');
is(query_as($standby, 'bi', $all), $answers, 'sessions on it');
is(query_as($standby, 'bi', "SET sessionize.enable_session_scan = off; $all"), $answers, 'without session scans, too');
like(error_as($standby, 'ana', "SELECT sessionize.define_metric('visit', 'more', 'count(*)', schema => 'app')"),
	qr/^25006: /, 'no definition can be changed there');

# and neither in a read-only transaction
like(error_as($primary, 'ana', "BEGIN READ ONLY; SELECT sessionize.drop_session('visit', schema => 'app')"),
	qr/^25006: .*read-only transaction/, 'nor in a transaction that only reads');

# a change on the primary arrives
$primary->safe_psql('postgres', q{
	SET ROLE ana; SET search_path = app;
	SELECT sessionize.alter_session('visit', 'inactivity', '3 hours')});
$primary->wait_for_catchup($standby, 'replay', $primary->lsn('insert'));
is(query_as($standby, 'bi', 'SELECT count(*) FROM app.visit'), '40', 'a definition that has been changed');

$standby->stop;
$primary->stop;
done_testing();
