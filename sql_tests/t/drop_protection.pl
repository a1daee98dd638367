# drop_protection.pl: nothing of a definition is lost by accident, and what is
# taken away comes back.
#
# What PostgreSQL protects (the source under its views, somebody's view on ours)
# stays protected, in the words that name the dependents; what is dropped with
# CASCADE leaves the definition, check_definitions() says what is missing, and
# rebuild_views() restores views, comments and readers.

use strict;
use warnings;
use File::Basename qw(dirname);
use Cwd qw(abs_path);
use Test::More;
use lib dirname(abs_path(__FILE__));
use SessionizeTest;

my $node = start_cluster('drop_protection');

# What a role's statements print; one that fails is a failed test.
sub as { return query_as($node, @_); }

sub ask { return as('alice', @_); }

sub error_of { return error_as($node, 'alice', @_); }

sub problems
{
	return ask('SELECT definition, object, problem FROM sessionize.check_definitions()');
}

my @VIEWS = map { "app.visit$_" } '', '_events', '_actors';

sub rows_of_views
{
	return ask(join '', map { "SELECT * FROM $_ ORDER BY 1, 2, 3;" } @VIEWS);
}

# All that a build makes: columns, types, comments, privileges, options.
sub views
{
	return ask(q{
		SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), col_description(c.oid, a.attnum)
		FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0
		WHERE c.relname IN ('visit', 'visit_events', 'visit_actors') AND c.relnamespace = 'app'::regnamespace
		ORDER BY 1, a.attnum;
		SELECT c.relname, obj_description(c.oid), pg_get_userbyid(relowner), reloptions, relacl, pg_get_viewdef(c.oid)
		FROM pg_class AS c WHERE c.relname IN ('visit', 'visit_events', 'visit_actors') AND c.relnamespace = 'app'::regnamespace
		ORDER BY 1;});
}

