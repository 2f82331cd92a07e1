package ai.dreamlake.logback.tool;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;

/** The directory that holds workspaces, as somebody named it, or as the library's default has it. */
final class RootPath {

    /** For picocli, which looks among the system properties, then in the environment. */
    static final String DEFAULT = "${DREAMLAKE_LOCAL_PATH:-" + RootPath.FALLBACK + "}";

    static final String FALLBACK = ".dreamlake";

    private RootPath() {}

    /**
     * Absolute. It may not exist.
     *
     * @param given a blank one is the default: the variable may be set, and empty
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
