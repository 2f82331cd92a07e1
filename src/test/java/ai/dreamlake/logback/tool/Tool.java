package ai.dreamlake.logback.tool;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Arrays;
import java.util.List;
import picocli.CommandLine;

/**
 * A run of the tool in this JVM.
 *
 * @param exitCode what the shell would get
 * @param out what went to standard output
 * @param err what went to standard error
 */
record Tool(int exitCode, String out, String err) {

    static Tool run(Object... arguments) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        CommandLine command =
                Dreamlake.commandLine().setOut(new PrintWriter(out)).setErr(new PrintWriter(err));
        int exitCode =
                command.execute(Arrays.stream(arguments).map(Object::toString).toArray(String[]::new));
        command.getOut().flush();
        command.getErr().flush();
        return new Tool(exitCode, out.toString(), err.toString());
    }

    List<String> lines() {
        return out.lines().toList();
    }
}
