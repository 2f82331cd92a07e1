package ai.dreamlake.logback.internal.io;

import java.io.File;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Where Linux describes the memory of this process's control group, see cgroups(7). */
final class ControlGroup {

    private static final Pattern GROUP = Pattern.compile("(?m)^(?:0:|\\d+:[^:]*\\bmemory\\b[^:]*):(/.*)$");

    private ControlGroup() {}

    /**
     * The files that may exist, best first.
     *
     * @param root the root of the file system
     * @param version2 the file's name in cgroups version 2
     * @param version1 the file's name in version 1
     */
    static List<String> memoryFiles(File root, String version2, String version1) {
        Matcher group = GROUP.matcher(ThisProcess.text(new File(root, "proc/self/cgroup")));
        String path = group.find() ? group.group(1) : "/";
        String groups = new File(root, "sys/fs/cgroup").getPath();
        return List.of(
                groups + path + "/" + version2,
                groups + "/" + version2, // in a container, which sees its own group as the root
                groups + "/memory" + path + "/" + version1,
                groups + "/memory/" + version1);
    }
}
