/*
 * process.mjs: another database in a process of its own, so that its threads and memory are not ours and its
 * crash is a result like any other. The program answers each message with { ok, ... } or { error }.
 */

import { fork } from 'node:child_process';

export class Process {
	constructor(program, options) {
		this.errors = '';
		this.child = fork(program, [JSON.stringify(options)], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
		this.child.stderr.on('data', (data) => { this.errors += data; });
		this.child.on('message', (answer) => {
			const { resolve, reject } = this.waiting ?? {};

			this.waiting = undefined;
			if (answer.error)
				reject?.(new Error(answer.error));
			else
				resolve?.(answer);
		});
		this.child.on('exit', (code, signal) => {
			this.closed = true;
			this.waiting?.reject(new Error(/^\w*Error.*/m.exec(this.errors)?.[0] ?? `ended by ${signal ?? code}`));
			this.waiting = undefined;
		});
	}

	send(message) {
		if (this.closed)
			return Promise.reject(new Error('has ended'));
		return new Promise((resolve, reject) => {
			this.waiting = { resolve, reject };
			this.child.send(message);
		});
	}

	query(sql) {
		return this.send({ action: 'query', sql });
	}

	close() {
		if (!this.closed)
			this.child.kill('SIGKILL');
	}
}

/*
 * The program's side. actions: functions by name, each given the message. One message at a time.
 */
export function serve(actions) {
	process.on('disconnect', () => process.exit());
	process.on('message', async (message) => {
		try {
			process.send({ ok: true, ...await actions[message.action](message) });
		} catch (error) {
			process.send({ error: String(error.message ?? error) });
		}
	});
}

/* Runs a function; returns what it returned and the milliseconds it took. */
export async function timed(run) {
	const begin = process.hrtime.bigint();
	const result = await run();

	return { result, ms: Number(process.hrtime.bigint() - begin) / 1e6 };
}
