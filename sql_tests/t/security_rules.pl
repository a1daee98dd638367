# security_rules.pl: the rules that have no better place.
#
# What the install script may not contain; what an attacker plants before CREATE EXTENSION;
# what a leaky condition, a plan or a dump could give away.  Attacks on definitions are in
# attacks.pl, rights and row-level security in acl.pl.
use strict;
use warnings;

use File::Basename qw(dirname);
use Cwd qw(abs_path);
use Test::More;
use lib dirname(abs_path(__FILE__));
use PostgreSQL::Test::Utils;
use SessionizeTest;

my $node = start_cluster('security_rules', 'fsync = off', 'autovacuum = off', 'max_worker_processes = 8');

sub ask { return query_as($node, 'postgres', $_[0]); }
my $super = getpwuid $>;
$node->safe_psql('postgres', 'CREATE ROLE postgres LOGIN SUPERUSER') if $super ne 'postgres';

# ---------- install and update scripts, as text ----------

# Without comments and string constants; functions' bodies are SQL and stay
sub code_of
{
	my ($script) = @_;
	$script =~ s{--[^\n]*}{}g;
	$script =~ s{/\*.*?\*/}{}gs;
	$script =~ s{'(?:[^']|'')*'}{''}g;
	return $script;
}

for my $file (sort glob 'sql/sessionize--*.sql')
{
	my $script = slurp_file($file);
	my $code = code_of($script);
	unlike($code, qr/\bCREATE\s+OR\s+REPLACE\b/i, "$file: nothing that is there is replaced");
	unlike($code, qr/\bIF\s+NOT\s+EXISTS\b/i, '... nor taken over');
	unlike($script, qr/\@extschema/i, '... no text is put in where \@extschema@ stands');
	unlike($code, qr/\bSECURITY\s+DEFINER\b/i, '... nothing is SECURITY DEFINER');
	unlike($code, qr/\bCREATE\s+EVENT\s+TRIGGER\b/i, '... no event triggers');
	unlike($code, qr/\bSET\s+(?:LOCAL\s+)?search_path\b(?!\s*(?:=|TO)\s*pg_catalog,\s*pg_temp)/i, '... the only search_path is pg_catalog, pg_temp');
	unlike($code, qr/\bDO\s+\$|\bEXECUTE\s+(?!FUNCTION|ON)/i, '... no dynamic SQL');
	my @made = $code =~ /\bCREATE\s+(?:FUNCTION|AGGREGATE|TABLE|VIEW|TYPE|OPERATOR|DOMAIN)\s+(\S+)/gi;
	is(join(' ', grep { !/^sessionize\./ } @made), '', '... every object is made in the schema by name (' . scalar(@made) . ')');
}
my $control = slurp_file('sessionize.control');
like($control, qr/^schema = pg_catalog$/m, 'the extension is in no schema that can be chosen');
like($control, qr/^relocatable = false$/m, '... or changed');
unlike($control, qr/^trusted = true$/m, 'not trusted before this test says more than it does');

# ---------- planted before CREATE EXTENSION ----------

