package ai.dreamlake.logback.internal.journal;

import ai.dreamlake.logback.internal.io.RegularFile;
import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/**
 * The lock of a session's writers, among processes: an operating system lock on {@code .log_sequence.lock}, held for
 * one write. Nobody waits in it: a writer that does not get the lock tries again a little later.
 *
 * <p>It is {@code fcntl}'s lock. It belongs to the process, and closing <em>any</em> descriptor of the file drops it:
 * there must be one SessionLock per session and JVM. It does not exclude {@code flock}, which the Python SDK takes.
 * Only {@code tryLock} is used: {@code lock} closes the channel when the thread is interrupted. Not synchronized.
 */
final class SessionLock implements Closeable {

    private final Path file;
    private @Nullable FileChannel channel;
    private @Nullable FileLock lock;
    private @Nullable IOException unsupported;

    /**
     * Set while the lock is taken or released. If it is still set afterwards, an error came in between, such as a stack
     * overflow, and nobody knows what is locked. Then the file is closed, which drops the lock, and opened again.
     */
    private boolean unsure;

    SessionLock(Path file) {
        this.file = file;
    }

    /** Why the file system has no locks, or null if it has. Without locks everybody gets the lock. */
    @Nullable
    IOException unsupported() {
        return unsupported;
    }

    boolean isOpen() {
        return channel != null;
    }

    /** False if another process holds the lock. */
    boolean tryTake() throws IOException {
        if (unsure) {
            close();
        }
        unsure = true;
        FileChannel open = channel;
        if (open == null) {
            open = RegularFile.openChannel(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            channel = open;
            unsupported = null;
        }
        boolean taken = true;
        if (unsupported == null) {
            try {
                lock = open.tryLock();
                taken = lock != null;
            } catch (OverlappingFileLockException heldByAnotherClassLoader) {
                taken = false;
            } catch (IOException noLocksHere) {
                unsupported = noLocksHere;
            }
        }
        unsure = false;
        return taken;
    }

    void release() throws IOException {
        FileLock holding = lock;
        lock = null;
        unsure = true;
        if (holding != null) {
            holding.release();
        }
        unsure = false;
    }

    /** Drops the lock. The file stays: others may hold it. */
    @Override
    public void close() throws IOException {
        FileChannel closing = channel;
        lock = null;
        channel = null;
        unsure = false;
        if (closing != null) {
            closing.close();
        }
    }
}
