# docs/reference.md lists everything that users can call, read or set, as the
# catalog describes it, so that neither can be without the other.
#
# What the catalog's comments call internal is left out. SESSIONIZE_UPDATE_DOCS=1
# writes the file; read it before you commit it.

use strict;
use warnings;
use File::Basename qw(dirname);
use Cwd qw(abs_path);
use Test::More;
use lib dirname(abs_path(__FILE__));
use SessionizeTest;

my $path = abs_path(dirname(__FILE__) . '/../..') . '/docs/reference.md';
my $node = start_cluster('reference');

# Rows of a query, each a list of its columns
sub rows
{
	my ($query) = @_;
	my $output = $node->safe_psql('postgres', $query, extra_params => [ '-F', "\t" ]);

	return map { [ split /\t/, $_, -1 ] } split /\n/, $output;
}

# The short names of types
sub short
{
	my ($text) = @_;

	$text =~ s/timestamp with time zone/timestamptz/g;
	$text =~ s/timestamp without time zone/timestamp/g;
	$text =~ s/::\w+(\[\])?//g;
	return $text;
}

# A signature, over several lines where it is long
sub signature
{
	my ($name, $arguments, $result) = map { short($_) } @_;
	my $text = "    $name(";
	my $line = length $text;
	my $first = 1;

	foreach my $argument (split /, (?![^(]*\))/, $arguments)
	{
		$text .= ',' unless $first;
		if (!$first && $line + length($argument) > 100)
		{
			$text .= "\n        ";
			$line = 8;
		}
		elsif (!$first)
		{
			$text .= ' ';
		}
		$text .= $argument;
		$line += length($argument) + 2;
		$first = 0;
	}
	$text .= ')';
	$text .= $line + length($result) > 100 ? "\n        -> $result" : " -> $result";
	return "$text\n";
}

# All functions of a kind, overloads under one heading
sub functions
{
	my ($kind) = @_;
	my ($text, $last) = ('', '');

	foreach my $row (rows(qq{
		SELECT proname, pg_get_function_arguments(oid), pg_get_function_result(oid), obj_description(oid, 'pg_proc')
		FROM pg_proc
		WHERE pronamespace = 'sessionize'::regnamespace AND prokind = '$kind'
			AND obj_description(oid, 'pg_proc') !~ '^(internal to|planner support)'
		ORDER BY proname, pronargs, oid}))
	{
		my ($name, $arguments, $result, $comment) = @$row;

		$text .= "\n### $name\n\n$comment\n\n" if $name ne $last;
		$text .= signature($name, $arguments, $result);
		$last = $name;
	}
	return $text;
}

# The columns of a table or view
sub columns
{
	my ($name) = @_;
	my $text = "| column | type | |\n|---|---|---|\n";

	foreach my $row (rows(qq{
		SELECT attname, format_type(atttypid, atttypmod), COALESCE(col_description(attrelid, attnum), '')
		FROM pg_attribute
		WHERE attrelid = 'sessionize.$name'::regclass AND attnum > 0 AND NOT attisdropped
		ORDER BY attnum}))
	{
		$text .= sprintf "| `%s` | `%s` | %s |\n", $row->[0], short($row->[1]), $row->[2];
	}
	return $text;
}

my $reference = <<'END';
# Reference

All there is, as the catalog has it: signatures and comments. `sql_tests/t/reference.pl` writes this file and compares it
with the catalog in `make check`. What the arguments mean is told in [README.md](../README.md) and
[definitions.md](definitions.md).

Everything lies in the schema `sessionize`.

## Functions
END
$reference .= functions('f');
$reference .= "\n## Aggregates\n" . functions('a');
$reference .= "\n## Window functions\n" . functions('w');
$reference .= "\n## Tables, views and types\n";
foreach my $row (rows(q{
	SELECT relname, COALESCE(obj_description(oid, 'pg_class'), obj_description(reltype, 'pg_type'), '')
	FROM pg_class
	WHERE relnamespace = 'sessionize'::regnamespace AND relkind IN ('r', 'v', 'c')
	ORDER BY relkind = 'c', relname}))
{
	$reference .= "\n### $row->[0]\n\n" . ($row->[1] ne '' ? "$row->[1]\n\n" : '') . columns($row->[0]);
}
$reference .= "\n## Settings\n\n| setting | type | default | |\n|---|---|---|---|\n";
$reference .= join '', map { sprintf "| `%s` | %s | `%s` | %s |\n", @$_ } rows(q{
	LOAD 'sessionize';
	SELECT name, vartype, boot_val || COALESCE(unit, ''), short_desc FROM pg_settings WHERE name LIKE 'sessionize.%' ORDER BY name});

if ($ENV{SESSIONIZE_UPDATE_DOCS})
{
	open(my $file, '>', $path) or die "$path: $!";
	print $file $reference;
	close($file);
}
my $written = do { local $/; open(my $file, '<', $path) or die "$path: $!"; <$file> };
is($written, $reference, 'docs/reference.md is what the catalog says');

# No function without a comment, so none that the reference does not describe
is( $node->safe_psql('postgres', q{
		SELECT count(*) FROM pg_proc
		WHERE pronamespace = 'sessionize'::regnamespace AND obj_description(oid, 'pg_proc') IS NULL}),
	'0', 'every function has a comment');

# and the manual names each of them somewhere else, too
my $manual = do { local ($/, @ARGV) = (undef, grep { $_ ne $path } glob(dirname($path) . '/*.md'), dirname($path) . '/../README.md'); join '', <> };
foreach my $name ($reference =~ /^### (\w+)$/mg)
{
	next if $name =~ /^(first_by|last_by|total_duration|ended_by|duration|duration_seconds|session|session_ts)$/;
	like($manual, qr/\b$name\b/, "the manual tells about $name");
}

$node->stop;
done_testing();
