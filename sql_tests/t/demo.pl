# demo.pl - the demo: its made-up events, its reading of logs, its questions
#
# Runs demo/show as "make demo" does, on a node of its own, and demo/run where that must refuse.

use strict;
use warnings;

use Cwd qw(abs_path);
use Encode qw(decode);
use File::Basename qw(dirname);
use IPC::Run ();
use Test::More;

use lib dirname(__FILE__);
use SessionizeTest;

my $demo = abs_path(dirname(__FILE__) . '/../../demo');
my $dir = PostgreSQL::Test::Utils::tempdir();
my $node = start_cluster('demo');
my $databases = 0;

# Runs demo/show in a new database with these variables; returns status, output, errors, database.
sub show_demo
{
	my %env = @_;
	my $db = 'demo_' . ++$databases;
	$node->safe_psql('postgres',
		"CREATE DATABASE $db TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'");
	delete local @ENV{qw(LOG EVENTS KEEP)};
	local %ENV = (%ENV, PGHOST => $node->host, PGPORT => $node->port, PGDATABASE => $db, %env);
	my ($out, $err) = ('', '');
	IPC::Run::run([ "$demo/show" ], '<', \undef, '>', \$out, '2>', \$err);
	return ($? >> 8, decode('UTF-8', $out), $err, $db);
}

# Runs demo/run with a LOG or EVENTS that it must refuse, before it builds anything.
sub refuses
{
	my ($variable, $value, $message, $name) = @_;
	delete local @ENV{qw(LOG EVENTS KEEP)};
	local $ENV{$variable} = $value;
	my ($out, $err) = ('', '');
	IPC::Run::run([ "$demo/run" ], '<', \undef, '>', \$out, '2>', \$err);
	is($? >> 8, 2, "$name: status");
	like($err, $message, "$name: message");
	is($out, '', "$name: nothing else is done");
}

sub write_file
{
	my ($name, $bytes) = @_;
	open(my $file, '>:raw', "$dir/$name") or die "$dir/$name: $!";
	print $file $bytes;
	close($file) or die "$dir/$name: $!";
	return "$dir/$name";
}

# The views that the questions leave behind hold what plain SQL says of the table.
sub visits_are_right
{
	my ($db, $table, $actor) = @_;
	my $by_hand = qq{
		SELECT $actor, row_number() OVER (PARTITION BY $actor ORDER BY min(ts)) AS session_number,
			   min(ts) AS started_at, max(ts) AS ended_at, max(ts) - min(ts) AS duration,
			   count(*) AS event_count
		FROM (SELECT $actor, ts, count(*) FILTER (WHERE pause > '30 min')
									OVER (PARTITION BY $actor ORDER BY ts) AS session
			  FROM (SELECT $actor, ts, ts - lag(ts) OVER (PARTITION BY $actor ORDER BY ts) AS pause
					FROM $table) AS pauses) AS numbered
		GROUP BY $actor, session};
	my $visits = qq{
		SELECT $actor, session_number, started_at, ended_at, duration, event_count FROM visit};
	is($node->safe_psql($db, qq{
			SELECT count(*) FROM (($visits EXCEPT ALL ($by_hand))
								  UNION ALL (($by_hand) EXCEPT ALL $visits)) AS difference}),
		'0', "the sessions of $table are those of plain SQL");
	is($node->safe_psql($db, q{SELECT count(*), sum(session_count), sum(event_count) FROM visit_actors}),
		$node->safe_psql($db, "SELECT count(DISTINCT $actor), count(*), sum(event_count) FROM visit"),
		"the actors of $table have these sessions");
	is($node->safe_psql($db, 'SELECT count(*) FROM visit_events JOIN visit USING (session_id)'),
		$node->safe_psql($db, "SELECT count(*) FROM $table"), "each event of $table is in one of them");
	is($node->safe_psql($db, 'SELECT * FROM sessionize.check_definitions()'),
		'', "the definition over $table is in order");
	return;
}

# The visits of a table in plain SQL, numbered over all actors.
my $plain_visits = q{
	WITH numbered AS MATERIALIZED (
		SELECT *, count(*) FILTER (WHERE pause > '30 min' OR pause IS NULL) OVER (ORDER BY user_id, ts) AS visit
		FROM (SELECT *, ts - lag(ts) OVER (PARTITION BY user_id ORDER BY ts) AS pause FROM events) AS pauses
	), visits AS MATERIALIZED (
		SELECT user_id, visit, max(ts) - min(ts) AS duration, count(DISTINCT page) AS pages,
			   count(*) FILTER (WHERE event = 'login') AS logins,
			   count(*) FILTER (WHERE event = 'purchase') AS purchases,
			   count(*) FILTER (WHERE event = 'begin registration') AS registrations,
			   count(*) FILTER (WHERE event = 'error') AS errors
		FROM numbered GROUP BY user_id, visit
	)};

