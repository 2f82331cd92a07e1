package ai.dreamlake.logback;

import static org.assertj.core.api.Assertions.assertThat;

import ai.dreamlake.logback.support.Logging;
import java.io.File;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An application with versions of Jackson other than ours, as frameworks manage them. */
class JacksonVersionsTest {

    /** The build copies these jars: a databind, and annotations that are too old for it. */
    private static final Path UNFIT = Path.of("target", "unfit-jackson");

    @TempDir
    Path root;

    /** An application with its own libraries. */
    public static final class Application {
        /** Starts an appender, and logs. Returns the errors. */
        public static List<String> run(Path root) {
            try (Logging logging = Logging.to(root)) {
                logging.log.info("the application runs on");
                return logging.errors();
            }
        }
    }

    private List<String> runWith(Stream<Path> jackson) throws IOException, ReflectiveOperationException {
        List<URL> classPath = new ArrayList<>();
        for (Path jar : jackson.toList()) {
            classPath.add(jar.toUri().toURL());
        }
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
            if (!Path.of(entry).getFileName().toString().startsWith("jackson-")) {
                classPath.add(Path.of(entry).toUri().toURL());
            }
        }
        try (URLClassLoader loader =
                new URLClassLoader(classPath.toArray(new URL[0]), ClassLoader.getPlatformClassLoader())) {
            Object errors = Class.forName(Application.class.getName(), true, loader)
                    .getMethod("run", Path.class)
                    .invoke(null, root);
            return ((List<?>) errors).stream().map(String::valueOf).toList();
        }
    }

    @Test
    void versionsThatDoNotFitTogetherAreNamedWithTheRemedyAndTheApplicationRunsOn() throws Exception {
        try (Stream<Path> unfit = Files.list(UNFIT)) {
            assertThat(runWith(unfit))
                    .singleElement()
                    .asString()
                    .startsWith("The versions of Jackson do not fit together:")
                    .contains("jackson-databind is 3.1.8,", "jackson-annotations is 2.19.2.")
                    .contains("Add com.fasterxml.jackson.core:jackson-annotations:2.21 to the dependencies");
        }
        assertThat(root).isEmptyDirectory();
    }

    @Test
    void annotationsThatOnlyValuesNeedAreNamedToo() throws Exception {
        try (Stream<Path> old = Files.list(Path.of("target", "old-annotations"))) {
            Stream<Path> others = Stream.of(
                            System.getProperty("java.class.path").split(File.pathSeparator))
                    .map(Path::of)
                    .filter(jar -> jar.getFileName().toString().matches("jackson-(core|databind)-3.*"));
            assertThat(runWith(Stream.concat(old, others)))
                    .singleElement()
                    .asString()
                    .startsWith("The versions of Jackson do not fit together:")
                    .contains("jackson-annotations is 2.15.2.")
                    .contains("Add com.fasterxml.jackson.core:jackson-annotations:2.21 to the dependencies");
        }
    }

    @Test
    void withoutJacksonTheErrorSaysSo() throws Exception {
        assertThat(runWith(Stream.empty()))
                .singleElement()
                .asString()
                .contains("jackson-databind is not there, ", "jackson-annotations is not there.")
                .contains("Add tools.jackson.core:jackson-databind:3.0.4 to")
                .doesNotContain("Add com.fasterxml");
    }
}
