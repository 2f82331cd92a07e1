package ai.dreamlake.logback.internal.engine;

import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/** Counts what becomes of the events (I6). Thread-safe. */
final class Counters {

    private final LongAdder accepted = new LongAdder();
    private final LongAdder written = new LongAdder();
    private final LongAdder delivered = new LongAdder();
    private final LongAdder rejected = new LongAdder();
    private final Map<DropReason, LongAdder> dropped = new EnumMap<>(DropReason.class);
    private final LongAdder retries = new LongAdder();
    private volatile @Nullable String lastError;

    Counters() {
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

    void delivered(long records) {
        delivered.add(records);
    }

    void rejected(long records) {
        rejected.add(records);
    }

    void dropped(DropReason reason, long records) {
        Objects.requireNonNull(dropped.get(reason)).add(records);
    }

    void retried() {
        retries.increment();
    }

    void failed(String error) {
        lastError = error;
    }

    /** @param hasServer whether an event is done only when a server has it */
    Counts snapshot(boolean hasServer, int openSessions, long pendingBytes) {
        // What is done is read before what was begun. So pending is never negative.
        long delivered = this.delivered.sum();
        long rejected = this.rejected.sum();
        Map<DropReason, Long> dropped = new EnumMap<>(DropReason.class);
        this.dropped.forEach((reason, count) -> dropped.put(reason, count.sum()));
        long written = this.written.sum();
        long lost = dropped.values().stream().mapToLong(Long::longValue).sum();
        long accepted = this.accepted.sum();
        long done = hasServer ? delivered + rejected : written;
        return new Counts(
                accepted,
                written,
                delivered,
                accepted - done - lost,
                rejected,
                dropped,
                openSessions,
                pendingBytes,
                retries.sum(),
                lastError);
    }
}
