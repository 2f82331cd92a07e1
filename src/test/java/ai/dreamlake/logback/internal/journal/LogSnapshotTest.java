package ai.dreamlake.logback.internal.journal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.dreamlake.logback.internal.record.LineFormat;
import ai.dreamlake.logback.internal.session.SessionName;
import ai.dreamlake.logback.support.ChildJvm;
import ai.dreamlake.logback.support.Logging;
import ai.dreamlake.logback.support.SessionOnDisk;
import ch.qos.logback.core.util.Duration;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a reader that takes no lock finds. */
@Timeout(60)
class LogSnapshotTest {

    private static final SessionName NAME = SessionName.of("project", "run");

    private static final int RECORDS = 20_000;

    @TempDir
    Path root;

    private SessionOnDisk files;
    private SessionDirectory directory;

    @BeforeEach
    void prepare() {
        files = SessionOnDisk.of(root, "project", "run");
        directory = SessionDirectory.of(root, NAME);
    }

    private static byte[] record(String message) {
        return ("{\"timestamp\": \"2025-10-29T10:30:00.000000Z\", \"level\": \"info\", \"message\": \"" + message
                        + "\", \"metadata\": null}")
                .getBytes(UTF_8);
    }

    private static String line(String message, long number) {
        return new String(LineFormat.finished(record(message), number), UTF_8);
    }

    private void tail(TailHeader header, String... messages) {
        byte[] tail = new byte[MappedTail.SIZE];
        Arrays.fill(tail, (byte) '\n');
        byte[] first = header.toBytes();
        System.arraycopy(first, 0, tail, 0, first.length);
        int end = first.length;
        for (String message : messages) {
            byte[] record = record(message);
            System.arraycopy(record, 0, tail, end, record.length);
            end += record.length + 1;
        }
        files.write(files.log().resolveSibling("logs.jsonl.tail"), tail);
    }

    private static List<String> messages(LogSnapshot snapshot) throws IOException {
        StringBuilder text = new StringBuilder();
        for (LogSnapshot.Part log : snapshot.logs()) {
            if (log.length() > 0) {
                try (RandomAccessFile file = log.open()) {
                    byte[] bytes = new byte[(int) log.length()];
                    file.readFully(bytes);
                    text.append(new String(bytes, UTF_8));
                }
            }
        }
        snapshot.staged().forEach(staged -> text.append(new String(staged.text(), UTF_8)));
        Matcher matcher = Pattern.compile("\"message\": \"([^\"]*)\"").matcher(text);
        return matcher.results().map(found -> found.group(1)).toList();
    }

    @Test
    void whatIsStagedFollowsTheLog() throws IOException {
        files.write(files.log(), line("a", 0));
        tail(TailHeader.ofThisProcess(NAME.digest(), 1, files.log().toFile().length()), "b", "c");
        LogSnapshot snapshot = LogSnapshot.of(directory);
        assertThat(messages(snapshot)).containsExactly("a", "b", "c");
        assertThat(snapshot.staged()).hasSize(2);
    }

    @Test
    void whatADeadProcessHadWrittenInPartIsSeenOnce() throws IOException {
        String before = line("a", 0);
        files.write(files.log(), before + line("b", 1));
        TailHeader filling = TailHeader.ofThisProcess(NAME.digest(), 1, before.length());
        tail(
                new TailHeader(
                        TailHeader.WRITING,
                        0,
                        filling.from(),
                        filling.end(),
                        1,
                        before.length(),
                        filling.owner(),
                        filling.session()),
                "b",
                "c");
        assertThat(messages(LogSnapshot.of(directory))).containsExactly("a", "b", "c");
    }

    @Test
    void segmentsOfASpoolComeFirst() throws IOException {
        files.write(directory.segmentBefore(2), line("a", 0) + line("b", 1));
        files.write(directory.segmentBefore(3), line("c", 2));
        files.write(files.log(), line("d", 3));
        assertThat(messages(LogSnapshot.of(directory))).containsExactly("a", "b", "c", "d");
    }

    @Test
    void aSessionWithoutALogHasNoRecords() throws IOException {
        LogSnapshot snapshot = LogSnapshot.of(directory);
        assertThat(snapshot.bytes()).isZero();
        assertThat(snapshot.staged()).isEmpty();
    }

    @Test
    void aLogThatBecomesASegmentBeforeItIsReadIsNotMistakenForTheNextLog() throws IOException {
        files.write(files.log(), line("a", 0));
        LogSnapshot snapshot = LogSnapshot.of(directory);
        Files.move(files.log(), directory.segmentBefore(1));
        files.write(files.log(), line("b", 1));
        assertThatThrownBy(() -> messages(snapshot))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("was replaced while it was being read");
    }

    @Test
    void whatIsNotARegularFileIsNotRead() throws IOException {
        files.write(files.log(), line("a", 0));
        Files.createDirectory(files.log().resolveSibling("logs.jsonl.tail"));
        Files.createSymbolicLink(
                files.log().resolveSibling("logs.jsonl.tail.1"), Files.createFile(root.resolve("elsewhere")));
        assertThat(messages(LogSnapshot.of(directory))).containsExactly("a");
    }

    /** Logs bursts. Argument: local path. */
    static final class Writer {
        public static void main(String[] arguments) {
            Logging logging = Logging.to(Path.of(arguments[0]), appender -> {
                appender.setWorkspace("project");
                appender.setSession("run");
                appender.setWriteDelay(Duration.buildByMilliseconds(20)); // so that readers also see staged records
            });
            for (int i = 0; i < RECORDS; i++) {
                logging.log.info("{}", i);
                if (i == RECORDS / 10) {
                    System.out.println("writing");
                }
                if (i % 100 == 0) {
                    LockSupport.parkNanos(3_000_000);
                }
            }
            logging.close();
        }
    }

    @Test
    void whileAnotherProcessWritesNoRecordIsMissingOrSeenTwice() throws IOException {
        int withStaged = 0;
        try (ChildJvm writer = ChildJvm.start(Writer.class, root)) {
            assertThat(writer.readLine()).isEqualTo("writing");
            List<String> messages = List.of();
            while (messages.size() < RECORDS) {
                LogSnapshot snapshot = LogSnapshot.of(directory);
                withStaged += snapshot.staged().isEmpty() ? 0 : 1;
                messages = messages(snapshot);
                List<String> expected = new ArrayList<>();
                for (int i = 0; i < messages.size(); i++) {
                    expected.add(String.valueOf(i));
                }
                assertThat(messages).isEqualTo(expected);
            }
            assertThat(writer.waitFor()).isZero();
        }
        assertThat(withStaged).isPositive();
    }
}
