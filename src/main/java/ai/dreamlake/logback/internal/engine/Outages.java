package ai.dreamlake.logback.internal.engine;

import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Decides what is said about something that fails and works again, perhaps many times (I8). The first failure is said
 * at once, and so is the end of it. After that, one report a minute sums up what happened since the last one. After a
 * minute with nothing to say, it starts over.
 *
 * <p>Times are {@link System#nanoTime}'s. Thread-safe.
 */
final class Outages {

    static final long INTERVAL_NANOS = TimeUnit.MINUTES.toNanos(1);

    /** A failure and its end. */
    private static final int SAID_AT_ONCE = 2;

    /**
     * What to say now.
     *
     * @param isFailing the present state
     * @param reason of the last failure
     * @param failures how many failures began since the last report; 1 if there is nothing else to say of the one that
     *     is reported
     * @param lost how many records were lost and not reported before; 0 where the loss only begins
     */
    record Report(boolean isFailing, String reason, long failures, long lost) {}

    private volatile boolean failing;

    // Guarded by this.
    private String reason = "";
    private boolean saidFailing;
    private long unsaidFailures;
    private long unsaidLosses;
    private int atOnce = SAID_AT_ONCE;

    /** When it was last said, or would have been. */
    private long newsAt;

    private long saidAt;

    /** Whether it failed last. */
    boolean isFailing() {
        return failing;
    }

    /** Something was lost without a new failure to tell of. */
    synchronized void lost() {
        unsaidLosses++;
    }

    /**
     * It failed, after it worked.
     *
     * @return what to say now, or null
     */
    synchronized @Nullable Report failed(long now, String reason) {
        if (failing) {
            return null; // another thread told
        }
        beginAnew(now);
        this.reason = reason;
        unsaidFailures++;
        failing = true;
        return news(now);
    }

    /**
     * It works, after it failed.
     *
     * @return what to say now, or null
     */
    synchronized @Nullable Report works(long now) {
        if (!failing) {
            return null; // another thread told
        }
        failing = false;
        return news(now);
    }

    /** What is due to be said without anything new, or null. */
    synchronized @Nullable Report due(long now) {
        return hasNews() && now - saidAt >= INTERVAL_NANOS ? report(now) : null;
    }

    /** What is left to say when nothing follows, or null. */
    synchronized @Nullable Report rest(long now) {
        return hasNews() || unsaidLosses > 0 ? report(now) : null;
    }

    /** How many losses were not told. They are told elsewhere. */
    synchronized long takeUnsaidLosses() {
        long losses = unsaidLosses;
        unsaidLosses = 0;
        return losses;
    }

    private void beginAnew(long now) {
        if (!hasNews() && now - newsAt >= INTERVAL_NANOS) {
            atOnce = SAID_AT_ONCE;
        }
    }

    private boolean hasNews() {
        return failing != saidFailing || unsaidFailures > 0;
    }

    private @Nullable Report news(long now) {
        newsAt = now;
        if (atOnce > 0) {
            atOnce--;
            return report(now);
        }
        return now - saidAt >= INTERVAL_NANOS ? report(now) : null;
    }

    private Report report(long now) {
        boolean onlyBegins = failing && !saidFailing && unsaidFailures == 1;
        Report report = new Report(failing, reason, unsaidFailures, onlyBegins ? 0 : unsaidLosses);
        unsaidLosses = onlyBegins ? unsaidLosses : 0;
        unsaidFailures = 0;
        saidFailing = failing;
        saidAt = now;
        newsAt = now;
        return report;
    }
}
