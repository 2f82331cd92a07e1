package ai.dreamlake.logback.internal.journal;

import ai.dreamlake.logback.internal.io.FileIdentity;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import org.jspecify.annotations.Nullable;

/**
 * What lies in a session's directory, as far as it matters to whoever wants to delete the session. Nothing is opened,
 * and no link is followed.
 *
 * @param bytes the size of our own files, whatever they are
 * @param lastModified when the last of them was modified, in milliseconds; 0 if there is none. Lock files do not count
 * @param hasCheckpoint whether the session is, or was, to be uploaded
 * @param keptBy something that must not be deleted, so that the session stays; null if there is nothing of that kind
 */
public record SessionInventory(
        long bytes,
        long lastModified,
        boolean hasCheckpoint,
        @Nullable Path keptBy) {

    /** Whether there is anything to delete, and nothing that must stay. */
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

        /** False if it keeps the session. */
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
                return true; // it goes with the log; who writes is seen otherwise
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
