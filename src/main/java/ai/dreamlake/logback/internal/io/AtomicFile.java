package ai.dreamlake.logback.internal.io;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/**
 * Replaces small files as a whole: a reader, or the next process after a crash, finds the old content or the new one.
 */
public final class AtomicFile {

    private AtomicFile() {}

    /**
     * Writes the content to a hidden file beside it and renames that. Works on an interrupted thread. Callers must not
     * run concurrently for the same file.
     *
     * @throws IOException if the file still has its old content
     */
    public static void replace(Path file, byte[] content) throws IOException {
        Path temporary = temporary(file);
        try (OutputStream out = RegularFile.create(temporary.toFile())) {
            out.write(content);
        }
        Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    /**
     * As {@link #replace(Path, byte[])}, for content of any length and a path that a user chose. An existing file is
     * replaced only if it is a regular file.
     */
    public static void replace(Path file, AppendedFile.Content content) throws IOException {
        RegularFile.check(file.toFile());
        Path temporary = temporary(file);
        try {
            try (OutputStream out = RegularFile.create(temporary.toFile())) {
                content.writeTo(out);
            }
            RegularFile.check(file.toFile());
            Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(temporary); // after a failure
        }
    }

    /** The hidden file beside it, which a kill may leave behind. */
    public static Path temporary(Path file) {
        String name = file.getFileName().toString();
        return file.resolveSibling((name.startsWith(".") ? name : "." + name) + ".tmp");
    }
}
