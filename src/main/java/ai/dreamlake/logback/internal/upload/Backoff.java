package ai.dreamlake.logback.internal.upload;

import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * Decides how long to wait before the next attempt. The longest wait doubles with each failure. The actual wait is a
 * random part of it, so that a thousand clients do not come back at the same moment. Not thread-safe.
 */
final class Backoff {

    private final RandomGenerator random;
    private final Duration first;
    private final Duration max;

    /** The shortest wait, as a percentage of the longest. */
    private final int minPercent;

    private int failures;

    private Backoff(RandomGenerator random, Duration first, Duration max, int minPercent) {
        this.random = random;
        this.first = first;
        this.max = max;
        this.minPercent = minPercent;
    }

    /** For faults that may end at any moment: a random wait of up to half a second, growing to a minute. */
    static Backoff quick(RandomGenerator random) {
        return new Backoff(random, Duration.ofMillis(500), Duration.ofMinutes(1), 0);
    }

    /** For faults that somebody must correct: about a minute, growing to about ten. */
    static Backoff slow(RandomGenerator random) {
        return new Backoff(random, Duration.ofMinutes(1), Duration.ofMinutes(10), 80);
    }

    void reset() {
        failures = 0;
    }

    /** @param atLeast the wait that the server requested, or zero */
    Duration next(Duration atLeast) {
        Duration longest = first;
        for (int i = 0; i < failures && longest.compareTo(max) < 0; i++) {
            longest = longest.multipliedBy(2);
        }
        failures++;
        long bound = Math.min(longest.toMillis(), max.toMillis());
        long shortest = bound * minPercent / 100;
        Duration wait = Duration.ofMillis(random.nextLong(shortest, bound + 1));
        return wait.compareTo(atLeast) < 0 ? atLeast : wait;
    }
}
