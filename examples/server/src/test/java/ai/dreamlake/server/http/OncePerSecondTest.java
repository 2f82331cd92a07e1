package ai.dreamlake.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class OncePerSecondTest {

    @Test
    void theFirstMessageOfASecondPassesAndTheOthersAreCounted() {
        AtomicLong now = new AtomicLong(7);
        OncePerSecond messages = new OncePerSecond(now::get);
        assertThat(messages.next()).isZero();
        assertThat(messages.next()).isEqualTo(-1);
        assertThat(messages.next()).isEqualTo(-1);
        now.addAndGet(TimeUnit.SECONDS.toNanos(1));
        assertThat(messages.next()).isEqualTo(2);
        now.addAndGet(TimeUnit.SECONDS.toNanos(1));
        assertThat(messages.next()).isZero();
    }
}