# Answers to the three questions, in plain SQL and from the metrics: the same for every actor.
sub questions_are_right
{
	my ($db) = @_;
	is($node->safe_psql($db, qq{$plain_visits
			SELECT user_id, purchases
			FROM (SELECT *, row_number() OVER (PARTITION BY user_id ORDER BY visit) AS nth
				  FROM visits WHERE logins > 0) AS with_login
			WHERE nth = 1 ORDER BY user_id}),
		$node->safe_psql($db, q{
			SELECT user_id, login_purchases FROM visit_actors
			WHERE login_purchases IS NOT NULL ORDER BY user_id}),
		'purchases in the first session with a login');
	is($node->safe_psql($db, qq{$plain_visits
			SELECT pages, count(*) FROM visits WHERE duration > '1 hour' GROUP BY pages ORDER BY pages}),
		$node->safe_psql($db, q{
			SELECT long_pages, count(*) FROM visit
			WHERE long_pages IS NOT NULL GROUP BY long_pages ORDER BY long_pages}),
		'pages of sessions longer than an hour');
	is($node->safe_psql($db, qq{$plain_visits
			SELECT user_id, errors
			FROM (SELECT *, row_number() OVER (PARTITION BY user_id ORDER BY visit) AS nth
				  FROM visits WHERE registrations > 0) AS with_registration
			WHERE nth = 2 ORDER BY user_id}),
		$node->safe_psql($db, q{
			SELECT user_id, second_try_errors FROM visit_actors
			WHERE second_try_errors IS NOT NULL ORDER BY user_id}),
		'errors in the second session with a registration');
	return;
}

my $checksum = q{
	SELECT count(*), md5(string_agg(concat_ws('|', event_id, extract(epoch FROM ts)::bigint, user_id,
		platform, event, page, coalesce(amount::text, '-')), E'\n' ORDER BY event_id)) FROM events};

# The made-up events: the same on all servers and versions.

foreach my $expected (
	[ 1, 'bd36ddd338945ccaa44ae0966a989328' ],
	[ 1000, '1a4747a9705de6c723c06c823e6c3452' ],
	[ 200000, '8824c829417463a4aa2e196c21a9b2a2' ])
{
	my ($events, $md5) = @$expected;
	my ($status, $out, $err, $db) = show_demo(EVENTS => $events);

	is($status, 0, "$events events: status");
	is($err, '', "$events events: no error");
	is($node->safe_psql($db, $checksum), "$events|$md5", "$events events: count and checksum");
	is($node->safe_psql($db, q{
			SELECT count(*) FROM (SELECT ts < lag(ts) OVER (ORDER BY event_id) AS is_back FROM events) AS e
			WHERE is_back}),
		'0', "$events events: in time order");
	like($out, qr/^$_\. /m, "$events events: question $_") foreach 1 .. 6;
	unlike($out, qr/.{101}/, "$events events: no line is longer than 100 columns");
	visits_are_right($db, 'events', 'user_id');
	questions_are_right($db);
	next if $events < 200000;
	like($out, qr/^ *200,000 . *4,316 . *32,196 . *5,751 /m, 'made-up events: users and sessions');
	like($out, qr/^ *0 . *1,833$/m, 'made-up events: purchases at the first login');
	like($out, qr/^ *603 . *4 . *11\.1 . *23$/m, 'made-up events: pages of long sessions');
	like($out, qr/^ *504 . *282 . *0\.56$/m, 'made-up events: errors at the second registration');
}

# A real log, also with all the parallelism that there can be.

SKIP:
{
	my $log = shared_path('data/elastic_apache_logs.log.gz');
	skip 'no shared data here', 34 unless defined $log;

	foreach my $options (
		'',
		'-c parallel_setup_cost=0 -c parallel_tuple_cost=0 -c min_parallel_table_scan_size=0')
	{
		my ($status, $out, $err, $db) = show_demo(LOG => $log, PGOPTIONS => $options);
		is($status, 0, 'real log: status');
		is($err, '', 'real log: no error');
		like($out, qr/^ *10,000 . *9,999 . *1$/m, 'real log: lines read');
		like($out, qr/^ *8899 /m, 'real log: the line that cannot be read');
		like($out, qr/^ *9,999 . *1,753 . *3,052 . *1,607 /m, 'real log: addresses and sessions');
		unlike($out, qr/.{101}/, 'real log: no line is longer than 100 columns');
		like($out, qr/^$_\. /m, "real log: question $_") foreach 1 .. 6;
		visits_are_right($db, 'requests', 'client');
		is($node->safe_psql($db, q{SELECT sum(first_failures) FROM visit_actors}),
			$node->safe_psql($db, q{
				SELECT count(*) FROM visit_events WHERE session_number = 1 AND status >= 400}),
			'real log: failures in first sessions');
	}
}

# A log of nasty lines: all are kept byte for byte, and those in the right format are read.

