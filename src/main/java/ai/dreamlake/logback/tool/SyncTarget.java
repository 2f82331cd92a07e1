package ai.dreamlake.logback.tool;

import ai.dreamlake.logback.internal.config.AppenderProperties;
import ai.dreamlake.logback.internal.config.Configuration;
import ai.dreamlake.logback.internal.config.Faults;
import ai.dreamlake.logback.internal.config.RemoteConfiguration;
import ai.dreamlake.logback.internal.config.UploadProperties;
import ch.qos.logback.core.ContextBase;
import ch.qos.logback.core.spi.ContextAwareBase;
import ch.qos.logback.core.status.Status;
import ch.qos.logback.core.util.Duration;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import okhttp3.HttpUrl;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/**
 * The server of {@code sync}. The same code checks it that checks an appender's configuration; its messages are changed
 * to name options of the command line.
 */
final class SyncTarget {

    private static final String URL = "DREAMLAKE_API_URL";
    private static final String KEY = "DREAMLAKE_API_KEY";

    /** The properties of an appender, and their names on the command line. */
    private static final Map<String, String> NAMES = Map.of(
            "remote", "--remote",
            "apiKey", "the variable " + KEY,
            "apiKeyFile", "--api-key-file",
            "userName", "--user-name",
            "localPath", "PATH",
            "spoolPath", "PATH");

    @Option(names = "--remote", paramLabel = "URL", description = "The server. Default: the variable " + URL)
    private @Nullable String remote;

    @Option(
            names = "--api-key-file",
            paramLabel = "FILE",
            description = "The file with the token. Default: the token is in the variable " + KEY
                    + ", which is used only for the server in " + URL)
    private @Nullable String apiKeyFile;

    @Option(names = "--user-name", paramLabel = "NAME", description = "The user, for a server in development mode.")
    private @Nullable String userName;

    @Option(names = "--gzip", description = "Compress what is sent. Not every server accepts that.")
    private boolean gzip;

    /**
     * Returns the configuration of an appender that keeps its logs under a root, or has a spool under it.
     *
     * @param environment the variables of the process
     */
    Configuration configuration(Path root, boolean isSpool, Map<String, String> environment) throws ToolFailure {
        AppenderProperties properties = new AppenderProperties();
        String known = text(environment.get(URL));
        properties.remote = remote == null ? known : remote;
        if (properties.remote == null) {
            throw ToolFailure.usage("Name the server with --remote, or in the variable " + URL + ".");
        }
        properties.apiKeyFile = apiKeyFile;
        properties.userName = userName;
        if (apiKeyFile == null && userName == null) {
            properties.apiKey = properties.remote.equals(known) ? text(environment.get(KEY)) : null;
            if (properties.apiKey == null
                    && HttpUrl.parse(properties.remote) != null) { // otherwise the URL is reported first
                throw ToolFailure.usage("The server needs a token: name its file with --api-key-file, or put it into "
                        + KEY + " and the server into " + URL + "; or give a --user-name in development mode.");
            }
        }
        if (apiKeyFile != null && !RootPath.path(apiKeyFile).toFile().exists()) { // an appender would wait for it
            throw ToolFailure.usage("There is no file " + Printable.line(apiKeyFile) + ", which --api-key-file names.");
        }
        UploadProperties upload = new UploadProperties();
        upload.interval = Duration.buildByMilliseconds(0); // nobody waits for more records
        upload.compression = gzip ? "gzip" : "none";
        properties.isLocalPathSet = !isSpool;
        properties.localPath = isSpool ? null : root.toString();
        upload.spoolPath = root.toString();
        ContextAwareBase status = new ContextAwareBase();
        status.setContext(new ContextBase());
        Faults faults = new Faults(status);
        faults.begin("sync", List.of());
        Configuration configuration = Configuration.of(properties, upload, Map.of(), faults);
        if (configuration == null) {
            throw ToolFailure.usage(status.getContext().getStatusManager().getCopyOfStatusList().stream()
                    .filter(said -> said.getLevel() == Status.ERROR)
                    .map(said -> withOptionNames(said.getMessage()))
                    .limit(1) // the others may follow from it
                    .collect(Collectors.joining(" ")));
        }
        return configuration;
    }

    /** The server of a configuration that {@link #configuration} returned. */
    static RemoteConfiguration server(Configuration configuration) {
        return Objects.requireNonNull(configuration.remote());
    }

    private static @Nullable String text(@Nullable String variable) {
        return variable == null || variable.isBlank() ? null : variable.strip();
    }

    private static String withOptionNames(String message) {
        String words = message.replace(" of appender [sync]", "");
        for (Map.Entry<String, String> name : NAMES.entrySet()) {
            words = words.replace("<" + name.getKey() + ">", name.getValue());
        }
        return words;
    }
}
