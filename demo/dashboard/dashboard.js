/*
 * dashboard.js - asks the server for the answers to queries.sql, and draws them with Observable Plot
 *
 * Each mark has its number in its aria-label, for those who listen to the page, and for the test.
 */
/* global d3, Plot */
const accent = '#2f6f9f';
const second = '#d9a441';
const quiet = '#5d6b7a';
const bins = ['one instant', 'under 1 min', '1–5 min', '5–10 min', '10–20 min', '20–30 min', '30–60 min', 'an hour or more'];
const colors = { 'page view': '#9fb3c4', login: '#4f8a5b', logout: '#8a8f94', 'add to cart': '#a8741a', purchase: '#b3423a', error: '#7a3e9d' };

const count = d3.format(',');
const percent = d3.format('.0%');
const chosen = { platform: null, day: null, session: null };

/* A day of the answer, '2026-03-01', at midnight UTC, since that is how its sessions were counted */
const date = day => new Date(`${day}T00:00:00Z`);
const clock = d3.utcFormat('%H:%M:%S');
const longDay = d3.utcFormat('%A, %-d %B %Y');

function minutes(seconds) {
	const whole = Math.round(seconds);

	return whole < 60 ? `${whole} s` : whole < 3600 ? `${Math.floor(whole / 60)} min ${whole % 60} s`
		: `${Math.floor(whole / 3600)} h ${Math.floor(whole % 3600 / 60)} min`;
}

async function ask(name, ...values) {
	const response = await fetch(`${name}?${new URLSearchParams({ values: JSON.stringify(values) })}`);

	if (!response.ok)
		throw new Error(await response.text());
	return response.json();
}

function show(id, element) {
	const article = document.getElementById(id);

	element.classList.add('chart');
	article.querySelector('.chart')?.remove();
	const details = article.querySelector('details');
	details ? details.before(element) : article.append(element);
}

const x = { label: null, type: 'utc', tickFormat: '%-d %b', ticks: 8 };
/* As wide as its card is inside */
const frame = (id, height) => ({ width: document.getElementById(id).clientWidth - 36, height, marginLeft: 44, marginRight: 8, marginTop: 12 });
/* A bar of a day begins at its midnight and ends before the next */
const day = { x1: d => date(d.day), x2: d => d3.utcDay.offset(date(d.day), 1), insetLeft: 1, insetRight: 1 };

function drawDays(days) {
	const plot = Plot.plot({
		...frame('days', 190), x, y: { label: null, grid: true, ticks: 4 },
		marks: [
			Plot.rectY(days, { ...day, y: 'sessions', fill: d => d.day === chosen.day ? '#173a56' : accent,
				ariaLabel: d => `${d.day}: ${d.sessions} sessions`, title: d => `${longDay(date(d.day))}\n${count(d.sessions)} sessions` }),
			Plot.ruleY([0]),
		],
	});

	d3.select(plot).selectAll('[aria-label="rect"] rect').on('click', (event) => {
		choose(event.target.getAttribute('aria-label').slice(0, 10));
	});
	show('days', plot);
}

function drawReturning(days) {
	show('returning', Plot.plot({
		...frame('returning', 250), x, y: { label: null, grid: true, ticks: 4 }, color: { domain: ['new', 'returning'], range: [second, accent], legend: true },
		marks: [
			Plot.rectY(days.flatMap(d => ['returning', 'new'].map(kind => ({ day: d.day, kind, sessions: d[kind] }))), {
				...day, y: 'sessions', fill: 'kind', order: ['returning', 'new'],
				ariaLabel: d => `${d.day}: ${d.sessions} ${d.kind}`, title: d => `${longDay(date(d.day))}\n${count(d.sessions)} ${d.kind}` }),
			Plot.ruleY([0]),
		],
	}));
}

function drawDurations(rows) {
	const all = d3.sum(rows, d => d.sessions);

	show('durations', Plot.plot({
		...frame('durations', 280), marginLeft: 110, marginRight: 56, x: { label: null, ticks: 4, grid: true }, y: { label: null, domain: bins },
		marks: [
			Plot.barX(rows, { x: 'sessions', y: d => bins[d.bin], fill: accent, ariaLabel: d => `${bins[d.bin]}: ${d.sessions} sessions` }),
			Plot.text(rows, { x: 'sessions', y: d => bins[d.bin], text: d => percent(d.sessions / all), textAnchor: 'start', dx: 6, fill: quiet }),
			Plot.ruleX([0]),
		],
	}));
}

function drawEntryPages(rows) {
	show('entry_pages', Plot.plot({
		...frame('entry_pages', 280), marginLeft: 80, marginRight: 84, x: { label: null, ticks: 4, grid: true }, y: { label: null, domain: rows.map(d => d.page) },
		marks: [
			Plot.barX(rows, { x: 'sessions', y: 'page', fill: accent, ariaLabel: d => `${d.page}: ${d.sessions} sessions` }),
			Plot.text(rows, { x: 'sessions', y: 'page', text: d => `${percent(d.bounced)} leave`, textAnchor: 'start', dx: 6, fill: quiet }),
			Plot.ruleX([0]),
		],
	}));
}

function drawPurchases(days) {
	const mid = d => d3.utcHour.offset(date(d.day), 12);

	show('purchases', Plot.plot({
		...frame('purchases', 290), x: { ...x, domain: [date(days[0].day), d3.utcDay.offset(date(days.at(-1).day), 1)] }, y: { label: null, grid: true, zero: true, ticks: 4 },
		marks: [
			Plot.lineY(days, { x: mid, y: 'purchases_per_session', stroke: accent, strokeWidth: 2 }),
			Plot.dot(days, { x: mid, y: 'purchases_per_session', fill: accent, r: 3,
				ariaLabel: d => `${d.day}: ${d.purchases_per_session} purchases per session`,
				title: d => `${longDay(date(d.day))}\n${d.purchases_per_session.toFixed(2)} purchases per session` }),
			Plot.ruleY([0]),
		],
	}));
}

