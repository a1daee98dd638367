# faults.pl: whatever befalls a statement, and when, nothing of it is left.
#
# Again and again one statement runs (a scan that spills, a parallel one, an aggregate, a
# view, a change of a definition), and at a random moment one fault is injected into it.
# Afterwards the server must be up, or come up again; the same statement, left alone, must
# give the right answer; and there must be no temporary file, no shared memory segment, and
# no half-made definition.  A statement that was hit ends with the SQLSTATE that belongs to
# the fault, or with its answer.
#
# Session Scan's own temporary files and cancels have tests of their own.  Here statements
# are plain SQL: whatever plan they get is tested, so a new node needs no new test, only the
# settings that make the planner use it (@SETTINGS).
#
#   SESSIONIZE_FAULTS=n   injections, 40 by default, 1000 with SESSIONIZE_LONG=1
#   SESSIONIZE_SEED=n     replay the choices of that seed (it is printed); the moments, being
#                         a matter of the clock, differ all the same
#   SESSIONIZE_FAULT=name only that fault
use strict;
use warnings;

use File::Basename qw(dirname);
use Cwd qw(abs_path);
use IPC::Open3;
use IPC::Run;
use List::Util qw(max);
use Test::More;

plan skip_all => 'random, and takes long: runs in make check-long' unless $ENV{SESSIONIZE_LONG};
use Time::HiRes qw(sleep time);
use lib dirname(abs_path(__FILE__));
use PostgreSQL::Test::Utils;
use SessionizeTest;

my $total = $ENV{SESSIONIZE_FAULTS} || ($ENV{SESSIONIZE_LONG} ? 1000 : 40);
my $seed  = $ENV{SESSIONIZE_SEED} // ($ENV{SESSIONIZE_LONG} ? int(rand(1_000_000_000)) : 5);
my $small = $ENV{SESSIONIZE_SMALL_DISK};
srand($seed);
note("seed $seed: SESSIONIZE_SEED=$seed SESSIONIZE_FAULTS=$total replays the choices");

# Segments of shared memory are files of this cluster alone, and a client that has gone is
# noticed.
my $node = start_cluster(
	'faults',
	'fsync = off',
	'dynamic_shared_memory_type = mmap',
	'client_connection_check_interval = 10ms',
	'max_worker_processes = 8',
	'restart_after_crash = on',
	'autovacuum = off',
	'max_connections = 20',
	"log_line_prefix = '%m [%p] %e %q%a '",
	'log_statement = none',
	'log_min_messages = warning',
	'log_min_error_statement = error');

my %PARALLEL = (
	max_parallel_workers_per_gather => 2,
	min_parallel_table_scan_size    => '0',
	parallel_setup_cost             => 0,
	parallel_tuple_cost             => 0);
my @SETTINGS = (
	{},
	{ %PARALLEL },
	{ %PARALLEL, 'sessionize.enable_session_scan' => 'off' });

sub ask
{
	my ($sql) = @_;
	return $node->safe_psql('postgres', $sql);
}

my $events = 40_000;
ask(qq{
	CREATE SCHEMA app;
	CREATE TABLE app.events AS
	SELECT i * 7919 % 400 AS user_id,
		timestamptz '2026-01-01Z' + (i * 104729 % 100003) * interval '1 s' AS ts,
		'p' || i % 13 AS page, repeat('x', (i % 50)::int) AS ballast
	FROM generate_series(1::bigint, $events) AS i;
	ALTER TABLE app.events SET (parallel_workers = 2);
	VACUUM ANALYZE app.events;
	SELECT sessionize.define_session('visit', 'app.events', 'user_id', 'ts', '30 minutes', schema => 'app', entry => 'page');
	SELECT sessionize.define_metric('visit', 'pages', 'count(DISTINCT page)', schema => 'app');
	CREATE TABLE app.sorted AS SELECT user_id, ts, page FROM app.events;
	CREATE INDEX ON app.sorted (user_id, ts);
	VACUUM ANALYZE app.sorted;
	SELECT sessionize.define_session('stay', 'app.sorted', 'user_id', 'ts', '30 minutes', schema => 'app', entry => 'page');});
