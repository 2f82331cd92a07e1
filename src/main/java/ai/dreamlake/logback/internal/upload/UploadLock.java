package ai.dreamlake.logback.internal.upload;

import ai.dreamlake.logback.internal.io.RegularFile;
import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.FileLockInterruptionException;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The exclusive right to upload a session: one thread of one process holds it at a time. It ends with the process, even
 * after a kill.
 */
final class UploadLock implements Closeable {

    /**
     * An fcntl lock belongs to the whole JVM, and closing any descriptor drops it. So this set decides within the JVM.
     */
    private static final Set<Path> HELD = ConcurrentHashMap.newKeySet();

    private final Path file;
    private final FileChannel channel;

    private UploadLock(Path file, FileChannel channel) {
        this.file = file;
        this.channel = channel;
    }

    /**
     * Takes the lock. Where the file system has no locks, it excludes only other threads.
     *
     * @param withoutLocks called in that case, with the reason
     * @return null if another thread or process holds it
     */
    static @Nullable UploadLock tryTake(Path file, Consumer<IOException> withoutLocks) throws IOException {
        return tryTake(file, withoutLocks, FileChannel::tryLock);
    }

    /** For tests, which have no file system without locks. */
    interface Locking {
        @Nullable
        FileLock tryLock(FileChannel channel) throws IOException;
    }

    static @Nullable UploadLock tryTake(Path file, Consumer<IOException> withoutLocks, Locking locking)
            throws IOException {
        if (!HELD.add(file)) {
            return null;
        }
        @Nullable FileChannel channel = null;
        @Nullable UploadLock taken = null;
        try {
            channel = RegularFile.openChannel(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            if (isLocked(channel, withoutLocks, locking)) {
                taken = new UploadLock(file, channel);
            }
        } catch (OverlappingFileLockException anotherCopyOfThisClass) {
            return null;
        } finally {
            if (taken == null) {
                release(file, channel);
            }
        }
        return taken;
    }

    private static boolean isLocked(FileChannel channel, Consumer<IOException> withoutLocks, Locking locking)
            throws IOException {
        try {
            return locking.tryLock(channel) != null;
        } catch (ClosedChannelException | FileLockInterruptionException interrupted) {
            throw interrupted;
        } catch (IOException noLocksHere) {
            withoutLocks.accept(noLocksHere);
            return true;
        }
    }

    @Override
    public void close() throws IOException {
        release(file, channel);
    }

    private static void release(Path file, @Nullable FileChannel channel) throws IOException {
        try {
            if (channel != null) {
                channel.close();
            }
        } finally {
            HELD.remove(file);
        }
    }
}
