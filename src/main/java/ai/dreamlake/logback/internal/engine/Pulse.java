package ai.dreamlake.logback.internal.engine;

import ai.dreamlake.logback.internal.io.ProcessFigures;
import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.LoggingEvent;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.KeyValuePair;

/**
 * Records at regular intervals how much memory, processor time, threads and files the process uses, so that the curve
 * before a kill survives the kill. It has a daemon thread, which sleeps between the records.
 */
final class Pulse {

    private final Duration interval;
    private final Consumer<ILoggingEvent> target;
    private final StatusReporter status;
    private final String threadName;
    private final ProcessFigures figures = new ProcessFigures();
    private @Nullable ScheduledExecutorService scheduler;
    private boolean hasFailed;

    /**
     * @param target receives the records as events without an MDC, which belong to the appender's own session; must
     *     throw nothing
     */
    Pulse(Duration interval, Consumer<ILoggingEvent> target, StatusReporter status, String threadName) {
        this.interval = interval;
        this.target = target;
        this.status = status;
        this.threadName = threadName;
    }

    /** The first record comes after an interval, so that nothing is written for an application that logs nothing. */
    void start() {
        ScheduledExecutorService scheduler = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread thread = new Thread(task, threadName);
            thread.setDaemon(true);
            return thread;
        });
        this.scheduler = scheduler;
        try {
            scheduler.scheduleWithFixedDelay(this::beat, interval.toNanos(), interval.toNanos(), TimeUnit.NANOSECONDS);
        } catch (OutOfMemoryError noThread) {
            status.warn("cannot record what <pulse> asks for: " + noThread);
        }
    }

    /** Returns at once. A record that is under way may still be written. */
    void stop() {
        if (scheduler != null) {
            scheduler.shutdown();
        }
    }

    private void beat() {
        try {
            LoggingEvent event = new LoggingEvent();
            event.setInstant(Instant.now());
            event.setLevel(Level.DEBUG);
            event.setLoggerName("ai.dreamlake.logback.pulse");
            event.setThreadName(threadName);
            event.setMessage("Pulse");
            event.setMDCPropertyMap(Map.of());
            event.setCallerData(new StackTraceElement[0]); // otherwise it would ask a LoggerContext
            event.addKeyValuePair(new KeyValuePair("dreamlake_pulse", figures.read()));
            target.accept(event);
        } catch (Throwable failure) { // otherwise the scheduler would end without a word
            if (!hasFailed) {
                hasFailed = true;
                status.warn("cannot record what <pulse> asks for: " + failure);
            }
        }
    }
}
