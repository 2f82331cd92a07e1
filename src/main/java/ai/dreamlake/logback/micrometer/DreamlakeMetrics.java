package ai.dreamlake.logback.micrometer;

import ai.dreamlake.logback.DreamlakeStatistics;
import ai.dreamlake.logback.DreamlakeStatistics.DropReason;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Metrics;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.TimeGauge;
import io.micrometer.core.instrument.binder.BaseUnits;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * Meters that count what becomes of events, for each appender that was started before the binding. All have the tag
 * {@code appender}, the appender's name. Stops, starts and resets of Logback do not reset them.
 *
 * <p>Counters: {@code dreamlake.records.accepted}, {@code .written}, {@code .delivered}, {@code .rejected},
 * {@code .dropped} with the tag {@code reason}, and {@code dreamlake.upload.retries}. Gauges:
 * {@code dreamlake.records.pending}, {@code dreamlake.pending} in bytes, {@code dreamlake.sessions.open}, and
 * {@code dreamlake.pending.age}, the age of the oldest record that the server does not have, or 0 if it has all. The
 * values are those of {@link DreamlakeStatistics#ofProcess}, at most half a second old.
 *
 * <p>With Spring Boot's metrics there is nothing to do. Without them, bind the meters in code, or to the global
 * registry by {@code <metricsEnabled>true</metricsEnabled>}:
 *
 * <pre>{@code
 * new DreamlakeMetrics().bindTo(registry);
 * }</pre>
 *
 * <p>Binding twice does no harm. Thread-safe.
 *
 * @since 0.2.0
 */
public final class DreamlakeMetrics implements MeterBinder {

    /** Meters that are read together share one snapshot, because making it reads the lengths of files. */
    private static final Duration MAX_AGE = Duration.ofMillis(500);

    /** The statistics of all appenders. Always reachable, because a registry only weakly refers to what it counts. */
    private static final class Snapshot {
        private Map<String, DreamlakeStatistics> statistics = Map.of();
        private @Nullable Long time;

        synchronized @Nullable DreamlakeStatistics of(String appender) {
            long now = System.nanoTime();
            if (time == null || now - time >= MAX_AGE.toNanos()) {
                statistics = DreamlakeStatistics.ofProcess();
                time = now;
            }
            return statistics.get(appender);
        }
    }

    private static final Snapshot SNAPSHOT = new Snapshot();

    private final Iterable<Tag> tags;

    /** Creates meters without further tags. */
    public DreamlakeMetrics() {
        this(Tags.empty());
    }

    /**
     * Creates meters with further tags.
     *
     * @param tags for all meters, in addition to {@code appender}
     */
    public DreamlakeMetrics(Iterable<Tag> tags) {
        this.tags = tags;
    }

    /** Binds the meters to Micrometer's global registry. The appender's {@code metricsEnabled} calls this. */
    public static void bindToGlobalRegistry() {
        new DreamlakeMetrics().bindTo(Metrics.globalRegistry);
    }

    /**
     * Binds the meters of all appenders that were started before this call. Appenders whose meters are bound already
     * are skipped.
     *
     * @param registry gets the meters
     */
    @Override
    public void bindTo(MeterRegistry registry) {
        DreamlakeStatistics.ofProcess().keySet().forEach(name -> bind(name, registry));
    }

    private void bind(String name, MeterRegistry registry) {
        Tags all = Tags.concat(tags, "appender", name);
        if (registry.find("dreamlake.records.accepted").tags(all).meter() != null) {
            return; // Micrometer warns of meters that are registered twice
        }
        count("records.accepted", "Events that reached the appender", all, name, DreamlakeStatistics::accepted)
                .register(registry);
        count("records.written", "Records written to logs on disk", all, name, DreamlakeStatistics::written)
                .register(registry);
        count("records.delivered", "Records that the server has", all, name, DreamlakeStatistics::delivered)
                .register(registry);
        count("records.rejected", "Records that the server refused", all, name, DreamlakeStatistics::rejected)
                .register(registry);
        for (DropReason reason : DropReason.values()) {
            Tags ofReason = all.and("reason", reason.name().toLowerCase(Locale.ROOT));
            count("records.dropped", "Events that were lost", ofReason, name, now -> lost(now, reason))
                    .register(registry);
        }
        count("upload.retries", "Delivery attempts that failed", all, name, DreamlakeStatistics::retries)
                .register(registry);
        gauge(
                        "records.pending",
                        "Events being written, or waiting for the server",
                        all,
                        name,
                        DreamlakeStatistics::pending)
                .register(registry);
        gauge("pending", "Bytes of logs that the server does not have", all, name, DreamlakeStatistics::pendingBytes)
                .baseUnit(BaseUnits.BYTES)
                .register(registry);
        gauge("sessions.open", "Sessions whose log is open", all, name, DreamlakeStatistics::openSessions)
                .register(registry);
        TimeGauge.builder("dreamlake.pending.age", SNAPSHOT, TimeUnit.MILLISECONDS, snapshot -> age(snapshot, name))
                .description("Age of the oldest record that the server does not have")
                .tags(all)
                .register(registry);
    }

    private static FunctionCounter.Builder<Snapshot> count(
            String meter, String description, Tags tags, String name, ToDoubleFunction<DreamlakeStatistics> value) {
        return FunctionCounter.builder("dreamlake." + meter, SNAPSHOT, snapshot -> value(snapshot, name, value))
                .description(description)
                .tags(tags);
    }

    private static Gauge.Builder<Snapshot> gauge(
            String meter, String description, Tags tags, String name, ToDoubleFunction<DreamlakeStatistics> value) {
        return Gauge.builder("dreamlake." + meter, SNAPSHOT, snapshot -> value(snapshot, name, value))
                .description(description)
                .tags(tags);
    }

    private static double lost(DreamlakeStatistics now, DropReason reason) {
        return now.dropped().getOrDefault(reason, 0L);
    }

    private static double value(Snapshot snapshot, String name, ToDoubleFunction<DreamlakeStatistics> value) {
        DreamlakeStatistics now = snapshot.of(name);
        return now == null ? 0 : value.applyAsDouble(now);
    }

    private static double age(Snapshot snapshot, String name) {
        DreamlakeStatistics now = snapshot.of(name);
        return now == null || now.oldestPendingAt() == null
                ? 0
                : Math.max(
                        0,
                        Duration.between(now.oldestPendingAt(), Instant.now()).toMillis());
    }
}
