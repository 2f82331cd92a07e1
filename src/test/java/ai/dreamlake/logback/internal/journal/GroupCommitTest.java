package ai.dreamlake.logback.internal.journal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ai.dreamlake.logback.internal.record.LineFormat;
import ai.dreamlake.logback.internal.session.SessionDescription;
import ai.dreamlake.logback.internal.session.SessionName;
import ai.dreamlake.logback.testing.SessionOnDisk;
import java.io.File;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Several threads in one journal, at moments that the test chooses: the first write stands still until all others wait
 * behind it, so that one of them finds the lines of all.
 */
@Timeout(60)
class GroupCommitTest {

    private static final SessionName NAME = SessionName.of("project", "run");

    @TempDir
    Path root;

    private final AtomicLong clock = new AtomicLong(1_000_000_000L);
    private final SlowDisk disk = new SlowDisk();
    private final Map<String, Thread> threads = new LinkedHashMap<>();
    private final Map<String, Throwable> failures = new ConcurrentHashMap<>();
    private SessionOnDisk session;
    private Journal journal;

    /**
     * A disk of which one write, the first if nothing else is said, waits, and with switches for the next one. What it
     * writes it writes for real.
     */
    private static final class SlowDisk implements Storage {
        int slow = 1;
        final CountDownLatch slowHasBegun = new CountDownLatch(1);
        final CountDownLatch slowMayGoOn = new CountDownLatch(1);

        /** The lines that each write was asked for. */
        final List<Integer> lines = new ArrayList<>();

        /** How many bytes of the next write fit. */
        int room = Integer.MAX_VALUE;

        /** Thrown behind the next write, or, without room, instead of it. */
        Throwable failure;

        int forced;

        @Override
        public LogFile open(File log) throws FileNotFoundException {
            return new LogFile(log) {
                @Override
                public void write(byte[] bytes, int start, int count) throws IOException {
                    lines.add(
                            (int) new String(bytes, start, count, UTF_8).lines().count());
                    if (lines.size() == slow) {
                        slowHasBegun.countDown();
                        uninterruptibly(slowMayGoOn);
                    }
                    boolean isNext = lines.size() == slow + 1;
                    super.write(bytes, start, isNext ? Math.min(room, count) : count);
                    if (isNext && failure instanceof IOException exception) {
                        throw exception;
                    }
                    if (isNext && failure instanceof Error error) {
                        throw error;
                    }
                }

                @Override
                public void force() {
                    forced = lines.size();
                }
            };
        }

        private static void uninterruptibly(CountDownLatch latch) {
            try {
                latch.await();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }
    }

    @BeforeEach
    void open() {
        session = SessionOnDisk.of(root, "project", "run");
        journal = new Journal(new SessionDirectory(session.directory()), NAME, clock::get, disk);
        journal.retain();
    }

    @AfterEach
    void close() throws IOException {
        journal.release();
    }

    private static byte[] record(String message) {
        return ("{\"timestamp\": \"2025-10-29T10:30:00.000000Z\", \"level\": \"info\", \"message\": \"" + message
                        + "\", \"metadata\": null, \"sequenceNumber\": ")
                .getBytes(UTF_8);
    }

    private void append(byte[] record) throws IOException {
        byte[] line = Arrays.copyOf(record, record.length + LineFormat.ROOM_FOR_NUMBER);
        journal.append(new Line().set(line, record.length, false, null));
    }

    private Thread appendOnAThread(String message, boolean forced, String description) {
        Thread thread = new Thread(() -> {
            try {
                byte[] record = record(message);
                byte[] line = Arrays.copyOf(record, record.length + LineFormat.ROOM_FOR_NUMBER);
                journal.append(new Line().set(line, record.length, forced, description));
                Arrays.fill(line, (byte) '?'); // as its thread writes the next record there
            } catch (Throwable failure) {
                failures.put(message, failure);
            }
        });
        threads.put(message, thread);
        thread.start();
        return thread;
    }

    private void appendAll(String... messages) throws InterruptedException {
        begin();
        for (String message : messages) {
            appendBehind(message, false, null);
        }
        end();
    }

