package ai.dreamlake.logback.internal.journal;

import ai.dreamlake.logback.internal.io.AppendedFile;
import ai.dreamlake.logback.internal.io.FilePart;
import ai.dreamlake.logback.internal.io.RegularFile;
import ai.dreamlake.logback.internal.record.LineFormat;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.time.Instant;
import java.util.Objects;
import java.util.function.LongPredicate;
import org.jspecify.annotations.Nullable;

/**
 * The end of a log, where the next record goes.
 *
 * <p>The log is the truth: the next number is the last record's plus one, whatever any other file says. Finding it
 * normally reads only the last 64 KiB, so a log of 10 GB opens as fast as an empty one. No line is held in memory as a
 * whole.
 *
 * <p>A record from another writer may have no number, or one that cannot be continued. Then the last number within 64
 * KiB that can be continued counts, plus one for each line after it. If there is none, all lines of the log are
 * counted.
 *
 * <p>Anything after the last record is damage: the torn line of a killed writer, or what a power loss or an editor left
 * there. It is copied byte for byte into a separate file and cut off. Nothing before it is touched.
 *
 * @param length where the last record ends
 * @param nextNumber the number of the next record
 * @param setAside how many bytes of damage were set aside
 * @param source what the next number continues
 */
public record LogTail(long length, long nextNumber, long setAside, Source source) {

    /** What the next number continues. */
    enum Source {
        /** The last record's number. */
        LAST_RECORD,
        /** The number of an earlier record, and the lines after it. */
        EARLIER_RECORD,
        /** All lines of this log. Numbers given before this log began are not known here. */
        ALL_LINES
    }

    private static final int BLOCK = 64 * 1024;

    LogTail(long length, long nextNumber, long setAside) {
        this(length, nextNumber, setAside, Source.LAST_RECORD);
    }

    /**
     * Finds the end of a log that nobody else can be writing, and repairs it.
     *
     * @param log may be missing, which counts as empty
     * @param torn receives the damage; created only if there is some
     */
    static LogTail recover(File log, File torn) throws IOException {
        try (RandomAccessFile file = RegularFile.open(log, "rw")) {
            return Objects.requireNonNull(new Reader(file, null).recover(torn));
        }
    }

    /**
     * Finds the end of a log that somebody else may be writing right now, and repairs it if that is allowed.
     *
     * @param isSettled whether a partial line at the end of a log of this length may be cut off
     * @return null if it may not be cut off, or if the log grew meanwhile
     */
    static @Nullable LogTail recover(File log, File torn, LongPredicate isSettled) throws IOException {
        try (RandomAccessFile file = RegularFile.open(log, "rw")) {
            return new Reader(file, isSettled).recover(torn);
        }
    }

    /**
     * Finds the end of a log and changes nothing. What follows the last record may be damage, or a line that somebody
     * is writing right now.
     *
     * @return null if finding the next record's number would require reading the whole log
     */
    public static @Nullable LogTail look(File log) throws IOException {
        try (RandomAccessFile file = RegularFile.open(log, "r")) {
            return new Reader(file, null).find(file.length(), false);
        }
    }

    /**
     * When the last record of a log was logged; null if there is no record, or if it does not begin with its timestamp.
     */
    static @Nullable Instant lastTimestamp(File log, long end) throws IOException {
        try (RandomAccessFile file = RegularFile.open(log, "r")) {
            long start = new Reader(file, null).endOfLastLine(end - 1);
            InputStream line = new FilePart(file, start, end);
            return LineFormat.timestampOf(line.readNBytes(LineFormat.LENGTH_WITH_TIMESTAMP));
        }
    }

    /**
     * Truncates a log at a position and sets aside what followed.
     *
     * @return how many bytes were set aside
     */
    public static long cut(File log, long end, File torn) throws IOException {
        try (RandomAccessFile file = RegularFile.open(log, "rw")) {
            long length = file.length();
            new Reader(file, null).cut(end, length, torn);
            return length - end;
        }
    }

    /**
     * Reads backwards through a block that moves over the file. Uses RandomAccessFile because a FileChannel closes when
     * the thread is interrupted.
     */
    private static final class Reader {
        private final RandomAccessFile file;
        private final @Nullable LongPredicate isSettled;
        private final byte[] block = new byte[BLOCK];
        private long blockStart;
        private long blockEnd;

        /** @param isSettled as above; null if nobody else can be writing */
        Reader(RandomAccessFile file, @Nullable LongPredicate isSettled) {
            this.file = file;
            this.isSettled = isSettled;
        }

