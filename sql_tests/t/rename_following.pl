# rename_following.pl: what sessions read may be renamed, and so may their views.
#
# After every ALTER reads go on with the same rows, and either the catalog still
# tells the truth or check_definitions() names the drift; the way back is one of
# the documented functions, after which check_definitions() is empty and the
# definition can be changed again.

use strict;
use warnings;
use File::Basename qw(dirname);
use Cwd qw(abs_path);
use Test::More;
use lib dirname(abs_path(__FILE__));
use SessionizeTest;

my $node = start_cluster('rename_following');

# What the statements of the unprivileged owner print; one that fails is a
# failed test.
sub ask
{
	my ($sql, $role) = @_;
	my ($out, $err) = ('', '');
	$node->psql('postgres', $sql, extra_params => [ '-U', $role // 'alice' ],
		stdout => \$out, stderr => \$err, on_error_stop => 1) == 0
	  or fail($sql) && 0
	  or diag($err);
	return $out;
}

sub problems
{
	return ask('SELECT definition, object, problem FROM sessionize.check_definitions()');
}

sub hints
{
	return ask('SELECT hint FROM sessionize.check_definitions()');
}

# The rows of all three views.
sub rows_of
{
	my ($name, $schema) = @_;
	$schema //= 'app';
	return ask(join '', map { qq{SELECT * FROM "$schema"."$name$_" ORDER BY 1, 2, 3;} } '', '_events', '_actors');
}

# After a repair: nothing left to say, the same rows as before and as read()
# gives from the catalog, and the definition can be changed.
sub in_order
{
	my ($rows, $what, $name, $schema) = @_;
	$name   //= 'visit';
	$schema //= 'app';
	is(problems(), '', "$what: no problem");
	is(rows_of($name, $schema), $rows, '... the same rows');
	is(ask(qq{SELECT count(*) FROM (TABLE "$schema"."$name" EXCEPT SELECT * FROM sessionize.read(NULL::"$schema"."$name")) AS x}), '0',
		'... as the catalog says');
	ask(qq{BEGIN; SELECT sessionize.alter_session('$name', 'inactivity', '5 min', schema => '$schema');
		SELECT sessionize.define_metric('$name', 'one more', 'count(*)', schema => '$schema'); ROLLBACK});
}

# A fresh definition over a fresh table, its rows.
sub start
{
	$node->safe_psql('postgres', q{
		DROP OWNED BY alice CASCADE;
		DELETE FROM sessionize.session_definition;
		GRANT CREATE ON DATABASE postgres TO alice;});
	ask(q{
		CREATE SCHEMA raw; CREATE SCHEMA app; CREATE SCHEMA other;
		CREATE TABLE raw.events (user_id int, ts timestamptz, page text, amount int);
		INSERT INTO raw.events SELECT i % 3, timestamptz '2026-01-01 10:00Z' + i * interval '11 min', 'p' || i % 4, i
		FROM generate_series(1, 30) AS i;
		SELECT sessionize.define_session('visit', 'raw.events', 'user_id', 'ts', '25 min', filter => $$page <> 'p3'$$, schema => 'app');
		SELECT sessionize.define_metric('visit', 'total', 'sum(amount)', filter => $$page <> 'p2'$$, schema => 'app');});
	return rows_of('visit');
}

$node->safe_psql('postgres', 'CREATE ROLE alice LOGIN');

my $rows = start();
is(problems(), '', 'a fresh definition has no problem');
isnt($rows, '', '... and rows');

# ---------- the source ----------

ask('ALTER TABLE raw.events RENAME TO "Old events"');
is(rows_of('visit'), $rows, 'source renamed: reads go on');
is(problems(), 'app.visit|source|the views read raw."Old events", not raw.events', '... and the drift is named');
is(ask('SELECT count(*) FROM sessionize.read(NULL::app.visit)'), ask('SELECT count(*) FROM app.visit'), '... read() follows, too');
ask(q{SELECT sessionize.define_metric('visit', 'n', 'count(*)', schema => 'app')});
is(ask('SELECT sum(n) FROM app.visit'), ask(q{SELECT count(*) FROM raw."Old events" WHERE page <> 'p3'}), '... a change works on what the views read');
ask(q{SELECT sessionize.drop_metric('visit', 'n', schema => 'app')});
ask(q{SELECT sessionize.rebuild_views('visit', schema => 'app')});
is(ask('SELECT source FROM sessionize.session_definition'), 'raw."Old events"', 'rebuild_views() records the new name');
in_order($rows, 'source renamed and recorded');

$rows = start();
ask('ALTER SCHEMA raw RENAME TO "Raw, data"');
is(rows_of('visit'), $rows, "source's schema renamed: reads go on");
is(problems(), 'app.visit|source|the views read "Raw, data".events, not raw.events', '... and the drift is named');
ask(q{SELECT sessionize.alter_session('visit', 'source', '"Raw, data".events', schema => 'app')});
in_order($rows, 'recorded by alter_session()');
ask('ALTER SCHEMA "Raw, data" RENAME TO raw');
is(problems(), 'app.visit|source|the views read raw.events, not "Raw, data".events', '... and named back: named again');
is(hints(), 'Call sessionize.rebuild_views().', '... with what helps');
is(ask('SELECT sessionize.rebuild_views()'), '1', '... which is called');
in_order($rows, 'recorded by rebuild_views()');

$rows = start();
ask('ALTER TABLE raw.events SET SCHEMA other');
is(rows_of('visit'), $rows, 'source moved: reads go on');
like(problems(), qr/^app\.visit\|source\|the views read other\.events, not raw\.events$/, '... and the drift is named');
ask(q{SELECT sessionize.alter_session('visit', 'inactivity', '25 min', schema => 'app')});
in_order($rows, 'any change records it, too');

# another table takes the name: the views read the old one until they are rebuilt
$rows = start();
ask('ALTER TABLE raw.events RENAME TO backup; CREATE TABLE raw.events AS SELECT * FROM raw.backup WHERE user_id = 1');
is(rows_of('visit'), $rows, 'source swapped: reads go on with the old table');
like(problems(), qr/^app\.visit\|source\|the views read raw\.backup, not raw\.events$/, '... which is named');
ask(q{SELECT sessionize.rebuild_views()});
is(ask('SELECT count(DISTINCT user_id) FROM app.visit'), '1', '... rebuild_views() turns to the table that has the name');
is(problems(), '', '... and nothing is left to say');

# ---------- columns of the source ----------

# one that is no part of the definition
$rows = start();
ask('ALTER TABLE raw.events ADD extra text; ALTER TABLE raw.events RENAME extra TO more');
is(rows_of('visit'), $rows, 'a column that is not used is added and renamed: reads go on');
is(problems(), '', '... and that is no problem');
is(ask('SELECT count(*) FROM (TABLE app.visit_events EXCEPT SELECT * FROM sessionize.read(NULL::app.visit_events)) AS x'), '0',
	'... nor for read(), which gives the columns of the view');
ask(q{SELECT sessionize.rebuild_views()});
is(ask('SELECT count(more) FROM app.visit_events'), '0', '... rebuild_views() shows it');
ask('ALTER TABLE raw.events RENAME more TO much_more');
is(ask('SELECT count(more) FROM app.visit_events'), '0', 'then renamed: the view keeps its column');
ask(q{SELECT sessionize.rebuild_views()});
is(ask('SELECT count(much_more) FROM app.visit_events'), '0', '... until it is rebuilt');

# ... also when views stand on it, somebody's own and another definition's
$rows = start();
ask(q{ALTER TABLE raw.events ADD a int DEFAULT 1, ADD b int DEFAULT 2, ADD c int DEFAULT 3; SELECT sessionize.rebuild_views();
	CREATE VIEW other.report AS SELECT a, b, c, page FROM app.visit_events;
	SELECT sessionize.define_session('burst', 'app.visit_events', 'a', 'ts', '1 day', filter => 'c = 3', schema => 'other');});
my $report = ask('TABLE other.report');
my $bursts = rows_of('burst', 'other');
ask(q{ALTER TABLE raw.events RENAME a TO x; ALTER TABLE raw.events RENAME b TO a; ALTER TABLE raw.events RENAME x TO b;
	ALTER TABLE raw.events RENAME c TO "new c"; SELECT sessionize.rebuild_views('visit', 'app')});
is(ask('SELECT DISTINCT b, a, "new c" FROM app.visit_events'), '1|2|3', 'columns are renamed below dependents, two of them exchanged: rebuild_views() renames them');
is(ask('TABLE other.report'), $report, "... somebody's view on them reads on");
is(rows_of('burst', 'other'), $bursts, "... and another definition's");
is(ask(q{SELECT problem FROM sessionize.check_definitions('visit')}), '', '... and nothing is left to say of this one');
like(ask(q{SELECT problem FROM sessionize.check_definitions('burst')}), qr/^column "c" does not exist$/m, '... but that the other still names the old column');
ask(q{SELECT sessionize.define_session('burst', 'app.visit_events', 'b', 'ts', '1 day', filter => '"new c" = 3', schema => 'other', replace => true)});
is(problems(), '', '... which is put right there');
# a change of the definition's own is not a rename in the source
ask('CREATE VIEW other.people AS SELECT user_id FROM app.visit');
my ($code, undef, $error) = $node->psql('postgres', q{SELECT sessionize.alter_session('visit', 'actor', 'user_id AS person', 'app')}, extra_params => [ '-U', 'alice' ]);
like($error, qr/cannot drop view app.visit because other objects depend on it/, "another name of the definition's own is refused, with the dependents");
like($error, qr/view other.people depends on/, '... by name');

# used once, by the definition
for my $case ([ 'page', 'filter', q{$$path <> 'p3'$$}, 'path' ], [ 'ts', 'event_time', q{'at'}, 'at' ],
	[ 'user_id', 'actor', q{'person AS user_id'}, 'person' ])
{
	my ($column, $field, $value, $new) = @$case;
	$rows = start();
	ask(q{SELECT sessionize.drop_metric('visit', 'total', schema => 'app')});
	$rows = rows_of('visit');
	ask("ALTER TABLE raw.events RENAME $column TO $new");
	is(rows_of('visit'), $rows, "column of $field renamed: reads go on");
	like(problems(), qr/^app\.visit\|[^|]*"?$field"?[^|]*\|column "$column" does not exist/m, '... check_definitions() names the field and the column');
	like(hints(), qr/alter_session/, '... and the way out');
	ask(qq{SELECT sessionize.alter_session('visit', '$field', $value, schema => 'app')});
	is(problems(), '', '... which works');
	is(ask('SELECT count(*), sum(event_count) FROM app.visit'), ask('SELECT count(*), sum(event_count) FROM sessionize.read(NULL::app.visit)'),
		'... and gives rows');
}

# used by a metric only
$rows = start();
ask('ALTER TABLE raw.events RENAME amount TO price');
is(rows_of('visit'), $rows, 'column of a metric renamed: reads go on');
like(problems(), qr/^app\.visit\|[^|]*aggregate[^|]*\|column "amount" does not exist/m, '... check_definitions() names field and column');
like(hints(), qr/define_metric/, '... and the way out');
ask(q{SELECT sessionize.define_metric('visit', 'total', 'sum(price)', filter => $$page <> 'p2'$$, replace => true, schema => 'app')});
is(problems(), '', '... which works');
$rows = start();
ask('ALTER TABLE raw.events RENAME amount TO price');
ask(q{SELECT sessionize.drop_metric('visit', 'total', schema => 'app')});
is(problems(), '', '... so does dropping the metric');

# used in several places: each can be put right by itself
$rows = start();
ask('ALTER TABLE raw.events RENAME page TO path');
is(rows_of('visit'), $rows, 'column of filter and metric renamed: reads go on');
like(problems(), qr/^app\.visit\|[^|]*filter[^|]*\|column "page" does not exist/m, '... check_definitions() names it');
ask(q{SELECT sessionize.alter_session('visit', 'filter', $$path <> 'p3'$$, schema => 'app')});
ask(q{SELECT sessionize.define_metric('visit', 'total', 'sum(amount)', filter => $$path <> 'p2'$$, replace => true, schema => 'app')});
is(problems(), '', '... and all can be put right, one after the other');
is(ask('SELECT sum(total) FROM app.visit'), ask(q{SELECT sum(amount) FROM raw.events WHERE path NOT IN ('p2', 'p3')}), '... with the same answer');
$rows = start();
ask('ALTER TABLE raw.events RENAME page TO path');
ask(q{SELECT sessionize.drop_metric('visit', 'total', schema => 'app');
	SELECT sessionize.define_session('visit', 'raw.events', 'user_id', 'ts', '25 min', filter => $$path <> 'p3'$$, schema => 'app', replace => true);});
is(problems(), '', '... or by dropping the metric first');
$rows = start();
ask('ALTER TABLE raw.events RENAME page TO path');
ask(q{SELECT sessionize.drop_session('visit', schema => 'app')});
is(ask('SELECT count(*) FROM sessionize.session_definition'), '0', 'drop_session() works in any case');

# ---------- the views ----------

$rows = start();
ask('ALTER VIEW app.visit RENAME TO tour');
is(ask('SELECT count(*) > 0 FROM app.tour'), 't', 'view renamed: reads go on');
like(problems(), qr/^app\.visit\|view app\.visit\|/m, '... check_definitions() names the view that is missed');
ask(q{SELECT sessionize.rebuild_views('visit', schema => 'app')});
in_order($rows, 'rebuild_views() makes it again');
is(ask('SELECT count(*) FROM (TABLE app.tour EXCEPT TABLE app.visit) AS x'), '0', '... and leaves the other, an ordinary view now');
ask(q{SELECT sessionize.drop_session('visit', schema => 'app')});
is(ask(q{SELECT string_agg(relname, ', ') FROM pg_class WHERE relnamespace = 'app'::regnamespace}), 'tour', '... also when the definition goes');

# all three renamed: the definition can be given the new name
$rows = start();
ask('ALTER VIEW app.visit RENAME TO tour; ALTER VIEW app.visit_events RENAME TO tour_events; ALTER VIEW app.visit_actors RENAME TO tour_actors');
is(rows_of('tour'), $rows, 'all views renamed: reads go on');
like(problems(), qr/^app\.visit\|view app\.visit_actors\|/m, '... and are missed');
ask(q{SELECT sessionize.alter_session('visit', 'name', 'tour', schema => 'app')});
in_order($rows, 'alter_session() gives the definition the name that its views have', 'tour');

$rows = start();
ask("ALTER VIEW app.visit$_ SET SCHEMA other") for '', '_events', '_actors';
is(rows_of('visit', 'other'), $rows, 'all views moved: reads go on');
like(problems(), qr/^app\.visit\|view app\.visit\|/m, '... and are missed');
ask(q{SELECT sessionize.alter_session('visit', 'schema', 'other', schema => 'app')});
in_order($rows, 'alter_session() gives the definition the schema of its views', 'visit', 'other');

$rows = start();
ask('ALTER VIEW app.visit_events SET SCHEMA other');
is(ask('SELECT count(*) > 0 FROM other.visit_events'), 't', 'one view moved: reads go on');
is(problems(), 'app.visit|view app.visit_events|the view does not exist', '... it is missed');
ask('SELECT sessionize.rebuild_views()');
in_order($rows, '... and made again');

# the schema of the views
$rows = start();
ask('ALTER SCHEMA app RENAME TO "my app"');
is(rows_of('visit', 'my app'), $rows, "views' schema renamed: reads go on");
like(problems(), qr/^app\.visit\|/m, '... check_definitions() names it');
ask(q{SELECT sessionize.alter_session('visit', 'schema', 'my app', schema => 'app')});
in_order($rows, 'alter_session() gives the definition the new name', 'visit', 'my app');
is(ask(q{SELECT sessionize.define_metric('visit', 'n', 'count(*)', schema => 'my app')}), 'session n', '... and life goes on');
ask(q{SELECT sessionize.drop_session('visit', schema => 'my app')});
ask('DROP SCHEMA "my app"');

# ... rebuild_views() follows, too, by whatever name it is told; here the source
# is in the same schema, and another definition on top is not
for my $given ('', q{rebuild_views('visit', 'app'); SELECT sessionize.rebuild_views()}, q{rebuild_views('visit', 'my app'); SELECT sessionize.rebuild_views()},
	q{rebuild_views('visit'); SELECT sessionize.rebuild_views()}, 'rebuild_views()')
{
	my $call = $given;
	start();
	ask(q{ALTER TABLE raw.events SET SCHEMA app; SELECT sessionize.rebuild_views();
		SELECT sessionize.define_session('burst', 'app.visit', 'user_id', 'started_at', '1 day', schema => 'other');});
	$rows = rows_of('visit');
	my $bursts = rows_of('burst', 'other');
	# what looks like the views but belongs to others, or is not all three of them, does not count
	my $copy = q{DO $$BEGIN EXECUTE 'CREATE VIEW %s.visit%s AS ' || pg_get_viewdef('app.visit%2$s'::regclass); END$$;};
	$node->safe_psql('postgres', join '', 'CREATE SCHEMA super;', map { sprintf $copy, 'super', $_ } '', '_events', '_actors');
	ask(sprintf($copy, 'raw', '') . 'ALTER SCHEMA app RENAME TO "my app"');
	is(ask(q{SELECT problem, hint FROM sessionize.check_definitions('visit')}),
		q{schema "app" does not exist|Its views are in schema "my app" now. Call sessionize.rebuild_views('visit', 'app').},
		"views' schema renamed: check_definitions() names the schema and the call");
	$call ||= ask(q{SELECT substring(hint FROM 'Call sessionize[.](.*)[.]$') FROM sessionize.check_definitions('visit')}) . '; SELECT sessionize.rebuild_views()';
	ask(qq{SET search_path = "my app"; SELECT sessionize.$call});
	is(rows_of('burst', 'other'), $bursts, "$call: the definition on top reads on");
	in_order($rows, '... and the one below is found', 'visit', 'my app');
	is(ask('SELECT schema, session FROM sessionize.metric_definition'), 'my app|visit', '... with its metrics');
	$node->safe_psql('postgres', 'DROP SCHEMA super CASCADE');
	ask('DROP SCHEMA "my app" CASCADE');
}

# a schema that is gone for good
start();
ask('DROP SCHEMA app CASCADE');
is(ask(q{SELECT problem, hint FROM sessionize.check_definitions() WHERE object = 'schema'}),
	q{schema "app" does not exist|Create it and call sessionize.rebuild_views(), or name another by sessionize.alter_session('visit', 'schema', ..., 'app').},
	"views' schema dropped: check_definitions() names it");
ask(q{SELECT sessionize.alter_session('visit', 'schema', 'other', 'app')});
is(problems(), '', '... and what it says helps');
is(ask('SELECT count(*) > 0 FROM other.visit'), 't', '... views are there again');

# ---------- the owner ----------

$node->safe_psql('postgres', 'CREATE ROLE bob LOGIN; CREATE ROLE carol LOGIN');
for my $case ([ 'postgres', '' ], [ 'carol', 'GRANT alice, bob TO carol' ], [ 'bob', 'DROP OWNED BY alice; DROP ROLE alice' ])
{
	my ($who, $before) = @$case;
	$rows = start();
	$node->safe_psql('postgres', "REASSIGN OWNED BY alice TO bob; $before");
	is(ask('TABLE app.visit ORDER BY 1, 2, 3', 'bob'), ask('TABLE app.visit ORDER BY 1, 2, 3', 'postgres'), 'REASSIGN OWNED: reads go on');
	is(ask('SELECT problem, hint FROM sessionize.check_definitions()', 'bob'),
		'the views belong to "bob", not to "alice"|' . ($who eq 'bob' ? 'Call sessionize.rebuild_views().' : q{If they are the session's views, have a superuser, or a member of both roles, call sessionize.rebuild_views() with the session's name.}),
		'... the new owner and what helps are named');
	for my $role ($who eq 'bob' ? () : ('alice', 'bob'))
	{
		(undef, undef, $error) = $node->psql('postgres', q{SELECT sessionize.rebuild_views('visit', 'app')}, extra_params => [ '-U', $role ]);
		like($error, qr/must be owner of session "visit"|permission denied for table events/, "... not by $role alone");
	}
	is(ask(q{SELECT sessionize.rebuild_views('visit', 'app')}, $who), '1', "... which is done by $who");
	is(ask('SELECT count(*) FROM sessionize.check_definitions()', 'bob'), '0', '... nothing is left to say');
	ask(q{SELECT sessionize.define_metric('visit', 'n', 'count(*)', schema => 'app'); SELECT sessionize.drop_session('visit', schema => 'app')}, 'bob');
	$node->safe_psql('postgres', 'DROP OWNED BY bob CASCADE');
	$node->safe_psql('postgres', 'CREATE ROLE alice LOGIN') if $who eq 'bob';
}

# ---------- the definition, by its own means ----------

$rows = start();
ask('CREATE VIEW other.report AS SELECT user_id, sum(total) FROM app.visit GROUP BY 1; COMMENT ON VIEW other.report IS $$mine$$');
my $oids = q{SELECT array_agg(oid ORDER BY oid) FROM pg_class WHERE relname ~ '^(visit|tour|Natalie)' AND relkind = 'v'};
my $before = ask($oids);
ask(q{SELECT sessionize.alter_session('visit', 'name', 'Natalie''s Tour', schema => 'app')});
in_order_quoted("Natalie's Tour", 'app');
is(ask($oids), $before, '... by renaming the views, not making new ones');
ask(q{SELECT sessionize.alter_session('Natalie''s Tour', 'schema', 'other', schema => 'app')});
in_order_quoted("Natalie's Tour", 'other');
is(ask($oids), $before, '... by moving the views');
is(ask('SELECT count(*) FROM other.report'), '3', "... and somebody's view on them reads on");
is(ask('SELECT schema, session, name FROM sessionize.metric_definition'), "other|Natalie's Tour|total", '... metrics come along');
is(ask(q{SELECT string_agg(DISTINCT view_name || ' ' || label, ', ') FROM sessionize.fields WHERE column_name = 'duration'}),
	"Natalie's Tour session Natalie's Tour.duration", '... and labels');
like(ask(q{SELECT obj_description('other."Natalie''s Tour"'::regclass)}), qr/Natalie's Tour/, '... and comments');

sub in_order_quoted
{
	my ($name, $schema) = @_;
	is(problems(), '', "definition renamed to $schema.$name: no problem");
	is(rows_of($name, $schema), $rows, '... the same rows');
}

# A source that is itself a session's view follows that one.
$rows = start();
ask(q{SELECT sessionize.define_session('burst', 'app.visit', 'user_id', 'started_at', '2 hours', schema => 'other');
	SELECT sessionize.alter_session('visit', 'name', 'tour', schema => 'app');});
is(ask('SELECT sum(event_count) FROM other.burst'), ask('SELECT count(*) FROM app.tour'), "sessions over another's, renamed: reads go on");
like(problems(), qr/^other\.burst\|source\|the views read app\.tour, not app\.visit$/, '... the drift is named');
ask('SELECT sessionize.rebuild_views()');
is(problems(), '', '... and recorded');

$node->stop;
done_testing();
