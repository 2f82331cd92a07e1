package ai.dreamlake.logback;

import static org.assertj.core.api.Assertions.assertThat;

import ai.dreamlake.logback.support.FakeDreamlake;
import ai.dreamlake.logback.support.Logging;
import ai.dreamlake.logback.support.SessionOnDisk;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import net.logstash.logback.argument.StructuredArguments;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.slf4j.MDC;
import org.slf4j.MarkerFactory;
import tools.jackson.databind.JsonNode;

/** Secrets that must reach neither the disk nor the server. */
class MaskingTest {

    private static final String BY_EXPRESSION = "sk-0123456789abcdef";
    private static final String BY_KEY = "correct horse";

    @TempDir
    Path root;

    /** Written by Jackson. */
    public record Account(String user, String passWord, List<String> tokens, int number) {}

    /** Shows its secret only in its toString. */
    private static final class Opaque {
        @Override
        public String toString() {
            return "opaque " + BY_EXPRESSION;
        }
    }

    private Logging byXml(String properties) {
        return Logging.byXml("<localPath>" + root + "</localPath>" + properties);
    }

    private JsonNode record(int number) {
        return SessionOnDisk.of(root, "default", "default").records().get(number);
    }

    @Test
    void noFileAndNoRequestContainsTheSecretWhereverItWasLogged() throws IOException {
        try (FakeDreamlake server = FakeDreamlake.start()) {
            try (Logging logging = byXml("<remote>" + server.url() + "</remote><apiKey>" + FakeDreamlake.TOKEN
                    + "</apiKey><maxRecordSize>64KB</maxRecordSize><mask>sk-[0-9a-f]+</mask><mask>not there</mask><maskKey>password</maskKey>"
                    + "<includeNamedArguments>true</includeNamedArguments><includeThreadName>true</includeThreadName>"
                    + "<includeMarkers>true</includeMarkers>"
                    + "<field><name>key</name><value>" + BY_EXPRESSION + "</value></field>"
                    + "<upload><interval>10 milliseconds</interval></upload>")) {
                logEverywhere(logging);
                assertThat(logging.appender.awaitDelivery(Duration.ofMinutes(1)))
                        .isTrue();
                assertNoFileHasASecret();
                assertThat(logging.errors()).isEmpty();
                assertThat(logging.statuses().toString()).doesNotContain(BY_EXPRESSION, BY_KEY);
                assertThat(logging.appender.getStatistics().delivered()).isEqualTo(12);
            }
            assertThat(server.requests.stream().map(FakeDreamlake::body))
                    .isNotEmpty()
                    .noneMatch(body -> body.contains(BY_EXPRESSION) || body.contains(BY_KEY));
        }
        assertNoFileHasASecret();
    }

    private static void logEverywhere(Logging logging) {
        Map<String, Object> deep = new LinkedHashMap<>();
        deep.put("list", List.of("x " + BY_EXPRESSION, new Opaque()));
        deep.put("PASSWORD", Map.of("a", BY_KEY));
        deep.put("account", new Account("alice " + BY_EXPRESSION, BY_KEY, List.of(BY_EXPRESSION), 7));
        logging.log.info("in the message " + BY_EXPRESSION + BY_EXPRESSION);
        logging.log.info("as an argument {}", BY_EXPRESSION);
        logging.log.info("named token={}", BY_EXPRESSION);
        logging.log.atInfo().addKeyValue("text", BY_EXPRESSION).log("as a key-value");
        logging.log.atInfo().addKeyValue("Password", BY_KEY).log("as a key-value");
        logging.log
                .atInfo()
                .addKeyValue("builder", new StringBuilder(BY_EXPRESSION))
                .log("as other text");
        logging.log.atInfo().addKeyValue("opaque", new Opaque()).log("as its toString");
        logging.log.atInfo().addKeyValue("deep", deep).log("inside of others");
        logging.log.info("structured", StructuredArguments.entries(deep));
        MDC.put("token", BY_EXPRESSION);
        MDC.put("password", BY_KEY);
        logging.log.info("in the MDC");
        MDC.clear();
        logging.log.error(
                MarkerFactory.getDetachedMarker(BY_EXPRESSION),
                "in an exception",
                new IllegalStateException("outer " + BY_EXPRESSION, new IOException("inner " + BY_EXPRESSION)));
        Thread.currentThread().setName("thread " + BY_EXPRESSION);
        logging.log.info("in the thread's name, and too long: " + (BY_EXPRESSION + " ").repeat(50_000));
        Thread.currentThread().setName("main");
    }

