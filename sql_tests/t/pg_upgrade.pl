# pg_upgrade.pl: pg_upgrade takes a cluster with definitions to a newer major.
#
# Needs two majors with the extension: the one under test, and an older one's
# programs in the folder PG_OLD_BINDIR, where the extension is installed or
# found by what SESSIONIZE_OLD_CONF says, as SESSIONIZE_CONF does for the new
# one.  tools/run-tests sets both where it finds an older server.

use strict;
use warnings;
use File::Basename qw(dirname);
use Cwd qw(abs_path);
use Test::More;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use lib dirname(abs_path(__FILE__));
use SessionizeTest;

my $old_bin = $ENV{PG_OLD_BINDIR} // '';
my ($bin) = grep { -x "$_/pg_upgrade" } split /:/, $ENV{PATH};
my ($new_major) = `postgres --version` =~ /(\d+)/;

plan skip_all => "no older PostgreSQL beside $new_major to upgrade from (PG_OLD_BINDIR names none)"
  if $old_bin eq '';
plan skip_all => 'the PostgreSQL under test has no pg_upgrade'
  if !defined $bin;

my ($old_major) = `"$old_bin/postgres" --version` =~ /(\d+)/
  or BAIL_OUT("$old_bin/postgres does not run");
plan skip_all => "$old_bin is PostgreSQL $old_major, not older than $new_major"
  if $old_major >= $new_major;

# ---------- an old cluster, by the old programs ----------
# (PostgreSQL::Test::Cluster knows one installation, the new one's)

my $dir  = PostgreSQL::Test::Utils::tempdir();
my $sock = PostgreSQL::Test::Utils::tempdir_short();
my $data = "$dir/old";
my $port = PostgreSQL::Test::Cluster::get_free_port();
my $user = getpwuid($>);
my @init = ('-A', 'trust', '--locale=C.UTF-8', '--encoding=UTF8');

