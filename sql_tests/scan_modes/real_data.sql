/*
 * real_data.sql: the logs of ../shared/data, in tables as real_data.pl makes them.
 */

--- [used] every event of the readers
:sum (SELECT uuid, ts, :seven FROM readers WINDOW w AS (PARTITION BY uuid ORDER BY ts)) AS q;
:sum (SELECT uuid, ts, url, sessionize.session_number(ts, '1799.999999 seconds') OVER (PARTITION BY uuid ORDER BY ts) FROM readers) AS q;
--- [used] the readers' sessions
SELECT count(*), count(*) FILTER (WHERE c = 1), sum(d) FROM (SELECT uuid, n, count(*) AS c, max(ts) - min(ts) AS d FROM (SELECT uuid, ts, sessionize.session_number(:args) OVER (PARTITION BY uuid ORDER BY ts) AS n FROM readers) AS s GROUP BY 1, 2) AS q;
:sum (SELECT uuid, n, min(ts), max(ts), count(*), count(DISTINCT url), max(url) FROM (SELECT uuid, ts, url, sessionize.session_number(:args) OVER (PARTITION BY uuid ORDER BY ts) AS n FROM readers) AS s GROUP BY 1, 2) AS q;
:sum (SELECT * FROM reading) AS q;
:sum (SELECT * FROM reading_actors) AS q;
--- [used] every request of the server
\set args 'ts, ''30 minutes'', external_referrer, status >= 400, ''3 hours'''
:sum (SELECT client_ip, ts, :seven FROM requests WINDOW w AS (PARTITION BY client_ip ORDER BY ts)) AS q;
:sum (SELECT client_ip, ts, path, user_agent, :seven_but_event_number FROM requests WINDOW w AS (PARTITION BY client_ip, user_agent ORDER BY ts)) AS q;
:sum (SELECT ts, :seven FROM requests WINDOW w AS (ORDER BY ts)) AS q;
--- [used] the requests' sessions
:sum (SELECT client_ip, n, min(ts), max(ts), count(*), sum(bytes), count(DISTINCT path) FROM (SELECT *, sessionize.session_number(ts, '30 minutes', external_referrer, require_restart => true) OVER (PARTITION BY client_ip ORDER BY ts) AS n FROM requests) AS s GROUP BY 1, 2) AS q;
:sum (SELECT client_ip, n, min(ts), max(ts), count(*) FROM (SELECT *, sessionize.session_number(ts, '30 minutes', external_referrer) OVER (PARTITION BY client_ip ORDER BY ts) AS n FROM requests) AS s WHERE n IS NOT NULL GROUP BY 1, 2) AS q;
