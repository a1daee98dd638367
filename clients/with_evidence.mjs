/*
 * with_evidence.mjs - Evidence's connector: what a source of an Evidence site reads. (The site's build fetches a part of
 * DuckDB at run time and cannot be tried here.)
 *
 * It counts each query's rows first, WITH root AS (...), and reads them through a cursor then.
 */
import connector from '@evidence-dev/postgres';
import { done, numbers, ok, same } from './lib/checks.mjs';

const options = {
	host: process.env.PGHOST, port: Number(process.env.PGPORT), database: process.env.PGDATABASE,
	user: process.env.PGUSER, password: process.env.PGPASSWORD, schema: 'app',
};
const run = await connector.getRunner(options);

async function read(sql) {
	const { rows, columnTypes, expectedRowCount } = await run(sql, 'source.sql', 1000);
	const all = [];

	for await (const batch of rows())
		all.push(...batch);
	return { rows: all, types: Object.fromEntries(columnTypes.map(({ name, evidenceType }) => [name, evidenceType])), expectedRowCount };
}

same(await connector.testConnection(options), true, 'connected');
const visits = await read('SELECT * FROM visit');
const sum = column => visits.rows.reduce((total, row) => total + (row[column] ?? 0), 0);

same(visits.rows.length, numbers.sessions, 'sessions');
same(visits.expectedRowCount, numbers.sessions, 'and their number, known before');
same(sum('duration_seconds'), numbers.seconds, 'seconds in sessions');
same(sum('purchases'), numbers.purchases, 'purchases');
same(sum('revenue'), numbers.revenue, 'revenue');
same(sum('event_count'), numbers.events, 'events of sessions');
same([visits.types.duration_seconds, visits.types.started_at, visits.types.started_by, visits.types.is_open],
	['number', 'date', 'string', 'boolean'], 'types');
same((await read('SELECT user_id FROM visit_events')).rows.length, numbers.events, 'events');
same((await read('SELECT user_id FROM visit_actors')).rows.length, numbers.actors, 'actors');
const days = await read('SELECT started_at::date AS day, count(*) AS sessions FROM visit GROUP BY 1 ORDER BY 1;');
same(days.rows[14].sessions, numbers.on_the_15th, 'sessions of a day');
same((await read('SELECT * FROM sessionize.session_definition')).rows.length, 2, 'session_definition');
same((await read("SELECT * FROM sessionize.read(NULL::visit, inactivity => '30 minutes')")).rows.length, numbers.sessions, 'read');
ok(typeof visits.rows[0].duration === 'object', 'an interval is an object: duration_seconds is what can be shown');
done();
