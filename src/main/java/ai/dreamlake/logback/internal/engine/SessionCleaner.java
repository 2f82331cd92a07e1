package ai.dreamlake.logback.internal.engine;

import ai.dreamlake.logback.internal.config.LocalRetention;
import ai.dreamlake.logback.internal.session.SessionName;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Deletes old sessions at regular intervals, by a {@link RetentionPass}.
 *
 * <p>It has a daemon thread, which may wait for the disk, as the keeper must not. Nobody waits for this thread, except
 * a record that opens its session while that is being deleted.
 */
final class SessionCleaner {

    private static final long INTERVAL_NANOS = TimeUnit.MINUTES.toNanos(10);

    private final Path root;
    private final LocalRetention limits;
    private final Sessions sessions;
    private final StatusReporter status;
    private final Thread thread;
    private volatile boolean stopped;

    /**
     * @param root the local path, absolute
     * @param sessions the appender's sessions
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
            Thread.interrupted(); // otherwise parking would not wait
            if (!stopped) {
                LockSupport.parkNanos(this, INTERVAL_NANOS); // waking early does no harm
            }
        }
    }

    /**
     * Looks through all sessions once. Throws nothing.
     *
     * @param now the time, in milliseconds
     */
    void look(long now) {
        RetentionPass pass = new RetentionPass(root, limits, sessions::unusedJournal, () -> stopped, new Warnings());
        try {
            pass.run(now);
        } catch (Throwable failure) { // this thread must not end
            status.warn("cannot look for old sessions under " + root + ": " + failure);
        }
        if (pass.deleted() > 0) {
            status.cleaned(pass.deleted(), pass.deletedBytes());
        }
    }

    private final class Warnings implements RetentionPass.Trouble {
        @Override
        public void cannotLook(SessionName name, Exception failure) {
            status.warn("cannot determine whether to delete session " + name + ": " + failure);
        }

        @Override
        public void cannotDelete(SessionName name, Exception failure) {
            status.warn("cannot delete session " + name + " as <localRetention> asks: " + failure);
        }
    }
}
