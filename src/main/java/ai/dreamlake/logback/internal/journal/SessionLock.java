package ai.dreamlake.logback.internal.journal;

import ai.dreamlake.logback.internal.io.FileIdentity;
import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/**
 * The lock of a session's writers, among processes: an operating system lock on {@code .log_sequence.lock}. A writer
 * holds it while records flow rather than for each record.
 *
 * <pre>
 *   byte 0   the lock: its holder writes
 *   byte 1   the turn: held by the process that waits for the lock, so the holder can see that somebody waits
 * </pre>
 *
 * A holder that released the lock and wants it back must first get the turn, after the process that waits. So nobody
 * starves. The bytes need not exist; the file stays empty.
 *
 * <p>The locks are {@code fcntl}'s. They belong to the process, and closing <em>any</em> descriptor of the file drops
 * them: there must be one SessionLock per session and JVM. They do not exclude {@code flock}, which the Python SDK
 * takes.
 *
 * <p>Only {@code tryLock} is used: {@code lock} closes the channel when the thread is interrupted. Not synchronized.
 */
final class SessionLock implements Closeable {

    private static final int LOCK = 0;
    private static final int TURN = 1;

    private final Path file;
    private @Nullable FileChannel channel;
    private @Nullable FileIdentity identity;
    private @Nullable FileLock lock;
    private @Nullable FileLock turn;
    private boolean held;
    private @Nullable IOException unsupported;

    /**
     * Set while locks are taken or released. If it is still set afterwards, an error came in between, such as a stack
     * overflow, and nobody knows what is locked. Then the file is closed, which drops all locks, and opened again.
     */
    private boolean unsure;

    SessionLock(Path file) {
        this.file = file;
    }

    boolean isHeld() {
        return held;
    }

    /** Why the file system has no locks, or null if it has. Without locks everybody gets the lock. */
    @Nullable
    IOException unsupported() {
        return unsupported;
    }

    /** Takes the lock or a place in the queue for it. To be called again until it returns true. */
    boolean tryTake() throws IOException {
        if (held) {
            return true;
        }
        if (unsure) {
            close();
        }
        unsure = true;
        unsupported = null;
        FileChannel open = open();
        try {
            if (turn == null) {
                turn = tryLock(open, TURN);
            }
            if (turn != null) {
                lock = tryLock(open, LOCK);
            }
            if (lock != null) {
                release(turn);
                turn = null;
                held = true;
            }
        } catch (IOException noLocksHere) {
            unsupported = noLocksHere;
            held = true;
        }
        if (lock != null && identity != null && !identity.isAt(file)) {
            // The file was deleted, and others may lock its successor by now.
            close();
            return tryTake();
        }
        unsure = false;
        return held;
    }

    private FileChannel open() throws IOException {
        FileChannel open = channel;
        if (open == null) {
            open = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            channel = open;
            identity = FileIdentity.of(file);
        }
        return open;
    }

    /** Whether another process waits for the lock that we hold. */
    boolean isWanted() throws IOException {
        if (unsupported != null || channel == null) {
            return false;
        }
        unsure = true;
        FileLock free = tryLock(channel, TURN);
        release(free);
        unsure = false;
        return free == null;
    }

    /** Releases the lock, or the place in the queue. */
    void release() throws IOException {
        FileLock holding = lock;
        FileLock waiting = turn;
        lock = null;
        turn = null;
        held = false;
        unsure = true;
        release(holding);
        release(waiting);
        unsure = false;
    }

    @Override
    public void close() throws IOException {
        lock = null;
        turn = null;
        held = false;
        unsupported = null;
        if (channel != null) {
            FileChannel closing = channel;
            channel = null;
            closing.close();
        }
        unsure = false;
    }

    private static @Nullable FileLock tryLock(FileChannel channel, int position) throws IOException {
        try {
            return channel.tryLock(position, 1, false);
        } catch (OverlappingFileLockException heldByAnotherClassLoader) {
            return null;
        }
    }

    private static void release(@Nullable FileLock lock) throws IOException {
        if (lock != null) {
            lock.release();
        }
    }
}
