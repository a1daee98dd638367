/*
 * data_in_random_order.sql - the rows of data.sql, shuffled: an order that depends on the rows alone
 */

CREATE SCHEMA in_random_order;

CREATE UNLOGGED TABLE in_random_order.events (LIKE in_time_order.events INCLUDING ALL);

INSERT INTO in_random_order.events
SELECT *
FROM in_time_order.events
ORDER BY timestamp_hash_extended(ts AT TIME ZONE 'UTC', user_id);

VACUUM (ANALYZE) in_random_order.events;
