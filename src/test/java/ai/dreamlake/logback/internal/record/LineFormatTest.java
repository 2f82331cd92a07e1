package ai.dreamlake.logback.internal.record;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LineFormatTest {

    private static final String RECORD =
            "{\"timestamp\": \"2025-10-29T10:30:00.000000Z\", \"level\": \"info\", \"message\": \"m\", \"metadata\": {\"a\": 1}";

    private static String finished(String record, long number) {
        byte[] bytes = record.getBytes(UTF_8);
        byte[] line = Arrays.copyOf(bytes, bytes.length + LineFormat.ROOM_FOR_NUMBER);
        return new String(line, 0, LineFormat.finish(line, bytes.length, number), UTF_8);
    }

    private static long numberOf(String line) {
        byte[] text = line.getBytes(UTF_8);
        long number = LineFormat.numberOf(text, 0, text.length);
        try {
            assertThat(LineFormat.numberOf(new ByteArrayInputStream(text))).isEqualTo(number);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        return number;
    }

    private static String withoutNumber(String line, long expectedNumber) {
        ByteArrayOutputStream sent = new ByteArrayOutputStream();
        byte[] text = ("before" + line + "after").getBytes(UTF_8);
        assertThat(LineFormat.writeWithoutNumber(text, 6, text.length - 5, sent))
                .isEqualTo(expectedNumber);
        return sent.toString(UTF_8);
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 9, 10, 1234, 999_999_999_999_999_999L, (3L << 61) - 1})
    void aLineIsFinishedWithItsNumberAndReadBack(long number) {
        String line = finished(RECORD + ", \"sequenceNumber\": ", number);
        assertThat(line).isEqualTo(RECORD + ", \"sequenceNumber\": " + number + "}\n");
        assertThat(numberOf(line)).isEqualTo(number);
    }

    @ParameterizedTest
    @ValueSource(longs = {-1, Long.MIN_VALUE, 3L << 61, Long.MAX_VALUE})
    void noLineIsFinishedWithANumberThatIsNegativeOrNearTheOverflow(long number) {
        assertThatIllegalArgumentException().isThrownBy(() -> finished(RECORD + ", \"sequenceNumber\": ", number));
    }

    @Test
    void theServerGetsALineOfOursWithoutItsNumber() {
        assertThat(withoutNumber(RECORD + ", \"sequenceNumber\": 7}", 7)).isEqualTo(RECORD + "}");
    }

    @Test
    void theServerGetsNoEmptyMetadata() {
        String record = RECORD.replace("{\"a\": 1}", "null");
        assertThat(withoutNumber(record + ", \"sequenceNumber\": 7}", 7))
                .isEqualTo(record.replace(", \"metadata\": null", "") + "}");
    }

    @Test
    void aNumberInsideATextIsNotTheLinesNumber() {
        String record = RECORD.replace("\"m\"", "\"\\\", \\\"sequenceNumber\\\": 3}\"");
        assertThat(withoutNumber(record + ", \"sequenceNumber\": 7}", 7)).isEqualTo(record + "}");
    }

    @Test
    void aLineOfThePythonSdkIsWrittenAgainInTheServersOrder() {
        String python =
                "{\"sequenceNumber\": 2, \"timestamp\": \"2025-10-25T12:00:00Z\", \"level\": \"info\", \"message\": 5, \"metadata\": {\"loss\": NaN}}";
        assertThat(withoutNumber(python, 2))
                .isEqualTo(
                        "{\"timestamp\":\"2025-10-25T12:00:00Z\",\"level\":\"info\",\"message\":5,\"metadata\":{\"loss\":\"NaN\"}}");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{}|-2",
                "{\"metadata\": {\"sequenceNumber\": 1}}|-2",
                "{\"sequenceNumber\": 0}|0",
                "{\"sequenceNumber\": -0}|0",
                "{\"sequenceNumber\": \"1\"}|-2",
                "{\"sequenceNumber\": -1}|-2",
                "{\"sequenceNumber\": 1.5}|-2",
                "{\"sequenceNumber\": 1e3}|-2",
                "{\"sequenceNumber\": null}|-2",
                "{\"sequenceNumber\": NaN}|-2",
                "{\"sequenceNumber\": [1]}|-2",
                "{\"sequenceNumber\": 9223372036854775806}|-2",
                "{\"sequenceNumber\": 9223372036854775807}|-2",
                "{\"sequenceNumber\": 1000000000000000000000000000000}|-2",
                "{\"sequenceNumber\": 1, \"sequenceNumber\": 2}|2",
                "{\"sequenceNumber\": 1, \"sequenceNumber\": \"2\"}|-2"
            })
    void aCompleteObjectIsARecordWhateverItsNumberIs(String line, long number) {
        assertThat(numberOf(line)).isEqualTo(number);
        assertThat(withoutNumber(line, number))
                .isEqualTo("{" + (line.contains("metadata") ? "\"metadata\":{\"sequenceNumber\":1}" : "") + "}");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "[1]",
                "null",
                "x",
                "{\"sequenceNumber\": 1} {}",
                "{\"sequenceNumber\": 1",
                "{\"sequenceNumber\": 01}"
            })
    void whatIsNotACompleteObjectIsNotARecord(String line) {
        assertThat(numberOf(line)).isEqualTo(LineFormat.NOT_A_RECORD);
        byte[] text = line.getBytes(UTF_8);
        assertThat(LineFormat.writeWithoutNumber(text, 0, text.length, new ByteArrayOutputStream()))
                .isEqualTo(LineFormat.NOT_A_RECORD);
    }

    @Test
    void aLineOfOursWithAnInvalidNumberIsSentLikeAnyOther() {
        for (String number : new String[] {"9223372036854775807", "99999999999999999999", "-1"}) {
            assertThat(withoutNumber(RECORD + ", \"sequenceNumber\": " + number + "}", LineFormat.NO_NUMBER)
                            .replace(" ", ""))
                    .isEqualTo((RECORD + "}").replace(" ", ""));
        }
    }

    @Test
    void numbersFromOtherWritersAreSentUnchanged() {
        String values = "[1e3,1.50,123456789012345678901234567890," + "7".repeat(5_000) + "]";
        assertThat(withoutNumber("{\"message\": " + values + "}", LineFormat.NO_NUMBER))
                .isEqualTo("{\"message\":" + values + "}");
    }

    @Test
    void anObjectThatIsNestedVeryDeeplyIsARecordAndIsSent() {
        String deep = "{\"message\":" + "[".repeat(100_000) + "]".repeat(100_000) + "}";
        assertThat(numberOf(deep)).isEqualTo(LineFormat.NO_NUMBER);
        assertThat(withoutNumber(deep, LineFormat.NO_NUMBER)).isEqualTo(deep);
    }

    @Test
    void aLineThatCannotBeReadIsNotDamage() {
        InputStream broken = new InputStream() {
            @Override
            public int read() throws IOException {
                throw new IOException("Input/output error");
            }
        };
        assertThatThrownBy(() -> LineFormat.numberOf(broken))
                .isInstanceOf(IOException.class)
                .hasMessage("Input/output error");
    }
}
