# citus.pl: sessions over a table that Citus has distributed by actor.
#
# Three servers on this machine: one that is asked and two that have the shards. The views say
# what those of a local table with the same rows say; each query goes to the shards whole,
# one task for each, sessions being made there; and one about one actor goes to one shard.
#
# Nothing here builds or brings Citus. Where this PostgreSQL has no such extension, this file is
# skipped and says so.

use strict;
use warnings;
use File::Basename qw(dirname);
use Cwd qw(abs_path);
use Test::More;
use lib dirname(abs_path(__FILE__));
use PostgreSQL::Test::Utils;
use SessionizeTest;

my $SHARDS = 32;
my @CONF = ('fsync = off', 'max_connections = 150');
my $coordinator = start_cluster('citus_coordinator', @CONF);

if ($coordinator->safe_psql('postgres', q{SELECT count(*) FROM pg_available_extensions WHERE name = 'citus'}) eq '0')
{
	$coordinator->stop;
	plan skip_all => 'this PostgreSQL has no citus: nothing is known of distributed tables on it';
}

my @nodes = ($coordinator, map { start_cluster("citus_worker_$_", @CONF) } 1 .. 2);
foreach my $node (@nodes)
{
	# servers talk to each other, and nothing about it leaves this machine
	$node->append_conf('postgresql.conf', $_)
	  foreach ("shared_preload_libraries = 'citus'", 'citus.show_shards_for_app_name_prefixes = \'*\'',
		"citus.local_hostname = '" . $node->host . "'", "citus.node_conninfo = 'sslmode=disable'");
	$node->restart;
	$node->safe_psql('postgres', 'CREATE EXTENSION citus');
}

sub ask { return $coordinator->safe_psql('postgres', join '', @_); }

ask(sprintf q{SELECT citus_set_coordinator_host('%s', %d);}, $coordinator->host, $coordinator->port);
ask(sprintf q{SELECT citus_add_node('%s', %d);}, $_->host, $_->port) foreach @nodes[ 1, 2 ];
note(ask('SELECT citus_version()'));

# The same rows twice, distributed in the schema "public" and not in "here": with ties, events without a time, and one large actor
ask(qq{
	CREATE TABLE event (event_id bigint, ts timestamptz, user_id int, kind text, page text, amount numeric);
	CREATE SCHEMA here;
	CREATE TABLE here.event (LIKE event);
	SET citus.shard_count = $SHARDS;
	SELECT create_distributed_table('event', 'user_id');
	CREATE INDEX ON event (ts);
	INSERT INTO here.event
	SELECT i, CASE WHEN i % 101 <> 0 THEN '2026-01-01'::timestamptz + (i / 3 * 41 - i * 31 % 500) * interval '1 s' END,
		CASE WHEN i % 10 = 0 THEN 1 ELSE i * 7919 % 97 END,
		CASE WHEN i % 37 = 0 THEN 'campaign' WHEN i % 11 = 0 THEN 'purchase' ELSE 'view' END,
		'/page/' || i % 7, i % 1000 / 7.0
	FROM generate_series(1, 20000::bigint) AS i;
	INSERT INTO event TABLE here.event;
	CREATE TABLE event_of_days (LIKE event) PARTITION BY RANGE (ts);
	CREATE TABLE here.event_of_days AS SELECT * FROM here.event WHERE ts IS NOT NULL;
	CREATE TABLE event_1 PARTITION OF event_of_days FOR VALUES FROM (MINVALUE) TO ('2026-01-02');
	CREATE TABLE event_2 PARTITION OF event_of_days FOR VALUES FROM ('2026-01-02') TO ('2026-01-03');
	CREATE TABLE event_3 PARTITION OF event_of_days FOR VALUES FROM ('2026-01-03') TO (MAXVALUE);
	SELECT create_distributed_table('event_of_days', 'user_id');
	INSERT INTO event_of_days TABLE here.event_of_days;
	ANALYZE;});

