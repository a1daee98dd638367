/*
 * calls.sql: our functions, their arguments and their windows.  See t/session_scan_modes.pl
 * for what the lines that begin with --- mean.
 */

--- [used] all functions on one window, printed
SELECT user_id, ts, :seven FROM few WINDOW w AS (PARTITION BY user_id ORDER BY ts) ORDER BY 1, 2, n, en;
--- [used] all functions, many rows
:sum (SELECT user_id, ts, :seven FROM many WINDOW w AS (PARTITION BY user_id ORDER BY ts)) AS q;
--- [used] all functions, every argument
\set args 'ts, ''30 minutes'', kind = ''login'', kind = ''logout'', ''2 hours'', true'
SELECT user_id, ts, :seven FROM few WINDOW w AS (PARTITION BY user_id ORDER BY ts) ORDER BY 1, 2, n, en;
:sum (SELECT user_id, ts, :seven FROM many WINDOW w AS (PARTITION BY user_id ORDER BY ts)) AS q;
--- [used] all functions over an index on the window's order
\set args 'ts, ''20 minutes'', kind = ''login'', kind = ''logout'', ''2 hours'''
:sum (SELECT user_id, ts, :seven FROM indexed WINDOW w AS (PARTITION BY user_id ORDER BY ts)) AS q;
SELECT ts, :seven FROM indexed WHERE user_id = 7 AND ts < '2024-03-09 23:00:00' WINDOW w AS (PARTITION BY user_id ORDER BY ts) ORDER BY 1, 2, en;
--- [used] session_number alone
SELECT user_id, ts, sessionize.session_number(:args) OVER w FROM few WINDOW w AS (PARTITION BY user_id ORDER BY ts) ORDER BY 1, 2, 3;
:sum (SELECT id, sessionize.session_number(:args, kind = 'login') OVER w FROM many WINDOW w AS (PARTITION BY user_id ORDER BY ts)) AS q;
--- [used] session_event_number alone
SELECT user_id, ts, sessionize.session_event_number(:args) OVER w FROM few WINDOW w AS (PARTITION BY user_id ORDER BY ts) ORDER BY 1, 2, 3;
:sum (SELECT user_id, ts, sessionize.session_event_number(:args, kind = 'login') OVER w FROM many WINDOW w AS (PARTITION BY user_id ORDER BY ts)) AS q;
--- [used] session_start alone
SELECT user_id, ts, sessionize.session_start(:args) OVER w FROM few WINDOW w AS (PARTITION BY user_id ORDER BY ts) ORDER BY 1, 2, 3;
:sum (SELECT id, sessionize.session_start(:args, kind = 'login') OVER w FROM many WINDOW w AS (PARTITION BY user_id ORDER BY ts)) AS q;
--- [used] session_end alone
SELECT user_id, ts, sessionize.session_end(:args) OVER w FROM few WINDOW w AS (PARTITION BY user_id ORDER BY ts) ORDER BY 1, 2, 3;
:sum (SELECT id, sessionize.session_end(:args, kind = 'login') OVER w FROM many WINDOW w AS (PARTITION BY user_id ORDER BY ts)) AS q;
--- [used] session_event_count alone
SELECT user_id, ts, sessionize.session_event_count(:args) OVER w FROM few WINDOW w AS (PARTITION BY user_id ORDER BY ts) ORDER BY 1, 2, 3;
:sum (SELECT id, sessionize.session_event_count(:args, kind = 'login') OVER w FROM many WINDOW w AS (PARTITION BY user_id ORDER BY ts)) AS q;
--- [used] session_started_by alone
SELECT user_id, ts, sessionize.session_started_by(:args) OVER w FROM few WINDOW w AS (PARTITION BY user_id ORDER BY ts) ORDER BY 1, 2, 3;
:sum (SELECT id, sessionize.session_started_by(:args, kind = 'login') OVER w FROM many WINDOW w AS (PARTITION BY user_id ORDER BY ts)) AS q;
--- [used] session_ended_by alone
SELECT user_id, ts, sessionize.session_ended_by(:args) OVER w FROM few WINDOW w AS (PARTITION BY user_id ORDER BY ts) ORDER BY 1, 2, 3;
:sum (SELECT id, sessionize.session_ended_by(:args, kind = 'login', kind = 'logout') OVER w FROM many WINDOW w AS (PARTITION BY user_id ORDER BY ts)) AS q;
--- [used] only the label, nothing of the row
SELECT count(*), sum(n), count(n) FROM (SELECT sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) AS n FROM many) AS q;
--- [used] every column of the row
:sum (SELECT *, sessionize.session_number(:args, kind = 'login') OVER (PARTITION BY user_id ORDER BY ts) FROM many) AS q;
--- [used] the whole row, and system columns
SELECT user_id, ts, few AS row, ctid, tableoid::regclass, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts) FROM few ORDER BY user_id, ts, id;

