package ai.dreamlake.logback.internal.upload;

import ai.dreamlake.logback.internal.journal.SessionDirectory;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Keeps the {@link Checkpoint} of a session. It is saved under the session's upload lock. */
final class CheckpointStore {

    private final Path file;
    private final LogSegments logs;
    private final UploadListener listener;

    /** The latest checkpoint, if it could not be saved; else null. */
    private volatile @Nullable Checkpoint unsaved;

    CheckpointStore(SessionDirectory directory, LogSegments logs, UploadListener listener) {
        this.file = directory.checkpoint();
        this.logs = logs;
        this.listener = listener;
    }

    /** Makes sure that the next process finds this session, even if this one is killed. Any thread may call this. */
    void create() throws IOException {
        if (Files.exists(file)) {
            return;
        }
        logs.makeDirectory();
        try {
            Files.createFile(file); // empty: nothing has been sent
        } catch (FileAlreadyExistsException marked) {
            // Another thread or process created it.
        }
    }

    /** Whether this object holds a checkpoint that is not on disk. */
    boolean holdsUnsaved() {
        return unsaved != null;
    }

    /** Up to which position the oldest log is done, according to the file. Any thread may call this. */
    long offset() throws IOException {
        return Math.max(0, Checkpoint.parse(file).offset());
    }

    /**
     * How far a log is sent, from memory or from the file, whichever is further: another process may have continued.
     */
    Checkpoint read(RandomAccessFile log) throws IOException {
        Checkpoint saved = Checkpoint.read(file, log);
        Checkpoint known = unsaved;
        return known != null && known.end() <= log.length() && known.isOf(log) && known.offset() >= saved.offset()
                ? known
                : saved;
    }

    /** What to report about lost records if there is no log. Any thread may call this. */
    Checkpoint readWithoutLog() throws IOException {
        Checkpoint known = unsaved;
        Checkpoint saved = known == null ? Checkpoint.parse(file) : known;
        return Checkpoint.NONE.withLoss(saved.lost(), saved.lostAt());
    }

    /** Saves a checkpoint. If that fails, a spool continues, since only sending frees space on a full disk. */
    Checkpoint save(Checkpoint checkpoint) throws IOException {
        try {
            checkpoint.write(file);
            unsaved = null;
        } catch (IOException failure) {
            if (!logs.areSpooled()) {
                throw failure;
            }
            unsaved = checkpoint;
            listener.trouble(
                    "cannot save how far a log is sent, so records would be sent again after a crash: " + failure);
        }
        return checkpoint;
    }
}