# The same definitions over each, with a metric of each kind
foreach my $schema ('public', 'here')
{
	ask(qq{
		SET client_min_messages = error;
		SET search_path = $schema;
		SELECT sessionize.define_session('visit', 'event', 'user_id', 'ts', '30 minutes',
			restart_on => \$\$kind = 'campaign'\$\$, entry => 'page');
		SELECT sessionize.define_metric('visit', 'purchases', 'count(*)', filter => \$\$kind = 'purchase'\$\$);
		SELECT sessionize.define_metric('visit', 'revenue', 'sum(amount)', filter => \$\$kind = 'purchase'\$\$);
		SELECT sessionize.define_metric('visit', 'pages', 'count(DISTINCT page)');
		SELECT sessionize.define_metric('visit', 'first purchases', 'count(*)', filter => \$\$kind = 'purchase'\$\$,
			session_filter => 'session_number = 1');
		SELECT sessionize.define_metric('visit', 'steps', 'sessionize.funnel(ts, page = ''/page/1'', kind = ''purchase'')');
		SELECT sessionize.define_metric('visit', 'purchases in second', 'count(*)', filter => \$\$kind = 'purchase'\$\$,
			session_filter => 'event_count > 2', nth => 2);
		SELECT sessionize.define_session('long_visit', 'event', 'user_id', 'ts', '30 minutes', keep => 'event_count >= 5');
		SELECT sessionize.define_session('part_visit', 'event', 'user_id, kind', 'ts', '30 minutes');
		SELECT sessionize.define_session('by_page', 'event', 'page', 'ts', '30 minutes');
		SELECT sessionize.define_session('of_days', 'event_of_days', 'user_id', 'ts', '30 minutes');});
}

# ---------- queries, and what is above the tasks in their plans ----------

my @WHOLE = (
	[ 'all sessions', 'SELECT * FROM visit' ],
	[ 'all events', 'SELECT * FROM visit_events' ],
	[ 'all actors', 'SELECT * FROM visit_actors' ],
	[ 'totals', 'SELECT count(*), sum(event_count), sum(purchases), sum(revenue), max(duration) FROM visit' ],
	[ 'sessions per day', 'SELECT started_at::date, count(*), sum(pages) FROM visit GROUP BY 1' ],
	[ 'sessions of some days', q{SELECT user_id, started_at, event_count FROM visit WHERE started_at >= '2026-01-03' AND started_at < '2026-01-04'} ],
	[ 'entry pages', 'SELECT entry_page, count(*) FROM visit GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 3' ],
	[ 'sessions per actor', 'SELECT user_id, count(*) FROM visit GROUP BY 1' ],
	[ 'how actors are spread', 'SELECT session_count, count(*) FROM visit_actors GROUP BY 1' ],
	[ 'sessions with their events', q{SELECT v.user_id, v.session_number, count(*) FROM visit AS v
		JOIN visit_events AS e ON e.user_id = v.user_id AND e.session_id = v.session_id GROUP BY 1, 2} ],
	[ 'sessions that are kept', 'SELECT * FROM long_visit' ],
	[ 'an actor with more to it', 'SELECT * FROM part_visit' ],
	[ 'partitions by time', 'SELECT * FROM of_days' ],
	[ 'across actors', 'SELECT count(DISTINCT started_at), percentile_disc(0.9) WITHIN GROUP (ORDER BY event_count) FROM visit' ],
	[ 'an aggregate', q{SELECT user_id, sessionize.session_count(ts, '30 minutes') FROM event WHERE ts IS NOT NULL GROUP BY 1} ],
	[ 'window functions', q{SELECT user_id, max(n) FROM (SELECT user_id,
		sessionize.session_number(ts, '30 minutes') OVER (PARTITION BY user_id ORDER BY ts) AS n FROM event) AS x GROUP BY 1} ]);

sub plan_of { return ask("EXPLAIN (COSTS OFF) $_[0]"); }

# Rows that a query has here and not there, and the other way around; and whether it has any
sub differences
{
	my ($query) = @_;

	return ask(qq{
		CREATE TEMP TABLE there AS SELECT q::text FROM ($query) AS q;
		SET search_path = here;
		CREATE TEMP TABLE here AS SELECT q::text FROM ($query) AS q;
		SELECT (SELECT count(*) FROM (TABLE there EXCEPT ALL TABLE here) AS d),
			(SELECT count(*) FROM (TABLE here EXCEPT ALL TABLE there) AS d), (SELECT count(*) > 0 FROM here)});
}

