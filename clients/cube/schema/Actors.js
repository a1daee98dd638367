cube('Actors', {
	sql: 'SELECT * FROM app.visit_actors',

	measures: {
		count: { type: 'count' },
		seconds: { sql: 'time_in_session_seconds', type: 'sum' },
	},

	dimensions: {
		userId: { sql: 'user_id', type: 'number', primaryKey: true, shown: true },
		sessions: { sql: 'session_count', type: 'number' },
	},
});
