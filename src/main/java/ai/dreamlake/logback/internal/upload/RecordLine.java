package ai.dreamlake.logback.internal.upload;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.json.JsonReadFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * A line of a log, as the server takes it: without the number, which the server gives itself, and without metadata where
 * there is none.
 *
 * <pre>
 *   {"timestamp": "…", "level": "info", "message": "…", "metadata": {"a": 1}, "sequenceNumber": 7}
 *   {"timestamp": "…", "level": "info", "message": "…", "metadata": {"a": 1}}
 * </pre>
 *
 * Lines of ours are cut, those of the Python SDK are read and written anew.
 */
final class RecordLine {

    /** What {@link #write} returns for a line that is no record. */
    static final long NO_RECORD = -1;

    private static final byte[] OURS = ascii("{\"timestamp\": \"");
    private static final byte[] NUMBER = ascii(", \"sequenceNumber\": ");
    private static final byte[] NO_METADATA = ascii(", \"metadata\": null");

    /** The Python SDK writes NaN and Infinity as they are; they become strings. A record may be as long as it likes. */
    static final JsonMapper JSON = JsonMapper.builder(JsonFactory.builder()
                    .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNameLength(Integer.MAX_VALUE)
                            .maxNumberLength(Integer.MAX_VALUE)
                            .maxStringLength(Integer.MAX_VALUE)
                            .build())
                    .build())
            .build();

    private RecordLine() {}

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    /**
     * Writes the line that stands in {@code text} from {@code start} to {@code end}, its line feed excluded.
     *
     * @return its number, or {@link #NO_RECORD}; then nothing is written
     */
    static long write(byte[] text, int start, int end, ByteArrayOutputStream target) {
        int cut = endOfOurs(text, start, end);
        if (cut < 0) {
            return rewrite(text, start, end, target);
        }
        long number = Long.parseLong(text(text, cut + NUMBER.length, end - 1));
        if (endsWith(text, start, cut, NO_METADATA)) {
            cut -= NO_METADATA.length;
        }
        target.write(text, start, cut - start);
        target.write('}');
        return number;
    }

    /** Where the number begins in a line of ours, or -1. Quotes inside of texts are escaped, so they are not taken for it. */
    private static int endOfOurs(byte[] text, int start, int end) {
        if (end - start < OURS.length || !Arrays.equals(text, start, start + OURS.length, OURS, 0, OURS.length)) {
            return -1;
        }
        int digits = end - 1;
        if (text[digits] != '}') {
            return -1;
        }
        while (text[digits - 1] >= '0' && text[digits - 1] <= '9') {
            digits--;
        }
        int count = end - 1 - digits;
        return count > 0 && count < 19 && endsWith(text, start, digits, NUMBER) ? digits - NUMBER.length : -1;
    }

    private static boolean endsWith(byte[] text, int start, int end, byte[] what) {
        return end - start >= what.length && Arrays.equals(text, end - what.length, end, what, 0, what.length);
    }

    private static String text(byte[] text, int start, int end) {
        return new String(text, start, end - start, StandardCharsets.US_ASCII);
    }

    private static long rewrite(byte[] text, int start, int end, ByteArrayOutputStream target) {
        try {
            if (JSON.readTree(text, start, end - start) instanceof ObjectNode record
                    && record.path("sequenceNumber").isIntegralNumber()) {
                ObjectNode sent = JSON.createObjectNode();
                for (String field : new String[] {"timestamp", "level", "message", "metadata"}) {
                    JsonNode value = record.get(field);
                    if (value != null && !value.isNull()) {
                        sent.set(field, value);
                    }
                }
                target.writeBytes(JSON.writeValueAsBytes(sent));
                return record.get("sequenceNumber").asLong();
            }
        } catch (JacksonException noRecord) {
            // Damage that somebody left in the middle of a log.
        }
        return NO_RECORD;
    }
}