$node->safe_psql('postgres', 'CREATE ROLE mallory LOGIN; CREATE ROLE alice LOGIN; CREATE ROLE reader LOGIN;');
my $planted = q{
	CREATE FUNCTION %1$s.shout(anyelement) RETURNS anyelement LANGUAGE plpgsql AS $$ BEGIN RAISE WARNING 'planted, as %%', current_user; RETURN $1; END $$;
	CREATE FUNCTION %1$s.is_so(pg_catalog.text, pg_catalog.text) RETURNS boolean LANGUAGE sql AS $$ SELECT %1$s.shout(true) $$;
	CREATE FUNCTION %1$s.is_so(pg_catalog.name, pg_catalog.name) RETURNS boolean LANGUAGE sql AS $$ SELECT %1$s.shout(true) $$;
	CREATE FUNCTION %1$s.is_so(pg_catalog.int8, pg_catalog.int8) RETURNS boolean LANGUAGE sql AS $$ SELECT %1$s.shout(true) $$;
	CREATE OPERATOR %1$s.= (FUNCTION = %1$s.is_so, LEFTARG = pg_catalog.text, RIGHTARG = pg_catalog.text);
	CREATE OPERATOR %1$s.= (FUNCTION = %1$s.is_so, LEFTARG = pg_catalog.name, RIGHTARG = pg_catalog.name);
	CREATE OPERATOR %1$s.= (FUNCTION = %1$s.is_so, LEFTARG = pg_catalog.int8, RIGHTARG = pg_catalog.int8);
	CREATE FUNCTION %1$s.coalesce_it(pg_catalog.text) RETURNS text LANGUAGE sql AS $$ SELECT %1$s.shout($1) $$;
	CREATE FUNCTION %1$s.quote_ident(pg_catalog.text) RETURNS pg_catalog.text LANGUAGE sql AS $$ SELECT %1$s.shout($1) $$;
	CREATE FUNCTION %1$s.format(pg_catalog.text, pg_catalog.text) RETURNS pg_catalog.text LANGUAGE sql AS $$ SELECT %1$s.shout($1) $$;
	CREATE DOMAIN %1$s.interval AS pg_catalog.interval CHECK (%1$s.shout(true));
	CREATE DOMAIN %1$s.text AS pg_catalog.text CHECK (%1$s.shout(true));
	CREATE DOMAIN %1$s.bool AS pg_catalog.bool CHECK (%1$s.shout(true));
	CREATE TABLE %1$s.session_definition (schema pg_catalog.name);
	CREATE TABLE %1$s.pg_class (oid pg_catalog.oid, relname pg_catalog.name);};
$node->safe_psql('postgres', 'CREATE DATABASE planted TEMPLATE template0');
$node->safe_psql('planted', 'GRANT CREATE, TEMPORARY ON DATABASE planted TO mallory; GRANT CREATE ON SCHEMA public TO mallory');

sub in_planted
{
	my ($role, $sql) = @_;
	my ($out, $err);
	$node->psql('planted', "\\set VERBOSITY verbose\n$sql", extra_params => [ '-U', $role ], stdout => \$out, stderr => \$err, on_error_stop => 1);
	return ($out, $err);
}

my (undef, $err) = in_planted('mallory', sprintf $planted, 'public');
is($err, '', 'planted in public');
(undef, $err) = in_planted('mallory', q{SET search_path = public, pg_catalog; SELECT 'a'::pg_catalog.text = 'b'::pg_catalog.text});
like($err, qr/planted, as mallory/, '... where it is met by who looks there first');
(undef, $err) = in_planted('mallory', 'CREATE SCHEMA sessionize; CREATE FUNCTION sessionize.inactivity(interval) RETURNS interval LANGUAGE sql AS $$ SELECT $1 $$');
is($err, '', 'and the schema itself, with a function of ours in it');
(undef, $err) = in_planted('mallory', 'CREATE EXTENSION sessionize');
like($err, qr/ERROR:  42501: permission denied to create extension/, 'an unprivileged role with CREATE on the database does not install it');
(undef, $err) = in_planted('postgres', 'SET search_path = public, pg_catalog; CREATE EXTENSION sessionize');
like($err, qr/ERROR:  42P06: schema "sessionize" already exists/, 'CREATE EXTENSION takes over nothing');
unlike($err, qr/planted/, '... and runs nothing');
in_planted('mallory', 'DROP SCHEMA sessionize CASCADE');

