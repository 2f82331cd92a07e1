package ai.dreamlake.logback.internal.journal;

import static org.assertj.core.api.Assertions.assertThat;

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
    private SessionLock third;

    @BeforeEach
    void locks() {
        first = new SessionLock(directory.resolve(".lock"));
        second = new SessionLock(directory.resolve(".lock"));
        third = new SessionLock(directory.resolve(".lock"));
    }

    @AfterEach
    void close() throws IOException {
        first.close();
        second.close();
        third.close();
    }

    @Test
    void onlyOneHoldsIt() throws IOException {
        assertThat(first.tryTake()).isTrue();
        assertThat(second.tryTake()).isFalse();
        assertThat(first.isHeld()).isTrue();
        assertThat(second.isHeld()).isFalse();

        first.release();
        assertThat(second.tryTake()).isTrue();
        assertThat(first.tryTake()).isFalse();
    }

    @Test
    void takingItTwiceIsTakingItOnce() throws IOException {
        assertThat(first.tryTake()).isTrue();
        assertThat(first.tryTake()).isTrue();
        first.release();
        assertThat(first.isHeld()).isFalse();
        assertThat(second.tryTake()).isTrue();
    }

    @Test
    void theHolderLearnsThatSomebodyWaits() throws IOException {
        first.tryTake();
        assertThat(first.isWanted()).isFalse();
        second.tryTake();
        assertThat(first.isWanted()).isTrue();
        second.release();
        assertThat(first.isWanted()).isFalse();
    }

    @Test
    void whoGaveItUpGetsItBackOnlyAfterTheOneWhoWaited() throws IOException {
        first.tryTake();
        second.tryTake();
        first.release();
        assertThat(first.tryTake()).as("second has the turn").isFalse();
        assertThat(second.tryTake()).isTrue();
        assertThat(first.tryTake()).isFalse();
        second.release();
        assertThat(third.tryTake()).as("first has the turn").isFalse();
        assertThat(first.tryTake()).isTrue();
    }

    @Test
    void theFileStaysEmptyAndIsNotDeleted() throws IOException {
        first.tryTake();
        first.close();
        assertThat(directory.resolve(".lock")).exists().isEmptyFile();
    }

    @Test
    void afterTheFileWasDeletedItsSuccessorIsLocked() throws IOException {
        first.tryTake();
        first.release();
        Files.delete(directory.resolve(".lock"));
        assertThat(second.tryTake()).isTrue();
        assertThat(first.tryTake()).as("the file that others lock now").isFalse();
        second.release();
        assertThat(first.tryTake()).isTrue();
    }

    @Test
    void anInterruptedThreadTakesItAndStaysInterrupted() throws IOException {
        Thread.currentThread().interrupt();
        try {
            assertThat(first.tryTake()).isTrue();
            assertThat(second.tryTake()).isFalse();
            assertThat(first.isWanted()).isTrue();
            first.release();
            assertThat(second.tryTake()).isTrue();
        } finally {
            assertThat(Thread.interrupted()).isTrue();
        }
    }
}
