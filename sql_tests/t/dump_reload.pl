# dump_reload.pl: what pg_dump takes out, any way of restoring brings back.
#
# A database with definitions of every kind is dumped and restored in each of
# pg_dump's ways; after each, rows, view texts, owners, privileges, options,
# comments and definitions are the same, nothing was written to stderr, another
# dump is the same byte for byte, and life goes on: the owner changes, adds and
# rebuilds.

use strict;
use warnings;
use File::Basename qw(dirname);
use Cwd qw(abs_path);
use IPC::Run qw(run);
use Test::More;
use PostgreSQL::Test::Utils;
use lib dirname(abs_path(__FILE__));
use SessionizeTest;

my $node = start_cluster('dump_reload');
my $dir  = PostgreSQL::Test::Utils::tempdir();

# What a role's statements print in a database; one that fails is a failed test.
sub as
{
	my ($role, $db, $sql) = @_;
	my ($out, $err) = ('', '');
	$node->psql($db, $sql, extra_params => [ '-U', $role ],
		stdout => \$out, stderr => \$err, on_error_stop => 1) == 0
	  or fail("$role: $sql") && 0
	  or diag($err);
	return $out;
}

# A program of PostgreSQL's; it has to succeed without a word on stderr.
sub silent
{
	my ($what, @command) = @_;
	my ($out, $err) = ('', '');
	my $done = run [@command], '>', \$out, '2>', \$err;
	ok($done && $err eq '', "$what: no error, no warning") or diag("@command\n$err");
	return $out;
}

sub dump_to
{
	my ($file, $db, @options) = @_;
	silent("pg_dump @options", 'pg_dump', @options, '-f', "$dir/$file", '-d', $node->connstr($db));
	return "$dir/$file";
}

