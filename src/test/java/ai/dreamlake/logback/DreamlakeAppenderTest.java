package ai.dreamlake.logback;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ai.dreamlake.logback.DreamlakeStatistics.DropReason;
import ai.dreamlake.logback.support.Logging;
import ai.dreamlake.logback.support.SessionOnDisk;
import ai.dreamlake.logback.support.VirtualThreads;
import ch.qos.logback.classic.AsyncAppender;
import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.core.status.StatusListener;
import java.lang.module.ModuleDescriptor.Version;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.MDC;
import org.slf4j.MarkerFactory;
import org.slf4j.event.KeyValuePair;

class DreamlakeAppenderTest {

    @TempDir
    Path root;

    @AfterEach
    void clearMdc() {
        MDC.clear();
    }

    private SessionOnDisk session(String workspace, String session) {
        return SessionOnDisk.of(root, workspace, session);
    }

    @Test
    void theNamesThatOtherEncodersUseAlsoWork() {
        try (Logging logging = Logging.byXml("<localPath>" + root + "</localPath>"
                + "<includeMdcKeyName>user</includeMdcKeyName><includeMdcKeyName>host</includeMdcKeyName>"
                + "<excludeMdcKeyName>host</excludeMdcKeyName><includeKeyValuePairs>false</includeKeyValuePairs>")) {
            assertThat(logging.warnings()).isEmpty();
            MDC.put("user", "alice");
            MDC.put("host", "h");
            MDC.put("other", "o");
            logging.log.atInfo().addKeyValue("epoch", 5).log("m");
        } finally {
            MDC.clear();
        }
        assertThat(SessionOnDisk.of(root, "default", "default").onlyRecord().get("metadata"))
                .hasToString("{\"user\":\"alice\"}");
    }

    @Test
    void existingCodeLogsIntoTheConfiguredSession() {
        try (Logging logging = Logging.byXml(
                "<localPath>" + root + "</localPath><workspace>project</workspace><session>my-experiment</session>")) {
            logging.log.info("Training started");
            logging.log.debug("Epoch {} of {}", 1, 10);
            logging.log.error("It broke", new IllegalStateException("no data"));
            assertThat(logging.errors()).isEmpty();
            assertThat(logging.warnings()).isEmpty();
        }
        SessionOnDisk session = session("project", "my-experiment");
        session.assertGapless(3);
        session.assertLeftBehindRightly();
        assertThat(session.messages()).containsExactly("Training started", "Epoch 1 of 10", "It broke");
        assertThat(session.records().get(2).get("metadata").get("error_type").stringValue())
                .isEqualTo("IllegalStateException");
    }

    @Test
    void theFormatsTwoSampleLinesComeOutByteForByte() {
        try (Logging logging = Logging.to(root)) {
            LoggingEvent started = new LoggingEvent("x", logging.log, Level.INFO, "Training started", null, null);
            started.setInstant(Instant.parse("2025-10-29T10:30:00Z"));
            LoggingEvent complete =
                    new LoggingEvent("x", logging.log, Level.INFO, "Epoch {} complete", null, new Object[] {1});
            complete.setInstant(Instant.parse("2025-10-29T10:30:05Z"));
            complete.addKeyValuePair(new KeyValuePair("train_loss", 0.5));
            logging.appender.doAppend(started);
            logging.appender.doAppend(complete);
        }
        assertThat(SessionOnDisk.text(session("default", "default").log())).isEqualTo("""
                        {"timestamp": "2025-10-29T10:30:00.000000Z", "level": "info", "message": "Training started", "metadata": null, "sequenceNumber": 0}
                        {"timestamp": "2025-10-29T10:30:05.000000Z", "level": "info", "message": "Epoch 1 complete", "metadata": {"train_loss": 0.5}, "sequenceNumber": 1}
                        """);
    }

    @Test
    void aScopeMarkersAndKeyValuesDoWhatTheReadmeSays() {
        try (Logging logging = Logging.to(root)) {
            try (DreamlakeSession session = DreamlakeSession.open("project", "my-experiment")) {
                logging.log.info("Training started");
                logging.log
                        .atInfo()
                        .addKeyValue("epoch", 5)
                        .addKeyValue("train_loss", 0.234)
                        .log("Epoch completed");
                logging.log.error(DreamlakeMarkers.FATAL, "Out of memory - aborting");
            }
            logging.log.info("outside");
        }
        SessionOnDisk session = session("project", "my-experiment");
        session.assertGapless(3);
        assertThat(session.lines().get(1)).contains("\"metadata\": {\"epoch\": 5, \"train_loss\": 0.234}");
        assertThat(session.lines().get(2)).contains("\"level\": \"fatal\", \"message\": \"Out of memory - aborting\"");
        assertThat(session("default", "default").messages()).containsExactly("outside");
    }

