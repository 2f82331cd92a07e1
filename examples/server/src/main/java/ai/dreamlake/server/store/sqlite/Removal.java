package ai.dreamlake.server.store.sqlite;

import ai.dreamlake.server.store.StoreException;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Removes the contents of deleted sessions and files piece by piece, so that other writes get in between. Runs on a
 * thread of its own, and continues after a restart.
 */
final class Removal implements AutoCloseable {

    /** Records or points deleted at a time. Takes about 20 ms. */
    private static final int PIECE = 2000;

    /** Chunks of files deleted at a time: 4 MiB. */
    private static final int CHUNKS = 16;

    private static final long MILLIS_AFTER_FAILURE = TimeUnit.SECONDS.toMillis(10);
    private static final Logger LOG = LoggerFactory.getLogger(Removal.class);

    private final Writer writer;
    private final Thread thread = new Thread(this::run, "dreamlake-store-removal");

    /** Guarded by this. */
    private boolean isWanted = true;

    private boolean isClosed;

    Removal(Writer writer) {
        this.writer = writer;
        thread.setDaemon(true);
        thread.start();
    }

    /** There is something to remove. */
    synchronized void wake() {
        isWanted = true;
        notifyAll();
    }

    private void run() {
        while (isAwake()) {
            try {
                while (!isClosed() && writer.write(Removal::removePiece)) {
                    // Deletes piece by piece.
                }
            } catch (StoreException failure) {
                LOG.debug("Removal will continue later.", failure);
                retryLater();
            }
        }
    }

    private synchronized boolean isClosed() {
        return isClosed;
    }

    /** Waits for something to do. Returns false once this is closed. */
    private synchronized boolean isAwake() {
        try {
            while (!isWanted && !isClosed) {
                wait();
            }
        } catch (InterruptedException interrupted) {
            return false; // nobody interrupts this thread
        }
        isWanted = false;
        return !isClosed;
    }

    private synchronized void retryLater() {
        isWanted = true;
        try {
            if (!isClosed) {
                wait(MILLIS_AFTER_FAILURE);
            }
        } catch (InterruptedException interrupted) {
            isClosed = true; // nobody interrupts this thread
        }
    }

    /** Returns false if there is nothing to remove. */
    private static boolean removePiece(Sql sql) throws SQLException {
        Optional<Long> session =
                sql.one("SELECT row FROM session WHERE deleted AND NOT removed LIMIT 1", row -> row.getLong(1));
        if (session.isPresent()) {
            removeOfSession(sql, session.get());
            return true;
        }
        Optional<Long> file = sql.one("SELECT row FROM file WHERE state = 2 LIMIT 1", row -> row.getLong(1));
        if (file.isPresent()) {
            if (sql.update(
                            "DELETE FROM chunk WHERE id IN (SELECT id FROM chunk WHERE file = ? LIMIT ?)",
                            file.get(),
                            CHUNKS)
                    == 0) {
                sql.update("DELETE FROM file WHERE row = ?", file.get());
            }
            return true;
        }
        return false;
    }

    private static void removeOfSession(Sql sql, long session) throws SQLException {
        long first = Schema.id(session, 0);
        long end = Schema.id(session + 1, 0);
        for (String table : List.of("record", "batch")) {
            String delete = "DELETE FROM " + table + " WHERE id IN (SELECT id FROM " + table
                    + " WHERE id >= ? AND id < ? LIMIT " + PIECE + ")";
            if (sql.update(delete, first, end) > 0) {
                return;
            }
        }
        Optional<Long> track =
                sql.one("SELECT row FROM track WHERE session = ? LIMIT 1", row -> row.getLong(1), session);
        if (track.isPresent()) {
            String delete = "DELETE FROM point WHERE track = ? AND number IN (SELECT number FROM point WHERE track = ?"
                    + " LIMIT " + PIECE + ")";
            if (sql.update(delete, track.get(), track.get()) == 0) {
                sql.update("DELETE FROM track WHERE row = ?", track.get());
            }
            return;
        }
        sql.update("DELETE FROM parameters WHERE session = ?", session);
        sql.update("UPDATE file SET state = 2 WHERE session = ?", session);
        sql.update("UPDATE session SET removed = 1 WHERE row = ?", session);
    }

    /** See {@link ai.dreamlake.server.store.LogStore#deleteOlderThan}. */
    int deleteOlderThan(Instant time, int atMost) {
        int deleted = 0;
        while (deleted < atMost) {
            int most = Math.min(PIECE, atMost - deleted);
            int piece = writer.write(sql -> deletePiece(sql, time.toEpochMilli(), most));
            if (piece == 0) {
                break;
            }
            deleted += piece;
        }
        return deleted;
    }

    /** A session's records were stored in the order of their numbers, so the oldest are the first. */
    private static int deletePiece(Sql sql, long time, int most) throws SQLException {
        Optional<long[]> oldest = sql.one(
                "SELECT row, start, end FROM session WHERE oldest < ? ORDER BY oldest LIMIT 1",
                row -> new long[] {row.getLong(1), row.getLong(2), row.getLong(3)},
                time);
        if (oldest.isEmpty()) {
            return 0;
        }
        long session = oldest.get()[0];
        long[] start = {oldest.get()[1]};
        Long[] remaining = {null};
        sql.each(
                "SELECT id, createdAt FROM record WHERE id >= ? AND id < ? ORDER BY id LIMIT ?",
                row -> {
                    if (row.getLong(2) >= time || Schema.number(row.getLong(1)) >= oldest.get()[1] + most) {
                        remaining[0] = row.getLong(2);
                        return false;
                    }
                    start[0]++;
                    return true;
                },
                Schema.id(session, start[0]),
                Schema.id(session, oldest.get()[2]),
                most + 1);
        int deleted = sql.update(
                "DELETE FROM record WHERE id >= ? AND id < ?",
                Schema.id(session, oldest.get()[1]),
                Schema.id(session, start[0]));
        sql.update(
                "DELETE FROM batch WHERE id >= ? AND id < ? AND id + count <= ?",
                Schema.id(session, 0),
                Schema.id(session, start[0]),
                Schema.id(session, start[0]));
        sql.update("UPDATE session SET start = ?, oldest = ? WHERE row = ?", start[0], remaining[0], session);
        return deleted;
    }

    @Override
    public void close() {
        synchronized (this) {
            isClosed = true;
            notifyAll();
        }
        try {
            thread.join();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
