/*
 * server.mjs - the dashboard's server: the page, its libraries, and the answers to queries.sql as JSON
 *
 * Reads only, through node-postgres; the server is named by the PG* variables. Listens on this machine alone, at PORT or
 * wherever is room, and prints its address.
 */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import pg from 'pg';

const here = new URL('./', import.meta.url);
const require = createRequire(import.meta.url);
const pool = new pg.Pool({ max: 4, options: `${process.env.PGOPTIONS ?? ''} -c default_transaction_read_only=on -c timezone=UTC` });

/* "-- name" and the statement below it, up to the semicolon */
const queries = Object.fromEntries(
	[...readFileSync(new URL('queries.sql', here), 'utf8').matchAll(/^-- (\w+)\n([^;]*);/gm)].map(([, name, sql]) => [name, sql]));

const library = (name, file) => join(dirname(require.resolve(name)), file);
const files = {
	'/': [new URL('index.html', here), 'text/html; charset=utf-8'],
	'/dashboard.js': [new URL('dashboard.js', here), 'text/javascript'],
	'/dashboard.css': [new URL('dashboard.css', here), 'text/css'],
	'/d3.js': [library('d3', '../dist/d3.min.js'), 'text/javascript'],
	'/plot.js': [library('@observablehq/plot', '../dist/plot.umd.min.js'), 'text/javascript'],
};

async function answer(name, parameters) {
	const values = JSON.parse(parameters.get('values') ?? '[]');
	const { rows } = await pool.query(queries[name], values);

	return rows;
}

const server = createServer(async (request, response) => {
	const { pathname, searchParams } = new URL(request.url, 'http://localhost');
	const reply = (status, type, body) => response.writeHead(status, { 'content-type': type }).end(body);

	try {
		if (files[pathname])
			reply(200, files[pathname][1], readFileSync(files[pathname][0]));
		else if (pathname === '/queries')
			reply(200, 'application/json', JSON.stringify(queries));
		else if (Object.hasOwn(queries, pathname.slice(1)))
			reply(200, 'application/json', JSON.stringify(await answer(pathname.slice(1), searchParams)));
		else
			reply(404, 'text/plain', 'there is no such page');
	} catch (error) {
		console.error(error.message);
		reply(500, 'text/plain', error.message);
	}
});

server.listen(Number(process.env.PORT ?? 0), '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}/`));
for (const signal of ['SIGINT', 'SIGTERM'])
	process.on(signal, () => process.exit(0));
