package ai.dreamlake.logback.internal.upload;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import ai.dreamlake.logback.internal.journal.Journal;
import ai.dreamlake.logback.internal.journal.JournalRegistry;
import ai.dreamlake.logback.internal.journal.Line;
import ai.dreamlake.logback.internal.journal.Storage;
import ai.dreamlake.logback.internal.record.LineFormat;
import ai.dreamlake.logback.internal.session.Retention;
import ai.dreamlake.logback.internal.session.SessionName;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.node.ObjectNode;

/** The steps of one session's upload, with real files, a server that is a list of answers, and no waiting. */
class SessionUploadTest {

    private static final SessionName RUN = new SessionName("project", "run");
    private static final long NEVER = SessionUpload.NEVER;

    /** Gives the scripted answers in order, and then accepts everything. */
    private static final class ScriptedServer implements DreamlakeServer {
        final List<String> calls = new ArrayList<>();
        final Deque<Object> answers = new ArrayDeque<>();
        boolean compressing = true;
        boolean closed;
        int records;

        private ServerResponse answer(String call, ServerResponse otherwise) throws NoResponseException {
            calls.add(call);
            Object next = answers.poll();
            if (next instanceof NoResponseException failure) {
                throw failure;
            }
            return next == null
                    ? otherwise
                    : next instanceof Integer status
                            ? new ServerResponse(status, "", Duration.ZERO, compressing)
                            : (ServerResponse) next;
        }

        @Override
        public ServerResponse upsert(SessionName session, ObjectNode description) throws NoResponseException {
            return answer("upsert", new ServerResponse(201, "{\"session\": {\"id\": \"7\"}}", Duration.ZERO));
        }

        @Override
        public ServerResponse send(String sessionId, byte[] batch, String key, Runnable whileWaiting)
                throws NoResponseException {
            whileWaiting.run();
            String body = new String(batch, UTF_8);
            int sent = body.split("\"message\"", -1).length - 1;
            ServerResponse answer = answer(
                    "send " + sent + (compressing ? "" : " plain"), new ServerResponse(200, "{}", Duration.ZERO));
            records += answer.isSuccess() ? sent : 0;
            return answer;
        }

        @Override
        public ServerResponse newest(String sessionId, int limit, int offset) throws NoResponseException {
            return answer("newest", new ServerResponse(200, "{\"logs\": []}", Duration.ZERO));
        }

        @Override
        public String refusedToken() {
            return "token";
        }

        @Override
        public void stopCompressing() {
            compressing = false;
        }

        @Override
        public boolean isClosed() {
            return closed;
        }
    }

    @TempDir
    Path root;

    private final ScriptedServer server = new ScriptedServer();
    private final AtomicLong now = new AtomicLong();
    private final List<String> heard = new ArrayList<>();
    private final ServerHealth health = new ServerHealth(now::get, new SplittableRandom(1), () -> heard.add("back"));
    private final BookEntries books = new BookEntries();
    private Journal journal;
    private SessionUpload upload;
    private int records;

    private final UploadListener listener = new UploadListener() {
        @Override
        public void delivered(SessionName session, long records) {
            heard.add("delivered " + records);
        }

        @Override
        public void retried(SessionName session, String reason, Duration wait) {
            heard.add("retried " + reason);
        }

        @Override
        public void hindered(SessionName session, IOException trouble, Duration wait, boolean isFirst) {
            heard.add("hindered" + (isFirst ? " " + trouble.getMessage() : ""));
        }

        @Override
        public void rejected(SessionName session, long records, String reason) {
            heard.add("rejected " + reason);
        }

        @Override
        public void parked(SessionName session, String reason, String remedy) {
            heard.add("parked " + reason);
        }
    };

    @BeforeEach
    void start() throws IOException {
        journal = JournalRegistry.journal(root, RUN, now::get, Storage.kept(), 0);
        journal.retain(Storage.kept());
        UploadSettings settings = new UploadSettings(
                100,
                900_000,
                Duration.ofSeconds(1),
                Duration.ofSeconds(5),
                Duration.ofSeconds(30),
                4,
                true,
                Duration.ofSeconds(10));
        upload = new SessionUpload(
                RUN,
                journal,
                new PendingRecords(books),
                new UploadContext(Retention.KEEP, server, health, settings, books, listener));
        upload.mark();
    }

    @AfterEach
    void stop() throws IOException {
        journal.release();
    }

