package ai.dreamlake.logback;

import static org.assertj.core.api.Assertions.assertThat;

import ai.dreamlake.logback.support.Logging;
import ai.dreamlake.logback.support.SessionOnDisk;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.filter.Filter;
import ch.qos.logback.core.spi.FilterReply;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Logback loses events while it is reconfigured: it stops appenders before it detaches them, and attaches the new ones
 * later, so an event in between reaches no started appender. This tests that we lose no others.
 */
@Timeout(120)
class ReconfigurationTest {

    private static final int THREADS = 4;
    private static final int RESETS = 20;

    /** The pause between two events of a thread: without an appender, it would log millions a second. */
    private static final long PACE_NANOS = 10_000;

    /** The minimum number of events between two resets. */
    private static final int EVENTS_BETWEEN = Integer.getInteger("reconfiguration.events", 2000);

    /** The number of events that reached a started appender. */
    private static final AtomicInteger REACHED = new AtomicInteger();

    @TempDir
    Path root;

    /** Counts events that Logback passes to a started appender. */
    public static final class CountingFilter extends Filter<ILoggingEvent> {
        @Override
        public FilterReply decide(ILoggingEvent event) {
            REACHED.incrementAndGet();
            return FilterReply.NEUTRAL;
        }
    }

    @Test
    void everyEventThatReachesAStartedAppenderIsInTheLogHoweverOftenTheContextIsReset() throws Exception {
        LoggerContext context = Logging.newContext();
        String xml = "<configuration><appender name=\"D\" class=\"ai.dreamlake.logback.DreamlakeAppender\"><localPath>"
                + root + "</localPath><filter class=\"" + CountingFilter.class.getName()
                + "\"/></appender><root level=\"INFO\"><appender-ref ref=\"D\"/></root></configuration>";
        REACHED.set(0);
        List<DreamlakeAppender> appenders = new ArrayList<>();
        configure(context, xml, appenders);
        Logger log = context.getLogger("x");
        AtomicInteger logged = new AtomicInteger();
        AtomicBoolean done = new AtomicBoolean();
        List<Thread> threads = new ArrayList<>();
        for (int t = 0; t < THREADS; t++) {
            int number = t;
            threads.add(new Thread(() -> {
                for (int i = 0; !done.get(); i++) {
                    log.info("{} {}", number, i);
                    logged.incrementAndGet();
                    LockSupport.parkNanos(PACE_NANOS);
                }
            }));
        }
        threads.forEach(Thread::start);
        long resetting = 0;
        for (int reset = 0; reset < RESETS; reset++) {
            awaitMore();
            long start = System.nanoTime();
            context.reset();
            configure(context, xml, appenders);
            resetting += System.nanoTime() - start;
        }
        awaitMore();
        done.set(true);
        for (Thread thread : threads) {
            thread.join();
        }
        context.stop();

        SessionOnDisk session = SessionOnDisk.of(root, "default", "default");
        session.assertGapless(REACHED.get());
        long accepted = appenders.stream()
                .mapToLong(appender -> appender.getStatistics().accepted())
                .sum();
        assertThat(accepted).isEqualTo(REACHED.get());
        assertThat(appenders).hasSize(RESETS + 1).allSatisfy(appender -> {
            assertThat(appender.getStatistics().pending()).isZero();
            assertThat(appender.getStatistics().droppedInAll()).isZero();
        });
        int[] next = new int[THREADS];
        for (String message : session.messages()) {
            String[] parts = message.split(" ");
            int thread = Integer.parseInt(parts[0]);
            int event = Integer.parseInt(parts[1]);
            assertThat(event).as("in the order of its thread, and once").isGreaterThanOrEqualTo(next[thread]);
            next[thread] = event + 1;
        }
        System.out.printf(
                "Of %d events beside %d resets of %.1f ms each, %d reached no appender that was started.%n",
                logged.get(), RESETS, resetting / 1e6 / RESETS, logged.get() - REACHED.get());
    }

    /** Waits, so that each appender has events to write when it is stopped. */
    private static void awaitMore() {
        int enough = REACHED.get() + EVENTS_BETWEEN;
        while (REACHED.get() < enough) {
            Thread.onSpinWait();
        }
    }

    private static void configure(LoggerContext context, String xml, List<DreamlakeAppender> appenders) {
        Logging.configure(context, xml);
        appenders.add((DreamlakeAppender) context.getLogger("ROOT").getAppender("D"));
    }
}
