package ai.dreamlake.logback.internal.engine;

import ai.dreamlake.logback.internal.engine.Session.Phase;
import ai.dreamlake.logback.internal.io.NativeFlock;
import ai.dreamlake.logback.internal.io.StackHeadroom;
import ai.dreamlake.logback.internal.journal.Journal;
import ai.dreamlake.logback.internal.journal.JournalRegistry;
import ai.dreamlake.logback.internal.journal.Line;
import ai.dreamlake.logback.internal.journal.SessionFinder;
import ai.dreamlake.logback.internal.journal.Storage;
import ai.dreamlake.logback.internal.session.SessionName;
import ai.dreamlake.logback.internal.upload.UploadTask;
import ai.dreamlake.logback.internal.upload.UploadTasks;
import ai.dreamlake.logback.internal.upload.Uploads;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The sessions of one appender. A session is opened by its first record; it is closed when it is idle, or when too many
 * are open (see {@link OpenSessions}), and opened again by its next record. Closed sessions are remembered. When there
 * are very many, those that are completely delivered are forgotten, and of the others only the numbers of the pending
 * records stay in memory.
 *
 * <p>Thread-safe. One daemon thread, the keeper, writes staged records and closes idle sessions. It sleeps while there
 * is nothing to do.
 */
final class Sessions implements UploadTasks, OpenSessions.Opener {

    /** Beyond this many sessions, those with nothing to remember are forgotten. */
    private static final int MAX_REMEMBERED = 1000;

    /** How long the keeper stays awake after a burst. */
    private static final long STAY_AWAKE_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

    /** How often sessions are forgotten, as long as there are very many. */
    private static final long FORGET_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** How often the keeper checks whether suspended sessions can continue. */
    private static final long RESUME_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

    /** How many suspended sessions continue at a time, while the others wait. */
    private static final int MAX_RESUMED = 50;

    /** How often the keeper looks for reports that are due, and for uploads that nobody has scheduled. */
    private static final long CARE_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** The longest sleep of the keeper: then a report may be due. */
    private static final long MAX_SLEEP_NANOS = Outages.INTERVAL_NANOS;

    private static final long TROUBLE_NANOS = TimeUnit.MILLISECONDS.toNanos(20);
    private static final int MAX_ATTEMPTS = 50;

    private final Path root;
    private final Storage storage;
    private final long idleNanos;
    private final long writeDelay;
    private final LongSupplier nanoTime;
    private final StatusReporter status;
    private @Nullable Uploads uploads;

    /** The sessions by their names on disk. */
    private final Map<SessionName, Session> sessions = new ConcurrentHashMap<>();

    private final OpenSessions openSessions;
    private final Thread keeper;
    private final Thread exitHook = new Thread(this::exit, "dreamlake-exit");
    private Runnable afterExit = () -> {};

    /** A session that an event names by a name that had to be replaced. */
    private record Replaced(SessionName given, Session session) {}

    /** The last replaced name. Not volatile: that of any thread will do. */
    private @Nullable Replaced lastReplaced;

    /** How many sessions there must be before it is worthwhile to forget some. Guarded by this. */
    private int forgetAt = MAX_REMEMBERED;

    /** Whether it is reported that a suspended session cannot continue. Guarded by this. */
    private boolean resumeFailureReported;

    /** Whether the keeper is asleep, and must be woken for new work. */
    private volatile boolean keeperAsleep;

    // Used by the keeper.
    private long forgottenAt;
    private long caredAt;
    private long resumedAt;

    private volatile boolean closed;
    private volatile boolean exiting;

    /**
     * @param root the local path or the spool, absolute
     * @param maxOpen how many sessions may be open at a time
     * @param idleNanos how long a session stays open without a record
     * @param writeDelay how long a record may be staged, in nanoseconds; 0 if every record must be written at once
     * @param keeperName the keeper thread's name
     * @param nanoTime the clock
     */
    Sessions(
            Path root,
            Storage storage,
            int maxOpen,
            long idleNanos,
            long writeDelay,
            String keeperName,
            StatusReporter status,
            LongSupplier nanoTime) {
        this.root = root;
        this.storage = storage;
        this.openSessions = new OpenSessions(maxOpen, this, nanoTime, status);
        this.idleNanos = idleNanos;
        this.writeDelay = writeDelay;
        this.status = status;
        this.nanoTime = nanoTime;
        this.caredAt = nanoTime.getAsLong();
        this.resumedAt = caredAt;
        this.keeper = new Thread(this::keep, keeperName);
        keeper.setDaemon(true);
    }