if ($small)
{
	mkdir "$small/space" or die "$small/space: $!";
	$node->safe_psql('postgres', "CREATE TABLESPACE small LOCATION '$small/space'");
}

# ---------- statements ----------

# Reads, each with the answer that core's plan of all history gives when nothing happens.
# The index that time ranges need is on a table of their own: others read what they sort.
my $window = 'OVER (PARTITION BY user_id ORDER BY ts)';
my %reads = (
	'window functions' => qq{
		SELECT count(*), sum(n), sum(c), max(e - s), sum(length(ballast)) FROM (
			SELECT ballast, sessionize.session_number(ts, '20 min') $window AS n, sessionize.session_event_count(ts, '20 min') $window AS c,
				sessionize.session_start(ts, '20 min') $window AS s, sessionize.session_end(ts, '20 min') $window AS e
			FROM app.events) AS x},
	'window functions, sorted by their results' => qq{
		SELECT sum(n * i) FROM (SELECT n, row_number() OVER (ORDER BY n, page, ts, user_id) AS i FROM (
			SELECT user_id, ts, page, sessionize.session_number(ts, '20 min') $window AS n FROM app.events) AS x) AS y},
	'aggregates' => q{
		SELECT sum(n), sum(cardinality(s)), max(l) FROM (
			SELECT sessionize.session_count(ts, '20 min') AS n, sessionize.sessions(ts, '20 min') AS s, sessionize.last(page, ts) AS l
			FROM app.events GROUP BY user_id) AS x},
	'an aggregate without groups' => q{
		SELECT sessionize.session_count(ts, '1 s'), sessionize.funnel(ts, page = 'p1', page = 'p2', page = 'p12'), sessionize.time_in_session(ts, '1 s')
		FROM app.events},
	'a sessions view' => q{SELECT count(*), sum(session_number), sum(event_count), max(entry_page), sum(pages), count(DISTINCT session_id) FROM app.visit},
	'an events view' => q{SELECT count(*), sum(session_event_number), max(page) FROM app.visit_events},
	'an actors view' => q{SELECT count(*), sum(session_count), sum(pages), max(time_in_session) FROM app.visit_actors},
	'grouping by sessions' => qq{
		SELECT count(*), max(c), sum(d) FROM (
			SELECT user_id, n, count(*) AS c, count(DISTINCT page) AS d FROM (
				SELECT user_id, page, sessionize.session_number(ts, '20 min') $window AS n FROM app.events) AS x
			GROUP BY user_id, n) AS y},
	'a cursor' => q{
		BEGIN; DECLARE c CURSOR FOR SELECT user_id, session_number FROM app.visit ORDER BY 1, 2; MOVE 5000 FROM c; FETCH 1 FROM c; COMMIT},
	'a time range, with sessions that are open at its end' => q{
		SET sessionize.debug_follow_open_sessions = on;
		SELECT count(*), sum(event_count), max(ended_at), max(entry_page) FROM app.stay
		WHERE started_at >= '2026-01-01 06:00Z' AND started_at < '2026-01-01 18:00Z'},
	'a time range, with all history of its actors' => q{
		SET sessionize.debug_choose_actors = on;
		SELECT count(*), sum(session_number), sum(event_count), max(entry_page) FROM app.stay
		WHERE started_at >= '2026-01-01 20:00Z'});
my %plans = (
	'a time range, with sessions that are open at its end' => qr/InitPlan/,
	'a time range, with all history of its actors' => qr/ on sorted event_1\b.* on sorted event_1_1\b/s);

