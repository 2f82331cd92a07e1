package ai.dreamlake.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ai.dreamlake.server.TestServer.Reply;
import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/** For the operator of the server: its health, its metrics and its start. */
@Timeout(120)
class OperationTest {

    private static final String SECRET = "a-secret-that-only-this-test-knows-0123456789";

    @TempDir
    Path data;

    @Test
    void aServerIsReadyAsLongAsItsStoreAnswers() {
        SwitchedStore store = new SwitchedStore(data);
        try (TestServer server = new TestServer(data, Map.of(), store.store())) {
            server.token = null;
            assertThat(server.get("/ready").status()).isEqualTo(200);
            store.isAway = true;
            assertThat(server.get("/ready").status()).isEqualTo(503);
            assertThat(server.get("/health").status()).isEqualTo(200);
            store.isAway = false;
            assertThat(server.get("/ready").status()).isEqualTo(200);
        }
    }

    @Test
    void theServersWorkIsVisibleInItsMetrics() {
        SwitchedStore store = new SwitchedStore(data);
        try (TestServer server = new TestServer(data, Map.of(), store.store())) {
            String id = server.session("w", "s");
            server.append(id, null, TestServer.batch("a", "b"));
            server.get("/made/up/by/somebody");
            store.isAway = true;
            server.append(id, null, TestServer.batch("c"));
            store.isAway = false;
            server.token = null;
            await().untilAsserted(() -> assertThat(server.get("/metrics").body())
                    .contains("dreamlake_records_appended_total 2.0")
                    .contains("dreamlake_store_failures_total 1.0")
                    .contains("dreamlake_streams 0.0")
                    .contains(
                            "http_server_requests_seconds_count{method=\"POST\",route=\"/sessions/{id}/logs\",status=\"200\"} 1")
                    .contains("route=\"/sessions/{id}/logs\",status=\"503\"")
                    .contains("route=\"none\",status=\"404\"")
                    .contains("jvm_memory_used_bytes")
                    .doesNotContain("made/up", id));
        }
    }

    @Test
    void eachRequestHasALineInTheAccessLogIfThatIsOn() {
        Logger access = (Logger) LoggerFactory.getLogger("access");
        ListAppender<ILoggingEvent> lines = new ListAppender<>();
        lines.start();
        access.addAppender(lines);
        access.setLevel(Level.INFO);
        try (TestServer server = new TestServer(data)) {
            String id = server.session("w", "s");
            server.get("/sessions/" + id + "/logs?search=something+private");
            String token = server.token;
            server.token = null;
            server.get("/sessions");
            await().untilAsserted(() -> assertThat(List.copyOf(lines.list))
                    .extracting(ILoggingEvent::getFormattedMessage)
                    .satisfiesExactly(
                            line -> assertThat(line)
                                    .matches(
                                            "POST /workspaces/<workspace>/sessions 201 \\d+ bytes \\d+ ms user 3159282601 from 127.0.0.1"),
                            line -> assertThat(line)
                                    .matches("GET /sessions/\\{id}/logs 200 27 bytes \\d+ ms user .*")
                                    .doesNotContain("private", token),
                            line -> assertThat(line)
                                    .startsWith("GET /sessions 401 ")
                                    .contains("user - from")));
        } finally {
            access.detachAppender(lines);
            access.setLevel(null);
        }
    }

    @Test
    void eachCallIsDescribedAndNothingElseIs() {
        try (TestServer server = new TestServer(data)) {
            server.token = null;
            Reply reply = server.get("/openapi.yaml");
            assertThat(reply.status()).isEqualTo(200);
            JsonNode description = new YAMLMapper().readTree(reply.body());
            List<String> described = new ArrayList<>();
            for (Map.Entry<String, JsonNode> path : description.get("paths").properties()) {
                for (String method : path.getValue().propertyNames()) {
                    described.add(method.toUpperCase(Locale.ROOT) + " " + path.getKey());
                    JsonNode parameters = path.getValue().get(method).path("parameters");
                    assertThat(parameters.toString().contains("Id\"")
                                    || parameters.toString().contains("\"id\""))
                            .as("%s %s has the parameter id", method, path.getKey())
                            .isEqualTo(path.getKey().contains("{id}"));
                }
            }
            assertThat(described)
                    .containsExactlyInAnyOrderElementsOf(server.server.calls().stream()
                            .map(call -> call.replace('<', '{').replace('>', '}'))
                            .toList());
        }
    }

    private Child child(Map<String, String> environment, Object... arguments) {
        Map<String, String> all = new java.util.HashMap<>(
                Map.of("PORT", "0", "DATA_PATH", data.resolve("d").toString()));
        all.putAll(environment);
        return Child.start(data, all, List.of(), DreamlakeServer.class.getName(), arguments);
    }

    @Test
    void aTokenMadeOnTheCommandLineIsAccepted() {
        String token;
        try (Child command = child(Map.of("JWT_SECRET", SECRET), "token", "alice", "--days", "7")) {
            token = command.readLine();
            assertThat(command.waitFor()).isZero();
        }
        try (TestServer server = new TestServer(data, Map.of("JWT_SECRET", SECRET))) {
            server.token = token;
            assertThat(server.get("/sessions").status()).isEqualTo(200);
        }
        try (Child command = child(Map.of(), "token", "alice")) {
            assertThat(command.readLine()).as("without a secret").isNull();
            assertThat(command.waitFor()).isEqualTo(1);
        }
        try (Child command = child(Map.of("JWT_SECRET", SECRET), "tokens")) {
            assertThat(command.waitFor()).isEqualTo(1);
        }
    }

    @Test
    void theServerSaysWhereItListens() {
        try (Child server = child(Map.of())) {
            assertThat(server.readLine())
                    .contains("listens on 127.0.0.1", "development mode")
                    .contains(data.resolve("d").toString());
        }
        try (Child server = child(Map.of("JWT_SECRET", SECRET))) {
            assertThat(server.readLine()).contains("listens on all addresses").doesNotContain("development");
        }
    }

    @Test
    void aStoreThatCannotBeOpenedEndsTheServerWithOneSentence() throws IOException {
        Path file = Files.writeString(data.resolve("file"), "no directory");
        Path errors = data.resolve("errors");
        try (Child server = Child.start(
                data,
                Map.of("PORT", "0", "DATA_PATH", file.toString()),
                List.of(),
                errors,
                DreamlakeServer.class.getName())) {
            assertThat(server.readLine()).isNull();
            assertThat(server.waitFor()).isEqualTo(1);
        }
        assertThat(Files.readAllLines(errors))
                .filteredOn(line -> !line.startsWith("WARNING: ")) // from a newer JVM, about native code
                .singleElement()
                .asString()
                .startsWith("Cannot start: ");
    }
}
