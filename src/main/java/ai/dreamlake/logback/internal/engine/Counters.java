package ai.dreamlake.logback.internal.engine;

import ai.dreamlake.logback.internal.upload.Backlog;
import ai.dreamlake.logback.internal.upload.Books;
import java.util.EnumMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Counts what happens to events (I6). Thread-safe. */
final class Counters implements Books {

    /** About as many as there are threads that log at the same moment, on most machines; a power of two. */
    private static final int TALLIES = 16;

    /**
     * The events of some of the threads. An event is accepted, and later it is written, or dropped for one reason.
     * Until then it is pending.
     *
     * <p>{@code RecordWriter} increments these fields directly, under this object's monitor, without a call or an
     * allocation. A method could throw when stack or memory is exhausted, and an accepted event would stay pending
     * forever.
     */
    static final class Tally {
        long accepted;
        long written;
        long disk;
        long locked;
        long recursion;
        long error;

        /** Adds these counts. */
        private synchronized void addTo(Tally sum) {
            sum.accepted += accepted;
            sum.written += written;
            sum.disk += disk;
            sum.locked += locked;
            sum.recursion += recursion;
            sum.error += error;
        }
    }

    private final Tally[] tallies = new Tally[TALLIES];

    // Guarded by this.
    private long delivered;
    private long deliveredByUs;
    private long rejected;
    private long spool;
    private long retries;
    private @Nullable String lastError;

    Counters() {
        for (int i = 0; i < TALLIES; i++) {
            tallies[i] = new Tally();
        }
    }

    /** Where this thread counts its events. */
    Tally tally() {
        return tallies[(int) Thread.currentThread().getId() & TALLIES - 1];
    }

    @Override
    public synchronized void delivered(long records) {
        delivered += records;
    }

    @Override
    public synchronized void rejected(long records) {
        rejected += records;
    }

    @Override
    public synchronized void lost(long records) {
        spool += records;
    }

    /** This appender sent records, including those of other processes, and the server has them. */
    synchronized void deliveredByUs(long records) {
        deliveredByUs += records;
    }

    synchronized long deliveredByUs() {
        return deliveredByUs;
    }

    synchronized void retried() {
        retries++;
    }

    synchronized void failed(String error) {
        lastError = error;
    }

    Counts snapshot(boolean hasServer) {
        return snapshot(hasServer, 0, Backlog.NONE);
    }

    /** @param hasServer whether an event is done only when a server has it */
    synchronized Counts snapshot(boolean hasServer, int openSessions, Backlog backlog) {
        // Under this monitor nothing becomes delivered while the events are summed up. So pending is never negative.
        Tally sum = new Tally();
        for (Tally tally : tallies) {
            tally.addTo(sum);
        }
        Map<DropReason, Long> dropped = new EnumMap<>(DropReason.class);
        dropped.put(DropReason.DISK, sum.disk);
        dropped.put(DropReason.LOCKED, sum.locked);
        dropped.put(DropReason.RECURSION, sum.recursion);
        dropped.put(DropReason.SPOOL, spool);
        dropped.put(DropReason.ERROR, sum.error);
        long lost = dropped.values().stream().mapToLong(Long::longValue).sum();
        long done = hasServer ? delivered + rejected : sum.written;
        return new Counts(
                sum.accepted,
                sum.written,
                delivered,
                sum.accepted - done - lost,
                rejected,
                dropped,
                openSessions,
                backlog.bytes(),
                backlog.oldestAt(),
                retries,
                lastError);
    }
}
