# session_scan_parallel.pl: Session Scan in several processes.
#
# Every answer must be that of plain SQL, whatever the number of workers, whether they come,
# come late or not at all, whether memory is short, and whether the leader takes part. That a
# parallel plan was used is known from the plans. Errors, cancels and kills, at any moment, must
# leave nothing behind: neither temporary files nor shared memory, which for that reason lies
# in files of the cluster's own (dynamic_shared_memory_type = mmap).
#
#   SESSIONIZE_SEED=n   replays the moments of the timeouts with that seed (it is printed)
#   SESSIONIZE_LONG=1   500 timeouts
use strict;
use warnings;

use FindBin;
use lib $FindBin::Bin;
use SessionizeTest;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

my $seed = $ENV{SESSIONIZE_SEED} // ($ENV{SESSIONIZE_LONG} ? int(rand(1_000_000_000)) : 5);
my $timeouts = $ENV{SESSIONIZE_LONG} ? 500 : 25;
my $node = start_cluster(
	'session_scan_parallel',
	'dynamic_shared_memory_type = mmap',
	'synchronize_seqscans = off',
	'autovacuum = off',
	'max_worker_processes = 16',
	'max_parallel_workers = 8',
	'min_parallel_table_scan_size = 0',
	'min_parallel_index_scan_size = 0',
	'parallel_setup_cost = 0',
	'parallel_tuple_cost = 0',
	'hash_mem_multiplier = 1',
	'sessionize.debug_require_session_scan = on');
my $version = $node->safe_psql('postgres', 'SHOW server_version_num');
my $FORCE = $version >= 160000 ? 'debug_parallel_query' : 'force_parallel_mode';

# ---------- rows ----------

# In time order and not; late events; ties; rows without a time; one actor with a tenth of the
# events; another with nearly all of them.
$node->safe_psql('postgres', <<~'SQL');
	CREATE FUNCTION fill(num int, lateness int, large_share int) RETURNS TABLE
		(id int, actor int, name text, ts timestamptz, kind text, amount numeric, payload text)
	LANGUAGE sql AS $$
		SELECT i, a, 'actor ' || a, CASE WHEN i % 101 <> 0 THEN
				   '2024-01-01'::timestamptz + (i / 3 * 20 - CASE WHEN i::bigint * 7919 % 100 < lateness THEN i * 31 % 50000 ELSE 0 END) * interval '1 s' END,
			   CASE WHEN i % 37 = 0 THEN 'campaign' WHEN i % 11 = 0 THEN 'purchase' ELSE 'view' END,
			   i % 1000 / 7.0, repeat(chr(97 + i % 26), i % 50)
		FROM (SELECT i, CASE WHEN i * 17 % 100 < large_share THEN 1 ELSE (i::bigint * i % 997 * (i % 31) / 19)::int END AS a
			  FROM generate_series(1, num) AS i) AS x
	$$;
	CREATE TABLE in_order AS SELECT * FROM fill(30000, 0, 10);
	CREATE TABLE shuffled AS SELECT * FROM fill(30000, 100, 10) ORDER BY hashint4(id);
	CREATE TABLE some_late AS SELECT * FROM fill(30000, 3, 10);
	CREATE TABLE one_large AS SELECT * FROM fill(30000, 0, 95);
	CREATE TABLE nothing AS SELECT * FROM fill(3000, 0, 10);
	CREATE TABLE few AS SELECT * FROM fill(300, 0, 10);
	CREATE TABLE many AS SELECT * FROM fill(300000, 3, 10);
	CREATE TABLE parts (LIKE in_order) PARTITION BY RANGE (id);
	CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (10000);
	CREATE TABLE parts_2 PARTITION OF parts DEFAULT;
	INSERT INTO parts SELECT * FROM fill(30000, 1, 10);
	DO $do$
	DECLARE
		source text;
	BEGIN
		FOREACH source IN ARRAY ARRAY['in_order', 'shuffled', 'some_late', 'one_large', 'nothing', 'few', 'many', 'parts_1', 'parts_2']
		LOOP
			EXECUTE format('ALTER TABLE %I SET (parallel_workers = 8)', source);
		END LOOP;
		FOREACH source IN ARRAY ARRAY['in_order', 'shuffled', 'some_late', 'one_large', 'nothing', 'few', 'many', 'parts']
		LOOP
			EXECUTE format('ANALYZE %I', source);
			EXECUTE format($q$
				CREATE VIEW %1$s_labelled AS
				SELECT *, sessionize.session_number(ts, '30 min', kind = 'campaign') OVER w AS n,
					   sessionize.session_start(ts, '30 min', kind = 'campaign') OVER w AS s,
					   sessionize.session_event_count(ts, '30 min', kind = 'campaign') OVER w AS c,
					   sessionize.session_ended_by(ts, '30 min', kind = 'campaign') OVER w AS eb
				FROM %1$s WINDOW w AS (PARTITION BY actor ORDER BY ts)$q$, source);
			EXECUTE format($q$
				CREATE VIEW %1$s_sessions AS
				SELECT name, n, min(ts) AS s, max(ts) AS e, count(*) AS c, count(*) FILTER (WHERE bought) AS bought, sum(amount) AS amount
				FROM (SELECT name, ts, kind = 'purchase' AS bought, amount,
							 sessionize.session_number(ts, '30 min', kind = 'campaign') OVER (PARTITION BY name ORDER BY ts) AS n
					  FROM %1$s) AS e GROUP BY name, n$q$, source);
		END LOOP;
	END $do$;
	DELETE FROM nothing;
	CREATE FUNCTION restricted(i int) RETURNS int LANGUAGE plpgsql IMMUTABLE PARALLEL RESTRICTED AS 'BEGIN RETURN i; END';
	CREATE FUNCTION slow(i bigint) RETURNS bigint LANGUAGE plpgsql STABLE PARALLEL RESTRICTED AS 'BEGIN PERFORM pg_sleep(0.001); RETURN i; END';
	CREATE FUNCTION slow_in_workers(i int) RETURNS boolean LANGUAGE plpgsql STABLE PARALLEL SAFE AS 'BEGIN PERFORM pg_sleep(0.001); RETURN i > 0; END';
	SQL

