package ai.dreamlake.logback;

import static org.assertj.core.api.Assertions.assertThat;

import ai.dreamlake.logback.support.Logging;
import ai.dreamlake.logback.support.SessionOnDisk;
import java.io.File;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Year;
import java.util.ArrayList;
import java.util.List;
import java.util.spi.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.Version;
import tools.jackson.databind.JacksonModule;
import tools.jackson.databind.SerializationContext;
import tools.jackson.databind.module.SimpleModule;
import tools.jackson.databind.ser.std.StdSerializer;

/** An application with Jackson modules on its class path. */
class JacksonModulesTest {

    @TempDir
    Path root;

    @TempDir
    Path classPath;

    public record Temperature(double celsius) {}

    /** Writes a type of the application, and one that this library writes differently. */
    public static final class Temperatures extends SimpleModule {
        private static final long serialVersionUID = 1;

        public Temperatures() {
            addSerializer(Temperature.class, new StdSerializer<>(Temperature.class) {
                @Override
                public void serialize(Temperature value, JsonGenerator generator, SerializationContext context) {
                    generator.writeString(value.celsius() + " °C");
                }
            });
            addSerializer(Year.class, new StdSerializer<>(Year.class) {
                @Override
                public void serialize(Year value, JsonGenerator generator, SerializationContext context) {
                    generator.writeNumber(value.getValue());
                }
            });
        }
    }

    public static final class Unmakeable extends SimpleModule {
        private static final long serialVersionUID = 1;

        public Unmakeable() {
            throw new IllegalStateException("no licence");
        }
    }

    /** Fails like a module that was compiled against another version of Jackson. */
    public static final class OfAnotherVersion extends JacksonModule {
        @Override
        public String getModuleName() {
            return "other";
        }

        @Override
        public Version version() {
            return Version.unknownVersion();
        }

        @Override
        public void setupModule(SetupContext context) {
            throw new NoSuchMethodError("addSomething");
        }
    }

    /** An application with its own libraries. */
    public static final class Application {
        /** Logs a temperature. Returns the warnings. */
        public static List<String> run(Path root, boolean includeModules) {
            try (Logging logging = Logging.to(root, appender -> {
                appender.setIncludeJacksonModules(includeModules);
            })) {
                logging.log
                        .atInfo()
                        .addKeyValue("temperature", new Temperature(36.6))
                        .addKeyValue("year", Year.of(2025))
                        .log("measured");
                assertThat(logging.errors()).isEmpty();
                return logging.warnings();
            }
        }
    }

    private List<String> run(boolean includeModules, String... modules) throws Exception {
        Path services = Files.createDirectories(classPath.resolve("META-INF/services"));
        Files.write(services.resolve(JacksonModule.class.getName()), List.of(modules));
        List<URL> urls = new ArrayList<>();
        urls.add(classPath.toUri().toURL());
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
            urls.add(Path.of(entry).toUri().toURL());
        }
        try (URLClassLoader loader =
                new URLClassLoader(urls.toArray(new URL[0]), ClassLoader.getPlatformClassLoader())) {
            Object warnings = Class.forName(Application.class.getName(), true, loader)
                    .getMethod("run", Path.class, boolean.class)
                    .invoke(null, root, includeModules);
            return ((List<?>) warnings).stream().map(String::valueOf).toList();
        }
    }

    private String metadata() {
        return SessionOnDisk.of(root, "default", "default")
                .onlyRecord()
                .get("metadata")
                .toString();
    }

    @Test
    void aModuleOnTheClassPathSaysHowItsTypesAreWritten() throws Exception {
        assertThat(run(true, Temperatures.class.getName())).isEmpty();
        assertThat(metadata()).isEqualTo("{\"temperature\":\"36.6 °C\",\"year\":2025}");
    }

    @Test
    void noModuleIsUsedIfTheConfigurationSaysSo() throws Exception {
        assertThat(run(false, Temperatures.class.getName(), Unmakeable.class.getName()))
                .isEmpty();
        assertThat(metadata()).isEqualTo("{\"temperature\":{\"celsius\":36.6},\"year\":\"2025\"}");
    }

    @Test
    void brokenModulesAreNamedAndTheOthersAreUsed() throws Exception {
        makeOrphan();
        assertThat(run(
                        true,
                        "com.example.Missing",
                        Unmakeable.class.getName(),
                        "lost.Orphan",
                        OfAnotherVersion.class.getName(),
                        Temperatures.class.getName()))
                .satisfiesExactly(
                        missing -> assertThat(missing).contains("Provider com.example.Missing not found"),
                        unmakeable -> assertThat(unmakeable)
                                .contains(Unmakeable.class.getName(), "java.lang.IllegalStateException: no licence"),
                        orphan -> assertThat(orphan).contains("java.lang.NoClassDefFoundError: lost/Parent"),
                        other -> assertThat(other)
                                .contains(OfAnotherVersion.class.getName() + ": java.lang.NoSuchMethodError"))
                .allSatisfy(warning -> assertThat(warning)
                        .startsWith("Appender [DREAMLAKE] goes on without a Jackson module that is broken: ")
                        .endsWith(". Repair or remove it, or turn off all modules by"
                                + " <includeJacksonModules>false</includeJacksonModules>."));
        assertThat(metadata()).isEqualTo("{\"temperature\":\"36.6 °C\",\"year\":2025}");
    }

    /** A module whose own library is missing. */
    private void makeOrphan() throws Exception {
        Path source = Files.createDirectories(root.resolve("source"));
        Path parent = source.resolve("Parent.java");
        Path orphan = source.resolve("Orphan.java");
        Files.writeString(parent, """
                package lost;

                public class Parent extends tools.jackson.databind.module.SimpleModule {}
                """);
        Files.writeString(orphan, """
                package lost;

                public class Orphan extends Parent {}
                """);
        assertThat(ToolProvider.findFirst("javac")
                        .orElseThrow()
                        .run(
                                System.out,
                                System.err,
                                "-cp",
                                System.getProperty("java.class.path"),
                                "-d",
                                classPath.toString(),
                                parent.toString(),
                                orphan.toString()))
                .isZero();
        Files.delete(classPath.resolve("lost/Parent.class"));
    }
}
