package ai.dreamlake.logback.internal.journal;

import ai.dreamlake.logback.internal.io.RegularFile;
import ai.dreamlake.logback.internal.record.LineFormat;
import java.io.File;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * {@code .log_sequence}: the next sequence number, for the Python SDK.
 *
 * <p>The SDK trusts this file blindly and reads an empty one as 0. So the number is written in place, with one
 * {@code write}, at a fixed width:
 *
 * <pre>
 *   "1024               \n"     the number, spaces up to 19 characters, a line feed
 * </pre>
 *
 * <p>The number is exact after each write, and is written before the log. So after a kill it may be too large, by one
 * batch at most, and the SDK then skips numbers. It is never too small, which would make the SDK repeat numbers.
 *
 * <p>The SDK truncates the file before it writes. Where our lock does not exclude it, our write may come in between.
 * Then the SDK's number overwrites only the beginning of ours, and a leftover digit may make it ten times larger.
 * Replacing the file would prevent that, but takes a millisecond instead of two microseconds (measured on ext4).
 *
 * <p>While the file is open, a shared {@code fcntl} lock on it shows other JVMs that the session is open.
 *
 * <p>We read it only when no record has the number: when all records of a spool are delivered and deleted.
 */
final class SequenceHint {

    private static final int WIDTH = 20;

    private final File file;
    private final byte[] text = new byte[WIDTH];
    private @Nullable RandomAccessFile open;

    SequenceHint(File file) {
        this.file = file;
        text[WIDTH - 1] = '\n';
    }

    /** The number, or 0 if the file is missing or not a usable number. */
    long read() throws IOException {
        try (InputStream hint = RegularFile.read(file)) {
            long number = Long.parseLong(new String(hint.readNBytes(WIDTH), StandardCharsets.US_ASCII).strip());
            return LineFormat.canContinue(number) ? number : 0;
        } catch (NumberFormatException nothing) {
            return 0;
        } catch (FileNotFoundException missingOrUnreadable) {
            if (file.exists()) {
                throw missingOrUnreadable;
            }
            return 0;
        }
    }

    /** Writes the number. The file stays open until {@link #close}. */
    void write(long number) throws IOException {
        RandomAccessFile hint = open;
        if (hint == null) {
            hint = RegularFile.open(file, "rw");
            open = hint;
            showThatItIsOpen(hint);
            if (hint.length() > WIDTH) {
                hint.setLength(WIDTH);
            }
        }
        Arrays.fill(text, 0, WIDTH - 1, (byte) ' ');
        LineFormat.writeNumber(number, text);
        hint.seek(0);
        hint.write(text);
    }

    /** A failure costs no record. The session may then be deleted while it is open, and starts again. */
    private static void showThatItIsOpen(RandomAccessFile hint) {
        try {
            hint.getChannel().tryLock(0, Long.MAX_VALUE, true);
        } catch (IOException | OverlappingFileLockException nobodyIsTold) {
            // There are no locks here, or another copy of this library in this JVM holds one already.
        }
    }

    /**
     * Whether any JVM has the file open. Must not be called in a JVM that has: closing the descriptor used for the
     * check drops that JVM's lock.
     *
     * @throws IOException also where there are no locks
     */
    static boolean isOpenAnywhere(File file) throws IOException {
        if (!file.exists()) {
            return false;
        }
        try (RandomAccessFile hint = RegularFile.open(file, "rw")) {
            return hint.getChannel().tryLock() == null;
        } catch (OverlappingFileLockException byAnotherCopyOfThisLibrary) {
            return true;
        }
    }

    void close() throws IOException {
        RandomAccessFile closing = open;
        open = null;
        if (closing != null) {
            closing.close();
        }
    }
}
