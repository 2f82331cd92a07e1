package ai.dreamlake.logback;

import ai.dreamlake.logback.internal.config.LocalRetentionProperties;
import ch.qos.logback.core.util.Duration;
import ch.qos.logback.core.util.FileSize;
import org.jspecify.annotations.Nullable;

/**
 * How long sessions stay in the {@link DreamlakeAppender#setLocalPath local path}: the {@code <localRetention>} element
 * of {@link DreamlakeAppender}, which reads it when it starts. Without it they stay forever.
 *
 * <pre>{@code
 * <localRetention>
 *   <maxAge>30 days</maxAge>
 *   <maxSize>10GB</maxSize>
 * </localRetention>
 * }</pre>
 *
 * <p>A daemon thread checks all sessions under the local path, whoever wrote them: at the start, and then every ten
 * minutes. It deletes those that are too old, and then the oldest ones until the rest fits. It deletes a session as a
 * whole or not at all, and only if the server has all of its records; the documentation lists the exceptions. If a
 * record comes later, the session begins again with number 0. Its directories and lock files stay.
 *
 * @since 0.2.0
 */
public class DreamlakeLocalRetention {

    private final LocalRetentionProperties properties = new LocalRetentionProperties();

    /** Creates an element without limits. Logback calls this. */
    public DreamlakeLocalRetention() {}

    LocalRetentionProperties properties() {
        return properties;
    }

    /**
     * Sets how long a session stays after any of its files was last modified. Without this, a {@link #setMaxSize size}
     * is required.
     *
     * @param maxAge at least 1 hour. Null: no limit. Default: null
     */
    public void setMaxAge(@Nullable Duration maxAge) {
        properties.maxAge = maxAge;
    }

    /** {@return how long a session stays after its last modification; null: no limit} */
    public @Nullable Duration getMaxAge() {
        return properties.maxAge;
    }

    /**
     * Sets how many bytes the files of all sessions together may take, including those that must stay. A session that
     * was modified within the last hour stays, whatever its size. Without this, an {@link #setMaxAge age} is required.
     *
     * @param maxSize at least 1 MB. Null: no limit. Default: null
     */
    public void setMaxSize(@Nullable FileSize maxSize) {
        properties.maxSize = maxSize;
    }

    /** {@return how many bytes all sessions together may take; null: no limit} */
    public @Nullable FileSize getMaxSize() {
        return properties.maxSize;
    }

    /**
     * Sets whether to delete also sessions that were never meant for a server, so that no other copy of their records
     * exists. Required if no {@link DreamlakeAppender#setRemote remote} is set: without it, this element is then a
     * configuration error.
     *
     * @param localMode default: false
     */
    public void setLocalMode(boolean localMode) {
        properties.localMode = localMode;
    }

    /** {@return whether to delete also sessions that were never meant for a server} */
    public boolean isLocalMode() {
        return properties.localMode;
    }
}
