package ai.dreamlake.logback.internal.upload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.dreamlake.logback.internal.journal.Journal;
import ai.dreamlake.logback.internal.journal.JournalRegistry;
import ai.dreamlake.logback.internal.journal.SpoolStorage;
import ai.dreamlake.logback.internal.session.Retention;
import ai.dreamlake.logback.internal.session.SessionName;
import ai.dreamlake.logback.internal.upload.SpoolReclaimer.Freed;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which logs of a full spool are deleted, and that each loss is counted once, wherever a process ends. */
class SpoolReclaimerTest {

    private static final SessionName RUN = new SessionName("project", "run");
    private static final String FIRST = "logs.0000000000000000010.jsonl";
    private static final String SECOND = "logs.0000000000000000030.jsonl";
    private static final String THIRD = "logs.0000000000000000060.jsonl";

    @TempDir
    Path root;

    private final List<String> heard = new ArrayList<>();
    private final BookEntries books = new BookEntries();
    private Path logs;
    private CheckpointStore checkpoints;
    private PendingRecords pending;
    private SpoolReclaimer reclaimer;

    @BeforeEach
    void start() throws IOException {
        logs = Files.createDirectories(root.resolve("project/run/logs"));
        write(FIRST, 0, 10);
        write(SECOND, 10, 30);
        write(THIRD, 30, 60);
        write("logs.jsonl", 60, 61);
        pending = new PendingRecords(books);
        pending.wrote(0, 61);
        restart();
    }

    private void write(String name, int from, int to) throws IOException {
        StringBuilder lines = new StringBuilder();
        for (int i = from; i < to; i++) {
            lines.append("{\"message\": \"m\", \"sequenceNumber\": ").append(i).append("}\n");
        }
        Files.writeString(logs.resolve(name), lines);
    }

    /** Continues as another process would. */
    private void restart() throws IOException {
        Journal journal = JournalRegistry.journal(root, RUN, System::nanoTime, new SpoolStorage(Long.MAX_VALUE), 0);
        LogSegments segments = new LogSegments(journal, Retention.SPOOL);
        UploadListener listener = new UploadListener() {
            @Override
            public void trouble(String text) {
                heard.add(text);
            }
        };
        checkpoints = new CheckpointStore(journal.directory(), segments, listener);
        reclaimer = new SpoolReclaimer(RUN, journal.directory(), segments, checkpoints, pending, listener);
    }

    private Checkpoint counted() throws IOException {
        try (RandomAccessFile log = new RandomAccessFile(logs.resolve(FIRST).toFile(), "r")) {
            return reclaimer.countLost(checkpoints.read(log));
        }
    }

    private Path note() {
        return logs.resolve(".upload.lost");
    }

    @Test
    void whileTheOldestIsBeingSentTheNextOneIsDroppedAndItsLossIsCountedLater() throws IOException {
        long length = Files.size(logs.resolve(SECOND));
        assertThat(reclaimer.dropSecond()).isEqualTo(new Freed(length, 20));
        assertThat(logs.resolve(SECOND)).doesNotExist();
        assertThat(logs.resolve(FIRST)).exists();
        assertThat(books.entries).containsExactly("lost 20");
        assertThat(reclaimer.dropSecond().records()).isEqualTo(30);
        assertThat(reclaimer.dropSecond()).as("only the one that is being sent").isEqualTo(Freed.NOTHING);
        assertThat(counted().lost()).isEqualTo(50);
        assertThat(note()).doesNotExist();
        assertThat(counted().lost()).as("once").isEqualTo(50);
        assertThat(pending.count()).isEqualTo(11);
    }

    @Test
    void aSegmentIsCountedOnceIfTheProcessEndsBeforeItDeletesIt() throws IOException {
        new LostSegment(20, "2025-10-29T10:30:00Z", SECOND).write(note());
        restart();
        assertThat(reclaimer.dropSecond().records()).as("it is already noted").isZero();
        assertThat(logs.resolve(SECOND)).doesNotExist();
        assertThat(counted().lost()).isEqualTo(20);
    }

    @Test
    void aSegmentNotedAsLostIsNotSentByTheNextProcess() throws IOException {
        new LostSegment(20, "2025-10-29T10:30:00Z", SECOND).write(note());
        restart();
        assertThat(counted().lost()).isEqualTo(20);
        assertThat(logs.resolve(SECOND)).doesNotExist();
        assertThat(logs.resolve(THIRD)).exists();
        assertThat(note()).doesNotExist();
    }

    @Test
    void aLossIsCountedOnceIfTheProcessEndsAfterItSavedTheCheckpoint() throws IOException {
        reclaimer.dropSecond();
        byte[] noted = Files.readAllBytes(note());
        assertThat(counted().lost()).isEqualTo(20);
        Files.write(note(), noted);
        restart();
        assertThat(counted().lost()).isEqualTo(20);
        assertThat(note()).doesNotExist();
    }

    @Test
    void aDiskTooFullToNoteALossIsFreedNevertheless() throws IOException {
        Path inTheWay = Files.createDirectory(logs.resolve(".upload.lost.tmp"));
        assertThat(reclaimer.dropSecond().records()).isEqualTo(20);
        assertThat(logs.resolve(SECOND)).doesNotExist();
        assertThat(heard).singleElement().asString().contains("cannot note how many records");
        Files.delete(inTheWay);
        assertThat(counted().lost()).isEqualTo(20);
    }

    @Test
    void aGarbledNoteIsIgnored() throws IOException {
        Files.writeString(note(), "garbage");
        restart();
        assertThat(counted()).isEqualTo(Checkpoint.NONE);
        assertThat(note()).doesNotExist();
    }

    @Test
    void onlyUndeliveredRecordsOfTheOldestLogAreLost() throws IOException {
        try (RandomAccessFile log = new RandomAccessFile(logs.resolve(FIRST).toFile(), "r")) {
            Batch batch = Batch.read(log, 0, Long.MAX_VALUE, 4, 1_000_000, 0);
            checkpoints.save(Checkpoint.NONE.after(batch, -1, log));
        }
        assertThat(reclaimer.dropOldest().records()).isEqualTo(6);
        assertThat(books.entries).containsExactly("delivered 4", "lost 6");
        assertThat(logs.resolve(FIRST)).doesNotExist();
        assertThat(checkpoints.readWithoutLog().lost()).isEqualTo(6);
        reclaimer.dropOldest();
        assertThat(checkpoints.readWithoutLog().lost()).isEqualTo(26);
        assertThat(books.entries).containsExactly("delivered 4", "lost 6", "lost 20");
    }

    @Test
    void onlyALogThatWasSentIsDeletedAsDelivered() throws IOException {
        try (RandomAccessFile log = new RandomAccessFile(logs.resolve(FIRST).toFile(), "r")) {
            Batch all = Batch.read(log, 0, Long.MAX_VALUE, 10, 1_000_000, 0);
            Checkpoint done = Checkpoint.NONE.after(all, -1, log);
            write(FIRST, 100, 110);
            assertThatThrownBy(() -> reclaimer.deleteDelivered(done))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("is not the log that was sent");
            assertThat(logs.resolve(FIRST)).exists();
            write(FIRST, 0, 10);
            assertThat(reclaimer.deleteDelivered(done).offset()).isZero();
            assertThat(logs.resolve(FIRST)).doesNotExist();
        }
    }
}
