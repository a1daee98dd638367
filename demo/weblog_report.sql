/*
 * weblog_report.sql - how much of a log weblog.sql could read, and what not
 */

\pset footer off
\pset linestyle unicode
\pset pager off

SELECT (SELECT count(*) FROM lines) AS lines,
	(SELECT count(*) FROM requests) AS requests,
	(SELECT count(*) FROM unreadable) AS unreadable,
	EXISTS (SELECT FROM unreadable) AS is_any_unreadable
\gset

\echo
\pset numericlocale on
SELECT :lines AS lines, :requests AS requests, :unreadable AS unreadable;
\pset numericlocale off

\if :is_any_unreadable
\echo 'The unreadable lines, or the first ten of them:'
\echo
SELECT line_number, left(line, 80) || CASE WHEN length(line) > 80 THEN '…' ELSE '' END AS line
FROM unreadable
ORDER BY line_number
LIMIT 10;
\endif