foreach my $case (@WHOLE)
{
	my ($name, $query) = @$case;
	my $plan = plan_of($query);

	like($plan, qr/Task Count: $SHARDS\n/, "$name: a task for each shard") or diag($plan);
	unlike($plan, qr/Distributed Subplan|intermediate_result|MapMerge/, '... and nothing else, nothing being pulled up');
	like($plan, qr/Task\n.*\n(?:.*\n)*?.*(?:Session Scan|Aggregate)/, '... sessions are made in the tasks');
	unlike($plan =~ s/Citus Adaptive.*//sr, qr/Session (Scan|Aggregate)|WindowAgg/, '... and only there');
	is(differences($query), '0|0|t', '... and the answer is that of one machine');
}

# ---------- one actor ----------

foreach my $view ('visit', 'visit_events', 'visit_actors')
{
	my $query = "SELECT * FROM $view WHERE user_id = 42";
	my $plan = plan_of($query);

	like($plan, qr/Task Count: 1\n/, "$view: one actor is one task") or diag($plan);
	like($plan, qr/user_id = 42/, '... which reads that actor');
	is(differences($query), '0|0|t', '... and the answer is that of one machine');
}

# ---------- time ranges, in the shards ----------

my $since = q{SELECT user_id, started_at, event_count FROM part_visit WHERE started_at >= '2026-01-03 12:00'};
like(plan_of($since), qr/ts >= '2026-01-03 11:30:00/, 'a range of starts is one of events in the shard');
is(differences($since), '0|0|t', '... and the answer is that of one machine');

my $days = q{SELECT user_id, started_at FROM of_days WHERE started_at >= '2026-01-03 12:00'};
my $plan_of_days = plan_of($days);
like($plan_of_days, qr/ on event_3_\d+/, 'partitions by time: the shard of the partition is read');
unlike($plan_of_days, qr/ on event_[12]_\d+/, '... and those of others are not');
is(differences($days), '0|0|t', '... and the answer is that of one machine');

# ---------- definitions ----------

is(differences(q{SELECT * FROM sessionize.read(NULL::visit, inactivity => '10 minutes')}), '0|0|t', 'read(), with another inactivity');
like(error_as($coordinator, 'postgres', q{SELECT * FROM sessionize.compare('visit', '10 minutes')}),
	qr/\A0A000: cannot push down this subquery/, 'compare(): refused, for its sub-selects without a table');
ask("SET search_path = $_; SET client_min_messages = error; SELECT sessionize.alter_session('visit', 'inactivity', '1 hour')") foreach ('public', 'here');
is(differences('SELECT * FROM visit'), '0|0|t', 'a definition that has changed');
like(plan_of('SELECT * FROM visit'), qr/Task Count: $SHARDS\n/, '... is still made in the shards');

# ---------- what is not pushed down ----------

# An actor that is not the distribution column: right, or refused, but never wrong
like(plan_of('SELECT * FROM by_page'), qr/Distributed Subplan|intermediate_result/, 'sessions of another actor: the rows are pulled up');
is(differences('SELECT * FROM by_page'), '0|0|t', '... and the answer is that of one machine');

# Events of the sessions that are kept: Citus refuses a sub-select that has the clock in it and no table
like(error_as($coordinator, 'postgres', 'SELECT * FROM long_visit_events'), qr/\A0A000: cannot push down this subquery/,
	'events of sessions that are kept: refused');
is( differences(q{SELECT e.event_id, e.session_id FROM visit_events AS e
		JOIN visit AS v ON v.user_id = e.user_id AND v.session_id = e.session_id WHERE v.event_count >= 5}),
	'0|0|t', '... but a join has them');

# ---------- events that come and go ----------

foreach my $source ('event', 'here.event')
{
	ask(qq{INSERT INTO $source SELECT 30000 + i, '2026-01-02'::timestamptz + i * interval '7 min', 42, 'view', '/', i FROM generate_series(1, 100) AS i;
		DELETE FROM $source WHERE event_id % 13 = 0;});
}
is(differences('SELECT * FROM visit'), '0|0|t', 'late events and deleted ones');

$_->stop foreach reverse @nodes;
done_testing();
