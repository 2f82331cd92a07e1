package ai.dreamlake.server;

import static org.assertj.core.api.Assertions.assertThat;

import ai.dreamlake.server.TestServer.Reply;
import ai.dreamlake.server.store.Level;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import java.io.ByteArrayOutputStream;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** Each call of the protocol, and invalid requests. */
class ProtocolTest {

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

    @Test
    void healthNeedsNoToken() {
        String token = server.token;
        server.token = null;
        Reply reply = server.get("/health");
        server.token = token;
        assertThat(reply.status()).isEqualTo(200);
        assertThat(reply.body()).isEqualTo("{\"status\":\"ok\"}");
    }

    private static String token(String secret, Instant expires) throws Exception {
        JWTClaimsSet claims = new JWTClaimsSet.Builder()
                .claim("userId", "1")
                .expirationTime(Date.from(expires))
                .build();
        SignedJWT token = new SignedJWT(new JWSHeader(JWSAlgorithm.HS256), claims);
        token.sign(new MACSigner(secret));
        return token.serialize();
    }

    @Test
    void aTokenThatIsAbsentOrSignedOtherwiseOrExpiredIsRefused() throws Exception {
        String good = server.token;
        Instant tomorrow = Instant.now().plus(Duration.ofDays(1));
        String unsigned = "eyJhbGciOiJub25lIn0." + good.split("\\.")[1] + ".";
        String[] bad = {
            null,
            "garbage",
            unsigned,
            token("another-secret-another-secret-another", tomorrow),
            token(Settings.DEVELOPMENT_SECRET, Instant.now().minus(Duration.ofHours(1)))
        };
        try {
            for (String token : bad) {
                server.token = token;
                Reply reply = server.post("/workspaces/w/sessions", "{\"name\": \"s\"}");
                assertThat(reply.status()).as(token).isEqualTo(401);
                assertThat(reply.error()).contains("token");
            }
            server.token = token(Settings.DEVELOPMENT_SECRET, tomorrow);
            assertThat(server.post("/workspaces/w/sessions", "{\"name\": \"s\"}")
                            .status())
                    .isEqualTo(201);
        } finally {
            server.token = good;
        }
    }

    @Test
    void theTokenOfDevelopmentModeIsTheOneThatDreamlakesClientsMake() throws Exception {
        Map<String, Object> claims =
                SignedJWT.parse(server.token).getJWTClaimsSet().getClaims();
        assertThat(claims).containsEntry("userId", "3159282601").containsEntry("userName", "alice");
    }

    @Test
    void aSessionIsCreatedOnceAndKeepsFieldsThatAreNotGivenAgain() {
        Reply first = server.post(
                "/workspaces/upserts/sessions",
                "{\"name\": \"run\", \"description\": \"first try\", \"tags\": [\"x\", \"y\"], \"folder\": \"/f\", \"metadata\": {\"a.b\": {\"$c\": [1, 0.5, null, true, \"t\"]}}}");
        assertThat(first.status()).isEqualTo(201);
        JsonNode session = first.json().get("session");
        assertThat(session.get("id").stringValue()).isNotEmpty();
        assertThat(session.get("metadata").toString()).isEqualTo("{\"a.b\":{\"$c\":[1,0.5,null,true,\"t\"]}}");
        assertThat(first.json().get("workspace").stringValue()).isEqualTo("upserts");
        assertThat(first.json().get("folder").stringValue()).isEqualTo("/f");
        assertThat(first.json().get("namespace").stringValue()).isEqualTo("alice");

        Reply second =
                server.post("/workspaces/upserts/sessions", "{\"name\": \"run\", \"description\": \"second try\"}");
        assertThat(second.status()).isEqualTo(200);
        JsonNode same = second.json().get("session");
        assertThat(same.get("id")).isEqualTo(session.get("id"));
        assertThat(same.get("description").stringValue()).isEqualTo("second try");
        assertThat(same.get("tags").toString()).isEqualTo("[\"x\",\"y\"]");
    }

