package ai.dreamlake.logback.tool;

import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code verify}: checks sessions. */
@Command(
        name = "verify",
        description =
                "Reads whole sessions, and prints what is wrong with the records and their numbers, with what an ended"
                        + " process has left, and with the files beside the log. Changes nothing. Exit code 0: nothing is"
                        + " wrong; 1: something is.",
        mixinStandardHelpOptions = true)
final class VerifyCommand implements Callable<Integer> {

    @Spec
    private CommandSpec spec = CommandSpec.create(); // picocli sets it

    @Parameters(
            arity = "1..*",
            paramLabel = "SESSION",
            description = "A session's directory, or workspace/session under the root.")
    private List<String> sessions = new ArrayList<>();

    @Mixin
    private RootOption root = new RootOption();

    @Mixin
    private ColorOption color = new ColorOption();

    @Override
    public Integer call() throws ToolFailure {
        PrintWriter out = spec.commandLine().getOut();
        Colors colors = color.colors();
        boolean areFine = true;
        boolean areRead = true;
        for (FoundSession session : FoundSession.of(root.path(), sessions)) {
            SessionCheck.Verdict verdict;
            try {
                verdict = verdict(session);
            } catch (IOException unreadable) {
                spec.commandLine().getErr().println(session + ": " + Sentence.of(unreadable));
                areRead = false;
                continue;
            }
            for (String fault : verdict.faults()) {
                out.println(colors.name(session.toString()) + ": " + colors.bad(fault));
            }
            if (verdict.unreported() > 0) {
                out.println(
                        colors.name(session.toString()) + ": " + colors.bad("and " + verdict.unreported() + " more"));
            }
            for (String note : verdict.notes()) {
                out.println(colors.name(session.toString()) + ": " + colors.notable("note: " + note));
            }
            out.println(colors.name(session.toString()) + ": " + Sizes.count(verdict.records(), "record") + ", "
                    + (verdict.isFine()
                            ? colors.good("fine")
                            : colors.bad(Sizes.count(verdict.faultCount(), "fault"))));
            areFine &= verdict.isFine();
        }
        if (!areRead) {
            return ExitCode.FAILED;
        }
        return areFine ? ExitCode.FINE : ExitCode.FOUND;
    }

    private static SessionCheck.Verdict verdict(FoundSession session) throws IOException {
        try (Progress progress =
                new Progress(session.toString(), SessionLogs.length(SessionLogs.of(session.directory())))) {
            return SessionCheck.of(session, progress);
        }
    }
}
