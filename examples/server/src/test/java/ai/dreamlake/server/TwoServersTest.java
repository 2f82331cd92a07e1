package ai.dreamlake.server;

import static org.assertj.core.api.Assertions.assertThat;

import ai.dreamlake.server.store.mongo.TestMongo;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** To their clients, two servers on one MongoDB behave like one. */
@Timeout(120)
class TwoServersTest {

    @TempDir
    Path data;

    private TestMongo mongo;
    private TestServer one;
    private TestServer other;

    @BeforeEach
    void start() {
        mongo = new TestMongo();
        one = new TestServer(data, Map.of("MONGODB_URI", mongo.uri()));
        other = new TestServer(data, Map.of("MONGODB_URI", mongo.uri()));
    }

    @AfterEach
    void stop() {
        one.close();
        other.close();
        mongo.close();
    }

    @Test
    void eightWritersOnTwoServersGetGaplessNumbersAlsoIfEachBatchComesTwice() throws Exception {
        String id = one.session("w", "s");
        assertThat(other.session("w", "s")).isEqualTo(id);
        ExecutorService threads = Executors.newFixedThreadPool(16);
        try {
            List<Future<?>> all = new ArrayList<>();
            for (int writer = 0; writer < 8; writer++) {
                for (TestServer server : List.of(one, other)) {
                    int number = writer;
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
            }
            for (Future<?> each : all) {
                each.get();
            }
        } finally {
            threads.shutdown();
        }
        assertThat(one.records(id)).hasSize(8 * (7 + 7 * 2 + 6 * 3));
        assertThat(other.messages(id)).isEqualTo(one.messages(id));
    }

    @Test
    void recordsStoredByOneServerAreStreamedByTheOther() throws Exception {
        String id = one.session("w", "s");
        try (RawClient client = new RawClient(other.server.port())) {
            client.sendHead("GET /sessions/" + id + "/logs/stream", other.token, 0);
            assertThat(client.readLine()).startsWith("HTTP/1.1 200 ");
            one.append(id, null, TestServer.batch("m"));
            String line = client.readLine();
            while (!line.startsWith("data: ")) {
                line = client.readLine();
            }
            assertThat(line).contains("\"message\":\"m\"");
        }
    }

    @Test
    void whenMongoIsUnavailableTheClientIsToldToRetryAndLearnsNoHostNames() {
        String id = one.session("w", "s");
        mongo.close();
        TestServer.Reply reply = one.append(id, null, TestServer.batch("m"));
        assertThat(reply.status()).isEqualTo(503);
        assertThat(reply.response().headers().firstValue("Retry-After")).hasValue("1");
        assertThat(reply.error()).doesNotContain("localhost");
        assertThat(one.get("/ready").status()).isEqualTo(503);
    }
}