    /**
     * Starts the keeper. Must be called before the first record.
     *
     * @param uploads null if no server is configured
     * @param afterExit called after the work at the JVM's exit, unless these sessions are closed earlier
     */
    void start(@Nullable Uploads uploads, Runnable afterExit) {
        this.uploads = uploads;
        this.afterExit = afterExit;
        keeper.start();
        try {
            Runtime.getRuntime().addShutdownHook(exitHook);
        } catch (IllegalStateException alreadyExiting) {
            exiting = true;
        }
    }

    /**
     * Appends a record to its session's log.
     *
     * @param given the session as an event names it; a bad name is replaced
     * @throws IOException if the record is not in the log
     */
    void append(SessionName given, Line line) throws IOException {
        Session session = session(given);
        try {
            while (!openSessions.append(session, line)) {
                session = successor(session);
            }
            session.resume();
        } finally {
            afterAppend(session, line);
        }
    }

    /** A scope that names a session as events do has been closed. Throws nothing. */
    void scopeClosed(SessionName given) {
        Session session = sessions.get(SessionName.safe(given.workspace(), given.session()));
        if (session != null) {
            session.scopeClosed(nanoTime.getAsLong());
        }
    }

    /** Counts a record that could not be written. */
    void lost(SessionName given, Throwable reason) {
        session(given).lost(reason);
    }

    private Session session(SessionName given) {
        Session session = sessions.get(given);
        return session != null && session.isNameOfEvents() ? session : find(given);
    }

    /** Also finds a session by a name that is not its name on disk: a bad name, or one that imitates a replacement. */
    private Session find(SessionName given) {
        Replaced last = lastReplaced;
        if (last != null && last.given.equals(given) && !last.session.isForgotten()) {
            return last.session;
        }
        SessionName name = SessionName.safe(given.workspace(), given.session());
        Session session = sessions.get(name);
        if (session == null) {
            StackHeadroom.require();
            forgetSome();
            session = remember(name);
        }
        if (!name.equals(given)) {
            lastReplaced = new Replaced(given, session);
            if (session.shouldReportReplacement()) {
                status.warn("a name from the MDC breaks a rule ("
                        + SessionName.fault(given.workspace(), given.session()) + "); its records go to " + name);
            }
        }
        return session;
    }

    /** The session itself or, if it is forgotten, the one that now has its name. */
    private Session successor(Session found) {
        return found.isForgotten() ? remember(found.name()) : found;
    }

    private Session remember(SessionName name) {
        return sessions.computeIfAbsent(name, absent -> new Session(absent, status));
    }

    @Override
    public void attach(Session session) throws IOException {
        synchronized (session) { // a slow disk delays only the threads that want this session
            if (!session.isAttached()) {
                StackHeadroom.require();
                Journal journal = JournalRegistry.journal(root, session.name(), nanoTime, storage, writeDelay);
                Uploads uploads = this.uploads;
                if (uploads == null) {
                    openSessions.attach(session, journal, null, () -> {});
                } else {
                    UploadTask upload = uploads.newTask(session.name(), journal);
                    openSessions.attach(session, journal, upload, () -> uploads.attached(session.name()));
                }
            }
        }
    }

    private Session attached(SessionName name) throws IOException {
        Session session;
        do {
            session = remember(name);
            attach(session);
        } while (!session.isAttached()); // otherwise it has just been forgotten
        return session;
    }

    @Override
    public void open(Session session) throws IOException {
        session.open(storage);
        if (exiting) {
            session.journal().expectExit();
        }
    }

    /** Nothing that happens here affects the record: it is durable, or the caller gets its exception. */
    private void afterAppend(Session session, Line line) {
        try {
            if (line.wakesKeeper()) {
                wakeKeeper();
            }
            session.report();
            if (uploads != null) {
                uploads.awaitRoom();
            }
            if (closed) {
                openSessions.close(session); // a late record: nobody else would close what it opened
                session.end();
            }
        } catch (Throwable later) {
            // The stack may be exhausted, for instance. The keeper looks at open sessions every second.
        }
    }

    private void wakeKeeper() {
        if (keeperAsleep) {
            keeperAsleep = false;
            LockSupport.unpark(keeper);
        }
    }

    private boolean forget(Session session) {
        boolean forgotten = openSessions.tryForget(session);
        if (forgotten) {
            session.end();
            if (uploads != null && session.isAttached()) {
                uploads.forgotten(session.name());
            }
            sessions.remove(session.name(), session); // last: then it may have a successor
        }
        return forgotten;
    }

    /**
     * The journal of a session that is closed and has no expected or pending records, for a caller that wants to delete
     * it. The session is forgotten. Its next record gets the same journal.
     *
     * @return null if the session is in use
     * @throws IOException if its directory cannot be used
     */
    @Nullable
    Journal unusedJournal(SessionName name) throws IOException {
        Session session = sessions.get(name);
        if (uploads != null && uploads.isSuspended(name)) {
            return null;
        }
        return session == null || forget(session)
                ? JournalRegistry.journal(root, name, nanoTime, storage, writeDelay)
                : null;
    }

