package ai.dreamlake.logback;

import static ai.dreamlake.logback.support.FakeDreamlake.answer;
import static ai.dreamlake.logback.support.FakeDreamlake.isLogs;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ai.dreamlake.logback.support.FakeDreamlake;
import ai.dreamlake.logback.support.Logging;
import ai.dreamlake.logback.support.SessionOnDisk;
import ai.dreamlake.logback.support.UglyServer;
import ch.qos.logback.core.util.FileSize;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import mockwebserver3.MockResponse;
import mockwebserver3.RecordedRequest;
import mockwebserver3.SocketEffect;
import okio.Buffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.MDC;

/** The log on disk, and the same records on a server. */
@Timeout(90)
class HybridModeTest {

    private static final Duration LONG = Duration.ofSeconds(60);

    @TempDir
    Path root;

    private final FakeDreamlake server = FakeDreamlake.start();

    @AfterEach
    void stop() {
        server.close();
    }

    private Logging logging() {
        return logging(appender -> {});
    }

    private Logging logging(Consumer<DreamlakeAppender> settings) {
        return Logging.to(root, appender -> {
            appender.setRemote(server.url());
            appender.setApiKey(FakeDreamlake.TOKEN);
            appender.setWorkspace("project");
            appender.setSession("run");
            appender.getUpload().setInterval(duration(10));
            appender.getUpload().setShutdownTimeout(duration(0));
            settings.accept(appender);
        });
    }

    private static ch.qos.logback.core.util.Duration duration(long millis) {
        return ch.qos.logback.core.util.Duration.buildByMilliseconds(millis);
    }

    private SessionOnDisk session() {
        return SessionOnDisk.of(root, "project", "run");
    }

    private static void log(Logging logging, int from, int to) {
        for (int i = from; i < to; i++) {
            logging.log.info("m" + i);
        }
    }

    private static List<String> messages(int from, int to) {
        return IntStream.range(from, to).mapToObj(i -> "m" + i).toList();
    }

    private void assertDelivered(int records) {
        assertThat(server.messages("project/run")).isEqualTo(messages(0, records));
        assertThat(session().messages()).isEqualTo(messages(0, records));
        session().assertGapless(records);
    }

    private List<RecordedRequest> batches() {
        return server.requests.stream().filter(FakeDreamlake::isLogs).toList();
    }

    /** Answers this many requests for logs in another way. */
    private void answerBatches(int times, MockResponse... answers) {
        AtomicInteger asked = new AtomicInteger();
        server.instead.set(request ->
                isLogs(request) && asked.get() < times ? answers[asked.getAndIncrement() % answers.length] : null);
    }

    @Test
    void theServerGetsTheSessionAndItsRecordsInTheFormOfTheProtocol() {
        try (Logging logging = logging();
                DreamlakeSession scope = DreamlakeSession.builder("my project", "a/run ü")
                        .description("first try")
                        .tags("x", "y")
                        .folder("/f")
                        .metadata(Map.of("seed", 7))
                        .open()) {
            logging.log.info("Training started");
            logging.log.atInfo().addKeyValue("train_loss", 0.5).log("Epoch 1 complete");
            assertThat(logging.appender.awaitDelivery(LONG)).isTrue();
            assertThat(server.messages("my project/a/run ü")).containsExactly("Training started", "Epoch 1 complete");
        }
        RecordedRequest upsert = server.requests.get(0);
        assertThat(upsert.getRequestLine()).isEqualTo("POST /workspaces/my%20project/sessions HTTP/1.1");
        assertThat(upsert.getHeaders().get("Authorization")).isEqualTo("Bearer " + FakeDreamlake.TOKEN);
        assertThat(upsert.getHeaders().get("User-Agent")).startsWith("dreamlake-logback/");
        assertThat(FakeDreamlake.body(upsert))
                .isEqualTo(
                        "{\"name\":\"a/run ü\",\"description\":\"first try\",\"tags\":[\"x\",\"y\"],\"folder\":\"/f\",\"metadata\":{\"seed\":7}}");
        RecordedRequest batch = batches().get(0);
        assertThat(batch.getTarget()).isEqualTo("/sessions/id-0/logs");
        assertThat(batch.getHeaders().get("Idempotency-Key")).matches("[0-9a-f]{32}");
        assertThat(FakeDreamlake.body(batch).replaceAll("T[0-9:.]{15}Z", "T…"))
                .matches(
                        "\\{\"logs\": \\[\\{\"timestamp\": \"\\d{4}-\\d\\d-\\d\\dT…\", \"level\": \"info\", \"message\": \"Training started\"}"
                                + ".*");
        assertThat(batches().stream().map(FakeDreamlake::body).toList().toString())
                .contains("\"metadata\": {\"train_loss\": 0.5}}]}")
                .doesNotContain("sequenceNumber");
    }

