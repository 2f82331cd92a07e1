package ai.dreamlake.logback.internal.upload;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The state of the server as a whole. While it cannot be reached, or refuses our token, one session at a time tries it,
 * and the others wait for the outcome. So ten thousand sessions cost a dead server, and us, no more than one session
 * does. Thread-safe.
 */
final class ServerHealth {

    /**
     * If this many single records in a row are refused, and none has been accepted for long, the fault is not in the
     * records.
     */
    private static final int MAX_REFUSED = 10;

    /** How long a server is trusted after it accepted records. */
    private static final long WELL_NANOS = TimeUnit.MINUTES.toNanos(10);

    /** How long to wait while another session tries. If that succeeds, all are woken. */
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private final LongSupplier nanoTime;
    private final Runnable whenBack;

    // Guarded by this.

    private final Backoff unreachable;
    private final Backoff unauthorized;

    private boolean away;
    private long nextTryAt;
    private @Nullable Thread trying;

    /** The token that the server refuses; null if it does not. */
    private @Nullable String refusedToken;

    private int refused;

    /** When the server last accepted records; null if it never did. */
    private @Nullable Long acceptedAt;

    /**
     * @param whenBack called when waiting sessions may try; on any thread, and under no lock
     * @param random used by this object alone
     */
    ServerHealth(LongSupplier nanoTime, RandomGenerator random, Runnable whenBack) {
        this.nanoTime = nanoTime;
        this.unreachable = Backoff.quick(random);
        this.unauthorized = Backoff.slow(random);
        this.whenBack = whenBack;
    }

    /**
     * Asks whether to try the server now. A caller that may try must report the outcome by {@link #answered},
     * {@link #unreachable} or {@link #unauthorized}, or at least call {@link #leave}.
     *
     * @return 0 if it may; otherwise for how many nanoseconds to wait
     */
    synchronized long enter() {
        if (!away) {
            return 0;
        }
        long left = nextTryAt - nanoTime.getAsLong();
        if (left > 0) {
            return left;
        }
        if (trying != null && trying != Thread.currentThread()) {
            return PATIENCE.toNanos();
        }
        trying = Thread.currentThread();
        return 0;
    }

    /** The calling thread no longer tries. If it has no outcome to report, the others may try. */
    void leave() {
        boolean wasTrying;
        synchronized (this) {
            wasTrying = trying == Thread.currentThread();
            trying = wasTrying ? null : trying;
        }
        if (wasTrying) {
            whenBack.run();
        }
    }

    /** The server answered, whatever it said. */
    void answered() {
        if (open()) {
            whenBack.run();
        }
    }

    private synchronized boolean open() {
        boolean wasAway = away;
        away = false;
        trying = null;
        refusedToken = null;
        unreachable.reset();
        unauthorized.reset();
        return wasAway;
    }

    /**
     * No connection could be made.
     *
     * @return for how long to leave the server alone
     */
    synchronized Duration unreachable() {
        return close(unreachable);
    }

    /**
     * The server refuses the token.
     *
     * @return for how long to leave the server alone, unless the token changes
     */
    synchronized Duration unauthorized(String token) {
        refusedToken = token;
        return close(unauthorized);
    }

    private Duration close(Backoff backoff) {
        long now = nanoTime.getAsLong();
        if (away && nextTryAt - now > 0 && trying != Thread.currentThread()) {
            return Duration.ofNanos(nextTryAt - now); // several calls were under way when the first one failed
        }
        Duration wait = backoff.next(Duration.ZERO);
        away = true;
        trying = null;
        nextTryAt = now + wait.toNanos();
        return wait;
    }

    /** Whether the last attempt to reach it failed, or it refuses our token. */
    synchronized boolean isAway() {
        return away;
    }

    /** Whether the server refuses the token, so that a new one is needed. */
    synchronized boolean wantsToken() {
        return refusedToken != null;
    }

    /** Offers the current token. If it is not the one that the server refused, it is tried at once. */
    void offer(String token) {
        boolean isNew;
        synchronized (this) {
            isNew = refusedToken != null && !refusedToken.equals(token);
        }
        if (isNew) {
            answered();
        }
    }

    /** The server accepted records. */
    synchronized void accepted() {
        acceptedAt = nanoTime.getAsLong();
        refused = 0;
    }

    /**
     * The server refused a single record for good.
     *
     * @return whether to believe it; if not, something is wrong with the server, or with a proxy in front of it
     */
    synchronized boolean refused() {
        boolean isWell = acceptedAt != null && nanoTime.getAsLong() - acceptedAt < WELL_NANOS;
        if (!isWell && refused >= MAX_REFUSED) {
            return false;
        }
        refused++;
        return true;
    }
}
