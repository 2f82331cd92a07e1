package ai.dreamlake.logback.internal.engine;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import ai.dreamlake.logback.internal.journal.Line;
import ai.dreamlake.logback.internal.journal.LogFile;
import ai.dreamlake.logback.internal.journal.Storage;
import ai.dreamlake.logback.internal.record.LineFormat;
import ai.dreamlake.logback.internal.session.SessionName;
import ai.dreamlake.logback.support.SessionOnDisk;
import ch.qos.logback.core.spi.ContextAwareBase;
import java.io.File;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Many sessions and few places, slow disks, and no file descriptors. A test that hangs fails by its timeout. */
@Timeout(value = 5, unit = TimeUnit.MINUTES, threadMode = ThreadMode.SEPARATE_THREAD)
class OpenSessionsTest {

    private static final byte[] RECORD =
            "{\"timestamp\": \"2025-10-29T10:30:00.000000Z\", \"level\": \"info\", \"message\": \"m\", \"metadata\": null, \"sequenceNumber\": "
                    .getBytes(UTF_8);

    @TempDir
    Path root;

    private final AtomicLong clock = new AtomicLong();
    private final ConcurrentLinkedQueue<String> warnings = new ConcurrentLinkedQueue<>();
    private Consumer<String> listener = warnings::add;
    private final Disk disk = new Disk();
    private final ConcurrentLinkedQueue<Throwable> failures = new ConcurrentLinkedQueue<>();
    private final List<Thread> threads = new ArrayList<>();
    private Sessions sessions;

    private enum Step {
        CREATE_DIRECTORY,
        OPEN,
        CLOSE
    }

    /** A disk that hangs in one step of the session named "slow", and has descriptors for a limited number of logs. */
    private static final class Disk implements Storage {
        volatile Step slowStep;
        final CountDownLatch reached = new CountDownLatch(1);
        final CountDownLatch goesOn = new CountDownLatch(1);

        final AtomicInteger open = new AtomicInteger();
        final AtomicInteger mostOpen = new AtomicInteger();
        volatile int room = Integer.MAX_VALUE;

        private void reach(Step step, Path path) {
            if (step == slowStep && path.toString().contains("slow")) {
                reached.countDown();
                try {
                    goesOn.await();
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
            }
        }

        @Override
        public void createDirectory(Path directory) throws IOException {
            reach(Step.CREATE_DIRECTORY, directory);
            Storage.super.createDirectory(directory);
        }

        @Override
        public LogFile open(File log) throws IOException {
            reach(Step.OPEN, log.toPath());
            int now = open.incrementAndGet();
            if (now > room) {
                open.decrementAndGet();
                throw new FileNotFoundException(log + " (Too many open files)");
            }
            mostOpen.accumulateAndGet(now, Math::max);
            return new LogFile(log) {
                private boolean closed;

                @Override
                public void close() throws IOException {
                    reach(Step.CLOSE, log.toPath());
                    super.close();
                    if (!closed) {
                        closed = true;
                        open.decrementAndGet();
                    }
                }
            };
        }
    }

    private Sessions sessions(int maxOpen) {
        ContextAwareBase status = new ContextAwareBase() {
            @Override
            public void addWarn(String warning) {
                listener.accept(warning);
            }
        };
        sessions = new Sessions(
                root,
                disk,
                maxOpen,
                TimeUnit.MINUTES.toNanos(5),
                TimeUnit.MILLISECONDS.toNanos(2),
                "keeper",
                new StatusReporter(status, "test", "<localPath>", line -> {}, System::nanoTime),
                clock::get);
        return sessions;
    }

    @AfterEach
    void close() throws InterruptedException {
        disk.goesOn.countDown();
        for (Thread thread : threads) {
            thread.join();
        }
        sessions.close();
        assertThat(failures).isEmpty();
        assertThat(disk.open).as("logs that are left open").hasValue(0);
    }

    private void append(String session) throws IOException {
        clock.incrementAndGet();
        byte[] record = Arrays.copyOf(RECORD, RECORD.length + LineFormat.ROOM_FOR_NUMBER);
        sessions.append(new SessionName("project", session), new Line().set(record, RECORD.length, false, null));
    }

