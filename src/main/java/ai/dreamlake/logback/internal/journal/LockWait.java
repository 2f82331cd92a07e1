package ai.dreamlake.logback.internal.journal;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Waits until another process releases a session's lock, but not forever: it may be stopped in a debugger. Used under
 * the journal's monitor, which is free while a thread waits.
 */
final class LockWait {

    /** How long a record waits for the lock. */
    static final long MAX_WAIT_NANOS = TimeUnit.SECONDS.toNanos(10);

    /** After a wait in vain, how often one record waits again, and how long. The others fail at once. */
    static final long RETRY_INTERVAL_NANOS = TimeUnit.SECONDS.toNanos(1);

    static final long MAX_RETRY_WAIT_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private static final long POLL_MILLIS = 1;

    private final SessionLock lock;
    private final Path directory;
    private final LongSupplier nanoTime;
    private boolean failing;
    private long failingSince;

    /** How many records wait. Written under the monitor. */
    private volatile int waiting;

    LockWait(SessionLock lock, Path directory, LongSupplier nanoTime) {
        this.lock = lock;
        this.directory = directory;
        this.nanoTime = nanoTime;
    }

    /** Whether records wait at this moment. Any thread may ask. */
    boolean isUnderWay() {
        return waiting > 0;
    }

    /**
     * Takes the lock. An interrupted thread waits, too, and stays interrupted.
     *
     * @throws SessionLockedException if another process does not release it in time
     */
    void take(Object monitor) throws IOException {
        long start = nanoTime.getAsLong();
        long patience = patience(start);
        boolean interrupted = false;
        waiting++;
        try {
            while (!lock.tryTake()) {
                if (nanoTime.getAsLong() - start >= patience) {
                    giveUp(patience);
                }
                try {
                    monitor.wait(POLL_MILLIS);
                } catch (InterruptedException e) {
                    interrupted = true; // clears the flag, so that the next wait does wait
                }
            }
            failing = false;
        } finally {
            waiting--;
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private void giveUp(long patience) throws IOException {
        lock.release(); // the place in the queue: a process that does not wait must not delay others
        if (patience > 0) {
            failing = true;
            failingSince = nanoTime.getAsLong();
        }
        throw new SessionLockedException(directory);
    }

    /** A busy process releases the lock only to one that waits. So somebody has to wait now and then. */
    private long patience(long now) {
        if (!failing) {
            return MAX_WAIT_NANOS;
        }
        return now - failingSince < RETRY_INTERVAL_NANOS ? 0 : MAX_RETRY_WAIT_NANOS;
    }
}