    private synchronized void forgetSome() {
        if (sessions.size() >= forgetAt) {
            try {
                forgetAll();
            } catch (Throwable later) {
                // This was to make room, and does not affect the record.
            }
        }
    }

    private synchronized void forgetAll() {
        sessions.values().forEach(this::forget);
        if (uploads != null && sessions.size() > MAX_REMEMBERED) {
            suspend(uploads);
        }
        forgetAt = Math.max(MAX_REMEMBERED, sessions.size() + MAX_REMEMBERED / 2);
    }

    /** Most sessions that wait for the server need not be in memory meanwhile. */
    private void suspend(Uploads uploads) {
        sessions.values().removeIf(session -> sessions.size() > MAX_REMEMBERED / 2 && trySuspend(session, uploads));
    }

    private boolean trySuspend(Session session, Uploads uploads) {
        UploadTask upload = session.upload();
        if (upload == null || session.isOpen() || !upload.isSuspendable() || !uploads.prepareToSuspend(upload)) {
            return false;
        }
        boolean done = openSessions.trySuspend(session);
        if (done) {
            session.end();
        } else {
            uploads.attached(session.name());
        }
        return done;
    }

    @Override
    public void resume() {
        Uploads uploads = this.uploads;
        String trouble = uploads != null && uploads.areSuspended() ? resume(uploads) : null;
        if (trouble != null) {
            status.warn(trouble); // under no lock: a status listener may log
        }
    }

    /** Returns what to report, if anything. */
    private synchronized @Nullable String resume(Uploads uploads) {
        if (sessions.size() > MAX_REMEMBERED / 2) {
            forgetAll();
        }
        if (sessions.size() >= MAX_REMEMBERED && !uploads.isServerAway() && uploads.areSuspendedDue()) {
            suspend(uploads); // refused and failed sessions make room for those whose turn it is
        }
        String trouble = null;
        int room = Math.max(0, MAX_REMEMBERED - sessions.size());
        for (SessionName name : uploads.nextSuspended(Math.min(room, MAX_RESUMED))) {
            try {
                leftover(name).hurry(); // if it has just been suspended, it has another turn
            } catch (IOException | RuntimeException failure) {
                uploads.postpone(name);
                if (!resumeFailureReported) {
                    resumeFailureReported = true;
                    trouble = "cannot upload session " + name + " at present: " + failure;
                }
            }
        }
        return trouble;
    }

    /** For tests: whether records of a session wait for another process. */
    boolean isAwaited(SessionName name) {
        Session session = sessions.get(name);
        return session != null && session.isAwaited();
    }

    /** For tests: how many sessions are in memory. */
    int rememberedCount() {
        return sessions.size();
    }

    /** How many sessions are open. */
    int openCount() {
        return openSessions.size();
    }

    @Override
    public Iterable<UploadTask> all() {
        return () -> sessions.values().stream()
                .map(Session::upload)
                .filter(Objects::nonNull)
                .iterator();
    }

    @Override
    public UploadTask leftover(SessionName name) throws IOException {
        forgetSome();
        Session session = attached(name);
        if (sessions.size() > MAX_REMEMBERED) {
            wakeKeeper();
        }
        return Objects.requireNonNull(session.upload(), "only called by uploads");
    }

    /**
     * The keeper's loop: works, then sleeps. While there are bursts it stays awake, so that no thread needs to wake it.
     */
    private void keep() {
        NativeFlock.isAvailable(); // links it here, where the stack is nearly empty. A first record may wait for that
        findTails();
        long awakeUntil = nanoTime.getAsLong();
        while (!closed) {
            long now = nanoTime.getAsLong();
            long wait = stepSafely(now);
            if (wait <= writeDelay) {
                awakeUntil = now + STAY_AWAKE_NANOS;
            }
            if (now - awakeUntil < 0) {
                LockSupport.parkNanos(this, Math.min(wait, writeDelay));
            } else {
                keeperAsleep = true;
                wait = stepSafely(now); // nobody would wake us for records that were staged before
                if (!closed) {
                    LockSupport.parkNanos(this, Math.min(wait, MAX_SLEEP_NANOS));
                }
                keeperAsleep = false;
            }
        }
    }

    private long stepSafely(long now) {
        try {
            return step(now);
        } catch (Throwable trouble) {
            return TROUBLE_NANOS; // out of memory, for instance. This thread must not end: records are staged
        }
    }

    /** Recovers the records that dead processes left staged, in any session, and reports those deaths. */
    private void findTails() {
        try {
            SessionFinder.find(
                    root,
                    directory ->
                            directory.hasTails() || storage.reportsCrashes() && Journal.isCrashReportDue(directory),
                    this::recover);
        } catch (Throwable failure) { // this thread must not end
            status.warn("cannot look for records of earlier runs under " + root + ": " + failure);
        }
    }

