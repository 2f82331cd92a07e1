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
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.spi.ToolProvider;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The library as a named module. In the other tests it is on the class path. */
class ModuleTest {

    private static final String NAME = "ai.dreamlake.logback";

    private static final Set<String> PUBLIC = Set.of(
            NAME, NAME + ".micrometer", NAME + ".reactor", NAME + ".servlet", NAME + ".spring", NAME + ".testing");

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

    /** The jars of the required libraries. An application may lack the others that the tests have. */
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
    void onlyThePublicPackagesAreExported() throws URISyntaxException {
        ModuleDescriptor module =
                ModuleFinder.of(classes()).find(NAME).orElseThrow().descriptor();
        assertThat(module.exports()).extracting(Exports::source).containsExactlyInAnyOrderElementsOf(PUBLIC);
        assertThat(module.exports()).noneMatch(Exports::isQualified);
        assertThat(module.opens()).extracting(Opens::source).containsExactly(NAME + ".spring");
        assertThat(module.isOpen()).isFalse();
        assertThat(module.packages())
                .filteredOn(name -> !name.equals(NAME + ".tool")) // the library's jar does not contain it
                .allMatch(name -> PUBLIC.contains(name) || name.startsWith(NAME + ".internal"))
                .hasSizeGreaterThan(1);
    }

    @Test
    void anApplicationThatIsAModuleLogsThroughItWithoutAnyOptionalLibrary() throws Exception {
        write("module-info.java", MODULE);
        write("app/Main.java", MAIN);
        write("app/data/Epoch.java", BEAN);
        assertThat(run(NEEDED)).isEqualTo(NAME);
        assertThat(log("default", "default"))
                .contains("\"message\": \"Epoch done\", \"metadata\": {\"epoch\": {\"number\": 5, \"loss\": 0.25}}");
    }

    @Test
    void anApplicationThatIsAModuleRegistersTheAccessorForContextPropagation() throws Exception {
        write("module-info.java", """
                module app {
                    requires ai.dreamlake.logback;
                    requires context.propagation;
                }
                """);
        write("app/Main.java", """
                package app;

                import ai.dreamlake.logback.DreamlakeSession;
                import ai.dreamlake.logback.micrometer.SessionAccessor;
                import io.micrometer.context.ContextRegistry;
                import io.micrometer.context.ContextSnapshot;
                import io.micrometer.context.ContextSnapshotFactory;
                import org.slf4j.LoggerFactory;

                public class Main {
                    public static void main(String[] arguments) throws Exception {
                        ContextRegistry.getInstance().registerThreadLocalAccessor(new SessionAccessor());
                        ContextSnapshot snapshot;
                        try (DreamlakeSession session = DreamlakeSession.open("p", "s")) {
                            snapshot = ContextSnapshotFactory.builder().build().captureAll();
                        }
                        Thread thread = new Thread(snapshot.wrap(() -> LoggerFactory.getLogger("app").info("carried")));
                        thread.start();
                        thread.join();
                    }
                }
                """);
        assertThat(run(Pattern.compile(NEEDED + "|/context-propagation[^/]*[.]jar$")))
                .isEmpty();
        assertThat(log("p", "s")).contains("carried");
    }

    /** Compiles the written sources, and runs app.Main as a module. Returns what it prints. */
    private String run(Pattern jars) throws Exception {
        Path library = classes();
        String modules = Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(entry -> Path.of(entry).equals(library)
                        || jars.matcher(entry.replace(File.separatorChar, '/')).find())
                .collect(Collectors.joining(File.pathSeparator));
        Path application = directory.resolve("classes");
        List<String> javac = new ArrayList<>(List.of("--release", "17", "-d", application.toString(), "-p", modules));
        try (Stream<Path> sources = Files.walk(directory.resolve("source"))) {
            sources.filter(Files::isRegularFile).map(Path::toString).forEach(javac::add);
        }
        assertThat(javac(javac.toArray(new String[0]))).isZero();
        Files.writeString(directory.resolve("logback.xml"), CONFIGURATION.formatted(directory.resolve("sessions")));

        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Dlogback.configurationFile=" + directory.resolve("logback.xml"),
                        "-p",
                        application + File.pathSeparator + modules,
                        "-m",
                        "app/app.Main")
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
        return output.strip();
    }

    private String log(String workspace, String session) throws IOException {
        return Files.readString(directory
                .resolve("sessions")
                .resolve(workspace)
                .resolve(session)
                .resolve("logs/logs.jsonl"));
    }

    private static int javac(String... arguments) {
        return ToolProvider.findFirst("javac").orElseThrow().run(System.out, System.err, arguments);
    }

    private void write(String name, String text) throws IOException {
        Path file = directory.resolve("source").resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }
}
