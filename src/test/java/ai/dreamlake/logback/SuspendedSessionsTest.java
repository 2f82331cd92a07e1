package ai.dreamlake.logback;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ai.dreamlake.logback.DreamlakeStatistics.DropReason;
import ai.dreamlake.logback.support.ChildJvm;
import ai.dreamlake.logback.support.FakeDreamlake;
import ai.dreamlake.logback.support.Logging;
import ai.dreamlake.logback.support.MemoryTempDir;
import ch.qos.logback.core.util.FileSize;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import mockwebserver3.RecordedRequest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.MDC;

/** More sessions wait for the server than stay in memory. */
@Timeout(value = 15, unit = TimeUnit.MINUTES)
class SuspendedSessionsTest {

    /** A bound for a test that hangs: on a machine with twenty busy threads, two minutes were too few. */
    private static final java.time.Duration LONG = java.time.Duration.ofMinutes(10);

    @TempDir(factory = MemoryTempDir.class)
    Path root;

    private static Logging logging(Path root, String url) {
        return Logging.byXml("<remote>" + url + "</remote><apiKey>" + FakeDreamlake.TOKEN + "</apiKey>"
                + "<workspace>project</workspace><maxOpenSessions>20</maxOpenSessions>"
                + "<upload><spoolPath>" + root + "</spoolPath><spoolLimit>1MB</spoolLimit>"
                + "<shutdownTimeout>10 minutes</shutdownTimeout></upload>");
    }

    private static int closedPort() throws IOException {
        try (ServerSocket reserved = new ServerSocket(0)) {
            return reserved.getLocalPort();
        }
    }

    private static void log(Logging logging, int from, int to, String message) {
        for (int i = from; i < to; i++) {
            MDC.put("dreamlake.session", "s" + i);
            logging.log.info(message);
        }
        MDC.clear();
    }

    private static String books(Logging logging) {
        DreamlakeStatistics statistics = logging.appender.getStatistics();
        return statistics.accepted() + " accepted, " + statistics.delivered() + " delivered, " + statistics.pending()
                + " pending, " + statistics.droppedInAll() + " dropped";
    }

    /** Arguments: path, URL of a server that has not started yet. Logs to many sessions, and waits for the server. */
    static final class SmallHeap {
        static final int SESSIONS = 4000;

        public static void main(String[] arguments) {
            Logging logging = logging(Path.of(arguments[0]), arguments[1]);
            log(logging, 0, SESSIONS, "first");
            log(logging, 0, 100, "second"); // some of them are suspended by now
            System.out.println(books(logging));
            System.out.println(logging.appender.awaitDelivery(LONG));
            System.out.println(books(logging));
            System.out.println(logging.appender.getStatistics().pendingBytes());
            logging.close();
        }
    }

    @Test
    void aSmallHeapIsEnoughForManySessionsAndAllOfThemArriveWhole() throws IOException {
        int port = closedPort();
        int records = SmallHeap.SESSIONS + 100;
        try (ChildJvm child = ChildJvm.withHeap("26m", SmallHeap.class, root, "http://localhost:" + port)) {
            assertThat(child.readLine())
                    .isEqualTo(records + " accepted, 0 delivered, " + records + " pending, 0 dropped");
            try (FakeDreamlake server = FakeDreamlake.start(port)) {
                assertThat(child.readLine()).isEqualTo("true");
                assertThat(child.readLine())
                        .isEqualTo(records + " accepted, " + records + " delivered, 0 pending, 0 dropped");
                assertThat(child.readLine()).isEqualTo("0");
                assertThat(child.waitFor()).isZero();
                for (int i = 0; i < SmallHeap.SESSIONS; i++) {
                    assertThat(server.messages("project/s" + i))
                            .isEqualTo(i < 100 ? List.of("first", "second") : List.of("first"));
                }
            }
        }
    }

