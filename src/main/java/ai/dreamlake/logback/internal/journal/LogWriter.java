package ai.dreamlake.logback.internal.journal;

import ai.dreamlake.logback.internal.io.AppendedFile;
import ai.dreamlake.logback.internal.io.FileIdentity;
import ai.dreamlake.logback.internal.io.RegularFile;
import ai.dreamlake.logback.internal.io.StackHeadroom;
import ai.dreamlake.logback.internal.session.Retention;
import java.io.File;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A session's log: where it ends, and which number comes next (I2). The number advances only after a write, by what the
 * file then contains. Used under the journal's monitor and the session's lock.
 */
final class LogWriter implements TailRecovery.Log {

    /** What {@link #look} finds. */
    enum State {
        /** It is as we left it. */
        OURS,
        /** It is closed, or its end is not known: {@link #open} it. */
        UNKNOWN,
        /** Another file is in its place, or none. */
        REPLACED
    }

    /** Longer than any write takes, and than the coarsest time stamp of a file system. */
    private static final long LEFT_ALONE_MILLIS = TimeUnit.SECONDS.toMillis(10);

    private final SessionDirectory directory;
    private final File log;
    private final SequenceHint hint;
    private final TornEnd tornEnd = new TornEnd();
    private final Notices notices;
    private Storage storage;
    private @Nullable LogFile out;
    private @Nullable FileIdentity identity;

    /** The number of the next record. */
    private long nextNumber;

    /** Where the last record ends: the file's length, unless somebody else has changed it. */
    private long length;

    /** Whether the file may differ from what we know. Set before a write, cleared after it. */
    private boolean doubtful;

    private @Nullable Throwable shortWrite;

    LogWriter(SessionDirectory directory, Storage storage, Notices notices) {
        this.directory = directory;
        this.log = directory.log();
        this.hint = new SequenceHint(directory.sequenceHint());
        this.storage = storage;
        this.notices = notices;
    }

    void setStorage(Storage storage) {
        this.storage = storage;
    }

    @Override
    public long nextNumber() {
        return nextNumber;
    }

    @Override
    public long length() {
        return length;
    }

    boolean isOpen() {
        return out != null;
    }

    /**
     * Checks whether somebody else wrote to the log or replaced it. One call reads both its identity and its length.
     */
    State look() throws IOException {
        if (out == null || identity == null || doubtful) {
            return State.UNKNOWN;
        }
        BasicFileAttributes now = FileIdentity.attributes(log.toPath());
        if (now == null || !identity.isOf(now)) {
            return State.REPLACED;
        }
        return now.size() == length ? State.OURS : State.UNKNOWN;
    }

    /**
     * Opens the log and finds its end.
     *
     * @param isAlone whether the lock excludes every other writer, including the Python SDK
     * @param now the time, in nanoseconds
     * @return false if somebody may be in the middle of writing a line: try again later
     */
    boolean open(boolean isAlone, long now) throws IOException {
        if (!isAlone && tornEnd.isUnsettled(log.length(), now)) {
            return false;
        }
        StackHeadroom.require();
        boolean isSameLog = out != null && identity != null && identity.isAt(log.toPath()) && log.length() >= length;
        close();
        storage.createLog(log);
        LogTail end = isAlone
                ? LogTail.recover(log, directory.torn())
                : LogTail.recover(log, directory.torn(), length -> isLeftAlone() || tornEnd.isSettled(length, now));
        if (end == null) {
            return false;
        }
        tornEnd.clear();
        out = storage.open(log);
        identity = FileIdentity.of(log.toPath());
        long next = numberAfter(end);
        // Our own numbers never decrease, even if somebody continues our log with lower ones.
        nextNumber = isSameLog ? Math.max(next, nextNumber) : next;
        length = end.length();
        doubtful = false;
        if (end.setAside() > 0) {
            notices.report(log + " did not end with a record: " + end.setAside() + " bytes are set aside in "
                    + directory.torn().getName());
        }
        return true;
    }

    /** Whether nobody has written for a while, as after a crash: then a restart need not wait. */
    boolean isLeftAlone() {
        return System.currentTimeMillis() - log.lastModified() > LEFT_ALONE_MILLIS;
    }

    private long numberAfter(LogTail end) throws IOException {
        if (end.source() != LogTail.Source.LAST_RECORD) {
            notices.reportOnce(
                    "the last record of " + log + " has no sequenceNumber that can be continued, so lines are"
                            + " counted from the last record that has one, or from the beginning");
        }
        if (storage.retention() == Retention.KEEP) {
            return end.nextNumber();
        }
        long before = 0;
        for (Segment segment : directory.segments()) {
            before = Math.max(before, segment.end());
        }
        if (end.length() == 0) {
            return Math.max(before, hint.read());
        }
        return end.source() == LogTail.Source.ALL_LINES
                ? Math.max(before + end.nextNumber(), hint.read())
                : Math.max(before + 1, end.nextNumber()); // each segment needs a unique name
    }

