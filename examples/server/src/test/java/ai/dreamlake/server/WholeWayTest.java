package ai.dreamlake.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import ai.dreamlake.logback.DreamlakeAppender;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.core.util.Duration;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** The whole way: from a logger call through the appender and the server into MongoDB, and back. */
@Timeout(120)
class WholeWayTest {

    @TempDir
    Path directory;

    private Path data() throws IOException {
        return Files.createDirectories(directory.resolve("data"));
    }

    private List<JsonNode> journal(String session) throws IOException {
        List<JsonNode> records = new ArrayList<>();
        for (String line :
                Files.readAllLines(directory.resolve(".dreamlake/examples/" + session + "/logs/logs.jsonl"))) {
            records.add(TestServer.JSON.readTree(line));
        }
        return records;
    }

    /** The server's records of a session, without the fields that only the server adds. */
    private static List<JsonNode> stored(TestServer server, String session) {
        List<JsonNode> records = server.records(server.session("examples", session));
        records.forEach(record -> ((ObjectNode) record).remove("createdAt"));
        return records;
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void theTrainingExamplesRecordsAreOnTheServerAsTheyAreInTheJournal(boolean isHybrid) throws IOException {
        String configuration = new String(
                TrainingRun.configuration("logback-server.xml").openStream().readAllBytes(), UTF_8);
        if (!isHybrid) {
            configuration = configuration.replaceFirst("<localPath>.*</localPath>", "");
        }
        Path file = Files.writeString(directory.resolve("logback-test.xml"), configuration);
        try (TestServer server = new TestServer(data())) {
            TrainingRun.remote(directory, server.url, file.toString());
            Map<String, List<JsonNode>> stored = new HashMap<>();
            for (JsonNode session : server.get("/sessions").json().get("sessions")) {
                String name = session.get("name").stringValue();
                stored.put(name.replaceFirst("-\\d.*", ""), stored(server, name));
                if (isHybrid) {
                    assertThat(stored(server, name)).isEqualTo(journal(name));
                }
            }
            assertThat(stored).containsOnlyKeys("training", "training-diverged");
            assertThat(stored.values())
                    .allSatisfy(records -> assertThat(records).hasSizeGreaterThan(2));
            assertThat(stored.get("training-diverged").toString()).contains("\"fatal\"");
            assertThat(server.get("/sessions").body())
                    .contains("told apart by one hidden layer", "\"hidden_neurons\":128");
        }
    }

    private static DreamlakeAppender appender(LoggerContext context, String url, Path localPath) {
        DreamlakeAppender appender = new DreamlakeAppender();
        appender.setContext(context);
        appender.setRemote(url);
        appender.setUserName("alice");
        appender.setWorkspace("examples");
        appender.setSession("shared");
        appender.setLocalPath(localPath.toString());
        appender.getUpload().setInterval(Duration.buildByMilliseconds(50));
        appender.getUpload().setMaxBatchRecords(200);
        appender.getUpload().setShutdownTimeout(Duration.buildBySeconds(60));
        appender.start();
        return appender;
    }

    @Test
    void aServerThatIsKilledInTheMiddleAndStartedAgainLosesAndRepeatsNothing() throws Exception {
        Path data = data();
        Child server = Child.server(data, 0);
        LoggerContext context = new LoggerContext();
        try {
            int port = server.port();
            DreamlakeAppender appender = appender(context, "http://localhost:" + port, directory.resolve(".dreamlake"));
            Logger log = context.getLogger("test");
            log.addAppender(appender);
            for (int kill = 0; kill < 5; kill++) {
                long delivered = appender.getStatistics().delivered();
                for (int i = 0; i < 2000; i++) {
                    log.info("record {}", i);
                }
                while (appender.getStatistics().delivered() == delivered) {
                    Thread.onSpinWait(); // until the server is in the middle of a delivery
                }
                server.kill();
                server = Child.server(data, port);
                server.port();
            }
            assertThat(appender.awaitDelivery(java.time.Duration.ofSeconds(60))).isTrue();
        } finally {
            context.stop();
            server.close();
        }
        try (TestServer again = new TestServer(data)) {
            List<JsonNode> journal = journal("shared");
            assertThat(journal).hasSize(10_000);
            assertThat(stored(again, "shared")).isEqualTo(journal);
        }
    }

    /** Arguments: URL, local path, name, records. */
    static final class LoggingChild {
        public static void main(String[] arguments) {
            LoggerContext context = new LoggerContext();
            Logger log = context.getLogger("test");
            log.addAppender(appender(context, arguments[0], Path.of(arguments[1])));
            int records = Integer.parseInt(arguments[3]);
            for (int i = 0; i < records; i++) {
                log.info("{} {}", arguments[2], i);
            }
            context.stop();
        }
    }

    /** Each JVM has its own directory, as on eight machines. */
    @Test
    void eightJvmsThatLogIntoOneSessionGetGaplessNumbersAndNothingTwice() throws IOException {
        int each = 500;
        try (TestServer server = new TestServer(data())) {
            List<Child> children = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                children.add(Child.start(
                        directory,
                        Map.of(),
                        List.of("-Xmx128m"),
                        LoggingChild.class.getName(),
                        server.url,
                        directory.resolve("jvm" + i),
                        "jvm" + i,
                        each));
            }
            for (Child child : children) {
                assertThat(child.waitFor()).isZero();
            }
            Map<String, Integer> next = new HashMap<>();
            for (JsonNode record : stored(server, "shared")) {
                String[] words = record.get("message").stringValue().split(" ");
                int expected = next.merge(words[0], 1, Integer::sum) - 1;
                assertThat(Integer.parseInt(words[1])).as(words[0]).isEqualTo(expected);
            }
            assertThat(next)
                    .hasSize(8)
                    .allSatisfy((jvm, count) -> assertThat(count).isEqualTo(each));
        }
    }

    @Test
    void aServerThatCannotListenEnds() throws IOException {
        try (ServerSocket taken = new ServerSocket(0);
                Child server = Child.server(data(), taken.getLocalPort())) {
            assertThat(server.readLine()).isNull();
            assertThat(server.waitFor()).isEqualTo(1);
        }
    }
}
