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

    /**
     * Gives up the oldest log. The upload lock must be held, and nothing be under way.
     *
     * @return how many bytes are free now; 0 if there is nothing that can be given up
     */
    long giveUpOldest() throws IOException {
        Segment oldest = logs.oldestSegment();
        if (oldest == null) {
            return 0;
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
            listener.dropped(name, records);
        } else {
            pending.deliveredBelow(givenUp.number());
        }
        checkpoints.save(givenUp); // before the delete: a crash in between must not hide the loss
        Files.delete(oldest.file().toPath());
        checkpoints.save(givenUp.atNextLog());
        return bytes;
    }

    /**
     * Gives up the log after the oldest one, which is being sent at this moment. The upload lock must be held.
     *
     * @return how many bytes are free now; 0 if there is nothing that can be given up
     */
    long giveUpSecond() throws IOException {
        List<Segment> segments = logs.segments();
        if (segments.size() < 2) {
            return 0;
        }
        Segment sent = segments.get(0);
        Segment second = segments.get(1);
        long bytes = second.file().length();
        long records = Batch.countLines(second.file(), 0);
        if (records > 0) {
            LostSegment before = mayHaveLost ? LostSegment.read(lostSegment) : null;
            mayHaveLost = true;
            long lost = records + (before == null ? 0 : before.lost());
            new LostSegment(lost, Instant.now().toString(), second.file().getName()).write(lostSegment);
            if (sent.end() > 0 && second.end() > 0) {
                pending.lostBetween(sent.end(), second.end());
            }
            listener.dropped(name, records);
        }
        Files.delete(second.file().toPath());
        return bytes;
    }

    /**
     * Counts in a checkpoint what {@link #giveUpSecond} gave up, here or in an earlier run. The upload lock must be
     * held.
     */
    Checkpoint countLost(Checkpoint checkpoint) throws IOException {
        LostSegment losses = mayHaveLost ? LostSegment.read(lostSegment) : null;
        if (losses == null) {
            mayHaveLost = false;
            return checkpoint;
        }
        File last = lostSegment.resolveSibling(losses.segment()).toFile();
        if (isSegment(last)) {
            Files.deleteIfExists(last.toPath()); // the process ended before it came to that
        }
        Checkpoint next = checkpoint;
        if (!losses.lostAt().equals(checkpoint.lostAt())) { // or the process ended right after it saved the next line
            next = checkpoints.save(checkpoint.losing(losses.lost(), losses.lostAt()));
        }
        Files.deleteIfExists(lostSegment);
        mayHaveLost = false;
        return next;
    }

    private boolean isSegment(File file) throws IOException {
        return logs.segments().stream().anyMatch(segment -> segment.file().equals(file));
    }
}
