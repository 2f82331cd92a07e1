package ai.dreamlake.logback.internal.record;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
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

    private static String withoutNumber(String line, long expectedNumber) {
        ByteArrayOutputStream sent = new ByteArrayOutputStream();
        byte[] text = ("before" + line + "after").getBytes(UTF_8);
        assertThat(LineFormat.writeWithoutNumber(text, 6, text.length - 5, sent))
                .isEqualTo(expectedNumber);
        return sent.toString(UTF_8);
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 9, 10, 1234, 999_999_999_999_999_999L, Long.MAX_VALUE - 1})
    void aLineIsFinishedWithItsNumberAndReadBack(long number) {
        String line = finished(RECORD + ", \"sequenceNumber\": ", number);
        assertThat(line).isEqualTo(RECORD + ", \"sequenceNumber\": " + number + "}\n");
        assertThat(LineFormat.numberOf(line.getBytes(UTF_8))).isEqualTo(number);
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
                "{}",
                "[1]",
                "null",
                "{\"sequenceNumber\": \"1\"}",
                "{\"sequenceNumber\": 1.5}",
                "{\"sequenceNumber\": 1} {}",
                "{\"sequenceNumber\": 1",
                "{\"metadata\": {\"sequenceNumber\": 1}}"
            })
    void whatHasNoNumberOfItsOwnIsNoRecord(String line) {
        assertThat(LineFormat.isRecord(line.getBytes(UTF_8))).isFalse();
        assertThat(LineFormat.numberOf(line.getBytes(UTF_8))).isEqualTo(LineFormat.NOT_A_RECORD);
    }
}
