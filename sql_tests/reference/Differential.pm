# Differential.pm: two answers to one question, and what to say when they differ.
#
# A check is a question put twice to the same events: "left" asks the extension, "right"
# the reference (reference.sql).  Both are SELECTs whose first column is case_id; they agree
# when EXCEPT ALL is empty both ways.  When they do not, or when one fails, the events are
# shrunk in a scratch database to few that still make them differ, and printed with the
# seed and both answers.
#
# Knows nothing of sessions: the checks come from differential.pl.
package Differential;

use strict;
use warnings;

use File::Basename qw(dirname);
use Test::More;

our @KINDS = qw(timestamptz timestamp bigint);

# node: the cluster; seed, cases: the round, for the reports; shrink: how many failures
# are worth the time of shrinking, the others are only counted; refill: SQL that brings
# derived tables up to date; rename: settings that have another name in this major.
sub new
{
	my ($class, %self) = @_;
	return bless { database => 'postgres', shrink => 3, refill => '', rename => {}, %self }, $class;
}

# The text of a file beside this one.
sub sql_file
{
	my ($name) = @_;
	open my $file, '<:raw', dirname(__FILE__) . "/$name" or die "$name: $!";
	local $/;
	return <$file>;
}

# Runs SQL, returns (output, undef) or (undef, error).
sub query
{
	my ($self, $sql, @options) = @_;
	my ($out, $err) = ('', '');
	my $status = $self->{node}->psql($self->{database}, $sql,
		stdout => \$out, stderr => \$err, timeout => 600, @options);
	return $status == 0 ? ($out, undef) : (undef, $err || "psql ended with $status");
}

# Runs SQL that must not fail.
sub must
{
	my ($self, $sql) = @_;
	my ($out, $err) = $self->query($sql);
	die "$err\nin: $sql\n" if defined $err;
	return $out;
}

# Both sides, and the rows that only one of them has.
sub comparison
{
	my ($self, $check, $tail) = @_;
	return $self->settings($check) . <<~SQL;
		WITH l AS MATERIALIZED ($check->{left}),
			 r AS MATERIALIZED ($check->{right}),
			 d AS MATERIALIZED (
				SELECT 'extension' AS answer, x.* FROM (TABLE l EXCEPT ALL TABLE r) AS x
				UNION ALL
				SELECT 'reference', x.* FROM (TABLE r EXCEPT ALL TABLE l) AS x)
		$tail
		SQL
}

