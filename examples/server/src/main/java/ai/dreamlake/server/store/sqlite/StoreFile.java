package ai.dreamlake.server.store.sqlite;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import org.sqlite.SQLiteConfig;

/**
 * The file {@code dreamlake.db} in its directory, for this process alone: {@code dreamlake.lock} is locked as long as
 * it is open.
 */
final class StoreFile implements AutoCloseable {

    private static final String NAME = "dreamlake.db";
    private static final String LOCK_NAME = "dreamlake.lock";

    /** Of the pages that it has read, each connection keeps so many KiB. */
    private static final int WRITER_CACHE = 32 * 1024;

    private static final int READER_CACHE = 8 * 1024;

    /** After so many new pages (16 MiB) the writer moves them from the log to the file. */
    private static final int PAGES_BETWEEN_CHECKPOINTS = 4096;

    /** What remains of the log after it was longer. */
    private static final int LOG_BYTES_KEPT = 32 * 1024 * 1024;

    private final Path file;
    private final FileChannel lockFile;

    /** @throws IllegalStateException if another process has it, or if it is no whole file of ours */
    StoreFile(Path directory) {
        try {
            Files.createDirectories(directory);
            file = directory.resolve(NAME);
            lockFile = locked(directory.resolve(LOCK_NAME));
        } catch (IOException failure) {
            throw new UncheckedIOException(directory + " cannot be used: " + failure.getMessage(), failure);
        }
        try {
            if (!Files.exists(file)) {
                create();
            }
        } catch (IOException | SQLException failure) {
            close();
            throw new IllegalStateException(file + " cannot be made: " + failure.getMessage(), failure);
        }
    }

    private static FileChannel locked(Path path) throws IOException {
        FileChannel channel = FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        try {
            FileLock lock = channel.tryLock();
            if (lock != null) {
                return channel;
            }
        } catch (OverlappingFileLockException inThisProcess) {
            // Told below.
        }
        channel.close();
        throw new IllegalStateException(path.toAbsolutePath().getParent()
                + " is in use by another server: stop that one, or set DATA_PATH to another directory.");
    }

    /** Under another name first: so a file of this name has all tables, whenever this process ends. */
    private void create() throws IOException, SQLException {
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
        }
        connection.setAutoCommit(false);
        return connection;
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
        }
    }
}
