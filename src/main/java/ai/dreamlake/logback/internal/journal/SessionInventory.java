package ai.dreamlake.logback.internal.journal;

import ai.dreamlake.logback.internal.io.FileIdentity;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import org.jspecify.annotations.Nullable;

/**
 * What a session's directory contains, as far as deleting the session is concerned. Nothing is opened, and no link is
 * followed.
 *
 * @param bytes the total size of our own files
 * @param lastModified when the newest of them was modified, in milliseconds since 1970; 0 if there is none. Lock files
 *     do not count
 * @param hasCheckpoint whether there is an upload checkpoint: the session is, or was, meant to be uploaded
 * @param keptBy a file or directory that must not be deleted, so the session stays; null if there is none
 */
public record SessionInventory(
        long bytes,
        long lastModified,
        boolean hasCheckpoint,
        @Nullable Path keptBy) {

    /** Whether there is something to delete, and nothing that must stay. */
    public boolean isDeletable() {
        return lastModified > 0 && keptBy == null;
    }

    /** @throws IOException if the directories cannot be read */
    public static SessionInventory of(SessionDirectory directory) throws IOException {
        Count count = new Count(directory);
        count.addAll(directory.path());
        count.addAll(directory.logs());
        return new SessionInventory(count.bytes, count.lastModified, count.hasCheckpoint, count.keptBy);
    }

    private static final class Count {
        private final SessionDirectory directory;
        private long bytes;
        private long lastModified;
        private boolean hasCheckpoint;
        private @Nullable Path keptBy;

        Count(SessionDirectory directory) {
            this.directory = directory;
        }

        void addAll(Path parent) throws IOException {
            for (Path file : SessionDirectory.list(parent)) {
                BasicFileAttributes attributes = FileIdentity.attributes(file);
                if (attributes != null && !add(file, attributes)) {
                    keptBy = file;
                }
            }
        }

        /** Adds a file or directory. False if it must not be deleted. */
        private boolean add(Path file, BasicFileAttributes attributes) throws IOException {
            if (attributes.isDirectory()) {
                return isHarmless(file);
            }
            if (!attributes.isRegularFile()) {
                return false;
            }
            if (directory.isLockFile(file)) {
                return true;
            }
            if (directory.isMark(file)) {
                return true; // deleted with the log; a live writer is detected in another way
            }
            boolean goes = directory.filesOfLog().contains(file);
            boolean isSetAside = directory.filesSetAside().contains(file);
            if (goes || isSetAside || directory.isSegmentOrTail(file)) {
                bytes += attributes.size();
                lastModified =
                        Math.max(lastModified, attributes.lastModifiedTime().toMillis());
                hasCheckpoint |= file.equals(directory.checkpoint());
            }
            return goes || isSetAside && attributes.size() == 0;
        }

        private boolean isHarmless(Path found) throws IOException {
            if (directory.isForTracksOrFiles(found)) {
                return SessionDirectory.list(found).isEmpty();
            }
            return found.equals(directory.logs()) || isNestedSession(found);
        }

        private boolean isNestedSession(Path found) {
            return directory.path().equals(found.getParent())
                    && Files.isDirectory(new SessionDirectory(found).logs(), LinkOption.NOFOLLOW_LINKS);
        }
    }
}
