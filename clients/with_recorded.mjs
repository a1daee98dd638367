/*
 * with_recorded.mjs - what BI tools send that cannot be had here, sent as they send it
 *
 * recorded/TOOL.sql has statements in the form that a tool gives them, each under its title; this sends them over one
 * connection per tool, by the simple or the extended protocol, and checks what comes back. The lines above a statement:
 *
 *   -- TITLE
 *   -- params: [JSON]       values of $1, ..., so the extended protocol
 *   -- times: N             as a named statement, N times
 *   -- expect: EXPRESSION   JavaScript over rows, first (the first row), sum(column), numbers, fields (the columns' names),
 *                           read() (how many rows the plan that came back has read from tables)
 *   -- error: SQLSTATE      it must fail so
 */
import { readdirSync, readFileSync } from 'node:fs';
import pg from 'pg';
import { done, numbers, ok } from './lib/checks.mjs';

/* Values as the server wrote them: what matters here is SQL, not what a driver makes of it */
const types = { getTypeParser: () => text => text };
const folder = new URL('recorded/', import.meta.url);

/* The statements of a file, in order. */
function statements(text) {
	return text.split(/\n(?=-- )(?<!\n-- .*\n(?=-- ))/).filter(part => part.startsWith('-- ')).map(part => {
		const lines = part.split('\n');
		const statement = { title: lines[0].slice(3), sql: lines.filter(line => !line.startsWith('-- ')).join('\n').trim().replace(/;$/, '') };

		for (const line of lines.slice(1)) {
			const [, key, value] = /^-- (params|times|expect|error): (.*)$/.exec(line) ?? [];
			if (key)
				statement[key] = value;
		}
		return statement;
	});
}

async function send(client, { title, sql, params, times }) {
	const query = { text: sql, types };

	if (params)
		query.values = JSON.parse(params);
	if (times)
		query.name = title.slice(0, 60);
	let answer;
	for (let i = 0; i < Number(times ?? 1); i++) {
		const next = await client.query(query);

		if (answer && JSON.stringify(next.rows) !== JSON.stringify(answer.rows))
			throw new Error(`the ${i + 1}th answer is another one`);
		answer = next;
	}
	return Array.isArray(answer) ? answer.at(-1) : answer;
}

function holds(expression, { rows, fields }) {
	const sum = column => rows.reduce((total, row) => total + Number(row[column]), 0);
	const near = (a, b) => Math.abs(Number(a) - b) <= 1e-9 * Math.abs(b);

	const readBy = node => (node['Relation Name'] ? node['Actual Rows'] * node['Actual Loops'] + (node['Rows Removed by Filter'] ?? 0) : 0)
		+ (node.Plans ?? []).reduce((total, child) => total + readBy(child), 0);
	const read = () => readBy(JSON.parse(rows[0]['QUERY PLAN'])[0].Plan);

	return new Function('rows', 'first', 'fields', 'sum', 'near', 'read', 'numbers', `return ${expression}`)(
		rows, rows[0], fields.map(({ name }) => name), sum, near, read, numbers);
}

for (const file of readdirSync(folder).filter(name => name.endsWith('.sql')).sort()) {
	const client = new pg.Client();
	const tool = file.replace('.sql', '');

	await client.connect();
	for (const statement of statements(readFileSync(new URL(file, folder), 'utf8'))) {
		const name = `${tool}: ${statement.title}`;

		try {
			const answer = await send(client, statement);

			if (statement.error)
				ok(false, name, 'no error');
			else
				ok(!statement.expect || holds(statement.expect, answer), name,
					`not ${statement.expect}, but ${JSON.stringify(answer.rows.slice(0, 3))} (${answer.rows.length} rows)`);
		} catch (error) {
			ok(statement.error === error.code, name, `${error.code ?? ''} ${error.message}`);
		}
	}
	await client.end();
}
done();
