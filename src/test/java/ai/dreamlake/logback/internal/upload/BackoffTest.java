package ai.dreamlake.logback.internal.upload;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/** How long to wait after failures, as tables. */
class BackoffTest {

    /** Always the longest wait, or always the shortest. */
    private static RandomGenerator always(boolean longest) {
        return new RandomGenerator() {
            @Override
            public long nextLong() {
                throw new UnsupportedOperationException();
            }

            @Override
            public long nextLong(long origin, long bound) {
                return longest ? bound - 1 : origin;
            }
        };
    }

    private static List<Long> millis(Backoff backoff, int failures) {
        List<Long> waits = new ArrayList<>();
        for (int i = 0; i < failures; i++) {
            waits.add(backoff.next(Duration.ZERO).toMillis());
        }
        return waits;
    }

    @Test
    void theLongestWaitDoublesFromHalfASecondToAMinuteAndTheShortestIsNone() {
        assertThat(millis(Backoff.quick(always(true)), 9))
                .containsExactly(500L, 1000L, 2000L, 4000L, 8000L, 16_000L, 32_000L, 60_000L, 60_000L);
        assertThat(millis(Backoff.quick(always(false)), 9)).containsOnly(0L);
    }

    @Test
    void faultsThatAPersonMustFixAreRetriedAfterAMinuteGrowingToTen() {
        assertThat(millis(Backoff.slow(always(true)), 6))
                .containsExactly(60_000L, 120_000L, 240_000L, 480_000L, 600_000L, 600_000L);
        assertThat(millis(Backoff.slow(always(false)), 6))
                .containsExactly(48_000L, 96_000L, 192_000L, 384_000L, 480_000L, 480_000L);
    }

    @Test
    void theRequestedWaitIsRespectedAndASuccessStartsOver() {
        Backoff backoff = Backoff.quick(always(true));
        assertThat(backoff.next(Duration.ofSeconds(30))).isEqualTo(Duration.ofSeconds(30));
        assertThat(backoff.next(Duration.ofMillis(1))).isEqualTo(Duration.ofSeconds(1));
        backoff.reset();
        assertThat(backoff.next(Duration.ZERO)).isEqualTo(Duration.ofMillis(500));
    }

    @Test
    void afterVeryManyFailuresTheWaitIsStillAMinute() {
        Backoff backoff = Backoff.quick(always(true));
        millis(backoff, 10_000);
        assertThat(backoff.next(Duration.ZERO)).isEqualTo(Duration.ofMinutes(1));
    }

    @Test
    void twoSessionsDoNotRetryTogether() {
        assertThat(millis(Backoff.quick(new SplittableRandom()), 20))
                .isNotEqualTo(millis(Backoff.quick(new SplittableRandom()), 20));
    }
}
