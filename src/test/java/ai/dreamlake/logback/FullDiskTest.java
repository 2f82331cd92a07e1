package ai.dreamlake.logback;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import ai.dreamlake.logback.DreamlakeStatistics.DropReason;
import ai.dreamlake.logback.testing.ChildJvm;
import ai.dreamlake.logback.testing.Logging;
import ai.dreamlake.logback.testing.SessionDirectory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The operating system itself refuses to write: by a limit on the size of files, which cuts the last write short. */
class FullDiskTest {

    private static final int LIMIT = 64 * 512;

    @TempDir
    Path root;

    /** Logs far more than fits, makes room, and logs once more. */
    static final class Child {
        public static void main(String[] arguments) throws Exception {
            Path root = Path.of(arguments[0]);
            Logging logging = Logging.to(root);
            for (int i = 0; i < 1000; i++) {
                logging.log.info("record {}", i);
            }
            SessionDirectory session = SessionDirectory.of(root, "default", "default");
            int fitted = session.lines().size(); // whole lines, or it throws
            DreamlakeStatistics full = logging.appender.getStatistics();
            System.out.println(fitted + " " + full.written() + " " + full.dropped().get(DropReason.DISK) + " "
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
        try (ChildJvm child = ChildJvm.start(
                List.of("/bin/sh", "-c", "ulimit -f 64 && exec \"$@\"", "sh"), Child.class, root)) {
            String[] counts = child.readLine().split(" ");
            int fitted = Integer.parseInt(counts[0]);
            assertThat(fitted).isGreaterThan(100).isLessThan(1000);
            assertThat(counts).containsExactly("" + fitted, "" + fitted, "" + (1000 - fitted), "1", "0");
            assertThat(child.readLine()).isEqualTo("" + (fitted + 1));
            assertThat(child.waitFor()).isZero();

            SessionDirectory session = SessionDirectory.of(root, "default", "default");
            Path old = session.log().resolveSibling("logs.jsonl.old");
            assertThat(old.toFile().length()).isBetween(LIMIT - 200L, (long) LIMIT);
            assertThat(session.messages()).containsExactly("there is room again");
            session.assertGapless(1);
            session.assertLeftBehindRightly();
        }
    }
}
