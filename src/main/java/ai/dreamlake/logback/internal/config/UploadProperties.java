package ai.dreamlake.logback.internal.config;

import ch.qos.logback.core.util.Duration;
import ch.qos.logback.core.util.FileSize;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The properties of the {@code <upload>} element as they were set, right or wrong. Their defaults are defined only
 * here.
 */
public final class UploadProperties {

    public int maxBatchRecords = 5000;
    public @Nullable FileSize maxBatchSize = new FileSize(900 * FileSize.KB_COEFFICIENT);
    public @Nullable Duration interval = Duration.buildBySeconds(1);
    public @Nullable Duration connectTimeout = Duration.buildBySeconds(5);
    public @Nullable Duration callTimeout = Duration.buildBySeconds(30);
    public int maxConcurrentUploads = 4;
    public @Nullable String compression = "none";
    public final List<HeaderProperties> headers = new ArrayList<>();
    public @Nullable ProxyProperties proxy;
    public @Nullable String spoolPath = System.getProperty("user.home") + "/.dreamlake/spool";
    public @Nullable FileSize spoolLimit = new FileSize(FileSize.GB_COEFFICIENT);
    public @Nullable Duration shutdownTimeout = Duration.buildBySeconds(10);
}
