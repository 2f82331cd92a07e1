package ai.dreamlake.logback.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;
import static org.awaitility.Awaitility.await;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import ai.dreamlake.logback.DreamlakeAppender;
import ai.dreamlake.logback.DreamlakeMarkers;
import ai.dreamlake.logback.DreamlakeSession;
import ai.dreamlake.logback.support.ChildJvm;
import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.Appender;
import ch.qos.logback.core.read.ListAppender;
import ch.qos.logback.core.status.NopStatusListener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.testkit.engine.EngineTestKit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/** The extension in a user's tests, which JUnit runs here as it runs any test. */
class DreamlakeExtensionTest {

    /** The logger of the code under test. The tests' configuration lets warnings pass. */
    private static final Logger log = LoggerFactory.getLogger("com.example.training");

    private static final List<Path> directories = new CopyOnWriteArrayList<>();

    @BeforeEach
    void forget() {
        directories.clear();
    }

    @AfterEach
    void nothingIsLeft() {
        assertThat(directories).allSatisfy(directory -> assertThat(directory).doesNotExist());
        assertThat(root().iteratorForAppenders())
                .toIterable()
                .noneMatch(appender -> appender instanceof DreamlakeAppender);
        assertThat(root().getLevel()).isEqualTo(Level.WARN);
        MDC.clear();
        await().until(() -> Thread.getAllStackTraces().keySet().stream()
                .noneMatch(thread -> thread.getName().equals("dreamlake-journals-dreamlake-test")));
    }

    private static ch.qos.logback.classic.Logger root() {
        return ((LoggerContext) LoggerFactory.getILoggerFactory()).getLogger(Logger.ROOT_LOGGER_NAME);
    }

    private static void assertPasses(Class<?> tests, int count) {
        List<TestExecutionResult> results = resultsOf(tests);
        for (TestExecutionResult result : results) {
            result.getThrowable().ifPresent(failure -> {
                throw new AssertionError(failure);
            });
        }
        assertThat(results).hasSize(count);
    }

    private static Throwable failureOf(Class<?> tests) {
        List<TestExecutionResult> results = resultsOf(tests);
        assertThat(results).hasSize(1);
        return results.get(0).getThrowable().orElseThrow();
    }

    private static List<TestExecutionResult> resultsOf(Class<?> tests) {
        return EngineTestKit.engine("junit-jupiter")
                .selectors(selectClass(tests))
                .execute()
                .testEvents()
                .finished()
                .stream()
                .map(event -> event.getRequiredPayload(TestExecutionResult.class))
                .toList();
    }

    // Tests as users write them. JUnit runs these classes only if a test names them.

    static class ReadsWhatItLogged {
        @RegisterExtension
        final DreamlakeExtension dreamlake = new DreamlakeExtension();

        @BeforeEach
        void begin() {
            log.warn("begin");
        }

        @Test
        void asItIsOnDisk() {
            directories.add(dreamlake.directory());
            Instant before = Instant.now().minus(Duration.ofHours(1));
            log.atWarn()
                    .addKeyValue("epoch", 5)
                    .addKeyValue("seen", 5_000_000_000L)
                    .addKeyValue("train_loss", 0.25)
                    .addKeyValue("best", true)
                    .addKeyValue("parent", (Object) null)
                    .addKeyValue("shape", List.of(2, 3))
                    .log("Epoch done");
            log.error(DreamlakeMarkers.FATAL, "no memory");
            assertThat(dreamlake.records())
                    .extracting(DreamlakeRecord::level, DreamlakeRecord::message, DreamlakeRecord::sequenceNumber)
                    .containsExactly(
                            tuple("warn", "begin", 0L),
                            tuple("warn", "Epoch done", 1L),
                            tuple("fatal", "no memory", 2L));
            DreamlakeRecord epoch = dreamlake.records().get(1);
            assertThat(epoch.timestamp()).isAfter(before);
            assertThat(epoch.metadata())
                    .containsEntry("epoch", 5)
                    .containsEntry("seen", 5_000_000_000L)
                    .containsEntry("train_loss", 0.25)
                    .containsEntry("best", true)
                    .containsEntry("parent", null)
                    .containsEntry("shape", List.of(2, 3));
            assertThat(epoch.metadata().keySet()).startsWith("epoch", "seen", "train_loss");
            assertThat(dreamlake.records().get(2).metadata()).isEmpty();
        }