my %SUM = (
	labelled => 'SELECT count(*), sum(hashtextextended(q::text, 0)) FROM %s_labelled AS q',
	sessions => 'SELECT count(*), sum(c), sum(bought), sum(amount), sum(hashtextextended(q::text, 0)) FROM %s_sessions AS q');

sub settings
{
	my (%settings) = @_;
	return join '', map { "SET $_ = '$settings{$_}';\n" } sort keys %settings;
}

sub workers
{
	my ($workers, %more) = @_;
	return (max_parallel_workers_per_gather => $workers, %more);
}

sub plan_of
{
	my ($query, %settings) = @_;
	return $node->safe_psql('postgres', settings(%settings) . "EXPLAIN (COSTS OFF) $query");
}

# EXPLAIN ANALYZE: what happened.
sub run_plan
{
	my ($query, %settings) = @_;
	return $node->safe_psql('postgres',
		settings(%settings) . "EXPLAIN (ANALYZE, VERBOSE, COSTS OFF, TIMING OFF, SUMMARY OFF) $query");
}

my %right;

# The answer of plain SQL, asked for once.
sub right
{
	my ($query) = @_;
	return $right{$query} //= $node->safe_psql('postgres',
		settings('sessionize.debug_require_session_scan' => 'off', 'sessionize.enable_session_scan' => 'off', workers(0)) . $query);
}

sub answer_is_right
{
	my ($name, $query, %settings) = @_;
	my ($status, $out, $err) = $node->psql('postgres', settings(%settings) . $query);
	is("$out$err", right($query), $name) or diag($query, "\n", settings(%settings));
	return;
}

sub files_in
{
	my ($folder) = @_;
	my $path = $node->data_dir . "/$folder";
	return grep { !/\/mmap\.\d+$/ || !is_control($_) } glob("$path/*");
}

# The segment that tells of all others is always there.
my @always = glob($node->data_dir . '/pg_dynshmem/*');

sub is_control
{
	my ($path) = @_;
	return scalar grep { $_ eq $path } @always;
}

