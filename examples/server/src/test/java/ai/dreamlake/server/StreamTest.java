package ai.dreamlake.server;

import static org.assertj.core.api.Assertions.assertThat;

import ai.dreamlake.server.http.Tokens;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** What the page relies on: the event stream, the cookie, and which other pages may call. */
@Timeout(60)
class StreamTest {

    private static final HttpClient CLIENT = HttpClient.newHttpClient();

    @TempDir
    Path data;

    private TestServer server;
    private String session;

    @BeforeEach
    void start() {
        server = new TestServer(data, Map.of("CORS_ORIGIN", "https://dashboard.example.com"));
        session = server.session("w", "s");
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private BufferedReader stream(String query, String... headers) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(
                        URI.create(server.url + "/sessions/" + session + "/logs/stream" + query))
                .header("Authorization", "Bearer " + server.token)
                .header("Accept", "text/event-stream");
        for (int i = 0; i < headers.length; i += 2) {
            request.header(headers[i], headers[i + 1]);
        }
        HttpResponse<InputStream> response = CLIENT.send(request.build(), BodyHandlers.ofInputStream());
        assertThat(response.statusCode()).isEqualTo(200);
        return new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8));
    }

    /** The next record; its number must be that of its event. */
    private static JsonNode next(BufferedReader stream) throws IOException {
        String id = null;
        JsonNode record = null;
        for (String line = stream.readLine(); line != null; line = stream.readLine()) {
            if (line.startsWith("id:")) {
                id = line.substring(3).strip();
            } else if (line.startsWith("data:")) {
                record = TestServer.JSON.readTree(line.substring(5));
            } else if (line.isEmpty() && record != null) {
                assertThat(id).isEqualTo(record.get("sequenceNumber").toString());
                return record;
            }
        }
        return null;
    }

    private static List<String> next(BufferedReader stream, int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> {
                    try {
                        return next(stream).get("message").stringValue();
                    } catch (IOException e) {
                        throw new AssertionError(e);
                    }
                })
                .toList();
    }

    @Test
    void aStreamSendsExistingAndNewRecordsInOrder() throws Exception {
        server.append(session, null, TestServer.batch("a", "b"));
        try (BufferedReader stream = stream("")) {
            assertThat(next(stream, 2)).containsExactly("a", "b");
            server.append(session, null, TestServer.batch("c", "d"));
            assertThat(next(stream, 2)).containsExactly("c", "d");
        }
    }

    @Test
    void aClientThatReconnectsGetsTheRecordsAfterTheLastOneItSaw() throws Exception {
        server.append(session, null, TestServer.batch("a", "b", "c"));
        try (BufferedReader stream = stream("?after=0")) {
            assertThat(next(stream, 2)).containsExactly("b", "c");
        }
        try (BufferedReader stream = stream("?after=0", "Last-Event-ID", "1")) {
            assertThat(next(stream, 1)).containsExactly("c");
        }
    }

    @Test
    void aStreamWaitsForTheRequestedNumbers() throws Exception {
        server.append(session, null, TestServer.batch("a", "b", "c"));
        try (BufferedReader stream = stream("?after=4")) {
            server.append(session, null, TestServer.batch("d"));
            server.append(session, null, TestServer.batch("e", "f"));
            assertThat(next(stream, 1)).containsExactly("f");
        }
        try (BufferedReader stream = stream("?after=")) {
            assertThat(next(stream, 1)).as("it is not given").containsExactly("a");
        }
    }

    @Test
    void afterAnErrorStreamsEndAndNewOnesContinue() throws Exception {
        Path other = data.resolve("other");
        SwitchedStore store = new SwitchedStore(other);
        server.close();
        server = new TestServer(other, Map.of(), store.store());
        session = server.session("w", "s");
        server.append(session, null, TestServer.batch("a"));
        try (BufferedReader stream = stream("");
                BufferedReader second = stream("")) {
            assertThat(next(stream, 1)).containsExactly("a");
            assertThat(next(second, 1)).containsExactly("a");
            store.doAfter("end", 0, () -> {
                throw new OutOfMemoryError("as a test");
            });
            assertThat(next(stream)).isNull();
            assertThat(next(second)).isNull();
        }
        server.append(session, null, TestServer.batch("b"));
        try (BufferedReader stream = stream("?after=0")) {
            assertThat(next(stream, 1)).containsExactly("b");
        }
    }

    @Test
    void aStreamEndsWithItsSessionAndNoneBeginsWithoutOne() throws Exception {
        server.append(session, null, TestServer.batch("a"));
        try (BufferedReader stream = stream("")) {
            assertThat(next(stream, 1)).containsExactly("a");
            server.send(HttpRequest.newBuilder().DELETE(), "/sessions/" + session);
            assertThat(next(stream)).isNull();
        }
        assertThat(server.get("/sessions/" + session + "/logs/stream", "Accept", "text/event-stream")
                        .status())
                .isEqualTo(410);
        assertThat(server.get("/sessions/nobody/logs/stream", "Accept", "text/event-stream")
                        .status())
                .isEqualTo(404);
    }

    @Test
    void aCookiePermitsReadingAndNothingElse() {
        String name = server.post("/sign-in", "{\"userName\": \"alice\"}", "Content-Type", "application/json")
                .response()
                .headers()
                .firstValue("Set-Cookie")
                .orElseThrow();
        assertThat(name).contains("HttpOnly").contains("SameSite=Strict");
        String cookie = name.substring(0, name.indexOf(';'));
        server.token = null;
        assertThat(server.get("/sessions", "Cookie", cookie).status()).isEqualTo(200);
        assertThat(server.get("/sessions").status()).isEqualTo(401);
        assertThat(server.post("/sessions/" + session + "/logs", TestServer.batch("m"), "Cookie", cookie)
                        .status())
                .isEqualTo(401);
        assertThat(server.send(HttpRequest.newBuilder().DELETE(), "/sessions/" + session, "Cookie", cookie)
                        .status())
                .isEqualTo(401);
    }

    @Test
    void outsideDevelopmentModeAUserNameIsNotEnough() {
        Path other = data.resolve("other");
        String secret = "a-secret-that-only-this-test-knows-0123456789";
        try (TestServer closed = new TestServer(other, Map.of("JWT_SECRET", secret))) {
            assertThat(closed.post("/sign-in", "{\"userName\": \"alice\"}", "Content-Type", "application/json")
                            .status())
                    .isEqualTo(401);
            assertThat(closed.get("/sign-in").body()).isEqualTo("{\"development\":false,\"userName\":null}");
            assertThat(closed.get("/sessions").status())
                    .as("a token of development mode")
                    .isEqualTo(401);
            closed.token = new Tokens(secret).ofName("alice", java.time.Instant.now());
            assertThat(closed.get("/sessions").status()).isEqualTo(200);
        }
    }

    @Test
    void scriptsOfOneOtherPageMayCall() {
        String allowed = "Access-Control-Allow-Origin";
        assertThat(server.get("/health", "Origin", "https://dashboard.example.com")
                        .response()
                        .headers()
                        .firstValue(allowed))
                .hasValue("https://dashboard.example.com");
        assertThat(server.get("/health", "Origin", "https://other.example.com")
                        .response()
                        .headers()
                        .firstValue(allowed))
                .isEmpty();
    }
}
