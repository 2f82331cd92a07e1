package ai.dreamlake.logback.internal.journal;

import ai.dreamlake.logback.internal.io.RegularFile;
import java.io.File;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import org.jspecify.annotations.Nullable;

/**
 * The {@link WriterMark} of this process in one session. It is made when the process begins to write there, and removed
 * when it is done with the session. In between, the log may be closed and opened again.
 *
 * <p>Used under the journal's monitor.
 */
final class OwnMark {

    private final SessionDirectory directory;
    private @Nullable WriterMark mark;

    /** Null if there is none of ours. */
    private @Nullable File file;

    /** Locked, as long as the log is open. */
    private @Nullable RandomAccessFile open;

    OwnMark(SessionDirectory directory) {
        this.directory = directory;
    }

    /** Null if there is none. */
    @Nullable
    File file() {
        return file;
    }

    boolean isOpen() {
        return open != null;
    }

    /**
     * Says that this process has the log open. Call it under the session's lock: who reads a mark has that, too.
     *
     * @throws IOException if that cannot be said; then nothing is left open
     */
    void open() throws IOException {
        if (open != null) {
            return;
        }
        File before = file;
        if (before == null || !isOurs(before)) {
            before = directory.unusedMark();
        }
        RandomAccessFile opened = RegularFile.open(before, "rw");
        try {
            lock(opened);
            WriterMark own = mark == null ? WriterMark.ofThisProcess() : mark;
            write(own, opened);
            mark = own;
        } catch (IOException | RuntimeException failed) {
            opened.close();
            throw failed;
        }
        file = before;
        open = opened;
    }

    /** The session may have been deleted since, and begun again by another process. */
    private static boolean isOurs(File file) {
        try {
            WriterMark found = WriterMark.parse(
                    new String(RegularFile.readAllBytes(file, CrashReports.MAX_MARK), StandardCharsets.UTF_8));
            return found != null && found.owner().isCurrent();
        } catch (IOException noMoreThere) {
            return false;
        }
    }

    /** Where there are no locks, the identity of the process has to do. */
    private static void lock(RandomAccessFile file) {
        try {
            file.getChannel().tryLock();
        } catch (IOException | OverlappingFileLockException noLocksHere) {
            // See above.
        }
    }

    private static void write(WriterMark mark, RandomAccessFile file) throws IOException {
        byte[] line = mark.toBytes();
        file.seek(0);
        file.write(line);
        file.setLength(line.length);
    }

    /** Says that the log is closed, and may be opened again. */
    void idle() throws IOException {
        RandomAccessFile closing = open;
        open = null;
        if (closing != null && mark != null) {
            try (closing) {
                write(mark.open(false), closing);
            }
        }
    }

    /** Removes the mark: the process is done with the session, at least for now. */
    void end() throws IOException {
        File ended = file;
        boolean isOurs = open != null || ended != null && isOurs(ended);
        idle(); // first: without its lock, an open mark would tell other containers that the process has ended
        file = null;
        if (ended != null && isOurs) {
            Files.deleteIfExists(ended.toPath());
        }
    }
}
