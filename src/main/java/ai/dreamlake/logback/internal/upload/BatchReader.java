package ai.dreamlake.logback.internal.upload;

import java.io.Closeable;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Reads the batches of a session's logs, one log after another, oldest first. Not thread-safe. */
final class BatchReader implements Closeable {

    private final LogSegments logs;
    private final int maxBytes;
    private @Nullable RandomAccessFile log;

    /** The position of a record that follows damage in the log; 0 if none was found. */
    private long laterRecordStart;

    /** The batch that is probably needed next; null if none was read ahead. */
    private @Nullable Batch ahead;

    private int maxRecordsAhead;

    /** @param maxBytes the maximum size of a body, unless a single record is larger */
    BatchReader(LogSegments logs, int maxBytes) {
        this.logs = logs;
        this.maxBytes = maxBytes;
    }

    /**
     * Closes the open log, and opens the oldest one.
     *
     * @return false if there is none
     */
    boolean openOldest() throws IOException {
        close();
        log = logs.openOldest();
        laterRecordStart = 0;
        return log != null;
    }

    /** The open log. */
    RandomAccessFile log() {
        return Objects.requireNonNull(log, "only used while a log is open");
    }

    /**
     * The batch to send next: the one that the checkpoint says was about to be sent, or a new one. Null if there is
     * neither.
     *
     * @param maxRecords the maximum number of records in a new one
     */
    @Nullable
    Batch next(Checkpoint checkpoint, int maxRecords) throws IOException {
        if (checkpoint.isDoubtful()) {
            return Batch.read(log(), checkpoint.offset(), checkpoint.end(), maxBytes, checkpoint.number());
        }
        Batch read = ahead;
        ahead = null;
        return read != null && read.start() == checkpoint.offset() && maxRecordsAhead == maxRecords
                ? read
                : nextNew(checkpoint.offset(), maxRecords, checkpoint.number());
    }

    /**
     * Reads the batch after the one that is being sent, so that it is ready when needed. It is kept only if records
     * written later cannot change it.
     */
    void readAhead(Batch before, int maxRecords) {
        try {
            Batch read = nextNew(before.end(), maxRecords, before.numbers().next());
            ahead = read != null && read.isFull() && read.unsendable() == null ? read : null;
            maxRecordsAhead = maxRecords;
        } catch (IOException failure) {
            ahead = null; // it is read again when it is needed
        }
    }

    /**
     * Anything after the last record is damage. The journal cuts it off when it writes again, so here it is neither
     * sent nor set aside.
     */
    private @Nullable Batch nextNew(long from, int maxRecords, long number) throws IOException {
        while (true) {
            Batch batch = Batch.read(log(), from, Long.MAX_VALUE, maxRecords, maxBytes, number);
            if (batch == null || batch.endsWithRecord()) {
                return batch;
            }
            if (!isRecordAfter(batch.end()) && logs.isOldestCurrent()) {
                while (batch != null && !batch.endsWithRecord()) {
                    batch = batch.withoutLastLine(log(), number);
                }
                return batch;
            }
            if (batch.isStillIn(log())) {
                return batch; // otherwise it was cut off while we looked
            }
        }
    }

    private boolean isRecordAfter(long position) throws IOException {
        if (position <= laterRecordStart) {
            return true;
        }
        Batch line = lineAt(position);
        while (line != null && !line.endsWithRecord()) {
            line = lineAt(line.end());
        }
        laterRecordStart = line == null ? 0 : line.start();
        return line != null;
    }

    /** The line that begins at a position; null if it is not complete. */
    @Nullable
    Batch lineAt(long position) throws IOException {
        return Batch.read(log(), position, Long.MAX_VALUE, 1, 1, 0);
    }

    @Override
    public void close() throws IOException {
        RandomAccessFile file = log;
        log = null;
        ahead = null;
        if (file != null) {
            file.close();
        }
    }
}