# Workers give their files back as they end, which their leader does not wait for after an error.
sub nothing_is_left
{
	my ($name) = @_;
	my @left;
	for (1 .. 100)
	{
		@left = (files_in('pg_dynshmem'), files_in('base/pgsql_tmp'));
		last if !@left;
		sleep 0.1;
	}
	is("@left", '', "$name: neither files nor shared memory are left behind");
	return;
}

# ---------- plans ----------

my $GROUPS = qr/Custom Scan \(Session Aggregate\)\n(?: +\S[^\n>]*\n)+ *->  /;
my $SCAN = qr/Parallel Custom Scan \(Session Scan\)\n(?: +\S[^\n>]*\n)+ *->  Parallel Seq Scan/;

like(plan_of('SELECT * FROM in_order_labelled', workers(2)), qr/\AGather\n *Workers Planned: 2\n *->  $SCAN/,
	'rows below Gather');
like(plan_of('SELECT * FROM in_order_sessions', workers(2)),
	qr/\AGather\n *Workers Planned: 2\n *->  $GROUPS$SCAN/, 'groups below Gather');
like(plan_of('SELECT * FROM in_order_sessions', workers(2), 'sessionize.enable_session_aggregate' => 'off'),
	qr/\AGather\n *Workers Planned: 2\n *->  GroupAggregate\n *Group Key: [^\n]*\n *->  $SCAN/, 'groups below Gather, by core');
like(plan_of('SELECT count(*) FROM in_order_sessions', workers(2)),
	qr/\AFinalize Aggregate\n *->  Gather\n *Workers Planned: 2\n *->  Partial Aggregate\n *->  (?:Subquery Scan[^\n]*\n *->  )?$GROUPS$SCAN/,
	'an aggregate of groups below Gather');
like(plan_of('SELECT name, max(e) FROM in_order_sessions GROUP BY name', workers(2)), qr/Gather.*$GROUPS$SCAN/s,
	'groups of groups');
like(plan_of('SELECT * FROM in_order_sessions WHERE bought > 1 AND amount > 50', workers(2)), qr/Gather.*Filter: .*$SCAN/s,
	'HAVING below Gather');
like(plan_of('SELECT DISTINCT n FROM in_order_labelled', workers(2)), qr/Gather.*$SCAN/s, 'DISTINCT');
like(plan_of('SELECT max(n) FROM parts_labelled', workers(2)), qr/Gather.*Parallel Custom Scan \(Session Scan\).*Parallel Append/s,
	'over an Append');
like(plan_of('SELECT * FROM in_order_labelled l JOIN few f ON l.id = f.id', workers(2), enable_nestloop => 'off', enable_mergejoin => 'off'),
	qr/Gather.*Hash Join.*Parallel Custom Scan/s, 'in a join below Gather');
unlike(plan_of('SELECT * FROM in_order_labelled', workers(0)), qr/Parallel/, 'no workers, no parallel plan');
unlike(plan_of("SELECT restricted(id), sessionize.session_number(ts, '1 h') OVER (PARTITION BY actor ORDER BY ts) FROM in_order", workers(2)),
	qr/Parallel Custom/, 'a restricted function is called: the node is not parallel');
unlike(plan_of("SELECT id, sessionize.session_number(ts, '1 h', restricted(id) = 1) OVER (PARTITION BY actor ORDER BY ts) FROM in_order", workers(2)),
	qr/Parallel Custom/, 'a restricted function in an argument');
unlike(plan_of("SELECT id, sessionize.session_number(ts, '1 h') OVER (PARTITION BY restricted(actor) ORDER BY ts) FROM in_order", workers(2)),
	qr/Parallel Custom/, 'a restricted function makes the actor');
unlike(plan_of("SELECT actor, n, max(restricted(id)) FROM in_order_labelled GROUP BY actor, n", workers(2)),
	qr/Gather.*(?:GroupAggregate|Session Aggregate).*Parallel Custom/s, 'a restricted function in an aggregate: groups are made by the leader');
unlike(plan_of("SELECT (SELECT max(q.n) FROM (SELECT sessionize.session_number(ts, '1 h', i = id) OVER (PARTITION BY actor ORDER BY ts) AS n FROM in_order) AS q) FROM generate_series(1, 2) AS i", workers(2)),
	qr/Parallel Custom/, 'a value of the query around it: the node is not parallel');
