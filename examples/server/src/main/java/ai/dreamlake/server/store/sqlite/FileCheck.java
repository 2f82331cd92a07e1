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
 * Whether a file can be ours, and whole: looks at its first bytes, at its length, and at what the log beside it has.
 * SQLite itself would find the end missing only when it reads there, or would fill it with zeros from the log.
 *
 * <p>Reads nothing of the records, so it takes no longer for a large file. To be called before SQLite opens the file:
 * closing it here would take away the locks that SQLite has of it.
 */
final class FileCheck {

    private static final byte[] MAGIC = "SQLite format 3\0".getBytes(StandardCharsets.US_ASCII);

    /** Of the database: length, and where in it are the page's size, the count of pages, and what a program sets. */
    private static final int HEADER = 100;

    private static final int PAGE_SIZE = 16;
    private static final int PAGE_COUNT = 28;
    private static final int USER_VERSION = 60;
    private static final int APPLICATION_ID = 68;

    /** 65536 does not fit into two bytes. */
    private static final int LARGEST_PAGE = 65536;

    /** Of the log: its own header, with two random numbers, and that of each page in it, which repeats them. */
    private static final int LOG_HEADER = 32;

    private static final int LOG_SALTS = 16;
    private static final int FRAME_HEADER = 24;
    private static final int FRAME_SALTS = 8;

    /** Here SQLite locks; the page of this byte is never written. */
    private static final long LOCKED_BYTE = 0x4000_0000;

    private final Path file;
    private final Path log;

    /** @param log may be absent: then all is in the file */
    FileCheck(Path file, Path log) {
        this.file = file;
        this.log = log;
    }

    /** @throws IllegalStateException if the file is no whole one of ours; says what to do */
    void check() throws IOException {
        ByteBuffer header = ByteBuffer.allocate(HEADER);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            if (channel.size() < HEADER) {
                throw new IllegalStateException(file + " is truncated: it has " + channel.size()
                        + " bytes, fewer than any store. " + restore());
            }
            readFully(channel, header, 0);
            if (!Arrays.equals(MAGIC, Arrays.copyOf(header.array(), MAGIC.length))) {
                throw new IllegalStateException(file + " is no database, or its beginning is damaged. " + restore());
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
        int pageSize = stored == 1 ? LARGEST_PAGE : stored;
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
     * Finds the pages that are in the log, and not yet in the file.
     *
     * @return how many pages the database has; 0 if the log does not say
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
                    break; // from here on it is older: the log is used again from its beginning
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