    private void log(int count) throws IOException {
        for (int i = 0; i < count; i++) {
            byte[] record = ("{\"timestamp\": \"2025-10-29T10:30:00.000000Z\", \"level\": \"info\", \"message\": \"m"
                            + records++ + "\", \"metadata\": null, \"sequenceNumber\": ")
                    .getBytes(UTF_8);
            Line line = new Line()
                    .set(Arrays.copyOf(record, record.length + LineFormat.ROOM_FOR_NUMBER), record.length, false, null);
            line.reportTo((first, numbers) -> upload.pending().wrote(first, numbers));
            journal.append(line);
        }
    }

    private long step() {
        return upload.step(false);
    }

    private static long seconds(long seconds) {
        return TimeUnit.SECONDS.toNanos(seconds);
    }

    private void assertSettled() {
        assertThat(upload.pending().count()).isZero();
        assertThat(upload.isForgettable()).isTrue();
    }

    @Test
    void theFirstBatchIsSentAtOnceAndTheRestWaitsForMore() throws IOException {
        log(150);
        assertThat(step()).isEqualTo(seconds(1));
        assertThat(server.calls).containsExactly("upsert", "send 100");
        assertThat(upload.pending().count()).isEqualTo(50);
        upload.hurry();
        assertThat(step()).isEqualTo(NEVER);
        assertThat(server.calls).containsExactly("upsert", "send 100", "send 50");
        assertThat(books.entries).containsExactly("delivered 100", "delivered 50");
        assertSettled();
    }

    @Test
    void closingSendsRecordsThatWouldWait() throws IOException {
        log(150);
        assertThat(upload.step(true)).isEqualTo(NEVER);
        assertThat(server.records).isEqualTo(150);
    }

    @Test
    void afterSixteenBatchesOtherSessionsGetTheirTurn() throws IOException {
        log(2000);
        assertThat(step()).isZero();
        assertThat(server.records).isEqualTo(1600);
        assertThat(step()).isEqualTo(NEVER);
        assertThat(server.records).isEqualTo(2000);
    }

    @ParameterizedTest
    @ValueSource(ints = {408, 425, 429, 500, 503})
    void aBusyServerIsSentTheSameBatchAgain(int status) throws IOException {
        log(10);
        server.answers.add(new ServerResponse(201, "{\"session\": {\"id\": \"7\"}}", Duration.ZERO));
        server.answers.add(new ServerResponse(status, "", Duration.ofSeconds(90)));
        assertThat(step()).isEqualTo(seconds(90));
        assertThat(upload.isFailing()).isTrue();
        assertThat(health.isAway()).isFalse();
        assertThat(step()).isEqualTo(NEVER);
        assertThat(heard).containsExactly("retried HTTP " + status, "delivered 10");
        boolean leavesDoubt = status == 408 || status >= 500;
        assertThat(server.calls)
                .isEqualTo(
                        leavesDoubt
                                ? List.of("upsert", "send 10", "newest", "send 10")
                                : List.of("upsert", "send 10", "send 10"));
        assertSettled();
    }

    @Test
    void anUnreachableServerIsLeftAloneByAllSessions() throws IOException {
        log(10);
        server.answers.add(new DreamlakeServer.NoResponseException(new IOException("refused"), false));
        long wait = step();
        assertThat(wait).isBetween(0L, seconds(1));
        assertThat(health.isAway()).isTrue();
        assertThat(server.calls).containsExactly("upsert");
        now.addAndGet(seconds(1));
        assertThat(step()).isEqualTo(NEVER);
        assertThat(heard).containsExactly("retried refused", "back", "delivered 10");
        assertSettled();
    }

    @Test
    void aConnectionThatBreaksInTheMiddleDoesNotMakeOthersWait() throws IOException {
        log(10);
        server.answers.add(new ServerResponse(201, "{\"session\": {\"id\": \"7\"}}", Duration.ZERO));
        server.answers.add(new DreamlakeServer.NoResponseException(new IOException("reset"), true));
        step();
        assertThat(health.isAway()).isFalse();
        assertThat(step()).isEqualTo(NEVER);
        assertThat(server.calls).containsExactly("upsert", "send 10", "newest", "send 10");
    }

