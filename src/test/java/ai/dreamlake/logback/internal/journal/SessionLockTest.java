package ai.dreamlake.logback.internal.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import ai.dreamlake.logback.internal.io.NativeFlock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two locks in one JVM exclude each other too. So these tests use a second lock in place of another process. */
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
    void aHolderOfFlockExcludesUsAndTheReverse() throws IOException {
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

    private interface Step {
        void run() throws IOException;
    }

    /** Including between its two halves, {@code fcntl} and {@code flock}. */
    @Test
    void aStackOverflowAnywhereInItLeavesNothingLocked() throws Exception {
        List<String> stillLocked = new CopyOnWriteArrayList<>();
        Runnable everywhere = () -> {
            for (int depth = 0; depth < 150; depth++) {
                try {
                    nearTheEndOfTheStack(depth, first::tryTake);
                    if (!first.tryTake()) {
                        stillLocked.add("taken at " + depth);
                    }
                    nearTheEndOfTheStack(depth, first::release);
                    if (!first.tryTake()) {
                        stillLocked.add("released at " + depth);
                    }
                    first.release();
                    if (!second.tryTake()) {
                        stillLocked.add("for others at " + depth);
                    }
                    second.release();
                } catch (IOException failed) {
                    stillLocked.add(failed.toString());
                }
            }
        };
        Thread thread = new Thread(null, everywhere, "deep", 256 * 1024);
        onlyOneHoldsIt(); // loads all classes: a class whose initialization overflows the stack is unusable from then
        // on
        second.release();
        thread.start();
        thread.join();
        assertThat(stillLocked).isEmpty();
    }

    /** Runs a step with room for {@code depth} more calls. Returns how many calls fit above this one. */
    private static int nearTheEndOfTheStack(int depth, Step step) {
        int above = 0;
        try {
            above = 1 + nearTheEndOfTheStack(depth, step);
        } catch (StackOverflowError end) {
            // The deepest call.
        }
        if (above == depth) {
            try {
                step.run();
            } catch (IOException | StackOverflowError expected) {
                // The test is about what remains afterwards.
            }
        }
        return above;
    }

    @Test
    void aLinkInItsPlaceIsNotFollowed() throws IOException {
        Path elsewhere = directory.resolve("elsewhere");
        Files.createSymbolicLink(directory.resolve(".lock"), elsewhere);
        assertThatThrownBy(first::tryTake).isInstanceOf(IOException.class).hasMessageContaining("is a link");
        assertThat(elsewhere).doesNotExist();
        Files.delete(directory.resolve(".lock"));
        assertThat(first.tryTake()).isTrue();
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
