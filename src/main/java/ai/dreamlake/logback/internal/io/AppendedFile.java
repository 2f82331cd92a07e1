package ai.dreamlake.logback.internal.io;

import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.io.RandomAccessFile;

/** Appends to files so that a failure, such as a full disk, leaves nothing of what was to be appended. */
public final class AppendedFile {

    /** Writes what is to be appended, in as many calls as it likes. */
    public interface Content {
        void writeTo(OutputStream out) throws IOException;
    }

    private AppendedFile() {}

    /**
     * Appends all of the content or nothing, unless the process dies in between. Creates the file if it is missing.
     *
     * @throws IOException if nothing was appended
     */
    public static void append(File file, Content content) throws IOException {
        RegularFile.check(file);
        long before = file.length();
        try (OutputStream out = RegularFile.append(file)) {
            content.writeTo(out);
        } catch (IOException incomplete) {
            truncate(file, before); // or every attempt would leave a piece
            throw incomplete;
        }
    }

    /** Cuts a file to a length that it has, or exceeds. Uses no FileChannel, so it works on an interrupted thread. */
    public static void truncate(File file, long length) throws IOException {
        try (RandomAccessFile open = RegularFile.open(file, "rw")) {
            open.setLength(length);
        }
    }
}
