import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Properties;
import org.sqlite.Function;

class Host {
    static void write(Connection db, String name, String sql) throws Exception {
        try (PrintWriter file = new PrintWriter(name + ".rows", "UTF-8");
             Statement statement = db.createStatement();
             ResultSet rows = statement.executeQuery(sql)) {
            int columns = rows.getMetaData().getColumnCount();
            while (rows.next()) {
                List<String> row = new ArrayList<>();
                for (int i = 1; i <= columns; i++) {
                    Object value = rows.getObject(i);
                    row.add(value instanceof byte[] ? Arrays.toString((byte[]) value) : String.valueOf(value));
                }
                file.println(row);
            }
        }
    }

    static List<String[]> queries(Connection db) throws SQLException {
        List<String[]> queries = new ArrayList<>();
        try (Statement statement = db.createStatement();
             ResultSet rows = statement.executeQuery("SELECT name, sql FROM queries ORDER BY id")) {
            while (rows.next()) {
                queries.add(new String[] {rows.getString(1), rows.getString(2)});
            }
        }
        return queries;
    }

    public static void main(String[] arguments) throws Exception {
        Properties settings = new Properties();
        settings.setProperty("enable_load_extension", "true");
        try (Connection db = DriverManager.getConnection("jdbc:sqlite:shop.db", settings);
             Statement statement = db.createStatement()) {
            statement.execute("SELECT load_extension('build/ext/pricemap')");
            for (String[] query : queries(db)) {
                if (query[0].equals("killed")) {
                    Files.readAllBytes(Path.of("go"));
                }
                write(db, query[0], query[1]);
            }
            Function.create(db, "host_only", new Function() {
                @Override
                protected void xFunc() throws SQLException {
                    result(value_int(0));
                }
            });
            try {
                write(db, "host_only", "SELECT value FROM parallel_map('goods', 'host_only(id)', 'processes', 2)");
            } catch (SQLException error) {
                System.err.println(error.getMessage());
            }
        }
        Files.createFile(Path.of("closed"));
        System.in.readAllBytes();
    }
}
