package ai.dreamlake.logback.internal.io;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class ProcessFiguresTest {

    @TempDir
    Path root;

    private void write(String file, String text) throws IOException {
        Path path = root.resolve(file);
        Files.createDirectories(path.getParent());
        Files.writeString(path, text);
    }

    private Map<String, Object> read() {
        return new ProcessFigures(root.toFile()).read();
    }

    private static long number(Map<String, Object> figures, String name) {
        return ((Number) figures.get(name)).longValue();
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void theFiguresOfThisProcessArePlausible() {
        Map<String, Object> figures = new ProcessFigures().read();
        assertThat(number(figures, "heap_used_bytes")).isBetween(1L, number(figures, "heap_max_bytes"));
        assertThat(number(figures, "resident_bytes")).isBetween(1L << 20, 1L << 40);
        assertThat(number(figures, "gc_count")).isNotNegative();
        assertThat((double) figures.get("gc_seconds")).isNotNegative();
        assertThat((double) figures.get("cpu_seconds")).isPositive();
        assertThat(number(figures, "threads")).isPositive();
        assertThat(number(figures, "open_files")).isGreaterThan(3);
    }

    @Test
    void aControlGroupOfVersion2IsReadAtItsPathOrInAContainerAtTheRoot() throws IOException {
        write("proc/self/cgroup", "0::/system.slice/train.service\n");
        write("sys/fs/cgroup/memory.current", "7\n");
        write("sys/fs/cgroup/memory.max", "max\n");
        assertThat(read()).containsEntry("group_memory_bytes", 7L).doesNotContainKey("group_memory_limit_bytes");
        write("sys/fs/cgroup/system.slice/train.service/memory.current", "1048576\n");
        write("sys/fs/cgroup/system.slice/train.service/memory.max", "2097152\n");
        assertThat(read())
                .containsEntry("group_memory_bytes", 1L << 20)
                .containsEntry("group_memory_limit_bytes", 1L << 21);
    }

    @Test
    void aControlGroupOfVersion1IsReadAndItsLargestLimitIsNone() throws IOException {
        write("proc/self/cgroup", "4:cpu,cpuacct:/\n3:memory:/docker/1\n");
        write("sys/fs/cgroup/memory/docker/1/memory.usage_in_bytes", "4096\n");
        write("sys/fs/cgroup/memory/docker/1/memory.limit_in_bytes", "9223372036854771712\n");
        assertThat(read()).containsEntry("group_memory_bytes", 4096L).doesNotContainKey("group_memory_limit_bytes");
        write("sys/fs/cgroup/memory/docker/1/memory.limit_in_bytes", "8192\n");
        assertThat(read()).containsEntry("group_memory_limit_bytes", 8192L);
    }

    @Test
    void whatTheSystemDoesNotTellIsLeftOut() throws IOException {
        assertThat(read())
                .containsKeys("heap_used_bytes", "heap_max_bytes", "gc_count", "gc_seconds", "threads")
                .doesNotContainKeys("resident_bytes", "group_memory_bytes", "group_memory_limit_bytes", "open_files");
        write("proc/self/status", "Name:\tjava\nVmRSS:\t    2048 kB\nThreads:\t9\n");
        Files.createDirectories(new File(root.toFile(), "proc/self/fd/0").toPath());
        assertThat(read()).containsEntry("resident_bytes", 2048L * 1024).containsEntry("open_files", 1);
    }
}
