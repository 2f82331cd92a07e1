package ai.dreamlake.server.store.sqlite;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.sqlite.SQLiteConfig;

/**
 * The file {@code dreamlake.db} in its directory, for this process alone: {@code dreamlake.lock} is locked while it is
 * open.
 */
final class StoreFile implements AutoCloseable {

    private static final String NAME = "dreamlake.db";

    /** The file name of the embedded store in earlier versions, which used another database. */
    private static final String NAME_BEFORE = "store.mv";

    private static final String LOCK_NAME = "dreamlake.lock";

    /** Page cache of each connection, in KiB. */
    private static final int WRITER_CACHE = 32 * 1024;

    private static final int READER_CACHE = 8 * 1024;

    /** After this many new pages (16 MiB) the writer moves them from the log to the file. */
    private static final int PAGES_BETWEEN_CHECKPOINTS = 4096;

    /** The log is shortened to this many bytes after it was longer. */
    private static final int LOG_BYTES_KEPT = 32 * 1024 * 1024;

    /**
     * Directories in use by this process. Opening and closing the lock file a second time in this process would unlock
     * it.
     */
    private static final Set<Path> OPEN = ConcurrentHashMap.newKeySet();

    private final Path directory;
    private final Path file;
    private final Path log;
    private final FileChannel lockFile;

    /**
     * @throws IllegalStateException if another process has the file, or if it is not a complete store; the message says
     *     what to do
     */
    StoreFile(Path directory) {
        file = directory.resolve(NAME);
        log = directory.resolve(NAME + "-wal");
        try {
            this.directory = Files.createDirectories(directory).toRealPath();
            lockFile = locked(this.directory);
        } catch (IOException failure) {
            throw new IllegalStateException(
                    directory.toAbsolutePath() + " cannot be used as DATA_PATH: " + failure, failure);
        }
        boolean isUsable = false;
        try {
            refuseStoreOfBefore();
            if (Files.exists(file)) {
                new FileCheck(file, log).check();
            } else {
                create();
            }
            isUsable = true;
        } catch (IOException | SQLException failure) {
            throw new IllegalStateException(file + " cannot be opened: " + failure, failure);
        } finally {
            if (!isUsable) {
                close();
            }
        }
    }

    private static FileChannel locked(Path directory) throws IOException {
        if (OPEN.add(directory)) {
            FileChannel channel = null;
            FileLock lock = null;
            try {
                channel = FileChannel.open(
                        directory.resolve(LOCK_NAME), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                lock = channel.tryLock();
            } finally {
                if (lock == null) {
                    OPEN.remove(directory);
                    close(channel);
                }
            }
            if (lock != null) {
                return channel;
            }
        }
        throw new IllegalStateException(
                directory + " is in use by another server: stop that one, or set DATA_PATH to another directory.");
    }

    private static void close(FileChannel channel) throws IOException {
        if (channel != null) {
            channel.close();
        }
    }

    /** If the directory were treated as empty, all records would seem to be lost. */
    private void refuseStoreOfBefore() {
        Path before = directory.resolve(NAME_BEFORE);
        if (Files.exists(before)) {
            throw new IllegalStateException(before + " is the store of an earlier version, which this one cannot read:"
                    + " start that version, or move the file away to begin with an empty store.");
        }
    }

    /**
     * Creates the file under another name and renames it. So a file of this name has all tables, whenever the process
     * ends.
     */
    private void create() throws IOException, SQLException {
        if (Files.exists(log)) {
            // SQLite would take it for the log of the new file.
            throw new IllegalStateException(log + " exists, and " + file
                    + " does not: put that file back, or move this one away to begin with an empty store.");
        }
        Path draft = file.resolveSibling(NAME + ".new");
        Files.deleteIfExists(draft);
        try (Sql sql = new Sql(config().createConnection("jdbc:sqlite:" + draft))) {
            sql.execute("PRAGMA application_id = " + Schema.APPLICATION_ID, "PRAGMA user_version = " + Schema.VERSION);
            sql.execute(Schema.STATEMENTS);
        }
        Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE);
    }

    private static SQLiteConfig config() {
        SQLiteConfig config = new SQLiteConfig();
        config.setJournalMode(SQLiteConfig.JournalMode.WAL);
        config.setSynchronous(SQLiteConfig.SynchronousMode.FULL);
        return config;
    }

    Connection openWriter() throws SQLException {
        SQLiteConfig config = config();
        config.setTransactionMode(SQLiteConfig.TransactionMode.IMMEDIATE);
        config.setCacheSize(-WRITER_CACHE);
        config.setJournalSizeLimit(LOG_BYTES_KEPT);
        Connection connection = config.createConnection("jdbc:sqlite:" + file);
        try (Statement statement = connection.createStatement()) {
            statement.execute("PRAGMA wal_autocheckpoint = " + PAGES_BETWEEN_CHECKPOINTS);
            try (ResultSet row = statement.executeQuery(
                    "SELECT count(*) FROM sqlite_schema WHERE sql IS NOT NULL" + " AND name NOT LIKE 'sqlite%'")) {
                if (row.getInt(1) != Schema.STATEMENTS.length) {
                    throw new SQLException("some of its tables are missing");
                }
            }
            connection.setAutoCommit(false);
            return connection;
        } catch (SQLException failure) {
            connection.close();
            throw failure;
        }
    }

    /** The bytes that were written but are not in the file itself yet. */
    long logLength() {
        return log.toFile().length();
    }

    @Override
    public String toString() {
        return file.toString();
    }

    Connection openReader() throws SQLException {
        SQLiteConfig config = new SQLiteConfig();
        config.setReadOnly(true);
        config.setCacheSize(-READER_CACHE);
        Connection connection = config.createConnection("jdbc:sqlite:" + file);
        connection.setAutoCommit(false);
        return connection;
    }

    @Override
    public void close() {
        try {
            lockFile.close();
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        } finally {
            OPEN.remove(directory);
        }
    }
}
