package ai.dreamlake.logback.internal.journal;

import ai.dreamlake.logback.internal.session.GivenDescription;
import ai.dreamlake.logback.internal.session.SessionName;
import java.io.File;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * One session's log on disk, open for appending.
 *
 * <p>When {@link #append} returns, the whole line is in the operating system's hands (I1), under the next number (I2).
 * It survives {@code kill -9}; what a power loss leaves is the device's matter, unless the record was forced. It does not
 * hold a record that it cannot write: it throws, keeps the number for the next one, and leaves whole lines behind.
 *
 * <pre>
 *   logs/logs.jsonl            appended to by one write call for each record, or for those of several threads at once
 *   logs/logs.jsonl.torn       damage that stood behind the last record, set aside
 *   logs/.log_sequence         a hint for the Python SDK: ahead of the log while we write, exact when we pause
 *   logs/.log_sequence.lock    the {@link Lease} among processes
 *   session.json               {@link SessionFile}
 * </pre>
 *
 * <p>The file believes first, memory second: whenever something may have happened to the file (another process wrote, a
 * write failed, somebody deleted it), its tail is read again before the next record. Two things make that cheap: the
 * lease, without which nobody else writes, and a look at the file's length at most every {@value #CHECK_MICROS} µs.
 *
 * <p>Thread-safe, also on interrupted threads: files are java.io's, since a FileChannel closes under an interrupt. There
 * must be one journal per directory in a JVM; {@link JournalRegistry} sees to it.
 */
final class Journal {

    /** How many bytes behind a record its number and line end may take: 19 digits and <code>}\n</code>. */
    static final int ROOM_FOR_NUMBER = 21;

    /** What {@link #append} returns when it wrote nothing. */
    static final long CLOSED = -1;

    /** How long a lease is kept before others get their turn, and how long an idle one is kept at all. */
    static final long LEASE_NANOS = TimeUnit.MILLISECONDS.toNanos(25);

    /** How long a record waits for another process that does not give up the lease, stopped in a debugger for instance. */
    static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(10);

    /** After that, how often one record waits again, and how long. */
    static final long IMPATIENCE_NANOS = TimeUnit.SECONDS.toNanos(1);

    static final long SECOND_PATIENCE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private static final long RETRY_MILLIS = 1;
    private static final int CHECK_MICROS = 100;
    private static final long CHECK_NANOS = TimeUnit.MICROSECONDS.toNanos(CHECK_MICROS);

    /** How far ahead of the log the hint is written: one hint in a thousand records is not felt. */
    private static final int HINT_BLOCK = 1000;

    /** How many bytes are written for several threads at once. Beyond it, Java's write would take memory for each call. */
    private static final int BATCH = 8192;

    private final Path directory;
    private final LongSupplier nanoTime;
    private final LogFile.Opener opener;
    private final File log;
    private final File aside;
    private final SequenceHint hint;
    private final SessionFile sessionFile;

    /** What the user should know: damage and odd file systems. Read without the lock. */
    private final Queue<String> notices = new ConcurrentLinkedQueue<>();

    private final GroupCommit group = new GroupCommit();

    // Everything below is guarded by this: by the monitor and no Lock, since a Lock stays locked for ever when the stack ends
    // inside of its unlock.

    private final Lease lease;
    private LogFile out;
    private byte[] batch;
    private boolean closed;

    /** The number of the next record. */
    private long nextNumber;

    /** Where the last record ends, which is the file's length as long as nobody else touches it. */
    private long length;

    /** The hint's content: records below it need no new hint. */
    private long hinted;

    private int hintBlock = HINT_BLOCK;

    /** Whether the file may differ from {@link #nextNumber} and {@link #length}. Set before a write, cleared behind it. */
    private boolean doubtful;

    private long leaseTakenAt;
    private long lastUsedAt;
    private long lastAppendAt;
    private long lastCheckAt;
    private boolean refusing;
    private long refusingSince;

    /** What tells this log from another one that was put in its place; null where the platform has nothing of the kind. */
    private Object logKey;

    /** How many records wait for the lease. Read without the monitor, too. */
    private volatile int waiting;

    private final GivenDescription description;

    /** Whether it stands in session.json, and whether it is to be written there now. */
    private boolean described;

    private boolean mustDescribe;

    /** Trouble with side files. Where the record itself cannot be written, the exception says all that is to be said. */
    private final List<String> sideTroubles = new ArrayList<>();

    /** What was told already is not told again. */
    private final Set<String> told = new HashSet<>();

    /**
     * Set when the lease is taken. Whoever clears it sees to it that {@link #pauseIfIdle} is asked. A bare field: where the
     * stack is at its end it can still be set.
     */
    volatile boolean leaseIsNew;

    Journal(Path directory, SessionName name, LongSupplier nanoTime, LogFile.Opener opener) {
        this.directory = directory;
        this.nanoTime = nanoTime;
        this.opener = opener;
        Path logs = directory.resolve("logs");
        this.log = logs.resolve("logs.jsonl").toFile();
        this.aside = logs.resolve("logs.jsonl.torn").toFile();
        this.hint = new SequenceHint(logs.resolve(".log_sequence").toFile());
        this.lease = new Lease(logs.resolve(".log_sequence.lock"));
        this.description = new GivenDescription(name);
        this.sessionFile = new SessionFile(directory, name);
        this.lastUsedAt = nanoTime.getAsLong();
    }

    /**
     * Appends one record.
     *
     * @param record the record up to where its number stands; {@link #ROOM_FOR_NUMBER} bytes behind {@code count} are
     *     overwritten
     * @param count the record's length in bytes
     * @param forced whether to wait until the device has the record
     * @param describedAs the session's description as text, or null
     * @return the record's number, or {@link #CLOSED} if it is to be appended to this journal's successor
     * @throws IOException if the record is not in the log; the log is as it was
     */
    long append(byte[] record, int count, boolean forced, String describedAs) throws IOException {
        if (count > GroupCommit.LONGEST_LINE || !group.hasCompany()) {
            return appendNow(record, count, forced, describedAs, null);
        }
        OfferedLine line = new OfferedLine(record, count, forced, describedAs);
        group.offer(line);
        return line.done ? line.number : appendNow(record, count, forced, describedAs, line);
    }

    /** @param own the same record, if it was offered before, or null */
    private synchronized long appendNow(byte[] record, int count, boolean forced, String describedAs, OfferedLine own)
            throws IOException {
        if (own != null && own.done) {
            return own.number;
        }
        long number = CLOSED;
        group.setWriting(true);
        try {
            long now = nanoTime.getAsLong();
            lastUsedAt = now;
            boolean ready = makeReady(now);
            if (own != null && own.done) {
                number = own.number; // somebody had the monitor while we waited for the lease
            } else if (ready) {
                sideTroubles.clear();
                if (length >= opener.longestLog()) {
                    trySeal();
                }
                long next = nextNumber;
                write(record, count, forced, describedAs, own);
                number = next;
                lastAppendAt = now;
                tellSideTroubles();
            }
        } catch (IOException failure) {
            if (own == null || !own.done) {
                throw failure;
            }
            number = own.number; // likewise
        } finally {
            if (own != null) {
                own.done = true; // its thread has the answer; nobody else is to write it now
            }
            group.setWriting(false);
            if (number == CLOSED) {
                group.take(); // what is on offer would lie there until a write succeeds
            }
        }
        return number;
    }

    private void tellSideTroubles() {
        if (!sideTroubles.isEmpty()) {
            sideTroubles.stream().filter(told::add).forEach(notices::add);
        }
    }

    /** Writes the record, and behind it those that other threads offered. */
    private void write(byte[] record, int count, boolean forced, String describedAs, OfferedLine own) throws IOException {
        OfferedLine others = count > GroupCommit.LONGEST_LINE ? null : group.take();
        byte[] lines = record;
        int end = endLine(record, count, nextNumber);
        long last = nextNumber;
        boolean force = forced;
        learn(describedAs);
        if (others != null) {
            if (batch == null) {
                batch = new byte[BATCH];
            }
            lines = batch;
            System.arraycopy(record, 0, batch, 0, end);
            for (OfferedLine line = others; line != null; line = line.next) {
                if (line != own && !line.done && end + line.count + ROOM_FOR_NUMBER <= batch.length) {
                    System.arraycopy(line.record, 0, batch, end, line.count);
                    end = endLine(batch, end + line.count, ++last);
                    line.end = end;
                    force |= line.forced;
                    learn(line.describedAs);
                }
            }
        }
        group.writes(last > nextNumber);
        if (mustDescribe) {
            describe();
        }
        if (last >= hinted) {
            hint(Math.max(nextNumber + hintBlock, last + 1));
        }
        int written = write(lines, end);
        nextNumber++;
        try {
            if (force) {
                force();
            }
        } finally {
            // No call in here that could fail: lines that are written but not done would be written again.
            for (OfferedLine line = others; line != null; line = line.next) {
                if (line.end > 0 && line.end <= written) {
                    line.number = nextNumber++;
                    line.done = true;
                }
            }
        }
    }

    /** Puts the number and the line end behind a record, and returns where they end. */
    private static int endLine(byte[] record, int count, long number) {
        int digits = 1;
        for (long rest = number; rest >= 10; rest /= 10) {
            digits++;
        }
        int end = count + digits;
        long rest = number;
        for (int i = end - 1; i >= count; i--) {
            record[i] = (byte) ('0' + rest % 10);
            rest /= 10;
        }
        record[end++] = '}';
        record[end++] = '\n';
        return end;
    }

    /**
     * One system call, and only then do we believe it (I2).
     *
     * @return how many bytes of whole lines are in the log now; the first line is, or this throws
     */
    private int write(byte[] lines, int count) throws IOException {
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
     * After a write that failed: how many bytes of whole lines are in the file all the same, as after a stack overflow
     * behind the system call, or on a disk that became full. Part of a line is cut off; if it cannot be, it is set aside
     * when the log is opened again.
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
            try (RandomAccessFile file = new RandomAccessFile(log, "rw")) {
                file.setLength(length + whole);
            } catch (IOException failure) {
                if (whole == 0) {
                    throw failure;
                }
            }
        }
        return whole;
    }

    private void force() {
        try {
            out.force();
        } catch (IOException failure) {
            sideTroubles.add("cannot force " + log + " to the device: " + failure.getMessage());
        }
    }

    /** Makes sure that the log is open, that nobody else writes, and that we know where it ends. False if it is closed. */
    private boolean makeReady(long now) throws IOException {
        if (closed) {
            return false;
        }
        if (out == null || !lease.isHeld() || now - leaseTakenAt > LEASE_NANOS && mustTakeTurns(now)) {
            StackReserve.require();
            if (!takeLease()) {
                return false;
            }
            if (out == null || doubtful || log.length() != length || !isTheSame(logKey, fileKey())) {
                open(); // somebody else wrote, or it is the first time
            }
        } else if (doubtful) {
            open();
        } else if (now - lastCheckAt > CHECK_NANOS) {
            lastCheckAt = now;
            if (log.length() != length) {
                return reopen();
            }
        }
        return true;
    }

    /** When the lease was held for its time: gives it up if somebody waits for it. */
    private boolean mustTakeTurns(long now) throws IOException {
        StackReserve.require();
        leaseTakenAt = now;
        if (!lease.isWanted()) {
            return false;
        }
        lease.giveUp();
        return true;
    }

    /**
     * Somebody wrote although we hold the lease: they do not ask for it, or the session was deleted and made anew, and they
     * hold the lock file that is there now. So it is taken again.
     */
    private boolean reopen() throws IOException {
        StackReserve.require();
        closeLog();
        lease.close();
        if (!takeLease()) {
            return false;
        }
        open();
        return true;
    }

    private void open() throws IOException {
        StackReserve.require();
        closeLog();
        opener.create(log);
        LogTail tail = LogTail.recover(log, aside);
        out = opener.open(log);
        logKey = fileKey();
        nextNumber = tail.length() > 0 || !isSpool() ? tail.nextNumber() : numberBehindSealed();
        length = tail.length();
        hinted = nextNumber;
        doubtful = false;
        lastCheckAt = nanoTime.getAsLong();
        if (tail.setAside() > 0) {
            notices.add(log + " did not end with a record: " + tail.setAside() + " bytes are set aside in " + aside.getName());
        }
        mustDescribe |= !described || !sessionFile.exists();
    }

    private boolean isSpool() {
        return opener.longestLog() != Long.MAX_VALUE;
    }

    private long numberBehindSealed() throws IOException {
        long number = hint.read();
        for (SealedLog sealed : SealedLog.in(log.getParentFile())) {
            number = Math.max(number, sealed.end());
        }
        return number;
    }

    /** Trouble with sealing never keeps a record from the log, which then grows on. */
    private void trySeal() throws IOException {
        try {
            seal();
        } catch (IOException failure) {
            sideTroubles.add("cannot put aside " + log + ": " + failure);
            if (out == null) {
                open();
            }
        }
    }

    private void seal() throws IOException {
        StackReserve.require();
        hint.write(nextNumber); // first: once the last record is delivered and gone, nothing else tells the number
        closeLog();
        Files.move(log.toPath(), SealedLog.of(log.getParentFile(), nextNumber).toPath(), StandardCopyOption.ATOMIC_MOVE);
        open();
    }

    /**
     * Seals the log, if it has a length and no other process is at it. So all that is delivered can be deleted.
     *
     * @return whether it is sealed
     */
    synchronized boolean seal(long expectedLength) throws IOException {
        if (closed || waiting > 0 || expectedLength == 0 || log.length() != expectedLength) {
            return false;
        }
        if (!lease.isHeld()) {
            if (!lease.tryTake()) {
                lease.giveUp(); // the place in the queue
                return false;
            }
            doubtful = true;
        }
        if (!makeReady(nanoTime.getAsLong()) || length != expectedLength) {
            return false;
        }
        seal();
        pause();
        return true;
    }

    private Object fileKey() throws IOException {
        try {
            return Files.readAttributes(log.toPath(), BasicFileAttributes.class).fileKey();
        } catch (NoSuchFileException gone) {
            return "gone";
        }
    }

    private static boolean isTheSame(Object before, Object now) {
        return before == null || before.equals(now);
    }

    /** Waits for the lease, not holding the monitor meanwhile. False if the journal was closed. */
    private boolean takeLease() throws IOException {
        long start = nanoTime.getAsLong();
        long patience = patience(start);
        opener.createDirectory(log.getParentFile().toPath());
        boolean interrupted = false;
        waiting++;
        try {
            while (!lease.tryTake()) {
                if (nanoTime.getAsLong() - start >= patience) {
                    lease.giveUp(); // the place in the queue: who does not wait must not keep others waiting
                    if (patience > 0) {
                        refusing = true;
                        refusingSince = nanoTime.getAsLong();
                    }
                    throw new SessionLockedException(directory);
                }
                try {
                    wait(RETRY_MILLIS);
                } catch (InterruptedException e) {
                    interrupted = true; // it clears the flag, so that the next wait does wait
                }
                if (closed) {
                    return false;
                }
            }
        } finally {
            waiting--;
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
        refusing = false;
        leaseIsNew = true;
        leaseTakenAt = nanoTime.getAsLong();
        lastAppendAt = leaseTakenAt;
        hinted = nextNumber; // another process may have written the hint
        if (lease.unsupported() != null) {
            String trouble = directory + " lies on a file system without locks: only one process may write there ("
                    + lease.unsupported().getMessage() + ")";
            if (told.add(trouble)) {
                notices.add(trouble);
            }
        }
        return true;
    }

    /**
     * Ten seconds for a peer that is slow. Where that was not enough, the next records do not wait, but for one now and
     * then: a busy peer gives up the lease only to somebody who waits.
     */
    private long patience(long now) {
        if (!refusing) {
            return PATIENCE_NANOS;
        }
        return now - refusingSince < IMPATIENCE_NANOS ? 0 : SECOND_PATIENCE_NANOS;
    }

    /** When somebody last wanted to append, by the clock that was given. */
    synchronized long lastUsedAt() {
        return lastUsedAt;
    }

    /** Whether records wait for another process at this moment; then it is no time to close this journal. */
    boolean isAwaited() {
        return waiting > 0;
    }

    private void learn(String text) {
        try {
            mustDescribe |= text != null && description.learn(text);
        } catch (IllegalArgumentException notOurs) {
            sideTroubles.add("the MDC entry that describes the session " + directory + " is not readable");
        }
    }

    /** Trouble with the description never keeps a record from the log. It is tried again when the log is opened again. */
    private void describe() {
        StackReserve.require();
        mustDescribe = false;
        described = false;
        try {
            String damage = sessionFile.upsert(description.parts(), Instant.now());
            described = true;
            if (damage != null) {
                sideTroubles.add(damage);
            }
        } catch (IOException | RuntimeException failure) {
            sideTroubles.add("cannot write the description of " + directory + ": " + failure);
        }
    }

    /** Trouble with the hint never keeps a record from the log. */
    private void hint(long number) {
        StackReserve.require();
        try {
            hint.write(number);
        } catch (IOException failure) {
            sideTroubles.add("cannot write .log_sequence, so the Python SDK must not continue " + directory + ": " + failure);
        }
        hinted = number; // also if it failed: it is not tried for each record
    }

    /**
     * Gives up the lease if no record came for a while.
     *
     * @return how many nanoseconds until it is worth while to ask again, or {@link Long#MAX_VALUE}
     */
    synchronized long pauseIfIdle() throws IOException {
        if (!lease.isHeld()) {
            return Long.MAX_VALUE;
        }
        long left = lastAppendAt + LEASE_NANOS - nanoTime.getAsLong();
        if (left > 0) {
            return left;
        }
        pause();
        return Long.MAX_VALUE;
    }

    /** The JVM is about to end without further notice: from now on the hint is exact after each record. */
    synchronized void expectExit() throws IOException {
        hintBlock = 1;
        pause();
    }

    /** Leaves an exact hint for the Python SDK, and the lease for other processes. */
    synchronized void pause() throws IOException {
        if (lease.isHeld()) {
            if (out != null && !doubtful && hinted != nextNumber && log.length() == length) {
                hint(nextNumber);
                tellSideTroubles();
            }
            lease.giveUp();
        }
    }

    synchronized void close() throws IOException {
        closed = true;
        try {
            pause();
        } finally {
            try {
                closeLog();
            } finally {
                lease.close();
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

    /** What the user should know, the oldest first, or null. */
    String nextNotice() {
        return notices.poll();
    }
}