        @Nullable
        LogTail recover(File torn) throws IOException {
            long length = file.length();
            LogTail found = Objects.requireNonNull(find(length, true)); // complete before anything is cut off
            return cut(found.length, length, torn) ? found : null;
        }

        /**
         * Finds the end and changes nothing.
         *
         * @param counts whether to count all lines if no number can be continued
         * @return null if the next number is not known
         */
        @Nullable
        LogTail find(long length, boolean counts) throws IOException {
            long end = length;
            while (end > 0) {
                long lineEnd = endOfLastLine(end);
                if (lineEnd == 0) {
                    break;
                }
                long lineStart = endOfLastLine(lineEnd - 1);
                long number = numberOf(lineStart, lineEnd);
                if (LineFormat.canContinue(number)) {
                    return new LogTail(lineEnd, number + 1, length - lineEnd);
                }
                if (number != LineFormat.NOT_A_RECORD) {
                    return numberAfter(lineStart, lineEnd, length, counts);
                }
                end = lineStart;
            }
            return new LogTail(0, 0, length);
        }

        /** Steps back over records whose numbers cannot be continued to one whose number can. */
        private @Nullable LogTail numberAfter(long lastStart, long end, long length, boolean counts)
                throws IOException {
            long lines = 1;
            long lineEnd = lastStart;
            while (lineEnd > 0 && end - lineEnd < BLOCK) {
                long lineStart = endOfLastLine(lineEnd - 1);
                long number = numberOf(lineStart, lineEnd);
                if (LineFormat.canContinue(number)) {
                    return new LogTail(end, number + 1 + lines, length - end, Source.EARLIER_RECORD);
                }
                lines++;
                lineEnd = lineStart;
            }
            return counts || lineEnd == 0
                    ? new LogTail(end, lines + countLines(lineEnd), length - end, Source.ALL_LINES)
                    : null;
        }

        private long countLines(long end) throws IOException {
            InputStream before = new FilePart(file, 0, end);
            byte[] read = new byte[BLOCK];
            long lines = 0;
            for (int count = before.read(read); count > 0; count = before.read(read)) {
                for (int i = 0; i < count; i++) {
                    if (read[i] == '\n') {
                        lines++;
                    }
                }
            }
            return lines;
        }

        /** Cuts off everything after a position and sets it aside. False if it may not be cut off now. */
        private boolean cut(long end, long length, File torn) throws IOException {
            if (end < length) {
                if (!mayCut(length)) {
                    return false;
                }
                // Changes nothing, but fails now, before anything is copied, if the file cannot be truncated.
                file.setLength(length);
                setAside(end, length, torn);
                if (hasGrown(length)) {
                    return false; // what was set aside is a copy of somebody's line
                }
                file.setLength(end);
            }
            return true;
        }

        private boolean mayCut(long length) throws IOException {
            return isSettled == null || (byteAt(length - 1) == '\n' || isSettled.test(length)) && !hasGrown(length);
        }

        private boolean hasGrown(long length) throws IOException {
            return isSettled != null && file.length() != length;
        }

        private void setAside(long start, long end, File torn) throws IOException {
            AppendedFile.append(torn, out -> copy(start, end, out));
        }

        private void copy(long start, long end, OutputStream out) throws IOException {
            byte last = '\n';
            file.seek(start);
            for (long left = end - start; left > 0; ) {
                int count = file.read(block, 0, (int) Math.min(left, BLOCK));
                if (count < 0) {
                    break;
                }
                out.write(block, 0, count);
                last = block[count - 1];
                left -= count;
            }
            if (last != '\n') {
                out.write('\n');
            }
        }

        /** One past the last line feed before {@code end}, or 0. */
        private long endOfLastLine(long end) throws IOException {
            for (long at = end - 1; at >= 0; at--) {
                if (byteAt(at) == '\n') {
                    return at + 1;
                }
            }
            return 0;
        }

        private byte byteAt(long position) throws IOException {
            if (position < blockStart || position >= blockEnd) {
                blockEnd = position + 1;
                blockStart = Math.max(0, blockEnd - BLOCK);
                file.seek(blockStart);
                file.readFully(block, 0, (int) (blockEnd - blockStart));
            }
            return block[(int) (position - blockStart)];
        }

        /** As {@link LineFormat#numberOf(InputStream)} has it. */
        private long numberOf(long start, long end) throws IOException {
            return start >= blockStart && end <= blockEnd
                    ? LineFormat.numberOf(block, (int) (start - blockStart), (int) (end - start))
                    : LineFormat.numberOf(new FilePart(file, start, end));
        }
    }
}
