package ai.dreamlake.logback.internal.upload;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whether a server has a batch, as far as its answer to a question tells. */
class NewestRecordsTest {

    @TempDir
    Path directory;

    private static String record(String message, String end) {
        return "{\"timestamp\": \"2025-10-29T10:30:00.123456Z\", \"level\": \"info\", \"message\": \"" + message + "\""
                + end;
    }

    private static String stored(int number, String message) {
        return record(message, ", \"metadata\": null, \"sequenceNumber\": " + number + "}")
                .replace("123456Z", "123Z");
    }

    private static String newestFirst(String... records) {
        return "{\"logs\": [" + String.join(", ", records) + "], \"hasMore\": false}";
    }

    private Batch batch(String... messages) throws IOException {
        StringBuilder lines = new StringBuilder();
        for (String message : messages) {
            lines.append(record(message, ", \"metadata\": null, \"sequenceNumber\": 0}\n"));
        }
        Path log = Files.writeString(directory.resolve("logs.jsonl"), lines);
        try (RandomAccessFile file = new RandomAccessFile(log.toFile(), "r")) {
            return Batch.read(file, 0, file.length(), 0, 0);
        }
    }

    private static boolean has(String answer, long knownEnd, Batch batch) {
        return NewestRecords.parse(answer, knownEnd).endWith(batch);
    }

    @Test
    void aBatchIsThereIfItStandsThereWholeAndInOrderAlsoBehindRecordsOfOthers() throws IOException {
        Batch batch = batch("a", "b");
        assertThat(has(newestFirst(stored(8, "b"), stored(7, "a")), 6, batch)).isTrue();
        assertThat(has(newestFirst(stored(9, "other"), stored(8, "b"), stored(7, "a"), stored(6, "x")), 6, batch))
                .isTrue();
        assertThat(has(newestFirst(stored(8, "a"), stored(7, "b")), 6, batch)).isFalse();
        assertThat(has(newestFirst(stored(7, "a")), 6, batch)).isFalse();
        assertThat(has(newestFirst(stored(9, "b"), stored(8, "other"), stored(7, "a")), 6, batch))
                .isFalse();
    }

    @Test
    void recordsThatWereKnownToBeThereBeforeItWasSentAreNotTakenForIt() throws IOException {
        Batch batch = batch("tick", "tick");
        String answer = newestFirst(stored(8, "tick"), stored(7, "tick"), stored(6, "tick"));
        assertThat(has(answer, 6, batch)).isTrue();
        assertThat(has(answer, 7, batch)).isFalse();
        assertThat(has(answer, 8, batch)).isFalse();
    }

    @Test
    void anAnswerThatIsNoneTellsNothing() {
        assertThat(NewestRecords.parse("<html>", -1)).isNull();
        assertThat(NewestRecords.parse("{}", -1)).isNull();
    }
}
