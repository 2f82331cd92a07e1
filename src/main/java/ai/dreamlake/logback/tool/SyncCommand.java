package ai.dreamlake.logback.tool;

import ai.dreamlake.logback.internal.config.Configuration;
import ai.dreamlake.logback.internal.config.RemoteConfiguration;
import ai.dreamlake.logback.internal.engine.Engine;
import ai.dreamlake.logback.internal.journal.Journal;
import ai.dreamlake.logback.internal.journal.JournalRegistry;
import ai.dreamlake.logback.internal.journal.SessionDirectory;
import ai.dreamlake.logback.internal.journal.SpoolStorage;
import ai.dreamlake.logback.internal.journal.Storage;
import ai.dreamlake.logback.internal.session.Retention;
import ai.dreamlake.logback.internal.session.SessionName;
import ai.dreamlake.logback.internal.upload.Delivery;
import ai.dreamlake.logback.internal.upload.DeliveryState;
import ai.dreamlake.logback.internal.upload.UploadListener;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code sync}: delivers the records that are left on disk, by the same steps as an appender, and ends. */
@Command(
        name = "sync",
        description = {
            "Sends the records to a server that it does not have yet: those that earlier runs left, and sessions that"
                    + " were never meant for a server. Nothing is sent twice, even if this is killed and started again, or"
                    + " if a program sends the same sessions at the same time.",
            "Logs stay on disk, except those of a spool, which are deleted once they are delivered. Nothing notes which"
                    + " server has a session: what one server has is not sent to another one."
        },
        mixinStandardHelpOptions = true)
final class SyncCommand implements Callable<Integer> {

    /** How often to try to recover what a killed process left, while another process writes. */
    private static final int MAX_ATTEMPTS = 50;

    private static final long ATTEMPT_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

    @Spec
    private CommandSpec spec = CommandSpec.create(); // picocli sets it

    @Parameters(
            paramLabel = "PATH",
            arity = "0..1",
            defaultValue = RootPath.DEFAULT,
            description = "A directory of workspaces, a spool, or one session's directory. Default: the variable"
                    + " DREAMLAKE_LOCAL_PATH if it is set, otherwise .dreamlake")
    private String path = RootPath.FALLBACK;

    @Mixin
    private SyncTarget target = new SyncTarget();

    @Option(
            names = "--leftovers",
            description = "Send only sessions that were meant for a server when they were written.")
    private boolean leftovers;

    @Option(
            names = "--spool",
            description = "Treat PATH as a spool, whatever its name is: delete logs once they are delivered.")
    private boolean spool;

    @Option(
            names = "--give-up-after",
            paramLabel = "SECONDS",
            defaultValue = "60",
            description = "How long to keep trying while nothing can be sent. Default: ${DEFAULT-VALUE}")
    private int patience = 60;

    @Option(
            names = {"-n", "--dry-run"},
            description = "Only say what would be sent.")
    private boolean dryRun;

    /** What to deliver, and how. */
    private record Plan(Path root, boolean isSpool, List<FoundSession> sessions, Configuration configuration) {}

    @Override
    public Integer call() throws Exception {
        if (patience < 0) {
            throw ToolFailure.usage("--give-up-after is " + patience + ": choose 0 or more.");
        }
        Plan plan = plan(System.getenv());
        Map<FoundSession, Long> pending = pending(plan);
        if (dryRun) {
            pending.forEach((session, bytes) -> out().println(session + ": " + bytes + " bytes"));
            out().flush();
            return ExitCode.FINE;
        }
        return deliver(plan, pending);
    }

    private PrintWriter out() {
        return spec.commandLine().getOut();
    }

    private PrintWriter err() {
        return spec.commandLine().getErr();
    }

    private Plan plan(Map<String, String> environment) throws IOException, ToolFailure {
        Path given = RootPath.of(path);
        if (!Files.isDirectory(given)) {
            throw ToolFailure.usage("There is no directory " + given + ".");
        }
        if (FoundSession.isSession(given)) {
            FoundSession only = FoundSession.of(given, given.toString());
            boolean isSpool = spool || RemoteConfiguration.isSpool(only.root());
            return new Plan(
                    only.root(), isSpool, List.of(only), target.configuration(only.root(), isSpool, environment));
        }
        Path root = given.toRealPath();
        boolean isSpool = spool || RemoteConfiguration.isSpool(root);
        if (!isSpool && hasSpools(root)) {
            Configuration configuration = target.configuration(root, true, environment);
            if (!Files.isDirectory(configuration.root())) {
                throw ToolFailure.usage(
                        root + " has spools, but none for this server and user: name the spool itself.");
            }
            return new Plan(configuration.root(), true, FoundSession.allIn(configuration.root()), configuration);
        }
        return new Plan(root, isSpool, FoundSession.allIn(root), target.configuration(root, isSpool, environment));
    }