    @Test
    void anyMarkerNamedFatalIsEnough() {
        try (Logging logging = Logging.to(root)) {
            logging.log.warn(MarkerFactory.getMarker("FATAL"), "m");
        }
        assertThat(session("default", "default").onlyRecord().get("level").stringValue())
                .isEqualTo("fatal");
    }

    @Test
    void aFrameworksOwnMdcKeysNameTheSession() {
        try (Logging logging = Logging.to(root, appender -> {
            appender.setSessionKey("job");
            appender.setWorkspaceKey("tenant");
            appender.setRequireSession(true);
        })) {
            logging.log.info("outside any session");
            MDC.put("tenant", "acme");
            logging.log.info("a workspace alone is no session");
            MDC.put("job", "nightly");
            MDC.put("user", "alice");
            logging.log.info("inside");
            try (DreamlakeSession explicit = DreamlakeSession.open("project", "explicit")) {
                logging.log.info("explicit");
            }
            assertThat(logging.appender.getStatistics().accepted()).isEqualTo(2);
        }
        assertThat(session("acme", "nightly").onlyRecord().get("metadata")).hasToString("{\"user\":\"alice\"}");
        assertThat(session("project", "explicit").onlyRecord().get("metadata")).hasToString("{\"user\":\"alice\"}");
        assertThat(root).isDirectoryNotContaining("glob:**/default");
    }

    @Test
    void aBadNameFromTheMdcCostsAWarningAndNoEvent() throws Exception {
        try (Logging logging = Logging.to(root.resolve("inside"))) {
            MDC.put("dreamlake.session", "../../escaped");
            logging.log.info("kept");
            logging.log.info("kept, too");
            assertThat(logging.warnings()).hasSize(1);
            assertThat(logging.warnings().get(0)).contains("__.._escaped~").doesNotContain("../../escaped");
        }
        try (var files = Files.list(root)) {
            assertThat(files).containsExactly(root.resolve("inside"));
        }
        try (var files = Files.list(root.resolve("inside/default"))) {
            new SessionOnDisk(files.toList().get(0)).assertGapless(2);
        }
    }

    @Test
    void aSessionsDescriptionIsWrittenEvenIfItIsAlreadyOpen() {
        try (Logging logging = Logging.to(root)) {
            try (DreamlakeSession session = DreamlakeSession.open("p", "s")) {
                logging.log.info("opened without");
            }
            try (DreamlakeSession session = DreamlakeSession.builder("p", "s")
                    .description("A test")
                    .tags("a", "b")
                    .folder("/experiments")
                    .metadata(Map.of("lr", 0.1))
                    .open()) {
                logging.log.info("described");
            }
            assertThat(session("p", "s").records().get(1).get("metadata").isNull())
                    .isTrue();
        }
        var description = session("p", "s").readDescription();
        assertThat(description.get("description").stringValue()).isEqualTo("A test");
        assertThat(description.get("tags")).hasToString("[\"a\",\"b\"]");
        assertThat(description.get("folder").stringValue()).isEqualTo("/experiments");
        assertThat(description.get("metadata")).hasToString("{\"lr\":0.1}");
        assertThat(description.has("updated_at")).isTrue();
    }

    @Test
    void nestedSessionsLieInNestedFolders() {
        try (Logging logging = Logging.to(root)) {
            for (String name : List.of("a", "a/b", "a/b/c")) {
                try (DreamlakeSession session = DreamlakeSession.open("p", name)) {
                    logging.log.info(name);
                }
            }
        }
        for (String name : List.of("a", "a/b", "a/b/c")) {
            assertThat(session("p", name).messages()).containsExactly(name);
            assertThat(session("p", name).readDescription().get("name").stringValue())
                    .isEqualTo(name);
        }
    }

    @Test
    void filtersDecideFirst() {
        try (Logging logging = Logging.byXml(
                "<localPath>" + root
                        + "</localPath><filter class=\"ch.qos.logback.classic.filter.ThresholdFilter\"><level>WARN</level></filter>")) {
            logging.log.info("filtered");
            logging.log.warn("kept");
            assertThat(logging.appender.getStatistics().accepted()).isEqualTo(1);
        }
        assertThat(session("default", "default").messages()).containsExactly("kept");
    }

