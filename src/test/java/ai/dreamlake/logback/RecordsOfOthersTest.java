package ai.dreamlake.logback;

import static ai.dreamlake.logback.support.FakeDreamlake.answer;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ai.dreamlake.logback.support.FakeDreamlake;
import ai.dreamlake.logback.support.Logging;
import ai.dreamlake.logback.support.SessionOnDisk;
import ch.qos.logback.core.util.Duration;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Records of other programs, with any numbers, reach the server once, and ours are counted. */
@Timeout(90)
class RecordsOfOthersTest {

    private static final java.time.Duration LONG = java.time.Duration.ofSeconds(60);

    private static final String[] ODD_NUMBERS = {
        "-1",
        "-9223372036854775808",
        "\"1\"",
        "1.5",
        "1e3",
        "null",
        "1000000000000000000000000000000",
        "9223372036854775806",
        "9223372036854775807",
        "1, \"sequenceNumber\": {}"
    };

    @TempDir
    java.nio.file.Path root;

    private final FakeDreamlake server = FakeDreamlake.start();

    @AfterEach
    void stop() {
        server.close();
    }

    private Logging logging(Consumer<DreamlakeAppender> settings) {
        server.honoursKeys = false;
        return Logging.to(root, appender -> {
            appender.setRemote(server.url());
            appender.setApiKey(FakeDreamlake.TOKEN);
            appender.setWorkspace("project");
            appender.setSession("run");
            appender.getUpload().setInterval(Duration.buildByMilliseconds(10));
            settings.accept(appender);
        });
    }

    private SessionOnDisk session() {
        return SessionOnDisk.of(root, "project", "run");
    }

    /** A line with its fields in the order of the Python SDK. */
    private static String theirs(String message, String number) {
        return "{\"sequenceNumber\": " + number
                + ", \"timestamp\": \"2025-10-25T12:00:00.000000Z\", \"level\": \"info\", " + "\"message\": \""
                + message + "\"}\n";
    }

