import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.neo4j.configuration.GraphDatabaseSettings;
import org.neo4j.configuration.connectors.BoltConnector;
import org.neo4j.configuration.helpers.SocketAddress;
import org.neo4j.dbms.api.DatabaseManagementService;
import org.neo4j.dbms.api.DatabaseManagementServiceBuilder;

/**
 * A Neo4j Community server on loopback for one test session.
 *
 * <p>Arguments: an empty folder for its data, a port, and "briefly" for many small tests. The password of user neo4j
 * comes in the environment as BOLT_PASSWORD; without one, authentication is off. Prints READY once it answers. Runs
 * until its standard input closes, so that it never outlives the process that started it, however that ended.
 */
final class BoltForTests {
  public static void main(String[] arguments) throws Exception {
    Path folder = Path.of(arguments[0]);
    int port = Integer.parseInt(arguments[1]);
    String password = System.getenv("BOLT_PASSWORD");
    boolean guarded = password != null && !password.isEmpty();

    DatabaseManagementServiceBuilder builder =
        new DatabaseManagementServiceBuilder(folder)
            .setConfig(GraphDatabaseSettings.auth_enabled, guarded)
            .setConfig(BoltConnector.enabled, true)
            .setConfig(BoltConnector.listen_address, new SocketAddress("127.0.0.1", port))
            .setConfig(BoltConnector.advertised_address, new SocketAddress("127.0.0.1", port))
            .setConfig(GraphDatabaseSettings.udc_enabled, false) // a test run reports to nobody
            .setConfig(GraphDatabaseSettings.preallocate_logical_logs, false) // 500 MB of disk for little data
            .setConfig(GraphDatabaseSettings.pagecache_memory, 256L << 20);
    if (arguments.length > 2 && arguments[2].equals("briefly")) {
      // A database that is emptied and filled again and again is planned for once: its sizes are no sign of anything.
      builder
          .setConfig(GraphDatabaseSettings.cypher_min_replan_interval, Duration.ofDays(1))
          .setConfig(GraphDatabaseSettings.query_cache_size, 20_000);
    }
    DatabaseManagementService service = builder.build();
    if (guarded) {
      service
          .database(GraphDatabaseSettings.SYSTEM_DATABASE_NAME)
          .executeTransactionally(
              "ALTER USER neo4j SET PASSWORD $password CHANGE NOT REQUIRED", Map.of("password", password));
    }
    System.out.println("READY");
    while (System.in.read() >= 0) {
      // Nothing is said on standard input; its end is the sign to stop.
    }
    Runtime.getRuntime().halt(0); // the data is thrown away: an orderly shutdown takes 10 s and saves nothing
  }
}
