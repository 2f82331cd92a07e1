package ai.dreamlake.logback.internal.engine;

import ai.dreamlake.logback.internal.journal.Journal;
import ai.dreamlake.logback.internal.journal.Line;
import ai.dreamlake.logback.internal.journal.Storage;
import ai.dreamlake.logback.internal.journal.WriteListener;
import ai.dreamlake.logback.internal.session.SessionName;
import ai.dreamlake.logback.internal.upload.UploadTask;
import java.io.IOException;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A session that an appender knows: its journal, its upload, and whether records are being lost. Thread-safe.
 * {@link Sessions} opens and closes it, one thread at a time.
 */
final class Session implements WriteListener {

    /** Records that were written after this session had been forgotten. */
    private record Orphans(long first, long count) {}

    private final SessionName name;
    private final StatusReporter status;

    /** How many records were lost since the last one that was written. */
    private final AtomicLong lost = new AtomicLong();

    private final AtomicBoolean replacementTold = new AtomicBoolean();

    private final Queue<Orphans> orphans = new ConcurrentLinkedQueue<>();

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
    void open(Storage storage) {
        journal().retain(storage);
        open = true;
    }

    /** Closes an open session. */
    void close() throws IOException {
        open = false; // first: a record that comes after it closes the files itself
        journal().release();
    }

    /**
     * Marks the session for upload and appends the line, which is noted for upload when it gets its number. The session
     * is attached.
     *
     * @throws IOException if the record is not durable
     */
    void append(Line line) throws IOException {
        Journal journal = journal();
        UploadTask upload = this.upload;
        if (upload != null) {
            mark(upload);
            line.reportTo(this);
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

    @Override
    public void wrote(long first, long count) {
        UploadTask upload = this.upload;
        if (upload != null && !upload.wrote(first, count)) {
            orphans.add(new Orphans(first, count));
        }
    }

    /**
     * Reports to a successor what was written to this session after it was forgotten. False if that one is forgotten,
     * too.
     */
    boolean handOver(Session successor) {
        for (Orphans records = orphans.poll(); records != null; records = orphans.poll()) {
            UploadTask upload = successor.upload;
            if (upload != null && !upload.wrote(records.first, records.count)) {
                orphans.add(records);
                return false;
            }
        }
        return true;
    }

    /** A record could not be written. The first one is reported. */
    void lost(Throwable reason) {
        if (lost.getAndIncrement() == 0) {
            status.sessionFails(name, reason);
        }
    }

    /** The record is in its log whatever happens here. */
    private void resume() {
        try {
            long records = lost.getAndSet(0);
            if (records > 0) {
                status.sessionResumes(name, records);
            }
        } catch (StackOverflowError untold) {
            // Nothing else goes on here.
        }
    }

    /** True once: the first event that names this session by a bad name is to be told. */
    boolean tellReplacement() {
        return !replacementTold.getAndSet(true);
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
