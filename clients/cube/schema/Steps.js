cube('Steps', {
	sql: 'SELECT * FROM app.visit_events',

	measures: {
		count: { type: 'count' },
	},

	dimensions: {
		id: { sql: 'event_id', type: 'number', primaryKey: true },
		session: { sql: 'session_id', type: 'string' },
		event: { sql: 'event', type: 'string' },
	},
});
