package ai.dreamlake.logback.internal.engine;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What happened to the events of all appenders with one name, over all their starts. Each start has its own counters;
 * those of ended starts are added up. Thread-safe.
 */
public final class Totals {

    /** A SiftingAppender, for example, may create names without end. Names beyond this number are not counted here. */
    private static final int MAX_NAMES = 1000;

    private static final Map<String, Totals> BY_NAME = new ConcurrentHashMap<>();

    /** An appender from its start until the next start of one with its name. */
    static final class Start {
        private final Counters counters;
        private final boolean hasServer;

        /** Null once nothing runs any more, so that an ended appender is not kept in memory for its counts. */
        private volatile @Nullable Supplier<Counts> running;

        private Start(Counters counters, boolean hasServer, Supplier<Counts> running) {
            this.counters = counters;
            this.hasServer = hasServer;
            this.running = running;
        }

        void ended() {
            running = null;
        }

        private Counts now() {
            Supplier<Counts> running = this.running;
            return running == null ? counters.snapshot(hasServer) : running.get();
        }
    }

    // Guarded by this.

    /** The sum of the starts that have ended. */
    private Counts ended = new Counters().snapshot(false);

    /** The starts that may still be running, and the last one; in their order. */
    private final List<Start> starts = new ArrayList<>();

    private Totals() {}

    /** @param running supplies its counts until it ends */
    static Start started(String name, Counters counters, boolean hasServer, Supplier<Counts> running) {
        Start start = new Start(counters, hasServer, running);
        if (BY_NAME.size() < MAX_NAMES || BY_NAME.containsKey(name)) {
            BY_NAME.computeIfAbsent(name, absent -> new Totals()).add(start);
        }
        return start;
    }

    private synchronized void add(Start start) {
        for (Start earlier : List.copyOf(starts)) {
            if (earlier.running == null) { // only now, since an event that was under way at the end is counted later
                ended = sum(ended, earlier.counters);
                starts.remove(earlier);
            }
        }
        starts.add(start);
    }

    /** The counts by appender name. */
    public static Map<String, Counts> byName() {
        Map<String, Counts> all = new HashMap<>();
        BY_NAME.forEach((name, totals) -> {
            Counts counts = totals.counts();
            if (counts != null) {
                all.put(name, counts);
            }
        });
        return all;
    }

    /** Null for a name that is just being added. */
    private @Nullable Counts counts() {
        Counts sum;
        Start last;
        synchronized (this) {
            if (starts.isEmpty()) {
                return null;
            }
            sum = ended;
            for (Start start : starts) {
                sum = sum(sum, start.counters);
            }
            last = starts.get(starts.size() - 1);
        }
        Counts now = last.now(); // under no lock: this reads files
        return new Counts(
                sum.accepted(),
                sum.written(),
                sum.delivered(),
                now.pending(),
                sum.rejected(),
                sum.dropped(),
                now.openSessions(),
                now.pendingBytes(),
                now.oldestPendingAt(),
                sum.retries(),
                now.lastError());
    }

    private static Counts sum(Counts sum, Counters more) {
        Counts counts = more.snapshot(false);
        Map<DropReason, Long> dropped = new EnumMap<>(sum.dropped());
        counts.dropped().forEach((reason, events) -> dropped.merge(reason, events, Long::sum));
        return new Counts(
                sum.accepted() + counts.accepted(),
                sum.written() + counts.written(),
                sum.delivered() + more.deliveredByUs(),
                0,
                sum.rejected() + counts.rejected(),
                dropped,
                0,
                0,
                null,
                sum.retries() + counts.retries(),
                null);
    }
}