system_or_bail("$old_bin/initdb", '-N', @init, '-D', $data);
append_to_file("$data/postgresql.conf", join "\n", "port = $port", "listen_addresses = ''",
	"unix_socket_directories = '$sock'", 'fsync = off', $ENV{SESSIONIZE_OLD_CONF} // '', '');

sub old_server
{
	my (@options) = @_;
	system_or_bail("$old_bin/pg_ctl", '-w', '-D', $data, '-l', "$dir/old.log", @options);
}

END
{
	# without a word to prove, whose exit status this must not be
	my $status = $?;
	system("$old_bin/pg_ctl", '-D', $data, '-m', 'immediate', 'stop') if defined $data && -e "$data/postmaster.pid";
	$? = $status;
}

# old($role, $sql), new($role, $sql): what the statements print in either
# cluster; one that fails is a failed test.
sub ask
{
	my ($host, $at, $role, $sql) = @_;
	my ($out, $err) = run_command([ 'psql', '-X', '-A', '-t', '-q', '-v', 'ON_ERROR_STOP=1',
		'-h', $host, '-p', $at, '-U', $role, '-d', 'postgres', '-c', $sql ]);
	fail($sql) && 0 or diag($err) if $err =~ /ERROR|FATAL|WARNING/;
	return $out;
}

sub old { return ask($sock, $port, @_); }

old_server('start');
if (!defined $ENV{SESSIONIZE_OLD_CONF} && old($user, q{SELECT count(*) FROM pg_available_extensions WHERE name = 'sessionize'}) eq '0')
{
	plan skip_all => "PostgreSQL $old_major in $old_bin has no sessionize: install it there, or set SESSIONIZE_OLD_CONF";
}

old($user, 'CREATE EXTENSION sessionize; CREATE ROLE alice LOGIN; CREATE ROLE reader LOGIN; CREATE ROLE carol LOGIN;
	CREATE SCHEMA app AUTHORIZATION alice');
old('alice', q{
	GRANT USAGE ON SCHEMA app TO reader, carol;
	CREATE FUNCTION app.is_page(text) RETURNS boolean IMMUTABLE LANGUAGE sql AS $$ SELECT $1 <> 'p3' $$;
	CREATE TABLE app.events (user_id int, gone int, ts timestamptz, page text, amount numeric);
	ALTER TABLE app.events DROP COLUMN gone;
	INSERT INTO app.events SELECT i % 3, timestamptz '2020-01-01 10:00Z' + i * i * interval '1 min', 'p' || i % 4, i FROM generate_series(1, 60) AS i;
	SELECT sessionize.define_session('Natalie''s Session', 'app.events', 'user_id', 'ts', '1 hour', schema => 'app',
		filter => 'app.is_page(page)', keep => 'event_count > 0', readers => '{reader}', security_invoker => false);
	SELECT sessionize.define_metric('Natalie''s Session', 'the "total"', 'sum(amount)', schema => 'app');
	SELECT sessionize.define_metric('Natalie''s Session', 'dropped', 'max(page)', schema => 'app');
	SELECT sessionize.define_metric('Natalie''s Session', 'of the second', 'count(*)', session_filter => '"the ""total""" > 3', nth => 2, schema => 'app');
	SELECT sessionize.drop_metric('Natalie''s Session', 'dropped', schema => 'app');
	SELECT sessionize.define_session('visit', 'app.events', 'lower(page) AS page, user_id', 'ts AT TIME ZONE $$UTC$$', '90 min', schema => 'app',
		restart_on => $$page = 'p1'$$, end_on => 'amount > 40', max_duration => '3 hours', require_restart => true, label_prefix => 'v_');
	SELECT sessionize.define_session('burst', 'app."Natalie''s Session"', 'user_id', 'started_at', '1 day', schema => 'app');
	ALTER TABLE app.events ADD later int DEFAULT 7;
	SELECT sessionize.define_metric('visit', 'later', 'sum(later)', schema => 'app');
	GRANT SELECT ON app.visit TO carol WITH GRANT OPTION;
	GRANT SELECT (user_id, later) ON app.visit_actors TO PUBLIC;
	GRANT SELECT ON app.events TO carol;
	COMMENT ON VIEW app.burst IS 'a comment of my own';
	CREATE VIEW app.report AS SELECT user_id, count(*) AS sessions, sum("the ""total""") FROM app."Natalie's Session" GROUP BY user_id;
	CREATE MATERIALIZED VIEW app.kept AS SELECT * FROM app.burst;});

# ---------- what must be the same afterwards ----------

# Privileges of a relation, less the one that 17 brought: its pg_dump reads "all"
# from an older server and grants all that there is.
sub acl
{
	my ($acl) = @_;
	return "(SELECT string_agg(concat_ws(' ', a.grantee::regrole, a.privilege_type, a.is_grantable), ', ' ORDER BY a.grantee, a.privilege_type COLLATE \"C\")
		FROM aclexplode($acl) AS a WHERE a.privilege_type <> 'MAINTAIN')";
}

my %same = (
	'rows of the views' => join('', map { qq{SELECT t::text FROM app."$_" AS t ORDER BY 1;} }
		  map({ ($_, "${_}_events", "${_}_actors") } "Natalie's Session", 'visit', 'burst'), 'report', 'kept'),
	'definitions' => 'SELECT * FROM sessionize.session_definition ORDER BY schema, name;
		SELECT * FROM sessionize.metric_definition ORDER BY schema, session, position',
	'fields' => 'SELECT * FROM sessionize.fields',
	'owners, grants, options and comments of the views' => qq{
		SELECT relname, relowner::regrole, ${\acl('relacl')}, reloptions, obj_description(oid, 'pg_class')
		FROM pg_class WHERE relnamespace = 'app'::regnamespace AND relkind = 'v' ORDER BY relname},
	'columns, their types, grants and comments' => q{
		SELECT relname, attname, format_type(atttypid, atttypmod), attacl, col_description(attrelid, attnum)
		FROM pg_attribute JOIN pg_class AS c ON c.oid = attrelid
		WHERE relnamespace = 'app'::regnamespace AND relkind = 'v' AND attnum > 0 AND NOT attisdropped ORDER BY relname, attnum},
	"the extension's objects, their owners, grants and comments" => qq{
		SELECT pg_describe_object(classid, objid, 0) AS object, obj_description(objid, classid::regclass::name)
		FROM pg_depend WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e'
			AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'sessionize')
			AND NOT (classid = 'pg_type'::regclass AND (SELECT typtype = 'c' OR typelem <> 0 FROM pg_type WHERE oid = objid)) ORDER BY 1;
		SELECT extversion, extnamespace::regnamespace, extconfig::regclass[], extcondition FROM pg_extension WHERE extname = 'sessionize';
		SELECT nspowner::regrole, nspacl FROM pg_namespace WHERE nspname = 'sessionize';
		SELECT relname, relowner::regrole, ${\acl('relacl')} FROM pg_class WHERE relnamespace = 'sessionize'::regnamespace ORDER BY 1});
my $acl_of_visit = "SELECT ${\acl('relacl')} FROM pg_class WHERE oid = 'app.visit'::regclass";
my $acl_before   = old($user, $acl_of_visit);
my %before       = map { $_ => old($user, $same{$_}) } keys %same;