    @Test
    void theLogOnDiskStaysWholeAndTheBooksBalance() {
        try (Logging logging = logging()) {
            log(logging, 0, 5000);
            assertThat(logging.appender.awaitDelivery(LONG)).isTrue();
            assertDelivered(5000);
            DreamlakeStatistics statistics = logging.appender.getStatistics();
            assertThat(statistics.accepted()).isEqualTo(5000);
            assertThat(statistics.written()).isEqualTo(5000);
            assertThat(statistics.delivered()).isEqualTo(5000);
            assertThat(statistics.pending()).isZero();
            assertThat(statistics.pendingBytes()).isZero();
            assertThat(statistics.retries()).isZero();
            assertThat(statistics.lastError()).isNull();
        }
        session().assertLeftBehindRightly();
    }

    @Test
    void aBatchHasNoMoreRecordsAndBytesThanConfigured() {
        try (Logging logging = logging(appender -> {
            appender.getUpload().setMaxBatchRecords(7);
            appender.getUpload().setMaxBatchSize(new FileSize(1024));
        })) {
            log(logging, 0, 100);
            logging.log.info("long " + "x".repeat(5000));
            assertThat(logging.appender.awaitDelivery(LONG)).isTrue();
        }
        assertThat(server.records("project/run")).hasSize(101);
        for (RecordedRequest batch : batches()) {
            int records = FakeDreamlake.body(batch).split("\"message\"", -1).length - 1;
            assertThat(records).isBetween(1, 7);
            assertThat(batch.getBodySize() <= 1024 || records == 1).isTrue();
        }
    }

    @Test
    void bodiesAreCompressedIfConfigured() {
        try (Logging logging = logging(appender -> appender.getUpload().setCompression("gzip"))) {
            log(logging, 0, 1000);
            assertThat(logging.appender.awaitDelivery(LONG)).isTrue();
        }
        assertDelivered(1000);
        assertThat(batches().get(0).getHeaders().get("Content-Encoding")).isEqualTo("gzip");
    }

    @Test
    void aUsersNameMakesTheTokenOfDevelopmentMode() {
        try (Logging logging = logging(appender -> {
            appender.setApiKey(null);
            appender.setUserName("alice");
        })) {
            log(logging, 0, 1);
            assertThat(logging.appender.awaitDelivery(Duration.ofMillis(500)))
                    .isFalse(); // this server knows another token
        }
        String[] token = server.requests
                .get(0)
                .getHeaders()
                .get("Authorization")
                .substring("Bearer ".length())
                .split("\\.");
        assertThat(new String(java.util.Base64.getUrlDecoder().decode(token[0])))
                .isEqualTo("{\"alg\":\"HS256\",\"typ\":\"JWT\"}");
        assertThat(new String(java.util.Base64.getUrlDecoder().decode(token[1])))
                .matches("\\{\"userId\":\"3159282601\",\"userName\":\"alice\",\"iat\":\\d+,\"exp\":\\d+}");
    }

    @Test
    void aFailingServerGetsEverythingInOrderOnceItRecovers() {
        answerBatches(4, answer(500, ""), answer(502, "<html>"), answer(503, "{\"error\": \"\"}"), answer(408, ""));
        try (Logging logging = logging()) {
            log(logging, 0, 3000);
            assertThat(logging.appender.awaitDelivery(LONG)).isTrue();
            DreamlakeStatistics statistics = logging.appender.getStatistics();
            assertThat(statistics.delivered()).isEqualTo(3000);
            assertThat(statistics.retries()).isEqualTo(4);
            assertThat(statistics.lastError()).isEqualTo("HTTP 408");
            assertThat(logging.warnings()).singleElement().asString().contains("do not reach the server (HTTP 500)");
            assertThat(logging.infos()).anyMatch(info -> info.contains("reach the server again"));
        }
        assertDelivered(3000);
    }

    @Test
    void whileNobodyListensRecordsAreKeptAndSentLater() throws IOException {
        int port;
        try (ServerSocket reserved = new ServerSocket(0)) {
            port = reserved.getLocalPort();
        }
        try (Logging logging = logging(appender -> appender.setRemote("http://localhost:" + port))) {
            log(logging, 0, 2000);
            assertThat(logging.appender.awaitDelivery(Duration.ofMillis(700))).isFalse();
            assertThat(logging.appender.getStatistics().pending()).isEqualTo(2000);
            assertThat(logging.appender.getStatistics().pendingBytes()).isPositive();
            try (FakeDreamlake later = FakeDreamlake.start(port)) {
                assertThat(logging.appender.awaitDelivery(LONG)).isTrue();
                assertThat(later.messages("project/run")).isEqualTo(messages(0, 2000));
            }
        }
    }

    @Test
    void aBadTokenParksEverythingUntilTheNextAppenderHasAGoodOne() {
        try (Logging logging = logging(appender -> appender.setApiKey("another-token-0987654321"))) {
            log(logging, 0, 10);
            assertThat(logging.appender.awaitDelivery(Duration.ofMillis(500))).isFalse();
            MDC.put("dreamlake.session", "another");
            log(logging, 10, 20);
            MDC.clear();
            assertThat(logging.appender.awaitDelivery(Duration.ofMillis(500))).isFalse();
            assertThat(logging.warnings())
                    .singleElement()
                    .asString()
                    .contains("HTTP 401")
                    .doesNotContain("0987654321");
            assertThat(logging.appender.getStatistics().pending()).isEqualTo(20);
            assertThat(logging.appender.getStatistics().lastError()).isEqualTo("HTTP 401");
        }
        try (Logging logging = logging()) {
            log(logging, 10, 20);
            assertThat(logging.appender.awaitDelivery(LONG)).isTrue();
            assertDelivered(20);
            await().until(() -> server.messages("project/another").size() == 10);
        }
    }

