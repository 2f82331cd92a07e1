package ai.dreamlake.logback.internal.journal;

import ai.dreamlake.logback.internal.session.SessionName;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.function.Consumer;
import java.util.function.Predicate;

/** Finds sessions that earlier runs left on disk, at any depth. */
public final class SessionFinder {

    private SessionFinder() {}

    /**
     * Walks through all sessions under a root.
     *
     * @param wanted which sessions to report
     * @param found receives the name on disk of each
     */
    public static void find(Path root, Predicate<SessionDirectory> wanted, Consumer<SessionName> found)
            throws IOException {
        if (!Files.isDirectory(root)) {
            return;
        }
        Path start = root.toRealPath(); // follows a link to the root, but none inside it
        Files.walkFileTree(start, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes) {
                SessionName name = SessionDirectory.nameOf(start.relativize(directory));
                if (name != null && wanted.test(new SessionDirectory(directory))) {
                    found.accept(name);
                }
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException failure) {
                return FileVisitResult.CONTINUE; // it is gone, or not for us
            }
        });
    }
}
