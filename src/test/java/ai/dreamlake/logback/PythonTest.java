package ai.dreamlake.logback;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import ai.dreamlake.logback.internal.io.NativeFlock;
import ai.dreamlake.logback.support.ChildJvm;
import ai.dreamlake.logback.support.Logging;
import ai.dreamlake.logback.support.SessionOnDisk;
import java.io.BufferedReader;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/**
 * The real Python SDK and a JVM in one session: at the same time, and one after the other was killed. Skipped if the
 * SDK is not installed; {@code .ci/run} installs it into {@code target/python}.
 */
class PythonTest {

    private static final int BURSTS = 300;
    private static final int UNTIL_KILLED = Integer.MAX_VALUE;
    private static final int KILLS = 5;

    /** The largest number of records in a batch, since a tail has 64 KB. */
    private static final int MAX_BATCH = 64 * 1024 / 100;

    @TempDir
    Path directory;

    private Path root;
    private final Random random = new Random();

    /**
     * Arguments: local path, bursts. Each record is acknowledged on standard output; the last line says how many were
     * dropped.
     */
    static final class Child {
        public static void main(String[] arguments) throws Exception {
            Logging logging = Logging.to(Path.of(arguments[0]));
            int bursts = Integer.parseInt(arguments[1]);
            FileOutputStream acknowledgements = new FileOutputStream(FileDescriptor.out); // no buffer
            Random random = new Random();
            int i = 0;
            for (int burst = 0; burst < bursts; burst++) {
                for (int more = random.nextInt(50); more >= 0; more--) {
                    String message = "java " + i++;
                    logging.log.atInfo().addKeyValue("burst", burst).log(message);
                    acknowledgements.write((message + "\n").getBytes(StandardCharsets.US_ASCII));
                }
                LockSupport.parkNanos(random.nextInt((int) TimeUnit.MILLISECONDS.toNanos(10)));
            }
            logging.close();
            System.out.println("dropped " + logging.appender.getStatistics().droppedInAll());
        }
    }

    /** A Python process with the SDK. */
    private static final class Python implements AutoCloseable {
        private final Path acknowledgements;
        private final Process process;
        private final BufferedReader output;

        /** @param records how many to log; 0: until {@link #finish} */
        Python(Path root, int records) throws IOException {
            acknowledgements = root.resolve("acknowledged by Python");
            Path script = Path.of(System.getProperty("basedir", ""), "src/test/resources/python_writer.py");
            process = new ProcessBuilder(
                            executable(),
                            script.toString(),
                            root.toString(),
                            String.valueOf(records),
                            acknowledgements.toString())
                    .redirectError(Redirect.INHERIT)
                    .start();
            output = process.inputReader();
        }

        static String executable() {
            Path installed = Path.of(System.getProperty("basedir", ""), "target/python/bin/python");
            return Files.exists(installed) ? installed.toString() : "python3";
        }

        static boolean hasSdk() throws InterruptedException {
            try {
                return new ProcessBuilder(executable(), "-c", "from dreamlake import Session")
                                .start()
                                .waitFor()
                        == 0;
            } catch (IOException noPython) {
                return false;
            }
        }

        void awaitFirstRecord() throws IOException {
            assertThat(output.readLine()).isEqualTo("writing");
        }

        /** Returns what it acknowledged. */
        List<String> finish() throws Exception {
            process.getOutputStream().close();
            assertThat(process.waitFor(2, TimeUnit.MINUTES)).isTrue();
            assertThat(process.exitValue()).as("it had no timeout").isZero();
            return Files.readAllLines(acknowledgements);
        }

        @Override
        public void close() {
            process.destroyForcibly();
        }
    }

    @BeforeEach
    void needsTheSdk() throws InterruptedException {
        assumeThat(Python.hasSdk())
                .as("the Python SDK 0.2.4, in target/python or for python3")
                .isTrue();
        root = directory;
    }

