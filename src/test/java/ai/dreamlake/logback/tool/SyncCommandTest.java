package ai.dreamlake.logback.tool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ai.dreamlake.logback.internal.journal.SessionDirectory;
import ai.dreamlake.logback.internal.upload.DeliveredSession;
import ai.dreamlake.logback.support.ChildJvm;
import ai.dreamlake.logback.support.FakeDreamlake;
import ai.dreamlake.logback.support.Logging;
import ai.dreamlake.logback.support.SessionOnDisk;
import ch.qos.logback.core.util.Duration;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Sends real files to a server on a real socket, from this JVM and from JVMs that are killed. */
@Timeout(120)
class SyncCommandTest {

    private static final String PYTHON =
            "{\"sequenceNumber\": 0, \"timestamp\": \"2025-10-25T12:00:00Z\", \"level\": \"info\", \"message\": \"by Python\"}\n";

    @TempDir
    Path directory;

    private final FakeDreamlake server = FakeDreamlake.start();
    private Path root;
    private Path key;

    @BeforeEach
    void prepare() throws IOException {
        root = directory.toRealPath().resolve("root");
        key = Files.writeString(directory.resolve("key"), FakeDreamlake.TOKEN);
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private static List<Object> arguments(Path path, String url, Path key, Object... more) {
        List<Object> arguments = new ArrayList<>(List.of("sync", path, "--remote", url, "--api-key-file", key));
        arguments.addAll(List.of(more));
        return arguments;
    }

    private Tool sync(Path path, String url, Object... more) {
        return Tool.run(arguments(path, url, key, more).toArray());
    }

    private Tool sync(Object... more) {
        return sync(root, server.url(), more);
    }

    private SessionOnDisk session(String name) {
        return SessionOnDisk.of(root, "project", name);
    }

    private static Logging local(Path root, String session) {
        return Logging.to(root, appender -> {
            appender.setWorkspace("project");
            appender.setSession(session);
        });
    }

    private void log(String session, int from, int to) {
        try (Logging logging = local(root, session)) {
            for (int i = from; i < to; i++) {
                logging.log.info("record {}", i);
            }
        }
    }

    private static List<String> records(int count) {
        return IntStream.range(0, count).mapToObj(i -> "record " + i).toList();
    }

    private long posts() {
        return server.requests.stream().filter(FakeDreamlake::isLogs).count();
    }

    @Test
    void aSessionThatWasNeverMeantForAServerIsSentOnceAndStays() throws IOException {
        log("run", 0, 100);
        byte[] before = Files.readAllBytes(session("run").log());
        Tool first = sync();
        assertThat(first.err()).isEmpty();
        assertThat(first.exitCode()).isZero();
        assertThat(first.lines()).containsExactly("project/run: sent 100 records", "sent 100 records of 1 session");
        assertThat(server.messages("project/run")).isEqualTo(records(100));
        assertThat(Files.readAllBytes(session("run").log())).isEqualTo(before);

        long posts = posts();
        assertThat(sync().lines()).containsExactly("sent 0 records of 0 sessions");
        assertThat(posts()).isEqualTo(posts);

        log("run", 100, 110);
        assertThat(sync().exitCode()).isZero();
        assertThat(server.messages("project/run")).isEqualTo(records(110));
    }

    @Test
    void anAppenderThatUploadsLaterSendsOnlyWhatIsNew() {
        log("run", 0, 50);
        sync();
        try (Logging logging = Logging.to(root, appender -> {
            appender.setWorkspace("project");
            appender.setSession("run");
            appender.setRemote(server.url());
            appender.setApiKey(FakeDreamlake.TOKEN);
        })) {
            logging.log.info("record 50");
            assertThat(logging.appender.awaitDelivery(java.time.Duration.ofSeconds(30)))
                    .isTrue();
        }
        assertThat(server.messages("project/run")).isEqualTo(records(51));
    }

    @Test
    void aSessionOfPythonIsSentUnderItsName() {
        SessionOnDisk python = session("sweep/run 1");
        python.write(python.log(), PYTHON);
        python.write(
                python.description(), "{\"name\": \"sweep/run 1\", \"workspace\": \"project\", \"tags\": [\"a\"]}");
        assertThat(sync().exitCode()).isZero();
        assertThat(server.messages("project/sweep/run 1")).containsExactly("by Python");
        assertThat(server.session("project/sweep/run 1").toString()).contains("\"tags\":[\"a\"]");
    }

    @Test
    void oneSessionCanBeSentAlone() {
        log("run", 0, 3);
        log("other", 0, 3);
        assertThat(sync(session("run").directory(), server.url()).exitCode()).isZero();
        assertThat(server.messages("project/run")).hasSize(3);
        assertThat(server.sessionCount()).isOne();
    }

    @Test
    void withLeftoversOnlySessionsMeantForAServerAreSent() throws IOException {
        log("local", 0, 3);
        log("marked", 0, 3);
        Files.createFile(session("marked").log().resolveSibling(".upload"));
        assertThat(sync("--leftovers").exitCode()).isZero();
        assertThat(server.messages("project/marked")).hasSize(3);
        assertThat(server.sessionCount()).isOne();
    }

    @Test
    void aDryRunSendsAndChangesNothing() {
        log("run", 0, 3);
        Tool run = sync("--dry-run");
        assertThat(run.out())
                .isEqualTo("project/run: " + session("run").log().toFile().length() + " bytes\n");
        assertThat(server.requests).isEmpty();
        assertThat(session("run").log().resolveSibling(".upload")).doesNotExist();
    }

    @Test
    void aDeadServerIsGivenUpAndALaterOneGetsEverything() throws IOException {
        log("a", 0, 3);
        log("b", 0, 3);
        int port;
        try (ServerSocket reserved = new ServerSocket(0)) {
            port = reserved.getLocalPort();
        }
        Tool dead = sync(root, "http://localhost:" + port, "--give-up-after", "1");
        assertThat(dead.exitCode()).isEqualTo(3);
        assertThat(dead.err()).contains("project/a: ", "project/b: ", " bytes were not sent: ");
        try (FakeDreamlake later = FakeDreamlake.start(port)) {
            assertThat(sync(root, later.url()).exitCode()).isZero();
            assertThat(later.messages("project/a")).isEqualTo(records(3));
            assertThat(later.messages("project/b")).isEqualTo(records(3));
        }
    }

    /** Or it would count as undelivered from then on, and stay forever. */
    @Test
    void aSessionThatNoServerWasToGetIsNotMarkedBeforeOneTakesIt() throws IOException {
        log("run", 0, 3);
        Path mark = session("run").log().resolveSibling(".upload");
        server.token = "another";
        assertThat(sync().exitCode()).isEqualTo(3);
        assertThat(mark).doesNotExist();
        try (ServerSocket reserved = new ServerSocket(0)) {
            String away = "http://localhost:" + reserved.getLocalPort();
            reserved.close();
            assertThat(sync(root, away, "--give-up-after", "0").exitCode()).isEqualTo(3);
        }
        assertThat(mark).doesNotExist();
        server.token = FakeDreamlake.TOKEN;
        assertThat(sync().exitCode()).isZero();
        assertThat(mark).exists();
        assertThat(server.messages("project/run")).isEqualTo(records(3));
    }

    @Test
    void aTemporarilyBusyServerGetsEverything() {
        log("run", 0, 3);
        AtomicInteger answers = new AtomicInteger();
        server.instead.set(
                request -> answers.getAndIncrement() < 2 ? FakeDreamlake.answer(503, "Retry-After", "0") : null);
        Tool run = sync();
        assertThat(run.exitCode()).isZero();
        assertThat(run.err()).isEqualTo("dreamlake: a call to the server failed and will be repeated: HTTP 503\n");
        assertThat(server.messages("project/run")).isEqualTo(records(3));
    }

    @Test
    void aRefusedTokenEndsTheCommandAtOnceForAllSessions() {
        for (int i = 0; i < 8; i++) { // more than are sent at the same time
            log("run-" + i, 0, 3);
        }
        server.token = "another";
        Tool run = sync("--give-up-after", "1000");
        assertThat(run.exitCode()).isEqualTo(3);
        assertThat(run.err().lines())
                .hasSize(8)
                .allMatch(line -> line.endsWith("not sent: HTTP 401 (the token is wrong or has expired)"));
        assertThat(session("run-7").log().resolveSibling(".upload")).doesNotExist();
    }

    @Test
    void aRefusedRecordIsSetAsideAndReported() throws IOException {
        log("run", 0, 3);
        server.instead.set(request ->
                FakeDreamlake.isLogs(request) && FakeDreamlake.body(request).contains("record 1")
                        ? FakeDreamlake.answer(400, "{\"error\": \"no\"}")
                        : null);
        Tool run = sync();
        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.err()).contains("project/run: the server refused 1 record for good");
        assertThat(server.messages("project/run")).containsExactly("record 0", "record 2");
        assertThat(Files.readString(session("run").log().resolveSibling("rejected.jsonl")))
                .contains("record 1");
    }

