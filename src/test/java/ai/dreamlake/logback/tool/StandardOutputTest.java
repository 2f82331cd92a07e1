package ai.dreamlake.logback.tool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import ai.dreamlake.logback.support.SessionOnDisk;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The tool as a process, whose output goes to places that do not take it. */
@Timeout(120)
class StandardOutputTest {

    @TempDir
    Path root;

    private SessionOnDisk run(int records) {
        SessionOnDisk run = SessionOnDisk.of(root, "default", "run");
        return run.write(run.log(), lines(0, records));
    }

    private static String lines(int from, int to) {
        StringBuilder lines = new StringBuilder();
        for (int i = from; i < to; i++) {
            lines.append(ListCommandTest.line(i, "info", "record " + i));
        }
        return lines.toString();
    }

    private ProcessBuilder tool(String... arguments) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-Xmx256m",
                "-cp",
                System.getProperty("java.class.path"),
                Dreamlake.class.getName()));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command);
    }

    private Process toAFullDisk(String... arguments) throws IOException {
        File full = new File("/dev/full");
        assumeThat(full).exists();
        return tool(arguments).redirectOutput(Redirect.to(full)).start();
    }

    @Test
    void aFullDiskIsNoSuccess() throws Exception {
        run(5000);
        for (List<String> command : List.of(
                List.of("export", "default/run", "--format", "csv", "--root", root.toString()),
                List.of("tail", "default/run", "--root", root.toString()),
                List.of("ls", root.toString()))) {
            Process tool = toAFullDisk(command.toArray(String[]::new));
            try (BufferedReader err = tool.errorReader()) {
                assertThat(err.lines())
                        .as("%s", command)
                        .hasSize(1)
                        .first()
                        .asString()
                        .startsWith("dreamlake: standard output cannot be written: ");
            }
            assertThat(tool.waitFor()).as("%s", command).isEqualTo(ExitCode.FAILED);
        }
    }

    @Test
    void whoFollowsEndsWhenNobodyReadsAnyMore() throws Exception {
        SessionOnDisk run = run(3);
        Process tool = tool("tail", "-f", "default/run", "-n", "1", "--root", root.toString())
                .start();
        try {
            try (BufferedReader out = tool.inputReader()) {
                assertThat(out.readLine()).endsWith("record 2");
            }
            int next = 3;
            while (!tool.waitFor(200, TimeUnit.MILLISECONDS)) {
                run.append(run.log(), lines(next, next + 1));
                next++;
            }
            assertThat(tool.exitValue()).isEqualTo(ExitCode.FINE);
            assertThat(tool.errorReader().lines()).isEmpty();
        } finally {
            tool.destroyForcibly();
        }
    }
}
