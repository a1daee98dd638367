/*
 * duckdb.mjs: DuckDB over a database file of its own. Values come back as text.
 */

import { DuckDBInstance } from '@duckdb/node-api';
import { serve, timed } from '../lib/process.mjs';

const { directory, threads } = JSON.parse(process.argv[2]);
const instance = await DuckDBInstance.create(`${directory}/duckdb`, { threads: String(threads) });
const connection = await instance.connect();

async function rows(sql) {
	return (await connection.runAndReadAll(sql)).getRows().map((row) => row.map(String));
}

serve({
	async hello() {
		return { version: (await rows('SELECT version()'))[0][0].replace(/^v/, '') };
	},

	async load({ set, csv, byUser }) {
		await connection.run(`CREATE SCHEMA ${set}`);
		await connection.run(`USE ${set}`);
		await connection.run(`CREATE TABLE events (ts TIMESTAMP NOT NULL, user_id BIGINT NOT NULL,
			event VARCHAR NOT NULL, page VARCHAR NOT NULL, amount DECIMAL(10,2))`);
		await connection.run(`COPY events FROM '${csv}' (FORMAT csv, HEADER false, NULLSTR '\\N')`);
		if (byUser)
			await connection.run('CREATE TABLE events_by_user AS FROM events ORDER BY user_id, ts');
		await connection.run('CHECKPOINT');
	},

	async query({ sql }) {
		const { result, ms } = await timed(() => connection.runAndReadAll(sql));

		return { rows: result.getRows().map((row) => row.map(String)), ms };
	},
});
