/*
 * with_dashboard.mjs - the dashboard of demo/dashboard in headless Chromium: the tiles, the marks of the charts, and the first
 * session of a day with its events are those that plain SQL gives, also after choosing a platform, a day, a session; the
 * pictures in docs/ are taken here; and "make dashboard", from its start until Ctrl-C
 *
 *   SESSIONIZE_PICTURES=folder   where they go; without it none is kept
 */
import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { done, numbers, ok, same } from './lib/checks.mjs';

const folder = fileURLToPath(new URL('../demo/dashboard/', import.meta.url));
const server = spawn(process.execPath, ['server.mjs'], {
	cwd: folder, env: { ...process.env, PGOPTIONS: '-c search_path=app', PORT: '0' }, stdio: ['ignore', 'pipe', 'inherit'],
});
process.on('exit', () => server.kill());
const address = await new Promise((resolve, reject) => {
	server.stdout.once('data', data => resolve(data.toString().trim()));
	server.once('exit', status => reject(new Error(`the server has ended: ${status}`)));
});
const browser = await chromium.launch({
	executablePath: '/usr/bin/chromium',
	args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
		'--disable-component-update', '--disable-sync'],
});
const page = await browser.newPage({ viewport: { width: 1240, height: 900 } });
const complaints = [];
page.on('pageerror', error => complaints.push(error.message));
page.on('console', message => message.type() === 'error' && complaints.push(message.text()));
page.on('request', request => request.url().startsWith(address) || request.url().startsWith('data:') || complaints.push(request.url()));

const ready = () => page.waitForSelector('body[data-ready]', { timeout: 60000 });
const tile = name => page.textContent(`[data-number="${name}"]`);
/* { first word(s) before the colon: number after it } of the marks of a chart */
const marks = async (id, pattern = /^(.*): ([\d.]+) /) => Object.fromEntries(
	(await page.$$eval(`#${id} svg [aria-label*=": "]`, elements => elements.map(element => element.getAttribute('aria-label'))))
		.map(label => pattern.exec(label)).filter(Boolean).map(([, name, number]) => [name, Number(number)]));
const plain = text => Number(text.replaceAll(',', ''));
const sorted = object => Object.fromEntries(Object.entries(object).sort());
/* A part of the page: from the top of one element to the end of another */
async function picture(name, from, to) {
	if (!process.env.SESSIONIZE_PICTURES)
		return;
	const [first, last] = await page.evaluate(paths => paths.map((path) => {
		const { top, bottom } = document.querySelector(path).getBoundingClientRect();

		return { top: top + window.scrollY, bottom: bottom + window.scrollY };
	}), [from, to]);
	const y = Math.max(0, first.top - 14);

	await page.screenshot({ path: join(process.env.SESSIONIZE_PICTURES, `${name}.png`), fullPage: true,
		clip: { x: 0, y, width: 1240, height: last.bottom + 14 - y } });
}

await page.goto(address);
await ready();
same(plain(await tile('sessions')), numbers.sessions, 'sessions');
same(plain(await tile('people')), numbers.actors, 'people');
same(plain(await tile('purchases')), numbers.purchases, 'purchases');
same(await tile('purchases_per_session'), (numbers.purchases / numbers.sessions).toFixed(2), 'purchases per session');
same(await tile('events_per_session'), (numbers.events / numbers.sessions).toFixed(2), 'events per session');
same(await tile('median_seconds'), `${Math.floor(numbers.median / 60)} min ${Math.round(numbers.median) % 60} s`, 'median duration');
same(await marks('days'), numbers.per_day, 'sessions per day');
same(await marks('returning', /^(.*): (\d+) new$/), numbers.new_per_day, 'new per day');
same(await marks('returning', /^(.*): (\d+) returning$/), numbers.returning_per_day, 'returning per day');
same(sorted(await marks('durations')), sorted(numbers.durations), 'durations');
same(Object.entries(await marks('entry_pages')), Object.entries(numbers.entry_pages), 'entry pages, in their order');
const rates = await marks('purchases');
ok(Object.entries(numbers.rate_per_day).every(([day, rate]) => Math.abs(rates[day] - rate) < 1e-9), 'purchases per session of each day',
	JSON.stringify(rates));

/* a day, and the session at the top of its list */
await page.click('#days [aria-label^="2026-03-15:"]');
await page.waitForFunction(() => {
	const [sessions, row, events] = ['#sessions .chart', '#sessions tr.chosen', '#events .chart'].map(path => document.querySelector(path));

	return sessions.dataset.day === '2026-03-15' && row && events.dataset.session === row.dataset.session;
});
same(await page.textContent('#day'), 'Sunday, 15 March 2026', 'a day can be chosen');
const best = numbers.best_of_the_15th;
const cells = await page.$$eval('#sessions tr.chosen td', elements => elements.map(element => element.textContent));
same(cells.slice(1, 3).concat(cells.slice(4, 6)).map(Number), [best.person, best.number, best.events, best.purchases],
	'the session with the most purchases of a day');
