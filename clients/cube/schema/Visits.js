cube('Visits', {
	sql: 'SELECT * FROM app.visit',

	joins: {
		Actors: { relationship: 'belongsTo', sql: `${CUBE}.user_id = ${Actors}.user_id` },
	},

	measures: {
		count: { type: 'count' },
		seconds: { sql: 'duration_seconds', type: 'sum' },
		purchases: { sql: 'purchases', type: 'sum' },
		revenue: { sql: 'revenue', type: 'sum' },
		longOnes: { type: 'count', filters: [{ sql: `${CUBE}.duration_seconds > 600` }] },
	},

	dimensions: {
		id: { sql: 'session_id', type: 'string', primaryKey: true },
		userId: { sql: 'user_id', type: 'number' },
		number: { sql: 'session_number', type: 'number' },
		startedAt: { sql: 'started_at', type: 'time' },
		platform: { sql: 'entry_platform', type: 'string' },
	},
});