like(plan_of('SELECT * FROM in_order_labelled ORDER BY actor, ts', workers(2)), qr/Gather Merge.*Sort\n.*$SCAN/s,
	'each sorts its rows');

# ---------- answers ----------

for my $source (qw(in_order shuffled some_late one_large parts nothing few))
{
	for my $workers (1, 2, 4)
	{
		for my $work_mem ('64kB', '256kB', '64MB')
		{
			for my $leader ('on', 'off')
			{
				# one of the two questions, each in its turn
				my $question = ($workers + length($work_mem) + length($leader)) % 2 ? 'labelled' : 'sessions';
				my $query = sprintf $SUM{$question}, $source;
				my %settings = workers($workers, work_mem => $work_mem, plan_cache_mode => 'force_generic_plan',
					'sessionize.enable_session_aggregate' => $workers == 2 ? 'off' : 'on');

				# planned with the leader, since one worker alone is not worth the while
				my $out = $node->safe_psql('postgres', settings(%settings)
					  . "PREPARE q AS $query; EXPLAIN (COSTS OFF) EXECUTE q; SET parallel_leader_participation = $leader; EXECUTE q;");
				like($out, qr/Gather.*Parallel Custom Scan.*\n\Q@{[ right($query) ]}\E\z/s,
					"$question of $source, $workers workers, work_mem $work_mem, leader $leader");
			}
		}
	}
}
answer_is_right("$FORCE = $_", sprintf($SUM{sessions}, 'some_late'), workers(2, $FORCE => $_)) foreach qw(on regress);
nothing_is_left('answers');

# a NULL inactivity is an error once there is a row with a time, whoever reads it
{
	my $query = q{SELECT count(*) FROM (SELECT sessionize.session_number(ts, NULL::interval) OVER (PARTITION BY actor ORDER BY ts) AS n FROM %s) AS q WHERE n IS NULL};
	$node->safe_psql('postgres', 'CREATE TABLE untimed AS SELECT i AS actor, NULL::timestamptz AS ts FROM generate_series(1, 5000) AS i;'
		  . 'ALTER TABLE untimed SET (parallel_workers = 4)');
	my ($status, $out, $err) = $node->psql('postgres', settings(workers(4)) . sprintf($query, 'in_order'));
	like($err, qr/ERROR:  "inactivity" must not be null/, 'an inactivity that is NULL');
	is($node->safe_psql('postgres', settings(workers(4)) . sprintf($query, 'untimed')), '5000', '... and no row with a time');
}

# ---------- what it says ----------

{
	my $query = sprintf $SUM{labelled}, 'in_order';
	my $plan = run_plan($query, workers(2, work_mem => '64MB'));
	my ($actors) = right('SELECT count(DISTINCT actor) FROM in_order');
	like($plan, qr/Strategy: (?:merged|in order)\n(?: *Heap Reading: direct\n)? *Actors: $actors\n *Actors out of Order: 0\n.*Disk: 0 kB/s, 'all actors are counted, and merged');
	like(run_plan($query, workers(2, work_mem => '64kB')), qr/Actors: $actors\n.*Disk: [1-9]\d* kB/s, 'on disk');
	like(run_plan(sprintf($SUM{labelled}, 'shuffled'), workers(2, work_mem => '64MB')), qr/Strategy: sorted\n(?: *Heap Reading: direct\n)? *Actors: \d+\n *Actors out of Order: [1-9]/,
		'actors out of order');
	my $json = $node->safe_psql('postgres', settings(workers(2)) . "EXPLAIN (ANALYZE, FORMAT json) $query");
	like($json, qr/"Custom Plan Provider": "Session Scan",\s*"Parallel Aware": true,.*"Actors": $actors,/s, 'in JSON');
}

# one large actor in order comes as a stream out of its files, and nothing is sorted
like(run_plan(q{SELECT count(n) FROM (SELECT sessionize.session_number(ts, '30 min', kind = 'campaign') OVER (PARTITION BY actor ORDER BY ts) AS n, payload
		FROM one_large WHERE ts IS NOT NULL OFFSET 0) AS q}, workers(2, work_mem => '256kB')),
	qr/Actors out of Order: 0\n.*Partitions Sorted: 0\n.*Disk: [1-9]/s, 'one large actor is merged from files');

