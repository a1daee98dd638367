# session_scan_faults.pl: temporary files of a session scan, when something goes wrong.
#
# Whatever ends a query (an error, a cancel, a limit, a rollback, a kill), no file of it is
# left, and the next query is right.  To meet a query in a known state, it waits for a lock
# in a row that is known; nothing here depends on how long something takes.

use strict;
use warnings;
use File::Basename qw(dirname);
use List::Util qw(sum);
use Cwd qw(abs_path);
use Test::More;
use lib dirname(abs_path(__FILE__));
use PostgreSQL::Test::Utils;
use SessionizeTest;

my $node = start_cluster(
	'session_scan_faults',
	'fsync = off',
	'autovacuum = off',
	'work_mem = 64kB',
	'log_temp_files = 0',
	'restart_after_crash = on',
	'synchronize_seqscans = off',
	'max_parallel_workers_per_gather = 0',
	'sessionize.debug_require_session_scan = on',
	"log_line_prefix = '<%a> '");

# 60,000 rows take more than ten times the memory; r is the time of the same rows in no order.
$node->safe_psql('postgres', <<~'SQL');
	CREATE TABLE event AS
	SELECT i, i AS t, mod(i * 7919, 60013) AS r, mod(i * 31, 1009) AS many
	FROM generate_series(1, 60000::bigint) AS i;
	CREATE INDEX ON event (t);
	VACUUM ANALYZE event;
	SQL

my $LOCK = 'pg_advisory_lock(7) IS NOT NULL';

# What a query is doing when it waits: PARTITION BY, event time, where it waits, settings.
my %PARTITIONED = (enable_sort => 'off', enable_indexscan => 'off', enable_bitmapscan => 'off');
my %STREAMED = (enable_seqscan => 'off', enable_bitmapscan => 'off');
my %STATES = (
	'partitions being filled'   => [ 'many', 't', 'input',  \%PARTITIONED, 50000 ],
	'partitions being read'     => [ 'many', 't', 'output', \%PARTITIONED ],
	'parts being read'          => [ 'i',    't', 'output', \%PARTITIONED ],
	'one actor being read'      => [ '1',    't', 'output', \%PARTITIONED ],
	'a sort being read'         => [ '1',    'r', 'output', \%PARTITIONED ],
	'a session that is held'    => [ '1',    't', 'input',  \%STREAMED, 50000 ],
	'a session that is put out' => [ '1',    't', 'output', \%STREAMED ]);

# A query; $where is SQL for where the lock would be.
sub query
{
	my ($state, $in, $out) = @_;
	my ($actor, $time) = @$state;

	$in //= 'true';
	$out //= 'true';
	return qq{SELECT count(*), sum(i * n), sum(c), sum(e) FROM (
			SELECT i, sessionize.session_number($time, 20) OVER w AS n,
				sessionize.session_event_count($time, 20) OVER w AS c,
				sessionize.session_end($time, 20) OVER w AS e
			FROM event WHERE $in WINDOW w AS (PARTITION BY $actor ORDER BY $time)) AS x
		WHERE $out};
}

sub waiting_query
{
	my ($state) = @_;
	return query($state, $state->[2] eq 'input' ? "(i <> $state->[4] OR $LOCK)" : undef,
		$state->[2] eq 'output' ? $LOCK : undef);
}

sub set
{
	my ($state) = @_;
	return join '', map { "SET $_ = '$state->[3]{$_}';\n" } sort keys %{ $state->[3] };
}

sub files
{
	my @files = glob($node->data_dir . '/base/pgsql_tmp/*');
	return @files;
}

# The backend may still be cleaning up when its client knows of the end.
sub ok_no_files
{
	my ($name) = @_;
	my $is_empty = 0;

	for (1 .. 10 * $PostgreSQL::Test::Utils::timeout_default)
	{
		last if $is_empty = !files();
		select undef, undef, undef, 0.1;
	}
	ok($is_empty, "$name: no file is left") or diag(join "\n", files());
	return;
}

# A psql that is told what to do as we go; what it says is read when it has ended.
my $sessions = 0;

sub start_session
{
	my ($sql) = @_;
	my $file = "$PostgreSQL::Test::Utils::tmp_check/session_" . ++$sessions;
	local $ENV{PGAPPNAME} = "session $sessions";
	local $ENV{CONNECTION} = $node->connstr('postgres');
	local $ENV{OUTPUT} = $file;

	my $pid = open my $pipe, '|-', 'exec psql -XAtq -v VERBOSITY=sqlstate -d "$CONNECTION" >"$OUTPUT" 2>&1' or die $!;
	$pipe->autoflush(1);
	print $pipe $sql;
	return { pipe => $pipe, file => $file, name => "session $sessions" };
}

sub end_session
{
	my ($session) = @_;

	close $session->{pipe};
	return slurp_file($session->{file});
}

sub backend
{
	my ($session) = @_;
	return $node->safe_psql('postgres', "SELECT pid FROM pg_stat_activity WHERE application_name = '$session->{name}'");
}

