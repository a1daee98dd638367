# differential.pl: the extension against an independent reference on random events.
#
# Each round draws cases (reference/generator.sql), has them answered in plain SQL
# (reference/reference.sql) and compares every window function and aggregate with these
# answers, in every way of calling them that could matter to an implementation: all at
# once, alone, with 2 to 6 arguments, under other orders and frames, below LIMIT and
# conditions on the number, in parallel, partitionwise, with little memory, by session scans
# and by core's WindowAgg.  Agreement is an
# empty EXCEPT ALL both ways; NULL equals NULL.
#
# A comparison proves nothing if the cases are harmless or the comparison is blind, so the
# first round also counts what the cases contain, and breaks the reference on purpose, one
# rule at a time, demanding that the answers differ.
#
#   SESSIONIZE_SEED=n      replay the round with that seed (it is printed)
#   SESSIONIZE_CASES=n     cases a round, 3000 by default
#   SESSIONIZE_LONG=1      34 rounds: 102,000 cases
#   SESSIONIZE_MUTANT=name compare with the reference broken in that way: the test must
#                          fail, which shows what a report looks like
use strict;
use warnings;

use FindBin;
use lib $FindBin::Bin, "$FindBin::Bin/../reference";
use Differential;
use SessionizeTest;
use Test::More;

my $cases   = $ENV{SESSIONIZE_CASES} || 3000;
my $rounds  = $ENV{SESSIONIZE_LONG} ? 34 : 1;
my $seed    = $ENV{SESSIONIZE_SEED} // ($ENV{SESSIONIZE_LONG} ? int(rand(1_000_000_000)) : 5);

# ---------- how the functions are called ----------

my @ARGUMENTS = qw(event_time inactivity restart_on end_on max_duration require_restart);

# Each window function and the column of ref.row_answer that holds its answer.
my @FUNCTIONS = (
	[ session_number       => 'session_number' ],
	[ session_event_number => 'event_number' ],
	[ session_start        => 'started_at' ],
	[ session_end          => 'ended_at' ],
	[ session_event_count  => 'event_count' ],
	[ session_started_by   => 'started_by' ],
	[ session_ended_by     => 'ended_by' ]);

# The orders of a window: the ORDER BY, the variant of the reference, and what tells
# instants of equal time apart.
my %ORDER = (
	time   => [ 'event_time',             'time',   '0' ],
	first  => [ 'event_time NULLS FIRST', 'time',   '0' ],
	tie    => [ 'event_time, tie',        'tie',    'tie' ],
	strict => [ 'event_time, row_id',     'strict', 'row_id' ],
	pos    => [ 'pos',                    'tie',    'tie' ]);

# Workers, and an aggregate that is split between them: they cost nothing, rows that leave
# them do, and groups are few, as the planner is made to believe below.
my %PARALLEL = (
	max_parallel_workers_per_gather => 4,
	min_parallel_table_scan_size    => 0,
	parallel_setup_cost             => 0,
	parallel_tuple_cost             => 1);

sub arguments { return join ', ', @ARGUMENTS[ 0 .. $_[0] - 1 ]; }

