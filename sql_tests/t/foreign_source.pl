# foreign_source.pl: sessions over a foreign table of postgres_fdw, to the same
# cluster.
#
# Its views say what a definition over the table behind it says; an actor that
# is asked for goes to the other server with the query; and whose events a
# reader sees is a matter of that reader's user mapping.

use strict;
use warnings;
use File::Basename qw(dirname);
use Cwd qw(abs_path);
use Test::More;
use lib dirname(abs_path(__FILE__));
use SessionizeTest;

my $node = start_cluster('foreign_source');

if ($node->safe_psql('postgres', q{SELECT count(*) FROM pg_available_extensions WHERE name = 'postgres_fdw'}) eq '0')
{
	$node->stop;
	plan skip_all => 'this PostgreSQL has no postgres_fdw';
}

# What a role's statements print; one that fails is a failed test.
sub as { return query_as($node, @_); }

sub error_of { return error_as($node, @_); }

sub problems
{
	return as('alice', 'SELECT definition, object, problem FROM sessionize.check_definitions()');
}

# What the other server is asked for by a query.
sub remote_sql
{
	my ($query) = @_;
	return as('alice', "EXPLAIN (VERBOSE, COSTS OFF) $query") =~ /Remote SQL: (.*)/g;
}

# Rows of one of two views that the other does not have.
sub differences
{
	my ($one, $other) = @_;
	return as('alice', qq{SELECT (SELECT count(*) FROM (TABLE $one EXCEPT ALL TABLE $other) AS d)
		+ (SELECT count(*) FROM (TABLE $other EXCEPT ALL TABLE $one) AS d)});
}

my $port = $node->port;
my $host = $node->host;

# alice and bob are known over there, carol and dave are not.  far_bob sees user 2 only.
$node->safe_psql('postgres', qq{
	CREATE EXTENSION postgres_fdw;
	CREATE ROLE alice LOGIN; CREATE ROLE bob LOGIN; CREATE ROLE carol LOGIN; CREATE ROLE dave LOGIN;
	CREATE ROLE far_alice LOGIN; CREATE ROLE far_bob LOGIN;
	CREATE SCHEMA far; CREATE SCHEMA "near by" AUTHORIZATION alice; CREATE SCHEMA app AUTHORIZATION alice;
	GRANT USAGE ON SCHEMA far TO far_alice, far_bob, alice;
	GRANT USAGE ON SCHEMA app TO bob, carol, dave;
	CREATE TABLE far.events (user_id int, ts timestamptz, page text, amount numeric);
	CREATE INDEX ON far.events (user_id, ts);
	INSERT INTO far.events SELECT i % 5, timestamptz '2020-01-01 10:00Z' + i * i % 997 * interval '1 min 0.000001 s', 'p' || i % 4, i
	FROM generate_series(1, 300) AS i;
	INSERT INTO far.events VALUES (NULL, '2020-01-01', 'p1', 1), (1, NULL, 'p1', 1), (1, 'infinity', 'p1', 1), (1, '-infinity', 'p2', 1);
	GRANT SELECT ON far.events TO far_alice, far_bob, alice;
	ALTER TABLE far.events ENABLE ROW LEVEL SECURITY;
	CREATE POLICY all_of_it ON far.events FOR SELECT TO far_alice, alice USING (true);
	CREATE POLICY "some" ON far.events FOR SELECT TO far_bob USING (user_id = 2);
	CREATE SERVER "the other" FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '$host', port '$port', dbname 'postgres');
	GRANT USAGE ON FOREIGN SERVER "the other" TO alice;
	CREATE USER MAPPING FOR alice SERVER "the other" OPTIONS (user 'far_alice', password_required 'false');
	CREATE USER MAPPING FOR bob SERVER "the other" OPTIONS (user 'far_bob', password_required 'false');});
as('alice', q{
	CREATE FOREIGN TABLE "near by"."far events" (user_id int, "the time" timestamptz OPTIONS (column_name 'ts'), page text, amount numeric)
		SERVER "the other" OPTIONS (schema_name 'far', table_name 'events');
	GRANT SELECT ON "near by"."far events" TO bob, carol;
	GRANT USAGE ON SCHEMA "near by" TO bob, carol;});

