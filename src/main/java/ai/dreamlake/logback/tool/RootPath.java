package ai.dreamlake.logback.tool;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;

/** The directory that holds workspaces: the one that the command line names, or the library's default. */
final class RootPath {

    /** For picocli, which looks up variables in the system properties, then in the environment. */
    static final String DEFAULT = "${DREAMLAKE_LOCAL_PATH:-" + RootPath.FALLBACK + "}";

    static final String FALLBACK = ".dreamlake";

    private RootPath() {}

    /**
     * Returns an absolute path, which need not exist.
     *
     * @param given blank: the default, since the variable may be set but empty
     */
    static Path of(String given) throws ToolFailure {
        return path(given.isBlank() ? FALLBACK : given).toAbsolutePath().normalize();
    }

    static Path path(String given) throws ToolFailure {
        try {
            return Path.of(given);
        } catch (InvalidPathException notHere) {
            throw ToolFailure.usage(Printable.quoted(given) + " cannot be the name of a file here.");
        }
    }
}