# One call as a column, named like the function or as told.
sub call
{
	my ($function, $arguments, $name) = @_;
	return "sessionize.$function($arguments) OVER w AS " . ($name // $function);
}

# That column outside: times as the numeric microseconds in which the reference speaks.
# (Outside, because PostgreSQL inlines ref.micros() of a column, but not of a call.)
sub told { return $_[0] =~ /^session_(start|end)\d*$/ ? "ref.micros($_[0])" : $_[0]; }

sub answers
{
	my ($kind, $ord, $arity) = @_;
	return "ref.row_answer WHERE kind = '$kind' AND ord = '$ord' AND arity = $arity";
}

# A check of some functions over one window.  No row_id in it: peers may be numbered in any
# order, so an instant is compared as a set (all else is equal among peers anyway).
sub window_check
{
	my ($name, $kind, $order, $arity, $functions, %option) = @_;
	my ($by, $ord, $tie) = @{ $ORDER{$order} };
	my $frame = $option{frame} // '';
	my $arguments = $option{arguments} // arguments($arity);
	my $calls = join ",\n  ", map { call($_->[0], $arguments) } @$functions;
	my $told = join ', ', map { told($_->[0]) } @$functions;
	my $columns = join ', ', map { $_->[1] } @$functions;
	return {
		name     => "$kind: $name",
		settings => $option{settings},
		left     => "SELECT case_id, actor, ref.micros(event_time) AS t, tie, $told\n"
		  . "FROM (SELECT case_id, actor, event_time, $tie AS tie,\n  $calls\nFROM ref.event_$kind\n"
		  . "WINDOW w AS (PARTITION BY case_id, actor ORDER BY $by $frame)) AS s",
		right => "SELECT case_id, actor, t, tie, $columns FROM " . answers($kind, $ord, $arity)
	};
}

# What does not depend on the type is asked of one type a round, which the seed decides.
sub is_chosen { return $_[0] eq $Differential::KINDS[ $seed % @Differential::KINDS ]; }

sub window_checks
{
	my ($kind) = @_;
	my @checks;

	push @checks, window_check("all functions, $_ arguments", $kind, 'time', $_, \@FUNCTIONS) for 2 .. 6;
	push @checks, window_check("all functions, ordered by $_", $kind, $_, 6, \@FUNCTIONS)
	  for qw(first tie strict pos);
	for my $function (@FUNCTIONS)
	{
		my @arities = is_chosen($kind) ? 2 .. 6 : (6);
		push @checks, window_check("$function->[0] alone, $_ arguments", $kind, 'time', $_, [$function])
		  for @arities;
		push @checks, window_check("$function->[0] alone, ordered by pos", $kind, 'pos', 6, [$function]);
	}
	push @checks, window_check('named arguments', $kind, 'time', 6, \@FUNCTIONS,
		arguments => join ', ', map { "$_ => $_" } reverse @ARGUMENTS);

	# The frame does not matter.
	for my $frame ('ROWS BETWEEN 1 PRECEDING AND CURRENT ROW', 'ROWS CURRENT ROW',
		'RANGE BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING EXCLUDE GROUP',
		'GROUPS BETWEEN 2 FOLLOWING AND 3 FOLLOWING')
	{
		push @checks, window_check("frame $frame", $kind, 'time', 6, \@FUNCTIONS, frame => $frame);
	}
	for my $setting (
		[ 'little memory',         { work_mem => '64kB' } ],
		[ 'little memory, index',  { work_mem => '64kB', enable_sort => 'off' } ],
		[ 'a parallel scan below', { %PARALLEL, parallel_tuple_cost => 0 } ],
		[ 'other settings of time',
			{ TimeZone => 'America/St_Johns', IntervalStyle => 'iso_8601', DateStyle => 'SQL, DMY' } ])
	{
		my ($name, $settings) = @$setting;
		push @checks, window_check($name, $kind, 'strict', 6, \@FUNCTIONS, settings => $settings);
	}

	# Functions of one window that are given different arguments must not share answers.
	my %some = map { $_->[0] => $_->[1] } @FUNCTIONS[ 0, 2, 6 ];
	my @some = map { my $n = $_; map { [ $_, $n, "$_$n" ] } sort keys %some } 2 .. 6;
	push @checks, {
		name => "$kind: different arguments in one window",
		left => 'SELECT case_id, actor, row_id, ' . join(', ', map { told($_->[2]) } @some)
		  . "\nFROM (SELECT case_id, actor, row_id,\n  "
		  . join(",\n  ", map { call($_->[0], arguments($_->[1]), $_->[2]) } @some)
		  . "\nFROM ref.event_$kind WINDOW w AS (PARTITION BY case_id, actor ORDER BY event_time)) AS s",
		right => 'SELECT case_id, actor, row_id, '
		  . join(', ', map { "max($some{$_->[0]}) FILTER (WHERE arity = $_->[1])" } @some)
		  . " FROM ref.row_answer WHERE kind = '$kind' AND ord = 'time' GROUP BY case_id, actor, row_id"
	};
	return @checks;
}

# Checks of window functions, by session scans or without: the seed decides for each by
# which, and those of all functions at once are made both ways.
my %WITHOUT_NODE = ('sessionize.enable_session_scan' => 'off');

sub both_ways
{
	my $turn = $seed;
	return map {
		my $check = $_;
		my $off = { %$check, name => "$check->{name}, without session scans",
			settings => { %{ $check->{settings} // {} }, %WITHOUT_NODE } };
		$check->{name} =~ /all functions|one case at a time/ ? ($check, $off) : $turn++ % 2 ? $check : $off;
	} @_;
}

# ---------- conditions and limits above the window ----------

# One partition after the other is best read by index, whatever the planner was made to
# believe about the number of cases.
my %BY_INDEX = (enable_seqscan => 'off');

# Case by case, so that max_duration and require_restart are the same in all rows and can
# be left to a session scan, which is read anew for each.
sub case_checks
{
	my ($kind) = @_;
	my ($last, @first) = reverse map { "o.$_" } @ARGUMENTS[ 0 .. 3 ];
	my $arguments = join ', ', reverse(@first), $last;
	my $calls = join ",\n  ", map { call($_->[0], "$arguments, g.max_duration, g.require_restart") } @FUNCTIONS;
	return map { +{
		name     => "$kind: all functions, one case at a time, $_->[0]",
		settings => { %BY_INDEX, %{ $_->[1] } },
		left     => 'SELECT g.case_id, actor, ref.micros(event_time) AS t, ' . join(', ', map { told($_->[0]) } @FUNCTIONS)
		  . "\nFROM (SELECT case_id, max(max_duration) AS max_duration, bool_or(require_restart) AS require_restart"
		  . " FROM ref.event_$kind GROUP BY case_id) AS g CROSS JOIN LATERAL (\n"
		  . " SELECT o.actor, o.event_time,\n  $calls\n FROM ref.event_$kind AS o WHERE o.case_id = g.case_id\n"
		  . " WINDOW w AS (PARTITION BY o.actor ORDER BY o.event_time)) AS s",
		right => 'SELECT case_id, actor, t, ' . join(', ', map { $_->[1] } @FUNCTIONS) . ' FROM ' . answers($kind, 'time', 6)
	} } [ 'gathered', { enable_sort => 'off' } ], [ 'streamed', {} ], [ 'little memory', { work_mem => '64kB', hash_mem_multiplier => 1, enable_sort => 'off' } ];
}

# The planner may use a condition on a function that only grows to end a window early (its
# run condition).  The number does not only grow: rows without a time and runs that are no
# session have none, in the middle too.  A window with PARTITION BY and one without stop in
# different ways.
sub condition_checks
{
	my ($kind) = @_;
	my $calls = join ",\n  ", call('session_number', arguments(6), 'n'),
	  call('session_event_number', arguments(6), 'e'), call('session_event_count', arguments(6), 'c');
	my @checks;

	for my $condition ('n <= 2', '2 > n', 'n = 2', 'n BETWEEN 2 AND 3', 'n >= 2', 'n IS NULL',
		'n <= 1 AND e <= 2', 'e < 3', 'c <= 2 AND n <= 3')
	{
		for my $order ($condition =~ /e/ ? qw(strict) : qw(time pos))
		{
			my ($by, $ord) = @{ $ORDER{$order} };
			my $inner = "row_id,\n  $calls\n FROM ref.event_$kind AS o";
			my $right = "SELECT case_id, actor, row_id, n FROM (SELECT *, session_number AS n,"
			  . " event_number AS e, event_count AS c FROM " . answers($kind, $ord, 6) . ") AS s WHERE $condition";
			push @checks, {
				name => "$kind: WHERE $condition, ordered by $order",
				left => "SELECT case_id, actor, row_id, n FROM (SELECT case_id, actor, $inner\n"
				  . " WINDOW w AS (PARTITION BY case_id, actor ORDER BY $by)) AS s WHERE $condition",
				right => $right
			};
			next unless is_chosen($kind);
			push @checks, {
				name => "$kind: WHERE $condition, ordered by $order, without PARTITION BY",
				settings => {%BY_INDEX},
				left => "SELECT g.case_id, g.actor, s.row_id, s.n\n"
				  . "FROM (SELECT DISTINCT case_id, actor FROM ref.event_$kind) AS g CROSS JOIN LATERAL (\n"
				  . " SELECT * FROM (SELECT $inner\n"
				  . " WHERE o.case_id = g.case_id AND o.actor IS NOT DISTINCT FROM g.actor\n"
				  . " WINDOW w AS (ORDER BY $by)) AS i WHERE $condition) AS s",
				right => $right
			};
		}
	}
	for my $limit (1, 3)
	{
		push @checks, {
			name => "$kind: LIMIT $limit",
			settings => {%BY_INDEX},
			left => 'SELECT g.case_id, g.actor, row_id, ' . join(', ', map { told($_->[0]) } @FUNCTIONS) . "\n"
			  . "FROM (SELECT DISTINCT case_id, actor FROM ref.event_$kind) AS g CROSS JOIN LATERAL (\n"
			  . " SELECT row_id, " . join(",\n  ", map { call($_->[0], arguments(6)) } @FUNCTIONS) . "\n"
			  . " FROM ref.event_$kind AS o\n"
			  . " WHERE o.case_id = g.case_id AND o.actor IS NOT DISTINCT FROM g.actor\n"
			  . " WINDOW w AS (ORDER BY event_time, row_id)\n"
			  . " ORDER BY event_time, row_id LIMIT $limit) AS s",
			right => 'SELECT case_id, actor, row_id, ' . join(', ', map { $_->[1] } @FUNCTIONS)
			  . ' FROM (SELECT *, row_number() OVER (PARTITION BY part ORDER BY t, row_id) AS place FROM '
			  . answers($kind, 'strict', 6) . ") AS s WHERE place <= $limit"
		};
	}
	return @checks;
}

# ---------- aggregates ----------

my %PARTITIONWISE = (
	enable_partitionwise_aggregate  => 'on',
	max_parallel_workers_per_gather => 0,
	cpu_tuple_cost                  => 1);

# A whole plan in a worker, for the sake of it.  The name is that of PostgreSQL 16 and later.
my %IN_A_WORKER = (
	debug_parallel_query            => 'on',
	max_parallel_workers_per_gather => 2,
	parallel_setup_cost             => 1e9);

# How groups can come about: name, table (a suffix), settings, and what the plan must show.
my $PARTIAL = qr/Partial (Hash|Group)?Aggregate/;
my @MODES = (
	[ 'plain',        '', {} ],
	[ 'hashed, 64kB', '', { work_mem => '64kB' },       qr/HashAggregate/ ],
	[ 'sorted',       '', { enable_hashagg => 'off' },  qr/GroupAggregate/ ],
	[ 'parallel',     '', {%PARALLEL},                  $PARTIAL, qr/Gather/ ],
	[ 'parallel, sorted, 64kB', '', { %PARALLEL, enable_hashagg => 'off', work_mem => '64kB' },
		$PARTIAL, qr/Gather/ ],
	[ 'parallel, leader idle', '', { %PARALLEL, parallel_leader_participation => 'off' },
		$PARTIAL, qr/Gather/ ],
	[ 'all in a worker', '', {%IN_A_WORKER},            qr/Gather\n\s+Workers Planned: 1\n\s+Single Copy: true/ ],
	[ 'partitionwise', '_by_case', {%PARTITIONWISE},    qr/Append\n\s+->  \w*Aggregate/ ],
	[ 'partitionwise, partial', '_by_row', {%PARTITIONWISE},
		qr/Append\n\s+->  Partial \w*Aggregate/ ],
	[ 'partitionwise, partial, parallel', '_by_row', { %PARTITIONWISE, %PARALLEL },
		$PARTIAL, qr/Gather/ ]);

my $IN_MICROSECONDS = 'extract(epoch FROM %s) * 1000000';

# The three aggregates of a group in one query, or those picked of them.
sub groups_check
{
	my ($kind, $mode, $arity, %option) = @_;
	my ($name, $table, $settings) = @$mode;
	my $arguments = arguments($arity) . ($option{order} // '');
	my $filter = $option{filter} // '';
	my @columns = (
		[ "sessionize.session_count($arguments) $filter", 'session_count' ],
		[ sprintf($IN_MICROSECONDS, "(sessionize.time_in_session($arguments) $filter)"), 'time_in_session' ],
		[ "cardinality(sessionize.sessions($arguments) $filter)", 'session_count' ]);
	@columns = @columns[ @{ $option{pick} } ] if $option{pick};
	return {
		name => "$kind: groups, $name, $arity arguments" . ($option{name} // ''),
		settings => $settings,
		left => 'SELECT case_id, actor, ' . join(', ', map { $_->[0] } @columns)
		  . "\nFROM ref.event_$kind$table GROUP BY " . ($option{group} // 'case_id, actor'),
		right => 'SELECT case_id, actor, ' . join(', ', map { $_->[1] } @columns)
		  . " FROM ref.group_answer WHERE kind = '$kind' AND ord = 'time' AND arity = $arity"
	};
}

# sessions(), each a row; n is its place in the array.
sub sessions_check
{
	my ($kind, $mode, $arity, %option) = @_;
	my ($name, $table, $settings) = @$mode;
	my $arguments = arguments($arity) . ($option{order} // '');
	my $duration = sprintf $IN_MICROSECONDS, 'u.duration';
	return {
		name => "$kind: sessions, $name, $arity arguments" . ($option{name} // ''),
		settings => $settings,
		left => "SELECT g.case_id, g.actor, u.n, u.session_number, ref.micros(u.started_at),"
		  . " ref.micros(u.ended_at),\n  $duration, u.event_count, u.started_by\n"
		  . "FROM (SELECT case_id, actor, sessionize.sessions($arguments) AS s\n"
		  . " FROM ref.event_$kind$table GROUP BY case_id, actor) AS g\n"
		  . " CROSS JOIN LATERAL unnest(g.s) WITH ORDINALITY\n"
		  . " AS u(session_number, started_at, ended_at, duration, event_count, started_by, n)",
		right => "SELECT case_id, actor, session_number AS n, session_number, started_at, ended_at,"
		  . " duration, event_count, started_by FROM ref.session"
		  . " WHERE kind = '$kind' AND ord = 'time' AND arity = $arity AND is_session"
	};
}

# Aggregates over a window: of the whole partition, and of the events so far, where the
# final function is called again and again on a state that goes on growing.
sub running_checks
{
	my ($kind) = @_;
	my $columns = sub {
		my ($window) = @_;
		return "SELECT case_id, actor, row_id, sessionize.session_count(" . arguments(6) . ") OVER $window,\n  "
		  . sprintf($IN_MICROSECONDS, 'sessionize.time_in_session(' . arguments(6) . ") OVER $window")
		  . "\nFROM ref.event_$kind";
	};
	return (
		{	name => "$kind: aggregates of the partition on each row",
			left => $columns->('(PARTITION BY case_id, actor)'),
			right => "SELECT r.case_id, r.actor, r.row_id, g.session_count, g.time_in_session"
			  . " FROM ref.row_answer AS r JOIN ref.group_answer AS g USING (part)"
			  . " WHERE r.kind = '$kind' AND r.ord = 'time' AND r.arity = 6" },
		{	name => "$kind: aggregates of the events so far",
			left => $columns->('(PARTITION BY case_id, actor ORDER BY event_time)')
			  . ' WHERE case_id % 3000 <> 17',
			right => "SELECT case_id, actor, row_id, session_count, time_in_session"
			  . " FROM ref.running_answer WHERE kind = '$kind' AND arity = 6 AND case_id % 3000 <> 17" });
}

# One group of everything, large enough for states of more than one block; with one constant
# inactivity plain SQL answers without recursion.
sub everything_check
{
	my ($kind, $mode) = @_;
	my ($name, $table, $settings) = @$mode;
	my $columns = 'u.session_number, ref.micros(u.started_at), ref.micros(u.ended_at), u.event_count, u.started_by';
	return {
		name => "$kind: everything in one group, $name",
		settings => $settings,
		left => "SELECT NULL AS case_id, $columns\nFROM unnest((SELECT sessionize.sessions(event_time, interval '1 hour')"
		  . " FROM ref.event_$kind$table)) AS u",
		right => <<~SQL
			SELECT NULL, n, min(t), max(t), count(*), CASE n WHEN 1 THEN 'first' ELSE 'inactivity' END
			FROM (SELECT t, count(*) FILTER (WHERE cut) OVER (ORDER BY t) AS n
				  FROM (SELECT t, coalesce(t > lag(t) OVER (ORDER BY t) + 3600000000, true) AS cut
						FROM ref.event WHERE kind = '$kind' AND t IS NOT NULL) AS p) AS s
			GROUP BY n
			SQL
	};
}

sub aggregate_checks
{
	my ($kind) = @_;
	my @checks;

	for my $arity (2 .. 5)
	{
		push @checks, groups_check($kind, $MODES[0], $arity), sessions_check($kind, $MODES[0], $arity),
		  groups_check($kind, $MODES[3], $arity), sessions_check($kind, $MODES[3], $arity);
	}
	push @checks, groups_check($kind, $_, 6), sessions_check($kind, $_, 6) for @MODES;
	push @checks, groups_check($kind, $MODES[0], 6, name => ', the only one', pick => [$_]) for 0 .. 2;
	for my $order ('event_time DESC', 'event_time NULLS FIRST, row_id', 'row_id')
	{
		push @checks, groups_check($kind, $MODES[0], 6, name => ", fed by $order", order => " ORDER BY $order"),
		  sessions_check($kind, $MODES[0], 6, name => ", fed by $order", order => " ORDER BY $order");
	}
	push @checks, groups_check($kind, $MODES[0], 6, name => ', without the rows that count for nothing',
		filter => 'FILTER (WHERE event_time IS NOT NULL)');
	push @checks, groups_check($kind, [ 'two grouping sets', '', {} ], 6,
		group => 'GROUPING SETS ((case_id, actor), (case_id, actor, row_id)) HAVING grouping(row_id) = 1');
	push @checks, everything_check($kind, $_) for @MODES;
	return @checks, running_checks($kind);
}

# The value at the earliest and latest time.  Of equal times the non-NULL one counts, then
# the smallest (largest), then the order of bytes: *< compares the images of rows, which
# tells 1.0 from 1.00.
sub first_last_checks
{
	my ($kind) = @_;
	my (@left, @right);
	for my $value (qw(value_int value_text value_numeric))
	{
		push @left, "sessionize.first($value, event_time)::text", "sessionize.last($value, event_time)::text";
		push @right, map { "(array_agg($value ORDER BY $_) FILTER (WHERE event_time IS NOT NULL))[1]::text" }
		  "event_time, $value IS NULL, $value, ROW($value) USING OPERATOR(pg_catalog.*<)",
		  "event_time DESC, $value IS NULL, $value DESC, ROW($value) USING OPERATOR(pg_catalog.*>)";
	}
	return map { +{
		name => "$kind: first and last, $_->[0]",
		settings => $_->[2],
		left => 'SELECT case_id, actor, ' . join(",\n  ", @left) . "\nFROM ref.event_$kind$_->[1] GROUP BY case_id, actor",
		right => 'SELECT case_id, actor, ' . join(', ', @right) . " FROM ref.event_$kind GROUP BY case_id, actor"
	} } @MODES;
}

# ---------- are the cases worth anything? ----------

# What the cases must contain, at least so often in 3000 cases.
my $CALLED = "ref.session WHERE ord = 'time' AND arity = 6";
my @COVERAGE = (
	(map { [ "sessions started by $_", 300, "$CALLED AND is_session AND started_by = '$_'" ] }
		qw(first restart end inactivity max_duration)),
	(map { [ "sessions ended by $_", 300, "$CALLED AND is_session AND ended_by = '$_'" ] }
		qw(restart end inactivity max_duration)),
	[ 'sessions without an end', 300, "$CALLED AND is_session AND ended_by IS NULL" ],
	[ 'sessions of many instants', 300, "$CALLED AND instants > 2" ],
	[ 'runs that are no session, before a session', 200,
		"ref.session s WHERE ord = 'time' AND arity = 6 AND NOT is_session AND EXISTS (
		   SELECT FROM ref.session n WHERE n.part = s.part AND n.run > s.run AND n.is_session)" ],
	[ 'runs that are no session, after a session', 200,
		"ref.session s WHERE ord = 'time' AND arity = 6 AND NOT is_session AND EXISTS (
		   SELECT FROM ref.session n WHERE n.part = s.part AND n.run < s.run AND n.is_session)" ],
	[ 'instants of mixed flags', 300, "ref.instant WHERE mixed" ],
	[ 'instants whose first row in the heap does not restart, but the last', 100,
		"(SELECT array_agg(coalesce(restart_on, false) ORDER BY ctid) AS flags FROM ref.event_timestamptz
		  WHERE event_time IS NOT NULL GROUP BY case_id, actor, event_time) AS i
		 WHERE NOT flags[1] AND flags[cardinality(flags)]" ],
	(map { my ($what, $sum) = @$_;
		[ "instants $what the expiry", 100, "ref.pause WHERE t = expiry + $sum" ],
		[ "instants $what the deadline", 50, "ref.pause WHERE t = deadline + $sum" ] }
		[ 'exactly at', 0 ], [ 'one after', 1 ], [ 'one before', -1 ]),
	(map { [ "rows without a time, $_", 200, "ref.event_$_ WHERE event_time IS NULL" ] } @Differential::KINDS),
	[ 'rows without a time amid others, by pos', 300,
		"ref.event_timestamptz e WHERE event_time IS NULL AND EXISTS (SELECT FROM ref.event_timestamptz n
		   WHERE n.case_id = e.case_id AND n.actor IS NOT DISTINCT FROM e.actor
		   AND n.pos >= e.pos AND n.event_time IS NOT NULL)" ],
	[ 'partitions without any time', 300,
		"(SELECT FROM ref.event GROUP BY case_id, actor HAVING count(t) = 0) AS p" ],
	[ 'partitions of actor NULL', 300, "(SELECT DISTINCT case_id FROM ref.event WHERE actor IS NULL) AS p" ],
	[ 'NULL flags', 300, "ref.event WHERE restart_on IS NULL OR end_on IS NULL" ],
	[ 'inactivity that is never', 100, "ref.event WHERE g = 'Infinity'" ],
	[ 'inactivity of 2^63 - 1', 50, "ref.event_bigint WHERE inactivity = 9223372036854775807" ],
	[ 'inactivity of 2^63 - 2', 50, "ref.event WHERE g = 9223372036854775806" ],
	[ 'inactivity of zero', 100, "ref.event WHERE g = 0" ],
	[ 'sums beyond 64 bits', 100, "ref.event WHERE t + g BETWEEN 9223372036854775808 AND 1e30" ],
	[ 'times beyond 64 bits since 1970', 20, "ref.event WHERE t BETWEEN 9223372036854775808 AND 1e30" ],
	[ 'infinite times', 50, "ref.event WHERE t IN ('Infinity', '-Infinity')" ],
	[ 'years before Christ', 300, "ref.event_timestamptz WHERE event_time < '0001-01-01' AND isfinite(event_time)" ],
	[ 'saturated durations', 20, "ref.session WHERE duration = 9223372036854775807" ],
	[ 'saturated sums of durations', 3, "ref.group_answer g WHERE time_in_session = 9223372036854775807
	    AND (SELECT max(duration) FROM ref.session s WHERE s.part = g.part AND is_session) < 9223372036854775807" ],
	[ 'values of equal number and unequal bytes at one time', 20,
		"(SELECT FROM ref.event_timestamptz WHERE event_time IS NOT NULL GROUP BY case_id, actor, event_time, value_numeric
		  HAVING count(DISTINCT value_numeric::text) > 1) AS v" ]);

sub coverage
{
	my ($d) = @_;
	# the instants but the first, with the limits of the run before them
	$d->must('CREATE TABLE ref.pause AS SELECT t, lag(expiry) OVER w AS expiry, lag(deadline) OVER w AS deadline'
		  . ' FROM ref.step WINDOW w AS (PARTITION BY part ORDER BY i)');
	for my $item (@COVERAGE)
	{
		my ($what, $least, $from) = @$item;
		my $count = $d->must("SELECT count(*) FROM $from");
		cmp_ok($count, '>=', $least * $cases / 3000, "covered: $what ($count)");
	}
	$d->must('DROP TABLE ref.pause');
	return;
}

# The reference, broken: name, and which text of reference.sql becomes what.  Each is a
# mistake an implementation could make.
my @MUTANTS = (
	[ 'a pause of exactly inactivity cuts',  'n.t > s.expiry'    => 'n.t >= s.expiry' ],
	[ 'exactly max_duration cuts',           'n.t > s.deadline'  => 'n.t >= s.deadline' ],
	[ 'max_duration counts from the last event', 'THEN s.deadline' =>
		q{THEN mutant.later(n.t, coalesce(n.cap, 'Infinity'))} ],
	[ 'peers are split',                     "'time' THEN 0"     => "'time' THEN e.row_id" ],
	[ 'the first of the peers restarts',     'bool_or(restarts) AS' => '(array_agg(restarts ORDER BY expiry))[1] AS' ],
	[ 'all peers must restart',              'bool_or(restarts) AS' => 'bool_and(restarts) AS' ],
	[ 'all peers must end',                  'bool_or(ends) AS'  => 'bool_and(ends) AS' ],
	[ 'the last event decides the expiry',   'THEN greatest(s.expiry, n.expiry)' => 'THEN n.expiry' ],
	[ 'the expiry outlives its session',     'ELSE n.expiry END' => 'ELSE greatest(s.expiry, n.expiry) END' ],
	[ 'the shortest inactivity of peers counts', 'max(expiry) AS' => 'min(expiry) AS' ],
	[ 'a NULL flag restarts',                'coalesce(e.restart_on, false)' => 'coalesce(e.restart_on, true)' ],
	[ 'an end event begins a session',       'WHEN s.ends THEN'  => 'WHEN n.ends THEN' ],
	[ 'end comes before restart',            "WHEN n.restarts THEN 'restart'" =>
		"WHEN s.ends THEN 'end' WHEN n.restarts THEN 'restart'" ],
	[ 'max_duration comes before inactivity', 'WHEN n.t > s.expiry' =>
		"WHEN n.t > s.deadline THEN 'max_duration' WHEN n.t > s.expiry" ],
	[ 'the first restart is a first',        "CASE WHEN restarts THEN 'restart' ELSE 'first' END" => "'first'::text" ],
	[ 'a session lasts until its expiry',    'max(t) AS ended_at' => 'max(expiry) AS ended_at' ],
	[ 'ended_by is the next cause',          "CASE WHEN r.ends THEN 'end'" => "CASE WHEN false THEN 'end'" ],
	[ 'ended_by is the next session\'s cause', 'OVER (PARTITION BY part ORDER BY r.run)' =>
		"OVER (PARTITION BY part, r.started_by = 'restart' OR NOT p.require_restart ORDER BY r.run)" ],
	[ 'runs are numbered, not sessions',     'count(*) FILTER (WHERE is_session) OVER' => 'count(*) OVER' ],
	[ 'require_restart is ignored',          "r.started_by = 'restart' OR NOT p.require_restart AS" => 'true AS' ],
	[ 'never is only long',                  "THEN 'Infinity'::numeric\n\t\t\t\tELSE extract" =>
		"THEN 9223372036854775807\n\t\t\t\tELSE extract" ],
	[ '2^63 - 1 microseconds are not never', '* 1000000 >= 9223372036854775807' => '* 1000000 > 9223372036854775807' ],
	[ '2^63 - 2 microseconds are never',     '* 1000000 >= 9223372036854775807' => '* 1000000 >= 9223372036854775806' ],
	[ 'a sum stops at 64 bits',              'ELSE t + g END'    => 'ELSE least(t + g, 9223372036854775807) END' ],
	[ 'a sum wraps around',                  'ELSE t + g END'    =>
		'WHEN t + g > 9223372036854775807 THEN t + g - 18446744073709551616 ELSE t + g END' ],
	[ 'infinite pauses are survived',        "WHEN g = 'Infinity' THEN g" =>
		"WHEN g = 'Infinity' OR abs(t) = 'Infinity' THEN 'Infinity'::numeric" ],
	[ 'whole seconds only',                  'ref.later(e.t, e.g)' => 'mutant.later(trunc(e.t, -6), e.g)' ],
	[ 'durations do not saturate',           'least(b - a, 9223372036854775807)' => 'b - a' ]);

# The cases to try mutants on: some, more of those at the ends of the range, none of the long.
my $sample = 'case_id % 3000 <> 17 AND (case_id <= 250 OR case_id <= 1500 AND 9223372036854775806 = ANY (spans))';

# The text of the reference with one text replaced.  With a schema: a copy to be loaded there,
# of the sample and one variant.
sub mutant
{
	my ($from, $to, $schema) = @_;
	my $sql = Differential::sql_file('reference.sql');
	my $count = () = $sql =~ /\Q$from\E/g;
	die "\"$from\" occurs $count times in reference.sql\n" unless $count == 1;
	$sql =~ s/\Q$from\E/$to/;
	if ($schema)
	{
		$sql =~ s/(FROM ref\.event)\) AS e/$1 WHERE case_id IN (SELECT case_id FROM ref.plan WHERE $sample)) AS e/ or die;
		$sql =~ s/(CROSS JOIN ref\.variant AS v)/$1 WHERE v.variant = 6/ or die;
		$sql =~ s/\bref\.(?!event_|plan)/$schema./g;
		$sql = "SET client_min_messages = warning; DROP SCHEMA IF EXISTS $schema CASCADE; CREATE SCHEMA $schema;\n$sql";
		$sql .= "SELECT $schema.refresh();\n";
	}
	return $sql;
}

sub mutants_are_noticed
{
	my ($d) = @_;
	$d->must(mutant('CREATE TABLE' => 'CREATE TABLE', 'sane'));
	for my $mutant (@MUTANTS)
	{
		my ($name, $from, $to) = @$mutant;
		$d->must(mutant($from, $to, 'mutant'));
		my $noticed = $d->must(join ' + ', 'SELECT 0', map {
			my $rows = "SELECT $_->[1] FROM %s.$_->[0]";
			'(SELECT count(*) FROM (' . sprintf($rows, 'mutant') . ' EXCEPT ALL ' . sprintf($rows, 'sane') . ') AS d)'
		} [ 'row_answer', 'case_id, actor, row_id, session_number, started_at, ended_at, event_count,'
				. ' started_by, ended_by' ],
			[ 'group_answer', 'case_id, actor, session_count, time_in_session' ],
			[ 'session', 'case_id, actor, session_number, duration' ]);
		cmp_ok($noticed, '>', 0, "noticed when $name ($noticed rows)");
	}
	$d->must('SET client_min_messages = warning; DROP SCHEMA sane, mutant CASCADE');
	return;
}

# ---------- the rounds ----------

my $node = start_cluster('differential');
my $version = $node->safe_psql('postgres', 'SHOW server_version_num');

my $reference = Differential::sql_file('reference.sql');
if (my $name = $ENV{SESSIONIZE_MUTANT})
{
	my ($mutant) = grep { $_->[0] eq $name } @MUTANTS or die "no mutant \"$name\"\n";
	$mutant->[2] =~ s/\bmutant\./ref./g;
	$reference = mutant(@$mutant[ 1, 2 ]);
}
$node->safe_psql('postgres', $_)
  for Differential::sql_file('events.sql'), $reference, Differential::sql_file('generator.sql');
$node->safe_psql('postgres', "ALTER DATABASE postgres SET jit = off");
$node->safe_psql('postgres', "ALTER DATABASE postgres SET max_parallel_workers_per_gather = 0");
# Groups that promise to be few make it worth while to aggregate in parts.
$node->safe_psql('postgres', $_) for split /\n/, $node->safe_psql('postgres', <<~'SQL');
	SELECT format('ALTER TABLE %s ALTER case_id SET (n_distinct = 1, n_distinct_inherited = 1)', oid::regclass)
	FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'ref'::regnamespace AND relname ~ '^event_'
	SQL
$node->safe_psql('postgres', "ALTER TABLE ref.event_$_ SET (parallel_workers = 4)") for @Differential::KINDS;

for my $round (1 .. $rounds)
{
	note("seed $seed: SESSIONIZE_SEED=$seed SESSIONIZE_CASES=$cases replays this round");
	my $started = time;
	my $d = Differential->new(node => $node, seed => $seed, cases => $cases,
		refill => 'SELECT ref.partition();',
		rename => $version < 160000 ? { debug_parallel_query => 'force_parallel_mode' } : {});
	$d->must("SELECT ref.generate($seed, $cases); SELECT ref.refresh(); SELECT ref.partition();");
	if ($round == 1 && $cases >= 1000)
	{
		coverage($d);
		mutants_are_noticed($d) unless $ENV{SESSIONIZE_MUTANT};
	}
	for my $kind (@Differential::KINDS)
	{
		$d->compare($_) for both_ways(window_checks($kind), case_checks($kind), condition_checks($kind)),
		  first_last_checks($kind);
		if ($round == 1 && $cases >= 1000)
		{
			my ($gathered, $streamed) = case_checks($kind);
			$d->plan_has(window_check("all functions, $_ arguments", $kind, 'time', $_, \@FUNCTIONS), qr/Session Scan/) for 2 .. 4;
			$d->plan_has($gathered, qr/Session Scan/, qr/Strategy: (in order|sorted)/);
			$d->plan_has($streamed, qr/Session Scan/);
		}
		next if $kind eq 'bigint';
		$d->compare($_) for aggregate_checks($kind);
		next if $round > 1 || $cases < 1000;
		for my $mode (grep { @$_ > 3 } @MODES)
		{
			$d->plan_has(groups_check($kind, $mode, 6), @$mode[ 3 .. $#$mode ]);
		}
	}
	note(sprintf 'round %d of %d: %d s', $round, $rounds, time - $started);
	$seed = ($seed + 1) % 1_000_000_000;
}

# No rows at all: an empty answer, not a NULL.
is( $node->safe_psql('postgres', <<~SQL), '{}|0|00:00:00|t|t', 'aggregates of no rows');
	SELECT sessionize.sessions(event_time, inactivity), sessionize.session_count(event_time, inactivity),
		   sessionize.time_in_session(event_time, inactivity),
		   sessionize.first(value_int, event_time) IS NULL, sessionize.last(value_int, event_time) IS NULL
	FROM ref.event_timestamptz WHERE false
	SQL

done_testing();
