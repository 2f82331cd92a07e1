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
 * process's {@link MappedTail}. It survives {@code kill -9}; only a forced record surely survives a power loss. A
 * journal does not keep a record that it can put in neither: it throws, and the log has whole lines only.
 * {@link SessionDirectory} names the files.
 *
 * <p>A record that comes after a quiet millisecond is written at once. In a burst, records are staged in the tail, and
 * written together: by the thread that fills the tail, or by the keeper after {@code writeDelay}. Records get their
 * numbers (I2) when they are written, under the session's lock, which is held for that one write. So several processes
 * can write to one session. The order of a write is such that a kill between any two steps loses and repeats nothing:
 *
 * <ol>
 *   <li>Look at the log's path: if somebody else wrote or replaced it, read its end again.
 *   <li>Put the number after the batch into {@code .log_sequence}. The Python SDK believes it: it may skip numbers,
 *       never repeat.
 *   <li>Note the write in the tail, write, note that it is done.
 * </ol>
 *
 * <p>The file decides; memory only remembers. Files are opened by a record, and closed when the last user releases the
 * journal. {@link JournalRegistry} makes sure that there is one journal per directory in a JVM.
 *
 * <p>Thread-safe, also on interrupted threads: files are java.io's, since a FileChannel closes under an interrupt.
 * State is guarded by the monitor and no Lock, since a StackOverflowError inside Lock.unlock would leave the lock held
 * forever.
 */
public final class Journal {

    /** How often a write is tried again that failed, as long as records are staged. */
    static final long RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    /** How often the keeper looks for tails of other processes that died. */
    static final long LOOK_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** How often a record looks whether another process has released the lock. */
    private static final long POLL_NANOS = TimeUnit.MICROSECONDS.toNanos(50);

    /** How often the keeper looks. It is in no hurry: what it writes is durable already. */
    private static final long BUSY_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

    /** How long closing waits for another process. What is staged survives. */
    private static final long MAX_CLOSE_NANOS = TimeUnit.SECONDS.toNanos(1);

    private static final int BATCH_BYTES = StagedLines.MAX_FINISHED + Staging.MAX_RECORD + LineFormat.ROOM_FOR_NUMBER;

    /** An array that a write needs only for itself, so that not every session has one. */
    private static final AtomicReference<byte @Nullable []> BATCH = new AtomicReference<>(null);

    /** Something to try until no other process is in the way. */
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

    // Written under the monitor, and read without it: any recent value will do.

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

    /** Whether nothing is expected any more of which somebody should know who wrote it. */
    private boolean unmarked;

    /** Whether the keeper's work failed for want of file descriptors. */
    private boolean needsDescriptors;

    /** How many records of other processes were brought in. */
    private int recovered;

    /** How many of our records closing had to leave in a tail, and who waits for their numbers. */
    private int left;

    private @Nullable WriteListener leftListener;

    private long lastLookAt;

    /** Why the last write failed, or null. */
    private @Nullable IOException failure;

    private long failedAt;

    /** @param writeDelay how long a record may be staged, in nanoseconds; 0 if every record is to be written at once */
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
     * Adds a user, for whom files stay open.
     *
     * @param storage how this user wants files to be created and kept; of several users the last one decides
     */
    public synchronized void retain(Storage storage) {
        this.storage = storage;
        log.setStorage(storage);
        users++;
        lastUsedAt = nanoTime.getAsLong();
    }

    /**
     * Writes what is staged, and removes a user. The last one closes the files.
     *
     * @throws IOException if something went wrong; the user is removed all the same
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

    /** Closes the files if nobody uses the journal: for a record that came after the last user had gone. */
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
     * be staged waits; the monitor is free meanwhile.
     *
     * @throws SessionLockedException if another process does not release the lock in time
     * @throws IOException if the record is in neither the log nor the tail
     */
    public void append(Line line) throws IOException {
        append(line, false);
    }

