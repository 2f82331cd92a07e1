package ai.dreamlake.server.http;

import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Passes one of many equal messages per second, and counts the others.
 *
 * <p>Thread-safe.
 */
final class OncePerSecond {

    private final LongSupplier nanoTime;

    /** Guarded by this, like all fields below. */
    private boolean isFirst = true;

    private long last;
    private int leftOut;

    /** @param nanoTime as {@link System#nanoTime} */
    OncePerSecond(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
    }

    /** @return how many messages were left out since the last one that passed; -1 if this one is left out as well */
    synchronized int next() {
        long now = nanoTime.getAsLong();
        if (!isFirst && now - last < TimeUnit.SECONDS.toNanos(1)) {
            leftOut++;
            return -1;
        }
        isFirst = false;
        last = now;
        int before = leftOut;
        leftOut = 0;
        return before;
    }
}