    private Thread inThread(String session) {
        return inThread(() -> append(session));
    }

    private interface Work {
        void run() throws Exception;
    }

    private Thread inThread(Work work) {
        Thread thread = new Thread(() -> {
            try {
                work.run();
            } catch (Throwable e) {
                failures.add(e);
            }
        });
        threads.add(thread);
        thread.start();
        return thread;
    }

    private void joinAll() throws InterruptedException {
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(failures).isEmpty();
    }

    private SessionOnDisk session(String name) {
        return SessionOnDisk.of(root, "project", name);
    }

    private void assertComplete(String session, int records) {
        session(session).assertGapless(records);
        session(session).assertLeftBehindRightly();
    }

    @ParameterizedTest
    @EnumSource(names = {"CREATE_DIRECTORY", "OPEN"})
    void aSessionThatIsSlowToOpenDelaysNoOther(Step step) throws Exception {
        sessions(2);
        disk.slowStep = step;
        Thread slow = inThread("slow");
        disk.reached.await();
        for (String name : List.of("a", "b", "c", "a", "b", "c")) {
            append(name); // with the one other place
        }
        assertThat(slow.isAlive()).isTrue();
        disk.goesOn.countDown();
        slow.join();
        for (String name : List.of("a", "b", "c")) {
            session(name).assertGapless(2);
        }
        session("slow").assertGapless(1);
        assertThat(disk.mostOpen.get()).isLessThanOrEqualTo(2);
    }

    @Test
    void aSessionThatIsSlowToCloseDelaysOnlyTheOneThatGetsItsPlace() throws Exception {
        sessions(2);
        disk.slowStep = Step.CLOSE;
        append("slow");
        append("a");
        Thread getsItsPlace = inThread("b");
        disk.reached.await();
        for (String name : List.of("c", "a", "c", "a")) {
            append(name); // with the one other place
        }
        assertThat(getsItsPlace.isAlive()).isTrue();
        assertThat(sessions.openCount()).isEqualTo(2);
        disk.goesOn.countDown();
        getsItsPlace.join();
        assertThat(sessions.openCount()).isEqualTo(2);
        session("a").assertGapless(3);
        session("b").assertGapless(1);
        session("c").assertGapless(2);
        assertComplete("slow", 1);
        assertThat(disk.mostOpen).hasValue(2);
    }

    @Test
    void threadsThatOpenOneSessionTakeOnePlace() throws Exception {
        sessions(3);
        disk.slowStep = Step.OPEN;
        inThread("slow");
        disk.reached.await();
        for (int i = 0; i < 4; i++) {
            Thread waits = inThread("slow");
            await().until(() -> waits.getState() == Thread.State.BLOCKED);
        }
        append("a");
        append("b");
        assertThat(sessions.openCount()).isEqualTo(3);
        assertThat(disk.open).as("no session was closed for the others").hasValue(2);
        disk.goesOn.countDown();
        joinAll();
        session("slow").assertGapless(5);
        assertThat(sessions.openCount()).isEqualTo(3);
    }

    @Test
    void aRecordThatComesWhileItsSessionIsBeingClosedOpensItAgain() throws Exception {
        sessions(2);
        disk.slowStep = Step.CLOSE;
        append("slow");
        append("a");
        inThread("b");
        disk.reached.await();
        Thread waits = inThread("slow");
        await().until(() -> waits.getState() == Thread.State.BLOCKED);
        disk.goesOn.countDown();
        joinAll();
        session("slow").assertGapless(2);
        assertThat(disk.mostOpen).hasValue(2);
        assertThat(sessions.openCount()).isEqualTo(2);
    }

