package ai.dreamlake.logback.internal.engine;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ai.dreamlake.logback.internal.config.LocalRetention;
import ai.dreamlake.logback.internal.journal.Line;
import ai.dreamlake.logback.internal.journal.Storage;
import ai.dreamlake.logback.internal.record.LineFormat;
import ai.dreamlake.logback.internal.session.SessionName;
import ai.dreamlake.logback.internal.upload.UploadListener;
import ai.dreamlake.logback.internal.upload.UploadSettings;
import ai.dreamlake.logback.internal.upload.Uploads;
import ai.dreamlake.logback.support.FakeDreamlake;
import ai.dreamlake.logback.support.SessionOnDisk;
import ch.qos.logback.core.spi.ContextAwareBase;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import okhttp3.HttpUrl;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Real directories and a real server. The time is an argument. */
@Timeout(120)
class SessionCleanerTest {

    private static final long DAY = TimeUnit.DAYS.toMillis(1);
    private static final long NOW = 20_000 * DAY;
    private static final LocalRetention A_WEEK = new LocalRetention(7 * DAY, Long.MAX_VALUE, false);
    private static final LocalRetention A_WEEK_IN_LOCAL_MODE = new LocalRetention(7 * DAY, Long.MAX_VALUE, true);

    @TempDir
    Path root;

    private final List<String> infos = new CopyOnWriteArrayList<>();
    private final List<String> warnings = new CopyOnWriteArrayList<>();
    private final FakeDreamlake server = FakeDreamlake.start();
    private StatusReporter status;
    private Sessions sessions;
    private Uploads uploads;

    @BeforeEach
    void create() {
        ContextAwareBase heard = new ContextAwareBase() {
            @Override
            public void addInfo(String text) {
                infos.add(text);
            }

            @Override
            public void addWarn(String text) {
                warnings.add(text);
            }
        };
        status = new StatusReporter(heard, "test", "<localPath>", line -> {}, System::nanoTime);
        sessions = new Sessions(
                root,
                Storage.kept(),
                1, // a second session closes the first one
                TimeUnit.HOURS.toNanos(5),
                TimeUnit.MILLISECONDS.toNanos(2),
                "test",
                status,
                System::nanoTime);
    }

    @AfterEach
    void close() {
        sessions.close();
        if (uploads != null) {
            uploads.close(() -> {});
        }
        server.close();
    }

    private void startLocal() {
        sessions.start(null, () -> {});
    }

    private void startHybrid() {
        startHybrid(Duration.ofMillis(1));
    }

    private void startHybrid(Duration interval) {
        UploadSettings settings = new UploadSettings(
                1000, 900_000, interval, Duration.ofSeconds(5), Duration.ofSeconds(10), 4, false, Duration.ZERO);
        uploads = new Uploads(
                root,
                null,
                new AtomicLong(),
                HttpUrl.get(server.url()),
                () -> FakeDreamlake.TOKEN,
                settings,
                new Counters(),
                new UploadListener() {},
                sessions,
                "test",
                "upload-test");
        sessions.start(uploads, () -> {});
        uploads.start(() -> {});
    }

    private SessionCleaner cleaner(LocalRetention limits) {
        return new SessionCleaner(root, limits, sessions, status, "cleaner-test");
    }

    private void append(String session, String message) throws IOException {
        byte[] record = ("{\"timestamp\": \"2025-10-29T10:30:00.000000Z\", \"level\": \"info\", \"message\": \""
                        + message + "\", \"metadata\": null, \"sequenceNumber\": ")
                .getBytes(UTF_8);
        sessions.append(
                new SessionName("project", session),
                new Line()
                        .set(
                                Arrays.copyOf(record, record.length + LineFormat.ROOM_FOR_NUMBER),
                                record.length,
                                false,
                                null));
    }

    private SessionOnDisk session(String name) {
        return SessionOnDisk.of(root, "project", name);
    }

