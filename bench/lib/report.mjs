/*
 * report.mjs: what was measured, as Markdown, JSON and charts.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { barChart, growthChart } from './chart.mjs';
import { questions } from './answers.mjs';
import { goals, growing, sets } from './contenders.mjs';

export function median(values) {
	const sorted = values.toSorted((x, y) => x - y);
	const middle = sorted.length >> 1;

	return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

function milliseconds(ms) {
	return ms < 10 ? ms.toFixed(2) : Math.round(ms).toLocaleString('en-US');
}

function ratio(x) {
	return x === undefined || !Number.isFinite(x) ? '' : x < 10 ? x.toFixed(2) : x.toFixed(1);
}

function whole(n) {
	return Number(n).toLocaleString('en-US');
}

/* A table whose first columns are texts and the others numbers */
function markdownTable(head, rows, texts = 1) {
	const rule = head.map((_, i) => (i < texts ? '---' : '---:'));

	return [head, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/* One question's table */
export function table(result) {
	const medianOf = (id) => {
		const entrant = result.entrants.find((found) => found.id === id);

		return entrant?.times.length ? median(entrant.times) : undefined;
	};
	const floor = medianOf('scan_floor');
	const plain = medianOf('plain_sql');

	return markdownTable(['contender', 'median ms', 'min', 'max', 'of the scan floor', 'faster than plain SQL'],
		result.entrants.map(({ id, name, times, problem }) => {
			const label = id === 'ours' ? `**${name}**` : name;

			if (problem)
				return [label, problem === 'wrong' ? '**wrong answer**' : '**failed**', '', '', '', ''];
			const ms = median(times);

			return [label, milliseconds(ms), milliseconds(Math.min(...times)), milliseconds(Math.max(...times)),
				id === 'scan_floor' ? '' : ratio(ms / floor),
				['scan_floor', 'plain_sql'].includes(id) ? '' : ratio(plain / ms)];
		}));
}

/* The nodes of ours in a plan */
function nodes(plan) {
	return [...new Set([...plan.matchAll(/Custom Scan \(([^)]*)\)/g)].map(([, name]) => name))];
}

function machine(facts) {
	const system = readFileSync('/etc/os-release', 'utf8').match(/^PRETTY_NAME="?([^"\n]*)/m)?.[1] ?? 'Linux';
	const { model } = cpus()[0];

	return [
		['measured', `${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC, median of ${facts.repeat}`],
		['machine', `${model.trim()}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GB`],
		['system', `${system}, Linux ${release()}`],
		['load before', facts.loadBefore.toFixed(2)
			+ (facts.loadBefore > 0.5 ? ': something else ran, do not trust the times' : '')],
		['PostgreSQL', /PostgreSQL \S+/.exec(facts.postgres)[0].slice('PostgreSQL '.length)],
		['sessionize', `${facts.sessionize}, commit ${facts.commit}`],
		...(facts.engines?.length ? [['others', `${facts.engines.join(', ')}; ${facts.workers + 1} threads`]] : []),
		['settings', facts.settings.replaceAll(' ', ', ')],
	];
}

function factsTable(facts) {
	return `| | |\n|---|---|\n${machine(facts).map(([name, value]) => `| ${name} | ${value} |`).join('\n')}`;
}

function goalTables(all) {
	const modes = [...new Set(all.map(({ mode }) => mode))];

	/* the fastest of some entrants, in one mode */
	function best(ids, mode) {
		const times = ids.map(([set, question, id]) => all
			.find((result) => result.set === set && result.question === question && result.mode === mode)
			?.entrants.find((entrant) => entrant.id === id)?.times ?? [])
			.filter((found) => found.length > 0);

		return times.length ? Math.min(...times.map(median)) : undefined;
	}

	return goals.map(({ title, rows }) => {
		const measured = rows.flatMap(([text, over, under, wanted]) => Object.entries(wanted)
			.filter(([mode]) => modes.includes(mode))
			.map(([mode, bound]) => {
				const value = best(over, mode) / best(under, mode);
				const [sign, limit] = bound.split(' ');
				const met = sign === '<=' ? value <= Number(limit) : value >= Number(limit);

				return [text, mode, bound.replace('<=', 'at most').replace('>=', 'at least'),
					ratio(value), Number.isFinite(value) ? (met ? 'yes' : 'no') : 'not measured'];
			}));

		return measured.length === 0 ? ''
			: `### ${title}\n\n${markdownTable(['ratio', 'mode', 'wanted', 'measured', 'reached'], measured, 3)}\n`;
	}).filter(Boolean).join('\n');
}

