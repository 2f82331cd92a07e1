package ai.dreamlake.logback.internal.upload;

import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * How long to wait before the next attempt. Full jitter, so that a thousand clients do not come back at the same
 * moment.
 */
final class Backoff {

    private static final long FIRST_MILLIS = 500;
    private static final long MAX_MILLIS = 60_000;
    private static final int MAX_DOUBLINGS = 7; // half a second doubled this often exceeds a minute

    private final RandomGenerator random;
    private int failures;

    Backoff(RandomGenerator random) {
        this.random = random;
    }

    void reset() {
        failures = 0;
    }

    int failures() {
        return failures;
    }

    /** @param atLeast the wait that the server requested, or zero */
    Duration next(Duration atLeast) {
        long bound = Math.min(MAX_MILLIS, FIRST_MILLIS << Math.min(failures, MAX_DOUBLINGS));
        failures++;
        Duration wait = Duration.ofMillis(random.nextLong(bound + 1));
        return wait.compareTo(atLeast) < 0 ? atLeast : wait;
    }
}