/* The arguments. */

--- [used] named and defaulted arguments
SELECT user_id, ts, sessionize.session_number(inactivity => '1 hour', event_time => ts, max_duration => '90 minutes') OVER w AS n FROM few WINDOW w AS (PARTITION BY user_id ORDER BY ts) ORDER BY 1, 2, 3;
--- [used] inactivity from the row
SELECT user_id, ts, sessionize.session_number(ts, gap) OVER w, sessionize.session_started_by(ts, gap) OVER w, sessionize.session_ended_by(ts, gap) OVER w FROM few WINDOW w AS (PARTITION BY user_id ORDER BY ts) ORDER BY 1, 2, 3;
\set args 'ts, gap, kind = ''login'''
:sum (SELECT user_id, ts, :seven FROM many WINDOW w AS (PARTITION BY user_id ORDER BY ts)) AS q;
:sum (SELECT user_id, ts, :seven FROM indexed WINDOW w AS (PARTITION BY user_id ORDER BY ts)) AS q;
--- [used] restart required, not asked for the number
SELECT user_id, ts, kind, sessionize.session_start(ts, '1 hour', kind = 'login', require_restart => true) OVER w FROM few WINDOW w AS (PARTITION BY user_id ORDER BY ts) ORDER BY 1, 2, 3, 4;
--- [used] flags that are constants, NULL or never
SELECT user_id, ts, sessionize.session_number(ts, '1 hour', true) OVER w FROM few WINDOW w AS (PARTITION BY user_id ORDER BY ts) ORDER BY 1, 2, 3;
SELECT user_id, ts, sessionize.session_ended_by(ts, '1 hour', NULL, true) OVER w FROM few WINDOW w AS (PARTITION BY user_id ORDER BY ts) ORDER BY 1, 2, 3;
SELECT user_id, ts, sessionize.session_number(ts, '1 hour', NULL, NULL, NULL, true) OVER w FROM few WINDOW w AS (PARTITION BY user_id ORDER BY ts) ORDER BY 1, 2, 3;
--- [used] no inactivity at all, and endless
SELECT user_id, ts, sessionize.session_number(ts, '0') OVER w FROM few WINDOW w AS (PARTITION BY user_id ORDER BY ts) ORDER BY 1, 2, 3;
SELECT user_id, ts, sessionize.session_number(ts, '400000 days') OVER w FROM few WINDOW w AS (PARTITION BY user_id ORDER BY ts) ORDER BY 1, 2, 3;
--- [used] an inactivity that is stable
SET app.pause = '20 minutes';
:sum (SELECT id, sessionize.session_number(ts, current_setting('app.pause')::interval) OVER (PARTITION BY user_id ORDER BY ts) FROM many) AS q;
SET app.pause = '2 minutes';
:sum (SELECT id, sessionize.session_number(ts, current_setting('app.pause')::interval) OVER (PARTITION BY user_id ORDER BY ts) FROM many) AS q;
--- [refused: max_duration may differ from row to row] max_duration from the row
SELECT user_id, ts, sessionize.session_number(ts, '1 hour', max_duration => CASE WHEN id > 0 THEN interval '90 minutes' END) OVER w FROM few WINDOW w AS (PARTITION BY user_id ORDER BY ts) ORDER BY 1, 2, 3;
--- [refused: require_restart may differ from row to row] require_restart from the row
SELECT user_id, ts, sessionize.session_number(ts, '1 hour', kind = 'login', require_restart => id > 0) OVER w FROM few WINDOW w AS (PARTITION BY user_id ORDER BY ts) ORDER BY 1, 2, 3;
--- [used] a subquery as an argument, the same for all rows
SELECT user_id, ts, sessionize.session_number(ts, (SELECT max(gap) FROM few)) OVER w FROM few WINDOW w AS (PARTITION BY user_id ORDER BY ts) ORDER BY 1, 2, 3;
--- [refused: an argument has a subquery] a subquery as an argument
SELECT user_id, ts, sessionize.session_number(ts, '1 hour', kind IN (SELECT kind FROM many WHERE id < 3)) OVER w FROM few WINDOW w AS (PARTITION BY user_id ORDER BY ts) ORDER BY 1, 2, 3;
--- [refused: the calls differ in their arguments] calls with different arguments
SELECT user_id, ts, sessionize.session_number(ts, '1 hour') OVER w, sessionize.session_number(ts, '10 minutes') OVER w, sessionize.session_start(ts, '1 hour', kind = 'login') OVER w
FROM few WINDOW w AS (PARTITION BY user_id ORDER BY ts) ORDER BY 1, 2, 3, 4;
--- [used] calls with different arguments on levels of their own
SELECT user_id, ts, n, sessionize.session_number(ts, '10 minutes') OVER (PARTITION BY user_id, n ORDER BY ts)
FROM (SELECT user_id, ts, sessionize.session_number(ts, '1 hour') OVER (PARTITION BY user_id ORDER BY ts) AS n FROM few) AS s ORDER BY 1, 2, 3, 4;
--- [used] the same call twice, and in expressions
SELECT user_id, ts, sessionize.session_number(ts, '1 hour') OVER w AS a, sessionize.session_number(ts, '1 hour') OVER w + 1 AS b,
	'n' || sessionize.session_number(ts, '1 hour') OVER w, ts - sessionize.session_start(ts, '1 hour') OVER w
