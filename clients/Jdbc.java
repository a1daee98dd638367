/*
 * Jdbc.java - pgjdbc, the way of Metabase, Looker, DBeaver, Tableau and what else runs on a JVM
 *
 * DatabaseMetaData as these tools ask it, prepared statements that turn into server-side ones, fetch sizes, read-only
 * connections, cancels; each way in which the driver can be set up reads the same numbers. Run as
 * java -cp postgresql.jar Jdbc.java.
 */
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Types;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.TreeMap;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

public class Jdbc {
	static final String ENDLESS = "SELECT sum(c) FROM generate_series(1, 1000000) AS g, "
		+ "LATERAL (SELECT count(*) AS c FROM app.visit WHERE event_count > g % 7 AND user_id <> g) AS v";
	static String json;
	static int checks;

	static void same(Object got, Object wanted, String name) {
		boolean good = Objects.equals(got, wanted);

		checks++;
		if (got instanceof Number && wanted instanceof Number) {
			double number = ((Number) wanted).doubleValue();

			/* sums of floating-point numbers differ by rounding */
			good = Math.abs(((Number) got).doubleValue() - number) <= 1e-9 * Math.abs(number);
		}
		System.out.println(good ? "ok - " + name : "not ok - " + name + ": got " + got + ", not " + wanted);
	}

	static double number(String name) {
		Matcher matcher = Pattern.compile('"' + name + "\" : ([-0-9.e+]+)").matcher(json);

		if (!matcher.find())
			throw new IllegalStateException(name);
		return Double.parseDouble(matcher.group(1));
	}

	static Object value(Connection connection, String sql, Object... parameters) throws SQLException {
		try (PreparedStatement statement = connection.prepareStatement(sql)) {
			for (int i = 0; i < parameters.length; i++)
				statement.setObject(i + 1, parameters[i]);
			try (ResultSet result = statement.executeQuery()) {
				result.next();
				return result.getObject(1);
			}
		}
	}

	static Connection connect(String options) throws SQLException {
		return DriverManager.getConnection("jdbc:postgresql://" + System.getenv("PGHOST") + ":" + System.getenv("PGPORT")
			+ "/" + System.getenv("PGDATABASE") + "?" + options, System.getenv("PGUSER"), System.getenv("PGPASSWORD"));
	}

	/* Every way to set the driver up reads the same. */
	static void numbers(String options) throws SQLException {
		String how = ", " + (options.isEmpty() ? "defaults" : options);

		try (Connection connection = connect(options)) {
			connection.setReadOnly(true);
			same(value(connection, "SELECT count(*) FROM app.visit"), number("sessions"), "sessions" + how);
			same(value(connection, "SELECT sum(duration_seconds) FROM app.visit"), number("seconds"), "seconds" + how);
			same(value(connection, "SELECT sum(purchases) FROM app.visit"), number("purchases"), "purchases" + how);
			same(value(connection, "SELECT sum(revenue) FROM app.visit"), number("revenue"), "revenue" + how);
			same(value(connection, "SELECT count(*) FROM app.visit_events"), number("events"), "events" + how);
			same(value(connection, "SELECT count(*) FROM app.visit_actors"), number("actors"), "actors" + how);
			same(value(connection, "SELECT sum(session_count) FROM app.visit_actors"), number("sessions"), "actors' sessions" + how);
			same(value(connection, "SELECT count(*) FROM sessionize.session_definition"), 2, "session_definition" + how);
			same(value(connection, "SELECT count(*) FROM sessionize.metric_definition"), 3, "metric_definition" + how);
			same(value(connection, "SELECT count(*) FROM sessionize.read(NULL::app.visit)"), number("sessions"), "read" + how);

			/* one statement nine times: from the fifth on it is prepared on the server, later with a generic plan */
			List<Long> answers = new ArrayList<>();
			try (PreparedStatement statement = connection.prepareStatement(
				"SELECT count(*) FROM app.visit WHERE started_at >= ? AND started_at < ? AND user_id <> ?")) {
				for (int i = 1; i < 16; i++) {
					statement.setObject(1, OffsetDateTime.parse("2026-03-15T00:00:00Z"));
					statement.setObject(2, OffsetDateTime.parse("2026-03-16T00:00:00Z"));
					statement.setInt(3, -i);
					try (ResultSet result = statement.executeQuery()) {
						result.next();
						answers.add(result.getLong(1));
					}
				}
			}
			same(answers.stream().distinct().count() + " answer: " + answers.get(0), "1 answer: " + (long) number("on_the_15th"),
				"fifteen executions" + how);

			/* a fetch size means a portal that is read in parts, within a transaction */
			connection.setAutoCommit(false);
			try (Statement statement = connection.createStatement()) {
				long events = 0;

				statement.setFetchSize(250);
				try (ResultSet result = statement.executeQuery("SELECT user_id, event_count FROM app.visit")) {
					while (result.next())
						events += result.getLong(2);
				}
				same(events, number("events"), "events, 250 rows at a time" + how);
			}
			connection.rollback();
		}
	}

