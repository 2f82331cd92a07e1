package ai.dreamlake.logback.internal.engine;

import ai.dreamlake.logback.internal.journal.Journal;
import ai.dreamlake.logback.internal.journal.Line;
import ai.dreamlake.logback.internal.journal.Storage;
import ai.dreamlake.logback.internal.journal.WriteListener;
import ai.dreamlake.logback.internal.session.SessionName;
import ai.dreamlake.logback.internal.upload.UploadTask;
import java.io.IOException;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * A session that an appender knows: its journal, its upload, and whether records are being lost. Thread-safe.
 * {@link Sessions} opens and {@link OpenSessions} closes it, both under its monitor.
 */
final class Session implements WriteListener {

    /** What {@link OpenSessions} does with a session at the moment. */
    enum Phase {
        /** Nothing: it is open or closed. */
        SETTLED,
        OPENING,
        CLOSING
    }

    private final SessionName name;
    private final StatusReporter status;

    private final Outages outages = new Outages();

    /** Why the session could not be marked for upload; null if it could, or if that is reported. */
    private volatile @Nullable Exception unmarked;

    private final AtomicBoolean replacementReported = new AtomicBoolean();

    /** Null until the session's directory exists. */
    private volatile @Nullable Journal journal;

    /** Also null until then, and if no server is configured. */
    private volatile @Nullable UploadTask upload;

    /** Whether the journal's files are open on behalf of this session. */
    private volatile boolean open;

    /** Written under the monitor of {@link OpenSessions}. */
    private volatile Phase phase = Phase.SETTLED;

    private volatile boolean forgotten;

    private volatile long scopeClosedAt;
    private volatile boolean isScopeClosed;

    /** Whether events can name the session by its name on disk. They cannot if that replaces a bad name. */
    private final boolean isNameOfEvents;

    /** @param name the session's name on disk */
    Session(SessionName name, StatusReporter status) {
        this.name = name;
        this.status = status;
        this.isNameOfEvents = SessionName.safe(name.workspace(), name.session()).equals(name);
    }

    SessionName name() {
        return name;
    }

    /** Whether an event that names the session like its directory means this session. */
    boolean isNameOfEvents() {
        return isNameOfEvents;
    }

    /** Gives the session its journal and, if a server is configured, its upload. Called only once. */
    void attach(Journal journal, @Nullable UploadTask upload) {
        this.upload = upload;
        this.journal = journal;
    }

    boolean isAttached() {
        return journal != null;
    }

    /** The journal of a session that is attached. */
    Journal journal() {
        return Objects.requireNonNull(journal, "attached before it is opened");
    }

    /** Null if no server is configured. */
    @Nullable
    UploadTask upload() {
        return upload;
    }

    boolean isOpen() {
        return open;
    }

    Phase phase() {
        return phase;
    }

    void setPhase(Phase phase) {
        this.phase = phase;
    }

    /** Whether records wait for another process at this moment. False if the session is not open. */
    boolean isAwaited() {
        return open && journal().isAwaited();
    }

    /** Whether a thread is writing to the session's files, or waits to do so. False if it is not open. Only a hint. */
    boolean isBusy() {
        return open && journal().isBusy();
    }

    /** When a thread last wanted to append. The session must be attached. */
    long lastUsedAt() {
        return journal().lastUsedAt();
    }

    /** Keeps the journal's files open. The session must be attached and not open. */
    void open(Storage storage) {
        journal().retain(storage);
        UploadTask upload = this.upload;
        if (upload != null) {
            upload.opened();
        }
        open = true;
    }

    /**
     * Closes an open session. Records are accepted until its files are closed.
     *
     * @throws IOException if something failed; the session is closed anyway
     */
    void close() throws IOException {
        try {
            journal().release();
        } catch (IOException failure) {
            open = false;
            throw failure;
        }
        open = false;
    }

    /**
     * A scope that names the session has been closed.
     *
     * @param now the time, by the journal's clock
     */
    void scopeClosed(long now) {
        scopeClosedAt = now;
        isScopeClosed = true;
        if (!open) {
            end();
        }
    }