sub wait_until_waiting
{
	my ($session) = @_;
	$node->poll_query_until('postgres',
		"SELECT count(*) = 1 FROM pg_stat_activity WHERE application_name = '$session->{name}' AND wait_event = 'advisory'")
	  or die "$session->{name} does not wait";
	return;
}

# ---------- somebody ends it ----------

my $holder = start_session("SELECT pg_advisory_lock(7);\n");
$node->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_locks WHERE locktype = 'advisory' AND granted")
  or die 'no lock';

my %right;
for my $name (sort keys %STATES)
{
	my $state = $STATES{$name};
	$right{$name} = $node->safe_psql('postgres',
		'SET sessionize.debug_require_session_scan = off; SET sessionize.enable_session_scan = off; ' . query($state));

	for my $way ('pg_cancel_backend', 'pg_terminate_backend', 'statement_timeout')
	{
		# a time-out that is early says the same
		my $timeout = $way eq 'statement_timeout' ? "SET statement_timeout = '300ms';\n" : '';
		my $session = start_session(set($state) . $timeout . waiting_query($state) . ";\nSET statement_timeout = 0;\n"
			. "SELECT 'next', * FROM (" . query($state) . ") AS x;\n");

		if ($way ne 'statement_timeout')
		{
			wait_until_waiting($session);
			ok(files() > 0, "$name, $way: there are files");
			$node->safe_psql('postgres', "SELECT $way(" . backend($session) . ')');
		}
		my $said = end_session($session);
		if ($way eq 'pg_terminate_backend')
		{
			like($said, qr/\AFATAL:  57P01\n/, "$name, $way");
			is($node->safe_psql('postgres', set($state) . query($state)), $right{$name}, "$name, $way: the next query");
		}
		else
		{
			is($said, "ERROR:  57014\nnext|$right{$name}\n", "$name, $way, and the next query");
		}
		ok_no_files("$name, $way");
	}
}

# ---------- it ends itself ----------

sub run
{
	my ($sql) = @_;
	my ($out, $err);
	$node->psql('postgres', "\\set VERBOSITY sqlstate\n$sql", stdout => \$out, stderr => \$err, on_error_stop => 0);
	$err =~ s/^psql:<stdin>:\d+: //mg;
	return "$out\n$err";
}

for my $name (sort keys %STATES)
{
	my $state = $STATES{$name};
	my $said = run(set($state) . "SET temp_file_limit = '256kB';\n" . query($state) . ';');

	is($said, "\nERROR:  53400", "$name: temp_file_limit");
	ok_no_files("$name: temp_file_limit");

	for my $place ('input', 'output')
	{
		my $fails = '1 / (i - 50000) IS NOT NULL';
		my $failing = query($state, $place eq 'input' ? $fails : undef, $place eq 'output' ? $fails : undef);

		is(run(set($state) . "$failing;"), "\nERROR:  22012", "$name: an error in its $place");
		ok_no_files("$name: an error in its $place");

		# caught, so the transaction goes on
		$said = run(set($state) . <<~SQL);
			\\set VERBOSITY terse
			DO \$\$
			BEGIN
				BEGIN
					PERFORM * FROM ($failing) AS x;
				EXCEPTION WHEN division_by_zero THEN
					RAISE NOTICE '% files', (SELECT count(*) FROM pg_ls_tmpdir());
				END;
				RAISE NOTICE '%', (SELECT x FROM (@{[query($state)]}) AS x);
			END \$\$;
			SQL
		is($said, "\nNOTICE:  0 files\nNOTICE:  (" . $right{$name} =~ tr/|/,/r . ')', "$name: an error in its $place, caught");
	}
}

# At any moment: a query either is right or says that it has been cancelled.
for my $name (sort keys %STATES)
{
	my $state = $STATES{$name};
	my $script = set($state);

	# on a busy machine the time-out before can meet SET itself
	$script .= "SET statement_timeout = '" . int(2 * 1.6**$_) . "ms';\n\\if :ERROR\n\\echo SET\n\\endif\n" . query($state) . ";\n"
	  for 0 .. 11;
	my $said = run($script);
	my $answered = () = $said =~ /^\Q$right{$name}\E$/mg;
	my $cancelled = () = $said =~ /^ERROR:  57014$/mg;
	my $not_set = () = $said =~ /^SET$/mg;
	is($answered + $cancelled - $not_set, 12, "$name: cancelled at any moment ($cancelled of 12)") or diag($said);
	ok_no_files("$name: cancelled at any moment");
}

# ---------- what the log says ----------

