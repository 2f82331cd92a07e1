package ai.dreamlake.logback;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import ai.dreamlake.logback.internal.io.FileDescriptors;
import ai.dreamlake.logback.internal.io.NativeFlock;
import ai.dreamlake.logback.support.ChildJvm;
import ai.dreamlake.logback.support.Logging;
import ai.dreamlake.logback.support.SessionOnDisk;
import java.io.FileInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.MDC;

/** The operating system refuses to open files, because of a limit on the descriptors of the process. */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class FileDescriptorsTest {

    @TempDir
    Path root;

    /** Uses up descriptors. */
    private static final class Hog implements AutoCloseable {
        private final List<FileInputStream> open = new ArrayList<>();

        /** @param left how many descriptors it leaves to others */
        void takeAllBut(int left) throws IOException {
            try {
                while (true) {
                    open.add(new FileInputStream("/dev/null"));
                }
            } catch (FileNotFoundException noneLeft) {
                for (int i = 0; i < left && !open.isEmpty(); i++) {
                    open.remove(open.size() - 1).close();
                }
            }
        }

        @Override
        public void close() throws IOException {
            for (FileInputStream file : open) {
                file.close();
            }
            open.clear();
        }
    }

    private static void log(Logging logging, String session, int record) {
        MDC.put("dreamlake.session", session);
        logging.log.info("record {}", record);
        MDC.remove("dreamlake.session");
    }

    private static void print(Logging logging) {
        DreamlakeStatistics statistics = logging.appender.getStatistics();
        System.out.println(statistics.accepted() + " " + statistics.written() + " " + statistics.droppedInAll());
    }

    /** Limits both the soft and the hard value, because the JVM raises the soft one to the hard one. */
    private static ChildJvm start(int descriptors, Class<?> main, Object... arguments) {
        assumeThat(Path.of("/bin/sh")).isExecutable();
        return ChildJvm.startWithFewJars(
                List.of("/bin/sh", "-c", "ulimit -n " + descriptors + " && exec \"$@\"", "sh"), main, arguments);
    }

    /** Called before descriptors run out, since loading a class from a directory needs one. */
    private static void loadClasses(Path root) {
        FileDescriptors.areExhausted(new IOException());
        Logging logging = Logging.to(root.resolve("warm-up"));
        for (int i = 0; i < 100; i++) {
            log(logging, "s", i);
        }
        print(logging);
        logging.warnings();
        logging.close();
    }

    /**
     * Eight threads log to a hundred sessions in turn. Prints the statistics, whether the host can open files, and the
     * warnings.
     */
    static final class ManySessions {
        public static void main(String[] arguments) throws Exception {
            Path root = Path.of(arguments[0]);
            loadClasses(root);
            Logging logging = Logging.to(root);
            Thread[] threads = new Thread[8];
            for (int t = 0; t < threads.length; t++) {
                int first = t;
                threads[t] = new Thread(() -> {
                    for (int i = 0; i < 500; i++) {
                        log(logging, "s" + (first + i * threads.length) % 100, i);
                    }
                });
                threads[t].start();
            }
            for (Thread thread : threads) {
                thread.join();
            }
            print(logging);
            try (FileInputStream one = new FileInputStream("/dev/null");
                    FileInputStream another = new FileInputStream("/dev/null")) {
                System.out.println("the host can open files " + one.available() + another.available());
            }
            System.out.println(logging.appender.getStatistics().openSessions());
            logging.warnings().forEach(System.out::println);
            logging.close();
        }
    }

    @Test
    void aHundredBusySessionsLoseNoRecordWithFewDescriptors() {
        try (ChildJvm child = start(64, ManySessions.class, root)) {
            // With native access, the descriptor that is missing may be the one for the Python SDK's lock.
            List<String> lines = child.remainingLines().stream()
                    .filter(line -> !line.startsWith("the Python SDK must not write to "))
                    .toList();
            assertThat(lines).hasSize(5).startsWith("100 100 0", "4000 4000 0");
            assertThat(lines.get(2)).startsWith("the host can open files");
            assertThat(Integer.parseInt(lines.get(3))).isBetween(1, 10);
            assertThat(lines.get(4)).startsWith("There are no file descriptors left, so <maxOpenSessions> is ");
            assertThat(child.waitFor()).isZero();
        }
        for (int i = 0; i < 100; i++) {
            session("s" + i).assertGapless(40);
            session("s" + i).assertLeftBehindRightly();
        }
    }

    private SessionOnDisk session(String name) {
        return SessionOnDisk.of(root, "default", name);
    }

    private static final int MAX_LEFT = 8;

    /** Opens a session with 0, 1, 2 … descriptors left. Arguments: path, number of sessions that are already open. */
    static final class FewDescriptors {
        public static void main(String[] arguments) throws Exception {
            Path root = Path.of(arguments[0]);
            int open = Integer.parseInt(arguments[1]);
            loadClasses(root);
            for (int left = 0; left <= MAX_LEFT; left++) {
                Logging logging = Logging.to(root.resolve("" + left));
                for (int i = 0; i < open; i++) {
                    log(logging, "open-" + i, 0);
                }
                try (Hog hog = new Hog()) {
                    hog.takeAllBut(left);
                    log(logging, "needy", 0);
                }
                print(logging);
                log(logging, "needy", 1);
                System.out.println(logging.warnings());
                logging.close();
            }
        }
    }

    @Test
    void howeverFewDescriptorsAreLeftASessionGetsThoseOfOthersAndAllItsFiles() {
        try (ChildJvm child = start(100, FewDescriptors.class, root, 4)) {
            assertThat(child.readLine()).isEqualTo("100 100 0");
            for (int left = 0; left <= MAX_LEFT; left++) {
                assertThat(child.readLine()).as("descriptors left: " + left).isEqualTo("5 5 0");
                String warnings = child.readLine();
                if (!warnings.equals("[]")) {
                    assertThat(warnings)
                            .startsWith("[There are no file descriptors left")
                            .doesNotContain(", There");
                }
                SessionOnDisk needy = SessionOnDisk.of(root.resolve("" + left), "default", "needy");
                assertThat(needy.messages()).containsExactly("record 0", "record 1");
            }
            assertThat(child.waitFor()).isZero();
        }
        for (int left = 0; left <= MAX_LEFT; left++) {
            for (String name : List.of("needy", "open-0", "open-3")) {
                SessionOnDisk session = SessionOnDisk.of(root.resolve("" + left), "default", name);
                session.assertGapless(session.lines().size());
                session.assertLeftBehindRightly();
            }
        }
    }

    @Test
    void aSideFileThatCannotBeOpenedKeepsNoRecordFromItsLogIfNothingCanBeClosed() {
        int needed = NativeFlock.isAvailable() ? 3 : 2; // the log, its lock, and the lock of the Python SDK
        int ofKeeper = 2; // at the start it looks for tails, and Java opens a directory twice to read it
        try (ChildJvm child = start(100, FewDescriptors.class, root, 0)) {
            assertThat(child.readLine()).isEqualTo("100 100 0");
            for (int left = 0; left <= MAX_LEFT; left++) {
                String statistics = child.readLine();
                String warnings = child.readLine();
                String description = "descriptors left: " + left + ", warnings: " + warnings;
                if (left >= needed + ofKeeper) {
                    assertThat(statistics).as(description).isEqualTo("1 1 0");
                } else if (left == 0) {
                    assertThat(statistics).as(description).isEqualTo("1 0 1");
                } else {
                    assertThat(statistics).as(description).isIn("1 1 0", "1 0 1");
                }
                assertThat(warnings).doesNotContain("maxOpenSessions");
                SessionOnDisk session = SessionOnDisk.of(root.resolve("" + left), "default", "needy");
                session.assertGapless(statistics.equals("1 1 0") ? 2 : 1);
            }
            assertThat(child.waitFor()).isZero();
        }
    }

    /** Prints whether it recognises that descriptors ran out from a message in any language. */
    static final class Recognises {
        public static void main(String[] arguments) throws IOException {
            IOException inGerman = new FileNotFoundException("/x (Zu viele offene Dateien)");
            boolean before = FileDescriptors.areExhausted(inGerman);
            boolean other;
            boolean during;
            try (Hog hog = new Hog()) {
                hog.takeAllBut(0);
                during = FileDescriptors.areExhausted(inGerman);
                other = FileDescriptors.areExhausted(new IOException("No space left on device"));
            }
            System.out.println(before + " " + during + " " + other);
        }
    }

    @Test
    void runningOutOfDescriptorsIsRecognisedInAnyLanguage() {
        try (ChildJvm child = start(64, Recognises.class)) {
            assertThat(child.readLine()).isEqualTo("false true false");
            assertThat(child.waitFor()).isZero();
        }
        assertThat(FileDescriptors.areExhausted(new IOException("/x: Too many open files in system")))
                .isTrue();
        assertThat(FileDescriptors.areExhausted(new IOException("/x: Mount point not found")))
                .isTrue();
    }
}
