# definitions_differential.pl: named definitions and their metrics against plain SQL.
#
# Each round makes random event tables, random definitions with random metrics, and asks the
# three views of each what a hand-written query would say.  Which event is in which session
# comes from the reference of differential.pl (reference/reference.sql, in numeric
# microseconds); sessions, metrics, picks, nth, keep and totals are then GROUP BYs and window
# counts over those labels.  Agreement is an empty EXCEPT ALL both ways.  The same is asked
# of read() and session_sql(), by session scans and without, with what-if arguments too, after define_session(replace), and
# after metrics were replaced and dropped.  A round near now() runs in one transaction.
#
#   SESSIONIZE_SEED=n      replay from the round with that seed (it is printed)
#   SESSIONIZE_CASES=n     definitions in all, 150 by default
#   SESSIONIZE_ONLY=n      only that definition of each round
#   SESSIONIZE_LONG=1      5,000 definitions
#   SESSIONIZE_MUTANT=name compare with an oracle that is broken in that way: must fail
use strict;
use warnings;

use FindBin;
use lib $FindBin::Bin, "$FindBin::Bin/../reference";
use Differential;
use SessionizeTest;
use Test::More;
use Time::HiRes qw(time);

my $PER_ROUND = 50;
my $total     = $ENV{SESSIONIZE_CASES} || ($ENV{SESSIONIZE_LONG} ? 5000 : 150);
# By default always the same definitions, since coverage and mutants are asserted;
# the long run draws new ones.
my $seed      = $ENV{SESSIONIZE_SEED} // ($ENV{SESSIONIZE_LONG} ? int(rand(1_000_000_000)) : 5);
my $only      = $ENV{SESSIONIZE_ONLY};
my $broken    = $ENV{SESSIONIZE_MUTANT} // '';

# ---------- small things ----------

