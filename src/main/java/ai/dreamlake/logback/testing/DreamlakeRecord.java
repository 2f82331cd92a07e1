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
 * @param message the formatted message
 * @param metadata in the order of the line, and empty if the record has none. Unmodifiable. A number is an Integer if
 *     it fits, otherwise a Long or a BigInteger. With a decimal point or an exponent, it is a Double
 * @param sequenceNumber its place in the session's log, from 0
 * @since 0.2.0
 */
public record DreamlakeRecord(
        Instant timestamp, String level, String message, Map<String, Object> metadata, long sequenceNumber) {

    /**
     * Creates a record of the given values.
     *
     * @param timestamp see {@link #timestamp()}
     * @param level see {@link #level()}
     * @param message see {@link #message()}
     * @param metadata see {@link #metadata()}; is copied
     * @param sequenceNumber see {@link #sequenceNumber()}
     * @throws NullPointerException if {@code metadata} is null
     */
    public DreamlakeRecord {
        metadata = Collections.unmodifiableMap(new LinkedHashMap<>(metadata));
    }
}