# ---------- the same answers as over the table itself ----------

sub define
{
	my ($name, $source, $time) = @_;
	as('alice', qq{
		SELECT sessionize.define_session('$name', '$source', 'user_id', '$time', '12 min', filter => \$\$page <> 'p3'\$\$,
			restart_on => 'amount % 50 = 0', schema => 'app', readers => '{bob,carol,dave}');
		SELECT sessionize.define_metric('$name', 'total', 'sum(amount)', schema => 'app');
		SELECT sessionize.define_metric('$name', 'pages', 'count(DISTINCT page)', filter => \$\$page <> 'p1'\$\$, schema => 'app');
		SELECT sessionize.define_metric('$name', 'second', 'max(amount)', session_filter => 'total > 100', nth => 2, schema => 'app');});
}
define('visit', '"near by"."far events"', '"the time"');
define('local', 'far.events', 'ts');
is(problems(), '', 'sessions over a foreign table');
is(as('alice', 'SELECT source FROM sessionize.session_definition WHERE name = $$visit$$'), '"near by"."far events"', '... by its name');
cmp_ok(as('alice', 'SELECT count(*) FROM app.visit'), '>', 50, '... have rows');
is(differences("app.visit$_", "app.local$_"), '0', "... the same as over the table itself: visit$_") for '', '_events', '_actors';
is(as('alice', qq{SELECT count(*) FROM (TABLE app.visit$_ EXCEPT ALL SELECT * FROM sessionize.read(NULL::app.visit$_)) AS d}), '0',
	"... and by read(): visit$_") for '', '_events', '_actors';
is(as('alice', q{SELECT count(*) FROM app.visit_events AS e JOIN app.visit AS v USING (session_id)}),
	as('alice', q{SELECT count(*) FROM far.events WHERE page <> 'p3' AND user_id IS NOT NULL AND ts IS NOT NULL}), 'every event has its session');

# an event over there is in the next read
$node->safe_psql('postgres', q{INSERT INTO far.events VALUES (77, '2020-01-01 10:00Z', 'p0', 7)});
is(as('alice', 'SELECT session_number, started_at, total FROM app.visit WHERE user_id = 77'), '1|2020-01-01 10:00:00+00|7', 'a new event is in the next read');
is(as('alice', q{BEGIN; SELECT sessionize.alter_session('visit', 'inactivity', '9999 days', schema => 'app');
	SELECT count(*) FROM app.visit WHERE started_by = 'inactivity' AND isfinite(started_at); ROLLBACK}) =~ s/^\n//r, '1',
	'... and a changed definition, which a rollback takes back');

# ---------- what the other server is asked for ----------

