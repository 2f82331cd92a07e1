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

/** {@code repair}: does what the next start of an application would do. */
@Command(
        name = "repair",
        description =
                "Does what the next start of an application would do: writes the records that a killed process had"
                        + " staged to the log, sets a torn end aside, and reports in the log that a process ended without"
                        + " closing it. Takes the session's lock, and leaves live processes alone.",
        mixinStandardHelpOptions = true)
final class RepairCommand implements Callable<Integer> {

    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(3);
    private static final long POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(10);
    private static final int MAX_HINT = 64;

    /**
     * The state of a session at one moment.
     *
     * @param hint the text of {@code .log_sequence}, for the Python SDK
     */
    private record Snapshot(SessionState state, long logBytes, long tornBytes, boolean isDescribed, String hint) {
        static Snapshot of(FoundSession session) throws IOException {
            SessionDirectory directory = session.directory();
            return new Snapshot(
                    SessionState.of(directory, session.name()),
                    directory.log().length(),
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

        /** How many records wait in the tails of processes that ended. */
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

    /** Repairs a session, and returns what was done, a sentence each. */
    private static List<String> repaired(FoundSession session) throws IOException {
        Snapshot before = Snapshot.of(session);
        List<String> notices = new ArrayList<>();
        repair(session, notices);
        List<String> changes = changes(before, Snapshot.of(session));
        notices.stream().map(Printable::line).forEach(changes::add);
        if (changes.isEmpty()) {
            changes.add("nothing to repair");
        }
        if (before.state.kind() == Kind.OPEN) {
            changes.add("is open: what belongs to its live process was left alone");
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
                throw new IOException("another process keeps writing to it; try again later");
            }
            LockSupport.parkNanos(POLL_NANOS);
            isDone = journal.repair();
        }
        for (String notice = journal.nextNotice(); notice != null; notice = journal.nextNotice()) {
            notices.add(notice);
        }
    }

    /** In a spool, numbers continue even after all records are delivered and deleted. */
    private static Storage storage(SessionDirectory directory) throws IOException {
        boolean isSpool = !directory.segments().isEmpty()
                || directory.log().length() == 0
                        && directory.checkpoint().toFile().length() > 0;
        return isSpool ? new SpoolStorage(Long.MAX_VALUE, new AtomicLong(), true) : Storage.keptWithReports();
    }

    /** New records change the number for the Python SDK, which is not worth a word. */
    private static boolean hasGrown(Snapshot before, Snapshot after) {
        return before.state.kind() == Kind.OPEN || before.logBytes != after.logBytes;
    }

    private static List<String> changes(Snapshot before, Snapshot after) {
        List<String> changes = new ArrayList<>();
        int recovered = before.abandoned() - after.abandoned();
        if (recovered > 0) {
            changes.add("wrote " + Sizes.count(recovered, "record") + " to the log, which an ended process had staged");
        }
        if (after.tornBytes > before.tornBytes) {
            changes.add("set " + (after.tornBytes - before.tornBytes) + " bytes aside in logs/logs.jsonl.torn");
        }
        for (SessionState.Writer writer : before.state.writers()) {
            if (writer.hasEnded() && !after.state.writers().contains(writer)) {
                changes.add("reported in the log that process " + writer.pid() + " on " + Printable.line(writer.host())
                        + " ended without closing it");
            }
        }
        if (!before.isDescribed && after.isDescribed) {
            changes.add("wrote session.json");
        }
        if (!before.hint.equals(after.hint) && !hasGrown(before, after)) {
            changes.add("corrected .log_sequence: the Python SDK continues with number " + Printable.line(after.hint));
        }
        return changes;
    }
}