    @Test
    void badInputGivesOneValidLineEach() {
        List<Object> self = new ArrayList<>();
        self.add(self);
        try (Logging logging = Logging.to(root, appender -> appender.setIncludeNamedArguments(true))) {
            logging.log.info(null);
            logging.log.info("two\nlines\r\nand \u001b[31mcolour\u001b[0m \u2028 \ud800 \u0000");
            logging.log.info("m".repeat(10 * 1024 * 1024));
            logging.log
                    .atInfo()
                    .addKeyValue(null, (Object) null)
                    .addKeyValue("a", Double.NaN)
                    .addKeyValue("a", self)
                    .log();
            logging.log
                    .atInfo()
                    .addKeyValue("big", "x".repeat(10 * 1024 * 1024))
                    .log("big");
            logging.log.info("a={} b={}", self, new Object() {
                @Override
                public String toString() {
                    throw new IllegalStateException();
                }
            });
            logging.log.info("too few {} {}", 1);
            logging.log.info("too many {}", 1, 2, 3);
            assertThat(logging.appender.getStatistics().written()).isEqualTo(8);
            assertThat(logging.appender.getStatistics().droppedInAll()).isZero();
            assertThat(logging.warnings()).isEmpty();
        }
        session("default", "default").assertGapless(8);
        assertThat(session("default", "default").messages().get(1))
                .isEqualTo("two\nlines\r\nand \u001b[31mcolour\u001b[0m \u2028 \uFFFD \u0000");
    }

    @Test
    void aValueThatLogsWhileItIsReadCostsNothing() {
        try (Logging logging = Logging.to(root)) {
            logging.log
                    .atInfo()
                    .addKeyValue("chatty", new Object() {
                        @Override
                        public String toString() {
                            logging.log.info("I am being read");
                            return "chatty";
                        }
                    })
                    .log("outer");
        }
        assertThat(session("default", "default").messages())
                .isEqualTo(logbackPassesNestedEventsOn() ? List.of("I am being read", "outer") : List.of("outer"));
    }

    /** Before 1.5.21, an appender never got events that were logged while it was appending. */
    private static boolean logbackPassesNestedEventsOn() {
        Version version = Version.parse(LoggerContext.class.getPackage().getImplementationVersion());
        return version.compareTo(Version.parse("1.5.21")) >= 0;
    }

    @Test
    void aValueThatLogsItselfForeverIsStopped() {
        try (Logging logging = Logging.to(root)) {
            logging.log
                    .atInfo()
                    .addKeyValue("self", new Object() {
                        @Override
                        public String toString() {
                            logging.log.atInfo().addKeyValue("self", this).log("again");
                            return "self";
                        }
                    })
                    .log("outer");
            DreamlakeStatistics statistics = logging.appender.getStatistics();
            int written = logbackPassesNestedEventsOn() ? 4 : 1;
            assertThat(statistics.accepted()).isEqualTo(written == 1 ? 1 : 5);
            assertThat(statistics.written()).isEqualTo(written);
            assertThat(statistics.dropped()).containsEntry(DropReason.RECURSION, written == 1 ? 0L : 1L);
            assertThat(logging.warnings()).hasSize(written == 1 ? 0 : 1);
            session("default", "default").assertGapless(written);
        }
    }

    @Test
    void tenThousandEventsFromInterruptedThreadsAreAllWrittenAndTheThreadsStayInterrupted() throws Exception {
        try (Logging logging = Logging.to(root)) {
            Thread[] threads = new Thread[4];
            boolean[] stayed = new boolean[threads.length];
            for (int t = 0; t < threads.length; t++) {
                int number = t;
                threads[t] = new Thread(() -> {
                    Thread.currentThread().interrupt();
                    boolean always = true;
                    for (int i = 0; i < 2500; i++) {
                        logging.log.info("thread {} event {}", number, i);
                        always &= Thread.currentThread().isInterrupted();
                    }
                    stayed[number] = always;
                });
                threads[t].start();
            }
            for (Thread thread : threads) {
                thread.join();
            }
            assertThat(stayed).containsOnly(true);
            assertThat(logging.appender.getStatistics().written()).isEqualTo(10_000);
        }
        session("default", "default").assertGapless(10_000);
        session("default", "default").assertLeftBehindRightly();
    }

