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
 * <p>A daemon thread looks at the start, and then every ten minutes, through all sessions under the local path, whoever
 * wrote them. It deletes those that are too old, and then the oldest ones until the rest fits. It deletes a session as
 * a whole or not at all, and only if the server has all of its records; the README lists what keeps one. If a record
 * comes later, the session begins again with number 0. Its directories and lock files stay.
 */
public class DreamlakeLocalRetention {

    private final LocalRetentionProperties properties = new LocalRetentionProperties();

    /** For Logback, which creates it where a configuration names this class. */
    public DreamlakeLocalRetention() {}

    LocalRetentionProperties properties() {
        return properties;
    }

    /**
     * How long a session stays after any of its files was last modified; at least 1 hour. Default: null, no limit. This
     * or a {@link #setMaxSize size} must be given
     */
    public void setMaxAge(@Nullable Duration maxAge) {
        properties.maxAge = maxAge;
    }

    public @Nullable Duration getMaxAge() {
        return properties.maxAge;
    }

    /**
     * How much the files of all sessions together may take, those that must stay included; at least 1 MB. A session
     * that was modified within the last hour stays whatever it takes. Default: null, no limit
     */
    public void setMaxSize(@Nullable FileSize maxSize) {
        properties.maxSize = maxSize;
    }

    public @Nullable FileSize getMaxSize() {
        return properties.maxSize;
    }

    /**
     * Whether sessions go, too, that were never to be uploaded, so that their records are nowhere else. Needed where no
     * {@link DreamlakeAppender#setRemote remote} is set, where the element is a configuration error without it.
     * Default: false
     */
    public void setLocalMode(boolean localMode) {
        properties.localMode = localMode;
    }

    public boolean isLocalMode() {
        return properties.localMode;
    }
}