# Changes of definitions: each of these goes on from any of them, so all states are
# known: whether there is a "burst", and visit's inactivity.
my %changes = (
	'define_session' => q{SELECT sessionize.define_session('burst', 'app.events', 'user_id', 'ts', '1 day', schema => 'app', replace => true)},
	'define_session and define_metric' => q{
		BEGIN; SELECT sessionize.define_session('burst', 'app.events', 'user_id', 'ts', '1 day', schema => 'app', replace => true);
		SELECT sessionize.define_metric('burst', 'of_it', 'max(page)', schema => 'app', replace => true); COMMIT},
	'alter_session' => q{SELECT sessionize.alter_session('visit', 'inactivity', CASE inactivity WHEN '30 min' THEN '45 min' ELSE '30 min' END, schema => 'app')
		FROM sessionize.session_definition WHERE name = 'visit'},
	'rebuild_views' => q{SELECT sessionize.rebuild_views()},
	'a metric of another type' => q{SELECT sessionize.define_metric('visit', 'extra', CASE (random() * 2)::int WHEN 0 THEN 'max(page)' WHEN 1 THEN 'count(*)' ELSE 'sum(length(ballast)) * 0.5' END,
		schema => 'app', replace => true) FROM generate_series(1, 2)},
	'drop_session' => q{DELETE FROM sessionize.session_definition WHERE name = 'burst'},
	'a filter' => q{SELECT sessionize.alter_session('visit', 'filter', CASE WHEN filter IS NULL THEN 'page IS NOT NULL' END, schema => 'app')
		FROM sessionize.session_definition WHERE name = 'visit'},
	'check_definitions' => q{SELECT * FROM sessionize.check_definitions()});

my %right;
my %takes;
my $core = 'SET max_parallel_workers_per_gather = 0; SET sessionize.enable_session_scan = off; SET sessionize.enable_time_range = off;';
for my $inactivity ('45 min', '30 min')
{
	ask("SELECT sessionize.alter_session('visit', 'inactivity', '$inactivity', schema => 'app')");
	$right{$_}{$inactivity} = ask("$core $reads{$_}") for keys %reads;
}
my $connecting = time;
ask('SELECT 1');
$connecting = time - $connecting;
for my $name (keys %reads)
{
	my $begin = time;
	ask("SET work_mem = '64kB'; $reads{$name}");
	$takes{$name} = time - $begin - $connecting;
	isnt($right{$name}{'30 min'}, '', "$name: " . ($right{$name}{'30 min'} =~ s/\n/ /gr));
	like(ask($reads{$name} =~ s/SELECT/EXPLAIN (COSTS OFF) SELECT/r), $plans{$name}, '... by the plan that is meant') if $plans{$name};
}
for my $name (keys %changes)
{
	my $begin = time;
	ask($changes{$name});
	$takes{$name} = time - $begin - $connecting;
}

# ---------- what must hold afterwards ----------

my $segments;

sub postmaster
{
	return (split /\n/, slurp_file($node->data_dir . '/postmaster.pid'))[0];
}

sub await_server
{
	for (1 .. 600)
	{
		return 1 if $node->psql('postgres', 'SELECT 1', on_error_stop => 0) == 0;
		sleep 0.1;
	}
	return 0;
}

# Segments of shared memory, less those that are pinned: PostgreSQL's statistics keep theirs
# until the server stops, and may take more as they grow; we pin none.
# PostgreSQL's list of them is a segment, too: a header of three numbers, then for each
# handle, users, place, length, a pointer, and whether it is pinned.
sub segments
{
	my ($magic, $header, $item) = (0x9a503d32, 16, 40);
	my @files = glob $node->data_dir . '/pg_dynshmem/mmap.*';
	my %pinned;

	for my $file (@files)
	{
		open my $in, '<:raw', $file or next;
		read $in, my $list, -s $in;
		next if length $list < $header;
		my ($found, $items) = unpack 'L2', $list;
		next if $found != $magic;
		for my $i (0 .. $items - 1)
		{
			my ($handle, $users, $pinned) = (unpack 'L2 Q3 C', substr $list, $header + $i * $item, $item)[ 0, 1, 5 ];
			$pinned{$handle} = 1 if $users > 1 && $pinned;
		}
	}
	return scalar grep { m{/mmap\.(\d+)$} && !$pinned{$1} } @files;
}

# Temporary files, and backends that still work; both may take a moment to go
my $remains = q{
	SELECT count(*) FROM pg_ls_tmpdir() UNION ALL
	SELECT count(*) FROM pg_tablespace, pg_ls_tmpdir(oid) WHERE spcname = 'small' UNION ALL
	SELECT count(*) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type IN ('client backend', 'parallel worker')};

