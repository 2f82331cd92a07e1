package ai.dreamlake.logback.internal.journal;

import ai.dreamlake.logback.internal.session.Retention;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;

/** How session files are created and opened. Tests use it to make disks fail. */
public interface Storage {

    /** By the names that {@link java.nio.file.FileStore#type} uses. */
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

    /** Storage for logs that are kept, with the process's default permissions for new files. */
    static Storage kept() {
        return new Storage() {};
    }

    /** As {@link #kept()}, and processes that end without closing their logs are reported in them. */
    static Storage keptWithReports() {
        return new Storage() {
            @Override
            public boolean reportsCrashes() {
                return true;
            }
        };
    }

    /**
     * Whether this process leaves its mark in the sessions it writes to, and reports dead processes that left theirs.
     */
    default boolean reportsCrashes() {
        return false;
    }

    default Retention retention() {
        return Retention.KEEP;
    }

    /** The length at which a spool's log becomes a segment. A log that is kept has no limit. */
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

    /** Called after each deletion of a session's file, for tests that end a process there. */
    default void deleted(Path file) {
        // Nothing to do.
    }

    /** Creates a directory and its parents, unless they exist. */
    default void createDirectory(Path directory) throws IOException {
        Files.createDirectories(directory);
    }

    /**
     * Whether records can be staged in a memory-mapped file: only on local file systems known to handle mappings and
     * locks correctly. Not on Windows, where a mapped file can be neither truncated nor deleted.
     */
    default boolean canStage(Path directory) throws IOException {
        return File.separatorChar == '/' && isLocal(directory);
    }

    /** Whether a file or directory is on a local file system known to us. */
    static boolean isLocal(Path path) throws IOException {
        return LOCAL_FILE_SYSTEMS.contains(Files.getFileStore(path).type());
    }

    /** Creates a log before it is first opened, if it needs special permissions. */
    default void createLog(File log) throws IOException {
        // Opening creates it.
    }
}