    @Test
    void aSessionThatIsWriteProtectedDoesNotHoldUpOthers() {
        server.instead.set(request -> isLogs(request) && request.getTarget().contains("id-0") ? answer(403, "") : null);
        try (Logging logging = logging()) {
            log(logging, 0, 10);
            assertThat(logging.appender.awaitDelivery(Duration.ofMillis(500))).isFalse();
            MDC.put("dreamlake.session", "another");
            log(logging, 10, 20);
            MDC.clear();
            await().until(() -> server.messages("project/another").equals(messages(10, 20)));
        }
        int asked = batches().size();
        server.instead.set(request -> null);
        try (Logging logging = logging()) {
            await().until(() -> server.messages("project/run").equals(messages(0, 10)));
        }
        assertThat(asked).isLessThan(5);
    }

    @ParameterizedTest
    @ValueSource(ints = {404, 410})
    void aSessionThatTheServerLostIsCreatedAgain(int status) {
        try (Logging logging = logging()) {
            log(logging, 0, 10);
            assertThat(logging.appender.awaitDelivery(LONG)).isTrue();
            answerBatches(1, answer(status, "{\"error\": \"gone\"}"));
            server.forgetSessions();
            log(logging, 10, 20);
            assertThat(logging.appender.awaitDelivery(LONG)).isTrue();
        }
        assertThat(server.messages("project/run")).isEqualTo(messages(10, 20));
        assertThat(server.requests.stream()
                        .filter(request -> request.getTarget().endsWith("/sessions")))
                .hasSize(2);
    }

    @Test
    void aServerThatLostTheSessionAndThenAnAnswerHasEachRecordOnce() {
        server.honoursKeys = false;
        AtomicInteger times = new AtomicInteger();
        try (Logging logging = logging()) {
            log(logging, 0, 10);
            assertThat(logging.appender.awaitDelivery(LONG)).isTrue();
            server.forgetSessions(); // so its numbers begin at 0 again
            server.afterwards.set(request -> isLogs(request) && times.getAndIncrement() == 1 ? answer(503, "") : null);
            log(logging, 10, 11);
            assertThat(logging.appender.awaitDelivery(LONG)).isTrue();
        }
        assertThat(server.messages("project/run")).isEqualTo(messages(10, 11));
    }

    @Test
    void whatIsTooLargeIsHalvedDownToOneRecordWhichIsSetAside() {
        server.instead.set(
                request -> isLogs(request) && (request.getBodySize() > 2000) ? answer(413, "too large") : null);
        try (Logging logging = logging()) {
            log(logging, 0, 100);
            logging.log.info("x".repeat(3000));
            logging.log.info("m100");
            assertThat(logging.appender.awaitDelivery(LONG)).isTrue();
            assertThat(logging.appender.getStatistics().rejected()).isEqualTo(1);
            assertThat(logging.appender.getStatistics().delivered()).isEqualTo(101);
        }
        assertThat(server.messages("project/run")).isEqualTo(messages(0, 101));
        assertThat(rejected())
                .singleElement()
                .asString()
                .startsWith("{\"status\":413,\"answer\":\"too large\",\"record\":{\"timestamp\":");
    }