sub settings
{
	my ($self, $check) = @_;
	my $settings = $check->{settings} || {};
	return join '', map { 'SET ' . ($self->{rename}{$_} // $_) . " = '$settings->{$_}';\n" } sort keys %$settings;
}

# The number of differing rows, the number of rows compared and the case to look at: the
# one with the fewest rows that differ.
sub differences
{
	my ($self, $check) = @_;
	my ($out, $err) = $self->query($self->comparison($check, <<~SQL));
		SELECT (SELECT count(*) FROM d), (SELECT count(*) FROM r),
			   (SELECT case_id FROM d GROUP BY case_id ORDER BY count(*), case_id LIMIT 1)
		SQL
	return ($err) if defined $err;
	return (undef, split /\|/, $out, -1);
}

# One TAP line per check.
sub compare
{
	my ($self, $check) = @_;
	my ($err, $count, $rows, $case) = $self->differences($check);
	my $name = "$check->{name} (" . ($rows // 'no') . ' rows)';

	if (!defined $err && $count == 0 && $rows > 0)
	{
		return pass($name);
	}
	fail($name);
	diag("seed $self->{seed}, $self->{cases} cases: "
		  . (defined $err ? "error: $err" : "$count rows differ, in case $case and perhaps others"));
	diag("both answers are empty: the check compares nothing") if !defined $err && $count == 0;
	if ($self->{shrink}-- > 0 && (defined $err || $count > 0))
	{
		# Shrinking is a service to the reader: it must not hide the failure itself.
		eval { $self->report($check, $case); 1 } or diag("not shrunk: $@");
	}
	return 0;
}

# The plan of a check must look like that, so that no mode passes by not being used.
sub plan_has
{
	my ($self, $check, @patterns) = @_;
	my ($plan, $err) = $self->query($self->settings($check) . "EXPLAIN (COSTS OFF) $check->{left}");
	my @missing = defined $err ? ($err) : grep { $plan !~ $_ } @patterns;
	ok(!@missing, "plan of $check->{name}") or diag("missing: @missing\n" . ($plan // ''));
	return;
}

# ---------- shrinking ----------

# The scratch database: all events of the round are in ref.kept_..., the tables of events
# hold the subset of the moment.
sub report
{
	my ($self, $check, $case) = @_;
	my $scratch = bless { %$self, database => 'shrink' }, ref $self;
	$self->{node}->psql('template1', 'DROP DATABASE IF EXISTS shrink');
	$self->{node}->safe_psql('template1', 'CREATE DATABASE shrink TEMPLATE postgres');
	$scratch->must("CREATE TABLE ref.kept_$_ AS TABLE ref.event_$_") for @KINDS;

	my $fails = sub {
		$scratch->must(join '', map { <<~SQL } @KINDS);
			TRUNCATE ref.event_$_;
			INSERT INTO ref.event_$_ SELECT * FROM ref.kept_$_ WHERE $_[0] ORDER BY ctid;
			SQL
		$scratch->must("SELECT ref.refresh(); $self->{refill}");
		my ($err, $count) = $scratch->differences($check);
		return defined $err || $count > 0;
	};

	# An error names no case: halve the range until one is left.
	if (!defined $case || $case eq '')
	{
		my ($low, $high) = (1, $self->{cases});
		while ($low < $high)
		{
			my $middle = int(($low + $high) / 2);
			if    ($fails->("case_id BETWEEN $low AND $middle"))             { $high = $middle; }
			elsif ($fails->("case_id BETWEEN " . ($middle + 1) . " AND $high")) { $low = $middle + 1; }
			else  { return diag("fails only when cases $low to $high are together"); }
		}
		$case = $low;
	}
	if (!$fails->("case_id = $case"))
	{
		return diag("case $case alone does not fail: other cases or their order matter");
	}

	# Then leave out events, in pieces of half as many each time.
	my @rows = split /\n/, $scratch->must(join ' UNION ALL ',
		map { "SELECT row_id FROM ref.kept_$_ WHERE case_id = $case" } @KINDS);
	for (my $piece = int(@rows / 2); $piece >= 1; $piece = int($piece / 2))
	{
		for (my $from = 0; $from < @rows;)
		{
			my @left = @rows;
			splice @left, $from, $piece;
			if (@left && $fails->("case_id = $case AND row_id IN (" . join(',', @left) . ')'))
			{
				@rows = @left;
			}
			else
			{
				$from += $piece;
			}
		}
	}
	$fails->("case_id = $case AND row_id IN (" . join(',', @rows) . ')');

	my @shown = (extra_params => [ '-P', 'format=aligned', '-P', 'tuples_only=off', '-P', 'null=NULL' ]);
	diag("seed $self->{seed}, case $case, shrunk to " . scalar(@rows) . " events, physical order:");
	for my $kind (@KINDS)
	{
		my ($events) = $scratch->query(<<~SQL, @shown);
			SELECT actor, row_id, tie, pos, event_time, inactivity, restart_on, end_on, max_duration,
				   require_restart, value_int, left(value_text, 8) AS value_text, value_numeric
			FROM ref.event_$kind
			SQL
		diag("$kind\n$events") unless $events =~ /\(0 rows\)/;
	}
	diag($self->settings($check) . $check->{left});
	my ($answers, $err) = $scratch->query($self->comparison($check, 'SELECT * FROM d ORDER BY 2, 3, 4, 1'), @shown);
	diag($answers // $err);
	return;
}

1;
