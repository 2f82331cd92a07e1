package ai.dreamlake.logback;

import static org.assertj.core.api.Assertions.assertThat;

import ai.dreamlake.logback.support.ChildJvm;
import ai.dreamlake.logback.support.Logging;
import ai.dreamlake.logback.support.UglyServer;
import ch.qos.logback.core.util.Duration;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.MDC;

/** An endless response must not exhaust the application's memory. */
@Timeout(150)
class EndlessAnswerTest {

    private static final int SESSIONS = 8;

    @TempDir
    Path root;

    /** Logs in a small heap, and uses all of it from time to time. */
    static final class Application {
        public static void main(String[] arguments) {
            try (Logging logging = Logging.to(Path.of(arguments[0]), appender -> {
                appender.setRemote(arguments[1]);
                appender.setApiKey("token");
                appender.getUpload().setMaxConcurrentUploads(SESSIONS);
                appender.getUpload().setInterval(Duration.buildByMilliseconds(1));
                appender.getUpload().setShutdownTimeout(Duration.buildByMilliseconds(0));
            })) {
                while (logging.appender.getStatistics().retries() < 2 * SESSIONS) {
                    for (int session = 0; session < SESSIONS; session++) {
                        MDC.put("dreamlake.session", "s" + session);
                        logging.log.info("one more");
                    }
                    byte[] work = new byte[16 * 1024 * 1024];
                    LockSupport.parkNanos(1_000_000 + work[0]);
                }
                System.out.println(logging.appender.getStatistics().lastError());
                System.out.println(logging.statuses().toString().contains("OutOfMemoryError"));
            }
        }
    }

    @Test
    void aSmallHeapIsEnoughForAnyAnswer() throws Exception {
        try (UglyServer server = new UglyServer(UglyServer.Manner.NEVER_ENDS);
                ChildJvm child =
                        ChildJvm.withHeap("48m", Application.class, root, "http://localhost:" + server.port())) {
            assertThat(child.remainingLines()).isEqualTo(List.of("HTTP 500", "false"));
            assertThat(child.waitFor()).isZero();
        }
    }
}
