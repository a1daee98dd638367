/*
 * bench.mjs: loads the data, puts the questions, writes the results. Runs in the throw-away cluster that
 * bench/run starts, which also says what the environment's variables mean.
 */

import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { checking, consuming, questions, statements } from './lib/answers.mjs';
import { contenders, growing, reference, sets } from './lib/contenders.mjs';
import { Postgres } from './lib/postgres.mjs';
import { Process } from './lib/process.mjs';
import { growthReport, lastDaysReport, report, table } from './lib/report.mjs';

const env = process.env;
const events = Number(env.EVENTS);
const repeat = Number(env.REPEAT);
const workers = Number(env.WORKERS);
const modes = env.MODES.split(/\s+/);
const results = env.RESULTS;
const scratch = `${env.SESSIONIZE_WORK}/bench`;
const wantedQuestions = env.QUESTIONS?.split(/\s+/) ?? Object.keys(questions);
const wantedContenders = env.CONTENDERS?.split(/\s+/) ?? contenders.map((contender) => contender.id);

const connections = new Map();	/* by contender, set and mode */
const engines = new Map();		/* DuckDB and ClickHouse, where they can be had */
const facts = { notes: [], events, repeat, workers, commit: env.BENCH_COMMIT, settings: env.BENCH_SETTINGS };
let failed = false;

function say(text) {
	process.stderr.write(`${text}\n`);
}

for (const [wanted, known, what] of [[wantedQuestions, Object.keys(questions), 'question'],
	[wantedContenders, contenders.map((contender) => contender.id), 'contender']]) {
	const unknown = wanted.find((name) => !known.includes(name));

	if (unknown !== undefined) {
		say(`bench: there is no ${what} "${unknown}", only ${known.join(' ')}`);
		process.exit(2);
	}
}

/* However this ends, no child of it goes on. */
function endChildren() {
	for (const { process: child } of engines.values())
		child.close();
	for (const connection of connections.values())
		connection.psql.kill();
}
process.on('exit', endChildren);
for (const [signal, code] of [['SIGHUP', 129], ['SIGINT', 130], ['SIGTERM', 143]])
	process.on(signal, () => process.exit(code));

const modeSettings = {
	serial: { max_parallel_workers_per_gather: 0 },
	parallel: { max_parallel_workers_per_gather: workers },
};

/* The connection of a contender in PostgreSQL; a new one if it is gone. */
function connect(contender, set, mode) {
	const key = `${contender.id} ${set} ${mode}`;

	if (!connections.has(key) || connections.get(key).closed)
		connections.set(key, new Postgres({ search_path: set, ...modeSettings[mode], ...contender.settings }));
	return connections.get(key);
}

async function closeConnections() {
	for (const connection of connections.values())
		await connection.close();
	connections.clear();
}

async function startEngines() {
	for (const [engine, name] of [['duckdb', 'DuckDB'], ['clickhouse', 'ClickHouse']]) {
		if (!contenders.some(({ id, engine: its }) => its === engine && wantedContenders.includes(id)))
			continue;
		const child = new Process(new URL(`engines/${engine}.mjs`, import.meta.url).pathname,
			{ directory: scratch, threads: workers + 1 });

		engines.set(engine, { name, process: child });
		try {
			engines.get(engine).version = (await child.send({ action: 'hello' })).version;
		} catch (error) {
			child.close();
			engines.delete(engine);
			facts.notes.push(`${name} could not be had here and did not take part: ${error.message}`);
		}
	}
}

/* Loads one set of rows into all that take part, and reads it once. */
async function load(set) {
	const connection = new Postgres({ max_parallel_workers_per_gather: 0, work_mem: '4GB' });

	say(`Loading: ${sets[set].text}`);
	await connection.file(sets[set].load, { events });
	const rows = Number(await connection.value(`SELECT count(*) FROM ${set}.events`));
	const expected = Math.floor(events * (sets[set].share ?? 1));
	if (rows !== expected)
		throw new Error(`${sets[set].load} made ${rows} rows, not ${expected}`);
	await connection.query(`SET search_path = ${set}`);
	await connection.file('definitions.sql');
	await connection.query(`SELECT public.pg_prewarm('${set}.events')`);
	const { rows: [sizes] } = await connection.query(`SELECT count(*) FILTER (WHERE begins),
			count(*) FILTER (WHERE begins OR event = 'campaign'), count(DISTINCT user_id),
			pg_table_size('events') / 1048576
		FROM (SELECT *, ts > lag(ts, 1, '-infinity') OVER (PARTITION BY user_id ORDER BY ts)
				+ interval '30 minutes' AS begins
			FROM events) AS marked`);
	facts.sets ??= {};
	facts.sets[set] = { events: rows, sessions: sizes[0], restarted: sizes[1], actors: sizes[2], megabytes: sizes[3] };

	if (engines.size > 0 && !sets[set].contenders) {
		const csv = `${scratch}/events.csv`;

		await connection.query(`\\copy (SELECT ts AT TIME ZONE 'UTC', user_id, event, page, amount FROM events) \
TO '${csv}' (FORMAT csv, NULL '\\N')`);
		for (const { process: child } of engines.values())
			await child.send({
				action: 'load', set, csv,
				byUser: set === 'in_time_order', inTimeOrder: set !== 'in_random_order',
			});
		rmSync(csv);
	}
	await connection.close();
}

