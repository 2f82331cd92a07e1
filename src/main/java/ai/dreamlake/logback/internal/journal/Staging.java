package ai.dreamlake.logback.internal.journal;

import ai.dreamlake.logback.internal.io.FileDescriptors;
import ai.dreamlake.logback.internal.record.LineFormat;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Decides which records are staged, and keeps each of them twice: in a {@link MappedTail}, where it is durable, and in
 * the heap, from which it is written. Used under the journal's monitor.
 */
final class Staging {

    /** A record that comes this long after the previous one is not part of a burst. */
    static final long QUIET_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

    /** A burst of this many records justifies a tail. */
    static final int RECORDS_BEFORE_TAIL = 16;

    /**
     * If the tail could not be created, on a full disk for instance, this many more records justify another attempt.
     */
    private static final int RECORDS_BEFORE_RETRY = 10_000;

    /** A longer record is written at once: copying more than a page takes as long as writing it. */
    static final int MAX_RECORD = 4096;

    private final SessionDirectory directory;
    private final String session;
    private final Notices notices;
    private final StagedLines lines = new StagedLines();
    private @Nullable MappedTail tail;
    private boolean enabled;
    private long since;

    /** How many records in a row came within a millisecond of the previous one. */
    private int burst;

    private long lastAppendAt;

    /** Whether a tail is justified. Also read without the monitor. */
    private volatile boolean wantsTail;

    /** @param now the time, by the journal's clock */
    Staging(SessionDirectory directory, String session, boolean enabled, Notices notices, long now) {
        this.directory = directory;
        this.session = session;
        this.enabled = enabled;
        this.notices = notices;
        this.lastAppendAt = now - QUIET_NANOS;
    }

    /** From now on nothing is staged. */
    void disable() {
        enabled = false;
    }

    int count() {
        return lines.count();
    }

    /** When the first staged record came. */
    long since() {
        return since;
    }

    /** Notified when the staged records are written; null if nobody is. */
    @Nullable
    WriteListener listener() {
        return lines.listener();
    }

    /** The tail of this process, or null. */
    @Nullable
    File file() {
        return tail == null ? null : tail.file();
    }

    /**
     * Stages a record, unless it is the first after a quiet millisecond and so not part of a burst.
     *
     * @return false if it must be written instead
     */
    boolean stage(Line line, long now) {
        boolean isFirst = lines.count() == 0;
        boolean quiet = now - lastAppendAt >= QUIET_NANOS;
        if (tail == null
                || !enabled
                || line.forced
                || line.length > MAX_RECORD
                || isFirst && quiet
                || !tail.hasRoom(line.length)
                || !lines.hasRoomFor(line)) {
            return false;
        }
        lines.prepare(line);
        if (!tail.put(line.bytes, line.length)) {
            abandonTruncatedTail();
            return false;
        }
        // No call from here on: it could overflow the stack, and leave the record in the tail but counted as lost.
        lines.count++;
        line.written = true;
        if (isFirst) {
            since = now;
            line.wakesKeeper = true;
        }
        return true;
    }

    /** Notes that a record was staged or written, and counts how many come in quick succession. */
    void appended(Line line, long now) {
        burst = now - lastAppendAt >= QUIET_NANOS ? 0 : burst + 1;
        lastAppendAt = now;
        if (enabled && tail == null && burst >= RECORDS_BEFORE_TAIL && !wantsTail) {
            wantsTail = true;
            line.wakesKeeper = true;
        }
    }

    boolean wantsTail() {
        return wantsTail;
    }

    /** Clears the request for a tail. Returns whether to create it: staging is enabled, and there is no tail yet. */
    boolean canCreate() {
        wantsTail = false;
        return enabled && tail == null;
    }

    /** Asks for the tail again, at the keeper's next step. */
    void postpone() {
        wantsTail = true;
    }

    /** Asks for a tail again only after many more records, or in a new burst after a quiet millisecond. */
    void tryLater() {
        burst = -RECORDS_BEFORE_RETRY;
    }

