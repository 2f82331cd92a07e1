package ai.dreamlake.logback.internal.record;

import ai.dreamlake.logback.internal.io.LenientJson;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.exc.JacksonIOException;

/**
 * A line of {@code logs.jsonl}, in the form shown in Dreamlake's documentation. All its literals are defined here.
 *
 * <pre>
 *   {"timestamp": "2025-10-29T10:30:05.000000Z", "level": "info", "message": "…", "metadata": {"a": 1}, "sequenceNumber": 7}
 *   {"timestamp": "2025-10-29T10:30:05.000000Z", "level": "info", "message": "…", "metadata": {"a": 1}     sent to the server
 * </pre>
 *
 * <p>A record is encoded up to its number, which the journal appends when it writes the line. The server numbers
 * records itself, so the number is removed before a record is sent, and so is {@code "metadata": null}. The Python SDK
 * writes the fields in another order and omits missing metadata. Its lines can be read too.
 */
public final class LineFormat {

    /** How many bytes {@link #finish} needs after a record: 19 digits, a brace and a line feed. */
    public static final int ROOM_FOR_NUMBER = 21;

    /** Returned instead of a number for a line that is not a record. */
    public static final long NOT_A_RECORD = -1;

    /** Returned instead of a number for a record without one that {@link #isNumber} accepts. */
    public static final long NO_NUMBER = -2;

    /** How many bytes from the start of a record are enough to contain its timestamp. */
    public static final int LENGTH_WITH_TIMESTAMP = 64;

    static final byte[] BEFORE_TIMESTAMP = ascii("{\"timestamp\": \"");
    static final byte[] BEFORE_METADATA = ascii(", \"metadata\": ");
    static final byte[] NO_METADATA = ascii("null");
    static final byte[] BEFORE_NUMBER = ascii(", \"sequenceNumber\": ");

    private static final byte[][] BEFORE_MESSAGE = new byte[RecordLevel.values().length][];
    private static final byte[] WITHOUT_METADATA = ascii(", \"metadata\": null");
    private static final String NUMBER = "sequenceNumber";
    private static final Set<String> SENT = Set.of("timestamp", "level", "message", "metadata");

    /** A number below this one can always be continued: counting up from it to the maximum would take 2^61 records. */
    private static final long MAX_CONTINUED = 1L << 62;

    /**
     * The upper bound, exclusive. Counting on from a number that can be continued never reaches it, and it leaves room
     * before a long overflows.
     */
    private static final long MAX_NUMBER = 3L << 61;

    private static final int MAX_DIGITS = 19;

    static {
        for (RecordLevel level : RecordLevel.values()) {
            BEFORE_MESSAGE[level.ordinal()] = ascii("\", \"level\": \"" + level.text() + "\", \"message\": ");
        }
        // Loads the parser's classes now: damage may have to be examined when little stack is left.
        byte[] record = ascii("{\"sequenceNumber\": 0}");
        numberOf(record, 0, record.length);
    }

    private LineFormat() {}

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    /** What comes between the timestamp and the message. */
    static byte[] beforeMessage(RecordLevel level) {
        return BEFORE_MESSAGE[level.ordinal()];
    }

    /** Whether a number is valid for a record: not negative, and far from overflow. */
    public static boolean isNumber(long number) {
        return number >= 0 && number < MAX_NUMBER;
    }

    /** Whether the records after the one with this number can be numbered consecutively, however many follow. */
    public static boolean canContinue(long number) {
        return number >= 0 && number < MAX_CONTINUED;
    }

    /**
     * Appends the number and the line end to an encoded record.
     *
     * @param record has {@link #ROOM_FOR_NUMBER} bytes of room after {@code length}
     * @return the length of the whole line
     * @throws IllegalArgumentException if the number is not one that {@link #isNumber} accepts
     */
    public static int finish(byte[] record, int length, long number) {
        if (!isNumber(number)) {
            throw new IllegalArgumentException("not a valid sequence number: " + number);
        }
        int end = Decimal.write(number, record, length);
        record[end++] = '}';
        record[end++] = '\n';
        return end;
    }