# With the attacker's objects first in the path, and in the installer's own pg_temp
(undef, $err) = in_planted('postgres', q{CREATE TEMPORARY TABLE here (); } . sprintf($planted, 'pg_temp') . q{SET search_path = pg_temp, public, pg_catalog; CREATE EXTENSION sessionize;});
unlike($err, qr/planted|ERROR/, 'CREATE EXTENSION runs nothing of what is planted') or diag($err);
(undef, $err) = in_planted('postgres', q{
	SET search_path = public, pg_catalog;
	CREATE SCHEMA app; CREATE TABLE app.events (user_id pg_catalog.int8, ts timestamptz, page pg_catalog.text); INSERT INTO app.events VALUES (1, now(), 'p');
	SELECT sessionize.define_session('visit', 'app.events', 'user_id', 'ts', '1 hour', schema => 'app');
	SELECT sessionize.define_metric('visit', 'pages', 'count(DISTINCT page)', schema => 'app');
	SELECT * FROM app.visit; SELECT * FROM app.visit_events; SELECT * FROM app.visit_actors; SELECT * FROM sessionize.fields;
	SELECT sessionize.alter_session('visit', 'inactivity', '2 h', schema => 'app'); SELECT sessionize.rebuild_views(); SELECT * FROM sessionize.check_definitions();
	SELECT sessionize.session_sql('visit', schema => 'app'); SELECT count(*) FROM sessionize.read(NULL::app.visit);});
unlike($err, qr/planted|ERROR/, '... nor does any function of it afterwards, with the same search_path') or diag($err);
(undef, $err) = in_planted('postgres', q{SET search_path = public, pg_catalog; SELECT sessionize.drop_session('visit', schema => 'app'); DROP EXTENSION sessionize});
unlike($err, qr/planted|ERROR/, '... nor DROP EXTENSION') or diag($err);

# ---------- leaky conditions ----------

ask(q{
	GRANT CREATE ON DATABASE postgres TO mallory, alice;
	CREATE SCHEMA app AUTHORIZATION alice;
	CREATE TABLE app.events (user_id int, ts timestamptz, secret text);
	INSERT INTO app.events SELECT i % 20, timestamptz '2026-01-01Z' + i * interval '1 min', 'of ' || i % 20 FROM generate_series(1, 400) AS i;
	ALTER TABLE app.events OWNER TO alice;
	ANALYZE app.events;
	GRANT USAGE ON SCHEMA app TO PUBLIC;});
query_as($node, 'alice', q{
	SELECT sessionize.define_session('own', 'app.events', 'user_id', 'ts', '1 hour', schema => 'app', filter => 'user_id = 3', entry => 'secret', security_invoker => false, readers => '{mallory}');
	SELECT sessionize.define_session('all', 'app.events', 'user_id', 'ts', '1 hour', schema => 'app', entry => 'secret');
	CREATE VIEW app.some WITH (security_barrier) AS SELECT * FROM app."all" WHERE user_id = 3;
	CREATE VIEW app.labelled WITH (security_barrier) AS
	SELECT *, sessionize.session_number(ts, '1 hour') OVER (PARTITION BY user_id ORDER BY ts) AS n FROM app.events WHERE user_id = 3;
	CREATE VIEW app.grouped WITH (security_barrier) AS SELECT user_id, n, count(*), min(secret) AS secret FROM
		(SELECT *, sessionize.session_number(ts, '1 hour') OVER (PARTITION BY user_id ORDER BY ts) AS n FROM app.events) AS x WHERE user_id = 3 GROUP BY user_id, n;
	GRANT SELECT ON app.some, app.labelled, app.grouped TO mallory;});
query_as($node, 'mallory', q{
	CREATE SCHEMA mine;
	CREATE FUNCTION mine.leak(anyelement) RETURNS boolean LANGUAGE plpgsql COST 0.0001 AS $$ BEGIN RAISE NOTICE 'leaked %', $1; RETURN true; END $$;});