    /** Makes the session look unused for some days. */
    private void age(String name, long days) throws IOException {
        try (Stream<Path> files = Files.walk(session(name).directory())) {
            for (Path file : files.toList()) {
                Files.setLastModifiedTime(file, FileTime.fromMillis(NOW - days * DAY));
            }
        }
    }

    private void awaitDelivered(String name, int records) {
        await().until(() -> server.records("project/" + name).size() == records && isAtEnd(name));
    }

    private boolean isAtEnd(String name) throws IOException {
        return Files.readString(session(name).log().resolveSibling(".upload"))
                .contains("{\"offset\":" + Files.size(session(name).log()) + ",");
    }

    private boolean exists(String name) {
        return Files.exists(session(name).log());
    }

    /** A session that is just being uploaded stays until the next look. */
    private void lookUntilGone(SessionCleaner cleaner, String name) {
        await().until(() -> {
            cleaner.look(NOW);
            return !exists(name);
        });
    }

    @Test
    void anOldSessionIsDeletedOnceItIsDelivered() throws IOException {
        server.instead.set(request -> FakeDreamlake.answer(503, "{}"));
        startHybrid();
        append("old", "a");
        append("old", "b");
        append("young", "c");
        age("old", 8);
        SessionCleaner cleaner = cleaner(A_WEEK);
        cleaner.look(NOW);
        session("old").assertGapless(2);
        assertThat(infos).isEmpty();

        server.instead.set(request -> null);
        awaitDelivered("old", 2);
        awaitDelivered("young", 1);
        age("old", 7);
        age("young", 6);
        cleaner.look(NOW);
        session("old").assertGapless(2);
        age("old", 8);
        long bytes = Files.size(session("old").log())
                + Files.size(session("old").hint())
                + Files.size(session("old").description())
                + Files.size(session("old").log().resolveSibling(".upload"));
        lookUntilGone(cleaner, "old");
        session("young").assertGapless(1);
        assertThat(infos).last().isEqualTo("Deleted 1 session with " + bytes + " bytes, as <localRetention> asks.");
        assertThat(warnings).noneMatch(warning -> warning.contains("delete"));

        append("old", "again");
        session("old").assertGapless(1);
        awaitDelivered("old", 3);
        assertThat(server.messages("project/old")).containsExactly("a", "b", "again");
    }

    @Test
    void theNextRecordMarksTheSessionForUploadAgain() throws IOException {
        startHybrid();
        append("old", "a");
        append("young", "b");
        awaitDelivered("old", 1);
        age("old", 8);
        lookUntilGone(cleaner(A_WEEK), "old");
        server.instead.set(request -> FakeDreamlake.answer(503, "{}"));
        append("old", "again");
        assertThat(session("old").log().resolveSibling(".upload")).exists();
    }

