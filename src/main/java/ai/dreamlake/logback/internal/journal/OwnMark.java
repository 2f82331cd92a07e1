package ai.dreamlake.logback.internal.journal;

import ai.dreamlake.logback.internal.io.RegularFile;
import java.io.File;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import org.jspecify.annotations.Nullable;

/**
 * The {@link WriterMark} of this process in one session. It is created when the process begins to write there, and
 * removed when the process is done with the session. In between, the log may be closed and opened again.
 *
 * <p>Used under the journal's monitor.
 */
final class OwnMark {

    private final SessionDirectory directory;
    private @Nullable WriterMark mark;

    /** Null if this process has no mark here. */
    private @Nullable File file;

    /** The mark's file, locked while the log is open; null otherwise. */
    private @Nullable RandomAccessFile open;

    OwnMark(SessionDirectory directory) {
        this.directory = directory;
    }

    /** The mark's file; null if this process has no mark here. */
    @Nullable
    File file() {
        return file;
    }

    boolean isOpen() {
        return open != null;
    }

    /**
     * Notes that this process has the log open. Call it under the session's lock, which readers of a mark hold too.
     *
     * @throws IOException if the mark cannot be written; then nothing is left open
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

    /**
     * Whether the file is still our mark. The session may have been deleted since, and started again by another
     * process.
     *
     * @throws IOException if it cannot be read, for example because no file descriptors are left
     */
    private static boolean isOurs(File file) throws IOException {
        if (!Files.isRegularFile(file.toPath(), LinkOption.NOFOLLOW_LINKS)) {
            return false;
        }
        WriterMark found = WriterMark.parse(
                new String(RegularFile.readAllBytes(file, CrashReports.MAX_MARK), StandardCharsets.UTF_8));
        return found != null && found.owner().isCurrent();
    }

    /** Without locks, the identity of the process must suffice. */
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

    /** Notes that the log is closed, and may be opened again. */
    void idle() throws IOException {
        RandomAccessFile closing = open;
        open = null;
        if (closing != null && mark != null) {
            try (closing) {
                write(mark.open(false), closing);
            }
        }
    }

    /**
     * Removes the mark: the process is done with the session, at least for now.
     *
     * @throws IOException if the mark may still be there; then this can be called again
     */
    void end() throws IOException {
        // First: reading the file drops its lock, and to other containers an open mark without it means that the
        // process has ended.
        idle();
        File ended = file;
        if (ended != null && isOurs(ended)) {
            Files.deleteIfExists(ended.toPath());
        }
        file = null;
    }
}