    @Test
    void thoseThatTheServerRefusesDoNotHoldUpOthers() throws IOException {
        int port = closedPort();
        int refused = 1300;
        int sessions = refused + 300;
        try (Logging logging = logging(root, "http://localhost:" + port)) {
            log(logging, 0, sessions, "the only one");
            try (FakeDreamlake server = FakeDreamlake.start(port)) {
                server.instead.set(request -> number(request) < refused ? FakeDreamlake.answer(403, "{}") : null);
                await().atMost(LONG)
                        .until(() -> logging.appender.getStatistics().delivered() == sessions - refused);
                assertThat(books(logging))
                        .isEqualTo(sessions + " accepted, " + (sessions - refused) + " delivered, " + refused
                                + " pending, 0 dropped");
            }
        }
    }

    /** The number of the session that a request creates; the largest int for any other request. */
    private static int number(RecordedRequest request) {
        Matcher name = Pattern.compile("\"name\": ?\"s(\\d+)\"").matcher(FakeDreamlake.body(request));
        return name.find() ? Integer.parseInt(name.group(1)) : Integer.MAX_VALUE;
    }

    /** Arguments: path, URL of a server that has not started yet. Exits as soon as the server has a record. */
    static final class Exiting {
        static final int SESSIONS = 1300;

        public static void main(String[] arguments) {
            Logging logging = logging(Path.of(arguments[0]), arguments[1]);
            log(logging, 0, SESSIONS, "the only one");
            Runtime.getRuntime().addShutdownHook(new Thread(logging.context::stop));
            System.out.println(books(logging));
            while (logging.appender.getStatistics().delivered() == 0) {
                LockSupport.parkNanos(TimeUnit.MICROSECONDS.toNanos(100));
            }
            System.exit(0);
        }
    }

    @Test
    void theExitOfTheJvmWaitsForThem() throws IOException {
        int port = closedPort();
        try (ChildJvm child = ChildJvm.start(Exiting.class, root, "http://localhost:" + port)) {
            assertThat(child.readLine()).contains(Exiting.SESSIONS + " pending");
            try (FakeDreamlake server = FakeDreamlake.start(port)) {
                assertThat(child.waitFor()).isZero();
                assertThat(IntStream.range(0, Exiting.SESSIONS)
                                .filter(i -> server.messages("project/s" + i).size() == 1))
                        .hasSize(Exiting.SESSIONS);
            }
        }
    }

    private long bytesOfLogs() throws IOException {
        try (Stream<Path> files = Files.walk(root)) {
            return files.filter(file -> file.toString().endsWith(".jsonl"))
                    .mapToLong(file -> file.toFile().length())
                    .sum();
        } catch (UncheckedIOException deletedMeanwhile) {
            return Long.MAX_VALUE; // the next check decides
        }
    }

    @Test
    void theSpoolLimitIncludesThem() throws IOException {
        int port = closedPort();
        int sessions = 1500;
        try (Logging logging = logging(root, "http://localhost:" + port)) {
            log(logging, 0, sessions, "x".repeat(1000)); // some 1.7 MB
            await().until(() -> bytesOfLogs() <= FileSize.MB_COEFFICIENT
                    && logging.appender.getStatistics().pendingBytes() == bytesOfLogs());
            DreamlakeStatistics away = logging.appender.getStatistics();
            long dropped = away.dropped().get(DropReason.SPOOL);
            assertThat(dropped).isBetween(1L, sessions / 2L);
            assertThat(away.pending()).isEqualTo(sessions - dropped);
            try (FakeDreamlake server = FakeDreamlake.start(port)) {
                assertThat(logging.appender.awaitDelivery(LONG)).isTrue();
                for (int i = (int) dropped; i < sessions; i++) {
                    assertThat(server.messages("project/s" + i)).as("s" + i).hasSize(1); // the oldest went first
                }
            }
            assertThat(books(logging))
                    .isEqualTo(sessions + " accepted, " + (sessions - dropped) + " delivered, 0 pending, " + dropped
                            + " dropped");
        }
    }
}
