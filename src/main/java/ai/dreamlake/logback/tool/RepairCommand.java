package ai.dreamlake.logback.tool;

import ai.dreamlake.logback.internal.io.RegularFile;
import ai.dreamlake.logback.internal.journal.Journal;
import ai.dreamlake.logback.internal.journal.JournalRegistry;
import ai.dreamlake.logback.internal.journal.SessionDirectory;
import ai.dreamlake.logback.internal.journal.SessionState;
import ai.dreamlake.logback.internal.journal.SessionState.Kind;
import ai.dreamlake.logback.internal.journal.SpoolStorage;
import ai.dreamlake.logback.internal.journal.Storage;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code repair}: what the next start of an application would do, without it. */
@Command(
        name = "repair",
        description =
                "Does what the next start of an application would do: brings into the log what a killed process had"
                        + " staged, sets a torn end aside, says in the log that a process ended without closing it. Takes the"
                        + " session's lock, and touches nothing of a process that lives.",
        mixinStandardHelpOptions = true)
final class RepairCommand implements Callable<Integer> {

    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(3);
    private static final long POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(10);
    private static final int MAX_HINT = 64;

    /**
     * A session at one moment.
     *
     * @param hint what the Python SDK would read
     */
    private record Look(SessionState state, long tornBytes, boolean isDescribed, String hint) {
        static Look at(FoundSession session) throws IOException {
            SessionDirectory directory = session.directory();
            return new Look(
                    SessionState.of(directory, session.name()),
                    directory.torn().length(),
                    directory.description().toFile().exists(),
                    hint(directory));
        }

        private static String hint(SessionDirectory directory) throws IOException {
            try {
                byte[] text = RegularFile.readAllBytes(directory.sequenceHint(), MAX_HINT);
                return new String(text, StandardCharsets.UTF_8).strip();
            } catch (FileNotFoundException missing) {
                return "";
            }
        }

        /** Those of processes that ended. */
        int abandoned() {
            return state.tails().stream()
                    .filter(SessionState.StagedTail::isOwnerGone)
                    .mapToInt(tail -> tail.records().size())
                    .sum();
        }
    }

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
        int exitCode = ExitCode.FINE;
        for (FoundSession session : FoundSession.of(root.path(), sessions)) {
            try {
                for (String change : repaired(session)) {
                    out.println(colors.name(session.toString()) + ": " + change);
                }
            } catch (IOException failed) {
                spec.commandLine().getErr().println(session + ": " + Sentence.of(failed));
                exitCode = ExitCode.FAILED;
            }
        }
        return exitCode;
    }

    /** What was done, a sentence each. */
    private static List<String> repaired(FoundSession session) throws IOException {
        Look before = Look.at(session);
        List<String> notices = new ArrayList<>();
        repair(session, notices);
        List<String> changes = changes(before, Look.at(session));
        notices.stream().map(Printable::line).forEach(changes::add);
        if (changes.isEmpty()) {
            changes.add("nothing to repair");
        }
        if (before.state.kind() == Kind.OPEN) {
            changes.add("is open, so what belongs to a process that lives is left alone");
        }
        return changes;
    }

    private static void repair(FoundSession session, List<String> notices) throws IOException {
        Journal journal = JournalRegistry.journal(
                session.root(), session.name(), System::nanoTime, storage(session.directory()), 0);
        long start = System.nanoTime();
        boolean isDone = journal.repair();
        while (!isDone) {
            if (System.nanoTime() - start > PATIENCE_NANOS) {
                throw new IOException("another process is writing to it all the time; try again later");
            }
            LockSupport.parkNanos(POLL_NANOS);
            isDone = journal.repair();
        }
        for (String notice = journal.nextNotice(); notice != null; notice = journal.nextNotice()) {
            notices.add(notice);
        }
    }

    /** In a spool, numbers go on when all records are delivered and gone. */
    private static Storage storage(SessionDirectory directory) throws IOException {
        boolean isSpool = !directory.segments().isEmpty()
                || directory.log().length() == 0
                        && directory.checkpoint().toFile().length() > 0;
        return isSpool ? new SpoolStorage(Long.MAX_VALUE, new AtomicLong(), true) : Storage.keptWithReports();
    }

    private static List<String> changes(Look before, Look after) {
        List<String> changes = new ArrayList<>();
        int broughtIn = before.abandoned() - after.abandoned();
        if (broughtIn > 0) {
            changes.add(
                    Sizes.count(broughtIn, "record") + " brought into the log, which a process that ended had staged");
        }
        if (after.tornBytes > before.tornBytes) {
            changes.add((after.tornBytes - before.tornBytes) + " bytes set aside in logs/logs.jsonl.torn");
        }
        for (SessionState.Writer writer : before.state.writers()) {
            if (writer.hasEnded() && !after.state.writers().contains(writer)) {
                changes.add("the log says now that process " + writer.pid() + " on " + Printable.line(writer.host())
                        + " ended without closing it");
            }
        }
        if (!before.isDescribed && after.isDescribed) {
            changes.add("session.json written");
        }
        if (!before.hint.equals(after.hint)) {
            changes.add("the Python SDK goes on with number " + Printable.line(after.hint));
        }
        return changes;
    }
}
