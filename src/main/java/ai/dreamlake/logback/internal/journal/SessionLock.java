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
 * The lock between processes that write to a session: operating system locks on {@code .log_sequence.lock}, held for
 * one write. It never blocks: a writer that does not get the lock tries again a little later.
 *
 * <p>The first lock is {@code fcntl}'s, which every JVM can take. It belongs to the process, and closing <em>any</em>
 * descriptor of the file drops it. So there must be one SessionLock per session and JVM, and its two descriptors are
 * closed together. Only {@code tryLock} is used, because {@code lock} closes the channel when the thread is
 * interrupted.
 *
 * <p>The second, where available, is {@code flock}'s, which the Python SDK takes. It is taken on local file systems
 * only: on a network file system the two may be the same lock, and we would exclude ourselves. (There, {@code fcntl}'s
 * lock excludes the SDK.)
 *
 * <p>Not synchronized.
 */
final class SessionLock implements Closeable {

    private static final int MAX_ATTEMPTS = 10;

    private final Path file;
    private @Nullable FileChannel channel;
    private @Nullable FileLock lock;
    private @Nullable IOException unsupported;

    /** Null if there is none; {@link #flockFailed} may say why. */
    private @Nullable NativeFlock flock;

    private @Nullable IOException flockFailed;

    /**
     * Set before the locks are taken and cleared once they are released. If it is still set at the next attempt, an
     * error such as a stack overflow came in between, and what is locked is unknown. Then the file is closed, which
     * drops the locks, and opened again.
     */
    private boolean unsure;

    SessionLock(Path file) {
        this.file = file;
    }

    /** Why the file system has no locks, or null if it has. Without locks, {@link #tryTake} always succeeds. */
    @Nullable
    IOException unsupported() {
        return unsupported;
    }

    /** Why {@code flock} is not taken although this JVM can call it, or null. */
    @Nullable
    IOException flockFailed() {
        return flockFailed;
    }

    /** Whether the lock, while held, excludes the Python SDK. */
    boolean excludesFlock() {
        return flock != null && flockFailed == null;
    }

    boolean isOpen() {
        return channel != null;
    }

    /** Tries to take the lock. False if another process holds it. */
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

    /** A failure costs no record: we then go on as in a JVM that has no {@code flock}. */
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

    /**
     * Tries several times: if descriptors are exhausted, Java reports a missing mount point, and another thread may
     * free a descriptor before we can check the cause.
     */
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
            flockFailed = noSuchLocksHere; // flock stays open, since closing it would drop the other lock
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

    /** Drops the locks. The file is not deleted: others may hold its lock. */
    @Override
    public void close() throws IOException {
        StackHeadroom.require(); // or an overflow in here would leak a descriptor
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
