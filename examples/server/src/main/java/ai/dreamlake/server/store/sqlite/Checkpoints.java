package ai.dreamlake.server.store.sqlite;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the log short. Usually SQLite does: after every 16 MiB the writer moves what is in the log into the file, and
 * begins the log anew if nobody reads from it. With one long read after the other somebody always does. So beyond a
 * length new ones wait until those at work have ended, and the log is begun anew then; writers go on meanwhile.
 *
 * <p>So the log has at most this length, and what is written during the longest read.
 */
final class Checkpoints implements Runnable {

    static final long LOG_BYTES = 128L * 1024 * 1024;

    private static final Logger LOG = LoggerFactory.getLogger(Checkpoints.class);

    private final Connection connection;
    private final StoreFile file;
    private final Readers readers;
    private final long most;

    /**
     * @param readers those that may take long
     * @param most beyond how many bytes they wait
     */
    Checkpoints(Connection connection, StoreFile file, Readers readers, long most) {
        this.connection = connection;
        this.file = file;
        this.readers = readers;
        this.most = most;
    }

    /** Called by the writing thread outside of a transaction. */
    @Override
    public void run() {
        if (file.logLength() <= most) {
            return;
        }
        if (!readers.pause()) {
            return; // the last one of them calls again
        }
        try (Statement statement = connection.createStatement()) {
            connection.setAutoCommit(true);
            // Waits for short reads, some milliseconds.
            try (ResultSet row = statement.executeQuery("PRAGMA wal_checkpoint(TRUNCATE)")) {
                LOG.debug("The log was cleared: {}", row.getInt(1) == 0);
            }
        } catch (SQLException failure) {
            LOG.warn("The log could not be cleared: {}", failure.getMessage());
        } finally {
            readers.resume();
            endOfAutoCommit();
        }
    }

    private void endOfAutoCommit() {
        try {
            connection.setAutoCommit(false);
        } catch (SQLException impossible) {
            LOG.warn("The store's connection does not go on: {}", impossible.getMessage());
        }
    }
}