for my $setting ('sessionize.enable_session_scan = on', 'sessionize.enable_session_scan = off', 'debug_parallel')
{
	my $set = $setting =~ /debug/ ? 'SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;' : "SET $setting;";
	for my $read ('app.own WHERE mine.leak(user_id)', 'app.own WHERE mine.leak(entry_secret)', 'app.own_events WHERE mine.leak(secret)', 'app.own_actors WHERE mine.leak(user_id)',
		'app.labelled WHERE mine.leak(secret)', 'app.labelled WHERE mine.leak(n::text || user_id)', 'app.grouped WHERE mine.leak(secret)', 'app.grouped WHERE mine.leak(user_id)',
		'app.own WHERE mine.leak(user_id) AND user_id > 0 ORDER BY started_at LIMIT 1')
	{
		my ($out, $leaked);
		$node->psql('postgres', "$set SELECT count(*) FROM $read", extra_params => [ '-U', 'mallory' ], stdout => \$out, stderr => \$leaked) if $read !~ /LIMIT/;
		$node->psql('postgres', "$set SELECT * FROM $read", extra_params => [ '-U', 'mallory' ], stdout => \$out, stderr => \$leaked) if $read =~ /LIMIT/;
		my %seen = map { $_ => 1 } $leaked =~ /leaked (.*)/g;
		ok(!(grep { !/^(?:\d*3|of 3)$/ } keys %seen) && %seen, "a leaky condition sees what its reader may see: $setting, $read") or diag($leaked);
	}
}
{
	# without a barrier it would see more: the test looks at something
	my $leaked;
	query_as($node, 'alice', 'CREATE VIEW app.plain AS SELECT * FROM app.events WHERE user_id = 3; GRANT SELECT ON app.plain TO mallory');
	$node->psql('postgres', 'SELECT count(*) FROM app.plain WHERE mine.leak(secret)', extra_params => [ '-U', 'mallory' ], stderr => \$leaked);
	like($leaked, qr/leaked of 7/, 'a leaky condition sees more where there is no barrier');
}
like(error_as($node, 'mallory', 'SELECT * FROM app."all"'), qr/^42501/, 'the source is closed to the reader');
like(error_as($node, 'mallory', 'SELECT * FROM app.some'), qr/^42501/, "... also through a view of the owner's on the reader's view");
like(error_as($node, 'mallory', $_), qr/^42501/, "... $_") for 'EXPLAIN SELECT * FROM app."all"', 'EXPLAIN ANALYZE SELECT * FROM app.events', 'SELECT sessionize.gap_histogram(\'app.events\', \'user_id\', \'ts\')',
  q{SELECT * FROM sessionize.read(NULL::app."all")}, q{SELECT * FROM sessionize.read(NULL::app.own)};
is(query_as($node, 'mallory', q{SELECT count(*) FROM pg_stats WHERE schemaname = 'app'}), '0', '... and its statistics');

# EXPLAIN shows counts of what the plan reads; an owner's view must not tell how many rows its
# condition hides more than core's own plan for it does
for my $analyze ('', 'ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, ')
{
	my $plan = query_as($node, 'mallory', "EXPLAIN ($analyze VERBOSE) SELECT * FROM app.own");
	unlike($plan, qr/of \d/, "EXPLAIN ($analyze) shows no value of the rows");
}

# ---------- pg_dump's guard, materialized views, preloading ----------

SKIP:
{
	skip 'this minor has no restrict_nonsystem_relation_kind', 2 if $node->safe_psql('postgres', q{SELECT count(*) FROM pg_settings WHERE name = 'restrict_nonsystem_relation_kind'}) eq '0';
	like(error_as($node, 'postgres', "SET restrict_nonsystem_relation_kind = 'view'; SELECT * FROM app.own"), qr/^55000/, "no view is expanded where pg_dump forbids it");
	is(query_as($node, 'postgres', "SET restrict_nonsystem_relation_kind = 'view'; SELECT count(*) FROM sessionize.session_definition"), '2', '... the catalog is read without them');
}
query_as($node, 'alice', qq{CREATE MATERIALIZED VIEW app.kept_$_ AS SELECT * FROM app."$_"; REFRESH MATERIALIZED VIEW app.kept_$_}) for 'own', 'own_events', 'own_actors', 'all', 'all_events', 'all_actors';
is(query_as($node, 'alice', 'SELECT count(*) FROM app.kept_own_events'), '20', 'a materialized view on each view, refreshed');

$node->append_conf('postgresql.conf', "shared_preload_libraries = 'sessionize'\nsession_preload_libraries = 'sessionize'");
$node->restart;
is(query_as($node, 'alice', 'SELECT count(*) FROM app.own_events'), '20', 'preloaded, it works the same');

$node->stop;
done_testing();
