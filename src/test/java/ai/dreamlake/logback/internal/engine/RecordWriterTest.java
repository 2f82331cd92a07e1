package ai.dreamlake.logback.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import ai.dreamlake.logback.internal.journal.LogFile;
import ai.dreamlake.logback.internal.journal.Storage;
import ai.dreamlake.logback.internal.record.RecordEncoder;
import ai.dreamlake.logback.internal.record.RecordLevel;
import ai.dreamlake.logback.internal.record.RecordSettings;
import ai.dreamlake.logback.internal.session.SessionKeys;
import ai.dreamlake.logback.testing.Logging;
import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.spi.LoggingEvent;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RecordWriterTest {

    @TempDir
    Path root;

    @Test
    void recordsAtTheFsyncLevelAndAboveAreForcedBeforeTheCallReturns() {
        List<RecordLevel> levels = new ArrayList<>();
        try (Logging logging = Logging.to(root.resolve("unused"))) {
            for (RecordLevel forcedFrom : RecordLevel.values()) {
                AtomicInteger forced = new AtomicInteger();
                StatusReporter status = new StatusReporter(logging.appender, System::nanoTime);
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