    private static boolean hasSpools(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.anyMatch(RemoteConfiguration::isSpool);
        }
    }

    /** The sessions that have something to send, and how many bytes, as far as that is known. */
    private Map<FoundSession, Long> pending(Plan plan) throws IOException {
        Map<FoundSession, Long> pending = new LinkedHashMap<>();
        for (FoundSession session : plan.sessions) {
            SessionDirectory directory = session.directory();
            DeliveryState state = DeliveryState.of(directory);
            long bytes = state == null ? SessionLogs.length(SessionLogs.of(directory)) : state.undeliveredBytes();
            boolean mayHaveMore = directory.hasTails() || Journal.isCrashReportDue(directory);
            boolean hasLosses = state != null && state.lost() > 0;
            if ((state != null || !leftovers) && (bytes > 0 || mayHaveMore || hasLosses)) {
                pending.put(session, bytes);
            }
        }
        return pending;
    }

    private int deliver(Plan plan, Map<FoundSession, Long> pending) throws InterruptedException {
        RemoteConfiguration server = SyncTarget.server(plan.configuration);
        Retention retention = plan.isSpool ? Retention.SPOOL : Retention.KEEP;
        Storage storage = plan.isSpool
                ? new SpoolStorage(server.maxSegmentBytes(), new AtomicLong(), true)
                : Storage.keptWithReports();
        long total = pending.values().stream().mapToLong(Long::longValue).sum();
        ExecutorService threads = Executors.newFixedThreadPool(server.maxConcurrentUploads());
        Report report = new Report(out(), err());
        try (Progress progress = new Progress("sync", total);
                Delivery delivery = new Delivery(
                        server.url(),
                        server.credentials()::token,
                        Engine.uploadSettings(server),
                        retention,
                        Duration.ofSeconds(patience),
                        report,
                        "dreamlake-logback/" + Engine.version())) {
            Map<FoundSession, Future<Delivery.Outcome>> outcomes = new LinkedHashMap<>();
            for (FoundSession session : pending.keySet()) {
                outcomes.put(session, threads.submit(() -> deliver(session, storage, delivery, progress)));
            }
            for (Map.Entry<FoundSession, Future<Delivery.Outcome>> outcome : outcomes.entrySet()) {
                try {
                    report.add(outcome.getKey(), outcome.getValue().get());
                } catch (ExecutionException failed) {
                    report.addFailure(outcome.getKey(), failed.getCause());
                }
            }
        } finally {
            threads.shutdownNow();
        }
        return report.end();
    }

    private Delivery.Outcome deliver(FoundSession session, Storage storage, Delivery delivery, Progress progress)
            throws IOException {
        SessionDirectory directory = session.directory();
        if (storage.retention() == Retention.KEEP && !directory.segments().isEmpty()) {
            throw new IOException("it is part of a spool: add --spool, which deletes it once it is delivered");
        }
        Journal journal = JournalRegistry.journal(session.root(), session.name(), System::nanoTime, storage, 0);
        try {
            recover(directory, journal);
            return delivery.deliver(session.name(), journal, progress::step);
        } finally {
            journal.end();
        }
    }

    /**
     * Writes to the log what a killed process had staged, and that it was killed, as an appender's next start would.
     */
    private static void recover(SessionDirectory directory, Journal journal) throws IOException {
        if (directory.hasTails() || Journal.isCrashReportDue(directory)) {
            for (int attempt = 0; attempt < MAX_ATTEMPTS && !journal.recover(); attempt++) {
                LockSupport.parkNanos(ATTEMPT_NANOS);
            }
        }
    }

    /** Prints what became of each session, and what went wrong. Upload threads also call it. */
    private static final class Report implements UploadListener {
        private final PrintWriter out;
        private final PrintWriter err;
        private final AtomicBoolean retryReported = new AtomicBoolean();
        private final AtomicBoolean locksReported = new AtomicBoolean();
        private int sessions;
        private long records;
        private int faults;

        Report(PrintWriter out, PrintWriter err) {
            this.out = out;
            this.err = err;
        }

        void add(FoundSession session, Delivery.Outcome outcome) {
            sessions += outcome.delivered() > 0 ? 1 : 0;
            records += outcome.delivered();
            if (outcome.delivered() > 0) {
                out.println(session + ": " + "sent " + Sizes.count(outcome.delivered(), "record"));
            }
            if (outcome.rejected() > 0) {
                faults++;
                report(session + ": the server refused " + Sizes.count(outcome.rejected(), "record")
                        + " for good; see logs/rejected.jsonl");
            }
            if (outcome.reason() != null) {
                faults++;
                report(session + ": " + outcome.left() + " bytes were not sent: " + Printable.line(outcome.reason())
                        + explained(outcome.reason()));
            } else if (outcome.left() > 0) {
                report(session + ": " + outcome.left() + " bytes after the last record are not a record, or are new");
            }
        }

        /** Some refusals only the user can change. */
        private static String explained(String reason) {
            return switch (reason) {
                case "HTTP 401" -> " (the token is wrong or has expired)";
                case "HTTP 403" -> " (the session is write-protected, or another user's)";
                default -> "";
            };
        }

        void addFailure(FoundSession session, @Nullable Throwable failure) {
            faults++;
            report(session + ": not sent: "
                    + (failure instanceof Exception said ? Sentence.of(said) : String.valueOf(failure)));
        }

        private void report(String sentence) {
            err.println("dreamlake: " + sentence);
            err.flush();
        }

        @Override
        public void retried(SessionName session, String reason, Duration wait) {
            if (!retryReported.getAndSet(true)) {
                report("a call to the server failed and will be repeated: " + Printable.line(reason));
            }
        }

        @Override
        public void dropped(SessionName session, long count) {
            report(session + ": " + Sizes.count(count, "record") + " deleted unsent, because the spool was full");
        }

        @Override
        public void withoutLocks(IOException reason) {
            if (!locksReported.getAndSet(true)) {
                report("this file system has no locks: make sure that no other program sends these sessions now");
            }
        }

        @Override
        public void trouble(String text) {
            report(Printable.line(text));
        }

        /** Returns the exit code. */
        int end() {
            out.println("sent " + Sizes.count(records, "record") + " of " + Sizes.count(sessions, "session"));
            out.flush();
            err.flush();
            if (faults == 0) {
                return ExitCode.FINE;
            }
            return records > 0 ? ExitCode.FOUND : ExitCode.FAILED;
        }
    }
}
