package ai.dreamlake.logback.documentation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import ai.dreamlake.logback.DreamlakeAppender;
import ai.dreamlake.logback.documentation.Page.Block;
import ai.dreamlake.logback.support.Logging;
import ai.dreamlake.logback.support.SessionOnDisk;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.core.status.Status;
import com.sun.source.util.JavacTask;
import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.xml.sax.InputSource;

/** Each block of code in the README and on the pages of the site is what the product understands. */
class CodeBlocksTest {

    /**
     * Blocks for libraries that are not on this class path: they were run by hand with the versions that the page
     * names.
     */
    private static final String RECIPES = "recipes.md";

    @TempDir
    Path root;

    static Stream<Block> xml() {
        return Page.blocks("xml").stream();
    }

    static Stream<Block> java() {
        return Page.blocks("java").stream();
    }

    static Stream<Block> json() {
        return Page.blocks("json").stream();
    }

    @ParameterizedTest
    @MethodSource("xml")
    void eachBlockOfXmlIsWellFormed(Block block) throws Exception {
        DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(new InputSource(new StringReader("<block>" + block.code() + "</block>")));
    }

    /** Blocks of a build or of a web.xml are none of Logback; the two lines of Spring Boot have tests of their own. */
    private static boolean isForLogback(Block block) {
        return !Pattern.compile("<(dependency|exclusion|listener-class|filter-class|include) ?")
                .matcher(block.code())
                .find();
    }

    @ParameterizedTest
    @MethodSource("xml")
    void eachBlockOfLogbackConfiguresItWithoutAWarning(Block block) {
        assumeThat(isForLogback(block)).isTrue();
        LoggerContext context = Logging.newContext();
        context.putProperty("DREAMLAKE_API_KEY", "secret");
        context.putProperty("PROXY_PASSWORD", "secret");
        Logging.configure(context, whole(block.code()));
        try {
            assertThat(context.getStatusManager().getCopyOfStatusList())
                    .isNotEmpty()
                    .allMatch(status -> status.getLevel() == Status.INFO);
            if (block.code().contains("appender-ref")) {
                assertThat(((DreamlakeAppender) context.getLogger("ROOT").getAppender("DREAMLAKE")).isStarted())
                        .isTrue();
            }
        } finally {
            context.stop();
        }
    }

    /** The block, and around it what it leaves out. */
    private String whole(String code) {
        if (code.contains("<configuration>")) {
            return inRoot(code);
        }
        if (code.startsWith("<statusListener")) {
            return "<configuration>" + code + "</configuration>";
        }
        String appender = code;
        if (!code.startsWith("<appender")) {
            String server =
                    code.contains("<remote>") ? "" : "<remote>http://localhost:1</remote><userName>alice</userName>";
            appender = "<appender name=\"DREAMLAKE\" class=\"ai.dreamlake.logback.DreamlakeAppender\">"
                    + "<localPath>.dreamlake</localPath>" + server + code + "</appender>";
        }
        return inRoot("<configuration>" + appender
                + "<root level=\"INFO\"><appender-ref ref=\"DREAMLAKE\"/></root></configuration>");
    }

