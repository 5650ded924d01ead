// Pintail from Java, by JDBC.
//
//   java --add-opens=java.base/java.nio=ALL-UNNAMED -cp flight-sql-jdbc-driver-18.3.0.jar Quickstart.java
//
// The driver is org.apache.arrow:flight-sql-jdbc-driver:18.3.0 on Maven Central. PINTAIL_JDBC_URL
// says where the server is.

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

public class Quickstart {
  public static void main(String[] arguments) throws SQLException {
    String url = System.getenv("PINTAIL_JDBC_URL");
    if (url == null) url = "jdbc:arrow-flight-sql://127.0.0.1:50051?useEncryption=false";
    try (Connection connection = DriverManager.getConnection(url)) {
      try (Statement statement = connection.createStatement()) {
        statement.execute("CREATE OR REPLACE TABLE ducks (name VARCHAR, weight DOUBLE)");
      }
      try (PreparedStatement insert =
          connection.prepareStatement("INSERT INTO ducks VALUES (?, ?)")) {
        insert.setString(1, "pintail");
        insert.setDouble(2, 0.9);
        insert.executeUpdate();
        insert.setString(1, "eider");
        insert.setDouble(2, 2.2);
        insert.executeUpdate();
      }
      try (PreparedStatement select =
          connection.prepareStatement("SELECT name, weight FROM ducks WHERE weight > ? ORDER BY name")) {
        select.setDouble(1, 0.5);
        try (ResultSet rows = select.executeQuery()) {
          while (rows.next()) {
            System.out.println(rows.getString("name") + " " + rows.getDouble("weight"));
          }
        }
      }
    }
  }
}
