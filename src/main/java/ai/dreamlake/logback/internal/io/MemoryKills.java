package ai.dreamlake.logback.internal.io;

import java.io.File;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * How many processes of this one's control group the kernel has killed for want of memory.
 *
 * <pre>
 *   oom_kill    The number of processes belonging to this cgroup killed by any kind of OOM killer.
 * </pre>
 *
 * @param file where the kernel counts them: {@code memory.events} of cgroups(7) version 2, or
 *     {@code memory.oom_control} of version 1
 * @param count how many there were
 */
public record MemoryKills(String file, long count) {

    private static final Pattern GROUP = Pattern.compile("(?m)^(?:0:|\\d+:[^:]*\\bmemory\\b[^:]*):(/.*)$");
    private static final Pattern KILLS = Pattern.compile("(?m)^oom_kill (\\d{1,18})$");

    /** Those of this moment. Null where they are not counted. */
    public static @Nullable MemoryKills now() {
        Matcher group = GROUP.matcher(ThisProcess.text(new File("/proc/self/cgroup")));
        String path = group.find() ? group.group(1) : "/";
        for (String file : List.of(
                "/sys/fs/cgroup" + path + "/memory.events",
                "/sys/fs/cgroup/memory.events", // in a container, whose group seems to be the root
                "/sys/fs/cgroup/memory" + path + "/memory.oom_control",
                "/sys/fs/cgroup/memory/memory.oom_control")) {
            MemoryKills found = in(file);
            if (found != null) {
                return found;
            }
        }
        return null;
    }

    /** Those that a file counts now; null if it does not. */
    public static @Nullable MemoryKills in(String file) {
        Matcher kills = KILLS.matcher(ThisProcess.text(new File(file)));
        return kills.find() ? new MemoryKills(file, Long.parseLong(kills.group(1))) : null;
    }
}
