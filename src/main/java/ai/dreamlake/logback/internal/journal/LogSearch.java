package ai.dreamlake.logback.internal.journal;

import ai.dreamlake.logback.internal.record.LineFormat;
import java.io.File;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.util.Arrays;
import java.util.List;

/** Finds out which of some records a log has already. Reads in blocks, however long the log is. */
final class LogSearch {

    private static final int BLOCK = 64 * 1024;

    private LogSearch() {}

    /**
     * How many of these lines the log has, from the first one on without a gap.
     *
     * @param place the position that they were to be written at; they may be after it
     * @param lines with numbers and line feeds
     */
    static int countFrom(File log, long place, List<byte[]> lines) throws IOException {
        if (!log.exists()) {
            return 0;
        }
        try (RandomAccessFile file = new RandomAccessFile(log, "r")) {
            long position = find(file, place, lines.get(0));
            int count = 0;
            while (position >= 0 && count < lines.size() && isAt(file, position, lines.get(count))) {
                position += lines.get(count).length;
                count++;
            }
            return count;
        }
    }

    private static boolean isAt(RandomAccessFile file, long position, byte[] line) throws IOException {
        if (position + line.length > file.length()) {
            return false;
        }
        byte[] found = new byte[line.length];
        file.seek(position);
        file.readFully(found);
        return Arrays.equals(found, line);
    }

    /** The position of a line that begins at or after a position, or -1. */
    private static long find(RandomAccessFile file, long from, byte[] line) throws IOException {
        if (isAt(file, from, line)) {
            return from;
        }
        byte[] block = new byte[BLOCK];
        long position = from;
        boolean atLineStart = true;
        while (position < file.length()) {
            file.seek(position);
            int count = file.read(block);
            for (int i = 0; i < count; i++) {
                if (atLineStart && block[i] == line[0] && isAt(file, position + i, line)) {
                    return position + i;
                }
                atLineStart = block[i] == '\n';
            }
            position += count;
        }
        return -1;
    }

    /**
     * How many of these records are the log's last lines, whatever their numbers: of the first records, as many as
     * possible.
     *
     * @param records without numbers and line feeds
     */
    static int overlap(File log, List<byte[]> records) throws IOException {
        if (!log.exists()) {
            return 0;
        }
        try (RandomAccessFile file = new RandomAccessFile(log, "r")) {
            long bytes = 0;
            for (byte[] record : records) {
                bytes += record.length + LineFormat.maxNumberLength();
            }
            long start = Math.max(0, file.length() - bytes);
            byte[] end = new byte[(int) (file.length() - start)];
            file.seek(start);
            file.readFully(end);
            List<byte[]> last = LineFormat.withoutNumbers(end);
            for (int count = Math.min(records.size(), last.size()); count > 0; count--) {
                if (isSame(records.subList(0, count), last.subList(last.size() - count, last.size()))) {
                    return count;
                }
            }
            return 0;
        }
    }

    private static boolean isSame(List<byte[]> records, List<byte[]> lines) {
        for (int i = 0; i < records.size(); i++) {
            if (!Arrays.equals(records.get(i), lines.get(i))) {
                return false;
            }
        }
        return true;
    }
}
