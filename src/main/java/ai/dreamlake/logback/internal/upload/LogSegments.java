package ai.dreamlake.logback.internal.upload;

import ai.dreamlake.logback.internal.io.RegularFile;
import ai.dreamlake.logback.internal.journal.Journal;
import ai.dreamlake.logback.internal.journal.LogTail;
import ai.dreamlake.logback.internal.journal.Segment;
import ai.dreamlake.logback.internal.journal.SessionDirectory;
import ai.dreamlake.logback.internal.session.Retention;
import java.io.File;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A session's log on disk, as the uploader reads it: in a spool the segments, oldest first; then the current log. */
final class LogSegments {

    /** How often to try to open a log that exists: a writer may have created it just after an attempt. */
    private static final int MAX_ATTEMPTS = 3;

    private final Journal journal;
    private final SessionDirectory directory;
    private final File current;
    private final boolean spooled;

    LogSegments(Journal journal, Retention retention) {
        this.journal = journal;
        this.directory = journal.directory();
        this.current = directory.log();
        this.spooled = retention == Retention.SPOOL;
    }

    boolean areSpooled() {
        return spooled;
    }

    boolean areGone() {
        return Files.notExists(directory.logs());
    }

    boolean haveNewRecords() {
        return current.length() > 0;
    }

    void makeDirectory() throws IOException {
        journal.createDirectory();
    }

    /** @throws IOException if they would not be under the root */
    void requireNoLinks() throws IOException {
        journal.requireNoLinks();
    }

    /** All files, oldest first. */
    List<File> all() throws IOException {
        List<File> logs = new ArrayList<>();
        for (Segment segment : directory.segments()) {
            logs.add(segment.file());
        }
        logs.add(current);
        return logs;
    }

    private File oldest() throws IOException {
        List<Segment> segments = spooled ? directory.segments() : List.of();
        return segments.isEmpty() ? current : segments.get(0).file();
    }

    /** Whether the oldest file is the current log. */
    boolean isOldestCurrent() throws IOException {
        return !spooled || directory.segments().isEmpty();
    }

    /** Opens the oldest file, which stays the same file if the journal renames it. Null if there is none. */
    @Nullable
    RandomAccessFile openOldest() throws IOException {
        for (int attempt = 1; ; attempt++) {
            File oldest = oldest();
            RandomAccessFile file;
            try {
                file = RegularFile.open(oldest, "r");
            } catch (FileNotFoundException renamedOrGone) {
                if (oldest.equals(oldest())) {
                    if (!oldest.exists()) {
                        return null;
                    }
                    if (attempt >= MAX_ATTEMPTS) {
                        throw renamedOrGone; // it exists, but cannot be opened
                    }
                }
                continue;
            }
            if (oldest.equals(oldest())) {
                return file;
            }
            file.close(); // the log became a segment meanwhile; this may be the next log
        }
    }

    /** Makes the current log a segment, if it has this length and no other process is writing. */
    boolean seal(long length) throws IOException {
        return journal.seal(length);
    }

    /**
     * The oldest segment. If there is none, the current log becomes one. Null if that is not possible at the moment.
     */
    @Nullable
    Segment oldestSegment() throws IOException {
        List<Segment> segments = directory.segments();
        if (segments.isEmpty() && seal(current.length())) {
            segments = directory.segments();
        }
        return segments.isEmpty() ? null : segments.get(0);
    }

    /** All segments, oldest first. */
    List<Segment> segments() throws IOException {
        return directory.segments();
    }

    /** Cuts off what follows a position in the oldest file, and sets it aside. Returns the message to report. */
    String cutOldest(long position) throws IOException {
        File oldest = oldest();
        File torn = directory.torn();
        long bytes = LogTail.cut(oldest, position, torn);
        return oldest + " did not end with a record: " + bytes + " bytes are set aside in " + torn.getName();
    }
}