    /** That includes files of threads whose session was closed between their look at it and their record. */
    @Test
    void neverAreMoreFilesOpenThanPlaces() throws Exception {
        sessions(3);
        int rounds = 500;
        AtomicInteger[] records = Stream.generate(AtomicInteger::new).limit(20).toArray(AtomicInteger[]::new);
        for (int t = 0; t < 8; t++) {
            Random random = new Random(t);
            inThread(() -> {
                for (int i = 0; i < rounds; i++) {
                    int session = random.nextInt(records.length);
                    append("s" + session);
                    records[session].incrementAndGet();
                    if (random.nextInt(50) == 0) {
                        sessions.step(clock.get());
                    }
                }
            });
        }
        joinAll();
        assertThat(disk.mostOpen).hasValue(3);
        sessions.close();
        for (int i = 0; i < records.length; i++) {
            assertComplete("s" + i, records[i].get());
        }
        assertThat(warnings).isEmpty();
    }

    @Test
    void whenAllPlacesAreBeingOpenedTheNextSessionWaitsEvenIfInterrupted() throws Exception {
        sessions(1);
        disk.slowStep = Step.OPEN;
        inThread("slow");
        disk.reached.await();
        AtomicInteger stillInterrupted = new AtomicInteger();
        Thread waits = inThread(() -> {
            Thread.currentThread().interrupt();
            append("a");
            stillInterrupted.addAndGet(Thread.interrupted() ? 1 : 0);
        });
        await().until(() -> waits.getState() == Thread.State.TIMED_WAITING);
        waits.interrupt();
        disk.goesOn.countDown();
        joinAll();
        assertThat(stillInterrupted).hasValue(1);
        assertThat(disk.mostOpen).hasValue(1);
        session("slow").assertGapless(1);
        session("a").assertGapless(1);
    }

    @Test
    void stopLeavesASessionThatIsBeingOpenedToItsThread() throws Exception {
        sessions(2);
        append("a");
        disk.slowStep = Step.OPEN;
        inThread("slow");
        disk.reached.await();
        sessions.close();
        assertThat(sessions.openCount()).isEqualTo(1);
        disk.goesOn.countDown();
        joinAll();
        assertComplete("slow", 1);
        assertThat(sessions.openCount()).isZero();
        assertThat(disk.open).hasValue(0);
    }

    @Test
    void stopWaitsForASessionThatIsBeingClosed() throws Exception {
        sessions(1);
        append("slow");
        disk.slowStep = Step.CLOSE;
        inThread("a");
        disk.reached.await();
        Thread stop = inThread(sessions::close);
        await().until(() -> stop.getState() == Thread.State.BLOCKED);
        disk.goesOn.countDown();
        joinAll();
        assertComplete("slow", 1);
        assertComplete("a", 1);
        sessions.close();
        assertThat(sessions.openCount()).isZero();
    }

    @Test
    void theKeeperClosesIdleSessionsWhileAnotherIsBeingOpened() throws Exception {
        sessions(3);
        append("a");
        disk.slowStep = Step.OPEN;
        Thread slow = inThread("slow");
        disk.reached.await();
        clock.addAndGet(TimeUnit.MINUTES.toNanos(6));
        sessions.step(clock.get());
        assertThat(sessions.openCount()).as("the slow one").isEqualTo(1);
        assertThat(slow.isAlive()).isTrue();
    }

    @Test
    void aListenerNotifiedOfANewlyOpenedSessionMayLog() throws Exception {
        sessions(1);
        listener = warning -> {
            warnings.add(warning);
            try {
                append("b");
                append("a");
                append("b");
            } catch (IOException e) {
                failures.add(e);
            }
        };
        Files.createDirectories(session("a").hint()); // so there is something to report
        append("a");
        assertThat(warnings).hasSize(1);
        session("a").assertGapless(2);
        assertComplete("b", 2);
    }

