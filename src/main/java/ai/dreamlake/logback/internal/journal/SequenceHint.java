package ai.dreamlake.logback.internal.journal;

import java.io.File;
import java.io.FileInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * {@code .log_sequence}: the next sequence number, for the Python SDK.
 *
 * <p>The SDK believes this file blindly and takes an empty one for 0. So the number is written in place, with one
 * {@code write}, at a fixed width:
 *
 * <pre>
 *   "1024               \n"     the number, spaces up to 19 characters, a line feed
 * </pre>
 *
 * <p>After a kill it may be too large (then the SDK skips numbers); it must never be too small (then it repeats them).
 * We read it only where no record tells the number: when all records of a spool are delivered and deleted.
 */
final class SequenceHint {

    private static final int WIDTH = 20;

    private final File file;

    SequenceHint(File file) {
        this.file = file;
    }

    /** The number, or 0 if the file is missing or makes no sense. */
    long read() throws IOException {
        try (InputStream hint = new FileInputStream(file)) {
            return Math.max(0, Long.parseLong(new String(hint.readNBytes(WIDTH), StandardCharsets.US_ASCII).strip()));
        } catch (NumberFormatException nothing) {
            return 0;
        } catch (FileNotFoundException missingOrUnreadable) {
            if (file.exists()) {
                throw missingOrUnreadable;
            }
            return 0;
        }
    }

    void write(long number) throws IOException {
        byte[] text = String.format(Locale.ROOT, "%-19d\n", number).getBytes(StandardCharsets.US_ASCII);
        try (RandomAccessFile hint = new RandomAccessFile(file, "rw")) {
            hint.write(text);
            if (hint.length() > WIDTH) {
                hint.setLength(WIDTH);
            }
        }
    }
}