    /**
     * Appends one record, unless the last user has gone meanwhile, so that nothing is opened that nobody closes.
     *
     * @return false if there is no user: nothing happened
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

    /** An interrupted thread waits, too, and stays interrupted. */
    private void awaitLock(long maxWait, Attempt attempt) throws IOException {
        long start = nanoTime.getAsLong();
        boolean interrupted = false;
        waiting.incrementAndGet();
        try {
            do {
                if (nanoTime.getAsLong() - start >= maxWait) {
                    throw new SessionLockedException(directory.path());
                }
                interrupted |= Thread.interrupted(); // or parking would not wait
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
        long now = nanoTime.getAsLong(); // before the monitor, where others would wait for it
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
     * Writes what is staged. A failure is told to the records that find no more room. False if another process holds
     * the lock.
     */
    private boolean writeStaged(long now) {
        try {
            return write(null, now);
        } catch (IOException toldLater) {
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
            throw failure; // the disk is full, and so is the tail: nobody waits for the disk
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
            boolean isHelped = FileDescriptors.areExhausted(failed); // the caller closes files, and tries again
            needsDescriptors |= isHelped && own == null;
            failure = isHelped ? null : failed;
            failedAt = now;
            throw failed;
        } finally {
            writing = false;
            notices.setLine(null);
        }
        if (own != null && own.forced) {
            log.force(); // after the lock was released: a device takes milliseconds
        }
        notices.tellHeld();
        return true;
    }

    private interface Work {
        void run() throws IOException;
    }

    /**
     * Does something while no other process writes, and while we know where the log ends. False if another process
     * holds the lock.
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
            notices.tellOnce(
                    directory.path() + " lies on a file system without locks: only one process may write there ("
                            + unsupported.getMessage() + ")");
        }
        IOException flockFailed = lock.flockFailed();
        if (flockFailed != null) {
            tellFlock(flockFailed, taken);
        }
        return taken;
    }

    /** @throws IOException if the caller can help, with a file descriptor; then the lock is released */
    private void tellFlock(IOException failed, boolean taken) throws IOException {
        boolean isTold = false;
        try {
            notices.hold(
                    "the Python SDK must not write to " + directory.path()
                            + " at the same moment: its lock cannot be taken there: ",
                    failed);
            isTold = true;
        } finally {
            if (!isTold && taken) {
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
     * Makes sure that we know where the log ends. False if another process holds the lock after all, or may be writing
     * without it.
     */
    private boolean isReady() throws IOException {
        switch (log.look()) {
            case OURS:
                return true;
            case REPLACED:
                // Perhaps with the whole session: then others lock the file that is there now.
                log.close();
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

    /** Trouble here never keeps a record from the log, except where the caller can help. */
    private void mark() throws IOException {
        if (unmarked || users == 0 || ownMark.isOpen() || !storage.reportsCrashes()) {
            return;
        }
        try {
            ownMark.open();
        } catch (IOException | RuntimeException failed) {
            notices.hold("should this process be killed, nobody will be told by " + directory.path() + ": ", failed);
            unmarked = true; // until the log is opened again
        }
    }

    private boolean openLog() throws IOException {
        return log.open(lock.excludesFlock(), nanoTime.getAsLong());
    }

    /** Trouble here never keeps a record from the log. The keeper tries again. False if not all went well. */
    private boolean recoverTails() throws IOException {
        long before = log.nextNumber();
        try {
            recovery.recoverAll(staging.file());
            tell(leftListener, log.nextNumber() - left, left); // we or others brought them in, before this number
            left = 0;
            if (storage.reportsCrashes()) {
                crashReports.reportAll(ownMark.file());
            }
            File strange = recovery.strange();
            if (strange != null) {
                notices.hold("cannot bring in what another process had staged in " + directory.logs() + ": " + strange
                        + " is no regular file");
            }
            return true;
        } catch (IOException | RuntimeException failed) {
            notices.hold("cannot bring in what another process left in " + directory.logs() + ": ", failed);
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
        tell(listener, log.nextNumber() - taken, taken); // others wrote them, somewhere before this number
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
            tell(own.listener, log.nextNumber() - 1, 1);
        }
    }

    /** Writes all staged records and, with the same system call, a short one. */
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
        tell(listener, first, Math.min(written, staged));
        if (own != null && own.written) {
            tell(own.listener, first + staged, 1);
        }
        if (written < records) {
            throw log.shortWrite();
        }
    }

    private static void tell(@Nullable WriteListener listener, long first, long count) {
        if (listener != null && count > 0) {
            try {
                listener.wrote(first, count);
            } catch (Throwable later) { // whatever it is
                // The records are in the log. The next ones, or the next start, see to their delivery.
            }
        }
    }

    /** Trouble with sealing never keeps a record from the log, which then grows on. */
    private void trySeal() throws IOException {
        try {
            if (recoverTails()) { // or the segment could be gone before what a tail says about it is understood
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
     * Makes the log a segment, if it has this length and nobody is writing. So an uploader can delete what is
     * delivered.
     *
     * @return whether it is a segment now
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

    /** Whether a session may be deleted. */
    public interface Condition {
        boolean holds() throws IOException;
    }

    /**
     * Deletes the session's files, unless anybody has it open, here or in another JVM. Whoever wants to append
     * meanwhile waits, and then begins the session again.
     *
     * @param expected what lay there when somebody decided that the session may go; if anything changed since, it stays
     * @param condition asked while nobody writes
     * @return whether the session is gone
     * @throws IOException if it cannot be deleted, or only in part: then the rest can be deleted later
     */
    public synchronized boolean delete(SessionInventory expected, Condition condition) throws IOException {
        return ifDeletable(expected, condition, SessionDeletion::run);
    }

    /** Whether {@link #delete} would delete the session now. */
    public synchronized boolean isDeletable(SessionInventory expected, Condition condition) throws IOException {
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

    /** When somebody last wanted to append, by the clock that was given. */
    public long lastUsedAt() {
        return lastUsedAt;
    }

    /** Whether records wait for another process at this moment. Then the journal must not be closed. */
    public boolean isAwaited() {
        return waiting.get() > 0;
    }

    /** Whether somebody writes at this moment, or waits for another process. A hint: closing would wait for it. */
    public boolean isBusy() {
        return writing || isAwaited();
    }

    /**
     * Does what is due: writes what has been staged for {@code writeDelay}, creates the tail, looks for tails of
     * processes that died. Called by a thread that nobody interrupts. Waits for nobody.
     *
     * @return after how many nanoseconds to call again
     */
    public long step(long now) {
        if (staging.wantsTail()) {
            MappedTail.warmUp(); // outside the monitor: the first time it takes a while
            createTail();
        }
        synchronized (this) {
            if (now - lastLookAt >= LOOK_NANOS && users > 0) {
                lastLookAt = now;
                lookForTails();
                notices.tellHeld();
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
            tellUnlessHelped("cannot stage records of " + directory.path() + ": ", failed);
        }
    }

    private void tellUnlessHelped(String notice, IOException failed) {
        if (FileDescriptors.areExhausted(failed)) {
            needsDescriptors = true;
        } else {
            notices.tellOnce(notice + failed);
        }
    }

    private void lookForTails() {
        try {
            boolean areDue = storage.reportsCrashes() && CrashReports.areDue(directory, ownMark.file());
            if (areDue || !directory.tails(staging.file()).isEmpty()) {
                underLock(this::recoverTails);
            }
        } catch (IOException failed) {
            tellUnlessHelped("cannot look for what other processes had staged in " + directory.logs() + ": ", failed);
        }
    }

    /**
     * Brings in what processes that died had staged, without a record of our own.
     *
     * @return false if another process was in the way
     */
    public synchronized boolean recover() throws IOException {
        try {
            return underLock(this::recoverTails);
        } finally {
            notices.tellHeld();
            closeIfUnused();
        }
    }

    /**
     * Does all that the next start of an application would do here, without a record of our own: brings in what
     * processes that died had staged, sets a torn end aside, reports those that died, and writes a description that is
     * missing or damaged. The number for the Python SDK is corrected, unless somebody has the session open, or may
     * have.
     *
     * @return false if another process was in the way
     */
    public synchronized boolean repair() throws IOException {
        boolean isLeftAlone = log.isLeftAlone(); // before we touch it
        try {
            return underLock(() -> {
                recoverTails();
                description.writeIfUnreadable();
                if (users == 0 && (isLeftAlone || lock.excludesFlock())) {
                    log.mendHint();
                }
            });
        } finally {
            notices.tellHeld();
            closeIfUnused();
        }
    }

    /** Whether a process has ended without closing a session's log, and nobody has said so there yet. */
    public static boolean isCrashReportDue(SessionDirectory directory) {
        return CrashReports.areDue(directory, null);
    }

    /** How many records of other processes were brought in since the last call. */
    public synchronized int pollRecovered() {
        int records = recovered;
        recovered = 0;
        return records;
    }

    /**
     * Whether, since the last call, {@link #step} could not do something because no file descriptors were left. Nothing
     * is lost by that; it tries again.
     */
    public synchronized boolean pollNeedsDescriptors() {
        boolean needed = needsDescriptors;
        needsDescriptors = false;
        return needed;
    }

    /**
     * The JVM is about to end, in order, but without further notice: from now on every record is written at once, and
     * nobody is to be told of that end.
     */
    public void expectExit() throws IOException {
        synchronized (this) {
            staging.disable();
        }
        try {
            flush(MAX_CLOSE_NANOS);
        } finally {
            synchronized (this) {
                unmarked = true;
                ownMark.end();
            }
        }
    }

    /**
     * This process is done with the session, in order, unless somebody uses the journal at this moment.
     *
     * @throws IOException if its mark stays, so that others may be told that it was killed
     */
    public synchronized void end() throws IOException {
        if (users == 0) {
            ownMark.end();
        }
    }

    /**
     * As {@link #end}, also while the log is open, unless somebody has wanted to append since. The next record takes it
     * back.
     *
     * @param moment by the clock that was given
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
            log.close(); // first: then there is a descriptor for the tail's end
        } finally {
            try {
                closeTail();
            } finally {
                try {
                    closeMark();
                } finally {
                    lock.close();
                }
            }
        }
    }

    private void closeMark() {
        unmarked = false;
        try {
            ownMark.idle();
        } catch (IOException failed) {
            // It says that the log is open. That matters only to other containers, should this process be killed.
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
     * Creates the directory of logs, unless it is there.
     *
     * @throws IOException also if it, or one above it and below the root, is a link
     */
    public void createDirectory() throws IOException {
        requireNoLinks();
        storage().createDirectory(directory.logs());
    }

    /** @throws IOException if the directory of logs, or one above it and below the root, is a link */
    public void requireNoLinks() throws IOException {
        directory.requireNoLinks(name);
    }

    /** Where the session lies. */
    public SessionDirectory directory() {
        return directory;
    }

    private synchronized Storage storage() {
        return storage;
    }
}
