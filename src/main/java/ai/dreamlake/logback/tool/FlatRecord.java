package ai.dreamlake.logback.tool;

import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A record of a session, written by any program.
 *
 * @param number its sequence number. If it has none, as a staged record, the number after the previous record's
 * @param timestamp as in the log; empty if it is missing
 * @param message the text, or the JSON of any other value, which Python may log
 * @param metadata flattened: the names of nested values are joined by dots
 */
record FlatRecord(long number, String timestamp, String level, String message, Map<String, FieldValue> metadata) {

    /** When it was logged; null if the timestamp cannot be parsed. */
    @Nullable
    Instant time() {
        return LogRecord.timeOf(timestamp);
    }

    /** When it was logged, in seconds since 1970; null if the timestamp cannot be parsed. */
    @Nullable
    Double seconds() {
        Instant time = time();
        return time == null ? null : time.getEpochSecond() + time.getNano() / 1e9;
    }

    boolean isError() {
        return level.equals("error") || level.equals("fatal");
    }
}
