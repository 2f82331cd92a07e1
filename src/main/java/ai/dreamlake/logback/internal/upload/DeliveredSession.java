package ai.dreamlake.logback.internal.upload;

import ai.dreamlake.logback.internal.io.RegularFile;
import ai.dreamlake.logback.internal.journal.SessionDirectory;
import java.io.Closeable;
import java.io.File;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Proves that the server has a whole session, so that it may be deleted. Until this is closed, nobody uploads the
 * session.
 */
public final class DeliveredSession implements Closeable {

    private final SessionDirectory directory;
    private final UploadLock lock;

    private DeliveredSession(SessionDirectory directory, UploadLock lock) {
        this.directory = directory;
        this.lock = lock;
    }

    /**
     * Excludes uploads. Null if somebody is uploading the session, or if nothing can exclude that: the file system has
     * no locks.
     */
    public static @Nullable DeliveredSession tryHold(SessionDirectory directory) throws IOException {
        AtomicBoolean isLocked = new AtomicBoolean(true);
        UploadLock lock = UploadLock.tryTake(directory.uploadLock(), withoutLocks -> isLocked.set(false));
        if (lock != null && !isLocked.get()) {
            lock.close();
            return null;
        }
        return lock == null ? null : new DeliveredSession(directory, lock);
    }

    /**
     * Whether the server has every record of the log, and every dropped record was reported to it. If there is no log
     * any more, an undamaged checkpoint without an unreported loss proves that. Call this while nobody writes.
     */
    public boolean isProven() throws IOException {
        if (!directory.checkpoint().toFile().exists()) {
            return false;
        }
        File log = directory.log();
        if (!log.exists()) {
            Checkpoint checkpoint = Checkpoint.parse(directory.checkpoint());
            boolean isDamaged =
                    checkpoint.offset() < 0 && directory.checkpoint().toFile().length() > 0;
            return checkpoint.lost() == 0 && !isDamaged;
        }
        try (RandomAccessFile file = RegularFile.open(log, "r")) {
            Checkpoint checkpoint = Checkpoint.read(directory.checkpoint(), file);
            return checkpoint.offset() == file.length() && checkpoint.lost() == 0;
        }
    }

    @Override
    public void close() throws IOException {
        lock.close();
    }
}
