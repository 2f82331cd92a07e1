package ai.dreamlake.logback.internal.config;

import ai.dreamlake.logback.internal.session.SessionKeys;
import ch.qos.logback.core.util.Duration;
import ch.qos.logback.core.util.FileSize;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The properties of an appender as they were set, right or wrong. Their defaults are defined only here. A null was set
 * by code. It is a fault, unless the property has no default.
 */
public final class AppenderProperties {

    /** Where sessions are stored if neither a local path nor a server is configured. */
    public static final String DEFAULT_LOCAL_PATH = ".dreamlake";

    /** The default name of the workspace and of the session. */
    public static final String DEFAULT_NAME = "default";

    /** Null is the default, but see {@link #isLocalPathSet}. */
    public @Nullable String localPath;

    /** Whether somebody set the local path, to whatever value. */
    public boolean isLocalPathSet;

    public @Nullable String remote;
    public @Nullable String apiKey;
    public @Nullable String apiKeyFile;
    public @Nullable ProvidedTokens tokenProvider;
    public @Nullable String userName;
    public @Nullable String workspace = DEFAULT_NAME;
    public @Nullable String session = DEFAULT_NAME;
    public @Nullable String workspaceKey = SessionKeys.WORKSPACE;
    public @Nullable String sessionKey = SessionKeys.SESSION;
    public boolean requireSession;
    public @Nullable FileSize maxRecordSize = new FileSize(512 * FileSize.KB_COEFFICIENT);
    public int maxOpenSessions = 128;
    public @Nullable Duration writeDelay = Duration.buildByMilliseconds(2);
    public @Nullable Duration idleTimeout = Duration.buildByMinutes(5);
    public @Nullable String fsyncLevel = "OFF";
    public boolean reportCrash = true;

    /** Null and 0 mean none. */
    public @Nullable Duration pulse = Duration.buildByMilliseconds(0);

    /** None by default. */
    public final List<FieldProperties> fields = new ArrayList<>();

    public final List<@Nullable String> masks = new ArrayList<>();
    public final List<@Nullable String> maskKeys = new ArrayList<>();

    /** Null, the default, means that local sessions are kept. */
    public @Nullable LocalRetentionProperties localRetention;
}
