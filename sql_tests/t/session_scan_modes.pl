# session_scan_modes.pl: the same queries with session scans and without, diffed to nothing.
#
# The queries are the files of ../scan_modes, cut into blocks by lines such as
#
#   --- [used] name                  our calls are computed by session scans, all of them
#   --- [either] name                they can be, and costs decide
#   --- [refused: reason] name       by core's WindowAgg, since the planner says so
#   --- [error: regular expression] name   there is an error, which looks like that
#
# Plain SQL is the meaning: the answers with sessionize.enable_session_scan = off are
# the right ones.  In every other mode each block must print the very same lines, errors
# and warnings included.  That a mode is not right only because it does not use the node
# is known from the plans, which auto_explain writes to the server's log under the name
# of the block.  The mode "required" refuses to plan without the node, and so tells why
# the refused blocks are.
#
# A block begins with fresh settings, those of its mode, and these variables:
#
#   :args                       what our functions are called with: ts, and 30 minutes
#   :seven                      all of them, over window w; it needs a set of peers to be
#                               looked at as a whole, since they are numbered in any order
#   :seven_but_event_number     so this one goes with columns that tell peers apart
#   :few_labelled               a subquery with the sessions of table few
#   :sum (...) AS q             rows in one line: their number, and a sum of their hashes

use strict;
use warnings;
use File::Basename qw(dirname);
use Cwd qw(abs_path);
use Test::More;
use Time::HiRes qw(time);
use lib dirname(abs_path(__FILE__));
use SessionizeTest;

my $folder = dirname(abs_path(__FILE__)) . '/../scan_modes';
my $OFF = 'sessionize.enable_session_scan';
my $AGGREGATES = 'sessionize.enable_session_aggregate';

my %PARALLEL = (
	max_parallel_workers_per_gather => 2,
	min_parallel_table_scan_size    => 0,
	min_parallel_index_scan_size    => 0,
	parallel_setup_cost             => 0,
	parallel_tuple_cost             => 0.02);

# Modes: the settings, and what must be in some plan of theirs.
my @MODES = (
	[ required => { 'sessionize.debug_require_session_scan' => 'on' }, qr/Session Scan/ ],
	[ on       => {}, qr/Strategy: in order\n.*Heap Reading: direct\n/, qr/Strategy: streamed/, qr/Session Aggregate/ ],
	[ 'no aggregates' => { $AGGREGATES => 'off' }, qr/GroupAggregate.*\n(?:(?!.*->).*\n)*.*Session Scan/ ],
	[ 'little memory' => { work_mem => '64kB', hash_mem_multiplier => 1, 'auto_explain.log_analyze' => 'on' },
		qr/Session Scan.*\n(?:(?!.*->).*\n)*.*Disk: [1-9]/ ],
	[ 'parallel' => {%PARALLEL}, qr/Parallel Custom Scan \(Session Scan\)/ ],
	[ 'parallel, one worker' => { %PARALLEL, max_parallel_workers_per_gather => 1, work_mem => '64kB', hash_mem_multiplier => 1 },
		qr/Parallel Custom Scan \(Session Scan\)/ ],
	[ 'parallel, four workers' => { %PARALLEL, max_parallel_workers_per_gather => 4 }, qr/Gather.*\n.*Workers Planned: [34]\n(?:.*\n)*?.*Parallel Custom Scan \(Session Scan\)/ ],
	[ 'parallel, no workers' => { %PARALLEL, max_parallel_workers => 0, 'auto_explain.log_analyze' => 'on' },
		qr/Workers Launched: 0\n(?:.*\n)*?.*Parallel Custom Scan \(Session Scan\)/ ],
	[ 'parallel, forced' => { %PARALLEL, debug_parallel_query => 'on' }, qr/Gather/ ],
	[ 'by index' => { enable_seqscan => 'off', enable_bitmapscan => 'off', enable_sort => 'off' },
		qr/Strategy: streamed\n.*Index Scan/ ],
	[ 'direct off' => { 'sessionize.enable_direct_heap_scan' => 'off' }, qr/Strategy: in order\n(?!.*Heap Reading)/ ],
	[ 'no hashes' => { enable_hashagg => 'off', enable_hashjoin => 'off', plan_cache_mode => 'force_generic_plan' },
		qr/GroupAggregate/ ],
	[ 'compiled' => { jit => 'on', jit_above_cost => 0, jit_optimize_above_cost => -1, jit_inline_above_cost => -1 } ]);

my $node = start_cluster(
	'session_scan_modes',
	"session_preload_libraries = 'auto_explain'",
	"log_line_prefix = '<%a> '",
	'autovacuum = off',
	'max_parallel_workers_per_gather = 0',
	'auto_explain.log_min_duration = 0',
	'auto_explain.log_nested_statements = on',
	'auto_explain.log_timing = off');
my $version = $node->safe_psql('postgres', 'SHOW server_version_num');
my $has_jit = $node->safe_psql('postgres', 'SELECT pg_jit_available()') eq 't';

# ---------- the blocks ----------

