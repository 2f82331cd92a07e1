package ai.dreamlake.logback.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import ai.dreamlake.logback.internal.journal.LogFile;
import ai.dreamlake.logback.internal.journal.Storage;
import ai.dreamlake.logback.internal.record.RecordEncoder;
import ai.dreamlake.logback.internal.record.RecordLevel;
import ai.dreamlake.logback.internal.record.RecordSettings;
import ai.dreamlake.logback.internal.session.SessionKeys;
import ai.dreamlake.logback.support.Logging;
import ai.dreamlake.logback.support.SessionOnDisk;
import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.core.spi.ContextAwareBase;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class RecordWriterTest {

    @TempDir
    Path root;

    @Test
    void recordsAtTheFsyncLevelAndAboveAreForcedBeforeTheCallReturns() {
        List<RecordLevel> levels = new ArrayList<>();
        try (Logging logging = Logging.to(root.resolve("unused"))) {
            for (RecordLevel forcedFrom : RecordLevel.values()) {
                AtomicInteger forced = new AtomicInteger();
                StatusReporter status =
                        new StatusReporter(logging.appender, "test", "<localPath>", line -> {}, System::nanoTime);
                Sessions sessions = new Sessions(
                        root, new CountingStorage(forced), 10, Long.MAX_VALUE / 2, 0, "test", status, System::nanoTime);
                RecordWriter writer = new RecordWriter(
                        new SessionKeys("w", "s", "p", "forced-from-" + forcedFrom),
                        false,
                        new RecordEncoder(new RecordSettings(), 512 * 1024, Set.of()),
                        forcedFrom,
                        sessions,
                        new Counters(),
                        status);
                int before = 0;
                for (Level level : List.of(Level.DEBUG, Level.INFO, Level.WARN, Level.ERROR)) {
                    writer.append(new LoggingEvent("x", logging.log, level, "m", null, null));
                    if (forced.get() > before) {
                        before = forced.get();
                        levels.add(forcedFrom);
                    }
                }
                sessions.close();
            }
        }
        assertThat(levels)
                .as("DEBUG forces all four levels, INFO three, and so on")
                .isEqualTo(List.of(
                        RecordLevel.DEBUG,
                        RecordLevel.DEBUG,
                        RecordLevel.DEBUG,
                        RecordLevel.DEBUG,
                        RecordLevel.INFO,
                        RecordLevel.INFO,
                        RecordLevel.INFO,
                        RecordLevel.WARN,
                        RecordLevel.WARN,
                        RecordLevel.ERROR));
    }

    /** Where to throw something while a record is written. */
    enum Point {
        IN_THE_MDC(false),
        IN_THE_EVENT(false),
        WHILE_THE_LOG_IS_OPENED(false),
        BEFORE_THE_SYSTEM_CALL(false),
        AFTER_THE_SYSTEM_CALL(true),
        WHILE_THE_DEVICE_IS_AWAITED(true),
        IN_THE_STATUS_MANAGER(false);

        final boolean isWritten;

        Point(boolean isWritten) {
            this.isWritten = isWritten;
        }
    }

    static Stream<Arguments> everywhere() {
        return Stream.of(Point.values())
                .flatMap(point -> Stream.of(
                                new StackOverflowError(), new OutOfMemoryError(), new IllegalStateException())
                        .map(thrown -> Arguments.of(point, thrown)));
    }

    @ParameterizedTest
    @MethodSource("everywhere")
    void whateverIsThrownAnywhereTheEventIsCountedOnceAndNothingIsRethrown(Point point, Throwable thrown) {
        Point[] armed = {null};
        Consumer<Point> reached = here -> {
            if (armed[0] == here || armed[0] == Point.IN_THE_STATUS_MANAGER && here == Point.BEFORE_THE_SYSTEM_CALL) {
                sneak(thrown);
            }
        };
        Storage storage = new Storage() {
            @Override
            public LogFile open(File log) throws IOException {
                reached.accept(Point.WHILE_THE_LOG_IS_OPENED);
                return new LogFile(log) {
                    @Override
                    public void write(byte[] bytes, int start, int count) throws IOException {
                        reached.accept(Point.BEFORE_THE_SYSTEM_CALL);
                        super.write(bytes, start, count);
                        reached.accept(Point.AFTER_THE_SYSTEM_CALL);
                    }

                    @Override
                    public void force() {
                        reached.accept(Point.WHILE_THE_DEVICE_IS_AWAITED);
                    }
                };
            }
        };
        ContextAwareBase statuses = new ContextAwareBase() {
            @Override
            public void addWarn(String text) {
                reached.accept(Point.IN_THE_STATUS_MANAGER);
            }

            @Override
            public void addInfo(String text) {
                reached.accept(Point.IN_THE_STATUS_MANAGER);
            }
        };
        StatusReporter status = new StatusReporter(
                statuses, "test", "<localPath>", line -> reached.accept(Point.IN_THE_STATUS_MANAGER), System::nanoTime);
        Sessions sessions = new Sessions(root, storage, 10, Long.MAX_VALUE / 2, 0, "test", status, System::nanoTime);
        Counters counters = new Counters();
        RecordWriter writer = new RecordWriter(
                new SessionKeys("w", "s", "p", "run"),
                false,
                new RecordEncoder(new RecordSettings(), 512 * 1024, Set.of()),
                RecordLevel.DEBUG,
                sessions,
                counters,
                status);
        if (point != Point.WHILE_THE_LOG_IS_OPENED) {
            writer.append(new Event(reached));
        }
        armed[0] = point;
        writer.append(new Event(reached));
        armed[0] = null;
        writer.append(new Event(reached));
        sessions.close();

        Counts counts = counters.snapshot(false);
        int events = point == Point.WHILE_THE_LOG_IS_OPENED ? 2 : 3;
        assertThat(counts.accepted()).isEqualTo(events);
        assertThat(counts.pending()).isZero();
        assertThat(counts.written())
                .as("a failure in an event may cost only a part of it")
                .isBetween(point.isWritten ? events : events - 1L, (long) events);
        SessionOnDisk.of(root, "p", "run").assertGapless((int) counts.written());
    }

    @SuppressWarnings("unchecked")
    private static <T extends Throwable> void sneak(Throwable thrown) throws T {
        throw (T) thrown;
    }

    private static final class Event extends LoggingEvent {
        private final Consumer<Point> reached;

        Event(Consumer<Point> reached) {
            super("x", Logging.newContext().getLogger("test"), Level.INFO, "m", null, null);
            this.reached = reached;
        }

        @Override
        public Map<String, String> getMDCPropertyMap() {
            reached.accept(Point.IN_THE_MDC);
            return Map.of();
        }

        @Override
        public String getFormattedMessage() {
            reached.accept(Point.IN_THE_EVENT);
            return "m";
        }
    }

    /** Counts how often something is forced to the device, and forces nothing. */
    private record CountingStorage(AtomicInteger forced) implements Storage {
        @Override
        public LogFile open(File log) throws IOException {
            return new LogFile(log) {
                @Override
                public void force() {
                    forced.incrementAndGet();
                }
            };
        }
    }
}
