"""psqlODBC under unixODBC: the way Tableau, Excel, Power BI and others come: the catalog calls, types as ODBC names them, its
option sets (server-side prepare or not, cursors on the server), cancels.  The driver is named in the connection string, so
that nothing of the system's is configured."""

import datetime
import os
import subprocess
import threading

import pyodbc

from checks import done, numbers, ok, same

DRIVER = next(name for name in subprocess.run(["dpkg", "-L", "odbc-postgresql"], text=True, capture_output=True).stdout.split()
              if name.endswith("psqlodbcw.so"))
SERVER = ("Driver={0};Server={PGHOST};Port={PGPORT};Database={PGDATABASE};UID={PGUSER};PWD={PGPASSWORD};"
          .format(DRIVER, **os.environ))
ENDLESS = ("SELECT sum(c) FROM generate_series(1, 1000000) AS g, "
           "LATERAL (SELECT count(*) AS c FROM app.visit WHERE event_count > g % 7 AND user_id <> g) AS v")

for options in ("", "UseServerSidePrepare=0;", "UseDeclareFetch=1;Fetch=100;", "UseServerSidePrepare=1;ByteaAsLongVarBinary=1;BoolsAsChar=0;",
                "TextAsLongVarchar=0;MaxVarcharSize=4000;"):
    how = options or "defaults"
    connection = pyodbc.connect(SERVER + options)
    cursor = connection.cursor()

    same(cursor.execute("SELECT count(*) FROM app.visit").fetchval(), numbers["sessions"], f"sessions, {how}")
    same(cursor.execute("SELECT sum(duration_seconds) FROM app.visit").fetchval(), numbers["seconds"], f"seconds, {how}")
    same(cursor.execute("SELECT count(*) FROM app.visit_events").fetchval(), numbers["events"], f"events, {how}")
    same(cursor.execute("SELECT count(*) FROM app.visit_actors").fetchval(), numbers["actors"], f"actors, {how}")
    same(cursor.execute("SELECT sum(purchases) FROM app.visit WHERE revenue > 0").fetchval(), numbers["purchases"], f"purchases, {how}")
    same(cursor.execute("SELECT sum(revenue) FROM app.visit").fetchval(), numbers["revenue"], f"revenue, {how}")
    same([cursor.execute("SELECT count(*) FROM app.visit WHERE user_id = ?", 42).fetchval() for _ in range(7)],
         [numbers["of_42"]] * 7, f"sessions of one actor, seven times, {how}")
    same(cursor.execute("SELECT count(*) FROM app.visit WHERE started_at >= ? AND started_at < ?",
                        datetime.datetime(2026, 3, 15), datetime.datetime(2026, 3, 16)).fetchval(),
         numbers["on_the_15th"], f"sessions of a day, {how}")
    rows = cursor.execute("SELECT user_id, event_count FROM app.visit").fetchall()
    same((len(rows), sum(row[1] for row in rows)), (numbers["sessions"], numbers["events"]), f"all rows, {how}")
    same(len(cursor.execute("SELECT * FROM app.visit WHERE 1=0").description), 15, f"columns of an empty answer, {how}")
    same(cursor.execute("SELECT count(*) FROM sessionize.session_definition").fetchval(), 2, f"session_definition, {how}")
    same(cursor.execute("SELECT count(*) FROM sessionize.metric_definition").fetchval(), 3, f"metric_definition, {how}")
    same(cursor.execute("{call sessionize.version()}").fetchval(),
         cursor.execute("SELECT extversion FROM pg_extension WHERE extname = 'sessionize'").fetchval(), f"a function called, {how}")
    same(cursor.execute("SELECT count(*) FROM sessionize.read(NULL::app.visit)").fetchval(), numbers["sessions"], f"read, {how}")
    connection.close()

connection = pyodbc.connect(SERVER, autocommit=True)
cursor = connection.cursor()

# SQLTables, SQLColumns: what a tool offers to choose from
tables = {(row.table_schem, row.table_name): row.table_type for row in cursor.tables()}
for name in ("visit", "visit_events", "visit_actors", "Natalie's Session", "Natalie's Session_actors"):
    same(tables.get(("app", name)), "VIEW", f"SQLTables has {name}")
same(tables.get(("sessionize", "session_definition")), "TABLE", "SQLTables has session_definition")
columns = {row.column_name: row.type_name for row in cursor.columns(schema="app", table="visit")}
same(list(columns)[:8], ["session_id", "user_id", "session_number", "started_at", "ended_at", "duration_seconds", "duration",
                         "event_count"], "SQLColumns")
same([columns[name] for name in ("session_id", "started_at", "duration_seconds", "event_count", "started_by", "is_open")],
     ["uuid", "timestamptz", "float8", "int8", "varchar", "bool"], "SQLColumns' types")
types = {column[0]: column[1] for column in cursor.execute("SELECT * FROM app.visit LIMIT 0").description}
same((types["duration_seconds"], types["started_at"], types["event_count"]), (float, datetime.datetime, int),
     "what can be plotted arrives as number and time")
ok(cursor.execute("SELECT duration FROM app.visit LIMIT 1").fetchval() is not None, "an interval can be read")
same(len(cursor.execute("SELECT session_id FROM app.visit LIMIT 1").fetchval().replace("-", "")), 32, "a uuid can be read")
same(cursor.execute("SELECT \"Pages seen\" FROM app.\"Natalie's Session\" WHERE \"on what\" = ? LIMIT 1", "web").fetchval() > 0, True,
     "a name with a quote and a space")

# a transaction that only reads
connection.autocommit = False
cursor.execute("SET TRANSACTION READ ONLY")
same(cursor.execute("SELECT count(*) FROM app.visit").fetchval(), numbers["sessions"], "sessions, read only")
connection.rollback()

timer = threading.Timer(0.5, cursor.cancel)
timer.start()
try:
    cursor.execute(ENDLESS)
    ok(False, "SQLCancel", "no error")
except pyodbc.Error as error:
    ok(error.args[0] in ("57014", "HY008"), "SQLCancel", error.args)
timer.join()
connection.rollback()
same(cursor.execute("SELECT count(*) FROM app.visit").fetchval(), numbers["sessions"], "and read on")
connection.close()

isql = subprocess.run(["isql", "-k", "-b", "-d,", SERVER], input="SELECT count(*) FROM app.visit\n", text=True, capture_output=True)
ok(str(numbers["sessions"]) in isql.stdout.split(), "isql", isql.stdout + isql.stderr)
done()
