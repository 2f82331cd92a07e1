package ai.dreamlake.logback.internal.journal;

import ai.dreamlake.logback.internal.io.RegularFile;
import ai.dreamlake.logback.internal.record.LineFormat;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Finds out which of the given records a log already has. Reads in blocks, so the log can be of any length. */
final class LogSearch {

    private static final int BLOCK = 64 * 1024;

    private LogSearch() {}

    /**
     * How many of these lines the log has, counted from the first one without a gap.
     *
     * @param place where they were to be written; they may be anywhere after it
     * @param lines with numbers and line feeds
     */
    static int countFrom(File log, long place, List<byte[]> lines) throws IOException {
        if (!log.exists()) {
            return 0;
        }
        try (RandomAccessFile file = RegularFile.open(log, "r")) {
            long position = find(file, Math.max(0, place), lines.get(0));
            int count = 0;
            while (position >= 0 && count < lines.size() && isAt(file, position, lines.get(count))) {
                position += lines.get(count).length;
                count++;
            }
            return count;
        }
    }

    private static boolean isAt(RandomAccessFile file, long position, byte[] line) throws IOException {
        if (position > file.length() - line.length) {
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
     * How many of these records, counted from the first one, follow each other somewhere in the log after a position,
     * whatever their numbers.
     *
     * @param place where the search begins; if the log is shorter, it begins at the start
     * @param records without numbers and line feeds
     */
    static int countUnnumbered(File log, long place, List<byte[]> records) throws IOException {
        if (!log.exists()) {
            return 0;
        }
        int longest = records.stream().mapToInt(record -> record.length).max().orElse(0) + LineFormat.maxNumberLength();
        int most = 0;
        int count = 0;
        try (InputStream in = new BufferedInputStream(RegularFile.read(log), BLOCK)) {
            in.skipNBytes(place <= log.length() ? place : 0);
            for (byte[] line = readLine(in, longest); line != null; line = readLine(in, longest)) {
                byte[] record = LineFormat.withoutNumber(line);
                if (count == records.size() || !Arrays.equals(record, records.get(count))) {
                    count = 0;
                }
                if (Arrays.equals(record, records.get(count))) {
                    count++;
                }
                most = Math.max(most, count);
            }
        }
        return most;
    }

    /** The next line without its line feed, or just over {@code longest} bytes of a longer one; null at the end. */
    private static byte @Nullable [] readLine(InputStream in, int longest) throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        int next = in.read();
        if (next < 0) {
            return null;
        }
        while (next >= 0 && next != '\n') {
            if (line.size() <= longest) {
                line.write(next);
            }
            next = in.read();
        }
        return line.toByteArray();
    }
}