    /**
     * The length of a record without its number, closed with a brace.
     *
     * @param length the record's length up to its number
     */
    public static int lengthWithoutNumber(int length) {
        return length - BEFORE_NUMBER.length + 1;
    }

    /** The most bytes that a number can take in a line, including its name. */
    public static int maxNumberLength() {
        return BEFORE_NUMBER.length + ROOM_FOR_NUMBER;
    }

    /** Writes a number in decimal digits at the start of an array. */
    public static void writeNumber(long number, byte[] target) {
        Decimal.write(number, target, 0);
    }

    /**
     * Makes a line from a record without a number.
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
     * Encodes a record of our own, with level {@code fatal} and without a number; it ends with a brace.
     *
     * @param name the name of the only entry of its metadata
     * @param values the content of that entry: texts, numbers and booleans
     */
    public static byte[] fatal(Instant timestamp, String message, String name, Map<String, Object> values) {
        RecordBuffer buffer = new RecordBuffer();
        buffer.raw(BEFORE_TIMESTAMP);
        buffer.timestamp(timestamp);
        buffer.raw(beforeMessage(RecordLevel.FATAL));
        buffer.string(message);
        buffer.raw(BEFORE_METADATA);
        buffer.raw('{');
        buffer.string(name);
        buffer.raw(": {");
        String separator = "";
        for (Map.Entry<String, Object> entry : values.entrySet()) {
            buffer.raw(separator);
            buffer.string(entry.getKey());
            buffer.raw(": ");
            if (!JsonValues.writeSimple(entry.getValue(), buffer)) {
                throw new IllegalArgumentException("not a text, number or boolean: " + entry);
            }
            separator = ", ";
        }
        buffer.raw("}}}");
        return Arrays.copyOf(buffer.bytes(), buffer.length());
    }

    /**
     * The record in a line of ours, without its number; empty for a line of another writer.
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

    /**
     * The number of any writer's record, with or without its line feed.
     *
     * <p>A record is a complete JSON object, whatever its content, with nothing but white space around it. If it has
     * several {@code sequenceNumber} fields, the last one counts. It is not a record if it exceeds the limits of
     * {@link LenientJson#STREAMS}: nested too deeply, or with a name or number that is too long.
     *
     * @param line read once, in blocks, and not closed; little of it is held in memory
     * @return {@link #NOT_A_RECORD}, {@link #NO_NUMBER}, or the number
     * @throws IOException if the line cannot be read
     */
    public static long numberOf(InputStream line) throws IOException {
        try (JsonParser parser = LenientJson.STREAMS.createParser(ObjectReadContext.empty(), line)) {
            return numberOf(parser);
        } catch (JacksonIOException unreadable) {
            throw unreadable.getCause();
        } catch (JacksonException noRecord) {
            return NOT_A_RECORD;
        }
    }

    /** The number of any writer's record, as {@link #numberOf(InputStream)} defines it. */
    public static long numberOf(byte[] text, int start, int length) {
        try (JsonParser parser = parser(text, start, length)) {
            return numberOf(parser);
        } catch (JacksonException noRecord) {
            return NOT_A_RECORD;
        }
    }

    private static JsonParser parser(byte[] text, int start, int length) {
        // Parsed as a stream: with name canonicalization disabled, Jackson 3.1 would read past the end of an array
        // slice.
        return LenientJson.STREAMS.createParser(
                ObjectReadContext.empty(), new ByteArrayInputStream(text, start, length));
    }

