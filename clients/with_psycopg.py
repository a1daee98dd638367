"""psycopg 3: the extended protocol, binary results, statements that the driver prepares by itself, pipelines."""

import datetime
import threading
import uuid
from time import perf_counter

import psycopg

from checks import done, numbers, ok, same

ENDLESS = ("SELECT sum(c) FROM generate_series(1, 1000000) AS g, "
           "LATERAL (SELECT count(*) AS c FROM app.visit WHERE event_count > g % 7 AND user_id <> g) AS v")

connection = psycopg.connect("", autocommit=True)


def value(sql, parameters=None, **options):
    return connection.execute(sql, parameters, **options).fetchone()[0]


ok(not value("SELECT rolsuper FROM pg_roles WHERE rolname = current_user"), "connected as a role that is no superuser")

for binary in (False, True):
    how = "binary" if binary else "text"
    with connection.cursor(binary=binary) as cursor:
        cursor.execute("SELECT count(*), sum(duration_seconds), sum(duration), sum(purchases), sum(revenue) FROM app.visit")
        sessions, seconds, time, purchases, revenue = cursor.fetchone()
        same(sessions, numbers["sessions"], f"sessions, {how}")
        same(seconds, numbers["seconds"], f"seconds in sessions, {how}")
        same(time, datetime.timedelta(seconds=numbers["seconds"]), f"the same as an interval, {how}")
        same(purchases, numbers["purchases"], f"purchases, {how}")
        same(revenue, numbers["revenue"], f"revenue, {how}")
        cursor.execute("SELECT * FROM app.visit WHERE user_id = %s ORDER BY session_number", [42])
        rows = cursor.fetchall()
        same(len(rows), numbers["of_42"], f"sessions of one actor, {how}")
        ok(isinstance(rows[0][0], uuid.UUID), f"session_id is a UUID, {how}", type(rows[0][0]))
        ok(isinstance(rows[0][6], datetime.timedelta), f"duration is a timedelta, {how}", type(rows[0][6]))
        same(rows[0][3], datetime.datetime.fromisoformat(numbers["first_of_42"].replace("Z", "+00:00")),
             f"the first one's start, {how}")
        cursor.execute("SELECT count(*), sum(session_event_number - session_event_number + 1) FROM app.visit_events")
        same(cursor.fetchone()[0], numbers["events"], f"events, {how}")
        cursor.execute("SELECT count(*), sum(session_count), sum(time_in_session_seconds) FROM app.visit_actors")
        actors, sessions, seconds = cursor.fetchone()
        same((actors, int(sessions)), (numbers["actors"], numbers["sessions"]), f"actors and their sessions, {how}")
        same(seconds, numbers["seconds"], f"actors' seconds, {how}")
        cursor.execute("SELECT * FROM sessionize.session_definition WHERE name = 'visit'")
        row = dict(zip((column.name for column in cursor.description), cursor.fetchone()))
        same(row["inactivity"], datetime.timedelta(minutes=30), f"a definition's inactivity, {how}")
        same(row["readers"], ["bi"], f"and its readers, {how}")
        same(cursor.execute("SELECT count(*) FROM sessionize.metric_definition").fetchone()[0], 3, f"metrics, {how}")
        cursor.execute("SELECT count(*) FROM sessionize.read(NULL::app.visit)")
        same(cursor.fetchone()[0], numbers["sessions"], f"read, {how}")
        cursor.execute("SELECT count(*) FROM sessionize.read(NULL::app.visit, inactivity => %s)", [datetime.timedelta(hours=2)])
        ok(cursor.fetchone()[0] < numbers["sessions"], f"read with another inactivity, a parameter, {how}")
        cursor.execute("SELECT sessionize.version(), extversion FROM pg_extension WHERE extname = 'sessionize'")
        version, wanted = cursor.fetchone()
        same(version, wanted, f"version, {how}")

# A statement that is sent again and again becomes a prepared one with a generic plan: the answers stay the same
statement = "SELECT count(*) FROM app.visit WHERE started_at >= %s AND started_at < %s AND user_id <> %s"
day = datetime.datetime(2026, 3, 15, tzinfo=datetime.timezone.utc)
answers = [value(statement, [day, day + datetime.timedelta(days=1), -i - 1], prepare=True) for i in range(12)]
same(answers, [numbers["on_the_15th"]] * 12, "twelve executions of one prepared statement")
plans = connection.execute("SELECT generic_plans, custom_plans FROM pg_prepared_statements "
                           "WHERE statement LIKE '%%started_at >=%%'", prepare=False).fetchone()
