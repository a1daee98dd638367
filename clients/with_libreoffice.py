"""LibreOffice Base, headless, through its own PostgreSQL driver (sdbc:postgresql): what its table browser lists, and what a
query in it gives.  Run by Debian's python3, which has LibreOffice's bridge; the office is started here and ended here."""

import os
import subprocess
import tempfile
import time

import uno
from com.sun.star.beans import PropertyValue
from com.sun.star.connection import NoConnectException

from checks import done, numbers, ok, same


def start(folder):
    """The office of a profile of its own, listening on a pipe."""
    pipe = "sessionize%d" % os.getpid()
    process = subprocess.Popen(["soffice", "--headless", "--norestore", "--nologo", "--nodefault",
                                "-env:UserInstallation=file://" + folder, "--accept=pipe,name=%s;urp;" % pipe],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    resolver = uno.getComponentContext().ServiceManager.createInstance("com.sun.star.bridge.UnoUrlResolver")
    for _ in range(120):
        try:
            return process, resolver.resolve("uno:pipe,name=%s;urp;StarOffice.ComponentContext" % pipe)
        except NoConnectException:
            time.sleep(0.5)
    raise SystemExit("LibreOffice does not listen")


with tempfile.TemporaryDirectory() as folder:
    process, office = start(folder)
    desktop = office.ServiceManager.createInstanceWithContext("com.sun.star.frame.Desktop", office)
    try:
        drivers = office.ServiceManager.createInstanceWithContext("com.sun.star.sdbc.DriverManager", office)
        connection = drivers.getConnectionWithInfo(
            "sdbc:postgresql:host={PGHOST} port={PGPORT} dbname={PGDATABASE}".format(**os.environ),
            tuple(PropertyValue(Name=name, Value=value) for name, value in
                  (("user", os.environ["PGUSER"]), ("password", os.environ["PGPASSWORD"]))))

        def rows(sql, *columns):
            result = connection.createStatement().executeQuery(sql)
            found = []
            while result.next():
                found.append([result.getString(column) for column in columns])
            return found

        def value(sql):
            return float(rows(sql, 1)[0][0])

        same(value("SELECT count(*) FROM app.visit"), numbers["sessions"], "sessions")
        same(value("SELECT sum(duration_seconds) FROM app.visit"), numbers["seconds"], "seconds in sessions")
        same(value("SELECT count(*) FROM app.visit_events"), numbers["events"], "events")
        same(value("SELECT count(*) FROM app.visit_actors"), numbers["actors"], "actors")
        same(value("SELECT sum(purchases) FROM app.visit"), numbers["purchases"], "purchases")
        same(value("SELECT sum(revenue) FROM app.visit"), numbers["revenue"], "revenue")
        same(value("SELECT count(*) FROM sessionize.session_definition"), 2, "session_definition")
        same(value("SELECT count(*) FROM sessionize.metric_definition"), 3, "metric_definition")
        same(value("SELECT count(*) FROM sessionize.read(NULL::app.visit)"), numbers["sessions"], "read")

        data = connection.getMetaData()
        tables = {}
        result = data.getTables(None, "app", "%", ("TABLE", "VIEW"))
        while result.next():
            tables[result.getString(3)] = (result.getString(4), result.getString(5))
        same({name: kind for name, (kind, _) in tables.items() if name != "events"},
             {name: "VIEW" for name in ("visit", "visit_events", "visit_actors", "Natalie's Session",
                                        "Natalie's Session_events", "Natalie's Session_actors")}, "views listed")
        ok(all(comment for _, comment in tables.values()), "with comments", tables)
        result = data.getColumns(None, "app", "visit", "%")
        columns = []
        while result.next():
            columns.append(result.getString(4))
        same(columns[:4], ["session_id", "user_id", "session_number", "started_at"], "columns listed")

        statement = connection.prepareStatement("SELECT duration_seconds, duration, session_id FROM app.visit "
                                                "WHERE user_id = ? ORDER BY duration_seconds DESC")
        statement.setLong(1, 42)
        result = statement.executeQuery()
        result.next()
        same(result.getDouble(1), numbers["longest_of_42"], "the longest session of an actor, by a parameter")
        ok(result.getString(2).startswith("00:"), "its interval", result.getString(2))
        same(len(result.getString(3)), 36, "its id")
        connection.close()
    finally:
        try:
            desktop.terminate()
        except Exception:
            pass
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
done()
