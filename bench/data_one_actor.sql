/*
 * data_one_actor.sql - the rows of data.sql in their order, all of one user
 */

CREATE SCHEMA one_actor;

CREATE UNLOGGED TABLE one_actor.events (LIKE in_time_order.events INCLUDING ALL);

INSERT INTO one_actor.events
SELECT ts, 1, event, page, amount
FROM in_time_order.events;

VACUUM (ANALYZE) one_actor.events;
