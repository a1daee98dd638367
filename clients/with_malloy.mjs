/*
 * with_malloy.mjs - Malloy: a semantic model over the three views, its generated SQL run here
 */
import { SingleConnectionRuntime } from '@malloydata/malloy';
import { PostgresConnection } from '@malloydata/db-postgres';
import { done, numbers, ok, same } from './lib/checks.mjs';

const connection = new PostgresConnection({
	name: 'postgres', host: process.env.PGHOST, port: Number(process.env.PGPORT), databaseName: process.env.PGDATABASE,
	username: process.env.PGUSER, password: process.env.PGPASSWORD, setupSQL: "SET TIME ZONE 'UTC'",
});
const runtime = new SingleConnectionRuntime({ connection });
const model = `
source: actors is postgres.table('app.visit_actors') extend {
	primary_key: user_id
	measure: people is count(), total_time is time_in_session_seconds.sum()
}
source: steps is postgres.table('app.visit_events') extend {
	measure: events is count()
}
source: visits is postgres.table('app.visit') extend {
	primary_key: session_id
	join_one: actors with user_id
	join_many: steps on session_id = steps.session_id
	dimension: is_new is session_number = 1
	measure:
		sessions is count()
		total_seconds is duration_seconds.sum()
		bought is purchases.sum()
		earned is revenue.sum()
		long_ones is count() { where: duration_seconds > 600 }
	view: by_day is { group_by: on_day is started_at.day, aggregate: sessions, order_by: on_day, limit: 100 }
}
`;
const run = async query => (await runtime.loadModel(model).loadQuery(`run: ${query}`).run({ rowLimit: 100000 })).data.toObject();

const [all] = await run('visits -> { aggregate: sessions, total_seconds, bought, earned, long_ones }');
same(all.sessions, numbers.sessions, 'sessions');
same(all.total_seconds, numbers.seconds, 'seconds in sessions');
same(all.bought, numbers.purchases, 'purchases');
same(all.earned, numbers.revenue, 'revenue');
same(all.long_ones, numbers.long, 'long sessions, by a filtered measure');
const [actors] = await run('actors -> { aggregate: people, total_time }');
same(actors.people, numbers.actors, 'actors');
same(actors.total_time, numbers.seconds, 'their seconds');
same((await run('steps -> { aggregate: events }'))[0].events, numbers.events, 'events');

const days = await run('visits -> by_day');
same(days.length, numbers.days, 'days');
same(days.reduce((sum, { sessions }) => sum + Number(sessions), 0), numbers.sessions, 'sessions of all days');
same(days[14].sessions, numbers.on_the_15th, 'sessions of a day');
same((await run('visits -> { where: started_at = @2026-03-15, aggregate: sessions }'))[0].sessions, numbers.on_the_15th,
	'the same by a filter on time');
same((await run('visits -> { where: is_new, aggregate: sessions }'))[0].sessions, numbers.new, 'new actors');

/* joins that fan out, which Malloy counts by the keys it was told */
const [joined] = await run('visits -> { aggregate: sessions, total_seconds, events is steps.events, people is actors.count() }');
same(joined.sessions, numbers.sessions, 'sessions joined to events');
same(joined.total_seconds, numbers.seconds, 'their seconds, each counted once');
same(joined.events, numbers.events, 'their events');
same(joined.people, numbers.actors, 'their actors');

const nested = await run('visits -> { group_by: entry_platform, aggregate: sessions, nest: by_day }');
same(nested.reduce((sum, { by_day }) => sum + by_day.reduce((n, { sessions }) => n + Number(sessions), 0), 0), numbers.sessions,
	'sessions by day, nested in platforms');
ok(nested.length === 3, 'platforms', nested.length);
await connection.close();
done();
