import com.amazonaws.services.dynamodbv2.local.main.ServerRunner;
import com.amazonaws.services.dynamodbv2.local.server.DynamoDBProxyServer;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;

/**
 * DynamoDB Local on a free port of 127.0.0.1; prints that port. Its own runner listens on every address of the
 * machine and has no option for that, so the connector is changed before the start.
 */
public final class Loopback {
  public static void main(String[] arguments) throws Exception {
    DynamoDBProxyServer runner = ServerRunner.createServerFromCommandLineArgs(arguments);
    var field = DynamoDBProxyServer.class.getDeclaredField("server");
    field.setAccessible(true);
    ServerConnector connector = (ServerConnector) ((Server) field.get(runner)).getConnectors()[0];
    connector.setHost("127.0.0.1");
    connector.setPort(0);
    runner.start();
    System.out.println("listening on http://127.0.0.1:" + connector.getLocalPort());
    runner.join();
  }
}
