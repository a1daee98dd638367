/*
 * weblog_questions.sql - three questions to the visits of a web server's log
 *
 * Goes on where questions.sql ends. Leaves its metrics behind.
 */
\r

\echo :bold'4. How many requests fail in the first session of an address?':plain
\echo
SELECT sessionize.define_metric('visit', 'first_failures', 'count(*)',
                                filter => 'status >= 400',
                                session_filter => 'session_number = 1')\;
\p
\gset
\echo
\pset numericlocale on
SELECT first_failures AS failures, count(*) AS addresses
FROM visit_actors
GROUP BY failures
ORDER BY addresses DESC, failures
LIMIT 5\;
\p
\echo
\g

\echo :bold'5. How many different pages do sessions longer than half a minute have?':plain
\echo
SELECT sessionize.define_metric('visit', 'long_pages', 'count(DISTINCT path)',
                                session_filter => $$duration > interval '30 seconds'$$)\;
\p
\gset
\echo
SELECT count(long_pages) AS sessions, min(long_pages) AS fewest,
       round(avg(long_pages), 1) AS average, max(long_pages) AS most
FROM visit\;
\p
\echo
\g

\echo :bold'6. How much is read in the second session that a search engine brought?':plain
\echo
SELECT sessionize.define_metric('visit', 'from_search', 'count(*)',
                                filter => $$referrer ~ '//[^/]*\y(google|bing|yahoo)\y'$$)\;
\p
\gset
SELECT sessionize.define_metric('visit', 'second_search_requests', 'count(*)',
                                session_filter => 'from_search > 0', nth => 2)\;
\p
\gset
\echo
SELECT count(second_search_requests) AS addresses, sum(second_search_requests) AS requests,
       round(avg(second_search_requests), 1) AS requests_per_address
FROM visit_actors\;
\p
\echo
\g
\pset numericlocale off
