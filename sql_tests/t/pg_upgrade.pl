# pg_upgrade.pl: pg_upgrade takes a cluster with definitions to a newer major.
#
# Needs two majors with the extension: the one under test, and the folder of an
# older one's programs in PG_OLD_BINDIR (with the extension installed there, or
# SESSIONIZE_OLD_CONF saying how that server finds it, as SESSIONIZE_CONF does
# for the new one).

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

plan skip_all => 'PG_OLD_BINDIR does not name the programs of an older PostgreSQL'
  if $old_bin eq '';
plan skip_all => "$old_bin has no initdb and postgres"
  unless -x "$old_bin/initdb" && -x "$old_bin/postgres";
plan skip_all => 'the PostgreSQL under test has no pg_upgrade'
  if (grep { -x "$_/pg_upgrade" } split /:/, $ENV{PATH}) == 0;

my ($old_major) = `"$old_bin/postgres" --version` =~ /(\d+)/;
my ($new_major) = `postgres --version` =~ /(\d+)/;
plan skip_all => "$old_bin is PostgreSQL $old_major, not older than $new_major"
  if $old_major >= $new_major;

sub conf
{
	my ($node, $lines) = @_;
	$node->append_conf('postgresql.conf', $_) foreach split /\n/, $lines // '';
}

# The old server by its own programs: Cluster can only have one installation
# of its own before 18.
my $dir  = PostgreSQL::Test::Utils::tempdir();
my $data = "$dir/old";
my $port = PostgreSQL::Test::Cluster::get_free_port();
my @init = ('-A', 'trust', '--locale=C.UTF-8', '--encoding=UTF8');
my $sock = PostgreSQL::Test::Utils::tempdir_short();
my $user = getpwuid($>);

system_or_bail("$old_bin/initdb", '-N', @init, '-D', $data);
append_to_file("$data/postgresql.conf",
	"port = $port\nlisten_addresses = ''\nunix_socket_directories = '$sock'\nfsync = off\n" . ($ENV{SESSIONIZE_OLD_CONF} // '') . "\n");
system_or_bail("$old_bin/pg_ctl", '-w', '-D', $data, '-l', "$dir/old.log", 'start');
END { system("$old_bin/pg_ctl", '-D', $data, '-m', 'immediate', 'stop') if defined $data && -e "$data/postmaster.pid"; }

sub old
{
	my ($sql) = @_;
	my ($out, $err) = run_command([ 'psql', '-X', '-A', '-t', '-q', '-v', 'ON_ERROR_STOP=1', '-h', $sock, '-p', $port, '-d', 'postgres', '-c', $sql ]);
	diag($err) if $err =~ /ERROR/;
	return $out;
}

if (old(q{SELECT count(*) FROM pg_available_extensions WHERE name = 'sessionize'}) ne '1')
{
	plan skip_all => "PostgreSQL $old_major in $old_bin has no sessionize: install it there, or set SESSIONIZE_OLD_CONF";
}

old('CREATE EXTENSION sessionize');
old('CREATE ROLE alice LOGIN');
old('CREATE ROLE reader LOGIN');
old(q{
	CREATE SCHEMA app AUTHORIZATION alice;
	SET SESSION AUTHORIZATION alice;
	GRANT USAGE ON SCHEMA app TO reader;
	CREATE TABLE app.events (user_id int, ts timestamptz, page text, amount numeric);
	INSERT INTO app.events SELECT i % 3, timestamptz '2026-01-01 10:00Z' + i * i * interval '1 min', 'p' || i % 4, i FROM generate_series(1, 60) AS i;
	SELECT sessionize.define_session('Natalie''s Session', 'app.events', 'user_id', 'ts', '1 hour', schema => 'app',
		filter => $$page <> 'p3'$$, keep => 'event_count > 0', readers => '{reader}', security_invoker => false);
	SELECT sessionize.define_metric('Natalie''s Session', 'the total', 'sum(amount)', schema => 'app');
	SELECT sessionize.define_metric('Natalie''s Session', 'of the second', 'count(*)', session_filter => '"the total" > 3', nth => 2, schema => 'app');
	SELECT sessionize.define_session('burst', 'app."Natalie''s Session"', 'user_id', 'started_at', '1 day', schema => 'app');
	CREATE MATERIALIZED VIEW app.kept AS SELECT * FROM app.burst;});

my $state = q{
	SELECT * FROM app."Natalie's Session" ORDER BY 1; SELECT * FROM app."Natalie's Session_events" ORDER BY 1, 3;
	SELECT * FROM app."Natalie's Session_actors" ORDER BY 1; SELECT * FROM app.burst ORDER BY 1; SELECT * FROM app.kept ORDER BY 1;
	SELECT * FROM sessionize.session_definition ORDER BY 1, 2; SELECT * FROM sessionize.metric_definition ORDER BY 1, 2, position;
	SELECT oid::regclass, pg_get_userbyid(relowner), relacl, reloptions, obj_description(oid) FROM pg_class WHERE relnamespace = 'app'::regnamespace AND relkind = 'v' ORDER BY 1::text;
	SELECT * FROM sessionize.fields; SELECT * FROM sessionize.check_definitions();} =~ s/1::text/oid::regclass::text/r;
my $before = join "\n", map { old($_) } split /;/, $state;
like($before, qr/Natalie's Session/, "a cluster of PostgreSQL $old_major with definitions");
system_or_bail("$old_bin/pg_ctl", '-w', '-D', $data, 'stop');

my $new = PostgreSQL::Test::Cluster->new('new');
# checksums are 18's default, and both sides must agree
$new->init(extra => [ @init, $new_major >= 18 ? ('--no-data-checksums') : () ]);
conf($new, $ENV{SESSIONIZE_CONF});
my $bin = (grep { -x "$_/pg_upgrade" } split /:/, $ENV{PATH})[0];
chdir $dir or die $!;
command_ok([ 'pg_upgrade', '--no-sync', '-U', $user, '-b', $old_bin, '-B', $bin, '-d', $data, '-D', $new->data_dir,
	'-s', $sock, '-p', $port, '-P', PostgreSQL::Test::Cluster::get_free_port() ], "pg_upgrade from $old_major to $new_major");
$new->start;

sub as
{
	my ($role, $sql) = @_;
	return $new->safe_psql('postgres', $sql, extra_params => [ '-U', $role ]);
}

is(join("\n", map { as($user, $_) } split /;/, $state), $before, 'rows, definitions, owners, grants and comments are the same');
is(as('reader', q{SELECT count(*) > 0 FROM app."Natalie's Session"}), 't', 'readers read');
is(as('alice', q{
	SELECT sessionize.define_metric('burst', 'n', 'count(*)', schema => 'app');
	SELECT sessionize.alter_session('burst', 'inactivity', '2 days', schema => 'app');
	SELECT sessionize.rebuild_views();}), "session n\n\n2", 'definitions are changed and rebuilt');
is(as($user, 'SELECT * FROM sessionize.check_definitions()'), '', '... without a problem');

$new->stop;
done_testing();
