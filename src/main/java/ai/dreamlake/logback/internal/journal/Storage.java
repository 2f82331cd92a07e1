package ai.dreamlake.logback.internal.journal;

import ai.dreamlake.logback.internal.session.Retention;
import java.io.File;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** How the files of sessions are made and opened. Tests use it to make disks fail. */
public interface Storage {

    /** Storage for logs that stay, with the rights that the process gives to new files. */
    static Storage kept() {
        return new Storage() {};
    }

    default Retention retention() {
        return Retention.KEEP;
    }

    /** How long a log of a spool grows before it becomes a segment. A log that stays has no limit. */
    default long maxSegmentBytes() {
        return Long.MAX_VALUE;
    }

    default LogFile open(File log) throws FileNotFoundException {
        return new LogFile(log);
    }

    /** Creates a directory, and those above it, unless they are there. */
    default void createDirectory(Path directory) throws IOException {
        Files.createDirectories(directory);
    }

    /** Creates a log before it is first opened, if it needs special rights. */
    default void createLog(File log) throws IOException {
        // Opening creates it.
    }
}