my $start = '10.0.0.1 - frank [17/May/2015:10:05:03 +0000]';
my @nasty = (
	# line, path or undef if it cannot be read
	[ "$start \"GET /plain HTTP/1.1\" 200 5 \"-\" \"agent\"", '/plain' ],
	[ 'hello' ],
	[ '' ],
	[ '\\.' ],
	[ '\\N' ],
	[ "\\" ],
	[ "$start \"GET /back\\\\slash HTTP/1.1\" 200 - \"-\" \"C:\\\\\"", '/back\\x5cslash' ],
	[ "$start \"GET /quo\\\"te HTTP/1.1\" 200 5 \"-\" \"said \\\"hi\\\"\"", '/quo\\x22te' ],
	[ "$start \"GET /unshielded\"quote HTTP/1.1\" 200 5 \"-\" \"agent\"" ],
	[ "$start \"GET /caf\xe9 HTTP/1.1\" 200 5 \"-\" \"latin1\"", "/caf\xc3\xa9" ],
	[ "$start \"GET /caf\xc3\xa9 HTTP/1.1\" 200 5 \"-\" \"utf8\"", "/caf\xc3\xa9" ],
	[ "\xff\xfe\x80" ],
	[ "$start \"GET /t\tab HTTP/1.1\" 200 5 \"-\" \"a\rb\"", "/t\tab" ],
	[ "$start \"-\" 408 - \"-\" \"-\"", '' ],
	[ "10.0.0.1 - a man [17/May/2015:10:05:03 +0000] \"GET /man HTTP/1.1\" 200 5 \"-\" \"a\"", '/man' ],
	[ "10.0.0.1 - - [31/Feb/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 200 5 \"-\" \"a\"" ],
	[ "10.0.0.1 - - [17/Foo/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 200 5 \"-\" \"a\"" ],
	[ "10.0.0.1 - - [17/May/2015:10:75:03 +0000] \"GET / HTTP/1.1\" 200 5 \"-\" \"a\"" ],
	[ "10.0.0.1 - - [17/May/2015:10:05:03 +9900] \"GET / HTTP/1.1\" 200 5 \"-\" \"a\"" ],
	[ "$start \"GET /many HTTP/1.1\" 200 99999999999999999999 \"-\" \"a\"" ],
	[ "$start \"GET /n\x1aul HTTP/1.1\" 200 5 \"-\" \"a\"", "/n\x1aul" ],
	[ 'x' x 100_000 ],
	[ "::1 - - [17/May/2015:10:05:03 -0730] \"GET /last HTTP/1.1\" 200 5 \"-\" \"a\"", '/last' ]);
my $log = join("\n", map { $_->[0] } @nasty);
$log =~ s/\n/\r\n/;					# one line ends as on Windows
$log =~ s{/n\x1aul}{/n\x00ul};		# and what no text can hold

{
	my ($status, $out, $err, $db) = show_demo(LOG => write_file(q{a "nasty" log's.log}, $log));
	is($status, 0, 'nasty log: status');
	is($err, '', 'nasty log: no error');
	is($node->safe_psql($db, q{
			SELECT string_agg(encode(convert_to(line, 'LATIN1'), 'hex'), '|' ORDER BY line_number)
			FROM lines}),
		join('|', map { unpack('H*', $_->[0]) } @nasty),
		'nasty log: no line is lost or changed');
	is($node->safe_psql($db, q{
			SELECT string_agg(line_number || ':' || encode(convert_to(path, 'UTF8'), 'hex'), '|'
							  ORDER BY line_number)
			FROM requests}),
		join('|', map { ($_ + 1) . ':' . unpack('H*', $nasty[$_]->[1]) }
			grep { defined $nasty[$_]->[1] } 0 .. $#nasty),
		'nasty log: what can be read is');
	is($node->safe_psql($db, 'SELECT string_agg(line_number::text, $$|$$ ORDER BY line_number) FROM unreadable'),
		join('|', map { $_ + 1 } grep { !defined $nasty[$_]->[1] } 0 .. $#nasty),
		'nasty log: and the rest is said not to be');
	is($node->safe_psql($db, q{SELECT ts FROM requests WHERE path = '/last'}),
		$node->safe_psql($db, q{SELECT timestamptz '2015-05-17 17:35:03+00'}),
		'nasty log: the zone counts');
	visits_are_right($db, 'requests', 'client');
}

{
	my ($status, $out, $err) = show_demo(LOG => write_file('not a log', "one\ntwo\n"));
	is($status, 1, 'no readable line: status');
	like($err, qr/^demo: no line of ".*not a log" is in combined log format$/, 'no readable line: message');
	like($out, qr/^ *2 . *0 . *2$/m, 'no readable line: lines are counted');
	like($out, qr/^ *1 . one *$/m, 'no readable line: and shown');
}

# What is refused.

refuses('LOG', "$dir/missing", qr/^demo: there is no file ".*missing"$/, 'missing log');
refuses('LOG', $dir, qr/is not a file$/, 'directory as log');
refuses('LOG', write_file('empty', ''), qr/is empty$/, 'empty log');
refuses('LOG', write_file('broken.gz', "\x1f\x8b\x08\x00abc"), qr/cannot be decompressed$/, 'broken log');
refuses('EVENTS', $_, qr/EVENTS must be a whole number/, "EVENTS=$_") foreach ('0', '-1', 'many', '1; DROP');

$node->stop;
done_testing();