    @Test
    void aRefusedTokenStopsAllForAMinuteAndANewOneIsTriedAtOnce() throws IOException {
        log(10);
        server.answers.add(401);
        assertThat(step()).isBetween(seconds(48), seconds(60));
        assertThat(health.isAway()).isTrue();
        assertThat(upload.isParked()).isFalse();
        assertThat(step()).isPositive();
        assertThat(server.calls).containsExactly("upsert");
        health.offer("another token");
        assertThat(step()).isEqualTo(NEVER);
        assertThat(heard).containsExactly("parked HTTP 401", "back", "delivered 10");
        assertSettled();
    }

    @Test
    void aWriteProtectedSessionIsNotSentUntilTheNextStart() throws IOException {
        log(10);
        server.answers.add(403);
        assertThat(step()).isEqualTo(NEVER);
        assertThat(upload.isParked()).isTrue();
        assertThat(health.isAway()).isFalse();
        assertThat(step()).isEqualTo(NEVER);
        assertThat(server.calls).containsExactly("upsert");
        assertThat(upload.pending().count()).isEqualTo(10);
        assertThat(upload.isForgettable()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(ints = {402, 405, 409, 415, 418})
    void aRefusalThatConcernsNoRecordKeepsAllAndIsRetriedAtLongIntervals(int status) throws IOException {
        server.compressing = false;
        log(10);
        server.answers.add(new ServerResponse(201, "{\"session\": {\"id\": \"7\"}}", Duration.ZERO));
        server.answers.addAll(List.of(status, status));
        assertThat(step()).isBetween(seconds(48), seconds(60));
        assertThat(step()).isBetween(seconds(96), seconds(120));
        assertThat(step()).isEqualTo(NEVER);
        assertThat(heard).containsExactly("parked HTTP " + status, "parked HTTP " + status, "delivered 10");
        assertThat(journal.directory().rejectedRecords()).doesNotExist();
        assertSettled();
    }

    @Test
    void aServerThatRefusesCompressionGetsUncompressedBodiesFromThenOn() throws IOException {
        log(10);
        server.answers.add(new ServerResponse(201, "{\"session\": {\"id\": \"7\"}}", Duration.ZERO));
        server.answers.add(415);
        assertThat(step()).isBetween(0L, TimeUnit.MILLISECONDS.toNanos(500));
        log(5);
        assertThat(step()).isBetween(0L, seconds(1));
        upload.hurry();
        step();
        assertThat(server.calls).containsExactly("upsert", "send 10", "send 10 plain", "send 5 plain");
        assertSettled();
    }

    @Test
    void aRefusedRecordIsFoundByHalvingAndSetAside() throws IOException {
        log(4);
        server.answers.add(new ServerResponse(201, "{\"session\": {\"id\": \"7\"}}", Duration.ZERO));
        server.answers.addAll(List.of(400, 400, 400));
        upload.hurry();
        assertThat(step()).isEqualTo(NEVER);
        assertThat(server.calls).startsWith("upsert", "send 4", "send 2", "send 1");
        assertThat(server.records).isEqualTo(3);
        assertThat(books.entries).startsWith("rejected 1");
        assertThat(Files.readAllLines(journal.directory().rejectedRecords().toPath()))
                .singleElement()
                .asString()
                .contains("\"status\":400", "\"message\": \"m0\"");
        assertSettled();
    }

    @Test
    void aServerThatRefusesEveryRecordDoesNotEmptyTheLog() throws IOException {
        log(100);
        server.answers.add(new ServerResponse(201, "{\"session\": {\"id\": \"7\"}}", Duration.ZERO));
        for (int i = 0; i < 100; i++) {
            server.answers.add(422);
        }
        long wait = 0;
        for (int i = 0; i < 10 && wait < seconds(40); i++) {
            wait = step();
        }
        assertThat(wait).isBetween(seconds(48), seconds(60));
        assertThat(Files.readAllLines(journal.directory().rejectedRecords().toPath()))
                .hasSize(10);
        assertThat(upload.pending().count()).isEqualTo(90);
        assertThat(heard.get(heard.size() - 1)).startsWith("parked HTTP 422 for one record after another");
        server.answers.clear();
        while (step() != NEVER) {
            upload.hurry();
        }
        assertThat(server.records).isEqualTo(90);
        assertSettled();
    }

    @Test
    void onceTooManyRecordsWereRefusedTheNextOneStaysInTheLog() throws IOException {
        log(1);
        try (RandomAccessFile rejected =
                new RandomAccessFile(journal.directory().rejectedRecords(), "rw")) {
            rejected.setLength(64 * 1024 * 1024);
            server.answers.add(new ServerResponse(201, "{\"session\": {\"id\": \"7\"}}", Duration.ZERO));
            server.answers.addAll(List.of(400, 400));
            assertThat(step()).isBetween(seconds(48), seconds(60));
            assertThat(upload.pending().count()).isOne();
            assertThat(heard).singleElement().asString().contains("rejected.jsonl", "move it away");
            rejected.setLength(0);
            step();
            assertThat(rejected.length()).isPositive();
        }
        assertThat(books.entries).containsExactly("rejected 1");
    }

    @ParameterizedTest
    @ValueSource(ints = {404, 410})
    void aSessionThatTheServerLostIsRegisteredAgain(int status) throws IOException {
        log(10);
        server.answers.add(new ServerResponse(201, "{\"session\": {\"id\": \"7\"}}", Duration.ZERO));
        server.answers.add(status);
        step();
        assertThat(step()).isEqualTo(NEVER);
        assertThat(server.calls).containsExactly("upsert", "send 10", "upsert", "send 10");
    }

    @Test
    void aFileErrorIsReportedOnceWithTheFileAndIsNotTheServersFault() throws IOException {
        log(10);
        Path inTheWay = journal.directory().checkpoint().resolveSibling(".upload.tmp");
        Files.createDirectory(inTheWay);
        step();
        step();
        assertThat(heard).hasSize(2);
        assertThat(heard.get(0)).startsWith("hindered ").contains(inTheWay.toString());
        assertThat(heard.get(1)).isEqualTo("hindered");
        assertThat(health.isAway()).isFalse();
        Files.delete(inTheWay);
        assertThat(step()).isEqualTo(NEVER);
        assertSettled();
    }

    @Test
    void aSessionWithNothingToSendDoesNotWaitForTheServer() throws IOException {
        log(10);
        assertThat(step()).isEqualTo(NEVER);
        health.unauthorized("token");
        assertThat(step()).isEqualTo(NEVER);
        assertThat(upload.isHeld()).isFalse();
        assertThat(upload.isForgettable()).isTrue();
        log(1);
        assertThat(step()).isBetween(seconds(48), seconds(60));
        assertThat(upload.isHeld()).isTrue();
    }

    @Test
    void aCallThatWeCancelOurselvesIsNotAFailure() throws IOException {
        log(10);
        server.closed = true;
        server.answers.add(new DreamlakeServer.NoResponseException(new IOException("canceled"), false));
        assertThat(step()).isEqualTo(NEVER);
        assertThat(heard).isEmpty();
        assertThat(health.isAway()).isFalse();
    }

    @Test
    void aServerThatCannotListItsRecordsIsAskedFiveTimesAndThenSentTheBatch() throws IOException {
        log(10);
        server.answers.add(new ServerResponse(201, "{\"session\": {\"id\": \"7\"}}", Duration.ZERO));
        server.answers.addAll(List.of(503, 503, 503, 503, 503, 503));
        int steps = 0;
        while (step() != NEVER) {
            steps++;
        }
        assertThat(steps).isEqualTo(5);
        assertThat(server.calls)
                .containsExactly("upsert", "send 10", "newest", "newest", "newest", "newest", "newest", "send 10");
    }

    @ParameterizedTest
    @CsvSource({"200, {}", "200, <html>", "400, no", "404, no", "409, no"})
    void noRecordIsSetAsideIfTheSessionCannotBeRegistered(int status, String body) throws IOException {
        log(1);
        for (int i = 0; i < 4; i++) {
            server.answers.add(new ServerResponse(status, body, Duration.ZERO));
        }
        assertThat(step()).isNotEqualTo(NEVER);
        assertThat(server.calls).doesNotContain("send 1");
        assertThat(journal.directory().rejectedRecords()).doesNotExist();
        assertThat(upload.pending().count()).isOne();
    }

    @Test
    void theRecordsOfADeletedLogCountAsLostAtTheSecondLook() throws IOException {
        log(10);
        Files.delete(journal.directory().log().toPath());
        assertThat(step()).isEqualTo(TimeUnit.MILLISECONDS.toNanos(500));
        assertThat(upload.pending().count()).isEqualTo(10);
        assertThat(step()).isEqualTo(NEVER);
        assertThat(books.entries).containsExactly("lost 10");
    }
}
