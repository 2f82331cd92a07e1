package ai.dreamlake.logback;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ai.dreamlake.logback.support.ChildJvm;
import ai.dreamlake.logback.support.FakeDreamlake;
import ai.dreamlake.logback.support.Logging;
import ai.dreamlake.logback.support.SessionOnDisk;
import ch.qos.logback.core.util.Duration;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.MDC;
import tools.jackson.databind.JsonNode;

/** {@code <pulse>}: what the process uses, as records. */
@Timeout(120)
class PulseTest {

    private static final String THREAD = "dreamlake-pulse-DREAMLAKE";

    @TempDir
    Path root;

    private SessionOnDisk run() {
        return SessionOnDisk.of(root, "default", "run");
    }

    private static void every(DreamlakeAppender appender, int millis) {
        appender.setSession("run");
        appender.setPulse(Duration.buildByMilliseconds(millis));
    }

    private static boolean isBeating() {
        return Thread.getAllStackTraces().keySet().stream()
                .anyMatch(thread -> thread.getName().equals(THREAD));
    }

    private List<JsonNode> beats() {
        return Files.exists(run().log())
                ? run().records().stream()
                        .filter(record -> record.at("/metadata/dreamlake_pulse").isObject())
                        .toList()
                : List.of();
    }

    @Test
    void theAppendersOwnSessionGetsTheFiguresWhateverTheMdcAndTheLevelsOfLoggers() {
        MDC.put("dreamlake.session", "of the thread that starts the appender");
        try (Logging logging = Logging.to(root, appender -> {
            every(appender, 1000);
            appender.setIncludeCallerData(true);
        })) {
            logging.log.setLevel(ch.qos.logback.classic.Level.ERROR);
            await().until(() -> beats().size() >= 2);
        } finally {
            MDC.clear();
        }
        JsonNode beat = beats().get(0);
        assertThat(beat.get("level").asString()).isEqualTo("debug");
        assertThat(beat.get("message").asString()).isEqualTo("Pulse");
        JsonNode figures = beat.at("/metadata/dreamlake_pulse");
        assertThat(figures.get("heap_used_bytes").asLong()).isPositive();
        assertThat(figures.get("gc_seconds").isNumber()).isTrue();
        assertThat(figures.get("threads").asInt()).isPositive();
        run().assertGapless(beats().size());
    }

    @Test
    void itIsOffByDefaultAndEndsWithTheAppender() {
        try (Logging logging = Logging.to(root)) {
            logging.log.info("m");
            assertThat(logging.appender.getPulse().getMilliseconds()).isZero();
            assertThat(isBeating()).isFalse();
        }
        try (Logging logging = Logging.byXml("<localPath>" + root + "</localPath><pulse>1 second</pulse>")) {
            assertThat(logging.errors()).isEmpty();
            await().until(PulseTest::isBeating);
        }
        await().until(() -> !isBeating());
    }

    @Test
    void anIntervalBelowASecondIsRefused() {
        for (int millis : new int[] {-1, 1, 999}) {
            try (Logging logging = Logging.to(root, appender -> every(appender, millis))) {
                assertThat(logging.appender.isStarted()).isFalse();
                assertThat(logging.errors()).singleElement().asString().contains("<pulse>", "choose a second or more");
            }
        }
        try (Logging logging = Logging.to(root, appender -> every(appender, 0))) {
            assertThat(logging.appender.isStarted()).as("0 means none").isTrue();
            assertThat(isBeating()).isFalse();
        }
    }

    @Test
    void withRequireSessionThereIsNoSessionForIt() {
        try (Logging logging = Logging.to(root, appender -> {
            every(appender, 1000);
            appender.setRequireSession(true);
        })) {
            assertThat(logging.warnings()).singleElement().asString().contains("<pulse>", "<requireSession>");
        }
    }

    @Test
    void theServerGetsIt() {
        try (FakeDreamlake server = FakeDreamlake.start();
                Logging logging = Logging.to(root, appender -> {
                    every(appender, 1000);
                    appender.setRemote(server.url());
                    appender.setApiKey(FakeDreamlake.TOKEN);
                })) {
            await().until(() -> server.messages("default/run").contains("Pulse"));
            assertThat(logging.appender.getStatistics().accepted()).isPositive();
        }
    }

    /** Arguments: local path. Fills its memory bit by bit. */
    static final class Child {
        public static void main(String[] arguments) throws Exception {
            Logging logging = Logging.to(Path.of(arguments[0]), appender -> every(appender, 1000));
            logging.log.info("started");
            System.out.println("started");
            Thread.currentThread().join();
        }
    }

    @Test
    void theCurveSurvivesAKill() {
        try (ChildJvm child = ChildJvm.start(Child.class, root)) {
            assertThat(child.readLine()).isEqualTo("started");
            await().until(() -> beats().size() >= 3);
            child.kill();
        }
        int beats = beats().size();
        try (Logging logging = Logging.to(root, appender -> appender.setSession("run"))) {
            logging.log.info("next");
        }
        assertThat(beats()).hasSizeGreaterThanOrEqualTo(beats);
        List<Double> times = beats().stream()
                .map(beat -> beat.at("/metadata/dreamlake_pulse/cpu_seconds").asDouble())
                .toList();
        assertThat(IntStream.range(1, times.size())).allMatch(i -> times.get(i) >= times.get(i - 1));
        assertThat(run().messages()).contains("next").anyMatch(SessionOnDisk::isCrashReport);
    }
}