sub read_file
{
	my ($path) = @_;
	open my $file, '<:raw', $path or die "$path: $!";
	local $/;
	return <$file>;
}

sub blocks
{
	my ($name) = @_;
	my (undef, @parts) = split /^--- /m, read_file("$folder/$name.sql");
	my @blocks;

	foreach my $part (@parts)
	{
		my ($kind, $detail, $title, $sql) = $part =~ /\A\[(used|either|refused|error)(?:: ([^]]+))?\] ([^\n]+)\n(.+)\z/s;
		die "$name.sql: not a block: $part" if !defined $sql || ($kind =~ /^(used|either)$/ xor !defined $detail);
		push @blocks, { file => $name, kind => $kind, detail => $detail, name => $title, sql => $sql };
	}
	return @blocks;
}

# ---------- running them ----------

my $preamble = <<'SQL';
\set QUIET on
\set sum 'SELECT count(*), sum(hashtextextended(q::text, 0)) FROM'
\set seven_but_event_number 'sessionize.session_number(:args) OVER w AS n, sessionize.session_start(:args) OVER w AS s, sessionize.session_end(:args) OVER w AS e, sessionize.session_event_count(:args) OVER w AS c, sessionize.session_started_by(:args) OVER w AS sb, sessionize.session_ended_by(:args) OVER w AS eb'
\set seven ':seven_but_event_number, sessionize.session_event_number(:args) OVER w AS en'
\set few_labelled '(SELECT *, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) AS n FROM few)'
SQL

# A mode's settings are those of the connection, so RESET ALL in a block leads back to them.
my $run = 0;

