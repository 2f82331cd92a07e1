package ai.dreamlake.logback.internal.engine;

import ai.dreamlake.logback.internal.journal.Journal;
import ai.dreamlake.logback.internal.journal.Line;
import ai.dreamlake.logback.internal.session.SessionName;
import ai.dreamlake.logback.internal.upload.UploadTask;
import java.io.IOException;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A session that an appender knows: its journal, its upload, and whether records are being lost. Thread-safe.
 * {@link Sessions} opens and closes it, one thread at a time.
 */
final class Session {

    private final SessionName name;
    private final StatusReporter status;

    /** How many records were lost since the last one that was written. */
    private final AtomicLong lost = new AtomicLong();

    /** Null until the session's directory exists. */
    private volatile @Nullable Journal journal;

    /** Null until then, too, and where there is no server. */
    private volatile @Nullable UploadTask upload;

    /** Whether the journal's files are open on behalf of this session. */
    private volatile boolean open;

    private volatile boolean forgotten;

    /** Whether events can name the session by its name on disk. They cannot if it replaces a bad name. */
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

    /** Gives the session its journal and, where there is a server, its upload. Only once. */
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

    /** Null where there is no server. */
    @Nullable
    UploadTask upload() {
        return upload;
    }

    boolean isOpen() {
        return open;
    }

    /** Whether records of an open session wait for another process at this moment. */
    boolean isAwaited() {
        return open && journal().isAwaited();
    }

    /** When somebody last wanted to append; of an open session. */
    long lastUsedAt() {
        return journal().lastUsedAt();
    }

    /** Keeps the journal's files open. The session is attached and not open. */
    void open() {
        journal().retain();
        open = true;
    }

    /** Closes an open session. */
    void close() throws IOException {
        open = false; // first: a record that comes after it closes the files itself
        journal().release();
    }

    /**
     * Marks the session for upload, writes the line, and notes it for upload. The session is attached.
     *
     * @return false if the session was forgotten meanwhile, so that its successor must {@link #note} the record
     * @throws IOException if the record is not in the log
     */
    boolean append(Line line) throws IOException {
        Journal journal = journal();
        UploadTask upload = this.upload;
        if (upload != null) {
            mark(upload);
        }
        try {
            journal.append(line);
        } finally {
            if (!open) {
                closeAgain(journal);
            }
        }
        if (lost.get() > 0) {
            resume();
        }
        return upload == null || note(upload, line);
    }

    /** The session was closed while a record was under way, which opened the files again. */
    private void closeAgain(Journal journal) {
        try {
            journal.closeIfUnused();
        } catch (IOException failure) {
            status.warn("cannot close a journal in order: " + failure);
        }
    }

    /** Trouble here never keeps a record from the log. */
    private void mark(UploadTask upload) {
        try {
            upload.expectRecord();
        } catch (IOException | RuntimeException failure) {
            status.warn(
                    "Cannot note that a session is to be uploaded; should this process be killed, the next one may not"
                            + " find it. " + failure);
        }
    }

    /** Notes a record that a predecessor wrote. False if this session is forgotten, too. */
    boolean note(Line line) {
        UploadTask upload = this.upload;
        return upload == null || note(upload, line);
    }

    /** The record is in its log, so it is neither lost nor dropped, whatever happens here. */
    private static boolean note(UploadTask upload, Line line) {
        try {
            return upload.wrote(line.number());
        } catch (RuntimeException | StackOverflowError | OutOfMemoryError later) {
            return true; // the next record, or the next start, sees to its delivery
        }
    }

    /** A record could not be written. The first one is reported. */
    void lost(Throwable reason) {
        if (lost.getAndIncrement() == 0) {
            status.sessionFails(name, reason);
        }
    }

    private void resume() {
        long records = lost.getAndSet(0);
        if (records > 0) {
            status.sessionResumes(name, records);
        }
    }

    /** Forgets what there is to forget, if nothing is going on. True if the session can be removed. */
    boolean tryForget() {
        UploadTask upload = this.upload;
        if (!open && (upload == null || upload.tryForget())) {
            forgotten = true;
        }
        return forgotten;
    }

    /** Whether the session has been removed, so that a successor takes its records. */
    boolean isForgotten() {
        return forgotten;
    }
}
