package ai.dreamlake.logback.internal.journal;

import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Lets one thread write for several, when several log into one session at once. Measured with two cores:
 *
 * <pre>
 *   a write of two lines                                 1.2 times a write of one
 *   a write by a core that did not write before           2   times
 *   to let another thread run                             1.5 times
 *   to sleep and be woken                                20   times
 * </pre>
 *
 * So a thread that finds company offers its line and stays awake for a moment, and the thread that wrote for others
 * before goes on writing.
 *
 * <p>All this is about time alone. Who offered a line asks under the journal's monitor whether it is done, and writes
 * it if not; so each field here is a hint, and an offer that is lost, or left lying, does no harm.
 */
final class GroupCommit {

    /** A longer line gains little from being written together with others. */
    static final int MAX_LINE = 2048;

    /** How long a thread looks whether its line is done before it lets others run: some microseconds. */
    private static final int LOOKS = 300;

    /** The same, when it has its core back. */
    private static final int LATER_LOOKS = 20;

    /** How often it does that before it goes to sleep. */
    private static final int ROUNDS = 50;

    /** The leader steps down after this many uncontended writes. */
    private static final int MAX_ALONE = 10;

    private final AtomicReference<@Nullable OfferedLine> lastOffered = new AtomicReference<>(null);
    private volatile boolean writing;

    /** The id of the thread that writes for others, or 0. */
    private volatile long leader;

    /** How many times in a row it had no company. Guarded by the journal's monitor. */
    private int alone;

    /** Whether to offer a line first. */
    boolean hasCompany() {
        return writing || leader != 0 && leader != Thread.currentThread().getId();
    }

    /** Offers a line, and waits a moment for somebody to write it. */
    void offer(OfferedLine line) {
        OfferedLine before;
        do {
            before = lastOffered.get();
            line.next = before;
        } while (!lastOffered.compareAndSet(before, line));
        for (int round = 0; round < ROUNDS; round++) {
            for (int look = 0; look < (round == 0 ? LOOKS : LATER_LOOKS); look++) {
                if (line.done) {
                    return;
                }
                Thread.onSpinWait();
            }
            if (!writing) {
                return;
            }
            Thread.yield(); // the writing thread may have lost its core
        }
    }

    /** All lines on offer, linked in the order in which they came; or null. */
    @Nullable
    OfferedLine take() {
        OfferedLine oldest = null;
        OfferedLine line = lastOffered.get() == null ? null : lastOffered.getAndSet(null); // a look is cheaper
        while (line != null) {
            OfferedLine before = line.next;
            line.next = oldest;
            oldest = line;
            line = before;
        }
        return oldest;
    }

    /** The thread that has the monitor begins, or ends, its work there. */
    void setWriting(boolean writing) {
        this.writing = writing;
    }

    /** The thread that has the monitor is about to write. */
    void writes(boolean forOthers) {
        if (!forOthers && leader == 0) {
            return;
        }
        alone = forOthers ? 0 : alone + 1;
        long now = alone > MAX_ALONE ? 0 : Thread.currentThread().getId();
        if (leader != now) {
            leader = now;
        }
    }
}
