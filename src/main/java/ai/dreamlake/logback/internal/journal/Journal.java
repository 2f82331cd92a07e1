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
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * One session's log on disk.
 *
 * <p>When {@link #append} returns, the whole line is in pages of the operating system (I1), under the next number (I2).
 * It survives {@code kill -9}; only a forced record surely survives a power loss. A journal does not keep a record that
 * it cannot write: it throws, gives the number to the next record, and leaves whole lines in the log.
 * {@link SessionDirectory} names the files.
 *
 * <p>The file decides; memory only remembers. Whenever something may have happened to the file (another process wrote,
 * a write failed, somebody deleted it), its end is read again before the next record. Two things make that cheap: the
 * lock, without which nobody else writes, and a look at the file's length at most every {@value #CHECK_MICROS} µs.
 *
 * <p>Files are opened by a record, and closed when the last user releases the journal; the next record opens them
 * again. {@link JournalRegistry} makes sure that there is one journal per directory in a JVM.
 *
 * <p>Thread-safe, also on interrupted threads: files are java.io's, since a FileChannel closes under an interrupt.
 */
public final class Journal {

    /** How long the lock is kept before others get their turn, and how long an idle journal keeps it at all. */
    public static final long LOCK_NANOS = TimeUnit.MILLISECONDS.toNanos(25);

    private static final int CHECK_MICROS = 100;
    private static final long CHECK_NANOS = TimeUnit.MICROSECONDS.toNanos(CHECK_MICROS);

    /** How far ahead of the log the hint is written: one hint in a thousand records costs nothing. */
    private static final int HINT_BLOCK = 1000;

    /**
     * How many bytes are written for several threads at once. For more, Java's write allocates memory in every call.
     */
    private static final int BATCH_BYTES = 8192;

    private final SessionDirectory directory;
    private final LongSupplier nanoTime;
    private final Storage storage;
    private final File log;
    private final SequenceHint hint;
    private final Notices notices = new Notices();
    private final GroupCommit group = new GroupCommit();

    // Everything below is guarded by this: by the monitor and no Lock, since a StackOverflowError inside Lock.unlock
    // would leave
    // the lock held forever.

    private final SessionLock lock;
    private final LockWait lockWait;
    private final DescriptionWriter description;
    private int users;
    private @Nullable LogFile out;
    private byte @Nullable [] batch;

    /** The number of the next record. */
    private long nextNumber;

    /** Where the last record ends: the file's length, unless somebody else touches it. */
    private long length;

    /** The hint's content: records below it need no new hint. */
    private long hinted;

    private int hintBlock = HINT_BLOCK;

    /**
     * Whether the file may differ from {@link #nextNumber} and {@link #length}. Set before a write, cleared after it.
     */
    private boolean doubtful;

    private long lockTakenAt;
    private long lastUsedAt;
    private long lastAppendAt;
    private long lastCheckAt;

    /** Tells this log from another one that was put in its place. Set when the log is open. */
    private @Nullable FileIdentity identity;

    /**
     * Set when the lock is taken. Whoever clears it makes sure that {@link #pauseIfIdle} is called later. A bare field:
     * it can be set even when hardly any stack is left.
     */
    private volatile boolean newlyLocked;

    Journal(SessionDirectory directory, SessionName name, LongSupplier nanoTime, Storage storage) {
        this.directory = directory;
        this.nanoTime = nanoTime;
        this.storage = storage;
        this.log = directory.log();
        this.hint = new SequenceHint(directory.sequenceHint());
        this.lock = new SessionLock(directory.lock());
        this.lockWait = new LockWait(lock, directory.path(), nanoTime);
        this.description = new DescriptionWriter(directory, name, notices);
        this.lastUsedAt = nanoTime.getAsLong();
    }

    /** Adds a user, for whom files stay open. */
    public synchronized void retain() {
        users++;
    }

    /** Removes a user. The last one closes the files. */
    public synchronized void release() throws IOException {
        users--;
        if (users > 0) {
            pause(); // nobody else may think of pausing it later
        } else {
            close();
        }
    }

    /** Closes the files if nobody uses the journal: for a record that came after the last user had gone. */
    public synchronized void closeIfUnused() throws IOException {
        if (users == 0) {
            close();
        }
    }

    /**
     * Appends one record. Any thread may call it. Afterwards {@link Line#number} is the record's number.
     *
     * @throws IOException if the record is not in the log; the log is as it was
     */
    public void append(Line line) throws IOException {
        if (line.length > GroupCommit.MAX_LINE || !group.hasCompany()) {
            appendNow(line, null);
            return;
        }
        OfferedLine offer = new OfferedLine(line);
        group.offer(offer);
        if (offer.done) {
            line.number = offer.number;
        } else {
            appendNow(line, offer);
        }
    }

    /** @param offer the same line, if it was offered before, or null */
    private synchronized void appendNow(Line line, @Nullable OfferedLine offer) throws IOException {
        if (offer != null && offer.done) {
            line.number = offer.number;
            return;
        }
        group.setWriting(true);
        try {
            long now = nanoTime.getAsLong();
            lastUsedAt = now;
            notices.dropHeld();
            LogFile ready = ready(now);
            if (offer != null && offer.done) {
                line.number = offer.number; // another thread wrote it while we waited for the lock
                return;
            }
            if (length >= storage.maxSegmentBytes()) {
                ready = trySeal();
            }
            long number = nextNumber;
            write(ready, line, offer);
            line.number = number;
            lastAppendAt = now;
            notices.tellHeld();
        } catch (IOException failure) {
            if (offer == null || !offer.done) {
                throw failure;
            }
            line.number = offer.number; // likewise
        } finally {
            if (offer != null) {
                offer.done = true; // its thread has the answer; nobody else is to write it now
            }
            group.setWriting(false);
            if (line.number == Line.NOT_WRITTEN) {
                group.take(); // what is on offer would lie there until a write succeeds
            }
        }
    }

    /** Writes the line, and after it those that other threads offered. */
    private void write(LogFile out, Line line, @Nullable OfferedLine offer) throws IOException {
        OfferedLine others = line.length > GroupCommit.MAX_LINE ? null : group.take();
        byte[] lines = line.bytes;
        int end = LineFormat.finish(line.bytes, line.length, nextNumber);
        long last = nextNumber;
        boolean force = line.forced;
        description.learn(line.description);
        if (others != null) {
            byte[] batch = batch();
            lines = batch;
            System.arraycopy(line.bytes, 0, batch, 0, end);
            for (OfferedLine other = others; other != null; other = other.next) {
                if (other != offer && !other.done && end + other.length + LineFormat.ROOM_FOR_NUMBER <= batch.length) {
                    System.arraycopy(other.bytes, 0, batch, end, other.length);
                    end = LineFormat.finish(batch, end + other.length, ++last);
                    other.end = end;
                    force |= other.forced;
                    description.learn(other.description);
                }
            }
        }
        group.writes(last > nextNumber);
        description.writeIfDue();
        if (last >= hinted) {
            hint(Math.max(nextNumber + hintBlock, last + 1));
        }
        int written = write(out, lines, end);
        nextNumber++;
        try {
            if (force) {
                force(out);
            }
        } finally {
            // No call in here that could fail: lines that are written but not done would be written again.
            for (OfferedLine other = others; other != null; other = other.next) {
                if (other.end > 0 && other.end <= written) {
                    other.number = nextNumber++;
                    other.done = true;
                }
            }
        }
    }

    private byte[] batch() {
        if (batch == null) {
            batch = new byte[BATCH_BYTES];
        }
        return batch;
    }

    /**
     * One system call; the numbers advance only after it (I2).
     *
     * @return how many bytes of whole lines are in the log now; the first line is, or this throws
     */
    private int write(LogFile out, byte[] lines, int count) throws IOException {
        doubtful = true;
        int written = count;
        try {
            out.write(lines, 0, count);
        } catch (IOException | RuntimeException | Error failure) {
            written = writtenAfterAll(lines, count);
            if (written == 0) {
                throw failure;
            }
        }
        length += written;
        doubtful = written < count;
        return written;
    }

    /**
     * After a failed write: how many bytes of whole lines are in the file nevertheless, as after a stack overflow that
     * followed the system call, or on a disk that became full. Part of a line is cut off. If it cannot be, it is set
     * aside when the log is opened again.
     */
    private int writtenAfterAll(byte[] lines, int count) throws IOException {
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
            } catch (IOException failure) {
                if (whole == 0) {
                    throw failure;
                }
            }
        }
        return whole;
    }

    private void force(LogFile out) {
        try {
            out.force();
        } catch (IOException failure) {
            notices.hold("cannot force " + log + " to the device: " + failure.getMessage());
        }
    }

    /** Makes sure that the log is open, that nobody else writes, and that we know where it ends. */
    private LogFile ready(long now) throws IOException {
        LogFile open = out;
        if (open == null || !lock.isHeld() || now - lockTakenAt > LOCK_NANOS && mustTakeTurns(now)) {
            StackHeadroom.require();
            takeLock();
            open = out; // another thread may have opened it while we waited
            if (open == null
                    || doubtful
                    || log.length() != length
                    || identity == null
                    || !identity.isAt(log.toPath())) {
                return open(); // somebody else wrote, or it is the first time
            }
        } else if (doubtful) {
            return open();
        } else if (now - lastCheckAt > CHECK_NANOS) {
            lastCheckAt = now;
            if (log.length() != length) {
                return reopen();
            }
        }
        return open;
    }

    /** Once the lock was held for its time: releases it if somebody waits for it. */
    private boolean mustTakeTurns(long now) throws IOException {
        StackHeadroom.require();
        lockTakenAt = now;
        if (!lock.isWanted()) {
            return false;
        }
        lock.release();
        return true;
    }

    /**
     * Somebody wrote although we hold the lock: a program that ignores it; or the session was deleted and created
     * again, and the writer holds the lock file that is there now. So the lock is taken again.
     */
    private LogFile reopen() throws IOException {
        StackHeadroom.require();
        closeLog();
        lock.close();
        takeLock();
        return open();
    }

    private LogFile open() throws IOException {
        StackHeadroom.require();
        closeLog();
        storage.createLog(log);
        LogTail tail = LogTail.recover(log, directory.torn());
        LogFile opened = storage.open(log);
        out = opened;
        identity = FileIdentity.of(log.toPath());
        nextNumber =
                tail.length() > 0 || storage.retention() == Retention.KEEP ? tail.nextNumber() : numberAfterSegments();
        length = tail.length();
        hinted = nextNumber;
        doubtful = false;
        lastCheckAt = nanoTime.getAsLong();
        if (tail.setAside() > 0) {
            notices.tell(log + " did not end with a record: " + tail.setAside() + " bytes are set aside in "
                    + directory.torn().getName());
        }
        description.opened();
        return opened;
    }

    private long numberAfterSegments() throws IOException {
        long number = hint.read();
        for (Segment segment : directory.segments()) {
            number = Math.max(number, segment.end());
        }
        return number;
    }

    /** Trouble with sealing never keeps a record from the log, which then grows on. */
    private LogFile trySeal() throws IOException {
        try {
            return seal();
        } catch (IOException failure) {
            notices.hold("cannot put aside " + log + ": " + failure);
            return out != null ? out : open();
        }
    }

    /** Makes the log a segment, and begins a new log. */
    private LogFile seal() throws IOException {
        StackHeadroom.require();
        hint.write(nextNumber); // first: once the last record is delivered and deleted, nothing else tells the number
        closeLog();
        Files.move(log.toPath(), directory.segmentBefore(nextNumber), StandardCopyOption.ATOMIC_MOVE);
        return open();
    }

    /**
     * Makes the log a segment, if it has this length and no other process is writing. So an uploader can delete what is
     * delivered.
     *
     * @return whether it is a segment now
     */
    public synchronized boolean seal(long expectedLength) throws IOException {
        try {
            return sealIfUndisturbed(expectedLength);
        } finally {
            closeIfUnused();
        }
    }

    private boolean sealIfUndisturbed(long expectedLength) throws IOException {
        if (lockWait.isUnderWay() || expectedLength == 0 || log.length() != expectedLength) {
            return false;
        }
        if (!lock.isHeld()) {
            if (!lock.tryTake()) {
                lock.release(); // the place in the queue
                return false;
            }
            doubtful = true;
        }
        ready(nanoTime.getAsLong());
        if (length != expectedLength) {
            return false;
        }
        seal();
        pause();
        return true;
    }

    private void takeLock() throws IOException {
        storage.createDirectory(directory.logs());
        lockWait.take(this);
        newlyLocked = true;
        lockTakenAt = nanoTime.getAsLong();
        lastAppendAt = lockTakenAt;
        hinted = nextNumber; // another process may have written the hint
        IOException unsupported = lock.unsupported();
        if (unsupported != null) {
            notices.tellOnce(
                    directory.path() + " lies on a file system without locks: only one process may write there ("
                            + unsupported.getMessage() + ")");
        }
    }

    /** When somebody last wanted to append, by the clock that was given. */
    public synchronized long lastUsedAt() {
        return lastUsedAt;
    }

    /** Whether records wait for another process at this moment. Then the journal must not be closed. */
    public boolean isAwaited() {
        return lockWait.isUnderWay();
    }

    /** Trouble with the hint never keeps a record from the log. */
    private void hint(long number) {
        StackHeadroom.require();
        try {
            hint.write(number);
        } catch (IOException failure) {
            notices.hold("cannot write .log_sequence, so the Python SDK must not continue " + directory.path() + ": "
                    + failure);
        }
        hinted = number; // also after a failure: it is not tried for each record
    }

    /** Whether the lock was taken since the last call. Whoever gets true calls {@link #pauseIfIdle} later. */
    public boolean wasNewlyLocked() {
        if (!newlyLocked) {
            return false;
        }
        newlyLocked = false;
        return true;
    }

    /** Takes back {@link #wasNewlyLocked}: the next caller gets true again. */
    public void setNewlyLocked() {
        newlyLocked = true;
    }

    /**
     * Releases the lock if no record came for a while.
     *
     * @return after how many nanoseconds to call again, or {@link Long#MAX_VALUE} if there is no need
     */
    public synchronized long pauseIfIdle() throws IOException {
        if (!lock.isHeld()) {
            return Long.MAX_VALUE;
        }
        long left = lastAppendAt + LOCK_NANOS - nanoTime.getAsLong();
        if (left > 0) {
            return left;
        }
        pause();
        return Long.MAX_VALUE;
    }

    /** The JVM is about to end without further notice: from now on the hint is exact after each record. */
    public synchronized void expectExit() throws IOException {
        hintBlock = 1;
        pause();
    }

    /** Leaves an exact hint for the Python SDK, and the lock for other processes. */
    synchronized void pause() throws IOException {
        if (lock.isHeld()) {
            if (out != null && !doubtful && hinted != nextNumber && log.length() == length) {
                hint(nextNumber);
                notices.tellHeld();
            }
            lock.release();
        }
    }

    private void close() throws IOException {
        try {
            pause();
        } finally {
            try {
                closeLog();
            } finally {
                lock.close();
            }
        }
    }

    private void closeLog() throws IOException {
        if (out != null) {
            LogFile closing = out;
            out = null;
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