/* A set that is no longer asked makes room in shared buffers. */
async function forget(set) {
	const connection = new Postgres();

	await connection.query(`SELECT sessionize.drop_session(name, schema => schema)
		FROM sessionize.session_definition WHERE schema = '${set}'`);
	await connection.query(`DROP SCHEMA ${set} CASCADE`);
	await connection.close();
}

/* The entrants of one question: contender, and how each runs a statement. */
async function entrants(set, question, mode) {
	const found = [];

	for (const contender of contenders) {
		const answers = statements(`contenders/${contender.file ?? contender.id}.sql`);
		const answer = answers[question] ?? (contender.floor && answers.a);

		if (!answer || !wantedContenders.includes(contender.id)
			|| (contender.questions && !contender.questions.includes(question))
			|| (contender.sets && !contender.sets.includes(set))
			|| (sets[set].contenders && !sets[set].contenders.includes(contender.id))
			|| (contender.engine !== 'postgres' && !engines.has(contender.engine)))
			continue;

		const entrant = { contender, answer, times: [], others: [] };
		entrant.run = (sql) => contender.engine === 'postgres'
			? connect(contender, set, mode).query(sql)
			: engines.get(contender.engine).process.query(sql);
		if (contender.allColumns) {
			const view = /\bFROM (\w+)/.exec(answer)[1];
			const { rows } = await entrant.run(`SELECT attname FROM pg_attribute
				WHERE attrelid = '${view}'::regclass AND attnum > 0`);

			entrant.others = rows.map(([name]) => name).filter((name) => !(name in questions[question].columns));
		}
		found.push(entrant);
	}
	return found;
}

/* Twenty users, from the one with fewest events to the one with most */
async function someActors(set) {
	const { rows } = await connect({ id: 'actors' }, set, 'serial').query(`SELECT max(user_id)
		FROM (SELECT user_id, ntile(20) OVER (ORDER BY count(*), user_id) AS part,
					 row_number() OVER (ORDER BY count(*) DESC, user_id) AS i
			  FROM events GROUP BY user_id) AS ranked
		WHERE part < 20 OR i = 1
		GROUP BY part`);

	return rows.map(([actor]) => actor);
}

/*
 * Puts one question to all: first the answers are compared, then each in turn is timed, so that all are timed
 * in the same minutes. An entrant gets "problem" if its answer is wrong or could not be had.
 */
