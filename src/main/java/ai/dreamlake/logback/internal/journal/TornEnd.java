package ai.dreamlake.logback.internal.journal;

import java.util.concurrent.TimeUnit;

/**
 * Decides when a part of a line at a log's end is damage. A Python program that no lock excludes may be in the middle
 * of writing it. So it must stay as long as it is for a while. Nobody waits in here: ask again.
 */
final class TornEnd {

    /** A write takes microseconds; so long is for a machine that is busy. */
    static final long SETTLE_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

    private static final long NONE = -1;

    /** How long the log was when its torn end was first seen. */
    private long length = NONE;

    private long since;

    /** Whether a log has been as long as this, with a torn end, but not long enough. */
    boolean isUnsettled(long length, long now) {
        return length == this.length && now - since < SETTLE_NANOS;
    }

    /** Whether a log with a torn end has been as long as this for long enough. If not, time runs from now on. */
    boolean isSettled(long length, long now) {
        if (length != this.length) {
            this.length = length;
            since = now;
        }
        return !isUnsettled(length, now);
    }

    /** The log ends with a line. */
    void clear() {
        length = NONE;
    }
}