sub catalog
{
	return ask('SELECT * FROM sessionize.session_definition ORDER BY schema, name;
		SELECT * FROM sessionize.metric_definition ORDER BY schema, session, name');
}

sub refused
{
	my ($sql, $like, $name) = @_;
	my @before = (catalog(), views());
	like(error_of($sql), $like, $name);
	is(catalog(), $before[0], '... the catalog is as it was');
	is(views(), $before[1], '... and the views');
}

$node->safe_psql('postgres', q{
	CREATE ROLE alice LOGIN; CREATE ROLE bob LOGIN; CREATE ROLE reader LOGIN;
	GRANT CREATE ON DATABASE postgres TO alice;
	CREATE SCHEMA bobs AUTHORIZATION bob;});
ask(q{
	CREATE SCHEMA raw; CREATE SCHEMA app; GRANT USAGE ON SCHEMA raw, app TO PUBLIC;
	CREATE TABLE raw.events (user_id int, ts timestamptz, page text, amount int, unused int);
	INSERT INTO raw.events SELECT i % 3, timestamptz '2026-01-01 10:00Z' + i * interval '11 min', 'p' || i % 4, i
	FROM generate_series(1, 30) AS i;
	SELECT sessionize.define_session('visit', 'raw.events', 'user_id', 'ts', '25 min', filter => $$page <> 'p3'$$,
		readers => '{reader}', schema => 'app');
	SELECT sessionize.define_metric('visit', 'total', 'sum(amount)', schema => 'app');
	SELECT sessionize.define_metric('visit', 'large', 'count(*)', session_filter => 'total > 30', schema => 'app');});

my $views = views();
my $rows  = rows_of_views();
my $catalog = catalog();
like($views, qr/total/, 'something to protect: columns');
isnt($rows, '', '... and rows');

# ---------- what PostgreSQL protects ----------

refused('DROP TABLE raw.events', qr/^2BP01: cannot drop table raw\.events.*view app\.visit depends on table raw\.events/s,
	'the source cannot be dropped');
refused('DROP SCHEMA raw', qr/^2BP01/, '... nor its schema');
refused("ALTER TABLE raw.events DROP COLUMN $_", qr/^2BP01: cannot drop column $_ of table raw\.events.*view app\.visit/s,
	"a used column cannot be dropped: $_")
  for 'user_id', 'ts', 'page', 'amount';
refused("ALTER TABLE raw.events ALTER COLUMN $_ TYPE text USING $_\::text", qr/^0A000: cannot alter type of a column used by a view/,
	"... nor retyped: $_")
  for 'user_id', 'amount';
refused('DROP FUNCTION sessionize.session_number(timestamptz, interval, boolean, boolean, interval, boolean)', qr/^(2BP01|42501)/,
	'nor can a function that the views call');

# ---------- what is dropped comes back ----------

sub restored
{
	my ($what) = @_;
	is(views(), $views, "$what: columns, comments, owner, privileges and texts are back");
	is(rows_of_views(), $rows, '... the rows, too');
	is(problems(), '', '... and no problem is left');
}

ask("DROP VIEW $VIEWS[1]");
is(problems(), "app.visit|view $VIEWS[1]|the view does not exist", 'one view dropped: check_definitions() says which');
is(catalog(), $catalog, '... the definition is still there');
is(ask('SELECT hint FROM sessionize.check_definitions()'), 'Call sessionize.rebuild_views().', '... and says what helps');
is(ask(q{SELECT sessionize.rebuild_views('visit', schema => 'app')}), '1', '... rebuild_views()');
restored('one view dropped');

ask('DROP VIEW ' . join ', ', @VIEWS);
is(problems(), join("\n", map { "app.visit|view $_|the view does not exist" } @VIEWS), 'all views dropped: all are missed');
is(catalog(), $catalog, '... the definition is still there');
ask('SELECT sessionize.rebuild_views()');
restored('all views dropped');

ask('ALTER TABLE raw.events RENAME TO events_old; CREATE TABLE raw.events AS TABLE raw.events_old; DROP TABLE raw.events_old CASCADE');
is(problems(), join("\n", map { "app.visit|view $_|the view does not exist" } @VIEWS), 'source swapped and dropped with CASCADE, as dbt does: the views are missed');
is(catalog(), $catalog, '... the definition is still there');
ask('SELECT sessionize.rebuild_views()');
restored('after a swap');

# as a dbt hook would have it: all in one transaction, the views never missed by others
ask('BEGIN; ALTER TABLE raw.events RENAME TO events_old; CREATE TABLE raw.events AS TABLE raw.events_old;
	SELECT sessionize.rebuild_views(); DROP TABLE raw.events_old; COMMIT');
restored('swapped and rebuilt before the old table is dropped, without CASCADE');

ask('DROP TABLE raw.events CASCADE');
is(problems(), join("\n", (map { "app.visit|view $_|the view does not exist" } @VIEWS), 'app.visit|source|relation raw.events does not exist'),
	'source and views gone: both are missed');
is(catalog(), $catalog, '... the definition is still there');
like(error_of(q{SELECT sessionize.rebuild_views('visit', schema => 'app')}), qr/^no error: .*WARNING:.*raw\.events.*does not exist/s,
	'rebuild_views() can only warn');
is(catalog(), $catalog, '... and changes nothing');
is(ask(q{SELECT sessionize.alter_session('visit', 'inactivity', '26 min', schema => 'app')}), '', 'a definition without a source can be changed');
ask(q{SELECT sessionize.alter_session('visit', 'inactivity', '25 min', schema => 'app')});
like(error_of(q{SELECT sessionize.session_sql('visit', schema => 'app')}), qr/^42P01: source raw\.events of session "visit" does not exist/,
	'the query behind it cannot be had');
ask(q{
	CREATE TABLE raw.events (user_id int, ts timestamptz, page text, amount int, unused int);
	INSERT INTO raw.events SELECT i % 3, timestamptz '2026-01-01 10:00Z' + i * interval '11 min', 'p' || i % 4, i
	FROM generate_series(1, 30) AS i;
	SELECT sessionize.rebuild_views();});
restored('the source again');

# the new table lacks a column
ask('ALTER TABLE raw.events RENAME TO events_old; CREATE TABLE raw.events AS SELECT user_id, ts, amount FROM raw.events_old');
refused(q{SELECT sessionize.rebuild_views('visit', schema => 'app')}, qr/^42703: column "page" does not exist.*field "filter"/s,
	'swapped for a table without a column that is used: refused by name');
ask('DROP TABLE raw.events_old CASCADE');
like(problems(), qr/^app\.visit\|[^|]*filter[^|]*\|column "page" does not exist$/m, '... check_definitions() names it');
ask(q{ALTER TABLE raw.events ADD page text; UPDATE raw.events SET page = 'p1';
	ALTER TABLE raw.events ADD unused int; SELECT sessionize.rebuild_views()});
is(ask('SELECT sum(event_count) FROM app.visit'), '30', '... and with the column all is well');
is(problems(), '', '... without a problem');
ask(q{DROP TABLE raw.events CASCADE;
	CREATE TABLE raw.events (user_id int, ts timestamptz, page text, amount int, unused int);
	INSERT INTO raw.events SELECT i % 3, timestamptz '2026-01-01 10:00Z' + i * interval '11 min', 'p' || i % 4, i
	FROM generate_series(1, 30) AS i;
	SELECT sessionize.rebuild_views();});
restored('and as before');

# sessions over sessions: one call brings all back, whatever their names
ask(q{
	SELECT sessionize.define_session('a burst', 'app.visit', 'user_id', 'started_at', '2 hours', schema => 'app');
	SELECT sessionize.define_session('z burst', 'app.a burst', 'user_id', 'started_at', '2 days', schema => 'app');}
	=~ s/'app\.a burst'/'app."a burst"'/r);
my $chained = ask('SELECT * FROM app."a burst" ORDER BY 1; SELECT * FROM app."z burst" ORDER BY 1');
refused('DROP VIEW app.visit', qr/^2BP01: cannot drop view app\.visit.*app\."a burst"/s, 'a view that is a source cannot be dropped');
ask('DROP TABLE raw.events CASCADE');
ask(q{CREATE TABLE raw.events (user_id int, ts timestamptz, page text, amount int, unused int);
	INSERT INTO raw.events SELECT i % 3, timestamptz '2026-01-01 10:00Z' + i * interval '11 min', 'p' || i % 4, i
	FROM generate_series(1, 30) AS i;});
is(ask('SELECT sessionize.rebuild_views()'), '3', 'sessions over sessions over a source that was dropped: rebuilt by one call');
restored('... the first of them');
is(ask('SELECT * FROM app."a burst" ORDER BY 1; SELECT * FROM app."z burst" ORDER BY 1'), $chained, '... and the others');
ask(q{SELECT sessionize.drop_session('z burst', schema => 'app'); SELECT sessionize.drop_session('a burst', schema => 'app')});

# the name is taken meanwhile: nothing of anybody's is touched
ask(q{DROP VIEW app.visit_events; CREATE TABLE app.visit_events (precious int); INSERT INTO app.visit_events VALUES (1)});
is(problems(), 'app.visit|view app.visit_events|the name belongs to another relation', "a table has a view's name: named");
like(error_of(q{SELECT sessionize.rebuild_views('visit', schema => 'app')}), qr/^42P07: relation "visit_events" already exists/, '... rebuild_views() refuses');
like(error_of(q{SELECT sessionize.define_session('visit', 'raw.events', 'user_id', 'ts', '25 min', schema => 'app', replace => true)}),
	qr/^42P07: relation "visit_events" already exists/, '... so does replace');
is(ask('SELECT precious FROM app.visit_events'), '1', '... and the table is not touched');
ask('ALTER TABLE app.visit_events RENAME TO precious; SELECT sessionize.rebuild_views()');
restored('renamed away');

# ... also not a view that looks like ours
ask(q{DROP VIEW app.visit_events;
	SELECT sessionize.define_session('visit_events', 'raw.events', 'user_id', 'ts', '1 min', schema => 'app');});
my $other = ask('SELECT * FROM app.visit_events ORDER BY 1, 2, 3');
like(error_of(q{SELECT sessionize.rebuild_views('visit', schema => 'app')}), qr/^42P07: relation "visit_events" already exists/,
	"a view's name belongs to another definition: rebuild_views() refuses");
is(ask('SELECT * FROM app.visit_events ORDER BY 1, 2, 3'), $other, '... and the other is not touched');
like(problems(), qr/^app\.visit\|view app\.visit_events\|the name belongs to another relation$/m, '... check_definitions() says so');
like(error_of(q{SELECT sessionize.drop_session('visit', schema => 'app')}), qr/^no error/, '... the one can be dropped');
is(ask('SELECT * FROM app.visit_events ORDER BY 1, 2, 3'), $other, '... and again the other is not touched');
ask(q{SELECT sessionize.drop_session('visit_events', schema => 'app')});
is(ask(q{SELECT count(*) FROM pg_class WHERE relkind = 'v' AND relnamespace = 'app'::regnamespace}), '0', 'after drop_session() nothing is left');
like(error_of(q{
	CREATE VIEW app.visit_actors AS SELECT sessionize.session_number(ts, '1 min') OVER (PARTITION BY user_id ORDER BY ts) AS session_id,
		page AS time_in_session FROM raw.events;
	SELECT sessionize.define_session('visit', 'raw.events', 'user_id', 'ts', '25 min', schema => 'app')}),
	qr/^42P07: relation "visit_actors" already exists/, 'a new definition takes no name that is taken');
is(ask(q{SELECT count(*) FROM sessionize.session_definition}), '0', '... and is not stored');
ask('DROP VIEW app.visit_actors');
ask(q{
	SELECT sessionize.define_session('visit', 'raw.events', 'user_id', 'ts', '25 min', filter => $$page <> 'p3'$$,
		readers => '{reader}', schema => 'app');
	SELECT sessionize.define_metric('visit', 'total', 'sum(amount)', schema => 'app');
	SELECT sessionize.define_metric('visit', 'large', 'count(*)', session_filter => 'total > 30', schema => 'app');});
restored('defined as at first');

# ---------- somebody's own view on ours ----------

ask('GRANT SELECT ON app.visit, app.visit_actors TO bob; GRANT SELECT ON raw.events TO bob, reader');
as('bob', q{CREATE VIEW bobs."Bob's report" AS SELECT user_id, started_at, total FROM app.visit;
	GRANT USAGE ON SCHEMA bobs TO alice; GRANT SELECT ON bobs."Bob's report" TO alice});
my $report = ask(q{SELECT * FROM bobs."Bob's report" ORDER BY 1, 2});
$views = views();

my $define = q{SELECT sessionize.define_session('visit', 'raw.events', %s, 'ts', '25 min', schema => 'app', replace => true, %s)};
ask(q{SELECT sessionize.define_metric('visit', 'n', 'count(*)', schema => 'app')});
is(ask(q{SELECT * FROM bobs."Bob's report" ORDER BY 1, 2}), $report, 'a metric can be appended under a dependent view');
is(ask('SELECT sum(n) = sum(event_count) FROM app.visit'), 't', '... and is there');
ask(q{ALTER TABLE raw.events ADD extra int; SELECT sessionize.rebuild_views()});
is(ask('SELECT count(extra) FROM app.visit_events'), '0', '... so can a column of the source');
ask(sprintf $define, q{'user_id'}, q{filter => $$page <> 'p3'$$, readers => '{reader}'});
ask(q{SELECT sessionize.alter_session('visit', 'inactivity', '1 s', schema => 'app')});
is(ask(q{SELECT count(*) FROM bobs."Bob's report"}), ask('SELECT count(*) FROM app.visit'), 'a change of what rows there are reaches it');
ask(q{SELECT sessionize.alter_session('visit', 'inactivity', '25 min', schema => 'app')});
is(ask(q{SELECT * FROM bobs."Bob's report" ORDER BY 1, 2}), $report, '... and back');

my $names_bob = qr/^2BP01: .*bobs\."Bob's report"/s;
refused(q{SELECT sessionize.drop_metric('visit', 'n', schema => 'app')}, $names_bob, 'removing a column that nobody uses: refused, naming the dependent');
refused(q{SELECT sessionize.define_metric('visit', 'n', 'avg(amount)', replace => true, schema => 'app')}, $names_bob, 'retyping one: refused');
refused(sprintf($define, q{'user_id AS person'}, 'filter => NULL'), $names_bob, 'renaming one: refused');
refused(sprintf($define, q{'page, user_id'}, 'filter => NULL'), $names_bob, 'reordering: refused');
refused(q{UPDATE sessionize.metric_definition SET name = 'm' WHERE name = 'n'} =~ s/^/SET ROLE postgres;/r, qr/^42501/, '(and plain DML is not the owner\'s)');
is(ask(q{SELECT * FROM bobs."Bob's report" ORDER BY 1, 2}), $report, "... and Bob's view is what it was");

refused(q{SELECT sessionize.drop_session('visit', schema => 'app')}, $names_bob, 'drop_session() with a dependent: refused by name');

# other dependents than views
for my $case (
	[ 'a materialized view', 'CREATE MATERIALIZED VIEW app.mv AS SELECT * FROM app.visit_actors', 'DROP MATERIALIZED VIEW app.mv', qr/materialized view app\.mv/ ],
	[ 'a function', q{CREATE FUNCTION app.f() RETURNS SETOF app.visit_actors STABLE BEGIN ATOMIC SELECT * FROM app.visit_actors; END}, 'DROP FUNCTION app.f', qr/function app\.f\(\)/ ],
	[ 'a column', 'CREATE TABLE app.t (v app.visit_actors)', 'DROP TABLE app.t', qr/column v of table app\.t/ ],
	[ 'a policy', 'CREATE TABLE app.t (u int); CREATE POLICY p ON app.t USING (u IN (SELECT user_id FROM app.visit_actors))', 'DROP TABLE app.t', qr/policy p on table app\.t/ ])
{
	my ($what, $create, $drop, $like) = @$case;
	as('bob', q{DROP VIEW IF EXISTS bobs."Bob's report"});
	ask($create);
	refused(q{SELECT sessionize.drop_metric('visit', 'n', schema => 'app')}, qr/^2BP01: .*$like/s, "$what depends on a view: refused by its name");
	ask(q{SELECT sessionize.define_metric('visit', 'more', 'max(amount)', schema => 'app')});
	pass('... appending works');
	ask($drop);
	ask(q{SELECT sessionize.drop_metric('visit', 'more', schema => 'app')});
}
ask(q{SELECT sessionize.drop_metric('visit', 'n', schema => 'app')});
is(ask(q{SELECT string_agg(column_name, ',') FROM sessionize.fields WHERE view_name = 'visit' AND kind = 'custom'}), 'total,large',
	'without a dependent a metric goes');

# a metric in use
refused(q{SELECT sessionize.drop_metric('visit', 'total', schema => 'app')}, qr/^2BP01: metric "total" of session "visit" is in use.*metric "large"/s,
	'a metric that another uses cannot be dropped');
ask(q{SELECT sessionize.alter_session('visit', 'keep', 'large > 0', schema => 'app')});
refused(q{SELECT sessionize.drop_metric('visit', 'large', schema => 'app')}, qr/^2BP01: metric "large" of session "visit" is in use.*keep/s,
	'... nor one in keep');
ask(q{SELECT sessionize.alter_session('visit', 'keep', NULL, schema => 'app')});
ask(q{SELECT sessionize.drop_metric('visit', 'large', schema => 'app'); SELECT sessionize.drop_metric('visit', 'total', schema => 'app')});
is(ask('SELECT count(*) FROM sessionize.metric_definition'), '0', '... until nothing uses them');

# drop_session(cascade)
as('bob', 'CREATE VIEW bobs.report AS SELECT user_id FROM app.visit; CREATE VIEW bobs.second AS SELECT * FROM bobs.report');
ask(q{SELECT sessionize.define_session('burst', 'app.visit', 'user_id', 'started_at', '2 hours', schema => 'app')});
refused(q{SELECT sessionize.drop_session('visit', schema => 'app')}, qr/^2BP01: .*view bobs\.report/s, 'two dependents: refused');
ask(q{SELECT sessionize.drop_session('visit', cascade => true, schema => 'app')});
is(ask('SELECT name FROM sessionize.session_definition'), 'burst', 'drop_session(cascade => true) works');
is(ask(q{SELECT count(*) FROM pg_class WHERE relkind = 'v' AND relnamespace::regnamespace::text IN ('app', 'bobs')}), '0', '... on what depends, too');
like(problems(), qr/^app\.burst\|view app\.burst\|the view does not exist$/m, '... and the definition over it is left, and said to have no views');
ask(q{SELECT sessionize.drop_session('burst', schema => 'app')});
like(error_of(q{SELECT sessionize.drop_session('burst', schema => 'app')}), qr/^42704: session "burst" in schema "app" does not exist/, 'once only');

# views and source gone: the definition can still be dropped
ask(q{SELECT sessionize.define_session('visit', 'raw.events', 'user_id', 'ts', '25 min', schema => 'app');
	SELECT sessionize.define_metric('visit', 'total', 'sum(amount)', schema => 'app');
	DROP TABLE raw.events CASCADE; SELECT sessionize.drop_session('visit', schema => 'app');});
is(catalog(), '', 'a definition without views and source can be dropped');

# ... even the schema
ask(q{CREATE TABLE raw.events (user_id int, ts timestamptz, amount int); CREATE SCHEMA short;
	SELECT sessionize.define_session('visit', 'raw.events', 'user_id', 'ts', '25 min', schema => 'short');
	SELECT sessionize.define_metric('visit', 'total', 'sum(amount)', schema => 'short');});
like(error_of('DROP SCHEMA short'), qr/^2BP01: .*view short\.visit/s, 'a schema with views cannot be dropped');
ask('DROP SCHEMA short CASCADE');
like(problems(), qr/^short\.visit\|view short\.visit\|/m, '... by CASCADE it can, and the definition stays');
ask(q{CREATE SCHEMA short; SELECT sessionize.rebuild_views()});
is(problems(), '', '... which comes back with the schema');
ask(q{DROP SCHEMA short CASCADE; SELECT sessionize.drop_session('visit', schema => 'short')});
is(catalog(), '', '... or can be dropped without it');

# ---------- the extension ----------

ask(q{SELECT sessionize.define_session('visit', 'raw.events', 'user_id', 'ts', '25 min', schema => 'app');
	SELECT sessionize.define_metric('visit', 'total', 'sum(amount)', schema => 'app');});
my ($out, $err) = ('', '');
$node->psql('postgres', '\set VERBOSITY verbose
	DROP EXTENSION sessionize', stderr => \$err);
like($err, qr/2BP01: cannot drop extension sessionize.*view app\.visit/s, 'DROP EXTENSION is refused while there are views');
is(ask('SELECT count(*) FROM app.visit'), '0', '... which go on working');
as('postgres', 'DROP EXTENSION sessionize CASCADE');
is(ask(q{SELECT (SELECT count(*) FROM pg_class WHERE relname ~ '^visit'), (SELECT count(*) FROM pg_namespace WHERE nspname = 'sessionize'),
	(SELECT count(*) FROM pg_proc WHERE probin ~ 'sessionize'), (SELECT count(*) FROM pg_type WHERE typname ~ 'session')}), '0|0|0|0',
	'with CASCADE nothing is left');
is(ask('SELECT count(*) FROM raw.events'), '0', '... but the events');
as('postgres', 'CREATE EXTENSION sessionize');
ask(q{SELECT sessionize.define_session('visit', 'raw.events', 'user_id', 'ts', '25 min', schema => 'app')});
is(ask('SELECT count(*) FROM app.visit'), '0', 'CREATE EXTENSION again: all works');
ask(q{SELECT sessionize.drop_session('visit', schema => 'app')});
as('postgres', 'DROP EXTENSION sessionize');
pass('without definitions DROP EXTENSION needs no CASCADE');

$node->stop;
done_testing();
