/* definitions.sql - what the dashboard reads: visits to the shop, and what was bought in them */
\o /dev/null
CREATE EXTENSION IF NOT EXISTS sessionize;
CREATE INDEX ON events (user_id, ts);
SELECT sessionize.define_session('visit', 'events', 'user_id', 'ts', '30 minutes', entry => 'page, platform');
SELECT sessionize.define_metric('visit', 'purchases', 'count(*)', filter => $$event = 'purchase'$$);
\o