# ---------- workers that do not come ----------

# A generic plan outlives the settings that it was made under.
for my $question (sort keys %SUM)
{
	my $query = sprintf $SUM{$question}, 'some_late';
	for my $case ([ 'none', 0, 'on' ], [ 'none, though the leader is not to take part', 0, 'off' ], [ 'one of four', 1, 'on' ], [ 'one of four, leader off', 1, 'off' ])
	{
		my ($name, $launched, $leader) = @$case;
		for my $work_mem ('64kB', '64MB')
		{
			my $out = $node->safe_psql('postgres', settings(workers(4, work_mem => $work_mem, plan_cache_mode => 'force_generic_plan', parallel_leader_participation => $leader))
				  . "PREPARE q AS $query; EXPLAIN (COSTS OFF) EXECUTE q; SET max_parallel_workers = $launched; EXECUTE q;"
				  . 'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) EXECUTE q;');
			like($out, qr/Workers Planned: 4\n.*\Q@{[ right($query) ]}\E\n.*Workers Launched: $launched\n/s, "workers that come: $name ($question, $work_mem)");
		}
	}
}

# A plan in which something has happened that the clock decides: tried a few times, and said
# to be skipped if it never has.
sub seen_in_time
{
	my ($query, $pattern, $name) = @_;
	for (1 .. 6)
	{
		return ok(1, $name) if run_plan($query, workers(2)) =~ $pattern;
	}
	SKIP: { skip("$name: not seen in six plans", 1); }
}

# ---------- workers that come late ----------

# They begin when the leader has gathered all rows: too late for any, or in time to claim some.
$node->append_conf('postgresql.conf', 'post_auth_delay = 1');
$node->reload;
sleep 0.2;
{
	my $query = sprintf $SUM{labelled}, 'few';
	seen_in_time($query, qr/Workers Launched: 2\n.*Worker 0: +actual rows=0(?:\.00)? loops=1/s, 'workers that come when all is done');
	answer_is_right('... and the answer', $query, workers(2));

	$query = 'SELECT count(*), sum(c), sum(slow(c)) FROM (SELECT * FROM in_order_sessions WHERE n = 1 OFFSET 0) AS q';
	seen_in_time($query,
		qr/Workers Launched: 2\n.*Parallel Custom Scan \(Session Scan\)[^\n]*\n(?:(?!Parallel Seq).)*Worker 0: +actual rows=[1-9](?:(?!Parallel Seq).)*Parallel Seq Scan[^\n]*rows=\d+(?:\.\d+)? loops=1\)/s,
		'workers that put out rows and have read none');
	answer_is_right('... and the answer', $query, workers(2));
}
$node->adjust_conf('postgresql.conf', 'post_auth_delay', '0');
$node->reload;
sleep 0.2;

# ---------- rescans ----------

for my $work_mem ('64kB', '64MB')
{
	my %settings = workers(2, work_mem => $work_mem, enable_material => 'off', enable_hashjoin => 'off', enable_mergejoin => 'off', enable_memoize => 'off');
	my $join = 'SELECT i, q.* FROM generate_series(1, 4) AS i LEFT JOIN (SELECT count(*) AS c, sum(hashtextextended(s::text, 0)) AS h FROM some_late_sessions AS s) AS q ON i <> q.c';
	like(plan_of($join, %settings), qr/Nested Loop.*Gather.*Parallel Custom Scan/s, 'Gather on the inner side of a nested loop');
	answer_is_right("rescans, $work_mem", $join, %settings);
	like(run_plan($join, %settings), qr/Workers Launched: 2\n.*Parallel Custom Scan[^\n]*loops=1[0-9]/s, "rescans with workers, $work_mem");
	my $sub = 'SELECT i, (SELECT count(*) || q::text FROM (SELECT * FROM some_late_sessions OFFSET 0) AS q WHERE n = i AND c > i GROUP BY q ORDER BY q LIMIT 1) FROM generate_series(1, 4) AS i';
	like(plan_of($sub, %settings), qr/SubPlan.*Gather.*Parallel Custom Scan/s, 'Gather in a subplan');
	answer_is_right("subplan, $work_mem", $sub, %settings);
	my $limit = 'SELECT i, (SELECT count(n) < 4 FROM (SELECT n FROM (SELECT * FROM some_late_labelled OFFSET 0) AS q WHERE i > 0 LIMIT 3) AS q) FROM generate_series(1, 4) AS i';
	answer_is_right("rescans after an early end, $work_mem", $limit, %settings);
}
nothing_is_left('rescans');

