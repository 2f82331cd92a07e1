package ai.dreamlake.logback.internal.upload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import ai.dreamlake.logback.internal.journal.Journal;
import ai.dreamlake.logback.internal.journal.JournalRegistry;
import ai.dreamlake.logback.internal.journal.Line;
import ai.dreamlake.logback.internal.journal.SpoolStorage;
import ai.dreamlake.logback.internal.journal.Storage;
import ai.dreamlake.logback.internal.record.LineFormat;
import ai.dreamlake.logback.internal.session.Retention;
import ai.dreamlake.logback.internal.session.SessionName;
import ai.dreamlake.logback.support.FakeDreamlake;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
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

    private final Books books = new Books() {
        @Override
        public void delivered(long records) {
            delivered.addAndGet(records);
        }

        @Override
        public void rejected(long records) {}

        @Override
        public void lost(long records) {
            lost.addAndGet(records);
        }
    };

    private final UploadListener listener = new UploadListener() {
        @Override
        public void delivered(SessionName session, long records) {
            whenDelivered.run();
        }

        @Override
        public void retried(SessionName session, String reason, Duration wait) {
            troubles.add(reason);
        }

        @Override
        public void hindered(SessionName session, IOException trouble, Duration wait, boolean isFirst) {
            troubles.add(trouble.toString());
        }

        @Override
        public void rejected(SessionName session, long records, String reason) {
            troubles.add(reason);
        }

        @Override
        public void dropped(SessionName session, long records) {
            troubles.add(records + " dropped");
        }

        @Override
        public void parked(SessionName session, String reason, String remedy) {
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

    /** One session, without an engine around it. */
    private static final class Run implements UploadTasks {
        Journal journal;
        UploadTask task;

        @Override
        public Iterable<UploadTask> all() {
            return task == null ? List.of() : List.of(task);
        }

        @Override
        public UploadTask leftover(SessionName name) {
            return task;
        }

        @Override
        public void resume() {}

        long append(String message) throws IOException {
            byte[] record = ("{\"timestamp\": \"2025-10-29T10:30:00.000000Z\", \"level\": \"info\", \"message\": \""
                            + message + "\", \"metadata\": null, \"sequenceNumber\": ")
                    .getBytes(StandardCharsets.UTF_8);
            Line line = new Line()
                    .set(Arrays.copyOf(record, record.length + LineFormat.ROOM_FOR_NUMBER), record.length, false, null);
            AtomicLong number = new AtomicLong();
            line.reportTo((first, count) -> number.set(first));
            task.expectRecord();
            task.mark();
            journal.append(line);
            return number.get();
        }
    }

    private final Run run = new Run();

    private static UploadSettings settings() {
        return new UploadSettings(
                1000,
                900_000,
                Duration.ofMillis(1),
                Duration.ofSeconds(5),
                Duration.ofSeconds(10),
                4,
                false,
                Duration.ofSeconds(1));
    }

    /** The uploads of one session, and that session. */
    private Uploads uploads(Storage storage) throws IOException {
        Uploads uploads = new Uploads(
                root,
                storage.retention() == Retention.SPOOL ? Long.MAX_VALUE : null,
                new AtomicLong(),
                HttpUrl.get(server.url()),
                () -> FakeDreamlake.TOKEN,
                settings(),
                books,
                listener,
                run,
                "test",
                "upload");
        run.journal = JournalRegistry.journal(root, RUN, System::nanoTime, storage, 0);
        run.journal.retain(storage);
        run.task = uploads.newTask(RUN, run.journal);
        return uploads;
    }

    @Test
    void aRecordReportedOnlyAfterItsDeliveryCountsAsDelivered() throws Exception {
        Uploads uploads = uploads(Storage.kept());
        long first = run.append("first");
        AtomicBoolean said = new AtomicBoolean();
        whenDelivered = () -> {
            if (said.compareAndSet(false, true)) {
                run.task.wrote(first, 1);
            }
        };
        run.task.wrote(run.append("second"), 1);
        await().until(said::get);
        assertThat(uploads.awaitDelivery(LONG)).isTrue();
        assertThat(delivered).as("counted before the listener is notified").hasValue(2);
        uploads.close(() -> {});
        run.journal.release();
        assertThat(lost).hasValue(0);
        assertThat(server.messages("project/run")).containsExactly("first", "second");
    }

    /**
     * A log holds two records here, so logs become segments all the time, also at the moment when everything before was
     * sent.
     */
    @Test
    void recordsWrittenWhileALogBecomesASegmentArriveWholeAndInOrder() throws Exception {
        Uploads uploads = uploads(new SpoolStorage(250));
        int rounds = 250;
        for (int i = 0; i < 4 * rounds; i++) {
            if (i % 4 == 0) {
                long written = i;
                while (delivered.get() < written) {
                    Thread.onSpinWait(); // so the uploader has just finished everything
                }
                LockSupport.parkNanos(i % 7 * 30_000L);
            }
            run.task.wrote(run.append("m" + i), 1);
        }
        assertThat(uploads.awaitDelivery(LONG)).isTrue();
        uploads.close(() -> {});
        run.journal.release();
        assertThat(server.messages("project/run"))
                .isEqualTo(IntStream.range(0, 4 * rounds).mapToObj(i -> "m" + i).toList());
        assertThat(delivered).hasValue(4L * rounds);
        assertThat(troubles).isEmpty();
    }

    /** A task whose records cannot be scheduled when they are reported. */
    private UploadTask outOfMemory() {
        return new UploadTask(run.task.upload(), new UploadScheduler(1, "broken"), settings(), listener, () -> {
            throw new OutOfMemoryError("no memory for what follows");
        });
    }

    @Test
    void aRecordIsNotedEvenIfThereIsNoMemoryToScheduleIt() throws Exception {
        Uploads uploads = uploads(Storage.kept());
        long number = run.append("first");
        UploadTask broken = outOfMemory();
        broken.expectRecord();
        assertThatThrownBy(() -> broken.wrote(number, 1)).isInstanceOf(OutOfMemoryError.class);
        assertThat(run.task.upload().pending().count()).isOne();
        uploads.close(() -> {});
        await().until(() -> delivered.get() == 1);
        run.journal.release();
        assertThat(server.messages("project/run")).containsExactly("first");
    }

    @Test
    void aReminderSendsRecordsThatNobodyScheduled() throws Exception {
        Uploads uploads = uploads(Storage.kept());
        run.task.upload().pending().wrote(run.append("first"), 1);
        run.task.remind();
        await().until(() -> delivered.get() == 1);
        uploads.close(() -> {});
        run.journal.release();
    }

    @Test
    void aTaskIsNotForgottenWhileARecordIsExpected() throws Exception {
        Uploads uploads = uploads(Storage.kept());
        assertThat(run.task.expectRecord()).isTrue();
        assertThat(run.task.tryForget()).isFalse();
        run.task.unexpect();
        assertThat(run.task.tryForget()).isTrue();
        assertThat(run.task.expectRecord()).as("its successor must be asked").isFalse();
        uploads.close(() -> {});
        run.journal.release();
    }
}
