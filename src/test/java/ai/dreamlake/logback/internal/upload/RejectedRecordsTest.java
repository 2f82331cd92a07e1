package ai.dreamlake.logback.internal.upload;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the server refused is kept beside the log. */
class RejectedRecordsTest {

    @TempDir
    Path directory;

    private static byte[] line(String message) {
        return ("{\"message\": \"" + message + "\"}\n").getBytes(StandardCharsets.UTF_8);
    }

    @Test
    void aRecordThatIsTheLastOneThereIsNotAddedAgain() throws IOException {
        Path file = directory.resolve("rejected.jsonl");
        RejectedRecords rejected = new RejectedRecords(file.toFile());
        rejected.add(line("a"), 400, "no");
        rejected.add(line("b"), 400, "no");
        new RejectedRecords(file.toFile()).add(line("b"), 400, "no"); // as after a crash before that was noted
        rejected.add(line("a"), 400, "no");
        assertThat(Files.readAllLines(file))
                .containsExactly(
                        "{\"status\":400,\"answer\":\"no\",\"record\":{\"message\":\"a\"}}",
                        "{\"status\":400,\"answer\":\"no\",\"record\":{\"message\":\"b\"}}",
                        "{\"status\":400,\"answer\":\"no\",\"record\":{\"message\":\"a\"}}");
    }

    @Test
    void whatIsNoRecordIsKeptAsText() throws IOException {
        Path file = directory.resolve("rejected.jsonl");
        new RejectedRecords(file.toFile()).add("damage\n".getBytes(StandardCharsets.UTF_8), 0, "not a record");
        assertThat(Files.readString(file))
                .isEqualTo("{\"status\":0,\"answer\":\"not a record\",\"record\":\"damage\"}\n");
    }
}
