package ai.dreamlake.logback;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import ai.dreamlake.logback.DreamlakeStatistics.DropReason;
import ai.dreamlake.logback.support.ChildJvm;
import ai.dreamlake.logback.support.FakeDreamlake;
import ai.dreamlake.logback.support.Logging;
import ai.dreamlake.logback.support.SessionOnDisk;
import ch.qos.logback.core.util.Duration;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The operating system refuses to write, because of a limit on file sizes, which cuts the last write short. */
class FullDiskTest {

    private static final int LIMIT = 64 * 512;

    @TempDir
    Path root;

    /** Logs far more than fits, frees space, and logs once more. */
    static final class Child {
        public static void main(String[] arguments) throws Exception {
            Path root = Path.of(arguments[0]);
            Logging logging = Logging.to(root, appender -> appender.setWriteDelay(Duration.valueOf("0")));
            for (int i = 0; i < 1000; i++) {
                logging.log.info("record {}", i);
            }
            SessionOnDisk session = SessionOnDisk.of(root, "default", "default");
            int fitted = session.lines().size(); // whole lines, or it throws
            DreamlakeStatistics full = logging.appender.getStatistics();
            System.out.println(
                    fitted + " " + full.written() + " " + full.dropped().get(DropReason.DISK) + " "
                            + logging.warnings().size() + " " + logging.errors().size());
            Files.move(session.log(), session.log().resolveSibling("logs.jsonl.old"));
            logging.log.info("there is room again");
            System.out.println(logging.appender.getStatistics().written());
            logging.close();
        }
    }

    @Test
    void aWriteThatTheSystemCutsShortLeavesWholeLinesAndTheLossIsCounted() {
        assumeThat(Path.of("/bin/sh")).isExecutable();
        try (ChildJvm child =
                ChildJvm.start(List.of("/bin/sh", "-c", "ulimit -f 64 && exec \"$@\"", "sh"), Child.class, root)) {
            String[] counts = child.readLine().split(" ");
            int fitted = Integer.parseInt(counts[0]);
            assertThat(fitted).isGreaterThan(100).isLessThan(1000);
            assertThat(counts).containsExactly("" + fitted, "" + fitted, "" + (1000 - fitted), "1", "0");
            assertThat(child.readLine()).isEqualTo("" + (fitted + 1));
            assertThat(child.waitFor()).isZero();

            SessionOnDisk session = SessionOnDisk.of(root, "default", "default");
            Path old = session.log().resolveSibling("logs.jsonl.old");
            assertThat(old.toFile().length()).isBetween(LIMIT - 200L, (long) LIMIT);
            assertThat(session.messages()).containsExactly("there is room again");
            session.assertGapless(1);
            session.assertLeftBehindRightly();
        }
    }

    /** Logs far more than fits into log and tail, frees space, and logs once more. */
    static final class BurstChild {
        public static void main(String[] arguments) throws Exception {
            Path root = Path.of(arguments[0]);
            Logging logging = Logging.to(root);
            SessionOnDisk session = SessionOnDisk.of(root, "default", "default");
            for (int i = 0; i < 10_000; i++) {
                logging.log.info("record {}", i);
            }
            int fitted = session.lines().size(); // whole lines, or it throws
            DreamlakeStatistics full = logging.appender.getStatistics();
            System.out.println(
                    fitted + " " + full.written() + " " + full.dropped().get(DropReason.DISK));
            Files.move(session.log(), session.log().resolveSibling("logs.jsonl.old"));
            logging.close();
        }
    }

    @Test
    void aBurstOnAFullDiskIsStagedAsFarAsPossibleAndWrittenOnceThereIsSpace() {
        assumeThat(Path.of("/bin/sh")).isExecutable();
        try (ChildJvm child = ChildJvm.start(
                List.of("/bin/sh", "-c", "ulimit -f 512 && exec \"$@\"", "sh"), BurstChild.class, root)) {
            String[] counts = child.readLine().split(" ");
            int fitted = Integer.parseInt(counts[0]);
            int written = Integer.parseInt(counts[1]);
            assertThat(fitted).isBetween(1000, 3000);
            assertThat(written - fitted)
                    .as("staged: what is left of a full tail of which a part still fitted into the log")
                    .isBetween(1, 1000);
            assertThat(counts[2]).isEqualTo("" + (10_000 - written));
            assertThat(child.waitFor()).isZero();

            SessionOnDisk session = SessionOnDisk.of(root, "default", "default");
            session.assertGapless(written - fitted);
            session.assertLeftBehindRightly();
        }
    }

    /**
     * Logs far more than fits while the server is unreachable, and once more when it has everything. Arguments: path,
     * port.
     */
    static final class SpoolChild {
        public static void main(String[] arguments) {
            Logging logging = Logging.with(appender -> {
                appender.setRemote("http://localhost:" + arguments[1]);
                appender.setApiKey(FakeDreamlake.TOKEN);
                appender.getUpload().setSpoolPath(arguments[0]);
                appender.getUpload().setInterval(Duration.buildByMilliseconds(10));
            });
            for (int i = 0; i < 1000; i++) {
                logging.log.info("record {}", i);
            }
            DreamlakeStatistics full = logging.appender.getStatistics();
            System.out.println(full.pending() + " " + full.dropped().get(DropReason.DISK));
            boolean delivered = logging.appender.awaitDelivery(java.time.Duration.ofSeconds(60));
            Path log = Path.of(arguments[0], "default/default/logs/logs.jsonl");
            await().until(() -> log.toFile().length() == 0); // a delivered log is deleted a moment after the wait
            logging.log.info("there is room again");
            delivered &= logging.appender.awaitDelivery(java.time.Duration.ofSeconds(60));
            System.out.println(
                    delivered + " " + logging.appender.getStatistics().delivered());
            logging.close();
        }
    }

    @Test
    void aSpoolOnAFullDiskKeepsWhatFitsAndContinuesOnceThatIsDelivered() throws IOException {
        assumeThat(Path.of("/bin/sh")).isExecutable();
        int port;
        try (ServerSocket reserved = new ServerSocket(0)) {
            port = reserved.getLocalPort();
        }
        try (ChildJvm child = ChildJvm.start(
                List.of("/bin/sh", "-c", "ulimit -f 64 && exec \"$@\"", "sh"), SpoolChild.class, root, port)) {
            String[] counts = child.readLine().split(" ");
            int fitted = Integer.parseInt(counts[0]);
            assertThat(fitted).isBetween(100, 999);
            assertThat(counts[1]).isEqualTo("" + (1000 - fitted));
            try (FakeDreamlake later = FakeDreamlake.start(port)) {
                assertThat(child.readLine()).isEqualTo("true " + (fitted + 1));
                assertThat(child.waitFor()).isZero();
                assertThat(later.messages("default/default"))
                        .isEqualTo(Stream.concat(
                                        IntStream.range(0, fitted).mapToObj(i -> "record " + i),
                                        Stream.of("there is room again"))
                                .toList());
            }
        }
    }
}
