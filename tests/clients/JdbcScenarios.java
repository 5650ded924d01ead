// The scenarios from Java, through the Arrow Flight SQL JDBC driver, as a BI tool would.
// Run as a single source file: arguments are the JDBC URL and a scenario's name; it ends
// with code 0 when the scenario holds.

import java.math.BigDecimal;
import java.sql.*;
import java.util.*;

public class JdbcScenarios {
  static String url;

  public static void main(String[] arguments) throws Exception {
    url = arguments[0];
    JdbcScenarios scenarios = new JdbcScenarios();
    int failures = 0;
    for (String name : Arrays.copyOfRange(arguments, 1, arguments.length)) {
      try {
        JdbcScenarios.class.getDeclaredMethod(name).invoke(scenarios);
        System.out.println("passed " + name);
      } catch (java.lang.reflect.InvocationTargetException failure) {
        failures++;
        System.out.println("FAILED " + name);
        failure.getCause().printStackTrace(System.out);
      }
    }
    System.exit(failures == 0 ? 0 : 1);
  }

  static Connection connection() throws SQLException {
    return DriverManager.getConnection(url);
  }

  static void check(boolean holds, Object... values) {
    if (!holds) throw new AssertionError(Arrays.deepToString(values));
  }

  static void same(Object expected, Object found) {
    check(Objects.equals(expected, found), "expected", expected, "found", found);
  }

  static void run(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  static Object one(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      check(rows.next(), "no row", sql);
      return rows.getObject(1);
    }
  }

  static List<String> column(ResultSet rows, String name) throws SQLException {
    List<String> values = new ArrayList<>();
    while (rows.next()) values.add(rows.getString(name));
    return values;
  }

  void connect() throws SQLException {
    try (Connection connection = connection()) {
      check(connection.isValid(5));
      same(1, ((Number) one(connection, "SELECT 1")).intValue());
    }
  }

  void query() throws SQLException {
    String sql =
        "SELECT 1::BIGINT AS a, 'x' AS b, 2.5::DOUBLE AS c, 1.25::DECIMAL(5,2) AS d,"
            + " DATE '2024-02-29' AS e, true AS f, NULL::INTEGER AS g";
    try (Connection connection = connection();
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      same(7, rows.getMetaData().getColumnCount());
      same("b", rows.getMetaData().getColumnLabel(2));
      same(Types.BIGINT, rows.getMetaData().getColumnType(1));
      check(rows.next());
      same(1L, rows.getLong(1));
      same("x", rows.getString(2));
      same(2.5, rows.getDouble(3));
      same(new BigDecimal("1.25"), rows.getBigDecimal(4));
      same("2024-02-29", rows.getDate(5).toString());
      same(true, rows.getBoolean(6));
      rows.getInt(7);
      check(rows.wasNull());
      check(!rows.next());
    }
  }

  void large_result() throws SQLException {
    try (Connection connection = connection();
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery("SELECT range AS r FROM range(300000)")) {
      long expected = 0;
      while (rows.next()) {
        if (rows.getLong(1) != expected) same(expected, rows.getLong(1));
        expected++;
      }
      same(300000L, expected);
    }
  }

  void prepared_by_position() throws SQLException {
    try (Connection connection = connection()) {
      run(connection, "CREATE OR REPLACE TABLE jdbc_prepared (i INTEGER, s VARCHAR)");
      try (PreparedStatement insert =
          connection.prepareStatement("INSERT INTO jdbc_prepared VALUES (?, ?)")) {
        same(2, insert.getParameterMetaData().getParameterCount());
        insert.setInt(1, 7);
        insert.setString(2, "seven");
        same(1, insert.executeUpdate());
        insert.setInt(1, 8);
        insert.setNull(2, Types.VARCHAR);
        same(1, insert.executeUpdate());
      }
      try (PreparedStatement select =
          connection.prepareStatement("SELECT s FROM jdbc_prepared WHERE i = ?")) {
        select.setInt(1, 7);
        try (ResultSet rows = select.executeQuery()) {
          check(rows.next());
          same("seven", rows.getString(1));
        }
        select.setInt(1, 8);
        try (ResultSet rows = select.executeQuery()) {
          check(rows.next());
          same(null, rows.getString(1));
        }
      }
    }
  }

