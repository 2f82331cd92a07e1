package ai.dreamlake.logback.internal.upload;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Instant;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How far a log is sent, according to {@code .upload}. */
class CheckpointTest {

    private static final String LOG = "{\"sequenceNumber\": 0}\n{\"sequenceNumber\": 1}\n{\"sequenceNumber\": 2}\n";
    private static final int LINE = LOG.length() / 3;

    @TempDir
    Path directory;

    private Path file() {
        return directory.resolve(".upload");
    }

    private RandomAccessFile log(String content) throws IOException {
        return new RandomAccessFile(
                Files.writeString(directory.resolve("logs.jsonl"), content).toFile(), "r");
    }

    private static Batch batch(RandomAccessFile log, long from, int records) throws IOException {
        return Batch.read(log, from, Long.MAX_VALUE, records, 1_000_000, 0);
    }

    @Test
    void aSavedCheckpointIsReadAsLongAsTheLogIsTheSame() throws IOException {
        try (RandomAccessFile log = log(LOG)) {
            Checkpoint saved = Checkpoint.NONE.after(batch(log, 0, 2), 41, log);
            saved.write(file());
            assertThat(Checkpoint.read(file(), log)).isEqualTo(saved);
            assertThat(saved.offset()).isEqualTo(2 * LINE);
            assertThat(saved.number()).isEqualTo(2);
            assertThat(saved.serverEnd()).isEqualTo(41);
            assertThat(saved.isDoubtful()).isFalse();
        }
        try (RandomAccessFile other = log(LOG.replace("sequence", "Sequence"))) {
            assertThat(Checkpoint.read(file(), other)).isEqualTo(Checkpoint.NONE);
        }
        try (RandomAccessFile cut = log(LOG.substring(0, LINE))) {
            assertThat(Checkpoint.read(file(), cut)).isEqualTo(Checkpoint.NONE);
        }
        try (RandomAccessFile grown = log(LOG + LOG)) {
            assertThat(Checkpoint.read(file(), grown).offset()).isEqualTo(2 * LINE);
        }
    }

