package ai.dreamlake.logback.internal.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import ai.dreamlake.logback.internal.io.NativeFlock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two locks of one JVM exclude each other, too; that is how the peers of other processes are played here. */
class SessionLockTest {

    @TempDir
    Path directory;

    private SessionLock first;
    private SessionLock second;

    @BeforeEach
    void locks() {
        first = new SessionLock(directory.resolve(".lock"));
        second = new SessionLock(directory.resolve(".lock"));
    }

    @AfterEach
    void close() throws IOException {
        first.close();
        second.close();
    }

    @Test
    void onlyOneHoldsIt() throws IOException {
        assertThat(first.tryTake()).isTrue();
        assertThat(second.tryTake()).isFalse();

        first.release();
        assertThat(second.tryTake()).isTrue();
        assertThat(first.tryTake()).isFalse();
    }

    @Test
    void theFileStaysEmptyAndIsNotDeleted() throws IOException {
        first.tryTake();
        first.close();
        assertThat(directory.resolve(".lock")).exists().isEmptyFile();
    }

    @Test
    void closingItReleasesIt() throws IOException {
        first.tryTake();
        first.close();
        assertThat(second.tryTake()).isTrue();
    }

    private static void assumeFlock() {
        assumeThat(NativeFlock.isAvailable())
                .as("flock needs Linux, JDK 22 or later, and --enable-native-access=ALL-UNNAMED")
                .isTrue();
    }

    private NativeFlock python() throws IOException {
        Path file = directory.resolve(".lock");
        if (!Files.exists(file)) {
            Files.createFile(file);
        }
        return NativeFlock.open(file);
    }

    @Test
    void whoHoldsFlockExcludesUsAndTheReverse() throws IOException {
        assumeFlock();
        try (NativeFlock python = python()) {
            assertThat(python.tryLock()).isTrue();
            assertThat(first.tryTake()).isFalse();
            python.unlock();
            assertThat(second.tryTake()).as("the first left nothing locked").isTrue();
            assertThat(second.excludesFlock()).isTrue();
            assertThat(python.tryLock()).isFalse();
            second.release();
            assertThat(python.tryLock()).isTrue();
            python.unlock();
            assertThat(first.tryTake()).isTrue();
            first.close();
            assertThat(python.tryLock()).isTrue();
        }
    }

    /** An error in Java's half must not leave the other one locked. */
    @Test
    void aStackOverflowAnywhereInItLeavesNothingLocked() throws Exception {
        Thread thread = new Thread(null, () -> overflow(first), "deep", 512 * 1024);
        thread.start();
        thread.join();
        assertThat(first.tryTake()).isTrue();
        first.release();
        assertThat(second.tryTake()).isTrue();
        second.release();
        if (NativeFlock.isAvailable()) {
            try (NativeFlock python = python()) {
                assertThat(python.tryLock()).isTrue();
            }
        }
    }

    /** Takes and releases it where the stack ends, and at each call before that. */
    private static int overflow(SessionLock lock) {
        int depth = 0;
        try {
            depth = 1 + overflow(lock);
        } catch (StackOverflowError end) {
            // Now upwards again.
        }
        if (depth < 2000) {
            try {
                lock.tryTake();
                lock.release();
            } catch (IOException | StackOverflowError expected) {
                // What it leaves behind is the question.
            }
        }
        return depth;
    }

    @Test
    void whereFlockCannotBeTakenItIsToldAndTheOtherLockGoesOn() throws IOException {
        assumeFlock();
        Path elsewhere = Files.createFile(directory.resolve("elsewhere"));
        Files.createSymbolicLink(directory.resolve(".lock"), elsewhere);
        assertThat(first.tryTake()).isTrue();
        assertThat(first.flockFailed()).hasMessageContaining("errno 40");
        assertThat(first.excludesFlock()).isFalse();
        assertThat(second.tryTake()).isFalse();
        first.release();
        assertThat(second.tryTake()).isTrue();
    }

    @Test
    void anInterruptedThreadTakesItAndStaysInterrupted() throws IOException {
        Thread.currentThread().interrupt();
        try {
            assertThat(first.tryTake()).isTrue();
            assertThat(second.tryTake()).isFalse();
            first.release();
            assertThat(second.tryTake()).isTrue();
        } finally {
            assertThat(Thread.interrupted()).isTrue();
        }
    }
}
