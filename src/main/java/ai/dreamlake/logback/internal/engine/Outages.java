package ai.dreamlake.logback.internal.engine;

import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Decides what is reported about something that fails and works again, perhaps many times (I8). The first failure is
 * reported at once, and so is its end. After that, one report per minute sums up what has happened since the last one.
 * After a minute with nothing to report, it starts over.
 *
 * <p>Times are {@link System#nanoTime}'s. Thread-safe.
 */
final class Outages {

    static final long INTERVAL_NANOS = TimeUnit.MINUTES.toNanos(1);

    /** A failure and its end. */
    private static final int REPORTED_AT_ONCE = 2;

    /**
     * What to report now.
     *
     * @param isFailing the present state
     * @param reason why it failed last
     * @param failures how many failures began since the last report; 1 if this only reports a new failure
     * @param lost how many records were lost and not reported yet; 0 if the loss is only beginning
     */
    record Report(boolean isFailing, String reason, long failures, long lost) {}

    private volatile boolean failing;

    // Guarded by this.
    private String reason = "";
    private boolean reportedFailing;
    private long unreportedFailures;
    private long unreportedLosses;
    private int atOnce = REPORTED_AT_ONCE;

    /** When there was last something to report, whether or not it was reported. */
    private long newsAt;

    private long reportedAt;

    /** Whether it fails at present. */
    boolean isFailing() {
        return failing;
    }

    /** A record was lost. That need not be a new failure. */
    synchronized void lost() {
        unreportedLosses++;
    }

    /**
     * It failed, after it worked.
     *
     * @return what to report now, or null
     */
    synchronized @Nullable Report failed(long now, String reason) {
        if (failing) {
            return null; // another thread has reported it
        }
        startOverIfQuiet(now);
        this.reason = reason;
        unreportedFailures++;
        failing = true;
        return news(now);
    }

    /**
     * It works, after it failed.
     *
     * @return what to report now, or null
     */
    synchronized @Nullable Report works(long now) {
        if (!failing) {
            return null; // another thread has reported it
        }
        failing = false;
        return news(now);
    }

    /** What is due to be reported although nothing new happened, or null. */
    synchronized @Nullable Report due(long now) {
        return hasNews() && now - reportedAt >= INTERVAL_NANOS ? report(now) : null;
    }

    /** What is left to report at the end, or null. */
    synchronized @Nullable Report rest(long now) {
        return hasNews() || unreportedLosses > 0 ? report(now) : null;
    }

    /** Returns how many losses were not reported. The caller must report them. */
    synchronized long takeUnreportedLosses() {
        long losses = unreportedLosses;
        unreportedLosses = 0;
        return losses;
    }

    private void startOverIfQuiet(long now) {
        if (!hasNews() && now - newsAt >= INTERVAL_NANOS) {
            atOnce = REPORTED_AT_ONCE;
        }
    }

    private boolean hasNews() {
        return failing != reportedFailing || unreportedFailures > 0;
    }

    private @Nullable Report news(long now) {
        newsAt = now;
        if (atOnce > 0) {
            atOnce--;
            return report(now);
        }
        return now - reportedAt >= INTERVAL_NANOS ? report(now) : null;
    }

    private Report report(long now) {
        boolean onlyBegins = failing && !reportedFailing && unreportedFailures == 1;
        Report report = new Report(failing, reason, unreportedFailures, onlyBegins ? 0 : unreportedLosses);
        unreportedLosses = onlyBegins ? unreportedLosses : 0;
        unreportedFailures = 0;
        reportedFailing = failing;
        reportedAt = now;
        newsAt = now;
        return report;
    }
}
