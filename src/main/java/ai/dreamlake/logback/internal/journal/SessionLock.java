package ai.dreamlake.logback.internal.journal;

import ai.dreamlake.logback.internal.io.FileDescriptors;
import ai.dreamlake.logback.internal.io.NativeFlock;
import ai.dreamlake.logback.internal.io.RegularFile;
import ai.dreamlake.logback.internal.io.StackHeadroom;
import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/**
 * The lock of a session's writers, among processes: operating system locks on {@code .log_sequence.lock}, held for one
 * write. Nobody waits in it: a writer that does not get the lock tries again a little later.
 *
 * <p>First {@code fcntl}'s lock, which every JVM can take. It belongs to the process, and closing <em>any</em>
 * descriptor of the file drops it: there must be one SessionLock per session and JVM, and its two descriptors are
 * closed together. Only {@code tryLock} is used: {@code lock} closes the channel when the thread is interrupted.
 *
 * <p>Then, where it can be had, {@code flock}'s, which the Python SDK takes. On local file systems only: on a network
 * file system the two may be one, and we would exclude ourselves. (There, {@code fcntl}'s excludes the SDK.)
 *
 * <p>Not synchronized.
 */
final class SessionLock implements Closeable {

    private static final int MAX_ATTEMPTS = 10;

    private final Path file;
    private @Nullable FileChannel channel;
    private @Nullable FileLock lock;
    private @Nullable IOException unsupported;

    /** Null where there is none, also if {@link #flockFailed} tells why. */
    private @Nullable NativeFlock flock;

    private @Nullable IOException flockFailed;

    /**
     * Set from before the locks are taken until they are released. If it is still set when they are to be taken again,
     * an error came in between, such as a stack overflow, and nobody knows what is locked. Then the file is closed,
     * which drops the locks, and opened again.
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

    /** Why there is no flock although this JVM can call it, or null. */
    @Nullable
    IOException flockFailed() {
        return flockFailed;
    }

    /** Whether the lock, when it is held, excludes the Python SDK. */
    boolean excludesFlock() {
        return flock != null && flockFailed == null;
    }

    boolean isOpen() {
        return channel != null;
    }

    /** False if another process holds the lock. */
    boolean tryTake() throws IOException {
        if (unsure || flockFailed != null && FileDescriptors.areExhausted(flockFailed)) {
            close(); // and try again
        }
        unsure = true;
        FileChannel open = channel;
        if (open == null) {
            open = RegularFile.openChannel(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            channel = open;
            unsupported = null;
            openFlock();
        }
        boolean taken = tryFcntl(open);
        if (taken && !tryFlock()) {
            releaseFcntl();
            taken = false;
        }
        unsure = taken;
        return taken;
    }

    private boolean tryFcntl(FileChannel open) {
        if (unsupported == null) {
            try {
                lock = open.tryLock();
                return lock != null;
            } catch (OverlappingFileLockException heldByAnotherClassLoader) {
                return false;
            } catch (IOException noLocksHere) {
                unsupported = noLocksHere;
            }
        }
        return true;
    }

    /** Trouble here costs no record: then it is as in a JVM that has no flock. */
    private void openFlock() {
        flockFailed = null;
        try {
            if (NativeFlock.isAvailable() && isLocal()) {
                flock = NativeFlock.open(file);
            }
        } catch (IOException failed) {
            flockFailed = failed;
        }
    }

    /** Without a descriptor, Java says that there is no mount point; and another thread may free one in that moment. */
    private boolean isLocal() throws IOException {
        for (int attempt = 1; ; attempt++) {
            try {
                return Storage.isLocal(file);
            } catch (IOException unknown) {
                FileSystemException failed = new FileSystemException(file.toString(), null, unknown.getMessage());
                if (attempt == MAX_ATTEMPTS || FileDescriptors.areExhausted(failed)) {
                    throw failed;
                }
            }
        }
    }

    private boolean tryFlock() {
        NativeFlock usable = flockFailed == null ? flock : null;
        try {
            return usable == null || usable.tryLock();
        } catch (IOException noSuchLocksHere) {
            flockFailed = noSuchLocksHere; // it stays open, since closing it would drop the other lock
            return true;
        }
    }

    void release() throws IOException {
        NativeFlock holding = flockFailed == null ? flock : null;
        try {
            if (holding != null) {
                holding.unlock();
            }
        } finally {
            releaseFcntl();
        }
        unsure = false;
    }

    private void releaseFcntl() throws IOException {
        FileLock holding = lock;
        lock = null;
        if (holding != null) {
            holding.release();
        }
    }

    /** Drops the locks. The file stays: others may hold it. */
    @Override
    public void close() throws IOException {
        StackHeadroom.require(); // or an overflow in here would leave a descriptor open that nobody knows
        FileChannel closing = channel;
        NativeFlock closingFlock = flock;
        lock = null;
        channel = null;
        flock = null;
        unsure = false;
        try {
            if (closingFlock != null) {
                closingFlock.close();
            }
        } finally {
            if (closing != null) {
                closing.close();
            }
        }
    }
}
