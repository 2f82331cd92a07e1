package ai.dreamlake.logback;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ai.dreamlake.logback.support.ChildJvm;
import ai.dreamlake.logback.support.FakeDreamlake;
import ai.dreamlake.logback.support.Logging;
import ai.dreamlake.logback.support.SessionOnDisk;
import ch.qos.logback.core.util.Duration;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** JVMs that are killed while they send, and JVMs that send at the same time. */
@Timeout(300)
class UploadCrashTest {

    private static final int CRASHES = Integer.getInteger("dreamlake.crashes", 10);

    /** How many kills; fifty by default. */
    private static final int KILLS_WHILE_UPLOADING = CRASHES * 5 / 3;

    @TempDir
    Path root;

    private final FakeDreamlake server = FakeDreamlake.start();

    @AfterEach
    void stop() {
        server.close();
    }

    private static Logging logging(String kind, Path root, String url) {
        return Logging.with(appender -> {
            if (kind.equals("hybrid")) {
                appender.setLocalPath(root.toString());
            }
            appender.setRemote(url);
            appender.setApiKey(FakeDreamlake.TOKEN);
            appender.setWorkspace("project");
            appender.setSession("run");
            appender.getUpload().setSpoolPath(root.toString());
            appender.getUpload().setInterval(Duration.buildByMilliseconds(5));
            appender.getUpload().setShutdownTimeout(Duration.buildBySeconds(60));
            appender.getUpload().setMaxBatchRecords(50);
        });
    }

    /** Arguments: hybrid or remote, path, URL, name, records. Prints a line before the first record. */
    static final class Child {
        public static void main(String[] arguments) {
            Logging logging = logging(arguments[0], Path.of(arguments[1]), arguments[2]);
            System.out.println("begins");
            int records = Integer.parseInt(arguments[4]);
            for (int i = 0; i < records; i++) {
                logging.log.info("{} {}", arguments[3], i);
                if (i % 20 == 0) {
                    LockSupport.parkNanos(100_000);
                }
            }
            System.out.println("ends");
        }
    }

    @Test
    void afterManyKillsTheServerHasTheJournalsRecordsInOrder() {
        Random random = new Random();
        for (int crash = 0; crash < KILLS_WHILE_UPLOADING; crash++) {
            try (ChildJvm child =
                    ChildJvm.start(Child.class, "hybrid", root, server.url(), "child-" + crash, Integer.MAX_VALUE)) {
                assertThat(child.readLine()).isEqualTo("begins");
                LockSupport.parkNanos(random.nextInt((int) TimeUnit.MILLISECONDS.toNanos(200)));
                child.kill();
                child.waitFor();
            }
        }
        try (Logging logging = logging("hybrid", root, server.url())) {
            logging.log.info("after the crashes");
            assertThat(logging.appender.awaitDelivery(java.time.Duration.ofMinutes(10)))
                    .isTrue();
        }
        SessionOnDisk session = SessionOnDisk.of(root, "project", "run");
        assertThat(server.messages("project/run")).isEqualTo(session.messages());
        session.assertGapless(session.messages().size());
    }

    @Test
    void aJvmThatIsKilledLeavesItsSpoolToTheNextOne() {
        for (int crash = 0; crash < Math.max(3, CRASHES / 5); crash++) {
            try (ChildJvm child =
                    ChildJvm.start(Child.class, "remote", root, server.url(), "child-" + crash, Integer.MAX_VALUE)) {
                assertThat(child.readLine()).isEqualTo("begins");
                await().pollInterval(5, TimeUnit.MILLISECONDS)
                        .until(() -> !server.messages("project/run").isEmpty());
                child.kill();
                child.waitFor();
            }
        }
        try (Logging logging = logging("remote", root, server.url())) {
            logging.log.info("after the crashes");
            assertThat(logging.appender.awaitDelivery(java.time.Duration.ofMinutes(10)))
                    .isTrue();
        }
        assertThat(server.messages("project/run")).doesNotHaveDuplicates().endsWith("after the crashes");
        String previous = "";
        int index = 0;
        for (String message : server.messages("project/run")) {
            if (message.startsWith("child")) {
                String[] words = message.split(" ");
                index = words[0].equals(previous) ? index + 1 : 0;
                previous = words[0];
                assertThat(Integer.parseInt(words[1])).as(message).isEqualTo(index);
            }
        }
    }

    @Test
    void twoJvmsInOneSessionSendEachRecordOnce() {
        for (String kind : new String[] {"hybrid", "remote"}) {
            server.forgetSessions();
            Path directory = root.resolve(kind);
            try (ChildJvm first = ChildJvm.start(Child.class, kind, directory, server.url(), "first", 3000);
                    ChildJvm second = ChildJvm.start(Child.class, kind, directory, server.url(), "second", 3000)) {
                assertThat(first.remainingLines()).endsWith("ends");
                assertThat(second.remainingLines()).endsWith("ends");
                assertThat(first.waitFor()).isZero();
                assertThat(second.waitFor()).isZero();
            }
            assertThat(server.messages("project/run")).as(kind).hasSize(6000).doesNotHaveDuplicates();
        }
    }

    /** Arguments: path, URL. */
    static final class Short {
        public static void main(String[] arguments) {
            Logging logging = Logging.with(appender -> {
                appender.setRemote(arguments[1]);
                appender.setApiKey(FakeDreamlake.TOKEN);
                appender.setWorkspace("project");
                appender.setSession("run");
                appender.getUpload().setSpoolPath(arguments[0]);
                appender.getUpload().setShutdownTimeout(Duration.buildByHours(1));
            });
            logging.log.info("the only record");
        }
    }

    @Test
    void withTheNetworkDownAShortProgramEndsInTimeAndTheNextRunDelivers() throws IOException {
        int port;
        try (ServerSocket reserved = new ServerSocket(0)) {
            port = reserved.getLocalPort();
        }
        try (ChildJvm child = ChildJvm.start(Short.class, root, "http://localhost:" + port)) {
            assertThat(child.waitFor()).as("without waiting for an hour").isZero();
        }
        try (FakeDreamlake later = FakeDreamlake.start(port);
                ChildJvm child = ChildJvm.start(Short.class, root, "http://localhost:" + port)) {
            assertThat(child.waitFor()).isZero();
            assertThat(later.messages("project/run")).containsExactly("the only record", "the only record");
        }
    }
}
