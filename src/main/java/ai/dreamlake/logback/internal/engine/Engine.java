package ai.dreamlake.logback.internal.engine;

import ai.dreamlake.logback.internal.config.Configuration;
import ai.dreamlake.logback.internal.config.FsyncLevel;
import ai.dreamlake.logback.internal.config.LocalRetention;
import ai.dreamlake.logback.internal.config.RemoteConfiguration;
import ai.dreamlake.logback.internal.journal.SpoolStorage;
import ai.dreamlake.logback.internal.journal.Storage;
import ai.dreamlake.logback.internal.record.JacksonModules;
import ai.dreamlake.logback.internal.record.RecordEncoder;
import ai.dreamlake.logback.internal.record.RecordLevel;
import ai.dreamlake.logback.internal.record.RecordSettings;
import ai.dreamlake.logback.internal.session.MdcEntries;
import ai.dreamlake.logback.internal.session.Retention;
import ai.dreamlake.logback.internal.session.Scopes;
import ai.dreamlake.logback.internal.session.SessionKeys;
import ai.dreamlake.logback.internal.session.SessionName;
import ai.dreamlake.logback.internal.upload.Backlog;
import ai.dreamlake.logback.internal.upload.UploadListener;
import ai.dreamlake.logback.internal.upload.UploadSettings;
import ai.dreamlake.logback.internal.upload.Uploads;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.spi.ContextAware;
import java.lang.module.ModuleDescriptor;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** What runs between an appender's start and its stop. Thread-safe. */
public final class Engine {

    /** The counts of an appender that was never started. */
    public static final Counts NO_COUNTS = new Counters().snapshot(false);

    /** How long a flush waits for another process, if a caller waits for delivery. */
    private static final long MAX_FLUSH_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final RecordWriter writer;
    private final Sessions sessions;
    private final Counters counters;

    private final StatusReporter status;
    private final ContextAware appender;
    private final String name;
    private final Path root;

    /** Not volatile: a second check does no harm. */
    private boolean hasCheckedAsyncAppender;

    /** Notified when a scope is closed. */
    private final Consumer<MdcEntries> scopeListener;

    private final AtomicBoolean asyncAppenderReported = new AtomicBoolean();

    /** Null where there is no server. */
    private final @Nullable Uploads uploads;

    /** Null if local sessions are kept forever. */
    private final @Nullable SessionCleaner cleaner;

    /** Null if there is none. */
    private final @Nullable Pulse pulse;

    /** How many exit hooks have not ended yet. They run concurrently. */
    private final AtomicInteger exitHooks;

    /** Null until everything has started. */
    private volatile Totals.@Nullable Start start;

    private Engine(
            RecordWriter writer,
            Sessions sessions,
            Counters counters,
            StatusReporter status,
            ContextAware appender,
            String name,
            Path root,
            SessionKeys keys,
            @Nullable Uploads uploads,
            @Nullable SessionCleaner cleaner,
            @Nullable Pulse pulse) {
        this.scopeListener = names -> {
            Map<String, String> mdc = names.in(Map.of());
            SessionName closed = new SessionName(keys.workspaceOf(mdc), keys.sessionOf(mdc));
            boolean isOurWorkspace = closed.workspace().equals(keys.workspace());
            // A scope may name our workspace, or leave it to us: both lead to the same session.
            if (!Scopes.isOpen(closed.workspace(), closed.session())
                    && !(isOurWorkspace && Scopes.isOpen(null, closed.session()))) {
                sessions.scopeClosed(closed);
            }
        };
        this.writer = writer;
        this.sessions = sessions;
        this.counters = counters;
        this.status = status;
        this.appender = appender;
        this.name = name;
        this.root = root;
        this.uploads = uploads;
        this.cleaner = cleaner;
        this.pulse = pulse;
        this.exitHooks = new AtomicInteger(uploads == null ? 1 : 2);
    }

