package ai.dreamlake.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.dreamlake.server.TestServer.Reply;
import com.mongodb.client.MongoClient;
import com.mongodb.client.MongoClients;
import com.mongodb.client.MongoDatabase;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.bson.Document;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** What is stored, and that it is stored once. The store is one of the tests' own, as if it were somebody's MongoDB. */
class StoreTest {

    @TempDir
    Path data;

    private EmbeddedMongo mongo;
    private MongoClient client;
    private MongoDatabase database;
    private TestServer server;

    @BeforeEach
    void start() throws IOException {
        mongo = new EmbeddedMongo(data);
        client = MongoClients.create(mongo.uri());
        database = client.getDatabase("dreamlake");
        server = anotherServer();
    }

    private TestServer anotherServer() {
        return new TestServer(data, Map.of("MONGODB_URI", mongo.uri()));
    }

    @AfterEach
    void stop() {
        server.close();
        client.close();
        mongo.close();
    }

    private Set<String> indexes(String collection) {
        Set<String> indexes = new TreeSet<>();
        for (Document index : database.getCollection(collection).listIndexes()) {
            indexes.add(
                    index.get("key", Document.class).toJson() + (index.getBoolean("unique", false) ? " unique" : ""));
        }
        return indexes;
    }

    @Test
    void theCollectionsAndTheirIndexesAreThereFromTheStart() {
        assertThat(database.listCollectionNames()).contains("sessions", "logs", "batches");
        assertThat(indexes("logs"))
                .containsExactlyInAnyOrder(
                        "{\"_id\": 1}",
                        "{\"sessionId\": 1, \"sequenceNumber\": 1} unique",
                        "{\"sessionId\": 1, \"timestamp\": 1}",
                        "{\"sessionId\": 1, \"level\": 1}",
                        "{\"sessionId\": 1, \"createdAt\": 1}");
        assertThat(indexes("sessions")).contains("{\"path\": 1} unique");
    }

    @Test
    void aRecordIsADocumentWithDatesAndALongNumber() {
        String id = server.session("w", "s");
        server.append(
                id,
                null,
                TestServer.batch("m")
                        .replace("\"message\"", "\"metadata\": {\"epoch\": 5, \"loss\": 0.5}, \"message\""));
        Document record = database.getCollection("logs").find().first();
        assertThat(record.getString("sessionId")).isEqualTo(id);
        assertThat(record.getDate("timestamp").toInstant()).isEqualTo(Instant.parse("2025-10-29T10:30:00.123Z"));
        assertThat(record.getInteger("timestampMicros")).isEqualTo(456);
        assertThat(record.getLong("sequenceNumber")).isZero();
        assertThat(record.getDate("createdAt").toInstant())
                .isBetween(Instant.now().minusSeconds(60), Instant.now());
        assertThat(record.get("metadata")).isEqualTo(new Document("epoch", 5L).append("loss", 0.5));
    }

    @Test
    void aSessionCountsItsRecordsByLevelAndKnowsItsFirstAndLastTime() {
        String id = server.session("w", "s");
        server.append(id, "k", TestServer.batch("a", "b"));
        server.append(id, "k", TestServer.batch("a", "b"));
        server.append(id, null, TestServer.batch("c").replace("info", "fatal").replace("10:30", "09:30"));
        JsonNode session = server.get("/sessions").json().get("sessions").get(0);
        assertThat(session.get("logCount").intValue()).isEqualTo(3);
        assertThat(session.get("levelCounts").toString()).isEqualTo("{\"info\":2,\"fatal\":1}");
        assertThat(session.get("firstLogAt").stringValue()).isEqualTo("2025-10-29T09:30:00.123Z");
        assertThat(session.get("lastLogAt").stringValue()).isEqualTo("2025-10-29T10:30:00.123Z");
        assertThat(database.getCollection("sessions").find().first().getLong("nextSequenceNumber"))
                .isEqualTo(3);
    }

