package ai.dreamlake.logback.tool;

import ai.dreamlake.logback.internal.io.FilePart;
import ai.dreamlake.logback.internal.io.RegularFile;
import ai.dreamlake.logback.internal.journal.LogTail;
import ai.dreamlake.logback.internal.journal.Segment;
import ai.dreamlake.logback.internal.journal.SessionDirectory;
import ai.dreamlake.logback.internal.record.LineFormat;
import java.io.File;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The files that contain a session's records: in a spool the segments, oldest first, then the log. */
final class SessionLogs {

    /** The longest record that is read as the first or the last one, in bytes. */
    private static final int MAX_LAST = 1 << 20;

    /**
     * The end of a session's records.
     *
     * @param nextNumber the number of the next record; -1 if it is unknown without reading everything
     * @param strayBytes how many bytes follow the last record: damage, or a line that is being written
     * @param record the last record; null if there is none, or if it is too long or nested too deeply
     */
    record End(long nextNumber, long strayBytes, @Nullable LogRecord record) {}

    private SessionLogs() {}

    /** The files that exist. */
    static List<File> of(SessionDirectory directory) throws IOException {
        List<File> files = new ArrayList<>();
        for (Segment segment : directory.segments()) {
            files.add(segment.file());
        }
        files.add(directory.log());
        files.removeIf(file -> !Files.exists(file.toPath(), LinkOption.NOFOLLOW_LINKS));
        return files;
    }

    static long length(List<File> files) {
        return files.stream().mapToLong(File::length).sum();
    }

    /** Reads the end of the newest file that has a record. */
    static End end(SessionDirectory directory) throws IOException {
        List<File> files = of(directory);
        long stray = 0;
        for (int i = files.size() - 1; i >= 0; i--) {
            File file = files.get(i);
            LogTail end = LogTail.look(file);
            if (end == null) {
                return new End(-1, 0, last(file, file.length()));
            }
            stray += end.setAside();
            if (end.length() > 0) {
                return new End(end.nextNumber(), stray, last(file, end.length()));
            }
        }
        return new End(0, stray, null);
    }

    private static @Nullable LogRecord last(File file, long end) throws IOException {
        try (RandomAccessFile open = RegularFile.open(file, "r")) {
            long start = LineStarts.ofLast(open, end, 1);
            return end - start > MAX_LAST
                    ? null
                    : LogRecord.parse(new FilePart(open, start, end).readNBytes((int) (end - start)));
        }
    }

    /** The number of the first record; {@link LineFormat#NO_NUMBER} if it has none, or if there is no record. */
    static long firstNumber(SessionDirectory directory) throws IOException {
        for (File file : of(directory)) {
            try (LineReader lines = new LineReader(RegularFile.read(file), MAX_LAST)) {
                LineReader.Line line = lines.next();
                if (line != null) {
                    long number = line.isWhole() ? LineFormat.numberOf(line.bytes(), 0, line.bytes().length) : -1;
                    return number >= 0 ? number : LineFormat.NO_NUMBER;
                }
            }
        }
        return LineFormat.NO_NUMBER;
    }
}
