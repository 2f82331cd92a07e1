package ai.dreamlake.logback.internal.journal;

import ai.dreamlake.logback.internal.io.AppendedFile;
import ai.dreamlake.logback.internal.io.RegularFile;
import ai.dreamlake.logback.internal.record.LineFormat;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.util.Objects;
import java.util.function.LongPredicate;
import org.jspecify.annotations.Nullable;

/**
 * The end of a log, where the next record goes.
 *
 * <p>The log is the truth: the next number is the one of the last record, plus one, whatever any other file says.
 * Finding it reads the last 64 KiB as a rule, so that a log of 10 GB opens as fast as an empty one.
 *
 * <p>What follows the last record is damage: the torn line of a writer that was killed, or what a power loss or an
 * editor left there. It is set aside into a file of its own, byte for byte, and cut off; nothing before it is touched.
 *
 * @param length where the last record ends
 * @param nextNumber the number of the next record
 * @param setAside how many bytes of damage were set aside
 */
public record LogTail(long length, long nextNumber, long setAside) {

    private static final int BLOCK = 64 * 1024;

    /** No record is that long; a longer line is damage, and is not read into memory. */
    private static final int MAX_LINE = 256 * 1024 * 1024;

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
     * Cuts a log off at a position; what follows is set aside.
     *
     * @return how many bytes that were
     */
    public static long cut(File log, long end, File torn) throws IOException {
        try (RandomAccessFile file = RegularFile.open(log, "rw")) {
            long length = file.length();
            new Reader(file, null).cut(end, 0, length, torn);
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
            long end = length;
            while (end > 0) {
                long lineEnd = endOfLastLine(end);
                if (lineEnd == 0) {
                    break;
                }
                long lineStart = endOfLastLine(lineEnd - 1);
                long number = numberOf(lineStart, lineEnd);
                if (number >= 0) {
                    return cut(lineEnd, number + 1, length, torn);
                }
                end = lineStart;
            }
            return cut(0, 0, length, torn);
        }

        /** Null if it may not be cut at this moment. */
        private @Nullable LogTail cut(long end, long nextNumber, long length, File torn) throws IOException {
            if (end < length) {
                if (!mayCut(length)) {
                    return null;
                }
                file.setLength(
                        length); // no change; but where cutting is forbidden it fails now, and not when all is copied
                setAside(end, length, torn);
                if (hasGrown(length)) {
                    return null; // what is set aside is a copy of somebody's line
                }
                file.setLength(end);
            }
            return new LogTail(end, nextNumber, length - end);
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

        /** The sequence number of a line, or {@link LineFormat#NOT_A_RECORD}. */
        private long numberOf(long start, long end) throws IOException {
            if (end - start > MAX_LINE) {
                return LineFormat.NOT_A_RECORD;
            }
            byte[] line = new byte[(int) (end - start)];
            file.seek(start);
            file.readFully(line);
            return LineFormat.numberOf(line);
        }
    }
}
