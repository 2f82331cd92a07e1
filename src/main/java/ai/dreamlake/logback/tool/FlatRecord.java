package ai.dreamlake.logback.tool;

import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A record of a session, whoever wrote it.
 *
 * @param number its sequence number; one past the record before it if it has none, as one that is staged
 * @param timestamp as it stands there; empty if there is none
 * @param message a text itself, or the JSON of something else: Python logs any value
 * @param metadata flattened: the names of nested values are joined by dots
 */
record FlatRecord(long number, String timestamp, String level, String message, Map<String, FieldValue> metadata) {

    /** When it was logged; null if that cannot be understood. */
    @Nullable
    Instant time() {
        return LogRecord.timeOf(timestamp);
    }

    /** When it was logged, in seconds since 1970; null if that cannot be understood. */
    @Nullable
    Double seconds() {
        Instant time = time();
        return time == null ? null : time.getEpochSecond() + time.getNano() / 1e9;
    }

    boolean isError() {
        return level.equals("error") || level.equals("fatal");
    }
}
