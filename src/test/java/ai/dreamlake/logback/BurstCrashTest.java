package ai.dreamlake.logback;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ai.dreamlake.logback.support.ChildJvm;
import ai.dreamlake.logback.support.FakeDreamlake;
import ai.dreamlake.logback.support.Logging;
import ai.dreamlake.logback.support.SessionOnDisk;
import ch.qos.logback.core.util.Duration;
import java.io.File;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.MDC;

/** The staged records of JVMs that were killed in a burst, and who recovers them. */
@Timeout(120)
class BurstCrashTest {

    @TempDir
    Path root;

    private SessionOnDisk session(String name) {
        return SessionOnDisk.of(root, "project", name);
    }

    /** Logs a burst that stays staged, and waits to be killed. Arguments: local path or spool, URL or "". */
    static final class Burst {
        public static void main(String[] arguments) throws IOException {
            Logging logging = logging(arguments[0], arguments[1], "killed", Duration.buildByMinutes(60));
            int records = 0;
            while (!Files.exists(SessionOnDisk.of(spool(arguments[0]), "project", "killed")
                    .log()
                    .resolveSibling("logs.jsonl.tail"))) {
                logging.log.info("record {}", records++);
            }
            for (int i = 0; i < 50; i++) {
                logging.log.info("record {}", records++);
            }
            System.out.println(records);
            LockSupport.park();
        }

        /** The directory with the workspaces: in remote mode there is one in between. */
        private static Path spool(String path) {
            File[] inside = new File(path).listFiles((directory, name) -> name.startsWith("localhost-"));
            return inside != null && inside.length > 0 ? inside[0].toPath() : Path.of(path);
        }
    }

    private static Logging logging(String path, String url, String session, Duration writeDelay) {
        return Logging.with(appender -> {
            if (url.isEmpty()) {
                appender.setLocalPath(path);
            } else {
                appender.setRemote(url);
                appender.setApiKey(FakeDreamlake.TOKEN);
                appender.getUpload().setSpoolPath(path);
                appender.getUpload().setInterval(Duration.buildByMilliseconds(10));
            }
            appender.setWorkspace("project");
            appender.setSession(session);
            appender.setWriteDelay(writeDelay);
        });
    }

    private static Logging logging(Path path, String url, String session) {
        return logging(path.toString(), url, session, Duration.buildByMilliseconds(2));
    }

    private int burstAndKill(String url) {
        try (ChildJvm child = ChildJvm.start(Burst.class, root, url)) {
            int records = Integer.parseInt(child.readLine());
            child.kill();
            child.waitFor();
            return records;
        }
    }

    @Test
    void theNextProcessThatOpensTheSessionRecoversThem() {
        int records = burstAndKill("");
        assertThat(session("killed").lines()).hasSizeLessThan(records);
        try (Logging logging = logging(root, "", "killed")) {
            logging.log.info("after");
        }
        session("killed").assertGapless(records + 2);
        session("killed").assertLeftBehindRightly();
        List<String> messages = session("killed").messages();
        assertThat(messages.get(records - 1)).isEqualTo("record " + (records - 1));
        assertThat(messages.get(records)).matches(SessionOnDisk::isCrashReport);
        assertThat(messages.get(records + 1)).isEqualTo("after");
    }

    @Test
    void anAppenderThatLogsElsewhereRecoversThemAtItsStart() throws IOException {
        int records = burstAndKill("");
        try (Logging logging = logging(root, "", "another")) {
            await().until(() -> session("killed").lines().size() == records + 1);
            assertThat(logging.warnings()).isEmpty();
        }
        session("killed").assertGapless(records + 1);
        session("killed").assertLeftBehindRightly();
        try (var files = Files.list(session("killed").log().getParent())) {
            assertThat(files.map(Path::getFileName).map(Path::toString)).noneMatch(name -> name.contains("tail"));
        }
    }

    @Test
    void inRemoteModeTheyAreDeliveredEvenIfTheNextStartLogsElsewhere() {
        try (FakeDreamlake server = FakeDreamlake.start()) {
            int records = burstAndKill(server.url());
            try (Logging logging = logging(root, server.url(), "another")) {
                await().until(() -> server.messages("project/killed").size() == records + 1);
                assertThat(logging.warnings()).isEmpty();
            }
            List<String> messages = server.messages("project/killed");
            assertThat(messages).doesNotHaveDuplicates();
            assertThat(messages.get(records - 1)).isEqualTo("record " + (records - 1));
            assertThat(messages.get(records)).matches(SessionOnDisk::isCrashReport);
        }
    }

