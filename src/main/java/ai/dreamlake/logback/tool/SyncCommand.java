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

/** Delivers what is left on disk, by the same steps as an appender, and ends. */
@Command(
        name = "sync",
        description = {
            "Sends to a server what it does not have yet: what earlier runs left, and sessions that were never meant"
                    + " for a server. Nothing is sent twice, also if this is killed and started again, or if a program"
                    + " sends the same sessions meanwhile.",
            "Logs stay; only a spool's are deleted once they are delivered. Which server has a session is not noted:"
                    + " what one has is not sent to another one."
        },
        mixinStandardHelpOptions = true)
final class SyncCommand implements Callable<Integer> {

    /** How often to try to bring in what a killed process left, while another process writes. */
    private static final int MAX_ATTEMPTS = 50;

    private static final long ATTEMPT_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

    @Spec
    private CommandSpec spec = CommandSpec.create(); // picocli sets it

    @Parameters(
            paramLabel = "PATH",
            arity = "0..1",
            defaultValue = RootPath.DEFAULT,
            description = "A directory of workspaces, a spool, or one session's directory. Default: the variable"
                    + " DREAMLAKE_LOCAL_PATH, or else .dreamlake")
    private String path = RootPath.FALLBACK;

    @Mixin
    private SyncTarget target = new SyncTarget();

    @Option(names = "--leftovers", description = "Only sessions that were meant for a server when they were written.")
    private boolean leftovers;

    @Option(names = "--spool", description = "PATH is a spool, though it has not its name: delete what is delivered.")
    private boolean spool;

    @Option(
            names = "--give-up-after",
            paramLabel = "SECONDS",
            defaultValue = "60",
            description = "How long to try while nothing can be sent. Default: ${DEFAULT-VALUE}")
    private int patience = 60;

    @Option(
            names = {"-n", "--dry-run"},
            description = "Only say what would be sent.")
    private boolean dryRun;

    /** What to deliver, and how. */
    private record Plan(Path root, boolean isSpool, List<FoundSession> sessions, Configuration configuration) {}

    @Override
    public Integer call() throws Exception {
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
                throw ToolFailure.usage(root + " has spools, but none of this server and user: name one of them.");
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

    /** The sessions that have something to send, and how many bytes of it are known. */
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
            throw new IOException("it is part of a spool: add --spool, and it is deleted once it is delivered");
        }
        Journal journal = JournalRegistry.journal(session.root(), session.name(), System::nanoTime, storage, 0);
        try {
            bringIn(directory, journal);
            return delivery.deliver(session.name(), journal, progress::step);
        } finally {
            journal.end();
        }
    }

    /** As the next start of an appender would: what a killed process had staged, and that it was killed. */
    private static void bringIn(SessionDirectory directory, Journal journal) throws IOException {
        if (directory.hasTails() || Journal.isCrashReportDue(directory)) {
            for (int attempt = 0; attempt < MAX_ATTEMPTS && !journal.recover(); attempt++) {
                LockSupport.parkNanos(ATTEMPT_NANOS);
            }
        }
    }

    /** Says what came of each session, and what is strange. Upload threads call it, too. */
    private static final class Report implements UploadListener {
        private final PrintWriter out;
        private final PrintWriter err;
        private final AtomicBoolean retryTold = new AtomicBoolean();
        private final AtomicBoolean locksTold = new AtomicBoolean();
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
                out.println(session + ": " + outcome.delivered() + " records sent");
            }
            if (outcome.rejected() > 0) {
                faults++;
                tell(session + ": the server refuses " + outcome.rejected()
                        + " records for good; they are in logs/rejected.jsonl");
            }
            if (outcome.reason() != null) {
                faults++;
                tell(session + ": " + outcome.left() + " bytes are not sent: " + Printable.line(outcome.reason()));
            } else if (outcome.left() > 0) {
                tell(session + ": " + outcome.left() + " bytes after the last record are no record, or are new");
            }
        }

        void addFailure(FoundSession session, @Nullable Throwable failure) {
            faults++;
            tell(session + ": not sent: "
                    + (failure instanceof Exception said ? Sentence.of(said) : String.valueOf(failure)));
        }

        private void tell(String sentence) {
            err.println("dreamlake: " + sentence);
            err.flush();
        }

        @Override
        public void retried(SessionName session, String reason, Duration wait) {
            if (!retryTold.getAndSet(true)) {
                tell("the server does not take it, and is tried again: " + Printable.line(reason));
            }
        }

        @Override
        public void dropped(SessionName session, long count) {
            tell(session + ": " + count + " records were deleted unsent, since the spool was full");
        }

        @Override
        public void withoutLocks(IOException reason) {
            if (!locksTold.getAndSet(true)) {
                tell("this file system has no locks: let no other program send these sessions meanwhile");
            }
        }

        @Override
        public void trouble(String text) {
            tell(Printable.line(text));
        }

        /** Returns the exit code. */
        int end() {
            out.println(records + " records of " + sessions + " sessions sent");
            out.flush();
            err.flush();
            if (faults == 0) {
                return ExitCode.FINE;
            }
            return records > 0 ? ExitCode.FOUND : ExitCode.FAILED;
        }
    }
}
