package ai.dreamlake.logback.internal.upload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The right to send a session, on file systems with and without locks. */
class UploadLockTest {

    @TempDir
    Path directory;

    private final List<IOException> reasons = new ArrayList<>();

    private UploadLock take(UploadLock.Locking locking) throws IOException {
        return UploadLock.tryTake(directory.resolve(".upload.lock"), reasons::add, locking);
    }

    @Test
    void oneThreadAtATimeHoldsTheLock() throws IOException {
        try (UploadLock lock = take(FileChannel::tryLock)) {
            assertThat(lock).isNotNull();
            assertThat(take(FileChannel::tryLock)).isNull();
        }
        take(FileChannel::tryLock).close();
        assertThat(reasons).isEmpty();
    }

    @Test
    void withoutFileLocksItExcludesThreadsAndReportsWhy() throws IOException {
        UploadLock.Locking none = channel -> {
            throw new IOException("No locks available");
        };
        try (UploadLock lock = take(none)) {
            assertThat(lock).isNotNull();
            assertThat(take(none)).isNull();
        }
        assertThat(reasons).singleElement().asString().contains("No locks available");
    }

    @Test
    void aLockHeldByAnotherProcessIsNotTaken() throws IOException {
        assertThat(take(channel -> null)).isNull();
        take(FileChannel::tryLock).close();
    }

    @Test
    void anInterruptIsNotTakenForAFileSystemWithoutLocks() throws IOException {
        assertThatThrownBy(() -> take(channel -> {
                    throw new ClosedByInterruptException();
                }))
                .isInstanceOf(ClosedByInterruptException.class);
        assertThat(reasons).isEmpty();
        take(FileChannel::tryLock).close();
    }
}
