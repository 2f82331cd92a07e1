package ai.dreamlake.logback.tool;

import java.nio.file.Path;
import picocli.CommandLine.Option;

/** {@code --root}, for commands whose parameters are sessions. */
final class RootOption {

    @Option(
            names = "--root",
            paramLabel = "ROOT",
            defaultValue = RootPath.DEFAULT,
            description = "The directory in which SESSION is workspace/session. Default: the variable"
                    + " DREAMLAKE_LOCAL_PATH if it is set, otherwise .dreamlake")
    private String given = RootPath.FALLBACK;

    Path path() throws ToolFailure {
        return RootPath.of(given);
    }
}
