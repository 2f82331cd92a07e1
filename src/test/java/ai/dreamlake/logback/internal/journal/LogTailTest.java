package ai.dreamlake.logback.internal.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LogTailTest {

    private static final String ZERO =
            "{\"timestamp\": \"2025-10-29T10:30:00.000000Z\", \"level\": \"info\", \"message\": \"m\", \"metadata\": null, \"sequenceNumber\": 0}\n";
    private static final String ONE = ZERO.replace("\"sequenceNumber\": 0", "\"sequenceNumber\": 1");

    @TempDir
    Path directory;

    private Path log;
    private Path aside;

    @BeforeEach
    void paths() {
        log = directory.resolve("logs.jsonl");
        aside = directory.resolve("logs.jsonl.torn");
    }

    private LogTail recover(String content) throws IOException {
        return recover(content.getBytes(StandardCharsets.UTF_8));
    }

    private LogTail recover(byte[] content) throws IOException {
        Files.write(log, content);
        return LogTail.recover(log.toFile(), aside.toFile());
    }

    private void assertRecovered(String content, String kept, long nextNumber) throws IOException {
        Files.deleteIfExists(aside);
        LogTail tail = recover(content);
        assertThat(Files.readString(log)).isEqualTo(kept);
        assertThat(tail.nextNumber()).isEqualTo(nextNumber);
        assertThat(tail.length()).isEqualTo(kept.length());
        String cut = content.substring(kept.length());
        if (cut.isEmpty()) {
            assertThat(aside).doesNotExist();
        } else {
            assertThat(Files.readString(aside)).isEqualTo(cut.endsWith("\n") ? cut : cut + "\n");
        }
        assertThat(tail.setAside()).isEqualTo(cut.length());
    }

    @Test
    void aMissingOrEmptyLogBeginsAtZero() throws IOException {
        assertThat(LogTail.recover(log.toFile(), aside.toFile())).isEqualTo(new LogTail(0, 0, 0));
        assertRecovered("", "", 0);
    }

    @Test
    void aWholeLogIsLeftAloneAndGoesOn() throws IOException {
        assertRecovered(ZERO, ZERO, 1);
        assertRecovered(ZERO + ONE, ZERO + ONE, 2);
    }

    @Test
    void aLineOfThePythonSdkIsUnderstood() throws IOException {
        String python =
                "{\"sequenceNumber\": 41, \"timestamp\": \"2025-10-25T12:00:22.940353Z\", \"level\": \"info\", \"message\": \"Hello\", \"metadata\": {\"sequenceNumber\": 7, \"x\": [{\"sequenceNumber\": 8}]}}\n";
        assertRecovered(python, python, 42);
    }

    @Test
    void aLineWithThePythonSdksNaNIsARecord() throws IOException {
        String python =
                "{\"sequenceNumber\": 4, \"timestamp\": \"2025-10-25T12:00:00Z\", \"level\": \"info\", \"message\": \"m\", \"metadata\": {\"loss\": NaN, \"max\": Infinity, \"min\": -Infinity}}\n";
        assertRecovered(python, python, 5);
    }

    @Test
    void damageThatCannotBeSetAsideStaysWhereItIs() throws IOException {
        Files.createDirectory(aside);
        Files.writeString(log, ZERO + "torn");
        assertThatThrownBy(() -> LogTail.recover(log.toFile(), aside.toFile())).isInstanceOf(IOException.class);
        assertThat(Files.readString(log)).isEqualTo(ZERO + "torn");
    }

    @Test
    void aTornTailThatIsNotSettledStaysWhereItIs() throws IOException {
        Files.writeString(log, ZERO + "torn");
        assertThat(LogTail.recover(log.toFile(), aside.toFile(), length -> false))
                .isNull();
        assertThat(Files.readString(log)).isEqualTo(ZERO + "torn");
        assertThat(aside).doesNotExist();

        assertThat(LogTail.recover(log.toFile(), aside.toFile(), length -> length == ZERO.length() + 4))
                .isEqualTo(new LogTail(ZERO.length(), 1, 4));
        assertThat(aside).hasContent("torn");
    }

    @Test
    void aTornTailThatSomebodyCompletesAtTheLastMomentStaysWhereItIs() throws IOException {
        Files.writeString(log, ZERO + ONE.substring(0, 50));
        assertThat(LogTail.recover(log.toFile(), aside.toFile(), length -> {
                    try {
                        Files.writeString(log, ONE.substring(50), StandardOpenOption.APPEND);
                        return true;
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                }))
                .isNull();
        assertThat(Files.readString(log)).isEqualTo(ZERO + ONE);
    }

    @Test
    void damageThatIsWholeLinesIsNobodysWriteInTheMiddle() throws IOException {
        Files.writeString(log, ZERO + "garbage\n");
        assertThat(LogTail.recover(log.toFile(), aside.toFile(), length -> false))
                .isEqualTo(new LogTail(ZERO.length(), 1, 8));
    }

    @Test
    void aTornTailIsSetAsideWhereverItWasTorn() throws IOException {
        for (int cut = 1; cut < ONE.length(); cut++) {
            assertRecovered(ZERO + ONE.substring(0, cut), ZERO, 1);
        }
    }

    @Test
    void damageThatIsWholeLinesIsSetAsideToo() throws IOException {
        assertRecovered(ZERO + "garbage\n\n[1]\n{\"sequenceNumber\": \"1\"}\n" + ONE.trim() + " tail\n", ZERO, 1);
        assertRecovered(ZERO + "{\"sequenceNumber\": -1}\n{\"sequenceNumber\": 1.5}\n{}\n", ZERO, 1);
        assertRecovered(ZERO + "{\"sequenceNumber\": 99999999999999999999}\n", ZERO, 1);
        assertRecovered(ZERO + "{\"sequenceNumber\": 9223372036854775807}\n", ZERO, 1);
        assertRecovered(ZERO + "\0\0\0\0\0\0", ZERO, 1);
        assertRecovered("nothing but garbage", "", 0);
        assertRecovered("nothing\nbut\ngarbage\n", "", 0);
    }

    @Test
    void damageInTheMiddleIsLeftAlone() throws IOException {
        assertRecovered(ZERO + "garbage\n" + ONE, ZERO + "garbage\n" + ONE, 2);
    }

    @Test
    void whatIsSetAsideIsAddedToWhatWasSetAsideBefore() throws IOException {
        recover(ZERO + "first");
        recover(ZERO + "second\n");
        assertThat(Files.readString(aside)).isEqualTo("first\nsecond\n");
    }

    @Test
    void linesLongerThanABlockAreReadWhole() throws IOException {
        Random random = new Random(5);
        for (int i = 0; i < 50; i++) {
            String big = ONE.replace("\"m\"", "\"" + "x".repeat(random.nextInt(300_000)) + "\"");
            assertRecovered(ZERO + big, ZERO + big, 2);
            assertRecovered(ZERO + big.substring(0, big.length() - 1 - random.nextInt(big.length() - 1)), ZERO, 1);
        }
    }

    @Test
    void aRecordThatJacksonsUsualLimitsRefuseIsARecord() throws IOException {
        String longKey = ONE.replace("null", "{\"" + "k".repeat(100_000) + "\": " + "7".repeat(5_000) + "}");
        assertRecovered(ZERO + longKey, ZERO + longKey, 2);
    }

    @Test
    void aTailOfRandomBytesCostsNoRecord() throws IOException {
        Random random = new Random(13);
        for (int i = 0; i < 500; i++) {
            byte[] garbage = new byte[random.nextInt(200)];
            random.nextBytes(garbage);
            byte[] good = (ZERO + ONE).getBytes(StandardCharsets.UTF_8);
            byte[] content = new byte[good.length + garbage.length];
            System.arraycopy(good, 0, content, 0, good.length);
            System.arraycopy(garbage, 0, content, good.length, garbage.length);
            assertThat(recover(content)).isEqualTo(new LogTail(good.length, 2, garbage.length));
            assertThat(Files.readAllBytes(log)).isEqualTo(good);
        }
    }

    /** Linux counts them; elsewhere there is no cheap way to know. */
    private static long bytesReadByThisProcess() throws IOException {
        Path counters = Path.of("/proc/self/io");
        assumeThat(counters).isReadable();
        return Files.readAllLines(counters).stream()
                .filter(line -> line.startsWith("rchar: "))
                .mapToLong(line -> Long.parseLong(line.substring(7)))
                .sum();
    }

    @Test
    void onlyTheEndOfALargeLogIsRead() throws IOException {
        // A sparse file: 8 GB of nothing, which would take its time to read, and one record.
        try (RandomAccessFile file = new RandomAccessFile(log.toFile(), "rw")) {
            file.setLength(8L << 30);
            file.seek(file.length() - 1);
            file.write('\n');
            file.write(ONE.getBytes(StandardCharsets.UTF_8));
        }
        long before = bytesReadByThisProcess();
        assertThat(LogTail.recover(log.toFile(), aside.toFile()).nextNumber()).isEqualTo(2);
        assertThat(bytesReadByThisProcess() - before).isLessThan(16 << 20);
    }
}
