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

    DreamlakeStatistics snapshot(int openSessions) {
        // What is done is read before what was begun: so pending is never negative.
        Map<DropReason, Long> dropped = new EnumMap<>(DropReason.class);
        this.dropped.forEach((reason, count) -> dropped.put(reason, count.sum()));
        long done = written.sum();
        long lost = dropped.values().stream().mapToLong(Long::longValue).sum();
        long begun = accepted.sum();
        return new DreamlakeStatistics(begun, done, begun - done - lost, dropped, openSessions);
    }
}
