package ai.dreamlake.server.store.sqlite;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.BitSet;

/**
 * Checks whether a file is a complete store: looks at its first bytes, its length, and the contents of the log beside
 * it. SQLite itself would notice a missing end only when it reads there, or would fill it with zeros from the log.
 *
 * <p>It reads no records, so it is as fast for a large file. Call it before SQLite opens the file: closing the file
 * here would release SQLite's locks on it.
 */
final class FileCheck {

    private static final byte[] MAGIC = "SQLite format 3\0".getBytes(StandardCharsets.US_ASCII);

    /**
     * The database header: its length, and the positions of the page size, the page count, and the values that a
     * program sets.
     */
    private static final int HEADER = 100;

    private static final int PAGE_SIZE = 16;
    private static final int PAGE_COUNT = 28;
    private static final int USER_VERSION = 60;
    private static final int APPLICATION_ID = 68;

    /** The code 1 means 65536, which does not fit into two bytes. */
    private static final int MAX_PAGE = 65536;

    /**
     * The log: the length of its header, which has two random numbers, and of the header of each page, which repeats
     * them.
     */
    private static final int LOG_HEADER = 32;

    private static final int LOG_SALTS = 16;
    private static final int FRAME_HEADER = 24;
    private static final int FRAME_SALTS = 8;

    /** SQLite locks this byte, and never writes the page that contains it. */
    private static final long LOCKED_BYTE = 0x4000_0000;

    private final Path file;
    private final Path log;

    /** @param log may be absent: then everything is in the file */
    FileCheck(Path file, Path log) {
        this.file = file;
        this.log = log;
    }

    /** @throws IllegalStateException if the file is not a complete store; the message says what to do */
    void check() throws IOException {
        ByteBuffer header = ByteBuffer.allocate(HEADER);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            if (channel.size() < HEADER) {
                throw new IllegalStateException(file + " is truncated: it has " + channel.size()
                        + " bytes, fewer than any store. " + restore());
            }
            readFully(channel, header, 0);
            if (!Arrays.equals(MAGIC, Arrays.copyOf(header.array(), MAGIC.length))) {
                throw new IllegalStateException(file + " is not a database, or its beginning is damaged. " + restore());
            }
            if (header.getInt(APPLICATION_ID) != Schema.APPLICATION_ID) {
                throw new IllegalStateException(
                        file + " is the database of another program: set DATA_PATH to another directory.");
            }
            if (header.getInt(USER_VERSION) != Schema.VERSION) {
                throw new IllegalStateException(file + " has layout " + header.getInt(USER_VERSION)
                        + ", this server knows layout " + Schema.VERSION + ": start the version that wrote it.");
            }
            checkLength(channel.size(), header);
        }
    }

    static String restore() {
        return "Restore it from a backup, or move it away to begin with an empty store.";
    }

    private void checkLength(long length, ByteBuffer header) throws IOException {
        int stored = header.getShort(PAGE_SIZE) & 0xFFFF;
        int pageSize = stored == 1 ? MAX_PAGE : stored;
        int complete = (int) (length / pageSize);
        BitSet inLog = new BitSet();
        int expected = readLog(pageSize, inLog);
        if (expected == 0) {
            expected = header.getInt(PAGE_COUNT);
        }
        for (int page = complete + 1; page <= expected; page++) {
            if (!inLog.get(page) && page != LOCKED_BYTE / pageSize + 1) {
                throw new IllegalStateException(file + " is truncated: it has " + length + " bytes and should have "
                        + (long) expected * pageSize + ". " + restore());
            }
        }
    }

    /**
     * Finds the pages that are in the log but not yet in the file.
     *
     * @return the number of pages of the database; 0 if the log does not say
     */
    private int readLog(int pageSize, BitSet pages) throws IOException {
        int count = 0;
        if (!Files.exists(log)) {
            return count;
        }
        try (FileChannel channel = FileChannel.open(log, StandardOpenOption.READ)) {
            if (channel.size() < LOG_HEADER) {
                return count;
            }
            ByteBuffer header = ByteBuffer.allocate(LOG_HEADER);
            readFully(channel, header, 0);
            ByteBuffer frame = ByteBuffer.allocate(FRAME_HEADER);
            for (long at = LOG_HEADER; at + FRAME_HEADER + pageSize <= channel.size(); at += FRAME_HEADER + pageSize) {
                frame.clear();
                readFully(channel, frame, at);
                if (frame.getLong(FRAME_SALTS) != header.getLong(LOG_SALTS)) {
                    break; // the rest is older: SQLite reuses the log from its beginning
                }
                pages.set(frame.getInt(0));
                int afterCommit = frame.getInt(Integer.BYTES);
                count = afterCommit == 0 ? count : afterCommit;
            }
        }
        return count;
    }

    private static void readFully(FileChannel channel, ByteBuffer buffer, long position) throws IOException {
        long at = position;
        while (buffer.hasRemaining()) {
            int count = channel.read(buffer, at);
            if (count < 0) {
                throw new IOException("unexpected end at " + at);
            }
            at += count;
        }
    }
}
