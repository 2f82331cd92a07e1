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
 * are open (see {@link OpenSessions}), and opened again by its next record. Closed sessions are remembered; when there
 * are very many, those of which the server has everything are forgotten, and of the others only the numbers of the
 * pending records are kept in memory.
 *
 * <p>Thread-safe. One daemon thread, the keeper, writes what is staged and closes idle sessions; it sleeps while there
 * is nothing to do.
 */
final class Sessions implements UploadTasks, OpenSessions.Opener {

    /** Beyond this many sessions, those with nothing to remember are forgotten. */
    private static final int MAX_REMEMBERED = 1000;

    /** How long the keeper stays awake after a burst. */
    private static final long STAY_AWAKE_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

    /** How often sessions are forgotten, as long as there are very many. */
    private static final long FORGET_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** How often it is seen whether suspended sessions can go on. */
    private static final long RESUME_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

    /** How many go on together: others wait meanwhile. */
    private static final int MAX_RESUMED = 50;

    /** How often the keeper looks for what is due to be said, and for uploads that nobody works on. */
    private static final long CARE_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** How long the keeper sleeps at most: then something may be due to be said. */
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

    /** By their names on disk. */
    private final Map<SessionName, Session> sessions = new ConcurrentHashMap<>();

    private final OpenSessions openSessions;
    private final Thread keeper;
    private final Thread exitHook = new Thread(this::exit, "dreamlake-exit");
    private Runnable afterExit = () -> {};

    /** A session that an event names by a bad name. */
    private record Replaced(SessionName given, Session session) {}

    /** The last one. Not volatile: any thread's last one will do. */
    private @Nullable Replaced lastReplaced;

    /** How many sessions must be there before it is worthwhile to forget some. Guarded by this. */
    private int forgetAt = MAX_REMEMBERED;

    /** Whether it is told that a suspended session cannot go on. Guarded by this. */
    private boolean resumeTold;

    /** Whether the keeper must be woken. */
    private volatile boolean keeperAsleep;

    // Used by the keeper.
    private long forgottenAt;
    private long caredAt;
    private long resumedAt;

    private volatile boolean closed;
    private volatile boolean exiting;