    /**
     * Creates the parts of the appender and connects them. Touches neither files nor the network on the calling thread.
     *
     * @param name the appender's name, for threads
     * @param listeners notified by upload threads of what happens to records on their way to the server
     * @param appender receives our problems, as statuses
     */
    public static Engine start(
            String name,
            Configuration configuration,
            RecordSettings recordSettings,
            List<? extends UploadListener> listeners,
            ContextAware appender) {
        if (recordSettings.throwableConverter != null && !recordSettings.throwableConverter.isStarted()) {
            recordSettings.throwableConverter.start();
        }
        StatusReporter reporter = new StatusReporter(
                appender,
                name,
                configuration.retention() == Retention.SPOOL ? "<spoolPath>" : "<localPath>",
                line -> System.err.println(line),
                System::nanoTime);
        Counters counters = new Counters();
        AtomicLong spooledBytes = new AtomicLong();
        Sessions sessions = new Sessions(
                configuration.root(),
                storage(configuration, spooledBytes),
                configuration.maxOpenSessions(),
                configuration.idleTimeout().toNanos(),
                configuration.writeDelay().toNanos(),
                "dreamlake-journals-" + name,
                reporter,
                System::nanoTime);
        recordSettings.fields = configuration.fields();
        recordSettings.masks = configuration.masks();
        recordSettings.maskKeys = configuration.maskKeys();
        recordSettings.jacksonModules = recordSettings.includeJacksonModules
                ? JacksonModules.find(
                        Engine.class.getClassLoader(),
                        broken -> appender.addWarn("Appender [" + name + "] goes on without a Jackson module that is"
                                + " broken: " + broken + ". Repair or remove it, or turn off all modules by"
                                + " <includeJacksonModules>false</includeJacksonModules>."))
                : List.of();
        RecordEncoder encoder = new RecordEncoder(
                recordSettings,
                configuration.maxRecordBytes(),
                configuration.keys().reserved());
        LinkageError misfit = encoder.misfit();
        if (misfit != null) {
            appender.addError(
                    StartFailure.describe(misfit), misfit); // records that do not need Jackson are still written
        }
        RecordWriter writer = new RecordWriter(
                configuration.keys(),
                configuration.requireSession(),
                encoder,
                forcedFrom(configuration.fsyncLevel()),
                sessions,
                counters,
                reporter);
        RemoteConfiguration remote = configuration.remote();
        Uploads uploads = null;
        if (remote != null) {
            uploads = new Uploads(
                    configuration.root(),
                    configuration.retention() == Retention.SPOOL ? remote.maxSpoolBytes() : null,
                    spooledBytes,
                    remote.url(),
                    remote.credentials()::token,
                    uploadSettings(remote),
                    counters,
                    new DeliveryReporter(counters, reporter, listeners),
                    sessions,
                    "dreamlake-logback/" + version(),
                    "dreamlake-upload-" + name);
        }
        if (remote != null && remote.isPlainHttp()) {
            appender.addWarn(
                    "<remote> of appender [" + name + "] is plain http: records and token can be read on the way.");
        }
        LocalRetention retention = configuration.localRetention();
        SessionCleaner cleaner = retention == null
                ? null
                : new SessionCleaner(configuration.root(), retention, sessions, reporter, "dreamlake-cleaner-" + name);
        Duration interval = configuration.pulse();
        Pulse pulse =
                interval == null ? null : new Pulse(interval, writer::append, reporter, "dreamlake-pulse-" + name);
        if (pulse != null && configuration.requireSession()) {
            appender.addWarn("<pulse> of appender [" + name + "] records nothing: with <requireSession>, the appender"
                    + " has no session of its own.");
        }
        Engine engine = new Engine(
                writer,
                sessions,
                counters,
                reporter,
                appender,
                name,
                configuration.root(),
                configuration.keys(),
                uploads,
                cleaner,
                pulse);
        Scopes.addCloseListener(engine.scopeListener);
        sessions.start(uploads, engine::exitHookEnds);
        if (uploads != null) {
            uploads.start(engine::exitHookEnds);
        }
        if (cleaner != null) {
            cleaner.start();
        }
        if (pulse != null) {
            pulse.start();
        }
        engine.start = Totals.started(name, counters, uploads != null, engine::counts);
        return engine;
    }

    private static Storage storage(Configuration configuration, AtomicLong spooledBytes) {
        RemoteConfiguration remote = configuration.remote();
        return remote != null && configuration.retention() == Retention.SPOOL
                ? new SpoolStorage(remote.maxSegmentBytes(), spooledBytes, configuration.reportCrash())
                : configuration.reportCrash() ? Storage.keptWithReports() : Storage.kept();
    }

