package ai.dreamlake.logback.internal.config;

import ch.qos.logback.core.util.Duration;
import ch.qos.logback.core.util.FileSize;
import org.jspecify.annotations.Nullable;

/**
 * The properties of the {@code <localRetention>} element as they were set, right or wrong. Their defaults are defined
 * only here. Null means no limit.
 */
public final class LocalRetentionProperties {

    public @Nullable Duration maxAge;
    public @Nullable FileSize maxSize;
    public boolean localMode;
}
