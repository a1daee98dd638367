/*
 * groups.sql: sessions and actors grouped by the node Session Aggregate, which must be in
 * some plan of each block [used]: read again with other parameters, in part, and beside itself.
 */

--- [either] what is read by a parameter
SELECT a.n, l.* FROM asked AS a, LATERAL (SELECT s, min(ts), max(ts), count(*), sum(amount), count(DISTINCT page) FROM (SELECT user_id, ts, amount, page, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) AS s FROM few WHERE user_id = a.who) AS i GROUP BY user_id, s) AS l ORDER BY 1, 2;
SELECT a.n, l.* FROM asked AS a LEFT JOIN LATERAL (SELECT count(*) AS c, sum(r) FROM (SELECT s, sum(amount) AS r FROM (SELECT user_id, ts, amount, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) AS s FROM indexed WHERE user_id = a.who) AS i GROUP BY user_id, s) AS j) AS l ON true ORDER BY 1;
--- [used] a parameter in the node's own condition
SELECT a.n, l.* FROM asked AS a, LATERAL (SELECT count(*) AS c, sum(c) FROM (SELECT count(*) AS c FROM (SELECT user_id, ts, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) AS s FROM many) AS i GROUP BY user_id, s HAVING count(*) > a.n) AS j) AS l ORDER BY 1;
--- [used] a parameter in the condition on the subquery
SELECT a.n, l.* FROM asked AS a, LATERAL (SELECT count(*) AS c, sum(c) FROM (SELECT count(*) AS c FROM (SELECT user_id, ts, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) AS s FROM many) AS i WHERE s >= a.n GROUP BY user_id, s) AS j) AS l ORDER BY 1;
SELECT a.n, l.* FROM asked AS a, LATERAL (SELECT count(*) AS c, max(m) FROM (SELECT user_id, max(s) AS m FROM (SELECT user_id, ts, kind, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) AS s FROM many) AS i WHERE s = a.n OR kind = 'login' GROUP BY user_id) AS j) AS l ORDER BY 1;
--- [used] a parameter in an aggregate
SELECT a.n, l.* FROM asked AS a, LATERAL (SELECT sum(x), sum(y) FROM (SELECT count(*) FILTER (WHERE id % 7 < a.n) AS x, sum(id * a.n) AS y FROM (SELECT id, user_id, ts, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) AS s FROM many) AS i GROUP BY user_id, s) AS j) AS l ORDER BY 1;
--- [used] a parameter as inactivity or a flag
SELECT a.n, l.* FROM asked AS a, LATERAL (SELECT count(*), max(c) FROM (SELECT count(*) AS c FROM (SELECT user_id, ts, sessionize.session_number(ts, a.n * interval '7 minutes', kind = 'login', false, NULL, a.n % 2 = 0) OVER (PARTITION BY user_id ORDER BY ts) AS s FROM many) AS i GROUP BY user_id, s) AS j) AS l ORDER BY 1;
--- [used] the same again, without parameters
SET enable_material = off; SET enable_hashjoin = off; SET enable_mergejoin = off;
SELECT a.n, count(*), sum(g.c), sum(g.r) FROM asked AS a LEFT JOIN (SELECT user_id, s, count(*) AS c, sum(amount) AS r FROM (SELECT *, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) AS s FROM few) AS i GROUP BY user_id, s) AS g ON g.c > a.n GROUP BY a.n ORDER BY 1;
--- [used] not read to its end
SELECT a.n, l.* FROM asked AS a, LATERAL (SELECT user_id, session_number, event_count, revenue, pages FROM visit WHERE user_id >= a.n * 20 ORDER BY user_id, session_number LIMIT 2) AS l ORDER BY 1, 2, 3;
SELECT n, EXISTS (SELECT FROM visit WHERE user_id = who AND event_count > n), (SELECT max(pages) FROM visit WHERE user_id = who) FROM asked ORDER BY 1;
--- [used] by a cursor
BEGIN;
DECLARE c SCROLL CURSOR FOR SELECT user_id, s, count(*), sum(amount), max(page), array_agg(id % 2 ORDER BY id) IS NULL AS x FROM (SELECT *, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) AS s FROM few) AS i GROUP BY user_id, s ORDER BY user_id, s;
DECLARE d SCROLL CURSOR WITH HOLD FOR SELECT user_id, s, count(*), sum(amount), max(page) FROM (SELECT *, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) AS s FROM few) AS i GROUP BY user_id, s ORDER BY user_id, s;
FETCH 3 FROM d; FETCH BACKWARD 2 FROM d; FETCH LAST FROM d; FETCH FIRST FROM d; FETCH 2 FROM c; MOVE FORWARD ALL FROM c; FETCH BACKWARD 2 FROM c;
COMMIT;
FETCH 2 FROM d;
CLOSE d;
--- [used] prepared, for any value
SET plan_cache_mode = force_generic_plan;
PREPARE p(int, interval) AS SELECT user_id, s, count(*) FILTER (WHERE kind = 'view'), bool_or(amount > $1), sessionize.last(page, ts), sessionize.first(page, ts) FROM (SELECT *, sessionize.session_number(ts, $2) OVER (PARTITION BY user_id ORDER BY ts) AS s FROM few WHERE id > $1) AS i GROUP BY user_id, s ORDER BY 1, 2;
EXECUTE p(5, '30 minutes');
EXECUTE p(50, '10 minutes');
DEALLOCATE p;
PREPARE r(int) AS SELECT k, s, count(*) FROM (SELECT $1 AS k, sessionize.session_number(:args) OVER (PARTITION BY $1 ORDER BY ts) AS s FROM few) AS i GROUP BY k, s ORDER BY s;
EXECUTE r(7);
DEALLOCATE r;
--- [used] below a window, DISTINCT and a set operation
SELECT user_id, s, count(*), rank() OVER (ORDER BY count(*), user_id, s), sum(count(*)) OVER (PARTITION BY user_id) FROM (SELECT *, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) AS s FROM few) AS i GROUP BY user_id, s ORDER BY 4, 1, 2;
SELECT DISTINCT count(*), max(s) OVER () FROM (SELECT *, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) AS s FROM few) AS i GROUP BY user_id, s ORDER BY 1;
SELECT event_count FROM visit WHERE user_id = 7 EXCEPT SELECT event_count FROM tour WHERE user_id = 8 ORDER BY 1;
--- [used] beside itself and one upon the other
SELECT count(*), sum(a.event_count - b.event_count) FROM visit AS a JOIN visit AS b USING (user_id, session_number) JOIN visit_actors AS c USING (user_id) WHERE c.session_count > 1;
:sum (SELECT * FROM journey) AS q;
:sum (SELECT * FROM journey_actors) AS q;
SELECT user_id, count(*), avg(duration), max(event_count), sum(revenue) FROM visit WHERE user_id < 20 GROUP BY user_id ORDER BY user_id;
--- [used] every actor and none, and rows outside sessions
SELECT s, count(*), min(ts), max(ts) FROM (SELECT ts, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) AS s, user_id FROM few) AS i GROUP BY user_id, s ORDER BY user_id, s;
SELECT user_id, device, s, count(*), count(ts), sum(amount), max(kind) FROM (SELECT *, sessionize.session_number(ts, '1 hour', kind = 'login', kind = 'logout', '2 hours', true) OVER (PARTITION BY user_id, device ORDER BY ts) AS s FROM few) AS i GROUP BY device, s, user_id ORDER BY 1, 2, 3;
SELECT user_id, s, count(*) FROM (SELECT *, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) AS s FROM few WHERE id < 0) AS i GROUP BY user_id, s;
--- [used] sessions of actors of all types
:sum (SELECT uuid_id, n, count(*), min(id) FROM (SELECT *, sessionize.session_number(:args) OVER (PARTITION BY uuid_id ORDER BY ts) AS n FROM typed) AS i GROUP BY uuid_id, n) AS q;
:sum (SELECT float_id, n, count(*), min(id) FROM (SELECT *, sessionize.session_number(:args) OVER (PARTITION BY float_id ORDER BY ts) AS n FROM typed WHERE float_id <> 0) AS i GROUP BY float_id, n) AS q;
:sum (SELECT place_id, n, count(*), min(id) FROM (SELECT *, sessionize.session_number(local_ts, '30 minutes') OVER (PARTITION BY place_id ORDER BY local_ts) AS n FROM typed) AS i GROUP BY place_id, n) AS q;
:sum (SELECT money_id, n, count(*), min(id), max(wide) FROM (SELECT *, sessionize.session_number(us, 1800000000) OVER (PARTITION BY money_id ORDER BY us) AS n FROM typed) AS i GROUP BY money_id, n) AS q;
:sum (SELECT wide, n, count(*), min(id), count(DISTINCT wide), max(jsonb_id::text) FROM (SELECT *, sessionize.session_number(:args) OVER (PARTITION BY wide ORDER BY ts) AS n FROM typed) AS i GROUP BY wide, n) AS q;
--- [error: division by zero] an aggregate fails half way
SELECT user_id, s, sum(1 / (id - 7)) FROM (SELECT *, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) AS s FROM few) AS i GROUP BY user_id, s;
