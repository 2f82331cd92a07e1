package ai.dreamlake.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Clients that send slowly or take more than their share do not lock others out. */
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
    void aClientWithoutATokenIsRefusedBeforeItSendsTheBody() throws IOException {
        for (int i = 0; i < 300; i++) {
            connect().sendHead(APPEND.formatted(session), null, 1000).send("{");
        }
        assertThatOthersAreServed();
        for (RawClient client : clients) {
            assertThat(client.readAnswer()).startsWith("HTTP/1.1 401 ");
        }
    }

    @Test
    void aUserWhoSendsBodiesSlowlyDoesNotBlockOthers() throws IOException {
        for (int i = 0; i < 300; i++) {
            connect().sendHead(APPEND.formatted(session), server.token, 1000).send("{");
        }
        // Requests beyond the user's share are refused at once; it may be any of them.
        await().until(() -> {
            assertThatOthersAreServed();
            return true;
        });
        assertThat(server.get("/metrics").body()).contains("route=\"/sessions/{id}/logs\",status=\"503\"");
    }

    @Test
    void threeSlowUsersDoNotOccupyAllThreads() throws IOException {
        String[] tokens = new String[3];
        String[] sessions = new String[3];
        String good = server.token;
        for (int i = 0; i < 3; i++) {
            server.token = tokens[i] = TestServer.TOKENS.ofName("slow" + i, java.time.Instant.now());
            sessions[i] = server.session("w", "s");
        }
        server.token = good;
        for (int i = 0; i < 300; i++) {
            connect()
                    .sendHead(APPEND.formatted(sessions[i % 3]), tokens[i % 3], 1000)
                    .send("{");
        }
        assertThatOthersAreServed();
        assertThat(server.append(session, null, TestServer.batch("m")).status()).isEqualTo(200);
    }

    private RawClient signInSlowly(int length, String body) throws IOException {
        RawClient client = new RawClient(server.server.port(), InetAddress.getByName("127.0.0.2"));
        clients.add(client);
        return client.sendHead("POST /sign-in", null, length, "Content-Type: application/json")
                .send(body);
    }

    @Test
    void clientsWithoutATokenTakeNoRoomFromBatches() throws IOException {
        for (int i = 0; i < 24; i++) {
            signInSlowly(1024 * 1024, "x".repeat(1024 * 1024 - 1));
        }
        assertThat(server.append(session, null, TestServer.batch("x".repeat(200_000)))
                        .status())
                .isEqualTo(200);
    }

    @Test
    void slowSignInsDoNotBlockOtherAddresses() throws IOException {
        for (int i = 0; i < 110; i++) {
            signInSlowly(100, "{");
        }
        assertThat(server.post("/sign-in", "{\"userName\": \"alice\"}", "Content-Type", "application/json")
                        .status())
                .isEqualTo(200);
        assertThat(clients.get(0).readAnswer())
                .as("long before REQUEST_TIMEOUT")
                .startsWith("HTTP/1.1 408 ");
    }

    @Test
    void aSignInIsSmall() throws IOException {
        String large = "{\"userName\": \"" + "x".repeat(16 * 1024) + "\"}";
        assertThat(server.post("/sign-in", large, "Content-Type", "application/json")
                        .error())
                .isEqualTo("body: larger than 16384 bytes");
    }

    @Test
    void aBodyThatStallsIsAborted() throws IOException {
        restart(Map.of("REQUEST_TIMEOUT", "1"));
        String answer = connect()
                .sendHead(APPEND.formatted(session), server.token, 1000)
                .send("{")
                .readAnswer();
        assertThat(answer).startsWith("HTTP/1.1 408 ").contains("\"error\":\"body: comes too slowly\"");
    }

    @Test
    void aHeadThatArrivesByteByByteIsAbortedAlthoughItNeverStalls() throws Exception {
        restart(Map.of("REQUEST_TIMEOUT", "1"));
        RawClient client = connect().send("GET /health HTTP/1.1\r\nHost: localhost\r\nX-Slow: ");
        Thread drip = new Thread(() -> {
            try {
                while (!Thread.interrupted()) {
                    client.send("x");
                    java.util.concurrent.locks.LockSupport.parkNanos(50_000_000);
                }
            } catch (IOException ended) {
                // Expected.
            }
        });
        drip.start();
        client.awaitEnd();
        drip.interrupt();
        drip.join();
        assertThatOthersAreServed();
    }

    @Test
    void aReusedConnectionIsNotMistakenForASlowOne() throws IOException {
        restart(Map.of("REQUEST_TIMEOUT", "2"));
        RawClient client = connect();
        for (int i = 0; i < 30; i++) {
            assertThat(client.sendHead("GET /health", null, 0).readAnswer()).startsWith("HTTP/1.1 200 ");
            java.util.concurrent.locks.LockSupport.parkNanos(100_000_000);
        }
    }

    @Test
    void anAddressGetsNoMoreConnectionsThanAllowedUntilOneIsClosed() throws IOException {
        restart(Map.of("MAX_CONNECTIONS_PER_ADDRESS", "5"));
        // One connection belongs to the test's own HTTP client.
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
