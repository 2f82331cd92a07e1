package ai.dreamlake.logback.internal.upload;

import ai.dreamlake.logback.internal.io.FilePart;
import ai.dreamlake.logback.internal.io.RegularFile;
import ai.dreamlake.logback.internal.journal.Journal;
import ai.dreamlake.logback.internal.journal.SessionDirectory;
import ai.dreamlake.logback.internal.record.LineFormat;
import ai.dreamlake.logback.internal.session.SessionName;
import ai.dreamlake.logback.internal.upload.Result.Delivered;
import ai.dreamlake.logback.internal.upload.Result.Parked;
import ai.dreamlake.logback.internal.upload.Result.Rejected;
import ai.dreamlake.logback.internal.upload.Result.RetryAfter;
import ai.dreamlake.logback.internal.upload.Result.SessionGone;
import ai.dreamlake.logback.internal.upload.Result.Shrink;
import ai.dreamlake.logback.internal.upload.Result.Until;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Uploads one session: one batch at a time, in the order of the log.
 *
 * <p>Everything that must survive is on disk: the log, and the {@link Checkpoint}, which says before each call what is
 * about to be sent. So wherever this process ends, another one can continue, and sends the same bytes under the same
 * key.
 *
 * <p>{@link #step} runs on one upload thread at a time; {@link UploadTask} decides when.
 */
final class SessionUpload {

    /** There is nothing to do until a record is written. */
    static final long NEVER = Long.MAX_VALUE;

    /** How long to wait before looking again at a log that another process uploads, or that is missing. */
    private static final long RECHECK_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

    /** After this many batches, other sessions get their turn. */
    private static final int MAX_BATCHES = 16;

    /** No pause: there is more to send. */
    private static final long AT_ONCE = 0;

    /** No pause, and no other session in between. */
    private static final long GO_ON = -1;

    private final SessionName name;
    private final LogSegments logs;
    private final SessionDirectory directory;
    private final UploadContext context;
    private final PendingRecords pending;
    private final CheckpointStore checkpoints;
    private final BatchReader reader;
    private final BatchSize size;
    private final BatchSender sender;
    private final RejectedRecords rejectedRecords;
    private final SpoolReclaimer reclaimer;

    private final Backoff backoff = Backoff.quick(new SplittableRandom());
    private final Backoff slowBackoff = Backoff.slow(new SplittableRandom());

    /** Whether the log was missing at the last look. Used by the thread in step(). */
    private boolean wasMissing;

    /** Whether the last attempt failed because of files. Used by the thread in step(). */
    private boolean hindered;

    // Shared with other threads.

    /** Records below this number are sent without waiting for more. */
    private volatile long hurryBelow;

    /** Whether to mark a session before anything of it is sent. */
    private volatile boolean marksFirst = true;

    private volatile boolean parked;
    private volatile boolean failing;
    private volatile boolean held;

    /** Whether the oldest log is open for sending. Guarded by this, which also guards the choice of that log. */
    private boolean sending;

    /** @param pending this session's records that are already pending, and those to come */
    SessionUpload(SessionName name, Journal journal, PendingRecords pending, UploadContext context) {
        this.name = name;
        this.context = context;
        this.directory = journal.directory();
        this.logs = new LogSegments(journal, context.retention());
        this.pending = pending;
        this.checkpoints = new CheckpointStore(directory, logs, context.listener());
        this.reader = new BatchReader(logs, context.settings().maxBatchBytes());
        this.size = new BatchSize(context.settings().maxBatchRecords());
        this.sender = new BatchSender(
                name,
                new RemoteSession(name, directory.description(), context.server(), context.listener()),
                context.server(),
                context.health());
        this.rejectedRecords = new RejectedRecords(directory.rejectedRecords());
        this.reclaimer = new SpoolReclaimer(name, directory, logs, checkpoints, pending, context.listener());
    }

    SessionName name() {
        return name;
    }

    PendingRecords pending() {
        return pending;
    }

    LogSegments logs() {
        return logs;
    }

    /**
     * Makes sure that the next process finds this session, even if this one is killed. Call it before the first record.
     */
    void mark() throws IOException {
        checkpoints.create();
    }

    /** Marks the session only when the server takes it, so that it stays as it was if no server does. */
    void markLate() {
        marksFirst = false;
    }

    /** From now on, the records written so far are sent without waiting for more. */
    void hurry() {
        hurryBelow = pending.end();
    }

    /** Whether the last attempt failed, or none may be made. The next attempt must not be hurried. */
    boolean isFailing() {
        return failing || held;
    }

    /** Whether this session waits for the server, as all others do. */
    boolean isHeld() {
        return held;
    }

    /** Whether nothing is sent until the next start. */
    boolean isParked() {
        return parked;
    }

    /** Whether a new object can replace this one without losing anything. */
    boolean isForgettable() {
        return pending.count() == 0 && !parked && isSuspendable();
    }

    /** Whether a new object for the same pending records can replace this one, provided that nothing is being sent. */
    boolean isSuspendable() {
        return !checkpoints.holdsUnsaved() && !reclaimer.holdsUnnoted();
    }

    /** Restores the state from before this session was suspended: nothing is sent until the next start. */
    void park() {
        parked = true;
    }

    /**
     * What must be remembered of this session while it is suspended.
     *
     * @param dueAt when it may continue, in terms of {@link System#nanoTime}
     */
    SuspendedUploads.Suspended suspended(long dueAt) throws IOException {
        List<File> all = logs.all();
        long length = all.stream().mapToLong(File::length).sum();
        long time = all.stream()
                .mapToLong(File::lastModified)
                .filter(millis -> millis > 0)
                .min()
                .orElse(0);
        return new SuspendedUploads.Suspended(name, length, Math.max(0, length - checkpoints.offset()), time, dueAt);
    }

    /** How many bytes of logs the server does not have yet, including those of other processes. */
    long pendingBytes() throws IOException {
        long bytes = logs.all().stream().mapToLong(File::length).sum();
        return Math.max(0, bytes - checkpoints.offset());
    }

    /**
     * When the oldest record that the server does not have was logged, by any process. Null if the server has all, or
     * if the record does not begin with its timestamp.
     */
    @Nullable
    Instant oldestPendingAt() throws IOException {
        List<File> all = logs.all(); // first: a segment that is deleted after this has nothing pending
        long offset = checkpoints.offset();
        for (File log : all) {
            if (log.length() > offset) {
                try (RandomAccessFile file = RegularFile.open(log, "r")) {
                    InputStream line = new FilePart(file, offset, Long.MAX_VALUE);
                    return LineFormat.timestampOf(line.readNBytes(LineFormat.LENGTH_WITH_TIMESTAMP));
                }
            }
            offset = 0; // only the oldest log has been sent in part
        }
        return null;
    }

    /**
     * Sends what is due.
     *
     * @param closing whether the appender is stopping: then the last batch is sent even if it is not full
     * @return after how many nanoseconds to call again; {@link #NEVER} if not before the next record
     */
    long step(boolean closing) {
        long written = pending.end();
        if (logs.areGone()) {
            return nothingThere(written);
        }
        if (parked) {
            return NEVER;
        }
        long wait = context.health().enter();
        held = wait > 0 && hasSomethingToSend();
        if (wait > 0) {
            return held ? wait : NEVER;
        }
        try {
            if (marksFirst && logs.haveNewRecords()) {
                mark(); // the directory may have been deleted and created again
            }
            logs.requireNoLinks();
            try (UploadLock lock = UploadLock.tryTake(directory.uploadLock(), context.listener()::withoutLocks)) {
                return lock == null ? look(written, closing) : send(written, closing);
            }
        } catch (IOException trouble) {
            return retryFiles(trouble);
        } finally {
            context.health().leave();
        }
    }

    /** A session that needs nothing from the server must not wait for it, and stay in memory meanwhile. */
    private boolean hasSomethingToSend() {
        try {
            return pending.count() > 0
                    || pendingBytes() > 0
                    || checkpoints.readWithoutLog().lost() > 0;
        } catch (IOException unknown) {
            return true;
        }
    }

    /** Another thread or process is sending. Looks at what it has sent. */
    private long look(long written, boolean closing) throws IOException {
        try (RandomAccessFile oldest = logs.openOldest()) {
            if (oldest == null) {
                return nothingThere(written);
            }
            wasMissing = false;
            Checkpoint checkpoint = checkpoints.read(oldest);
            pending.deliveredUntil(checkpoint.number());
            boolean isDone = pending.count() == 0
                    && (closing || logs.isOldestCurrent() && checkpoint.offset() == oldest.length());
            return isDone ? NEVER : RECHECK_NANOS;
        }
    }

    /** @param written one past our last record written before the log is opened */
    private long send(long written, boolean closing) throws IOException {
        try {
            Checkpoint checkpoint = open();
            if (isOpen()) {
                wasMissing = false;
                pending.deliveredUntil(checkpoint.number());
            }
            return send(checkpoint, written, closing);
        } finally {
            close();
        }
    }

    /**
     * Opens the oldest log, if there is one, and counts the losses that are noted. This is one step under the monitor,
     * since the next log may be dropped once this one is open.
     */
    private synchronized Checkpoint open() throws IOException {
        boolean isOpen = reader.openOldest();
        Checkpoint checkpoint = isOpen ? checkpoints.read(reader.log()) : checkpoints.readWithoutLog();
        Checkpoint counted = logs.areSpooled() ? reclaimer.countLost(checkpoint) : checkpoint;
        sending = isOpen;
        return counted;
    }

    private synchronized void close() throws IOException {
        sending = false;
        reader.close();
    }

    private synchronized boolean isOpen() {
        return sending;
    }

    private long send(Checkpoint found, long written, boolean closing) throws IOException {
        Checkpoint checkpoint = found;
        for (int batches = 0; batches < MAX_BATCHES; batches++) {
            if (checkpoint.lost() > 0) {
                long pause = pauseAfter(sender.sendLoss(checkpoint));
                if (pause != GO_ON) {
                    return pause;
                }
                checkpoint = checkpoints.save(checkpoint.withoutLoss());
            }
            if (!isOpen()) {
                return nothingThere(written);
            }
            boolean isDoubtful = checkpoint.isDoubtful();
            Batch batch = reader.next(checkpoint, size.limit());
            if (isDoubtful && (batch == null || batch.end() != checkpoint.end())) {
                // The batch is no longer in the log, as after a power loss.
                checkpoint = checkpoints.save(checkpoint.withoutBatch());
                continue;
            }
            if (batch == null) {
                Checkpoint next = nextLog(checkpoint);
                if (next == null) {
                    return nothingMore(checkpoint, written);
                }
                checkpoint = next;
                continue;
            }
            boolean mayWait = batches > 0 && !batch.isFull() && checkpoint.number() >= hurryBelow;
            if (mayWait && !closing) {
                return context.settings().interval().toNanos();
            }
            Checkpoint before = checkpoint;
            Result result = withinLimits(sender.send(
                    batch,
                    isDoubtful,
                    checkpoint.serverEnd(),
                    () -> checkpoints.save(before.sending(batch)),
                    () -> reader.readAhead(batch, size.limitOnceDelivered())));
            Checkpoint after = settle(result, batch, checkpoint);
            long pause = pauseAfter(result);
            if (pause != GO_ON) {
                return pause;
            }
            checkpoint = after;
        }
        return AT_ONCE; // other sessions get their turn
    }

    private Result withinLimits(Result result) {
        return result instanceof Rejected && rejectedRecords.isFull()
                ? new Parked("rejected.jsonl beside its log has 64 MB: move it away", Until.LATER)
                : result;
    }

    /** Notes the outcome of a batch. Returns where to continue. */
    private Checkpoint settle(Result result, Batch batch, Checkpoint checkpoint) throws IOException {
        if (result instanceof Delivered delivered) {
            Checkpoint next = checkpoints.save(checkpoint.after(batch, delivered.serverEnd(), reader.log()));
            size.delivered();
            pending.delivered(batch);
            context.listener().delivered(name, batch.records());
            return next;
        }
        if (result instanceof Rejected rejected) {
            // Set aside first: so it is kept, and does not hold up the next records.
            setAside(batch, rejected);
            Checkpoint next = checkpoints.save(checkpoint.after(batch, checkpoint.serverEnd(), reader.log()));
            size.setAside();
            pending.rejected(batch);
            String reason = rejected.status() == 0 ? rejected.answer() : "HTTP " + rejected.status();
            context.listener().rejected(name, 1, reason);
            return next;
        }
        if (result instanceof Shrink shrink) {
            size.refused(batch.records(), shrink.isTooLarge());
            return checkpoints.save(checkpoint.withoutBatch());
        }
        if (result instanceof SessionGone) {
            return checkpoints.save(checkpoint.sending(batch).withoutServerEnd());
        }
        return checkpoint;
    }

    /** If this fails, a spool continues, since only sending frees space on a full disk. */
    private void setAside(Batch record, Rejected rejected) throws IOException {
        try {
            rejectedRecords.add(reader.log(), record.start(), record.end(), rejected.status(), rejected.answer());
        } catch (IOException failure) {
            if (!logs.areSpooled()) {
                throw failure;
            }
            context.listener().trouble("cannot set aside a record that the server refuses: " + failure);
        }
    }

    /** How long to wait after an attempt; {@link #GO_ON} if not at all. */
    private long pauseAfter(Result result) {
        if (result instanceof RetryAfter retry) {
            return retry(retry.reason(), retry.atLeast());
        }
        if (result instanceof SessionGone gone) {
            return retry(gone.reason(), gone.atLeast());
        }
        if (result instanceof Parked park) {
            return park(park);
        }
        noteSuccess();
        slowBackoff.reset();
        return GO_ON;
    }

    private void noteSuccess() {
        failing = false;
        hindered = false;
        backoff.reset();
    }

    private long retry(String reason, Duration atLeast) {
        if (context.server().isClosed()) {
            return NEVER; // we canceled the call ourselves
        }
        failing = true;
        Duration wait = backoff.next(atLeast);
        context.listener().retried(name, reason, wait);
        return wait.toNanos();
    }

    /** Our files or the disk failed; the server is not at fault. */
    private long retryFiles(IOException trouble) {
        failing = true;
        Duration wait = backoff.next(Duration.ZERO);
        context.listener().hindered(name, trouble, wait, !hindered);
        hindered = true;
        return wait.toNanos();
    }

    private long park(Parked park) {
        failing = true;
        context.listener().parked(name, park.reason(), park.until().remedy);
        return switch (park.until()) {
            case NEW_TOKEN ->
                context.health().unauthorized(context.server().refusedToken()).toNanos();
            case LATER -> slowBackoff.next(Duration.ZERO).toNanos();
            case RESTART -> {
                parked = true;
                yield NEVER;
            }
        };
    }

    /** Moves on to the next log of a spool, and deletes this one. Null if there is nothing more to send. */
    private @Nullable Checkpoint nextLog(Checkpoint checkpoint) throws IOException {
        if (!logs.areSpooled()) {
            return null;
        }
        if (checkpoint.offset() < reader.log().length() && !logs.isOldestCurrent()) {
            if (reader.lineAt(checkpoint.offset()) != null) {
                return checkpoint; // it grew before it became a segment
            }
            context.listener().trouble(logs.cutOldest(checkpoint.offset()));
        }
        if (checkpoint.offset() < reader.log().length()) {
            return null;
        }
        if (logs.isOldestCurrent() && !logs.seal(checkpoint.offset())) {
            return null;
        }
        if (checkpoint.offset() < reader.log().length()) {
            return checkpoint; // it grew before it became a segment
        }
        synchronized (this) { // or the next log could be dropped before it becomes the one being sent
            Checkpoint next = reclaimer.deleteDelivered(reclaimer.countLost(checkpoint));
            sending = reader.openOldest();
            return next;
        }
    }

    /**
     * If everything on disk is delivered, records that were written before and still count as pending are gone:
     * somebody deleted the log.
     */
    private long nothingMore(Checkpoint checkpoint, long written) throws IOException {
        if (checkpoint.offset() == reader.log().length() && logs.isOldestCurrent()) {
            countGone(checkpoint.number(), written);
        }
        noteSuccess();
        return NEVER;
    }

    /**
     * Called if there is no log. A listing can miss a file that is being renamed, so only a log that is missing twice
     * is gone.
     */
    private long nothingThere(long written) {
        if (pending.count() == 0) {
            return NEVER;
        }
        if (wasMissing) {
            countGone(0, written);
        }
        wasMissing = !wasMissing;
        return wasMissing ? RECHECK_NANOS : NEVER;
    }

    private void countGone(long delivered, long written) {
        pending.deliveredBelow(delivered); // the threads that wrote them may have noted them only now
        long gone = pending.goneBelow(written);
        if (gone > 0) {
            context.listener().lost(name, gone);
        }
    }

    /**
     * Deletes the oldest log of a spool that is over its limit, sent or not. While the oldest is being sent, which may
     * take long, deletes the second one instead. Any thread may call this.
     *
     * @return how many bytes are free now; 0 if there is nothing to delete, or another process sends this session
     */
    long makeRoom() throws IOException {
        logs.requireNoLinks();
        SpoolReclaimer.Freed freed = dropSecond();
        if (freed == null) {
            freed = dropOldest();
        }
        if (freed.records() > 0) {
            context.listener().dropped(name, freed.records()); // under no lock: this calls the application's code
        }
        return freed.bytes();
    }

    /** Null if nothing is being sent here. */
    private synchronized SpoolReclaimer.@Nullable Freed dropSecond() throws IOException {
        return sending ? reclaimer.dropSecond() : null;
    }

    private SpoolReclaimer.Freed dropOldest() throws IOException {
        try (UploadLock lock = UploadLock.tryTake(directory.uploadLock(), context.listener()::withoutLocks)) {
            if (lock == null) {
                return SpoolReclaimer.Freed.NOTHING;
            }
            synchronized (this) {
                return reclaimer.dropOldest();
            }
        }
    }
}
