package ai.dreamlake.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Those who send slowly, or take more than their share, keep nobody else out. */
@Timeout(60)
class SlowClientsTest {

    private static final String APPEND = "POST /sessions/%s/logs";

    @TempDir
    Path data;

    private TestServer server;
    private String session;
    private final List<RawClient> clients = new ArrayList<>();

    @BeforeEach
    void start() {
        start(Map.of());
    }

    private void start(Map<String, String> environment) {
        server = new TestServer(data, environment);
        session = server.session("w", "s");
    }

    @AfterEach
    void stop() throws IOException {
        for (RawClient client : clients) {
            client.close();
        }
        server.close();
    }

    private void restart(Map<String, String> environment) throws IOException {
        stop();
        start(environment);
    }

    private RawClient connect() throws IOException {
        RawClient client = new RawClient(server.server.port());
        clients.add(client);
        return client;
    }

    private void assertThatOthersAreServed() {
        assertThat(server.get("/health").status()).isEqualTo(200);
        String good = server.token;
        server.token = TestServer.TOKENS.ofName("bob", java.time.Instant.now());
        assertThat(server.append(server.session("w", "bobs"), null, TestServer.batch("m"))
                        .status())
                .isEqualTo(200);
        server.token = good;
    }

    @Test
    void whoHasNoTokenIsToldSoBeforeTheBodyComes() throws IOException {
        for (int i = 0; i < 300; i++) {
            connect().sendHead(APPEND.formatted(session), null, 1000).send("{");
        }
        assertThatOthersAreServed();
        for (RawClient client : clients) {
            assertThat(client.readAnswer()).startsWith("HTTP/1.1 401 ");
        }
    }

    @Test
    void whoHasATokenAndSendsBodiesSlowlyDoesNotHoldUpOthers() throws IOException {
        for (int i = 0; i < 300; i++) {
            connect().sendHead(APPEND.formatted(session), server.token, 1000).send("{");
        }
        // Those beyond the user's share are turned away at once, whichever they are.
        await().until(() -> {
            assertThatOthersAreServed();
            return true;
        });
        assertThat(server.get("/metrics").body()).contains("route=\"/sessions/{id}/logs\",status=\"503\"");
    }

    @Test
    void aBodyThatStopsComingIsGivenUp() throws IOException {
        restart(Map.of("REQUEST_TIMEOUT", "1"));
        String answer = connect()
                .sendHead(APPEND.formatted(session), server.token, 1000)
                .send("{")
                .readAnswer();
        assertThat(answer).startsWith("HTTP/1.1 408 ").contains("\"error\":\"body: comes too slowly\"");
    }

    @Test
    void aHeadThatComesByteByByteIsGivenUpThoughItNeverStops() throws Exception {
        restart(Map.of("REQUEST_TIMEOUT", "1"));
        RawClient client = connect().send("GET /health HTTP/1.1\r\nHost: localhost\r\nX-Slow: ");
        Thread drip = new Thread(() -> {
            try {
                while (!Thread.interrupted()) {
                    client.send("x");
                    java.util.concurrent.locks.LockSupport.parkNanos(50_000_000);
                }
            } catch (IOException ended) {
                // As it should.
            }
        });
        drip.start();
        client.awaitEnd();
        drip.interrupt();
        drip.join();
        assertThatOthersAreServed();
    }

    @Test
    void aConnectionThatIsKeptAndUsedIsNotTakenForASlowOne() throws IOException {
        restart(Map.of("REQUEST_TIMEOUT", "2"));
        RawClient client = connect();
        for (int i = 0; i < 30; i++) {
            assertThat(client.sendHead("GET /health", null, 0).readAnswer()).startsWith("HTTP/1.1 200 ");
            java.util.concurrent.locks.LockSupport.parkNanos(100_000_000);
        }
    }

    @Test
    void anAddressGetsSoManyConnectionsAndNoMoreUntilOneIsClosed() throws IOException {
        restart(Map.of("MAX_CONNECTIONS_PER_ADDRESS", "5"));
        // One is that of the test's own HTTP client.
        for (int i = 0; i < 4; i++) {
            assertThat(connect().sendHead("GET /health", null, 0).readAnswer()).startsWith("HTTP/1.1 200 ");
        }
        connect().awaitEnd();
        clients.get(0).close();
        await().until(() -> {
            try (RawClient again = new RawClient(server.server.port())) {
                return again.sendHead("GET /health", null, 0).readAnswer().startsWith("HTTP/1.1 200 ");
            } catch (IOException closed) {
                return false;
            }
        });
    }
}
