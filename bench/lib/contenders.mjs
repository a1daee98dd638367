/*
 * contenders.mjs: who takes part, and in what.
 *
 * file: its statements in contenders/. settings: of its connection. questions: if not all that its file answers.
 */

/*
 * Rows that are there to be too many for little memory.  Core's nodes say what the answer is, and are not timed: with
 * so few actors there are restart events with peers, which plain SQL does not keep together.
 */
const spilling = { contenders: ['scan_floor', 'ours_off', 'ours', 'ours_4MB'], notTimed: ['ours_off'] };

export const sets = {
	in_time_order: { text: 'in time order', load: 'data.sql' },
	in_random_order: { text: 'in random order', load: 'data_in_random_order.sql', questions: ['b'] },
	one_big_actor: { text: 'one actor has a tenth', load: 'data_one_big_actor.sql', questions: ['b'] },
	few_actors: { text: 'eight actors', load: 'data_few_actors.sql', questions: ['b'], ...spilling },
	one_actor: { text: 'one actor', load: 'data_one_actor.sql', questions: ['b'], ...spilling },
	wide_rows: {
		text: 'rows of 1 kB', load: 'data_wide_rows.sql', questions: ['b+', 'c'], share: 1 / 10, ...spilling,
	},
};

const nodesOff = { 'sessionize.enable_session_scan': 'off' };
const little = { work_mem: '4MB' };

export const contenders = [
	{ id: 'scan_floor', name: 'scan floor', engine: 'postgres', floor: true },
	{ id: 'plain_sql', name: 'plain SQL', engine: 'postgres' },
	{ id: 'plain_sql_boundaries', name: 'plain SQL, boundaries only', engine: 'postgres' },
	{ id: 'madlib', name: 'MADlib’s SQL', engine: 'postgres' },
	{ id: 'ours_off', name: 'sessionize, nodes off', engine: 'postgres', file: 'ours', settings: nodesOff, ours: true },
	{ id: 'ours', name: 'sessionize', engine: 'postgres', ours: true },
	{ id: 'ours_all_columns', name: 'sessionize, SELECT *', engine: 'postgres', ours: true, allColumns: true },
	{
		id: 'plain_sql_4MB', name: 'plain SQL, work_mem = 4MB', engine: 'postgres', file: 'plain_sql', settings: little,
		questions: ['b'], sets: ['in_time_order'],
	},
	{
		id: 'ours_4MB', name: 'sessionize, work_mem = 4MB', engine: 'postgres', file: 'ours', settings: little,
		questions: ['b', 'b+', 'c'], ours: true,
	},
	{ id: 'duckdb_windows', name: 'DuckDB, windows', engine: 'duckdb' },
	{ id: 'duckdb_boundaries', name: 'DuckDB, boundaries only', engine: 'duckdb' },
	{ id: 'clickhouse_arrays', name: 'ClickHouse, arrays', engine: 'clickhouse' },
	{ id: 'clickhouse_windows', name: 'ClickHouse, windows', engine: 'clickhouse' },
];

/* The one whose answers the others' are compared with */
export const reference = 'plain_sql';

/* Those that growth is measured for */
export const growing = ['scan_floor', 'plain_sql', 'ours_off', 'ours'];

/* What we set out to reach, as ratios of medians of one run: numerator, denominator, at most or at least */
const b = (id, set = 'in_time_order') => [set, 'b', id];
const on = (question, id) => ['in_time_order', question, id];
const fastest = (question, engine) => [on(question, `${engine}_windows`),
	on(question, engine === 'duckdb' ? 'duckdb_boundaries' : 'clickhouse_arrays')];

export const goals = [
	{
		title: 'Session Scan',
		rows: [
			['(b) against the scan floor', [b('ours')], [b('scan_floor')], { serial: '<= 4' }],
			['(b) faster than plain SQL', [b('plain_sql')], [b('ours')], { serial: '>= 6' }],
			['(b+) faster than plain SQL', [on('b+', 'plain_sql')], [on('b+', 'ours')], { serial: '>= 4' }],
			['(c) faster than plain SQL', [on('c', 'plain_sql')], [on('c', 'ours')], { serial: '>= 3' }],
			...Object.entries(sets).flatMap(([set, { text, questions = ['b'] }]) => questions.map((question) =>
				[`(${question}) with work_mem = 4MB against 1GB, ${text}`, [[set, question, 'ours_4MB']],
					[[set, question, 'ours']], { serial: '<= 1.5' }])),
		],
	},
	{
		title: 'Session Aggregate, parallel',
		rows: [
			['(a) against the scan floor', [on('a', 'ours')], [on('a', 'scan_floor')],
				{ serial: '<= 1.5', parallel: '<= 1.8' }],
			['(b) against the scan floor', [b('ours')], [b('scan_floor')], { serial: '<= 1.5', parallel: '<= 1.8' }],
			['(b) faster than plain SQL', [b('plain_sql')], [b('ours')], { serial: '>= 15', parallel: '>= 22' }],
			['(b+) against the scan floor', [on('b+', 'ours')], [on('b+', 'scan_floor')],
				{ serial: '<= 2.8', parallel: '<= 3' }],
			['(b+) faster than plain SQL', [on('b+', 'plain_sql')], [on('b+', 'ours')],
				{ serial: '>= 9', parallel: '>= 14' }],
			['(a) faster than ClickHouse’s fastest', fastest('a', 'clickhouse'), [on('a', 'ours')], { parallel: '>= 1.3' }],
			['(b) faster than ClickHouse’s fastest', fastest('b', 'clickhouse'), [on('b', 'ours')], { parallel: '>= 2.5' }],
			['(a) faster than DuckDB’s fastest', fastest('a', 'duckdb'), [on('a', 'ours')], { parallel: '>= 10' }],
			['(b) faster than DuckDB’s fastest', fastest('b', 'duckdb'), [on('b', 'ours')], { parallel: '>= 10' }],
			['(c) faster than plain SQL', [on('c', 'plain_sql')], [on('c', 'ours')], { serial: '>= 4' }],
			['(b) with work_mem = 4MB against 1GB', [b('ours_4MB')], [b('ours')], { serial: '<= 1.25', parallel: '<= 1.35' }],
			['(b) in random order against time order', [b('ours', 'in_random_order')], [b('ours')],
				{ serial: '<= 1.7', parallel: '<= 1.7' }],
		],
	},
];