    private SessionOnDisk session() {
        return SessionOnDisk.of(root, "default", "default");
    }

    private static List<String> from(String writer, List<String> messages) {
        return messages.stream().filter(message -> message.startsWith(writer)).toList();
    }

    private static void assertNothingWasDropped(List<String> output) {
        assertThat(output.remove(output.size() - 1)).isEqualTo("dropped 0");
    }

    @Test
    void withFlockBothWriteAtOnceGapless() throws Exception {
        assumeThat(NativeFlock.isAvailable())
                .as("flock needs Linux, JDK 22 or later, and --enable-native-access=ALL-UNNAMED")
                .isTrue();
        List<String> java;
        List<String> python;
        try (Python other = new Python(root, 0)) {
            other.awaitFirstRecord();
            try (ChildJvm child = ChildJvm.start(Child.class, root, BURSTS)) {
                java = child.remainingLines();
                assertThat(child.waitFor()).isZero();
            }
            python = other.finish();
        }
        assertNothingWasDropped(java);
        List<String> messages = session().messages();
        assertThat(from("java", messages)).isEqualTo(java);
        assertThat(from("python", messages)).isEqualTo(python);
        assertThat(from(
                        "python",
                        messages.subList(messages.indexOf(java.get(0)), messages.indexOf(java.get(java.size() - 1)))))
                .as("at once")
                .hasSizeGreaterThan(10);
        session().assertNumbered(java.size() + python.size());
        session().assertLeftBehindRightly();
        assertThat(session().torn()).doesNotExist();
    }

    /** Numbers may repeat or leap: Python and we may read the same number, or overwrite a part of each other's. */
    @Test
    void withoutFlockNothingOfTheJvmIsLost() throws Exception {
        List<String> java;
        try (Python other = new Python(root, 0)) {
            other.awaitFirstRecord();
            try (ChildJvm child = ChildJvm.startWithoutNativeAccess(List.of(), Child.class, root, BURSTS)) {
                java = child.remainingLines();
                assertThat(child.waitFor()).isZero();
            }
            other.finish();
        }
        assertNothingWasDropped(java);
        assertThat(from("java", session().messages())).isEqualTo(java);
    }

    @Test
    void afterAKillPythonAndThenTheNextJvmContinue() throws Exception {
        for (int kill = 0; kill < KILLS; kill++) {
            root = Files.createDirectory(directory.resolve("kill-" + kill));
            List<String> java = new ArrayList<>();
            try (ChildJvm child = ChildJvm.start(Child.class, root, UNTIL_KILLED)) {
                for (int i = 1 + random.nextInt(3000); i > 0; i--) {
                    java.add(child.readLine());
                }
                child.kill();
                java.addAll(child.remainingLines());
            }
            if (!SessionOnDisk.text(session().log()).endsWith("\n")) {
                continue; // the kernel cut a write short; the SDK would go on in the middle of that line
            }
            List<String> python;
            try (Python other = new Python(root, 20)) {
                python = other.finish();
            }
            try (Logging logging = Logging.to(root)) {
                logging.log.info("the next JVM");
            }
            List<String> messages = session().messages();
            assertThat(from("java", messages)).startsWith(java.toArray(String[]::new));
            assertThat(from("java", messages).size()).isBetween(java.size(), java.size() + 1);
            assertThat(from("python", messages)).isEqualTo(python);
            assertThat(messages).endsWith("the next JVM");
            assertNumbersLeapOnceAtMost();
            assertThat(session().torn()).doesNotExist();
        }
    }

    private void assertNumbersLeapOnceAtMost() {
        long expected = 0;
        int leaps = 0;
        for (JsonNode each : session().records()) {
            long number = each.get("sequenceNumber").longValue();
            assertThat(number).isBetween(expected, expected + (leaps == 0 ? MAX_BATCH : 0));
            leaps += number > expected ? 1 : 0;
            expected = number + 1;
        }
        assertThat(session().readHint()).isEqualTo(expected);
    }
}