cmp_ok(scalar(split /\n/, $before{'rows of the views'}), '>', 100, "a cluster of PostgreSQL $old_major with rows in its views");
like($before{definitions}, qr/Natalie's Session/, '... and definitions');
is(old($user, 'SELECT * FROM sessionize.check_definitions()'), '', '... without a problem');

# Debian's 17.12 gives every column of every table an option, pg_attver, at which 18 stops:
# with it, no cluster that has a table can be upgraded
old($user, "UPDATE pg_attribute SET attoptions = (SELECT array_agg(o) FROM unnest(attoptions) AS o WHERE o NOT LIKE 'pg_attver=%')
	WHERE attoptions::text LIKE '%pg_attver=%'");
old_server('stop');

# ---------- pg_upgrade ----------

my $new = PostgreSQL::Test::Cluster->new('new');
# checksums are 18's default, and both sides must agree
$new->init(extra => [ @init, $new_major >= 18 ? ('--no-data-checksums') : () ]);
$new->append_conf('postgresql.conf', $_) foreach split /\n/, $ENV{SESSIONIZE_CONF} // '';
chdir $dir or die $!;
my ($out, $err) = run_command([ "$bin/pg_upgrade", '--no-sync', '-U', $user, '-b', $old_bin, '-B', $bin, '-d', $data, '-D', $new->data_dir,
	'-s', $sock, '-p', $port, '-P', PostgreSQL::Test::Cluster::get_free_port() ]);
if (!like($out, qr/^Upgrade Complete$/m, "pg_upgrade from $old_major to $new_major"))
{
	diag("$out\n$err", map { slurp_file($_) } glob $new->data_dir . '/pg_upgrade_output.d/*/{*.txt,log/pg_upgrade_dump_*.log}');
	done_testing();
	exit 1;
}
$new->start;

sub new { return ask($new->host, $new->port, @_); }

is(new($user, 'SHOW server_version_num') =~ s/....$//r, $new_major, "the server is a PostgreSQL $new_major");
is(new($user, $same{$_}), $before{$_}, "the same: $_") for sort keys %same;
is(new($user, 'SELECT * FROM sessionize.check_definitions()'), '', 'check_definitions() finds no problem');

# ---------- life goes on ----------

is(new('reader', q{SELECT count(*) > 0 FROM app."Natalie's Session"}), 't', 'readers read with their right on the views');
is(new('carol', 'SELECT count(*) > 0 FROM app.visit'), 't', 'others with theirs on views and source');
is(new('alice', qq{SELECT count(*) FROM (TABLE app."$_" EXCEPT SELECT * FROM sessionize.read(NULL::app."$_")) AS d}), '0',
	"the catalog says what the view says: $_")
  for map { ($_, "${_}_events", "${_}_actors") } "Natalie's Session", 'visit', 'burst';
new('alice', q{INSERT INTO app.events VALUES (1, '2019-01-01 10:00Z', 'p0', 100)});
is(new('alice', q{SELECT "the ""total""", started_at FROM app."Natalie's Session" WHERE user_id = 1 AND session_number = 1}),
	'100|2019-01-01 10:00:00+00', 'an event that comes late is in the next read');
new('alice', q{SELECT sessionize.alter_session('Natalie''s Session', 'inactivity', '9999 days', schema => 'app')});
is(new('alice', q{SELECT count(*), count(DISTINCT user_id) FROM app."Natalie's Session"; SELECT sum(sessions) FROM app.report}),
	"3|3\n3", 'a change of a definition works, under a view that stands on it');
is(new('alice', q{SELECT sessionize.define_metric('visit', 'later', 'min(later) + 0.5', replace => true, schema => 'app');
	SELECT DISTINCT later FROM app.visit}), "session later\n7.5", 'a column of another type makes views anew');
is(new($user, $acl_of_visit), $acl_before, '... with their grants');
new($user, q{UPDATE sessionize.session_definition SET filter = NULL WHERE name LIKE 'Natalie%'});
is(new('alice', q{SELECT sum(event_count) FROM app."Natalie's Session"}), '61', "a superuser's plain DML works");
is(new('alice', 'SELECT sessionize.rebuild_views()'), '3', 'all can be rebuilt');
is(new($user, 'SELECT * FROM sessionize.check_definitions()'), '', '... and there is still no problem');

$err = '';
$new->psql('postgres', 'DROP TABLE app.events', stderr => \$err);
like($err, qr/cannot drop table app\.events because other objects depend on it/, 'the source cannot be dropped');
new('alice', q{DROP MATERIALIZED VIEW app.kept; DROP VIEW app.report;
	SELECT sessionize.drop_session('burst', schema => 'app'); SELECT sessionize.drop_session('visit', schema => 'app');
	SELECT sessionize.drop_session('Natalie''s Session', schema => 'app')});
new($user, 'DROP EXTENSION sessionize');
is(new($user, q{SELECT count(*) FROM pg_class WHERE relkind = 'v' AND relnamespace = 'app'::regnamespace}), '0', 'definitions and the extension can be dropped');

$new->stop;
done_testing();
