package ai.dreamlake.logback.internal.journal;

import ai.dreamlake.logback.internal.session.SessionName;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** Finds sessions that earlier runs left on disk, at any depth. */
public final class SessionFinder {

    private SessionFinder() {}

    /**
     * Visits all sessions under a root. At most one directory is open at a time, and none during the callbacks: the
     * application may have few file descriptors left.
     *
     * @param wanted which sessions to report
     * @param found receives each session's name on disk
     * @throws IOException if the root itself cannot be found
     */
    public static void find(Path root, Predicate<SessionDirectory> wanted, Consumer<SessionName> found)
            throws IOException {
        find(root, wanted, found, closed -> {});
    }

    /** @param closed receives each directory that this process may not read, so that its sessions are not found */
    public static void find(
            Path root, Predicate<SessionDirectory> wanted, Consumer<SessionName> found, Consumer<Path> closed)
            throws IOException {
        if (!Files.isDirectory(root)) {
            return;
        }
        Path start = root.toRealPath(); // follows a link to the root, but none inside it
        Deque<Path> ahead = new ArrayDeque<>(List.of(start));
        while (!ahead.isEmpty()) {
            Path directory = ahead.pop();
            SessionName name = SessionDirectory.nameOf(start.relativize(directory));
            if (name != null && wanted.test(new SessionDirectory(directory))) {
                found.accept(name);
            }
            directoriesIn(directory, closed).forEach(ahead::push);
        }
    }

    private static List<Path> directoriesIn(Path directory, Consumer<Path> closed) {
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(file -> Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS))
                    .toList();
        } catch (AccessDeniedException denied) {
            closed.accept(directory);
            return List.of();
        } catch (IOException | UncheckedIOException unreadable) {
            return List.of(); // it is gone
        }
    }
}
