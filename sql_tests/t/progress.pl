# progress.pl: what sessionize.progress shows of running session scans.
#
# A scan is held by a row that sleeps, which nothing but a cancel ends; so what it has done by
# then is known, and nothing here depends on how long something takes.

use strict;
use warnings;
use File::Basename qw(dirname);
use Cwd qw(abs_path);
use IPC::Run;
use Test::More;
use lib dirname(abs_path(__FILE__));
use PostgreSQL::Test::Utils;
use SessionizeTest;

my $node = start_cluster(
	'progress',
	'fsync = off',
	'autovacuum = off',
	'restart_after_crash = on',
	'synchronize_seqscans = off',
	'max_parallel_workers_per_gather = 0',
	'min_parallel_table_scan_size = 0',
	'parallel_setup_cost = 0',
	'parallel_tuple_cost = 0',
	'hash_mem_multiplier = 1',
	'sessionize.debug_require_session_scan = on');
my $ROWS = 60000;

# About 150 rows on each page
$node->safe_psql('postgres', <<~SQL);
	CREATE TABLE event AS
	SELECT i, i AS t, mod(i * 31, 1009) AS actor FROM generate_series(1, $ROWS\::bigint) AS i;
	ALTER TABLE event SET (parallel_workers = 2);
	CREATE INDEX ON event (actor, t);
	VACUUM ANALYZE event;
	CREATE TABLE parts (i bigint, t bigint, actor bigint) PARTITION BY RANGE (i);
	CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (1000);
	CREATE TABLE parts_2 PARTITION OF parts DEFAULT;
	INSERT INTO parts SELECT * FROM event WHERE i < 5000;
	ANALYZE parts;
	CREATE SEQUENCE turn;
	-- fails once, in a subtransaction
	CREATE FUNCTION fails_once(i bigint) RETURNS boolean LANGUAGE plpgsql AS \$\$
	BEGIN
		IF i <> 1 THEN
			RETURN true;
		END IF;
		RETURN 1 / (i - 1) > 0;
	EXCEPTION WHEN division_by_zero THEN
		RETURN true;
	END \$\$;
	CREATE ROLE alice LOGIN;
	CREATE ROLE bob LOGIN;
	CREATE ROLE carol LOGIN IN ROLE alice;
	CREATE ROLE monitor LOGIN IN ROLE pg_read_all_stats;
	GRANT SELECT ON event, parts TO alice;
	GRANT USAGE ON SEQUENCE turn TO alice;
	SQL

my $SLEEP = 'pg_sleep(36000) IS NOT NULL';

# An aggregate of the rows of a session scan; $in and $out are conditions below it and above.
sub query
{
	my (%in) = (in => 'true', out => 'true', from => 'event', @_);
	return qq{SELECT count(e) FROM (
			SELECT i, sessionize.session_end(t, 20) OVER (PARTITION BY actor ORDER BY t) AS e
			FROM $in{from} WHERE $in{in}) AS x
		WHERE $in{out}};
}

# Sessions' aggregates, by the node Session Aggregate, which takes the scan's records without rows in
# between; with a condition on these rows, it takes them one by one.
my $BY_NODE = 'SET sessionize.debug_require_session_aggregate = on;';

sub aggregate
{
	my (%in) = (in => 'true', rows => 'true', out => 'true', @_);
	return qq{SELECT count(e) FROM (
			SELECT max(t) AS e FROM (
				SELECT actor, t, sessionize.session_number(t, 20) OVER (PARTITION BY actor ORDER BY t) AS n
				FROM event WHERE $in{in}) AS x
			WHERE $in{rows} GROUP BY actor, n OFFSET 0) AS y
		WHERE $in{out}};
}

# ---------- sessions that are at a known place ----------

my $number = 0;

# A psql that runs this; what it says is known when it has ended
sub start
{
	my ($role, $sql) = @_;
	my %session = (name => 'session ' . ++$number);
	my $script = "$PostgreSQL::Test::Utils::tmp_check/$session{name}.sql";

	$session{file} = "$PostgreSQL::Test::Utils::tmp_check/$session{name}.out";
	append_to_file($script, "$sql;\nSELECT pg_sleep(36000) AS next;\n");
	$session{handle} = IPC::Run::start(
		[ 'psql', '-XAtq', '-v', 'VERBOSITY=sqlstate', '-f', $script, '-d',
			$node->connstr('postgres') . " user=$role application_name='$session{name}'" ],
		'<', '/dev/null', '>', $session{file}, '2>&1');
	return \%session;
}

