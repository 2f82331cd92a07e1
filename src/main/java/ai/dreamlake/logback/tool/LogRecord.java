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
 * A record of anybody, as it stands in a log. Each of its fields may be missing, or anything.
 *
 * @param number {@link LineFormat#NO_NUMBER} if it has none
 */
record LogRecord(ObjectNode json, long number) {

    /** Null if the line is no record, or one that is nested too deeply for a tree. */
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

    /** As it stands there; empty if it is missing. */
    String timestamp() {
        return json.path("timestamp").asString("");
    }

    /** Null if the timestamp is none. */
    @Nullable
    Instant time() {
        return timeOf(timestamp());
    }

    /** When that is; null if the text is no timestamp. */
    static @Nullable Instant timeOf(String text) {
        try {
            // Others may leave out the zone, which is then UTC.
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

    /** A text as it is, and anything else as JSON. */
    String message() {
        return text(json.path("message"));
    }

    /** An object, or anything; a missing node if there is none. */
    JsonNode metadata() {
        return json.path("metadata");
    }

    /** A text as it is, and anything else as JSON; empty if it is missing. */
    static String text(JsonNode value) {
        if (value.isMissingNode()) {
            return "";
        }
        return value.isString() ? value.stringValue() : value.toString();
    }
}
