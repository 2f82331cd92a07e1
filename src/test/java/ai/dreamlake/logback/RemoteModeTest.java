package ai.dreamlake.logback;

import static ai.dreamlake.logback.testing.FakeDreamlake.answer;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ai.dreamlake.logback.DreamlakeStatistics.DropReason;
import ai.dreamlake.logback.testing.FakeDreamlake;
import ai.dreamlake.logback.testing.Logging;
import ch.qos.logback.core.util.Duration;
import ch.qos.logback.core.util.FileSize;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Records that are on disk only until a server has them. */
@Timeout(90)
class RemoteModeTest {

    private static final java.time.Duration LONG = java.time.Duration.ofSeconds(60);

    @TempDir
    Path home;

    private final FakeDreamlake server = FakeDreamlake.start();

    @AfterEach
    void stop() {
        server.close();
    }

    private Path spool() {
        return home.resolve("spool");
    }

    private Logging logging() {
        return logging(appender -> {});
    }

    private Logging logging(Consumer<DreamlakeAppender> settings) {
        return Logging.with(appender -> {
            appender.setRemote(server.url());
            appender.setApiKey(FakeDreamlake.TOKEN);
            appender.setWorkspace("project");
            appender.setSession("run");
            appender.getUpload().setSpoolPath(spool().toString());
            appender.getUpload().setInterval(Duration.buildByMilliseconds(10));
            appender.getUpload().setShutdownTimeout(Duration.buildByMilliseconds(0));
            settings.accept(appender);
        });
    }

    private static void log(Logging logging, int from, int to) {
        for (int i = from; i < to; i++) {
            logging.log.info("m" + i);
        }
    }

    private static List<String> messages(int from, int to) {
        return IntStream.range(from, to).mapToObj(i -> "m" + i).toList();
    }

    private List<Path> spoolFiles() {
        if (!Files.exists(spool())) {
            return List.of();
        }
        try (Stream<Path> files = Files.walk(spool())) {
            return files.toList();
        } catch (IOException | UncheckedIOException e) {
            return spoolFiles(); // files come and go
        }
    }

    private long recordsOnDisk() {
        return spoolFiles().stream()
                .filter(file -> file.getFileName().toString().endsWith(".jsonl"))
                .mapToLong(file -> file.toFile().length())
                .sum();
    }

    @Test
    void whatTheServerHasIsDeletedAndNothingElse() {
        try (Logging logging = logging()) {
            for (int round = 0; round < 20; round++) {
                log(logging, 100 * round, 100 * round + 100);
                assertThat(logging.appender.awaitDelivery(LONG)).isTrue();
                assertThat(server.messages("project/run")).isEqualTo(messages(0, 100 * round + 100));
            }
            await().until(() -> recordsOnDisk() == 0);
            assertThat(logging.appender.getStatistics().delivered()).isEqualTo(2000);
            assertThat(logging.appender.getStatistics().pending()).isZero();
            assertThat(logging.warnings()).isEmpty();
        }
    }

    @Test
    void recordsThatAreWrittenWhileLogsAreSealedAndDeletedArriveInOrder() {
        try (Logging logging = logging(appender -> {
            appender.getUpload().setInterval(Duration.buildByMilliseconds(1));
            appender.getUpload().setSpoolLimit(new FileSize(FileSize.MB_COEFFICIENT * 100));
        })) {
            for (int i = 0; i < 20_000; i++) {
                logging.log.info("m" + i);
                if (i % 100 == 0) {
                    Thread.yield();
                }
            }
            assertThat(logging.appender.awaitDelivery(LONG)).isTrue();
            assertThat(server.messages("project/run")).isEqualTo(messages(0, 20_000));
            assertThat(logging.appender.getStatistics().delivered()).isEqualTo(20_000);
        }
    }

    @Test
    void logsThatAreSealedWhileABatchIsUnderWayArriveWholeAndInOrder() {
        server.millisPerRequest = 30;
        try (Logging logging = logging(appender -> {
            appender.getUpload().setInterval(Duration.buildByMilliseconds(1));
            appender.getUpload().setMaxBatchRecords(100);
            appender.getUpload().setSpoolLimit(new FileSize(FileSize.MB_COEFFICIENT)); // logs are sealed at 64 KB
        })) {
            int records = 6000;
            for (int i = 0; i < records; i++) {
                logging.log.info("m" + i);
                if (i % 10 == 0) {
                    java.util.concurrent.locks.LockSupport.parkNanos(1_000_000);
                }
            }
            assertThat(logging.appender.awaitDelivery(LONG)).isTrue();
            assertThat(server.messages("project/run")).isEqualTo(messages(0, records));
            assertThat(logging.appender.getStatistics().delivered()).isEqualTo(records);
            assertThat(logging.appender.getStatistics().rejected()).isZero();
            await().until(() -> recordsOnDisk() == 0);
        }
    }

