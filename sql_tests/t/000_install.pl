# The extension installs, keeps the house rules for its SQL objects, and leaves
# nothing behind when it is dropped.

use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;

use SessionizeTest;

my $node = start_cluster('main');

# Its members, with the schema that the install script creates
my $members = q{
	SELECT d.classid, d.objid, pg_describe_object(d.classid, d.objid, 0) AS name
	FROM pg_depend d
	JOIN pg_extension e ON e.oid = d.refobjid
	WHERE d.refclassid = 'pg_extension'::regclass
		AND d.deptype = 'e' AND e.extname = 'sessionize'
};

my ($control_version) =
  slurp_file('sessionize.control') =~ /^default_version = '(.*)'$/m;
is( $node->safe_psql(
		'postgres',
		"SELECT extversion FROM pg_extension WHERE extname = 'sessionize'"),
	$control_version,
	'the version is the control file\'s');

isnt($node->safe_psql('postgres', "SELECT count(*) FROM ($members) m"),
	'0', 'the extension has members');

is( $node->safe_psql(
		'postgres', qq{
			SELECT name FROM ($members) m
			WHERE obj_description(objid, classid::regclass::name) IS NULL
				AND NOT (classid = 'pg_type'::regclass
						 AND EXISTS (SELECT FROM pg_type WHERE typarray = objid))
				AND NOT (classid = 'pg_type'::regclass
						 AND EXISTS (SELECT FROM pg_class WHERE reltype = objid AND relkind <> 'c'))
			ORDER BY 1}),
	'',
	'every member has a comment (but arrays and row types, members since 17, that nobody made)');

is( $node->safe_psql(
		'postgres', qq{
			SELECT m.name || ', column ' || attname
			FROM ($members) m
			JOIN pg_class c ON m.classid = 'pg_class'::regclass AND c.oid = m.objid
				OR m.classid = 'pg_type'::regclass AND c.reltype = m.objid AND c.relkind = 'c'
			JOIN pg_attribute a ON a.attrelid = c.oid AND attnum > 0 AND NOT attisdropped
			WHERE c.relkind NOT IN ('i', 'S') AND col_description(c.oid, attnum) IS NULL
			ORDER BY m.name, attnum}),
	'',
	'and so has every column of its tables, views and composite types');

# A body that is parsed when it is called looks names up in the caller's
# search_path unless it sets its own; SQL bodies in the standard's style
# (prosqlbody) were parsed by the install script.
is( $node->safe_psql(
		'postgres', qq{
			SELECT name
			FROM ($members) m
			JOIN pg_proc p ON m.classid = 'pg_proc'::regclass AND p.oid = m.objid
			JOIN pg_language l ON l.oid = p.prolang
			WHERE (prosecdef OR l.lanname NOT IN ('c', 'internal') AND prosqlbody IS NULL)
				AND NOT 'search_path=pg_catalog, pg_temp' = ANY (coalesce(proconfig, '{}'))
			ORDER BY 1}),
	'',
	'every function with a text for a body sets its search_path');

is( $node->safe_psql(
		'postgres', qq{
			SELECT name
			FROM ($members) m
			JOIN pg_namespace n ON m.classid = 'pg_namespace'::regclass AND n.oid = m.objid
			WHERE has_schema_privilege('public', n.oid, 'CREATE')
			ORDER BY 1}),
	'',
	'PUBLIC creates nothing in the extension\'s schema');

# Everything in a database that has a name, and how much of everything else
my $contents = q{
	SELECT 'relation', oid::regclass::text FROM pg_class WHERE relkind <> 't' AND relkind <> 'i'
	UNION ALL SELECT 'function', oid::regprocedure::text FROM pg_proc
	UNION ALL SELECT 'type', oid::regtype::text FROM pg_type
	UNION ALL SELECT 'operator', oid::regoperator::text FROM pg_operator
	UNION ALL SELECT 'schema', nspname FROM pg_namespace
	UNION ALL SELECT 'event trigger', evtname FROM pg_event_trigger
	UNION ALL SELECT 'classes', count(*)::text FROM pg_class
	UNION ALL SELECT 'casts', count(*)::text FROM pg_cast
	UNION ALL SELECT 'comments', count(*)::text FROM pg_description
	UNION ALL SELECT 'dependencies', count(*)::text FROM pg_depend
	UNION ALL SELECT 'shared dependencies', count(*)::text FROM pg_shdepend
	UNION ALL SELECT 'initial privileges', count(*)::text FROM pg_init_privs
	UNION ALL SELECT 'default privileges', count(*)::text FROM pg_default_acl
	UNION ALL SELECT 'roles', count(*)::text FROM pg_authid
	ORDER BY 1, 2
};

$node->safe_psql('postgres', 'CREATE DATABASE empty TEMPLATE template0');
my $before = $node->safe_psql('empty', $contents);
$node->safe_psql('empty', 'CREATE EXTENSION sessionize');
$node->safe_psql('empty', 'DROP EXTENSION sessionize');
is($node->safe_psql('empty', $contents),
	$before, 'DROP EXTENSION leaves nothing behind');

$node->safe_psql('empty', 'CREATE EXTENSION sessionize');
pass('and it can be created again');

$node->stop;
done_testing();