/* Writes the results of all questions to a folder. */
export async function report(folder, facts, all) {
	const charts = [];

	for (const mode of new Set(all.map((result) => result.mode)))
		if (await barChart(`${folder}/${mode}.svg`, all.filter((result) => result.mode === mode), median, milliseconds))
			charts.push(`![Times of all contenders, ${mode}](${mode}.svg)`);
	if (charts.length === 0)
		facts.notes.push('There is no chart: Vega could not be had here.');

	const parts = all.map((result) => {
		const used = nodes(result.entrants.find(({ id }) => id === 'ours')?.plan ?? '');
		const rows = result.rows ? `${whole(result.rows)} rows. ` : '';

		return `### (${result.question}) ${questions[result.question].text}: ${sets[result.set].text}, ${result.mode}

${rows}sessionize’s nodes in its plan: ${used.join(', ') || 'none'}.

${table(result)}
`;
	});

	const data = Object.entries(facts.sets).map(([set, { events, sessions, restarted, actors, megabytes }]) =>
		[sets[set].text, whole(events), whole(actors), whole(sessions), whole(restarted), whole(megabytes)]);

	const problems = all.flatMap(({ set, question, mode, entrants }) => entrants.filter(({ problem }) => problem)
		.map(({ name, problem, detail }) => `- (${question}) ${sets[set].text}, ${mode}: ${name} \
${problem === 'wrong' ? 'gave a wrong answer' : 'failed'}: ${detail}`));
	const verdict = problems.length ? `**Not all answers were right:**\n\n${problems.join('\n')}`
		: 'All contenders’ answers were compared, row by row, before any of them was timed: they are the same.';

	writeFileSync(`${folder}/results.md`, `# Benchmark

What is measured and how is told in [bench/README.md](../README.md). Written by \`make bench\`; not by hand.

${factsTable(facts)}

${verdict}

${[...facts.notes, ...charts].map((paragraph) => `${paragraph}\n\n`).join('')}## The rows

${markdownTable(['order', 'events', 'actors', 'sessions', 'with restarts', 'MB'], data)}

## What we set out to reach

${goalTables(all)}
## Times

Milliseconds of one query. “Of the scan floor” is the time in multiples of reading the table once.

${parts.join('\n')}`);
	const withoutPlans = all.map((result) => (
		{ ...result, entrants: result.entrants.map(({ plan, ...entrant }) => entrant) }));
	writeFileSync(`${folder}/results.json`, `${JSON.stringify({ facts, results: withoutPlans }, null, '\t')}\n`);

	const plans = all.flatMap(({ set, question, mode, entrants }) => entrants
		.filter(({ plan }) => plan)
		.map(({ name, plan }) => [`(${question}) ${sets[set].text}, ${mode}: ${name}`, plan.replace(/^/gm, '    ')]));
	writeFileSync(`${folder}/plans.txt`, plans.map((plan) => `${plan.join('\n\n')}\n`).join('\n'));
}

/* Writes the results of the growth measurement to a folder. */
export async function growthReport(folder, facts, all) {
	const name = (id) => all.find((point) => point.id === id)?.name;
	const ids = growing.filter(name);
	const sizes = [...new Set(all.map((point) => point.events))];
	const of = (id, events) => all.find((point) => point.id === id && point.events === events);
	const grid = (cell) => markdownTable(['events', ...ids.map(name)],
		sizes.map((events) => [whole(events), ...ids.map((id) => cell(of(id, events)))]));
	const megabyte = 2 ** 20;
	const fastestToSlowest = ({ times }) => `${milliseconds(median(times))} \
(${milliseconds(Math.min(...times))} to ${milliseconds(Math.max(...times))})`;
	const chart = await growthChart(`${folder}/growth.svg`, all.map((point) => (
		{ ...point, seconds: median(point.times) / 1000, megabytes: median(point.bytes) / megabyte })));

	writeFileSync(`${folder}/growth.md`, `# Growth

Question (b), serial, by number of events. What is measured and how is told in [bench/README.md](../README.md).
Written by \`make bench GROWTH=1\`; not by hand.

${factsTable(facts)}

${chart ? '![Time and memory by number of events](growth.svg)\n' : 'There is no chart: Vega could not be had here.\n'}
## Milliseconds

${grid(fastestToSlowest)}

## Nanoseconds per event

The same number in each row would be linear growth.

${grid(({ times, events }) => whole(Math.round(1e6 * median(times) / events)))}

## Megabytes of memory

The most that the backend used of its own, shared memory not counted.

${grid(({ bytes }) => whole(Math.round(median(bytes) / megabyte)))}
`);
	writeFileSync(`${folder}/growth.json`, `${JSON.stringify({ facts, results: all }, null, '\t')}\n`);
}

/* Writes the results for the last seven days of a year to a folder. */
export async function lastDaysReport(folder, facts, entrants) {
	const of = (id) => median(entrants.find((entrant) => entrant.id === id)?.times ?? []);
	const rows = entrants.map(({ name, times }) =>
		[name, milliseconds(median(times)), milliseconds(Math.min(...times)), milliseconds(Math.max(...times))]);

	writeFileSync(`${folder}/last_days.md`, `# The last seven days of a year

Question (b), serial, for the sessions that began in the last seven days. What is measured and how is told in
[bench/README.md](../README.md). Written by \`make bench LAST_DAYS=1\`; not by hand.

${factsTable(facts)}

${whole(facts.sets.a_year)} events of a year, ${whole(facts.sets.last_days)} of them in the last seven days and the half hour before;
${whole(facts.sessions)} sessions, the same from all.

${markdownTable(['contender', 'median ms', 'min', 'max'], rows)}

Out of the year in ${ratio(of('ours_year') / of('ours'))} times what a table of these days alone takes, with a BRIN index in
${ratio(of('ours_year_brin') / of('ours'))} times (wanted: at most 1.3)${
	of('plain_sql_year') ? `, and\n${ratio(of('plain_sql_year') / of('ours_year'))} times as fast as plain SQL over the year` : ''}.
`);
	writeFileSync(`${folder}/last_days.json`, `${JSON.stringify({ facts, results: entrants }, null, '\t')}\n`);
}
