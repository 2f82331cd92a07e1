package ai.dreamlake.logback.support;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.extension.AnnotatedElementContext;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.io.TempDirFactory;

/**
 * For tests with thousands of small files, and not about the disk: on ext4, which passes over every inode that was
 * deleted in the last seconds, they took twice as long. Uses the usual directory where there is not enough memory.
 */
public final class MemoryTempDir implements TempDirFactory {

    private static final Path MEMORY = Path.of("/dev/shm");
    private static final long MIN_BYTES = 1L << 30;

    @Override
    public Path createTempDirectory(AnnotatedElementContext element, ExtensionContext test) throws IOException {
        return MEMORY.toFile().canWrite() && MEMORY.toFile().getUsableSpace() >= MIN_BYTES
                ? Files.createTempDirectory(MEMORY, "junit-")
                : Files.createTempDirectory("junit-");
    }
}