    private void begin() throws InterruptedException {
        appendOnAThread("first", false, null);
        disk.slowHasBegun.await();
    }

    private void appendBehind(String message, boolean forced, String description) {
        Thread thread = appendOnAThread(message, forced, description);
        await().pollInterval(1, TimeUnit.MILLISECONDS).until(() -> thread.getState() == Thread.State.BLOCKED);
    }

    private void end() throws InterruptedException {
        disk.slowMayGoOn.countDown();
        for (Thread thread : threads.values()) {
            thread.join();
        }
    }

    @Test
    void whatOthersOfferIsWrittenWithOneCall() throws Exception {
        appendAll("a", "b", "c");
        assertThat(disk.lines).containsExactly(1, 3);
        session.assertGapless(4);
        assertThat(session.messages()).containsExactlyInAnyOrder("first", "a", "b", "c");
        assertThat(failures).isEmpty();
        journal.pause();
        session.assertLeftBehindRightly();
    }

    @Test
    void theHintIsAheadOfAllLinesThatAreWrittenTogether() throws Exception {
        disk.slow = 999; // the hint covers a thousand
        byte[] record = record("m");
        for (int i = 1; i < disk.slow; i++) {
            append(record);
        }
        begin();
        for (String message : new String[] {"a", "b", "c"}) {
            appendBehind(message, false, null);
        }
        end();
        assertThat(disk.lines.get(disk.slow)).isEqualTo(3);
        session.assertGapless(1002);
        assertThat(session.readHint()).isGreaterThanOrEqualTo(1002);
    }

    @Test
    void theHintIsNeverBehindTheLogWhenTheJvmEnds() throws Exception {
        journal.expectExit();
        begin();
        for (String message : new String[] {"a", "b", "c"}) {
            appendBehind(message, false, null);
        }
        end();
        assertThat(session.readHint()).isEqualTo(4);
    }

    @Test
    void linesForWhichThereIsNoRoomAreWrittenByTheirOwnThreads() throws Exception {
        String[] messages = new String[20];
        Arrays.setAll(messages, i -> "long " + i + " " + "x".repeat(1800));
        appendAll(messages);
        session.assertGapless(21);
        assertThat(session.messages()).contains(messages).hasSize(21);
        assertThat(disk.lines.get(1)).isEqualTo(4);
    }

    @Test
    void aLongRecordIsWrittenAlone() throws Exception {
        String[] messages = new String[5];
        Arrays.setAll(messages, i -> "long " + i + " " + "x".repeat(10_000));
        appendAll(messages);
        session.assertGapless(6);
        assertThat(session.messages()).contains(messages);
        assertThat(disk.lines).containsOnly(1);
    }

    @Test
    void ifOneLineIsToBeForcedItIsForcedBeforeItsThreadGoesOn() throws Exception {
        begin();
        appendBehind("a", false, null);
        appendBehind("forced", true, null);
        appendBehind("b", false, null);
        end();
        assertThat(disk.lines).containsExactly(1, 3);
        assertThat(disk.forced).isEqualTo(2);
    }

    @Test
    void theDescriptionThatCameWithAnOfferedLineIsWritten() throws Exception {
        begin();
        appendBehind("a", false, null);
        appendBehind(
                "described",
                false,
                SessionDescription.of(NAME, SessionDescription.nothing().put("description", "given"))
                        .toText());
        appendBehind("b", false, null);
        end();
        assertThat(disk.lines).containsExactly(1, 3);
        assertThat(session.readDescription().get("description").stringValue()).isEqualTo("given");
    }

    @Test
    void onADiskThatBecomesFullTheWholeLinesCountAndTheOthersTryForThemselves() throws Exception {
        disk.room = 2 * (record("a").length + 3) + 10; // a digit, a brace and a line end, and a piece of the third
        disk.failure = new IOException("No space left on device");
        appendAll("a", "b", "c");
        assertThat(disk.lines).containsExactly(1, 3, 1);
        session.assertGapless(4);
        assertThat(session.messages()).containsExactlyInAnyOrder("first", "a", "b", "c");
        assertThat(failures).isEmpty();
    }

