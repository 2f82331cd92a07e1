package ai.dreamlake.logback.internal.io;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import org.jspecify.annotations.Nullable;

/**
 * Distinguishes a file from another one put in its place, by device and inode number where the platform has them. Links
 * are not followed, so a link and its target are different files.
 */
public final class FileIdentity {

    /** The key of a missing file, which equals no file's key. */
    private static final Object MISSING = new Object();

    /** Null where the platform does not identify files. */
    private final @Nullable Object key;

    private FileIdentity(@Nullable Object key) {
        this.key = key;
    }

    /** The identity of the file that is at a path now. A missing file has an identity that no file has. */
    public static FileIdentity of(Path path) throws IOException {
        return new FileIdentity(keyOf(path));
    }

    private static @Nullable Object keyOf(Path path) throws IOException {
        BasicFileAttributes attributes = attributes(path);
        return attributes == null ? MISSING : attributes.fileKey();
    }

    /** The attributes of the file at a path now, read with one call; null if there is no file. */
    public static @Nullable BasicFileAttributes attributes(Path path) throws IOException {
        try {
            return Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        } catch (NoSuchFileException missing) {
            return null;
        }
    }

    /** How many hard links the file at a path has, including its own name; 1 where the platform does not say. */
    public static int links(Path path) throws IOException {
        try {
            return (int) Files.getAttribute(path, "unix:nlink", LinkOption.NOFOLLOW_LINKS);
        } catch (UnsupportedOperationException | IllegalArgumentException unknown) {
            return 1;
        }
    }

    /** Whether these attributes are this file's. True where the platform cannot tell; false for null. */
    public boolean isOf(@Nullable BasicFileAttributes attributes) {
        return attributes != null && (key == null || key.equals(attributes.fileKey()));
    }

    /** Whether this file is at the path now. True where the platform cannot tell. */
    public boolean isAt(Path path) throws IOException {
        return key == null || key != MISSING && key.equals(keyOf(path));
    }
}
