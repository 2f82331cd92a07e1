package ai.dreamlake.logback.internal.upload;

import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The right to upload a session, which one thread of one process has at a time. It ends with the process, however that
 * ends.
 */
final class UploadClaim implements Closeable {

    /** An fcntl lock is the whole JVM's, and closing any descriptor gives it up. So within the JVM this set decides. */
    private static final Set<Path> CLAIMED = ConcurrentHashMap.newKeySet();

    private final Path file;
    private final FileChannel channel;

    private UploadClaim(Path file, FileChannel channel) {
        this.file = file;
        this.channel = channel;
    }

    /** Null if somebody else has it. */
    static UploadClaim tryTake(Path file) throws IOException {
        if (!CLAIMED.add(file)) {
            return null;
        }
        FileChannel channel = null;
        boolean taken = false;
        try {
            channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            FileLock lock = channel.tryLock();
            taken = lock != null;
        } catch (OverlappingFileLockException anotherCopyOfThisClass) {
            taken = false;
        } finally {
            if (!taken) {
                release(file, channel);
            }
        }
        return taken ? new UploadClaim(file, channel) : null;
    }

    @Override
    public void close() throws IOException {
        release(file, channel);
    }

    private static void release(Path file, FileChannel channel) throws IOException {
        try {
            if (channel != null) {
                channel.close();
            }
        } finally {
            CLAIMED.remove(file);
        }
    }
}