same(sum(plans), 12, "which were all of that statement")
connection.execute("SET plan_cache_mode = force_generic_plan")
same(value(statement, [day, day + datetime.timedelta(days=1), -1], prepare=True), numbers["on_the_15th"], "a generic plan")
connection.execute("RESET plan_cache_mode")

# many statements on the way at once
with connection.pipeline():
    cursors = [connection.execute("SELECT count(*) FROM app.visit WHERE user_id = %s", [42]) for _ in range(8)]
    same([cursor.fetchone()[0] for cursor in cursors], [numbers["of_42"]] * 8, "eight statements in a pipeline")

# read-only transactions, at each level
for level in psycopg.IsolationLevel:
    with psycopg.connect("") as other:
        other.read_only = True
        other.isolation_level = level
        same(other.execute("SELECT count(*) FROM app.visit").fetchone()[0], numbers["sessions"],
             f"sessions, read only, {level.name.lower().replace('_', ' ')}")

# cancelled by another thread while sessions are computed; the connection goes on
timer = threading.Timer(0.5, connection.cancel)
timer.start()
try:
    connection.execute(ENDLESS)
    ok(False, "cancel", "no error")
except psycopg.errors.QueryCanceled:
    ok(True, "cancel")
timer.join()
same(value("SELECT count(*) FROM app.visit"), numbers["sessions"], "and read on")

connection.execute("SET statement_timeout = '300ms'")
try:
    connection.execute(ENDLESS)
    ok(False, "statement_timeout", "no error")
except psycopg.errors.QueryCanceled:
    ok(True, "statement_timeout")
connection.execute("RESET statement_timeout")

# COPY, binary
with connection.cursor().copy("COPY (SELECT session_id, started_at, event_count FROM app.visit) TO STDOUT (FORMAT binary)") as copy:
    copy.set_types(["uuid", "timestamptz", "int8"])
    same(sum(row[2] for row in copy.rows()), numbers["events"], "events of sessions, by binary COPY")

with connection.transaction(), connection.cursor("named", withhold=True) as named:
    named.itersize = 300
    named.execute("SELECT event_count FROM app.visit WHERE event_count > 0")
    same(sum(row[0] for row in named), numbers["events"], "events, through a cursor WITH HOLD")

# What a tool asks for when it is pointed at a database, here one of fifty definitions with three metrics each: that all of it
# is there, each with its comment. How long that takes is told and not judged, since the machine may have other work.
VIEWS = """
    SELECT c.relname, obj_description(c.oid)
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname = 'app' AND c.relkind = 'v' AND has_table_privilege(c.oid, 'SELECT')"""
COLUMNS = """
    SELECT table_name, column_name, data_type,
           col_description(format('%I.%I', table_schema, table_name)::regclass, ordinal_position::int)
    FROM information_schema.columns
    WHERE table_schema = 'app' AND table_name <> 'events'"""
FIELDS = "SELECT * FROM sessionize.fields"
with psycopg.connect("dbname=many", autocommit=True) as many:
    of_one = {COLUMNS: many.execute(COLUMNS + " AND table_name ~ '^visit 7(_|$)'").rowcount,
              FIELDS: many.execute(FIELDS + " WHERE session = 'visit 7'").rowcount}
    told = []
    for what, sql, wanted in (("views", VIEWS, 150), ("columns", COLUMNS, 50 * of_one[COLUMNS]), ("fields", FIELDS, 50 * of_one[FIELDS])):
        begin = perf_counter()
        rows = many.execute(sql).fetchall()
        told.append(f"{len(rows)} {what} in {(perf_counter() - begin) * 1000:.0f} ms")
        ok(len(rows) == wanted > 50, f"fifty definitions: {what}", f"{len(rows)}, not {wanted}")
        if sql is not FIELDS:
            # what a view of events has from its source has the source's comments, which are none here
            same([row[:2] for row in rows if not row[-1] and row[1] not in ("user_id", "ts", "page")], [],
                 f"and the comments of the {what}")
    print("# fifty definitions:", ", ".join(told))
done()
