package ai.dreamlake.logback.internal.engine;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import ai.dreamlake.logback.internal.io.NativeFlock;
import ai.dreamlake.logback.internal.journal.Line;
import ai.dreamlake.logback.internal.journal.Storage;
import ai.dreamlake.logback.internal.record.LineFormat;
import ai.dreamlake.logback.internal.session.SessionName;
import ai.dreamlake.logback.internal.upload.UploadListener;
import ai.dreamlake.logback.internal.upload.UploadSettings;
import ai.dreamlake.logback.internal.upload.Uploads;
import ai.dreamlake.logback.support.FakeDreamlake;
import ai.dreamlake.logback.support.MemoryTempDir;
import ai.dreamlake.logback.support.SessionOnDisk;
import ch.qos.logback.core.spi.ContextAwareBase;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import okhttp3.HttpUrl;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SessionsTest {

    private static final byte[] RECORD =
            "{\"timestamp\": \"2025-10-29T10:30:00.000000Z\", \"level\": \"info\", \"message\": \"m\", \"metadata\": null, \"sequenceNumber\": "
                    .getBytes(UTF_8);

    @TempDir(factory = MemoryTempDir.class)
    Path root;

    private final AtomicLong clock = new AtomicLong();
    private final ConcurrentLinkedQueue<String> notices = new ConcurrentLinkedQueue<>();
    private final List<Sessions> opened = new ArrayList<>();

    private Sessions sessions(int maxOpen) {
        return sessions(root, maxOpen, "test", notices::add, clock::get);
    }

    private Sessions sessions(Path root, int maxOpen, String keeper, Consumer<String> warnings, LongSupplier nanoTime) {
        ContextAwareBase status = new ContextAwareBase() {
            @Override
            public void addWarn(String warning) {
                warnings.accept(warning);
            }
        };
        Sessions sessions = new Sessions(
                root,
                Storage.kept(),
                maxOpen,
                TimeUnit.MINUTES.toNanos(5),
                TimeUnit.MILLISECONDS.toNanos(2),
                keeper,
                new StatusReporter(status, "test", "<localPath>", line -> {}, System::nanoTime),
                nanoTime);
        opened.add(sessions);
        return sessions;
    }

    @AfterEach
    void close() {
        opened.forEach(Sessions::close);
    }

    private static void append(Sessions sessions, String session) throws IOException {
        byte[] record = Arrays.copyOf(RECORD, RECORD.length + LineFormat.ROOM_FOR_NUMBER);
        sessions.append(new SessionName("project", session), new Line().set(record, RECORD.length, false, null));
    }

    private SessionOnDisk session(String name) {
        return SessionOnDisk.of(root, "project", name);
    }

    /** The log, its lock, the number for Python and, if available, Python's lock. */
    private static final int FILES = NativeFlock.isAvailable() ? 4 : 3;

    private static long openFilesUnder(Path root) throws IOException {
        Path descriptors = Path.of("/proc/self/fd");
        assumeThat(descriptors).isDirectory();
        try (Stream<Path> all = Files.list(descriptors)) {
            return all.filter(descriptor -> {
                        try {
                            return Files.readSymbolicLink(descriptor).startsWith(root);
                        } catch (IOException gone) {
                            return false;
                        }
                    })
                    .count();
        }
    }

    @Test
    void theLeastRecentlyUsedSessionIsClosed() throws IOException {
        Sessions sessions = sessions(2);
        for (String name : List.of("a", "b", "a", "c")) {
            clock.incrementAndGet();
            append(sessions, name);
        }
        assertThat(sessions.openCount()).isEqualTo(2);
        session("b").assertLeftBehindRightly();
        assertThat(openFilesUnder(session("b").directory())).isZero();
        assertThat(openFilesUnder(session("a").directory())).as("a is open").isPositive();
        append(sessions, "b");
        session("b").assertGapless(2);
    }

    @Test
    void anIdleSessionIsClosedAndContinuedByItsNextRecord() throws IOException {
        Sessions sessions = sessions(10);
        append(sessions, "a");
        clock.addAndGet(TimeUnit.MINUTES.toNanos(5) - 1);
        assertThat(sessions.step(clock.get())).isEqualTo(1);
        assertThat(sessions.openCount()).isEqualTo(1);
        clock.incrementAndGet();
        assertThat(sessions.step(clock.get())).isEqualTo(Long.MAX_VALUE);
        assertThat(sessions.openCount()).isZero();
        append(sessions, "a");
        session("a").assertGapless(2);
    }

    @Test
    void theNextStepIsDueWhenTailsMustBeLookedForOrASessionIsIdle() throws IOException {
        Sessions sessions = sessions(10);
        assertThat(sessions.step(clock.get())).as("nothing to do").isEqualTo(Long.MAX_VALUE);
        append(sessions, "a");
        assertThat(sessions.step(clock.get())).isEqualTo(TimeUnit.SECONDS.toNanos(1));
        clock.addAndGet(TimeUnit.MINUTES.toNanos(5) - 1);
        assertThat(sessions.step(clock.get())).isEqualTo(1);
    }

    @Test
    void theKeeperWritesWhatABurstLeftStaged() throws IOException {
        Sessions sessions = sessions(root, 10, "keeper-under-test", notices::add, System::nanoTime);
        sessions.start(null, () -> {});
        int records = 0;
        for (int burst = 0; burst < 5; burst++) {
            for (int i = 0; i < 100; i++) {
                append(sessions, "a");
            }
            records += 100;
            int expected = records;
            await().until(() ->
                    session("a").lines().size() == expected && session("a").readHint() == expected);
        }
        session("a").assertGapless(records);
        assertThat(Thread.getAllStackTraces().keySet())
                .anyMatch(thread -> thread.getName().equals("keeper-under-test") && thread.isDaemon());
        sessions.close();
        await().until(() -> Thread.getAllStackTraces().keySet().stream()
                .noneMatch(thread -> thread.getName().equals("keeper-under-test")));
    }

    @Test
    void twoUsersShareOneJournalUntilTheLastOneLeaves() throws IOException {
        Sessions first = sessions(10);
        Sessions second = sessions(10);
        append(first, "a");
        append(second, "a");
        append(first, "a");
        assertThat(openFilesUnder(root)).isEqualTo(FILES);
        first.close();
        assertThat(openFilesUnder(root)).isEqualTo(FILES);
        append(second, "a");
        second.close();
        assertThat(openFilesUnder(root)).isZero();
        session("a").assertGapless(4);
        session("a").assertLeftBehindRightly();
    }

    @Test
    void twoPathsToOneDirectoryShareOneJournal() throws IOException {
        Path link = root.resolveSibling(root.getFileName() + "-link");
        Files.createSymbolicLink(link, root);
        try {
            Sessions direct = sessions(10);
            Sessions linked = sessions(link, 10, "test", notices::add, clock::get);
            append(direct, "a");
            append(linked, "a");
            append(direct, "a");
            session("a").assertGapless(3);
            assertThat(openFilesUnder(root.toRealPath())).isEqualTo(FILES);
        } finally {
            Files.delete(link);
        }
    }

    @Test
    void aRecordThatIsUnderWayWhenSessionsAreClosedIsStillWritten() throws IOException {
        Sessions sessions = sessions(10);
        append(sessions, "a");
        sessions.close();
        append(sessions, "a");
        session("a").assertGapless(2);
        assertThat(sessions.openCount()).isZero();
        assertThat(openFilesUnder(root)).isZero();
        session("a").assertLeftBehindRightly();
    }

    @Test
    void aRecordThatIsLostWhenSessionsAreClosedLeavesNothingOpen() throws IOException {
        Sessions sessions = sessions(10);
        sessions.close();
        Files.createDirectories(session("a").log()); // a directory where the log should be
        assertThatThrownBy(() -> append(sessions, "a")).isInstanceOf(IOException.class);
        assertThat(sessions.openCount()).isZero();
        assertThat(openFilesUnder(root)).isZero();
    }

    @Test
    void aSessionWhoseRecordWaitsForAPeerIsNotClosed() throws Exception {
        Sessions sessions = sessions(1);
        append(sessions, "a");
        FileChannel peer = FileChannel.open(session("a").lock(), StandardOpenOption.WRITE);
        FileLock held = peer.lock();
        Thread waits = new Thread(() -> {
            try {
                append(sessions, "a");
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        });
        waits.start();
        await().until(() -> sessions.isAwaited(new SessionName("project", "a")));
        assertThat(sessions.step(clock.get() + TimeUnit.MINUTES.toNanos(6))).isPositive();
        assertThat(sessions.openCount()).isEqualTo(1);
        held.release();
        waits.join();
        session("a").assertGapless(2);
        peer.close();
    }

    @Test
    void aListenerThatThrowsDoesNotEndTheThread() throws IOException {
        Consumer<String> bad = warning -> {
            throw new IllegalStateException(warning);
        };
        Sessions sessions = sessions(root, 10, "keeper-with-a-bad-listener", bad, System::nanoTime);
        sessions.start(null, () -> {});
        append(sessions, "a");
        await().until(() -> session("a").readHint() == 1);
        Files.delete(session("a").hint());
        Files.createDirectory(session("a").hint()); // now the keeper, too, has something to report
        append(sessions, "b");
        await().until(() -> session("b").readHint() == 1);
        append(sessions, "b");
        await().until(() -> session("b").readHint() == 2);
    }

    @Test
    void aBadNameIsMadeSafeAndReported() throws IOException {
        Sessions sessions = sessions(10);
        append(sessions, "../../outside\n");
        append(sessions, "../../outside\n");
        String safe = SessionName.safe("project", "../../outside\n").session();
        session(safe).assertGapless(2);
        assertThat(notices)
                .containsExactly(
                        "a name from the MDC breaks a rule (session segment \"..\" begins with a dot); its records"
                                + " go to project/" + safe);
    }

    @Test
    void aNameThatImitatesAReplacementGetsItsOwnReplacement() throws IOException {
        Sessions sessions = sessions(10);
        String replacement = SessionName.safe("project", "..").session();
        append(sessions, "..");
        append(sessions, replacement);
        append(sessions, "..");
        session(replacement).assertGapless(2);
        session(SessionName.safe("project", replacement).session()).assertGapless(1);
    }

    @Test
    void theKeeperReportsWhatIsLeftOfASessionThatFailsAndRecoversRepeatedly() throws IOException {
        List<String> told = new ArrayList<>();
        ContextAwareBase status = new ContextAwareBase() {
            @Override
            public void addWarn(String text) {
                told.add(text);
            }

            @Override
            public void addInfo(String text) {
                told.add(text);
            }
        };
        Sessions sessions = new Sessions(
                root,
                Storage.kept(),
                10,
                TimeUnit.MINUTES.toNanos(5),
                0,
                "test",
                new StatusReporter(status, "test", "<localPath>", line -> {}, clock::get),
                clock::get);
        opened.add(sessions);
        for (int i = 0; i < 5; i++) {
            sessions.lost(new SessionName("project", "a"), new IOException("Input/output error"));
            append(sessions, "a");
        }
        sessions.lost(new SessionName("project", "never-open"), new IOException("Input/output error"));
        assertThat(told).hasSize(3);
        clock.addAndGet(TimeUnit.MINUTES.toNanos(1));
        sessions.step(clock.get());
        sessions.step(clock.get());
        assertThat(told)
                .hasSize(4)
                .last()
                .isEqualTo(
                        "Session project/a works again. It failed 4 times since the last report. Records dropped: 4");
        sessions.reportRest();
        sessions.reportRest();
        assertThat(told)
                .hasSize(5)
                .last()
                .asString()
                .startsWith("Session project/never-open still fails.")
                .endsWith("Records dropped since the last report: 1");
    }

    @Test
    void amongVeryManySessionsThoseWithNothingToRememberAreForgotten() throws IOException {
        Sessions sessions = sessions(4);
        for (int i = 0; i < 1100; i++) {
            clock.incrementAndGet();
            append(sessions, "s" + i);
        }
        assertThat(sessions.rememberedCount()).isBetween(4, 1000);
        append(sessions, "s0");
        session("s0").assertGapless(2);
    }

    @Test
    void sessionsLeftByManyRunsAreDeliveredAndThenForgotten() {
        int left = 1200;
        for (int i = 0; i < left; i++) {
            SessionOnDisk session = SessionOnDisk.of(root, "old", "s" + i);
            session.write(session.log(), new String(RECORD, UTF_8) + "0}\n");
            session.write(session.log().resolveSibling(".upload"), "");
        }
        UploadSettings settings = new UploadSettings(
                1000,
                900_000,
                Duration.ofMillis(1),
                Duration.ofSeconds(5),
                Duration.ofSeconds(10),
                4,
                false,
                Duration.ofSeconds(1));
        AtomicLong delivered = new AtomicLong();
        UploadListener listener = new UploadListener() {
            @Override
            public void delivered(SessionName session, long records) {
                delivered.addAndGet(records);
            }
        };
        try (FakeDreamlake server = FakeDreamlake.start()) {
            Sessions sessions = sessions(root, 10, "keeper-of-many", notices::add, System::nanoTime);
            Uploads uploads = new Uploads(
                    root,
                    null,
                    new AtomicLong(),
                    HttpUrl.get(server.url()),
                    () -> FakeDreamlake.TOKEN,
                    settings,
                    new Counters(),
                    listener,
                    sessions,
                    "test",
                    "upload-of-many");
            sessions.start(uploads, () -> {});
            uploads.start(() -> {});
            await().atMost(1, TimeUnit.MINUTES).until(() -> delivered.get() == left);
            await().until(() -> sessions.rememberedCount() <= 1000);
            uploads.close(() -> {});
        }
        assertThat(notices).isEmpty();
    }

    @Test
    void aThousandSessionsNeedOnlyTheFileDescriptorsOfTheOpenOnes() throws Exception {
        Sessions sessions = sessions(128);
        Thread[] threads = new Thread[4];
        ConcurrentLinkedQueue<Throwable> failures = new ConcurrentLinkedQueue<>();
        AtomicLong most = new AtomicLong();
        for (int t = 0; t < threads.length; t++) {
            int seed = t;
            threads[t] = new Thread(() -> {
                try {
                    Random random = new Random(seed);
                    for (int i = seed; i < 1000; i += threads.length) {
                        clock.incrementAndGet();
                        append(sessions, "s" + i);
                        append(
                                sessions,
                                "s" + random.nextInt(1000)); // mostly a session that is closed, or does not exist yet
                        if (i % 50 == seed) {
                            most.accumulateAndGet(openFilesUnder(root), Math::max);
                        }
                    }
                } catch (Throwable e) {
                    failures.add(e);
                }
            });
            threads[t].start();
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(failures).isEmpty();
        // Each thread may be in the middle of recovering a log or writing a side file.
        assertThat(most.get()).isBetween(100L, 128L * FILES + 2L * threads.length);
        sessions.close();

        int records = 0;
        for (int i = 0; i < 1000; i++) {
            int count = session("s" + i).lines().size();
            session("s" + i).assertGapless(count);
            session("s" + i).assertLeftBehindRightly();
            records += count;
        }
        assertThat(records).isEqualTo(2000);
        assertThat(notices).isEmpty();
    }

    @Test
    void ofFourThousandGarbledTailsNoneLosesOrRefusesARecord() throws IOException {
        Random random = new Random(17);
        Sessions sessions = sessions(128);
        append(sessions, "a");
        sessions.close();
        byte[] whole = Files.readAllBytes(session("a").log());
        for (int i = 0; i < 4000; i++) {
            byte[] garbage = new byte[1 + random.nextInt(300)];
            random.nextBytes(garbage);
            if (random.nextBoolean()) {
                // A record's own beginning, as a writer that was killed leaves it.
                System.arraycopy(whole, 0, garbage, 0, Math.min(garbage.length, 1 + random.nextInt(whole.length - 1)));
            }
            try (FileOutputStream out = new FileOutputStream(session("a").log().toFile(), true)) {
                out.write(garbage);
            }
            // A restart comes later. Otherwise each would wait, since a Python program may be in the middle of a write.
            Files.setLastModifiedTime(session("a").log(), FileTime.fromMillis(0));
            Sessions next = sessions(128);
            append(next, "a");
            next.close();
            if (i % 1000 == 999) {
                session("a").assertGapless(i + 2);
            }
        }
        session("a").assertGapless(4001);
    }
}
