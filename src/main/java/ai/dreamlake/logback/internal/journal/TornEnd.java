package ai.dreamlake.logback.internal.journal;

import java.util.concurrent.TimeUnit;

/**
 * Decides when a partial line at a log's end counts as damage. A Python program that no lock excludes may still be
 * writing it, so the log's length must first stay unchanged for a while. Nothing here waits; callers ask again.
 */
final class TornEnd {

    /** A write takes microseconds; the rest is margin for a busy machine. */
    static final long SETTLE_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

    private static final long NONE = -1;

    /** The log's length when its torn end was first seen. */
    private long length = NONE;

    private long since;

    /** Whether a log with a torn end has this length, but has not kept it long enough. */
    boolean isUnsettled(long length, long now) {
        return length == this.length && now - since < SETTLE_NANOS;
    }

    /** Whether a log with a torn end has kept this length long enough. A new length starts the clock again. */
    boolean isSettled(long length, long now) {
        if (length != this.length) {
            this.length = length;
            since = now;
        }
        return !isUnsettled(length, now);
    }

    /** The log ends with a complete line. */
    void clear() {
        length = NONE;
    }
}
