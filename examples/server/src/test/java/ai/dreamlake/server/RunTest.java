package ai.dreamlake.server;

import static org.assertj.core.api.Assertions.assertThat;

import ai.dreamlake.server.TestServer.Reply;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** Parameters and tracks of a run: each call, and invalid requests. */
class RunTest {

    @TempDir
    static Path data;

    private static TestServer server;

    @BeforeAll
    static void start() {
        server = new TestServer(data);
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    private static Reply set(String session, String parameters) {
        return server.post("/sessions/" + session + "/parameters", "{\"data\": " + parameters + "}");
    }

    private static Reply append(String session, String track, String point) {
        return server.post("/sessions/" + session + "/tracks/" + track + "/append", "{\"data\": " + point + "}");
    }

    private static Reply points(String session, String track, String query) {
        return server.get("/sessions/" + session + "/tracks/" + track + "/data" + query);
    }

    @Test
    void parametersAreAddedToExistingOnes() {
        String id = server.session("w", "parameters");
        Reply first = set(id, "{\"model.lr\": 0.001, \"model.name\": \"größe\", \"layers\": [64, 32], \"note\": null}");
        assertThat(first.status()).isEqualTo(200);
        assertThat(first.json().get("sessionId").stringValue()).isEqualTo(id);
        assertThat(first.json().get("version").intValue()).isEqualTo(1);

        Reply second = set(id, "{\"model.lr\": 1e-7, \"seed\": 123456789012345678901234567890}");
        assertThat(second.json().get("version").intValue()).isEqualTo(2);
        assertThat(second.json().get("id")).isEqualTo(first.json().get("id"));
        assertThat(second.json().get("createdAt")).isEqualTo(first.json().get("createdAt"));

        Reply all = server.get("/sessions/" + id + "/parameters");
        assertThat(all.json()).isEqualTo(second.json());
        assertThat(all.json().get("data"))
                .isEqualTo(
                        TestServer.JSON.readTree(
                                "{\"model.lr\": 1e-7, \"model.name\": \"größe\", \"layers\": [64, 32], \"note\": null, \"seed\": 123456789012345678901234567890}"));
    }

    @Test
    void aSessionWithoutParametersSaysSo() {
        String id = server.session("w", "no parameters");
        Reply reply = server.get("/sessions/" + id + "/parameters");
        assertThat(reply.status()).isEqualTo(404);
        assertThat(reply.error()).isEqualTo("the session has no parameters");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{\"data\": | body: not JSON",
                "[] | body: must be an object",
                "{} | data: must be an object",
                "{\"data\": 7} | data: must be an object",
                "{\"data\": {\"x\": NaN}} | body: not JSON",
                "{\"data\": {\"x\": DEEP}} | data: is nested more deeply than",
            })
    void badParametersAreRefusedAndTheErrorNamesTheField(String body, String error) {
        String id = server.session("w", "bad parameters");
        Reply reply =
                server.post("/sessions/" + id + "/parameters", body.replace("DEEP", "[".repeat(95) + "]".repeat(95)));
        assertThat(reply.status()).isEqualTo(400);
        assertThat(reply.error()).startsWith(error);
        assertThat(server.get("/sessions/" + id + "/parameters").status()).isEqualTo(404);
    }

    @Test
    void aTrackIsCreatedWithItsFirstPoint() {
        String id = server.session("w", "track");
        Reply first = server.post(
                "/sessions/" + id + "/tracks/loss/append",
                "{\"data\": {\"value\": 0.5, \"epoch\": 0}, \"description\": \"per epoch\", \"tags\": [\"a\"], \"metadata\": {\"unit\": \"nat\"}}");
        assertThat(first.status()).isEqualTo(200);
        String track = first.json().get("trackId").stringValue();
        assertThat(first.body())
                .isEqualTo("{\"trackId\":\"" + track
                        + "\",\"index\":\"0\",\"bufferedDataPoints\":\"1\",\"chunkSize\":10000}");

        assertThat(append(id, "loss", "{\"value\": null, \"a.b\": {\"$c\": \"ü\"}}")
                        .body())
                .isEqualTo("{\"trackId\":\"" + track
                        + "\",\"index\":\"1\",\"bufferedDataPoints\":\"2\",\"chunkSize\":10000}");
        assertThat(points(id, "loss", "").body())
                .isEqualTo("{\"data\":[{\"index\":\"0\",\"data\":{\"value\":0.5,\"epoch\":0}},"
                        + "{\"index\":\"1\",\"data\":{\"value\":null,\"a.b\":{\"$c\":\"ü\"}}}],"
                        + "\"startIndex\":0,\"endIndex\":1,\"total\":2,\"hasMore\":false}");

        JsonNode stats = server.get("/sessions/" + id + "/tracks/loss/stats").json();
        assertThat(stats.get("trackId").stringValue()).isEqualTo(track);
        assertThat(stats.get("name").stringValue()).isEqualTo("loss");
        assertThat(stats.get("description").stringValue()).isEqualTo("per epoch");
        assertThat(stats.get("tags").toString()).isEqualTo("[\"a\"]");
        assertThat(stats.get("metadata").toString()).isEqualTo("{\"unit\":\"nat\"}");
        assertThat(stats.get("totalDataPoints").stringValue()).isEqualTo("2");
        assertThat(Instant.parse(stats.get("createdAt").stringValue()))
                .isBeforeOrEqualTo(Instant.parse(stats.get("updatedAt").stringValue()));
    }

    @Test
    void aBatchOfPointsGetsConsecutiveIndexesAndIsReadInPages() {
        String id = server.session("w", "batches");
        append(id, "steps", "{\"step\": 0}");
        String points =
                IntStream.range(1, 25).mapToObj(i -> "{\"step\": " + i + "}").collect(Collectors.joining(","));
        Reply batch =
                server.post("/sessions/" + id + "/tracks/steps/append-batch", "{\"dataPoints\": [" + points + "]}");
        assertThat(batch.status()).isEqualTo(200);
        assertThat(batch.body())
                .endsWith(
                        "\"startIndex\":\"1\",\"endIndex\":\"24\",\"count\":24,\"bufferedDataPoints\":\"25\",\"chunkSize\":10000}");

        JsonNode page = points(id, "steps", "?startIndex=10&limit=10").json();
        assertThat(page.get("data")
                        .valueStream()
                        .map(point -> point.get("data").get("step").intValue()))
                .isEqualTo(IntStream.range(10, 20).boxed().toList());
        assertThat(page.get("data").get(0).get("index").stringValue()).isEqualTo("10");
        assertThat(page.get("endIndex").intValue()).isEqualTo(19);
        assertThat(page.get("hasMore").booleanValue()).isTrue();
        assertThat(points(id, "steps", "?startIndex=20&limit=5")
                        .json()
                        .get("hasMore")
                        .booleanValue())
                .isFalse();
        assertThat(points(id, "steps", "?startIndex=25").body())
                .isEqualTo("{\"data\":[],\"startIndex\":25,\"endIndex\":24,\"total\":0,\"hasMore\":false}");
    }

    @Test
    void tracksAreListedByTheirNames() {
        String id = server.session("w", "list");
        assertThat(server.get("/sessions/" + id + "/tracks").body()).isEqualTo("{\"tracks\":[]}");
        Stream.of("b", "a", "train/loss").forEach(track -> append(id, track, "{}"));
        List<String> names = server.get("/sessions/" + id + "/tracks")
                .json()
                .get("tracks")
                .valueStream()
                .map(track -> track.get("name").stringValue() + " "
                        + track.get("totalDataPoints").stringValue())
                .toList();
        assertThat(names).containsExactly("a 1", "b 1", "train/loss 1");
    }

    @ParameterizedTest
    @CsvSource({
        "loss, loss",
        "train/loss, train/loss",
        "train%2Floss, train/loss",
        "my%20loss, my loss",
        "100%25, 100%",
        "%C3%BC, ü",
        "append, append",
        "a/data, a/data",
    })
    void aTrackNameIsUnderstoodInAnyEncoding(String path, String name) {
        String id = server.session("w", "names " + path.replace('%', '_'));
        assertThat(append(id, path, "{\"value\": 1}").status()).isEqualTo(200);
        assertThat(server.get("/sessions/" + id + "/tracks/" + path + "/stats")
                        .json()
                        .get("name")
                        .stringValue())
                .isEqualTo(name);
        assertThat(points(id, path, "").json().get("total").intValue()).isEqualTo(1);
    }

    @Test
    void anUnknownTrackHasNoPointsAndNoStatistics() {
        String id = server.session("w", "unknown");
        assertThat(points(id, "loss", "").json().get("data")).isEmpty();
        Reply stats = server.get("/sessions/" + id + "/tracks/loss/stats");
        assertThat(stats.status()).isEqualTo(404);
        assertThat(stats.error()).isEqualTo("the session has no track of this name");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "append | {} | data: must be an object",
                "append | {\"data\": [1]} | data: must be an object",
                "append | {\"data\": {}, \"description\": 7} | description: must be a string",
                "append | {\"data\": {}, \"tags\": \"x\"} | tags: must be an array of strings",
                "append | {\"data\": {}, \"metadata\": 7} | metadata: must be an object",
                "append-batch | {\"data\": {}} | dataPoints: must be an array with at least one point",
                "append-batch | {\"dataPoints\": []} | dataPoints: must be an array with at least one point",
                "append-batch | {\"dataPoints\": [{}, 7]} | dataPoints[1]: must be an object",
            })
    void badPointsAreRefusedWholeAndTheErrorNamesTheField(String call, String body, String error) {
        String id = server.session("w", "bad points");
        Reply reply = server.post("/sessions/" + id + "/tracks/loss/" + call, body);
        assertThat(reply.status()).isEqualTo(400);
        assertThat(reply.error()).isEqualTo(error);
        assertThat(points(id, "loss", "").json().get("data")).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"limit=0", "limit=10001", "limit=x", "startIndex=-1", "startIndex=1.5"})
    void anInvalidPageIsRefusedAndTheErrorNamesTheParameter(String query) {
        String id = server.session("w", "bad pages");
        Reply reply = points(id, "loss", "?" + query);
        assertThat(reply.status()).isEqualTo(400);
        assertThat(reply.error()).startsWith(query.substring(0, query.indexOf('=')) + ":");
    }

    @Test
    void aBodyOverOneMebibyteIsTooLarge() {
        String id = server.session("w", "large");
        String text = "\"" + "x".repeat(1024 * 1024) + "\"";
        assertThat(set(id, "{\"a\": " + text + "}").status()).isEqualTo(413);
        assertThat(append(id, "loss", "{\"a\": " + text + "}").status()).isEqualTo(413);
    }

    @Test
    void aSessionThatIsProtectedOrUnknownOrDeletedOrAnothersTakesNothing() {
        server.post("/workspaces/w/sessions", "{\"name\": \"protected\", \"writeProtected\": true}");
        String closed = server.session("w", "protected");
        assertThat(set(closed, "{\"a\": 1}").status()).isEqualTo(403);
        assertThat(append(closed, "loss", "{}").status()).isEqualTo(403);
        assertThat(server.get("/sessions/" + closed + "/tracks").status()).isEqualTo(200);

        String deleted = server.session("w", "deleted");
        set(deleted, "{\"a\": 1}");
        append(deleted, "loss", "{}");
        server.send(HttpRequest.newBuilder().DELETE(), "/sessions/" + deleted);
        assertEachCallAnswers(deleted, 410);
        assertEachCallAnswers("nobody", 404);
        String recreated = server.session("w", "deleted");
        assertThat(server.get("/sessions/" + recreated + "/parameters").status())
                .isEqualTo(404);
        assertThat(server.get("/sessions/" + recreated + "/tracks").json().get("tracks"))
                .isEmpty();

        String good = server.token;
        server.token = TestServer.TOKENS.ofName("bob", Instant.now());
        try {
            assertEachCallAnswers(recreated, 404);
            server.token = null;
            assertEachCallAnswers(recreated, 401);
        } finally {
            server.token = good;
        }
    }

    private static void assertEachCallAnswers(String session, int status) {
        assertThat(Stream.of(
                        set(session, "{\"a\": 1}"),
                        append(session, "loss", "{}"),
                        server.post("/sessions/" + session + "/tracks/loss/append-batch", "{\"dataPoints\": [{}]}"),
                        server.get("/sessions/" + session + "/parameters"),
                        server.get("/sessions/" + session + "/tracks"),
                        points(session, "loss", ""),
                        server.get("/sessions/" + session + "/tracks/loss/stats")))
                .allSatisfy(reply -> {
                    assertThat(reply.status()).isEqualTo(status);
                    assertThat(reply.error()).isNotEmpty();
                });
    }

    /** Any page can make a browser send a cookie, so it permits reading only. */
    @Test
    void aCookiePermitsReadingOnly() {
        String id = server.session("w", "cookie");
        set(id, "{\"a\": 1}");
        String cookie = "dreamlake-token=" + server.token;
        String good = server.token;
        server.token = null;
        try {
            assertThat(server.get("/sessions/" + id + "/parameters", "Cookie", cookie)
                            .status())
                    .isEqualTo(200);
            HttpRequest.Builder change =
                    HttpRequest.newBuilder().POST(BodyPublishers.ofString("{\"data\": {\"a\": 2}}"));
            assertThat(server.send(change, "/sessions/" + id + "/parameters", "Cookie", cookie)
                            .status())
                    .isEqualTo(401);
        } finally {
            server.token = good;
        }
    }
}