async function ask(set, question, mode) {
	const taking = await entrants(set, question, mode);
	const actors = questions[question].oneActor ? await someActors(set) : [undefined];
	const isTimed = ({ contender }) => !sets[set].notTimed?.includes(contender.id);
	const isReference = ({ contender }) => contender.id === (sets[set].notTimed?.[0] ?? reference);
	const expected = new Map();
	const title = `(${question}) ${sets[set].text}, ${mode}`;

	/* Runs a statement; compares the answer with the reference's, or the first one's, to the same. */
	async function compare(entrant, what, sql) {
		try {
			const { rows, ms } = await entrant.run(sql);
			const others = what[0] === 'timed' ? entrant.others.length : 0;
			const answer = rows.map((row) => row.slice(0, row.length - others).join(' ')).join('\n');
			const key = what.filter((part) => part !== undefined).join(' ');

			if (!entrant.contender.floor && !expected.has(key))
				expected.set(key, answer);
			if (!entrant.contender.floor && answer !== expected.get(key))
				entrant.problem = 'wrong';
			entrant.detail ??= entrant.problem && `${key}: ${answer}, not ${expected.get(key)}`;
			return ms;
		} catch (error) {
			entrant.problem = 'failed';
			entrant.detail = error.message.split('\n')[0];
			return undefined;
		}
	}

	/* the floor's statement is its own; the others' is wrapped */
	const timedSql = (entrant, actor) => {
		const answer = entrant.answer.replaceAll('$actor', actor);

		return entrant.contender.floor ? answer : consuming(entrant.contender.engine, question, answer, entrant.others);
	};

	say(`${title}: comparing answers`);
	for (const entrant of taking.toSorted((x, y) => isReference(y) - isReference(x)))
		for (const actor of actors) {
			const answer = entrant.answer.replaceAll('$actor', actor);

			if (!entrant.problem && !entrant.contender.floor)
				await compare(entrant, ['rows and hashes', actor], checking(entrant.contender.engine, question, answer));
			if (!entrant.problem && isTimed(entrant))
				await compare(entrant, ['timed', actor], timedSql(entrant, actor));
		}

	for (let round = 1; round <= repeat; round++) {
		say(`${title}: round ${round} of ${repeat}`);
		for (const entrant of taking.filter(isTimed))
			for (const actor of actors) {
				const ms = entrant.problem ? undefined : await compare(entrant, ['timed', actor], timedSql(entrant, actor));

				if (ms !== undefined)
					entrant.times.push(ms);
			}
	}

	for (const entrant of taking) {
		if (entrant.contender.engine === 'postgres' && !entrant.problem) {
			const { rows } = await entrant.run(`EXPLAIN (COSTS OFF) ${timedSql(entrant, actors[0])}`);

			entrant.plan = rows.map((row) => row[0]).join('\n');
		}
		if (entrant.problem) {
			failed = true;
			entrant.times = [];
			say(`${title}: ${entrant.contender.name}: ${entrant.problem}: ${entrant.detail}`);
		}
	}

	const result = {
		set, question, mode, rows: expected.get('timed')?.split(' ')[0],
		entrants: taking.filter((entrant) => isTimed(entrant) || entrant.problem)
			.map(({ contender: { id, name, engine, ours, floor }, times, problem, detail, plan }) =>
				({ id, name, engine, ours, floor, times, problem, detail, plan })),
	};

	console.log(`\n**${title}**: ${questions[question].text}\n\n${table(result)}\n`);
	return result;
}

async function compareAll() {
	const all = [];

	await startEngines();
	for (const set of Object.keys(sets)) {
		const asked = (sets[set].questions ?? Object.keys(questions)).filter((question) => wantedQuestions.includes(question));

		if (asked.length === 0 && set !== 'in_time_order')
			continue;
		await load(set);
		for (const question of asked) {
			if (questions[question].oneActor) {
				await connect({ id: 'index' }, set, 'serial').query(`CREATE INDEX by_user ON events (user_id, ts)`);
				await connect({ id: 'index' }, set, 'serial').query(`SELECT public.pg_prewarm('by_user')`);
			}
			for (const mode of modes)
				if (!(questions[question].oneActor && mode === 'parallel' && modes.includes('serial')))
					all.push(await ask(set, question, mode));
			if (questions[question].oneActor)
				await connect({ id: 'index' }, set, 'serial').query(`DROP INDEX by_user`);
		}
		await closeConnections();
		if (set !== 'in_time_order')
			await forget(set);
	}
	facts.engines = [...engines.values()].map(({ name, version }) => `${name} ${version}`);
	facts.loadAfter = loadavg()[0];
	await report(results, facts, all);
}

/*
 * Growth: each measurement in a backend of its own that has read the table before, so that shared memory is
 * all there and what grows is its own.
 */
async function grow() {
	const all = [];

	for (const size of env.GROWTH_EVENTS.split(/\s+/).map(Number)) {
		const owner = new Postgres({ work_mem: '4GB', search_path: 'in_time_order' });

		say(`Loading ${size} events`);
		await owner.query('SELECT sessionize.drop_session(name, schema => schema) FROM sessionize.session_definition');
		await owner.query('DROP SCHEMA IF EXISTS in_time_order CASCADE');
		await owner.file('data.sql', { events: size });
		await owner.file('definitions.sql');
		await owner.query(`SELECT public.pg_prewarm('in_time_order.events')`);

		const points = growing.filter((id) => wantedContenders.includes(id))
			.map((id) => ({ contender: contenders.find((contender) => contender.id === id), times: [], bytes: [] }));
		const answers = new Set();

		for (let round = 1; round <= repeat; round++) {
			say(`${size} events: round ${round} of ${repeat}`);
			for (const { contender, times, bytes } of points) {
				const connection = connect(contender, 'in_time_order', 'serial');
				const answer = statements(`contenders/${contender.file ?? contender.id}.sql`);

				await connection.query('SELECT count(*), max(ts), max(user_id) FROM events');
				writeFileSync(`/proc/${await connection.pid()}/clear_refs`, '5');
				const { rows, ms } = await connection.query(contender.floor
					? answer.a : consuming('postgres', 'b', answer.b));
				times.push(ms);
				bytes.push(await connection.peakMemory());
				if (!contender.floor)
					answers.add(rows[0].join(' '));
				await closeConnections();
			}
		}
		if (answers.size > 1) {
			failed = true;
			throw new Error(`${size} events: the answers differ: ${[...answers].join('; ')}`);
		}
		for (const { contender: { id, name }, times, bytes } of points)
			all.push({ events: size, id, name, times, bytes });
		await owner.close();
	}
	facts.loadAfter = loadavg()[0];
	await growthReport(results, facts, all);
}