    @Test
    void aNewTokenOfTheSameUserSendsWhatTheOldOneLeft() {
        try (Logging logging = logging(appender -> appender.setApiKey("expired"))) {
            log(logging, 0, 10);
            assertThat(logging.appender.awaitDelivery(java.time.Duration.ofMillis(300))).isFalse();
        }
        try (Logging logging = logging()) {
            await().until(() -> server.messages("project/run").equals(messages(0, 10)));
        }
    }

    @Test
    void anInterruptedThreadLogsAndStaysInterrupted() {
        try (Logging logging = logging()) {
            Thread.currentThread().interrupt();
            log(logging, 0, 10);
            assertThat(Thread.interrupted()).isTrue();
            assertThat(logging.appender.awaitDelivery(LONG)).isTrue();
            assertThat(server.messages("project/run")).isEqualTo(messages(0, 10));
            assertThat(logging.warnings()).isEmpty();
        }
    }

    @Test
    void theSpoolIsForItsOwnerAloneAndTellsNoToken() throws IOException {
        server.instead.set(request -> answer(503, "{\"error\": \"no, " + FakeDreamlake.TOKEN + "\"}"));
        try (Logging logging = logging()) {
            log(logging, 0, 10);
            assertThat(logging.appender.awaitDelivery(java.time.Duration.ofMillis(300))).isFalse();
            assertThat(logging.appender.getStatistics().toString() + logging.appender + logging.statuses())
                    .doesNotContain(FakeDreamlake.TOKEN);
        }
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(spool()))).isEqualTo("rwx------");
        for (Path file : spoolFiles()) {
            assertThat(file.toString()).doesNotContain(FakeDreamlake.TOKEN);
            if (file.toString().endsWith(".jsonl")) {
                assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file))).isEqualTo("rw-------");
            }
            if (Files.isRegularFile(file)) {
                assertThat(Files.readString(file)).doesNotContain(FakeDreamlake.TOKEN);
            }
        }
    }

    @Test
    void whatOneRunLeavesTheNextOneSendsAndDeletes() {
        server.instead.set(request -> answer(503, ""));
        try (Logging logging = logging()) {
            log(logging, 0, 1500);
        }
        assertThat(recordsOnDisk()).isPositive();
        server.instead.set(request -> null);
        try (Logging logging = logging(appender -> appender.setSession("another"))) {
            await().until(() -> server.messages("project/run").size() == 1500 && recordsOnDisk() == 0);
        }
        try (Logging logging = logging()) {
            log(logging, 1500, 1600);
            assertThat(logging.appender.awaitDelivery(LONG)).isTrue();
        }
        assertThat(server.messages("project/run")).isEqualTo(messages(0, 1600));
    }

    @Test
    void overItsLimitTheSpoolGivesUpTheOldestCountsThemAndTellsTheServer() {
        server.instead.set(request -> answer(503, ""));
        try (Logging logging = logging(appender ->
                appender.getUpload().setSpoolLimit(new FileSize(FileSize.MB_COEFFICIENT)))) {
            int records = 20_000;
            log(logging, 0, records); // some two and a half megabytes
            await().until(() -> recordsOnDisk() <= FileSize.MB_COEFFICIENT);
            DreamlakeStatistics during = logging.appender.getStatistics();
            long dropped = during.dropped().get(DropReason.SPOOL);
            assertThat(dropped).isPositive();
            assertThat(during.accepted()).isEqualTo(during.pending() + dropped);

            server.instead.set(request -> null);
            await().atMost(LONG).until(() -> logging.appender.awaitDelivery(LONG));
            List<String> arrived = server.messages("project/run");
            dropped = logging.appender.getStatistics().dropped().get(DropReason.SPOOL);
            assertThat(arrived.get(0)).startsWith(dropped + " records were dropped");
            assertThat(server.records("project/run").get(0).get("level").stringValue()).isEqualTo("warn");
            assertThat(arrived.subList(1, arrived.size())).isEqualTo(messages((int) dropped, records));
            assertThat(logging.appender.getStatistics().delivered()).isEqualTo(records - dropped);
            assertThat(logging.warnings()).anyMatch(warning -> warning.contains("spool"));
        }
    }

    @Test
    void aSpoolThatCannotNoteHowFarItIsSentSendsAndMakesRoomAllTheSame() throws IOException {
        try (Logging logging = logging()) {
            log(logging, 0, 10);
            assertThat(logging.appender.awaitDelivery(LONG)).isTrue();
            Path note = spoolFiles().stream().filter(file -> file.endsWith(".upload")).findFirst().orElseThrow();
            Files.createDirectory(note.resolveSibling(".upload.tmp"));
            for (int round = 1; round < 10; round++) {
                log(logging, 10 * round, 10 * round + 10);
                assertThat(logging.appender.awaitDelivery(LONG)).isTrue();
            }
            await().until(() -> recordsOnDisk() == 0);
            assertThat(server.messages("project/run")).isEqualTo(messages(0, 100));
            assertThat(logging.warnings()).isNotEmpty().allMatch(warning -> warning.contains("cannot note how far"));
        }
    }
}
