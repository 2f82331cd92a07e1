package ai.dreamlake.logback.internal.config;

import static org.assertj.core.api.Assertions.assertThat;

import ai.dreamlake.logback.internal.session.Retention;
import ch.qos.logback.core.ContextBase;
import ch.qos.logback.core.spi.ContextAwareBase;
import ch.qos.logback.core.status.Status;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which apply: the properties or the environment. */
class DestinationTest {

    private final ContextBase context = new ContextBase();
    private final Faults faults = faults();

    private Faults faults() {
        ContextAwareBase status = new ContextAwareBase();
        status.setContext(context);
        Faults faults = new Faults(status);
        faults.begin("A", List.of());
        return faults;
    }

    private List<String> said() {
        return context.getStatusManager().getCopyOfStatusList().stream()
                .map(Status::getMessage)
                .toList();
    }

    private static Map<String, String> environment(String url, String key, String localPath) {
        Map<String, String> environment = new HashMap<>();
        environment.put("DREAMLAKE_API_URL", url);
        environment.put("DREAMLAKE_API_KEY", key);
        environment.put("DREAMLAKE_LOCAL_PATH", localPath);
        environment.values().removeIf(value -> value == null);
        return environment;
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', nullValues = "-", emptyValue = "", textBlock = """
            # properties: remote, apiKey, userName, localPath | environment: URL, KEY, LOCAL_PATH | remote, apiKey, local path, used
            -        | - | -     | -   | -         | -    | -    | -         | -    | -    | -
            -        | - | -     | -   | http://e  | ekey | -    | http://e  | ekey | -    | DREAMLAKE_API_URL, DREAMLAKE_API_KEY
            -        | - | -     | -   | http://e  | ekey | edir | http://e  | ekey | edir | DREAMLAKE_API_URL, DREAMLAKE_API_KEY, DREAMLAKE_LOCAL_PATH
            -        | - | -     | -   | -         | -    | edir | -         | -    | edir | DREAMLAKE_LOCAL_PATH
            -        | - | -     | -   | -         | ekey | -    | -         | -    | -    | -
            -        | - | -     | -   | -         | ekey | edir | -         | -    | edir | DREAMLAKE_LOCAL_PATH
            -        | - | -     | -   | ''        | ''   | ''   | -         | -    | -    | -
            -        | - | -     | -   | ' '       | ekey | ' '  | -         | -    | -    | -
            ''       | ''| ''    | -   | http://e  | ekey | -    | http://e  | ekey | -    | DREAMLAKE_API_URL, DREAMLAKE_API_KEY
            -        | k | -     | -   | http://e  | ekey | -    | http://e  | k    | -    | DREAMLAKE_API_URL
            -        | - | alice | -   | http://e  | ekey | -    | http://e  | -    | -    | DREAMLAKE_API_URL
            -        | - | alice | -   | http://e  | -    | -    | http://e  | -    | -    | DREAMLAKE_API_URL
            http://x | - | -     | -   | http://e  | ekey | edir | http://x  | -    | -    | -
            http://x | k | -     | -   | http://e  | ekey | edir | http://x  | k    | -    | -
            -        | - | -     | dir | http://e  | ekey | edir | -         | -    | dir  | -
            -        | k | -     | dir | http://e  | ekey | edir | -         | k    | dir  | -
            http://x | k | -     | dir | http://e  | ekey | edir | http://x  | k    | dir  | -
            """)
    void theEnvironmentAppliesIfThePropertiesNameNoDestination(
            String remote,
            String apiKey,
            String userName,
            String localPath,
            String url,
            String key,
            String path,
            String expectedRemote,
            String expectedKey,
            String expectedPath,
            String used) {
        AppenderProperties properties = new AppenderProperties();
        properties.remote = remote;
        properties.apiKey = apiKey;
        properties.userName = userName;
        properties.localPath = localPath;
        properties.isLocalPathSet = localPath != null;
        Destination destination = Destination.of(properties, environment(url, key, path), faults);
        assertThat(destination.remote()).isEqualTo(expectedRemote);
        assertThat(destination.apiKey()).isEqualTo(expectedKey);
        assertThat(destination.localPath()).isEqualTo(expectedPath);
        assertThat(destination.isLocalPathSet()).isEqualTo(expectedPath != null);
        assertThat(said())
                .isEqualTo(used == null ? List.of() : List.of("Appender [A]: from the environment: " + used + "."));
        assertThat(destination.toString()).doesNotContain("key");
    }

    /** It was set, so it is a fault, and no records go elsewhere. */
    @Test
    void anEmptyLocalPathIsNotReplaced() {
        AppenderProperties properties = new AppenderProperties();
        properties.isLocalPathSet = true;
        assertThat(Configuration.of(properties, new UploadProperties(), environment(null, null, "edir"), faults))
                .isNull();
        assertThat(said()).singleElement().asString().startsWith("<localPath> of appender [A] is missing");
    }

    @Test
    void aFaultInAVariableNamesTheVariable() {
        assertThat(Configuration.of(
                        new AppenderProperties(),
                        new UploadProperties(),
                        environment("localhost:3000", "two words", null),
                        faults))
                .isNull();
        assertThat(said())
                .contains(
                        "<remote> (DREAMLAKE_API_URL) of appender [A] is \"localhost:3000\": "
                                + "begin with http:// or https://, such as https://dreamlake.example.com.",
                        "<apiKey> (DREAMLAKE_API_KEY) of appender [A] is \"(not shown)\": "
                                + "it has characters that no header can have.");
    }

    @Test
    void aServerFromTheEnvironmentIsUsedThroughASpoolOrALocalPath() {
        Configuration spool = Configuration.of(
                new AppenderProperties(), new UploadProperties(), environment("http://localhost:1", "k", null), faults);
        assertThat(spool).isNotNull();
        assertThat(spool.retention()).isEqualTo(Retention.SPOOL);
        Configuration kept = Configuration.of(
                new AppenderProperties(),
                new UploadProperties(),
                environment("http://localhost:1", "k", "edir"),
                faults);
        assertThat(kept).isNotNull();
        assertThat(kept.retention()).isEqualTo(Retention.KEEP);
        assertThat(kept.root()).isEqualTo(Path.of("edir").toAbsolutePath());
    }
}