FROM few WHERE isfinite(ts) WINDOW w AS (PARTITION BY user_id ORDER BY ts) ORDER BY 1, 2, 3;

/* The types. */

--- [used] timestamp
\set args 'local_ts, gap, kind = ''login'''
:sum (SELECT local_ts, :seven FROM typed WINDOW w AS (PARTITION BY uuid_id ORDER BY local_ts)) AS q;
SELECT uuid_id, local_ts, sessionize.session_number(local_ts, '1 hour') OVER w FROM typed WINDOW w AS (PARTITION BY uuid_id ORDER BY local_ts) ORDER BY 1, 2, 3;
--- [used] bigint
\set args 'us, 3600000000, kind = ''login'''
:sum (SELECT us, :seven FROM typed WINDOW w AS (PARTITION BY uuid_id ORDER BY us)) AS q;
SELECT uuid_id, us, sessionize.session_number(us, 9223372036854775807) OVER w FROM typed WINDOW w AS (PARTITION BY uuid_id ORDER BY us) ORDER BY 1, 2, 3;
--- [used] an expression as event time
\set args 'coalesce(ts, ''2024-03-10 01:00:00''), ''30 minutes'''
:sum (SELECT user_id, ts, :seven FROM many WINDOW w AS (PARTITION BY user_id ORDER BY coalesce(ts, '2024-03-10 01:00:00'))) AS q;

/* The actor. */