    @Test
    void threadsAndAppendersShareASessionWithoutGapsAndInOrder() throws Exception {
        try (Logging first = Logging.to(root);
                Logging second = Logging.to(root)) {
            int threads = 8;
            CyclicBarrier start = new CyclicBarrier(threads);
            List<Thread> all = new ArrayList<>();
            for (int t = 0; t < threads; t++) {
                int number = t;
                Logging logging = t % 2 == 0 ? first : second;
                all.add(new Thread(() -> {
                    try {
                        start.await();
                    } catch (Exception e) {
                        throw new AssertionError(e);
                    }
                    for (int i = 0; i < 1000; i++) {
                        logging.log.info("{} {}", number, i);
                    }
                }));
            }
            all.forEach(Thread::start);
            for (Thread thread : all) {
                thread.join();
            }
            assertThat(first.appender.getStatistics().written()).isEqualTo(4000);
            assertThat(second.appender.getStatistics().written()).isEqualTo(4000);
        }
        SessionOnDisk session = session("default", "default");
        session.assertGapless(8000);
        int[] next = new int[8];
        for (String message : session.messages()) {
            String[] parts = message.split(" ");
            assertThat(Integer.parseInt(parts[1])).isEqualTo(next[Integer.parseInt(parts[0])]++);
        }
    }

    @Test
    void aHundredVirtualThreadsInABurstKeepTheirOrderWithoutGaps() throws Exception {
        int threads = 100;
        int each = 500;
        try (Logging logging = Logging.to(root)) {
            List<Thread> all = new ArrayList<>();
            for (int t = 0; t < threads; t++) {
                int number = t;
                all.add(VirtualThreads.start(() -> {
                    for (int i = 0; i < each; i++) {
                        logging.log.info("{} {}", number, i);
                    }
                }));
            }
            for (Thread thread : all) {
                thread.join();
            }
            assertThat(logging.appender.getStatistics().written()).isEqualTo(threads * each);
        }
        SessionOnDisk session = session("default", "default");
        session.assertGapless(threads * each);
        session.assertLeftBehindRightly();
        int[] next = new int[threads];
        for (String message : session.messages()) {
            String[] parts = message.split(" ");
            assertThat(Integer.parseInt(parts[1])).isEqualTo(next[Integer.parseInt(parts[0])]++);
        }
    }

    @Test
    void stackOverflowsInOurCodeLeaveNoGap() throws Exception {
        try (Logging logging = Logging.to(root)) {
            logging.log.info("with all of the stack");
            Runnable rounds = () -> {
                for (int i = 0; i < 100; i++) {
                    logAtTheEndOfTheStack(
                            logging, logging.appender.getStatistics().written(), i);
                }
            };
            Thread thread = new Thread(null, rounds, "small stack", 256 * 1024);
            thread.start();
            thread.join();

            DreamlakeStatistics statistics = logging.appender.getStatistics();
            assertThat(statistics.written()).isEqualTo(101);
            assertThat(statistics.droppedInAll()).as("overflows in our code").isPositive();
            assertThat(statistics.pending()).isZero();
        }
        session("default", "default").assertGapless(101);
        session("default", "default").assertLeftBehindRightly();
    }

    /**
     * Logs near the end of the stack, then some frames above it, and so on, until it works. So the overflow moves
     * through our code, and begins at another place in each round.
     */
    private static void logAtTheEndOfTheStack(Logging logging, long written, int depth) {
        try {
            logAtTheEndOfTheStack(logging, written, depth + 1);
        } catch (StackOverflowError end) {
            if (depth % 50 == 0) {
                logging.log.info("deep down");
            }
            if (logging.appender.getStatistics().written() == written) {
                throw end;
            }
        }
    }

    @Test
    void anUnwritableDirectoryIsReportedOnceAndCountedAndLoggingResumes() throws Exception {
        Path blocked = root.resolve("default");
        Files.writeString(blocked, "a file where the workspace should be");
        try (Logging logging = Logging.to(root)) {
            for (int i = 0; i < 100; i++) {
                logging.log.info("lost, secret");
            }
            assertThat(logging.appender.isStarted()).isTrue();
            assertThat(logging.errors()).isEmpty();
            assertThat(logging.warnings()).hasSize(1);
            assertThat(logging.warnings().get(0))
                    .startsWith(
                            "Session default/default: records are dropped, and counted, until they can be written again.")
                    .contains(blocked.toString())
                    .doesNotContain("secret");
            assertThat(logging.appender.getStatistics().dropped()).containsEntry(DropReason.DISK, 100L);

            Files.delete(blocked);
            logging.log.info("kept");
            assertThat(logging.infos()).contains("Session default/default works again. Records dropped: 100");
            assertThat(logging.appender.getStatistics().written()).isEqualTo(1);
            assertThat(logging.warnings()).hasSize(1);
        }
        session("default", "default").assertGapless(1);
    }

