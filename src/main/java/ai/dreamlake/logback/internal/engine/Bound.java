package ai.dreamlake.logback.internal.engine;

/** Bounds how often something is reported: a few times at once, then once per interval. Not thread-safe. */
final class Bound {

    private final int atOnce;
    private final long interval;
    private long left;
    private long countedAt;

    /**
     * @param atOnce how often it may be reported at once, after a quiet time
     * @param interval after how many nanoseconds it may be reported once more
     */
    Bound(int atOnce, long interval, long now) {
        this.atOnce = atOnce;
        this.interval = interval;
        this.left = atOnce;
        this.countedAt = now;
    }

    /** Whether it may be reported now. If so, that is counted. */
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
