package ai.dreamlake.logback.internal.journal;

import java.io.File;
import java.io.FileNotFoundException;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A log, open for appending: each write is one system call, at the file's end whoever else wrote there. No FileChannel:
 * that one closes when the thread is interrupted.
 */
public class LogFile extends FileOutputStream {

    /** How logs are opened; tests open failing ones. */
    public interface Opener {
        LogFile open(File log) throws FileNotFoundException;

        /** Makes a directory for logs, and those above it, unless they are there. */
        default void createDirectory(Path directory) throws IOException {
            Files.createDirectories(directory);
        }

        /** Comes before anything else is done with a log: makes it, if it is to be made in a special way. */
        default void create(File log) throws IOException {
            // Whoever opens it first makes it.
        }

        /**
         * The length from which on a log is sealed: put aside under the number behind its last record, while the next record
         * begins a new log. By default logs are never sealed.
         */
        default long longestLog() {
            return Long.MAX_VALUE;
        }
    }

    public LogFile(File log) throws FileNotFoundException {
        super(log, true);
    }

    /** Returns when the device has all that was written. */
    public void force() throws IOException {
        getFD().sync();
    }
}
