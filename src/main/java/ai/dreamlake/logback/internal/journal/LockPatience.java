package ai.dreamlake.logback.internal.journal;

import java.util.concurrent.TimeUnit;

/**
 * How long a record waits for another process that holds the session's lock. Usually microseconds, but a debugger may
 * have stopped that process in the middle of a write. Thread-safe.
 */
final class LockPatience {

    /** How long a record waits for the lock. */
    static final long MAX_WAIT_NANOS = TimeUnit.SECONDS.toNanos(10);

    /** After a wait has failed, one record per interval waits again. The others fail at once. */
    static final long RETRY_INTERVAL_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** How long that one record waits. */
    static final long MAX_RETRY_WAIT_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    /** Written under the monitor. */
    private volatile boolean failing;

    // Guarded by this.
    private long failedAt;

    /** The longest that a record arriving now may wait. */
    synchronized long maxWait(long now) {
        if (!failing) {
            return MAX_WAIT_NANOS;
        }
        if (now - failedAt < RETRY_INTERVAL_NANOS) {
            return 0;
        }
        failedAt = now; // the next records do not wait
        return MAX_RETRY_WAIT_NANOS;
    }

    synchronized void failed(long now) {
        failing = true;
        failedAt = now;
    }

    /** Almost free for a record that did not wait. */
    void succeeded() {
        if (failing) {
            synchronized (this) {
                failing = false;
            }
        }
    }
}
