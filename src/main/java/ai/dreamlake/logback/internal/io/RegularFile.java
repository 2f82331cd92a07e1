package ai.dreamlake.logback.internal.io;

import java.io.File;
import java.io.FileInputStream;
import java.io.FileNotFoundException;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Arrays;
import java.util.stream.Stream;

/**
 * Opens files in directories that may contain anything. Opening a pipe could wait for its other end forever, and a link
 * could lead to somebody else's file. So anything but a regular file is refused. The check runs before opening and
 * again afterwards, in case the file was replaced in between.
 *
 * <p>A missing file is not refused: it is created or not, as usual. Everything except {@link #openChannel} works on an
 * interrupted thread.
 */
public final class RegularFile {

    private interface Opening<T> {
        T open() throws IOException;
    }

    private RegularFile() {}

    /** @param mode as in {@link RandomAccessFile} */
    public static RandomAccessFile open(File file, String mode) throws IOException {
        return checked(file, () -> new RandomAccessFile(file, mode));
    }

    public static InputStream read(File file) throws IOException {
        return checked(file, () -> new FileInputStream(file));
    }

    public static OutputStream append(File file) throws IOException {
        return checked(file, () -> new FileOutputStream(file, true));
    }

    /** Creates a file, replacing anything except a directory; a link is replaced, not followed. */
    static OutputStream create(File file) throws IOException {
        if (Files.isDirectory(file.toPath(), LinkOption.NOFOLLOW_LINKS)) {
            throw new IOException(file + " is a directory");
        }
        Files.deleteIfExists(file.toPath());
        if (!file.createNewFile()) {
            throw new IOException("somebody else has just created " + file);
        }
        return checked(file, () -> new FileOutputStream(file));
    }

    /** Must not be called on a thread that may be interrupted, since an interrupt closes the channel. */
    public static FileChannel openChannel(Path file, OpenOption... options) throws IOException {
        OpenOption[] withoutLinks = Stream.concat(Arrays.stream(options), Stream.of(LinkOption.NOFOLLOW_LINKS))
                .toArray(OpenOption[]::new);
        return checked(file.toFile(), () -> FileChannel.open(file, withoutLinks));
    }

    /**
     * The content of a small file.
     *
     * @throws java.io.FileNotFoundException if there is none
     * @throws IOException also if it is longer than {@code max} bytes
     */
    public static byte[] readAllBytes(File file, int max) throws IOException {
        try (InputStream in = read(file)) {
            byte[] content = in.readNBytes(max);
            if (in.read() >= 0) {
                throw new IOException(file + " is longer than " + max + " bytes");
            }
            return content;
        }
    }

    /**
     * As {@link #readAllBytes}, but follows links: for a file that a user named, not for one in a session's directory.
     */
    public static byte[] readAllBytesOfTarget(File file, int max) throws IOException {
        try {
            return readAllBytes(file.toPath().toRealPath().toFile(), max);
        } catch (FileNotFoundException replaced) {
            return readAllBytes(file.toPath().toRealPath().toFile(), max); // the links have just changed
        }
    }

    private static <T extends AutoCloseable> T checked(File file, Opening<T> opening) throws IOException {
        check(file);
        T opened = opening.open();
        try {
            check(file);
            return opened;
        } catch (IOException refused) {
            closeAfter(refused, opened);
            throw refused;
        }
    }

    private static void closeAfter(IOException refused, AutoCloseable opened) {
        try {
            opened.close();
        } catch (Exception alsoFailed) {
            refused.addSuppressed(alsoFailed);
        }
    }

    /** @throws IOException if something other than a regular file is there */
    public static void check(File file) throws IOException {
        BasicFileAttributes attributes = FileIdentity.attributes(file.toPath());
        if (attributes != null && !attributes.isRegularFile()) {
            throw new IOException(file + " is " + kind(attributes) + ", not a regular file, so it is left alone");
        }
    }

    private static String kind(BasicFileAttributes attributes) {
        if (attributes.isSymbolicLink()) {
            return "a link";
        }
        return attributes.isDirectory() ? "a directory" : "a pipe or a device";
    }
}
