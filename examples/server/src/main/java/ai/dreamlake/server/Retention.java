package ai.dreamlake.server;

import ai.dreamlake.server.store.LogStore;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Deletes the records that were stored more than some time ago. In pieces, with pauses between, so that others get
 * their turn; once all are deleted, it looks again in an hour. What fails is tried again.
 */
final class Retention implements AutoCloseable {

    /** Records that are deleted at a time. */
    static final int PIECE = 2000;

    /** Between two pieces. A piece takes some 20 ms. */
    static final Duration PAUSE = Duration.ofMillis(100);

    /** Until the next look when there is no more to delete. */
    static final Duration REST = Duration.ofHours(1);

    /** Until the next attempt when the store has failed. */
    static final Duration AFTER_FAILURE = Duration.ofMinutes(1);

    private static final Duration LONGEST_STOP = Duration.ofSeconds(10);
    private static final Logger LOG = LoggerFactory.getLogger(Retention.class);

    private final LogStore store;
    private final Duration kept;

    /** For the thread that steps. How many were deleted since the last rest. */
    private long deleted;

    private Thread thread;

    /** Guarded by this. */
    private boolean isClosed;

    /** @param kept how long records are kept */
    Retention(LogStore store, Duration kept) {
        this.store = store;
        this.kept = kept;
    }

    /** Begins, on a thread of its own. To be called once. */
    void start(InstantSource clock) {
        thread = new Thread(() -> run(clock), "dreamlake-retention");
        thread.setDaemon(true);
        thread.start();
    }

    private void run(InstantSource clock) {
        boolean goesOn = true;
        while (goesOn) {
            goesOn = isOpenAfter(step(clock.instant()));
        }
    }

    /**
     * Deletes a piece, if there is one.
     *
     * @return how long to wait before the next step
     */
    Duration step(Instant now) {
        int piece;
        try {
            piece = store.deleteOlderThan(now.minus(kept), PIECE);
        } catch (RuntimeException failure) {
            LOG.warn(
                    "Old records could not be deleted; the next attempt is in {} s",
                    AFTER_FAILURE.toSeconds(),
                    failure);
            return AFTER_FAILURE;
        }
        deleted += piece;
        if (piece >= PIECE) {
            return PAUSE;
        }
        if (deleted > 0) {
            LOG.info("Deleted {} records that were stored more than {} days ago", deleted, kept.toDays());
        }
        deleted = 0;
        return REST;
    }

    /** Waits. False if it is over. */
    private synchronized boolean isOpenAfter(Duration wait) {
        long end = System.nanoTime() + wait.toNanos();
        try {
            for (long left = wait.toNanos(); left > 0 && !isClosed; left = end - System.nanoTime()) {
                wait(left / 1_000_000, (int) (left % 1_000_000));
            }
        } catch (InterruptedException interrupted) {
            return false; // nobody does that
        }
        return !isClosed;
    }

    /** Ends after the current piece. Waits for it, unless the store hangs. */
    @Override
    public void close() {
        synchronized (this) {
            isClosed = true;
            notifyAll();
        }
        try {
            thread.join(LONGEST_STOP.toMillis());
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