# Definitions and their views, and what depends on what
my $soundness = q{
	SELECT 'problem', definition, object, problem FROM sessionize.check_definitions();
	SELECT 'definitions and views', d, v FROM (SELECT count(*) AS d FROM sessionize.session_definition) AS d,
		(SELECT count(*) AS v FROM pg_class WHERE relnamespace = 'app'::regnamespace AND relkind = 'v') AS v WHERE d * 3 <> v;
	SELECT 'a metric without a session', session, name FROM sessionize.metric_definition AS m
	WHERE NOT EXISTS (SELECT FROM sessionize.session_definition AS s WHERE s.schema = m.schema AND s.name = m.session);
	SELECT 'a dependency of nothing', classid::regclass, objid FROM pg_depend
	WHERE classid = 'pg_rewrite'::regclass AND NOT EXISTS (SELECT FROM pg_rewrite WHERE oid = objid)
		OR classid = 'pg_class'::regclass AND NOT EXISTS (SELECT FROM pg_class WHERE oid = objid)
		OR refclassid = 'pg_class'::regclass AND NOT EXISTS (SELECT FROM pg_class WHERE oid = refobjid);
	SELECT 'a view without columns or type', oid::regclass FROM pg_class AS c
	WHERE relkind = 'v' AND (NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = c.oid) OR NOT EXISTS (SELECT FROM pg_type WHERE oid = c.reltype)
		OR NOT EXISTS (SELECT FROM pg_rewrite WHERE ev_class = c.oid))};

# What is wrong after an injection; an empty string if nothing is.
sub aftermath
{
	my ($name) = @_;
	my ($before, $found, $out, $err) = (time, '');
	my $sql = exists $reads{$name} ? $reads{$name} : $reads{'a sessions view'};

	return 'the server does not come up' if !await_server();
	for (;;)
	{
		$found = join ' ', split /\n/, ask($remains);
		last if $found =~ /^0 (0 )?0$/ && segments() <= $segments;
		return "remains (temporary files, backends): $found; segments: " . segments() if time - $before > 20;
		sleep 0.05;
	}
	$out = ask("SELECT inactivity FROM sessionize.session_definition WHERE name = 'visit'; $soundness");
	($found, $out) = split /\n/, $out, 2;
	return "not sound: $out" if defined $out && $out ne '';
	return "no known inactivity: $found" if $found !~ /^00:(30|45):00$/;
	$node->psql('postgres', "SET work_mem = '64kB'; $sql", stdout => \$out, stderr => \$err);
	my $expected = $right{ exists $reads{$name} ? $name : 'a sessions view' }{"$1 min"};
	return $out eq $expected ? '' : "wrong: $out, and not $expected ($err)";
}

# ---------- faults ----------

