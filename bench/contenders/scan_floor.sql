-- The least any contender in PostgreSQL does: read the table once. It answers no question.

-- question a
SELECT count(*), max(ts), max(user_id) FROM events

-- question e
SELECT count(*), max(ts), max(user_id) FROM events WHERE user_id = $actor
