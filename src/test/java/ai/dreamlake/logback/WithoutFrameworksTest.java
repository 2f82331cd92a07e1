package ai.dreamlake.logback;

import static org.assertj.core.api.Assertions.assertThat;

import ai.dreamlake.logback.support.Logging;
import ai.dreamlake.logback.support.RequiredClassPath;
import ch.qos.logback.core.status.Status;
import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/** A class path with only the required libraries. */
class WithoutFrameworksTest {

    /** The packages for frameworks, which load only with the framework, and the tool, which is in another jar. */
    private static final Pattern OPTIONAL =
            Pattern.compile("logback/(micrometer|reactor|servlet|spring|testing|tool)/");

    @TempDir
    private Path root;

    /** Arguments: path, the directory of our classes. */
    static final class Main {
        public static void main(String[] arguments) throws Exception {
            int loaded = 0;
            Path classes = Path.of(arguments[1]);
            try (Stream<Path> files = Files.walk(classes)) {
                for (Path file : files.sorted(Comparator.naturalOrder()).toList()) {
                    String name = classes.relativize(file).toString().replace(File.separatorChar, '/');
                    if (name.endsWith(".class")
                            && !name.equals("module-info.class")
                            && !OPTIONAL.matcher(name).find()) {
                        Class.forName(name.replace('/', '.').replaceAll("[.]class$", ""))
                                .getDeclaredMethods();
                        loaded++;
                    }
                }
            }
            try (Logging logging = Logging.to(Path.of(arguments[0]), appender -> appender.setMetricsEnabled(true))) {
                logging.log.atInfo().addKeyValue("epoch", 5).log("Epoch done");
                for (Status status : logging.context.getStatusManager().getCopyOfStatusList()) {
                    if (status.getLevel() > Status.INFO) {
                        System.out.println(status.getMessage());
                    }
                }
                System.out.println(logging.appender.getStatistics().written() + " record, " + (loaded > 100));
            }
        }
    }

    @Test
    void everythingElseLoadsAndTheAppenderWritesAndSaysWhatMetricsNeed() throws Exception {
        Path classes = Path.of(DreamlakeAppender.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .toURI());
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        RequiredClassPath.get(),
                        Main.class.getName(),
                        root.toString(),
                        classes.toString())
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(output).isZero();
        assertThat(output.lines())
                .hasSize(2)
                .satisfies(lines -> assertThat(lines.get(0))
                        .startsWith("<metricsEnabled> needs io.micrometer:micrometer-core on the class path ("))
                .endsWith("1 record, true");
    }

    @Test
    void anApplicationGetsJacksonAndOkHttpAndNothingElse() throws Exception {
        NodeList dependencies = ((Element) DocumentBuilderFactory.newInstance()
                        .newDocumentBuilder()
                        .parse(Path.of(System.getProperty("basedir"), "pom.xml").toFile())
                        .getDocumentElement()
                        .getElementsByTagName("dependencies")
                        .item(0))
                .getElementsByTagName("dependency");
        List<String> passedOn = Stream.iterate(0, i -> i + 1)
                .limit(dependencies.getLength())
                .map(i -> (Element) dependencies.item(i))
                .filter(dependency -> dependency.getElementsByTagName("scope").getLength() == 0)
                .map(dependency ->
                        dependency.getElementsByTagName("artifactId").item(0).getTextContent())
                .toList();
        assertThat(passedOn).containsExactly("jackson-databind", "okhttp-jvm");
    }
}
