/*
 * data_wide_rows.sql - a tenth of the rows of data.sql, each with a page's address of about a kilobyte
 */

CREATE SCHEMA wide_rows;

CREATE UNLOGGED TABLE wide_rows.events (LIKE in_time_order.events INCLUDING ALL);

INSERT INTO wide_rows.events
SELECT ts, user_id, event, page || repeat(md5(page || ts), 30), amount
FROM in_time_order.events
LIMIT (SELECT count(*) / 10 FROM in_time_order.events);

VACUUM (ANALYZE) wide_rows.events;
