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
 * Deletes the logs of one session in a spool: those that are delivered and, if there is no room, the oldest unsent one.
 * Before records are deleted unsent, the loss is counted and noted on disk. Not thread-safe.
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

    /** The time of the last losses that a checkpoint counts; empty if there were none. */
    private String countedAt = "";

    /** How many lost records could not be noted on disk. */
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

    /**
     * Deletes the oldest log, which is completely delivered (I5). Returns the checkpoint at the beginning of the next
     * one.
     */
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

    /** Drops the oldest log. The upload lock must be held, and no log may be open for sending. */
    Freed dropOldest() throws IOException {
        Segment oldest = logs.oldestSegment();
        if (oldest == null) {
            return Freed.NOTHING;
        }
        long bytes = oldest.file().length();
        long records;
        Checkpoint dropped;
        try (RandomAccessFile file = RegularFile.open(oldest.file(), "r")) {
            Checkpoint checkpoint = countLost(checkpoints.read(file));
            pending.deliveredBelow(checkpoint.number());
            records = Batch.countLines(oldest.file(), checkpoint.offset());
            dropped = checkpoint.droppingRest(
                    records, Instant.now(), file, oldest.end() > 0 ? oldest.end() : checkpoint.number());
        }
        // Before the save: a thread that read the new checkpoint would count these as delivered.
        if (records > 0) {
            pending.lostBetween(0, dropped.number());
        } else {
            pending.deliveredBelow(dropped.number());
        }
        checkpoints.save(dropped); // before the delete: a crash in between must not hide the loss
        Files.delete(oldest.file().toPath());
        checkpoints.save(dropped.atNextLog());
        return new Freed(bytes, records);
    }

    /** Drops the log after the oldest one, which is being sent at this moment. The upload lock must be held. */
    Freed dropSecond() throws IOException {
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

    /** Notes a loss on disk. On a full disk this may fail, but the log is deleted anyway, since only that helps. */
    private void note(long records, @Nullable LostSegment before, Segment segment) {
        mayHaveLost = true;
        long lost = records + (before == null ? 0 : before.lost());
        try {
            new LostSegment(lost, Instant.now().toString(), segment.file().getName()).write(lostSegment);
        } catch (IOException failure) {
            unnoted += records;
            listener.trouble("cannot note how many records of " + name
                    + " were dropped, so the server would not be told after a crash: " + failure);
        }
    }

    /**
     * Counts in a checkpoint what {@link #dropSecond} dropped, here or in an earlier run. The upload lock must be held.
     */
    Checkpoint countLost(Checkpoint checkpoint) throws IOException {
        Checkpoint next = checkpoint;
        LostSegment losses = noted();
        if (losses != null) {
            File last = lostSegment.resolveSibling(losses.segment()).toFile();
            if (isSegment(last)) {
                Files.deleteIfExists(last.toPath()); // the process ended before it deleted this
            }
            if (!losses.lostAt().equals(checkpoint.lostAt())) { // otherwise it ended right after this
                next = checkpoints.save(checkpoint.withLoss(losses.lost(), losses.lostAt()));
            }
            countedAt = losses.lostAt();
        }
        if (unnoted > 0) {
            next = checkpoints.save(next.withLoss(unnoted, Instant.now().toString()));
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

    /** Whether there are losses that could not be noted on disk. */
    boolean holdsUnnoted() {
        return unnoted > 0;
    }
}
