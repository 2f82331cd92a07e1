package ai.dreamlake.logback.internal.journal;

import ai.dreamlake.logback.internal.session.Retention;
import java.io.File;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;

/**
 * Storage for logs that wait for their delivery. Only their owner can read them.
 *
 * @param maxSegmentBytes a log that is longer becomes a segment
 */
public record SpoolStorage(long maxSegmentBytes) implements Storage {

    @Override
    public Retention retention() {
        return Retention.SPOOL;
    }

    @Override
    public void createLog(File log) throws IOException {
        try {
            Files.createFile(log.toPath(), ownerOnly(log.toPath(), "rw-------"));
        } catch (FileAlreadyExistsException itHasItsRights) {
            // Another process may have created it first.
        }
    }

    @Override
    public void createDirectory(Path directory) throws IOException {
        Files.createDirectories(directory, ownerOnly(directory, "rwx------"));
    }

    private static FileAttribute<?>[] ownerOnly(Path path, String rights) {
        if (!path.getFileSystem().supportedFileAttributeViews().contains("posix")) {
            return new FileAttribute<?>[0]; // on Windows, the user's home protects what lies in it
        }
        return new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(rights))};
    }
}