    @Test
    void aStackOverflowLeavesNoPlaceTakenAndNoSessionHalfOpen() throws Exception {
        sessions(2);
        for (int i = 0; i < 5; i++) {
            append("s" + i); // without its directory, a session would overflow the stack too early
        }
        for (int round = 0; round < 20; round++) {
            int first = round;
            if (round % 2 == 0) { // so sessions are opened without closing another one
                clock.addAndGet(TimeUnit.MINUTES.toNanos(6));
                sessions.step(clock.get());
            }
            Thread thread = new Thread(null, () -> appendAtTheEndOfTheStack(new int[] {first}, 0), "deep", 512 * 1024);
            thread.start();
            thread.join();
            assertThat(sessions.openCount()).isLessThanOrEqualTo(2);
        }
        assertThat(failures).isEmpty();
        disk.mostOpen.set(0);
        for (int i = 0; i < 5; i++) {
            append("s" + i);
            assertThat(sessions.openCount()).isLessThanOrEqualTo(2);
        }
        assertThat(disk.mostOpen.get()).isLessThanOrEqualTo(2);
        sessions.close();
        assertThat(sessions.openCount()).isZero();
        assertThat(disk.open).hasValue(0);
        for (int i = 0; i < 5; i++) {
            session("s" + i).assertGapless(session("s" + i).lines().size());
        }
    }

    /** Moves the end of the stack through our code: some frames further up each time, until a record is written. */
    private void appendAtTheEndOfTheStack(int[] next, int depth) {
        try {
            appendAtTheEndOfTheStack(next, depth + 1);
        } catch (StackOverflowError end) {
            if (depth % 7 == 0) {
                try {
                    append("s" + next[0]++ % 5);
                    return;
                } catch (IOException e) {
                    failures.add(e);
                }
            }
            throw end;
        }
    }

    @Test
    void whenFileDescriptorsRunOutTheLeastRecentlyUsedSessionsAreClosedAndFewerMayBeOpen() throws Exception {
        sessions(128);
        disk.room = 8;
        for (int i = 0; i < 9; i++) {
            append("s" + i);
        }
        assertThat(warnings)
                .containsExactly("There are no file descriptors left, so <maxOpenSessions> is 4 instead of 128 until"
                        + " the next start. No record is lost by that. Let the process open more files (ulimit -n),"
                        + " or lower <maxOpenSessions>: a session takes up to five.");
        assertThat(disk.open).hasValue(8);
        sessions.step(clock.get());
        assertThat(disk.open).hasValue(4);
        assertThat(sessions.openCount()).isEqualTo(4);
        disk.mostOpen.set(0);
        for (int i = 0; i < 30; i++) {
            append("s" + i);
        }
        assertThat(disk.mostOpen).hasValue(4);
        sessions.close();
        IntStream.range(0, 30).forEach(i -> assertComplete("s" + i, i < 9 ? 2 : 1));
        assertThat(warnings).hasSize(1);
    }

    @Test
    void manyThreadsThatLackADescriptorAtOnceHalveTheLimitOnce() throws Exception {
        sessions(128);
        disk.room = 24;
        CountDownLatch allAtOnce = new CountDownLatch(1);
        for (int t = 0; t < 8; t++) {
            int thread = t;
            inThread(() -> {
                allAtOnce.await();
                for (int i = 0; i < 100; i++) {
                    append("s" + (i * 8 + thread) % 100);
                }
            });
        }
        allAtOnce.countDown();
        joinAll();
        assertThat(warnings).hasSize(1);
        sessions.step(clock.get());
        assertThat(sessions.openCount()).isBetween(8, 16);
        sessions.close();
        IntStream.range(0, 100).forEach(i -> assertComplete("s" + i, 8));
    }

    @Test
    void anOpenSessionThatMustReopenItsLogGetsTheDescriptorsOfAnother() throws Exception {
        sessions(128);
        for (String name : List.of("a", "b", "c")) {
            append(name);
        }
        disk.room = 2;
        Files.delete(session("c").log()); // somebody else did
        append("c");
        session("c").assertGapless(1);
        assertThat(sessions.openCount()).isEqualTo(2);
        assertThat(warnings).hasSize(1);
        append("a");
        session("a").assertGapless(2);
    }

    @Test
    void ifNoSessionIsOpenTheRecordIsRefusedAndTheNextOneTriesAgain() throws Exception {
        sessions(128);
        disk.room = 0;
        assertThatThrownBy(() -> append("a")).isInstanceOf(IOException.class).hasMessageContaining("Too many open");
        disk.room = 2;
        append("a");
        append("b");
        assertThat(sessions.openCount()).isEqualTo(2);
        assertThat(warnings).as("our limit was not the cause").isEmpty();
        session("a").assertGapless(1);
    }
}
