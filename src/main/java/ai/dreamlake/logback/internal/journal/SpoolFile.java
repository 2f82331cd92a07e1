package ai.dreamlake.logback.internal.journal;

import java.io.File;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;

/** How logs are opened that only wait for their delivery: readable by their owner alone, and sealed at a length. */
public record SpoolFile(long longestLog) implements LogFile.Opener {

    @Override
    public LogFile open(File log) throws FileNotFoundException {
        return new LogFile(log);
    }

    @Override
    public void create(File log) throws IOException {
        try {
            Files.createFile(log.toPath(), ownersAlone(log.toPath(), "rw-------"));
        } catch (FileAlreadyExistsException itsRightsAreSet) {
            // Also when another process was faster.
        }
    }

    /** Nobody but its owner may enter it. */
    @Override
    public void createDirectory(Path directory) throws IOException {
        Files.createDirectories(directory, ownersAlone(directory, "rwx------"));
    }

    private static FileAttribute<?>[] ownersAlone(Path path, String rights) {
        if (!path.getFileSystem().supportedFileAttributeViews().contains("posix")) {
            return new FileAttribute<?>[0]; // on Windows, what lies in a user's home is the user's
        }
        return new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(rights))};
    }
}
