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
 * Meters of what becomes of events, for each appender that has been started by the time of binding. All have the tag
 * {@code appender}, its name. They go on through stops, starts and resets of Logback.
 *
 * <p>Counters: {@code dreamlake.records.accepted}, {@code .written}, {@code .delivered}, {@code .rejected},
 * {@code .dropped} with the tag {@code reason}, and {@code dreamlake.upload.retries}. Gauges:
 * {@code dreamlake.records.pending}, {@code dreamlake.pending} in bytes, {@code dreamlake.sessions.open}, and
 * {@code dreamlake.pending.age}, the age of the oldest record that the server does not have, 0 if it has all. They say
 * what {@link DreamlakeStatistics#ofProcess} says.
 *
 * <p>With Spring Boot's metrics there is nothing to do. Without it, add this in code or, for the global registry, by
 * {@code <metricsEnabled>true</metricsEnabled>}:
 *
 * <pre>{@code
 * new DreamlakeMetrics().bindTo(registry);
 * }</pre>
 *
 * <p>Binding twice does no harm. Thread-safe.
 */
public final class DreamlakeMetrics implements MeterBinder {

    /** One look serves for all meters that are read together: it reads the lengths of files. */
    private static final Duration MAX_AGE = Duration.ofMillis(500);

    /** A look at all appenders. Always reachable: a registry holds what its counters count weakly. */
    private static final class Look {
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

    private static final Look LOOK = new Look();

    private final Iterable<Tag> tags;

    /** Without further tags. */
    public DreamlakeMetrics() {
        this(Tags.empty());
    }

    /** @param tags for all meters, beside {@code appender} */
    public DreamlakeMetrics(Iterable<Tag> tags) {
        this.tags = tags;
    }

    /** Binds the meters to Micrometer's global registry, for the appender's {@code metricsEnabled}. */
    public static void bindToGlobalRegistry() {
        new DreamlakeMetrics().bindTo(Metrics.globalRegistry);
    }

    @Override
    public void bindTo(MeterRegistry registry) {
        DreamlakeStatistics.ofProcess().keySet().forEach(name -> bind(name, registry));
    }

    private void bind(String name, MeterRegistry registry) {
        Tags all = Tags.concat(tags, "appender", name);
        if (registry.find("dreamlake.records.accepted").tags(all).meter() != null) {
            return; // Micrometer would warn
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
        count("upload.retries", "Attempts to deliver that failed", all, name, DreamlakeStatistics::retries)
                .register(registry);
        gauge("records.pending", "Events on their way", all, name, DreamlakeStatistics::pending)
                .register(registry);
        gauge("pending", "Logs that the server does not have", all, name, DreamlakeStatistics::pendingBytes)
                .baseUnit(BaseUnits.BYTES)
                .register(registry);
        gauge("sessions.open", "Sessions whose log is open", all, name, DreamlakeStatistics::openSessions)
                .register(registry);
        TimeGauge.builder("dreamlake.pending.age", LOOK, TimeUnit.MILLISECONDS, look -> age(look, name))
                .description("Age of the oldest record that the server does not have")
                .tags(all)
                .register(registry);
    }

    private static FunctionCounter.Builder<Look> count(
            String meter, String description, Tags tags, String name, ToDoubleFunction<DreamlakeStatistics> value) {
        return FunctionCounter.builder("dreamlake." + meter, LOOK, look -> value(look, name, value))
                .description(description)
                .tags(tags);
    }

    private static Gauge.Builder<Look> gauge(
            String meter, String description, Tags tags, String name, ToDoubleFunction<DreamlakeStatistics> value) {
        return Gauge.builder("dreamlake." + meter, LOOK, look -> value(look, name, value))
                .description(description)
                .tags(tags);
    }

    private static double lost(DreamlakeStatistics now, DropReason reason) {
        return now.dropped().getOrDefault(reason, 0L);
    }

    private static double value(Look look, String name, ToDoubleFunction<DreamlakeStatistics> value) {
        DreamlakeStatistics now = look.of(name);
        return now == null ? 0 : value.applyAsDouble(now);
    }

    private static double age(Look look, String name) {
        DreamlakeStatistics now = look.of(name);
        return now == null || now.oldestPendingAt() == null
                ? 0
                : Math.max(
                        0,
                        Duration.between(now.oldestPendingAt(), Instant.now()).toMillis());
    }
}
