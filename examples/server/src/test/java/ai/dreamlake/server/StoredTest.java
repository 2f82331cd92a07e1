package ai.dreamlake.server;

import static org.assertj.core.api.Assertions.assertThat;

import ai.dreamlake.server.TestServer.Reply;
import java.nio.file.Path;
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
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** What the server stores, and that it stores it once. */
class StoredTest {

    @TempDir
    Path data;

    private SwitchedStore store;
    private TestServer server;

    @BeforeEach
    void start() {
        store = new SwitchedStore(data);
        server = new TestServer(data, Map.of(), store.store());
    }

    @AfterEach
    void stop() {
        server.close();
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
        assertThat(session.get("nextSequenceNumber").intValue()).isEqualTo(3);
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
                .startsWith("Idempotency-Key: was used for a batch of 2 records");
    }

    @Test
    void aKeyIsKnownForever() {
        String id = server.session("w", "s");
        Reply first = server.append(id, "key", TestServer.batch("first"));
        for (int i = 0; i < 150; i++) {
            server.append(id, "key " + i, TestServer.batch("m" + i));
        }
        assertThat(server.append(id, "key", TestServer.batch("first")).body()).isEqualTo(first.body());
        assertThat(server.records(id)).hasSize(151);
    }

    @Test
    void sixteenWritersGetGaplessNumbersAlsoIfEachBatchComesTwice() throws Exception {
        String id = server.session("w", "s");
        ExecutorService threads = Executors.newFixedThreadPool(16);
        try {
            List<Future<?>> all = new ArrayList<>();
            for (int writer = 0; writer < 16; writer++) {
                int number = writer % 8;
                Callable<Void> work = () -> {
                    for (int i = 0; i < 20; i++) {
                        String[] messages = IntStream.range(0, 1 + i % 3)
                                .mapToObj(Integer::toString)
                                .toArray(String[]::new);
                        assertThat(server.append(id, number + "/" + i, TestServer.batch(messages))
                                        .status())
                                .isEqualTo(200);
                    }
                    return null;
                };
                all.add(threads.submit(work));
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
    void manyClientsThatCreateTheSameSessionGetTheSameOne() throws Exception {
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
    void whenTheStoreIsUnavailableTheClientIsToldToRetry() {
        String id = server.session("w", "s");
        store.isAway = true;
        Reply reply = server.append(id, null, TestServer.batch("m"));
        assertThat(reply.status()).isEqualTo(503);
        assertThat(reply.response().headers().firstValue("Retry-After")).hasValue("1");
        assertThat(reply.error()).isEqualTo("the store does not answer");
        assertThat(server.get("/health").status()).as("the server is up").isEqualTo(200);
        store.isAway = false;
        assertThat(server.append(id, null, TestServer.batch("m")).status()).isEqualTo(200);
    }

    @Test
    void theEmbeddedStoreSurvivesARestart() {
        String id = server.session("w", "s");
        server.append(id, "key", TestServer.batch("a", "b"));
        stop();
        start();
        assertThat(server.session("w", "s")).isEqualTo(id);
        assertThat(server.append(id, "key", TestServer.batch("a", "b")).body()).contains("\"startSequence\":0");
        server.append(id, "next", TestServer.batch("c"));
        assertThat(server.messages(id)).containsExactly("a", "b", "c");
    }
}