# A child of the postmaster
sub named_child
{
	my ($what) = @_;
	my $postmaster = postmaster();

	for my $pid (split ' ', slurp_file("/proc/$postmaster/task/$postmaster/children"))
	{
		open my $file, '<', "/proc/$pid/cmdline" or next;
		return $pid if (<$file> // '') =~ /$what/;
	}
	return undef;
}

# A worker of this backend, which may have none yet
sub worker_of
{
	my ($backend) = @_;
	my $worker;

	for (1 .. 40)
	{
		$worker = named_child("parallel worker for PID $backend\\b");
		last if defined $worker;
		sleep 0.005;
	}
	sleep rand(0.02);
	return $worker;
}

sub kill_postmaster
{
	my $pid = postmaster();

	kill 'KILL', $pid;
	# the others notice it; none may still use the shared memory
	for (1 .. 600)
	{
		my @left = grep { -e "/proc/$_" } map { m{/proc/(\d+)/cwd} ? $1 : () }
		  grep { (readlink($_) // '') eq $node->data_dir } glob '/proc/[0-9]*/cwd';
		last if !@left && !kill 0, $pid;
		sleep 0.05;
	}
	# the node does not know that its server is gone
	$node->{_pid} = undef;
	$node->start;
	return;
}

# settings: what the statement's session has; strike: what is done to it, given its pid;
# states: SQLSTATEs that may come of it (a lost connection has none); needs: workers.
# (55000 is a worker that starts when its leader is gone)
my $lost = qr/^(57P01|57P02|57P03|08006|55000|)$/;
my %faults = (
	'statement_timeout' => { weight => 12, timeout => 1, states => qr/^57014$/ },
	'pg_cancel_backend' => { weight => 14, strike => sub { kill 'INT', $_[0] }, states => qr/^57014$/ },
	'pg_terminate_backend' => { weight => 10, strike => sub { kill 'TERM', $_[0] }, states => $lost },
	'the client goes' => { weight => 8, strike => sub { kill 'KILL', $_[1] }, states => $lost },
	'kill -9 of the backend' => { weight => 5, strike => sub { kill 'KILL', $_[0] }, states => $lost },
	'kill -9 of a worker' => { weight => 6, parallel => 1, states => $lost,
		strike => sub { my $pid = worker_of($_[0]); kill 'KILL', $pid if defined $pid } },
	'pg_terminate_backend of a worker' => { weight => 6, parallel => 1, states => qr/^(57P01|)$/,
		strike => sub { my $pid = worker_of($_[0]); kill 'TERM', $pid if defined $pid } },
	'kill -9 of the checkpointer' => { weight => 2, states => $lost, strike => sub { my $pid = named_child('checkpointer'); kill 'KILL', $pid if defined $pid } },
	'kill -9 of the postmaster' => { weight => 4, states => $lost, strike => \&kill_postmaster },
	'immediate shutdown' => { weight => 3, states => $lost, strike => sub { $node->stop('immediate'); $node->start } },
	'temp_file_limit' => { weight => 10, settings => sub { ( temp_file_limit => int(2**rand(11)) . 'kB') }, states => qr/^53400$/ },
	'out of memory' => { weight => 10, states => qr/^(53200|58000|53000)$/, strike => sub {
			my ($kilobytes) = slurp_file("/proc/$_[0]/status") =~ /VmSize:\s+(\d+)/;
			system('prlimit', "--pid=$_[0]", '--as=' . ($kilobytes + int(2**rand(13))) * 1024) if defined $kilobytes; }, early => 1 },
	'workers refused' => { weight => 8, parallel => 1, settings => sub { (max_parallel_workers => int(rand(2))) }, states => qr/^$/ },
	($small ? ('disk full' => { weight => 10, settings => sub { (temp_tablespaces => 'small') }, states => qr/^53100$/ }) : ()));
%faults = ($ENV{SESSIONIZE_FAULT} => $faults{ $ENV{SESSIONIZE_FAULT} }) if $ENV{SESSIONIZE_FAULT};

sub draw
{
	my (%weights) = @_;
	my $sum = 0;
	$sum += $_ foreach values %weights;
	my $at = rand($sum);
	for my $name (sort keys %weights)
	{
		return $name if ($at -= $weights{$name}) < 0;
	}
}

# One injection.  Returns whether the statement was hit, and what is wrong.
sub inject
{
	my ($name, $fault, $settings) = @_;
	my $sql = $reads{$name} // $changes{$name};
	my %set = (work_mem => '64kB', %$settings, $fault->{settings} ? $fault->{settings}->() : ());
	# on a busy machine, a short one may have taken no longer than the connecting
	my $delay = 0.002 + rand($fault->{parallel} ? 0.5 : 1) * max(0, $takes{$name});
	my ($out, $state, $client, $pid);

	$set{statement_timeout} = int($delay * 1000 + 1) . 'ms' if $fault->{timeout};
	$client = open3(my $in, my $answers, undef, 'psql', '-X', '-q', '-A', '-t', '-h', $node->host, '-p', $node->port, 'postgres');
	local $SIG{PIPE} = 'IGNORE';
	$in->autoflush(1);
	print $in "\\set VERBOSITY sqlstate\nSET application_name = victim;\nSELECT pg_backend_pid();\n";
	$pid = <$answers>;
	chomp $pid;
	my $setting = join '', map { "SET $_ = '$set{$_}';\n" } sort keys %set;
	if ($fault->{strike} && $fault->{early})
	{
		# a library must be there; what it lacks from then on is memory
		print $in "$setting SELECT extract(epoch FROM sessionize.inactivity('1 s'))::int;\n";
		<$answers>;
		$fault->{strike}->($pid, $client);
		$setting = '';
	}
	print $in "$setting$sql;\n\\q\n";
	close $in;
	if ($fault->{strike} && !$fault->{early})
	{
		sleep $delay;
		$fault->{strike}->($pid, $client);
	}
	$out = do { local $/; <$answers> } // '';
	close $answers;
	waitpid $client, 0;

	my @states = $out =~ /^(?:psql:\S+ )?(?:ERROR|FATAL):  (\w{5})$/mg;
	my $broken = $out =~ /server closed the connection|connection to server was lost|terminating connection/;
	# what follows an error within a transaction
	@states = grep { $_ ne '25P02' } @states;
	my @wrong = grep { $_ !~ $fault->{states} } @states;
	my $problem = @wrong ? "SQLSTATE @wrong" : '';
	if (!@states && !$broken && exists $reads{$name} && $? == 0)
	{
		chomp $out;
		my @answers = values %{ $right{$name} };
		$problem = "answered $out, and not " . join(' or ', @answers) if !grep { $out eq $_ } @answers;
	}
	return (@states || $broken || $? != 0 ? 1 : 0, $problem);
}

# the list of segments is one for good; that others are seen shows while a query has workers
$segments = segments();
is($segments, 1, 'no segment of shared memory, but for their list');
my $gathering = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-c',
	join('', map { "SET $_ = '$PARALLEL{$_}'; " } sort keys %PARALLEL) . 'SELECT count(pg_sleep(0.001)) FROM app.events' ],
	'>', \my $counted, '2>', \my $cancelled);
for (1 .. 400)
{
	last if segments() > $segments;
	sleep 0.05;
}
cmp_ok(segments(), '>', $segments, '... but for that of workers');
ask(q{SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep%' AND backend_type = 'client backend' AND pid <> pg_backend_pid()});
$gathering->finish;
is(aftermath($_), '', "before all: $_") for 'window functions', 'define_session';

my %counts;
my %hits;
my $problems = 0;
for my $i (1 .. $total)
{
	my $fault = draw(map { $_ => $faults{$_}{weight} } keys %faults);
	my $name = draw((map { $_ => 3 } keys %reads), $faults{$fault}{parallel} ? () : (map { $_ => 2 } keys %changes));
	my $settings = $faults{$fault}{parallel} ? $SETTINGS[ 1 + int rand $#SETTINGS ] : $SETTINGS[ int rand @SETTINGS ];
	my ($hit, $problem) = inject($name, $faults{$fault}, $settings);
	my $after = aftermath($name);

	$counts{$fault}++;
	$hits{$fault} += $hit;
	next if $problem eq '' && $after eq '';
	fail("injection $i: $fault during $name, with " . join(', ', map { "$_ = $settings->{$_}" } sort keys %$settings));
	diag("seed $seed: ", join '; ', grep { $_ ne '' } $problem, $after);
	last if ++$problems >= 5 || $after =~ /does not come up/;
}
for my $fault (sort keys %counts)
{
	ok(1, "$fault: $counts{$fault} injections, $hits{$fault} ended the statement");
}
is($problems, 0, "$total injections, each without a trace");

# What the server said meanwhile
my $log = slurp_file($node->logfile);
for my $word ('PANIC', 'TRAP:', 'terminated by signal (?:4|6|7|8|11)\b', ' XX\d\d\d ', 'leak', 'still referenced', 'could not (?:remove|delete|unlink)')
{
	my @lines = grep { /$word/ && !/invalid memory alloc request size/ } split /\n/, $log;
	is(join("\n", splice @lines, 0, 5), '', "nothing in the log like /$word/");
}

$node->stop;
done_testing();
