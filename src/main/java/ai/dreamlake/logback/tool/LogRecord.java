package ai.dreamlake.logback.tool;

import ai.dreamlake.logback.internal.io.LenientJson;
import ai.dreamlake.logback.internal.record.LineFormat;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeParseException;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A record in a log, written by any program. Each of its fields may be missing, or have any value.
 *
 * @param number {@link LineFormat#NO_NUMBER} if it has none
 */
record LogRecord(ObjectNode json, long number) {

    /** Null if the line is not a record, or is nested too deeply for a tree. */
    static @Nullable LogRecord parse(byte[] line) {
        long number = LineFormat.numberOf(line, 0, line.length);
        if (number == LineFormat.NOT_A_RECORD) {
            return null;
        }
        try {
            return LenientJson.TREES.readTree(line) instanceof ObjectNode json ? new LogRecord(json, number) : null;
        } catch (JacksonException tooDeep) {
            return null;
        }
    }

    boolean hasNumber() {
        return number >= 0;
    }

    /** The timestamp as in the log; empty if it is missing. */
    String timestamp() {
        return json.path("timestamp").asString("");
    }

    /** When it was logged; null if the timestamp cannot be parsed. */
    @Nullable
    Instant time() {
        return timeOf(timestamp());
    }

    /** Parses a timestamp; null if the text is not one. */
    static @Nullable Instant timeOf(String text) {
        try {
            // Other programs may omit the zone; then it is UTC.
            return text.endsWith("Z") || text.matches(".*[+-]\\d\\d:?\\d\\d")
                    ? Instant.parse(text)
                    : LocalDateTime.parse(text).toInstant(ZoneOffset.UTC);
        } catch (DateTimeParseException none) {
            return null;
        }
    }

    String level() {
        return json.path("level").asString("");
    }

    /** The message: a text as it is, and any other value as JSON. */
    String message() {
        return text(json.path("message"));
    }

    /** Usually an object, but it may be anything; a missing node if there is none. */
    JsonNode metadata() {
        return json.path("metadata");
    }

    /** A text as it is, and any other value as JSON; empty if it is missing. */
    static String text(JsonNode value) {
        if (value.isMissingNode()) {
            return "";
        }
        return value.isString() ? value.stringValue() : value.toString();
    }
}
