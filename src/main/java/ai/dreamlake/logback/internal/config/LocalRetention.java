package ai.dreamlake.logback.internal.config;

import ch.qos.logback.core.util.Duration;
import ch.qos.logback.core.util.FileSize;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * How long closed sessions stay on disk.
 *
 * @param maxAgeMillis how long after anything in a session was last modified; {@link Long#MAX_VALUE}: forever
 * @param maxBytes how much all sessions may take; {@link Long#MAX_VALUE}: no limit
 * @param evenIfNowhereElse whether sessions go that no server was to get
 */
public record LocalRetention(long maxAgeMillis, long maxBytes, boolean evenIfNowhereElse) {

    /**
     * No session goes that was modified so recently, whatever the limits are: a Python program may have it open, which
     * nobody can see, and another process may still be about to learn that its records were delivered.
     */
    public static final long QUIET_MILLIS = TimeUnit.HOURS.toMillis(1);

    /** Checks the properties. Null if there is a fault. */
    static @Nullable LocalRetention of(
            LocalRetentionProperties properties, boolean hasServer, boolean isSpool, Faults faults) {
        String shown = shown(properties);
        if (isSpool) {
            faults.add(
                    "localRetention",
                    shown,
                    "without a <localPath> nothing stays on disk; leave it out. <spoolLimit> bounds what waits there.");
            return null;
        }
        if (!hasServer && !properties.localMode) {
            faults.add(
                    "localRetention",
                    shown,
                    "without a <remote> these records are nowhere else; give it <localMode>true</localMode> to delete"
                            + " them all the same, or leave it out.");
            return null;
        }
        Duration maxAge = properties.maxAge;
        FileSize maxSize = properties.maxSize;
        if (maxAge == null && maxSize == null) {
            faults.add("localRetention", shown, "give it a <maxAge>, a <maxSize>, or both; or leave it out.");
            return null;
        }
        if (maxAge != null && maxAge.getMilliseconds() < QUIET_MILLIS) {
            faults.add("maxAge", maxAge, "choose 1 hour or more, such as \"30 days\".");
        }
        if (maxSize != null && maxSize.getSize() < FileSize.MB_COEFFICIENT) {
            faults.add("maxSize", maxSize, "choose 1MB or more.");
        }
        return new LocalRetention(
                maxAge == null ? Long.MAX_VALUE : maxAge.getMilliseconds(),
                maxSize == null ? Long.MAX_VALUE : maxSize.getSize(),
                properties.localMode);
    }

    private static String shown(LocalRetentionProperties properties) {
        return "maxAge " + properties.maxAge + ", maxSize " + properties.maxSize;
    }
}
