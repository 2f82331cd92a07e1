package ai.dreamlake.logback.internal.journal;

import ai.dreamlake.logback.internal.io.FileDescriptors;
import ai.dreamlake.logback.internal.io.StackHeadroom;
import ai.dreamlake.logback.internal.record.LineFormat;
import ai.dreamlake.logback.internal.session.SessionName;
import java.io.File;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * One session's log on disk.
 *
 * <p>When {@link #append} returns, the whole record is in pages of the operating system (I1): in the log, or in the
 * process's {@link MappedTail}. It survives {@code kill -9}; only a forced record is sure to survive a power loss. If a
 * record can be put in neither, {@code append} throws and the record is not kept; the log has whole lines only.
 * {@link SessionDirectory} names the files.
 *
 * <p>A record that comes after a quiet millisecond is written at once. In a burst, records are staged in the tail and
 * written together, by the thread that fills the tail or by the keeper after {@code writeDelay}. Records get their
 * numbers (I2) when they are written, under the session's lock, which is held for that one write. So several processes
 * can write to one session. The steps of a write are ordered so that a kill between any two of them neither loses nor
 * repeats a record:
 *
 * <ol>
 *   <li>Check the log's path: if somebody else wrote to the log or replaced it, read its end again.
 *   <li>Write the number that follows the batch to {@code .log_sequence}. The Python SDK trusts it: after a kill it may
 *       skip numbers, but it never repeats them.
 *   <li>Note in the tail that the write begins, write, and note that it is done.
 * </ol>
 *
 * <p>The file is authoritative; memory only caches it. Files are opened by a record, and closed when the last user
 * releases the journal. {@link JournalRegistry} ensures that a JVM has one journal per directory.
 *
 * <p>Thread-safe, and works on interrupted threads: it writes through java.io, since an interrupt closes a FileChannel.
 * The monitor guards its state instead of a Lock, since a StackOverflowError inside Lock.unlock would leave the lock
 * held forever.
 */
public final class Journal {

    /** How often a failed write is retried while records are staged. */
    static final long RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    /** How often the keeper looks for tails of dead processes. */
    static final long LOOK_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** How often a record checks whether another process has released the lock. */
    private static final long POLL_NANOS = TimeUnit.MICROSECONDS.toNanos(50);

    /** How often the keeper checks for that. It is in no hurry: staged records are already durable. */
    private static final long BUSY_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

    /** How long closing waits for another process. If that is not enough, staged records survive in the tail. */
    private static final long MAX_CLOSE_NANOS = TimeUnit.SECONDS.toNanos(1);

    private static final int BATCH_BYTES = StagedLines.MAX_FINISHED + Staging.MAX_RECORD + LineFormat.ROOM_FOR_NUMBER;

    /** The array for a write's lines, shared so that not every session holds one. Null if none is free. */
    private static final AtomicReference<byte @Nullable []> BATCH = new AtomicReference<>(null);

    /** Something to try until no other process holds the lock. */
    private interface Attempt {
        boolean succeeds() throws IOException;
    }

    private final SessionDirectory directory;
    private final SessionName name;
    private final LongSupplier nanoTime;
    private final long writeDelay;
    private final LockPatience patience = new LockPatience();
    private final AtomicInteger waiting = new AtomicInteger();
    private final Notices notices = new Notices();

    // Written under the monitor and read without it: any recent value will do.

    private long lastUsedAt;
    private boolean writing;

    // Everything below is guarded by this.

    private Storage storage;
    private final SessionLock lock;
    private final LogWriter log;
    private final Staging staging;
    private final DescriptionWriter description;
    private final TailRecovery recovery;
    private final CrashReports crashReports;
    private final OwnMark ownMark;
    private int users;

    /** Whether not to mark this process as a writer: the JVM is about to exit, or the mark could not be written. */
    private boolean unmarked;

    /** Whether the keeper's work failed for lack of file descriptors. */
    private boolean needsDescriptors;

    /** How many records of other processes were recovered since the last poll. */
    private int recovered;

    /** How many of our records closing had to leave in a tail. The listener below waits for their numbers. */
    private int left;

    private @Nullable WriteListener leftListener;

    private long lastLookAt;

    /** Why the last write failed, or null. */
    private @Nullable IOException failure;

    private long failedAt;

    /** @param writeDelay how long a record may be staged, in nanoseconds; 0 to write every record at once */
    Journal(SessionDirectory directory, SessionName name, LongSupplier nanoTime, Storage storage, long writeDelay) {
        this.directory = directory;
        this.name = name;
        this.nanoTime = nanoTime;
        this.storage = storage;
        this.writeDelay = writeDelay;
        this.lastUsedAt = nanoTime.getAsLong();
        this.lastLookAt = lastUsedAt;
        this.lock = new SessionLock(directory.lock());
        this.log = new LogWriter(directory, storage, notices);
        this.staging = new Staging(directory, name.digest(), writeDelay > 0, notices, lastUsedAt);
        this.description = new DescriptionWriter(directory, name, notices);
        this.recovery = new TailRecovery(directory, name.digest(), log);
        this.crashReports = new CrashReports(directory, log);
        this.ownMark = new OwnMark(directory);
    }

    /**
     * Adds a user. Files stay open while there are users.
     *
     * @param storage how this user wants files to be created and kept; with several users, the latest decides
     */
    public synchronized void retain(Storage storage) {
        this.storage = storage;
        log.setStorage(storage);
        users++;
        lastUsedAt = nanoTime.getAsLong();
    }

    /**
     * Writes what is staged and removes a user. Removing the last one closes the files.
     *
     * @throws IOException if something failed; the user is removed anyway
     */
    public void release() throws IOException {
        synchronized (this) {
            failure = null; // one more attempt
        }
        IOException unwritten = null;
        try {
            flush(MAX_CLOSE_NANOS);
        } catch (IOException failed) {
            unwritten = failed;
        }
        synchronized (this) {
            users--;
            try {
                closeIfUnused();
            } catch (RuntimeException | Error failed) {
                users++; // a stack overflow, for instance: as if nothing had happened
                throw failed;
            }
        }
        if (unwritten != null) {
            throw unwritten;
        }
    }

    /** Closes the files if nobody uses the journal: for a record that came after the last user was removed. */
    public synchronized void closeIfUnused() throws IOException {
        if (users > 0) {
            return;
        }
        if (staging.count() > 0) {
            failure = null;
            writeStaged(nanoTime.getAsLong()); // a record that came after the last user's flush
        }
        close();
    }

    /**
     * Appends one record. Any thread may call it. While another process holds the session's lock, a record that cannot
     * be staged waits, without holding the monitor.
     *
     * @throws SessionLockedException if another process does not release the lock in time
     * @throws IOException if the record is in neither the log nor the tail
     */
    public void append(Line line) throws IOException {
        append(line, false);
    }

    /**
     * Appends one record, unless there is no user left: then nobody would close the files that it opens.
     *
     * @return false if there is no user, and nothing was done
     * @throws IOException as {@link #append} does
     */
    public boolean appendIfUsed(Line line) throws IOException {
        append(line, true);
        return line.written;
    }

    private void append(Line line, boolean onlyIfUsed) throws IOException {
        if (!tryAppend(line, onlyIfUsed)) {
            long maxWait = patience.maxWait(nanoTime.getAsLong());
            try {
                awaitLock(maxWait, () -> tryAppend(line, onlyIfUsed));
            } catch (SessionLockedException failed) {
                if (maxWait > 0) {
                    patience.failed(nanoTime.getAsLong());
                }
                throw failed;
            }
        }
        patience.succeeded();
    }

    /**
     * Retries until it succeeds or {@code maxWait} nanoseconds have passed. An interrupted thread waits too, and stays
     * interrupted.
     */
    private void awaitLock(long maxWait, Attempt attempt) throws IOException {
        long start = nanoTime.getAsLong();
        boolean interrupted = false;
        waiting.incrementAndGet();
        try {
            do {
                if (nanoTime.getAsLong() - start >= maxWait) {
                    throw new SessionLockedException(directory.path());
                }
                interrupted |= Thread.interrupted(); // or parkNanos would return at once
                LockSupport.parkNanos(this, POLL_NANOS);
            } while (!attempt.succeeds());
        } finally {
            waiting.decrementAndGet();
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** False if another process holds the lock. */
    private boolean tryAppend(Line line, boolean onlyIfUsed) throws IOException {
        long now = nanoTime.getAsLong(); // outside the monitor, so that others do not wait for it
        synchronized (this) {
            if (onlyIfUsed && users == 0) {
                return true;
            }
            lastUsedAt = now;
            if (staging.count() > 0 && now - staging.since() >= 2 * writeDelay && now - failedAt >= RETRY_NANOS) {
                writeStaged(now); // the keeper is late
            }
            if (staging.stage(line, now)) {
                description.learn(line.description);
            } else if (!write(line, now)) {
                return false;
            }
            staging.appended(line, now);
            return true;
        }
    }

    /**
     * Writes what is staged. A failure is reported to later records that no longer fit into the tail. False if another
     * process holds the lock.
     */
    private boolean writeStaged(long now) {
        try {
            return write(null, now);
        } catch (IOException reportedLater) {
            return true;
        }
    }

    /**
     * Writes what is staged and, after it, a record.
     *
     * @param own the record, or null
     * @return false if another process holds the lock
     * @throws IOException if the record is not in the log
     */
    private boolean write(@Nullable Line own, long now) throws IOException {
        if (staging.count() > 0 && failure != null && now - failedAt < RETRY_NANOS) {
            throw failure; // the disk is full and so is the tail: fail at once
        }
        StackHeadroom.require();
        notices.dropHeld();
        notices.setLine(own);
        failure = null;
        writing = true;
        try {
            if (!underLock(() -> writeAll(own))) {
                return false;
            }
        } catch (IOException failed) {
            boolean isHelped = FileDescriptors.areExhausted(failed); // the caller closes files and tries again
            needsDescriptors |= isHelped && own == null;
            failure = isHelped ? null : failed;
            failedAt = now;
            throw failed;
        } finally {
            writing = false;
            notices.setLine(null);
        }
        if (own != null && own.forced) {
            log.force(); // after the lock is released, since a device takes milliseconds
        }
        notices.reportHeld();
        return true;
    }

    private interface Work {
        void run() throws IOException;
    }

    /**
     * Runs work under the session's lock, once we know where the log ends. False, without running it, if another
     * process holds the lock or may be writing without it.
     */
    private boolean underLock(Work work) throws IOException {
        if (!lock()) {
            return false;
        }
        try {
            boolean ready = isReady();
            if (ready) {
                mark();
                work.run();
            }
            return ready;
        } finally {
            unlock();
        }
    }

    private boolean lock() throws IOException {
        if (!lock.isOpen()) {
            createDirectory();
        }
        boolean taken = lock.tryTake();
        IOException unsupported = lock.unsupported();
        if (unsupported != null) {
            staging.disable();
            notices.reportOnce(
                    directory.path() + " is on a file system without locks: only one process may write there ("
                            + unsupported.getMessage() + ")");
        }
        IOException flockFailed = lock.flockFailed();
        if (flockFailed != null) {
            reportFlock(flockFailed, taken);
        }
        return taken;
    }

    /** @throws IOException if the caller can help by closing files; then the lock is released */
    private void reportFlock(IOException failed, boolean taken) throws IOException {
        boolean isReported = false;
        try {
            notices.hold(
                    "the Python SDK must not write to " + directory.path()
                            + " at the same moment: its lock cannot be taken there: ",
                    failed);
            isReported = true;
        } finally {
            if (!isReported && taken) {
                unlock();
            }
        }
    }

    private void unlock() {
        try {
            lock.release();
        } catch (IOException failed) {
            notices.hold("cannot release the lock of " + directory.path() + ": " + failed);
        }
    }

    /**
     * Ensures that we know where the log ends. False if another process turns out to hold the lock, or may be writing
     * without it.
     */
    private boolean isReady() throws IOException {
        switch (log.look()) {
            case OURS:
                return true;
            case REPLACED:
                // Perhaps the whole session was replaced: then others lock the new lock file.
                log.close();
                closeMark();
                lock.close();
                if (!lock()) {
                    return false;
                }
                break;
            case UNKNOWN:
                break;
        }
        if (!openLog()) {
            return false;
        }
        description.opened();
        recoverTails();
        return true;
    }

    /**
     * Marks this process as a writer. A failure never stops the record, unless the caller can help by closing files.
     */
    private void mark() throws IOException {
        if (unmarked || users == 0 || ownMark.isOpen() || !storage.reportsCrashes()) {
            return;
        }
        try {
            ownMark.open();
        } catch (IOException | RuntimeException failed) {
            notices.hold(
                    "cannot mark this process as a writer, so its being killed will not be reported in "
                            + directory.path() + ": ",
                    failed);
            unmarked = true; // until the journal is closed
        }
    }

    private boolean openLog() throws IOException {
        return log.open(lock.excludesFlock(), nanoTime.getAsLong());
    }

    /**
     * Recovers what dead processes left. A failure never stops the record, unless the caller can help by closing files;
     * the keeper tries again. False if anything failed.
     */
    private boolean recoverTails() throws IOException {
        long before = log.nextNumber();
        try {
            recovery.recoverAll(staging.file());
            // We or others recovered them, before this number.
            notifyListener(leftListener, log.nextNumber() - left, left);
            left = 0;
            if (storage.reportsCrashes()) {
                crashReports.reportAll(ownMark.file());
            }
            File strange = recovery.strange();
            if (strange != null) {
                notices.hold("cannot recover what another process staged in " + directory.logs() + ": " + strange
                        + " is not a regular file");
            }
            return true;
        } catch (IOException | RuntimeException failed) {
            notices.hold("cannot recover what another process left in " + directory.logs() + ": ", failed);
            return false;
        } finally {
            recovered += (int) (log.nextNumber() - before);
        }
    }

    private void writeAll(@Nullable Line own) throws IOException {
        if (log.isFull()) {
            trySeal();
        }
        WriteListener listener = staging.listener();
        int taken = staging.check();
        notifyListener(listener, log.nextNumber() - taken, taken); // others wrote them, before this number
        if (own != null) {
            description.learn(own.description);
        }
        description.writeIfDue();
        boolean isShort = own != null && own.length <= Staging.MAX_RECORD;
        if (staging.count() > 0) {
            writeBatch(isShort ? own : null);
        }
        if (own != null && !own.written) {
            log.announce(1);
            int end = LineFormat.finish(own.bytes, own.length, log.nextNumber());
            own.written = log.append(own.bytes, end, 1) == 1;
            if (!own.written) {
                throw log.shortWrite();
            }
            notifyListener(own.listener, log.nextNumber() - 1, 1);
        }
    }

    /** Writes all staged records and, with the same system call, a short record that follows them. */
    private void writeBatch(@Nullable Line own) throws IOException {
        byte[] reused = BATCH.getAndSet(null);
        byte[] batch = reused != null ? reused : new byte[BATCH_BYTES];
        long first = log.nextNumber();
        int staged = staging.count();
        int records = staged;
        int end = staging.finish(batch, first);
        if (own != null) {
            System.arraycopy(own.bytes, 0, batch, end, own.length);
            end = LineFormat.finish(batch, end + own.length, first + records);
            records++;
        }
        log.announce(records);
        staging.beginWrite(first, log.length());
        storage.reached(WriteStep.ANNOUNCED);
        int written = log.append(batch, end, records);
        if (own != null) {
            own.written = written == records;
        }
        WriteListener listener = staging.listener();
        staging.endWrite(Math.min(written, staged));
        storage.reached(WriteStep.EMPTIED);
        BATCH.set(batch);
        notifyListener(listener, first, Math.min(written, staged));
        if (own != null && own.written) {
            notifyListener(own.listener, first + staged, 1);
        }
        if (written < records) {
            throw log.shortWrite();
        }
    }

    private static void notifyListener(@Nullable WriteListener listener, long first, long count) {
        if (listener != null && count > 0) {
            try {
                listener.wrote(first, count);
            } catch (Throwable ignored) { // of any kind
                // The records are in the log. The next ones, or the next start, get them delivered.
            }
        }
    }

    /**
     * Turns the log into a segment if possible. A failure never stops the record, unless the caller can help by closing
     * files; the log then goes on growing.
     */
    private void trySeal() throws IOException {
        try {
            if (recoverTails()) { // first: the segment may be gone before a tail that refers to it is recovered
                log.seal();
                description.opened();
            }
        } catch (IOException failed) {
            notices.hold("cannot make a segment of " + directory.log() + ": ", failed);
            if (!log.isOpen()) {
                openLog();
            }
        }
    }

    /**
     * Turns the log into a segment if it has this length and nobody is writing, so that an uploader can delete what is
     * delivered.
     *
     * @return whether it has become a segment
     */
    public synchronized boolean seal(long expectedLength) throws IOException {
        if (staging.count() > 0 || expectedLength == 0 || directory.log().length() != expectedLength) {
            return false;
        }
        boolean[] sealed = new boolean[1];
        try {
            underLock(() -> {
                if (recoverTails() && log.length() == expectedLength) {
                    log.seal();
                    sealed[0] = true;
                }
            });
            return sealed[0];
        } finally {
            closeIfUnused();
        }
    }

    /** A further condition for deleting a session. */
    public interface Condition {
        boolean holds() throws IOException;
    }

    /**
     * Deletes the session's files, unless the session is open, here or in another JVM. A record that comes meanwhile
     * waits, and then starts the session again.
     *
     * @param expected the inventory on which the decision to delete was based; if anything changed since, the session
     *     stays
     * @param condition checked under the session's lock
     * @return whether the session was deleted
     * @throws IOException if it could not be deleted, or only in part: the rest can be deleted later
     */
    public synchronized boolean delete(SessionInventory expected, Condition condition) throws IOException {
        return ifDeletable(expected, condition, SessionDeletion::run);
    }

    /** Whether {@link #delete} would delete the session now. */
    public synchronized boolean isDeletable(SessionInventory expected, Condition condition) throws IOException {
        if (!directory.lock().toFile().exists()) { // so nobody holds it, and a look must not create it
            return users == 0
                    && !isAwaited()
                    && new SessionDeletion(directory, storage).isPossible(expected)
                    && !description.isWriteProtected()
                    && condition.holds();
        }
        return ifDeletable(expected, condition, deletion -> {});
    }

    private interface Step {
        void take(SessionDeletion deletion) throws IOException;
    }

    private boolean ifDeletable(SessionInventory expected, Condition condition, Step step) throws IOException {
        if (users > 0 || isAwaited() || staging.count() > 0) {
            return false;
        }
        try {
            if (!lock()) {
                return false;
            }
            try {
                SessionDeletion deletion = new SessionDeletion(directory, storage);
                boolean goes = lock.unsupported() == null
                        && deletion.isPossible(expected)
                        && !description.isWriteProtected()
                        && condition.holds();
                if (goes) {
                    step.take(deletion);
                }
                return goes;
            } finally {
                unlock();
            }
        } finally {
            close();
        }
    }

    /** When somebody last tried to append, by this journal's clock. */
    public long lastUsedAt() {
        return lastUsedAt;
    }

    /** Whether records are waiting for another process now. Then the journal must not be closed. */
    public boolean isAwaited() {
        return waiting.get() > 0;
    }

    /** Whether somebody is writing, or waiting for another process. Only a hint: closing would wait for it. */
    public boolean isBusy() {
        return writing || isAwaited();
    }

    /**
     * Does what is due: writes what has been staged for {@code writeDelay}, creates the tail, looks for tails of dead
     * processes. Called on a thread that nobody interrupts. Never waits for another process.
     *
     * @return the nanoseconds until the next call
     */
    public long step(long now) {
        if (staging.wantsTail()) {
            MappedTail.warmUp(); // outside the monitor, because the first call takes a while
            createTail();
        }
        synchronized (this) {
            if (now - lastLookAt >= LOOK_NANOS && users > 0) {
                lastLookAt = now;
                lookForTails();
                notices.reportHeld();
            }
            long next = lastLookAt + LOOK_NANOS - now;
            if (staging.count() > 0) {
                long due = Math.max(staging.since() + writeDelay, failure == null ? now : failedAt + RETRY_NANOS) - now;
                if (due <= 0) {
                    due = writeStaged(now) ? RETRY_NANOS : BUSY_NANOS;
                }
                next = staging.count() > 0 ? Math.min(next, due) : next;
            }
            return next;
        }
    }

    private synchronized void createTail() {
        try {
            if (!staging.canCreate() || users == 0) {
                return;
            }
            if (!storage.canStage(directory.logs())) {
                staging.disable();
            } else if (!underLock(() -> staging.create(log.nextNumber(), log.length()))) {
                staging.postpone();
            }
        } catch (IOException failed) {
            staging.tryLater();
            reportUnlessHelped("cannot stage records of " + directory.path() + ": ", failed);
        }
    }

    private void reportUnlessHelped(String notice, IOException failed) {
        if (FileDescriptors.areExhausted(failed)) {
            needsDescriptors = true;
        } else {
            notices.reportOnce(notice + failed);
        }
    }

    private void lookForTails() {
        try {
            boolean areDue = storage.reportsCrashes() && CrashReports.areDue(directory, ownMark.file());
            if (areDue || !directory.tails(staging.file()).isEmpty()) {
                underLock(this::recoverTails);
            }
        } catch (IOException failed) {
            reportUnlessHelped("cannot look for what other processes staged in " + directory.logs() + ": ", failed);
        }
    }

    /**
     * Recovers what dead processes had staged, without writing a record of our own.
     *
     * @return false if another process held the lock
     */
    public synchronized boolean recover() throws IOException {
        try {
            return underLock(this::recoverTails);
        } finally {
            notices.reportHeld();
            closeIfUnused();
        }
    }

    /**
     * Does everything that the next start of an application would do here, without writing a record of our own:
     * recovers what dead processes had staged, sets a torn end aside, reports the dead processes, and writes a missing
     * or damaged description. Corrects the number for the Python SDK, unless somebody has, or may have, the session
     * open.
     *
     * @return false if another process held the lock
     */
    public synchronized boolean repair() throws IOException {
        boolean isLeftAlone = log.isLeftAlone(); // before we touch it
        try {
            return underLock(() -> {
                recoverTails();
                description.writeIfUnreadable();
                if (users == 0 && (isLeftAlone || lock.excludesFlock())) {
                    log.repairHint();
                }
            });
        } finally {
            notices.reportHeld();
            closeIfUnused();
        }
    }

    /** Whether a process has ended without closing a session's log, and this has not been reported there yet. */
    public static boolean isCrashReportDue(SessionDirectory directory) {
        return CrashReports.areDue(directory, null);
    }

    /** How many records of other processes were recovered since the last call. */
    public synchronized int pollRecovered() {
        int records = recovered;
        recovered = 0;
        return records;
    }

    /**
     * Whether, since the last call, file descriptors were exhausted when {@link #step} needed one. Nothing is lost by
     * that; it tries again.
     */
    public synchronized boolean pollNeedsDescriptors() {
        boolean needed = needsDescriptors;
        needsDescriptors = false;
        return needed;
    }

    /**
     * Prepares for an orderly exit of the JVM at any moment: from now on every record is written at once, and the exit
     * will not be reported as a crash.
     */
    public void expectExit() throws IOException {
        synchronized (this) {
            staging.disable();
        }
        try {
            flush(MAX_CLOSE_NANOS);
            dropEmptyTail();
        } finally {
            synchronized (this) {
                unmarked = true;
                ownMark.end();
            }
        }
    }

    /** If that fails, or another process is writing now, the next start removes it. */
    private synchronized void dropEmptyTail() {
        try {
            if (staging.hasTail() && staging.count() == 0 && lock()) {
                try {
                    staging.close(true);
                } finally {
                    unlock();
                }
            }
        } catch (IOException stays) {
            // No record depends on an empty tail.
        }
    }

    /**
     * Removes this process's mark, unless somebody is using the journal: the process is done with the session and
     * closed it in order.
     *
     * @throws IOException if the mark stays, so that this process may be reported as killed
     */
    public synchronized void end() throws IOException {
        if (users == 0) {
            ownMark.end();
        }
    }

    /**
     * As {@link #end}, but even while the log is open, unless somebody has tried to append since. The next record marks
     * the process again.
     *
     * @param moment a time by this journal's clock
     */
    public synchronized void endUnlessUsedSince(long moment) throws IOException {
        if (lastUsedAt - moment < 0) {
            ownMark.end();
        }
    }

    /**
     * Writes what is staged.
     *
     * @param maxWait how long to wait for another process, in nanoseconds
     */
    public void flush(long maxWait) throws IOException {
        Attempt attempt = () -> {
            synchronized (this) {
                return staging.count() == 0 || write(null, nanoTime.getAsLong());
            }
        };
        if (!attempt.succeeds()) {
            awaitLock(maxWait, attempt);
        }
    }

    private void close() throws IOException {
        StackHeadroom.require();
        description.closed();
        try {
            log.close(); // first, to free a descriptor for closing the tail
        } finally {
            try {
                closeTail();
            } finally {
                try {
                    unmarked = false;
                    closeMark();
                } finally {
                    lock.close();
                }
            }
        }
    }

    private void closeMark() {
        try {
            ownMark.idle();
        } catch (IOException failed) {
            // The mark still says that the log is open. That matters only to other containers, and only if this process
            // is killed.
        }
    }

    private void closeTail() throws IOException {
        if (staging.hasTail() || staging.count() > 0) {
            boolean locked = lock();
            try {
                if (staging.hasTail() && staging.count() > 0) {
                    left += staging.count();
                    leftListener = staging.listener();
                }
                staging.close(locked);
            } finally {
                unlock();
            }
        }
    }

    /** What the user should know, oldest first, or null. Any thread may ask. */
    public @Nullable String nextNotice() {
        return notices.poll();
    }

    /**
     * Creates the directory of logs, unless it exists.
     *
     * @throws IOException also if it, or a parent below the root, is a link
     */
    public void createDirectory() throws IOException {
        requireNoLinks();
        storage().createDirectory(directory.logs());
    }

    /** @throws IOException if the directory of logs, or a parent below the root, is a link */
    public void requireNoLinks() throws IOException {
        directory.requireNoLinks(name);
    }

    /** The session's directory. */
    public SessionDirectory directory() {
        return directory;
    }

    private synchronized Storage storage() {
        return storage;
    }
}