    @Test
    void theBooksBalanceAtAnyMoment() throws Exception {
        try (Logging logging = Logging.to(root)) {
            CountDownLatch inside = new CountDownLatch(1);
            CountDownLatch goOn = new CountDownLatch(1);
            Object slow = new Object() {
                @Override
                public String toString() {
                    inside.countDown();
                    try {
                        goOn.await();
                    } catch (InterruptedException e) {
                        throw new AssertionError(e);
                    }
                    return "slow";
                }
            };
            logging.log.info("before");
            Thread thread = new Thread(
                    () -> logging.log.atInfo().addKeyValue("slow", slow).log("pending"));
            thread.start();
            inside.await();
            DreamlakeStatistics during = logging.appender.getStatistics();
            Map<DropReason, Long> none = Map.of(
                    DropReason.DISK,
                    0L,
                    DropReason.LOCKED,
                    0L,
                    DropReason.RECURSION,
                    0L,
                    DropReason.SPOOL,
                    0L,
                    DropReason.ERROR,
                    0L);
            assertThat(during).isEqualTo(new DreamlakeStatistics(2, 1, 0, 1, 0, none, 1, 0, null, 0, null));
            goOn.countDown();
            thread.join();
            DreamlakeStatistics after = logging.appender.getStatistics();
            assertThat(after.written()).isEqualTo(2);
            assertThat(after.pending()).isZero();
            assertThat(during.written()).as("a snapshot stays as it was").isEqualTo(1);
        }
    }

