package ai.dreamlake.logback;

import static ai.dreamlake.logback.support.FakeDreamlake.answer;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ai.dreamlake.logback.DreamlakeStatistics.DropReason;
import ai.dreamlake.logback.support.FakeDreamlake;
import ai.dreamlake.logback.support.Logging;
import ch.qos.logback.core.util.Duration;
import ch.qos.logback.core.util.FileSize;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import mockwebserver3.MockResponse;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.MDC;

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
            return spoolFiles(); // files appear and disappear
        }
    }

    private long recordsOnDisk() {
        return spoolFiles().stream()
                .filter(file -> file.getFileName().toString().endsWith(".jsonl"))
                .mapToLong(file -> file.toFile().length())
                .sum();
    }

    @Test
    void deliveredRecordsAreDeletedAndNothingElse() {
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
    void aLogThatIsReplacedWhileItIsSentIsNotDeletedUnsent() {
        AtomicBoolean replaced = new AtomicBoolean();
        server.instead.set(request -> {
            boolean isLast =
                    FakeDreamlake.isLogs(request) && FakeDreamlake.body(request).contains("\"m9\"");
            if (isLast && replaced.compareAndSet(false, true)) {
                replaceLog();
            }
            return null;
        });
        try (Logging logging = logging()) {
            log(logging, 0, 10);
            await().atMost(LONG).until(() -> server.messages("project/run").size() == 20 && recordsOnDisk() == 0);
        }
        assertThat(server.messages("project/run").subList(0, 10)).isEqualTo(messages(0, 10));
        assertThat(server.messages("project/run").subList(10, 20)).allMatch(message -> message.startsWith("x"));
    }

    /** Replaces a log by another one of the same length. */
    private void replaceLog() {
        Path log = spoolFiles().stream()
                .filter(file -> file.endsWith("logs.jsonl"))
                .findFirst()
                .orElseThrow();
        try {
            Path other = Files.writeString(
                    log.resolveSibling("other"),
                    Files.readString(log).replace("\"m", "\"x").replace("\"xe", "\"me"));
            Files.move(other, log, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void aNewTokenOfTheSameUserSendsWhatTheOldOneLeft() {
        try (Logging logging = logging(appender -> appender.setApiKey("expired"))) {
            log(logging, 0, 10);
            assertThat(logging.appender.awaitDelivery(java.time.Duration.ofMillis(300)))
                    .isFalse();
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
    void onlyItsOwnerCanEnterTheSpoolAndItContainsNoToken() throws IOException {
        server.instead.set(request -> answer(503, "{\"error\": \"no, " + FakeDreamlake.TOKEN + "\"}"));
        try (Logging logging = logging()) {
            log(logging, 0, 10);
            assertThat(logging.appender.awaitDelivery(java.time.Duration.ofMillis(300)))
                    .isFalse();
            assertThat(logging.appender.getStatistics().toString() + logging.appender + logging.statuses())
                    .doesNotContain(FakeDreamlake.TOKEN);
        }
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(spool())))
                .isEqualTo("rwx------");
        for (Path file : spoolFiles()) {
            assertThat(file.toString()).doesNotContain(FakeDreamlake.TOKEN);
            if (file.toString().endsWith(".jsonl")) {
                assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                        .isEqualTo("rw-------");
            }
            if (Files.isRegularFile(file)) {
                assertThat(Files.readString(file)).doesNotContain(FakeDreamlake.TOKEN);
            }
        }
    }

    @Test
    void theNextRunSendsAndDeletesWhatOneLeft() {
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
    void aboveItsLimitTheSpoolDropsTheOldestRecordsCountsThemAndTellsTheServer() {
        server.instead.set(request -> answer(503, ""));
        try (Logging logging =
                logging(appender -> appender.getUpload().setSpoolLimit(new FileSize(FileSize.MB_COEFFICIENT)))) {
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
            assertThat(server.records("project/run").get(0).get("level").stringValue())
                    .isEqualTo("warn");
            assertThat(arrived.subList(1, arrived.size())).isEqualTo(messages((int) dropped, records));
            assertThat(logging.appender.getStatistics().delivered()).isEqualTo(records - dropped);
            assertThat(logging.warnings()).anyMatch(warning -> warning.contains("spool"));
        }
    }

    @Test
    void aSpoolThatCannotWriteItsCheckpointStillSendsAndFreesSpace() throws IOException {
        try (Logging logging = logging()) {
            log(logging, 0, 10);
            assertThat(logging.appender.awaitDelivery(LONG)).isTrue();
            Path note = spoolFiles().stream()
                    .filter(file -> file.endsWith(".upload"))
                    .findFirst()
                    .orElseThrow();
            await().ignoreException(FileAlreadyExistsException.class) // while the uploader notes the last batch
                    .until(() -> Files.isDirectory(Files.createDirectory(note.resolveSibling(".upload.tmp"))));
            Files.writeString(note, ""); // a checkpoint could be written over it
            for (int round = 1; round < 10; round++) {
                log(logging, 10 * round, 10 * round + 10);
                assertThat(logging.appender.awaitDelivery(LONG)).isTrue();
            }
            await().until(() -> recordsOnDisk() == 0);
            assertThat(server.messages("project/run")).isEqualTo(messages(0, 100));
            assertThat(logging.warnings()).isNotEmpty().allMatch(warning -> warning.contains("cannot save how far"));
        }
    }

    private Path spooled(String file) {
        return spoolFiles().stream()
                .filter(path -> path.endsWith("logs/logs.jsonl"))
                .findFirst()
                .orElseThrow()
                .resolveSibling(file);
    }

    private void logFor(Logging logging, String text, long millis) {
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
        while (System.nanoTime() < end) {
            logging.log.info(text);
            LockSupport.parkNanos(TimeUnit.MICROSECONDS.toNanos(200));
        }
    }

    @Test
    void theLimitHoldsWhileASlowServerGetsOneBatchAfterTheOther() {
        server.millisPerRequest = 200;
        try (Logging logging = logging(appender -> {
            appender.getUpload().setSpoolLimit(new FileSize(FileSize.MB_COEFFICIENT));
            appender.getUpload().setMaxBatchRecords(100);
        })) {
            logFor(logging, "x".repeat(1000), 4000); // some eight megabytes, of which the server takes two
            assertThat(logging.appender.getStatistics().dropped().get(DropReason.SPOOL))
                    .isPositive();
            await().until(() -> recordsOnDisk() <= FileSize.MB_COEFFICIENT);
            server.millisPerRequest = 0;
            assertThat(logging.appender.awaitDelivery(LONG)).isTrue();
            DreamlakeStatistics statistics = logging.appender.getStatistics();
            assertThat(statistics.pending()).isZero();
            assertThat(statistics.accepted()).isEqualTo(statistics.delivered() + statistics.droppedInAll());
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void theLimitHoldsAtAnySpeedWhileTheServerIsUnreachableOrHangs(boolean hangs) throws InterruptedException {
        server.instead.set(request -> hangs && FakeDreamlake.isLogs(request)
                ? new MockResponse.Builder().headersDelay(1, TimeUnit.DAYS).build()
                : hangs ? null : answer(503, ""));
        try (Logging logging =
                logging(appender -> appender.getUpload().setSpoolLimit(new FileSize(FileSize.MB_COEFFICIENT)))) {
            AtomicLong most = new AtomicLong();
            Thread[] threads = new Thread[3];
            for (int t = 0; t < threads.length; t++) {
                threads[t] = new Thread(() -> {
                    for (int i = 0; i < 50_000; i++) {
                        logging.log.info("the quick brown fox jumps over the lazy dog {}", i);
                    }
                });
                threads[t].start();
            }
            for (Thread thread : threads) {
                while (thread.isAlive()) {
                    most.accumulateAndGet(recordsOnDisk(), Math::max);
                }
                thread.join();
            }
            long segment = 64 * FileSize.KB_COEFFICIENT;
            assertThat(most.get()).isLessThanOrEqualTo((long) (1.1 * FileSize.MB_COEFFICIENT) + segment);
            DreamlakeStatistics statistics = logging.appender.getStatistics();
            assertThat(statistics.accepted()).isEqualTo(150_000);
            assertThat(statistics.dropped().get(DropReason.SPOOL)).isGreaterThan(130_000);
            server.instead.set(request -> null);
            if (!hangs) {
                assertThat(logging.appender.awaitDelivery(LONG)).isTrue();
                long delivered = server.records("project/run").stream()
                        .filter(record -> !record.path("metadata").has("dreamlake_dropped"))
                        .count();
                long told = server.records("project/run").stream()
                        .mapToLong(record -> record.path("metadata")
                                .path("dreamlake_dropped")
                                .asLong(0))
                        .sum();
                assertThat(delivered + told).as("exact counts").isEqualTo(150_000);
            }
            statistics = logging.appender.getStatistics();
            assertThat(statistics.accepted())
                    .isEqualTo(statistics.delivered() + statistics.pending() + statistics.droppedInAll());
        }
    }

    @Test
    void theLimitHoldsForHundredsOfSessionsThatAreBeingWritten() {
        server.instead.set(request -> answer(503, ""));
        try (Logging logging = logging(appender -> {
            appender.setMaxOpenSessions(300);
            appender.getUpload().setSpoolLimit(new FileSize(FileSize.MB_COEFFICIENT));
        })) {
            for (int round = 0; round < 20; round++) {
                for (int session = 0; session < 200; session++) {
                    MDC.put("dreamlake.session", "s" + session);
                    logging.log.info("x".repeat(1000));
                }
            }
            MDC.clear();
            await().until(() -> recordsOnDisk() <= FileSize.MB_COEFFICIENT);
            DreamlakeStatistics statistics = logging.appender.getStatistics();
            assertThat(statistics.accepted())
                    .isEqualTo(statistics.pending() + statistics.dropped().get(DropReason.SPOOL));
            assertThat(logging.warnings()).noneMatch(warning -> warning.contains("cannot free space"));
        }
    }

    @Test
    void aSessionThatIsNeverDoneLeavesTheOthersTheirTurn() {
        server.millisPerRequest = 20;
        try (Logging logging = logging(appender -> {
            appender.getUpload().setMaxConcurrentUploads(1);
            appender.getUpload().setMaxBatchRecords(10);
        })) {
            log(logging, 0, 5000); // ten seconds' worth
            await().until(() -> !server.messages("project/run").isEmpty());
            MDC.put("dreamlake.session", "quiet");
            log(logging, 0, 1);
            MDC.clear();
            await().until(() -> !server.messages("project/quiet").isEmpty());
            assertThat(server.messages("project/run")).hasSizeLessThan(5000);
        }
    }

    @Test
    void theTornEndOfASealedLogIsSetAsideAndTheNextRecordsAreSent() throws IOException {
        leaveInSpool(10);
        Path log = spooled("logs.jsonl");
        byte[] whole = Files.readAllBytes(log);
        // What a power loss leaves: the log was put aside, and its last bytes never reached the device.
        Files.write(log.resolveSibling("logs.0000000000000000010.jsonl"), Arrays.copyOf(whole, whole.length - 30));
        Files.delete(log);
        try (Logging logging = logging()) {
            log(logging, 10, 20);
            assertThat(logging.appender.awaitDelivery(LONG)).isTrue();
            assertThat(logging.warnings()).anyMatch(warning -> warning.contains("logs.jsonl.torn"));
            await().until(() -> recordsOnDisk() == 0);
        }
        List<String> expected = Stream.concat(messages(0, 9).stream(), messages(10, 20).stream())
                .toList();
        assertThat(server.messages("project/run")).isEqualTo(expected);
        assertThat(log.resolveSibling("logs.jsonl.torn")).isNotEmptyFile();
    }

    @Test
    void aRefusedRecordHoldsUpNothingEvenIfItCannotBeSetAside() throws IOException {
        server.instead.set(request ->
                FakeDreamlake.isLogs(request) && FakeDreamlake.body(request).contains("poison")
                        ? answer(400, "")
                        : null);
        try (Logging logging = logging()) {
            log(logging, 0, 10);
            Files.createDirectory(spooled("rejected.jsonl"));
            logging.log.info("poison");
            log(logging, 10, 20);
            assertThat(logging.appender.awaitDelivery(LONG)).isTrue();
            assertThat(logging.appender.getStatistics().rejected()).isEqualTo(1);
            assertThat(logging.warnings()).anyMatch(warning -> warning.contains("cannot set aside a record"));
        }
        assertThat(server.messages("project/run")).isEqualTo(messages(0, 20));
    }

    @Test
    void anUnreadableLogIsTriedAgainAndNotSkipped() throws IOException {
        try (Logging logging = logging()) {
            log(logging, 0, 10);
            assertThat(logging.appender.awaitDelivery(LONG)).isTrue();
            await().until(() -> recordsOnDisk() == 0); // so that the uploader does not continue with an open log
            Path unreadable = Files.createDirectory(spooled("logs.0000000000000000005.jsonl"));
            log(logging, 10, 20);
            assertThat(logging.appender.awaitDelivery(java.time.Duration.ofMillis(300)))
                    .isFalse();
            assertThat(logging.appender.getStatistics().retries()).isBetween(1L, 20L);
            assertThat(server.messages("project/run")).isEqualTo(messages(0, 10));
            Files.delete(unreadable);
            assertThat(logging.appender.awaitDelivery(LONG)).isTrue();
        }
        assertThat(server.messages("project/run")).isEqualTo(messages(0, 20));
    }

    /** Runs while the server is unreachable. */
    private void leaveInSpool(int records) {
        server.instead.set(request -> answer(503, ""));
        try (Logging logging = logging()) {
            log(logging, 0, records);
        }
        server.instead.set(request -> null);
    }

    @Test
    void recordsInADeletedSpoolCountAsLostAndTheSpoolIsCreatedAgain() throws IOException {
        server.instead.set(request -> answer(503, "Retry-After", "0"));
        try (Logging logging = logging()) {
            log(logging, 0, 100);
            await().until(() -> Files.readAllLines(spooled("logs.jsonl")).size() == 100); // none is staged any more
            Files.move(spool(), spool().resolveSibling("deleted"));
            await().atMost(LONG).until(() -> logging.appender.getStatistics().droppedInAll() == 100);
            assertThat(logging.appender.awaitDelivery(LONG)).isTrue();
            assertThat(logging.warnings()).anyMatch(warning -> warning.contains("neither with the server nor on disk"));

            server.instead.set(request -> null);
            log(logging, 100, 120);
            assertThat(logging.appender.awaitDelivery(LONG)).isTrue();
            assertThat(server.messages("project/run")).isEqualTo(messages(100, 120));
            DreamlakeStatistics statistics = logging.appender.getStatistics();
            assertThat(statistics.accepted()).isEqualTo(120);
            assertThat(statistics.delivered()).isEqualTo(20);
            assertThat(statistics.droppedInAll()).isEqualTo(100);
            for (Path path : spoolFiles()) {
                if (Files.isDirectory(path)) {
                    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path)))
                            .as(path.toString())
                            .isEqualTo("rwx------");
                }
            }
        }
    }

    @Test
    void aSessionWhoseSpaceCannotBeFreedDoesNotKeepOthersFromBeingFreed() throws IOException {
        leaveInSpool(1);
        Path lock = spooled(".upload.lock");
        Files.deleteIfExists(lock);
        Files.createDirectory(lock);
        server.instead.set(request -> answer(503, ""));
        try (Logging logging = logging(appender -> {
            appender.setSession("another");
            appender.getUpload().setSpoolLimit(new FileSize(FileSize.MB_COEFFICIENT));
        })) {
            log(logging, 0, 20_000); // two megabytes and a half
            await().until(() -> recordsOnDisk() <= FileSize.MB_COEFFICIENT);
        }
    }

    @Test
    void aHangingSessionDoesNotKeepOthersFromTheLimitAndLosesNoMoreThanNecessary() {
        server.instead.set(request -> FakeDreamlake.isLogs(request)
                        && FakeDreamlake.body(request).contains("hangs")
                ? new MockResponse.Builder().headersDelay(1, TimeUnit.DAYS).build()
                : FakeDreamlake.isLogs(request) ? answer(503, "") : null);
        try (Logging logging = logging(appender -> {
            appender.getUpload().setSpoolLimit(new FileSize(FileSize.MB_COEFFICIENT));
            appender.getUpload().setCallTimeout(Duration.buildBySeconds(8));
        })) {
            MDC.put("dreamlake.session", "another");
            log(logging, 0, 1000);
            MDC.put("dreamlake.session", "run");
            logging.log.info("hangs");
            await().until(() -> server.requests.stream()
                    .anyMatch(request -> FakeDreamlake.isLogs(request)
                            && FakeDreamlake.body(request).contains("hangs")));
            MDC.put("dreamlake.session", "another");
            log(logging, 1000, 20_000);
            MDC.clear();
            await().atMost(java.time.Duration.ofSeconds(6)).until(() -> recordsOnDisk() <= FileSize.MB_COEFFICIENT);
            server.instead.set(request -> null);
            await().atMost(LONG).until(() -> server.messages("project/run").contains("hangs"));
        }
    }

    @Test
    void aBatchThatTheLogNoLongerContainsAsNotedIsBuiltAgain() throws IOException {
        leaveInSpool(3);
        // What a power loss leaves: the note of a batch, and a log that ends elsewhere.
        Files.writeString(
                spooled(".upload"),
                "{\"offset\":0,\"end\":30,\"number\":0,\"serverEnd\":-1,\"lost\":0,\"lostAt\":\"\",\"digest\":\"\"}");
        try (Logging logging = logging()) {
            log(logging, 3, 4);
            assertThat(logging.appender.awaitDelivery(LONG)).isTrue();
        }
        assertThat(server.messages("project/run")).isEqualTo(messages(0, 4));
    }
}
