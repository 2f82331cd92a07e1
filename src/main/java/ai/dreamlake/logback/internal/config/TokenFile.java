package ai.dreamlake.logback.internal.config;

import ai.dreamlake.logback.internal.io.RegularFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A token in a file that somebody else keeps up to date, such as a secret mounted by Kubernetes: that is a link, which
 * is suddenly replaced by one to another file.
 *
 * <p>A call reads the file's attributes. The file itself is read again if they have changed, and in any case once a
 * minute, since they may not show a change that closely follows another one. Thread-safe.
 */
final class TokenFile {

    private static final int MAX_BYTES = 64 * 1024;
    private static final long MAX_AGE_NANOS = TimeUnit.MINUTES.toNanos(1);

    /** The attributes that change with the file or its content. */
    private record State(
            FileTime modified, long size, @Nullable Object file) {}

    private final Path path;
    private final LongSupplier nanoTime;

    // Guarded by this.
    private @Nullable String token;
    private @Nullable State state;
    private long readAt;

    TokenFile(Path path, LongSupplier nanoTime) {
        this.path = path;
        this.nanoTime = nanoTime;
    }

    /** @throws IOException if there is none; its message names the file, and nothing of its content */
    synchronized String token() throws IOException {
        State now;
        byte[] content;
        try {
            BasicFileAttributes attributes = Files.readAttributes(path, BasicFileAttributes.class);
            now = new State(attributes.lastModifiedTime(), attributes.size(), attributes.fileKey());
            String known = token;
            if (known != null && now.equals(state) && nanoTime.getAsLong() - readAt < MAX_AGE_NANOS) {
                return known;
            }
            token = null;
            content = RegularFile.readAllBytesOfTarget(path.toFile(), MAX_BYTES);
        } catch (NoSuchFileException missing) {
            token = null;
            throw new IOException(this + " gives no token: it is missing", missing);
        } catch (IOException unreadable) {
            token = null;
            throw new IOException(this + " gives no token: " + unreadable, unreadable);
        }
        String read = HeaderText.token(toString(), new String(content, StandardCharsets.UTF_8));
        token = read;
        state = now; // if the file has just changed, this is its older state, so it is read once more
        readAt = nanoTime.getAsLong();
        return read;
    }

    @Override
    public String toString() {
        return "<apiKeyFile> " + path;
    }
}
