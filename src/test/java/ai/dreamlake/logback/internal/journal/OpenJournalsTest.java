package ai.dreamlake.logback.internal.journal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import ai.dreamlake.logback.internal.session.SessionName;
import ai.dreamlake.logback.testing.SessionDirectory;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OpenJournalsTest {

    private static final byte[] RECORD =
            "{\"timestamp\": \"2025-10-29T10:30:00.000000Z\", \"level\": \"info\", \"message\": \"m\", \"metadata\": null, \"sequenceNumber\": "
                    .getBytes(UTF_8);

    @TempDir
    Path root;

    private final AtomicLong clock = new AtomicLong();
    private final ConcurrentLinkedQueue<String> notices = new ConcurrentLinkedQueue<>();
    private final List<OpenJournals> opened = new ArrayList<>();

    private OpenJournals journals(int most) {
        OpenJournals journals = new OpenJournals(
                root, most, TimeUnit.MINUTES.toNanos(5), "test", notices::add, clock::get, LogFile::new);
        opened.add(journals);
        return journals;
    }

    @AfterEach
    void close() {
        opened.forEach(OpenJournals::close);
    }

    private static void append(OpenJournals journals, String session) throws IOException {
        journals.append(
                new SessionName("project", session),
                Arrays.copyOf(RECORD, RECORD.length + OpenJournals.ROOM_FOR_NUMBER),
                RECORD.length,
                false,
                null);
    }

    private SessionDirectory session(String name) {
        return SessionDirectory.of(root, "project", name);
    }

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
        OpenJournals journals = journals(2);
        for (String name : List.of("a", "b", "a", "c")) {
            clock.incrementAndGet();
            append(journals, name);
        }
        assertThat(journals.size()).isEqualTo(2);
        session("b").assertLeftBehindRightly();
        assertThat(session("a").readHint()).as("a is open").isEqualTo(1000);
        append(journals, "b");
        session("b").assertGapless(2);
    }

    @Test
    void anIdleSessionIsClosedAndContinuedByItsNextRecord() throws IOException {
        OpenJournals journals = journals(10);
        append(journals, "a");
        clock.addAndGet(TimeUnit.MINUTES.toNanos(5) - 1);
        assertThat(journals.step(clock.get())).isEqualTo(1);
        assertThat(journals.size()).isEqualTo(1);
        clock.incrementAndGet();
        assertThat(journals.step(clock.get())).isEqualTo(Long.MAX_VALUE);
        assertThat(journals.size()).isZero();
        append(journals, "a");
        session("a").assertGapless(2);
    }

    @Test
    void theNextStepIsDueWhenALeaseEndsAndThenWhenASessionIsIdle() throws IOException {
        OpenJournals journals = journals(10);
        assertThat(journals.step(clock.get())).as("nothing to do").isEqualTo(Long.MAX_VALUE);
        append(journals, "a");
        assertThat(journals.step(clock.get())).isEqualTo(Journal.LEASE_NANOS);
        clock.addAndGet(Journal.LEASE_NANOS);
        assertThat(journals.step(clock.get())).isEqualTo(TimeUnit.MINUTES.toNanos(5) - Journal.LEASE_NANOS);
        assertThat(session("a").readHint()).isEqualTo(1);
    }

    @Test
    void theThreadPausesAnIdleSessionByItself() throws IOException {
        OpenJournals journals = new OpenJournals(root, 10, TimeUnit.MINUTES.toNanos(5), "keeper-under-test", notices::add);
        opened.add(journals);
        journals.start();
        for (int i = 1; i <= 3; i++) {
            append(journals, "a");
            int records = i;
            await().until(() -> session("a").readHint() == records);
        }
        assertThat(Thread.getAllStackTraces().keySet())
                .anyMatch(thread -> thread.getName().equals("keeper-under-test") && thread.isDaemon());
        journals.close();
        await().until(() -> Thread.getAllStackTraces().keySet().stream()
                .noneMatch(thread -> thread.getName().equals("keeper-under-test")));
    }

    @Test
    void twoUsersShareOneJournalUntilTheLastOneLeaves() throws IOException {
        OpenJournals first = journals(10);
        OpenJournals second = journals(10);
        append(first, "a");
        append(second, "a");
        append(first, "a");
        assertThat(openFilesUnder(root)).isEqualTo(2);
        first.close();
        assertThat(openFilesUnder(root)).isEqualTo(2);
        append(second, "a");
        second.close();
        assertThat(openFilesUnder(root)).isZero();
        session("a").assertGapless(4);
        session("a").assertLeftBehindRightly();
    }

    @Test
    void twoWaysToOneDirectoryAreOneJournal() throws IOException {
        Path link = root.resolveSibling(root.getFileName() + "-link");
        Files.createSymbolicLink(link, root);
        try {
            OpenJournals direct = journals(10);
            OpenJournals linked = new OpenJournals(
                    link, 10, 1000, "test", notices::add, clock::get, LogFile::new);
            opened.add(linked);
            append(direct, "a");
            append(linked, "a");
            append(direct, "a");
            session("a").assertGapless(3);
            assertThat(openFilesUnder(root.toRealPath())).isEqualTo(2);
        } finally {
            Files.delete(link);
        }
    }

    @Test
    void aRecordThatIsUnderWayWhenAllIsClosedIsStillWritten() throws IOException {
        OpenJournals journals = journals(10);
        append(journals, "a");
        journals.close();
        append(journals, "a");
        session("a").assertGapless(2);
        assertThat(journals.size()).isZero();
        assertThat(openFilesUnder(root)).isZero();
        session("a").assertLeftBehindRightly();
    }

    @Test
    void aRecordThatIsLostWhenAllIsClosedLeavesNothingOpen() throws IOException {
        OpenJournals journals = journals(10);
        journals.close();
        Files.createDirectories(session("a").log()); // a directory where the log should be
        assertThatThrownBy(() -> append(journals, "a")).isInstanceOf(IOException.class);
        assertThat(journals.size()).isZero();
        assertThat(openFilesUnder(root)).isZero();
    }

    @Test
    void aSessionWhoseRecordWaitsForAPeerIsNotClosed() throws Exception {
        OpenJournals journals = journals(1);
        append(journals, "a");
        clock.addAndGet(Journal.LEASE_NANOS);
        journals.step(clock.get());
        Lease peer = new Lease(session("a").lock());
        assertThat(peer.tryTake()).isTrue();
        Thread waits = new Thread(() -> {
            try {
                append(journals, "a");
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        });
        waits.start();
        await().until(peer::isWanted);
        assertThat(journals.step(clock.get() + TimeUnit.MINUTES.toNanos(6))).isEqualTo(Journal.LEASE_NANOS);
        assertThat(journals.size()).isEqualTo(1);
        peer.giveUp();
        waits.join();
        session("a").assertGapless(2);
        peer.close();
    }

    @Test
    void aListenerThatThrowsDoesNotEndTheThread() throws IOException {
        OpenJournals journals = new OpenJournals(root, 10, TimeUnit.MINUTES.toNanos(5), "keeper-with-a-bad-listener", notice -> {
            throw new IllegalStateException(notice);
        });
        opened.add(journals);
        journals.start();
        append(journals, "a");
        await().until(() -> session("a").readHint() == 1);
        Files.delete(session("a").hint());
        Files.createDirectory(session("a").hint()); // now the keeper, too, has something to tell
        append(journals, "b");
        await().until(() -> session("b").readHint() == 1);
        append(journals, "b");
        await().until(() -> session("b").readHint() == 2);
    }

    @Test
    void aBadNameIsMadeSafeAndTold() throws IOException {
        OpenJournals journals = journals(10);
        append(journals, "../../outside\n");
        append(journals, "../../outside\n");
        String safe = SessionName.safe("project", "../../outside\n").session();
        session(safe).assertGapless(2);
        assertThat(notices).containsExactly(
                "a session or workspace name from the MDC breaks the rules; its records go to project/" + safe);
    }

    @Test
    void tenThousandSessionsNeedNoMoreThan256FileDescriptors() throws Exception {
        OpenJournals journals = journals(128);
        Thread[] threads = new Thread[4];
        ConcurrentLinkedQueue<Throwable> failures = new ConcurrentLinkedQueue<>();
        AtomicLong most = new AtomicLong();
        for (int t = 0; t < threads.length; t++) {
            int seed = t;
            threads[t] = new Thread(() -> {
                try {
                    Random random = new Random(seed);
                    for (int i = seed; i < 10_000; i += threads.length) {
                        clock.incrementAndGet();
                        append(journals, "s" + i);
                        append(journals, "s" + random.nextInt(10_000)); // most often one that is closed, or not there yet
                        if (i % 500 == seed) {
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
        assertThat(most.get()).isBetween(100L, 256L + threads.length);
        journals.close();

        int records = 0;
        for (int i = 0; i < 10_000; i++) {
            int count = session("s" + i).lines().size();
            session("s" + i).assertGapless(count);
            session("s" + i).assertLeftBehindRightly();
            records += count;
        }
        assertThat(records).isEqualTo(20_000);
        assertThat(notices).isEmpty();
    }

    @Test
    void tenThousandGarbledTailsLoseNothingAndRefuseNothing() throws IOException {
        Random random = new Random(17);
        OpenJournals journals = journals(128);
        append(journals, "a");
        journals.close();
        byte[] whole = Files.readAllBytes(session("a").log());
        for (int i = 0; i < 10_000; i++) {
            byte[] garbage = new byte[1 + random.nextInt(300)];
            random.nextBytes(garbage);
            if (random.nextBoolean()) {
                // A record's own beginning, as a writer that was killed leaves it.
                System.arraycopy(whole, 0, garbage, 0, Math.min(garbage.length, 1 + random.nextInt(whole.length - 1)));
            }
            try (FileOutputStream out = new FileOutputStream(session("a").log().toFile(), true)) {
                out.write(garbage);
            }
            OpenJournals next = journals(128);
            append(next, "a");
            next.close();
            if (i % 1000 == 999) {
                session("a").assertGapless(i + 2);
            }
        }
        session("a").assertGapless(10_001);
    }
}
