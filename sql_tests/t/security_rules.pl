# security_rules.pl: the rules that have no better place.
#
# What the install script may not contain, and what the catalog must say once it has run; what
# an attacker plants before CREATE EXTENSION; what a leaky condition, statistics, a plan that was
# kept or a dump could give away.  Attacks on definitions are in attacks.pl, rights and row-level
# security in acl.pl; docs/reliability.md has a list.
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

my @scripts = sort glob 'sql/sessionize--*.sql';
cmp_ok(scalar(@scripts), '>=', 1, 'there are install scripts to look at');
for my $file (@scripts)
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

# ---------- what the script has made, as the catalog has it ----------

my $members = q{pg_depend AS d JOIN pg_extension AS e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND d.deptype = 'e' AND e.extname = 'sessionize'};
my $functions = "pg_proc AS p JOIN $members ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid JOIN pg_language AS l ON l.oid = p.prolang";

# Whatever is not C either sets its search_path or was parsed by the script (rule 3); aggregates
# have no body.  One that does neither must be noticed.
my $no_path = qq{SELECT p.oid::regprocedure FROM $functions WHERE l.lanname <> 'c' AND p.prokind <> 'a' AND p.prosqlbody IS NULL
	AND NOT coalesce(p.proconfig @> '{"search_path=pg_catalog, pg_temp"}', false) ORDER BY 1};
is(ask($no_path), '', "no function follows the caller's search_path");
is(ask("BEGIN; CREATE FUNCTION sessionize.careless() RETURNS text LANGUAGE sql $_ AS 'SELECT 1::text'; ALTER EXTENSION sessionize ADD FUNCTION sessionize.careless(); $no_path; ROLLBACK"),
	'sessionize.careless()', "... and one that did would be found: with '$_'")
  for '', 'SET search_path = public, pg_catalog', 'SET search_path = pg_catalog', 'SET work_mem = 64';

# An estimator takes the planner's state, an operator and arguments, and gives a share (rule 15)
is(ask(qq{SELECT p.oid::regprocedure FROM $functions WHERE p.prorettype = 'float8'::regtype AND 'internal'::regtype = ANY (p.proargtypes)}), '', 'no function is a selectivity estimator');
is(ask(q{SELECT o.oid::regoperator FROM pg_operator AS o WHERE EXISTS (SELECT FROM pg_proc AS p WHERE p.oid IN (o.oprrest, o.oprjoin, o.oprcode) AND p.pronamespace = 'sessionize'::regnamespace)}),
	'', '... or an operator\'s');
is(ask(qq{SELECT string_agg(DISTINCT d.classid::regclass::text, ' ' ORDER BY d.classid::regclass::text) FROM $members}), 'pg_class pg_namespace pg_proc pg_type',
	'... there are no operators, casts, languages or event triggers at all');

# Nothing of ours may pass a barrier by its own word (rule 16)
is(ask("SELECT p.oid::regprocedure FROM $functions WHERE p.proleakproof"), '', 'nothing is called leakproof');

# What may be computed once, or by a worker (rule 19): all but these always and anywhere
is(ask(qq{SELECT string_agg(label, E'\\n' ORDER BY label COLLATE "C") FROM (
	SELECT concat(p.provolatile, ' ', p.proparallel, ': ', string_agg(DISTINCT p.proname, ' ' ORDER BY p.proname)) AS label
	FROM $functions WHERE (p.provolatile, p.proparallel) <> ('i', 's') GROUP BY p.provolatile, p.proparallel) AS x}), join("\n",
	's r: compare explain_session gap_histogram read',
	's s: ended_by look_ahead_timestamp look_ahead_timestamptz look_back_timestamp look_back_timestamptz session_id version',
	'v r: progress_info',
	'v u: alter_session check_definitions define_metric define_session drop_metric drop_session metric_trigger rebuild_views session_sql session_trigger'),
	'volatility and parallel safety: what reads by a text is stable, what writes is volatile, both stay in the leader');