sub run_blocks
{
	my ($settings, @blocks) = @_;
	my $script = $preamble;
	my $id = ++$run;

	foreach my $i (0 .. $#blocks)
	{
		$script .= "ROLLBACK;\nRESET ROLE;\nRESET ALL;\nSET application_name = 'run $id, block $i';\n"
		  . "\\set args 'ts, interval ''30 minutes'''\n\\echo \@\@ $i\n$blocks[$i]{sql}";
	}

	my $file = "$PostgreSQL::Test::Utils::tmp_check/run_$id.sql";
	open my $out, '>:raw', $file or die "$file: $!";
	print $out $script;
	close $out or die "$file: $!";

	my @options = map {
		my $name = $_ eq 'debug_parallel_query' && $version < 160000 ? 'force_parallel_mode' : $_;
		"-c $name=" . $settings->{$_} =~ s/([ \\])/\\$1/gr
	} sort keys %$settings;
	local $ENV{PGOPTIONS} = join ' ', @options;
	local $ENV{CONNECTION} = $node->connstr('postgres');
	local $ENV{SCRIPT} = $file;
	my $answer = `psql -X -A -t -P null=NULL -d "\$CONNECTION" -f "\$SCRIPT" 2>&1`;

	# psql names the lines of the script, which are ours
	$answer =~ s/^psql:.*?:\d+: //mg;
	$answer =~ s/^WARNING:  there is no transaction in progress\n//mg;

	# core says so of an error in a worker
	$answer =~ s/^CONTEXT:  parallel worker\n//mg;
	my (undef, @answers) = split /^\@\@ \d+\n/m, $answer;
	return ($id, @answers);
}

# All plans that were executed, as the log has them: $plans{run}{block}
sub plans
{
	my %plans;
	my ($run, $block);

	foreach my $line (split /\n/, read_file($node->logfile))
	{
		if ($line =~ /^<run (\d+), block (\d+)> LOG:  duration: \S+ ms  plan:/) { ($run, $block) = ($1, $2); }
		elsif ($line =~ /^\t/) { $plans{$run}{$block} .= "$line\n" if defined $run; }
		else { undef $run; }
	}
	return \%plans;
}

# ---------- what is right ----------

sub shown
{
	my ($block, $mode, $what) = @_;
	diag("$block->{file}.sql, \"$block->{name}\", $mode: $what\n$block->{sql}");
	return;
}

# The lines that only one of two answers has, or the first that differs.
sub difference
{
	my ($right, $wrong) = @_;
	my @right = split /\n/, $right;
	my @wrong = split /\n/, $wrong;
	my $at = 0;

	$at++ while $at < @right && $at < @wrong && $right[$at] eq $wrong[$at];
	my $part = sub { my ($sign, @lines) = @_; return map { "$sign $lines[$_]\n" } grep { defined $lines[$_] } $at .. $at + 7; };
	return "from line " . ($at + 1) . ":\n" . join '', $part->('without the node:', @right), $part->('with it:', @wrong);
}

sub count_of
{
	my ($what, $plan) = @_;
	my $count = () = ($plan // '') =~ /$what/g;
	return $count;
}

# What is wrong with the plans of a block; nothing if they use the nodes as they should.
# The blocks of groups.sql are for Session Aggregate.
# The number of WindowAggs is that of the mode in which none of them is ours.
sub wrong_plan
{
	my ($block, $plan, $others, $settings) = @_;
	my $scans = count_of('Session Scan', $plan);
	my $windows = count_of('WindowAgg', $plan);

	return if $block->{kind} =~ /error|either/;
	return 'a session scan is used' if $block->{kind} eq 'refused' && $scans > 0;
	return 'no window is in its plans' if $block->{kind} eq 'refused' && $windows == 0;
	return 'no session aggregate is used' if $block->{file} eq 'groups' && !$settings->{$AGGREGATES} && $plan !~ /Session Aggregate/;
	return 'no session scan is used' if $block->{kind} eq 'used' && $scans == 0;
	return "$windows WindowAggs instead of $others" if $block->{kind} eq 'used' && $windows != $others;
	return;
}

# ---------- the files ----------

sub test_files
{
	my (@files) = @_;
	my @blocks = map { blocks($_) } @files;
	my $all = join ', ', @files;
	my $started = time;
	my ($off, @right) = run_blocks({ $OFF => 'off' }, @blocks);
	my @runs;

	if (@right != @blocks)
	{
		fail("$all: all blocks are run");
		diag('it ends in: ' . substr($right[-1], -1000));
		return;
	}
	foreach my $i (0 .. $#blocks)
	{
		my ($block, $answer) = ($blocks[$i], $right[$i]);
		my $expected = $block->{kind} eq 'error' ? $answer =~ /ERROR:.*$block->{detail}|HINT:.*$block->{detail}/s
		  : $answer !~ /ERROR:/ || $block->{sql} =~ /fails half way|1 \/ \(/;
		ok(0, "$block->{name}: errors"), shown($block, 'off', $answer) if !$expected;
		ok(0, "$block->{name}: an answer"), shown($block, 'off', 'prints nothing') if $answer eq '' && $block->{name} !~ /nothing|no rows/;
	}
	note(sprintf '%s, off: %.1f s', $all, time - $started);

	foreach my $mode (@MODES)
	{
		my ($name, $settings) = @$mode;
		$started = time;
		my ($id, @answers) = run_blocks($settings, @blocks);
		my $bad = @answers != @blocks;

		diag("$name: ends in: " . substr($answers[-1] // '', -1000)) if $bad;
		foreach my $i (0 .. $#answers)
		{
			my $block = $blocks[$i];

			if ($name eq 'required' && $block->{kind} =~ /refused|error/)
			{
				next if $block->{kind} eq 'error' || $answers[$i] =~ /session scan cannot be used: \Q$block->{detail}\E\n/;
				shown($block, $name, "is not refused for that reason:\n$answers[$i]");
				$bad++;
			}
			elsif ($answers[$i] ne $right[$i])
			{
				shown($block, $name, difference($right[$i], $answers[$i]));
				$bad++;
			}
		}
		ok(!$bad, "$all, $name: " . @blocks . ' blocks as without the node');
		note(sprintf '%s, %s: %.1f s', $all, $name, time - $started);
		push @runs, [ $mode, $id ];
	}

	my $plans = plans();
	my @used = grep { ($plans->{$off}{$_} // '') =~ /Session Scan/ } 0 .. $#blocks;
	ok(!@used, "$all, off: no plan has the node");
	my $required = $plans->{ $runs[0][1] };
	foreach my $run (@runs)
	{
		my ($mode, $id) = @$run;
		my ($name, $settings, @patterns) = @$mode;
		my $bad = 0;

		foreach my $i (0 .. $#blocks)
		{
			next if $name eq 'required' && $blocks[$i]{kind} ne 'used';
			my $plan = $plans->{$id}{$i};
			my $wrong = wrong_plan($blocks[$i], $plan, count_of('WindowAgg', $required->{$i}), $settings) // next;
			shown($blocks[$i], $name, "$wrong:\n" . ($plan // ''));
			$bad++;
		}
		ok(!$bad, "$all, $name: the node is used where it should be, and nowhere else");
		next if @files == 1;
		my $text = join '', map { $_ // '' } values %{ $plans->{$id} };
		push @patterns, qr/JIT:/ if $name eq 'compiled' && $has_jit;
		ok($text =~ $_, "$name: some plan shows $_") foreach @patterns;
	}
	return;
}

$node->safe_psql('postgres', read_file("$folder/setup.sql"));
test_files(qw(calls around groups rescans sources statements views));

SKIP:
{
	my ($readers, $requests) = map { shared_path("data/$_.csv.gz") } qw(wikipedia_readers_63k elastic_apache_logs);

	skip '../shared/data is not there', 1 if !defined $readers || !defined $requests;
	load_csv($node, $readers, 'readers', 'uuid text, ts timestamp, url text');
	load_csv($node, $requests, 'requests',
		'client_ip inet, ts timestamp, method text, path text, status int, bytes bigint, '
		  . 'referrer text, user_agent text, external_referrer boolean');
	$node->safe_psql('postgres', q{
		SELECT sessionize.define_session('reading', 'readers', 'uuid', 'ts', '1800 seconds');
		SELECT sessionize.define_metric('reading', 'pages', 'count(DISTINCT url)')});
	test_files('real_data');
}

$node->stop;
done_testing();