# Wait until it sleeps, in its statement or in the one that comes after all
sub await
{
	my ($session, $where) = @_;
	my $is_next = $where eq 'next' ? '' : 'NOT';

	$node->poll_query_until('postgres', qq{
		SELECT count(*) = 1 FROM pg_stat_activity
		WHERE application_name = '$session->{name}' AND backend_type = 'client backend'
			AND wait_event = 'PgSleep' AND query $is_next LIKE '%AS next%'})
	  or die "$session->{name} does not sleep ($where): " . slurp_file($session->{file});
	$session->{pid} //= $node->safe_psql('postgres',
		"SELECT pid FROM pg_stat_activity WHERE application_name = '$session->{name}' AND backend_type = 'client backend'");
	return $session;
}

sub end
{
	my ($session, $function) = @_;

	$node->safe_psql('postgres', 'SELECT ' . ($function // 'pg_terminate_backend') . "($session->{pid})");
	$session->{handle}->finish unless $function;
	return;
}

# What the view has of it, as a hash
sub progress_of
{
	my ($session) = @_;
	my @columns = qw(phase relation rows_read rows_estimated partitions_total partitions_done bytes_spilled);
	my %progress;

	@progress{@columns} = split /\|/, $node->safe_psql('postgres', qq{
		SELECT phase, relid::regclass, rows_read, rows_estimated, partitions_total, partitions_done, bytes_spilled
		FROM sessionize.progress WHERE pid = $session->{pid}});
	return \%progress;
}

sub count_rows { return $node->safe_psql('postgres', 'SELECT count(*) FROM sessionize.progress'); }

is(count_rows(), '0', 'nothing runs');

# ---------- how far it is ----------

for my $at (20000, 50000)
{
	my $session = await(start('alice', 'SET work_mem = \'64kB\'; ' . query(in => "(i <> $at OR $SLEEP)")), 'first');
	my $progress = progress_of($session);

	is($progress->{phase}, 'reading rows', "held at row $at: reading");
	is($progress->{relation}, 'event', '... of the table');
	cmp_ok($progress->{rows_read}, '<', $at, '... not that row yet');
	cmp_ok($progress->{rows_read}, '>=', $at - 300, '... but those of pages before');
	cmp_ok($progress->{bytes_spilled}, '>', 8 * $at / 2, '... most of which are on disk');
	cmp_ok($progress->{partitions_total}, '>', 0, '... in partitions');
	is($progress->{partitions_done}, '0', '... none of which is done');
	cmp_ok($progress->{rows_estimated}, '>', 0, '... and the planner had a guess');
	end($session);
}

for my $turn (1, $ROWS / 2)
{
	my $session = await(start('alice', query(out => "(nextval('turn') <> $turn OR $SLEEP)")), 'first');
	my $progress = progress_of($session);
	my $share = $progress->{partitions_done} / $progress->{partitions_total};

	is($progress->{phase}, 'putting out sessions', "held at the output's row $turn: putting out");
	is($progress->{rows_read}, $ROWS, '... all rows having been read');
	is($progress->{bytes_spilled}, '0', '... into memory');
	cmp_ok(abs($share - $turn / $ROWS), '<', 0.2, '... as many partitions as rows are done')
	  or diag("$progress->{partitions_done} of $progress->{partitions_total}");
	$node->safe_psql('postgres', q{SELECT setval('turn', 1, false)});
	end($session);
}

# Of one row for each process; the leader and each worker sleep at one of their rows.
{
	my $session = await(start('alice', 'SET max_parallel_workers_per_gather = 2; '
		. query(in => "(i % 3000 <> 0 OR $SLEEP)")), 'first');

	$node->poll_query_until('postgres', qq{
		SELECT count(*) = 2 FROM pg_stat_activity WHERE leader_pid = $session->{pid} AND wait_event = 'PgSleep'})
	  or die 'no workers';
	is( $node->safe_psql('postgres', qq{
			SELECT pid = $session->{pid}, leader_pid, phase, relid::regclass, rows_read < $ROWS, bytes_spilled
			FROM sessionize.progress ORDER BY leader_pid NULLS FIRST}),
		"t||reading rows|event|t|0\n" . join("\n", ("f|$session->{pid}|reading rows|event|t|0") x 2),
		'parallel: a row for each process');
	is($node->safe_psql('postgres', 'SELECT count(DISTINCT partitions_total) FROM sessionize.progress'), '1',
		'... which share the partitions');
	end($session, 'pg_cancel_backend');
	await($session, 'next');
	$node->poll_query_until('postgres', 'SELECT count(*) = 0 FROM sessionize.progress');
	is(count_rows(), '0', '... and are gone');
	end($session);
}

# Who has read all its rows waits for another process, which sleeps: leader or worker
{
	my $session = start('alice', 'SET max_parallel_workers_per_gather = 2; ' . query(in => "(i <> 30000 OR $SLEEP)"));

	ok( $node->poll_query_until('postgres', q{
			SELECT count(*) FILTER (WHERE phase = 'reading rows') = 1
				AND count(*) FILTER (WHERE phase = 'waiting for other processes') = count(*) - 1
			FROM sessionize.progress HAVING count(*) > 1}),
		'parallel: who has read its rows waits');
	# less the pages that the sleeping one has taken: from 17 on, some ahead of the row
	is( $node->safe_psql('postgres', "SELECT sum(rows_read) BETWEEN $ROWS / 2 AND $ROWS - 1 FROM sessionize.progress"),
		't', '... and together they have read the rest');
	$session->{pid} = $node->safe_psql('postgres', 'SELECT DISTINCT coalesce(leader_pid, pid) FROM sessionize.progress');
	end($session);
}

# Rows that stream: no partitions, and one by one
{
	my $session = await(start('alice', 'SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_sort = off; '
		. query(out => "(nextval('turn') <> 40000 OR $SLEEP)")), 'first');
	my $progress = progress_of($session);

	is($progress->{phase}, 'streaming', 'ordered input: streaming');
	is($progress->{relation}, 'event', '... through an index of the table');
	is($progress->{partitions_total}, '0', '... without partitions');
	cmp_ok(abs($progress->{rows_read} - 40000), '<=', 150, '... as far as its rows have been put out');
	$node->safe_psql('postgres', q{SELECT setval('turn', 1, false)});
	end($session);
}

{
	my $session = await(start('alice', query(from => 'parts', in => "(i <> 4000 OR $SLEEP)")), 'first');

	is(progress_of($session)->{relation}, 'parts', 'a partitioned table is named as a whole');
	end($session);
}

# Sessions of sessions: two scans, of which the upper one tells, although it is the lower one
# that works
{
	my $inner = qq{SELECT actor, sessionize.session_number(t, 20) OVER w AS n, t FROM event
		WHERE (i <> 50000 OR $SLEEP) WINDOW w AS (PARTITION BY actor ORDER BY t)};
	my $session = await(start('alice', qq{
		SELECT count(n2) FROM (
			SELECT sessionize.session_number(t, 1000) OVER (PARTITION BY n ORDER BY t) AS n2
			FROM (SELECT n, min(t) AS t FROM ($inner) AS a GROUP BY actor, n) AS b) AS c}), 'first');

	is( $node->safe_psql('postgres', 'SELECT phase, rows_read FROM sessionize.progress'),
		'reading rows|0', 'a scan over another: the upper one tells what it has read, which is nothing yet');
	end($session);
}

# ---------- below a Session Aggregate ----------

# It is the scan that tells, as it does below other nodes; here the aggregate drives it
for my $rows ('true', 'n % 7 >= 0')
{
	my $session = await(start('alice', "$BY_NODE SET work_mem = '64kB'; " . aggregate(rows => $rows, in => "(i <> 20000 OR $SLEEP)")), 'first');
	my $progress = progress_of($session);

	is($progress->{phase}, 'reading rows', "aggregate of rows where $rows, held at row 20000: reading");
	is($progress->{relation}, 'event', '... of the table');
	cmp_ok($progress->{rows_read}, '<', 20000, '... not that row yet');
	cmp_ok($progress->{rows_read}, '>=', 20000 - 300, '... but those of pages before');
	cmp_ok($progress->{bytes_spilled}, '>', 8 * 20000 / 2, '... most of which are on disk');
	is($progress->{partitions_done}, '0', '... no partition being done');
	end($session);

	# each row is a session of its own
	for my $turn (1, $ROWS / 2)
	{
		$session = await(start('alice', $BY_NODE . aggregate(rows => $rows, out => "(nextval('turn') <> $turn OR $SLEEP)")), 'first');
		$progress = progress_of($session);

		is($progress->{phase}, 'putting out sessions', "... held at group $turn: putting out");
		is($progress->{rows_read}, $ROWS, '... all rows having been read');
		cmp_ok(abs($progress->{partitions_done} - $turn / $ROWS * $progress->{partitions_total}), '<', 0.2 * $progress->{partitions_total},
			'... as many partitions as groups are done')
		  or diag("$progress->{partitions_done} of $progress->{partitions_total}");
		$node->safe_psql('postgres', q{SELECT setval('turn', 1, false)});
		end($session);
	}

	$session = await(start('alice', "$BY_NODE SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_sort = off; "
		. aggregate(rows => $rows, out => "(nextval('turn') <> 40000 OR $SLEEP)")), 'first');
	$progress = progress_of($session);

	is($progress->{phase}, 'streaming', '... over ordered input: streaming');
	is($progress->{partitions_total}, '0', '... without partitions');
	cmp_ok(abs($progress->{rows_read} - 40000), '<=', 150, '... as far as its groups have been put out');
	$node->safe_psql('postgres', q{SELECT setval('turn', 1, false)});
	end($session);
}

# a row for each process, as without the aggregate
{
	my $session = await(start('alice', "$BY_NODE SET max_parallel_workers_per_gather = 2; "
		. aggregate(in => "(i % 3000 <> 0 OR $SLEEP)")), 'first');

	$node->poll_query_until('postgres', qq{
		SELECT count(*) = 2 FROM pg_stat_activity WHERE leader_pid = $session->{pid} AND wait_event = 'PgSleep'})
	  or die 'no workers';
	is( $node->safe_psql('postgres', 'SELECT leader_pid, phase, rows_read < 60000 FROM sessionize.progress ORDER BY leader_pid NULLS FIRST'),
		"|reading rows|t\n" . join("\n", ("$session->{pid}|reading rows|t") x 2),
		'parallel, aggregated: a row for each process');
	end($session);
	$node->poll_query_until('postgres', 'SELECT count(*) = 0 FROM sessionize.progress');
}

# ---------- cleared, whatever ends it ----------

# A query that sleeps where it is known to have begun
sub cancel
{
	my ($name, $query) = @_;
	my $session = await(start('alice', $query), 'first');

	isnt(progress_of($session)->{phase}, undef, "$name: it is there");
	end($session, 'pg_cancel_backend');
	await($session, 'next');
	is(count_rows(), '0', "$name: cancelled");
	end($session);
	return;
}

for my $where ('in', 'out')
{
	cancel($where, query($where => "(i <> 50000 OR $SLEEP)"));

	my $session = await(start('alice', query($where => '1 / (i - 50000) IS NOT NULL')), 'next');
	is(count_rows(), '0', "$where: failed");
	end($session);
	like(slurp_file($session->{file}), qr/22012/, '... as it should');

	# caught, so the transaction goes on
	my $failing = query($where => '1 / (i - 50000) IS NOT NULL');
	$session = await(start('alice', qq{BEGIN; DO \$\$ BEGIN PERFORM ($failing); EXCEPTION WHEN division_by_zero THEN NULL; END \$\$}), 'next');
	is(count_rows(), '0', "$where: failed, and caught");
	end($session);

	$session = await(start('alice', query($where => "(i <> 50000 OR $SLEEP)")), 'first');
	end($session);
	$node->poll_query_until('postgres', "SELECT count(*) = 0 FROM pg_stat_activity WHERE pid = $session->{pid}");
	is(count_rows(), '0', "$where: terminated");
}

cancel('aggregate, in', $BY_NODE . aggregate(in => "(i <> 50000 OR $SLEEP)"));
cancel('aggregate, out', $BY_NODE . aggregate(out => "(nextval('turn') <> 50000 OR $SLEEP)"));
$node->safe_psql('postgres', q{SELECT setval('turn', 1, false)});

# As seen by the session itself
sub own { return $node->safe_psql('postgres', $_[0]); }

my $LOOK = q{DO 'BEGIN PERFORM pg_stat_clear_snapshot(); END'; SELECT coalesce(string_agg(phase, ', '), 'nothing') FROM sessionize.progress WHERE pid = pg_backend_pid();};
my $scanned = 'SELECT i, sessionize.session_end(t, 20) OVER (PARTITION BY actor ORDER BY t) FROM event';
my $aggregated = 'SELECT actor, n, max(t) FROM (SELECT actor, t, sessionize.session_number(t, 20) OVER (PARTITION BY actor ORDER BY t) AS n FROM event) AS x GROUP BY actor, n';
my $by_partitions = 'SET enable_indexscan = off; SET enable_indexonlyscan = off';
my $by_index = 'SET enable_seqscan = off; SET enable_bitmapscan = off';

for my $case ([ 'putting out sessions', $by_partitions, 'rows', $scanned ], [ 'streaming', $by_index, 'rows', $scanned ],
	[ 'putting out sessions', "$by_partitions; $BY_NODE", 'groups', $aggregated ],
	[ 'streaming', "$by_index; $BY_NODE", 'groups', $aggregated ])
{
	my ($phase, $set, $what, $rows) = @$case;
	my $cursor = "$set; BEGIN; DECLARE c CURSOR FOR $rows; MOVE 10 IN c;";

	is(own("$set; BEGIN; CREATE TEMP TABLE all_rows AS $rows; $LOOK"), 'nothing', "$phase, $what: at its end");
	is(own("$set; BEGIN; CREATE TEMP TABLE few AS $rows LIMIT 10; $LOOK"), 'nothing', "$phase, $what: left by LIMIT");
	is(own("$cursor $LOOK CLOSE c; $LOOK"), "$phase\nnothing", "$phase, $what: a cursor, open and closed");
	is(own("$cursor CREATE TEMP TABLE all_rows AS $rows; $LOOK MOVE 30000 IN c; $LOOK MOVE ALL IN c; $LOOK"),
		"nothing\n$phase\nnothing", "$phase, $what: another scan has ended, the cursor goes on, and ends");
	is(own("SET track_activities = off; $cursor SET track_activities = on; $LOOK"),
		'nothing', "$phase, $what: not where activities are not tracked");
}

# ---------- beside core's commands ----------

{
	my $held = query(in => "(i <> 50000 OR $SLEEP)");
	my $session = await(start('alice', "COPY ($held) TO STDOUT"), 'first');

	is($node->safe_psql('postgres', 'SELECT count(*) FROM pg_stat_progress_copy'), '1', 'COPY shows in its own view');
	is(count_rows(), '0', '... and not here');
	end($session, 'pg_cancel_backend');
	await($session, 'next');
	end($session);

	$session = await(start('alice', query(in => "fails_once(i) AND (i <> 50000 OR $SLEEP)")), 'first');
	cmp_ok(progress_of($session)->{rows_read}, '>', 49000, 'a subtransaction that has failed in between is got over');
	is( $node->safe_psql('postgres', join ' UNION ALL ',
			map { "SELECT count(*) FROM pg_stat_progress_$_" } qw(vacuum analyze cluster create_index basebackup copy)),
		join("\n", (0) x 6), '... and none of the views of core shows the scan');
	end($session);
}

# ---------- who sees what ----------

{
	my $session = await(start('alice', query(in => "(i <> 50000 OR $SLEEP)")), 'first');
	my $all = q{SELECT pid, leader_pid, datname, usename, relid::regclass, phase, rows_read > 0, rows_estimated > 0, partitions_total > 0,
		partitions_done, bytes_spilled FROM sessionize.progress};
	my $whole = "$session->{pid}||postgres|alice|event|reading rows|t|t|t|0|0";

	is(query_as($node, 'alice', $all), $whole, 'a role sees its own scans');
	is(query_as($node, 'carol', $all), $whole, '... and those of a role that it is a member of');
	is(query_as($node, 'monitor', $all), $whole, '... a member of pg_read_all_stats all');
	is(query_as($node, 'postgres', $all), $whole, '... and a superuser');
	is(query_as($node, 'bob', $all), "$session->{pid}||postgres|alice|||||||", '... and others that there is one');
	is(query_as($node, 'postgres', "SET ROLE bob; $all"), "$session->{pid}||postgres|alice|||||||", '... by the current role');

	# ---------- kill -9, which ends all others as well ----------

	kill 'KILL', $session->{pid};
	$session->{handle}->finish;
	$node->poll_query_until('postgres', 'SELECT pg_is_in_recovery() = false') or die 'it does not come up again';
	is(count_rows(), '0', 'killed: gone');
}

$node->stop;
done_testing();