    private List<String> rejected() {
        try {
            return Files.readAllLines(session().log().resolveSibling("rejected.jsonl"));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {400, 422})
    void oneRefusedRecordAmongAThousandIsSetAsideAndTheOthersAreSent(int status) {
        server.instead.set(
                request -> isLogs(request) && FakeDreamlake.body(request).contains("\"poison\"")
                        ? answer(status, "{\"error\": \"logs[0].message is poison\"}")
                        : null);
        try (Logging logging = logging(appender -> appender.getUpload().setInterval(duration(300)))) {
            log(logging, 0, 700);
            logging.log.info("poison");
            log(logging, 700, 999);
            assertThat(logging.appender.awaitDelivery(LONG)).isTrue();
            DreamlakeStatistics statistics = logging.appender.getStatistics();
            assertThat(statistics.delivered()).isEqualTo(999);
            assertThat(statistics.rejected()).isEqualTo(1);
            assertThat(statistics.accepted()).isEqualTo(1000);
            assertThat(statistics.pending()).isZero();
            assertThat(logging.warnings())
                    .singleElement()
                    .asString()
                    .contains("rejected.jsonl")
                    .doesNotContain("poison");
        }
        assertThat(server.messages("project/run")).isEqualTo(messages(0, 999));
        assertThat(rejected())
                .singleElement()
                .asString()
                .contains("logs[0].message is poison")
                .contains("\"message\": \"poison\"");
        assertThat(batches()).hasSizeLessThan(40);
    }

    @Test
    void oneRecordThatIsTooLargeDoesNotMakeTheNextBatchesSmall() {
        server.instead.set(
                request -> isLogs(request) && request.getBodySize() > 200_000 ? answer(413, "too large") : null);
        try (Logging logging = logging(appender -> appender.getUpload().setInterval(duration(300)))) {
            logging.log.info("x".repeat(300_000));
            log(logging, 0, 1000);
            assertThat(logging.appender.awaitDelivery(LONG)).isTrue();
            int before = batches().size();
            log(logging, 1000, 2000);
            assertThat(logging.appender.awaitDelivery(LONG)).isTrue();
            assertThat(batches().size() - before).isLessThan(10);
        }
        assertThat(server.messages("project/run")).isEqualTo(messages(0, 2000));
    }

    @Test
    void aBacklogOfLongRecordsDoesNotWaitBetweenItsBatches() {
        server.instead.set(request -> answer(503, ""));
        try (Logging logging = logging()) {
            for (int i = 0; i < 1000; i++) {
                logging.log.info("m" + i + " " + "x".repeat(3000));
            }
        }
        server.instead.set(request -> null);
        try (Logging logging = logging(appender -> {
            appender.getUpload().setInterval(duration(2000)); // only the last batch may wait so long
            appender.getUpload().setMaxBatchSize(new FileSize(100 * FileSize.KB_COEFFICIENT));
        })) {
            await().until(() -> server.messages("project/run").size() == 1000);
        }
    }

    @Test
    void aRedirectToAnotherHostIsNotFollowed() throws InterruptedException {
        try (FakeDreamlake other = FakeDreamlake.start()) {
            String elsewhere = other.url().replace("localhost", "127.0.0.1") + "sessions/id-0/logs";
            answerBatches(1, answer(301, "Location", elsewhere));
            try (Logging logging = logging()) {
                log(logging, 0, 10);
                assertThat(logging.appender.awaitDelivery(LONG)).isTrue();
            }
            assertThat(other.requests).isEmpty();
        }
        assertDelivered(10);
    }

    @Test
    void aRedirectOnTheSameHostIsFollowedWithTheSameRequest() {
        answerBatches(1, answer(308, "Location", "/sessions/id-0/logs?v=2"));
        try (Logging logging = logging()) {
            log(logging, 0, 10);
            assertThat(logging.appender.awaitDelivery(LONG)).isTrue();
            assertThat(logging.appender.getStatistics().retries()).isZero();
        }
        assertDelivered(10);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aBatchThatIsStoredThoughTheConnectionBreaksIsThereOnce(boolean honoursKeys) {
        server.honoursKeys = honoursKeys;
        AtomicInteger times = new AtomicInteger();
        server.afterwards.set(request -> isLogs(request) && times.getAndIncrement() < 3
                ? new MockResponse.Builder()
                        .onResponseStart(SocketEffect.ShutdownConnection.INSTANCE)
                        .build()
                : null);
        try (Logging logging = logging()) {
            log(logging, 0, 2500);
            assertThat(logging.appender.awaitDelivery(LONG)).isTrue();
            assertThat(logging.appender.getStatistics().retries()).isPositive();
        }
        assertDelivered(2500);
    }

    @Test
    void aServerThatKnowsNeitherKeysNorQueriesGetsItAtLeastOnce() {
        server.honoursKeys = false;
        server.answersQueries = false;
        AtomicInteger times = new AtomicInteger();
        server.afterwards.set(request -> isLogs(request) && times.getAndIncrement() < 1
                ? new MockResponse.Builder()
                        .onResponseStart(SocketEffect.ShutdownConnection.INSTANCE)
                        .build()
                : null);
        try (Logging logging = logging()) {
            log(logging, 0, 10);
            assertThat(logging.appender.awaitDelivery(LONG)).isTrue();
        }
        assertThat(server.messages("project/run")).containsAll(messages(0, 10));
    }

    @Test
    void aHangingServerIsGivenUpAfterTheTimeout() {
        List<MockResponse> hangs = List.of(
                new MockResponse.Builder().headersDelay(1, TimeUnit.DAYS).build(),
                new MockResponse.Builder()
                        .onResponseStart(SocketEffect.Stall.INSTANCE)
                        .build());
        answerBatches(2, hangs.toArray(MockResponse[]::new));
        try (Logging logging = logging(appender -> appender.getUpload().setCallTimeout(duration(300)))) {
            log(logging, 0, 10);
            assertThat(logging.appender.awaitDelivery(LONG)).isTrue();
            assertThat(logging.appender.getStatistics().retries())
                    .as("on a slow machine, the server seems to hang when it does not")
                    .isGreaterThanOrEqualTo(2);
        }
        assertDelivered(10);
    }

    @ParameterizedTest
    @EnumSource
    void aServerThatBreaksTheProtocolIsGivenUpAndTheNextOneGetsEverything(UglyServer.Manner manner) throws IOException {
        int port;
        Logging logging;
        try (UglyServer ugly = new UglyServer(manner)) {
            port = ugly.port();
            logging = logging(appender -> {
                appender.setRemote("http://localhost:" + port);
                if (manner == UglyServer.Manner.NEVER_ACCEPTS) {
                    appender.getUpload().setConnectTimeout(duration(200));
                } else {
                    appender.getUpload().setCallTimeout(duration(200));
                }
            });
            log(logging, 0, 10);
            await().until(() -> logging.appender.getStatistics().retries() > 1);
        }
        try (FakeDreamlake well = FakeDreamlake.start(port);
                Logging closing = logging) {
            assertThat(closing.appender.awaitDelivery(LONG)).isTrue();
            assertThat(well.messages("project/run")).isEqualTo(messages(0, 10));
        }
    }

    @Test
    void aFailingSessionDoesNotHoldUpAnother() {
        server.instead.set(request -> isLogs(request) && request.getTarget().contains("id-0") ? answer(503, "") : null);
        try (Logging logging = logging()) {
            log(logging, 0, 10);
            assertThat(logging.appender.awaitDelivery(Duration.ofMillis(300))).isFalse();
            MDC.put("dreamlake.session", "another");
            log(logging, 0, 10);
            MDC.clear();
            await().until(() -> server.messages("project/another").equals(messages(0, 10)));
            assertThat(server.messages("project/run")).isEmpty();
        }
    }

    @Test
    void theStatusOfAnAnswerCountsWhateverBecomesOfItsBody() {
        AtomicInteger times = new AtomicInteger();
        Buffer never = new Buffer().writeUtf8("x".repeat(100_000));
        server.afterwards.set(request -> {
            if (!isLogs(request)) {
                return null;
            }
            return switch (times.getAndIncrement()) {
                case 0 -> answer(200, "<html>no JSON</html>");
                case 1 -> new MockResponse.Builder().code(204).build();
                case 2 ->
                    new MockResponse.Builder()
                            .body(never.clone())
                            .throttleBody(1, 1, TimeUnit.SECONDS)
                            .build();
                default -> null;
            };
        });
        try (Logging logging = logging(appender -> appender.getUpload().setMaxBatchRecords(10))) {
            log(logging, 0, 50);
            assertThat(logging.appender.awaitDelivery(LONG)).isTrue();
            assertThat(logging.appender.getStatistics().retries()).isZero();
        }
        assertDelivered(50);
        assertThat(batches()).hasSizeLessThanOrEqualTo(50);
    }

    @Test
    void aMalformedAnswerToTheSessionRequestIsRetried() {
        AtomicInteger times = new AtomicInteger();
        server.instead.set(request -> request.getTarget().endsWith("/sessions") && times.getAndIncrement() < 2
                ? answer(200, times.get() == 1 ? "<html>" : "{}")
                : null);
        try (Logging logging = logging()) {
            log(logging, 0, 10);
            assertThat(logging.appender.awaitDelivery(LONG)).isTrue();
        }
        assertDelivered(10);
    }

    @Test
    void theNextRunSendsWhatOneLeftEvenOfSessionsThatItNeverOpens() {
        server.instead.set(request -> answer(503, ""));
        try (Logging logging = logging()) {
            log(logging, 0, 1500);
        }
        server.instead.set(request -> null);
        assertThat(server.sessionCount()).isZero();
        try (Logging logging = logging(appender -> appender.setSession("another"))) {
            await().until(() -> server.messages("project/run").size() == 1500);
            DreamlakeStatistics statistics = logging.appender.getStatistics();
            assertThat(statistics.delivered())
                    .as("of this appender's own events")
                    .isZero();
            assertThat(statistics.accepted()).isZero();
        }
        assertDelivered(1500);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "garbage",
                "{}",
                "{\"offset\":999999999,\"end\":999999999,\"number\":1,\"digest\":\"\"}",
                "other"
            })
    void aCheckpointThatIsNoneOfThisLogSendsEverythingAgainAndSkipsNothing(String checkpoint) throws IOException {
        try (Logging logging = logging()) {
            log(logging, 0, 100);
            assertThat(logging.appender.awaitDelivery(LONG)).isTrue();
        }
        Path file = session().log().resolveSibling(".upload");
        String damaged = checkpoint.equals("other")
                ? Files.readString(file).replaceAll("\"digest\":\"....", "\"digest\":\"0000")
                : checkpoint;
        Files.writeString(file, damaged);
        server.forgetSessions();
        server.honoursKeys = false;
        try (Logging logging = logging()) {
            log(logging, 100, 101);
            assertThat(logging.appender.awaitDelivery(LONG)).isTrue();
        }
        assertDelivered(101);
    }

    @Test
    void twoAppendersInOneSessionSendEachRecordOnce() throws InterruptedException {
        try (Logging one = logging();
                Logging two = logging()) {
            Thread thread = new Thread(() -> log(two, 0, 2000));
            thread.start();
            log(one, 2000, 4000);
            thread.join();
            assertThat(one.appender.awaitDelivery(LONG)).isTrue();
            assertThat(two.appender.awaitDelivery(LONG)).isTrue();
            assertThat(one.appender.getStatistics().delivered()).isEqualTo(2000);
            assertThat(two.appender.getStatistics().delivered()).isEqualTo(2000);
        }
        assertThat(server.messages("project/run"))
                .isEqualTo(session().messages())
                .hasSize(4000);
    }

    @Test
    void threeHundredSessionsShareFourConnections() {
        server.millisPerRequest = 5;
        try (Logging logging = logging(appender -> {
            appender.setMaxOpenSessions(300);
            appender.getUpload().setInterval(duration(1000));
        })) {
            for (int session = 0; session < 300; session++) {
                MDC.put("dreamlake.session", "s" + session);
                log(logging, 0, 20);
            }
            MDC.clear();
            assertThat(logging.appender.awaitDelivery(LONG)).isTrue();
        }
        for (int session = 0; session < 300; session++) {
            assertThat(server.messages("project/s" + session)).isEqualTo(messages(0, 20));
        }
        assertThat(server.mostAtATime.get()).isLessThanOrEqualTo(4);
    }

    @Test
    void listenersAreNotifiedAndMayThrow() {
        List<String> heard = Collections.synchronizedList(new ArrayList<>());
        answerBatches(1, answer(503, ""));
        try (Logging logging = logging(appender -> {
            appender.addListener(new DreamlakeListener() {
                @Override
                public void delivered(String workspace, String session, long records) {
                    throw new AssertionError("a listener's own trouble");
                }
            });
            appender.addListener(new DreamlakeListener() {
                @Override
                public void delivered(String workspace, String session, long records) {
                    heard.add("delivered " + workspace + "/" + session);
                }

                @Override
                public void retried(String workspace, String session, String reason, Duration wait) {
                    heard.add("retried " + reason);
                }
            });
        })) {
            log(logging, 0, 1);
            assertThat(logging.appender.awaitDelivery(LONG)).isTrue();
        }
        assertThat(heard).containsExactly("retried HTTP 503", "delivered project/run");
    }

    /** Counts its calls, from any appender. */
    public static final class CountingListener implements DreamlakeListener {
        static final AtomicInteger DELIVERED = new AtomicInteger();

        @Override
        public void delivered(String workspace, String session, long records) {
            DELIVERED.addAndGet((int) records);
        }
    }

    @Test
    void aListenerCanBeInTheConfiguration() {
        CountingListener.DELIVERED.set(0);
        try (Logging logging = Logging.byXml("<localPath>" + root + "</localPath><remote>" + server.url() + "</remote>"
                + "<apiKey>" + FakeDreamlake.TOKEN + "</apiKey><listener class=\"" + CountingListener.class.getName()
                + "\"/>"
                + "<upload><interval>10 milliseconds</interval><maxBatchRecords>7</maxBatchRecords></upload>")) {
            log(logging, 0, 20);
            assertThat(logging.appender.awaitDelivery(LONG)).isTrue();
            assertThat(logging.warnings()).isEmpty();
        }
        assertThat(CountingListener.DELIVERED).hasValue(20);
        assertThat(server.messages("default/default")).isEqualTo(messages(0, 20));
    }

    @Test
    void whenTheTimeAfterAStopIsOverNoThreadIsLeft() {
        CountDownLatch atWork = new CountDownLatch(1);
        CountDownLatch stopped = new CountDownLatch(1);
        CountDownLatch done = new CountDownLatch(1);
        AtomicBoolean workedAfterwards = new AtomicBoolean();
        try (Logging logging = logging(appender -> appender.addListener(new DreamlakeListener() {
            @Override
            public void delivered(String workspace, String session, long records) {
                atWork.countDown();
                workedAfterwards.set(isOver(stopped, 200));
                done.countDown();
            }
        }))) {
            log(logging, 0, 1);
            assertThat(isOver(atWork, 60_000)).isTrue();
        }
        await().until(() -> Thread.getAllStackTraces().keySet().stream()
                .noneMatch(thread -> thread.getName().startsWith("dreamlake-upload-")));
        stopped.countDown();
        assertThat(isOver(done, 60_000)).isTrue();
        assertThat(workedAfterwards).isFalse();
    }

    private static boolean isOver(CountDownLatch latch, long millis) {
        try {
            return latch.await(millis, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void aCallThatStopCancelsIsNotReportedAsAFailureOfTheServer() {
        server.instead.set(request -> isLogs(request)
                ? new MockResponse.Builder().headersDelay(1, TimeUnit.DAYS).build()
                : null);
        try (Logging logging = logging()) {
            log(logging, 0, 10);
            await().until(() -> !batches().isEmpty());
            logging.context.stop();
            DreamlakeStatistics statistics = logging.appender.getStatistics();
            assertThat(statistics.pending()).isEqualTo(10);
            assertThat(statistics.retries()).isZero();
            assertThat(statistics.lastError()).isNull();
            assertThat(logging.warnings()).isEmpty();
        }
    }

    @Test
    void ifTheCheckpointCannotBeWrittenNothingIsSentUntilItCan() throws IOException {
        Path inTheWay = Files.createDirectories(session().log().resolveSibling(".upload.tmp"));
        try (Logging logging = logging()) {
            log(logging, 0, 20);
            assertThat(logging.appender.awaitDelivery(Duration.ofMillis(300))).isFalse();
            assertThat(batches()).isEmpty();
            assertThat(logging.warnings()).singleElement().asString().contains(".upload.tmp");
            Files.delete(inTheWay);
            assertThat(logging.appender.awaitDelivery(LONG)).isTrue();
        }
        assertDelivered(20);
    }

    @Test
    void ifTheCheckpointCanNoLongerBeWrittenNothingMoreIsSentUntilItCan() throws IOException {
        Path checkpoint = session().log().resolveSibling(".upload");
        Path aside = checkpoint.resolveSibling("aside");
        try (Logging logging = logging()) {
            log(logging, 0, 10);
            assertThat(logging.appender.awaitDelivery(LONG)).isTrue();
            int before = batches().size();
            Files.move(checkpoint, aside);
            Files.createDirectory(checkpoint);
            log(logging, 10, 20);
            assertThat(logging.appender.awaitDelivery(Duration.ofMillis(300))).isFalse();
            assertThat(batches()).hasSize(before);
            assertThat(logging.warnings()).singleElement().asString().contains(".upload is a directory");
            Files.delete(checkpoint);
            Files.move(aside, checkpoint);
            assertThat(logging.appender.awaitDelivery(LONG)).isTrue();
        }
        assertDelivered(20);
    }

    @Test
    void whatIsPendingWhenTheAppenderStopsIsDeliveredAtOnceWhateverTheInterval() {
        try (Logging logging = logging(appender -> {
            appender.getUpload().setInterval(duration(100_000));
            appender.getUpload().setShutdownTimeout(duration(30_000));
        })) {
            log(logging, 0, 500);
        }
        await().until(() -> server.messages("project/run").size() == 500);
        assertDelivered(500);
    }

    @Test
    void aDamagedLastLineIsLeftToTheJournalAndNothingIsSentTwice() throws IOException {
        try (Logging logging = logging()) {
            for (int i = 0; i < 500; i += 100) {
                log(logging, i, i + 100);
                assertThat(logging.appender.awaitDelivery(LONG)).isTrue();
            }
        }
        String merged =
                "{\"timestamp\": \"2025-10-29T10:30:00Z\", \"level\": \"in{\"sequenceNumber\": 500, \"timestamp\": \"x\"}\n";
        Files.writeString(session().log(), merged, StandardOpenOption.APPEND);
        server.honoursKeys = false;
        try (Logging logging = logging()) {
            log(logging, 500, 501);
            assertThat(logging.appender.awaitDelivery(LONG)).isTrue();
            assertThat(logging.appender.getStatistics().rejected()).isZero();
        }
        assertDelivered(501);
        assertThat(session().log().resolveSibling("logs.jsonl.torn")).hasContent(merged.strip());
    }

    @Test
    void damageInTheMiddleOfALogIsSetAsideAndTheRecordsAfterItAreSent() throws IOException {
        try (Logging logging = logging()) {
            log(logging, 0, 1);
            assertThat(logging.appender.awaitDelivery(LONG)).isTrue();
        }
        String record =
                session().lines().get(0).replace("m0", "m1").replace("\"sequenceNumber\": 0", "\"sequenceNumber\": 1");
        Files.writeString(session().log(), "damage\nmore damage\n" + record + "\n", StandardOpenOption.APPEND);
        try (Logging logging = logging()) {
            log(logging, 2, 3);
            assertThat(logging.appender.awaitDelivery(LONG)).isTrue();
        }
        assertThat(server.messages("project/run")).isEqualTo(messages(0, 3));
        assertThat(rejected()).hasSize(2).allMatch(line -> line.contains("damage"));
    }

    @Test
    void muchDamageInTheMiddleOfALogIsSkippedInReasonableTime() throws IOException {
        try (Logging logging = logging()) {
            log(logging, 0, 1);
            assertThat(logging.appender.awaitDelivery(LONG)).isTrue();
        }
        String record =
                session().lines().get(0).replace("m0", "m1").replace("\"sequenceNumber\": 0", "\"sequenceNumber\": 1");
        String damage =
                IntStream.range(0, 2000).mapToObj(i -> "damage " + i + "\n").reduce("", String::concat);
        Files.writeString(session().log(), damage + record + "\n", StandardOpenOption.APPEND);
        try (Logging logging = logging()) {
            log(logging, 2, 3);
            assertThat(logging.appender.awaitDelivery(LONG)).isTrue();
        }
        assertThat(server.messages("project/run")).isEqualTo(messages(0, 3));
        assertThat(rejected()).hasSize(2000);
    }

    @Test
    void aDescriptionThatChangesReachesTheServerWithTheNextRecord() {
        try (Logging logging = logging()) {
            int record = 0;
            for (String description : new String[] {"first try", "second try"}) {
                try (DreamlakeSession scope = DreamlakeSession.builder("project", "run")
                        .description(description)
                        .open()) {
                    log(logging, record, ++record);
                    assertThat(logging.appender.awaitDelivery(LONG)).isTrue();
                    assertThat(server.session("project/run").get("description").stringValue())
                            .isEqualTo(description);
                }
            }
        }
        assertDelivered(2);
    }

    @Test
    void aDescriptionThatTheServerRefusesDoesNotHoldUpTheRecords() {
        server.instead.set(request ->
                FakeDreamlake.body(request).contains("\"tags\"") ? answer(400, "{\"error\": \"tags\"}") : null);
        try (Logging logging = logging();
                DreamlakeSession scope =
                        DreamlakeSession.builder("project", "run").tags("x").open()) {
            log(logging, 0, 10);
            assertThat(logging.appender.awaitDelivery(LONG)).isTrue();
            assertThat(logging.warnings()).singleElement().asString().contains("refuses the description");
        }
        assertDelivered(10);
    }

    @Test
    void awaitDeliveryDoesNotWaitForTheInterval() {
        try (Logging logging = logging(appender -> {
            appender.getUpload().setInterval(duration(100_000_000));
            appender.getUpload().setMaxBatchSize(new FileSize(10_000));
        })) {
            for (int i = 0; i < 25; i++) {
                logging.log.info("m" + i + " " + "x".repeat(1000));
            }
            assertThat(logging.appender.awaitDelivery(LONG)).isTrue();
        }
    }

    @Test
    void okHttpDoesNotSendABatchAgainByItself() {
        server.honoursKeys = false;
        AtomicInteger times = new AtomicInteger();
        server.afterwards.set(
                request -> isLogs(request) && times.getAndIncrement() == 0 ? answer(503, "Retry-After", "0") : null);
        try (Logging logging = logging()) {
            log(logging, 0, 1);
            assertThat(logging.appender.awaitDelivery(LONG)).isTrue();
            assertThat(logging.appender.getStatistics().retries()).isEqualTo(1);
        }
        assertDelivered(1);
    }

    @Test
    void anUnreadableCheckpointIsNotTakenForAMissingOne() throws IOException {
        try (Logging logging = logging()) {
            log(logging, 0, 10);
            assertThat(logging.appender.awaitDelivery(LONG)).isTrue();
            Path checkpoint = session().log().resolveSibling(".upload");
            Path kept = Files.move(checkpoint, checkpoint.resolveSibling("kept"));
            Files.createDirectory(checkpoint);
            log(logging, 10, 20);
            assertThat(logging.appender.awaitDelivery(Duration.ofMillis(300))).isFalse();
            assertThat(server.messages("project/run")).isEqualTo(messages(0, 10));
            Files.delete(checkpoint);
            Files.move(kept, checkpoint);
            server.honoursKeys = false;
            assertThat(logging.appender.awaitDelivery(LONG)).isTrue();
        }
        assertDelivered(20);
    }

    @Test
    void manyRecordsThatTheServerRefusesCostACallEach() {
        server.instead.set(
                request -> isLogs(request) && FakeDreamlake.body(request).contains("poison") ? answer(400, "") : null);
        try (Logging logging = logging(appender -> appender.getUpload().setInterval(duration(300)))) {
            log(logging, 0, 1); // otherwise the server would seem broken, as it never accepted anything
            assertThat(logging.appender.awaitDelivery(LONG)).isTrue();
            for (int i = 0; i < 100; i++) {
                logging.log.info("poison");
            }
            log(logging, 1, 100);
            assertThat(logging.appender.awaitDelivery(LONG)).isTrue();
            assertThat(logging.appender.getStatistics().rejected()).isEqualTo(100);
        }
        assertThat(server.messages("project/run")).isEqualTo(messages(0, 100));
        assertThat(batches()).hasSizeLessThan(130);
    }

    /** Two appenders use one journal, one after the other, but only the first one deletes what it has delivered. */
    @Test
    void aSpoolThatBecomesALocalPathKeepsItsLogs() throws Exception {
        Path spool = root.resolve("spool");
        try (Logging remote = Logging.with(appender -> {
            appender.setRemote(server.url());
            appender.setApiKey(FakeDreamlake.TOKEN);
            appender.getUpload().setSpoolPath(spool.toString());
        })) {
            remote.log.info("spooled");
            assertThat(remote.appender.awaitDelivery(java.time.Duration.ofMinutes(1)))
                    .isTrue();
        }
        Path inside = Objects.requireNonNull(spool.toFile().listFiles())[0].toPath();
        Path log = inside.resolve("default/default/logs/logs.jsonl");
        await().until(() -> log.toFile().length() == 0); // a moment after it is delivered
        try (Logging hybrid = Logging.with(appender -> {
            appender.setLocalPath(inside.toString());
            appender.setRemote(server.url());
            appender.setApiKey(FakeDreamlake.TOKEN);
        })) {
            hybrid.log.info("kept");
            assertThat(hybrid.appender.awaitDelivery(java.time.Duration.ofMinutes(1)))
                    .isTrue();
        }
        assertThat(SessionOnDisk.of(inside, "default", "default").messages()).containsExactly("kept");
        assertThat(server.messages("default/default")).containsExactly("spooled", "kept");
    }
}