        @AfterEach
        void end() {
            assertThat(dreamlake.records()).hasSize(3);
        }
    }

    @Test
    void aTestReadsWhatWasLoggedFromDiskWhileItRuns() {
        assertPasses(ReadsWhatItLogged.class, 1);
        assertThat(directories).hasSize(1);
    }

    static class LogsInABurst {
        @RegisterExtension
        final DreamlakeExtension dreamlake = new DreamlakeExtension();

        @Test
        void andReadsAtOnce() {
            root().detachAppender("STDOUT");
            for (int burst = 1; burst <= 20; burst++) {
                for (int i = 0; i < 20; i++) {
                    log.warn("{}", i);
                }
                assertThat(dreamlake.records()).hasSize(20 * burst);
            }
        }
    }

    @Test
    void aBurstIsOnDiskAtOnce() {
        Appender<ILoggingEvent> console = root().getAppender("STDOUT");
        try {
            assertPasses(LogsInABurst.class, 1);
        } finally {
            root().addAppender(console);
        }
    }

    static class HasALogOfItsOwn {
        @RegisterExtension
        static final DreamlakeExtension dreamlake = new DreamlakeExtension();

        @RepeatedTest(3)
        void inEachTest() {
            directories.add(dreamlake.directory());
            assertThat(dreamlake.records()).isEmpty();
            assertThat(dreamlake.sessions()).isEmpty();
            log.warn("once");
            assertThat(dreamlake.records()).hasSize(1);
            assertThat(dreamlake.sessions()).containsExactly("default/default");
        }
    }

    @Test
    void eachTestHasALogOfItsOwnThatIsDeletedAfterwards() {
        assertPasses(HasALogOfItsOwn.class, 3);
        assertThat(directories).hasSize(3).doesNotHaveDuplicates();
    }

    @ExtendWith(DreamlakeExtension.class)
    static class GetsItAsAParameter {
        @Test
        void ofATest(DreamlakeExtension dreamlake) {
            log.warn("once");
            assertThat(dreamlake.records()).hasSize(1);
        }
    }

    @Test
    void aTestGetsTheExtensionAsAParameter() {
        assertPasses(GetsItAsAParameter.class, 1);
    }

    static class LooksAtSessions {
        @RegisterExtension
        final DreamlakeExtension dreamlake = new DreamlakeExtension();

        @Test
        void ofItsScopes() {
            try (DreamlakeSession session = DreamlakeSession.open("project", "run-2")) {
                log.warn("two");
            }
            try (DreamlakeSession session = DreamlakeSession.open("project", "sweep/run-1")) {
                log.warn("one");
            }
            MDC.put("dreamlake.session", "../x");
            log.warn("by the MDC");
            MDC.clear();
            assertThat(dreamlake.records("project", "run-2"))
                    .extracting(DreamlakeRecord::message)
                    .containsExactly("two");
            assertThat(dreamlake.records("project", "sweep/run-1"))
                    .extracting(DreamlakeRecord::message)
                    .containsExactly("one");
            assertThat(dreamlake.records("default", "../x")).hasSize(1);
            assertThat(dreamlake.records("project", "run-3")).isEmpty();
            assertThat(dreamlake.records()).isEmpty();
            assertThat(dreamlake.sessions()).hasSize(3).last().isEqualTo("project/sweep/run-1");
            assertThat(dreamlake.sessions().get(1)).isEqualTo("project/run-2");
        }
    }

    @Test
    void sessionsAreReadByTheirNames() {
        assertPasses(LooksAtSessions.class, 1);
    }

    static class SetsWhatTheApplicationSets {
        @RegisterExtension
        final DreamlakeExtension dreamlake = new DreamlakeExtension(appender -> {
            appender.setWorkspace("jobs");
            appender.setSession("none");
            appender.setSessionKey("job");
            appender.setIncludeNamedArguments(true);
            appender.setLocalPath("elsewhere");
        });

        @Test
        void ofTheAppender() {
            log.warn("outside");
            MDC.put("job", "nightly");
            log.warn("loss={}", 0.5);
            MDC.clear();
            assertThat(dreamlake.records()).extracting(DreamlakeRecord::message).containsExactly("outside");
            assertThat(dreamlake.records("jobs", "nightly"))
                    .singleElement()
                    .extracting(DreamlakeRecord::metadata)
                    .isEqualTo(Map.of("loss", 0.5));
            assertThat(dreamlake.directory().resolve("jobs/nightly")).isDirectory();
        }
    }