  void executemany() throws SQLException {
    try (Connection connection = connection()) {
      run(connection, "CREATE OR REPLACE TABLE jdbc_batch (i INTEGER)");
      try (PreparedStatement insert =
          connection.prepareStatement("INSERT INTO jdbc_batch VALUES (?)")) {
        for (int i = 0; i < 10; i++) {
          insert.setInt(1, i);
          insert.addBatch();
        }
        insert.executeBatch();
      }
      same(45, ((Number) one(connection, "SELECT sum(i)::INTEGER FROM jdbc_batch")).intValue());
    }
  }

  void schema_before_execution() throws SQLException {
    try (Connection connection = connection();
        PreparedStatement select =
            connection.prepareStatement("SELECT 1::BIGINT AS a, 'x' AS b WHERE ?::INTEGER = 1")) {
      ResultSetMetaData columns = select.getMetaData();
      same(2, columns.getColumnCount());
      same("a", columns.getColumnName(1));
      same(Types.VARCHAR, columns.getColumnType(2));
    }
  }

  void update_count() throws SQLException {
    try (Connection connection = connection();
        Statement statement = connection.createStatement()) {
      run(connection, "CREATE OR REPLACE TABLE jdbc_update AS SELECT range AS i FROM range(10)");
      same(4, statement.executeUpdate("DELETE FROM jdbc_update WHERE i < 4"));
      same(6, statement.executeUpdate("UPDATE jdbc_update SET i = 0"));
      same(0, statement.executeUpdate("DELETE FROM jdbc_update WHERE i = 77"));
    }
  }

  void commit() throws SQLException {
    try (Connection watcher = connection();
        Connection connection = connection()) {
      run(watcher, "CREATE OR REPLACE TABLE jdbc_commit (i INTEGER)");
      connection.setAutoCommit(false);
      run(connection, "INSERT INTO jdbc_commit VALUES (1)");
      connection.commit();
      same(1L, ((Number) one(watcher, "SELECT count(*) FROM jdbc_commit")).longValue());
    }
  }

  void rollback() throws SQLException {
    try (Connection watcher = connection();
        Connection connection = connection()) {
      run(watcher, "CREATE OR REPLACE TABLE jdbc_rollback (i INTEGER)");
      run(connection, "BEGIN");
      run(connection, "INSERT INTO jdbc_rollback VALUES (1)");
      run(connection, "ROLLBACK");
      same(0L, ((Number) one(watcher, "SELECT count(*) FROM jdbc_rollback")).longValue());
    }
  }

  void cancel_mid_stream() throws Exception {
    String sql = "SELECT range AS cancel_from_jdbc FROM range(1000000000000)";
    try (Connection connection = connection()) {
      Statement statement = connection.createStatement();
      ResultSet rows = statement.executeQuery(sql);
      check(rows.next());
      statement.cancel();
      rows.close();
    }
    try (Connection connection = connection()) {
      String status =
          "SELECT count(*) FROM pintail.statements WHERE sql LIKE 'SELECT range AS"
              + " cancel_from_jdbc%' AND state <> 'running'";
      long deadline = System.nanoTime() + 30_000_000_000L;
      while (((Number) one(connection, status)).longValue() == 0) {
        check(System.nanoTime() < deadline, "the statement still runs");
      }
    }
  }

  void tables_with_filters() throws SQLException {
    try (Connection connection = connection()) {
      run(connection, "CREATE OR REPLACE TABLE jdbc_tables_a (i INTEGER)");
      run(connection, "CREATE OR REPLACE VIEW jdbc_tables_b AS SELECT 1 AS j");
      DatabaseMetaData metadata = connection.getMetaData();
      try (ResultSet rows = metadata.getTables(null, null, "jdbc_tables%", null)) {
        same(List.of("jdbc_tables_a", "jdbc_tables_b"), column(rows, "TABLE_NAME"));
      }
      try (ResultSet rows =
          metadata.getTables(null, "main", "jdbc_tables%", new String[] {"VIEW"})) {
        same(List.of("jdbc_tables_b"), column(rows, "TABLE_NAME"));
      }
      try (ResultSet rows = metadata.getSchemas()) {
        check(column(rows, "TABLE_SCHEM").contains("main"));
      }
      try (ResultSet rows = metadata.getCatalogs()) {
        check(column(rows, "TABLE_CAT").contains("memory"));
      }
    }
  }

