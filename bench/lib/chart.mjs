/*
 * chart.mjs: SVG by Vega-Lite, which needs no browser. Without it (npm could not install it) there is no chart.
 */

import { writeFileSync } from 'node:fs';
import { questions } from './answers.mjs';
import { sets } from './contenders.mjs';

const colours = { ours: '#d1495b', oursOther: '#e8a1a9', floor: '#9a9a9a', postgres: '#4a6d8c', other: '#c9a227' };
const config = {
	font: 'system-ui, sans-serif', background: 'white', view: { stroke: null },
	axis: { labelFontSize: 11, titleFontSize: 11, gridColor: '#eeeeee', domain: false, ticks: false, labelLimit: 240 },
	title: { anchor: 'start', fontSize: 12, subtitleFontSize: 11, subtitleColor: '#555555' },
};

async function write(path, spec) {
	let vega, vegaLite;

	try {
		vega = await import('vega');
		vegaLite = await import('vega-lite');
	} catch {
		return false;
	}
	const view = new vega.View(vega.parse(vegaLite.compile({ config, ...spec }).spec), { renderer: 'none' });

	writeFileSync(path, `${await view.toSVG()}\n`);
	view.finalize();
	return true;
}

/* Bars per question and set of rows, whose whiskers reach from the fastest to the slowest run. */
export function barChart(path, results, median, text) {
	const y = { field: 'name', type: 'nominal', sort: null, title: null };
	const panel = ({ set, question, entrants }) => ({
		title: { text: `(${question}) ${questions[question].text}`, subtitle: sets[set].text },
		data: {
			values: entrants.map(({ name, id, engine, ours, floor, times, problem }) => ({
				name,
				ms: problem ? 0 : median(times),
				min: problem ? 0 : Math.min(...times),
				max: problem ? 0 : Math.max(...times),
				text: problem ? (problem === 'wrong' ? 'wrong answer' : 'failed') : `${text(median(times))} ms`,
				kind: floor ? 'floor' : id === 'ours' ? 'ours' : ours ? 'oursOther' : engine === 'postgres' ? 'postgres' : 'other',
			})),
		},
		width: 320,
		height: { step: 20 },
		layer: [
			{
				mark: { type: 'bar', height: 13 },
				encoding: {
					y,
					x: { field: 'ms', type: 'quantitative', title: 'milliseconds', axis: { tickCount: 5 } },
					color: { field: 'kind', type: 'nominal', legend: null,
						scale: { domain: Object.keys(colours), range: Object.values(colours) } },
				},
			},
			{
				mark: { type: 'rule', color: '#222222' },
				encoding: { y, x: { field: 'min', type: 'quantitative' }, x2: { field: 'max' } },
			},
			{
				mark: { type: 'text', align: 'left', dx: 5, fontSize: 10, color: '#222222' },
				encoding: { y, x: { field: 'max', type: 'quantitative' }, text: { field: 'text' } },
			},
		],
	});

	return write(path, { concat: results.map(panel), columns: 2, spacing: { row: 24, column: 48 } });
}

/* Time and memory by number of events */
export function growthChart(path, points) {
	const lines = [['scan_floor', colours.floor], ['plain_sql', colours.postgres], ['ours_off', colours.oursOther],
		['ours', colours.ours]]
		.map(([id, colour]) => [points.find((point) => point.id === id)?.name, colour])
		.filter(([name]) => name);
	const chart = (field, title) => ({
		width: 330,
		height: 240,
		mark: { type: 'line', point: true },
		encoding: {
			x: { field: 'events', type: 'quantitative', title: 'events', axis: { format: '~s', tickCount: 6 } },
			y: { field, type: 'quantitative', title },
			color: { field: 'name', type: 'nominal', title: null, legend: { orient: 'right', labelLimit: 240 },
				scale: { domain: lines.map(([name]) => name), range: lines.map(([, colour]) => colour) } },
		},
	});

	return write(path, {
		data: { values: points },
		hconcat: [chart('seconds', 'seconds'), chart('megabytes', 'MB of memory')],
	});
}
