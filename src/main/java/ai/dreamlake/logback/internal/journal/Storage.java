package ai.dreamlake.logback.internal.journal;

import ai.dreamlake.logback.internal.session.Retention;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;

/** How the files of sessions are made and opened. Tests use it to make disks fail. */
public interface Storage {

    /** As {@link java.nio.file.FileStore#type} calls them. */
    Set<String> LOCAL_FILE_SYSTEMS = Set.of(
            "ext2",
            "ext3",
            "ext4",
            "xfs",
            "btrfs",
            "zfs",
            "f2fs",
            "bcachefs",
            "jfs",
            "tmpfs",
            "overlay",
            "apfs",
            "hfs",
            "ufs");

    /** Storage for logs that stay, with the rights that the process gives to new files. */
    static Storage kept() {
        return new Storage() {};
    }

    /** As {@link #kept()}; processes that end without closing their logs are reported there. */
    static Storage keptWithReports() {
        return new Storage() {
            @Override
            public boolean reportsCrashes() {
                return true;
            }
        };
    }

    /** Whether a process leaves its mark in the sessions that it writes, and reports those that left theirs. */
    default boolean reportsCrashes() {
        return false;
    }

    default Retention retention() {
        return Retention.KEEP;
    }

    /** How long a log of a spool grows before it becomes a segment. A log that stays has no limit. */
    default long maxSegmentBytes() {
        return Long.MAX_VALUE;
    }

    default LogFile open(File log) throws IOException {
        return new LogFile(log);
    }

    /** Called after each step of a write, for tests that end a process there. */
    default void reached(WriteStep step) {
        // Nothing to do.
    }

    /** Called after each file of a session that is deleted, for tests that end a process there. */
    default void deleted(Path file) {
        // Nothing to do.
    }

    /** Creates a directory, and those above it, unless they are there. */
    default void createDirectory(Path directory) throws IOException {
        Files.createDirectories(directory);
    }

    /**
     * Whether records can be staged in a file that is mapped into memory: on a local file system that is known to keep
     * mappings and locks in order. Not on Windows, where a mapped file can be neither cut nor deleted.
     */
    default boolean canStage(Path directory) throws IOException {
        return File.separatorChar == '/' && isLocal(directory);
    }

    /** Whether a file or directory is on a local file system that we know. */
    static boolean isLocal(Path path) throws IOException {
        return LOCAL_FILE_SYSTEMS.contains(Files.getFileStore(path).type());
    }

    /** Creates a log before it is first opened, if it needs special rights. */
    default void createLog(File log) throws IOException {
        // Opening creates it.
    }
}
