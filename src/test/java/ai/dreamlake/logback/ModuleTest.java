package ai.dreamlake.logback;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleDescriptor.Exports;
import java.lang.module.ModuleDescriptor.Opens;
import java.lang.module.ModuleFinder;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.spi.ToolProvider;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The library as a named module. The other tests have it on the class path. */
class ModuleTest {

    private static final String NAME = "ai.dreamlake.logback";

    private static final String MODULE = """
            module app {
                requires ai.dreamlake.logback;
                opens app.data;
            }
            """;

    private static final String MAIN = """
            package app;

            import ai.dreamlake.logback.DreamlakeAppender;
            import app.data.Epoch;
            import org.slf4j.LoggerFactory;

            public class Main {
                public static void main(String[] arguments) {
                    LoggerFactory.getLogger("app").atInfo().addKeyValue("epoch", new Epoch(5, 0.25)).log("Epoch done");
                    System.out.println(DreamlakeAppender.class.getModule().getName());
                }
            }
            """;

    private static final String BEAN = """
            package app.data;

            public record Epoch(int number, double loss) {}
            """;

    private static final String CONFIGURATION = """
            <configuration>
              <appender name="DREAMLAKE" class="ai.dreamlake.logback.DreamlakeAppender">
                <localPath>%s</localPath>
                <idleTimeout>1 minute</idleTimeout>
                <upload><interval>2 seconds</interval></upload>
              </appender>
              <root level="INFO"><appender-ref ref="DREAMLAKE"/></root>
            </configuration>
            """;

    private static final Pattern NEEDED = Pattern.compile(
            "/(slf4j-api|logback-classic|logback-core|jackson-|okhttp-jvm|okio-|kotlin-stdlib)[^/]*[.]jar$");

    @TempDir
    private Path directory;

    private static Path classes() throws URISyntaxException {
        return Path.of(DreamlakeAppender.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .toURI());
    }

    @Test
    void whatUsersNameIsExportedAndNothingElse() throws URISyntaxException {
        ModuleDescriptor module =
                ModuleFinder.of(classes()).find(NAME).orElseThrow().descriptor();
        assertThat(module.exports())
                .extracting(Exports::source)
                .containsExactlyInAnyOrder(NAME, NAME + ".micrometer", NAME + ".spring");
        assertThat(module.exports()).noneMatch(Exports::isQualified);
        assertThat(module.opens()).extracting(Opens::source).containsExactly(NAME + ".spring");
        assertThat(module.isOpen()).isFalse();
        Set<String> exported = module.exports().stream().map(Exports::source).collect(Collectors.toSet());
        assertThat(module.packages())
                .allMatch(name -> exported.contains(name) || name.startsWith(NAME + ".internal"))
                .hasSizeGreaterThan(1);
    }

    @Test
    void anApplicationThatIsAModuleLogsThroughIt() throws Exception {
        Path library = classes();
        // Nothing else: what is optional can be missing.
        String modules = Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(entry -> entry.endsWith(".jar") || Path.of(entry).equals(library))
                .filter(entry -> Path.of(entry).equals(library)
                        || NEEDED.matcher(entry.replace(File.separatorChar, '/'))
                                .find())
                .collect(Collectors.joining(File.pathSeparator));
        Path application = directory.resolve("classes");
        assertThat(javac(
                        "--release",
                        "17",
                        "-d",
                        application.toString(),
                        "-p",
                        modules,
                        write("module-info.java", MODULE),
                        write("app/Main.java", MAIN),
                        write("app/data/Epoch.java", BEAN)))
                .isZero();
        Path sessions = directory.resolve("sessions");
        String configuration = write("logback.xml", CONFIGURATION.formatted(sessions));

        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Dlogback.configurationFile=" + configuration,
                        "-p",
                        application + File.pathSeparator + modules,
                        "-m",
                        "app/app.Main")
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();

        assertThat(output.strip()).isEqualTo(NAME);
        assertThat(Files.readString(sessions.resolve("default/default/logs/logs.jsonl")))
                .contains("\"message\": \"Epoch done\", \"metadata\": {\"epoch\": {\"number\": 5, \"loss\": 0.25}}");
    }

    private static int javac(String... arguments) {
        return ToolProvider.findFirst("javac").orElseThrow().run(System.out, System.err, arguments);
    }

    private String write(String name, String text) throws IOException {
        Path file = directory.resolve("source").resolve(name);
        Files.createDirectories(file.getParent());
        return Files.writeString(file, text).toString();
    }
}
