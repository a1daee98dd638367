/*
 * postgres.mjs: a connection to PostgreSQL through psql, which also measures the time (\timing).
 */

import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

const mark = '-- end of answer --';

export class Postgres {
	/* settings: server settings of this connection, by name */
	constructor(settings = {}) {
		const options = Object.entries(settings)
			.map(([name, value]) => `-c ${name}=${String(value).replace(/[\\ ]/g, '\\$&')}`);

		this.errors = '';
		this.output = '';
		this.psql = spawn('psql', ['-X', '-q', '-A', '-t', '-F', '\t', '-v', 'ON_ERROR_STOP=1'], {
			env: { ...process.env, LC_ALL: 'C', PGOPTIONS: options.join(' ') },
		});
		this.psql.stdin.on('error', () => {});
		this.psql.stderr.on('data', (data) => { this.errors += data; });
		this.psql.stdout.on('data', (data) => {
			this.output += data;
			if (this.output.endsWith(`${mark}\n`))
				this.settle((resolve) => resolve(this.output.split('\n').slice(0, -2)));
		});
		this.psql.on('close', () => {
			this.closed = true;
			this.settle((_, reject) => reject(new Error(this.errors.trim() || 'psql has ended')));
		});
		this.psql.stdin.write('\\timing on\n');
	}

	settle(how) {
		const { resolve, reject } = this.waiting ?? {};

		this.waiting = undefined;
		if (resolve)
			how(resolve, reject);
	}

	/* Runs one statement. Returns its rows, each an array of texts, and the milliseconds that psql measured. */
	async query(sql) {
		if (this.closed)
			throw new Error(this.errors.trim() || 'psql has ended');
		const lines = await new Promise((resolve, reject) => {
			this.output = '';
			this.waiting = { resolve, reject };
			this.psql.stdin.write(`${sql}\n;\n\\echo '${mark}'\n`);
		});
		const isTime = (line) => line.startsWith('Time: ');

		return {
			rows: lines.filter((line) => !isTime(line)).map((line) => line.split('\t')),
			ms: Number(/^Time: ([0-9.]+) ms/.exec(lines.findLast(isTime))?.[1]),
		};
	}

	/* The first column of the first row */
	async value(sql) {
		return (await this.query(sql)).rows[0]?.[0];
	}

	/* Runs a file, with psql variables. */
	async file(path, variables = {}) {
		for (const [name, value] of Object.entries(variables))
			this.psql.stdin.write(`\\set ${name} ${value}\n`);
		await this.query(readFileSync(path, 'utf8'));
	}

	/*
	 * The process's memory that is not shared, in bytes, at its highest since forgetPeak(). The shared part is
	 * that of now: exact if all of the table's pages have been touched before.
	 */
	async peakMemory() {
		const status = readFileSync(`/proc/${await this.value('SELECT pg_backend_pid()')}/status`, 'utf8');
		const kilobytes = (field) => Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)[1]);

		return 1024 * (kilobytes('VmHWM') - kilobytes('RssShmem') - kilobytes('RssFile'));
	}

	async pid() {
		return Number(await this.value('SELECT pg_backend_pid()'));
	}

	async close() {
		if (this.closed)
			return;
		await new Promise((resolve) => {
			this.psql.on('close', resolve);
			this.psql.stdin.end();
		});
	}
}