sub die_of { return int(rand($_[0])); }
sub one { return $_[ rand @_ ]; }
sub chance { return rand(100) < $_[0]; }
sub lit { my ($s) = @_; return 'NULL' unless defined $s; $s =~ s/'/''/g; return "'$s'"; }
sub ident { my ($s) = @_; $s =~ s/"/""/g; return qq{"$s"}; }

# ---------- the sources ----------

my @KINDS = qw(login logout view purchase error);
my @PAGES = qw(start a b c);

# The columns beyond those that every source has: names that a generated query could trip over.
my @AWKWARD = ('session_number integer', 'session_id text', 'label_number integer',
	'label_time text', 'event text', 'w integer', 'session text', 'started_at text');

# One table of events.  near: times around now(), for the transaction that makes them.
sub make_source
{
	my ($n, $near) = @_;
	my $kind = $n % 2 ? 'timestamp' : 'timestamptz';
	my %s = (
		near => $near, name => "app.source_$n", kind => $kind, unit => $near ? '10 minutes'
		  : one('1 second', '1 minute', '10 minutes', '10 minutes', '1 hour', '24 hours'),
		base => one('2024-03-09 20:00:00+00', '2023-12-31 22:30:00+00', '1999-06-01 00:00:00+00',
			'0044-03-15 10:00:00+00 BC', '2025-10-26 00:30:00+00'));
	$s{infinite} = !$near && $n == 2;
	my @columns = ('id bigint', 'user_id integer', 'device text', 'acct numeric', 'platform text',
		"ts $kind", "ts2 $kind", 'day date', 'kind text', 'page text', 'amount numeric(8,2)',
		'score double precision', 'duration integer', 'event_count bigint', 'ok boolean', 'x boolean');
	push @columns, @AWKWARD if $n == 3;
	splice @columns, 3, 0, 'gone integer' if $n == 4;
	my @names = map { (split)[0] } @columns;
	my $rows = one(12, 30, 60, 60, 110);
	my $users = one(1, 2, 4, 6);
	my $nulls = one(0, 3, 10);
	my $spread = one(0.2, 0.5, 1, 2);
	my $zero = !$near ? "$kind '" . ($kind eq 'timestamp' ? $s{base} =~ s/\+00//r : $s{base}) . "'"
	  : $kind eq 'timestamp' ? 'LOCALTIMESTAMP' : 'now()';
	my $point = sub {
		return 'NULL' if chance($nulls);
		return one("'infinity'", "'-infinity'") if $s{infinite} && chance(4);
		my $k = $near ? die_of(9) - 7 : die_of(1 + $rows * $spread);
		my $jitter = one(0, 0, 0, 0, 0, 0, 1, -1);
		return "$zero + $k * interval '$s{unit}' + interval '$jitter microseconds'";
	};
	my @values;
	for my $id (1 .. $rows)
	{
		my %v = (
			id => $id,
			user_id => chance($nulls) ? 'NULL' : 1 + die_of($users),
			device => chance($nulls) ? 'NULL' : one("'x'", "'X'", "'y'", "'tablet é'"),
			acct => chance($nulls) ? 'NULL' : one('1', '1.0', '2', '2.50'),
			platform => chance($nulls) ? 'NULL' : one("'ios'", "'web'"),
			ts => $point->(), ts2 => chance(30) ? 'NULL' : $point->(),
			day => chance($nulls) ? 'NULL' : "date '2024-03-01' + " . die_of(15),
			kind => chance($nulls) ? 'NULL' : lit(one(@KINDS)),
			page => chance($nulls) ? 'NULL' : lit(one(@PAGES)),
			amount => chance(30) ? 'NULL' : die_of(1000) / 100,
			score => chance(20) ? 'NULL' : die_of(40) / 4,
			duration => chance(20) ? 'NULL' : die_of(9),
			event_count => die_of(5),
			ok => one('true', 'false', 'NULL'), x => one('true', 'false', 'NULL'));
		push @values, '(' . join(', ', map { $v{$_} // one('1', '2') } @names) . ')';
	}
	@values = sort { rand() <=> 0.5 } @values if chance(50);
	my ($table, $options) = ($s{name}, '');
	$table = 'app.behind_5' if $n == 5;
	$options = ' PARTITION BY HASH (id)' if $n == 1;
	my $sql = "CREATE TABLE $table (" . join(', ', @columns) . ")$options;\n";
	$sql .= join '', map { "CREATE TABLE app.part_$_ PARTITION OF $table FOR VALUES WITH (MODULUS 3, REMAINDER $_);\n" } 0 .. 2
	  if $n == 1;
	$sql .= "INSERT INTO $table VALUES\n" . join(",\n", @values) . ";\n";
	$sql .= "ALTER TABLE $table DROP gone;\n" if $n == 4;
	$sql .= "CREATE INDEX ON $table (user_id, ts);\n" if chance(50);
	$sql .= "CREATE VIEW $s{name} AS SELECT " . join(', ', reverse @names) . " FROM $table WHERE id > 2;\n" if $n == 5;
	$sql .= "ANALYZE $table;\n" if chance(50);
	@names = grep { $_ ne 'gone' } @names;
	@names = reverse @names if $n == 5;
	$s{columns} = \@names;
	$s{prefixed} = $n == 3;     # has columns that begin with session_
	$s{sql} = $sql;
	return \%s;
}

# ---------- random definitions ----------

# Select lists: the text, and per item its name, expression, type and whether it is a column.
my @ACTORS = (
	[ 'user_id',                         [ user_id => 'user_id', 'int', 1 ] ],
	[ 'user_id',                         [ user_id => 'user_id', 'int', 1 ] ],
	[ 'device',                          [ device => 'device', 'text', 1 ] ],
	[ 'acct',                            [ acct => 'acct', 'int', 1 ] ],
	[ 'user_id, platform',               [ user_id => 'user_id', 'int', 1 ], [ platform => 'platform', 'text', 1 ] ],
	[ 'platform, user_id % 2 AS "Group"', [ platform => 'platform', 'text', 1 ], [ Group => 'user_id % 2', 'int', 0 ] ],
	[ 'lower(device) AS email',          [ email => 'lower(device)', 'text', 0 ] ],
	[ 'lower(device) AS email, user_id', [ email => 'lower(device)', 'text', 0 ], [ user_id => 'user_id', 'int', 1 ] ],
	[ 'coalesce(user_id, 0) AS label_actor_1, ok', [ label_actor_1 => 'coalesce(user_id, 0)', 'int', 0 ], [ ok => 'ok', 'bool', 1 ] ]);

my @SPANS = ('0', '%s - 1 us', '%s', '%s', '%s', '%s', '%s + 1 us', '2 %s', '2 %s', '3 %s', '5 %s', '36500 days');

sub span
{
	my ($unit) = @_;
	my $span = one(@SPANS);
	my ($n, $what) = split / /, $unit;
	return '0 seconds' if $span eq '0';
	return $span if $span =~ /days/;
	return "$n $what -1 microseconds" if $span =~ /- 1/;
	return "$n $what 1 microseconds" if $span =~ /\+ 1/;
	my $times = $span =~ /^(\d)/ ? $1 : 1;
	return "$times days" if $unit eq '24 hours' && chance(50);
	return $n * $times . " $what";
}

# Lists for entry and exit: the text, and per item its name and expression.
my @EDGES = (
	[ 'page', [ page => 'page' ] ],
	[ 'page, kind', [ page => 'page' ], [ kind => 'kind' ] ],
	[ 'kind, page, platform', [ kind => 'kind' ], [ page => 'page' ], [ platform => 'platform' ] ],
	[ 'ok, amount', [ ok => 'ok' ], [ amount => 'amount' ] ],
	[ 'lower(device) AS "Device", score', [ Device => 'lower(device)' ], [ score => 'score' ] ],
	[ 'id, kind', [ id => 'id' ], [ kind => 'kind' ] ]);
my @TIES = ([ 'id' ], [ '-id' ], [ 'page' ], [ 'duration', 'kind' ], [ 'x', '-id' ], [ "kind = 'login'", 'amount' ]);

# Names and items of the entry (exit) columns of a definition.
sub edges
{
	my ($p, @sides) = @_;
	return map { my $side = $_; map { [ "${side}_$_->[0]", $_->[1], $side ] }
		  $p->{$side} ? @{ $p->{$side} }[ 1 .. $#{ $p->{$side} } ] : () } @sides ? @sides : qw(entry exit);
}

sub edge_condition
{
	my ($p) = @_;
	my $edge = one(edges($p));
	my $name = ident($edge->[0]);
	return one("$name IS NULL", "$name IS NOT NULL") if $edge->[0] !~ /page|kind/;
	return one("$name IN ('a', 'login')", "$name <> 'b'", "$name IS NULL", "$name < 'm'");
}

sub event_filter
{
	return one("kind <> 'error'", "amount IS NOT NULL OR kind = 'login'", "platform = 'ios'", 'amount > 3',
		'user_id NOT IN (SELECT user_id FROM app.blocked)', 'ok IS NOT FALSE', 'duration > 2',
		"kind IN ('login', 'view', 'purchase', 'logout')", 'score >= 2.5 AND page IS NOT NULL', 'id % 3 <> 0', 'x',
		"CASE WHEN kind = 'error' THEN amount > 5 ELSE true END");
}

sub make_parameters
{
	my ($source, $actor) = @_;
	my %p = (source => $source, actor => $actor);
	$p{event_time} = chance(65) ? 'ts'
	  : one('ts2', 'coalesce(ts, ts2)', 'coalesce(ts2, ts)', 'greatest(ts, ts2)',
		$source->{kind} eq 'timestamp' ? ('day', 'day') : ());
	$p{inactivity} = span($source->{unit});
	$p{restart_on} = one("kind = 'login'", "kind IN ('login', 'error')", 'amount > 8', "page LIKE 's%'", 'ok AND score > 5',
		'page IN (SELECT page FROM app.landing)') if chance(50);
	$p{end_on} = one("kind = 'logout'", "kind = 'logout' OR amount < 1", 'score = 0', 'NOT ok AND page IN (SELECT page FROM app.landing)')
	  if chance(35);
	$p{max_duration} = span($source->{unit}) if chance($source->{near} ? 65 : 35);
	$p{require_restart} = 'true' if $p{restart_on} ? chance(45) : chance(2);
	$p{filter} = event_filter() if chance(40);
	$p{entry} = one(@EDGES) if chance(40);
	$p{exit} = one(@EDGES) if chance(30);
	$p{tie_break} = one(@TIES) if chance(40);
	return \%p;
}

# Conditions on the columns of the sessions view.  metrics: [name, type] of those that exist.
sub fixed_condition
{
	my ($p) = @_;
	my ($n, $unit) = split / /, $p->{source}{unit};
	my $time = $p->{source}{kind};
	return one("duration > interval '$n $unit'", "duration >= interval '" . 2 * $n . " $unit'", 'duration_seconds > 0',
		'event_count > 1', 'event_count BETWEEN 2 AND 5', 'event_count % 2 = 0', 'session_number = 2', 'session_number <> 1',
		'session_number > 1', 'session_number <= 3', "started_by = 'first'", "started_by IN ('restart', 'inactivity')",
		"ended_by = 'end'", "ended_by <> 'open'", 'NOT is_open', 'is_open', 'ended_at > started_at',
		"started_at > $time '2024-03-09 22:00:00'", 'nullif(session_number, 2) > 0', 'nullif(event_count, 1) IS NOT NULL');
}

sub actor_condition
{
	my ($p) = @_;
	my ($name, undef, $type) = @{ one(@{ $p->{actor} }[ 1 .. $#{ $p->{actor} } ]) };
	$name = ident($name);
	return $type eq 'int' ? one("$name = 1", "$name IN (1, 2)", "$name <> 1", "$name > 1")
	  : $type eq 'text' ? one("$name = 'x'", "$name IN ('x', 'ios')", "$name <> 'web'")
	  : one($name, "NOT $name");
}

sub metric_condition
{
	my ($metrics) = @_;
	my $m = one(@$metrics);
	my $name = ident($m->{name});
	return $m->{type} eq 'num' ? one("$name > 0", "$name > 0", "$name >= 2", "$name IS NULL", "$name IS NOT NULL", "coalesce($name, 0) = 0", "$name = 1")
	  : $m->{type} eq 'bool' ? one($name, "NOT $name", "$name IS NOT TRUE")
	  : $m->{type} eq 'text' ? one("$name <> 'a'", "$name LIKE '%a%'", "$name IS NOT NULL")
	  : $m->{type} eq 'time' ? one("$name > started_at", "$name IS NOT NULL", "$name <= ended_at")
	  : one("cardinality($name) > 1", "$name IS NULL");
}

sub session_condition
{
	my ($p, $metrics) = @_;
	my $some = sub {
		return metric_condition($metrics) if @$metrics && chance(55);
		return edge_condition($p) if edges($p) && chance(35);
		return chance(20) ? actor_condition($p) : fixed_condition($p);
	};
	my $first = $some->();
	return $first if chance(65);
	return "($first) " . one('AND', 'OR') . ' (' . $some->() . ')';
}

my %AGGREGATES = (
	num => [ 'count(*)', 'count(*)', 'count(amount)', 'count(DISTINCT page)', 'count(DISTINCT page)', 'count(DISTINCT (page, kind))',
		'sum(amount)', 'sum(amount)', 'avg(amount)', 'min(amount)', 'max(amount)', 'sum(duration)', 'max(event_count)',
		'sum(amount) / nullif(count(*), 0)', 'count(*) - count(amount)', 'coalesce(sum(amount), 0)', '1 + 2 * count(*)',
		"count(*) FILTER (WHERE kind = 'purchase')", 'coalesce(sum(amount) FILTER (WHERE ok), 0) - coalesce(sum(amount) FILTER (WHERE NOT ok), 0)',
		'count(DISTINCT page) + 100 * count(DISTINCT kind)', 'round(avg(amount), 2)', 'max(amount) - min(amount)',
		'count(DISTINCT page) FILTER (WHERE amount > 3)', 'greatest(count(*), 3)', 'sum(DISTINCT duration)', 'count(DISTINCT user_id)',
		'(sum(amount) FILTER (WHERE kind = \'purchase\')) / nullif(count(*) FILTER (WHERE kind = \'view\'), 0)' ],
	float => [ 'sum(score)', 'avg(score)', 'max(score)', 'percentile_cont(0.5) WITHIN GROUP (ORDER BY score)', 'sum(score) + count(*)' ],
	bool => [ "bool_or(kind = 'purchase')", 'count(*) > 2', 'every(ok)', 'sum(amount) IS NULL', 'count(DISTINCT page) = count(page)' ],
	text => [ "string_agg(page, ',' ORDER BY id)", "string_agg(DISTINCT kind, '')", 'min(page)', "coalesce(max(page), 'none')",
		'sessionize.first(page, ts)', 'sessionize.last(kind, ts)', "CASE WHEN count(*) > 1 THEN 'many' ELSE 'few' END",
		'mode() WITHIN GROUP (ORDER BY page)' ],
	time => [ 'min(ts)', 'max(ts)', 'greatest(max(ts), max(ts2))', 'max(ts) FILTER (WHERE ok)' ],
	array => [ 'array_agg(id ORDER BY id DESC)', 'array_agg(DISTINCT page ORDER BY page)' ]);

my @NAMES = ('amount', 'page', 'kind', 'Purchases', 'second "login"', 'select', 'label_metric_1', 'label_pick_1',
	'label_number', 'logins', 'count', 'user', 'ünique pages', q{it's}, 'x', 'q', 'label_time', 'event');

sub make_metric
{
	my ($p, $name, $metrics, $type) = @_;
	$type //= one(('num') x 12, 'float', 'float', 'bool', 'bool', 'text', 'text', 'time', 'array');
	my %m = (name => $name, type => $type eq 'float' ? 'num' : $type, float => $type eq 'float');
	$m{aggregate} = one(@{ $AGGREGATES{$type} });
	$m{filter} = one("kind = 'purchase'", "kind = 'login'", "kind IN ('view', 'error')", 'amount > 5', 'ok', 'x', 'NOT ok', 'ok IS NULL',
		"platform = 'ios'", 'user_id NOT IN (SELECT user_id FROM app.blocked)', 'page IN (SELECT page FROM app.landing)', 'duration > 3',
		'false') if chance(45);
	if (chance(55))
	{
		$m{session_filter} = session_condition($p, $metrics);
		$m{uses} = uses($m{session_filter}, $metrics);
	}
	$m{nth} = one(1, 1, 2, 2, 2, 3) if chance($m{session_filter} ? 45 : 20);
	return \%m;
}

# The metrics that a condition names.
sub uses
{
	my ($condition, $metrics) = @_;
	return [ map { $_->{name} } grep { index($condition, ident($_->{name})) >= 0 } @$metrics ];
}

# ---------- the calls ----------

sub define_session_sql
{
	my ($d, $p, %more) = @_;
	my %a = (source => lit($p->{source}{name}), actor => lit($p->{actor}[0]), event_time => lit($p->{event_time}),
		inactivity => "interval '$p->{inactivity}'");
	$a{$_} = lit($p->{$_}) for grep { defined $p->{$_} } qw(restart_on end_on filter);
	$a{max_duration} = "interval '$p->{max_duration}'" if $p->{max_duration};
	$a{require_restart} = 'true' if $p->{require_restart};
	$a{$_} = lit($p->{$_}[0]) for grep { $p->{$_} } qw(entry exit);
	$a{tie_break} = lit(join ', ', @{ $p->{tie_break} }) if $p->{tie_break};
	$a{keep} = lit($p->{keep}) if defined $p->{keep} && !$more{without_keep};
	$a{label_prefix} = lit($d->{label_prefix}) if $d->{label_prefix};
	$a{replace} = 'true' if $more{replace};
	$a{schema} = lit($d->{schema}) if $d->{schema} ne 'app';
	return 'SELECT sessionize.define_session(' . lit($d->{name}) . ', ' . join(', ', map { "$_ => $a{$_}" } sort keys %a) . ') \g /dev/null' . "\n";
}

sub define_metric_sql
{
	my ($d, $m, $replace) = @_;
	my @a = map { "$_ => " . lit($m->{$_}) } grep { defined $m->{$_} } qw(filter session_filter);
	push @a, "nth => $m->{nth}" if $m->{nth};
	push @a, 'replace => true' if $replace;
	push @a, 'schema => ' . lit($d->{schema}) if $d->{schema} ne 'app';
	return 'SELECT sessionize.define_metric(' . join(', ', lit($d->{name}), lit($m->{name}), lit($m->{aggregate}), @a) . ') \g /dev/null' . "\n";
}

# ---------- the oracle ----------

# Its mistakes, one at a time; each is one an implementation could make.
my @MUTANTS = qw(nth_of_all_sessions nth_after_keep zero_for_null keep_renumbers distinct_summed filter_ignored
  no_match_is_null null_condition_picks null_keep_keeps actors_ignore_session_filter unpicked_sessions_have_values
  actors_ignore_keep nth_ignored max_duration_wins_ties tie_break_ignored edges_one_by_one exit_takes_null);
my @NOW_MUTANTS = qw(closed_at_expiry open_ignores_max_duration);

# Into which events are labelled: one case of the reference.
sub load_sql
{
	my ($case, $p) = @_;
	my @actor = map { "($_->[1])" } @{ $p->{actor} }[ 1 .. $#{ $p->{actor} } ];
	my @conditions = map { $broken eq 'null_actor_counts' ? () : "$_ IS NOT NULL" } @actor;
	push @conditions, "($p->{filter})" if $p->{filter};
	return "INSERT INTO ref.event_$p->{source}{kind} (case_id, actor, row_id, tie, pos, event_time, inactivity,"
	  . " restart_on, end_on, max_duration, require_restart)\n"
	  . "SELECT $case, dense_rank() OVER (ORDER BY " . join(', ', @actor) . "), id, 0, 0, ($p->{event_time}), interval '$p->{inactivity}', ("
	  . ($p->{restart_on} // 'false') . '), (' . ($p->{end_on} // 'false') . '), ' . lit($p->{max_duration}) . '::interval, '
	  . ($p->{require_restart} // 'false') . "\nFROM $p->{source}{name}" . (@conditions ? ' WHERE ' . join(' AND ', @conditions) : '') . ";\n";
}

# In an order in which each comes after those it uses.
sub in_dependency_order
{
	my %left = map { $_->{name} => $_ } @_;
	my @ordered;
	while (%left)
	{
		my ($next) = grep { my $m = $_; !grep { $left{$_} } @{ $m->{uses} // [] } } map { $left{ $_->{name} } // () } @_;
		die 'metrics use each other' unless $next;
		push @ordered, delete $left{ $next->{name} };
	}
	return @ordered;
}

# CREATE TABLE statements: o_ev (labelled events), o_all (sessions, before keep), o_s, o_e, o_a
# (the three views); with a suffix and without o_ev and o_e for a mutant beside the sane one.
sub oracle_sql
{
	my ($case, $p, $metrics, $prefix, $mutant, $suffix) = @_;
	$suffix //= '';
	my @items = @{ $p->{actor} }[ 1 .. $#{ $p->{actor} } ];
	my $sql = '';
	my $is = sub { return $mutant eq $_[0]; };
	my $items_as = join ', ', map { "($items[$_][1]) AS _a$_" } 0 .. $#items;
	my $now = $p->{source}{kind} eq 'timestamp' ? 'ref.micros(LOCALTIMESTAMP)' : 'ref.micros(now())';

	$sql .= "DROP TABLE IF EXISTS o_all$suffix, o_s$suffix, o_a$suffix;\n";
	$sql .= <<~SQL unless $suffix;
		DROP TABLE IF EXISTS o_ev, o_e;
		CREATE TEMP TABLE o_ev AS
		SELECT q.*, r._ano, r._n, r._e
		FROM (SELECT z.*, ($p->{event_time})::$p->{source}{kind} AS _t, $items_as FROM $p->{source}{name} AS z) AS q
			 JOIN (SELECT row_id AS _row, actor AS _ano, session_number AS _n, event_number AS _e
				   FROM ref.row_answer WHERE case_id = $case AND session_number IS NOT NULL) AS r ON r._row = q.id;
		SQL

	my $groups = join '', map { ", (array_agg(_a$_))[1] AS _a$_" } 0 .. $#items;
	my $ids = join ', ', map { "g._a$_" } 0 .. $#items;
	my $actors = join ', ', map { "g._a$_ AS " . ident($items[$_][0]) } 0 .. $#items;
	my ($open, $first) = ('<= least(p.expiry, p.deadline)', 'p.expiry <= p.deadline');
	$open = '< least(p.expiry, p.deadline)' if $is->('closed_at_expiry');
	$open = '<= p.expiry' if $is->('open_ignores_max_duration');
	$first = 'p.expiry < p.deadline' if $is->('max_duration_wins_ties');
	# the one event that is the first (last) of each session
	my ($edges, $edge_joins) = ('', '');
	for my $side (qw(entry exit))
	{
		my @list = edges($p, $side) or next;
		my ($ascending, $nulls) = $side eq 'entry' ? ('', '') : (' DESC', ' NULLS LAST');
		$nulls = '' if $is->('exit_takes_null');
		my @ties = map { "($_)$ascending" } @{ $is->('tie_break_ignored') ? [] : $p->{tie_break} // [] };
		my @alone = $is->('edges_one_by_one') ? @list : [];
		for my $one (@alone)
		{
			my @shown = @$one ? $one : @list;
			my $alias = "_${side}_" . (@$one ? $one->[0] =~ s/\W//gr : 'all');
			$edges .= join '', map { ", $alias." . ident($_->[0]) } @shown;
			$edge_joins .= " JOIN (SELECT DISTINCT ON (_ano, _n) _ano, _n, " . join(', ', map { "($_->[1]) AS " . ident($_->[0]) } @shown)
			  . ' FROM o_ev ORDER BY ' . join(', ', '_ano', '_n', "_t$ascending", @ties, map { "($_->[1])$ascending$nulls" } @shown)
			  . ") AS $alias ON $alias._ano = g._ano AND $alias._n = g._n\n";
		}
	}
	my @with = (<<~SQL);
		s0 AS (
		SELECT sessionize.session_id(g.started_at, $ids) AS session_id, $actors, g._n AS session_number, g.started_at, g.ended_at,
			   (r.duration / 1000000)::float8 AS duration_seconds,
			   (trunc(r.duration) || ' microseconds')::interval AS duration,
			   g.event_count, r.started_by::varchar AS started_by, x.ended_by::varchar AS ended_by,
			   x.ended_by = 'open' AS is_open, g._ano, r.duration AS _us $edges
		FROM (SELECT _ano, _n, min(_t) AS started_at, max(_t) AS ended_at, count(*) AS event_count $groups
			  FROM o_ev GROUP BY _ano, _n) AS g
			 JOIN ref.session AS r ON r.case_id = $case AND r.actor = g._ano AND r.session_number = g._n
			 $edge_joins
			 CROSS JOIN LATERAL (SELECT expiry, deadline FROM ref.step AS p WHERE p.part = r.part AND p.run = r.run ORDER BY i DESC LIMIT 1) AS p
			 CROSS JOIN LATERAL (SELECT CASE WHEN r.ended_by IS NOT NULL THEN r.ended_by
											 WHEN $now $open THEN 'open'
											 WHEN $first THEN 'inactivity' ELSE 'max_duration' END AS ended_by) AS x)
		SQL

	my @ordered = in_dependency_order(@$metrics);
	my $k = 0;
	for my $m (@ordered)
	{
		my $before = $k++;
		my $name = ident($m->{name});
		my $unknown = $is->('null_condition_picks') ? 'true' : 'false';
		my $nth = !$m->{nth} || $is->('nth_ignored') ? 'true'
		  : $is->('nth_of_all_sessions') ? "session_number = $m->{nth}"
		  : "count(*) FILTER (WHERE q._f$k) OVER (PARTITION BY q._ano ORDER BY q.session_number) = $m->{nth}";
		my $filter = $m->{filter} && !$is->('filter_ignored') ? $m->{filter} : 'true';
		my $events = "o_ev WHERE o_ev._ano = q._ano AND o_ev._n = q.session_number AND ($filter)";
		my $value = "(SELECT $m->{aggregate} FROM $events)";
		$value = "CASE WHEN EXISTS (SELECT FROM $events) THEN $value END" if $is->('no_match_is_null');
		my $picked = $is->('unpicked_sessions_have_values') ? 'true' : "p._p$k";
		push @with, <<~SQL;
			s$k AS (
			SELECT p.*, CASE WHEN $picked THEN p._v$k END AS $name
			FROM (SELECT q.*, q._f$k AND $nth AS _p$k, $value AS _v$k
				  FROM (SELECT s.*, coalesce((${\($m->{session_filter} // 'true')}), $unknown) AS _f$k FROM s$before AS s) AS q) AS p)
			SQL
	}
	my $unknown = $is->('null_keep_keeps') ? 'true' : 'false';
	my $keep = $p->{keep} // 'true';
	$sql .= "CREATE TEMP TABLE o_all$suffix AS WITH " . join(', ', @with)
	  . "SELECT *, coalesce(($keep), $unknown) AS _keep FROM s$k AS s;\n";

	# from here on in the order of definition
	my %place = map { $ordered[$_]{name} => $_ + 1 } 0 .. $#ordered;
	my @names = map { ident($_->{name}) } @$metrics;
	if ($is->('nth_after_keep'))
	{
		for my $m (grep { $_->{nth} } @$metrics)
		{
			my $i = $place{ $m->{name} };
			my $name = ident($m->{name});
			$sql .= <<~SQL;
				UPDATE o_all$suffix AS o SET _p$i = x.p, $name = CASE WHEN x.p THEN _v$i END
				FROM (SELECT _ano, session_number, _f$i AND count(*) FILTER (WHERE _f$i) OVER (PARTITION BY _ano ORDER BY session_number) = $m->{nth} AS p
					  FROM o_all$suffix WHERE _keep) AS x
				WHERE x._ano = o._ano AND x.session_number = o.session_number;
				SQL
		}
	}
	my $number = $is->('keep_renumbers') ? 'row_number() OVER (PARTITION BY _ano ORDER BY session_number) AS session_number' : 'session_number';
	my $columns = join ', ', 'session_id', (map { ident($_->[0]) } @items), $number,
	  qw(started_at ended_at duration_seconds duration event_count started_by ended_by is_open), (map { ident($_->[0]) } edges($p)), @names;
	$sql .= "CREATE TEMP TABLE o_s$suffix AS SELECT $columns FROM o_all$suffix WHERE _keep;\n";

	my @fixed = map { "k.$_->[0] AS " . ident($prefix . $_->[1]) } ([ 'session_id', 'id' ], [ 'session_number', 'number' ]);
	push @fixed, 'e._e AS ' . ident("${prefix}event_number");
	push @fixed, map { "k.$_ AS " . ident($prefix . $_) } qw(started_at ended_at duration_seconds duration event_count);
	push @fixed, map { $items[$_][3] ? () : "e._a$_ AS " . ident($prefix . $items[$_][0]) } 0 .. $#items;
	$sql .= 'CREATE TEMP TABLE o_e AS SELECT ' . join(', ', @fixed, map { "e.$_" } @{ $p->{source}{columns} })
	  . " FROM o_ev AS e JOIN o_all AS k ON k._ano = e._ano AND k.session_number = e._n AND k._keep;\n" unless $suffix;

	my @totals = map {
		my $i = $place{ $_->{name} };
		my $which = $is->('actors_ignore_session_filter') ? 'true' : "_p$i";
		"array_agg(session_number) FILTER (WHERE $which AND "
		  . ($is->('actors_ignore_keep') ? 'true' : '_keep') . ") AS _n$i"
	} @$metrics;
	my @values = map {
		my $m = $_;
		my $i = $place{ $m->{name} };
		my $filter = $m->{filter} && !$is->('filter_ignored') ? $m->{filter} : 'true';
		my $value = "(SELECT $m->{aggregate} FROM o_ev WHERE o_ev._ano = a._ano AND o_ev._n = ANY (a._n$i) AND ($filter))";
		$value = "(SELECT sum(k." . ident($m->{name}) . ") FROM o_all$suffix AS k WHERE k._ano = a._ano AND k._keep)"
		  if $is->('distinct_summed') && $m->{type} eq 'num' && $m->{aggregate} =~ /^count\(DISTINCT/;
		$value = "CASE WHEN a._n$i IS NOT NULL THEN $value END" unless $is->('zero_for_null');
		"$value AS " . ident($m->{name})
	} @$metrics;
	my $actor_columns = join ', ', map { ident($_->[0]) } @items;
	my $actor_values = join ', ', map { '(array_agg(' . ident($_->[0]) . '))[1] AS ' . ident($_->[0]) } @items;
	$sql .= "CREATE TEMP TABLE o_a$suffix AS SELECT " . join(', ', (map { 'a.' . ident($_->[0]) } @items),
		qw(a.session_count a.event_count a.time_in_session_seconds a.time_in_session a.first_started_at a.last_ended_at), @values)
	  . "\nFROM (SELECT _ano, $actor_values, count(*) FILTER (WHERE _keep) AS session_count,"
	  . " (sum(event_count) FILTER (WHERE _keep))::bigint AS event_count,"
	  . " least(sum(_us) FILTER (WHERE _keep), 9223372036854775807) AS _us,\n"
	  . " (least(sum(_us) FILTER (WHERE _keep), 9223372036854775807) / 1000000)::float8 AS time_in_session_seconds,"
	  . " (trunc(least(sum(_us) FILTER (WHERE _keep), 9223372036854775807)) || ' microseconds')::interval AS time_in_session,\n"
	  . " min(started_at) FILTER (WHERE _keep) AS first_started_at, max(ended_at) FILTER (WHERE _keep) AS last_ended_at"
	  . join('', map { ",\n $_" } @totals)
	  . "\n FROM o_all$suffix GROUP BY _ano HAVING bool_or(_keep)) AS a;\n";
	return $sql;
}

# ---------- comparing ----------

# A statement that prints CMP|id|what|rows of the oracle|differing rows|the smallest of them.
sub compare_sql
{
	my ($id, $what, $left, $right) = @_;
	return <<~SQL;
		WITH l AS MATERIALIZED ($left), r AS MATERIALIZED ($right),
			 d AS MATERIALIZED (SELECT 'extension' AS _side, x.* FROM (TABLE l EXCEPT ALL TABLE r) AS x
								UNION ALL SELECT 'oracle', x.* FROM (TABLE r EXCEPT ALL TABLE l) AS x)
		SELECT 'CMP', '$id', ${\lit($what)}, (SELECT count(*) FROM r), (SELECT count(*) FROM d),
			   (SELECT string_agg(j, ' ;; ') FROM (SELECT row_to_json(d)::text AS j FROM d ORDER BY length(row_to_json(d)::text), 1 LIMIT 6) AS s);
		SQL
}

sub rounded
{
	my ($float, @columns) = @_;
	return join ', ', map { $_ =~ /duration_seconds"?$|time_in_session_seconds/ || $float->{$_} ? "round(($_)::numeric, 6) AS $_" : $_ } @columns;
}

# The columns of the three views and what stands for them in comparisons.
sub view_columns
{
	my ($p, $metrics, $prefix) = @_;
	my @items = @{ $p->{actor} }[ 1 .. $#{ $p->{actor} } ];
	my @actor = map { ident($_->[0]) } @items;
	my @names = map { ident($_->{name}) } @$metrics;
	return {
		sessions => [ 'session_id', @actor, qw(session_number started_at ended_at duration_seconds duration event_count started_by ended_by is_open), (map { ident($_->[0]) } edges($p)), @names ],
		events => [ (map { ident($prefix . $_) } qw(id number started_at ended_at duration_seconds duration event_count),
				map { $_->[3] ? () : $_->[0] } @items), @{ $p->{source}{columns} } ],
		actors => [ @actor, qw(session_count event_count time_in_session_seconds time_in_session first_started_at last_ended_at), @names ] };
}

# Comparisons of three relations (texts after FROM, by name of view) with the oracle's tables.
sub comparisons
{
	my ($id, $what, $relations, $p, $metrics, $prefix, %option) = @_;
	my $columns = view_columns($p, $metrics, $prefix);
	my %float = map { ident($_->{name}) => 1 } grep { $_->{float} } @$metrics;
	my %table = (sessions => 'o_s', events => 'o_e', actors => 'o_a');
	my $sql = '';
	my $both_ways = sub {
		my ($name, @queries) = @_;
		return compare_sql($id, $name, @queries) . "SET sessionize.enable_session_scan = off;\n"
		  . compare_sql($id, "$name, without session scans", @queries) . "SET sessionize.enable_session_scan = on;\n";
	};
	for my $view (qw(sessions events actors))
	{
		next unless $relations->{$view};
		my $list = rounded($view eq 'events' ? {} : \%float, @{ $columns->{$view} });
		$sql .= $both_ways->("$what $view", "SELECT $list FROM $relations->{$view}", "SELECT $list FROM $table{$view}");
		if ($view eq 'events' && $what !~ /^session_sql/)
		{
			my $numbers = ident("${prefix}id") . ", ($p->{event_time}) AS _t, " . ident("${prefix}event_number");
			$sql .= $both_ways->("$what event numbers", "SELECT $numbers FROM $relations->{$view}", "SELECT $numbers FROM $table{$view}");
		}
		if ($view eq 'events' && "@{ $p->{tie_break} // [] }" =~ /\bid\b/)
		{
			my ($id_column, $number) = (ident("${prefix}id"), ident("${prefix}event_number"));
			$sql .= compare_sql($id, "$what event numbers by tie_break", "SELECT id, $number FROM $relations->{$view}",
				"SELECT id, row_number() OVER (PARTITION BY $id_column ORDER BY ($p->{event_time}), " . join(', ', map { "($_)" } @{ $p->{tie_break} }) . ') FROM o_e');
		}
		if ($option{types})
		{
			my $types = 'SELECT row_number() OVER (ORDER BY attnum) AS place, attname::text, format_type(atttypid, NULL) AS type'
			  . " FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped";
			$sql .= compare_sql($id, "$what columns of $view", sprintf($types, lit($relations->{$view})), sprintf($types, "'$table{$view}'"));
		}
		for (1 .. $option{conditions} // 0)
		{
			my $condition = view_condition($view, $p, $metrics, $prefix);
			my @some = grep { chance(30) } @{ $columns->{$view} };
			@some = (one(@{ $columns->{$view} })) unless @some;
			my $list = chance(10) ? 'count(*)' : rounded($view eq 'events' ? {} : \%float, @some);
			$sql .= $both_ways->("$what $view: " . ($list =~ s/round\(\((.*?)\)::numeric, 6\) AS \S+/$1/gr) . " WHERE $condition",
				"SELECT $list FROM $relations->{$view} WHERE $condition", "SELECT $list FROM $table{$view} WHERE $condition");
		}
	}
	return $sql;
}

# What a reader of a view could ask.
sub view_condition
{
	my ($view, $p, $metrics, $prefix) = @_;
	if ($view eq 'sessions')
	{
		return one(actor_condition($p), session_condition($p, $metrics), 'session_number <= 1', 'session_number = 2',
			'session_id IN (SELECT session_id FROM o_s WHERE session_number < 3)', actor_condition($p) . ' AND session_number > 1');
	}
	if ($view eq 'events')
	{
		my ($number, $event, $count, $start) = map { ident($prefix . $_) } qw(number event_number event_count started_at);
		my $after = "'2024-03-09 22:00:00'";
		return one('user_id = 1', 'user_id IN (1, 3)', "device = 'x'", "platform = 'ios' AND user_id = 2", "kind = 'purchase'",
			"ts >= $after", "ts < $after", "$number = 2", "$number <= 1", "$number < 3 AND kind = 'view'", "$count >= 3",
			"$start >= $after AND user_id = 1", 'acct = 1', 'ok', 'page IS NULL', '(user_id, platform) = (1, $$ios$$)');
	}
	my @metrics = grep { $_->{type} ne 'time' } @$metrics;
	return one(actor_condition($p), @metrics ? metric_condition(\@metrics) : (),
		'session_count > 1', "time_in_session > interval '0'", 'event_count < 5');
}

# Counts of what the case holds, as COV|name|count.
sub coverage_sql
{
	my ($case, $p, $metrics) = @_;
	my @ordered = in_dependency_order(@$metrics);
	my $no_actor = join ' OR ', map { "($_->[1]) IS NULL" } @{ $p->{actor} }[ 1 .. $#{ $p->{actor} } ];
	my @counts = (
		[ 'runs that are no session', "SELECT count(*) FROM ref.session WHERE case_id = $case AND NOT is_session" ],
		[ 'events without an actor', "SELECT count(*) FROM $p->{source}{name} WHERE $no_actor" ],
		[ 'events without a time', "SELECT count(*) FROM $p->{source}{name} WHERE ($p->{event_time}) IS NULL" ],
		[ 'infinite times', "SELECT count(*) FROM o_ev WHERE NOT isfinite(_t)" ],
		[ 'dates as event time', 'SELECT ' . ($p->{event_time} eq 'day' ? 1 : 0) ],
		[ 'sessions', 'SELECT count(*) FROM o_all' ],
		[ 'keep drops sessions', 'SELECT count(*) FROM o_all WHERE NOT _keep' ],
		[ 'keep drops some of an actor\'s sessions', 'SELECT count(*) FROM (SELECT FROM o_all GROUP BY _ano HAVING bool_or(_keep) AND NOT bool_and(_keep)) AS a' ],
		[ 'keep drops all of an actor\'s sessions', 'SELECT count(*) FROM (SELECT FROM o_all GROUP BY _ano HAVING NOT bool_or(_keep)) AS a' ],
		[ 'keep drops everything', 'SELECT (count(*) > 0 AND NOT bool_or(_keep))::int FROM o_all' ],
		[ 'keep is NULL', 'SELECT count(*) FROM o_all AS s WHERE (' . ($p->{keep} // 'true') . ') IS NULL' ],
		[ 'open sessions', 'SELECT count(*) FROM o_all WHERE is_open' ],
		[ 'instants of several events', 'SELECT count(*) FROM (SELECT FROM o_ev GROUP BY _ano, _t HAVING count(*) > 1) AS i' ]);
	push @counts, [ 'first instants of several events, with entry', 'SELECT count(*) FROM (SELECT FROM o_ev AS e JOIN o_all AS s USING (_ano) WHERE e._t = s.started_at AND e._n = s.session_number GROUP BY _ano, e._n HAVING count(*) > 1) AS i' ]
	  if edges($p, 'entry');
	push @counts, [ 'conditions on entry and exit', 'SELECT ' . scalar grep { /"(entry|exit)_/ } $p->{keep} // '', map { $_->{session_filter} // '' } @$metrics ];
	push @counts, [ "sessions ended by $_", "SELECT count(*) FROM o_all WHERE ended_by = '$_'" ] for qw(restart end inactivity max_duration);
	my $i = 0;
	for my $m (@ordered)
	{
		$i++;
		my $name = ident($m->{name});
		my $events = "o_ev WHERE o_ev._ano = o._ano AND o_ev._n = o.session_number AND (" . ($m->{filter} // 'true') . ')';
		push @counts, [ 'actors without a picked session', "SELECT count(*) FROM (SELECT FROM o_all WHERE _keep GROUP BY _ano HAVING NOT bool_or(_p$i)) AS a" ],
		  [ 'sessions that are not picked', "SELECT count(*) FROM o_all WHERE NOT _p$i" ];
		push @counts, [ 'picked sessions without matching events', "SELECT count(*) FROM o_all AS o WHERE _p$i AND NOT EXISTS (SELECT FROM $events)" ] if $m->{filter};
		if ($m->{nth})
		{
			push @counts, [ 'nth with two or more to choose from', "SELECT count(*) FROM (SELECT FROM o_all GROUP BY _ano HAVING count(*) FILTER (WHERE _f$i) > 1) AS a" ],
			  [ 'nth, of which keep drops an earlier one', "SELECT count(*) FROM o_all AS o WHERE _p$i AND EXISTS (SELECT FROM o_all AS e WHERE e._ano = o._ano AND e.session_number < o.session_number AND e._f$i AND NOT e._keep)" ],
			  [ 'nth that keep drops', "SELECT count(*) FROM o_all WHERE _p$i AND NOT _keep" ],
			  [ 'nth that is not that session_number', "SELECT count(*) FROM o_all WHERE _p$i AND session_number <> $m->{nth}" ];
		}
		push @counts, [ 'session_filter is NULL', "SELECT count(*) FROM o_all AS s WHERE ($m->{session_filter}) IS NULL" ] if $m->{session_filter};
		push @counts, [ 'distinct values in two sessions of an actor', "SELECT count(*) FROM o_a AS a WHERE $name < (SELECT sum(k.$name) FROM o_all AS k WHERE k._keep AND "
			  . join(' AND ', map { 'k.' . ident($_->[0]) . ' = a.' . ident($_->[0]) } @{ $p->{actor} }[ 1 .. $#{ $p->{actor} } ]) . ')' ]
		  if $m->{type} eq 'num' && $m->{aggregate} =~ /^count\(DISTINCT/;
	}
	return join '', map { "SELECT 'COV', " . lit($_->[0]) . ", ($_->[1]);\n" } @counts;
}

# ---------- one definition ----------

my @MUTANTS_HERE;

# The experiment with one definition: text for psql, the parameters whose labels it needs, and
# what to say about it.
sub make_case
{
	my ($number, $sources, $near) = @_;
	my $source = one(@$sources);
	my %d = (name => one('visit', "Natalie's Session", 'Visit', 'user', 'a "quoted" name', 'session', 'app.visit', 'événement'),
		schema => chance(15) ? 'other' : 'app');
	my $id = sub { return sprintf '%d.%s', $number, $_[0]; };
	my $case = $number * 4;
	my $p = make_parameters($source, one(@ACTORS));
	my (@loads, @metrics, %covered);
	# where the prefix that would be chosen meets columns of the source, another
	$d{label_prefix} = one('Visit-', 'p_', $source->{prefixed} ? '' : 'label_')
	  if chance(15) || $source->{prefixed} && $d{name} =~ /^(user|session)$/;
	delete $d{label_prefix} if ($d{label_prefix} // '') eq '' && $d{name} !~ /^(user|session)$/;
	$d{label_prefix} = 'p_' if ($d{label_prefix} // 'x') eq '';
	my $prefix = $d{label_prefix} // ($source->{prefixed} ? "$d{name}_" : 'session_');
	my $count = one(0, 1, 2, 2, 3, 3, 4, 6);
	my %taken;
	my @names = grep { !$taken{$_}++ } map { one(@NAMES) } 1 .. $count;
	push @metrics, make_metric($p, $_, [@metrics]) for @names;
	my $keep = sub { return chance(8) ? one('false', 'event_count > 1000000', 'NULL') : session_condition($p, \@metrics); };
	$p->{keep} = $keep->() if chance(45);

	my %relation = map { $_->[0] => join '.', ident($d{schema}), ident($d{name} . $_->[1]) }
	  [ sessions => '' ], [ events => '_events' ], [ actors => '_actors' ];

	my $calls = '';
	my $run = sub { $calls .= $_[0]; return $_[0]; };
	my $oracle = sub {
		my ($case, $p) = @_;
		return oracle_sql($case, $p, \@metrics, $prefix, $broken);
	};
	my $mutants = sub {
		my ($case, $p) = @_;
		return '' if $broken || !@metrics || !@MUTANTS_HERE;
		my $sql = '';
		my $tried = 0;
		for (1 .. @MUTANTS_HERE)
		{
			my $mutant = shift @MUTANTS_HERE;
			push @MUTANTS_HERE, $mutant;
			next if $mutant =~ /nth/ && !grep { $_->{nth} } @metrics;
			next if $mutant =~ /keep/ && !defined $p->{keep};
			next if $mutant =~ /distinct/ && !grep { $_->{aggregate} =~ /^count\(DISTINCT/ && $_->{type} eq 'num' } @metrics;
			next if $mutant =~ /filter_ignored|no_match/ && !grep { $_->{filter} } @metrics;
			next if $mutant =~ /max_duration/ && !defined $p->{max_duration};
			next if $mutant =~ /tie_break/ && !(edges($p) && $p->{tie_break});
			next if $mutant =~ /edges/ && !grep { edges($p, $_) > 1 } qw(entry exit);
			next if $mutant =~ /exit/ && !$p->{exit};
			last if ++$tried > 2;
			$sql .= oracle_sql($case, $p, \@metrics, $prefix, $mutant, '_mutant');
			my %float = map { ident($_->{name}) => 1 } grep { $_->{float} } @metrics;
			$sql .= "SELECT 'MUT', '$mutant', (SELECT count(*) FROM (TABLE o_s EXCEPT ALL TABLE o_s_mutant) AS x)"
			  . " + (SELECT count(*) FROM (TABLE o_s_mutant EXCEPT ALL TABLE o_s) AS x)"
			  . " + (SELECT count(*) FROM (TABLE o_a EXCEPT ALL TABLE o_a_mutant) AS x)"
			  . " + (SELECT count(*) FROM (TABLE o_a_mutant EXCEPT ALL TABLE o_a) AS x);\n";
		}
		return $sql;
	};
	my $chains = sub {
		my %by = map { $_->{name} => $_ } @metrics;
		my $depth; $depth = sub { my ($n) = @_; my $most = 0;
			for (map { $depth->($_) } @{ $by{$n}{uses} // [] }) { $most = $_ if $_ > $most; } return 1 + $most; };
		for (@metrics) { my $n = $depth->($_->{name}); $covered{"chains of $_ metrics"}++ for 2 .. ($n > 3 ? 3 : $n); }
		$covered{'keep on metrics'}++ if defined $p->{keep} && @{ uses($p->{keep}, \@metrics) };
		return;
	};

	# as it is first defined
	my $script = '';
	my $late = defined $p->{keep} && (@{ uses($p->{keep}, \@metrics) } || chance(30));
	$script .= $run->(define_session_sql(\%d, $p, without_keep => $late));
	$script .= $run->(define_metric_sql(\%d, $_)) for @metrics;
	if ($late)
	{
		my $schema = $d{schema} eq 'app' ? '' : ", '$d{schema}'";
		$script .= $run->(chance(50) ? define_session_sql(\%d, $p, replace => 1)
			: 'SELECT sessionize.alter_session(' . lit($d{name}) . ", 'keep', " . lit($p->{keep}) . "$schema) \\g /dev/null\n");
	}
	push @loads, [ $case, $p ];
	$script .= $oracle->($case, $p) . comparisons($id->('defined'), 'view of', \%relation, $p, \@metrics, $prefix, types => 1, conditions => 2);
	$script .= coverage_sql($case, $p, \@metrics) . $mutants->($case, $p);
	$chains->();

	# what if?
	my $what_if = sub {
		my ($case, $p, $stage, $none) = @_;
		my %q = %$p;
		my @arguments;
		if (!$none)
		{
			my $which = 1 + die_of(3);
			if ($which & 1) { $q{inactivity} = span($source->{unit}); push @arguments, "inactivity => interval '$q{inactivity}'"; }
			if ($which & 2) { $q{filter} = event_filter(); push @arguments, 'filter => ' . lit($q{filter}); }
		}
		push @loads, [ $case, \%q ] unless $none;
		$covered{$none ? 'read() as defined' : 'read() with other parameters'}++;
		my $sql = $none ? '' : $oracle->($case, \%q);
		my %read = map { $_ => 'sessionize.read(' . join(', ', "NULL::$relation{$_}", @arguments) . ') AS r' } keys %relation;
		$sql .= comparisons($id->($stage), "read(@arguments) of", \%read, \%q, \@metrics, $prefix, conditions => chance(40) ? 1 : 0);
		my %text;
		for my $view (sort keys %relation)
		{
			my @a = (lit($d{name}), lit($view), @arguments, $d{schema} eq 'app' ? () : "schema => '$d{schema}'");
			$sql .= "\\unset q_$view\nSELECT sessionize.session_sql(" . join(', ', @a) . ") AS q_$view \\gset\n";
			$text{$view} = "(:q_$view) AS r";
		}
		return $sql . comparisons($id->($stage), "session_sql(@arguments)", \%text, \%q, \@metrics, $prefix);
	};
	$script .= $what_if->($case, $p, 'as defined', 1) if chance(20);
	$script .= $what_if->($case + 1, $p, 'what if') if chance($near ? 25 : 50);

	# replaced
	if (chance(55))
	{
		my $old = $p;
		$p = make_parameters($source, $old->{actor});
		# conditions may name these columns
		for (qw(entry exit)) { $p->{$_} = $old->{$_}; delete $p->{$_} unless $p->{$_}; }
		for my $i (grep { chance(35) } 0 .. $#metrics)
		{
			# may use all that do not use it, later ones too
			my $m = $metrics[$i];
			my %users = ($m->{name} => 1);
			for (@metrics) { for (@metrics) { $users{ $_->{name} } = 1 if grep { $users{$_} } @{ $_->{uses} // [] }; } }
			my @others = grep { !$users{ $_->{name} } } @metrics;
			$metrics[$i] = make_metric($p, $m->{name}, \@others, $m->{float} ? 'float' : $m->{type});
			$script .= $run->(define_metric_sql(\%d, $metrics[$i], 1));
			$covered{'metrics replaced'}++;
			my %place = map { $metrics[$_]{name} => $_ } 0 .. $#metrics;
			$covered{'metrics that use a later one'}++ if grep { $place{$_} > $i } @{ $metrics[$i]{uses} // [] };
		}
		$p->{keep} = $keep->() if chance(50);
		$script .= $run->(define_session_sql(\%d, $p, replace => 1));
		push @loads, [ $case + 2, $p ];
		$script .= $oracle->($case + 2, $p) . comparisons($id->('replaced'), 'view of', \%relation, $p, \@metrics, $prefix, types => 1, conditions => 1);
		$script .= coverage_sql($case + 2, $p, \@metrics) . $mutants->($case + 2, $p);
		$covered{'definitions replaced'}++;
		$chains->();
		$case += 2;
	}

	# a metric dropped, if none uses it, else it must not go
	if (@metrics && chance(45))
	{
		my $m = one(@metrics);
		my $schema = $d{schema} eq 'app' ? '' : ", '$d{schema}'";
		my $drop = 'sessionize.drop_metric(' . lit($d{name}) . ', ' . lit($m->{name}) . "$schema)";
		if ((grep { my $o = $_; grep { $_ eq $m->{name} } @{ $o->{uses} // [] } } @metrics) || grep { $_ eq $m->{name} } @{ uses($p->{keep} // '', \@metrics) })
		{
			$script .= "DO \$\$ BEGIN PERFORM $drop; RAISE 'dropped a metric in use'; EXCEPTION WHEN dependent_objects_still_exist THEN END \$\$;\n";
			$covered{'metrics in use kept'}++;
		}
		else
		{
			$script .= $run->("SELECT $drop \\g /dev/null\n");
			@metrics = grep { $_ != $m } @metrics;
			$covered{'metrics dropped'}++;
		}
		$script .= $oracle->($case, $p) . comparisons($id->('dropped'), 'view of', \%relation, $p, \@metrics, $prefix, types => 1);
	}
	my $drop = 'SELECT sessionize.drop_session(' . lit($d{name}) . ", schema => '$d{schema}') \\g /dev/null\n";
	my ($before, $after) = $near ? ('SAVEPOINT c;', 'ROLLBACK TO SAVEPOINT c;')
	  : chance(80) ? ('BEGIN;', 'ROLLBACK;') : ('BEGIN;', "COMMIT;\nBEGIN;\n${drop}COMMIT;");
	return {
		number => $number, calls => $calls, loads => \@loads, covered => \%covered, source => $source,
		script => "\\warn \@\@ $number\n$before\n$script\nSELECT 'DONE', '$number';\n$after\n" };
}

# ---------- a round ----------

my $node = start_cluster('definitions_differential');
$node->safe_psql('postgres', $_)
  for Differential::sql_file('events.sql'), Differential::sql_file('reference.sql'),
  'DELETE FROM ref.variant WHERE variant <> 6; CREATE INDEX ON ref.row_answer (case_id); CREATE INDEX ON ref.session (case_id);',
  'ALTER DATABASE postgres SET jit = off', 'ALTER DATABASE postgres SET client_min_messages = warning',
  'ALTER DATABASE postgres SET synchronous_commit = off';

my (%coverage, %noticed);
my ($compared, $rows, $failures, $definitions) = (0, 0, 0, 0);

sub run_round
{
	my ($seed, $cases, $near) = @_;
	srand($seed + ($near ? 7 : 0));
	my @sources = map { make_source($_, $near) } 0 .. ($near ? 1 : 5);
	my $zone = one('UTC', 'America/New_York', 'Europe/Berlin', 'Asia/Kathmandu', 'America/St_Johns');
	my @cases;
	for my $number (1 .. $cases)
	{
		srand(($seed * 1009 + $number * 7919 + ($near ? 7 : 0)) % 2147483647);
		my $case = make_case($number, \@sources, $near);
		push @cases, $case if !defined $only || $only == $number;
	}
	my $setup = "SET TimeZone = '$zone'; SET search_path = app, public;\n" . ($near ? "BEGIN;\n" : '')
	  . "DROP SCHEMA IF EXISTS app, other CASCADE; CREATE SCHEMA app; CREATE SCHEMA other;\n"
	  . "CREATE TABLE app.blocked AS SELECT 2 AS user_id; CREATE TABLE app.landing AS SELECT unnest(ARRAY['start', 'b']) AS page;\n"
	  . join('', map { $_->{sql} } @sources)
	  . "TRUNCATE ref.event_timestamptz, ref.event_timestamp, ref.event_bigint;\n"
	  . join('', map { load_sql(@$_) } map { @{ $_->{loads} } } @cases)
	  . "SELECT ref.refresh() \\g /dev/null\n";
	my ($out, $err) = ('', '');
	my $script = join '', $setup, map { $_->{script} } @cases;
	if (!eval { $node->psql('postgres', $script, stdout => \$out, stderr => \$err, on_error_stop => 0, timeout => 900); 1 })
	{
		# the server is gone, and the tests do not let it restart: say with which definition
		my ($last) = reverse(($err . $@) =~ /^(?:connection error: ')?\@\@ (\d+)/mg);
		fail("seed $seed: the server survives");
		diag(defined $last ? "at definition $last\n" . join('', map { $_->{calls} } grep { $_->{number} == $last } @cases) : substr $@, 0, 2000);
		done_testing();
		exit 1;
	}

	my %error;
	my $at = 'setup';
	for my $line (split /\n/, $err)
	{
		if ($line =~ /^\@\@ (\d+)/) { $at = $1; next; }
		push @{ $error{$at} }, $line unless @{ $error{$at} // [] } >= 6;
	}
	my %done;
	my %differs;
	for my $line (split /\n/, $out)
	{
		my ($what, $name, @rest) = split /\|/, $line, 6;
		if    ($what eq 'COV')  { $coverage{$name} += $rest[0]; }
		elsif ($what eq 'MUT')  { $noticed{$name}++ if $rest[0]; }
		elsif ($what eq 'DONE') { $done{$name} = 1; }
		elsif ($what eq 'CMP')
		{
			# the name of a check may hold the separator
			my ($check, $count, $different, $shown) = $line =~ /^CMP\|[^|]*\|(.*?)\|(\d+)\|(\d+)\|(.*)$/s;
			$compared++;
			$rows += $count;
			push @{ $differs{ int $name } }, "$name: $check: $different rows differ: $shown" if $different;
		}
	}
	my $bad = 0;
	fail('setup: ' . join "\n", @{ $error{setup} }) if $error{setup};
	for my $case (@cases)
	{
		my $n = $case->{number};
		$coverage{$_} += $case->{covered}{$_} for keys %{ $case->{covered} };
		$definitions++;
		next if $done{$n} && !$differs{$n} && !$error{$n};
		$bad++;
		next if ++$failures > 5;
		diag("seed $seed, definition $n" . ($near ? ' of the round near now()' : '') . ": SESSIONIZE_SEED=$seed SESSIONIZE_CASES=$total SESSIONIZE_ONLY=$n");
		diag("TimeZone $zone, source $case->{source}{name} ($case->{source}{kind}, by $case->{source}{unit})\n$case->{calls}");
		diag("error: $_") for @{ $error{$n} // [] };
		my @differs = @{ $differs{$n} // [] };
		diag($_ =~ s/ ;; /\n    /gr) for @differs > 5 ? (@differs[ 0 .. 4 ], @differs - 5 . ' more') : @differs;
	}
	my $name = "seed $seed: " . @cases . ' definitions' . ($near ? ' near now()' : '') . " as plain SQL has them";
	ok(!$bad && !$error{setup}, $name) or diag("$bad definitions differ or fail");
	return;
}

my $started = time;
my $count = 0;
my $first = $seed;
for (my $round = 0; $count < $total; $round++, $seed++)
{
	my $cases = $total - $count < $PER_ROUND ? $total - $count : $PER_ROUND;
	note("round of seed $seed: SESSIONIZE_SEED=$seed SESSIONIZE_CASES=$total replays it");
	my $unnoticed = sub { return $broken || $round > 20 ? () : grep { ($noticed{$_} // 0) < 3 } @_; };
	@MUTANTS_HERE = $unnoticed->(@MUTANTS);
	run_round($seed, $cases, 0);
	@MUTANTS_HERE = $unnoticed->(@NOW_MUTANTS);
	run_round($seed, $cases < 24 ? $cases : 24, 1) if $round % 3 == 0;
	$count += $cases;
}
note(sprintf '%d definitions, %d comparisons, %d rows of the oracle in %.1f s', $definitions, $compared, $rows, time - $started);

# ---------- are the cases worth anything? ----------

# At least so often in 150 definitions.
my %LEAST = (
	'runs that are no session' => 50, 'events without an actor' => 100, 'events without a time' => 200, 'infinite times' => 10, 'dates as event time' => 2,
	'sessions' => 3000, 'keep drops sessions' => 500, "keep drops some of an actor's sessions" => 60,
	"keep drops all of an actor's sessions" => 30, 'keep drops everything' => 5, 'keep is NULL' => 20,
	'open sessions' => 10, 'instants of several events' => 500,
	'sessions ended by restart' => 100, 'sessions ended by end' => 100, 'sessions ended by inactivity' => 300, 'sessions ended by max_duration' => 50,
	'actors without a picked session' => 100, 'sessions that are not picked' => 1000, 'picked sessions without matching events' => 200,
	'nth with two or more to choose from' => 100, 'nth, of which keep drops an earlier one' => 10, 'nth that keep drops' => 10,
	'nth that is not that session_number' => 30, 'session_filter is NULL' => 30, 'distinct values in two sessions of an actor' => 30,
	'chains of 2 metrics' => 30, 'chains of 3 metrics' => 5, 'keep on metrics' => 15, 'definitions replaced' => 50, 'metrics replaced' => 30,
	'metrics that use a later one' => 3, 'metrics dropped' => 15, 'metrics in use kept' => 5,
	'first instants of several events, with entry' => 100, 'conditions on entry and exit' => 15,
	'read() as defined' => 20, 'read() with other parameters' => 50);

if (!defined $only && $total >= 150)
{
	for my $what (sort keys %LEAST)
	{
		my $n = $coverage{$what} // 0;
		cmp_ok($n, '>=', int($LEAST{$what} * $total / 150), "covered: $what ($n)");
	}
	if (!$broken)
	{
		cmp_ok($noticed{$_} // 0, '>', 0, "noticed when the oracle is wrong: $_ (" . ($noticed{$_} // 0) . ' times)') for @MUTANTS, @NOW_MUTANTS;
	}
}

done_testing();
