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
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

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
    void anUndamagedLogIsLeftAloneAndContinued() throws IOException {
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
    void damageInWholeLinesIsNotMistakenForAnUnfinishedWrite() throws IOException {
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
    void damageInWholeLinesIsSetAsideToo() throws IOException {
        assertRecovered(ZERO + "garbage\n\n[1]\n" + ONE.trim() + " tail\n", ZERO, 1);
        assertRecovered(ZERO + "\0\0\0\0\0\0", ZERO, 1);
        assertRecovered("nothing but garbage", "", 0);
        assertRecovered("nothing\nbut\ngarbage\n", "", 0);
    }

    /** What each line at the end of a log is: a record that stays, or damage that is set aside. */
    @ParameterizedTest
    @MethodSource
    void aLastLineIsARecordOrDamage(String what, byte[] line, boolean isRecord) throws IOException {
        byte[] content = concat(ZERO.getBytes(StandardCharsets.UTF_8), line);
        LogTail tail = recover(content);
        int kept = isRecord ? content.length : ZERO.length();
        assertThat(tail.length()).isEqualTo(kept);
        assertThat(tail.nextNumber()).isEqualTo(isRecord ? 2 : 1);
        assertThat(tail.setAside()).isEqualTo(content.length - kept);
        assertThat(Files.readAllBytes(log)).isEqualTo(Arrays.copyOf(content, kept));
    }

    static Stream<Arguments> aLastLineIsARecordOrDamage() {
        return Stream.of(
                kind("nothing but an object", "{}\n", true),
                kind("Windows' line end", ONE.replace("\n", "\r\n"), true),
                kind("white space around it", " \t" + ONE.replace("\n", " \n"), true),
                kind("a byte order mark", "\uFEFF" + ONE, true),
                kind("a deep object", "{\"a\": " + "[".repeat(100_000) + "]".repeat(100_000) + "}\n", true),
                kind("many brackets", "[".repeat(100_000) + "\n", false),
                kind("many braces", "{\"a\":".repeat(100_000) + "\n", false),
                kind("a million levels", "{\"a\": " + "[".repeat(1_000_000) + "]".repeat(1_000_000) + "}\n", false),
                kind("an empty line", "\n", false),
                kind("an empty line of Windows", "\r\n", false),
                kind("white space", "  \t \n", false),
                kind("an array", "[1]\n", false),
                kind("two objects", "{} {}\n", false),
                kind("an object without its line feed", "{\"sequenceNumber\": 1}", false),
                kind("zeros", "\0".repeat(5000), false),
                kind("zeros with a line feed", "\0".repeat(5000) + "\n", false),
                kind("zeros and an object", "\0".repeat(5000) + ONE, false),
                kind("an object and zeros", ONE.trim() + "\0".repeat(5000) + "\n", false),
                Arguments.of(
                        "a text in Latin-1",
                        "{\"message\": \"f\u00fcr\"}\n".getBytes(StandardCharsets.ISO_8859_1),
                        true));
    }

    private static Arguments kind(String what, String line, boolean isRecord) {
        return Arguments.of(what, line.getBytes(StandardCharsets.UTF_8), isRecord);
    }

    private static byte[] concat(byte[] first, byte[] second) {
        byte[] both = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, both, first.length, second.length);
        return both;
    }

    private static final String[] ODD_NUMBERS = {
        "-1",
        "-9223372036854775808",
        "\"1\"",
        "1.5",
        "1e3",
        "null",
        "true",
        "[7]",
        "4611686018427387904",
        "9223372036854775806",
        "9223372036854775807",
        "1000000000000000000000000000000",
        "7, \"sequenceNumber\": \"8\""
    };

    private static String numbered(String number) {
        return "{\"message\": \"m\", \"sequenceNumber\": " + number + "}\n";
    }

    private void assertGoesOn(String content, long nextNumber, LogTail.Source source) throws IOException {
        assertThat(recover(content)).isEqualTo(new LogTail(content.length(), nextNumber, 0, source));
        assertThat(Files.readString(log)).isEqualTo(content);
        assertThat(aside).doesNotExist();
    }

    @Test
    void aRecordWithAnOddNumberStaysAndTheNextNumberContinuesAnEarlierOne() throws IOException {
        for (String odd : ODD_NUMBERS) {
            assertGoesOn(numbered("41") + numbered(odd), 43, LogTail.Source.EARLIER_RECORD);
            assertGoesOn(numbered("41") + numbered(odd) + "damage\n{}\n", 45, LogTail.Source.EARLIER_RECORD);
            assertGoesOn(numbered(odd) + numbered("41"), 42, LogTail.Source.LAST_RECORD);
        }
    }

    @Test
    void withoutANumberToContinueTheLinesAreCounted() throws IOException {
        for (String odd : ODD_NUMBERS) {
            assertGoesOn(numbered(odd), 1, LogTail.Source.ALL_LINES);
            assertGoesOn(numbered(odd).repeat(3000), 3000, LogTail.Source.ALL_LINES);
        }
        String longAgo = numbered("7") + "{}\n".repeat(100_000);
        assertGoesOn(longAgo, 100_001, LogTail.Source.ALL_LINES);
        String longLine = numbered("7") + "{\"message\": \"" + "x".repeat(100_000) + "\"}\n";
        assertGoesOn(longLine, 2, LogTail.Source.ALL_LINES);
    }

    @Test
    void theLargestNumberThatIsContinuedLeavesRoomForAsManyMore() throws IOException {
        assertGoesOn(numbered("4611686018427387903"), 1L << 62, LogTail.Source.LAST_RECORD);
    }

    @Test
    void damageAfterARecordWithAnOddNumberIsSetAside() throws IOException {
        LogTail tail = recover(numbered("-1") + numbered("-2") + "{\"torn");
        assertThat(tail)
                .isEqualTo(new LogTail(2 * numbered("-1").length(), 2, "{\"torn".length(), LogTail.Source.ALL_LINES));
        assertThat(Files.readString(aside)).isEqualTo("{\"torn\n");
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

    /** How many bytes this process has read. Linux counts them; elsewhere there is no cheap way to know. */
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
        // A sparse file: 8 GB of nothing, which would take long to read, and one record.
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
