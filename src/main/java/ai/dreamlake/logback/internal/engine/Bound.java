package ai.dreamlake.logback.internal.engine;

/** Bounds how often something is said: a few times at once, and then once in an interval. Not thread-safe. */
final class Bound {

    private final int atOnce;
    private final long interval;
    private long left;
    private long countedAt;

    /**
     * @param atOnce how often after a quiet time
     * @param interval after how many nanoseconds once more
     */
    Bound(int atOnce, long interval, long now) {
        this.atOnce = atOnce;
        this.interval = interval;
        this.left = atOnce;
        this.countedAt = now;
    }

    /** Whether it may be said now; then it counts. */
    boolean admits(long now) {
        long intervals = (now - countedAt) / interval;
        countedAt += intervals * interval;
        left = Math.min(atOnce, left + intervals);
        if (left == 0) {
            return false;
        }
        left--;
        return true;
    }
}
