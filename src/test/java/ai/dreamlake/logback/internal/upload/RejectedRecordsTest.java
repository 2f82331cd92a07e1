package ai.dreamlake.logback.internal.upload;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Records that the server refused are kept beside the log. */
class RejectedRecordsTest {

    @TempDir
    Path directory;

    private void add(RejectedRecords rejected, String line, int status, String answer) throws IOException {
        add(rejected, line.getBytes(StandardCharsets.UTF_8), status, answer);
    }

    private void add(RejectedRecords rejected, byte[] line, int status, String answer) throws IOException {
        Path log = Files.write(directory.resolve("logs.jsonl"), line);
        try (RandomAccessFile file = new RandomAccessFile(log.toFile(), "r")) {
            rejected.add(file, 0, file.length(), status, answer);
        }
    }

    private static String line(String message) {
        return "{\"message\": \"" + message + "\"}\n";
    }

    @Test
    void aRecordThatIsAlreadyTheLastEntryIsNotAddedAgain() throws IOException {
        Path file = directory.resolve("rejected.jsonl");
        RejectedRecords rejected = new RejectedRecords(file.toFile());
        add(rejected, line("a"), 400, "no");
        add(rejected, line("b"), 400, "no");
        add(new RejectedRecords(file.toFile()), line("b"), 400, "no"); // as after a crash before that was noted
        add(rejected, line("a"), 400, "no");
        assertThat(Files.readAllLines(file))
                .containsExactly(
                        "{\"status\":400,\"answer\":\"no\",\"record\":{\"message\": \"a\"}}",
                        "{\"status\":400,\"answer\":\"no\",\"record\":{\"message\": \"b\"}}",
                        "{\"status\":400,\"answer\":\"no\",\"record\":{\"message\": \"a\"}}");
    }

    @Test
    void aRecordOfAnyLengthIsKeptAsItIsInTheLog() throws IOException {
        String[] records = {
            "{\"sequenceNumber\": 1e3, \"message\": NaN, \"message\": 1.50}", "{\"a\": \"" + "x".repeat(200_000) + "\"}"
        };
        for (String record : records) {
            Path file = Files.createTempDirectory(directory, "kept").resolve("rejected.jsonl");
            RejectedRecords rejected = new RejectedRecords(file.toFile());
            add(rejected, " " + record + " \r\n", 413, "too \"large\"");
            add(rejected, record + "\n", 413, "too \"large\"");
            assertThat(Files.readString(file))
                    .isEqualTo("{\"status\":413,\"answer\":\"too \\\"large\\\"\",\"record\":" + record + "}\n");
        }
    }

    @Test
    void aLineThatIsNotARecordIsKeptAsText() throws IOException {
        Path file = directory.resolve("rejected.jsonl");
        RejectedRecords rejected = new RejectedRecords(file.toFile());
        add(rejected, "damage\n", 0, "not a record");
        add(rejected, "{\"torn\0\n", 0, "not a record");
        add(rejected, new byte[] {'f', (byte) 0xFC, 'r', '\n'}, 0, "not a record");
        add(rejected, "[" + "x".repeat(200_000) + "\n", 0, "not a record");
        add(rejected, "\n", 0, "not a record");
        assertThat(Files.readAllLines(file).stream()
                        .map(entry -> entry.replace("{\"status\":0,\"answer\":\"not a record\",\"record\":", "")))
                .containsExactly(
                        "\"damage\"}",
                        "\"{\\\"torn\\u0000\"}",
                        "\"f\uFFFDr\"}",
                        "\"[" + "x".repeat(200_000) + "\"}",
                        "\"\"}");
    }
}
