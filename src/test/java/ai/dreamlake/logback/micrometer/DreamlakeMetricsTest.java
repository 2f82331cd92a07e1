package ai.dreamlake.logback.micrometer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ai.dreamlake.logback.DreamlakeStatistics;
import ai.dreamlake.logback.support.FakeDreamlake;
import ai.dreamlake.logback.support.Logging;
import ch.qos.logback.core.spi.ContextAware;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.Metrics;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DreamlakeMetricsTest {

    @TempDir
    private Path root;

    /** A name of its own, because other tests also start appenders, and their counts stay. */
    private final String name = "metrics-" + UUID.randomUUID();

    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();

    private Logging logging(String url) {
        return Logging.with(appender -> {
            appender.setName(name);
            appender.setLocalPath(root.toString());
            appender.setRemote(url);
            appender.setApiKey(url == null ? null : FakeDreamlake.TOKEN);
        });
    }

    private double value(String meter, String... tags) {
        Meter found = registry.get("dreamlake." + meter)
                .tag("appender", name)
                .tags(tags)
                .meter();
        return found.measure().iterator().next().getValue();
    }

    @Test
    void metersCountWhatBecomesOfEvents() {
        try (FakeDreamlake server = FakeDreamlake.start();
                Logging logging = logging(server.url())) {
            new DreamlakeMetrics().bindTo(registry);
            logging.log.info("one");
            logging.log.info("two");
            await().until(() -> value("records.delivered") == 2);
            assertThat(value("records.accepted")).isEqualTo(2);
            assertThat(value("records.written")).isEqualTo(2);
            assertThat(value("records.rejected")).isZero();
            assertThat(value("records.pending")).isZero();
            assertThat(value("records.dropped", "reason", "disk")).isZero();
            assertThat(value("pending")).isZero();
            assertThat(value("pending.age")).isZero();
            assertThat(value("sessions.open")).isEqualTo(1);
            assertThat(value("upload.retries")).isZero();
        }
    }

    @Test
    void theAgeOfTheOldestUndeliveredRecordIsAGauge() {
        try (FakeDreamlake server = FakeDreamlake.start();
                Logging logging = logging(server.url())) {
            server.instead.set(request -> FakeDreamlake.answer(503, "{}"));
            Instant before = Instant.now();
            logging.log.info("waits");
            Instant after = Instant.now();
            logging.log.info("waits, too");
            Instant oldest = logging.appender.getStatistics().oldestPendingAt();
            assertThat(oldest).isBetween(before.truncatedTo(java.time.temporal.ChronoUnit.MICROS), after);
            new DreamlakeMetrics().bindTo(registry);
            await().until(() -> value("pending.age") > 0);
            assertThat(value("pending")).isPositive();
            server.instead.set(request -> null);
            assertThat(logging.appender.awaitDelivery(Duration.ofMinutes(1))).isTrue();
            assertThat(logging.appender.getStatistics().oldestPendingAt()).isNull();
            await().until(() -> value("pending.age") == 0);
        }
    }

    @Test
    void countersContinueAcrossStopsAndStarts() {
        new DreamlakeMetrics().bindTo(registry); // the appender is not started yet
        for (int start = 1; start <= 3; start++) {
            try (Logging logging = logging(null)) {
                if (start == 1) {
                    new DreamlakeMetrics().bindTo(registry);
                }
                logging.log.info("start {}", start);
                logging.log.info("end {}", start);
            }
            int events = 2 * start;
            await().until(() -> value("records.written") == events);
            assertThat(DreamlakeStatistics.ofProcess().get(name).accepted()).isEqualTo(events);
            assertThat(value("sessions.open")).isZero();
        }
    }

    @Test
    void whatTheNextStartDeliversForTheLastOneCountsAsDelivered() {
        try (FakeDreamlake server = FakeDreamlake.start()) {
            server.instead.set(request -> FakeDreamlake.answer(503, "{}"));
            try (Logging first = logging(server.url())) {
                first.log.info("left");
            }
            server.instead.set(request -> null);
            try (Logging second = logging(server.url())) {
                new DreamlakeMetrics().bindTo(registry);
                await().atMost(1, TimeUnit.MINUTES).until(() -> value("records.delivered") == 1);
                assertThat(value("records.accepted")).isEqualTo(1);
            }
        }
    }

    @Test
    void lostEventsAreCountedByReason() throws Exception {
        Path file = Files.createFile(root.resolve("default"));
        try (Logging logging = logging(null)) {
            new DreamlakeMetrics().bindTo(registry);
            logging.log.info("the workspace cannot be a directory: {}", file);
            await().until(() -> value("records.dropped", "reason", "disk") == 1);
        }
    }

    @Test
    void onePropertyBindsToTheGlobalRegistry() {
        Metrics.addRegistry(registry);
        try (Logging logging =
                Logging.byXml("<localPath>" + root + "</localPath><metricsEnabled>true</metricsEnabled>")) {
            logging.log.info("counted");
            await().until(() -> registry.get("dreamlake.records.written")
                            .tag("appender", "DREAMLAKE")
                            .functionCounter()
                            .count()
                    >= 1);
            assertThat(((ContextAware) logging.appender)
                            .getContext()
                            .getStatusManager()
                            .getCopyOfStatusList())
                    .noneMatch(status -> status.getLevel() > 0);
        } finally {
            Metrics.removeRegistry(registry);
        }
    }
}