    @Test
    void aTornEndIsNotSentButReported() {
        log("run", 0, 3);
        session("run").append(session("run").log(), "{\"torn");
        Tool run = sync();
        assertThat(run.exitCode()).isZero();
        assertThat(run.err()).contains("project/run: 6 bytes after the last record");
        assertThat(server.messages("project/run")).hasSize(3);
    }

    /** Runs the tool with its arguments. */
    static final class Child {
        public static void main(String[] arguments) {
            Dreamlake.main(arguments);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void killedInTheMiddleAndStartedAgainItSendsNothingTwice(boolean honoursKeys) throws Exception {
        server.honoursKeys = honoursKeys;
        log("run", 0, 60_000); // twelve batches
        Random random = new Random();
        for (int kill = 0; kill < 3; kill++) {
            int survivors = 1 + random.nextInt(2);
            AtomicInteger stored = new AtomicInteger();
            CountDownLatch isStored = new CountDownLatch(1);
            server.afterwards.set(request -> {
                if (FakeDreamlake.isLogs(request) && stored.incrementAndGet() == survivors) {
                    isStored.countDown();
                    LockSupport.parkNanos(TimeUnit.SECONDS.toNanos(2)); // the answer is too late
                }
                return null;
            });
            try (ChildJvm child = ChildJvm.start(
                    Child.class, arguments(root, server.url(), key).toArray())) {
                assertThat(isStored.await(30, TimeUnit.SECONDS)).isTrue();
                child.kill();
                child.waitFor();
            }
        }
        server.afterwards.set(request -> null);
        assertThat(sync().exitCode()).isZero();
        assertThat(server.messages("project/run")).isEqualTo(records(60_000));
    }

    @Test
    void aSpoolIsDeliveredAndItsSegmentsAreDeleted() throws IOException {
        Path spool = directory.toRealPath().resolve("spool");
        server.instead.set(request -> FakeDreamlake.answer(503, "Retry-After", "60"));
        try (Logging logging = Logging.with(appender -> {
            appender.setRemote(server.url());
            appender.setApiKey(FakeDreamlake.TOKEN);
            appender.setWorkspace("project");
            appender.setSession("run");
            appender.getUpload().setSpoolPath(spool.toString());
            appender.getUpload().setShutdownTimeout(Duration.buildByMilliseconds(0));
            appender.getUpload().setSpoolLimit(ch.qos.logback.core.util.FileSize.valueOf("2MB"));
        })) {
            for (int i = 0; i < 3000; i++) {
                logging.log.info("record {}", i);
            }
        }
        server.instead.set(request -> null);
        assertThat(logsUnder(spool)).as("logs that wait").hasSizeGreaterThan(1);
        Tool run = sync(spool, server.url());
        assertThat(run.err()).isEmpty();
        assertThat(run.exitCode()).isZero();
        assertThat(server.messages("project/run")).isEqualTo(records(3000));
        assertThat(logsUnder(spool)).isEmpty();
    }

    private static List<Path> logsUnder(Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            return files.filter(file ->
                            file.toString().endsWith(".jsonl") && file.toFile().length() > 0)
                    .toList();
        }
    }

