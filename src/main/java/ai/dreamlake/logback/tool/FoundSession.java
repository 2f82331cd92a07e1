package ai.dreamlake.logback.tool;

import ai.dreamlake.logback.internal.io.LenientJson;
import ai.dreamlake.logback.internal.io.RegularFile;
import ai.dreamlake.logback.internal.journal.SessionDirectory;
import ai.dreamlake.logback.internal.journal.SessionFinder;
import ai.dreamlake.logback.internal.session.SessionName;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * A session that exists.
 *
 * @param root the directory that holds its workspace; a real path
 * @param name its name on disk
 */
record FoundSession(Path root, SessionName name) {

    private static final int MAX_DESCRIPTION = 16 << 20;

    /**
     * Finds the session that an argument names: a directory, or else {@code workspace/session} under a root.
     *
     * @param root may not exist
     */
    static FoundSession of(Path root, String argument) throws ToolFailure {
        Path given = session(RootPath.path(argument));
        try {
            if (isSession(given)) {
                return at(given.toRealPath(), root);
            }
            Path below = root.resolve(given).normalize();
            if (below.startsWith(root) && isSession(below)) {
                Path start = root.toRealPath();
                SessionName name = SessionDirectory.nameOf(root.relativize(below));
                if (name != null) {
                    SessionDirectory.of(start, name).requireNoLinks(name);
                    return new FoundSession(start, name);
                }
            }
        } catch (IOException unreadable) {
            throw ToolFailure.failed(Sentence.of(unreadable));
        }
        throw ToolFailure.usage("There is no session " + Printable.quoted(argument)
                + ": it is neither a session's directory nor workspace/session under " + root + ".");
    }

    /**
     * For {@code logs} or a file in it, to which the shell completes a path, the session; otherwise the path itself.
     */
    private static Path session(Path given) {
        Path path = given.toAbsolutePath().normalize();
        Path logs = Files.isRegularFile(path) ? path.getParent() : path;
        Path session = logs == null ? null : logs.getParent();
        if (session == null || isSession(given)) {
            return given;
        }
        return isSession(session) && new SessionDirectory(session).logs().equals(logs) ? session : given;
    }

    static List<FoundSession> of(Path root, List<String> arguments) throws ToolFailure {
        List<FoundSession> sessions = new ArrayList<>();
        for (String argument : arguments) {
            sessions.add(of(root, argument));
        }
        return sessions;
    }

    /** All sessions under a root, sorted by name. */
    static List<FoundSession> allIn(Path root) throws ToolFailure {
        return allIn(root, closed -> {});
    }

    /** @param closed receives each directory that the user may not read */
    static List<FoundSession> allIn(Path root, Consumer<Path> closed) throws ToolFailure {
        if (!Files.isDirectory(root)) {
            throw ToolFailure.usage("There is no directory " + root + ".");
        }
        try {
            Path start = root.toRealPath();
            List<FoundSession> sessions = new ArrayList<>();
            SessionFinder.find(
                    start,
                    directory -> isSession(directory.path()),
                    name -> sessions.add(new FoundSession(start, name)),
                    closed);
            sessions.sort(Comparator.comparing(session -> session.name().toString()));
            return sessions;
        } catch (IOException unreadable) {
            throw ToolFailure.failed(Sentence.of(unreadable));
        }
    }

    /** Whether a directory is a session's. Does not follow links inside it. */
    static boolean isSession(Path path) {
        SessionDirectory directory = new SessionDirectory(path);
        return Files.isDirectory(directory.logs(), LinkOption.NOFOLLOW_LINKS)
                || Files.isRegularFile(directory.description(), LinkOption.NOFOLLOW_LINKS);
    }

    /**
     * The session of a directory. Since names nest, the path alone does not say how long the session's name is:
     * {@code session.json} or the root does. Without both, the name is taken as not nested.
     */
    private static FoundSession at(Path path, Path root) throws IOException, ToolFailure {
        SessionName described = describedName(new SessionDirectory(path));
        if (described != null && path.endsWith(Path.of(described.workspace(), described.session()))) {
            int depth = Path.of(described.workspace(), described.session()).getNameCount();
            Path start = path;
            for (int i = 0; i < depth && start != null; i++) {
                start = start.getParent();
            }
            if (start != null) {
                return new FoundSession(start, described);
            }
        }
        Path realRoot = Files.isDirectory(root) ? root.toRealPath() : root;
        SessionName name = path.startsWith(realRoot) ? SessionDirectory.nameOf(realRoot.relativize(path)) : null;
        if (name != null) {
            return new FoundSession(realRoot, name);
        }
        Path workspace = path.getParent();
        Path start = workspace == null ? null : workspace.getParent();
        name = start == null ? null : SessionDirectory.nameOf(start.relativize(path));
        if (start == null || name == null) {
            throw ToolFailure.usage(
                    path + " is not a session's directory: that is two levels below a root, or deeper.");
        }
        return new FoundSession(start, name);
    }

    private static @Nullable SessionName describedName(SessionDirectory directory) throws IOException {
        JsonNode json = description(directory);
        String workspace = json.path("workspace").asString("");
        String session = json.path("name").asString("");
        return SessionName.faultOfWorkspace(workspace) == null && SessionName.faultOfSession(session) == null
                ? new SessionName(workspace, session)
                : null;
    }

    /** The content of {@code session.json}; a missing node if the file is missing or damaged. */
    private static JsonNode description(SessionDirectory directory) throws IOException {
        if (!Files.isRegularFile(directory.description(), LinkOption.NOFOLLOW_LINKS)) {
            return LenientJson.TREES.missingNode();
        }
        try {
            return LenientJson.TREES.readTree(
                    RegularFile.readAllBytes(directory.description().toFile(), MAX_DESCRIPTION));
        } catch (JacksonException damaged) {
            return LenientJson.TREES.missingNode();
        }
    }

    SessionDirectory directory() {
        return SessionDirectory.of(root, name);
    }

    @Override
    public String toString() {
        return Printable.line(name.toString());
    }
}