    @Test
    void onADiskThatIsFullOneThreadLearnsItAndTheOthersTryForThemselves() throws Exception {
        disk.room = 10;
        disk.failure = new IOException("No space left on device");
        appendAll("a", "b", "c");
        assertThat(disk.lines).hasSize(4).startsWith(1, 3);
        session.assertGapless(3);
        assertThat(failures).hasSize(1);
        assertThat(session.messages()).doesNotContainAnyElementsOf(failures.keySet());
    }

    @Test
    void anErrorBehindTheSystemCallRepeatsNoLine() throws Exception {
        disk.failure = new StackOverflowError("thrown by the test");
        appendAll("a", "b", "c");
        assertThat(disk.lines).containsExactly(1, 3);
        session.assertGapless(4);
        assertThat(failures).isEmpty();
    }

    @Test
    void anErrorInsteadOfTheSystemCallIsForItsOwnThreadAlone() throws Exception {
        disk.room = 0;
        disk.failure = new StackOverflowError("thrown by the test");
        appendAll("a", "b", "c");
        session.assertGapless(3);
        assertThat(failures.values()).singleElement().isSameAs(disk.failure);
    }

    @Test
    void threadsThatTakeTurnsAtTheirOwnSpeedLoseAndRepeatNothing() throws Exception {
        disk.slowMayGoOn.countDown();
        List<Thread> writers = new ArrayList<>();
        for (int writer = 0; writer < 8; writer++) {
            String name = "writer " + writer;
            writers.add(new Thread(() -> {
                for (int i = 0; i < 5000; i++) {
                    byte[] record = record(name);
                    try {
                        append(record);
                    } catch (IOException failure) {
                        failures.put(name, failure);
                    }
                }
            }));
        }
        writers.forEach(Thread::start);
        for (Thread writer : writers) {
            writer.join();
        }
        assertThat(failures).isEmpty();
        session.assertGapless(40_000);
        for (int writer = 0; writer < 8; writer++) {
            String name = "writer " + writer;
            assertThat(session.messages().stream().filter(name::equals)).hasSize(5000);
        }
    }

    /** Threads that wait for a peer's lease let each other into the journal meanwhile. */
    @Test
    void whoWaitsForAPeerWhileItsLineIsWrittenDoesNotWriteItAgain() throws Exception {
        disk.slowMayGoOn.countDown();
        appendOnAThread("first", false, null).join();
        journal.pause();
        SessionLock peer = new SessionLock(session.lock());
        assertThat(peer.tryTake()).isTrue();
        List<Thread> waiting = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            waiting.add(appendOnAThread("m" + i, false, null));
        }
        for (Thread thread : waiting) {
            await().pollInterval(1, TimeUnit.MILLISECONDS).until(() -> thread.getState() == Thread.State.TIMED_WAITING);
        }
        peer.close();
        end();
        session.assertGapless(11);
        assertThat(session.messages()).doesNotHaveDuplicates();
    }

    @Test
    void whatIsRefusedWhileAPeerHoldsTheLeaseIsNotWrittenLaterByAnother() throws Exception {
        disk.slowMayGoOn.countDown();
        appendOnAThread("first", false, null).join();
        journal.pause();
        SessionLock peer = new SessionLock(session.lock());
        assertThat(peer.tryTake()).isTrue();
        List<Thread> refused = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            refused.add(appendOnAThread("refused " + i, false, null));
        }
        for (Thread thread : refused) {
            await().pollInterval(1, TimeUnit.MILLISECONDS).until(() -> thread.getState() == Thread.State.TIMED_WAITING);
        }
        clock.addAndGet(LockWait.MAX_WAIT_NANOS);
        for (Thread thread : refused) {
            thread.join();
        }
        assertThat(failures).hasSize(10);
        peer.close();
        appendOnAThread("last", false, null).join();
        assertThat(session.messages()).containsExactly("first", "last");
    }
}
