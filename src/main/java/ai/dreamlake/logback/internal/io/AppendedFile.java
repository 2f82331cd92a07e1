package ai.dreamlake.logback.internal.io;

import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.io.RandomAccessFile;

/** Appends to files so that a failure, such as a full disk, leaves no part of the new content. */
public final class AppendedFile {

    /** The content to append, written in any number of calls. */
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
            truncate(file, before); // or every attempt would leave a partial copy
            throw incomplete;
        }
    }

    /**
     * Truncates a file to a length that is at most its own. Uses no FileChannel, so it works on an interrupted thread.
     */
    public static void truncate(File file, long length) throws IOException {
        try (RandomAccessFile open = RegularFile.open(file, "rw")) {
            open.setLength(length);
        }
    }
}
