package ai.dreamlake.logback.internal.engine;

import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What happened to an appender's events, as {@code DreamlakeStatistics} reports it. */
public record Counts(
        long accepted,
        long written,
        long delivered,
        long pending,
        long rejected,
        Map<DropReason, Long> dropped,
        int openSessions,
        long pendingBytes,
        @Nullable Instant oldestPendingAt,
        long retries,
        @Nullable String lastError) {}
