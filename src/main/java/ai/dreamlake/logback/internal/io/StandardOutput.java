package ai.dreamlake.logback.internal.io;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Standard output that does not hide errors, as {@link System#out} does: a full disk must not look like success, and
 * endless output must end when its reader does.
 */
public final class StandardOutput extends OutputStream {

    private final FileOutputStream out = new FileOutputStream(FileDescriptor.out);

    /** The first one. Several threads may print. */
    private volatile @Nullable IOException failure;

    @Override
    public void write(int character) throws IOException {
        write(new byte[] {(byte) character}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
        try {
            out.write(bytes, offset, length);
        } catch (IOException failed) {
            if (failure == null) {
                failure = failed;
            }
            throw failed;
        }
    }

    /**
     * Null if everything was written, or if the reader has ended, as {@code head} does: then nobody misses anything.
     */
    public @Nullable IOException failure() {
        IOException failed = failure;
        boolean isBrokenPipe = failed != null
                && String.valueOf(failed.getMessage()).toLowerCase(Locale.ROOT).contains("pipe");
        return isBrokenPipe ? null : failed;
    }
}