# ---------- who does not want all rows ----------

for my $work_mem ('64kB', '64MB')
{
	my $limit = 'SELECT count(n) < 8 FROM (SELECT * FROM many_labelled LIMIT 7) AS q';
	like(plan_of($limit, workers(4)), qr/Limit\n *->  Gather.*Parallel Custom Scan/s, 'LIMIT above Gather');
	answer_is_right("LIMIT, $work_mem", $limit, workers(4, work_mem => $work_mem));
	run_plan($limit, workers(4, work_mem => $work_mem));
	nothing_is_left("LIMIT, $work_mem");
	my $cursor = $node->safe_psql('postgres', settings(workers(4, work_mem => $work_mem))
		  . 'BEGIN; DECLARE c CURSOR FOR SELECT n FROM in_order_labelled; FETCH 3 FROM c; MOVE 100 FROM c; CLOSE c;'
		  . ' DECLARE d CURSOR FOR SELECT n FROM in_order_labelled; FETCH 3 FROM d; COMMIT; SELECT 1');
	is(scalar(split /\n/, $cursor), 7, "cursors that are closed early, $work_mem");
	nothing_is_left("cursors, $work_mem");
}

# A portal that is read in parts executes a parallel plan without parallel mode.
is($node->safe_psql('postgres', settings(workers(4)) . <<~'SQL'), right('SELECT count(*), sum(c) FROM some_late_sessions'), 'a loop over a query');
	DO $$
	DECLARE
		r record; rows bigint := 0; sum bigint := 0;
	BEGIN
		FOR r IN SELECT * FROM some_late_sessions LOOP
			rows := rows + 1; sum := sum + r.c;
		END LOOP;
		PERFORM set_config('test.result', rows || '|' || sum, false);
	END $$;
	SELECT current_setting('test.result')
	SQL

# ---------- errors ----------

