package ai.dreamlake.logback.internal.upload;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/** One server that is away or refuses the token, and many sessions. */
class ServerHealthTest {

    private final AtomicLong now = new AtomicLong(-3_000_000_000L); // nanoTime may be negative
    private final AtomicInteger back = new AtomicInteger();

    /** Always the longest wait. */
    private final RandomGenerator longest = new RandomGenerator() {
        @Override
        public long nextLong() {
            throw new UnsupportedOperationException();
        }

        @Override
        public long nextLong(long origin, long bound) {
            return bound - 1;
        }
    };

    private final ServerHealth health = new ServerHealth(now::get, longest, back::incrementAndGet);

    private void pass(long millis) {
        now.addAndGet(millis * 1_000_000);
    }

    private Duration enter() {
        return Duration.ofNanos(health.enter());
    }

    private Duration enterOnAnotherThread() throws InterruptedException {
        AtomicLong wait = new AtomicLong();
        Thread other = new Thread(() -> wait.set(health.enter()));
        other.start();
        other.join();
        return Duration.ofNanos(wait.get());
    }

    @Test
    void aRefusedConnectionStopsAllAndThenOneTriesAtATime() throws InterruptedException {
        assertThat(enter()).isZero();
        assertThat(enterOnAnotherThread()).isZero();
        assertThat(health.unreachable()).isEqualTo(Duration.ofMillis(500));
        assertThat(health.isAway()).isTrue();
        assertThat(enterOnAnotherThread()).isEqualTo(Duration.ofMillis(500));
        pass(400);
        assertThat(enterOnAnotherThread()).isEqualTo(Duration.ofMillis(100));
        pass(100);
        assertThat(enter()).as("the first one after the wait").isZero();
        assertThat(enterOnAnotherThread()).as("while it tries").isEqualTo(Duration.ofSeconds(5));
        assertThat(health.unreachable()).isEqualTo(Duration.ofSeconds(1));
        assertThat(enterOnAnotherThread()).isEqualTo(Duration.ofSeconds(1));
        assertThat(back).hasValue(0);
    }

    @Test
    void severalConnectionsThatFailTogetherCountAsOne() throws InterruptedException {
        assertThat(health.unreachable()).isEqualTo(Duration.ofMillis(500));
        pass(100);
        assertThat(health.unreachable()).isEqualTo(Duration.ofMillis(400));
    }

    @Test
    void anyAnswerLetsAllContinueAndWakesThemOnce() throws InterruptedException {
        health.unreachable();
        pass(500);
        assertThat(enter()).isZero();
        health.answered();
        assertThat(back).hasValue(1);
        assertThat(health.isAway()).isFalse();
        assertThat(enterOnAnotherThread()).isZero();
        health.answered();
        assertThat(back).hasValue(1);
        assertThat(health.unreachable()).as("it starts over").isEqualTo(Duration.ofMillis(500));
    }

    @Test
    void aSessionWithNothingToSendLeavesTheAttemptToTheNext() throws InterruptedException {
        health.unreachable();
        pass(500);
        assertThat(enter()).isZero();
        health.leave();
        assertThat(back).as("the others are woken").hasValue(1);
        assertThat(health.isAway()).isTrue();
        assertThat(enterOnAnotherThread()).isZero();
    }

    @Test
    void aRefusedTokenIsRetriedAtLongIntervalsAndANewOneAtOnce() {
        assertThat(health.unauthorized("old")).isEqualTo(Duration.ofMinutes(1));
        assertThat(health.wantsToken()).isTrue();
        pass(60_000);
        assertThat(enter()).isZero();
        assertThat(health.unauthorized("old")).isEqualTo(Duration.ofMinutes(2));
        health.offer("old");
        assertThat(enter()).isEqualTo(Duration.ofMinutes(2));
        health.offer("new");
        assertThat(enter()).isZero();
        assertThat(health.wantsToken()).isFalse();
        assertThat(back).hasValue(1);
        health.offer("newer");
        assertThat(back).as("the others are woken").hasValue(1);
    }

    @Test
    void tenRefusedRecordsInARowWithNoneAcceptedForLongAreTheServersFault() {
        for (int i = 0; i < 10; i++) {
            assertThat(health.refused()).isTrue();
        }
        assertThat(health.refused()).isFalse();
        assertThat(health.refused()).isFalse();
        health.accepted();
        for (int i = 0; i < 100; i++) {
            assertThat(health.refused()).isTrue();
        }
        pass(599_999);
        assertThat(health.refused()).isTrue();
        pass(1);
        assertThat(health.refused()).as("ten minutes after it took something").isFalse();
    }
}