    @Test
    void theAppenderCanBeSetUpAsInTheApplication() {
        assertPasses(SetsWhatTheApplicationSets.class, 1);
        assertThat(Path.of("elsewhere")).doesNotExist();
    }

    static class LogsInMoreDetail {
        @RegisterExtension
        final DreamlakeExtension dreamlake = new DreamlakeExtension();

        @Test
        void thanConfigured() {
            log.info("left out");
            root().setLevel(Level.INFO);
            log.info("there");
            assertThat(dreamlake.records()).extracting(DreamlakeRecord::message).containsExactly("there");
        }
    }

    @Test
    void otherAppendersAndTheLevelStayAsTheyAre() {
        ListAppender<ILoggingEvent> other = new ListAppender<>();
        other.start();
        root().addAppender(other);
        try {
            assertPasses(LogsInMoreDetail.class, 1);
            assertThat(root().isAttached(other)).isTrue();
            assertThat(other.isStarted()).isTrue();
            assertThat(other.list).extracting(ILoggingEvent::getMessage).contains("there");
        } finally {
            root().detachAppender(other);
        }
    }

    static class HasInnerTests {
        @RegisterExtension
        final DreamlakeExtension dreamlake = new DreamlakeExtension();

        @BeforeEach
        void begin() {
            log.warn("begin");
        }

        @Test
        void outer() {
            assertThat(dreamlake.records()).hasSize(1);
        }

        @Nested
        class Inner {
            @Test
            void inner() {
                log.warn("inner");
                assertThat(dreamlake.records()).hasSize(2);
            }
        }
    }

    @Test
    void nestedTestsHaveTheExtensionOfTheClassAroundThem() {
        assertPasses(HasInnerTests.class, 2);
    }

    // Tests that fail.

    static class BreaksTheNumbers {
        @RegisterExtension
        final DreamlakeExtension dreamlake = new DreamlakeExtension();

        @Test
        void ofALog() throws IOException {
            directories.add(dreamlake.directory());
            log.warn("0");
            log.warn("1");
            Path file = dreamlake.directory().resolve("default/default/logs/logs.jsonl");
            Files.writeString(file, Files.readString(file).replace("\"sequenceNumber\": 1}", "\"sequenceNumber\": 3}"));
        }
    }

    @Test
    void aGapInALogFailsTheTest() {
        assertThat(failureOf(BreaksTheNumbers.class))
                .isInstanceOf(AssertionError.class)
                .hasMessage(
                        "The log of session default/default is not gapless: line 2 has the sequence number 3 instead"
                                + " of 1");
        assertThat(directories).hasSize(1);
    }

    static class LeavesAHalfLine {
        @RegisterExtension
        final DreamlakeExtension dreamlake = new DreamlakeExtension();

        @Test
        void inALog() throws IOException {
            Path file = Files.createDirectories(dreamlake.directory().resolve("p/s/logs"))
                    .resolve("logs.jsonl");
            Files.writeString(file, "{\"timestamp\": ");
            assertThat(dreamlake.records("p", "s")).isEmpty();
        }
    }

    @Test
    void aTornLineFailsTheTest() {
        assertThat(failureOf(LeavesAHalfLine.class))
                .hasMessage("The log of session p/s is not gapless: its last line does not end: {\"timestamp\": ");
    }

    static class LeavesSomethingElse {
        @RegisterExtension
        final DreamlakeExtension dreamlake = new DreamlakeExtension();

        @Test
        void inALog() throws IOException {
            Path file = Files.createDirectories(dreamlake.directory().resolve("p/s/logs"))
                    .resolve("logs.jsonl");
            for (String line : List.of("hello\n", "{}\n", "{\"timestamp\": \"today\"}\n")) {
                Files.writeString(file, line);
                assertThatThrownBy(() -> dreamlake.records("p", "s"))
                        .isInstanceOf(AssertionError.class)
                        .hasMessage("not a record, in " + file + ": " + line.strip());
            }
        }
    }

    @Test
    void aLineThatIsNotARecordFailsTheTest() {
        assertThat(failureOf(LeavesSomethingElse.class))
                .hasMessageStartingWith("The log of session p/s is not gapless: not a record, in ");
    }

    static class LosesARecord {
        @RegisterExtension
        final DreamlakeExtension dreamlake = new DreamlakeExtension();

