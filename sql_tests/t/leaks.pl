# leaks.pl: what a backend holds does not grow with the number of its calls.
#
# Each entry point is called again and again in one backend: first until caches are warm,
# then so often as is promised.  The memory contexts of the backend, and what the operating
# system has given it, must not have grown by more than a few pages.  A leak of 16 bytes a
# call is 160 kB after 10,000.
#
#   SESSIONIZE_CALLS=n   calls of each, 500 by default, 10,000 with SESSIONIZE_LONG=1;
#                        in the short form, definitions are changed a twentieth as often
use strict;
use warnings;

use File::Basename qw(dirname);
use Cwd qw(abs_path);
use Test::More;
use lib dirname(abs_path(__FILE__));
use SessionizeTest;

my $calls = $ENV{SESSIONIZE_CALLS} || ($ENV{SESSIONIZE_LONG} ? 10_000 : 500);
my $node = start_cluster('leaks', 'fsync = off', 'autovacuum = off');

sub ask
{
	my ($sql) = @_;
	return $node->safe_psql('postgres', $sql);
}

ask(q{
	CREATE SCHEMA app;
	CREATE TABLE app.events AS
	SELECT i % 5 AS user_id, timestamptz '2026-01-01Z' + i * i % 997 * interval '1 min' AS ts, i AS n, 'p' || i % 4 AS page
	FROM generate_series(1, 40) AS i;
	CREATE INDEX ON app.events (user_id, ts);
	ANALYZE app.events;
	SELECT sessionize.define_session('visit', 'app.events', 'user_id', 'ts', '1 hour', schema => 'app', entry => 'page', exit => 'page');
	SELECT sessionize.define_metric('visit', 'pages', 'count(DISTINCT page)', schema => 'app');
	SELECT sessionize.define_metric('visit', 'later', 'count(*)', session_filter => 'pages > 1', nth => 2, schema => 'app');
	SELECT sessionize.define_session('stay', 'app.events', 'user_id', 'ts', '1 hour', schema => 'app');});

my $over = 'OVER (PARTITION BY user_id ORDER BY ts)';

# Every function that can be called, by what calls it; what fails is caught, for errors
# must not leak either.
my %entries = (
	'window functions' => qq{
		PERFORM sessionize.session_number(ts, '1 h') $over, sessionize.session_event_number(ts, '1 h') $over, sessionize.session_start(ts, '1 h') $over,
			sessionize.session_end(ts, '1 h') $over, sessionize.session_event_count(ts, '1 h') $over, sessionize.session_started_by(ts, '1 h') $over,
			sessionize.session_ended_by(ts, '1 h') $over FROM app.events},
	'window functions of timestamps' => qq{PERFORM sessionize.session_number(ts::timestamp, '1 h', page = 'p1', page = 'p2', '2 h', true) $over FROM app.events},
	'window functions of integers' => qq{PERFORM sessionize.session_end(n::bigint, 3) OVER (PARTITION BY user_id ORDER BY n::bigint) FROM app.events},
	'a scan given up early' => qq{PERFORM sessionize.session_number(ts, '1 h') $over FROM app.events LIMIT 1},
	'a scan for each row' => qq{PERFORM (SELECT max(k) FROM (SELECT sessionize.session_number(ts, '1 h') $over AS k FROM app.events AS e WHERE e.n > x) AS y) FROM generate_series(1, 3) AS x},
	'grouping by sessions' => qq{PERFORM k, count(*) FROM (SELECT user_id, sessionize.session_number(ts, '1 h') $over AS k FROM app.events) AS y GROUP BY user_id, k},
	'an error in a scan' => qq{BEGIN PERFORM sessionize.session_number(ts, '1 h', 1 / (n - 39) = 7) $over FROM app.events; EXCEPTION WHEN division_by_zero THEN NULL; END},
	'a bad argument' => qq{BEGIN PERFORM sessionize.session_number(ts, '-1 h') $over FROM app.events; EXCEPTION WHEN invalid_parameter_value THEN NULL; END},
	'a wrong order' => qq{BEGIN PERFORM sessionize.session_number(ts, '1 h') OVER (ORDER BY n) FROM app.events; EXCEPTION WHEN windowing_error THEN NULL; END},
	'sessions, session_count, time_in_session' => q{PERFORM sessionize.sessions(ts, '1 h'), sessionize.session_count(ts, '1 h', page = 'p1'), sessionize.time_in_session(ts, '1 h') FROM app.events GROUP BY user_id},
	'first, last' => q{PERFORM sessionize.first(page, ts), sessionize.last(page, ts), sessionize.first_by(page, ts, n), sessionize.last_by(page, ts, n, page) FROM app.events GROUP BY user_id},
	'funnel' => q{PERFORM sessionize.funnel(ts, page = 'p0', page = 'p1', page = 'p2') FROM app.events GROUP BY user_id},
	'aggregates as window functions' => q{PERFORM sessionize.session_count(ts, '1 h') OVER (ORDER BY n), sessionize.funnel(ts, page = 'p0', page = 'p1') OVER (ORDER BY n) FROM app.events},
	'session_id, inactivity' => q{PERFORM sessionize.session_id(ts, user_id, page, ARRAY[n], '{"a": 1}'::jsonb, n::numeric), sessionize.inactivity(n * interval '1 s') FROM app.events},
	'views' => q{PERFORM count(*) FROM app.visit; PERFORM count(*) FROM app.visit_events; PERFORM count(*) FROM app.visit_actors},
	'EXPLAIN' => q{FOR line IN EXECUTE 'EXPLAIN (ANALYZE, VERBOSE) SELECT * FROM app.visit_events' LOOP END LOOP},
	'a plan made anew' => q{EXECUTE 'SELECT count(*) FROM app.visit WHERE user_id = 3'},
	'session_sql' => q{PERFORM sessionize.session_sql('visit', schema => 'app')},
	'read' => q{PERFORM count(*) FROM sessionize.read(NULL::app.visit, inactivity => '10 min')},
	'check_definitions' => q{PERFORM count(*) FROM sessionize.check_definitions()},
	'fields' => q{PERFORM count(*) FROM sessionize.fields},
	'compare' => q{PERFORM count(*) FROM sessionize.compare('app.visit', '10 min', '2 h')},
	'gap_histogram' => q{PERFORM count(*) FROM sessionize.gap_histogram('app.events', 'user_id', 'ts')},
	'explain_session' => q{PERFORM count(*) FROM sessionize.explain_session('visit', 3)},
	'a text that is refused' => q{BEGIN PERFORM sessionize.define_session('no', 'app.events', 'user_id', 'ts', '1 h', filter => 'page =', schema => 'app'); EXCEPTION WHEN syntax_error THEN NULL; END});
