/*
 * data_year.sql - the rows of data.sql, in monthly partitions with an index on the time, a B-tree or BRIN; and the
 * last seven days of them alone, with the half hour before
 */

CREATE SCHEMA a_year;
CREATE SCHEMA a_year_brin;
CREATE SCHEMA last_days;

CREATE TABLE a_year.events (LIKE in_time_order.events INCLUDING ALL) PARTITION BY RANGE (ts);
CREATE TABLE a_year_brin.events (LIKE in_time_order.events INCLUDING ALL) PARTITION BY RANGE (ts);
SELECT format('CREATE UNLOGGED TABLE %1$I.%2$I PARTITION OF %1$I.events FOR VALUES FROM (%3$L) TO (%4$L)',
		schema, 'events_' || to_char(month, 'YYYY_MM'), month, month + interval '1 month')
	FROM unnest(ARRAY['a_year', 'a_year_brin']) AS schema,
		generate_series(timestamptz '2026-03-01', '2027-03-01', '1 month') AS month
\gexec
INSERT INTO a_year.events
SELECT *
FROM in_time_order.events;
INSERT INTO a_year_brin.events
SELECT *
FROM in_time_order.events;
CREATE INDEX ON a_year.events USING btree (ts);
CREATE INDEX ON a_year_brin.events USING brin (ts);

CREATE UNLOGGED TABLE last_days.events (LIKE in_time_order.events INCLUDING ALL);
INSERT INTO last_days.events
SELECT *
FROM in_time_order.events
WHERE ts >= (SELECT max(ts) - interval '7 days 30 minutes' FROM in_time_order.events);
CREATE INDEX ON last_days.events USING btree (ts);

VACUUM (ANALYZE) a_year.events;
VACUUM (ANALYZE) a_year_brin.events;
VACUUM (ANALYZE) last_days.events;