    /** The first step of a write. A failure to write the hint never stops the record from being written. */
    void announce(int records) throws IOException {
        try {
            hint.write(nextNumber + records);
        } catch (IOException failed) {
            notices.hold(hintFailed(), failed);
        }
        storage.reached(WriteStep.HINTED);
    }

    /** Corrects the hint after a write that was cut short. */
    private void correctHint() {
        try {
            hint.write(nextNumber);
        } catch (IOException failed) {
            notices.hold(hintFailed() + failed);
        }
    }

    /** Corrects the number for the Python SDK, unless somebody has the session open. Nobody writes meanwhile. */
    void repairHint() {
        try {
            boolean isRight = hint.read() == nextNumber && nextNumber > 0;
            if (!isRight && !SequenceHint.isOpenAnywhere(directory.sequenceHint())) {
                hint.write(nextNumber);
            }
        } catch (IOException failed) {
            notices.hold(hintFailed() + failed);
        }
    }

    private String hintFailed() {
        return "cannot write .log_sequence, so the Python SDK must not continue " + directory.path() + ": ";
    }

    /**
     * Appends announced lines with one system call.
     *
     * @param lines numbered from {@link #nextNumber}
     * @return how many of them are in the log; if not all are, {@link #shortWrite} says why
     */
    int append(byte[] lines, int bytes, int records) {
        doubtful = true;
        int written = bytes;
        try {
            openLog().write(lines, 0, bytes);
        } catch (IOException | RuntimeException | Error failed) {
            shortWrite = failed;
            written = wholeLinesAfterFailure(lines, bytes);
        }
        doubtful = written < bytes;
        int count = doubtful ? countLines(lines, written) : records;
        length += written;
        nextNumber += count;
        if (doubtful) {
            correctHint();
        }
        storage.reached(WriteStep.WRITTEN);
        return count;
    }

    @Override
    public void append(byte[] lines, int records) throws IOException {
        announce(records);
        if (append(lines, lines.length, records) < records) {
            throw shortWrite();
        }
    }

    private LogFile openLog() throws IOException {
        if (out == null) {
            throw new IOException(log + " is closed");
        }
        return out;
    }

    /** Why the last write wrote fewer bytes than it should. An Error is thrown unchanged. */
    IOException shortWrite() {
        if (shortWrite instanceof Error error) {
            throw error;
        }
        return shortWrite instanceof IOException failed ? failed : new IOException(shortWrite);
    }

    /**
     * How many bytes of whole lines a failed write left: all of them, if the error came after the system call. A
     * partial line is cut off. If that fails, or if somebody else wrote too, the log is opened again before the next
     * write.
     */
    private int wholeLinesAfterFailure(byte[] lines, int count) {
        try {
            long found = log.length() - length;
            if (found <= 0 || found > count || !isInLog(lines, (int) found)) {
                return 0;
            }
            int whole = (int) found;
            while (whole > 0 && lines[whole - 1] != '\n') {
                whole--;
            }
            if (whole < found) {
                AppendedFile.truncate(log, length + whole);
            }
            return whole;
        } catch (IOException failed) {
            notices.hold("cannot cut a partial line off " + log + ": " + failed);
            return 0;
        }
    }

    /** Whether the bytes after the last record are the beginning of these lines, and not somebody else's. */
    private boolean isInLog(byte[] lines, int count) throws IOException {
        byte[] found = new byte[count];
        try (RandomAccessFile file = RegularFile.open(log, "r")) {
            file.seek(length);
            file.readFully(found);
        }
        return Arrays.equals(found, 0, count, lines, 0, count);
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

    /** Forces the log to the device. A failure costs no record. */
    void force() {
        try {
            openLog().force();
        } catch (IOException failed) {
            notices.hold("cannot force " + log + " to the device: " + failed.getMessage());
        }
    }

    /** Whether the log has reached the length at which it becomes a segment. */
    boolean isFull() {
        return length >= storage.maxSegmentBytes();
    }

    /** Turns the log into a segment and begins a new log. */
    void seal() throws IOException {
        StackHeadroom.require();
        Path segment = directory.segmentBefore(nextNumber);
        if (Files.exists(segment)) {
            throw new FileAlreadyExistsException(segment.toString()); // moving the log would replace it
        }
        // First: once the last record is delivered and deleted, the number is stored nowhere else.
        hint.write(nextNumber);
        close();
        Files.move(log.toPath(), segment, StandardCopyOption.ATOMIC_MOVE);
        open(true, 0); // a new log has no torn end
    }

    void close() throws IOException {
        LogFile closing = out;
        out = null;
        hint.close();
        if (closing != null) {
            closing.close();
        }
    }
}