    @Test
    void eachUserHasSessionsOfTheirOwn() {
        String alices = server.session("private", "run");
        String good = server.token;
        server.token = TestServer.TOKENS.ofName("bob", Instant.now());
        try {
            assertThat(server.session("private", "run")).isNotEqualTo(alices);
            assertThat(server.get("/sessions/" + alices + "/logs").status()).isEqualTo(404);
            assertThat(server.append(alices, null, TestServer.batch("m")).status())
                    .isEqualTo(404);
            assertThat(server.get("/sessions").body()).doesNotContain(alices);
        } finally {
            server.token = good;
        }
    }

    @ParameterizedTest
    @CsvSource({
        "/workspaces/my%20project/sessions, my project",
        "/workspaces/a/b/sessions, a/b",
        "/workspaces/a%2Fb/sessions, a/b",
        "/workspaces/100%25;x=1/sessions, 100%;x=1",
        "/workspaces/%C3%BC/sessions, ü",
        "/workspaces/sessions/sessions, sessions",
        "/workspaces/..%2Fx/sessions, ../x",
    })
    void aWorkspaceNameIsUnderstoodInAnyEncoding(String path, String name) {
        Reply reply = server.post(path, "{\"name\": \"run\"}");
        assertThat(reply.status()).as(reply.body()).isBetween(200, 201);
        assertThat(reply.json().get("workspace").stringValue()).isEqualTo(name);
    }

    @Test
    void recordsGetTheNextNumbersAndAreReturnedUnchanged() {
        String id = server.session("w", "numbers");
        String batch =
                "{\"logs\": [{\"timestamp\": \"2025-10-29T10:30:00.123456Z\", \"level\": \"info\", \"message\": \"Training started\"},"
                        + "{\"timestamp\": \"2025-10-29T12:30:05+02:00\", \"level\": \"fatal\", \"message\": \"\", \"metadata\": {\"train_loss\": 0.234,"
                        + " \"big\": 123456789012345678901234567890, \"precise\": 0.1000000000000000000000001, \"long\": 9007199254740993,"
                        + " \"huge\": 1E+400, \"a.b\": {\"$c\": \"%2E\"}, \"\": \"\\u0000\", \"list\": [[], {}, null]}}]}";
        Reply reply = server.append(id, null, batch);
        assertThat(reply.status()).isEqualTo(200);
        assertThat(reply.body())
                .isEqualTo("{\"created\":2,\"startSequence\":0,\"endSequence\":1,\"sessionId\":\"" + id + "\"}");
        assertThat(server.append(id, null, TestServer.batch("m"))
                        .json()
                        .get("startSequence")
                        .intValue())
                .isEqualTo(2);

        List<JsonNode> records = server.records(id);
        assertThat(records).hasSize(3);
        assertThat(records.get(0).toString())
                .startsWith(
                        "{\"timestamp\":\"2025-10-29T10:30:00.123456Z\",\"level\":\"info\",\"message\":\"Training started\",\"metadata\":null,\"sequenceNumber\":0,");
        assertThat(records.get(1).get("timestamp").stringValue()).isEqualTo("2025-10-29T10:30:05.000000Z");
        String body = server.get("/sessions/" + id + "/logs?offset=1&limit=1").body();
        assertThat(body)
                .contains(
                        "\"train_loss\":0.234",
                        "\"big\":123456789012345678901234567890",
                        "\"precise\":0.1000000000000000000000001")
                .contains(
                        "\"long\":9007199254740993",
                        "\"huge\":1E+400",
                        "\"a.b\":{\"$c\":\"%2E\"}",
                        "\"\":\"\\u0000\"",
                        "\"list\":[[],{},null]");
    }

