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
 * <p>The log is the truth: the next number is the one of the last record, plus one, whatever any other file says.
 * Finding it reads the last 64 KiB as a rule, so that a log of 10 GB opens as fast as an empty one. No line is held in
 * memory as a whole.
 *
 * <p>A record of somebody else may have no number, or none that can be continued. Then the last one that can, within 64
 * KiB, is continued by the lines after it; if there is none, all lines of the log are counted.
 *
 * <p>What follows the last record is damage: the torn line of a writer that was killed, or what a power loss or an
 * editor left there. It is set aside into a file of its own, byte for byte, and cut off; nothing before it is touched.
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
        /** All lines of this log. What was numbered before this log is not known here. */
        ALL_LINES
    }

    private static final int BLOCK = 64 * 1024;

    LogTail(long length, long nextNumber, long setAside) {
        this(length, nextNumber, setAside, Source.LAST_RECORD);
    }

    /**
     * Finds the end of a log that nobody else can be writing, and mends it.
     *
     * @param log may be missing, which is like empty
     * @param torn where damage goes; made when there is some
     */
    static LogTail recover(File log, File torn) throws IOException {
        try (RandomAccessFile file = RegularFile.open(log, "rw")) {
            return Objects.requireNonNull(new Reader(file, null).recover(torn));
        }
    }

    /**
     * Finds the end of a log that somebody else may be writing at this moment, and mends it if it may.
     *
     * @param isSettled whether a part of a line, at the end of a log of this length, may be cut off
     * @return null if it may not, or if the log grew meanwhile
     */
    static @Nullable LogTail recover(File log, File torn, LongPredicate isSettled) throws IOException {
        try (RandomAccessFile file = RegularFile.open(log, "rw")) {
            return new Reader(file, isSettled).recover(torn);
        }
    }

    /**
     * Finds the end of a log, and leaves everything as it is. What follows the last record may be damage, or a line
     * that somebody is writing at this moment.
     *
     * @return null if the number of the next record is not known without reading all of the log
     */
    public static @Nullable LogTail look(File log) throws IOException {
        try (RandomAccessFile file = RegularFile.open(log, "r")) {
            return new Reader(file, null).find(file.length(), false);
        }
    }

    /** When the last record of a log was logged; null if there is none, or if it does not begin with its timestamp. */
    static @Nullable Instant lastTimestamp(File log, long end) throws IOException {
        try (RandomAccessFile file = RegularFile.open(log, "r")) {
            long start = new Reader(file, null).endOfLastLine(end - 1);
            InputStream line = new FilePart(file, start, end);
            return LineFormat.timestampOf(line.readNBytes(LineFormat.LENGTH_WITH_TIMESTAMP));
        }
    }

    /**
     * Cuts a log off at a position; what follows is set aside.
     *
     * @return how many bytes that were
     */
    public static long cut(File log, long end, File torn) throws IOException {
        try (RandomAccessFile file = RegularFile.open(log, "rw")) {
            long length = file.length();
            new Reader(file, null).cut(end, length, torn);
            return length - end;
        }
    }

    /**
     * Reads backwards through a block that moves over the file. RandomAccessFile and no FileChannel: that one closes
     * when the thread is interrupted.
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
            LogTail found = Objects.requireNonNull(find(length, true)); // all of it, before anything is cut off
            return cut(found.length, length, torn) ? found : null;
        }

        /**
         * Finds the end, and touches nothing.
         *
         * @param counts whether to count all lines where no number tells
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

        /** Numbers that cannot be continued, from the last one back to one that can. */
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

        /** Cuts off what is after a position, and sets it aside. False if it may not be cut at this moment. */
        private boolean cut(long end, long length, File torn) throws IOException {
            if (end < length) {
                if (!mayCut(length)) {
                    return false;
                }
                file.setLength(
                        length); // no change; but where cutting is forbidden it fails now, and not when all is copied
                setAside(end, length, torn);
                if (hasGrown(length)) {
                    return false; // what is set aside is a copy of somebody's line
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