is(ask(qq{SELECT count(DISTINCT p.proname) FROM $functions WHERE p.prokind = 'w'}), '7', '... all window functions are among the others');
like(error_as($node, 'postgres', $_), qr/^(42P17|25006)/, "... and it is heeded: $_")
  for "CREATE TABLE t (ts timestamptz, id uuid GENERATED ALWAYS AS (sessionize.session_id(ts, 1)) STORED)",
  "CREATE TABLE t (ts timestamp); CREATE INDEX ON t ((sessionize.look_back_timestamptz(ts, '1 h')))",
  "BEGIN READ ONLY; SELECT sessionize.define_session('x', 'pg_class', 'relname', 'now()', '1 h')";

# What holds definitions is dumped, all of it and to whoever dumps (rule 20)
is(ask(qq{SELECT c.oid::regclass FROM pg_class AS c JOIN $members ON d.classid = 'pg_class'::regclass AND d.objid = c.oid
	WHERE c.relkind IN ('r', 'p', 'S', 'm', 'f') AND NOT coalesce(c.oid = ANY (e.extconfig), false) OR c.relrowsecurity}), '', 'every table is dumped with its rows, and without row-level security');
is(ask(q{SELECT array_length(extconfig, 1), extcondition FROM pg_extension WHERE extname = 'sessionize'}), '2|{"",""}', '... all rows');
is(ask(qq{SELECT c.oid::regclass, a.attname FROM pg_class AS c JOIN $members ON d.classid = 'pg_class'::regclass AND d.objid = c.oid JOIN pg_attribute AS a ON a.attrelid = c.oid
	WHERE c.relkind = 'r' AND a.attnum > 0 AND a.atttypid::regtype::text ~ '^(reg|oid|xid|aclitem)'}), '', '... none of which is a number that means something else elsewhere');

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
	CREATE TABLE %1$s.pg_extension (extname pg_catalog.name, extversion pg_catalog.text); INSERT INTO %1$s.pg_extension VALUES ('sessionize', 'planted');
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
(my $version, $err) = in_planted('postgres', q{SET search_path = public, pg_catalog; SELECT sessionize.version()});
is($version, ask('SELECT sessionize.version()'), '... what is written in SQL reads what it was written for');
unlike($err, qr/planted|ERROR/, '... and runs nothing else');
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
		q{app.own WHERE started_at >= '2026-01-01 00:02Z' AND mine.leak(user_id)}, q{app.own WHERE mine.leak(entry_secret) AND started_at < '2026-01-01 05:00Z' AND user_id = 3},
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

# ---------- a table that is worth a plan ----------

# Events of odd users are odd; for dora and emil a policy leaves one kind each
ask(q{
	CREATE ROLE dora LOGIN; CREATE ROLE emil LOGIN; CREATE ROLE pool LOGIN IN ROLE dora, emil;
	CREATE SCHEMA big AUTHORIZATION alice; GRANT USAGE ON SCHEMA big TO PUBLIC;
	CREATE TABLE big.events (user_id int NOT NULL, ts timestamptz NOT NULL, secret text);
	INSERT INTO big.events SELECT u, timestamptz '2026-01-01Z' + (u + CASE WHEN u % 50 < 2 THEN (n % 4) * 100 ELSE 0 END) * interval '1 h' + (n * 2 + (n % 3) * 21) * interval '1 min',
		CASE u % 2 WHEN 0 THEN 'even' ELSE 'odd' END FROM generate_series(1, 1000) AS u, generate_series(1, 20) AS n;
	CREATE INDEX ON big.events (ts); CREATE INDEX ON big.events (user_id, ts);
	ALTER TABLE big.events OWNER TO alice;
	CREATE POLICY dora ON big.events FOR SELECT TO dora USING (user_id % 2 = 0);
	CREATE POLICY emil ON big.events FOR SELECT TO emil USING (user_id % 2 = 1);
	ALTER TABLE big.events ENABLE ROW LEVEL SECURITY;
	GRANT SELECT ON big.events TO dora, emil;
	ANALYZE big.events;});