    @Test
    void aBatchThatComesAgainUnderItsKeyIsStoredOnceAndAnsweredAsBefore() {
        String id = server.session("w", "s");
        String other = server.session("w", "other");
        Reply first = server.append(id, "key", TestServer.batch("a", "b"));
        server.append(id, "another", TestServer.batch("c"));
        assertThat(server.append(id, "key", TestServer.batch("a", "b")).body()).isEqualTo(first.body());
        assertThat(server.append(other, "key", TestServer.batch("x")).status())
                .as("a key counts in its session")
                .isEqualTo(200);
        assertThat(server.messages(id)).containsExactly("a", "b", "c");
        assertThat(server.append(id, "key", TestServer.batch("a")).error())
                .startsWith("Idempotency-Key: came with 2 records");
    }

    @Test
    void aKeyIsKnownForEver() {
        String id = server.session("w", "s");
        Reply first = server.append(id, "key", TestServer.batch("first"));
        for (int i = 0; i < 150; i++) {
            server.append(id, "key " + i, TestServer.batch("m" + i));
        }
        assertThat(server.append(id, "key", TestServer.batch("first")).body()).isEqualTo(first.body());
        assertThat(server.records(id)).hasSize(151);
    }

    /** The first attempt gave the batch its numbers, and the server died before it stored it, or all of it. */
    @Test
    void aBatchWhoseFirstAttemptEndedBetweenTheTwoWritesGetsTheSameNumbers() {
        String id = server.session("w", "s");
        User alice = new User("3159282601", "alice");
        NewRecord record = new NewRecord(Instant.parse("2025-10-29T10:30:00Z"), "info", "m", null);
        server.append(id, "before", TestServer.batch("before"));
        new Sessions(database)
                .reserve(alice, id, "key", List.of(record, record, record), (session, key, numbers) -> numbers);
        for (int i = 0; i < 150; i++) {
            server.append(id, "behind " + i, TestServer.batch("behind"));
        }
        database.getCollection("logs")
                .insertOne(new Document("_id", Numbers.id(id, 2))
                        .append("sessionId", id)
                        .append("sequenceNumber", 2L)
                        .append("timestamp", new java.util.Date(0))
                        .append("level", "info")
                        .append("message", "b")
                        .append("metadata", null)
                        .append("createdAt", new java.util.Date(0)));

        Reply again = server.append(id, "key", TestServer.batch("a", "b", "c"));
        assertThat(again.body()).contains("\"startSequence\":1,\"endSequence\":3");
        assertThat(server.messages(id))
                .startsWith("before", "a", "b", "c", "behind")
                .hasSize(154);
        assertThat(server.append(id, "key", TestServer.batch("a", "b", "c")).body())
                .isEqualTo(again.body());
        assertThat(server.records(id)).hasSize(154);
    }

    @Test
    void eightWritersOnTwoServersGetGaplessNumbersAlsoIfEachBatchComesTwice() throws Exception {
        String id = server.session("w", "s");
        ExecutorService threads = Executors.newFixedThreadPool(16);
        try (TestServer second = anotherServer()) {
            List<Future<?>> all = new ArrayList<>();
            for (int writer = 0; writer < 8; writer++) {
                for (TestServer one : List.of(server, second)) {
                    int number = writer;
                    Callable<Void> work = () -> {
                        for (int i = 0; i < 20; i++) {
                            String[] messages = IntStream.range(0, 1 + i % 3)
                                    .mapToObj(Integer::toString)
                                    .toArray(String[]::new);
                            assertThat(one.append(id, number + "/" + i, TestServer.batch(messages))
                                            .status())
                                    .isEqualTo(200);
                        }
                        return null;
                    };
                    all.add(threads.submit(work));
                }
            }
            for (Future<?> one : all) {
                one.get();
            }
        } finally {
            threads.shutdown();
        }
        assertThat(server.records(id)).hasSize(8 * (7 + 7 * 2 + 6 * 3));
    }

