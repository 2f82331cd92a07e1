package ai.dreamlake.logback.internal.upload;

import static org.assertj.core.api.Assertions.assertThat;

import ai.dreamlake.logback.internal.journal.LogFile;
import ai.dreamlake.logback.internal.journal.OpenJournals;
import ai.dreamlake.logback.internal.journal.SpoolFile;
import ai.dreamlake.logback.internal.session.SessionName;
import ai.dreamlake.logback.testing.FakeDreamlake;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import okhttp3.HttpUrl;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Uploads and journals without an appender around them: what happens between two of their steps. */
@Timeout(120)
class UploadsTest {

    private static final Duration LONG = Duration.ofSeconds(60);
    private static final SessionName RUN = new SessionName("project", "run");

    @TempDir
    Path root;

    private final FakeDreamlake server = FakeDreamlake.start();
    private final AtomicLong delivered = new AtomicLong();
    private final AtomicLong lost = new AtomicLong();
    private final List<String> troubles = new CopyOnWriteArrayList<>();
    private volatile Runnable whenDelivered = () -> {};

    private final UploadListener listener = new UploadListener() {
        @Override
        public void delivered(SessionName session, long records, long ours) {
            delivered.addAndGet(ours);
            whenDelivered.run();
        }

        @Override
        public void retried(SessionName session, String reason, Duration wait) {
            troubles.add(reason);
        }

        @Override
        public void rejected(SessionName session, long records, long ours, String reason) {
            troubles.add(reason);
        }

        @Override
        public void dropped(SessionName session, long records, long ours) {
            troubles.add(records + " dropped");
        }

        @Override
        public void lost(SessionName session, long ours) {
            lost.addAndGet(ours);
        }

        @Override
        public void parked(SessionName session, String reason) {
            troubles.add(reason);
        }

        @Override
        public void trouble(String text) {
            troubles.add(text);
        }
    };

    @AfterEach
    void stop() {
        server.close();
    }

    private Uploads uploads(SpoolFile spool) {
        UploadSettings settings = new UploadSettings(
                1000, 900_000, Duration.ofMillis(1), Duration.ofSeconds(5), Duration.ofSeconds(10), 4, false, Duration.ofSeconds(1));
        return new Uploads(
                root, spool, Long.MAX_VALUE, HttpUrl.get(server.url()), () -> FakeDreamlake.TOKEN, settings, listener, "test", "upload");
    }

    private OpenJournals journals(LogFile.Opener opener) {
        OpenJournals journals = new OpenJournals(root, 10, Long.MAX_VALUE / 4, "journals", troubles::add, System::nanoTime, opener);
        journals.start();
        return journals;
    }

    private static long append(OpenJournals journals, String message) throws IOException {
        byte[] record = ("{\"timestamp\": \"2025-10-29T10:30:00.000000Z\", \"level\": \"info\", \"message\": \"" + message
                        + "\", \"metadata\": null, \"sequenceNumber\": ")
                .getBytes(StandardCharsets.UTF_8);
        return journals.append(RUN, Arrays.copyOf(record, record.length + OpenJournals.ROOM_FOR_NUMBER), record.length, false, null);
    }

    @Test
    void aThreadThatSaysLateThatItWroteFindsItsRecordAmongTheDelivered() throws Exception {
        OpenJournals journals = journals(LogFile::new);
        Uploads uploads = uploads(null);
        uploads.expect(RUN);
        long first = append(journals, "first");
        CountDownLatch done = new CountDownLatch(2);
        whenDelivered = () -> {
            if (done.getCount() == 2) {
                uploads.wrote(RUN, first);
            }
            done.countDown();
        };
        uploads.wrote(RUN, append(journals, "second"));
        assertThat(done.await(60, TimeUnit.SECONDS)).isTrue();
        assertThat(uploads.awaitDelivery(LONG)).isTrue();
        uploads.close();
        journals.close();
        assertThat(delivered).hasValue(2);
        assertThat(lost).hasValue(0);
        assertThat(server.messages("project/run")).containsExactly("first", "second");
    }

    /** A log takes two records here, so that one is put aside all the time, also just when all before it was sent. */
    @Test
    void recordsThatComeWhileALogIsPutAsideArriveWholeAndInOrder() throws Exception {
        SpoolFile spool = new SpoolFile(250);
        OpenJournals journals = journals(spool);
        Uploads uploads = uploads(spool);
        int rounds = 500;
        for (int i = 0; i < 4 * rounds; i++) {
            if (i % 4 == 0) {
                long written = i;
                while (delivered.get() < written) {
                    Thread.onSpinWait(); // so the uploader has just done everything
                }
                LockSupport.parkNanos(i % 7 * 30_000L);
            }
            uploads.expect(RUN);
            uploads.wrote(RUN, append(journals, "m" + i));
        }
        assertThat(uploads.awaitDelivery(LONG)).isTrue();
        uploads.close();
        journals.close();
        assertThat(server.messages("project/run")).isEqualTo(IntStream.range(0, 4 * rounds).mapToObj(i -> "m" + i).toList());
        assertThat(delivered).hasValue(4L * rounds);
        assertThat(troubles).isEmpty();
    }
}