    /**
     * Creates the tail, under the session's lock. Must not be called on a thread that may be interrupted.
     *
     * @param next the number of the log's next record
     * @param place the log's length
     * @throws IOException if file descriptors are exhausted
     */
    void create(long next, long place) throws IOException {
        try {
            lines.allocate();
            tail = MappedTail.create(directory.unusedTail(), session, next, place);
        } catch (IOException failed) {
            tryLater();
            if (FileDescriptors.areExhausted(failed)) {
                throw failed;
            }
            notices.reportOnce("cannot create " + directory.unusedTail()
                    + ", so for now each record is written individually: " + failed.getMessage());
        }
    }

    /**
     * Checks whether another process has taken over staged records, and whether somebody has deleted or truncated the
     * tail. The session's lock is held.
     *
     * @return how many of the staged records another process has written; these are no longer staged
     */
    int check() throws IOException {
        if (tail == null || lines.count() == 0) {
            return 0;
        }
        int ours = tail.ours();
        int taken = 0;
        while (taken < lines.count() && lines.endInTail(taken) <= ours) {
            taken++;
        }
        if (tail.isTakenInTheMiddle() && taken < lines.count()) {
            int written = writtenByOthers(taken, tail.takenFirst(), tail.takenPlace());
            taken += written;
            if (written > 0) {
                // Otherwise a kill in our own write would have them recovered again.
                tail.endWriteAt(lines.endInTail(taken - 1));
            } else {
                tail.cancelWrite();
            }
        }
        if (taken == lines.count()) {
            tail.endWrite();
        }
        lines.dropFirst(taken);
        if (tail.isBroken()) {
            abandonTruncatedTail();
        } else if (!tail.isInPlace()) {
            abandonTail("was removed");
        }
        return taken;
    }

    /** How many records, starting at {@code from}, were written by a process that died while it wrote them. */
    private int writtenByOthers(int from, long first, long place) throws IOException {
        if (!LineFormat.isNumber(first) || !LineFormat.isNumber(first + lines.count())) {
            return 0; // no writer uses such numbers
        }
        List<byte[]> numbered = lines.finished(from, first);
        int written = LogSearch.countFrom(directory.log(), place, numbered);
        for (Segment segment : directory.segments()) {
            if (segment.reaches(first)) {
                written = Math.max(written, LogSearch.countFrom(segment.file(), place, numbered));
            }
        }
        return written;
    }

    /** Copies all records, with their numbers, into an array. Returns where they end. */
    int finish(byte[] target, long first) {
        return lines.finish(target, first);
    }

    /** Notes in the tail that all staged records are about to be written. */
    void beginWrite(long first, long place) {
        if (tail != null) {
            tail.beginWrite(first, place);
        }
    }

    /** Removes the first {@code written} records, which are in the log. The others stay staged. */
    void endWrite(int written) {
        if (tail == null) {
            // They were only in the heap.
        } else if (written == lines.count()) {
            tail.endWrite();
        } else if (written > 0) {
            tail.endWriteAt(lines.endInTail(written - 1));
        } else {
            tail.cancelWrite();
        }
        lines.dropFirst(written);
    }

    private void abandonTruncatedTail() {
        enabled = false;
        abandonTail("was truncated, so each record of " + directory.path() + " is written individually from now on");
    }

    /** Stops using the tail. Staged records stay in the heap for the next write. */
    private void abandonTail(String reason) {
        MappedTail abandoned = tail;
        tail = null;
        if (abandoned != null) {
            notices.report(abandoned.file() + " " + reason);
            try {
                if (abandoned.isInPlace()) {
                    Files.delete(abandoned.file().toPath()); // or recovery would write its records a second time
                }
                abandoned.close(false);
            } catch (IOException failed) {
                notices.report("cannot close " + abandoned.file() + ": " + failed);
            }
        }
    }

    boolean hasTail() {
        return tail != null;
    }

    /**
     * Closes the tail. Records that are still staged are left in it for the next process that opens the session.
     *
     * @param isLocked whether the session's lock is held
     */
    void close(boolean isLocked) throws IOException {
        MappedTail closing = tail;
        tail = null;
        boolean mayDelete = isLocked && lines.count() == 0;
        if (closing == null && lines.count() > 0) {
            notices.report(lines.count() + " records of " + directory.path()
                    + " are lost: their tail was removed, and the log cannot be written");
        }
        lines.free();
        if (closing != null) {
            closing.close(mayDelete);
        }
    }
}
