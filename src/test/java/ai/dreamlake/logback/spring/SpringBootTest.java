package ai.dreamlake.logback.spring;

import static org.assertj.core.api.Assertions.assertThat;

import ai.dreamlake.logback.DreamlakeAppender;
import ai.dreamlake.logback.support.ChildJvm;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.RecordComponent;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A real start of Spring Boot, with one line in its {@code logback-spring.xml}. */
class SpringBootTest {

    private static final String LOGBACK = """
            <configuration>
              <include resource="org/springframework/boot/logging/logback/base.xml"/>
              <include resource="ai/dreamlake/logback/spring.xml"/>
            </configuration>
            """;

    @TempDir
    private Path directory;

    /** Starts the application with Spring's arguments. */
    @Configuration
    @EnableAutoConfiguration
    static class Application {
        public static void main(String[] arguments) {
            try (ConfigurableApplicationContext context = SpringApplication.run(Application.class, arguments)) {
                Logger log = (Logger) LoggerFactory.getLogger(Application.class);
                log.info("loss={}", 0.5);
                LoggerContext logback = log.getLoggerContext();
                DreamlakeAppender appender =
                        (DreamlakeAppender) logback.getLogger("ROOT").getAppender("DREAMLAKE");
                System.out.println(
                        "started: " + appender.isStarted() + ", " + appender.getMaxOpenSessions() + " sessions, "
                                + context.getBeansOfType(SessionExecutors.class).size() + " bean");
            }
        }
    }

    private String run(String... properties) throws IOException {
        Path logback = Files.writeString(directory.resolve("logback-spring.xml"), LOGBACK);
        List<String> arguments = new ArrayList<>(List.of(
                "--logging.config=" + logback,
                "--spring.main.banner-mode=off",
                "--spring.main.web-application-type=none"));
        arguments.addAll(List.of(properties));
        try (ChildJvm child = ChildJvm.startWithErrors(Application.class, arguments.toArray())) {
            List<String> lines = child.remainingLines();
            assertThat(child.waitFor()).as(String.join("\n", lines)).isZero();
            return lines.get(lines.size() - 1);
        }
    }

    @Test
    void oneLineInLogbackSpringXmlTakesTheApplicationsProperties() throws IOException {
        assertThat(run(
                        "--spring.application.name=team/shop",
                        "--dreamlake.workspace=shop",
                        "--dreamlake.local-path=" + directory,
                        "--dreamlake.session=run-7",
                        "--dreamlake.include-named-arguments=true",
                        "--dreamlake.max-open-sessions=5"))
                .isEqualTo("started: true, 5 sessions, 1 bean");
        String log = Files.readString(directory.resolve("shop/run-7/logs/logs.jsonl"));
        assertThat(log).contains("\"message\": \"loss=0.5\", \"metadata\": {\"loss\": 0.5}");
        assertThat(log)
                .doesNotContain("\"debug\"")
                .contains("\"message\": \"Starting ")
                .contains("\"sequenceNumber\": 0}");
    }

    @Test
    void anApplicationOfAnyNameStartsWithoutAnyProperty() throws IOException {
        assertThat(run("--spring.application.name=team/shop", "--dreamlake.local-path=" + directory))
                .isEqualTo("started: true, 128 sessions, 1 bean");
        assertThat(directory.resolve("default/default/logs/logs.jsonl")).isNotEmptyFile();
    }

    private static JsonNode metadata() throws IOException {
        try (InputStream file =
                SpringBootTest.class.getResourceAsStream("/META-INF/spring-configuration-metadata.json")) {
            return new JsonMapper().readTree(file);
        }
    }

    @Test
    void developmentEnvironmentsCompleteEveryPropertyThatIsRead() throws IOException {
        Set<String> read = new TreeSet<>(Set.of("dreamlake.executors.enabled", "dreamlake.metrics.enabled"));
        for (RecordComponent property : DreamlakeWebProperties.class.getRecordComponents()) {
            read.add("dreamlake.web."
                    + property.getName().replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT));
        }
        try (InputStream file = DreamlakeAppender.class.getResourceAsStream("spring.xml")) {
            String xml = new String(file.readAllBytes(), StandardCharsets.UTF_8);
            Matcher source = Pattern.compile("source=\"(dreamlake[^\"]*)\"(?: defaultValue=\"([^\"]*)\")")
                    .matcher(xml);
            while (source.find()) {
                read.add(source.group(1));
                for (JsonNode property : metadata().get("properties")) {
                    boolean isFixed =
                            !source.group(2).isEmpty() && !source.group(2).contains("$");
                    if (property.get("name").stringValue().equals(source.group(1)) && isFixed) {
                        assertThat(property.get("defaultValue").asString()).isEqualTo(source.group(2));
                    }
                }
            }
        }
        Set<String> described = new TreeSet<>();
        for (JsonNode property : metadata().get("properties")) {
            described.add(property.get("name").stringValue());
            assertThat(property.get("description").stringValue()).endsWith(".");
        }
        assertThat(described).isEqualTo(read);
    }

    @Test
    void theIncludedFileHasTheAppendersOwnDefaults() throws IOException {
        DreamlakeAppender appender = new DreamlakeAppender();
        try (InputStream file = DreamlakeAppender.class.getResourceAsStream("spring.xml")) {
            String xml = new String(file.readAllBytes(), StandardCharsets.UTF_8);
            assertThat(xml)
                    .contains("dreamlake.session-key\" defaultValue=\"" + appender.getSessionKey() + '"')
                    .contains("dreamlake.workspace-key\" defaultValue=\"" + appender.getWorkspaceKey() + '"')
                    .contains("dreamlake.session\" defaultValue=\"" + appender.getSession() + '"')
                    .contains("dreamlake.max-open-sessions\" defaultValue=\"" + appender.getMaxOpenSessions() + '"')
                    .contains("dreamlake.include-mdc\" defaultValue=\"" + appender.isIncludeMdc() + '"')
                    .contains("dreamlake.require-session\" defaultValue=\"" + appender.isRequireSession() + '"');
        }
    }
}
