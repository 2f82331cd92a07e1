package ai.dreamlake.logback.internal.upload;

import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * How long to wait before the next attempt: up to twice as long after each failure, and a random part of that, so that
 * a thousand clients do not come back at the same moment. Not thread-safe.
 */
final class Backoff {

    private final RandomGenerator random;
    private final Duration first;
    private final Duration most;

    /** The least wait, in hundredths of the longest. */
    private final int leastPercent;

    private int failures;

    private Backoff(RandomGenerator random, Duration first, Duration most, int leastPercent) {
        this.random = random;
        this.first = first;
        this.most = most;
        this.leastPercent = leastPercent;
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
        for (int i = 0; i < failures && longest.compareTo(most) < 0; i++) {
            longest = longest.multipliedBy(2);
        }
        failures++;
        long bound = Math.min(longest.toMillis(), most.toMillis());
        long least = bound * leastPercent / 100;
        Duration wait = Duration.ofMillis(random.nextLong(least, bound + 1));
        return wait.compareTo(atLeast) < 0 ? atLeast : wait;
    }
}
