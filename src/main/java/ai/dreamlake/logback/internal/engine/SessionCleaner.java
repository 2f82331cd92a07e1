package ai.dreamlake.logback.internal.engine;

import ai.dreamlake.logback.internal.config.LocalRetention;
import ai.dreamlake.logback.internal.engine.RetentionLook.Stored;
import ai.dreamlake.logback.internal.journal.Journal;
import ai.dreamlake.logback.internal.journal.SessionDirectory;
import ai.dreamlake.logback.internal.journal.SessionFinder;
import ai.dreamlake.logback.internal.journal.SessionInventory;
import ai.dreamlake.logback.internal.session.SessionName;
import ai.dreamlake.logback.internal.upload.DeliveredSession;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Deletes sessions that need not stay on disk any more, as {@link LocalRetention} says. What can be seen from outside
 * is looked at first; everything is looked at again while nobody can write to the session or upload it.
 *
 * <p>One daemon thread, which waits for the disk where the keeper must not. Nobody waits for it, but a record that
 * opens its session while that is being deleted.
 */
final class SessionCleaner {

    private static final long INTERVAL_NANOS = TimeUnit.MINUTES.toNanos(10);

    private final Path root;
    private final LocalRetention limits;
    private final Sessions sessions;
    private final StatusReporter status;
    private final Thread thread;
    private volatile boolean stopped;

    // Used by the thread.
    private int deleted;
    private long deletedBytes;

    /**
     * @param root the local path, absolute
     * @param sessions those of the appender
     */
    SessionCleaner(Path root, LocalRetention limits, Sessions sessions, StatusReporter status, String threadName) {
        this.root = root;
        this.limits = limits;
        this.sessions = sessions;
        this.status = status;
        this.thread = new Thread(this::run, threadName);
        thread.setDaemon(true);
        thread.setPriority(Thread.MIN_PRIORITY);
    }

    void start() {
        try {
            thread.start();
        } catch (OutOfMemoryError noThread) {
            status.warn("cannot delete old sessions as <localRetention> asks: " + noThread);
        }
    }

    /** Returns at once. The thread ends after the session that it is deleting. */
    void stop() {
        stopped = true;
        LockSupport.unpark(thread);
    }

    private void run() {
        while (!stopped) {
            look(System.currentTimeMillis());
            Thread.interrupted(); // or parking would not wait
            if (!stopped) {
                LockSupport.parkNanos(this, INTERVAL_NANOS); // to wake early does no harm
            }
        }
    }

    /**
     * Looks through all sessions once. Throws nothing.
     *
     * @param now the time, in milliseconds
     */
    void look(long now) {
        deleted = 0;
        deletedBytes = 0;
        try {
            RetentionLook look = new RetentionLook(limits, now);
            SessionFinder.find(root, this::isSession, name -> find(name, look));
            look.clean(this::tryDelete);
        } catch (CancellationException isStopped) {
            // The next start looks again.
        } catch (Throwable failure) { // this thread must not end
            status.warn("cannot look for old sessions under " + root + ": " + failure);
        }
        if (deleted > 0) {
            status.cleaned(deleted, deletedBytes);
        }
    }

    private boolean isSession(SessionDirectory directory) {
        if (stopped) {
            throw new CancellationException();
        }
        return Files.isDirectory(directory.logs(), LinkOption.NOFOLLOW_LINKS);
    }

    private void find(SessionName name, RetentionLook look) {
        try {
            SessionInventory inventory = SessionInventory.of(SessionDirectory.of(root, name));
            boolean mayGo = inventory.isDeletable() && (inventory.hasCheckpoint() || limits.evenIfNowhereElse());
            look.found(new Stored(name, inventory.lastModified(), inventory.bytes(), mayGo));
        } catch (IOException | RuntimeException unreadable) {
            status.warn("cannot see whether session " + name + " is to be deleted: " + unreadable);
        }
    }

    private boolean tryDelete(Stored session) {
        try {
            boolean isGone = !stopped && delete(session);
            if (isGone) {
                deleted++;
                deletedBytes += session.bytes();
            }
            return isGone;
        } catch (IOException | RuntimeException failure) {
            status.warn("cannot delete session " + session.name() + " as <localRetention> asks: " + failure);
            return false;
        }
    }

    private boolean delete(Stored session) throws IOException {
        Journal journal = sessions.unusedJournal(session.name());
        if (journal == null) {
            return false;
        }
        SessionDirectory directory = journal.directory();
        SessionInventory inventory = SessionInventory.of(directory);
        if (inventory.bytes() != session.bytes() || inventory.lastModified() != session.lastModified()) {
            return false; // somebody wrote to it meanwhile
        }
        if (!inventory.hasCheckpoint()) {
            return limits.evenIfNowhereElse() && journal.delete(inventory, () -> true);
        }
        try (DeliveredSession delivered = DeliveredSession.tryHold(directory)) {
            return delivered != null && journal.delete(inventory, delivered::isProven);
        }
    }
}
