package ai.dreamlake.logback.tool;

import ai.dreamlake.logback.internal.io.StandardOutput;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
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
import picocli.CommandLine.UnmatchedArgumentException;

/** The command line. Each command has its own class; this one has what they share. */
@Command(
        name = "dreamlake",
        description = "Manages the logs of experiments on disk.",
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
            "0:Success.",
            "1:The command found something wrong, or could not do everything.",
            "2:The command line is wrong, or names something that does not exist.",
            "3:The command failed."
        })
public final class Dreamlake implements Callable<Integer> {

    @Spec
    private CommandSpec spec = CommandSpec.create(); // picocli sets it

    private Dreamlake() {}

    /** Reads the version from the jar's manifest. */
    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            String version = Dreamlake.class.getPackage().getImplementationVersion();
            return new String[] {"dreamlake " + (version == null ? "(not from a jar)" : version)};
        }
    }

    /** Runs a command, and exits the JVM. */
    public static void main(String[] arguments) {
        CommandLine command = commandLine();
        StandardOutput output = new StandardOutput();
        if (File.separatorChar == '/') {
            // Logs are UTF-8, whatever the locale: under LANG=C, everything except ASCII would become question marks.
            command.setOut(utf8(output)).setErr(utf8(System.err));
        }
        int exitCode = command.execute(arguments);
        command.getOut().flush();
        IOException failure = output.failure();
        if (failure != null) {
            command.getErr().println("dreamlake: standard output cannot be written: " + Sentence.of(failure));
            exitCode = ExitCode.FAILED;
        }
        System.exit(exitCode);
    }

    private static PrintWriter utf8(OutputStream stream) {
        return new PrintWriter(new OutputStreamWriter(stream, StandardCharsets.UTF_8), true);
    }

    /** Not run yet, so that tests can set where it prints. */
    static CommandLine commandLine() {
        return new CommandLine(new Dreamlake())
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setUsageHelpAutoWidth(true)
                .setParameterExceptionHandler(Dreamlake::explain)
                .setExecutionExceptionHandler(Dreamlake::explain);
    }

    /** Called if no command is given. */
    @Override
    public Integer call() {
        spec.commandLine().usage(spec.commandLine().getErr());
        return ExitCode.USAGE;
    }

    private static int explain(ParameterException wrong, String[] arguments) {
        CommandLine command = wrong.getCommandLine();
        PrintWriter err = command.getErr();
        err.println("dreamlake: "
                + (wrong instanceof UnmatchedArgumentException unknown ? unknown(unknown) : Sentence.of(wrong)));
        err.println("Try: " + command.getCommandSpec().qualifiedName() + " --help");
        return ExitCode.USAGE;
    }

    private static String unknown(UnmatchedArgumentException wrong) {
        String first = wrong.getUnmatched().get(0);
        String name = Printable.quoted(first);
        if (wrong.isUnknownOption()) {
            List<String> similar = wrong.getSuggestions();
            return "There is no option " + name + "."
                    + (similar.isEmpty() ? "" : " Do you mean " + similar.get(0) + "?");
        }
        boolean isCommand = wrong.getCommandLine().getParent() == null;
        return isCommand
                ? "There is no command " + name + ": choose "
                        + String.join(
                                ", ", wrong.getCommandLine().getSubcommands().keySet()) + "."
                : name + " is one parameter too many.";
    }

    private static int explain(Exception failure, CommandLine command, ParseResult parsed) {
        boolean isUnexpected = failure instanceof RuntimeException;
        command.getErr()
                .println("dreamlake: " + (isUnexpected ? failure.getClass().getSimpleName() + ": " : "")
                        + Sentence.of(failure));
        return failure instanceof ToolFailure told ? told.exitCode() : ExitCode.FAILED;
    }
}
