# attacks.pl: what an attacker would try against definitions does not work.
#
# mallory and alice are unprivileged.  Nothing that they store, plant or name
# gets them rights that they do not have, runs with a superuser's rights while
# he works on definitions, changes what a definition of another means, or gets
# out of the place that it was given in a query.

use strict;
use warnings;
use File::Basename qw(dirname);
use Cwd qw(abs_path);
use Test::More;
use lib dirname(abs_path(__FILE__));
use SessionizeTest;

my $node = start_cluster('attacks');

# What a role's statements print, and what they write to stderr.
sub both
{
	my ($role, $sql) = @_;
	my ($out, $err) = ('', '');
	$node->psql('postgres', "\\set VERBOSITY verbose\n$sql", extra_params => [ '-U', $role ],
		stdout => \$out, stderr => \$err, on_error_stop => 1);
	return ($out, $err);
}

# One that fails is a failed test.
sub as
{
	my ($role, $sql) = @_;
	my ($out, $err) = both($role, $sql);
	fail("$role: $sql") && 0 or diag($err) if $err =~ /ERROR:/;
	return $out;
}

sub ask { return as('postgres', @_); }

sub error_of
{
	my ($out, $err) = both(@_);
	return $err =~ /ERROR:  (\w{5}: .*)/s ? $1 : "no error: $err";
}

# All that is stored, and what the views are and whose.
sub stored
{
	return ask(q{
		SELECT * FROM sessionize.session_definition ORDER BY schema, name;
		SELECT * FROM sessionize.metric_definition ORDER BY schema, session, name;
		SELECT oid::regclass, relkind, pg_get_userbyid(relowner), reloptions, relacl, pg_get_viewdef(oid) FROM pg_class
		WHERE relkind IN ('v', 'r') AND relnamespace >= 16384 AND relpersistence <> 't' ORDER BY 1::text;} =~ s/1::text/oid::regclass::text/r);
}

sub refused
{
	my ($role, $sql, $like, $name) = @_;
	my $before = stored();
	like(error_of($role, $sql), $like, $name);
	is(stored(), $before, '... and nothing has changed');
}

ask(q{
	CREATE ROLE alice LOGIN; CREATE ROLE mallory LOGIN; CREATE ROLE reader LOGIN;
	GRANT CREATE, TEMPORARY ON DATABASE postgres TO alice, mallory;
	GRANT CREATE ON SCHEMA public TO mallory;
	CREATE TABLE public.treasure (secret text); INSERT INTO public.treasure VALUES ('gold');});
as('alice', q{
	CREATE SCHEMA app; GRANT USAGE, CREATE ON SCHEMA app TO PUBLIC;
	CREATE TABLE app.events (user_id int, ts timestamptz, page text, amount float8);
	INSERT INTO app.events SELECT i % 3, timestamptz '2026-01-20 10:00Z' + i * interval '1 day', 'p' || i % 4, i FROM generate_series(1, 30) AS i;
	GRANT SELECT ON app.events TO PUBLIC;});

# ---------- the trigger functions on a table of one's own ----------

for my $kind ('TEMPORARY', '')
{
	my $table = $kind ? 'mine' : 'public.mine';
	for my $when ('BEFORE INSERT', 'AFTER INSERT', 'AFTER INSERT OR UPDATE OR DELETE')
	{
		refused('mallory', qq{
			BEGIN;
			CREATE $kind TABLE $table (LIKE sessionize.session_definition INCLUDING DEFAULTS);
			CREATE TRIGGER t $when ON $table FOR EACH ROW EXECUTE FUNCTION sessionize.session_trigger();
			INSERT INTO $table (schema, name, owner, source, actor, event_time, inactivity, security_invoker, readers)
			VALUES ('app', 'stolen', 'postgres', 'public.treasure', 'secret', 'now()', '1 s', false, '{mallory}');
			ROLLBACK;}, qr/^(42501|39P01)/, "session_trigger() on a table of one's own: $kind $when");
	}
	refused('mallory', qq{
		BEGIN;
		CREATE $kind TABLE $table (LIKE sessionize.metric_definition INCLUDING DEFAULTS);
		CREATE TRIGGER t AFTER INSERT ON $table FOR EACH ROW EXECUTE FUNCTION sessionize.metric_trigger();
		INSERT INTO $table VALUES ('app', 'visit', 'n', 1, 'count(*)');
		ROLLBACK;}, qr/^(42501|39P01)/, "metric_trigger() on a table of one's own: $kind");
}
is(ask(q{SELECT string_agg(proname, ', ') FROM pg_proc WHERE pronamespace = 'sessionize'::regnamespace AND prosecdef}), '',
	'nothing is SECURITY DEFINER');
is(ask(q{SELECT string_agg(proname, ', ') FROM pg_proc AS p JOIN pg_language AS l ON l.oid = prolang
	WHERE pronamespace = 'sessionize'::regnamespace AND lanname NOT IN ('c', 'internal')
		AND prosqlbody IS NULL AND NOT coalesce(proconfig::text LIKE '%search_path%', false)}), '', "no function in another language follows the caller's search_path");

# ---------- a search_path with better matches ----------

