# upgrade.pl: ALTER EXTENSION UPDATE leads to what a fresh install makes.
#
# Every version with an install script (sql/sessionize--VERSION.sql: released ones stay) is
# installed in a database of its own, given definitions, and updated to the version of the
# control file.  Then its objects are compared with those of a fresh install, one by one and
# with all that makes them up: bodies, volatility, costs, rights, comments, order of columns,
# what pg_dump takes along.  Definitions and the rows of their views must be as before.
#
# As long as there is one version, nothing is updated.  So the comparison is also tried on
# fresh installs that were changed in one thing each: it must notice every one.
use strict;
use warnings;

use File::Basename qw(dirname);
use Cwd qw(abs_path);
use Test::More;
use lib dirname(abs_path(__FILE__));
use PostgreSQL::Test::Utils;
use SessionizeTest;

my $node = start_cluster('upgrade', 'fsync = off', 'autovacuum = off');

sub ask
{
	my ($database, $sql) = @_;
	return $node->safe_psql($database, $sql);
}

# One line for each object of the extension, without OIDs, which differ.
my $described = <<'SQL';
SET search_path = pg_catalog;
SELECT CASE classid::regclass::text
	WHEN 'pg_proc' THEN (SELECT concat_ws(' | ', CASE WHEN prokind <> 'a' THEN pg_get_functiondef(p.oid) ELSE
				(SELECT (to_jsonb(a) - '{aggfnoid}'::text[])::text FROM pg_aggregate AS a WHERE aggfnoid = p.oid) END,
			to_jsonb(p) - '{oid,prosrc,probin,prosqlbody,proargdefaults,prosupport,pronamespace,proowner,prorettype,proargtypes,proallargtypes,provariadic,prolang,proacl}'::text[],
			pg_get_function_arguments(p.oid), pg_get_function_result(p.oid), prosupport, proacl, prosrc, probin) FROM pg_proc AS p WHERE p.oid = objid)
	WHEN 'pg_class' THEN (SELECT concat_ws(' | ', relkind, relpersistence, relacl, reloptions, relreplident, relrowsecurity, CASE WHEN relkind = 'v' THEN pg_get_viewdef(c.oid) END,
			(SELECT string_agg(concat_ws(' ', attnum, attname, format_type(atttypid, atttypmod), attnotnull, attidentity, attgenerated, attcollation::regcollation, attstorage, attacl,
					col_description(attrelid, attnum), (SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef WHERE adrelid = attrelid AND adnum = attnum)), E'\n' ORDER BY attnum)
				FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0),
			(SELECT string_agg(pg_get_constraintdef(oid), E'\n' ORDER BY conname) FROM pg_constraint WHERE conrelid = c.oid),
			(SELECT string_agg(pg_get_indexdef(indexrelid), E'\n' ORDER BY indexrelid::regclass::text) FROM pg_index WHERE indrelid = c.oid),
			(SELECT string_agg(concat_ws(' ', pg_get_triggerdef(oid), tgenabled, obj_description(oid)), E'\n' ORDER BY tgname) FROM pg_trigger WHERE tgrelid = c.oid AND NOT tgisinternal),
			(SELECT string_agg(polname, ' ' ORDER BY polname) FROM pg_policy WHERE polrelid = c.oid)) FROM pg_class AS c WHERE oid = objid)
	WHEN 'pg_type' THEN (SELECT concat_ws(' | ', typtype, typcategory, typlen, typalign, typacl, typdefault,
			(SELECT string_agg(concat_ws(' ', attnum, attname, format_type(atttypid, atttypmod)), ', ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = typrelid AND attnum > 0))
		FROM pg_type WHERE oid = objid)
	WHEN 'pg_namespace' THEN (SELECT concat_ws(' | ', nspacl) FROM pg_namespace WHERE oid = objid)
	ELSE 'an object of a kind that this test does not know' END AS is,
	pg_describe_object(classid, objid, 0) AS object, obj_description(objid, classid::regclass::name) AS comment,
	(SELECT string_agg(concat_ws(' ', i.privtype, i.initprivs), ', ') FROM pg_init_privs AS i WHERE i.objoid = d.objid AND i.classoid = d.classid AND i.objsubid = 0) AS initial
FROM pg_depend AS d
WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e' AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'sessionize')
ORDER BY pg_describe_object(classid, objid, 0) COLLATE "C";
SELECT extversion, extrelocatable, extnamespace::regnamespace, extconfig::regclass[], extcondition FROM pg_extension WHERE extname = 'sessionize';
SELECT DISTINCT pg_describe_object(classid, objid, 0) FROM pg_depend WHERE refobjid = 'sessionize'::regnamespace AND refclassid = 'pg_namespace'::regclass ORDER BY 1;
SQL

# Definitions of a user, made with what the first version has.
my $definitions = q{
	CREATE SCHEMA app;
	CREATE TABLE app.events AS SELECT i % 3 AS user_id, timestamptz '2026-01-01Z' + i * i * interval '1 min' AS ts, 'p' || i % 4 AS page FROM generate_series(1, 60) AS i;
	SELECT sessionize.define_session('visit', 'app.events', 'user_id', 'ts', '1 hour', schema => 'app', entry => 'page', restart_on => $$page = 'p3'$$, max_duration => '5 h');
	SELECT sessionize.define_metric('visit', 'pages', 'count(DISTINCT page)', schema => 'app');
	SELECT sessionize.define_metric('visit', 'second', 'count(*)', session_filter => 'pages > 1', nth => 2, schema => 'app');};
my $rows = join '', map { "SELECT t::text FROM app.$_ AS t ORDER BY 1;" } 'visit', 'visit_events', 'visit_actors';
my $catalog = 'SELECT * FROM sessionize.session_definition; SELECT * FROM sessionize.metric_definition ORDER BY position;';

my $version = ask('postgres', q{SELECT extversion FROM pg_extension WHERE extname = 'sessionize'});
my $fresh   = ask('postgres', $described);
my $count   = () = $fresh =~ /\|(?:function|schema|table|type|view) /g;
cmp_ok($count, '>', 50, "a fresh $version has $count objects");
unlike($fresh, qr/a kind that this test does not know/, '... and they are all described');

# ---------- from every version ----------

# (pg_available_extension_versions does not look into the folder of a staged build)
my @from = sort map { /--((?:(?!--).)+)\.sql$/ && !/--.*--/ ? $1 : () } glob 'sql/sessionize--*.sql';
cmp_ok(scalar @from, '>', 0, "versions to begin with: @from");
for my $from (@from)
{
	my $database = "from $from";
	ask('postgres', qq{CREATE DATABASE "$database"});
	ask($database, "CREATE EXTENSION sessionize VERSION '$from'; $definitions");
	my ($rows_before, $catalog_before) = (ask($database, $rows), ask($database, $catalog));
	ask($database, 'ALTER EXTENSION sessionize UPDATE');
	is(ask($database, $described), $fresh, "$database to $version: the same objects as a fresh install");
	is(ask($database, $rows), $rows_before, '... the views have the rows they had');
	is(ask($database, $catalog), $catalog_before, '... the catalog has what it had') if $from eq $version;
	is(ask($database, 'SELECT problem FROM sessionize.check_definitions() WHERE problem !~ $$expansion|older version$$'), '', '... no problem is reported');
	ask($database, 'SELECT sessionize.rebuild_views()');
	is(ask($database, $rows), $rows_before, '... nor do rows change when views are made anew');
	is(ask($database, 'SELECT * FROM sessionize.check_definitions()'), '', '... after which there is no problem at all');

	# a dump made before goes into a fresh install
	ask('postgres', qq{CREATE DATABASE "old $from"; CREATE DATABASE "new $from"});
	ask("old $from", "CREATE EXTENSION sessionize VERSION '$from'; $definitions");
	my $dump = PostgreSQL::Test::Utils::tempdir() . "/dump.sql";
	$node->command_ok([ 'pg_dump', '-f', $dump, '-d', "old $from" ], "a dump of $from");
	$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', $dump, '-d', "new $from" ], '... is restored');
	is(ask("new $from", $rows), $rows_before, '... and read');
	is(ask("new $from", $described), $fresh, '... in a fresh install');
	is(ask("new $from", 'SELECT * FROM sessionize.check_definitions()'), '', '... without a problem');
}

# ---------- the comparison notices ----------

for my $change (
	q{COMMENT ON SCHEMA sessionize IS 'another'},
	q{ALTER FUNCTION sessionize.inactivity(interval) COST 77},
	q{ALTER FUNCTION sessionize.inactivity(interval) VOLATILE},
	q{ALTER FUNCTION sessionize.inactivity(interval) PARALLEL UNSAFE},
	q{ALTER FUNCTION sessionize.inactivity(interval) SECURITY DEFINER},
	q{ALTER FUNCTION sessionize.rebuild_views(text, name) SET work_mem = '1MB'},
	q{REVOKE EXECUTE ON FUNCTION sessionize.inactivity(interval) FROM PUBLIC},
	q{GRANT CREATE ON SCHEMA sessionize TO PUBLIC},
	q{GRANT INSERT ON sessionize.session_definition TO PUBLIC},
	q{ALTER TABLE sessionize.session_definition ADD more int},
	q{ALTER TABLE sessionize.session_definition ALTER owner DROP NOT NULL},
	q{ALTER TABLE sessionize.session_definition ALTER require_restart SET DEFAULT true},
	q{ALTER TABLE sessionize.session_definition DISABLE TRIGGER ALL},
	q{ALTER TABLE sessionize.metric_definition ADD CHECK (position > 0)},
	q{CREATE INDEX ON sessionize.metric_definition (name)},
	q{COMMENT ON COLUMN sessionize.session_definition.name IS 'another'},
	q{COMMENT ON FUNCTION sessionize.inactivity(interval) IS NULL},
	q{ALTER EXTENSION sessionize DROP FUNCTION sessionize.inactivity(interval)},
	q{CREATE FUNCTION sessionize.more() RETURNS int LANGUAGE sql AS 'SELECT 1'},
	q{CREATE FUNCTION sessionize.more() RETURNS int LANGUAGE sql AS 'SELECT 1'; ALTER EXTENSION sessionize ADD FUNCTION sessionize.more()},
	q{UPDATE pg_extension SET extconfig = NULL, extcondition = NULL WHERE extname = 'sessionize'},
	q{UPDATE pg_proc SET prosupport = 0 WHERE oid = 'sessionize.inactivity(interval)'::regprocedure},
	q{UPDATE pg_aggregate SET aggcombinefn = 0 WHERE aggfnoid::text LIKE '%funnel%'})
{
	isnt(ask('postgres', "BEGIN; $change; $described ROLLBACK;"), $fresh, "noticed: $change");
}
is(ask('postgres', $described), $fresh, 'the same again without them');

$node->stop;
done_testing();
