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
 * The one thread that writes. What has come while it was writing it stores in one transaction, so the disk is waited
 * for once for all of it. Who writes waits until their change is on the disk. A change that fails is undone by itself,
 * and the others of its transaction stay.
 */
final class Writer implements AutoCloseable {

    /** So that the first one in a transaction need not wait long for the last one. */
    private static final int MOST_AT_ONCE = 100;

    private static final Logger LOG = LoggerFactory.getLogger(Writer.class);

    private final Sql sql;
    private final Runnable afterCommit;
    private final LinkedBlockingQueue<Change<?>> queue = new LinkedBlockingQueue<>();
    private final Thread thread = new Thread(this::run, "dreamlake-store-writer");

    /** Guarded by this: nothing is queued after it. */
    private boolean isClosed;

    /** Only the writing thread looks at it. */
    private boolean isEnding;

    /**
     * @param sql is closed with this
     * @param afterCommit is called on the writing thread, outside of a transaction
     */
    Writer(Sql sql, Runnable afterCommit) {
        this.sql = sql;
        this.afterCommit = afterCommit;
        thread.setDaemon(true);
        thread.start();
    }

    /** Changes the database. May be called again if its transaction could not be committed. */
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
     * Returns what the work returns, after it has been committed.
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
            throw StoreException.unavailable(interrupted); // it may be stored all the same
        }
        if (change.failure != null) {
            throw change.failure;
        }
        return change.result;
    }

    /** Lets the writing thread look after the log soon, also if there is nothing to write. */
    void nudge() {
        synchronized (this) {
            if (!isClosed) {
                queue.add(new Change<Void>(sql -> null));
            }
        }
    }

    /** For tests: how many changes are not begun. */
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
            queue.drainTo(changes, MOST_AT_ONCE - 1);
            try {
                write(changes);
            } catch (RuntimeException | Error failure) {
                LOG.error("The store's writing thread goes on after a fault of its own.", failure);
                undo();
                changes.forEach(change -> change.failure = new StoreException(Reason.UNAVAILABLE, "a fault", failure));
            }
            changes.forEach(change -> change.isDone.countDown());
            afterCommit.run();
        }
    }

    private void write(List<Change<?>> changes) {
        if (!areWritten(changes)) {
            // One of them spoiled it for all. Each by itself, only that one fails.
            for (Change<?> change : changes) {
                areWritten(List.of(change));
            }
        }
    }

    /** False if the transaction is lost; then a single change has its failure. */
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
                    // After some failures, such as a full disk, SQLite has undone all: then this fails.
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
            LOG.warn("The store could not undo a change: {}", failure.getMessage());
        }
    }

    private static StoreException failed(SQLException failure) {
        LOG.warn("The store could not be changed: {}", failure.getMessage());
        return StoreException.unavailable(failure);
    }

    /** Writes what has come until now, then ends. */
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
                isInterrupted = true; // what is acknowledged is stored already, but the file is in use until then
            }
        }
        if (isInterrupted) {
            Thread.currentThread().interrupt();
        }
        try {
            sql.close();
        } catch (SQLException failure) {
            LOG.warn("The store could not be closed: {}", failure.getMessage());
        }
    }
}
