package ai.dreamlake.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Many followers of a session cost little more than one, and none of them delays the others. */
@Timeout(60)
class ManyStreamsTest {

    @TempDir
    Path data;

    private final List<RawClient> clients = new ArrayList<>();
    private SwitchedStore store;
    private TestServer server;
    private String session;

    private void start(Map<String, String> environment) {
        store = new SwitchedStore(data);
        server = new TestServer(data, environment, store.store());
        session = server.session("w", "s");
    }

    @AfterEach
    void stop() throws IOException {
        for (RawClient client : clients) {
            client.close();
        }
        server.close();
    }

    private RawClient stream() throws IOException {
        RawClient client = new RawClient(server.server.port());
        clients.add(client);
        return client.sendHead("GET /sessions/" + session + "/logs/stream", server.token, 0);
    }

    private static void awaitBegin(RawClient client) throws IOException {
        String line = client.readLine();
        assertThat(line).startsWith("HTTP/1.1 200 ");
        while (!line.isEmpty()) {
            line = client.readLine();
        }
    }

    /** The data of the next event. */
    private static String next(RawClient client) throws IOException {
        String line = client.readLine();
        while (!line.startsWith("data: ")) {
            line = client.readLine();
        }
        return line;
    }

    @Test
    void aClientBeyondTheLimitIsToldWhenToRetryBeforeAStreamBegins() throws IOException {
        start(Map.of("MAX_STREAMS", "2"));
        awaitBegin(stream());
        awaitBegin(stream());
        assertThat(stream().readAnswer())
                .startsWith("HTTP/1.1 503 ")
                .contains("Retry-After: 5", "{\"error\":\"there are too many streams\"}");
        clients.get(0).close();
        await().until(() -> {
            server.append(session, null, TestServer.batch("m")); // so the server notices that a client is gone
            return stream().readLine().startsWith("HTTP/1.1 200 ");
        });
    }

    @Test
    void aRecordIsReadOnceForAllFollowersOfItsSession() throws IOException {
        start(Map.of());
        for (int i = 0; i < 200; i++) {
            awaitBegin(stream());
        }
        int before = store.calls("records");
        server.append(session, null, TestServer.batch("m"));
        for (RawClient client : clients) {
            assertThat(next(client)).contains("\"message\":\"m\"");
        }
        assertThat(store.calls("records") - before).isLessThan(5);
    }

    @Test
    void recordsOfOneServerReachFollowersAtAnother() throws IOException {
        start(Map.of());
        awaitBegin(stream());
        store.append(session, "from another server"); // not through this server
        assertThat(next(clients.get(0))).contains("from another server");
    }

    @Test
    void aClientThatReadsNothingDoesNotDelayTheOthers() throws IOException {
        start(Map.of());
        awaitBegin(stream());
        awaitBegin(stream());
        RawClient awake = clients.get(1);
        String text = "x".repeat(900_000);
        for (int i = 0; i < 40; i++) { // more than fits into any socket's buffers
            assertThat(server.append(session, null, TestServer.batch(i + " " + text))
                            .status())
                    .isEqualTo(200);
            assertThat(next(awake)).contains("\"message\":\"" + i + " x");
        }
        for (int i = 0; i < 40; i++) {
            assertThat(next(clients.get(0))).as("it gets them when it reads").contains("\"message\":\"" + i + " x");
        }
    }
}
