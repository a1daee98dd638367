/*
 * with_cube.mjs - a Cube server in front of the views, asked through its REST interface: measures, a time series in
 * another time zone, filters, joins, and the look at the database from which it generates a schema
 */
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { done, numbers, ok, same } from './lib/checks.mjs';

const folder = fileURLToPath(new URL('cube/', import.meta.url));
const require = createRequire(new URL('cube/', import.meta.url));

function freePort() {
	return new Promise(resolve => {
		const server = createServer();

		server.listen(0, '127.0.0.1', () => {
			const { port } = server.address();
			server.close(() => resolve(port));
		});
	});
}

const port = await freePort();
const environment = {
	...process.env, PORT: port, CUBEJS_DB_TYPE: 'postgres', CUBEJS_DB_HOST: process.env.PGHOST, CUBEJS_DB_PORT: process.env.PGPORT,
	CUBEJS_DB_NAME: process.env.PGDATABASE, CUBEJS_DB_USER: process.env.PGUSER, CUBEJS_DB_PASS: process.env.PGPASSWORD,
	CUBEJS_API_SECRET: 'for this test alone', CUBEJS_CACHE_AND_QUEUE_DRIVER: 'memory', CUBEJS_DEV_MODE: 'false',
	NODE_ENV: 'production', CUBEJS_SCHEDULED_REFRESH_TIMER: 'false', CUBEJS_TELEMETRY: 'false',
};
const server = spawn(process.execPath, ['server.js'], { cwd: folder, env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
let log = '';
server.stdout.on('data', data => { log += data; });
server.stderr.on('data', data => { log += data; });
process.on('exit', () => server.kill('SIGKILL'));

const jwt = require('jsonwebtoken');
const token = jwt.sign({}, environment.CUBEJS_API_SECRET, { expiresIn: '1h' });
const get = (path, parameters = {}) => fetch(`http://127.0.0.1:${port}${path}?${new URLSearchParams(parameters)}`, { headers: { authorization: token } });

async function ready() {
	for (let i = 0; i < 240; i++) {
		try {
			if ((await get('/readyz')).ok)
				return true;
		} catch {
			/* it does not listen yet */
		}
		await new Promise(resolve => setTimeout(resolve, 250));
	}
	return false;
}

/* Cube answers "Continue wait" as long as the database computes. */
async function load(query) {
	for (;;) {
		const answer = await (await get('/cubejs-api/v1/load', { query: JSON.stringify({ timezone: 'UTC', ...query }) })).json();

		if (answer.error === 'Continue wait')
			continue;
		if (answer.error)
			throw new Error(answer.error);
		return answer.data;
	}
}

if (!await ready()) {
	console.log(`the server does not become ready:\n${log.slice(-2000)}`);
	process.exit(1);
}
const meta = await (await get('/cubejs-api/v1/meta')).json();
same(meta.cubes?.map(({ name }) => name).sort(), ['Actors', 'Steps', 'Visits'], 'its model is compiled');

const [all] = await load({ measures: ['Visits.count', 'Visits.seconds', 'Visits.purchases', 'Visits.revenue', 'Visits.longOnes'] });
same(all['Visits.count'], numbers.sessions, 'sessions');
same(all['Visits.seconds'], numbers.seconds, 'seconds in sessions');
same(all['Visits.purchases'], numbers.purchases, 'purchases');
same(all['Visits.revenue'], numbers.revenue, 'revenue');
same(all['Visits.longOnes'], numbers.long, 'long sessions, by a filtered measure');
same((await load({ measures: ['Steps.count'] }))[0]['Steps.count'], numbers.events, 'events');
const [actors] = await load({ measures: ['Actors.count', 'Actors.seconds'] });
same(actors['Actors.count'], numbers.actors, 'actors');
same(actors['Actors.seconds'], numbers.seconds, 'their seconds');

const month = { dimension: 'Visits.startedAt', granularity: 'day', dateRange: ['2026-03-01', '2026-03-31'] };
const days = await load({ measures: ['Visits.count'], timeDimensions: [month] });
same(days.length, numbers.days, 'days');
same(Object.fromEntries(days.map(row => [row['Visits.startedAt.day'].slice(0, 10), Number(row['Visits.count'])])), numbers.per_day, 'sessions of each day');
same((await load({ measures: ['Visits.count'], timeDimensions: [{ dimension: 'Visits.startedAt', dateRange: ['2026-03-15', '2026-03-15'] }] }))[0]['Visits.count'],
	numbers.on_the_15th, 'sessions of one day, by a filter with parameters');
const berlin = await load({ measures: ['Visits.count'], timeDimensions: [{ ...month, dateRange: ['2026-02-28', '2026-04-01'] }], timezone: 'Europe/Berlin' });
same(berlin.reduce((sum, row) => sum + Number(row['Visits.count']), 0), numbers.sessions, 'sessions of all days in Berlin');
ok(JSON.stringify(berlin.map(row => row['Visits.count'])) !== JSON.stringify(days.map(row => row['Visits.count'])), 'which are other days');

const platforms = await load({ measures: ['Visits.count'], dimensions: ['Visits.platform'], order: { 'Visits.count': 'desc' } });
same(platforms.reduce((sum, row) => sum + Number(row['Visits.count']), 0), numbers.sessions, 'sessions by platform');
same((await load({ measures: ['Visits.count'], filters: [{ member: 'Visits.userId', operator: 'equals', values: ['42'] }] }))[0]['Visits.count'],
	numbers.of_42, 'sessions of one actor');
same((await load({ measures: ['Visits.count'], filters: [{ member: 'Visits.number', operator: 'equals', values: ['1'] }] }))[0]['Visits.count'],
	numbers.new, 'new actors');
const joined = await load({ measures: ['Visits.count'], dimensions: ['Actors.sessions'], limit: 1000 });
same(joined.reduce((sum, row) => sum + Number(row['Visits.count']), 0), numbers.sessions, 'sessions joined to their actors');

/* what its schema generator reads */
process.env.CUBEJS_DB_HOST = environment.CUBEJS_DB_HOST;
const { PostgresDriver } = require('@cubejs-backend/postgres-driver');
const driver = new PostgresDriver({ host: environment.CUBEJS_DB_HOST, port: Number(environment.CUBEJS_DB_PORT),
	database: environment.CUBEJS_DB_NAME, user: environment.CUBEJS_DB_USER, password: environment.CUBEJS_DB_PASS });
const schema = await driver.tablesSchema();
same(Object.keys(schema.app ?? {}).filter(name => name.startsWith('visit')).sort(), ['visit', 'visit_actors', 'visit_events'], 'views, for generating a schema');
same(schema.app.visit.find(({ name }) => name === 'duration_seconds')?.type, 'double precision', 'and their columns');
await driver.release();
server.kill('SIGTERM');
done();
process.exit(0);