sub psql_file
{
	my ($file, $db, $what) = @_;
	silent($what // "psql -f", 'psql', '-X', '-q', '-o', '/dev/null', '-v', 'ON_ERROR_STOP=1', '-f', $file, '-d', $node->connstr($db));
}

my $databases = 0;

sub fresh_database
{
	my $db = 'copy' . ++$databases;
	$node->safe_psql('postgres', "CREATE DATABASE $db TEMPLATE template0");
	return $db;
}

# All relations outside of the extension, with what they are; then their rows,
# in an order of their own; then what the catalog has.
sub state_of
{
	my ($db) = @_;
	my $state = as('postgres', $db, q{
		SELECT oid::regclass, relkind, pg_get_userbyid(relowner), reloptions, obj_description(oid), pg_get_viewdef(oid),
			(SELECT array_agg(a::text ORDER BY a::text) FROM unnest(relacl) AS a)
		FROM pg_class WHERE relnamespace::regnamespace::text IN ('"raw data"', 'app', 'other') AND relkind IN ('r', 'v', 'm') ORDER BY oid::regclass::text;
		SELECT attrelid::regclass, attnum, attname, atttypid::regtype, attacl, col_description(attrelid, attnum)
		FROM pg_attribute JOIN pg_class AS c ON c.oid = attrelid
		WHERE relnamespace::regnamespace::text IN ('"raw data"', 'app', 'other') AND relkind IN ('r', 'v', 'm') AND attnum > 0 ORDER BY 1::text, 2;
		SELECT * FROM sessionize.session_definition ORDER BY schema, name;
		SELECT * FROM sessionize.metric_definition ORDER BY schema, session, position;
		SELECT * FROM sessionize.fields;
		SELECT * FROM sessionize.check_definitions();} =~ s/ORDER BY 1::text, 2/ORDER BY attrelid::regclass::text, attnum/r);
	for my $relation (split /\n/, as('postgres', $db, q{SELECT oid::regclass FROM pg_class
		WHERE relnamespace::regnamespace::text IN ('"raw data"', 'app', 'other') AND relkind IN ('r', 'v', 'm') ORDER BY oid::regclass::text}))
	{
		$state .= "\n$relation:\n" . as('postgres', $db, "SELECT t::text FROM $relation AS t ORDER BY t::text");
	}
	return $state;
}

# The dump as text, without the key that some pg_dumps make up for each dump.
sub dump_text
{
	my ($db) = @_;
	my $text = silent("another dump of $db", 'pg_dump', '-d', $node->connstr($db));
	$text =~ s/^\\(un)?restrict .*$//mg;
	return $text;
}

# ---------- a database with everything ----------

$node->safe_psql('postgres', q{
	CREATE ROLE alice LOGIN; CREATE ROLE bob LOGIN; CREATE ROLE "the reader" LOGIN;
	CREATE DATABASE original TEMPLATE template0; GRANT CREATE ON DATABASE original TO alice, bob;});
as('postgres', 'original', 'CREATE EXTENSION sessionize');
as('alice', 'original', q{
	CREATE SCHEMA "raw data"; CREATE SCHEMA app; GRANT USAGE ON SCHEMA "raw data", app TO PUBLIC;
	CREATE FUNCTION "raw data"."is ok"(text) RETURNS boolean IMMUTABLE LANGUAGE sql AS $$ SELECT $1 <> 'p3' $$;
	CREATE TABLE "raw data"."all events" (user_id int, "The Platform" text, ts timestamptz, page text, amount numeric(10, 2), session_id text);
	INSERT INTO "raw data"."all events" SELECT i % 3, (ARRAY['web', 'app'])[i % 2 + 1],
		timestamptz '2026-01-01 10:00Z' + i * i * interval '1 min', 'p' || i % 4, i, 's' || i / 5
	FROM generate_series(1, 60) AS i;
	GRANT SELECT ON "raw data"."all events" TO bob, "the reader";
	SET search_path = app;
	SELECT sessionize.define_session('Natalie''s Session', '"raw data"."all events"', 'user_id, "The Platform"', 'ts', '45 min',
		filter => '"raw data"."is ok"(page)', readers => '{"the reader",bob}');
	SELECT sessionize.define_metric('Natalie''s Session', 'the "total"', 'sum(amount)', filter => $$page <> 'it''s'$$);
	SELECT sessionize.define_metric('Natalie''s Session', 'pages', 'string_agg(page, $$, $$ ORDER BY ts)');
	SELECT sessionize.define_session('visit', '"raw data"."all events"', 'user_id AS person', 'ts', '2 hours',
		restart_on => $$page = 'p1'$$, max_duration => '3 hours', keep => 'event_count > 1');
	SELECT sessionize.define_metric('visit', 'n', 'count(*)');
	SELECT sessionize.define_metric('visit', 'of the second', 'sum(amount)', session_filter => 'n > 1', nth => 2);
	SELECT sessionize.define_metric('visit', 'of the long ones', 'avg(amount)', session_filter => $$duration > '1 minute' AND "n" < 50$$);
	SELECT sessionize.alter_session('visit', 'keep', 'event_count > 1 AND n < 60');
	SELECT sessionize.define_metric('visit', 'n', 'count(ts)', replace => true); -- the last row now
	SELECT sessionize.define_session('open', '"raw data"."all events"', 'session_id AS client, user_id', 'ts AT TIME ZONE $$UTC$$', '1 day',
		security_invoker => false, label_prefix => 'lbl_', require_restart => true, restart_on => 'page = $$p0$$', end_on => 'amount > 20');
	GRANT SELECT ON visit TO bob WITH GRANT OPTION;
	GRANT SELECT (started_at, n) ON visit TO "the reader";
	GRANT SELECT ON open_actors TO PUBLIC;});
as('bob', 'original', q{
	CREATE SCHEMA other;
	SELECT sessionize.define_session('A burst', 'app."Natalie''s Session"', 'user_id', 'started_at', '1 day', schema => 'other');
	SELECT sessionize.define_metric('A burst', 'sum of "totals"', 'sum("the ""total""")', schema => 'other');
	CREATE VIEW other.report AS SELECT person, count(*) FROM app.visit GROUP BY 1;});
as('alice', 'original', q{
	SET search_path = app;
	-- behind the others in the table, and a column in the middle of the view
	SELECT sessionize.define_session('Natalie''s Session', '"raw data"."all events"', 'user_id, "The Platform"', 'ts', '1 hour',
		filter => '"raw data"."is ok"(page)', readers => '{"the reader",bob}', replace => true);
	SELECT sessionize.define_metric('Natalie''s Session', 'later', 'min(amount)');
	CREATE MATERIALIZED VIEW kept AS SELECT * FROM "Natalie's Session";});

my $state = state_of('original');
like($state, qr/other\."A burst":\n\(/, 'a database with definitions, and rows');
is(as('postgres', 'original', 'SELECT * FROM sessionize.check_definitions()'), '', '... in order');
my $text = dump_text('original');

# After a restore: all as before, and what the owners do works.
sub restored
{
	my ($db, $what) = @_;
	is(state_of($db), $state, "$what: all is as it was");
	is(dump_text($db), $text, '... to the byte');
	as('alice', $db, q{
		SET search_path = app;
		SELECT sessionize.define_metric('visit', 'after', 'max(amount)');
		SELECT sessionize.alter_session('visit', 'inactivity', '3 hours');
		SELECT sessionize.define_session('open', '"raw data"."all events"', 'user_id', 'ts', '1 day', replace => true);
		SELECT sessionize.drop_metric('Natalie''s Session', 'later');} =~ s/SELECT sessionize.drop_metric.*;//r);
	is(as('alice', $db, 'SELECT sessionize.rebuild_views()'), '3', '... then definitions are changed and rebuilt');
	is(as('bob', $db, 'SELECT sessionize.rebuild_views()'), '1', "... each owner's own");
	is(as('postgres', $db, 'SELECT * FROM sessionize.check_definitions()'), '', '... without a problem');
	is(as('alice', $db, 'SELECT count(after) = count(*) AND count(*) > 0 FROM app.visit'), 't', '... and read');
	$node->safe_psql('postgres', "DROP DATABASE $db");
}

# ---------- whole databases ----------

my $plain = dump_to('plain.sql', 'original');
my $db = fresh_database();
psql_file($plain, $db);
restored($db, 'pg_dump | psql');

$db = fresh_database();
silent('in one transaction', 'psql', '-X', '-q', '-1', '-o', '/dev/null', '-v', 'ON_ERROR_STOP=1', '-f', $plain, '-d', $node->connstr($db));
restored($db, 'pg_dump | psql in one transaction');

my $custom = dump_to('custom.dump', 'original', '-Fc');
$db = fresh_database();
silent('pg_restore -j 4', 'pg_restore', '-j', '4', '-d', $node->connstr($db), $custom);
restored($db, 'pg_restore -j 4');

# ... which may load the two tables in any order, so here in the other one
my $list = silent('pg_restore -l', 'pg_restore', '-l', $custom);
my $data = qr/^[^\n]*TABLE DATA sessionize (?:session|metric)_definition[^\n]*\n/m;
$list =~ s/($data)(.*?)($data)/$3$2$1/s or fail('the data of both tables in the list');
append_to_file("$dir/list", $list);
$db = fresh_database();
silent('pg_restore -L', 'pg_restore', '-L', "$dir/list", '-d', $node->connstr($db), $custom);
restored($db, 'metrics loaded before sessions');

my $inserts = dump_to('inserts.sql', 'original', '--column-inserts');
$db = fresh_database();
psql_file($inserts, $db);
restored($db, 'pg_dump --column-inserts');

# over what is there already
my $clean = dump_to('clean.sql', 'original', '--clean', '--if-exists');
$db = fresh_database();
psql_file($clean, $db, 'into an empty database');
psql_file($clean, $db, 'over itself');
restored($db, 'pg_dump --clean --if-exists, twice');
$db = fresh_database();
psql_file($plain, $db);
silent('pg_restore --clean --if-exists -j 4', 'pg_restore', '--clean', '--if-exists', '-j', '4', '-d', $node->connstr($db), $custom);
restored($db, 'pg_restore --clean over a restored database');

my $schema = dump_to('schema.sql', 'original', '--schema-only');
my $data   = dump_to('data.sql', 'original', '--data-only');
$db = fresh_database();
psql_file($schema, $db);
is(as('postgres', $db, 'SELECT count(*) FROM app.visit'), '0', 'after --schema-only the views can be read');
is(as('postgres', $db, 'SELECT * FROM sessionize.check_definitions()'), '', '... and there is no problem');
psql_file($data, $db);
as('postgres', $db, 'REFRESH MATERIALIZED VIEW app.kept');
restored($db, '--schema-only, then --data-only');

$data = dump_to('data_no_triggers.sql', 'original', '--data-only', '--disable-triggers');
$db = fresh_database();
psql_file($schema, $db);
psql_file($data, $db);
as('postgres', $db, 'REFRESH MATERIALIZED VIEW app.kept');
restored($db, '--data-only --disable-triggers');

# ---------- parts ----------

# a single schema: its views, which work, and no definitions
my $tables = dump_to('tables.sql', 'original', '-n', 'raw data');
my $app    = dump_to('app.sql', 'original', '-n', 'app');
$db = fresh_database();
as('postgres', $db, 'CREATE EXTENSION sessionize');
psql_file($tables, $db);
psql_file($app, $db);
is(as('"the reader"' =~ s/"//gr, $db, q{SELECT count(*) FROM app."Natalie's Session"}),
	as('postgres', 'original', q{SELECT count(*) FROM app."Natalie's Session"}), 'pg_dump -n app: the views work, for their readers, too');
is(as('postgres', $db, 'SELECT count(*) FROM sessionize.session_definition'), '0', '... definitions are not in it');
is(as('postgres', $db, 'SELECT * FROM sessionize.check_definitions()'), '', '... which is no problem');
my $other = dump_to('other.sql', 'original', '-n', 'other');
psql_file($other, $db);
my $definitions = dump_to('definitions.sql', 'original', '--data-only', '-t', 'sessionize.*_definition');
psql_file($definitions, $db);
restored($db, 'with --data-only -t sessionize.*_definition');

# ... unless the extension is asked for, too
my $together = dump_to('together.sql', 'original', '-n', 'app', '-n', 'other', '-e', 'sessionize');
$db = fresh_database();
psql_file($tables, $db);
psql_file($together, $db);
restored($db, 'pg_dump -n app -n other -e sessionize');

# definitions alone, where the sources are: the views are made
$db = fresh_database();
as('postgres', $db, 'CREATE EXTENSION sessionize; CREATE SCHEMA app AUTHORIZATION alice; GRANT USAGE ON SCHEMA app TO PUBLIC; CREATE SCHEMA other AUTHORIZATION bob');
psql_file($tables, $db);
{
	my ($out, $err) = ('', '');
	ok(run(['psql', '-X', '-q', '-o', '/dev/null', '-v', 'ON_ERROR_STOP=1', '-f', $definitions, '-d', $node->connstr($db)], '>', \$out, '2>', \$err),
		'definitions restored where there are sources, but no views') or diag($err);
	unlike($err, qr/ERROR/, '... without an error');
}
as('postgres', $db, 'SELECT sessionize.rebuild_views()');
is(as('postgres', $db, 'SELECT * FROM sessionize.check_definitions()'), '', '... makes the views');
for my $view (q{app."Natalie's Session"}, 'app.visit_actors', 'app.open_events', 'other."A burst"')
{
	is(as('postgres', $db, "SELECT t::text FROM $view AS t ORDER BY 1"), as('postgres', 'original', "SELECT t::text FROM $view AS t ORDER BY 1"),
		"... with the same rows: $view");
	is(as('postgres', $db, "SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = \$\$$view\$\$::regclass"),
		as('postgres', 'original', "SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = \$\$$view\$\$::regclass"), '... and the same owner');
}
is(as('postgres', $db, q{SELECT has_table_privilege('the reader', 'app."Natalie''s Session_actors"', 'SELECT')}), 't', '... and the same readers');

# ... one table before the other, and metrics before those that they name
my %part = map { $_ => dump_to("$_.sql", 'original', '--data-only', '-t', "sessionize.${_}_definition") } 'session', 'metric';
for my $order ([ 'session', 'metric' ], [ 'metric', 'session' ])
{
	my $what = "the data of @{$order}[0], then of @{$order}[1]";
	$db = fresh_database();
	as('postgres', $db, 'CREATE EXTENSION sessionize; CREATE SCHEMA app AUTHORIZATION alice; GRANT USAGE ON SCHEMA app TO PUBLIC; CREATE SCHEMA other AUTHORIZATION bob');
	psql_file($tables, $db);
	my $warnings = '';
	for my $table (@$order)
	{
		my ($out, $err) = ('', '');
		ok(run(['psql', '-X', '-q', '-o', '/dev/null', '-v', 'ON_ERROR_STOP=1', '-f', $part{$table}, '-d', $node->connstr($db)], '>', \$out, '2>', \$err),
			"$what: restored where there are sources, but no views") or diag($err);
		$warnings .= $err;
	}
	unlike($warnings, qr/ERROR/, '... without an error');
	like($warnings, qr/WARNING:  a row of table "session_definition" was only recorded: column "n" does not exist\n.*HINT:  Views come when all is there, or by sessionize.rebuild_views\(\)/s,
		'... with a warning where a metric is still to come') if $order->[0] eq 'session';
	is(as('postgres', $db, 'SELECT t::text FROM app.visit AS t ORDER BY 1'), as('postgres', 'original', 'SELECT t::text FROM app.visit AS t ORDER BY 1'),
		'... and views as soon as all metrics are there');
	as('postgres', $db, 'SELECT sessionize.rebuild_views()');
	is(as('postgres', $db, 'SELECT * FROM sessionize.check_definitions()'), '', '... rebuild_views() makes all of them');
	is(as('postgres', $db, q{SELECT * FROM sessionize.fields WHERE view_schema = 'app'}), as('postgres', 'original', q{SELECT * FROM sessionize.fields WHERE view_schema = 'app'}), '... with the same fields');
	is(as('postgres', $db, 'TABLE sessionize.session_definition ORDER BY schema, name'), as('postgres', 'original', 'TABLE sessionize.session_definition ORDER BY schema, name'),
		'... and the same texts');
}

# definitions alone, where there is nothing at all: recorded, with warnings
$db = fresh_database();
as('postgres', $db, 'CREATE EXTENSION sessionize');
{
	my ($out, $err) = ('', '');
	ok(run(['psql', '-X', '-q', '-o', '/dev/null', '-v', 'ON_ERROR_STOP=1', '-f', $definitions, '-d', $node->connstr($db)], '>', \$out, '2>', \$err),
		'definitions restored where there is nothing') or diag($err);
	like($err, qr/WARNING:.*"raw data"\."all events"/, '... with a warning that names the source');
	is(as('postgres', $db, 'SELECT count(*) FROM sessionize.session_definition'), '4', '... are recorded');
}
as('postgres', $db, 'CREATE SCHEMA app AUTHORIZATION alice; GRANT USAGE ON SCHEMA app TO PUBLIC; CREATE SCHEMA other AUTHORIZATION bob');
psql_file($tables, $db);
as('postgres', $db, 'SELECT sessionize.rebuild_views()');
is(as('postgres', $db, 'SELECT * FROM sessionize.check_definitions()'), '', '... and rebuilt when all is there');

# without owners: the views are the restoring superuser's, which is said and repaired
$db = fresh_database();
silent('pg_restore --no-owner', 'pg_restore', '--no-owner', '-d', $node->connstr($db), $custom);
is(as('postgres', $db, q{SELECT string_agg(problem, E'\n') FROM sessionize.check_definitions() WHERE definition = 'app.visit'}),
	'the views belong to "postgres", not to "alice"', 'restored without owners: named');
as('postgres', $db, 'SELECT sessionize.rebuild_views()');
is(as('postgres', $db, q{SELECT owner FROM sessionize.session_definition WHERE name = 'visit'}), 'alice',
	'... a superuser does not take over the texts of others by the way');
as('postgres', $db, 'SELECT sessionize.rebuild_views(name, schema) FROM sessionize.session_definition');
is(as('postgres', $db, 'SELECT * FROM sessionize.check_definitions()'), '', '... and repaired');

# one definition that cannot be carried out any more does not take the others with it
$db = fresh_database();
as('postgres', $db, q{
	CREATE EXTENSION IF NOT EXISTS sessionize;
	CREATE TABLE public.good (user_id int, ts timestamptz); CREATE SCHEMA lost; CREATE TABLE public.bad (user_id int, ts timestamptz, gone int);
	SELECT sessionize.define_session('fine', 'public.good', 'user_id', 'ts', '1 hour', schema => 'public');
	SELECT sessionize.define_metric('fine', 'n', 'count(*)', schema => 'public');
	SELECT sessionize.define_session('a_column', 'public.bad', 'user_id', 'ts', '1 hour', filter => 'gone = 1', schema => 'public');
	SELECT sessionize.define_metric('a_column', 'n', 'max(gone)', schema => 'public');
	SELECT sessionize.define_session('a_schema', 'public.good', 'user_id', 'ts', '1 hour', schema => 'lost');
	SELECT sessionize.define_metric('a_schema', 'n', 'count(*)', schema => 'lost');
	DROP VIEW public.a_column, public.a_column_events, public.a_column_actors; ALTER TABLE public.bad DROP COLUMN gone;
	SET client_min_messages = error; DROP SCHEMA lost CASCADE});
my $definitions_of = 'SELECT * FROM sessionize.session_definition ORDER BY 1, 2; SELECT * FROM sessionize.metric_definition ORDER BY 1, 2, 3';
my $unsound = as('postgres', $db, $definitions_of);
for my $options ([], ['--inserts'])
{
	my $copy = fresh_database();
	my ($out, $err) = ('', '');
	my $file = dump_to('unsound.sql', $db, @$options);
	ok(run(['psql', '-X', '-q', '-o', '/dev/null', '-v', 'ON_ERROR_STOP=1', '-f', $file, '-d', $node->connstr($copy)], '>', \$out, '2>', \$err),
		"definitions that cannot be carried out are restored: @$options") or diag($err);
	like($err, qr/WARNING:  a row of table "session_definition" was only recorded: column "gone" does not exist/, '... with a warning of the column');
	like($err, qr/WARNING:  a row of table "session_definition" was only recorded: schema "lost" does not exist/, '... and of the schema');
	is(as('postgres', $copy, $definitions_of), $unsound, '... as they were');
	is(as('postgres', $copy, 'SELECT count(*) FROM public.good'), '0', '... and the others work');
}
like(as('postgres', $db, q{DO $$ BEGIN
	INSERT INTO sessionize.session_definition (schema, name, owner, source, actor, event_time, inactivity) VALUES ('public', 'x', 'postgres', 'public.bad', 'gone', 'ts', '1 s');
	EXCEPTION WHEN undefined_column THEN INSERT INTO sessionize.session_definition (schema, name, owner, source, actor, event_time, inactivity) VALUES ('public', 'x', 'postgres', 'public.bad', 'user_id', 'ts', '1 s');
	END $$; SELECT actor FROM sessionize.session_definition WHERE name = 'x'}), qr/^user_id$/, 'what is no restore fails as ever');

$node->stop;
done_testing();
