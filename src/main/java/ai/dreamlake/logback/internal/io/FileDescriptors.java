package ai.dreamlake.logback.internal.io;

import java.io.File;
import java.io.FileInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.FileSystemException;

/** Recognises when no file can be opened because the process (EMFILE) or the system (ENFILE) has too many open. */
public final class FileDescriptors {

    /** The beginning of both messages on Linux and macOS, in an English locale. */
    private static final String MESSAGE = "Too many open files";

    /** Java's message about a file's mount if it cannot open the system's list of mounts. */
    private static final String NO_MOUNTS = "Mount point not found";

    /** Opening this file fails for no other reason. */
    private static final File PROBE = new File("/dev/null");

    private FileDescriptors() {}

    /**
     * Whether exhausted descriptors are why a file could not be opened.
     *
     * <p>Java has no exception type for it, and the system's message is in the locale's language. So if the message
     * does not say, this tries to open a file that can always be opened. The message is checked first, because another
     * thread may have closed a file before the probe.
     */
    public static boolean areExhausted(IOException failure) {
        String message = failure.getMessage();
        return message != null && (message.contains(MESSAGE) || message.contains(NO_MOUNTS))
                || (failure instanceof FileNotFoundException || failure instanceof FileSystemException)
                        && PROBE.exists() // not on Windows, where this does not happen
                        && !canOpen(PROBE);
    }

    private static boolean canOpen(File file) {
        try (InputStream opened = new FileInputStream(file)) {
            return true;
        } catch (IOException exhausted) {
            return false;
        }
    }
}
