package ai.dreamlake.server;

import ai.dreamlake.server.store.LogStore;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Deletes records after their retention time. It deletes in batches with pauses between them, so that other requests
 * are served as well. When no old records are left, it looks again after an hour. A failed batch is tried again.
 */
final class Retention implements AutoCloseable {

    /** Records deleted at a time. */
    static final int PIECE = 2000;

    /** Between two batches. A batch takes about 20 ms. */
    static final Duration PAUSE = Duration.ofMillis(100);

    /** Until the next look when there is nothing left to delete. */
    static final Duration REST = Duration.ofHours(1);

    /** Until the next attempt after the store has failed. */
    static final Duration AFTER_FAILURE = Duration.ofMinutes(1);

    private static final Duration MAX_STOP = Duration.ofSeconds(10);
    private static final Logger LOG = LoggerFactory.getLogger(Retention.class);

    private final LogStore store;
    private final Duration kept;

    /** Records deleted since the last rest. Used only by the thread that steps. */
    private long deleted;

    private Thread thread;

    /** Guarded by this. */
    private boolean isClosed;

    /** @param kept how long records are kept */
    Retention(LogStore store, Duration kept) {
        this.store = store;
        this.kept = kept;
    }

    /** Starts a thread of its own. Call it once. */
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
     * Deletes one batch of old records, if there are any.
     *
     * @return how long to wait before the next step
     */
    Duration step(Instant now) {
        int piece;
        try {
            piece = store.deleteOlderThan(now.minus(kept), PIECE);
        } catch (RuntimeException failure) {
            LOG.warn("Cannot delete old records; the next attempt is in {} s", AFTER_FAILURE.toSeconds(), failure);
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

    /** Waits. Returns false once this is closed. */
    private synchronized boolean isOpenAfter(Duration wait) {
        long end = System.nanoTime() + wait.toNanos();
        try {
            for (long left = wait.toNanos(); left > 0 && !isClosed; left = end - System.nanoTime()) {
                wait(left / 1_000_000, (int) (left % 1_000_000));
            }
        } catch (InterruptedException interrupted) {
            return false; // nobody interrupts this thread
        }
        return !isClosed;
    }

    /** Ends after the current batch. Waits for that batch, unless the store hangs. */
    @Override
    public void close() {
        synchronized (this) {
            isClosed = true;
            notifyAll();
        }
        try {
            thread.join(MAX_STOP.toMillis());
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