    private static long numberOf(JsonParser parser) {
        if (parser.nextToken() != JsonToken.START_OBJECT) {
            return NOT_A_RECORD;
        }
        long number = NO_NUMBER;
        while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
            boolean isNumber = parser.currentName().equals(NUMBER);
            JsonToken value = parser.nextToken();
            if (isNumber) {
                number = value == JsonToken.VALUE_NUMBER_INT ? numberOf(parser.getString()) : NO_NUMBER;
            }
            parser.skipChildren();
        }
        boolean isWhole = parser.currentToken() == JsonToken.END_OBJECT && parser.nextToken() == null;
        return isWhole ? number : NOT_A_RECORD;
    }

    /** @param integer in JSON's form */
    private static long numberOf(String integer) {
        try {
            long number = Long.parseLong(integer);
            return isNumber(number) ? number : NO_NUMBER;
        } catch (NumberFormatException tooLarge) {
            return NO_NUMBER;
        }
    }

    /**
     * When a record was logged, according to the beginning of its line.
     *
     * @param line its first {@value #LENGTH_WITH_TIMESTAMP} bytes, or more
     * @return null if the line does not begin with a timestamp, as ours do
     */
    public static @Nullable Instant timestampOf(byte[] line) {
        if (!startsWith(line, 0, line.length, BEFORE_TIMESTAMP)) {
            return null;
        }
        int start = BEFORE_TIMESTAMP.length;
        int end = start;
        while (end < line.length && line[end] != '"') {
            end++;
        }
        try {
            return Instant.parse(new String(line, start, end - start, StandardCharsets.US_ASCII));
        } catch (DateTimeParseException somebodyElses) {
            return null;
        }
    }

    /** Whether a line is a record, of any writer, with or without its line feed. */
    public static boolean isRecord(byte[] text, int start, int length) {
        return numberOf(text, start, length) != NOT_A_RECORD;
    }

    /**
     * Writes a record in the form that the server accepts. Our own lines are only cut, without examining what is
     * between their ends. Other writers' lines are parsed and rewritten.
     *
     * @param text contains the line from {@code start} to {@code end}, without its line feed
     * @return the line's number, or {@link #NO_NUMBER}; or {@link #NOT_A_RECORD}, after which the end of the target is
     *     undefined
     */
    public static long writeWithoutNumber(byte[] text, int start, int end, ByteArrayOutputStream target) {
        int cut = endOfOurs(text, start, end);
        if (cut < 0) {
            return rewrite(text, start, end, target);
        }
        long number = numberOf(new String(
                text, cut + BEFORE_NUMBER.length, end - 1 - cut - BEFORE_NUMBER.length, StandardCharsets.US_ASCII));
        if (endsWith(text, start, cut, WITHOUT_METADATA)) {
            cut -= WITHOUT_METADATA.length;
        }
        target.write(text, start, cut - start);
        target.write('}');
        return number;
    }

    /**
     * Where the number field begins in a line of ours, or -1. A string cannot imitate it, because its quotes are
     * escaped.
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

    /**
     * Copies the fields that the server accepts token by token. No tree is built, because other writers' lines can be
     * long and deeply nested.
     */
    private static long rewrite(byte[] text, int start, int end, ByteArrayOutputStream target) {
        try (JsonParser parser = parser(text, start, end - start);
                JsonGenerator sent = LenientJson.STREAMS.createGenerator(ObjectWriteContext.empty(), target)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                return NOT_A_RECORD;
            }
            long number = NO_NUMBER;
            sent.writeStartObject();
            while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
                String name = parser.currentName();
                JsonToken value = parser.nextToken();
                if (name.equals(NUMBER)) {
                    number = value == JsonToken.VALUE_NUMBER_INT ? numberOf(parser.getString()) : NO_NUMBER;
                }
                if (SENT.contains(name) && value != JsonToken.VALUE_NULL) {
                    sent.writeName(name);
                    copyValue(parser, sent);
                } else {
                    parser.skipChildren();
                }
            }
            sent.writeEndObject();
            boolean isWhole = parser.currentToken() == JsonToken.END_OBJECT && parser.nextToken() == null;
            return isWhole ? number : NOT_A_RECORD;
        } catch (JacksonException noRecord) {
            return NOT_A_RECORD; // damage in the middle of a log
        }
    }

    private static void copyValue(JsonParser parser, JsonGenerator target) {
        int depth = 0;
        do {
            switch (parser.currentToken()) {
                case START_OBJECT, START_ARRAY -> {
                    depth++;
                    target.copyCurrentEvent(parser);
                }
                case END_OBJECT, END_ARRAY -> {
                    depth--;
                    target.copyCurrentEvent(parser);
                }
                case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> {
                    if (parser.isNaN()) {
                        target.writeString(parser.getString()); // JSON cannot express it
                    } else {
                        target.writeNumber(parser.getString()); // unchanged, however long it is
                    }
                }
                default -> target.copyCurrentEvent(parser);
            }
        } while (depth > 0 && parser.nextToken() != null);
    }
}
