package ai.dreamlake.logback.internal.upload;

import ai.dreamlake.logback.internal.io.Digests;
import ai.dreamlake.logback.internal.io.FilePart;
import ai.dreamlake.logback.internal.io.LenientJson;
import ai.dreamlake.logback.internal.io.RegularFile;
import ai.dreamlake.logback.internal.record.LineFormat;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Whole lines of a log that are sent to the server in one call; or a single line that is not sent.
 *
 * <p>A batch depends only on its two positions in the log. So after a crash the same positions yield the same bytes,
 * under the same key.
 *
 * @param start the position of its first byte in the log
 * @param end one past the position of its last byte
 * @param numbers the numbers of its records
 * @param isFull whether it would stay the same if more records were written
 * @param lines its bytes in the log; empty if it is not sent
 * @param body the request's body; empty if it is not sent
 * @param unsendable why the single line is not sent, or null
 */
record Batch(
        long start,
        long end,
        Numbers numbers,
        boolean isFull,
        byte[] lines,
        byte[] body,
        @Nullable Unsendable unsendable) {

    /** Why a line is not sent. */
    enum Unsendable {
        NOT_A_RECORD("not a record"),
        /** Neither we nor a server should hold it in memory. */
        TOO_LONG("too long to be sent");

        final String reason;

        Unsendable(String reason) {
            this.reason = reason;
        }
    }

    private static final byte[] NOTHING = {};
    private static final byte[] BEFORE = "{\"logs\": [".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] BETWEEN = ", ".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] AFTER = "]}".getBytes(StandardCharsets.US_ASCII);
    private static final int MIN_READ = 64 * 1024;

    /** A longer line is not sent, and is never in memory as a whole. */
    private static final int MAX_LINE = LenientJson.maxHeldLength();

    /** A body whose end can be cut off again. */
    private static final class Body extends ByteArrayOutputStream {
        Body(int size) {
            super(size);
        }

        synchronized void cut(int size) {
            count = size;
        }
    }

    /**
     * Reads a batch. Only whole lines count: what follows the last line feed is still being written.
     *
     * @param from the position of its first byte
     * @param to the position that it must not exceed
     * @param number the expected number of its first record
     * @return null if there is no whole line
     */
    static @Nullable Batch read(RandomAccessFile log, long from, long to, int maxRecords, int maxBytes, long number)
            throws IOException {
        long available = Math.min(to, log.length()) - from;
        byte[] bytes = bytes(log, from, Math.min(available, Math.max(maxBytes, MIN_READ)));
        if (indexOfLineFeed(bytes, 0) < 0) {
            long lineFeed = findLineFeed(log, from + bytes.length, from + available);
            if (lineFeed < 0) {
                return null;
            }
            if (lineFeed - from > MAX_LINE) {
                return tooLong(log, from, lineFeed + 1, number);
            }
            bytes = bytes(log, from, lineFeed + 1 - from);
        }
        return of(bytes, from, bytes.length < available, maxRecords, maxBytes, number);
    }

    /** Reads a batch again, between the same two positions. Also null if that is too long for a batch. */
    static @Nullable Batch read(RandomAccessFile log, long from, long to, int maxBytes, long number)
            throws IOException {
        int most = (int) Math.min(to - from, Math.max(maxBytes, MAX_LINE + 1));
        return to - from > most ? null : read(log, from, to, Integer.MAX_VALUE, Integer.MAX_VALUE, number);
    }

    private static byte[] bytes(RandomAccessFile log, long from, long count) throws IOException {
        byte[] bytes = new byte[(int) Math.max(0, count)];
        log.seek(from);
        log.readFully(bytes);
        return bytes;
    }

    /** The position of the first line feed, or -1. */
    private static long findLineFeed(RandomAccessFile log, long from, long to) throws IOException {
        InputStream in = new FilePart(log, from, to);
        byte[] block = new byte[MIN_READ];
        long position = from;
        for (int count = in.read(block); count > 0; count = in.read(block)) {
            for (int i = 0; i < count; i++) {
                if (block[i] == '\n') {
                    return position + i;
                }
            }
            position += count;
        }
        return -1;
    }

    private static Batch tooLong(RandomAccessFile log, long start, long end, long number) throws IOException {
        long own = LineFormat.numberOf(new FilePart(log, start, end));
        Numbers numbers = new Numbers(number);
        numbers.add(own);
        return notSent(
                start, end, numbers, own == LineFormat.NOT_A_RECORD ? Unsendable.NOT_A_RECORD : Unsendable.TOO_LONG);
    }

    private static Batch notSent(long start, long end, Numbers numbers, Unsendable why) {
        return new Batch(start, end, numbers, true, NOTHING, NOTHING, why);
    }

    /** @param hasMore whether the log has more than these bytes */
    private static Batch of(byte[] bytes, long from, boolean hasMore, int maxRecords, int maxBytes, long number) {
        Numbers numbers = new Numbers(number);
        boolean isFull = false;
        int start = 0;
        int end = indexOfLineFeed(bytes, 0);
        Body body = new Body(Math.min(bytes.length, Math.max(maxBytes, end)) + BEFORE.length + AFTER.length);
        body.writeBytes(BEFORE);
        while (end >= 0
                && numbers.records() < maxRecords
                && (numbers.records() == 0 || end + BEFORE.length + AFTER.length <= maxBytes)) {
            int size = body.size();
            if (numbers.records() > 0) {
                body.writeBytes(BETWEEN);
            }
            long own = LineFormat.writeWithoutNumber(bytes, start, end, body);
            if (own == LineFormat.NOT_A_RECORD && numbers.records() == 0) {
                return notSent(from, from + end + 1, numbers, Unsendable.NOT_A_RECORD);
            }
            if (own == LineFormat.NOT_A_RECORD) {
                body.cut(size);
                isFull = true;
                break;
            }
            numbers.add(own);
            start = end + 1;
            end = indexOfLineFeed(bytes, start);
        }
        body.writeBytes(AFTER);
        return new Batch(
                from,
                from + start,
                numbers,
                isFull || end >= 0 || hasMore || numbers.records() == maxRecords,
                start == bytes.length ? bytes : Arrays.copyOf(bytes, start),
                body.toByteArray(),
                null);
    }

    /** How many records it has; 1 if it is a line that is not sent. */
    int records() {
        return unsendable == null ? numbers.records() : 1;
    }

    /** Whether the journal would accept its last line as a record. */
    boolean endsWithRecord() {
        int last = startOfLastLine();
        return unsendable == null
                ? LineFormat.isRecord(lines, last, lines.length - last)
                : unsendable != Unsendable.NOT_A_RECORD;
    }

    /** The same batch without its last line; null if that is its only line. */
    @Nullable
    Batch withoutLastLine(RandomAccessFile log, long number) throws IOException {
        int last = startOfLastLine();
        return last == 0 ? null : read(log, start, start + last, lines.length, number);
    }

    boolean isStillIn(RandomAccessFile log) throws IOException {
        if (unsendable == null) {
            return end <= log.length() && Arrays.equals(bytes(log, start, end - start), lines);
        }
        Batch now = read(log, start, end, 1, 1, 0);
        return now != null && now.end == end && now.unsendable == unsendable;
    }

    private int startOfLastLine() {
        int start = lines.length - 1;
        while (start > 0 && lines[start - 1] != '\n') {
            start--;
        }
        return Math.max(0, start);
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
