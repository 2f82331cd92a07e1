package ai.dreamlake.logback.internal.upload;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.LongConsumer;

/**
 * The records of one session that this appender wrote and the server does not have yet. A record is counted in the
 * {@link Books} before any method reports it as no longer pending. Thread-safe.
 */
final class PendingRecords {

    /** Records are reported a moment after they were written, so the latest runs of numbers are enough. */
    private static final int MAX_DONE_RUNS = 64;

    private final Books books;

    /** Whether {@link #reserve} has something to do. */
    private volatile boolean crowded;

    // Guarded by this.

    private final UnacknowledgedRecords unacknowledged = new UnacknowledgedRecords();

    /** Numbers that are done, the latest last. */
    private Deque<Numbers.Run> done = new ArrayDeque<>(1);

    /** One past the last number that is done. */
    private long doneEnd;

    PendingRecords(Books books) {
        this.books = books;
    }

    /** Makes room to note more records if little is left. If memory runs out, they are noted less exactly. */
    void reserve() {
        if (crowded) {
            synchronized (this) {
                try {
                    unacknowledged.reserve();
                } catch (OutOfMemoryError later) {
                    return;
                }
                crowded = unacknowledged.isCrowded();
            }
        }
    }

    /** Releases the memory that is not needed while nothing happens. */
    synchronized void trim() {
        unacknowledged.trim();
        crowded = unacknowledged.isCrowded();
        done = new ArrayDeque<>(1); // every record that was written has been noted
    }

    /**
     * Notes records. Allocates nothing.
     *
     * @param count how many there are; their numbers are consecutive
     */
    synchronized void wrote(long first, long count) {
        unacknowledged.wrote(first, count);
        crowded = unacknowledged.isCrowded();
    }

    synchronized long count() {
        return unacknowledged.pending();
    }

    /** Whether any record below a number is pending. */
    synchronized boolean isPendingBelow(long number) {
        return unacknowledged.isPendingBelow(number);
    }

    /** Nothing is pending once everything below this number is done. */
    synchronized long end() {
        return unacknowledged.end();
    }

    /** The server has a batch. */
    void delivered(Batch batch) {
        settle(batch, books::delivered);
    }

    /** The server refused a record for good. */
    void rejected(Batch record) {
        settle(record, books::rejected);
    }

    /**
     * Marks the numbers of a batch as done, but not those between them: if others do not write in order, those may
     * belong to later records.
     */
    private synchronized void settle(Batch batch, LongConsumer account) {
        batch.numbers().runs().forEach(this::note); // first, as it allocates: what is marked must be counted
        doneEnd = batch.numbers().next();
        long before = unacknowledged.pending();
        for (Numbers.Run run : batch.numbers().runs()) {
            unacknowledged.doneBetween(run.first(), run.next());
        }
        account.accept(before - unacknowledged.pending());
    }

    /**
     * Marks records that others have delivered since the last look, and records that were noted only after they were
     * delivered. If another appender dropped some of these records, they count as delivered, too: it reports the loss
     * to the server, but not to us.
     */
    synchronized void deliveredUntil(long number) {
        if (number < doneEnd) {
            done.clear(); // the log has started over, and so have its numbers
        }
        if (number > doneEnd) {
            note(new Numbers.Run(doneEnd, number));
        }
        doneEnd = number;
        long before = unacknowledged.pending();
        for (Numbers.Run run : done) {
            unacknowledged.doneBetween(run.first(), run.next());
        }
        books.delivered(before - unacknowledged.pending());
    }

    private void note(Numbers.Run run) {
        Numbers.Run last = done.peekLast();
        if (last != null && last.next() == run.first()) {
            done.removeLast();
            done.addLast(new Numbers.Run(last.first(), run.next()));
        } else {
            done.addLast(run);
        }
        if (done.size() > MAX_DONE_RUNS) {
            done.removeFirst();
        }
    }

    /** Everything below a number is delivered. */
    synchronized void deliveredBelow(long number) {
        books.delivered(unacknowledged.doneBelow(number));
    }

    /** Records from one number up to another were deleted unsent. */
    synchronized void lostBetween(long first, long next) {
        books.lost(unacknowledged.doneBetween(first, next));
    }

    /** Everything below a number is gone and will never be delivered. Returns how many records were pending. */
    synchronized long goneBelow(long number) {
        long gone = unacknowledged.dropBelow(number);
        books.lost(gone);
        return gone;
    }
}