    @Test
    void compactAndSpacedJsonAndAsciiAndUtf8AndGzipAreAllAccepted() throws Exception {
        String id = server.session("w", "json");
        String compact =
                "{\"logs\":[{\"timestamp\":\"2025-10-29T10:30:00Z\",\"level\":\"info\",\"message\":\"Größe 😀\"}]}";
        String spaced =
                "{ \"logs\" : [ { \"timestamp\" : \"2025-10-29T10:30:00Z\" ,\n \"level\" : \"info\" , \"message\" : \"Gr\\u00f6\\u00dfe \\ud83d\\ude00\" } ] }\n";
        server.append(id, null, compact);
        server.append(id, null, spaced);
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (GZIPOutputStream out = new GZIPOutputStream(packed)) {
            out.write(compact.getBytes(StandardCharsets.UTF_8));
        }
        server.send(
                HttpRequest.newBuilder().POST(BodyPublishers.ofByteArray(packed.toByteArray())),
                "/sessions/" + id + "/logs",
                "Content-Encoding",
                "gzip");
        server.append(id, null, compact.replace("Größe 😀", "half a pair: \\ud83d"));
        assertThat(server.messages(id)).containsExactly("Größe 😀", "Größe 😀", "Größe 😀", "half a pair: \uFFFD");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{\"logs\": [] | body: not JSON",
                "[] | body: must be an object",
                "{} | logs: must be an array with at least one record",
                "{\"logs\": []} | logs: must be an array with at least one record",
                "{\"logs\": [7]} | logs[0]: must be an object",
                "{\"logs\": [GOOD, {\"timestamp\": \"2025-10-29T10:30:00Z\", \"level\": \"verbose\", \"message\": \"m\"}]} | logs[1].level: \"verbose\" is not one of debug, info, warn, error, fatal",
                "{\"logs\": [{\"timestamp\": \"2025-10-29T10:30:00Z\", \"message\": \"m\"}]} | logs[0].level: is missing",
                "{\"logs\": [GOOD, GOOD, {\"timestamp\": \"2025-10-29T10:30:00Z\", \"level\": \"info\"}]} | logs[2].message: is missing",
                "{\"logs\": [{\"timestamp\": \"2025-10-29T10:30:00Z\", \"level\": \"info\", \"message\": 7}]} | logs[0].message: must be a string",
                "{\"logs\": [{\"level\": \"info\", \"message\": \"m\"}]} | logs[0].timestamp: is missing",
                "{\"logs\": [{\"timestamp\": \"yesterday\", \"level\": \"info\", \"message\": \"m\"}]} | logs[0].timestamp: \"yesterday\" is not a time",
                "{\"logs\": [{\"timestamp\": \"2025-10-29T10:30:00\", \"level\": \"info\", \"message\": \"m\"}]} | logs[0].timestamp: \"2025-10-29T10:30:00\" is not a time",
                "{\"logs\": [{\"timestamp\": \"2025-02-30T10:30:00Z\", \"level\": \"info\", \"message\": \"m\"}]} | logs[0].timestamp: \"2025-02-30T10:30:00Z\" is not a time",
                "{\"logs\": [{\"timestamp\": \"+999999999-10-29T10:30:00Z\", \"level\": \"info\", \"message\": \"m\"}]} | logs[0].timestamp: \"+999999999-10-29T10:30:00Z\" is not a time",
                "{\"logs\": [{\"timestamp\": \"2025-10-29T10:30:00Z\", \"level\": \"info\", \"message\": \"m\", \"metadata\": [1]}]} | logs[0].metadata: must be an object",
                "{\"logs\": [{\"timestamp\": \"2025-10-29T10:30:00Z\", \"level\": \"info\", \"message\": \"m\", \"metadata\": {\"x\": NaN}}]} | body: not JSON",
                "{\"logs\": [{\"timestamp\": \"2025-10-29T10:30:00Z\", \"level\": \"info\", \"message\": \"m\", \"metadata\": {\"x\": 1e99999999999}}]} | body: ",
                "{\"logs\": [{\"timestamp\": \"2025-10-29T10:30:00Z\", \"level\": \"info\", \"message\": \"m\", \"metadata\": {\"x\": 1e2147483648}}]} | body: ",
            })
    void aBadBatchIsRefusedWholeAndTheErrorNamesTheFieldAndTheRecord(String body, String error) {
        String id = server.session("w", "bad");
        String good = "{\"timestamp\": \"2025-10-29T10:30:00Z\", \"level\": \"info\", \"message\": \"m\"}";
        Reply reply = server.append(id, null, body.replace("GOOD", good));
        assertThat(reply.status()).isEqualTo(400);
        assertThat(reply.error()).startsWith(error);
        assertThat(server.messages(id)).isEmpty();
    }

