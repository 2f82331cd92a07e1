package ai.dreamlake.logback;

import static org.assertj.core.api.Assertions.assertThat;

import ai.dreamlake.logback.support.ChildJvm;
import ai.dreamlake.logback.support.FakeDreamlake;
import ai.dreamlake.logback.support.Logging;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A process whose configuration names neither a server nor a path. */
@Timeout(150)
class EnvironmentTest {

    @TempDir
    Path root;

    /** Prints the statuses about the environment. */
    static final class Application {
        public static void main(String[] arguments) {
            try (Logging logging = Logging.byXml("<workspace>p</workspace><session>s</session>")) {
                logging.log.info("from the child");
                logging.appender.awaitDelivery(Duration.ofSeconds(60));
                logging.infos().stream()
                        .filter(said -> said.contains("environment"))
                        .forEach(System.out::println);
            }
        }
    }

    @Test
    void theEnvironmentOfAProcessNamesServerTokenAndLocalPath() {
        try (FakeDreamlake server = FakeDreamlake.start();
                ChildJvm child = ChildJvm.with(
                        List.of(),
                        Map.of(
                                "DREAMLAKE_API_URL", server.url(),
                                "DREAMLAKE_API_KEY", FakeDreamlake.TOKEN,
                                "DREAMLAKE_LOCAL_PATH", root.toString()),
                        Application.class)) {
            assertThat(child.remainingLines())
                    .containsExactly("Appender [DREAMLAKE]: from the environment: "
                            + "DREAMLAKE_API_URL, DREAMLAKE_API_KEY, DREAMLAKE_LOCAL_PATH.");
            assertThat(child.waitFor()).isZero();
            assertThat(server.messages("p/s")).containsExactly("from the child");
            assertThat(root.resolve("p/s/logs/logs.jsonl")).isRegularFile();
        }
    }
}
