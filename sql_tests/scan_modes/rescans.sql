/*
 * rescans.sql: the node is read again, with other parameters or the same, or is not read
 * to its end.
 */

/* LATERAL: the parameter is in the filter, so all must be computed anew.  Twins, strangers
 * and empty answers come in turn: what is left of the last one would show. */

--- [used] LATERAL, the parameter below the window
SELECT a.n, who, l.* FROM asked AS a, LATERAL (SELECT ts, sessionize.session_number(:args) OVER (ORDER BY ts) AS s, sessionize.session_ended_by(:args) OVER (ORDER BY ts) AS e FROM few WHERE user_id = a.who OFFSET 0) AS l ORDER BY 1, 3, 4, 5;
SELECT a.n, who, l.* FROM asked AS a LEFT JOIN LATERAL (SELECT count(*), max(s), min(b) FROM (SELECT sessionize.session_number(:args) OVER (ORDER BY ts) AS s, sessionize.session_start(:args) OVER (ORDER BY ts) AS b FROM many WHERE user_id = a.who) AS i) AS l ON true ORDER BY 1;
SELECT a.n, who, l.* FROM asked AS a LEFT JOIN LATERAL (SELECT count(*), max(s), min(b) FROM (SELECT sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) AS s, sessionize.session_start(:args) OVER (PARTITION BY user_id ORDER BY ts) AS b FROM indexed WHERE user_id = a.who) AS i) AS l ON true ORDER BY 1;
--- [used] LATERAL, a parameter that picks a time
SELECT a.n, l.* FROM asked AS a, LATERAL (SELECT count(*), max(s), count(DISTINCT user_id) FROM (SELECT user_id, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) AS s FROM many WHERE ts > timestamptz '2024-03-10 00:00:00' + a.n * interval '1 hour') AS i) AS l ORDER BY 1;
--- [used] LATERAL, a parameter as inactivity
SELECT a.n, l.* FROM asked AS a, LATERAL (SELECT count(*), max(s), sum(s) FROM (SELECT sessionize.session_number(ts, a.n * interval '7 minutes') OVER (PARTITION BY user_id ORDER BY ts) AS s FROM many) AS i) AS l ORDER BY 1;
--- [used] LATERAL, a parameter as a flag or a cap
SELECT a.n, l.* FROM asked AS a, LATERAL (SELECT count(s), max(s), sum(s) FROM (SELECT sessionize.session_number(ts, '30 minutes', user_id = a.who, max_duration => a.n * interval '1 hour') OVER (PARTITION BY user_id ORDER BY ts) AS s FROM many) AS i) AS l ORDER BY 1;
SELECT a.n, l.* FROM asked AS a, LATERAL (SELECT count(s), max(s), sum(s) FROM (SELECT sessionize.session_number(ts, '30 minutes', kind = 'login', require_restart => a.n % 2 = 0) OVER (PARTITION BY user_id ORDER BY ts) AS s FROM many) AS i) AS l ORDER BY 1;
--- [used] LATERAL, a parameter in PARTITION BY
SELECT a.n, l.* FROM asked AS a, LATERAL (SELECT count(*), max(s), sum(s) FROM (SELECT sessionize.session_number(:args) OVER (PARTITION BY user_id % a.n ORDER BY ts) AS s FROM many) AS i) AS l ORDER BY 1;
--- [used] LATERAL, a parameter in the select list only
SELECT a.n, l.* FROM asked AS a, LATERAL (SELECT id + a.n AS x, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) * a.n AS s FROM few OFFSET 0) AS l ORDER BY 1, 2;
--- [used] LATERAL, grouped by session
SELECT a.n, l.* FROM asked AS a, LATERAL (SELECT s, min(ts), max(ts), count(*) FROM (SELECT user_id, ts, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) AS s FROM few WHERE user_id = a.who) AS i GROUP BY user_id, s) AS l ORDER BY 1, 2;
SELECT a.n, l.* FROM asked AS a, LATERAL (SELECT count(*), sum(c) FROM (SELECT s, count(*) AS c FROM (SELECT user_id, ts, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) AS s FROM indexed WHERE user_id <= a.who) AS i GROUP BY user_id, s) AS j) AS l ORDER BY 1;
--- [used] LATERAL with LIMIT, so that it is not read to its end
SELECT a.n, l.* FROM asked AS a, LATERAL (SELECT ts, sessionize.session_number(:args) OVER w AS s, sessionize.session_event_count(:args) OVER w AS c FROM few WHERE user_id = a.who WINDOW w AS (PARTITION BY user_id ORDER BY ts) ORDER BY ts, s LIMIT 2) AS l ORDER BY 1, 2, 3;
SELECT a.n, l.* FROM asked AS a, LATERAL (SELECT ts, sessionize.session_number(:args) OVER w AS s, sessionize.session_end(:args) OVER w AS e FROM indexed WHERE user_id = a.who WINDOW w AS (PARTITION BY user_id ORDER BY ts) ORDER BY user_id, ts, s LIMIT 4) AS l ORDER BY 1, 2, 3;
--- [used] LATERAL, a parameter below a node that keeps what it has read
SET enable_mergejoin = off; SET enable_nestloop = on;
SELECT a.n, l.* FROM asked AS a, LATERAL (SELECT count(*), max(s), sum(s) FROM (SELECT sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) AS s FROM (SELECT user_id, ts, count(*) FROM few WHERE id < a.n * 14 GROUP BY user_id, ts) AS g) AS i) AS l ORDER BY 1;
SELECT a.n, l.* FROM asked AS a, LATERAL (SELECT count(*), max(s), sum(s) FROM (SELECT sessionize.session_number(m.ts, '30 minutes') OVER (PARTITION BY m.user_id ORDER BY m.ts) AS s FROM many AS m JOIN (SELECT who FROM asked WHERE n >= a.n) AS b ON b.who = m.user_id) AS i) AS l ORDER BY 1;
SELECT a.n, l.* FROM asked AS a, LATERAL (SELECT count(*), max(s), sum(s) FROM (SELECT sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) AS s FROM (SELECT user_id, ts FROM few WHERE id > a.n * 9 ORDER BY user_id, ts, id LIMIT 40) AS g) AS i) AS l ORDER BY 1;
SELECT a.n, l.* FROM asked AS a, LATERAL (SELECT count(*), max(s), sum(s) FROM (WITH e AS MATERIALIZED (SELECT user_id, ts FROM few WHERE id > a.n * 9) SELECT sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) AS s FROM e) AS i) AS l ORDER BY 1;
--- [used] LATERAL, one within the other
SELECT a.n, b.n, l.* FROM asked AS a, LATERAL (SELECT * FROM asked WHERE n >= a.n) AS b, LATERAL (SELECT count(*), max(s) FROM (SELECT sessionize.session_number(ts, a.n * interval '20 minutes') OVER (ORDER BY ts) AS s FROM few WHERE user_id = b.who) AS i) AS l ORDER BY 1, 2;
--- [used] LATERAL, labelled rows as parameters of labelled rows
SELECT o.n, count(*), sum(l.m) FROM :few_labelled AS o, LATERAL (SELECT max(s) AS m FROM (SELECT sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) AS s FROM few WHERE id <= o.id AND user_id = o.user_id) AS i) AS l GROUP BY 1 ORDER BY 1;
--- [used] the same rows again: no parameter changes
SET enable_material = off; SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_memoize = off;
SELECT a.n, count(*), sum(l.n) FROM asked AS a LEFT JOIN :few_labelled AS l ON a.who <> l.user_id GROUP BY 1 ORDER BY 1;
SELECT a.n, count(*), sum(l.n) FROM asked AS a LEFT JOIN (SELECT user_id, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) AS n FROM indexed) AS l ON a.who <> l.user_id GROUP BY 1 ORDER BY 1;
--- [used] correlated sub-selects
SELECT n, who, (SELECT max(s) FROM (SELECT sessionize.session_number(:args) OVER (ORDER BY ts) AS s FROM few WHERE user_id = who) AS i) FROM asked ORDER BY 1;
SELECT n, who, ARRAY(SELECT s FROM (SELECT ts, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) AS s FROM few WHERE user_id = who) AS i ORDER BY ts, s) FROM asked ORDER BY 1;
SELECT n, who, who IN (SELECT s FROM (SELECT sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) AS s FROM few WHERE user_id = who) AS i) FROM asked ORDER BY 1;
SELECT n FROM asked WHERE EXISTS (SELECT FROM (SELECT sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) AS s FROM few WHERE user_id = who OFFSET 0) AS i WHERE s = n) ORDER BY 1;
SELECT n, (SELECT s FROM (SELECT id, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) AS s FROM few) AS i WHERE id = n) FROM asked ORDER BY 1;
SELECT n, (SELECT sum(s) FROM (SELECT kind, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) AS s FROM few) AS i WHERE s < n) FROM asked ORDER BY 1;
--- [used] a sub-select that is read once
SELECT n, n > (SELECT max(s) FROM (SELECT sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) AS s FROM few WHERE user_id = (SELECT min(who) FROM asked)) AS i) FROM asked ORDER BY 1;
--- [used] memoized
SET enable_material = off; SET enable_hashjoin = off; SET enable_mergejoin = off;
SELECT m.id % 10, count(*), sum(l.c) FROM many AS m, LATERAL (SELECT count(*) AS c FROM (SELECT sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) AS s FROM few WHERE user_id = m.user_id % 6) AS i WHERE s > 1) AS l WHERE m.id < 200 GROUP BY 1 ORDER BY 1;

/* Views with parameters outside: through the view's grouping to the source. */

--- [used] a view beside other rows
SELECT a.n, v.session_number, v.started_at, v.ended_at, v.event_count, v.first_page FROM asked AS a JOIN tour AS v ON v.user_id = a.who WHERE v.session_number < 4 ORDER BY 1, 2;
SELECT a.n, v.* FROM asked AS a, LATERAL (SELECT count(*) AS c, sum(event_count) FROM visit AS v WHERE v.user_id = a.who) AS v ORDER BY 1;
SELECT a.n, v.* FROM asked AS a, LATERAL (SELECT count(*) AS c, sum(session_number), max(session_started_at) FROM tour_events AS v WHERE v.user_id = a.who) AS v ORDER BY 1;
SELECT a.n, (SELECT session_count FROM visit_actors WHERE user_id = a.who), (SELECT pages FROM visit WHERE user_id = a.who AND session_number = a.n) FROM asked AS a ORDER BY 1;
