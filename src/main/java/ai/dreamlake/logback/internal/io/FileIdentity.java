package ai.dreamlake.logback.internal.io;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import org.jspecify.annotations.Nullable;

/**
 * Tells a file from another one that was put in its place: the device and inode number where there are such. A link is
 * not followed, so it is another file than the one that it leads to.
 */
public final class FileIdentity {

    /** Equal to no file's key. */
    private static final Object MISSING = new Object();

    /** Null where the platform has no identity for files. */
    private final @Nullable Object key;

    private FileIdentity(@Nullable Object key) {
        this.key = key;
    }

    /**
     * The identity of the file that a path leads to now. A missing file has one of its own, which no other file has.
     */
    public static FileIdentity of(Path path) throws IOException {
        return new FileIdentity(keyOf(path));
    }

    private static @Nullable Object keyOf(Path path) throws IOException {
        BasicFileAttributes attributes = attributes(path);
        return attributes == null ? MISSING : attributes.fileKey();
    }

    /** What the file system says about a path at this moment, with one call; null if there is no file. */
    public static @Nullable BasicFileAttributes attributes(Path path) throws IOException {
        try {
            return Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        } catch (NoSuchFileException missing) {
            return null;
        }
    }

    /** How many names the file at a path has, a link to it not counted; 1 where the platform cannot tell. */
    public static int links(Path path) throws IOException {
        try {
            return (int) Files.getAttribute(path, "unix:nlink", LinkOption.NOFOLLOW_LINKS);
        } catch (UnsupportedOperationException | IllegalArgumentException unknown) {
            return 1;
        }
    }

    /** Whether these are attributes of this file. True where the platform cannot tell; false for null. */
    public boolean isOf(@Nullable BasicFileAttributes attributes) {
        return attributes != null && (key == null || key.equals(attributes.fileKey()));
    }

    /** Whether the path leads to this file now. True where the platform cannot tell. */
    public boolean isAt(Path path) throws IOException {
        return key == null || key != MISSING && key.equals(keyOf(path));
    }
}
