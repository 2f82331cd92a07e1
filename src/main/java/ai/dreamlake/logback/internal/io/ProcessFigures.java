package ai.dreamlake.logback.internal.io;

import java.io.File;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How much memory, processor time, threads and files this process uses. From the JVM's own beans and from Linux's
 * {@code /proc} and {@code /sys}; what a system does not tell is left out.
 */
public final class ProcessFigures {

    private static final Pattern RESIDENT = Pattern.compile("(?m)^VmRSS:\\s+(\\d{1,15}) kB$");

    /**
     * Up to 18 digits: a control group without a limit says "max" in version 2, and has one of 19 digits in version 1.
     */
    private static final Pattern NUMBER = Pattern.compile("\\d{1,18}");

    private final File root;

    public ProcessFigures() {
        this(new File("/"));
    }

    /** @param root where {@code proc} and {@code sys} are */
    ProcessFigures(File root) {
        this.root = root;
    }

    /** The present figures by name. Counts and times are totals since the process started. */
    public Map<String, Object> read() {
        Map<String, Object> figures = new LinkedHashMap<>();
        Runtime runtime = Runtime.getRuntime();
        figures.put("heap_used_bytes", runtime.totalMemory() - runtime.freeMemory());
        figures.put("heap_max_bytes", runtime.maxMemory());
        Matcher resident = RESIDENT.matcher(ThisProcess.text(new File(root, "proc/self/status")));
        if (resident.find()) {
            figures.put("resident_bytes", Long.parseLong(resident.group(1)) * 1024);
        }
        putGroup(figures, "group_memory_bytes", "memory.current", "memory.usage_in_bytes");
        putGroup(figures, "group_memory_limit_bytes", "memory.max", "memory.limit_in_bytes");
        long collections = 0;
        long collectionMillis = 0;
        for (GarbageCollectorMXBean collector : ManagementFactory.getGarbageCollectorMXBeans()) {
            collections += Math.max(0, collector.getCollectionCount()); // -1 if unknown
            collectionMillis += Math.max(0, collector.getCollectionTime());
        }
        figures.put("gc_count", collections);
        figures.put("gc_seconds", seconds(Duration.ofMillis(collectionMillis)));
        ProcessHandle.current().info().totalCpuDuration().ifPresent(time -> figures.put("cpu_seconds", seconds(time)));
        figures.put("threads", ManagementFactory.getThreadMXBean().getThreadCount());
        String[] files = new File(root, "proc/self/fd").list();
        if (files != null) {
            figures.put("open_files", files.length);
        }
        return figures;
    }

    private static double seconds(Duration time) {
        return time.toMillis() / 1000.0;
    }

    private void putGroup(Map<String, Object> figures, String name, String version2, String version1) {
        for (String file : ControlGroup.memoryFiles(root, version2, version1)) {
            String text = ThisProcess.text(new File(file)).strip();
            if (NUMBER.matcher(text).matches()) {
                figures.put(name, Long.parseLong(text));
                return;
            }
        }
    }
}
