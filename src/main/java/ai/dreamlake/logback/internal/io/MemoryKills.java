package ai.dreamlake.logback.internal.io;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * How many processes in this process's control group the kernel has killed because memory ran out.
 *
 * <pre>
 *   oom_kill    The number of processes belonging to this cgroup killed by any kind of OOM killer.
 * </pre>
 *
 * @param file where the kernel counts them: {@code memory.events} of cgroups(7) version 2, or
 *     {@code memory.oom_control} of version 1
 * @param count how many processes were killed
 */
public record MemoryKills(String file, long count) {

    private static final int MAX_READ = 64 * 1024;
    private static final Pattern FILE = Pattern.compile("/.*/memory\\.(events|oom_control)");
    private static final Pattern KILLS = Pattern.compile("(?m)^oom_kill (\\d{1,18})$");

    /** The current count for this process; null where there is none. */
    public static @Nullable MemoryKills now() {
        for (String file : ControlGroup.memoryFiles(new File("/"), "memory.events", "memory.oom_control")) {
            MemoryKills found = in(file);
            if (found != null) {
                return found;
            }
        }
        return null;
    }

    /**
     * The current count in a file; null if it has none. Opens only such files: the name comes from a file that anybody
     * may have written, and reading a pipe could wait forever.
     */
    public static @Nullable MemoryKills in(String file) {
        if (!FILE.matcher(file).matches()) {
            return null;
        }
        try (InputStream in = RegularFile.read(new File(file))) {
            Matcher kills = KILLS.matcher(new String(in.readNBytes(MAX_READ), StandardCharsets.UTF_8));
            return kills.find() ? new MemoryKills(file, Long.parseLong(kills.group(1))) : null;
        } catch (IOException | InvalidPathException unreadable) {
            return null;
        }
    }
}