/*
 * The last seven days: of a year's partitions, and of a table with no other events. What is asked is what
 * a dashboard asks, a condition around the whole question.
 */
async function askLastDays() {
	const owner = new Postgres({ work_mem: '4GB' });
	const taking = [
		{ id: 'scan_floor', name: 'scan floor of these days alone', set: 'last_days', file: 'scan_floor' },
		{ id: 'ours', name: 'sessionize, a table of these days alone', set: 'last_days' },
		{ id: 'ours_year', name: 'sessionize, a year in monthly partitions, B-tree', set: 'a_year' },
		{ id: 'ours_year_brin', name: 'sessionize, a year in monthly partitions, BRIN', set: 'a_year_brin' },
		{ id: 'plain_sql_year', name: 'plain SQL, a year in monthly partitions', set: 'a_year', file: 'plain_sql' },
	].filter(({ file }) => wantedContenders.includes(file ?? 'ours')).map((entrant) => ({ ...entrant, times: [] }));

	say('Loading: a year');
	await owner.file('data.sql', { events, days: 365 });
	await owner.file('data_year.sql');
	const since = await owner.value("SELECT max(ts) - interval '7 days' FROM a_year.events");
	facts.sets = {};
	for (const set of ['a_year', 'a_year_brin', 'last_days']) {
		await owner.query(`SET search_path = ${set}`);
		await owner.file('definitions.sql');
		await owner.query(`SELECT public.pg_prewarm(oid) FROM pg_class
			WHERE relnamespace = '${set}'::regnamespace AND relkind IN ('r', 'i')`);
		facts.sets[set] = await owner.value(`SELECT count(*) FROM ${set}.events`);
	}
	await owner.query(`DROP SCHEMA in_time_order CASCADE`);
	await owner.close();

	const answers = new Set();
	for (let round = 0; round <= repeat; round++) {
		say(`the last seven days: ${round === 0 ? 'comparing answers' : `round ${round} of ${repeat}`}`);
		for (const entrant of taking) {
			const connection = connect({ id: entrant.id }, entrant.set, 'serial');
			const { a, b } = statements(`contenders/${entrant.file ?? 'ours'}.sql`);
			const answer = `SELECT * FROM (${b}) AS sessions WHERE started_at >= '${since}'`;
			const isFloor = entrant.id === 'scan_floor';

			if (!isFloor && round === 0) {
				const { rows: [checked] } = await connection.query(checking('postgres', 'b', answer));

				answers.add(checked.join(' '));
				[facts.sessions] = checked;
			}
			const sql = isFloor ? a : consuming('postgres', 'b', answer);
			const { rows, ms } = await connection.query(sql);
			if (!isFloor)
				answers.add(rows[0].join(' '));
			if (round > 0)
				entrant.times.push(ms);
			else
				entrant.plan = (await connection.query(`EXPLAIN (COSTS OFF) ${sql}`)).rows.map(([line]) => line).join('\n');
		}
	}
	if (answers.size !== 2) {
		failed = true;
		throw new Error(`the answers differ: ${[...answers].join('; ')}`);
	}
	facts.loadAfter = loadavg()[0];
	await lastDaysReport(results, facts, taking);
}

async function main() {
	const owner = new Postgres();

	mkdirSync(scratch, { recursive: true });
	facts.loadBefore = Number(env.BENCH_LOAD);
	if (facts.loadBefore > 0.5)
		say(`bench: something else runs here (load ${facts.loadBefore.toFixed(2)}): do not trust the times`);
	await owner.query('CREATE EXTENSION sessionize');
	await owner.query('CREATE EXTENSION pg_prewarm');
	facts.postgres = await owner.value('SELECT version()');
	facts.sessionize = await owner.value(`SELECT extversion FROM pg_extension WHERE extname = 'sessionize'`);
	await owner.close();

	await (env.GROWTH ? grow() : env.LAST_DAYS ? askLastDays() : compareAll());
	say(`bench: ${failed ? 'some answers were wrong or could not be had' : 'all answers agreed'}`);
	say(`bench: results are in ${results}`);
}

try {
	await main();
} catch (error) {
	failed = true;
	say(`bench: ${error.message}`);
}
process.exit(failed ? 1 : 0);
