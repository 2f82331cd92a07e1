package ai.dreamlake.logback.tool;

import ai.dreamlake.logback.internal.io.LenientJson;
import ai.dreamlake.logback.internal.record.LineFormat;
import ai.dreamlake.logback.internal.record.RecordLevel;
import java.io.ByteArrayInputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.TokenStreamFactory;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.json.JsonReadFeature;

/**
 * Checks one line of a log against the format that both this library and the Python SDK write. It is stricter than the
 * code that reads logs, which must accept anything.
 */
final class LineCheck {

    /** As strict as JSON: no NaN, no duplicate names in an object. */
    private static final JsonFactory STRICT = LenientJson.STREAMS
            .rebuild()
            .disable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(TokenStreamFactory.Feature.CANONICALIZE_PROPERTY_NAMES)
            .build();

    private static final Pattern TIMESTAMP = Pattern.compile("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d{6})?Z");

    private static final Set<String> LEVELS =
            Arrays.stream(RecordLevel.values()).map(RecordLevel::text).collect(Collectors.toSet());

    private static final Set<String> FIELDS = Set.of("timestamp", "level", "message", "metadata", "sequenceNumber");

    private static final int MAX_SHOWN = 80;

    private final List<String> faults = new ArrayList<>();
    private final Set<String> found = new HashSet<>();
    private final Set<String> unknown = new HashSet<>();
    private long number = LineFormat.NO_NUMBER;

    private LineCheck() {}

    /**
     * The result for one line.
     *
     * @param faults one sentence each; empty if the line is correct
     * @param number its number; {@link LineFormat#NO_NUMBER} if it has none
     */
    record Verdict(List<String> faults, long number) {}

    /**
     * Checks a line.
     *
     * @param expected the number that it must have; -1 if any number is correct
     */
    static Verdict of(byte[] line, long expected) {
        LineCheck check = new LineCheck();
        if (!isUtf8(line)) {
            return new Verdict(List.of("is not UTF-8"), LineFormat.NO_NUMBER);
        }
        if (startsWithByteOrderMark(line)) {
            check.faults.add("begins with a byte order mark"); // Jackson skips it, and Python's JSON refuses the line
        }
        try (JsonParser parser = STRICT.createParser(ObjectReadContext.empty(), new ByteArrayInputStream(line))) {
            if (!check.read(parser)) {
                return new Verdict(List.of("is not a JSON object: " + shown(line)), LineFormat.NO_NUMBER);
            }
        } catch (JacksonException noJson) {
            return new Verdict(List.of(reason(noJson) + ": " + shown(line)), LineFormat.numberOf(line, 0, line.length));
        }
        check.judge(expected);
        return new Verdict(check.faults, check.number);
    }

    private static boolean startsWithByteOrderMark(byte[] line) {
        return line.length >= 3 && line[0] == (byte) 0xef && line[1] == (byte) 0xbb && line[2] == (byte) 0xbf;
    }

    private static boolean isUtf8(byte[] line) {
        boolean isAscii = true;
        for (byte character : line) {
            isAscii &= character >= 0;
        }
        if (isAscii) {
            return true;
        }
        try {
            StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(line));
            return true;
        } catch (CharacterCodingException other) {
            return false;
        }
    }

    /** Replaces Jackson's message, which would repeat the line. */
    private static String reason(JacksonException failure) {
        String message = String.valueOf(failure.getOriginalMessage());
        if (message.startsWith("Duplicate")) {
            return "has a name twice in one object";
        }
        return message.startsWith("Non-standard token")
                ? "has NaN or an infinity, which JSON does not allow"
                : "is not a JSON object";
    }

    private static String shown(byte[] line) {
        String text = new String(line, 0, Math.min(line.length, 4 * MAX_SHOWN), StandardCharsets.UTF_8);
        return Printable.quoted(text);
    }

    private boolean read(JsonParser parser) {
        if (parser.nextToken() != JsonToken.START_OBJECT) {
            return false;
        }
        while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
            String name = parser.currentName();
            field(name, parser.nextToken(), parser);
            parser.skipChildren();
        }
        return parser.currentToken() == JsonToken.END_OBJECT && parser.nextToken() == null;
    }

    private void field(String name, @Nullable JsonToken value, JsonParser parser) {
        found.add(name);
        if (!FIELDS.contains(name)) {
            unknown.add(name);
        }
        switch (name) {
            case "timestamp" -> {
                if (value != JsonToken.VALUE_STRING
                        || !TIMESTAMP.matcher(parser.getString()).matches()) {
                    faults.add("invalid timestamp " + Printable.quoted(parser.getString()));
                }
            }
            case "level" -> {
                if (value != JsonToken.VALUE_STRING || !LEVELS.contains(parser.getString())) {
                    faults.add("invalid level " + Printable.quoted(parser.getString()));
                }
            }
            case "message" -> {
                if (value != JsonToken.VALUE_STRING) {
                    faults.add("message is not a string");
                }
            }
            case "metadata" -> {
                if (value != JsonToken.START_OBJECT && value != JsonToken.VALUE_NULL) {
                    faults.add("metadata is neither an object nor null");
                }
            }
            case "sequenceNumber" -> {
                byte[] text = ("{\"" + name + "\": " + parser.getString() + "}").getBytes(StandardCharsets.UTF_8);
                number = value == JsonToken.VALUE_NUMBER_INT
                        ? LineFormat.numberOf(text, 0, text.length)
                        : LineFormat.NO_NUMBER;
            }
            default -> {}
        }
    }

    private void judge(long expected) {
        for (String name : List.of("timestamp", "level", "message")) {
            if (!found.contains(name)) {
                faults.add("has no " + name);
            }
        }
        if (!unknown.isEmpty()) {
            faults.add("unknown fields: "
                    + unknown.stream().sorted().map(Printable::quoted).collect(Collectors.joining(", ")));
        }
        if (number < 0) {
            faults.add("has no usable sequenceNumber");
        } else if (expected >= 0 && number != expected) {
            faults.add("sequenceNumber " + number + " instead of " + expected);
        }
    }
}
