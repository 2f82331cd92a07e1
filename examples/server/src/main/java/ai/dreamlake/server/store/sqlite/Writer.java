package ai.dreamlake.server.store.sqlite;

import ai.dreamlake.server.store.StoreException;
import ai.dreamlake.server.store.StoreException.Reason;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The only thread that writes. All changes that arrive while it writes go into one transaction, so they share one wait
 * for the disk. A caller waits until its change is on the disk. A change that fails is undone alone, and the others in
 * its transaction remain.
 */
final class Writer implements AutoCloseable {

    /** Limits a transaction, so that its first change need not wait long for its last one. */
    private static final int MAX_AT_ONCE = 100;

    private static final Logger LOG = LoggerFactory.getLogger(Writer.class);

    private final Sql sql;
    private final Runnable afterCommit;
    private final LinkedBlockingQueue<Change<?>> queue = new LinkedBlockingQueue<>();
    private final Thread thread = new Thread(this::run, "dreamlake-store-writer");

    /** Guarded by this: once true, nothing more is queued. */
    private boolean isClosed;

    /** Used only by the writing thread. */
    private boolean isEnding;

    /**
     * @param sql is closed with this
     * @param afterCommit runs on the writing thread, outside of a transaction
     */
    Writer(Sql sql, Runnable afterCommit) {
        this.sql = sql;
        this.afterCommit = afterCommit;
        thread.setDaemon(true);
        thread.start();
    }

    /** Changes the database. May run again if its transaction could not be committed. */
    interface Work<T> {
        T change(Sql sql) throws SQLException;
    }

    private static final class Change<T> {
        final Work<T> work;
        final CountDownLatch isDone = new CountDownLatch(1);
        T result;
        RuntimeException failure;

        Change(Work<T> work) {
            this.work = work;
        }

        void run(Sql sql) throws SQLException {
            result = null;
            failure = null;
            result = work.change(sql);
        }
    }

    /**
     * Runs the work, and returns its result after the commit.
     *
     * @throws StoreException what the work throws; UNAVAILABLE if the database fails, and then nothing is changed
     */
    <T> T write(Work<T> work) {
        Change<T> change = new Change<>(work);
        synchronized (this) {
            if (isClosed) {
                throw new StoreException(Reason.UNAVAILABLE, "the store is closed");
            }
            queue.add(change);
        }
        try {
            change.isDone.await();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw StoreException.unavailable(interrupted); // the change may be stored anyway
        }
        if (change.failure != null) {
            throw change.failure;
        }
        return change.result;
    }

    /** Makes the writing thread check the log soon, even if there is nothing to write. */
    void nudge() {
        synchronized (this) {
            if (!isClosed) {
                queue.add(new Change<Void>(sql -> null));
            }
        }
    }

    /** For tests: the number of changes that have not begun. */
    int waiting() {
        return queue.size();
    }

    private void run() {
        List<Change<?>> changes = new ArrayList<>();
        while (!isEnding) {
            changes.clear();
            try {
                changes.add(queue.take());
            } catch (InterruptedException nobodyDoesThat) {
                continue;
            }
            queue.drainTo(changes, MAX_AT_ONCE - 1);
            try {
                write(changes);
            } catch (RuntimeException | Error failure) {
                LOG.error("The store's writing thread continues after an internal error.", failure);
                undo();
                changes.forEach(change ->
                        change.failure = new StoreException(Reason.UNAVAILABLE, "an internal error", failure));
            }
            changes.forEach(change -> change.isDone.countDown());
            afterCommit.run();
        }
    }

    private void write(List<Change<?>> changes) {
        if (!areWritten(changes)) {
            // One change made the whole transaction fail. Alone, only that one fails.
            for (Change<?> change : changes) {
                areWritten(List.of(change));
            }
        }
    }

    /** Returns false if the transaction is lost; then a single change has its failure. */
    private boolean areWritten(List<Change<?>> changes) {
        try {
            for (Change<?> change : changes) {
                sql.update("SAVEPOINT change");
                try {
                    change.run(sql);
                } catch (RuntimeException failure) {
                    sql.update("ROLLBACK TO change");
                    change.failure = failure;
                } catch (SQLException failure) {
                    change.failure = failed(failure);
                    // After some failures, such as a full disk, SQLite has undone everything. Then this statement
                    // fails, too.
                    sql.update("ROLLBACK TO change");
                }
                sql.update("RELEASE change");
            }
            sql.commit();
            return true;
        } catch (SQLException lost) {
            if (changes.size() == 1 && changes.get(0).failure == null) {
                changes.get(0).failure = failed(lost);
            }
            undo();
            return false;
        }
    }

    private void undo() {
        try {
            sql.rollback();
        } catch (SQLException failure) {
            LOG.warn("Cannot undo a change in the store: {}", failure.getMessage());
        }
    }

    private static StoreException failed(SQLException failure) {
        LOG.warn("Cannot change the store: {}", failure.getMessage());
        return StoreException.unavailable(failure);
    }

    /** Writes what has arrived until now, then ends. */
    @Override
    public void close() {
        synchronized (this) {
            if (isClosed) {
                return;
            }
            isClosed = true;
            queue.add(new Change<>(sql -> isEnding = true));
        }
        boolean isInterrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException interrupted) {
                isInterrupted = true; // still waits: the file is in use until the thread ends
            }
        }
        if (isInterrupted) {
            Thread.currentThread().interrupt();
        }
        try {
            sql.close();
        } catch (SQLException failure) {
            LOG.warn("Cannot close the store: {}", failure.getMessage());
        }
    }
}