    @Test
    void aBatchThatIsAboutToBeSentIsDoubtfulUntilItIsDone() throws IOException {
        try (RandomAccessFile log = log(LOG)) {
            Batch first = batch(log, 0, 1);
            Checkpoint sending = Checkpoint.NONE.sending(first);
            sending.write(file());
            assertThat(Checkpoint.read(file(), log)).isEqualTo(sending);
            assertThat(sending.isDoubtful()).isTrue();
            assertThat(sending.end()).isEqualTo(LINE);
            assertThat(sending.withoutBatch()).isEqualTo(Checkpoint.NONE);
            assertThat(sending.after(first, -1, log).isDoubtful()).isFalse();
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            -1 | -1 | -1
            7  | -1 | 9
            -1 | 50 | 50
            7  | 50 | 50
            """)
    void aServerThatDoesNotReportItsLastNumberAssignedOneToEachRecord(long before, long told, long after)
            throws IOException {
        try (RandomAccessFile log = log(LOG)) {
            Checkpoint checkpoint = new Checkpoint(0, 0, 0, before, 0, "", "");
            assertThat(checkpoint.after(batch(log, 0, 2), told, log).serverEnd())
                    .isEqualTo(after);
        }
    }

    @Test
    void lossesAddUpUntilTheServerKnowsAndSurviveAnotherLog() throws IOException {
        try (RandomAccessFile log = log(LOG)) {
            Checkpoint lost = Checkpoint.NONE.withLoss(5, "2025-10-29T10:30:00Z");
            Checkpoint dropped = lost.droppingRest(3, Instant.parse("2025-10-29T10:31:00Z"), log, 3);
            assertThat(dropped.lost()).isEqualTo(8);
            assertThat(dropped.lostAt()).isEqualTo("2025-10-29T10:31:00Z");
            assertThat(dropped.offset()).isEqualTo(log.length());
            assertThat(dropped.atNextLog().lost()).isEqualTo(8);
            assertThat(dropped.withoutLoss().lost()).isZero();
            new Checkpoint(
                            3,
                            3,
                            3,
                            -1,
                            dropped.lost(),
                            dropped.lostAt(),
                            "xx" + dropped.digest().substring(2))
                    .write(file());
            Checkpoint read = Checkpoint.read(file(), log);
            assertThat(read.offset()).isZero();
            assertThat(read.lost()).isEqualTo(8);
        }
    }

    @Test
    void aCheckpointOverwritesThePreviousOneAndALongOneReplacesIt() throws IOException {
        try (RandomAccessFile log = log(LOG)) {
            Checkpoint first = Checkpoint.NONE.sending(batch(log, 0, 1));
            Checkpoint second = Checkpoint.NONE.sending(batch(log, 0, 3));
            Checkpoint longer = second.withLoss(1, "x".repeat(1000));
            Files.createFile(file());
            first.write(file());
            Object identity =
                    Files.readAttributes(file(), BasicFileAttributes.class).fileKey();
            assertThat(Files.size(file())).isEqualTo(512);
            second.write(file());
            assertThat(Checkpoint.read(file(), log)).isEqualTo(second);
            assertThat(Files.readAttributes(file(), BasicFileAttributes.class).fileKey())
                    .isEqualTo(identity);
            longer.write(file());
            assertThat(Checkpoint.read(file(), log)).isEqualTo(longer);
            first.write(file());
            assertThat(Checkpoint.read(file(), log)).isEqualTo(first);
            assertThat(Files.size(file())).isEqualTo(512);
            try (Stream<Path> files = Files.list(directory)) {
                assertThat(files).containsExactlyInAnyOrder(file(), directory.resolve("logs.jsonl"));
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"\"lost\":8,\"lost\":9", "\"offset\":1,\"offset\":2", "\"check\":\"a,\"check\":\"b"})
    void aMixtureOfTwoCheckpointsIsNotACheckpoint(String part, String other) throws IOException {
        new Checkpoint(1, 1, 1, 1, 8, "2025-10-29", "1".repeat(32)).write(file());
        String written = Files.readString(file());
        assertThat(Checkpoint.parse(file()).lost()).isEqualTo(8);
        String mixture = part.contains("check")
                ? written.replaceFirst(
                        "\"check\":\".", "\"check\":\"" + (written.contains("\"check\":\"0") ? '1' : '0'))
                : written.replace(part, other);
        assertThat(mixture).isNotEqualTo(written);
        Files.writeString(file(), mixture);
        assertThat(Checkpoint.parse(file()).offset()).isEqualTo(-1);
        assertThat(Checkpoint.parse(file()).lost()).isZero();
        try (RandomAccessFile log = log(LOG)) {
            assertThat(Checkpoint.read(file(), log)).isEqualTo(Checkpoint.NONE);
        }
    }

    @Test
    void theCheckpointOfAnEarlierVersionHasNoCheck() throws IOException {
        Files.writeString(file(), "{\"offset\":5,\"end\":5,\"number\":1,\"serverEnd\":-1,\"lost\":2,\"digest\":\"\"}");
        assertThat(Checkpoint.parse(file()).offset()).isEqualTo(5);
        assertThat(Checkpoint.parse(file()).lost()).isEqualTo(2);
    }

    @Test
    void aHardLinkKeepsItsContent() throws IOException {
        Checkpoint.NONE.write(file());
        Path backup = Files.createLink(directory.resolve("backup"), file());
        byte[] before = Files.readAllBytes(backup);
        Checkpoint.NONE.withLoss(1, "2025-10-29").write(file());
        assertThat(backup).hasBinaryContent(before);
        assertThat(Checkpoint.parse(file()).lost()).isEqualTo(1);
    }

    @Test
    void aLinkInItsPlaceIsNotFollowed() throws IOException {
        Path outside = Files.write(directory.resolve("outside"), new byte[512]);
        Files.createSymbolicLink(file(), outside);
        assertThatThrownBy(() -> Checkpoint.NONE.write(file())).isInstanceOf(IOException.class);
        assertThat(outside).hasBinaryContent(new byte[512]);
    }

    /** A reader holds no lock, for example for the statistics. */
    @Test
    void aReadDuringAWriteFindsOneOfTheTwo() throws Exception {
        Checkpoint one = new Checkpoint(1, 1, 1, 1, 1, "", "1".repeat(32));
        Checkpoint other =
                new Checkpoint(123456789, 223456789, 323456789, 423456789, 523456789, "2025-10-29", "2".repeat(32));
        one.write(file());
        AtomicBoolean done = new AtomicBoolean();
        FutureTask<Void> writing = new FutureTask<>(() -> {
            while (!done.get()) {
                other.write(file());
                one.write(file());
            }
            return null;
        });
        Thread writer = new Thread(writing);
        writer.start();
        try {
            for (int i = 0; i < 20_000; i++) {
                assertThat(Checkpoint.parse(file())).isIn(one, other);
            }
        } finally {
            done.set(true);
            writing.get();
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            ``
            garbage
            {}
            []
            {"offset":-1,"end":-1,"number":0,"digest":""}
            {"offset":0,"end":999,"number":0,"digest":""}
            {"offset":0,"end":0,"number":-1,"digest":""}
            {"offset":1e300,"end":0,"number":0,"digest":""}
            {"offset":0,"end":0,"number":9223372036854775807,"digest":""}
            """)
    void anInvalidCheckpointSendsFromTheBeginning(String content) throws IOException {
        try (RandomAccessFile log = log(LOG)) {
            Files.write(file(), content.getBytes(UTF_8));
            assertThat(Checkpoint.read(file(), log)).isEqualTo(Checkpoint.NONE);
        }
    }
}
