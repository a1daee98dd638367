"""psycopg2, what Superset and most of Python's tools read through: text protocol, statements with values put in by
the client, cursors on the server."""

import datetime
import uuid

import psycopg2
import psycopg2.extensions
import psycopg2.extras

from checks import done, numbers, ok, same

psycopg2.extras.register_uuid()
connection = psycopg2.connect("")
cursor = connection.cursor()


def value(sql, *parameters):
    cursor.execute(sql, parameters)
    return cursor.fetchone()[0]


ok(not value("SELECT rolsuper FROM pg_roles WHERE rolname = current_user"), "connected as a role that is no superuser")
connection.commit()

# the three views
same(value("SELECT count(*) FROM app.visit"), numbers["sessions"], "sessions")
same(value("SELECT count(*) FROM app.visit_events"), numbers["events"], "events")
same(value("SELECT count(*) FROM app.visit_actors"), numbers["actors"], "actors")
same(value("SELECT sum(duration_seconds) FROM app.visit"), numbers["seconds"], "seconds in sessions")
same(value("SELECT sum(purchases) FROM app.visit"), numbers["purchases"], "purchases")
same(value("SELECT sum(revenue) FROM app.visit_actors"), numbers["revenue"], "revenue, of actors")
same(value("SELECT count(*) FROM app.visit WHERE user_id = %s", 42), numbers["of_42"], "sessions of one actor")
connection.commit()
connection.set_session(readonly=True, isolation_level="REPEATABLE READ")

# catalog and functions, in a transaction that may not write
same(value("SELECT count(*) FROM sessionize.session_definition"), 2, "session_definition, read only")
same(value("SELECT count(*) FROM sessionize.metric_definition"), 3, "metric_definition")
same(value("SELECT label FROM sessionize.fields WHERE session = 'visit' AND view_name = 'visit' AND column_name = 'purchases'"),
     "session purchases", "fields")
same(value("SELECT count(*) FROM (" + value("SELECT sessionize.session_sql('visit', schema => 'app')").rstrip("; \n") + ") AS s"),
     numbers["sessions"], "what session_sql gives can be run")
same(value("SELECT count(*) FROM sessionize.read(NULL::app.visit)"), numbers["sessions"], "read")
ok(value("SELECT count(*) FROM sessionize.read(NULL::app.visit, inactivity => '2 hours')") < numbers["sessions"],
   "read with another inactivity")
cursor.execute("SET LOCAL search_path = app")
same(value("SELECT sessions FROM sessionize.compare('visit', '1 hour', '2 hours') WHERE is_current"),
     numbers["sessions"], "compare")
same(value("SELECT count(*) FROM sessionize.explain_session('visit', 42) WHERE event_time IS NOT NULL"), numbers["events_of_42"], "explain_session")
same(value("SELECT count(*) FROM sessionize.check_definitions()"), 0, "check_definitions")
same(value("SELECT sessionize.version()"), value("SELECT extversion FROM pg_extension WHERE extname = 'sessionize'"), "version")
connection.rollback()
connection.set_session(readonly=False, isolation_level="DEFAULT")

# types
cursor.execute("SELECT session_id, duration, duration_seconds, started_at, is_open FROM app.visit "
               "WHERE user_id = 42 ORDER BY duration_seconds DESC LIMIT 1")
session_id, duration, seconds, started_at, is_open = cursor.fetchone()
ok(isinstance(session_id, uuid.UUID), "session_id is a UUID", type(session_id))
same(duration, datetime.timedelta(seconds=numbers["longest_of_42"]), "interval is a timedelta")
same(seconds, numbers["longest_of_42"], "seconds are a number")
ok(isinstance(seconds, float), "of type float", type(seconds))
ok(started_at.tzinfo is not None, "times have a zone")
same(is_open, False, "is_open is a boolean")
same(value("SELECT count(*) FROM app.visit_events WHERE session_id = %s", session_id),
     value("SELECT event_count FROM app.visit WHERE session_id = %s", session_id), "from a session to its events by its id")
connection.commit()

# a cursor on the server gives all rows in parts, forward and back
with connection.cursor("sessions", scrollable=True) as named:
    named.itersize = 500
    named.execute("SELECT user_id, event_count FROM app.visit")
    same(sum(row[1] for row in named), numbers["events"], "events, through a cursor on the server")
    named.scroll(0, mode="absolute")
    first = named.fetchone()
    named.scroll(0, mode="absolute")
    same(named.fetchone(), first, "and back to its first row")
connection.commit()

# pandas and others ask for the columns of an empty answer
cursor.execute("SELECT * FROM (SELECT * FROM app.visit) AS t WHERE 1 = 0")
same([column.name for column in cursor.description],
     ["session_id", "user_id", "session_number", "started_at", "ended_at", "duration_seconds", "duration",
      "event_count", "started_by", "ended_by", "is_open", "entry_page", "entry_platform", "purchases", "revenue"],
     "columns of an empty answer")
same(cursor.rowcount, 0, "which is empty")

# COPY out
class Lines:
    count = 0

    def write(self, data):
        self.count += data.count("\n" if isinstance(data, str) else b"\n")


lines = Lines()
cursor.copy_expert("COPY (SELECT * FROM app.visit_events) TO STDOUT (FORMAT csv)", lines)
same(lines.count, numbers["events"], "COPY of a view")

# what must not work: the role only reads
connection.rollback()
for sql, name in (("SELECT sessionize.drop_session('visit', schema => 'app')", "drop somebody else's definition"),
                  ("CREATE TEMPORARY TABLE t AS SELECT 1", "make temporary tables"),
                  ("DELETE FROM sessionize.session_definition", "write the catalog")):
    try:
        cursor.execute(sql)
        ok(False, f"may not {name}", "no error")
    except psycopg2.Error as error:
        ok(error.pgcode == "42501", f"may not {name}", f"{error.pgcode} {error}")
    connection.rollback()
done()
