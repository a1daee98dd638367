# Runs the examples of README.md and docs/*.md and compares their outputs.
#
# A block "sql" is run; a block "text" right behind it is what psql printed, and
# a block "plan" lines that EXPLAIN printed one after the other, "..." standing for
# any number of others, with InitPlans' results named as since PostgreSQL 17.
# All blocks of a file run in one psql session, in order, in a database of
# their own.  A comment <!-- setup: FILE [name=value] --> runs a psql script
# of the project before the first block.
#
# SESSIONIZE_UPDATE_DOCS=1 writes what was printed into the files instead;
# read it before you commit it, and shorten plans that were not as printed.

use strict;
use warnings;
use File::Basename qw(dirname);
use Cwd qw(abs_path);
use IPC::Run qw(run);
use Test::More;
use lib dirname(abs_path(__FILE__));
use SessionizeTest;

my $top = abs_path(dirname(__FILE__) . '/../..');
my $node = start_cluster('docs');
my $number = 0;

# Run a script in psql and return all it prints, errors included.
sub psql
{
	my ($database, $script, @options) = @_;
	my $output = '';
	local $ENV{PGTZ} = 'UTC';
	local $ENV{PGDATESTYLE} = 'ISO, MDY';
	local $ENV{PGCLIENTENCODING} = 'UTF8';

	run [ 'psql', '-X', '-q', '-d', $node->connstr($database), @options ],
	  '<', \$script, '>', \$output, '2>&1';
	return $output;
}

# A file as a list of [kind, lines], where kind is "prose", "sql", "text" ...
sub blocks
{
	my ($path) = @_;
	my @blocks = (['prose', '']);

	open(my $file, '<', $path) or die "$path: $!";
	while (my $line = <$file>)
	{
		if ($blocks[-1][0] eq 'prose' && $line =~ /^```(\w*)$/)
		{
			push @blocks, [$1 || 'plain', ''];
		}
		elsif ($blocks[-1][0] ne 'prose' && $line =~ /^```$/)
		{
			push @blocks, ['prose', ''];
		}
		else
		{
			$blocks[-1][1] .= $line;
		}
	}
	close($file);
	return @blocks;
}

# A plan as PostgreSQL 17 shows it: before, an InitPlan's result was a numbered
# parameter; since 18, a WindowAgg's window is shown.
sub plan_of_17
{
	my ($plan) = @_;
	my %init_plan_of = reverse $plan =~ /InitPlan (\d+) \(returns \$(\d+)\)/g;

	$plan =~ s/(InitPlan \d+) \(returns \$\d+\)/$1/g;
	$plan =~ s/\$(\d+)/exists $init_plan_of{$1} ? "(InitPlan $init_plan_of{$1}).col1" : "\$$1"/ge;
	$plan =~ s/^ *Window: \w+ AS .*\n//mg;
	return $plan;
}

# Are the lines of $wanted among those of $plan, as deep below the first one?
sub shows
{
	my ($plan, $wanted) = @_;
	my ($first, @lines) = map { /^ *\.\.\.$/ ? '(?:.*\n)*?' : "\\1\Q$_\E\n" } split /\n/, $wanted;

	$first =~ s/^\\1/^( *)/;
	return $plan =~ join('', '(?m)', $first, @lines);
}

sub check_file
{
	my ($path) = @_;
	my $name = substr($path, length($top) + 1);
	my @blocks = blocks($path);
	my @examples = grep { $blocks[$_][0] eq 'sql' } 0 .. $#blocks;
	my $database = 'docs' . ++$number;
	my $script = '';

	$node->safe_psql('postgres', "CREATE DATABASE $database");
	$node->safe_psql($database, 'CREATE EXTENSION sessionize');
	for my $block (grep { $_->[0] eq 'prose' } @blocks)
	{
		while ($block->[1] =~ /<!-- setup: (\S+)((?: \w+=\w+)*) -->/g)
		{
			my @variables = map { ('-v', $_) } split ' ', $2;

			is(psql($database, '', '-f', "$top/$1", @variables),
				'', "$name: setup $1");
		}
	}

	$script .= "\\echo \@\@$_\n$blocks[$_][1]\n" for @examples;
	my %printed = psql($database, $script) =~ /^@@(\d+)\n(.*?)(?=^@@|\z)/msg;

	for my $example (@examples)
	{
		my $printed = $printed{$example} // '(not run)';
		my $output = $blocks[ $example + 2 ];
		my $is_next = $output && $output->[0] =~ /^(text|plan)$/ &&
		  $blocks[ $example + 1 ][1] =~ /^\s*$/;
		my ($first_line) = $blocks[$example][1] =~ /(\S.*)/;

		$printed =~ s/[ \t]+$//mg;
		$printed =~ s/\n+\z/\n/;
		if ($is_next && $output->[0] eq 'plan')
		{
			$printed = plan_of_17($printed);
			$printed = $output->[1] if shows($printed, $output->[1]);
		}
		$output->[1] = $printed
		  if $is_next && $ENV{SESSIONIZE_UPDATE_DOCS};
		is($printed, $is_next ? $output->[1] : '', "$name: $first_line");
	}

	return unless $ENV{SESSIONIZE_UPDATE_DOCS};
	open(my $file, '>', $path) or die "$path: $!";
	print $file map {
		$_->[0] eq 'prose' ? $_->[1]
		  : '```' . ($_->[0] eq 'plain' ? '' : $_->[0]) . "\n$_->[1]```\n"
	} @blocks;
	close($file);
}

check_file($_) for "$top/README.md", sort glob("$top/docs/*.md");

$node->stop;
done_testing();