        @Test
        void forLackOfADirectory() throws IOException {
            directories.add(dreamlake.directory());
            Files.writeString(dreamlake.directory().resolve("default"), "a file in the way");
            log.warn("lost");
            assertThat(dreamlake.records()).isEmpty();
        }
    }

    @Test
    void aDroppedRecordFailsTheTestWithTheReason() {
        assertThat(failureOf(LosesARecord.class))
                .isInstanceOf(AssertionError.class)
                .hasMessageStartingWith("Records were dropped: 1 for DISK. Session default/default: ");
    }

    /** Stops the appender, as a reset of Logback does. */
    static class StopsAppenders {
        @RegisterExtension
        final DreamlakeExtension dreamlake = new DreamlakeExtension();

        @Test
        void inTheMiddle() {
            log.warn("before");
            root().getAppender("dreamlake-test").stop();
            log.warn("after");
            assertThat(dreamlake.records()).hasSize(1);
        }
    }

    static class DetachesAppenders {
        @RegisterExtension
        final DreamlakeExtension dreamlake = new DreamlakeExtension();

        @Test
        void inTheMiddle() {
            root().detachAppender("dreamlake-test");
            log.warn("after");
            assertThat(dreamlake.records()).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(classes = {StopsAppenders.class, DetachesAppenders.class})
    void aResetOfLogbackFailsTheTest(Class<?> tests) {
        assertThat(failureOf(tests))
                .isInstanceOf(AssertionError.class)
                .hasMessage("Logback was reset or stopped while the test ran: what was logged after that is missing.");
    }

    static class FailsByItself {
        @RegisterExtension
        final DreamlakeExtension dreamlake = new DreamlakeExtension();

        @Test
        void andLosesARecord() throws IOException {
            directories.add(dreamlake.directory());
            Files.writeString(dreamlake.directory().resolve("default"), "a file in the way");
            log.warn("lost");
            throw new IllegalArgumentException("failed by itself");
        }
    }

    @Test
    void theTestsOwnFailureComesFirst() {
        Throwable failure = failureOf(FailsByItself.class);
        assertThat(failure).hasMessage("failed by itself");
        assertThat(failure.getSuppressed())
                .singleElement()
                .extracting(Throwable::getMessage)
                .asString()
                .startsWith("Records were dropped");
    }

    static class SetsNonsense {
        @RegisterExtension
        final DreamlakeExtension dreamlake = new DreamlakeExtension(appender -> {
            appender.setMaxOpenSessions(0);
        });

        @Test
        void ofTheAppender() {}
    }

    @Test
    void faultySettingsFailTheTestWithTheFault() {
        assertThat(failureOf(SetsNonsense.class))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageStartingWith("The test's DreamlakeAppender does not start: ")
                .hasMessageContaining("maxOpenSessions");
        assertPasses(GetsItAsAParameter.class, 1);
    }

    /** A JVM with its own directory for temporary files. */
    static final class WithFaultySettings {
        public static void main(String[] arguments) {
            System.out.println(failureOf(SetsNonsense.class).getClass().getSimpleName());
        }
    }

    @Test
    void faultySettingsLeaveNoDirectoryBehind(@TempDir Path temporary) throws IOException {
        try (ChildJvm jvm = ChildJvm.with(
                List.of(
                        "-Djava.io.tmpdir=" + temporary,
                        "-Dlogback.statusListenerClass=" + NopStatusListener.class.getName()),
                Map.of(),
                WithFaultySettings.class)) {
            assertThat(jvm.readLine()).isEqualTo("IllegalStateException");
        }
        assertThat(temporary).isEmptyDirectory();
    }

    static class SetsARemote {
        @RegisterExtension
        final DreamlakeExtension dreamlake =
                new DreamlakeExtension(appender -> appender.setRemote("https://dreamlake.example.com"));

        @Test
        void ofTheAppender() {}
    }

    @Test
    void aRemoteIsRefused() {
        assertThat(failureOf(SetsARemote.class)).hasMessageContaining("do not set a remote");
    }

    static class AsksAtTheWrongTime {
        @RegisterExtension
        static final DreamlakeExtension dreamlake = new DreamlakeExtension();

        static final List<Throwable> thrown = new ArrayList<>();

        @BeforeAll
        static void before() {
            ask();
        }

        @Test
        void inBetween() {
            dreamlake.records();
        }

        @AfterAll
        static void after() {
            ask();
        }

        private static void ask() {
            try {
                dreamlake.records();
            } catch (IllegalStateException expected) {
                thrown.add(expected);
            }
        }
    }

    @Test
    void outsideOfATestThereAreNoRecordsToAskFor() {
        AsksAtTheWrongTime.thrown.clear();
        assertPasses(AsksAtTheWrongTime.class, 1);
        assertThat(AsksAtTheWrongTime.thrown)
                .hasSize(2)
                .allSatisfy(failure -> assertThat(failure).hasMessageStartingWith("No test is running"));
    }

    // Tests at the same time.

    static class Outer {
        @RegisterExtension
        static final DreamlakeExtension dreamlake = new DreamlakeExtension();

        @Test
        void runsAnotherTestMeanwhile() {
            for (int i = 0; i < 2; i++) {
                assertThat(failureOf(GetsItAsAParameter.class))
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageStartingWith("Another test with a DreamlakeExtension is running: ")
                        .hasMessageContaining("Outer");
            }
            log.warn("once");
            assertThat(dreamlake.records()).hasSize(1);
        }
    }

    @Test
    void ofTwoTestsAtTheSameTimeTheSecondOneFails() {
        assertPasses(Outer.class, 1);
        assertPasses(GetsItAsAParameter.class, 1);
    }

    static class HasTwo {
        @RegisterExtension
        final DreamlakeExtension all = new DreamlakeExtension();

        @RegisterExtension
        final DreamlakeExtension some =
                new DreamlakeExtension("com.example.training", appender -> appender.setIncludeNamedArguments(true));

        @Test
        void inOneTest() {
            log.warn("loss={}", 0.5);
            LoggerFactory.getLogger("com.example.serving").warn("serving");
            assertThat(all.records()).extracting(DreamlakeRecord::metadata).containsExactly(Map.of(), Map.of());
            assertThat(some.records()).extracting(DreamlakeRecord::metadata).containsExactly(Map.of("loss", 0.5));
        }
    }

    @Test
    void oneTestCanHaveTwo() {
        assertPasses(HasTwo.class, 1);
    }

    static class HasALoggerOfItsOwn {
        @RegisterExtension
        final DreamlakeExtension one = new DreamlakeExtension("com.example.training", appender -> {});

        @RegisterExtension
        final DreamlakeExtension other = new DreamlakeExtension("com.example.serving", appender -> {});

        @Test
        void runsAnotherTestMeanwhile() {
            log.warn("here");
            assertPasses(HasAnotherLogger.class, 1);
            assertThat(failureOf(HasALoggerBelow.class)).hasMessageStartingWith("Another test");
            assertThat(one.records()).extracting(DreamlakeRecord::message).containsExactly("here");
            assertThat(other.records()).isEmpty();
        }
    }

    static class HasAnotherLogger {
        @RegisterExtension
        final DreamlakeExtension dreamlake = new DreamlakeExtension("com.example.train", appender -> {});

        @Test
        void logs() {
            LoggerFactory.getLogger("com.example.train.Epoch").warn("there");
            assertThat(dreamlake.records()).extracting(DreamlakeRecord::message).containsExactly("there");
        }
    }

    static class HasALoggerBelow {
        @RegisterExtension
        final DreamlakeExtension dreamlake = new DreamlakeExtension("com.example.training.epochs", appender -> {});

        @Test
        void logs() {}
    }

    @Test
    void testsAtTheSameTimeHaveLoggersOfTheirOwn() {
        assertPasses(HasALoggerOfItsOwn.class, 1);
    }

    /** A JVM whose SLF4J is bound to something else. */
    static final class WithoutLogback {
        public static void main(String[] arguments) {
            System.out.println(failureOf(GetsItAsAParameter.class).getMessage());
        }
    }

    @Test
    void ifSlf4jIsNotBoundToLogbackTheMessageSaysSo() throws Exception {
        try (ChildJvm jvm = ChildJvm.with(
                List.of("-Dslf4j.provider=org.slf4j.helpers.NOP_FallbackServiceProvider"),
                Map.of(),
                WithoutLogback.class)) {
            assertThat(jvm.readLine())
                    .isEqualTo("SLF4J is bound to org.slf4j.helpers.NOPLoggerFactory, and not to Logback: put"
                            + " logback-classic on the class path, and no other provider.");
        }
    }
}
