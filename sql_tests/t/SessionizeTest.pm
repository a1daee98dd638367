# SessionizeTest: what the TAP tests share: a server that can load the
# extension as it was just built, and the way to ../shared.
#
# tools/with-cluster says by SESSIONIZE_CONF how a server finds the staged
# extension; without it, the installed extension is tested.

package SessionizeTest;

use strict;
use warnings;

use Exporter 'import';
use File::Basename qw(dirname);
use IO::Uncompress::Gunzip qw(gunzip $GunzipError);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

our @EXPORT = qw(start_cluster shared_path load_csv query_as error_as peak_memory);

# start_cluster($name, @conf): a started PostgreSQL::Test::Cluster that has the
# extension in its database postgres, and can have standbys.  @conf are lines
# for postgresql.conf.
sub start_cluster
{
	my ($name, @conf) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);

	$node->init(
		allows_streaming => 1,
		extra            => [ '--locale=C.UTF-8', '--encoding=UTF8' ]);
	# compiling takes longer than most queries of a test; session_scan_modes.pl has it on
	$node->append_conf('postgresql.conf', $_)
	  foreach ('jit = off', split(/\n/, $ENV{SESSIONIZE_CONF} // ''), @conf);
	$node->start;
	$node->safe_psql('postgres', 'CREATE EXTENSION sessionize');
	return $node;
}

# shared_path($sub): that file or folder of ../shared beside the project (or in
# SESSIONIZE_SHARED), undef where there is none.
sub shared_path
{
	my ($sub) = @_;
	my $shared = $ENV{SESSIONIZE_SHARED}
	  // dirname(__FILE__) . '/../../../shared';
	my $path = "$shared/$sub";

	return $shared ne '' && -e $path ? $path : undef;
}

# query_as($node, $role, $sql): what statements print, run as that role; an error fails the test.
sub query_as
{
	my ($node, $role, $sql) = @_;
	my ($out, $err) = ('', '');
	$node->psql('postgres', $sql, extra_params => [ '-U', $role ],
		stdout => \$out, stderr => \$err, on_error_stop => 1) == 0
	  or fail("$role: $sql") && 0
	  or diag($err);
	return $out;
}

# error_as($node, $role, $sql): the error of the first statement that fails, beginning with its SQLSTATE.
sub error_as
{
	my ($node, $role, $sql) = @_;
	my $err = '';
	$node->psql('postgres', "\\set VERBOSITY verbose\n$sql",
		extra_params => [ '-U', $role ], stderr => \$err, on_error_stop => 1);
	return $err =~ /ERROR:  (\w{5}: .*)/s ? $1 : "no error: $err";
}

# peak_memory($text): how much memory of its own, in kB, a backend has had at most since its first
# /proc/self/status in there, when the peak was forgotten, by the second one.
sub peak_memory
{
	my ($text) = @_;
	my @own = $text =~ /^RssAnon:\s+(\d+) kB/mg;
	my @top = $text =~ /^VmHWM:\s+(\d+) kB/mg;
	my @file = $text =~ /^RssFile:\s+(\d+) kB/mg;
	my @shared = $text =~ /^RssShmem:\s+(\d+) kB/mg;

	return $top[1] - $file[1] - $shared[1] - $own[0];
}

# load_csv($node, $file, $table, $columns): a packed CSV file as a table of these columns.
sub load_csv
{
	my ($node, $file, $table, $columns) = @_;
	my $csv;

	gunzip($file => \$csv) or die "$file: $GunzipError";
	$csv =~ s/\r\n/\n/g;
	$node->safe_psql('postgres',
		"CREATE TABLE $table ($columns);\n"
		  . "COPY $table FROM stdin (FORMAT csv, HEADER);\n$csv\\.\n"
		  . "ANALYZE $table;\n");
	return;
}

1;
