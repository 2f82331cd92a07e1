package ai.dreamlake.logback;

import ai.dreamlake.logback.DreamlakeStatistics.DropReason;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

/** Counts what becomes of the events (I6). Thread-safe. */
final class Books {

    private final LongAdder accepted = new LongAdder();
    private final LongAdder written = new LongAdder();
    private final Map<DropReason, LongAdder> dropped = new EnumMap<>(DropReason.class);

    Books() {
        for (DropReason reason : DropReason.values()) {
            dropped.put(reason, new LongAdder());
        }
    }

    void accepted() {
        accepted.increment();
    }

    void written() {
        written.increment();
    }

    void dropped(DropReason reason) {
        dropped.get(reason).increment();
    }

    /** @param uploads null where there is no server */
    DreamlakeStatistics snapshot(int openSessions, UploadBooks uploads, long pendingBytes) {
        // What is done is read before what was begun: so pending is never negative.
        long delivered = uploads == null ? 0 : uploads.delivered();
        long rejected = uploads == null ? 0 : uploads.rejected();
        Map<DropReason, Long> dropped = new EnumMap<>(DropReason.class);
        this.dropped.forEach((reason, count) -> dropped.put(reason, count.sum()));
        if (uploads != null) {
            dropped.merge(DropReason.SPOOL, uploads.dropped(), Long::sum);
        }
        long written = this.written.sum();
        long lost = dropped.values().stream().mapToLong(Long::longValue).sum();
        long accepted = this.accepted.sum();
        long done = uploads == null ? written : delivered + rejected;
        return new DreamlakeStatistics(
                accepted,
                written,
                delivered,
                accepted - done - lost,
                rejected,
                dropped,
                openSessions,
                pendingBytes,
                uploads == null ? 0 : uploads.retries(),
                uploads == null ? null : uploads.lastError());
    }
}
