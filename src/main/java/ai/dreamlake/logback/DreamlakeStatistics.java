package ai.dreamlake.logback;

import ai.dreamlake.logback.internal.engine.Counts;
import ai.dreamlake.logback.internal.engine.Totals;
import java.time.Instant;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What became of an appender's events since its last start. An immutable snapshot whose sums always balance:
 * {@code accepted = written + pending + dropped} without a server, and {@code accepted = delivered + pending + rejected
 * + dropped} with one.
 *
 * @param accepted events that reached the appender, passed its filters, and belong to a session
 * @param written events whose record was written to its session's log; it may have been deleted since
 * @param delivered events whose record the server has; 0 without a server. Records of earlier runs are not counted
 * @param pending events in progress at this moment: being written, or waiting for the server
 * @param rejected events whose record the server refused for good
 * @param dropped events that were lost, by reason; every reason is present, most of them with 0. Unmodifiable
 * @param openSessions sessions whose log is open at this moment
 * @param pendingBytes bytes of logs that the server does not have yet, whoever wrote them, in all sessions that the
 *     appender knows; 0 without a server
 * @param oldestPendingAt when the oldest record in those logs was logged; null if there is none, or without a server.
 *     If thousands of sessions wait, the modification time of some files replaces the time of the record
 * @param retries how many delivery attempts failed and were, or will be, repeated
 * @param lastError the last problem with delivery, such as "HTTP 503"; null if there was none. It never contains a
 *     record's content
 * @since 0.1.0
 */
public record DreamlakeStatistics(
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
        @Nullable String lastError) {

    /**
     * Why an event was lost.
     *
     * @since 0.1.0
     */
    public enum DropReason {
        /** The log could not be written: full disk, read-only directory, broken device. */
        DISK,
        /** Another process held the session's lock for ten seconds. */
        LOCKED,
        /** A value's {@code toString} or getter logged the value itself, recursively. */
        RECURSION,
        /** The spool reached its limit, or somebody deleted the log, before the server had the record. */
        SPOOL,
        /** An unexpected error, or a JVM in trouble, for example out of memory. */
        ERROR
    }

    /**
     * Creates a snapshot of the given values.
     *
     * @param accepted see {@link #accepted()}
     * @param written see {@link #written()}
     * @param delivered see {@link #delivered()}
     * @param pending see {@link #pending()}
     * @param rejected see {@link #rejected()}
     * @param dropped see {@link #dropped()}; is copied
     * @param openSessions see {@link #openSessions()}
     * @param pendingBytes see {@link #pendingBytes()}
     * @param oldestPendingAt see {@link #oldestPendingAt()}
     * @param retries see {@link #retries()}
     * @param lastError see {@link #lastError()}
     * @throws NullPointerException if {@code dropped} is null, or contains null
     */
    public DreamlakeStatistics {
        dropped = Map.copyOf(dropped);
    }

    /**
     * Counts what became of the events of each appender since this class was loaded, over all its starts and stops. It
     * is for metrics libraries, whose counters must never fall. Any thread may call this at any time.
     *
     * <p>Here {@code delivered} counts every record that the server acknowledged, including those of earlier runs.
     * Pending events, open sessions, pending bytes and the last error are those of the last start. So the sums do not
     * balance.
     *
     * @return the statistics by appender name; an appender that was never started has no entry
     * @since 0.2.0
     */
    public static Map<String, DreamlakeStatistics> ofProcess() {
        Map<String, DreamlakeStatistics> statistics = new HashMap<>();
        Totals.byName().forEach((name, counts) -> statistics.put(name, of(counts)));
        return statistics;
    }

    static DreamlakeStatistics of(Counts counts) {
        Map<DropReason, Long> dropped = new EnumMap<>(DropReason.class);
        counts.dropped().forEach((reason, events) -> dropped.put(DropReason.valueOf(reason.name()), events));
        return new DreamlakeStatistics(
                counts.accepted(),
                counts.written(),
                counts.delivered(),
                counts.pending(),
                counts.rejected(),
                dropped,
                counts.openSessions(),
                counts.pendingBytes(),
                counts.oldestPendingAt(),
                counts.retries(),
                counts.lastError());
    }

    /** {@return the number of lost events, for all reasons together} */
    public long droppedInAll() {
        return dropped.values().stream().mapToLong(Long::longValue).sum();
    }
}
