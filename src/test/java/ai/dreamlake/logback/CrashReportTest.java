package ai.dreamlake.logback;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import ai.dreamlake.logback.internal.session.MdcEntries;
import ai.dreamlake.logback.internal.session.Scopes;
import ai.dreamlake.logback.support.ChildJvm;
import ai.dreamlake.logback.support.FakeDreamlake;
import ai.dreamlake.logback.support.Logging;
import ai.dreamlake.logback.support.SessionOnDisk;
import ch.qos.logback.core.util.Duration;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** The next process reports one that ended without closing its log. With real JVMs that are killed. */
@Timeout(120)
class CrashReportTest {

    private static final String REPORT = "The process before this one (";

    @TempDir
    Path root;

    /** Arguments: local path, how it ends, and what it logs into session "run". Prints its id once that is written. */
    static final class Child {
        public static void main(String[] arguments) throws Exception {
            Logging logging = Logging.to(Path.of(arguments[0]), appender -> {
                appender.setSession("run");
                appender.setIdleTimeout(Duration.buildByMilliseconds(arguments[1].startsWith("idle") ? 1 : 3_600_000));
            });
            for (int i = 2; i < arguments.length; i++) {
                logging.log.info(arguments[i]);
            }
            if (arguments[1].startsWith("idle")) {
                await().until(() -> logging.appender.getStatistics().openSessions() == 0);
            }
            if (arguments[1].equals("scope")) {
                try (DreamlakeSession scope = DreamlakeSession.open("default", "run")) {
                    logging.log.info("in a scope");
                }
                await().until(() -> marks(Path.of(arguments[0])).isEmpty());
            }
            if (arguments[1].equals("task in a scope")) {
                DreamlakeSession scope = DreamlakeSession.open("default", "run");
                Thread task = new Thread(scope.wrap(() -> logging.log.info("in a task")));
                task.start();
                task.join();
                // As a web request does that leaves the workspace to the appender.
                MdcEntries request = Scopes.open(new MdcEntries(null, "run", null, null), MdcEntries.NONE);
                Scopes.close(request.scope());
                try (DreamlakeSession later = DreamlakeSession.open("default", "later")) {
                    logging.log.info("in a later scope");
                }
                await().until(() ->
                        marks(Path.of(arguments[0]), "default/later").isEmpty());
            }
            System.out.println(ProcessHandle.current().pid());
            switch (arguments[1]) {
                case "stop" -> logging.close();
                case "exit", "idle and exit" -> System.exit(1);
                case "throw" -> throw new IllegalStateException("as a failing run does");
                default -> Thread.currentThread().join(); // until it is killed
            }
        }
    }

    private static List<Path> marks(Path root) {
        return marks(root, "default/run");
    }

