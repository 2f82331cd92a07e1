package ai.dreamlake.logback.internal.upload;

import ai.dreamlake.logback.internal.journal.SessionDirectory;
import ai.dreamlake.logback.internal.session.SessionName;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.function.Consumer;

/** Finds the sessions that earlier runs left to upload: those with a checkpoint, at any depth. */
final class LeftoverFinder {

    private LeftoverFinder() {}

    /** @param found receives each session's name on disk */
    static void find(Path root, Consumer<SessionName> found) throws IOException {
        if (!Files.isDirectory(root)) {
            return;
        }
        Path start = root.toRealPath(); // follows a link to the root, but no links below it
        Files.walkFileTree(start, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes) {
                SessionName name = SessionDirectory.nameOf(start.relativize(directory));
                if (name != null && Files.exists(new SessionDirectory(directory).checkpoint())) {
                    found.accept(name);
                }
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException failure) {
                return FileVisitResult.CONTINUE; // it is gone, or not readable for us
            }
        });
    }
}
