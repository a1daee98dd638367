/*
 * data_few_actors.sql - the rows of data.sql in their order, but there are only eight users
 */

CREATE SCHEMA few_actors;

CREATE UNLOGGED TABLE few_actors.events (LIKE in_time_order.events INCLUDING ALL);

INSERT INTO few_actors.events
SELECT ts, user_id % 8, event, page, amount
FROM in_time_order.events;

VACUUM (ANALYZE) few_actors.events;
