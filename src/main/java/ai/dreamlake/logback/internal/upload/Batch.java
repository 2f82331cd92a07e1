package ai.dreamlake.logback.internal.upload;

import ai.dreamlake.logback.internal.io.Digests;
import ai.dreamlake.logback.internal.io.RegularFile;
import ai.dreamlake.logback.internal.record.LineFormat;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Some whole lines of a log that are sent to the server in one call.
 *
 * <p>A batch depends only on its two positions in the log. So after a crash the same positions yield the same bytes,
 * under the same key.
 *
 * @param start the position of its first byte in the log
 * @param end one past the position of its last byte
 * @param records how many lines it has
 * @param nextNumber one past the number of its last record
 * @param isFull whether it would stay the same if more records were written
 * @param lines its bytes in the log
 * @param body the request's body; null if the batch is a single line that is not a record
 */
record Batch(long start, long end, int records, long nextNumber, boolean isFull, byte[] lines, byte @Nullable [] body) {

    private static final byte[] BEFORE = "{\"logs\": [".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] BETWEEN = ", ".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] AFTER = "]}".getBytes(StandardCharsets.US_ASCII);
    private static final int MIN_READ = 64 * 1024;

    /**
     * Reads a batch. Only whole lines count: what follows the last line feed is still being written.
     *
     * @param from where to begin
     * @param to where to end at the latest
     * @param number the batch's {@code nextNumber} if it contains no record
     * @return null if there is no whole line
     */
    static @Nullable Batch read(RandomAccessFile log, long from, long to, int maxRecords, int maxBytes, long number)
            throws IOException {
        byte[] bytes = new byte[0];
        int lineFeed = -1;
        long available = Math.min(to, log.length()) - from;
        for (long readSize = Math.max(maxBytes, MIN_READ); lineFeed < 0 && bytes.length < available; readSize *= 2) {
            bytes = new byte[(int) Math.min(readSize, Math.min(available, Integer.MAX_VALUE - 8))];
            log.seek(from);
            log.readFully(bytes);
            lineFeed = indexOfLineFeed(bytes, 0);
        }
        return lineFeed < 0 ? null : of(bytes, from, bytes.length < available, maxRecords, maxBytes, number);
    }

    /** Reads a batch again, between the same two positions. */
    static @Nullable Batch read(RandomAccessFile log, long from, long to, long number) throws IOException {
        return read(log, from, to, Integer.MAX_VALUE, Integer.MAX_VALUE, number);
    }

    /** @param hasMore whether the log has more than these bytes */
    private static Batch of(byte[] bytes, long from, boolean hasMore, int maxRecords, int maxBytes, long number) {
        ByteArrayOutputStream body = new ByteArrayOutputStream(Math.min(bytes.length, maxBytes) + AFTER.length);
        body.writeBytes(BEFORE);
        int start = 0;
        int records = 0;
        long next = number;
        int end = indexOfLineFeed(bytes, 0);
        while (end >= 0 && records < maxRecords && (records == 0 || end + BEFORE.length + AFTER.length <= maxBytes)) {
            int size = body.size();
            if (records > 0) {
                body.writeBytes(BETWEEN);
            }
            long recordNumber = LineFormat.writeWithoutNumber(bytes, start, end, body);
            if (recordNumber == LineFormat.NOT_A_RECORD && records == 0) {
                return new Batch(from, from + end + 1, 1, next, true, Arrays.copyOf(bytes, end + 1), null);
            }
            if (recordNumber == LineFormat.NOT_A_RECORD) {
                return finish(
                        from,
                        next,
                        records,
                        true,
                        Arrays.copyOf(bytes, start),
                        Arrays.copyOf(body.toByteArray(), size));
            }
            next = recordNumber + 1;
            records++;
            start = end + 1;
            end = indexOfLineFeed(bytes, start);
        }
        return finish(
                from,
                next,
                records,
                end >= 0 || hasMore || records == maxRecords,
                Arrays.copyOf(bytes, start),
                body.toByteArray());
    }

    private static Batch finish(long from, long next, int records, boolean isFull, byte[] lines, byte[] body) {
        byte[] whole = Arrays.copyOf(body, body.length + AFTER.length);
        System.arraycopy(AFTER, 0, whole, body.length, AFTER.length);
        return new Batch(from, from + lines.length, records, next, isFull, lines, whole);
    }

    /** Whether the journal would accept its last line as a record. */
    boolean endsWithRecord() {
        return LineFormat.isRecord(Arrays.copyOfRange(lines, startOfLastLine(), lines.length));
    }

    /** The same batch without its last line; null if that is its only line. */
    @Nullable
    Batch withoutLastLine(RandomAccessFile log, long number) throws IOException {
        return startOfLastLine() == 0 ? null : read(log, start, start + startOfLastLine(), number);
    }

    boolean isStillIn(RandomAccessFile log) throws IOException {
        Batch now = read(log, start, end, nextNumber);
        return now != null && Arrays.equals(now.lines, lines);
    }

    private int startOfLastLine() {
        int start = lines.length - 1;
        while (start > 0 && lines[start - 1] != '\n') {
            start--;
        }
        return start;
    }

    /** How many lines begin at or after a position. */
    static long countLines(File log, long from) throws IOException {
        long lines = 0;
        byte[] block = new byte[MIN_READ];
        try (RandomAccessFile file = RegularFile.open(log, "r")) {
            file.seek(from);
            for (int count = file.read(block); count > 0; count = file.read(block)) {
                for (int i = 0; i < count; i++) {
                    if (block[i] == '\n') {
                        lines++;
                    }
                }
            }
        }
        return lines;
    }

    private static int indexOfLineFeed(byte[] bytes, int from) {
        for (int i = from; i < bytes.length; i++) {
            if (bytes[i] == '\n') {
                return i;
            }
        }
        return -1;
    }

    /** The idempotency key, by which the server recognizes a batch that it has: always the same for the same batch. */
    String key(String session) {
        return Digests.shortHex((session + "\n" + start + "\n").getBytes(StandardCharsets.UTF_8), lines);
    }
}
