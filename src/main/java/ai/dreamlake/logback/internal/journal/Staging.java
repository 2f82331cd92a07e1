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
 * Decides which records are staged, and keeps them: in a {@link MappedTail}, where they are durable, and in the heap,
 * from where they are written. Used under the journal's monitor.
 */
final class Staging {

    /** A record that comes so long after the last one begins no burst. */
    static final long QUIET_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

    /** As many records within a burst make a tail worthwhile. */
    static final int RECORDS_BEFORE_TAIL = 16;

    /** As many more make another attempt worthwhile, if the tail could not be created: on a full disk, for instance. */
    private static final int RECORDS_BEFORE_RETRY = 10_000;

    /** A longer record is written at once: a page takes as long to copy as to write. */
    static final int MAX_RECORD = 4096;

    private final SessionDirectory directory;
    private final String session;
    private final Notices notices;
    private final StagedLines lines = new StagedLines();
    private @Nullable MappedTail tail;
    private boolean enabled;
    private long since;

    /** How many records came within a millisecond after the one before. */
    private int burst;

    private long lastAppendAt;

    /** Whether a tail is worthwhile. Read without the monitor, too. */
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

    /** Who hears of the staged records. */
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
     * Stages a record: not the first one after a quiet moment, which begins no burst.
     *
     * @return false if it must be written
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
            giveUpTruncated();
            return false;
        }
        // No call in between: where the stack ends, a record must not be in the tail alone, or count as lost.
        lines.count++;
        line.written = true;
        if (isFirst) {
            since = now;
            line.wakesKeeper = true;
        }
        return true;
    }

    /** A record was staged or written. Counts how many follow each other closely. */
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

    /** Whether a tail can be created now: it is still wanted, and there is none. */
    boolean canCreate() {
        wantsTail = false;
        return enabled && tail == null;
    }

    /** Try again later. */
    void postpone() {
        wantsTail = true;
    }

    /** Try again after many more records, or after a quiet moment. */
    void tryLater() {
        burst = -RECORDS_BEFORE_RETRY;
    }

    /**
     * Creates the tail. The session's lock is held. Not on a thread that may be interrupted.
     *
     * @param next the number of the log's next record
     * @param place the log's length
     * @throws IOException if there are no file descriptors left
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
            notices.tellOnce("cannot create " + directory.unusedTail()
                    + ", so each record is written by itself for now: " + failed.getMessage());
        }
    }

    /**
     * Another process may have taken over what is staged, and somebody may have deleted the tail. The session's lock is
     * held.
     *
     * @return how many of the staged records another process has written; they are no longer staged
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
                tail.endWriteAt(lines.endInTail(taken - 1)); // or a kill in our own write would find them once more
            } else {
                tail.cancelWrite();
            }
        }
        if (taken == lines.count()) {
            tail.endWrite();
        }
        lines.dropFirst(taken);
        if (tail.isBroken()) {
            giveUpTruncated();
        } else if (!tail.isInPlace()) {
            giveUp("was removed");
        }
        return taken;
    }

    /** How many records a process that died over them has written, from one on. */
    private int writtenByOthers(int from, long first, long place) throws IOException {
        if (!LineFormat.isNumber(first) || !LineFormat.isNumber(first + lines.count())) {
            return 0; // nobody writes such numbers
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

    /** Puts all records with their numbers into an array. Returns where they end. */
    int finish(byte[] target, long first) {
        return lines.finish(target, first);
    }

    /** All staged records are about to be written. */
    void beginWrite(long first, long place) {
        if (tail != null) {
            tail.beginWrite(first, place);
        }
    }

    /** So many of the staged records are written; the others stay. */
    void endWrite(int written) {
        if (tail == null) {
            // They were in the heap alone.
        } else if (written == lines.count()) {
            tail.endWrite();
        } else if (written > 0) {
            tail.endWriteAt(lines.endInTail(written - 1));
        } else {
            tail.cancelWrite();
        }
        lines.dropFirst(written);
    }

    private void giveUpTruncated() {
        enabled = false;
        giveUp("was truncated, so each record of " + directory.path() + " is written by itself from now on");
    }

    /** What is staged stays in the heap, for the next write. */
    private void giveUp(String reason) {
        MappedTail given = tail;
        tail = null;
        if (given != null) {
            notices.tell(given.file() + " " + reason);
            try {
                if (given.isInPlace()) {
                    Files.delete(given.file().toPath()); // or it would be recovered, and its records were there twice
                }
                given.close(false);
            } catch (IOException failed) {
                notices.tell("cannot close " + given.file() + ": " + failed);
            }
        }
    }

    boolean hasTail() {
        return tail != null;
    }

    /**
     * Closes the tail. What is still staged is left in it, for the next one who opens the session.
     *
     * @param isLocked whether the session's lock is held
     */
    void close(boolean isLocked) throws IOException {
        MappedTail closing = tail;
        tail = null;
        boolean mayDelete = isLocked && lines.count() == 0;
        if (closing == null && lines.count() > 0) {
            notices.tell(lines.count() + " records of " + directory.path()
                    + " are lost: their tail was removed, and the log cannot be written");
        }
        lines.free();
        if (closing != null) {
            closing.close(mayDelete);
        }
    }
}
