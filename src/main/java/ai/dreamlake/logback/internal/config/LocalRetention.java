package ai.dreamlake.logback.internal.config;

import ch.qos.logback.core.util.Duration;
import ch.qos.logback.core.util.FileSize;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * How long closed sessions are kept on disk.
 *
 * @param maxAgeMillis how long a session is kept after its last modification; {@link Long#MAX_VALUE} means forever
 * @param maxBytes how much all sessions may take; {@link Long#MAX_VALUE} means no limit
 * @param evenIfNowhereElse whether to delete sessions that are not meant for a server
 */
public record LocalRetention(long maxAgeMillis, long maxBytes, boolean evenIfNowhereElse) {

    /**
     * A session that was modified within this time is never deleted, whatever the limits are: a Python program may have
     * it open, which cannot be detected, and another process may not yet know that its records were delivered.
     */
    public static final long QUIET_MILLIS = TimeUnit.HOURS.toMillis(1);

    /** Checks the properties. Returns null if there is a fault. */
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
                            + " them anyway, or leave it out.");
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