    private static List<Path> marks(Path root, String session) {
        try (Stream<Path> files = Files.list(root.resolve(session).resolve("logs"))) {
            return files.filter(file -> file.getFileName().toString().startsWith(".writer"))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private SessionOnDisk run() {
        return SessionOnDisk.of(root, "default", "run");
    }

    private Logging logging() {
        return Logging.to(root, appender -> appender.setSession("run"));
    }

    private void nextProcessLogs(String message) {
        try (Logging logging = logging()) {
            logging.log.info(message);
        }
    }

    /** Runs a child until it has logged, and kills it. Returns its id. */
    private String killed(String manner, String... messages) {
        Object[] arguments =
                Stream.concat(Stream.of(root, manner), Stream.of(messages)).toArray();
        try (ChildJvm child = ChildJvm.start(Child.class, arguments)) {
            String pid = child.readLine();
            assertThat(pid).as("it got as far as that").isNotNull();
            child.kill();
            child.remainingLines();
            return pid;
        }
    }

    private JsonNode crash() {
        List<JsonNode> reports = run().records().stream()
                .filter(record -> record.get("message").asString().startsWith(REPORT))
                .toList();
        assertThat(reports).hasSize(1);
        assertThat(reports.get(0).get("level").asString()).isEqualTo("fatal");
        return reports.get(0).get("metadata").get("dreamlake_crash");
    }

    @Test
    void aKilledProcessIsReportedOnceAfterItsLastRecordAndBeforeTheNextOne() {
        String pid = killed("wait", "first", "last");
        assertThat(marks(root)).hasSize(1);
        nextProcessLogs("next");
        nextProcessLogs("and again");
        assertThat(run().messages())
                .hasSize(5)
                .startsWith("first", "last")
                .endsWith("next", "and again")
                .element(2)
                .asString()
                .startsWith(REPORT + pid + " on ")
                .endsWith(") ended without closing its log");
        JsonNode crash = crash();
        assertThat(crash.get("cause").asString()).isEqualTo("killed");
        assertThat(crash.get("pid").asString()).isEqualTo(pid);
        assertThat(crash.get("command").asString()).isEqualTo(Child.class.getName());
        assertThat(crash.get("directory").asString()).isEqualTo(new File("").getAbsolutePath());
        assertThat(crash.get("java").asString()).contains(System.getProperty("java.version"));
        JsonNode last = run().records().get(1);
        assertThat(Instant.parse(crash.get("last_record_at").asString()))
                .isEqualTo(Instant.parse(last.get("timestamp").asString()));
        assertThat(marks(root)).isEmpty();
        run().assertGapless(5);
        run().assertLeftBehindRightly();
    }

    @Test
    void neitherAMarkNorAReportHasArgumentsOptionsOrVariables() throws IOException {
        try (ChildJvm child = ChildJvm.with(
                List.of("-Dpassword=secret-1"),
                Map.of("PASSWORD", "secret-2"),
                Child.class,
                root,
                "wait with secret-3\nand secret-4",
                "first")) {
            child.readLine();
            assertThat(marks(root).get(0)).content().doesNotContain("secret");
            child.kill();
            child.remainingLines();
        }
        nextProcessLogs("next");
        assertThat(crash().toString()).doesNotContain("secret");
    }

    @ParameterizedTest
    @ValueSource(strings = {"stop", "exit", "idle and exit", "throw"})
    void aProcessThatEndsInOrderOrByAnExceptionIsNotReported(String manner) {
        try (ChildJvm child = ChildJvm.start(Child.class, root, manner, "first")) {
            assertThat(child.remainingLines()).hasSize(1);
        }
        assertThat(marks(root)).isEmpty();
        nextProcessLogs("next");
        assertThat(run().messages()).containsExactly("first", "next");
    }

    @Test
    void aProcessThatClosedTheLogForIdlenessIsStillReported() {
        String pid = killed("idle", "first");
        nextProcessLogs("next");
        assertThat(crash().get("pid").asString()).isEqualTo(pid);
    }

    @Test
    void aProcessIsNotReportedForSessionsWhoseScopesAreClosed() {
        killed("scope", "first");
        nextProcessLogs("next");
        assertThat(run().messages()).containsExactly("first", "in a scope", "next");
    }

    @Test
    void aProcessWhoseScopeIsOpenIsReportedThoughATaskOrARequestInTheSameSessionHasEnded() {
        String pid = killed("task in a scope", "first");
        assertThat(marks(root)).hasSize(1);
        nextProcessLogs("next");
        assertThat(run().messages()).hasSize(4).startsWith("first", "in a task").endsWith("next");
        assertThat(run().records()
                        .get(2)
                        .get("metadata")
                        .get("dreamlake_crash")
                        .get("pid")
                        .asString())
                .isEqualTo(pid);
    }

    @Test
    void aLiveProcessIsNotReportedAndOneThatIsKilledBesideOthersIsReportedAtOnce() {
        try (ChildJvm child = ChildJvm.start(Child.class, root, "wait", "of the child");
                Logging logging = logging()) {
            String pid = child.readLine();
            logging.log.info("beside it");
            nextProcessLogs("also of this process");
            assertThat(run().messages()).noneMatch(message -> message.startsWith(REPORT));
            assertThat(marks(root)).hasSize(2);
            child.kill();
            child.remainingLines();
            await().until(() -> run().messages().size() == 4);
            assertThat(crash().get("pid").asString()).isEqualTo(pid);
            assertThat(marks(root)).hasSize(1);
        }
        assertThat(marks(root)).isEmpty();
    }

    @Test
    void aSessionThatWasDeletedAndBeginsAnewIsMarkedAgain() throws IOException {
        try (Logging logging = logging()) {
            logging.log.info("deleted");
            deleteRun();
            logging.log.info("first");
            assertThat(marks(root)).hasSize(1);
            assertThat(marks(root).get(0))
                    .content()
                    .contains("\"pid\":" + ProcessHandle.current().pid() + ",");
        }
        assertThat(marks(root)).isEmpty();
    }

    private void deleteRun() throws IOException {
        try (Stream<Path> files = Files.walk(root.resolve("default/run"))) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    @Test
    void removingAMarkLeavesNoFileOpen() throws IOException {
        assumeThat(Path.of("/proc/self/fd")).isDirectory();
        try (Logging logging = logging()) {
            try (DreamlakeSession scope = DreamlakeSession.open("default", "run")) {
                logging.log.info("in a scope");
            }
            await().until(() -> marks(root).isEmpty());
            try (Stream<Path> descriptors = Files.list(Path.of("/proc/self/fd"))) {
                assertThat(descriptors
                                .map(CrashReportTest::target)
                                .filter(file -> file.startsWith(root.toString()) && file.contains(".writer")))
                        .isEmpty();
            }
        }
    }

    private static String target(Path descriptor) {
        try {
            return Files.readSymbolicLink(descriptor).toString();
        } catch (IOException closedMeanwhile) {
            return "";
        }
    }

    @Test
    void theNextProcessReportsItInEverySessionBeforeAnyRecord() {
        killed("wait", "first");
        try (Logging logging = Logging.to(root, appender -> appender.setSession("another"))) {
            logging.log.info("elsewhere");
            await().until(() -> run().messages().size() == 2);
            crash();
        }
    }

    @Test
    void ifItIsTurnedOffNoMarkIsLeftAndNothingIsReported() {
        try (Logging logging = Logging.to(root, appender -> {
            appender.setSession("run");
            appender.setReportCrash(false);
        })) {
            logging.log.info("without a mark");
            assertThat(marks(root)).isEmpty();
        }
        killed("wait", "with a mark");
        try (Logging logging = Logging.to(root, appender -> {
            appender.setSession("run");
            appender.setReportCrash(false);
        })) {
            logging.log.info("next");
        }
        assertThat(run().messages()).containsExactly("without a mark", "with a mark", "next");
        assertThat(marks(root)).as("whoever wants it finds it").hasSize(1);
    }

    /** Arguments: spool, URL. */
    static final class RemoteChild {
        public static void main(String[] arguments) throws Exception {
            Logging logging = Logging.with(appender -> {
                appender.setRemote(arguments[1]);
                appender.setApiKey(FakeDreamlake.TOKEN);
                appender.setSession("run");
                appender.getUpload().setSpoolPath(arguments[0]);
            });
            logging.log.info("first");
            logging.appender.awaitDelivery(java.time.Duration.ofSeconds(60));
            System.out.println("delivered");
            Thread.currentThread().join();
        }
    }

    @Test
    void theNextProcessOnTheSameSpoolReportsItToTheServer() {
        try (FakeDreamlake server = FakeDreamlake.start()) {
            try (ChildJvm child = ChildJvm.start(RemoteChild.class, root, server.url())) {
                child.readLine();
                child.kill();
                child.remainingLines();
            }
            try (Logging logging = Logging.with(appender -> {
                appender.setRemote(server.url());
                appender.setApiKey(FakeDreamlake.TOKEN);
                appender.setSession("another");
                appender.getUpload().setSpoolPath(root.toString());
            })) {
                await().until(() -> server.messages("default/run").size() == 2);
                assertThat(server.messages("default/run").get(1)).startsWith(REPORT);
                assertThat(logging.appender.isStarted()).isTrue();
            }
        }
    }
}