for my $work_mem ('64kB', '64MB')
{
	# in one row: whoever reads it, the others wait for it in vain
	for my $row (3, 150_000, 299_999)
	{
		my ($status, $out, $err) = $node->psql('postgres', settings(workers(4, work_mem => $work_mem))
			  . "SELECT count(n) FROM (SELECT sessionize.session_number(ts, '30 min', 1 / (id - $row) > 5) OVER (PARTITION BY actor ORDER BY ts) AS n FROM many) AS q");
		like($err, qr/ERROR:  division by zero/, "an error in row $row, $work_mem");
	}

	# while rows are put out
	my ($status, $out, $err) = $node->psql('postgres', settings(workers(4, work_mem => $work_mem))
		  . 'SELECT sum(1 / (c - 4)) FROM many_sessions');
	like($err, qr/ERROR:  division by zero/, "an error above the node, $work_mem");
	nothing_is_left("errors, $work_mem");
}
{
	my ($status, $out, $err) = $node->psql('postgres', settings(workers(4, work_mem => '64kB', temp_file_limit => '1MB')) . sprintf($SUM{labelled}, 'many'));
	like($err, qr/ERROR:  temporary file size exceeds "?temp_file_limit/, 'temp_file_limit holds for each process');
	nothing_is_left('temp_file_limit');
}

# ---------- cancels, at random moments ----------

note("seed $seed: SESSIONIZE_SEED=$seed replays these moments");
srand($seed);
{
	my %outcomes;
	for my $work_mem ('64kB', '64MB')
	{
		for my $question (sort keys %SUM)
		{
			my $query = sprintf $SUM{$question}, 'many';
			my $started = time;
			answer_is_right("$question, $work_mem: before timeouts", $query, workers(3, work_mem => $work_mem));
			my $longest = (time - $started) * 1000;
			for (1 .. $timeouts)
			{
				my $timeout = 1 + int(rand($longest));
				my ($status, $out, $err) = $node->psql('postgres', settings(workers(3, work_mem => $work_mem)) . "SET statement_timeout = $timeout; $query");
				my $outcome = $err =~ /canceling statement due to statement timeout/ ? 'timeout' : "$out$err" eq right($query) ? 'answer' : "$out$err";
				$outcomes{$outcome}++;
			}
		}
	}
	note("$_: $outcomes{$_}") foreach sort keys %outcomes;
	is(join(' ', sort grep { $_ ne 'answer' } keys %outcomes), 'timeout', 'timeouts at random moments');
	nothing_is_left('timeouts');
}

# ---------- cancels and kills of each process ----------

# A query whose workers stay long enough to be found, gathering or putting out.
my %SLOW = (
	gathering => q{SELECT count(*) FROM (SELECT sessionize.session_number(ts, '30 min', slow_in_workers(id)) OVER (PARTITION BY actor ORDER BY ts) AS n FROM many) AS q WHERE n > 0},
	'putting out' => q{SELECT count(*) FROM many_labelled WHERE slow_in_workers(c::int)});

sub while_running
{
	my ($query, $who, $do, $leader) = @_;
	my %settings = workers(2, work_mem => '64kB', parallel_leader_participation => $leader, application_name => 'victim');
	my ($out, $err) = ('', '');
	my $started = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-c', settings(%settings), '-c', $query ],
		'>', \$out, '2>', \$err, IPC::Run::timeout(180));
	my $pid = '';
	for (1 .. 300)
	{
		$pid = $node->safe_psql('postgres', "SELECT min(pid) FROM pg_stat_activity WHERE query LIKE '%slow_in_workers(%' AND pid <> pg_backend_pid()"
			  . " AND backend_type = '$who' AND (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'parallel worker') = 2");
		last if $pid ne '';
		sleep 0.1;
	}
	sleep 0.3;
	$do->($pid);
	$started->finish;
	return $err;
}

for my $phase (sort keys %SLOW)
{
	for my $leader ('on', 'off')
	{
		like(while_running($SLOW{$phase}, 'client backend', sub { $node->safe_psql('postgres', "SELECT pg_cancel_backend($_[0])") }, $leader),
			qr/canceling statement due to user request/, "the leader is canceled, $phase, leader $leader");
		like(while_running($SLOW{$phase}, 'parallel worker', sub { $node->safe_psql('postgres', "SELECT pg_terminate_backend($_[0])") }, $leader),
			qr/terminating (?:background worker|connection)|lost connection to parallel worker/, "a worker is terminated, $phase, leader $leader");
		like(while_running($SLOW{$phase}, 'client backend', sub { $node->safe_psql('postgres', "SELECT pg_terminate_backend($_[0])") }, $leader),
			qr/terminating connection/, "the leader is terminated, $phase, leader $leader");
	}
	nothing_is_left("cancels, $phase");
}
answer_is_right('after all that', sprintf($SUM{sessions}, 'some_late'), workers(4));

$node->append_conf('postgresql.conf', 'restart_after_crash = on');
$node->reload;
for my $phase (sort keys %SLOW)
{
	my $err = while_running($SLOW{$phase}, 'parallel worker', sub { kill 'KILL', $_[0] }, 'on');
	like($err, qr/server closed the connection|terminating connection because of crash/, "a worker is killed, $phase");
	$node->poll_query_until('postgres', 'SELECT true') or die 'the server does not come back';
	my @segments = glob($node->data_dir . '/pg_dynshmem/*');
	cmp_ok(scalar(@segments), '<=', scalar(@always), "killed, $phase: no shared memory is left");
	is(join(' ', files_in('base/pgsql_tmp')), '', "killed, $phase: no files are left");
	answer_is_right("... and the server answers again", sprintf($SUM{sessions}, 'some_late'), workers(4));
}

my $log = PostgreSQL::Test::Utils::slurp_file($node->logfile);
unlike($log, qr/PANIC|TRAP|leak(?:ed)?:|could not (?:delete|unlink)|resource was not closed/, 'the log tells of no leak');
$node->stop;
done_testing();
