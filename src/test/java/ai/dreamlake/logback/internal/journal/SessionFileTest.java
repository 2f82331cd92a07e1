package ai.dreamlake.logback.internal.journal;

import static org.assertj.core.api.Assertions.assertThat;

import ai.dreamlake.logback.internal.session.SessionDescription;
import ai.dreamlake.logback.internal.session.SessionName;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.node.ObjectNode;

class SessionFileTest {

    private static final Instant CREATED = Instant.parse("2025-10-29T10:30:00Z");
    private static final Instant LATER = Instant.parse("2025-10-29T11:00:00.5Z");

    @TempDir
    Path directory;

    private SessionFile file;
    private Path path;

    @BeforeEach
    void file() {
        file = new SessionFile(new SessionDirectory(directory), SessionName.of("project", "my-experiment"));
        path = directory.resolve("session.json");
    }

    private static ObjectNode given() {
        return SessionDescription.nothing()
                .put("description", "A test")
                .<ObjectNode>set("tags", SessionDescription.json("tags", List.of("a", "b")))
                .put("folder", "/experiments")
                .set("metadata", SessionDescription.json("metadata", Map.of("lr", 0.1)));
    }

    @Test
    void aNewSessionHasTheFormatsKeysInOrder() throws IOException {
        assertThat(file.exists()).isFalse();
        assertThat(file.upsert(SessionDescription.nothing(), CREATED)).isNull();
        assertThat(file.exists()).isTrue();
        assertThat(Files.readString(path)).isEqualTo("""
                        {
                          "name": "my-experiment",
                          "workspace": "project",
                          "description": null,
                          "tags": [],
                          "folder": null,
                          "metadata": null,
                          "created_at": "2025-10-29T10:30:00.000000Z",
                          "write_protected": false
                        }""");
    }

    @Test
    void whatIsGivenReplacesTheDefaults() throws IOException {
        file.upsert(given(), CREATED);
        assertThat(Files.readString(path)).isEqualTo("""
                        {
                          "name": "my-experiment",
                          "workspace": "project",
                          "description": "A test",
                          "tags": [
                            "a",
                            "b"
                          ],
                          "folder": "/experiments",
                          "metadata": {
                            "lr": 0.1
                          },
                          "created_at": "2025-10-29T10:30:00.000000Z",
                          "write_protected": false
                        }""");
    }

    @Test
    void anExistingSessionKeepsItsCreationUnknownKeysAndWhatIsNotGiven() throws IOException {
        Files.writeString(path, """
                {"name": "my-experiment", "workspace": "project", "description": "old", "tags": ["old"], "folder": "/old",
                 "metadata": {"old": 1}, "created_at": "2024-01-01T00:00:00Z", "write_protected": true, "color": "blue"}""");

        file.upsert(SessionDescription.nothing().put("description", "new"), LATER);

        assertThat(Files.readString(path)).isEqualTo("""
                        {
                          "name": "my-experiment",
                          "workspace": "project",
                          "description": "new",
                          "tags": [
                            "old"
                          ],
                          "folder": "/old",
                          "metadata": {
                            "old": 1
                          },
                          "created_at": "2024-01-01T00:00:00Z",
                          "write_protected": true,
                          "color": "blue",
                          "updated_at": "2025-10-29T11:00:00.500000Z"
                        }""");
    }

    @Test
    void thePythonSdksNaNBecomesAStringAndCostsNothingElse() throws IOException {
        Files.writeString(
                path,
                "{\"name\": \"x\", \"metadata\": {\"clip\": Infinity, \"lr\": NaN}, \"created_at\": \"2024-01-01T00:00:00Z\"}");
        assertThat(file.upsert(SessionDescription.nothing(), LATER)).isNull();
        assertThat(Files.readString(path))
                .contains("\"clip\": \"Infinity\"", "\"lr\": \"NaN\"", "\"created_at\": \"2024-01-01T00:00:00Z\"");
    }

    @Test
    void aFileThatIsNotAJsonObjectIsKeptBesideTheNewOne() throws IOException {
        for (String garbage : List.of("", "{\"name\": \"my-exp", "[1]", "null")) {
            Files.writeString(path, garbage);
            assertThat(file.upsert(SessionDescription.nothing(), CREATED)).contains("session.json.damaged");
            assertThat(Files.readString(path)).contains("\"created_at\": \"2025-10-29T10:30:00.000000Z\"");
            assertThat(Files.readString(directory.resolve("session.json.damaged")))
                    .isEqualTo(garbage);
        }
    }

    @Test
    void noTemporaryFileIsLeft() throws IOException {
        file.upsert(given(), CREATED);
        try (var files = Files.list(directory)) {
            assertThat(files).containsExactly(path);
        }
    }
}
