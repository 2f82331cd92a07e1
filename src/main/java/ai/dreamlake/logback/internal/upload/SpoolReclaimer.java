package ai.dreamlake.logback.internal.upload;

import ai.dreamlake.logback.internal.io.RegularFile;
import ai.dreamlake.logback.internal.journal.Segment;
import ai.dreamlake.logback.internal.journal.SessionDirectory;
import ai.dreamlake.logback.internal.session.SessionName;
import java.io.File;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Deletes the logs of one session of a spool: those that are delivered, and, where there is no room, the oldest unsent.
 * What that loses is first noted on disk, then counted, and then deleted. Not thread-safe.
 */
final class SpoolReclaimer {

    private final SessionName name;
    private final LogSegments logs;
    private final CheckpointStore checkpoints;
    private final PendingRecords pending;
    private final UploadListener listener;
    private final Path lostSegment;

    /** Whether there may be losses that no checkpoint counts. An earlier run may have left some. */
    private boolean mayHaveLost = true;

    /** When the last losses that a checkpoint counts occurred; empty if there were none. */
    private String countedAt = "";

    /** Losses that could not be noted on disk. */
    private volatile long unnoted;

    /**
     * What was dropped: how many bytes that freed, and how many records it cost, including those of other processes.
     */
    record Freed(long bytes, long records) {
        static final Freed NOTHING = new Freed(0, 0);
    }

    SpoolReclaimer(
            SessionName name,
            SessionDirectory directory,
            LogSegments logs,
            CheckpointStore checkpoints,
            PendingRecords pending,
            UploadListener listener) {
        this.name = name;
        this.logs = logs;
        this.checkpoints = checkpoints;
        this.pending = pending;
        this.listener = listener;
        this.lostSegment = directory.lostSegment();
    }

    /** Deletes the oldest log, all of which is delivered (I5). Returns the checkpoint at the next one's beginning. */
    Checkpoint deleteDelivered(Checkpoint checkpoint) throws IOException {
        File delivered = logs.all().get(0);
        try (RandomAccessFile check = RegularFile.open(delivered, "r")) {
            if (check.length() != checkpoint.offset() || !checkpoint.isOf(check)) {
                throw new IOException(delivered + " is not the log that was sent"); // never delete without proof
            }
        }
        Files.delete(delivered.toPath());
        return checkpoints.save(checkpoint.atNextLog());
    }

    /** Gives up the oldest log. The upload lock must be held, and nothing be under way. */
    Freed giveUpOldest() throws IOException {
        Segment oldest = logs.oldestSegment();
        if (oldest == null) {
            return Freed.NOTHING;
        }
        long bytes = oldest.file().length();
        long records;
        Checkpoint givenUp;
        try (RandomAccessFile file = RegularFile.open(oldest.file(), "r")) {
            Checkpoint checkpoint = countLost(checkpoints.read(file));
            pending.deliveredBelow(checkpoint.number());
            records = Batch.countLines(oldest.file(), checkpoint.offset());
            givenUp = checkpoint.givingUp(
                    records, Instant.now(), file, oldest.end() > 0 ? oldest.end() : checkpoint.number());
        }
        // Before the save: a thread that read the new checkpoint would take these for delivered.
        if (records > 0) {
            pending.lostBetween(0, givenUp.number());
        } else {
            pending.deliveredBelow(givenUp.number());
        }
        checkpoints.save(givenUp); // before the delete: a crash in between must not hide the loss
        Files.delete(oldest.file().toPath());
        checkpoints.save(givenUp.atNextLog());
        return new Freed(bytes, records);
    }

    /** Gives up the log after the oldest one, which is being sent at this moment. The upload lock must be held. */
    Freed giveUpSecond() throws IOException {
        List<Segment> segments = logs.segments();
        if (segments.size() < 2) {
            return Freed.NOTHING;
        }
        Segment sent = segments.get(0);
        Segment second = segments.get(1);
        long bytes = second.file().length();
        long records = Batch.countLines(second.file(), 0);
        LostSegment before = noted();
        if (before != null && before.segment().equals(second.file().getName())) {
            records = 0; // it is noted already, but could not be deleted
        }
        if (records > 0) {
            note(records, before, second);
            if (sent.end() > 0 && second.end() > 0) {
                pending.lostBetween(sent.end(), second.end());
            }
        }
        Files.delete(second.file().toPath());
        return new Freed(bytes, records);
    }

    /** Losses on disk that no checkpoint counts yet; null if there are none. */
    private @Nullable LostSegment noted() throws IOException {
        LostSegment losses = mayHaveLost ? LostSegment.read(lostSegment) : null;
        return losses == null || losses.lostAt().equals(countedAt) ? null : losses;
    }

    /** On a full disk this may fail, but only deleting helps there. */
    private void note(long records, @Nullable LostSegment before, Segment segment) {
        mayHaveLost = true;
        long lost = records + (before == null ? 0 : before.lost());
        try {
            new LostSegment(lost, Instant.now().toString(), segment.file().getName()).write(lostSegment);
        } catch (IOException failure) {
            unnoted += records;
            listener.trouble("cannot note how many records of " + name
                    + " are given up, so after a crash now the server would not be told: " + failure);
        }
    }

    /**
     * Counts in a checkpoint what {@link #giveUpSecond} gave up, here or in an earlier run. The upload lock must be
     * held.
     */
    Checkpoint countLost(Checkpoint checkpoint) throws IOException {
        Checkpoint next = checkpoint;
        LostSegment losses = noted();
        if (losses != null) {
            File last = lostSegment.resolveSibling(losses.segment()).toFile();
            if (isSegment(last)) {
                Files.deleteIfExists(last.toPath()); // the process ended before it came to that
            }
            if (!losses.lostAt().equals(checkpoint.lostAt())) { // or it ended right after it saved the next line
                next = checkpoints.save(checkpoint.losing(losses.lost(), losses.lostAt()));
            }
            countedAt = losses.lostAt();
        }
        if (unnoted > 0) {
            next = checkpoints.save(next.losing(unnoted, Instant.now().toString()));
            unnoted = 0;
        }
        if (mayHaveLost && !checkpoints.holdsUnsaved()) {
            Files.deleteIfExists(lostSegment);
            mayHaveLost = false;
        }
        return next;
    }

    private boolean isSegment(File file) throws IOException {
        return logs.segments().stream().anyMatch(segment -> segment.file().equals(file));
    }

    /** Whether losses are known that could not be noted. */
    boolean holdsUnnoted() {
        return unnoted > 0;
    }
}