--- [used] no PARTITION BY
SELECT ts, sessionize.session_number(:args) OVER w, sessionize.session_event_count(:args) OVER w FROM few WINDOW w AS (ORDER BY ts) ORDER BY 1, 2;
:sum (SELECT id, sessionize.session_number(ts, '6 seconds') OVER (ORDER BY ts) FROM many) AS q;
--- [used] two actor columns
SELECT user_id, device, ts, sessionize.session_number(:args) OVER w FROM few WINDOW w AS (PARTITION BY user_id, device ORDER BY ts) ORDER BY 1, 2, 3;
:sum (SELECT id, sessionize.session_number(:args) OVER (PARTITION BY device, user_id ORDER BY ts) FROM indexed) AS q;
--- [used] an actor twice, and a constant one
SELECT user_id, ts, sessionize.session_number(:args) OVER (PARTITION BY user_id, user_id, 1 ORDER BY ts) FROM few ORDER BY 1, 2, 3;
--- [used] an expression as actor
SELECT lower(device), ts, sessionize.session_number(:args) OVER (PARTITION BY lower(device), user_id % 2 ORDER BY ts) FROM few ORDER BY 1, 2, 3;
--- [used] equal actors of unequal bytes
SELECT numeric_id, ts, sessionize.session_number(:args) OVER (PARTITION BY numeric_id ORDER BY ts) FROM typed ORDER BY 1, numeric_id::text, 2, 3;
SELECT float_id, ts, sessionize.session_number(:args) OVER (PARTITION BY float_id ORDER BY ts) FROM typed ORDER BY 1, float_id::text, 2, 3;
SELECT interval_id, ts, sessionize.session_number(:args) OVER (PARTITION BY interval_id ORDER BY ts) FROM typed ORDER BY 1, interval_id::text, 2, 3;
SELECT bpchar_id, ts, sessionize.session_number(:args) OVER (PARTITION BY bpchar_id ORDER BY ts) FROM typed ORDER BY 1, 2, 3;
--- [used] actors of other types
SELECT uuid_id, ts, sessionize.session_number(:args) OVER (PARTITION BY uuid_id ORDER BY ts) FROM typed ORDER BY 1, 2, 3;
SELECT place_id, ts, sessionize.session_number(:args) OVER (PARTITION BY place_id ORDER BY ts) FROM typed ORDER BY 1, 2, 3;
SELECT array_id, ts, sessionize.session_number(:args) OVER (PARTITION BY array_id ORDER BY ts) FROM typed ORDER BY 1, 2, 3;
SELECT inet_id, bool_id, ts, sessionize.session_number(:args) OVER (PARTITION BY inet_id, bool_id ORDER BY ts) FROM typed ORDER BY 1, 2, 3, 4;
SELECT jsonb_id, ts, sessionize.session_number(:args) OVER (PARTITION BY jsonb_id ORDER BY ts) FROM typed ORDER BY 1, 2, 3;
--- [used] actors that can be sorted only
SELECT money_id, ts, sessionize.session_number(:args) OVER (PARTITION BY money_id ORDER BY ts) FROM typed ORDER BY 1, 2, 3;
SELECT bit_id, ts, sessionize.session_number(:args) OVER (PARTITION BY bit_id ORDER BY ts) FROM typed ORDER BY 1, 2, 3;
--- [used] a row as actor
SELECT user_id, device, ts, sessionize.session_number(:args) OVER (PARTITION BY ROW(user_id, device) ORDER BY ts) FROM few ORDER BY 1, 2, 3, 4;
--- [refused: there are too many PARTITION BY items] more actor columns than a record has room for
SELECT user_id, ts, sessionize.session_number(:args) OVER (PARTITION BY user_id + 0, user_id + 1, user_id + 2, user_id + 3, user_id + 4, user_id + 5, user_id + 6, user_id + 7, user_id + 8, user_id + 9, user_id + 10, user_id + 11, user_id + 12, user_id + 13, user_id + 14, user_id + 15, user_id + 16, user_id + 17, user_id + 18, user_id + 19, user_id + 20, user_id + 21, user_id + 22, user_id + 23, user_id + 24, user_id + 25, user_id + 26, user_id + 27, user_id + 28, user_id + 29, user_id + 30, user_id + 31, user_id + 32 ORDER BY ts) FROM few ORDER BY 1, 2, 3;
--- [used] a collation of its own
SELECT device, ts, sessionize.session_number(:args) OVER (PARTITION BY device COLLATE "C" ORDER BY ts) FROM few ORDER BY device COLLATE "C", 2, 3;
--- [used] wide and toasted columns carried along
SELECT length(wide), md5(wide), user_id, ts, n FROM (SELECT wide, user_id, ts, sessionize.session_number(ts, '1 hour') OVER (PARTITION BY user_id ORDER BY ts) AS n FROM typed JOIN few USING (id, ts)) AS s ORDER BY 1, 2, 3, 4, 5;

/* The window. */