for my $view ('visit', 'visit_events', 'visit_actors')
{
	my @remote = remote_sql("SELECT * FROM app.$view WHERE user_id = 3");
	cmp_ok(scalar(@remote), '>=', 1, "$view asks the other server");
	is(scalar(grep { !/\(\(?user_id = 3\)/ } @remote), 0, '... for the actor only') or diag("@remote");
	is(scalar(grep { !/page <> 'p3'/ } @remote), 0, "... and for what the definition's filter passes") or diag("@remote");
}
is(scalar(grep { !/user_id = ANY/ } remote_sql('SELECT session_number, total FROM app.visit WHERE user_id IN (3, 4)')), 0, 'for several actors');
is(scalar(grep { !/user_id < 2/ } remote_sql('SELECT session_number, total FROM app.visit WHERE user_id < 2')), 0, 'for a range of actors');
is(scalar(grep { /user_id = / } remote_sql('SELECT session_number, total FROM app.visit')), 0, 'without a condition, for all of them');
as('alice', q{SELECT sessionize.alter_session('visit', 'restart_on', NULL, schema => 'app')});
is(scalar(grep { /amount/ } remote_sql('SELECT session_number FROM app.visit')), 0, 'a column of metrics that are not asked for does not come along');
isnt(scalar(grep { /amount/ } remote_sql('SELECT total FROM app.visit')), 0, '... of others it does');
as('alice', q{SELECT sessionize.alter_session('visit', 'restart_on', 'amount % 50 = 0', schema => 'app')});
as('alice', q{SELECT sessionize.alter_session('visit', 'keep', 'total > 100', schema => 'app');
	SELECT sessionize.alter_session('local', 'keep', 'total > 100', schema => 'app')});
is(scalar(grep { !/user_id = 3/ } map { remote_sql("SELECT * FROM app.visit$_ WHERE user_id = 3") } '', '_events', '_actors'), 0,
	'with a keep by a metric, both sides of the join ask for the actor only');
is(differences("app.visit$_", "app.local$_"), '0', "... and the rows are the same: visit$_") for '', '_events', '_actors';

# ---------- whose events a reader sees ----------

is(as('bob', 'SELECT DISTINCT user_id FROM app.visit'), '2', "a reader sees what that reader's mapping shows: bob");
is(as('bob', "SELECT DISTINCT user_id FROM app.visit$_"), '2', "... in visit$_") for '_events', '_actors';
is(as('bob', 'SELECT DISTINCT user_id FROM sessionize.read(NULL::app.visit)'), '2', '... and by read()');
like(error_of('carol', "SELECT * FROM app.visit$_"), qr/^42704: user mapping not found for/,
	"a reader without one sees nothing: carol, visit$_") for '', '_events', '_actors';
like(error_of('dave', 'SELECT * FROM app.visit'), qr/^42501: permission denied for (schema near by|foreign table far events)/, 'nor does one without SELECT on the foreign table: dave');
like(error_of('bob', q{SELECT sessionize.define_session('mine', '"near by"."far events"', 'user_id', '"the time"', '1 min', schema => 'app')}),
	qr/^42501: permission denied for schema app/, 'a reader is no definer');

as('alice', q{SELECT sessionize.alter_session('visit', 'security_invoker', 'false', schema => 'app')});
is(as($_, 'SELECT count(DISTINCT user_id) > 1 FROM app.visit'), 't', "security_invoker => false: the owner's mapping, for $_") for 'bob', 'carol', 'dave';
like(error_of('carol', 'SELECT * FROM sessionize.read(NULL::app.visit)'), qr/^42704: user mapping not found/, "... but the caller's in read()");
is(scalar(grep { !/user_id = 3/ } map { remote_sql("SELECT * FROM app.visit$_ WHERE user_id = 3") } '', '_events', '_actors'), 0,
	'... and the actor goes to the other server as before');
as('alice', q{SELECT sessionize.alter_session('visit', 'security_invoker', 'true', schema => 'app')});
like(error_of('carol', 'SELECT * FROM app.visit'), qr/^42704: user mapping not found/, 'and back');
$node->safe_psql('postgres', q{DROP USER MAPPING FOR bob SERVER "the other"});
like(error_of('bob', 'SELECT * FROM app.visit'), qr/^42704: user mapping not found/, 'a mapping that is taken away counts at the next read');
$node->safe_psql('postgres', q{CREATE USER MAPPING FOR PUBLIC SERVER "the other" OPTIONS (user 'far_bob', password_required 'false')});
is(as($_, 'SELECT DISTINCT user_id FROM app.visit'), '2', "... so does one for everybody: $_") for 'bob', 'carol';

# ---------- changes ----------

like(error_of('alice', 'DROP FOREIGN TABLE "near by"."far events"'), qr/^2BP01: cannot drop foreign table "near by"\."far events".*view app\.visit/s,
	'the foreign table cannot be dropped under its sessions');
like(error_of('postgres', 'DROP SERVER "the other"'), qr/^2BP01/, '... nor the server');
my $rows = as('alice', 'SELECT * FROM app.visit ORDER BY 1');
as('alice', 'ALTER FOREIGN TABLE "near by"."far events" RENAME TO moved');
is(as('alice', 'SELECT * FROM app.visit ORDER BY 1'), $rows, 'the foreign table renamed: reads go on');
is(problems(), 'app.visit|source|the views read "near by".moved, not "near by"."far events"', '... and the drift is named');
as('alice', q{SELECT sessionize.rebuild_views('visit', schema => 'app')});
is(problems(), '', '... and recorded');
$node->safe_psql('postgres', q{ALTER TABLE far.events ADD later int DEFAULT 3});
as('alice', q{ALTER FOREIGN TABLE "near by".moved ADD later int; SELECT sessionize.define_metric('visit', 'later', 'max(later)', schema => 'app')});
is(as('alice', 'SELECT DISTINCT later FROM app.visit; SELECT DISTINCT later FROM app.visit_events'), "3\n3", 'a column that is added on both sides');
as('alice', q{DROP FOREIGN TABLE "near by".moved CASCADE;
	CREATE FOREIGN TABLE "near by".moved (user_id int, "the time" timestamptz OPTIONS (column_name 'ts'), page text, amount numeric, later int)
		SERVER "the other" OPTIONS (schema_name 'far', table_name 'events');
	SELECT sessionize.rebuild_views('visit', schema => 'app');});
is(as('alice', 'SELECT count(*) FROM app.visit'), scalar(split /\n/, $rows), 'dropped with its views and made anew: rebuild_views() brings them back');

# a table with a partition over there
as('alice', q{
	CREATE TABLE app.both (user_id int, ts timestamptz, page text, amount numeric) PARTITION BY RANGE (ts);
	CREATE TABLE app.new PARTITION OF app.both FOR VALUES FROM ('2020-01-01 18:00Z') TO (MAXVALUE);
	CREATE FOREIGN TABLE app.old PARTITION OF app.both FOR VALUES FROM ('2020-01-01') TO ('2020-01-01 18:00Z')
		SERVER "the other" OPTIONS (schema_name 'far', table_name 'early');});
$node->safe_psql('postgres', q{
	CREATE VIEW far.early AS SELECT user_id, ts, page, amount FROM far.events WHERE ts >= '2020-01-01' AND ts < '2020-01-01 18:00Z';
	GRANT SELECT ON far.early TO far_alice;
	INSERT INTO app.new SELECT user_id, ts, page, amount FROM far.events WHERE ts >= '2020-01-01 18:00Z';});
as('alice', q{SELECT sessionize.define_session('visit of both', 'app.both', 'user_id', 'ts', '12 min', schema => 'app');
	SELECT sessionize.define_session('visit of all', 'far.events', 'user_id', 'ts', '12 min', filter => $$ts >= '2020-01-01'$$, schema => 'app');});
is(differences('app."visit of both"', 'app."visit of all"'), '0', 'sessions across a foreign and a local partition');
is(scalar(grep { !/user_id = 3/ } remote_sql('SELECT * FROM app."visit of both" WHERE user_id = 3')), 0, '... and the actor goes to the other server');

# ---------- the other server is away ----------

$node->safe_psql('postgres', q{ALTER SERVER "the other" OPTIONS (SET dbname 'nowhere')});
like(error_of('alice', 'SELECT * FROM app.visit'), qr/^08001: could not connect to server "the other"/, 'the other server away: reads fail');
as('alice', q{
	SELECT sessionize.alter_session('visit', 'inactivity', '30 min', schema => 'app');
	SELECT sessionize.define_metric('visit', 'n', 'count(*)', schema => 'app');
	SELECT sessionize.rebuild_views('visit', schema => 'app');
	SELECT sessionize.define_session('blind', '"near by".moved', 'user_id', '"the time"', '30 min', schema => 'app');});
is(problems(), '', '... definitions can be made, changed and checked');
$node->safe_psql('postgres', q{ALTER SERVER "the other" OPTIONS (SET dbname 'postgres')});
is(as('alice', 'SELECT sum(n) = sum(event_count) FROM app.visit; SELECT count(*) > 0 FROM app.blind'), "t\nt", '... and read when it is there again');
as('alice', q{SELECT sessionize.drop_session(name, schema => schema) FROM sessionize.session_definition});
as('alice', 'DROP FOREIGN TABLE "near by".moved');
pass('without sessions the foreign table can be dropped');

$node->stop;
done_testing();
