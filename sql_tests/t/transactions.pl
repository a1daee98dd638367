# transactions.pl: definitions and sessions are what PostgreSQL's transactions say.
#
# Savepoints, two-phase commit (also through a crash), serializable transactions, plans kept
# while a definition changes, a hot standby before and after its promotion, and logical
# replication of the source.
use strict;
use warnings;

use File::Basename qw(dirname);
use Cwd qw(abs_path);
use IPC::Run qw(start);
use Test::More;
use lib dirname(abs_path(__FILE__));
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SessionizeTest;

my $node = start_cluster('primary', 'max_prepared_transactions = 5', 'wal_level = logical', 'autovacuum = off');

sub ask { return $node->safe_psql('postgres', $_[0]); }

# The SQLSTATE of what fails, else the output
sub outcome
{
	my ($server, $sql) = @_;
	my ($out, $err);
	$server->psql('postgres', "\\set VERBOSITY sqlstate\n$sql", stdout => \$out, stderr => \$err, on_error_stop => 0);
	return join ' ', $err =~ /ERROR:  (\w{5})/g, $out;
}

ask(q{
	CREATE SCHEMA app;
	CREATE TABLE app.events (user_id int, ts timestamptz, page text);
	INSERT INTO app.events SELECT i % 3, timestamptz '2026-01-01Z' + i * i * interval '1 min', 'p' || i % 4 FROM generate_series(1, 60) AS i;
	ANALYZE app.events;
	SELECT sessionize.define_session('visit', 'app.events', 'user_id', 'ts', '1 hour', schema => 'app');
	SELECT sessionize.define_metric('visit', 'pages', 'count(DISTINCT page)', schema => 'app');});

# All that is stored, and that the views say the same.
my $state = q{
	SELECT string_agg(name || ' ' || inactivity || ' ' || coalesce(filter, '-'), ', ' ORDER BY name) FROM sessionize.session_definition;
	SELECT string_agg(session || '.' || name || ' = ' || aggregate, ', ' ORDER BY session, position) FROM sessionize.metric_definition;
	SELECT string_agg(relname, ', ' ORDER BY relname) FROM pg_class WHERE relnamespace = 'app'::regnamespace AND relkind = 'v';
	SELECT count(*) FROM app.visit;
	SELECT * FROM sessionize.check_definitions();};
my $define  = q{SELECT sessionize.define_session('burst', 'app.events', 'user_id', 'ts', '5 min', schema => 'app');};
my $replace = q{SELECT sessionize.define_session('visit', 'app.events', 'user_id', 'ts', '3 hours', filter => $$page <> 'p1'$$, schema => 'app', replace => true);};
my $drop    = q{SELECT sessionize.drop_session('visit', schema => 'app');};
my $metric  = q{SELECT sessionize.define_metric('visit', 'pages', 'max(page)', schema => 'app', replace => true);};
my $before  = ask($state);
my %after;
for my $change ($define, $replace, $metric)
{
	# what it leads to, in a transaction that is given up
	$after{$change} = ask("BEGIN; \\o /dev/null\n$change\n\\o\n$state ROLLBACK;");
	isnt($after{$change}, $before, 'a change is seen in its own transaction: ' . substr($change, 7, 40));
	is(ask($state), $before, '... and gone with it');
}

# ---------- savepoints ----------

for my $change ($define, $replace, $metric)
{
	my $what = substr $change, 7, 40;
	is(ask("BEGIN; \\o /dev/null\nSAVEPOINT s; $change ROLLBACK TO s; RELEASE s;\n\\o\n$state ROLLBACK;"), $before, "rolled back to a savepoint: $what");
	is(ask("BEGIN; \\o /dev/null\nSAVEPOINT s; $change RELEASE s;\n\\o\n$state ROLLBACK;"), $after{$change}, "... released: $what");
	is(ask("BEGIN; \\o /dev/null\nSAVEPOINT s; $drop ROLLBACK TO s; $change\n\\o\n$state ROLLBACK;"), $after{$change}, "... after a drop that was rolled back: $what");
	is(ask("BEGIN; \\o /dev/null\nSAVEPOINT s; $change SAVEPOINT t; $drop ROLLBACK TO t; RELEASE s;\n\\o\n$state ROLLBACK;"), $after{$change}, "... before a drop that was rolled back: $what");
	is(outcome($node, "\\set ON_ERROR_ROLLBACK on\nBEGIN; \\o /dev/null\n$change SELECT sessionize.define_session('visit', 'app.events', 'nothing', 'ts', '1 s', schema => 'app', replace => true);\n\\o\n$state ROLLBACK;"),
		"42703 $after{$change}", "... before an error: $what");
}
is(ask($state), $before, 'nothing of all that is left');

