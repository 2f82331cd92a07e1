package ai.dreamlake.logback;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ai.dreamlake.logback.support.Logging;
import ai.dreamlake.logback.support.SessionOnDisk;
import ch.qos.logback.classic.AsyncAppender;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.MDC;

/** Where records go if a scope was closed on another thread, but an MDC still names it. */
class ClosedScopesTest {

    @TempDir
    Path root;

    @AfterEach
    void clear() {
        MDC.clear();
    }

    private static void elsewhere(Runnable task) {
        Thread thread = new Thread(task);
        thread.start();
        try {
            thread.join();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private List<String> in(String workspace, String session) {
        SessionOnDisk onDisk = SessionOnDisk.of(root, workspace, session);
        return Files.exists(onDisk.log()) ? onDisk.messages() : List.of();
    }

    private static String sessionInMdc() {
        return String.valueOf(MDC.get("dreamlake.session"));
    }

    @Test
    void jobsThatEndOnAnotherThreadLeaveNoSessionToTheRequestsAfterThem() throws Exception {
        ExecutorService eventLoop = Executors.newSingleThreadExecutor();
        try (Logging logging = Logging.to(root)) {
            for (int i = 0; i < 30; i++) {
                int job = i;
                DreamlakeSession scope = eventLoop
                        .submit(() -> {
                            DreamlakeSession opened = DreamlakeSession.open("p", "job-" + job);
                            logging.log.info("in job " + job);
                            return opened;
                        })
                        .get();
                elsewhere(scope::close);
                eventLoop.submit(() -> logging.log.info("request " + job)).get();
                eventLoop.submit(() -> logging.log.info("request again " + job)).get();
            }
            for (int job = 0; job < 30; job++) {
                assertThat(in("p", "job-" + job)).containsExactly("in job " + job);
            }
            assertThat(in("default", "default")).hasSize(60);
            assertThat(eventLoop.submit(() -> MDC.getCopyOfContextMap()).get()).isIn(null, Map.of());
            assertThat(logging.warnings())
                    .singleElement()
                    .asString()
                    .contains("p/job-0")
                    .contains("the thread that opened it")
                    .contains("DreamlakeSession.propagate");
        } finally {
            eventLoop.shutdown();
        }
    }

    @Test
    void aClosedScopeUncoversTheOneAroundIt() {
        try (Logging logging = Logging.to(root)) {
            DreamlakeSession outer = DreamlakeSession.open("p", "outer");
            DreamlakeSession inner = DreamlakeSession.open("p", "inner");
            elsewhere(inner::close);
            logging.log.info("outer");
            assertThat(sessionInMdc()).isEqualTo("outer");
            outer.close();
            logging.log.info("none");
        }
        assertThat(in("p", "inner")).isEmpty();
        assertThat(in("p", "outer")).containsExactly("outer");
        assertThat(in("default", "default")).containsExactly("none");
    }

    @Test
    void allScopesAroundItMayBeClosedToo() {
        try (Logging logging = Logging.to(root)) {
            DreamlakeSession outer = DreamlakeSession.open("p", "outer");
            DreamlakeSession inner = DreamlakeSession.open("p", "inner");
            elsewhere(outer::close);
            logging.log.info("inner");
            elsewhere(inner::close);
            logging.log.info("none");
            assertThat(MDC.getCopyOfContextMap()).isIn(null, Map.of());
        }
        assertThat(in("p", "inner")).containsExactly("inner");
        assertThat(in("default", "default")).containsExactly("none");
    }

    @Test
    void whatTheHostNamedBeforeTheScopeCountsAgain() {
        try (Logging logging = Logging.to(root, appender -> appender.setSessionKey("job"))) {
            MDC.put("dreamlake.workspace", "by the host");
            MDC.put("job", "nightly");
            DreamlakeSession scope = DreamlakeSession.open("p", "s");
            elsewhere(scope::close);
            logging.log.info("nightly");
            assertThat(MDC.getCopyOfContextMap())
                    .isEqualTo(Map.of("dreamlake.workspace", "by the host", "job", "nightly"));
        }
        assertThat(in("by the host", "nightly")).containsExactly("nightly");
    }

    @Test
    void whatTheHostNamedInsideTheScopeStays() {
        try (Logging logging = Logging.to(root)) {
            DreamlakeSession scope = DreamlakeSession.open("p", "s");
            MDC.put("dreamlake.session", "by the host");
            elsewhere(scope::close);
            logging.log.info("by the host");
            assertThat(MDC.getCopyOfContextMap()).isEqualTo(Map.of("dreamlake.session", "by the host"));
        }
        assertThat(in("default", "by the host")).containsExactly("by the host");
    }

    @Test
    void aClosedScopeDoesNotNameARequiredSession() {
        try (Logging logging = Logging.to(root, appender -> appender.setRequireSession(true))) {
            DreamlakeSession scope = DreamlakeSession.open("p", "s");
            elsewhere(scope::close);
            logging.log.info("skipped");
            assertThat(logging.appender.getStatistics().accepted()).isZero();
        }
    }

    @Test
    void aCopyOfTheMdcNamesTheSessionOnOtherThreadsAsLongAsTheScopeIsOpen() {
        try (Logging logging = Logging.to(root)) {
            DreamlakeSession scope = DreamlakeSession.open("p", "s");
            Map<String, String> copy = MDC.getCopyOfContextMap();
            elsewhere(() -> {
                MDC.setContextMap(copy);
                logging.log.info("open");
            });
            scope.close();
            elsewhere(() -> {
                MDC.setContextMap(copy);
                logging.log.info("closed");
                assertThat(MDC.getCopyOfContextMap()).isIn(null, Map.of());
            });
        }
        assertThat(in("p", "s")).containsExactly("open");
        assertThat(in("default", "default")).containsExactly("closed");
    }

    /** Carries the MDC from thread to thread, as coroutines do. */
    @Test
    void aScopeThatMovedToAnotherThreadWithItsMdcIsGoneFromThereToo() {
        DreamlakeSession outer = DreamlakeSession.open("p", "outer");
        DreamlakeSession scope = DreamlakeSession.open("p", "s");
        Map<String, String> copy = MDC.getCopyOfContextMap();
        String[] left = new String[1];
        elsewhere(() -> {
            MDC.setContextMap(copy);
            scope.close();
            left[0] = sessionInMdc();
        });
        assertThat(left[0]).isEqualTo("outer");
        outer.close();
    }

    @Test
    void aStackOverflowLosesNoScopeAndBreaksNothing() throws InterruptedException {
        try (Logging logging = Logging.to(root)) {
            DreamlakeSession scope = DreamlakeSession.open("p", "s");
            Map<String, String> copy = MDC.getCopyOfContextMap();
            scope.close();
            Runnable deep = () -> {
                try {
                    logDeeply(logging, copy);
                } catch (StackOverflowError expected) {
                    // in the recursion itself
                }
            };
            for (int i = 0; i < 3; i++) {
                Thread shallow = new Thread(null, deep, "shallow", 256 * 1024);
                shallow.start();
                shallow.join();
            }
            MDC.setContextMap(copy);
            logging.log.info("last");
            DreamlakeStatistics counts = logging.appender.getStatistics();
            long dropped = counts.dropped().values().stream()
                    .mapToLong(Long::longValue)
                    .sum();
            assertThat(counts.accepted()).isEqualTo(counts.written() + dropped);
            assertThat(MDC.getCopyOfContextMap()).isIn(null, Map.of());
        }
        assertThat(in("p", "s")).isEmpty();
        assertThat(in("default", "default")).endsWith("last");
    }

    private static void logDeeply(Logging logging, Map<String, String> copy) {
        MDC.setContextMap(copy);
        logging.log.info("deep");
        logDeeply(logging, copy);
    }

    /** Blocks the appender after an AsyncAppender. */
    public static final class Gate extends AppenderBase<ILoggingEvent> {
        private final CountDownLatch opened = new CountDownLatch(1);

        @Override
        protected void append(ILoggingEvent event) {
            try {
                opened.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    @Test
    void afterAQueueTheTimeOfTheEventCountsAndNotThatOfItsAppending() {
        try (Logging logging = Logging.to(root)) {
            AsyncAppender queue = new AsyncAppender();
            queue.setContext(logging.context);
            queue.setDiscardingThreshold(0);
            Gate gate = new Gate();
            gate.setContext(logging.context);
            gate.start();
            queue.addAppender(new InFront(gate, logging.appender));
            queue.start();
            logging.log.detachAppender(logging.appender);
            logging.log.addAppender(queue);

            DreamlakeSession outer = DreamlakeSession.open("p", "outer");
            try (DreamlakeSession inner = DreamlakeSession.open("p", "inner")) {
                logging.log.info("while inner is open");
            }
            logging.log.info("while outer is open");
            elsewhere(outer::close);
            logging.log.info("after that");
            gate.opened.countDown();
            await().until(() -> logging.appender.getStatistics().written() == 3);
            queue.stop();
        }
        assertThat(in("p", "inner")).containsExactly("while inner is open");
        assertThat(in("p", "outer")).containsExactly("while outer is open");
        assertThat(in("default", "default")).containsExactly("after that");
    }

    /** An AsyncAppender takes one appender only. */
    private static final class InFront extends AppenderBase<ILoggingEvent> {
        private final Gate gate;
        private final DreamlakeAppender appender;

        InFront(Gate gate, DreamlakeAppender appender) {
            this.gate = gate;
            this.appender = appender;
            start();
        }

        @Override
        protected void append(ILoggingEvent event) {
            gate.doAppend(event);
            appender.doAppend(event);
        }
    }
}
