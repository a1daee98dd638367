-- ClickHouse: one array of times per user, sorted and split. Where other columns must follow, each is an array
-- sorted by the times: a bit slower than looking up each element by its place, which is quadratic in the events
-- of one user. Times are whole microseconds throughout.

-- question a
SELECT user_id, s[1] AS started_at, s[-1] AS ended_at, length(s) AS event_count
FROM (SELECT user_id, arrayJoin(arraySplit((t, pause) -> pause > 1800000000, a, arrayDifference(a))) AS s
	  FROM (SELECT user_id, arraySort(groupArray(toUnixTimestamp64Micro(ts))) AS a
			FROM events
			GROUP BY user_id))

-- question b
SELECT user_id, s[1] AS started_at, s[-1] AS ended_at, length(s) AS event_count,
	   arrayCount(p) AS purchases, arraySum(r) AS revenue
FROM (SELECT user_id, groupArray(toUnixTimestamp64Micro(ts)) AS times,
			 arraySort(times) AS sorted,
			 arraySort((x, t) -> t, groupArray(event = 'campaign'), times) AS campaigns,
			 arrayMap((pause, is_campaign) -> is_campaign OR pause > 1800000000,
					  arrayDifference(sorted), campaigns) AS begins,
			 arraySplit((x, b) -> b, sorted, begins) AS ss,
			 arraySplit((x, b) -> b, arraySort((x, t) -> t, groupArray(event = 'purchase'), times), begins) AS ps,
			 arraySplit((x, b) -> b, arraySort((x, t) -> t, groupArray(ifNull(amount, 0)), times), begins) AS rs
	  FROM events
	  GROUP BY user_id)
ARRAY JOIN ss AS s, ps AS p, rs AS r

-- question b+
SELECT user_id, s[1] AS started_at, s[-1] AS ended_at, length(s) AS event_count,
	   arrayCount(p) AS purchases, arraySum(r) AS revenue,
	   arrayUniq(g) AS pages, g[1] AS first_page, g[-1] AS last_page
FROM (SELECT user_id, groupArray(toUnixTimestamp64Micro(ts)) AS times,
			 arraySort(times) AS sorted,
			 arraySort((x, t) -> t, groupArray(event = 'campaign'), times) AS campaigns,
			 arrayMap((pause, is_campaign) -> is_campaign OR pause > 1800000000,
					  arrayDifference(sorted), campaigns) AS begins,
			 arraySplit((x, b) -> b, sorted, begins) AS ss,
			 arraySplit((x, b) -> b, arraySort((x, t) -> t, groupArray(event = 'purchase'), times), begins) AS ps,
			 arraySplit((x, b) -> b, arraySort((x, t) -> t, groupArray(ifNull(amount, 0)), times), begins) AS rs,
			 arraySplit((x, b) -> b, arraySort((x, t) -> t, groupArray(page), times), begins) AS gs
	  FROM events
	  GROUP BY user_id)
ARRAY JOIN ss AS s, ps AS p, rs AS r, gs AS g

-- question c
SELECT user_id, ts, event, page, session_number
FROM (SELECT user_id, groupArray(toUnixTimestamp64Micro(ts)) AS times,
			 arraySort(times) AS sorted,
			 arraySort((x, t) -> t, groupArray(event), times) AS sorted_events,
			 arraySort((x, t) -> t, groupArray(page), times) AS sorted_pages,
			 arrayCumSum(arrayMap((pause, i) -> i = 1 OR pause > 1800000000,
								  arrayDifference(sorted), arrayEnumerate(sorted))) AS numbers
	  FROM events
	  GROUP BY user_id)
ARRAY JOIN sorted AS ts, sorted_events AS event, sorted_pages AS page, numbers AS session_number

-- question d
SELECT user_id, arrayCount(pause -> pause > 1800000000, pauses) + 1 AS session_count,
	   arraySum(pause -> if(pause > 1800000000, 0, pause), pauses) AS time_in_session
FROM (SELECT user_id, arrayDifference(arraySort(groupArray(toUnixTimestamp64Micro(ts)))) AS pauses
	  FROM events
	  GROUP BY user_id)

-- question e
SELECT user_id, s[1] AS started_at, s[-1] AS ended_at, length(s) AS event_count
FROM (SELECT user_id, arrayJoin(arraySplit((t, pause) -> pause > 1800000000, a, arrayDifference(a))) AS s
	  FROM (SELECT user_id, arraySort(groupArray(toUnixTimestamp64Micro(ts))) AS a
			FROM events_by_user
			WHERE user_id = $actor
			GROUP BY user_id))

-- question f
SELECT toDate(fromUnixTimestamp64Micro(s[1], 'UTC')) AS day, intDiv(s[-1] - s[1], 60000000) AS minutes,
	   count() AS sessions
FROM (SELECT arrayJoin(arraySplit((t, pause) -> pause > 1800000000, a, arrayDifference(a))) AS s
	  FROM (SELECT arraySort(groupArray(toUnixTimestamp64Micro(ts))) AS a
			FROM events
			GROUP BY user_id))
GROUP BY day, minutes
