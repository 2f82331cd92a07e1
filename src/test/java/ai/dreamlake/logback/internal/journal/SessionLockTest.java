package ai.dreamlake.logback.internal.journal;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
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