    /** If nobody has logged since a scope was closed, a kill of this process from now on is not reported. */
    void endIfScopeClosed() {
        Journal journal = this.journal;
        if (isScopeClosed && journal != null) {
            isScopeClosed = false;
            try {
                journal.endUnlessUsedSince(scopeClosedAt);
            } catch (IOException failure) {
                status.warn(staysMarked(failure));
            }
        }
    }

    /** This process no longer uses the session, unless it is open. */
    void end() {
        Journal journal = this.journal;
        if (journal != null) {
            try {
                journal.end();
            } catch (IOException failure) {
                status.warn(staysMarked(failure));
            }
        }
    }

    private String staysMarked(IOException failure) {
        return "session " + name + " may be reported as not closed if this process is killed: " + failure;
    }

    /**
     * Marks the session for upload and appends the line, which is noted for upload when it gets its number. The session
     * must be attached.
     *
     * @return false if the session was just closed or forgotten, and nothing was done
     * @throws IOException if the record is not durable
     */
    boolean append(Line line) throws IOException {
        UploadTask upload = this.upload;
        if (upload == null) {
            return journal().appendIfUsed(line);
        }
        if (!upload.expectRecord()) {
            return false;
        }
        try {
            mark(upload, line);
            line.reportTo(this);
            return journal().appendIfUsed(line);
        } finally {
            if (!line.written) {
                upload.unexpect();
            }
        }
    }

    /** A failure never keeps a record from the log. It is thrown only if the caller can free file descriptors. */
    private void mark(UploadTask upload, Line line) throws IOException {
        try {
            upload.mark();
        } catch (IOException | RuntimeException failure) {
            if (failure instanceof IOException trouble && line.needsDescriptors(trouble)) {
                throw trouble;
            }
            unmarked = failure;
        }
    }

    @Override
    public void wrote(long first, long count) {
        UploadTask upload = this.upload;
        if (upload != null) {
            upload.wrote(first, count);
        }
    }

    /** Reports what happened to the last records. Not called while a session is being opened: the listener may log. */
    void report() {
        Exception failure = unmarked;
        if (failure != null) {
            unmarked = null;
            status.warn("Cannot mark a session for upload; if this process is killed, the next one may not find it. "
                    + failure);
        }
        Journal journal = this.journal;
        if (journal != null) {
            for (String notice = journal.nextNotice(); notice != null; notice = journal.nextNotice()) {
                status.warn(notice);
            }
        }
    }

    /** A record could not be written. */
    void lost(Throwable reason) {
        status.lost(name, outages, reason);
    }

    /** A record is written. If records were lost before it, that is over. */
    void resume() {
        if (outages.isFailing()) {
            status.works(name, outages);
        }
    }

    /** Reports what is due about lost records. */
    void reportDue() {
        status.due(name, outages);
    }

    /** Reports what is left to report about lost records, since nothing follows. */
    void reportRest() {
        status.rest(name, outages);
    }

    /** True once: for the first event that names this session by a bad name, which is reported. */
    boolean shouldReportReplacement() {
        return !replacementReported.getAndSet(true);
    }

    /** Forgets the session, if it is not in use. True if it can be removed. */
    boolean tryForget() {
        UploadTask upload = this.upload;
        if (forgotten) {
            return false; // the thread that forgot it removes it
        }
        if (!open && (upload == null || upload.tryForget())) {
            forgotten = true;
            status.forgotten(outages);
        }
        return forgotten;
    }

    /** Suspends the upload, if the session is not in use. True if the session can be removed. */
    boolean trySuspend() {
        UploadTask upload = this.upload;
        if (!forgotten && !open && upload != null && upload.trySuspend()) {
            forgotten = true;
            status.forgotten(outages);
            return true;
        }
        return false;
    }

    /** Whether the session has been removed, so that a successor takes its records. */
    boolean isForgotten() {
        return forgotten;
    }
}