  void table_schema() throws SQLException {
    try (Connection connection = connection()) {
      run(connection, "CREATE OR REPLACE TABLE jdbc_columns (i INTEGER NOT NULL, s VARCHAR, d DECIMAL(7,2))");
      try (ResultSet rows =
          connection.getMetaData().getColumns(null, null, "jdbc_columns", "%")) {
        check(rows.next());
        same("i", rows.getString("COLUMN_NAME"));
        same(Types.INTEGER, rows.getInt("DATA_TYPE"));
        same(DatabaseMetaData.columnNoNulls, rows.getInt("NULLABLE"));
        check(rows.next());
        same(Types.VARCHAR, rows.getInt("DATA_TYPE"));
        same(DatabaseMetaData.columnNullable, rows.getInt("NULLABLE"));
        check(rows.next());
        same(Types.DECIMAL, rows.getInt("DATA_TYPE"));
        check(!rows.next());
      }
    }
  }

  void keys() throws SQLException {
    try (Connection connection = connection()) {
      run(connection, "CREATE TABLE IF NOT EXISTS jdbc_parent (a INTEGER PRIMARY KEY)");
      run(connection, "CREATE TABLE IF NOT EXISTS jdbc_child (x INTEGER REFERENCES jdbc_parent (a))");
      DatabaseMetaData metadata = connection.getMetaData();
      try (ResultSet rows = metadata.getPrimaryKeys(null, null, "jdbc_parent")) {
        same(List.of("a"), column(rows, "COLUMN_NAME"));
      }
      try (ResultSet rows = metadata.getImportedKeys(null, null, "jdbc_child")) {
        same(List.of("jdbc_parent"), column(rows, "PKTABLE_NAME"));
      }
      try (ResultSet rows = metadata.getExportedKeys(null, null, "jdbc_parent")) {
        same(List.of("x"), column(rows, "FKCOLUMN_NAME"));
      }
      try (ResultSet rows =
          metadata.getCrossReference(null, null, "jdbc_parent", null, null, "jdbc_child")) {
        same(List.of("a"), column(rows, "PKCOLUMN_NAME"));
      }
    }
  }

  void table_types() throws SQLException {
    try (Connection connection = connection();
        ResultSet rows = connection.getMetaData().getTableTypes()) {
      List<String> types = column(rows, "TABLE_TYPE");
      check(types.containsAll(List.of("TABLE", "VIEW")), types);
    }
  }

  void server_info() throws SQLException {
    try (Connection connection = connection()) {
      DatabaseMetaData metadata = connection.getMetaData();
      same("Pintail", metadata.getDatabaseProductName());
      check(!metadata.getDatabaseProductVersion().isEmpty());
      same("\"", metadata.getIdentifierQuoteString());
      check(metadata.getSQLKeywords() != null);
    }
  }

  void close_session() throws SQLException {
    try (Connection watcher = connection()) {
      Connection connection = connection();
      run(connection, "CREATE TEMP TABLE jdbc_closing (i INTEGER)");
      connection.close();
      check(connection.isClosed());
      try (Statement statement = watcher.createStatement()) {
        statement.executeQuery("SELECT * FROM jdbc_closing");
        throw new AssertionError("the temporary table is still there");
      } catch (SQLException gone) {
        check(gone.getMessage().contains("jdbc_closing"), gone.getMessage());
      }
    }
  }

  void errors() throws SQLException {
    try (Connection connection = connection();
        Statement statement = connection.createStatement()) {
      String[][] table = {
        {"SELEC 1", "syntax error"},
        {"SELECT * FROM no_such_table", "no_such_table"},
        {"SELECT 'x'::INTEGER", "x"},
      };
      for (String[] row : table) {
        try (ResultSet rows = statement.executeQuery(row[0])) {
          while (rows.next()) {}
          throw new AssertionError("no error: " + row[0]);
        } catch (SQLException error) {
          check(error.getMessage().contains(row[1]), error.getMessage());
        }
      }
    }
  }
}