    @Test
    void aProcessThatHasTheSessionOpenRecoversThemByItself() {
        try (Logging logging = logging(root, "", "killed")) {
            logging.log.info("opens the session");
            int records = burstAndKill("");
            await().until(() -> session("killed").lines().size() == records + 2);
            session("killed").assertGapless(records + 2);
        }
    }

    /**
     * Logs from four threads into one session after the other, while another process truncates the tails. Argument:
     * local path.
     */
    static final class Truncated {
        private static final int SESSIONS = 6;
        private static final int RECORDS = 40_000;

        public static void main(String[] arguments) throws Exception {
            Path root = Path.of(arguments[0]);
            Logging logging = logging(arguments[0], "", "default", Duration.buildByMilliseconds(2));
            List<Throwable> thrown = Collections.synchronizedList(new ArrayList<>());
            for (int session = 0; session < SESSIONS; session++) {
                String name = "session-" + session;
                List<Thread> threads = new ArrayList<>();
                for (int t = 0; t < 4; t++) {
                    int writer = t;
                    threads.add(new Thread(() -> {
                        MDC.put("dreamlake.session", name);
                        try {
                            for (int i = 0; i < RECORDS; i++) {
                                logging.log.info("{} {}", writer, i);
                            }
                        } catch (Throwable escaped) {
                            thrown.add(escaped);
                        }
                    }));
                }
                threads.forEach(Thread::start);
                Path tail = SessionOnDisk.of(root, "project", name).log().resolveSibling("logs.jsonl.tail");
                while (!Files.exists(tail) && threads.get(0).isAlive()) {
                    Thread.onSpinWait();
                }
                LockSupport.parkNanos(ThreadLocalRandom.current().nextInt(20_000_000));
                try (RandomAccessFile file = new RandomAccessFile(tail.toFile(), "rw")) {
                    file.setLength(0);
                }
                for (Thread thread : threads) {
                    thread.join();
                }
            }
            logging.close();
            System.out.println(thrown + " " + logging.appender.getStatistics().droppedInAll());
        }
    }

    @Test
    void tailsThatAreTruncatedWhileFourThreadsLogInCompiledCodeLoseNothing() {
        try (ChildJvm child = ChildJvm.start(List.of(), Truncated.class, root)) {
            assertThat(child.readLine()).isEqualTo("[] 0");
            assertThat(child.waitFor()).isZero();
        }
        for (int i = 0; i < Truncated.SESSIONS; i++) {
            SessionOnDisk session = session("session-" + i);
            session.assertGapless(4 * Truncated.RECORDS);
            List<String> all = session.messages();
            for (int writer = 0; writer < 4; writer++) {
                String prefix = writer + " ";
                List<String> messages = all.stream()
                        .filter(message -> message.startsWith(prefix))
                        .toList();
                for (int record = 0; record < messages.size(); record++) {
                    assertThat(messages.get(record)).isEqualTo(prefix + record);
                }
            }
        }
    }

    /** Logs a burst, and then nothing more. Argument: local path. */
    @Test
    void aBurstThatIsFollowedBySilenceIsInTheLogSoon() {
        try (Logging logging = logging(root, "", "silent")) {
            for (int i = 0; i < 1000; i++) {
                logging.log.info("record {}", i);
            }
            await().pollInterval(1, TimeUnit.MILLISECONDS)
                    .until(() -> session("silent").lines().size() == 1000);
        }
    }

    @Test
    void aThousandSessionsWithBurstsOnAHundredAndTwentyEightOpenOnesLoseNothing() throws Exception {
        int sessions = 1000;
        int rounds = 3;
        int burst = 60;
        try (Logging logging = logging(root, "", "default")) {
            List<Thread> threads = new ArrayList<>();
            for (int t = 0; t < 4; t++) {
                int first = t;
                threads.add(new Thread(() -> {
                    for (int round = 0; round < rounds; round++) {
                        for (int session = first; session < sessions; session += 4) {
                            MDC.put("dreamlake.session", "s" + session);
                            for (int i = 0; i < burst; i++) {
                                logging.log.info("round {} record {}", round, i);
                            }
                        }
                    }
                }));
            }
            threads.forEach(Thread::start);
            for (Thread thread : threads) {
                thread.join();
            }
            assertThat(logging.appender.getStatistics().openSessions()).isLessThanOrEqualTo(128);
            assertThat(logging.appender.getStatistics().droppedInAll()).isZero();
        }
        for (int session = 0; session < sessions; session++) {
            session("s" + session).assertGapless(rounds * burst);
            session("s" + session).assertLeftBehindRightly();
        }
    }
}