    @Test
    void aSpoolOfAnotherUserIsNotTakenForAWorkspace() throws IOException {
        Path spool = directory.resolve("spool");
        SessionOnDisk waiting = SessionOnDisk.of(
                spool.resolve("dreamlake.example.com-443-01234567-89ab-cdef-0123-456789abcdef"), "project", "run");
        waiting.write(waiting.log(), PYTHON);
        Tool run = sync(spool, server.url());
        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.err()).contains("none for this server and user");
        assertThat(sync(waiting.directory().getParent().getParent(), server.url())
                        .exitCode())
                .isZero();
        assertThat(server.messages("project/run")).containsExactly("by Python");
        assertThat(waiting.lines()).isEmpty();
    }

    @Test
    void aPartOfASpoolWithoutItsNameIsLeftAloneUnlessTheOptionSaysThatItIsASpool() {
        SessionOnDisk copied = session("run");
        Path segment = copied.log().resolveSibling("logs.0000000000000000001.jsonl");
        copied.write(segment, PYTHON);
        Tool run = sync();
        assertThat(run.exitCode()).isEqualTo(3);
        assertThat(run.err()).contains("project/run: not sent: it is part of a spool: add --spool");
        assertThat(segment).exists();
        assertThat(sync("--spool").exitCode()).isZero();
        assertThat(server.messages("project/run")).containsExactly("by Python");
        assertThat(segment).doesNotExist();
    }

