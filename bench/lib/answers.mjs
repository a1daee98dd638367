/*
 * answers.mjs: the questions, and how the answer to one is consumed and checked, in three dialects.
 *
 * A contender's file holds only statements that give answers. To be timed, such a statement becomes the
 * subquery of one aggregate that needs every column of it and returns one row: nothing is sent to a client,
 * nothing can be left out. To be checked, it becomes the subquery of a sum of hashes over whole rows.
 */

import { readFileSync } from 'node:fs';

/*
 * Kinds of columns: key (a whole number, of which the largest is taken), count (summed), time, span (a
 * duration), text (its bytes are counted), money (summed, an absent sum being 0), day.
 */
const session = { user_id: 'key', started_at: 'time', ended_at: 'time', event_count: 'count' };
const metrics = { purchases: 'count', revenue: 'money' };

export const questions = {
	a: { text: 'Sessions per actor: start, end, events', columns: session },
	b: {
		text: 'With a restart event, a filtered count and a sum',
		columns: { ...session, ...metrics },
	},
	'b+': {
		text: 'As (b), with distinct pages, first and last page',
		columns: { ...session, ...metrics, pages: 'count', first_page: 'text', last_page: 'text' },
	},
	c: {
		text: 'Every event with its session number',
		columns: { user_id: 'key', ts: 'time', event: 'text', page: 'text', session_number: 'key' },
	},
	d: {
		text: 'Per actor: sessions, time in session',
		columns: { user_id: 'key', session_count: 'count', time_in_session: 'span' },
	},
	f: { text: 'Sessions per day and minutes of duration', columns: { day: 'day', minutes: 'key', sessions: 'count' } },
	e: { text: 'Sessions of one actor, by an index on (actor, time)', columns: session, oneActor: true },
};

/* value(kind, expression): as a whole number or a text that is the same in all dialects */
const dialects = {
	postgres: {
		value(kind, x) {
			switch (kind) {
				case 'time': case 'span': return `(extract(epoch FROM ${x}) * 1000000)::bigint`;
				case 'money': return `(coalesce(${x}, 0) * 100)::bigint`;
				default: return x;
			}
		},
		bytes: 'octet_length',
		hash: (values) => `('x' || left(md5(concat_ws('|', ${values})), 15))::bit(60)::bigint`,
	},
	duckdb: {
		value(kind, x) {
			switch (kind) {
				case 'time': return `epoch_us(${x})`;
				case 'money': return `(coalesce(${x}, 0) * 100)::BIGINT`;
				default: return x;
			}
		},
		bytes: 'strlen',
		hash: (values) => `('0x' || left(md5(concat_ws('|', ${values})), 15))::BIGINT`,
	},
	clickhouse: {
		value(kind, x) {
			return kind === 'money' ? `toInt64(ifNull(${x}, 0) * 100)` : x;
		},
		bytes: 'length',
		hash: (values) => `toInt128(bitShiftRight(reinterpretAsUInt64(reverse(substring(
			MD5(concatWithSeparator('|', ${values})), 1, 8))), 4))`,
	},
};

function aggregate(dialect, kind, column) {
	switch (kind) {
		case 'count': return `sum(${column})`;
		case 'text': return `sum(${dialect.bytes}(${column}))`;
		case 'money': return dialect.value(kind, `sum(${column})`);
		default: return dialect.value(kind, `max(${column})`);
	}
}

/* The statement to be timed. others: further columns of the answer, to be computed as well. */
export function consuming(engine, question, answer, others = []) {
	const aggregates = Object.entries(questions[question].columns)
		.map(([column, kind]) => aggregate(dialects[engine], kind, column))
		.concat(others.map((column) => `count("${column}")`));

	return `SELECT count(*), ${aggregates.join(', ')}\nFROM (${answer}) AS answer`;
}

/* The statement to be compared: the number of rows and the sum of their hashes. */
export function checking(engine, question, answer) {
	const values = Object.entries(questions[question].columns)
		.map(([column, kind]) => dialects[engine].value(kind, column));

	return `SELECT count(*), sum(${dialects[engine].hash(values.join(', '))})\nFROM (${answer}) AS answer`;
}

/* The statements of a contender's file, by question */
export function statements(path) {
	const parts = readFileSync(path, 'utf8').split(/^-- question (\S+)$/m);
	const found = {};

	for (let i = 1; i < parts.length; i += 2)
		found[parts[i]] = parts[i + 1].trim();
	return found;
}