    private void assertNoFileHasASecret() throws IOException {
        try (Stream<Path> paths = Files.walk(root)) {
            List<Path> files = paths.filter(Files::isRegularFile).toList();
            assertThat(files).isNotEmpty();
            for (Path file : files) {
                assertThat(Files.readString(file, StandardCharsets.ISO_8859_1))
                        .as(file.toString())
                        .doesNotContain(BY_EXPRESSION)
                        .doesNotContain(BY_KEY);
            }
        }
    }

    @Test
    void theRestOfTheRecordStaysAsItIs() {
        try (Logging logging = byXml("<mask>secret\\d*</mask><maskKey>password</maskKey>")) {
            Map<String, Object> deep = new LinkedHashMap<>();
            deep.put("number", 1.50);
            deep.put("large", new java.math.BigDecimal("1234567890.12345678901234567890"));
            deep.put("none", null);
            deep.put("flag", true);
            deep.put("text", "a \"secret1\" \u2028");
            deep.put("Password", List.of(1, 2));
            deep.put("after", List.of());
            logging.log
                    .atInfo()
                    .addKeyValue("deep", deep)
                    .addKeyValue("epoch", 5)
                    .addKeyValue("loss", 0.25)
                    .addKeyValue("ratio", 0.5f)
                    .addKeyValue("level", Thread.State.NEW)
                    .log("before secret12 between secret after");
        }
        String line = SessionOnDisk.of(root, "default", "default").lines().get(0);
        assertThat(line)
                .contains("\"message\": \"before *** between *** after\", \"metadata\": {\"deep\": {\"number\": 1.5, "
                        + "\"large\": 1234567890.12345678901234567890, \"none\": null, \"flag\": true, "
                        + "\"text\": \"a \\\"***\\\" \\u2028\", \"Password\": \"***\", \"after\": []}, \"epoch\": 5, "
                        + "\"loss\": 0.25, \"ratio\": 0.5, \"level\": \"NEW\"}");
    }

    @Test
    void aTextThatCannotBeSearchedIsNotWritten() {
        try (Logging logging = byXml("<mask>(secret|.)*x</mask>")) {
            logging.log
                    .atInfo()
                    .addKeyValue("list", List.of("secret".repeat(20_000)))
                    .addKeyValue("epoch", 5)
                    .log("secret".repeat(20_000));
        }
        assertThat(record(0).get("message").stringValue()).isEqualTo("[failed: StackOverflowError]");
        assertThat(record(0).get("metadata").toString())
                .doesNotContain("secret")
                .contains("\"epoch\":5");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            <mask>a</mask><mask>pw(</mask>       | mask    | of number 2, that is not a regular expression: Unclosed group.
            <mask>(pw)*</mask>                   | mask    | of number 1, it matches the empty text, and so matches everywhere.
            <mask>${NOBODY_DEFINED_IT}</mask>    | mask    | of number 1, define the variable, or give it a default: ${NAME:-default}.
            <maskKey>${NOBODY_DEFINED_IT}</maskKey> | maskKey | of number 1, define the variable, or give it a default: ${NAME:-default}.
            """)
    void faultsAreReportedAtTheStartWithoutTheSecret(String properties, String property, String remedy) {
        try (Logging logging = byXml(properties)) {
            assertThat(logging.errors())
                    .containsExactly("<" + property + "> of appender [DREAMLAKE] is \"(not shown)\": " + remedy);
            assertThat(logging.appender.isStarted()).isFalse();
        }
    }

    @Test
    void nullAndEmptyTextsFromCodeAreFaults() {
        try (Logging logging = Logging.to(root, appender -> {
            appender.addMask(" ");
            appender.addMask(null);
            appender.addMaskKey("");
        })) {
            assertThat(logging.errors())
                    .hasSize(3)
                    .allMatch(error -> error.endsWith("give it a value, or leave it out."));
        }
    }
}
