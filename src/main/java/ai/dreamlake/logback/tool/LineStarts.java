package ai.dreamlake.logback.tool;

import java.io.IOException;
import java.io.RandomAccessFile;

/** Finds the last lines of a file, searching from its end, without reading what is before them. */
final class LineStarts {

    private static final int BLOCK = 64 * 1024;

    private LineStarts() {}

    /**
     * Returns where the last lines begin; 0 if there are fewer.
     *
     * @param end the end of the last line: where another line begins, or the file ends. A torn line counts as a line
     */
    static long ofLast(RandomAccessFile file, long end, long lines) throws IOException {
        byte[] block = new byte[BLOCK];
        long left = lines;
        long position = end - 1; // skip the line feed of the last line itself
        while (position > 0 && left > 0) {
            long start = Math.max(0, position - BLOCK);
            file.seek(start);
            file.readFully(block, 0, (int) (position - start));
            for (int i = (int) (position - start) - 1; i >= 0; i--) {
                if (block[i] == '\n' && --left == 0) {
                    return start + i + 1;
                }
            }
            position = start;
        }
        return lines == 0 ? end : 0;
    }
}