--- [refused: the window is not ordered by the event time alone] a tie-break
SELECT user_id, ts, id, sessionize.session_number(:args) OVER w, sessionize.session_event_number(:args) OVER w FROM few WINDOW w AS (PARTITION BY user_id ORDER BY ts, id) ORDER BY 1, 2, 3;
--- [refused: the window's order is not ascending with nulls last] nulls first
SELECT user_id, ts, sessionize.session_number(:args) OVER w FROM few WINDOW w AS (PARTITION BY user_id ORDER BY ts NULLS FIRST) ORDER BY 1, 2, 3;
--- [error: event times decrease] descending
SELECT user_id, ts, sessionize.session_number(:args) OVER w FROM few WINDOW w AS (PARTITION BY user_id ORDER BY ts DESC) ORDER BY 1, 2, 3;
--- [error: event times differ] no ORDER BY
SELECT user_id, ts, sessionize.session_number(:args) OVER w FROM few WINDOW w AS (PARTITION BY user_id) ORDER BY 1, 2, 3;
--- [error: event times differ] ordered by something else
SELECT user_id, ts, sessionize.session_number(:args) OVER w FROM few WINDOW w AS (PARTITION BY user_id ORDER BY page) ORDER BY 1, 2, 3;
--- [refused: the window is not ordered by the event time alone] ordered by something that goes the same way
SELECT local_ts, sessionize.session_number(ts, '1 hour') OVER (PARTITION BY bool_id ORDER BY local_ts) FROM typed ORDER BY 1, 2;
--- [refused: the window is not ordered by the event time alone] ordered by nothing else where it is a constant
SELECT user_id, sessionize.session_number(ts, '1 hour') OVER (PARTITION BY user_id, ts ORDER BY user_id) FROM few ORDER BY 1, 2;
--- [used] frames
SELECT user_id, ts, sessionize.session_number(:args) OVER w, sessionize.session_event_count(:args) OVER w FROM few WINDOW w AS (PARTITION BY user_id ORDER BY ts ROWS CURRENT ROW) ORDER BY 1, 2, 3;
SELECT user_id, ts, sessionize.session_number(:args) OVER w, sessionize.session_event_count(:args) OVER w FROM few WINDOW w AS (PARTITION BY user_id ORDER BY ts RANGE BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING EXCLUDE GROUP) ORDER BY 1, 2, 3;
SELECT user_id, ts, sessionize.session_number(:args) OVER w FROM few WINDOW w AS (PARTITION BY user_id ORDER BY ts ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) ORDER BY 1, 2, 3;
--- [refused: the window's frame has an offset] frames with offsets
SELECT user_id, ts, sessionize.session_number(:args) OVER w FROM few WINDOW w AS (PARTITION BY user_id ORDER BY ts ROWS BETWEEN 1 PRECEDING AND 2 FOLLOWING) ORDER BY 1, 2, 3;
SELECT user_id, ts, sessionize.session_number(:args) OVER w FROM few WINDOW w AS (PARTITION BY user_id ORDER BY ts RANGE BETWEEN interval '1 hour' PRECEDING AND CURRENT ROW) ORDER BY 1, 2, 3;
SELECT user_id, ts, sessionize.session_number(:args) OVER w FROM few WINDOW w AS (PARTITION BY user_id ORDER BY ts GROUPS 1 PRECEDING) ORDER BY 1, 2, 3;
--- [error: frame starting offset must not be negative] a frame that is an error
SELECT user_id, ts, sessionize.session_number(:args) OVER w FROM few WINDOW w AS (PARTITION BY user_id ORDER BY ts ROWS (SELECT -1) PRECEDING) ORDER BY 1, 2, 3;
--- [refused: another window function is called] other functions on the same window
SELECT user_id, ts, id, sessionize.session_number(:args) OVER w, row_number() OVER w FROM few WHERE isfinite(ts) AND id IN (SELECT max(id) FROM few GROUP BY user_id, ts) WINDOW w AS (PARTITION BY user_id ORDER BY ts) ORDER BY 1, 2, 3;
SELECT user_id, ts, sessionize.session_number(:args) OVER w, rank() OVER w, lag(ts) OVER w, sum(amount) OVER w, count(*) FILTER (WHERE kind = 'view') OVER w FROM few WINDOW w AS (PARTITION BY user_id ORDER BY ts) ORDER BY 1, 2, 3, 4, 5;
--- [refused: another window function is called] other functions on other windows
SELECT user_id, ts, id, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts), row_number() OVER (ORDER BY id), sum(amount) OVER (PARTITION BY device ORDER BY id ROWS 3 PRECEDING) FROM few ORDER BY 1, 2, 3;
SELECT id, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts), count(*) OVER () FROM few ORDER BY 1;
--- [refused: there is more than one window] ours on two windows
SELECT id, sessionize.session_number(:args) OVER (PARTITION BY user_id ORDER BY ts), sessionize.session_number(:args) OVER (PARTITION BY device ORDER BY ts) FROM few ORDER BY 1;
SELECT id, sessionize.session_number(:args) OVER v, sessionize.session_start(:args) OVER w FROM few WINDOW v AS (PARTITION BY user_id ORDER BY ts), w AS (PARTITION BY user_id ORDER BY ts ROWS CURRENT ROW) ORDER BY 1;
--- [used] windows that are named, made of others, or not used
SELECT id, sessionize.session_number(:args) OVER v, sessionize.session_start(:args) OVER v FROM few WINDOW u AS (PARTITION BY user_id), v AS (u ORDER BY ts), x AS (ORDER BY device) ORDER BY 1;
--- [refused: another window function is called] aggregates of ours, as window functions
SELECT user_id, ts, sessionize.session_number(:args) OVER w, sessionize.session_count(:args) OVER w FROM few WINDOW w AS (PARTITION BY user_id ORDER BY ts) ORDER BY 1, 2, 3;
--- [error: FILTER] our functions take no FILTER
SELECT sessionize.session_number(:args) FILTER (WHERE kind = 'view') OVER w FROM few WINDOW w AS (PARTITION BY user_id ORDER BY ts);

