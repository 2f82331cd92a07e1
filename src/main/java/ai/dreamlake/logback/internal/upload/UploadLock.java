package ai.dreamlake.logback.internal.upload;

import ai.dreamlake.logback.internal.io.RegularFile;
import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
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

    /** Takes the lock. Null if another thread or process holds it. */
    static @Nullable UploadLock tryTake(Path file) throws IOException {
        if (!HELD.add(file)) {
            return null;
        }
        @Nullable FileChannel channel = null;
        boolean taken = false;
        try {
            channel = RegularFile.openChannel(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            FileLock lock = channel.tryLock();
            taken = lock != null;
        } catch (OverlappingFileLockException anotherCopyOfThisClass) {
            taken = false;
        } finally {
            if (!taken) {
                release(file, channel);
            }
        }
        return taken && channel != null ? new UploadLock(file, channel) : null;
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
