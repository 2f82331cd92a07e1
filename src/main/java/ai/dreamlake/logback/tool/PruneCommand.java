package ai.dreamlake.logback.tool;

import ai.dreamlake.logback.internal.config.LocalRetention;
import ai.dreamlake.logback.internal.engine.RetentionPass;
import ai.dreamlake.logback.internal.journal.Journal;
import ai.dreamlake.logback.internal.journal.JournalRegistry;
import ai.dreamlake.logback.internal.journal.SessionDirectory;
import ai.dreamlake.logback.internal.journal.SessionState;
import ai.dreamlake.logback.internal.journal.Storage;
import ai.dreamlake.logback.internal.session.SessionName;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code prune}: deletes old sessions, as {@code <localRetention>} does in an application. */
@Command(
        name = "prune",
        description =
                "Deletes old sessions that are closed, if they are delivered or were never meant for a server. A session"
                        + " is deleted as a whole or not at all. It stays if a process may write to it or has died in"
                        + " it, if it was modified within the last hour, if it is write-protected, or if its directory"
                        + " holds anything except logs, such as parameters, tracks or files.",
        mixinStandardHelpOptions = true)
final class PruneCommand implements Callable<Integer> {

    @Spec
    private CommandSpec spec = CommandSpec.create(); // picocli sets it

    @Parameters(paramLabel = "ROOT", description = "The directory that holds workspaces. There is no default.")
    private String root = "";

    @Option(
            names = "--older-than",
            paramLabel = "AGE",
            description = "Delete sessions without a modified file for this time, such as 12h or 30d. At least 1h.")
    private @Nullable String age;

    @Option(
            names = "--keep",
            paramLabel = "SIZE",
            description = "Then delete the oldest sessions until all together take at most this, such as 10GB.")
    private @Nullable String size;

    @Option(names = "--dry-run", description = "Only say what would be deleted.")
    private boolean isTrial;

    @Mixin
    private ColorOption color = new ColorOption();

    private boolean hasWarned;

    @Override
    public Integer call() throws ToolFailure {
        Path path = existing(RootPath.of(root));
        LocalRetention limits = limits();
        RetentionPass pass = new RetentionPass(path, limits, name -> closed(path, name), () -> false, new Warnings());
        PrintWriter out = spec.commandLine().getOut();
        Colors colors = color.colors();
        String done = isTrial ? "would be deleted" : "deleted";
        if (isTrial) {
            pass.onlyTry();
        }
        pass.reportTo(name -> out.println(colors.name(Printable.line(name.toString())) + ": " + done));
        try {
            pass.run(System.currentTimeMillis());
        } catch (IOException unreadable) {
            throw ToolFailure.failed(Sentence.of(unreadable));
        }
        out.println(counted(pass.deleted(), pass.deletedBytes()) + " " + done + ", "
                + counted(pass.kept(), pass.keptBytes()) + (pass.kept() == 1 ? " stays" : " stay"));
        if (pass.keptBytes() > limits.maxBytes()) {
            out.println("That is more than --keep " + size + ": see --help for what always stays.");
        }
        return hasWarned ? ExitCode.FOUND : ExitCode.FINE;
    }

    private static String counted(int sessions, long bytes) {
        return Sizes.count(sessions, "session") + " with " + Sizes.shown(bytes);
    }

    private final class Warnings implements RetentionPass.Trouble {
        @Override
        public void cannotLook(SessionName name, Exception failure) {
            warn(name, "stays, because it cannot be read", failure);
        }

        @Override
        public void cannotDelete(SessionName name, Exception failure) {
            warn(name, "cannot be deleted", failure);
        }

        private void warn(SessionName name, String what, Exception failure) {
            hasWarned = true;
            spec.commandLine()
                    .getErr()
                    .println(Printable.line(name.toString()) + ": " + what + ": " + Sentence.of(failure));
        }
    }

    private static Path existing(Path root) throws ToolFailure {
        if (!Files.isDirectory(root)) {
            throw ToolFailure.usage("There is no directory " + root + ".");
        }
        try {
            return root.toRealPath();
        } catch (IOException unreadable) {
            throw ToolFailure.failed(Sentence.of(unreadable));
        }
    }

    private LocalRetention limits() throws ToolFailure {
        if (age == null && size == null) {
            throw ToolFailure.usage("Say what to delete: --older-than 30d, --keep 10GB, or both.");
        }
        long maxAge = age == null ? Long.MAX_VALUE : Sizes.millis(age);
        if (maxAge < LocalRetention.QUIET_MILLIS) {
            throw ToolFailure.usage("--older-than " + age + " is too short: it must be 1h or more.");
        }
        return new LocalRetention(maxAge, size == null ? Long.MAX_VALUE : Sizes.bytes(size), true);
    }

    /** The journal of a closed session. Null if a process may write to it, or died in it, which needs repair first. */
    private static @Nullable Journal closed(Path root, SessionName name) throws IOException {
        SessionState state = SessionState.of(SessionDirectory.of(root, name), name);
        return state.kind() == SessionState.Kind.CLOSED
                ? JournalRegistry.journal(root, name, System::nanoTime, Storage.kept(), 0)
                : null;
    }
}
