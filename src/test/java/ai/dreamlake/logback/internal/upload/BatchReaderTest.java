package ai.dreamlake.logback.internal.upload;

import static org.assertj.core.api.Assertions.assertThat;

import ai.dreamlake.logback.internal.journal.JournalRegistry;
import ai.dreamlake.logback.internal.journal.SpoolStorage;
import ai.dreamlake.logback.internal.session.Retention;
import ai.dreamlake.logback.internal.session.SessionName;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which records of a session's files are sent next. */
class BatchReaderTest {

    private static final SessionName RUN = new SessionName("project", "run");

    @TempDir
    Path root;

    private Path logs;
    private BatchReader reader;

    @BeforeEach
    void start() throws IOException {
        logs = Files.createDirectories(root.resolve("project/run/logs"));
        LogSegments segments = new LogSegments(
                JournalRegistry.journal(root, RUN, System::nanoTime, new SpoolStorage(Long.MAX_VALUE), 0),
                Retention.SPOOL);
        reader = new BatchReader(segments, 1000);
    }

    @AfterEach
    void stop() throws IOException {
        reader.close();
    }

    private static String record(int number) {
        return "{\"message\": \"m" + number + "\", \"sequenceNumber\": " + number + "}\n";
    }

    private static String records(int from, int to) {
        StringBuilder lines = new StringBuilder();
        for (int i = from; i < to; i++) {
            lines.append(record(i));
        }
        return lines.toString();
    }

    private void write(String name, String content) throws IOException {
        Files.writeString(logs.resolve(name), content);
    }

    private Batch next(int maxRecords) throws IOException {
        return reader.next(Checkpoint.NONE, maxRecords);
    }

    @Test
    void withoutALogThereIsNoBatch() throws IOException {
        assertThat(reader.openOldest()).isFalse();
        write("logs.jsonl", "");
        assertThat(reader.openOldest()).isTrue();
        assertThat(next(10)).isNull();
    }

    @Test
    void segmentsAreReadOldestFirst() throws IOException {
        write("logs.0000000000000000002.jsonl", records(0, 2));
        write("logs.0000000000000000004.jsonl", records(2, 4));
        write("logs.jsonl", records(4, 5));
        assertThat(reader.openOldest()).isTrue();
        assertThat(next(10).numbers().runs()).containsExactly(new Numbers.Run(0, 2));
        Files.delete(logs.resolve("logs.0000000000000000002.jsonl"));
        assertThat(reader.openOldest()).isTrue();
        assertThat(next(10).numbers().runs()).containsExactly(new Numbers.Run(2, 4));
    }

    @Test
    void aBatchKeepsToBothLimitsButHasAtLeastOneRecord() throws IOException {
        write("logs.jsonl", records(0, 100));
        reader.openOldest();
        assertThat(next(7).records()).isEqualTo(7);
        assertThat(next(7).isFull()).isTrue();
        assertThat(next(1000).body().length).isBetween(400, 1000);
        String huge = "{\"message\": \"" + "x".repeat(5000) + "\", \"sequenceNumber\": 0}\n";
        write("logs.jsonl", huge + record(1));
        reader.openOldest();
        assertThat(next(10).records()).isOne();
        assertThat(next(10).end()).isEqualTo(huge.length());
    }

    @Test
    void anUnfinishedLineIsNotRead() throws IOException {
        write("logs.jsonl", records(0, 2) + record(2).stripTrailing());
        reader.openOldest();
        assertThat(next(10).records()).isEqualTo(2);
        assertThat(next(10).isFull()).as("more may come").isFalse();
    }

    @Test
    void damageAtTheEndIsLeftToTheJournalAndDamageBeforeARecordIsABatchOfItsOwn() throws IOException {
        write("logs.jsonl", records(0, 2) + "damage\n");
        reader.openOldest();
        assertThat(next(10).records()).isEqualTo(2);
        assertThat(reader.next(
                        new Checkpoint(2L * record(0).length(), 2L * record(0).length(), 2, -1, 0, "", ""), 10))
                .isNull();
        write("logs.jsonl", "damage\n" + records(0, 2));
        reader.openOldest();
        Batch damage = next(10);
        assertThat(damage.unsendable()).isEqualTo(Batch.Unsendable.NOT_A_RECORD);
        assertThat(damage.end()).isEqualTo("damage\n".length());
    }

    private Checkpoint after(Batch batch) throws IOException {
        return Checkpoint.NONE.sending(batch).after(batch, -1, reader.log());
    }

    @Test
    void aFullBatchIsReadAheadOnceAndOnlyForItsPositionAndSize() throws IOException {
        write("logs.jsonl", records(0, 9));
        reader.openOldest();
        Batch first = next(3);
        reader.readAhead(first, 3);
        write("logs.jsonl", records(0, 3) + records(3, 9).replace(": \"m", ": \"n"));
        assertThat(new String(reader.next(after(first), 3).body())).contains("m3", "m5");
        assertThat(new String(reader.next(after(first), 3).body())).contains("n3", "n5");
        reader.readAhead(first, 3);
        assertThat(reader.next(after(first), 2).records())
                .as("a batch of another size")
                .isEqualTo(2);
        reader.readAhead(first, 3);
        assertThat(new String(next(3).body())).as("a batch at another position").contains("m0");
    }

    @Test
    void neitherABatchThatMayGrowNorDamageIsReadAhead() throws IOException {
        write("logs.jsonl", records(0, 5));
        reader.openOldest();
        Batch first = next(3);
        reader.readAhead(first, 3);
        write("logs.jsonl", records(0, 9));
        assertThat(reader.next(after(first), 3).records()).isEqualTo(3);
        write("logs.jsonl", records(0, 3) + "damage\n" + records(3, 9));
        reader.readAhead(first, 3);
        write("logs.jsonl", records(0, 9));
        assertThat(reader.next(after(first), 3).unsendable()).isNull();
    }

    @Test
    void aBatchReadAheadInOneLogIsNotUsedForAnother() throws IOException {
        write("logs.jsonl", records(0, 9));
        reader.openOldest();
        Batch first = next(3);
        reader.readAhead(first, 3);
        write("logs.jsonl", records(0, 9).replace(": \"m", ": \"n"));
        reader.openOldest();
        assertThat(new String(reader.next(after(first), 3).body())).contains("n3");
    }

    @Test
    void aBatchThatWasAboutToBeSentStaysTheSameWhateverTheLimitIsNow() throws IOException {
        write("logs.jsonl", records(0, 10));
        reader.openOldest();
        Batch first = next(5);
        Checkpoint sending = Checkpoint.NONE.sending(first);
        Batch again = reader.next(sending, 1);
        assertThat(again.body()).isEqualTo(first.body());
        assertThat(again.key("project/run")).isEqualTo(first.key("project/run"));
        assertThat(again.key("project/other")).isNotEqualTo(first.key("project/run"));
        assertThat(new String(first.body()))
                .startsWith("{\"logs\": [{\"message\":\"m0\"}, {\"message\":\"m1\"}")
                .endsWith("]}");
    }
}