    private void assertDelivered(Logging logging, int ours, List<String> messages) {
        assertThat(logging.appender.awaitDelivery(LONG)).isTrue();
        assertThat(server.messages("project/run")).isEqualTo(messages);
        DreamlakeStatistics counts = logging.appender.getStatistics();
        assertThat(counts.accepted()).isEqualTo(ours);
        assertThat(counts.delivered()).isEqualTo(ours);
        assertThat(counts.pending() + counts.rejected() + counts.droppedInAll()).isZero();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 1000})
    void recordsWithOddNumbersAreSentOnceAndDamageBetweenThemIsKeptAside(int maxBatchRecords) throws IOException {
        List<String> messages = new ArrayList<>();
        StringBuilder log = new StringBuilder();
        for (int i = 0; i < 300; i++) {
            String message = "theirs " + i;
            messages.add(message);
            log.append(theirs(message, ODD_NUMBERS[i % ODD_NUMBERS.length]));
            log.append(i % 100 == 50 ? "damage " + i + "\n" : "");
        }
        session().write(session().log(), log.toString());
        try (Logging logging = logging(appender -> appender.getUpload().setMaxBatchRecords(maxBatchRecords))) {
            for (int i = 0; i < 20; i++) {
                logging.log.info("ours " + i);
                messages.add("ours " + i);
            }
            assertDelivered(logging, 20, messages);
            session().append(session().log(), theirs("the last one", "-7"));
            messages.add("the last one");
            logging.log.info("after it");
            messages.add("after it");
            assertDelivered(logging, 21, messages);
            assertThat(logging.warnings().stream().filter(warning -> warning.contains("that can be continued")))
                    .hasSize(1);
        }
        assertThat(session().torn()).doesNotExist();
        assertThat(Files.readAllLines(session().log().resolveSibling("rejected.jsonl")))
                .hasSize(3)
                .allMatch(line -> line.contains("\"damage "));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 4, 1000})
    void recordsOfAWriterThatNumbersFromZeroInOurLogMakeNoneOfOursCountAsLost(int maxBatchRecords) {
        server.instead.set(request -> answer(503, "Retry-After", "0"));
        List<String> messages = new ArrayList<>();
        try (Logging logging = logging(appender -> {
            appender.getUpload().setMaxBatchRecords(maxBatchRecords);
            appender.setFsyncLevel("ALL"); // none is staged when the others write
        })) {
            for (int round = 0; round < 3; round++) {
                for (int i = 0; i < 10; i++) {
                    logging.log.info("ours " + round + i);
                    messages.add("ours " + round + i);
                }
                for (int i = 0; i < 3; i++) {
                    session().append(session().log(), theirs("theirs " + round + i, "" + i));
                    messages.add("theirs " + round + i);
                }
            }
            server.instead.set(request -> null);
            await().until(() ->
                    server.messages("project/run").size() == messages.size()); // including those of others at the end
            assertDelivered(logging, 30, messages);
        }
    }

    @Test
    void awaitDeliveryIsNotReleasedByALargerNumberOfAnotherWriter() {
        session().write(session().log(), theirs("far ahead", "1000000000000") + theirs("far back", "3"));
        List<String> messages = new ArrayList<>(List.of("far ahead", "far back"));
        server.millisPerRequest = 20;
        try (Logging logging = logging(appender -> appender.getUpload().setMaxBatchRecords(1))) {
            for (int i = 0; i < 30; i++) {
                logging.log.info("ours " + i);
                messages.add("ours " + i);
            }
            assertDelivered(logging, 30, messages);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"offset\":0,\"end\":0,\"number\":9223372036854775807,\"digest\":\"\"}",
                "{\"offset\":0,\"end\":0,\"number\":123456789012345678901234567890,\"digest\":\"\"}",
                "{\"offset\":0,\"end\":0,\"number\":-3,\"lost\":-9223372036854775808,\"digest\":\"\"}",
                "{\"offset\":0,\"end\":0,\"number\":0,\"lost\":9223372036854775807,\"digest\":\"\"}",
                "{\"offset\":123456789012345678901234567890,\"end\":1e30,\"number\":\"x\",\"serverEnd\":1.5}"
            })
    void aCheckpointWithOddNumbersCostsNothing(String checkpoint) {
        session().write(session().log(), theirs("theirs", "0"));
        session().write(session().log().resolveSibling(".upload"), checkpoint);
        List<String> messages = new ArrayList<>(List.of("theirs"));
        server.millisPerRequest = 20;
        try (Logging logging = logging(appender -> appender.getUpload().setMaxBatchRecords(1))) {
            for (int i = 0; i < 30; i++) {
                logging.log.info("ours " + i);
                messages.add("ours " + i);
            }
            assertDelivered(logging, 30, messages);
        }
    }

    /** Its numbers begin again, although records with these numbers were delivered. */
    @Test
    void recordsOfALogThatBeganAgainAreNotTakenForThoseThatWereDelivered() throws IOException {
        try (Logging logging =
                logging(appender -> appender.getUpload().setShutdownTimeout(Duration.buildByMilliseconds(0)))) {
            for (int i = 0; i < 50; i++) {
                logging.log.info("before {}", i);
            }
            assertThat(logging.appender.awaitDelivery(LONG)).isTrue();
            server.instead.set(request -> answer(503, ""));
            Files.delete(session().log());
            for (int i = 0; i < 5; i++) {
                logging.log.info("after {}", i);
            }
            await().until(() -> logging.appender.getStatistics().retries() > 1);
            assertThat(logging.appender.getStatistics().delivered()).isEqualTo(50);
            assertThat(logging.appender.getStatistics().pending()).isEqualTo(5);
            server.instead.set(request -> null);
            assertThat(logging.appender.awaitDelivery(LONG)).isTrue();
            assertThat(server.messages("project/run")).hasSize(55).endsWith("after 4");
        }
    }
}