# What a dropped session leaves: nothing.  Each ends in a transaction of its own, and is made again.
my $left = q{SELECT count(*) FROM sessionize.session_definition; SELECT count(*) FROM sessionize.metric_definition;
	SELECT count(*) FROM pg_class WHERE relnamespace = 'app'::regnamespace AND relkind = 'v';};
my $visit = q{SELECT sessionize.define_session('visit', 'app.events', 'user_id', 'ts', '1 hour', schema => 'app');
	SELECT sessionize.define_metric('visit', 'pages', 'count(DISTINCT page)', schema => 'app');};
for my $steps (
	"SAVEPOINT s; $drop RELEASE s;", "SAVEPOINT s; SAVEPOINT t; $drop RELEASE t; RELEASE s;", "SAVEPOINT s; SAVEPOINT t; $drop RELEASE s;",
	"SAVEPOINT s; $drop RELEASE s; SAVEPOINT t; $visit ROLLBACK TO t;", "SAVEPOINT s; $replace RELEASE s; SAVEPOINT s; $drop RELEASE s;",
	"SAVEPOINT s; $drop $visit SAVEPOINT t; $drop RELEASE t; RELEASE s;")
{
	my $what = 'a drop in a savepoint, committed: ' . $steps =~ s/SELECT sessionize\.(\w+)\([^;]*/$1/gr;
	ask("BEGIN; $steps COMMIT;");
	is(ask($left), "0\n0\n0", $what);
	is(outcome($node, 'SELECT count(*) FROM app.visit;'), '42P01 ', '... nothing can be read');
	ask($visit);
	is(ask($state), $before, '... and the name is free for a new one');
}
for my $steps ("SAVEPOINT s; SAVEPOINT t; $drop RELEASE t; ROLLBACK TO s;", "SAVEPOINT s; $drop SAVEPOINT t; $visit RELEASE t; ROLLBACK TO s; RELEASE s;",
	"SAVEPOINT s; $drop RELEASE s; SAVEPOINT t; $visit RELEASE t;")
{
	ask("BEGIN; $steps COMMIT;");
	is(ask($state), $before, '... taken back or made again: ' . $steps =~ s/SELECT sessionize\.(\w+)\([^;]*/$1/gr);
}

# ---------- two-phase commit ----------

for my $end ('COMMIT', 'ROLLBACK')
{
	for my $crash (0, 1)
	{
		my $name = "$end PREPARED" . ($crash ? ' after a crash' : '');
		is(outcome($node, "BEGIN; \\o /dev/null\n$define $replace\n\\o\nPREPARE TRANSACTION 'two';"), '', "$name: prepared");
		if ($crash)
		{
			$node->stop('immediate');
			$node->start;
		}
		is(ask(q{SELECT count(*) FROM sessionize.session_definition; SELECT count(*) FROM pg_prepared_xacts}), "1\n1", '... others see nothing of it');
		is(outcome($node, "SET lock_timeout = '100ms'; $replace"), '55P03 ', '... and change the definition not before it has ended');
		ask("$end PREPARED 'two'");
		my $now = ask($state);
		if ($end eq 'ROLLBACK')
		{
			is($now, $before, '... as if nothing had been');
			next;
		}
		like($now, qr/^burst 00:05:00 -, visit 03:00:00 .*\n.*\nburst, burst_actors, burst_events, visit, visit_actors, visit_events\n\d+$/, '... all of it is there');
		ask("SELECT sessionize.drop_session('burst', schema => 'app');
			SELECT sessionize.define_session('visit', 'app.events', 'user_id', 'ts', '1 hour', schema => 'app', replace => true)");
		is(ask($state), $before, '... and can be changed back');
	}
}

# a drop: until it has ended, the definition is there, and its name is not free
for my $end ('COMMIT', 'ROLLBACK')
{
	for my $crash (0, 1)
	{
		my $name = "drop, $end PREPARED" . ($crash ? ' after a crash' : '');
		is(outcome($node, "BEGIN; \\o /dev/null\n$drop\n\\o\nPREPARE TRANSACTION 'two';"), '', "$name: prepared");
		if ($crash)
		{
			$node->stop('immediate');
			$node->start;
		}
		is(ask($left), "1\n1\n3", '... others see the definition, its metric and its views');
		is(outcome($node, "SET lock_timeout = '100ms'; $_"), '55P03 ', '... and wait: ' . substr $_, 7, 40) for 'SELECT count(*) FROM app.visit;', $drop, $visit =~ s/;.*/;/sr;
		ask("$end PREPARED 'two'");
		if ($end eq 'COMMIT')
		{
			is(ask($left), "0\n0\n0", '... all of it is gone');
			is(outcome($node, $drop), '42704 ', '... and cannot be dropped twice');
			ask($visit);
		}
		is(ask($state), $before, '... ' . ($end eq 'COMMIT' ? 'and the name is free for a new one' : 'as if nothing had been'));
	}
}

# ---------- other sessions, at the same time ----------

# Two psqls that stay; what each says to one statement
package Other
{
	sub new
	{
		my ($class, $node) = @_;
		my $self = bless { in => '', out => '', mark => 0 }, $class;
		$self->{run} = IPC::Run::start([ 'psql', '-XAtq', '-v', 'VERBOSITY=sqlstate', '-h', $node->host, '-p', $node->port, 'postgres' ],
			'<', \$self->{in}, '>', \$self->{out}, '2>', \$self->{out}, IPC::Run::timeout(180));
		return $self;
	}

	sub say
	{
		my ($self, $sql) = @_;
		$self->begin($sql);
		return $self->answer;
	}

	# The same in two steps, for what may have to wait
	sub begin
	{
		my ($self, $sql) = @_;
		$self->{said} = 'said ' . ++$self->{mark};
		$self->{out} = '';
		$self->{in} .= "$sql\n\\echo $self->{said}\n";
		$self->{run}->pump_nb while length $self->{in};
		return;
	}

	sub is_done
	{
		my ($self) = @_;
		$self->{run}->pump_nb;
		return $self->{out} =~ /$self->{said}\n/;
	}

	sub answer
	{
		my ($self) = @_;
		$self->{run}->pump until $self->{out} =~ /$self->{said}\n/;
		return $self->{out} =~ s/$self->{said}\n//r =~ s/\s+\z//r;
	}

	sub end { my ($self) = @_; $self->{in} .= "\\q\n"; $self->{run}->finish; return; }
}

# Each reads all sessions and adds an event because of it.  Were these one after the other,
# the second had seen the event of the first: serializable lets only one commit.  That the
# reading is noticed must not depend on the plan.
for my $setting ('on', 'off')
{
	for my $read ('SELECT count(*) FROM app.visit', 'SELECT count(*) FROM app.visit_events', 'SELECT sum(pages) FROM app.visit_actors',
		'SELECT count(*) FROM app.visit WHERE user_id = 1', q{SELECT sessionize.session_count(ts, '1 h') FROM app.events},
		q{SELECT max(n) FROM (SELECT sessionize.session_number(ts, '1 h') OVER (PARTITION BY user_id ORDER BY ts) AS n FROM app.events) AS x})
	{
		my @two = (Other->new($node), Other->new($node));
		my $said = '';
		$_->say("SET sessionize.enable_session_scan = $setting; BEGIN ISOLATION LEVEL SERIALIZABLE; $read;") for @two;
		$said .= $_->say(q{INSERT INTO app.events VALUES (1, '2027-01-01Z', 'more');}) . $_->say('COMMIT;') . ' ' for @two;
		$_->end for @two;
		like($said, qr/40001/, "serializable, session scans $setting: $read");
		is(ask(q{DELETE FROM app.events WHERE page = 'more' RETURNING 1}), '1', '... one of both has committed');
	}
}

# Changes of definitions, both begun before either: there is an order of the two that leads to
# what is stored and to the views, or one is refused with 40001 and only the other has happened.
{
	my $burst = $define;
	my $brisk = $define =~ s/burst/brisk/r;
	my $longer = $replace =~ s/3 hours/4 hours/r;
	my $second = q{SELECT sessionize.define_metric('visit', 'second', 'min(page)', schema => 'app');};
	# what is stored, and that the views say the same
	my $all = q{SELECT name, inactivity, filter FROM sessionize.session_definition ORDER BY 1;
		SELECT session, name, aggregate FROM sessionize.metric_definition ORDER BY 1, 2;
		SELECT relname, md5(pg_get_viewdef(oid)) FROM pg_class WHERE relnamespace = 'app'::regnamespace AND relkind = 'v' ORDER BY 1;
		SELECT * FROM sessionize.check_definitions();};
	# one after the other; the second may fail
	my $result_of = sub { return outcome($node, "\\set ON_ERROR_ROLLBACK on\nBEGIN; \\o /dev/null\n@_\n\\o\n$all ROLLBACK;") =~ s/^\w{5} //r; };
	my @together;

	for my $pair ([ $burst, $burst ], [ $burst, $brisk ], [ $replace, $longer ], [ $replace, $burst ], [ $replace, $metric ], [ $metric, $replace ],
		[ $metric, $second ], [ $drop, $drop ], [ $drop, $replace ], [ $replace, $drop ], [ $drop, $metric ], [ $second, $drop ], [ $drop, $burst ])
	{
		my ($first, $then) = @$pair;
		my ($only_first, $only_then, @both) = map { $result_of->(@$_) } [$first], [$then], [ $first, $then ], [ $then, $first ];

		for my $overlap ('after the first has committed', 'before that')
		{
			my @two = (Other->new($node), Other->new($node));
			my ($one, $other) = map { s/SELECT sessionize\.(\w+)\('(\w+)'.*/$1 $2/sr } $first, $then;
			my $what = "$one, then $other $overlap";
			my @said = ('', '');
			my $waits = '';

			$_->say('BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT count(*) FROM sessionize.session_definition;') for @two;
			$said[0] .= $two[0]->say("\\o /dev/null\n$first");
			if ($overlap eq 'before that')
			{
				$two[1]->begin("\\o /dev/null\n$then");
				$waits = ask('SELECT count(*) FROM pg_locks WHERE NOT granted') until $waits || $two[1]->is_done;
			}
			$said[0] .= $two[0]->say('COMMIT;');
			$said[1] .= $overlap eq 'before that' ? $two[1]->answer : $two[1]->say("\\o /dev/null\n$then");
			$said[1] .= $two[1]->say('COMMIT;');
			$_->end for @two;

			my @codes = map { join ' ', /ERROR:  (\w{5})/g } @said;
			my $now = ask($all);
			like("@codes", qr/^(40001)? (40001)?$/, "serializable, $what: no other error than 40001");
			ok($codes[0] && $codes[1] ? 0 : $codes[0] ? $now eq $only_then : $codes[1] ? $now eq $only_first : grep({ $now eq $_ } @both), '... and what is there is right')
			  or diag("errors: @codes\n$now");
			push @together, $what if $one =~ s/.* //r eq $other =~ s/.* //r && "@codes" !~ /40001/;
			ask("SELECT sessionize.drop_session(name, schema => schema) FROM sessionize.session_definition; $visit");
		}
	}
	# whoever has begun without seeing a change of a definition cannot change it, too
	is(join("\n", @together), '', 'of two changes of one definition, one is refused');
	is(ask($state), $before, 'and back');
}

# A snapshot does not change, whatever happens to the events; the next one does.
{
	my $reader = Other->new($node);
	my $count  = $reader->say('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM app.visit;');
	ask(q{INSERT INTO app.events VALUES (1, '2027-01-01Z', 'more'); UPDATE app.events SET ts = ts + interval '1 year' WHERE user_id = 2 AND page = 'p1'});
	is($reader->say('SELECT count(*) FROM app.visit;'), $count, 'repeatable read: the same sessions');
	is($reader->say('COMMIT; SELECT count(*) FROM app.visit;'), ask('SELECT count(*) FROM app.visit'), '... and those of now in the next transaction');
	isnt(ask('SELECT count(*) FROM app.visit'), $count, '... which are others');
	$reader->end;
	ask(q{DELETE FROM app.events WHERE page = 'more'; UPDATE app.events SET ts = ts - interval '1 year' WHERE user_id = 2 AND page = 'p1'});
}

# A plan that was kept follows the definition, and the switch.
{
	my $reader = Other->new($node);
	my $ask    = 'EXECUTE q(1);';
	$reader->say('PREPARE q(int) AS SELECT count(*), sum(event_count) FROM app.visit WHERE user_id = $1; SET plan_cache_mode = force_generic_plan;');
	my $was = $reader->say($ask);
	ask($replace);
	is($reader->say($ask), ask('SELECT count(*), sum(event_count) FROM app.visit WHERE user_id = 1'), "a plan kept follows the definition");
	isnt($reader->say($ask), $was, '... which has changed');
	ask("SELECT sessionize.define_session('visit', 'app.events', 'user_id', 'ts', '1 hour', schema => 'app', replace => true)");
	is($reader->say("SET sessionize.enable_session_scan = off; $ask"), $was, '... and back, without session scans');
	$reader->end;
}

# ---------- a standby ----------

$node->backup('for_standby');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'for_standby', has_streaming => 1);
$standby->start;
ask(q{INSERT INTO app.events VALUES (1, now(), 'now'), (2, now() - interval '2 hours', 'now');});
$node->wait_for_catchup($standby, 'replay', $node->lsn('insert'));

my @reads = (
	'SELECT user_id, session_number, started_at, ended_by, is_open, pages, session_id FROM app.visit ORDER BY 1, 2',
	'SELECT count(*), sum(session_number), max(session_event_number) FROM app.visit_events',
	'SELECT * FROM app.visit_actors ORDER BY user_id',
	q{SELECT count(*) FROM sessionize.read(NULL::app.visit, inactivity => '10 min')},
	q{SELECT sessionize.session_sql('visit', schema => 'app')},
	'SELECT count(*) FROM sessionize.fields',
	'SELECT * FROM sessionize.check_definitions()',
	q{SET search_path = app; SELECT * FROM sessionize.compare('visit', '10 min')},
	q{SELECT sessionize.session_count(ts, '1 h'), sessionize.last(page, ts) FROM app.events});
is($standby->safe_psql('postgres', $_), ask($_), "on a standby: $_") for @reads;
is($standby->safe_psql('postgres', q{SELECT string_agg(user_id || ' ' || is_open, ', ' ORDER BY user_id) FROM app.visit WHERE started_at > now() - interval '1 day'}),
	'1 true, 2 false', '... is_open is told by its clock');
is(outcome($standby, $_), '25006 ', '... refused: ' . substr $_, 7, 40) for $define, $replace, $drop, $metric, 'SELECT sessionize.rebuild_views();',
  q{SELECT sessionize.alter_session('visit', 'inactivity', '2 h', schema => 'app');};
is(outcome($node, "BEGIN READ ONLY; $define"), '25006 ', 'in a read-only transaction, as well');
is(ask("BEGIN READ ONLY; $reads[1]"), ask($reads[1]), '... reading works there');

# while a change streams over
ask($replace);
$node->wait_for_catchup($standby, 'replay', $node->lsn('insert'));
is($standby->safe_psql('postgres', $_), ask($_), 'a change has come over') for 'SELECT count(*) FROM app.visit', "SELECT * FROM sessionize.session_definition";

$standby->promote;
is($standby->safe_psql('postgres', $_), ask($_), "after the promotion: $_") for @reads;
$standby->safe_psql('postgres', "$define $metric");
is($standby->safe_psql('postgres', q{SELECT count(*) FROM sessionize.session_definition; SELECT * FROM sessionize.check_definitions()}), '2', '... definitions change');
cmp_ok($standby->safe_psql('postgres', 'SELECT count(*) FROM app.burst'), '>', 0, '... and are read');
$standby->stop;

# ---------- logical replication of the source ----------

my $subscriber = start_cluster('subscriber', 'wal_level = logical', 'autovacuum = off');
$subscriber->safe_psql('postgres', q{
	CREATE SCHEMA app; CREATE TABLE app.events (user_id int, ts timestamptz, page text);
	SELECT sessionize.define_session('visit', 'app.events', 'user_id', 'ts', '1 hour', schema => 'app');});
ask(q{ALTER TABLE app.events REPLICA IDENTITY FULL; CREATE PUBLICATION p FOR TABLE app.events});
ask("SELECT sessionize.define_session('visit', 'app.events', 'user_id', 'ts', '1 hour', schema => 'app', replace => true)");
my $connection = $node->connstr . ' dbname=postgres';
$subscriber->safe_psql('postgres', "CREATE SUBSCRIPTION s CONNECTION '$connection' PUBLICATION p");
$subscriber->poll_query_until('postgres', q{SELECT count(*) > 0 AND bool_and(srsubstate = 'r') FROM pg_subscription_rel}) or fail('the table is copied');
my $sessions = 'SELECT user_id, session_number, started_at, event_count, session_id FROM app.visit ORDER BY 1, 2';
is($subscriber->safe_psql('postgres', $sessions), ask($sessions), 'logical replication: the same sessions, with the same ids');
ask(q{INSERT INTO app.events VALUES (1, '2025-12-31Z', 'late'); DELETE FROM app.events WHERE page = 'p2'; UPDATE app.events SET ts = ts + interval '3 hours' WHERE page = 'p3'});
$node->wait_for_catchup('s');
is($subscriber->safe_psql('postgres', $sessions), ask($sessions), '... after events came late, went, and changed');
$subscriber->safe_psql('postgres', 'DROP SUBSCRIPTION s');
$subscriber->stop;

$node->stop;
done_testing();
