package ai.dreamlake.logback.internal.journal;

import ai.dreamlake.logback.internal.io.AppendedFile;
import ai.dreamlake.logback.internal.io.FileIdentity;
import ai.dreamlake.logback.internal.io.StackHeadroom;
import ai.dreamlake.logback.internal.record.LineFormat;
import ai.dreamlake.logback.internal.session.Retention;
import ai.dreamlake.logback.internal.session.SessionName;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Objects;
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

    /** A record that comes so long after the last one begins no burst. */
    static final long QUIET_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

    /** As many records within a burst make a tail worthwhile. */
    static final int RECORDS_BEFORE_TAIL = 16;

    /** A longer record is written at once: a page takes as long to copy as to write. */
    private static final int MAX_STAGED_RECORD = 4096;

    /** How often a write is tried again that failed, as long as records are staged. */
    static final long RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    /** How often the keeper looks for tails of other processes that died. */
    static final long LOOK_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** How often a record looks whether another process has released the lock. */
    private static final long POLL_NANOS = TimeUnit.MICROSECONDS.toNanos(50);

    /** How long closing waits for another process. What is staged survives. */
    private static final long MAX_CLOSE_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** How long {@link #flush} waits at most where somebody waits for delivery. */
    public static final long MAX_FLUSH_NANOS = TimeUnit.SECONDS.toNanos(10);

    /** An array that a write needs only for itself, so that not every session has one. */
    private static final AtomicReference<byte @Nullable []> BATCH = new AtomicReference<>(null);

    private final SessionDirectory directory;
    private final String session;
    private final LongSupplier nanoTime;
    private final Storage storage;
    private final long writeDelay;
    private final File log;
    private final SequenceHint hint;
    private final LockPatience patience = new LockPatience();
    private final AtomicInteger waiting = new AtomicInteger();
    private final Notices notices = new Notices();

    // Everything below is guarded by this.

    private final SessionLock lock;
    private final DescriptionWriter description;
    private final TailRecovery recovery;
    private int users;
    private @Nullable LogFile out;
    private @Nullable FileIdentity identity;

    /** The number of the next record. */
    private long nextNumber;

    /** Where the last record ends: the file's length, unless somebody else touches it. */
    private long length;

    /**
     * Whether the file may differ from {@link #nextNumber} and {@link #length}. Set before a write, cleared after it.
     */
    private boolean doubtful;

    private @Nullable MappedTail tail;
    private final StagedLines staged = new StagedLines();
    private boolean staging;
    private long stagedSince;

    /** Whether a tail is worthwhile. Read without the monitor, too. */
    private volatile boolean wantsTail;

    private int recovered;
    private @Nullable Throwable shortWrite;

    /** How many records came within a millisecond after the one before. */
    private int burst;

    private long lastAppendAt;
    private long lastUsedAt;
    private long lastLookAt;
    private @Nullable IOException failure;
    private long failedAt;

    /** @param writeDelay how long a record may be staged, in nanoseconds; 0 if every record is to be written at once */
    Journal(SessionDirectory directory, SessionName name, LongSupplier nanoTime, Storage storage, long writeDelay) {
        this.directory = directory;
        this.session = name.digest();
        this.nanoTime = nanoTime;
        this.storage = storage;
        this.writeDelay = writeDelay;
        this.staging = writeDelay > 0;
        this.log = directory.log();
        this.hint = new SequenceHint(directory.sequenceHint());
        this.lock = new SessionLock(directory.lock());
        this.description = new DescriptionWriter(directory, name, notices);
        this.recovery = new TailRecovery(directory, session, new RecoveredLog());
        this.lastUsedAt = nanoTime.getAsLong();
        this.lastAppendAt = lastUsedAt - QUIET_NANOS;
        this.lastLookAt = lastUsedAt;
    }

    /** Adds a user, for whom files stay open. */
    public synchronized void retain() {
        users++;
    }

    /** Removes a user, and writes what is staged. The last one closes the files. */
    public void release() throws IOException {
        synchronized (this) {
            users--;
            failure = null; // one more attempt
        }
        try {
            flush(MAX_CLOSE_NANOS);
        } finally {
            closeIfUnused();
        }
    }

    /** Closes the files if nobody uses the journal: for a record that came after the last user had gone. */
    public synchronized void closeIfUnused() throws IOException {
        if (users <= 0) {
            close();
        }
    }

    /**
     * Appends one record. Any thread may call it. While another process holds the session's lock, a record that cannot
     * be staged waits; the monitor is free meanwhile.
     *
     * @throws SessionLockedException if another process does not release the lock in time
     * @throws IOException if the record is in neither the log nor the tail
     */
    public void append(Line line) throws IOException {
        if (!tryAppend(line)) {
            awaitLock(patience.maxWait(nanoTime.getAsLong()), () -> tryAppend(line));
        }
    }

    private interface Attempt {
        boolean succeeds() throws IOException;
    }

    /** An interrupted thread waits, too, and stays interrupted. */
    private void awaitLock(long maxWait, Attempt attempt) throws IOException {
        long start = nanoTime.getAsLong();
        boolean interrupted = false;
        waiting.incrementAndGet();
        try {
            do {
                if (nanoTime.getAsLong() - start >= maxWait) {
                    if (maxWait > 0) {
                        patience.failed(nanoTime.getAsLong());
                    }
                    throw new SessionLockedException(directory.path());
                }
                interrupted |= Thread.interrupted(); // or parking would not wait
                LockSupport.parkNanos(this, POLL_NANOS);
            } while (!attempt.succeeds());
            patience.succeeded();
        } finally {
            waiting.decrementAndGet();
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** False if another process holds the lock. */
    private synchronized boolean tryAppend(Line line) throws IOException {
        long now = nanoTime.getAsLong();
        lastUsedAt = now;
        boolean quiet = now - lastAppendAt >= QUIET_NANOS;
        if (!(staging && stage(line, quiet, now)) && !write(line, now)) {
            return false;
        }
        lastAppendAt = now;
        burst = quiet ? 0 : burst + 1;
        if (staging && tail == null && burst >= RECORDS_BEFORE_TAIL && !wantsTail) {
            wantsTail = true;
            line.wakesKeeper = true;
        }
        return true;
    }

    /** Puts a record into the tail. False if it must be written. */
    private boolean stage(Line line, boolean quiet, long now) {
        MappedTail tail = this.tail;
        if (tail == null || line.forced || line.length > MAX_STAGED_RECORD) {
            return false;
        }
        if (staged.count() > 0 && now - stagedSince >= 2 * writeDelay && now - failedAt >= RETRY_NANOS) {
            writeStaged(now); // the keeper is late
        }
        boolean isFirst = staged.count() == 0;
        if (isFirst && quiet || !tail.hasRoom(line.length) || !staged.hasRoomFor(line)) {
            return false;
        }
        description.learn(line.description);
        staged.prepare(line);
        if (!tail.put(line.bytes, line.length)) {
            staging = false;
            giveUpTail("was truncated, so each record of " + directory.path() + " is written by itself from now on");
            return false;
        }
        staged.commit();
        if (isFirst) {
            stagedSince = now;
            line.wakesKeeper = true;
        }
        return true;
    }

    /** What is staged stays in the heap, for the next write. */
    private void giveUpTail(String reason) {
        MappedTail given = tail;
        tail = null;
        if (given != null) {
            notices.tell(given.file() + " " + reason);
            try {
                given.close(false);
            } catch (IOException failure) {
                notices.tell("cannot close " + given.file() + ": " + failure);
            }
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
        if (staged.count() > 0 && failure != null && now - failedAt < RETRY_NANOS) {
            throw failure; // the disk is full, and so is the tail: nobody waits for the disk
        }
        StackHeadroom.require();
        notices.dropHeld();
        failure = null;
        LogFile ready = null;
        try {
            if (!lock()) {
                return false;
            }
            try {
                ready = ready();
                if (ready != null) {
                    ready = writeLocked(ready, own);
                }
            } finally {
                unlock();
            }
        } catch (IOException failed) {
            failure = failed;
            failedAt = now;
            throw failed;
        }
        if (ready != null && own != null && own.forced) {
            force(ready);
        }
        notices.tellHeld();
        return ready != null;
    }

    private boolean lock() throws IOException {
        if (!lock.isOpen()) {
            storage.createDirectory(directory.logs());
        }
        boolean taken = lock.tryTake();
        IOException unsupported = lock.unsupported();
        if (unsupported != null) {
            staging = false;
            notices.tellOnce(
                    directory.path() + " lies on a file system without locks: only one process may write there ("
                            + unsupported.getMessage() + ")");
        }
        return taken;
    }

    private void unlock() {
        try {
            lock.release();
        } catch (IOException failed) {
            notices.hold("cannot release the lock of " + directory.path() + ": " + failed);
        }
    }

    /** Returns the log that it wrote to. */
    private LogFile writeLocked(LogFile ready, @Nullable Line own) throws IOException {
        LogFile log = length >= storage.maxSegmentBytes() ? trySeal(ready) : ready;
        checkTail();
        if (own != null) {
            description.learn(own.description);
        }
        description.writeIfDue();
        boolean together = own != null && own.length <= MAX_STAGED_RECORD;
        if (staged.count() > 0) {
            writeBatch(log, together ? own : null);
        }
        if (own != null && (!together || !own.written)) {
            writeOwn(log, own);
        }
        return log;
    }

    /** Another process may have taken over what is staged, and somebody may have deleted the tail. */
    private void checkTail() throws IOException {
        if (tail == null || staged.count() == 0) {
            return;
        }
        int ours = tail.ours();
        int taken = 0;
        while (taken < staged.count() && staged.endInTail(taken) <= ours) {
            taken++;
        }
        if (taken == staged.count()) {
            tail.endWrite();
        }
        staged.dropFirst(taken);
        tail.checkFile();
        if (tail.isBroken()) {
            giveUpTail("was removed");
        }
    }

    /** Writes all staged records and, with the same system call, a short one. */
    private void writeBatch(LogFile out, @Nullable Line own) throws IOException {
        byte[] batch = takeBatch();
        long first = nextNumber;
        int lines = staged.count();
        int stagedEnd = staged.finish(batch, first);
        int end = stagedEnd;
        if (own != null) {
            System.arraycopy(own.bytes, 0, batch, end, own.length);
            end = LineFormat.finish(batch, end + own.length, first + lines);
        }
        hint(first + lines + (own == null ? 0 : 1));
        storage.reached(WriteStep.HINTED);
        if (tail != null) {
            tail.beginWrite(first, length);
            storage.reached(WriteStep.ANNOUNCED);
        }
        int written = append(out, batch, end);
        storage.reached(WriteStep.WRITTEN);
        if (written < stagedEnd) {
            lines = countLines(batch, written);
        }
        if (tail != null) {
            noteWritten(tail, lines);
            storage.reached(WriteStep.EMPTIED);
        }
        WriteListener listener = staged.listener();
        staged.dropFirst(lines);
        nextNumber += lines;
        tell(listener, first, lines);
        if (own != null && written == end) {
            nextNumber++;
            own.written = true;
            tell(own.listener, first + lines, 1);
        }
        BATCH.set(batch);
        if (written < end) {
            hint(nextNumber);
            throw shortWrite();
        }
    }

    private void noteWritten(MappedTail tail, int lines) {
        if (lines == staged.count()) {
            tail.endWrite();
        } else if (lines > 0) {
            tail.endWriteAt(staged.endInTail(lines - 1));
        } else {
            tail.cancelWrite();
        }
    }

    private void writeOwn(LogFile out, Line own) throws IOException {
        long number = nextNumber;
        int end = LineFormat.finish(own.bytes, own.length, number);
        hint(number + 1);
        storage.reached(WriteStep.HINTED);
        if (append(out, own.bytes, end) < end) {
            hint(number);
            throw shortWrite();
        }
        storage.reached(WriteStep.WRITTEN);
        nextNumber++;
        own.written = true;
        tell(own.listener, number, 1);
    }

    private void tell(@Nullable WriteListener listener, long first, long count) {
        if (listener != null && count > 0) {
            try {
                listener.wrote(first, count);
            } catch (RuntimeException | StackOverflowError | OutOfMemoryError later) {
                // The records are in the log. The next ones, or the next start, see to their delivery.
            }
        }
    }

    /**
     * Appends finished lines with one system call.
     *
     * @return how many bytes of whole lines are in the log; fewer than {@code count} if the disk is full, for instance
     */
    private int append(LogFile out, byte[] lines, int count) {
        doubtful = true;
        int written = count;
        try {
            out.write(lines, 0, count);
        } catch (IOException | RuntimeException | Error failed) {
            shortWrite = failed;
            written = wholeLinesAfterFailure(lines, count);
        }
        length += written;
        doubtful = written < count;
        return written;
    }

    /** Why the last write put fewer bytes into the log than it should. An error is thrown as it is. */
    private IOException shortWrite() {
        if (shortWrite instanceof Error error) {
            throw error;
        }
        return shortWrite instanceof IOException failed ? failed : new IOException(shortWrite);
    }

    /**
     * How many bytes of whole lines a failed write left. Part of a line is cut off. If that fails, too, it is set aside
     * when the log is opened again.
     */
    private int wholeLinesAfterFailure(byte[] lines, int count) {
        long found = log.length() - length;
        if (found <= 0 || found > count) {
            return 0;
        }
        int whole = (int) found;
        while (whole > 0 && lines[whole - 1] != '\n') {
            whole--;
        }
        if (whole < found) {
            try {
                AppendedFile.truncate(log, length + whole);
            } catch (IOException failed) {
                notices.hold("cannot cut a part of a line off " + log + ": " + failed);
            }
        }
        return whole;
    }

    private static int countLines(byte[] lines, int end) {
        int count = 0;
        for (int i = 0; i < end; i++) {
            if (lines[i] == '\n') {
                count++;
            }
        }
        return count;
    }

    private static byte[] takeBatch() {
        byte[] batch = BATCH.getAndSet(null);
        return batch != null
                ? batch
                : new byte[StagedLines.MAX_FINISHED + MAX_STAGED_RECORD + LineFormat.ROOM_FOR_NUMBER];
    }

    private void force(LogFile out) {
        try {
            out.force();
        } catch (IOException failed) {
            notices.hold("cannot force " + log + " to the device: " + failed.getMessage());
        }
    }

    /** Makes sure that we know where the log ends. The lock is held. Null if it must be taken again. */
    private @Nullable LogFile ready() throws IOException {
        LogFile open = out;
        FileIdentity known = identity;
        if (open == null || known == null || doubtful) {
            return open();
        }
        BasicFileAttributes now = FileIdentity.attributes(log.toPath());
        if (now != null && known.isOf(now)) {
            return now.size() == length ? open : open(); // another size: somebody else wrote, or cut it
        }
        // It was replaced, perhaps with the whole session: then others lock the file that is there now.
        closeLog();
        lock.close();
        return lock() ? open() : null;
    }

    private LogFile open() throws IOException {
        StackHeadroom.require();
        closeLog();
        storage.createLog(log);
        LogTail end = LogTail.recover(log, directory.torn());
        LogFile opened = storage.open(log);
        out = opened;
        identity = FileIdentity.of(log.toPath());
        nextNumber =
                end.length() > 0 || storage.retention() == Retention.KEEP ? end.nextNumber() : numberAfterSegments();
        length = end.length();
        doubtful = false;
        if (end.setAside() > 0) {
            notices.tell(log + " did not end with a record: " + end.setAside() + " bytes are set aside in "
                    + directory.torn().getName());
        }
        description.opened();
        recoverTails();
        return opened;
    }

    /** Trouble here never keeps a record from the log. The keeper tries again. */
    private void recoverTails() {
        try {
            recovered += recovery.recoverAll(tail == null ? null : tail.file());
        } catch (IOException failed) {
            notices.hold("cannot bring in what another process had staged for " + log + ": " + failed);
        }
    }

    /** This log, for records of other processes. */
    private final class RecoveredLog implements TailRecovery.Log {
        @Override
        public long nextNumber() {
            return nextNumber;
        }

        @Override
        public long length() {
            return length;
        }

        @Override
        public void append(byte[] lines, int records) throws IOException {
            long next = nextNumber + records;
            hint(next);
            int written = Journal.this.append(Objects.requireNonNull(out), lines, lines.length);
            nextNumber += countLines(lines, written);
            if (written < lines.length) {
                hint(nextNumber);
                throw shortWrite();
            }
        }
    }

    private long numberAfterSegments() throws IOException {
        long number = hint.read();
        for (Segment segment : directory.segments()) {
            number = Math.max(number, segment.end());
        }
        return number;
    }

    /** Trouble with sealing never keeps a record from the log, which then grows on. */
    private LogFile trySeal(LogFile open) throws IOException {
        try {
            recoverTails();
            return seal();
        } catch (IOException failed) {
            notices.hold("cannot make a segment of " + log + ": " + failed);
            return out != null ? open : open();
        }
    }

    /** Makes the log a segment, and begins a new log. The lock is held. */
    private LogFile seal() throws IOException {
        hint.write(nextNumber); // first: once the last record is delivered and deleted, nothing else tells the number
        closeLog();
        Files.move(log.toPath(), directory.segmentBefore(nextNumber), StandardCopyOption.ATOMIC_MOVE);
        return open();
    }

    /**
     * Makes the log a segment, if it has this length and nobody is writing. So an uploader can delete what is
     * delivered.
     *
     * @return whether it is a segment now
     */
    public synchronized boolean seal(long expectedLength) throws IOException {
        if (staged.count() > 0 || expectedLength == 0 || log.length() != expectedLength || !lock()) {
            return false;
        }
        try {
            if (ready() != null && length == expectedLength) {
                recoverTails();
            }
            if (out == null || length != expectedLength) {
                return false;
            }
            StackHeadroom.require();
            seal();
            return true;
        } finally {
            unlock();
            closeIfUnused();
        }
    }

    /** When somebody last wanted to append, by the clock that was given. */
    public synchronized long lastUsedAt() {
        return lastUsedAt;
    }

    /** Whether records wait for another process at this moment. Then the journal must not be closed. */
    public boolean isAwaited() {
        return waiting.get() > 0;
    }

    /** Trouble with the hint never keeps a record from the log. */
    private void hint(long number) {
        try {
            hint.write(number);
        } catch (IOException failed) {
            notices.hold("cannot write .log_sequence, so the Python SDK must not continue " + directory.path() + ": "
                    + failed);
        }
    }

    /**
     * Does what is due: writes what has been staged for {@code writeDelay}, creates the tail, looks for tails of
     * processes that died. Called by a thread that nobody interrupts. Waits for nobody.
     *
     * @return after how many nanoseconds to call again
     */
    public long step(long now) {
        if (wantsTail) {
            wantsTail = false;
            MappedTail.warmUp();
            createTail();
        }
        synchronized (this) {
            if (now - lastLookAt >= LOOK_NANOS && users > 0) {
                lastLookAt = now;
                lookForTails();
            }
            long next = lastLookAt + LOOK_NANOS - now;
            if (staged.count() > 0) {
                long due = Math.max(stagedSince + writeDelay, failure == null ? now : failedAt + RETRY_NANOS) - now;
                if (due <= 0) {
                    due = writeStaged(now) ? RETRY_NANOS : POLL_NANOS;
                }
                next = staged.count() > 0 ? Math.min(next, due) : next;
            }
            return next;
        }
    }

    private synchronized void createTail() {
        if (tail != null || !staging || users == 0) {
            return;
        }
        try {
            if (!storage.canStage(directory.logs())) {
                staging = false;
            } else if (lock()) {
                try {
                    if (ready() != null) {
                        staged.allocate();
                        tail = MappedTail.create(directory.unusedTail(), session);
                    }
                } finally {
                    unlock();
                }
            } else {
                wantsTail = true; // next time
            }
        } catch (IOException failed) {
            staging = false;
            notices.tellOnce("cannot create " + directory.logs()
                    + "/logs.jsonl.tail, so each record is written by itself: " + failed);
        }
    }

    private void lookForTails() {
        try {
            if (!directory.tails(tail == null ? null : tail.file()).isEmpty() && lock()) {
                try {
                    if (ready() != null) {
                        recoverTails();
                    }
                } finally {
                    unlock();
                }
            }
        } catch (IOException failed) {
            notices.tellOnce("cannot look for what other processes had staged for " + log + ": " + failed);
        }
    }

    /**
     * Brings in what processes that died had staged, without a record of our own.
     *
     * @return whether another process was not in the way
     */
    public synchronized boolean recover() throws IOException {
        if (!lock()) {
            return false;
        }
        try {
            if (ready() != null) {
                recoverTails();
            }
            return true;
        } finally {
            unlock();
            notices.tellHeld();
            closeIfUnused();
        }
    }

    /** How many records of other processes were brought in since the last call. */
    public synchronized int pollRecovered() {
        int records = recovered;
        recovered = 0;
        return records;
    }

    /** The JVM is about to end without further notice: from now on every record is written at once. */
    public void expectExit() throws IOException {
        synchronized (this) {
            staging = false;
        }
        flush(MAX_CLOSE_NANOS);
    }

    /**
     * Writes what is staged.
     *
     * @param maxWait how long to wait for another process, in nanoseconds
     */
    public void flush(long maxWait) throws IOException {
        Attempt attempt = () -> {
            synchronized (this) {
                return staged.count() == 0 || write(null, nanoTime.getAsLong());
            }
        };
        if (!attempt.succeeds()) {
            awaitLock(maxWait, attempt);
        }
    }

    private void close() throws IOException {
        try {
            closeTail();
        } finally {
            try {
                closeLog();
            } finally {
                lock.close();
            }
        }
    }

    private void closeTail() throws IOException {
        MappedTail closing = tail;
        tail = null;
        if (closing != null) {
            boolean mayDelete = staged.count() == 0 && lock();
            try {
                closing.close(mayDelete);
            } finally {
                unlock();
                staged.free(); // what could not be written is in the tail, for the next one who opens the session
            }
        }
    }

    private void closeLog() throws IOException {
        LogFile closing = out;
        out = null;
        hint.close();
        if (closing != null) {
            closing.close();
        }
    }

    /** What the user should know, oldest first, or null. Any thread may ask. */
    public @Nullable String nextNotice() {
        return notices.poll();
    }

    /** Where the session lies. */
    public SessionDirectory directory() {
        return directory;
    }

    public Storage storage() {
        return storage;
    }
}
