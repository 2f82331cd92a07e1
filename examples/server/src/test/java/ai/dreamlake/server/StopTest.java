package ai.dreamlake.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A server that is asked to stop finishes the requests that it has begun. */
@Timeout(120)
class StopTest {

    private static final int APPENDS = 12;

    @TempDir
    Path data;

    /** Each client waits until the server asks for the body, so that its request has certainly begun. */
    @Test
    void appendsThatAreUnderWayAtSigtermAreStoredAndAnswered() throws IOException {
        String token = TestServer.TOKENS.ofName("alice", Instant.now());
        String session;
        try (TestServer before = new TestServer(data)) {
            session = before.session("w", "s");
        }
        List<RawClient> clients = new ArrayList<>();
        try (Child server = Child.server(data, 0)) {
            int port = server.port();
            for (int i = 0; i < APPENDS; i++) {
                RawClient client = new RawClient(port);
                clients.add(client);
                client.sendHead(
                        "POST /sessions/" + session + "/logs",
                        token,
                        TestServer.batch("m" + i).length(),
                        "Expect: 100-continue");
                assertThat(client.readAnswer()).startsWith("HTTP/1.1 100 ");
            }
            server.terminate();
            await().until(() -> isClosed(port));
            for (int i = 0; i < APPENDS; i++) {
                clients.get(i).send(TestServer.batch("m" + i));
            }
            for (RawClient client : clients) {
                assertThat(client.readAnswer()).startsWith("HTTP/1.1 200 ");
                client.close();
            }
            assertThat(server.waitFor()).isEqualTo(128 + 15);
        }
        try (TestServer again = new TestServer(data)) {
            assertThat(again.messages(session))
                    .containsExactlyInAnyOrder(
                            IntStream.range(0, APPENDS).mapToObj(i -> "m" + i).toArray(String[]::new));
        }
    }

    private static boolean isClosed(int port) {
        try (RawClient client = new RawClient(port)) {
            return !client.sendHead("GET /health", null, 0).readAnswer().startsWith("HTTP/1.1 200 ");
        } catch (IOException refused) {
            return true;
        }
    }

    @Test
    void aRequestThatNeverEndsDoesNotKeepTheServerFromEnding() throws IOException {
        String token = TestServer.TOKENS.ofName("alice", Instant.now());
        Map<String, String> environment = Map.of("PORT", "0", "DATA_PATH", data.toString(), "STOP_TIMEOUT", "1");
        try (Child server = Child.start(data, environment, List.of(), DreamlakeServer.class.getName());
                RawClient client = new RawClient(server.port())) {
            client.sendHead("POST /workspaces/w/sessions", token, 1000, "Expect: 100-continue");
            assertThat(client.readAnswer()).startsWith("HTTP/1.1 100 ");
            server.terminate();
            assertThat(server.waitFor()).isEqualTo(128 + 15);
        }
    }

    @Test
    void anOpenStreamEndsWithTheServer() throws IOException {
        TestServer server = new TestServer(data);
        String session = server.session("w", "s");
        try (RawClient client = new RawClient(server.server.port())) {
            client.sendHead("GET /sessions/" + session + "/logs/stream", server.token, 0);
            assertThat(client.readLine()).startsWith("HTTP/1.1 200 ");
            server.close();
            client.awaitEnd();
        }
    }
}
