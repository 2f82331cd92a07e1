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
 * Reads what is appended to a session's log, whatever becomes of the file: it may be cut off, replaced, deleted and
 * begun again, or become a segment. Only whole lines are read; a part of one waits until it ends.
 */
final class FollowedLog implements Closeable {

    /** What is told of what was read. */
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

    /** How long the file was when it was last read: nothing new is read before that changes. */
    private long seenLength = -1;

    FollowedLog(SessionDirectory directory, int maxLine) {
        this.directory = directory;
        this.maxLine = maxLine;
    }

    /** Begins in the log that is there now; at its beginning, if there is none yet. */
    void start(long from) throws IOException {
        if (openNow()) {
            position = from;
        }
    }

    /** Reads what is new, and then returns. */
    void poll(Reader reader) throws IOException {
        if (open == null && !openNow()) {
            return;
        }
        Path log = directory.log().toPath();
        boolean isReplaced = identity != null && !identity.isAt(log);
        read(reader); // what was written before it was replaced, too
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
                file.close(); // it was replaced in this moment: next time
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
            reader.note("the log was cut off");
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

    /** What became of the log since: the segments after the one that our file is now. Null if it is none. */
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
            // It is on the server.
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