    /** Nothing is written outside the test's directory. */
    private String inRoot(String block) {
        Path token = root.resolve("token");
        try {
            Files.writeString(token, "secret");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        String xml = block.replace("/var/run/secrets/dreamlake/token", token.toString())
                .replace("/data/dreamlake-spool", root.resolve("spool").toString());
        if (xml.contains("<localPath>")) {
            return xml.replace("<localPath>.dreamlake</localPath>", "<localPath>" + root + "</localPath>");
        }
        return xml.replace("<workspace>", "<localPath>" + root + "</localPath><workspace>");
    }

    @ParameterizedTest
    @MethodSource("java")
    void eachBlockOfJavaCompiles(Block block) {
        assertThat(errors(compilationUnit(block.code()), block.page().equals(RECIPES)))
                .isEmpty();
    }

    /** The block, and around it what it leaves out. */
    private static String compilationUnit(String code) {
        if (code.startsWith("package ")) {
            return code;
        }
        List<String> imports = new ArrayList<>();
        List<String> rest = new ArrayList<>();
        code.lines().forEach(line -> (line.startsWith("import ") ? imports : rest).add(line));
        String body = String.join("\n", rest);
        boolean areMembers = Pattern.compile("(?m)^(@|class )").matcher(body).find();
        boolean isCall = body.startsWith(".");
        String members =
                areMembers ? body : "void block() throws Exception {\n" + (isCall ? "data" + body + ";" : body) + "\n}";
        return String.join("\n", imports) + "\n" + SURROUNDINGS.replace("BLOCK", members);
    }

    /** What the blocks take for granted. */
    private static final String SURROUNDINGS = """
            import ai.dreamlake.logback.*;
            import ai.dreamlake.logback.micrometer.DreamlakeMetrics;
            import ai.dreamlake.logback.reactor.DreamlakeReactor;
            import io.micrometer.core.instrument.MeterRegistry;
            import java.time.Duration;
            import java.util.concurrent.ExecutorService;
            import org.junit.jupiter.api.Test;
            import org.junit.jupiter.api.extension.RegisterExtension;
            import org.slf4j.Logger;
            import org.slf4j.LoggerFactory;
                        import reactor.core.publisher.Mono;

            abstract class Surroundings {
                static class Model {}
                static class Training { void run() {} }
                abstract Mono<Model> train(Object data);
                Object data;
                Runnable task;
                MeterRegistry registry;
                DreamlakeAppender appender;
                ExecutorService executor;
                Logger log = LoggerFactory.getLogger("train");

                abstract static class Inner extends Surroundings {
                    BLOCK
                }
            }
            """;

    private static List<String> errors(String source, boolean onlySyntax) {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        DiagnosticCollector<JavaFileObject> problems = new DiagnosticCollector<>();
        JavaFileObject file =
                new SimpleJavaFileObject(URI.create("string:///Surroundings.java"), JavaFileObject.Kind.SOURCE) {
                    @Override
                    public CharSequence getCharContent(boolean ignoreEncodingErrors) {
                        return source;
                    }
                };
        List<String> options = List.of("-proc:none", "-cp", System.getProperty("java.class.path"));
        JavacTask task = (JavacTask) compiler.getTask(new StringWriter(), null, problems, options, null, List.of(file));
        try {
            task.parse();
            if (!onlySyntax) {
                task.analyze();
            }
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        return problems.getDiagnostics().stream()
                .filter(problem -> problem.getKind() == Diagnostic.Kind.ERROR)
                .map(Object::toString)
                .toList();
    }

    @ParameterizedTest
    @MethodSource("json")
    void eachBlockOfJsonIsARecordInTheDocumentedForm(Block block) throws Exception {
        Path log = SessionOnDisk.of(root, "project", "run-7").log();
        Files.createDirectories(log.getParent());
        Files.writeString(log, block.code(), StandardCharsets.UTF_8);
        assertThat(SessionOnDisk.of(root, "project", "run-7").lines()).hasSize(1);
    }

    @Test
    void theReadmesConfigurationAndItsCallsYieldItsRecord() {
        Page readme = Page.readme();
        List<Block> configurations = readme.blocks().stream()
                .filter(block -> block.code().startsWith("<configuration>"))
                .toList();
        assertThat(configurations).hasSize(1);
        LoggerContext context = Logging.newContext();
        Logging.configure(context, inRoot(configurations.get(0).code()));
        var log = context.getLogger("train");
        log.info("Training started");
        log.atInfo().addKeyValue("epoch", 5).addKeyValue("train_loss", 0.234).log("Epoch completed");
        context.stop();

        String first = readme.blocks().get(0).code().strip();
        assertThat(first)
                .isEqualTo(
                        "log.atInfo().addKeyValue(\"epoch\", 5).addKeyValue(\"train_loss\", 0.234).log(\"Epoch completed\");");
        String timestamp = "\"timestamp\": \"[^\"]*\"";
        assertThat(SessionOnDisk.of(root, "project", "my-experiment")
                        .lines()
                        .get(1)
                        .replaceFirst(timestamp, ""))
                .isEqualTo(readme.blocks().get(1).code().strip().replaceFirst(timestamp, ""));
    }

    @Test
    void eachPropertyOfSpringBootIsInItsMetadata() {
        String metadata = SessionOnDisk.text(
                Page.REPOSITORY.resolve("src/main/resources/META-INF/spring-configuration-metadata.json"));
        List<String> properties = Page.blocks("properties").stream()
                .flatMap(block -> block.code().lines())
                .map(line -> line.split("=", 2)[0].strip())
                .filter(name -> name.startsWith("dreamlake."))
                .toList();
        assertThat(properties).isNotEmpty().allMatch(name -> metadata.contains("\"" + name + "\""));
    }
}