    /** The appender remembers the session, and knows that it was marked. */
    @Test
    void aRecordAfterADeletionByAnotherProcessMarksTheSession() throws IOException {
        startHybrid(Duration.ofHours(1)); // otherwise the uploader would mark it
        append("old", "a");
        append("young", "b");
        assertThat(uploads.awaitDelivery(Duration.ofMinutes(1))).isTrue();
        Files.delete(session("old").log());
        Files.delete(session("old").log().resolveSibling(".upload"));
        append("old", "again");
        assertThat(session("old").log().resolveSibling(".upload")).exists();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
            '{"offset":LENGTH,"end":LENGTH,"number":1,"serverEnd":0,"lost":0,"lostAt":"","digest":"DIGEST"}' | true
            '{"offset":LENGTH,"end":LENGTH,"number":1,"serverEnd":0,"lost":3,"lostAt":"","digest":"DIGEST"}' | false
            '{"offset":LENGTH,"end":LENGTH,"number":1,"serverEnd":0,"lost":0,"lostAt":"","digest":"other"}'  | false
            '{"offset":0,"end":LENGTH,"number":0,"serverEnd":-1,"lost":0,"lostAt":"","digest":""}'           | false
            '{"offset":10,"end":10,"number":0,"serverEnd":-1,"lost":0,"lostAt":"","digest":"DIGEST"}'        | false
            '{"offs'                                                                                       | false
            ''                                                                                             | false
            none                                                                                           | false
            """)
    void onlyACheckpointAtTheEndOfThisLogProvesTheDelivery(String checkpoint, boolean goes) throws IOException {
        startHybrid();
        append("old", "a");
        awaitDelivered("old", 1);
        Path file = session("old").log().resolveSibling(".upload");
        String saved = Files.readString(file);
        sessions.close();
        uploads.close(() -> {});
        if (checkpoint.equals("none")) {
            Files.delete(file);
        } else {
            String text = checkpoint
                    .substring(1, checkpoint.length() - 1)
                    .replace("LENGTH", Long.toString(Files.size(session("old").log())))
                    .replace("DIGEST", saved.replaceAll("(?s).*\"digest\":\"(\\w+)\".*", "$1"));
            Files.writeString(file, text);
        }
        age("old", 8);
        for (LocalRetention limits : List.of(A_WEEK, A_WEEK_IN_LOCAL_MODE)) {
            if (limits == A_WEEK || !checkpoint.equals("none")) {
                cleaner(limits).look(NOW);
                assertThat(exists("old")).isEqualTo(!goes);
            }
        }
    }

    /** It might have noted a loss. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aDamagedCheckpointProvesNothingWithoutALog(boolean isDamaged) throws IOException {
        startHybrid();
        append("old", "a");
        awaitDelivered("old", 1);
        sessions.close();
        uploads.close(() -> {});
        Path log = session("old").log();
        Path checkpoint = log.resolveSibling(".upload");
        if (isDamaged) {
            Files.writeString(checkpoint, Files.readString(checkpoint).replace("\"number\":1", "\"number\":2"));
        }
        Files.delete(log);
        age("old", 8);
        cleaner(A_WEEK).look(NOW);
        assertThat(Files.exists(checkpoint)).isEqualTo(isDamaged);
    }

    @Test
    void aSessionThatIsBeingUploadedIsKept() throws IOException {
        startHybrid();
        append("old", "a");
        awaitDelivered("old", 1);
        sessions.close();
        uploads.close(() -> {});
        age("old", 8);
        Path lock = session("old").log().resolveSibling(".upload.lock");
        try (FileChannel channel = FileChannel.open(lock, StandardOpenOption.WRITE)) {
            channel.lock(); // as another process does
            cleaner(A_WEEK).look(NOW);
            assertThat(exists("old")).isTrue();
        }
        cleaner(A_WEEK).look(NOW);
        assertThat(exists("old")).isFalse();
    }

    @Test
    void anOpenSessionIsKeptHoweverOldItIs() throws IOException {
        startLocal();
        append("a", "a");
        age("a", 8);
        SessionCleaner cleaner = cleaner(A_WEEK_IN_LOCAL_MODE);
        cleaner.look(NOW);
        session("a").assertGapless(1);
        append("b", "closes a");
        cleaner.look(NOW);
        assertThat(exists("a")).isFalse();
        assertThat(exists("b")).isTrue();
    }

    @Test
    void aSessionThatNoServerHasIsDeletedOnlyOnRequest() throws IOException {
        startLocal();
        append("a", "a");
        append("b", "closes a");
        age("a", 8);
        cleaner(A_WEEK).look(NOW);
        session("a").assertGapless(1);
        cleaner(A_WEEK_IN_LOCAL_MODE).look(NOW);
        assertThat(exists("a")).isFalse();
    }

    @Test
    void theSizeOfAllSessionsCountsAndTheOldestAreDeleted() throws IOException {
        startLocal();
        for (int i = 0; i < 6; i++) {
            append("s" + i, "x".repeat(100_000));
            age("s" + i, 20 - i);
        }
        Path parameters = Files.writeString(session("s0").directory().resolve("parameters.json"), "{}");
        age("s0", 20);
        LocalRetention limits = new LocalRetention(Long.MAX_VALUE, 350_000, true);
        cleaner(limits).look(NOW);
        assertThat(Stream.of("s0", "s1", "s2", "s3", "s4", "s5").filter(this::exists))
                .as("s0 has parameters, s5 is open")
                .containsExactly("s0", "s4", "s5");
        assertThat(parameters).exists();
        assertThat(infos).singleElement().asString().startsWith("Deleted 3 sessions with 30");
        cleaner(limits).look(NOW);
        assertThat(infos).hasSize(1);
    }

    @Test
    void sessionsLikeThoseOfThePythonSdkAreDeletedUnlessTheyHoldMoreThanALog() throws IOException {
        startLocal();
        for (String name : List.of("plain", "with tracks", "with files", "with parameters")) {
            SessionOnDisk session = session(name);
            session.write(
                    session.log(),
                    "{\"sequenceNumber\": 0, \"timestamp\": \"2025-10-25T12:00:00Z\", \"level\": \"info\", \"message\": \"m\"}\n");
            session.write(session.hint(), "1");
            session.write(session.lock(), "");
            session.write(session.description(), "{\n  \"name\": \"x\",\n  \"write_protected\": false\n}");
            session.write(session.directory().resolve(".session.lock"), "");
            Files.createDirectories(session.directory().resolve("tracks"));
            Files.createDirectories(session.directory().resolve("files"));
        }
        session("with tracks").write(session("with tracks").directory().resolve("tracks/loss.jsonl"), "{}\n");
        session("with files").write(session("with files").directory().resolve("files/a/model.bin"), "x");
        session("with parameters").write(session("with parameters").directory().resolve("parameters.json"), "{}");
        for (String name : List.of("plain", "with tracks", "with files", "with parameters")) {
            age(name, 8);
        }
        cleaner(A_WEEK_IN_LOCAL_MODE).look(NOW);
        assertThat(exists("plain")).isFalse();
        assertThat(session("plain").directory().resolve("tracks")).isDirectory();
        for (String name : List.of("with tracks", "with files", "with parameters")) {
            session(name).assertNumbered(1);
        }
    }

    @Test
    void aSessionThatCannotBeJudgedIsReportedAndTheOthersAreDeleted() throws IOException {
        startLocal();
        append("a", "a");
        append("b", "b");
        append("c", "closes b");
        Files.createSymbolicLink(root.resolve("project/link"), session("c").directory());
        try (RandomAccessFile description =
                new RandomAccessFile(session("a").description().toFile(), "rw")) {
            description.setLength(17 << 20); // too long to be read
        }
        age("a", 9);
        age("b", 8);
        cleaner(A_WEEK_IN_LOCAL_MODE).look(NOW);
        assertThat(exists("a")).isTrue();
        assertThat(exists("b")).isFalse();
        assertThat(exists("c")).isTrue();
        assertThat(warnings)
                .singleElement()
                .asString()
                .startsWith("cannot delete session project/a as <localRetention> asks: ")
                .contains("session.json is longer than");
    }

    @Test
    void itsThreadLooksAtTheStartAndEndsWhenStopped() throws IOException {
        startLocal();
        append("a", "a");
        append("b", "closes a");
        age("a", 8); // compared to the system clock, this is long ago
        SessionCleaner cleaner = cleaner(A_WEEK_IN_LOCAL_MODE);
        cleaner.start();
        await().until(() -> !exists("a"));
        assertThat(threads())
                .singleElement()
                .satisfies(thread -> assertThat(thread.isDaemon()).isTrue());
        await().until(() -> threads().get(0).getState() == Thread.State.TIMED_WAITING);
        cleaner.stop();
        await().until(() -> threads().isEmpty());
    }

    private static List<Thread> threads() {
        List<Thread> found = new ArrayList<>(Thread.getAllStackTraces().keySet());
        found.removeIf(thread -> !thread.getName().equals("cleaner-test"));
        return found;
    }
}
