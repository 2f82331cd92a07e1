package ai.dreamlake.logback.tool;

import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import org.jspecify.annotations.Nullable;

/**
 * Reads lines that end with a line feed. It keeps only the beginning of a line that is too long, so that no line
 * exhausts the memory.
 */
final class LineReader implements Closeable {

    /**
     * A line.
     *
     * @param bytes without the line feed; only the first bytes of a line that is too long
     * @param length the length of the line in bytes, without the line feed
     * @param hasEnd whether a line feed ends it; the last line of a log may be torn
     */
    record Line(byte[] bytes, long length, boolean hasEnd) {
        boolean isWhole() {
            return bytes.length == length;
        }
    }

    private static final int BLOCK = 64 * 1024;

    private final InputStream in;
    private final int maxLength;
    private final byte[] block = new byte[BLOCK];
    private int start;
    private int end;

    /** @param maxLength how many bytes of a line to keep */
    LineReader(InputStream in, int maxLength) {
        this.in = in;
        this.maxLength = maxLength;
    }

    /** Returns the next line; null at the end. */
    @Nullable
    Line next() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        long length = 0;
        while (true) {
            if (start == end && !fill()) {
                return length == 0 ? null : new Line(line.toByteArray(), length, false);
            }
            int lineFeed = start;
            while (lineFeed < end && block[lineFeed] != '\n') {
                lineFeed++;
            }
            line.write(block, start, Math.min(lineFeed - start, maxLength - line.size()));
            length += lineFeed - start;
            start = Math.min(lineFeed + 1, end);
            if (lineFeed < end) {
                return new Line(line.toByteArray(), length, true);
            }
        }
    }

    private boolean fill() throws IOException {
        start = 0;
        end = Math.max(0, in.read(block, 0, BLOCK));
        return end > 0;
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