    @Test
    void metadataThatIsNestedTooDeeplyForTheStoreIsRefused() {
        String id = server.session("w", "deep");
        for (int depth : new int[] {80, 95, 5000}) {
            String metadata = "{\"a\": " + "[".repeat(depth) + "]".repeat(depth) + "}";
            String body = TestServer.batch("m").replace("\"message\"", "\"metadata\": " + metadata + ", \"message\"");
            assertThat(server.append(id, null, body).status())
                    .as("%d levels", depth)
                    .isEqualTo(depth == 80 ? 200 : 400);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{} | name: is missing",
                "{\"name\": \"\"} | name: is empty",
                "{\"name\": \"  \"} | name: is empty",
                "{\"name\": 7} | name: must be a string",
                "{\"name\": \"LONG\"} | name: has 1025 bytes, more than 1024",
                "{\"name\": \"s\", \"tags\": \"x\"} | tags: must be an array of strings",
                "{\"name\": \"s\", \"tags\": [7]} | tags: must be an array of strings",
                "{\"name\": \"s\", \"metadata\": 7} | metadata: must be an object",
                "{\"name\": \"s\", \"description\": 7} | description: must be a string",
                "{\"name\": \"s\", \"writeProtected\": \"yes\"} | writeProtected: must be true or false",
            })
    void aBadSessionIsRefusedAndTheErrorNamesTheField(String body, String error) {
        Reply reply = server.post("/workspaces/w/sessions", body.replace("LONG", "x".repeat(1025)));
        assertThat(reply.status()).isEqualTo(400);
        assertThat(reply.error()).isEqualTo(error);
    }

    @Test
    void aWorkspaceWithoutANameOrWithATooLongOneIsRefused() {
        assertThat(server.post("/workspaces/%20/sessions", "{\"name\": \"s\"}").error())
                .isEqualTo("workspace: is empty");
        assertThat(server.post("/workspaces/" + "x".repeat(1025) + "/sessions", "{\"name\": \"s\"}")
                        .status())
                .isEqualTo(400);
    }

    @ParameterizedTest
    @ValueSource(ints = {1024 * 1024 + 1, 10 * 1024 * 1024})
    void aBodyOverOneMebibyteIsTooLargePackedOrNot(int length) throws Exception {
        String id = server.session("w", "large");
        String body = TestServer.batch("x".repeat(length - TestServer.batch("").length()));
        assertThat(server.append(id, null, body).status()).isEqualTo(413);
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (GZIPOutputStream out = new GZIPOutputStream(packed)) {
            out.write(body.getBytes(StandardCharsets.US_ASCII));
        }
        HttpRequest.Builder request = HttpRequest.newBuilder().POST(BodyPublishers.ofByteArray(packed.toByteArray()));
        assertThat(server.send(request, "/sessions/" + id + "/logs", "Content-Encoding", "gzip")
                        .status())
                .isEqualTo(413);
        assertThat(server.append(
                                id,
                                null,
                                TestServer.batch("x"
                                        .repeat(1024 * 1024
                                                - TestServer.batch("").length())))
                        .status())
                .isEqualTo(200);
    }

