/*
 * clickstream_questions.sql - three questions to the visits of a shop's users
 *
 * Goes on where questions.sql ends. Leaves its metrics behind.
 */
\r

\echo :bold'4. How many purchases did users make in their first session with a login?':plain
\echo
SELECT sessionize.define_metric('visit', 'logins', 'count(*)', filter => $$event = 'login'$$)\;
\p
\gset
SELECT sessionize.define_metric('visit', 'login_purchases', 'count(*)',
                                filter => $$event = 'purchase'$$,
                                session_filter => 'logins > 0', nth => 1)\;
\p
\gset
\echo
\pset numericlocale on
SELECT login_purchases AS purchases, count(*) AS users
FROM visit_actors
WHERE login_purchases IS NOT NULL
GROUP BY purchases
ORDER BY purchases\;
\p
\echo
\g

\echo :bold'5. How many different pages do sessions longer than an hour have?':plain
\echo
SELECT sessionize.define_metric('visit', 'long_pages', 'count(DISTINCT page)',
                                session_filter => $$duration > interval '1 hour'$$)\;
\p
\gset
\echo
SELECT count(long_pages) AS sessions, min(long_pages) AS fewest,
       round(avg(long_pages), 1) AS average, max(long_pages) AS most
FROM visit\;
\p
\echo
\g

\echo :bold'6. How many errors did users meet when they tried to register for the second time?':plain
\echo
SELECT sessionize.define_metric('visit', 'registrations', 'count(*)',
                                filter => $$event = 'begin registration'$$)\;
\p
\gset
SELECT sessionize.define_metric('visit', 'second_try_errors', 'count(*)',
                                filter => $$event = 'error'$$,
                                session_filter => 'registrations > 0', nth => 2)\;
\p
\gset
\echo
SELECT count(second_try_errors) AS users, sum(second_try_errors) AS errors,
       round(avg(second_try_errors), 2) AS errors_per_user
FROM visit_actors\;
\p
\echo
\g
\pset numericlocale off
