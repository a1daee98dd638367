/*
 * definitions.sql - what "ours" reads: three definitions beside the table events of the search_path
 */

SELECT sessionize.define_session('visit', 'events', 'user_id', 'ts', '30 minutes');

SELECT sessionize.define_session('campaign_visit', 'events', 'user_id', 'ts', '30 minutes',
								 restart_on => $$event = 'campaign'$$);
SELECT sessionize.define_metric('campaign_visit', 'purchases', 'count(*)', filter => $$event = 'purchase'$$);
SELECT sessionize.define_metric('campaign_visit', 'revenue', 'sum(amount)');

SELECT sessionize.define_session('journey', 'events', 'user_id', 'ts', '30 minutes',
								 restart_on => $$event = 'campaign'$$);
SELECT sessionize.define_metric('journey', 'purchases', 'count(*)', filter => $$event = 'purchase'$$);
SELECT sessionize.define_metric('journey', 'revenue', 'sum(amount)');
SELECT sessionize.define_metric('journey', 'pages', 'count(DISTINCT page)');
SELECT sessionize.define_metric('journey', 'first_page', 'sessionize.first(page, ts)');
SELECT sessionize.define_metric('journey', 'last_page', 'sessionize.last(page, ts)');