query_as($node, 'alice', q{
	SELECT sessionize.define_session('visit', 'big.events', 'user_id', 'ts', '30 min', schema => 'big', entry => 'secret', readers => '{dora,emil}');
	SELECT sessionize.define_session('even', 'big.events', 'user_id', 'ts', '30 min', schema => 'big', filter => 'user_id % 2 = 0', entry => 'secret', security_invoker => false, readers => '{mallory}');});

# ---------- statistics ----------

# An operator of mallory's that tells what the planner shows it of a column's statistics
query_as($node, 'mallory', q{
	GRANT USAGE ON SCHEMA mine TO PUBLIC;
	CREATE FUNCTION mine.seen(int, timestamptz) RETURNS boolean LANGUAGE plpgsql COST 0.0001 AS $$ BEGIN RAISE NOTICE 'leaked % %', $1, $2; RETURN true; END $$;} . join '', map { qq{
	CREATE FUNCTION mine.less($_, $_) RETURNS boolean IMMUTABLE LANGUAGE plpgsql COST 0.0001 AS \$\$ BEGIN RAISE NOTICE 'leaked %', \$1; RETURN \$1 < \$2; END \$\$;
	CREATE OPERATOR mine.<<< (FUNCTION = mine.less, LEFTARG = $_, RIGHTARG = $_, RESTRICT = scalarltsel);} } 'int', 'text', 'timestamptz', 'bigint');

sub notices_of
{
	my ($role, $sql) = @_;
	my ($out, $said);
	$node->psql('postgres', $sql, extra_params => [ '-U', $role ], stdout => \$out, stderr => \$said, on_error_stop => 1) == 0 or fail("$role: $sql") or diag($said);
	return $said;
}

my %spied = (
	'%s_events' => [ q{secret OPERATOR(mine.<<<) 'f'}, 'user_id OPERATOR(mine.<<<) 7', q{ts OPERATOR(mine.<<<) '2026-01-09Z'}, q{session_started_at OPERATOR(mine.<<<) '2026-01-09Z'} ],
	'%s'        => [ q{entry_secret OPERATOR(mine.<<<) 'f'}, 'user_id OPERATOR(mine.<<<) 7', q{started_at OPERATOR(mine.<<<) '2026-01-09Z'},
		q{started_at >= '2026-02-11Z' AND user_id OPERATOR(mine.<<<) 7}, 'event_count OPERATOR(mine.<<<) 4' ],
	'%s_actors' => [ 'user_id OPERATOR(mine.<<<) 7', q{first_started_at OPERATOR(mine.<<<) '2026-01-09Z'} ]);
for my $view (sort keys %spied)
{
	for my $condition (@{ $spied{$view} })
	{
		for my $reader ([ 'mallory', 'big.even' ], [ 'dora', 'big.visit' ])
		{
			my ($role, $name) = @$reader;
			my $read = sprintf("SELECT * FROM $view WHERE ", $name) . $condition;
			unlike(notices_of($role, "$_ EXPLAIN $read"), qr/leaked/, "statistics are not shown to $role: $_ $read")
			  for '', 'SET sessionize.debug_choose_actors = on;', 'SET enable_sort = off;', 'SET sessionize.enable_session_scan = off;';
		}
	}
}
like(notices_of('alice', qq{EXPLAIN SELECT * FROM $_ WHERE secret OPERATOR(mine.<<<) 'f'}), qr/leaked even.*leaked odd/s, "... but to the table's owner: $_") for 'big.events', 'big.visit_events';
like(notices_of('alice', qq{EXPLAIN SELECT * FROM big.visit WHERE user_id OPERATOR(mine.<<<) 7}), qr/leaked 1000/, '... also through the sessions');

