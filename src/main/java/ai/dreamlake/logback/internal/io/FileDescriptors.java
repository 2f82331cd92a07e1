package ai.dreamlake.logback.internal.io;

import java.io.File;
import java.io.FileInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.FileSystemException;

/** Recognises that no file can be opened, because the process (EMFILE) or the system (ENFILE) has too many open. */
public final class FileDescriptors {

    /** How Linux and macOS begin both messages, if they speak English. */
    private static final String MESSAGE = "Too many open files";

    /** What Java says of a file's mount if it cannot open the system's list of mounts. */
    private static final String NO_MOUNTS = "Mount point not found";

    /** Opening it fails for no other reason. */
    private static final File PROBE = new File("/dev/null");

    private FileDescriptors() {}

    /**
     * Whether that is why a file could not be opened.
     *
     * <p>Java has no type for it, and the system's message is in the language of the locale. So where the message does
     * not tell, a file that can always be opened is tried. The message comes first: by the time of the probe, another
     * thread may have closed a file.
     */
    public static boolean areExhausted(IOException failure) {
        String message = failure.getMessage();
        return message != null && (message.contains(MESSAGE) || message.contains(NO_MOUNTS))
                || (failure instanceof FileNotFoundException || failure instanceof FileSystemException)
                        && PROBE.exists() // not on Windows, where nothing of this happens
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
