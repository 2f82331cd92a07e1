package ai.dreamlake.logback.internal.upload;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The upload threads of an appender. */
@Timeout(60)
class UploadSchedulerTest {

    /** The work is due after all idle threads have ended. */
    @Test
    void workDueTogetherRunsInParallelThoughAllThreadsHadEnded() throws InterruptedException {
        UploadScheduler scheduler = new UploadScheduler(3, "test");
        CountDownLatch together = new CountDownLatch(3);
        CountDownLatch done = new CountDownLatch(3);
        for (int i = 0; i < 3; i++) {
            scheduler.schedule(
                    () -> {
                        together.countDown();
                        try {
                            if (together.await(20, TimeUnit.SECONDS)) {
                                done.countDown();
                            }
                        } catch (InterruptedException e) {
                            throw new AssertionError(e);
                        }
                    },
                    Duration.ofSeconds(6));
        }
        assertThat(done.await(50, TimeUnit.SECONDS)).isTrue();
        scheduler.shutdown();
    }

    @Test
    void nothingIsScheduledAfterTheEnd() {
        UploadScheduler scheduler = new UploadScheduler(1, "test");
        scheduler.shutdown();
        assertThat((Object) scheduler.schedule(() -> {}, Duration.ZERO)).isNull();
    }
}