    @Test
    void anEventInProgressAtStopIsStillWritten() throws Exception {
        Logging logging = Logging.to(root);
        CountDownLatch inside = new CountDownLatch(1);
        CountDownLatch stopped = new CountDownLatch(1);
        Object slow = new Object() {
            @Override
            public String toString() {
                inside.countDown();
                try {
                    stopped.await();
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
                return "slow";
            }
        };
        Thread thread =
                new Thread(() -> logging.log.atInfo().addKeyValue("slow", slow).log("under way"));
        thread.start();
        inside.await();
        logging.appender.stop();
        stopped.countDown();
        thread.join();
        assertThat(logging.appender.getStatistics().written()).isEqualTo(1);
        session("default", "default").assertGapless(1);
        session("default", "default").assertLeftBehindRightly();
        logging.close();
    }

    @Test
    void stopMayComeTwiceOrWithoutStartAndStartAgainContinues() {
        DreamlakeAppender never = new DreamlakeAppender();
        never.stop();
        assertThat(never.getStatistics().accepted()).isZero();

        Logging logging = Logging.to(root);
        logging.log.info("one");
        logging.appender.stop();
        logging.appender.stop();
        assertThat(logging.appender.getStatistics().written()).isEqualTo(1);
        logging.appender.start();
        logging.appender.start();
        logging.log.info("two");
        assertThat(logging.appender.getStatistics().written())
                .as("since the last start")
                .isEqualTo(1);
        logging.close();
        session("default", "default").assertGapless(2);
        session("default", "default").assertLeftBehindRightly();
    }

    @Test
    void aReconfigurationContinuesTheSession() {
        LoggerContext context = Logging.newContext();
        String xml = "<configuration><appender name=\"D\" class=\"ai.dreamlake.logback.DreamlakeAppender\"><localPath>"
                + root + "</localPath></appender><root level=\"INFO\"><appender-ref ref=\"D\"/></root></configuration>";
        for (int i = 0; i < 3; i++) {
            Logging.configure(context, xml);
            context.getLogger("x").info("configured {} times", i + 1);
            context.reset();
        }
        context.stop();
        session("default", "default").assertGapless(3);
        session("default", "default").assertLeftBehindRightly();
    }

    @Test
    void aContextMadeByHandWithoutMdcAdapterLosesNoEvents() {
        LoggerContext context = new LoggerContext();
        DreamlakeAppender appender = new DreamlakeAppender();
        appender.setContext(context);
        appender.setLocalPath(root.toString());
        appender.start();
        context.getLogger("x").addAppender(appender);
        context.getLogger("x").info("kept");
        context.stop();
        appender.stop();
        session("default", "default").assertGapless(1);
    }

    @Test
    void anAsyncAppenderInBetweenCarriesTheSession() {
        try (Logging logging = Logging.to(root)) {
            AsyncAppender async = new AsyncAppender();
            async.setContext(logging.context);
            async.setDiscardingThreshold(0);
            async.addAppender(logging.appender);
            async.start();
            logging.log.detachAppender(logging.appender);
            logging.log.addAppender(async);
            try (DreamlakeSession session =
                    DreamlakeSession.builder("p", "s").description("d").open()) {
                logging.log.info("by way of a queue");
            }
            async.stop();
        }
        session("p", "s").assertGapless(1);
        assertThat(session("p", "s").readDescription().get("description").stringValue())
                .isEqualTo("d");
    }

    @Test
    void recordsAtTheFsyncLevelAreWrittenLikeAllOthers() {
        try (Logging logging = Logging.to(root, appender -> appender.setFsyncLevel("error"))) {
            logging.log.info("not forced");
            logging.log.error("forced");
            logging.log.info(DreamlakeMarkers.FATAL, "forced, too");
            assertThat(logging.warnings()).isEmpty();
        }
        session("default", "default").assertGapless(3);
    }

    @Test
    void anIdleSessionIsClosedByItself() {
        try (Logging logging = Logging.byXml("<localPath>" + root
                + "</localPath><idleTimeout>50 milliseconds</idleTimeout><maxOpenSessions>2</maxOpenSessions>")) {
            logging.log.info("one");
            await().until(() -> logging.appender.getStatistics().openSessions() == 0);
            logging.log.info("two");
        }
        session("default", "default").assertGapless(2);
    }

    @Test
    void manyFailuresAreFewWarnings() throws Exception {
        Files.writeString(root.resolve("default"), "a file where the workspace should be");
        try (Logging logging = Logging.to(root)) {
            for (int i = 0; i < 200; i++) {
                MDC.put("dreamlake.session", "s" + i);
                logging.log.info("lost");
            }
            assertThat(logging.warnings()).hasSize(10);
            assertThat(logging.appender.getStatistics().dropped()).containsEntry(DropReason.DISK, 200L);
        }
    }

    @Test
    void aStatusListenerThatThrowsAnErrorCostsNoRecordAndLeavesTheBooksRight() throws Exception {
        Path blocked = Files.writeString(root.resolve("default"), "a file where the workspace should be");
        try (Logging logging = Logging.to(root)) {
            logging.context.getStatusManager().add((StatusListener) status -> {
                throw new AssertionError("the listener's own trouble");
            });
            logging.log.info("lost");
            Files.delete(blocked);
            logging.log.info("kept");
            DreamlakeStatistics statistics = logging.appender.getStatistics();
            assertThat(statistics.accepted()).isEqualTo(2);
            assertThat(statistics.written()).isEqualTo(1);
            assertThat(statistics.droppedInAll()).isEqualTo(1);
        }
        session("default", "default").assertGapless(1);
    }

    @Test
    void aStatusListenerThatThrowsCostsNoRecordAndLeavesTheBooksRight() throws Exception {
        Path blocked = Files.writeString(root.resolve("default"), "a file where the workspace should be");
        try (Logging logging = Logging.to(root)) {
            logging.context.getStatusManager().add((StatusListener) status -> {
                throw new IllegalStateException("the listener's own trouble");
            });
            logging.log.info("lost");
            Files.delete(blocked);
            logging.log.info("kept");
            MDC.put("dreamlake.session", "..");
            logging.log.info("kept, too");
            DreamlakeStatistics statistics = logging.appender.getStatistics();
            assertThat(statistics.accepted()).isEqualTo(3);
            assertThat(statistics.written()).isEqualTo(2);
            assertThat(statistics.droppedInAll()).isEqualTo(1);
            assertThat(statistics.pending()).isZero();
        }
        session("default", "default").assertGapless(1);
    }

    @Test
    void whateverTheEventIsNothingIsThrown() {
        try (Logging logging = Logging.to(root)) {
            ILoggingEvent broken = (ILoggingEvent) Proxy.newProxyInstance(
                    getClass().getClassLoader(), new Class<?>[] {ILoggingEvent.class}, (proxy, method, arguments) -> {
                        throw new UnsupportedOperationException(method.getName());
                    });
            logging.appender.doAppend(broken);
            assertThat(logging.appender.getStatistics().dropped()).containsEntry(DropReason.ERROR, 1L);
            logging.log.info("goes on");
        }
        session("default", "default").assertGapless(1);
    }
}
