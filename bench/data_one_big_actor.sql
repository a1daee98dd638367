/*
 * data_one_big_actor.sql - the rows of data.sql in their order, but every tenth user is one and the same
 *
 * That one, user 0, is never away for half an hour: only a restart event begins a session of theirs.
 */

CREATE SCHEMA one_big_actor;

CREATE UNLOGGED TABLE one_big_actor.events (LIKE in_time_order.events INCLUDING ALL);

INSERT INTO one_big_actor.events
SELECT ts, CASE WHEN user_id % 10 = 3 THEN 0 ELSE user_id END, event, page, amount
FROM in_time_order.events;

VACUUM (ANALYZE) one_big_actor.events;
