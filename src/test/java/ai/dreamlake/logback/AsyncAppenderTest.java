package ai.dreamlake.logback;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ai.dreamlake.logback.support.Logging;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.core.status.Status;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The warning if an AsyncAppender wraps our appender. */
class AsyncAppenderTest {

    private static final String OF_ASYNC = "Appender [ASYNC] is an AsyncAppender";

    @TempDir
    Path root;

    private String dreamlake() {
        return "<appender name='DREAMLAKE' class='ai.dreamlake.logback.DreamlakeAppender'><localPath>" + root
                + "</localPath></appender>";
    }

    private static String async(String properties) {
        return "<appender name='ASYNC' class='ch.qos.logback.classic.AsyncAppender'>" + properties
                + "<appender-ref ref='DREAMLAKE'/></appender>";
    }

    /** Logs twice, and returns the warnings. */
    private List<String> warnings(String appenders, String attached) {
        LoggerContext context = Logging.newContext();
        Logging.configure(
                context,
                "<configuration>" + appenders + "<root level='INFO'><appender-ref ref='" + attached
                        + "'/></root></configuration>");
        try {
            context.getLogger("test").info("one");
            context.getLogger("test").info("two");
            Path log = root.resolve("default/default/logs/logs.jsonl");
            await().until(() -> Files.exists(log) && Files.readAllLines(log).size() == 2);
            return context.getStatusManager().getCopyOfStatusList().stream()
                    .filter(status -> status.getLevel() == Status.WARN)
                    .map(Status::getMessage)
                    .toList();
        } finally {
            context.stop();
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            ''                                                                              | true
            <discardingThreshold>0</discardingThreshold><neverBlock>true</neverBlock>       | true
            <discardingThreshold>10</discardingThreshold>                                   | true
            <discardingThreshold>0</discardingThreshold>                                    | false
            """)
    void oneThatDiscardsIsWarnedOfOnce(String properties, boolean warned) {
        List<String> warnings = warnings(dreamlake() + async(properties), "ASYNC");
        if (warned) {
            assertThat(warnings)
                    .singleElement()
                    .asString()
                    .startsWith(OF_ASYNC)
                    .contains("[DREAMLAKE]")
                    .contains("discards");
        } else {
            assertThat(warnings).isEmpty();
        }
    }

    @Test
    void itIsFoundBehindOtherAppenders() {
        String tee = "<appender name='TEE' class='" + Tee.class.getName() + "'><appender-ref ref='ASYNC'/></appender>";
        assertThat(warnings(dreamlake() + async("") + tee, "TEE"))
                .singleElement()
                .asString()
                .startsWith(OF_ASYNC);
    }

    @Test
    void oneAroundAnotherAppenderIsNotOurs() {
        String other = "<appender name='LIST' class='ch.qos.logback.core.read.ListAppender'/>"
                + "<appender name='ASYNC' class='ch.qos.logback.classic.AsyncAppender'><appender-ref ref='LIST'/></appender>"
                + "<logger name='other'><appender-ref ref='ASYNC'/></logger>";
        assertThat(warnings(dreamlake() + other, "DREAMLAKE")).isEmpty();
    }
}