$entries{compare} =~ s/'app\.visit'/'visit'/;

# Queries that are planned anew for each call: settings that bring their plans, and how
# these are known
my %planned = (
	'a time range, with sessions that are open at its end' => [ { 'sessionize.debug_follow_open_sessions' => 'on' },
		q{SELECT count(*), max(ended_at) FROM app.stay WHERE started_at >= '2026-01-01 03:00Z' AND started_at < '2026-01-01 12:00Z'}, qr/InitPlan/ ],
	'a time range, with all history of its actors' => [ { 'sessionize.debug_choose_actors' => 'on' },
		q{SELECT sum(session_number) FROM app.stay WHERE started_at >= '2026-01-01 12:00Z'}, qr/ on events event_1\b.* on events event_1_1\b/s ],
	'several processes' => [ { max_parallel_workers_per_gather => 2, min_parallel_table_scan_size => 0, parallel_setup_cost => 0, parallel_tuple_cost => 0 },
		q{SELECT sum(session_number) FROM app.visit_events}, qr/Gather.*Session Scan/s ]);
for my $name (sort keys %planned)
{
	my ($settings, $query, $plan) = @{ $planned{$name} };
	my $set = join '', map { "PERFORM set_config('$_', '$settings->{$_}', true); " } sort keys %$settings;

	$entries{$name} = "${set}EXECUTE \$query\$$query\$query\$";
	like(ask(($set =~ s/PERFORM (.*?), true/SELECT $1, false/gr) . "EXPLAIN (COSTS OFF) $query"), $plan, "$name: the plan");
}

# Changes write to the catalogs, and take their time
my %changes = (
	'define_session' => q{PERFORM sessionize.define_session('other', 'app.events', 'user_id', 'ts', '1 h', schema => 'app', replace => true)},
	'define_metric' => q{PERFORM sessionize.define_metric('visit', 'pages', 'count(DISTINCT page)', schema => 'app', replace => true)},
	'alter_session' => q{PERFORM sessionize.alter_session('visit', 'inactivity', '1 h', schema => 'app')},
	'rebuild_views' => q{PERFORM sessionize.rebuild_views('visit', schema => 'app')},
	'define_session and drop_session' => q{PERFORM sessionize.define_session('gone', 'app.events', 'user_id', 'ts', '1 h', schema => 'app'); PERFORM sessionize.drop_session('gone', schema => 'app')});

# The calls in transactions of their own, within one backend; what stays is cached
# catalogs, whose size PostgreSQL alone decides.
my $measured = q{
	SELECT sum(total_bytes) FROM pg_backend_memory_contexts WHERE name NOT IN ('CacheMemoryContext', 'index info', 'relation rules', 'CatCache', 'RowDescriptionContext')
		AND coalesce(to_jsonb(pg_backend_memory_contexts) ->> 'parent', '') <> 'CacheMemoryContext';
	SELECT (regexp_match(pg_read_file('/proc/self/status'), 'RssAnon:\s+(\d+)'))[1]::int;};

sub called
{
	my ($body, $times) = @_;
	return qq{DO \$do\$ DECLARE line record; BEGIN FOR i IN 1 .. $times LOOP $body; COMMIT; END LOOP; END \$do\$;};
}

sub check
{
	my ($name, $body, $times) = @_;
	my $warm = $times < 1000 ? $times : 1000;
	# measuring takes memory, too: once in advance
	my $sql = "SET search_path = app;\n" . $measured . called($body, $warm) . $measured . called($body, $times) . $measured;
	my (undef, undef, $context, $rss, $context_after, $rss_after) = split /\n/, ask($sql);
	my $grown = $context_after - $context;

	cmp_ok($grown, '<=', 16 * 1024, "$name: $times calls, contexts of $context bytes grew by $grown");
	cmp_ok($rss_after - $rss, '<=', 1024, "... RssAnon of $rss kB by " . ($rss_after - $rss) . ' kB');
	return;
}

check($_, $entries{$_}, $calls) for sort keys %entries;
check($_, $changes{$_}, $ENV{SESSIONIZE_LONG} ? $calls : int($calls / 20)) for sort keys %changes;

$node->stop;
done_testing();