	static void metaData(Connection connection) throws SQLException {
		DatabaseMetaData data = connection.getMetaData();
		TreeMap<String, String> tables = new TreeMap<>(), comments = new TreeMap<>(), columns = new TreeMap<>();

		try (ResultSet result = data.getTables(null, "app", "%", new String[] {"TABLE", "VIEW"})) {
			while (result.next()) {
				tables.put(result.getString("TABLE_NAME"), result.getString("TABLE_TYPE"));
				comments.put(result.getString("TABLE_NAME"), result.getString("REMARKS"));
			}
		}
		for (String name : new String[] {"visit", "visit_events", "visit_actors", "Natalie's Session", "Natalie's Session_events"})
			same(tables.get(name), "VIEW", "getTables has " + name);
		same(comments.get("visit") != null && !comments.get("visit").isEmpty(), true, "with a comment");

		comments.clear();
		try (ResultSet result = data.getColumns(null, "app", "visit", "%")) {
			while (result.next()) {
				columns.put(result.getString("COLUMN_NAME"), result.getString("TYPE_NAME") + " " + result.getInt("DATA_TYPE"));
				comments.put(result.getString("COLUMN_NAME"), result.getString("REMARKS"));
			}
		}
		same(columns.size(), 15, "getColumns");
		same(columns.get("duration_seconds"), "float8 " + Types.DOUBLE, "duration_seconds is DOUBLE");
		same(columns.get("event_count"), "int8 " + Types.BIGINT, "event_count is BIGINT");
		same(columns.get("started_at"), "timestamptz " + Types.TIMESTAMP, "started_at is TIMESTAMP");
		same(columns.get("started_by"), "varchar " + Types.VARCHAR, "started_by is VARCHAR");
		same(columns.get("is_open"), "bool " + Types.BIT, "is_open is BIT");
		same(columns.get("session_id"), "uuid " + Types.OTHER, "session_id is a uuid");
		same(columns.get("duration"), "interval " + Types.OTHER, "duration is an interval");
		same(comments.values().stream().filter(c -> c == null || c.isEmpty()).count(), 0L, "every column has a comment");
		try (ResultSet result = data.getColumns(null, "app", "Natalie's Session", "Pages seen")) {
			same(result.next(), true, "getColumns of a name with quote and space");
		}
		try (ResultSet result = data.getSchemas()) {
			List<String> schemas = new ArrayList<>();

			while (result.next())
				schemas.add(result.getString(1));
			same(schemas.contains("app") && schemas.contains("sessionize"), true, "getSchemas");
		}
		try (ResultSet result = data.getFunctions(null, "sessionize", "%")) {
			TreeMap<String, String> functions = new TreeMap<>();

			while (result.next())
				functions.put(result.getString("FUNCTION_NAME"), result.getString("REMARKS"));
			same(functions.containsKey("define_session") && functions.containsKey("session_sql"), true, "getFunctions");
			same(functions.get("define_session") != null, true, "with a comment");
		}
		try (ResultSet result = data.getPrimaryKeys(null, "sessionize", "session_definition")) {
			int count = 0;

			while (result.next())
				count++;
			same(count, 2, "getPrimaryKeys of session_definition");
		}
		try (ResultSet result = data.getTablePrivileges(null, "app", "visit")) {
			List<String> granted = new ArrayList<>();

			while (result.next())
				if (result.getString("GRANTEE").equals("bi"))
					granted.add(result.getString("PRIVILEGE"));
			same(granted.toString(), "[SELECT]", "getTablePrivileges");
		}
	}

	static void cancelled(Connection connection) throws Exception {
		try (Statement statement = connection.createStatement()) {
			statement.setQueryTimeout(1);
			try {
				statement.executeQuery(ENDLESS);
				same("no error", "57014", "setQueryTimeout");
			} catch (SQLException error) {
				same(error.getSQLState(), "57014", "setQueryTimeout");
			}
		}
		try (Statement statement = connection.createStatement()) {
			Thread thread = new Thread(() -> {
				try {
					Thread.sleep(500);
					statement.cancel();
				} catch (Exception error) {
					throw new IllegalStateException(error);
				}
			});

			thread.start();
			try {
				statement.executeQuery(ENDLESS);
				same("no error", "57014", "cancel");
			} catch (SQLException error) {
				same(error.getSQLState(), "57014", "cancel");
			}
			thread.join();
		}
		same(value(connection, "SELECT count(*) FROM app.visit"), number("sessions"), "and read on");
	}

	public static void main(String[] arguments) throws Exception {
		json = Files.readString(Path.of(System.getenv("NUMBERS")));
		for (String options : new String[] {"", "prepareThreshold=1&binaryTransfer=true", "preferQueryMode=simple",
			"preferQueryMode=extendedCacheEverything", "readOnlyMode=always", "prepareThreshold=0", "autosave=always"})
			numbers(options);

		try (Connection connection = connect("")) {
			metaData(connection);
			cancelled(connection);

			try (Statement statement = connection.createStatement();
				ResultSet result = statement.executeQuery("SELECT session_id, duration, duration_seconds, started_at FROM app.visit"
					+ " WHERE user_id = 42 ORDER BY duration_seconds DESC LIMIT 1")) {
				result.next();
				UUID id = result.getObject(1, UUID.class);
				same(result.getDouble(3), number("longest_of_42"), "the longest session of an actor");
				same(String.valueOf(result.getObject(2)), String.format("0 years 0 mons 0 days 0 hours %d mins %.1f secs",
					(int) number("longest_of_42") / 60, number("longest_of_42") % 60), "its interval, without months and days");
				same(((Number) value(connection, "SELECT count(*) FROM app.visit_events WHERE session_id = ?", id)).longValue(),
					value(connection, "SELECT event_count FROM app.visit WHERE session_id = ?", id), "its events, by its UUID");
			}
			/* the columns of a query, without running it */
			try (PreparedStatement statement = connection.prepareStatement("SELECT * FROM (SELECT * FROM app.visit_actors) AS t WHERE 1 = 0")) {
				ResultSetMetaData data = statement.getMetaData();

				same(data.getColumnName(2) + " " + data.getColumnTypeName(4), "session_count float8", "columns of a statement that is only prepared");
			}
		}
		System.out.println("1.." + checks);
	}
}
