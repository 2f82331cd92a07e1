package ai.dreamlake.logback;

import static org.assertj.core.api.Assertions.assertThat;

import ai.dreamlake.logback.support.ChildJvm;
import ai.dreamlake.logback.support.FakeDreamlake;
import ai.dreamlake.logback.support.Logging;
import ch.qos.logback.core.status.NopStatusListener;
import ch.qos.logback.core.util.Duration;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** I8 if nobody listens to Logback's statuses: what a process prints to standard error. */
@Timeout(120)
class HeardTest {

    private static final int RECORDS = 100;

    @TempDir
    Path root;

    private Path blocked;
    private int closedPort;

    @BeforeEach
    void blockAWorkspaceAndFindAPortWhereNobodyListens() throws IOException {
        blocked = Files.writeString(root.resolve("blocked"), "a file where the workspace should be");
        try (ServerSocket reserved = new ServerSocket(0)) {
            closedPort = reserved.getLocalPort();
        }
    }

    /** How a process ends. */
    enum End {
        /** Nobody stops the appender, as without a shutdown hook in logback.xml. */
        EXIT,
        STOP,
        /** An application's shutdown hook stops the appender, beside our own hooks. */
        STOP_BESIDE_EXIT
    }

    /** Logs into two sessions of each workspace. Arguments: root, port or 0, end, listener or none, workspaces. */
    static final class Child {
        public static void main(String[] arguments) {
            Logging logging = Logging.to(Path.of(arguments[0]), appender -> {
                if (!arguments[1].equals("0")) {
                    appender.setRemote("http://localhost:" + arguments[1]);
                    appender.setApiKey(FakeDreamlake.TOKEN);
                    appender.getUpload().setShutdownTimeout(Duration.buildByMilliseconds(50));
                }
            });
            if (arguments[3].equals("listener")) {
                logging.context.getStatusManager().add(new NopStatusListener());
            }
            for (int workspace = 4; workspace < arguments.length; workspace++) {
                for (int i = 0; i < RECORDS; i++) {
                    try (DreamlakeSession session = DreamlakeSession.open(arguments[workspace], "s" + i % 2)) {
                        logging.log.info("secret {}", i);
                    }
                }
            }
            switch (End.valueOf(arguments[2])) {
                case EXIT -> {
                    // Nothing more.
                }
                case STOP -> logging.close();
                case STOP_BESIDE_EXIT -> Runtime.getRuntime().addShutdownHook(new Thread(logging::close));
            }
        }
    }

    private List<String> printed(int port, End end, String listener, String... workspaces) {
        Object[] arguments = new Object[4 + workspaces.length];
        arguments[0] = root;
        arguments[1] = port;
        arguments[2] = end;
        arguments[3] = listener;
        System.arraycopy(workspaces, 0, arguments, 4, workspaces.length);
        try (ChildJvm child = ChildJvm.startWithErrors(Child.class, arguments)) {
            List<String> lines = child.remainingLines();
            assertThat(child.waitFor()).isZero();
            return lines;
        }
    }

    @ParameterizedTest
    @EnumSource
    void theFirstLossAndTheTotalAreOneLineEach(End end) {
        List<String> printed = printed(0, end, "none", "blocked", "fine");
        assertThat(printed).hasSize(2);
        assertThat(printed.get(0))
                .startsWith("Dreamlake appender [DREAMLAKE]: session blocked/s0: records are dropped, and counted,")
                .contains(blocked.toString(), "Not a directory", "move it away, or set <localPath>")
                .doesNotContain("secret");
        assertThat(printed.get(1))
                .isEqualTo("Dreamlake appender [DREAMLAKE]: Records lost: " + RECORDS + " of " + 2 * RECORDS
                        + " (disk: " + RECORDS + ").");
    }

    @ParameterizedTest
    @EnumSource
    void lostAndUndeliveredRecordsAreReportedTogether(End end) {
        List<String> printed = printed(closedPort, end, "none", "blocked", "fine");
        assertThat(printed).hasSize(2);
        assertThat(printed.get(1))
                .startsWith("Dreamlake appender [DREAMLAKE]: Records lost: " + RECORDS + " of " + 2 * RECORDS
                        + " (disk: " + RECORDS + "). Not delivered yet: " + RECORDS + " of " + 2 * RECORDS
                        + "; they wait in " + root + " for the next start."); // the first attempt may be under way
    }

    @ParameterizedTest
    @EnumSource
    void nothingIsPrintedWithoutALoss(End end) {
        assertThat(printed(0, end, "none", "fine")).isEmpty();
    }

    @Test
    void nothingIsPrintedIfThereIsAStatusListener() {
        assertThat(printed(closedPort, End.EXIT, "listener", "blocked", "fine")).isEmpty();
    }
}