# The plan and the log of a query: how many kilobytes it has on disk, and the sizes of its files
sub on_disk
{
	my ($state, $settings) = @_;
	my $offset = -s $node->logfile;
	my $plan = $node->safe_psql('postgres', set($state) . "$settings EXPLAIN (ANALYZE, COSTS OFF) " . query($state));
	my $log = substr(slurp_file($node->logfile), $offset);
	my ($disk) = $plan =~ /Disk: (\d+) kB/;
	my @sizes = $log =~ /LOG:  temporary file: path "base\/pgsql_tmp\/\S+", size (\d+)/g;

	return ($disk // 0, \@sizes, "$plan\n$log");
}

for my $name (sort keys %STATES)
{
	my ($disk, $sizes, $shown) = on_disk($STATES{$name}, '');

	cmp_ok($disk, '>', 0, "$name: EXPLAIN tells what is on disk");
	# a sort's file is counted in blocks, and its records are wider by their headers
	cmp_ok(abs($disk - sum(@$sizes) / 1024), '<=', $name =~ /sort/ ? $disk / 2 : 1, "$name: and the log tells the same")
	  or diag($shown);
}

# Partitions that need not be divided share one file, however many are on disk
{
	my ($disk, $sizes, $shown) = on_disk($STATES{'partitions being read'}, "SET work_mem = '400kB';");

	cmp_ok($disk, '>', 500, 'many partitions are on disk');
	is("@$sizes", $disk * 1024, 'in one file')
	  or diag($shown);
}

# ---------- cursors ----------

my $FILES = 'SELECT count(*) > 0 FROM pg_ls_tmpdir();';
my $rows = q{SELECT i, sessionize.session_end(t, 20) OVER w AS e FROM event WINDOW w AS (PARTITION BY many ORDER BY t)};

for my $case (
	[ 'closed',                  'CLOSE c;',      'COMMIT;' ],
	[ 'at the end',              '',              'COMMIT;' ],
	[ 'rolled back',             'ROLLBACK;',     '' ],
	[ 'after an error',          'SELECT 1 / 0;', 'ROLLBACK;' ],
	[ 'in a savepoint',          'ROLLBACK TO s;', 'COMMIT;' ],
	[ 'in a released savepoint', 'RELEASE s;',    'COMMIT;' ])
{
	my ($name, $end, $after) = @$case;
	my $said = run(set($STATES{'partitions being read'}) . <<~SQL);
		BEGIN;
		SAVEPOINT s;
		DECLARE c CURSOR FOR $rows;
		MOVE 10 FROM c;
		$FILES
		$end
		$after
		$FILES
		SQL
	is($said, "t\nf\n" . ($end =~ m{/} ? 'ERROR:  22012' : ''), "a cursor $name");
}

# The first rows are fetched, and files made, in a subtransaction that is rolled back.
is( run(set($STATES{'partitions being read'}) . <<~SQL),
	BEGIN;
	DECLARE c CURSOR FOR $rows;
	SAVEPOINT s;
	MOVE 10 FROM c;
	SELECT 1 / 0;
	ROLLBACK TO s;
	$FILES
	MOVE ALL FROM c;
	COMMIT;
	$FILES
	SQL
	"t\nf\nERROR:  22012", 'a cursor read in a savepoint that is rolled back');
is( run(set($STATES{'partitions being read'}) . <<~SQL),
	CREATE FUNCTION rows_after_rollback() RETURNS bigint LANGUAGE plpgsql AS \$\$
	DECLARE
		c CURSOR FOR $rows;
		row record;
		total bigint := 0;
	BEGIN
		OPEN c;
		BEGIN
			FETCH c INTO row;
			total := total + row.e;
			PERFORM 1 / 0;
		EXCEPTION WHEN division_by_zero THEN
		END;
		LOOP
			FETCH c INTO row;
			EXIT WHEN NOT FOUND;
			total := total + row.e;
		END LOOP;
		RETURN total;
	END \$\$;
	SELECT rows_after_rollback() = sum(e) FROM ($rows) AS x;
	$FILES
	SQL
	"t\nf\n", 'and goes on to the right end');
is( run(set($STATES{'partitions being read'}) . <<~SQL),
	BEGIN;
	DECLARE c CURSOR WITH HOLD FOR SELECT sum(e) FROM ($rows) AS x;
	COMMIT;
	$FILES
	SELECT sum(e) AS right FROM ($rows) AS x \\gset
	DECLARE d CURSOR WITH HOLD FOR SELECT :right;
	FETCH c \\gset
	SELECT :sum = :right;
	SQL
	"f\nt\n", 'a cursor WITH HOLD');

# ---------- the backend dies ----------

for my $name ('partitions being filled', 'a sort being read', 'a session that is held')
{
	my $state = $STATES{$name};
	my $session = start_session(set($state) . waiting_query($state) . ";\n");

	wait_until_waiting($session);
	ok(files() > 0, "$name, killed: there are files");
	kill 'KILL', backend($session);
	like(end_session($session), qr/server closed the connection unexpectedly|57P02/, "$name, killed");
	end_session($holder);
	$node->poll_query_until('postgres', 'SELECT true') or die 'the server does not come back';
	ok_no_files("$name, killed");
	is($node->safe_psql('postgres', set($state) . query($state)), $right{$name}, "$name, killed: the next query");
	$holder = start_session("SELECT pg_advisory_lock(7);\n");
	$node->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_locks WHERE locktype = 'advisory' AND granted")
	  or die 'no lock';
}

end_session($holder);
$node->stop;
done_testing();
