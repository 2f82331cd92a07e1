package ai.dreamlake.logback.internal.journal;

import java.io.File;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.json.JsonReadFeature;

/**
 * The end of a log, where the next record goes.
 *
 * <p>The log is the truth: the next number is the one of the last record, plus one, whatever any other file says.
 * Finding it reads the last 64 KiB as a rule, so that a log of 10 GB opens as fast as an empty one.
 *
 * <p>What stands behind the last record is damage: the torn line of a writer that was killed, or what a power loss or
 * an editor left there. It is set aside into a file of its own, byte for byte, and cut off; nothing before it is touched.
 *
 * @param length where the last record ends
 * @param nextNumber the number of the next record
 * @param setAside how many bytes of damage were set aside
 */
public record LogTail(long length, long nextNumber, long setAside) {

    private static final int BLOCK = 64 * 1024;

    /** No record is that long; a line that is longer is damage, and is not read into memory. */
    private static final int LONGEST_LINE = 256 * 1024 * 1024;

    /** Without Jackson's usual limits: a record with a very long key is a record. So is one with the Python SDK's NaN. */
    private static final JsonFactory JSON = JsonFactory.builder()
            .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNameLength(Integer.MAX_VALUE)
                    .maxNumberLength(Integer.MAX_VALUE)
                    .maxStringLength(Integer.MAX_VALUE)
                    .maxNestingDepth(Integer.MAX_VALUE)
                    .build())
            .build();

    static {
        // Damage is found when something went wrong, perhaps with hardly any stack left. What reads it is loaded by then.
        sequenceNumber("{\"sequenceNumber\": 0}".getBytes(StandardCharsets.US_ASCII));
    }

    /**
     * Finds the end of a log, and mends it.
     *
     * @param log may be missing, which is like empty
     * @param aside where damage goes; made when there is some
     */
    static LogTail recover(File log, File aside) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(log, "rw")) {
            return new Reader(file).recover(aside);
        }
    }

    /**
     * Cuts a log off at a position; what stood behind it is set aside.
     *
     * @return how many bytes that were
     */
    public static long cut(File log, long end, File aside) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(log, "rw")) {
            return new Reader(file).cut(end, 0, file.length(), aside).setAside();
        }
    }

    /** Whether a line, with or without its line feed, is a record. One at a log's end that is none is cut off. */
    public static boolean isRecord(byte[] line) {
        return sequenceNumber(line) >= 0;
    }

    /**
     * Reads backwards through a block that moves over the file. RandomAccessFile and no FileChannel: that one closes
     * when the thread is interrupted.
     */
    private static final class Reader {
        private final RandomAccessFile file;
        private final byte[] block = new byte[BLOCK];
        private long blockStart;
        private long blockEnd;

        Reader(RandomAccessFile file) {
            this.file = file;
        }

        LogTail recover(File aside) throws IOException {
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
                    return cut(lineEnd, number + 1, length, aside);
                }
                end = lineStart;
            }
            return cut(0, 0, length, aside);
        }

        private LogTail cut(long end, long nextNumber, long length, File aside) throws IOException {
            if (end < length) {
                file.setLength(length); // no change; but where cutting is forbidden it fails now, and not when all is copied
                setAside(end, length, aside);
                file.setLength(end);
            }
            return new LogTail(end, nextNumber, length - end);
        }

        private void setAside(long start, long end, File aside) throws IOException {
            long before = aside.length();
            try {
                copy(start, end, aside);
            } catch (IOException incomplete) {
                try (RandomAccessFile cut = new RandomAccessFile(aside, "rw")) {
                    cut.setLength(before); // or each attempt would add to it
                }
                throw incomplete;
            }
        }

        private void copy(long start, long end, File aside) throws IOException {
            try (OutputStream out = new FileOutputStream(aside, true)) {
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
        }

        /** The index behind the last line feed before {@code end}, or 0. */
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

        /** The sequence number of a line, or -1 if it is no record. */
        private long numberOf(long start, long end) throws IOException {
            if (end - start > LONGEST_LINE) {
                return -1;
            }
            byte[] line = new byte[(int) (end - start)];
            file.seek(start);
            file.readFully(line);
            return sequenceNumber(line);
        }
    }

    private static long sequenceNumber(byte[] line) {
        long number = -1;
        try (JsonParser parser = JSON.createParser(ObjectReadContext.empty(), line)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                return -1;
            }
            while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
                boolean isNumber = parser.currentName().equals("sequenceNumber");
                JsonToken value = parser.nextToken();
                if (isNumber && value == JsonToken.VALUE_NUMBER_INT) {
                    number = parser.getLongValue();
                }
                parser.skipChildren();
            }
            boolean wholeLine = parser.currentToken() == JsonToken.END_OBJECT && parser.nextToken() == null;
            return wholeLine && number < Long.MAX_VALUE ? number : -1;
        } catch (JacksonException noRecord) {
            return -1;
        }
    }
}