as('mallory', q{
	CREATE SCHEMA evil; GRANT USAGE ON SCHEMA evil TO PUBLIC;
	CREATE FUNCTION evil.shout() RETURNS void LANGUAGE plpgsql AS $$ BEGIN RAISE WARNING 'evil as %', current_user; END $$;
	CREATE FUNCTION evil.concat(text, text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN PERFORM evil.shout(); RETURN 'x'; END $$;
	CREATE FUNCTION evil.lower(text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN PERFORM evil.shout(); RETURN 'x'; END $$;
	CREATE FUNCTION evil.quote_ident(text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN PERFORM evil.shout(); RETURN 'x'; END $$;
	CREATE FUNCTION evil.format(text, text, text, text, text, text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN PERFORM evil.shout(); RETURN 'x'; END $$;
	CREATE FUNCTION evil.max(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN PERFORM evil.shout(); RETURN 1; END $$;
	CREATE FUNCTION evil.define_session(text, regclass, text, text, interval) RETURNS regclass LANGUAGE plpgsql AS $$ BEGIN PERFORM evil.shout(); RETURN NULL; END $$;
	CREATE AGGREGATE evil.count(*) (SFUNC = int8inc, STYPE = int8, INITCOND = '1000');
	CREATE AGGREGATE evil.sum(float8) (SFUNC = float8pl, STYPE = float8, INITCOND = '1000');
	CREATE TABLE evil.session_definition (LIKE sessionize.session_definition);
	CREATE TABLE evil.pg_class (relacl aclitem[], oid oid);
	CREATE DOMAIN evil.text AS pg_catalog.text CHECK (evil.shout() IS NULL);
	CREATE DOMAIN evil.interval AS pg_catalog.interval CHECK (evil.shout() IS NULL);
	CREATE DOMAIN evil.varchar AS pg_catalog.varchar CHECK (evil.shout() IS NULL);});
for my $type ('int4', 'int8', 'text', 'name', 'oid', 'bool', 'timestamptz', 'float8')
{
	as('mallory', qq{
		CREATE FUNCTION evil.is_so(pg_catalog.$type, pg_catalog.$type) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS \$\$ BEGIN PERFORM evil.shout(); RETURN false; END \$\$;
		CREATE OPERATOR evil.= (FUNCTION = evil.is_so, LEFTARG = pg_catalog.$type, RIGHTARG = pg_catalog.$type);
		CREATE OPERATOR evil.<> (FUNCTION = evil.is_so, LEFTARG = pg_catalog.$type, RIGHTARG = pg_catalog.$type);
		CREATE OPERATOR evil.> (FUNCTION = evil.is_so, LEFTARG = pg_catalog.$type, RIGHTARG = pg_catalog.$type);});
}
as('alice', q{
	SET search_path = app;
	SELECT sessionize.define_session('visit', 'events', 'user_id', 'ts', '2 days', restart_on => $$concat(page, page) = 'p1p1'$$,
		end_on => $$lower(page) = 'p3'$$, filter => $$user_id = user_id AND page IN ('p1', 'p2', 'p3') AND user_id IN (SELECT user_id FROM events WHERE amount > 3)$$,
		keep => 'event_count > 0');
	SELECT sessionize.define_metric('visit', 'n', 'count(*)', filter => $$page = 'p2'$$);
	SELECT sessionize.define_metric('visit', 'total', 'sum(amount)', session_filter => 'n > 0 AND started_by <> $$x$$');});
my $rows_of = join ';', map { "SELECT t::pg_catalog.text FROM app.visit$_ AS t ORDER BY 1" } '', '_events', '_actors';
my $rows   = ask($rows_of);
my $stored = stored();
like($rows, qr/restart/, 'a definition with operators and functions, and its rows');

my @by_name = ("SELECT sessionize.rebuild_views('visit', schema => 'app')", "SELECT sessionize.rebuild_views()",
	"SELECT sessionize.alter_session('visit', 'inactivity', '2 days', schema => 'app')",
	"SELECT sessionize.alter_session('visit', 'max_duration', NULL, schema => 'app')",
	"UPDATE sessionize.session_definition SET inactivity = '2 days'",
	"UPDATE sessionize.metric_definition SET nth = NULL",
	"BEGIN; DROP VIEW app.visit, app.visit_events, app.visit_actors; SELECT sessionize.rebuild_views(); COMMIT",
	"BEGIN; SELECT sessionize.define_metric('visit', 'extra', 'min(ts)', schema => 'app'); SELECT sessionize.drop_metric('visit', 'extra', schema => 'app'); COMMIT",
	"SELECT * FROM sessionize.check_definitions()", "SELECT sessionize.session_sql('visit', schema => 'app') IS NOT NULL",
	"SELECT sessionize.session_sql('visit', 'actors', inactivity => '1 day', schema => 'app') IS NOT NULL",
	"SELECT definition FROM sessionize.fields");
for my $path ('evil, pg_catalog', 'evil', 'pg_temp, evil, pg_catalog')
{
	for my $sql (@by_name)
	{
		my ($out, $err) = both('postgres', "SET search_path = $path; SET check_function_bodies = off; $sql");
		unlike($err, qr/evil|ERROR/, "search_path $path: $sql");
	}
	is(stored(), $stored, '... and the definition and its views are what they were');
	is(ask($rows_of), $rows, '... with the same rows');
	my ($out, $err) = both('postgres', "SET search_path = $path; "
		. join ';', map { "SELECT t::pg_catalog.text FROM sessionize.read(NULL::app.visit$_) AS t ORDER BY 1" } '', '_events', '_actors');
	is($out, $rows, '... also by read()');
	unlike($err, qr/evil|ERROR/, '... which does not call anything of mallory\'s');
	($out, $err) = both('alice', "SET search_path = $path; $by_name[0]; $by_name[2]; SELECT sessionize.session_sql('visit', schema => 'app') IS NOT NULL");
	unlike($err, qr/evil|ERROR/, '... nor by the owner');
	is(stored(), $stored, '... and again nothing has changed');
}
unlike(ask("SET search_path = evil, pg_catalog; SELECT sessionize.session_sql('visit', schema => 'app')"), qr/evil/, 'session_sql() names nothing of mallory\'s');
unlike((both('postgres', q{
	CREATE TEMP TABLE session_definition (LIKE sessionize.session_definition); CREATE TEMP TABLE metric_definition (n int);
	CREATE TEMP TABLE pg_class (n int); CREATE TEMP TABLE events (user_id int, ts timestamptz, page text, amount float8);
	CREATE DOMAIN pg_temp.timestamptz AS date; CREATE DOMAIN pg_temp.int4 AS text;
	SELECT sessionize.rebuild_views(); SELECT * FROM sessionize.check_definitions()}))[1], qr/ERROR|WARNING/, 'temporary objects are not mistaken');
is(stored() =~ s/^pg_temp.*\n//mgr, $stored, '... for what was meant');

# a filter of the caller's is in the caller's search_path, the rest is not
like((both('postgres', q{SET search_path = evil, pg_catalog; SELECT * FROM sessionize.read(NULL::app.visit, filter => 'lower(page) IS NULL')}))[1],
	qr/evil as postgres/, "a what-if filter means what it means to the caller");

# ---------- other settings ----------

# Constants are written down so that they mean the same under any settings.
my @settings = (q{DateStyle = 'SQL, DMY'; SET TimeZone = 'America/New_York'}, q{DateStyle = 'German'}, q{DateStyle = 'ISO, MDY'; SET TimeZone = 'Asia/Kolkata'},
	q{IntervalStyle = 'sql_standard'}, q{standard_conforming_strings = off; SET backslash_quote = on; SET escape_string_warning = off},
	q{extra_float_digits = -15}, q{quote_all_identifiers = on}, q{bytea_output = 'escape'}, q{xmloption = document}, q{lc_monetary = 'C'},
	q{transform_null_equals = on}, q{array_nulls = off});
my $reset = "SET DateStyle = 'ISO, MDY'; RESET TimeZone; RESET IntervalStyle; RESET extra_float_digits; RESET bytea_output; RESET quote_all_identifiers;";
# a backslash between quotes; with one that ends a string early, if it escapes
my $q = q{$d$page <> 'a\' AND page <> ' OR true --' AND ARRAY[page, NULL] <> '{NULL,x}'::text[] AND amount <> 0.12345678901234567 AND ts + '-1 day 02:03:04'::interval >= '01/02/2026 10:00'::timestamptz AND ts::timestamp < '02/12/2026' AND encode('\x5c00', 'hex') <> page$d$};
for my $define (@settings[ 0, 1, 2, 3, 5, 7 ])
{
	as('alice', qq{SET search_path = app; SET $define;
		SELECT sessionize.define_session('settings', 'events', 'user_id', 'ts', '1 day -02:00:00'::interval, filter => } . ($define =~ /standard_conforming/ ? $q =~ s/\\' AND/\\\\' AND/r : $q)
		  . q{, replace => true); SELECT sessionize.define_metric('settings', 'late', 'count(*)', filter => $$ts >= '01/02/2026'$$, replace => true)});
	my $answer = ask('SELECT t::text FROM app.settings AS t ORDER BY 1');
	my $text   = ask(q{SELECT filter FROM sessionize.session_definition WHERE name = 'settings'});
	isnt($answer, '', "defined under $define: there are rows");
	for my $set (@settings)
	{
		my ($out) = both('postgres', qq{SET client_min_messages = error; SET $set; BEGIN; SELECT sessionize.rebuild_views('settings', schema => 'app') IS NULL;
			$reset SELECT t::text FROM app.settings AS t ORDER BY 1; ROLLBACK});
		my ($read_out) = both('postgres', qq{SET client_min_messages = error; SET $set; CREATE TEMP TABLE r AS SELECT * FROM sessionize.read(NULL::app.settings);
			$reset SELECT t::text FROM r AS t ORDER BY 1;});
		is($out, "f\n$answer", "... rebuilt under $set: the same");
		is($read_out, $answer, "... read() under $set: the same");
	}
	is(ask(q{SELECT filter FROM sessionize.session_definition WHERE name = 'settings'}), $text, '... and the text is not changed');
}
as('alice', q{SELECT sessionize.drop_session('settings', schema => 'app')});

# ---------- code that runs when a text is read ----------

# A CHECK of a domain runs when a constant of an array of it is read: as early as
# in the parser.  It must never do so with more rights than its author's.
as('alice', q{
	CREATE TABLE app.log (who text, path text);
	CREATE FUNCTION app.tell() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE WARNING 'deferred as %', current_user; RETURN NULL; END $$;
	CREATE CONSTRAINT TRIGGER tell AFTER INSERT ON app.log DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION app.tell();
	CREATE FUNCTION app.check_it(int) RETURNS boolean LANGUAGE plpgsql AS $$
	BEGIN
		RAISE WARNING 'checked as %', current_user;
		BEGIN SET ROLE postgres; RAISE WARNING 'became %', current_user; EXCEPTION WHEN OTHERS THEN NULL; END;
		BEGIN RESET ROLE; RAISE WARNING 'reset to %', current_user; EXCEPTION WHEN OTHERS THEN NULL; END;
		BEGIN SET SESSION AUTHORIZATION DEFAULT; RAISE WARNING 'default to %', current_user; EXCEPTION WHEN OTHERS THEN NULL; END;
		BEGIN CREATE TEMP TABLE left_behind (n int); RAISE WARNING 'left a table'; EXCEPTION WHEN OTHERS THEN NULL; END;
		BEGIN PERFORM set_config('search_path', 'evil', false); EXCEPTION WHEN OTHERS THEN NULL; END;
		BEGIN INSERT INTO app.log VALUES (current_user); RAISE WARNING 'left a trigger'; EXCEPTION WHEN OTHERS THEN NULL; END;
		BEGIN EXECUTE 'DECLARE c CURSOR WITH HOLD FOR SELECT app.check_it(1)'; RAISE WARNING 'left a cursor'; EXCEPTION WHEN OTHERS THEN NULL; END;
		RETURN true;
	END $$;
	CREATE DOMAIN app.checked AS int CHECK (app.check_it(VALUE));
	SELECT sessionize.define_session('trap', 'app.events', 'user_id', 'ts', '2 days', filter => $$user_id <> ALL ('{7}'::app.checked[])$$, schema => 'app');
	SELECT sessionize.define_metric('trap', 'n', 'count(*)', filter => $$user_id <> ALL ('{8}'::app.checked[])$$, schema => 'app');});
for my $sql (
	"SELECT sessionize.check_definitions()", "SELECT sessionize.check_definitions('trap', 'app')",
	"SELECT sessionize.session_sql('trap', schema => 'app')", "SELECT sessionize.session_sql('trap', 'actors', inactivity => '1 s', schema => 'app')",
	"SELECT * FROM sessionize.fields", "SELECT sessionize.rebuild_views('trap', schema => 'app')", "SELECT sessionize.rebuild_views()",
	"SELECT sessionize.alter_session('trap', 'inactivity', '3 days', schema => 'app')",
	"SELECT sessionize.alter_session('trap', 'source', 'app.events', schema => 'app')",
	"SELECT sessionize.define_metric('trap', 'more', 'count(*)', schema => 'app')",
	"SELECT sessionize.define_metric('trap', 'more', 'max(ts)', replace => true, schema => 'app')",
	"SELECT sessionize.drop_metric('trap', 'more', schema => 'app')",
	"UPDATE sessionize.session_definition SET inactivity = '4 days' WHERE name = 'trap'",
	"UPDATE sessionize.metric_definition SET position = 5 WHERE session = 'trap'",
	"INSERT INTO sessionize.metric_definition VALUES ('app', 'trap', 'x', 9, 'count(*)')",
	"DELETE FROM sessionize.metric_definition WHERE session = 'trap' AND name = 'x'",
	"SELECT sessionize.alter_session('trap', 'name', 'trap 2', schema => 'app')", "SELECT sessionize.alter_session('trap 2', 'name', 'trap', schema => 'app')",
	"ALTER TABLE app.events RENAME page TO path", "SELECT sessionize.check_definitions()", "ALTER TABLE app.events RENAME path TO page",
	"SELECT sessionize.define_session('over trap', 'app.trap', 'user_id', 'started_at', '1 day', schema => 'public')",
	"SELECT sessionize.check_definitions()", "SELECT sessionize.drop_session('over trap', schema => 'public')",
	"BEGIN; DROP VIEW app.trap, app.trap_events, app.trap_actors; SELECT sessionize.rebuild_views(); COMMIT",
	"BEGIN; SELECT sessionize.drop_session('trap', schema => 'app'); ROLLBACK")
{
	my ($out, $err) = both('postgres', "SET search_path = public, pg_catalog; $sql; SHOW search_path; SELECT current_user");
	unlike($err, qr/ as postgres|became|reset to|default to|left a|deferred|ERROR/, "a superuser's: $sql");
	like($out, qr/public, pg_catalog\npostgres\z/, '... which leaves path and role alone');
}
like((both('mallory', "SELECT sessionize.session_sql('trap', schema => 'app')"))[1], qr/checked as alice/, '(it does run, as the owner)');
is(ask('SELECT count(*) FROM app.log'), '0', '... and left nothing behind');
as('alice', q{SELECT sessionize.drop_session('trap', schema => 'app')});

# as with any view, a function in a text runs with the reader's rights when he reads: documented
as('alice', q{
	CREATE FUNCTION app.who(text) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RAISE WARNING 'read as %', current_user; RETURN true; END $$;
	SELECT sessionize.define_session('calls', 'app.events', 'user_id', 'ts', '2 days', filter => 'app.who(page)', schema => 'app', readers => '{reader}');});
for my $sql ("SELECT sessionize.rebuild_views('calls', schema => 'app')", 'SELECT sessionize.check_definitions()',
	"SELECT sessionize.session_sql('calls', schema => 'app')", "SELECT sessionize.alter_session('calls', 'inactivity', '1 day', schema => 'app')",
	'SELECT * FROM sessionize.fields', 'EXPLAIN SELECT * FROM app.calls')
{
	unlike((both('postgres', $sql))[1], qr/read as/, "nothing is read by: $sql");
}
like((both('reader', 'SELECT count(*) FROM app.calls'))[1], qr/read as reader/, 'a reader runs the functions of the texts, with his rights');
unlike((both('reader', 'SELECT count(*) FROM app.calls'))[1], qr/read as (alice|postgres)/, '... and nobody else\'s');
as('alice', q{SELECT sessionize.alter_session('calls', 'security_invoker', 'false', schema => 'app')});
like((both('reader', 'SELECT count(*) FROM app.calls'))[1], qr/read as reader/, '... also in the opt-out, as with any view');
like((both('reader', 'SELECT count(*) FROM sessionize.read(NULL::app.calls)'))[1], qr/read as reader/, '... and in read()');
as('alice', q{SELECT sessionize.drop_session('calls', schema => 'app')});

# ---------- casts ----------

# A cast is in no schema: it counts under any search_path.  mallory, who shares a type with
# alice, has one between it and every type that the extension has to do with, both ways, all
# implicit, and operators for what they lead to.
as('mallory', q{CREATE TYPE evil.kind AS ENUM ('a', 'b')});
as('alice', q{
	CREATE TABLE app.kinds (user_id int, ts timestamptz, page text, amount float8, kind evil.kind);
	INSERT INTO app.kinds SELECT user_id, ts, page, amount, ('{a,b}'::evil.kind[])[1 + amount::int % 2] FROM app.events;
	GRANT SELECT ON app.kinds TO PUBLIC});
my @cast_types = ((map { "pg_catalog.$_" } 'text', 'varchar', 'name', 'bool', 'int4', 'int8', 'numeric', 'float8', 'interval', 'date', 'timestamp', 'timestamptz',
	'uuid', 'oid', 'regclass', 'bytea', 'text[]', 'name[]', 'interval[]'), 'sessionize.session', 'sessionize.session[]', 'app.kinds', 'evil.kind[]');
for my $type (@cast_types)
{
	as('mallory', qq{
		CREATE FUNCTION evil.kind_from($type) RETURNS evil.kind IMMUTABLE LANGUAGE plpgsql AS \$\$ BEGIN PERFORM evil.shout(); RETURN NULL::evil.kind; END \$\$;
		CREATE FUNCTION evil."kind to $type"(evil.kind) RETURNS $type IMMUTABLE LANGUAGE plpgsql AS \$\$ BEGIN PERFORM evil.shout(); RETURN NULL::$type; END \$\$;
		CREATE CAST ($type AS evil.kind) WITH FUNCTION evil.kind_from($type) AS IMPLICIT;
		CREATE CAST (evil.kind AS $type) WITH FUNCTION evil."kind to $type"(evil.kind) AS IMPLICIT;});
}
as('mallory', q{
	CREATE FUNCTION evil.take(evil.kind) RETURNS boolean LANGUAGE sql RETURN $1 IS NULL;
	CREATE FUNCTION evil.take(evil.kind, evil.kind) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN PERFORM evil.shout(); RETURN true; END $$;}
	. join '', map { "CREATE OPERATOR evil.$_ (FUNCTION = evil.take, LEFTARG = evil.kind, RIGHTARG = evil.kind);" } '=', '<>', '<', '<=', '>', '>=', '||', '+', '-', '*', '/');
like((both('reader', "SELECT evil.take($_)"))[1], qr/evil as reader/, "a cast that counts by itself: from $_")
  for q{'a'::text}, '1', 'true', q{interval '1 s'}, 'now()', q{'app.kinds'::regclass}, '(SELECT k FROM app.kinds AS k LIMIT 1)';
refused('mallory', "CREATE CAST ($_) WITH INOUT AS IMPLICIT", qr/^42501: must be owner of type/, "none between types that are others': $_")
  for 'sessionize.session AS text', 'text AS interval', 'app.kinds AS text';

# texts in which no cast is written, about columns of that type and of others
as('alice', q{
	SET search_path = app, evil;
	SELECT sessionize.define_session('casting', 'kinds', 'user_id', 'ts', '2 days', restart_on => $$page = 'p1'$$, end_on => $$lower(page) = 'p3' AND amount > 9$$,
		filter => $$user_id < 2.5 AND page IN ('p1', 'p2', 'p3') AND user_id IN (SELECT user_id FROM kinds WHERE amount > 3)$$,
		tie_break => 'kind, amount', entry => 'kind, page', exit => 'kind', readers => '{reader}');
	SELECT sessionize.define_metric('casting', 'n', 'count(DISTINCT kind)', filter => $$page = 'p2'$$);
	SELECT sessionize.define_metric('casting', 'last kind', 'sessionize.last(kind, ts)');
	SELECT sessionize.define_metric('casting', 'total', 'sum(amount)', session_filter => 'n > 0 AND started_by <> $$x$$');
	SELECT sessionize.alter_session('casting', 'keep', 'event_count > 0 AND n >= 0');
	SELECT sessionize.define_session('kinds_of', 'kinds', 'kind', 'ts', '2 days', readers => '{reader}');});
unlike(ask(q{SELECT filter, keep FROM sessionize.session_definition WHERE name = 'casting'}), qr/evil/, 'no text of a definition has picked up a cast');
my $casting_rows = join ';', map { my $of = $_; map { "SELECT t::pg_catalog.text FROM app.$of$_ AS t ORDER BY 1" } '', '_events', '_actors' } 'casting', 'kinds_of';
my $casting_read = $casting_rows =~ s/FROM (app\.\w+)/FROM sessionize.read(NULL::$1)/gr;
$rows   = ask($casting_rows);
$stored = stored();
like($rows, qr/restart.*,a,/, 'there are rows');
my @change = (map { s/visit/casting/gr } @by_name);
my @look = ("SELECT FROM sessionize.read(NULL::app.casting, '1 day', 'user_id < 2')", "SELECT FROM sessionize.compare('casting', '1 day', '1 hour')",
	"SELECT FROM sessionize.compare('kinds_of', '1 day')", "SELECT FROM sessionize.explain_session('casting', '1')", "SELECT FROM sessionize.explain_session('casting', 1::int8)",
	"SELECT FROM sessionize.gap_histogram('app.kinds', 'user_id, kind', 'ts', 'user_id < 2')",
	"SELECT sessionize.session_id(ts, kind, user_id), sessionize.session_id(ts, kind) FROM app.kinds",
	"SELECT sessionize.first(kind, ts), sessionize.last(kind, ts), sessionize.session_count(ts, '2 days'), sessionize.sessions(ts, '2 days') FROM app.kinds",
	"SELECT sessionize.session_number(ts, '2 days') OVER (PARTITION BY kind ORDER BY ts) FROM app.kinds",
	"SELECT FROM app.casting WHERE started_at >= '2026-01-25Z' AND started_at < '2026-02-10Z' AND entry_page < 'p2'", "SELECT FROM sessionize.progress");
for my $path ('app', 'app, pg_catalog, evil', 'evil, pg_catalog, app')
{
	for my $who ([ 'postgres', @change, @look, $casting_rows, $casting_read ], [ 'alice', @change[ 0 .. 3 ], @look ], [ 'reader', @look, $casting_rows, $casting_read ])
	{
		my ($role, @statements) = @$who;
		for my $sql (@statements)
		{
			my (undef, $err) = both($role, "SET search_path = $path; $sql");
			unlike($err, qr/evil|ERROR/, "casts, search_path $path, $role: $sql");
		}
	}
	is(stored(), $stored, '... and the definitions and their views are what they were');
	is((both('reader', "SET search_path = $path; $_"))[0], $rows, '... with the same rows') for $casting_rows, $casting_read;
}

# a text in which the cast is written runs it, as any function: with the reader's rights alone,
# and not before he reads, even of a constant
as('alice', q{SELECT sessionize.alter_session('casting', 'keep', NULL, schema => 'app');
	SELECT sessionize.alter_session('casting', 'filter', $$kind::text IS NULL AND '1'::int::evil.kind IS NULL$$, schema => 'app');});
for my $sql (@change)
{
	unlike((both('postgres', $sql))[1], qr/evil as (postgres|reader)|ERROR/, "a written cast, a superuser's: $sql");
}
like((both('reader', 'SELECT count(*) FROM app.casting'))[1], qr/evil as reader/, 'a written cast runs with the rights of the reader');
unlike((both('reader', 'SELECT count(*) FROM app.casting'))[1], qr/evil as (alice|postgres)/, '... and nobody else\'s');

# One from the rows of a view stands on it, as a view over it would.
as('alice', q{SELECT sessionize.alter_session('casting', 'filter', NULL, schema => 'app')});
as('mallory', q{
	CREATE FUNCTION evil.kind_from(app.casting) RETURNS evil.kind IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN PERFORM evil.shout(); RETURN NULL::evil.kind; END $$;
	CREATE CAST (app.casting AS evil.kind) WITH FUNCTION evil.kind_from(app.casting) AS IMPLICIT;});
unlike((both($_, "SET search_path = app; $look[0]; $casting_rows; $casting_read; SELECT FROM sessionize.check_definitions(); SELECT FROM sessionize.fields"))[1], qr/evil|ERROR/,
	"a cast from a view's rows is not used by $_") for 'reader', 'postgres';
refused('alice', q{SELECT sessionize.drop_session('casting', schema => 'app')}, qr/^2BP01: .*cast from app\.casting to evil\.kind/s, '... dropping names it');
{
	my (undef, $err) = both('alice', q{SELECT sessionize.drop_session('casting', cascade => true, schema => 'app')});
	unlike($err, qr/evil as|ERROR/, '... and with cascade, does not mind it');
}
as('alice', q{SELECT sessionize.drop_session('kinds_of', schema => 'app'); DROP TABLE app.kinds CASCADE});
as('mallory', 'DROP TYPE evil.kind CASCADE');

# ---------- another's definition ----------

# its views are gone, and mallory makes some that look like them
as('alice', q{SELECT sessionize.define_session('gone', 'app.events', 'user_id', 'ts', '2 days', schema => 'app')});
as('mallory', q{SELECT sessionize.define_session('model', 'app.events', 'user_id', 'ts', '1 s', schema => 'app')});
as('alice', 'DROP VIEW app.gone, app.gone_events, app.gone_actors');
as('mallory', "DO \$\$ BEGIN EXECUTE 'CREATE VIEW app.gone$_ AS ' || pg_get_viewdef('app.model$_'); END \$\$") for '', '_events', '_actors';
like(error_of('mallory', $_), qr/^(42501|42P07)/, 'views that look like those of a definition do not make it their owner\'s: ' . substr($_, 18, 16))
  for q{SELECT sessionize.drop_session('gone', schema => 'app')}, q{SELECT sessionize.alter_session('gone', 'inactivity', '1 s', schema => 'app')},
  q{SELECT sessionize.define_metric('gone', 'n', 'count(*)', schema => 'app')}, q{SELECT sessionize.rebuild_views('gone', schema => 'app')};
as('mallory', 'SELECT sessionize.rebuild_views()');
is(ask(q{SELECT owner FROM sessionize.session_definition WHERE name = 'gone'}), 'alice', '... by no way');
as('mallory', "DROP VIEW IF EXISTS app.gone, app.gone_events, app.gone_actors; SELECT sessionize.drop_session('model', schema => 'app')");
as('alice', q{SELECT sessionize.rebuild_views('gone', schema => 'app'); SELECT sessionize.drop_session('gone', schema => 'app')})
  if ask(q{SELECT count(*) FROM sessionize.session_definition WHERE name = 'gone'}) eq '1';

# ---------- another's views ----------

# alice has renamed her views, and mallory's definition, whose own are gone, gets their name
for my $steps (
	[ 'the name', q{SELECT sessionize.define_session('bait', 'app.events', 'user_id', 'ts', '1 s', filter => 'page IN (SELECT secret FROM private.gold)', security_invoker => false, readers => '{mallory}', schema => 'app')},
		'DROP VIEW app.bait, app.bait_events, app.bait_actors', q{SELECT sessionize.alter_session('bait', 'name', 'store', schema => 'app')}, 'bait', 'app' ],
	[ 'the schema', q{SELECT sessionize.define_session('store', 'app.events', 'user_id', 'ts', '1 s', schema => 'evil')},
		'DROP VIEW evil.store, evil.store_events, evil.store_actors', q{SELECT sessionize.alter_session('store', 'schema', 'app', schema => 'evil')}, 'store', 'evil' ])
{
	my ($what, $define, $drop, $alter, $name, $schema) = @$steps;
	as('alice', q{
		CREATE SCHEMA private; GRANT USAGE ON SCHEMA private TO PUBLIC; CREATE TABLE private.gold (secret text);
		SELECT sessionize.define_session('shop', 'app.events', 'user_id', 'ts', '2 days', schema => 'app');
		ALTER VIEW app.shop RENAME TO store; ALTER VIEW app.shop_events RENAME TO store_events; ALTER VIEW app.shop_actors RENAME TO store_actors;});
	as('mallory', "$define; $drop");
	refused('mallory', $alter, qr/^(42P07|42501)/, "a definition gets $what of another's views");
	as('mallory', "SELECT sessionize.drop_session('$name', schema => '$schema')");
	as('alice', q{SELECT sessionize.alter_session('shop', 'name', 'store', schema => 'app'); SELECT sessionize.drop_session('store', schema => 'app'); DROP SCHEMA private CASCADE});
}

# mallory's definition is there first, without its views, and alice's get their names
for my $views ([ 'shop', 'shop_events', 'shop_actors' ], ['shop_events'], ['shop_actors'])
{
	my %is_moved = map { $_ => 1 } @$views;
	as('mallory', q{SELECT sessionize.define_session('shop', 'app.events', 'user_id', 'ts', '1 s', schema => 'app'); DROP VIEW } . join ', ', map { "app.$_" } @$views);
	as('alice', join ';', q{SELECT sessionize.define_session('mine', 'app.events', 'user_id', 'ts', '2 days', schema => 'app')},
		map { 'ALTER VIEW app.' . s/shop/mine/r . " RENAME TO $_" } @$views);
	refused('mallory', $_, qr/^42501: view "shop\w*" belongs to "alice", and session "shop" to "mallory"/, "alice's @$views, where mallory has a definition: $_")
	  for q{SELECT sessionize.rebuild_views('shop', schema => 'app')}, q{SELECT sessionize.alter_session('shop', 'inactivity', '2 s', schema => 'app')},
	  q{SELECT sessionize.define_session('shop', 'app.events', 'user_id', 'ts', '3 s', schema => 'app', replace => true)},
	  q{SELECT sessionize.define_metric('shop', 'n', 'count(*)', schema => 'app')};
	refused('postgres', $_, qr/^42501: view "shop\w*" belongs to "alice"/, "... nor by a superuser who does not mean it: $_")
	  for q{UPDATE sessionize.session_definition SET inactivity = '4 s' WHERE name = 'shop'},
	  q{SELECT sessionize.alter_session('shop', 'inactivity', '2 s', schema => 'app')};
	my $shop = q{SELECT oid, relname, pg_get_userbyid(relowner), pg_get_viewdef(oid) FROM pg_class WHERE relname LIKE 'shop%' ORDER BY 2;
		SELECT * FROM sessionize.session_definition WHERE name = 'shop'};
	my $before = ask($shop);
	my ($after, $err) = both('postgres', "BEGIN; SELECT FROM sessionize.rebuild_views(); $shop; ROLLBACK");
	like($err, qr/WARNING: [^\n]*"shop"[^\n]* could not be rebuilt: view "shop\w*" belongs to "alice"/, '... but warns of');
	is($after =~ s/^\n//r, $before, '... and leaves as it is');
	like(ask(q{SELECT problem FROM sessionize.check_definitions('shop', 'app')}), qr/belongs? to "alice"/, '... check_definitions() names it');
	as('alice', join ';', (map { "ALTER VIEW app.$_ RENAME TO " . s/shop/mine/r } @$views), q{SELECT sessionize.drop_session('mine', schema => 'app')});
	as('mallory', q{SELECT sessionize.rebuild_views('shop', schema => 'app'); SELECT sessionize.drop_session('shop', schema => 'app')});
}

# alice's definition has lost its views, and mallory's own look like them, over a table of his
as('alice', q{SELECT sessionize.define_session('gone', 'app.events', 'user_id', 'ts', '2 days', schema => 'app'); DROP VIEW app.gone, app.gone_events, app.gone_actors});
as('mallory', q{CREATE TABLE evil.events (LIKE app.events); GRANT SELECT ON evil.events TO PUBLIC;
	SELECT sessionize.define_session('model', 'evil.events', 'user_id', 'ts', '1 s', schema => 'app')});
as('mallory', "DO \$\$ BEGIN EXECUTE 'CREATE VIEW app.gone$_ AS ' || pg_get_viewdef('app.model$_'); END \$\$") for '', '_events', '_actors';
unlike(ask("SELECT sessionize.session_sql('gone', schema => 'app')"), qr/evil/, "a definition's source is not what a look-alike reads");
refused('postgres', q{UPDATE sessionize.session_definition SET inactivity = '1 day' WHERE name = 'gone'}, qr/^42501: view "gone" belongs to "mallory"/, '... nor recorded as that');
as('mallory', q{DROP VIEW app.gone, app.gone_events, app.gone_actors; SELECT sessionize.drop_session('model', schema => 'app'); DROP TABLE evil.events});

# a definition without owner and views
ask('CREATE ROLE passing; GRANT CREATE ON SCHEMA app TO passing');
ask(q{SET ROLE passing; SELECT sessionize.define_session('left', 'app.events', 'user_id', 'ts', '2 days', schema => 'app'); DROP VIEW app.left, app.left_events, app.left_actors;
	RESET ROLE; DROP OWNED BY passing; DROP ROLE passing});
refused('postgres', $_, qr/^(42704|22023|42501)/, "a definition whose owner and views are gone: $_")
  for q{SELECT sessionize.alter_session('left', 'inactivity', '1 s', schema => 'app')}, q{SELECT sessionize.rebuild_views('left', schema => 'app')},
  q{UPDATE sessionize.session_definition SET keep = 'is_open' WHERE name = 'left'};
like((both('postgres', q{INSERT INTO sessionize.metric_definition VALUES ('app', 'left', 'n', 1, 'count(*)')}))[1], qr/WARNING:  42704: session "left" is not sound yet: the session's owner does not exist/,
	'... a metric of it is only recorded');
ask(q{SELECT sessionize.drop_session('left', schema => 'app')});
is(ask(q{SELECT count(*) FROM sessionize.session_definition WHERE name = 'left'}), '0', '... can be dropped by a superuser');
as('alice', q{SELECT sessionize.drop_session('gone', schema => 'app')});

# a view of alice's that is none of hers to make: what she cannot read, a superuser's call does not show her
ask('CREATE SCHEMA closed; CREATE TABLE closed.t (user_id int, ts timestamptz); GRANT USAGE ON SCHEMA closed TO alice');
refused('postgres', q{SELECT sessionize.alter_session('visit', 'source', 'closed.t', schema => 'app')}, qr/^42501: permission denied for table t/,
	"a superuser cannot give a definition a source that its owner may not read");
refused('postgres', q{UPDATE sessionize.session_definition SET source = 'public.treasure' WHERE name = 'visit'}, qr/^42501/, '... not by plain DML');
refused('postgres', q{UPDATE sessionize.session_definition SET owner = 'mallory', schema = 'closed' WHERE name = 'visit'}, qr/^42501/, '... nor one a schema that he may not create in');
# nor does a superuser who rebuilds everything, when its owner may not read it any more
ask('GRANT SELECT ON closed.t TO alice');
as('alice', q{SELECT sessionize.define_session('spoil', 'closed.t', 'user_id', 'ts', '1 s', schema => 'app', security_invoker => false, readers => '{mallory}')});
ask('REVOKE SELECT ON closed.t FROM alice');
for my $views ('', 'DROP VIEW app.spoil, app.spoil_events, app.spoil_actors')
{
	ask($views) if $views;
	my $before = stored();
	like((both('postgres', 'SELECT sessionize.rebuild_views()'))[1], qr/WARNING:  42501: session "spoil" in schema "app" could not be rebuilt: permission denied for table t/, "rebuild_views() has the owner's rights only");
	is(stored(), $before, '... and leaves that definition as it was' . ($views && ', without views'));
	refused('postgres', q{SELECT sessionize.rebuild_views('spoil', schema => 'app')}, qr/^42501: permission denied for table t/, '... also by its name');
	like(error_of('mallory', 'SELECT * FROM app.spoil'), $views ? qr/^42P01/ : qr/^42501: permission denied for table t/, '... nor does a view show what its owner may not read');
}
as('alice', q{SELECT sessionize.drop_session('spoil', schema => 'app')});
refused('alice', q{SELECT sessionize.define_session('x', 'pg_catalog.pg_authid', 'rolname', 'rolvaliduntil', '1 s', schema => 'app', security_invoker => false)},
	qr/^42501/, 'system tables are protected as others');
as('alice', q{SELECT sessionize.define_session('sub', 'app.events', 'user_id', 'ts', '1 s', filter => 'page IN (SELECT secret FROM public.treasure)', schema => 'app')});
like(error_of('alice', 'SELECT * FROM app.sub'), qr/^42501: permission denied for table treasure/, 'a sub-select gives no right to read');
as('alice', q{SELECT sessionize.drop_session('sub', schema => 'app')});

# ---------- texts that try to get out ----------

$stored = stored();

my @escapes = (
	'user_id), (SELECT 2', 'user_id) FROM app.events; DROP TABLE app.events; --', "user_id'; DROP TABLE app.events; --", 'user_id -- ', 'user_id /*',
	'user_id /* */ */', 'user_id; SELECT 1', 'user_id AS x UNION SELECT 1', 'user_id FROM public.treasure', 'user_id WHERE true', 'user_id INTO app.stolen',
	'user_id GROUP BY 1', 'user_id LIMIT 1', 'user_id FOR UPDATE', 'DISTINCT user_id', '* ', 'events.*', 'event.*', 'event', '$1', '$$', '$q$', "E'\\''", "'", '"', 'U&"\\0075\\0073er_id" ,',
	"U&'\\0027' || ", 'user_id = ANY (ARRAY(SELECT 1))', '(SELECT secret FROM public.treasure)', 'EXISTS (TABLE public.treasure)', 'true) OR (true', 'count(*)',
	'count(*) OVER ()', 'generate_series(1, 9)', 'random()', 'pg_sleep(0)', "set_config('role', 'postgres', false)", 'CURRENT_USER)::text) --', 'true) FROM app.events AS event WHERE (true',
	'\\! touch /tmp/x', "COPY (SELECT 1) TO PROGRAM 'true'", ':user_id', 'VALUES (1)', 'TABLE app.events', 'WITH x AS (SELECT 1) SELECT 1', "\x{1}", "\t", '', ' ', ';', '--', '/**/', 'user_id,', ', user_id',
	'1),(SELECT 2', "SELECT string_agg(rolname, ',') FROM pg_roles", '1)::text FROM app.events UNION ALL (SELECT version()', "user_id\n) FROM app.events --\n", "user_id /*\n*/ FROM app.events", "\n-- user_id",
	"user_id AS x\nFROM public.treasure", 'user_id COLLATE "C") --', "1\n; SELECT 2", "user_id\\;SELECT 1", 'user_id) OVER (ORDER BY ts');
# The errors of statements, one session for all; what has none has 'no error'.
sub errors_of
{
	my ($role, @statements) = @_;
	my ($out, $err) = ('', '');
	my $n = 0;
	$node->psql('postgres', join('', "\\set VERBOSITY verbose\n", map { "\\warn <" . $n++ . ">\n$_;\n" } @statements),
		extra_params => [ '-U', $role ], stdout => \$out, stderr => \$err, on_error_stop => 0);
	my @parts = split /^<\d+>$/m, $err;
	shift @parts;
	is(scalar(@parts), scalar(@statements), scalar(@statements) . ' statements tried');
	return map { /ERROR:  (\w{5}: .*)/ ? $1 : 'no error' } @parts;
}

for my $field ('actor', 'event_time', 'restart_on', 'end_on', 'filter', 'keep')
{
	# some are expressions, where they may stand
	my @texts = grep { !($field =~ /restart_on|end_on|filter/ && /^(EXISTS|user_id = ANY)/) && !($field eq 'actor' && $_ eq 'user_id -- ') } @escapes;
	my @errors = errors_of('alice', map { "SELECT sessionize.alter_session('visit', '$field', \$text\$$_\$text\$, schema => 'app')" } @texts);
	# an expression of the wrong type, or with a name that is missing, is refused for that
	is(join("\n", map { "$texts[$_]: $errors[$_]" } grep { $errors[$_] !~ /^(42601|42703|42704|42P01|42P02|0A000|42804|42883|42P17|42803|42P20|42809|42501|22023|42P10|42P18|22P02)/ } 0 .. $#texts),
		'', "... $field: all refused");
}
for my $argument ('', "'count(*)', session_filter => ", "'count(*)', filter => ")
{
	my @texts = grep { !($argument eq '' && $_ eq 'count(*)') && !($argument =~ / filter/ && /^(EXISTS|user_id = ANY)/) } @escapes;
	my @errors = errors_of('alice', map { "SELECT sessionize.define_metric('visit', 'm', $argument\$text\$$_\$text\$, schema => 'app')" } @texts);
	is(join("\n", map { "$texts[$_]: $errors[$_]" } grep { $errors[$_] =~ /^(no error|XX)/ } 0 .. $#texts), '', "... of a metric, $argument: all refused");
}
is(stored(), $stored, 'nothing has changed');
is(ask('SELECT secret FROM public.treasure'), 'gold', '... anywhere');
refused('alice', q{SET standard_conforming_strings = off; SET escape_string_warning = off;
	SELECT sessionize.alter_session('visit', 'filter', $d$page <> '\') OR (page <> '\'$d$, schema => 'app')}, qr/^(42601|0A000)/, 'a quote that is escaped for some');

# fields are named, not spliced
like(error_of('alice', qq{SELECT sessionize.alter_session('visit', \$f\$$_\$f\$, 'mallory', schema => 'app')}), qr/^22023: a session has no field/, "alter_session() of: $_")
  for 'owner', 'expansion_version', 'name = $3, owner', 'inactivity = NULL --', 'OWNER', '"owner"', 'tie_break, owner', '';
like(error_of('alice', qq{SELECT sessionize.session_sql('visit', \$f\$$_\$f\$, schema => 'app')}), qr/^22023/, "session_sql() of: $_")
  for 'visit', '', 'sessions; DROP', 'SESSIONS';

# ---------- texts and numbers without measure ----------

my $small_stack = "SET max_stack_depth = '100kB'; SET ROLE alice;";
for my $deep ([ 'parentheses', '(', 'event_count > 0', ')', 4990 ], [ 'NOT', 'NOT ', 'true', '', 2490 ], [ 'CASE', 'CASE WHEN true THEN ', 'true', ' END', 400 ], [ 'casts', '', 'true', '::bool', 1600 ],
	[ 'minus', '- ', 'event_count > 0', '', 4900 ], [ 'arrays', 'ARRAY[', '1', ']', 1400 ], [ 'sub-selects', '(SELECT ', 'true', ')', 1100 ])
{
	my ($what, $begin, $middle, $end, $times) = @$deep;
	my $field = $middle =~ /event_count/ ? 'keep' : 'filter';
	for my $role ('SET ROLE alice;', $small_stack)
	{
		my $error = error_of('postgres', "BEGIN; $role SELECT sessionize.alter_session('visit', '$field', repeat('$begin', $times) || '$middle' || repeat('$end', $times), schema => 'app'); ROLLBACK");
		like($error, qr/^(no error|54001|54011|42\w{3}|0A000)/, "$times $what: an answer, or an error" . ($role eq $small_stack ? ', with a small stack' : ''));
		like($error, qr/^54001/, '... of the stack') if $role eq $small_stack && $what =~ /NOT|minus|CASE/;
	}
	refused('alice', "SELECT sessionize.alter_session('visit', '$field', repeat('$begin', 100000) || '$middle' || repeat('$end', 100000), schema => 'app')", qr/^54000: "$field" is longer than 10000 bytes/,
		"100,000 $what: too long");
}
# a superuser's rows have no other measure; what a stack holds at the definition, another's does not at the read
refused('postgres', "UPDATE sessionize.session_definition SET filter = repeat('(', 100000) || 'true' || repeat(')', 100000) WHERE name = 'visit'", qr/^54000/, "100,000 parentheses in a superuser's row");
as('alice', q{SELECT sessionize.define_session('deep', 'app.events', 'user_id', 'ts', '1 hour', schema => 'app', filter => repeat('NOT ', 2000) || 'page IS NOT NULL')});
like(error_of('postgres', "$small_stack $_"), qr/^(54001|no error)/, "a deep definition and a small stack: $_")
  for 'SELECT count(*) FROM app.deep', 'SELECT count(*) FROM sessionize.read(NULL::app.deep)', q{SELECT sessionize.session_sql('deep', schema => 'app') IS NULL}, 'SELECT count(*) FROM sessionize.check_definitions()',
  q{SELECT sessionize.rebuild_views('deep', schema => 'app')}, 'SELECT sessionize.rebuild_views()';
is(as('alice', 'SELECT count(*) > 0 FROM app.deep'), 't', '... afterwards it is as it was');
as('alice', q{SELECT sessionize.drop_session('deep', schema => 'app')});

# more columns than a relation has
my $columns = q{(SELECT string_agg('1 AS a' || i, ',') FROM generate_series(1, 900) AS i)};
refused('alice', "SELECT sessionize.define_session('wide', 'app.events', 'user_id', 'ts', '1 hour', schema => 'app', entry => $columns, exit => $columns)", qr/^54011/, '1,800 columns of entry and exit');
ask(q{SET session_replication_role = replica; INSERT INTO sessionize.metric_definition SELECT 'app', 'visit', 'm' || i, i, 'count(*)' FROM generate_series(1, 1700) AS i});
my $views = q{SELECT oid, pg_get_viewdef(oid) FROM pg_class WHERE relkind = 'v' AND relname ~ '^visit' ORDER BY oid};
my $before_many = ask($views);
like((both('postgres', q{SELECT sessionize.rebuild_views('visit', schema => 'app')}))[1], qr/WARNING:  54011: session "visit" is not sound yet: target lists can have at most/, '1,700 metrics');
is(ask($views), $before_many, '... and the views stay as they are');
ask(q{SET session_replication_role = replica; DELETE FROM sessionize.metric_definition WHERE session = 'visit' AND name ~ '^m\d+$'});
refused('alice', q{SELECT sessionize.define_session('wide', 'app.events', (SELECT string_agg('user_id + 1 AS a' || i, ',') FROM generate_series(1, 450) AS i), 'ts', '1 hour', schema => 'app')}, qr/^540\d\d/, '450 actor columns');

# pauses that no clock holds
refused('alice', "SELECT sessionize.define_session('far', 'app.events', 'user_id', 'ts', '$_', schema => 'app')", qr/^(22023|22007|22008|22015)/, "an inactivity of $_")
  for 'infinity', '-infinity', '1 month', '-1 month 60 days', '1000 years', '-1 microsecond', '2147483648 days';
refused('alice', "SELECT sessionize.define_session('far', 'app.events', 'user_id', 'ts', '1 hour', max_duration => '$_', schema => 'app')", qr/^(22023|22007|22008|22015)/, "a max_duration of $_")
  for 'infinity', '1 month', '-1 second', '2147483648 days';
as('alice', q{CREATE TABLE app.edges AS SELECT i % 2 AS user_id, ts FROM unnest('{-infinity,4714-11-24 00:00:00+00 BC,2026-01-01 00:00:00+00,294276-12-31 23:59:59.999999+00,infinity}'::timestamptz[]) WITH ORDINALITY AS t (ts, i);
	CREATE INDEX ON app.edges (ts)});
for my $longest ('106751991 days 04:00:54.775807', '2147483647 days', '2147483647 days 23:59:59.999999')
{
	as('alice', "SELECT sessionize.define_session('far', 'app.edges', 'user_id', 'ts', '$longest', max_duration => '$longest', schema => 'app', replace => true)");
	for my $bound ('-infinity', '4714-11-24 00:00:00+00 BC', '2026-01-01Z', '294276-12-31 23:59:59.999999+00', 'infinity')
	{
		for my $operator ('>=', '<=', '=')
		{
			my $read = "SELECT user_id, session_number, started_at, event_count FROM app.far WHERE started_at $operator '$bound' ORDER BY 1, 2";
			is(as('alice', "SET enable_seqscan = off; $read"), as('alice', "SET sessionize.enable_time_range = off; SET sessionize.enable_session_scan = off; $read"), "an inactivity of $longest: started_at $operator $bound");
		}
	}
}
as('alice', q{SELECT sessionize.drop_session('far', schema => 'app'); DROP TABLE app.edges});
is(stored(), $stored, 'nothing of all that is left');

# ---------- names that try to get out ----------

sub literal { return '$literal$' . $_[0] . '$literal$'; }
sub identifier { return '"' . $_[0] =~ s/"/""/gr . '"'; }

for my $name (q{"; DROP TABLE app.events; --}, q{'; DROP TABLE app.events; --}, q{$$; --}, q{$1}, q{%s%n%d%I}, q{a\\}, q{\\'}, q{x" FROM public.treasure --},
	q{a.b.c}, q{*}, q{,}, "line\nbreak", q{select}, q{event}, q{session}, q{w}, q{label_number}, q{"}, q{''}, q{NULL}, "\xc3\xa9\xc3\xa9", q{a) OR (true})
{
	my ($column, $time, $value, $metric) = map { identifier("$_$name") } '', 'time', 'value', 'metric';
	my ($schema, $source, $session, $events) = (identifier("in $name"), identifier($name), identifier("$name!"), identifier("$name!_events"));
	my ($in, $first, $last) = (literal("in $name"), literal("$name?"), literal("$name!"));
	my $shown = $name =~ s/\n/\\n/r;
	as('alice', qq{
		CREATE SCHEMA $schema; CREATE TABLE $schema.$source ($column int, $time timestamptz, $value text);
		INSERT INTO $schema.$source VALUES (1, '2026-01-01Z', 'a'), (1, '2026-01-02Z', 'b'), (2, '2026-01-01Z', 'c');
		SELECT sessionize.define_session($first, ${\ literal("$schema.$source") }, ${\ literal($column) }, ${\ literal($time) }, '1 hour',
			filter => ${\ literal("$value <> 'x'") }, label_prefix => ${\ literal("prefix$name") }, schema => $in, readers => '{reader}');
		SELECT sessionize.define_metric($first, ${\ literal("metric$name") }, ${\ literal("max($value)") }, filter => ${\ literal("$value <> 'it''s'") }, session_filter => 'event_count > 0', schema => $in);
		SELECT sessionize.alter_session($first, 'keep', ${\ literal("$metric <> 'y'") }, schema => $in);
		SELECT sessionize.define_metric($first, 'later', ${\ literal("min($value)") }, schema => $in);
		SELECT sessionize.drop_metric($first, 'later', schema => $in);
		SELECT sessionize.alter_session($first, 'name', $last, schema => $in);
		SELECT sessionize.rebuild_views();});
	is(as('alice', "SELECT count(*), string_agg($metric, ',' ORDER BY $metric) FROM $schema.$session"), '3|a,b,c', "a name that tries to get out: $shown");
	is(as('alice', "SELECT count(*) FROM sessionize.read(NULL::$schema.$session)"), '3', '... in read()');
	is(as('alice', "SELECT count(${\ identifier(qq{prefix${name}id}) }) FROM $schema.$events"), '3', '... of a label');
	is(as('alice', "SELECT count(*) FROM sessionize.fields WHERE view_schema = $in AND column_name = ${\ literal(qq{metric$name}) } AND kind = 'custom'"), '2', '... in fields');
	is(as('alice', 'SELECT * FROM sessionize.check_definitions()'), '', '... without a problem');
	as('alice', "SELECT sessionize.drop_session($last, schema => $in); DROP TABLE $schema.$source; DROP SCHEMA $schema");
}
is(ask('SELECT secret FROM public.treasure'), 'gold', 'nothing was harmed');
refused('alice', q{SELECT sessionize.alter_session('visit', 'readers', '{"public; DROP TABLE app.events"}', schema => 'app')}, qr/^42704/, 'a reader that is a statement');
refused('alice', q{SELECT sessionize.alter_session('visit', 'source', 'app.events; DROP TABLE app.log', schema => 'app')}, qr/^(42602|42601|42P01)/, 'a source that is two statements');
refused('alice', q{SELECT sessionize.alter_session('visit', 'source', '(SELECT 1)', schema => 'app')}, qr/^(42602|42601|42P01)/, 'a source that is a query');

# ---------- temporary objects ----------

refused('alice', q{CREATE TEMP TABLE e AS TABLE app.events; SELECT sessionize.define_session('t', 'e', 'user_id', 'ts', '1 s', schema => 'app')}, qr/^0A000/, 'a temporary source');
refused('alice', q{CREATE TEMP TABLE e AS TABLE app.events; SELECT sessionize.define_session('t', 'app.events', 'user_id', 'ts', '1 s', filter => 'user_id IN (SELECT user_id FROM e)', schema => 'app')},
	qr/^(0A000|42P16)/, 'a temporary table in a text');
refused('alice', q{CREATE TEMP TABLE e AS TABLE app.events; SET search_path = pg_temp; SELECT sessionize.define_session('t', 'app.events', 'user_id', 'ts', '1 s')},
	qr/^(0A000|42501|3F000|42P16)/, 'a temporary schema');

# ---------- rows that a superuser writes ----------

my $row = q{INSERT INTO sessionize.session_definition (schema, name, owner, source, actor, event_time, inactivity%s) VALUES ('app', 'row', 'alice', 'app.events', 'user_id', 'ts', '1 hour'%s)};
for my $case (
	[ 'actor with a sub-select', [ q{'user_id'} => q{'(SELECT secret FROM public.treasure) AS s'} ], qr/^0A000/ ],
	[ 'two statements', [ q{'ts'} => q{'ts; DROP TABLE app.events'} ], qr/^42601/ ],
	[ 'a source that is two', [ q{'app.events'} => q{'app.events; DROP TABLE app.events'} ], qr/^(42602|42601)/ ],
	[ 'a source that is not closed', [ q{'app.events'} => q{'app."events'} ], qr/^(42602|42601)/ ],
	[ "a source that is the owner's to hide", [ q{'app.events', 'user_id', 'ts'} => q{'pg_catalog.pg_authid', 'rolname', 'rolvaliduntil'} ], qr/^42501/ ],
	[ 'an owner that does not exist', [ q{'alice'} => q{'nobody; --'} ], qr/^42704/ ],
	[ 'an owner that may not create there', [ q{'app', 'row'} => q{'public', 'row'} ], qr/^42501/ ],
	[ 'a schema that does not exist', [ q{'app', 'row'} => q{'"app', 'row'} ], qr/^3F000/ ],
	[ 'months', [ q{'1 hour'} => q{'1 month'} ], qr/^22023/ ],
	[ 'a name that is too long', [ q{'row'} => q{repeat('x', 57)} ], qr/^42622/ ],
	[ 'no name', [ q{'row'} => q{''} ], qr/^42602/ ],
	[ 'a name with views', [ q{'row'} => q{'visit_events'} ], qr/^42P07/ ],
	[ 'a name that is taken', [ q{'row'} => q{'visit'} ], qr/^(23505|42710)/ ])
{
	my ($what, $change, $like) = @$case;
	my $sql = sprintf $row, '', '';
	$sql =~ s/\Q$change->[0]\E/$change->[1]/ or die $what;
	refused('postgres', $sql, $like, "a row with $what");
}
refused('postgres', sprintf($row, ', filter', q{, 'true) OR (true'}), qr/^42601/, 'a row with a filter that gets out');
refused('postgres', sprintf($row, ', keep', q{, '(SELECT true FROM public.treasure)'}), qr/^0A000/, 'a row with a keep that is a sub-select');
refused('postgres', sprintf($row, ', readers', q{, '{"public; --"}'}), qr/^42704/, 'a row with readers that get out');
refused('postgres', sprintf($row, ', tie_break', q{, 'event_id)) , t2 AS (ORDER BY (1'}), qr/^42601/, 'a row with a tie_break that gets out');
refused('postgres', sprintf($row, ', entry', q{, '(SELECT count(*) FROM public.treasure) AS what'}), qr/^0A000/, 'a row with an entry that is a sub-select');
refused('postgres', sprintf($row, ', label_prefix', q{, repeat('x', 51)}), qr/^42622/, 'a row with a label_prefix that is too long');
refused('postgres', $_, qr/^(42601|0A000|42803|42622|22023|42701|42602)/, "a row: $_")
  for q{UPDATE sessionize.session_definition SET filter = 'true) OR (true'}, q{UPDATE sessionize.session_definition SET actor = actor || ', 1'},
  q{UPDATE sessionize.metric_definition SET aggregate = 'user_id'}, q{UPDATE sessionize.metric_definition SET aggregate = 'count(*)) FROM app.events; --'},
  q{UPDATE sessionize.metric_definition SET nth = 0}, q{UPDATE sessionize.metric_definition SET name = repeat('x', 64) WHERE name = 'total'},
  q{INSERT INTO sessionize.metric_definition VALUES ('app', 'visit', 'started_at', 7, 'count(*)')},
  q{INSERT INTO sessionize.metric_definition VALUES ('app', 'visit', '', 7, 'count(*)')};
ask(sprintf $row, ', security_invoker, filter', q{, false, 'user_id IN (SELECT user_id FROM app.events)'});
is(ask(q{SELECT pg_get_userbyid(relowner), reloptions FROM pg_class WHERE relname = 'row_events'}), 'alice|{security_invoker=false,security_barrier=true}',
	'a good row is carried out, for its owner');
ask(q{DELETE FROM sessionize.session_definition WHERE name = 'row'});
is(stored(), $stored, '... and taken back');

$node->stop;
done_testing();
