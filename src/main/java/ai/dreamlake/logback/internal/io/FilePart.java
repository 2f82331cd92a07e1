package ai.dreamlake.logback.internal.io;

import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;

/**
 * Reads a part of an open file and moves the file's position. It is not buffered, so read many bytes at a time. Closing
 * it leaves the file open.
 */
public final class FilePart extends InputStream {

    private final RandomAccessFile file;
    private final long end;
    private long position;

    /**
     * @param start the position of the first byte
     * @param end one past the position of the last byte; if the file is shorter, the part ends with it
     */
    public FilePart(RandomAccessFile file, long start, long end) {
        this.file = file;
        this.position = start;
        this.end = end;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] target, int start, int count) throws IOException {
        if (count == 0) {
            return 0;
        }
        if (position >= end) {
            return -1;
        }
        file.seek(position);
        int read = file.read(target, start, (int) Math.min(count, end - position));
        position += Math.max(0, read);
        return read;
    }
}
