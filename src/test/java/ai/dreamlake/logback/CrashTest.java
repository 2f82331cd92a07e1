package ai.dreamlake.logback;

import static org.assertj.core.api.Assertions.assertThat;

import ai.dreamlake.logback.support.ChildJvm;
import ai.dreamlake.logback.support.Logging;
import ai.dreamlake.logback.support.SessionOnDisk;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Kills real JVMs. Each thread of a child acknowledges a record on standard output once its logger call has returned.
 * Acknowledged records must be in the log (I1), without gaps or repetitions (I2), and the next process continues.
 */
class CrashTest {

    private static final int CRASHES = Integer.getInteger("dreamlake.crashes", 10);
    private static final int THREADS = 4;
    private static final int UNTIL_KILLED = Integer.MAX_VALUE;

    @TempDir
    Path root;

    private final Random random = new Random();

    /** The number of acknowledged records by "child thread", which is also the index of the next one. */
    private final Map<String, Integer> acknowledged = new HashMap<>();

    private int kills;

    /** Arguments: local path, name, records per thread. */
    static final class Child {
        public static void main(String[] arguments) throws Exception {
            String name = arguments[1];
            int records = Integer.parseInt(arguments[2]);
            Logging logging = Logging.to(Path.of(arguments[0]));
            FileOutputStream acknowledgements =
                    new FileOutputStream(FileDescriptor.out); // a system call each, no buffer
            List<Thread> threads = new ArrayList<>();
            for (int t = 0; t < THREADS; t++) {
                String writer = name + " " + t;
                threads.add(new Thread(() -> {
                    for (int i = 0; i < records; i++) {
                        logging.log.atInfo().addKeyValue("i", i).log("{} {}", writer, i);
                        try {
                            acknowledgements.write((writer + " " + i + "\n").getBytes(StandardCharsets.US_ASCII));
                        } catch (IOException theTestIsGone) {
                            Runtime.getRuntime().halt(2);
                        }
                    }
                }));
            }
            threads.forEach(Thread::start);
            for (Thread thread : threads) {
                thread.join();
            }
            logging.close();
        }
    }

    private SessionOnDisk session() {
        return SessionOnDisk.of(root, "default", "default");
    }

    private void acknowledge(String line) {
        int space = line.lastIndexOf(' ');
        int expected = acknowledged.merge(line.substring(0, space), 1, Integer::sum) - 1;
        assertThat(Integer.parseInt(line.substring(space + 1))).isEqualTo(expected);
    }

    private void acknowledge(ChildJvm child, int lines) {
        for (int i = 0; i < lines; i++) {
            acknowledge(child.readLine());
        }
    }

    private void killAtARandomMoment(ChildJvm child) {
        LockSupport.parkNanos(random.nextInt((int) TimeUnit.MILLISECONDS.toNanos(5)));
        child.kill();
        kills++;
        child.remainingLines().forEach(this::acknowledge); // the records in the pipe were acknowledged as well
    }

    /**
     * The log has all acknowledged records, in order and none twice, and for each thread at most one more: the one that
     * it was killed in.
     */
    private int assertNothingIsLost() {
        Map<String, Integer> found = new HashMap<>();
        List<String> messages = session().messages();
        int reports = 0;
        for (String message : messages) {
            if (SessionOnDisk.isCrashReport(message)) {
                reports++;
                continue;
            }
            int space = message.lastIndexOf(' ');
            int expected = found.merge(message.substring(0, space), 1, Integer::sum) - 1;
            assertThat(Integer.parseInt(message.substring(space + 1)))
                    .as(message)
                    .isEqualTo(expected);
        }
        acknowledged.forEach((writer, count) ->
                assertThat(found.getOrDefault(writer, 0)).as(writer).isBetween(count, count + 1));
        assertThat(acknowledged).isNotEmpty();
        long writers = acknowledged.keySet().stream()
                .map(writer -> writer.substring(0, writer.indexOf(' ')))
                .distinct()
                .count();
        if (kills > 0) {
            assertThat((long) reports)
                    .as("one for each process that was killed")
                    .isBetween(Math.min(kills, writers - 1), (long) kills);
        } else {
            assertThat(reports).isZero();
        }
        return messages.size();
    }

    private void assertTheNextProcessContinues() {
        try (Logging logging = Logging.to(root)) {
            logging.log.info("after the crashes 0");
        }
        session().assertGapless(assertNothingIsLost());
        session().assertLeftBehindRightly();
    }

    @Test
    void whatWasAcknowledgedSurvivesAKillAndTheNextProcessContinues() {
        for (int crash = 0; crash < CRASHES; crash++) {
            try (ChildJvm child = ChildJvm.start(Child.class, root, "child-" + crash, UNTIL_KILLED)) {
                if (crash % 4 == 3) {
                    // This may be before anything is acknowledged, while the session is opened or recovered.
                    LockSupport.parkNanos(random.nextInt((int) TimeUnit.MILLISECONDS.toNanos(800)));
                } else {
                    acknowledge(child, 1 + random.nextInt(2000));
                }
                killAtARandomMoment(child);
            }
            long lines = SessionOnDisk.text(session().log()).lines().count();
            assertThat(session().readHint())
                    .as("never too small for the Python SDK")
                    .isGreaterThanOrEqualTo(lines - 1);
        }
        assertTheNextProcessContinues();
    }

    @Test
    void threeProcessesInOneSessionTakeTurnsAndKillingOneDoesNotDisturbTheOthers() {
        for (int round = 0; round < Math.max(3, CRASHES / 3); round++) {
            try (ChildJvm first = ChildJvm.start(Child.class, root, "first-" + round, UNTIL_KILLED);
                    ChildJvm second = ChildJvm.start(Child.class, root, "second-" + round, UNTIL_KILLED);
                    ChildJvm third = ChildJvm.start(Child.class, root, "third-" + round, UNTIL_KILLED)) {
                acknowledge(first, 1000); // all make progress, whoever holds the lock
                acknowledge(second, 1000);
                acknowledge(third, 1000);
                acknowledge(first, 1000);
                killAtARandomMoment(first);
                acknowledge(second, 1000);
                killAtARandomMoment(second);
                acknowledge(third, 1000);
                killAtARandomMoment(third);
            }
        }
        assertTheNextProcessContinues();
    }

    @Test
    void twoProcessesThatEndInOrderLeaveTheSessionInOrder() {
        try (ChildJvm first = ChildJvm.start(Child.class, root, "first", 5000);
                ChildJvm second = ChildJvm.start(Child.class, root, "second", 5000)) {
            Thread reader = new Thread(() -> second.remainingLines());
            reader.start();
            first.remainingLines().forEach(this::acknowledge);
            assertThat(first.waitFor()).isZero();
            assertThat(second.waitFor()).isZero();
        }
        assertThat(assertNothingIsLost()).isEqualTo(2 * THREADS * 5000);
        session().assertGapless(2 * THREADS * 5000);
        session().assertLeftBehindRightly();
    }

    /** Ends without stopping Logback, as most programs do. */
    static final class Careless {
        public static void main(String[] arguments) {
            Logging logging = Logging.to(Path.of(arguments[0]));
            Runtime.getRuntime().addShutdownHook(new Thread(() -> logging.log.info("from a shutdown hook")));
            logging.log.info("from main");
        }
    }

    @Test
    void aProgramThatJustEndsLeavesAnExactHint() {
        for (int i = 1; i <= 3; i++) {
            try (ChildJvm child = ChildJvm.start(Careless.class, root)) {
                assertThat(child.waitFor()).isZero();
            }
            session().assertGapless(2 * i);
            session().assertLeftBehindRightly();
        }
    }
}