/* Errors are the same ones. */

--- [error: inactivity] no inactivity
SELECT user_id, sessionize.session_number(ts, NULL::interval) OVER (PARTITION BY user_id ORDER BY ts) FROM few;
--- [error: inactivity] no inactivity in one row
SELECT user_id, sessionize.session_number(ts, CASE WHEN id <> 50 THEN gap END) OVER (PARTITION BY user_id ORDER BY ts) FROM few;
SELECT count(n) FROM (SELECT sessionize.session_number(ts, CASE WHEN id <> 5000 THEN gap END) OVER (PARTITION BY user_id ORDER BY ts) AS n FROM many) AS q;
--- [used] no inactivity where there is no time
SELECT user_id, ts, sessionize.session_number(ts, CASE WHEN ts IS NOT NULL THEN gap END) OVER (PARTITION BY user_id ORDER BY ts) FROM few ORDER BY 1, 2, 3;
SELECT user_id, sessionize.session_number(ts, NULL) OVER (PARTITION BY user_id ORDER BY ts) FROM few WHERE ts IS NULL ORDER BY 1, 2;
SELECT user_id, sessionize.session_number(ts, '-1 hour') OVER (PARTITION BY user_id ORDER BY ts) FROM few WHERE ts IS NULL ORDER BY 1, 2;
--- [error: negative] a negative one, constant or not
SELECT user_id, sessionize.session_number(ts, '-1 hour') OVER (PARTITION BY user_id ORDER BY ts) FROM few;
SELECT user_id, sessionize.session_number(ts, gap - interval '1 hour') OVER (PARTITION BY user_id ORDER BY ts) FROM few;
--- [error: month] months
SELECT user_id, sessionize.session_number(ts, '1 month') OVER (PARTITION BY user_id ORDER BY ts) FROM few;
SELECT user_id, sessionize.session_number(ts, '1 hour', max_duration => '1 month') OVER (PARTITION BY user_id ORDER BY ts) FROM few;
--- [used] bad arguments where there are no rows
SELECT sessionize.session_number(ts, '-1 hour') OVER (PARTITION BY user_id ORDER BY ts) FROM few WHERE id < 0;
SELECT sessionize.session_number(ts, '1 month', max_duration => '1 month') OVER (ORDER BY ts) FROM few WHERE id < 0;
--- [error: max_duration] max_duration that differs in a partition
SELECT sessionize.session_number(ts, '1 hour', max_duration => gap) OVER (PARTITION BY user_id ORDER BY ts) FROM few;
--- [used] an argument that fails where there is no time
SELECT user_id, ts, sessionize.session_number(ts, '1 hour', CASE WHEN ts IS NULL THEN fails(coalesce(kind, '')) ELSE kind = 'login' END) OVER (PARTITION BY user_id ORDER BY ts) FROM few ORDER BY 1, 2, 3;
SELECT sessionize.session_number(ts, '1 hour', fails(kind)) OVER (PARTITION BY user_id ORDER BY ts) FROM few WHERE ts IS NULL;
