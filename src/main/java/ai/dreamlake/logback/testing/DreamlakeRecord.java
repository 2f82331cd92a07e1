package ai.dreamlake.logback.testing;

import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A line of a session's log.
 *
 * @param timestamp when it was logged, to the microsecond
 * @param level debug, info, warn, error or fatal
 * @param metadata in the order of the line, and empty if the record has none. A number is an Integer if it fits into
 *     one, else a Long or a BigInteger; with a decimal point or an exponent, it is a Double
 * @param sequenceNumber its place in the session's log, from 0
 */
public record DreamlakeRecord(
        Instant timestamp, String level, String message, Map<String, Object> metadata, long sequenceNumber) {

    /** Copies {@code metadata}. */
    public DreamlakeRecord {
        metadata = Collections.unmodifiableMap(new LinkedHashMap<>(metadata));
    }
}
