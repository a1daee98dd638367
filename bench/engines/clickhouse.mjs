/*
 * clickhouse.mjs: ClickHouse in this process (chdb), over a folder of its own. Values come back as text.
 */

import { Session } from 'chdb';
import { serve, timed } from '../lib/process.mjs';

const { directory, threads } = JSON.parse(process.argv[2]);
const session = new Session(`${directory}/clickhouse`);

function rows(sql) {
	return session.query(sql, 'TSV').split('\n').slice(0, -1).map((line) => line.split('\t'));
}

session.query(`SET max_threads = ${threads}`);
/* no reading of lengths instead of texts: the timed statements ask for lengths where an answer is a text */
session.query('SET optimize_functions_to_subcolumns = 0');

serve({
	hello() {
		return { version: rows('SELECT version()')[0][0] };
	},

	load({ set, csv, byUser, inTimeOrder }) {
		const table = (name, order) => `CREATE TABLE ${set}.${name} (ts DateTime64(6, 'UTC'), user_id Int64,
			event LowCardinality(String), page LowCardinality(String), amount Nullable(Decimal(10, 2)))
			ENGINE = MergeTree ORDER BY ${order}`;

		session.query(`CREATE DATABASE ${set}`);
		session.query(`USE ${set}`);
		session.query(table('events', inTimeOrder ? 'ts' : 'tuple()'));
		session.query(`INSERT INTO events SELECT * FROM file('${csv}', 'CSV', 'ts DateTime64(6, \\'UTC\\'),
			user_id Int64, event String, page String, amount Nullable(Decimal(10, 2))')`);
		session.query('OPTIMIZE TABLE events FINAL');
		if (byUser) {
			session.query(table('events_by_user', '(user_id, ts)'));
			session.query('INSERT INTO events_by_user SELECT * FROM events');
			session.query('OPTIMIZE TABLE events_by_user FINAL');
		}
	},

	async query({ sql }) {
		const { result, ms } = await timed(() => session.query(sql, 'TSV'));

		return { rows: result.split('\n').slice(0, -1).map((line) => line.split('\t')), ms };
	},
});