# ---------- conditions on the start of sessions ----------

# Session scans look at events by the time range that a condition means; a condition of the
# reader's own means none, and sees whole sessions that are his to see
for my $reader ([ 'mallory', 'big.even' ], [ 'dora', 'big.visit' ])
{
	my ($role, $name) = @$reader;
	my %is_row = map { $_ => 1 } split /\n/, query_as($node, $role, "SELECT user_id || ' ' || started_at FROM $name");
	for my $condition (q{mine.seen(user_id, started_at)}, q{mine.seen(user_id, started_at) AND started_at >= '2026-02-11Z'}, q{mine.seen(user_id, started_at) AND started_at >= '2026-02-11Z' AND started_at < '2026-02-12Z'},
		q{mine.seen(user_id, started_at) AND user_id = 50}, q{mine.seen(user_id, started_at) AND user_id IN (49, 50, 51)})
	{
		for my $set ('', 'SET sessionize.debug_choose_actors = on;', 'SET enable_sort = off;')
		{
			my @seen = notices_of($role, "$set SELECT count(*), sum(session_number) FROM $name WHERE $condition") =~ /leaked (.*)/g;
			ok(@seen && !(grep { !$is_row{$_} } @seen), "$role\'s condition sees sessions of the view: $set $condition") or diag(join "\n", @seen);
		}
	}
}
for my $condition ([ q{started_at >= '2026-02-11Z'}, 1 ], [ q{'2026-01-09Z' OPERATOR(mine.<<<) started_at}, 0 ], [ q{started_at OPERATOR(mine.<<<) '2026-02-11Z'}, 0 ])
{
	my ($text, $has_range) = @$condition;
	my $plan = query_as($node, 'mallory', "EXPLAIN (COSTS OFF) SELECT * FROM big.even WHERE $text");
	is($plan =~ /\(ts >= '2026-02-1\d/ ? 1 : 0, $has_range, $has_range ? "a bound by the type's own order is a time range: $text" : "one by the reader's operator is none: $text") or diag($plan);
	like($plan, qr/^Subquery Scan on even\n  Filter: [^\n]*mine/, '... and stays above the view') or diag($plan) if !$has_range;
}

# ---------- plans that were kept ----------

# Each way to read, with the settings that bring it and how its plan is known
my %ways = (
	'pages' => [ 'SET enable_sort = off', 'SELECT count(*), sum(session_number), string_agg(DISTINCT secret, \',\') FROM big.visit_events', qr/Session Scan.*Heap Reading: direct/s ],
	'aggregate' => [ 'SET sessionize.debug_require_session_aggregate = on', 'SELECT count(*), sum(session_number), string_agg(DISTINCT entry_secret, \',\') FROM big.visit', qr/Session Aggregate/ ],
	'time range' => [ '', q{SELECT count(*), sum(event_count), string_agg(DISTINCT entry_secret, ',') FROM big.visit WHERE started_at >= '2026-02-11Z'}, qr/ts >= '2026-02-10 23:30:00/ ],
	'actors in a time range' => [ 'SET sessionize.debug_choose_actors = on', q{SELECT count(*), sum(session_number), string_agg(DISTINCT entry_secret, ',') FROM big.visit WHERE started_at >= '2026-02-11Z'}, qr/on events event_1_1\b/ ],
	'some actors' => [ '', q{SELECT count(*), sum(session_number), string_agg(DISTINCT entry_secret, ',') FROM big.visit WHERE user_id IN (50, 51)}, qr/Index Cond: .*user_id = ANY/ ],
	'core\'s plan' => [ 'SET sessionize.enable_session_scan = off', q{SELECT count(*), sum(session_number), string_agg(DISTINCT entry_secret, ',') FROM big.visit}, qr/WindowAgg/ ],
	'read()' => [ '', q{SELECT count(*), sum(session_number), string_agg(DISTINCT entry_secret, ',') FROM sessionize.read(NULL::big.visit)}, qr/Function Scan/ ]);
for my $way (sort keys %ways)
{
	my ($set, $read, $plan) = @{ $ways{$way} };
	my $core = 'SET sessionize.enable_session_scan = off; SET sessionize.enable_session_aggregate = off; SET sessionize.enable_time_range = off;';
	my %answer = map { $_ => query_as($node, $_, "$core $read") } 'dora', 'emil';
	like($answer{dora}, qr/^\d+\|\d+\|even$/, "$way: what dora may see");
	like($answer{emil}, qr/^\d+\|\d+\|odd$/, '... and emil');
	for my $mode ('auto', 'force_generic_plan')
	{
		like(query_as($node, 'dora', "SET plan_cache_mode = $mode; $set; PREPARE q AS $read; EXPLAIN (COSTS OFF) EXECUTE q"), $plan, "$way, $mode: the plan");
		is(query_as($node, 'pool', "SET plan_cache_mode = $mode; $set; SET ROLE dora; PREPARE q AS $read; EXECUTE q; SET ROLE emil; EXECUTE q; SET ROLE dora; EXECUTE q; EXECUTE q"),
			join("\n", @answer{ 'dora', 'emil', 'dora', 'dora' }), '... is of the role that executes it');
		is(query_as($node, 'postgres', "SET plan_cache_mode = $mode; $set; PREPARE q AS $read; SET SESSION AUTHORIZATION emil; EXECUTE q; RESET SESSION AUTHORIZATION; SET ROLE dora; EXECUTE q"),
			join("\n", @answer{ 'emil', 'dora' }), '... also when a superuser has prepared it');
		my $kept = "SET plan_cache_mode = $mode; $set; SET SESSION AUTHORIZATION dora; PREPARE q AS $read; EXECUTE q; EXECUTE q; RESET SESSION AUTHORIZATION; BEGIN";
		like(error_as($node, 'postgres', "$kept; SET LOCAL SESSION AUTHORIZATION dora; EXECUTE q"), qr/^no error/, '... goes on with the right to read');
		like(error_as($node, 'postgres', "$kept; $_; SET LOCAL SESSION AUTHORIZATION dora; EXECUTE q"), qr/^42501: permission denied for (table events|schema big)/, "... is refused after: $_")
		  for 'REVOKE SELECT ON big.events FROM dora', 'REVOKE SELECT ON big.events FROM dora; GRANT SELECT (user_id, ts) ON big.events TO dora';
		like(error_as($node, 'postgres', "$kept; REVOKE SELECT ON big.visit, big.visit_events FROM dora; SET LOCAL SESSION AUTHORIZATION dora; EXECUTE q"), qr/^42501: permission denied for view visit/,
			"... and without a right on the view") if $way ne 'read()';
		is(query_as($node, 'postgres', "$kept; ALTER POLICY dora ON big.events USING (false); SET LOCAL SESSION AUTHORIZATION dora; EXECUTE q; ROLLBACK"), "$answer{dora}\n$answer{dora}\n0||",
			'... and follows the policy');
	}
}

# Another session changes the definition: at once, every plan of this one is of the new
query_as($node, 'alice', q{SELECT sessionize.define_session('step', 'app.events', 'user_id', 'ts', '1 hour', schema => 'app')});
for my $mode ('auto', 'force_generic_plan')
{
	my $other = sub { return "\n\\! psql -XAtq -o /dev/null -h " . $node->host . ' -p ' . $node->port . " -U alice -d postgres -c '$_[0]'\n"; };
	my $ask   = 'EXECUTE v; EXECUTE e; EXECUTE r; EXECUTE s;';
	# a view that was made anew has another row type, which read() has to be given
	my $again = q{DEALLOCATE r; PREPARE r AS SELECT count(*) FROM sessionize.read(NULL::app.step);};
	my $change = $other->('SELECT sessionize.alter_session($$step$$, $$inactivity$$, $$10 min$$, schema => $$app$$)');
	my $grow   = $other->('SELECT sessionize.define_metric($$step$$, $$n$$, $$count(*)$$, schema => $$app$$)');
	my $shrink = $other->('SELECT sessionize.drop_metric($$step$$, $$n$$, schema => $$app$$)');
	my $back   = $other->('SELECT sessionize.alter_session($$step$$, $$inactivity$$, $$1 hour$$, schema => $$app$$)');
	my @said   = split /\n/, query_as($node, 'alice', qq{SET plan_cache_mode = $mode;
		PREPARE v AS SELECT count(*) FROM app.step; PREPARE e AS SELECT count(DISTINCT session_id) FROM app.step_events;
		PREPARE r AS SELECT count(*) FROM sessionize.read(NULL::app.step); PREPARE s AS SELECT sessionize.session_sql('step', schema => 'app') ~ '10';
		$ask $ask $change $ask $grow $ask $shrink $again $ask $back $ask BEGIN; $ask ROLLBACK; BEGIN; $change $ask COMMIT; $back $ask});
	is("@said", join(' ', ('20 20 20 f') x 2, ('400 400 400 t') x 3, ('20 20 20 f') x 2, '400 400 400 t', '20 20 20 f'), "plans follow a definition that another session changes, $mode");
}

# ---------- pg_dump's guard, materialized views, preloading ----------

SKIP:
{
	skip 'this minor has no restrict_nonsystem_relation_kind', 5 if $node->safe_psql('postgres', q{SELECT count(*) FROM pg_settings WHERE name = 'restrict_nonsystem_relation_kind'}) eq '0';
	like(error_as($node, 'postgres', "SET restrict_nonsystem_relation_kind = 'view'; SELECT * FROM app.own"), qr/^55000/, "no view is expanded where pg_dump forbids it");
	is(query_as($node, 'postgres', "SET restrict_nonsystem_relation_kind = 'view'; SELECT count(*) > 1 FROM sessionize.session_definition"), 't', '... the catalog is read without them');
	query_as($node, 'alice', q{CREATE VIEW app.from_view AS TABLE app.events; SELECT sessionize.define_session('over', 'app.from_view', 'user_id', 'ts', '1 hour', schema => 'app')});
	is(query_as($node, 'postgres', 'SELECT count(*) FROM sessionize.read(NULL::app.over)'), '20', '... read() expands the source, if it is a view');
	like(error_as($node, 'postgres', "SET restrict_nonsystem_relation_kind = 'view'; SELECT * FROM $_"), qr/^55000/, "... but not there: $_") for 'sessionize.read(NULL::app.over)', 'app.over';
	query_as($node, 'alice', q{SELECT sessionize.drop_session('over', schema => 'app')});
}

# A dump by a superuser runs nothing of a definition, whose texts would tell
query_as($node, 'alice', q{
	CREATE FUNCTION app.tell(text) RETURNS boolean LANGUAGE plpgsql STABLE AS $$ BEGIN RAISE WARNING 'a text has run as %', current_user; RETURN true; END $$;
	SELECT sessionize.define_session('told', 'app.events', 'user_id', 'ts', '1 hour', schema => 'app', filter => 'app.tell(secret)', keep => 'event_count > 0', security_invoker => false);});
for my $options ([], ['--inserts'], ['--data-only', '-n', 'app', '-n', 'sessionize'], ['--clean', '--if-exists', '-Fc'])
{
	my ($dump, $said);
	my $from = -s $node->logfile;
	ok(IPC::Run::run([ 'pg_dump', @$options, '-d', $node->connstr('postgres'), '-U', 'postgres' ], '>', \$dump, '2>', \$said), "pg_dump @$options");
	cmp_ok(length $dump, '>', 1000, '... has something to say');
	unlike($said . substr(slurp_file($node->logfile), $from), qr/a text has run/, '... and runs no text');
}
like(notices_of('postgres', 'SELECT count(*) FROM app.told'), qr/a text has run as postgres/, 'who reads the view, does');
is(ask(q{SELECT count(*) FROM pg_class AS c JOIN pg_depend AS d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e' WHERE c.relnamespace <> 'sessionize'::regnamespace}), '0',
	'no view is a part of the extension, which a dump would leave out');
query_as($node, 'alice', q{SELECT sessionize.drop_session('told', schema => 'app')});

query_as($node, 'alice', qq{CREATE MATERIALIZED VIEW app.kept_$_ AS SELECT * FROM app."$_"; REFRESH MATERIALIZED VIEW app.kept_$_}) for 'own', 'own_events', 'own_actors', 'all', 'all_events', 'all_actors';
is(query_as($node, 'alice', 'SELECT count(*) FROM app.kept_own_events'), '20', 'a materialized view on each view, refreshed');

# PostgreSQL 17 has these commands run with pg_catalog and pg_temp alone; names in texts were meant
# as they were read at the definition
query_as($node, 'alice', q{
	SET search_path = app;
	CREATE FUNCTION helper(text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT $1 LIKE 'of %' $$;
	CREATE FUNCTION later(timestamptz) RETURNS timestamptz LANGUAGE sql IMMUTABLE AS $$ SELECT $1 + interval '1 day' $$;
	SELECT sessionize.define_session('helped', 'events', 'user_id', 'ts', '1 hour', filter => 'helper(secret)', restart_on => 'NOT helper(secret)', schema => 'app');
	SELECT sessionize.define_metric('helped', 'late', 'max(later(ts))', filter => 'helper(secret)');});
for my $what ('app.helped', 'app.helped_events', 'app.helped_actors', 'sessionize.read(NULL::app.helped)')
{
	is(query_as($node, 'alice', qq{BEGIN; CREATE MATERIALIZED VIEW app.m AS SELECT * FROM $what; $_; REFRESH MATERIALIZED VIEW app.m; ANALYZE app.m; REINDEX TABLE app.m; SELECT count(*) FROM app.m; ROLLBACK}),
		$what =~ /events/ ? '400' : '20', "a materialized view on $what, refreshed: $_") for 'SET search_path = pg_catalog, pg_temp', 'SET search_path = public', q{SET search_path = ''};
}
query_as($node, 'alice', q{SELECT sessionize.drop_session('helped', schema => 'app')});

$node->append_conf('postgresql.conf', "shared_preload_libraries = 'sessionize'\nsession_preload_libraries = 'sessionize'");
$node->restart;
is(query_as($node, 'alice', 'SELECT count(*) FROM app.own_events'), '20', 'preloaded, it works the same');
is(query_as($node, 'alice', 'SHOW sessionize.enable_session_scan'), 'on', '... with its settings known from the start');
my $scan = 'EXPLAIN (COSTS OFF) SELECT session_number FROM app.own_events';
like(query_as($node, 'alice', $scan), qr/Session Scan/, '... in its own way');
unlike(query_as($node, 'alice', "SET sessionize.enable_session_scan = off; $scan"), qr/Session/, '... which can be switched off');
$node->append_conf('postgresql.conf', "shared_preload_libraries = ''\nsession_preload_libraries = ''");
$node->restart;
is(query_as($node, 'alice', 'SELECT count(*) FROM app.own_events'), '20', 'and so it does not preloaded');
is(query_as($node, 'alice', q{SET sessionize.enable_session_scan = off; SHOW sessionize.enable_session_scan; SELECT count(*) FROM (SELECT session_number FROM app.own_events) AS x}), "off\n20", '... with a setting made before it is loaded');
unlike(query_as($node, 'alice', "SET sessionize.enable_session_scan = off; $scan; $scan"), qr/Session/, '... which counts');
like(query_as($node, 'alice', "$scan; $scan"), qr/Session Scan/, '... and without it, in its own way');

$node->stop;
done_testing();
