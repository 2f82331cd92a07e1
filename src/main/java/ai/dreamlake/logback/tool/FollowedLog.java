package ai.dreamlake.logback.tool;

import ai.dreamlake.logback.internal.io.FileIdentity;
import ai.dreamlake.logback.internal.io.FilePart;
import ai.dreamlake.logback.internal.io.RegularFile;
import ai.dreamlake.logback.internal.journal.Segment;
import ai.dreamlake.logback.internal.journal.SessionDirectory;
import java.io.Closeable;
import java.io.File;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads what is appended to a session's log. The file may be truncated, replaced, deleted and created again, or become
 * a segment meanwhile. Only whole lines are read; a partial line waits for its end.
 */
final class FollowedLog implements Closeable {

    /** Receives what was read. */
    interface Reader {
        void line(LineReader.Line line);

        /** Something happened to the file. */
        void note(String sentence);
    }

    private final SessionDirectory directory;
    private final int maxLine;
    private @Nullable RandomAccessFile open;
    private @Nullable FileIdentity identity;

    /** Where the next line begins. */
    private long position;

    /** The length of the file when it was last read. Nothing is read until it changes. */
    private long seenLength = -1;

    FollowedLog(SessionDirectory directory, int maxLine) {
        this.directory = directory;
        this.maxLine = maxLine;
    }

    /** Opens the log that exists now, and closes the one before. Returns its length; 0 if there is none. */
    long open() throws IOException {
        close();
        return openNow() && open != null ? open.length() : 0;
    }

    /** The open log; null if there was none. This class closes it, even if it has become a segment. */
    @Nullable
    RandomAccessFile file() {
        return open;
    }

    /** Whether the open log is still the session's log, and this long. */
    boolean isStill(long length) throws IOException {
        RandomAccessFile file = open;
        return file == null || identity == null
                ? !directory.log().exists()
                : identity.isAt(directory.log().toPath()) && file.length() == length;
    }

    /** Goes on at this position of the open log; without one, at the beginning of the next log. */
    void start(long from) {
        position = from;
    }

    /** Reads what is new, and returns. */
    void poll(Reader reader) throws IOException {
        if (open == null && !openNow()) {
            return;
        }
        Path log = directory.log().toPath();
        boolean isReplaced = identity != null && !identity.isAt(log);
        read(reader); // including what was written before it was replaced
        if (isReplaced) {
            List<File> next = segmentsAfterOurs();
            if (next == null) {
                reader.note("the log was replaced");
            } else {
                for (File segment : next) {
                    readAll(segment, reader);
                }
            }
            close();
            if (openNow()) {
                read(reader);
            }
        }
    }

    private boolean openNow() throws IOException {
        Path log = directory.log().toPath();
        try {
            FileIdentity before = FileIdentity.of(log);
            RandomAccessFile file = RegularFile.open(log.toFile(), "r");
            if (!before.isAt(log)) {
                file.close(); // it was replaced just now: try again next time
                return false;
            }
            open = file;
            identity = before;
            position = 0;
            seenLength = -1;
            return true;
        } catch (FileNotFoundException notYet) {
            return false;
        }
    }

    private void read(Reader reader) throws IOException {
        RandomAccessFile file = open;
        if (file == null) {
            return;
        }
        long length = file.length();
        if (length < position) {
            reader.note("the log was truncated");
            position = 0;
        } else if (length == seenLength) {
            return;
        }
        seenLength = length;
        LineReader lines = new LineReader(new FilePart(file, position, length), maxLine);
        for (LineReader.Line line = lines.next(); line != null && line.hasEnd(); line = lines.next()) {
            position += line.length() + 1;
            reader.line(line);
        }
    }

    /** The segments after the one that our file has become. Null if our file is not a segment. */
    private @Nullable List<File> segmentsAfterOurs() throws IOException {
        List<File> after = null;
        for (Segment segment : directory.segments()) {
            if (after != null) {
                after.add(segment.file());
            } else if (identity != null && identity.isAt(segment.file().toPath())) {
                after = new ArrayList<>();
            }
        }
        return after;
    }

    private void readAll(File file, Reader reader) throws IOException {
        try (LineReader lines = new LineReader(RegularFile.read(file), maxLine)) {
            for (LineReader.Line line = lines.next(); line != null; line = lines.next()) {
                reader.line(line);
            }
        } catch (FileNotFoundException deliveredMeanwhile) {
            // Its records are on the server.
        }
    }

    @Override
    public void close() throws IOException {
        RandomAccessFile closing = open;
        open = null;
        identity = null;
        if (closing != null) {
            closing.close();
        }
    }
}
