/*
 * checks.mjs - what the clients in JavaScript share: the numbers to be read, and checks that print as
 * clients/run reads them
 */
import { readFileSync } from 'node:fs';

export const numbers = JSON.parse(readFileSync(process.env.NUMBERS, 'utf8'));

let checks = 0;

/* One check, one line; a check that failed says why. */
export function ok(good, name, detail = '') {
	checks++;
	console.log(good ? `ok - ${name}` : `not ok - ${name}: ${detail}`);
}

/* JSON has no large integers. */
const show = value => JSON.stringify(value, (key, part) => typeof part === 'bigint' ? `${part}` : part);

/* Numbers are the same when they differ by rounding only; drivers may give them as text. */
export function same(got, wanted, name) {
	const good = typeof wanted === 'number'
		? got !== null && got !== '' && Math.abs(Number(got) - wanted) <= 1e-9 * Math.abs(wanted)
		: show(got) === show(wanted);
	ok(good, name, `got ${show(got)}, not ${show(wanted)}`);
}

/* The promise has to be rejected with this SQLSTATE. */
export async function refused(promise, sqlstate, name) {
	try {
		await promise;
		ok(false, name, 'no error');
	} catch (error) {
		ok(error.code === sqlstate, name, `${error.code}: ${error.message}`);
	}
}

/* A client that does not come to its end has failed, whatever it printed. */
export function done() {
	console.log(`1..${checks}`);
}

/* A query that runs until it is cancelled, in the code that computes sessions. */
export const endless = `SELECT sum(c) FROM generate_series(1, 1000000) AS g,
	LATERAL (SELECT count(*) AS c FROM app.visit WHERE event_count > g % 7 AND user_id <> g) AS v`;