    /**
     * @param root the local path or the spool, absolute
     * @param maxOpen how many sessions are open at a time
     * @param idleNanos how long a session stays open without a record
     * @param writeDelay how long a record may be staged, in nanoseconds; 0 if every record must be written at once
     * @param keeperName what to call the keeper thread
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
     * Starts the keeper. Before the first record.
     *
     * @param uploads null where there is no server
     * @param afterExit called at the end of what is done at the JVM's exit, unless these sessions are closed before
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
            lookAfter(session, line);
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

    /** Also for a name that is not the name on disk: a bad one, or one that imitates the replacement of a bad one. */
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
            if (session.tellReplacement()) {
                status.warn("a session or workspace name from the MDC breaks the rules; its records go to " + name);
            }
        }
        return session;
    }

    /** The session itself, or the one that has its name now, if it is forgotten. */
    private Session successor(Session found) {
        return found.isForgotten() ? remember(found.name()) : found;
    }

    private Session remember(SessionName name) {
        return sessions.computeIfAbsent(name, absent -> new Session(absent, status));
    }

    @Override
    public void attach(Session session) throws IOException {
        synchronized (session) { // a slow disk holds up only those who want this session
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
        } while (!session.isAttached()); // it was forgotten in this moment
        return session;
    }

    @Override
    public void open(Session session) throws IOException {
        session.open(storage);
        if (exiting) {
            session.journal().expectExit();
        }
    }

    /** Nothing that happens here concerns the record any more: it is durable, or the caller gets its exception. */
    private void lookAfter(Session session, Line line) {
        try {
            if (line.wakesKeeper()) {
                wakeKeeper();
            }
            session.report();
            if (uploads != null) {
                uploads.awaitRoom();
            }
            if (closed) {
                openSessions.close(session); // a straggler: nobody else would close what it opened
                session.end();
            }
        } catch (Throwable later) {
            // The end of the stack, for instance. The keeper looks at open sessions every second.
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
     * The journal of a session that is closed, and of which nothing is expected or pending, for a caller that wants to
     * delete it. The session is forgotten; its next record finds the same journal.
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
                // Nothing of it concerns the record for which there was to be room.
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

    /** Most of those that wait for the server need not be in memory for that. */
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
            suspend(uploads); // those that are refused, or have failed, make room for those whose turn it is
        }
        String trouble = null;
        int room = Math.max(0, MAX_REMEMBERED - sessions.size());
        for (SessionName name : uploads.nextSuspended(Math.min(room, MAX_RESUMED))) {
            try {
                leftover(name).hurry(); // if it is suspended in this moment, it has another turn
            } catch (IOException | RuntimeException failure) {
                uploads.postpone(name);
                if (!resumeTold) {
                    resumeTold = true;
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
        return Objects.requireNonNull(session.upload(), "only uploads ask");
    }

    /**
     * The keeper's work: first acts, then sleeps. While there are bursts it stays awake, so that nobody needs to wake
     * it.
     */
    private void keep() {
        NativeFlock.isAvailable(); // links it here, where the stack is empty; a first record may have to wait for that
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
                wait = stepSafely(now); // what was staged before, nobody would wake us for
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
            return TROUBLE_NANOS; // out of memory, for instance. Records are staged: this thread must not end
        }
    }

    /** Brings in what processes that died had staged, in whatever session, and reports their deaths. */
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
            status.warn("cannot bring in the last records of session " + name + ": " + failure);
        }
    }

    private static void sendRecovered(Session session) {
        UploadTask upload = session.upload();
        if (session.journal().pollRecovered() > 0 && upload != null) {
            upload.hurry(); // if it is forgotten, the finder of leftovers comes to it
        }
    }

    /**
     * Lets the journals do what is due, and closes sessions that have been idle for long.
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
            if (session.isOpen() && session.phase() != Phase.OPENING) { // who opens it wakes the keeper
                next = Math.min(next, stepSafely(session, now));
            }
        }
        if (sessions.size() > MAX_REMEMBERED) {
            next = Math.min(next, FORGET_NANOS);
            if (now - forgottenAt >= FORGET_NANOS) {
                forgottenAt = now;
                forgetAll(); // those that earlier runs left, once they are uploaded
            }
        }
        if (uploads != null && uploads.areSuspended()) {
            long interval = uploads.isServerAway() ? FORGET_NANOS : RESUME_NANOS;
            next = Math.min(next, interval);
            if (now - resumedAt >= interval) { // not at every burst: what is staged would wait for it
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
            return TROUBLE_NANOS; // out of memory, for instance. The others have their turn
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
            session.tellDue();
            session.endIfScopeClosed();
            UploadTask upload = session.upload();
            if (upload != null) {
                upload.remind();
            }
        }
        if (uploads != null) {
            uploads.remind();
        }
        status.tellDue();
    }

    /**
     * Writes what is staged.
     *
     * @param deadline until when to wait for other processes, by {@link System#nanoTime}
     */
    void flush(long deadline) {
        for (Session session : openSessions.all()) {
            if (session.isOpen() && !Thread.currentThread().isInterrupted()) {
                try {
                    session.journal().flush(Math.max(0, deadline - System.nanoTime()));
                } catch (IOException failure) {
                    // Told to the next record; what is staged survives.
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
                } catch (Throwable failure) { // the others have their turn
                    status.warn("cannot write what is staged: " + failure);
                }
            }
        }
        sessions.values().forEach(Session::end);
    }

    /** Tells what is left to tell about lost records, since nothing follows. */
    void tellRest() {
        sessions.values().forEach(Session::tellRest);
        status.tellRest();
    }

    /** Closes all sessions. Records that are under way are still written. */
    void close() {
        closed = true;
        LockSupport.unpark(keeper);
        openSessions.all().forEach(openSessions::close);
        for (Session session : sessions.values()) {
            if (session.phase() == Phase.SETTLED) { // or the thread that opens it looks after it
                session.end();
            }
        }
        try {
            Runtime.getRuntime().removeShutdownHook(exitHook);
        } catch (IllegalStateException exitingAlready) {
            // Then the hook does its work, and finds nothing to do.
        }
    }
}