    @Test
    void aSessionThatIsProtectedOrUnknownOrDeletedTakesNoRecords() {
        server.post("/workspaces/w/sessions", "{\"name\": \"protected\", \"writeProtected\": true}");
        String id = server.session("w", "protected");
        assertThat(server.append(id, null, TestServer.batch("m")).status()).isEqualTo(403);
        assertThat(server.get("/sessions/" + id + "/logs").status()).isEqualTo(200);
        assertThat(server.append("nobody", null, TestServer.batch("m")).status())
                .isEqualTo(404);

        String deleted = server.session("w", "deleted");
        server.append(deleted, "key", TestServer.batch("m"));
        assertThat(server.send(HttpRequest.newBuilder().DELETE(), "/sessions/" + deleted)
                        .status())
                .isEqualTo(204);
        assertThat(server.append(deleted, null, TestServer.batch("m")).status()).isEqualTo(410);
        assertThat(server.get("/sessions/" + deleted + "/logs").status()).isEqualTo(410);
        String recreated = server.session("w", "deleted");
        assertThat(recreated).isNotEqualTo(deleted);
        assertThat(server.messages(recreated)).isEmpty();
    }

    private List<String> found(String id, String query) {
        Reply reply = server.get("/sessions/" + id + "/logs?" + query);
        assertThat(reply.status()).as(reply.body()).isEqualTo(200);
        return reply.json()
                .get("logs")
                .valueStream()
                .map(record -> record.get("message").stringValue())
                .toList();
    }

    @Test
    void theLogCanBeQueriedByNumberTimeLevelAndText() {
        String id = server.session("w", "queries");
        StringBuilder logs = new StringBuilder();
        for (int i = 0; i < 10; i++) {
            // Times run in the opposite direction to numbers.
            logs.append(i == 0 ? "" : ",")
                    .append("{\"timestamp\": \"2025-10-29T10:30:0")
                    .append(9 - i)
                    .append("Z\", \"level\": \"")
                    .append(Level.values()[i % 5].text())
                    .append("\", \"message\": \"Message ")
                    .append(i)
                    .append(" (x.y)\"}");
        }
        server.append(id, null, "{\"logs\": [" + logs + "]}");
        assertThat(found(id, "limit=2")).containsExactly("Message 0 (x.y)", "Message 1 (x.y)");
        assertThat(found(id, "limit=2&offset=9")).containsExactly("Message 9 (x.y)");
        assertThat(found(id, "limit=2&offset=10")).isEmpty();
        assertThat(found(id, "limit=2&order=desc")).containsExactly("Message 9 (x.y)", "Message 8 (x.y)");
        assertThat(found(id, "limit=2&order=desc&offset=9&orderBy=sequenceNumber"))
                .containsExactly("Message 0 (x.y)");
        assertThat(found(id, "limit=1&orderBy=timestamp")).containsExactly("Message 9 (x.y)");
        assertThat(found(id, "limit=1&orderBy=timestamp&order=desc&offset=1")).containsExactly("Message 1 (x.y)");
        assertThat(found(id, "level=fatal,debug"))
                .containsExactly("Message 0 (x.y)", "Message 4 (x.y)", "Message 5 (x.y)", "Message 9 (x.y)");
        assertThat(found(id, "startTime=2025-10-29T10:30:08Z")).containsExactly("Message 0 (x.y)", "Message 1 (x.y)");
        assertThat(found(id, "endTime=2025-10-29T12:30:01%2B02:00"))
                .containsExactly("Message 8 (x.y)", "Message 9 (x.y)");
        assertThat(found(id, "search=sage%203%20(X.Y)")).containsExactly("Message 3 (x.y)");
        assertThat(found(id, "search=.*")).isEmpty();
        assertThat(found(id, "level=info&search=6&startTime=2025-10-29T10:30:00Z&endTime=2025-10-29T10:30:09Z"))
                .containsExactly("Message 6 (x.y)");
        for (String query : new String[] {"limit=3", "limit=3&level=info,warn,error"}) {
            assertThat(server.get("/sessions/" + id + "/logs?" + query)
                            .json()
                            .get("hasMore")
                            .booleanValue())
                    .isTrue();
        }
        for (String query : new String[] {"limit=10", "limit=6&level=info,warn,error", "limit=1&offset=9&order=desc"}) {
            assertThat(server.get("/sessions/" + id + "/logs?" + query)
                            .json()
                            .get("hasMore")
                            .booleanValue())
                    .isFalse();
        }
    }