    private static @Nullable RecordLevel forcedFrom(FsyncLevel level) {
        return switch (level) {
            case OFF -> null;
            case FATAL -> RecordLevel.FATAL;
            case ERROR -> RecordLevel.ERROR;
            case WARN -> RecordLevel.WARN;
            case INFO -> RecordLevel.INFO;
            case DEBUG, ALL -> RecordLevel.DEBUG;
        };
    }

    /** How records are sent to a server that is configured. */
    public static UploadSettings uploadSettings(RemoteConfiguration remote) {
        return new UploadSettings(
                remote.maxBatchRecords(),
                remote.maxBatchBytes(),
                remote.interval(),
                remote.connectTimeout(),
                remote.callTimeout(),
                remote.maxConcurrentUploads(),
                remote.gzip(),
                remote.shutdownTimeout(),
                remote.headers(),
                remote.proxy(),
                remote.proxyAuthorization());
    }

    /**
     * This library's version, from the module's descriptor or the jar's manifest; "development" if it is not in a jar.
     */
    public static String version() {
        return Optional.ofNullable(Engine.class.getModule().getDescriptor())
                .flatMap(ModuleDescriptor::rawVersion)
                .or(() -> Optional.ofNullable(Engine.class.getPackage().getImplementationVersion()))
                .orElse("development");
    }

    /** Writes an event's record. Returns when it is in pages of the operating system (I1), or counted as dropped. */
    public void append(ILoggingEvent event) {
        writer.append(event);
        if (!hasCheckedAsyncAppender) {
            hasCheckedAsyncAppender = true;
            checkAsyncAppender();
        }
    }

    /** Called at the first event, since the configuration is complete only then. */
    private void checkAsyncAppender() {
        try {
            String warning = AsyncAppenders.warning(appender, name);
            if (warning != null && !asyncAppenderReported.getAndSet(true)) {
                status.warn(warning);
            }
        } catch (Throwable notNow) {
            // A foreign appender failed, or the stack is exhausted. The record is written, and nothing is thrown (I3).
        }
    }

    /** What happened to the events so far. Also valid after {@link #stop}. */
    public Counts counts() {
        return counters.snapshot(
                uploads != null, sessions.openCount(), uploads == null ? Backlog.NONE : uploads.backlog());
    }

    /**
     * Waits until nothing that was appended before this call is pending: it is on the server, set aside, or lost.
     *
     * @return false if that took longer than the timeout, or if the thread was interrupted; its flag stays set
     */
    public boolean awaitDelivery(Duration timeout) {
        if (uploads == null) {
            return true;
        }
        long start = System.nanoTime();
        sessions.flush(start + Math.min(MAX_FLUSH_NANOS, nanos(timeout)));
        return uploads.awaitDelivery(timeout.minusNanos(System.nanoTime() - start));
    }

    private static long nanos(Duration timeout) {
        return timeout.compareTo(Duration.ofNanos(MAX_FLUSH_NANOS)) > 0 ? MAX_FLUSH_NANOS : timeout.toNanos();
    }

    /** Closes all sessions, and hands over what is pending. Events that are under way are still written. */
    public void stop() {
        Scopes.removeCloseListener(scopeListener);
        if (cleaner != null) {
            cleaner.stop();
        }
        if (pulse != null) {
            pulse.stop();
        }
        sessions.close();
        if (uploads == null) {
            reportRest();
        } else {
            summary(); // loads a class that our last thread needs: an undeployed application can no longer load classes
            uploads.close(this::reportRest);
        }
    }

    private void exitHookEnds() {
        if (exitHooks.decrementAndGet() == 0) {
            reportRest();
        }
    }

    /** Reports what is left to report, unless stop or exit has done so already. */
    private void reportRest() {
        Totals.Start start = this.start;
        if (start != null) {
            start.ended();
        }
        sessions.reportRest();
        status.summary(summary());
    }

    private @Nullable LossSummary summary() {
        boolean isOurs = uploads != null && !uploads.isHandedOver();
        return LossSummary.of(counters.snapshot(uploads != null), isOurs, root);
    }
}
