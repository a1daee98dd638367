/*
 * with_node.mjs - node-postgres, its cursors and streams, and postgres.js: text and binary protocol, named statements,
 * what JavaScript makes of the views' types, cancels
 */
import pg from 'pg';
import Cursor from 'pg-cursor';
import QueryStream from 'pg-query-stream';
import postgres from 'postgres';
import { done, endless, numbers, ok, refused, same } from './lib/checks.mjs';

const client = new pg.Client();
await client.connect();
const value = async (text, values) => Object.values((await client.query(text, values)).rows[0])[0];

ok(!await value('SELECT rolsuper FROM pg_roles WHERE rolname = current_user'), 'connected as a role that is no superuser');

for (const binary of [false, true]) {
	const how = binary ? ', binary' : '';
	const read = async text => (await client.query({ text, binary })).rows;

	same((await read('SELECT count(*)::integer AS n FROM app.visit'))[0].n, numbers.sessions, `sessions${how}`);
	same((await read('SELECT sum(duration_seconds) AS n FROM app.visit'))[0].n, numbers.seconds, `seconds${how}`);
	same((await read('SELECT sum(revenue) AS n FROM app.visit_actors'))[0].n, numbers.revenue, `revenue${how}`);
	same((await read('SELECT user_id FROM app.visit_events')).length, numbers.events, `events${how}`);
	same((await read('SELECT user_id FROM app.visit_actors')).length, numbers.actors, `actors${how}`);
}
same(await value('SELECT sum(purchases) FROM app.visit'), numbers.purchases, 'purchases');
same(await value('SELECT count(*) FROM sessionize.session_definition'), 2, 'session_definition');
same(await value('SELECT count(*) FROM sessionize.metric_definition'), 3, 'metric_definition');
same(await value('SELECT count(*) FROM sessionize.fields WHERE session = $1', ['visit']), 39, 'fields');
same(await value('SELECT count(*) FROM sessionize.read(NULL::app.visit, inactivity => $1)', ['30 minutes']), numbers.sessions, 'read');
ok((await value('SELECT sessionize.session_sql($1, schema => $2)', ['visit', 'app'])).includes('sessionize.'), 'session_sql');

/* what the types become */
const row = (await client.query('SELECT * FROM app.visit WHERE user_id = $1 ORDER BY duration_seconds DESC LIMIT 1', [42])).rows[0];
ok(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(row.session_id), 'session_id is a text', row.session_id);
ok(row.started_at instanceof Date, 'started_at is a Date');
ok(typeof row.duration_seconds === 'number', 'duration_seconds is a number');
same(row.duration_seconds, numbers.longest_of_42, 'the longest session of an actor');
same(60 * (row.duration.minutes ?? 0) + (row.duration.seconds ?? 0), numbers.longest_of_42, 'its interval, an object');
same(row.is_open, false, 'is_open is a boolean');
same(await value('SELECT count(*) FROM app.visit_events WHERE session_id = $1', [row.session_id]), Number(row.event_count),
	'from a session to its events by its id');

/* a named statement: planned for its values first, then once and for all */
const answers = [];
for (let i = 0; i < 12; i++) {
	const { rows } = await client.query({
		name: 'sessions of a day',
		text: 'SELECT count(*)::integer AS n FROM app.visit WHERE started_at >= $1 AND started_at < $2 AND user_id <> $3',
		values: ['2026-03-15T00:00:00Z', '2026-03-16T00:00:00Z', -i],
	});
	answers.push(rows[0].n);
}
same(answers, Array(12).fill(numbers.on_the_15th), 'twelve executions of a named statement');

/* pipes of the rows */
const cursor = client.query(new Cursor('SELECT event_count::integer AS n FROM app.visit'));
let events = 0;
for (let rows; (rows = await cursor.read(300)).length;)
	events += rows.reduce((sum, { n }) => sum + n, 0);
await cursor.close();
same(events, numbers.events, 'events, through a cursor');
let sessions = 0;
for await (const _ of client.query(new QueryStream('SELECT session_id FROM app.visit', [], { batchSize: 100 })))
	sessions++;
same(sessions, numbers.sessions, 'sessions, through a stream');
const early = client.query(new Cursor('SELECT * FROM app.visit_events'));
same((await early.read(10)).length, 10, 'ten rows of a cursor');
await early.close();
same(await value('SELECT count(*) FROM app.visit'), numbers.sessions, 'which is closed, and the connection goes on');

/* time limits and cancels; nothing is left behind */
await client.query("SET statement_timeout = '300ms'");
await refused(client.query(endless), '57014', 'statement_timeout');
await client.query('RESET statement_timeout');
const other = new pg.Client();
await other.connect();
const { processID } = client;
setTimeout(() => other.query('SELECT pg_cancel_backend($1)', [processID]), 400);
await refused(client.query(endless), '57014', 'pg_cancel_backend by the same role');
same(await value('SELECT count(*) FROM app.visit'), numbers.sessions, 'and read on');
/* Superset ends a query by ending its server process */
const victim = new pg.Client();
victim.on('error', () => {});
await victim.connect();
setTimeout(() => other.query('SELECT pg_terminate_backend($1)', [victim.processID]), 400);
await refused(victim.query(endless), '57P01', 'pg_terminate_backend');

await client.query('BEGIN TRANSACTION ISOLATION LEVEL SERIALIZABLE READ ONLY DEFERRABLE');
same(await value('SELECT count(*) FROM app.visit'), numbers.sessions, 'sessions, serializable read only deferrable');
await refused(client.query("SELECT sessionize.define_metric('visit', 'more', 'count(*)', schema => 'app')"), '42501',
	"somebody else's definition stays");
await client.query('ROLLBACK');
await client.end();
await other.end();

const sql = postgres({ max: 4 });
same((await sql`SELECT count(*)::integer AS n FROM app.visit WHERE user_id = ${42}`)[0].n, numbers.of_42, 'postgres.js, a parameter');
same((await Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map(i => sql`SELECT count(*)::integer AS n FROM app.visit WHERE user_id <> ${-i}`)))
	.map(rows => rows[0].n), Array(8).fill(numbers.sessions), 'postgres.js, eight at once on four connections');
let streamed = 0;
await sql`SELECT event_count::integer AS n FROM app.visit`.cursor(250, rows => { for (const { n } of rows) streamed += n; });
same(streamed, numbers.events, 'postgres.js, a cursor');
const query = sql.unsafe(endless);
setTimeout(() => query.cancel(), 400);
await refused(query, '57014', 'postgres.js, cancel');
await sql.end();
done();