    @Test
    void manyWhoMakeTheSameSessionGetTheSameOne() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(8);
        try {
            Callable<String> make = () -> server.session("w", "the same");
            Set<String> ids = new TreeSet<>();
            for (Future<String> one : threads.invokeAll(java.util.Collections.nCopies(32, make))) {
                ids.add(one.get());
            }
            assertThat(ids).hasSize(1);
        } finally {
            threads.shutdown();
        }
    }

    @Test
    void numbersThatNobodyWillUseDoNotStopWhoReads() {
        String id = server.session("w", "s");
        NewRecord record = new NewRecord(Instant.parse("2025-10-29T10:30:00Z"), "info", "m", null);
        new Sessions(database)
                .reserve(
                        new User("3159282601", "alice"),
                        id,
                        Sessions.newKey(),
                        List.of(record, record, record),
                        (session, key, numbers) -> numbers);
        server.append(id, null, TestServer.batch("a", "b"));
        JsonNode page = server.get("/sessions/" + id + "/logs?limit=2").json();
        assertThat(page.get("logs").size()).isEqualTo(2);
        assertThat(page.get("hasMore").booleanValue()).isFalse();
        page = server.get("/sessions/" + id + "/logs?limit=5&order=desc").json();
        assertThat(page.get("logs").size()).isEqualTo(2);
        assertThat(page.get("hasMore").booleanValue()).isFalse();
        assertThat(server.get("/sessions/" + id + "/logs?limit=1")
                        .json()
                        .get("hasMore")
                        .booleanValue())
                .isTrue();
    }

    @Test
    void manyLargeRecordsAndSessionsCanBeRead() {
        String text = "x".repeat(1_000_000);
        for (int i = 0; i < 60; i++) {
            server.post(
                    "/workspaces/w/sessions", "{\"name\": \"s" + i + "\", \"metadata\": {\"text\": \"" + text + "\"}}");
        }
        assertThat(server.get("/sessions").json().get("sessions").size()).isEqualTo(60);
        String id = server.session("w", "s0");
        for (int i = 0; i < 60; i++) {
            server.append(id, null, TestServer.batch(text));
        }
        for (String query : new String[] {"", "?level=info", "?order=desc"}) {
            JsonNode page = server.get("/sessions/" + id + "/logs" + query).json();
            assertThat(page.get("logs").size()).isBetween(1, 5);
            assertThat(page.get("hasMore").booleanValue()).isTrue();
        }
        assertThat(server.records(id)).hasSize(60);
    }

    @Test
    void theEmbeddedStoresFileHasNoMoreThanItNeeds() throws IOException {
        String id = server.session("w", "s");
        for (int i = 0; i < 3000; i++) {
            server.append(id, null, TestServer.batch("m" + i));
        }
        assertThat(java.nio.file.Files.size(data.resolve("store.mv"))).isLessThan(80L * 1024 * 1024);
        assertThat(server.records(id)).hasSize(3000);
    }

    @Test
    void whenTheStoreIsAwayTheClientIsToldToComeBack() throws IOException {
        String id = server.session("w", "s");
        mongo.close();
        Reply reply = server.append(id, null, TestServer.batch("m"));
        assertThat(reply.status()).isEqualTo(503);
        assertThat(reply.response().headers().firstValue("Retry-After")).hasValue("1");
        assertThat(reply.error()).doesNotContain("localhost");
    }

    @Test
    void whatIsWrongWithTheSettingsIsSaid() {
        assertThatThrownBy(() -> Settings.of(Map.of("PORT", "many"))).hasMessageContaining("PORT is \"many\"");
        assertThatThrownBy(() -> new Tokens("short"))
                .hasMessageContaining("JWT_SECRET")
                .hasMessageNotContaining("short\"");
        assertThat(Settings.of(Map.of()).port()).isEqualTo(3000);
        assertThat(Settings.of(Map.of("JWT_SECRET", "another-secret-another-secret-another"))
                        .isDevelopment())
                .isFalse();
    }

    @Test
    void theEmbeddedStoreIsThereAgainAfterARestart() throws IOException {
        String id = server.session("w", "s");
        server.append(id, "key", TestServer.batch("a", "b"));
        stop();
        start();
        assertThat(server.session("w", "s")).isEqualTo(id);
        assertThat(server.append(id, "key", TestServer.batch("a", "b")).body()).contains("\"startSequence\":0");
        server.append(id, "next", TestServer.batch("c"));
        assertThat(server.messages(id)).containsExactly("a", "b", "c");
        assertThat(indexes("logs")).hasSize(5);
    }
}