    @Test
    void theLogCanBeQueriedBetweenTwoNumbers() {
        String id = server.session("w", "numbers between");
        server.append(id, null, TestServer.batch("0", "1", "2", "3", "4"));
        assertThat(found(id, "after=1")).containsExactly("2", "3", "4");
        assertThat(found(id, "before=2")).containsExactly("0", "1");
        assertThat(found(id, "after=0&before=4&order=desc&limit=2")).containsExactly("3", "2");
        assertThat(found(id, "after=-1")).hasSize(5);
    }

    @Test
    void aNumberCanBeFollowedThroughAWholeSession() {
        String id = server.session("w", "series");
        StringBuilder logs = new StringBuilder();
        for (int i = 0; i < 3; i++) {
            logs.append(i == 0 ? "" : ",")
                    .append("{\"timestamp\": \"2025-10-29T10:30:0")
                    .append(i)
                    .append("Z\", \"level\": \"info\", \"message\": \"m\", \"metadata\": {\"epoch\": ")
                    .append(i + 1)
                    .append(", \"eval\": {\"loss\": ")
                    .append(i == 1 ? "\"NaN\"" : "0.5")
                    .append("}}}");
        }
        server.append(id, null, "{\"logs\": [" + logs + "]}");
        String series = "/sessions/" + id + "/series?name=eval.loss";
        assertThat(server.get(series).body())
                .isEqualTo(
                        "{\"name\":\"eval.loss\",\"x\":\"number\",\"count\":3,\"end\":3,\"points\":[[0,0.5],[1,\"NaN\"],[2,0.5]]}");
        assertThat(server.get(series + "&x=time").json().get("points").get(2).toString())
                .isEqualTo("[\"2025-10-29T10:30:02.000000Z\",0.5]");
        assertThat(server.get(series + "&x=epoch").json().get("points").toString())
                .isEqualTo("[[1.0,0.5],[2.0,\"NaN\"],[3.0,0.5]]");
        assertThat(server.get("/sessions/" + id + "/series").error()).isEqualTo("name: is empty");
        assertThat(server.get(series + "&points=4").error()).startsWith("points: ");
        assertThat(server.get("/sessions/nobody/series?name=x").status()).isEqualTo(404);
        JsonNode session = server.post("/workspaces/w/sessions", "{\"name\": \"series\"}")
                .json()
                .get("session");
        assertThat(session.get("metrics").toString()).contains("\"epoch\":3.0", "\"eval.loss\":0.5");
        assertThat(session.get("logCount").intValue()).isEqualTo(3);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "after=-2",
                "after=x",
                "before=-1",
                "limit=0",
                "limit=10001",
                "limit=x",
                "offset=-1",
                "orderBy=level",
                "order=up",
                "level=loud",
                "level=info,",
                "startTime=now",
                "endTime=7",
                "search=%00"
            })
    void anInvalidQueryIsRefusedAndTheErrorNamesTheParameter(String query) {
        String id = server.session("w", "bad queries");
        Reply reply = server.get("/sessions/" + id + "/logs?" + query);
        if (query.equals("level=info,")) {
            assertThat(reply.status()).as("a comma at the end does no harm").isEqualTo(200);
        } else {
            assertThat(reply.status()).isEqualTo(400);
            assertThat(reply.error()).startsWith(query.substring(0, query.indexOf('=')) + ":");
        }
    }

    @Test
    void otherErrorsAreJsonToo() {
        assertThat(server.get("/nothing/here").status()).isEqualTo(404);
        assertThat(server.get("/nothing/here").error()).isNotEmpty();
    }
}