function drawTiles(row) {
	const tiles = [
		['sessions', 'sessions', count(row.sessions)],
		['people', 'people', count(row.people)],
		['median_seconds', 'median duration', minutes(row.median_seconds ?? 0)],
		['events_per_session', 'events per session', (row.events_per_session ?? 0).toFixed(2)],
		['purchases', 'purchases', count(row.purchases ?? 0)],
		['purchases_per_session', 'purchases per session', (row.purchases_per_session ?? 0).toFixed(2)],
	];

	document.getElementById('tiles').replaceChildren(...tiles.map(([name, label, text]) => {
		const tile = document.createElement('div');
		const strong = document.createElement('strong');
		const span = document.createElement('span');

		tile.className = 'tile';
		strong.dataset.number = name;
		strong.textContent = text;
		span.textContent = label;
		tile.append(strong, span);
		return tile;
	}));
}

/* columns: [heading, class, text of a row] */
function table(rows, columns) {
	const element = document.createElement('table');
	const cells = (row, name, texts) => texts.forEach(([text, kind]) => {
		const cell = document.createElement(name);

		cell.textContent = text;
		cell.className = kind;
		row.append(cell);
	});

	cells(element.createTHead().insertRow(), 'th', columns.map(([heading, kind]) => [heading, kind]));
	const body = element.createTBody();
	for (const d of rows)
		cells(body.insertRow(), 'td', columns.map(([, kind, text]) => [text(d), kind]));
	return element;
}

async function choose(chosenDay) {
	chosen.day = chosenDay;
	drawDays(chosen.days);
	document.getElementById('day').textContent = longDay(date(chosenDay));
	const rows = await ask('sessions', chosen.platform, chosenDay);

	/* somebody has chosen another day since */
	if (chosen.day !== chosenDay)
		return;
	const element = table(rows, [
		['begins', '', d => clock(new Date(d.started_at))],
		['person', 'number', d => d.person],
		['visit', 'number', d => d.number],
		['lasts', 'number', d => minutes(d.seconds)],
		['events', 'number', d => d.events],
		['purchases', 'number', d => d.purchases],
		['enters at', '', d => d.entry_page],
	]);

	d3.select(element).selectAll('tbody tr').data(rows)
		.attr('tabindex', 0)
		.attr('data-session', d => d.session_id)
		.on('click', (event, d) => drill(d))
		.on('keydown', (event, d) => event.key === 'Enter' && drill(d));
	const box = document.createElement('div');
	box.append(element);
	box.dataset.day = chosenDay;
	show('sessions', box);
	if (rows.length)
		await drill(rows[0]);
}

async function drill(session) {
	chosen.session = session.session_id;
	const events = await ask('events', session.person, session.session_id);

	if (chosen.session !== session.session_id)
		return;

	d3.selectAll('#sessions tbody tr').classed('chosen', d => d.session_id === session.session_id);
	document.getElementById('whose').textContent =
		`Person ${session.person}, visit ${session.number} on ${session.platform}: ${events.length} events in ${minutes(session.seconds)}`;
	const element = document.createElement('div');
	element.append(
		Plot.plot({
			...frame('events', 64), marginLeft: 24, marginRight: 24, marginTop: 4, x: { label: null, tickFormat: d => `${d} min`, ticks: 6 },
			color: { domain: Object.keys(colors), range: Object.values(colors), unknown: '#555' },
			marks: [
				Plot.ruleX(events, { x: d => d.second / 60, stroke: 'event', strokeWidth: 2 }),
			],
		}),
		table(events, [
			['', 'number', d => d.number],
			['at', '', d => clock(new Date(d.ts))],
			['event', '', d => d.event],
			['page', '', d => d.page],
			['amount', 'number', d => d.amount === null ? '' : d.amount.toFixed(2)],
		]));
	d3.select(element).selectAll('tbody tr').data(events)
		.select('td:nth-child(3)').style('color', d => d.event === 'page view' ? null : colors[d.event]);
	element.dataset.session = session.session_id;
	show('events', element);
}

async function draw() {
	document.body.removeAttribute('data-ready');
	const [[summary], days, durations, entryPages] = await Promise.all(
		['summary', 'days', 'durations', 'entry_pages'].map(name => ask(name, chosen.platform)));

	chosen.days = days;
	drawTiles(summary);
	drawReturning(days);
	drawDurations(durations);
	drawEntryPages(entryPages);
	drawPurchases(days);
	await choose(chosen.day ?? days.at(-1)?.day);
	document.body.dataset.ready = 'yes';
}

async function start() {
	const queries = await (await fetch('queries')).json();

	for (const [id, name] of [['days', 'days'], ['returning', 'days'], ['durations', 'durations'], ['entry_pages', 'entry_pages'],
		['purchases', 'days'], ['sessions', 'sessions'], ['events', 'events']]) {
		const details = document.createElement('details');

		details.innerHTML = '<summary>The SQL</summary><pre></pre>';
		details.querySelector('pre').textContent = queries[name];
		document.getElementById(id).append(details);
	}
	document.getElementById('platform').addEventListener('change', (event) => {
		chosen.platform = event.target.value || null;
		report(draw());
	});
	await draw();
}

/* What goes wrong is said on the page, not in the console */
function report(promise) {
	promise.catch((error) => {
		const message = document.createElement('p');

		message.setAttribute('role', 'alert');
		message.textContent = `The dashboard cannot be drawn: ${error.message}`;
		document.querySelector('header').after(message);
	});
}

report(start());
