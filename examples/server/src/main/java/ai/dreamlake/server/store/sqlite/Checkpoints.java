package ai.dreamlake.server.store.sqlite;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the write-ahead log short. Usually SQLite does so itself: after every 16 MiB the writer moves the log's
 * contents to the file, and restarts the log if nobody is reading from it. With overlapping long reads, somebody always
 * is. So beyond a certain length, new long reads wait until the current ones have ended. Then the log restarts. Writers
 * continue meanwhile.
 *
 * <p>So the log has at most this length, plus what is written during the longest read.
 */
final class Checkpoints implements Runnable {

    static final long LOG_BYTES = 128L * 1024 * 1024;

    private static final Logger LOG = LoggerFactory.getLogger(Checkpoints.class);

    private final Connection connection;
    private final StoreFile file;
    private final Readers readers;
    private final long most;

    /**
     * @param readers the connections whose reads may take long
     * @param most the length of the log in bytes beyond which they wait
     */
    Checkpoints(Connection connection, StoreFile file, Readers readers, long most) {
        this.connection = connection;
        this.file = file;
        this.readers = readers;
        this.most = most;
    }

    /** The writing thread calls this outside of a transaction. */
    @Override
    public void run() {
        if (file.logLength() <= most) {
            return;
        }
        if (!readers.pause()) {
            return; // the last reader calls this again
        }
        try (Statement statement = connection.createStatement()) {
            connection.setAutoCommit(true);
            // Waits for short reads, which take some milliseconds.
            try (ResultSet row = statement.executeQuery("PRAGMA wal_checkpoint(TRUNCATE)")) {
                LOG.debug("The log was truncated: {}", row.getInt(1) == 0);
            }
        } catch (SQLException failure) {
            LOG.warn("Cannot truncate the store's log: {}", failure.getMessage());
        } finally {
            readers.resume();
            endOfAutoCommit();
        }
    }

    private void endOfAutoCommit() {
        try {
            connection.setAutoCommit(false);
        } catch (SQLException impossible) {
            LOG.warn("The store's connection cannot return to transactions: {}", impossible.getMessage());
        }
    }
}
