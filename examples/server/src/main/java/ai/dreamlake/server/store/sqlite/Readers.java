package ai.dreamlake.server.store.sqlite;

import ai.dreamlake.server.store.StoreException;
import ai.dreamlake.server.store.StoreException.Reason;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sqlite.ProgressHandler;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.SQLiteException;

/**
 * Connections that only read. Each read sees the database as it was when the read began, and does not block writers. A
 * read that takes too long is stopped; so is one that waits too long for a connection.
 */
final class Readers implements AutoCloseable {

    /** SQLite instructions between two checks of the time; a row takes about ten. */
    private static final int INSTRUCTIONS_BETWEEN_LOOKS = 20_000;

    private static final Logger LOG = LoggerFactory.getLogger(Readers.class);

    /** Opens a connection. */
    interface Opening {
        Connection open() throws SQLException;
    }

    /** Reads from the database. */
    interface Work<T> {
        T read(Sql sql) throws SQLException;
    }

    private final Opening opening;
    private final int most;
    private final long longestNanos;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition change = lock.newCondition();

    /** Guarded by the lock. */
    private final Deque<Reader> idle = new ArrayDeque<>();

    private Runnable whenPaused = () -> {};
    private int working;
    private boolean isPaused;
    private boolean isClosed;

    /** @param most maximum number of simultaneous reads */
    Readers(Opening opening, int most, Duration longest) {
        this.opening = opening;
        this.most = most;
        this.longestNanos = longest.toNanos();
    }

    /** A connection with its deadline. SQLite calls the handler on the reading thread. */
    private static final class Reader extends ProgressHandler {
        final Sql sql;
        long deadline;

        Reader(Connection connection) throws SQLException {
            sql = new Sql(connection);
            ProgressHandler.setHandler(connection, INSTRUCTIONS_BETWEEN_LOOKS, this);
        }

        @Override
        protected int progress() {
            return System.nanoTime() - deadline > 0 ? 1 : 0;
        }
    }

    /** @throws StoreException what the work throws; TOO_SLOW; UNAVAILABLE if the database fails */
    <T> T read(Work<T> work) {
        return read(work, longestNanos);
    }

    /** @param nanos maximum duration of the read, and maximum wait before it */
    <T> T read(Work<T> work, long nanos) {
        Reader reader = take(nanos);
        reader.deadline = System.nanoTime() + nanos;
        try {
            return work.read(reader.sql);
        } catch (SQLiteException failure) {
            if (failure.getResultCode() == SQLiteErrorCode.SQLITE_INTERRUPT) {
                throw tooSlow();
            }
            LOG.warn("Cannot read the store: {}", failure.getMessage());
            throw StoreException.unavailable(failure);
        } catch (SQLException failure) {
            LOG.warn("Cannot read the store: {}", failure.getMessage());
            throw StoreException.unavailable(failure);
        } finally {
            giveBack(reader);
        }
    }

    long longestNanos() {
        return longestNanos;
    }

    static StoreException tooSlow() {
        return new StoreException(Reason.TOO_SLOW, "the query took too long: ask for less");
    }

    private Reader take(long nanos) {
        lock.lock();
        try {
            long left = nanos;
            while (!isClosed && (isPaused || working == most)) {
                if (left <= 0) {
                    throw tooSlow();
                }
                left = change.awaitNanos(left);
            }
            if (isClosed) {
                throw new StoreException(Reason.UNAVAILABLE, "the store is closed");
            }
            Reader reader = idle.isEmpty() ? new Reader(opening.open()) : idle.pop();
            working++;
            return reader;
        } catch (SQLException failure) {
            throw StoreException.unavailable(failure);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw StoreException.unavailable(interrupted);
        } finally {
            lock.unlock();
        }
    }

    private void giveBack(Reader reader) {
        boolean isUsable = true;
        try {
            reader.sql.rollback();
        } catch (SQLException broken) {
            isUsable = false;
        }
        lock.lock();
        try {
            working--;
            if (isUsable && !isClosed) {
                idle.push(reader);
            } else {
                close(reader);
            }
            change.signalAll();
            if (isPaused && working == 0) {
                whenPaused.run();
            }
        } finally {
            lock.unlock();
        }
    }

    /**
     * Lets no new read begin until {@link #resume}. Current reads continue; after the last one, the action given to
     * {@link #whenPaused} runs.
     *
     * @return whether there are no current reads
     */
    boolean pause() {
        lock.lock();
        try {
            isPaused = true;
            return working == 0;
        } finally {
            lock.unlock();
        }
    }

    /** @param action must return at once; it runs on the thread of the last reader */
    void whenPaused(Runnable action) {
        lock.lock();
        try {
            whenPaused = action;
        } finally {
            lock.unlock();
        }
    }

    void resume() {
        lock.lock();
        try {
            isPaused = false;
            change.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private static void close(Reader reader) {
        try {
            reader.sql.close();
        } catch (SQLException failure) {
            LOG.warn("Cannot close a reader: {}", failure.getMessage());
        }
    }

    /** Waits for current reads. */
    @Override
    public void close() {
        lock.lock();
        try {
            isClosed = true;
            change.signalAll();
            while (working > 0) {
                change.awaitUninterruptibly();
            }
            idle.forEach(Readers::close);
            idle.clear();
        } finally {
            lock.unlock();
        }
    }
}
