package ai.dreamlake.logback.internal.journal;

import static ai.dreamlake.logback.internal.journal.TornEnd.SETTLE_NANOS;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class TornEndTest {

    private static final long START = Long.MAX_VALUE - SETTLE_NANOS / 2; // System.nanoTime may overflow

    private final TornEnd end = new TornEnd();

    @Test
    void itIsSettledWhenItsLengthHasNotChangedForAWhile() {
        assertThat(end.isSettled(100, START)).isFalse();
        assertThat(end.isUnsettled(100, START + SETTLE_NANOS - 1)).isTrue();
        assertThat(end.isSettled(100, START + SETTLE_NANOS - 1)).isFalse();
        assertThat(end.isUnsettled(100, START + SETTLE_NANOS)).isFalse();
        assertThat(end.isSettled(100, START + SETTLE_NANOS)).isTrue();
    }

    @Test
    void anotherLengthStartsTheClockAgain() {
        assertThat(end.isSettled(100, START)).isFalse();
        assertThat(end.isUnsettled(110, START + 1)).as("nobody knows yet").isFalse();
        assertThat(end.isSettled(110, START + SETTLE_NANOS)).isFalse();
        assertThat(end.isSettled(110, START + 2 * SETTLE_NANOS)).isTrue();
    }

    @Test
    void afterACompleteLineTheSameLengthStartsTheClockAgain() {
        assertThat(end.isSettled(100, START)).isFalse();
        end.clear();
        assertThat(end.isSettled(100, START + SETTLE_NANOS)).isFalse();
    }
}
