package ai.dreamlake.logback.internal.journal;

import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;

/**
 * The right to write into a session, among processes: an operating system lock on {@code .log_sequence.lock} that is
 * held while records flow rather than taken for each of them.
 *
 * <pre>
 *   byte 0   the lease: who holds it writes
 *   byte 1   the turn: who waits for the lease holds it, and so tells the holder that somebody waits
 * </pre>
 *
 * A holder that gives up the lease and wants it back must get the turn first, behind the one that waits: so nobody
 * starves. The bytes need not exist; the file stays empty.
 *
 * <p>The locks are {@code fcntl}'s. They belong to the process, and closing <em>any</em> descriptor of the file
 * drops them: there must be one lease per session and JVM. They do not exclude {@code flock}, which the Python SDK takes.
 *
 * <p>Only {@code tryLock} is used: {@code lock} closes the channel when the thread is interrupted. Not synchronized.
 */
final class Lease implements Closeable {

    private static final int LEASE = 0;
    private static final int TURN = 1;

    private final Path file;
    private FileChannel channel;
    private Object fileKey;
    private FileLock lease;
    private FileLock turn;
    private boolean held;
    private IOException unsupported;

    /**
     * Set while locks are being taken or released. If it is still set afterwards, an error came in between (the end of the
     * stack, for instance), and nobody knows what is locked: then the file is closed, which drops all, and opened again.
     */
    private boolean unsure;

    Lease(Path file) {
        this.file = file;
    }

    boolean isHeld() {
        return held;
    }

    /** Why the file system has no locks, or null where it has. Without locks every lease is granted. */
    IOException unsupported() {
        return unsupported;
    }

    /** Takes the lease, or takes a place in the queue for it. To be called again until it is true. */
    boolean tryTake() throws IOException {
        if (held) {
            return true;
        }
        if (unsure) {
            close();
        }
        unsure = true;
        unsupported = null;
        if (channel == null) {
            channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            fileKey = fileKey();
        }
        try {
            if (turn == null) {
                turn = tryLock(TURN);
            }
            if (turn != null) {
                lease = tryLock(LEASE);
            }
            if (lease != null) {
                release(turn);
                turn = null;
                held = true;
            }
        } catch (IOException noLocksHere) {
            unsupported = noLocksHere;
            held = true;
        }
        if (lease != null && fileKey != null && !fileKey.equals(fileKey())) {
            // The file was deleted, and others may lock its successor by now.
            close();
            return tryTake();
        }
        unsure = false;
        return held;
    }

    /** Whether somebody else waits for the lease. */
    boolean isWanted() throws IOException {
        if (unsupported != null) {
            return false;
        }
        unsure = true;
        FileLock free = tryLock(TURN);
        release(free);
        unsure = false;
        return free == null;
    }

    /** Gives up the lease, or the place in the queue. */
    void giveUp() throws IOException {
        FileLock holding = lease;
        FileLock waiting = turn;
        lease = null;
        turn = null;
        held = false;
        unsure = true;
        release(holding);
        release(waiting);
        unsure = false;
    }

    @Override
    public void close() throws IOException {
        lease = null;
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

    private FileLock tryLock(int position) throws IOException {
        try {
            return channel.tryLock(position, 1, false);
        } catch (OverlappingFileLockException heldByAnotherClassLoader) {
            return null;
        }
    }

    private static void release(FileLock lock) throws IOException {
        if (lock != null) {
            lock.release();
        }
    }

    /** The file's identity (null where the platform has none). A file that is gone is like no other. */
    private Object fileKey() throws IOException {
        try {
            return Files.readAttributes(file, BasicFileAttributes.class).fileKey();
        } catch (NoSuchFileException gone) {
            return "gone";
        }
    }
}