    private void recover(SessionName name) {
        try {
            Session session = attached(name);
            for (int attempt = 0; !session.journal().recover() && attempt < MAX_ATTEMPTS; attempt++) {
                LockSupport.parkNanos(this, TROUBLE_NANOS);
            }
            sendRecovered(session);
            session.report();
        } catch (IOException | RuntimeException failure) {
            status.warn("cannot recover the last records of session " + name + ": " + failure);
        }
    }

    private static void sendRecovered(Session session) {
        UploadTask upload = session.upload();
        if (session.journal().pollRecovered() > 0 && upload != null) {
            upload.hurry(); // if it is forgotten, LeftoverFinder finds it
        }
    }

    /**
     * Lets the journals do what is due, and closes sessions that have been idle for too long.
     *
     * @return how many nanoseconds until there is something to do, or {@link Long#MAX_VALUE}
     */
    long step(long now) {
        long next = Long.MAX_VALUE;
        if (now - caredAt >= CARE_NANOS) {
            caredAt = now;
            care();
        }
        openSessions.closeSurplus();
        for (Session session : openSessions.all()) {
            if (session.isOpen() && session.phase() != Phase.OPENING) { // the thread that opens it wakes the keeper
                next = Math.min(next, stepSafely(session, now));
            }
        }
        if (sessions.size() > MAX_REMEMBERED) {
            next = Math.min(next, FORGET_NANOS);
            if (now - forgottenAt >= FORGET_NANOS) {
                forgottenAt = now;
                forgetAll(); // sessions that earlier runs left, once they are uploaded
            }
        }
        if (uploads != null && uploads.areSuspended()) {
            long interval = uploads.isServerAway() ? FORGET_NANOS : RESUME_NANOS;
            next = Math.min(next, interval);
            if (now - resumedAt >= interval) { // not at every burst, since staged records would wait for it
                resumedAt = now;
                resume();
            }
        }
        return next;
    }

    private long stepSafely(Session session, long now) {
        try {
            return step(session, now);
        } catch (Throwable trouble) {
            return TROUBLE_NANOS; // out of memory, for instance. The other sessions have their turn
        }
    }

    private long step(Session session, long now) {
        Journal journal = session.journal();
        long left = journal.lastUsedAt() + idleNanos - now;
        if (left <= 0 && !journal.isAwaited()) {
            openSessions.close(session);
            return Long.MAX_VALUE;
        }
        long next = Math.min(Math.max(left, 1), journal.step(now));
        sendRecovered(session);
        session.report();
        if (journal.pollNeedsDescriptors()) {
            openSessions.makeRoom(session);
        }
        return next;
    }

    private void care() {
        for (Session session : sessions.values()) {
            session.reportDue();
            session.endIfScopeClosed();
            UploadTask upload = session.upload();
            if (upload != null) {
                upload.remind();
            }
        }
        if (uploads != null) {
            uploads.remind();
        }
        status.reportDue();
    }

    /**
     * Writes what is staged.
     *
     * @param deadline until when to wait for other processes, in terms of {@link System#nanoTime}
     */
    void flush(long deadline) {
        for (Session session : openSessions.all()) {
            if (session.isOpen() && !Thread.currentThread().isInterrupted()) {
                try {
                    session.journal().flush(Math.max(0, deadline - System.nanoTime()));
                } catch (IOException failure) {
                    // The next record reports it. Staged records survive.
                }
            }
        }
    }

    private void exit() {
        try {
            expectExit();
        } finally {
            afterExit.run();
        }
    }

    private void expectExit() {
        exiting = true;
        for (Session session : openSessions.all()) {
            if (session.isOpen()) {
                try {
                    session.journal().expectExit();
                } catch (Throwable failure) { // the other sessions have their turn
                    status.warn("cannot write staged records: " + failure);
                }
            }
        }
        sessions.values().forEach(Session::end);
    }

    /** Reports what is left to report about lost records, since nothing follows. */
    void reportRest() {
        sessions.values().forEach(Session::reportRest);
        status.reportRest();
    }

    /** Closes all sessions. Records that are under way are still written. */
    void close() {
        closed = true;
        LockSupport.unpark(keeper);
        openSessions.all().forEach(openSessions::close);
        for (Session session : sessions.values()) {
            if (session.phase() == Phase.SETTLED) { // otherwise the thread that opens it does this
                session.end();
            }
        }
        try {
            Runtime.getRuntime().removeShutdownHook(exitHook);
        } catch (IllegalStateException exitingAlready) {
            // The hook runs, and finds nothing to do.
        }
    }
}
