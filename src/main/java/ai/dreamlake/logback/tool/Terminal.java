package ai.dreamlake.logback.tool;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Whether standard output is a terminal. */
final class Terminal {

    private Terminal() {}

    /** Java has no console if standard input is not a terminal, so on Linux {@code /proc} decides. */
    static boolean isStandardOutput() {
        if (Progress.isTerminal()) {
            return true;
        }
        try {
            String output = Files.readSymbolicLink(Path.of("/proc/self/fd/1")).toString();
            return output.startsWith("/dev/pts/") || output.startsWith("/dev/tty");
        } catch (IOException | UnsupportedOperationException elsewhere) {
            return false;
        }
    }
}
