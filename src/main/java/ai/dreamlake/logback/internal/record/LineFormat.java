package ai.dreamlake.logback.internal.record;

import ai.dreamlake.logback.internal.io.LenientJson;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A line of {@code logs.jsonl}, in the form that Dreamlake's documentation shows. All its literals are defined here.
 *
 * <pre>
 *   {"timestamp": "2025-10-29T10:30:05.000000Z", "level": "info", "message": "…", "metadata": {"a": 1}, "sequenceNumber": 7}
 *   {"timestamp": "2025-10-29T10:30:05.000000Z", "level": "info", "message": "…", "metadata": {"a": 1}     sent to the server
 * </pre>
 *
 * <p>A record is encoded up to its number, which the journal appends when it writes the line. The server numbers
 * records itself, so the number is removed before a record is sent; so is {@code "metadata": null}. The Python SDK
 * writes the fields in another order and omits missing metadata. Such lines can be read, too.
 */
public final class LineFormat {

    /** How many bytes {@link #finish} needs after a record: 19 digits, a brace and a line feed. */
    public static final int ROOM_FOR_NUMBER = 21;

    /** Returned instead of a number for a line that is not a record. */
    public static final long NOT_A_RECORD = -1;

    static final byte[] BEFORE_TIMESTAMP = ascii("{\"timestamp\": \"");
    static final byte[] BEFORE_METADATA = ascii(", \"metadata\": ");
    static final byte[] NO_METADATA = ascii("null");
    static final byte[] BEFORE_NUMBER = ascii(", \"sequenceNumber\": ");

    private static final byte[][] BEFORE_MESSAGE = new byte[RecordLevel.values().length][];
    private static final byte[] WITHOUT_METADATA = ascii(", \"metadata\": null");
    private static final String NUMBER = "sequenceNumber";
    private static final String[] SENT = {"timestamp", "level", "message", "metadata"};

    /** The most digits that fit into a long, whatever they are. */
    private static final int MAX_DIGITS = 18;

    static {
        for (RecordLevel level : RecordLevel.values()) {
            BEFORE_MESSAGE[level.ordinal()] = ascii("\", \"level\": \"" + level.text() + "\", \"message\": ");
        }
        // Loads the parser's classes now: damage may have to be examined when hardly any stack is left.
        numberOf(ascii("{\"sequenceNumber\": 0}"));
    }

    private LineFormat() {}

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    /** What comes between the timestamp and the message. */
    static byte[] beforeMessage(RecordLevel level) {
        return BEFORE_MESSAGE[level.ordinal()];
    }

    /**
     * Appends the number and the line end to an encoded record.
     *
     * @param record has {@link #ROOM_FOR_NUMBER} bytes of room after {@code length}
     * @return the length of the whole line
     */
    public static int finish(byte[] record, int length, long number) {
        int end = Decimal.write(number, record, length);
        record[end++] = '}';
        record[end++] = '\n';
        return end;
    }

    /**
     * The length of a record that has no number and is closed with a brace, by its length up to where its number would
     * be.
     */
    public static int lengthWithoutNumber(int length) {
        return length - BEFORE_NUMBER.length + 1;
    }

    /** How many bytes a number takes in a line at most, with its name. */
    public static int maxNumberLength() {
        return BEFORE_NUMBER.length + ROOM_FOR_NUMBER;
    }

    /** Writes a number in decimal digits to the beginning of some bytes. */
    public static void writeNumber(long number, byte[] target) {
        Decimal.write(number, target, 0);
    }

    /**
     * A line, from a record without a number.
     *
     * @param record ends with a brace
     */
    public static byte[] finished(byte[] record, long number) {
        int length = record.length - 1 + BEFORE_NUMBER.length;
        byte[] line = Arrays.copyOf(record, length + ROOM_FOR_NUMBER);
        System.arraycopy(BEFORE_NUMBER, 0, line, record.length - 1, BEFORE_NUMBER.length);
        return Arrays.copyOf(line, finish(line, length, number));
    }

    /**
     * The record in a line of ours, without its number; empty for a line of others.
     *
     * @param line without its line feed
     */
    public static byte[] withoutNumber(byte[] line) {
        int cut = endOfOurs(line, 0, line.length);
        byte[] record = Arrays.copyOf(line, cut + 1);
        if (cut >= 0) {
            record[cut] = '}';
        }
        return record;
    }

    /** Whether some text is one JSON object and nothing else. */
    public static boolean isObject(byte[] text) {
        try (JsonParser parser = LenientJson.PARSERS.createParser(ObjectReadContext.empty(), text)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                return false;
            }
            parser.skipChildren();
            return parser.currentToken() == JsonToken.END_OBJECT && parser.nextToken() == null;
        } catch (JacksonException noJson) {
            return false;
        }
    }

    /** The sequence number of a line, with or without its line feed, or {@link #NOT_A_RECORD}. */
    public static long numberOf(byte[] line) {
        long number = NOT_A_RECORD;
        try (JsonParser parser = LenientJson.PARSERS.createParser(ObjectReadContext.empty(), line)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                return NOT_A_RECORD;
            }
            while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
                boolean isNumber = parser.currentName().equals(NUMBER);
                JsonToken value = parser.nextToken();
                if (isNumber && value == JsonToken.VALUE_NUMBER_INT) {
                    number = parser.getLongValue();
                }
                parser.skipChildren();
            }
            boolean isWhole = parser.currentToken() == JsonToken.END_OBJECT && parser.nextToken() == null;
            return isWhole && number >= 0 && number < Long.MAX_VALUE ? number : NOT_A_RECORD;
        } catch (JacksonException noRecord) {
            return NOT_A_RECORD;
        }
    }

    public static boolean isRecord(byte[] line) {
        return numberOf(line) != NOT_A_RECORD;
    }

    /**
     * Writes a record in the form the server accepts. Our own lines are cut; other writers' lines are parsed and
     * rewritten.
     *
     * @param text contains the line from {@code start} to {@code end}, without its line feed
     * @return the line's number; or {@link #NOT_A_RECORD}, and nothing is written
     */
    public static long writeWithoutNumber(byte[] text, int start, int end, ByteArrayOutputStream target) {
        int cut = endOfOurs(text, start, end);
        if (cut < 0) {
            return rewrite(text, start, end, target);
        }
        long number = Long.parseLong(new String(
                text, cut + BEFORE_NUMBER.length, end - 1 - cut - BEFORE_NUMBER.length, StandardCharsets.US_ASCII));
        if (endsWith(text, start, cut, WITHOUT_METADATA)) {
            cut -= WITHOUT_METADATA.length;
        }
        target.write(text, start, cut - start);
        target.write('}');
        return number;
    }

    /**
     * Where the number's field begins in a line of ours, or -1. Strings cannot imitate it, as their quotes are escaped.
     */
    private static int endOfOurs(byte[] text, int start, int end) {
        if (!startsWith(text, start, end, BEFORE_TIMESTAMP) || text[end - 1] != '}') {
            return -1;
        }
        int digits = end - 1;
        while (text[digits - 1] >= '0' && text[digits - 1] <= '9') {
            digits--;
        }
        int count = end - 1 - digits;
        return count > 0 && count <= MAX_DIGITS && endsWith(text, start, digits, BEFORE_NUMBER)
                ? digits - BEFORE_NUMBER.length
                : -1;
    }

    private static boolean startsWith(byte[] text, int start, int end, byte[] what) {
        return end - start >= what.length && Arrays.equals(text, start, start + what.length, what, 0, what.length);
    }

    private static boolean endsWith(byte[] text, int start, int end, byte[] what) {
        return end - start >= what.length && Arrays.equals(text, end - what.length, end, what, 0, what.length);
    }

    private static long rewrite(byte[] text, int start, int end, ByteArrayOutputStream target) {
        try {
            if (LenientJson.TREES.readTree(text, start, end - start) instanceof ObjectNode record
                    && record.path(NUMBER).isIntegralNumber()) {
                ObjectNode sent = LenientJson.TREES.createObjectNode();
                for (String field : SENT) {
                    JsonNode value = record.get(field);
                    if (value != null && !value.isNull()) {
                        sent.set(field, value);
                    }
                }
                target.writeBytes(LenientJson.TREES.writeValueAsBytes(sent));
                return record.path(NUMBER).asLong();
            }
        } catch (JacksonException noRecord) {
            // Damage in the middle of a log.
        }
        return NOT_A_RECORD;
    }
}