const steps = await page.$$eval('#events tbody tr', rows => rows.map(row => [...row.cells].slice(1, 4).map(cell => cell.textContent).join(' ')));
same(steps, numbers.steps, 'its events');
await page.mouse.move(0, 0);
await picture('dashboard', 'body', '#purchases');
await picture('dashboard_session', '#sessions', '#events');

/* another session of that day, by the keyboard */
const second = page.locator('#sessions tbody tr').nth(1);
const session = await second.getAttribute('data-session');
await second.press('Enter');
await page.waitForFunction(id => document.querySelector('#events .chart').dataset.session === id, session);
same(await page.locator('#events tbody tr').count(), Number(await second.locator('td').nth(4).textContent()), 'events of another session');

/* a platform */
await page.selectOption('#platform', 'ios');
await page.waitForFunction(all => document.querySelector('[data-number="sessions"]').textContent !== all,
	await page.evaluate(n => n.toLocaleString('en-US'), numbers.sessions));
await ready();
same(plain(await tile('sessions')), numbers.on_ios, 'sessions of one platform');
same(Object.values(await marks('days')).reduce((sum, n) => sum + n, 0), numbers.on_ios, 'and per day');

/* narrow, as on a telephone */
await page.setViewportSize({ width: 420, height: 800 });
ok(await page.evaluate(() => document.documentElement.scrollWidth <= 420), 'nothing is wider than a narrow window');
same(complaints, [], 'nothing went wrong on the page, and nothing was fetched from elsewhere');
server.kill();

/*
 * "make dashboard", as somebody types it who has no server: it makes its own, with the same events. Its folder for temporary
 * files is one of its own, so that what it leaves there can be seen.
 */
const left = mkdtempSync(join(process.env.SESSIONIZE_WORK, 'dashboard.'));
const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(PG(?!_CONFIG)|SESSIONIZE_(WORK|CONF|RESULTS)|M(AKE)?FLAGS|MAKELEVEL)/.test(name)));
chmodSync(left, 0o1777);
const command = spawn('make', ['--silent', '--no-print-directory', '-C', fileURLToPath(new URL('../', import.meta.url)), 'dashboard'], {
	env: { ...environment, EVENTS: String(numbers.events), TMPDIR: left }, stdio: ['ignore', 'pipe', 'inherit'], detached: true,
});
/* a signal for all of its group, as from a terminal; false when nobody is left in it */
function signal(name) {
	try {
		return process.kill(-command.pid, name);
	} catch {
		return false;
	}
}
process.on('exit', () => signal('SIGTERM'));
for (const name of ['SIGINT', 'SIGTERM'])
	process.on(name, () => process.exit(1));
const ended = new Promise(resolve => command.once('exit', resolve));
const shown = await new Promise((resolve) => {
	let text = '';

	command.stdout.on('data', (data) => {
		text += data;
		if (/^http:\S+\n/m.test(text))
			resolve(/^http:\S+/m.exec(text)[0]);
	});
	ended.then(() => resolve(null));
});
ok(shown, 'make dashboard prints an address', 'it has ended instead');
if (shown) {
	const other = await browser.newPage();

	await other.goto(shown);
	await other.waitForSelector('body[data-ready]', { timeout: 60000 });
	same(plain(await other.textContent('[data-number="sessions"]')), numbers.sessions, 'make dashboard: sessions');
	await other.close();
	signal('SIGINT');
	ok(await Promise.race([ended.then(() => true), pause(60000, false, { ref: false })]), 'it ends by Ctrl-C', 'not within a minute');
	ok(!signal(0), 'and all that belongs to it');
	ok(await fetch(shown).then(() => false, () => true), 'so nobody answers there any more');
	/* its PostgreSQL is in a group of its own, but names its folder */
	const running = readdirSync('/proc').filter(name => /^\d+$/.test(name)).map((process) => {
		try {
			return readFileSync(`/proc/${process}/cmdline`, 'utf8').replaceAll('\0', ' ');
		} catch {
			return '';
		}
	}).filter(line => line.includes(left));
	same(running, [], 'no server is left running');
	same(readdirSync(left), [], 'no file is left lying about');
}
rmSync(left, { recursive: true, force: true });
await browser.close();
done();
process.exit(0);
