package ai.dreamlake.logback;

import static org.assertj.core.api.Assertions.assertThat;

import ai.dreamlake.logback.support.FakeDreamlake;
import ai.dreamlake.logback.support.Logging;
import ai.dreamlake.logback.support.SessionOnDisk;
import ch.qos.logback.core.util.Duration;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** I6 if the application's stack overflows: anywhere in Logback, in our code, or in the JDK below it. */
@Timeout(120)
class BooksTest {

    private static final int THREADS = 4;
    private static final int ROUNDS = 12;

    @TempDir
    Path root;

    @Test
    void wheneverTheStackEndsTheBooksBalanceAndTheLogHasWhatCountsAsWritten() throws Exception {
        DreamlakeStatistics after;
        try (Logging logging = Logging.to(root)) {
            logAtTheEndsOfManyStacks(logging);
            after = logging.appender.getStatistics();
        }
        assertThat(after.pending()).isZero();
        assertThat(after.accepted()).isEqualTo(after.written() + after.droppedInAll());
        assertThat(after.droppedInAll()).as("overflows in our code").isPositive();
        session().assertGapless((int) after.written());
    }

    @Test
    void wheneverTheStackEndsEachRecordInTheLogIsDeliveredAndNothingIsPendingForever() throws Exception {
        try (FakeDreamlake server = FakeDreamlake.start();
                Logging logging = Logging.to(root, appender -> {
                    appender.setRemote(server.url());
                    appender.setApiKey(FakeDreamlake.TOKEN);
                    appender.getUpload().setInterval(Duration.buildByMilliseconds(10));
                })) {
            logAtTheEndsOfManyStacks(logging);
            assertThat(logging.appender.awaitDelivery(java.time.Duration.ofMinutes(1)))
                    .isTrue();
            DreamlakeStatistics after = logging.appender.getStatistics();
            assertThat(after.accepted()).isEqualTo(after.delivered() + after.droppedInAll());
            assertThat(after.delivered()).isEqualTo(after.written());
            assertThat(after.droppedInAll()).as("overflows in our code").isPositive();
            session().assertGapless((int) after.written());
            assertThat(server.messages("default/default")).isEqualTo(session().messages());
        }
    }

    private SessionOnDisk session() {
        return SessionOnDisk.of(root, "default", "default");
    }

    /** Runs on threads with small stacks of different sizes, while another thread reads the statistics. */
    private static void logAtTheEndsOfManyStacks(Logging logging) throws InterruptedException {
        logging.log.info("with all of the stack");
        ConcurrentLinkedQueue<DreamlakeStatistics> wrong = new ConcurrentLinkedQueue<>();
        AtomicBoolean done = new AtomicBoolean();
        Thread auditor = new Thread(() -> {
            while (!done.get()) {
                DreamlakeStatistics now = logging.appender.getStatistics();
                if (now.pending() < 0 || now.written() + now.droppedInAll() > now.accepted()) {
                    wrong.add(now);
                }
            }
        });
        auditor.start();
        List<Thread> threads = new ArrayList<>();
        for (int t = 0; t < THREADS; t++) {
            int offset = t;
            Runnable rounds = () -> {
                for (int round = 0; round < ROUNDS; round++) {
                    try {
                        logAtTheEndOfTheStack(logging, new AtomicLong(), offset + round);
                    } catch (StackOverflowError end) {
                        // All frames were used up.
                    }
                }
            };
            threads.add(new Thread(null, rounds, "small stack " + t, (200 + 16 * t) * 1024));
        }
        threads.forEach(Thread::start);
        for (Thread thread : threads) {
            thread.join();
        }
        done.set(true);
        auditor.join();
        assertThat(wrong).isEmpty();
    }

    /** Logs at the end of the stack, then some frames above it, and so on for as many frames as a record needs. */
    private static void logAtTheEndOfTheStack(Logging logging, AtomicLong attempts, int depth) {
        try {
            logAtTheEndOfTheStack(logging, attempts, depth + 1);
        } catch (StackOverflowError end) {
            if (depth % 3 == 0) {
                attempts.incrementAndGet();
                logging.log.info("deep down");
            }
            if (attempts.get() < 400) {
                throw end;
            }
        }
    }
}
