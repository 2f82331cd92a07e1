package ai.dreamlake.logback.tool;

import java.io.File;
import java.io.OutputStreamWriter;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Callable;
import picocli.AutoComplete.GenerateCompletion;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;

/** The command line. Each command is a class of its own; here is what they have in common. */
@Command(
        name = "dreamlake",
        description = "Looks after the logs of experiments on disk.",
        mixinStandardHelpOptions = true,
        versionProvider = Dreamlake.Version.class,
        subcommands = {
            ListCommand.class,
            TailCommand.class,
            VerifyCommand.class,
            RepairCommand.class,
            SyncCommand.class,
            ExportCommand.class,
            CompareCommand.class,
            PruneCommand.class,
            GenerateCompletion.class,
            HelpCommand.class
        },
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:All is well.",
            "1:Something is wrong, or not all could be done.",
            "2:The command line is wrong, or names something that is not there.",
            "3:It did not work."
        })
public final class Dreamlake implements Callable<Integer> {

    @Spec
    private CommandSpec spec = CommandSpec.create(); // picocli sets it

    private Dreamlake() {}

    /** The jar's manifest knows it. */
    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            String version = Dreamlake.class.getPackage().getImplementationVersion();
            return new String[] {"dreamlake " + (version == null ? "(not from a jar)" : version)};
        }
    }

    /** Ends the JVM. */
    public static void main(String[] arguments) {
        CommandLine command = commandLine();
        if (File.separatorChar == '/') {
            // Logs are UTF-8, whatever the locale: under LANG=C, all but ASCII would become question marks.
            command.setOut(utf8(System.out)).setErr(utf8(System.err));
        }
        System.exit(command.execute(arguments));
    }

    private static PrintWriter utf8(PrintStream stream) {
        return new PrintWriter(new OutputStreamWriter(stream, StandardCharsets.UTF_8), true);
    }

    /** Where to print can be set, for tests. */
    static CommandLine commandLine() {
        return new CommandLine(new Dreamlake())
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setUsageHelpAutoWidth(true)
                .setParameterExceptionHandler(Dreamlake::explain)
                .setExecutionExceptionHandler(Dreamlake::explain);
    }

    /** Without a command. */
    @Override
    public Integer call() {
        spec.commandLine().usage(spec.commandLine().getErr());
        return ExitCode.USAGE;
    }

    private static int explain(ParameterException wrong, String[] arguments) {
        CommandLine command = wrong.getCommandLine();
        PrintWriter err = command.getErr();
        err.println("dreamlake: " + Sentence.of(wrong));
        err.println("Try: " + command.getCommandSpec().qualifiedName() + " --help");
        return ExitCode.USAGE;
    }

    private static int explain(Exception failure, CommandLine command, ParseResult parsed) {
        boolean isUnexpected = failure instanceof RuntimeException;
        command.getErr()
                .println("dreamlake: " + (isUnexpected ? failure.getClass().getSimpleName() + ": " : "")
                        + Sentence.of(failure));
        return failure instanceof ToolFailure told ? told.exitCode() : ExitCode.FAILED;
    }
}
