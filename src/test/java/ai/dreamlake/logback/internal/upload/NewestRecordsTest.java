package ai.dreamlake.logback.internal.upload;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whether a server has a batch, as far as its answer shows. */
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
        NewestRecords newest = new NewestRecords(batch, knownEnd);
        return newest.add(answer) && newest.haveBatch();
    }

    @Test
    void aBatchIsFoundIfItIsWholeAndInOrderEvenAmongRecordsOfOthers() throws IOException {
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
    void recordsKnownBeforeTheBatchWasSentAreNotTakenForIt() throws IOException {
        Batch batch = batch("tick", "tick");
        String answer = newestFirst(stored(8, "tick"), stored(7, "tick"), stored(6, "tick"));
        assertThat(has(answer, 6, batch)).isTrue();
        assertThat(has(answer, 7, batch)).isFalse();
        assertThat(has(answer, 8, batch)).isFalse();
    }

    @Test
    void anUnusableAnswerProvesNothing() throws IOException {
        assertThat(new NewestRecords(batch("a"), -1).add("<html>")).isFalse();
        assertThat(new NewestRecords(batch("a"), -1).add("{}")).isFalse();
    }

    @Test
    void aBatchIsFoundPageByPageAndNoPageExceedsTheReadLimit() throws IOException {
        String[] messages = new String[1000];
        Arrays.setAll(messages, i -> "message " + i);
        Batch batch = batch(messages);
        NewestRecords newest = new NewestRecords(batch, 4);
        int pages = 0;
        while (newest.wantsMore()) {
            List<String> page = new ArrayList<>();
            for (int i = newest.offset(); i < Math.min(1000, newest.offset() + newest.limit()); i++) {
                page.add(stored(1004 - i, messages[999 - i]));
            }
            String answer = newestFirst(page.toArray(new String[0])).replace("false", "true");
            assertThat(answer.length()).isLessThan((int) DreamlakeClient.MAX_RESPONSE_BYTES);
            assertThat(newest.add(answer)).isTrue();
            pages++;
        }
        assertThat(newest.haveBatch()).isTrue();
        assertThat(newest.lastNumber()).isEqualTo(1004);
        assertThat(pages).isBetween(5, 50);
    }

    @Test
    void aServerThatShowsTheSamePageAgainCannotTell() throws IOException {
        String[] ticks = new String[1000];
        Arrays.fill(ticks, "tick");
        NewestRecords newest = new NewestRecords(batch(ticks), 0);
        List<String> page = new ArrayList<>();
        for (int i = 0; i < newest.limit(); i++) {
            page.add(stored(1000 - i, "tick"));
        }
        String answer = newestFirst(page.toArray(new String[0])).replace("false", "true");
        assertThat(newest.add(answer)).isTrue();
        assertThat(newest.add(answer)).as("another page").isFalse();
        assertThat(newest.haveBatch()).isFalse();
    }

    @Test
    void recordsThatOthersAddBetweenTwoPagesDoNotHideTheBatch() throws IOException {
        String[] messages = new String[300];
        Arrays.setAll(messages, i -> "message " + i);
        NewestRecords newest = new NewestRecords(batch(messages), -1);
        for (int added = 0; newest.wantsMore(); added += 2) { // two more before each page
            List<String> page = new ArrayList<>();
            for (int i = newest.offset() - added; i < Math.min(300, newest.offset() - added + newest.limit()); i++) {
                page.add(i < 0 ? stored(299 - i, "other") : stored(299 - i, messages[299 - i]));
            }
            assertThat(newest.add(newestFirst(page.toArray(new String[0])).replace("false", "true")))
                    .isTrue();
        }
        assertThat(newest.haveBatch()).isTrue();
    }

    @Test
    void theSearchEndsWhereTheServerHasNoMoreAndAtRecordsAlreadyKnown() throws IOException {
        NewestRecords none = new NewestRecords(batch("a"), -1);
        assertThat(none.add(newestFirst())).isTrue();
        assertThat(none.wantsMore()).isFalse();
        NewestRecords known = new NewestRecords(batch("a"), 7);
        assertThat(known.add(newestFirst(stored(7, "x")).replace("false", "true")))
                .isTrue();
        assertThat(known.wantsMore()).isFalse();
        assertThat(known.haveBatch()).isFalse();
    }
}