    @Test
    void stagedRecordsOfAKilledProcessAreSentWithTheReportOfItsEnd() {
        int records;
        try (ChildJvm child = ChildJvm.start(ExportCommandTest.Burst.class, root)) {
            records = Integer.parseInt(child.readLine());
            child.kill();
            child.waitFor();
        }
        assertThat(sync().exitCode()).isZero();
        List<String> messages = server.messages("project/killed");
        assertThat(messages.subList(0, records)).containsOnly("burst");
        assertThat(messages.subList(records, messages.size())).singleElement().matches(SessionOnDisk::isCrashReport);
        session("killed").assertGapless(records + 1);
        assertThat(session("killed").log().resolveSibling(".writer")).doesNotExist();
    }

    /** Logs until its input ends. Arguments: local path, URL or "". */
    static final class Living {
        public static void main(String[] arguments) throws IOException {
            Logging logging = Logging.to(Path.of(arguments[0]), appender -> {
                appender.setWorkspace("project");
                appender.setSession("run");
                if (!arguments[1].isEmpty()) {
                    appender.setRemote(arguments[1]);
                    appender.setApiKey(FakeDreamlake.TOKEN);
                    appender.getUpload().setInterval(Duration.buildByMilliseconds(5));
                }
            });
            for (int i = 0; i < 20_000; i++) {
                logging.log.info("record {}", i);
                if (i == 2000) {
                    System.out.println("writing");
                }
                if (i % 50 == 0) {
                    LockSupport.parkNanos(2_000_000);
                }
            }
            if (!arguments[1].isEmpty()) {
                logging.appender.awaitDelivery(java.time.Duration.ofMinutes(1));
            }
            logging.close();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aProcessThatLivesGoesOnAndNothingIsMissingOrSentTwice(boolean uploads) {
        try (ChildJvm child = ChildJvm.start(Living.class, root, uploads ? server.url() : "")) {
            assertThat(child.readLine()).isEqualTo("writing");
            for (int times = 0; times < 3; times++) {
                assertThat(sync().exitCode()).isZero();
            }
            List<String> meanwhile = server.messages("project/run");
            assertThat(meanwhile).isEqualTo(records(meanwhile.size())).hasSizeGreaterThan(1000);
            assertThat(child.waitFor()).isZero();
        }
        assertThat(sync().exitCode()).isZero();
        assertThat(server.messages("project/run")).isEqualTo(records(20_000));
        session("run").assertGapless(20_000);
    }

    @Test
    void whileAnotherProcessHoldsTheUploadLockItWaitsAndGivesUp() throws Exception {
        log("run", 0, 3);
        SessionDirectory held = new SessionDirectory(session("run").directory());
        try (DeliveredSession lock = DeliveredSession.tryHold(held)) {
            assertThat(lock).isNotNull();
            Tool run = sync("--give-up-after", "1");
            assertThat(run.exitCode()).isEqualTo(3);
            assertThat(run.err()).contains("another process is sending this session");
            assertThat(server.requests).isEmpty();
        }
        assertThat(sync().exitCode()).isZero();
        assertThat(server.messages("project/run")).hasSize(3);
    }

    @Test
    void aWrongCommandLineGetsOneSentence() throws IOException {
        Files.createDirectories(root);
        assertThat(Tool.run("sync", root).err()).contains("Name the server with --remote");
        assertThat(Tool.run("sync", root, "--remote", "http://localhost").err()).contains("The server needs a token");
        assertThat(Tool.run("sync", root, "--remote", "ftp://example.com", "--user-name", "alice")
                        .err())
                .contains("--remote is \"ftp://example.com\": begin with http:// or https://");
        assertThat(Tool.run(arguments(root, server.url(), key, "--user-name", "alice")
                                .toArray())
                        .exitCode())
                .isEqualTo(2);
        assertThat(sync(directory.resolve("none"), server.url()).err()).contains("There is no directory");
        assertThat(Tool.run("sync", root, "--remote", "localhost:3000").err())
                .contains("--remote is \"localhost:3000\": begin with http:// or https://")
                .doesNotContain("token");
        assertThat(sync("--give-up-after", "-1").exitCode()).isEqualTo(2);
    }

    @Test
    void aTokenFileThatIsNotThereIsAWrongCommandLine() {
        log("run", 0, 3);
        key = directory.resolve("none");
        Tool run = sync("--give-up-after", "1000");
        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.err()).isEqualTo("dreamlake: There is no file " + key + ", which --api-key-file names.\n");
    }

    @Test
    void manySessionsAreSentAtTheSameTime() {
        for (int i = 0; i < 20; i++) {
            log("run-" + i, 0, 2);
        }
        server.millisPerRequest = 20;
        assertThat(sync().lines()).hasSize(21).endsWith("sent 40 records of 20 sessions");
        assertThat(server.mostAtATime.get()).isBetween(2, 4);
        await().until(() -> server.atATime.get() == 0);
    }
}
