# acl.pl: who may define, change, list and read sessions.
#
# Every role is an unprivileged one that logs in by itself.  What is refused is
# refused with the right SQLSTATE and leaves the catalog and the views as they
# were; who may do something is shown doing it.

use strict;
use warnings;
use File::Basename qw(dirname);
use Cwd qw(abs_path);
use Test::More;
use lib dirname(abs_path(__FILE__));
use SessionizeTest;

my $node = start_cluster('acl');

# What a role's statements print; one that fails is a failed test.
sub as { return query_as($node, @_); }

sub ask { return as('postgres', @_); }

# The error's first line.
sub error_of { return error_as($node, @_) =~ s/\n.*//sr; }

# All that is stored: definitions, metrics, and each view's text, owner,
# options and privileges.
sub stored
{
	return ask(q{
		SELECT * FROM sessionize.session_definition ORDER BY schema, name;
		SELECT * FROM sessionize.metric_definition ORDER BY schema, session, name;
		SELECT relname, pg_get_userbyid(relowner), reloptions, relacl, pg_get_viewdef(oid)
		FROM pg_class WHERE relkind = 'v' AND relnamespace::regnamespace::text IN ('app', 'own')
		ORDER BY relname;});
}

sub refused
{
	my ($role, $sql, $like, $name) = @_;
	my $before = stored();
	like(error_of($role, $sql), $like, $name);
	is(stored(), $before, '... and nothing has changed');
}

# Grantees and privileges of a view and its columns, in an order of its own.
sub grants
{
	my ($view) = @_;
	return ask(qq{
		SELECT string_agg(line, E'\\n' ORDER BY line) FROM (
			SELECT format('%s %s %s%s', coalesce(c.attname, '*'),
				CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(a.grantee) END,
				a.privilege_type, CASE WHEN a.is_grantable THEN ' grantable' END) AS line
			FROM (SELECT NULL AS attname, relacl AS acl FROM pg_class WHERE oid = '$view'::regclass
				UNION ALL SELECT attname::text, attacl FROM pg_attribute
				WHERE attrelid = '$view'::regclass AND attnum > 0) AS c,
				aclexplode(c.acl) AS a) AS l});
}

sub owners
{
	my ($name, $schema) = @_;
	$schema //= 'app';
	return ask(qq{SELECT string_agg(DISTINCT pg_get_userbyid(relowner), ', ') FROM pg_class
		WHERE relnamespace = '$schema'::regnamespace AND relname IN ('$name', '${name}_events', '${name}_actors')});
}

sub problems
{
	my ($role) = @_;
	return as($role // 'postgres', 'SELECT definition, object, problem FROM sessionize.check_definitions()');
}

my $QUOTED = q{Natalie "N" O'Hara, Ltd.};
(my $quoted = $QUOTED) =~ s/"/""/g;

ask(qq{
	CREATE ROLE alice LOGIN;
	CREATE ROLE bob LOGIN;
	CREATE ROLE carol LOGIN IN ROLE alice;
	CREATE ROLE nora LOGIN NOINHERIT IN ROLE alice;
	CREATE ROLE dave LOGIN;
	CREATE ROLE erin LOGIN;
	CREATE ROLE frank LOGIN;
	CREATE ROLE mallory LOGIN;
	CREATE ROLE switch LOGIN IN ROLE dave, erin;
	CREATE ROLE "$quoted" LOGIN;
	CREATE SCHEMA app;
	CREATE SCHEMA private;
	GRANT CREATE, USAGE ON SCHEMA app TO alice, mallory, "$quoted";
	GRANT USAGE ON SCHEMA app TO PUBLIC;
	GRANT USAGE ON SCHEMA private TO alice;
	CREATE FUNCTION private.is_page(text) RETURNS boolean IMMUTABLE LANGUAGE sql AS \$\$ SELECT \$1 <> 'none' \$\$;
	CREATE TABLE app.events (user_id int, tenant text, ts timestamptz, page text);
	-- 1: dave, two sessions; 2: erin, three; 3: alice, one
	INSERT INTO app.events VALUES
		(1, 'dave', '2026-01-01 10:00Z', 'a'), (1, 'dave', '2026-01-01 12:00Z', 'b'),
		(2, 'erin', '2026-01-01 10:00Z', 'a'), (2, 'erin', '2026-01-01 12:00Z', 'b'), (2, 'erin', '2026-01-01 14:00Z', 'c'),
		(3, 'alice', '2026-01-01 10:00Z', 'a'), (3, 'alice', '2026-01-01 10:01Z', 'secret');
	GRANT SELECT ON app.events TO alice, dave, "$quoted";});

my $DEFINE = q{SELECT sessionize.define_session('visit', 'app.events', 'user_id', 'ts', '30 min', schema => 'app')};

# ---------- who may define ----------

refused('mallory', $DEFINE, qr/^42501: permission denied for table events/, 'no SELECT on the source: refused');
refused('dave', $DEFINE, qr/^42501: permission denied for schema app/, 'no CREATE on the schema: refused');
refused('bob', $DEFINE, qr/^42501/, 'neither: refused');
is(as('alice', $DEFINE), 'app.visit', 'SELECT and CREATE are enough to define');
is(owners('visit'), 'alice', 'the views belong to who defined');
is(ask('SELECT owner FROM sessionize.session_definition'), 'alice', '... and the definition');
is(as('alice', 'SELECT count(*) FROM app.visit'), '6', '... who can read it');

# columns are enough, too, for what reads only them
ask('GRANT SELECT (user_id, ts) ON app.events TO mallory');
as('mallory', q{SELECT sessionize.define_session('narrow', 'app.events', 'user_id', 'ts', '30 min', schema => 'app')});
is(as('mallory', 'SELECT count(*) FROM app.narrow'), '6', 'SELECT on the columns that a definition names is enough');
like(error_of('mallory', 'SELECT page FROM app.narrow_events'), qr/^42501/, '... and shows no other column');
as('mallory', q{SELECT sessionize.drop_session('narrow', schema => 'app')});

# ---------- who may change ----------

as('alice', q{SELECT sessionize.define_metric('visit', 'pages', 'count(page)', filter => 'private.is_page(page)', schema => 'app')});

my %changes = (
	'alter_session()'  => q{SELECT sessionize.alter_session('visit', 'inactivity', '3 hours', schema => 'app')},
	'a new name'       => q{SELECT sessionize.alter_session('visit', 'name', 'mine', schema => 'app')},
	'replace'          => $DEFINE =~ s/schema =>/replace => true, schema =>/r,
	'drop_session()'   => q{SELECT sessionize.drop_session('visit', schema => 'app')},
	'drop_session(cascade)' => q{SELECT sessionize.drop_session('visit', cascade => true, schema => 'app')},
	'define_metric()'  => q{SELECT sessionize.define_metric('visit', 'n', 'count(*)', schema => 'app')},
	'define_metric(replace)' => q{SELECT sessionize.define_metric('visit', 'pages', 'count(*)', replace => true, schema => 'app')},
	'drop_metric()'    => q{SELECT sessionize.drop_metric('visit', 'pages', schema => 'app')},
	'rebuild_views()'  => q{SELECT sessionize.rebuild_views('visit', schema => 'app')});

for my $role ('bob', 'mallory', 'nora')
{
	refused($role, $changes{$_}, qr/^42501: must be owner of session "visit"/, "$_ by another ($role): refused")
	  for sort keys %changes;
	is(as($role, 'SELECT sessionize.rebuild_views()'), '0', "rebuild_views() of one's own: $role has none");
}
as('nora', "SET ROLE alice; $changes{'alter_session()'}");
is(ask('SELECT count(*) FROM app.visit'), '3', 'a member without inheritance may after SET ROLE');
as('carol', q{SELECT sessionize.alter_session('visit', 'inactivity', '30 min', schema => 'app')});
is(ask('SELECT count(*) FROM app.visit'), '6', 'a member of the owner may');
for my $role ('carol', 'postgres')
{
	as($role, $_)
	  for @changes{'replace', 'define_metric()', 'define_metric(replace)', 'rebuild_views()'};
	as($role, q{SELECT sessionize.drop_metric('visit', 'n', schema => 'app')});
	is(owners('visit') . ask(q{SELECT ' ' || owner FROM sessionize.session_definition}), 'alice alice',
		"what $role changes stays the owner's");
}
as('carol', q{SELECT sessionize.define_metric('visit', 'pages', 'count(page)', filter => 'private.is_page(page)', replace => true, schema => 'app')});

# the owner loses a right: changes need it again, and name it
ask('REVOKE SELECT ON app.events FROM alice');
refused('alice', $changes{replace}, qr/^42501: permission denied for table events/, 'an owner who lost the right to read the source: refused');
refused('postgres', $changes{replace}, qr/^42501: permission denied for table events/, '... also when a superuser does it for them');
ask('GRANT SELECT ON app.events TO alice');

# ---------- everybody may list, nobody may write ----------

ask('CREATE ROLE nobody LOGIN');
is(as('nobody', 'SELECT schema, name, owner, source, actor FROM sessionize.session_definition'), 'app|visit|alice|app.events|user_id',
	'everybody can list definitions');
is(as('nobody', 'SELECT session, name FROM sessionize.metric_definition'), 'visit|pages', '... and metrics');
is(as('nobody', q{SELECT view_name, column_name, kind FROM sessionize.fields WHERE column_name IN ('pages', 'session_count')}),
	"visit|pages|custom\nvisit_actors|session_count|automatic\nvisit_actors|pages|custom", '... and fields');
is(problems('nobody'), '', 'everybody can check definitions, and sees no problem where there is none');
unlike(error_of('nobody', q{SELECT sessionize.session_sql('visit', schema => 'app')}), qr/^42501/,
	'everybody can see the query behind a definition');
like(error_of('nobody', 'SELECT * FROM app.visit'), qr/^42501/, '... which gives no right to read');
ask('GRANT USAGE ON SCHEMA private TO PUBLIC');

for my $role ('alice', 'nobody')
{
	refused($role, $_, qr/^42501: permission denied for table/, "plain DML by $role: " . substr($_, 0, 40))
	  for "INSERT INTO sessionize.session_definition SELECT * FROM sessionize.session_definition",
	  "UPDATE sessionize.session_definition SET inactivity = '1 s'",
	  'DELETE FROM sessionize.session_definition', 'TRUNCATE sessionize.session_definition CASCADE',
	  "INSERT INTO sessionize.metric_definition VALUES ('app', 'visit', 'n', 9, 'count(*)')",
	  'UPDATE sessionize.metric_definition SET nth = 1', 'DELETE FROM sessionize.metric_definition',
	  'BEGIN; LOCK TABLE sessionize.session_definition IN ACCESS EXCLUSIVE MODE';
}
is(ask(q{SELECT string_agg(DISTINCT privilege_type, ', ') FROM pg_class, aclexplode(relacl)
	WHERE relnamespace = 'sessionize'::regnamespace AND grantee = 0}), 'SELECT', 'PUBLIC can do no more than SELECT in the schema');
is(ask(q{SELECT has_schema_privilege('nobody', 'sessionize', 'CREATE')}), 'f', '... and create nothing there');

# ---------- other ways into the catalog tables ----------

# They are closed to everybody but a superuser, to the owner of a definition as well.  Each is
# what it does, the right that is missing for it, and the statement; with that right it works,
# so that nothing else has refused it.
as('mallory', q{
	CREATE FUNCTION app.skip() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
	CREATE FUNCTION app.watch() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN NULL; END $$;});

sub rows
{
	my ($table, $columns, @values) = @_;
	return "COPY sessionize.$table ($columns) FROM stdin;\n" . join("\t", @values) . "\n\\.\n";
}
sub session_rows { return rows('session_definition', 'schema, name, owner, source, actor, event_time, inactivity, filter', 'app', 'other', 'alice', @_); }
sub metric_rows { return rows('metric_definition', 'schema, session, name, position, aggregate', 'app', 'visit', @_); }
sub merge { return "MERGE INTO sessionize.session_definition AS d USING (VALUES ('visit')) AS v(name) ON d.name = v.name WHEN MATCHED THEN $_[0]"; }
sub upsert { return "INSERT INTO sessionize.$_[0] SELECT * FROM sessionize.$_[0] ON CONFLICT ($_[1]) DO UPDATE SET $_[2]"; }

my $new_metric = q{MERGE INTO sessionize.metric_definition USING (VALUES (1)) AS v(n) ON false
	WHEN NOT MATCHED THEN INSERT (schema, session, name, position, aggregate) VALUES ('app', 'visit', '%s', 9, 'count(*)')};
my $upsert = upsert('session_definition', 'schema, name', "inactivity = '1 s'");
my @ways = (
	[ 'COPY, a definition in the name of its owner', 'INSERT', session_rows('app.events', 'user_id', 'ts', '1 s', '\N') ],
	[ 'COPY, a metric of it', 'INSERT', metric_rows('n', 9, 'count(*)') ],
	[ 'MERGE, an update', 'UPDATE', merge(q{UPDATE SET inactivity = '1 s'}) ],
	[ 'MERGE, a delete', 'DELETE', merge('DELETE') ],
	[ 'MERGE, an insert', 'INSERT', sprintf $new_metric, 'n' ],
	[ 'ON CONFLICT DO UPDATE', 'INSERT, UPDATE', $upsert ],
	[ 'ON CONFLICT DO UPDATE, a metric', 'INSERT, UPDATE', upsert('metric_definition', 'schema, session, name', q{aggregate = 'count(*)'}) ],
	[ 'through a view', 'UPDATE', q{BEGIN; CREATE VIEW app.way AS TABLE sessionize.session_definition; UPDATE app.way SET inactivity = '1 s'} ],
	[ 'FOR UPDATE, which keeps others from changes', 'UPDATE', 'SELECT FROM sessionize.session_definition FOR UPDATE' ],
	[ 'a foreign key, which keeps others from dropping', 'REFERENCES',
		'CREATE TABLE app.way (schema name, name text, FOREIGN KEY (schema, name) REFERENCES sessionize.session_definition)' ],
	[ "a trigger of one's own", 'TRIGGER', 'CREATE TRIGGER way BEFORE UPDATE ON sessionize.session_definition FOR EACH ROW EXECUTE FUNCTION app.skip()' ],
	[ "a trigger of one's own on metrics", 'TRIGGER', 'CREATE TRIGGER way BEFORE DELETE ON sessionize.metric_definition FOR EACH ROW EXECUTE FUNCTION app.skip()' ],
	[ 'a rule', 'owner', 'CREATE RULE way AS ON UPDATE TO sessionize.session_definition DO INSTEAD NOTHING' ],
	[ 'a rule that writes elsewhere', 'owner', q{CREATE RULE way AS ON DELETE TO sessionize.session_definition DO ALSO UPDATE sessionize.metric_definition SET aggregate = 'count(*)'} ],
	[ 'without the triggers', 'owner', 'ALTER TABLE sessionize.session_definition DISABLE TRIGGER USER' ],
	[ 'without one of them', 'owner', 'ALTER TABLE sessionize.session_definition DISABLE TRIGGER check_definition' ],
	[ 'without a trigger at all', 'owner', 'DROP TRIGGER carry_out_definition ON sessionize.session_definition' ],
	[ 'rows by inheritance', 'owner', 'CREATE TABLE app.way () INHERITS (sessionize.session_definition)' ],
	[ 'rows hidden by a policy', 'owner', 'ALTER TABLE sessionize.session_definition ENABLE ROW LEVEL SECURITY' ],
	[ 'triggers switched off for a session', 'SUPERUSER', 'SET session_replication_role = replica' ],
	[ 'an event trigger', 'SUPERUSER', 'CREATE EVENT TRIGGER way ON ddl_command_end EXECUTE FUNCTION app.watch()' ]);

# With the right, until the transaction ends
sub error_with
{
	my ($role, $right, $sql) = @_;
	my $give = $right eq 'SUPERUSER' ? "ALTER ROLE $role SUPERUSER"
	  : $right eq 'owner' ? "ALTER TABLE sessionize.session_definition OWNER TO $role"
	  : "GRANT $right ON ALL TABLES IN SCHEMA sessionize TO $role";
	return error_of('postgres', "BEGIN; $give; SET ROLE $role;\n$sql;\nROLLBACK");
}

my $closed = qr/^42501: (?:permission denied for table (?:session|metric)_definition|must be owner of (?:table|relation) session_definition|permission denied to (?:create event trigger "way"|set parameter "session_replication_role"))$/;
for my $role ('alice', 'mallory')
{
	for (@ways)
	{
		my ($what, $right, $sql) = @$_;
		refused($role, $sql, $closed, "$what, by $role: refused");
		like(error_with($role, $right, $sql), qr/^no error/, "... for want of a right: $right");
	}
}
like(error_with('mallory', $_, $upsert), $closed, "ON CONFLICT DO UPDATE with the right to $_ alone: refused") for 'INSERT', 'UPDATE';

# A superuser may, and what is written is checked as the functions check it ...
my $rows_before = stored();
for (
	[ 'MERGE, a filter that gets out', merge(q{UPDATE SET filter = 'true) OR (true'}), qr/^42601/ ],
	[ 'MERGE, months', merge(q{UPDATE SET inactivity = '1 month'}), qr/^22023/ ],
	[ 'MERGE, a metric without a name', sprintf($new_metric, ''), qr/^42602/ ],
	[ 'ON CONFLICT, a source that the owner may not read', upsert('session_definition', 'schema, name', q{source = 'pg_catalog.pg_authid'}), qr/^42501: permission denied for table pg_authid/ ],
	[ 'ON CONFLICT, no aggregate', upsert('metric_definition', 'schema, session, name', q{aggregate = 'user_id'}), qr/^42803/ ],
	[ 'COPY, a source that the owner may not read', session_rows('pg_catalog.pg_authid', 'rolname', 'rolvaliduntil', '1 s', '\N'), qr/^42501: permission denied for table pg_authid/ ],
	[ 'COPY, a filter that gets out', session_rows('app.events', 'user_id', 'ts', '1 s', 'true) OR (true'), qr/^42601/ ],
	[ 'COPY, an aggregate that gets out', metric_rows('n', 9, 'count(*)) FROM app.events; --'), qr/^42601/ ])
{
	my ($what, $sql, $like) = @$_;
	refused('postgres', $sql, $like, "$what, by a superuser: refused");
}
# ... and the views follow
ask(merge(q{UPDATE SET inactivity = '3 hours'}));
is(as('alice', 'SELECT count(*) FROM app.visit'), '3', 'a superuser changes a definition with MERGE');
ask($upsert =~ s/1 s/30 min/r);
is(as('alice', 'SELECT count(*) FROM app.visit'), '6', '... with ON CONFLICT');
ask(metric_rows('n', 9, 'count(*)'));
is(as('alice', 'SELECT sum(n) FROM app.visit'), '7', '... and with COPY');
as('alice', q{SELECT sessionize.drop_metric('visit', 'n', schema => 'app')});
is(stored(), $rows_before, '... and back, and all is as it was');
ask('DROP FUNCTION app.skip(), app.watch()');

# ---------- readers ----------

as('alice', q{SELECT sessionize.alter_session('visit', 'readers', '{dave,erin}', schema => 'app')});
for my $view ('visit', 'visit_events', 'visit_actors')
{
	is(ask("SELECT string_agg(r || ' ' || has_table_privilege(r, 'app.$view', 'SELECT'), ', ' ORDER BY r) FROM unnest('{bob,dave,erin}'::text[]) AS r"),
		'bob false, dave true, erin true', "readers can SELECT from $view, others cannot");
}
ask('REVOKE SELECT ON app.visit, app.visit_actors FROM dave');
as('alice', q{SELECT sessionize.rebuild_views('visit', schema => 'app')});
is(ask("SELECT has_table_privilege('dave', 'app.visit', 'SELECT') AND has_table_privilege('dave', 'app.visit_actors', 'SELECT')"), 't',
	'readers get their right at every build');
as('alice', 'DROP VIEW app.visit, app.visit_events, app.visit_actors');
as('alice', q{SELECT sessionize.rebuild_views('visit', schema => 'app')});
is(ask("SELECT has_table_privilege('dave', 'app.visit', 'SELECT') AND has_table_privilege('erin', 'app.visit_events', 'SELECT')"), 't',
	'... also when the views are made anew');
refused('alice', q{SELECT sessionize.alter_session('visit', 'readers', '{nosuch}', schema => 'app')}, qr/^42704: role "nosuch" does not exist/,
	'a reader that is no role: refused');

ask(qq{CREATE ROLE "odd, ""reader"; CREATE ROLE "public reader"});
as('alice', q{SELECT sessionize.define_session('shown', 'app.events', 'user_id', 'ts', '30 min', schema => 'app',
	readers => ARRAY['odd, "reader', 'public reader'])});
is(ask(q{SELECT has_table_privilege('odd, "reader', 'app.shown', 'SELECT') AND has_table_privilege('public reader', 'app.shown_actors', 'SELECT')
	AND NOT has_table_privilege('bob', 'app.shown', 'SELECT')}), 't', 'readers with names that need quotes');
as('alice', q{SELECT sessionize.alter_session('shown', 'readers', '{public}', schema => 'app')});
is(ask(q{SELECT has_table_privilege('nobody', 'app.shown_events', 'SELECT')}), 't', 'public as a reader');
as('alice', q{SELECT sessionize.drop_session('shown', schema => 'app')});

# a reader that is gone
ask('CREATE ROLE gone');
as('alice', q{SELECT sessionize.define_session('shown', 'app.events', 'user_id', 'ts', '30 min', schema => 'app', readers => '{gone}')});
like(error_of('postgres', 'DROP ROLE gone'), qr/^2BP01/, 'a reader cannot be dropped while it has rights');
ask('DROP OWNED BY gone; DROP ROLE gone');
like(problems(), qr/^app\.shown\|[^|]*\|[^\n]*gone/m, 'a reader that is gone is a problem that check_definitions() names');
as('alice', q{SELECT sessionize.drop_session('shown', schema => 'app')});

# ---------- whose rights a read has ----------

is(ask(q{SELECT string_agg(DISTINCT reloptions::text, ' ') FROM pg_class WHERE relname ~ '^visit'}), '{security_invoker=true}',
	'views are security_invoker');
is(as('dave', 'SELECT count(*) FROM app.visit'), '6', 'a reader with rights on the source reads');
like(error_of('erin', "SELECT * FROM app.$_"), qr/^42501: permission denied for table events/, "a reader without rights on the source does not: $_")
  for 'visit', 'visit_events', 'visit_actors';
like(error_of('bob', 'SELECT * FROM app.visit'), qr/^42501: permission denied for view visit/, 'nor does one with rights on nothing');

as('alice', q{SELECT sessionize.alter_session('visit', 'security_invoker', 'false', schema => 'app')});
is(ask(q{SELECT string_agg(DISTINCT reloptions::text, ' ') FROM pg_class WHERE relname ~ '^visit'}),
	'{security_invoker=false,security_barrier=true}', 'the opt-out is a security barrier');
is(as('erin', 'SELECT count(*) FROM app.visit'), '6', '... and SELECT on the view is enough');
is(as('erin', 'SELECT count(*) FROM app.visit_events'), '7', '... of all three');
ask('REVOKE SELECT ON app.events FROM alice');
like(error_of('erin', "SELECT * FROM app.$_"), qr/^42501: permission denied for table events/, "... as long as the owner has the right on the source: $_")
  for 'visit', 'visit_events', 'visit_actors';
ask('GRANT SELECT ON app.events TO alice');
like(error_of('erin', 'SELECT * FROM sessionize.read(NULL::app.visit)'), qr/^42501: permission denied for table events/,
	"read() has the caller's rights even there");
like(error_of('bob', 'SELECT * FROM app.visit'), qr/^42501: permission denied for view visit/, '... which others still need');

# what a barrier is for: no condition of the reader's sees what the definition leaves out
as('alice', q{SELECT sessionize.alter_session('visit', 'filter', $$page <> 'secret'$$, schema => 'app')});
ask('CREATE SCHEMA own; GRANT CREATE, USAGE ON SCHEMA own TO erin');
as('erin', q{CREATE FUNCTION own.peek(text) RETURNS boolean COST 0.0001 LANGUAGE plpgsql AS $$
	BEGIN RAISE EXCEPTION 'peeked at %', $1; EXCEPTION WHEN OTHERS THEN RAISE NOTICE '%', SQLERRM; RETURN true; END $$});
{
	my ($out, $err) = ('', '');
	$node->psql('postgres', 'SELECT count(*) FROM app.visit_events WHERE own.peek(page)',
		extra_params => [ '-U', 'erin' ], stdout => \$out, stderr => \$err);
	is($out, '6', 'a leaky condition is applied');
	like($err, qr/peeked at a/, '... to what the definition shows');
	unlike($err, qr/secret/, '... and to nothing else');
}
as('alice', q{SELECT sessionize.alter_session('visit', 'filter', NULL, schema => 'app')});

# ---------- row-level security, enabled after the definition ----------

ask(q{
	ALTER TABLE app.events ENABLE ROW LEVEL SECURITY;
	CREATE POLICY dave ON app.events FOR SELECT TO dave USING (tenant = 'dave');
	CREATE POLICY erin ON app.events FOR SELECT TO erin USING (tenant = 'erin');
	CREATE POLICY alice ON app.events FOR SELECT TO alice USING (tenant = 'alice');
	GRANT SELECT ON app.events TO erin;
	GRANT SELECT ON app.visit TO bob;});
my %seen = (
	'visit'        => { dave => '2', erin => '3', alice => '1' },
	'visit_events' => { dave => '2', erin => '3', alice => '2' },
	'visit_actors' => { dave => '1', erin => '1', alice => '1' });
for my $view (sort keys %seen)
{
	is(as($_, "SELECT count(*) FROM app.$view"), $seen{$view}{alice}, "owner's policies in the opt-out: $view by $_")
	  for 'dave', 'erin', 'alice';
}
is(as('erin', 'SELECT count(*) FROM sessionize.read(NULL::app.visit)'), '3', "read() in the opt-out: the caller's policies");
as('alice', q{SELECT sessionize.alter_session('visit', 'security_invoker', 'true', schema => 'app')});
is(ask(q{SELECT string_agg(DISTINCT reloptions::text, ' ') FROM pg_class WHERE relname ~ '^visit'}), '{security_invoker=true}',
	'back again: no barrier is left');
for my $view (sort keys %seen)
{
	is(as($_, "SELECT count(*) FROM app.$view"), $seen{$view}{$_}, "reader's policies: $view by $_")
	  for 'dave', 'erin', 'alice';
	is(as($_, "SELECT count(*) FROM sessionize.read(NULL::app.$view)"), $seen{$view}{$_}, "... and read() by $_")
	  for 'dave', 'erin', 'alice';
}
like(error_of('bob', 'SELECT * FROM app.visit'), qr/^42501: permission denied for table events/, 'SELECT on the view alone is not enough again');

is(as('switch', q{
	SET plan_cache_mode = force_generic_plan;
	PREPARE q AS SELECT count(*) FROM app.visit;
	PREPARE r AS SELECT count(*) FROM sessionize.read(NULL::app.visit);
	SET ROLE dave; EXECUTE q; EXECUTE r;
	SET ROLE erin; EXECUTE q; EXECUTE r;
	SET ROLE dave; EXECUTE q; EXECUTE r;}), "2\n2\n3\n3\n2\n2", 'a prepared statement follows SET ROLE');
is(as('switch', q{SET ROLE dave; BEGIN; DECLARE c CURSOR FOR SELECT count(*) FROM app.visit; SET ROLE erin; FETCH c;}), '2',
	"a cursor keeps its opener's policies");
ask(q{CREATE POLICY short ON app.events AS RESTRICTIVE FOR SELECT USING (page <> 'c')});
is(as('erin', 'SELECT count(*) FROM app.visit'), '2', 'a policy added later counts in the next read');
is(as('erin', 'SELECT count(*) FROM sessionize.read(NULL::app.visit)'), '2', '... and in read()');
is(as('switch', q{
	SET ROLE erin; PREPARE q AS SELECT count(*) FROM app.visit; EXECUTE q;
	RESET ROLE; SET row_security = on; SET ROLE dave; EXECUTE q;}), "2\n2", '... also in prepared statements');
like(error_of('erin', 'SET row_security = off; SELECT * FROM app.visit'), qr/^42501: query would be affected by row-level security/,
	'row_security = off is heeded');
like(error_of('erin', 'SET row_security = off; SELECT * FROM sessionize.read(NULL::app.visit)'), qr/^42501: query would be affected by row-level security/,
	'... in read()');
ask('ALTER TABLE app.events DISABLE ROW LEVEL SECURITY; REVOKE SELECT ON app.events FROM erin');
ask('REVOKE SELECT ON app.visit FROM bob');

# ---------- replace keeps grants, owner and options ----------

as('alice', q{SELECT sessionize.define_metric('visit', 'n', 'count(*)', schema => 'app')});
as('alice', q{
	GRANT SELECT ON app.visit TO bob WITH GRANT OPTION;
	GRANT SELECT (session_id, started_at) ON app.visit TO frank;
	GRANT SELECT (n) ON app.visit TO frank WITH GRANT OPTION;
	GRANT SELECT (user_id) ON app.visit_actors TO PUBLIC;
	GRANT SELECT ON app.visit_events TO PUBLIC;
	REVOKE UPDATE, TRIGGER ON app.visit_events FROM alice;
	REVOKE DELETE, TRUNCATE ON app.visit FROM alice;
	ALTER VIEW app.visit_actors SET (security_barrier = true);});
my @views = ('app.visit', 'app.visit_events', 'app.visit_actors');
my %before = map { $_ => grants($_) } @views;
my $options = q{SELECT relname, reloptions FROM pg_class WHERE relname ~ '^visit' ORDER BY 1};
my $options_before = ask($options);
like($before{'app.visit'}, qr/^n frank SELECT grantable$/m, 'grants to be kept: a column');
like($before{'app.visit_events'}, qr/^\* PUBLIC SELECT$/m, '... PUBLIC');

# appended, then dropped: the second makes the views anew
as('alice', q{SELECT sessionize.define_metric('visit', 'first page', 'min(page)', schema => 'app')});
is(grants($_), $before{$_}, "grants of $_ after appending") for @views;
is(ask($options), $options_before, '... and options');
my $oids = q{SELECT oid FROM pg_class WHERE relname ~ '^visit' AND relnamespace = 'app'::regnamespace};
my $oid_before = ask("SELECT 'app.visit'::regclass::oid");
as('alice', q{SELECT sessionize.drop_metric('visit', 'pages', schema => 'app')});
isnt(ask("SELECT 'app.visit'::regclass::oid"), $oid_before, 'without a column in the middle a view is made anew');
is(grants($_), $before{$_}, "... with the grants of $_") for @views;
is(ask($options), $options_before, '... and options');
is(owners('visit'), 'alice', '... and the owner');
as('postgres', q{SELECT sessionize.define_session('visit', 'app.events', 'tenant, user_id', 'ts', '30 min',
	readers => '{dave,erin}', replace => true, schema => 'app')});
is(grants($_), $before{$_}, "the same by a superuser, for $_") for @views;
is(owners('visit'), 'alice', '... and the owner');
as('alice', q{SELECT sessionize.drop_metric('visit', 'n', schema => 'app')});
is(grants('app.visit'), join("\n", grep { !/^n / } split /\n/, $before{'app.visit'}), 'of a column that is gone, no grant is left');

# what was granted by default and taken back stays taken back
ask('ALTER DEFAULT PRIVILEGES FOR ROLE alice IN SCHEMA app GRANT SELECT ON TABLES TO frank');
as('alice', q{SELECT sessionize.define_session('shown', 'app.events', 'user_id', 'ts', '30 min', schema => 'app')});
is(ask(q{SELECT has_table_privilege('frank', 'app.shown', 'SELECT')}), 't', 'default privileges count for new views');
as('alice', 'REVOKE SELECT ON app.shown FROM frank');
as('alice', q{SELECT sessionize.define_session('shown', 'app.events', 'tenant, user_id', 'ts', '30 min', replace => true, schema => 'app')});
is(ask(q{SELECT has_table_privilege('frank', 'app.shown', 'SELECT')}), 'f', 'what was taken back from a reader, replace does not give again');
as('alice', 'DROP VIEW app.shown, app.shown_events, app.shown_actors');
as('alice', q{SELECT sessionize.rebuild_views('shown', schema => 'app')});
is(ask(q{SELECT has_table_privilege('frank', 'app.shown', 'SELECT')}), 't', 'views that were gone get the default privileges');
as('alice', q{SELECT sessionize.drop_session('shown', schema => 'app')});

# ---------- names that need quotes ----------

as($QUOTED, q{SELECT sessionize.define_session('Natalie''s "Session"', 'app.events', 'user_id', 'ts', '30 min', schema => 'app', readers => '{bob}')});
is(ask(q{SELECT owner FROM sessionize.session_definition WHERE name ~ 'Natalie'}), $QUOTED, 'an owner whose name needs quotes');
as($QUOTED, q{SELECT sessionize.define_metric('Natalie''s "Session"', 'n "quoted"', 'count(*)', schema => 'app');
	GRANT SELECT ("n ""quoted""") ON app."Natalie's ""Session""" TO frank;
	SELECT sessionize.define_session('Natalie''s "Session"', 'app.events', 'tenant, user_id', 'ts', '30 min', schema => 'app', replace => true);});
is(ask(q{SELECT pg_get_userbyid(relowner), has_table_privilege('bob', oid, 'SELECT'), has_column_privilege('frank', oid, 'n "quoted"', 'SELECT')
	FROM pg_class WHERE relname = 'Natalie''s "Session"'}), "$QUOTED|t|t", '... keeps and gives rights');
as($QUOTED, q{SELECT sessionize.drop_session('Natalie''s "Session"', schema => 'app')});

# ---------- another owner ----------

refused('postgres', 'DROP ROLE alice', qr/^2BP01: role "alice" cannot be dropped/, 'an owner cannot be dropped');
ask('GRANT SELECT ON app.events TO bob; GRANT CREATE ON SCHEMA app TO bob; GRANT USAGE ON SCHEMA private TO bob');

# one view given away
ask('ALTER VIEW app.visit OWNER TO bob');
like(problems(), qr/^app\.visit\|[^|]*\|[^\n]*"bob"[^\n]*"alice"/m, 'ALTER VIEW OWNER is drift that check_definitions() names');
is(as('dave', 'SELECT count(*) FROM app.visit'), '6', '... reads go on');
ask(q{SELECT sessionize.rebuild_views('visit', schema => 'app')});
is(owners('visit') . ask(q{SELECT ' ' || owner FROM sessionize.session_definition}), 'bob bob',
	'... and rebuild_views() makes all three and the definition the new owner\'s');
is(problems(), '', '... which is no problem any more');
refused('alice', $changes{'alter_session()'}, qr/^42501/, '... the old owner has no say');
as('bob', $changes{'alter_session()'});
ask('ALTER VIEW app.visit OWNER TO alice; ALTER VIEW app.visit_events OWNER TO alice; ALTER VIEW app.visit_actors OWNER TO alice');
ask(q{SELECT sessionize.rebuild_views('visit', schema => 'app')});
is(owners('visit') . ask(q{SELECT ' ' || owner FROM sessionize.session_definition}), 'alice alice', 'and back');

# another view than the first given away
ask('ALTER VIEW app.visit_actors OWNER TO bob');
like(problems(), qr/^app\.visit\|[^|]*visit_actors[^|]*\|/m, 'another of the views given away: named, too');
ask(q{SELECT sessionize.rebuild_views('visit', schema => 'app')});
is(owners('visit'), 'alice', '... and repaired');
ask('ALTER VIEW app.visit_actors OWNER TO alice');

ask(q{SELECT sessionize.alter_session('visit', 'inactivity', '3 hours', schema => 'app')});
ask('REASSIGN OWNED BY alice TO bob');
is(owners('visit'), 'bob', 'REASSIGN OWNED');
is(as('dave', 'SELECT count(*) FROM app.visit'), '3', '... reads go on');
like(problems(), qr/^app\.visit\|owner\|/m, '... check_definitions() names it');
refused('alice', $changes{'alter_session()'}, qr/^42501/, '... the old owner has no say');
refused('bob', $changes{'alter_session()'}, qr/^42501/, '... nor has the new one, until it is recorded');
ask(q{SELECT sessionize.rebuild_views('visit', schema => 'app')});
as('bob', q{SELECT sessionize.alter_session('visit', 'inactivity', '30 min', schema => 'app')});
is(as('dave', 'SELECT count(*) FROM app.visit'), '6', '... the new owner has');
is(ask('SELECT owner FROM sessionize.session_definition'), 'bob', '... rebuild_views() records the new owner');
is(problems(), '', '... and that is that');
ask('DROP OWNED BY alice; DROP ROLE alice');
is(as('dave', 'SELECT count(*) FROM app.visit'), '6', 'then the old owner can be dropped');

# no views, no owner: a superuser's matter
ask('DROP VIEW app.visit, app.visit_events, app.visit_actors; DROP OWNED BY bob; DROP ROLE bob');
like(problems(), qr/^app\.visit\|owner\|role "bob" does not exist$/m, 'an owner that is gone with the views: named');
refused('dave', $changes{'rebuild_views()'}, qr/^42501/, '... which gives nobody else the definition');
ask(q{GRANT CREATE ON SCHEMA app TO dave; UPDATE sessionize.session_definition SET owner = 'dave'});
is(owners('visit') . as('dave', 'SELECT count(*) FROM app.visit'), 'dave6', '... but a superuser can');

$node->stop;
done_testing();
