package ai.dreamlake.logback.internal.journal;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two leases of one JVM exclude each other, too; that is how the peers of other processes are played here. */
class LeaseTest {

    @TempDir
    Path directory;

    private Lease first;
    private Lease second;
    private Lease third;

    @BeforeEach
    void leases() {
        first = new Lease(directory.resolve(".lock"));
        second = new Lease(directory.resolve(".lock"));
        third = new Lease(directory.resolve(".lock"));
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

        first.giveUp();
        assertThat(second.tryTake()).isTrue();
        assertThat(first.tryTake()).isFalse();
    }

    @Test
    void takingItTwiceIsTakingItOnce() throws IOException {
        assertThat(first.tryTake()).isTrue();
        assertThat(first.tryTake()).isTrue();
        first.giveUp();
        assertThat(first.isHeld()).isFalse();
        assertThat(second.tryTake()).isTrue();
    }

    @Test
    void theHolderLearnsThatSomebodyWaits() throws IOException {
        first.tryTake();
        assertThat(first.isWanted()).isFalse();
        second.tryTake();
        assertThat(first.isWanted()).isTrue();
        second.giveUp();
        assertThat(first.isWanted()).isFalse();
    }

    @Test
    void whoGaveItUpGetsItBackOnlyAfterTheOneWhoWaited() throws IOException {
        first.tryTake();
        second.tryTake();
        first.giveUp();
        assertThat(first.tryTake()).as("second has the turn").isFalse();
        assertThat(second.tryTake()).isTrue();
        assertThat(first.tryTake()).isFalse();
        second.giveUp();
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
        first.giveUp();
        Files.delete(directory.resolve(".lock"));
        assertThat(second.tryTake()).isTrue();
        assertThat(first.tryTake()).as("the file that others lock now").isFalse();
        second.giveUp();
        assertThat(first.tryTake()).isTrue();
    }

    @Test
    void anInterruptedThreadTakesItAndStaysInterrupted() throws IOException {
        Thread.currentThread().interrupt();
        try {
            assertThat(first.tryTake()).isTrue();
            assertThat(second.tryTake()).isFalse();
            assertThat(first.isWanted()).isTrue();
            first.giveUp();
            assertThat(second.tryTake()).isTrue();
        } finally {
            assertThat(Thread.interrupted()).isTrue();
        }
    }
}
