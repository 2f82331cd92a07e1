package ai.dreamlake.logback.tool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import ai.dreamlake.logback.support.SessionOnDisk;
import java.io.File;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The tool on a terminal, which {@code script} gives it. */
@Timeout(120)
class TerminalTest {

    private static final File SCRIPT = new File("/usr/bin/script");

    @TempDir
    Path root;

    private void log(String line) {
        SessionOnDisk run = SessionOnDisk.of(root, "default", "run");
        run.write(run.log(), line);
    }

    /** What the terminal gets. Options and arguments have no spaces. */
    private String terminal(String variables, String arguments, Redirect input) throws IOException {
        assumeThat(SCRIPT).exists();
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        ProcessBuilder command = new ProcessBuilder(
                SCRIPT.getPath(),
                "-qec",
                variables + " " + java + " -XX:TieredStopAtLevel=1 -Xmx256m -cp \"$CLASSPATH_OF_TEST\" "
                        + Dreamlake.class.getName() + " " + arguments + " --root " + root,
                "/dev/null");
        command.environment().put("CLASSPATH_OF_TEST", System.getProperty("java.class.path"));
        command.environment().remove("NO_COLOR");
        Process process = command.redirectErrorStream(true).redirectInput(input).start();
        return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }

    private String terminal(String arguments) throws IOException {
        return terminal("TERM=xterm", arguments, Redirect.PIPE);
    }

    @Test
    void controlCharactersDoNothingInRawLinesAndExportsEither() throws IOException {
        log("{\"timestamp\": \"2025-10-29T10:30:00.000000Z\", \"level\": \"info\", \"message\":"
                + " \"\\u001b[2J \u009b2J\", \"metadata\": null, \"sequenceNumber\": 0}\n\u001b[2J\n");
        for (String command : List.of("tail default/run --raw", "export default/run --format csv")) {
            assertThat(terminal(command))
                    .as(command)
                    .contains("2025-10-29T10:30:00.000000Z", "\\u001b[2J", "\\u009b2J")
                    .doesNotContain("\u001b", "\u009b");
            assertThat(terminal("TERM=xterm", command + " </dev/null", Redirect.PIPE))
                    .as("what is read from elsewhere is printed on a terminal, too: " + command)
                    .doesNotContain("\u001b", "\u009b");
        }
        assertThat(terminal("export default/run --format jsonl")).doesNotContain("\u009b");
    }

    @Test
    void aTerminalThatKnowsNoColoursGetsNone() throws IOException {
        log(ListCommandTest.line(0, "error", "m"));
        assertThat(terminal("tail default/run")).contains("\u001b[31mERROR");
        assertThat(terminal("TERM=dumb", "tail default/run", Redirect.PIPE)).doesNotContain("\u001b");
    }
}
