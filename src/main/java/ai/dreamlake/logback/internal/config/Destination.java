package ai.dreamlake.logback.internal.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Where records go: what the properties say or, if they name neither a server nor a local path, what the environment
 * says. Dreamlake's other clients read the same variables.
 *
 * <pre>
 *   DREAMLAKE_API_URL      as remote
 *   DREAMLAKE_API_KEY      as apiKey; only with DREAMLAKE_API_URL, and only if the properties give no token
 *   DREAMLAKE_LOCAL_PATH   as localPath
 * </pre>
 *
 * @param localPath as it was set; null if it was not
 * @param isLocalPathSet whether somebody set the local path, to whatever value
 * @param remote null if it was not set; so are the ones that follow, which are ignored without a remote
 */
record Destination(
        @Nullable String localPath,
        boolean isLocalPathSet,
        @Nullable String remote,
        @Nullable String apiKey,
        @Nullable String apiKeyFile,
        @Nullable ProvidedTokens tokenProvider,
        @Nullable String userName) {

    private static final String URL = "DREAMLAKE_API_URL";
    private static final String KEY = "DREAMLAKE_API_KEY";
    private static final String LOCAL_PATH = "DREAMLAKE_LOCAL_PATH";

    /** Reports which variables were used, so that nobody wonders why the records are elsewhere. */
    static Destination of(AppenderProperties properties, Map<String, String> environment, Faults faults) {
        Destination configured = new Destination(
                properties.localPath,
                properties.isLocalPathSet,
                Faults.textOrNone(properties.remote),
                Faults.textOrNone(properties.apiKey),
                Faults.textOrNone(properties.apiKeyFile),
                properties.tokenProvider,
                Faults.textOrNone(properties.userName));
        if (configured.remote != null || configured.isLocalPathSet) {
            return configured;
        }
        String localPath = Faults.textOrNone(environment.get(LOCAL_PATH));
        String remote = Faults.textOrNone(environment.get(URL));
        String key =
                remote == null || !configured.givenTokens().isEmpty() ? null : Faults.textOrNone(environment.get(KEY));
        List<String> used = new ArrayList<>();
        note("remote", URL, remote, used, faults);
        note("apiKey", KEY, key, used, faults);
        note("localPath", LOCAL_PATH, localPath, used, faults);
        if (!used.isEmpty()) {
            faults.note("from the environment: " + String.join(", ", used) + ".");
        }
        return new Destination(
                localPath,
                localPath != null,
                remote,
                key == null ? configured.apiKey : key,
                configured.apiKeyFile,
                configured.tokenProvider,
                configured.userName);
    }

    private static void note(
            String property, String variable, @Nullable String value, List<String> used, Faults faults) {
        if (value != null) {
            used.add(variable);
            faults.isFromEnvironment(property, variable);
        }
    }

    /** Whether records stay on disk only until the server has them. */
    boolean isSpool() {
        return remote != null && !isLocalPathSet;
    }

    /** The names of the given properties of which a server needs exactly one. */
    List<String> givenTokens() {
        List<String> given = new ArrayList<>();
        if (apiKey != null) {
            given.add("apiKey");
        }
        if (apiKeyFile != null) {
            given.add("apiKeyFile");
        }
        if (tokenProvider != null) {
            given.add("tokenProvider");
        }
        if (userName != null) {
            given.add("userName");
        }
        return given;
    }

    /** Leaves out the token. */
    @Override
    public String toString() {
        return "Destination[" + remote + ", " + localPath + "]";
    }
}
