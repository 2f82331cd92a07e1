package ai.dreamlake.logback.internal.journal;

import ai.dreamlake.logback.internal.session.Retention;
import java.io.File;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Storage for logs that wait to be delivered. Only their owner can read them.
 *
 * @param maxSegmentBytes a log that reaches this length becomes a segment
 * @param writtenBytes counts the bytes written to logs, so that a limit holds at any speed
 * @param reportsCrashes whether processes that end without closing their logs are reported
 */
public record SpoolStorage(long maxSegmentBytes, AtomicLong writtenBytes, boolean reportsCrashes) implements Storage {

    /** Storage whose bytes are not counted, without crash reports. */
    public SpoolStorage(long maxSegmentBytes) {
        this(maxSegmentBytes, new AtomicLong(), false);
    }

    @Override
    public LogFile open(File log) throws IOException {
        return new LogFile(log) {
            @Override
            public void write(byte[] bytes, int start, int count) throws IOException {
                writtenBytes.addAndGet(count);
                super.write(bytes, start, count);
            }
        };
    }

    @Override
    public Retention retention() {
        return Retention.SPOOL;
    }

    @Override
    public void createLog(File log) throws IOException {
        try {
            Files.createFile(log.toPath(), ownerOnly(log.toPath(), "rw-------"));
        } catch (FileAlreadyExistsException alreadyCreated) {
            // Another process may have created it first.
        }
    }

    @Override
    public void createDirectory(Path directory) throws IOException {
        Files.createDirectories(directory, ownerOnly(directory, "rwx------"));
    }

    private static FileAttribute<?>[] ownerOnly(Path path, String rights) {
        if (!path.getFileSystem().supportedFileAttributeViews().contains("posix")) {
            return new FileAttribute<?>[0]; // on Windows, the user's home directory protects its content
        }
        return new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(rights))};
    }
}
