package ai.dreamlake.logback.internal.journal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.dreamlake.logback.internal.record.LineFormat;
import ai.dreamlake.logback.internal.session.SessionName;
import ai.dreamlake.logback.support.SessionOnDisk;
import java.io.File;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Numbers that none of our records can have, in every file of a session that can hold a number. */
class OddNumbersTest {

    private static final SessionName NAME = SessionName.of("project", "run");
    private static final Storage SPOOL = new SpoolStorage(Long.MAX_VALUE);
    private static final String RECORD =
            "{\"timestamp\": \"2025-10-29T10:30:00.000000Z\", \"level\": \"info\", \"message\": \"%s\", \"metadata\": null, \"sequenceNumber\": ";

    @TempDir
    Path root;

    private final List<Journal> open = new ArrayList<>();
    private SessionOnDisk session;
    private SessionDirectory directory;

    @BeforeEach
    void name() throws IOException {
        session = SessionOnDisk.of(root, "project", "run");
        directory = new SessionDirectory(session.directory());
        Files.createDirectories(directory.logs());
    }

    @AfterEach
    void close() throws IOException {
        for (Journal journal : open) {
            journal.release();
        }
    }

    private Journal journal(Storage storage) {
        Journal journal = new Journal(directory, NAME, System::nanoTime, storage, 0);
        journal.retain(storage);
        open.add(journal);
        return journal;
    }

    private static void append(Journal journal, String message) throws IOException {
        byte[] bytes = String.format(RECORD, message).getBytes(UTF_8);
        journal.append(new Line()
                .set(Arrays.copyOf(bytes, bytes.length + LineFormat.ROOM_FOR_NUMBER), bytes.length, false, null));
    }

    private static String ours(String message, Object number) {
        return String.format(RECORD, message) + number + "}";
    }

    private void write(File file, String text) throws IOException {
        Files.writeString(file.toPath(), text);
    }

    private static List<String> notices(Journal journal) {
        List<String> notices = new ArrayList<>();
        for (String notice = journal.nextNotice(); notice != null; notice = journal.nextNotice()) {
            notices.add(notice);
        }
        return notices;
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "-1",
                "1.5",
                "1e3",
                "null",
                "\"7\"",
                "4611686018427387904",
                "9223372036854775806",
                "9223372036854775807",
                "1000000000000000000000000000000"
            })
    void recordsWithAnOddNumberStayAndOursAreCountedOnFromThemWithOneNotice(String odd) throws IOException {
        String others = ours("theirs", odd) + "\n";
        write(directory.log(), others.repeat(3));
        Journal journal = journal(Storage.kept());
        append(journal, "a");
        session.append(session.log(), others);
        append(journal, "b");
        append(journal(Storage.kept()), "c");
        assertThat(session.lines())
                .containsExactly(
                        others.strip(),
                        others.strip(),
                        others.strip(),
                        ours("a", 3),
                        others.strip(),
                        ours("b", 5),
                        ours("c", 6));
        assertThat(session.torn()).doesNotExist();
        assertThat(notices(journal)).singleElement().asString().contains("no sequenceNumber that can be continued");
        assertThat(session.readHint()).isEqualTo(7);
    }

    @Test
    void theLargestNumberThatIsContinuedLeadsToNoOverflowEither() throws IOException {
        write(directory.log(), ours("theirs", (1L << 62) - 1) + "\n");
        append(journal(Storage.kept()), "a");
        append(journal(Storage.kept()), "b");
        assertThat(session.lines().get(1)).isEqualTo(ours("a", 1L << 62));
        assertThat(session.lines().get(2)).isEqualTo(ours("b", (1L << 62) + 1));
    }

    @Test
    void ourNumbersDoNotGoBackIfAnotherWriterStartsAgainInOurLog() throws IOException {
        Journal journal = journal(Storage.kept());
        append(journal, "a");
        append(journal, "b");
        session.append(session.log(), ours("theirs", 0) + "\n");
        append(journal, "c");
        assertThat(session.lines()).endsWith(ours("b", 1), ours("theirs", 0), ours("c", 2));
    }

    @ParameterizedTest
    @CsvSource({
        "12, 12",
        "9, 10",
        "-5, 10",
        "9223372036854775807, 10",
        "4611686018427387904, 10",
        "123456789012345678901234567890, 10",
        "garbage, 10"
    })
    void anEmptySpoolGoesOnAfterItsSegmentsAndItsHintIfThoseMakeSense(String hint, long next) throws IOException {
        for (String name : new String[] {
            "0000000000000000010",
            "0000000000000000002",
            "4611686018427387904999",
            "9223372036854775807",
            "9999999999999999999",
            "-000000000000000001",
            "123456789012345678901234567890"
        }) {
            write(directory.logs().resolve("logs." + name + ".jsonl").toFile(), "{}\n");
        }
        write(directory.sequenceHint(), hint);
        append(journal(SPOOL), "a");
        assertThat(session.lines()).containsExactly(ours("a", next));
        assertThat(directory.segments().stream().map(Segment::end)).containsExactly(0L, 0L, 2L, 10L);
    }

    @Test
    void theLogOfASpoolIsCountedOnFromItsSegments() throws IOException {
        write(directory.segmentBefore(10).toFile(), "{}\n");
        write(directory.log(), "{}\n{}\n");
        append(journal(SPOOL), "a");
        assertThat(session.lines()).endsWith(ours("a", 12));
    }

    @Test
    void aSegmentReplacesNoOther() throws IOException {
        write(directory.segmentBefore(10).toFile(), "{}\n");
        write(directory.log(), ours("theirs", 9) + "\n"); // would be the last number of the same segment
        Journal journal = journal(SPOOL);
        assertThat(journal.seal(session.log().toFile().length())).isTrue();
        assertThat(directory.segments().stream().map(Segment::end)).containsExactly(10L, 11L);

        append(journal, "a");
        write(directory.segmentBefore(12).toFile(), "somebody else's\n");
        assertThatThrownBy(() -> journal.seal(session.log().toFile().length()))
                .isInstanceOf(FileAlreadyExistsException.class);
        append(journal, "b");
        assertThat(session.lines()).containsExactly(ours("a", 11), ours("b", 12));
        assertThat(directory.segmentBefore(12)).hasContent("somebody else's");
    }

    /** No writer uses such a number or position, so what is staged is in no log. */
    @ParameterizedTest
    @CsvSource({
        "9223372036854775807, 0000000000000000000",
        "9999999999999999999, 0000000000000000000",
        "6917529027641081855, 0000000000000000000",
        "0000000000000000001, 9223372036854775807",
        "0000000000000000001, 9999999999999999999"
    })
    void aTailWithAnOddNumberIsRecoveredAnyway(String first, String place) throws IOException {
        String header = new String(TailHeader.ofThisProcess(NAME.digest(), 0, 0).toBytes(), UTF_8)
                .replaceFirst("F", "W")
                .replaceFirst("first=\\d+", "first=" + first)
                .replaceFirst("place=\\d+", "place=" + place);
        String staged = ours("staged", "").replace(", \"sequenceNumber\": ", "");
        write(directory.log(), ours("before", 0) + "\n");
        write(directory.unusedTail(), header + staged + "\n" + "\n".repeat(100));
        append(journal(Storage.kept()), "after");
        session.assertGapless(3);
        assertThat(session.messages()).containsExactly("before", "staged", "after");
        assertThat(session.torn()).doesNotExist();
    }
}
